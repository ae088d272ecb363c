"""Gathers what is known of one thing: every statement about it, how certain it is, and what it rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from so2graph.engine.access import Row, Session
from so2graph.engine.store import Quad
from so2graph.vocab import Iri, Literal, Term

__all__ = ["Entity", "Evidence", "Statement", "describe", "description_quads", "vocabulary_quads"]

_STATEMENTS = """
SELECT ?g ?s ?p ?o ?modality WHERE {
  { BIND(?_x AS ?s) GRAPH ?g { ?_x ?p ?o } } UNION { BIND(?_x AS ?o) GRAPH ?g { ?s ?p ?_x } }
  FILTER(?g != ?_claims && ?g != ?_catalogue && ?g != ?_vocabulary)
  OPTIONAL { GRAPH ?_catalogue { ?g so2:modality ?modality } }
} ORDER BY ?g ?p ?s ?o
"""
_ATTESTED = """
SELECT ?claim ?id ?s ?p ?o ?modality ?exact ?start ?end ?source ?time ?note WHERE {
  GRAPH ?_claims {
    { ?body rdf:subject ?_x } UNION { ?body rdf:object ?_x } UNION { ?_x oa:hasBody ?body }
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
_DESCRIBED = """
SELECT ?s ?p ?o WHERE {
  { BIND(?_x AS ?s) ?_x ?p ?o } UNION { BIND(?_x AS ?o) ?s ?p ?_x }
  UNION { BIND(?_x AS ?s) GRAPH ?_vocabulary { ?_x ?p ?o } }
  UNION { BIND(?_x AS ?s) GRAPH ?_catalogue { ?_x ?p ?o } }
}
"""
_TYPES = "SELECT DISTINCT ?c WHERE { GRAPH ?g { ?_x a ?c } } ORDER BY ?c"
_CLAIMS = """
SELECT DISTINCT ?s ?p ?o WHERE { GRAPH ?_claims {
  { ?claim oa:hasBody/rdf:subject ?_x } UNION { ?claim oa:hasBody/rdf:object ?_x }
  UNION { ?claim oa:hasTarget|oa:hasBody ?any FILTER(?claim = ?_x) }
  { ?claim ?p ?o BIND(?claim AS ?s) } UNION { ?claim oa:hasBody ?s . ?s ?p ?o }
  UNION { ?claim oa:hasTarget ?s . ?s ?p ?o } UNION { ?claim oa:hasTarget/oa:hasSelector ?s . ?s ?p ?o }
} }
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

    For an attestation (a claim or mention), `record` holds the statements that it attests.
    """

    iri: str
    types: tuple[str, ...]
    outgoing: tuple[Statement, ...]
    incoming: tuple[Statement, ...]
    record: tuple[Statement, ...]

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


def _graph_values(session: Session) -> dict[str, Iri]:
    names = session.snapshot.names
    local = {"claims": "so2/claims", "catalogue": "catalog", "vocabulary": "vocabulary"}
    return {name: Iri(names.graph(path)) for name, path in local.items()}


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


def describe(session: Session, iri: str) -> Entity:
    """What the readable graphs say of `iri`; no e-mail address is in it. Both directions are empty for a stranger."""
    graphs = _graph_values(session)
    attested = session.select(_ATTESTED, x=Iri(iri), **graphs)
    evidence = _evidence(attested)
    outgoing, incoming, types = [], [], []
    for row in session.select(_STATEMENTS, x=Iri(iri), **graphs):
        subject, obj = row["s"], row["o"]
        if subject is None or obj is None:
            continue
        modality = None if row["modality"] is None else str(row["modality"]).rpartition("#")[2]
        statement = Statement(
            subject,
            str(row["p"]),
            obj,
            str(row["g"]),
            modality,
            tuple(evidence.get(_key(subject, row["p"], obj), ())),
        )
        if str(subject) == iri:
            outgoing.append(statement)
            if statement.predicate.endswith("#type") and str(obj) not in types:
                types.append(str(obj))
        else:
            incoming.append(statement)
    if not types:
        types = [str(row["c"]) for row in session.select(_TYPES, x=Iri(iri))]
    return Entity(iri, tuple(types), tuple(outgoing), tuple(incoming), _record(iri, attested, evidence))


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


def description_quads(session: Session, iri: str) -> list[Quad]:
    """What a triple format may say of `iri`: the facts in both directions, and its claims with their evidence.

    Plans, intentions and hopes are in it as claims only, never as triples of their own: Turtle cannot say in which
    graph a triple stands.
    """
    graphs = _graph_values(session)
    rows = session.select(_DESCRIBED, x=Iri(iri), **graphs) + session.select(_CLAIMS, x=Iri(iri), **graphs)
    return _quads(rows)


def vocabulary_quads(session: Session) -> list[Quad]:
    """The whole vocabulary with its concept schemes."""
    text = "SELECT ?s ?p ?o WHERE { GRAPH ?_vocabulary { ?s ?p ?o } }"
    return _quads(session.select(text, vocabulary=Iri(session.snapshot.names.graph("vocabulary"))))


def _quads(rows: Iterable[Row]) -> list[Quad]:
    quads: list[Quad] = []
    for row in rows:
        subject, predicate, obj = row["s"], row["p"], row["o"]
        if subject is not None and obj is not None and isinstance(predicate, Iri):
            quads.append((subject, predicate, obj, None))
    return quads
