"""The words of the pages in Dutch and English (`messages/*.tsv`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from so2graph.web.bidi import isolated

__all__ = ["MESSAGES", "known", "say", "steps", "texts"]

MESSAGES = Path(__file__).parent / "messages"
"""A file for each part of the site, with a line for each text: its key, Dutch, English."""


@cache
def _table() -> dict[str, tuple[str, str]]:
    rows = [
        line.split("\t")
        for path in sorted(MESSAGES.glob("*.tsv"))
        for line in path.read_text(encoding="utf-8").splitlines()[1:]
    ]
    return {key: (dutch, english) for key, dutch, english in rows}


def say(key: str, language: str, **values: object) -> str:
    """The text of `key` in `language` (`nl` or `en`), with `%(name)s` filled in; an unknown key is an error.

    A name that is written from right to left keeps its direction to itself.
    """
    dutch, english = _table()[key]
    text = dutch if language == "nl" else english
    if not values:
        return text
    return text % {name: isolated(value) if isinstance(value, str) else value for name, value in values.items()}


def steps(count: int, language: str) -> str:
    """How many steps a way has, in words: `1 stap`, `5 stappen`."""
    return say("steps.one", language) if count == 1 else say("steps.many", language, count=count)


def known(key: str) -> bool:
    """Whether there are words for `key`."""
    return key in _table()


def texts(start: str, language: str) -> dict[str, str]:
    """All texts whose keys begin with `start`, by the rest of their keys: for a script."""
    at = 0 if language == "nl" else 1
    return {key.removeprefix(start): row[at] for key, row in _table().items() if key.startswith(start)}
