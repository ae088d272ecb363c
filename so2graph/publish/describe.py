"""Describes the dataset in RDF: counts and checksums for the catalogue graph, and the SPARQL service."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from so2graph.engine.snapshot import Snapshot
from so2graph.engine.staging import VOID, Staged, statistics
from so2graph.engine.store import Quad
from so2graph.formats import FORMATS
from so2graph.publish.catalogue import Catalogue
from so2graph.vocab import DCTERMS, DEFAULT_GRAPH, RDF, XSD, Iri, Literal, Names, Term

__all__ = ["catalogue_graph", "service_description"]

SPDX = "http://spdx.org/rdf/terms#"
DCAT = "http://www.w3.org/ns/dcat#"
SD = "http://www.w3.org/ns/sparql-service-description#"

_W3C_FORMATS = {
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
    "turtle": "Turtle",
    "ntriples": "N-Triples",
    "jsonld": "JSON-LD",
    "rdfxml": "RDF_XML",
    "trig": "TriG",
    "nquads": "N-Quads",
}
"""Local names of the formats in the W3C registry of unique URIs for file formats."""
_DEFAULT_GRAPH = {
    "nl": "De samenvoeging van alle grafen die feiten houden; een triple telt eenmaal.",
    "en": "The merge of all graphs that hold facts; a triple counts once.",
}
_EVERYTHING = {
    "nl": "FROM <%s> neemt alle openbare grafen samen, ook plannen, voornemens, hoop en gevolgtrekkingen. FROM met "
    "meer grafen voegt ze samen; een triple telt eenmaal. Grafen die alleen bij naam te bereiken zijn, zitten "
    "in geen samenvoeging.",
    "en": "FROM <%s> takes all public graphs together, plans, intentions, hopes and inferences included. FROM with "
    "several graphs merges them; a triple counts once. Graphs that are reached by name only are in no merge.",
}


def _integer(value: str) -> Literal:
    return Literal(value, datatype=XSD + "integer")


def catalogue_graph(staged: Staged, catalogue: Catalogue, checksums: Mapping[Path, str], names: Names) -> list[Quad]:
    """The quads of `graph/catalog`: the authored catalogue, and per graph VoID counts and the sha256 of its files.

    VoID 3.1 to 3.3 (`void:triples`, `distinctSubjects`, `distinctObjects`, `properties`, `classes`); SPDX checksums
    as DCAT 3, 6.8.22 has them, on a `dcat:Distribution` per file.
    """
    graph = Iri(names.catalogue)
    quads: list[Quad] = [(s, p, o, graph) for s, p, o, _ in catalogue.quads]

    def add(subject: Term, predicate: str, obj: Term) -> None:
        quads.append((subject, Iri(predicate), obj, graph))

    for entry in catalogue.entries:
        subject = Iri(entry.iri)
        add(subject, RDF + "type", Iri(VOID + "Dataset"))
        if entry.by_name_only:
            continue
        quads += statistics(staged, entry.iri, names.catalogue)
        for file in entry.files:
            distribution = Iri(f"{entry.iri}#{file.name}")
            checksum = Iri(f"{entry.iri}#{file.name}-checksum")
            add(subject, DCAT + "distribution", distribution)
            add(distribution, RDF + "type", Iri(DCAT + "Distribution"))
            add(distribution, SPDX + "checksum", checksum)
            add(checksum, RDF + "type", Iri(SPDX + "Checksum"))
            add(checksum, SPDX + "algorithm", Iri(SPDX + "checksumAlgorithm_sha256"))
            add(checksum, SPDX + "checksumValue", Literal(checksums[file], datatype=XSD + "hexBinary"))
    return quads


def service_description(
    snapshot: Snapshot, readable: frozenset[str], endpoint: str, *, federated: bool = False
) -> list[Quad]:
    """The SPARQL service description of an endpoint (SPARQL 1.1 Service Description, section 3).

    It says that the default graph of a plain query is the merge of the graphs that hold facts, which graphs can be
    reached by name with how many triples, that the dataset of a query may be chosen with FROM, and (`federated`) that
    there are endpoints that SERVICE may name. Updates need a token.
    """
    quads: list[Quad] = []

    def add(subject: Term, predicate: str, *objects: Term) -> None:
        quads.extend((subject, Iri(predicate), obj, None) for obj in objects)

    names = snapshot.names
    service, dataset = Iri(endpoint), Iri(f"{endpoint}#dataset")
    default = Iri(f"{endpoint}#default-graph")
    add(service, RDF + "type", Iri(SD + "Service"))
    add(service, SD + "endpoint", Iri(endpoint))
    add(service, SD + "supportedLanguage", Iri(SD + "SPARQL11Query"), Iri(SD + "SPARQL11Update"))
    if federated:
        add(service, SD + "feature", Iri(SD + "BasicFederatedQuery"))
    add(service, SD + "resultFormat", *(Iri(f"http://www.w3.org/ns/formats/{_W3C_FORMATS[f.name]}") for f in FORMATS))
    add(service, SD + "defaultDataset", dataset)
    add(dataset, RDF + "type", Iri(SD + "Dataset"), Iri(VOID + "Dataset"))
    add(dataset, SD + "defaultGraph", default)
    add(default, RDF + "type", Iri(SD + "Graph"))
    add(default, DCTERMS + "description", *(Literal(text, language) for language, text in _DEFAULT_GRAPH.items()))
    for iri in sorted(readable - {DEFAULT_GRAPH}):
        local = iri.removeprefix(names.base)
        named, graph = Iri(f"{endpoint}#{local}"), Iri(f"{endpoint}#{local}-graph")
        add(dataset, SD + "namedGraph", named)
        add(named, RDF + "type", Iri(SD + "NamedGraph"))
        add(named, SD + "name", Iri(iri))
        add(named, SD + "graph", graph)
        add(graph, RDF + "type", Iri(SD + "Graph"))
        add(graph, VOID + "triples", _integer(str(snapshot.manifest.graphs.get(iri, 0))))
    add(
        dataset,
        DCTERMS + "description",
        *(Literal(text % names.everything, language) for language, text in _EVERYTHING.items()),
    )
    return quads
