"""Describes the stored queries as SHACL executables, after the pattern of SIB's sparql-examples."""

from __future__ import annotations

import re

from so2graph.engine.access import Session
from so2graph.engine.store import Quad
from so2graph.publish.description import Description
from so2graph.publish.triples import Triples, both
from so2graph.vocab import RDFS, XSD, Literal, Prefixes

__all__ = ["declare_prefixes", "example_quads"]

SH = "http://www.w3.org/ns/shacl#"
SCHEMA = "https://schema.org/"
OWL = "http://www.w3.org/2002/07/owl#"
_FORMS = {"SELECT": ("Select", "select"), "CONSTRUCT": ("Construct", "construct"), "ASK": ("Ask", "ask")}
_FORM = re.compile(r"^\s*(SELECT|CONSTRUCT|ASK)\b", re.IGNORECASE | re.MULTILINE)


def declare_prefixes(triples: Triples, subject: str, prefixes: Prefixes) -> None:
    """Declares every prefix on `subject` (SHACL, 5.2.1)."""
    triples.type(subject, OWL + "Ontology")
    for prefix, namespace in prefixes.items():
        node = f"{subject}-{prefix}"
        triples.add(subject, SH + "declare", node)
        triples.add(node, SH + "prefix", Literal(prefix))
        triples.add(node, SH + "namespace", Literal(namespace, datatype=XSD + "anyURI"))


def example_quads(description: Description, session: Session) -> list[Quad]:
    """Each stored query as `sh:SPARQLExecutable`, with its text as it runs without any parameter given."""
    triples, document = Triples(), description.addresses.examples
    declared = f"{document}#prefixes"
    declare_prefixes(triples, declared, session.prefixes)
    for query in description.queries:
        text = session.bound(query, {})
        found = _FORM.search(text)
        name, predicate = _FORMS[found[1].upper() if found else "SELECT"]
        node = f"{document}#{query.name}"
        triples.type(node, SH + "SPARQLExecutable", f"{SH}SPARQL{name}Executable")
        triples.add(node, RDFS + "label", *both(query.title))
        triples.add(node, RDFS + "comment", *both(query.description))
        triples.add(node, SH + "prefixes", declared)
        triples.add(node, SH + predicate, Literal(text))
        if description.addresses.live:
            triples.add(node, SCHEMA + "target", description.addresses.sparql)
        triples.add(node, SCHEMA + "keywords", Literal(query.view), *(Literal(answer) for answer in query.answers))
        triples.add(node, RDFS + "seeAlso", description.addresses(f"queries/{query.name}"))
    return triples.quads
