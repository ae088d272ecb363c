"""Writes the places of the dataset as GeoJSON."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from so2graph.engine.access import Session
from so2graph.engine.sinks import Collected, Sink
from so2graph.network.reading import Words, about, most_specific, superclasses, words
from so2graph.vocab import DCTERMS, RDF, SKOS, Iri, Term

__all__ = ["Point", "places_geojson", "points_of", "wkt_point", "write_places"]

_SCHEMAS = ("https://schema.org/", "http://schema.org/")
_WGS84 = "http://www.w3.org/2003/01/geo/wgs84_pos#"
_GEOSPARQL = "http://www.opengis.net/ont/geosparql#"

_LATITUDES = frozenset((*(schema + "latitude" for schema in _SCHEMAS), _WGS84 + "lat"))
_LONGITUDES = frozenset((*(schema + "longitude" for schema in _SCHEMAS), _WGS84 + "long"))
_WKT = _GEOSPARQL + "asWKT"
_GEOMETRIES = (
    *(schema + "geo" for schema in _SCHEMAS),
    _GEOSPARQL + "hasGeometry",
    _GEOSPARQL + "hasDefaultGeometry",
)
"""What leads from a thing to the node that has its coordinates."""
_CLASSES = frozenset(
    (
        *(schema + "Place" for schema in _SCHEMAS),
        DCTERMS + "Location",
        _WGS84 + "SpatialThing",
        _GEOSPARQL + "Feature",
    )
)
"""The classes whose members, and those of their subclasses, are places, with or without a point."""
_MATCHES = tuple(SKOS + name for name in ("exactMatch", "closeMatch"))
_LINKS = ("within", *_MATCHES)
_BATCH = 500

_POINT = re.compile(
    r"\s*(?:<(?P<crs>[^>]*)>\s*)?POINT\s*(?:Z\s*|M\s*|ZM\s*)?\(\s*(?P<x>\S+)\s+(?P<y>[^\s)]+)(?:\s+[^\s)]+)*\s*\)\s*",
    re.IGNORECASE,
)
_LONGITUDE_FIRST = ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "http://www.opengis.net/def/crs/OGC/0/CRS84")
_LATITUDE_FIRST = ("http://www.opengis.net/def/crs/EPSG/0/4326",)

Point = tuple[float, float]
"""Longitude and latitude in degrees (RFC 7946, 3.1.1)."""


def _listed(iris: Iterable[str]) -> str:
    return " ".join(Iri(iri).n3 for iri in sorted(iris))


def _point(longitude: str, latitude: str) -> Point | None:
    """The point of two texts; None where they are no degrees."""
    try:
        x, y = float(longitude), float(latitude)
    except ValueError:
        return None
    return (x, y) if -180 <= x <= 180 and -90 <= y <= 90 else None


def wkt_point(text: str) -> Point | None:
    """The point of a WKT literal (GeoSPARQL 1.0, 8.5.1): CRS84 unless it says EPSG 4326; None for all else."""
    match = _POINT.fullmatch(text)
    if match is None:
        return None
    if match["crs"] is None or match["crs"].replace("https:", "http:", 1) in _LONGITUDE_FIRST:
        return _point(match["x"], match["y"])
    if match["crs"].replace("https:", "http:", 1) in _LATITUDE_FIRST:
        return _point(match["y"], match["x"])
    return None


def points_of(session: Session, iris: Iterable[str]) -> dict[str, list[Point]]:
    """The points of these things, in order, as the facts say; what has none is not in it."""
    wanted = sorted(set(iris))
    batches = (wanted[start : start + _BATCH] for start in range(0, len(wanted), _BATCH))
    found = (_points(session, f"VALUES ?x {{ {_listed(batch)} }}") for batch in batches)
    return {iri: sorted(points) for batch in found for iri, points in batch.items() if points}


def _points(session: Session, those: str = "") -> dict[str, set[Point]]:
    """The points of everything that has coordinates, as the facts say, or of `those` that a pattern binds to ?x.

    A node with several latitudes or longitudes has no point: which belongs to which is not said.
    """
    values = _listed((*_LATITUDES, *_LONGITUDES, _WKT))
    geometries = _listed(_GEOMETRIES)
    rows = session.select(f"""
        SELECT DISTINCT ?x ?holder ?p ?value WHERE {{
          {{ {those} VALUES ?p {{ {values} }} ?x ?p ?value . BIND(?x AS ?holder)
             FILTER NOT EXISTS {{ VALUES ?via {{ {geometries} }} ?other ?via ?x }} }}
          UNION
          {{ {those} VALUES ?via {{ {geometries} }} ?x ?via ?holder . VALUES ?p {{ {values} }} ?holder ?p ?value }}
          FILTER(isIRI(?x))
        }}""")
    held: dict[tuple[str, Term | None], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        p = str(row["p"])
        axis = "lat" if p in _LATITUDES else "long" if p in _LONGITUDES else "wkt"
        held[str(row["x"]), row["holder"]][axis].add(str(row["value"]))
    found: dict[str, set[Point]] = defaultdict(set)
    for (iri, _), axes in held.items():
        points = [wkt_point(text) for text in axes["wkt"]]
        latitudes, longitudes = ({_number(text) for text in axes[axis]} for axis in ("lat", "long"))
        if len(latitudes) == len(longitudes) == 1:
            points.append(_point(longitudes.pop(), latitudes.pop()))
        found[iri] |= {point for point in points if point is not None}
    return found


def _number(text: str) -> str:
    """The same text for the same number, so that 53.0 and 53 are one latitude."""
    try:
        return repr(float(text))
    except ValueError:
        return text


def _typed(session: Session, above: Mapping[str, set[str]]) -> set[str]:
    """What is a place by its class; our own classes are known without the vocabulary."""
    ours = {session.snapshot.names.term(name) for name in ("UrbanCore", "Region", "MunicipalArea", "UnnamedPlaces")}
    classes = _CLASSES | ours | {one for one, supers in above.items() if supers & _CLASSES}
    rows = session.select(
        f"SELECT DISTINCT ?x WHERE {{ VALUES ?class {{ {_listed(classes)} }} ?x a ?class FILTER(isIRI(?x)) }}"
    )
    return {str(row["x"]) for row in rows}


def _covering(session: Session, places: set[str]) -> dict[str, list[str]]:
    """The networks that cover a place, as the facts say, in the order of their IRIs."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in session.select("SELECT DISTINCT ?network ?place WHERE { ?network so2:coversArea ?place }"):
        if str(row["place"]) in places and isinstance(row["network"], Iri):
            found[str(row["place"])].add(row["network"].value)
    return {place: sorted(networks) for place, networks in found.items()}


def _geometry(points: set[Point]) -> dict[str, object] | None:
    """RFC 7946, 3.1.2 and 3.1.3; None where there is no point, which 3.2 allows for a feature."""
    if not points:
        return None
    ordered = [list(point) for point in sorted(points)]
    if len(ordered) == 1:
        return {"type": "Point", "coordinates": ordered[0]}
    return {"type": "MultiPoint", "coordinates": ordered}


def _features(session: Session) -> Iterator[dict[str, object]]:
    above, own = superclasses(session), session.snapshot.names.term("")
    points = _points(session)
    places = _typed(session, above) | {iri for iri, found in points.items() if found}
    covering = _covering(session, places)
    contained = [schema + "containedInPlace" for schema in _SCHEMAS]
    said: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in about(session, places, [RDF + "type", *_MATCHES, *contained]):
        if isinstance(row["value"], Iri):
            p = "within" if str(row["p"]) in contained else str(row["p"])
            said[str(row["x"])][p].add(row["value"].value)
    named = words(session, places.union(*covering.values()))
    for iri in sorted(places):
        called, facts = named.get(iri, Words()), said[iri]
        kind = most_specific(facts[RDF + "type"], above, own)
        networks = [(network, named.get(network, Words())) for network in covering.get(iri, [])]
        yield {
            "type": "Feature",
            "id": iri,
            "geometry": _geometry(points.get(iri, set())),
            "properties": {
                "id": iri,
                "label_nl": called.get("nl"),
                "label_en": called.get("en"),
                "type": kind.replace("#", "/").rpartition("/")[2] or None,
                "type_iri": kind or None,
                **{p.rpartition("#")[2]: sorted(facts[p]) for p in _LINKS},
                "networks": [network for network, _ in networks],
                "networks_nl": [name.get("nl") or session.prefixes.compact(network) for network, name in networks],
                "networks_en": [name.get("en") or session.prefixes.compact(network) for network, name in networks],
            },
        }


def write_places(session: Session, sink: Sink) -> None:
    """Writes every place that the caller may read as GeoJSON (RFC 7946): a FeatureCollection, a feature a line.

    A place is what the facts give a class of places (`schema:Place`, `dcterms:Location`, `geo:SpatialThing`,
    GeoSPARQL's `Feature`, and their subclasses) or a point: latitude and longitude of schema.org or WGS 84, on the
    thing or on its `schema:geo`, or a WKT point of GeoSPARQL in CRS84 or EPSG 4326. A place without a point has
    `geometry` null; with several points, all of them. Networks are those of which `so2:coversArea` is a fact.
    """
    sink.write(b'{"type": "FeatureCollection", "name": "places", "features": [')
    between = b"\n"
    for feature in _features(session):
        sink.write(between + json.dumps(feature, ensure_ascii=False, allow_nan=False).encode())
        between = b",\n"
    sink.write(b"\n]}\n")


def places_geojson(session: Session) -> bytes:
    """What `write_places` writes, in one piece."""
    sink = Collected()
    write_places(session, sink)
    return sink.body
