"""Turns what is looked at of the network into shapes for an SVG: signs by kind, lines by modality, names."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from so2graph.network.picture import Picture
from so2graph.network.visible import View

__all__ = ["LINES", "SIGNS", "Drawing", "Mark", "Sign", "Stroke", "draw_network", "largest"]

WIDTH = 1320
_MARGIN = 90
_SCALE, _SIZE = 0.72, 0.62
_WRAPS, _MOST_LINES, _LETTER = (17, 28, 12), 3, 0.54
_CELL = 80


@dataclass(frozen=True)
class Sign:
    """The shape of a kind, with 1 as its radius, and its colour on paper."""

    path: str
    fill: str
    stroke: str = "#fbfaf6"


_CIRCLE = "M1 0A1 1 0 1 1 -1 0A1 1 0 1 1 1 0Z"
SIGNS: tuple[Sign, ...] = (
    Sign("M1.1 0L.55 .95L-.55 .95L-1.1 0L-.55 -.95L.55 -.95Z", "#8a3b12"),
    Sign("M0 -1.25L1.25 0L0 1.25L-1.25 0Z", "#00705a"),
    Sign("M-.92 -.92H.92V.92H-.92Z", "#00705a"),
    Sign(_CIRCLE, "#0a62a8"),
    Sign("M0 -1.15L1.1 .8H-1.1Z", "#a8430b"),
    Sign("M0 1.15L1.1 -.8H-1.1Z", "#6f6300"),
    Sign("M-.4 -1.1H.4V-.4H1.1V.4H.4V1.1H-.4V.4H-1.1V-.4H-.4Z", "#8f3f76"),
    Sign("M-.72 -1.1H.72V1.1H-.72Z", "#4b5563"),
    Sign(_CIRCLE, "#ffffff", "#2f7d9e"),
)
"""By `kinds.KINDS`: a shape and a colour, so that nobody has to tell them by colour alone."""

LINES: tuple[tuple[str, str], ...] = (
    ("#1c2327", ""),
    ("#2f6640", "14 4"),
    ("#0a6291", "9 5"),
    ("#0a6291", "9 4 2 4"),
    ("#8a3b12", "6 4"),
    ("#74478a", "3 5"),
    ("#636363", "1 4"),
)
"""By `vocab.MODALITIES`: colour on paper, and dashes; none for what is stated."""


@dataclass(frozen=True)
class Stroke:
    """An edge as a line or curve."""

    edge: int
    path: str


@dataclass(frozen=True)
class Mark:
    """A node: its sign, and the lines of its name, each with where it begins, ends or has its middle (`anchor`)."""

    node: int
    x: float
    y: float
    radius: float
    lines: tuple[tuple[float, float, str], ...] = ()
    anchor: str = "middle"
    font: int = 13


@dataclass(frozen=True)
class Drawing:
    """All that the template draws, lines first; `of` is how many nodes there would be."""

    width: int
    height: int
    strokes: tuple[Stroke, ...]
    marks: tuple[Mark, ...]
    of: int


def largest(picture: Picture, nodes: Collection[int], most: int, first: Iterable[int] = ()) -> list[int]:
    """At most so many of the nodes: `first`, then those with most edges; in order."""
    kept = set(first)
    ordered = sorted(nodes, key=lambda at: (at not in kept, picture.kind[at] > 2, -picture.size[at], at))
    return sorted(ordered[:most])


def draw_network(
    picture: Picture, seen: View, labels: Sequence[str], most: int, first: Iterable[int] = ()
) -> Drawing:
    """Draws what is in view, and of more than `most` nodes the largest; `labels` are by node. Always the same."""
    nodes = largest(picture, seen.nodes, most, first) if len(seen.nodes) > most else list(seen.nodes)
    if not nodes:
        return Drawing(WIDTH, 2 * _MARGIN, (), (), 0)
    left, right = min(picture.x[n] for n in nodes), max(picture.x[n] for n in nodes)
    low, high = min(picture.y[n] for n in nodes), max(picture.y[n] for n in nodes)
    room = WIDTH - 2 * _MARGIN
    scale = min(_SCALE, room / max(1, right - left), 2 * room / max(1, high - low))
    shift = (WIDTH - (right - left) * scale) / 2
    at = {
        n: (round(shift + (picture.x[n] - left) * scale, 1), round(_MARGIN + (high - picture.y[n]) * scale, 1))
        for n in nodes
    }
    marks = [
        Mark(n, *at[n], round(picture.size[n] * _SIZE, 1), font=15 if picture.kind[n] < 3 else 13) for n in nodes
    ]
    return Drawing(
        WIDTH,
        round(2 * _MARGIN + (high - low) * scale),
        tuple(_strokes(picture, seen.edges, at)),
        tuple(_named(marks, labels)),
        len(seen.nodes),
    )


def _strokes(picture: Picture, edges: Sequence[int], at: dict[int, tuple[float, float]]) -> list[Stroke]:
    """A line per edge, the least certain first; those between the same two bend apart."""
    beside: dict[tuple[int, int], int] = defaultdict(int)
    found = []
    for edge in sorted(edges, key=lambda one: (picture.modality[one], one)):
        source, target = picture.source[edge], picture.target[edge]
        if source in at and target in at and source != target:
            pair = min(source, target), max(source, target)
            found.append(Stroke(edge, _line(at[pair[0]], at[pair[1]], beside[pair])))
            beside[pair] += 1
    return sorted(found, key=lambda stroke: (-picture.modality[stroke.edge], stroke.edge))


def _line(one: tuple[float, float], other: tuple[float, float], number: int) -> str:
    (x1, y1), (x2, y2) = one, other
    if not number:
        return f"M{x1} {y1}L{x2} {y2}"
    bend = 0.12 * (number + 1) // 2 * (-1) ** number if number > 2 else 0.14 * (-1) ** number
    mx, my = (x1 + x2) / 2 - (y2 - y1) * bend, (y1 + y2) / 2 + (x2 - x1) * bend
    return f"M{x1} {y1}Q{mx:.1f} {my:.1f} {x2} {y2}"


class _Taken:
    """The rectangles that something stands in, found by the cells of a grid."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[tuple[float, float, float, float]]] = defaultdict(list)

    def add(self, box: tuple[float, float, float, float]) -> None:
        for cell in self._of(box):
            self._cells[cell].append(box)

    def free(self, box: tuple[float, float, float, float]) -> bool:
        left, top, right, bottom = box
        return not any(
            a < right and c > left and b < bottom and d > top
            for cell in self._of(box)
            for a, b, c, d in self._cells.get(cell, ())
        )

    @staticmethod
    def _of(box: tuple[float, float, float, float]) -> list[tuple[int, int]]:
        left, top, right, bottom = (int(value // _CELL) for value in box)
        return [(i, j) for i in range(left, right + 1) for j in range(top, bottom + 1)]


def _named(marks: Sequence[Mark], labels: Sequence[str]) -> list[Mark]:
    """The marks with their names, the large ones first, wherever there is room; one without room has no name."""
    taken = _Taken()
    for mark in marks:
        taken.add((mark.x - mark.radius, mark.y - mark.radius, mark.x + mark.radius, mark.y + mark.radius))
    done: dict[int, Mark] = {}
    for mark in sorted(marks, key=lambda one: (-one.font, -one.radius, one.node)):
        done[mark.node] = _placed(mark, labels[mark.node], taken)
    return [done[mark.node] for mark in marks]


def _placed(mark: Mark, label: str, taken: _Taken) -> Mark:
    """The mark with its name where there is room, in narrow lines or in wide ones, or else a little farther off."""
    for aside, wrap in product((0, 12), _WRAPS):
        lines = textwrap.wrap(label, wrap, max_lines=_MOST_LINES, placeholder=" …") or [""]
        width, height = max(map(len, lines)) * mark.font * _LETTER, len(lines) * (mark.font + 2)
        for anchor, left, top in _sides(mark, width, height, aside):
            box = (left, top, left + width, top + height)
            if left >= 0 and left + width <= WIDTH and taken.free(box):
                taken.add(box)
                x = left + {"start": 0.0, "middle": width / 2, "end": width}[anchor]
                rows = enumerate(lines, 1)
                placed = tuple((round(x, 1), round(top + k * (mark.font + 2) - 4, 1), line) for k, line in rows)
                return Mark(mark.node, mark.x, mark.y, mark.radius, placed, anchor, mark.font)
    return mark


def _sides(mark: Mark, width: float, height: float, aside: int) -> list[tuple[str, float, float]]:
    """Where a name may stand: anchor, left and top of its box."""
    away = mark.radius * 1.25 + 3 + aside
    middle, level = mark.x - width / 2, mark.y - height / 2
    return [
        ("middle", middle, mark.y + away),
        ("middle", middle, mark.y - away - height),
        ("start", mark.x + away + 1, level),
        ("end", mark.x - away - 1 - width, level),
        ("start", mark.x + away + 1, mark.y - 8),
        ("end", mark.x - away - 1 - width, mark.y - 8),
        ("start", mark.x + away + 1, mark.y + 8 - height),
        ("end", mark.x - away - 1 - width, mark.y + 8 - height),
        ("start", mark.x + away * 0.6, mark.y + away * 0.7),
        ("end", mark.x - away * 0.6 - width, mark.y + away * 0.7),
        ("start", mark.x + away * 0.6, mark.y - away * 0.7 - height),
        ("end", mark.x - away * 0.6 - width, mark.y - away * 0.7 - height),
    ]
