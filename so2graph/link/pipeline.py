"""The stages of linking, one after the other: two tables of records in, decisions and their model out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import pyarrow as pa

from so2graph.link.candidates import candidates
from so2graph.link.decide import Threshold, decide
from so2graph.link.decoys import Within, within
from so2graph.link.features import features
from so2graph.link.model import Model
from so2graph.link.normalise import normalise
from so2graph.link.spec import Spec
from so2graph.link.terms import terms_of
from so2graph.link.train import FEWEST_PAIRS, prior_bounds, train
from so2graph.link.wish import Answer, Chance, Decoys, chance_of, curve_of, recalibrated, threshold_for

__all__ = ["Outcome", "link"]


@dataclass(frozen=True)
class Outcome:
    """What a run found: pairs with levels, weights and decisions, the model, the threshold, and seconds a stage.

    `chance` says what is expected of the chosen pairs: it turns another wish into a threshold (`threshold_for`).
    """

    pairs: pa.Table
    model: Model
    threshold: Threshold
    chance: Chance
    timings: Mapping[str, float]


def link(
    left: pa.Table,
    right: pa.Table,
    spec: Spec,
    model: Model | None = None,
    labels: Sequence[Answer] = (),
    threads: int = 1,
) -> Outcome:
    """Links two tables of records (`records_schema`) that are not normalised yet.

    Without a model one is trained on the candidates, without labels. `labels` are answers of persons to pairs: they
    correct the probabilities. The same tables, specification, model and labels give the same outcome.
    """
    timings: dict[str, float] = {}
    with _timed(timings, "normalise"):
        mine, yours = normalise(left, spec, threads), normalise(right, spec, threads)
    with _timed(timings, "candidates"):
        pairs = candidates(mine, yours, spec, threads)
    with _timed(timings, "features"):
        terms = terms_of(mine, yours, spec) if model is None else model.terms
        pairs = features(mine, yours, pairs, spec, terms)
    with _timed(timings, "decoys"):
        sides = (("left", mine), ("right", yours))
        decoys = [within(table, side, spec, terms, threads) for side, table in sides if side in spec.unique]
    if model is None:
        with _timed(timings, "train"):
            model = train(mine, yours, pairs, spec, [each.pairs for each in decoys], terms)
            model = _settled(pairs, decoys, spec, model, (mine, yours))
    with _timed(timings, "decide"):
        chance = _chance(pairs, decoys, spec, replace(model, curve=type(model.curve)()), (mine, yours))
        model = replace(model, curve=recalibrated(curve_of(chance), labels))
        threshold = threshold_for(spec.wish, chance, model.curve, labels)
        pairs = decide(pairs, spec, model, threshold)
    return Outcome(pairs, model, threshold, chance, timings)


def _settled(
    pairs: pa.Table, decoys: Sequence[Within], spec: Spec, model: Model, sides: tuple[pa.Table, pa.Table]
) -> Model:
    """The model with the share of matches among the pairs that decoys tell; few pairs keep what training says.

    Expectation maximisation cannot tell that share from one field, and a wrong one makes rivals count too little.
    """
    if pairs.num_rows < FEWEST_PAIRS or not decoys:
        return model
    found = _chance(pairs, decoys, spec, model, sides).matches / pairs.num_rows
    least, most = prior_bounds(*sides, pairs, spec)
    return replace(model, prior=min(max(found, least), most))


def _chance(
    pairs: pa.Table, decoys: Sequence[Within], spec: Spec, model: Model, sides: tuple[pa.Table, pa.Table]
) -> Chance:
    left, right = (table.num_rows for table in sides)
    sizes = (left, right) if len(spec.unique) != 1 else (left, left) if "right" in spec.unique else (right, right)
    told = [
        Decoys(_odds(each.pairs, spec, model), each.looked, each.among, each.all / each.among)
        for each in decoys
        if each.among > 1
    ]
    return chance_of(_odds(pairs, spec, model), told, sizes)


def _odds(pairs: pa.Table, spec: Spec, model: Model) -> np.ndarray:
    decided = decide(pairs, spec, model)
    return np.asarray(decided.column("odds").to_numpy()[decided.column("chosen").to_numpy()])


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    begun = perf_counter()
    yield
    timings[stage] = perf_counter() - begun
