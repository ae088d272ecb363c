"""The page about a thing: its statements in the reader's language, how certain they are and what they rest on."""

from __future__ import annotations

from itertools import groupby

from flask import Response

from so2graph.formats import HTML, Format
from so2graph.publish.entity import Entity, Statement
from so2graph.vocab import DCTERMS, MODALITIES, RDF, RDFS, SKOS, Iri, Literal, Term
from so2graph.web.linking import Document, Link
from so2graph.web.profiles import PROFILES, Profile
from so2graph.web.site import Cell, Site

__all__ = ["entity_page"]

ORG = "http://www.w3.org/ns/org#"
_SHOWN_ELSEWHERE = frozenset(
    (
        RDF + "type",
        RDFS + "label",
        SKOS + "prefLabel",
        SKOS + "note",
        DCTERMS + "identifier",
        "http://xmlns.com/foaf/0.1/name",
        ORG + "member",
        ORG + "organization",
    )
)


def entity_page(here: Site, entity: Entity, document: Document, links: list[Link], data: bytes) -> Response:
    """The page, with its links in the head and the thing in schema.org as a block of data."""
    names = here.session.snapshot.names
    modalities = {names.term(s.modality) for s in entity.statements if s.modality}
    labels = here.session.labels(entity.iris | modalities, here.language)
    linked = (*entity.outgoing, *entity.incoming)
    written = {_of(s) for s in linked if isinstance(s.object, Literal) and s.object.language == here.language}
    linked = tuple(s for s in linked if _readable(s, written, here.language))
    said = [s for s in linked if s.modality and _worth(s)]
    mentions = sorted({e.quote for s in linked for e in s.evidence if e.identifier.startswith("M-") and e.quote})
    outside = [s for s in linked if not s.modality and s.graph not in _own(here) and _worth(s)]
    notes = [
        s.object.value
        for s in entity.outgoing
        if s.predicate == SKOS + "note" and isinstance(s.object, Literal) and s.object.language == here.language
    ]

    def cell(term: Term) -> Cell:
        if isinstance(term, Iri):
            return Cell(
                labels[term.value], None if term.value == entity.iri else here.href(term.value), iri=term.value
            )
        return Cell(str(term), language=term.language if isinstance(term, Literal) else None)

    own = [iri for iri in entity.types if iri.startswith(names.base)]
    types = [Cell(labels[iri], here.href(iri)) for iri in own or entity.types]
    return here.page(
        "entity.html",
        entity=entity,
        labels=labels,
        said=_merge(said),
        outside=_merge(outside),
        notes=notes,
        record=_merge(list(entity.record)),
        mentions=mentions,
        types=types,
        cell=cell,
        modality=lambda m: labels[names.term(m)],
        links=here.shown(links),
        profiles=[(p, places) for p in PROFILES if (places := _places(here, document, p))],
        linked_data=_data_block(data),
    )


def _own(here: Site) -> set[str]:
    """The graphs whose statements the head of the page shows."""
    names = here.session.snapshot.names
    return {names.graph("so2/persons"), names.graph("so2/editorial")}


def _places(here: Site, document: Document, profile: Profile) -> list[tuple[Format, str]]:
    """The formats of a profile, each with the path to it."""
    root = here.url()
    found = [(f, document.address(profile, f)) for f in profile.formats if (profile, f) != (PROFILES[0], HTML)]
    return [(fmt, here.local(address)) for fmt, address in found if here.offers(address.removeprefix(root))]


def _data_block(document: bytes) -> str:
    """JSON-LD, safe inside an element of HTML: no tag can begin or end in it."""
    return document.decode().replace("<", "\\u003c")


def _worth(statement: Statement) -> bool:
    """Whether a statement says more than the head of the page already does.

    A membership says again, with a role, what a direct statement says.
    """
    return statement.predicate not in _SHOWN_ELSEWHERE


def _of(statement: Statement) -> tuple[Term, str, str]:
    """What a text is the text of."""
    return statement.subject, statement.predicate, statement.graph


def _readable(statement: Statement, written: set[tuple[Term, str, str]], language: str) -> bool:
    """Whether a text is in the reader's language, or stands in no other: `written` has what is in that language."""
    text = statement.object
    return not isinstance(text, Literal) or text.language in (None, language) or _of(statement) not in written


def _merge(statements: list[Statement]) -> list[tuple[Statement, list[Statement]]]:
    """Statements that share subject, property, modality and evidence, as one line with several objects.

    The most certain come first; then the order of the query.
    """
    statements = sorted(statements, key=lambda s: MODALITIES.index(s.modality) if s.modality else 0)

    def key(s: Statement) -> tuple[str, str, str | None, tuple[str, ...]]:
        return str(s.subject), s.predicate, s.modality, tuple(e.identifier for e in s.evidence)

    return [(group[0], group) for _, rows in groupby(statements, key) if (group := list(rows))]
