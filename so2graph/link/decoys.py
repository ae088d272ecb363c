"""Pairs that cannot be right: records of one side, free of duplicates, as candidates for one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from so2graph.link.candidates import candidates
from so2graph.link.features import Terms, features
from so2graph.link.spec import Kind, Spec
from so2graph.link.tables import ID

__all__ = ["Within", "within"]

_MOST_LOOKED = 4_000
_MOST_AMONG = 200_000


@dataclass(frozen=True)
class Within:
    """Candidate pairs within one side, with their levels: `looked` records of it, each among `among` of `all`."""

    pairs: pa.Table
    looked: int
    among: int
    all: int


def within(table: pa.Table, side: str, spec: Spec, terms: Mapping[str, Terms], threads: int = 1) -> Within:
    """The candidates of a normalised side among itself, found and compared as those of the two sides are.

    Of a long list some records look, spread evenly over it by their identifiers. Two may meet when both may meet the
    same third. Identifiers play no part: within a list they differ, as they do not between lists.
    """
    order = pc.sort_indices(table, sort_keys=[(ID, "ascending")])
    among = table.take(_spread(order, _MOST_AMONG))
    looking = _spread(pa.array(range(among.num_rows), pa.int64()), _MOST_LOOKED)
    own = replace(spec, meets=_meets(side, spec), top=spec.top + 1)
    pairs = candidates(among.take(looking), among, own, threads)
    left = looking.take(pairs.column("left").combine_chunks()).cast(pa.int32())
    pairs = pairs.set_column(0, "left", left)
    pairs = pairs.filter(pc.not_equal(pairs.column("left"), pairs.column("right")))
    levels = features(among, among, pairs, spec, terms)
    for each in spec.of_kind(Kind.IDENTIFIER):
        at = levels.schema.get_field_index(f"level_{each.name}")
        levels = levels.set_column(at, f"level_{each.name}", pa.array([-1] * levels.num_rows, pa.int8()))
    return Within(levels, len(looking), among.num_rows, table.num_rows)


def _spread(rows: pa.Array, most: int) -> pa.Array:
    if len(rows) <= most:
        return rows
    return rows.take(pa.array([len(rows) * at // most for at in range(most)], pa.int64()))


def _meets(side: str, spec: Spec) -> tuple[tuple[str, str], ...]:
    at = 0 if side == "left" else 1
    groups: dict[str, set[str]] = {}
    for pair in spec.meets:
        groups.setdefault(pair[1 - at], set()).add(pair[at])
    return tuple(sorted({(one, other) for types in groups.values() for one in types for other in types}))
