"""Finds where the things of an answer are: coordinates in its rows, or those that the facts give its things."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from so2graph.publish.places import Point, points_of, wkt_point
from so2graph.vocab import Iri, Literal, Term
from so2graph.web.maps import Place, degrees
from so2graph.web.site import Cell, Site
from so2graph.web.tables import Shown
from so2graph.web.ties import thing_columns

__all__ = ["Spot", "spots_of"]

_LATITUDES = frozenset(("lat", "latitude"))
_LONGITUDES = frozenset(("long", "lon", "lng", "longitude"))
_WKT = "http://www.opengis.net/ont/geosparql#wktLiteral"
_PLACED = """SELECT DISTINCT ?x ?place WHERE { VALUES ?x { %s }
  VALUES ?in { so2:coversArea dcterms:spatial schema:location } ?x ?in ?place FILTER(isIRI(?place)) }"""


@dataclass(frozen=True)
class Spot:
    """A point with what is there: `things` of the answer, and the `place` by which they are there, if by another."""

    longitude: float
    latitude: float
    things: tuple[Cell, ...]
    place: Cell | None = None

    @property
    def name(self) -> str:
        """What to call it."""
        return self.place.text if self.place else ", ".join(dict.fromkeys(cell.text for cell in self.things))

    def degrees(self, language: str) -> str:
        """The point in words."""
        return degrees(self.latitude, self.longitude, language)

    @property
    def places(self) -> list[Place]:
        """What a map marks here: the place, or else each thing."""
        cells = (self.place,) if self.place else self.things
        return [Place(cell.iri or "", cell.text, self.latitude, self.longitude) for cell in cells]


def spots_of(here: Site, shown: Shown, terms: Sequence[str]) -> list[Spot]:
    """The points of the rows, from north to south; what has no coordinates stands at the places it covers."""
    columns = thing_columns(shown, terms)
    rows = _in_rows(shown, columns[0] if columns else 0)
    if rows:
        return rows
    named = {
        term.value: cells[at]
        for row, cells in zip(shown.terms, shown.rows, strict=True)
        for at in columns
        if isinstance(term := row[at], Iri)
    }
    if not named:
        return []
    own = points_of(here.session, named)
    spots: dict[tuple[Point, str], dict[str, Cell]] = defaultdict(dict)
    for iri, points in own.items():
        for point in points:
            spots[point, ""][iri] = named[iri]
    _through_places(here, named, named.keys() - own.keys(), spots)
    places = here.session.labels({iri for _, iri in spots if iri}, here.language)
    found = []
    for ((x, y), by), cells in spots.items():
        place = Cell(places[by], here.href(by), iri=by) if by else None
        found.append(Spot(x, y, tuple(cells[iri] for iri in sorted(cells)), place))
    return sorted(found, key=lambda spot: (-spot.latitude, spot.longitude, spot.name))


def _through_places(
    here: Site, named: dict[str, Cell], left: set[str], spots: dict[tuple[Point, str], dict[str, Cell]]
) -> None:
    """Puts what has no coordinates where the places are that it covers, as the facts say."""
    if not left:
        return
    listed = " ".join(Iri(iri).n3 for iri in sorted(left))
    rows = [(str(row["x"]), str(row["place"])) for row in here.session.select(_PLACED % listed)]
    points = points_of(here.session, {place for _, place in rows}) if rows else {}
    for iri, place in rows:
        for point in points.get(place, ()):
            spots[point, place][iri] = named[iri]


def _in_rows(shown: Shown, naming: int) -> list[Spot]:
    """A spot for each row that has coordinates: two columns of degrees, or one of WKT."""
    lower = [column.lower() for column in shown.columns]
    lat = next((at for at, column in enumerate(lower) if column in _LATITUDES), None)
    long = next((at for at, column in enumerate(lower) if column in _LONGITUDES), None)
    found = []
    for row, cells in zip(shown.terms, shown.rows, strict=True):
        point = None
        if lat is not None and long is not None:
            point = _degrees(row[long], row[lat])
        else:
            texts = [term.value for term in row if isinstance(term, Literal) and term.datatype == _WKT]
            point = next((known for text in texts if (known := wkt_point(text)) is not None), None)
        if point is not None:
            found.append(Spot(*point, (cells[naming],)))
    return found


def _degrees(longitude: Term | None, latitude: Term | None) -> Point | None:
    return wkt_point(f"POINT({longitude} {latitude})")
