"""Answers as Parquet, Arrow and Excel: a column has the type of its values, nothing is lost, memory is bounded."""

from __future__ import annotations

import io
import json
import math
import os
import pty
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rdflib
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from so2graph.engine.columns import TYPES, Column
from so2graph.engine.sinks import Collected
from so2graph.engine.spool import write_solutions
from so2graph.engine.store import Answer, Store
from so2graph.engine.tabular import write_rows
from so2graph.errors import NotAcceptable, ResultTooLarge
from so2graph.formats import BOOLEAN_FORMATS, SOLUTION_FORMATS, Format, by_name
from so2graph.registry import Bundle
from so2graph.vocab import XSD, Blank, Iri, Literal, Term

TYPED = tuple(fmt for fmt in SOLUTION_FORMATS if fmt.binary)
PARQUET, ARROW, XLSX = (next(fmt for fmt in TYPED if fmt.name == name) for name in ("parquet", "arrow", "xlsx"))
_EACH = pytest.mark.parametrize("fmt", TYPED, ids=lambda fmt: fmt.name)
_MIB = 1_048_576
Rows = list[tuple[Any, ...]]

_NAMES = """?iri ?text ?words ?whole ?small ?big ?huge ?part ?mixture ?real ?single ?yes ?day ?moment ?local ?either
    ?year ?time ?ill ?kinds ?never"""
EVERYTHING = (
    f"SELECT {_NAMES} {{ VALUES ({_NAMES})"
    """ {
  (<http://x/a> "a" "een"@nl 1 "7"^^xsd:byte 9223372036854775807 9223372036854775808 1.5 1 1e0 "0.1"^^xsd:float
   true "2024-02-29"^^xsd:date "2024-01-01T01:00:00+02:00"^^xsd:dateTime "2024-01-01T00:00:00.5"^^xsd:dateTime
   "2024-01-01T00:00:00"^^xsd:dateTime "2024"^^xsd:gYear "10:00:00"^^xsd:time 1 <http://x/a> UNDEF)
  (<http://x/b> "=1+1" "one"@en -2 UNDEF UNDEF 1 -22.25 2.25 "INF"^^xsd:double 3e0
   false "1899-12-31"^^xsd:date "2024-01-01T00:00:00.123456Z"^^xsd:dateTime UNDEF
   "2024-01-01T00:00:00Z"^^xsd:dateTime "-0044"^^xsd:gYear UNDEF "abc"^^xsd:integer "a" UNDEF)
} }"""
)
EXPECTED = {
    "iri": ("VARCHAR", ["http://x/a", "http://x/b"]),
    "text": ("VARCHAR", ["a", "=1+1"]),
    "words": ("VARCHAR", ["een", "one"]),
    "whole": ("BIGINT", [1, -2]),
    "small": ("BIGINT", [7, None]),
    "big": ("BIGINT", [2**63 - 1, None]),
    "huge": ("DECIMAL(19,0)", [Decimal(2**63), Decimal(1)]),
    "part": ("DECIMAL(4,2)", [Decimal("1.5"), Decimal("-22.25")]),
    "mixture": ("DECIMAL(3,2)", [Decimal(1), Decimal("2.25")]),
    "real": ("DOUBLE", [1.0, math.inf]),
    "single": ("DOUBLE", [0.1, 3.0]),
    "yes": ("BOOLEAN", [True, False]),
    "day": ("DATE", [date(2024, 2, 29), date(1899, 12, 31)]),
    "moment": (
        "TIMESTAMP WITH TIME ZONE",
        [datetime(2023, 12, 31, 23, tzinfo=UTC), datetime(2024, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)],
    ),
    "local": ("TIMESTAMP", [datetime(2024, 1, 1, 0, 0, 0, 500_000), None]),
    "either": ("VARCHAR", ["2024-01-01T00:00:00", "2024-01-01T00:00:00Z"]),
    "year": ("INTEGER", [2024, -44]),
    "time": ("VARCHAR", ["10:00:00", None]),
    "ill": ("VARCHAR", ["1", "abc"]),
    "kinds": ("VARCHAR", ["http://x/a", "a"]),
    "never": ("VARCHAR", [None, None]),
}
"""The type of each column as DuckDB names it, and its two values."""


def _answer(text: str) -> Answer:
    return Store.memory().query(text, {"xsd": XSD}, (), ())


def _bytes(text: str, fmt: Format, about: Mapping[str, str] | None = None) -> bytes:
    return _answer(text).write(fmt, {}, 10_000_000, about)


def _table(body: bytes, fmt: Format) -> pa.Table:
    return pq.read_table(io.BytesIO(body)) if fmt is PARQUET else pa.ipc.open_stream(body).read_all()


def _sheet(body: bytes, name: str | None = None) -> Rows:
    """The rows of a sheet, the first of them the names of the columns."""
    book = openpyxl.load_workbook(io.BytesIO(body))
    sheet = book[name] if name else book.worksheets[0]
    return [tuple(unescape(v) if isinstance(v, str) else v for v in row) for row in sheet.iter_rows(values_only=True)]


def _read(body: bytes, fmt: Format) -> tuple[list[str], Rows]:
    """Names and rows, whatever the format."""
    if fmt is XLSX:
        names, *rows = _sheet(body)
        return [str(name) for name in names], rows
    table = _table(body, fmt)
    return table.column_names, [tuple(row.values()) for row in table.to_pylist()]


def _written(columns: Sequence[Column], rows: Sequence[Sequence[object | None]], fmt: Format) -> bytes:
    sink = Collected()
    assert write_rows(columns, rows, sink, fmt, metadata={}, title="rows") == len(rows)
    return sink.body


def test_duckdb_finds_every_column_with_its_type(tmp_path: Path) -> None:
    """`DESCRIBE` of the file says what the datatypes said, and the values are those of the literals."""
    path = tmp_path / "x.parquet"
    path.write_bytes(_bytes(EVERYTHING, PARQUET))
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    described = database.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
    assert {row[0]: row[1] for row in described} == {name: kind for name, (kind, _) in EXPECTED.items()}
    counted = database.execute(f"SELECT sum(whole), max(part), min(day), count(small) FROM '{path}'").fetchall()
    assert counted == [(-1, Decimal("1.50"), date(1899, 12, 31), 1)]


@pytest.mark.parametrize("fmt", [PARQUET, ARROW], ids=["parquet", "arrow"])
def test_pyarrow_reads_the_values(fmt: Format) -> None:
    """Values by column, None where unbound, the moments in UTC."""
    table = _table(_bytes(EVERYTHING, fmt), fmt)
    assert table.to_pydict() == {name: values for name, (_, values) in EXPECTED.items()}
    kinds = {str(field.type) for field in table.schema}
    assert {"timestamp[us, tz=UTC]", "timestamp[us]", "date32[day]", "int32", "bool"} < kinds


def test_pandas_reads_the_values(tmp_path: Path) -> None:
    """As numbers, booleans and moments, without a word about types from the reader."""
    frame = pd.read_parquet(io.BytesIO(_bytes(EVERYTHING, PARQUET)))
    assert frame["whole"].sum() == -1
    assert str(frame["moment"].dtype) == "datetime64[us, UTC]"
    assert frame["year"].tolist() == [2024, -44]
    excel = pd.read_excel(io.BytesIO(_bytes(EVERYTHING, XLSX)))
    assert list(excel.columns) == list(EXPECTED)
    assert excel["whole"].tolist() == [1, -2]
    assert excel["part"].tolist() == [1.5, -22.25]


def test_excel_has_typed_cells_and_texts_for_what_it_cannot_hold() -> None:
    """Numbers, booleans and dates are such; digits, days and fractions that Excel would lose are written as text."""
    book = openpyxl.load_workbook(io.BytesIO(_bytes(EVERYTHING, XLSX)))
    sheet = book.worksheets[0]
    names, *rows = sheet.iter_rows()
    assert sheet.freeze_panes == "A2"
    assert all(cell.font.bold for cell in names)
    first, second = (dict(zip(EXPECTED, row, strict=True)) for row in rows)
    found = {name: (first[name].data_type, first[name].value) for name in EXPECTED}
    assert {name: found[name] for name in ("whole", "part", "real", "yes", "year")} == {
        "whole": ("n", 1),
        "part": ("n", 1.5),
        "real": ("n", 1),
        "yes": ("b", True),
        "year": ("n", 2024),
    }
    assert found["day"] == ("d", datetime(2024, 2, 29))
    assert found["moment"] == ("d", datetime(2023, 12, 31, 23))
    assert first["moment"].number_format.endswith('"Z"')
    assert found["local"] == ("d", datetime(2024, 1, 1, 0, 0, 0, 500_000))
    texts = {"big": str(2**63 - 1), "huge": str(2**63)}
    assert {name: first[name].value for name in texts} == texts
    late = {"real": "INF", "day": "1899-12-31", "moment": "2024-01-01T00:00:00.123456Z"}
    assert {name: second[name].value for name in late} == late
    assert all(cell.hyperlink is None for row in rows for cell in row)
    assert second["never"].value is None


def test_every_type_is_written_by_every_format() -> None:
    """The table of types is the table of the tests above."""
    body = _bytes(EVERYTHING, XLSX)
    about = _sheet(body, "about")
    start = next(number for number, row in enumerate(about) if row[0] == "column")
    assert {row[1] for row in about[start + 1 :]} == set(TYPES)


@_EACH
def test_the_file_says_what_it_is_and_what_its_columns_were(fmt: Format) -> None:
    """Kind, datatypes and languages of each column, and what the caller says of the whole."""
    body = _bytes(EVERYTHING, fmt, {"generation": "7"})
    if fmt is XLSX:
        about = _sheet(body, "about")
        assert about[1][:2] == ("generation", "7")
        start = next(number for number, row in enumerate(about) if row[0] == "column")
        notes = {
            str(row[0]): {str(k): v for k, v in zip(about[start], row, strict=True) if v}
            for row in about[start + 1 :]
        }
    else:
        schema = _table(body, fmt).schema
        assert schema.metadata[b"so2graph.generation"] == b"7"
        notes = {
            field.name: {k.decode().removeprefix("so2graph."): v.decode() for k, v in field.metadata.items()}
            for field in schema
            if field.metadata
        }
    assert {name: row["kind"] for name, row in notes.items() if row["kind"] != "literal"} == {
        "iri": "iri",
        "kinds": "mixed",
        "never": "unbound",
    }
    assert notes["words"]["languages"] == "en nl"
    assert notes["single"]["datatypes"].split() == [XSD + "double", XSD + "float"]
    assert "datatypes" not in notes["iri"]


def _same(found: object, binding: Mapping[str, str] | None) -> bool:
    """Whether a value read back is the term that JSON has."""
    if binding is None or found is None:
        return found is None and (binding is None or binding["value"] == "")
    text, datatype = binding["value"], binding.get("datatype", "")
    if isinstance(found, str):
        return found == (f"_:{text}" if binding["type"] == "bnode" else text)
    if datatype == XSD + "date" and isinstance(found, date):
        return found.isoformat()[:10] == text
    if isinstance(found, datetime):
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=None) == found.replace(tzinfo=None) - (moment.utcoffset() or timedelta())
    if isinstance(found, bool):
        return text == str(found).lower()
    return isinstance(found, int | float | Decimal) and Decimal(str(found)) == Decimal(text)


@_EACH
def test_every_stored_query_has_the_rows_of_its_json(fmt: Format, client: FlaskClient, bundle: Bundle) -> None:
    """The same columns and the same rows, value by value."""
    asked = 0
    for name, query in bundle.queries().items():
        if query.view == "graph":
            continue
        response = client.get(f"/queries/{name}.{fmt.suffix}")
        assert (response.status_code, response.content_type) == (200, fmt.media_type)
        assert f'filename="{name}.{fmt.suffix}"' in response.headers["Content-Disposition"]
        expected = client.get(f"/queries/{name}.json").get_json(force=True)
        names, rows = _read(response.data, fmt)
        bindings = expected["results"]["bindings"]
        assert (names, len(rows)) == (expected["head"]["vars"], len(bindings)), name
        if "ORDER BY" in query.text:
            for row, binding in zip(rows, bindings, strict=True):
                assert all(_same(v, binding.get(n)) for n, v in zip(names, row, strict=True)), (name, row, binding)
            asked += 1
    assert asked > 30


def _literals(kind: str, texts: st.SearchStrategy[str]) -> st.SearchStrategy[Literal]:
    return texts.map(lambda text: Literal(text, datatype=XSD + kind))


_WELL: dict[str, st.SearchStrategy[Literal]] = {
    "integer": _literals("integer", st.integers(-(2**63), 2**63 - 1).map(str)),
    "decimal": _literals(
        "decimal", st.decimals(-(10**12), 10**12, allow_nan=False, places=4).map(lambda n: format(n, "f"))
    ),
    "double": _literals("double", st.floats(allow_nan=False, allow_infinity=False).map(repr)),
    "boolean": _literals("boolean", st.sampled_from(["true", "false", "1", "0"])),
    "date": _literals("date", st.dates().map(str)),
    "datetime": _literals(
        "dateTime",
        st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9999, 12, 30)).map(
            lambda d: d.isoformat() + "+03:30"
        ),
    ),
    "localtime": _literals("dateTime", st.datetimes().map(datetime.isoformat)),
}
_ODD = st.sampled_from(
    [
        *(("integer", text) for text in ("abc", "", " 1", "1.0", "٣", "9" * 5000, "+7", "-0", "9" * 38)),
        *(("decimal", text) for text in ("1.", ".5", ".", "1e3", "1" * 39, "0.1" + "0" * 50, "0." + "1" * 38)),
        *(("double", text) for text in ("NaN", "+INF", "-INF", "inf", "nan", "1_0", "0x1", "1e999", "1.e-5")),
        *(("boolean", text) for text in ("True", "yes", "")),
        *(("date", text) for text in ("2023-02-29", "0000-01-01", "-0001-01-01", "2023-01-01Z", "20230101")),
        *(("dateTime", text) for text in ("2023-01-01T24:00:00Z", "9999-12-31T24:00:00", "2023-01-01 00:00:00")),
        *(("dateTime", text) for text in ("2023-01-01T00:00:00.1234567Z", "2023-01-01T00:00:00+14:01", "x")),
        *(("dateTime", text) for text in ("0001-01-01T00:00:00+01:00", "2023-01-01T00:00:60Z", "2023-01-01T00Z")),
        *(("gYear", text) for text in ("2023", "-0044", "2023Z", "02023", "99999999999", "12", "0000")),
        *(("byte", text) for text in ("127", "128", "-129")),
        *(("positiveInteger", text) for text in ("0", "1")),
        ("unsignedLong", str(2**64 - 1)),
    ]
).map(lambda pair: Literal(pair[1], datatype=XSD + pair[0]))
_ANY: st.SearchStrategy[Term | None] = st.one_of(
    st.none(), st.text(max_size=5).map(Literal), st.just(Iri("http://x/")), st.just(Blank("b")), _ODD, *_WELL.values()
)
_COLUMN = st.one_of(
    st.lists(_ANY, max_size=4),
    *(st.lists(st.one_of(st.none(), well), min_size=1, max_size=6) for well in _WELL.values()),
    st.lists(_ODD, min_size=1, max_size=1),
)


def _value(term: Literal) -> object:
    """What rdflib makes of a literal; a moment in UTC, a float for a double, a year as a number."""
    if term.datatype == XSD + "gYear":
        return int(term.value)
    if term.datatype == XSD + "double" and term.value in ("INF", "+INF", "-INF", "NaN"):
        return float(term.value)
    if "T24:00:00" in term.value:
        earlier = _value(Literal(term.value.replace("T24", "T00"), datatype=term.datatype))
        assert isinstance(earlier, datetime)
        return earlier + timedelta(days=1)
    value = rdflib.Literal(term.value, datatype=rdflib.URIRef(term.datatype)).toPython()
    return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else value


@example_settings(max_examples=300, deadline=None)
@given(column=_COLUMN)
@example(column=[Literal("9" * 38, datatype=XSD + "integer"), Literal("0.1", datatype=XSD + "decimal")])
@example(column=[Literal("\ud7ff\ufffe\x00"), None])
def test_what_is_read_back_is_what_was_there(column: list[Term | None]) -> None:
    """In a column of strings the lexical forms, in one with a type the values as rdflib has them; never a loss."""
    sink = Collected()
    assert write_solutions(["x"], [(term,) for term in column], sink, PARQUET, metadata={}) == len(column)
    table = _table(sink.body, PARQUET)
    found = table.column("x").to_pylist()
    if table.schema.field("x").type == pa.string():
        assert found == [None if term is None else str(term) for term in column]
        return
    for value, term in zip(found, column, strict=True):
        if term is None:
            assert value is None
            continue
        assert isinstance(term, Literal)
        assert value == _value(term) or (value != value and term.value == "NaN")


@pytest.mark.parametrize("kind", _WELL)
@example_settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_column_of_one_family_has_its_type(kind: str, data: st.DataObject) -> None:
    """Well-formed literals of one type, with gaps, are never made strings."""
    column = data.draw(st.lists(st.one_of(_WELL[kind], st.none()), min_size=1).filter(any))
    sink = Collected()
    write_solutions(["x"], [(term,) for term in column], sink, PARQUET, metadata={})
    assert _table(sink.body, PARQUET).schema.field("x").type != pa.string()


_NASTY = [
    *(
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "=cmd|' /C calc'!A0",
        "{=1}",
        "http://example.org/",
        "mailto:x",
        "internal:a!A1",
    ),
    *("1", "1e5", "TRUE", "2024-01-01", "#REF!", " a ", "\ta\n", "a\r\nb", "\x00\x1f", "_x0041_", "_x000D_"),
    *("<r><t>b</t></r>", "<r>&</r>", "<b>&amp;</b>", "]]>", "é🌍", "\ufffe\uffff", "'a", '"'),
]


def test_excel_keeps_every_text_a_text() -> None:
    """No formula, no link, no number, no markup comes of a string, and it is read back as it was."""
    body = _written([Column("=name")], [[text] for text in _NASTY], XLSX)
    (sheet, *_) = openpyxl.load_workbook(io.BytesIO(body)).worksheets
    cells = [row[0] for row in sheet.iter_rows()]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}
    assert all(cell.hyperlink is None for cell in cells)
    assert [unescape(cell.value) for cell in cells] == ["=name", *_NASTY]


@given(number=st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**80), 2**80))
@example_settings(max_examples=50, deadline=None)
@example(number=0.1 + 0.2)
@example(number=2**53)
@example(number=2**53 + 1)
def test_excel_loses_no_digit(number: float) -> None:
    """What is read back is the number, or a text with all its digits."""
    kind = "integer" if isinstance(number, int) else "double"
    (_, (found,)) = _sheet(_written([Column("n", kind)], [[number]], XLSX))
    assert (int(found) if isinstance(number, int) else float(found)) == number
    assert isinstance(found, str) == (kind == "integer" and abs(number) > 2**53)


@_EACH
def test_the_same_rows_have_the_same_bytes(fmt: Format) -> None:
    """In this process and in another, in another time zone and with other hashes."""
    here = _bytes(EVERYTHING, fmt, {"generation": "1", "base": "http://x/"})
    assert _bytes(EVERYTHING, fmt, {"base": "http://x/", "generation": "1"}) == here
    script = (
        "import sys\nfrom tests.test_tabular import EVERYTHING, _bytes\n"
        "from so2graph.formats import ALL_FORMATS, by_name\n"
        "body = _bytes(EVERYTHING, by_name(sys.argv[1], ALL_FORMATS), {'generation': '1', 'base': 'http://x/'})\n"
        "sys.stdout.buffer.write(body)"
    )
    env = {**os.environ, "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"}
    words = [sys.executable, "-c", script, fmt.name]
    there = subprocess.run(words, env=env, capture_output=True, check=True, cwd=Path(__file__).parent.parent)
    assert there.stdout == here


@_EACH
@pytest.mark.parametrize(
    "text", ["SELECT ?a ?b { VALUES (?a ?b) {} }", "SELECT ?a ?b { VALUES (?a ?b) {(UNDEF UNDEF)} }"]
)
def test_no_rows_and_no_values_still_have_columns(fmt: Format, text: str) -> None:
    """An empty answer is a table of two columns and no rows; unbound is null."""
    names, rows = _read(_bytes(text, fmt), fmt)
    assert names == ["a", "b"]
    if fmt is not XLSX:
        assert rows == [(None, None)] * text.count("(UNDEF")


@_EACH
def test_a_table_has_columns(fmt: Format) -> None:
    """An answer without any cannot be a table, and says so."""
    with pytest.raises(NotAcceptable, match="no columns"):
        _bytes("SELECT * { }", fmt)


@_EACH
def test_rows_are_limited(fmt: Format) -> None:
    """As many rows as the limit are written, one more is an error before a byte is."""
    text = "SELECT ?x { VALUES ?x { 1 2 3 } }"
    sink = Collected()
    assert _answer(text).write_to(sink, fmt, {}, 10_000_000, 3) == 3
    sink = Collected()
    with pytest.raises(ResultTooLarge, match="2 rows") as caught:
        _answer(text).write_to(sink, fmt, {}, 10_000_000, 2)
    assert (caught.value.members, sink.body) == ({"limit": 2}, b"")


@_EACH
def test_what_is_set_aside_is_limited(fmt: Format) -> None:
    """Rows that take more than the bytes of an answer are refused while they come."""
    rows = ((Literal(os.urandom(1000).hex()),) for _ in range(10_000))
    sink = Collected()
    with pytest.raises(ResultTooLarge, match="100000 bytes"):
        write_solutions(["x"], rows, sink, fmt, 100_000, metadata={})
    assert sink.body == b""
    assert sum(1 for _ in rows) > 9_000


def _nothing_but(last: object, count: int) -> Iterator[tuple[object | None]]:
    for _ in range(count - 1):
        yield (None,)
    yield (last,)


def test_a_sheet_is_as_large_as_excel_allows() -> None:
    """1,048,575 rows below the first, and no more."""
    sink = Collected()
    columns = [Column("n", "integer")]
    assert write_rows(columns, _nothing_but(1, 1_048_575), sink, XLSX, metadata={}, title="t") == 1_048_575
    assert sink.body
    sink = Collected()
    with pytest.raises(ResultTooLarge, match="rows") as caught:
        write_rows(columns, _nothing_but(1, 1_048_576), sink, XLSX, metadata={}, title="t")
    assert (caught.value.members, sink.body) == ({"limit": 1_048_575}, b"")


def test_a_sheet_is_as_wide_as_excel_allows() -> None:
    """16,384 columns, and no more."""
    columns = [Column(f"c{number}") for number in range(16_385)]
    assert len(_sheet(_written(columns[1:], [], XLSX))[0]) == 16_384
    with pytest.raises(ResultTooLarge, match="16384 columns"):
        _written(columns, [], XLSX)


@pytest.mark.parametrize(("text", "fits"), [("a" * 32_767, True), ("a" * 32_768, False), ("🌍" * 16_384, False)])
def test_a_cell_is_as_long_as_excel_allows(text: str, fits: bool) -> None:
    """32,767 letters as Excel counts them; beyond that an error with the column, and never a part."""
    if fits:
        assert _sheet(_written([Column("x")], [[text]], XLSX))[1] == (text,)
        return
    with pytest.raises(ResultTooLarge, match=r"row 1 of \?x") as caught:
        _written([Column("x")], [[text]], XLSX)
    assert "Parquet" in caught.value.mend


class _Gone(Exception):
    """What a sink may raise."""


class _Closing:
    def write(self, data: bytes) -> int:
        raise _Gone(len(data))


@_EACH
def test_what_the_sink_raises_comes_through(fmt: Format, tmp_path: Path) -> None:
    """As it is, and no file is left behind."""
    script = """
import sys, os, tempfile
from tests.test_tabular import _Closing, _Gone
from so2graph.engine.columns import Column
from so2graph.engine.tabular import write_rows
from so2graph.formats import ALL_FORMATS, by_name
try:
    write_rows([Column("x")], [["a"]], _Closing(), by_name(sys.argv[1], ALL_FORMATS), metadata={}, title="t")
except _Gone:
    print("gone", os.listdir(tempfile.gettempdir()))
"""
    words = [sys.executable, "-W", "error", "-c", script, fmt.name]
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    root = Path(__file__).parent.parent
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=True, cwd=root)
    assert (done.stdout, done.stderr) == ("gone []\n", "")


_MEASURE = """
import sys
from pathlib import Path
from so2graph.engine.spool import write_solutions
from so2graph.engine.tabular import load_arrow
from so2graph.formats import ALL_FORMATS, by_name
from so2graph.vocab import XSD, Iri, Literal

class Nowhere:
    def write(self, data):
        return len(data)

def rows(count):
    for n in range(count):
        yield Iri(f"http://example.org/{n}"), Literal(f"thing {n}", "en"), Literal(str(n), datatype=XSD + "integer")

def peak(count):
    fmt = by_name(sys.argv[1], ALL_FORMATS)
    assert write_solutions(["a", "b", "c"], rows(count), Nowhere(), fmt, metadata={}) == count
    # What getrusage() says begins with the memory of the process that started this one.
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024

load_arrow()
print(peak(20_000), peak(int(sys.argv[2])))
"""


@pytest.mark.alone
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says what the peak was")
@pytest.mark.parametrize(
    ("fmt", "count"), [(PARQUET, 300_000), (ARROW, 300_000), (XLSX, 100_000)], ids=["parquet", "arrow", "xlsx"]
)
def test_memory_does_not_grow_with_the_rows(fmt: Format, count: int) -> None:
    """From 20,000 rows to many more the process grows by some row groups, of 16 MB each, at most."""
    words = [sys.executable, "-c", _MEASURE, fmt.name, str(count)]
    root = Path(__file__).parent.parent
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=root)
    few, many = map(int, done.stdout.split())
    assert many - few < 48 * _MIB


def test_importing_the_writers_imports_no_library() -> None:
    """pyarrow and xlsxwriter come with the first table."""
    script = "import sys, so2graph.engine.spool\nprint(sorted({'pyarrow', 'xlsxwriter', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_typed_table_is_offered_and_never_taken_for_lack_of_a_choice(client: FlaskClient) -> None:
    """By suffix, `format=` and Accept; whoever takes anything gets JSON."""
    path = f"/sparql?query={quote('SELECT ?x { VALUES ?x { 1 } }')}"
    for accept in ("*/*", "application/*", "", "image/png;q=0.9, */*;q=0.1"):
        assert client.get(path, headers={"Accept": accept}).content_type == "application/sparql-results+json"
    for fmt in TYPED:
        for response in (
            client.get(path, headers={"Accept": f"{fmt.media_type}, */*;q=0.5"}),
            client.get(f"{path}&format={fmt.name}"),
        ):
            assert (response.status_code, response.content_type) == (200, fmt.media_type)
            assert _read(response.data, fmt) == (["x"], [(1,)])
    page = client.get(path, headers={"Accept": "text/html"}).get_data(as_text=True)
    assert all(f"format={fmt.suffix}" in page for fmt in SOLUTION_FORMATS)


@_EACH
def test_yes_or_no_is_no_table(fmt: Format, client: FlaskClient) -> None:
    """406 with what there is; who takes another format beside gets that, and the page offers no table."""
    path = f"/sparql?query={quote('ASK {}')}"
    for answer in (client.get(f"{path}&format={fmt.name}"), client.get(path, headers={"Accept": fmt.media_type})):
        assert (answer.status_code, answer.content_type) == (406, "application/problem+json")
        available = answer.get_json(force=True)["available"]
        assert [row["name"] for row in available] == [one.name for one in BOOLEAN_FORMATS]
    other = client.get(path, headers={"Accept": f"{fmt.media_type}, text/csv;q=0.5"})
    assert other.content_type == "text/csv; charset=utf-8"
    assert f"format={fmt.suffix}" not in client.get(path, headers={"Accept": "text/html"}).get_data(as_text=True)
    graph = client.get(f"/sparql?query={quote('CONSTRUCT WHERE { ?s ?p ?o }')}&format={fmt.name}")
    assert graph.status_code == 406


@_EACH
def test_the_command_writes_a_file(fmt: Format, tmp_path: Path, settings_env: dict[str, str]) -> None:
    """The same bytes by `-o` and through a pipe; a screen is refused, and so is yes or no."""
    path = tmp_path / f"x.{fmt.suffix}"
    words = [sys.executable, "-m", "so2graph", "query"]
    env = settings_env | {"TERM": "dumb"}
    stored = "graphs"
    subprocess.run([*words, stored, "-f", fmt.name, "-o", str(path)], env=env, capture_output=True, check=True)
    piped = subprocess.run([*words, stored, "-f", fmt.name], env=env, capture_output=True, check=True)
    assert path.read_bytes() == piped.stdout
    assert _read(piped.stdout, fmt)[1]
    refused = subprocess.run([*words, "ASK {}", "-f", fmt.name], env=env, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "There is: json, xml, csv, tsv" in refused.stderr
    ours, theirs = pty.openpty()
    screen = subprocess.run(
        [*words, stored, "-f", fmt.name], env=env, stdout=theirs, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(theirs)
    os.close(ours)
    assert screen.returncode == 2
    assert f"{fmt.title} is not for the screen" in screen.stderr


def test_a_format_is_found_by_its_names() -> None:
    """By name, suffix and media type."""
    for fmt in TYPED:
        assert {by_name(text, SOLUTION_FORMATS) for text in (fmt.name, fmt.suffix, fmt.media_type)} == {fmt}
        assert json.dumps(sorted(fmt.kinds)) == '["solutions", "table"]'
