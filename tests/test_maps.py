"""The map of places: what it shows of which countries, how it keeps names apart, and what it is without outlines."""

from __future__ import annotations

import json
import random
import re
from itertools import pairwise
from pathlib import Path

import pytest

from so2graph.web.maps import Land, Outline, Place, draw_map, read_outline

SQUARE = Land((((3.5, 50.8), (7.0, 50.8), (7.0, 53.5), (3.5, 53.5)),))
AWAY = Land((((100.0, 10.0), (140.0, 10.0), (140.0, 50.0), (100.0, 50.0)),))
BESIDE = Land((((7.0, 50.0), (8.4, 50.0), (8.4, 54.0), (7.0, 54.0)),))
OUTLINE = Outline((2.2, 49.4, 8.4, 54.2), (SQUARE, BESIDE), (SQUARE, AWAY))

ASSEN = Place("x:assen", "Assen", 52.998574, 6.56045)
GRONINGEN = Place("x:groningen", "Groningen", 53.222247, 6.565121)


def test_no_places_make_no_map() -> None:
    """Nothing is drawn of nothing."""
    assert draw_map([], OUTLINE) is None


def test_a_small_country_is_shown_whole_around_its_places() -> None:
    """The country of the places is apart from its neighbours, north is up, and every mark lies within the drawing."""
    drawn = draw_map([GRONINGEN, ASSEN], OUTLINE)
    assert drawn is not None
    assert (len(drawn.around), len(drawn.beyond), drawn.shown, drawn.total) == (1, 1, 2, 2)
    marks = {mark.label: mark for mark in drawn.marks}
    assert marks["Groningen"].y < marks["Assen"].y
    numbers = [float(n) for n in re.findall(r"[\d.]+", drawn.around[0])]
    assert 0 <= min(numbers) <= max(numbers[0::2]) <= drawn.width
    assert max(numbers[1::2]) <= drawn.height
    assert [place.label for place in drawn.listed] == ["Assen", "Groningen"]


def test_a_large_country_is_shown_around_its_places_only() -> None:
    """Two places in a country of forty degrees fill the map."""
    drawn = draw_map([Place("x:a", "A", 30.0, 120.0), Place("x:b", "B", 31.0, 123.0)], OUTLINE)
    assert drawn is not None
    assert len(drawn.around) == 1
    left, right = sorted(mark.x for mark in drawn.marks)
    assert right - left > drawn.width * 0.7


def test_without_an_outline_the_marks_stand_alone() -> None:
    """A checkout whose front end was not built shows the places all the same."""
    drawn = draw_map([ASSEN], None)
    assert drawn is not None
    assert (drawn.around, drawn.beyond, len(drawn.marks)) == ((), (), 1)


def test_places_at_one_point_are_one_mark() -> None:
    """Their names stand in the list and in the name of the mark; in the map the first and a count."""
    drawn = draw_map([ASSEN, Place("x:b", "Bureau", ASSEN.latitude, ASSEN.longitude)], OUTLINE)
    assert drawn is not None
    (mark,) = drawn.marks
    assert (mark.label, mark.text) == ("Assen, Bureau", "Assen +1")
    assert len(drawn.listed) == 2


def test_names_do_not_run_into_each_other() -> None:
    """Thirty places close together: no two names overlap, and a name without room is left to the list."""
    chance = random.Random(5)
    many = [Place(f"x:{n:02}", f"Plaats {n}", 52.5 + chance.random(), 5.5 + chance.random()) for n in range(30)]
    drawn = draw_map(many, OUTLINE)
    assert drawn is not None
    rows: dict[float, list[tuple[float, float]]] = {}
    for mark in drawn.marks:
        if mark.text:
            length = len(mark.text) * 9.6
            start = {"start": 0.0, "end": length, "middle": length / 2}[mark.anchor]
            rows.setdefault(mark.text_y, []).append((mark.text_x - start, mark.text_x - start + length))
    assert rows
    for spans in rows.values():
        assert all(end <= start for (_, end), (start, _) in pairwise(sorted(spans)))
    assert len(drawn.listed) == 30


def test_many_places_are_cut_and_counted() -> None:
    """Of a thousand places the first five hundred by IRI are drawn, in whatever order they come."""
    many = [Place(f"x:{n:04}", f"P{n}", 51 + n % 50 / 25, 4 + n // 50 / 10) for n in range(1000)]
    drawn = draw_map(many, OUTLINE)
    assert drawn is not None
    assert (drawn.shown, drawn.total, len(drawn.listed)) == (500, 1000, 500)
    assert draw_map(many[::-1], OUTLINE) == drawn


@pytest.mark.parametrize("place", [Place("x:p", "Pool", 90.0, 0.0), Place("x:d", "Datum", 0.0, 180.0)])
def test_the_ends_of_the_earth_can_be_drawn(place: Place) -> None:
    """The pole and the date line lie in the drawing like any place."""
    drawn = draw_map([place], OUTLINE)
    assert drawn is not None
    assert 0 <= drawn.marks[0].x <= drawn.width
    assert 0 <= drawn.marks[0].y <= drawn.height
    assert drawn.height <= 621


def test_degrees_are_told_in_the_language_of_the_reader() -> None:
    """With the decimal sign and the letters of Dutch and English."""
    assert ASSEN.degrees("nl") == "52,999° NB; 6,560° OL"
    assert Place("x", "x", -1.5, -2.25).degrees("en") == "1.500° S, 2.250° W"


def test_the_outlines_of_the_build_are_read(tmp_path: Path) -> None:
    """The file that the front end's build writes gives the countries of both sets."""
    path = tmp_path / "outlines.json"
    ring = [[3.5, 50.8], [7.0, 50.8], [7.0, 53.5]]
    land = {"id": "528", "name": "Netherlands", "rings": [ring]}
    near = {"window": [2.2, 49.4, 8.4, 54.2], "lands": [land]}
    path.write_text(json.dumps({"source": "x", "near": near, "world": {"lands": [land]}}), encoding="utf-8")
    outline = read_outline(path)
    assert outline.near == outline.world == (Land((((3.5, 50.8), (7.0, 50.8), (7.0, 53.5)),)),)
