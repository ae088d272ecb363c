"""Writes the dataset, or one graph of it, as RDF."""

from __future__ import annotations

from so2graph.engine.access import Session
from so2graph.engine.store import serialize_quads
from so2graph.errors import UnknownGraph
from so2graph.formats import Format

__all__ = ["export"]


def export(session: Session, fmt: Format, graph: str | None = None) -> bytes:
    """The readable dataset as bytes of a format; the same generation gives the same bytes.

    Without `graph`: all graphs but those reached by name only, where the format has graphs, and else the facts.
    With `graph` (an IRI, or the part after `graph/`): that graph. Raises `UnknownGraph`.
    """
    names = session.snapshot.names
    if graph is not None:
        iri = graph if graph.startswith(names.base) else names.graph(graph)
        if iri not in session.readable | names.derived:
            raise UnknownGraph(
                f"there is no graph <{iri}> here",
                mend="Ask 'so2graph stats' for their names.",
                near=sorted(session.readable),
            )
        graphs = [iri]
    elif "dataset" in fmt.kinds:
        graphs = sorted(session.readable - session.snapshot.graphs.by_name_only)
    else:
        graphs = [names.facts]
    return serialize_quads(session.snapshot.quads(graphs), fmt, session.prefixes)
