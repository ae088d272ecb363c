"""Headers that every answer has, whoever makes it."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ALLOWED_HEADERS", "PREVIEW_CSP", "VARY", "common_headers"]

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PREVIEW_CSP = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors *"
)
"""Of the one page that stands in frames of other sites; it has no script."""
VARY = "Accept, Accept-Encoding, Accept-Language, Accept-Profile, Authorization"
ALLOWED_HEADERS = (
    "Accept, Accept-Language, Accept-Profile, Authorization, Content-Type, If-Match, If-None-Match, Range, Slug"
)
_EXPOSED = (
    "Content-Disposition, Content-Profile, Content-Range, ETag, Link, Location, Repr-Digest, Retry-After, "
    "Server-Timing, SO2Graph-Generation, SO2Graph-Rows, SO2Graph-Total"
)


def common_headers(
    present: Mapping[str, str], media_type: str, generation: int | None, milliseconds: float
) -> dict[str, str]:
    """What an answer depends on, where it came from, and what a browser may do with it.

    `present` are the headers that it has already; without an entity tag nobody keeps it. Any origin may read what
    anyone may read: credentials are not allowed (Fetch, 3.2.5), and the one cookie there is, of the review of links,
    is sent by no page of another site.
    """
    headers = {
        "Vary": VARY,
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": _EXPOSED,
        "Server-Timing": f"total;dur={milliseconds:.1f}",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    if "ETag" not in present:
        headers["Cache-Control"] = "no-store"
    if generation is not None and "SO2Graph-Generation" not in present:
        headers["SO2Graph-Generation"] = str(generation)
    if media_type == "text/html" and "Content-Security-Policy" not in present:
        headers["Content-Security-Policy"] = CSP
    return headers
