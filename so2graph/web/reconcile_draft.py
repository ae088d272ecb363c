"""`/reconcile/1.0`: the same service as the draft of version 1.0 of the API has it."""

from __future__ import annotations

from flask import Blueprint, Response, request

from so2graph.errors import BadRequest, UnsupportedMedia
from so2graph.web.reconcile import preview, proposal, suggestions
from so2graph.web.reconcile_answers import body
from so2graph.web.reconcile_manifest import draft
from so2graph.web.reconcile_offered import default_types, offered
from so2graph.web.reconcile_request import Fault, read_draft, read_extension
from so2graph.web.site import Site, answer, site

__all__ = ["blueprint"]

blueprint = Blueprint("reconcile_draft", __name__)
JSON = "application/json"


@blueprint.get("/reconcile/1.0")
def root() -> Response:
    """The manifest."""
    here = site()
    types = default_types(here)
    return _told(here, draft(here.url(), here.language, here.settings.max_reconcile_queries, types, here.say))


@blueprint.post("/reconcile/1.0/match")
def match() -> Response:
    """Candidates for a batch of queries, in their order."""
    here = site()
    queries = read_draft(_sent(), here.settings)
    with offered(here) as service:
        found = service.answers(queries)
    results = [
        {"candidates": [], "error": f"the query {row.why}"} if isinstance(row, Fault) else {"candidates": row}
        for row in found
    ]
    return _told(here, {"results": results})


@blueprint.get("/reconcile/1.0/suggest/<kind>")
def suggest(kind: str) -> Response:
    """Things, properties or types that begin as `prefix` does."""
    return _told(site(), suggestions(kind))


@blueprint.get("/reconcile/1.0/preview")
def preview_1_0() -> Response:
    """A small page about a thing, for a frame in another site."""
    return preview()


@blueprint.post("/reconcile/1.0/extend")
def extend() -> Response:
    """Values of properties."""
    here = site()
    asked = read_extension(_sent(), "the body", here.settings)
    with offered(here) as service:
        return _told(here, service.extended(asked).listed())


@blueprint.get("/reconcile/1.0/extend/propose")
def propose() -> Response:
    """The properties that can be fetched for things of a type."""
    return _told(site(), proposal())


def _sent() -> str:
    """The JSON that was sent; raises `UnsupportedMedia` or `BadRequest`."""
    if request.mimetype != JSON:
        raise UnsupportedMedia(
            f"a body of type {request.mimetype[:80] or 'unknown'} is not read here",
            mend=f"Send {JSON}; forms go to /reconcile.",
            accepted=[JSON],
        )
    try:
        return request.get_data().decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"the body is not UTF-8 (byte {error.start})", mend="Encode it as UTF-8.") from None


def _told(here: Site, value: object) -> Response:
    response = answer(body(value), JSON)
    response.headers["Content-Language"] = here.language
    return response
