"""Reads a chart from the rows of an answer: a number for each thing, or how many rows there are of each kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from so2graph.vocab import XSD, Iri, Literal, Term
from so2graph.web.site import Cell
from so2graph.web.tables import Shown

__all__ = ["Bar", "Chart", "Choice", "chart_of", "choices", "numbers", "years"]

_NUMBERS = frozenset(
    XSD + name
    for name in (
        *("integer", "decimal", "double", "float", "long", "int", "short", "byte", "nonNegativeInteger"),
        *("positiveInteger", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
    )
)
_YEAR = re.compile(r"-?\d{4}")
_MOST = 40
"""Bars that a chart shows; the rest is one bar together."""
_WIDE, _HIGH = 46, 220


@dataclass(frozen=True)
class Choice:
    """What a chart may show: a column of kinds, and a column with a number for each (None: the rows are counted)."""

    by: int
    of: int | None = None


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its value as text, and its length as a part of the longest (0 to 100, down to -100)."""

    cell: Cell
    value: str
    length: float


@dataclass(frozen=True)
class Chart:
    """Bars, in the order of their size, or of time where they are years (`in_time`: then none is left out between).

    `others` are how many kinds the last bar stands for, 0 when each has a bar of its own.
    """

    choice: Choice
    bars: tuple[Bar, ...]
    in_time: bool
    others: int = 0

    height = _HIGH

    @property
    def width(self) -> int:
        """The width of the drawing of years."""
        return len(self.bars) * _WIDE

    def column(self, at: int) -> tuple[float, float, float]:
        """The left side, the top and the height of a column of years, in a drawing `_HIGH` high."""
        tall = round(self.bars[at].length / 100 * (_HIGH - 30), 1)
        return at * _WIDE + 8.0, round(_HIGH - tall, 1), tall


def _value(term: Term | None) -> Decimal | None:
    if isinstance(term, Literal) and term.datatype in _NUMBERS:
        try:
            value = Decimal(term.value)
        except InvalidOperation:
            return None
        return value if value.is_finite() else None
    return None


def _held(shown: Shown, at: int) -> list[Term]:
    return [term for row in shown.terms if (term := row[at]) is not None]


def _kind(terms: Sequence[Term | None], cells: Sequence[Cell], at: int) -> Term | None:
    """The kind that a row is of: its term, or the name that stands where there is none."""
    return terms[at] or (Literal(cells[at].text) if cells[at].text else None)


def numbers(shown: Shown, at: int) -> bool:
    """Whether a column holds numbers only."""
    held = _held(shown, at)
    return bool(held) and all(_value(term) is not None for term in held)


def years(shown: Shown, at: int) -> bool:
    """Whether a column holds years only."""
    held = _held(shown, at)
    return bool(held) and all(
        isinstance(term, Literal) and term.datatype == XSD + "gYear" and _YEAR.fullmatch(term.value) for term in held
    )


def choices(shown: Shown) -> list[Choice]:
    """The charts that make sense: first a number for each thing, then counts of what comes more than once."""
    if shown.triples or len(shown.rows) < 2:
        return []
    columns = range(len(shown.columns))
    counted = [at for at in columns if numbers(shown, at)]
    measured, grouped = [], []
    for at in columns:
        held = [kind for row, cells in zip(shown.terms, shown.rows, strict=True) if (kind := _kind(row, cells, at))]
        distinct = len(set(held))
        if at in counted or distinct < 2:
            continue
        if distinct == len(held) == len(shown.rows):
            measured += [Choice(at, of) for of in counted]
        elif distinct < len(held) and all(isinstance(term, Iri) or len(str(term)) < 80 for term in held):
            grouped.append(Choice(at))
    return [*measured, *grouped]


def chart_of(shown: Shown, choice: Choice, others: str) -> Chart:
    """The chart of a choice that `choices` gave; `others` names the bar that stands for the rest."""
    totals: dict[Term, Decimal] = {}
    cells: dict[Term, Cell] = {}
    for terms, row in zip(shown.terms, shown.rows, strict=True):
        term = _kind(terms, row, choice.by)
        if term is None:
            continue
        value = Decimal(1) if choice.of is None else _value(terms[choice.of]) or Decimal(0)
        totals[term] = totals.get(term, Decimal(0)) + value
        cells.setdefault(term, row[choice.by])
    if years(shown, choice.by) and (found := _in_time(totals)) is not None:
        rows, left = [(Cell(str(year)), value) for year, value in found], 0
    else:
        ordered = sorted(totals, key=lambda term: (-totals[term], cells[term].text, str(term)))
        kept = ordered if len(ordered) <= _MOST else ordered[: _MOST - 1]
        rows = [(cells[term], totals[term]) for term in kept]
        left = len(ordered) - len(kept)
        if left:
            rows.append((Cell(others), sum((totals[term] for term in ordered[len(kept) :]), Decimal(0))))
        found = None
    return Chart(choice, _bars(rows), found is not None, left)


def _in_time(totals: dict[Term, Decimal]) -> list[tuple[int, Decimal]] | None:
    """Every year from the first to the last with its total; None where they are too far apart for a drawing."""
    by_year = {int(str(term)): value for term, value in totals.items()}
    first, last = min(by_year), max(by_year)
    if last - first >= _MOST:
        return None
    return [(year, by_year.get(year, Decimal(0))) for year in range(first, last + 1)]


def _bars(rows: Sequence[tuple[Cell, Decimal]]) -> tuple[Bar, ...]:
    most = max((abs(value) for _, value in rows), default=Decimal(0)) or Decimal(1)
    return tuple(Bar(cell, _text(value), round(float(value / most) * 100, 2)) for cell, value in rows)


def _text(value: Decimal) -> str:
    return str(int(value)) if value == value.to_integral_value() else f"{value.normalize():f}"
