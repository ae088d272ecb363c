"""Keeps what was worked out of the latest generations, by what their readers may not see."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from so2graph.engine.access import Session

__all__ = ["Kept", "Seen", "seen"]

Seen = tuple[int, frozenset[str]]
"""The number of a generation, and the graphs in it that its reader may not see."""
Key = TypeVar("Key")
Value = TypeVar("Value")


def seen(session: Session) -> Seen:
    """What a session sees: the same for all for whom a value is the same."""
    return session.snapshot.manifest.number, session.hidden


class Kept(Generic[Key, Value]):
    """The `most` values that were asked for last; safe for several threads."""

    def __init__(self, most: int) -> None:
        self._known: OrderedDict[Key, Value] = OrderedDict()
        self._most, self._lock, self._turn = most, Lock(), Lock()

    def get(self, key: Key) -> Value | None:
        """The value; None where it is not here."""
        with self._lock:
            if key not in self._known:
                return None
            self._known.move_to_end(key)
            return self._known[key]

    def keep(self, key: Key, value: Value) -> Value:
        """Takes a value, and lets go of the one that was not asked for longest."""
        with self._lock:
            self._known[key] = value
            while len(self._known) > self._most:
                self._known.popitem(last=False)
            return value

    def made(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value, made where it is not here; what two ask for at a time is made twice, and nobody waits."""
        known = self.get(key)
        return self.keep(key, make()) if known is None else known

    def made_once(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value, made where it is not here; who asks meanwhile waits."""
        known = self.get(key)
        if known is not None:
            return known
        with self._turn:
            return self.made(key, make)
