"""Writes the network as GEXF and GraphML, for programs that draw and count networks."""

from __future__ import annotations

import re
from math import sqrt
from typing import TYPE_CHECKING
from urllib.parse import quote

from so2graph.engine.sinks import Sink
from so2graph.network.layout import LEVELS, place
from so2graph.network.paths import Edge
from so2graph.network.tables import Network, NetworkEdge, Node

if TYPE_CHECKING:
    import networkx

    MultiDiGraph = networkx.MultiDiGraph[str]

__all__ = ["write_gexf", "write_graphml"]

Attribute = str | int | float
Colour = tuple[int, int, int]

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WIDTH, _HEIGHT = 90.0, 120.0
"""Room for a node in a row, and between rows."""

_NODES: tuple[Colour, ...] = (
    (94, 79, 162),
    (138, 59, 18),
    (214, 150, 40),
    (42, 125, 112),
    (102, 166, 90),
    (11, 107, 157),
    (120, 134, 140),
    (180, 178, 170),
)
"""Colour per row of `layout.LEVELS`, and last of what has none."""

_EDGES: dict[str, tuple[Colour, str]] = {
    "stated": ((29, 35, 38), "solid"),
    "inProgress": ((60, 110, 71), "solid"),
    "planned": ((11, 107, 157), "dashed"),
    "attempted": ((11, 107, 157), "dashed"),
    "intended": ((138, 59, 18), "dashed"),
    "hoped": ((122, 77, 143), "dotted"),
    "inferred": ((107, 107, 107), "dotted"),
}
"""Colour and line per modality, as on the home page."""


def _text(value: str) -> str:
    """`value` as XML 1.0 can carry it (section 2.2): U+FFFD for what it cannot, LF for any line end."""
    return _ILLEGAL.sub("�", value).replace("\r\n", "\n").replace("\r", "\n")


def _key(iri: str) -> str:
    """An IRI as XML 1.0 can carry it: what it cannot is percent-encoded, so that two stay two."""
    return _ILLEGAL.sub(lambda match: quote(match[0], errors="surrogatepass"), iri)


def _known(values: dict[str, Attribute | None]) -> dict[str, Attribute]:
    """The values that are known, with text that XML can carry; the formats have no sign for unknown."""
    return {
        name: _text(value) if isinstance(value, str) else value for name, value in values.items() if value is not None
    }


def _node(node: Node, language: str) -> dict[str, Attribute]:
    return _known(
        {
            "label": node.label(language),
            "label_nl": node.label_nl,
            "label_en": node.label_en,
            "identifier": node.identifier,
            "type": node.type_name or None,
            "type_iri": node.type or None,
            "level": node.level,
            "places": "; ".join(node.places_en if language == "en" else node.places_nl) or None,
            "years": " ".join(map(str, node.years)) or None,
            "first_year": min(node.years, default=None),
            "last_year": max(node.years, default=None),
        }
    )


def _edge(edge: NetworkEdge, language: str) -> dict[str, Attribute]:
    return _known(
        {
            "label": edge.relation(language),
            "relation": edge.relation(language),
            "predicate": edge.predicate,
            "modality": edge.modality,
            "rank": edge.rank,
            "weight": edge.weight,
            "years": " ".join(map(str, edge.years)) or None,
            "start_year": min(edge.years, default=None),
            "end_year": max(edge.years, default=None),
            "valid_time": edge.valid_time_en if language == "en" else edge.valid_time_nl,
            "claims": " ".join(edge.claims) or None,
        }
    )


def _graph(network: Network, language: str) -> MultiDiGraph:
    """The network as networkx has it: nodes by IRI, edges by their ids, in the order of the network."""
    import networkx

    graph: MultiDiGraph = networkx.MultiDiGraph()
    for node in network.nodes:
        graph.add_node(_key(node.id), **_node(node, language))
    for edge in network.edges:
        graph.add_edge(_key(edge.source), _key(edge.target), key=edge.id, **_edge(edge, language))
    return graph


def _positions(network: Network) -> dict[str, tuple[float, float]]:
    """Where each node stands: in its row, from the national level on top; what has no row stands below the others."""
    levels = {node.id: len(LEVELS) if node.row is None else node.row for node in network.nodes}
    placed = place(levels, [Edge(edge.source, edge.predicate, edge.target, edge.modality) for edge in network.edges])
    sizes: dict[int, int] = {}
    for spot in placed:
        sizes[spot.row] = sizes.get(spot.row, 0) + 1
    width = _WIDTH * max(sizes.values(), default=0)
    return {spot.iri: (round((spot.x - 0.5) * width, 2), -_HEIGHT * spot.row) for spot in placed}


def _look(graph: MultiDiGraph, network: Network) -> None:
    """Adds what GEXF's `viz` says: place, colour, size, line."""
    at = _positions(network)
    for node in network.nodes:
        key = _key(node.id)
        red, green, blue = _NODES[-1 if node.row is None else node.row]
        x, y = at[node.id]
        graph.nodes[key]["viz"] = {
            "color": {"r": red, "g": green, "b": blue, "a": 1.0},
            "size": round(8 + 4 * sqrt(graph.degree(key)), 2),
            "position": {"x": x, "y": y, "z": 0.0},
            "shape": "disc",
        }
    for edge in network.edges:
        (red, green, blue), line = _EDGES.get(edge.modality, _EDGES["inferred"])
        data = graph.edges[_key(edge.source), _key(edge.target), edge.id]
        data["id"] = edge.id
        data["viz"] = {
            "color": {"r": red, "g": green, "b": blue, "a": 1.0},
            "thickness": round(1 + 2 * edge.weight, 2),
            "shape": line,
        }


def write_gexf(network: Network, language: str, sink: Sink, *, created: str) -> None:
    """Writes GEXF 1.2: directed, static, with place, colour and line; the same network gives the same bytes.

    `language` is `nl` or `en` for what is shown; `created` (`YYYY-MM-DD`) is the date of the generation. Years are
    attributes and not the times of GEXF: those mean that a thing is not there before or after, which nobody said.
    """
    from networkx.readwrite.gexf import GEXFWriter

    graph = _graph(network, language)
    _look(graph, network)
    writer = GEXFWriter(encoding="utf-8", prettyprint=False, version="1.2draft")
    writer.add_graph(graph)
    meta = writer.xml.find("meta")
    if meta is not None:
        meta.set("lastmodifieddate", created)
        for creator in meta.findall("creator"):
            creator.text = "so2graph"
    writer.write(sink)


def write_graphml(network: Network, language: str, sink: Sink) -> None:
    """Writes GraphML: directed, with typed attributes; the same network gives the same bytes.

    Of networkx's two writers the one that needs no lxml, so that it is the same wherever it runs.
    """
    import networkx

    networkx.write_graphml_xml(_graph(network, language), sink, encoding="utf-8", prettyprint=False)
