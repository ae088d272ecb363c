"""Snapshots, taken from a real server that is slow, busy, breaks off, or gives a web page: what is kept and said."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from urllib.parse import parse_qs, unquote_plus

import pytest
import yaml
from click.testing import CliRunner, Result

from so2graph.cli import main
from so2graph.config import Settings
from so2graph.engine.access import Access, Session
from so2graph.engine.store import Store
from so2graph.errors import BadParameter, DataInvalid, DataSyntax, EndpointFailed, NotFound
from so2graph.formats import FORMATS, by_name
from so2graph.link.extract import our_records
from so2graph.link.running import take
from so2graph.link.snapshot import Snapshot, current, snapshots
from so2graph.link.target import Target, read_target
from so2graph.registry import Bundle
from so2graph.vocab import Prefixes
from tests.reconciliation import Answer, Reconciler, listening, told
from tests.test_service import serving

EX = "http://example.org/"
PLACES = "".join(
    f'<{EX}{n:04}> a <{EX}Town> ; <http://www.w3.org/2000/01/rdf-schema#label> "Town {n}"@nl, "Town {n}"@en .\n'
    for n in range(60)
)
"""Turtle with sixty towns."""
PACKED = gzip.compress(PLACES.encode(), mtime=0)
PAGE = b"<!DOCTYPE html><html><title>Welcome</title></html>"


class Remote(ThreadingHTTPServer):
    """A server with a file and an endpoint, which does what it is told for the next requests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.plan: list[str] = []
        self.seen: list[tuple[str, str]] = []
        """Path, and what was asked for of the file or of the endpoint."""
        self.agents: set[str] = set()
        self.body, self.tag, self.over = PLACES.encode(), '"one"', Event()
        self.store = Store.memory()
        turtle = by_name("turtle", FORMATS)
        assert turtle is not None
        self.store.load(io.BytesIO(PLACES.encode()), turtle, EX, "")
        self.most_rows = 0
        self.type = "town"
        """What a candidate is."""

    def answer(self, query: str) -> bytes:
        """The result document of a query, cut after `most_rows` as Virtuoso does it."""
        json_format = by_name("json", FORMATS)
        assert json_format is not None
        document = json.loads(self.store.query(query, {}, ("",), ()).write(json_format, {}, 10**9))
        if self.most_rows:
            del document["results"]["bindings"][self.most_rows :]
        return json.dumps(document).encode()


class _Answers(BaseHTTPRequestHandler):
    server: Remote
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._do("")

    def do_POST(self) -> None:
        self._do(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())

    def _do(self, form: str) -> None:
        path, _, query = self.path.partition("?")
        self.server.agents.add(self.headers.get("User-Agent", ""))
        asked = parse_qs(form or query)
        self.server.seen.append((path, asked.get("query", [self.headers.get("Range", "")])[0]))
        doing = self.server.plan.pop(0) if self.server.plan else "well"
        if path == "/sparql":
            body, kind = self.server.answer(unquote_plus(asked["query"][0])), "application/sparql-results+json"
        elif path == "/reconcile":
            body, kind = _reconciled(asked, self.server.type), "application/json"
        else:
            body, kind = self.server.body, "text/turtle"
        with suppress(OSError):
            self._reply(doing, body, kind)

    def _reply(self, doing: str, body: bytes, kind: str) -> None:
        if doing == "slow":
            self.server.over.wait(20)
        if doing in ("busy", "down", "long", "gone"):
            status, wait = {"busy": (429, "0"), "down": (503, ""), "long": (429, "3600"), "gone": (404, "")}[doing]
            return self._send(status, b"no", {"Retry-After": wait} if wait else {})
        if doing == "page":
            return self._send(200, PAGE, {"Content-Type": "text/html"})
        if doing == "page as data":
            return self._send(200, PAGE, {"Content-Type": kind})
        headers = {"Content-Type": kind, "ETag": self.server.tag, "Accept-Ranges": "bytes"}
        start = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if start and self.headers.get("If-Range") == self.server.tag:
            rest = body[int(start[1]) :]
            if not rest:
                return self._send(416, b"", {"Content-Range": f"bytes */{len(body)}"})
            headers["Content-Range"] = f"bytes {start[1]}-{len(body) - 1}/{len(body)}"
            return self._send(206, rest, headers, cut=doing == "cut")
        return self._send(200, body, headers, cut=doing == "cut")

    def _send(self, status: int, body: bytes, headers: dict[str, str], *, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True

    def log_message(self, *_args: object) -> None:
        """Nothing."""


def _reconciled(asked: dict[str, list[str]], kind: str) -> bytes:
    """A manifest, or for each name one candidate of that name and one of another."""
    if "queries" not in asked:
        space = {"identifierSpace": f"{EX}id/", "schemaSpace": f"{EX}type/"}
        return json.dumps({"versions": ["0.2"], "name": "R", "batchSize": 2, **space}).encode()
    found = {}
    for key, row in json.loads(asked["queries"][0]).items():
        slug = re.sub(r"\W+", "-", row["query"].lower())
        candidates = [
            {
                "id": slug,
                "name": row["query"],
                "score": 100,
                "match": True,
                "type": [{"id": kind, "name": "Town"}],
            },
            {"id": f"{EX}other", "name": "Other", "score": 10, "match": False, "type": ["town"]},
        ]
        found[key] = {"result": candidates}
    return json.dumps(found).encode()


@pytest.fixture
def remote() -> Iterator[Remote]:
    with Remote() as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def session(settings: Settings, bundle: Bundle) -> Session:
    return Access(settings, bundle).session()


@pytest.fixture
def mine(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with a folder of their own, quick and with loopback allowed."""
    return replace(
        settings,
        data=tmp_path / "data",
        link_private="yes",
        link_timeout=30,
        link_retries=2,
        link_pause_milliseconds=0,
    )


ROW = {
    "title": {"nl": "Plaatsen", "en": "Towns"},
    "about": {"nl": "Plaatsen.", "en": "Towns."},
    "licence": "https://creativecommons.org/licenses/by/4.0/",
    "prefixes": {"ex": EX},
    "ours": {"members": "?id a so2:UrbanCore ."},
    "theirs": {"members": "?id a ex:Town ."},
    "fields": {
        "name": {"kind": "name", "ours": "rdfs:label", "theirs": {"paths": "rdfs:label", "languages": ["nl"]}}
    },
}


def _target(folder: Path, prefixes: Prefixes, **access: object) -> Target:
    path = folder / "towns.yaml"
    path.write_text(yaml.safe_dump({**ROW, "access": {"kind": "rdf", **access}}), encoding="utf-8")
    return read_target(path, prefixes)


def _take(target: Target, session: Session, settings: Settings, source: str = "") -> tuple[Snapshot, bool]:
    return take(target, session, settings, lambda _step, _done, _total: None, source=source)


def _left_over(settings: Settings) -> list[str]:
    """What lies beside the snapshots."""
    folder = settings.data / "links" / "towns" / "snapshots"
    known = {name for each in snapshots(settings.data, "towns") for name in (each.name, f"{each.name}.json")}
    return sorted(path.name for path in folder.glob("*") if path.name not in known)


# Files


def test_a_file_becomes_a_snapshot_with_its_hash(
    remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """Its bytes, sha256, date, source, licence and number of records are kept beside it; nothing else stays."""
    target = _target(tmp_path, prefixes, url=f"{remote.url}/towns.ttl")
    snapshot, new = _take(target, session, mine)
    assert new
    assert snapshot.path.read_bytes() == PLACES.encode()
    assert snapshot.sha256 == hashlib.sha256(PLACES.encode()).hexdigest()
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{12}\.ttl", snapshot.name)
    beside = json.loads((snapshot.folder / f"{snapshot.name}.json").read_text(encoding="utf-8"))
    assert beside == {
        "target": "towns",
        "name": snapshot.name,
        "sha256": snapshot.sha256,
        "bytes": len(PLACES.encode()),
        "date": snapshot.date,
        "source": f"{remote.url}/towns.ttl",
        "licence": "https://creativecommons.org/licenses/by/4.0/",
        "records": 60,
    }
    assert current(mine.data, "towns") == snapshot
    assert _left_over(mine) == []
    assert all(agent.startswith("so2graph/") for agent in remote.agents)


def test_the_same_data_gives_no_second_snapshot(
    remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """Fetched again it is the one that is there, which is then known to be of today still; other data makes a newer
    one, and both stay."""
    target = _target(tmp_path, prefixes, url=f"{remote.url}/towns.ttl")
    first, _ = _take(target, session, mine)
    assert (first.confirmed, first.as_of) == ("", first.date)
    assert _take(target, session, mine) == (first, False)
    confirmed = current(mine.data, "towns")
    assert confirmed == first
    assert confirmed.as_of == confirmed.confirmed >= first.date
    remote.body = PLACES.encode() + b"# more\n"
    second, new = _take(target, session, mine)
    assert new
    assert second.sha256 != first.sha256
    assert {each.sha256 for each in snapshots(mine.data, "towns")} == {first.sha256, second.sha256}


def test_a_snapshot_that_was_changed_is_mended_by_fetching_again(
    remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """What was changed on disk is refused, and taken anew, though the target gives what it gave."""
    target = _target(tmp_path, prefixes, url=f"{remote.url}/towns.ttl")
    first, _ = _take(target, session, mine)
    first.path.write_bytes(b"# nothing\n")
    with pytest.raises(DataInvalid, match="its sha256 differs"):
        current(mine.data, "towns")
    again, new = _take(target, session, mine)
    assert new
    assert current(mine.data, "towns") == again
    assert again.path.read_bytes() == PLACES.encode()


def test_a_file_that_is_given_needs_no_net(
    session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """A file of any format that is read, also packed, and for a target that has no address."""
    target = _target(tmp_path, prefixes)
    with pytest.raises(BadParameter, match="no address of its own"):
        _take(target, session, mine)
    file = tmp_path / "towns.ttl.gz"
    file.write_bytes(PACKED)
    snapshot, new = _take(target, session, mine, str(file))
    assert (new, snapshot.records, snapshot.source, snapshot.path.read_bytes()) == (True, 60, "towns.ttl.gz", PACKED)
    with pytest.raises(BadParameter, match="there is no file"):
        _take(target, session, mine, str(tmp_path / "none.ttl"))


def test_what_is_busy_is_asked_again(
    remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """429 and 503 are waited out; the third try has it."""
    remote.plan = ["busy", "down"]
    target = _target(tmp_path, prefixes, url=f"{remote.url}/towns.ttl")
    assert _take(target, session, mine)[1]
    assert len(remote.seen) == 3


@pytest.mark.parametrize(
    ("plan", "said", "asked"),
    [
        (["down"] * 9, "answered with status 503", 3),
        (["long"], "asks to come back in 3600 seconds", 1),
        (["gone"], "answered with status 404", 1),
        (["slow"] * 9, "gave no answer within 1 seconds", 3),
        (["page"], "gave a web page instead of data", 1),
        (["page as data"], "gave a web page instead of data", 1),
    ],
)
def test_an_outage_leaves_the_old_snapshot(
    plan: list[str],
    said: str,
    asked: int,
    remote: Remote,
    session: Session,
    mine: Settings,
    tmp_path: Path,
    prefixes: Prefixes,
) -> None:
    """After as many tries as the settings say it is an error with the cause; the older snapshot stays."""
    target = _target(tmp_path, prefixes, url=f"{remote.url}/towns.ttl")
    old, _ = _take(target, session, mine)
    remote.seen.clear()
    remote.plan = list(plan)
    with pytest.raises(EndpointFailed, match=said) as caught:
        _take(target, session, replace(mine, link_timeout=1) if "slow" in plan else mine)
    assert f"{remote.url}/towns.ttl" in str(caught.value)
    assert len(remote.seen) == asked
    assert current(mine.data, "towns") == old


def test_a_file_that_breaks_off_goes_on_where_it_was(
    remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """The next request asks for the rest only, and so does the next command; the whole has the right hash."""
    target = _target(tmp_path, prefixes, url=f"{remote.url}/towns.ttl")
    remote.plan = ["cut", "down", "down", "down"]
    with pytest.raises(EndpointFailed) as caught:
        _take(target, session, mine)
    there = caught.value.members["bytes"]
    assert there == len(PLACES.encode()) // 2
    snapshot, _ = _take(target, session, mine)
    assert [asked for _, asked in remote.seen] == ["", *[f"bytes={there}-"] * 4]
    assert snapshot.sha256 == hashlib.sha256(PLACES.encode()).hexdigest()
    assert _left_over(mine) == []


def test_a_file_that_changed_meanwhile_is_begun_anew(
    remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """Half of one version is never joined with half of another."""
    target = _target(tmp_path, prefixes, url=f"{remote.url}/towns.ttl")
    remote.plan = ["cut", *["down"] * 3]
    with pytest.raises(EndpointFailed):
        _take(target, session, mine)
    remote.body, remote.tag = PLACES.encode() + b"# two\n", '"two"'
    snapshot, _ = _take(target, session, mine)
    assert snapshot.path.read_bytes() == remote.body


def test_what_was_there_whole_is_taken_once_more(
    remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """A part that has all the bytes already is no beginning of more: it is fetched anew."""
    target = _target(tmp_path, prefixes, url=f"{remote.url}/towns.ttl")
    remote.plan = ["cut", *["down"] * 3]
    with pytest.raises(EndpointFailed):
        _take(target, session, mine)
    (part,) = (mine.data / "links" / "towns" / "snapshots").glob("*.part")
    part.write_bytes(PLACES.encode())
    assert _take(target, session, mine)[0].sha256 == hashlib.sha256(PLACES.encode()).hexdigest()


def test_a_size_and_an_address_have_a_limit(
    remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """`link_max_bytes` at its edge and one past it; a private address only where `link_private` allows it."""
    target = _target(tmp_path, prefixes, url=f"{remote.url}/towns.ttl")
    size = len(PLACES.encode())
    with pytest.raises(EndpointFailed, match=f"larger than {size - 1} bytes"):
        _take(target, session, replace(mine, link_max_bytes=size - 1))
    assert _take(target, session, replace(mine, link_max_bytes=size))[1]
    with pytest.raises(EndpointFailed, match="not a public address") as caught:
        _take(target, session, replace(mine, link_private="no"))
    assert "link_private" in caught.value.mend


def test_what_cannot_be_parsed_is_no_snapshot(
    remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """The error has the line; the older snapshot stays."""
    target = _target(tmp_path, prefixes, url=f"{remote.url}/towns.ttl")
    old, _ = _take(target, session, mine)
    remote.body = PLACES.encode() + b"ex:c ex:name .\n"
    with pytest.raises(DataSyntax, match="line 61"):
        _take(target, session, mine)
    remote.body = b"<http://a/x> <http://a/y> <http://a/z> ."
    with pytest.raises(DataInvalid, match="nothing that towns is about"):
        _take(target, session, mine)
    assert current(mine.data, "towns") == old
    assert _left_over(mine) == []
    file = tmp_path / "page.ttl"
    file.write_bytes(PAGE)
    with pytest.raises(DataInvalid, match="is a web page"):
        _take(target, session, mine, str(file))


def test_a_snapshot_that_was_changed_is_refused(
    remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """A run works on what was fetched, or not at all; without any, the mend says how to take one."""
    with pytest.raises(NotFound) as caught:
        current(mine.data, "towns")
    assert "so2graph link fetch towns" in caught.value.mend
    snapshot, _ = _take(_target(tmp_path, prefixes, url=f"{remote.url}/towns.ttl"), session, mine)
    snapshot.path.write_bytes(snapshot.path.read_bytes() + b"# changed\n")
    with pytest.raises(DataInvalid, match="sha256 differs"):
        current(mine.data, "towns")


# Endpoints


@pytest.mark.parametrize("paging", ["keyset", "offset"])
@pytest.mark.parametrize(("page", "chunk"), [(7, 3), (60, 60), (61, 10), (1000, 1000)])
def test_an_endpoint_is_asked_page_by_page(
    paging: str,
    page: int,
    chunk: int,
    remote: Remote,
    session: Session,
    mine: Settings,
    tmp_path: Path,
    prefixes: Prefixes,
) -> None:
    """Whatever the pages: every thing once, in the order of the IRIs, with the values that the paths give."""
    target = _target(
        tmp_path, prefixes, kind="sparql", url=f"{remote.url}/sparql", paging=paging, page=page, chunk=chunk
    )
    snapshot, new = _take(target, session, mine)
    assert (new, snapshot.records, snapshot.source) == (True, 60, f"{remote.url}/sparql")
    rows = [json.loads(line) for line in snapshot.path.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == [f"{EX}{n:04}" for n in range(60)]
    assert rows[7] == {"id": f"{EX}0007", "types": [f"{EX}Town"], "values": {"name": ["Town 7"]}}
    assert _left_over(mine) == []
    assert _take(target, session, mine) == (snapshot, False)


def test_an_endpoint_that_breaks_off_is_gone_on_with(
    remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """What came is kept; the next try asks for what comes after the last thing, and the whole is the same."""
    target = _target(tmp_path, prefixes, kind="sparql", url=f"{remote.url}/sparql", page=20, chunk=10)
    remote.plan = [*["well"] * 4, *["down"] * 30]
    with pytest.raises(EndpointFailed, match="answered with status 503"):
        _take(target, session, mine)
    (part,) = (mine.data / "links" / "towns" / "snapshots").glob("*.part")
    assert len(part.read_text(encoding="utf-8").splitlines()) == 20
    with part.open("a", encoding="utf-8") as file:
        file.write('{"id": "http://example.org/00')
    remote.plan, remote.seen = [], []
    broken, _ = _take(target, session, mine)
    assert f'STR(?id) > "{EX}0019"' in remote.seen[0][1]
    whole, new = _take(target, session, mine)
    assert not new
    assert broken == whole


@pytest.mark.parametrize("doing", ["cut", "slow", "page", "busy"])
def test_an_answer_that_is_none_is_asked_for_again(
    doing: str, remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """Half an answer, a late one, a web page with status 200 and 429: once is no harm, and always is an error."""
    target = _target(tmp_path, prefixes, kind="sparql", url=f"{remote.url}/sparql", page=100, chunk=100)
    remote.plan = ["well", doing]
    hasty = replace(mine, link_timeout=1) if doing == "slow" else mine
    assert _take(target, session, hasty)[0].records == 60
    remote.body = b""
    remote.plan = [doing] * 20
    with pytest.raises(EndpointFailed) as caught:
        _take(target, session, hasty)
    assert f"<{remote.url}/sparql>" in str(caught.value)
    assert "it goes on from there" in caught.value.mend


def test_an_answer_that_was_cut_off_is_asked_for_in_halves(
    remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """An endpoint that gives 25 rows at most loses nothing; one that gives too few for one thing is an error."""
    remote.most_rows = 25
    target = _target(tmp_path, prefixes, kind="sparql", url=f"{remote.url}/sparql", page=60, chunk=60, most_rows=25)
    snapshot, _ = _take(target, session, mine)
    whole = [json.loads(line) for line in snapshot.path.read_text(encoding="utf-8").splitlines()]
    assert len(whole) == 60
    assert all(row["types"] and row["values"] for row in whole)
    remote.most_rows = 2
    narrow = _target(tmp_path, prefixes, kind="sparql", url=f"{remote.url}/sparql", page=1, chunk=1, most_rows=2)
    with pytest.raises(DataInvalid, match="at most 2 values"):
        _take(narrow, session, mine)


@pytest.mark.alone
def test_between_two_questions_there_is_a_pause(
    remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """`link_pause_milliseconds` passes between the end of one and the beginning of the next."""
    target = _target(tmp_path, prefixes, kind="sparql", url=f"{remote.url}/sparql", page=60, chunk=60)
    begun = time.monotonic()
    _take(target, session, replace(mine, link_pause_milliseconds=200))
    assert len(remote.seen) == 3
    assert time.monotonic() - begun >= 0.4


def test_a_sparql_target_takes_a_file_instead(
    remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """A dump of the same data is read by the same patterns; an address without a suffix is another endpoint."""
    target = _target(tmp_path, prefixes, kind="sparql", url="http://127.0.0.1:1/sparql")
    file = tmp_path / "dump.ttl"
    file.write_text(PLACES, encoding="utf-8")
    assert _take(target, session, mine, str(file))[0].records == 60
    assert _take(target, session, mine, f"{remote.url}/towns.ttl") == (current(mine.data, "towns"), False)
    assert _take(target, session, mine, f"{remote.url}/sparql")[0].source == f"{remote.url}/sparql"


# Reconciliation services


def test_a_reconciliation_service_offers_candidates(
    remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """Names of ours go in batches as the manifest says; ids become IRIs of its space; a candidate is one record."""
    remote.plan = ["well", "busy", "well"]
    target = _target(tmp_path, prefixes, kind="reconciliation", url=f"{remote.url}/reconcile")
    snapshot, _ = _take(target, session, mine)
    rows = [json.loads(line) for line in snapshot.path.read_text(encoding="utf-8").splitlines()]
    slugs = [f"id/{city}-{kind}-" for city in ("assen", "groningen") for kind in ("stedelijke-kern", "urban-core")]
    assert [row["id"] for row in rows] == [*(f"{EX}{slug}" for slug in slugs), f"{EX}other"]
    assert rows[0]["types"] == ["town"]
    assert [path for path, _ in remote.seen] == ["/reconcile"] * 4
    assert _left_over(mine) == []


def test_types_of_a_service_may_have_a_prefix(
    remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """`org:Organization`, as such a service has it, is the class that the file of the target names."""
    row = {**ROW, "ours": {**ROW["ours"], "types": "a"}, "meets": {"so2:UrbanCore": "org:Organization"}}  # type: ignore[dict-item]  # a dict
    row["access"] = {"kind": "reconciliation", "url": f"{remote.url}/reconcile"}
    (tmp_path / "towns.yaml").write_text(yaml.safe_dump(row), encoding="utf-8")
    target = read_target(tmp_path / "towns.yaml", prefixes)
    remote.type = "org:Organization"
    snapshot, _ = _take(target, session, mine)
    rows = [json.loads(line) for line in snapshot.path.read_text(encoding="utf-8").splitlines()]
    assert rows[0]["types"] == ["http://www.w3.org/ns/org#Organization"]
    assert snapshot.records == len(rows) - 1, "what is of another type is no record"


def test_a_service_that_ends_in_the_middle_is_asked_no_name_twice(
    remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """Answers are kept; the next try asks for the other names only. What has no manifest is no such service."""
    target = _target(tmp_path, prefixes, kind="reconciliation", url=f"{remote.url}/reconcile")
    remote.plan = ["well", "well", *["down"] * 3]
    with pytest.raises(EndpointFailed, match="503"):
        _take(target, session, mine)
    remote.seen.clear()
    assert _take(target, session, mine)[0].records == 5
    assert len(remote.seen) == 2
    remote.plan = ["page"]
    with pytest.raises(DataInvalid, match="no reconciliation service: its answer is no manifest"):
        _take(target, session, mine)


def _service(folder: Path, prefixes: Prefixes, url: str, **row: object) -> Target:
    """A target that is a reconciliation service, with other entries of its file."""
    path = folder / "towns.yaml"
    access = {"kind": "reconciliation", "url": url}
    path.write_text(yaml.safe_dump({**ROW, "access": access, **row}), encoding="utf-8")
    return read_target(path, prefixes)


def test_our_own_service_is_a_target(
    session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes, settings_env: dict[str, str]
) -> None:
    """By 0.2 and by the draft of 1.0: the same candidates of the same types, each with its IRI, ours among them.
    Without a form of IRIs the draft's view gives them."""
    things = f"{prefixes['id']}{{id}}"
    with serving(settings_env) as running:
        usual, _ = _take(_service(tmp_path, prefixes, f"{running.url}reconcile"), session, mine)
        drafted = _service(tmp_path, prefixes, f"{running.url}reconcile/1.0", things=things)
        draft, new = _take(drafted, session, mine)
        viewed, _ = _take(_service(tmp_path, prefixes, f"{running.url}reconcile/1.0"), session, mine)
    assert (draft.sha256, new) == (usual.sha256, False)
    rows = {row["id"]: row for row in map(json.loads, usual.path.read_text(encoding="utf-8").splitlines())}
    ours = our_records(session, drafted)
    mine_too = [rows[iri] for iri in ours.column("id").to_pylist()]
    assert [row["values"]["name"] for row in mine_too] == [names[:1] for names in ours.column("name").to_pylist()]
    assert all(row["types"] == [f"{prefixes['so2']}UrbanCore"] for row in mine_too)
    views = {json.loads(line)["id"] for line in viewed.path.read_text(encoding="utf-8").splitlines()}
    assert views == {f"{running.url}reconcile/view?id={iri.removeprefix(prefixes['id'])}" for iri in rows}


def test_a_service_must_say_which_iris_it_means(
    session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """Without a space of identifiers, an id is no IRI unless the file of the target has the form of them."""
    with listening(Reconciler(changes={"identifierSpace": None}, reply=_one("assen"))) as service:
        with pytest.raises(DataInvalid, match="which IRI 'assen' stands for") as caught:
            _take(_service(tmp_path, prefixes, service.url), session, mine)
        assert "'things'" in caught.value.mend
        target = _service(tmp_path, prefixes, service.url, things=f"{EX}town/{{id}}")
        snapshot, _ = _take(target, session, mine)
    assert json.loads(snapshot.path.read_text(encoding="utf-8"))["id"] == f"{EX}town/assen"


def _one(ident: str) -> Answer:
    """The answer of a service that knows one thing, to a batch of four."""
    found = [{"id": ident, "name": "X", "score": 1, "match": False, "type": []}]
    return told({f"q{n}": {"result": found} for n in range(4)})


def test_a_name_that_is_refused_makes_no_snapshot(
    session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """Nothing that is not known is taken for nothing; the name is told, and only it is asked again."""
    name = "Groningen (stedelijke kern)"
    with listening(Reconciler(refuses=name)) as service:
        target = _service(tmp_path, prefixes, service.url)
        with pytest.raises(DataInvalid, match=re.escape(f"no answer for {name!r}: status 400")):
            _take(target, session, mine)
        service.refuses = ""
        service.batches.clear()
        _take(target, session, mine)
        assert service.batches == [{"q0": {"query": name, "limit": target.spec.top}}]


def test_a_service_is_waited_for_as_the_settings_say(
    remote: Remote, session: Session, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """`link_retries` are made and no more; one that says to come back after `link_timeout` is not waited for; one
    with a private address is asked only where `link_private` allows it."""
    target = _service(tmp_path, prefixes, f"{remote.url}/reconcile")
    remote.plan = ["busy"] * 9
    with pytest.raises(EndpointFailed, match="status 429"):
        _take(target, session, mine)
    assert len(remote.seen) == mine.link_retries + 1
    remote.plan, remote.seen = ["long"], []
    with pytest.raises(EndpointFailed, match="status 429"):
        _take(target, session, mine)
    assert len(remote.seen) == 1
    with pytest.raises(EndpointFailed, match="not a public address") as caught:
        _take(target, session, replace(mine, link_private="no"))
    assert "link_private" in caught.value.mend
    assert len(remote.seen) == 1


# Commands


def _run(settings: Settings, *words: str) -> Result:
    environment = {**settings.environment(), "COLUMNS": "200"}
    return CliRunner().invoke(main, ["link", *words], env=environment)


def test_the_command_takes_a_snapshot_and_says_so(
    remote: Remote, mine: Settings, tmp_path: Path, prefixes: Prefixes
) -> None:
    """It tells the records, and again that nothing changed; after an outage that the old one stays, with an exit
    code; the file of the target is kept, so that its name is enough."""
    _target(tmp_path, prefixes, url=f"{remote.url}/towns.ttl")
    first = _run(mine, "fetch", str(tmp_path / "towns.yaml"))
    assert first.exit_code == 0, first.output
    assert re.search(r"took \S+\.ttl: 60 records, \d+ bytes from http://127\.0\.0\.1", first.stdout)
    assert "unchanged since" in _run(mine, "fetch", "towns").stdout
    listed = _run(mine, "targets").stdout
    assert re.search(
        r"towns\s+Towns\s+rdf\s+https://creativecommons\.org/licenses/by/4\.0/\s+\S+, 60 records", listed
    )
    remote.plan = ["down"] * 9
    failed = _run(mine, "fetch", "towns")
    assert failed.exit_code == 1
    assert "stays in use (60 records)" in failed.stderr
    assert "answered with status 503" in failed.stderr
    status = _run(mine, "status", "towns").stdout
    assert re.search(r"towns\s+0\s+0\s+0\s+-\s+never\s+\d{4}-\d\d-\d\d", status)


def test_a_licence_that_is_not_known_is_asked_for(mine: Settings, tmp_path: Path) -> None:
    """A target without a certain licence says that it must be given; given, it is kept; what is no IRI is refused."""
    places = tmp_path / "places.nt"
    places.write_text(
        "<https://spelunker.whosonfirst.org/id/1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
        "<https://whosonfirst.org/placetype/locality> .\n",
        encoding="utf-8",
    )
    without = _run(mine, "fetch", "wof", "--from", str(places))
    assert without.exit_code == 0, without.output
    assert "licence is not known" in without.stderr
    licence = "https://creativecommons.org/publicdomain/zero/1.0/"
    given = _run(mine, "fetch", "wof", "--from", str(places), "--licence", licence)
    assert "licence" not in given.stderr
    assert current(mine.data, "wof").licence == licence
    assert _run(mine, "fetch", "wof", "--from", str(places), "--licence", "CC0").exit_code == 2
    assert _run(mine, "fetch", "nowhere").exit_code == 4
