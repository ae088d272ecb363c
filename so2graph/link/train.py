"""Estimates what each level weighs: Splink's expectation maximisation on DuckDB, kept near what is known before."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from so2graph.errors import Unsupported
from so2graph.link.features import LEVELS, RARE, UNKNOWN, column, features, term_column
from so2graph.link.likeness import Terms
from so2graph.link.model import DEFAULTS, Comparison, Model
from so2graph.link.spec import Spec
from so2graph.link.terms import frequencies_of, terms_of

__all__ = ["FEWEST_PAIRS", "prior_bounds", "settings", "train"]

Floats = npt.NDArray[np.float64]

_ROUNDS = 8
_STEPS = 2
_MOST_PAIRS = 60_000
FEWEST_PAIRS = 30
"""Of fewer pairs nothing is learned."""
_KNOWN_MATCHES = 8.0
_KNOWN_SHARE = 0.3
_DECOYS_COUNT = 50.0
"""So many decoys weigh as much as what is known before of pairs that do not match."""
_STEP = 0.3
"""A level that is more alike weighs at least so much more, in natural log-odds."""
_RULE = "l.unique_id = r.unique_id"


def settings(model: Model, steps: int = _STEPS, rarity: bool = False) -> dict[str, Any]:
    """The model as settings of Splink: one exact level an integer, so that any engine reads the SQL the same.

    A row of the table is a pair: the same table stands on both sides, and a pair meets itself. With `rarity` values
    that both sides have (`term_<field>`) are weighed by Splink's term frequencies, read from `tf_term_<field>`.
    """
    comparisons = []
    for each in model.comparisons:
        value = f'"{column(each.name)}_l"'
        levels: list[dict[str, Any]] = [
            {"sql_condition": f"{value} = {UNKNOWN}", "label_for_charts": "unknown", "is_null_level": True}
        ]
        for level in reversed(range(len(each.m))):
            levels.append(
                {
                    "sql_condition": f"{value} = {level}" if level else "ELSE",
                    "label_for_charts": LEVELS[each.kind][level],
                    "m_probability": each.m[level],
                    "u_probability": each.u[level],
                }
            )
        if rarity and each.kind in RARE:
            levels[1] |= {"tf_adjustment_column": term_column(each.name), "disable_tf_exact_match_detection": True}
        comparisons.append({"output_column_name": each.name, "comparison_levels": levels})
    return {
        "link_type": "link_only",
        "unique_id_column_name": "unique_id",
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": [_RULE],
        "probability_two_random_records_match": model.prior,
        "max_iterations": steps,
        "em_convergence": 1e-6,
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
    }


def train(
    left: pa.Table,
    right: pa.Table,
    pairs: pa.Table,
    spec: Spec,
    decoys: Sequence[pa.Table] = (),
    terms: Mapping[str, Terms] | None = None,
) -> Model:
    """The model of candidate pairs of two normalised tables, without any answer of a person.

    `decoys` are pairs within a side (`decoys.within`): they show what pairs look like that do not match. After every
    step of expectation maximisation the estimates are drawn to what was known before, the more so the less data there
    is, and put in order: a level that is more alike never weighs less. `terms` are those
    of `terms_of`. Raises `Unsupported` without Splink.
    """
    terms = terms_of(left, right, spec) if terms is None else terms
    frequencies = frequencies_of(left, right, spec)
    start = replace(Model.default(spec), terms=terms, frequencies=frequencies)
    if pairs.num_rows and any(column(each.name) not in pairs.column_names for each in spec.fields):
        pairs = features(left, right, pairs, spec, terms)
    if pairs.num_rows < FEWEST_PAIRS:
        return start
    least, most = prior_bounds(left, right, pairs, spec)
    known = [_not_matching(each, decoys) for each in start.comparisons]
    model = replace(
        start,
        prior=most / 2,
        comparisons=tuple(replace(each, u=tuple(u)) for each, u in zip(start.comparisons, known, strict=True)),
    )
    levels = pairs.select([column(each.name) for each in spec.fields])
    step = _Splink(_some(levels), spec)
    for _ in range(_ROUNDS):
        found = step(model)
        prior = min(max(found.prior, least), most)
        model = replace(found, prior=prior, comparisons=_drawn(found, prior * pairs.num_rows, pairs.num_rows, known))
    return model


def prior_bounds(left: pa.Table, right: pa.Table, pairs: pa.Table, spec: Spec) -> tuple[float, float]:
    """The least and the most share of candidate pairs that can be taken to match."""
    things = min(left.num_rows, right.num_rows) if len(spec.unique) == 2 else left.num_rows
    most = min(0.5, things / pairs.num_rows)
    return 0.02 * most, most


def _some(levels: pa.Table) -> pa.Table:
    """Enough of the pairs to learn from, spread evenly over them."""
    if levels.num_rows <= _MOST_PAIRS:
        return levels
    return levels.take(pa.array([levels.num_rows * at // _MOST_PAIRS for at in range(_MOST_PAIRS)], pa.int64()))


def _not_matching(each: Comparison, decoys: Sequence[pa.Table]) -> Floats:
    """How often each level is seen in pairs that do not match: among decoys, each side as much, and as known."""
    known = np.array(DEFAULTS[each.kind][1])
    seen = np.zeros(len(known))
    for table in decoys:
        levels = table.column(column(each.name)).to_numpy()
        counts = np.bincount(levels[levels >= 0], minlength=len(known)).astype(float)
        seen += counts / max(counts.sum(), 1.0)
    if not seen.sum():
        return known
    return np.asarray((seen / seen.sum() * _DECOYS_COUNT + known) / (_DECOYS_COUNT + 1))


def _drawn(model: Model, matches: float, pairs: int, known: Sequence[Floats]) -> tuple[Comparison, ...]:
    """The comparisons, drawn to what is known before, their levels in order."""
    found = []
    for each, u_known in zip(model.comparisons, known, strict=True):
        m_known = np.array(DEFAULTS[each.kind][0])
        more = _KNOWN_MATCHES + _KNOWN_SHARE * matches
        m = (np.array(each.m) * matches + more * m_known) / (matches + more)
        u = (np.array(each.u) + u_known) / 2
        m, u = m / m.sum(), u / u.sum()
        steps = _STEP * np.arange(len(m))
        ratio = _rising(np.log(m / u) - steps, m * (matches + more) + u * pairs) + steps
        m = u * np.exp(ratio)
        found.append(replace(each, m=tuple((m / m.sum()).tolist()), u=tuple(u.tolist())))
    return tuple(found)


def _rising(values: Floats, counts: Floats) -> Floats:
    """The nearest values that never fall, each counted as often (pool adjacent violators)."""
    blocks: list[tuple[float, float, int]] = []
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        blocks.append((value, count, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (last, much, some), (before, more, others) = blocks.pop(), blocks.pop()
            blocks.append(((last * much + before * more) / (much + more), much + more, some + others))
    return np.concatenate([np.full(many, value) for value, _, many in blocks])


def _each_level(schema: pa.Schema, spec: Spec) -> pa.Table:
    """A row for each level of each field, all else unknown: Splink meets each level and is never quite sure."""
    rows = [
        {column(other.name): level if other is each else UNKNOWN for other in spec.fields}
        for each in spec.fields
        for level in range(len(LEVELS[each.kind]))
    ]
    return pa.Table.from_pylist(rows, schema)


class _Splink:
    """Steps of expectation maximisation over one table of levels."""

    def __init__(self, levels: pa.Table, spec: Spec) -> None:
        try:
            from splink import DuckDBAPI
        except ImportError as error:
            raise Unsupported(
                "Splink is not installed, so no weights can be estimated", mend="Say: pip install 'so2graph[link]'."
            ) from error
        logging.getLogger("splink").setLevel(logging.ERROR)
        self._api = DuckDBAPI()
        levels = pa.concat_tables([levels, _each_level(levels.schema, spec)])
        table = levels.add_column(0, "unique_id", pa.array(range(levels.num_rows), pa.int64()))
        self._sides = [self._api.register(table, table_name=name) for name in ("ours", "theirs")]

    def __call__(self, model: Model) -> Model:
        from splink import Linker

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            linker = Linker(self._sides, settings(model), log_level=None, validate_settings=False)
            session = linker.training.estimate_parameters_using_expectation_maximisation(
                _RULE, estimate_without_term_frequencies=True, fix_u_probabilities=False
            )
        core = session.core_model_settings
        comparisons = []
        for each in model.comparisons:
            told = core.get_comparison_by_output_column_name(each.name).comparison_levels
            seen = {level.comparison_vector_value: level for level in told if not level.is_null_level}
            m = tuple(_share(seen[level].m_probability) for level in range(len(each.m)))
            u = tuple(_share(seen[level].u_probability) for level in range(len(each.m)))
            comparisons.append(replace(each, m=m, u=u))
        return replace(model, prior=float(core.probability_two_random_records_match), comparisons=tuple(comparisons))


def _share(value: object) -> float:
    """A probability; Splink writes words where a level was never seen."""
    return max(float(value), 1e-12) if isinstance(value, int | float) else 1e-12
