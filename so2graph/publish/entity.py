"""Gathers what is known of one thing: every statement about it, how certain it is, and what it rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from so2graph.engine.access import Row, Session
from so2graph.engine.store import Quad
from so2graph.publish.neighbours import modalities
from so2graph.vocab import DEFAULT_GRAPH, RDF, Blank, Iri, Literal, Term

__all__ = ["Entity", "Evidence", "Statement", "describe"]

_ATTESTED = """
SELECT ?claim ?id ?s ?p ?o ?modality ?exact ?start ?end ?source ?time ?note WHERE {
  GRAPH ?_claims {
    { SELECT DISTINCT ?body {
      { ?body rdf:subject ?_x } UNION { ?body rdf:object ?_x } UNION { ?_x oa:hasBody ?body }
    } LIMIT %d }
    ?claim oa:hasBody ?body ; dcterms:identifier ?id .
    OPTIONAL { ?claim so2:modality ?modality }
    ?body rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o .
    OPTIONAL { ?claim oa:hasTarget/oa:hasSelector ?position . ?position oa:start ?start ; oa:end ?end }
    OPTIONAL { ?claim oa:hasTarget/oa:hasSelector ?quote . ?quote oa:exact ?exact }
    OPTIONAL { ?claim dcterms:source ?source }
    OPTIONAL { ?claim so2:validTime ?time }
    OPTIONAL { ?claim skos:note ?note }
  }
} ORDER BY ?id ?start
"""


@dataclass(frozen=True)
class Evidence:
    """What a statement rests on: a quote at [start, end) of the page (code points), or a source outside it.

    `quote` is None where it would show an e-mail address. `time` and `note` are by language tag.
    """

    claim: str
    identifier: str
    quote: str | None
    start: int | None
    end: int | None
    source: str | None
    time: dict[str, str]
    note: dict[str, str]


@dataclass(frozen=True)
class Statement:
    """One statement: its terms, its graph, its modality (local name, None outside the page) and its evidence."""

    subject: Term
    predicate: str
    object: Term
    graph: str
    modality: str | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Entity:
    """A thing with its statements: `outgoing` has it as subject, `incoming` as object.

    For an attestation (a claim or mention), `record` holds the statements that it attests. `whole` is false where
    there are more statements than a page shows.
    """

    iri: str
    types: tuple[str, ...]
    outgoing: tuple[Statement, ...]
    incoming: tuple[Statement, ...]
    record: tuple[Statement, ...]
    whole: bool = True

    @property
    def statements(self) -> tuple[Statement, ...]:
        return self.outgoing + self.incoming + self.record

    @property
    def iris(self) -> set[str]:
        """Every IRI that a page about the thing shows."""
        shown = {self.iri, *self.types}
        for statement in self.statements:
            shown.add(statement.predicate)
            shown.update(t.value for t in (statement.subject, statement.object) if isinstance(t, Iri))
        return shown


def _evidence(rows: Iterable[Row]) -> dict[tuple[str, str, str], list[Evidence]]:
    grouped: dict[tuple[str, str, str], dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        grouped[_key(row["s"], row["p"], row["o"])][str(row["claim"])].append(row)
    found = {}
    for triple, claims in grouped.items():
        found[triple] = [_one(claim, of_claim) for claim, of_claim in claims.items()]
    return found


def _key(subject: Term | None, predicate: Term | None, obj: Term | None) -> tuple[str, str, str]:
    return tuple(term.n3 if isinstance(term, Iri | Literal) else str(term) for term in (subject, predicate, obj))  # type: ignore[return-value]  # three in, three out


def _one(claim: str, rows: list[Row]) -> Evidence:
    def tagged(name: str) -> dict[str, str]:
        return {t.language or "": t.value for t in (row[name] for row in rows) if isinstance(t, Literal)}

    first = rows[0]
    return Evidence(
        claim=claim,
        identifier=str(first["id"]),
        quote=None if first["exact"] is None else str(first["exact"]),
        start=None if first["start"] is None else int(str(first["start"])),
        end=None if first["end"] is None else int(str(first["end"])),
        source=None if first["source"] is None else str(first["source"]),
        time=tagged("time"),
        note=tagged("note"),
    )


def describe(session: Session, iri: str, most: int) -> Entity:
    """What the readable graphs say of `iri`, up to `most` statements in each direction; no e-mail address is in it.

    Both directions are empty for a stranger.
    """
    claims = Iri(session.snapshot.names.graph("so2/claims"))
    attested = session.select(_ATTESTED % (2 * most), x=Iri(iri), claims=claims)
    evidence, modality = _evidence(attested), modalities(session)

    def statements(quads: Iterator[Quad]) -> tuple[Statement, ...]:
        first = sorted(islice(quads, most), key=lambda q: (str(q[3]), str(q[1]), _order(q[0]), _order(q[2])))
        return tuple(
            Statement(
                subject,
                predicate.value,
                obj,
                str(graph or DEFAULT_GRAPH),
                modality[str(graph)].value.rpartition("#")[2] if str(graph) in modality else None,
                tuple(evidence.get(_key(subject, predicate, obj), ())),
            )
            for subject, predicate, obj, graph in first
        )

    leaving = _of_the_world(session, session.about(subject=Iri(iri)))
    coming = (q for q in _of_the_world(session, session.about(obj=Iri(iri))) if str(q[0]) != iri)
    outgoing, incoming = statements(leaving), statements(coming)
    whole = next(leaving, None) is None and next(coming, None) is None
    types = dict.fromkeys(str(s.object) for s in outgoing if s.predicate == RDF + "type")
    if not types:
        kinds = session.about(subject=Iri(iri), predicate=Iri(RDF + "type"))
        types = dict.fromkeys(sorted({str(quad[2]) for quad in islice(kinds, most)}))
    return Entity(iri, tuple(types), outgoing, incoming, _record(iri, attested, evidence), whole)


def _of_the_world(session: Session, quads: Iterable[Quad]) -> Iterator[Quad]:
    """Statements but for those about statements, terms and graphs."""
    names = session.snapshot.names
    aside = {names.graph("so2/claims"), names.graph("vocabulary"), names.catalogue}
    return (quad for quad in quads if str(quad[3]) not in aside)


def _order(term: Term) -> tuple[int, str]:
    """Blank nodes, then IRIs, then literals, as ORDER BY has them (SPARQL 1.1, 15.1)."""
    return (Blank, Iri, Literal).index(type(term)), str(term)


def _record(
    iri: str, attested: Iterable[Row], evidence: dict[tuple[str, str, str], list[Evidence]]
) -> tuple[Statement, ...]:
    """The statements that the attestation `iri` itself holds, each once."""
    found: dict[tuple[str, str, str], Statement] = {}
    for row in attested:
        subject, obj = row["s"], row["o"]
        if str(row["claim"]) != iri or subject is None or obj is None:
            continue
        key = _key(subject, row["p"], obj)
        modality = None if row["modality"] is None else str(row["modality"]).rpartition("#")[2]
        mine = tuple(e for e in evidence[key] if e.claim == iri)
        found[key] = Statement(subject, str(row["p"]), obj, iri, modality, mine)
    return tuple(found.values())
