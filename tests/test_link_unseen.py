"""Linking of sets that nobody looked at: made ones, of each kind that lists of strangers are of."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from benchmarks.link_sets import LinkSet, misspelt
from benchmarks.linking import baseline, links_of
from so2graph.link.candidates import candidates
from so2graph.link.decide import decide
from so2graph.link.features import compare
from so2graph.link.forms import normal_forms
from so2graph.link.guess import kind_of
from so2graph.link.matching import guessed, match
from so2graph.link.model import Model
from so2graph.link.normalise import normalise
from so2graph.link.pipeline import Outcome, link
from so2graph.link.record import Record
from so2graph.link.spec import Field, Kind, Spec
from so2graph.link.tables import records_table

_LEVELS = {"cosine": pa.float32(), "level_title": pa.int8()}
_SYLLABLES = [
    "ba",
    "ber",
    "da",
    "del",
    "fen",
    "ga",
    "gor",
    "hil",
    "ja",
    "kar",
    "lo",
    "mar",
    "nes",
    "o",
    "pel",
    "ri",
    "sem",
    "tor",
    "uy",
    "ven",
    "wil",
    "za",
]
_HEAD = ("rec_id", "given_name", "surname", "address", "suburb", "postcode", "date_of_birth")


def _word(chance: random.Random, most: int = 3) -> str:
    return "".join(chance.choice(_SYLLABLES) for _ in range(chance.randint(2, most)))


def _people(chance: random.Random, many: int) -> list[list[str]]:
    """Persons, of whom many share a given name and a surname, with an address and a date of birth."""
    given, family = ([_word(chance, 2) for _ in range(30)] for _ in range(2))
    return [
        [
            chance.choice(given),
            chance.choice(family),
            f"{_word(chance)} street {chance.randint(1, 99)}",
            _word(chance),
            f"{chance.randint(1000, 9999)}",
            f"19{chance.randint(10, 99)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}",
        ]
        for _ in range(many)
    ]


def _worn(chance: random.Random, values: Sequence[str]) -> list[str]:
    """The same person as somebody else wrote it down: some values misspelt, some left out."""
    return ["" if chance.random() < 0.08 else misspelt(v, chance) if chance.random() < 0.2 else v for v in values]


def _written(path: Path, rows: Iterable[Sequence[str]], head: Sequence[str] = _HEAD) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def test_people_of_strangers_are_found_by_all_that_is_said(tmp_path: Path) -> None:
    """Two tables of persons whose names many share, with the usual faults: the guess compares what they have in
    common and not their numbers, nearly all are found, and what is accepted without a person is right."""
    chance = random.Random(11)
    people = _people(chance, 700)
    left = _written(tmp_path / "left.csv", ([f"rec-{n}-org", *one] for n, one in enumerate(people[:500])))
    right = _written(
        tmp_path / "right.csv",
        ([f"rec-{n}-dup-0", *_worn(chance, one)] for n, one in enumerate(people[200:], 200)),
    )
    spec = tmp_path / "spec.yaml"
    spec.write_text(guessed(left, right), encoding="utf-8")
    assert "rec_id" not in yaml.safe_load(spec.read_text())["fields"]
    found = match(left, right, spec, lambda *_: None, wish=0.99)
    ids = found.left.column("id").to_pylist(), found.right.column("id").to_pylist()
    rows = found.outcome.pairs.to_pylist()
    numbers = [
        tuple(side[row[name]].split("-")[1] for side, name in zip(ids, ("left", "right"), strict=True))
        for row in rows
    ]
    same = [one == other for one, other in numbers]
    assert sum(same) >= 0.99 * 300
    likely = [right for row, right in zip(rows, same, strict=True) if row["chosen"] and row["probability"] >= 0.5]
    assert sum(likely) / len(likely) >= 0.97
    assert sum(likely) >= 0.97 * 300
    accepted = [right for row, right in zip(rows, same, strict=True) if row["decision"] == "accept"]
    assert sum(accepted) >= 0.9 * 300
    assert sum(accepted) / len(accepted) >= 0.99


def _titles(seed: int, alone: int) -> LinkSet:
    """Titles of four to seven words with misspelt ones, so many on either side without a partner."""
    chance = random.Random(seed)
    words = [_word(chance) for _ in range(400)]
    titles = [" ".join(chance.choice(words) for _ in range(chance.randint(4, 7))) for _ in range(300 + 2 * alone)]
    left = tuple(Record(f"l{n}", (), {"title": (text,)}) for n, text in enumerate(titles[: 300 + alone]))
    right = tuple(
        Record(f"r{n}", (), {"title": (misspelt(misspelt(text, chance), chance),)})
        for n, text in enumerate(titles)
        if n < 300 or n >= 300 + alone
    )
    gold = frozenset((f"l{n}", f"r{n}") for n in range(300))
    return LinkSet("titles", Spec("titles", (Field("title", Kind.TEXT),), wish=0.99), left, right, gold)


def _linked(given: LinkSet) -> Outcome:
    return link(records_table(given.left, given.spec), records_table(given.right, given.spec), given.spec)


def _f1(found: set[tuple[str, str]], given: LinkSet) -> float:
    return 2 * len(found & given.gold) / (len(found) + len(given.gold))


@pytest.mark.parametrize("alone", [10, 300, 2000])
def test_one_field_is_linked_no_worse_than_by_its_letters(alone: int) -> None:
    """Where there is one text alone, few or most of them without a partner, F1 is not below the plain baseline."""
    given = _titles(alone, alone)
    likely, accepted, _ = links_of(given, _linked(given))
    assert _f1(likely, given) >= _f1(baseline(given), given)
    assert not accepted or len(accepted & given.gold) / len(accepted) >= 0.98


def test_of_those_that_are_alike_by_levels_the_likest_by_letters_is_chosen() -> None:
    """Two of one level keep each other from being chosen only where letters do not tell them apart either."""
    spec = Spec("s", (Field("title", Kind.TEXT),))

    def chosen(*cosines: float) -> list[bool]:
        columns = {"left": [0, 0], "right": [0, 1], "cosine": list(cosines), "level_title": [4, 4]}
        pairs = pa.table(columns, pa.schema({"left": pa.int32(), "right": pa.int32()} | _LEVELS))
        table = decide(pairs, spec, Model.default(spec))
        assert len(set(table.column("weight").to_pylist())) == 1
        return [bool(each) for each in table.column("chosen").to_pylist()]

    assert chosen(0.6, 0.8) == [False, True]
    assert chosen(0.8, 0.8) == chosen(0.0, 0.0) == [False, False]


@pytest.mark.parametrize("kinds", [("name",), ("name", "surname"), ("name", "place", "year")])
@pytest.mark.parametrize("many", [(1, 1), (5, 5), (1, 40), (40, 1), (0, 5), (5, 0)])
@pytest.mark.parametrize("text", ["same for all", "", "made"])
def test_strange_sets_do_no_harm(kinds: tuple[str, ...], many: tuple[int, int], text: str) -> None:
    """One record, none, all the same or without a word: no fault, every probability is one, and equals are left to a
    person."""
    known = {"name": Kind.NAME, "surname": Kind.NAME, "place": Kind.PLACE, "year": Kind.YEAR}
    spec = Spec("strange", tuple(Field(name, known[name]) for name in kinds))
    chance = random.Random(1)
    said = [{name: (text if text != "made" else _word(chance),) for name in kinds} for _ in range(40)]
    tables = [
        records_table((Record(f"{side}{n}", (), said[n] if text else {}) for n in range(size)), spec)
        for side, size in zip("lr", many, strict=True)
    ]
    outcome = link(tables[0], tables[1], spec)
    assert all(0 <= row["probability"] <= 1 for row in outcome.pairs.to_pylist())
    accepted = [(row["left"], row["right"]) for row in outcome.pairs.to_pylist() if row["decision"] == "accept"]
    assert all(one == other for one, other in accepted)
    if text == "same for all" and many == (5, 5):
        assert not accepted


def test_one_side_within_the_other_is_found_whole() -> None:
    """A list of which every record stands in the longer one, letter by letter, finds each of them."""
    chance = random.Random(4)
    spec = Spec("within", (Field("name", Kind.NAME),))
    rows = [Record(f"x{n}", (), {"name": (f"{_word(chance)} {_word(chance)}",)}) for n in range(400)]
    outcome = link(records_table(rows, spec), records_table(rows[::8], spec), spec)
    found = {
        (row["left"], row["right"])
        for row in outcome.pairs.to_pylist()
        if row["chosen"] and row["probability"] >= 0.5
    }
    assert found == {(8 * n, n) for n in range(50)}


def test_names_that_tell_things_apart_are_looked_for_alone() -> None:
    """Only where names are several, none, or shared by many, all that is said brings records together."""
    fields = (Field("name", Kind.NAME), Field("street", Kind.STREET), Field("code", Kind.CODE))
    rows = [{"name": (f"jansen {n % 2}",), "street": (f"weg {n}",), "code": (f"k{n}",)} for n in range(60)]

    def reasons(spec: Spec, telling: bool) -> set[str]:
        said = [row | ({"name": (f"{_word(random.Random(n))}{n}",)} if telling else {}) for n, row in enumerate(rows)]
        things = (
            Record(f"x{n}", (), {each.name: row[each.name] for each in spec.fields}) for n, row in enumerate(said)
        )
        table = normalise(records_table(things, spec), spec)
        pairs = candidates(table, table, spec).to_pylist()
        assert {row["left"] for row in pairs if row["left"] == row["right"]} == set(range(60))
        return {why for row in pairs for why in row["why"]}

    assert "record" not in reasons(Spec("s", fields), telling=True)
    assert "record" in reasons(Spec("s", fields), telling=False)
    assert reasons(Spec("s", fields[1:]), telling=False) == {"record"}


@pytest.mark.parametrize(
    ("word", "values", "kind"),
    [
        ("date of birth", ["19151111", "19480930"], Kind.CODE),
        ("date of birth", ["1915-11-11", "1948-09-30T00:00:00"], Kind.CODE),
        ("datum", ["1-2-1999", "30-12-2004"], Kind.CODE),
        ("datum", ["1999", "2004"], Kind.YEAR),
        ("geboren", ["in 1999"], Kind.YEAR),
        ("postcode", ["9401", "2776"], Kind.CODE),
        ("x", [f"{n:07}" for n in range(0, 9_000_000, 300_000)], Kind.CODE),
        ("x", [f"{n}" for n in range(1_000_000, 9_000_000, 300_000)], Kind.CODE),
        ("x", [f"{n * n}" for n in range(40)], Kind.NUMBER),
        ("price", [f"{n}" for n in range(1000, 1040)], Kind.NUMBER),
    ],
)
def test_figures_are_read_by_what_they_are(word: str, values: list[str], kind: Kind) -> None:
    """A whole date and figures of one length are the same or are not; amounts and years are near or far."""
    assert kind_of(word, values) is kind


def test_what_numbers_rows_is_not_compared(tmp_path: Path) -> None:
    """A column that counts the rows says nothing; a word of its name tells an id; KvKnummer is an identifier."""
    one = _written(
        tmp_path / "one.csv",
        [["0", "r7", "A", "12345678"], ["1", "r8", "B", "87654321"]],
        ["", "rec_id", "naam", "KvKnummer"],
    )
    other = _written(
        tmp_path / "other.csv",
        [["0", "q7", "A", "12345678"], ["1", "q9", "B", "87654321"]],
        ["", "rec_id", "naam", "kvk"],
    )
    found = yaml.safe_load(guessed(one, other))
    assert (found["left"], found["right"]) == ("rec_id", "rec_id")
    assert {name: row["kind"] for name, row in found["fields"].items()} == {
        "naam": "name",
        "KvKnummer".lower(): "identifier",
    }
    assert found["unique"] == ["left", "right"]


def test_a_list_that_repeats_itself_is_not_called_free_of_duplicates(tmp_path: Path) -> None:
    """Rows that share three telling values are of one thing: on that side a thing may have several partners."""
    chance = random.Random(5)
    people = _people(chance, 60)
    left = _written(tmp_path / "left.csv", ([f"a{n}", *one] for n, one in enumerate(people)))
    right = _written(tmp_path / "right.csv", ([f"b{n}", *_worn(chance, people[n // 2])] for n in range(120)))
    assert yaml.safe_load(guessed(left, right))["unique"] == ["left"]
    assert yaml.safe_load(guessed(left, left))["unique"] == ["left", "right"]


def test_a_code_with_one_sign_wrong_is_partly_the_same() -> None:
    """One sign changed, left out or swapped in a code of four signs or more; in a shorter one it is another code."""
    level = {
        pair: compare(Kind.CODE, [pair[0]], [pair[1]])
        for pair in (
            ("19151111", "19151117"),
            ("19151111", "1915111"),
            ("2776", "2767"),
            ("2776", "2785"),
            ("wa", "wb"),
            ("a b", "a c"),
        )
    }
    assert list(level.values()) == [1, 1, 1, 0, 0, 1]
    assert normal_forms(Kind.YEAR, ("19151111",)) == ("1915",)
    assert normal_forms(Kind.YEAR, ("19159911",)) == ()
