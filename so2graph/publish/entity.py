"""Gathers what is known of one thing: its statements by relation, counted, each with how certain it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from so2graph.engine.access import Session
from so2graph.engine.dataset import Dataset
from so2graph.engine.scanner import substitute
from so2graph.engine.store import Quad
from so2graph.publish.neighbours import modalities
from so2graph.vocab import DCTERMS, DEFAULT_GRAPH, MODALITIES, RDF, Blank, Iri, Literal, Term

__all__ = ["CERTAINTIES", "Entity", "Relation", "Statement", "describe"]

CERTAINTIES = (*MODALITIES[:1], "outside", "editorial", *MODALITIES[1:])
"""How a statement can hold, from certain to uncertain: the modalities, and what others or the editors say."""
_KEPT = 4
"""How many times the statements that a page shows are read of a relation: texts come in several languages."""
_RELATIONS = 60
"""Relations in each direction that a page shows."""
_COUNTED = """
SELECT ?p (COUNT(*) AS ?n) {{ {{ SELECT DISTINCT ?p ?s ?o {{
  {{ {0} }} UNION {{ GRAPH ?g {{ {0} }} }}
}} LIMIT {1} }} }} GROUP BY ?p ORDER BY ?p
"""
_DIRECTIONS = {True: "?_x ?p ?o", False: "?s ?p ?_x"}


@dataclass(frozen=True)
class Statement:
    """One statement: its terms, the graph where it stands, and its certainty.

    `modality` is the local name of a modality; `outside` where another source says it, `editorial` where the editors
    do. A graph that no catalogue describes holds facts: `stated`.
    """

    subject: Term
    predicate: str
    object: Term
    graph: str
    modality: str


@dataclass(frozen=True)
class Relation:
    """The statements that have the thing as subject (`forward`) or object, with one predicate.

    `statements` are the first of them, `count` tells how many there are: at least so many, where it is not `exact`.
    """

    predicate: str
    forward: bool
    statements: tuple[Statement, ...]
    count: int
    exact: bool


@dataclass(frozen=True)
class Entity:
    """A thing with its classes and relations, empty for a stranger. `whole` where no relation is left out."""

    iri: str
    types: tuple[str, ...]
    relations: tuple[Relation, ...]
    whole: bool = True

    def values(self, *predicates: str) -> list[Statement]:
        """The statements that have it as subject, with one of these predicates, in their order."""
        found = {r.predicate: r.statements for r in self.relations if r.forward}
        return [statement for predicate in predicates for statement in found.get(predicate, ())]


def describe(session: Session, iri: str, shown: int, counted: int) -> Entity:
    """What the readable graphs say of `iri`, but for claims, terms and the catalogue; no e-mail address is in it.

    Of each relation it reads a few times what a page shows (`shown`), and counts up to `counted` statements in each
    direction, so that a thing with a million neighbours takes no longer than one with some thousands.
    """
    thing, kinds = Iri(iri), _Certainty(session)
    relations: list[Relation] = []
    whole = True
    for forward in (True, False):
        counts = _counts(session, thing, forward, counted)
        exact = sum(counts.values()) <= counted
        whole &= len(counts) <= _RELATIONS
        for predicate, count in islice(sorted(counts.items()), _RELATIONS):
            found = _statements(session, thing, Iri(predicate), forward, shown * _KEPT, kinds)
            if found:
                relations.append(Relation(predicate, forward, found, max(count, len(found)), exact))
    described = Entity(iri, (), tuple(relations), whole)
    types = dict.fromkeys(str(s.object) for s in described.values(RDF + "type") if isinstance(s.object, Iri))
    if not types:
        kinds_of = session.about(subject=thing, predicate=Iri(RDF + "type"))
        types = dict.fromkeys(sorted({str(quad[2]) for quad in islice(kinds_of, shown)}))
    return Entity(iri, tuple(types), tuple(relations), whole)


def _counts(session: Session, thing: Iri, forward: bool, most: int) -> dict[str, int]:
    """How many statements there are of each predicate; one more than `most` in all where there are more."""
    graphs = session.world
    default = (DEFAULT_GRAPH,) if DEFAULT_GRAPH in graphs else ()
    text = substitute(_COUNTED.format(_DIRECTIONS[forward], most + 1), {"x": thing.n3})
    dataset = Dataset(default, tuple(sorted(graphs - {DEFAULT_GRAPH})))
    rows = session.snapshot.query(text, dataset, session.prefixes).rows()
    return {str(predicate): int(str(number)) for predicate, number in rows if predicate is not None}


def _statements(
    session: Session, thing: Iri, predicate: Iri, forward: bool, most: int, kinds: _Certainty
) -> tuple[Statement, ...]:
    ends = {"subject": thing} if forward else {"obj": thing}
    found = _of_the_world(session, session.about(predicate=predicate, **ends))
    # What says something of itself is said once, as its subject.
    quads = list(islice((q for q in found if forward or q[0] != thing), most))
    ordered = sorted(quads, key=lambda q: (kinds.rank(q[3]), _order(q[0]), _order(q[2]), str(q[3])))
    return tuple(
        Statement(subject, predicate.value, obj, _graph_of(graph), kinds.of(graph))
        for subject, _, obj, graph in ordered
    )


def _of_the_world(session: Session, quads: Iterator[Quad]) -> Iterator[Quad]:
    world = session.world
    return (quad for quad in quads if _graph_of(quad[3]) in world)


def _graph_of(graph: Iri | None) -> str:
    return DEFAULT_GRAPH if graph is None else graph.value


def _order(term: Term) -> tuple[int, str]:
    """Blank nodes, then IRIs, then literals, as ORDER BY has them (SPARQL 1.1, 15.1)."""
    return (Blank, Iri, Literal).index(type(term)), str(term)


class _Certainty:
    """How certain what stands in a graph is, by the catalogue."""

    def __init__(self, session: Session) -> None:
        names = session.snapshot.names
        self._modality = {graph: iri.value.rpartition("#")[2] for graph, iri in modalities(session).items()}
        self._editorial = {names.graph("so2/persons"), names.graph("so2/editorial")}
        kind = session.about(predicate=Iri(DCTERMS + "title"))
        self._described = {str(q[0]) for q in kind if str(q[3]) == names.catalogue}

    def rank(self, graph: Iri | None) -> int:
        """Where it stands among the certainties, the most certain first."""
        return CERTAINTIES.index(self.of(graph))

    def of(self, graph: Iri | None) -> str:
        """The certainty by name."""
        name = _graph_of(graph)
        if self._modality.get(name) in MODALITIES:
            return self._modality[name]
        if name in self._editorial:
            return "editorial"
        return "outside" if name in self._described else "stated"
