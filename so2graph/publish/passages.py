"""Finds the sentence around a quote in the text of a source page; e-mail addresses are taken out of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from so2graph.engine.access import Session
from so2graph.publish.source import FOLDER, name_of, text_of
from so2graph.vocab import DCTERMS, Iri, address_spans

__all__ = ["Passage", "Source", "Sources", "passage"]

_LONGEST = 420
"""Characters of a sentence beside the quote that are shown, on each side; the rest is left out with an ellipsis."""
_END = re.compile(r"[.!?…](?=\s+[^\Wa-z_\d]|\s*$)|\n", re.MULTILINE)
"""Where a sentence ends: at a sign that a capital follows, or at the end of its line."""


_FILES = 20
_LEADING = " \t\n\u00a0\u2022"
"""What stands before the first word: blanks, and the sign of a list."""


@dataclass(frozen=True)
class Passage:
    """The words of a statement in their sentence. Joined, the three are the sentence."""

    before: str
    marked: str
    after: str


def passage(text: str, start: int, end: int, hidden: str = "‹e-mail›") -> Passage | None:
    """The sentences that hold [start, end) of a text (code points); None where the text has no such place.

    `hidden` stands in for each e-mail address.
    """
    if not 0 <= start < end <= len(text):
        return None
    ends = [match.end() for match in _END.finditer(text)]
    first = max((at for at in ends if at <= start), default=0)
    last = next((at for at in ends if at >= end), len(text))
    before, marked, after = _without_addresses((text[first:start], text[start:end], text[end:last]), hidden)
    before, after = before.lstrip(_LEADING), after.rstrip()
    if len(before) > _LONGEST:
        before = "… " + before[-_LONGEST:].partition(" ")[2]
    if len(after) > _LONGEST:
        after = after[:_LONGEST].rpartition(" ")[0] + " …"
    return Passage(before, marked, after)


def _without_addresses(parts: tuple[str, str, str], hidden: str) -> Iterator[str]:
    """The parts with each address of the whole masked where it begins, and gone from where it goes on."""
    whole, at = "".join(parts), 0
    addresses = list(address_spans(whole))
    for part in parts:
        end, text = at + len(part), ""
        for first, last in addresses:
            if first < end and last > at:
                text += whole[at:first] + (hidden if first >= at else "")
                at = min(last, end)
        yield text + whole[at:end]
        at = end


@dataclass(frozen=True)
class Source:
    """A page that claims rest on: `name` is that of its file without `-page` and suffix, `text` is in `language`."""

    name: str
    text: str
    language: str | None

    def passage(self, start: int, end: int, quote: str | None, hidden: str) -> Passage | None:
        """The place in its sentence, as `passage` has it; None where the text does not have the quote there."""
        if quote is not None and self.text[start:end] != quote:
            return None
        return passage(self.text, start, end, hidden)


class Sources:
    """The pages that claims rest on, by IRI: those whose text is in `sources` below the folder of the data."""

    def __init__(self, session: Session, folder: Path) -> None:
        self._session, self._folder = session, folder
        self._known: dict[str, Source | None] = {}

    def get(self, page: str) -> Source | None:
        """The page; None where its text is not here."""
        if page not in self._known:
            self._known[page] = self._find(page)
        return self._known[page]

    def _find(self, page: str) -> Source | None:
        languages = self._values(page, DCTERMS + "language")
        for file in self._values(page, self._session.snapshot.names.term("file")):
            if (text := _read(self._folder, file)) is not None:
                return Source(name_of(Path(file)), text, next(iter(languages), None))
        return None

    def _values(self, page: str, predicate: str) -> list[str]:
        found = self._session.about(subject=Iri(page), predicate=Iri(predicate))
        return sorted(str(obj) for _, _, obj, _ in islice(found, _FILES))


def _read(folder: Path, file: str) -> str | None:
    """The text of a file of `sources` below the folder; None where there is none, or the name leads out of it."""
    path = (folder / file).resolve()
    if not path.is_relative_to((folder / FOLDER).resolve()):
        return None
    try:
        return _text(path, path.stat().st_mtime_ns)
    except (OSError, UnicodeDecodeError):
        return None


@lru_cache(maxsize=16)
def _text(path: Path, _changed: int) -> str:
    return text_of(path)
