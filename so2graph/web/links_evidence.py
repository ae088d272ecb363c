"""Two records beside each other and what speaks for or against them being one, as a page shows it; without I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import asin, cos, log, log2, radians, sin, sqrt

from so2graph.link.record import Record
from so2graph.link.runs import Pair
from so2graph.link.spec import Field, Kind, Spec

__all__ = [
    "Bar",
    "Compared",
    "Piece",
    "Waterfall",
    "compared",
    "kilometres",
    "label_of",
    "point_in",
    "point_of",
    "waterfall",
]

_WORD = re.compile(r"\w+|\W+")
_MOST, _MOST_ALONE = 12, 3
"""Values of a field that are shown; and where the other side has none to compare them with."""
_EDGE = 0.04
"""Room at both ends of the drawing, as a part of its width."""
_RADIUS = 6371.0
_SEEN = 0.05
"""Bits that are worth a bar of their own."""
_LEAST = 1e-6


@dataclass(frozen=True)
class Piece:
    """A part of a value; `odd` where the other side has no such word."""

    text: str
    odd: bool = False


@dataclass(frozen=True)
class Compared:
    """A field of both records: `sign` says whether it speaks `for`, `against`, or not at all (`mute`)."""

    name: str
    kind: Kind
    left: tuple[tuple[Piece, ...], ...]
    right: tuple[tuple[Piece, ...], ...]
    sign: str
    left_more: int = 0
    right_more: int = 0


@dataclass(frozen=True)
class Bar:
    """A step of the waterfall: from `start` to `end` in bits; x and width in per cent of the drawing.

    `sign` is `for`, `against`, `mute`, or `start` and `sum` for its ends. `times` is the factor by which it makes a
    match likelier, or less likely.
    """

    key: str
    level: str
    bits: float
    sign: str
    x: float
    width: float
    from_x: float
    to_x: float

    @property
    def times(self) -> float:
        return float(2 ** min(abs(self.bits), 60))


@dataclass(frozen=True)
class Waterfall:
    """The weights of a pair one after the other, the strongest first, between where it began and what it came to.

    `even` is where both are equally likely; `accept` where the program decides by itself, if it said where.
    `silent` are the fields that one side does not have.
    """

    bars: tuple[Bar, ...]
    silent: tuple[str, ...]
    even: float
    accept: float | None


def compared(
    spec: Spec, ours: Record, theirs: Record, pair: Pair | None, point: Callable[[str], str] = str
) -> tuple[Compared, ...]:
    """The fields that either record has, in the order of the specification; `point` writes a point for a reader."""
    weights = {part.field: part.weight for part in pair.parts if part.level >= 0} if pair else {}
    found = []
    for field in spec.fields:
        sides = [tuple(record.values.get(field.name, ())) for record in (ours, theirs)]
        if field.kind is Kind.POINT:
            sides = [tuple(map(point, side)) for side in sides]
        if any(sides):
            found.append(_field(field, sides[0], sides[1], weights.get(field.name)))
    return tuple(found)


def _field(field: Field, left: Sequence[str], right: Sequence[str], weight: float | None) -> Compared:
    if left and right:
        same = {value.casefold() for value in left} & {value.casefold() for value in right}
        sign = ("for" if weight > 0 else "against" if weight < 0 else "mute") if weight is not None else ""
        sign = sign or ("for" if same else "mute")
    else:
        sign = "mute"
    words = [{word.casefold() for value in side for word in _WORD.findall(value)} for side in (left, right)]
    split = field.kind not in (Kind.POINT, Kind.IDENTIFIER, Kind.HOST)
    both = bool(left and right)
    # Where one name of several is the very same, the others need no look.
    marked = both and not (sign == "for" and {v.casefold() for v in left} & {v.casefold() for v in right})
    most = _MOST if both else _MOST_ALONE
    return Compared(
        field.name,
        field.kind,
        tuple(_pieces(value, words[1] if marked else None, split=split) for value in left[:most]),
        tuple(_pieces(value, words[0] if marked else None, split=split) for value in right[:most]),
        sign,
        max(0, len(left) - most),
        max(0, len(right) - most),
    )


def _pieces(value: str, other: set[str] | None, *, split: bool) -> tuple[Piece, ...]:
    """A value in pieces; where there is nothing to compare it with, or it is no text, in one."""
    if other is None or not split:
        return (Piece(value),)
    found: list[Piece] = []
    for word in _WORD.findall(value):
        odd = word[0].isalnum() and word.casefold() not in other
        if found and found[-1].odd == odd:
            found[-1] = Piece(found[-1].text + word, odd)
        else:
            found.append(Piece(word, odd))
    return tuple(found)


def waterfall(pair: Pair, threshold: Mapping[str, object]) -> Waterfall:
    """How the weight of a pair came about. The same pair gives the same drawing."""
    spoken = sorted((p for p in pair.parts if p.level >= 0), key=lambda p: (-abs(p.weight), p.field))
    silent = tuple(part.field for part in pair.parts if part.level < 0)
    start = pair.weight - sum(part.weight for part in pair.parts)
    steps = [(part.field, part.name, part.weight) for part in spoken]
    total = _bits(pair.probability)
    rivals = 0.0 if pair.odds is None else pair.odds / log(2) - pair.weight
    steps += [("rivals", "", rivals)] if abs(rivals) >= _SEEN else []
    rest = total - start - sum(bits for _, _, bits in steps)
    steps += [("calibration", "", rest)] if abs(rest) >= _SEEN else []
    sums = [start]
    for _, _, bits in steps:
        sums.append(sums[-1] + bits)
    value = threshold.get("value")
    accept = _bits(float(value)) if isinstance(value, int | float) and 0 < value < 1 else None
    scale = _Scale([0.0, total, *sums, *([] if accept is None else [accept])])
    bars = [_bar("start", "", 0.0, start, "start", scale)]
    for (key, level, bits), before, after in zip(steps, sums, sums[1:], strict=False):
        sign = "for" if bits > 0 else "against" if bits < 0 else "mute"
        bars.append(_bar(key, level, before, after, sign, scale))
    bars.append(_bar("sum", "", 0.0, total, "sum", scale))
    return Waterfall(tuple(bars), silent, scale(0.0), None if accept is None else scale(accept))


def _bits(probability: float) -> float:
    """A probability as log-odds to the base of 2, within what can be drawn."""
    likely = min(max(probability, _LEAST), 1 - _LEAST)
    return log2(likely / (1 - likely))


class _Scale:
    """From bits to per cent of the width."""

    def __init__(self, values: Iterable[float]) -> None:
        known = list(values)
        self._low = min(known)
        self._span = (max(known) - self._low) or 1.0

    def __call__(self, bits: float) -> float:
        return round(100 * (_EDGE + (1 - 2 * _EDGE) * (bits - self._low) / self._span), 2)


def _bar(key: str, level: str, before: float, after: float, sign: str, scale: _Scale) -> Bar:
    low, high = sorted((scale(before), scale(after)))
    width = round(max(high - low, 0.6), 2)
    return Bar(key, level, after - before, sign, low, width, scale(before), scale(after))


def label_of(record: Record | None, spec: Spec, ident: str) -> str:
    """What a record is called: the first of its names, else its identifier."""
    for field in spec.fields:
        if record is not None and field.kind in (Kind.NAME, Kind.TEXT) and record.values.get(field.name):
            return record.values[field.name][0]
    return ident


def point_of(record: Record | None, spec: Spec) -> tuple[float, float] | None:
    """Latitude and longitude of a record; None where it has none, or several."""
    if record is None:
        return None
    texts = {text for field in spec.of_kind(Kind.POINT) for text in record.values.get(field.name, ())}
    return point_in(texts.pop()) if len(texts) == 1 else None


def point_in(text: str) -> tuple[float, float] | None:
    """Latitude and longitude in a text of a field of points; None where it is none."""
    try:
        latitude, longitude = map(float, text.split())
    except ValueError:
        return None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The distance of two points on a sphere."""
    (lat1, lon1), (lat2, lon2) = (tuple(map(radians, point)) for point in (one, other))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * _RADIUS * asin(min(1.0, sqrt(half)))
