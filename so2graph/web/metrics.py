"""What the service says about itself: counters for Prometheus, and a line of JSON for every request."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import queue
import sys
from collections import Counter as Counts
from functools import cache
from logging.handlers import QueueHandler, QueueListener
from time import perf_counter
from typing import TYPE_CHECKING

from so2graph.config import Settings
from so2graph.vocab import mask_addresses
from so2graph.web.outgoing import Outgoing

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

__all__ = ["METRICS_FOLDER", "Observer", "metrics"]

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where the workers of one service add their counters up; the name is that of prometheus_client."""
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_WAITING_LINES = 10_000
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "QUERY")
_FLUSH = 0.5
"""Seconds after which counters are brought up to date."""
_ROUTES = ("sparql", "graph-store", "queries-running", "queries", "doc", "id", "def", "graph", "static", "-")


def _route(path: str) -> str:
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return first if first in _ROUTES else ("/" if not first else "other")


class _Lossy(QueueHandler):
    """Drops a line when nobody reads the log, rather than wait."""

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            return


@cache
def _counters() -> tuple[Counter, Histogram, Counter, Counter, Counter, Counter]:
    """The counters of this process: requests, their seconds, queries, cache, kills and bytes."""
    from prometheus_client import Counter, Histogram

    return (
        Counter("so2graph_requests", "Requests answered.", ("route", "method", "status")),
        Histogram("so2graph_request_seconds", "Seconds from request to end of answer.", ("route",), buckets=_BUCKETS),
        Counter("so2graph_queries", "Queries asked.", ("outcome",)),
        Counter("so2graph_cache", "Requests for what can be kept.", ("outcome",)),
        Counter("so2graph_kills", "Queries that were ended before they were through.", ("reason",)),
        Counter("so2graph_sent_bytes", "Bytes of bodies sent to those without a token."),
    )


class Observer:
    """Notes every request of one worker."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pending: list[tuple[str, str, str, float, int]] = []
        self._kept: Counts[str] = Counts()
        self._timer: asyncio.TimerHandle | None = None
        self._requests, self._latency, self._queries, self._cache, self._kills, self._bytes = _counters()
        self._log = logging.getLogger("so2graph.requests")
        self._log.propagate = False
        if settings.log_requests == "yes" and not self._log.handlers:
            waiting: queue.Queue[logging.LogRecord] = queue.Queue(_WAITING_LINES)
            self._log.addHandler(_Lossy(waiting))
            self._log.setLevel(logging.INFO)
            # The listener's thread may wait for a reader of the log; the service does not.
            QueueListener(waiting, logging.StreamHandler(sys.stderr)).start()

    def note(self, out: Outgoing) -> None:
        """Counts a request that has ended, and writes its line."""
        seconds = perf_counter() - out.started
        request, route = out.request, _route(out.request.path)
        whole = out.finished or request.method == "HEAD"
        status = str(out.status) if whole else "broken"
        method = request.method if request.method in _METHODS else "other"
        # How much somebody with a token was sent is nobody's business.
        named = "authorization" in request.headers or "cookie" in request.headers
        size = 0 if named else out.size
        self._pending.append((route, method, status, seconds, size))
        if out.query:
            self._queries.labels(status).inc()
        for exchange in out.exchanges:
            if exchange.ended_by:
                self._kills.labels(exchange.ended_by).inc()
        if out.session is not None:
            self._kept["hit" if out.cached else "kept" if out.status == 304 else "miss"] += 1
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_FLUSH, self.flush)
        if self._log.handlers:
            self._log.info(json.dumps(self._line(out, status, seconds), ensure_ascii=False))

    def flush(self) -> None:
        """Adds what was noted to the counters; done for many requests at a time, since each counter is a file."""
        self._timer = None
        pending, self._pending = self._pending, []
        for (route, method, status), number in Counts(row[:3] for row in pending).items():
            self._requests.labels(route, method, status).inc(number)
        for route, _, _, seconds, _ in pending:
            self._latency.labels(route).observe(seconds)
        self._bytes.inc(sum(row[4] for row in pending))
        for outcome, number in self._kept.items():
            self._cache.labels(outcome).inc(number)
        self._kept.clear()

    def _line(self, out: Outgoing, status: str, seconds: float) -> dict[str, object]:
        line: dict[str, object] = {
            "method": out.request.method,
            "path": mask_addresses(out.request.path[:200]),
            "status": status,
            "ms": round(seconds * 1000, 1),
            "bytes": out.size,
            "cached": out.cached,
        }
        if out.session is not None:
            line["generation"] = out.session.snapshot.manifest.number
        if out.query:
            line["query_sha256"] = hashlib.sha256(out.query.encode("utf-8", "replace")).hexdigest()[:16]
            if self._settings.log_queries == "yes":
                line["query"] = mask_addresses(out.query)
        return line


def metrics(status: dict[str, object], generation: int | None) -> bytes:
    """All counters in the text format of Prometheus (0.0.4), added up over the workers, with the state of now."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    if METRICS_FOLDER in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library's own
    hosts = status.get("hosts")
    rows = [row for row in hosts if isinstance(row, dict)] if isinstance(hosts, list) else []
    state = [
        GaugeMetricFamily(f"so2graph_{name}", doc, value=float(str(value)))
        for name, doc, value in (
            ("generation", "Number of the generation that is served.", generation or 0),
            ("readers", "Processes that answer queries.", sum(int(row["readers"]) for row in rows)),
            ("queries_running", "Queries at work.", sum(len(row["running"]) for row in rows)),
            ("hosts", "Generations that are held open.", len(rows)),
            ("engine_memory_bytes", "Memory of hosts and readers, shared pages in proportion.", _memory(rows)),
            ("images", "Generations held in memory.", status.get("images", 0)),
            ("host_restarts", "Hosts that were lost.", status.get("restarts", 0)),
            ("writes_waiting", "Writes that wait for their turn.", status.get("writes_waiting", 0)),
        )
    ]

    class Now:
        """The state of now, as a collector."""

        def collect(self) -> list[GaugeMetricFamily]:
            return state

    registry.register(Now())
    return generate_latest(registry)


def _memory(rows: list[dict[str, object]]) -> int:
    return sum(int(str(row["memory"])) for row in rows)
