"""The store: merges count a triple once, hidden graphs stay hidden, limits are exact, output is deterministic."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import pytest
import rdflib
from rdflib.compare import isomorphic

from so2graph.engine.dataset import Dataset, resolve
from so2graph.engine.generations import Folder, Manifest
from so2graph.engine.guard import analyse
from so2graph.engine.snapshot import Snapshot
from so2graph.engine.staging import Staged
from so2graph.engine.store import Answer, Quad, parse_file, serialize_quads
from so2graph.errors import DataInvalid, DataSyntax, QuerySyntax, ResultTooLarge, UnknownGraph, Unsupported
from so2graph.formats import BOOLEAN_FORMATS, DATASET_FORMATS, GRAPH_FORMATS, SOLUTION_FORMATS, Format
from so2graph.vocab import CANONICAL_BASE, RDF, XSD, Blank, Iri, Literal, Names, Prefixes

NAMES = Names(CANONICAL_BASE)
A, B, C, HIDDEN = (NAMES.graph(name) for name in ("a", "b", "c", "hidden"))
P = Iri("http://example.org/p")
DATA = {
    A: {("1", "1"), ("2", "2"), ("3", "3")},
    B: {("2", "2"), ("3", "3"), ("4", "4")},
    C: {("3", "3"), ("5", "5")},
    HIDDEN: {("9", "9")},
}
"""Graphs that overlap, as pairs of subject and object."""


def _node(name: str) -> Iri:
    return Iri(f"http://example.org/{name}")


def _quads() -> Iterable[Quad]:
    for graph, pairs in DATA.items():
        for subject, obj in sorted(pairs):
            yield _node(subject), P, Literal(obj), Iri(graph)


def _open(path: Path, limit: int = 1000) -> Snapshot:
    """A generation with `DATA`, of which a and b hold facts and `hidden` is reached by name only."""
    folder = Folder(path)
    with folder.writing("a test"), folder.staging() as staging:
        staged = Staged(staging / "store", NAMES, (C, HIDDEN), (HIDDEN,))
        staged.add(_quads())
        staged.refresh_merges()
        manifest = Manifest(1, "2026-01-01T00:00:00+00:00", "x", CANONICAL_BASE, staged.counts(), (HIDDEN,))
        staged.close()
        folder.publish(staging, manifest, 5)
    return Snapshot(folder, folder.manifest(), limit)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return _open(tmp_path_factory.mktemp("small") / "data")


def _answer(snapshot: Snapshot, text: str, contact: str = "public") -> Answer:
    dataset = resolve(snapshot.graphs, snapshot.graphs.readable(contact), analyse(text))
    return snapshot.query(text, dataset, {})


def _column(answer: Answer) -> list[str]:
    return [str(row[0]) for row in answer.rows()]


def _count(snapshot: Snapshot, clauses: str = "") -> int:
    return int(_column(_answer(snapshot, f"SELECT (COUNT(*) AS ?n) {clauses} {{ ?s ?p ?o }}"))[0])


def _merged(*graphs: str) -> rdflib.Graph:
    """The RDF merge of graphs, as rdflib makes it."""
    made = rdflib.Graph()
    for graph in graphs:
        for subject, obj in DATA[graph]:
            made.add((rdflib.URIRef(_node(subject).value), rdflib.URIRef(P.value), rdflib.Literal(obj)))
    return made


def test_a_plain_query_sees_the_facts_and_counts_a_triple_once(small: Snapshot) -> None:
    """Two of the four triples of a and b stand in both: the default graph has four."""
    assert _count(small) == len(_merged(A, B)) == 4


@pytest.mark.parametrize(
    "graphs",
    [(A,), (A, B), (B, A), (A, A), (A, C), (A, B, C), (B, HIDDEN)],
    ids=lambda graphs: "+".join(name[-1] for name in graphs),
)
def test_from_merges_as_rdflib_does(graphs: tuple[str, ...], small: Snapshot) -> None:
    """FROM with one or several graphs that overlap counts what the merge of rdflib counts, in any order."""
    clauses = " ".join(f"FROM <{graph}>" for graph in graphs)
    assert _count(small, clauses) == len(_merged(*graphs))
    # A merge is asked twice: the second time it is the one that was kept.
    assert _count(small, clauses) == len(_merged(*graphs))


def test_from_of_the_derived_graphs_is_taken(small: Snapshot) -> None:
    """graph/facts and graph/all can be named in FROM; all holds the graph without facts, and not the hidden one."""
    assert _count(small, f"FROM <{NAMES.facts}>") == 4
    assert _count(small, f"FROM <{NAMES.everything}>") == len(_merged(A, B, C)) == 5
    assert _count(small, f"FROM <{NAMES.everything}> FROM <{HIDDEN}>") == 6


def test_from_and_from_named_make_one_dataset(small: Snapshot) -> None:
    """With FROM the default graph is only that, and GRAPH sees only what FROM NAMED gives."""
    clauses = f"FROM <{A}> FROM <{B}> FROM NAMED <{C}>"
    assert _column(_answer(small, f"SELECT ?g {clauses} {{ GRAPH ?g {{ ?s ?p ?o }} }} ORDER BY ?g")) == [C, C]
    facts = _answer(small, f"SELECT ?o {clauses} {{ ?s ?p ?o }} ORDER BY ?o")
    assert _column(facts) == ["1", "2", "3", "4"]
    assert _count(small, f"FROM NAMED <{C}>") == 0


def test_derived_graphs_are_not_among_the_named(small: Snapshot) -> None:
    """GRAPH ?g gives each stored graph, and neither graph/facts nor graph/all, which cannot be FROM NAMED either."""
    text = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g"
    assert _column(_answer(small, text)) == [A, B, C, HIDDEN]
    assert set(small.manifest.graphs) - NAMES.derived == {A, B, C, HIDDEN}
    for derived in (NAMES.facts, NAMES.everything):
        with pytest.raises(UnknownGraph):
            _answer(small, f"ASK FROM NAMED <{derived}> {{ GRAPH ?g {{ ?s ?p ?o }} }}")


@pytest.mark.parametrize("clause", ["FROM <{}>", "FROM NAMED <{}>", f"FROM <{A}> FROM <{{}}>"])
def test_a_private_graph_looks_as_if_it_were_not_there(clause: str, small: Snapshot) -> None:
    """With contact=private the hidden graph gives the same error as one that does not exist, but for its name."""
    seen = []
    for graph in (HIDDEN, NAMES.graph("hiddem")):
        with pytest.raises(UnknownGraph) as caught:
            _answer(small, f"SELECT * {clause.format(graph)} {{ ?s ?p ?o }}", "private")
        seen.append((str(caught.value).replace(graph, "?"), caught.value.mend, caught.value.members))
    assert seen[0] == seen[1]
    assert HIDDEN not in str(seen[0][2])


def test_a_private_graph_is_in_no_answer(small: Snapshot) -> None:
    """With contact=private GRAPH cannot reach the hidden graph by a variable or by its name, nor can parameters."""
    for graph in ("?g", f"<{HIDDEN}>"):
        text = f"SELECT ?o {{ GRAPH {graph} {{ ?s ?p ?o }} FILTER(?o = '9') }}"
        assert _column(_answer(small, text, "private")) == []
        assert _column(_answer(small, text)) == ["9"]
    readable = small.graphs.readable("private")
    for default, named in (([HIDDEN], []), ([], [HIDDEN])):
        with pytest.raises(UnknownGraph):
            resolve(small.graphs, readable, analyse("SELECT * { }"), default, named)


def test_parameters_win_over_from(small: Snapshot) -> None:
    """Graphs given with the request replace those of the query (SPARQL Protocol 2.1.4)."""
    analysis = analyse(f"ASK FROM <{A}> {{ ?s ?p ?o }}")
    readable = small.graphs.readable("public")
    assert resolve(small.graphs, readable, analysis, [C, B, C]) == Dataset((B, C), ())
    assert resolve(small.graphs, readable, analysis, [], [C]) == Dataset((), (C,))


def test_the_contact_graph_of_the_page_is_in_no_merge(snapshot: Snapshot) -> None:
    """No address is among the facts or in graph/all, and the contact graph answers to its name."""
    contact = snapshot.names.graph("so2/contact")
    text = "SELECT ?o {} {{ ?s <http://www.w3.org/2006/vcard/ns#hasEmail> ?o }}"
    assert len(_column(_answer(snapshot, text.format(f"FROM <{contact}>")))) == 2
    for clause in ("", f"FROM <{snapshot.names.everything}>"):
        assert len(_column(_answer(snapshot, text.format(clause)))) == 0
    with pytest.raises(UnknownGraph):
        _answer(snapshot, text.format(f"FROM <{contact}>"), "private")


def test_a_merge_of_exactly_the_limit_is_made_and_one_more_is_not(tmp_path: Path) -> None:
    """The triples of all graphs of the merge count, each graph in full, named graphs too."""
    snapshot = _open(tmp_path / "data", 6)
    assert _count(snapshot, f"FROM <{A}> FROM <{B}>") == 4
    with pytest.raises(ResultTooLarge) as caught:
        _count(snapshot, f"FROM <{A}> FROM <{B}> FROM NAMED <{HIDDEN}>")
    assert caught.value.members == {"limit": 6, "size": 7}
    assert "graph/all" in caught.value.mend
    # One default graph needs no merge, whatever its size.
    assert _count(_open(tmp_path / "other", 1), f"FROM <{A}>") == 3


@pytest.mark.parametrize(
    ("fmt", "text"),
    [(fmt, "SELECT * { ?s ?p ?o } ORDER BY ?o") for fmt in SOLUTION_FORMATS]
    + [(fmt, "ASK { ?s ?p ?o }") for fmt in BOOLEAN_FORMATS],
    ids=lambda x: x.name if isinstance(x, Format) else x[:3],
)
def test_an_answer_of_exactly_the_limit_is_written(fmt: Format, text: str, small: Snapshot) -> None:
    """An answer as long as the limit is written in full; with one byte less it is an error, never a part."""
    full = _answer(small, text).write(fmt, {}, 1_000_000)
    assert _answer(small, text).write(fmt, {}, len(full)) == full
    with pytest.raises(ResultTooLarge) as caught:
        _answer(small, text).write(fmt, {}, len(full) - 1)
    assert caught.value.members == {"limit": len(full) - 1}


@pytest.mark.parametrize("fmt", GRAPH_FORMATS, ids=lambda f: f.name)
def test_a_graph_of_exactly_the_limit_is_written_sorted(fmt: Format, small: Snapshot) -> None:
    """A graph has the same bytes every time, is what rdflib reads back, and stops at the limit."""
    text = "CONSTRUCT WHERE { ?s ?p ?o }"
    full = _answer(small, text).write(fmt, {"ex": "http://example.org/"}, 1_000_000)
    assert _answer(small, text).write(fmt, {"ex": "http://example.org/"}, len(full)) == full
    with pytest.raises(ResultTooLarge):
        _answer(small, text).write(fmt, {"ex": "http://example.org/"}, len(full) - 1)
    read = rdflib.Dataset()
    read.parse(data=full, format={"ntriples": "nt", "jsonld": "json-ld", "rdfxml": "xml"}.get(fmt.name, fmt.name))
    found = rdflib.Graph()
    for subject, predicate, obj, _ in read.quads():
        found.add((subject, predicate, obj))
    assert isomorphic(found, _merged(A, B))


@pytest.mark.parametrize("fmt", dict.fromkeys((*GRAPH_FORMATS, *DATASET_FORMATS)), ids=lambda f: f.name)
def test_the_same_quads_have_the_same_bytes(fmt: Format, prefixes: Prefixes) -> None:
    """Order and repetition of the quads do not show in what is written; a format without graphs has a triple once."""
    quads = [*_quads(), (Blank("b1"), P, Literal("x", "nl"), Iri(A)), (_node("1"), P, Blank("b1"), Iri(B))]
    shuffled = [*quads, *quads]
    random.Random(3).shuffle(shuffled)
    written = serialize_quads(quads, fmt, prefixes)
    assert serialize_quads(shuffled, fmt, prefixes) == written
    if fmt.name in ("ntriples", "nquads"):
        lines = written.decode().splitlines()
        distinct = {q[:3] for q in quads} if fmt.name == "ntriples" else set(quads)
        assert len(lines) == len(set(lines)) == len(distinct)


def test_only_prefixes_that_are_used_are_declared(prefixes: Prefixes) -> None:
    """Turtle begins with the prefixes of the terms in it and no others."""
    one = Literal("1", datatype=XSD + "integer")
    quad: Quad = (Iri(prefixes["id"] + "so2"), Iri(prefixes["skos"] + "note"), one, None)
    text = serialize_quads([quad], next(f for f in GRAPH_FORMATS if f.name == "turtle"), prefixes).decode()
    assert {line.split()[1] for line in text.splitlines() if line.startswith("@prefix")} <= {"id:", "skos:", "xsd:"}
    assert "id:so2 skos:note 1" in text


@pytest.mark.parametrize(
    ("name", "text", "graph"),
    [
        ("a.ttl", "<s> <p> 'é'@nl .", None),
        ("a.nt", '<http://example.org/s> <http://example.org/p> "é"@nl .', None),
        ("a.trig", "<g> { <s> <p> 'é'@nl }", Iri("http://example.org/g")),
        (
            "a.nq",
            '<http://example.org/s> <http://example.org/p> "é"@nl <http://example.org/g> .',
            Iri("http://example.org/g"),
        ),
    ],
)
def test_a_file_is_read_by_its_suffix(name: str, text: str, graph: Iri | None) -> None:
    """Turtle, N-Triples, TriG and N-Quads give the same statement, in its graph where they have one."""
    value = Literal("é", "nl", RDF + "langString")
    assert parse_file(Path(name), text, "http://example.org/") == [(_node("s"), P, value, graph)]


@pytest.mark.parametrize("name", ["a.rdf", "a.jsonld", "a", "a.TTL"])
def test_another_suffix_is_refused(name: str) -> None:
    """A file with another suffix is not guessed at."""
    with pytest.raises(DataInvalid, match="suffix"):
        parse_file(Path(name), "", CANONICAL_BASE)


@pytest.mark.parametrize(
    ("text", "line"),
    [("<a> <b> .\n", 1), ("<a> <b> <c> .\n\n<d> <e> é;\n", 3), ("@prefix x: <http://x/> .\ny:a a x:b .", 2)],
)
def test_what_cannot_be_parsed_is_pointed_at(text: str, line: int) -> None:
    """A syntax error names file, line and column."""
    with pytest.raises(DataSyntax) as caught:
        parse_file(Path("some/file.ttl"), text, CANONICAL_BASE)
    members = caught.value.members
    assert (members["file"], members["line"]) == ("some/file.ttl", line)
    assert str(caught.value).startswith(f"some/file.ttl, line {line}, column {members['column']}: ")


def test_the_same_blank_node_label_in_two_files_is_two_nodes() -> None:
    """Labels of blank nodes mean something within one file only."""
    one, two = (parse_file(Path("a.ttl"), "_:x <http://example.org/p> 1 .", CANONICAL_BASE) for _ in range(2))
    assert one[0][0] != two[0][0]


def test_a_syntax_error_of_a_query_has_line_and_column(small: Snapshot) -> None:
    """What the engine cannot parse is an error of the query, pointed at."""
    with pytest.raises(QuerySyntax) as caught:
        small.query("SELECT *\n{ ?s ?p }", Dataset((A,), ()), {})
    assert caught.value.members["line"] == 2


def test_a_term_that_cannot_be_shown_is_not_supported(small: Snapshot) -> None:
    """A triple term is refused with what to do instead."""
    with pytest.raises(Unsupported) as caught:
        list(small.query("SELECT (TRIPLE(<http://a>, <http://b>, 1) AS ?t) { }", Dataset((A,), ()), {}).rows())
    assert "SUBJECT()" in caught.value.mend
