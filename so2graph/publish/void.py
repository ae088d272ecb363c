"""Describes the dataset in VoID: counts, partitions, links to others, and where to get it."""

from __future__ import annotations

import re

from so2graph.engine.store import Quad
from so2graph.formats import GRAPH_FORMATS
from so2graph.publish.description import Description
from so2graph.publish.statistics import Counts, Statistics
from so2graph.publish.triples import Triples, both, format_iri, integer, moment
from so2graph.registry import Text
from so2graph.vocab import DCTERMS, Literal

__all__ = ["void_quads"]

FOAF = "http://xmlns.com/foaf/0.1/"
VOID = "http://rdfs.org/ns/void#"
_FACTS = Text("De feiten: wat een gewone vraag ziet", "The facts: what a plain query sees")


def void_quads(description: Description, statistics: Statistics) -> list[Quad]:
    """The description of the dataset (VoID, W3C Note, 3 to 6), as a document about it (2.5).

    The whole counts a triple of several graphs once. The facts and the graphs are its subsets; class and property
    partitions and linksets are those of the facts.
    """
    triples = Triples()
    whole, document = description.about, description.addresses.void
    triples.type(document, VOID + "DatasetDescription")
    triples.add(document, DCTERMS + "title", *both(whole.title))
    triples.add(document, FOAF + "primaryTopic", whole.iri)
    triples.add(document, DCTERMS + "creator", whole.creator.iri)
    triples.add(document, DCTERMS + "modified", moment(description.modified))
    _whole(triples, description, statistics)
    _facts(triples, description, statistics)
    _graphs(triples, description, statistics)
    _linksets(triples, description, statistics)
    return triples.quads


def _counts(triples: Triples, subject: str, counts: Counts) -> None:
    """VoID 3.1 to 3.3, except that an entity is a subject below `id/`."""
    numbers = {
        "triples": counts.triples,
        "distinctSubjects": counts.subjects,
        "distinctObjects": counts.objects,
        "properties": counts.properties,
        "classes": counts.classes,
        "entities": counts.entities,
    }
    for term, number in numbers.items():
        if number is not None:
            triples.add(subject, VOID + term, integer(number))


def _whole(triples: Triples, description: Description, statistics: Statistics) -> None:
    whole, addresses, space = description.about, description.addresses, description.names.thing("")
    iri = whole.iri
    triples.type(iri, VOID + "Dataset")
    triples.add(iri, DCTERMS + "title", *both(whole.title))
    triples.add(iri, DCTERMS + "description", *both(whole.description))
    triples.add(iri, DCTERMS + "publisher", whole.publisher.iri)
    triples.type(whole.publisher.iri, FOAF + "Agent")
    triples.add(whole.publisher.iri, FOAF + "name", Literal(whole.publisher.name))
    triples.add(iri, DCTERMS + "modified", moment(description.modified))
    triples.add(iri, DCTERMS + "source", *whole.sources)
    if whole.licence:
        triples.add(iri, DCTERMS + "license", whole.licence)
    triples.add(iri, FOAF + "homepage", addresses())
    _counts(triples, iri, statistics.dataset)
    triples.add(iri, VOID + "uriSpace", Literal(space))
    triples.add(iri, VOID + "uriRegexPattern", Literal(f"^{re.escape(space)}.+"))
    if addresses.live:
        triples.add(iri, VOID + "sparqlEndpoint", addresses.sparql)
    triples.add(iri, VOID + "dataDump", *(download.address for download in description.downloads))
    triples.add(iri, VOID + "feature", *(format_iri(fmt) for fmt in GRAPH_FORMATS))
    triples.add(iri, VOID + "vocabulary", *statistics.vocabularies)
    triples.add(iri, VOID + "exampleResource", *description.examples)
    triples.add(iri, VOID + "rootResource", *description.roots)
    for example in description.examples:
        page = addresses(f"doc/{example.removeprefix(space)}")
        triples.add(page, VOID + "inDataset", iri)
        triples.add(page, FOAF + "primaryTopic", example)


def _facts(triples: Triples, description: Description, statistics: Statistics) -> None:
    iri, document = description.names.facts, description.addresses.void
    triples.add(description.about.iri, VOID + "subset", iri)
    triples.type(iri, VOID + "Dataset")
    triples.add(iri, DCTERMS + "title", *both(_FACTS))
    _counts(triples, iri, statistics.facts)
    for number, part in enumerate(statistics.classes, 1):
        node = f"{document}#class-{number}"
        triples.add(iri, VOID + "classPartition", node)
        triples.add(node, VOID + "class", part.iri)
        triples.add(node, VOID + "entities", integer(part.entities))
    for number, of in enumerate(statistics.properties, 1):
        node = f"{document}#property-{number}"
        triples.add(iri, VOID + "propertyPartition", node)
        triples.add(node, VOID + "property", of.iri)
        triples.add(node, VOID + "triples", integer(of.triples))
        triples.add(node, VOID + "distinctSubjects", integer(of.subjects))
        triples.add(node, VOID + "distinctObjects", integer(of.objects))


def _graphs(triples: Triples, description: Description, statistics: Statistics) -> None:
    for graph in description.counted:
        iri = graph.about.iri
        triples.add(description.about.iri, VOID + "subset", iri)
        triples.type(iri, VOID + "Dataset")
        if graph.links:
            triples.type(iri, VOID + "Linkset")
            triples.add(iri, VOID + "subjectsTarget", description.about.iri)
            triples.add(iri, VOID + "linkPredicate", *graph.links)
            if graph.linked:
                triples.type(graph.linked, VOID + "Dataset")
                triples.add(iri, VOID + "objectsTarget", graph.linked)
        triples.add(iri, DCTERMS + "title", *both(graph.about.title))
        if graph.about.licence:
            triples.add(iri, DCTERMS + "license", graph.about.licence)
        triples.add(iri, VOID + "dataDump", *(download.address for download in graph.downloads))
        if iri in statistics.graphs:
            _counts(triples, iri, statistics.graphs[iri])


def _linksets(triples: Triples, description: Description, statistics: Statistics) -> None:
    """VoID 5: links by one predicate to the things of one namespace, which is a dataset of somebody else."""
    whole, document = description.about.iri, description.addresses.void
    targets = sorted({linkset.target for linkset in statistics.linksets})
    for number, target in enumerate(targets, 1):
        triples.type(f"{document}#target-{number}", VOID + "Dataset")
        triples.add(f"{document}#target-{number}", VOID + "uriSpace", Literal(target))
    for number, linkset in enumerate(statistics.linksets, 1):
        node = f"{document}#links-{number}"
        triples.add(whole, VOID + "subset", node)
        triples.type(node, VOID + "Linkset")
        triples.add(node, VOID + "linkPredicate", linkset.predicate)
        triples.add(node, VOID + "subjectsTarget", whole)
        triples.add(node, VOID + "objectsTarget", f"{document}#target-{targets.index(linkset.target) + 1}")
        triples.add(node, VOID + "triples", integer(linkset.triples))
