"""Says what would have matched instead of a part of a query that matches nothing: other names, graphs, directions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

from so2graph.engine.access import Session
from so2graph.engine.guard import Prologue
from so2graph.engine.patterns import Part
from so2graph.engine.scanner import Token, scan
from so2graph.errors import QueryMemory, QueryTimeout, QueryTooLarge
from so2graph.publish.completion import Completion, Entry, labels_of
from so2graph.publish.explain import Asking, Explanation
from so2graph.vocab import RDF, Iri, Literal

__all__ = ["Hint", "Offer", "absent", "hints", "names_in"]

_TYPE = RDF + "type"
_OFFERED = 5
Terms = tuple[str, str, str]
"""Subject, predicate and object of a triple, as the query writes them."""


@dataclass(frozen=True)
class Offer:
    """Something to write instead: `text` as a query has it, its labels by language, and how often it stands there."""

    text: str
    label: dict[str, str]
    count: int | None = None

    @classmethod
    def of(cls, entry: Entry, count: int | None = None) -> Offer:
        text = entry.name if entry.name != entry.iri else f"<{entry.iri}>"
        return cls(text, dict(entry.label), entry.count if count is None else count)


@dataclass(frozen=True)
class Hint:
    """One thing to know of `about`, a term or part as the query has it.

    `kind` is `absent` (it stands nowhere in this graph), `near` (these come close), `graphs` (the pattern matches in
    these named graphs), `facts` (it matches outside GRAPH), `reversed` (it matches the other way round), `texts` (the
    text is there with another tag or other capitals), `class-has` (what instances of the class have instead),
    `used-by` (the classes whose instances have the property) or `has` (what the thing itself has).
    """

    kind: str
    about: str
    offers: tuple[Offer, ...] = ()
    total: int | None = None
    """Instances of the class, of `class-has`."""


def names_in(text: str, prologue: str, session: Session) -> list[tuple[Token, str]]:
    """The IRIs and prefixed names in a part of a query, each with its absolute IRI."""
    reader = Prologue.of(prologue, session.prefixes, session.snapshot.names.base)
    return [(token, reader.absolute(token)) for token in scan(text) if token.kind in ("iri", "name")]


def absent(session: Session, iri: str) -> bool:
    """Whether no graph that is shown to the caller has an IRI in it, in any place, or as its name."""
    node = Iri(iri)
    quads = chain(session.about(node), session.about(predicate=node), session.about(obj=node))
    return next(quads, None) is None and iri not in session.snapshot.names.derived | session.shown


def hints(explanation: Explanation, session: Session, completion: Completion, asking: Asking) -> list[Hint]:
    """What there is to know of the culprits, the most telling first; as much of it as there is time for."""
    found: list[Hint] = []
    with suppress(QueryTimeout, QueryMemory, QueryTooLarge):
        for hint in _Finder(explanation, session, completion, asking).all():
            if hint not in found:
                found.append(hint)
    return found


@dataclass(frozen=True)
class _Finder:
    explanation: Explanation
    session: Session
    completion: Completion
    asking: Asking

    def all(self) -> Iterator[Hint]:
        triples = [(part, part.terms) for part in self.explanation.culprits if part.terms is not None]
        for _, terms in triples:
            yield from self.names(terms)
        if self.explanation.kind == "pattern":
            for head in self.explanation.around:
                yield from self.graph(head)
            for part, terms in triples:
                yield from self.elsewhere(part, terms)
                yield from self.texts(terms)
        for _, terms in triples:
            if self.explanation.kind in ("pattern", "combination"):
                yield from self.instead(terms)

    def iri(self, text: str) -> str | None:
        """The IRI that a term of the query is; None for anything else."""
        if text == "a":
            return _TYPE
        found = names_in(text, self.explanation.query.prologue, self.session)
        return found[0][1] if len(found) == 1 and found[0][0].text == text else None

    def entries(self, predicate: str, place: int) -> Iterable[Entry]:
        """The names that could stand where an IRI stands: 0 is the subject, 1 the predicate, 2 the object."""
        if place == 1:
            return self.completion.properties
        if place == 2 and predicate == _TYPE:
            return self.completion.classes
        return self.completion.things or ()

    def names(self, terms: Terms) -> Iterator[Hint]:
        """Names that are nowhere in the data, or not in this place, with those that come close."""
        predicate = self.iri(terms[1]) or ""
        for place, text in enumerate(terms):
            for token, iri in names_in(text, self.explanation.query.prologue, self.session):
                known = {entry.iri: entry for entry in self.entries(predicate, place)}
                entry = known.get(iri)
                used = entry.everywhere if entry is not None and place != 0 else None
                gone = absent(self.session, iri)
                if gone or used == 0:
                    near = self.completion.near(token.text.strip("<>"), known.values())
                    offers = tuple(Offer.of(other) for other in near if other.iri != iri)
                    if gone:
                        yield Hint("absent", token.text, offers)
                    elif offers:
                        yield Hint("near", token.text, offers)

    def graph(self, head: str) -> Iterator[Hint]:
        """A graph that is not there."""
        for token, iri in names_in(head.removeprefix(head.split()[0]), self.explanation.query.prologue, self.session):
            if absent(self.session, iri):
                near = self.completion.near(token.text.strip("<>"), self.completion.graphs)
                yield Hint("absent", token.text, tuple(map(Offer.of, near)))

    def elsewhere(self, part: Part, terms: Terms) -> Iterator[Hint]:
        """The same pattern in other graphs, and the other way round."""
        query, (subject, predicate, obj) = self.explanation.query, terms
        if not self.explanation.around and not query.dataset:
            rows = self.asking.rows(query.selecting(["editor_graph"], f"GRAPH ?editor_graph {{ {part.text} }}", 10))
            graphs = {entry.iri: entry for entry in self.completion.graphs}
            found = [graphs[iri] for row in rows if (iri := str(row["editor_graph"])) in graphs]
            if found:
                yield Hint("graphs", part.text, tuple(map(Offer.of, found[:_OFFERED])))
        elif self.explanation.around and self.asking.holds(query.asking(part.text)):
            yield Hint("facts", part.text)
        if self.iri(predicate) not in (None, _TYPE) and not _is_text(obj):
            turned = f"{obj} {predicate} {subject} ."
            body = " ".join([*(f"{head} {{" for head in self.explanation.around), turned])
            if self.asking.holds(query.asking(body + " }" * len(self.explanation.around))):
                yield Hint("reversed", part.text, (Offer(turned, {}),))

    def texts(self, terms: Terms) -> Iterator[Hint]:
        """The text with another language tag, another datatype or other capitals."""
        subject, predicate, obj = terms
        if not _is_text(obj):
            return
        literal = next(scan(obj)).text
        body = f"{subject} {predicate} ?editor_text FILTER(LCASE(STR(?editor_text)) = LCASE({literal}))"
        rows = self.asking.rows(self.explanation.query.selecting(["editor_text"], body, 3))
        texts = [term.n3 for row in rows if isinstance(term := row["editor_text"], Literal)]
        if texts:
            yield Hint("texts", obj, tuple(Offer(text, {}) for text in texts))

    def instead(self, terms: Terms) -> Iterator[Hint]:
        """What the subject has instead: by its class where the query says one, else by what is known of it."""
        subject, predicate, _ = terms
        iri = self.iri(subject)
        if iri is not None:
            if not absent(self.session, iri):
                yield Hint("has", subject, tuple(self.properties_of(iri)))
            return
        if self.iri(predicate) == _TYPE:
            return
        for other in self.explanation.beside:
            if other.terms is None or other.terms[0] != subject or self.iri(other.terms[1]) != _TYPE:
                continue
            of = next((entry for entry in self.completion.classes if entry.iri == self.iri(other.terms[2])), None)
            if of is not None and of.count:
                yield from self.used_by(predicate)
                yield Hint("class-has", other.terms[2], tuple(self.of_class(of, predicate)), of.count)

    def used_by(self, predicate: str) -> Iterator[Hint]:
        """The classes whose instances have the property, the most common first."""
        iri = self.iri(predicate)
        classes = next((entry.classes for entry in self.completion.properties if entry.iri == iri), {})
        by_name = {entry.name: entry for entry in self.completion.classes}
        offers = [Offer.of(by_name[name], count) for name, count in classes.items() if name in by_name]
        if offers:
            yield Hint("used-by", predicate, tuple(offers[:_OFFERED]))

    def of_class(self, of: Entry, predicate: str) -> Iterator[Offer]:
        """The properties that instances of a class have: those whose names come close, then the most common."""
        having = [entry for entry in self.completion.properties if of.name in entry.classes and entry.iri != _TYPE]
        having.sort(key=lambda entry: (-entry.classes[of.name], entry.name))
        near = self.completion.near(predicate.strip("<>"), having)
        for entry in [*near, *(entry for entry in having if entry not in near)][:_OFFERED]:
            yield Offer.of(entry, entry.classes[of.name])

    def properties_of(self, iri: str) -> Iterator[Offer]:
        """The properties that the facts about a thing have."""
        facts = self.session.factual
        found = {
            quad[1].value: None for quad in self.session.about(Iri(iri)) if quad[3] is None or quad[3].value in facts
        }
        said = labels_of(self.session, list(found)[:50])
        for name in list(said)[: _OFFERED + 3]:
            yield Offer.of(Entry(name, self.session.prefixes.compact(name), said[name]["label"]))


def _is_text(term: str) -> bool:
    return term.startswith(('"', "'"))
