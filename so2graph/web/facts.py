"""Puts the statements about a thing in words: grouped by relation, each with its certainty and what it rests on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import current_app

from so2graph.publish.entity import CERTAINTIES, Entity, Relation, Statement
from so2graph.publish.evidence import Evidence, Triple, triple_of
from so2graph.publish.passages import Passage, Source, Sources
from so2graph.vocab import DCTERMS, RDF, RDFS, SKOS, Iri, Literal, Term
from so2graph.web.site import Site
from so2graph.web.words import known, say

__all__ = ["Fact", "Ground", "Group", "Terms", "chosen", "elsewhere", "grounds", "in_words", "read_along"]

_ORG = "http://www.w3.org/ns/org#"
_OWL = "http://www.w3.org/2002/07/owl#"
_SILENT = frozenset(
    (
        RDF + "type",
        RDFS + "label",
        SKOS + "prefLabel",
        SKOS + "note",
        DCTERMS + "identifier",
        "http://xmlns.com/foaf/0.1/name",
        # A membership says again, with a role, what a direct statement says.
        _ORG + "member",
        _ORG + "organization",
    )
)
"""What the head of the page says already."""
_ELSEWHERE = frozenset(
    (
        *(SKOS + name for name in ("exactMatch", "closeMatch", "relatedMatch", "broadMatch", "narrowMatch")),
        _OWL + "sameAs",
        RDFS + "seeAlso",
        "http://www.w3.org/ns/prov#hadPrimarySource",
        "https://schema.org/sameAs",
        "http://xmlns.com/foaf/0.1/page",
    )
)
"""Relations that lead to what others say of the thing."""


_WEB = re.compile(r"^https?://(?:www\.)?")


@dataclass(frozen=True)
class Ground:
    """What a fact rests on: its claim, with the words in their sentence where the page is here.

    `href` leads to the words in the page itself; `source` is an address outside.
    """

    evidence: Evidence
    passage: Passage | None
    language: str | None
    href: str | None


@dataclass(frozen=True)
class Fact:
    """What is said, in all graphs that say it: how certain it is, the most certain first, and what it rests on.

    `end` is what the statement says of the thing of the page; `thing` is its IRI where it is no term or text.
    """

    statement: Statement
    end: Term
    thing: str | None
    certainties: tuple[str, ...]
    grounds: tuple[Ground, ...]

    @property
    def certainty(self) -> str:
        return self.certainties[0]


@dataclass(frozen=True)
class Group:
    """The facts with one relation, in its words; `count` of all, at least so many where it is not `exact`."""

    relation: Relation
    words: str
    facts: tuple[Fact, ...]
    count: int
    exact: bool

    @property
    def things(self) -> tuple[Fact, ...]:
        """The facts whose other end is a thing."""
        return tuple(fact for fact in self.facts if fact.thing is not None)

    @property
    def certainty(self) -> str:
        return min((fact.certainty for fact in self.facts), key=CERTAINTIES.index)


class Terms:
    """The words for the terms of a page, in the language of its reader."""

    def __init__(self, here: Site, labels: Mapping[str, str]) -> None:
        self._here, self._labels = here, labels

    def name(self, iri: str) -> str:
        """What a thing is called; where it has no name, or an empty one, its IRI in short."""
        found = self._labels.get(iri, "").strip()
        if found and found != iri:
            return found
        short = self._here.session.prefixes.compact(iri)
        base = self._here.session.snapshot.names.base
        if short != iri:
            return short
        return iri.removeprefix(base).removeprefix("id/") if iri.startswith(base) else _WEB.sub("", iri) or iri

    def thing(self, term: Term) -> str | None:
        """The IRI of a thing; None for a text, and for a term of the vocabulary."""
        own = self._here.session.snapshot.names.term("")
        return term.value if isinstance(term, Iri) and not term.value.startswith(own) else None

    def relation(self, predicate: str, forward: bool) -> str:
        """A relation as read from the thing: turned round where the thing is its object."""
        if forward:
            return self.name(predicate)
        turned = self._known(f"entity.in.{self._here.session.prefixes.compact(predicate)}")
        return turned or self._here.say("entity.turned", relation=self.name(predicate))

    def value(self, term: Term) -> str:
        """A term in words: a name, a year, a duration, or the text itself."""
        if isinstance(term, Iri):
            return self.name(term.value)
        if isinstance(term, Literal) and term.datatype.endswith("#duration"):
            return self._known(f"entity.every.{term.value}") or term.value
        return str(term)

    def _known(self, key: str) -> str | None:
        return say(key, self._here.language) if known(key) else None

    def certainty(self, name: str) -> str:
        """The word for a certainty."""
        iri = self._here.session.snapshot.names.term(name)
        label = self._labels.get(iri, "")
        # A dataset may come without the vocabulary.
        return label if label and label != self._here.session.prefixes.compact(iri) else self._certainty(name)

    def _certainty(self, name: str) -> str:
        return self._here.say(f"entity.certainty.{name}")


def elsewhere(relation: Relation, base: str) -> bool:
    """Whether a relation leads to what others say of the thing."""
    ends = (s.object for s in relation.statements)
    return (
        relation.forward and relation.predicate in _ELSEWHERE and any(not str(end).startswith(base) for end in ends)
    )


def chosen(entity: Entity, language: str, most: int) -> list[tuple[Relation, list[list[Statement]], int]]:
    """The relations that a page shows: for each the first `most` facts, and how many there are.

    A fact is all statements of the same triple. Of a text in several languages it shows that of the reader.
    """
    found = []
    for relation in entity.relations:
        if relation.predicate in _SILENT:
            continue
        facts: dict[Triple, list[Statement]] = {}
        for statement in _readable(relation.statements, language):
            if str(statement.object).startswith(f"{entity.iri}#"):
                continue  # A part of it, such as its checksum, has no page of its own.
            facts.setdefault(triple_of(statement), []).append(statement)
        # What was not read has not been put into its language either: it is all counted.
        all_read = relation.exact and relation.count <= len(relation.statements)
        count = len(facts) if all_read else relation.count
        if facts:
            found.append((relation, list(facts.values())[:most], count))
    return found


def _readable(statements: Iterable[Statement], language: str) -> list[Statement]:
    rows = list(statements)
    written = {(s.subject, s.graph) for s in rows if isinstance(s.object, Literal) and s.object.language == language}
    return [
        s
        for s in rows
        if not isinstance(s.object, Literal)
        or s.object.language in (None, language)
        or (s.subject, s.graph) not in written
    ]


def in_words(
    terms: Terms,
    shown: Iterable[tuple[Relation, list[list[Statement]], int]],
    evidence: Mapping[Triple, Iterable[Ground]],
) -> list[Group]:
    """The groups in their order: the most certain first, then by their words; facts the same, by name."""
    groups = []
    for relation, rows, count in shown:
        facts = [_fact(terms, relation, statements, evidence) for statements in rows]
        facts.sort(key=lambda fact: (CERTAINTIES.index(fact.certainty), terms.value(fact.end).casefold()))
        words = terms.relation(relation.predicate, relation.forward)
        groups.append(Group(relation, words, tuple(facts), count, relation.exact))
    return sorted(groups, key=lambda g: (CERTAINTIES.index(g.certainty), not g.relation.forward, g.words.casefold()))


def _fact(
    terms: Terms, relation: Relation, statements: list[Statement], evidence: Mapping[Triple, Iterable[Ground]]
) -> Fact:
    first = statements[0]
    end = first.object if relation.forward else first.subject
    certainties = sorted({s.modality for s in statements}, key=CERTAINTIES.index)
    return Fact(first, end, terms.thing(end), tuple(certainties), tuple(evidence.get(triple_of(first), ())))


def grounds(here: Site, sources: Sources, evidence: Iterable[Evidence]) -> list[Ground]:
    """Claims as a page shows them."""
    return [_ground(here, sources, one) for one in evidence]


def _ground(here: Site, sources: Sources, evidence: Evidence) -> Ground:
    source = None if evidence.page is None else sources.get(evidence.page)
    if source is None or evidence.start is None or evidence.end is None:
        return Ground(evidence, None, None, None)
    hidden = here.say("entity.hidden")
    found = source.passage(evidence.start, evidence.end, evidence.quote, hidden)
    return Ground(evidence, found, source.language, read_along(here, source, evidence.identifier))


def read_along(here: Site, source: Source, place: str = "") -> str | None:
    """Where a source can be read along, at the place of a claim; None where no page of ours does that."""
    local = f"source/{source.name}"
    if "source" not in current_app.blueprints or not here.offers(local):
        return None
    return here.path(f"{local}#{place}" if place else local)
