"""What answers of persons teach: the probabilities and threshold of a run, and how sure the wish is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from so2graph.link.mapping import Mapping as Judgement
from so2graph.link.runs import OpenRun, Pair

__all__ = ["EVERY", "Sureness", "calibrate", "due", "sureness"]

EVERY = 25
"""Answers after which the probabilities are corrected."""


@dataclass(frozen=True)
class Sureness:
    """How sure it is that the wish is kept by what the program accepts.

    `accepted` pairs it accepts; persons found `right` of them right and `wrong` of them wrong, so that at least the
    share `bound` is right (at 95 %). `more` further answers that are right reach the wish; None where none can.
    `until` answers are left until the probabilities are corrected again.
    """

    wish: float
    accepted: int
    right: int
    wrong: int
    bound: float
    more: int | None
    until: int


def _labels(opened: OpenRun, judged: Sequence[Judgement]) -> Iterator[tuple[Pair, bool]]:
    """The pairs of the run that a person judged, and whether they match."""
    for one in judged:
        if not one.by_person:
            continue
        if one.none:
            yield from ((pair, False) for pair in opened.pairs(ours=one.subject) if pair.decision != "reject")
            continue
        pair = opened.pair(one.subject, one.object)
        if pair is not None:
            yield pair, not one.negated


def due(opened: OpenRun, judged: Sequence[Judgement]) -> bool:
    """Whether there are so many new answers that the probabilities should be corrected."""
    known = int(opened.state("calibrated") or 0)
    return sum(1 for _ in _labels(opened, judged)) // EVERY > known // EVERY


def calibrate(opened: OpenRun, judged: Sequence[Judgement]) -> None:
    """Corrects the probabilities of the run by the answers, and with them its threshold and decisions.

    The answers count by the log-odds that the pairs had: the correction is always of what the model said, never of
    an earlier correction. Pairs of a run that has no log-odds stay as they are.
    """
    import numpy as np

    from so2graph.link.model import Curve, Model
    from so2graph.link.wish import Answer, Chance, recalibrated, threshold_for

    labels = list(_labels(opened, judged))
    answers = [Answer(pair.odds, right) for pair, right in labels if pair.odds is not None]
    curve = Model.of_json(json.dumps(opened.run.model)).curve if opened.run.model else Curve()
    curve = recalibrated(curve, answers)
    rows = opened.base.execute("SELECT number, odds, chosen FROM pair WHERE odds IS NOT NULL").fetchall()
    plain = Curve()
    likely = [
        (curve.at(odds) if chosen else min(curve.at(odds), plain.at(odds)), number) for number, odds, chosen in rows
    ]
    odds = np.sort(np.array([row[1] for row in rows if row[2]], dtype=float))[::-1]
    matches = float(sum(curve.at(value) for value in odds.tolist()))
    threshold = threshold_for(opened.run.spec.wish, Chance(odds, np.zeros(len(odds)), matches), curve, answers)
    with opened.base:
        opened.base.executemany("UPDATE pair SET probability = ? WHERE number = ?", likely)
        text = """UPDATE pair SET decision = CASE WHEN chosen AND probability >= ?1 THEN 'accept'
          WHEN probability >= ?2 THEN 'review' ELSE 'reject' END WHERE odds IS NOT NULL"""
        opened.base.execute(text, (threshold.value, threshold.worth))
        opened.note("threshold", json.dumps(asdict(threshold)))
        opened.note("calibrated", str(len(labels)))


def sureness(opened: OpenRun, judged: Sequence[Judgement]) -> Sureness:
    """How sure it is by now that the wish is kept."""
    from so2graph.link.wish import answers_needed

    labels = [(pair, right) for pair, right in _labels(opened, judged)]
    told = [right for pair, right in labels if pair.decision == "accept"]
    accepted, right = opened.count("accept"), sum(told)
    needed = answers_needed(opened.run.spec.wish, accepted, right, len(told) - right)
    until = EVERY - len(labels) % EVERY
    return Sureness(opened.run.spec.wish, accepted, right, len(told) - right, needed.bound, needed.more, until)
