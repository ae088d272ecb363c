"""Keeps the export files of the newest generations: each made once, by a process of its own, when first wanted."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import BoundedSemaphore, Thread
from typing import IO, cast
from urllib.parse import quote

from so2graph.config import Settings
from so2graph.engine.access import Session
from so2graph.engine.faults import from_row
from so2graph.engine.generations import storage_errors
from so2graph.errors import Busy, EngineFault, QueryTimeout
from so2graph.publish.export import must_exist, part_of
from so2graph.publish.prepare import Job, no_memory
from so2graph.publish.selection import SIDECAR, Export

__all__ = ["Prepared", "sidecar_of"]

_KEPT = 2
"""Generations whose files are kept: the current one, and the one before it for those who are at it."""
_LONGEST = 180
_LOOK_AGAIN = 0.05


class Prepared:
    """The export files of a dataset, by generation and by what a caller may not read."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._root = Path(settings.exports) if settings.exports else settings.data / "exports"
        self._slots = BoundedSemaphore(settings.max_exports)
        self.at_work = 0
        """Files in the making."""

    def path(self, session: Session, export: Export) -> Path:
        """The file of an export, made first where it is not there; its sidecar stands beside it.

        Raises `Busy` where it takes longer than `export_patience`, `QueryTimeout` or `QueryMemory` past the limits,
        and what the export deserves.
        """
        path = self._place(session, export)
        if path.is_file():
            return path
        must_exist(session, export)
        with self._alone(path) as lock:
            if lock is None:
                raise self._busy(export)
            if not path.is_file():
                self._make(session, export, path, lock)
        return path

    def _place(self, session: Session, export: Export) -> Path:
        rights = hashlib.sha256("\n".join(sorted(session.hidden)).encode()).hexdigest()[:16]
        name = quote(export.name, safe="")
        if len(name) > _LONGEST:
            name = f"{hashlib.sha256(name.encode()).hexdigest()}.{export.format.suffix}"
        return self._root / f"{session.snapshot.manifest.number:06d}" / rights / name

    @contextmanager
    def _alone(self, path: Path) -> Iterator[int | None]:
        """A lock on a file in the making, which the process that makes it holds too; None when patience ends."""
        with storage_errors(self._root):
            self._sweep(int(path.parent.parent.name))
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            yield handle if self._lock(handle) else None
        finally:
            os.close(handle)

    def _lock(self, handle: int) -> bool:
        """Takes a lock, waiting up to `export_patience` seconds for who has it."""
        until = time.monotonic() + self._settings.export_patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    return False
                time.sleep(_LOOK_AGAIN)
            else:
                return True

    def _make(self, session: Session, export: Export, path: Path, lock: int) -> None:
        if not self._slots.acquire(blocking=False):
            raise self._busy(export)
        self.at_work += 1
        try:
            hidden = tuple(sorted(session.hidden))
            job = Job(session.snapshot.manifest.number, hidden, export.name, str(path))
            child = subprocess.Popen(  # noqa: S603  # our own program
                [sys.executable, "-m", "so2graph.publish.prepare", str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | self._settings.environment(),
                pass_fds=(lock,),
            )
        except BaseException:
            self._release()
            raise
        self._await(child, job, export)

    def _await(self, child: subprocess.Popen[bytes], job: Job, export: Export) -> None:
        try:
            # What communicate() has not written when patience ends, it writes never.
            with suppress(BrokenPipeError), cast(IO[bytes], child.stdin) as pipe:
                pipe.write(job.encode())
            child.stdin = None
            told, _ = child.communicate(timeout=self._settings.export_patience)
        except subprocess.TimeoutExpired:
            Thread(target=self._see_it_out, args=(child,), daemon=True).start()
            raise self._busy(export) from None
        self._release()
        if child.returncode == 0:
            return
        part_of(Path(job.path)).unlink(missing_ok=True)
        if told:
            raise from_row(json.loads(told))
        if child.returncode == -signal.SIGALRM:
            limit = self._settings.export_deadline
            raise QueryTimeout(
                f"making {export.name} took longer than {limit} s",
                mend="Take a smaller part, or raise the setting export_deadline.",
                limit=limit,
            )
        if child.returncode in (-signal.SIGABRT, -signal.SIGKILL):
            # The engine ends its process where there is no memory left.
            raise no_memory(self._settings.max_export_megabytes)
        raise EngineFault(f"{export.name} could not be made", mend="Ask again; the log of the service may say more.")

    def _see_it_out(self, child: subprocess.Popen[bytes]) -> None:
        """Waits for the end of a child that nobody waits for any more."""
        child.communicate()
        self._release()

    def _release(self) -> None:
        self.at_work -= 1
        self._slots.release()

    def _busy(self, export: Export) -> Busy:
        return Busy(f"{export.name} is being made, or others are", mend="Ask again in a few seconds.")

    def _sweep(self, number: int) -> None:
        """Removes the files of generations that are long past."""
        if self._root.is_dir():
            numbers = sorted({int(p.name) for p in self._root.iterdir() if p.name.isdigit()} | {number})
            for old in numbers[:-_KEPT]:
                if old != number:
                    shutil.rmtree(self._root / f"{old:06d}", ignore_errors=True)


def sidecar_of(path: Path) -> Path:
    """Where the sidecar of an export file is."""
    return path.with_name(path.name + SIDECAR)
