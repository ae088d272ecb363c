"""The questions that a run leaves to people, the most valuable first."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log

from so2graph.engine.access import Session
from so2graph.errors import DatasetReadOnly
from so2graph.link.mapping import Mapping as Judgement
from so2graph.link.mapping import named
from so2graph.link.runs import OpenRun, Pair
from so2graph.vocab import parse_iri

__all__ = ["Left", "Queue"]

_BATCH = 500
_DEGREES = "SELECT ?x (COUNT(*) AS ?n) WHERE { VALUES ?x { %s } { ?x ?p ?o } UNION { ?s ?p ?x } } GROUP BY ?x"
_TABLES = """
CREATE TABLE IF NOT EXISTS effect (ours TEXT PRIMARY KEY, degree INTEGER NOT NULL, effect REAL NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS judged (ours TEXT NOT NULL, theirs TEXT NOT NULL, PRIMARY KEY (ours, theirs))
  WITHOUT ROWID;
"""
"""How much hangs on a thing; and what is settled: a pair, all pairs of one of ours (`theirs` is empty) or of one of
theirs (`ours` is empty)."""
_MOST = 200
"""Pairs put aside that are listed."""
_UNJUDGED = """NOT EXISTS (SELECT 1 FROM judged j WHERE j.ours = pair.ours AND j.theirs IN (pair.theirs, ''))
  AND NOT EXISTS (SELECT 1 FROM judged j WHERE j.ours = '' AND j.theirs = pair.theirs)"""
_OPEN = f"""
  FROM pair LEFT JOIN effect ON effect.ours = pair.ours WHERE decision = :decision
  AND {_UNJUDGED}
  AND NOT EXISTS (SELECT 1 FROM answer a WHERE a.ours = pair.ours AND a.theirs = pair.theirs
    AND a.verdict = 'unsure' AND a.undone = '')
"""  # noqa: S608  # of this module's own words
_NEXT = f"""SELECT pair.ours, pair.theirs {_OPEN}
  ORDER BY (SELECT count(*) FROM answer a WHERE a.ours = pair.ours AND a.theirs = pair.theirs
    AND a.verdict = 'skip' AND a.who = :who AND a.undone = ''),
  4 * probability * (1 - probability) * coalesce(effect, 1) DESC, weight DESC, pair.ours, pair.theirs LIMIT 1
"""  # noqa: S608  # both are of this module's own words
_ANY = f"""SELECT pair.ours, pair.theirs {_OPEN}
  ORDER BY (SELECT count(*) FROM answer a WHERE a.ours = pair.ours AND a.theirs = pair.theirs
    AND a.verdict = 'skip' AND a.who = :who AND a.undone = ''), (number * 2654435761) % 4294967296 LIMIT 1
"""  # noqa: S608  # as above
_PROMOTE = """UPDATE pair SET decision = 'review' WHERE number = (
  SELECT number FROM pair WHERE ours = :ours AND decision = 'reject'
  AND NOT EXISTS (SELECT 1 FROM judged j WHERE j.ours = pair.ours AND j.theirs = pair.theirs)
  AND NOT EXISTS (SELECT 1 FROM judged j WHERE j.ours = '' AND j.theirs = pair.theirs)
  AND probability >= (SELECT min(probability) FROM pair WHERE decision = 'review')
  ORDER BY weight DESC, theirs LIMIT 1)
"""


@dataclass(frozen=True)
class Left:
    """How many questions of a run are open, were put aside as unsure, and were answered."""

    open: int
    unsure: int
    answered: int


class Queue:
    """What is still to be asked of a run, after what was judged already, by whomever and in whatever way.

    Raises `DatasetReadOnly` where the run cannot be written, which keeps what is settled.
    """

    def __init__(self, opened: OpenRun, session: Session, judged: Sequence[Judgement]) -> None:
        self._opened, self._base = opened, opened.base
        try:
            self._base.executescript(_TABLES)
            self._weigh(session)
            self._settle(judged)
        except sqlite3.OperationalError as error:
            raise DatasetReadOnly(
                f"{opened.folder} cannot be written: {error}", mend="Give the service the right to write there."
            ) from error

    def next(self, who: str = "", decision: str = "review") -> Pair | None:
        """The pair to ask about; what `who` skipped comes after all others.

        Of what is in doubt the most uncertain with the most effect comes first. What the program has decided is drawn
        at random, always in the same order: only so do answers tell how much of it is right.
        """
        text = _NEXT if decision == "review" else _ANY
        row = self._base.execute(text, {"decision": decision, "who": named(who)}).fetchone()
        return None if row is None else self._opened.pair(str(row[0]), str(row[1]))

    def left(self, decision: str = "review") -> Left:
        """How much is left of the pairs with this decision."""
        count = self._base.execute(f"SELECT count(*) {_OPEN}", {"decision": decision}).fetchone()[0]
        unsure = "SELECT count(DISTINCT ours || ' ' || theirs) FROM answer WHERE verdict = 'unsure' AND undone = ''"
        told = "SELECT count(*) FROM answer WHERE verdict IN ('yes', 'no', 'none') AND undone = ''"
        return Left(int(count), *(int(self._base.execute(text).fetchone()[0]) for text in (unsure, told)))

    def unsure(self) -> tuple[tuple[str, str], ...]:
        """The pairs that somebody put aside, and that nobody judged since."""
        text = f"""SELECT DISTINCT pair.ours, pair.theirs FROM answer a JOIN pair USING (ours, theirs)
          WHERE a.verdict = 'unsure' AND a.undone = '' AND {_UNJUDGED} ORDER BY 1, 2 LIMIT {_MOST}"""  # noqa: S608
        return tuple((str(ours), str(theirs)) for ours, theirs in self._base.execute(text))

    def degree(self, ours: str) -> int:
        """How many statements there are about one of ours."""
        row = self._base.execute("SELECT degree FROM effect WHERE ours = ?", (ours,)).fetchone()
        return 0 if row is None else int(row[0])

    def promote(self, ours: str) -> None:
        """Asks about the next best candidate of one of ours, where it is as likely as others that are asked about."""
        with self._base:
            self._base.execute(_PROMOTE, {"ours": ours})

    def _weigh(self, session: Session) -> None:
        """Notes how much hangs on each of ours, once a run."""
        if self._opened.state("effect"):
            return
        wanted = [str(row[0]) for row in self._base.execute("SELECT DISTINCT ours FROM pair ORDER BY ours")]
        rows = [(iri, n, 1 + log(1 + n)) for iri, n in _degrees(session, wanted)]
        with self._base:
            self._base.executemany("INSERT OR REPLACE INTO effect VALUES (?,?,?)", rows)
            self._opened.note("effect", str(session.snapshot.manifest.number))

    def _settle(self, judged: Sequence[Judgement]) -> None:
        """Brings what is settled up to what the store says."""
        wanted = set(_settled(judged, self._opened.run.spec.unique))
        known = {(str(ours), str(theirs)) for ours, theirs in self._base.execute("SELECT ours, theirs FROM judged")}
        if wanted == known:
            return
        with self._base:
            self._base.executemany("DELETE FROM judged WHERE ours = ? AND theirs = ?", sorted(known - wanted))
            self._base.executemany("INSERT OR IGNORE INTO judged VALUES (?,?)", sorted(wanted - known))


def _degrees(session: Session, iris: Sequence[str]) -> Iterator[tuple[str, int]]:
    for start in range(0, len(iris), _BATCH):
        listed = " ".join(parse_iri(iri).n3 for iri in iris[start : start + _BATCH])
        for row in session.select(_DEGREES % listed):
            yield str(row["x"]), int(str(row["n"]))


def _settled(judged: Iterable[Judgement], unique: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What need not be asked: what a person judged, and whose one partner is known."""
    for one in judged:
        if not one.by_person:
            continue
        if one.none:
            yield one.subject, ""
            continue
        yield one.subject, one.object
        if not one.negated and "left" in unique:
            yield one.subject, ""
        if not one.negated and "right" in unique:
            yield "", one.object
