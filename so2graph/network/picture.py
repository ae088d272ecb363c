"""The whole network as columns of numbers and names: small enough to be sent at once, quick enough to be searched."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import Any

from so2graph.engine.access import Session
from so2graph.engine.sinks import Sink
from so2graph.network.kinds import kind_of, tier_of
from so2graph.network.radial import arrange
from so2graph.network.reading import Words, read_network, words
from so2graph.network.tables import Network
from so2graph.vocab import MODALITIES

__all__ = ["Named", "Picture", "picture_of", "read_picture", "write_columns"]

VERSION = 1
_SMALLEST, _LARGEST = 6, 30


@dataclass(frozen=True)
class Named:
    """A class or relation: its IRI, and its name in both languages."""

    iri: str
    label_nl: str
    label_en: str

    def label(self, language: str) -> str:
        return self.label_en if language == "en" else self.label_nl


@dataclass(frozen=True)
class Picture:
    """The network by columns: the n-th value of each column of nodes is about the n-th node, and so for edges.

    Nodes are in the order of their IRIs. `label_en` is None where it is the same as `label_nl`; `kind` is an index in
    `kinds.KINDS`, `type` in `types`, `hub` the index of the node in whose disc a node stands, `x` and `y` where it
    stands (`y` upwards), `size` its radius by how many edges it has. Of an edge `source` and `target` are indices of
    nodes, `relation` of `relations`, `modality` of `vocab.MODALITIES`. Years are indices of `times`; 0 is undated.
    """

    types: tuple[Named, ...]
    relations: tuple[Named, ...]
    times: tuple[tuple[int, ...], ...]
    iri: tuple[str, ...]
    label_nl: tuple[str, ...]
    label_en: tuple[str | None, ...]
    type: tuple[int, ...]
    kind: tuple[int, ...]
    x: tuple[int, ...]
    y: tuple[int, ...]
    size: tuple[int, ...]
    hub: tuple[int, ...]
    dated: tuple[int, ...]
    source: tuple[int, ...]
    target: tuple[int, ...]
    relation: tuple[int, ...]
    modality: tuple[int, ...]
    year: tuple[int, ...]

    def label(self, node: int, language: str) -> str:
        """The name of a node, in a language where it has one."""
        return (self.label_en[node] if language == "en" else None) or self.label_nl[node]

    @cached_property
    def index(self) -> Mapping[str, int]:
        """The index of each node by its IRI."""
        return {iri: at for at, iri in enumerate(self.iri)}

    @cached_property
    def links(self) -> tuple[tuple[int, ...], ...]:
        """For each node the indices of its edges, in the order of the edges."""
        found: list[list[int]] = [[] for _ in self.iri]
        for at, (source, target) in enumerate(zip(self.source, self.target, strict=True)):
            found[source].append(at)
            if target != source:
                found[target].append(at)
        return tuple(map(tuple, found))

    def other(self, edge: int, node: int) -> int:
        """The other end of an edge."""
        return self.target[edge] if self.source[edge] == node else self.source[edge]

    def encode(self) -> bytes:
        """As JSON, always the same bytes. What most IRIs begin with is said once, as the `base` of those."""
        return json.dumps(self._row(), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    def _row(self) -> dict[str, object]:
        base = _common(self.iri)

        def short(iri: str) -> str:
            rest = iri.removeprefix(base)
            return rest if rest and ":" not in rest else iri

        def named(values: Iterable[Named]) -> list[dict[str, str]]:
            return [{"iri": v.iri, "label_nl": v.label_nl, "label_en": v.label_en} for v in values]

        return {
            "version": VERSION,
            "base": base,
            "modalities": MODALITIES,
            "types": named(self.types),
            "relations": named(self.relations),
            "times": self.times,
            "nodes": {"iri": [*map(short, self.iri)], **{name: getattr(self, name) for name in _NODE_COLUMNS}},
            "edges": {name: getattr(self, name) for name in _EDGE_COLUMNS},
        }

    @classmethod
    def decode(cls, body: bytes) -> Picture:
        """The picture that `encode` wrote."""
        row = json.loads(body)
        base, nodes, edges = row["base"], row["nodes"], row["edges"]
        types, relations = (tuple(Named(**value) for value in row[name]) for name in ("types", "relations"))
        columns: dict[str, Any] = {name: tuple(nodes[name]) for name in _NODE_COLUMNS}
        columns |= {name: tuple(edges[name]) for name in _EDGE_COLUMNS}
        iris = tuple(iri if ":" in iri else base + iri for iri in nodes["iri"])
        return cls(types, relations, tuple(map(tuple, row["times"])), iris, **columns)


def _common(iris: Sequence[str]) -> str:
    """The beginning, up to a slash or hash, that saves most when it is left out of all IRIs that have it."""
    spaces = Counter(_SPACE.match(iri)[0] for iri in iris)  # type: ignore[index]  # it matches any text
    if not spaces:
        return ""
    parts = re.split(r"(?<=[/#])", max(spaces, key=lambda space: (spaces[space], space)))
    beginnings = ["".join(parts[:count]) for count in range(len(parts) + 1)]
    return max(beginnings, key=lambda one: (len(one) * sum(iri.startswith(one) for iri in iris), one))


_SPACE = re.compile(r"(?:.*[/#])?", re.DOTALL)
_NODE_COLUMNS = ("label_nl", "label_en", "type", "kind", "x", "y", "size", "hub", "dated")
_EDGE_COLUMNS = ("source", "target", "relation", "modality", "year")


def picture_of(network: Network, called: Mapping[str, Words], compact: Callable[[str], str]) -> Picture:
    """The picture of a network; `called` has the names of its classes, `compact` shortens the IRI of one without.

    The same network gives the same picture.
    """
    index = {node.id: at for at, node in enumerate(network.nodes)}
    classes = sorted({node.type for node in network.nodes})
    relations: dict[str, Named] = {}
    for edge in network.edges:
        relations[edge.predicate] = Named(edge.predicate, edge.relation("nl"), edge.relation("en"))
    predicates = sorted(relations)
    periods = sorted({node.years for node in network.nodes} | {edge.years for edge in network.edges} | {()})
    degree = [0] * len(index)
    ends = [(index[edge.source], index[edge.target]) for edge in network.edges]
    for pair in ends:
        for end in set(pair):
            degree[end] += 1
    tiers = [tier_of(node.types) for node in network.nodes]
    kinds = [kind_of(node.types) for node in network.nodes]
    spots = arrange(
        [node.id for node in network.nodes],
        tiers,
        [kind % 8 for kind in kinds],
        [(source, target, edge.rank) for (source, target), edge in zip(ends, network.edges, strict=True)],
    )
    type_at, relation_at = _positions(classes), _positions(predicates)
    time_at = {years: at for at, years in enumerate(periods)}
    labels = [(node.label("nl"), node.label("en")) for node in network.nodes]
    return Picture(
        types=tuple(_named(iri, called.get(iri), compact) for iri in classes),
        relations=tuple(relations[iri] for iri in predicates),
        times=tuple(periods),
        iri=tuple(index),
        label_nl=tuple(nl for nl, _ in labels),
        label_en=tuple(None if en == nl else en for nl, en in labels),
        type=tuple(type_at[node.type] for node in network.nodes),
        kind=tuple(kinds),
        x=tuple(spot.x for spot in spots),
        y=tuple(spot.y for spot in spots),
        size=tuple(_size(count, tier) for count, tier in zip(degree, tiers, strict=True)),
        hub=tuple(spot.hub for spot in spots),
        dated=tuple(time_at[node.years] for node in network.nodes),
        source=tuple(source for source, _ in ends),
        target=tuple(target for _, target in ends),
        relation=tuple(relation_at[edge.predicate] for edge in network.edges),
        modality=tuple(edge.rank - 1 for edge in network.edges),
        year=tuple(time_at[edge.years] for edge in network.edges),
    )


def _positions(iris: Sequence[str]) -> dict[str, int]:
    return {iri: at for at, iri in enumerate(iris)}


def _named(iri: str, called: Words | None, compact: Callable[[str], str]) -> Named:
    nl, en = (called.get("nl"), called.get("en")) if called else (None, None)
    short = compact(iri) if iri else ""
    return Named(iri, nl or en or short, en or nl or short)


def _size(degree: int, tier: int | None) -> int:
    """The radius of a node: by the root of its edges, hubs larger."""
    extra = 0 if tier is None else 6
    return min(_LARGEST, _SMALLEST + extra + round(2.2 * sqrt(degree)))


def read_picture(session: Session) -> Picture:
    """The picture of the network that the caller of a session may read; seconds for tens of thousands of things."""
    network = read_network(session)
    called = words(session, {node.type for node in network.nodes if node.type})
    return picture_of(network, called, session.prefixes.compact)


def write_columns(session: Session, sink: Sink) -> dict[str, int]:
    """Writes the picture as JSON; returns how many nodes and edges it has."""
    picture = read_picture(session)
    sink.write(picture.encode())
    return {"nodes": len(picture.iri), "edges": len(picture.source)}
