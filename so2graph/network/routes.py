"""Finds how hubs reach the national network: the most certain way of each, and whether facts alone make one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from so2graph.engine.access import Session
from so2graph.engine.kept import Kept, Seen, seen
from so2graph.network.paths import Edge, Path, Step, most_certain, read_edges
from so2graph.network.ways import best_walk
from so2graph.vocab import DEFAULT_GRAPH, MODALITIES, RDF, Iri

__all__ = ["HUBS", "STEPS", "Route", "Ways", "WaysKeeper", "national", "routes"]

STEPS = 5
"""Steps that a way may have."""
HUBS = ("RegionalNetwork", "InterregionalNetwork")
"""Classes (local names) of what should reach the national network."""
_TARGETS = 20


@dataclass(frozen=True)
class Route:
    """How one hub reaches one target: the most certain way, and whether stated facts alone give one."""

    hub: str
    target: str
    stated: bool
    best: Path | None


class Ways:
    """The ways through a network, along the edges that `paths.most_certain` takes."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        self._steps: dict[str, dict[str, Step]] = defaultdict(dict)
        for edge in most_certain(edges):
            self._steps[edge.source][edge.target] = Step(edge, forward=True)
            self._steps[edge.target][edge.source] = Step(edge, forward=False)

    def best(self, start: str, end: str, max_steps: int) -> Path | None:
        """The most certain way of at most `max_steps` steps, the first of `paths.paths`; None where there is none."""
        if start == end or start not in self._steps or end not in self._steps:
            return None
        walk = best_walk(self._ahead, start, end, range(len(MODALITIES)), max_steps)
        return None if walk is None else Path(walk.links)

    def _ahead(self, here: str) -> Iterator[tuple[str, int, Step]]:
        return ((other, step.edge.rank - 1, step) for other, step in self._steps[here].items())


class WaysKeeper:
    """Keeps the ways through the network of the latest generations, by what their readers may not see."""

    def __init__(self) -> None:
        self._known = Kept[Seen, Ways](2)

    def of(self, session: Session) -> Ways:
        """The ways for a session, read when they are first asked for; who asks meanwhile waits."""
        return self._known.made_once(seen(session), lambda: Ways(read_edges(session)))


def national(session: Session) -> list[str]:
    """The national organisations that are so by fact, in the order of their IRIs; the first of them, if many."""
    kind = Iri(session.snapshot.names.term("NationalOrganisation"))
    found = session.about(predicate=Iri(RDF + "type"), obj=kind)
    facts = (q for q in found if (DEFAULT_GRAPH if q[3] is None else q[3].value) in session.factual)
    return sorted({str(q[0]) for q in islice(facts, _TARGETS) if isinstance(q[0], Iri)})


def routes(ways: Ways, hubs: Iterable[str], targets: Iterable[str], max_steps: int) -> list[Route]:
    """The route of each hub to each target."""
    found, ends = [], list(targets)
    for hub in hubs:
        for target in ends:
            best = ways.best(hub, target, max_steps)
            found.append(Route(hub, target, best is not None and best.rank == 1, best))
    return found
