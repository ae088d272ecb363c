"""Brings an answer from a reader to a client of the edge: held back at first, then streamed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from so2graph.config import Settings
from so2graph.engine.ask import HELD_BYTES, HELD_SECONDS, Readers
from so2graph.engine.exchange import Exchange
from so2graph.engine.wire import Frames, Question, link_of
from so2graph.errors import Busy, EngineFault, ResultTooLarge

__all__ = ["Relay", "kill"]


_WHOLE_BYTES = 32_000_000
_ATTEMPTS = 3


class Relay:
    """One exchange with a reader, seen from the event loop."""

    def __init__(self, readers: Readers, settings: Settings, number: int, question: Question) -> None:
        self._readers, self._settings, self._number, self._question = readers, settings, number, question
        self.exchange = Exchange(question, settings)
        self._frames = Frames()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def head(self, *, whole: bool = False) -> bytes:
        """The first part of the answer: all of it when `exchange.done`. Raises what the query deserves.

        With `whole` it is all of it in any case; raises `ResultTooLarge` beyond what is held in memory for that.
        """
        started, held = time.monotonic(), bytearray()
        while not self.exchange.done:
            piece = await self.piece()
            held += piece
            if whole:
                _check_held(len(held))
            elif len(held) >= HELD_BYTES or (held and time.monotonic() - started > HELD_SECONDS):
                break
        return bytes(held)

    async def rest(self) -> AsyncIterator[bytes]:
        """The parts after the head."""
        while not self.exchange.done:
            yield await self.piece()

    async def piece(self) -> bytes:
        """The next part, which may be empty; asks again when a reader was lost before it began."""
        for attempt in range(_ATTEMPTS):
            if self._streams is None:
                self._streams = await self._connect()
                self._streams[1].write(self._question.encode())
            data = await self._receive(self._streams[0])
            if data:
                parts = [self.exchange.take(kind, body) for kind, body in self._frames.feed(data)]
                return b"".join(parts)
            why = await asyncio.to_thread(self._readers.why, self.exchange)
            if why is not None or self.exchange.kind or attempt == _ATTEMPTS - 1:
                self.exchange.done = True
                raise self.exchange.broken(why)
            self._streams[1].close()
            self._streams = None
        raise Busy("no reader took the query", mend="Try again.")

    async def _receive(self, reader: asyncio.StreamReader) -> bytes:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.exchange.left):
                return await reader.read(262_144)
        except TimeoutError:
            self.exchange.spent = self._question.deadline
            begun = await asyncio.to_thread(self._readers.end, self.exchange, "deadline")
            self.exchange.done = True
            raise self.exchange.too_late(begun=begun) from None
        except ConnectionError:
            return b""
        finally:
            self.exchange.spent += time.monotonic() - started

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        link = str(link_of(self._readers.run, self._number))
        for attempt in range(3):
            try:
                return await asyncio.open_unix_connection(link, limit=262_144)
            except (FileNotFoundError, ConnectionRefusedError):
                await asyncio.to_thread(self._readers.control, {"op": "ensure", "generation": self._number})
                await asyncio.sleep(0.05 * attempt)
        raise EngineFault("the readers of this generation cannot be reached", mend="Ask again.")

    def close(self) -> None:
        """Ends the exchange: a reader that is still at work is killed."""
        if self._streams is not None:
            self._streams[1].close()
        kill(self._readers, self.exchange)


def _check_held(size: int) -> None:
    if size > _WHOLE_BYTES:
        raise ResultTooLarge(
            f"the answer is larger than {_WHOLE_BYTES} bytes, and HTTP/1.0 cannot tell a part from the whole",
            mend="Ask by HTTP/1.1.",
            limit=_WHOLE_BYTES,
        )


def kill(readers: Readers, exchange: Exchange) -> None:
    """Has a reader killed that is at work on an exchange, without waiting for it."""
    if not exchange.done:
        exchange.done = True
        asyncio.get_running_loop().run_in_executor(None, readers.end, exchange, "gone")
