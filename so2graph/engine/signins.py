"""Who is signed in with a browser: a token, exchanged for a secret that lasts some hours.

They stand in `signins.sqlite` of the data folder, as SHA-256 of 256 random bits, with the digest of the token they
came from: whoever reads the file can sign in nobody, and a token that is removed takes its sign-ins with it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time

from so2graph.engine.generations import storage_errors
from so2graph.engine.tokens import Caller, Token, Tokens
from so2graph.errors import DatasetReadOnly, DatasetUnreadable

__all__ = ["SignIns", "form_key"]

_SCHEMA = "CREATE TABLE IF NOT EXISTS signin (digest TEXT PRIMARY KEY, token TEXT NOT NULL, until REAL NOT NULL)"
_PATIENCE = 5.0


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def form_key(secret: str) -> str:
    """What every form of a sign-in sends back and nobody else can know: it tells our forms from those of others."""
    return hmac.new(secret.encode("utf-8", "surrogatepass"), b"form", hashlib.sha256).hexdigest()


class SignIns:
    """The sign-ins of a data folder; safe for several processes."""

    def __init__(self, folder: Path, minutes: int, clock: Callable[[], float] = time) -> None:
        self._path, self.seconds, self._clock = folder / "signins.sqlite", minutes * 60, clock

    def begin(self, token: Token) -> str:
        """A new sign-in with a token; returns its secret. Those that are over are forgotten.

        Raises `DatasetReadOnly` and `DiskFull`.
        """
        secret, now = secrets.token_urlsafe(32), self._clock()
        with storage_errors(self._path.parent):
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600))
        with self._base() as base:
            base.execute(_SCHEMA)
            base.execute("DELETE FROM signin WHERE until <= ?", (now,))
            base.execute("INSERT INTO signin VALUES (?,?,?)", (_digest(secret), token.digest, now + self.seconds))
        return secret

    def caller(self, secret: str, tokens: Tokens) -> Caller | None:
        """Who signed in with that secret; None when that is over, or the token is gone."""
        if not secret or not self._path.is_file():
            return None
        with self._base() as base:
            text = "SELECT token FROM signin WHERE digest = ? AND until > ?"
            row = base.execute(text, (_digest(secret), self._clock())).fetchone()
        return None if row is None else tokens.bearer(str(row[0]))

    def end(self, secret: str) -> None:
        """Signs out: the secret is of no use from now on."""
        if self._path.is_file():
            with self._base() as base:
                base.execute("DELETE FROM signin WHERE digest = ?", (_digest(secret),))

    @contextmanager
    def _base(self) -> Iterator[sqlite3.Connection]:
        try:
            base = sqlite3.connect(self._path, timeout=_PATIENCE)
            try:
                with base:
                    yield base
            finally:
                base.close()
        except sqlite3.OperationalError as error:
            raise DatasetReadOnly(
                f"{self._path} cannot be written: {error}", mend="Give the service the right to write there."
            ) from error
        except sqlite3.DatabaseError as error:
            raise DatasetUnreadable(
                f"{self._path} cannot be read: {error}", mend="Remove it; everybody signs in again."
            ) from error
