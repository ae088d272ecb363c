"""Shows an answer as a table, bounded by the setting `max_page_rows`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from so2graph.engine.ask import Reply
from so2graph.formats import BOOLEAN_FORMATS, GRAPH_FORMATS, SOLUTION_FORMATS, Format
from so2graph.vocab import Blank, Iri, Literal, Term, visible
from so2graph.web.site import Cell, Site, cells

__all__ = ["Shown", "rows_of", "show"]


@dataclass(frozen=True)
class Shown:
    """An answer on a page: at most `max_page_rows` of its `count` rows, or the answer to a yes-or-no question."""

    columns: tuple[str, ...]
    rows: list[list[Cell]]
    count: int
    boolean: bool | None
    formats: tuple[Format, ...]
    terms: list[list[Term | None]] = field(default_factory=list)
    """The terms behind the cells, in the same places."""
    triples: bool = False
    """Whether the rows are the triples of a graph."""

    @property
    def cut(self) -> bool:
        """Whether there are more rows than are shown."""
        return len(self.rows) < self.count


def show(here: Site, reply: Reply) -> Shown:
    """The answer as it goes into a page (`page` is its format); every row was read, so that the count is true."""
    page = json.loads(reply.body())
    if page["boolean"] is not None:
        return Shown((), [], 1, page["boolean"], BOOLEAN_FORMATS[:2])
    terms = [[_term(term) for term in row] for row in page["rows"]]
    rows = cells(here, terms)
    if page["variables"] is None:
        return Shown(
            ("subject", "predicate", "object"), rows, page["count"], None, GRAPH_FORMATS, terms, triples=True
        )
    columns, kept, rows = _named(tuple(page["variables"]), rows)
    terms = [[row[i] for i in kept] for row in terms]
    return Shown(columns, rows, page["count"], None, SOLUTION_FORMATS, terms)


def rows_of(body: bytes) -> list[dict[str, Term | None]]:
    """The rows of a SELECT by variable, from an answer as it goes into a page."""
    page = json.loads(body)
    return [dict(zip(page["variables"], map(_term, row), strict=True)) for row in page["rows"]]


def _term(plain: list[str] | None) -> Term | None:
    if plain is None:
        return None
    kind, value, *rest = plain
    if kind == "l":
        language, datatype = rest
        return Literal(value, language, datatype)
    return Iri(value) if kind == "i" else Blank(value)


def _named(columns: tuple[str, ...], rows: list[list[Cell]]) -> tuple[tuple[str, ...], list[int], list[list[Cell]]]:
    """The table with each pair of columns `x` and `xLabel` as one: the label, leading where the IRI leads.

    With the places of the columns that are kept.
    """
    pairs = {columns.index(c): columns.index(f"{c}Label") for c in columns if f"{c}Label" in columns}
    kept = [i for i in range(len(columns)) if i not in pairs.values()]

    def joined(row: list[Cell], at: int) -> Cell:
        if at not in pairs or not visible(row[pairs[at]].text):
            return row[at]
        return replace(row[at], text=row[pairs[at]].text)

    return tuple(columns[i] for i in kept), kept, [[joined(row, i) for i in kept] for row in rows]
