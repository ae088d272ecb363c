"""A generation in the making: what is in it, and the two merges that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from pathlib import Path

from so2graph.engine.dataset import Dataset
from so2graph.engine.generations import Manifest
from so2graph.engine.store import Answer, Quad, Store
from so2graph.vocab import DEFAULT_GRAPH, XSD, Iri, Literal, Names

__all__ = ["COUNTED", "VOID", "Staged", "statistics"]

VOID = "http://rdfs.org/ns/void#"
COUNTED = frozenset(
    VOID + name for name in ("triples", "distinctSubjects", "distinctObjects", "properties", "classes")
)
"""What the catalogue counts of each graph."""
_DOMINANT = 10_000
"""A graph of this many triples, and at least half of a merge, is part of the merge as it is, without a copy."""
_STATISTICS = (
    """SELECT (COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?distinctSubjects) (COUNT(DISTINCT ?p) AS ?properties)
       (COUNT(DISTINCT ?o) AS ?distinctObjects) WHERE { ?s ?p ?o }""",
    "SELECT (COUNT(DISTINCT ?c) AS ?classes) WHERE { ?s a ?c }",
)


def statistics(staged: Staged, graph: str, catalogue: str) -> list[Quad]:
    """What VoID (3.1 to 3.3) says of a graph (`void:triples`, `distinctSubjects` …), as quads of `catalogue`."""
    quads: list[Quad] = []
    for text in _STATISTICS:
        answer = staged.query(text, Dataset((graph,), ()), {})
        for column, value in zip(answer.variables or (), next(answer.rows()), strict=True):
            number = Literal(str(value), datatype=XSD + "integer")
            quads.append((Iri(graph), Iri(VOID + column), number, Iri(catalogue)))
    return quads


class Staged:
    """A store in the making, which nobody reads yet.

    `aside` are the graphs that hold no facts (besides those that `Names.no_fact` knows), `by_name_only` those that
    are in no merge. Every other graph is part of both merges, the real default graph too. A merge is kept as one
    graph of its own beside (where there is one) the dominant graph among its sources; the two have no triple in
    common, so that their union is the merge.
    """

    def __init__(self, path: Path, names: Names, aside: Iterable[str] = (), by_name_only: Iterable[str] = ()) -> None:
        self.names = names
        self.aside, self.by_name_only = frozenset(aside), frozenset(by_name_only)
        self.store = Store.writable(path)
        self.merges: dict[str, tuple[str, ...]] = {}

    @classmethod
    def following(cls, path: Path, manifest: Manifest) -> Staged:
        """The directory at `path`, a copy of the generation of a manifest."""
        staged = cls(path, Names(manifest.base), manifest.aside, manifest.by_name_only)
        staged.merges = {name: manifest.merges.get(name, (name,)) for name in sorted(staged.names.derived)}
        return staged

    def add(self, quads: Iterable[Quad]) -> None:
        """Adds quads; a graph exists once it has one."""
        self.store.add(quads)

    def _source(self, merge: str) -> Callable[[str], bool]:
        names, facts = self.names, merge == self.names.facts
        excluded = names.derived | self.by_name_only | (self.aside if facts else frozenset())
        return lambda graph: graph not in excluded and not (facts and names.no_fact(graph))

    def refresh_merges(self, counts: Mapping[str, int] | None = None) -> None:
        """Makes both merges anew: a triple of several graphs stands once in each."""
        counts = self.counts() if counts is None else counts
        self.merges = {}
        for merge in sorted(self.names.derived):
            sources = {graph: count for graph, count in counts.items() if self._source(merge)(graph)}
            largest = max(sources, key=lambda graph: (sources[graph], graph), default=None)
            base = None
            if largest is not None and sources[largest] >= max(_DOMINANT, sum(sources.values()) / 2):
                base = largest
            self.store.drop(merge)
            for graph in sources:
                if graph != base:
                    self.store.copy(graph, merge, unless=base)
            self.store.create(merge)
            self.merges[merge] = (merge,) if base is None else (base, merge)

    def follow_up(self, changed: Iterable[Quad]) -> dict[str, int]:
        """Brings both merges up to date after these quads were added or removed.

        Returns by how many triples the graph that is kept for each merge has grown.
        """
        quads, grown = list(dict.fromkeys(changed)), {}
        for merge, members in self.merges.items():
            source, base = self._source(merge), members[0] if len(members) > 1 else None
            wanted: dict[bool, list[Quad]] = {True: [], False: []}
            for subject, predicate, obj, graph in quads:
                if not source(DEFAULT_GRAPH if graph is None else graph.value):
                    continue
                quad = (subject, predicate, obj, Iri(merge))
                holders = {holder for holder in self.store.graphs_with(quad) if source(holder)}
                here = bool(holders) and base not in holders
                if self.store.holds(quad) != here:
                    wanted[here].append(quad)
            self.store.add(dict.fromkeys(wanted[True]))
            self.store.remove(dict.fromkeys(wanted[False]))
            grown[merge] = len(set(wanted[True])) - len(set(wanted[False]))
        return grown

    def counts(self) -> dict[str, int]:
        """Triples in each graph, the derived ones too, sorted by graph."""
        return {graph: self.store.count(graph) for graph in self.store.graphs()}

    def query(self, text: str, dataset: Dataset, prefixes: Mapping[str, str]) -> Answer:
        """Answers a query of our own on the staged store; at most one default graph."""
        default = chain.from_iterable(self.merges.get(graph, (graph,)) for graph in dataset.default)
        return self.store.query(text, prefixes, default, dataset.named)

    def ntriples(self, graph: str) -> bytes:
        """One graph as N-Triples, for a validator that reads RDF itself."""
        return b"".join(self.store.dump(member) for member in self.merges.get(graph, (graph,)))

    def close(self) -> None:
        """Flushes everything to disk and closes the store."""
        self.store.close()
