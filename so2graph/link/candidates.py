"""Picks the pairs that are worth a look: the same identifier, like names, near one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.spatial import cKDTree

from so2graph.link.dutch import initials
from so2graph.link.grams import GramIndex, likest
from so2graph.link.spec import Kind, Spec
from so2graph.link.tables import PAIRS, TYPES

__all__ = ["candidates"]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

_MOST_SHARED = 50
"""An identifier, a host or a word that more records of a side share than this singles out none of them."""
_NEAR_KM = 10.0
_EARTH_KM = 6371.0088
_SHORTEST_WORD = 3
_PLACED = "place"
_SAID = (
    Kind.NAME,
    Kind.TEXT,
    Kind.PEOPLE,
    Kind.PLACE,
    Kind.STREET,
    Kind.PHONE,
    Kind.YEAR,
    Kind.NUMBER,
    Kind.CODE,
)
"""Kinds whose values say in words or figures what a thing is."""


@dataclass(frozen=True)
class _Found:
    """Pairs that one reason brought together."""

    left: Ints
    right: Ints
    why: str


@dataclass(frozen=True)
class _Values:
    """The values of a field on one side, and the row of each."""

    texts: pa.Array
    rows: Ints

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, keep: npt.NDArray[np.bool_]) -> _Values:
        return _Values(self.texts.filter(pa.array(keep)), self.rows[keep])


def _values(table: pa.Table, names: Sequence[str]) -> _Values:
    """The values of columns of lists, one column after the other."""
    texts, rows = [pa.array([], pa.string())], [np.zeros(0, np.int32)]
    for name in names:
        column = table.column(name).combine_chunks()
        lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
        texts.append(column.flatten())
        rows.append(np.repeat(np.arange(table.num_rows, dtype=np.int32), lengths))
    return _Values(pa.concat_arrays(texts), np.concatenate(rows))


@dataclass(frozen=True)
class _Guard:
    """Which rows may meet: types of both sides by number, and a table of those that may."""

    left: Ints
    right: Ints
    may: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, left: pa.Table, right: pa.Table, spec: Spec) -> _Guard:
        """A record whose types are not known may meet any."""
        (mine, my_sets), (other, other_sets) = _type_sets(left), _type_sets(right)
        may = np.ones((len(my_sets), len(other_sets)), bool)
        if spec.meets:
            for i, some in enumerate(my_sets):
                for j, more in enumerate(other_sets):
                    fits = any(a in some and b in more for a, b in spec.meets)
                    may[i, j] = not some or not more or fits
        return cls(mine, other, may)

    def allows(self, left: Ints, right: Ints) -> npt.NDArray[np.bool_]:
        return self.may[self.left[left], self.right[right]]

    @cached_property
    def groups(self) -> tuple[tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]], ...]:
        """Rows of the left and all those of the right that they may meet; a left row is in one group."""
        rows: dict[bytes, list[int]] = {}
        for number, each in enumerate(self.may):
            rows.setdefault(each.tobytes(), []).append(number)
        return tuple((np.isin(self.left, some), self.may[some[0]][self.right]) for some in rows.values())


def _type_sets(table: pa.Table) -> tuple[Ints, list[frozenset[str]]]:
    joined = pc.binary_join(table.column(TYPES).combine_chunks(), "\n").dictionary_encode()
    sets = [frozenset(filter(None, text.split("\n"))) for text in joined.dictionary.to_pylist()]
    return joined.indices.to_numpy(zero_copy_only=False).astype(np.int32), sets


def candidates(left: pa.Table, right: pa.Table, spec: Spec, threads: int = 1) -> pa.Table:
    """The pairs of two normalised tables that are worth a look, as `PAIRS`, by left row and then by cosine.

    They are those that share an identifier or a host (unless very many do); the `spec.top` likest names of each left
    record; half as many, the likest by all that is said of them, where no single name tells things apart; acronyms
    with what they may stand for; the nearest points within 10 km; and half as many as `top` of one place with a word
    in common that is rare there, the likest. Types that may not meet are left out before the likest
    are taken. The same tables give the same pairs, whatever the number of threads.
    """
    guard = _Guard.of(left, right, spec)
    found = [*_by_identifier(left, right, spec), *_by_acronym(left, right, spec)]
    found += [*_by_place(left, right, spec)]
    for mine, other in guard.groups:
        found += _by_point(left, right, spec, mine, other)
    named = _Names(left, right, spec, guard, threads)
    return _table([*named.likest, *found], guard, named, spec.top)


_Compared = tuple[list[str], Ints, list[str], Ints, GramIndex]
"""Texts of the left, the row of each, the same of the right, and the index of these."""


class _Names:
    """Candidates by like names, or by all that is said where no name tells things apart; the cosine of any pair."""

    def __init__(self, left: pa.Table, right: pa.Table, spec: Spec, guard: _Guard, threads: int) -> None:
        self.likest: list[_Found] = []
        self._sides: list[_Compared] = []
        names = [each.name for each in spec.of_kind(Kind.NAME)]
        for fields in (names, *([each.name] for each in spec.of_kind(Kind.TEXT))):
            if fields:
                mine, other = _cores(_values(left, fields)), _cores(_values(right, fields))
                self._sides += self._compare(mine, other, "name", spec.top, guard, threads)
        said = _said(right, spec)
        if said:
            half = (spec.top + 1) // 2
            sides = self._compare(_whole(left, said), _whole(right, said), "record", half, guard, threads)
            self._sides = self._sides or sides

    def _compare(
        self, mine: _Values, other: _Values, why: str, top: int, guard: _Guard, threads: int
    ) -> list[_Compared]:
        found = []
        for ours, theirs in guard.groups:
            some, more = mine.take(ours[mine.rows]), other.take(theirs[other.rows])
            index = GramIndex.build(more.texts.to_pylist(), more.rows)
            texts = some.texts.to_pylist()
            query, row, cosine = index.best(texts, top, threads)
            row_of, row, _ = likest(some.rows[query], row, cosine, top)
            self.likest.append(_Found(row_of, row, why))
            found.append((texts, some.rows, more.texts.to_pylist(), more.rows, index))
        return found

    def cosine(self, left: Ints, right: Ints) -> Floats:
        """The cosine of the likest names of each pair; 0 where a side has none."""
        best = np.zeros(len(left), np.float32)
        for mine, my_rows, other, other_rows, index in self._sides:
            pair, a, b = _crossed(left, my_rows, right, other_rows)
            np.maximum.at(best, pair, index.cosines([mine[i] for i in a], [other[i] for i in b]))
        return best


def _said(right: pa.Table, spec: Spec) -> list[str]:
    """The fields that say in words or figures what a thing is, where no name does: there is none or are several (a
    given name, a surname), or it is shared by more on the right than are looked at."""
    names = [each.name for each in spec.of_kind(Kind.NAME, Kind.TEXT)]
    said = [each for each in spec.of_kind(*_SAID) if each.name not in names[:1]]
    if len(names) == 1 and (
        all(each.kind is Kind.PLACE for each in said) or _sharing(right, names[0]) <= (spec.top + 1) // 2
    ):
        return []
    return [*names[:1], *(each.name for each in said)]


def _sharing(table: pa.Table, name: str) -> float:
    """How many rows have the same value of a field as a row has, on the mean; 0 where none has any."""
    counts = pc.value_counts(table.column(name).combine_chunks().flatten()).field("counts").to_numpy().astype(float)
    return float((counts**2).sum() / max(counts.sum(), 1.0))


def _whole(table: pa.Table, fields: Sequence[str]) -> _Values:
    """All that fields say of each row that says something, as one text."""
    columns = [pc.binary_join(column, " ") for column in (table.column(name).combine_chunks() for name in fields)]
    texts = pc.binary_join_element_wise(*columns, " ", null_handling="skip")
    texts = pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, r"\s+", " "))
    rows = np.flatnonzero(pc.not_equal(texts, "").to_numpy(zero_copy_only=False)).astype(np.int32)
    return _Values(texts.take(pa.array(rows)), rows)


def _crossed(left: Ints, my_rows: Ints, right: Ints, other_rows: Ints) -> tuple[Longs, Longs, Longs]:
    """Every value of the left of a pair with every one of its right: pair, place on the left, place on the right."""
    my_order, other_order = np.argsort(my_rows, kind="stable"), np.argsort(other_rows, kind="stable")
    pair, a = _matches(left, my_rows[my_order])
    again, b = _matches(right[pair], other_rows[other_order])
    return pair[again], my_order[a[again]], other_order[b]


def _matches(keys: npt.NDArray[np.integer], ordered: npt.NDArray[np.integer]) -> tuple[Longs, Longs]:
    """For each key its places among ordered ones: the place of the key, and that of the match."""
    begin, end = np.searchsorted(ordered, keys, "left"), np.searchsorted(ordered, keys, "right")
    count = end - begin
    key = np.repeat(np.arange(len(keys)), count)
    within = np.arange(len(key)) - np.repeat(np.cumsum(count) - count, count)
    return key, begin[key] + within


def _cores(values: _Values) -> _Values:
    """The cores of packed names, and their acronyms as texts of their own; texts as they are."""
    texts = pc.replace_substring_regex(values.texts, "\t.*", "") if len(values) else values.texts
    acronyms = _acronyms(values)
    if len(acronyms):
        texts = pa.concat_arrays([texts, acronyms.texts])
    return _Values(texts, np.concatenate((values.rows, acronyms.rows)))


def _acronyms(values: _Values) -> _Values:
    """What stands behind the third tab of packed names."""
    if not len(values):
        return values
    packed = pc.match_substring_regex(values.texts, "\t.*\t.*\t").to_numpy(zero_copy_only=False)
    some = values.take(packed)
    return _Values(pc.replace_substring_regex(some.texts, ".*\t", ""), some.rows)


def _joined(mine: _Values, other: _Values) -> tuple[Ints, Ints, Longs, pa.Array]:
    """Rows of both sides that share a value which few share, the number of that value, and the values."""
    both = pa.concat_arrays([mine.texts, other.texts]).dictionary_encode()
    codes = both.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    left, right, code = _same(codes[: len(mine)], mine.rows, codes[len(mine) :], other.rows)
    return left, right, code, both.dictionary


def _same(mine: Longs, my_rows: Ints, other: Longs, other_rows: Ints) -> tuple[Ints, Ints, Longs]:
    order = np.argsort(other, kind="stable")
    ordered = other[order]
    often = _often(mine, ordered)
    keep = np.flatnonzero((often > 0) & (often <= _MOST_SHARED) & (_often(mine, np.sort(mine)) <= _MOST_SHARED))
    at, match = _matches(mine[keep], ordered)
    return my_rows[keep][at], other_rows[order[match]], mine[keep][at]


def _often(keys: Longs, ordered: Longs) -> Longs:
    """How often each key is among ordered ones."""
    return np.searchsorted(ordered, keys, "right") - np.searchsorted(ordered, keys, "left")


def _by_identifier(left: pa.Table, right: pa.Table, spec: Spec) -> Iterator[_Found]:
    for each in spec.of_kind(Kind.IDENTIFIER, Kind.HOST):
        mine, other, code, values = _joined(_values(left, [each.name]), _values(right, [each.name]))
        if each.kind == Kind.HOST:
            yield _Found(mine, other, "host")
            continue
        schemes = np.array([value.partition(":")[0] for value in values.take(pa.array(code)).to_pylist()], dtype=str)
        for scheme in np.unique(schemes):
            yield _Found(mine[schemes == scheme], other[schemes == scheme], f"identifier:{scheme}")


def _by_acronym(left: pa.Table, right: pa.Table, spec: Spec) -> Iterator[_Found]:
    names = [each.name for each in spec.of_kind(Kind.NAME)]
    if not names:
        return
    mine, other = _values(left, names), _values(right, names)
    for short, full, turned in ((_acronyms(mine), other, False), (_acronyms(other), mine, True)):
        if not len(short):
            continue
        said = frozenset(short.texts.to_pylist())
        cores = _cores(full)
        pairs = [
            (each, row)
            for text, row in zip(cores.texts.to_pylist(), cores.rows.tolist(), strict=True)
            for each in (*initials(text), text)
            if each in said
        ]
        meant = _Values(pa.array([each for each, _ in pairs], pa.string()), np.array([r for _, r in pairs], np.int32))
        if turned:
            a, b, *_ = _joined(meant, short)
        else:
            a, b, *_ = _joined(short, meant)
        yield _Found(a, b, "acronym")


def _by_place(left: pa.Table, right: pa.Table, spec: Spec) -> Iterator[_Found]:
    names = [each.name for each in spec.of_kind(Kind.NAME, Kind.TEXT)]
    places = [each.name for each in spec.of_kind(Kind.PLACE)]
    if not names or not places:
        return
    sides = [(_values(table, places), _words(_cores(_values(table, names)))) for table in (left, right)]
    place = pa.concat_arrays([sides[0][0].texts, sides[1][0].texts]).dictionary_encode()
    word = pa.concat_arrays([sides[0][1].texts, sides[1][1].texts]).dictionary_encode()
    placed = place.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    worded = word.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    keys = []
    for side, (where, said) in enumerate(sides):
        at = placed[: len(sides[0][0])] if side == 0 else placed[len(sides[0][0]) :]
        of = worded[: len(sides[0][1])] if side == 0 else worded[len(sides[0][1]) :]
        order = np.argsort(where.rows, kind="stable")
        here, match = _matches(said.rows, where.rows[order])
        key = at[order[match]] * len(word.dictionary) + of[here]
        row = said.rows[here]
        order = np.lexsort((row, key))
        once = np.ones(len(order), bool)
        once[1:] = (key[order][1:] != key[order][:-1]) | (row[order][1:] != row[order][:-1])
        keys.append((key[order][once], row[order][once]))
    mine, other, _ = _same(*keys[0], *keys[1])
    yield _Found(mine, other, _PLACED)


def _words(values: _Values) -> _Values:
    """The words of texts that are no small ones, each with the row of its text."""
    lists = pc.split_pattern(values.texts, " ")
    rows = np.repeat(values.rows, pc.list_value_length(lists).to_numpy(zero_copy_only=False))
    words = _Values(lists.flatten(), rows)
    long = pc.greater_equal(pc.utf8_length(words.texts), _SHORTEST_WORD)
    return words.take(long.to_numpy(zero_copy_only=False))


def _by_point(
    left: pa.Table, right: pa.Table, spec: Spec, ours: npt.NDArray[np.bool_], theirs: npt.NDArray[np.bool_]
) -> Iterator[_Found]:
    for each in spec.of_kind(Kind.POINT):
        mine, other = _values(left, [each.name]), _values(right, [each.name])
        mine, other = mine.take(ours[mine.rows]), other.take(theirs[other.rows])
        if not len(mine) or not len(other):
            continue
        top = min(spec.top, len(other))
        chord = 2 * np.sin(_NEAR_KM / _EARTH_KM / 2)
        _, at = cKDTree(_on_sphere(other)).query(
            _on_sphere(mine), k=np.arange(1, top + 1), distance_upper_bound=chord
        )
        query, rank = np.nonzero(at < len(other))
        yield _Found(mine.rows[query], other.rows[at[query, rank]], "near")


def _on_sphere(values: _Values) -> npt.NDArray[np.float64]:
    """The points as vectors of length 1."""
    degrees = np.array([text.split(" ") for text in values.texts.to_pylist()], np.float64)
    latitude, longitude = np.radians(degrees.T)
    flat = np.cos(latitude)
    return np.column_stack((flat * np.cos(longitude), flat * np.sin(longitude), np.sin(latitude)))


def _table(found: Sequence[_Found], guard: _Guard, named: _Names, top: int) -> pa.Table:
    """The pairs once each, with all that brought them together."""
    reasons = sorted({each.why for each in found}, key=lambda why: (not why.startswith("identifier"), why))
    left = np.concatenate([np.zeros(0, np.int32), *(each.left for each in found)])
    right = np.concatenate([np.zeros(0, np.int32), *(each.right for each in found)])
    why = np.concatenate(
        [np.zeros(0, np.int32), *(np.full(len(each.left), reasons.index(each.why), np.int32) for each in found)]
    )
    allowed = guard.allows(left, right)
    left, right, why = left[allowed], right[allowed], why[allowed]
    order = np.lexsort((why, right, left))
    left, right, why = left[order], right[order], why[order]
    fresh = np.ones(len(left), bool)
    fresh[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1])
    once = fresh.copy()
    once[1:] |= why[1:] != why[:-1]
    fresh, left, right, why = fresh[once], left[once], right[once], why[once]
    begin = np.flatnonzero(fresh)
    cosine = named.cosine(left[begin], right[begin])
    lists = pa.ListArray.from_arrays(
        pa.array(np.append(begin, len(why)), pa.int32()), pa.array(reasons, pa.string()).take(pa.array(why))
    )
    table = pa.table([left[begin], right[begin], cosine, lists], schema=PAIRS)
    alone = np.diff(np.append(begin, len(why))) == 1
    weak = alone & (why[begin] == (reasons.index(_PLACED) if _PLACED in reasons else -1))
    order = np.lexsort((right[begin], -cosine, left[begin]))
    return table.take(pa.array(order[_kept(left[begin][order], weak[order], (top + 1) // 2)]))


def _kept(left: Ints, weak: npt.NDArray[np.bool_], most: int) -> npt.NDArray[np.bool_]:
    """All pairs but the weak ones of a left row after the first `most` of these."""
    seen: Longs = np.concatenate((np.zeros(1, np.int64), np.cumsum(weak, dtype=np.int64)))
    within: Longs = seen[1:] - seen[np.searchsorted(left, left)]
    kept: npt.NDArray[np.bool_] = np.logical_or(~weak, within <= most)
    return kept
