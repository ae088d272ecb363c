"""What each reader is doing, in memory that a host shares with its readers."""

from __future__ import annotations

import mmap
import struct
import time
from dataclasses import dataclass

__all__ = ["Doing", "Slots"]

_ROW = struct.Struct("=IdQ36sH1989s")
"""Process, since when it is busy (monotonic seconds, 0 when idle), queries answered, id and text of the query."""
_SIZE = _ROW.size + 1
"""The last byte says whether the reader holds a connection."""


@dataclass(frozen=True)
class Doing:
    """One reader: `since` is 0.0 when it is idle."""

    pid: int
    since: float
    served: int
    id: str
    text: str


class Slots:
    """A table with a row for each reader that there may be."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._memory = mmap.mmap(-1, count * _SIZE)

    def take(self, slot: int, pid: int) -> None:
        """A new reader has the slot."""
        _ROW.pack_into(self._memory, slot * _SIZE, pid, 0.0, 0, b"", 0, b"")
        self.hold(slot, False)

    def begin(self, slot: int, pid: int, served: int, ident: str, text: str) -> None:
        """A reader starts on a query; the text is kept up to some 2,000 bytes."""
        body = text.encode("utf-8", "replace")[:1989]
        _ROW.pack_into(
            self._memory, slot * _SIZE, pid, time.monotonic(), served, ident.encode()[:36], len(body), body
        )

    def end(self, slot: int, pid: int, served: int) -> None:
        """The reader is idle again."""
        _ROW.pack_into(self._memory, slot * _SIZE, pid, 0.0, served, b"", 0, b"")

    def read(self, slot: int) -> Doing:
        """What the reader of a slot does now."""
        pid, since, served, ident, size, text = _ROW.unpack_from(self._memory, slot * _SIZE)
        return Doing(pid, since, served, ident.rstrip(b"\0").decode(), text[:size].decode("utf-8", "replace"))

    def hold(self, slot: int, held: bool) -> None:
        """The reader of a slot has taken a connection, or let go of it."""
        self._memory[(slot + 1) * _SIZE - 1] = held

    def holds(self, slot: int) -> bool:
        """Whether the reader of a slot holds a connection, so that nobody else can reach it."""
        return bool(self._memory[(slot + 1) * _SIZE - 1])

    def busy_since(self, slot: int) -> float:
        """Since when the reader of a slot is busy; 0.0 when it is idle."""
        since: float = struct.unpack_from("=d", self._memory, slot * _SIZE + 4)[0]
        return since
