"""Draws places as a map in SVG: outlines of countries, a mark for each place; no tiles, nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from math import cos, radians
from pathlib import Path
from typing import TypedDict

from so2graph.web.assets import asset_file

__all__ = ["Land", "Map", "Mark", "Outline", "Place", "built_outline", "draw_map", "read_outline"]

OUTLINES = "outlines.json"
"""What the front end's build makes of Natural Earth."""

Point = tuple[float, float]
"""Longitude and latitude in degrees, or x and y in units of the drawing."""
Box = tuple[float, float, float, float]
"""West, south, east and north in degrees."""

WIDTH, LOWEST, HIGHEST = 560.0, 300.0, 620.0
_PADDING = 0.07
"""Room around what is shown, as a part of its size."""
_LEAST_SPAN = 1.6
"""Degrees of latitude that a map shows at least, so that a single place has surroundings."""
_COUNTRY = 6.0
"""Degrees that a country may measure to be shown whole around its places."""
_NEAR = 11.0
"""Marks closer than this stand as one."""
_LETTER, _LINE, _GAP = 9.6, 21.0, 13.0
_NAMED = 40
"""Marks up to which names are written in the map; the list beside it has all of them."""
_LONGEST = 30


def degrees(latitude: float, longitude: float, language: str) -> str:
    """A point in words, to about a hundred metres: `53,222° NB; 6,565° OL`."""
    north, south, east, west = ("NB", "ZB", "OL", "WL") if language == "nl" else ("N", "S", "E", "W")
    parts = (
        f"{abs(latitude):.3f}° {north if latitude >= 0 else south}",
        f"{abs(longitude):.3f}° {east if longitude >= 0 else west}",
    )
    return "; ".join(parts).replace(".", ",") if language == "nl" else ", ".join(parts)


@dataclass(frozen=True)
class Place:
    """A thing with one point: degrees of WGS 84."""

    iri: str
    label: str
    latitude: float
    longitude: float

    def degrees(self, language: str) -> str:
        """Its point in words."""
        return degrees(self.latitude, self.longitude, language)


@dataclass(frozen=True)
class Land:
    """A country: its rings of (longitude, latitude), without the first point again at the end."""

    rings: tuple[tuple[Point, ...], ...]

    @property
    def box(self) -> Box:
        """What it covers."""
        return _box(point for ring in self.rings for point in ring)


@dataclass(frozen=True)
class Outline:
    """Two sets of countries: fine ones within a window, coarse ones of the whole world."""

    window: Box
    near: tuple[Land, ...]
    world: tuple[Land, ...]


@dataclass(frozen=True)
class Mark:
    """One or more places at a point of the drawing, with the name to write beside it, where there is room."""

    places: tuple[Place, ...]
    x: float
    y: float
    text: str | None = None
    text_x: float = 0.0
    text_y: float = 0.0
    anchor: str = "start"

    @property
    def label(self) -> str:
        """The names of its places."""
        return ", ".join(place.label for place in self.places)


@dataclass(frozen=True)
class Map:
    """A drawing: paths of the countries, the marks, and how many of the places it shows.

    `around` are countries with a place in them; `beyond` the others.
    """

    width: float
    height: float
    around: tuple[str, ...]
    beyond: tuple[str, ...]
    marks: tuple[Mark, ...]
    shown: int
    total: int

    @property
    def listed(self) -> list[Place]:
        """The places that are shown, by name."""
        return sorted((p for mark in self.marks for p in mark.places), key=lambda p: (p.label.casefold(), p.iri))


class _Row(TypedDict):
    id: str
    rings: list[list[list[float]]]


def built_outline() -> Outline | None:
    """The outlines that the front end's build made; None in a checkout where it was not built."""
    path = asset_file(OUTLINES)
    return None if path is None else read_outline(path)


@cache
def read_outline(path: Path) -> Outline:
    """The outlines in a file of the build."""
    document = json.loads(path.read_text(encoding="utf-8"))
    near, world = document["near"], document["world"]
    west, south, east, north = near["window"]
    return Outline((west, south, east, north), _lands(near["lands"]), _lands(world["lands"]))


def _lands(rows: Iterable[_Row]) -> tuple[Land, ...]:
    return tuple(Land(tuple(tuple((x, y) for x, y in ring) for ring in row["rings"])) for row in rows)


def draw_map(points: Sequence[Place], outline: Outline | None, most: int = 500) -> Map | None:
    """A map of the first `most` places (by IRI); None where there are no places.

    Plate carrée with its standard parallel in the middle: true enough for a region, plain for the world. Without an
    outline the marks stand alone. The same places give the same drawing.
    """
    if not points:
        return None
    ordered = sorted(points, key=lambda place: (place.iri, place.longitude, place.latitude))
    places = ordered[:most]
    spots = [(place.longitude, place.latitude) for place in places]
    lands = _lands_for(_box(spots), outline)
    home = [land for land in lands if any(_within(spot, land) for spot in spots)]
    view = _view(_box(spots), home)
    project = _Projection(view)
    others = [land for land in lands if land not in home and _touches(land.box, view)]
    around, beyond = ([path for land in some if (path := _path(land, project))] for some in (home, others))
    marks = _named(_marks(places, project), project)
    return Map(project.width, project.height, tuple(around), tuple(beyond), tuple(marks), len(places), len(ordered))


def _box(points: Iterable[Point]) -> Box:
    found = list(points)
    longitudes, latitudes = [x for x, _ in found], [y for _, y in found]
    return min(longitudes), min(latitudes), max(longitudes), max(latitudes)


def _lands_for(box: Box, outline: Outline | None) -> tuple[Land, ...]:
    if outline is None:
        return ()
    west, south, east, north = outline.window
    inside = west + 0.5 < box[0] and south + 0.5 < box[1] and box[2] < east - 0.5 and box[3] < north - 0.5
    return outline.near if inside else outline.world


def _within(point: Point, land: Land) -> bool:
    """Whether a point lies in a country: a ray from it crosses the outline an odd number of times."""
    x, y = point
    inside = False
    for ring in land.rings:
        for (x1, y1), (x2, y2) in zip(ring, (*ring[1:], ring[0]), strict=True):
            if (y1 > y) != (y2 > y) and x < x1 + (x2 - x1) * (y - y1) / (y2 - y1):
                inside = not inside
    return inside


def _touches(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _view(box: Box, home: Sequence[Land]) -> Box:
    """What the map shows: the whole of a small country around its places, else the places with some room."""
    west, south, east, north = box
    for land in home:
        around = land.box
        if around[2] - around[0] <= _COUNTRY and around[3] - around[1] <= _COUNTRY:
            west, south = min(west, around[0]), min(south, around[1])
            east, north = max(east, around[2]), max(north, around[3])
    squeeze = max(cos(radians((south + north) / 2)), 0.1)
    half_y = max(north - south, _LEAST_SPAN) * (0.5 + _PADDING)
    half_x = max(east - west, _LEAST_SPAN / squeeze) * (0.5 + _PADDING)
    # Neither a strip nor a tower: the shorter side gets room.
    half_x = max(half_x, half_y / squeeze * WIDTH / HIGHEST)
    half_y = max(half_y, half_x * squeeze * LOWEST / WIDTH)
    middle_x, middle_y = (west + east) / 2, (south + north) / 2
    return middle_x - half_x, middle_y - half_y, middle_x + half_x, middle_y + half_y


class _Projection:
    """From degrees to units of the drawing."""

    def __init__(self, view: Box) -> None:
        self._west, self._north = view[0], view[3]
        self._squeeze = max(cos(radians((view[1] + view[3]) / 2)), 0.1)
        self._scale = WIDTH / ((view[2] - view[0]) * self._squeeze)
        self.width = WIDTH
        self.height = round((view[3] - view[1]) * self._scale, 1)

    def __call__(self, longitude: float, latitude: float) -> Point:
        x = (longitude - self._west) * self._squeeze * self._scale
        return round(x, 1), round((self._north - latitude) * self._scale, 1)


def _path(land: Land, project: _Projection) -> str:
    """A country as the data of an SVG path; points that fall together are left out, and rings too small to see."""
    parts = []
    for ring in land.rings:
        kept: list[Point] = []
        for longitude, latitude in ring:
            x, y = project(longitude, latitude)
            if not kept or abs(x - kept[-1][0]) + abs(y - kept[-1][1]) >= 1:
                kept.append((x, y))
        if len(kept) > 2:
            parts.append("M" + "L".join(f"{x:g} {y:g}" for x, y in kept) + "Z")
    return "".join(parts)


def _marks(places: Sequence[Place], project: _Projection) -> list[Mark]:
    """A mark for all places that are too near each other to be told apart, at the first of them."""
    groups: list[tuple[Point, list[Place]]] = []
    cells: dict[tuple[int, int], list[int]] = {}
    for place in places:
        x, y = project(place.longitude, place.latitude)
        column, row = int(x // _NEAR), int(y // _NEAR)
        near = (i for dx in (-1, 0, 1) for dy in (-1, 0, 1) for i in cells.get((column + dx, row + dy), ()))
        same = next((i for i in near if _apart(groups[i][0], (x, y)) < _NEAR), None)
        if same is None:
            cells.setdefault((column, row), []).append(len(groups))
            groups.append(((x, y), [place]))
        else:
            groups[same][1].append(place)
    return [Mark(tuple(members), x, y) for (x, y), members in groups]


def _apart(one: Point, other: Point) -> float:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]))


def _named(marks: list[Mark], project: _Projection) -> list[Mark]:
    """The marks with their names, each where it hits no mark and no other name; without where there is no room."""
    if len(marks) > _NAMED:
        return marks
    taken = [(mark.x - 8, mark.y - 8, mark.x + 8, mark.y + 8) for mark in marks]
    named = []
    for mark in marks:
        first = mark.places[0].label
        more = f" +{len(mark.places) - 1}" if len(mark.places) > 1 else ""
        text = (first if len(first) <= _LONGEST else first[: _LONGEST - 1].rstrip() + "…") + more
        room, anchor, x, y = _room(mark, len(text) * _LETTER, taken, project)
        if room is None:
            named.append(mark)
            continue
        taken.append(room)
        named.append(Mark(mark.places, mark.x, mark.y, text, x, y, anchor))
    return named


def _room(mark: Mark, length: float, taken: list[Box], project: _Projection) -> tuple[Box | None, str, float, float]:
    """Where a name fits beside a mark: right, left, above or below it, whichever comes first."""
    x, y = mark.x, mark.y
    spots = (
        ("start", x + _GAP, y + 6, (x + _GAP, y - _LINE / 2, x + _GAP + length, y + _LINE / 2)),
        ("end", x - _GAP, y + 6, (x - _GAP - length, y - _LINE / 2, x - _GAP, y + _LINE / 2)),
        ("middle", x, y - _GAP, (x - length / 2, y - _GAP - _LINE, x + length / 2, y - _GAP)),
        ("middle", x, y + _GAP + 15, (x - length / 2, y + _GAP, x + length / 2, y + _GAP + _LINE)),
    )
    for anchor, text_x, text_y, box in spots:
        inside = box[0] >= 2 and box[1] >= 2 and box[2] <= project.width - 2 and box[3] <= project.height - 2
        if inside and not any(_touches(box, other) for other in taken):
            return box, anchor, round(text_x, 1), round(text_y, 1)
    return None, "start", 0.0, 0.0
