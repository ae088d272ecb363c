"""Entity tags: an answer is named by the generation it comes from and by all that the request says about it."""

from __future__ import annotations

import hashlib

from flask import Request, Response
from werkzeug.http import quote_etag

from so2graph import __version__
from so2graph.config import Settings

__all__ = ["entity_tag", "mark", "not_modified"]

_SAYS = ("Accept", "Accept-Language")
_NOT_CACHED = ("/-/", "/static/")


def entity_tag(request: Request, generation: int, settings: Settings) -> str | None:
    """The strong entity tag (RFC 9110, 8.8.3) of the answer to a request; None for one that is not kept.

    A generation never changes, so its number with the address, what the client accepts, the version of the program
    and the settings names the very bytes.
    """
    if request.method not in ("GET", "HEAD") or request.path.startswith(_NOT_CACHED):
        return None
    parts = [__version__, str(generation), repr(settings), request.script_root, request.host, request.full_path]
    parts += [request.headers.get(name, "") for name in _SAYS]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def not_modified(request: Request, tag: str) -> Response | None:
    """304 for a client that has this very answer already (RFC 9110, 13.1.2); None for all others."""
    if not request.if_none_match.contains_weak(tag):
        return None
    return mark(Response(status=304), tag)


def mark(response: Response, tag: str) -> Response:
    """Puts the tag on an answer, and lets caches keep it as long as they ask first."""
    response.headers["ETag"] = quote_etag(tag)
    response.headers["Cache-Control"] = "no-cache"
    return response
