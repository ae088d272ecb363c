"""Links with other sources as pages tell them: in plain words, with how sure, who says so and what they brought."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from so2graph.link.enriched import Fetched, brought_by
from so2graph.link.linkset import mappings_about
from so2graph.link.mapping import Mapping as Judgement
from so2graph.vocab import Iri, Literal
from so2graph.web.links_words import property_word
from so2graph.web.site import Cell, Site

__all__ = ["Brought", "Told", "links_of", "share", "told"]

_MOST = 30
"""Values that a page shows of what one link brought."""


@dataclass(frozen=True)
class Brought:
    """What came by a link: rows of (of whom, what, value) and where from; `count` of all."""

    rows: tuple[tuple[str, str, Cell], ...]
    count: int
    licence: str
    date: str
    version: str


@dataclass(frozen=True)
class Told:
    """A judgement in words.

    `page` explains it, `linkset` lists all of its target; None where there is no such page.
    """

    mapping: Judgement
    ours: str
    theirs: str
    says: str
    sure: str
    target: str
    page: str | None
    linkset: str | None
    brought: Brought | None


def links_of(here: Site, iri: str, most: int) -> tuple[list[Told], list[Told]]:
    """The links of a thing, and what is known not to be one; no more than `most` of each."""
    mine = [mapping for mapping in mappings_about(here.session, iri) if mapping.subject == iri]
    accepted = [mapping for mapping in mine if mapping.verdict == "accepted"][:most]
    others = [mapping for mapping in mine if mapping.verdict != "accepted"][:most]
    return list(told(here, accepted)), list(told(here, others))


def told(here: Site, mappings: Sequence[Judgement]) -> Iterable[Told]:
    """Each judgement in the words of the reader."""
    session, names = here.session, here.session.snapshot.names
    things = {one.subject for one in mappings} | {one.object for one in mappings}
    labels = session.labels(things | {names.links(one.target) for one in mappings}, here.language)
    for one in mappings:
        graph = names.links(one.target)
        titled = labels[graph] not in (graph, session.prefixes.compact(graph))
        found = labels[one.object]
        unnamed = found in (one.object, session.prefixes.compact(one.object))
        yield Told(
            one,
            labels[one.subject],
            (one.object_label or one.object) if unnamed else found,
            here.say(f"mapping.says.{one.predicate.rpartition('#')[2]}"),
            "" if one.confidence is None else share(here, one.confidence),
            labels[graph] if titled else here.say("links.with", target=one.target),
            here.href(one.iri(names)),
            here.path(f"links/{one.target}") if here.offers(f"links/{one.target}") else None,
            _brought(here, one),
        )


def share(here: Site, value: float) -> str:
    """A share in per cent, rounded down: 99.96 is not 100."""
    text = f"{int(value * 1000 + 1e-6) / 10:.1f}".removesuffix(".0")
    return (text.replace(".", ",") if here.language == "nl" else text) + "%"


def _brought(here: Site, mapping: Judgement) -> Brought | None:
    rows = brought_by(here.session, mapping)
    if not rows:
        return None
    shown = rows[:_MOST]
    iris = {row.predicate.value for row in shown} | {str(row.object) for row in shown if isinstance(row.object, Iri)}
    labels = here.session.labels(iris | {row.subject.value for row in shown}, here.language)

    def cell(row: Fetched) -> Cell:
        if isinstance(row.object, Iri):
            return Cell(labels[row.object.value], here.href(row.object.value), iri=row.object.value)
        return Cell(str(row.object), language=row.object.language if isinstance(row.object, Literal) else None)

    told_rows = tuple(
        (
            "" if row.subject.value == mapping.object else labels[row.subject.value],
            property_word(here, row.predicate.value),
            cell(row),
        )
        for row in shown
    )
    first = rows[0]
    return Brought(told_rows, len(rows), first.licence, first.date, first.version)
