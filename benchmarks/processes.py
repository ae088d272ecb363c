"""Starts servers, ends them by their id with all that they started, and weighs them."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["Process", "free_port", "weighed"]

_PATIENCE = 20.0
_SAMPLE = 0.25


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _parents() -> Iterator[tuple[int, int]]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            yield int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])


def _tree(root: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def _pss(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


class Process:
    """A server that runs, in a session of its own; what it says goes to a file."""

    def __init__(self, command: Sequence[str | Path], log: Path, env: Mapping[str, str]) -> None:
        self._log = log
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                [str(word) for word in command],
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def check(self) -> None:
        """Raises `RuntimeError` with the end of its log when it has ended."""
        if self._popen.poll() is not None:
            raise RuntimeError(f"the server ended with {self._popen.returncode}: {self._log.read_text()[-500:]}")

    def wait(self, seconds: float) -> None:
        """Waits until it has ended by itself; raises `RuntimeError` when it fails or takes longer."""
        # Popen.wait with a timeout looks every 50 ms only.
        ended = os.pidfd_open(self._popen.pid)
        try:
            if not select.select([ended], [], [], seconds)[0]:
                raise RuntimeError(f"more than {seconds:g} s")
        finally:
            os.close(ended)
        if self._popen.wait():
            self.check()

    def weigh(self) -> int:
        """Bytes of memory of it and its descendants, shared pages in proportion."""
        return sum(_pss(pid) for pid in _tree(self._popen.pid))

    def stop(self) -> None:
        """Asks it to end, and kills what is left of its tree after that."""
        family = _tree(self._popen.pid)
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(_PATIENCE)
        left = [pid for pid in family if _session_of(pid) == self._popen.pid]
        until = time.monotonic() + 2
        while left and time.monotonic() < until:
            time.sleep(0.02)
            left = [pid for pid in left if _session_of(pid) == self._popen.pid]
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._popen.wait()


def _session_of(pid: int) -> int | None:
    """The session of a process that lives, by which it is told from a later one with the same number."""
    with suppress(OSError, ValueError):
        state, _, _, session = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:4]
        return None if state == "Z" else int(session)
    return None


@contextmanager
def weighed(process: Process, peaks: dict[str, int], name: str) -> Iterator[None]:
    """Keeps the highest weight of a server while the block runs, several samples a second."""
    done = threading.Event()

    def sample() -> None:
        while True:
            peaks[name] = max(peaks.get(name, 0), process.weigh())
            if done.wait(_SAMPLE):
                return

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        peaks[name] = max(peaks.get(name, 0), process.weigh())
