"""Shows an answer as a table, bounded by the setting `max_page_rows`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from so2graph.engine.store import Answer
from so2graph.formats import GRAPH_FORMATS, SOLUTION_FORMATS, Format
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


def show(here: Site, result: Answer) -> Shown:
    """The answer as it goes into a page; every row is read, so that the count is true."""
    most = here.settings.max_page_rows
    if result.boolean is not None:
        return Shown((), [], 1, result.boolean, SOLUTION_FORMATS[:2])
    if result.variables is None:
        triples = sorted((q[:3] for q in result.quads()), key=str)
        return Shown(
            ("subject", "predicate", "object"), cells(here, triples[:most]), len(triples), None, GRAPH_FORMATS
        )
    first, count = [], 0
    for row in result.rows():
        count += 1
        if count <= most:
            first.append(row)
    columns, rows = _named(result.variables, cells(here, first))
    return Shown(columns, rows, count, None, SOLUTION_FORMATS)


def _named(columns: tuple[str, ...], rows: list[list[Cell]]) -> tuple[tuple[str, ...], list[list[Cell]]]:
    """The table with each pair of columns `x` and `xLabel` as one: the label, leading where the IRI leads."""
    pairs = {columns.index(c): columns.index(f"{c}Label") for c in columns if f"{c}Label" in columns}
    kept = [i for i in range(len(columns)) if i not in pairs.values()]

    def joined(row: list[Cell], at: int) -> Cell:
        if at not in pairs or not row[pairs[at]].text:
            return row[at]
        return replace(row[at], text=row[pairs[at]].text)

    return tuple(columns[i] for i in kept), [[joined(row, i) for i in kept] for row in rows]
