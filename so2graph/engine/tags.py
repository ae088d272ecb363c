"""Names for states: what an entity tag is made of."""

from __future__ import annotations

import hashlib

__all__ = ["graph_state"]


def graph_state(inputs: str, graph: str, changed: int) -> str:
    """A name for the content of a graph: it stays the same until the graph is changed.

    `inputs` is the digest of the build, `changed` the number of the generation that last changed the graph.
    """
    return hashlib.sha256(f"{inputs}\n{graph}\n{changed}".encode()).hexdigest()[:24]
