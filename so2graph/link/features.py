"""How alike two values are: a small integer a field, the same on every engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import ratio

from so2graph.link.likeness import LIKENESS, NO_TERMS, UNKNOWN, Terms, likeness, phrase, shared_mass, words_of
from so2graph.link.spec import Kind, Spec

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "LEVELS",
    "RARE",
    "UNKNOWN",
    "WORDS",
    "Terms",
    "column",
    "compare",
    "features",
    "shared",
    "term_column",
]

LEVELS: Mapping[Kind, tuple[str, ...]] = {
    Kind.NAME: LIKENESS,
    Kind.TEXT: LIKENESS,
    Kind.PEOPLE: ("different", "faint", "partly", "contained", "same"),
    Kind.PLACE: ("different", "partly", "similar", "same"),
    Kind.STREET: ("different", "partly", "number", "similar", "same"),
    Kind.PHONE: ("different", "partly", "similar", "same"),
    Kind.YEAR: ("different", "near", "next", "same"),
    Kind.NUMBER: ("different", "near", "next", "same"),
    Kind.CODE: ("different", "partly", "same"),
    Kind.IDENTIFIER: ("different", "same"),
    Kind.HOST: ("different", "partly", "same"),
    Kind.POINT: ("different", "far", "near", "next", "same"),
    Kind.RELATED: ("different", "partly", "contained", "same"),
}
"""The names of the levels of each kind, from the least alike to the same."""

RARE = (Kind.NAME, Kind.PLACE, Kind.CODE)
"""Kinds where it matters how common a value is that both sides have."""

WORDS: Mapping[str, tuple[str, str]] = {
    "unknown": ("niet bekend", "not known"),
    "different": ("verschillend", "different"),
    "faint": ("nauwelijks gelijkend", "hardly alike"),
    "partly": ("deels gelijk", "partly the same"),
    "contained": ("het ene deel van het andere", "one within the other"),
    "number": ("zelfde nummer, andere straat", "same number, other street"),
    "similar": ("gelijkend", "similar"),
    "nearly": ("vrijwel gelijk", "nearly the same"),
    "same": ("gelijk", "the same"),
    "far": ("ver uiteen", "far apart"),
    "near": ("in de buurt", "near"),
    "next": ("vlak bij elkaar", "close"),
}
"""Each name of a level, in Dutch and in English."""


_SHORTEST_CODE = 4
"""A code of fewer signs that differs in one is another code."""


@dataclass(frozen=True)
class _Person:
    family: str
    given: tuple[str, ...]


@lru_cache(maxsize=200_000)
def _people(text: str) -> tuple[_Person, ...]:
    found = []
    for name in re.split(r"[;,]|\s(?:and|en|und|et|&)\s", text):
        if words := words_of(name):
            found.append(_Person(words[-1], words[:-1]))
    return tuple(found)


def _same_person(one: _Person, other: _Person) -> bool:
    if one.family != other.family and (
        (one.family[0] != other.family[0] and one.family[-1] != other.family[-1])
        or min(len(one.family), len(other.family)) < 4
        or OSA.normalized_similarity(one.family, other.family) < 0.75
    ):
        return False
    initials, others = (sorted({word[0] for word in person.given}) for person in (one, other))
    return not initials or not others or bool(set(initials) & set(others))


def _overlap(left: Sequence[_Person], right: Sequence[_Person]) -> int:
    rest = list(right)
    shared = 0
    for one in left:
        found = next((other for other in rest if _same_person(one, other)), None)
        if found is not None:
            rest.remove(found)
            shared += 1
    if not shared:
        return 0
    if shared == len(left) == len(right):
        return 4
    if shared == min(len(left), len(right)):
        return 3
    return 2 if shared * 2 >= max(len(left), len(right)) else 1


def _people_level(left: Sequence[str], right: Sequence[str]) -> int:
    mine = [person for text in left for person in _people(text)]
    yours = [person for text in right for person in _people(text)]
    return _overlap(mine, yours) if mine and yours else UNKNOWN


def _place(left: str, right: str) -> int:
    one, other = words_of(left), words_of(right)
    if not one or not other:
        return UNKNOWN
    if sorted(one) == sorted(other):
        return 3
    if ratio("".join(one), "".join(other)) >= 85:
        return 2
    if set(one) <= set(other) or set(other) <= set(one):
        return 2
    return 1 if set(one) & set(other) else 0


def _street(left: str, right: str) -> int:
    one, other = words_of(left), words_of(right)
    if not one or not other:
        return UNKNOWN
    if one == other:
        return 4
    numbers, others = ({word for word in words if word[0].isdigit()} for words in (one, other))
    names, rest = ([word for word in words if not word[0].isdigit()] for words in (one, other))
    mine, yours, _ = shared_mass(phrase(" ".join(names), NO_TERMS), phrase(" ".join(rest), NO_TERMS))
    least = min(len(names), len(rest))
    alike = bool(least) and max(mine, yours) / least >= 0.6
    agree = bool(numbers & others)
    if alike:
        return 3 if agree or (not numbers and not others) else 1
    return 2 if agree and one[0] == other[0] else 0


def _phone(left: str, right: str) -> int:
    one, other = (re.sub(r"\D", "", text) for text in (left, right))
    if min(len(one), len(other)) < 5:
        return UNKNOWN
    if one == other or one.lstrip("0") == other.lstrip("0") or one[-9:] == other[-9:]:
        return 3
    if one[-7:] == other[-7:] or (len(one) == len(other) and OSA.distance(one, other) == 1):
        return 2
    return 1 if one[:6] == other[:6] else 0


def _number_of(text: str) -> float | None:
    found = re.search(r"-?\d+(?:[.,]\d+)?", text.replace("\u00a0", ""))
    return float(found.group().replace(",", ".")) if found else None


def _year(left: str, right: str) -> int:
    years = [re.search(r"\d{4}", text) for text in (left, right)]
    if years[0] is None or years[1] is None:
        return UNKNOWN
    apart = abs(int(years[0].group()) - int(years[1].group()))
    return 3 if apart == 0 else 2 if apart == 1 else 1 if apart <= 3 else 0


def _number(left: str, right: str) -> int:
    one, other = _number_of(left), _number_of(right)
    if one is None or other is None:
        return UNKNOWN
    if one == other:
        return 3
    apart = abs(one - other) / max(abs(one), abs(other))
    return 2 if apart <= 0.05 else 1 if apart <= 0.2 else 0


def _code(left: str, right: str) -> int:
    one, other = set(words_of(left)), set(words_of(right))
    if not one or not other:
        return UNKNOWN
    if one == other:
        return 2
    return 1 if one & other or _misread(one, other) else 0


def _misread(left: set[str], right: set[str]) -> bool:
    """Whether two codes of one word differ in one sign, or in two that changed places."""
    if len(left) != 1 or len(right) != 1:
        return False
    (one,), (other,) = left, right
    return min(len(one), len(other)) >= _SHORTEST_CODE and OSA.distance(one, other, score_cutoff=1) == 1


def _identifier(left: Sequence[str], right: Sequence[str]) -> int:
    if set(left) & set(right):
        return 1
    schemes = {text.partition(":")[0] for text in left} & {text.partition(":")[0] for text in right}
    return 0 if schemes else UNKNOWN


def _host(left: str, right: str) -> int:
    one, other = left.casefold().removeprefix("www."), right.casefold().removeprefix("www.")
    if one == other:
        return 2
    return 1 if one.endswith("." + other) or other.endswith("." + one) else 0


def kilometres(left: str, right: str) -> float | None:
    """The distance over the globe of two points, `latitude longitude` in degrees each."""
    try:
        one, other = ([radians(float(part)) for part in text.replace(",", " ").split()] for text in (left, right))
    except ValueError:
        return None
    if len(one) != 2 or len(other) != 2:
        return None
    half = sin((one[0] - other[0]) / 2) ** 2 + cos(one[0]) * cos(other[0]) * sin((one[1] - other[1]) / 2) ** 2
    return 2 * 6371.0 * asin(min(1.0, sqrt(half)))


def _point(left: str, right: str) -> int:
    apart = kilometres(left, right)
    if apart is None:
        return UNKNOWN
    return next((level for level, most in ((4, 0.25), (3, 2.0), (2, 8.0), (1, 40.0)) if apart <= most), 0)


def _related(left: Sequence[str], right: Sequence[str]) -> int:
    one, other = set(left), set(right)
    if not one or not other:
        return UNKNOWN
    shared = len(one & other)
    if shared == len(one) == len(other):
        return 3
    return 2 if shared == min(len(one), len(other)) else 1 if shared else 0


_SINGLE: Mapping[Kind, Callable[[str, str], int]] = {
    Kind.PLACE: _place,
    Kind.STREET: _street,
    Kind.PHONE: _phone,
    Kind.YEAR: _year,
    Kind.NUMBER: _number,
    Kind.CODE: _code,
    Kind.HOST: _host,
    Kind.POINT: _point,
}
_WHOLE: Mapping[Kind, Callable[[Sequence[str], Sequence[str]], int]] = {
    Kind.PEOPLE: _people_level,
    Kind.IDENTIFIER: _identifier,
    Kind.RELATED: _related,
}


def compare(kind: Kind, left: Sequence[str], right: Sequence[str], terms: Terms | None = None) -> int:
    """The level of the two most similar values, as an index of `LEVELS[kind]`; `UNKNOWN` where a side has none.

    Values are normal forms (`normalise`). `terms` say how rare the words of names and texts are.
    """
    if not left or not right:
        return UNKNOWN
    if (whole := _WHOLE.get(kind)) is not None:
        return whole(left, right)
    if (single := _SINGLE.get(kind)) is not None:
        return max(single(one, other) for one in left for other in right)
    known = NO_TERMS if terms is None else terms
    yours = [phrase(text, known) for text in right]
    return max(likeness(phrase(text, known), other) for text in left for other in yours)


def column(field_name: str) -> str:
    """The column of the levels of a field."""
    return f"level_{field_name}"


def shared(left: Sequence[str], right: Sequence[str]) -> str:
    """The first value of the left that the right has too."""
    return next((text for text in left if text in right), "")


def term_column(field_name: str) -> str:
    """The column of the values that both sides have, of a field where it matters how rare they are."""
    return f"term_{field_name}"


def features(
    left: pa.Table, right: pa.Table, pairs: pa.Table, spec: Spec, terms: Mapping[str, Terms] | None = None
) -> pa.Table:
    """The pairs with a column of int8, `level_<field>`, a field. Tables of normalised records go in.

    Fields of a kind in `RARE` also get `term_<field>`: the value that both have, where they have the same.
    """
    import pyarrow as pa

    from so2graph.link.terms import terms_of

    known = terms_of(left, right, spec) if terms is None else terms
    left, ones = _in_pairs(left, pairs.column("left"))
    right, others = _in_pairs(right, pairs.column("right"))
    rows = list(zip(ones, others, strict=True))
    for each in spec.fields:
        mine, yours = left.column(each.name).to_pylist(), right.column(each.name).to_pylist()
        levels = _levels(each.kind, mine, yours, rows, known.get(each.name))
        pairs = pairs.append_column(column(each.name), pa.array(levels, pa.int8()))
        if each.kind in RARE:
            most = len(LEVELS[each.kind]) - 1
            same = zip(rows, levels, strict=True)
            values = [shared(mine[one], yours[other]) if level == most else "" for (one, other), level in same]
            pairs = pairs.append_column(term_column(each.name), pa.array(values, pa.string()))
    return pairs


def _in_pairs(table: pa.Table, rows: pa.ChunkedArray) -> tuple[pa.Table, list[int]]:
    """The records that are in a pair, each once, and the row of each pair in them."""
    found = rows.combine_chunks().dictionary_encode()
    return table.take(found.dictionary), found.indices.to_pylist()


def _levels(
    kind: Kind,
    left: Sequence[Sequence[str]],
    right: Sequence[Sequence[str]],
    rows: Iterable[tuple[int, int]],
    terms: Terms | None,
) -> list[int]:
    if kind not in (Kind.NAME, Kind.TEXT):
        return [compare(kind, left[one], right[other]) for one, other in rows]
    known = NO_TERMS if terms is None else terms
    mine = [[phrase(text, known) for text in values] for values in left]
    yours = [[phrase(text, known) for text in values] for values in right]
    return [
        max((likeness(text, form) for text in mine[one] for form in yours[other]), default=UNKNOWN)
        for one, other in rows
    ]
