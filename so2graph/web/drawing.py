"""Turns the network into shapes for an SVG: boxes with wrapped names, lines by modality."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from so2graph.network.layout import level_of, place
from so2graph.network.paths import Edge

__all__ = ["Box", "Drawing", "Line", "draw"]

WIDTH, ROW, MARGIN, LINE_HEIGHT = 1080, 104, 28, 17
_LETTER, _WRAP, _LINES = 7.3, 20, 4


@dataclass(frozen=True)
class Box:
    """A thing as a rectangle, with its name on one or more lines; sizes in SVG user units."""

    iri: str
    label: str
    lines: tuple[str, ...]
    row: int
    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        return round(self.x - self.width / 2, 1)

    @property
    def top(self) -> float:
        return round(self.y - self.height / 2, 1)

    @property
    def baselines(self) -> list[tuple[float, str]]:
        """Each line of the name with the y of its baseline."""
        first = self.y - (len(self.lines) - 1) * LINE_HEIGHT / 2 + 5
        return [(round(first + i * LINE_HEIGHT, 1), line) for i, line in enumerate(self.lines)]


@dataclass(frozen=True)
class Line:
    """A statement as a curve between two boxes."""

    edge: Edge
    path: str


@dataclass(frozen=True)
class Drawing:
    """Everything that the template draws, lines first."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def _levels(edges: Iterable[Edge], classes: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Rows of the things that are drawn; an organisation linked to a network stands right below the networks."""
    edges = tuple(edges)
    linked = {iri for edge in edges for iri in (edge.source, edge.target)}
    levels = {iri: row for iri in sorted(linked) if (row := level_of(classes.get(iri, ()))) is not None}
    for edge in edges:
        for one, other in ((edge.source, edge.target), (edge.target, edge.source)):
            if levels.get(one) == 6 and levels.get(other, 9) in (2, 3):
                levels[one] = 4
    return levels


def draw(edges: Iterable[Edge], classes: Mapping[str, Iterable[str]], labels: Mapping[str, str]) -> Drawing:
    """Draws the things whose classes have a row, and the statements between them; the same input, the same drawing.

    `classes` maps a thing to the IRIs of its classes, `labels` to the name to show.
    """
    edges = tuple(edges)
    levels = _levels(edges, classes)
    rows = sorted(set(levels.values()))
    boxes: dict[str, Box] = {}
    for spot in place(levels, edges):
        lines = tuple(textwrap.wrap(labels[spot.iri], _WRAP, max_lines=_LINES, placeholder="…")) or (
            labels[spot.iri],
        )
        width = round(max(map(len, lines)) * _LETTER + 22, 1)
        y = MARGIN + 24 + rows.index(spot.row) * ROW
        x = round(MARGIN + spot.x * (WIDTH - 2 * MARGIN), 1)
        boxes[spot.iri] = Box(spot.iri, labels[spot.iri], lines, spot.row, x, y, width, len(lines) * LINE_HEIGHT + 14)
    drawn = sorted((e for e in edges if e.source in boxes and e.target in boxes), key=lambda e: (-e.rank, e))
    return Drawing(
        WIDTH,
        2 * MARGIN + 48 + (len(rows) - 1) * ROW if rows else 0,
        tuple(boxes.values()),
        tuple(_lines(drawn, boxes)),
    )


def _lines(edges: Iterable[Edge], boxes: Mapping[str, Box]) -> Iterator[Line]:
    """A line per statement; those between the same two things run side by side."""
    beside: dict[frozenset[str], int] = {}
    for edge in edges:
        pair = frozenset((edge.source, edge.target))
        beside[pair] = beside.get(pair, -1) + 1
        yield Line(edge, _curve(boxes[edge.source], boxes[edge.target], 9.0 * beside[pair]))


def _curve(one: Box, other: Box, aside: float) -> str:
    if one.y == other.y:
        left, right = sorted((one, other), key=lambda box: box.x)
        x1, x2 = left.x + left.width / 2, right.x - right.width / 2
        bend = one.y - 2 * aside - (0 if x2 - x1 < WIDTH / 2.5 else 46)
        return f"M{x1:.1f} {one.y} Q{(x1 + x2) / 2:.1f} {bend} {x2:.1f} {other.y}"
    upper, lower = sorted((one, other), key=lambda box: box.y)
    y1, y2 = upper.y + upper.height / 2, lower.y - lower.height / 2
    middle = (y1 + y2) / 2
    start, end = upper.x + aside, lower.x + aside
    return f"M{start:.1f} {y1:.1f} C{start:.1f} {middle:.1f} {end:.1f} {middle:.1f} {end:.1f} {y2:.1f}"
