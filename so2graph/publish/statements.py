"""Writes statements as a table, one row for each, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

from so2graph.engine.store import Quad
from so2graph.formats import Format
from so2graph.publish.concise import LABELS
from so2graph.publish.schema_org import SCHEMA
from so2graph.vocab import DEFAULT_GRAPH, Blank, Iri, Literal, Term

__all__ = ["STATEMENT_COLUMNS", "names_in", "statement_rows", "write_statements"]

STATEMENT_COLUMNS = (
    "graph",
    "subject",
    "predicate",
    "object",
    "objectKind",
    "datatype",
    "language",
    "subjectLabel",
    "predicateLabel",
    "objectLabel",
)
"""`objectKind` is `iri`, `literal` or `blank`; blank nodes are `_:name`; only literals have a `datatype`."""
_NAMES = frozenset((*(label.value for label in LABELS), f"{SCHEMA}name"))
_KIND = {Iri: "iri", Literal: "literal", Blank: "blank"}


def statement_rows(quads: Iterable[Quad], labels: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """A row of `STATEMENT_COLUMNS` for each quad, in their order; the graph is empty where the quad has none.

    `labels` has a name for IRIs; where there is none, or the term is no IRI, the label is empty.
    """

    def label(term: Term) -> str:
        return labels.get(term.value, "") if isinstance(term, Iri) else ""

    for subject, predicate, obj, graph in quads:
        literal = obj if isinstance(obj, Literal) else None
        yield (
            "" if graph is None or graph.value == DEFAULT_GRAPH else graph.value,
            str(subject),
            predicate.value,
            str(obj),
            _KIND[type(obj)],
            literal.datatype if literal else "",
            (literal.language or "") if literal else "",
            label(subject),
            label(predicate),
            label(obj),
        )


def names_in(quads: Iterable[Quad], language: str) -> dict[str, str]:
    """The names that the statements themselves give to IRIs: in `language`, else without one, else in another."""
    found: dict[str, tuple[int, str]] = {}
    for subject, predicate, obj, _ in quads:
        if isinstance(subject, Iri) and predicate.value in _NAMES and isinstance(obj, Literal):
            rank = 0 if obj.language == language else 1 if obj.language is None else 2
            found[subject.value] = min((rank, obj.value), found.get(subject.value, (rank, obj.value)))
    return {iri: name for iri, (_, name) in found.items()}


def write_statements(quads: Iterable[Quad], labels: Mapping[str, str], fmt: Format) -> bytes:
    """The statements as CSV (RFC 4180) or TSV, UTF-8, sorted, under a row of headings; values are exact."""
    text = io.StringIO(newline="")
    tabs = fmt.name == "tsv"
    writer = csv.writer(text, delimiter="\t" if tabs else ",", lineterminator="\n" if tabs else "\r\n")
    writer.writerow(STATEMENT_COLUMNS)
    writer.writerows(sorted(set(statement_rows(quads, labels))))
    return text.getvalue().encode()
