"""Keeps answers that are asked again, up to a number of bytes; one request at a time makes an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cachetools import LRUCache

__all__ = ["Kept", "ResponseCache"]

_OVERHEAD = 1_000
_SHARE = 8


@dataclass(frozen=True)
class Kept:
    """An answer of status 200 as it goes out: its headers in the order they are sent, and its body."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class ResponseCache:
    """The answers of one worker by key. What is larger than an eighth of the cache is not kept."""

    def __init__(self, max_bytes: int) -> None:
        self._kept: LRUCache[str, Kept] = LRUCache(max(1, max_bytes), getsizeof=_size)
        self._making: dict[str, asyncio.Future[None]] = {}
        self.max_body = max_bytes // _SHARE - _OVERHEAD
        self.hits = self.misses = 0

    @property
    def size(self) -> int:
        """Bytes in use."""
        return int(self._kept.currsize)

    async def get(self, key: str) -> Kept | None:
        """The answer of a key. While somebody else is making it, waits for that; None when it has to be made."""
        waiting = self._making.get(key)
        if waiting is not None:
            await asyncio.shield(waiting)
        found = self._kept.get(key)
        if found is None:
            self.misses += 1
        else:
            self.hits += 1
        return found

    def peek(self, key: str) -> Kept | None:
        """The answer of a key, when it is there."""
        found = self._kept.get(key)
        self.hits += found is not None
        return found

    @contextmanager
    def making(self, key: str) -> Iterator[None]:
        """While somebody makes the answer of a key; the others wait, unless somebody does so already."""
        if key in self._making:
            yield
            return
        mine = self._making[key] = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            if self._making.get(key) is mine:
                self.give_up(key)

    def give_up(self, key: str) -> None:
        """Lets those who wait for a key go on by themselves."""
        waiting = self._making.pop(key, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def keep(self, key: str, answer: Kept) -> None:
        """Keeps an answer, where it is small enough."""
        if len(answer.body) <= self.max_body:
            self._kept[key] = answer


def _size(answer: Kept) -> int:
    return len(answer.body) + _OVERHEAD
