"""Reads a query or update as the engine reads it, on a store without data, so that nothing is asked or changed."""

from __future__ import annotations

from collections.abc import Sequence

from so2graph.engine.access import Session
from so2graph.engine.guard import Service
from so2graph.engine.scanner import scan
from so2graph.engine.store import Store
from so2graph.errors import BadRequest, QuerySyntax, UnknownGraph

__all__ = ["check_text", "without_services"]


def check_text(session: Session, text: str, *, update: bool) -> None:
    """Raises what the engine and its guard have against a text: `QuerySyntax` with line and column, or a refusal.

    No endpoint is called: a listed one is read as a graph, at the same places in the text.
    """
    analysis = session.examined(text, update=update)
    plain = without_services(text, analysis.services)
    store, base = Store.memory(), session.snapshot.names.base
    if not update:
        store.query(plain, session.prefixes, (), (), base)
        return
    try:
        store.update(plain, session.prefixes, base)
    except QuerySyntax:
        raise
    except (BadRequest, UnknownGraph):
        # A graph that is not there, or is already: that is so in a store without data, and no fault of the text.
        return


def without_services(text: str, services: Sequence[Service]) -> str:
    """The text with GRAPH for each SERVICE of a listed endpoint; what follows stays in its line and column."""
    starts = {service.start for service in services}
    before: list[tuple[int, str]] = []
    out = text
    for token in scan(text) if starts else ():
        if token.start in starts:
            for at, word in before[-2:]:
                if word in ("SERVICE", "SILENT"):
                    said = "GRAPH" if word == "SERVICE" else ""
                    out = out[:at] + said.ljust(len(word)) + out[at + len(word) :]
        before.append((token.start, token.upper))
    return out
