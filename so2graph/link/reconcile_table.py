"""Reads tables of texts as people have them, CSV of any kind, and writes them with columns added."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from so2graph.engine.columns import Column
from so2graph.engine.generations import storage_errors
from so2graph.engine.tabular import write_rows
from so2graph.errors import BadParameter, DataSyntax
from so2graph.formats import ALL_FORMATS, by_name

__all__ = ["Added", "BadRow", "Table", "guarded", "read_table", "writable", "write_table"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS = ",;\t|"
_SAMPLE_ROWS, _SAMPLE_LETTERS = 100, 200_000
_MOST_BYTES = 500_000_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WRITTEN = ("csv", "tsv", "xlsx", "parquet")


@dataclass(frozen=True)
class BadRow:
    """A row that could not be taken, by the number of its line in the file (from 1)."""

    line: int
    what: str


@dataclass(frozen=True)
class Table:
    """A table of texts: `rows` are as long as `header`. `bad` are the rows that were left out."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    bad: tuple[BadRow, ...] = ()
    encoding: str = "utf-8"
    delimiter: str = ","
    line_end: str = "\n"
    short: int = 0
    """How many rows had fewer cells than the header: they are filled with empty ones."""

    def place(self, column: str) -> int:
        """The place of a column; raises `BadParameter`, which names the columns that there are."""
        found = [place for place, name in enumerate(self.header) if name == column]
        found = found or [
            place for place, name in enumerate(self.header) if name.strip().casefold() == column.casefold()
        ]
        if len(found) == 1:
            return found[0]
        shown = ", ".join(repr(name) for name in self.header[:30])
        what = "no column" if not found else "more than one column"
        raise BadParameter(f"{self.path} has {what} {column!r}", mend=f"Its columns are: {shown}.")


@dataclass(frozen=True)
class Added:
    """A column to be added: a name, a type of `engine.columns.TYPES`, and a value a row."""

    name: str
    type: str
    values: Sequence[object | None]


def read_table(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> Table:
    """Reads a file of CSV or TSV (RFC 4180); what is not given is found out.

    UTF-8, with a mark or without, and UTF-16 with one are known by themselves; what is neither is taken for
    Windows-1252. Rows with too many cells, and quotation marks that do not end, are told in `bad`. Raises
    `DataSyntax` for a file without a header, `BadParameter` for an encoding that it does not have.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise BadParameter(f"{path} has more than {_MOST_BYTES} bytes", mend="Take it in parts.")
    text, used = _decoded(path.read_bytes(), path, encoding)
    chosen = delimiter or _delimiter(text, path)
    rows = _records(text, chosen)
    header: tuple[str, ...] = ()
    bad: list[BadRow] = []
    taken: list[tuple[str, ...]] = []
    short = 0
    for line, row in rows:
        if isinstance(row, str):
            bad.append(BadRow(line, row))
        elif not any(cell.strip() for cell in row):
            continue
        elif not header:
            header = tuple(row)
        elif len(row) > len(header) and any(cell.strip() for cell in row[len(header) :]):
            bad.append(BadRow(line, f"it has {len(row)} cells, and the header {len(header)}"))
        else:
            short += len(row) < len(header)
            taken.append((*row[: len(header)], *[""] * (len(header) - len(row))))
    if not header:
        raise DataSyntax(f"{path} has no header", mend="Begin it with the names of its columns.", file=str(path))
    line_end = "\r\n" if "\r\n" in text[:_SAMPLE_LETTERS] else "\n"
    return Table(path, header, tuple(taken), tuple(bad), used, chosen, line_end, short)


def _decoded(body: bytes, path: Path, encoding: str | None) -> tuple[str, str]:
    marked = next((name for mark, name in _MARKS if body.startswith(mark)), None)
    for name in (encoding,) if encoding else (marked,) if marked else ("utf-8", "cp1252", "latin-1"):
        try:
            return body.decode(name), name
        except LookupError:
            raise BadParameter(
                f"--encoding {name!r} is not known", mend="Give one such as utf-8 or cp1252."
            ) from None
        except UnicodeDecodeError as error:
            if encoding or marked:
                line = body[: error.start].count(b"\n") + 1
                raise BadParameter(f"{path}, line {line}: not {name}", mend="Give another --encoding.") from None
    raise AssertionError("latin-1 reads anything")


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """The rows with the line on which each begins; a text in the place of one that cannot be read."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, str(error)


def _delimiter(text: str, path: Path) -> str:
    """What stands between cells: what gives the rows of the beginning most often as many cells as the header."""
    if path.suffix.lower() in (".tsv", ".tab"):
        return "\t"

    def worth(sign: str) -> tuple[float, int]:
        rows = [row for _line, row in _first(_records(text[:_SAMPLE_LETTERS], sign)) if isinstance(row, list) and row]
        if not rows or len(rows[0]) < 2:
            return 0.0, 0
        return sum(len(row) == len(rows[0]) for row in rows) / len(rows), len(rows[0])

    best = max(_DELIMITERS, key=worth)
    return best if worth(best)[1] else ","


def _first(rows: Iterator[tuple[int, list[str] | str]]) -> Iterator[tuple[int, list[str] | str]]:
    for number, row in enumerate(rows):
        if number == _SAMPLE_ROWS:
            return
        yield row


def guarded(value: object | None) -> str:
    """A value of someone else's as a cell of CSV: a text that a spreadsheet would compute gets a ' before it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = value if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _names(header: Sequence[str], added: Sequence[Added]) -> list[str]:
    """The names of all columns, each once: an added one gets a number where the table has its name."""
    names = list(header)
    for each in added:
        name, number = each.name, 2
        while name in names:
            name, number = f"{each.name}_{number}", number + 1
        names.append(name)
    return names


def writable(output: Path) -> str:
    """The format that the ending of a file's name says; raises `BadParameter` for one that is not written here, and
    where there is no such folder."""
    suffix = output.suffix.lower().lstrip(".")
    if suffix not in _WRITTEN:
        raise BadParameter(f"{output} has no ending that is known", mend=f"End it with .{', .'.join(_WRITTEN)}.")
    if not output.absolute().parent.is_dir():
        raise BadParameter(f"there is no folder {output.parent}", mend="Make it, or name another with --output.")
    return suffix


def write_table(table: Table, added: Sequence[Added], output: Path, *, note: str = "") -> None:
    """Writes the table as it was, with columns behind it; the file is whole, or is not there.

    The ending of its name says the format: csv, tsv, xlsx or parquet. CSV is UTF-8, with a mark where the table had
    one. Raises `BadParameter` for another ending.
    """
    suffix = writable(output)
    part = output.with_name(f".{output.name}.part")
    with storage_errors(output.parent):
        try:
            if suffix in ("csv", "tsv"):
                _write_csv(table, added, part, "\t" if suffix == "tsv" else table.delimiter)
            else:
                _write_typed(table, added, part, suffix, note)
            part.replace(output)
        finally:
            part.unlink(missing_ok=True)


def _write_csv(table: Table, added: Sequence[Added], part: Path, delimiter: str) -> None:
    marked = table.encoding in ("utf-8-sig", "utf-16", "utf-32")
    with part.open("w", encoding="utf-8-sig" if marked else "utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator=table.line_end)
        writer.writerow(_names(table.header, added))
        for number, row in enumerate(table.rows):
            writer.writerow([*row, *(guarded(each.values[number]) for each in added)])


def _write_typed(table: Table, added: Sequence[Added], part: Path, suffix: str, note: str) -> None:
    fmt = by_name(suffix, ALL_FORMATS)
    if fmt is None:
        raise AssertionError(suffix)
    names = _unique(_names(table.header, added))
    columns = [Column(name) for name in names[: len(table.header)]]
    columns += [Column(name, each.type) for name, each in zip(names[len(table.header) :], added, strict=True)]
    rows = ((*row, *(each.values[number] for each in added)) for number, row in enumerate(table.rows))
    with part.open("wb") as file:
        write_rows(
            columns, rows, file, fmt, metadata={"source": table.path.name, "note": note}, title=table.path.stem
        )


def _unique(names: Sequence[str]) -> list[str]:
    """Names, each once and none empty: Parquet needs that."""
    found: list[str] = []
    for place, name in enumerate(names):
        plain = name or f"column {place + 1}"
        fresh, number = plain, 2
        while fresh in found:
            fresh, number = f"{plain}_{number}", number + 1
        found.append(fresh)
    return found
