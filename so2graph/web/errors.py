"""Turns errors into answers: problem documents (RFC 9457), and a page for a person with a browser."""

from __future__ import annotations

import json
import logging

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, RequestedRangeNotSatisfiable

from so2graph.engine.lookup import shorten
from so2graph.errors import (
    BadRequest,
    EngineFault,
    MethodNotAllowed,
    NotFound,
    QueryTooLarge,
    RangeRefused,
    So2Error,
)
from so2graph.web.protocol import SPARQL_METHODS
from so2graph.web.site import site
from so2graph.web.words import known, say

__all__ = ["PROBLEM_JSON", "explained", "install", "more_headers", "problem", "problem_answer", "title_of"]

PROBLEM_JSON = "application/problem+json"
_log = logging.getLogger(__name__)


def problem(error: So2Error, base: str) -> dict[str, object]:
    """The members of the problem document of an error (RFC 9457, section 3)."""
    document: dict[str, object] = {
        "type": f"{base}problems/{error.slug}",
        "title": error.title,
        "status": error.status,
        "detail": str(error),
    }
    if error.mend:
        document["mend"] = error.mend
    return document | error.members


def problem_answer(error: So2Error, base: str) -> tuple[int, dict[str, str], bytes]:
    """The status, headers and body of the problem document of an error."""
    body = json.dumps(problem(error, base), ensure_ascii=False, indent=2, default=str) + "\n"
    return error.status, {"Content-Type": PROBLEM_JSON, **more_headers(error)}, body.encode()


def more_headers(error: So2Error) -> dict[str, str]:
    """The headers that belong to an error: what is allowed, when to come back, what a token is for."""
    headers = {}
    allow = error.members.get("allow")
    if isinstance(allow, list | tuple):
        headers["Allow"] = ", ".join(map(str, allow))
    if error.status == 416:
        headers["Content-Range"] = f"bytes */{error.members['size']}"
    if error.status == 503:
        headers["Retry-After"] = "5"
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="so2graph"'
    return headers


def _response(error: So2Error) -> Response:
    here = site()
    if here.by_person:
        title = title_of(error, here.language)
        near = error.members.get("near", [])
        links = (
            [(iri, here.href(iri)) for iri in near if isinstance(iri, str) and iri.startswith("http")]
            if isinstance(near, list) and here.generation is not None
            else []
        )
        labels = here.session.labels((iri for iri, _ in links), here.language) if links else {}
        response = here.page(
            "error.html",
            error.status,
            title=title,
            error=error,
            explained=explained(error, here.language),
            query=request.args.get("query", "") if request.path == "/sparql" else "",
            near=[(labels[iri], href) for iri, href in links],
        )
    else:
        status, headers, body = problem_answer(error, here.settings.base)
        response = Response(body, status=status)
        response.headers.update(headers)
    response.headers.update(more_headers(error))
    return response


def title_of(error: So2Error, language: str) -> str:
    """What an error is called in the reader's language."""
    key = f"error.{error.slug}"
    return say(key if known(key) else "error.other", language)


def explained(error: So2Error, language: str) -> str:
    """What an error means and what to do, in the reader's language; empty where there are no words for it."""
    key = f"explain.{error.slug}"
    return say(key, language) if known(key) else ""


def _from_http(error: HTTPException) -> So2Error:
    """What Flask itself refuses, as one of ours."""
    if error.code == 405:
        valid = SPARQL_METHODS if request.path == "/sparql" else getattr(error, "valid_methods", None) or ()
        allow = sorted(valid)
        return MethodNotAllowed(
            f"{request.path} does not take {request.method}", mend=f"Use {', '.join(allow)}.", allow=allow
        )
    if error.code == 404:
        return NotFound(f"there is nothing at {shorten(request.path)}", mend="Begin at /.")
    if isinstance(error, RequestedRangeNotSatisfiable):
        return RangeRefused(
            f"the part asked for is not in {shorten(request.path)}",
            mend="Ask for bytes within its length.",
            size=error.length,
        )
    if error.code == 413:
        return QueryTooLarge("the request is larger than the limit", mend="Send less.")
    return BadRequest(error.description or "the request cannot be understood")


def install(app: Flask) -> None:
    """Lets every error of the app end as a problem document or a page."""

    @app.errorhandler(So2Error)
    def ours(error: So2Error) -> Response:
        return _response(error)

    @app.errorhandler(HTTPException)
    def theirs(error: HTTPException) -> Response:
        return _response(_from_http(error))

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> Response:
        _log.error("unforeseen error at %s", request.path, exc_info=error)
        return _response(EngineFault("something unforeseen went wrong", mend="It is in the log of the service."))
