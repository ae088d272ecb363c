"""Makes the index of a generation, here or as a process of its own: `python -m so2graph.publish.search_build`.

As a process it reads a `Job` as JSON from standard input, ends with its parent, lets others go first, and has the
ceilings of an export. When it fails, the error is JSON on standard output, and its exit code is 1.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import sys
from pathlib import Path

from so2graph import __version__
from so2graph.config import Settings
from so2graph.engine.access import Session
from so2graph.engine.faults import to_row
from so2graph.engine.generations import storage_errors
from so2graph.engine.process import die_with_parent, limit_memory
from so2graph.errors import EngineFault, So2Error
from so2graph.publish.prepare import Job, no_memory, session_at
from so2graph.publish.search_index import write_index
from so2graph.publish.search_things import gather

__all__ = ["build_index", "index_name"]

_NICE = 10
_FORMAT = 3
"""To be raised with every change in how names are folded or the index is laid out."""


def index_name(session: Session) -> str:
    """The name of the file: by what is in it, and the program that wrote it."""
    said = [__version__, str(_FORMAT), str(session.settings.search_labels), *sorted(session.shown)]
    return f"search-{hashlib.sha256(chr(10).join(said).encode()).hexdigest()[:16]}.sqlite"


def build_index(session: Session, path: Path) -> None:
    """Writes the index of what a session shows; raises `EngineFault`, or an error of storage."""
    with storage_errors(path.parent):
        try:
            write_index(gather(session, session.settings.search_labels), path)
        except sqlite3.Error as error:
            raise EngineFault(f"the index could not be written: {error}", mend="Is the disk full?") from error


def main() -> int:
    """Does one job."""
    die_with_parent(int(sys.argv[1]))
    os.nice(_NICE)
    settings = Settings.load(os.environ)
    signal.alarm(settings.export_deadline)
    limit_memory(settings.max_export_megabytes * 1_000_000)
    try:
        job = Job.decode(sys.stdin.buffer.read())
        build_index(session_at(settings, job.generation, frozenset(job.hidden)), Path(job.path))
    except MemoryError:
        print(json.dumps(to_row(no_memory(settings.max_export_megabytes))))
        return 1
    except So2Error as error:
        print(json.dumps(to_row(error), default=str))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
