"""Opens, fills and queries Oxigraph stores: the only importer of pyoxigraph, whose types do not leave this module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, cast

import pyoxigraph as ox

from so2graph.engine.faults import body_errors, check_xml_name, engine_errors, file_errors
from so2graph.engine.generations import storage_errors
from so2graph.engine.sinks import Bounded, Collected, Sink
from so2graph.engine.spool import write_solutions
from so2graph.errors import DataInvalid, DatasetUnreadable, EngineFault, Unsupported
from so2graph.formats import Format
from so2graph.vocab import DEFAULT_GRAPH, Blank, Iri, Literal, Term

__all__ = ["Answer", "Quad", "Store", "parse_file", "parse_text", "relabelled", "serialize_quads"]

Strings = Mapping[str, str]
"""Prefixes with their namespaces, or notes by name."""
Item = ox.Quad | ox.Triple
Quad = tuple[Term, Iri, Term, Iri | None]
"""Subject, predicate, object and graph (None for the default graph)."""

_RESULT = {name: getattr(ox.QueryResultsFormat, name.upper()) for name in ("json", "xml", "csv", "tsv")}
_RDF = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "trig": ox.RdfFormat.TRIG,
    "nquads": ox.RdfFormat.N_QUADS,
}
_SUFFIX = {".ttl": _RDF["turtle"], ".trig": _RDF["trig"], ".nt": _RDF["ntriples"], ".nq": _RDF["nquads"]}
_LINES = ("ntriples", "nquads")
"""Formats without prefixes, which the engine writes by itself."""
_SORTED = 20_000
"""Triples up to which a graph is sorted before it is written; a larger one is written as it comes."""


def _term(term: object) -> Term:
    if isinstance(term, ox.NamedNode):
        return Iri(term.value)
    if isinstance(term, ox.Literal):
        return Literal(term.value, term.language, term.datatype.value)
    if isinstance(term, ox.BlankNode):
        return Blank(term.value)
    raise Unsupported(
        f"a term of type {type(term).__name__} cannot be shown here",
        mend="Ask for the parts of a triple term with SUBJECT(), PREDICATE() and OBJECT(), or take JSON or Turtle.",
    )


def _quad(quad: ox.Quad) -> Quad:
    graph = quad.graph_name
    return (
        _term(quad.subject),
        Iri(quad.predicate.value),
        _term(quad.object),
        Iri(graph.value) if isinstance(graph, ox.NamedNode) else None,
    )


def _ox_term(term: Term) -> ox.NamedNode | ox.Literal | ox.BlankNode:
    if isinstance(term, Iri):
        return ox.NamedNode(term.value)
    if isinstance(term, Blank):
        return ox.BlankNode(term.value)
    if term.language:
        return ox.Literal(term.value, language=term.language)
    return ox.Literal(term.value, datatype=ox.NamedNode(term.datatype))


def _ox_quad(quad: Quad) -> ox.Quad:
    subject, predicate, obj, graph = quad
    return ox.Quad(
        cast(ox.NamedNode, _ox_term(subject)),
        ox.NamedNode(predicate.value),
        _ox_term(obj),
        _graph("" if graph is None else graph.value),
    )


def _graph(iri: str) -> ox.NamedNode | ox.DefaultGraph:
    return ox.DefaultGraph() if iri in ("", DEFAULT_GRAPH) else ox.NamedNode(iri)


def parse_file(path: Path, text: str, base: str) -> list[Quad]:
    """The quads of an RDF file whose content is `text`; the format goes by the suffix of `path`.

    Raises `DataSyntax` with file, line and column.
    """
    rdf_format = _SUFFIX.get(path.suffix)
    if rdf_format is None:
        raise DataInvalid(f"{path.name} has no suffix that is read here", mend=f"Use {', '.join(_SUFFIX)}.")
    with file_errors(path):
        return [_quad(q) for q in ox.parse(text, format=rdf_format, base_iri=base, rename_blank_nodes=True)]


def parse_text(body: bytes | IO[bytes], fmt: Format, base: str) -> Iterator[Quad]:
    """The quads of a document in a format, as they are read; raises `BodySyntax` with line and column."""
    with body_errors(fmt):
        for quad in ox.parse(body, format=_RDF[fmt.name], base_iri=base, rename_blank_nodes=True):
            yield _quad(quad)


def relabelled(quads: Sequence[Quad], prefix: str) -> list[Quad]:
    """The quads with labels for blank nodes that follow from what is said of them (RDFC-1.0), each after `prefix`."""
    if not any(isinstance(term, Blank) for quad in quads for term in quad):
        return list(quads)
    dataset = ox.Dataset(map(_ox_quad, quads))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0_SHA_256)

    def named(term: Term) -> Term:
        return Blank(f"{prefix}{term.value.removeprefix('c14n')}") if isinstance(term, Blank) else term

    return [(named(s), p, named(o), g) for s, p, o, g in map(_quad, dataset)]


def serialize_quads(quads: Iterable[Quad], fmt: Format, prefixes: Strings) -> bytes:
    """The quads as bytes of a format; sorted, so that the same quads give the same bytes.

    In a format without graphs the graph of each quad is left out and a triple stands once.
    """
    if "dataset" in fmt.kinds:
        items: Sequence[Item] = sorted({_ox_quad(q) for q in quads}, key=_sort_key)
    else:
        items = sorted({_ox_quad(q).triple for q in quads}, key=_sort_key)
    sink = Collected()
    _serialize(items, items, fmt, prefixes, Bounded(sink, fmt))
    return sink.body


def _sort_key(item: Item) -> tuple[str, ...]:
    graph = str(item.graph_name) if isinstance(item, ox.Quad) else ""
    return graph, str(item.subject), str(item.predicate), str(item.object)


def _serialize(known: Sequence[Item], items: Iterable[Item], fmt: Format, prefixes: Strings, sink: Bounded) -> None:
    """Writes `items` to the sink; the prefixes in the first of them (`known`) are declared."""
    rdf_format = _RDF[fmt.name]
    used: dict[str, str] | None = None
    if fmt.name in ("turtle", "trig", "rdfxml", "jsonld"):
        text = "\n".join(map(str, known))
        used = {prefix: namespace for prefix, namespace in prefixes.items() if f"<{namespace}" in text}

    def counted() -> Iterator[Item]:
        for item in items:
            sink.count()
            if fmt.name == "rdfxml":
                check_xml_name(item.predicate.value)
            yield item

    with engine_errors():
        ox.serialize(cast(Iterable[ox.Triple], counted()), cast(IO[bytes], sink), format=rdf_format, prefixes=used)


@dataclass(frozen=True)
class Answer:
    """The answer to a query; it can be read once, as rows, triples or bytes.

    `variables` are the columns of a SELECT (without `?`), `boolean` is the answer of an ASK, and an answer with
    neither is a graph.
    """

    variables: tuple[str, ...] | None
    boolean: bool | None
    _results: ox.QuerySolutions | ox.QueryTriples | ox.QueryBoolean

    @property
    def kind(self) -> str:
        """`solutions`, `boolean` or `graph`, as in the table of formats."""
        return "boolean" if self.boolean is not None else "graph" if self.variables is None else "solutions"

    def rows(self) -> Iterator[tuple[Term | None, ...]]:
        """The solutions, each in the order of `variables`, None where unbound."""
        with engine_errors():
            for solution in cast(ox.QuerySolutions, self._results):
                yield tuple(None if value is None else _term(value) for value in solution)

    def skip(self, most: int | None = None) -> int:
        """Passes over up to `most` solutions, or all that are left, and says how many there were."""
        with engine_errors():
            return sum(1 for _ in islice(cast(ox.QuerySolutions, self._results), most))

    def quads(self) -> list[Quad]:
        """The triples of a graph."""
        with engine_errors():
            return [_quad(ox.Quad(t.subject, t.predicate, t.object)) for t in cast(ox.QueryTriples, self._results)]

    def write_to(
        self,
        sink: Sink,
        fmt: Format,
        prefixes: Strings,
        max_bytes: int,
        max_rows: int | None = None,
        about: Strings | None = None,
    ) -> int:
        """Writes the answer to a sink in a format that carries its kind, and returns its rows or triples.

        A graph of up to 20,000 triples is sorted, so that it has the same bytes every time, and a triple stands
        once; a larger one is written as it comes. The rows of a SELECT keep the engine's order. `about` goes into
        formats that have a place for it. Raises `ResultTooLarge` past a limit, or what the sink raises.
        """
        if self.variables is not None and fmt.binary:
            return write_solutions(self.variables, self.rows(), sink, fmt, max_bytes, max_rows, metadata=about or {})
        bounded = Bounded(sink, fmt, max_bytes, max_rows)
        with engine_errors():
            if isinstance(self._results, ox.QueryTriples):
                first = list(islice(self._results, _SORTED + 1))
                if len(first) <= _SORTED:
                    first = sorted(set(first), key=_sort_key)
                _serialize(first, chain(first, self._results), fmt, prefixes, bounded)
            else:
                self._results.serialize(cast(IO[bytes], bounded), _RESULT[fmt.name])
        return bounded.rows

    def write(self, fmt: Format, prefixes: Strings, limit: int, about: Strings | None = None) -> bytes:
        """The whole answer as bytes, as `write_to` writes it; `ResultTooLarge` past `limit` bytes."""
        sink = Collected()
        self.write_to(sink, fmt, prefixes, limit, about=about)
        return sink.body


class Store:
    """An Oxigraph store in terms of ours. Graphs are IRIs; `DEFAULT_GRAPH` is the real default graph."""

    def __init__(self, store: ox.Store, path: Path | None) -> None:
        self._inner: ox.Store | None = store
        self.path = path

    @classmethod
    def memory(cls) -> Store:
        """An empty store in memory."""
        return cls(ox.Store(), None)

    @classmethod
    def writable(cls, path: Path) -> Store:
        """A directory to write to, made when it is not there."""
        with storage_errors(path):
            return cls(ox.Store(str(path)), path)

    @classmethod
    def read_only(cls, path: Path) -> Store:
        """A directory to read from; raises `DatasetUnreadable`."""
        try:
            return cls(ox.Store.read_only(str(path)), path)
        except (OSError, RuntimeError) as error:
            raise DatasetUnreadable(
                f"{path} cannot be opened: {error}",
                mend="Build again in another folder, or go back to an older generation.",
            ) from error

    @property
    def _store(self) -> ox.Store:
        if self._inner is None:
            raise EngineFault("the store was closed")
        return self._inner

    def query(
        self, text: str, prefixes: Strings, default: Iterable[str], named: Iterable[str], base: str = ""
    ) -> Answer:
        """Answers a query on the union of the graphs of `default`, and the graphs of `named`.

        Relative IRIs are resolved against `base`, where there is one.
        """
        with engine_errors(text):
            results = self._store.query(
                text,
                base_iri=base or None,
                prefixes={prefix: iri for prefix, iri in prefixes.items() if f"{prefix}:" in text},
                default_graph=[_graph(iri) for iri in default],
                named_graphs=[ox.NamedNode(iri) for iri in named],
            )
        if isinstance(results, ox.QueryBoolean):
            return Answer(None, bool(results), results)
        if isinstance(results, ox.QuerySolutions):
            return Answer(tuple(variable.value for variable in results.variables), None, results)
        return Answer(None, None, results)

    def update(self, text: str, prefixes: Strings, base: str) -> None:
        """Does a SPARQL update, all of it or nothing."""
        with engine_errors(text):
            self._store.update(text, base_iri=base, prefixes=dict(prefixes))

    def quads(self, graph: str) -> Iterator[Quad]:
        """The quads of one graph."""
        return map(_quad, self._store.quads_for_pattern(None, None, None, _graph(graph)))

    def matching(self, subject: Term | None, predicate: Iri | None, obj: Term | None) -> Iterator[Quad]:
        """The quads of all graphs with these terms, as they are read; None is any."""
        try:
            s, p, o = (None if term is None else _ox_term(term) for term in (subject, predicate, obj))
        except ValueError:
            return iter(())  # no graph holds what is no IRI
        return map(_quad, self._store.quads_for_pattern(cast(Any, s), cast(Any, p), o, None))

    def graphs_with(self, quad: Quad) -> set[str]:
        """The graphs that hold the triple of a quad."""
        return {DEFAULT_GRAPH if graph is None else graph.value for *_, graph in self.matching(*quad[:3])}

    def holds(self, quad: Quad) -> bool:
        """Whether the very quad is there."""
        return _ox_quad(quad) in self._store

    def has_alias(self) -> bool:
        """Whether there is a named graph of the name that means the real default graph."""
        return self._store.contains_named_graph(ox.NamedNode(DEFAULT_GRAPH))

    def count(self, graph: str) -> int:
        """Triples in one graph."""
        counted = self.query("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }", {}, (graph,), ())
        return int(str(next(counted.rows())[0]))

    def graphs(self) -> list[str]:
        """All graphs that there are, sorted; the real default graph when it has a triple."""
        named = [g.value for g in self._store.named_graphs() if isinstance(g, ox.NamedNode)]
        default = next(self._store.quads_for_pattern(None, None, None, ox.DefaultGraph()), None)
        return sorted([*named, *([DEFAULT_GRAPH] if default is not None else [])])

    def add(self, quads: Iterable[Quad]) -> None:
        """Adds quads in bulk; a graph exists once it has one."""
        with storage_errors(self.path or Path()):
            self._store.bulk_extend(map(_ox_quad, quads))

    def remove(self, quads: Iterable[Quad]) -> None:
        """Removes quads that are there."""
        with storage_errors(self.path or Path()):
            for quad in quads:
                self._store.remove(_ox_quad(quad))

    def create(self, graph: str) -> None:
        """Makes an empty graph, where there is none."""
        if graph != DEFAULT_GRAPH:
            self._store.add_graph(_graph(graph))

    def drop(self, graph: str) -> None:
        """Removes a graph with all that is in it."""
        with storage_errors(self.path or Path()):
            self._store.remove_graph(_graph(graph))

    def copy(self, source: str, target: str, unless: str | None = None) -> None:
        """Adds the triples of a graph to another, but for those that stand in the graph `unless`."""
        store, node, other = self._store, _graph(target), None if unless is None else _graph(unless)
        with storage_errors(self.path or Path()):
            store.bulk_extend(
                ox.Quad(quad.subject, quad.predicate, quad.object, node)
                for quad in store.quads_for_pattern(None, None, None, _graph(source))
                if other is None or ox.Quad(quad.subject, quad.predicate, quad.object, other) not in store
            )

    def load(self, source: Path | IO[bytes], fmt: Format, base: str, graph: str) -> None:
        """Reads a whole file without graphs into one graph, in bulk; raises `BodySyntax`."""
        given: Any = {"path": str(source)} if isinstance(source, Path) else {"input": source}
        with body_errors(fmt), storage_errors(self.path or Path()):
            self._store.bulk_load(**given, format=_RDF[fmt.name], base_iri=base, to_graph=_graph(graph))

    def write_graph(
        self, graph: str, size: int, bounded: Bounded, fmt: Format, prefixes: Strings, named: bool
    ) -> int:
        """Writes one graph of `size` triples as `Answer.write_to` writes one, with its name if `named`."""
        named = named and "dataset" in fmt.kinds
        if size > _SORTED and fmt.name in _LINES and not named:
            bounded.count(size)
            with engine_errors():
                self._store.dump(cast(IO[bytes], bounded), format=_RDF[fmt.name], from_graph=_graph(graph))
            return bounded.rows
        quads = self._store.quads_for_pattern(None, None, None, _graph(graph))
        found = (quad if named else quad.triple for quad in quads)
        first = list(islice(found, _SORTED + 1))
        if len(first) <= _SORTED:
            first.sort(key=_sort_key)
            _serialize(first, first, fmt, prefixes, bounded)
        else:
            _serialize(first, chain(first, found), fmt, prefixes, bounded)
        return bounded.rows

    def _named(self, graphs: Iterable[tuple[str, str]]) -> Iterator[ox.Quad]:
        """The quads of stored graphs, each under the name that comes second."""
        for stored, name in graphs:
            node = _graph(name)
            for quad in self._store.quads_for_pattern(None, None, None, _graph(stored)):
                yield quad if stored == name else ox.Quad(quad.subject, quad.predicate, quad.object, node)

    def write_quads(
        self, graphs: Iterable[tuple[str, str]], size: int, bounded: Bounded, fmt: Format, prefixes: Mapping[str, str]
    ) -> int:
        """Writes stored graphs, each under the name that comes second; returns the triples.

        Up to 20,000 (`size`) they are sorted; more come as the store has them, which for a directory is subject by
        subject, and the same every time. A format without graphs leaves the names out.
        """
        items: Iterable[ox.Quad | ox.Triple] = self._named(graphs)
        if "dataset" not in fmt.kinds:
            items = (cast(ox.Quad, quad).triple for quad in items)
        if size <= _SORTED:
            items = sorted(set(items), key=_sort_key)
            _serialize(items, items, fmt, prefixes, bounded)
        else:
            head = [ox.Triple(node, node, node) for node in map(ox.NamedNode, prefixes.values())]
            _serialize(head, items, fmt, prefixes, bounded)
        return bounded.rows

    def canonical(self, graphs: Sequence[tuple[str, str]], sink: Sink) -> int:
        """Writes stored graphs as canonical N-Quads (RDFC-1.0, SHA-256), by way of memory; returns the quads.

        Without blank nodes they are canonical once they are sorted.
        """
        quads: Iterable[ox.Quad] = self._named(graphs)
        if any(isinstance(t, ox.BlankNode) for quad in self._named(graphs) for t in (quad.subject, quad.object)):
            quads = ox.Dataset(quads)
            quads.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0_SHA_256)
        lines = cast(bytes, ox.serialize(quads, format=ox.RdfFormat.N_QUADS)).splitlines(keepends=True)
        for line in sorted(lines):
            sink.write(line)
        return len(lines)

    def dump(self, graph: str) -> bytes:
        """One graph as N-Triples, in the store's order."""
        return cast(bytes, self._store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=_graph(graph)))

    def in_memory(self, scratch: Path) -> Store:
        """A copy of the whole store in memory, made by way of a scratch file, which is faster than quad by quad."""
        copy = ox.Store()
        with storage_errors(scratch.parent):
            try:
                self._store.dump(str(scratch), format=ox.RdfFormat.N_QUADS)
                copy.bulk_load(path=str(scratch), format=ox.RdfFormat.N_QUADS)
            finally:
                scratch.unlink(missing_ok=True)
        for graph in self._store.named_graphs():
            copy.add_graph(graph)
        return Store(copy, None)

    def backup(self, path: Path) -> None:
        """A second directory with the same content, by hard links."""
        with storage_errors(path):
            self._store.backup(str(path))

    def close(self) -> None:
        """Flushes a directory to disk and closes the store."""
        if self._inner is not None and self.path is not None:
            with storage_errors(self.path):
                self._inner.flush()
        self._inner = None
