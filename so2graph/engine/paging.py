"""A page of a SELECT, and the number of its rows, as texts of their own (SPARQL 1.1 Query Language, 15 and 12)."""

from __future__ import annotations

from so2graph.engine.scanner import Token, scan
from so2graph.errors import Unsupported

__all__ = ["count_text", "form_of", "page_text"]

_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")


def form_of(text: str) -> str:
    """The form of a query: `SELECT`, `ASK`, `CONSTRUCT` or `DESCRIBE`; empty when there is none."""
    return next((token.upper for token, depth in _top(text) if not depth and token.upper in _FORMS), "")


def page_text(text: str, limit: int, offset: int) -> str:
    """The query for `limit` rows of the answer to `text`, from row `offset` (0 is the first).

    Pages together are the answer only where `text` orders every row. Raises `Unsupported` for what has no pages.
    """
    _refuse_unpaged(text)
    # On a line of its own: a comment may end the text.
    return f"{text.rstrip()}\nLIMIT {limit} OFFSET {offset}\n"


def count_text(text: str) -> str:
    """The query for the number of rows of `text`, as `?count`; raises `Unsupported` for what has no rows to page."""
    start, order = _refuse_unpaged(text)
    inner = text[start : order if order is not None else len(text)].rstrip()
    return f"{text[:start]}SELECT (COUNT(*) AS ?count) WHERE {{ {{\n{inner}\n}} }}\n"


def _top(text: str) -> list[tuple[Token, int]]:
    """The tokens with the number of brackets that each stands in."""
    depth, found = 0, []
    for token in scan(text):
        if token.kind == "sign" and token.text in ")}]":
            depth -= 1
        found.append((token, depth))
        if token.kind == "sign" and token.text in "({[":
            depth += 1
    return found


def _refuse_unpaged(text: str) -> tuple[int, int | None]:
    """Where SELECT and the last ORDER BY outside brackets stand; raises `Unsupported` for any other text."""
    start = order = None
    for token, depth in _top(text):
        if depth:
            continue
        if start is None and token.upper in _FORMS:
            if token.upper != "SELECT":
                raise Unsupported(
                    f"the answer to {token.upper} has no pages and no number of rows",
                    mend="Leave out limit, offset and count.",
                )
            start = token.start
        elif token.upper in ("LIMIT", "OFFSET", "VALUES", "FROM"):
            raise Unsupported(
                f"a query with {token.upper} of its own has no pages here", mend="Leave out limit, offset and count."
            )
        elif token.upper == "ORDER":
            order = token.start
    if start is None:
        raise Unsupported("the text has no SELECT", mend="Leave out limit, offset and count.")
    return start, order
