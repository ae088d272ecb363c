"""Writes rows as Parquet, Arrow or XLSX with typed columns: the only importer of pyarrow and xlsxwriter."""

from __future__ import annotations

import importlib
import io
import math
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from so2graph.engine.columns import Column
from so2graph.engine.generations import storage_errors
from so2graph.engine.sinks import Sink
from so2graph.errors import EngineFault, NotAcceptable, QueryMemory, ResultTooLarge
from so2graph.formats import Format

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

__all__ = ["ARROW_FORMATS", "Row", "load_arrow", "write_rows"]

Row = Sequence[object | None]

ARROW_FORMATS = ("parquet", "arrow")
"""The formats for which pyarrow is loaded."""
_CHUNK = 1_000
"""Rows that are Python objects at a time."""
_GROUP_ROWS, _GROUP_BYTES = 65_536, 16_000_000
"""A row group of Parquet, and a record batch of Arrow, ends at the first of these."""
_MOST_ROWS, _MOST_COLUMNS, _MOST_LETTERS = 1_048_575, 16_384, 32_767
"""What a sheet of Excel holds below its first row."""
_EXACT = 2**53
"""Up to here Excel, whose numbers are doubles, keeps every whole number."""
_FIRST_DAY = date(1900, 3, 1)
"""Days before it have other numbers in other programs: Excel knows a 29 February 1900."""
_MADE = datetime(2000, 1, 1)
"""When a workbook says that it was made: always the same, so that its bytes are."""
_WIDTHS = 8, 60
_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]+")


class _File(io.RawIOBase):
    """A sink as a file. After the sink has refused a piece it takes no more, and says nothing: the error is known."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.broken = False

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        if not self.broken:
            try:
                self._sink.write(piece)
            except BaseException:
                self.broken = True
                raise
        return len(piece)


def write_rows(
    columns: Sequence[Column],
    rows: Iterable[Row],
    sink: Sink,
    fmt: Format,
    *,
    metadata: Mapping[str, str],
    title: str,
) -> int:
    """Writes rows of Python values (see `Column`), each in the order of `columns`, and returns how many there were.

    Rows are taken a thousand at a time, and let go of in row groups. The same rows give the same bytes. `metadata`
    goes into the metadata of the file; in Excel it is a second sheet. Raises `ResultTooLarge` for what a sheet of
    Excel cannot hold, `NotAcceptable` for a table without columns, or what the sink raises.
    """
    if not columns:
        raise NotAcceptable("the answer has no columns, and so is no table", mend="Take JSON instead.")
    file = _File(sink)
    try:
        with storage_errors(Path(tempfile.gettempdir())):
            if fmt.name == "xlsx":
                return _write_xlsx(columns, rows, file, metadata, title)
            return _write_arrow(columns, rows, file, fmt, {"title": title, **metadata})
    except BaseException:
        file.broken = True
        raise


def load_arrow() -> None:
    """Loads pyarrow, before memory gets scarce; raises `QueryMemory` where there is not enough for it."""
    _arrow()


def _arrow() -> Any:
    """pyarrow.

    It is told to take memory from the system: its own allocator sets aside a gigabyte of addresses, which is more
    than a reader may have.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        importlib.import_module("pyarrow.parquet")
        pa = importlib.import_module("pyarrow")
        # The first array makes it look for pandas.
        pa.array([""])
    except ImportError as error:
        raise QueryMemory(
            f"the library that writes Parquet and Arrow cannot be loaded: {error}",
            mend="Take CSV or JSON, or raise the setting max_query_megabytes.",
        ) from None
    return pa


@contextmanager
def _arrow_errors(pa: Any) -> Iterator[None]:
    try:
        yield
    except pa.ArrowMemoryError as error:
        raise MemoryError(str(error)) from None
    except pa.ArrowException as error:
        if isinstance(error, OSError):
            raise
        raise EngineFault(
            f"the rows cannot be written as a table: {error}", mend="Take CSV, and report it."
        ) from error


def _write_arrow(
    columns: Sequence[Column], rows: Iterable[Row], file: _File, fmt: Format, metadata: Mapping[str, str]
) -> int:
    pa = _arrow()
    schema = pa.schema([_field(pa, column) for column in columns], metadata=_labelled(metadata))
    count = 0
    with _arrow_errors(pa):
        if fmt.name == "parquet":
            writer = pa.parquet.ParquetWriter(file, schema, compression="zstd")
        else:
            writer = pa.ipc.new_stream(file, schema)
        try:
            for group in _groups(pa, schema, rows):
                count += group.num_rows
                writer.write_table(group, _GROUP_ROWS)
        except BaseException:
            file.broken = True
            raise
        finally:
            writer.close()
    return count


def _labelled(metadata: Mapping[str, str]) -> dict[str, str]:
    return {f"so2graph.{name}": metadata[name] for name in sorted(metadata)}


def _field(pa: Any, column: Column) -> Any:
    kind = {
        "string": pa.string,
        "integer": pa.int64,
        "decimal": lambda: pa.decimal128(column.precision, column.scale),
        "double": pa.float64,
        "boolean": pa.bool_,
        "date": pa.date32,
        "datetime": lambda: pa.timestamp("us", tz="UTC"),
        "localtime": lambda: pa.timestamp("us"),
        "year": pa.int32,
    }[column.type]()
    return pa.field(column.name, kind, metadata=_labelled(column.notes) or None)


def _groups(pa: Any, schema: Any, rows: Iterable[Row]) -> Iterator[Any]:
    """The rows as tables, each the size of a row group."""
    iterator, batches, count, size = iter(rows), [], 0, 0
    while chunk := list(islice(iterator, _CHUNK)):
        parts = zip(zip(*chunk, strict=True), schema.types, strict=True)
        batch = pa.record_batch([pa.array(values, type=kind) for values, kind in parts], schema=schema)
        batches.append(batch)
        count, size = count + len(chunk), size + batch.nbytes
        if count + _CHUNK > _GROUP_ROWS or size >= _GROUP_BYTES:
            yield pa.Table.from_batches(batches, schema).combine_chunks()
            batches, count, size = [], 0, 0
    if batches:
        yield pa.Table.from_batches(batches, schema).combine_chunks()


class _Exact(float):
    """A number that is written with all its digits: xlsxwriter would write 16 of them, where some need 17."""

    __slots__ = ()

    def __format__(self, _spec: str) -> str:
        return repr(float(self))


def _write_xlsx(
    columns: Sequence[Column], rows: Iterable[Row], file: _File, metadata: Mapping[str, str], title: str
) -> int:
    if len(columns) > _MOST_COLUMNS:
        raise _too_large(f"more than {_MOST_COLUMNS} columns", _MOST_COLUMNS)
    from xlsxwriter.exceptions import FileCreateError
    from xlsxwriter.workbook import Workbook

    with tempfile.TemporaryDirectory(prefix="so2graph-") as scratch:
        workbook = Workbook(file, {"constant_memory": True, "tmpdir": scratch})
        workbook.use_zip64()
        try:
            workbook.set_properties({"title": title, "created": _MADE})
            count = _write_sheet(workbook, columns, rows, title)
            _write_about(workbook, columns, {"title": title, **metadata})
            workbook.close()
        except FileCreateError as error:
            raise (error.args[0] if error.args and isinstance(error.args[0], OSError) else error) from None
        finally:
            for sheet in workbook.worksheets():
                sheet._opt_close()
    return count


def _too_large(what: str, limit: int) -> ResultTooLarge:
    return ResultTooLarge(
        f"Excel cannot hold {what}", mend="Take Parquet or CSV, or ask for less (LIMIT).", limit=limit
    )


def _sheet(workbook: Workbook, name: str) -> Any:
    from xlsxwriter.worksheet import Worksheet

    class Sheet(Worksheet):  # type: ignore[misc]  # xlsxwriter has no types
        """A sheet that writes every string as it is: without this, one that looks like rich text is taken for it."""

        @staticmethod
        def _escape_control_characters(string: str) -> str:
            escaped = str(Worksheet._escape_control_characters(string))
            escaped = escaped.replace("\r", "_x000D_").replace("\ufffe", "_xFFFE_").replace("\uffff", "_xFFFF_")
            return f"_x003C_{escaped[1:]}" if escaped.startswith("<r>") else escaped

    return workbook.add_worksheet(name, worksheet_class=Sheet)


def _write_sheet(workbook: Workbook, columns: Sequence[Column], rows: Iterable[Row], title: str) -> int:
    """The sheet with the rows, below a first row with the names; returns how many there were."""
    name = _NAME.sub(" ", title)[:31].strip(" '")
    sheet = _sheet(workbook, "rows" if name.casefold() in ("", "history", "about") else name)
    iterator = iter(rows)
    first = list(islice(iterator, 200))
    for number, column in enumerate(columns):
        longest = max(len(str(value)) for value in (column.name, *(row[number] for row in first)))
        sheet.set_column(number, number, min(max(_WIDTHS[0], longest + 2), _WIDTHS[1]))
    sheet.freeze_panes(1, 0)
    _write_texts(sheet, 0, [column.name for column in columns], workbook.add_format({"bold": True}))
    writers = [_writer(workbook, sheet, column.type) for column in columns]
    count = 0
    for row in chain(first, iterator):
        count += 1
        if count > _MOST_ROWS:
            raise _too_large(f"more than {_MOST_ROWS} rows below the first", _MOST_ROWS)
        for number, (write, value) in enumerate(zip(writers, row, strict=True)):
            if value is not None and write(count, number, value) != 0:
                raise _too_large(
                    f"row {count} of ?{columns[number].name}: it has more than {_MOST_LETTERS} letters", _MOST_LETTERS
                )
    return count


def _write_about(workbook: Workbook, columns: Sequence[Column], metadata: Mapping[str, str]) -> None:
    """The sheet that says what the file is, and what each column was."""
    sheet = _sheet(workbook, "about")
    sheet.set_column(0, 4, 24)
    bold = workbook.add_format({"bold": True})
    line = 0
    for name in sorted(metadata, key=lambda name: (name != "title", name)):
        _write_texts(sheet, line, [name, metadata[name]])
        line += 1
    notes = sorted({name for column in columns for name in column.notes})
    _write_texts(sheet, line + 1, ["column", "type", *notes], bold)
    for number, column in enumerate(columns, line + 2):
        _write_texts(sheet, number, [column.name, column.type, *(column.notes.get(note, "") for note in notes)])


def _write_texts(sheet: Any, line: int, texts: Sequence[str], how: Any = None) -> None:
    for number, text in enumerate(texts):
        if sheet.write_string(line, number, text, how) != 0:
            raise _too_large(f"a text of more than {_MOST_LETTERS} letters", _MOST_LETTERS)


def _writer(workbook: Workbook, sheet: Any, kind: str) -> Callable[[int, int, Any], object]:
    """What writes a value of a type into a cell; what Excel's types would not keep exactly is written as text."""
    zone = '"Z"' if kind == "datetime" else ""
    whole, day, second, milli = (
        workbook.add_format({"num_format": text})
        for text in ("0", "yyyy-mm-dd", f"yyyy-mm-dd hh:mm:ss{zone}", f"yyyy-mm-dd hh:mm:ss.000{zone}")
    )

    def integer(row: int, number: int, value: int) -> object:
        if -_EXACT <= value <= _EXACT:
            return sheet.write_number(row, number, value, whole)
        return sheet.write_string(row, number, str(value))

    def decimal(row: int, number: int, value: Decimal) -> object:
        near = float(value)
        if Decimal(repr(near)) == value:
            return sheet.write_number(row, number, _Exact(near))
        return sheet.write_string(row, number, format(value, "f"))

    def double(row: int, number: int, value: float) -> object:
        if math.isfinite(value):
            return sheet.write_number(row, number, _Exact(value))
        return sheet.write_string(row, number, "NaN" if math.isnan(value) else "INF" if value > 0 else "-INF")

    def days(row: int, number: int, value: date) -> object:
        if value < _FIRST_DAY:
            return sheet.write_string(row, number, value.isoformat())
        return sheet.write_datetime(row, number, value, day)

    def moment(row: int, number: int, value: datetime) -> object:
        if value.date() < _FIRST_DAY or value.microsecond % 1000:
            return sheet.write_string(row, number, value.isoformat().replace("+00:00", "Z"))
        plain = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        return sheet.write_datetime(row, number, plain, milli if value.microsecond else second)

    writers = {
        "integer": integer,
        "year": integer,
        "decimal": decimal,
        "double": double,
        "boolean": sheet.write_boolean,
        "date": days,
        "datetime": moment,
        "localtime": moment,
        "string": sheet.write_string,
    }
    return cast(Callable[[int, int, Any], object], writers[kind])
