"""Keeps the reconciliation index of the newest generations, made when first wanted and shared by all workers."""

from __future__ import annotations

from pathlib import Path

from so2graph.config import Settings
from so2graph.engine.access import Session
from so2graph.engine.kept import Kept
from so2graph.link.reconcile_index import build_reconcile_index, reconcile_index_name
from so2graph.link.reconcile_read import ReconcileIndex
from so2graph.publish.making import Maker, Recipe

__all__ = ["ReconcileIndexes"]

_AT_ONCE = 20_000
"""Triples up to which an index is made here, in a fraction of a second; a larger one by a process of its own."""
_PATIENCE = 5.0
"""Seconds that a request waits for an index in the making, unless `export_patience` is less."""
_WAITING = 2
"""Requests of one worker that wait for an index; others are told at once to come back."""
_OPEN = 2
"""Indexes that are kept open: that of the current generation, and another for those who are at it."""


class ReconcileIndexes:
    """The indexes of a dataset, by generation and by the graphs that are in them."""

    def __init__(self, settings: Settings) -> None:
        patience = min(float(settings.export_patience), _PATIENCE)
        recipe = Recipe(
            build_reconcile_index, patience, "Lower search_labels", folder=True, at_once=_AT_ONCE, waiting=_WAITING
        )
        self._maker = Maker(settings, recipe)
        self._open = Kept[Path, ReconcileIndex](_OPEN)

    def index(self, session: Session) -> ReconcileIndex:
        """The index of what a session shows, made first where it is not there; raises what `Maker.path` raises."""
        place = reconcile_index_name(session)
        path = self._maker.path(session, place, place, "the index for reconciliation of this edition of the data")
        return self._open.made(path, lambda: ReconcileIndex(path))
