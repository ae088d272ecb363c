"""Values get their normal forms, and the pairs worth a look are found, each with its reason."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from benchmarks import linking_scale
from so2graph.link import normalise as normalise_module
from so2graph.link.candidates import candidates
from so2graph.link.forms import normal_forms, texts_of
from so2graph.link.normalise import normalise
from so2graph.link.record import Record
from so2graph.link.spec import Field, Kind, Spec
from so2graph.link.tables import ID, PAIRS, TYPES, records_table
from tests.reference_lists import linking_file, triples

_SPEC = Spec(
    "organisations",
    (
        Field("name", Kind.NAME),
        Field("city", Kind.PLACE),
        Field("ids", Kind.IDENTIFIER),
        Field("web", Kind.HOST),
        Field("at", Kind.POINT),
    ),
    top=2,
)
Pairs = dict[tuple[str, str], tuple[str, ...]]


def _record(id_: str, types: Iterable[str] = (), **values: str | tuple[str, ...]) -> Record:
    return Record(id_, tuple(types), {key: (v,) if isinstance(v, str) else v for key, v in values.items()})


def _pairs(left: list[Record], right: list[Record], spec: Spec = _SPEC) -> Pairs:
    """The candidates as ids with their reasons; checks what holds of any."""
    mine, other = (normalise(records_table(rows, spec), spec) for rows in (left, right))
    table = candidates(mine, other, spec)
    assert table.schema == PAIRS
    assert candidates(mine, other, spec, threads=2).equals(table)
    rows = table.to_pylist()
    assert [(row["left"], -row["cosine"]) for row in rows] == sorted((row["left"], -row["cosine"]) for row in rows)
    assert all(0 <= row["cosine"] <= 1 and row["why"] for row in rows)
    found = {(left[row["left"]].id, right[row["right"]].id): tuple(row["why"]) for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.mark.parametrize(
    ("kind", "values", "forms"),
    [
        (Kind.NAME, ("Stichting AssenvoorAssen",), ("assenvoorassen\tstichting",)),
        (Kind.NAME, ("gemeente Groningen",), ("groningen\t\tgemeente",)),
        (Kind.NAME, ("SNN", "snn", "!"), ("snn\t\t\tsnn", "snn")),
        (Kind.TEXT, ("The WASA2 object-oriented system",), ("the wasa2 object oriented system",)),
        (Kind.PEOPLE, ("A. Jansen, B. de Vries; C. Smit",), ("a jansen", "b de vries", "c smit")),
        (Kind.PEOPLE, ("A. Jansen en B. de Vries & C. Smit",), ("a jansen", "b de vries", "c smit")),
        (Kind.PLACE, ("Ljouwert", "Leeuwarden"), ("leeuwarden",)),
        (
            Kind.STREET,
            ("Brink 1-a", "Hoofdstr. 12", "2290 Peachtree Rd."),
            ("brink 1 a", "hoofdstraat 12", "2290 peachtree road"),
        ),
        (Kind.PHONE, ("+31 (0)592 123 456", "0592-123456", "213/467-1108"), ("0592123456", "2134671108")),
        (Kind.PHONE, ("0031 592 123456", "geen"), ("0592123456",)),
        (Kind.YEAR, ("2017", "in 2017 of 2018", "12345", "1999-01-01"), ("2017", "1999")),
        (Kind.NUMBER, ("1.234,5", "1,234.5", "1234,50", "7", "-3", "x"), ("1234.5", "7", "-3")),
        (Kind.NUMBER, ("1,234", "."), ("1234",)),
        (Kind.CODE, ("9401 HZ", "Artikel", "SIGMOD Record"), ("9401hz", "artikel", "sigmod record")),
        (
            Kind.IDENTIFIER,
            ("http://www.wikidata.org/entity/Q749", "kvk:1", "kvk:01234567"),
            ("wikidata:q749", "kvk:01234567"),
        ),
        (Kind.HOST, ("https://www.x.nl/a", "x.nl", "geen"), ("x.nl",)),
        (Kind.POINT, ("52.99 6.56", "52.99,6.56", "91 6", "nan 6", "6"), ("52.990000 6.560000",)),
        (Kind.RELATED, ("http://www.wikidata.org/entity/Q798", "gemeente Assen"), ("wikidata:q798", "assen")),
        (Kind.RELATED, ("https://example.org/Thing",), ("https://example.org/Thing",)),
        (Kind.NAME, (), ()),
    ],
)
def test_values_get_their_forms(kind: Kind, values: tuple[str, ...], forms: tuple[str, ...]) -> None:
    """Each form once, in the order of the values; what says nothing has none; a table gives the same."""
    assert normal_forms(kind, values) == forms
    spec = Spec("one", (Field("value", kind),))
    rows = [Record("a", ("t",), {"value": values}), Record("b"), Record("c", (), {"value": values[::-1]})]
    table = normalise(records_table(rows, spec), spec)
    assert table.column("value").to_pylist() == [list(forms), [], list(normal_forms(kind, values[::-1]))]
    assert table.column(ID).to_pylist() == ["a", "b", "c"]
    assert table.column(TYPES).to_pylist() == [["t"], [], []]
    assert table.schema == records_table(rows, spec).schema


@example_settings(max_examples=150)
@given(st.sampled_from(list(Kind)), st.lists(st.text(max_size=25), max_size=4))
def test_any_value_has_forms(kind: Kind, values: list[str]) -> None:
    """No value of any kind makes it fail, and no form is empty."""
    forms = normal_forms(kind, values)
    assert all(forms)
    assert len(set(forms)) == len(forms)


def test_a_name_is_looked_up_by_core_and_acronym() -> None:
    """The texts of a name for an index: without legal form, and its acronym."""
    forms = normal_forms(Kind.NAME, ("Samenwerkingsverband Noord-Nederland (SNN)", "Stichting SNN"))
    assert texts_of(forms) == ("samenwerkingsverband noord nederland", "snn")


def test_processes_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long list that is divided over processes has the forms that one gives."""
    monkeypatch.setattr(normalise_module, "_WORTH_PROCESSES", 10)
    monkeypatch.setattr(normalise_module, "_PART", 7)
    rows = [
        _record(str(at), name=name, city=place) for at, (name, place) in enumerate(linking_scale.organisations(40))
    ]
    table = records_table(rows, linking_scale.SPEC)
    assert normalise(table, linking_scale.SPEC, processes=2).equals(normalise(table, linking_scale.SPEC))


def test_the_same_identifier_and_the_same_host_bring_together() -> None:
    """Names need not be alike; the reason names the scheme, and two reasons are both told."""
    left = [_record("a", ids=("kvk:01234567", "wikidata:q1"), web="https://www.a.nl/x", name="Alescon")]
    right = [
        _record("1", ids="kvk:1234567", name="Iets anders"),
        _record("2", ids=("http://www.wikidata.org/entity/Q1", "kvk:01234567"), web="a.nl", name="Alescon"),
        _record("3", ids="kvk:76543210", web="b.nl", name="Stark"),
    ]
    assert _pairs(left, right) == {
        ("a", "1"): ("identifier:kvk",),
        ("a", "2"): ("identifier:kvk", "identifier:wikidata", "host", "name"),
    }


def test_what_very_many_share_brings_nobody_together() -> None:
    """A host of 51 records of a side singles out none of them; one of 50 does."""
    one, many = [_record("a", web="x.nl")], [_record(str(at), web="x.nl") for at in range(51)]
    assert _pairs(one, many) == _pairs(many, one) == {}
    assert len(_pairs(one, many[:50])) == len(_pairs(many[:50], one)) == 50


def test_the_likest_names_are_looked_at() -> None:
    """As many as the specification says, by any of their names; legal forms do not make names alike."""
    left = [_record("a", name=("Buro Bries B.V.", "Bries Groep")), _record("b")]
    right = [
        _record("1", name="Stichting Welzijn B.V."),
        _record("2", name="Bureau Bries"),
        _record("3", name="Briesgroep"),
        _record("4", name="Bries Groep Holding B.V."),
    ]
    assert _pairs(left, right) == {("a", "2"): ("name",), ("a", "4"): ("name",)}


def test_an_acronym_meets_what_it_stands_for() -> None:
    """An acronym on either side is held against the initials and the acronyms of the other."""
    full, short = _record("full", name="Samenwerkingsverband Noord-Nederland"), _record("short", name="SNN")
    both = _record("both", name="Samenwerkingsverband Noord-Nederland (SNN)")
    assert _pairs([short], [full]) == {("short", "full"): ("acronym",)}
    assert _pairs([full], [short]) == {("full", "short"): ("acronym",)}
    assert _pairs([short], [both]) == {("short", "both"): ("acronym", "name")}
    assert _pairs([_record("assen", name="Assen")], [short]) == {}


def test_near_points_bring_together_the_nearest_first() -> None:
    """The two nearest within ten kilometres, whatever they are called."""
    left = [_record("a", name="Ljouwert", at="53.20 5.80"), _record("b", at="0 0"), _record("c")]
    right = [
        _record("1", name="x", at="53.25 5.80"),
        _record("2", name="y", at="53.201 5.80"),
        _record("3", name="z", at="53.21 5.80"),
        _record("4", name="w", at="53.30 5.80"),
    ]
    assert _pairs(left, right) == {("a", "2"): ("near",), ("a", "3"): ("near",)}


def test_a_place_and_a_word_in_common_bring_together() -> None:
    """In the same place a word in common is enough; a word alone, or the place alone, is not."""
    left = [_record("a", name="Bakkerij Jansen Assen", city="Assen")]
    right = [
        *(_record(str(at), name=f"Bakkerij Jansen {at}", city="Emmen") for at in range(3)),
        _record("here", name="Jansen Brood en Banket van de Brink", city="ASSEN"),
        _record("other", name="Slagerij De Vries", city="Assen"),
    ]
    found = _pairs(left, right)
    assert found["a", "here"] == ("place",)
    assert ("a", "other") not in found


def test_of_one_place_the_likest_are_kept() -> None:
    """Of many that share a word in a place as many as half of the top are looked at for that alone."""
    left = [_record("a", name="Kwekerij Jansen van de Brink", city="Assen")]
    right = [
        *(_record(f"far {at}", name="Kwekerij Jansen van de Brink", city="Emmen") for at in range(2)),
        *(_record(f"near {at}", name="Jansen " + "Banket en Brood " * at, city="Assen") for at in range(1, 4)),
    ]
    assert _pairs(left, right) == {("a", "far 0"): ("name",), ("a", "far 1"): ("name",), ("a", "near 1"): ("place",)}


def test_types_that_may_not_meet_push_nobody_out() -> None:
    """The likest of those that may meet are taken; a record without types may meet any; a type that the
    specification does not name meets none."""
    spec = Spec(
        "typed",
        (Field("name", Kind.NAME), Field("ids", Kind.IDENTIFIER)),
        meets=(("City", "locality"), ("Body", "gemeente")),
        top=1,
    )
    left = [
        _record("city", ["City"], name="Groningen", ids="cbs:GM0014"),
        _record("body", ["Body"], name="gemeente Groningen", ids="cbs:GM0014"),
        _record("odd", ["Theme"], name="Groningen"),
        _record("none", name="Groningen"),
    ]
    right = [
        _record("g", ["gemeente", "area"], name="Groningen", ids="cbs:GM0014"),
        _record("p", ["provincie"], name="Groningen"),
        _record("l", ["locality"], name="Groningen-stad"),
    ]
    assert _pairs(left, right, spec) == {
        ("city", "l"): ("name",),
        ("body", "g"): ("identifier:cbs", "name"),
        ("none", "g"): ("name",),
    }


@pytest.mark.parametrize(("left", "right"), [(0, 0), (0, 2), (2, 0)])
def test_an_empty_side_has_no_candidates(left: int, right: int) -> None:
    """Nothing on a side is no error."""
    assert _pairs([_record(str(at), name="x") for at in range(left)], [_record("r", name="x")] * right) == {}


def test_records_without_values_have_no_candidates() -> None:
    """What is not known is not alike: empty never meets empty."""
    assert (
        _pairs([_record("a"), _record("b", name="", city="!", web="")], [_record("1"), _record("2", city="!")]) == {}
    )


def test_groningen_and_assen_meet_their_own_kind() -> None:
    """Of the Dutch places set, city, municipality and province have candidates of their own kind alone, the right one
    among them."""
    base = "https://spelunker.whosonfirst.org/id/"
    spec = Spec(
        "places",
        (Field("name", Kind.NAME), Field("at", Kind.POINT)),
        meets=(("city", "locality"), ("municipality", "localadmin"), ("province", "region")),
    )
    places = [
        Record(
            subject,
            tuple(kind.rpartition("/")[2] for kind in said["type"]),
            {"name": (*said["label"], *said["prefLabel"]), "at": (f"{said['lat'][0]} {said['long'][0]}",)},
        )
        for subject, said in triples(linking_file("wof-nl-places.nt.gz")).items()
    ]
    asked = {
        ("Assen", "city"): "101751879",
        ("gemeente Assen", "municipality"): "404473805",
        ("Groningen", "city"): "101751909",
        ("gemeente Groningen", "municipality"): "404473713",
        ("provincie Groningen", "province"): "85687059",
        ("Grins", "city"): "101751909",
        ("Drenthe", "province"): "85687051",
        ("Provinsje Fryslân", "province"): "85687055",
        ("Ljouwert", "city"): "101751907",
    }
    left = [Record(f"{name} {kind}", (kind,), {"name": (name,)}) for name, kind in asked]
    found = _pairs(left, places, spec)
    types = {place.id: place.types for place in places}
    allowed = dict(spec.meets)
    for (name, kind), target in asked.items():
        mine = [theirs for ours, theirs in found if ours == f"{name} {kind}"]
        assert f"{base}{target}" in mine[:2], name
        assert {types[theirs] for theirs in mine} == {(allowed[kind],)}


def _share(found: Pairs, gold: set[tuple[str, str]]) -> float:
    return len(gold & found.keys()) / len(gold)


def _papers(name: str) -> list[Record]:
    with linking_file(f"dblp-acm/{name}.csv").open(encoding="utf-8", errors="replace") as file:
        return [_record(row["id"], title=row["title"]) for row in csv.DictReader(file)]


def test_papers_are_among_ten_candidates_by_their_title() -> None:
    """Of DBLP and ACM 99.5 in 100 true pairs are among the ten likest titles, and the candidates are no more."""
    spec = Spec("papers", (Field("title", Kind.TEXT),))
    with linking_file("dblp-acm/gold.csv").open(encoding="utf-8") as file:
        gold = {(row["idDBLP"], row["idACM"]) for row in csv.DictReader(file)}
    left, right = _papers("DBLP2"), _papers("ACM")
    found = _pairs(left, right, spec)
    assert _share(found, gold) >= 0.995
    assert len(found) <= 10 * len(left)


def test_restaurants_are_among_ten_candidates_by_their_name() -> None:
    """Of the OAEI restaurants each true pair whose records are both there is among the ten likest names."""
    spec = Spec("restaurants", (Field("name", Kind.NAME),))
    sides = [
        [
            Record(subject, (), {"name": tuple(said["name"])})
            for subject, said in triples(linking_file(f"oaei-restaurants/restaurant{side}.nt")).items()
            if any(kind.endswith("#Restaurant") for kind in said["type"])
        ]
        for side in (1, 2)
    ]
    text = linking_file("oaei-restaurants/gold.rdf").read_text(encoding="utf-8")
    ids = {record.id for side in sides for record in side}
    gold = {
        (mine, other)
        for mine, other in re.findall(r"entity1 rdf:resource='([^']+)'.*?entity2 rdf:resource='([^']+)'", text, re.S)
        if mine in ids and other in ids
    }
    # 23 of the 112 name a record that the second file does not have.
    assert len(gold) == 89
    assert _share(_pairs(sides[0], sides[1], spec), gold) == 1.0


def test_synthetic_organisations_are_found_again() -> None:
    """The scale benchmark at a small size: names of Dutch organisations written otherwise find their partner."""
    measured = linking_scale.measure(left=400, right=6000, threads=1)
    assert measured.recall >= 0.99
    assert measured.pairs <= 400 * (6 + 3)
    assert {"normalise", "candidates", "decide"} <= set(measured.seconds)
    assert measured.precision >= 0.95
    again = linking_scale.measure(left=400, right=6000, threads=2)
    assert (again.pairs, again.recall, again.accepted) == (measured.pairs, measured.recall, measured.accepted)
    index = linking_scale.look_up(names=2000, batches=4)
    text = "\n".join(linking_scale.table(measured, index))
    assert f"| {measured.recall:.4f} | {measured.accepted:,} |" in text


def test_pairs_keep_their_schema_without_names() -> None:
    """A specification without names compares identifiers alone."""
    spec = Spec("ids", (Field("ids", Kind.IDENTIFIER),))
    left, right = [_record("a", ids="kvk:01234567")], [_record("1", ids="kvk:01234567")]
    assert _pairs(left, right, spec) == {("a", "1"): ("identifier:kvk",)}
    mine, other = (normalise(records_table(rows, spec), spec) for rows in (left, right))
    table = candidates(mine, other, spec)
    assert table.column("cosine").to_pylist() == [0.0]
    assert isinstance(table, pa.Table)
