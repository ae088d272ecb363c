"""The page of one question: two records, what speaks for and against, and what a yes would change."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, urlencode

from so2graph.link.mapping import Mapping as Judgement
from so2graph.link.mapping import is_thing
from so2graph.link.queue import Queue
from so2graph.link.record import Record
from so2graph.link.review import PREDICATES, bearing, called, mark
from so2graph.link.runs import OpenRun, Pair, Part
from so2graph.vocab import Iri, mask_addresses
from so2graph.web.links_evidence import (
    Compared,
    Waterfall,
    compared,
    kilometres,
    label_of,
    point_in,
    point_of,
    waterfall,
)
from so2graph.web.links_words import fetched_word, field_word
from so2graph.web.maps import Map, Place, built_outline, degrees, draw_map
from so2graph.web.site import Site

__all__ = ["Change", "Other", "Question", "Tie", "Words", "asked_address", "brings", "question_of", "usual_predicate"]

_NEIGHBOURS = 12
_OTHERS = 6
_TIES = """
SELECT DISTINCT ?p ?x ?forward WHERE {
  { ?_thing ?p ?x BIND(true AS ?forward) } UNION { ?x ?p ?_thing BIND(false AS ?forward) }
  FILTER(isIRI(?x) && ?p NOT IN (rdf:type, owl:sameAs, skos:exactMatch, skos:closeMatch))
} ORDER BY ?p ?x LIMIT 13
"""


@dataclass(frozen=True)
class Change:
    """A statement that would come or go: in words, its terms as they are shown, and the graph that it is in."""

    comes: bool
    words: str
    subject: str
    predicate: str
    object: str
    graph: str


@dataclass(frozen=True)
class Tie:
    """A neighbour of ours in the graph."""

    relation: str
    label: str
    href: str | None
    forward: bool


@dataclass(frozen=True)
class Other:
    """Another candidate of the same thing, and where it is compared."""

    label: str
    pair: Pair
    href: str


@dataclass(frozen=True)
class Question:
    """All that the page of a question shows."""

    ours: Record
    theirs: Record
    pair: Pair | None
    label: str
    their_label: str
    fields: tuple[Compared, ...]
    fall: Waterfall | None
    standing: tuple[Judgement, ...]
    seen: str
    degree: int
    changes: tuple[Change, ...]
    pages: tuple[tuple[str, str], ...]
    others: tuple[Other, ...]
    ties: tuple[Tie, ...]
    more_ties: bool
    map: Map | None
    apart: float | None


def question_of(
    here: Site, opened: OpenRun, queue: Queue, judged: Sequence[Judgement], ours: str, theirs: str
) -> Question | None:
    """The question about a pair; None where the run does not know ours."""
    run = opened.compared_by(ours)
    spec, threshold = run.spec, opened.threshold if run is opened.run else run.threshold
    mine = opened.record("ours", ours)
    if mine is None:
        return None
    other = opened.record("theirs", theirs) or Record(theirs)
    pair = _explained(opened, opened.pair(ours, theirs))
    label, their_label = Words(here, opened).label(ours), label_of(other, spec, theirs)
    points = [point_of(record, spec) for record in (mine, other)]
    ties = _ties(here, ours)
    return Question(
        ours=mine,
        theirs=other,
        pair=pair,
        label=label,
        their_label=their_label,
        fields=compared(spec, mine, other, pair, lambda text: _degrees(text, here.language)),
        fall=waterfall(pair, threshold) if pair is not None and pair.parts else None,
        standing=bearing(judged, ours, theirs),
        seen=mark(judged, ours, theirs),
        degree=queue.degree(ours),
        changes=_changes(here, opened, judged, (ours, theirs), (label, their_label)),
        pages=_pages(here, opened.run.target, ours, label),
        others=_others(here, opened, ours, theirs),
        ties=ties[:_NEIGHBOURS],
        more_ties=len(ties) > _NEIGHBOURS,
        map=_map(points, (ours, theirs), (label, their_label)),
        apart=kilometres(points[0], points[1]) if points[0] and points[1] else None,
    )


class Words:
    """How the page of a question calls what the run calls by names of its own."""

    def __init__(self, here: Site, opened: OpenRun) -> None:
        self._here, self._opened = here, opened
        self._kinds = {field.name: field.kind for field in opened.run.spec.fields}

    def field(self, name: str) -> str:
        """What a field is called: by its name where there are words for it, else by its kind where that is alone."""
        kind = self._kinds.get(name)
        alone = sum(1 for other in self._kinds.values() if other is kind) == 1
        return field_word(self._here.language, name, str(kind) if alone else "")

    def level(self, name: str) -> str:
        """A level of likeness in words."""
        from so2graph.link.features import WORDS

        both = WORDS.get(name)
        return name if both is None else both[self._here.language == "en"]

    def label(self, ours: str) -> str:
        """What one of ours is called in the graph: it tells a municipality before a merger from that after."""
        return mask_addresses(called(self._here.session, self._opened, ours, self._here.language))

    def kind(self, iri: str) -> str:
        """What a type is called: in the graph, else by the end of its address."""
        if ":" not in iri:
            return iri
        label = self._here.session.labels([iri], self._here.language)[iri]
        return re.split(r"[#/]", iri.rstrip("#/"))[-1] if label == iri else label

    def number(self, value: float) -> str:
        """A number with one decimal."""
        return self._comma(f"{value:.1f}")

    def bits(self, value: float) -> str:
        """A weight with its sign."""
        return self._comma(f"{value:+.1f}".replace("-", "\u2212"))

    def times(self, factor: float) -> str:
        """A factor, as exact as anybody needs it."""
        if factor >= 1_000_000:
            return self._here.say("links.times.most")
        return self._comma(f"{factor:.1f}" if factor < 10 else f"{round(factor, 1 - len(str(int(factor)))):.0f}")

    def chance(self, probability: float) -> str:
        """A probability in per cent."""
        if probability >= 0.9995:
            return self._here.say("links.share.most")
        if probability < 0.0005:
            return self._here.say("links.share.least")
        return self._here.say("links.share", share=self.number(probability * 100))

    def short(self, iri: str) -> str:
        """An IRI as Turtle writes it."""
        compact = self._here.session.prefixes.compact(iri)
        return f"<{iri}>" if compact == iri else compact

    def _comma(self, text: str) -> str:
        return text.replace(".", ",") if self._here.language == "nl" else text


def _changes(
    here: Site, opened: OpenRun, judged: Sequence[Judgement], pair: tuple[str, str], labels: tuple[str, str]
) -> tuple[Change, ...]:
    """The plain statements that a yes adds, and those that go because there may be one partner only."""
    ours, theirs = pair
    unique = opened.run.spec.unique
    linked = [one for one in judged if not (one.negated or one.none)]
    there = {(one.subject, one.predicate, one.object) for one in linked}
    predicate = usual_predicate(opened.run.target, here.settings.data)
    found = []
    if (ours, predicate, theirs) not in there:
        found.append(_change(here, opened, (ours, predicate, theirs), labels, comes=True))
    for one in linked:
        same = (one.subject, one.object) == (ours, theirs)
        mine, other = "left" in unique and one.subject == ours, "right" in unique and one.object == theirs
        if (same and one.predicate != predicate) or (not same and (mine or other)):
            told = (Words(here, opened).label(one.subject), one.object_label or one.object)
            triple = (one.subject, one.predicate, one.object)
            found.append(_change(here, opened, triple, told, comes=False))
    return tuple(found)


def _change(
    here: Site, opened: OpenRun, triple: tuple[str, str, str], labels: tuple[str, str], *, comes: bool
) -> Change:
    subject, predicate, obj = triple
    says = here.say(f"mapping.says.{predicate.rpartition('#')[2]}")
    words = here.say("mapping.title.accepted", ours=labels[0], says=says, theirs=labels[1])
    compact = here.session.prefixes.compact
    return Change(comes, words, compact(subject), compact(predicate), obj, f"graph/link/{opened.run.target}")


def _pages(here: Site, target: str, ours: str, label: str) -> tuple[tuple[str, str], ...]:
    """The pages that would show the link: their addresses and names."""
    own = here.href(ours)
    listed = (here.path(f"links/{target}"), here.say("links.page.list"))
    catalogue = (here.path("catalog"), here.say("links.page.catalogue"))
    return (*([(own, label)] if own else []), listed, catalogue)


def _others(here: Site, opened: OpenRun, ours: str, theirs: str) -> tuple[Other, ...]:
    rows = [pair for pair in opened.pairs(ours=ours, limit=_OTHERS + 1) if pair.theirs != theirs][:_OTHERS]
    return tuple(
        Other(
            label_of(opened.record("theirs", pair.theirs), opened.run.spec, pair.theirs),
            pair,
            here.path(asked_address(opened.run.target, ours, pair.theirs)),
        )
        for pair in rows
    )


def asked_address(target: str, ours: str = "", theirs: str = "", of: str = "") -> str:
    """The address of the question about a pair, or of the next one; `of` is the list that it is taken from."""
    pair = {"ours": ours, "theirs": theirs} if ours and theirs else {}
    asked = urlencode(pair | ({"of": of} if of not in ("", "review") else {}), quote_via=quote)
    return f"links/review/{target}{'?' if asked else ''}{asked}"


def _ties(here: Site, ours: str) -> tuple[Tie, ...]:
    """What stands around ours, by the facts; one more than is shown, if there is."""
    rows = [row for row in here.session.select(_TIES, thing=Iri(ours)) if is_thing(str(row["x"]))]
    found = here.session.labels({str(row[name]) for row in rows for name in ("p", "x")}, here.language)
    labels = {iri: mask_addresses(label) for iri, label in found.items()}
    return tuple(
        Tie(labels[str(row["p"])], labels[str(row["x"])], here.href(str(row["x"])), str(row["forward"]) == "true")
        for row in rows
    )


def _explained(opened: OpenRun, pair: Pair | None) -> Pair | None:
    """The pair with its parts; those of one that was far from a link are worked out from its levels."""
    if pair is None or pair.parts or not (model := opened.compared_by(pair.ours).model):
        return pair
    from so2graph.link.features import LEVELS
    from so2graph.link.model import Model

    parts = []
    for each in Model.of_json(json.dumps(model)).comparisons:
        level = pair.levels.get(each.name, -1)
        name = "unknown" if level < 0 else LEVELS[each.kind][level]
        parts.append(Part(each.name, level, name, each.bits(level)))
    return replace(pair, parts=tuple(parts))


def usual_predicate(target: str, data: Path) -> str:
    """The relation that an accepted link with a target states, by the file of the target."""
    return _usual(target, data)[0]


@lru_cache(64)
def _usual(target: str, data: Path) -> tuple[str, tuple[tuple[str, ...], ...]]:
    """What an accepted link with a target states, and the paths of properties that can be fetched through it."""
    from so2graph.link.target import targets

    known = targets(data=data).get(target)
    return (PREDICATES["exactMatch"], ()) if known is None else (known.predicate, known.enrich)


def brings(here: Site, target: str) -> list[str]:
    """What the properties are called that can be fetched through a link with a target."""
    paths = _usual(target, here.settings.data)[1]
    return list(dict.fromkeys(fetched_word(here, path) for path in paths))


def _degrees(text: str, language: str) -> str:
    """A point in words; a text that is none as it is."""
    point = point_in(text)
    return text if point is None else degrees(*point, language)


def _map(points: Sequence[tuple[float, float] | None], iris: tuple[str, str], labels: tuple[str, str]) -> Map | None:
    """Both on a map, where both have a point."""
    places = [
        Place(iri, label, *point) for iri, label, point in zip(iris, labels, points, strict=True) if point is not None
    ]
    return draw_map(places, built_outline()) if len(places) == len(iris) else None
