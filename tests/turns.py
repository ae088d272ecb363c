"""Turns of the tests at the machine: workers share it, and a test marked `alone` has it for itself."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


@contextmanager
def _locked(path: Path, how: int) -> Iterator[None]:
    """A lock on a file; it ends with the block, or with the process, however that ends."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, how)
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)
        os.close(file)


@contextmanager
def turn(folder: Path, *, alone: bool) -> Iterator[None]:
    """Waits for a turn: beside others, or alone, once those that run are done and before any that ask later.

    `folder` holds the locks, and is the same one for all who take turns.
    """
    with ExitStack() as queue:
        queue.enter_context(_locked(folder / "queue", fcntl.LOCK_EX))
        with _locked(folder / "machine", fcntl.LOCK_EX if alone else fcntl.LOCK_SH):
            queue.close()
            yield


def patiently(holds: Callable[[], object], seconds: float = 60) -> bool:
    """Whether something comes to hold; for what happens at once on an idle machine and later on a busy one."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() >= until:
            return False
        time.sleep(0.02)
    return True


def within(seconds: float, attempt: Callable[[], float], tries: int = 3) -> list[float]:
    """What was too long where a promise in seconds is broken each time; nothing where it is kept once.

    `attempt` does it once more and says how long it took. A machine that stands still for a moment makes one attempt
    long; what is slow by itself is slow each time.
    """
    took: list[float] = []
    while len(took) < tries:
        took.append(attempt())
        if took[-1] < seconds:
            return []
    return took
