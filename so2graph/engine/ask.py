"""Asks readers from a thread, or answers in this very process where there are none."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Protocol

from so2graph.config import Settings
from so2graph.engine.access import Session
from so2graph.engine.exchange import Exchange
from so2graph.engine.faults import from_row
from so2graph.engine.lines import Lines
from so2graph.engine.reader import answer_question
from so2graph.engine.sinks import Collected
from so2graph.engine.wire import CONTROL, KIND, Frames, Question, link_of
from so2graph.errors import Busy, EngineFault, PolicyRefused, So2Error

__all__ = ["HELD_BYTES", "HELD_SECONDS", "Engine", "InProcess", "Readers", "Reply"]

HELD_BYTES = 1_048_576
HELD_SECONDS = 0.25
"""What is held back of an answer until its status line is sent: a megabyte, or what came in a quarter of a second."""
_CONTROL_PATIENCE = 3600.0
_START_PATIENCE = 10.0
_ATTEMPTS = 3


@dataclass
class Reply:
    """An answer: `kind` and `format` at once, its bytes in pieces, and `rows` when they are through."""

    kind: str
    format: str
    pieces: Iterator[bytes]
    rows: int | None = None
    volatile: bool = False

    def body(self) -> bytes:
        """All of it."""
        return b"".join(self.pieces)

    def hold_back(self) -> Iterator[bytes]:
        """All of it, of which the first megabyte, or what comes in a quarter of a second, is waited for now."""
        started, held = time.monotonic(), bytearray()
        for piece in self.pieces:
            held += piece
            if len(held) >= HELD_BYTES or (held and time.monotonic() - started > HELD_SECONDS):
                return chain((bytes(held),), self.pieces)
        return iter((bytes(held),))


class Engine(Protocol):
    """Answers questions about a generation, and takes writes."""

    def ask(self, session: Session, question: Question, running: list[Exchange] | None = None) -> Reply:
        """The answer to a question; raises what it deserves, before the first piece or between two.

        The exchange is put into `running`, for whoever may have to end it.
        """

    def control(self, row: dict[str, object]) -> dict[str, object]:
        """What the keeper says to a request; raises the error that it reports."""


class InProcess:
    """Answers in this process: without a deadline or a limit of memory, and without writes."""

    def ask(self, session: Session, question: Question, _running: list[Exchange] | None = None) -> Reply:
        """Makes the whole answer at once."""
        sink, told = Collected(), []
        rows = answer_question(session, question, sink, lambda _kind, row: told.append(row))
        kind = told[0]
        return Reply(str(kind["kind"]), str(kind["format"]), iter([sink.body]), rows, bool(kind.get("volatile")))

    def control(self, row: dict[str, object]) -> dict[str, object]:
        """There is nobody to ask."""
        if row["op"] == "status":
            return {"hosts": [], "images": 0, "restarts": 0, "writes_waiting": 0, "writing": []}
        raise PolicyRefused("this needs the service to run", mend="Start it with 'so2graph serve'.")


class Readers:
    """The readers and the keeper of a running service, which meet in the folder `run`."""

    def __init__(self, run: Path, settings: Settings) -> None:
        self.run, self._settings = run, settings

    def ask(self, session: Session, question: Question, running: list[Exchange] | None = None) -> Reply:
        """Asks a reader; once more when one was lost before it began to work."""
        number = session.snapshot.manifest.number
        exchange = Exchange(question, self._settings)
        if running is not None:
            running.append(exchange)
        pieces = self._pieces(number, exchange)
        first = next(pieces, b"")
        reply = Reply(exchange.kind, exchange.format, iter(()), volatile=exchange.volatile)
        reply.pieces = self._rest(reply, exchange, first, pieces)
        return reply

    def _rest(
        self, reply: Reply, exchange: Exchange, first: bytes | None, pieces: Iterator[bytes]
    ) -> Iterator[bytes]:
        if first:
            yield first
        yield from pieces
        reply.rows = exchange.rows

    def _pieces(self, number: int, exchange: Exchange) -> Iterator[bytes]:
        """The pieces of an answer; the first may be empty, and comes when it is known what kind of answer it is."""
        try:
            for attempt in range(_ATTEMPTS):
                yield from self._attempt(number, exchange)
                if exchange.done:
                    return
                why = self.why(exchange)
                if why is not None or exchange.kind or attempt == _ATTEMPTS - 1:
                    exchange.done = True
                    raise exchange.broken(why)
        finally:
            if not exchange.done:
                self.end(exchange, "gone")

    def _attempt(self, number: int, exchange: Exchange) -> Iterator[bytes]:
        """The pieces of an answer until it is whole, or its reader is lost."""
        with self._connect(number) as connection:
            frames = Frames()
            try:
                connection.sendall(exchange.question.encode())
                while not exchange.done and (piece := self._receive(connection, exchange)):
                    for kind, body in frames.feed(piece):
                        data = exchange.take(kind, body)
                        if data or kind == KIND:
                            yield data
            except ConnectionError:
                return

    def why(self, exchange: Exchange) -> object:
        """What the host says of the end of the reader; None when no reader had begun."""
        return self.control({"op": "why", "id": exchange.question.id}).get("why")

    def end(self, exchange: Exchange, why: str) -> bool:
        """Has the reader killed that is at work on an exchange; says whether one was."""
        # Without a keeper there are no readers either, or they end by their own alarm.
        with suppress(So2Error):
            return bool(self.control(exchange.to_kill(why)).get("killed"))
        return False

    def _receive(self, connection: socket.socket, exchange: Exchange) -> bytes:
        started = time.monotonic()
        connection.settimeout(exchange.left)
        try:
            return connection.recv(262_144)
        except TimeoutError:
            exchange.spent, exchange.done = exchange.question.deadline, True
            raise exchange.too_late(begun=self.end(exchange, "deadline")) from None
        finally:
            exchange.spent += time.monotonic() - started

    def _connect(self, number: int) -> socket.socket:
        link = str(link_of(self.run, number))
        for attempt in range(3):
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(link)
            except (FileNotFoundError, ConnectionRefusedError):
                connection.close()
                self.control({"op": "ensure", "generation": number})
                time.sleep(0.05 * attempt)
            else:
                return connection
        raise EngineFault("the readers of this generation cannot be reached", mend="Ask again.")

    def control(self, row: dict[str, object]) -> dict[str, object]:
        """Asks the keeper, and waits while it is being started; raises `Busy` when it does not come."""
        with self._keeper() as connection:
            try:
                answer = Lines(connection).ask(row, _CONTROL_PATIENCE)
            except (TimeoutError, ConnectionError):
                raise EngineFault(
                    "the keeper of the readers did not answer; whether it did what was asked is not known",
                    mend="Look, and ask again.",
                ) from None
        if isinstance(answer.get("error"), dict):
            raise from_row(answer["error"])  # type: ignore[arg-type]  # a dict, as asked above
        return answer

    def _keeper(self) -> socket.socket:
        until = time.monotonic() + _START_PATIENCE
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self.run / CONTROL))
            except (FileNotFoundError, ConnectionRefusedError):
                connection.close()
                if time.monotonic() > until:
                    raise Busy("the keeper of the readers is not there", mend="Try again in a moment.") from None
                time.sleep(0.05)
            else:
                return connection
