"""Judgements as writes: what each adds and takes away, whom it may not overrule, and the whole way of a link."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import pytest

from so2graph.config import Settings
from so2graph.engine.access import Access, Session
from so2graph.engine.changes import Write
from so2graph.engine.generations import Manifest
from so2graph.engine.offline import apply_offline
from so2graph.engine.store import Quad
from so2graph.engine.tokens import Tokens
from so2graph.errors import AlreadyJudged, NotFound, PreconditionFailed
from so2graph.link.catalogued import Linkset
from so2graph.link.doors import import_write, mapping_set, replaced, reviewed
from so2graph.link.enrich import enrich_write
from so2graph.link.linkset import acceptable, judge_write, judgements, mapping_of, mappings_about
from so2graph.link.mapping import PREDICATES, Mapping, none_known
from so2graph.link.review import mark
from so2graph.link.snapshot import Snapshot
from so2graph.link.sssom import MappingSet, write
from so2graph.link.target import target_of
from so2graph.publish.build import ensure_empty
from so2graph.registry import Bundle, Text
from so2graph.vocab import CANONICAL_BASE, OWL, Iri
from tests.linking_runs import write_gazetteer
from tests.test_service import serving

ID, GRAPHS = f"{CANONICAL_BASE}id/", f"{CANONICAL_BASE}graph/"
ASSEN, GRONINGEN = f"{ID}assen", f"{ID}groningen"
THERE = "https://example.org/place/"
EXACT, CLOSE = PREDICATES[1:3]
VOID = "http://rdfs.org/ns/void#"
FOUND = Mapping(
    ASSEN,
    EXACT,
    f"{THERE}1",
    "gazetteer",
    justification="CompositeMatching",
    confidence=0.9,
    tool="so2graph",
    tool_version="1",
    mapping_date="2026-11-26",
    run="20261126T041500-abcdef",
    spec="ab" * 32,
    source_version="gazetteer.csv",
)
SAID = replace(FOUND, reviewer="Anna", review_date="2026-11-26")


class Desk:
    """A copy of the built dataset to write to."""

    def __init__(self, settings: Settings, bundle: Bundle) -> None:
        self.settings, self.access = settings, Access(settings, bundle)

    @property
    def session(self) -> Session:
        return self.access.session()

    def make(self, change: Write) -> Manifest:
        return apply_offline(self.settings, [change], self.access.prefixes, "test")

    def judge(self, *mappings: Mapping, withdrawn: tuple[str, ...] = ()) -> Manifest:
        return self.make(judge_write(self.session, mappings, withdrawn))

    def quads(self) -> set[Quad]:
        snapshot = self.session.snapshot
        return set(snapshot.quads(sorted(snapshot.manifest.graphs)))

    def said(self) -> tuple[Mapping, ...]:
        return judgements(self.session, "gazetteer")


@pytest.fixture
def desk(settings: Settings, bundle: Bundle, tmp_path: Path) -> Desk:
    shutil.copytree(settings.data, tmp_path / "data")
    return Desk(replace(settings, data=tmp_path / "data"), bundle)


def plain(mapping: Mapping) -> Quad:
    return (
        Iri(mapping.subject),
        Iri(mapping.predicate),
        Iri(mapping.object),
        Iri(f"{GRAPHS}link/{mapping.target}"),
    )


def test_a_link_is_a_triple_a_record_and_an_entry(desk: Desk) -> None:
    """Accepting adds the plain triple, the record with its run, and the linkset to the catalogue: one generation."""
    before = desk.session.snapshot.manifest
    manifest = desk.judge(SAID)
    assert manifest.number == before.number + 1
    assert desk.said() == (SAID,)
    assert plain(SAID) in desk.quads()
    graph, catalogue = Iri(f"{GRAPHS}link/gazetteer"), Iri(f"{GRAPHS}catalog")
    entry = {(q[1].value, str(q[2])) for q in desk.quads() if q[0] == graph and q[3] == catalogue}
    assert {
        (VOID + "linkPredicate", EXACT),
        (VOID + "triples", "1"),
        (VOID + "subjectsTarget", f"{ID}dataset"),
        ("http://purl.org/dc/terms/title", "Links with gazetteer"),
        ("http://purl.org/dc/terms/title", "Koppelingen met gazetteer"),
        ("http://purl.org/dc/terms/license", "https://creativecommons.org/licenses/by/4.0/"),
    } <= entry
    run = Iri(f"{ID}run/gazetteer/{FOUND.run}")
    assert any(q[0] == run for q in desk.quads())
    facts = desk.session.select("SELECT ?o WHERE { ?_s skos:exactMatch ?o }", s=Iri(ASSEN))
    assert f"{THERE}1" in {str(row["o"]) for row in facts}


def test_withdrawing_leaves_no_trace(desk: Desk) -> None:
    """What is withdrawn is gone with record, run, entry and graph; all is as it was, and so are the merges."""
    before, quads = desk.session.snapshot.manifest, desk.quads()
    desk.judge(SAID, replace(SAID, predicate=CLOSE, object=f"{THERE}2", run=""))
    desk.judge(withdrawn=(SAID.record,))
    assert len(desk.said()) == 1
    manifest = desk.judge(withdrawn=tuple(m.record for m in desk.said()))
    assert desk.quads() == quads
    assert (manifest.graphs, manifest.derived) == (before.graphs, before.derived)
    assert f"{GRAPHS}link/gazetteer" not in manifest.graphs


def test_predicates_in_the_catalogue_follow(desk: Desk) -> None:
    """The entry names what the links say, as long as one says it."""

    def predicates() -> set[str]:
        graph = Iri(f"{GRAPHS}link/gazetteer")
        return {str(q[2]) for q in desk.session.about(subject=graph, predicate=Iri(VOID + "linkPredicate"))}

    desk.judge(SAID)
    other = replace(SAID, subject=GRONINGEN, predicate=CLOSE)
    desk.judge(other)
    assert predicates() == {EXACT, CLOSE}
    desk.judge(withdrawn=(SAID.record,))
    assert predicates() == {CLOSE}


def test_a_described_target_has_its_own_words(desk: Desk) -> None:
    """The title and the dataset elsewhere come from what is known of the target."""
    known = Linkset("gazetteer", Text("Met de lijst", "With the list"), "https://example.org/", "")
    desk.make(judge_write(desk.session, [SAID], linksets=[known]))
    graph = Iri(f"{GRAPHS}link/gazetteer")
    said = {(q[1].value, str(q[2])) for q in desk.session.about(subject=graph)}
    assert {
        (VOID + "objectsTarget", "https://example.org/"),
        ("http://purl.org/dc/terms/title", "With the list"),
    } <= said
    assert mapping_set(desk.session, "gazetteer").title == "With the list"


def test_a_refusal_takes_the_triple_and_keeps_the_record(desk: Desk) -> None:
    """It stands for ever, and says what it replaced; accepting again brings the triple back."""
    desk.judge(SAID)
    desk.judge(replace(SAID, negated=True, reviewer="Bert", review_date="2026-11-27"))
    (refused,) = desk.said()
    assert (refused.verdict, refused.formerly) == ("refused", ("2026-11-26 accepted Anna",))
    assert plain(SAID) not in desk.quads()
    desk.judge(replace(SAID, review_date="2026-11-28"))
    (again,) = desk.said()
    assert again.formerly == ("2026-11-26 accepted Anna", "2026-11-27 refused Bert")
    assert plain(SAID) in desk.quads()


def test_none_known_gives_way_to_a_link_and_not_to_a_program(desk: Desk) -> None:
    """A person may find what another one did not; whoever says that there is none must withdraw the link first."""
    nothing = none_known(ASSEN, "gazetteer", reviewer="Anna", review_date="2026-11-26")
    desk.judge(nothing)
    assert acceptable(desk.session, [FOUND]) == ((), (FOUND,))
    desk.judge(replace(SAID, reviewer="Bert"))
    (link,) = desk.said()
    assert link.formerly == ("2026-11-26 none Anna",)
    with pytest.raises(AlreadyJudged, match="has a link with gazetteer") as caught:
        judge_write(desk.session, [nothing])
    assert caught.value.members["record"] == SAID.record
    desk.make(judge_write(desk.session, [nothing], [SAID.record]))
    assert [m.verdict for m in desk.said()] == ["none"]


PERSONS = {
    "accepted": SAID,
    "refused": replace(SAID, negated=True),
    "none": none_known(ASSEN, "gazetteer", reviewer="Anna"),
    "by hand": Mapping(ASSEN, EXACT, f"{THERE}1", "gazetteer", justification="ManualMappingCuration", author="Anna"),
}
MACHINES = {
    "the same": FOUND,
    "the contrary": replace(FOUND, negated=True),
    "another predicate": replace(FOUND, predicate=CLOSE),
}


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("person", PERSONS)
def test_a_program_never_overrules_a_person(desk: Desk, person: str, machine: str) -> None:
    """Neither by a judgement, nor by a file, nor by withdrawing: what the person said stays as it is."""
    desk.judge(PERSONS[person])
    before, theirs = desk.quads(), MACHINES[machine]
    with pytest.raises(AlreadyJudged, match="Anna has judged"):
        judge_write(desk.session, [theirs])
    with pytest.raises(AlreadyJudged, match="Anna has judged"):
        judge_write(desk.session, [], [PERSONS[person].record], by_person=False)
    found = import_write(desk.session, MappingSet("gazetteer", (theirs,)), whole=False)
    assert (found.changed, found.kept, found.write.text) == (0, (theirs,), "")
    path = desk.settings.data / "gazetteer.sssom.tsv"
    path.write_bytes(write(MappingSet("gazetteer", (theirs,)), desk.session.snapshot.names))
    done = command(desk, "import", str(path))
    assert done.returncode == 0
    assert "left as a person judged it" in done.stderr
    assert desk.quads() == before


def test_a_file_links_only_what_is_here(desk: Desk) -> None:
    """A row about something that the dataset says nothing of is refused, with all others of the file."""
    before = desk.quads()
    foreign = replace(SAID, subject="https://example.org/somebody", object=f"{THERE}2")
    for subject in (foreign, replace(SAID, subject=f"{ID}nobody", object=f"{THERE}2")):
        path = desk.settings.data / "gazetteer.sssom.tsv"
        path.write_bytes(write(MappingSet("gazetteer", (SAID, subject)), desk.session.snapshot.names))
        done = command(desk, "import", str(path))
        assert done.returncode != 0
        assert f"<{subject.subject}>" in done.stderr
        assert "nothing was imported" in done.stderr
        assert desk.quads() == before


def test_a_program_may_replace_a_program(desk: Desk) -> None:
    """A second run says it anew, and a person may overrule either."""
    desk.judge(FOUND)
    later = replace(FOUND, confidence=0.95, run="20261127T041500-abcdef")
    desk.judge(later)
    assert desk.said() == (later,)
    runs = {str(q[0]) for q in desk.quads() if f"{ID}run/gazetteer/" in str(q[0]) and "#" not in str(q[0])}
    assert runs == {f"{ID}run/gazetteer/20261127T041500-abcdef"}
    desk.judge(replace(later, negated=True, reviewer="Anna"))
    assert desk.said()[0].formerly == ("2026-11-26 accepted so2graph 1",)


def test_the_same_judgement_twice_is_no_write(desk: Desk) -> None:
    """There is nothing to add and nothing to take away."""
    desk.judge(SAID)
    assert judge_write(desk.session, [SAID]).text == ""


def test_two_who_judge_at_once(desk: Desk) -> None:
    """The later write was made of what is no more, and is refused whole."""
    one, other = (judge_write(desk.session, [m]) for m in (SAID, replace(SAID, negated=True, reviewer="Bert")))
    desk.make(one)
    with pytest.raises(PreconditionFailed):
        desk.make(other)
    assert desk.said() == (SAID,)


def test_withdrawing_what_is_not_there(desk: Desk) -> None:
    """NotFound names the record."""
    with pytest.raises(NotFound, match="no mapping 0123456789abcdef"):
        judge_write(desk.session, [], ["0123456789abcdef"])


def test_the_bundled_entries_are_those_that_a_write_would_make(desk: Desk) -> None:
    """Withdrawing all links with a target and making them again gives the same entry, but for the file."""
    graph, catalogue = Iri(f"{GRAPHS}link/ror"), Iri(f"{GRAPHS}catalog")
    before = {q for q in desk.quads() if q[0] == graph and q[3] == catalogue}
    links = judgements(desk.session, "ror")
    source = next(str(q[2]) for q in before if q[1].value == VOID + "objectsTarget")
    title = {getattr(q[2], "language", ""): str(q[2]) for q in before if q[1].value.endswith("/title")}
    desk.judge(withdrawn=tuple(m.record for m in links))
    assert not [q for q in desk.quads() if q[0] == graph or str(q[0]).startswith(f"{graph.value}#")]
    known = Linkset("ror", Text(title["nl"], title["en"]), source)
    desk.make(judge_write(desk.session, links, linksets=[known]))
    after = {q for q in desk.quads() if q[0] == graph and q[3] == catalogue}
    assert {q for q in before - after if not q[1].value.endswith(("#file", "distribution"))} == set()
    assert after - before == set()


def test_a_dataset_without_a_catalogue_takes_links(bundle: Bundle, tmp_path: Path) -> None:
    """An empty dataset has the link among its facts, the record aside, and no entry; both go again."""
    settings = Settings.load({}, {"data": tmp_path / "data"})
    ensure_empty(settings)
    desk = Desk(settings, bundle)
    manifest = desk.judge(SAID)
    assert set(manifest.graphs) == {f"{GRAPHS}link/gazetteer", f"{GRAPHS}mappings"}
    assert manifest.derived[f"{GRAPHS}facts"] == 1
    assert f"{GRAPHS}mappings" not in desk.session.factual
    assert desk.judge(withdrawn=(SAID.record,)).graphs == {}


def test_what_is_written_over_it_is_no_judgement(desk: Desk) -> None:
    """A record that somebody broke by an update is passed over, and everything else is still told."""
    desk.judge(SAID)
    me = f"<{ID}mapping/{SAID.record}>"
    broken = f"DELETE DATA {{ GRAPH <{GRAPHS}mappings> {{ {me} <{OWL}annotatedProperty> <{EXACT}> }} }}"
    desk.make(Write("update", text=broken))
    assert mapping_of(desk.session, SAID.record) is None
    assert mappings_about(desk.session, ASSEN)


# A person who judges by name


def test_a_person_confirms_what_a_program_found(desk: Desk) -> None:
    """What the program found stays with the judgement, which is the person's from then on."""
    desk.judge(FOUND)
    mapping = reviewed(desk.session, (ASSEN, f"{THERE}1"), "gazetteer", "accepted", reviewer="Anna")
    assert (mapping.confidence, mapping.run, mapping.reviewer, mapping.by_person) == (0.9, FOUND.run, "Anna", True)
    assert mapping.subject_label == ""


def test_a_closer_link_takes_the_place_of_another(desk: Desk) -> None:
    """One pair says one thing; refusing the pair refuses the link that there is, whatever it says."""
    desk.judge(replace(SAID, predicate=CLOSE))
    mapping = reviewed(desk.session, (ASSEN, f"{THERE}1"), "gazetteer", "accepted", reviewer="Bert")
    assert replaced(desk.session, mapping) == [replace(SAID, predicate=CLOSE).record]
    refused = reviewed(desk.session, (ASSEN, f"{THERE}1"), "gazetteer", "refused", reviewer="Bert")
    assert (refused.predicate, refused.negated) == (CLOSE, True)


def test_only_our_things_can_be_linked(desk: Desk) -> None:
    """A subject that no graph speaks of is not found."""
    with pytest.raises(NotFound, match="nothing here called"):
        reviewed(desk.session, (f"{ID}nobody", f"{THERE}1"), "gazetteer", "accepted", reviewer="Anna")


# Files


def test_a_file_edited_by_hand_is_imported_as_it_is(desk: Desk) -> None:
    """Exported, edited and imported, the same bytes come out; with --whole what was struck out is withdrawn."""
    desk.judge(SAID, replace(SAID, subject=GRONINGEN))
    names = desk.session.snapshot.names
    body = write(mapping_set(desk.session, "gazetteer"), names).decode()
    kept = "".join(line for line in body.splitlines(keepends=True) if "id:groningen" not in line)
    edited = kept.replace("\tAnna\t", "\tBert\t")
    path = desk.settings.data / "gazetteer.sssom.tsv"
    path.write_text(edited, encoding="utf-8")
    done = command(desk, "import", "--whole", str(path))
    assert "gazetteer.sssom.tsv: 1 new or changed, 1 withdrawn" in done.stdout
    (mapping,) = desk.said()
    assert (mapping.reviewer, mapping.formerly) == ("Bert", ("2026-11-26 accepted Anna",))
    exported = command(desk, "export", "gazetteer").stdout
    path.write_text(exported, encoding="utf-8")
    assert "nothing changes" in command(desk, "import", "--whole", str(path)).stdout
    assert command(desk, "export", "gazetteer").stdout == exported


# The whole way


def command(desk: Desk, *words: str) -> subprocess.CompletedProcess[str]:
    """`so2graph link …` on the copy."""
    return subprocess.run(  # our own command
        [sys.executable, "-m", "so2graph", "link", *words, "--data", str(desk.settings.data)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class Places:
    """The five places where a link is to be seen, as text."""

    def __init__(self, root: str) -> None:
        self.root = root

    def get(self, path: str, accept: str = "*/*") -> str:
        try:
            with urlopen(
                Request(f"{self.root}{path}", headers={"Accept": accept}), timeout=60
            ) as response:  # our own service
                return str(response.read().decode())
        except HTTPError as error:
            error.close()
            return f"{error.code}"

    def all(self) -> dict[str, str]:
        graph = quote(f"{GRAPHS}link/gazetteer", safe="")
        return {
            "tsv": self.get("links/gazetteer.sssom.tsv"),
            "graph": self.get(f"graph-store?graph={graph}", "application/n-triples"),
            "void": self.get(".well-known/void", "text/turtle"),
            "page": self.get("doc/assen", "text/html"),
            "export": self.get("exports/dataset.nq"),
        }


MARKS = {
    "tsv": "ns1:1\t",
    "graph": f"<{THERE}1>",
    "void": "graph/link/gazetteer",
    "page": f"{THERE}1",
    "export": f"<{THERE}1>",
}
BROUGHT = "Assen volgens de lijst"


def bring(desk: Desk) -> None:
    """Brings what a file says of the linked thing."""
    folder = desk.settings.data / "links" / "gazetteer"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "list.nt").write_text(
        f'<{THERE}1> <http://www.w3.org/2000/01/rdf-schema#label> "{BROUGHT}"@nl .\n', encoding="utf-8"
    )
    target = replace(target_of("wof"), name="gazetteer", enrich=(("http://www.w3.org/2000/01/rdf-schema#label",),))
    licence = "https://creativecommons.org/publicdomain/zero/1.0/"
    taken = Snapshot("gazetteer", "list.nt", "ab" * 32, 1, "2026-11-20T00:00:00Z", "list.nt", licence, 1, folder)
    desk.make(enrich_write(desk.session, target, taken).write)


@pytest.fixture
def running(desk: Desk, settings_env: dict[str, str]) -> Iterator[tuple[Desk, Places, str]]:
    """A service on the copy, with a run to review and the token of an editor."""
    write_gazetteer(desk.settings.data)
    token = Tokens(desk.settings.data).add("anna", "editor")
    with serving(settings_env | desk.settings.environment()) as service:
        yield desk, Places(service.url), token


def send(places: Places, path: str, token: str, **form: str) -> dict[str, object]:
    request = Request(
        f"{places.root}{path}",
        data=urlencode(form).encode(),
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        method="POST",
    )
    with urlopen(request, timeout=60) as response:
        return dict(json.loads(response.read()))


def test_the_whole_way_of_a_link_over_http(running: tuple[Desk, Places, str]) -> None:
    """Accepted it is in five places; withdrawn, it and what it brought are in none; both are generations."""
    desk, places, token = running
    before = places.all()
    assert not [name for name, text in before.items() if MARKS[name] in text]
    seen = mark(desk.said(), ASSEN, f"{THERE}1")
    said = send(places, "links/review/gazetteer", token, ours=ASSEN, theirs=f"{THERE}1", verdict="yes", seen=seen)
    records = said["records"]
    assert isinstance(records, list)
    (record,) = records
    accepted = places.all()
    assert [name for name, text in accepted.items() if MARKS[name] not in text] == []
    bring(desk)
    with_more = places.all()
    assert BROUGHT in with_more["page"]
    assert BROUGHT in with_more["export"]
    page = places.get(f"doc/mapping/{record}?lang=nl", "text/html")
    for text in ("Assen", f"{THERE}1", "anna", BROUGHT, "gazetteer.csv", "Trek dit oordeel in"):
        assert text in page
    full = desk.session.snapshot.manifest.number
    done = send(places, "links/review/-/withdraw", token, mapping=str(record))
    after = places.all()
    assert not [name for name, text in after.items() if MARKS[name] in text or BROUGHT in text]
    assert after["tsv"] == after["graph"] == "404"
    assert places.get(f"doc/mapping/{record}", "text/html") == "404"
    gone = int(str(done["generation"]))
    older, newer = (desk.access.snapshot(number) for number in (full, gone))
    graphs = [set(one.quads(sorted(one.manifest.graphs))) for one in (older, newer)]
    lost = {str(quad[3]).removeprefix(GRAPHS) for quad in graphs[0] - graphs[1]}
    assert lost == {"link/gazetteer", "mappings", "enrich/gazetteer", "catalog"}


def test_the_whole_way_of_a_link_by_command(desk: Desk) -> None:
    """Without a service: accepted, brought, exported, withdrawn, and all is as it was."""
    quads = desk.quads()
    done = command(
        desk,
        "accept",
        "id:assen",
        f"{THERE}1",
        "--target",
        "gazetteer",
        "--reviewer",
        "Anna",
        "--comment",
        "nagegaan",
    )
    assert (done.returncode, done.stderr) == (0, "")
    (mapping,) = desk.said()
    assert f"accepted: {ID}mapping/{mapping.record}" in done.stdout
    assert (mapping.reviewer, mapping.comment, mapping.by_person) == ("Anna", "nagegaan", True)
    bring(desk)
    assert any(str(quad[2]) == BROUGHT for quad in desk.quads())
    assert "\tnagegaan" in command(desk, "export", "gazetteer").stdout
    assert command(desk, "withdraw", mapping.record).returncode == 0
    assert desk.quads() == quads
    again = command(desk, "withdraw", mapping.record)
    assert (again.returncode, "there is no mapping" in again.stderr) == (4, True)


def test_refused_and_none_by_command(desk: Desk) -> None:
    """Both are remembered, and no address is taken for a name."""
    assert command(desk, "none", "id:groningen", "--target", "gazetteer", "--reviewer", "Anna").returncode == 0
    done = command(desk, "refuse", "id:assen", f"{THERE}1", "--target", "gazetteer", "--reviewer", "Anna")
    assert done.returncode == 0
    assert sorted(m.verdict for m in desk.said()) == ["none", "refused"]
    wrong = command(desk, "none", "id:drenthe", "--target", "gazetteer", "--reviewer", "anna\u0040example.org")
    assert (wrong.returncode, "e-mail address" in wrong.stderr) == (2, True)


def test_withdrawing_needs_an_editor(running: tuple[Desk, Places, str]) -> None:
    """Without a token it is 401 and nothing changes; a reader gets 403."""
    desk, places, _ = running
    desk.judge(SAID)
    reader = Tokens(desk.settings.data).add("ria", "reader")
    for token, status in (("so2_unknown", 401), (reader, 403)):
        with pytest.raises(HTTPError) as caught:
            send(places, "links/review/-/withdraw", token, mapping=SAID.record)
        assert caught.value.code == status
        caught.value.close()
    assert desk.said() == (SAID,)
