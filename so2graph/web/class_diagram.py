"""Turns classes and the properties between them into shapes for an SVG: columns of boxes, lines with names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["ClassBox", "ClassDiagram", "ClassLine", "diagram"]

COLUMN, BOX_WIDTH, BOX_HEIGHT, LINE, GAP, MARGIN, BULGE = 370, 172, 34, 17, 18, 8, 120


@dataclass(frozen=True)
class ClassBox:
    """A class as a rectangle; sizes in SVG user units."""

    iri: str
    label: str
    x: float
    y: float
    width: float = BOX_WIDTH
    height: float = BOX_HEIGHT


@dataclass(frozen=True)
class ClassLine:
    """The properties from one class to another as one curve, with a name for each: (IRI, label, x, y)."""

    path: str
    names: tuple[tuple[str, str, float, float], ...]


@dataclass(frozen=True)
class ClassDiagram:
    """Everything that the template draws, lines first."""

    width: float
    height: float
    boxes: tuple[ClassBox, ...]
    lines: tuple[ClassLine, ...]


def diagram(edges: Iterable[tuple[str, str, str]], labels: Mapping[str, str]) -> ClassDiagram:
    """Classes from left to right, so that a property leads to the right wherever that can be.

    `edges` are (domain, property, range). The same edges and labels give the same drawing.
    """
    between: dict[tuple[str, str], list[str]] = defaultdict(list)
    for source, name, target in sorted(set(edges)):
        between[source, target].append(name)
    columns = _columns(list(between))
    boxes, height = _place(columns, between, labels)
    lines = tuple(_line(boxes[source], boxes[target], names, labels) for (source, target), names in between.items())
    width = MARGIN * 2 + COLUMN * (len(columns) - 1) + BOX_WIDTH if columns else 0
    if any(boxes[source].x == boxes[target].x == max(box.x for box in boxes.values()) for source, target in between):
        width += BULGE
    return ClassDiagram(width, height, tuple(boxes[iri] for iri in sorted(boxes)), lines)


def _columns(pairs: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Each class one column to the right of the farthest class that leads to it; a cycle stops at its length."""
    classes = sorted({iri for pair in pairs for iri in pair})
    depth = dict.fromkeys(classes, 0)
    for _ in range(min(len(classes), 4)):
        for source, target in pairs:
            depth[target] = max(depth[target], min(depth[source] + 1, 3))
    for source in classes:
        # A class that nothing leads to stands next to what it leads to.
        ahead = [depth[target] for start, target in pairs if start == source]
        if ahead and not any(target == source for _, target in pairs):
            depth[source] = max(0, min(ahead) - 1)
    used = sorted(set(depth.values()))
    return [[iri for iri in classes if depth[iri] == level] for level in used]


def _place(
    columns: list[list[str]], between: Mapping[tuple[str, str], list[str]], labels: Mapping[str, str]
) -> tuple[dict[str, ClassBox], float]:
    """Boxes by IRI, and the height of it all; in a column, those that lead to the same place stand together."""
    near: dict[str, list[str]] = defaultdict(list)
    for source, target in between:
        near[source].append(target)
        near[target].append(source)
    order = {iri: float(i) for column in columns for i, iri in enumerate(column)}
    for step in range(8):
        for column in columns if step % 2 else reversed(columns):
            middle = {iri: sum(order[n] for n in near[iri]) / len(near[iri]) for iri in column}
            column.sort(key=lambda iri, middle=middle: (middle[iri], iri))  # type: ignore[misc]  # a default binds it
            order.update({iri: i * 10 / max(len(column), 1) for i, iri in enumerate(column)})
    names_of = {iri: sum(len(names) for pair, names in between.items() if iri in pair) for iri in order}
    heights = {iri: max(BOX_HEIGHT + GAP, names_of[iri] * LINE + GAP) for iri in order}
    total = max((sum(heights[iri] for iri in column) for column in columns), default=0)
    boxes = {}
    for number, column in enumerate(columns):
        spare = (total - sum(heights[iri] for iri in column)) / len(column)
        at = float(MARGIN)
        for iri in column:
            room = heights[iri] + spare
            boxes[iri] = ClassBox(iri, labels[iri], MARGIN + number * COLUMN, round(at + (room - BOX_HEIGHT) / 2, 1))
            at += room
    return boxes, round(total + 2 * MARGIN, 1)


def _line(source: ClassBox, target: ClassBox, names: Sequence[str], labels: Mapping[str, str]) -> ClassLine:
    y1, y2 = source.y + source.height / 2, target.y + target.height / 2
    if source.x == target.x:
        x1 = source.x + source.width
        path = f"M{x1},{y1} C{x1 + 70},{y1} {x1 + 70},{y2} {x1},{y2}"
        at = x1 + 58, (y1 + y2) / 2
    else:
        right = source.x < target.x
        x1, x2 = (source.x + source.width, target.x) if right else (source.x, target.x + target.width)
        bend = (x1 + x2) / 2
        path = f"M{x1},{y1} C{bend},{y1} {bend},{y2} {x2},{y2}"
        # Names stand in the gap between two columns, where no box hides them.
        part = (COLUMN - BOX_WIDTH) / 2 / abs(x2 - x1)
        at = x1 + (x2 - x1) * part, y1 + (y2 - y1) * _height(part)
    top = at[1] - (len(names) - 1) * LINE / 2 + 4
    placed = tuple((name, labels[name], round(at[0], 1), round(top + i * LINE, 1)) for i, name in enumerate(names))
    return ClassLine(path, placed)


def _height(part: float) -> float:
    """How far up a curve has come (0 to 1) where it has gone `part` of the way across."""
    low, high = 0.0, 1.0
    for _ in range(20):
        t = (low + high) / 2
        low, high = (t, high) if 1.5 * t * (1 - t) + t**3 < part else (low, t)
    return 3 * low**2 - 2 * low**3
