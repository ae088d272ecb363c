"""Brings an answer from a reader to a client of the edge: held back at first, then streamed."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path

from so2graph.config import Settings
from so2graph.engine.ask import HELD_BYTES, HELD_SECONDS, Readers
from so2graph.engine.exchange import Exchange
from so2graph.engine.wire import PINNED, Frames, Question, link_of
from so2graph.errors import Busy, EngineFault, ResultTooLarge

__all__ = ["Connections", "Relay", "kill"]

_WHOLE_BYTES = 32_000_000
_ATTEMPTS = 3
_ENOUGH = 262_144
"""Bytes that may wait here before the reader has to."""


class _Pieces(asyncio.Protocol):
    """What comes from a reader, for one task to take; the reader waits while too much is not taken."""

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._ended = self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The reader has been reached."""
        if isinstance(transport, asyncio.Transport):
            self.transport = transport

    def data_received(self, data: bytes) -> None:
        """A piece has come."""
        self._pieces.append(data)
        self._size += len(data)
        if self._size > _ENOUGH and self.transport is not None and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """No more comes."""
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    @property
    def fresh(self) -> bool:
        """Whether a question can be asked: nothing is left of another, and the reader is there."""
        return not (self._pieces or self._ended or self._paused) and self.transport is not None

    async def take(self, seconds: float) -> bytes:
        """The next piece, empty when there are no more; raises `TimeoutError`."""
        if not self._pieces and not self._ended:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            timer = loop.call_later(seconds, self._wake)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
            if not self._pieces and not self._ended:
                raise TimeoutError
        if not self._pieces:
            return b""
        piece = self._pieces.popleft()
        self._size -= len(piece)
        if self._paused and self._size < _ENOUGH and self.transport is not None:
            self._paused = False
            self.transport.resume_reading()
        return piece


class Connections:
    """Connections of one worker to readers of the current generation, kept for the next question."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._number = 0
        self._idle: list[_Pieces] = []

    async def take(self, number: int) -> _Pieces:
        """A connection to a reader of a generation; raises what the system says when none can be reached."""
        if number != self._number:
            self.drop()
            self._number = number
        while self._idle:
            pieces = self._idle.pop()
            if pieces.fresh:
                return pieces
        link = str(link_of(self._run, number))
        _, made = await asyncio.get_running_loop().create_unix_connection(_Pieces, link)
        return made

    def give_back(self, number: int, pieces: _Pieces) -> None:
        """Keeps a connection whose answer is through, unless there are enough."""
        if number == self._number and pieces.fresh and len(self._idle) < PINNED:
            self._idle.append(pieces)
        elif pieces.transport is not None:
            pieces.transport.abort()

    def drop(self) -> None:
        """Lets go of all."""
        for pieces in self._idle:
            if pieces.transport is not None:
                pieces.transport.abort()
        self._idle.clear()


class Relay:
    """One exchange with a reader, seen from the event loop."""

    def __init__(
        self, readers: Readers, connections: Connections, settings: Settings, number: int, question: Question
    ) -> None:
        self._readers, self._connections, self._number, self._question = readers, connections, number, question
        self.exchange = Exchange(question, settings)
        self._frames = Frames()
        self._pieces: _Pieces | None = None

    async def head(self, *, whole: bool = False) -> bytes:
        """The first part of the answer: all of it when `exchange.done`. Raises what the query deserves.

        With `whole` it is all of it in any case; raises `ResultTooLarge` beyond what is held in memory for that.
        """
        started, held = time.monotonic(), bytearray()
        while not self.exchange.done:
            held += await self.piece()
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
            if self._pieces is None:
                self._pieces = await self._connect()
                if self._pieces.transport is not None:
                    self._pieces.transport.write(self._question.encode())
            data = await self._receive(self._pieces)
            if data:
                parts = [self.exchange.take(kind, body) for kind, body in self._frames.feed(data)]
                return b"".join(parts)
            why = await asyncio.to_thread(self._readers.why, self.exchange)
            if why is not None or self.exchange.kind or attempt == _ATTEMPTS - 1:
                self.exchange.done = True
                raise self.exchange.broken(why)
            self._hang_up()
        raise Busy("no reader took the query", mend="Try again.")

    async def _receive(self, pieces: _Pieces) -> bytes:
        started = time.monotonic()
        try:
            return await pieces.take(self.exchange.left)
        except TimeoutError:
            self.exchange.spent = self._question.deadline
            begun = await asyncio.to_thread(self._readers.end, self.exchange, "deadline")
            self.exchange.done = True
            raise self.exchange.too_late(begun=begun) from None
        finally:
            self.exchange.spent += time.monotonic() - started

    async def _connect(self) -> _Pieces:
        for attempt in range(_ATTEMPTS):
            try:
                return await self._connections.take(self._number)
            except (FileNotFoundError, ConnectionRefusedError):
                await asyncio.to_thread(self._readers.control, {"op": "ensure", "generation": self._number})
                await asyncio.sleep(0.05 * attempt)
        raise EngineFault("the readers of this generation cannot be reached", mend="Ask again.")

    def _hang_up(self) -> None:
        if self._pieces is not None and self._pieces.transport is not None:
            self._pieces.transport.abort()
        self._pieces = None

    def close(self) -> None:
        """Ends the exchange: a reader that is still at work is killed."""
        if self.exchange.whole and self._pieces is not None:
            self._connections.give_back(self._number, self._pieces)
            self._pieces = None
        self._hang_up()
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
