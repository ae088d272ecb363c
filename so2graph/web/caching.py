"""Entity tags: an answer is named by the generation it comes from and by all that the request says about it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from werkzeug.http import parse_etags, quote_etag

from so2graph import __version__
from so2graph.config import Settings
from so2graph.web.assets import built

__all__ = ["CACHE_CONTROL", "Request", "cache_headers", "entity_tag", "fingerprint", "has_already"]

CACHE_CONTROL = "no-cache"
_SAYS = ("accept", "accept-language", "accept-profile")
_DEPENDS = ("host", "accept", "accept-language", "accept-profile", "accept-encoding", "authorization")
_NOT_CACHED = ("/-/", "/static/", "/queries-running", "/graph-store", "/exports/", "/links/review")


@dataclass(frozen=True)
class Request:
    """What a request says, whatever server took it; the names of `headers` are in lower case.

    `written` is the path with its escapes, where the server tells: `%2F` is another name than `/`.
    """

    method: str
    root: str
    path: str
    query: bytes
    headers: Mapping[str, str]
    written: str = ""

    @property
    def identity(self) -> tuple[object, ...]:
        """All that an answer may depend on."""
        said = self.headers.get
        return (self.path, self.written, self.query, self.root, *(said(name) for name in _DEPENDS))


def fingerprint(settings: Settings) -> str:
    """A name for the version of the program, its front end and its settings."""
    return f"{__version__} {built()} {hashlib.sha256(repr(settings).encode()).hexdigest()}"


def entity_tag(request: Request, rights: str, generation: int, program: str) -> str | None:
    """The strong entity tag (RFC 9110, 8.8.3) of the answer to a request; None for one that is not kept.

    A generation never changes, so its number with the address, what the client accepts and may read, and the
    `fingerprint` of the program names the answer.
    """
    if request.method not in ("GET", "HEAD") or request.path.startswith(_NOT_CACHED):
        return None
    said = request.headers
    parts = [program, str(generation), rights, request.root, said.get("host", ""), request.path, request.written]
    parts += [request.query.decode("latin-1"), *(said.get(name, "") for name in _SAYS)]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def has_already(request: Request, tag: str) -> str | None:
    """The tag, with that of its coding, by which the client has this very answer (RFC 9110, 13.1.2)."""
    sent = request.headers.get("if-none-match", "")
    if not sent:
        return None
    known = parse_etags(sent)
    if known.star_tag:
        # Whether there is an answer is not known before it is made.
        return None
    return next((name for name in (tag, f"{tag}-gzip", f"{tag}-zstd") if known.contains_weak(name)), None)


def cache_headers(tag: str) -> dict[str, str]:
    """The tag, and that caches may keep the answer as long as they ask first."""
    return {"ETag": quote_etag(tag), "Cache-Control": CACHE_CONTROL}
