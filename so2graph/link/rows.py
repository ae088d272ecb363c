"""Reads records from tables: CSV and TSV, Parquet, and records as JSON lines."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import pyarrow as pa
import pyarrow.parquet as pq

from so2graph.errors import BadParameter, DataSyntax
from so2graph.link.fields import batch, clean
from so2graph.link.files import Opened
from so2graph.link.spec import Kind, Spec
from so2graph.link.target import Access, Side, Source

__all__ = ["Cells", "csv_batches", "csv_rows", "parquet_batches", "record_batches"]

_CHUNK = 5_000
_LONGEST_CELL = 1_000_000
_SIGNS = ",;\t|"
_QUOTED = re.compile(r'"[^"]*"')
_NOT_UTF_8 = (
    "from here on it is not UTF-8",
    "Save it as UTF-8, or say how it is written: --encoding windows-1252.",
)
Row = Mapping[str, object]


class Cells:
    """Makes records of rows with named cells; asks for the columns that a side names once."""

    def __init__(
        self,
        side: Side,
        spec: Spec,
        columns: Sequence[str],
        where: str,
        things: str = "",
        only: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._spec, self._side, self._things, self._only, self._count = spec, side, things, only or {}, 0
        self._sources = [(side.types, Kind.CODE), *((side.fields[each.name], each.kind) for each in spec.fields)]
        wanted = {
            *([side.members] if side.members else ()),
            *self._only,
            *(name for source, _ in self._sources for name in (*source.paths, *(source.point or ()))),
        }
        if missing := sorted(wanted - set(columns)):
            raise BadParameter(
                f"{where} has no column {missing[0]!r}", mend=f"It has {', '.join(map(str, columns)) or 'none'}."
            )

    def records(self, rows: Sequence[Row]) -> pa.RecordBatch:
        """The records of these rows; one without an id has none, and where no column has ids the row counts."""
        ids: list[str] = []
        columns: list[list[list[str]]] = [[] for _ in self._sources]
        for row in rows:
            self._count += 1
            ident = str(row[self._side.members] or "").strip() if self._side.members else f"row {self._count}"
            if not ident or any(str(row[name]) not in values for name, values in self._only.items()):
                continue
            ids.append(self._things.replace("{id}", ident) if self._things and "://" not in ident else ident)
            for column, (source, kind) in zip(columns, self._sources, strict=True):
                column.append(clean(_values(row, source), source, kind))
        return batch(ids, columns[0], columns[1:], self._spec)


def _values(row: Row, source: Source) -> Iterator[str]:
    for name in source.paths:
        value = row[name]
        for each in value if isinstance(value, list) else [value]:
            if each is not None and each != "":
                yield str(each)
    if source.point:
        lat, long = (row[name] for name in source.point)
        if lat not in (None, "") and long not in (None, ""):
            yield f"{lat} {long}"


def csv_rows(opened: Opened, access: Access, delimiter: str = "") -> tuple[list[str], Iterator[dict[str, object]]]:
    """The columns and the rows of a file with separated values, as text; raises `DataSyntax` with the line."""
    csv.field_size_limit(_LONGEST_CELL)
    text = io.TextIOWrapper(opened.file, encoding=access.encoding, newline="")
    with opened.faults():
        try:
            first = text.readline()
        except UnicodeDecodeError:
            raise _at(opened, 1, *_NOT_UTF_8) from None
    sign = delimiter or access.delimiter or ("," if access.columns else _parts(first))
    if access.quoting:
        reader = csv.reader(chain((first,), text), delimiter=sign, strict=True)
    else:
        reader = csv.reader(chain((first,), text), delimiter=sign, quoting=csv.QUOTE_NONE)
    lines = _lines(reader, opened)
    columns = list(access.columns) or next(lines, [])
    if len(set(columns)) != len(columns):
        raise _at(opened, 1, "two columns have the same name", "Give each a name of its own.")

    def rows() -> Iterator[dict[str, object]]:
        for cells in lines:
            if not cells:
                continue
            if len(cells) != len(columns):
                raise _at(
                    opened,
                    reader.line_num,
                    f"{len(cells)} cells, and there are {len(columns)} columns",
                    "Mend the line: a cell with the separator in it needs quotes around it.",
                )
            yield dict(zip(columns, cells, strict=True))

    return columns, rows()


def _parts(head: str) -> str:
    """What parts the cells of a table: the sign that stands most often in the line with the names, outside quotes."""
    bare = _QUOTED.sub("", head)
    return max(_SIGNS, key=bare.count)


def _lines(reader: Iterator[list[str]], opened: Opened) -> Iterator[list[str]]:
    count = 0
    with opened.faults():
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except UnicodeDecodeError:
                raise _at(opened, count + 1, *_NOT_UTF_8) from None
            except csv.Error as error:
                raise _at(
                    opened, getattr(reader, "line_num", count + 1), str(error), "Mend the quotes there."
                ) from None
            count = getattr(reader, "line_num", count + 1)
            yield cells


def _at(opened: Opened, line: int, what: str, mend: str) -> DataSyntax:
    return DataSyntax(f"{opened.path}, line {line}: {what}", mend=mend, file=str(opened.path), line=line, column=1)


def csv_batches(
    opened: Opened, side: Side, spec: Spec, access: Access, things: str = "", delimiter: str = ""
) -> Iterator[pa.RecordBatch]:
    """The records of a file with separated values, some thousand at a time."""
    columns, rows = csv_rows(opened, access, delimiter)
    yield from _in_chunks(Cells(side, spec, columns, str(opened.path), things, access.only), rows)


def _in_chunks(cells: Cells, rows: Iterator[dict[str, object]]) -> Iterator[pa.RecordBatch]:
    kept: list[dict[str, object]] = []
    for row in rows:
        kept.append(row)
        if len(kept) == _CHUNK:
            yield cells.records(kept)
            kept = []
    yield cells.records(kept)


def parquet_batches(opened: Opened, side: Side, spec: Spec, things: str = "") -> Iterator[pa.RecordBatch]:
    """The records of a Parquet file, some thousand at a time."""
    try:
        file = pq.ParquetFile(opened.path if not opened.packed else io.BytesIO(opened.file.read()))
        cells = Cells(side, spec, file.schema_arrow.names, str(opened.path), things)
        for part in file.iter_batches(_CHUNK):
            yield cells.records(part.to_pylist())
    except (pa.ArrowInvalid, OSError) as error:
        raise _at(opened, 1, f"it is no Parquet file: {error}", "Fetch or write it again.") from None


def record_batches(opened: Opened, spec: Spec) -> Iterator[pa.RecordBatch]:
    """The records of a snapshot that was asked for: JSON lines with `id`, `types` and `values`."""
    rows: list[tuple[str, list[str], Mapping[str, list[str]]]] = []

    def made() -> pa.RecordBatch:
        values = [[row[2].get(each.name, []) for row in rows] for each in spec.fields]
        return batch([row[0] for row in rows], [row[1] for row in rows], values, spec)

    with opened.faults():
        for number, line in enumerate(opened.file, 1):
            try:
                row = json.loads(line)
                rows.append((str(row["id"]), row["types"], row["values"]))
            except (ValueError, KeyError, TypeError):
                raise _at(opened, number, "this is no record", "Fetch the target again.") from None
            if len(rows) == _CHUNK:
                yield made()
                rows.clear()
    yield made()
