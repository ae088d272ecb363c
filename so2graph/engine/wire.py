"""What crosses the border between processes: questions, framed answers, and lines of JSON; without I/O.

An answer is a row of frames. Each has a head of five bytes, the length of its body (big-endian) and its kind. The
last frame says that the answer is whole or what went wrong; an answer without one has broken off.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from so2graph.errors import EngineFault

__all__ = [
    "CONTROL",
    "DATA",
    "END",
    "ERROR",
    "KIND",
    "PINNED",
    "Frames",
    "Question",
    "frame",
    "head",
    "link_of",
    "message",
    "scratch_of",
]

KIND, DATA, END, ERROR = b"K", b"D", b"E", b"X"
"""`KIND` {kind, format, volatile}, `DATA` bytes, `END` {rows}, `ERROR` a row of `faults.to_row`."""

CONTROL = "keeper.sock"
"""Where the keeper listens, in the folder of the run."""
PINNED = 4
"""Connections to readers that a worker keeps for its next question."""
_HEAD = struct.Struct(">Ic")


def link_of(run: Path, number: int) -> Path:
    """Where the readers of a generation listen."""
    return run / f"g{number}"


def scratch_of(run: Path, pid: int) -> Path:
    """Where a reader may leave files that its host clears away."""
    return run / f"scratch-{pid}"


@dataclass(frozen=True)
class Question:
    """What a reader is asked.

    `task` is `query` (`text` with the protocol's graph parameters `default` and `named`), `graph` (the one graph
    in `default`; with its name when it stands in `named` too), or `check` and `check-update`, which read `text` only.
    `hidden` are the graphs that the caller may not read. `solutions`, `boolean` and `graph` name the format for each
    kind of answer, None where the caller takes none; the format `page` gives JSON for a web page, with up to
    `page_rows` rows from row `page_offset` (0 is the first). `deadline` is in seconds.
    """

    id: str
    task: str
    text: str
    hidden: tuple[str, ...]
    deadline: float
    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    solutions: str | None = None
    boolean: str | None = None
    graph: str | None = None
    page_rows: int = 0
    page_offset: int = 0

    def encode(self) -> bytes:
        """The question as a frame."""
        return frame(KIND, json.dumps(self.__dict__).encode())

    @classmethod
    def decode(cls, body: bytes) -> Question:
        row = json.loads(body)
        for name in ("hidden", "default", "named"):
            row[name] = tuple(row[name])
        return cls(**row)


def head(kind: bytes, size: int) -> bytes:
    """The head of a frame whose body has so many bytes."""
    return _HEAD.pack(size, kind)


def frame(kind: bytes, body: bytes) -> bytes:
    """One frame."""
    return head(kind, len(body)) + body


def message(body: bytes) -> dict[str, object]:
    """The body of a frame that holds JSON."""
    row = json.loads(body)
    if not isinstance(row, dict):
        raise EngineFault("a reader spoke out of turn", mend="Ask again.")
    return row


class Frames:
    """Puts frames together from pieces of any size."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Takes a piece; gives each frame that is whole by now, as kind and body."""
        data, at = (self._rest + piece if self._rest else piece), 0
        self._rest = b""
        while len(data) - at >= _HEAD.size:
            size, kind = _HEAD.unpack_from(data, at)
            end = at + _HEAD.size + size
            if len(data) < end:
                break
            body = data[at + _HEAD.size : end]
            at = end
            # Whoever takes the frame may stop here: what follows is not lost.
            self._rest = data[at:]
            yield kind, body
            data, at = self._rest, 0
            self._rest = b""
        self._rest = data[at:]
