"""The network as rows of nodes and edges, with typed columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from so2graph.vocab import MODALITIES

__all__ = [
    "EDGE_COLUMNS",
    "LEVEL_NAMES",
    "NODE_COLUMNS",
    "Cell",
    "Column",
    "Network",
    "NetworkEdge",
    "Node",
    "edge_rows",
    "node_rows",
    "weight_of",
]

Cell = str | int | float | bool | None
ColumnType = Literal["string", "integer", "double", "boolean", "year"]
Column = tuple[str, ColumnType]

LEVEL_NAMES = ("national", "alliance", "northern", "regional", "local", "person", "organisation")
"""A word for each row of `layout.LEVELS`."""


def weight_of(rank: int) -> float:
    """How strong an edge of a certainty rank is: (8 - rank) / 7, so 1 for what is stated and 0.1429 for an inference.

    The more certain, the greater; never 0, which programs take for no edge at all.
    """
    return round((len(MODALITIES) + 1 - rank) / len(MODALITIES), 4)


def _name(language: str, nl: str | None, en: str | None, other: str) -> str:
    one, two = (en, nl) if language == "en" else (nl, en)
    return one or two or other


@dataclass(frozen=True)
class Node:
    """A thing of the network.

    `label_nl` and `label_en` are the names that the data gives it in that language or in none; `short` is what to
    show where it has no name. `type` is the IRI of its most specific class, `row` its row in `layout.LEVELS`.
    `years` are those that the data states of the thing itself.
    """

    id: str
    short: str
    identifier: str | None = None
    label_nl: str | None = None
    label_en: str | None = None
    type: str = ""
    types: tuple[str, ...] = ()
    row: int | None = None
    places_nl: tuple[str, ...] = ()
    places_en: tuple[str, ...] = ()
    years: tuple[int, ...] = ()

    @property
    def type_name(self) -> str:
        """Local name of the most specific class."""
        return self.type.replace("#", "/").rpartition("/")[2]

    @property
    def level(self) -> str | None:
        return None if self.row is None else LEVEL_NAMES[self.row]

    def label(self, language: str) -> str:
        """A name to show: in `language` (`nl` or `en`), else in the other, else the short form of the IRI."""
        return _name(language, self.label_nl, self.label_en, self.short)


@dataclass(frozen=True)
class NetworkEdge:
    """A statement between two things; one per subject, predicate, object and modality.

    `id` depends on those four alone. `years` and `valid_time_…` are what the claims that attest it say of when it
    holds; `claims` are their IRIs, and `graphs` those of the graphs that hold it.
    """

    id: str
    source: str
    target: str
    predicate: str
    short: str
    modality: str
    relation_nl: str | None = None
    relation_en: str | None = None
    years: tuple[int, ...] = ()
    valid_time_nl: str | None = None
    valid_time_en: str | None = None
    claims: tuple[str, ...] = ()
    graphs: tuple[str, ...] = ()

    @property
    def rank(self) -> int:
        """`so2:certaintyRank` of the modality, 1 to 7; an unknown modality counts as the least certain."""
        return MODALITIES.index(self.modality) + 1 if self.modality in MODALITIES else len(MODALITIES)

    @property
    def weight(self) -> float:
        return weight_of(self.rank)

    def relation(self, language: str) -> str:
        """A name for the predicate: in `language` (`nl` or `en`), else in the other, else its short form."""
        return _name(language, self.relation_nl, self.relation_en, self.short)


@dataclass(frozen=True)
class Network:
    """Nodes in the order of their IRIs; edges in that of source, predicate, target and certainty."""

    nodes: tuple[Node, ...]
    edges: tuple[NetworkEdge, ...]


NODE_COLUMNS: tuple[Column, ...] = (
    ("id", "string"),
    ("identifier", "string"),
    ("label_nl", "string"),
    ("label_en", "string"),
    ("type", "string"),
    ("type_iri", "string"),
    ("types", "string"),
    ("level", "string"),
    ("places_nl", "string"),
    ("places_en", "string"),
    ("years", "string"),
    ("first_year", "year"),
    ("last_year", "year"),
)

EDGE_COLUMNS: tuple[Column, ...] = (
    ("id", "string"),
    ("source", "string"),
    ("target", "string"),
    ("predicate", "string"),
    ("relation_nl", "string"),
    ("relation_en", "string"),
    ("modality", "string"),
    ("rank", "integer"),
    ("weight", "double"),
    ("years", "string"),
    ("start_year", "year"),
    ("end_year", "year"),
    ("valid_time_nl", "string"),
    ("valid_time_en", "string"),
    ("claims", "string"),
    ("graphs", "string"),
)


def _joined(values: tuple[str, ...] | tuple[int, ...], sign: str = " ") -> str | None:
    return sign.join(map(str, values)) or None


def node_rows(network: Network) -> list[tuple[Cell, ...]]:
    """A row per node in the order of `NODE_COLUMNS`; None for what is not known.

    `types` and `years` have a space between them, places a semicolon.
    """
    return [
        (
            node.id,
            node.identifier,
            node.label_nl,
            node.label_en,
            node.type_name or None,
            node.type or None,
            _joined(node.types),
            node.level,
            _joined(node.places_nl, "; "),
            _joined(node.places_en, "; "),
            _joined(node.years),
            min(node.years, default=None),
            max(node.years, default=None),
        )
        for node in network.nodes
    ]


def edge_rows(network: Network) -> list[tuple[Cell, ...]]:
    """A row per edge in the order of `EDGE_COLUMNS`; None for what is not known.

    `years`, `claims` and `graphs` have a space between them.
    """
    return [
        (
            edge.id,
            edge.source,
            edge.target,
            edge.predicate,
            edge.relation_nl,
            edge.relation_en,
            edge.modality,
            edge.rank,
            edge.weight,
            _joined(edge.years),
            min(edge.years, default=None),
            max(edge.years, default=None),
            edge.valid_time_nl,
            edge.valid_time_en,
            _joined(edge.claims),
            _joined(edge.graphs),
        )
        for edge in network.edges
    ]
