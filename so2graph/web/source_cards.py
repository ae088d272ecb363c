"""What rests on a source document, as its page shows it: sentences with links, certainty, notes and Turtle."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from so2graph.engine.lookup import shorten
from so2graph.engine.store import serialize_quads
from so2graph.formats import GRAPH_FORMATS, Format, by_name
from so2graph.publish.source import Attestation, Triple
from so2graph.vocab import RDF, RDFS, SKOS, Iri, Literal, Term
from so2graph.web.site import Cell, Site

__all__ = ["Card", "Sentence", "cards_of", "names_of"]

_ORG = "http://www.w3.org/ns/org#"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-|$)")
_SHOWN = 24
"""Letters of a number that the page shows."""
_DETAIL = frozenset((_ORG + "member", _ORG + "organization", _ORG + "role"))
"""Parts of a membership, which says again with a role what a direct statement says."""
_NAMES = (RDFS + "label", SKOS + "prefLabel", SKOS + "altLabel", "http://xmlns.com/foaf/0.1/name")


@dataclass(frozen=True)
class Sentence:
    """Statements with one subject and property, as words."""

    subject: Cell
    predicate: Cell
    objects: tuple[Cell, ...]


@dataclass(frozen=True)
class Card:
    """A claim beside the text; `sentences` is empty where they would show an e-mail address."""

    anchor: str
    identifier: str
    start: int
    end: int
    modality: str
    label: str
    sentences: tuple[Sentence, ...]
    note: str
    time: str
    turtle: str
    href: str | None


def cards_of(here: Site, claims: tuple[Attestation, ...]) -> dict[str, Card]:
    """A card for each claim, by its anchor, in their order."""
    names = here.session.snapshot.names
    terms = {str(term) for claim in claims for triple in claim.triples for term in triple if isinstance(term, Iri)}
    terms |= {names.term(claim.modality) for claim in claims if claim.modality}
    labels = here.session.labels(terms, here.language)
    return {claim.anchor: _card(here, claim, labels) for claim in claims}


def _card(here: Site, claim: Attestation, labels: dict[str, str]) -> Card:
    term = here.session.snapshot.names.term
    start, end = claim.places[0] if claim.places else (0, 0)
    return Card(
        anchor=claim.anchor,
        identifier=shorten(claim.identifier, _SHOWN),
        start=start,
        end=end,
        modality=claim.modality or "none",
        label=labels[term(claim.modality)] if claim.modality else here.say("source.unsaid"),
        sentences=tuple(_sentences(here, claim.triples, labels)),
        note=_in(claim.note, here.language),
        time=_in(claim.time, here.language) or ", ".join(claim.years),
        turtle=_turtle(here, claim),
        href=here.href(claim.iri),
    )


def _in(texts: object, language: str) -> str:
    """A text in the reader's language, else in none, else in another."""
    if not isinstance(texts, dict) or not texts:
        return ""
    return str(texts.get(language) or texts.get("") or texts[sorted(texts)[0]])


def _sentences(here: Site, triples: Iterable[Triple], labels: dict[str, str]) -> list[Sentence]:
    """The statements in words, those with the same beginning together."""
    worth = [t for t in triples if t[1].value not in _DETAIL and t[2] != Iri(_ORG + "Membership")] or list(triples)

    def cell(term: Term) -> Cell:
        if isinstance(term, Iri):
            return Cell(labels[term.value], here.href(term.value), iri=term.value)
        return Cell(str(term), language=_spoken(term) if isinstance(term, Literal) else None)

    grouped: dict[tuple[Term, Iri], dict[Term, None]] = {}
    for subject, predicate, obj in worth:
        grouped.setdefault((subject, predicate), {})[obj] = None
    return [
        Sentence(cell(subject), cell(predicate), tuple(map(cell, objects)))
        for (subject, predicate), objects in grouped.items()
    ]


def _spoken(text: Literal) -> str | None:
    """The language of a text where its tag names one (ISO 639): a private tag tells a browser nothing."""
    return text.language if text.language and _LANGUAGE.match(text.language) else None


def _turtle(here: Site, claim: Attestation) -> str:
    """The statements of a claim as Turtle, by themselves."""
    quads = [(subject, predicate, obj, None) for subject, predicate, obj in claim.triples]
    return serialize_quads(quads, _format("turtle"), here.session.prefixes).decode().strip() if quads else ""


def _format(name: str) -> Format:
    found = by_name(name, GRAPH_FORMATS)
    assert found is not None  # noqa: S101  # a format of our own
    return found


def names_of(here: Site, mentions: tuple[Attestation, ...]) -> list[tuple[Cell, str]]:
    """What the text names, with the anchor of the place, by name."""
    things = {one.anchor: _thing(one) for one in mentions}
    labels = here.session.labels((thing for thing in things.values() if thing), here.language)
    found = [(Cell(labels[iri], here.href(iri), iri=iri), anchor) for anchor, iri in things.items() if iri]
    return sorted(found, key=lambda row: (row[0].text.casefold(), row[1]))


def _thing(mention: Attestation) -> str | None:
    """What a mention names."""
    subjects = [s for s, p, _ in mention.triples if isinstance(s, Iri) and p.value in (*_NAMES, RDF + "type")]
    return subjects[0].value if subjects else None
