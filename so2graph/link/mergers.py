"""Which municipality of the north a code meant on a day: mergers keep codes and change what they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from so2graph.link.dutch_words import rows_of

__all__ = ["Municipality", "municipality_on"]


@dataclass(frozen=True)
class Municipality:
    """A municipality between two mergers. `since` is None where it was there before the table begins, `until` (the
    first day on which it was no more) where it is there still; `formed_from` are the codes that went into it."""

    code: str
    name: str
    since: date | None
    until: date | None
    formed_from: tuple[str, ...] = ()


def municipality_on(code: str, day: date) -> Municipality | None:
    """The municipality that a CBS code (`GM0014`, `gm0014`, `0014`) meant on a day, or that its area belonged to.

    Of one that had been abolished it is the one that it went into; of a code that was not yet given, None; as of a
    code that the table does not have, or one whose area was divided.
    """
    key = f"GM{code.strip().upper().removeprefix('GM')}"
    for _ in range(10):  # a chain of mergers ends
        spans, into = _table()
        lives = spans.get(key, ())
        for each in lives:
            if (each.since is None or each.since <= day) and (each.until is None or day < each.until):
                return each
        after = into.get(key)
        if after is None or not lives or (lives[-1].until is None or day < lives[-1].until):
            return None
        key = after
    return None


@lru_cache(1)
def _table() -> tuple[dict[str, tuple[Municipality, ...]], dict[str, str]]:
    """For each code its municipalities in the order of time, and for an abolished one the code that it went into."""
    names = {code: name for code, name, *_ in rows_of("municipalities.tsv")}
    into = dict[str, str]()
    begins: dict[str, dict[date, list[str]]] = {code: {} for code in names}
    ends = dict[str, date]()
    for old, new, day in rows_of("mergers.tsv"):
        when = date.fromisoformat(day)
        if old != new:
            ends[old] = when
            into[old] = new
        if new != "-":
            begins[new].setdefault(when, []).append(old)
    spans = {}
    for code, name in names.items():
        days = sorted(begins[code])
        reborn = not days or any(code in begins[code][day] for day in days)
        edges: list[date | None] = [*([None] if reborn else []), *days]
        spans[code] = tuple(
            Municipality(
                code,
                name,
                since,
                edges[at + 1] if at + 1 < len(edges) else ends.get(code),
                tuple(sorted(begins[code][since])) if since else (),
            )
            for at, since in enumerate(edges)
        )
    return spans, {old: new for old, new in into.items() if new != "-"}
