"""What the processes of the engine have in common: they end with their parent, and know their memory."""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

__all__ = [
    "close_others",
    "die_with_parent",
    "ended_children",
    "give_way",
    "leave_network",
    "lift_memory",
    "limit_memory",
    "machine_memory",
    "memory_of",
    "prefer_for_oom",
]

_PR_SET_PDEATHSIG = 1
_M_ARENA_MAX, _ARENAS = -8, 2
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def die_with_parent(parent: int) -> None:
    """Lets the system kill this process when its parent ends, however that ends (Linux; elsewhere, see `reader`)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def close_others(kept: Iterable[int]) -> None:
    """Closes the open files that a fork brought along, but for those in `kept` and the standard streams."""
    last = 2
    for number in sorted(set(kept) - {0, 1, 2}):
        os.closerange(last + 1, number)
        last = number
    os.closerange(last + 1, 65_536)


def _statm() -> list[int]:
    try:
        return [int(word) for word in Path("/proc/self/statm").read_text(encoding="ascii").split()]
    except OSError:
        return []


def ended_children() -> Iterator[tuple[int, int]]:
    """The children that have ended since, each with its status, without waiting for any."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, status


def limit_memory(extra: int, room: int = 0) -> None:
    """Lets this process take `extra` bytes beside what it has now; what asks for more aborts it.

    `room` is what it may take beyond that, once, for libraries: see `lift_memory`.
    """
    _share_heaps()
    pages = _statm()
    if pages:
        most = pages[0] * resource.getpagesize() + extra
        _, highest = resource.getrlimit(resource.RLIMIT_AS)
        if highest == resource.RLIM_INFINITY:
            highest = most + room
        resource.setrlimit(resource.RLIMIT_AS, (min(most, highest), highest))
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _share_heaps() -> None:
    """Lets threads share two heaps: each would else get its own, 64 MB that count though nothing is in them."""
    if sys.platform == "linux":
        import ctypes

        # Only glibc has such heaps, and this function.
        with suppress(AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


def lift_memory() -> None:
    """Gives this process the room that `limit_memory` left it, until that is called again."""
    _, highest = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (highest, highest))


def leave_network() -> None:
    """Takes this process out of the network, where the system lets it (Linux namespaces); a second lock on the door.

    Sockets in the file system, by which it is asked, go on working.
    """
    if sys.platform == "linux":
        import ctypes

        libc = ctypes.CDLL(None)
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def give_way(pid: int) -> None:
    """Lets a process run only while nobody else wants to; nobody may take that back.

    A nice value would not do: who wakes up then waits for the end of its slice, some milliseconds each time.
    """
    if sys.platform == "linux":
        os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.setpriority(os.PRIO_PROCESS, pid, 15)


def prefer_for_oom() -> None:
    """Names this process as the one to end first when the machine runs out of memory."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def memory_of(pid: int) -> int:
    """Memory of a process in bytes, shared pages in proportion (PSS); 0 where the system does not say."""
    with suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def machine_memory() -> int:
    """Memory of the machine in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
