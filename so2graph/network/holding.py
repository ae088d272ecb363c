"""Finds who holds the network together: its parts, and what falls apart when a thing or a link is gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from so2graph.network.picture import Picture
from so2graph.network.visible import View

if TYPE_CHECKING:
    import networkx

    Graph = networkx.Graph[int]

__all__ = ["Around", "Bridge", "CutPoint", "Holding", "holding"]


@dataclass(frozen=True)
class CutPoint:
    """A thing without which its part falls into `pieces`; `lost` things are then not in the largest of them."""

    node: int
    pieces: int
    lost: int


@dataclass(frozen=True)
class Bridge:
    """Two things whose only connection is the edges between them, and how many things the smaller side then has."""

    one: int
    other: int
    lost: int


@dataclass(frozen=True)
class Holding:
    """The parts of a network, the largest first, and what holds them together, what would cut off most first.

    Things without any edge are not among the parts; they are `alone`.
    """

    parts: tuple[tuple[int, ...], ...]
    alone: tuple[int, ...]
    cut_points: tuple[CutPoint, ...]
    bridges: tuple[Bridge, ...]


def _graph(picture: Picture, seen: View) -> Graph:
    import networkx

    graph: Graph = networkx.Graph()
    graph.add_edges_from(
        (picture.source[edge], picture.target[edge])
        for edge in seen.edges
        if picture.source[edge] != picture.target[edge]
    )
    return graph


def holding(picture: Picture, seen: View) -> Holding:
    """What holds together what is in view; in proportion to its size (Hopcroft and Tarjan, 1973)."""
    import networkx

    graph = _graph(picture, seen)
    parts = sorted((tuple(sorted(part)) for part in networkx.connected_components(graph)), key=_large_first)
    sizes = {node: len(part) for part in parts for node in part}
    blocks: list[frozenset[int]] = [
        frozenset(block)  # type: ignore[arg-type]  # the stubs say a list of sets; it is a set of nodes
        for block in networkx.biconnected_components(graph)
    ]
    cuts, bridges = _weigh(blocks, sizes)
    return Holding(
        tuple(parts),
        tuple(node for node in seen.nodes if node not in graph),
        tuple(sorted(cuts, key=lambda cut: (-cut.lost, -cut.pieces, cut.node))),
        tuple(sorted(bridges, key=lambda bridge: (-bridge.lost, bridge.one, bridge.other))),
    )


def _large_first(part: Sequence[int]) -> tuple[int, int]:
    return -len(part), part[0]


def _weigh(blocks: Sequence[frozenset[int]], sizes: dict[int, int]) -> tuple[list[CutPoint], list[Bridge]]:
    """The cut points and bridges with what they would cost, from the tree of blocks and the things they share."""
    blocks_of: dict[int, list[int]] = defaultdict(list)
    for number, block in enumerate(blocks):
        for node in block:
            blocks_of[node].append(number)
    shared = {node: numbers for node, numbers in blocks_of.items() if len(numbers) > 1}
    below = _below(blocks, shared)
    cuts = []
    for node, numbers in shared.items():
        # What hangs on a block, seen from the node: what is below the block, or all that is not.
        hanging = [
            below[number, node]
            if (number, node) in below
            else sizes[node] - 1 - _others(number, node, numbers, below)
            for number in numbers
        ]
        cuts.append(CutPoint(node, len(hanging), sizes[node] - 1 - max(hanging)))
    bridges = []
    for number, block in enumerate(blocks):
        if len(block) == 2:
            one, other = sorted(block)
            side = below.get((number, one)) or sizes[one] - below.get((number, other), 1)
            bridges.append(Bridge(one, other, min(side, sizes[one] - side)))
    return cuts, bridges


def _others(number: int, node: int, numbers: Iterable[int], below: dict[tuple[int, int], int]) -> int:
    return sum(below.get((one, node), 0) for one in numbers if one != number)


def _below(blocks: Sequence[frozenset[int]], shared: dict[int, list[int]]) -> dict[tuple[int, int], int]:
    """How many things hang below a block, seen from the shared thing above it: by block and that thing."""
    above: dict[int, int | None] = {}
    found: dict[tuple[int, int], int] = {}
    for root in range(len(blocks)):
        if root in above:
            continue
        above[root] = None
        order = [root]
        for number in order:
            for node in sorted(blocks[number]):
                for other in shared.get(node, ()) if node != above[number] else ():
                    if other not in above:
                        above[other] = node
                        order.append(other)
        weights: dict[int, int] = defaultdict(int)
        for number in reversed(order):
            top = above[number]
            own = sum(1 + weights.pop(node, 0) for node in blocks[number] if node != top)
            if top is not None:
                found[number, top] = own
                weights[top] += own
    return found


class Around:
    """Walks through what is in view, to tell who would be cut off from whom."""

    def __init__(self, picture: Picture, seen: View) -> None:
        self._picture, self._allowed = picture, frozenset(seen.edges)

    def without(self, node: int) -> tuple[tuple[int, ...], ...]:
        """The pieces into which the part of a node falls when it is gone, the largest first; also those of one."""
        return self._pieces(node, len(self._picture.iri))

    def cut_off(self, cut: CutPoint) -> tuple[tuple[int, ...], ...]:
        """The pieces that a cut point alone joins to the largest one; takes time by their size alone."""
        pieces = self._pieces(cut.node, cut.lost)
        return pieces[1:] if len(pieces) == cut.pieces else pieces

    def beyond(self, bridge: Bridge) -> tuple[int, ...]:
        """The smaller side of a bridge; of two of the same size that of the first."""
        for start, barred in ((bridge.one, bridge.other), (bridge.other, bridge.one)):
            found = self._reach(start, {barred}, bridge.lost)
            if found is not None:
                return tuple(sorted(found))
        return ()

    def _pieces(self, node: int, most: int) -> tuple[tuple[int, ...], ...]:
        pieces, known = [], {node}
        for start in sorted(set(self._near(node)) - {node}):
            if start not in known and (piece := self._reach(start, {node}, most)) is not None:
                known |= piece
                pieces.append(tuple(sorted(piece)))
        return tuple(sorted(pieces, key=_large_first))

    def _near(self, node: int) -> Iterator[int]:
        for edge in self._picture.links[node]:
            if edge in self._allowed:
                yield self._picture.other(edge, node)

    def _reach(self, start: int, barred: Collection[int], most: int) -> set[int] | None:
        """What can be reached past what is barred; None where that is more than `most`."""
        found, ahead = {start}, [start]
        while ahead:
            for other in self._near(ahead.pop()):
                if other not in found and other not in barred:
                    found.add(other)
                    ahead.append(other)
            if len(found) > most:
                return None
        return found
