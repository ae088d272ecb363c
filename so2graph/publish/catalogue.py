"""Reads `data/catalog.ttl`: which graphs there are, from which files, and which of them hold facts."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from so2graph.engine.store import Quad, parse_file
from so2graph.errors import DataInvalid
from so2graph.registry import Bundle
from so2graph.vocab import Iri, Names, Term

__all__ = ["Catalogue", "GraphEntry", "read_catalogue"]

DCAT = "http://www.w3.org/ns/dcat#"
DCTERMS = "http://purl.org/dc/terms/"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


@dataclass(frozen=True)
class GraphEntry:
    """One graph of the catalogue. `modality` is the local name of its concept, None where it has none."""

    iri: str
    files: tuple[Path, ...]
    factual: bool
    by_name_only: bool
    modality: str | None


@dataclass(frozen=True)
class Catalogue:
    """The catalogue: its graphs in the order of their IRIs, and its own triples."""

    path: Path
    entries: tuple[GraphEntry, ...]
    quads: tuple[Quad, ...]

    @property
    def by_name_only(self) -> tuple[str, ...]:
        return tuple(entry.iri for entry in self.entries if entry.by_name_only)

    @property
    def aside(self) -> tuple[str, ...]:
        """The graphs that hold no facts, and so are no part of `graph/facts`."""
        return tuple(entry.iri for entry in self.entries if not entry.factual)

    @cached_property
    def files(self) -> tuple[Path, ...]:
        return tuple(path for entry in self.entries for path in entry.files)

    def checksums(self) -> dict[Path, str]:
        """sha256 (hex) of each file."""
        return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in self.files}


def _values(quads: tuple[Quad, ...]) -> dict[str, dict[str, list[Term]]]:
    found: dict[str, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for subject, predicate, obj, _ in quads:
        found[str(subject)][predicate.value].append(obj)
    return found


def read_catalogue(bundle: Bundle, names: Names) -> Catalogue:
    """The catalogue of the bundle; raises `DataSyntax`, or `DataInvalid` for an entry whose file is not there."""
    path = bundle.catalogue
    quads = tuple(parse_file(path, bundle.read(path), names.base))
    rows = _values(quads)
    entries = [
        _entry(bundle, names, iri, row) for iri, row in sorted(rows.items()) if Iri(DCAT + "Dataset") in row[RDF_TYPE]
    ]
    if not entries:
        raise DataInvalid(f"{path} lists no dcat:Dataset", mend="Add one for each graph.")
    return Catalogue(path, tuple(entries), quads)


def _entry(bundle: Bundle, names: Names, iri: str, row: Mapping[str, list[Term]]) -> GraphEntry:
    def flag(term: str, default: bool) -> bool:
        values = row.get(names.term(term), [])
        return str(values[0]) in ("true", "1") if values else default

    files = tuple((bundle.data / str(value)).resolve() for value in row.get(names.term("file"), []))
    if not iri.startswith(names.graph("")):
        raise DataInvalid(
            f"{bundle.catalogue}: dataset <{iri}> is not a graph of this dataset", mend=f"Name it {names.graph('…')}."
        )
    if not files:
        raise DataInvalid(f"{bundle.catalogue}: <{iri}> has no so2:file", mend="Say which file it is built from.")
    for file in files:
        if not file.is_file():
            raise DataInvalid(
                f"{bundle.catalogue}: the file {file} of <{iri}> is not there",
                mend="Add the file, or take the dataset out of the catalogue.",
            )
    modality = row.get(names.term("modality"), [])
    return GraphEntry(
        iri,
        tuple(sorted(files)),
        flag("isFactual", True),
        flag("byNameOnly", False),
        str(modality[0]).rpartition("#")[2] if modality else None,
    )
