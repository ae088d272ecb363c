"""From the address of a page to the IRI of the thing that it is about, and back; IRIs keep their own spelling."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from so2graph.errors import BadParameter
from so2graph.vocab import parse_iri

__all__ = ["as_uri", "page_local", "spellings", "written_path"]

_SAFE = "/:@!$&'()*+,;=~-._%"
"""What stands for itself in the path of an address; a percent sign since IRIs may hold escapes of their own."""
_URI = _SAFE + "?#[]"
_ESCAPED = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")


def as_uri(iri: str) -> str:
    """An IRI as a URI (RFC 3987, 3.1), for headers."""
    return quote(iri, safe=_URI)


def page_local(local: str) -> str:
    """The part after `doc/` of the address of the page about the thing with this part after `id/`."""
    return quote(local, safe=_SAFE)


def written_path(environ: Mapping[str, object], root: str) -> str | None:
    """The path as the client wrote it, below `root`, with its escapes; None where the server does not tell."""
    scope = environ.get("asgi.scope")
    raw = scope.get("raw_path") if isinstance(scope, dict) else None
    text = raw.decode("latin-1") if isinstance(raw, bytes) else environ.get("REQUEST_URI")
    if not isinstance(text, str):
        return None
    path = re.sub(r"^https?://[^/?#]*", "", text).partition("?")[0]
    return path.removeprefix(root) if root and path.startswith(f"{root}/") else path


def spellings(things: str, written: str | None, decoded: str) -> list[str]:
    """The IRIs below `things` that an address may mean, the most literal first; only those that are IRIs.

    A browser escapes what is not ASCII, and an IRI may have it either way; `%2F` and `/` differ only as written.
    """
    written = quote(decoded, safe=_SAFE.replace("%", "")) if written is None else written
    locals_ = (
        written,
        _ESCAPED.sub(_unescaped, written),
        decoded,
        quote(decoded, safe=_SAFE),
        quote(decoded, safe="-._~!$()*+,;=:@/%"),
    )
    return [things + local for local in dict.fromkeys(locals_) if local and _is_iri(things + local)]


def _unescaped(match: re.Match[str]) -> str:
    try:
        return bytes.fromhex(match[0].replace("%", "")).decode("utf-8")
    except UnicodeDecodeError:
        return match[0]


def _is_iri(text: str) -> bool:
    try:
        parse_iri(text)
    except BadParameter:
        return False
    return True
