"""From weights to decisions: what competes with what, which pairs go together, and what a person must see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

from so2graph.link.features import RARE, UNKNOWN, column, term_column
from so2graph.link.model import Curve, Model
from so2graph.link.spec import Spec

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ACCEPT", "REJECT", "REVIEW", "Threshold", "after_competition", "chosen", "decide", "weights"]

ACCEPT, REVIEW, REJECT = "accept", "review", "reject"

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_ROUNDS = 16
_STRONGEST = 250.0
_FAINT = 1e-4
_TIED = 1e-6
_DENSE = 1_000_000
_LETTERS = 4.0
"""So many bits lie between pairs whose names share no letters and all, where their levels are the same."""


@dataclass(frozen=True)
class Threshold:
    """Pairs with at least this probability are accepted; what share of them is expected to be right, and how many
    matches are expected among those that are not accepted. `worth` is the probability from which a pair that is not
    accepted is shown to a person."""

    value: float
    expected_precision: float
    expected_missed: float
    worth: float = 0.02


def weights(pairs: pa.Table, model: Model) -> Floats:
    """The weight in bits of each pair with levels (`features`): `Model.score`, for all at once."""
    total = np.full(pairs.num_rows, model.start)
    for each in model.comparisons:
        levels = pairs.column(column(each.name)).to_numpy().astype(np.int64)
        bits = np.array([*(each.bits(level) for level in range(len(each.m))), each.bits(UNKNOWN)])
        total += bits[levels]
        if each.kind in RARE and each.name in model.frequencies:
            same = np.flatnonzero(levels == len(each.m) - 1)
            terms = pairs.column(term_column(each.name)).take(same).combine_chunks().dictionary_encode()
            rare = np.array([model.term_bits(each, term) for term in terms.dictionary.to_pylist()] or [0.0])
            total[same] += rare[terms.indices.to_numpy(zero_copy_only=False).astype(np.int64)]
    return total


def _others(values: Floats, rows: Rows, size: int) -> Floats:
    """For each value the sum of the other values of its row, exact for the largest of a row too."""
    most = np.zeros(size)
    np.maximum.at(most, rows, values)
    top = values == most[rows]
    small = np.bincount(rows, np.where(top, 0.0, values), size)
    tops = np.bincount(rows, top, size)
    rest = small[rows] + np.where(top, (tops[rows] - 1) * values, tops[rows] * most[rows] - values)
    return np.maximum(rest, 0.0)


def after_competition(weight: Floats, left: Rows, right: Rows, unique: Sequence[str]) -> Floats:
    """The log-odds (natural) of each pair, when a thing has one partner at most on a side free of duplicates.

    Beliefs are passed between the pairs that share a thing (sum-product on the matching), so that a pair suffers from
    a rival only as far as that rival does not belong elsewhere itself.
    """
    odds = np.exp(np.clip(weight * np.log(2), -_STRONGEST, _STRONGEST))
    if not len(odds) or not unique:
        return np.asarray(np.log(odds))
    lefts, rights = int(left.max()) + 1, int(right.max()) + 1
    one, other = np.ones_like(odds), np.ones_like(odds)
    for _ in range(_ROUNDS if len(unique) == 2 else 1):
        if "right" in unique:  # so each left thing has one partner at most
            one = 1 / (1 + _others(odds * other, left, lefts))
        if "left" in unique:
            other = np.sqrt(other / (1 + _others(odds * one, right, rights)))
    return np.asarray(np.log(odds) + np.log(one) + np.log(other))


def chosen(odds: Floats, left: Rows, right: Rows, unique: Sequence[str]) -> Flags:
    """The pairs that go together: as many right ones as can be, each thing once on a side free of duplicates.

    A pair that another one equals is not chosen: nobody knows which it is. The order of the pairs does not matter.
    """
    picked = np.zeros(len(odds), bool)
    if not len(odds):
        return picked
    value = 1 / (1 + np.exp(-np.clip(odds, -_STRONGEST, _STRONGEST)))
    keep = np.ones(len(odds), bool)
    sides = [(name, rows) for name, rows in (("right", left), ("left", right)) if name in unique]
    for _, rows in sides:
        best = np.zeros(int(rows.max()) + 1)
        np.maximum.at(best, rows, value)
        keep &= value >= _FAINT * best[rows]
    some = np.flatnonzero(keep)
    picked[some if len(sides) < 2 else some[_matching(value[some], left[some], right[some])]] = True
    for _, rows in sides:
        picked &= ~_rivalled(odds, rows, picked if len(sides) == 2 else None)
    return picked


def _rivalled(odds: Floats, rows: Rows, picked: Flags | None) -> Flags:
    """Pairs that another pair of the same row equals, or betters where nothing was picked by a matching."""
    size = int(rows.max()) + 1
    best, second = np.full(size, -np.inf), np.full(size, -np.inf)
    order = np.lexsort((odds, rows))
    ordered, places = rows[order], odds[order]
    last = np.append(ordered[1:] != ordered[:-1], True)
    best[ordered[last]] = places[last]
    before = np.flatnonzero(last[1:] & (ordered[1:] == ordered[:-1]))
    second[ordered[before]] = places[before]
    is_best = odds >= best[rows]
    rival = np.where(is_best, second[rows], best[rows])
    if picked is None:
        return np.asarray(~is_best | (rival >= odds - _TIED))
    return np.asarray(np.abs(rival - odds) <= _TIED)


def _matching(value: Floats, left: Rows, right: Rows) -> Rows:
    """The places of the pairs of a matching of the greatest sum of values, component by component."""
    lefts, mine = np.unique(left, return_inverse=True)
    rights, yours = np.unique(right, return_inverse=True)
    total = len(lefts) + len(rights)
    graph = csr_matrix((np.ones(len(value)), (mine, yours + len(lefts))), shape=(total, total))
    count, labels = connected_components(graph, directed=False)
    of_pair = labels[mine]
    order = np.argsort(of_pair, kind="stable")
    bounds = np.searchsorted(of_pair[order], np.arange(count + 1))
    found = []
    for begin, end in pairwise(bounds.tolist()):
        places = order[begin:end]
        if len(places) > 1:
            places = places[_assigned(value[places], mine[places], yours[places])]
        found.append(places)
    return np.concatenate(found)


def _assigned(value: Floats, left: Rows, right: Rows) -> Rows:
    lefts, mine = np.unique(left, return_inverse=True)
    rights, yours = np.unique(right, return_inverse=True)
    if len(lefts) == 1 or len(rights) == 1:
        return np.array([int(np.argmax(value))])
    place = {(one, other): at for at, (one, other) in enumerate(zip(mine.tolist(), yours.tolist(), strict=True))}
    if len(lefts) * len(rights) <= _DENSE:
        gain = np.zeros((len(lefts), len(rights)))
        gain[mine, yours] = value
        rows, columns = linear_sum_assignment(gain, maximize=True)
    else:  # each left thing may also stay alone, at no gain
        ends = len(rights) + np.arange(len(lefts))
        costs = np.concatenate((2 - value, np.full(len(lefts), 2.0)))
        at = (np.concatenate((mine, np.arange(len(lefts)))), np.concatenate((yours, ends)))
        table = csr_matrix((costs, at), shape=(len(lefts), len(rights) + len(lefts)))
        rows, columns = min_weight_full_bipartite_matching(table)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return np.array([place[pair] for pair in pairs if pair in place], dtype=np.int64)


def _curved(odds: Floats, curve: Curve) -> Floats:
    plain = 1 / (1 + np.exp(-np.clip(odds, -_STRONGEST, _STRONGEST)))
    if not curve.points:
        return np.asarray(plain)
    points = np.array(curve.points)
    return np.asarray(np.interp(odds, points[:, 0], points[:, 1]))


def _finer(pairs: pa.Table) -> Floats:
    """What the letters of names say of a pair beyond its levels, in bits: of several that are alike by these the
    likest comes first. A cosine of one half says nothing, nor does none at all."""
    if "cosine" not in pairs.column_names:
        return np.zeros(pairs.num_rows)
    cosine = np.round(pairs.column("cosine").to_numpy().astype(np.float64), 3)
    return np.where(cosine > 0, _LETTERS * (cosine - 0.5), 0.0)


def decide(pairs: pa.Table, spec: Spec, model: Model, threshold: Threshold | None = None) -> pa.Table:
    """The pairs with `weight` (bits), `odds` (natural log-odds after the competition), `probability`, `chosen` and
    `decision`: accept, review or reject.

    Without a threshold the wish is taken for one. Accepted is only what is chosen, so nothing that has an equal; what
    is chosen or has an equal, and is worth a look, goes to a person.
    """
    import pyarrow as pa

    limit = threshold or Threshold(spec.wish, spec.wish, 0.0)
    left, right = (pairs.column(side).to_numpy().astype(np.int64) for side in ("left", "right"))
    weight = weights(pairs, model)
    odds = np.round(after_competition(weight + _finer(pairs), left, right, spec.unique), 6)
    picked = chosen(odds, left, right, spec.unique)
    likely = _curved(odds, model.curve)
    plain = 1 / (1 + np.exp(-np.clip(odds, -_STRONGEST, _STRONGEST)))
    likely = np.asarray(np.where(picked, likely, np.minimum(likely, plain)), dtype=np.float64).round(9)
    decision = np.where(likely >= limit.worth, REVIEW, REJECT)
    decision = np.where(picked & (likely >= limit.value), ACCEPT, decision)
    for name, values in (("weight", weight), ("odds", odds), ("probability", likely), ("chosen", picked)):
        pairs = pairs.append_column(name, pa.array(values))
    return pairs.append_column("decision", pa.array(decision.tolist(), pa.string()))
