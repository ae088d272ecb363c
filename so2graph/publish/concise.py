"""Describes one thing in RDF: what the graphs say of it, closed over blank nodes, with names for what it mentions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from so2graph.engine.access import Session
from so2graph.engine.dataset import Dataset
from so2graph.engine.scanner import substitute
from so2graph.engine.store import Quad
from so2graph.errors import ResultTooLarge
from so2graph.vocab import DCTERMS, DEFAULT_GRAPH, RDF, RDFS, SKOS, XSD, Blank, Iri, Literal, Term

__all__ = ["Description", "all_statements", "full", "in_graphs", "remark", "summary"]

LABELS = tuple(map(Iri, (RDFS + "label", SKOS + "prefLabel", DCTERMS + "title")))
OA = "http://www.w3.org/ns/oa#"
HYDRA = "http://www.w3.org/ns/hydra/core#"
FOAF = "http://xmlns.com/foaf/0.1/"
_REIFIED = frozenset((RDF + "subject", RDF + "object"))
_PARTS = frozenset((OA + "hasBody", OA + "hasTarget", OA + "hasSelector"))
_BODY = Iri(OA + "hasBody")
_LOOKED_AT = 20
"""How many times the limit of statements is looked at, where most of them belong elsewhere (plans, say)."""
_COUNTED = 1_000_000
"""Statements up to which the whole of what is cut is counted."""
_COUNT = """
SELECT (COUNT(*) AS ?n) { { SELECT ?p {
  { ?_x ?p ?o } UNION { ?s ?p ?_x } UNION { GRAPH ?g { ?_x ?p ?o } } UNION { GRAPH ?g { ?s ?p ?_x } }
} LIMIT 1000001 } }
"""
_ALL = "CONSTRUCT { ?_x ?p ?o . ?s ?q ?_x } WHERE { { ?_x ?p ?o } UNION { ?s ?q ?_x } }"
_CUT = {
    "nl": "Deze beschrijving is afgekapt na %(here)d uitspraken over het ding%(all)s. "
    "Alle feiten geeft de SPARQL-vraag achter rdfs:seeAlso.",
    "en": "This description is cut after %(here)d statements about the thing%(all)s. "
    "The SPARQL query at rdfs:seeAlso gives all facts.",
}


@dataclass(frozen=True)
class Description:
    """What is said of `iri`: `quads` in the graphs where they stand.

    `direct` counts the statements in it that have the thing as subject or object. It is `whole`, or cut after as many
    as the setting `max_description_triples` allows; then `total` counts all of them, None where they are too many.
    """

    iri: str
    quads: tuple[Quad, ...]
    direct: int
    whole: bool = True
    total: int | None = None


def full(session: Session, iri: str) -> Description:
    """The symmetric concise bounded description (https://www.w3.org/submissions/CBD/) that any format can carry.

    Facts in both directions, and its claims with their evidence. Plans, intentions and hopes are in it as claims
    only, never as triples of their own: Turtle cannot say in which graph a triple stands. Raises `ResultTooLarge`
    where one statement with the blank nodes that hang on it is more than the limit.
    """
    return _Gathering(session, iri, session.factual | _aside(session, iri), evidence=True).describe()


def summary(session: Session, iri: str) -> Description:
    """Types, names, notes and direct facts, without claims and evidence; raises as `full`."""
    return _Gathering(session, iri, session.factual | _aside(session, iri), evidence=False).describe()


def in_graphs(session: Session, iri: str) -> Description:
    """Every statement in its own graph, plans and hopes as well, for formats with graphs; raises as `full`."""
    return _Gathering(session, iri, session.shown, evidence=True).describe()


def _aside(session: Session, iri: str) -> frozenset[str]:
    """The graphs that hold no facts about the world, but nothing uncertain either.

    Judgements about links are among them for a judgement and its run; of all else they would be most of what is said.
    """
    names = session.snapshot.names
    judged = iri.startswith((names.thing("mapping/"), names.thing("run/")))
    graphs = {names.graph("so2/claims"), names.graph("vocabulary"), names.catalogue}
    return session.shown & (graphs | {names.mappings} if judged else graphs)


def all_statements(iri: str) -> str:
    """A query for all facts about a thing, whatever their number."""
    return substitute(_ALL, {"x": Iri(iri).n3})


def remark(description: Description, document: str, everything: str) -> list[Quad]:
    """What a description that is cut says of itself: how much there is, and the address of `everything`."""
    if description.whole:
        return []
    about, rows = Iri(document), list[tuple[str, Term]]()
    told = {"here": description.direct, "all": f" (/ {description.total})" if description.total else ""}
    rows.append((FOAF + "primaryTopic", Iri(description.iri)))
    rows += [(DCTERMS + "description", Literal(text % told, language)) for language, text in _CUT.items()]
    rows.append((RDFS + "seeAlso", Iri(everything)))
    if description.total:
        rows.append((HYDRA + "totalItems", Literal(str(description.total), datatype=XSD + "integer")))
    return [(about, Iri(predicate), obj, None) for predicate, obj in rows]


class _Full(Exception):
    """No room for what hangs on one more statement."""


class _Gathering:
    """Gathers a description statement by statement, each with all that hangs on it, as long as there is room."""

    def __init__(self, session: Session, iri: str, graphs: frozenset[str], *, evidence: bool) -> None:
        self._session, self._graphs, self._evidence = session, graphs, evidence
        self._thing = Iri(iri)
        self._claims = session.snapshot.names.graph("so2/claims")
        self._most = session.settings.max_description_triples
        self._found: dict[Quad, None] = {}
        self._seen: set[Term] = {self._thing}

    def describe(self) -> Description:
        direct = 0
        for quad in self._direct():
            more = None if quad is None else self._with_all(quad)
            if more is None:
                if quad is not None and not direct:
                    raise ResultTooLarge(
                        f"what hangs on one statement about <{self._thing}> is more than {self._most} triples",
                        mend="Ask with SPARQL, or raise the setting max_description_triples.",
                        limit=self._most,
                    )
                total = self._count()
                return Description(self._thing.value, tuple(self._found), direct, whole=False, total=total)
            direct += quad not in self._found
            self._found |= more
        return Description(self._thing.value, tuple(self._found), direct)

    def _direct(self) -> Iterator[Quad | None]:
        """The statements with the thing as subject, then those with it as object; without evidence no claims.

        At the end None, where there may be more that were not looked at.
        """
        thing = self._thing
        either = chain(self._session.about(subject=thing), self._session.about(obj=thing))
        for quad in self._in_scope(islice(either, self._most * _LOOKED_AT)):
            if quad[0] == thing or self._evidence or str(quad[3]) != self._claims:
                yield quad
        if next(either, None) is not None:
            yield None

    def _in_scope(self, quads: Iterable[Quad]) -> Iterator[Quad]:
        return (q for q in quads if (DEFAULT_GRAPH if q[3] is None else q[3].value) in self._graphs)

    def _with_all(self, quad: Quad) -> dict[Quad, None] | None:
        """A statement with its blank nodes, claims and the names of what it mentions; None where it has no room."""
        new: dict[Quad, None] = {}
        room = self._most - len(self._found)
        waiting = [quad]
        try:
            while waiting:
                one = waiting.pop()
                if one in new or one in self._found:
                    continue
                self._put(new, one, room)
                for follower in chain(self._named(one), self._closed(one), self._attested(one)):
                    waiting.append(follower)
                    if len(waiting) > room:
                        raise _Full
        except _Full:
            return None
        return new

    @staticmethod
    def _put(new: dict[Quad, None], quad: Quad, room: int) -> None:
        if len(new) >= room:
            raise _Full
        new[quad] = None

    def _named(self, quad: Quad) -> Iterator[Quad]:
        """The labels of the IRIs in a statement."""
        for term in quad[:3]:
            if isinstance(term, Iri) and term not in self._seen:
                self._seen.add(term)
                for label in LABELS:
                    yield from self._in_scope(self._session.about(subject=term, predicate=label))

    def _closed(self, quad: Quad) -> Iterator[Quad]:
        """All statements with a blank node of this one, in both directions."""
        for term in (quad[0], quad[2]):
            if isinstance(term, Blank) and term not in self._seen:
                self._seen.add(term)
                yield from self._in_scope(self._session.about(subject=term))
                yield from self._in_scope(self._session.about(obj=term))

    def _attested(self, quad: Quad) -> Iterator[Quad]:
        """The claim to which a statement of the claims graph belongs: its statements, targets and quotes."""
        subject, predicate, obj, graph = quad
        if not self._evidence or str(graph) != self._claims:
            return
        if obj == self._thing and predicate.value in _REIFIED:
            for claim in self._in_scope(self._session.about(obj=subject, predicate=_BODY)):
                yield from self._in_claims(claim[0])
        elif predicate.value in _PARTS and isinstance(obj, Iri):
            yield from self._in_claims(obj)

    def _in_claims(self, subject: Term) -> Iterator[Quad]:
        return (q for q in self._in_scope(self._session.about(subject=subject)) if str(q[3]) == self._claims)

    def _count(self) -> int | None:
        """How many statements about the thing there are in all; None beyond a million."""
        text = substitute(_COUNT, {"x": self._thing.n3})
        dataset = Dataset((DEFAULT_GRAPH,), tuple(sorted(self._graphs - {DEFAULT_GRAPH})))
        if DEFAULT_GRAPH not in self._graphs:
            dataset = Dataset((), dataset.named)
        row = next(self._session.snapshot.query(text, dataset, self._session.prefixes).rows())
        number = int(str(row[0]))
        return number if number <= _COUNTED else None
