"""What was fetched through links, as RDF: triples, and for each the link, the source, its licence and the date."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from so2graph.engine.access import Session
from so2graph.engine.store import Quad
from so2graph.link.mapping import Mapping
from so2graph.vocab import DCTERMS, PROV, RDF, XSD, Iri, Literal, Names, Term

__all__ = ["Fetched", "brought_by", "fetched_quads", "taken_back"]

_SUBJECT, _PREDICATE, _OBJECT = (Iri(RDF + name) for name in ("subject", "predicate", "object"))
_LICENCE, _DATE, _VERSION = (Iri(DCTERMS + name) for name in ("license", "issued", "source"))
_FROM = Iri(PROV + "wasDerivedFrom")


@dataclass(frozen=True)
class Fetched:
    """A triple of a source elsewhere, with the IRI of the mapping that it came by.

    `licence` is an IRI, `date` that of the snapshot (`YYYY-MM-DD`), `version` names the snapshot.
    """

    subject: Iri
    predicate: Iri
    object: Term
    mapping: str
    licence: str
    date: str
    version: str

    @property
    def node(self) -> Iri:
        """The statement that says where the triple is from."""
        text = f"{self.subject.n3} {self.predicate.n3} {getattr(self.object, 'n3', self.object)}"
        return Iri(f"{self.mapping}#brought-{hashlib.sha256(text.encode()).hexdigest()[:16]}")


def fetched_quads(rows: Iterable[Fetched], graph: str) -> list[Quad]:
    """The quads of the graph of enrichment for what was fetched."""
    quads: dict[Quad, None] = {}
    for row in rows:
        said: list[tuple[Iri, Iri, Term]] = [
            (row.subject, row.predicate, row.object),
            (row.node, Iri(RDF + "type"), Iri(RDF + "Statement")),
            (row.node, _SUBJECT, row.subject),
            (row.node, _PREDICATE, row.predicate),
            (row.node, _OBJECT, row.object),
            (row.node, _FROM, Iri(row.mapping)),
            (row.node, _LICENCE, Iri(row.licence)),
            (row.node, _DATE, Literal(row.date, datatype=XSD + "date")),
            (row.node, _VERSION, Literal(row.version)),
        ]
        quads |= dict.fromkeys((*triple, Iri(graph)) for triple in said)
    return list(quads)


def brought_by(session: Session, mapping: Mapping) -> tuple[Fetched, ...]:
    """What came by a link, in order."""
    names = session.snapshot.names
    iri, graph = mapping.iri(names), Iri(names.enrichment(mapping.target))
    found = [_fetched(session, row[0], iri, graph) for row in _in(session, graph, predicate=_FROM, obj=Iri(iri))]
    return tuple(sorted((row for row in found if row is not None), key=lambda row: (str(row.predicate), row.node)))


def _in(session: Session, graph: Iri, **terms: Term) -> Iterator[Quad]:
    quads = session.about(**terms)  # type: ignore[arg-type]  # terms by the names of its parameters
    return (quad for quad in quads if quad[3] == graph)


def _fetched(session: Session, node: Term, mapping: str, graph: Iri) -> Fetched | None:
    rows = {quad[1]: quad[2] for quad in _in(session, graph, subject=node)}
    subject, predicate, obj = (rows.get(key) for key in (_SUBJECT, _PREDICATE, _OBJECT))
    if not isinstance(subject, Iri) or not isinstance(predicate, Iri) or obj is None:
        return None
    licence, date, version = (str(rows.get(key, "")) for key in (_LICENCE, _DATE, _VERSION))
    return Fetched(subject, predicate, obj, mapping, licence, date, version)


def taken_back(session: Session, mappings: Iterable[Mapping]) -> list[Quad]:
    """The quads that go with links: their statements, and the triples that came by no other link."""
    gone: dict[Quad, None] = {}
    names: Names = session.snapshot.names
    mine = {mapping.iri(names): mapping for mapping in mappings}
    for mapping in mine.values():
        graph = names.enrichment(mapping.target)
        for row in brought_by(session, mapping):
            held = any(other not in mine for other in _holders(session, row, Iri(graph)))
            quads = fetched_quads([row], graph)
            gone |= dict.fromkeys(quads[1:] if held else quads)
    return list(gone)


def _holders(session: Session, row: Fetched, graph: Iri) -> Iterator[str]:
    """The mappings by which a triple came."""
    for quad in _in(session, graph, predicate=_SUBJECT, obj=row.subject):
        said = {(each[1], each[2]) for each in _in(session, graph, subject=quad[0])}
        if {(_PREDICATE, row.predicate), (_OBJECT, row.object)} <= said:
            yield from (str(obj) for predicate, obj in said if predicate == _FROM)
