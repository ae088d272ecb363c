"""Reads the vocabulary and data as graphs, and asks them what every rule asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import rdflib
from rdflib import OWL, RDF, RDFS, SKOS, Dataset, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from so2graph.errors import Fault
from so2graph.link.sssom import SUFFIX, read, target_of_file
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, Names

Rule = Callable[[Graph], Iterator[Fault]]

SO2 = Namespace(CANONICAL_BASE + "def#")
BIBO = Namespace("http://purl.org/ontology/bibo/")
SCHEMA = Namespace("https://schema.org/")
VOAF = Namespace("http://purl.org/vocommons/voaf#")
ONTOLOGY = URIRef(CANONICAL_BASE + "def")
LANGUAGES = ("nl", "en")
LICENCES = (
    "https://creativecommons.org/licenses/by/4.0/",
    "https://creativecommons.org/publicdomain/zero/1.0/",
)
PERSISTENT = ("https://w3id.org/", "http://purl.org/", "https://purl.org/")
PROPERTY_TYPES = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty, RDF.Property)
MATCHES = (SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch, SKOS.relatedMatch)


def graph_of(*paths: Path) -> Graph:
    """One graph with the statements of all `paths` (Turtle or TriG)."""
    graph = Graph()
    for path in paths:
        if path.suffix == ".trig":
            quads = Dataset()
            quads.parse(path, format="trig")
            graph.addN((s, p, o, graph) for s, p, o, _ in quads.quads())
        else:
            graph.parse(path, format="turtle")
    return graph


def load_ontology(bundle: Bundle) -> Graph:
    return graph_of(*sorted((bundle.root / "ontology").glob("*.ttl")))


def load_data(bundle: Bundle, *, contact: bool = True) -> Graph:
    """What the files of the data say, the links that were accepted as well."""
    graph = graph_of(*(p for p in sorted(bundle.data.rglob("*.trig")) if contact or p.name != "contact.trig"))
    for path in sorted((bundle.data / "links").glob(f"*{SUFFIX}")):
        for mapping in read(bundle.read(path), path.name, target_of_file(path.name), Names(bundle.base)).mappings:
            if mapping.verdict == "accepted":
                graph.add((URIRef(mapping.subject), URIRef(mapping.predicate), URIRef(mapping.object)))
    return graph


def load_catalogue(bundle: Bundle) -> Graph:
    return graph_of(bundle.catalogue)


def copied(graph: Graph) -> Graph:
    copy = Graph()
    copy.addN((s, p, o, copy) for s, p, o in graph)
    return copy


def short(term: Node) -> str:
    text = str(term)
    for prefix, namespace in (("so2:", str(SO2)), ("id:", CANONICAL_BASE + "id/")):
        if text.startswith(namespace):
            return prefix + text[len(namespace) :]
    return text


def own(term: Node) -> bool:
    return isinstance(term, URIRef) and str(term).startswith(CANONICAL_BASE)


def typed(graph: Graph, *types: URIRef) -> list[URIRef]:
    return sorted({s for t in types for s in graph.subjects(RDF.type, t) if isinstance(s, URIRef) and own(s)})


def classes(graph: Graph) -> list[URIRef]:
    return typed(graph, OWL.Class, RDFS.Class)


def properties(graph: Graph) -> list[URIRef]:
    return typed(graph, *PROPERTY_TYPES)


def concepts(graph: Graph) -> list[URIRef]:
    return typed(graph, SKOS.Concept, SO2.Theme, SO2.Modality, rdflib.ORG.Role)


def schemes(graph: Graph) -> list[URIRef]:
    return typed(graph, SKOS.ConceptScheme)


def terms(graph: Graph) -> list[URIRef]:
    return sorted({*classes(graph), *properties(graph), *concepts(graph), *schemes(graph)})


def texts(graph: Graph, subject: Node, *predicates: URIRef) -> list[Literal]:
    """Literals of the first of `predicates` that has any."""
    for predicate in predicates:
        found = [o for o in graph.objects(subject, predicate) if isinstance(o, Literal)]
        if found:
            return sorted(found, key=lambda o: (o.language or "", str(o)))
    return []


def labels(graph: Graph, term: Node) -> list[Literal]:
    predicates = (SKOS.prefLabel, RDFS.label) if term in concepts(graph) else (RDFS.label, SKOS.prefLabel)
    return texts(graph, term, *predicates)


def definitions(graph: Graph, term: Node) -> list[Literal]:
    return texts(graph, term, SKOS.definition, RDFS.comment)


def fault(rule: str, focus: Node | str, what: str, mend: str) -> Fault:
    return Fault(rule, short(focus) if isinstance(focus, URIRef) else str(focus), what, mend)
