"""Describes the SPARQL service."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from so2graph.engine.store import Quad
from so2graph.formats import FORMATS, GRAPH_FORMATS
from so2graph.publish.description import Description
from so2graph.publish.examples import declare_prefixes
from so2graph.publish.triples import Triples, both, format_iri, integer
from so2graph.registry import Text
from so2graph.vocab import DCTERMS, RDFS, Prefixes

__all__ = ["service_quads"]

SD = "http://www.w3.org/ns/sparql-service-description#"
SH = "http://www.w3.org/ns/shacl#"
VOID = "http://rdfs.org/ns/void#"
SIMPLE = "http://www.w3.org/ns/entailment/Simple"
_DEFAULT_GRAPH = Text(
    "De samenvoeging van alle grafen die feiten houden; een triple telt eenmaal.",
    "The merge of all graphs that hold facts; a triple counts once.",
)
_EVERYTHING = Text(
    "FROM <%s> neemt alle openbare grafen samen, ook plannen, voornemens, hoop en gevolgtrekkingen. FROM met "
    "meer grafen voegt ze samen; een triple telt eenmaal. Grafen die alleen bij naam te bereiken zijn, zitten "
    "in geen samenvoeging.",
    "FROM <%s> takes all public graphs together, plans, intentions, hopes and inferences included. FROM with "
    "several graphs merges them; a triple counts once. Graphs that are reached by name only are in no merge.",
)


def service_quads(
    description: Description, sizes: Mapping[str, int], prefixes: Prefixes, *, federated: bool = False
) -> list[Quad]:
    """The description of the SPARQL endpoint (SPARQL 1.1 Service Description, 3).

    It says that the default graph of a plain query is the merge of the graphs that hold facts, which graphs can be
    reached by name with how many triples (`sizes`), that the dataset of a query may be chosen with FROM, and
    (`federated`) that there are endpoints that SERVICE may name. Updates need a token. The prefixes that need no
    declaration are declared with `sh:declare` (SHACL, 5.2.1).
    """
    triples, names = Triples(), description.names
    endpoint = description.addresses.sparql
    dataset, default, declared = f"{endpoint}#dataset", f"{endpoint}#default-graph", f"{endpoint}#prefixes"
    triples.type(endpoint, SD + "Service")
    triples.add(endpoint, SD + "endpoint", endpoint)
    triples.add(endpoint, SD + "supportedLanguage", SD + "SPARQL11Query", SD + "SPARQL11Update")
    triples.add(endpoint, SD + "defaultEntailmentRegime", SIMPLE)
    if federated:
        triples.add(endpoint, SD + "feature", SD + "BasicFederatedQuery")
    triples.add(endpoint, SD + "resultFormat", *(format_iri(fmt) for fmt in FORMATS))
    triples.add(endpoint, SD + "inputFormat", *(format_iri(fmt) for fmt in GRAPH_FORMATS))
    triples.add(endpoint, RDFS + "seeAlso", description.addresses.void, description.addresses.examples)
    triples.add(endpoint, SH + "prefixes", declared)
    declare_prefixes(triples, declared, prefixes)
    triples.add(endpoint, SD + "defaultDataset", dataset)
    triples.type(dataset, SD + "Dataset", VOID + "Dataset")
    about = description.about
    triples.add(dataset, DCTERMS + "title", *both(about.title))
    if about.licence:
        triples.add(dataset, DCTERMS + "license", about.licence)
    everything = Text(_EVERYTHING.nl % names.everything, _EVERYTHING.en % names.everything)
    triples.add(dataset, DCTERMS + "description", *both(everything))
    triples.add(dataset, VOID + "triples", integer(description.triples))
    triples.add(dataset, SD + "defaultGraph", default)
    triples.type(default, SD + "Graph")
    triples.add(default, DCTERMS + "description", *both(_DEFAULT_GRAPH))
    triples.add(default, VOID + "triples", integer(description.facts))
    for graph in description.graphs:
        local = quote(graph.about.iri.removeprefix(names.base), safe="/:@!$&'()*+,;=~%")
        named, node = f"{endpoint}#{local}", f"{endpoint}#{local}-graph"
        triples.add(dataset, SD + "namedGraph", named)
        triples.type(named, SD + "NamedGraph")
        triples.add(named, SD + "name", graph.about.iri)
        triples.add(named, SD + "graph", node)
        triples.type(node, SD + "Graph")
        triples.add(node, VOID + "triples", integer(sizes[graph.about.iri]))
    return triples.quads
