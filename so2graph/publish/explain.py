"""Finds out which part of a query keeps it from having an answer: the fewest parts that have no solution together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from so2graph.engine.patterns import Group, Part, Query, take_apart
from so2graph.errors import QueryMemory, QueryTimeout, QueryTooLarge
from so2graph.vocab import Term

__all__ = ["Asking", "Explanation", "explain"]

_NOT_RESTRICTING = ("optional", "bind")
_LAST = ("filter", "minus")
_NOT_ALONE = (*_NOT_RESTRICTING, *_LAST, "service")
"""Parts that are not asked for themselves: they say nothing then, or would call another endpoint."""
_SAMPLES = 3


class Asking(Protocol):
    """Answers the small questions; raises `QueryTimeout` when the time for all of them is over."""

    def holds(self, text: str) -> bool:
        """The answer to an ASK."""

    def rows(self, text: str) -> list[dict[str, Term | None]]:
        """The rows of a SELECT."""


@dataclass(frozen=True)
class Explanation:
    """Why there is no answer.

    `kind` is `answers` (there is one), `modifiers` (HAVING, LIMIT, OFFSET or VALUES at the end leave none of the rows
    that are found), `pattern` (each part of `culprits` matches nothing by itself), `filter` or `minus` (the last of
    `culprits` removes all that the others find), `combination` (they match, but not together), or `late` (there was
    no time to find out). `alone` says which parts match by themselves. `around` are the GRAPH clauses that the
    culprits stand in, `beside` the parts of the same group, and `samples` what the variables of a filter are without
    it.
    """

    kind: str
    query: Query
    culprits: tuple[Part, ...] = ()
    alone: tuple[tuple[Part, bool], ...] = ()
    around: tuple[str, ...] = ()
    beside: tuple[Part, ...] = ()
    samples: tuple[dict[str, Term | None], ...] = ()


def explain(text: str, asking: Asking) -> Explanation:
    """Why `text`, which the engine takes, has no answer.

    Raises `Unsupported` for a query that cannot be taken apart. It asks at most a few ASKs for each part.
    """
    query = take_apart(text)
    search = _Search(query, asking)
    if query.where is None:
        return Explanation("answers", query)
    try:
        return _of_query(query, query.where, search, asking)
    except (QueryTimeout, QueryMemory, QueryTooLarge):
        return Explanation("late", query, alone=tuple(search.alone))


def _of_query(query: Query, where: Group, search: _Search, asking: Asking) -> Explanation:
    if asking.holds(query.asking(query.text[where.start + 1 : where.end - 1])):
        bounded = query.form == "SELECT" and query.modifiers.keys() & {"HAVING", "LIMIT", "OFFSET", "VALUES"}
        if bounded and not asking.holds(query.asking(query.as_pattern)):
            return Explanation("modifiers", query)
        return Explanation("answers", query)
    found = search.blame(where, ())
    return replace(found, alone=tuple(search.alone))


def _wrapped(body: str, around: Sequence[str]) -> str:
    for head in reversed(around):
        body = f"{head} {{ {body} }}"
    return body


def _bound(parts: Iterable[Part]) -> frozenset[str]:
    """The variables that the parts give a value."""
    return frozenset(name for part in parts for name in part.binds)


def _joined(branches: Sequence[Explanation]) -> Explanation:
    """What is to blame in all branches of a UNION, where parts by themselves are; else in the first."""
    if any(branch.kind != "pattern" or branch.around != branches[0].around for branch in branches):
        return branches[0]
    return replace(
        branches[0],
        culprits=tuple(part for branch in branches for part in branch.culprits),
        beside=tuple(part for branch in branches for part in branch.beside),
    )


class _Search:
    """Asks for ever fewer parts, and keeps what is known of each for itself."""

    def __init__(self, query: Query, asking: Asking) -> None:
        self.query, self.asking = query, asking
        self.alone: list[tuple[Part, bool]] = []

    def holds(self, parts: Iterable[Part], around: Sequence[str]) -> bool:
        """Whether these parts have a solution together."""
        body = "\n".join(part.text for part in parts)
        return self.asking.holds(self.query.asking(_wrapped(body, around)))

    def blame(self, group: Group, around: tuple[str, ...]) -> Explanation:
        """What in a group that has no solution is to blame."""
        lonely = []
        for part in group.parts:
            if part.kind not in _NOT_ALONE:
                matches = self.holds([part], around)
                self.alone.append((part, matches))
                if not matches:
                    lonely.append(part)
        nested = next((part for part in lonely if part.groups), None)
        single = [part for part in lonely if not part.groups]
        if single:
            return Explanation("pattern", self.query, tuple(single), (), around, group.parts)
        if nested is not None:
            inside = (*around, *([nested.head] if nested.head else []))
            return _joined([self.blame(branch, inside) for branch in nested.groups])
        return self._together(group, around)

    def _together(self, group: Group, around: tuple[str, ...]) -> Explanation:
        """The fewest parts that have no solution together, when each has one by itself.

        Filters count for the whole group, wherever they stand (SPARQL 1.1, 5.2.2), so that they come last.
        """
        first = [part for part in group.parts if part.kind not in _LAST]
        ordered = [*first, *(part for part in group.parts if part.kind in _LAST)]
        # With ever more parts there are ever fewer solutions: the first that leaves none is found by halves.
        low, high = 0, len(ordered)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.holds(ordered[:middle], around) else (low, middle)
        if not ordered:
            return Explanation("combination", self.query, (), (), around, group.parts)
        last, kept = ordered[high - 1], ordered[: high - 1]
        for part in list(kept):
            fewer = [other for other in kept if other is not part]
            if self._droppable(part, [*fewer, last]) and not self.holds([*fewer, last], around):
                kept = fewer
        kind = last.kind if last.kind in _LAST else "combination"
        samples = self._samples(last, kept, around) if kind == "filter" else ()
        return Explanation(kind, self.query, (*kept, last), (), around, group.parts, samples)

    def _droppable(self, part: Part, others: list[Part]) -> bool:
        """Whether nothing that is left needs a variable from it: a filter on what is unbound lets nothing through."""
        needed = {name for other in others if other.kind in (*_LAST, "bind") for name in other.variables}
        return part.binds & needed <= _bound(others)

    def _samples(
        self, last: Part, kept: Sequence[Part], around: tuple[str, ...]
    ) -> tuple[dict[str, Term | None], ...]:
        """Some values of the variables of a filter, before it."""
        variables = sorted(last.variables & _bound(kept))
        if not variables:
            return ()
        body = _wrapped("\n".join(part.text for part in kept), around)
        return tuple(self.asking.rows(self.query.selecting(variables, body, _SAMPLES)))
