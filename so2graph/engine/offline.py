"""Makes writes without a service: the same changes, in this process."""

from __future__ import annotations

from collections.abc import Sequence

from so2graph.config import Settings
from so2graph.engine.access import check_base
from so2graph.engine.changes import Changes, Write
from so2graph.engine.generations import Folder, Manifest
from so2graph.engine.snapshot import Snapshot
from so2graph.engine.staging import Staged
from so2graph.engine.writer import successor
from so2graph.vocab import Prefixes

__all__ = ["apply_offline"]

_LIMITS = {"max_bytes": 10**10, "max_depth": 500, "max_operators": 1000, "max_patterns": 500}
"""What one's own command may write; the limits of the settings are for what comes in from outside."""


def apply_offline(settings: Settings, writes: Sequence[Write], prefixes: Prefixes, command: str) -> Manifest:
    """Makes the writes into one new generation, all or none, and returns its manifest.

    A running service turns to it with its next request. `command` is how the lock names this process. Raises
    `NoGeneration`, `DatasetLocked`, `DatasetReadOnly`, `DiskFull`, and what a write deserves.
    """
    folder = Folder(settings.data)
    with folder.writing(command), folder.staging() as path:
        manifest = folder.manifest()
        check_base(manifest, settings)
        store = path / "store"
        Snapshot(folder, manifest, settings.max_merge_triples).backup(store)
        changes = Changes(Staged.following(store, manifest), manifest, prefixes, _LIMITS)
        changes.number = folder.next_number()
        try:
            for write in writes:
                changes.apply(write)
            changes.finish()
        finally:
            changes.staged.close()
        fresh = successor(manifest, changes, folder.next_number(), len(writes))
        folder.publish(path, fresh, settings.keep_generations)
    return fresh
