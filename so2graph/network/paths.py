"""Finds how two things are connected, and how certain each connection is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from so2graph.engine.access import Session
from so2graph.vocab import MODALITIES

if TYPE_CHECKING:
    import networkx

__all__ = ["Edge", "Path", "Step", "most_certain", "paths", "read_edges"]

_EDGES = """
SELECT DISTINCT ?s ?p ?o ?modality WHERE {
  GRAPH ?catalogue { ?g so2:modality ?modality }
  GRAPH ?g { ?s ?p ?o }
  ?s a ?subjectType . ?o a ?objectType .
  FILTER(?p NOT IN (rdf:type, so2:developmentStage))
  FILTER NOT EXISTS { ?s a org:Membership }
} ORDER BY ?s ?p ?o ?modality
"""


@dataclass(frozen=True, order=True)
class Edge:
    """A statement between two things; `modality` is the local name of its concept, IRIs are in full."""

    source: str
    predicate: str
    target: str
    modality: str

    @property
    def rank(self) -> int:
        """`so2:certaintyRank` of the modality: 1 (stated) to 7 (inferred)."""
        return MODALITIES.index(self.modality) + 1


@dataclass(frozen=True)
class Step:
    """An edge walked along from `start` to `end`; `forward` when that is the way the statement reads."""

    edge: Edge
    forward: bool

    @property
    def start(self) -> str:
        return self.edge.source if self.forward else self.edge.target

    @property
    def end(self) -> str:
        return self.edge.target if self.forward else self.edge.source


@dataclass(frozen=True)
class Path:
    """A walk that visits nothing twice."""

    steps: tuple[Step, ...]

    @property
    def rank(self) -> int:
        """Rank of the weakest link."""
        return max(step.edge.rank for step in self.steps)

    @property
    def weakest(self) -> str:
        """Modality of the weakest link."""
        return MODALITIES[self.rank - 1]

    @property
    def nodes(self) -> tuple[str, ...]:
        return (self.steps[0].start, *(step.end for step in self.steps))

    @property
    def missing(self) -> tuple[Step, ...]:
        """The links that are not stated: what would have to become fact."""
        return tuple(step for step in self.steps if step.edge.rank > 1)


def read_edges(session: Session) -> tuple[Edge, ...]:
    """All statements between two things of the graph, in a fixed order; a thing is what the facts give a type."""
    return tuple(
        Edge(str(row["s"]), str(row["p"]), str(row["o"]), str(row["modality"]).rpartition("#")[2])
        for row in session.select(_EDGES)
    )


def most_certain(edges: Iterable[Edge]) -> Iterable[Edge]:
    """The edges along which a path goes: between two things the most certain, then the first by name."""
    found: dict[frozenset[str], Edge] = {}
    for edge in sorted(edges, key=lambda e: (e.rank, e)):
        if edge.source != edge.target:
            found.setdefault(frozenset((edge.source, edge.target)), edge)
    return found.values()


def paths(edges: Iterable[Edge], start: str, end: str, max_steps: int, weakest: str = "inferred") -> list[Path]:
    """Every path from `start` to `end` of at most `max_steps` steps whose links are at least as certain as `weakest`.

    The most certain first: by the weakest link, then by how many links are no fact; then the shortest, then by the
    things on it.
    """
    import networkx

    limit = MODALITIES.index(weakest) + 1
    graph: networkx.Graph[str] = networkx.Graph()
    for edge in most_certain(edge for edge in edges if edge.rank <= limit):
        graph.add_edge(edge.source, edge.target, edge=edge)
    if start not in graph or end not in graph or start == end:
        return []
    found = []
    for nodes in networkx.all_simple_paths(graph, start, end, cutoff=max_steps):
        steps = []
        for one, other in pairwise(nodes):
            edge = graph.edges[one, other]["edge"]
            steps.append(Step(edge, forward=edge.source == one))
        found.append(Path(tuple(steps)))
    return sorted(found, key=lambda path: (path.rank, len(path.missing), len(path.steps), path.nodes))
