"""Adds what the build counts to the catalogue graph: sizes and checksums."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from so2graph.engine.staging import VOID, Staged, statistics
from so2graph.engine.store import Quad
from so2graph.publish.catalogue import Catalogue
from so2graph.vocab import RDF, XSD, Iri, Literal, Names, Term

__all__ = ["catalogue_graph"]

SPDX = "http://spdx.org/rdf/terms#"
DCAT = "http://www.w3.org/ns/dcat#"


def catalogue_graph(staged: Staged, catalogue: Catalogue, checksums: Mapping[Path, str], names: Names) -> list[Quad]:
    """The quads of `graph/catalog`: the authored catalogue, and per graph VoID counts and the sha256 of its files.

    VoID 3.1 to 3.3 (`void:triples`, `distinctSubjects`, `distinctObjects`, `properties`, `classes`); SPDX checksums
    as DCAT 3, 6.8.22 has them, on a `dcat:Distribution` per file.
    """
    graph = Iri(names.catalogue)
    quads: list[Quad] = [(s, p, o, graph) for s, p, o, _ in catalogue.quads]

    def add(subject: Term, predicate: str, obj: Term) -> None:
        quads.append((subject, Iri(predicate), obj, graph))

    for entry in catalogue.entries:
        subject = Iri(entry.iri)
        add(subject, RDF + "type", Iri(VOID + "Dataset"))
        if entry.by_name_only:
            continue
        quads += statistics(staged, entry.iri, names.catalogue)
        for file in entry.files:
            distribution = Iri(f"{entry.iri}#{file.name}")
            checksum = Iri(f"{entry.iri}#{file.name}-checksum")
            add(subject, DCAT + "distribution", distribution)
            add(distribution, RDF + "type", Iri(DCAT + "Distribution"))
            add(distribution, SPDX + "checksum", checksum)
            add(checksum, RDF + "type", Iri(SPDX + "Checksum"))
            add(checksum, SPDX + "algorithm", Iri(SPDX + "checksumAlgorithm_sha256"))
            add(checksum, SPDX + "checksumValue", Literal(checksums[file], datatype=XSD + "hexBinary"))
    return quads
