"""Levels of likeness: what is the same, what is nearly so, and what only looks like it."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from so2graph.link.features import LEVELS, UNKNOWN, WORDS, Terms, compare, features
from so2graph.link.forms import normal_forms
from so2graph.link.normalise import normalise
from so2graph.link.record import Record
from so2graph.link.spec import Field, Kind, Spec
from so2graph.link.tables import records_table
from so2graph.link.terms import frequencies_of, terms_of


def _level(kind: Kind, left: str | tuple[str, ...], right: str | tuple[str, ...], terms: Terms | None = None) -> str:
    one, other = ((side,) if isinstance(side, str) else side for side in (left, right))
    level = compare(kind, normal_forms(kind, one), normal_forms(kind, other), terms)
    return "unknown" if level == UNKNOWN else LEVELS[kind][level]


@pytest.mark.parametrize(
    ("kind", "left", "right", "level"),
    [
        (Kind.NAME, "Stichting Buro Bries", "Buro Bries", "same"),
        (Kind.NAME, "Bel-Air Hotel", "Hotel Bel-Air", "nearly"),
        (Kind.NAME, "Coöperatie Noorderkracht U.A.", "Stichting Noorderkracht", "similar"),
        (Kind.NAME, "gemeente Groningen", "provincie Groningen", "partly"),
        (Kind.NAME, "Bureau Werkzicht", "Bureau Werkzigt", "nearly"),
        (Kind.NAME, "Samenwerkingsverband Noord-Nederland", "SNN", "contained"),
        (Kind.NAME, "De Drentse Zaak", "Alescon", "different"),
        (Kind.NAME, ("Leeuwarden", "Ljouwert"), "Ljouwert", "same"),
        (Kind.TEXT, "The DataSpot model", "The Data Spot model", "same"),
        (Kind.TEXT, "Sony PSLX350H turntable", "Sony turntable PS-LX350H", "nearly"),
        (Kind.TEXT, "Experiments, part I", "Experiments, part II", "partly"),
        (Kind.TEXT, "Query processing", "Query processing in large networks of sensors", "contained"),
        (Kind.PEOPLE, "Noor van Leeuwen, Harry Weitering", "H. Weitering; N. van Leeuwen", "same"),
        (Kind.PEOPLE, "Luuk Duursma", "Luuk Duursma, Harry Weitering", "contained"),
        (Kind.PEOPLE, "Luuk Duursma", "Lisa Duursma", "same"),
        (Kind.PEOPLE, "Luuk Duursma", "Anna Duursma", "different"),
        (Kind.PLACE, "Den Haag", "'s-Gravenhage", "same"),
        (Kind.PLACE, "New York", "New York City", "similar"),
        (Kind.PLACE, "Assen", "Emmen", "different"),
        (Kind.STREET, "435 s. la cienega blv.", "435 S. La Cienega Blvd", "similar"),
        (Kind.STREET, "Brink 12", "Brink 14", "partly"),
        (Kind.STREET, "Brink 12", "Markt 14", "different"),
        (Kind.PHONE, "+31 592 123456", "0592-123456", "same"),
        (Kind.PHONE, "0592-123456", "0592-123457", "similar"),
        (Kind.PHONE, "0592-123456", "050-7654321", "different"),
        (Kind.YEAR, "2017", "1 mei 2018", "next"),
        (Kind.YEAR, "2017", "2020", "near"),
        (Kind.YEAR, "2017", "1987", "different"),
        (Kind.NUMBER, "199,95", "199.95", "same"),
        (Kind.NUMBER, "100", "103", "next"),
        (Kind.NUMBER, "100", "300", "different"),
        (Kind.CODE, "SIGMOD Record", "ACM SIGMOD Record", "partly"),
        (Kind.CODE, "9401 AB", "9401ab", "same"),
        (Kind.IDENTIFIER, "wikidata:Q749", "wikidata:Q749", "same"),
        (Kind.IDENTIFIER, "wikidata:Q749", "wikidata:Q750", "different"),
        (Kind.IDENTIFIER, "wikidata:Q749", "geonames:2759798", "unknown"),
        (Kind.HOST, "https://www.burobries.nl/over", "burobries.nl", "same"),
        (Kind.HOST, "https://alescon.nl", "burobries.nl", "different"),
        (Kind.POINT, "52.9967 6.5625", "52.9970 6.5630", "same"),
        (Kind.POINT, "52.9967 6.5625", "53.2194 6.5665", "far"),
        (Kind.POINT, "52.9967 6.5625", "52.3676 4.9041", "different"),
        (Kind.RELATED, ("so2", "mvo alliantie"), ("so2",), "contained"),
        (Kind.RELATED, ("so2",), ("alescon",), "different"),
    ],
)
def test_values_have_the_level_that_a_person_gives_them(
    kind: Kind, left: str | tuple[str, ...], right: str | tuple[str, ...], level: str
) -> None:
    """Pairs of values of each kind, both ways round."""
    assert _level(kind, left, right) == level
    assert _level(kind, right, left) == level


@pytest.mark.parametrize("kind", list(Kind))
def test_a_side_that_says_nothing_is_not_compared(kind: Kind) -> None:
    """An empty side, or one without any word or number, is unknown and not different."""
    assert compare(kind, (), ("x",)) == UNKNOWN
    assert compare(kind, ("x",), ()) == UNKNOWN
    assert compare(kind, (), ()) == UNKNOWN


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([kind for kind in Kind if kind is not Kind.POINT]), st.text(max_size=30), st.text(max_size=30))
def test_any_two_texts_have_a_level_and_it_does_not_matter_which_is_first(kind: Kind, one: str, other: str) -> None:
    """Whatever stands in a value, its level is one of its kind's, and the same both ways."""
    level = compare(kind, (one,), (other,))
    assert -1 <= level < len(LEVELS[kind])
    assert level == compare(kind, (other,), (one,))


def test_a_rare_word_says_more_than_common_ones() -> None:
    """Two names that share a word which few have are more alike than two that share one which all have."""
    terms = Terms({"stichting": 900, "welzijn": 400}, 1000)
    rare = compare(Kind.NAME, ("welzijn kwinkslag",), ("kwinkslag assen",), terms)
    common = compare(Kind.NAME, ("welzijn kwinkslag",), ("welzijn assen",), terms)
    assert rare > common


def test_every_level_has_a_name_in_both_languages() -> None:
    """The names of all levels have words in Dutch and in English."""
    names = {name for levels in LEVELS.values() for name in levels} | {"unknown"}
    assert names == set(WORDS)
    assert all(nl and en for nl, en in WORDS.values())
    assert set(LEVELS) == set(Kind)


def test_pairs_get_a_column_a_field() -> None:
    """The table of pairs keeps its columns and gets levels, and the values that both have where that matters."""
    spec = Spec("x", (Field("name", Kind.NAME), Field("year", Kind.YEAR)))
    left = normalise(
        records_table([Record("a", (), {"name": ("Bries",), "year": ("2017",)}), Record("b")], spec), spec
    )
    right = normalise(records_table([Record("c", (), {"name": ("Buro Bries", "Bries")})], spec), spec)
    pairs = pa.table({"left": pa.array([0, 1], pa.int32()), "right": pa.array([0, 0], pa.int32())})
    found = features(left, right, pairs, spec)
    assert found.to_pylist() == [
        {"left": 0, "right": 0, "level_name": 6, "term_name": "bries", "level_year": -1},
        {"left": 1, "right": 0, "level_name": -1, "term_name": "", "level_year": -1},
    ]
    assert found.schema.field("level_name").type == pa.int8()
    assert features(left, right, pairs.slice(0, 0), spec).num_rows == 0


def test_words_and_values_are_counted_on_both_sides() -> None:
    """What occurs more than once is counted; what is not counted occurs once."""
    spec = Spec("x", (Field("name", Kind.NAME), Field("city", Kind.PLACE)))
    rows = [Record(str(at), (), {"name": (f"Bries {at}",), "city": ("Assen",)}) for at in range(3)]
    table = normalise(records_table(rows, spec), spec)
    terms = terms_of(table, table.slice(0, 1), spec)["name"]
    assert (dict(terms.counts), terms.total) == ({"bries": 4, "0": 2}, 4)
    assert terms.mass("1") > terms.mass("0") > terms.mass("bries")
    cities = frequencies_of(table, table.slice(0, 1), spec)["city"]
    assert (cities.frequency("assen"), cities.frequency("emmen"), cities.collision) == (1.0, 0.25, 1.0)
