"""Reading both sides: what becomes of values, every format, rows that are wrong, many rows in little memory."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from so2graph.config import Settings
from so2graph.engine.access import Access as Dataset
from so2graph.engine.access import Session
from so2graph.errors import BadParameter, DataInvalid, DataSyntax
from so2graph.link.extract import file_records, our_records, their_records
from so2graph.link.fields import clean
from so2graph.link.record import Record
from so2graph.link.spec import Field, Kind, Spec
from so2graph.link.tables import record_at
from so2graph.link.target import Access, Side, Source, target_of
from so2graph.registry import Bundle
from so2graph.vocab import Iri, Literal
from tests.conftest import ROOT
from tests.test_context import _reference

EX = "http://example.org/"
SPEC = Spec("t", (Field("name", Kind.NAME), Field("city", Kind.PLACE), Field("point", Kind.POINT)))
RDF_SIDE = Side(
    "?id a ex:R .",
    Source(("a",)),
    {
        "name": Source(("ex:name", "ex:other"), languages=("", "nl", "en")),
        "city": Source(("ex:address/ex:inCity/ex:name",)),
        "point": Source(point=("ex:lat", "ex:long")),
    },
)
ROW_SIDE = Side(
    "id",
    Source(("kind",)),
    {"name": Source(("name", "other"), split=";"), "city": Source(("city",)), "point": Source(point=("lat", "long"))},
)
TURTLE = """@prefix ex: <http://example.org/> .
ex:b a ex:R ; ex:name "B" ; ex:other "Bee"@en, "Bij"@nl, "Abeille"@fr ; ex:address [ ex:inCity ex:assen ] .
ex:a a ex:R ; ex:name "A" ; ex:lat 52.9 ; ex:long 6.5 ; ex:address [ ex:inCity ex:assen, ex:emmen ] .
ex:assen ex:name "Assen" . ex:emmen ex:name "Emmen" . [] a ex:R ; ex:name "nameless node" .
"""
CSV = """id,kind,name,other,city,lat,long
b,R,B,Bij;Bee,Assen,,
a,R,A,,Assen,52.9,6.5
,R,without an id,,,,
"""


def _records(table: pa.Table) -> dict[str, Record]:
    return {table.column("id")[row].as_py(): record_at(table, row) for row in range(table.num_rows)}


def _values(record: Record) -> dict[str, tuple[str, ...]]:
    return {name: values for name, values in record.values.items() if values}


@pytest.fixture(scope="module")
def session(settings: Settings, bundle: Bundle) -> Session:
    return Dataset(settings, bundle).session()


RDF_FORMATS = {
    "r.ttl": TURTLE,
    "r.ttl.gz": TURTLE,
    "r.trig": TURTLE.replace("ex:b a", "ex:g { ex:b a").replace("ex:a a", "} ex:h { ex:a a").rstrip() + " }",
}


@pytest.mark.parametrize("name", RDF_FORMATS)
def test_rdf_is_read_by_paths(name: str, tmp_path: Path) -> None:
    """Things in the order of their IRIs with the values of each path in turn, of the languages asked for; paths of
    several steps through blank nodes; two values make a point; nodes without an IRI are no records."""
    path = tmp_path / name
    body = RDF_FORMATS[name].encode()
    path.write_bytes(gzip.compress(body) if name.endswith(".gz") else body)
    table = file_records(path, RDF_SIDE, SPEC, prefixes={"ex": EX})
    assert table.column("id").to_pylist() == [f"{EX}a", f"{EX}b"]
    a, b = _records(table).values()
    assert _values(a) == {"name": ("A",), "city": ("Assen", "Emmen"), "point": ("52.9 6.5",)}
    assert _values(b) == {"name": ("B", "Bij", "Bee"), "city": ("Assen",)}
    assert a.types == (f"{EX}R",)


@pytest.mark.parametrize("suffix", ["nt", "nq", "rdf", "jsonld"])
def test_every_format_of_rdf_gives_the_same(suffix: str, tmp_path: Path, bundle: Bundle) -> None:
    """N-Triples, N-Quads, RDF/XML and JSON-LD are read as Turtle is."""
    import rdflib

    graph = rdflib.Dataset(default_union=True)
    graph.parse(data=TURTLE, format="turtle")
    names = {"nt": "nt", "nq": "nquads", "rdf": "xml", "jsonld": "json-ld"}
    path = tmp_path / f"r.{suffix}"
    graph.serialize(path, format=names[suffix], encoding="utf-8")
    turtle = tmp_path / "r.ttl"
    turtle.write_text(TURTLE, encoding="utf-8")
    first, second = (file_records(each, RDF_SIDE, SPEC, prefixes={"ex": EX}) for each in (turtle, path))
    assert first.num_rows == 2
    assert first == second


def _as_parquet(path: Path) -> None:
    rows = [line.split(",") for line in CSV.splitlines()]
    columns = {name: [row[at] or None for row in rows[1:]] for at, name in enumerate(rows[0])}
    pq.write_table(pa.table(columns), path)


TABLES: Mapping[str, Access] = {
    "t.csv": Access("csv"),
    "t.csv.gz": Access("csv"),
    "t.csv.zip": Access("csv", member="inner.csv"),
    "t.tsv": Access("csv"),
    "t.parquet": Access("parquet"),
    "bare.csv": Access("csv", columns=("id", "kind", "name", "other", "city", "lat", "long")),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_read_by_columns(name: str, tmp_path: Path) -> None:
    """CSV, packed or not, TSV, Parquet, a table without a head: rows with an id, cells in parts, points of two."""
    path = tmp_path / name
    text = CSV.partition("\n")[2] if name == "bare.csv" else CSV
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.txt", "a much longer file than the one with the data " * 100)
            archive.writestr("inner.csv", text)
    elif name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    elif name.endswith(".parquet"):
        _as_parquet(path)
    else:
        path.write_text(text.replace(",", "\t") if name.endswith(".tsv") else text, encoding="utf-8")
    table = file_records(path, ROW_SIDE, SPEC, TABLES[name], things=f"{EX}{{id}}")
    assert table.column("id").to_pylist() == [f"{EX}b", f"{EX}a"]
    b, a = _records(table).values()
    assert _values(b) == {"name": ("B", "Bij", "Bee"), "city": ("Assen",)}
    assert _values(a) == {"name": ("A",), "city": ("Assen",), "point": ("52.9 6.5",)}
    assert b.types == ("R",)


def test_rows_can_be_narrowed_down_and_counted(tmp_path: Path) -> None:
    """Only rows with a value that counts; without a column of ids a row is known by its number."""
    path = tmp_path / "t.csv"
    path.write_text(CSV, encoding="utf-8")
    access = Access("csv", only={"lat": ("52.9",)})
    assert file_records(path, ROW_SIDE, SPEC, access).column("id").to_pylist() == ["a"]
    anonymous = Side("", ROW_SIDE.types, ROW_SIDE.fields)
    assert file_records(path, anonymous, SPEC).column("id").to_pylist() == ["row 1", "row 2", "row 3"]


WRONG: dict[str, tuple[str, bytes, str, int]] = {
    "a cell too many": ("t.csv", CSV.encode() + b"c,R,C,,Assen,1,2,3\n", "8 cells, and there are 7 columns", 5),
    "a cell too few": ("t.csv", CSV.encode() + b"c,R\n", "2 cells, and there are 7 columns", 5),
    "a quote that stays open": ("t.csv", CSV.encode() + b'c,R,"C', "unexpected end of data", 5),
    "a quote inside": ("t.csv", CSV.encode() + b'c,R,"C"x,,,,\n', "expected after", 5),
    "not UTF-8": ("t.csv", CSV.encode() + b"c,R,Caf\xe9,,,,\n", "not UTF-8", 1),
    "two columns of a name": ("t.csv", b"id,name,name\n", "two columns have the same name", 1),
    "no Turtle": ("r.ttl", TURTLE.encode() + b"ex:c ex:name .\n", "line 5", 5),
    "no N-Triples": ("r.nt", b"<http://a/x> <http://a/y> <http://a/z> .\n<http://a/x> .\n", "line 2", 2),
    "no JSON-LD": ("r.jsonld", b'{"@id": ', "line 1", 1),
    "half a gzip": ("r.ttl.gz", gzip.compress(TURTLE.encode() * 50)[:-20], "is damaged", 1),
    "no gzip": ("r.ttl.gz", TURTLE.encode(), "is damaged", 1),
    "no zip": ("t.csv.zip", CSV.encode(), "is damaged", 1),
    "no Parquet": ("t.parquet", CSV.encode(), "no Parquet file", 1),
    "a broken record": ("s.jsonl", b'{"id": "a", "types": [], "values": {}}\n{"id":\n', "this is no record", 2),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_in_a_file_is_said_with_its_line(name: str, tmp_path: Path) -> None:
    """File and line, and what to do; nothing of the file is taken."""
    file, body, said, line = WRONG[name]
    path = tmp_path / file
    path.write_bytes(body)
    side = RDF_SIDE if file.startswith("r.") else ROW_SIDE
    with pytest.raises(DataSyntax) as caught:
        file_records(path, side, SPEC, prefixes={"ex": EX})
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.members["line"] == line
    assert caught.value.members["file"] == str(path)
    assert caught.value.mend


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_what_parts_the_cells_is_found_out(sign: str, tmp_path: Path) -> None:
    """By the line with the names, outside quotes, also behind a byte order mark; a delimiter that is given holds."""
    path = tmp_path / "t.csv"
    head, *rows = [
        ["id", "kind", "name", "other", "city", "lat", "long", "a;b,c;d,e|f"],
        ["a", "R", f"A{sign}B", *"1234", "x"],
    ]
    lines = [sign.join(f'"{cell}"' for cell in row) for row in (head, *rows)]
    path.write_bytes(b"\xef\xbb\xbf" + "\n".join(lines).encode())
    side = Side("id", Source(), {"name": Source(("name",)), "city": Source(("city",)), "point": Source()})
    for access in (Access("csv"), Access("csv", delimiter=sign)):
        (record,) = _records(file_records(path, side, SPEC, access)).values()
        assert record.values["name"] == (" ".join(f"A{sign}B".split()),)
    other = next(each for each in ",;" if each != sign)
    with pytest.raises((BadParameter, DataSyntax)):
        file_records(path, side, SPEC, Access("csv", delimiter=other))


def test_a_file_that_is_not_there_or_says_no_format(tmp_path: Path) -> None:
    """Is refused with its name; a column that is missing with those that there are."""
    with pytest.raises(BadParameter, match="there is no file"):
        file_records(tmp_path / "none.csv", ROW_SIDE, SPEC)
    odd = tmp_path / "data.xyz"
    odd.write_text("a", encoding="utf-8")
    with pytest.raises(BadParameter, match="does not say its format"):
        file_records(odd, ROW_SIDE, SPEC)
    short = tmp_path / "t.csv"
    short.write_text("id,kind,name\n", encoding="utf-8")
    with pytest.raises(BadParameter, match="no column 'city'") as caught:
        file_records(short, ROW_SIDE, SPEC)
    assert caught.value.mend == "It has id, kind, name."
    empty = tmp_path / "t.csv.zip"
    with zipfile.ZipFile(empty, "w"):
        pass
    with pytest.raises(BadParameter, match="has no file"):
        file_records(empty, ROW_SIDE, SPEC)


CLEANED: dict[str, tuple[list[Iri | Literal | str], Source, Kind, list[str]]] = {
    "spaces and doubles": ([" a \n b ", "a b", "", "\u200b"], Source(), Kind.NAME, ["a b"]),
    "what does not belong": (["Assen (urban core)"], Source(without=r"\s*\([^()]*\)$"), Kind.NAME, ["Assen"]),
    "all of it": (["(urban core)"], Source(without=r"\s*\([^()]*\)$"), Kind.NAME, []),
    "parts": (["a; b;;a"], Source(split=";"), Kind.NAME, ["a", "b"]),
    "an IRI of a known form": (
        [Iri("https://sws.geonames.org/2759633/")], Source(), Kind.IDENTIFIER, ["geonames:2759633"]
    ),
    "an IRI of no known form": ([Iri("http://example.org/1")], Source(), Kind.IDENTIFIER, []),
    "a form without an id": ([Iri("https://sws.geonames.org/")], Source(), Kind.IDENTIFIER, []),
    "a text with its scheme": ([Literal("kvk:01234567")], Source(), Kind.IDENTIFIER, ["kvk:01234567"]),
    "a text without one": ([Literal("01234567")], Source(), Kind.IDENTIFIER, []),
    "a text that gets one": ([Literal("01234567")], Source(scheme="kvk"), Kind.IDENTIFIER, ["kvk:01234567"]),
    "only what fits": (
        [Literal("GM0106"), Literal("NL1")], Source(scheme="cbs", match=r"^GM\d{4}$"), Kind.IDENTIFIER, ["cbs:GM0106"]
    ),
    "a group of what fits": ([Iri("http://a/Q7")], Source(scheme="w", match=r"/(Q\d+)$"), Kind.IDENTIFIER, ["w:Q7"]),
    "a point": (["52.9 6.5", "91 6", "52.9", "a b"], Source(), Kind.POINT, ["52.9 6.5"]),
    "a point in WKT": (["Point(6.5 52.9)"], Source(), Kind.POINT, ["52.9 6.5"]),
    "a point with a comma": (["52.9,6.5"], Source(), Kind.POINT, ["52.9 6.5"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CLEANED)
def test_values_become_what_their_kind_compares(name: str) -> None:
    """Each value once, in order; what is no value of the kind is left out."""
    values, source, kind, expected = CLEANED[name]
    assert clean(values, source, kind) == expected


def test_our_places_are_read_with_their_identifiers(session: Session, bundle: Bundle) -> None:
    """City, municipality and province come with their types, names without what tells them apart in our labels,
    codes, points, and the identifiers that they have."""
    found = _records(our_records(session, target_of("wof", bundle.prefixes())))
    base, kinds = "https://w3id.org/so2graph/id/", "https://w3id.org/so2graph/def#"
    assert list(found) == sorted(found)
    area = found[f"{base}gemeente-assen-area"]
    assert area.types == (f"{kinds}MunicipalArea",)
    assert (area.values["name"], area.values["code"], area.values["point"]) == (("Assen",), ("cbs:GM0106",), ())
    city = found[f"{base}assen"]
    assert (city.types, city.values["name"], city.values["code"]) == ((f"{kinds}UrbanCore",), ("Assen",), ())
    assert "Drenthe" in city.values["province"]
    assert city.values["point"] == ("52.998574 6.56045",)
    assert "geonames:2759633" in city.values["same"]
    old, new = (found[f"{base}gemeente-groningen{year}-area"] for year in ("-2017", ""))
    assert old.values["code"] == new.values["code"] == ("cbs:GM0014",)
    assert f"{base}gemeente-assen" not in found, "a body is no place"


def test_our_bodies_are_read_with_their_types(session: Session, bundle: Bundle) -> None:
    """Municipalities and provinces as bodies, and every organisation: none of the places."""
    found = _records(our_records(session, target_of("tooi", bundle.prefixes())))
    names = {iri.rpartition("/")[2]: record for iri, record in found.items()}
    assert {
        "gemeente-assen",
        "gemeente-groningen",
        "gemeente-groningen-2017",
        "provincie-drenthe",
        "snn",
        "alescon",
    } <= {*names}
    assert not {"assen", "drenthe", "gemeente-assen-area"} & {*names}
    assert (
        names["gemeente-groningen"].values["name"]
        == names["gemeente-groningen-2017"].values["name"]
        == ("gemeente Groningen",)
    )


def test_no_person_and_no_address_is_read(session: Session, bundle: Bundle) -> None:
    """Nothing that is read for any target is a person, or has an e-mail address in it."""
    for name in ("wof", "tooi", "ror", "eurovoc", "wikidata"):
        text = json.dumps(our_records(session, target_of(name, bundle.prefixes())).to_pylist())
        assert "@" not in text
        assert "duursma" not in text.lower()
        assert "wennekes" not in text.lower()


def test_the_dutch_places_are_read(bundle: Bundle) -> None:
    """All 7,943 of the set, each with the province in which it lies and what lies within it."""
    table = their_records(target_of("wof", bundle.prefixes()), _reference("linking/wof-nl-places.nt.gz"))
    assert table.num_rows == 7943
    found = _records(table)["https://spelunker.whosonfirst.org/id/404473713"]
    assert found.types == ("https://whosonfirst.org/placetype/localadmin",)
    assert {"Groningen", "Hoogkerk"} <= set(found.values["parts"])
    assert {name: values for name, values in _values(found).items() if name != "parts"} == {
        "name": ("Groningen", "Grins"),
        "province": ("Groningen",),
        "point": ("53.222234 6.563382",),
        "code": ("cbs:GM0014",),
    }


def test_the_dutch_bodies_are_read(bundle: Bundle) -> None:
    """Those whose kind may meet one of ours: all but the three lists of the Caribbean; codes are in capitals."""
    table = their_records(target_of("tooi", bundle.prefixes()), _reference("linking/tooi-organisations.nt"))
    assert table.num_rows == 1378
    found = _records(table)["https://identifier.overheid.nl/tooi/id/gemeente/gm0106"]
    assert (found.types, _values(found)) == (
        ("gemeentelijst",),
        {"name": ("gemeente Assen",), "code": ("cbs:GM0106",)},
    )


def test_a_file_of_something_else_is_no_snapshot(bundle: Bundle, tmp_path: Path) -> None:
    """RDF without a thing that the target is about is refused, and the mend says where that is written."""
    path = tmp_path / "other.nt"
    path.write_text("<http://a/x> <http://a/y> <http://a/z> .\n", encoding="utf-8")
    with pytest.raises(DataInvalid, match="nothing that wof is about") as caught:
        their_records(target_of("wof", bundle.prefixes()), path)
    assert "members" in caught.value.mend
    empty = tmp_path / "answers.jsonl"
    empty.write_bytes(b"")
    with pytest.raises(DataInvalid, match="nothing that wof is about"):
        their_records(target_of("wof", bundle.prefixes()), empty)


LARGE = """
import resource, sys
from pathlib import Path
from so2graph.link.extract import file_records
from so2graph.link.spec import Field, Kind, Spec
from so2graph.link.target import Access, Side, Source
path, rows = Path(sys.argv[1]), int(sys.argv[2])
spec = Spec("t", (Field("name", Kind.NAME), Field("city", Kind.PLACE)))
side = Side("id", Source(), {"name": Source(("name",)), "city": Source(("city",))})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
table = file_records(path, side, spec)
assert table.num_rows == rows
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, table.nbytes // 1024 // 1024)
"""


def test_a_large_table_streams_into_arrow(tmp_path: Path) -> None:
    """300,000 rows take the memory of the table and not that of as many dictionaries."""
    path, rows = tmp_path / "large.csv", 300_000
    with path.open("w", encoding="utf-8") as file:
        file.write("id,name,city\n")
        for row in range(rows):
            file.write(f"http://example.org/{row},Stichting {row},Assen\n")
    words = [sys.executable, "-c", LARGE, str(path), str(rows)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT)
    grown, size = map(int, done.stdout.split())
    assert grown < 3 * size + 60, (grown, size)
