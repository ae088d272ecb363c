"""The rows of the suite at one size: answers are compared before they are timed, systems take turns in each round."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.answers import Rows, difference, from_csv, from_json, from_ntriples
from benchmarks.client import Failed, Request, TimedOut, fetch
from benchmarks.generator import LookUps
from benchmarks.processes import weighed
from benchmarks.queries import ANALYTIC, EXPORT, Query, look_up_targets, marked, organisations
from benchmarks.results import Row, alternate, attempt
from benchmarks.synthetic import BASE
from benchmarks.systems import DISK, OURS, RDFLIB, System
from benchmarks.throughput import requests_per_second

__all__ = ["Plan", "Suite", "plan"]

_JSON = "application/sparql-results+json"
_UPDATES = 5
_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"


@dataclass(frozen=True)
class Plan:
    """Which rows are measured at a size, and how often."""

    size: int
    rounds: int = 5
    loads: int = 5
    dumps: int = 5
    seconds: float = 3.0
    queries: Sequence[Query] = ANALYTIC
    clients: tuple[int, ...] = (1, 8, 64)
    exports: bool = True
    updates: bool = True


def plan(size: int, *, quick: bool) -> Plan:
    """Everything; or, in a quick run, no more than fits into some minutes."""
    if not quick:
        return Plan(size)
    if size <= 1_000:
        return Plan(size, loads=3, dumps=3, seconds=1.0, clients=(8,), updates=False)
    if size <= 100_000:
        return Plan(size, loads=1, dumps=3, seconds=1.0)
    brief = [query for query in ANALYTIC if query.brief]
    return Plan(size, 5, 1, 2, 1.0, brief, clients=(8,), exports=False, updates=False)


@dataclass
class Suite:
    """Measures one size; `tell` gets each row when it is done."""

    plan: Plan
    data: Path
    systems: list[System]
    cap: float
    tell: Callable[[Row], None]
    asked: int = 0
    rows: list[Row] = field(default_factory=list)

    def run(self) -> None:
        """All rows of the plan; updates come last, for they change the data."""
        self._loads()
        self._starts()
        for system in self.systems:
            system.settle()
        self._look_ups()
        for query in self.plan.queries:
            self._query(query.name, "analytic", query, "text/csv", from_csv)
        if self.plan.exports:
            self._query(f"{EXPORT.name} as CSV", "export", EXPORT, "text/csv", from_csv)
            self._query(f"{EXPORT.name} as JSON", "export", EXPORT, _JSON, from_json)
        self._timed("full dump as N-Triples", "dump", lambda system: system.dump(), from_ntriples, self.plan.dumps)
        if self.plan.updates:
            self._updates()

    def _done(self, row: Row) -> None:
        self.rows.append(row)
        self.tell(row)

    def _row(self, name: str, kind: str, unit: str = "s") -> Row:
        return Row(name, kind, self.plan.size, unit)

    def _loads(self) -> None:
        row = self._row("load: file until it can be asked", "load")
        slow = [system for system in self.systems if system.name == RDFLIB]
        for number in range(self.plan.loads):
            # rdflib takes long, and a load of it that was measured once is not repeated.
            now = [s for s in self.systems if s not in slow or number == 0 or self.plan.size <= 1_000]
            alternate(row, now, 1, lambda system, _: system.load(self.data))
        self._done(row)
        lost = row.bounds | set(row.errors)
        self.systems = [system for system in self.systems if system.name not in lost and system.process]
        if not any(system.name == OURS for system in self.systems):
            raise Failed(f"so2graph could not load: {row.errors or row.bounds}")

    def _starts(self) -> None:
        row = self._row("start on a loaded store until the first answer", "start")
        fast = [system for system in self.systems if system.name in (OURS, DISK)]
        alternate(row, fast, self.plan.rounds, lambda system, _: system.start())
        self._done(row)

    # Queries

    def _query(self, name: str, kind: str, query: Query, accept: str, read: Callable[[bytes], Rows]) -> None:
        def request(system: System) -> Request:
            self.asked += 1
            return system.query(marked(query.text, str(self.asked)), accept)

        self._timed(name, kind, request, read, self.plan.rounds, ordered=query.ordered)

    def _timed(
        self,
        name: str,
        kind: str,
        request: Callable[[System], Request],
        read: Callable[[bytes], Rows],
        rounds: int,
        *,
        ordered: bool = False,
    ) -> None:
        """One row of a request: the answers of all systems are compared, then it is timed."""
        row = self._row(name, kind)
        lines = self._compare(row, request, read, ordered=ordered)

        def measure(system: System, _: int) -> float:
            answer = fetch(system.port, request(system), self.cap)
            if read is not from_json and answer.body.count(b"\n") != lines:
                raise Failed("a timed answer has not as many lines as the one that was compared")
            return answer.seconds

        alternate(row, self.systems, rounds, measure)
        self._done(row)

    def _compare(
        self, row: Row, request: Callable[[System], Request], read: Callable[[bytes], Rows], *, ordered: bool
    ) -> int:
        """Stops the row when a system answers otherwise than so2graph; gives the lines of the answer.

        This untimed round is also where systems are weighed.
        """
        lines, first = 0, None
        for system in sorted(self.systems, key=lambda system: system.name != OURS):
            bodies: list[bytes] = []
            with weighed(system.running(), system.peaks, system.name):
                attempt(row, system, lambda s=system, b=bodies: _kept(b, s, request(s), self.cap))  # type: ignore[misc]
            if not bodies:
                continue
            rows = read(bodies[0])
            if first is None:
                first, lines, whose = rows, bodies[0].count(b"\n"), system.name
            elif found := difference(first, rows, ordered=ordered):
                row.stopped = f"{whose} and {system.name} answer differently: {found}"
        # Only bounds are kept of this round.
        row.values = {name: values for name, values in row.values.items() if name in row.bounds}
        return lines

    # Look-ups

    def _look_ups(self) -> None:
        count = organisations(self.plan.size)
        self._rate("look-up, the same again and again, 8 clients", "repeated", 8, same=True, count=count)
        for clients in self.plan.clients:
            word = "client" if clients == 1 else "clients"
            self._rate(f"look-up, all different, {clients} {word}", "different", clients, same=False, count=count)

    def _rate(self, name: str, kind: str, clients: int, *, same: bool, count: int) -> None:
        row = self._row(name, kind, "1/s")
        self._compare_look_ups(row, count)
        # A bound of seconds is none of requests a second.
        row.errors |= dict.fromkeys(row.bounds, "a look-up took too long")
        row.values, row.bounds = {}, set()

        def measure(system: System, number: int) -> float:
            before, after = look_up_targets(system.query_path)
            mark = "again" if same else f"{clients}-{number}"
            first = number * count // self.plan.rounds
            asked = LookUps(system.port, clients, self.plan.seconds, before, after, mark, first, count, same)
            return requests_per_second(asked)

        alternate(row, self.systems, self.plan.rounds, measure)
        for system in self.systems:
            system.peaks[system.name] = max(system.peaks.get(system.name, 0), system.running().weigh())
        self._done(row)

    def _compare_look_ups(self, row: Row, count: int) -> None:
        for number in (0, count // 2, count - 1):

            def request(system: System, number: int = number) -> Request:
                before, after = look_up_targets(system.query_path)
                return Request(f"{before}{number}{after}compared", method="GET", headers={"Accept": _JSON})

            self._compare(row, request, from_json, ordered=False)

    # Updates

    def _updates(self) -> None:
        acknowledged = self._row("update: one triple until acknowledged", "update")
        visible = self._row("update: one triple until a query shows it", "update")
        systems = [system for system in self.systems if system.name != RDFLIB]
        for system in systems:
            system.prepare_updates()

        def measure(system: System, number: int) -> float:
            times = [self._update(system, number * _UPDATES + n) for n in range(_UPDATES)]
            visible.values.setdefault(system.name, []).append(statistics.median(seen for _, seen in times))
            system.settle()
            return statistics.median(told for told, _ in times)

        alternate(acknowledged, systems, self.plan.rounds, measure)
        visible.errors = acknowledged.errors
        self._done(acknowledged)
        self._done(visible)

    def _update(self, system: System, number: int) -> tuple[float, float]:
        """Seconds until the update is acknowledged, and until a query shows it."""
        thing = f"<{BASE}update/{number}>"
        begun = time.perf_counter()
        told = fetch(system.port, system.update(f'INSERT DATA {{ {thing} <{_LABEL}> "new {number}" }}'), self.cap)
        while True:
            shown = fetch(system.port, system.query(f"SELECT ?o {{ {thing} <{_LABEL}> ?o }}"), self.cap)
            seconds = time.perf_counter() - begun
            if f"new {number}".encode() in shown.body:
                return told.seconds, seconds
            if seconds > self.cap:
                raise TimedOut(f"not visible within {self.cap:g} s")


def _kept(bodies: list[bytes], system: System, request: Request, cap: float) -> float:
    answer = fetch(system.port, request, cap)
    bodies.append(answer.body)
    return answer.seconds
