"""Decisions: each thing once where a side is free of duplicates, equals go to a person, and a wish is kept."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from math import comb

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from so2graph.link.decide import ACCEPT, REJECT, REVIEW, Threshold, after_competition, chosen, decide
from so2graph.link.features import column, term_column
from so2graph.link.model import Curve, Model
from so2graph.link.spec import Field, Kind, Spec
from so2graph.link.wish import (
    Answer,
    Chance,
    Decoys,
    answers_needed,
    chance_of,
    curve_of,
    recalibrated,
    threshold_for,
)

SPEC = Spec("x", (Field("name", Kind.NAME), Field("year", Kind.YEAR)), wish=0.9)
MODEL = Model.default(SPEC)
ONE_TO_ONE = ("left", "right")


def _pairs(*rows: tuple[int, int, int, int]) -> pa.Table:
    """Pairs of left row, right row, level of the name, level of the year."""
    left, right, name, year = zip(*rows, strict=True)
    return pa.table(
        {
            "left": pa.array(left, pa.int32()),
            "right": pa.array(right, pa.int32()),
            column("name"): pa.array(name, pa.int8()),
            term_column("name"): pa.array([""] * len(rows), pa.string()),
            column("year"): pa.array(year, pa.int8()),
        }
    )


def _decisions(pairs: pa.Table, spec: Spec = SPEC) -> dict[tuple[int, int], str]:
    table = decide(pairs, spec, MODEL, Threshold(0.9, 0.9, 0.0))
    return {(row["left"], row["right"]): row["decision"] for row in table.to_pylist()}


def test_each_thing_is_accepted_once() -> None:
    """The better of two partners is accepted; the other is no longer worth a look once it has one of its own."""
    found = _decisions(_pairs((0, 0, 6, 3), (0, 1, 4, 1), (1, 1, 6, 3), (2, 0, 0, 0)))
    assert found == {(0, 0): ACCEPT, (0, 1): REJECT, (1, 1): ACCEPT, (2, 0): REJECT}


def test_equals_go_to_a_person() -> None:
    """Two right records that are just as good for one left record: neither is accepted, both are shown."""
    assert _decisions(_pairs((0, 0, 6, 3), (0, 1, 6, 3))) == {(0, 0): REVIEW, (0, 1): REVIEW}
    assert _decisions(_pairs((0, 0, 6, 3), (1, 0, 6, 3))) == {(0, 0): REVIEW, (1, 0): REVIEW}
    square = {(left, right): REVIEW for left in (0, 1) for right in (0, 1)}
    assert _decisions(_pairs(*((left, right, 6, 3) for left, right in square))) == square


def test_many_may_go_to_one_where_a_side_has_duplicates() -> None:
    """Without 'left' among the sides free of duplicates, two left records can have the same partner."""
    pairs = _pairs((0, 0, 6, 3), (1, 0, 6, 3), (1, 1, 2, 3))
    assert _decisions(pairs, replace(SPEC, unique=("right",))) == {(0, 0): ACCEPT, (1, 0): ACCEPT, (1, 1): REJECT}
    turned = _pairs((0, 0, 6, 3), (0, 1, 6, 3))
    assert _decisions(turned, replace(SPEC, unique=("left",))) == {(0, 0): ACCEPT, (0, 1): ACCEPT}
    assert _decisions(turned, replace(SPEC, unique=())) == {(0, 0): ACCEPT, (0, 1): ACCEPT}
    assert _decisions(turned, replace(SPEC, unique=("right",))) == {(0, 0): REVIEW, (0, 1): REVIEW}


def test_nothing_to_decide_is_no_error() -> None:
    """A table without pairs gets its columns."""
    table = decide(_pairs((0, 0, 6, 3)).slice(0, 0), SPEC, MODEL)
    assert table.column_names[-5:] == ["weight", "odds", "probability", "chosen", "decision"]
    assert table.num_rows == 0


def _best(value: np.ndarray) -> float:
    """The greatest sum of a matching, by trying all."""
    rows, columns = value.shape
    wide = np.hstack([value, np.zeros((rows, rows))])
    return float(
        max(sum(wide[i, j] for i, j in enumerate(some)) for some in permutations(range(columns + rows), rows))
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-4, 6), min_size=9, max_size=9, unique=True))
def test_a_matching_is_the_best_there_is(values: list[float]) -> None:
    """Of 3 by 3 things, the chosen pairs have the greatest sum of probabilities that any assignment has."""
    odds = np.array(values)
    left, right = np.repeat(np.arange(3), 3), np.tile(np.arange(3), 3)
    picked = chosen(odds, left, right, ONE_TO_ONE)
    share = 1 / (1 + np.exp(-odds))
    assert max(np.bincount(left[picked], minlength=3)) <= 1
    assert max(np.bincount(right[picked], minlength=3)) <= 1
    if picked.sum() == 3:
        assert share[picked].sum() == pytest.approx(_best(share.reshape(3, 3)), abs=1e-9)


def test_a_large_knot_is_untied_too() -> None:
    """A component too large for a dense table is assigned all the same, and as well."""
    size = 1100
    left, right = np.repeat(np.arange(size), 2), np.empty(2 * size, np.int64)
    right[::2], right[1::2] = np.arange(size), (np.arange(size) + 1) % size
    odds = np.where(np.arange(2 * size) % 2 == 0, 1.0, 0.5) + np.arange(2 * size) * 1e-4
    picked = chosen(odds, left, right, ONE_TO_ONE)
    assert picked.tolist() == [at % 2 == 0 for at in range(2 * size)]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_order_of_rows_does_not_matter(data: st.DataObject) -> None:
    """With both lists and the pairs shuffled, each pair is decided, and weighed, as before."""
    places = data.draw(
        st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=20, unique=True)
    )
    levels = data.draw(st.lists(st.tuples(st.integers(-1, 6), st.integers(-1, 3)), min_size=20, max_size=20))
    rows = [(*place, *level) for place, level in zip(places, levels, strict=False)]
    mine, yours = data.draw(st.permutations(range(6))), data.draw(st.permutations(range(6)))
    again = data.draw(st.permutations([(mine[a], yours[b], name, year) for a, b, name, year in rows]))
    first, second = _decisions(_pairs(*rows)), _decisions(_pairs(*again))
    assert {(mine[a], yours[b]): decision for (a, b), decision in first.items()} == second


def test_probabilities_after_competition_are_those_of_the_matchings() -> None:
    """For a chain of things, where beliefs are exact, a pair has the share of all matchings that hold it."""
    left, right, weight = np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([1.5, 0.5, 2.0])
    odds = after_competition(weight, left, right, ONE_TO_ONE)
    factor = 2.0**weight
    # All matchings: none; each alone; the first with the third.
    total = 1 + factor.sum() + factor[0] * factor[2]
    share = np.array([factor[0] + factor[0] * factor[2], factor[1], factor[2] + factor[0] * factor[2]]) / total
    assert 1 / (1 + np.exp(-odds)) == pytest.approx(share, abs=1e-3)
    alone = after_competition(weight, left, right, ())
    assert alone == pytest.approx(weight * np.log(2))


def _synthetic(seed: int, matches: int = 600, alone: int = 400, spread: float = 1.6) -> tuple[Chance, np.ndarray]:
    """Chosen pairs of two lists of which some have no partner, decoys of the same make, and which are right."""
    random = np.random.default_rng(seed)
    true = random.normal(5, spread, matches)
    false = random.normal(0, spread, alone)
    odds, right = np.concatenate((true, false)), np.repeat([True, False], (matches, alone))
    decoys = [Decoys(np.sort(random.normal(0, spread, 900)), 1000, 1000) for _ in range(2)]
    order = np.argsort(-odds)
    return chance_of(odds, decoys, (matches + alone, matches + alone)), right[order]


@pytest.mark.parametrize("wish", [0.95, 0.98, 0.99])
def test_a_wish_is_kept_without_any_answer(wish: float) -> None:
    """Over thirty worlds that the decoys alone describe, what is accepted is as right as was wished."""
    kept, reached = [], []
    for seed in range(30):
        chance, right = _synthetic(seed)
        curve = curve_of(chance)
        threshold = threshold_for(wish, chance, curve)
        accepted = np.array([curve.at(odds) >= threshold.value for odds in chance.odds.tolist()])
        kept.append(right[accepted].mean() if accepted.any() else 1.0)
        reached.append(right[accepted].sum() / 600)
        assert abs(chance.matches - 600) < 60
        assert threshold.expected_precision >= wish
    assert np.mean(kept) >= wish
    assert sum(share >= wish for share in kept) >= 25
    assert np.mean(reached) > 0.7


def test_the_curve_tells_how_probable_a_pair_is() -> None:
    """Pairs to which the curve gives some probability are right about as often."""
    given_, right = [], []
    for seed in range(20):
        chance, truth = _synthetic(seed)
        curve = curve_of(chance)
        given_ += [curve.at(odds) for odds in chance.odds.tolist()]
        right += truth.tolist()
    share, truth = np.array(given_), np.array(right)
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 0.95), (0.95, 1.0)):
        within = (share >= low) & (share < high)
        assert abs(share[within].mean() - truth[within].mean()) < 0.12, (low, high)


def test_a_wish_that_cannot_be_kept_accepts_nothing() -> None:
    """Where wrong pairs look like right ones, the threshold lies out of reach."""
    random = np.random.default_rng(1)
    scores = random.normal(0, 1, 300)
    chance = chance_of(scores, [Decoys(random.normal(0, 1, 300), 300, 300)], (300, 300))
    threshold = threshold_for(0.99, chance, curve_of(chance))
    assert threshold.value > 1
    assert threshold_for(0.99, chance_of(np.zeros(0), [], (0, 0)), Curve()).value > 1


def test_without_decoys_the_log_odds_are_taken_at_their_word() -> None:
    """Lists with duplicates on both sides have no decoys: the model's own probabilities count."""
    odds = np.array([6.0, 5.0, 4.0, -1.0, -3.0])
    chance = chance_of(odds, [], (5, 5))
    threshold = threshold_for(0.9, chance, Curve())
    assert 0.5 <= threshold.value <= 1
    assert chance.wrong[-1] == pytest.approx(float((1 / (1 + np.exp(odds))).sum()))


def test_answers_correct_probabilities_that_were_too_high() -> None:
    """A curve that says 0.9 of what is right in half the cases says about a half after sixty answers."""
    curve = Curve(((-4.0, 0.1), (0.0, 0.5), (4.0, 0.9), (8.0, 0.99)))
    answers = [Answer(4.0, at % 2 == 0) for at in range(60)]
    corrected = recalibrated(curve, answers)
    assert abs(corrected.at(4.0) - 0.5) < 0.1
    shares = [share for _, share in corrected.points]
    assert shares == sorted(shares)
    assert recalibrated(curve, ()) == curve
    assert abs(recalibrated(curve, answers[:1]).at(4.0) - 0.9) < 0.05


@pytest.mark.parametrize("wish", [0.95, 0.98])
def test_a_wish_is_kept_with_answers_where_the_model_was_too_sure(wish: float) -> None:
    """With a hundred answers, asked at random, to pairs of a model that is too sure, new pairs keep the wish."""
    kept = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        odds = random.normal(1, 3, 2000)
        right = random.random(2000) < 1 / (1 + np.exp(-odds + 1.5))
        asked = random.permutation(2000)[:100]
        answers = [Answer(float(odds[at]), bool(right[at])) for at in asked]
        chance = chance_of(odds, [], (2000, 2000))
        curve = recalibrated(Curve(), answers)
        threshold = threshold_for(wish, chance, curve, answers)
        fresh = random.normal(1, 3, 4000)
        truth = random.random(4000) < 1 / (1 + np.exp(-fresh + 1.5))
        accepted = np.array([curve.at(each) >= threshold.value for each in fresh.tolist()])
        if accepted.any():
            kept.append(truth[accepted].mean())
    assert len(kept) >= 15
    assert np.mean(kept) >= wish


def test_how_many_more_answers_reach_the_wish_is_exact() -> None:
    """Of 100 accepted, all right so far: the number after which more than the allowed wrong ones would have shown."""
    needed = answers_needed(0.98, 100, 10, 0)
    assert needed.more is not None
    asked = 10 + needed.more

    def chance_of_none(count: int) -> float:
        return comb(97, count) / comb(100, count)

    assert chance_of_none(asked) <= 0.05 < chance_of_none(asked - 1)
    assert answers_needed(0.98, 100, asked, 0).more == 0
    assert answers_needed(0.98, 100, asked, 0).bound >= 0.98
    assert answers_needed(0.98, 100, asked - 1, 0).bound < 0.98


def test_a_wish_that_answers_have_broken_is_out_of_reach() -> None:
    """Three wrong of a hundred break a wish of 98; a list of which all is answered is known for certain."""
    assert answers_needed(0.98, 100, 20, 3).more is None
    known = answers_needed(0.98, 50, 49, 1)
    assert (known.bound, known.more) == (0.98, 0)
    assert answers_needed(0.98, 0, 0, 0).more == 0
    assert answers_needed(0.5, 10, 0, 0).bound == 0.0
