"""Compresses piece by piece: gzip (RFC 1952) and Zstandard (RFC 8878), the same input to the same bytes."""

from __future__ import annotations

import zlib
from typing import Protocol

import zstandard

__all__ = ["CODINGS", "SUFFIXES", "Encoder", "encoder"]

CODINGS = ("zstd", "gzip")
SUFFIXES = {"gz": "gzip", "zst": "zstd"}
"""How the name of a compressed file ends."""


class Encoder(Protocol):
    """Compresses piece by piece."""

    def piece(self, data: bytes) -> bytes:
        """What can be sent after these bytes."""

    def end(self) -> bytes:
        """The rest."""


class _Gzip:
    def __init__(self) -> None:
        # Without a name and a time in its head.
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
