"""Puts what has a date in the order of time: what happened to a thing, and what around it is dated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from so2graph.engine.access import Session
from so2graph.network.reading import about
from so2graph.publish.entity import CERTAINTIES
from so2graph.vocab import DCTERMS, XSD, Literal, Term
from so2graph.web.facts import Fact, Group

__all__ = ["Event", "Year", "dates_of", "timeline"]

_SCHEMA = "https://schema.org/"
_DATES = (
    *(DCTERMS + name for name in ("issued", "date", "created")),
    *(_SCHEMA + name for name in ("startDate", "endDate", "datePublished", "foundingDate", "dissolutionDate")),
)
_DATED = frozenset(XSD + name for name in ("gYear", "gYearMonth", "date", "dateTime", "dateTimeStamp"))
_WHEN = re.compile(r"(-?\d{4,})(-\d{2}(?:-\d{2})?)?")


@dataclass(frozen=True)
class Event:
    """What stands at a date: the thing that is dated, how it is related to that of the page, and how certain that is.

    `other` is None for a date of the thing itself; `relation` has words either way. `day` is empty for a bare year.
    """

    other: str | None
    relation: str
    certainty: str
    day: str


@dataclass(frozen=True)
class Year:
    """A year with the first of its events, and how many there are."""

    number: int
    events: tuple[Event, ...]
    count: int


Dates = Mapping[str, set[tuple[int, str]]]
"""For each thing its dates: the year, and the day where that is known."""


def _date(term: Term | None) -> tuple[int, str] | None:
    """The year and the day of a literal with a datatype for dates; no other text is taken for one."""
    if not isinstance(term, Literal) or term.datatype not in _DATED or not (match := _WHEN.match(term.value)):
        return None
    return int(match[1]), match[0] if match[2] else ""


def dates_of(session: Session, iris: Iterable[str]) -> Dates:
    """The dates that the facts give these things."""
    predicates = [*_DATES, session.snapshot.names.term("heldInYear")]
    found: dict[str, set[tuple[int, str]]] = {}
    for row in about(session, iris, predicates):
        if (date := _date(row["value"])) is not None:
            found.setdefault(str(row["x"]), set()).add(date)
    return found


def timeline(groups: Iterable[Group], dates: Dates, most: int) -> list[Year]:
    """The years of a thing, the first first, each with up to `most` events.

    A statement stands at the dates of the thing at its other end; where that has none, in the years of its claims.
    Nothing is dated by a guess.
    """
    found: dict[int, set[Event]] = {}
    for group in groups:
        for fact in group.facts:
            for year, event in _events(group, fact, dates):
                found.setdefault(year, set()).add(event)
    years = []
    for number in sorted(found):
        ordered = sorted(
            found[number], key=lambda e: (e.day, CERTAINTIES.index(e.certainty), e.relation, e.other or "")
        )
        years.append(Year(number, tuple(ordered[:most]), len(ordered)))
    return years


def _events(group: Group, fact: Fact, dates: Dates) -> Iterable[tuple[int, Event]]:
    own = _date(fact.end)
    if own is not None:
        yield own[0], Event(None, group.words, fact.certainty, own[1])
        return
    if fact.thing is None:
        return
    known = dates.get(fact.thing, set())
    claimed = {year for ground in fact.grounds for year in ground.evidence.years}
    for year, day in known or {(year, "") for year in claimed}:
        yield year, Event(fact.thing, group.words, fact.certainty, day)
