"""Rows of measurements, the ratios between systems in them, and the marks that those are held against."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.client import Failed, TimedOut
from benchmarks.systems import DISK, MEMORY, OURS, PEERS, RDFLIB, System

__all__ = ["MARK_SIZE", "Mark", "Ratio", "Row", "alternate", "judge", "mark_of", "ratios"]

MARK_SIZE = 1_000_000
_EACH = {
    ("load", DISK): 0.9,
    ("repeated", DISK): 1.3,
    ("repeated", MEMORY): 1.3,
    ("different", DISK): 0.5,
    ("different", MEMORY): 0.5,
    ("analytic", DISK): 0.5,
    ("analytic", MEMORY): 0.5,
    ("dump", DISK): 5.0,
}
_ANALYTIC = {DISK: 3.0, MEMORY: 1.0}
_RDFLIB = 100.0


@dataclass
class Row:
    """What was measured of each system, one value a round; a system in `bounds` took longer than its last value."""

    name: str
    kind: str
    size: int
    unit: str = "s"
    values: dict[str, list[float]] = field(default_factory=dict)
    bounds: set[str] = field(default_factory=set)
    errors: dict[str, str] = field(default_factory=dict)
    stopped: str = ""

    def median(self, system: str) -> float | None:
        """The median of the rounds of a system."""
        values = self.values.get(system)
        return statistics.median(values) if values else None


@dataclass(frozen=True)
class Ratio:
    """How many times faster so2graph is than a peer, round by round; `bound` is `>` or `<` after a timeout."""

    row: Row
    peer: str
    rounds: tuple[float, ...]
    bound: str = ""

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rounds)


@dataclass(frozen=True)
class Mark:
    """A mark over several rows: what was reached, or None where it was not measured."""

    name: str
    least: float
    reached: float | None
    size: int | None

    @property
    def met(self) -> str:
        """Whether it is met: marks over Oxigraph are judged at 1M only."""
        if self.reached is None or self.size is None:
            return "not measured"
        if self.size < MARK_SIZE and RDFLIB not in self.name:
            return "not judged below 1M"
        return "yes" if self.reached >= self.least else "no"


def alternate(row: Row, systems: Sequence[System], rounds: int, measure: Callable[[System, int], float]) -> None:
    """Measures system by system within each round, another one first every time.

    A system that fails is left out of the rounds that follow; so is one that times out, whose time is a bound.
    """
    for number in range(rounds):
        at = number % max(1, len(systems))
        for system in (*systems[at:], *systems[:at]):
            if row.stopped or system.name in row.errors or system.name in row.bounds:
                continue
            attempt(row, system, lambda system=system, number=number: measure(system, number))  # type: ignore[misc]


def attempt(row: Row, system: System, measure: Callable[[], float]) -> None:
    """Adds one value to a row, or notes why there is none."""
    try:
        row.values.setdefault(system.name, []).append(measure())
    except TimedOut:
        row.values[system.name].append(system.cap)
        row.bounds.add(system.name)
        system.recover()
    except (Failed, RuntimeError, ValueError) as error:
        row.errors[system.name] = f"{type(error).__name__}: {error}"


def ratios(rows: Sequence[Row]) -> list[Ratio]:
    """All ratios of so2graph over its peers, within the same round of the same run."""
    found = []
    for row in rows:
        ours = row.values.get(OURS, [])
        for peer in PEERS:
            pairs = list(zip(ours, row.values.get(peer, []), strict=False))
            if not pairs or row.stopped:
                continue
            fast = tuple(theirs / own if row.unit == "s" else own / theirs for own, theirs in pairs)
            bound = ">" if peer in row.bounds else ""
            bound = "<" if OURS in row.bounds else bound
            found.append(Ratio(row, peer, fast, bound))
    return found


def mark_of(ratio: Ratio) -> float | None:
    """The mark of one row against one peer, if it has any."""
    return _EACH.get((ratio.row.kind, ratio.peer)) if ratio.row.size == MARK_SIZE else None


def _over(name: str, least: float, chosen: Sequence[Ratio]) -> Mark:
    size = max((ratio.row.size for ratio in chosen), default=None)
    at = [ratio.median for ratio in chosen if ratio.row.size == size]
    return Mark(name, least, statistics.median(at) if at else None, size)


def judge(found: Sequence[Ratio]) -> list[Mark]:
    """The marks that are medians over several rows, each at the largest size that was measured."""
    analytic = [ratio for ratio in found if ratio.row.kind == "analytic"]
    marks = [
        _over(f"analytic queries, median, over {peer}", least, [ratio for ratio in analytic if ratio.peer == peer])
        for peer, least in _ANALYTIC.items()
    ]
    rdflib = [ratio for ratio in found if ratio.peer == RDFLIB]
    return [*marks, _over(f"all rows, median, over {RDFLIB}", _RDFLIB, rdflib)]
