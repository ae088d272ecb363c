"""Collects the triples of a description."""

from __future__ import annotations

from so2graph.engine.store import Quad
from so2graph.formats import Format
from so2graph.registry import Text
from so2graph.vocab import RDF, XSD, Iri, Literal, Term

__all__ = ["Triples", "both", "format_iri", "integer", "moment"]

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


class Triples:
    """Triples in the making; `quads` has them in the order in which they came."""

    def __init__(self) -> None:
        self.quads: list[Quad] = []

    def add(self, subject: str, predicate: str, *objects: Term | str) -> None:
        """Adds a triple for each object; text stands for an IRI."""
        for obj in objects:
            self.quads.append((Iri(subject), Iri(predicate), Iri(obj) if isinstance(obj, str) else obj, None))

    def type(self, subject: str, *classes: str) -> None:
        """Says of what classes the subject is."""
        self.add(subject, RDF + "type", *classes)


def both(text: Text) -> tuple[Literal, Literal]:
    """A text as two literals, Dutch and English."""
    return Literal(text.nl, "nl"), Literal(text.en, "en")


def integer(number: int) -> Literal:
    return Literal(str(number), datatype=XSD + "integer")


def moment(text: str) -> Literal:
    return Literal(text, datatype=XSD + "dateTime")


def format_iri(fmt: Format) -> str:
    """The IRI of a SPARQL format in the W3C registry of unique URIs for file formats."""
    return "http://www.w3.org/ns/formats/" + _W3C_FORMATS[fmt.name]
