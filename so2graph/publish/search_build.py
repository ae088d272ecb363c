"""Makes the search index of a generation, and knows its name."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

from so2graph import __version__
from so2graph.engine.access import Session
from so2graph.engine.generations import storage_errors
from so2graph.errors import EngineFault
from so2graph.publish.search_index import write_index
from so2graph.publish.search_things import gather

__all__ = ["build_index", "index_name"]

_FORMAT = 3
"""To be raised with every change in how names are folded or the index is laid out."""


def index_name(session: Session) -> str:
    """The name of the file: by what is in it, and the program that wrote it."""
    said = [__version__, str(_FORMAT), str(session.settings.search_labels), *sorted(session.shown)]
    return f"search-{hashlib.sha256(chr(10).join(said).encode()).hexdigest()[:16]}.sqlite"


def build_index(session: Session, path: Path, _name: str = "") -> None:
    """Writes the index of what a session shows; raises `EngineFault`, or an error of storage."""
    with storage_errors(path.parent):
        try:
            write_index(gather(session, session.settings.search_labels), path)
        except sqlite3.Error as error:
            raise EngineFault(f"the index could not be written: {error}", mend="Is the disk full?") from error
