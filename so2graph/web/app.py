"""The Flask application: blueprints, headers that every answer has, and the small pages about the service itself."""

from __future__ import annotations

import json
from threading import BoundedSemaphore
from time import perf_counter
from typing import cast

from flask import Blueprint, Flask, Response, g, request

from so2graph import __version__
from so2graph.config import Settings, setting_rows
from so2graph.engine.access import Access
from so2graph.errors import So2Error
from so2graph.registry import Bundle
from so2graph.web import errors, home, queries, resource, sparql
from so2graph.web.caching import entity_tag, mark, not_modified
from so2graph.web.site import Site, answer, site

__all__ = ["create_app"]

CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
about = Blueprint("about", __name__, url_prefix="/-")


@about.get("/health")
def health() -> Response:
    """The process answers."""
    return answer(b'{"status": "ok"}\n', "application/json")


@about.get("/ready")
def ready() -> Response:
    """A generation can be read; 503 while there is none."""
    session = site().session
    body = {"status": "ready", "generation": session.snapshot.manifest.number, "triples": session.triples}
    return answer(json.dumps(body).encode() + b"\n", "application/json")


@about.get("/settings")
def settings() -> Response:
    """The settings in force, as a page or JSON; paths are left out for strangers."""
    here = site()
    rows = [row for row in setting_rows(here.settings) if row.name != "data"]
    if here.by_person:
        return here.page("settings.html", rows=rows, version=__version__)
    body = {
        "version": __version__,
        "settings": {
            row.name: {"value": row.value, "default": row.default, "variable": row.variable, "doc": row.doc}
            for row in rows
        },
    }
    return answer(json.dumps(body, indent=2).encode() + b"\n", "application/json")


def create_app(settings: Settings, bundle: Bundle) -> Flask:
    """The application for one data folder. Nothing is opened until the first request needs it."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 4 * settings.max_query_bytes + 100_000
    app.config["MAX_FORM_MEMORY_SIZE"] = None
    app.url_map.merge_slashes = False
    app.extensions["so2graph-slots"] = BoundedSemaphore(max(1, settings.threads - 2))
    app.extensions["so2graph"] = Access(settings, bundle)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for part in (home.blueprint, sparql.blueprint, queries.blueprint, resource.blueprint, about):
        app.register_blueprint(part)
    errors.install(app)

    @app.before_request
    def known_already() -> Response | None:
        tag = _tag()
        return None if tag is None else not_modified(request, tag)

    @app.teardown_request
    def give_back(_error: BaseException | None) -> None:
        slot = g.pop("slot", None)
        if slot is not None:
            slot.release()

    @app.after_request
    def headers(response: Response) -> Response:
        return _finish(response)

    return app


def _tag() -> str | None:
    """The entity tag of the answer to this request, when there is a generation to answer from."""
    if "tag" not in g:
        here = site()
        try:
            g.tag = entity_tag(request, here.session.snapshot.manifest.number, here.settings)
        except So2Error:
            g.tag = None
    return cast(str | None, g.tag)


def _finish(response: Response) -> Response:
    """Headers that every answer has: what it depends on, where it came from, what a browser may do with it."""
    here: Site | None = g.get("site")
    response.vary.update(("Accept", "Accept-Language"))
    if response.status_code == 200 and (tag := _tag()) is not None:
        mark(response, tag)
    elif "ETag" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    if here is not None:
        if here.generation is not None:
            response.headers["SO2Graph-Generation"] = str(here.generation)
        milliseconds = (perf_counter() - here.started) * 1000
        response.headers["Server-Timing"] = f"total;dur={milliseconds:.1f}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "SO2Graph-Generation, Server-Timing, Link"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = "Accept, Accept-Language, Content-Type"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = CSP
    return response
