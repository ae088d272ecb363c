"""Reads from the graph what there is to search: things, their names, and the places, themes, years and modalities."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from so2graph.engine.access import Session
from so2graph.network.reading import Words, most_specific, superclasses, words
from so2graph.publish.neighbours import modalities
from so2graph.publish.search_terms import (
    ABOUT,
    ANNOTATION,
    CONTAINED,
    DATED,
    EQUAL,
    HELPERS,
    NAMES,
    NOTES,
    OTHER_NAMES,
    OUR_PLACES,
    PLACES,
    SPATIAL,
    TERMS,
    YEAR,
)
from so2graph.vocab import DEFAULT_GRAPH, MODALITIES, RDF, SKOS, Iri, Literal, Term, mask_addresses

__all__ = ["FACETS", "GROUPS", "Gathered", "Name", "Thing", "Value", "gather"]

GROUPS = ("things", "places", "themes", "terms")
"""Under which heading a thing of the graph is found; its number is the place in this row."""
FACETS = ("type", "place", "theme", "year", "modality")
_MENTIONS = """
SELECT DISTINCT ?x ?exact WHERE { GRAPH ?_claims {
  ?mention a so2:Mention ; oa:hasBody/rdf:subject ?x ; oa:hasTarget/oa:hasSelector/oa:exact ?exact } }
"""
_CLAIMED = """
SELECT DISTINCT ?x ?year WHERE { GRAPH ?_claims { ?c so2:validYear ?year ; oa:hasBody/rdf:subject ?x } }
"""
_CONTEXT = 180
_NAME_LENGTH = 1000


@dataclass(frozen=True, order=True)
class Name:
    """A name by which a thing is found: `rank` 0 is what it is called here, then other names, then mentions."""

    rank: int
    text: str
    language: str = ""


@dataclass(frozen=True)
class Thing:
    """A thing as a list shows it; texts are by language (nl, en), each with the language that it is in."""

    iri: str
    group: int
    kind: str
    labels: Mapping[str, tuple[str, str]]
    notes: Mapping[str, str]
    names: tuple[Name, ...]
    degree: int
    values: Mapping[str, tuple[str, ...]]
    """By facet what holds of it: IRIs of classes, places and themes, years, names of modalities."""


@dataclass(frozen=True)
class Value:
    """What a facet can be: its IRI or text, and words for it in both languages."""

    key: str
    nl: str
    en: str


@dataclass(frozen=True)
class Gathered:
    """All there is to search. `cut` says that names were left out since there are more than may be kept."""

    things: tuple[Thing, ...]
    values: Mapping[str, Mapping[str, Value]]
    cut: bool


@dataclass
class _Known:
    """What the graphs say of one IRI, while they are read."""

    types: set[str] = field(default_factory=set)
    names: set[Name] = field(default_factory=set)
    notes: dict[str, tuple[int, str]] = field(default_factory=dict)
    places: set[str] = field(default_factory=set)
    themes: set[str] = field(default_factory=set)
    years: set[str] = field(default_factory=set)
    modalities: int = 0
    degree: int = 0
    term: bool = False
    """Whether the vocabulary speaks of it."""
    told: bool = False
    """Whether a graph about the world does."""


class _Reader:
    """Goes over the graphs once for types and once for all else."""

    def __init__(self, session: Session) -> None:
        self._session, names = session, session.snapshot.names
        self._vocabulary, self._claims = names.graph("vocabulary"), names.graph("so2/claims")
        self._world = sorted(session.world)
        self._modality = {
            graph: MODALITIES.index(local)
            for graph, iri in modalities(session).items()
            if (local := iri.value.rpartition("#")[2]) in MODALITIES
        }
        self.above = superclasses(session)
        self.known: dict[str, _Known] = defaultdict(_Known)
        self._within: dict[str, set[str]] = defaultdict(set)
        self._equal: dict[str, set[str]] = defaultdict(set)
        ours = {names.term(local) for local in OUR_PLACES}
        self._place_classes = PLACES | ours | {c for c, above in self.above.items() if above & (PLACES | ours)}
        theme = {names.term("Theme")}
        self._theme_classes = theme | {c for c, above in self.above.items() if above & theme}
        self.places: set[str] = set()
        self.themes: set[str] = set()

    def read(self) -> None:
        """Fills `known`, `places` and `themes`."""
        self._types()
        self._reached()
        for graph in self._world:
            bit = 1 << self._modality[graph] if graph in self._modality else 0
            for subject, predicate, obj, _ in self._session.snapshot.quads([graph]):
                if isinstance(subject, Iri):
                    self._take(subject.value, predicate.value, obj, bit)
        if self._vocabulary in self._session.shown:
            for subject, predicate, obj, _ in self._session.snapshot.quads([self._vocabulary]):
                if isinstance(subject, Iri) and isinstance(obj, Literal):
                    known = self.known[subject.value]
                    known.term |= not known.told
                    self._words(known, predicate.value, obj)
        if self._claims in self._session.shown:
            self._attested()

    def _types(self) -> None:
        graphs = {*self._world, self._vocabulary}
        for subject, _, obj, graph in self._session.about(predicate=Iri(RDF + "type")):
            stands_in = _graph_of(graph)
            if isinstance(subject, Iri) and isinstance(obj, Iri) and stands_in in graphs:
                known = self.known[subject.value]
                known.types.add(obj.value)
                known.term |= stands_in == self._vocabulary
                known.told |= stands_in != self._vocabulary
        self.places = {iri for iri, known in self.known.items() if known.types & self._place_classes}
        self.themes = {iri for iri, known in self.known.items() if self._is_theme(known)} - self.places

    def _reached(self) -> None:
        """Takes for places and themes what a property of that meaning leads to, where nobody says what it is."""
        world = frozenset(self._world)
        for predicates, found in ((SPATIAL, self.places), (ABOUT, self.themes)):
            for name in predicates:
                for _, _, obj, graph in self._session.about(predicate=Iri(name)):
                    if isinstance(obj, Iri) and obj.value not in self.known and _graph_of(graph) in world:
                        found.add(obj.value)

    def _is_theme(self, known: _Known) -> bool:
        """Roles and modalities are concepts of the vocabulary, and no themes."""
        return bool(known.types & self._theme_classes) or (SKOS + "Concept" in known.types and not known.term)

    def _take(self, subject: str, predicate: str, obj: Term, bit: int) -> None:
        known = self.known[subject]
        known.told = True
        known.modalities |= bit
        if isinstance(obj, Literal):
            self._words(known, predicate, obj)
            if obj.datatype in DATED and (match := YEAR.match(obj.value)):
                known.years.add(match[0])
            return
        if not isinstance(obj, Iri) or obj.value == subject or predicate == RDF + "type":
            return
        if predicate in EQUAL:
            self._equal[subject].add(obj.value)
            return
        known.degree += 1
        other = self.known.get(obj.value)
        if other is not None:
            other.degree += 1
            other.modalities |= bit
        if predicate in CONTAINED:
            self._within[subject].add(obj.value)
        if predicate.startswith(SKOS):
            return
        if obj.value in self.places:
            known.places.add(obj.value)
        elif obj.value in self.themes:
            known.themes.add(obj.value)

    @staticmethod
    def _words(known: _Known, predicate: str, text: Literal) -> None:
        rank = NAMES.get(predicate)
        language = (text.language or "").lower()
        if rank is not None and text.value.strip():
            known.names.add(Name(rank, mask_addresses(" ".join(text.value.split()))[:_NAME_LENGTH], language))
        elif predicate in NOTES and text.value.strip():
            short = language.partition("-")[0]
            candidate = (NOTES.index(predicate), mask_addresses(" ".join(text.value.split())))
            if candidate < known.notes.get(short, (99, "")):
                known.notes[short] = candidate

    def _attested(self) -> None:
        """The words by which the source mentions a thing, and the years of claims about it."""
        claims = Iri(self._claims)
        for row in self._session.select(_MENTIONS, claims=claims):
            if str(row["x"]) in self.known:
                text = mask_addresses(" ".join(str(row["exact"]).split()))[:_NAME_LENGTH]
                self.known[str(row["x"])].names.add(Name(len(NAMES), text, "nl"))
        for row in self._session.select(_CLAIMED, claims=claims):
            if str(row["x"]) in self.known and (match := YEAR.match(str(row["year"]))):
                self.known[str(row["x"])].years.add(match[0])

    def around(self, place: str) -> set[str]:
        """The places that contain a place, step by step, also by way of a place that is nearly the same."""
        found: set[str] = set()
        ahead = [place]
        while ahead:
            one = ahead.pop()
            for other in self._within[one] | {same for same in self._equal[one] if same in self.places}:
                if other in self.places and other not in found and other != place:
                    found.add(other)
                    ahead.append(other)
        return found


def _graph_of(graph: Iri | None) -> str:
    return DEFAULT_GRAPH if graph is None else graph.value


def gather(session: Session, most: int) -> Gathered:
    """Everything that can be found in the graphs that pages show, with up to `most` names.

    A thing is an IRI that has a type or a name in a graph about the world. It is at a place, or about a theme, where
    a statement of any certainty links it to one, whatever the property, and then also in what contains the place.
    Years come from dates (XML Schema) and from claims about the thing; a modality from the graph of a statement in
    which it is subject or object. Nothing is read of a graph that is reached by name only, and e-mail addresses are
    masked.
    """
    reader = _Reader(session)
    reader.read()
    things, cut, count = [], False, 0
    around: dict[str, set[str]] = {}
    own = session.snapshot.names.term("")
    for iri in sorted(reader.known):
        thing = _thing(session, reader, iri, own, around)
        if thing is None:
            continue
        count += len(thing.names)
        if count > most:
            cut = True
            break
        things.append(thing)
    return Gathered(tuple(things), _values(session, reader, things), cut)


def _thing(session: Session, reader: _Reader, iri: str, own: str, around: dict[str, set[str]]) -> Thing | None:
    """One thing; None for what is not one, or only stands between others."""
    known = reader.known[iri]
    theme = iri in reader.themes
    is_term = not theme and (
        bool(known.types & TERMS) or (known.term and not known.told) or SKOS + "Concept" in known.types
    )
    hidden = known.types & HELPERS or mask_addresses(iri) != iri or any(t.startswith(ANNOTATION) for t in known.types)
    if hidden or not (known.types or known.names) or (is_term and not known.names):
        return None
    if is_term and known.types and not known.types & {*TERMS, SKOS + "Concept"}:
        return None  # Who made the vocabulary, and the like.
    places = set(known.places)
    for place in (*known.places, iri) if iri in reader.places else known.places:
        if place not in around:
            around[place] = reader.around(place)
        places |= around[place]
    group = "places" if iri in reader.places else "terms" if is_term else "themes" if theme else "things"
    ours = {t for t in known.types if t.startswith(own)}
    labels = _labels(session, iri, known.names)
    return Thing(
        iri=iri,
        group=GROUPS.index(group),
        kind=most_specific(known.types, reader.above, own),
        labels=labels,
        notes={language: _note(known, language) for language in ("nl", "en")},
        names=_names(iri, labels, known.names, is_term=is_term),
        degree=known.degree,
        values={}
        if is_term
        else {
            "type": tuple(sorted(ours or known.types)),
            "place": tuple(sorted(places - {iri})),
            "theme": tuple(sorted(known.themes)),
            "year": tuple(sorted(known.years)),
            "modality": tuple(m for i, m in enumerate(MODALITIES) if known.modalities >> i & 1),
        },
    )


def _labels(session: Session, iri: str, names: set[Name]) -> dict[str, tuple[str, str]]:
    """By language of the reader what the thing is called, and in which language that is (empty: none, or an IRI)."""
    called = sorted(name for name in names if name.rank < OTHER_NAMES) or sorted(names)
    found = {}
    for language in ("nl", "en"):
        best = min(
            called,
            key=lambda n: (not n.language.startswith(language), n.language != "", n.rank, n.text),
            default=None,
        )
        found[language] = (best.text, best.language) if best else (session.prefixes.compact(iri), "")
    return found


def _names(iri: str, labels: Mapping[str, tuple[str, str]], names: set[Name], *, is_term: bool) -> tuple[Name, ...]:
    """Each name once by its text: what the thing is called first, then other names, then mentions.

    What has no name, and terms, which people know from queries, have the end of the IRI as one. A name of several
    languages has no language.
    """
    shown = {text for text, _ in labels.values()}
    spoken: dict[str, set[str]] = defaultdict(set)
    for name in names:
        spoken[name.text].add(name.language)
    found: dict[str, Name] = {}
    for name in sorted(names):
        rank = 0 if name.text in shown else 2 if name.rank == len(NAMES) else 1
        if name.text not in found or rank < found[name.text].rank:
            found[name.text] = Name(rank, name.text, name.language if len(spoken[name.text]) == 1 else "")
    local = re.split(r"[/#:]", iri.rstrip("/#"))[-1]
    if not found or is_term:
        found.setdefault(labels["nl"][0], Name(0, labels["nl"][0]))
        spaced = re.sub(r"[-_]|(?<=[a-z])(?=[A-Z])|%[0-9A-Fa-f]{2}", " ", local).strip()
        if spaced:
            found.setdefault(spaced, Name(1, spaced))
    return tuple(sorted(found.values()))


def _note(known: _Known, language: str) -> str:
    text = (known.notes.get(language) or known.notes.get("") or (0, ""))[1]
    return text if len(text) <= _CONTEXT else text[: _CONTEXT - 1].rstrip() + "…"


def _values(session: Session, reader: _Reader, things: list[Thing]) -> dict[str, dict[str, Value]]:
    """Words for every value that some thing has, and for every kind."""
    used: dict[str, set[str]] = defaultdict(set)
    for thing in things:
        used["type"].add(thing.kind)
        for facet, keys in thing.values.items():
            used[facet].update(keys)
    called = words(session, {iri for iri in used["type"] if iri})
    labels = {thing.iri: thing.labels for thing in things}
    found: dict[str, dict[str, Value]] = {facet: {} for facet in FACETS}
    for facet, key in _pairs(used):
        if facet == "type":
            found[facet][key] = Value(key, *_class_words(key, called))
        elif facet in ("place", "theme"):
            both = labels.get(key) or _labels(session, key, reader.known[key].names)
            found[facet][key] = Value(key, both["nl"][0], both["en"][0])
        else:
            found[facet][key] = Value(key, key, key)
    concepts = {name: session.snapshot.names.term(name) for name in used["modality"]}
    named = words(session, concepts.values())
    for name, iri in concepts.items():
        text = named.get(iri, Words())
        found["modality"][name] = Value(name, text.get("nl") or name, text.get("en") or name)
    return found


def _class_words(iri: str, called: Mapping[str, Words]) -> tuple[str, str]:
    local = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.split(r"[/#:]", iri.rstrip("/#"))[-1]).lower()
    text = called.get(iri, Words())
    return text.get("nl") or local, text.get("en") or local


def _pairs(used: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    for facet in FACETS:
        for key in sorted(used[facet]):
            if key:
                yield facet, key
