"""Makes files of a generation: once for all workers, by a process of its own, when first wanted.

As a process (`python -m so2graph.publish.making`) it reads a `Job` as JSON from standard input. It ends with its
parent, lets others go first, and has a ceiling of memory and time. When it fails, the error is JSON on standard
output, and its exit code is 1.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from threading import BoundedSemaphore, Thread

from so2graph.config import Settings
from so2graph.engine.access import Session, session_at
from so2graph.engine.faults import from_row, to_row
from so2graph.engine.generations import storage_errors
from so2graph.engine.process import die_with_parent, limit_memory
from so2graph.errors import Busy, EngineFault, QueryMemory, QueryTimeout, So2Error

__all__ = ["Build", "Maker", "Recipe", "part_of"]

Build = Callable[[Session, Path, str], None]
"""Makes what a name stands for out of what a session shows: a file, whole or not at all, or what is in a folder.

It is a function of a module, by whose name another process finds it. Where a file is written that the end of the
process would leave, it is `part_of` the path.
"""

_KEPT = 2
"""Generations whose files are kept: the current one, and the one before it for those who are at it."""
_LOOK_AGAIN = 0.05
_NICE = 10
_NO_MEMORY = 3
"""Exit code of a process that had no memory left, and could say so."""


@dataclass(frozen=True)
class Recipe:
    """How one kind of file is made: by which function, and how long a request waits for it, in seconds."""

    build: Build
    patience: float
    smaller: str
    """What a client or an operator may do so that it takes less, as a sentence goes on after it: `Take a part`."""
    folder: bool = False
    """Whether it is a folder, which the function finds empty and which is in its place when all is in it."""
    at_once: int = 0
    """Triples of a dataset up to which it is made in this process, since it takes a fraction of a second."""
    waiting: int = 1_000
    """Requests of one worker that wait at a time, each of which holds a thread; others are told to come back."""


@dataclass(frozen=True)
class _Job:
    """What is to be made at `path` by the function `build` (`module:function`), without the graphs in `hidden`."""

    generation: int
    hidden: tuple[str, ...]
    build: str
    name: str
    path: str
    folder: bool

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, body: bytes) -> _Job:
        row = json.loads(body)
        return cls(**row | {"hidden": tuple(row["hidden"])})

    def work(self, session: Session) -> None:
        """Makes it, here and now."""
        module, _, function = self.build.partition(":")
        build: Build = getattr(import_module(module), function)
        path = Path(self.path)
        if not self.folder:
            build(session, path, self.name)
            return
        part = part_of(path)
        with storage_errors(path.parent):
            _remove(part)
            part.mkdir(parents=True)
            try:
                build(session, part, self.name)
                part.replace(path)
            finally:
                _remove(part)


class Maker:
    """The files of one recipe, in the folder `exports` by generation; safe for several threads and processes."""

    def __init__(self, settings: Settings, recipe: Recipe) -> None:
        self._settings, self._recipe = settings, recipe
        self._root = Path(settings.exports) if settings.exports else settings.data / "exports"
        self._slots = BoundedSemaphore(settings.max_exports)
        self._waiting = BoundedSemaphore(recipe.waiting)
        self._at_work: set[Path] = set()

    @property
    def at_work(self) -> int:
        """Processes of this worker that make something."""
        return len(self._at_work)

    def found(self, session: Session, place: str) -> Path | None:
        """What stands at a place in the folder of a generation; None where that is not made yet."""
        path = self._path(session, place)
        return path if self._there(path) else None

    def path(self, session: Session, place: str, name: str, called: str) -> Path:
        """The same, made first where it is not there; `name` is for the function, `called` for who reads an error.

        The place has to tell apart what differs for those who may not read the same. Raises `Busy` (503 with
        `Retry-After`) where it takes longer than the patience of the recipe or others are being made, `QueryTimeout`
        or `QueryMemory` past the limits of an export, and what the function raises.
        """
        path = self._path(session, place)
        if self._there(path):
            return path
        if not self._waiting.acquire(blocking=False):
            raise _busy(called)
        try:
            until = time.monotonic() + self._recipe.patience
            with self._alone(path, called, until) as lock:
                if not self._there(path):
                    self._make(session, path, name, called, lock, until)
        finally:
            self._waiting.release()
        return path

    def _path(self, session: Session, place: str) -> Path:
        return self._root / f"{session.snapshot.manifest.number:06d}" / place

    def _there(self, path: Path) -> bool:
        return path.is_dir() if self._recipe.folder else path.is_file()

    @contextmanager
    def _alone(self, path: Path, called: str, until: float) -> Iterator[int]:
        """A lock on what is in the making, which the process that makes it holds too."""
        with storage_errors(self._root):
            self._sweep(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            while not _locked(handle):
                if time.monotonic() >= until:
                    raise _busy(called)
                time.sleep(_LOOK_AGAIN)
            yield handle
        finally:
            os.close(handle)

    def _sweep(self, path: Path) -> None:
        """Removes the files of generations that are long past."""
        number = int(path.relative_to(self._root).parts[0])
        if self._root.is_dir():
            numbers = sorted({int(p.name) for p in self._root.iterdir() if p.name.isdigit()} | {number})
            for old in numbers[:-_KEPT]:
                if old != number:
                    shutil.rmtree(self._root / f"{old:06d}", ignore_errors=True)

    def _make(self, session: Session, path: Path, name: str, called: str, lock: int, until: float) -> None:
        build = self._recipe.build
        function = f"{build.__module__}:{build.__qualname__}"
        hidden, number = tuple(sorted(session.hidden)), session.snapshot.manifest.number
        job = _Job(number, hidden, function, name, str(path), self._recipe.folder)
        if session.triples <= self._recipe.at_once:
            job.work(session)
            return
        if not self._slots.acquire(blocking=False):
            raise _busy(called)
        self._at_work.add(path)
        end = Future[tuple[int, bytes]]()
        # The system ends a process with the thread that started it: so that is one which stays until the end.
        held = os.dup(lock)
        try:
            Thread(target=self._see_it_out, args=(job, held, end), daemon=True).start()
        except BaseException:
            self._release(path, held)
            raise
        try:
            code, told = end.result(max(0.0, until - time.monotonic()))
        except TimeoutError:
            raise _busy(called) from None
        if code:
            raise self._fault(code, told, called)

    def _see_it_out(self, job: _Job, lock: int, end: Future[tuple[int, bytes]]) -> None:
        """Starts the process of a job and waits for its end, whether or not somebody else still does."""
        path = Path(job.path)
        try:
            with subprocess.Popen(  # noqa: S603  # our own program
                [sys.executable, "-m", "so2graph.publish.making", str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | self._settings.environment(),
                pass_fds=(lock,),
            ) as child:
                told, _ = child.communicate(job.encode())
            if child.returncode:
                _remove(part_of(path))
            found = child.returncode, told
        except OSError as error:
            fault = EngineFault(f"no process could be started: {error}", mend="Ask again in a while.")
            found = 1, json.dumps(to_row(fault)).encode()
        finally:
            self._release(path, lock)
        end.set_result(found)

    def _release(self, path: Path, lock: int) -> None:
        os.close(lock)
        self._at_work.discard(path)
        self._slots.release()

    def _fault(self, code: int, told: bytes, called: str) -> So2Error:
        """What the end of a process means, by its exit code (or the signal that ended it) and what it said."""
        if told:
            return from_row(json.loads(told))
        smaller = self._recipe.smaller
        if code == -signal.SIGALRM:
            limit = self._settings.export_deadline
            return QueryTimeout(
                f"making {called} took longer than {limit} s",
                mend=f"{smaller}, or raise the setting export_deadline.",
                limit=limit,
            )
        # The engine ends its process where there is no memory left.
        if code in (_NO_MEMORY, -signal.SIGABRT, -signal.SIGKILL):
            return QueryMemory(
                f"making {called} needed more memory than it may have",
                mend=f"{smaller}, or raise the setting max_export_megabytes.",
                limit=self._settings.max_export_megabytes * 1_000_000,
            )
        return EngineFault(f"{called} could not be made", mend="Ask again; the log of the service may say more.")


def part_of(path: Path) -> Path:
    """Where something is while it is being made."""
    return path.with_name(f".{path.name[:200]}.part")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _busy(called: str) -> Busy:
    return Busy(f"{called} is being made, or others are", mend="Ask again in a few seconds.")


def main() -> int:
    """Does one job."""
    die_with_parent(int(sys.argv[1]))
    # It lets others go first, and yet gets on where they never stop.
    os.nice(_NICE)
    settings = Settings.load(os.environ)
    signal.alarm(settings.export_deadline)
    limit_memory(settings.max_export_megabytes * 1_000_000)
    try:
        job = _Job.decode(sys.stdin.buffer.read())
        job.work(session_at(settings, job.generation, frozenset(job.hidden)))
    except MemoryError:
        return _NO_MEMORY
    except So2Error as error:
        print(json.dumps(to_row(error), default=str))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
