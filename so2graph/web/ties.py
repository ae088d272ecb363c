"""Reads things and the ties between them from the rows of an answer, and places them for a drawing."""

from __future__ import annotations

import textwrap
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from so2graph.network.layout import place
from so2graph.network.paths import Edge
from so2graph.vocab import RDF, RDFS, SKOS, Iri
from so2graph.web.site import Cell
from so2graph.web.tables import Shown

__all__ = ["Knot", "Picture", "Strand", "Tie", "draw_ties", "thing_columns", "ties_of"]

_RELATIONS = frozenset(("property", "predicate", "relation", "p", "verb"))
"""Columns that say how the things of a row are tied."""
_CERTAINTY = "modality"
_NAMING = frozenset((RDF + "type", RDFS + "label", SKOS + "prefLabel", SKOS + "altLabel"))
_MOST = 60
"""Things that a picture shows; more cannot be read."""
_WIDTH, _LINE, _LETTERS, _LINES = 208, 17, 25, 2
_PAGE = 1070
"""The width of a page: columns stand further apart where there are few."""


@dataclass(frozen=True)
class Tie:
    """Two things of one row: IRIs, the relation in words (empty: none is said), and a modality (empty: none)."""

    source: str
    target: str
    relation: str
    modality: str = ""


@dataclass(frozen=True)
class Knot:
    """A thing in the picture: a box at (`x`, `y`), its upper left corner, with the lines of its name."""

    cell: Cell
    x: float
    y: float
    height: float
    lines: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Strand:
    """A tie as a curve."""

    tie: Tie
    path: str


@dataclass(frozen=True)
class Picture:
    """The drawing, and how many things and ties there were to draw; `headings` stand above its columns, if any."""

    width: float
    height: float
    knots: tuple[Knot, ...]
    strands: tuple[Strand, ...]
    things: int
    ties: int
    headings: tuple[tuple[float, str], ...] = ()
    box: int = _WIDTH

    @property
    def cut(self) -> bool:
        """Whether it shows less than there is."""
        return len(self.knots) < self.things


def thing_columns(shown: Shown, terms: Iterable[str]) -> list[int]:
    """The columns that hold things: IRIs that do not stand below one of the namespaces `terms`.

    A column that names relations, or how certain they are, is none.
    """
    namespaces = tuple(terms)
    found = []
    for at, column in enumerate(shown.columns):
        held = [row[at] for row in shown.terms if row[at] is not None]
        iris = [term.value for term in held if isinstance(term, Iri)]
        things = [iri for iri in iris if not iri.startswith(namespaces)]
        named = not shown.triples and (column in _RELATIONS or column == _CERTAINTY)
        if not named and len(iris) * 2 > len(held) and things:
            found.append(at)
    return found


def ties_of(shown: Shown, terms: Sequence[str], headings: Sequence[str], modalities: Mapping[str, str]) -> list[Tie]:
    """The ties that the rows show, each once: triples as they are, else the first thing of a row with every other.

    `headings` are the columns in words; `modalities` gives the local name of a modality by its IRI or its words.
    """
    columns = thing_columns(shown, terms)
    if len(columns) < 2:
        return []
    start, others = columns[0], columns[1:]
    relation = next((at for at, column in enumerate(shown.columns) if column in _RELATIONS), None)
    certainty = next((at for at, column in enumerate(shown.columns) if column == _CERTAINTY), None)
    found: dict[Tie, None] = {}
    for row, cells in zip(shown.terms, shown.rows, strict=True):
        if shown.triples and str(row[1]) in _NAMING:
            continue
        modality = "" if certainty is None else modalities.get(str(row[certainty]), "")
        for other in [2] if shown.triples else others:
            one, two = row[start], row[other]
            if isinstance(one, Iri) and isinstance(two, Iri) and one != two:
                said = cells[relation].text if relation is not None else headings[other] if len(others) > 1 else ""
                found[Tie(one.value, two.value, cells[1].text if shown.triples else said, modality)] = None
    return list(found)


def _drawn(ties: Sequence[Tie]) -> list[Tie]:
    """The ties in their order, for as long as their things fit."""
    seen: set[str] = set()
    kept = []
    for tie in ties:
        more = seen | {tie.source, tie.target}
        if len(more) <= _MOST:
            seen = more
            kept.append(tie)
    return kept


def _layers(ties: Sequence[Tie]) -> dict[str, int]:
    """A column for each thing: sources left and targets right where that parts them, else by steps from the hubs."""
    sources, targets = {tie.source for tie in ties}, {tie.target for tie in ties}
    if not sources & targets:
        return dict.fromkeys(sources, 0) | dict.fromkeys(targets, 1)
    beside: dict[str, set[str]] = defaultdict(set)
    for tie in ties:
        beside[tie.source].add(tie.target)
        beside[tie.target].add(tie.source)
    layers: dict[str, int] = {}
    for hub in sorted(beside, key=lambda iri: (-len(beside[iri]), iri)):
        if hub in layers:
            continue
        layers[hub] = 0
        ahead = deque([hub])
        while ahead:
            one = ahead.popleft()
            for other in sorted(beside[one] - layers.keys()):
                layers[other] = layers[one] + 1
                ahead.append(other)
    return layers


def _name(text: str) -> list[str]:
    lines = textwrap.wrap(text, _LETTERS, break_long_words=True) or [text or "–"]
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], lines[_LINES - 1][: _LETTERS - 1].rstrip() + "…"]
    return lines


def draw_ties(ties: Sequence[Tie], names: Mapping[str, Cell], headings: tuple[str, str] | None) -> Picture:
    """Draws the ties, always in the same way; `headings` are for two columns, of sources and of targets."""
    kept = _drawn(ties)
    layers = _layers(kept)
    placed = place(layers, [Edge(tie.source, tie.relation, tie.target, tie.modality) for tie in kept])
    size: dict[int, int] = defaultdict(int)
    for layer in layers.values():
        size[layer] += 1
    top = 34.0 if headings and len(size) == 2 else 10.0
    row = _LINE * _LINES + 22
    height = max(size.values(), default=0) * row
    columns = max(size, default=0) + 1
    gap = max(64, min(150, (_PAGE - columns * _WIDTH) // max(1, columns - 1)))
    at: dict[str, Knot] = {}
    for spot in placed:
        lines = _name(names[spot.iri].text)
        tall = len(lines) * _LINE + 12
        y = round(top + spot.x * height - tall / 2, 1)
        x = 2.0 + spot.row * (_WIDTH + gap)
        baselines = tuple((round(y + 18 + i * _LINE, 1), line) for i, line in enumerate(lines))
        at[spot.iri] = Knot(names[spot.iri], x, y, tall, baselines)
    aside = 60 if any(layers[tie.source] == layers[tie.target] for tie in kept) else 0
    things = len({iri for tie in ties for iri in (tie.source, tie.target)})
    return Picture(
        columns * _WIDTH + (columns - 1) * gap + 4 + aside,
        top + height + 6,
        tuple(at[spot.iri] for spot in placed),
        tuple(Strand(tie, _curve(at[tie.source], at[tie.target])) for tie in kept),
        things,
        len(ties),
        tuple((2.0 + i * (_WIDTH + gap), text) for i, text in enumerate(headings or ()) if len(size) == 2),
    )


def _curve(one: Knot, other: Knot) -> str:
    y1, y2 = one.y + one.height / 2, other.y + other.height / 2
    if one.x == other.x:
        x, bend = one.x + _WIDTH, one.x + _WIDTH + 30 + min(28.0, abs(y1 - y2) / 12)
        return f"M{x:.1f} {y1:.1f} C{bend:.1f} {y1:.1f} {bend:.1f} {y2:.1f} {x:.1f} {y2:.1f}"
    if one.x > other.x:
        one, other, y1, y2 = other, one, y2, y1
    x1, x2 = one.x + _WIDTH, other.x
    middle = (x1 + x2) / 2
    return f"M{x1:.1f} {y1:.1f} C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
