"""Writes what there is to search as one SQLite file, which all workers read."""

from __future__ import annotations

import sqlite3
import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from so2graph.publish.making import part_of
from so2graph.publish.search_text import folded, grams
from so2graph.publish.search_things import FACETS, Gathered, Thing
from so2graph.vocab import MODALITIES

__all__ = ["blob", "numbers", "write_index"]

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE thing (id INTEGER PRIMARY KEY, iri TEXT NOT NULL, grp INTEGER NOT NULL, kind TEXT NOT NULL,
  nl TEXT NOT NULL, nl_tag TEXT NOT NULL, en TEXT NOT NULL, en_tag TEXT NOT NULL,
  note_nl TEXT NOT NULL, note_en TEXT NOT NULL, degree INTEGER NOT NULL);
CREATE TABLE name (id INTEGER PRIMARY KEY, thing INTEGER NOT NULL, rank INTEGER NOT NULL, text TEXT NOT NULL,
  tag TEXT NOT NULL, folded TEXT NOT NULL);
CREATE TABLE gram (gram TEXT PRIMARY KEY, count INTEGER NOT NULL, names BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE value (facet TEXT NOT NULL, key TEXT NOT NULL, place INTEGER NOT NULL, nl TEXT NOT NULL,
  en TEXT NOT NULL, count INTEGER NOT NULL, things BLOB NOT NULL, PRIMARY KEY (facet, key)) WITHOUT ROWID;
CREATE TABLE held (thing INTEGER NOT NULL, facet TEXT NOT NULL, key TEXT NOT NULL,
  PRIMARY KEY (thing, facet, key)) WITHOUT ROWID;
CREATE TABLE list (name TEXT PRIMARY KEY, numbers BLOB NOT NULL) WITHOUT ROWID;
"""
"""Names are numbered so that the better comes first: by rank, then the shorter. `list` has rows of numbers: which
thing a name is of (`names`), and the things that are listed by each order; and a byte for each thing, 1 for those
that are listed (`flags`)."""
_INDEXES = "CREATE INDEX thing_iri ON thing (iri); CREATE INDEX name_folded ON name (folded, id); ANALYZE;"


def numbers(blob: bytes) -> array[int]:
    """The numbers of a blob of the index (32 bits, least significant byte first)."""
    found = array("I")
    found.frombytes(blob)
    if sys.byteorder == "big":
        found.byteswap()
    return found


def blob(row: Iterable[int]) -> bytes:
    """Numbers as `numbers` reads them."""
    found = array("I", row)
    if sys.byteorder == "big":
        found.byteswap()
    return found.tobytes()


def write_index(gathered: Gathered, path: Path) -> None:
    """Writes the index to `path`, whole or not at all; raises `sqlite3.Error` or `OSError`."""
    part = part_of(path)
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(part)) as base:
            base.executescript(_SCHEMA)
            with base:
                _fill(base, gathered)
            base.executescript(_INDEXES)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _fill(base: sqlite3.Connection, gathered: Gathered) -> None:
    things = sorted(gathered.things, key=lambda t: (*_sort_key(t, "nl"), t.iri))
    base.executemany("INSERT INTO thing VALUES (?,?,?,?,?,?,?,?,?,?,?)", map(_row, range(len(things)), things))
    names = sorted(_names(things))
    rows = ((i, thing, rank, text, tag, form) for i, (rank, _, form, text, thing, tag) in enumerate(names))
    base.executemany("INSERT INTO name VALUES (?,?,?,?,?,?)", rows)
    postings: dict[str, array[int]] = defaultdict(lambda: array("I"))
    for i, (_, _, form, *_) in enumerate(names):
        for gram in set().union(*map(grams, form.split(" "))):
            postings[gram].append(i)
    base.executemany(
        "INSERT INTO gram VALUES (?,?,?)", ((g, len(row), blob(row)) for g, row in sorted(postings.items()))
    )
    _values(base, gathered, things)
    _lists(base, things, [name[4] for name in names])
    base.execute("INSERT INTO meta VALUES ('cut', ?)", ("yes" if gathered.cut else "no",))
    base.execute("INSERT INTO meta VALUES ('names', ?)", (str(len(names)),))


def _row(number: int, thing: Thing) -> tuple[int | str, ...]:
    both = (part for language in ("nl", "en") for part in thing.labels[language])
    return (number, thing.iri, thing.group, thing.kind, *both, thing.notes["nl"], thing.notes["en"], thing.degree)


def _names(things: Sequence[Thing]) -> Iterator[tuple[int, int, str, str, int, str]]:
    """Rank, length, folded form, text, thing and language of each name."""
    for number, thing in enumerate(things):
        for name in thing.names:
            form = folded(name.text)
            if form:
                yield name.rank, len(form), form, name.text, number, name.language


def _values(base: sqlite3.Connection, gathered: Gathered, things: Sequence[Thing]) -> None:
    held: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, thing in enumerate(things):
        for facet, keys in thing.values.items():
            for key in keys:
                held[facet, key].append(number)
    base.executemany(
        "INSERT INTO held VALUES (?,?,?)", ((n, facet, key) for (facet, key), row in held.items() for n in row)
    )
    for facet in FACETS:
        rows = []
        for key, value in sorted(gathered.values[facet].items()):
            row = held.get((facet, key), [])
            place = MODALITIES.index(key) if facet == "modality" else int(key) if facet == "year" else 0
            rows.append((facet, key, place, value.nl, value.en, len(row), blob(row)))
        base.executemany("INSERT INTO value VALUES (?,?,?,?,?,?,?)", rows)


def _lists(base: sqlite3.Connection, things: Sequence[Thing], of_names: Sequence[int]) -> None:
    """The things by each order; terms are in no list of things."""
    listed = [i for i, thing in enumerate(things) if thing.values]
    first = {i: min(map(int, things[i].values.get("year", ())), default=10**6) for i in listed}
    orders = {
        "nl": listed,
        "en": sorted(listed, key=lambda i: (*_sort_key(things[i], "en"), i)),
        "links": sorted(listed, key=lambda i: (-things[i].degree, i)),
        "year": sorted(listed, key=lambda i: (first[i], i)),
        "names": list(of_names),
    }
    base.executemany("INSERT INTO list VALUES (?,?)", ((name, blob(row)) for name, row in orders.items()))
    base.execute("INSERT INTO list VALUES ('flags', ?)", (bytes(bool(thing.values) for thing in things),))


def _sort_key(thing: Thing, language: str) -> tuple[bool, str, str]:
    """By the folded name; what has no word in its name comes last."""
    text = thing.labels[language][0]
    form = folded(text)
    return not form[:1].isalnum(), form, text
