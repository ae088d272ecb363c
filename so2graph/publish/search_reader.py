"""Reads the index: finds names, lists things, and counts by facet within a time."""

from __future__ import annotations

import sqlite3
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import compress, islice
from pathlib import Path
from time import monotonic

from so2graph.publish.search_index import numbers
from so2graph.publish.search_text import Query, Scorer, near_words
from so2graph.publish.search_things import FACETS

__all__ = ["ORDERS", "Chosen", "Count", "Found", "Hit", "Index", "Listed", "opened"]

ORDERS = ("name", "links", "year")
"""How a list of things can be ordered: by name, the most connected first, the earliest first."""
Chosen = Mapping[str, Sequence[str]]
"""What is chosen by facet: one of them within a facet, and all facets."""
_POSTINGS = 120_000
"""Names that are counted for the trigrams of a query; the rarest trigrams go first."""
_CANDIDATES = 800
"""Names that are compared with a query."""
_GOOD, _FAIR = 0.6, 0.42
_TAIL = 50
_PIECE = 20_000
_BATCH = 500


@dataclass(frozen=True)
class Hit:
    """A thing that was found: by which name, in which language, and how well it fits (0 to 1)."""

    thing: int
    text: str
    language: str
    score: float
    group: int


@dataclass(frozen=True)
class Found:
    """The things that fit, the best first. `more`: there may be others; `near`: none has all the words."""

    hits: tuple[Hit, ...]
    more: bool = False
    near: bool = False


@dataclass(frozen=True)
class Listed:
    """A thing as a row of the index: what it is called, with the language of that, and what is said of it."""

    number: int
    iri: str
    group: int
    kind: str
    label: str
    language: str
    note: str


@dataclass(frozen=True)
class Count:
    """A value of a facet with the things that have it; `more` where there was no time to count them all."""

    key: str
    label: str
    count: int
    more: bool
    chosen: bool


class Index:
    """One index, opened for one request."""

    def __init__(self, base: sqlite3.Connection, clock: Callable[[], float] = monotonic) -> None:
        self._base, self._clock = base, clock

    @cached_property
    def cut(self) -> bool:
        """Whether names were left out of the index."""
        return bool(self._one("SELECT value FROM meta WHERE key = 'cut'") == "yes")

    @cached_property
    def listed(self) -> bytes:
        """A byte for each thing: 1 for things, places and themes, 0 for terms, which are in no list."""
        row = self._one("SELECT numbers FROM list WHERE name = 'flags'")
        return row if isinstance(row, bytes) else b""

    def _one(self, text: str, *values: object) -> object:
        row = self._base.execute(text, values).fetchone()
        return None if row is None else row[0]

    def _list(self, name: str) -> array[int]:
        row = self._one("SELECT numbers FROM list WHERE name = ?", name)
        return numbers(row) if isinstance(row, bytes) else array("I")

    # Search

    def search(self, query: Query, among: bytes | None = None) -> Found:
        """The things with a name like the query, of those flagged in `among`.

        Where no name has all that matters, those that come nearest (`near`).
        """
        if not query.words:
            return Found(())
        candidates, more = self._candidates(query, among)
        scorer = Scorer(query)
        best: dict[int, tuple[tuple[object, ...], Hit]] = {}
        likes: list[float] = []
        for start in range(0, len(candidates), _BATCH):
            for name in self._names(candidates[start : start + _BATCH]):
                number, thing, rank, text, tag, form, group, degree = name
                like = scorer.of(form) * (1.0, 0.985, 0.9)[rank]
                likes.append(like)
                if like < _FAIR:
                    continue
                key = (-round(like, 3), rank, -degree, len(form), number)
                if thing not in best or key < best[thing][0]:
                    best[thing] = key, Hit(thing, text, tag, round(like, 3), group)
        ordered = [hit for _, hit in sorted(best.values(), key=lambda pair: pair[0])]
        good = tuple(hit for hit in ordered if hit.score >= _GOOD)
        if good or not ordered:
            # Where the last that were compared do not fit, those behind them would not either.
            return Found(good, more and any(like >= _GOOD for like in likes[-_TAIL:]))
        return Found(tuple(ordered[:20]), near=True)

    def _names(self, ids: Sequence[int]) -> list[tuple[int, int, int, str, str, str, int, int]]:
        """The rows of names, in the order asked for."""
        marks = ",".join("?" * len(ids))
        rows = self._base.execute(
            "SELECT n.id, n.thing, n.rank, n.text, n.tag, n.folded, t.grp, t.degree"  # noqa: S608  # only marks
            f" FROM name n JOIN thing t ON t.id = n.thing WHERE n.id IN ({marks})",
            list(ids),
        )
        found = {row[0]: row for row in rows}
        return [found[i] for i in ids]

    def _candidates(self, query: Query, among: bytes | None) -> tuple[list[int], bool]:
        """Names worth comparing, and whether others were passed over: the same name, the same beginning, then
        those that have most trigrams in common."""
        of_thing = self._list("names") if among is not None else None

        def taken(ids: Iterable[int]) -> Iterator[int]:
            return (i for i in ids if among is None or of_thing is None or among[of_thing[i]])

        form = query.folded
        same = self._base.execute("SELECT id FROM name WHERE folded = ? ORDER BY id LIMIT ?", (form, _BATCH))
        found = dict.fromkeys(taken(row[0] for row in same.fetchall()))
        begins = self._base.execute(
            "SELECT id FROM name WHERE folded > ? AND folded < ? LIMIT ?", (form, form + "\U0010ffff", _BATCH)
        )
        found |= dict.fromkeys(taken(row[0] for row in begins.fetchall()))
        counts, passed = self._shared(query)
        by_count: dict[int, list[int]] = {}
        least = max(1, max(counts.values(), default=1) // 3)
        for i, shared in counts.items():
            if shared >= least:
                by_count.setdefault(shared, []).append(i)
        for shared in sorted(by_count, reverse=True):
            room = _CANDIDATES - len(found)
            fresh = [i for i in taken(sorted(by_count[shared])) if i not in found]
            found |= dict.fromkeys(fresh[:room])
            if len(fresh) > room:
                return list(found), True
        return list(found), passed

    def _shared(self, query: Query) -> tuple[Counter[int], bool]:
        """For each name the trigrams that it shares with the query; and whether the commonest were left out."""
        asked = sorted(query.grams)
        marks = ",".join("?" * len(asked))
        rows = self._base.execute(
            f"SELECT gram, count FROM gram WHERE gram IN ({marks}) ORDER BY count, gram",  # noqa: S608  # only marks
            asked,
        ).fetchall()
        counts: Counter[int] = Counter()
        read = 0
        for gram, count in rows:
            if read and read + count > _POSTINGS:
                return counts, not counts
            counts.update(numbers(bytes(self._one("SELECT names FROM gram WHERE gram = ?", gram))))  # type: ignore[call-overload]  # the column is a blob
            read += count
        return counts, False

    def near(self, query: Query) -> list[str]:
        """Words that are in some name and near to those of the query."""
        candidates, _ = self._candidates(query, None)
        return near_words(query, (name[5] for name in self._names(candidates[:_BATCH])))

    # Lists

    def flags(self, numbers_of: Iterable[int]) -> bytearray:
        """A byte for each thing: 1 for those given."""
        found = bytearray(len(self.listed))
        for number in numbers_of:
            found[number] = 1
        return found

    def selected(self, chosen: Chosen, among: bytes, but: str = "") -> bytes:
        """Those of `among` that have a chosen value of every facet where there is one, the facet `but` left out."""
        for facet in FACETS:
            keys = chosen.get(facet, ()) if facet != but else ()
            if keys:
                some = bytearray(len(among))
                for key in keys:
                    for number in self._holders(facet, key):
                        some[number] = 1
                among = (int.from_bytes(some, "little") & int.from_bytes(among, "little")).to_bytes(
                    len(among), "little"
                )
        return bytes(among)

    def _holders(self, facet: str, key: str) -> array[int]:
        row = self._one("SELECT things FROM value WHERE facet = ? AND key = ?", facet, key)
        return numbers(row) if isinstance(row, bytes) else array("I")

    def facet(self, facet: str, chosen: Chosen, among: bytes, language: str, until: float) -> list[Count]:
        """The values of a facet that some thing has after all other facets, counted until the clock says `until`.

        The commonest first; years and modalities in their order. What is chosen is there even where nothing has it.
        """
        flags = self.selected(chosen, among, but=facet)
        everything = 0 not in flags
        column = "nl" if language == "nl" else "en"
        rows = self._base.execute(
            f"SELECT key, {column}, place, count, things FROM value WHERE facet = ? AND count > 0 "  # noqa: S608  # one of two names
            "ORDER BY count DESC, key",
            (facet,),
        )
        wanted = set(chosen.get(facet, ()))
        found: list[tuple[tuple[object, ...], Count]] = []
        for key, label, place, count, things in rows:
            number, more = (count, False) if everything else self._counted(numbers(things), flags, until)
            wanted_here = key in wanted
            wanted.discard(key)
            if number or more or wanted_here:
                ordered = facet in ("year", "modality")
                order = (place,) if ordered else (-number, label.casefold(), key)
                found.append((order, Count(key, label, number, more, wanted_here)))
        counts = [count for _, count in sorted(found, key=lambda pair: pair[0])]
        return counts + [Count(key, key, 0, more=False, chosen=True) for key in sorted(wanted)]

    def _counted(self, things: array[int], flags: bytes, until: float) -> tuple[int, bool]:
        count = 0
        for start in range(0, len(things), _PIECE):
            if self._clock() >= until:
                return count, True
            count += sum(map(flags.__getitem__, things[start : start + _PIECE]))
        return count, False

    def listing(self, flags: bytes, order: str, language: str, offset: int, limit: int) -> list[int]:
        """The numbers of a page of the flagged things in an order of `ORDERS`."""
        row = self._list(language if order == "name" else order)
        return list(islice(compress(row, map(flags.__getitem__, row)), offset, offset + limit))

    def things(self, numbers_of: Sequence[int], language: str) -> list[Listed]:
        """The rows of things, in the order asked for."""
        found: dict[int, Listed] = {}
        name = "nl" if language == "nl" else "en"
        for start in range(0, len(numbers_of), _BATCH):
            part = list(numbers_of[start : start + _BATCH])
            rows = self._base.execute(
                f"SELECT id, iri, grp, kind, {name}, {name}_tag, note_{name} FROM thing"  # noqa: S608  # of two names
                f" WHERE id IN ({','.join('?' * len(part))})",
                part,
            )
            found |= {row[0]: Listed(*row) for row in rows}
        return [found[number] for number in numbers_of]

    def numbers_of(self, iris: Sequence[str]) -> dict[str, int]:
        """The numbers of things by IRI; what is no thing is left out."""
        found: dict[str, int] = {}
        for start in range(0, len(iris), _BATCH):
            part = list(iris[start : start + _BATCH])
            marks = ",".join("?" * len(part))
            found |= dict(self._base.execute(f"SELECT iri, id FROM thing WHERE iri IN ({marks})", part))  # noqa: S608  # only marks
        return found

    def values(self, numbers_of: Sequence[int]) -> dict[int, dict[str, list[str]]]:
        """The values that things have, by facet."""
        found: dict[int, dict[str, list[str]]] = {number: {} for number in numbers_of}
        for start in range(0, len(numbers_of), _BATCH):
            part = list(numbers_of[start : start + _BATCH])
            marks = ",".join("?" * len(part))
            for number, facet, key in self._base.execute(
                f"SELECT thing, facet, key FROM held WHERE thing IN ({marks}) ORDER BY thing, facet, key",  # noqa: S608  # only marks
                part,
            ):
                found[number].setdefault(facet, []).append(key)
        return found

    def held(self, facet: str, keys: Sequence[str]) -> dict[str, int]:
        """How many things have each of some values; values that none has are left out."""
        found: dict[str, int] = {}
        for start in range(0, len(keys), _BATCH):
            part = list(keys[start : start + _BATCH])
            rows = self._base.execute(
                "SELECT key, count FROM value WHERE facet = ? AND count > 0"  # noqa: S608  # only marks
                f" AND key IN ({','.join('?' * len(part))})",
                [facet, *part],
            )
            found |= dict(rows)
        return found

    def words(self, facet: str, keys: Iterable[str], language: str) -> dict[str, str]:
        """What values are called; a key itself where the index has no word for it."""
        wanted = sorted(set(keys))
        column = "nl" if language == "nl" else "en"
        found = {key: key for key in wanted}
        for start in range(0, len(wanted), _BATCH):
            part = wanted[start : start + _BATCH]
            rows = self._base.execute(
                f"SELECT key, {column} FROM value WHERE facet = ?"  # noqa: S608  # one of two names
                f" AND key IN ({','.join('?' * len(part))})",
                [facet, *part],
            )
            found |= dict(rows)
        return found


@contextmanager
def opened(path: Path) -> Iterator[Index]:
    """The index in a file, for one thread; raises `sqlite3.Error` where it is none."""
    base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        yield Index(base)
    finally:
        base.close()
