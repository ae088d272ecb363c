"""Answers questions on the current generation for whoever asks: pages, protocol, commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from so2graph.config import Settings
from so2graph.engine.dataset import Dataset, resolve
from so2graph.engine.federation import endpoints, through
from so2graph.engine.generations import Folder, Manifest
from so2graph.engine.guard import Analysis, guard
from so2graph.engine.scanner import substitute
from so2graph.engine.snapshot import Snapshot
from so2graph.engine.store import Answer, Quad
from so2graph.engine.tokens import ANYONE, Caller, Tokens
from so2graph.errors import BadSetting, DatasetUnreadable, NoGeneration
from so2graph.registry import Bundle, StoredQuery
from so2graph.vocab import DEFAULT_GRAPH, Iri, Prefixes, Term, is_iri, visible

__all__ = ["Access", "Row", "Session", "check_base", "session_at"]

Row = dict[str, Term | None]


@dataclass(frozen=True)
class Session:
    """One generation with the rights of its caller: everything asked through it sees the same data."""

    snapshot: Snapshot
    settings: Settings
    prefixes: Prefixes
    readable: frozenset[str]
    hidden: frozenset[str] = frozenset()
    """The graphs that the caller may not read, whether they are there at this moment or not."""
    gateway: Callable[[], str] | None = None
    """Tells where the federation gateway listens, in a reader."""

    @property
    def triples(self) -> int:
        """Triples over the readable graphs, each counted once a graph."""
        return sum(count for graph, count in self.snapshot.manifest.graphs.items() if graph in self.readable)

    def query(self, text: str, default: Iterable[str] = (), named: Iterable[str] = ()) -> Answer:
        """Answers a text from outside. `default` and `named` are the protocol's graph parameters."""
        return self.analysed(text, default, named)[0]

    def analysed(self, text: str, default: Iterable[str] = (), named: Iterable[str] = ()) -> tuple[Answer, Analysis]:
        """The same answer, with what the guard found in the text.

        Raises `QueryTooLarge`, `QuerySyntax`, `PolicyRefused`, `UnknownGraph`, `ResultTooLarge` or `EngineFault`.
        """
        analysis = self.examined(text)
        dataset = resolve(self.snapshot.graphs, self.readable, analysis, default, named)
        text = through(text, analysis.services, endpoints(self.settings), self.gateway)
        return self.snapshot.query(text, dataset, self.prefixes), analysis

    def examined(self, text: str, *, update: bool = False) -> Analysis:
        """What the guard finds in a query or an update from outside; raises what it refuses."""
        return guard(
            text,
            max_bytes=self.settings.max_query_bytes,
            max_depth=self.settings.max_query_depth,
            max_operators=self.settings.max_query_operators,
            max_patterns=self.settings.max_query_patterns,
            prefixes=self.prefixes,
            update=update,
            listed=endpoints(self.settings),
            base=self.snapshot.names.base,
        )

    @property
    def origin(self) -> dict[str, str]:
        """What a file says of where it comes from."""
        manifest = self.snapshot.manifest
        return {"base": manifest.base, "generation": str(manifest.number)}

    def stored(self, query: StoredQuery, given: Mapping[str, str]) -> Answer:
        """Answers a stored query with the parameters that a user gave as text; raises `BadParameter` as well."""
        return self.query(self.bound(query, given))

    def bound(self, query: StoredQuery, given: Mapping[str, str]) -> str:
        """The text of a stored query with its parameters filled in."""
        values = query.values(given, self.prefixes)
        return substitute(query.text, {name: term.n3 for name, term in values.items() if hasattr(term, "n3")})

    def select(self, text: str, **values: Iri) -> list[Row]:
        """Rows of a SELECT of our own; `values` fill `?_name` in it.

        It never sees a graph that is reached by name only.
        """
        bound = substitute(text, {name: iri.n3 for name, iri in values.items()})
        dataset = Dataset((self.snapshot.names.facts,), tuple(sorted(self.shown)))
        answer = self.snapshot.query(bound, dataset, self.prefixes)
        return [dict(zip(answer.variables or (), row, strict=True)) for row in answer.rows()]

    @cached_property
    def shown(self) -> frozenset[str]:
        """The graphs that pages and descriptions show: never one that is reached by name only."""
        return self.readable - self.snapshot.graphs.by_name_only

    @cached_property
    def factual(self) -> frozenset[str]:
        """Those of them that hold facts."""
        names = self.snapshot.names
        aside = frozenset(self.snapshot.manifest.aside)
        return frozenset(graph for graph in self.shown - aside if not names.no_fact(graph))

    @cached_property
    def world(self) -> frozenset[str]:
        """Those of them that speak of the world: not of statements, terms, graphs or links."""
        names = self.snapshot.names
        aside = {names.graph("so2/claims"), names.graph("vocabulary"), names.catalogue}
        return frozenset(graph for graph in self.shown - aside if not names.no_fact(graph))

    def about(
        self, subject: Term | None = None, obj: Term | None = None, predicate: Iri | None = None
    ) -> Iterator[Quad]:
        """The quads of the graphs that are `shown` with these terms, as they are read; None is any.

        Blank nodes are those of the store. The order is the same for the same generation.
        """
        shown = self.shown
        for quad in self.snapshot.matching(subject, predicate, obj):
            if (DEFAULT_GRAPH if quad[3] is None else quad[3].value) in shown:
                yield quad

    def labels(self, iris: Iterable[str], language: str) -> dict[str, str]:
        """A name to show for each IRI: its label in `language`, else in another language, else its short form.

        What is no IRI, as files from elsewhere may have it, is its own name.
        """
        every = sorted({iri for iri in iris if iri})
        wanted = [iri for iri in every if is_iri(iri)]
        found: dict[str, tuple[int, str]] = {}
        for start in range(0, len(wanted), 500):
            values = " ".join(Iri(iri).n3 for iri in wanted[start : start + 500])
            text = f"""SELECT ?x ?label WHERE {{ VALUES ?x {{ {values} }}
              GRAPH ?g {{ ?x rdfs:label|skos:prefLabel|dcterms:title ?label }} }} ORDER BY ?x ?label"""
            for row in self.select(text):
                label = row["label"]
                if not visible(str(label)):
                    continue
                tag = getattr(label, "language", None)
                rank = 0 if tag == language else 1 if tag is None else 2
                known = found.get(str(row["x"]))
                if known is None or rank < known[0]:
                    found[str(row["x"])] = (rank, str(label))
        return {iri: found[iri][1] if iri in found else self.prefixes.compact(iri) for iri in every}


def check_base(manifest: Manifest, settings: Settings) -> None:
    """Raises `BadSetting` where a dataset was built for another base than the settings have."""
    if manifest.base != settings.base:
        raise BadSetting(
            f"{settings.data} was built for the base {manifest.base}, and the setting is {settings.base}",
            mend=f"Give --base {manifest.base}, choose another folder with --data, or build it again.",
        )


class Access:
    """Opens the current generation, and a newer one as soon as there is one; safe to use from several threads."""

    def __init__(self, settings: Settings, bundle: Bundle) -> None:
        self.settings, self.bundle = settings, bundle
        self.prefixes = bundle.prefixes()
        self.tokens = Tokens(settings.data)
        self._folder = Folder(settings.data)
        self._snapshot: Snapshot | None = None
        self._stamp = (0, 0)
        self._sessions: dict[str, Session] = {}
        self._lock = Lock()

    def stamp(self) -> tuple[object, object]:
        """Changes whenever another generation is current, or who has a token."""
        return self._folder.stamp(), self.tokens.stamp()

    def history(self) -> tuple[Manifest, ...]:
        """The manifests of the generations that are kept, oldest first; one that goes meanwhile is left out."""
        found = []
        for number in self._folder.numbers():
            with suppress(NoGeneration, DatasetUnreadable):
                found.append(self._folder.manifest(number))
        return tuple(found)

    def session(self, caller: Caller = ANYONE) -> Session:
        """A session of a caller on the current generation; raises `NoGeneration` or `DatasetUnreadable`."""
        stamp = self._folder.stamp()
        with self._lock:
            if stamp != self._stamp or self._snapshot is None:
                self._renew(stamp)
            session = self._sessions.get(caller.key)
            if session is None and self._snapshot is not None:
                graphs = self._snapshot.graphs
                hidden = caller.hidden(graphs, self.settings.contact)
                session = Session(self._snapshot, self.settings, self.prefixes, graphs.all_but(hidden), hidden)
                self._sessions[caller.key] = session
        if session is None:
            raise NoGeneration(f"{self.settings.data} holds no generation yet", mend="Run 'so2graph build'.")
        return session

    def snapshot(self, number: int) -> Snapshot:
        """A generation by its number; raises `NoGeneration`, or `BadSetting` where it has another base."""
        manifest = self._folder.manifest(number)
        check_base(manifest, self.settings)
        return Snapshot(self._folder, manifest, self.settings.max_merge_triples)

    def _renew(self, stamp: tuple[int, int]) -> None:
        """Turns to the current generation; nothing is kept of an older one."""
        number = self._folder.current()
        if number is None:
            raise NoGeneration(f"{self.settings.data} holds no generation yet", mend="Run 'so2graph build'.")
        if self._snapshot is None or self._snapshot.manifest.number != number:
            self._snapshot = self.snapshot(number)
        self._sessions.clear()
        self._stamp = stamp


def session_at(settings: Settings, generation: int, hidden: frozenset[str] | None = None) -> Session:
    """A session on a generation, without the graphs in `hidden` (as anybody, where not given).

    Raises `NoGeneration`.
    """
    access = Access(settings, Bundle.find(settings.base))
    snapshot = access.snapshot(generation)
    if hidden is None:
        hidden = ANYONE.hidden(snapshot.graphs, settings.contact)
    return Session(snapshot, settings, access.prefixes, snapshot.graphs.all_but(hidden), hidden)
