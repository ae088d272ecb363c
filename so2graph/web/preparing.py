"""Keeps the export files of the newest generations, each made when first wanted."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import quote

from so2graph.config import Settings
from so2graph.engine.access import Session
from so2graph.publish.export import make_export, must_exist
from so2graph.publish.making import Maker, Recipe
from so2graph.publish.selection import SIDECAR, Export

__all__ = ["Prepared", "sidecar_of"]

_LONGEST = 180


class Prepared:
    """The export files of a dataset, by generation and by what a caller may not read."""

    def __init__(self, settings: Settings) -> None:
        self._maker = Maker(settings, Recipe(make_export, settings.export_patience, "Take a smaller part"))

    @property
    def at_work(self) -> int:
        """Files in the making."""
        return self._maker.at_work

    def path(self, session: Session, export: Export) -> Path:
        """The file of an export, made first where it is not there; its sidecar stands beside it.

        Raises what `Maker.path` raises, and what the export deserves.
        """
        place = _place(session, export)
        found = self._maker.found(session, place)
        if found is not None:
            return found
        must_exist(session, export)
        return self._maker.path(session, place, export.name, export.name)


def _place(session: Session, export: Export) -> str:
    rights = hashlib.sha256("\n".join(sorted(session.hidden)).encode()).hexdigest()[:16]
    name = quote(export.name, safe="")
    if len(name) > _LONGEST:
        name = f"{hashlib.sha256(name.encode()).hexdigest()}.{export.format.suffix}"
    return f"{rights}/{name}"


def sidecar_of(path: Path) -> Path:
    """Where the sidecar of an export file is."""
    return path.with_name(path.name + SIDECAR)
