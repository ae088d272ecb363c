"""Writes exports: a selection of the dataset in a format, piece by piece, and what there is to say about the file."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from io import StringIO
from itertools import groupby
from pathlib import Path

from so2graph import __version__
from so2graph.coding import encoder
from so2graph.engine.access import Session
from so2graph.engine.columns import Column, read, type_of
from so2graph.engine.generations import storage_errors
from so2graph.engine.sinks import Sink
from so2graph.engine.store import Quad
from so2graph.errors import NotFound
from so2graph.formats import Format
from so2graph.network.files import write_gexf, write_graphml
from so2graph.network.picture import write_columns
from so2graph.network.reading import read_network
from so2graph.network.tables import EDGE_COLUMNS, NODE_COLUMNS, edge_rows, node_rows
from so2graph.publish.context import compact, expanded, frame_document, read_context
from so2graph.publish.making import part_of
from so2graph.publish.places import places_geojson
from so2graph.publish.selection import SIDECAR, Export, parse
from so2graph.registry import Bundle
from so2graph.vocab import DEFAULT_GRAPH, MODALITIES, Iri, Literal

__all__ = ["Sidecar", "framable", "graphs_of", "licence_of", "make_export", "must_exist", "write", "write_file"]

Tell = Callable[[str, int, int], None]
"""Told how far it is: step, done, total."""
_TELL_EVERY = 10_000
_PIECE = 262_144
_VALUES = ("double", "boolean", "date", "datetime", "year")
_COLUMNS = (
    *((name, "string") for name in ("graph", "subject", "predicate", "object", "objectKind", "datatype", "language")),
    *zip(("number", "boolean", "date", "dateTime", "year"), _VALUES, strict=True),
)
"""A table of statements; the last five have the value of a literal that is a number, a truth value, a time …"""
_BATCH = 2_000
_MODAL = "SELECT ?g { GRAPH ?_catalogue { ?g so2:modality ?_modality } } ORDER BY ?g"
_CLASSES = "SELECT DISTINCT ?class { ?x a ?class }"
_LICENCE = """SELECT ?licence { GRAPH ?_catalogue { ?catalogue a dcat:Catalog ; dcterms:license ?licence } }
ORDER BY ?licence LIMIT 1"""


def graphs_of(session: Session, export: Export) -> list[str]:
    """The graphs that an export of statements holds, by name; raises `NotFound`.

    The dataset: all graphs but those reached by name only, where the format can say in which graph a statement
    stands, and else the facts: what is planned or hoped would look like a fact there.
    """
    names = session.snapshot.names
    if export.kind.name == "graph":
        iri = export.which if export.which.startswith(names.base) else names.graph(export.which)
        if iri not in session.readable | names.derived:
            raise NotFound(
                f"there is no graph <{iri}> here", mend="See /exports for them.", near=sorted(session.readable)
            )
        return [iri]
    if export.kind.name == "modality":
        if export.which not in MODALITIES:
            raise NotFound(f"{export.which[:80]!r} is no modality", mend=f"There is: {', '.join(MODALITIES)}.")
        rows = session.select(_MODAL, catalogue=Iri(names.catalogue), modality=Iri(names.term(export.which)))
        return [str(row["g"]) for row in rows if str(row["g"]) in session.readable]
    if export.format.kinds & {"dataset", "table", "version"}:
        return sorted(session.readable - session.snapshot.graphs.by_name_only)
    return [names.facts]


def must_exist(session: Session, export: Export) -> None:
    """Raises `NotFound` for a graph, modality or class that there is not, before anything is done for it."""
    if export.kind.name == "framed":
        _must_be_framable(session, export)
    elif export.kind.named:
        graphs_of(session, export)


def write(session: Session, export: Export, sink: Sink, tell: Tell) -> dict[str, int]:
    """Writes an export without its coding, and returns what is in it (`triples`, `rows`, `nodes` …) by number."""
    kind, fmt = export.kind.name, export.format
    created = session.snapshot.manifest.created[:10]
    if fmt.name == "columns":
        return write_columns(session, sink)
    if kind in ("network", "nodes", "edges"):
        network = read_network(session)
        counts = {"nodes": len(network.nodes), "edges": len(network.edges)}
        if fmt.name == "gexf":
            write_gexf(network, "nl", sink, created=created)
        elif fmt.name == "graphml":
            write_graphml(network, "nl", sink)
        elif kind == "nodes":
            return {"rows": _table(NODE_COLUMNS, node_rows(network), session, export, sink)}
        else:
            return {"rows": _table(EDGE_COLUMNS, edge_rows(network), session, export, sink)}
        return counts
    if kind == "framed":
        return _framed(session, export, sink)
    if kind == "places":
        body = places_geojson(session)
        sink.write(body)
        return {"places": len(json.loads(body)["features"])}
    graphs = graphs_of(session, export)
    return _statements(session, export, graphs, sink, tell)


def _statements(session: Session, export: Export, graphs: list[str], sink: Sink, tell: Tell) -> dict[str, int]:
    fmt, snapshot = export.format, session.snapshot
    if "version" in fmt.kinds:
        return {"quads": snapshot.write_canonical(graphs, sink)}
    if fmt.name == "jsonld":
        return {"triples": _json_ld(session, graphs, sink, tell)}
    if "table" in fmt.kinds:
        rows = _rows(_told(snapshot.quads(graphs), _size(session, graphs), tell))
        return {"triples": _table(_COLUMNS, rows, session, export, sink)}
    total = _size(session, graphs)
    watch = partial(_tell_writing, tell, total)
    return {"triples": snapshot.write_quads(graphs, sink, fmt, session.prefixes, watch)}


def _tell_writing(tell: Tell, total: int, done: int) -> None:
    tell("writing", min(done, total), total)


def _json_ld(session: Session, graphs: list[str], sink: Sink, tell: Tell) -> int:
    """Graphs as one JSON-LD document in the names of the context, written in batches; returns the triples."""
    context = read_context(Bundle.find(session.settings.base))
    head = json.dumps(context.terms, ensure_ascii=False)
    sink.write(f'{{"@context": {head},\n"@graph": ['.encode())
    count, total = 0, _size(session, graphs)
    for number, graph in enumerate(graphs):
        # The real default graph has no name: its nodes stand beside the graphs.
        named = graph != DEFAULT_GRAPH
        sink.write(b",\n" if number else b"\n")
        sink.write(f'{{"id": {json.dumps(graph)}, "@graph": ['.encode() if named else b"")
        first = True
        for batch in _by_subject(session.snapshot.quads([graph])):
            tell("writing", count, total)
            count += len(batch)
            nodes = compact(expanded(((s, p, o, None) for s, p, o, _ in batch), lists=False), context)
            text = ",\n".join(json.dumps(node, ensure_ascii=False) for node in nodes)
            sink.write(f"{'' if first else ','}\n{text}".encode())
            first = False
        sink.write(b"\n]}" if named else b"")
    sink.write(b"\n]}\n")
    return count


def _framed(session: Session, export: Export, sink: Sink) -> dict[str, int]:
    """The facts as trees, whose roots are the things of a class; raises `NotFound` for a class that has none."""
    names = session.snapshot.names
    _must_be_framable(session, export)
    document = frame_document(
        session.snapshot.quads([names.facts]),
        [names.term(export.which)],
        read_context(Bundle.find(session.settings.base)),
        max_triples=session.settings.max_frame_triples,
    )
    sink.write(json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n")
    nodes = document["@graph"]
    return {"nodes": len(nodes) if isinstance(nodes, list) else 0}


def _must_be_framable(session: Session, export: Export) -> None:
    classes = framable(session)
    if export.which not in classes:
        raise NotFound(
            f"nothing is of the type {export.which[:80]!r}",
            mend=f"There is: {', '.join(classes)}.",
            near=[session.snapshot.names.term(name) for name in classes],
        )


def framable(session: Session) -> list[str]:
    """Local names of the classes of ours that have things, sorted."""
    names = session.snapshot.names
    found = (str(row["class"]) for row in session.select(_CLASSES))
    return sorted(iri.removeprefix(names.term("")) for iri in found if iri.startswith(names.term("")))


def _by_subject(quads: Iterable[Quad]) -> Iterator[list[Quad]]:
    """The quads in batches that do not cut through a row of the same subject."""
    batch: list[Quad] = []
    for _, rows in groupby(quads, key=lambda quad: quad[0]):
        batch += rows
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _rows(quads: Iterable[Quad]) -> Iterator[tuple[object, ...]]:
    """A row of `_COLUMNS` for each quad; what does not apply is None."""
    nothing = (None,) * len(_VALUES)
    for subject, predicate, obj, graph in quads:
        name = None if graph is None or graph.value == DEFAULT_GRAPH else graph.value
        start = (name, str(subject), predicate.value, str(obj))
        if isinstance(obj, Literal):
            yield *start, "literal", obj.datatype, obj.language, *_values(obj)
        else:
            yield *start, "iri" if isinstance(obj, Iri) else "blank", None, None, *nothing


def _values(literal: Literal) -> tuple[object | None, ...]:
    kind = type_of(literal.datatype)
    kind = "double" if kind in ("integer", "decimal") else kind
    return tuple(read(kind)(literal.value) if kind == one else None for one in _VALUES)


def _size(session: Session, graphs: Iterable[str]) -> int:
    manifest = session.snapshot.manifest
    sizes = manifest.graphs | dict.fromkeys(session.snapshot.names.derived, manifest.triples)
    return sum(sizes.get(graph, 0) for graph in graphs)


def _told(quads: Iterable[Quad], total: int, tell: Tell) -> Iterator[Quad]:
    for done, quad in enumerate(quads):
        if done % _TELL_EVERY == 0:
            tell("writing", done, total)
        yield quad


def _table(
    columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[object]], session: Session, export: Export, sink: Sink
) -> int:
    """A table whose columns have a name and a type, in CSV and TSV (RFC 4180; nothing for unknown) or typed."""
    if export.format.name not in ("csv", "tsv"):
        from so2graph.engine.tabular import write_rows

        typed = [Column(name, kind) for name, kind in columns]
        metadata = {"generation": str(session.snapshot.manifest.number), "dataset": session.snapshot.names.base}
        return write_rows(
            typed, rows, sink, export.format, metadata=metadata, title=replace(export, coding=None).name
        )
    buffer, count = StringIO(newline=""), 0
    write_row = csv.writer(buffer, delimiter="\t" if export.format.name == "tsv" else ",").writerow
    write_row([name for name, _ in columns])
    for row in rows:
        count += 1
        write_row([{True: "true", False: "false"}.get(v, v) if isinstance(v, bool) else v for v in row])
        if buffer.tell() > _PIECE:
            _pour(buffer, sink)
    _pour(buffer, sink)
    return count


def _pour(buffer: StringIO, sink: Sink) -> None:
    sink.write(buffer.getvalue().encode())
    buffer.seek(0)
    buffer.truncate()


class _Out:
    """Takes the bytes of an export into a file: coded, counted and hashed on their way."""

    def __init__(self, path: Path, coding: str | None) -> None:
        self._file = path.open("wb")
        self._encoder = encoder(coding) if coding else None
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self._put(self._encoder.piece(data) if self._encoder else data)
        return len(data)

    def _put(self, data: bytes) -> None:
        self._hash.update(data)
        self._file.write(data)
        self.size += len(data)

    def close(self) -> str:
        """Ends the file, durably; returns its sha256."""
        if self._encoder:
            self._put(self._encoder.end())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._hash.hexdigest()

    def abandon(self) -> None:
        self._file.close()


@dataclass(frozen=True)
class Sidecar:
    """What there is to say about an exported file; the same generation gives the same."""

    name: str
    format: str
    media_type: str
    size: int
    sha256: str
    counts: dict[str, int]
    generation: int
    created: str
    dataset: str
    licence: str | None
    query: str | None = None

    def encode(self) -> bytes:
        """The sidecar as JSON; `created` is when the generation was made."""
        row = {
            "name": self.name,
            "format": self.format,
            "mediaType": self.media_type,
            "bytes": self.size,
            "sha256": self.sha256,
            "counts": self.counts,
            "generation": self.generation,
            "created": self.created,
            "dataset": self.dataset,
            "license": self.licence,
            "query": self.query,
            "software": f"so2graph {__version__}",
        }
        return json.dumps(row, indent=2, ensure_ascii=False).encode() + b"\n"


def licence_of(session: Session) -> str | None:
    """The licence of the dataset, where its catalogue names one."""
    rows = session.select(_LICENCE, catalogue=Iri(session.snapshot.names.catalogue))
    return str(rows[0]["licence"]) if rows else None


def write_file(
    path: Path,
    name: str,
    fmt: Format,
    coding: str | None,
    session: Session,
    fill: Callable[[Sink], dict[str, int]],
    *,
    query: str | None = None,
    sidecar: bool = True,
) -> Sidecar:
    """Writes a file and its sidecar, each whole or not at all; `fill` writes the content and counts it."""
    part = part_of(path)
    with storage_errors(path.parent):
        out = _Out(part, coding)
        try:
            counts = fill(out)
            digest = out.close()
            manifest = session.snapshot.manifest
            made = Sidecar(
                name,
                fmt.name,
                fmt.media_type,
                out.size,
                digest,
                counts,
                manifest.number,
                manifest.created,
                manifest.base,
                licence_of(session),
                query,
            )
            if sidecar:
                beside = path.with_name(path.name + SIDECAR)
                part_beside = beside.with_name(f".{path.name[:200]}.meta.part")
                part_beside.write_bytes(made.encode())
                part_beside.replace(beside)
            part.replace(path)
        finally:
            out.abandon()
            part.unlink(missing_ok=True)
    return made


def make_export(session: Session, path: Path, name: str) -> None:
    """Writes the export of this name with its sidecar; raises what it deserves."""
    export, _ = parse(name)

    def fill(sink: Sink) -> dict[str, int]:
        return write(session, export, sink, lambda *_: None)

    write_file(path, export.name, export.format, export.coding, session, fill)
