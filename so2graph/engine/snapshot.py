"""One generation, opened for reading."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from threading import Lock

from so2graph.engine.dataset import Dataset, Graphs
from so2graph.engine.generations import Folder, Manifest
from so2graph.engine.sinks import Bounded, Sink
from so2graph.engine.store import Answer, Quad, Store
from so2graph.errors import ResultTooLarge
from so2graph.formats import Format
from so2graph.vocab import Iri, Names, Term

__all__ = ["Snapshot"]


class Snapshot:
    """One generation, read from its directory or from a copy in memory; safe to use from several threads."""

    def __init__(
        self, folder: Folder, manifest: Manifest, max_merge_triples: int, store: Store | None = None
    ) -> None:
        self.manifest = manifest
        self._max_merge = max_merge_triples
        self._merges: OrderedDict[Dataset, Store] = OrderedDict()
        self._lock = Lock()
        self._opened, self._path = store, folder.store_path(manifest.number)
        names = Names(manifest.base)
        self.graphs = Graphs(names, frozenset(manifest.graphs) | names.derived, frozenset(manifest.by_name_only))

    @property
    def _store(self) -> Store:
        """The store, which is opened when it is first needed; raises `DatasetUnreadable`."""
        if self._opened is None:
            with self._lock:
                self._opened = self._opened or Store.read_only(self._path)
        return self._opened

    def open(self) -> Snapshot:
        """Opens the store now; raises `DatasetUnreadable`."""
        self._store.quads(self.names.catalogue)
        return self

    def in_memory(self, scratch: Path) -> Snapshot:
        """The same generation as a copy in memory; `scratch` is a file that may be written meanwhile."""
        return Snapshot(Folder(Path()), self.manifest, self._max_merge, self._store.in_memory(scratch))

    @property
    def names(self) -> Names:
        return self.graphs.names

    def query(self, text: str, dataset: Dataset, prefixes: Mapping[str, str]) -> Answer:
        """Answers a query that `guard` let through, on `dataset`; `prefixes` need no declaration.

        More than one default graph is merged first: a triple counts once (SPARQL 1.1, 13.1; RDF 1.1 Semantics, 4.1).
        Raises `QuerySyntax`, `ResultTooLarge` (merge) or `EngineFault`.
        """
        if len(dataset.default) > 1:
            merged = self._merged(dataset)
            return merged.query(text, prefixes, [self.names.facts], dataset.named, self.names.base)
        default = chain.from_iterable(map(self.members, dataset.default))
        return self._store.query(text, prefixes, default, dataset.named, self.names.base)

    def members(self, graph: str) -> tuple[str, ...]:
        """The stored graphs that make up a graph: more than one, without a triple in common, for a merge."""
        members = self.manifest.merges.get(graph, (graph,))
        return tuple(m for m in members if self.manifest.derived.get(m, 1)) or members[:1]

    def size(self, graph: str) -> int:
        """Triples of a graph or of a merge."""
        sizes = self.manifest.graphs | self.manifest.derived
        return sum(sizes.get(member, 0) for member in self.members(graph))

    def _merged(self, dataset: Dataset) -> Store:
        self.open()
        with self._lock:
            if dataset in self._merges:
                self._merges.move_to_end(dataset)
                return self._merges[dataset]
            size = self._size(dataset)
            if size > self._max_merge:
                raise ResultTooLarge(
                    f"FROM would merge {size} triples, and the limit is {self._max_merge}",
                    mend=f"Use FROM <{self.names.everything}>, or raise the setting max_merge_triples.",
                    limit=self._max_merge,
                    size=size,
                )
            store, target = Store.memory(), Iri(self.names.facts)
            for graph in dataset.default:
                store.add((s, p, o, target) for s, p, o, _ in self.quads([graph]))
            for graph in dataset.named:
                store.add(self.quads([graph]))
            self._merges[dataset] = store
            while len(self._merges) > 1 and sum(map(self._size, self._merges)) > self._max_merge:
                self._merges.popitem(last=False)
            return store

    def _size(self, dataset: Dataset) -> int:
        """Triples to be copied for a merge, those of the derived graphs as well."""
        sizes = self.manifest.graphs | self.manifest.derived
        members = chain.from_iterable(map(self.members, dataset.default))
        return sum(sizes.get(graph, 0) for graph in (*members, *dataset.named))

    def quads(self, graphs: Iterable[str]) -> Iterator[Quad]:
        """All quads of the graphs, graph by graph; those of a merge have the merge as their graph."""
        for graph in graphs:
            members = self.members(graph)
            for member in members:
                for subject, predicate, obj, stored in self._store.quads(member):
                    yield subject, predicate, obj, stored if len(members) == 1 else Iri(graph)

    def matching(self, subject: Term | None, predicate: Iri | None, obj: Term | None) -> Iterator[Quad]:
        """The stored quads with these terms, those of the derived graphs as well; None is any."""
        return self._store.matching(subject, predicate, obj)

    def write_graph(
        self, graph: str, bounded: Bounded, fmt: Format, prefixes: Mapping[str, str], *, named: bool = False
    ) -> int:
        """Writes one stored graph as RDF, `named` with its name where the format has names; returns its triples."""
        size = self.manifest.graphs.get(graph, 0)
        return self._store.write_graph(graph, size, bounded, fmt, prefixes, named)

    def _pairs(self, graphs: Iterable[str]) -> tuple[list[tuple[str, str]], int]:
        """The stored graphs that make up graphs, each with the name it goes by, and how many triples they have."""
        pairs = [(member, graph) for graph in graphs for member in self.members(graph)]
        sizes = self.manifest.graphs | self.manifest.derived
        return pairs, sum(sizes.get(member, 0) for member, _ in pairs)

    def write_quads(
        self,
        graphs: Iterable[str],
        sink: Sink,
        fmt: Format,
        prefixes: Mapping[str, str],
        watch: Callable[[int], None] | None = None,
    ) -> int:
        """Writes graphs to a sink as RDF, with their names where the format has graphs; returns the triples.

        `watch` is told now and then how many there were.
        """
        pairs, size = self._pairs(graphs)
        return self._store.write_quads(pairs, size, Bounded(sink, fmt, watch=watch), fmt, prefixes)

    def write_canonical(self, graphs: Iterable[str], sink: Sink) -> int:
        """Writes graphs to a sink as canonical N-Quads (RDFC-1.0; its sha256 is their name); returns the quads."""
        return self._store.canonical(self._pairs(graphs)[0], sink)

    def backup(self, path: Path) -> None:
        """A directory with the same content, to be changed into the next generation."""
        self._store.backup(path)
