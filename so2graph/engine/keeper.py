"""The keeper: one process that starts hosts and writers, and ends with the service.

It opens no store and has no threads, so that it may fork at any time. Workers find the readers of a generation behind
a symbolic link `g<number>` in the folder of the run, and ask the keeper over `keeper.sock` for everything else.
"""

from __future__ import annotations

import logging
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from so2graph.config import Settings
from so2graph.engine.faults import to_row
from so2graph.engine.generations import Folder
from so2graph.engine.host import Host
from so2graph.engine.lines import Lines
from so2graph.engine.process import close_others, die_with_parent, ended_children, machine_memory
from so2graph.engine.snapshot import Snapshot
from so2graph.engine.wire import CONTROL, link_of
from so2graph.engine.writer import Writer
from so2graph.engine.writes import WriteQueue
from so2graph.errors import EngineFault, So2Error
from so2graph.registry import Bundle

__all__ = ["Keeper", "main"]

_log = logging.getLogger(__name__)
_BYTES_PER_TRIPLE = 380
_COPIED = 0.8
"""Share of an image that a reader comes to copy."""
_GRACE = 2.0
"""Seconds that a host stays after a newer one has taken its place."""
_ASKED_FOR = 30.0
"""Seconds that the host of an old generation stays when somebody asks for it."""
_OLD_HOSTS = 4
_SETTLE = 0.3
"""Seconds without a write until a generation is copied into memory."""
_TICK = 0.1
_PATIENCE = 2.0


@dataclass
class _Hosted:
    """A host that was started: of which generation, from memory or disk, and who waits for it."""

    pid: int
    number: int
    image: bool
    path: Path
    lines: Lines
    ready: bool = False
    leaves: float | None = None
    told: bool = False
    failed: dict[str, object] | None = None
    waiting: list[Callable[[dict[str, object]], None]] = field(default_factory=list)


@dataclass
class _Round:
    """A question to all hosts, and what they have said so far."""

    reply: Callable[[list[dict[str, object]]], None]
    missing: int
    until: float
    said: list[dict[str, object]] = field(default_factory=list)


class Keeper:
    """Starts, replaces and ends hosts; lets one writer work at a time."""

    def __init__(self, settings: Settings, bundle: Bundle, run: Path) -> None:
        self.settings, self.bundle, self.run_folder = settings, bundle, run
        self.prefixes = bundle.prefixes()
        self.folder = Folder(settings.data)
        self._hosts: list[_Hosted] = []
        self._rounds: dict[int, _Round] = {}
        self._serial = 0
        self._current: int | None = None
        self._since = 0.0
        self._no_image: set[int] = set()
        self._writes = WriteQueue(self._fork_writer, settings, lambda: self.folder.current())
        self._ends: dict[int, int] = {}
        self._restarts = 0
        self._selector = selectors.DefaultSelector()

    def serve(self, life: int) -> None:
        """Runs until `life`, a pipe whose other end the service holds, is closed."""
        for old in self.run_folder.glob("g*"):
            old.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        path = self.run_folder / CONTROL
        path.unlink(missing_ok=True)
        listener.bind(str(path))
        listener.listen(256)
        wake, wake_end = os.pipe()
        for end in (wake, wake_end):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
        self._selector.register(listener, selectors.EVENT_READ, self._accept(listener))
        self._selector.register(wake, selectors.EVENT_READ, lambda: _drain(wake))
        self._selector.register(life, selectors.EVENT_READ, None)
        self._look()
        while True:
            for key, _ in self._selector.select(_TICK):
                if key.data is None:
                    return
                key.data()
            self._reap()
            self._look()
            self._tend()

    def _accept(self, listener: socket.socket) -> Callable[[], None]:
        def accept() -> None:
            connection, _ = listener.accept()
            lines = Lines(connection)

            def hear() -> None:
                for row in lines.receive():
                    self._hear(row, lines)
                if lines.ended:
                    self._selector.unregister(connection)
                    connection.close()

            self._selector.register(connection, selectors.EVENT_READ, hear)

        return accept

    def _hear(self, row: dict[str, object], lines: Lines) -> None:
        """One request of a worker."""
        op = row["op"]
        if op == "ensure":
            self._ensure(int(str(row["generation"])), lines.send)
        elif op == "why":
            self._ask_hosts(row, lambda said: lines.send({"why": next(filter(None, (r["why"] for r in said)), None)}))
        elif op == "kill" and self._writes.stop(str(row["id"])):
            lines.send({"killed": True})
        elif op == "kill":
            self._ask_hosts(row, lambda said: lines.send({"killed": any(r.get("killed") for r in said)}))
        elif op == "status":
            self._ask_hosts(row, lambda said: lines.send(self._status(said)))
        elif op == "write":
            self._writes.add(row, lines)

    def _ask_hosts(self, row: Mapping[str, object], reply: Callable[[list[dict[str, object]]], None]) -> None:
        hosts = [host for host in self._hosts if host.ready]
        self._serial += 1
        self._rounds[self._serial] = _Round(reply, len(hosts), time.monotonic() + _PATIENCE)
        for host in hosts:
            host.lines.send({**row, "re": self._serial})
        self._close_rounds()

    def _close_rounds(self) -> None:
        for serial, asked in list(self._rounds.items()):
            if asked.missing <= 0 or time.monotonic() > asked.until:
                del self._rounds[serial]
                asked.reply(asked.said)

    def _status(self, said: list[dict[str, object]]) -> dict[str, object]:
        return {
            "hosts": [row["status"] for row in said if "status" in row],
            "images": sum(1 for host in self._hosts if host.image and host.ready),
            "restarts": self._restarts,
            "writes_waiting": self._writes.waiting,
            "writing": self._writes.running(),
        }

    # Hosts

    def _ensure(self, number: int, reply: Callable[[dict[str, object]], None]) -> None:
        """Sees to it that readers of a generation answer, and says so when they do."""
        living = [host for host in self._hosts if host.number == number and not host.told]
        for host in living:
            if host.ready:
                self._link(host)
                if number != self._current:
                    host.leaves = time.monotonic() + _ASKED_FOR
                reply({"ok": True})
                return
        if not living:
            living = [self._start(number, image=False)]
            if number != self._current:
                living[0].leaves = time.monotonic() + _ASKED_FOR
        living[0].waiting.append(reply)

    def _start(self, number: int, *, image: bool) -> _Hosted:
        self._serial += 1
        path = self.run_folder / f"host-{self._serial}.sock"
        pid, ours = self._fork(lambda control: self._be_host(number, image, path, control))
        hosted = _Hosted(pid, number, image, path, Lines(ours))
        self._hosts.append(hosted)
        self._selector.register(ours, selectors.EVENT_READ, lambda: self._hear_host(hosted))
        return hosted

    def _fork(self, work: Callable[[socket.socket], None]) -> tuple[int, socket.socket]:
        """Starts a process that does `work` and ends; returns its id, and our end of the connection to it."""
        ours, theirs = socket.socketpair()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                self._become(parent, {theirs.fileno()})
                work(theirs)
                status = 0
            finally:
                os._exit(status)
        theirs.close()
        return pid, ours

    def _become(self, parent: int, kept: set[int]) -> None:
        """Makes a fork a process of its own."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        self._selector.close()
        close_others(kept)
        die_with_parent(parent)

    def _be_host(self, number: int, image: bool, path: Path, control: socket.socket) -> None:
        try:
            snapshot = Snapshot(self.folder, self.folder.manifest(number), self.settings.max_merge_triples)
            snapshot.open()
            if image:
                os.nice(5)
                snapshot = snapshot.in_memory(self.run_folder / f"{path.stem}.nq")
                with suppress(OSError):
                    os.setpriority(os.PRIO_PROCESS, 0, 0)
        except So2Error as error:
            Lines(control).send({"error": to_row(error)})
            return
        Host(snapshot, self.settings, self.prefixes, path, control, warm=image).run()

    def _hear_host(self, host: _Hosted) -> None:
        for row in host.lines.receive():
            if "ready" in row:
                host.ready = True
                self._link(host)
                self._answer_waiting(host, {"ok": True})
                for other in self._hosts:
                    if other is not host and other.number == host.number and host.image:
                        other.leaves = time.monotonic() + _GRACE
            elif "error" in row:
                host.failed = row
            elif (asked := self._rounds.get(int(str(row["re"])))) is not None:
                asked.said.append(row)
                asked.missing -= 1
        if host.lines.ended:
            self._lost(host)
        self._close_rounds()

    def _link(self, host: _Hosted) -> None:
        link, fresh = link_of(self.run_folder, host.number), self.run_folder / f"fresh-{host.number}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(host.path.name)
        fresh.replace(link)

    def _answer_waiting(self, host: _Hosted, row: dict[str, object]) -> None:
        waiting, host.waiting = host.waiting, []
        for reply in waiting:
            reply(row)

    def _lost(self, host: _Hosted) -> None:
        """A host is gone: told to, by a fault of the data, or killed."""
        self._selector.unregister(host.lines.connection)
        host.lines.connection.close()
        self._hosts.remove(host)
        host.path.unlink(missing_ok=True)
        if host.image and not host.told:
            self._no_image.add(host.number)
        others = [other for other in self._hosts if other.number == host.number and other.ready]
        if others:
            self._link(others[0])
        if host.told:
            return
        self._restarts += 1
        if host.failed is not None:
            self._answer_waiting(host, host.failed)
        elif not host.image and host.number == self._current and not others:
            self._start(host.number, image=False).waiting = host.waiting
        else:
            fault = EngineFault("the readers of this generation are gone", mend="Ask again.")
            self._answer_waiting(host, {"error": to_row(fault)})

    def _fork_writer(self, batch: Sequence[Mapping[str, object]]) -> int:
        """Starts a writer with a batch of writes; the queue hears what it says, and when it is gone."""
        pid, ours = self._fork(lambda control: Writer(self.folder, self.settings, self.prefixes, control).run(batch))
        self._ends[pid] = -1
        lines = Lines(ours)

        def heard() -> None:
            for row in lines.receive():
                self._look()
                self._writes.heard(row)
                if "placed" in row:
                    self._ensure(int(str(row["placed"])), lines.send)
            if lines.ended:
                self._selector.unregister(ours)
                ours.close()
                self._writes.ended(self._end_of(pid))

        self._selector.register(ours, selectors.EVENT_READ, heard)
        return pid

    def _end_of(self, pid: int) -> int:
        """The status of a writer whose connection has ended, and which is about to end itself."""
        if self._ends[pid] == -1:
            with suppress(ChildProcessError):
                self._ends[pid] = os.waitpid(pid, 0)[1]
        return self._ends.pop(pid)

    def _reap(self) -> None:
        for pid, status in ended_children():
            if pid in self._ends:
                self._ends[pid] = status

    def _look(self) -> None:
        """Looks which generation is current, and starts a host for a new one."""
        try:
            number = self.folder.current()
        except So2Error:
            return
        if number is None or number == self._current:
            return
        self._current, self._since = number, time.monotonic()
        self._no_image.clear()
        for host in self._hosts:
            if host.number == number:
                host.leaves = None
        self._ensure(number, lambda _row: None)

    def _tend(self) -> None:
        """Copies into memory what has settled, and lets go what is no longer needed."""
        now = time.monotonic()
        current = [host for host in self._hosts if host.number == self._current]
        if (
            self._current is not None
            and self._current not in self._no_image
            and any(host.ready for host in current)
            and not any(host.image for host in current)
            and now - self._since > _SETTLE
            and not self._writes.at_work
        ):
            if self._fits(self._current):
                self._start(self._current, image=True)
            else:
                self._no_image.add(self._current)
        if any(host.ready for host in current):
            self._let_go(now)
        self._close_rounds()

    def _let_go(self, now: float) -> None:
        # A generation that is being made ready by a writer is newer than the current one.
        old = [host for host in self._hosts if host.number < (self._current or 0) and not host.told]
        for host in old:
            if host.image and not host.ready:
                host.told = True
                os.kill(host.pid, signal.SIGKILL)
            host.leaves = host.leaves or now + _GRACE
        for host in sorted(old, key=lambda host: host.number)[:-_OLD_HOSTS]:
            host.leaves = now
        for host in self._hosts:
            if host.leaves is not None and host.leaves <= now and host.ready and not host.told:
                host.told = True
                host.lines.send({"op": "retire"})
                if not any(o for o in self._hosts if o.number == host.number and o.ready and not o.told):
                    link_of(self.run_folder, host.number).unlink(missing_ok=True)

    def _fits(self, number: int) -> bool:
        """Whether an image with the copies that its readers come to make fits the budget for them."""
        try:
            manifest = self.folder.manifest(number)
        except So2Error:
            return False
        budget = self.settings.image_megabytes * 1_000_000 or machine_memory() // 4
        triples = manifest.triples + sum(manifest.derived.values())
        copies = self.settings.readers + self.settings.workers
        return triples * _BYTES_PER_TRIPLE * (1 + _COPIED * copies) <= budget


def _drain(end: int) -> None:
    with suppress(BlockingIOError):
        os.read(end, 4096)


def main() -> None:
    """`python -m so2graph.engine.keeper RUN`, with the settings of the environment; ends when its input ends."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    settings = Settings.load(os.environ)
    Keeper(settings, Bundle.find(settings.base), Path(sys.argv[1])).serve(0)
    os._exit(0)


if __name__ == "__main__":
    main()
