"""Opens, fills and queries Oxigraph stores: the only importer of pyoxigraph, whose types do not leave this module."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO, cast

import pyoxigraph as ox

from so2graph.engine.dataset import Dataset, Graphs
from so2graph.engine.generations import Folder, Manifest, storage_errors
from so2graph.errors import (
    DataInvalid,
    DatasetUnreadable,
    DataSyntax,
    EngineFault,
    NotAcceptable,
    QuerySyntax,
    ResultTooLarge,
    Unsupported,
)
from so2graph.formats import Format
from so2graph.vocab import Blank, Iri, Literal, Names, Term

__all__ = ["Answer", "Quad", "Snapshot", "Staged", "parse_file", "serialize_quads"]

Quad = tuple[Term, Iri, Term, Iri | None]
"""Subject, predicate, object and graph (None for the default graph)."""

_RESULT = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
_RDF = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "trig": ox.RdfFormat.TRIG,
    "nquads": ox.RdfFormat.N_QUADS,
}
_SUFFIX = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".trig": ox.RdfFormat.TRIG,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
}
_AT = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)
# The engine lists the letters that a name may have; nobody wants to read them.
_CLASSES = re.compile(r",? ?\[(?:'.*?'|_)\]", re.DOTALL)
_UNSUPPORTED = "Use the functions of SPARQL 1.1, and a format that can carry the answer (JSON, Turtle)."
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_XML_NAME_END = re.compile(r"[^\W\d][\w.\-]*$")


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
        ox.DefaultGraph() if graph is None else ox.NamedNode(graph.value),
    )


def parse_file(path: Path, text: str, base: str) -> list[Quad]:
    """The quads of an RDF file whose content is `text`; the format goes by the suffix of `path`.

    Raises `DataSyntax` with file, line and column.
    """
    rdf_format = _SUFFIX.get(path.suffix)
    if rdf_format is None:
        raise DataInvalid(f"{path.name} has no suffix that is read here", mend=f"Use {', '.join(_SUFFIX)}.")
    try:
        return [_quad(q) for q in ox.parse(text, format=rdf_format, base_iri=base, rename_blank_nodes=True)]
    except SyntaxError as error:
        line, column = error.lineno or 1, error.offset or 1
        raise DataSyntax(
            f"{path}, line {line}, column {column}: {str(error.msg).rstrip('.')}",
            mend=f"Mend {path.name} there, and build again.",
            file=str(path),
            line=line,
            column=column,
        ) from None


def serialize_quads(quads: Iterable[Quad], fmt: Format, prefixes: Mapping[str, str]) -> bytes:
    """The quads as bytes of a format; sorted, so that the same quads give the same bytes.

    In a format without graphs the graph of each quad is left out and a triple stands once.
    """
    rdf_format = _RDF[fmt.name]
    if "dataset" in fmt.kinds:
        items: list[ox.Quad] | list[ox.Triple] = sorted({_ox_quad(q) for q in quads}, key=_sort_key)
    else:
        items = sorted({_ox_quad(q).triple for q in quads}, key=_sort_key)
    return _serialize(items, rdf_format, prefixes)


def _sort_key(item: ox.Quad | ox.Triple) -> tuple[str, ...]:
    graph = str(item.graph_name) if isinstance(item, ox.Quad) else ""
    return graph, str(item.subject), str(item.predicate), str(item.object)


def _serialize(items: list[ox.Quad] | list[ox.Triple], fmt: ox.RdfFormat, prefixes: Mapping[str, str]) -> bytes:
    used = (
        _used_prefixes(items, prefixes)
        if fmt in (ox.RdfFormat.TURTLE, ox.RdfFormat.TRIG, ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD)
        else None
    )
    if fmt == ox.RdfFormat.RDF_XML:
        _check_xml_names(items)
    body = cast(bytes, ox.serialize(items, format=fmt, prefixes=used))
    if fmt == ox.RdfFormat.RDF_XML:
        _check_xml(body)
    return body


def _used_prefixes(items: Iterable[object], prefixes: Mapping[str, str]) -> dict[str, str]:
    text = "\n".join(map(str, items))
    return {prefix: namespace for prefix, namespace in prefixes.items() if f"<{namespace}" in text}


def _check_xml(body: bytes) -> None:
    """Refuses a document with characters that XML 1.0 (2.2) cannot have, which no parser would take."""
    if _NOT_XML.search(body.decode("utf-8")):
        raise NotAcceptable(
            "the answer has a control character, which XML cannot carry", mend="Take JSON, CSV or Turtle instead."
        )


def _check_xml_names(items: Iterable[ox.Quad] | Iterable[ox.Triple]) -> None:
    """Refuses a predicate that RDF/XML cannot write as an element (RDF 1.1 XML Syntax, 5.1.3)."""
    for item in items:
        if not _XML_NAME_END.search(item.predicate.value):
            raise NotAcceptable(
                f"RDF/XML cannot write the property <{item.predicate.value}>", mend="Take Turtle or JSON-LD instead."
            )


class _Limited:
    """A sink that stops at a number of bytes."""

    def __init__(self, limit: int) -> None:
        self._limit, self._size = limit, 0
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._size += len(data)
        if self._size > self._limit:
            raise ResultTooLarge(
                f"the answer is larger than {self._limit} bytes",
                mend="Ask for less (LIMIT), or raise the setting max_result_bytes.",
                limit=self._limit,
            )
        self.parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""


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
        if self.boolean is not None:
            return "boolean"
        return "graph" if self.variables is None else "solutions"

    def rows(self) -> Iterator[tuple[Term | None, ...]]:
        """The solutions, each in the order of `variables`, None where unbound."""
        with _engine_errors():
            for solution in cast(ox.QuerySolutions, self._results):
                yield tuple(None if value is None else _term(value) for value in solution)

    def quads(self) -> list[Quad]:
        """The triples of a graph."""
        with _engine_errors():
            return [_quad(ox.Quad(t.subject, t.predicate, t.object)) for t in cast(ox.QueryTriples, self._results)]

    def write(self, fmt: Format, prefixes: Mapping[str, str], limit: int) -> bytes:
        """The whole answer as bytes of a format that carries its kind; `ResultTooLarge` past `limit` bytes.

        A graph is sorted, so that it has the same bytes every time; the rows of a SELECT keep the engine's order.
        """
        sink = _Limited(limit)
        with _engine_errors():
            if isinstance(self._results, ox.QueryTriples):
                triples = sorted(set(self._results), key=_sort_key)
                sink.write(_serialize(triples, _RDF[fmt.name], prefixes))
            else:
                self._results.serialize(cast(IO[bytes], sink), _RESULT[fmt.name])
        body = b"".join(sink.parts)
        if fmt.name == "xml":
            _check_xml(body)
        return body


@contextmanager
def _engine_errors(text: str = "") -> Iterator[None]:
    """Translates what the engine raises: syntax to `QuerySyntax`, everything else to `EngineFault`."""
    try:
        yield
    except SyntaxError as error:
        match = _AT.match(str(error))
        if match is None:
            line, column, what = text.count("\n") + 1, 1, str(error)
        else:
            line, column, what = int(match[1]), int(match[2]), _CLASSES.sub("", match[3])
        raise QuerySyntax(
            f"line {line}, column {column}: {what}",
            mend="Mend the query there and send it again.",
            line=line,
            column=column,
        ) from None
    except (OSError, RuntimeError, ValueError) as error:
        if "not supported" in str(error) or "does not support" in str(error):
            raise Unsupported(f"this cannot be done here: {error}", mend=_UNSUPPORTED) from None
        raise EngineFault(
            f"the engine could not answer: {error}", mend="The query is right; report it with the text you sent."
        ) from error


def _run(store: ox.Store, text: str, prefixes: Mapping[str, str], default: list[str], named: list[str]) -> Answer:
    with _engine_errors(text):
        results = store.query(
            text,
            prefixes=dict(prefixes),
            default_graph=[ox.NamedNode(g) for g in default],
            named_graphs=[ox.NamedNode(g) for g in named],
        )
    if isinstance(results, ox.QueryBoolean):
        return Answer(None, bool(results), results)
    if isinstance(results, ox.QuerySolutions):
        return Answer(tuple(variable.value for variable in results.variables), None, results)
    return Answer(None, None, results)


class Snapshot:
    """One generation, opened for reading; safe to use from several threads."""

    def __init__(self, folder: Folder, manifest: Manifest, max_merge_triples: int) -> None:
        self.manifest = manifest
        self._path = folder.store_path(manifest.number)
        self._max_merge = max_merge_triples
        self._merges: OrderedDict[Dataset, ox.Store] = OrderedDict()
        self._lock = Lock()
        try:
            self._store = ox.Store.read_only(str(self._path))
        except (OSError, RuntimeError) as error:
            raise DatasetUnreadable(
                f"{self._path} cannot be opened: {error}",
                mend="Build again in another folder, or go back to an older generation.",
            ) from error
        names = Names(manifest.base)
        self.graphs = Graphs(names, frozenset(manifest.graphs) | names.derived, frozenset(manifest.by_name_only))

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
            return _run(merged, text, prefixes, [self.names.facts], list(dataset.named))
        return _run(self._store, text, prefixes, list(dataset.default), list(dataset.named))

    def _merged(self, dataset: Dataset) -> ox.Store:
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
            store, target = ox.Store(), ox.NamedNode(self.names.facts)
            for graph in dataset.default:
                store.extend(ox.Quad(q.subject, q.predicate, q.object, target) for q in self._of(graph))
            for graph in dataset.named:
                store.extend(self._of(graph))
            self._merges[dataset] = store
            while len(self._merges) > 1 and sum(map(self._size, self._merges)) > self._max_merge:
                self._merges.popitem(last=False)
            return store

    def _size(self, dataset: Dataset) -> int:
        """Triples to be copied for a merge, those of the derived graphs as well."""
        sizes = self.manifest.graphs | self.manifest.derived
        return sum(sizes.get(graph, 0) for graph in (*dataset.default, *dataset.named))

    def _of(self, graph: str) -> Iterator[ox.Quad]:
        return self._store.quads_for_pattern(None, None, None, ox.NamedNode(graph))

    def quads(self, graphs: Iterable[str]) -> Iterator[Quad]:
        """All quads of the named graphs, graph by graph."""
        for graph in graphs:
            for quad in self._of(graph):
                yield _quad(quad)


class Staged:
    """A store in the making, which nobody reads yet."""

    def __init__(self, path: Path, names: Names) -> None:
        self._path, self.names = path, names
        with storage_errors(path):
            self._store: ox.Store | None = ox.Store(str(path))

    @property
    def _open(self) -> ox.Store:
        if self._store is None:
            raise EngineFault("the staged store was closed")
        return self._store

    def add(self, quads: Iterable[Quad]) -> None:
        """Adds quads; a graph exists once it has one."""
        with storage_errors(self._path):
            self._open.bulk_extend(_ox_quad(quad) for quad in quads)

    def refresh_merges(self, factual: Iterable[str], everything: Iterable[str]) -> None:
        """Makes `graph/facts` and `graph/all` anew: a triple of several graphs stands once in each."""
        store = self._open
        with storage_errors(self._path):
            for target, sources in ((self.names.facts, factual), (self.names.everything, everything)):
                node = ox.NamedNode(target)
                store.remove_graph(node)
                store.bulk_extend(
                    ox.Quad(quad.subject, quad.predicate, quad.object, node)
                    for source in sources
                    for quad in store.quads_for_pattern(None, None, None, ox.NamedNode(source))
                )
                store.add_graph(node)

    def counts(self) -> dict[str, int]:
        """Triples in each named graph, the derived ones too, sorted by graph."""
        store = self._open
        graphs = sorted(str(g.value) for g in store.named_graphs() if isinstance(g, ox.NamedNode))
        return {
            graph: sum(1 for _ in store.quads_for_pattern(None, None, None, ox.NamedNode(graph))) for graph in graphs
        }

    def query(self, text: str, dataset: Dataset, prefixes: Mapping[str, str]) -> Answer:
        """Answers a query of our own on the staged store; at most one default graph."""
        return _run(self._open, text, prefixes, list(dataset.default), list(dataset.named))

    def ntriples(self, graph: str) -> bytes:
        """One graph as N-Triples, for a validator that reads RDF itself."""
        return cast(bytes, self._open.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=ox.NamedNode(graph)))

    def close(self) -> None:
        """Flushes everything to disk and closes the store."""
        if self._store is not None:
            with storage_errors(self._path):
                self._store.flush()
            self._store = None
