"""A run on disk: what was compared with what, and how each pair came out.

Layout below the data folder::

    links/{target}/{run}/run.json        what the run was made from, and its model
    links/{target}/{run}/pairs.sqlite    records of both sides, pairs with the parts of their weight, answers so far

A run can be deleted: what was decided is in the store.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from so2graph.engine.generations import storage_errors
from so2graph.errors import BadParameter, DatasetUnreadable, NotFound
from so2graph.link.mapping import is_thing
from so2graph.link.record import Record
from so2graph.link.runs_carried import BY, RUN, Carried, carry
from so2graph.link.runs_cleaned import clean_run
from so2graph.link.spec import Spec, spec_of
from so2graph.vocab import mask_addresses

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["LATEST", "OpenRun", "Pair", "Part", "Pinned", "Run", "open_run", "run_id", "runs", "targets", "write_run"]

LATEST = "latest"
_TARGET = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_RUN = re.compile(r"[0-9]{8}T[0-9]{6}-[0-9a-f]{6}")
_BLOCK = 10_000
_PATIENCE = 10.0
"""Seconds that a writer of answers waits for another one."""
_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE record (side TEXT NOT NULL, id TEXT NOT NULL, types TEXT NOT NULL, fields TEXT NOT NULL,
  PRIMARY KEY (side, id)) WITHOUT ROWID;
CREATE TABLE pair (number INTEGER PRIMARY KEY, ours TEXT NOT NULL, theirs TEXT NOT NULL, weight REAL NOT NULL,
  probability REAL NOT NULL, decision TEXT NOT NULL, cosine REAL, why TEXT NOT NULL, levels TEXT NOT NULL,
  parts TEXT NOT NULL, odds REAL, chosen INTEGER NOT NULL);
CREATE TABLE answer (number INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, ours TEXT NOT NULL,
  theirs TEXT NOT NULL, verdict TEXT NOT NULL, made TEXT NOT NULL, before TEXT NOT NULL, undone TEXT NOT NULL);
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_INDEXES = """
CREATE INDEX pair_ours ON pair (ours, weight);
CREATE INDEX pair_theirs ON pair (theirs, weight);
CREATE INDEX pair_decision ON pair (decision, weight);
CREATE INDEX answer_pair ON answer (ours, theirs);
ANALYZE;
"""
_ORDERS = {
    "weight": "weight DESC, ours, theirs",
    "doubt": "abs(probability - 0.5), ours, theirs",
    "ours": "ours, weight DESC, theirs",
}
_PAIR = "number, ours, theirs, weight, probability, decision, cosine, why, levels, parts, odds, chosen"


class Pinned(NamedTuple):
    """The snapshot of the target that a run was made with."""

    name: str
    sha256: str
    date: str


@dataclass(frozen=True)
class Run:
    """What a run was made from. `model` and `threshold` are plain data (JSON); `counts` says how much of what."""

    target: str
    id: str
    generation: int
    snapshot: Pinned
    spec: Spec
    started: str
    model: Mapping[str, object] = field(default_factory=dict)
    threshold: Mapping[str, object] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """What one comparison adds to the weight of a pair, in bits, and the values that were compared.

    `level` is -1 where a side does not have the field; `name` is the word for the level.
    """

    field: str
    level: int
    name: str
    weight: float
    left: str = ""
    right: str = ""


@dataclass(frozen=True)
class Pair:
    """Two records that were compared: `ours` and `theirs` are their ids, `why` what brought them together.

    `weight` is in bits, `odds` are the natural log-odds after the competition of other candidates, and `chosen` says
    whether the pair is one of those that go together (`decide`).
    """

    number: int
    ours: str
    theirs: str
    weight: float
    probability: float
    decision: str
    cosine: float | None = None
    why: tuple[str, ...] = ()
    levels: Mapping[str, int] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    odds: float | None = None
    chosen: bool = True


def run_id(started: str, spec: Spec, snapshot: Pinned) -> str:
    """The id of a run that started then (ISO 8601): ids sort by time, and tell specifications and snapshots apart."""
    moment = re.sub(r"[^0-9T]", "", started)[:15]
    digest = hashlib.sha256(f"{spec.digest}\n{snapshot.sha256}\n{started}".encode()).hexdigest()
    return f"{moment}-{digest[:6]}"


def targets(data: Path) -> tuple[str, ...]:
    """The targets of which there is a run, in order."""
    folder = data / "links"
    if not folder.is_dir():
        return ()
    names = sorted(each.name for each in folder.iterdir() if _TARGET.fullmatch(each.name))
    return tuple(name for name in names if runs(data, name))


def runs(data: Path, target: str) -> tuple[str, ...]:
    """The ids of the runs of a target, oldest first."""
    folder = data / "links" / target
    if not _TARGET.fullmatch(target) or not folder.is_dir():
        return ()
    return tuple(sorted(each.name for each in folder.iterdir() if _RUN.fullmatch(each.name)))


def write_run(
    data: Path, run: Run, left: pa.Table, right: pa.Table, pairs: pa.Table, others: frozenset[str] = frozenset()
) -> Path:
    """Writes a run, whole or not at all; returns its folder.

    `others` are things of ours that the run was not about: what the run before asks about them is asked still.

    `left` and `right` are tables of records as they were read, before they were normalised; `pairs` has the columns
    of `tables.PAIRS`, `weight`, `probability` and `decision`, a column `level_<field>` a comparison and, where they
    are known, `parts` (JSON: a list of rows of `Part`), `odds` and `chosen`. What cannot stand in a link (an e-mail
    address among the ids) is left out, and addresses in texts are masked. Raises `BadParameter` for a name that
    cannot be a folder, `DatasetReadOnly` and `DiskFull`.
    """
    if not _TARGET.fullmatch(run.target) or not _RUN.fullmatch(run.id):
        raise BadParameter(
            f"{run.target}/{run.id} does not name a run", mend="Use a lower-case slug, and an id that run_id made."
        )
    folder = data / "links" / run.target / run.id
    before = _before(data, run, others)
    part = folder.with_name(f"{run.id}.{os.getpid()}.part")
    with storage_errors(data):
        part.mkdir(parents=True)
        try:
            with closing(sqlite3.connect(part / "pairs.sqlite")) as base:
                base.executescript(_SCHEMA)
                with base:
                    for side, table in (("ours", left), ("theirs", right)):
                        base.executemany("INSERT OR IGNORE INTO record VALUES (?,?,?,?)", _records(side, table))
                    base.executemany("INSERT INTO pair VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", _pairs(left, right, pairs))
                if before is not None:
                    carry(base, before)
                base.executescript(_INDEXES)
            text = json.dumps(asdict(run), ensure_ascii=False, indent=1, sort_keys=True)
            (part / "run.json").write_text(mask_addresses(text) + "\n", encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder


def _before(data: Path, run: Run, others: frozenset[str]) -> Carried | None:
    """What is taken over from the newest run that there is."""
    known = [name for name in runs(data, run.target) if name != run.id]
    if not known or not others:
        return None
    with open_run(data, run.target, known[-1]) as opened:  # Which takes e-mail addresses out.
        return Carried(opened.folder, opened.run.id, others)


def _records(side: str, table: pa.Table) -> Iterator[tuple[str, str, str, str]]:
    for batch in table.to_batches(max_chunksize=_BLOCK):
        for row in batch.to_pylist():
            fields = {name: value for name, value in row.items() if name not in ("id", "types") and value}
            # No e-mail address leaves the graph that is made for them.
            if is_thing(row["id"]):
                yield side, row["id"], mask_addresses(_json(row["types"])), mask_addresses(_json(fields))


def _pairs(left: pa.Table, right: pa.Table, pairs: pa.Table) -> Iterator[tuple[object, ...]]:
    ours, theirs = left.column("id").to_pylist(), right.column("id").to_pylist()
    number = 0
    for batch in pairs.to_batches(max_chunksize=_BLOCK):
        for row in batch.to_pylist():
            if not (is_thing(ours[row["left"]]) and is_thing(theirs[row["right"]])):
                continue
            levels = {name.removeprefix("level_"): value for name, value in row.items() if name.startswith("level_")}
            yield (
                number,
                ours[row["left"]],
                theirs[row["right"]],
                row["weight"],
                row["probability"],
                row["decision"],
                row.get("cosine"),
                mask_addresses(_json(row.get("why") or [])),
                _json(levels),
                mask_addresses(row.get("parts") or "[]"),
                row.get("odds"),
                bool(row.get("chosen", True)),
            )
            number += 1


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def open_run(data: Path, target: str, run: str = LATEST) -> OpenRun:
    """A run of a target, the newest unless one is named; raises `NotFound` and `DatasetUnreadable`."""
    known = runs(data, target)
    name = known[-1] if run == LATEST and known else run
    if name not in known:
        raise NotFound(
            f"there is no run {run} of the target {target}" if known else f"the target {target} was never run",
            mend="'so2graph link status' lists the runs; 'so2graph link run TARGET' makes one.",
        )
    return OpenRun(data / "links" / target / name)


class OpenRun:
    """A run that is read, and whose answers are kept; for one thread. Close it, or use it in a `with`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            row = json.loads(mask_addresses((folder / "run.json").read_text(encoding="utf-8")))
            self.run = _run(row, str(folder))
            self.base = sqlite3.connect(f"{(folder / 'pairs.sqlite').resolve().as_uri()}?mode=rw", uri=True)
        except (OSError, ValueError, TypeError, KeyError, sqlite3.Error) as error:
            raise DatasetUnreadable(
                f"{folder} is not a run that can be read: {error}", mend="Remove it, and run the target again."
            ) from error
        self.base.execute(f"PRAGMA busy_timeout = {int(_PATIENCE * 1000)}")
        try:
            clean_run(self.base, str(folder))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> OpenRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file."""
        with suppress(sqlite3.Error):
            self.base.close()

    def pairs(
        self,
        decision: str | None = None,
        order: str = "weight",
        limit: int | None = None,
        offset: int = 0,
        ours: str | None = None,
        theirs: str | None = None,
    ) -> tuple[Pair, ...]:
        """The pairs with this decision and these records (None is any), by `weight`, `doubt` or `ours`."""
        asked = {"decision": decision, "ours": ours, "theirs": theirs}
        given = {name: value for name, value in asked.items() if value is not None}
        where = f" WHERE {' AND '.join(f'{name} = :{name}' for name in given)}" if given else ""
        if order not in _ORDERS:
            raise BadParameter(f"{order!r} is no order of pairs", mend=f"Use one of {', '.join(_ORDERS)}.")
        # `where` and the order are of this module's own words.
        text = f"SELECT {_PAIR} FROM pair{where} ORDER BY {_ORDERS[order]} LIMIT :limit OFFSET :offset"  # noqa: S608
        values = {**given, "limit": -1 if limit is None else limit, "offset": offset}
        return tuple(map(_pair, self.base.execute(text, values)))

    def pair(self, ours: str, theirs: str) -> Pair | None:
        """The pair of these two; None where they were not compared."""
        found = self.pairs(ours=ours, theirs=theirs, limit=1)
        return found[0] if found else None

    def count(self, decision: str | None = None) -> int:
        """How many pairs have this decision; all where it is None."""
        text = "SELECT count(*) FROM pair WHERE decision = ?1 OR ?1 IS NULL"
        return int(self.base.execute(text, (decision,)).fetchone()[0])

    def record(self, side: str, ident: str) -> Record | None:
        """A record of `ours` or `theirs`; None where the run does not have it."""
        row = self.base.execute(
            "SELECT types, fields FROM record WHERE side = ? AND id = ?", (side, ident)
        ).fetchone()
        if row is None:
            return None
        fields = {name: tuple(values) for name, values in json.loads(row[1]).items()}
        return Record(ident, tuple(json.loads(row[0])), fields)

    @property
    def threshold(self) -> Mapping[str, object]:
        """Where the program accepts by itself: as the run said, or as answers have corrected it since."""
        told = self.state("threshold")
        return self.run.threshold if told is None else cast(Mapping[str, object], json.loads(told))

    def compared_by(self, ours: str) -> Run:
        """The run that compared one of ours: this one, or an earlier one whose questions it took over."""
        name = self.state(BY + ours)
        told = None if name is None else self.state(RUN + name)
        return self.run if told is None else _run(json.loads(mask_addresses(told)), str(self.folder))

    def state(self, key: str) -> str | None:
        """What was noted under a name."""
        row = self.base.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def note(self, key: str, value: str) -> None:
        """Notes something under a name, within the transaction of the caller."""
        self.base.execute("INSERT OR REPLACE INTO state VALUES (?,?)", (key, value))


def _pair(row: Sequence[object]) -> Pair:
    number, ours, theirs, weight, probability, decision, cosine, why, levels, parts, odds, chosen = row
    return Pair(
        cast(int, number),
        str(ours),
        str(theirs),
        cast(float, weight),
        cast(float, probability),
        str(decision),
        cast(float | None, cosine),
        tuple(json.loads(str(why))),
        json.loads(str(levels)),
        tuple(Part(**each) for each in json.loads(str(parts))),
        cast(float | None, odds),
        bool(chosen),
    )


def _run(row: dict[str, object], where: str) -> Run:
    spec = dict(cast(Mapping[str, object], row["spec"]))
    spec["fields"] = {each["name"]: each["kind"] for each in cast(Sequence[Mapping[str, object]], spec["fields"])}
    pinned = cast(Sequence[str], row["snapshot"])
    return Run(**{**row, "spec": spec_of(spec, where), "snapshot": Pinned(*pinned)})  # type: ignore[arg-type]  # plain data
