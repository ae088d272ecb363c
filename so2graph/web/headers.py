"""Headers that every answer has, whoever makes it."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ALLOWED_HEADERS", "VARY", "common_headers"]

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
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
    anyone may read: cookies are not used, and credentials are not allowed (Fetch, 3.2.5).
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
    if media_type == "text/html":
        headers["Content-Security-Policy"] = CSP
    return headers
