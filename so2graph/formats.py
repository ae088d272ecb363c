"""The one table of formats: names, media types, suffixes, and what each can carry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "ALL_FORMATS",
    "BOOLEAN_FORMATS",
    "CANONICAL",
    "DATASET_FORMATS",
    "FORMATS",
    "GRAPH_FORMATS",
    "HTML",
    "NETWORK_FORMATS",
    "PLACE_FORMATS",
    "SOLUTION_FORMATS",
    "TABLE_FORMATS",
    "Format",
    "by_name",
]


@dataclass(frozen=True)
class Format:
    """One format. `media_types[0]` is the one we send; the others are understood in `Accept` and `format=`.

    `kinds` are what it can carry: `solutions` and `boolean` (answers of SPARQL), `graph` and `dataset` (RDF), `table`
    (rows of any kind), `network` (nodes and edges), `places`, `version` (names a dataset by its hash), `page`. No
    terminal can show what is `binary`.
    """

    name: str
    title: str
    suffix: str
    media_types: tuple[str, ...]
    kinds: frozenset[str]
    charset: bool = False
    binary: bool = False

    @property
    def media_type(self) -> str:
        return self.media_types[0]

    @property
    def content_type(self) -> str:
        """The media type as sent, with a charset where the registration of the type asks for one."""
        return f"{self.media_type}; charset=utf-8" if self.charset else self.media_type


_SOLUTIONS, _GRAPH = frozenset({"solutions", "boolean"}), frozenset({"graph"})
_DATASET = frozenset({"graph", "dataset"})
_TABLE = frozenset({"table"})
_ROWS = frozenset({"table", "solutions"})

FORMATS: tuple[Format, ...] = (
    Format(
        "json",
        "SPARQL 1.1 Query Results JSON",
        "json",
        ("application/sparql-results+json", "application/json"),
        _SOLUTIONS,
    ),
    Format(
        "xml",
        "SPARQL Query Results XML",
        "xml",
        ("application/sparql-results+xml", "application/xml", "text/xml"),
        _SOLUTIONS,
    ),
    Format("csv", "CSV", "csv", ("text/csv",), _SOLUTIONS | _TABLE, charset=True),
    Format("tsv", "TSV", "tsv", ("text/tab-separated-values",), _SOLUTIONS | _TABLE, charset=True),
    Format("turtle", "Turtle", "ttl", ("text/turtle", "application/x-turtle"), _GRAPH, charset=True),
    Format("ntriples", "N-Triples", "nt", ("application/n-triples", "text/plain"), _GRAPH),
    Format("jsonld", "JSON-LD", "jsonld", ("application/ld+json", "application/json"), _DATASET),
    Format("rdfxml", "RDF/XML", "rdf", ("application/rdf+xml", "application/xml", "text/xml"), _GRAPH),
    Format("trig", "TriG", "trig", ("application/trig",), _DATASET, charset=True),
    Format("nquads", "N-Quads", "nq", ("application/n-quads",), _DATASET),
)

HTML = Format("html", "web page", "html", ("text/html", "application/xhtml+xml"), frozenset({"page"}), charset=True)

_TYPED: tuple[Format, ...] = (
    Format(
        "xlsx",
        "Excel",
        "xlsx",
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",),
        _ROWS,
        binary=True,
    ),
    Format("parquet", "Parquet", "parquet", ("application/vnd.apache.parquet",), _ROWS, binary=True),
    Format("arrow", "Arrow", "arrow", ("application/vnd.apache.arrow.stream",), _ROWS, binary=True),
)
NETWORK_FORMATS: tuple[Format, ...] = (
    Format("gexf", "GEXF (Gephi)", "gexf", ("application/gexf+xml",), frozenset({"network"})),
    Format("graphml", "GraphML", "graphml", ("application/graphml+xml",), frozenset({"network"})),
    Format("columns", "JSON in columns", "json", ("application/json",), frozenset({"network"})),
)
PLACE_FORMATS: tuple[Format, ...] = (
    Format("geojson", "GeoJSON", "geojson", ("application/geo+json",), frozenset({"places"})),
)
CANONICAL = Format(
    "canonical", "canonical N-Quads (RDFC-1.0)", "c14n", ("application/n-quads",), frozenset({"version"})
)
"""By its sha256 a version of the dataset is known."""
ALL_FORMATS = (*FORMATS, CANONICAL, *_TYPED, *NETWORK_FORMATS, *PLACE_FORMATS)
"""Every format of data; `FORMATS` are those of SPARQL."""

TABLE_FORMATS = tuple(f for f in ALL_FORMATS if "table" in f.kinds)
SOLUTION_FORMATS = tuple(f for f in ALL_FORMATS if "solutions" in f.kinds)
"""Those of SPARQL come first, so that no other is ever taken for lack of a choice."""
BOOLEAN_FORMATS = tuple(f for f in FORMATS if "boolean" in f.kinds)
GRAPH_FORMATS = tuple(f for f in FORMATS if "graph" in f.kinds)
DATASET_FORMATS = tuple(f for f in FORMATS if "dataset" in f.kinds)


def by_name(text: str, among: Iterable[Format]) -> Format | None:
    """The format that `text` names: by its name, suffix or one of its media types; None when there is none."""
    wanted = text.strip().lower().lstrip(".")
    options = tuple(among)
    for option in options:
        if wanted in (option.name, option.suffix, option.media_type):
            return option
    return next((option for option in options if wanted in option.media_types), None)
