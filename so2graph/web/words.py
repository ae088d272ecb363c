"""The words of the pages in Dutch and English (`messages/*.tsv`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["MESSAGES", "known", "say"]

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
    """The text of `key` in `language` (`nl` or `en`), with `%(name)s` filled in; an unknown key is an error."""
    dutch, english = _table()[key]
    text = dutch if language == "nl" else english
    return text % values if values else text


def known(key: str) -> bool:
    """Whether there are words for `key`."""
    return key in _table()
