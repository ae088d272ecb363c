"""Lists what a query on this very graph may speak of: prefixes, classes, properties, graphs, things; with labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from threading import Event, Lock, Thread

from so2graph.engine.access import Session
from so2graph.engine.kept import Kept, Seen, seen
from so2graph.errors import QueryMemory, QueryTimeout, QueryTooLarge, ResultTooLarge, So2Error
from so2graph.publish.question_choices import named_like
from so2graph.vocab import DEFAULT_GRAPH, Iri, Literal, Prefixes, Term

__all__ = ["Ask", "Completion", "CompletionKeeper", "Entry", "complete", "find_things", "labels_of"]

Rows = list[dict[str, Term | None]]
Ask = Callable[[str], Rows]
"""Rows of a SELECT, by whoever answers queries; raises `QueryTimeout` and the like."""

_CLASSES = "SELECT ?x (COUNT(DISTINCT ?s) AS ?n) {from} WHERE {{ ?s a ?x FILTER(isIRI(?x)) }} GROUP BY ?x"
_PROPERTIES = "SELECT ?x (COUNT(*) AS ?n) {from} WHERE {{ ?s ?x ?o }} GROUP BY ?x"
_BY_CLASS = """SELECT ?c ?x (COUNT(DISTINCT ?s) AS ?n) {from} WHERE {{ ?s a ?c ; ?x ?o FILTER(isIRI(?c)) }}
  GROUP BY ?c ?x"""
_DEFINED = """SELECT DISTINCT ?x ?kind WHERE { GRAPH ?g { ?x a ?type
  VALUES (?type ?kind) { (owl:Class "c") (rdfs:Class "c") (owl:ObjectProperty "p") (owl:DatatypeProperty "p")
    (owl:AnnotationProperty "p") (rdf:Property "p") } FILTER(isIRI(?x)) } }"""
_THINGS = """SELECT ?x (MIN(?type) AS ?class) WHERE {{ ?x a ?type ; rdfs:label ?label
  FILTER(isIRI(?x) && STRSTARTS(STR(?x), {below})) }} GROUP BY ?x ORDER BY ?x"""
_COUNTED = """SELECT (COUNT(DISTINCT ?x) AS ?n) WHERE {{ ?x rdfs:label ?label
  FILTER(isIRI(?x) && STRSTARTS(STR(?x), {below})) }}"""
_LABELS = """SELECT ?x ?label ?what WHERE {{ VALUES ?x {{ {values} }}
  GRAPH ?g {{ {{ ?x rdfs:label|skos:prefLabel|dcterms:title ?label BIND("label" AS ?what) }}
  UNION {{ ?x skos:definition|rdfs:comment ?label BIND("comment" AS ?what) }} }} }} ORDER BY ?x ?label"""


@dataclass(frozen=True)
class Entry:
    """A term or a thing: its short name, labels and definitions by language, and how often it stands in the data.

    `count` is that of the facts, which a plain query sees; `everywhere` that of all public graphs together; both are
    instances of a class, triples of a property or of a graph. `classes` has the instances that have the property, by
    the short name of their class. None is not counted.
    """

    iri: str
    name: str
    label: Mapping[str, str] = field(default_factory=dict)
    comment: Mapping[str, str] = field(default_factory=dict)
    count: int | None = None
    everywhere: int | None = None
    classes: Mapping[str, int] = field(default_factory=dict)
    type: str = ""

    def row(self) -> dict[str, object]:
        """The entry as JSON has it, without what is empty."""
        return {name: value for name, value in self.__dict__.items() if value not in (None, "", {})}


@dataclass(frozen=True)
class Completion:
    """All that is offered while a query is written.

    `things` is None where there are more than the setting `max_vocabulary_things`.
    """

    generation: int
    prefixes: Mapping[str, str]
    classes: tuple[Entry, ...]
    properties: tuple[Entry, ...]
    graphs: tuple[Entry, ...]
    things: tuple[Entry, ...] | None
    thing_count: int
    counted: bool
    """False where the dataset is too large, or took too long, to count what its classes have."""
    pending: bool = False
    """Whether the counts are still on their way."""

    def document(self) -> dict[str, object]:
        """The JSON of `/vocabulary.json`."""
        return {
            "generation": self.generation,
            "counted": self.counted,
            "prefixes": dict(self.prefixes),
            "classes": [entry.row() for entry in self.classes],
            "properties": [entry.row() for entry in self.properties],
            "graphs": [entry.row() for entry in self.graphs],
            "things": None if self.things is None else [entry.row() for entry in self.things],
            "thingCount": self.thing_count,
        }

    def near(self, name: str, entries: Iterable[Entry], most: int = 3) -> tuple[Entry, ...]:
        """The entries in use whose name or label comes close to a name, nearest first.

        Where one is the same but for capitals, only such are given.
        """
        wanted = _plain(name)
        scored = []
        for entry in entries:
            words = [_plain(entry.name), *map(_plain, entry.label.values())]
            score = max(_likeness(wanted, word) for word in words)
            if score >= _NEAR and entry.everywhere != 0:
                scored.append((-score, -(entry.count or 0), entry.name, entry))
        best = sorted(scored, key=lambda row: row[:3])[:most]
        return tuple(entry for score, *_, entry in best if score == best[0][0] or best[0][0] > -1)


_NEAR = 0.62
"""How alike two names have to be for one to be offered for the other."""
_LONGEST = 80


def _plain(name: str) -> str:
    """A short name or IRI as it is compared: its last part, without capitals, hyphens or the words of a property."""
    local = name.rstrip("/#").rpartition("#")[2].rpartition("/")[2].rpartition(":")[2][:_LONGEST]
    return local.casefold().replace("-", " ").replace("_", " ")


def _likeness(wanted: str, word: str) -> float:
    if wanted and word and (wanted in word or word in wanted) and min(len(wanted), len(word)) > 3:
        return 0.7 + 0.3 * min(len(wanted), len(word)) / max(len(wanted), len(word))
    matcher = SequenceMatcher(None, wanted, word, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= _NEAR and matcher.quick_ratio() >= _NEAR else 0.0


def complete(session: Session, ask: Ask | None) -> Completion:
    """Counts and names all of it for a session. `ask` answers the counts, within whatever time it has.

    Without it nothing is counted. Graphs that are reached by name only are in none of it.
    """
    snapshot, prefixes = session.snapshot, session.prefixes
    names, shown = snapshot.names, sorted(session.shown - {DEFAULT_GRAPH})
    whole = f"FROM <{names.everything}>"
    counted, tables = _tables(session, ask, whole)
    defined = {str(row["x"]): str(row["kind"]) for row in session.select(_DEFINED)}
    by_class: dict[str, dict[str, int]] = defaultdict(dict)
    for row in tables["by class"]:
        by_class[str(row["x"])][prefixes.compact(str(row["c"]))] = _number(row["n"])
    below, most = Literal(names.thing("")).n3, session.settings.max_vocabulary_things
    total = _number(session.select(_COUNTED.format(below=below))[0]["n"]) if counted else 0
    listed = counted and total <= most
    things = session.select(_THINGS.format(below=below)) if listed else []

    def entries(kind: str) -> tuple[Entry, ...]:
        facts, everywhere = (
            {str(row["x"]): _number(row["n"]) for row in tables[f"{where} {kind}"]} for where in ("facts", "all")
        )
        found = {*facts, *everywhere, *(iri for iri, of in defined.items() if of == kind)}
        said = labels_of(session, found)
        made = [
            Entry(
                iri,
                prefixes.compact(iri),
                said[iri]["label"],
                said[iri]["comment"],
                facts.get(iri, 0) if counted else None,
                everywhere.get(iri, 0) if counted else None,
                dict(sorted(by_class.get(iri, {}).items(), key=lambda row: (-row[1], row[0]))),
            )
            for iri in found
        ]
        return tuple(sorted(made, key=lambda entry: (-(entry.count or 0), -(entry.everywhere or 0), entry.name)))

    sizes = snapshot.manifest.graphs
    titles = labels_of(session, shown)
    return Completion(
        snapshot.manifest.number,
        prefixes,
        entries("c"),
        entries("p"),
        tuple(
            Entry(iri, prefixes.compact(iri), titles[iri]["label"], {}, sizes.get(iri), sizes.get(iri))
            for iri in shown
        ),
        _things(session, things) if listed else None,
        total,
        counted,
    )


def _tables(session: Session, ask: Ask | None, whole: str) -> tuple[bool, dict[str, Rows]]:
    """The counts by name, and whether there are any."""
    texts = {
        "facts c": _CLASSES.format(**{"from": ""}),
        "all c": _CLASSES.format(**{"from": whole}),
        "facts p": _PROPERTIES.format(**{"from": ""}),
        "all p": _PROPERTIES.format(**{"from": whole}),
        "by class": _BY_CLASS.format(**{"from": whole}),
    }
    empty: dict[str, Rows] = {name: [] for name in texts}
    if ask is None or session.snapshot.size(session.snapshot.names.everything) > session.settings.max_counted_triples:
        return False, empty
    try:
        return True, {name: ask(text) for name, text in texts.items()}
    except (QueryTimeout, QueryMemory, QueryTooLarge, ResultTooLarge):
        return False, empty


def _things(session: Session, rows: Rows) -> tuple[Entry, ...]:
    said = labels_of(session, [str(row["x"]) for row in rows])
    prefixes = session.prefixes
    return tuple(
        Entry(iri, prefixes.compact(iri), said[iri]["label"], type=_type(row["class"], prefixes))
        for row in rows
        for iri in [str(row["x"])]
    )


def _type(term: Term | None, prefixes: Prefixes) -> str:
    return "" if term is None else prefixes.compact(str(term))


def find_things(session: Session, ask: Ask, text: str, most: int) -> tuple[Entry, ...]:
    """Up to `most` things with `text` in a name or an identifier, the shortest names first."""
    rows = ask(named_like(text, most, session.prefixes)) if text.strip() else []
    return _things(session, rows)


def labels_of(session: Session, iris: Iterable[str]) -> dict[str, dict[str, dict[str, str]]]:
    """For each IRI its `label` and its `comment`, each by language; "" is the language of a text without one."""
    wanted = sorted(set(iris))
    found: dict[str, dict[str, dict[str, str]]] = {iri: {"label": {}, "comment": {}} for iri in wanted}
    for start in range(0, len(wanted), 500):
        values = " ".join(Iri(iri).n3 for iri in wanted[start : start + 500])
        for row in session.select(_LABELS.format(values=values)):
            language = getattr(row["label"], "language", None) or ""
            if language in ("", "nl", "en"):
                found[str(row["x"])][str(row["what"])].setdefault(language, str(row["label"]))
    return found


def _number(term: Term | None) -> int:
    return int(str(term))


class CompletionKeeper:
    """Keeps what is offered for the latest generations; for several threads.

    It is counted once, in a thread of its own; who cannot wait for that gets the same without counts.
    """

    def __init__(self) -> None:
        self._known, self._plain = Kept[Seen, Completion](4), Kept[Seen, Completion](4)
        self._made: dict[Seen, Event] = {}
        self._lock = Lock()

    def of(self, session: Session, ask: Ask, patience: float) -> Completion:
        """What is offered to a session; after `patience` seconds without the counts, which are `pending`."""
        key = seen(session)
        with self._lock:
            if (known := self._known.get(key)) is not None:
                return known
            made = self._made.get(key)
            if made is None:
                made = self._made[key] = Event()
                Thread(target=self._make, args=(key, session, ask, made), daemon=True).start()
        made.wait(patience)
        if (known := self._known.get(key)) is not None:
            return known
        return self._plain.made(key, lambda: replace(complete(session, None), pending=True))

    def _make(self, key: Seen, session: Session, ask: Ask, made: Event) -> None:
        try:
            with suppress(So2Error):
                self._known.keep(key, complete(session, ask))
        finally:
            with self._lock:
                # Who comes after a failure tries again.
                del self._made[key]
            made.set()
