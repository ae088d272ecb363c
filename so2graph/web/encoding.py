"""Content codings (RFC 9110, 8.4.1): gzip and Zstandard (RFC 8878)."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Protocol

import zstandard
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

__all__ = ["CODINGS", "Encoder", "choose_coding", "compressible", "encoder"]

CODINGS = ("zstd", "gzip")
_SMALLEST = 1_000
_TEXTUAL = ("text/", "application/json", "application/xml", "application/n-", "application/trig")


class Encoder(Protocol):
    """Compresses piece by piece."""

    def piece(self, data: bytes) -> bytes:
        """What can be sent after these bytes."""

    def end(self) -> bytes:
        """The rest."""


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.compressobj(5, zlib.DEFLATED, 31)

    def piece(self, data: bytes) -> bytes:
        return self._inner.compress(data)

    def end(self) -> bytes:
        return self._inner.flush()


class _Zstd:
    def __init__(self) -> None:
        self._inner = zstandard.ZstdCompressor(level=3).compressobj()

    def piece(self, data: bytes) -> bytes:
        return self._inner.compress(data)

    def end(self) -> bytes:
        return self._inner.flush()


def encoder(coding: str) -> Encoder:
    """A new encoder of `gzip` or `zstd`."""
    return _Gzip() if coding == "gzip" else _Zstd()


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
