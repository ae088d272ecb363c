"""Keeps the search index of the newest generations, made when first wanted, beside the prepared exports."""

from __future__ import annotations

from pathlib import Path

from so2graph.config import Settings
from so2graph.engine.access import Session
from so2graph.publish.making import Maker, Recipe
from so2graph.publish.search_build import build_index, index_name

__all__ = ["Indexes"]

_AT_ONCE = 20_000
"""Triples up to which an index is made here, in a fraction of a second; a larger one by a process of its own."""
_PATIENCE = 5.0
"""Seconds that a request waits for an index in the making, unless `export_patience` is less."""
_WAITING = 2
"""Requests of one worker that wait for an index; others are told at once to come back."""


class Indexes:
    """The indexes of a dataset, by generation and by the graphs that are in them."""

    def __init__(self, settings: Settings) -> None:
        patience = min(float(settings.export_patience), _PATIENCE)
        recipe = Recipe(build_index, patience, "Lower search_labels", at_once=_AT_ONCE, waiting=_WAITING)
        self._maker = Maker(settings, recipe)

    def path(self, session: Session) -> Path:
        """The index of what a session shows, made first where it is not there; raises what `Maker.path` raises."""
        place = index_name(session)
        return self._maker.path(session, place, place, "the search index of this edition of the data")
