"""A host: the process that holds one generation and forks readers of it.

It has no threads of its own. New readers take the place of those that are long at work, so that there is always one
for a small query; what is long at work gives way to others (nice). What a reader died of is kept for who asks.
"""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import socket
import struct
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from so2graph.config import Settings
from so2graph.engine.lines import Lines
from so2graph.engine.process import close_others, ended_children, give_way, memory_of
from so2graph.engine.reader import Reader
from so2graph.engine.slots import Slots
from so2graph.engine.snapshot import Snapshot
from so2graph.engine.wire import PINNED, scratch_of
from so2graph.vocab import Prefixes

__all__ = ["Host"]

_SOON = 0.01
"""Seconds after which the reader of a query is replaced."""
_LONG = 0.02
"""Seconds after which a query counts as long: it gives way to others where there are as many as processors."""
_VERY_LONG = 1.0
"""Seconds after which a long query gives way to others even when the machine is not busy."""
_TICK, _IDLE_TICK = 0.01, 0.05
_REMEMBERED = 1000
_LINGER = 3.0
"""Seconds that idle readers beyond those stay."""
_SPARE = 1
"""Idle readers kept beyond the number wanted: those that have worked answer faster than new ones."""


@dataclass
class _Child:
    pid: int
    slot: int
    born: float
    nice: bool = False
    leaving: bool = False
    counted: float = 0.0
    """The start of the query for which it was replaced."""


@dataclass
class Host:
    """One generation, its readers, and the keeper that it answers to."""

    snapshot: Snapshot
    settings: Settings
    prefixes: Prefixes
    path: Path
    control: socket.socket
    warm: bool
    _children: dict[int, _Child] = field(default_factory=dict)
    _dead: OrderedDict[str, str] = field(default_factory=OrderedDict)
    """What the reader of a question died of."""
    _asking: list[tuple[object, str]] = field(default_factory=list)
    """Who asks what a reader died of that is not quite dead."""
    _killed: dict[int, str] = field(default_factory=dict)
    _retiring: bool = False
    _not_before: float = 0.0
    _lively: bool = False
    _surplus_since: float = 0.0

    def run(self) -> None:
        """Serves until it is told to retire and the last query has ended."""
        self._listen()
        self._slots = Slots(
            self.settings.max_readers + 2 * self.settings.readers + PINNED * self.settings.workers + 8
        )
        self._free = list(range(self._slots.count))
        self._wake, wake = os.pipe()
        for end in (self._wake, wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self._wake_end = wake
        for _ in range(self.settings.readers):
            self._fork(warm=self.warm)
        lines = Lines(self.control)
        lines.send({"ready": True})
        with selectors.DefaultSelector() as selector:
            selector.register(self.control, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            while not (self._retiring and not self._children):
                for key, _ in selector.select(_TICK if self._lively else _IDLE_TICK):
                    if key.fileobj is self.control:
                        for row in lines.receive():
                            self._hear(row, lines)
                        if lines.ended:
                            return
                    else:
                        with suppress(BlockingIOError):
                            os.read(self._wake, 4096)
                self._reap()
                self._answer_why(lines)
                self._keep_lanes()

    def _listen(self) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.path.unlink(missing_ok=True)
        self.listener.bind(str(self.path))
        self.listener.listen(1024)
        # Of all that wait in accept() the system wakes one; once a second they look whether their host is there.
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 1, 0))

    def _fork(self, *, warm: bool = False) -> None:
        slot = self._free.pop()
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self._children[pid] = _Child(pid, slot, time.monotonic())
            return
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            close_others({self.listener.fileno(), *self._engine_files()})
            place = self.listener, self._slots, slot, self.path.parent
            Reader(self.snapshot, self.settings, self.prefixes, *place).run(parent, warm)
            status = 0
        finally:
            os._exit(status)

    def _engine_files(self) -> set[int]:
        """The files that the engine has open for a directory: everything but what this class knows as its own."""
        mine = {self.control.fileno(), self._wake, self._wake_end}
        table = Path("/proc/self/fd")
        there = {int(entry.name) for entry in table.iterdir()} if table.is_dir() else set(range(3, 4096))
        return there - mine

    def _hear(self, row: dict[str, object], lines: Lines) -> None:
        if row["op"] == "retire":
            self._retire()
        elif row["op"] == "why":
            self._reap()
            self._asking.append((row["re"], str(row["id"])))
            self._answer_why(lines)
        elif row["op"] == "kill":
            lines.send({"re": row["re"], "killed": self._kill(str(row["id"]), str(row["why"]))})
        elif row["op"] == "status":
            lines.send({"re": row["re"], "status": self._status()})

    def _answer_why(self, lines: Lines) -> None:
        """Tells what a reader died of. One whose connection has ended may still be on its way out."""
        at_work = {self._slots.read(child.slot).id for child in self._children.values()}
        waiting = []
        for asked, ident in self._asking:
            if ident in at_work:
                waiting.append((asked, ident))
            else:
                lines.send({"re": asked, "why": self._dead.get(ident)})
        self._asking = waiting

    def _status(self) -> dict[str, object]:
        now = time.monotonic()
        running = []
        for child in self._children.values():
            doing = self._slots.read(child.slot)
            if doing.since:
                running.append(
                    {
                        "id": doing.id,
                        "query": doing.text,
                        "elapsed": round(now - doing.since, 3),
                        "generation": self.snapshot.manifest.number,
                        "waiting": child.nice,
                    }
                )
        memory = memory_of(os.getpid()) + sum(map(memory_of, self._children))
        return {"readers": len(self._children), "running": running, "memory": memory}

    def _kill(self, ident: str, why: str) -> bool:
        for child in self._children.values():
            doing = self._slots.read(child.slot)
            if doing.since and doing.id == ident:
                self._killed[child.pid] = why
                os.kill(child.pid, signal.SIGKILL)
                return True
        return False

    def _retire(self) -> None:
        self._retiring = True
        self.path.unlink(missing_ok=True)
        self.listener.close()
        for child in self._children.values():
            os.kill(child.pid, signal.SIGTERM)

    def _reap(self) -> None:
        for pid, status in ended_children():
            child = self._children.pop(pid, None)
            if child is None:
                continue
            shutil.rmtree(scratch_of(self.path.parent, pid), ignore_errors=True)
            why = self._killed.pop(pid, None)
            if why is None:
                why = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "left"
            ident = self._slots.read(child.slot).id
            if ident:
                self._dead[ident] = why
            while len(self._dead) > _REMEMBERED:
                self._dead.popitem(last=False)
            now = time.monotonic()
            if now - child.born < 0.2 and not ident and why not in ("SIGTERM", "left"):
                # It died at birth; so would the next.
                self._not_before = now + 0.5
            # The next reader of the slot may end before it has said anything: it did not end this question.
            self._slots.take(child.slot, 0)
            self._free.append(child.slot)

    def _keep_lanes(self) -> None:
        """Replaces what is long at work, and lets it give way; ends what is too many."""
        if self._retiring:
            return
        now = time.monotonic()
        long: list[tuple[float, _Child]] = []
        ready: list[_Child] = []
        for child in self._children.values():
            if child.pid in self._killed:
                # It is on its way out, which may take a while where it gives way to everybody.
                continue
            since = self._slots.busy_since(child.slot)
            if since and now - since > _LONG:
                long.append((since, child))
            elif not child.leaving and (now - since < _SOON if since else not self._slots.holds(child.slot)):
                # Whoever is at a small query will be free at once; one that waits for a worker is that worker's.
                ready.append(child)
        self._lively = any(self._slots.busy_since(child.slot) for child in self._children.values())
        cores = os.cpu_count() or 1
        for since, child in long:
            if not child.nice and (len(long) >= cores or now - since > _VERY_LONG):
                with suppress(OSError):
                    give_way(child.pid)
                    child.nice = child.leaving = True
                    os.kill(child.pid, signal.SIGTERM)
        if len(long) > self.settings.max_readers:
            _, newest = max(long, key=lambda pair: pair[0])
            self._killed[newest.pid] = "busy"
            os.kill(newest.pid, signal.SIGKILL)
        if now >= self._not_before:
            for _ in range(min(self.settings.readers - len(ready), len(self._free))):
                self._fork()
        self._thin_out(ready)

    def _thin_out(self, ready: list[_Child]) -> None:
        """Lets the newest idle readers leave when there are more than need be."""
        idle = [child for child in ready if not self._slots.busy_since(child.slot)]
        surplus = len(idle) - self.settings.readers - _SPARE
        now = time.monotonic()
        if surplus <= 0:
            self._surplus_since = now
        elif now - self._surplus_since > _LINGER:
            for child in sorted(idle, key=lambda child: self._slots.read(child.slot).served)[:surplus]:
                child.leaving = True
                with suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGTERM)
