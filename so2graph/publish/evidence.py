"""Finds what statements rest on: their claims, with the place in the page, the source and the time they hold for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from so2graph.engine.access import Row, Session
from so2graph.publish.entity import Statement
from so2graph.vocab import RDF, Blank, Iri, Literal, Term

__all__ = ["Evidence", "Triple", "evidence_of", "record_of", "triple_of"]

_CLAIMS = """
SELECT ?claim ?id ?modality ?page ?exact ?start ?end ?source ?time ?year ?note WHERE {{
  VALUES ?claim {{ {0} }}
  GRAPH ?_claims {{
    ?claim dcterms:identifier ?id .
    OPTIONAL {{ ?claim so2:modality ?modality }}
    OPTIONAL {{ ?claim oa:hasTarget ?target . ?target oa:hasSource ?page
      OPTIONAL {{ ?target oa:hasSelector ?position . ?position oa:start ?start ; oa:end ?end }}
      OPTIONAL {{ ?target oa:hasSelector ?quote . ?quote oa:exact ?exact }} }}
    OPTIONAL {{ ?claim dcterms:source ?source }}
    OPTIONAL {{ ?claim so2:validTime ?time }}
    OPTIONAL {{ ?claim so2:validYear ?year }}
    OPTIONAL {{ ?claim skos:note ?note }}
  }}
}} ORDER BY ?id ?claim ?start ?year
"""
_BATCH = 200
_LOOKED_AT = 500
"""Records of statements that are looked at from one end; beyond that from the other."""
_READ = 50_000
"""Records that are read for one page; beyond that its facts stay without their words."""
_SUBJECT, _PREDICATE, _OBJECT = (Iri(RDF + name) for name in ("subject", "predicate", "object"))
_BODY = Iri("http://www.w3.org/ns/oa#hasBody")

Triple = tuple[Term, str, Term]


@dataclass(frozen=True)
class Evidence:
    """A claim that attests a statement: a quote at [start, end) of a page (code points), or a source outside it.

    `quote` is None where it would show an e-mail address. `time` and `note` are by language tag. `modality` is the
    local name, None for a claim from outside.
    """

    claim: str
    identifier: str
    modality: str | None
    page: str | None
    quote: str | None
    start: int | None
    end: int | None
    source: str | None
    years: tuple[int, ...]
    time: dict[str, str]
    note: dict[str, str]


def triple_of(statement: Statement) -> Triple:
    """What is said, in whatever graph."""
    return statement.subject, statement.predicate, statement.object


def evidence_of(session: Session, statements: Iterable[Statement]) -> dict[Triple, list[Evidence]]:
    """The claims for each of these statements, by identifier; a statement without any is not in it."""
    bodies = _Bodies(session)
    of_triple = {triple: bodies.claims(triple) for triple in dict.fromkeys(map(triple_of, statements))}
    known = _claims(session, {claim for claims in of_triple.values() for claim in claims})
    found = {triple: [known[c] for c in claims if c in known] for triple, claims in of_triple.items()}
    return {
        triple: sorted(claims, key=lambda e: (e.identifier, e.claim)) for triple, claims in found.items() if claims
    }


def record_of(session: Session, claim: str, most: int) -> tuple[list[Statement], Evidence | None]:
    """The statements that an attestation itself holds, up to `most`, and what it is; nothing for what is none."""
    bodies = _Bodies(session)
    own = islice(bodies.within(subject=Iri(claim), predicate=_BODY), most)
    triples = [triple for body in own if (triple := bodies.triple(body[2])) is not None]
    evidence = _claims(session, {claim} if triples else ()).get(claim)
    modality = (evidence.modality if evidence else None) or "outside"
    if evidence is not None and evidence.modality is None and evidence.page is not None:
        modality = "stated"  # A mention: the page names the thing.
    ordered = sorted(triples, key=lambda t: tuple(map(str, t)))
    return [Statement(s, p, o, claim, modality) for s, p, o in ordered], evidence


class _Bodies:
    """The records of statements (`rdf:Statement`) in the graph of claims."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._graph = session.snapshot.names.graph("so2/claims")
        self._near: dict[tuple[Iri, Term], list[Term] | None] = {}
        self._left = _READ

    def within(
        self, subject: Term | None = None, predicate: Iri | None = None, obj: Term | None = None
    ) -> Iterator[tuple[Term, Iri, Term]]:
        found = self._session.about(subject=subject, predicate=predicate, obj=obj)
        return ((s, p, o) for s, p, o, graph in found if str(graph) == self._graph)

    def triple(self, body: Term) -> Triple | None:
        """The statement that a record is of."""
        parts = {p.value: o for _, p, o in islice(self.within(subject=body), 20)}
        subject, predicate, obj = (parts.get(name.value) for name in (_SUBJECT, _PREDICATE, _OBJECT))
        return None if subject is None or predicate is None or obj is None else (subject, str(predicate), obj)

    def claims(self, triple: Triple) -> list[str]:
        """The claims whose record says the same."""
        subject, predicate, obj = triple
        if isinstance(subject, Blank) or isinstance(obj, Blank):
            return []
        from_subject = self._at(_SUBJECT, subject)
        from_object = self._at(_OBJECT, obj) if from_subject is None or len(from_subject) > 1 else None
        ends = [set(end) for end in (from_subject, from_object) if end is not None]
        candidates = sorted(set.intersection(*ends), key=str) if ends else []
        same = [body for body in candidates if self.triple(body) == (subject, predicate, obj)]
        return [str(claim) for body in same for claim, _, _ in self.within(predicate=_BODY, obj=body)]

    def _at(self, predicate: Iri, term: Term) -> list[Term] | None:
        """The records with a term at one end; None where they are more than are looked at."""
        key = predicate, term
        if key not in self._near:
            most = min(_LOOKED_AT + 1, self._left)
            found = [body for body, _, _ in islice(self.within(predicate=predicate, obj=term), most)]
            self._left -= len(found)
            self._near[key] = found if len(found) <= _LOOKED_AT else None
        return self._near[key]


def _claims(session: Session, claims: Iterable[str]) -> dict[str, Evidence]:
    graph = Iri(session.snapshot.names.graph("so2/claims"))
    wanted, rows = sorted(claims), defaultdict[str, list[Row]](list)
    for start in range(0, len(wanted), _BATCH):
        values = " ".join(Iri(claim).n3 for claim in wanted[start : start + _BATCH])
        for row in session.select(_CLAIMS.format(values), claims=graph):
            rows[str(row["claim"])].append(row)
    return {claim: _one(claim, of_claim) for claim, of_claim in rows.items()}


def _one(claim: str, rows: list[Row]) -> Evidence:
    def tagged(name: str) -> dict[str, str]:
        return {t.language or "": t.value for t in (row[name] for row in rows) if isinstance(t, Literal)}

    def text(name: str) -> str | None:
        return None if rows[0][name] is None else str(rows[0][name])

    years = {int(str(row["year"])) for row in rows if row["year"] is not None and str(row["year"]).isdecimal()}
    start, end, modality = text("start"), text("end"), text("modality")
    return Evidence(
        claim=claim,
        identifier=str(rows[0]["id"]),
        modality=None if modality is None else modality.rpartition("#")[2],
        page=text("page"),
        quote=text("exact"),
        start=None if start is None else int(start),
        end=None if end is None else int(end),
        source=text("source"),
        years=tuple(sorted(years)),
        time=tagged("time"),
        note=tagged("note"),
    )
