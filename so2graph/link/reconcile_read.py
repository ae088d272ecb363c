"""Reads the index of the reconciliation service: things by name, by beginning and by IRI, classes, properties."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from so2graph.link.features import Terms
from so2graph.link.reconcile_index import BASE, GRAMS, plain
from so2graph.publish.search_index import numbers

if TYPE_CHECKING:
    from so2graph.link.grams import GramIndex

__all__ = ["Class", "Entity", "Name", "Property", "ReconcileIndex", "Shelf"]

_BATCH = 900
_NAMESAKES = 60
"""Things of the very same name that are looked at."""


@dataclass(frozen=True)
class Entity:
    """A thing: names and descriptions are by language (nl, en); `types` says which classes it has together."""

    number: int
    iri: str
    labels: Mapping[str, str]
    notes: Mapping[str, str]
    degree: int
    types: int


@dataclass(frozen=True)
class Name:
    """A name of a thing: `rank` 0 is what it is called, 1 another name, 2 a mention; `normal` is what is compared.

    `plain` is the name without capitals and accents.
    """

    text: str
    rank: int
    plain: str
    normal: str


@dataclass(frozen=True)
class Class:
    """A class with its words; `broader` are those immediately above it, `above` all."""

    number: int
    iri: str
    words: Mapping[str, str]
    notes: Mapping[str, str]
    count: int
    broader: tuple[int, ...]
    above: frozenset[int]


@dataclass(frozen=True)
class Property:
    """A property with its words, and how many statements use it."""

    number: int
    iri: str
    words: Mapping[str, str]
    notes: Mapping[str, str]
    count: int


class ReconcileIndex:
    """One index. What is small is read once; things are read when they are asked for, from the file all share."""

    def __init__(self, path: Path) -> None:
        self._uri = f"{(path / BASE).resolve().as_uri()}?mode=ro&immutable=1"
        self._grams_path = path / GRAMS
        self._lock = Lock()

    @contextmanager
    def shelf(self) -> Iterator[Shelf]:
        """A reader for one thread; raises `sqlite3.Error` where the file is none of ours."""
        base = sqlite3.connect(self._uri, uri=True)
        try:
            yield Shelf(base)
        finally:
            base.close()

    @cached_property
    def _grams(self) -> GramIndex | None:
        """The grams of names; None where nothing has a name."""
        from so2graph.link.grams import GramIndex

        return GramIndex.open(self._grams_path) if self._grams_path.is_dir() else None

    def nearest(self, texts: Sequence[str], top: int) -> list[dict[int, float]]:
        """For each normalised text the things most like it, with their cosines."""
        found: list[dict[int, float]] = [{} for _ in texts]
        with self._lock:
            grams = self._grams
        if grams is None:
            return found
        queries, rows, cosines = grams.best(texts, top)
        for query, row, cosine in zip(queries.tolist(), rows.tolist(), cosines.tolist(), strict=True):
            found[query][row] = cosine
        return found

    @cached_property
    def classes(self) -> tuple[Class, ...]:
        with self.shelf() as shelf:
            return shelf.classes()

    @cached_property
    def properties(self) -> tuple[Property, ...]:
        with self.shelf() as shelf:
            return shelf.properties()

    @cached_property
    def class_numbers(self) -> Mapping[str, int]:
        """The classes by IRI."""
        return {each.iri: each.number for each in self.classes}

    @cached_property
    def property_numbers(self) -> Mapping[str, int]:
        """The properties by IRI."""
        return {each.iri: each.number for each in self.properties}

    @cached_property
    def _used(self) -> Mapping[int, Sequence[tuple[int, bool, int]]]:
        with self.shelf() as shelf:
            return shelf.used()

    @cached_property
    def terms(self) -> Terms:
        """How often words come in names: that two names share a rare one says more."""
        with self.shelf() as shelf:
            return shelf.words()

    @cached_property
    def types(self) -> tuple[tuple[int, ...], ...]:
        """The classes of things, by `Entity.types`."""
        with self.shelf() as shelf:
            return shelf.types()

    @cached_property
    def all_types(self) -> tuple[frozenset[int], ...]:
        """The same with all classes that are above them."""
        return tuple(
            frozenset((*row, *(above for number in row for above in self.classes[number].above)))
            for row in self.types
        )

    @cached_property
    def types_of(self) -> Sequence[int]:
        """The `types` of each thing, by its number."""
        with self.shelf() as shelf:
            return shelf.types_of()

    def proposals(self, kind: int | None) -> list[tuple[Property, bool]]:
        """The properties of things of a class and its subclasses, or of any; True: the other way round.

        Those that are used most come first, and those back after all others.
        """
        counts: dict[tuple[int, bool], int] = defaultdict(int)
        for number, rows in self._used.items():
            if kind is None or number == kind or kind in self.classes[number].above:
                for prop, back, count in rows:
                    counts[prop, back] += count
        order = sorted(counts, key=lambda key: (key[1], -counts[key], self.properties[key[0]].iri))
        return [(self.properties[prop], back) for prop, back in order]


class Shelf:
    """The file of an index, opened for one request."""

    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base

    def _rows(self, text: str, values: Collection[object]) -> Iterator[tuple[Any, ...]]:
        """Rows of a query with `IN (?)` over the values, in batches."""
        listed = list(dict.fromkeys(values))
        for start in range(0, len(listed), _BATCH):
            part = listed[start : start + _BATCH]
            yield from self._base.execute(text.replace("IN (?)", f"IN ({','.join('?' * len(part))})"), part)

    def things(self, numbers: Collection[int]) -> dict[int, Entity]:
        """Things by their numbers."""
        rows = self._rows(
            "SELECT id, iri, nl, en, note_nl, note_en, degree, types FROM thing WHERE id IN (?)", numbers
        )
        return {
            number: Entity(
                number,
                iri,
                {"nl": nl, "en": en},
                {"nl": note_nl, "en": note_en},
                degree,
                types,
            )
            for number, iri, nl, en, note_nl, note_en, degree, types in rows
        }

    def names(self, numbers: Collection[int]) -> dict[int, list[Name]]:
        """The names of things, the better first."""
        found: dict[int, list[Name]] = {number: [] for number in numbers}
        for thing, *row in self._rows(
            "SELECT thing, text, rank, plain, normal FROM name WHERE thing IN (?)", numbers
        ):
            found[thing].append(Name(*row))
        return found

    def numbers(self, iris: Collection[str]) -> dict[str, int]:
        """The numbers of those IRIs that are things."""
        return dict(self._rows("SELECT iri, id FROM thing WHERE iri IN (?)", iris))

    def called(self, texts: Collection[str]) -> dict[str, list[int]]:
        """For each text (`plain`) the things of that very name, the most connected first."""
        found: dict[str, list[int]] = {}
        for text in texts:
            rows = self._base.execute(
                "SELECT start.thing FROM start JOIN thing ON thing.id = start.thing WHERE start.at = 0"
                " AND start.text = ? ORDER BY thing.degree DESC, thing.id LIMIT ?",
                (text, _NAMESAKES),
            )
            found[text] = [int(row[0]) for row in rows]
        return found

    def starting(self, prefix: str, skip: int, limit: int) -> list[int]:
        """Things with a name that begins so, whole names first, then from a later word on; each once."""
        begin = plain(prefix)[:80]
        found: dict[int, None] = {}
        for at in (0, 1):
            rows = self._base.execute(
                "SELECT thing FROM start WHERE at = ? AND text >= ? AND text < ? ORDER BY text, thing",
                (at, begin, f"{begin}\U0010ffff"),
            )
            for (thing,) in rows:
                found.setdefault(int(thing))
                if len(found) >= skip + limit:
                    return list(found)[skip:]
        return list(found)[skip:]

    def classes(self) -> tuple[Class, ...]:
        """All classes, by number."""
        rows = self._base.execute(
            "SELECT id, iri, nl, en, note_nl, note_en, count, broader, above FROM class ORDER BY id"
        )
        return tuple(
            Class(
                number,
                iri,
                {"nl": nl, "en": en},
                {"nl": note_nl, "en": note_en},
                count,
                tuple(map(int, broader.split())),
                frozenset(map(int, above.split())),
            )
            for number, iri, nl, en, note_nl, note_en, count, broader, above in rows
        )

    def types(self) -> tuple[tuple[int, ...], ...]:
        """The ways in which classes go together, by number."""
        rows = self._base.execute("SELECT classes FROM types ORDER BY id")
        return tuple(tuple(map(int, classes.split())) for (classes,) in rows)

    def types_of(self) -> Sequence[int]:
        """Which of those each thing has."""
        (found,) = self._base.execute("SELECT numbers FROM list WHERE name = 'types'").fetchone()
        return numbers(found)

    def words(self) -> Terms:
        """The words of names, with how many things have each."""
        total = self._base.execute("SELECT value FROM meta WHERE key = 'things'").fetchone()
        return Terms(dict(self._base.execute("SELECT word, count FROM word")), int(total[0]))

    def properties(self) -> tuple[Property, ...]:
        """All properties, by number."""
        rows = self._base.execute("SELECT id, iri, nl, en, note_nl, note_en, count FROM property ORDER BY id")
        return tuple(
            Property(number, iri, {"nl": nl, "en": en}, {"nl": note_nl, "en": note_en}, count)
            for number, iri, nl, en, note_nl, note_en, count in rows
        )

    def used(self) -> dict[int, list[tuple[int, bool, int]]]:
        """By class the properties that its things have, which way, and how often."""
        found: dict[int, list[tuple[int, bool, int]]] = defaultdict(list)
        for kind, prop, back, count in self._base.execute("SELECT class, property, back, count FROM used"):
            found[kind].append((prop, bool(back), count))
        return found
