"""Where the bytes of an answer go: counted, bounded, and checked while they flow."""

from __future__ import annotations

import re
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


# A string may end in the same three bytes; after it comes a comma or a brace, which begins no name of a variable.
_ROW_START = re.compile(rb'[,\[]\{"[^,}]')


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
        # A row starts with ,{" or [{" — inside a string the mark would be escaped — or is the empty ,{} or [{}.
        text = self._carry + piece
        cut = max(0, len(text) - 3)
        while cut and text[cut - 1] == 0x5C:
            cut -= 1
        seen = text[: cut + 3]
        self._seen += len(_ROW_START.findall(seen))
        bare = _STRING.sub(b"", (b'"' if self._quoted else b"") + text[:cut]) if b"{}" in seen else None
        marks = text[:cut].replace(b"\\\\", b"")
        self._quoted ^= (marks.count(b'"') - marks.count(b'\\"')) % 2 == 1
        if bare is not None:
            bare += b"" if self._quoted else text[cut : cut + 2]
            self._seen += bare.count(b",{}") + bare.count(b"[{}")
        self._carry = text[cut:]


class Bounded:
    """Passes bytes on to another sink, up to a number of bytes and rows; raises `ResultTooLarge` past either."""

    def __init__(self, sink: Sink, fmt: Format, max_bytes: int | None = None, max_rows: int | None = None) -> None:
        self._sink, self._max_bytes, self._max_rows = sink, max_bytes, max_rows
        self._counter = _Rows(fmt.name) if "solutions" in fmt.kinds else None
        self._xml = XmlCheck() if fmt.name in ("xml", "rdfxml") else None
        self._size = 0
        self.rows = 0

    def write(self, data: bytes) -> int:
        """Takes a piece, as a file would."""
        self._size += len(data)
        if self._max_bytes is not None and self._size > self._max_bytes:
            self._refuse("bytes", self._max_bytes, "max_result_bytes")
        if self._xml is not None:
            self._xml.feed(bytes(data))
        if self._counter is not None:
            self.rows = self._counter.feed(bytes(data))
            self._check_rows()
        self._sink.write(bytes(data))
        return len(data)

    def count(self, number: int = 1) -> None:
        """So many more triples."""
        self.rows += number
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
