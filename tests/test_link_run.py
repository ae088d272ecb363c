"""Runs from end to end: what the machine decides alone on our graph, what waits for a person, and any two files."""

from __future__ import annotations

import csv
import json
import random
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from so2graph.cli import main
from so2graph.config import Settings
from so2graph.engine.access import Access, Session
from so2graph.engine.changes import Write
from so2graph.engine.offline import apply_offline
from so2graph.link.extract import our_records, their_records
from so2graph.link.linkset import judge_write, judgements
from so2graph.link.mapping import Mapping, none_known
from so2graph.link.pipeline import link
from so2graph.link.queue import Queue
from so2graph.link.review import Asked, Verdict, judge, mark
from so2graph.link.runs import open_run
from so2graph.link.sssom import read
from so2graph.link.target import target_of
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, Names
from tests.test_context import _reference

ID, WOF = f"{CANONICAL_BASE}id/", "https://spelunker.whosonfirst.org/id/"
TOOI = "https://identifier.overheid.nl/tooi/id/"
EXACT = "http://www.w3.org/2004/02/skos/core#exactMatch"
FILES = {"wof": "linking/wof-nl-places.nt.gz", "tooi": "linking/tooi-organisations.nt"}

PLACES = {
    "assen": "101751879",
    "groningen": "101751909",
    "gemeente-assen-area": "404473805",
    "gemeente-groningen-2017-area": "404473713",
    "gemeente-haren-area": "404473717",
    "gemeente-ten-boer-area": "404473709",
    "drenthe": "85687051",
    "groningen-province": "85687059",
    "fryslan-province": "85687055",
    "netherlands": "85633337",
}
"""Our places, each with the number of the right thing in Who's On First."""
NOWHERE = ("gemeente-groningen-area", "noord-nederland", "nuts-nl1")
"""Places of ours that the set does not have: the municipality since 2019, and areas between province and country."""
ALONE = ("assen", "groningen", "gemeente-assen-area", "groningen-province", "fryslan-province", "netherlands")
"""The places that the machine links without a person."""

BODIES = {
    "gemeente-assen": "gemeente/gm0106",
    "gemeente-groningen": "gemeente/gm0014",
    "gemeente-haren": "gemeente/gm0017",
    "gemeente-ten-boer": "gemeente/gm0009",
    "provincie-drenthe": "provincie/pv22",
    "provincie-groningen": "provincie/pv20",
    "provincie-fryslan": "provincie/pv21",
    "werkplein-drentsche-aa": "so/so0620",
    "snn": "so/so0425",
}


@dataclass(frozen=True)
class Place:
    """A dataset of its own."""

    settings: Settings
    bundle: Bundle

    @property
    def session(self) -> Session:
        return Access(self.settings, self.bundle).session()

    def judge(self, *mappings: Mapping, withdrawn: Iterable[str] = ()) -> None:
        session = self.session
        apply_offline(self.settings, [judge_write(session, mappings, tuple(withdrawn))], session.prefixes, "a test")

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["link", *words], env={**self.settings.environment(), "COLUMNS": "200"})

    def links(self, target: str) -> dict[str, str]:
        """What the graph of the target says: our local names, and what they are linked with."""
        text = "SELECT ?s ?o WHERE { GRAPH ?g { ?s ?p ?o } FILTER(?g = <%s>) }"
        rows = self.session.select(text % Names(CANONICAL_BASE).links(target))
        return {str(row["s"]).removeprefix(ID): str(row["o"]) for row in rows}


def _unlinked(settings: Settings, bundle: Bundle, folder: Path, *targets: str) -> Place:
    """A copy of the built dataset in which nobody has judged anything about these targets."""
    mine = replace(settings, data=Path(shutil.copytree(settings.data, folder / "data", symlinks=True)))
    place = Place(mine, bundle)
    for target in targets:
        place.judge(withdrawn=[each.record for each in judgements(place.session, target)])
    return place


@pytest.fixture
def place(settings: Settings, bundle: Bundle, tmp_path: Path) -> Place:
    return _unlinked(settings, bundle, tmp_path, "wof", "tooi")


@pytest.fixture(scope="module")
def linked(settings: Settings, bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Result]:
    """A dataset of which the machine has linked the places, and what the command said; for tests that only look."""
    place = _unlinked(settings, bundle, tmp_path_factory.mktemp("linked"), "wof")
    fetched = place.run("fetch", "wof", "--from", str(_reference(FILES["wof"])))
    assert fetched.exit_code == 0, fetched.output
    assert place.links("wof") == {}
    return place, place.run("run", "wof")


def _decided(place: Place, target: str, *decisions: str) -> dict[str, set[str]]:
    """Of the last run: our local names with what they are paired with, for these decisions."""
    found: dict[str, set[str]] = {}
    with open_run(place.settings.data, target) as opened:
        for decision in decisions:
            for pair in opened.pairs(decision):
                found.setdefault(pair.ours.removeprefix(ID), set()).add(pair.theirs)
    return found


def test_our_places_get_each_their_own(linked: tuple[Place, Result]) -> None:
    """City, municipality and province of one name are linked each with its own kind, by command, none crossed; the
    municipality of 2017 and that of today share a code, so that a person has to say which one it is."""
    place, done = linked
    assert done.exit_code == 0, done.output
    assert place.links("wof") == {name: f"{WOF}{PLACES[name]}" for name in ALONE}
    waiting = _decided(place, "wof", "review")
    assert waiting["gemeente-groningen-2017-area"] == waiting["gemeente-groningen-area"] == {f"{WOF}404473713"}
    assert {name for name in PLACES if name not in ALONE} <= set(waiting)
    assert all(f"{WOF}{PLACES[name]}" in waiting[name] for name in PLACES if name not in ALONE)
    assert "compared   13 of ours with 7943 of theirs" in done.stdout
    assert "accepted   6: 6 of them new links" in done.stdout
    assert re.search(r"wish       98\.00% right: accepted from a probability of 0\.\d{4}", done.stdout)
    assert re.search(r"review     7 of ours wait for a person", done.stdout)


def test_each_link_says_what_it_rests_on(linked: tuple[Place, Result]) -> None:
    """A link of the machine names tool, run, snapshot, fields and confidence, and the identifier that proves it."""
    place, _ = linked
    said = {each.subject.removeprefix(ID): each for each in judgements(place.session, "wof")}
    assert set(said) == set(ALONE)
    assen = said["gemeente-assen-area"]
    with open_run(place.settings.data, "wof") as opened:
        run = opened.run
        pair = opened.pair(assen.subject, assen.object)
    assert not assen.by_person
    assert assen.justification == "CompositeMatching"
    assert (assen.tool, assen.run, assen.spec) == ("so2graph", run.id, run.spec.digest)
    assert assen.source_version == f"{run.snapshot.name} sha256:{run.snapshot.sha256}"
    assert assen.subject_fields == assen.object_fields == ("code", "name", "province")
    assert (assen.measure, assen.match_string, assen.proved) == ("identifier", "cbs:GM0106", True)
    assert (assen.subject_label, assen.object_label) == ("gemeente Assen (gebied)", "Assen")
    assert assen.confidence is not None
    assert assen.confidence >= 0.98
    assert pair is not None
    assert {part.field: part.name for part in pair.parts if part.level >= 0} == {
        "code": "same",
        "name": "same",
        "province": "same",
    }
    assert next(part for part in pair.parts if part.field == "code").left == "cbs:GM0106"


def test_a_second_run_makes_no_second_link(place: Place) -> None:
    """The same snapshot and the same graph give the same decisions; nothing is written, not even that another run
    says so, as long as the first is kept; what there is by a person is left alone and counted."""
    place.run("fetch", "wof", "--from", str(_reference(FILES["wof"])))
    place.run("run", "wof")
    first, said = _decided(place, "wof", "accept"), judgements(place.session, "wof")
    generation = place.session.snapshot.manifest.number
    again = place.run("run", "wof")
    assert _decided(place, "wof", "accept") == first
    assert "0 of them new links" in again.stdout
    assert judgements(place.session, "wof") == said
    assert place.session.snapshot.manifest.number == generation
    shutil.rmtree(place.settings.data / "links" / "wof" / said[0].run)
    place.run("run", "wof")
    assert {each.record for each in judgements(place.session, "wof")} == {each.record for each in said}
    assert said[0].run not in {each.run for each in judgements(place.session, "wof")}
    place.judge(Mapping(f"{ID}drenthe", EXACT, f"{WOF}85687051", "wof", justification="ManualMappingCuration"))
    place.judge(none_known(f"{ID}nuts-nl1", "wof", justification="ManualMappingCuration"))
    after = place.run("run", "wof")
    assert "judged     2 that a person has decided on" in after.stdout
    assert {"drenthe", "nuts-nl1"} & set(_decided(place, "wof", "accept", "review", "reject")) == set()
    assert place.session.snapshot.manifest.number > generation


def test_what_a_person_refused_is_not_asked_again(place: Place) -> None:
    """A pair that is refused is in no later run, whatever speaks for it; and no machine writes it. What an earlier
    run linked and this one does not find stays, and is told."""
    place.run("fetch", "wof", "--from", str(_reference(FILES["wof"])))
    refused = Mapping(
        f"{ID}assen", EXACT, f"{WOF}101751879", "wof", negated=True, justification="ManualMappingCuration"
    )
    earlier = Mapping(f"{ID}nuts-nl1", EXACT, f"{WOF}85687053", "wof", justification="LexicalMatching")
    place.judge(refused, earlier)
    done = place.run("run", "wof")
    assert done.exit_code == 0, done.output
    assert "assen" not in place.links("wof")
    assert f"{WOF}101751879" not in _decided(place, "wof", "accept", "review", "reject").get("assen", set())
    assert [each for each in judgements(place.session, "wof") if each.subject == f"{ID}assen"] == [refused]
    assert "1 links of earlier runs were not found again" in done.stdout
    assert earlier.record in done.stdout
    assert place.links("wof")["nuts-nl1"] == f"{WOF}85687053"


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_dry_run_touches_nothing(place: Place) -> None:
    """Neither the graph nor the queue nor a file; it says what would be accepted and asked, of one type alone."""
    early = place.run("run", "wof", "--dry-run")
    assert early.exit_code == 4, "a dry run takes no snapshot"
    place.run("fetch", "wof", "--from", str(_reference(FILES["wof"])))
    before = _files(place.settings.data)
    done = place.run("run", "wof", "--dry-run", "--wish", "0.9", "--type", "so2:UrbanCore")
    assert done.exit_code == 0, done.output
    assert "nothing is written, as asked" in done.stdout
    told = re.findall(r"would (?:accept|ask about) +(.*) – \S+", done.stdout)
    assert told
    assert set(told) <= {"Assen (urban core)", "Groningen (urban core)"}
    assert "kept in" not in done.stdout
    assert _files(place.settings.data) == before
    assert place.run("run", "wof", "--type", "so2:Municipality").exit_code == 2
    assert place.run("run", "wof", "--wish", "1").exit_code == 2


def test_a_run_of_one_type_keeps_the_questions_of_others(place: Place) -> None:
    """They stay as the run before left them, and a judgement on one names the run that compared it."""
    place.run("fetch", "wof", "--from", str(_reference(FILES["wof"])))
    place.run("run", "wof")
    with open_run(place.settings.data, "wof") as opened:
        first, before = opened.run, opened.pairs("review")
        aside = next(pair for pair in before if "area" in pair.ours)
        judged = judgements(place.session, "wof")
        asked = Asked(aside.ours, aside.theirs, Verdict.UNSURE, mark(judged, aside.ours, aside.theirs))
        judge(opened, place.session, asked, "anna", _unsent)
        asked_before = Queue(opened, place.session, judged).left().open
    done = place.run("run", "wof", "--type", "so2:UrbanCore", "--wish", "0.9")
    assert done.exit_code == 0, done.output
    done = place.run("run", "wof", "--type", "so2:UrbanCore", "--wish", "0.9")
    assert done.exit_code == 0, done.output
    with open_run(place.settings.data, "wof") as opened:
        assert opened.run.id > first.id
        others = {
            (p.ours, p.theirs): p for p in opened.pairs("review") if not p.ours.endswith(("assen", "groningen"))
        }
        assert set(others) == {(p.ours, p.theirs) for p in before if not p.ours.endswith(("assen", "groningen"))}
        assert all(pair.parts and pair.odds is None for pair in others.values())
        assert opened.compared_by(f"{ID}assen").id == opened.run.id
        assert opened.compared_by(aside.ours) == first
        assert Queue(opened, place.session, judged).left().open >= asked_before - 2
        assert (aside.ours, aside.theirs) in Queue(opened, place.session, judged).unsure()
        yes = Asked(aside.ours, aside.theirs, Verdict.YES, mark(judged, aside.ours, aside.theirs))
        answer = judge(
            opened,
            place.session,
            yes,
            "anna",
            lambda change: apply_offline(place.settings, [change], place.session.prefixes, "a test").number,
        )
    (made,) = answer.made
    assert (made.run, made.spec, made.mapping_date) == (first.id, first.spec.digest, first.started[:10])


def _unsent(_: Write) -> int:
    raise AssertionError("nothing is written for what is put aside")


def test_without_a_snapshot_and_an_address_a_run_says_what_to_do(place: Place) -> None:
    """It ends with an exit code and the command that takes one."""
    done = place.run("run", "tooi")
    assert done.exit_code == 4
    assert "so2graph link fetch tooi" in done.stderr


def test_status_tells_links_reviews_and_snapshots(linked: tuple[Place, Result]) -> None:
    """For every target with anything: what is judged, what waits, which run and snapshot are the last."""
    place, _ = linked
    row = next(line for line in place.run("status").stdout.splitlines() if line.split()[:1] == ["wof"])
    assert re.search(r"wof\s+6\s+0\s+0\s+\d+\s+\d{8}T\d{6}-[0-9a-f]{6}\s+\d{4}-\d\d-\d\d", row)


WITHOUT = {
    "points": ("point",),
    "points and identifiers": ("point", "same"),
    "points, identifiers and codes": ("point", "same", "code"),
}
"""Our points and some of our identifiers come from the very set, and prove little: the fields to leave out."""


@pytest.mark.parametrize("name", WITHOUT)
def test_nothing_is_crossed_without_what_came_from_the_set(name: str, place: Place) -> None:
    """On names and provinces alone the machine may accept less, and never what is wrong; the right one is
    always accepted or among those that wait."""
    target = target_of("wof", place.session.prefixes)
    kept = tuple(each for each in target.spec.fields if each.name not in WITHOUT[name])
    spec = replace(target.spec, fields=kept)
    ours = our_records(place.session, target).drop_columns(list(WITHOUT[name]))
    theirs = their_records(target, _reference(FILES["wof"])).drop_columns(list(WITHOUT[name]))
    pairs = link(ours, theirs, spec).pairs.to_pylist()
    left, right = ours.column("id").to_pylist(), theirs.column("id").to_pylist()
    found = {
        decision: {
            (left[pair["left"]].removeprefix(ID), right[pair["right"]].removeprefix(WOF))
            for pair in pairs
            if pair["decision"] == decision
        }
        for decision in ("accept", "review")
    }
    assert found["accept"] <= set(PLACES.items())
    assert set(PLACES.items()) <= found["accept"] | found["review"]
    old, new = ((f"gemeente-groningen{year}-area", "404473713") for year in ("-2017", ""))
    assert {old, new} <= found["review"]


def test_our_bodies_are_found_in_tooi(place: Place) -> None:
    """What the machine accepts is right; each body is accepted or waits, but the two of one code always wait; and no
    private organisation is linked by the machine."""
    place.run("fetch", "tooi", "--from", str(_reference(FILES["tooi"])))
    done = place.run("run", "tooi")
    assert done.exit_code == 0, done.output
    accepted, waiting = _decided(place, "tooi", "accept"), _decided(place, "tooi", "review")
    assert all(found == {f"{TOOI}{BODIES[name]}"} for name, found in accepted.items())
    for name, code in BODIES.items():
        assert f"{TOOI}{code}" in accepted.get(name, set()) | waiting.get(name, set()), name
    assert {"gemeente-assen", "gemeente-haren", "gemeente-ten-boer"} <= set(accepted)
    for name in ("gemeente-groningen", "gemeente-groningen-2017"):
        assert waiting[name] == {f"{TOOI}gemeente/gm0014"}
    assert place.links("tooi") == {name: f"{TOOI}{BODIES[name]}" for name in accepted}


@pytest.mark.parametrize("target", ["wof", "tooi"])
def test_what_is_committed_was_looked_at(target: str, bundle: Bundle) -> None:
    """Each judgement in the file of the target is a person's, and gives its reason."""
    path = bundle.data / "links" / f"{target}.sssom.tsv"
    said = read(path.read_text(encoding="utf-8"), str(path), target, Names(CANONICAL_BASE)).mappings
    assert all(each.by_person and each.comment and each.when for each in said)
    accepted = {each.subject.removeprefix(ID): each.object for each in said if each.verdict == "accepted"}
    if target == "wof":
        assert accepted == {name: f"{WOF}{number}" for name, number in PLACES.items()}
        assert {each.subject.removeprefix(ID) for each in said if each.none} == set(NOWHERE)
        (refused,) = (each for each in said if each.negated)
        assert (refused.subject, refused.object) == (f"{ID}gemeente-groningen-area", f"{WOF}404473713")
    else:
        expected = {name: f"{TOOI}{code}" for name, code in BODIES.items()}
        assert accepted == {**expected, "gemeente-groningen-2017": f"{TOOI}gemeente/gm0014"}


def test_nothing_new_comes_of_what_is_committed(settings: Settings, bundle: Bundle, tmp_path: Path) -> None:
    """On the graph as it is published all places are judged: a run has nothing to ask and nothing to add."""
    place = _unlinked(settings, bundle, tmp_path)
    place.run("fetch", "wof", "--from", str(_reference(FILES["wof"])))
    before = judgements(place.session, "wof")
    done = place.run("run", "wof")
    assert done.exit_code == 0, done.output
    assert "a person has judged all of ours" in done.stdout
    assert judgements(place.session, "wof") == before


# Any two files

STEMS = ("Zonne", "Water", "Groen", "Werk", "Samen", "Buurt", "Noorder", "Stads", "Kring", "Hof", "Veen", "Brug")
ENDS = ("hof", "kracht", "plaats", "winkel", "huis", "bedrijf", "kas", "zaak", "lab", "atelier", "molen", "punt")
TOWNS = ("Assen", "Emmen", "Groningen", "Leeuwarden", "Hoogeveen")


def _tables(folder: Path) -> tuple[Path, Path, set[tuple[str, str]]]:
    """Two tables of organisations with other columns, 120 of which are in both, some spelt otherwise."""
    pick = random.Random(7)
    names = [f"{stem}{end}" for stem in STEMS for end in ENDS]
    pick.shuffle(names)
    left, right, gold = folder / "ours.csv", folder / "theirs.csv", set()
    with left.open("w", encoding="utf-8", newline="") as one, right.open("w", encoding="utf-8", newline="") as two:
        ours, theirs = csv.writer(one), csv.writer(two)
        ours.writerow(["id", "naam", "plaats", "telefoon", "e-mail"])
        theirs.writerow(["key", "organisation", "city", "phone", "extra"])
        for number, name in enumerate(names):
            town, phone = TOWNS[number % 5], f"050-{3110000 + number * 37}"
            if number < 132:
                ours.writerow([f"a{number}", f"Stichting {name}", town, phone, "x"])
            if number >= 12:
                spelt = f"{name.upper()} stg." if number % 3 == 0 else name
                theirs.writerow([f"b{number}", spelt, town, phone.replace("-", " "), ""])
            if 12 <= number < 132:
                gold.add((f"a{number}", f"b{number}"))
    return left, right, gold


def _match(*words: str) -> Result:
    return CliRunner().invoke(main, ["link", "match", *words])


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_two_files_are_linked_without_a_word(form: str, tmp_path: Path) -> None:
    """The columns are guessed by their names in two languages; the pairs stand in a table with what was decided."""
    left, right, gold = _tables(tmp_path)
    if form == "parquet":
        import pyarrow.csv as pacsv
        import pyarrow.parquet as pq

        for path in (left, right):
            pq.write_table(pacsv.read_csv(path), path.with_suffix(".parquet"))
        left, right = left.with_suffix(".parquet"), right.with_suffix(".parquet")
    out = tmp_path / "links.csv"
    done = _match(str(left), str(right), "--out", str(out))
    assert done.exit_code == 0, done.output
    guess = yaml.safe_load((tmp_path / "links.spec.yaml").read_text(encoding="utf-8"))
    assert (guess["left"], guess["right"]) == ("id", "key")
    assert guess["fields"] == {
        "naam": {"kind": "name", "left": "naam", "right": "organisation"},
        "plaats": {"kind": "place", "left": "plaats", "right": "city"},
        "telefoon": {"kind": "phone", "left": "telefoon", "right": "phone"},
    }
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    accepted = {(row["left"], row["right"]) for row in rows if row["decision"] == "accept"}
    assert len(accepted - gold) <= 0.02 * len(accepted)
    assert len(accepted & gold) >= 0.9 * len(gold)
    assert rows[0]["left_naam"].startswith("Stichting")
    assert re.search(r"\d+ links, \d+ for review, among 132 and 132 records", done.stdout)


def test_a_guess_is_edited_and_given_back(tmp_path: Path) -> None:
    """`--guess-only` stops before linking; what the specification says then counts, and its faults are named."""
    left, right, _ = _tables(tmp_path)
    spec = tmp_path / "mine.yaml"
    assert _match(str(left), str(right), "--guess-only", "--spec", str(spec)).exit_code == 0
    row = yaml.safe_load(spec.read_text(encoding="utf-8"))
    del row["fields"]["telefoon"]
    spec.write_text(yaml.safe_dump(row), encoding="utf-8")
    out = tmp_path / "links.parquet"
    done = _match(str(left), str(right), "--spec", str(spec), "--out", str(out))
    assert done.exit_code == 0, done.output
    assert out.is_file()
    assert not (tmp_path / "links.spec.yaml").exists()
    row["fields"]["naam"]["left"] = "nam"
    spec.write_text(yaml.safe_dump(row), encoding="utf-8")
    wrong = _match(str(left), str(right), "--spec", str(spec), "--out", str(out))
    assert wrong.exit_code == 2
    assert "no column 'nam'" in wrong.stderr
    assert _match(str(left), str(right), "--spec", str(spec), "--out", str(tmp_path / "links.txt")).exit_code == 2


def test_nothing_in_common_is_said_with_the_columns(tmp_path: Path) -> None:
    """Two files that have nothing to compare, and a table in another encoding, end with what to do."""
    left, right = tmp_path / "a.csv", tmp_path / "b.csv"
    left.write_text("id,naam\n1,A\n", encoding="utf-8")
    right.write_text("id,jaar\n1,1999\n", encoding="utf-8")
    none = _match(str(left), str(right), "--out", str(tmp_path / "links.csv"))
    assert none.exit_code == 2
    assert "no column in common" in none.stderr
    assert "a.csv has id, naam" in none.stderr
    right.write_bytes("id,naam\n1,Café\n".encode("windows-1252"))
    coded = _match(str(left), str(right), "--out", str(tmp_path / "links.csv"))
    assert coded.exit_code == 3
    assert "--encoding windows-1252" in coded.stderr
    assert _match(str(left), str(right), "--encoding", "windows-1252", "--guess-only").exit_code == 0
    Path("links.spec.yaml").unlink()


def test_rdf_is_guessed_by_paths(tmp_path: Path) -> None:
    """The restaurants of OAEI: addresses and cities are nodes of their own, other on both sides; the guess finds the
    paths, and linking by it is right as often as was wished."""
    folder = _reference("linking/oaei-restaurants/restaurant1.nt").parent
    left, right, out = folder / "restaurant1.nt", folder / "restaurant2.nt", tmp_path / "links.csv"
    done = _match(str(left), str(right), "--out", str(out))
    assert done.exit_code == 0, done.output
    guess = yaml.safe_load((tmp_path / "links.spec.yaml").read_text(encoding="utf-8"))
    assert {name: row["kind"] for name, row in guess["fields"].items()} == {
        "name": "name",
        "phone_number": "phone",
        "street": "street",
        "category": "code",
        "is_in_city_name": "place",
    }
    assert guess["fields"]["is_in_city_name"]["left"].count("/<") == 2
    gold = set(
        zip(
            *(
                re.findall(rf"<entity{side} rdf:resource=['\"]([^'\"]+)", (folder / "gold.rdf").read_text("utf-8"))
                for side in (1, 2)
            ),
            strict=True,
        )
    )
    # In the set itself "restaurant2" stands where the key has "Restaurant1": Restaurant102 is restaurant202.
    there = set(re.findall(r"^<(\S+)> ", right.read_text("utf-8"), re.MULTILINE))
    gold = {(one, two if two in there else two.replace("-Restaurant1", "-restaurant2")) for one, two in gold}
    with out.open(encoding="utf-8") as file:
        accepted = {(row["left"], row["right"]) for row in csv.DictReader(file) if row["decision"] == "accept"}
    assert len(accepted & gold) >= 0.98 * len(accepted)
    assert len(accepted & gold) >= 0.9 * len(gold)


def test_a_run_holds_no_person(place: Place) -> None:
    """Neither the run on disk nor what is printed names a person or an e-mail address."""
    place.run("fetch", "tooi", "--from", str(_reference(FILES["tooi"])))
    done = place.run("run", "tooi")
    with open_run(place.settings.data, "tooi") as opened:
        text = json.dumps([vars(pair) for pair in opened.pairs()], default=str)
    assert "@" not in text + done.output
    assert "duursma" not in (text + done.output).lower()
