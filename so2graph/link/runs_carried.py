"""Takes the questions about other things over from the run before, where a run was about some of our things only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["BY", "RUN", "Carried", "carry"]

BY, RUN = "carried:", "run:"
"""How notes are called: by which run one of ours was compared, and what that run was made from (its `run.json`)."""
_PAIR = "ours, theirs, weight, probability, decision, cosine, why, levels, parts"
_ANSWER = "at, who, ours, theirs, verdict, made, before, undone"


@dataclass(frozen=True)
class Carried:
    """What is taken over: the folder and the id of the run before, and the things of ours whose questions stay."""

    folder: Path
    run: str
    ours: frozenset[str]


def carry(base: sqlite3.Connection, before: Carried) -> None:
    """Copies the pairs of those things with their records, and what was put aside or skipped.

    They stay as that run decided: without log-odds, so that no answer to a question of another model changes them.
    """
    base.execute("ATTACH ? AS old", (str(before.folder / "pairs.sqlite"),))
    try:
        with base:
            base.execute("CREATE TEMP TABLE kept (ours TEXT PRIMARY KEY) WITHOUT ROWID")
            base.executemany("INSERT INTO kept VALUES (?)", _rows(sorted(before.ours)))
            base.execute("DELETE FROM kept WHERE ours IN (SELECT id FROM main.record WHERE side = 'ours')")
            base.execute("DELETE FROM kept WHERE ours NOT IN (SELECT ours FROM old.pair)")
            _copy(base, before)
            base.execute("DROP TABLE kept")
    finally:
        base.execute("DETACH old")


def _rows(texts: Iterable[str]) -> Iterable[tuple[str]]:
    return ((text,) for text in texts)


def _copy(base: sqlite3.Connection, before: Carried) -> None:
    base.execute("""INSERT OR IGNORE INTO main.record SELECT side, id, types, fields FROM old.record
      WHERE (side = 'ours' AND id IN kept)
      OR (side = 'theirs' AND id IN (SELECT theirs FROM old.pair WHERE ours IN kept))""")
    start = base.execute("SELECT coalesce(max(number), -1) + 1 FROM main.pair").fetchone()[0]
    base.execute(
        f"""INSERT INTO main.pair (number, {_PAIR}, odds, chosen)
      SELECT number + ?, {_PAIR}, NULL, chosen FROM old.pair WHERE ours IN kept ORDER BY number""",  # noqa: S608
        (start,),
    )
    base.execute(f"""INSERT INTO main.answer ({_ANSWER}) SELECT {_ANSWER} FROM old.answer
      WHERE ours IN kept AND verdict IN ('unsure', 'skip') AND undone = '' ORDER BY number""")  # noqa: S608  # ours
    base.execute(
        f"""INSERT INTO main.state SELECT '{BY}' || ours,
      coalesce((SELECT value FROM old.state WHERE key = '{BY}' || ours), ?) FROM kept""",  # noqa: S608  # ours
        (before.run,),
    )
    told = (before.folder / "run.json").read_text(encoding="utf-8")
    base.execute("INSERT INTO main.state VALUES (?, ?)", (RUN + before.run, told))
    base.execute(f"INSERT OR IGNORE INTO main.state SELECT key, value FROM old.state WHERE key LIKE '{RUN}%'")  # noqa: S608  # ours
