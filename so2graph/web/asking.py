"""From a request for a query to a question for a reader, and back to headers; without I/O."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from so2graph.engine.access import Session
from so2graph.engine.wire import Question
from so2graph.errors import NotAcceptable
from so2graph.formats import GRAPH_FORMATS, SOLUTION_FORMATS, Format
from so2graph.web.protocol import Chosen, QueryRequest, choose_format

__all__ = ["chosen_for", "deadline_of", "query_question"]


def _choose(accept: str, wanted: str | None, offered: Sequence[Format]) -> Chosen | None:
    try:
        return choose_format(accept, wanted, offered)
    except NotAcceptable:
        return None


def deadline_of(asked: float | None, most: int) -> float:
    """Seconds that a query may take: what the client asks for, up to the setting."""
    return float(most) if asked is None else min(asked, float(most))


def query_question(session: Session, asked: QueryRequest, accept: str, page_rows: int = 0) -> Question:
    """The question that a request asks; with `page_rows` it is for a web page.

    The format for either kind of answer is chosen now, since only the reader will know which it is. Raises
    `NotAcceptable` when there is a format for neither.
    """
    solutions = graph = "page"
    if not page_rows:
        by_kind = [_choose(accept, asked.format, offered) for offered in (SOLUTION_FORMATS, GRAPH_FORMATS)]
        if by_kind == [None, None]:
            choose_format(accept, asked.format, (*SOLUTION_FORMATS, *GRAPH_FORMATS))
        solutions, graph = ("" if chosen is None else chosen.format.name for chosen in by_kind)
    return Question(
        id=uuid4().hex,
        task="query",
        text=asked.text,
        hidden=tuple(sorted(session.hidden)),
        deadline=deadline_of(asked.timeout, session.settings.deadline),
        default=asked.default_graphs,
        named=asked.named_graphs,
        solutions=solutions or None,
        graph=graph or None,
        page_rows=page_rows,
    )


def chosen_for(kind: str, accept: str, wanted: str | None) -> Chosen:
    """The format of an answer of this kind; raises `NotAcceptable`."""
    return choose_format(accept, wanted, GRAPH_FORMATS if kind == "graph" else SOLUTION_FORMATS)
