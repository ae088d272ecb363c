"""Shows an answer as a table, bounded by the setting `max_page_rows`."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from so2graph.engine.ask import Reply
from so2graph.formats import BOOLEAN_FORMATS, GRAPH_FORMATS, SOLUTION_FORMATS, Format
from so2graph.vocab import Blank, Iri, Literal, Term
from so2graph.web.site import Cell, Site, cells

__all__ = ["Shown", "show"]


@dataclass(frozen=True)
class Shown:
    """An answer on a page: at most `max_page_rows` of its `count` rows, or the answer to a yes-or-no question."""

    columns: tuple[str, ...]
    rows: list[list[Cell]]
    count: int
    boolean: bool | None
    formats: tuple[Format, ...]


def show(here: Site, reply: Reply) -> Shown:
    """The answer as it goes into a page (`page` is its format); every row was read, so that the count is true."""
    page = json.loads(reply.body())
    if page["boolean"] is not None:
        return Shown((), [], 1, page["boolean"], BOOLEAN_FORMATS[:2])
    rows = cells(here, [[_term(term) for term in row] for row in page["rows"]])
    if page["variables"] is None:
        return Shown(("subject", "predicate", "object"), rows, page["count"], None, GRAPH_FORMATS)
    columns, rows = _named(tuple(page["variables"]), rows)
    return Shown(columns, rows, page["count"], None, SOLUTION_FORMATS)


def _term(plain: list[str] | None) -> Term | None:
    if plain is None:
        return None
    kind, value, *rest = plain
    if kind == "l":
        language, datatype = rest
        return Literal(value, language, datatype)
    return Iri(value) if kind == "i" else Blank(value)


def _named(columns: tuple[str, ...], rows: list[list[Cell]]) -> tuple[tuple[str, ...], list[list[Cell]]]:
    """The table with each pair of columns `x` and `xLabel` as one: the label, leading where the IRI leads."""
    pairs = {columns.index(c): columns.index(f"{c}Label") for c in columns if f"{c}Label" in columns}
    kept = [i for i in range(len(columns)) if i not in pairs.values()]

    def joined(row: list[Cell], at: int) -> Cell:
        if at not in pairs or not row[pairs[at]].text:
            return row[at]
        return replace(row[at], text=row[pairs[at]].text)

    return tuple(columns[i] for i in kept), [[joined(row, i) for i in kept] for row in rows]
