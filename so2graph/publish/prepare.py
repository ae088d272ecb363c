"""Makes one export file for the service, as a process of its own: `python -m so2graph.publish.prepare`.

It reads a `Job` as JSON from standard input. It ends with its parent, lets others go first, and has a ceiling
of memory and time. When it fails, the error is JSON on standard output, and its exit code is 1.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from so2graph.config import Settings
from so2graph.engine.access import Access, Session
from so2graph.engine.faults import to_row
from so2graph.engine.process import die_with_parent, limit_memory
from so2graph.engine.sinks import Sink
from so2graph.engine.tokens import ANYONE
from so2graph.errors import QueryMemory, So2Error
from so2graph.publish.export import write, write_file
from so2graph.publish.selection import parse
from so2graph.registry import Bundle

__all__ = ["Job", "make", "no_memory", "session_at"]


_NICE = 10


@dataclass(frozen=True)
class Job:
    """A file to be made at `path`: the export `name` of a generation, without the graphs in `hidden`."""

    generation: int
    hidden: tuple[str, ...]
    name: str
    path: str

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, body: bytes) -> Job:
        row = json.loads(body)
        return cls(row["generation"], tuple(row["hidden"]), row["name"], row["path"])


def session_at(settings: Settings, generation: int, hidden: frozenset[str] | None = None) -> Session:
    """A session on a generation, without the graphs in `hidden` (as anybody, where not given).

    Raises `NoGeneration`.
    """
    access = Access(settings, Bundle.find(settings.base))
    snapshot = access.snapshot(generation)
    if hidden is None:
        hidden = ANYONE.hidden(snapshot.graphs, settings.contact)
    return Session(snapshot, settings, access.prefixes, snapshot.graphs.all_but(hidden), hidden)


def make(job: Job, settings: Settings) -> None:
    """Writes the file of a job with its sidecar; raises what the export deserves."""
    session = session_at(settings, job.generation, frozenset(job.hidden))
    export, _ = parse(job.name)

    def fill(sink: Sink) -> dict[str, int]:
        return write(session, export, sink, lambda *_: None)

    write_file(Path(job.path), export.name, export.format, export.coding, session, fill)


def no_memory(megabytes: int) -> QueryMemory:
    """What there is to say of an export that needed more."""
    return QueryMemory(
        "the export needed more memory than one may have",
        mend="Take a smaller part, or raise the setting max_export_megabytes.",
        limit=megabytes * 1_000_000,
    )


def main() -> int:
    """Does one job."""
    die_with_parent(int(sys.argv[1]))
    # It lets others go first, and yet gets on where they never stop.
    os.nice(_NICE)
    settings = Settings.load(os.environ)
    signal.alarm(settings.export_deadline)
    limit_memory(settings.max_export_megabytes * 1_000_000)
    try:
        make(Job.decode(sys.stdin.buffer.read()), settings)
    except MemoryError:
        print(json.dumps(to_row(no_memory(settings.max_export_megabytes))))
        return 1
    except So2Error as error:
        print(json.dumps(to_row(error), default=str))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
