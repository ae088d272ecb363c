"""The model of linking: it scores as Splink does, explains what it says, and is the same when read again."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from splink import DuckDBAPI, Linker

from so2graph.errors import BadParameter
from so2graph.link.candidates import candidates
from so2graph.link.decide import weights
from so2graph.link.features import LEVELS, UNKNOWN, column, features, term_column
from so2graph.link.model import DEFAULTS, Curve, Model, probability
from so2graph.link.normalise import normalise
from so2graph.link.pipeline import link
from so2graph.link.record import Record
from so2graph.link.spec import Field, Kind, Spec
from so2graph.link.tables import records_table
from so2graph.link.train import settings, train

SPEC = Spec("bodies", (Field("name", Kind.NAME), Field("city", Kind.PLACE), Field("kind", Kind.CODE)))

CITIES = ("Groningen", "Assen", "Groningen", "Emmen", "Groningen", "Leeuwarden", "Groningen", "Assen")
WORDS = ("Noord", "Zorg", "Werk", "Groen", "Kracht", "Samen", "Bries", "Zaak", "Kern", "Tuin", "Fiets", "Kringloop")


def _raw(side: str, count: int, skip: int) -> pa.Table:
    rows = []
    for at in range(skip, skip + count):
        name = f"Stichting {WORDS[at % 12]} {WORDS[(at * 5 + at // 12) % 12]} {at // 24 + 1}"
        name = name if side == "left" or at % 3 else name.replace("o", "oo", 1)
        city = CITIES[at % 8] if at % 7 else CITIES[(at + 1) % 8]
        rows.append(
            Record(f"{side}:{at:03}", (), {"name": (name,), "city": (city,), "kind": (("zorg", "werk")[at % 2],)})
        )
    return records_table(rows, SPEC)


def _records(side: str, count: int, skip: int) -> pa.Table:
    return normalise(_raw(side, count, skip), SPEC)


@pytest.fixture(scope="module")
def compared() -> tuple[pa.Table, pa.Table, pa.Table]:
    """Two lists that overlap, and their candidates with levels."""
    left, right = _records("left", 120, 0), _records("right", 120, 40)
    return left, right, features(left, right, candidates(left, right, SPEC), SPEC)


@pytest.fixture(scope="module")
def model(compared: tuple[pa.Table, pa.Table, pa.Table]) -> Model:
    """What training makes of them."""
    return train(*compared, SPEC)


def test_a_weight_is_the_weight_that_splink_gives(
    compared: tuple[pa.Table, pa.Table, pa.Table], model: Model
) -> None:
    """Splink's own prediction, with its term frequencies, gives each pair our weight, and decides as we do."""
    _, _, pairs = compared
    table = pairs.select([column(each.name) for each in SPEC.fields])
    table = table.add_column(0, "unique_id", pa.array(range(pairs.num_rows)))
    for each in model.comparisons:
        known = model.frequencies[each.name]
        terms = pairs.column(term_column(each.name)).to_pylist()
        rare = [each.u[-1] * known.frequency(term) / known.collision if term else None for term in terms]
        step = (each.m[-1] / each.u[-1]) / (each.m[-2] / each.u[-2])
        most = each.u[-1] * min(8, step**0.5)
        kept = [None if value is None else min(most, max(each.u[-1] / 8, value)) for value in rare]
        table = table.append_column(term_column(each.name), pairs.column(term_column(each.name)))
        table = table.append_column(f"tf_{term_column(each.name)}", pa.array(kept, pa.float64()))
    api = DuckDBAPI()
    sides = [api.register(table, table_name=name) for name in ("ours", "theirs")]
    linker = Linker(sides, settings(model, rarity=True), log_level=None)
    answer: Any = linker.inference.predict()
    predicted: pa.Table = answer.as_pyarrow_table().sort_by("unique_id_l")
    assert predicted.num_rows == pairs.num_rows
    theirs = predicted.column("match_weight").to_numpy()
    ours = weights(pairs, model)
    assert np.abs(theirs - ours).max() < 1e-6
    assert np.array_equal(theirs >= 0, ours >= 0)
    assert len({round(float(weight), 6) for weight in ours}) > 20
    chances = predicted.column("match_probability").to_numpy()
    assert max(abs(probability(float(a)) - float(b)) for a, b in zip(ours, chances, strict=True)) < 1e-6


def test_one_pair_weighs_what_the_table_of_all_says(
    compared: tuple[pa.Table, pa.Table, pa.Table], model: Model
) -> None:
    """`score` of the levels, and `weigh` of two records, are the weight that all pairs get together."""
    left, right, pairs = compared
    mine, yours = left.to_pylist(), right.to_pylist()
    for row, weight in zip(pairs.to_pylist(), weights(pairs, model), strict=True):
        levels = {each.name: row[column(each.name)] for each in SPEC.fields}
        terms = {each.name: row[term_column(each.name)] for each in SPEC.fields}
        assert model.score(levels, terms) == pytest.approx(weight, abs=1e-9)
        assert model.weigh(mine[row["left"]], yours[row["right"]]) == pytest.approx(weight, abs=1e-9)


def test_training_finds_the_matches_without_an_answer() -> None:
    """Without a label, more probable than not are the 80 records that both lists have, and next to none else."""
    left, right = _raw("left", 120, 0), _raw("right", 120, 40)
    outcome = link(left, right, SPEC)
    ids = (left.column("id").to_pylist(), right.column("id").to_pylist())
    found = {
        (ids[0][row["left"]].removeprefix("left:"), ids[1][row["right"]].removeprefix("right:"))
        for row in outcome.pairs.to_pylist()
        if row["chosen"] and row["probability"] >= 0.5
    }
    right_ones = {pair for pair in found if pair[0] == pair[1]}
    assert len(right_ones) >= 76
    assert len(found - right_ones) <= 2


def test_a_level_that_is_more_alike_never_weighs_less(model: Model) -> None:
    """The weights of the levels of each field rise, after training as before."""
    for made in (model, Model.default(SPEC)):
        for each in made.comparisons:
            bits = [each.bits(level) for level in range(len(each.m))]
            assert all(low <= high + 1e-9 for low, high in pairwise(bits))
            assert sum(each.m) == pytest.approx(1)
            assert sum(each.u) == pytest.approx(1)


def test_what_is_not_known_says_nothing() -> None:
    """A field that a side does not know adds no bit, and is called unknown."""
    model = Model.default(SPEC)
    assert model.score({"name": UNKNOWN}) == model.start
    (name, city, kind) = model.parts({"name": ("buro bries",)}, {"name": ("buro bries",), "city": ("groningen",)})
    assert (name.level, name.name, name.left, name.right) == (6, "same", ("buro bries",), ("buro bries",))
    assert (city.level, city.name, city.weight, city.right) == (UNKNOWN, "unknown", 0.0, ("groningen",))
    assert kind.weight == 0.0


def test_the_parts_add_up_to_the_weight(model: Model) -> None:
    """The waterfall of a pair: what it starts from and its parts are its weight."""
    left = {"name": ("bries",), "city": ("groningen",), "kind": ("zorg",)}
    right = {"name": ("bries noord",), "city": ("assen",), "kind": ("zorg",)}
    assert model.start + sum(part.weight for part in model.parts(left, right)) == model.weigh(left, right)
    assert model.weigh(left, left) <= model.most + 3 * 3.0


def test_a_common_value_says_less_than_a_rare_one(model: Model) -> None:
    """That both are in Groningen, as half of all are, weighs less than that both are in Emmen."""
    both = [model.parts({"city": (city,)}, {"city": (city,)})[1].weight for city in ("groningen", "emmen")]
    assert both[0] < both[1]
    assert both[0] >= model.comparisons[1].bits(2) - 1e-9


def test_a_model_is_the_same_when_it_is_read_again(model: Model) -> None:
    """JSON holds all of a model, and the same model gives the same text."""
    kept = replace(model, curve=Curve(((-1.0, 0.1), (2.0, 0.9))))
    assert Model.of_json(kept.json()) == kept
    assert Model.of_json(kept.json()).json() == kept.json()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"prior": 2}'])
def test_what_is_no_model_is_refused(text: str) -> None:
    """Text that holds no model names what to do."""
    with pytest.raises(BadParameter, match="model of linking"):
        Model.of_json(text)


def test_a_model_of_other_levels_is_refused(model: Model) -> None:
    """A model with fewer levels than this version compares is not used."""
    row = json.loads(model.json())
    row["comparisons"][0]["m"] = row["comparisons"][0]["m"][:-1]
    with pytest.raises(BadParameter, match="other levels"):
        Model.of_json(json.dumps(row))


def test_every_kind_has_weights_for_each_of_its_levels() -> None:
    """The defaults cover all kinds and levels, and are probabilities."""
    for kind in Kind:
        m, u = DEFAULTS[kind]
        assert len(m) == len(u) == len(LEVELS[kind])
        assert sum(m) == pytest.approx(1)
        assert sum(u) == pytest.approx(1)


def test_a_curve_is_straight_between_its_points_and_flat_beyond() -> None:
    """Probabilities are read off a curve; without points the log-odds are taken at their word."""
    curve = Curve(((-1.0, 0.1), (1.0, 0.9)))
    assert [round(curve.at(odds), 6) for odds in (-9.0, -1.0, 0.0, 0.5, 1.0, 9.0)] == [0.1, 0.1, 0.5, 0.7, 0.9, 0.9]
    assert Curve().at(0.0) == 0.5
    assert Curve().at(-1e6) == 0.0
    assert probability(1e6) == 1.0
    assert probability(-1e6) == 0.0


def test_few_pairs_leave_the_weights_where_they_were() -> None:
    """A table of a handful of pairs is too few to learn from: the defaults stand, with the words of the records."""
    left, right = _records("left", 2, 0), _records("right", 2, 0)
    made = train(left, right, candidates(left, right, SPEC), SPEC)
    assert made.comparisons == Model.default(SPEC).comparisons
    assert made.terms["name"].total == 4
