"""The Flask application: blueprints, and what happens before and after every request."""

from __future__ import annotations

from threading import BoundedSemaphore
from time import perf_counter
from typing import cast

from flask import Flask, Response, current_app, g, request

from so2graph.config import Settings
from so2graph.engine.access import Access
from so2graph.engine.ask import Engine, InProcess
from so2graph.engine.kept import Kept, Seen
from so2graph.engine.signins import SignIns
from so2graph.errors import So2Error, Unauthorized
from so2graph.link.mapping import Mapping as Judgement
from so2graph.network.routes import WaysKeeper
from so2graph.publish.completion import CompletionKeeper
from so2graph.publish.statistics import StatisticsKeeper
from so2graph.registry import Bundle
from so2graph.web import (
    api,
    ask,
    described,
    editor,
    errors,
    exports,
    graph_page,
    graph_store,
    home,
    links,
    links_door,
    links_health,
    links_mapping,
    links_review,
    network,
    network_path,
    network_together,
    queries,
    reconcile,
    reconcile_draft,
    search,
    service,
    source,
    sparql,
    things,
    vocabulary,
)
from so2graph.web.addresses import Addresses, Live
from so2graph.web.assets import FOR_EVER, is_built
from so2graph.web.bidi import isolated
from so2graph.web.caching import cache_headers, entity_tag, fingerprint, has_already
from so2graph.web.headers import ALLOWED_HEADERS, common_headers
from so2graph.web.network_kept import PictureKeeper
from so2graph.web.preparing import Prepared
from so2graph.web.reconcile_keeper import ReconcileIndexes
from so2graph.web.search_keeper import Indexes
from so2graph.web.service import Metrics
from so2graph.web.site import Site, site

__all__ = ["create_app"]

_PARTS = (
    *(home, api, described, sparql, editor, queries, things, graph_page, exports, graph_store, service, vocabulary),
    *(network, network_path, network_together, source, search, ask),
    *(links, links_door, links_health, links_mapping, links_review),
    *(reconcile, reconcile_draft),
)


_BATCHES = 2
"""Batches and extensions of reconciliation that one worker answers at a time."""


def create_app(
    settings: Settings,
    bundle: Bundle,
    engine: Engine | None = None,
    metrics: Metrics | None = None,
    addresses: Addresses | None = None,
) -> Flask:
    """The application for one data folder. Nothing is opened until the first request needs it.

    Without an engine, queries are answered in this process, and nothing can be written. Without `addresses`, links
    lead into the running service.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = None
    app.config["MAX_FORM_MEMORY_SIZE"] = None
    app.url_map.merge_slashes = False
    _extend(app, settings, bundle)
    app.extensions["so2graph-engine"] = engine or InProcess()
    app.extensions["so2graph-metrics"] = metrics
    app.extensions["so2graph-addresses"] = addresses or Live()
    app.jinja_env.filters["isolated"] = isolated
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for part in _PARTS:
        app.register_blueprint(part.blueprint)
    errors.install(app)

    @app.before_request
    def known_already() -> Response | None:
        here = site()
        if not request.path.startswith(graph_store.UPLOADS):
            request.max_content_length = 4 * settings.max_query_bytes + 100_000
        if (error := request.environ.get("asgi.scope", {}).get("so2graph.error")) is not None:
            raise error
        tag = _tag()
        held = None if tag is None else has_already(here.request, tag)
        if held is None:
            return None
        response = Response(status=304)
        response.headers.update(cache_headers(held))
        return response

    @app.teardown_request
    def give_back(_error: BaseException | None) -> None:
        slot = g.pop("slot", None)
        if slot is not None:
            slot.release()

    @app.after_request
    def headers(response: Response) -> Response:
        return _finish(response)

    return app


def _extend(app: Flask, settings: Settings, bundle: Bundle) -> None:
    """Gives the application the dataset, and what keeps things worked out of it."""
    app.extensions["so2graph-slots"] = BoundedSemaphore(max(1, settings.threads - 2))
    app.extensions["so2graph"] = Access(settings, bundle)
    app.extensions["so2graph-judged"] = Kept[tuple[Seen, str], tuple[Judgement, ...]](16)
    app.extensions["so2graph-sign-ins"] = SignIns(settings.data, settings.sign_in_minutes)
    app.extensions["so2graph-statistics"] = StatisticsKeeper()
    app.extensions["so2graph-sources"] = Kept[Seen, tuple[str, ...]](2)
    app.extensions["so2graph-ways"] = WaysKeeper()
    app.extensions["so2graph-completion"] = CompletionKeeper()
    app.extensions["so2graph-prepared"] = Prepared(settings)
    app.extensions["so2graph-search"] = Indexes(settings)
    app.extensions["so2graph-reconcile"] = ReconcileIndexes(settings)
    app.extensions["so2graph-reconciling"] = BoundedSemaphore(_BATCHES)
    app.extensions["so2graph-pictures"] = PictureKeeper(app.extensions["so2graph-prepared"])
    app.extensions["so2graph-fingerprint"] = fingerprint(settings)


def _tag() -> str | None:
    """The entity tag of the answer to this request, when there is a generation to answer from."""
    if "tag" not in g:
        here = site()
        try:
            number = here.session.snapshot.manifest.number
            program = cast(str, current_app.extensions["so2graph-fingerprint"])
            g.tag = entity_tag(here.request, here.caller.key, number, program)
        except Unauthorized:
            raise
        except So2Error:
            g.tag = None
    return cast(str | None, g.tag)


def _finish(response: Response) -> Response:
    """Headers that every answer has: what it depends on, where it came from, what a browser may do with it."""
    here: Site | None = g.get("site")
    if response.status_code == 200 and here is not None and "ETag" not in response.headers:
        tag = cast(str | None, g.get("tag"))
        response.headers.update({} if tag is None else cache_headers(tag))
    if response.status_code in (200, 304) and is_built(request.path):
        response.headers["Cache-Control"] = FOR_EVER
    generation = None if here is None else here.generation
    milliseconds = 0.0 if here is None else (perf_counter() - here.started) * 1000
    response.headers.update(common_headers(dict(response.headers), response.mimetype or "", generation, milliseconds))
    if request.method == "OPTIONS":
        allow = response.headers.get("Allow", "GET, HEAD, OPTIONS")
        response.headers["Access-Control-Allow-Methods"] = allow
        response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
        response.headers["Access-Control-Max-Age"] = "600"
    return response
