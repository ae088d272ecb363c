"""Where the bytes of an answer go: counted, bounded, and checked while they flow."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from so2graph.engine.faults import XmlCheck
from so2graph.errors import ResultTooLarge
from so2graph.formats import Format

__all__ = ["Bounded", "Collected", "Sink"]


class Sink(Protocol):
    """Takes bytes, piece by piece."""

    def write(self, data: bytes) -> int:
        """Takes a piece; returns how many bytes it took, which is all of them."""


class Collected:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    @property
    def body(self) -> bytes:
        return b"".join(self._parts)


_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)


class _Rows:
    """Counts the rows of a result document from its bytes, as the engine writes them."""

    def __init__(self, fmt: str) -> None:
        self._count = {"csv": self._csv, "tsv": self._tsv, "xml": self._xml, "json": self._json}.get(fmt)
        self._carry = b""
        self._quoted = False
        self._seen = 0

    def feed(self, piece: bytes) -> int:
        """Takes a piece; returns the rows so far."""
        if self._count is not None:
            self._count(piece)
        return max(0, self._seen)

    def _tsv(self, piece: bytes) -> None:
        # Line ends inside terms are escaped; the first line is the head.
        self._seen += piece.count(b"\n") - (0 if self._carry else 1)
        self._carry = b"."

    def _csv(self, piece: bytes) -> None:
        # A line ends outside quotation marks; a doubled mark closes and opens again.
        self._seen -= 0 if self._carry else 1
        self._carry = b"."
        if not self._quoted and b'"' not in piece:
            self._seen += piece.count(b"\n")
            return
        for number, part in enumerate(piece.split(b'"')):
            if number:
                self._quoted = not self._quoted
            if not self._quoted:
                self._seen += part.count(b"\n")

    def _xml(self, piece: bytes) -> None:
        text = self._carry + piece
        self._seen += text.count(b"<result>") + text.count(b"<result/>")
        # What may be the start of a mark at the end is looked at again with the next piece.
        at = text.rfind(b"<", max(0, len(text) - 9))
        end = text[at:] if at >= 0 else b""
        self._carry = b"" if b">" in end else end

    def _json(self, piece: bytes) -> None:
        # A row starts with ,{" or [{" — inside a string the quotation mark would be escaped, and where it ends one,
        # a comma or a brace follows, with which no variable begins — or it is the empty ,{} or [{}.
        text = self._carry + piece
        cut = max(0, len(text) - 3)
        while cut and text[cut - 1] == 0x5C:
            cut -= 1
        # A mark counts where it begins; the next piece begins with what is carried.
        for mark in (b',{"', b'[{"') if not self._seen else (b',{"',):
            self._seen += text.count(mark, 0, cut + 2)
            self._seen -= text.count(mark + b",", 0, cut + 3) + text.count(mark + b"}", 0, cut + 3)
        bare = _STRING.sub(b"", (b'"' if self._quoted else b"") + text[:cut]) if b"{}" in text else None
        self._quoted = self._quoted_at(text, cut)
        if bare is not None:
            bare += b"" if self._quoted else text[cut : cut + 2]
            self._seen += bare.count(b",{}") + bare.count(b"[{}")
        self._carry = text[cut:]

    def _quoted_at(self, text: bytes, cut: int) -> bool:
        """Whether `cut` is inside a string; counted from the last row that starts before it, which is outside."""
        start = text.rfind(b',{"', 0, cut)
        while start >= 0 and text[start + 3 : start + 4] in (b",", b"}", b""):
            start = text.rfind(b',{"', 0, start)
        quoted = self._quoted if start < 0 else False
        marks = text[max(0, start) : cut].replace(b"\\\\", b"")
        return quoted ^ ((marks.count(b'"') - marks.count(b'\\"')) % 2 == 1)


_WATCHED = 10_000


class Bounded:
    """Passes bytes on to another sink, up to a number of bytes and rows; raises `ResultTooLarge` past either.

    `watch` is told now and then how many triples there were.
    """

    def __init__(
        self,
        sink: Sink,
        fmt: Format,
        max_bytes: int | None = None,
        max_rows: int | None = None,
        watch: Callable[[int], None] | None = None,
    ) -> None:
        self._sink, self._max_bytes, self._max_rows, self._watch = sink, max_bytes, max_rows, watch
        # Rows of other formats are counted by who writes them.
        self._counter = _Rows(fmt.name) if "boolean" in fmt.kinds else None
        self._xml = XmlCheck() if fmt.name in ("xml", "rdfxml") else None
        self._size = 0
        self.rows = 0

    def write(self, data: bytes) -> int:
        """Takes a piece, as a file would."""
        data = bytes(data)
        self._size += len(data)
        if self._max_bytes is not None and self._size > self._max_bytes:
            self._refuse("bytes", self._max_bytes, "max_result_bytes")
        if self._xml is not None:
            self._xml.feed(data)
        if self._counter is not None:
            self.rows = self._counter.feed(data)
            self._check_rows()
        self._sink.write(data)
        return len(data)

    def count(self, number: int = 1) -> None:
        """So many more triples, or rows of a format that is not counted from its bytes."""
        self.rows += number
        if self._watch is not None and self.rows % _WATCHED == 0:
            self._watch(self.rows)
        self._check_rows()

    def _check_rows(self) -> None:
        if self._max_rows is not None and self.rows > self._max_rows:
            self._refuse("rows", self._max_rows, "max_result_rows")

    def _refuse(self, what: str, limit: int, setting: str) -> None:
        raise ResultTooLarge(
            f"the answer is larger than {limit} {what}",
            mend=f"Ask for less (LIMIT), or raise the setting {setting}.",
            limit=limit,
        )

    def flush(self) -> None:
        """Nothing is held back."""
