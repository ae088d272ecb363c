"""The JSON-LD context says every term of ours in a short name, and no triple is lost on the way there and back."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import pyoxigraph as ox
import pytest
import rdflib
from flask.testing import FlaskClient
from pyld import jsonld
from rdflib.compare import isomorphic

from so2graph.config import Settings
from so2graph.engine.snapshot import Snapshot
from so2graph.engine.store import Quad, serialize_quads
from so2graph.errors import ResultTooLarge
from so2graph.formats import GRAPH_FORMATS, by_name
from so2graph.publish.context import (
    Context,
    Json,
    compact,
    compact_document,
    expanded,
    frame_document,
    read_context,
)
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, RDF, XSD, Blank, Iri, Literal, Prefixes

NQUADS = by_name("nquads", GRAPH_FORMATS)
JSONLD = by_name("jsonld", GRAPH_FORMATS)
DEF = f"{CANONICAL_BASE}def#"
DOUBLE = re.compile(rf'"([^"]*)"\^\^(?=<{XSD}double>)')
"""A double, of which the value counts: PyLD and the store write the same number in two forms."""


@pytest.fixture(scope="module")
def context(bundle: Bundle) -> Context:
    return read_context(bundle)


@pytest.fixture(scope="module")
def quads(snapshot: Snapshot) -> list[Quad]:
    """Every quad of the built dataset, the catalogue with its counts included."""
    return list(snapshot.quads(sorted(snapshot.manifest.graphs)))


def canonical(nquads: str) -> set[str]:
    """The quads with the canonical labels of their blank nodes (RDFC-1.0)."""
    dataset = ox.Dataset(ox.parse(nquads, format=ox.RdfFormat.N_QUADS))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {DOUBLE.sub(lambda found: f'"{float(found[1])!r}"^^', str(quad)) for quad in dataset}


def written(quads: Iterable[Quad]) -> set[str]:
    assert NQUADS is not None
    return canonical(serialize_quads(quads, NQUADS, {}).decode())


def read_back(document: object) -> set[str]:
    """What another processor, PyLD, finds in a JSON-LD document."""
    return canonical(jsonld.to_rdf(document, {"format": "application/n-quads"}))


def by_rdflib(document: Json) -> rdflib.Graph:
    dataset = rdflib.Dataset(default_union=True)
    dataset.parse(data=json.dumps(document), format="json-ld")
    graph = rdflib.Graph()
    for s, p, o, _ in dataset.quads():
        graph.add((s, p, o))
    return graph


def definitions(context: Context) -> Iterator[tuple[str, dict[str, object]]]:
    """Each term with its definition in the long form."""
    for name, definition in context.terms.items():
        if not name.startswith("@") and name != "id":
            yield name, definition if isinstance(definition, dict) else {"@id": definition}


def test_no_two_terms_name_the_same(context: Context) -> None:
    """Each term is an IRI of its own, in full; no term is a keyword or a prefix."""
    iris = [str(definition["@id"]) for _, definition in definitions(context)]
    assert len(iris) == len(set(iris))
    assert all(iri == "@type" or iri.startswith(("http://", "https://")) for iri in iris)
    assert not any(":" in name or name.startswith("@") for name, _ in definitions(context))
    text = context.text
    assert (
        text.count('": ')
        == len(json.loads(text)["@context"]) + sum(len(d) for d in context.terms.values() if isinstance(d, dict)) + 1
    ), "a key stands twice"


def test_every_term_of_the_vocabulary_has_its_own_name(context: Context, quads: list[Quad]) -> None:
    """Terms of ours go by the local name of their IRI."""
    ours = {
        str(s)
        for s, p, o, _ in quads
        if p.value == RDF + "type" and str(o).startswith("http://www.w3.org/2002/07/owl#")
    }
    named = {str(definition["@id"]): name for name, definition in definitions(context)}
    assert {iri for iri in ours if iri.startswith(DEF)} <= set(named)
    assert all(named[iri] == iri.removeprefix(DEF) for iri in ours if iri.startswith(DEF))


def test_every_property_and_class_of_the_data_is_in_it(context: Context, quads: list[Quad]) -> None:
    """In every graph, the vocabulary and the catalogue included."""
    used = {p.value for _, p, _, _ in quads} | {str(o) for _, p, o, _ in quads if p.value == RDF + "type"}
    known = {str(definition["@id"]) for _, definition in definitions(context)} | {RDF + "type"}
    assert used - known == set()


def test_every_coercion_fits_all_values_of_the_data(context: Context, quads: list[Quad]) -> None:
    """A term with a type or language map has values of that kind only; one without has values of no single kind."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for _, predicate, obj, _ in quads:
        if isinstance(obj, Literal):
            kinds[predicate.value].add("@language" if obj.language else obj.datatype)
        else:
            kinds[predicate.value].add("@id")
    for name, definition in definitions(context):
        found = kinds.get(str(definition["@id"]), set())
        containers = definition.get("@container", ())
        containers = {containers} if isinstance(containers, str) else set(containers)  # type: ignore[call-overload]
        kind = "@language" if "@language" in containers else str(definition.get("@type", ""))
        if kind:
            assert found <= {kind} | ({"@id"} if "@list" in containers else set()), name
        else:
            assert len(found) != 1 or found == {XSD + "string"}, f"{name} always has {found}"


def test_a_property_with_several_values_is_always_an_array(context: Context, quads: list[Quad]) -> None:
    """A program finds one shape: what is ever an array always is, but where values of one language are one string."""
    document = compact_document([(s, p, o, None) for s, p, o, _ in quads], context)
    shapes: dict[str, set[bool]] = defaultdict(set)
    for node in document["@graph"]:  # type: ignore[attr-defined]  # a list of nodes
        for name, value in node.items():
            shapes[name].add(isinstance(value, list))
    assert {name for name, found in shapes.items() if len(found) > 1} == set()


def test_the_whole_dataset_comes_back(context: Context, quads: list[Quad]) -> None:
    """expand(compact(data)) is the data, graph by graph, with short names throughout (RDFC-1.0)."""
    document = compact_document(quads, context)
    assert read_back(document) == written(quads)
    names = {name for node in _objects(document["@graph"]) for name in node}
    assert {name for name in names if ":" in name} == set()


def _objects(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, dict):
        yield value
        for inside in value.values():
            yield from _objects(inside)
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item)


def test_batches_together_are_the_whole(context: Context, quads: list[Quad]) -> None:
    """What is compacted some nodes at a time says the same as what is compacted at once."""
    nodes = expanded([(s, p, o, None) for s, p, o, _ in quads])
    batches = [compact(nodes[at : at + 100], context) for at in range(0, len(nodes), 100)]
    assert [node for batch in batches for node in batch] == compact(nodes, context)
    assert compact([], context) == []


def test_rdflib_reads_it(context: Context, quads: list[Quad]) -> None:
    """Another reader finds the same triples in the compacted document."""
    triples: list[Quad] = [(s, p, o, None) for s, p, o, _ in quads]
    assert NQUADS is not None
    expected = rdflib.Graph().parse(data=serialize_quads(triples, NQUADS, {}).decode(), format="nt")
    assert isomorphic(by_rdflib(compact_document(triples, context)), expected)


A, B, P, Q = (
    Iri("http://example.org/a"),
    Iri("http://example.org/b"),
    Iri("http://example.org/p"),
    Iri(f"{DEF}connects"),
)
FIRST, REST, NIL = Iri(RDF + "first"), Iri(RDF + "rest"), Iri(RDF + "nil")
LABEL = Iri("http://www.w3.org/2000/01/rdf-schema#label")
X, Y, Z = Blank("x"), Blank("y"), Blank("z")
G: Iri = Iri("http://example.org/g")
ODD: dict[str, list[Quad]] = {
    "a number that is not canonical": [(A, P, Literal("007", datatype=XSD + "integer"), None)],
    "a boolean as a digit": [(A, Iri(f"{DEF}isFactual"), Literal("1", datatype=XSD + "boolean"), None)],
    "a literal where a thing is usual": [(A, Q, Literal("no IRI"), None)],
    "a text without a language among labels": [(A, LABEL, Literal("a"), None), (A, LABEL, Literal("a", "nl"), None)],
    "two labels in one language": [(A, LABEL, Literal("a", "nl"), None), (A, LABEL, Literal("b", "nl"), None)],
    "another datatype": [(A, Iri(f"{DEF}validYear"), Literal("2016", datatype=XSD + "integer"), None)],
    "a type that is a literal": [(A, Iri(RDF + "type"), Literal("x"), None)],
    "a blank type": [(A, Iri(RDF + "type"), X, None), (X, P, B, None)],
    "blank nodes in a circle": [(X, P, Y, None), (Y, P, X, None)],
    "a blank node of two graphs": [(X, P, A, None), (B, P, X, G)],
    "a list": [(A, P, X, None), (X, FIRST, B, None), (X, REST, Y, None), (Y, FIRST, A, None), (Y, REST, NIL, None)],
    "a list in two graphs": [(A, P, X, G), (X, FIRST, B, None), (X, REST, NIL, None)],
    "a list used twice": [(A, P, X, None), (B, P, X, None), (X, FIRST, B, None), (X, REST, NIL, None)],
    "a list without an end": [(A, P, X, None), (X, FIRST, B, None), (X, REST, X, None)],
    "a list with two ends": [(A, P, X, None), (X, FIRST, B, None), (X, REST, NIL, None), (X, REST, A, None)],
    "a list of lists": [(A, P, X, None), (X, FIRST, Y, None), (X, REST, NIL, None), (Y, FIRST, Z, None),
                        (Y, REST, NIL, None), (Z, P, A, None)],
    "a list that says more": [(A, P, X, None), (X, FIRST, B, None), (X, REST, NIL, None), (X, P, A, None)],
    "the empty list": [(A, P, NIL, None)],
    "a graph that is a thing too": [(G, P, A, None), (A, P, B, G)],
    "characters that JSON escapes": [(A, P, Literal('\x01"\\\n\u2028é𝄞'), None)],
    "an address with another scheme": [(Iri("mailto:someone"), P, Iri("urn:type:label"), None)],
    "nothing": [],
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_what_is_unusual_comes_back_too(context: Context, name: str) -> None:
    """Values that do not fit their term, blank nodes and lists: the same quads come back."""
    assert read_back(compact_document(ODD[name], context)) == written(ODD[name])
    assert read_back(expanded(ODD[name])) == written(ODD[name])


def test_a_list_is_written_as_one(context: Context) -> None:
    """What is a list in RDF is an array."""
    (node,) = expanded(ODD["a list"])
    assert node == {"@id": A.value, P.value: [{"@list": [{"@id": B.value}, {"@id": A.value}]}]}


def test_a_document_explains_itself_and_no_more(context: Context) -> None:
    """The context inside holds the terms in use; an address can stand for it; the same quads give the same bytes."""
    quads: list[Quad] = [
        (B, Iri(f"{DEF}heldInYear"), Literal("2016", datatype=XSD + "gYear"), None),
        (A, LABEL, Literal("aa", "nl"), None),
        (A, Iri(RDF + "type"), Iri(f"{DEF}Alliance"), None),
    ]
    document = compact_document(quads, context)
    assert set(document["@context"]) == {"@version", "id", "type", "label", "heldInYear", "Alliance"}  # type: ignore[call-overload]
    assert document["@graph"] == [
        {"id": A.value, "type": ["Alliance"], "label": {"nl": "aa"}},
        {"id": B.value, "heldInYear": ["2016"]},
    ]
    elsewhere = compact_document(quads, context, context_url="https://example.org/context.jsonld")
    assert elsewhere == {"@context": "https://example.org/context.jsonld", "@graph": document["@graph"]}
    assert json.dumps(compact_document(reversed(quads), context)) == json.dumps(document)


def test_a_frame_nests_what_a_thing_points_at(context: Context, quads: list[Quad]) -> None:
    """Things of the class are roots, each with its places and persons inside; every triple of theirs is kept."""
    public = [q for q in quads if q[3] is not None and "/so2/stated" in q[3].value]
    document = frame_document(public, [f"{DEF}RegionalNetwork"], context, max_triples=len(public))
    roots = document["@graph"]
    assert isinstance(roots, list)
    assert [root["id"] for root in roots] == sorted(
        str(s) for s, p, o, _ in public if p.value == RDF + "type" and str(o) == f"{DEF}RegionalNetwork"
    )
    assert all(isinstance(area, dict) and area["type"] for root in roots for area in root["coversArea"])
    triples: list[Quad] = [(s, p, o, None) for s, p, o, _ in public]
    found, all_of_it = read_back(document), written(triples)
    assert found < all_of_it
    things = {root["id"] for root in roots}
    assert {line for line in all_of_it if line.startswith(tuple(f"<{thing}>" for thing in things))} <= found


def test_a_frame_has_a_limit(context: Context) -> None:
    """As many triples as the limit are framed; one more is a 422 that names the setting."""
    two: list[Quad] = [(A, P, B, None), (B, P, A, None)]
    assert frame_document(two, [], context, max_triples=2)
    with pytest.raises(ResultTooLarge, match="2 triples") as raised:
        frame_document(two, [], context, max_triples=1)
    assert "max_frame_triples" in str(raised.value.mend)
    assert Settings().max_frame_triples == 50_000


def test_the_context_is_served_as_it_is(client: FlaskClient, context: Context) -> None:
    """Any page of the world may read it, and keep it."""
    response = client.get("/context.jsonld")
    assert (response.status_code, response.content_type) == (200, "application/ld+json")
    assert response.get_json(force=True) == context.document
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["ETag"]


def test_the_context_goes_with_the_base(bundle: Bundle) -> None:
    """Its IRIs stand below the base of the dataset."""
    moved = read_context(Bundle(bundle.root, "https://data.example.org/"))
    assert moved.terms["Alliance"] == "https://data.example.org/def#Alliance"
    assert CANONICAL_BASE not in moved.text


def test_prefixes_are_not_needed(prefixes: Prefixes, context: Context) -> None:
    """No term is the name of a prefix with a namespace, so that no IRI is taken for a prefixed name."""
    assert not [name for name, d in definitions(context) if str(d["@id"]) in prefixes.values()]
