"""Counts what VoID asks of a dataset, once for each generation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from so2graph.engine.access import Session
from so2graph.engine.dataset import Dataset
from so2graph.engine.kept import Kept, Seen, seen
from so2graph.vocab import DEFAULT_GRAPH, Prefixes, Term

__all__ = ["ClassPartition", "Counts", "Linkset", "PropertyPartition", "Statistics", "StatisticsKeeper", "count"]

_COUNTS = """SELECT (COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?subjects) (COUNT(DISTINCT ?o) AS ?objects)
  (COUNT(DISTINCT ?p) AS ?properties) WHERE { ?s ?p ?o }"""
_CLASSES = "SELECT ?c (COUNT(DISTINCT ?s) AS ?entities) WHERE { ?s a ?c FILTER(isIRI(?c)) } GROUP BY ?c ORDER BY ?c"
_PROPERTIES = """SELECT ?p (COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?subjects) (COUNT(DISTINCT ?o) AS ?objects)
  WHERE { ?s ?p ?o } GROUP BY ?p ORDER BY ?p"""
_ENTITIES = """SELECT (COUNT(*) AS ?entities) WHERE {
  { SELECT DISTINCT ?s WHERE { ?s ?p ?o } } FILTER(STRSTARTS(STR(?s), "%sid/")) }"""
_TERMS = (
    "SELECT DISTINCT ?p WHERE { ?s ?p ?o }",
    "SELECT DISTINCT ?c WHERE { ?s a ?c FILTER(isIRI(?c)) }",
)
_LINKS = """SELECT ?p ?target (COUNT(*) AS ?triples) WHERE {
  VALUES ?p { skos:exactMatch skos:closeMatch skos:broadMatch skos:narrowMatch skos:relatedMatch owl:sameAs }
  ?s ?p ?o FILTER(isIRI(?o) && !STRSTARTS(STR(?o), "%s"))
  BIND(REPLACE(STR(?o), "[^/#]+/?$", "") AS ?space) BIND(IF(?space = "", STR(?o), ?space) AS ?target)
} GROUP BY ?p ?target ORDER BY ?target ?p"""


@dataclass(frozen=True)
class Counts:
    """The counts of a set of triples (VoID, 3.1 to 3.3): `entities` are its subjects below `id/`.

    All but `triples` are None for a set that is too large to count.
    """

    triples: int
    subjects: int | None = None
    objects: int | None = None
    properties: int | None = None
    classes: int | None = None
    entities: int | None = None


@dataclass(frozen=True)
class ClassPartition:
    """A class with the number of its instances."""

    iri: str
    entities: int


@dataclass(frozen=True)
class PropertyPartition:
    """A property with the number of its triples and of their subjects and objects."""

    iri: str
    triples: int
    subjects: int
    objects: int


@dataclass(frozen=True)
class Linkset:
    """Links by one property to things of somebody else, whose IRIs begin with `target`."""

    predicate: str
    target: str
    triples: int


@dataclass(frozen=True)
class Statistics:
    """The counts of a generation for a caller: `dataset` of the merge of all public graphs, `facts` of the facts.

    `graphs` are by IRI, without those reached by name only; partitions and linksets are those of the facts.
    """

    dataset: Counts
    facts: Counts
    graphs: Mapping[str, Counts]
    classes: tuple[ClassPartition, ...]
    properties: tuple[PropertyPartition, ...]
    linksets: tuple[Linkset, ...]
    vocabularies: tuple[str, ...]
    """Namespaces of the terms in use, sorted."""


def count(session: Session) -> Statistics:
    """Counts the current generation as the caller of `session` may see it: 3 seconds for a million triples.

    Of a graph or merge beyond the setting `max_counted_triples` only the size is told.
    """
    snapshot = session.snapshot
    names = snapshot.names
    shown = sorted(session.readable - snapshot.graphs.by_name_only - {DEFAULT_GRAPH})
    most = session.settings.max_counted_triples
    # A large graph is the same as the merges that it dominates where nothing else is in them: it is counted once.
    known: dict[tuple[str, ...], Counts] = {}

    def counts(graph: str) -> Counts:
        members, size = snapshot.members(graph), snapshot.size(graph)
        if size > most:
            return Counts(size)
        if members not in known:
            known[members] = _counts(session, graph)
        return known[members]

    def rows(graph: str, text: str) -> Iterator[tuple[Term | None, ...]]:
        return iter(()) if snapshot.size(graph) > most else _rows(session, graph, text)

    used = {str(row[0]) for text in _TERMS for row in rows(names.everything, text)}
    return Statistics(
        dataset=counts(names.everything),
        facts=counts(names.facts),
        graphs={graph: counts(graph) for graph in shown},
        classes=tuple(ClassPartition(str(c), _number(n)) for c, n in rows(names.facts, _CLASSES)),
        properties=tuple(
            PropertyPartition(str(p), _number(t), _number(s), _number(o))
            for p, t, s, o in rows(names.facts, _PROPERTIES)
        ),
        linksets=tuple(
            Linkset(str(p), str(target), _number(n)) for p, target, n in rows(names.facts, _LINKS % names.base)
        ),
        vocabularies=tuple(sorted({_namespace(iri, session.prefixes) for iri in used})),
    )


def _rows(session: Session, graph: str, text: str) -> Iterator[tuple[Term | None, ...]]:
    return session.snapshot.query(text, Dataset((graph,), ()), session.prefixes).rows()


def _number(term: Term | None) -> int:
    return int(str(term))


def _counts(session: Session, graph: str) -> Counts:
    triples, subjects, objects, properties = map(_number, next(_rows(session, graph, _COUNTS)))
    (entities,) = map(_number, next(_rows(session, graph, _ENTITIES % session.snapshot.names.base)))
    classes = sum(1 for _ in _rows(session, graph, _TERMS[1]))
    return Counts(triples, subjects, objects, properties, classes, entities)


def _namespace(iri: str, prefixes: Prefixes) -> str:
    """The namespace of a term: one of the table, else the IRI up to its last `#`, `/` or `:`."""
    known = [namespace for namespace in prefixes.values() if iri.startswith(namespace)]
    cut = max(iri.rfind("#"), iri.rfind("/")) + 1 or iri.rfind(":") + 1
    return max(known, key=len) if known else iri[:cut]


class StatisticsKeeper:
    """Keeps the statistics of the latest generations, by what their readers may not see; safe for several threads."""

    def __init__(self) -> None:
        self._known = Kept[Seen, Statistics](4)

    def of(self, session: Session) -> Statistics:
        """The statistics for a session, counted when they are first asked for; who asks meanwhile waits."""
        return self._known.made_once(seen(session), lambda: count(session))
