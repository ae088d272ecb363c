"""The queue of writes: one writer at a time, which takes all that wait when it starts."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from so2graph.config import Settings
from so2graph.engine.faults import to_row
from so2graph.engine.lines import Lines
from so2graph.errors import Busy, EngineFault, QueryMemory, QueryStopped, QueryTimeout, So2Error

__all__ = ["WriteQueue"]

Start = Callable[[Sequence[Mapping[str, object]]], int]
"""Starts a writer with a batch, and returns its process id."""


@dataclass
class _Waiting:
    """A write, the client that is told what came of it, and since when it is at work."""

    row: Mapping[str, object]
    client: Lines
    since: float = 0.0
    alone: bool = False


class WriteQueue:
    """Writes that wait, and the batch at work.

    A writer that dies takes down no write but the one that it died of; where that is not known, the others are tried
    again one by one.
    """

    def __init__(self, start: Start, settings: Settings, current: Callable[[], int | None]) -> None:
        self._start, self._settings, self._current = start, settings, current
        self._queue: list[_Waiting] = []
        self._batch: list[_Waiting] = []
        self._at: int | None = None
        self._pid = 0
        self._stopped = self._active = False
        self._placed: tuple[int, list[dict[str, object]]] | None = None

    @property
    def waiting(self) -> int:
        """Writes that no writer has taken yet."""
        return len(self._queue)

    @property
    def at_work(self) -> bool:
        """Whether a writer is at work, or about to end."""
        return self._active

    def add(self, row: Mapping[str, object], client: Lines) -> None:
        """Puts a write at the end; a client hears `Busy` when too many wait."""
        if len(self._queue) >= self._settings.max_writes_waiting:
            client.send({"error": to_row(Busy("too many writes wait for their turn", mend="Try again later."))})
            return
        self._queue.append(_Waiting(row, client))
        self._next()

    def _next(self) -> None:
        if self._active or not self._queue:
            return
        count = (
            1
            if self._queue[0].alone
            else next((at for at, write in enumerate(self._queue) if write.alone), len(self._queue))
        )
        self._batch, self._queue = self._queue[:count], self._queue[count:]
        self._at = self._placed = None
        self._stopped, self._active = False, True
        self._pid = self._start([write.row for write in self._batch])

    def heard(self, row: Mapping[str, object]) -> None:
        """What the writer says: which write it is `at`, that all are `placed`, what the `results` are."""
        results = row.get("results")
        if "at" in row:
            self._at = None if row["at"] is None else int(str(row["at"]))
            if self._at is not None:
                self._batch[self._at].since = time.monotonic()
        if "placed" in row and isinstance(results, list):
            self._placed = int(str(row["placed"])), results
        elif isinstance(results, list):
            self._tell(results)

    def _tell(self, results: Sequence[dict[str, object]]) -> None:
        for write, result in zip(self._batch, results, strict=True):
            write.client.send(result)
        self._batch = []

    def ended(self, status: int) -> None:
        """The writer is gone, with this status of `waitpid`; tells who waits, or lets another writer try."""
        if self._batch and self._placed is not None and self._current() == self._placed[0]:
            self._tell(self._placed[1])
        batch, self._batch, self._active = self._batch, [], False
        again: list[_Waiting] = []
        for at, write in enumerate(batch):
            if at == self._at or len(batch) == 1:
                write.client.send({"error": to_row(self._fault(status, write))})
            else:
                write.alone = self._at is None
                again.append(write)
        self._queue = [*again, *self._queue]
        self._next()

    def _fault(self, status: int, write: _Waiting) -> So2Error:
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        elapsed = round(time.monotonic() - write.since, 3) if write.since else 0.0
        if self._stopped:
            return QueryStopped("an editor stopped the write; nothing was changed", mend="Ask them why.")
        if number == signal.SIGALRM:
            limit = self._settings.write_deadline
            return QueryTimeout(
                f"the write took longer than {limit} seconds; nothing was changed",
                mend="Write in parts, or raise the setting write_deadline.",
                limit=limit,
                elapsed=elapsed,
            )
        if number == signal.SIGABRT:
            limit = self._settings.max_write_megabytes * 1_000_000
            return QueryMemory(
                f"the write needed more than {limit} bytes of memory; nothing was changed",
                mend="Write in parts, or raise the setting max_write_megabytes.",
                limit=limit,
                elapsed=elapsed,
            )
        return EngineFault("the writer was lost; nothing was changed", mend="Send it again.")

    def running(self) -> list[dict[str, object]]:
        """The write at work, as it stands among the queries that run."""
        if self._at is None or not self._batch:
            return []
        write = self._batch[self._at]
        change = write.row["write"]
        text = str(change.get("text") or f"{change['task']} {change['graph']}") if isinstance(change, dict) else ""
        elapsed = round(time.monotonic() - write.since, 3)
        return [
            {"id": write.row["id"], "query": text[:2000], "elapsed": elapsed, "generation": None, "waiting": False}
        ]

    def stop(self, ident: str) -> bool:
        """Ends the write at work when it has this id."""
        if self._at is None or not self._batch or self._batch[self._at].row["id"] != ident:
            return False
        self._stopped = True
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        return True
