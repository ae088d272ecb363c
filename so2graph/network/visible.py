"""Chooses what of the network is looked at: by certainty, kind, year and name."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from so2graph.network.kinds import KINDS
from so2graph.network.picture import Picture
from so2graph.vocab import MODALITIES

__all__ = ["EARLIER", "LATER", "YEARS", "Choice", "View", "in_year", "view", "within"]

YEARS = (2016, 2017, 2018)
EARLIER, LATER = "earlier", "later"
"""The years that can be chosen by themselves, and what lies before and after them."""


@dataclass(frozen=True)
class Choice:
    """What is looked at: indices of modalities and kinds, a year (`2016` … or `later`; empty for all), a name."""

    modalities: frozenset[int] = frozenset(range(len(MODALITIES)))
    kinds: frozenset[int] = frozenset(range(len(KINDS)))
    year: str = ""
    text: str = ""

    @property
    def everything(self) -> bool:
        return self == Choice()


@dataclass(frozen=True)
class View:
    """What of a picture is to be seen: nodes and edges by index, in order."""

    nodes: tuple[int, ...]
    edges: tuple[int, ...]


def in_year(years: Collection[int], year: str) -> bool:
    """Whether something with these years is to be seen in a year: what is undated always is."""
    if not year or not years:
        return True
    if year == EARLIER:
        return any(one < YEARS[0] for one in years)
    if year == LATER:
        return any(one > YEARS[-1] for one in years)
    return int(year) in years


def view(picture: Picture, choice: Choice) -> View:
    """The nodes of the kinds chosen and the edges between them; the name does not take anything away.

    What is dated to other years is left out, with the edges of things that are.
    """
    timely = [in_year(years, choice.year) for years in picture.times]
    shown = [kind in choice.kinds and timely[dated] for kind, dated in zip(picture.kind, picture.dated, strict=True)]
    columns = zip(picture.source, picture.target, picture.modality, picture.year, strict=True)
    edges = tuple(
        at
        for at, (source, target, modality, year) in enumerate(columns)
        if modality in choice.modalities and timely[year] and shown[source] and shown[target]
    )
    return View(tuple(at for at, seen in enumerate(shown) if seen), edges)


def within(picture: Picture, seen: View, start: int, steps: int) -> frozenset[int]:
    """The nodes at most so many steps from `start` over the edges in view, with `start` itself."""
    allowed, found, ahead = set(seen.edges), {start}, [start]
    for _ in range(steps):
        ahead = [
            other
            for node in ahead
            for edge in picture.links[node]
            if edge in allowed and (other := picture.other(edge, node)) not in found and not found.add(other)  # type: ignore[func-returns-value]  # add() gives None
        ]
    return frozenset(found)
