"""Finds the most certain way between two things in the whole network, however large it is."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from so2graph.network.picture import Picture
from so2graph.vocab import MODALITIES

__all__ = ["Walk", "Way", "best_walk", "best_way", "shortest_way"]

Node = TypeVar("Node", int, str)
Link = TypeVar("Link")
Ahead = Callable[[Node], Iterable[tuple[Node, int, Link]]]
"""The links of a node: what is at the other end, the index of the modality, and the link itself."""

_Cost = tuple[int, int]
"""How many links are no fact, and how many links there are."""


@dataclass(frozen=True)
class Walk(Generic[Node, Link]):
    """Nodes, and the links between them; nothing is visited twice."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Way:
    """A way through the network: nodes by index, and the edges between them; it visits nothing twice."""

    nodes: tuple[int, ...]
    edges: tuple[int, ...]

    def ranks(self, picture: Picture) -> tuple[int, ...]:
        """The certainty rank (1 to 7) of each edge."""
        return tuple(picture.modality[edge] + 1 for edge in self.edges)

    def weakest(self, picture: Picture) -> int:
        """The edge that is least certain; of several the first."""
        return max(self.edges, key=lambda edge: picture.modality[edge])

    def missing(self, picture: Picture) -> tuple[int, ...]:
        """The edges that are no fact."""
        return tuple(edge for edge in self.edges if picture.modality[edge] > 0)


def best_way(picture: Picture, start: int, end: int, modalities: Collection[int]) -> Way | None:
    """The most certain way over edges of these modalities, as `best_walk` chooses it; None where there is none."""
    return _way(best_walk(_ahead(picture), start, end, modalities))


def shortest_way(picture: Picture, start: int, end: int, modalities: Collection[int]) -> Way | None:
    """The way of fewest steps; of several that with fewest edges that are no fact, then by the IRIs of the nodes."""
    ahead, allowed = _ahead(picture), frozenset(modalities)
    if not _connected(ahead, start, end, allowed, None):
        return None
    return _way(_cheapest(ahead, start, end, allowed, None, certain=False))


def _ahead(picture: Picture) -> Ahead[int, int]:
    def ahead(node: int) -> Iterable[tuple[int, int, int]]:
        return ((picture.other(edge, node), picture.modality[edge], edge) for edge in picture.links[node])

    return ahead


def _way(walk: Walk[int, int] | None) -> Way | None:
    return None if walk is None else Way(walk.nodes, walk.links)


def best_walk(
    ahead: Ahead[Node, Link], start: Node, end: Node, modalities: Collection[int], most: int | None = None
) -> Walk[Node, Link] | None:
    """The most certain walk over links of these modalities, of at most `most` steps; None where there is none.

    In the order of `paths.paths`: by the weakest link, then by how many are no fact, then the shortest, then by the
    nodes. Of several links between two nodes the most certain counts, then the first.
    """
    for weakest in range(len(MODALITIES)):
        allowed = frozenset(one for one in modalities if one <= weakest)
        if weakest in modalities and _connected(ahead, start, end, allowed, most):
            return _cheapest(ahead, start, end, allowed, most, certain=True)
    return None


def _connected(ahead: Ahead[Node, Link], start: Node, end: Node, allowed: Collection[int], most: int | None) -> bool:
    seen, edge, steps = {start}, {start}, 0
    while edge and end not in seen and (most is None or steps < most):
        edge = {other for node in edge for other, modality, _ in ahead(node) if modality in allowed} - seen
        seen |= edge
        steps += 1
    return end in seen


def _cheapest(
    ahead: Ahead[Node, Link], start: Node, end: Node, allowed: Collection[int], most: int | None, *, certain: bool
) -> Walk[Node, Link]:
    """From the start along what is cheapest, the first node where several are; there has to be a way."""

    def step(modality: int) -> _Cost:
        unsure = int(modality > 0)
        return (unsure, 1) if certain else (1, unsure)

    costs = _costs(ahead, start, end, allowed, most, step)
    nodes, links, left = [start], list[Link](), min(costs[start])
    while nodes[-1] != end:
        onward = [
            (other, modality, at, link)
            for at, (other, modality, link) in enumerate(ahead(nodes[-1]))
            if modality in allowed and _less(left, step(modality)) in costs[other]
        ]
        other, modality, _, link = min(onward, key=lambda one: one[:3])
        left = _less(left, step(modality))
        nodes.append(other)
        links.append(link)
    return Walk(tuple(nodes), tuple(links))


def _costs(
    ahead: Ahead[Node, Link],
    start: Node,
    end: Node,
    allowed: Collection[int],
    most: int | None,
    step: Callable[[int], _Cost],
) -> dict[Node, list[_Cost]]:
    """What it costs to get to the end, from each node that is not further than the start (Dijkstra, 1959).

    Where steps are limited, a dearer way counts as well if it has fewer of them, so that more may come before it.
    """
    costs: dict[Node, list[_Cost]] = defaultdict(list)
    fewest: dict[Node, int] = {}
    waiting: list[tuple[_Cost, int, Node]] = [((0, 0), 0, end)]
    while waiting and start not in fewest:
        cost, length, node = heapq.heappop(waiting)
        if node in fewest and (most is None or length >= fewest[node]):
            continue
        fewest[node] = length
        costs[node].append(cost)
        if most is not None and length == most:
            continue
        for other, modality, _ in ahead(node):
            if modality in allowed and (other not in fewest or (most is not None and length + 1 < fewest[other])):
                one, two = step(modality)
                heapq.heappush(waiting, ((cost[0] + one, cost[1] + two), length + 1, other))
    return costs


def _less(one: _Cost, other: _Cost) -> _Cost:
    return one[0] - other[0], one[1] - other[1]
