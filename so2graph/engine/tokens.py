"""Tokens: who may change the dataset, and read what is not public.

They stand in `tokens.json` of the data folder, as SHA-256 of 256 random bits; what cannot be guessed needs no salt.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from so2graph.engine.dataset import Graphs
from so2graph.engine.generations import storage_errors
from so2graph.errors import BadParameter, DatasetUnreadable, Forbidden, NotFound, Unauthorized

__all__ = ["ANYONE", "ROLES", "Caller", "Token", "Tokens"]

ROLES = ("reader", "editor", "admin")
"""From the least to the most: reads what is private; writes too and stops queries; sees the whole service."""


@dataclass(frozen=True)
class Token:
    """One token as it is stored. `read` and `write` limit it to these graphs; None is all."""

    name: str
    role: str
    digest: str
    created: str
    read: tuple[str, ...] | None = None
    write: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Caller:
    """Who asks: the bearer of a token, or anyone (`token` is None)."""

    token: Token | None = None

    @property
    def name(self) -> str:
        return self.token.name if self.token else ""

    @cached_property
    def key(self) -> str:
        """A name for the rights of this caller, for what is kept by rights."""
        return hashlib.sha256(repr(self.token).encode()).hexdigest()[:16] if self.token else ""

    def hidden(self, graphs: Graphs, contact: str) -> frozenset[str]:
        """The graphs of a generation that the caller may not read."""
        private = graphs.hidden(contact)
        if self.token is None:
            return private
        return frozenset() if self.token.read is None else private - set(self.token.read)

    def need(self, role: str) -> None:
        """Raises `Unauthorized` without a token, and `Forbidden` with one whose role is less than `role`."""
        if self.token is None:
            raise Unauthorized(
                f"this needs the token of a{'n' if role[0] in 'ae' else ''} {role}",
                mend="Send 'Authorization: Bearer …'; 'so2graph token add' makes one.",
            )
        if ROLES.index(self.token.role) < ROLES.index(role):
            raise Forbidden(
                f"the token {self.token.name} is that of a {self.token.role}, and this needs {role}",
                mend="Ask whoever runs the service for another.",
            )

    @property
    def writable(self) -> tuple[str, ...] | None:
        """The graphs that the caller may write; None for all."""
        return self.token.write if self.token else ()


ANYONE = Caller()


def _tuple(value: list[str] | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(value)


class Tokens:
    """The tokens of a data folder; read again when the file changes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "tokens.json"
        self._name = str(self._path)
        self._stamp: tuple[int, int, int] | None = None
        self._tokens: dict[str, Token] = {}

    def stamp(self) -> tuple[int, int, int] | None:
        """Changes whenever the tokens do; None while there are none."""
        try:
            status = os.stat(self._name)  # noqa: PTH116  # asked for every request
        except (FileNotFoundError, NotADirectoryError):
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    def all(self) -> list[Token]:
        """All tokens, by name."""
        stamp = self.stamp()
        if stamp != self._stamp:
            self._tokens = {} if stamp is None else {token.digest: token for token in self._read()}
            self._stamp = stamp
        return sorted(self._tokens.values(), key=lambda token: token.name)

    def _read(self) -> list[Token]:
        try:
            rows = json.loads(self._path.read_text(encoding="utf-8"))
            return [Token(**(row | {name: _tuple(row[name]) for name in ("read", "write")})) for row in rows]
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise DatasetUnreadable(
                f"{self._path} cannot be read: {error}", mend="Mend or remove it; nobody has a token until then."
            ) from error

    def caller(self, authorization: str) -> Caller:
        """Who an `Authorization` header (RFC 6750, 2.1) names; raises `Unauthorized` for an unknown token."""
        if not authorization.strip():
            return ANYONE
        scheme, _, secret = authorization.strip().partition(" ")
        digest = hashlib.sha256(secret.strip().encode("utf-8", "surrogatepass")).hexdigest()
        self.all()
        token = self._tokens.get(digest) if scheme.lower() == "bearer" else None
        if token is None:
            raise Unauthorized(
                "the token is not known here", mend="Send 'Authorization: Bearer …' with one that is, or none."
            )
        return Caller(token)

    def bearer(self, digest: str) -> Caller | None:
        """Who has the token with this digest; None when it is gone."""
        self.all()
        token = self._tokens.get(digest)
        return None if token is None else Caller(token)

    def add(self, name: str, role: str, read: Iterable[str] | None = None, write: Iterable[str] | None = None) -> str:
        """Makes a token and returns it, which nobody can do again; raises `BadParameter` for a name that is taken."""
        if not re.fullmatch(r"[\w.@-]{1,100}", name):
            raise BadParameter(f"{name!r} is no name for a token", mend="Use letters, digits, - and _.")
        if role not in ROLES:
            raise BadParameter(f"{role!r} is no role", mend=f"Give one of: {', '.join(ROLES)}.")
        secret = f"so2_{secrets.token_urlsafe(32)}"
        token = Token(
            name,
            role,
            hashlib.sha256(secret.encode()).hexdigest(),
            datetime.now(UTC).isoformat(timespec="seconds"),
            None if read is None else tuple(sorted(read)),
            None if write is None else tuple(sorted(write)),
        )
        with self._alone():
            if any(known.name == name for known in self.all()):
                raise BadParameter(f"there is a token {name} already", mend="Remove it first, or take another name.")
            self._write([*self.all(), token])
        return secret

    def remove(self, name: str) -> None:
        """Removes a token; raises `NotFound`."""
        with self._alone():
            kept = [token for token in self.all() if token.name != name]
            if len(kept) == len(self.all()):
                raise NotFound(f"there is no token {name}", mend="'so2graph token list' shows them.")
            self._write(kept)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else changes the tokens meanwhile; what another process has changed is read first."""
        with storage_errors(self._path.parent):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _write(self, tokens: list[Token]) -> None:
        with storage_errors(self._path.parent):
            fresh = self._path.with_suffix(".new")
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump([asdict(token) for token in tokens], file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
