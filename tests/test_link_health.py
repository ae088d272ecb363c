"""What becomes wrong with links is found: data with each fault, and addresses that answer in each way."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from so2graph.config import Settings
from so2graph.engine.access import Access
from so2graph.engine.alive import Alive, Heard
from so2graph.engine.offline import apply_offline
from so2graph.errors import NotFound
from so2graph.link.checking import (
    Checkup,
    Examined,
    check,
    linked_targets,
    measurements,
    read_checkup,
    with_former,
    write_checkup,
)
from so2graph.link.health import CHECKS, Ailment, Known, components, contradictions, examine
from so2graph.link.linkset import judge_write
from so2graph.link.mapping import IDENTIFIER, PREDICATES, Mapping
from so2graph.link.record import Record
from so2graph.link.running import take
from so2graph.link.snapshot import current
from so2graph.link.spec import Field, Kind, Spec
from so2graph.link.target import targets
from so2graph.registry import Bundle
from so2graph.web.app import create_app
from so2graph.web.health_words import checks_in_words, told
from tests.linking_runs import OURS, THEIRS, write_gazetteer

SAME, EXACT, CLOSE = PREDICATES[:3]
A, B, X, Y = (f"https://example.org/{name}" for name in "abxy")
SPEC = Spec("t", (Field("name", Kind.NAME), Field("point", Kind.POINT)), meets=(("City", "city"), ("Body", "body")))
TODAY = date(2026, 11, 26)


def link(subject: str, obj: str, predicate: str = EXACT, **said: object) -> Mapping:
    return Mapping(subject, predicate, obj, "t", justification="ManualMappingCuration", author="x", **said)  # type: ignore[arg-type]  # fields of a mapping


def record(iri: str, kind: str, name: str, point: str = "") -> Record:
    return Record(iri, (kind,), {"name": (name,), "point": (point,)} if point else {"name": (name,)})


WELL = Known(
    "t", {A: record(A, "City", "Assen", "53.0 6.5")}, {X: record(X, "city", "Assen", "53.01 6.5")}, SPEC, {}, TODAY
)


def found(known: Known, *links: Mapping, **more: object) -> list[Ailment]:
    return list(examine(known, links, today=TODAY, far=50, stale=180, **more))  # type: ignore[arg-type]  # heard only


def test_a_link_that_is_well_has_no_fault() -> None:
    """Same name, fitting kinds, near, in a fresh snapshot; a refused link is no link."""
    assert found(WELL, link(A, X, object_label="assen")) == []
    assert found(WELL, link(A, Y, negated=True)) == []
    assert found(Known("t", {}, None, None), link(A, X)) == [], "what is not known is no fault"


FAULTS: dict[str, tuple[Known, tuple[Mapping, ...], list[dict[str, str]]]] = {
    "merged": (replace(WELL, theirs={}, redirects={X: Y}), (link(A, X),), [{"where": Y}]),
    "gone": (replace(WELL, theirs={}), (link(A, X),), [{}]),
    "abolished": (
        replace(WELL, abolished=lambda iri: ("Groningen (GM0014)", "2019-01-01") if iri == X else None),
        (link(A, X),),
        [{"where": "Groningen (GM0014)", "date": "2019-01-01"}],
    ),
    "type": (
        replace(WELL, ours={A: record(A, "Body", "Assen")}),
        (link(A, X),),
        [{"ours": "Body", "theirs": "city"}],
    ),
    "shared": (WELL, (link(A, X), link(B, X)), [{"others": B}, {"others": A}]),
    "far": (replace(WELL, ours={A: record(A, "City", "Assen", "51.0 6.5")}), (link(A, X),), [{"km": "224"}]),
    "drift": (WELL, (link(A, X, object_label="Asn"),), [{"was": "Asn", "now": "Assen"}]),
    "number": (
        replace(WELL, number=lambda text: text != "isni:1"),
        (link(A, X, measure=IDENTIFIER, match_string="isni:1"),),
        [{"number": "isni:1"}],
    ),
    "unread": (replace(WELL, theirs=None, unread=True), (link(A, X),), [{}]),
    "stale": (replace(WELL, taken=date(2026, 1, 1)), (link(A, X),), [{"date": "2026-01-01", "days": "329"}]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found(name: str) -> None:
    """It alone, with what its words need; the words are there in both languages, and say what to do."""
    known, links, said = FAULTS[name]
    ailments = found(known, *links)
    assert [(one.check, dict(one.said)) for one in ailments] == [(name, row) for row in said]
    assert all(one.wrong is CHECKS[name] for one in ailments)
    for language in ("nl", "en"):
        what, mend = told(ailments[0], language)
        assert "%" not in what + mend
        assert mend.endswith(".")


def test_what_is_no_more_itself_may_be_linked_with_its_like() -> None:
    """A municipality that went into another is rightly linked with the one of that time."""
    known = replace(WELL, abolished=lambda _: ("Groningen (GM0014)", "2019-01-01"), former=frozenset({A}))
    assert found(known, link(A, X)) == []


def test_two_of_ours_may_be_close_to_one_of_theirs() -> None:
    """Only what says the same is claimed, or too far apart."""
    far = replace(WELL, ours={A: record(A, "City", "Assen", "51.0 6.5")})
    assert found(far, link(A, X, CLOSE), link(B, X, CLOSE)) == []


def test_addresses_are_dead_moved_or_well() -> None:
    """404 and 410 are dead, 301 and 308 moved; other redirects and what could not be heard are no faults."""
    for status, name in ((404, "dead"), (410, "dead"), (301, "moved"), (308, "moved"), (303, ""), (200, ""), (0, "")):
        heard = Heard(status, Y if status in (301, 308, 303) else "")
        ailments = found(WELL, link(A, X), heard=lambda _, heard=heard: heard)
        assert [one.check for one in ailments] == ([name] if name else []), status
        assert all("%" not in "".join(told(one, "nl")) for one in ailments)


def test_links_that_together_contradict_the_graph_are_found() -> None:
    """Through others too, and against what a person refused; a link that only comes close does not count."""
    one, two, other = link(A, X), link(B, X, SAME), link(B, Y, CLOSE)
    names = [(a.subject, a.said["one"], a.said["other"]) for a in contradictions([one, two, other], [], [(B, A)])]
    assert names == [(A, A, B), (B, A, B)]
    assert list(contradictions([one, other], [], [(A, B)])) == []
    assert len(list(contradictions([one], [(X, Y)], [(A, Y)]))) == 1
    refused = link(A, Y, negated=True)
    assert len(list(contradictions([one, refused], [(X, Y)], []))) == 1
    assert components([("c", "b"), ("b", "a"), ("e", "d")]) == {"a": "a", "b": "a", "c": "a", "d": "d", "e": "d"}


# Addresses


class _Answers(BaseHTTPRequestHandler):
    """Answers by its path: /404, /301 …; /405 takes GET only; counts what it was asked."""

    asked: list[tuple[str, str]] = []  # noqa: RUF012  # a new one for each test

    def do_HEAD(self) -> None:  # the library's name
        type(self).asked.append((self.command, self.path))
        code = int(self.path.strip("/").split("?")[0])
        if code == 405 and self.command == "GET":
            code = 200
        if code == 503 and sum(1 for _, path in self.asked if path == self.path) > 1:
            code = 200
        self.send_response(code)
        if 300 <= code < 400:
            self.send_header("Location", "/200")
        if code == 503:
            self.send_header("Retry-After", "0")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD  # noqa: N815  # as above

    def log_message(self, *_: object) -> None:
        """Nothing: the test's output is its own."""


@pytest.fixture
def host() -> Iterator[str]:
    _Answers.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_addresses_are_asked_once_and_politely(host: str, tmp_path: Path) -> None:
    """By HEAD, by GET where that is not taken, again where the answer says so; then not for some days."""
    now = [1_000_000.0]
    settings = Settings.load(
        {}, {"data": tmp_path, "link_private": "yes", "link_pause_milliseconds": 0, "link_alive_days": 7}
    )
    asking = Alive(settings, tmp_path / "alive.json", lambda: now[0])
    heard = {code: asking.ask(f"{host}/{code}") for code in (200, 404, 410, 301, 303, 405, 503)}
    statuses = {code: one.status for code, one in heard.items()}
    assert statuses == {200: 200, 404: 404, 410: 410, 301: 301, 303: 303, 405: 200, 503: 200}
    assert heard[301].location == f"{host}/200"
    assert heard[301].moved
    assert heard[410].gone
    asking.save()
    count = len(_Answers.asked)
    again = Alive(settings, tmp_path / "alive.json", lambda: now[0] + 7 * 86_400 - 1)
    assert again.ask(f"{host}/404") == heard[404]
    assert len(_Answers.asked) == count
    late = Alive(settings, tmp_path / "alive.json", lambda: now[0] + 7 * 86_400)
    assert late.ask(f"{host}/404").status == 404
    assert len(_Answers.asked) == count + 1
    assert asking.ask("urn:x") == Heard(0)
    refused = Alive(replace(settings, link_private="no"), tmp_path / "none.json")
    assert refused.ask(f"{host}/200").status == 0, "a private address is not asked"


# The whole


@pytest.fixture
def data(settings: Settings, bundle: Bundle, tmp_path: Path) -> Settings:
    """A dataset where two of ours are said to be one city of the gazetteer, which is far from one of them."""
    shutil.copytree(settings.data, tmp_path / "data")
    write_gazetteer(tmp_path / "data")
    made = replace(settings, data=tmp_path / "data", link_far_kilometres=10)
    access = Access(made, bundle)
    links = [
        Mapping(one.id, EXACT, THEIRS[0].id, "gazetteer", justification="ManualMappingCuration", author="x")
        for one in OURS[:2]
    ]
    apply_offline(made, [judge_write(access.session(), links)], access.prefixes, "test")
    return made


def test_what_is_wrong_ends_the_command_and_stands_on_the_page(data: Settings, bundle: Bundle) -> None:
    """Exit code 3 with each fault and what to do; page, JSON and DQV say the same; other targets are left alone."""
    env = {**os.environ, **data.environment()}
    words = [sys.executable, "-m", "so2graph", "link", "check", "gazetteer"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "[shared]" in done.stdout
    assert "[far]" in done.stdout
    assert "2 links with 1 targets: 3 wrong, 0 to look at" in done.stdout
    client = create_app(data, bundle).test_client()
    page = client.get("/links/health?lang=en", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert "3 wrong, 0 worth a look." in page.text
    assert "The two are 25 km apart." in page.text
    assert "One of them is wrong, or the two here are one thing." in page.text
    shared = [line for line in page.text.splitlines() if "is linked with" in line and "too." in line]
    assert len(shared) == 2
    assert not any(record.id in line for line in shared for record in OURS), "ours are called by name"
    row = client.get("/links/health.json").get_json()
    assert [one["check"] for one in row["ailments"]] == ["shared", "shared", "far"]
    turtle = client.get("/links/health.ttl").text
    assert '"2"^^<http://www.w3.org/2001/XMLSchema#integer>' in turtle
    assert turtle.count("http://www.w3.org/ns/dqv#QualityMeasurement") == len(CHECKS) - 2, "addresses were not asked"
    assert client.get("/links/health.csv").status_code == 404
    assert ">3 wrong</a>" in client.get("/links?lang=en", headers={"Accept": "text/html"}).text


def test_a_snapshot_is_stale_from_the_day_after(data: Settings, bundle: Bundle) -> None:
    """The snapshot of the gazetteer is of 20 November: five days later it is as old as link_stale_days allows."""
    session = Access(replace(data, link_stale_days=5), bundle).session()
    for day, stale in ((25, False), (26, True)):
        result = check(session, ["gazetteer"], today=date(2026, 11, day))
        assert ("stale" in {one.check for one in result.ailments}) is stale


def test_a_snapshot_that_was_changed_is_a_fault_and_one_that_was_confirmed_is_not_stale(
    settings: Settings, bundle: Bundle, tmp_path: Path
) -> None:
    """What it would show is not examined, and that is said; who fetches the same again has a snapshot of today."""
    made = replace(settings, data=Path(shutil.copytree(settings.data, tmp_path / "data")))
    session = Access(made, bundle).session()
    folder = made.data / "links" / "tooi" / "snapshots"
    folder.mkdir(parents=True)
    thing = "<https://identifier.overheid.nl/tooi/id/gemeente/gm0106>"
    body = (
        f'{thing} <http://www.w3.org/2000/01/rdf-schema#label> "gemeente Assen"@nl .\n'
        f'{thing} <http://purl.org/dc/terms/type> "gemeentelijst" .\n'
    ).encode()
    row = {
        "target": "tooi",
        "name": "20260101T000000Z-x.nt",
        "sha256": hashlib.sha256(body).hexdigest(),
        "bytes": len(body),
        "date": "2026-01-01T00:00:00Z",
        "source": "x.nt",
        "licence": "",
        "records": 1,
    }
    (folder / "20260101T000000Z-x.nt").write_bytes(body)
    found = {}
    for name, more, kept in (
        ("old", {}, body),
        ("confirmed", {"confirmed": "2026-11-20T00:00:00Z"}, body),
        ("changed", {}, body + b"#"),
    ):
        (folder / "20260101T000000Z-x.nt").write_bytes(kept)
        (folder / "20260101T000000Z-x.nt.json").write_text(json.dumps(row | more))
        ailments = check(session, ["tooi"], today=TODAY).ailments
        found[name] = {one.check for one in ailments if not one.subject}
    assert found == {"old": {"stale"}, "confirmed": set(), "changed": {"unread"}}


def test_the_links_of_the_project_are_well(settings: Settings, bundle: Bundle) -> None:
    """What is committed has no fault that can be seen without a snapshot and without asking anybody."""
    session = Access(settings, bundle).session()
    result = check(session, today=TODAY)
    assert [one for one in result.ailments if one.wrong] == []
    assert len(result.targets) > 4
    with pytest.raises(NotFound):
        check(session, ["nowhere"])


def test_an_examination_is_kept_and_told_in_terms_of_dqv(tmp_path: Path, settings: Settings, bundle: Bundle) -> None:
    """It reads back as it was; each measurement is of a metric that is described; a damaged file is none."""
    names = Access(settings, bundle).session().snapshot.names
    at = "2026-11-26T05:00:00+00:00"
    examined = Examined("t", 1, "", at, 3, True)
    checkup = Checkup(at, (examined,), (Ailment("dead", "t", A, X, "r", {"status": "404"}),))
    path = write_checkup(tmp_path, checkup)
    assert read_checkup(tmp_path) == checkup
    assert json.loads(path.read_text())["targets"][0]["generation"] == 3
    assert {
        str(o) for _, p, o in measurements(checkup, names, checks_in_words("en")) if str(p).endswith("definition")
    }
    path.write_text("{}")
    assert read_checkup(tmp_path) is None


def test_who_examines_one_target_keeps_what_was_found_of_others(settings: Settings, bundle: Bundle) -> None:
    """Each with its own time and generation; what was found of it before is replaced, and what has no links goes."""
    session = Access(settings, bundle).session()
    there = linked_targets(session)
    old = "2026-01-01T00:00:00+00:00"
    before = Checkup(
        old,
        tuple(Examined(name, 1, "", old, 1, True) for name in (*there, "left")),
        tuple(Ailment("dead", name, A, X, "r", {"status": "404"}) for name in (*there, "left")),
    )
    now = check(session, ["tooi"], today=TODAY)
    kept = with_former(now, before, there)
    assert kept.at == now.at
    assert [one.target for one in kept.targets] == list(there)
    assert {one.target for one in kept.targets if one.at == old} == {*there} - {"tooi"}
    assert {one.target for one in kept.ailments if one.check == "dead"} == {*there} - {"tooi"}
    assert not kept.online
    assert with_former(now, None, there) == now
    measured = {str(s) for s, _, _ in measurements(kept, session.snapshot.names, checks_in_words("en"))}
    dead = {name for name in there if session.snapshot.names.thing(f"measurement/link/{name}/dead") in measured}
    assert dead == {*there} - {"tooi"}


def test_a_snapshot_tells_what_is_gone_and_what_it_became(data: Settings, bundle: Bundle, tmp_path: Path) -> None:
    """By the description of a target and its newest snapshot: what is there is well, what has only an owl:sameAs has
    become another thing, and what is not named has gone. Without a snapshot nothing of the kind is said."""
    folder = data.data / "links" / "towns"
    folder.mkdir(parents=True)
    row = {
        "title": {"nl": "Plaatsen", "en": "Towns"},
        "about": {"nl": "Plaatsen.", "en": "Towns."},
        "access": {"kind": "rdf"},
        "prefixes": {"ex": "https://example.org/"},
        "ours": {"members": "?id a so2:UrbanCore ."},
        "theirs": {"members": "?id a ex:Town ."},
        "fields": {"name": {"kind": "name", "ours": "rdfs:label", "theirs": "rdfs:label"}},
    }
    (folder / "target.yaml").write_text(yaml.safe_dump(row), encoding="utf-8")
    access = Access(data, bundle)
    there, old, gone = "https://example.org/1", "https://example.org/old", "https://example.org/gone"
    links = [
        Mapping(ours.id, EXACT, theirs, "towns", justification="ManualMappingCuration", author="x")
        for ours, theirs in zip(OURS, (there, old, gone), strict=False)
    ]
    apply_offline(data, [judge_write(access.session(), links)], access.prefixes, "test")
    session = access.session()

    def told() -> set[tuple[str, str, str]]:
        result = check(session, ["towns"], today=TODAY)
        assert [(one.target, one.links) for one in result.targets] == [("towns", 3)]
        return {
            (one.check, one.object, one.said.get("where", ""))
            for one in result.ailments
            if one.check in ("merged", "gone")
        }

    assert told() == set()
    target = targets(session.prefixes, data.data)["towns"]
    facts = tmp_path / "towns.ttl"
    facts.write_text(
        f'<{there}> a <https://example.org/Town> ; <http://www.w3.org/2000/01/rdf-schema#label> "Assen"@nl .\n'
        f"<{old}> <http://www.w3.org/2002/07/owl#sameAs> <{there}> .\n",
        encoding="utf-8",
    )
    take(target, session, data, lambda _step, _done, _total: None, source=str(facts))
    assert told() == {("merged", old, there), ("gone", gone, "")}
    taken = check(session, ["towns"], today=TODAY).targets[0].snapshot
    assert taken == current(data.data, "towns").date[:10]
