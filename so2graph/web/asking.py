"""From a request for a query to a question for a reader, and back to headers; without I/O."""

from __future__ import annotations

import secrets
from functools import lru_cache
from itertools import count

from so2graph.engine.access import Session
from so2graph.engine.wire import Question
from so2graph.errors import NotAcceptable
from so2graph.formats import BOOLEAN_FORMATS, GRAPH_FORMATS, SOLUTION_FORMATS, Format
from so2graph.web.protocol import Chosen, QueryRequest, choose_format

__all__ = ["chosen_for", "deadline_of", "fresh_id", "query_question"]


_OFFERED = {"solutions": SOLUTION_FORMATS, "boolean": BOOLEAN_FORMATS, "graph": GRAPH_FORMATS}
_RUN = secrets.token_hex(8)
_NUMBERS = count(1)


def fresh_id() -> str:
    """An id for a question: it cannot be guessed, and none is given twice."""
    return f"{_RUN}-{next(_NUMBERS):x}"


def _choose(accept: str, wanted: str | None, offered: tuple[Format, ...]) -> str:
    try:
        return choose_format(accept, wanted, offered).format.name
    except NotAcceptable:
        return ""


@lru_cache(1024)
def _names(accept: str, wanted: str | None) -> tuple[str, ...]:
    """The formats for rows, yes or no, and triples; raises `NotAcceptable` when there is none for any."""
    found = tuple(_choose(accept, wanted, offered) for offered in _OFFERED.values())
    if not any(found):
        choose_format(accept, wanted, (*SOLUTION_FORMATS, *GRAPH_FORMATS))
    return found


def deadline_of(asked: float | None, most: int) -> float:
    """Seconds that a query may take: what the client asks for, up to the setting."""
    return float(most) if asked is None else min(asked, float(most))


def query_question(session: Session, asked: QueryRequest, accept: str, page_rows: int = 0) -> Question:
    """The question that a request asks; with `page_rows` it is for a web page.

    The format for each kind of answer is chosen now, since only the reader will know which it is. Raises
    `NotAcceptable` when there is a format for none.
    """
    solutions = boolean = graph = "page"
    if not page_rows:
        solutions, boolean, graph = _names(accept, asked.format)
    return Question(
        id=fresh_id(),
        task="query",
        text=asked.text,
        hidden=tuple(sorted(session.hidden)),
        deadline=deadline_of(asked.timeout, session.settings.deadline),
        default=asked.default_graphs,
        named=asked.named_graphs,
        solutions=solutions or None,
        boolean=boolean or None,
        graph=graph or None,
        page_rows=page_rows,
    )


def chosen_for(kind: str, accept: str, wanted: str | None) -> Chosen:
    """The format of an answer of this kind; raises `NotAcceptable`."""
    return choose_format(accept, wanted, _OFFERED[kind])
