"""What two tables are compared by when nobody says it: kinds by words and values, identifiers, points, the id."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from so2graph.errors import BadParameter
from so2graph.link.guess import Columns, columns_of, guess, kind_of
from so2graph.link.spec import Kind


@pytest.mark.parametrize(
    ("word", "values", "kind"),
    [
        ("gesticht", ["1999", " 2004 ", ""], Kind.YEAR),
        ("gesticht", ["1999", "12"], Kind.NUMBER),
        ("omvang", ["-3", "+2,5", "1.75"], Kind.NUMBER),
        ("meer", ["https://a.example/x", "www.b.example"], Kind.HOST),
        ("meer", ["https://a.example/x y"], Kind.NAME),
        ("groep", ["a", "b", "c"] * 20, Kind.CODE),
        ("groep", ["a", "b", "c"] * 6, Kind.NAME),
        ("verhaal", ["dit is een zin van meer dan zes woorden", "en dit is er ook zo een"], Kind.TEXT),
        ("roepnaam", ["De Kring", "Samen Sterk"], Kind.NAME),
        ("e mail", ["x"], None),
        ("opmerking", ["x"], None),
        ("leeg", ["", "  "], None),
        ("kvknummer", [], Kind.IDENTIFIER),
    ],
)
def test_values_say_what_words_do_not(word: str, values: list[str], kind: Kind | None) -> None:
    """The word counts first, then the form of all values; remarks, addresses of people and nothing are left out."""
    assert kind_of(word, values) is kind


def _guessed(tmp_path: Path, left: str, right: str) -> dict[str, object]:
    """The specification that is guessed of two tables, CSV and TSV."""
    one, other = tmp_path / "one.csv", tmp_path / "other.tsv"
    one.write_text(left, encoding="utf-8")
    other.write_text(right.replace(",", "\t"), encoding="utf-8")
    found: dict[str, object] = yaml.safe_load(guess(columns_of(one), columns_of(other)))
    return found


def test_identifiers_are_compared_within_their_scheme(tmp_path: Path) -> None:
    """Columns of one scheme meet under other names; those of another scheme do not; each side says the scheme."""
    found = _guessed(
        tmp_path, "id,kvk nummer,isni\n1,12345678,0000\n2,87654321,0001\n", "id,KVKnr,ROR\n1,12345678,x\n"
    )
    sides = {"left": {"paths": ["kvk nummer"], "scheme": "kvk"}, "right": {"paths": ["KVKnr"], "scheme": "kvk"}}
    assert found["fields"] == {"kvk_nummer": {"kind": "identifier", **sides}}
    assert (found["name"], found["left"], found["right"]) == ("one-other", "id", "id")


def test_two_columns_of_coordinates_are_one_point(tmp_path: Path) -> None:
    """Latitude and longitude are taken together where both sides have both, and are then no numbers of their own."""
    found = _guessed(tmp_path, "naam,lat,lon\nA,52.9,6.5\n", "naam,Breedtegraad,Lengtegraad\nA,52.9,6.5\n")
    assert found["fields"] == {
        "point": {
            "kind": "point",
            "left": {"point": ["lat", "lon"]},
            "right": {"point": ["Breedtegraad", "Lengtegraad"]},
        },
        "naam": {"kind": "name", "left": "naam", "right": "naam"},
    }


def test_one_name_is_never_given_to_two_fields(tmp_path: Path) -> None:
    """Names that differ in signs alone are one word; a field called as another one is numbered."""
    found = _guessed(tmp_path, "point,lat,lon\nA,52.9,6.5\n", "Point,lat,lon\nB,52.9,6.5\n")
    assert list(found["fields"]) == ["point", "point_2"]  # type: ignore[call-overload]  # a mapping
    assert found["fields"]["point_2"] == {"kind": "name", "left": "point", "right": "Point"}  # type: ignore[index]


def test_several_columns_of_a_kind_are_not_guessed_between(tmp_path: Path) -> None:
    """What has two counterparts under other names is left out, since nothing says which."""
    found = _guessed(tmp_path, "naam,tel\nA,0592\n", "naam,phone,mobile\nA,0592,06\n")
    assert list(found["fields"]) == ["naam"]  # type: ignore[call-overload]  # a mapping


@pytest.mark.parametrize(
    ("rows", "members"),
    [("id,key\n1,a\n2,b\n", "id"), ("id,key\n1,a\n1,b\n", "key"), ("id,key\n1,a\n1,\n", ""), ("naam\nA\n", "")],
)
def test_the_id_is_a_column_whose_values_differ(rows: str, members: str, tmp_path: Path) -> None:
    """By the usual names in their order; where none of them tells the rows apart, the number of the row is the id."""
    path = tmp_path / "one.csv"
    path.write_text(rows, encoding="utf-8")
    assert columns_of(path).members == members


def test_a_sample_is_enough(tmp_path: Path) -> None:
    """Of a long table the first 2,000 rows are looked at, of a Parquet file too, where lists and nulls may stand."""
    path, packed = tmp_path / "one.csv", tmp_path / "one.parquet"
    path.write_text("omvang\n" + "1\n" * 2_000 + "veel\n", encoding="utf-8")
    assert columns_of(path).sample == {"omvang": ["1"] * 2_000}
    pq.write_table(pa.table({"naam": [["A", None, "B"], None, []], "jaar": [1999, None, 2004]}), packed)
    assert columns_of(packed) == Columns(
        packed, ("naam", "jaar"), {"naam": ["A", "B"], "jaar": ["1999", "2004"]}, members=""
    )
    pq.write_table(pa.table({"naam": pa.array([], pa.string())}), packed)
    assert columns_of(packed).sample == {"naam": []}


@pytest.mark.parametrize(("name", "what"), [("one.parquet", "is no Parquet file"), ("one.jsonl", "is a snapshot")])
def test_what_has_no_columns_is_refused(name: str, what: str, tmp_path: Path) -> None:
    """A broken Parquet file and a snapshot say what they are, and what to give."""
    path = tmp_path / name
    path.write_bytes(b"PAR1 no")
    with pytest.raises(BadParameter, match=what) as caught:
        columns_of(path)
    assert caught.value.mend
