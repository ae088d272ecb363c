"""Answers are counted from their bytes, whatever is in them and wherever they are cut; limits are exact."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from so2graph.engine.faults import XmlCheck
from so2graph.engine.sinks import Bounded, Collected
from so2graph.engine.store import Answer, Store
from so2graph.errors import NotAcceptable, ResultTooLarge
from so2graph.formats import BOOLEAN_FORMATS, FORMATS, Format
from so2graph.vocab import Iri, Literal

Cell = Iri | Literal | None
Table = tuple[int, list[tuple[Cell, ...]]]
"""How many variables a SELECT has, and its rows; None is unbound."""

_PIECES = (
    *('"', "'", "\\", "{", "}", "[", "]", ",", "{}", ",{}", "[{}", "},{", '},{"a":', '"}', '\\"'),
    *("\n", "\r", "\r\n", "\t", "\u2028", "é", "🌍", "?a", "a,b"),
    *("<result>", "</result>", "<result/>", "<result></result>", "]]>", "&lt;result&gt;"),
)


_TEXT = st.lists(st.sampled_from(_PIECES), max_size=5).map("".join)
_IRIS = st.sampled_from([Iri("http://example.org/,a"), Iri("http://example.org/%7B%7D"), Iri("urn:x:&amp;'")])
_CELLS: st.SearchStrategy[Cell] = st.one_of(
    st.none(), st.none(), _TEXT.map(Literal), _TEXT.map(lambda value: Literal(value, "nl-be")), _IRIS
)
_TABLES: st.SearchStrategy[Table] = st.integers(0, 3).flatmap(
    lambda width: st.tuples(st.just(width), st.lists(st.tuples(*[_CELLS] * width), max_size=8))
)
_BY_NAME = pytest.mark.parametrize("fmt", BOOLEAN_FORMATS, ids=lambda fmt: fmt.name)


def _answer(table: Table) -> Answer:
    width, rows = table
    head = " ".join(f"?v{number}" for number in range(width))
    body = " ".join(f"({' '.join('UNDEF' if cell is None else cell.n3 for cell in row)})" for row in rows)
    text = f"SELECT {head or '*'} {{ VALUES ({head}) {{ {body} }} }}"
    return Store.memory().query(text, {}, (), ())


def _cut(data: bytes, at: list[int]) -> list[bytes]:
    """The data in pieces; some of them are empty."""
    places = [0, *sorted(place % (len(data) + 1) for place in at), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


@_BY_NAME
@example_settings(max_examples=50, deadline=None)
@given(table=_TABLES, at=st.lists(st.integers(0, 5000), max_size=40))
@example(table=(0, []), at=[])
@example(table=(0, [(), (), ()]), at=list(range(200)))
@example(table=(1, [(None,), (None,)]), at=list(range(200)))
@example(table=(1, [(Literal(x),) for x in ('\\"},{\\', "[{}", "\\", '"')]), at=list(range(400)))
@example(table=(2, [(None, Literal(",{}")), (None, None), (Literal("<result>"), None)]), at=[])
def test_the_rows_are_counted_wherever_the_answer_is_cut(fmt: Format, table: Table, at: list[int]) -> None:
    """What `Bounded` counts is the number of solutions, and the bytes go on as they came."""
    whole = _answer(table).write(fmt, {}, 1_000_000)
    sink = Collected()
    bounded = Bounded(sink, fmt)
    for piece in _cut(whole, at):
        assert bounded.write(piece) == len(piece)
    assert (bounded.rows, sink.body) == (len(table[1]), whole)


@example_settings(max_examples=30, deadline=None)
@given(table=_TABLES)
def test_json_is_what_the_rows_were(table: Table) -> None:
    """The table asked for is the one that is answered, so that the count above is of the right thing."""
    document = json.loads(_answer(table).write(BOOLEAN_FORMATS[0], {}, 1_000_000))
    found = [
        [row.get(f"v{number}", {}).get("value") for number in range(table[0])]
        for row in document["results"]["bindings"]
    ]
    assert found == [[None if cell is None else cell.value for cell in row] for row in table[1]]


@_BY_NAME
@example_settings(max_examples=20, deadline=None)
@given(table=_TABLES, at=st.lists(st.integers(0, 5000), max_size=8))
def test_the_limits_are_exact(fmt: Format, table: Table, at: list[int]) -> None:
    """An answer of exactly the bytes and rows is passed on in whole; with one less it is an error with the limit."""
    whole, rows = _answer(table).write(fmt, {}, 1_000_000), len(table[1])

    def feed(max_bytes: int, max_rows: int) -> bytes:
        sink = Collected()
        bounded = Bounded(sink, fmt, max_bytes, max_rows)
        for piece in _cut(whole, at):
            bounded.write(piece)
        return sink.body

    assert feed(len(whole), rows) == whole
    with pytest.raises(ResultTooLarge, match="bytes") as caught:
        feed(len(whole) - 1, rows)
    assert caught.value.members == {"limit": len(whole) - 1}
    assume(rows)
    with pytest.raises(ResultTooLarge, match="rows") as caught:
        feed(len(whole), rows - 1)
    assert caught.value.members == {"limit": rows - 1}


@_BY_NAME
def test_an_answer_stops_at_its_limit_while_it_is_written(fmt: Format) -> None:
    """The engine writes in pieces of its own: the limit ends it, and the sink has had no more than the limit."""
    table: Table = (1, [(Literal(f"row {number}"),) for number in range(3000)])
    sink = Collected()
    assert _answer(table).write_to(sink, fmt, {}, 1_000_000, 3000) == 3000
    size = len(sink.body)
    for max_bytes, max_rows, limit in ((size - 1, None, size - 1), (size, 2999, 2999), (10_000, 1, 1)):
        part = Collected()
        with pytest.raises(ResultTooLarge) as caught:
            _answer(table).write_to(part, fmt, {}, max_bytes, max_rows)
        assert caught.value.members == {"limit": limit}
        assert sink.body.startswith(part.body)
        assert len(part.body) < size


@_BY_NAME
@pytest.mark.parametrize("text", ["ASK { }", "ASK { FILTER(false) }"])
def test_a_boolean_has_no_rows(fmt: Format, text: str) -> None:
    """No limit on rows is too low for it."""
    sink = Collected()
    assert Store.memory().query(text, {}, (), ()).write_to(sink, fmt, {}, 1000, 0) == 0
    assert sink.body


def test_triples_are_counted_by_who_writes_them() -> None:
    """In a format of graphs the bytes say nothing about rows: each triple is counted as it is written."""
    turtle = next(fmt for fmt in FORMATS if fmt.name == "turtle")
    bounded = Bounded(Collected(), turtle, max_rows=2)
    bounded.write(b"<a> <b> <c> .\n<a> <b> <d> .\n")
    assert bounded.rows == 0
    bounded.count()
    bounded.count()
    with pytest.raises(ResultTooLarge) as caught:
        bounded.count()
    assert (bounded.rows, caught.value.members) == (3, {"limit": 2})


_NO_XML = [b"\x00", b"\x08", b"\x0b", b"\x0c", b"\x1f", "\ufffe".encode(), "\uffff".encode()]
_XML_TOO = [b"\t", b"\n", b"\r", b" ", "\ufffd".encode(), "\uffef".encode(), "\U0001fffe".encode(), b"\x7f"]


def _check(data: bytes) -> Callable[[int], None]:
    def run(size: int) -> None:
        check = XmlCheck()
        for at in range(0, len(data), size):
            check.feed(data[at : at + size])

    return run


@pytest.mark.parametrize("size", [2, 3, 4, 5, 100])
@pytest.mark.parametrize("before", range(4))
def test_a_character_that_xml_cannot_have_is_seen_across_pieces(size: int, before: int) -> None:
    """A control character or non-character anywhere, in pieces of any size from two bytes; all else passes."""
    for bad in _NO_XML:
        with pytest.raises(NotAcceptable):
            _check(b"a" * before + bad + b"bcd")(size)
    _check(b"a" * before + b"".join(_XML_TOO) + b"bcd")(size)


@pytest.mark.parametrize("name", ["xml", "rdfxml"])
def test_only_documents_of_xml_are_checked(name: str) -> None:
    """XML is refused before it is passed on; JSON, which escapes it, is not looked at."""
    by_name = {fmt.name: fmt for fmt in FORMATS}
    sink = Collected()
    bounded = Bounded(sink, by_name[name])
    bounded.write(b"<a>")
    with pytest.raises(NotAcceptable):
        bounded.write(b"\x01</a>")
    assert sink.body == b"<a>"
    Bounded(sink, by_name["turtle"]).write(b"\x01")
    assert sink.body == b"<a>\x01"
