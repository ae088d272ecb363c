"""Writes what the reconciliation service looks up: things with their names and types, classes, properties, grams."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from so2graph import __version__
from so2graph.engine.access import Session
from so2graph.engine.generations import storage_errors
from so2graph.errors import EngineFault
from so2graph.link.forms import name_form, texts_of
from so2graph.network.reading import Words, about, superclasses, words
from so2graph.publish.search_index import blob
from so2graph.publish.search_terms import HELPERS, NOTES
from so2graph.publish.search_things import GROUPS, Gathered, Thing, gather
from so2graph.vocab import DEFAULT_GRAPH, RDF, Iri, Literal, mask_addresses

__all__ = ["BASE", "GRAMS", "build_reconcile_index", "plain", "reconcile_index_name"]

BASE, GRAMS = "things.sqlite", "grams"
"""The parts of the folder."""
_FORMAT = 4
"""To be raised with every change in how names are folded or the index is laid out."""
_TYPE = RDF + "type"
_STARTS, _START = 8, 80
"""Words of a name at which a search by its beginning may begin, and characters that are compared."""
_NOTE, _WORDS = 240, 20_000
_BRACKETS = re.compile(r"\s*\([^()]*\)")
_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE thing (id INTEGER PRIMARY KEY, iri TEXT NOT NULL, nl TEXT NOT NULL, nl_tag TEXT NOT NULL,
  en TEXT NOT NULL, en_tag TEXT NOT NULL, note_nl TEXT NOT NULL, note_en TEXT NOT NULL, degree INTEGER NOT NULL,
  types INTEGER NOT NULL);
CREATE TABLE types (id INTEGER PRIMARY KEY, classes TEXT NOT NULL);
CREATE TABLE list (name TEXT PRIMARY KEY, numbers BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE name (thing INTEGER NOT NULL, rank INTEGER NOT NULL, text TEXT NOT NULL, plain TEXT NOT NULL,
  normal TEXT NOT NULL);
CREATE TABLE start (text TEXT NOT NULL, at INTEGER NOT NULL, thing INTEGER NOT NULL,
  PRIMARY KEY (at, text, thing)) WITHOUT ROWID;
CREATE TABLE class (id INTEGER PRIMARY KEY, iri TEXT NOT NULL, nl TEXT NOT NULL, en TEXT NOT NULL,
  note_nl TEXT NOT NULL, note_en TEXT NOT NULL, count INTEGER NOT NULL, broader TEXT NOT NULL, above TEXT NOT NULL);
CREATE TABLE property (id INTEGER PRIMARY KEY, iri TEXT NOT NULL, nl TEXT NOT NULL, en TEXT NOT NULL,
  note_nl TEXT NOT NULL, note_en TEXT NOT NULL, count INTEGER NOT NULL);
CREATE TABLE used (class INTEGER NOT NULL, property INTEGER NOT NULL, back INTEGER NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (class, property, back)) WITHOUT ROWID;
CREATE TABLE word (word TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
"""
"""`plain` is the name without capitals and accents, `normal` the form that is compared; `broader` and
`above` are numbers of classes, with blanks between. `start` has each name from each of its words on; `at` is 0
for the whole name. `word` has the words that come more than once in the names of things."""
_INDEXES = """
CREATE UNIQUE INDEX thing_iri ON thing (iri); CREATE INDEX name_thing ON name (thing, rank); ANALYZE;
"""


@dataclass(frozen=True)
class _Term:
    """A class or a property: its words in both languages, what is said of it, and how often it is used."""

    iri: str
    words: tuple[str, str]
    notes: tuple[str, str]
    count: int


def reconcile_index_name(session: Session) -> str:
    """The name of the folder: by what is in it, and the program that wrote it."""
    said = [__version__, str(_FORMAT), str(session.settings.search_labels), *sorted(session.shown)]
    return f"reconcile-{hashlib.sha256(chr(10).join(said).encode()).hexdigest()[:16]}"


def plain(text: str) -> str:
    """A text as its beginning is looked for: without capitals, accents and doubled blanks."""
    if text.isascii():
        return " ".join(text.lower().split())
    bare = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(c for c in unicodedata.normalize("NFKD", bare) if not unicodedata.combining(c))
    return " ".join(bare.split())


def build_reconcile_index(session: Session, folder: Path, _name: str = "") -> None:
    """Writes the index of what a session shows into an empty folder.

    Nothing is in it of a graph that is reached by name only, and e-mail addresses are masked. Raises `EngineFault`,
    or an error of storage.
    """
    from so2graph.link.grams import GramIndex

    with storage_errors(folder):
        try:
            gathered = gather(session, session.settings.search_labels)
            things = [thing for thing in gathered.things if GROUPS[thing.group] != "terms"]
            names = _Names(things)
            if names.texts:
                GramIndex.build(names.texts, names.rows).save(folder / GRAMS)
            with closing(sqlite3.connect(folder / BASE)) as base:
                base.executescript(_SCHEMA)
                with base:
                    _fill(base, session, gathered, things, names)
                base.executescript(_INDEXES)
        except sqlite3.Error as error:
            raise EngineFault(f"the index could not be written: {error}", mend="Is the disk full?") from error


def _fill(
    base: sqlite3.Connection, session: Session, gathered: Gathered, things: Sequence[Thing], names: _Names
) -> None:
    numbers = {thing.iri: number for number, thing in enumerate(things)}
    usage = _Usage(session, numbers)
    above = superclasses(session)
    classes = sorted({c for row in usage.types.values() for c in (*row, *(a for b in row for a in above.get(b, ())))})
    of_class = {iri: number for number, iri in enumerate(classes)}
    _things(base, gathered, things, usage.types, of_class)
    base.executemany("INSERT INTO name VALUES (?,?,?,?,?)", names.names)
    base.executemany("INSERT OR IGNORE INTO start VALUES (?,?,?)", sorted(names.starts, key=itemgetter(1, 0, 2)))
    _classes(base, session, classes, usage.types, above)
    properties = sorted(usage.properties)
    said = _terms(session, properties, usage.properties)
    rows = ((n, t.iri, *t.words, *t.notes, t.count) for n, t in enumerate(said))
    base.executemany("INSERT INTO property VALUES (?,?,?,?,?,?,?)", rows)
    of_property = {iri: number for number, iri in enumerate(properties)}
    used = ((of_class[c], of_property[p], int(back), n) for (c, p, back), n in sorted(usage.used.items()))
    base.executemany("INSERT INTO used VALUES (?,?,?,?)", used)
    often = [(word, count) for word, count in names.words.most_common(_WORDS) if count > 1]
    base.executemany("INSERT INTO word VALUES (?,?)", often)
    meta = {
        "things": str(len(things)),
        "cut": "yes" if gathered.cut else "no",
        "names": str(sum(len(thing.names) for thing in things)),
    }
    base.executemany("INSERT INTO meta VALUES (?,?)", meta.items())


class _Names:
    """The names of the things, each read once: texts by which a thing is found, rows, and how often words come."""

    def __init__(self, things: Sequence[Thing]) -> None:
        self.texts: list[str] = []
        self.rows: list[int] = []
        self.names: list[tuple[int, int, str, str, str]] = []
        self.starts: set[tuple[str, int, int]] = set()
        self.words: Counter[str] = Counter()
        for number, thing in enumerate(things):
            self._take(number, thing)

    def _take(self, number: int, thing: Thing) -> None:
        texts: dict[str, None] = {}
        words: set[str] = set()
        for name in thing.names:
            form, bare = name_form(name.text), plain(name.text)
            self.names.append((number, name.rank, name.text, bare, form))
            words.update(form.partition("\t")[0].split())
            texts |= dict.fromkeys(texts_of([form]))
            if "(" in name.text:
                texts |= dict.fromkeys(texts_of([name_form(_BRACKETS.sub("", name.text).strip())]))
            if name.rank < 2:
                self.starts.update((text, at, number) for at, text in _starts(bare))
        self.texts += texts
        self.rows += [number] * len(texts)
        self.words.update(words)


class _Usage:
    """What is said of the things: the classes of each, the properties, and how often things of a class have one."""

    def __init__(self, session: Session, numbers: Mapping[str, int]) -> None:
        self.types: dict[str, list[str]] = defaultdict(list)
        self.properties: Counter[str] = Counter()
        self.used: Counter[tuple[str, str, bool]] = Counter()
        for subject, _, obj, graph in session.about(predicate=Iri(_TYPE)):
            stands_in = DEFAULT_GRAPH if graph is None else graph.value
            if stands_in not in session.world or not isinstance(subject, Iri) or not isinstance(obj, Iri):
                continue
            if subject.value in numbers and obj.value not in self.types[subject.value] and obj.value not in HELPERS:
                self.types[subject.value].append(obj.value)
        for stands_in in sorted(session.world):
            for subject, predicate, obj, _ in session.snapshot.quads([stands_in]):
                if not isinstance(subject, Iri):
                    continue
                forth = subject.value in numbers
                back = isinstance(obj, Iri) and obj.value in numbers
                if forth or back:
                    self.properties[predicate.value] += 1
                if forth:
                    self.used.update((c, predicate.value, False) for c in self.types.get(subject.value, ()))
                if back:
                    self.used.update((c, predicate.value, True) for c in self.types.get(str(obj), ()))


def _things(
    base: sqlite3.Connection,
    gathered: Gathered,
    things: Sequence[Thing],
    types: Mapping[str, Sequence[str]],
    of_class: Mapping[str, int],
) -> None:
    """The things; few are the ways in which classes go together, so that those are numbered."""
    held = [" ".join(str(n) for n in sorted(of_class[c] for c in types.get(thing.iri, ()))) for thing in things]
    sets = {classes: number for number, classes in enumerate(dict.fromkeys(held))}

    def row(number: int, thing: Thing) -> tuple[int | str, ...]:
        both = (part for language in ("nl", "en") for part in thing.labels[language])
        notes = (_described(gathered, thing, language) for language in ("nl", "en"))
        return (number, thing.iri, *both, *notes, thing.degree, sets[held[number]])

    base.executemany("INSERT INTO thing VALUES (?,?,?,?,?,?,?,?,?,?)", map(row, range(len(things)), things))
    base.executemany("INSERT INTO types VALUES (?,?)", ((number, classes) for classes, number in sets.items()))
    base.execute("INSERT INTO list VALUES ('types', ?)", (blob(sets[classes] for classes in held),))


def _described(gathered: Gathered, thing: Thing, language: str) -> str:
    """A line that tells a thing from its namesakes: what is said of it, else where it is and what it is about."""
    if thing.notes[language]:
        return mask_addresses(thing.notes[language])
    keys = [(facet, key) for facet in ("place", "theme") for key in thing.values.get(facet, ())]
    known = [gathered.values[facet][key] for facet, key in keys if key in gathered.values[facet]][:3]
    return mask_addresses(", ".join(value.nl if language == "nl" else value.en for value in known))


def _starts(bare: str) -> Iterator[tuple[int, str]]:
    """A name (`plain`) from each of its words on."""
    said = bare.split(" ")
    for at in range(min(len(said), _STARTS)):
        if said[at]:
            yield min(at, 1), " ".join(said[at:])[:_START]


def _classes(
    base: sqlite3.Connection,
    session: Session,
    classes: Sequence[str],
    types: Mapping[str, Sequence[str]],
    above: Mapping[str, set[str]],
) -> None:
    of_class = {iri: number for number, iri in enumerate(classes)}
    count: Counter[str] = Counter()
    for held in types.values():
        count.update({*held, *(a for c in held for a in above.get(c, ()))})
    rows = []
    for number, term in enumerate(_terms(session, classes, count)):
        over = {c for c in above.get(term.iri, ()) if c in of_class and c != term.iri}
        # What is above a class by way of another is not immediately broader; of a ring all are.
        far = {a for c in over for a in above.get(c, ()) if term.iri not in above.get(c, ())}
        near = " ".join(str(of_class[c]) for c in sorted(over - far))
        all_ = " ".join(str(of_class[c]) for c in sorted(over))
        rows.append((number, term.iri, *term.words, *term.notes, term.count, near, all_))
    base.executemany("INSERT INTO class VALUES (?,?,?,?,?,?,?,?,?)", rows)


def _terms(session: Session, iris: Sequence[str], count: Mapping[str, int]) -> list[_Term]:
    called, notes = words(session, iris), _notes(session, iris)
    found = []
    for iri in iris:
        said = called.get(iri, Words())
        fallback = said.get("nl") or said.get("en") or session.prefixes.compact(iri)
        both = (said.get("nl") or fallback, said.get("en") or fallback)
        found.append(
            _Term(
                iri,
                (mask_addresses(both[0]), mask_addresses(both[1])),
                (notes.get((iri, "nl"), ""), notes.get((iri, "en"), "")),
                count.get(iri, 0),
            )
        )
    return found


def _notes(session: Session, iris: Iterable[str]) -> dict[tuple[str, str], str]:
    """What is said of terms, by IRI and language; a note without a language stands for both."""
    best: dict[tuple[str, str], tuple[int, str]] = {}
    for row in about(session, iris, NOTES, anywhere=True):
        value = row["value"]
        if not isinstance(value, Literal) or not value.value.strip():
            continue
        tag = (value.language or "").partition("-")[0].lower()
        candidate = (NOTES.index(str(row["p"])), mask_addresses(" ".join(value.value.split()))[:_NOTE])
        for language in ("nl", "en") if not tag else (tag,):
            key = (str(row["x"]), language)
            if candidate < best.get(key, (99, "")):
                best[key] = candidate
    return {key: text for key, (_, text) in best.items()}
