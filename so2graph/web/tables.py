"""Shows an answer as a table, bounded by the setting `max_page_rows`."""

from __future__ import annotations

from dataclasses import dataclass

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
        return Shown(("subject", "predicate", "object"), cells(here, triples[:most]), len(triples), None, GRAPH_FORMATS)
    first, count = [], 0
    for row in result.rows():
        count += 1
        if count <= most:
            first.append(row)
    return Shown(result.variables, cells(here, first), count, None, SOLUTION_FORMATS)
