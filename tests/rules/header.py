"""The rules for the header of a vocabulary (V01 to V14)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

import rdflib
from rdflib import DCTERMS, FOAF, OWL, RDF, RDFS, VANN, Graph, Literal, URIRef

from so2graph.errors import Fault
from so2graph.vocab import CANONICAL_BASE
from tests.rules.graphs import (
    BIBO,
    LANGUAGES,
    LICENCES,
    ONTOLOGY,
    PERSISTENT,
    SCHEMA,
    SO2,
    VOAF,
    Rule,
    classes,
    fault,
    own,
    properties,
    schemes,
    terms,
    texts,
)


def _header(graph: Graph) -> URIRef:
    found = sorted(graph.subjects(RDF.type, OWL.Ontology), key=str)
    return next((subject for subject in found if isinstance(subject, URIRef)), ONTOLOGY)


def _missing(rule: str, graph: Graph, wanted: Mapping[str, tuple[URIRef, ...]]) -> Iterator[Fault]:
    header = _header(graph)
    for name, predicates in wanted.items():
        if not any((header, p, None) in graph for p in predicates):
            yield fault(rule, header, f"the header has no {name}", f"add {name} to the header in ontology/so2.ttl")


def v01_one_header(graph: Graph) -> Iterator[Fault]:
    """Exactly one owl:Ontology (OOPS P38)."""
    found = sorted(str(s) for s in graph.subjects(RDF.type, OWL.Ontology))
    if len(found) != 1:
        yield fault("V01", ONTOLOGY, f"there are {len(found)} owl:Ontology nodes: {found}", "keep one")


def v02_header_minimal(graph: Graph) -> Iterator[Fault]:
    """Title, description, licence, creator, version IRI and namespace (FOOPS OM1)."""
    yield from _missing(
        "V02",
        graph,
        {
            "dcterms:title": (DCTERMS.title,),
            "dcterms:description": (DCTERMS.description,),
            "dcterms:license": (DCTERMS.license,),
            "dcterms:creator": (DCTERMS.creator,),
            "owl:versionIRI": (OWL.versionIRI,),
            "vann:preferredNamespaceUri": (VANN.preferredNamespaceUri,),
        },
    )
    header = _header(graph)
    for name, predicate in (("dcterms:title", DCTERMS.title), ("dcterms:description", DCTERMS.description)):
        found = Counter(text.language for text in texts(graph, header, predicate))
        for language in LANGUAGES:
            if found[language] != 1:
                yield fault(
                    "V02",
                    header,
                    f"{name} is there {found[language]} times in {language}",
                    f"give one {name} with @{language}",
                )


def v03_header_recommended(graph: Graph) -> Iterator[Fault]:
    """Prefix, version, creation date and citation (FOOPS OM2)."""
    yield from _missing(
        "V03",
        graph,
        {
            "vann:preferredNamespacePrefix": (VANN.preferredNamespacePrefix,),
            "owl:versionInfo": (OWL.versionInfo,),
            "dcterms:created": (DCTERMS.created,),
            "dcterms:bibliographicCitation": (DCTERMS.bibliographicCitation,),
        },
    )


def v04_header_optional(graph: Graph) -> Iterator[Fault]:
    """Publisher, logo, status, source, dates, earlier version and identifier (FOOPS OM3, OM5.2); a warning."""
    yield from _missing(
        "V04",
        graph,
        {
            "dcterms:publisher": (DCTERMS.publisher,),
            "foaf:logo": (FOAF.logo, SCHEMA.logo),
            "bibo:status": (BIBO.status,),
            "dcterms:source": (DCTERMS.source,),
            "dcterms:issued": (DCTERMS.issued,),
            "dcterms:modified": (DCTERMS.modified,),
            "owl:priorVersion": (OWL.priorVersion,),
            "dcterms:identifier": (DCTERMS.identifier, BIBO.doi),
        },
    )


def v05_licence(graph: Graph) -> Iterator[Fault]:
    """One licence, an IRI of the allowed list, on the header and on each scheme (FOOPS OM4, OOPS P41)."""
    for subject in [_header(graph), *schemes(graph)]:
        found = sorted(str(o) for o in graph.objects(subject, DCTERMS.license) if isinstance(o, URIRef))
        literal = [o for o in graph.objects(subject, DCTERMS.license) if isinstance(o, Literal)]
        if len(found) != 1 or literal or found[0] not in LICENCES:
            yield fault(
                "V05",
                subject,
                f"its licences are {[*found, *map(str, literal)]}",
                f"give one dcterms:license, one of {', '.join(LICENCES)}",
            )


def v06_version(graph: Graph) -> Iterator[Fault]:
    """The version IRI differs from the ontology IRI and ends in owl:versionInfo (FOOPS VER1)."""
    header = _header(graph)
    version, info = graph.value(header, OWL.versionIRI), graph.value(header, OWL.versionInfo)
    if version == header or str(version) != f"{header}/{info}":
        yield fault(
            "V06",
            header,
            f"owl:versionIRI is {version} and owl:versionInfo {info}",
            f"make owl:versionIRI <{header}/{info}>",
        )
    citation = str(graph.value(header, DCTERMS.bibliographicCitation))
    if str(version) not in citation:
        yield fault(
            "V06", header, "its citation names another version", f"write {version} in dcterms:bibliographicCitation"
        )


def v07_own_iri(graph: Graph) -> Iterator[Fault]:
    """The ontology IRI is that of the document, and the namespace is that IRI with # (FOOPS URI2)."""
    header = _header(graph)
    if header != ONTOLOGY:
        yield fault("V07", header, "the header has another IRI than the document", f"make it <{ONTOLOGY}>")
    namespace = graph.value(header, VANN.preferredNamespaceUri)
    if str(namespace) != str(SO2):
        yield fault("V07", header, f"vann:preferredNamespaceUri is {namespace}", f'make it "{SO2}"')


def v09_persistent_names(graph: Graph) -> Iterator[Fault]:
    """Terms have a persistent base, no file extension and no version number (FOOPS PURL1, OOPS P36)."""
    for term in [_header(graph), *terms(graph)]:
        text = str(term)
        if not text.startswith(PERSISTENT):
            yield fault("V09", term, "its base is not persistent", f"name it below {CANONICAL_BASE}")
        if re.search(r"\.(ttl|owl|rdf|html|xml|json)\b|/v?[0-9]+\.[0-9]+", text):
            yield fault("V09", term, "its IRI has a file extension or a version number", "take that out of its IRI")


def v10_prefix_free(taken: Mapping[str, str]) -> Rule:
    """The preferred prefix is not in use for another namespace (FOOPS FIND1)."""

    def rule(graph: Graph) -> Iterator[Fault]:
        header = _header(graph)
        prefix = str(graph.value(header, VANN.preferredNamespacePrefix))
        if taken.get(prefix, str(SO2)) != str(SO2):
            yield fault(
                "V10",
                header,
                f"the prefix {prefix} stands for <{taken[prefix]}> elsewhere",
                "choose another vann:preferredNamespacePrefix",
            )

    return rule


def v12_header_vocabularies(graph: Graph) -> Iterator[Fault]:
    """The header uses vocabularies made for headers (FOOPS VOC1), and others are reused (VOC2)."""
    allowed = (
        str(DCTERMS),
        str(rdflib.DC),
        str(SCHEMA),
        str(VANN),
        str(rdflib.PROV),
        str(BIBO),
        str(FOAF),
        str(rdflib.DOAP),
        str(OWL),
        str(RDF),
        str(RDFS),
        str(VOAF),
        "http://purl.org/pav/",
    )
    header = _header(graph)
    for predicate in sorted(set(graph.predicates(header)), key=str):
        if not str(predicate).startswith(allowed):
            yield fault(
                "V12", header, f"the header uses {predicate}", "use dcterms, schema, vann, prov, bibo or foaf"
            )
    if all(own(o) for p in (RDFS.subClassOf, RDFS.subPropertyOf) for o in graph.objects(None, p)):
        yield fault("V12", header, "no term is tied to another vocabulary", "add rdfs:subClassOf to a term elsewhere")


def v13_defined_by(graph: Graph) -> Iterator[Fault]:
    """Each own term has rdfs:isDefinedBy with the ontology IRI, once, and not as a string (LOV)."""
    for term in terms(graph):
        if list(graph.objects(term, RDFS.isDefinedBy)) != [ONTOLOGY]:
            yield fault(
                "V13", term, "it does not say which ontology defines it", f"add rdfs:isDefinedBy <{ONTOLOGY}>"
            )


def v14_counts(graph: Graph) -> Iterator[Fault]:
    """voaf:classNumber and voaf:propertyNumber are what one counts (LOV)."""
    header = _header(graph)
    for name, predicate, counted in (
        ("voaf:classNumber", VOAF.classNumber, len(classes(graph))),
        ("voaf:propertyNumber", VOAF.propertyNumber, len(properties(graph))),
    ):
        stated = graph.value(header, predicate)
        if not isinstance(stated, Literal) or stated.toPython() != counted:
            yield fault("V14", header, f"{name} is {stated}, and there are {counted}", f"make {name} {counted}")
