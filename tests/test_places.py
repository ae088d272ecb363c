"""Places as GeoJSON: each with its point, or with none where nobody knows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from so2graph.config import Settings
from so2graph.engine.access import Access, Session
from so2graph.publish.places import places_geojson
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE
from tests.conftest import Ask
from tests.test_context import POINTS
from tests.test_network_files import published

ID = f"{CANONICAL_BASE}id/"
Feature = dict[str, object]


@pytest.fixture(scope="module")
def session(settings: Settings, bundle: Bundle) -> Session:
    return Access(settings, bundle).session()


def _features(session: Session) -> dict[str, Feature]:
    """The features by id; asserts what RFC 7946 says of all of them."""
    body = json.loads(places_geojson(session))
    assert body["type"] == "FeatureCollection"
    assert "crs" not in body
    for feature in body["features"]:
        assert set(feature) == {"type", "id", "geometry", "properties"}
        assert feature["type"] == "Feature"
        assert feature["properties"]["id"] == feature["id"]
    ids = [str(feature["id"]) for feature in body["features"]]
    assert ids == sorted(set(ids))
    return {str(feature["id"]): feature for feature in body["features"]}


def _properties(feature: Feature) -> dict[str, object]:
    return cast(dict[str, object], feature["properties"])


def _loaded(folder: Path, text: str) -> dict[str, object]:
    """The geometry of each place, by local name, of a dataset with these facts."""
    prefixes = """@prefix x: <http://example.org/> . @prefix schema: <https://schema.org/> .
        @prefix old: <http://schema.org/> . @prefix wgs: <http://www.w3.org/2003/01/geo/wgs84_pos#> .
        @prefix geo: <http://www.opengis.net/ont/geosparql#> . @prefix org: <http://www.w3.org/ns/org#> ."""
    found = _features(published(folder, f"{prefixes} x:g {{ {text} }}"))
    return {iri.rpartition("/")[2]: feature["geometry"] for iri, feature in found.items()}


def test_every_place_is_a_feature(session: Session, ask: Ask) -> None:
    """All places and regions of the dataset are there, those without a point with no geometry."""
    classes = "so2:UrbanCore so2:Region so2:MunicipalArea so2:UnnamedPlaces"
    rows = ask(f"SELECT ?x WHERE {{ VALUES ?c {{ {classes} }} ?x a ?c }}")
    found = _features(session)
    assert set(found) == {str(row["x"]) for row in rows}
    points = {iri.removeprefix(ID): feature["geometry"] for iri, feature in found.items() if feature["geometry"]}
    assert points == {
        name: {"type": "Point", "coordinates": [float(longitude), float(latitude)]}
        for name, (_, latitude, longitude) in POINTS.items()
    }
    assert found[f"{ID}noord-nederland"]["geometry"] is None
    assert found[f"{ID}other-urban-cores"]["geometry"] is None


def test_a_place_says_what_it_is_and_who_covers_it(session: Session) -> None:
    """Names, class, links elsewhere, and the networks that are stated to cover it."""
    assert _properties(_features(session)[f"{ID}assen"]) == {
        "id": f"{ID}assen",
        "label_nl": "Assen (stedelijke kern)",
        "label_en": "Assen (urban core)",
        "type": "UrbanCore",
        "type_iri": f"{CANONICAL_BASE}def#UrbanCore",
        "within": [f"{ID}drenthe"],
        "exactMatch": [
            "http://vocab.getty.edu/tgn/7006973",
            "https://spelunker.whosonfirst.org/id/101751879",
            "https://sws.geonames.org/2759633/",
        ],
        "closeMatch": ["http://www.wikidata.org/entity/Q798"],
        "networks": [f"{ID}so-netwerk-assen-drenthe"],
        "networks_nl": ["SO netwerk Assen/Drenthe"],
        "networks_en": ["SO network Assen/Drenthe"],
    }


def test_a_network_covers_by_fact_alone(session: Session) -> None:
    """What is planned around a city covers nothing: the network of the north is at no place."""
    found = _features(session).values()
    assert not any(f"{ID}so-netwerk-noord-nederland" in cast(list[str], _properties(f)["networks"]) for f in found)


def test_the_same_places_give_the_same_bytes(session: Session) -> None:
    """Written twice, the file is the same, in UTF-8, and ends a line."""
    body = places_geojson(session)
    assert body == places_geojson(session)
    assert "Fryslân".encode() in body
    assert body.endswith(b"]}\n")


FORMS = {
    "latitude and longitude of schema.org": "x:a schema:latitude 53.2 ; schema:longitude 6.5",
    "as text": 'x:a schema:latitude "53.2" ; schema:longitude "6.5"',
    "the old address of schema.org": "x:a old:latitude 53.2 ; old:longitude 6.5",
    "schema:geo": "x:a schema:geo [ a schema:GeoCoordinates ; schema:latitude 53.2 ; schema:longitude 6.5 ]",
    "schema:geo with a name": "x:a schema:geo x:point . x:point schema:latitude 53.2 ; schema:longitude 6.5",
    "wgs84": "x:a wgs:lat 53.2 ; wgs:long 6.5",
    "WKT": 'x:a geo:hasGeometry [ geo:asWKT "POINT(6.5 53.2)"^^geo:wktLiteral ]',
    "WKT on the thing": 'x:a geo:asWKT "point ( 6.5  53.2 ) "^^geo:wktLiteral',
    "WKT with a height": 'x:a geo:hasDefaultGeometry [ geo:asWKT "POINT Z (6.5 53.2 10)"^^geo:wktLiteral ]',
    "WKT in CRS84": """x:a geo:hasGeometry [
        geo:asWKT "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> POINT(6.5 53.2)"^^geo:wktLiteral ]""",
    "WKT in EPSG 4326": """x:a geo:hasGeometry [
        geo:asWKT "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(53.2 6.5)"^^geo:wktLiteral ]""",
    "two ways to say the same": "x:a wgs:lat 53.20 ; wgs:long 6.5 ; schema:latitude 53.2 ; schema:longitude 6.50",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_a_point_may_be_said_in_several_ways(text: str, tmp_path: Path) -> None:
    """Each way gives one feature with the same point, longitude first; the node with the numbers is no place."""
    assert _loaded(tmp_path, text) == {"a": {"type": "Point", "coordinates": [6.5, 53.2]}}


NO_POINT = {
    "beyond the pole": "x:a schema:latitude 90.1 ; schema:longitude 6.5",
    "beyond the date line": "x:a schema:latitude 53.2 ; schema:longitude 180.1",
    "half a point": "x:a schema:latitude 53.2",
    "no number": 'x:a schema:latitude "noord" ; schema:longitude 6.5',
    "not a number": 'x:a schema:latitude "NaN"^^<http://www.w3.org/2001/XMLSchema#double> ; schema:longitude 6.5',
    "two latitudes": "x:a schema:latitude 53.2, 53.3 ; schema:longitude 6.5",
    "no WKT": 'x:a geo:asWKT "POINT(6.5)"',
    "an area": 'x:a geo:asWKT "POLYGON((6 53, 7 53, 7 54, 6 53))"',
    "another grid": 'x:a geo:asWKT "<http://www.opengis.net/def/crs/EPSG/0/28992> POINT(233900 582100)"',
    "nothing": "x:a schema:name 'A'",
}


@pytest.mark.parametrize("text", NO_POINT.values(), ids=NO_POINT)
def test_what_is_no_point_is_left_open(text: str, tmp_path: Path) -> None:
    """A place whose coordinates make no point has no geometry; what is not called a place is then no feature."""
    assert _loaded(tmp_path / "place", f"{text} . x:a a schema:Place") == {"a": None}
    assert _loaded(tmp_path / "thing", text) == {}


def test_the_edge_of_the_world_is_a_point(tmp_path: Path) -> None:
    """Ninety and a hundred and eighty degrees are still on the map."""
    found = _loaded(tmp_path, "x:a schema:latitude -90 ; schema:longitude 180")
    assert found == {"a": {"type": "Point", "coordinates": [180.0, -90.0]}}


def test_several_points_are_all_there(tmp_path: Path) -> None:
    """A thing with two places has both, in order."""
    text = "x:a wgs:lat 53.2 ; wgs:long 6.6 ; schema:geo [ schema:latitude 52.9 ; schema:longitude 6.5 ]"
    assert _loaded(tmp_path, text) == {"a": {"type": "MultiPoint", "coordinates": [[6.5, 52.9], [6.6, 53.2]]}}


def test_a_class_of_ones_own_may_be_a_place(tmp_path: Path) -> None:
    """Subclasses of the known classes of places count, and so do our own without the vocabulary."""
    rdfs = "<http://www.w3.org/2000/01/rdf-schema#subClassOf>"
    text = (
        f"x:Village {rdfs} x:Town . x:Town {rdfs} schema:Place . x:a a x:Village . x:b a <{CANONICAL_BASE}def#Region>"
    )
    assert _loaded(tmp_path, text) == {"a": None, "b": None}
