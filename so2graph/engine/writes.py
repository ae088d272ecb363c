"""The queue of writes: one writer at a time, which takes all that wait when it starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from so2graph.engine.faults import to_row
from so2graph.engine.lines import Lines
from so2graph.errors import Busy, EngineFault

__all__ = ["WriteQueue"]

Start = Callable[[Sequence[Mapping[str, object]], Callable[[], None]], None]
"""Starts a writer with a batch; the second argument is to be called when the writer has ended."""


class WriteQueue:
    """Writes that wait and the batch at work, each with the client that is told what came of it."""

    def __init__(self, start: Start, most: int) -> None:
        self._start, self._most = start, most
        self._queue: list[tuple[Mapping[str, object], Lines]] = []
        self._batch: list[Lines] = []
        self.at_work = False

    @property
    def waiting(self) -> int:
        """Writes that no writer has taken yet."""
        return len(self._queue)

    def add(self, row: Mapping[str, object], client: Lines) -> None:
        """Puts a write at the end; a client hears `Busy` when too many wait."""
        if len(self._queue) >= self._most:
            client.send({"error": to_row(Busy("too many writes wait for their turn", mend="Try again later."))})
            return
        self._queue.append((row, client))
        self._next()

    def _next(self) -> None:
        if self.at_work or not self._queue:
            return
        queue, self._queue = self._queue, []
        self._batch = [client for _, client in queue]
        self.at_work = True
        self._start([row for row, _ in queue], self.ended)

    def done(self, results: object) -> None:
        """Tells each client what its write came to."""
        for client, result in zip(self._batch, results if isinstance(results, list) else [], strict=True):
            client.send(result)
        self._batch = []

    def ended(self) -> None:
        """The writer is gone. Whoever has not heard by now is told that nobody knows."""
        fault = EngineFault(
            "the writer ended before it could say whether the change was made", mend="Look, and send it again."
        )
        for client in self._batch:
            client.send({"error": to_row(fault)})
        self._batch, self.at_work = [], False
        self._next()
