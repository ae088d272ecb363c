"""What the service says about itself: `/-/health`, `/-/ready`, `/-/metrics`, `/-/settings` and `/queries-running`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import cast
from uuid import uuid4

from flask import Blueprint, Response, current_app

from so2graph import __version__
from so2graph.config import setting_rows
from so2graph.engine.wire import Question
from so2graph.errors import NotFound
from so2graph.vocab import mask_addresses
from so2graph.web.site import answer, site

__all__ = ["Metrics", "blueprint"]

blueprint = Blueprint("service", __name__)
Metrics = Callable[[dict[str, object], int | None], bytes]
"""Writes counters in the text format of Prometheus, from what the keeper says and the number of the generation."""
_READY_SECONDS = 5.0


def _json(row: object) -> Response:
    return answer(json.dumps(row, indent=2, ensure_ascii=False).encode() + b"\n", "application/json")


@blueprint.get("/-/health")
def health() -> Response:
    """The process answers."""
    return _json({"status": "ok"})


@blueprint.get("/-/ready")
def ready() -> Response:
    """A reader answers a query on the current generation; 503 while none does."""
    here = site()
    ask = Question(uuid4().hex, "query", "ASK {}", (), _READY_SECONDS, boolean="csv")
    here.engine.ask(here.session, ask).body()
    return _json(
        {
            "status": "ready",
            "generation": here.session.snapshot.manifest.number,
            "triples": here.session.triples,
        }
    )


@blueprint.get("/-/metrics")
def metrics() -> Response:
    """Counters for Prometheus."""
    here = site()
    status = here.engine.control({"op": "status"})
    write = cast(Metrics | None, current_app.extensions["so2graph-metrics"])
    number = here.session.snapshot.manifest.number
    body = b"" if write is None else write(status, number)
    return answer(body, "text/plain; version=0.0.4; charset=utf-8")


@blueprint.get("/-/settings")
def settings() -> Response:
    """The settings in force, as a page or JSON; paths are left out for strangers."""
    here = site()
    rows = [row for row in setting_rows(here.settings) if row.name not in ("data", "exports")]
    if here.by_person:
        return here.page("settings.html", rows=rows, version=__version__)
    return _json(
        {
            "version": __version__,
            "settings": {
                row.name: {"value": row.value, "default": row.default, "variable": row.variable, "doc": row.doc}
                for row in rows
            },
        }
    )


def _running() -> list[dict[str, object]]:
    status = site().engine.control({"op": "status"})
    hosts, writing = status.get("hosts"), status.get("writing")
    queries = [row for host in hosts for row in host["running"]] if isinstance(hosts, list) else []
    rows = queries + (writing if isinstance(writing, list) else [])
    # Who may not read everything may not read it in what others ask either.
    unread = bool(site().session.hidden)
    return [row | {"query": None if unread else mask_addresses(str(row["query"]))} for row in rows]


@blueprint.get("/queries-running")
def running() -> Response:
    """For editors: the queries and the write at work, each with its id, the start of its text, and its seconds."""
    site().caller.need("editor")
    return _json({"running": sorted(_running(), key=lambda row: -float(str(row["elapsed"])))})


@blueprint.delete("/queries-running/<ident>")
def stop(ident: str) -> Response:
    """For editors: ends a query or write, whose client is told so."""
    here = site()
    here.caller.need("editor")
    if not here.engine.control({"op": "kill", "id": ident, "why": "stopped"}).get("killed"):
        raise NotFound(f"no query {ident[:64]} is running", mend="Look at /queries-running.")
    return Response(status=204)
