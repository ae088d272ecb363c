"""Writes a description in a format: RDF, JSON-LD in short names, or a table of statements."""

from __future__ import annotations

import json
from collections.abc import Sequence

from so2graph.engine.access import Session
from so2graph.engine.store import Quad, serialize_quads
from so2graph.formats import Format
from so2graph.publish.context import compact_document, read_context
from so2graph.publish.statements import names_in, write_statements
from so2graph.registry import Bundle

__all__ = ["represent"]


def represent(
    session: Session, bundle: Bundle, quads: Sequence[Quad], fmt: Format, language: str, graphs: bool
) -> bytes:
    """The quads as bytes of a format, the same every time.

    TriG, N-Quads and tables say in which graph each stands; JSON-LD does with `graphs` only, since most of its
    readers leave out what stands in a graph. Labels in a table are in `language`.
    """
    if "table" in fmt.kinds:
        return write_statements(quads, names_in(quads, language), fmt)
    if fmt.name not in ("trig", "nquads") and not graphs:
        quads = [(s, p, o, None) for s, p, o, _ in quads]
    if fmt.name == "jsonld":
        document = compact_document(quads, read_context(bundle))
        return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"
    return serialize_quads(quads, fmt, session.prefixes)
