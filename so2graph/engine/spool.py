"""Sets the rows of an answer aside until it is known of which types they are, and then writes them."""

from __future__ import annotations

import json
import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

from so2graph.engine.columns import Column, Seen, read
from so2graph.engine.generations import storage_errors
from so2graph.engine.sinks import Bounded, Sink
from so2graph.engine.tabular import write_rows
from so2graph.formats import Format
from so2graph.vocab import Term

__all__ = ["write_solutions"]

_CHUNK = 500
"""Rows that are Python objects at a time."""
_SIZE = struct.Struct(">I")
Texts = Sequence[str | None]


def write_solutions(
    variables: Sequence[str],
    rows: Iterable[Sequence[Term | None]],
    sink: Sink,
    fmt: Format,
    max_bytes: int | None = None,
    max_rows: int | None = None,
    *,
    metadata: Mapping[str, str],
    title: str = "answer",
) -> int:
    """Writes solutions as a table whose columns have the types of `columns.TYPES`, and returns how many there were.

    A column has a type other than string when all its values are well-formed literals of datatypes of that type.
    The rows pass a temporary file (compressed, and gone when this process ends), which `max_bytes` holds for as it
    does for what is written. Raises `ResultTooLarge` past a limit, and what `tabular.write_rows` raises.
    """
    seen = [Seen() for _ in variables]
    with storage_errors(Path(tempfile.gettempdir())), tempfile.TemporaryFile(prefix="so2graph-") as file:
        kept = Bounded(file, fmt, max_bytes, max_rows)
        _set_aside(seen, rows, kept)
        columns = [one.column(name) for one, name in zip(seen, variables, strict=True)]
        return write_rows(
            columns, _typed(columns, file), Bounded(sink, fmt, max_bytes), fmt, metadata=metadata, title=title
        )


def _set_aside(seen: Sequence[Seen], rows: Iterable[Sequence[Term | None]], kept: Bounded) -> None:
    notes = [one.note for one in seen]
    iterator = iter(rows)
    while chunk := list(islice(iterator, _CHUNK)):
        kept.count(len(chunk))
        texts = [[note(term) for note, term in zip(notes, row, strict=True)] for row in chunk]
        body = zlib.compress(json.dumps(texts, ensure_ascii=False).encode(), 1)
        kept.write(_SIZE.pack(len(body)) + body)


def _typed(columns: Sequence[Column], file: IO[bytes]) -> Iterator[list[object | None]]:
    """The rows that were set aside, with values of the types of the columns."""
    typed = [(number, read(column.type)) for number, column in enumerate(columns) if column.type != "string"]
    file.seek(0)
    while head := file.read(_SIZE.size):
        texts: list[list[object | None]] = json.loads(zlib.decompress(file.read(_SIZE.unpack(head)[0])))
        for number, value_of in typed:
            for row in texts:
                text = row[number]
                if isinstance(text, str):
                    row[number] = value_of(text)
        yield from texts
