"""From a wish, such as 98 right in 100, to the threshold that keeps it, without answers of persons or with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb, exp, log

import numpy as np
import numpy.typing as npt

from so2graph.link.decide import Threshold
from so2graph.link.model import Curve

__all__ = [
    "Answer",
    "Chance",
    "Decoys",
    "Needed",
    "answers_needed",
    "chance_of",
    "curve_of",
    "recalibrated",
    "threshold_for",
]

Floats = npt.NDArray[np.float64]

_QUIET = 0.3
"""Matches are counted above the score that this share of decoys reaches: what lies below says nothing."""
_ALONE = 0.02
"""At least this share of the shorter list is taken to have no partner, however well the lists seem to fit."""
_MOST_POINTS = 200
_RAMP = 1e-4
_BEYOND = 4.0
"""So far below all that was seen, in log-odds, nothing is held to be probable."""
_NEVER = 1.01
_LIKELY = 0.5
"""Nothing is accepted that is more probably wrong than right."""


@dataclass(frozen=True)
class Chance:
    """What is expected of the chosen pairs, from the best down: their log-odds, and how many of the first n are
    wrong. `matches` is how many matches there are, as far as can be told."""

    odds: Floats
    wrong: Floats
    matches: float


@dataclass(frozen=True)
class Decoys:
    """Log-odds of pairs that were chosen when `looked` records of a side were linked with the `among` of that side
    itself: none of them is right. `scale` is how many times more there would have been to choose from."""

    odds: Floats
    looked: int
    among: int
    scale: float = 1.0


def chance_of(odds: Floats, decoys: Sequence[Decoys], sizes: tuple[int, int]) -> Chance:
    """How many of the chosen pairs are wrong, told by decoys: pairs within a side that is free of duplicates.

    `odds` are the log-odds of the chosen pairs, `sizes` how many records of each side could have been in a pair. A
    wrong pair joins two that have no partner, or takes one from a partner that is less alike; the decoys say how
    often either reaches a score: the estimate by targets and decoys of proteomics, for two lists. Without decoys the
    log-odds are taken at their word.
    """
    order = np.sort(odds)[::-1]
    rank = np.arange(1, len(order) + 1)
    looked = sum(each.looked for each in decoys)
    if not looked:
        wrong = np.cumsum(1 / (1 + np.exp(np.clip(order, -500, 500))))
        return Chance(order, wrong, float(len(order) - wrong[-1]) if len(order) else 0.0)
    least, most = min(sizes), max(sizes)
    alone = 1 + _ALONE * least
    scores = np.concatenate([each.odds for each in decoys])
    pool = np.argsort(-scores, kind="stable")
    often = np.concatenate([np.full(len(each.odds), each.scale) for each in decoys])[pool]
    pool = scores[pool]
    reached = np.searchsorted(-pool, -order, side="right")
    share = np.minimum((np.append(0.0, np.cumsum(often))[reached] + 0.5) / (looked + 1), 1.0)
    quiet = share <= _QUIET
    matches = _matches((rank[quiet], share[quiet]), least)
    lower = 1 - np.minimum(1.0, np.searchsorted(-order, -pool, side="right") / max(matches, 1.0))
    tried = sum(each.looked * max(each.among - 1.0, 1.0) for each in decoys)
    taken = np.append(0.0, np.cumsum(lower))[reached] / tried
    wrong = max(least - matches, alone) * share + matches * max(least + most - 2 * matches, 0.0) * taken
    return Chance(order, np.minimum(wrong, rank), matches)


def _matches(seen: tuple[npt.NDArray[np.int64], Floats], least: int) -> float:
    """How many matches there are at least, where so many (rank) are chosen above a score that such a share of decoys
    reaches. Of those without a match that share is above it too; what is above it beyond that, less two standard
    deviations, are matches (Storey's estimate of true nulls)."""
    rank, share = seen
    if not len(rank):
        return 0.0
    chance = least * share
    return float(np.clip((rank - chance - 2 * np.sqrt(chance * (1 - share))) / (1 - share), 0, least).max())


def curve_of(chance: Chance) -> Curve:
    """The probability that goes with log-odds: the share of right pairs among those about there, never falling.

    Where few pairs are, the log-odds themselves count for one pair more.
    """
    if not len(chance.odds):
        return Curve()
    odds, first = np.unique(-chance.odds, return_index=True)
    ends = np.append(first[1:], len(chance.odds))
    counts = np.diff(np.append(0, ends)).astype(float)
    wrong = np.diff(np.append(0.0, chance.wrong[ends - 1]))
    blocks: list[tuple[float, float, int]] = []
    for many, bad in zip(counts.tolist(), wrong.tolist(), strict=True):
        blocks.append((many, bad, 1))
        while len(blocks) > 1 and blocks[-2][1] * blocks[-1][0] >= blocks[-1][1] * blocks[-2][0]:
            last, before = blocks.pop(), blocks.pop()
            blocks.append((before[0] + last[0], before[1] + last[1], before[2] + last[2]))
    rate, at = np.zeros(len(odds)), 0
    doubt = 1 / (1 + np.exp(np.clip(-odds, -500, 500)))
    for many, bad, groups in blocks:
        mean = float(np.average(doubt[at : at + groups], weights=counts[at : at + groups]))
        rate[at : at + groups] = (min(bad, many) + mean) / (many + 1)
        at += groups
    rate = np.maximum.accumulate(rate)
    ramp = _RAMP * (ends / len(chance.odds))
    return _thinned(-odds[::-1], np.clip((1 - rate) * (1 - ramp), 0, 1)[::-1])


def _thinned(odds: Floats, share: Floats) -> Curve:
    """A curve through the points, or through some where there are many, the ends of each step among them."""
    if len(odds) > _MOST_POINTS:
        steps = np.abs(np.diff(share))
        ends = np.sort(np.argsort(-steps, kind="stable")[: _MOST_POINTS // 4])
        even = np.linspace(0, len(odds) - 1, _MOST_POINTS // 2).astype(int)
        keep = np.unique(np.concatenate((ends, ends + 1, even)))
        odds, share = odds[keep], share[keep]
    points = zip(np.round(odds, 6).tolist(), np.round(share, 9).tolist(), strict=True)
    return Curve(((round(float(odds[0]) - _BEYOND, 6), 0.0), *points))


def threshold_for(wish: float, chance: Chance, curve: Curve, answers: Sequence[Answer] = ()) -> Threshold:
    """The lowest probability from which the accepted pairs keep the wish, with a margin for chance.

    The wrong ones among the accepted are counted as expected, and one standard deviation more; but no fewer than the
    probabilities of the pairs say, which are more careful where there are few. Answers of persons count by the curve
    that they corrected (`recalibrated`), alone. Where no threshold keeps the wish, its value is above 1 and nothing
    is accepted.
    """
    rank = np.arange(1, len(chance.odds) + 1)
    ends = np.append(chance.odds[1:] < chance.odds[:-1], True) if len(rank) else np.zeros(0, bool)
    doubts = np.cumsum([1 - curve.at(odds) for odds in chance.odds.tolist()])
    if answers:
        chance = replace(chance, wrong=doubts)
    bad = np.maximum(chance.wrong + np.sqrt(chance.wrong), doubts)
    good = np.flatnonzero(ends & (bad <= (1 - wish) * rank))
    if not len(good):
        return Threshold(_NEVER, 1.0, chance.matches)
    last = int(good[-1])
    right = rank[last] - max(chance.wrong[last], doubts[last])
    return Threshold(
        value=max(_LIKELY, curve.at(float(chance.odds[last]))),
        expected_precision=float(right / rank[last]),
        expected_missed=float(max(0.0, chance.matches - right)),
    )


@dataclass(frozen=True)
class Answer:
    """What a person said of a pair: its log-odds (`odds` of `decide`), and whether it is a match."""

    odds: float
    right: bool


_CERTAIN = 30.0
_STEPS = 25
_SPREAD_SHIFT, _SPREAD_SLOPE = 2.0, 0.5


def _logit(share: float) -> float:
    share = min(max(share, 1e-9), 1 - 1e-9)
    return log(share / (1 - share))


def recalibrated(curve: Curve, answers: Sequence[Answer]) -> Curve:
    """The curve, corrected by answers: shifted and stretched in log-odds (Platt), few answers moving it little.

    The questions may be chosen by their probability, as a queue does; the answers correct it all the same.
    """
    if not answers:
        return curve
    given = np.array([_logit(curve.at(each.odds)) for each in answers])
    right = np.array([each.right for each in answers], dtype=float)
    shift, slope = 0.0, 1.0
    for _ in range(_STEPS):  # Newton's method on the likelihood, with a normal prior about no correction
        likely = 1 / (1 + np.exp(-np.clip(shift + slope * given, -_CERTAIN, _CERTAIN)))
        weight = likely * (1 - likely)
        slopes = np.array(
            [
                float((right - likely).sum()) - shift / _SPREAD_SHIFT**2,
                float(((right - likely) * given).sum()) - (slope - 1) / _SPREAD_SLOPE**2,
            ]
        )
        bend = np.array(
            [
                [float(weight.sum()) + 1 / _SPREAD_SHIFT**2, float((weight * given).sum())],
                [float((weight * given).sum()), float((weight * given * given).sum()) + 1 / _SPREAD_SLOPE**2],
            ]
        )
        moved = np.clip(np.linalg.solve(bend, slopes), -2.0, 2.0)
        shift, slope = shift + float(moved[0]), max(0.05, slope + float(moved[1]))
    points = curve.points or tuple((odds, curve.at(odds)) for odds in (x / 4 for x in range(-80, 81)))
    return Curve(
        tuple(
            (odds, round(1 / (1 + exp(-min(max(shift + slope * _logit(share), -_CERTAIN), _CERTAIN))), 9))
            for odds, share in points
        )
    )


@dataclass(frozen=True)
class Needed:
    """How sure answers make us: with `confidence` at least the share `bound` of the accepted pairs is right. `more`
    further answers that are all right reach the wish; none if that cannot be any more."""

    bound: float
    more: int | None


def answers_needed(wish: float, accepted: int, right: int, wrong: int, confidence: float = 0.95) -> Needed:
    """How many more answers to pairs drawn at random from `accepted` ones reach the wish.

    The bound is exact (Clopper and Pearson's, for a list that ends: hypergeometric): a list of which all is answered
    is known.
    """
    asked = right + wrong
    allowed = int((1 - wish) * accepted + 1e-9)
    bound = 1 - _most_wrong(accepted, asked, wrong, confidence) / accepted if accepted else 1.0
    if not accepted or wrong > allowed:
        return Needed(bound, None if accepted else 0)
    low, high = 0, accepted - asked
    if _chance_of_so_few(accepted, allowed + 1, accepted, wrong) > 1 - confidence:
        return Needed(bound, None)
    while low < high:
        middle = (low + high) // 2
        enough = _chance_of_so_few(accepted, allowed + 1, asked + middle, wrong) <= 1 - confidence
        low, high = (low, middle) if enough else (middle + 1, high)
    return Needed(bound, low)


def _chance_of_so_few(accepted: int, bad: int, asked: int, wrong: int) -> float:
    """How probable it is to meet `wrong` or fewer among `asked`, if `bad` of the accepted are wrong."""
    if bad > accepted:
        return 0.0
    whole = comb(accepted, asked)
    return sum(comb(bad, some) * comb(accepted - bad, asked - some) for some in range(min(wrong, bad) + 1)) / whole


def _most_wrong(accepted: int, asked: int, wrong: int, confidence: float) -> int:
    """The largest number of wrong ones that the answers leave probable."""
    low, high = wrong, accepted - (asked - wrong)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (
            (middle, high)
            if _chance_of_so_few(accepted, middle, asked, wrong) > 1 - confidence
            else (low, middle - 1)
        )
    return low
