"""Draws what stands around a thing: who speaks of it on the left, of whom it speaks on the right, by relation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from so2graph.publish.entity import CERTAINTIES
from so2graph.web.bidi import isolated
from so2graph.web.facts import Fact, Group, Terms

__all__ = ["Caption", "Neighbourhood", "Node", "Tie", "draw_neighbourhood"]

COLUMN, MIDDLE, BETWEEN = 290.0, 190.0, 120.0
"""Widths of a column of neighbours, of the thing itself, and of the room for the lines."""
_BOX, _GAP, _CAPTION, _APART, _EDGE, _LINE = 32.0, 8.0, 22.0, 16.0, 8.0, 17.0
_LETTERS, _MIDDLE_LETTERS, _MIDDLE_LINES = 37, 21, 4


@dataclass(frozen=True)
class Node:
    """A thing as a box; `lines` are its name as it fits, `label` the whole of it. Sizes in units of the drawing."""

    iri: str
    label: str
    lines: tuple[str, ...]
    left: float
    top: float
    width: float
    height: float

    @property
    def x(self) -> float:
        return self.left + self.width / 2

    @property
    def y(self) -> float:
        return self.top + self.height / 2

    @property
    def baselines(self) -> list[tuple[float, str]]:
        """Each line of the name with the y of its baseline."""
        first = self.y - (len(self.lines) - 1) * _LINE / 2 + 5
        return [(round(first + i * _LINE, 1), line) for i, line in enumerate(self.lines)]


@dataclass(frozen=True)
class Tie:
    """A statement as a curve, with its certainty, and in words."""

    path: str
    certainty: str
    words: str


@dataclass(frozen=True)
class Caption:
    """The words of a relation, above the things that have it."""

    text: str
    x: float
    y: float


@dataclass(frozen=True)
class Neighbourhood:
    """The drawing: `shown` neighbours of `total`; `certainties` are those of its lines, the most certain first."""

    width: float
    height: float
    centre: Node
    nodes: tuple[Node, ...]
    ties: tuple[Tie, ...]
    captions: tuple[Caption, ...]
    shown: int
    total: int

    @property
    def certainties(self) -> list[str]:
        return sorted({tie.certainty for tie in self.ties}, key=CERTAINTIES.index)


def draw_neighbourhood(terms: Terms, iri: str, groups: Iterable[Group], most: int) -> Neighbourhood | None:
    """The drawing of at most `most` things, that in the middle included; None for a thing without neighbours.

    Where there are more, every relation gives some. The same facts give the same drawing.
    """
    between = [group for group in groups if group.things]
    chosen = _shares([(group, group.things) for group in between], most - 1)
    if not chosen:
        return None
    sides = [[(g, facts) for g, facts in chosen if g.relation.forward is forward] for forward in (False, True)]
    height = max(max(map(_height, sides)), _BOX * 3)
    left = COLUMN + BETWEEN if sides[0] else _EDGE
    width = left + MIDDLE + (BETWEEN + COLUMN if sides[1] else _EDGE)
    centre = _centre(terms.name(iri), iri, left, height)
    nodes: list[Node] = []
    ties: list[Tie] = []
    captions: list[Caption] = []
    for side, at in zip(sides, (_EDGE, width - COLUMN + _EDGE), strict=True):
        y = (height - _height(side)) / 2
        for group, facts in side:
            forward = group.relation.forward
            # Both sides read from left to right: subject, relation, object.
            relation = terms.name(group.relation.predicate)
            captions.append(Caption(_cut(relation, _LETTERS), at, round(y + _CAPTION - 8, 1)))
            y += _CAPTION
            for fact in facts:
                label = terms.value(fact.end)
                node = Node(str(fact.end), label, (_cut(label, _LETTERS),), at, y, COLUMN - 2 * _EDGE, _BOX)
                ends = (centre, node) if forward else (node, centre)
                said = " ".join(map(isolated, (ends[0].label, relation, ends[1].label)))
                words = f"{said} ({terms.certainty(fact.certainty)})"
                ties.append(Tie(_curve(*ends), fact.certainty, words))
                nodes.append(node)
                y += _BOX + _GAP
            y += _APART - _GAP
    total = sum(group.count - len(group.facts) + len(group.things) for group in between)
    ties.sort(key=lambda tie: -CERTAINTIES.index(tie.certainty))
    return Neighbourhood(width, height, centre, tuple(nodes), tuple(ties), tuple(captions), len(nodes), total)


def _shares(groups: Sequence[tuple[Group, Sequence[Fact]]], most: int) -> list[tuple[Group, Sequence[Fact]]]:
    """The first facts of each group, so many that all groups have their share of the room."""
    taken, room = [0] * len(groups), most
    while room > 0 and any(n < len(facts) for n, (_, facts) in zip(taken, groups, strict=True)):
        for index, (_, facts) in enumerate(groups):
            if taken[index] < len(facts) and room > 0:
                taken[index] += 1
                room -= 1
    return [(group, facts[:n]) for n, (group, facts) in zip(taken, groups, strict=True) if n]


def _height(side: Sequence[tuple[Group, Sequence[Fact]]]) -> float:
    boxes = sum(len(facts) for _, facts in side)
    return boxes * (_BOX + _GAP) + len(side) * (_CAPTION + _APART - _GAP)


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"


def _centre(label: str, iri: str, left: float, height: float) -> Node:
    """The thing itself, its name on up to some lines."""
    lines, words = [""], label.split() or [label]
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) <= _MIDDLE_LETTERS or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    shown = [_cut(line, _MIDDLE_LETTERS) for line in lines[:_MIDDLE_LINES]]
    if len(lines) > _MIDDLE_LINES:
        shown[-1] = _cut(shown[-1] + " …", _MIDDLE_LETTERS)
    tall = len(shown) * _LINE + 26
    return Node(iri, label, tuple(shown), left, round((height - tall) / 2, 1), MIDDLE, tall)


def _curve(one: Node, other: Node) -> str:
    x1, x2 = one.left + one.width, other.left
    middle = (x1 + x2) / 2
    return f"M{x1:g} {one.y:g} C{middle:g} {one.y:g} {middle:g} {other.y:g} {x2:g} {other.y:g}"
