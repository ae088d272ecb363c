"""The network as rows, GEXF and GraphML: what the graph says, typed, the same every time, and readable by others."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import networkx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from benchmarks.synthetic import triples
from so2graph.config import Settings
from so2graph.engine.access import Access, Session
from so2graph.engine.generations import Folder, Manifest
from so2graph.engine.sinks import Collected, Sink
from so2graph.engine.staging import Staged
from so2graph.engine.store import Quad, parse_text
from so2graph.formats import FORMATS, by_name
from so2graph.network.files import write_gexf, write_graphml
from so2graph.network.layout import LEVELS
from so2graph.network.paths import read_edges
from so2graph.network.reading import most_specific, read_network
from so2graph.network.tables import (
    EDGE_COLUMNS,
    LEVEL_NAMES,
    NODE_COLUMNS,
    Cell,
    Network,
    NetworkEdge,
    Node,
    edge_rows,
    node_rows,
    weight_of,
)
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, MODALITIES, Names
from tests.conftest import ROOT, Ask

if TYPE_CHECKING:
    Graph = networkx.MultiDiGraph[str]

ID, DEF = f"{CANONICAL_BASE}id/", f"{CANONICAL_BASE}def#"


def published(folder: Path, text: str) -> Session:
    """A session on a dataset with what `text` (TriG) says, in a folder that was empty: no bundle, no catalogue."""
    made = Settings.load({}, {"data": folder})
    generations, names = Folder(made.data), Names(made.base)
    with generations.writing("test"), generations.staging() as path:
        staged = Staged(path / "store", names)
        staged.add(_quads(text))
        staged.refresh_merges()
        counts = staged.counts()
        staged.close()
        manifest = Manifest(
            generations.next_number(),
            datetime.now(UTC).isoformat(timespec="seconds"),
            "test",
            made.base,
            graphs={graph: count for graph, count in counts.items() if graph not in names.derived},
            derived={graph: count for graph, count in counts.items() if graph in names.derived},
            merges={name: members for name, members in staged.merges.items() if members != (name,)},
        )
        generations.publish(path, manifest, made.keep_generations)
    return Access(made, Bundle(ROOT, CANONICAL_BASE)).session()


def _quads(text: str) -> list[Quad]:
    trig = by_name("trig", FORMATS)
    assert trig is not None
    return list(parse_text(text.encode(), trig, CANONICAL_BASE))


@pytest.fixture(scope="module")
def session(settings: Settings, bundle: Bundle) -> Session:
    return Access(settings, bundle).session()


@pytest.fixture(scope="module")
def network(session: Session) -> Network:
    return read_network(session)


def _gexf(network: Network, sink: Sink, language: str = "nl") -> None:
    write_gexf(network, language, sink, created="2026-11-25")


def _graphml(network: Network, sink: Sink, language: str = "nl") -> None:
    write_graphml(network, language, sink)


Write = Callable[..., None]
WRITERS: dict[str, tuple[Write, Callable[..., networkx.Graph[str]]]] = {
    "gexf": (_gexf, networkx.read_gexf),
    "graphml": (_graphml, networkx.read_graphml),
}


def _bytes(write: Write, network: Network, language: str = "nl") -> bytes:
    sink = Collected()
    write(network, sink, language)
    return sink.body


def _read(name: str, network: Network, language: str = "nl") -> Graph:
    """The network written and read back, always with room for several edges between two nodes."""
    write, read = WRITERS[name]
    return networkx.MultiDiGraph(read(io.BytesIO(_bytes(write, network, language))))


def _row(columns: tuple[tuple[str, str], ...], rows: list[tuple[Cell, ...]], ident: str) -> dict[str, Cell]:
    (found,) = [row for row in rows if row[0] == ident]
    return dict(zip((name for name, _ in columns), found, strict=True))


def test_the_edges_are_those_of_the_paths(network: Network, session: Session) -> None:
    """On the bundled data the network has the edges that paths walk along, each once, with its own id."""
    found = [(edge.source, edge.predicate, edge.target, edge.modality) for edge in network.edges]
    assert sorted(found) == sorted((e.source, e.predicate, e.target, e.modality) for e in read_edges(session))
    assert len({edge.id for edge in network.edges}) == len(network.edges)
    assert {node.id for node in network.nodes} == {iri for e in network.edges for iri in (e.source, e.target)}


def test_the_counts_are_those_of_sparql(network: Network, ask: Ask) -> None:
    """As many edges and nodes as a query counts, and every edge knows the claim that attests it."""
    pattern = """GRAPH g:catalog { ?graph so2:modality ?m } GRAPH ?graph { ?s ?p ?o }
        ?s dcterms:identifier ?one . ?o dcterms:identifier ?two"""
    (edges,) = ask(f"SELECT (COUNT(*) AS ?n) WHERE {{ SELECT DISTINCT ?s ?p ?o ?m WHERE {{ {pattern} }} }}")
    (nodes,) = ask(f"""SELECT (COUNT(DISTINCT ?x) AS ?n) WHERE {{ {pattern} VALUES ?end {{ 1 2 }}
        BIND(IF(?end = 1, ?s, ?o) AS ?x) }}""")
    assert (str(len(network.edges)), str(len(network.nodes))) == (str(edges["n"]), str(nodes["n"]))
    assert all(edge.claims and edge.graphs for edge in network.edges)


TYPES: dict[str, type] = {"string": str, "integer": int, "double": float, "boolean": bool, "year": int}


@pytest.mark.parametrize(("columns", "rows"), [(NODE_COLUMNS, node_rows), (EDGE_COLUMNS, edge_rows)])
def test_every_cell_has_the_type_of_its_column(
    columns: tuple[tuple[str, str], ...], rows: Callable[[Network], list[tuple[Cell, ...]]], network: Network
) -> None:
    """A row has a value or None for each column, of the type that the column has; each column is filled somewhere."""
    made = rows(network)
    assert {len(row) for row in made} == {len(columns)}
    for index, (name, kind) in enumerate(columns):
        values = [row[index] for row in made if row[index] is not None]
        assert values, name
        assert {type(value) for value in values} == {TYPES[kind]}, name


def test_a_node_is_described_as_the_data_describe_it(network: Network) -> None:
    """Names in both languages, the narrowest class, the level, the places."""
    assert _row(NODE_COLUMNS, node_rows(network), f"{ID}so-netwerk-assen-drenthe") == {
        "id": f"{ID}so-netwerk-assen-drenthe",
        "identifier": "n-ass",
        "label_nl": "SO netwerk Assen/Drenthe",
        "label_en": "SO network Assen/Drenthe",
        "type": "RegionalNetwork",
        "type_iri": f"{DEF}RegionalNetwork",
        "types": f"http://purl.org/essglobal/vocab/Network http://www.w3.org/ns/org#OrganizationalCollaboration "
        f"{DEF}Network {DEF}RegionalNetwork",
        "level": "regional",
        "places_nl": "Assen (stedelijke kern); Drenthe",
        "places_en": "Assen (urban core); Drenthe",
        "years": None,
        "first_year": None,
        "last_year": None,
    }


def test_two_years_are_two_years(network: Network) -> None:
    """Conferences in 2016 and 2017 have both years; a plan for 2018 is nobody else's year."""
    conferences = _row(NODE_COLUMNS, node_rows(network), f"{ID}conferences-2016-2017")
    assert (conferences["years"], conferences["first_year"], conferences["last_year"]) == ("2016 2017", 2016, 2017)
    dated = {node.id.removeprefix(ID): node.years for node in network.nodes if node.years}
    assert dated == {
        "conferences-2016-2017": (2016, 2017),
        "partner-meetings-2016-2017": (2016, 2017),
        "report-advice-gemeente-groningen": (2017,),
        "report-research-social-enterprises": (2017,),
        "report-so2-project-document": (2017,),
        "plan-2018": (2018,),
    }


def test_an_edge_says_how_certain_it_is_and_who_says_so(network: Network) -> None:
    """A planned statement: its rank, weight, year and claim, in both languages."""
    (edge,) = [e for e in network.edges if e.claims == (f"{ID}claim-f18",)]
    row = _row(EDGE_COLUMNS, edge_rows(network), edge.id)
    assert re.fullmatch("e[0-9a-f]{20}", str(row.pop("id")))
    assert row == {
        "source": f"{ID}plan-2018",
        "target": f"{ID}other-urban-cores",
        "predicate": f"{DEF}connects",
        "relation_nl": "verbindt",
        "relation_en": "connects",
        "modality": "attempted",
        "rank": 4,
        "weight": 0.5714,
        "years": "2018",
        "start_year": 2018,
        "end_year": 2018,
        "valid_time_nl": None,
        "valid_time_en": None,
        "claims": f"{ID}claim-f18",
        "graphs": f"{CANONICAL_BASE}graph/so2/attempted",
    }


def test_the_weight_falls_with_certainty() -> None:
    """From 1 for what is stated, each rank weighs less than the one before, and none weighs nothing."""
    weights = [weight_of(rank + 1) for rank in range(len(MODALITIES))]
    assert weights == sorted(set(weights), reverse=True)
    assert (weights[0], weights[-1]) == (1.0, 0.1429)


def test_every_level_has_a_word() -> None:
    """The words for levels are as many as the rows of the drawing."""
    assert len(LEVEL_NAMES) == len(set(LEVEL_NAMES)) == len(LEVELS)


@pytest.mark.parametrize(
    ("classes", "found"),
    [
        (set(), ""),
        ({"x:a"}, "x:a"),
        ({"x:a", "x:below"}, "x:below"),
        ({"x:b", "own:c"}, "own:c"),
        ({"x:one", "x:other"}, "x:one"),
    ],
)
def test_the_most_specific_class(classes: set[str], found: str) -> None:
    """A subclass before its class, then one of our own, then the first; classes that are each other's are classes."""
    above = {"x:below": {"x:a"}, "x:one": {"x:other"}, "x:other": {"x:one"}}
    assert most_specific(classes, above, "own:") == found


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_networkx_reads_what_is_written(name: str, language: str, network: Network) -> None:
    """Every node and edge is there, with its attributes typed and its name in the language asked for."""
    graph = _read(name, network, language)
    assert {str(node) for node in graph} == {node.id for node in network.nodes}
    edges = {(data.get("id") or key): (u, v, data) for u, v, key, data in graph.edges(keys=True, data=True)}
    assert set(edges) == {edge.id for edge in network.edges}
    for node in network.nodes:
        data = graph.nodes[node.id]
        assert data["label"] == node.label(language)
        assert data.get("level") == node.level
        assert data.get("first_year") == min(node.years, default=None)
        assert "first_year" not in data or type(data["first_year"]) is int
    for edge in network.edges:
        source, target, data = edges[edge.id]
        assert (source, target) == (edge.source, edge.target)
        assert data["relation"] == edge.relation(language)
        assert (data["modality"], data["rank"], data["weight"]) == (edge.modality, edge.rank, edge.weight)
        assert (type(data["rank"]), type(data["weight"])) == (int, float)
        assert data.get("start_year") == min(edge.years, default=None)


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_network_gives_the_same_bytes(name: str, network: Network, session: Session) -> None:
    """Read and written again, the file has the same bytes, and no date or version but what it was given."""
    write, _ = WRITERS[name]
    first = _bytes(write, network)
    assert first == _bytes(write, read_network(session))
    assert networkx.__version__.encode() not in first[:600]
    assert (b'lastmodifieddate="2026-11-25"' in first) == (name == "gexf")


def test_gexf_looks_right_when_it_is_opened(network: Network) -> None:
    """The national level stands on top, each node has a place of its own, and a line shows its modality."""
    graph = _read("gexf", network)
    at = {node: graph.nodes[node]["viz"]["position"] for node in graph}
    assert len({(spot["x"], spot["y"]) for spot in at.values()}) == len(network.nodes)
    assert max(at, key=lambda node: at[node]["y"]) == f"{ID}social-enterprise-nederland"
    text = _bytes(_gexf, network)
    shapes = dict(re.findall(rb'<edge [^>]*id="(e[0-9a-f]{20})".*?<viz:shape value="([a-z]+)"', text))
    lines = {(edge.modality, shapes[edge.id.encode()].decode()) for edge in network.edges}
    assert lines == {
        ("stated", "solid"),
        ("planned", "dashed"),
        ("attempted", "dashed"),
        ("intended", "dashed"),
        ("inferred", "dotted"),
    }
    assert b'defaultedgetype="directed" mode="static"' in text


def _one(text: str) -> Network:
    node = Node("x:a", "x:a", label_nl=text, places_nl=(text,))
    edge = NetworkEdge("e1", "x:a", "x:b", "x:p", "x:p", "stated", relation_nl=text)
    twin = NetworkEdge("e2", "x:a", "x:b", "x:p", "x:p", "hoped", relation_nl=text)
    return Network((node, Node("x:b", "x:b")), (edge, twin))


@pytest.mark.parametrize("name", WRITERS)
@hypothesis_settings(max_examples=150, deadline=None)
@given(text=st.text(st.characters(codec=None), min_size=1))
def test_no_text_breaks_the_file(name: str, text: str) -> None:
    """Whatever stands in a name, the file is XML that reads back: the name without what XML cannot carry."""
    graph = _read(name, _one(text))
    legal = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)
    expected = legal.replace("\r\n", "\n").replace("\r", "\n")
    assert graph.nodes["x:a"]["label"] == expected
    assert {data["relation"] for _, _, data in graph.edges(data=True)} == {expected}
    assert graph.number_of_edges() == 2


@pytest.mark.parametrize("name", WRITERS)
def test_two_iris_stay_two(name: str) -> None:
    """IRIs that differ in what XML cannot carry are still different nodes."""
    iris = ["x:\ufffe", "x:\uffff", "x:&<>\"'"]
    edges = tuple(NetworkEdge(f"e{n}", iri, "x:a", "x:p", "x:p", "stated") for n, iri in enumerate(iris))
    network = Network((*(Node(iri, iri) for iri in iris), Node("x:a", "x:a")), edges)
    assert set(_read(name, network)) == {"x:%EF%BF%BE", "x:%EF%BF%BF", "x:&<>\"'", "x:a"}


@pytest.mark.parametrize("name", WRITERS)
def test_no_network_is_an_empty_file(name: str) -> None:
    """A dataset without a network is written as a graph without nodes."""
    assert _read(name, Network((), ())).number_of_nodes() == 0


@pytest.mark.parametrize("graph", ["", "<http://example.org/mine>"])
def test_what_somebody_loads_is_a_network(graph: str, tmp_path: Path) -> None:
    """In a dataset without a catalogue, statements between things with a type are edges, and count as stated."""
    given = [line for line in triples(2000) if "/theme/" not in line]
    session = published(tmp_path, f"{graph} {{ {''.join(given)} }}")
    typed = {line.split(" ")[0] for line in given if "#type>" in line}
    pairs = [line.split(" ") for line in given if "#type>" not in line]
    wanted = {(s[1:-1], p[1:-1], o[1:-1]) for s, p, o, *_ in pairs if s in typed and o in typed}
    network = read_network(session)
    assert len(wanted) > 200
    assert {(edge.source, edge.predicate, edge.target) for edge in network.edges} == wanted
    assert {(edge.modality, edge.weight) for edge in network.edges} == {("stated", 1.0)}
    assert {node.level for node in network.nodes} == {"person", "organisation", None}
    assert all(node.label_nl for node in network.nodes)
    (first,) = [node for node in network.nodes if node.id.endswith("/org/1")]
    assert (first.identifier, first.label_en is not None, len(first.years)) == ("SYN-00000001", True, 1)
    assert _read("gexf", network).number_of_edges() == len(wanted)


def test_a_graph_that_says_its_modality_has_that_modality(tmp_path: Path) -> None:
    """Somebody's own plans are plans, an unknown modality is the least certain, and what is described is left out."""
    session = published(
        tmp_path,
        f"""@prefix so2: <{DEF}> . @prefix x: <http://example.org/> . @prefix org: <http://www.w3.org/ns/org#> .
        @prefix dcat: <http://www.w3.org/ns/dcat#> .
        x:types {{ x:a a org:Organization . x:b a org:Organization . _:c a org:Organization ; org:linkedTo x:a }}
        x:plans {{ x:a org:linkedTo x:b }} x:dreams {{ x:b org:linkedTo x:a }}
        x:aside {{ x:a org:subOrganizationOf x:b }}
        x:catalogue {{ x:plans so2:modality so2:planned . x:dreams so2:modality so2:dreamt .
            x:aside a dcat:Dataset }}""",
    )
    network = read_network(session)
    assert [(e.source, e.target, e.modality, e.rank) for e in network.edges] == [
        ("http://example.org/a", "http://example.org/b", "planned", 3),
        ("http://example.org/b", "http://example.org/a", "dreamt", 7),
    ]


def test_nothing_of_the_contact_graph_is_in_the_files(network: Network) -> None:
    """Neither rows nor files have an e-mail address."""
    text = repr(node_rows(network)) + repr(edge_rows(network)) + _bytes(_gexf, network).decode()
    assert not re.search(r"mailto:|[\w.+-]+@[\w-]+\.", text)
