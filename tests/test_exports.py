"""The dataset and its parts as files: whole, the same every time, described, and made once for each generation."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import openpyxl
import pyarrow.ipc
import pyarrow.parquet
import pytest
import rdflib
import zstandard
from flask.testing import FlaskClient
from pyld import jsonld
from rdflib.compare import isomorphic

from so2graph.config import Settings
from so2graph.engine.sinks import Collected
from so2graph.engine.snapshot import Snapshot
from so2graph.engine.store import Store, parse_text
from so2graph.errors import NotAcceptable, NotFound
from so2graph.formats import ALL_FORMATS, GRAPH_FORMATS, TABLE_FORMATS, by_name
from so2graph.publish.build import build
from so2graph.publish.selection import KINDS, Export, all_of, parse
from so2graph.registry import Bundle
from so2graph.web.app import create_app
from tests.test_web import read_rdf

EXPORTS = [*all_of(["so2/planned", "vocabulary"], ["hoped"])]
CODINGS = ("", ".gz", ".zst")


def canonical(quads: Iterator[object] | list[object], tmp_path: Path) -> str:
    """The canonical hash (RDFC-1.0) of quads, by way of a store of their own."""
    tmp_path.mkdir()
    store = Store.writable(tmp_path / "canonical")
    store.add(quads)  # type: ignore[arg-type]  # what parse_text gives
    sink = Collected()
    store.canonical([(graph, graph) for graph in store.graphs()], sink)
    store.close()
    return hashlib.sha256(sink.body).hexdigest()


def found_in(body: bytes) -> int:
    """How many e-mail addresses are in a file, unpacked as far as it is packed; a number, so that none is printed."""
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as parts:
            return sum(found_in(parts.read(name)) for name in parts.namelist())
    if body.startswith(b"\x1f\x8b"):
        return found_in(gzip.decompress(body))
    if body.startswith(b"PAR1"):
        body = str(pyarrow.parquet.read_table(io.BytesIO(body)).to_pylist()).encode()
    return len(re.findall(rb"[\w.+-]+@[\w-]+\.\w+", body))


def body_of(client: FlaskClient, name: str) -> bytes:
    response = client.get(f"/exports/{name}")
    assert response.status_code == 200, response.get_data(as_text=True)
    return bytes(response.data)


@pytest.mark.parametrize("export", EXPORTS, ids=lambda e: e.name)
def test_every_export_is_served_as_what_it_is(client: FlaskClient, export: Export) -> None:
    """Each export has its media type, a tag that answers 304, a length, and a sidecar that tells the truth."""
    response = client.get(f"/exports/{export.name}")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == export.format.content_type
    assert response.headers["Accept-Ranges"] == "bytes"
    assert export.file_name in response.headers["Content-Disposition"]
    again = client.get(f"/exports/{export.name}", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    head = client.head(f"/exports/{export.name}")
    assert head.headers["Content-Length"] == str(len(response.data))
    meta = client.get(f"/exports/{export.name}.meta.json").get_json()
    assert meta["sha256"] == hashlib.sha256(response.data).hexdigest()
    assert (meta["bytes"], meta["name"], meta["mediaType"]) == (
        len(response.data),
        export.name,
        export.format.media_type,
    )
    assert meta["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert meta["generation"] == int(response.headers["SO2Graph-Generation"])
    assert meta["counts"]
    assert all(count > 0 for count in meta["counts"].values())
    assert found_in(response.data) == 0


@pytest.mark.parametrize("name", ["dataset.nq", "dataset.parquet", "graph/so2/planned.ttl", "network.gexf"])
def test_a_coded_file_holds_the_plain_one(client: FlaskClient, name: str) -> None:
    """`.gz` and `.zst` unpack to the bytes of the plain file, and have a media type and a sidecar of their own."""
    plain = body_of(client, name)
    assert gzip.decompress(body_of(client, f"{name}.gz")) == plain
    packed = body_of(client, f"{name}.zst")
    assert zstandard.ZstdDecompressor().decompressobj().decompress(packed) == plain
    assert client.head(f"/exports/{name}.gz").headers["Content-Type"] == "application/gzip"
    meta = client.get(f"/exports/{name}.zst.meta.json").get_json()
    assert meta["sha256"] == hashlib.sha256(packed).hexdigest()


@pytest.mark.parametrize("fmt", GRAPH_FORMATS, ids=lambda f: f.name)
def test_every_rdf_form_of_the_dataset_is_the_dataset(
    client: FlaskClient, snapshot: Snapshot, tmp_path: Path, fmt: object
) -> None:
    """Exported, loaded and exported again, a dataset has the canonical hash of what the store holds."""
    assert fmt in GRAPH_FORMATS
    chosen = GRAPH_FORMATS[GRAPH_FORMATS.index(fmt)]
    names = snapshot.names
    if "dataset" in chosen.kinds:
        graphs = sorted(snapshot.graphs.stored - names.derived - snapshot.graphs.by_name_only)
        held = list(snapshot.quads(graphs))
        version = client.get("/exports/dataset.c14n.meta.json").get_json()["sha256"]
    else:
        held = [(s, p, o, None) for s, p, o, _ in snapshot.quads([names.facts])]
        version = canonical(list(held), tmp_path / "held")
    loaded = list(parse_text(body_of(client, f"dataset.{chosen.suffix}"), chosen, names.base))
    assert len(loaded) == len(held)
    assert canonical(list(loaded), tmp_path / "loaded") == version


def test_the_json_ld_is_read_alike_by_rdflib_and_pyld(client: FlaskClient) -> None:
    """rdflib and PyLD read the same dataset from the JSON-LD as from the N-Quads, without asking the network."""
    body = body_of(client, "dataset.jsonld")
    reference = rdflib.Dataset()
    reference.parse(data=body_of(client, "dataset.nq").decode(), format="nquads")
    by_rdflib = rdflib.Dataset()
    by_rdflib.parse(data=body.decode(), format="json-ld")
    by_pyld = rdflib.Dataset()
    by_pyld.parse(data=jsonld.to_rdf(json.loads(body), {"format": "application/n-quads"}), format="nquads")
    for read in (by_rdflib, by_pyld):
        for graph in reference.graphs():
            if len(graph):
                assert isomorphic(read.graph(graph.identifier), graph), graph.identifier


def test_the_tables_hold_every_statement(client: FlaskClient) -> None:
    """CSV, TSV, Parquet, Arrow and Excel have a row for each quad of the N-Quads, with the same values."""
    quads = len(body_of(client, "dataset.nq").splitlines())
    rows = list(csv.reader(io.StringIO(body_of(client, "dataset.csv").decode(), newline="")))
    assert len(rows) == quads + 1
    tabs = list(csv.reader(io.StringIO(body_of(client, "dataset.tsv").decode(), newline=""), delimiter="\t"))
    assert tabs == rows
    table = pyarrow.parquet.read_table(io.BytesIO(body_of(client, "dataset.parquet")))
    assert (table.num_rows, table.column_names) == (quads, rows[0])
    stream = pyarrow.ipc.open_stream(io.BytesIO(body_of(client, "dataset.arrow"))).read_all()
    assert stream.to_pylist() == table.to_pylist()
    told = [["" if v is None else v for v in row.values()][:7] for row in table.to_pylist()]
    assert told == [row[:7] for row in rows[1:]]
    for row in table.to_pylist():
        if row["datatype"] and row["datatype"].endswith("#gYear"):
            assert row["year"] == int(row["object"])


def described(client: FlaskClient, name: str, folder: Path) -> dict[str, str]:
    """The columns of an exported Parquet file with their types, as DuckDB sees them."""
    file = folder / name
    file.write_bytes(body_of(client, name))
    told = duckdb.sql(f"DESCRIBE SELECT * FROM '{file}'")
    assert told is not None
    return {row[0]: row[1] for row in told.fetchall()}


def test_other_programs_see_the_types(client: FlaskClient, tmp_path: Path) -> None:
    """DuckDB and openpyxl find numbers as numbers, years as whole numbers and times as times."""
    types = described(client, "dataset.parquet", tmp_path)
    assert {types[name] for name in ("graph", "subject", "predicate", "object", "language")} == {"VARCHAR"}
    assert (types["number"], types["boolean"], types["date"], types["year"]) == (
        "DOUBLE",
        "BOOLEAN",
        "DATE",
        "INTEGER",
    )
    assert types["dateTime"] == "TIMESTAMP WITH TIME ZONE"
    edges = described(client, "edges.parquet", tmp_path)
    assert {name: edges[name] for name in ("source", "target", "rank", "weight")} == {
        "source": "VARCHAR",
        "target": "VARCHAR",
        "rank": "BIGINT",
        "weight": "DOUBLE",
    }
    book = openpyxl.load_workbook(io.BytesIO(body_of(client, "edges.xlsx")), read_only=True)
    head, first, *_ = book.worksheets[0].iter_rows(values_only=True)
    row = dict(zip(head, first, strict=True))
    assert isinstance(row["rank"], int)
    assert isinstance(row["weight"], int | float)
    assert str(row["source"]).startswith("https://")


def test_a_plan_is_no_fact_in_a_format_without_graphs(client: FlaskClient) -> None:
    """Turtle of the dataset is the merge of the facts; the modality `planned` is a file of its own."""
    turtle = by_name("turtle", GRAPH_FORMATS)
    assert turtle is not None
    facts = read_rdf(body_of(client, "dataset.ttl"), turtle)
    planned = read_rdf(body_of(client, "modality/planned.ttl"), turtle)
    assert len(planned) > 0
    assert not set(planned) & set(facts)


def test_a_framed_document_nests_what_a_network_points_at(client: FlaskClient) -> None:
    """The networks come as trees with their members inside, and the document reads back as facts."""
    document = json.loads(body_of(client, "framed/RegionalNetwork.jsonld"))
    assert len(document["@graph"]) == 2
    assert any(isinstance(value, list | dict) for node in document["@graph"] for value in node.values())
    read = rdflib.Graph().parse(data=json.dumps(document), format="json-ld")
    turtle = by_name("turtle", GRAPH_FORMATS)
    assert turtle is not None
    facts = read_rdf(body_of(client, "dataset.ttl"), turtle)
    assert len(read) > 20
    assert {t for t in read if not any(isinstance(x, rdflib.BNode) for x in t)} <= set(facts)


def test_parts_of_a_file_come_as_asked(client: FlaskClient) -> None:
    """A range gives 206 with those bytes; past the end 416; with an old tag the whole file."""
    whole = client.get("/exports/dataset.nq")
    part = client.get("/exports/dataset.nq", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, whole.data[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.data)}"
    last = client.get("/exports/dataset.nq", headers={"Range": "bytes=-10"})
    assert last.data == whole.data[-10:]
    past = client.get("/exports/dataset.nq", headers={"Range": f"bytes={len(whole.data)}-"})
    assert (past.status_code, past.headers["Content-Range"]) == (416, f"bytes */{len(whole.data)}")
    assert past.get_json()["size"] == len(whole.data)
    same = client.get("/exports/dataset.nq", headers={"Range": "bytes=0-9", "If-Range": whole.headers["ETag"]})
    assert (same.status_code, same.data) == (206, whole.data[:10])
    other = client.get("/exports/dataset.nq", headers={"Range": "bytes=0-9", "If-Range": '"older"'})
    assert (other.status_code, other.data) == (200, whole.data)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory, bundle: Bundle) -> FlaskClient:
    """The same data, built a second time."""
    settings = Settings.load({}, {"data": tmp_path_factory.mktemp("twin") / "data"})
    build(bundle, settings)
    return create_app(settings, bundle).test_client()


@pytest.mark.no_cover
@pytest.mark.parametrize("fmt", KINDS["dataset"].formats, ids=lambda f: f.name)
def test_the_same_data_gives_the_same_bytes(client: FlaskClient, twin: FlaskClient, fmt: object) -> None:
    """What is built again from the same files is exported as the same bytes."""
    suffix = next(f.suffix for f in ALL_FORMATS if f is fmt)
    assert body_of(client, f"dataset.{suffix}") == body_of(twin, f"dataset.{suffix}")


@pytest.mark.no_cover
@pytest.mark.parametrize("name", ["network.gexf", "network.graphml", "nodes.xlsx", "edges.csv", "places.geojson"])
def test_the_network_is_the_same_too(client: FlaskClient, twin: FlaskClient, name: str) -> None:
    """Files of the network and of places do not depend on when they were made."""
    assert body_of(client, name) == body_of(twin, name)


@pytest.mark.no_cover
def test_the_index_lists_what_is_there(client: FlaskClient) -> None:
    """Each file of `/exports` as JSON is there, and the page links each of them."""
    listed = client.get("/exports").get_json()["files"]
    page = client.get("/exports", headers={"Accept": "text/html"}).get_data(as_text=True)
    linked = set(re.findall(r'href="(/exports/[^"]+)"', page))
    assert linked == {"/exports/" + row["name"] for row in listed}
    assert {row["name"].split(".")[0].split("/")[0] for row in listed} == set(KINDS)
    for row in listed:
        if row["name"].startswith("framed/") or (row["name"].startswith("graph/") and row["name"].endswith(".ttl")):
            assert client.head(f"/exports/{row['name']}").status_code == 200, row["name"]


def test_things_and_queries_are_elsewhere(client: FlaskClient) -> None:
    """The neighbourhood of a thing and the answer of a query are asked for at their own addresses."""
    thing = client.get("/exports/entity/alescon.ttl")
    assert (thing.status_code, thing.headers["Location"]) == (308, "/doc/alescon.ttl")
    query = client.get("/exports/query/hub-to-national.csv?lang=en")
    assert (query.status_code, query.headers["Location"].split("?")[0]) == (308, "/queries/hub-to-national.csv")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("everything.ttl", NotFound),
        ("dataset", NotFound),
        ("dataset/x.ttl", NotFound),
        ("graph.ttl", NotFound),
        ("dataset.doc", NotAcceptable),
        ("network.ttl", NotAcceptable),
        ("dataset.turtle", NotAcceptable),
        ("dataset.ttl.bz2", NotFound),
    ],
)
def test_a_name_that_means_nothing_is_refused(name: str, error: type[Exception]) -> None:
    """An unknown kind is not found, an unknown format not acceptable; both say what there is."""
    with pytest.raises(error, match=r"there is no export|cannot be made") as caught:
        parse(name)
    assert any(word in str(caught.value.__dict__["mend"]) for word in ("dataset", "ttl", "gexf"))


@pytest.mark.parametrize("export", EXPORTS, ids=lambda e: e.name)
def test_a_name_reads_back(export: Export) -> None:
    """The name of an export, in every coding and with its sidecar, is read as that export."""
    for coding in (None, "gzip", "zstd"):
        coded = replace(export, coding=coding)
        assert parse(coded.name) == (coded, False)
        assert parse(f"{coded.name}.meta.json") == (coded, True)


@pytest.mark.parametrize("graph", ["so2/contact", "no/such/one-there"])
def test_a_graph_that_may_not_be_read_is_not_there(
    tmp_path: Path, settings: Settings, bundle: Bundle, graph: str
) -> None:
    """With `contact=private` the contact graph cannot be taken home, and is like any graph that is not there."""
    private = replace(settings, contact="private", exports=str(tmp_path))
    here = create_app(private, bundle).test_client()
    response = here.get(f"/exports/graph/{graph}.ttl")
    assert response.status_code == 404
    assert graph.split("/")[-1] not in str(here.get("/exports").get_json())


@pytest.mark.no_cover
def test_no_address_is_in_any_file_when_they_are_private(tmp_path: Path, settings: Settings, bundle: Bundle) -> None:
    """With `contact=private` not one e-mail address is in any export, packed or not."""
    private = replace(settings, contact="private", exports=str(tmp_path))
    here = create_app(private, bundle).test_client()
    others = [export.name for export in EXPORTS if export.kind.name != "graph"]
    assert sum(found_in(here.get(f"/exports/{name}").data) for name in others) == 0
    stated = {row["name"] for row in here.get("/exports").get_json()["files"]}
    assert stated
    assert sum(found_in(here.get(f"/exports/{name}").data) for name in stated if name.endswith((".nt", ".csv"))) == 0


def test_who_is_in_a_hurry_is_told_to_come_back(tmp_path: Path, settings: Settings, bundle: Bundle) -> None:
    """Without patience a first request gets 503 with Retry-After; the file is made meanwhile, once."""
    hasty = replace(settings, export_patience=0, exports=str(tmp_path))
    here = create_app(hasty, bundle).test_client()
    first = here.get("/exports/dataset.nq")
    assert first.status_code == 503
    assert first.headers["Retry-After"] == "5"
    assert first.get_json()["type"].endswith("/busy")
    patient = create_app(replace(hasty, export_patience=60), bundle).test_client()
    assert patient.get("/exports/dataset.nq").status_code == 200
    assert here.get("/exports/dataset.nq").status_code == 200
    assert len(list(tmp_path.rglob("dataset.nq"))) == 1


def test_tables_are_offered_for_rows(client: FlaskClient) -> None:
    """Every format of tables is among those of the nodes and edges."""
    assert KINDS["nodes"].formats == KINDS["edges"].formats == TABLE_FORMATS
    places = json.loads(body_of(client, "places.geojson"))
    assert places["type"] == "FeatureCollection"
    assert ElementTree.fromstring(body_of(client, "network.gexf")).tag.endswith("gexf")  # noqa: S314  # our own
