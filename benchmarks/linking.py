"""How right and how quick linking is, beside a plain baseline: precision, recall and F1 without any label."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.link_sets import SETS, LinkSet, folder
from so2graph.link.grams import GramIndex
from so2graph.link.pipeline import Outcome, link
from so2graph.link.tables import records_table

__all__ = ["MARKS", "Scored", "baseline", "links_of", "measure", "missing", "score", "table"]

MARKS = {"dblp-acm": 0.985, "restaurants": 0.90}
"""The least F1 of a set; precision where links are accepted without a person is to be 0.99 on both."""

_TOP, _LEAST = 10, 0.5
_RESAMPLED = 400

Pair = tuple[str, str]


@dataclass(frozen=True)
class Scored:
    """What was measured of one set. Intervals are 95 %, over things of the left drawn again and again."""

    key: str
    name: str
    left: int
    right: int
    gold: int
    precision: float
    recall: float
    f1: float
    f1_low: float
    f1_high: float
    candidates: int
    candidate_recall: float
    accepted_precision: float
    accepted_recall: float
    accepted_low: float
    review: int
    wish: float
    baseline_precision: float
    baseline_recall: float
    baseline_f1: float
    baseline_rate: float
    seconds: float
    rate: float
    stages: dict[str, float]
    note: str

    @property
    def met(self) -> str:
        """Whether the marks are met; nothing where a set has none."""
        least = MARKS.get(self.key)
        if least is None:
            return ""
        return "yes" if self.f1 >= least and self.accepted_precision >= 0.99 and self.accepted_recall > 0 else "no"


def missing() -> str:
    """Why nothing can be measured, or nothing."""
    if folder() is None:
        return "the reference sets are not there (SO2GRAPH_REFERENCE names the folder that has them)"
    try:
        import splink  # noqa: F401
    except ImportError:
        return "Splink is not installed (so2graph[link])"
    return ""


def _shares(found: set[Pair], gold: frozenset[Pair]) -> tuple[float, float, float]:
    right = len(found & gold)
    return right / max(len(found), 1), right / len(gold), 2 * right / max(len(found) + len(gold), 1)


def _interval(found: set[Pair], gold: frozenset[Pair], which: int) -> tuple[float, float]:
    """95 % of a share, when the things of the left are drawn again."""
    things = sorted({a for a, _ in found | gold})
    place = {thing: at for at, thing in enumerate(things)}
    counts = np.zeros((3, len(things)))
    for row, pairs in enumerate((found, gold, found & gold)):
        np.add.at(counts[row], [place[a] for a, _ in pairs], 1)
    draws = np.random.default_rng(7).multinomial(len(things), np.full(len(things), 1 / len(things)), _RESAMPLED)
    all_found, all_gold, right = draws @ counts.T[:, 0], draws @ counts.T[:, 1], draws @ counts.T[:, 2]
    shares = right / np.maximum(all_found, 1) if which == 0 else 2 * right / np.maximum(all_found + all_gold, 1)
    return float(np.quantile(shares, 0.025)), float(np.quantile(shares, 0.975))


def baseline(given: LinkSet) -> set[Pair]:
    """Cosine of TF-IDF over three-letter grams of all that is said of a thing, the ten best, then one to one, the
    best first, from 0.5 on."""
    texts = [
        [" ".join(text for some in each.values.values() for text in some) for each in side]
        for side in (given.left, given.right)
    ]
    index = GramIndex.build(texts[1], range(len(texts[1])))
    query, row, cosine = index.best(texts[0], _TOP)
    found: set[Pair] = set()
    mine, yours = set[int](), set[int]()
    for at in np.lexsort((row, query, -np.asarray(cosine))).tolist():
        one, other = int(query[at]), int(row[at])
        if cosine[at] >= _LEAST and one not in mine and other not in yours:
            mine.add(one)
            yours.add(other)
            found.add((given.left[one].id, given.right[other].id))
    return found


def links_of(given: LinkSet, outcome: Outcome) -> tuple[set[Pair], set[Pair], set[Pair]]:
    """The pairs that are more probable than not, those that are accepted without a person, and all candidates."""
    likely, accepted, looked = set[Pair](), set[Pair](), set[Pair]()
    columns = (
        outcome.pairs.column(name).to_pylist() for name in ("left", "right", "chosen", "probability", "decision")
    )
    for one, other, chosen, probability, decision in zip(*columns, strict=True):
        pair = (given.left[one].id, given.right[other].id)
        looked.add(pair)
        if chosen and probability >= 0.5:
            likely.add(pair)
        if decision == "accept":
            accepted.add(pair)
    return likely, accepted, looked


def score(key: str, given: LinkSet) -> Scored:
    """Links a set as it is, and its baseline in the same process."""
    tables = [records_table(side, given.spec) for side in (given.left, given.right)]
    begun = time.perf_counter()
    outcome = link(tables[0], tables[1], given.spec)
    seconds = time.perf_counter() - begun
    begun = time.perf_counter()
    plain = baseline(given)
    plain_seconds = time.perf_counter() - begun
    likely, accepted, looked = links_of(given, outcome)
    precision, recall, f1 = _shares(likely, given.gold)
    sure = _shares(accepted, given.gold)
    low, high = _interval(likely, given.gold, 1)
    plainly = _shares(plain, given.gold)
    records = len(given.left) + len(given.right)
    return Scored(
        key=key,
        name=given.name,
        left=len(given.left),
        right=len(given.right),
        gold=len(given.gold),
        precision=precision,
        recall=recall,
        f1=f1,
        f1_low=low,
        f1_high=high,
        candidates=outcome.pairs.num_rows,
        candidate_recall=len(looked & given.gold) / len(given.gold),
        accepted_precision=sure[0],
        accepted_recall=sure[1],
        accepted_low=_interval(accepted, given.gold, 0)[0] if accepted else 0.0,
        review=outcome.pairs.column("decision").to_pylist().count("review"),
        wish=given.spec.wish,
        baseline_precision=plainly[0],
        baseline_recall=plainly[1],
        baseline_f1=plainly[2],
        baseline_rate=60 * records / plain_seconds,
        seconds=seconds,
        rate=60 * records / seconds,
        stages={stage: round(value, 3) for stage, value in outcome.timings.items()},
        note=given.note,
    )


def measure(keys: Sequence[str] = tuple(SETS)) -> Iterator[Scored]:
    """Measures set after set; nothing where the sets are absent (`missing`)."""
    place = folder()
    if place is not None:
        for key in keys:
            yield score(key, SETS[key](place))


def table(rows: Sequence[Scored], why_not: str) -> list[str]:
    """The rows as tables in Markdown, with what they mean; or why there are none."""
    if not rows:
        return [f"Not measured: {why_not}."]
    lines = [
        "Two lists are linked whole (not given pairs), without labels, with the same settings for every set; only "
        "the kinds of its fields are told. Links count from a probability of one half. 'Accepted' is what no person "
        "is asked about, with a wish of 99 right in 100. The baseline is TF-IDF of three-letter grams, the ten best, "
        "then one to one from a cosine of 0.5. Intervals are 95 %, by bootstrap.",
        "",
        "| set | things | right pairs | precision | recall | F1 | 95 % | baseline P | R | F1 | mark | met? |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    lines += [
        f"| {row.name} | {row.left:,} × {row.right:,} | {row.gold:,} | {row.precision:.4f} | {row.recall:.4f} "
        f"| {row.f1:.4f} | {row.f1_low:.3f}–{row.f1_high:.3f} | {row.baseline_precision:.4f} "
        f"| {row.baseline_recall:.4f} | {row.baseline_f1:.4f} "
        f"| {f'≥ {MARKS[row.key]:g}' if row.key in MARKS else ''} | {row.met} |"
        for row in rows
    ]
    lines += [
        "",
        "| set | candidates | with the right one | accepted: precision | at least (97.5 %) | recall | to review "
        "| seconds | things a minute | baseline |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        sure = f"{row.accepted_precision:.4f}" if row.accepted_recall else "none accepted"
        lines.append(
            f"| {row.name} | {row.candidates:,} | {row.candidate_recall:.4f} | {sure} | {row.accepted_low:.3f} "
            f"| {row.accepted_recall:.4f} | {row.review:,} | {row.seconds:.1f} | {row.rate:,.0f} "
            f"| {row.baseline_rate:,.0f} |"
        )
    notes = [f"- {row.name}: {row.note}." for row in rows if row.note]
    return [*lines, *(["", *notes] if notes else [])]
