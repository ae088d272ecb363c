"""Keeps the search index of the newest generations: made once, when first wanted, beside the prepared exports."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import BoundedSemaphore, Thread
from typing import IO, cast

from so2graph.config import Settings
from so2graph.engine.access import Session
from so2graph.engine.faults import from_row
from so2graph.engine.generations import storage_errors
from so2graph.errors import Busy, EngineFault, QueryTimeout
from so2graph.publish.prepare import Job, no_memory
from so2graph.publish.search_build import build_index, index_name

__all__ = ["Indexes"]

_KEPT = 2
"""Generations whose index is kept: the current one, and the one before it for those who are at it."""
_AT_ONCE = 20_000
"""Triples up to which an index is made here, in a fraction of a second; a larger one by a process of its own."""
_PATIENCE = 5.0
"""Seconds that a request waits for an index in the making, unless `export_patience` is less."""
_WAITING = 2
"""Requests of one worker that wait for an index; others are told at once to come back."""
_LOOK_AGAIN = 0.05


class Indexes:
    """The indexes of a dataset, by generation and by the graphs that are in them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._waiting = BoundedSemaphore(_WAITING)
        self._patience = min(float(settings.export_patience), _PATIENCE)
        self._root = Path(settings.exports) if settings.exports else settings.data / "exports"

    def path(self, session: Session) -> Path:
        """The index of what a session shows, made first where it is not there.

        Raises `Busy` where that takes longer than five seconds, and an error past the limits of an export.
        """
        path = self._root / f"{session.snapshot.manifest.number:06d}" / index_name(session)
        if path.is_file():
            return path
        # Who waits holds a thread that others need.
        if not self._waiting.acquire(blocking=False):
            raise _busy()
        try:
            with self._alone(path) as lock:
                if lock is None:
                    raise _busy()
                if not path.is_file():
                    if session.triples <= _AT_ONCE:
                        build_index(session, path)
                    else:
                        self._send(session, path, lock)
        finally:
            self._waiting.release()
        return path

    @contextmanager
    def _alone(self, path: Path) -> Iterator[int | None]:
        """A lock on an index in the making, which the process that makes it holds too; None when patience ends."""
        with storage_errors(self._root):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._sweep(path)
            handle = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            yield handle if self._locked(handle) else None
        finally:
            os.close(handle)

    def _locked(self, handle: int) -> bool:
        until = time.monotonic() + self._patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    return False
                time.sleep(_LOOK_AGAIN)
            else:
                return True

    def _send(self, session: Session, path: Path, lock: int) -> None:
        job = Job(session.snapshot.manifest.number, tuple(sorted(session.hidden)), "search", str(path))
        child = subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-m", "so2graph.publish.search_build", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | self._settings.environment(),
            pass_fds=(lock,),
        )
        try:
            with suppress(BrokenPipeError), cast(IO[bytes], child.stdin) as pipe:
                pipe.write(job.encode())
            child.stdin = None
            told, _ = child.communicate(timeout=self._patience)
        except subprocess.TimeoutExpired:
            Thread(target=child.communicate, daemon=True).start()
            raise _busy() from None
        if child.returncode == 0:
            return
        if told:
            raise from_row(json.loads(told))
        if child.returncode == -signal.SIGALRM:
            limit = self._settings.export_deadline
            raise QueryTimeout(
                f"making the search index took longer than {limit} s",
                mend="Raise the setting export_deadline, or lower search_labels.",
                limit=limit,
            )
        if child.returncode in (-signal.SIGABRT, -signal.SIGKILL):
            raise no_memory(self._settings.max_export_megabytes)
        raise EngineFault(
            "the search index could not be made", mend="Ask again; the log of the service may say more."
        )

    def _sweep(self, path: Path) -> None:
        """Removes the indexes of generations that are long past."""
        folders = sorted({p for p in self._root.iterdir() if p.name.isdigit()} | {path.parent})
        for folder in folders[:-_KEPT]:
            if folder != path.parent:
                for old in folder.glob("search-*.sqlite"):
                    old.unlink(missing_ok=True)


def _busy() -> Busy:
    return Busy("the search index of this edition of the data is being made", mend="Ask again in a few seconds.")
