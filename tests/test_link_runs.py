"""Runs on disk: what was written is read back, whole or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from so2graph.errors import BadParameter, DatasetReadOnly, DatasetUnreadable, NotFound
from so2graph.link.record import Record
from so2graph.link.runs import Pair, Part, Pinned, Run, open_run, run_id, runs, targets, write_run
from so2graph.link.runs_cleaned import clean_run
from so2graph.link.spec import Field, Kind, Spec
from so2graph.link.tables import PAIRS, records_table

SPEC = Spec("places", (Field("name", Kind.NAME), Field("point", Kind.POINT)), meets=(("City", "city"),))
PINNED = Pinned("places.csv", "ab" * 32, "2026-11-20")
LEFT = (
    Record("https://w3id.org/so2graph/id/assen", ("City",), {"name": ("Assen",), "point": ("52.99 6.56",)}),
    Record("https://w3id.org/so2graph/id/emmen", ("City",), {"name": ("Emmen",)}),
)
RIGHT = (
    Record("https://example.org/1", ("city",), {"name": ("Assen", "Asn"), "point": ("52.996 6.562",)}),
    Record("https://example.org/2", ("city",), {"name": ("Emmen", "<b>Emmen</b>")}),
)
PARTS = '[{"field":"name","level":4,"name":"same","weight":9.5,"left":"Assen","right":"Assen"}]'


def a_run(started: str = "2026-11-26T04:15:00+00:00") -> Run:
    """A run that started then."""
    return Run("places", run_id(started, SPEC, PINNED), 3, PINNED, SPEC, started, {"prior": -3.5}, {"value": 6.0})


def some_pairs() -> pa.Table:
    """Three pairs, one accepted, one to be reviewed, one refused."""
    base = pa.table(
        {
            "left": [0, 1, 0],
            "right": [0, 1, 1],
            "cosine": [1.0, 0.5, 0.25],
            "why": [["name", "near"], ["name"], ["name"]],
        },
        schema=PAIRS,
    )
    rows = {
        "level_name": pa.array([4, 2, 0], pa.int8()),
        "level_point": pa.array([3, -1, -1], pa.int8()),
        "weight": pa.array([12.0, 1.5, -8.0]),
        "probability": pa.array([0.9998, 0.74, 0.004]),
        "decision": pa.array(["accept", "review", "reject"]),
        "parts": pa.array([PARTS, "[]", None], pa.string()),
    }
    for name, column in rows.items():
        base = base.append_column(name, column)
    return base


def written(data: Path, run: Run) -> Path:
    """The run, on disk."""
    return write_run(data, run, records_table(LEFT, SPEC), records_table(RIGHT, SPEC), some_pairs())


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """Run, records and pairs come back as they were, each pair with its levels and parts."""
    folder = written(tmp_path, a_run())
    assert sorted(path.name for path in folder.iterdir()) == ["pairs.sqlite", "run.json"]
    with open_run(tmp_path, "places") as opened:
        assert opened.run == a_run()
        assert [opened.record("ours", row.id) for row in LEFT] == list(LEFT)
        assert [opened.record("theirs", row.id) for row in RIGHT] == list(RIGHT)
        assert opened.record("theirs", LEFT[0].id) is None
        first = Pair(
            0,
            LEFT[0].id,
            RIGHT[0].id,
            12.0,
            0.9998,
            "accept",
            1.0,
            ("name", "near"),
            {"name": 4, "point": 3},
            (Part("name", 4, "same", 9.5, "Assen", "Assen"),),
        )
        assert opened.pair(LEFT[0].id, RIGHT[0].id) == first
        assert opened.pair(LEFT[1].id, RIGHT[0].id) is None
        assert [pair.number for pair in opened.pairs()] == [0, 1, 2]
        assert [pair.number for pair in opened.pairs(order="doubt")] == [1, 2, 0]
        assert [pair.number for pair in opened.pairs(order="ours")] == [0, 2, 1]
        assert [pair.number for pair in opened.pairs("review")] == [1]
        assert [pair.number for pair in opened.pairs(ours=LEFT[0].id, limit=1, offset=1)] == [2]
        assert [opened.count(), opened.count("accept"), opened.count("none")] == [3, 1, 0]
        with pytest.raises(BadParameter):
            opened.pairs(order="weight; DROP TABLE pair")


def test_the_newest_run_is_the_one_that_is_opened(tmp_path: Path) -> None:
    """Ids sort by time; an older run can be named; a run without a name that is known is told as such."""
    old, new = a_run("2026-11-25T23:00:00+00:00"), a_run()
    for run in (new, old):
        written(tmp_path, run)
    assert runs(tmp_path, "places") == (old.id, new.id)
    assert targets(tmp_path) == ("places",)
    with open_run(tmp_path, "places") as opened, open_run(tmp_path, "places", old.id) as older:
        assert (opened.run.id, older.run.id) == (new.id, old.id)
    with pytest.raises(NotFound, match="never run"):
        open_run(tmp_path, "elsewhere")
    with pytest.raises(NotFound, match="no run 2026"):
        open_run(tmp_path, "places", "20260101T000000-000000")
    for odd in ("../places", "", "Places", ".."):
        assert runs(tmp_path, odd) == ()


def test_a_run_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """Pairs that cannot be written leave no folder behind, and a name that is no folder is refused."""
    broken = some_pairs().drop_columns(["weight"])
    with pytest.raises(KeyError):
        write_run(tmp_path, a_run(), records_table(LEFT, SPEC), records_table(RIGHT, SPEC), broken)
    assert list((tmp_path / "links" / "places").iterdir()) == []
    run = a_run()
    odd = Run("../x", run.id, 3, PINNED, SPEC, run.started)
    with pytest.raises(BadParameter):
        written(tmp_path, odd)


def test_a_folder_that_is_no_run_says_so(tmp_path: Path) -> None:
    """A run whose file is damaged is an error that says what to do."""
    folder = written(tmp_path, a_run())
    (folder / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(DatasetUnreadable, match="not a run"):
        open_run(tmp_path, "places")


ADDRESS = "someone@example.org"


def test_no_address_is_written(tmp_path: Path) -> None:
    """A record that is an e-mail address is left out with its pairs; addresses in texts are masked."""
    left = (replace(LEFT[0], id=f"mailto:{ADDRESS}"), replace(LEFT[1], values={"name": (f"Ask {ADDRESS}",)}))
    pairs = some_pairs().set_column(3, "why", pa.array([["name"], [ADDRESS], ["name"]]))
    folder = write_run(tmp_path, a_run(), records_table(left, SPEC), records_table(RIGHT, SPEC), pairs)
    with open_run(tmp_path, "places") as opened:
        assert [pair.ours for pair in opened.pairs()] == [LEFT[1].id]
        assert opened.record("ours", f"mailto:{ADDRESS}") is None
        known = opened.record("ours", LEFT[1].id)
        assert known is not None
        assert known.values["name"] == ("Ask ‹e-mail address›",)
    assert all(ADDRESS.encode() not in path.read_bytes() for path in folder.iterdir())


def _with_addresses(folder: Path) -> None:
    """What an earlier version may have written."""
    with closing(sqlite3.connect(folder / "pairs.sqlite")) as base, base:
        base.execute("UPDATE pair SET ours = ? WHERE number = 0", (f"mailto:{ADDRESS}",))
        base.execute(
            "UPDATE pair SET parts = ? WHERE number = 1", (PARTS.replace('"left":"Assen"', f'"left":"{ADDRESS}"'),)
        )
        base.execute("INSERT INTO record VALUES ('ours', ?, '[]', '{}')", (f"mailto:{ADDRESS}",))
        row = ("2026-11-25T10:00:00+00:00", ADDRESS, LEFT[1].id, RIGHT[1].id, "skip", "[]", "[]", "")
        base.execute(
            "INSERT INTO answer (at,who,ours,theirs,verdict,made,before,undone) VALUES (?,?,?,?,?,?,?,?)", row
        )
        base.execute("DELETE FROM state")


def test_the_addresses_of_an_older_run_go_when_it_is_opened(tmp_path: Path) -> None:
    """Neither what is read nor the file holds them; whoever answered under an address is still told apart."""
    folder = written(tmp_path, a_run())
    _with_addresses(folder)
    with open_run(tmp_path, "places") as opened:
        assert [pair.number for pair in opened.pairs()] == [1, 2]
        assert opened.pairs("review")[0].parts[0].left == "‹e-mail address›"
        (who,) = opened.base.execute("SELECT who FROM answer").fetchone()
        assert who.startswith("editor-")
    assert all(ADDRESS.encode() not in path.read_bytes() for path in folder.iterdir())


def test_a_run_with_addresses_that_cannot_be_written_is_not_shown(tmp_path: Path) -> None:
    """It says what to do; one without any is read as ever."""
    folder = written(tmp_path, a_run())
    address = f"{(folder / 'pairs.sqlite').as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as base:
        clean_run(base, "the run")
        assert base.execute("SELECT count(*) FROM pair").fetchone() == (3,)
    _with_addresses(folder)
    with closing(sqlite3.connect(address, uri=True)) as base:
        with pytest.raises(DatasetReadOnly, match="the run holds e-mail addresses") as told:
            clean_run(base, "the run")
        assert ADDRESS not in str(told.value)
