"""Places things in rows, always the same way: the national level on top, people below.

The rows are given; within a row, things are ordered by the mean position of their neighbours in the row above
(the barycentre heuristic of Sugiyama, Tagawa and Toda, 1981), ties by IRI.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from so2graph.network.paths import Edge

__all__ = ["LEVELS", "Placed", "level_of", "place"]

LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"NationalOrganisation"}),
    frozenset({"Speaker", "Alliance"}),
    frozenset({"InterregionalNetwork"}),
    frozenset({"RegionalNetwork"}),
    frozenset({"CoreGroup", "CsrPlatform", "UrbanCore", "Region", "MunicipalArea"}),
    frozenset({"Person"}),
    frozenset({"Organization"}),
)
"""Local names of classes per row, from top to bottom; a thing stands in the first row that has one of its classes."""


@dataclass(frozen=True)
class Placed:
    """A thing with its place: `row` from 0 (top), and `x` from 0 to 1 across the row."""

    iri: str
    row: int
    x: float


def level_of(classes: Iterable[str]) -> int | None:
    """The row for a thing with these classes (IRIs); None for a thing that is not drawn."""
    local = {iri.replace("#", "/").rpartition("/")[2] for iri in classes}
    return next((row for row, level in enumerate(LEVELS) if level & local), None)


def place(levels: Mapping[str, int], edges: Iterable[Edge]) -> list[Placed]:
    """Places for the things in `levels` (IRI to row), ordered by row, then from left to right."""
    neighbours: dict[str, set[str]] = {iri: set() for iri in levels}
    for edge in edges:
        if edge.source in levels and edge.target in levels:
            neighbours[edge.source].add(edge.target)
            neighbours[edge.target].add(edge.source)
    at: dict[str, float] = {}
    placed: list[Placed] = []
    for row in sorted(set(levels.values())):
        members = sorted(iri for iri, level in levels.items() if level == row)

        def pull(iri: str) -> float:
            above = [at[other] for other in neighbours[iri] if other in at]
            return sum(above) / len(above) if above else 0.5

        ordered = sorted(members, key=lambda iri: (round(pull(iri), 9), iri))
        for index, iri in enumerate(ordered):
            at[iri] = (index + 0.5) / len(ordered)
        placed += [Placed(iri, row, at[iri]) for iri in ordered]
    return placed
