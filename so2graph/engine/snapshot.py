"""One generation, opened for reading."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from threading import Lock

from so2graph.engine.dataset import Dataset, Graphs
from so2graph.engine.generations import Folder, Manifest
from so2graph.engine.sinks import Bounded, Sink
from so2graph.engine.store import Answer, Quad, Store
from so2graph.errors import ResultTooLarge
from so2graph.formats import Format
from so2graph.vocab import Iri, Names

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
        default = chain.from_iterable(map(self._members, dataset.default))
        return self._store.query(text, prefixes, default, dataset.named, self.names.base)

    def _members(self, graph: str) -> tuple[str, ...]:
        """The stored graphs that make up a graph: more than one, without a triple in common, for a merge."""
        members = self.manifest.merges.get(graph, (graph,))
        return tuple(m for m in members if self.manifest.derived.get(m, 1)) or members[:1]

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
        members = chain.from_iterable(map(self._members, dataset.default))
        return sum(sizes.get(graph, 0) for graph in (*members, *dataset.named))

    def quads(self, graphs: Iterable[str]) -> Iterator[Quad]:
        """All quads of the graphs, graph by graph; those of a merge have the merge as their graph."""
        for graph in graphs:
            members = self._members(graph)
            for member in members:
                for subject, predicate, obj, stored in self._store.quads(member):
                    yield subject, predicate, obj, stored if len(members) == 1 else Iri(graph)

    def write_graph(
        self, graph: str, sink: Sink, fmt: Format, prefixes: Mapping[str, str], max_bytes: int, max_rows: int
    ) -> int:
        """Writes one stored graph to a sink as RDF, and returns its triples."""
        size = self.manifest.graphs.get(graph, 0)
        return self._store.write_graph(graph, size, Bounded(sink, fmt, max_bytes, max_rows), fmt, prefixes)

    def backup(self, path: Path) -> None:
        """A directory with the same content, to be changed into the next generation."""
        self._store.backup(path)
