"""Which content coding an answer has (RFC 9110, 8.4.1 and 12.5.3)."""

from __future__ import annotations

from functools import lru_cache

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

from so2graph.coding import CODINGS

__all__ = ["choose_coding", "compressible"]

_SMALLEST = 1_000
_TEXTUAL = ("text/", "application/json", "application/xml", "application/n-", "application/trig")


@lru_cache(1024)
def choose_coding(header: str) -> str | None:
    """The coding that an `Accept-Encoding` likes best; None for no coding (RFC 9110, 12.5.3)."""
    if not header.strip():
        return None
    accepted = parse_accept_header(header, Accept)
    best = max(CODINGS, key=accepted.quality)
    plain = max((quality for name, quality in accepted if name == "identity"), default=0.001)
    return best if accepted.quality(best) >= plain and accepted.quality(best) > 0 else None


def compressible(content_type: str, size: int | None) -> bool:
    """Whether it is worth while: text of some length."""
    media_type = content_type.partition(";")[0]
    textual = media_type.startswith(_TEXTUAL) or media_type.endswith(("+json", "+xml"))
    return textual and (size is None or size >= _SMALLEST)
