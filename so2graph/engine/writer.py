"""A writer: a process that makes the next generation from the current one, for all writes that wait."""

from __future__ import annotations

import shutil
import signal
import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from so2graph.config import Settings
from so2graph.engine.changes import Changes, Write
from so2graph.engine.faults import to_row
from so2graph.engine.generations import Folder, Manifest
from so2graph.engine.lines import Lines
from so2graph.engine.process import leave_network, limit_memory
from so2graph.engine.snapshot import Snapshot
from so2graph.engine.staging import Staged
from so2graph.errors import EngineFault, So2Error
from so2graph.vocab import Prefixes

__all__ = ["Writer", "successor"]

_READY = 60.0
"""Seconds until the readers of a new generation must have opened it."""


def successor(manifest: Manifest, changes: Changes, number: int, writes: int) -> Manifest:
    """The manifest of the generation that `writes` changes have made of another one."""
    derived = changes.staged.names.derived
    counts = dict(sorted(changes.counts.items()))
    return replace(
        manifest,
        number=number,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        graphs={graph: count for graph, count in counts.items() if graph not in derived},
        derived={graph: count for graph, count in counts.items() if graph in derived},
        merges={name: m for name, m in changes.staged.merges.items() if m != (name,)},
        changed=changes.changed,
        edits=manifest.edits + writes,
    )


class Writer:
    """Applies a batch of writes, each whole or not at all, and publishes one generation for them."""

    def __init__(self, folder: Folder, settings: Settings, prefixes: Prefixes, control: socket.socket) -> None:
        self.folder, self.settings, self.prefixes = folder, settings, prefixes
        self.lines = Lines(control)

    def run(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Does the writes of the rows (`write` of each is a `Write`), and says to the keeper what came of each."""
        writes = [Write.of(row["write"]) for row in rows if isinstance(row["write"], dict)]
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        leave_network()
        limit_memory(self.settings.max_write_megabytes * 1_000_000)
        try:
            with self.folder.writing("so2graph serve"), self.folder.staging() as path:
                results = self._publish(path, writes)
        except So2Error as error:
            results = [{"error": to_row(error)}] * len(writes)
        self.lines.send({"results": results})

    def _publish(self, path: Path, writes: list[Write]) -> list[dict[str, object]]:
        manifest = self.folder.manifest()
        results, changes = self._stage(path, manifest, writes)
        if changes is None:
            return results
        number = self.folder.next_number()
        fresh = successor(manifest, changes, number, sum(1 for result in results if "error" not in result))
        results = [result if "error" in result else {**result, "generation": number} for result in results]
        self.folder.place(path, fresh)
        signal.setitimer(signal.ITIMER_REAL, 0)
        ready = self.lines.ask({"placed": number, "results": results}, _READY)
        if "ok" not in ready:
            raise EngineFault("the new generation could not be opened; nothing was changed", mend="See the log.")
        self.folder.point(number, self.settings.keep_generations)
        return results

    def _stage(
        self, path: Path, manifest: Manifest, writes: list[Write]
    ) -> tuple[list[dict[str, object]], Changes | None]:
        """Applies what can be applied. A write that fails half-way is left out, and all is begun anew without it."""
        failed: dict[int, dict[str, object]] = {}
        limits = {
            "max_bytes": self.settings.max_query_bytes,
            "max_depth": self.settings.max_query_depth,
            "max_operators": self.settings.max_query_operators,
            "max_patterns": self.settings.max_query_patterns,
        }
        while True:
            store = path / "store"
            Snapshot(self.folder, manifest, self.settings.max_merge_triples).backup(store)
            changes = Changes(Staged.following(store, manifest), manifest, self.prefixes, limits)
            changes.number = self.folder.next_number()
            results: list[dict[str, object]] = []
            for at, write in enumerate(writes):
                self._begin(at)
                try:
                    results.append(failed[at] if at in failed else changes.apply(write))
                except So2Error as error:
                    failed[at] = {"error": to_row(error)}
                    results.append(failed[at])
                    if changes.touched:
                        break
            else:
                if len(failed) == len(writes):
                    changes.staged.close()
                    return results, None
                self._begin(None)
                changes.finish()
                changes.staged.close()
                return results, changes
            changes.staged.close()
            shutil.rmtree(store)

    def _begin(self, at: int | None) -> None:
        """Says which write is at work now, None for what follows from all of them; gives it its time."""
        self.lines.send({"at": at})
        signal.setitimer(signal.ITIMER_REAL, self.settings.write_deadline)
