"""SERVICE by way of the gateway: a second SPARQL server, one that misbehaves, and addresses that are off limits."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner

from so2graph.cli import main
from so2graph.config import Settings
from so2graph.engine.federation import ADDRESS_FILE, gateway_of, through
from so2graph.engine.guard import analyse
from so2graph.engine.tokens import Tokens
from so2graph.errors import Busy
from tests.test_service import serving
from tests.turns import patiently, within

Factory = pytest.TempPathFactory
HUB = "https://w3id.org/so2graph/id/so-netwerk-"
NETWORK = "https://w3id.org/so2graph/def#RegionalNetwork"
MEMBERS = "http://example.org/members"
MOST_BYTES = 100_000
CLOSED = "http://127.0.0.1:1/"
RESULTS = "application/sparql-results+json"
GOOD = b'{"head": {"vars": ["w"]}, "results": {"bindings": [{"w": {"type": "literal", "value": "hello"}}]}}'
HELLO = [{"w": "hello"}]


class Naughty(ThreadingHTTPServer):
    """A server that does at each path what an endpoint should not do; knows who asked for what."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        super().__init__((host, 0), _Answers)
        self.url = f"http://{host}:{self.server_port}/"
        self.seen: list[tuple[str, str]] = []
        self.connections, self.elsewhere = 0, ""
        self.over = Event()
        self.endpoints = " ".join(self.url + route for route in (*ROUTES, *OTHERS)) + f" {CLOSED}"

    def get_request(self) -> tuple[socket.socket, object]:
        self.connections += 1
        return super().get_request()

    def asked(self, route: str) -> int:
        """How often a path was asked for."""
        return sum(1 for path, _ in self.seen if path == route)


OTHERS = ("good", "kept", "slow", "endless")
Reply = tuple[int, bytes, dict[str, str]]
ROUTES: dict[str, list[Reply]] = {
    "again": [(429, b"wait", {"Retry-After": "1"}), (200, GOOD, {})],
    "busy": [(503, b"no", {"Retry-After": "0"})],
    "gone": [(404, b"", {})],
    "page": [(200, b"<!DOCTYPE html><title>Welcome</title>", {"Content-Type": "text/html"})],
    "cut": [(200, GOOD[:-5], {})],
    "large": [(200, GOOD + b" " * MOST_BYTES, {})],
    "away": [(302, b"", {})],
}
"""What a path answers the first time, and from the second time on; all others are good."""


class _Answers(BaseHTTPRequestHandler):
    server: Naughty

    def do_GET(self) -> None:
        route = self.path.partition("?")[0].strip("/")
        self.server.seen.append((route, self.headers["User-Agent"]))
        if route == "slow":
            self.server.over.wait(10)
        replies = ROUTES.get(route, [(200, GOOD, {})])
        status, body, more = replies[min(self.server.asked(route), len(replies)) - 1]
        headers = {"Content-Type": RESULTS, "Location": self.server.elsewhere} | more
        with suppress(OSError):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            while route == "endless" and not self.server.over.is_set():
                self.wfile.write(b" " * 50_000)

    def log_message(self, *_args: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def naughty() -> Iterator[Naughty]:
    """Such a server, and a second one to which it redirects."""
    with Naughty() as server, Naughty() as other:
        server.elsewhere = f"{other.url}good"
        for each in (server, other):
            Thread(target=each.serve_forever, args=(0.05,)).start()
        yield server
        server.over.set()
        for each in (server, other):
            each.shutdown()


@pytest.fixture(scope="module")
def remote() -> Iterator[str]:
    """The address of an Oxigraph server that knows how many members two hubs have."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [str(Path(sys.executable).parent / "oxigraph"), "serve", "--bind", f"127.0.0.1:{port}"]
    data = f"<{HUB}groningen> <{MEMBERS}> 42 . <{HUB}assen-drenthe> <{MEMBERS}> 7 . <http://else/> <{MEMBERS}> 1 ."
    url = f"http://127.0.0.1:{port}/"
    request = Request(f"{url}store?default", data.encode(), {"Content-Type": "text/turtle"}, method="PUT")

    def filled() -> bool:
        with suppress(URLError), urlopen(request, timeout=10):
            return True
        return False

    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            assert patiently(filled)
            yield url
        finally:
            process.terminate()


class Answer(NamedTuple):
    """What came back: for an error with the name of its type, what is wrong and what to do."""

    status: int
    headers: Message
    body: bytes

    @property
    def rows(self) -> list[dict[str, str]]:
        assert self.status == 200, self.body
        return [{k: term["value"] for k, term in row.items()} for row in json.loads(self.body)["results"]["bindings"]]

    @property
    def problem(self) -> tuple[int, str, str, str]:
        assert self.headers["content-type"] == "application/problem+json", self.body
        told = json.loads(self.body)
        return self.status, told["type"].rpartition("/")[2], told["detail"], told["mend"]


def _send(url: str, body: bytes | None = None, **headers: str) -> Answer:
    try:
        response = urlopen(Request(url, body, headers), timeout=60)
    except HTTPError as error:
        response = error
    with response:
        return Answer(response.status, response.headers, response.read())


def _ask(service: str, query: str, accept: str = RESULTS) -> Answer:
    return _send(f"{service}sparql?{urlencode({'query': query})}", Accept=accept)


def _greet(endpoint: str, before: str = "", what: str = "SERVICE") -> str:
    """A query for what an endpoint has to say."""
    return f"SELECT * {{ {before} {what} <{endpoint}> {{ ?w ?p ?o }} }}"


class Federated(NamedTuple):
    """A service with listed endpoints, the process it is, and the token of its admin."""

    url: str
    pid: int
    token: str


@pytest.fixture(scope="module")
def service(
    settings: Settings, settings_env: dict[str, str], remote: str, naughty: Naughty, tmp_path_factory: Factory
) -> Iterator[Federated]:
    """A service on a copy of the dataset, which may ask the second server and the one that misbehaves."""
    folder = tmp_path_factory.mktemp("federation") / "data"
    mine = replace(settings, data=Path(shutil.copytree(settings.data, folder, symlinks=True)))
    token = Tokens(mine.data).add("tester", "admin")
    words = f"--federation-timeout 3 --federation-retries 2 --federation-max-bytes {MOST_BYTES}".split()
    words += ["--workers", "1", "--federation-private", "yes", "--federation", f"{remote}query {naughty.endpoints}"]
    with serving(settings_env | mine.environment(), *words) as running:
        yield Federated(running.url, running.process.pid, token)


JOINED = [{"n": f"{HUB}assen-drenthe", "m": "7"}, {"n": f"{HUB}groningen", "m": "42"}]
JOINS = {
    "iri": ". SERVICE <REMOTEquery> { ?n <MEMBERS> ?m }",
    "no spaces": ".service<REMOTEquery>{?n<MEMBERS>?m}",
    "comments": "SERVICE # <http://y/> {\n <REMOTEquery>#\n{?n <MEMBERS> ?m}",
    "prefixed name": "PREFIX r: <REMOTE> | SERVICE r:query { ?n <MEMBERS> ?m }",
    "whole prefix": "PREFIX : <REMOTEquery> | SERVICE : { ?n <MEMBERS> ?m }",
    "base": "BASE <REMOTEa/b> | SERVICE <../query> { ?n <MEMBERS> ?m }",
    "base, prefix": "BASE <REMOTEa> PREFIX r: <.> BASE <http://else/> | SERVICE r:query { ?n <MEMBERS> ?m }",
    "sub-select": "{ SELECT ?n (MAX(?o) AS ?m) { SERVICE <REMOTEquery> { ?n <MEMBERS> ?o } } GROUP BY ?n }",
    "optional": "OPTIONAL { SERVICE <REMOTEquery> { ?n <MEMBERS> ?m } }",
    "group inside": "SERVICE <REMOTEquery> { ?n <MEMBERS> ?m FILTER(?m > 6) OPTIONAL { ?n <http://none/> ?x } }",
    "in a string": "SERVICE <REMOTEquery> { ?n <MEMBERS> ?m } FILTER('SERVICE <REMOTEquery> {' != '')",
}


def test_local_and_remote_data_are_joined(service: Federated, remote: str) -> None:
    """However a listed endpoint is written, the rows are those of both sides."""
    for name, pattern in JOINS.items():
        prologue, _, inside = pattern.replace("MEMBERS", MEMBERS).replace("REMOTE", remote).rpartition("|")
        query = f"{prologue} SELECT ?n ?m {{ ?n a <{NETWORK}> {inside} }} ORDER BY ?n"
        assert _ask(service.url, query).rows == JOINED, name


def test_other_forms_and_two_endpoints(service: Federated, remote: str, naughty: Naughty) -> None:
    """ASK and CONSTRUCT join in the same way, and each SERVICE asks the endpoint that it names."""
    where = f"{{ ?n a <{NETWORK}> SERVICE <{remote}query> {{ ?n <{MEMBERS}> ?m }} FILTER(?m > %d) }}"
    for least, found in ((41, True), (42, False)):
        assert json.loads(_ask(service.url, f"ASK {where % least}").body) == {"head": {}, "boolean": found}
    made = _ask(service.url, f"CONSTRUCT {{ ?n <{MEMBERS}> ?m }} WHERE {where % 41}", "application/n-triples")
    assert made.body.decode().split()[:2] == [f"<{HUB}groningen>", f"<{MEMBERS}>"]
    here = f"SERVICE <{remote}query> {{ <{HUB}groningen> <{MEMBERS}> ?m }}"
    for route in ("good", "away"):  # which redirects to another port
        assert _ask(service.url, _greet(naughty.url + route, here)).rows == [{"m": "42", "w": "hello"}]


FAILING = {
    "busy": "answered with status 503",
    "gone": "answered with status 404",
    "page": "gave no SPARQL results",
    "cut": "gave no SPARQL results",
    "endless": f"more than {MOST_BYTES} bytes",
    "large": f"more than {MOST_BYTES} bytes",
    "slow": "took longer than",
    "closed": "cannot be asked",
}


@pytest.mark.parametrize("route", FAILING)
def test_an_endpoint_that_fails_is_told_or_passed_over(service: Federated, naughty: Naughty, route: str) -> None:
    """It gives 502 with a type, the endpoint, the cause and what to do; with SILENT the rest is answered."""
    endpoint = CLOSED if route == "closed" else naughty.url + route
    status, slug, detail, mend = _ask(service.url, _greet(endpoint)).problem
    assert (status, slug) == (502, "endpoint-failed")
    assert re.search(f"{re.escape(endpoint)}.* {FAILING[route]}", detail)
    assert "SERVICE SILENT" in mend
    if route != "slow":
        assert _ask(service.url, _greet(endpoint, "VALUES ?a { 1 }", "SERVICE SILENT")).rows == [{"a": "1"}]


@pytest.mark.alone
def test_a_busy_endpoint_is_asked_again(service: Federated, naughty: Naughty) -> None:
    """After 429 once more, when its Retry-After says; one that stays busy three times; others once, by name."""
    began = time.monotonic()
    assert _ask(service.url, _greet(f"{naughty.url}again")).rows == HELLO
    assert (naughty.asked("again"), time.monotonic() >= began + 1) == (2, True)
    assert re.match(r"so2graph/\d+\S* \(https://w3id\.org/so2graph/", naughty.seen[-1][1])
    for route, times in (("busy", 3), ("gone", 1), ("page", 1)):
        before = naughty.asked(route)
        assert _ask(service.url, _greet(naughty.url + route)).status == 502
        assert naughty.asked(route) == before + times


def test_the_answer_of_an_endpoint_is_used_again(service: Federated, naughty: Naughty) -> None:
    """For the same question in whatever query; another question is asked."""
    for more, times in (("", 1), (" LIMIT 2", 1), (" ORDER BY ?w", 1), (" # other", 1)):
        assert _ask(service.url, _greet(f"{naughty.url}kept") + more).rows == HELLO
        assert naughty.asked("kept") == times
    assert _ask(service.url, f"SELECT * {{ SERVICE <{naughty.url}kept> {{ ?w a ?o }} }}").rows == HELLO
    assert naughty.asked("kept") == 2


def test_an_answer_from_elsewhere_has_no_tag(service: Federated, remote: str) -> None:
    """No ETag, for clients and pages; the same without SERVICE has one."""
    for accept in (RESULTS, "text/csv", "text/html"):
        for way, tagged in ((f"SERVICE <{remote}query>", False), ("", True)):
            answer = _ask(service.url, f"SELECT * {{ {way} {{ ?n <{MEMBERS}> ?m }} }}", accept)
            assert (answer.status, "etag" in answer.headers) == (200, tagged)


REFUSED = """
SERVICE <http://example.org/sparql>
SERVICE <REMOTEquery/>
SERVICE SILENT <REMOTEupdate>
SERVICE <LOCALquery>
SERVICE <query>
VALUES ?e { <REMOTEquery> } SERVICE ?e
BIND(<REMOTEquery> AS ?e) SERVICE SILENT ?e
SERVICESILENT<REMOTEquery>
SERVICE <REMOTEquery> { ?s ?p ?o } SERVICE <http://else/>
SERVICE <REMOTEquery> { SERVICE <http://else/> { ?s ?p ?o } }
""".strip().splitlines()


def test_all_other_endpoints_are_refused(service: Federated, remote: str) -> None:
    """What is not on the list to the letter gives 403, also beside or inside one that is; so do variables."""
    for way in REFUSED:
        text = way.replace("REMOTE", remote).replace("LOCAL", remote.replace("127.0.0.1", "localhost"))
        answer = _ask(service.url, f"SELECT * {{ {text} {{ ?s ?p ?o }} }}")
        assert answer.problem[:2] == (403, "refused"), text


def test_updates_and_commands_reach_no_endpoint(
    service: Federated, naughty: Naughty, settings_env: dict[str, str]
) -> None:
    """Only queries to the service do: the update of an admin has 403, `so2graph query` exit code 8."""
    before, url = naughty.connections, f"{naughty.url}good"
    for update in (
        f"INSERT {{ ?w a ?w }} WHERE {{ SERVICE <{url}> {{ ?w ?p ?o }} }}",
        f"INSERT DATA {{ <http://a> <http://b> 1 }} ; LOAD SILENT <{url}> INTO GRAPH <http://g>",
    ):
        body = urlencode({"update": update}).encode()
        answer = _send(f"{service.url}sparql", body, Authorization=f"Bearer {service.token}")
        assert answer.problem[:2] == (403, "refused")
    env = settings_env | {"SO2GRAPH_FEDERATION": url, "SO2GRAPH_FEDERATION_PRIVATE": "yes"}
    done = CliRunner(env=env).invoke(main, ["query", _greet(url)])
    assert (done.exit_code, "so2graph serve" in done.output) == (8, True)
    assert naughty.connections == before


def test_a_query_names_the_gateway_where_it_named_endpoints(tmp_path: Path) -> None:
    """Each listed endpoint by its place in the list, wherever it stands; the rest of the text stays as it is. Until
    the gateway has said where it listens, the service is busy."""
    listed = ("https://a.example/sparql", "https://b.example/sparql")
    text = f"SELECT * {{ SERVICE <{listed[1]}> {{ ?s ?p ?o }} SERVICE SILENT <{listed[0]}> {{ ?o ?p ?s }} }}"
    services = analyse(text, listed=listed).services
    with pytest.raises(Busy) as caught:
        through(text, services, listed, lambda: gateway_of(tmp_path))
    assert caught.value.mend == "Try again in a moment."
    (tmp_path / ADDRESS_FILE).write_text("http://127.0.0.1:9/", encoding="ascii")
    assert through(text, services, listed, lambda: gateway_of(tmp_path)) == (
        "SELECT * { SERVICE <http://127.0.0.1:9/1> { ?s ?p ?o } SERVICE SILENT <http://127.0.0.1:9/0> { ?o ?p ?s } }"
    )
    assert through("ASK {}", (), listed, None) == "ASK {}"


def test_a_stranger_finds_nothing_at_the_gateway(service: Federated, naughty: Naughty) -> None:
    """Without the secret part of its address it says 404; only we may read that; nobody is asked."""
    (file,) = Path(tempfile.gettempdir()).glob(f"so2graph-run-{service.pid}-*/federation")
    address = file.read_text()
    assert file.parent.stat().st_mode & 0o077 == 0
    at, _, secret = address.strip("/").rpartition("/")
    before = naughty.connections
    query = urlencode({"query": "ASK { }"})
    for path in ("", "0", "/0", "x/0", f"{secret[:-1]}/0", f"{secret}x/0", f"{secret.swapcase()}/0", f"{secret}/"):
        assert _send(f"{at}/{path}?{query}").status == 404
        assert _send(f"{at}/{path}", query.encode()).status == 404
    assert naughty.connections == before
    # The first on the list is no server of ours: what ours answer goes by how often they were asked.
    assert _send(f"{address}0?{query}").status == 200


def _gateways(pid: int, patience: float = 0) -> list[int]:
    """The gateways of a service that there are, whoever their parent is by now; waits for there to be none."""
    words = ["ps", "-A", "-ww", "-o", "pid=,args="]
    until = time.monotonic() + patience
    while True:
        lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
        found = [x for x in lines if "so2graph.engine.gateway" in x and f"so2graph-run-{pid}-" in x]
        if not found or time.monotonic() >= until:
            return [int(line.split()[0]) for line in found]


@pytest.mark.alone
def test_the_gateway_comes_back_and_ends_with_the_service(settings_env: dict[str, str], naughty: Naughty) -> None:
    """Killed, it answers again within 3 seconds; without a cache each query asks; it does not outlive the service.

    Where the service takes longer than that to start, the gateway may, too.
    """
    words = ["--federation", naughty.endpoints, "--federation-private", "yes", "--federation-cache-seconds", "0"]
    query, before = _greet(f"{naughty.url}good"), naughty.asked("good")
    began = time.monotonic()
    with serving(settings_env, "--workers", "1", *words) as running:
        first = time.monotonic() - began
        assert [_ask(running.url, query).rows for _ in range(3)] == [HELLO] * 3
        assert naughty.asked("good") == before + 3

        def back() -> float:
            (gateway,) = _gateways(running.process.pid)
            os.kill(gateway, signal.SIGKILL)
            killed = time.monotonic()
            assert patiently(lambda: _ask(running.url, query).status == 200)
            assert gateway not in _gateways(running.process.pid)
            return time.monotonic() - killed

        assert not within(max(3, first), back)
    assert not _gateways(running.process.pid, 30)


PRIVATE = (
    "127.0.0.1:{0}/good localhost:{0}/good [::1]:{0}/good 10.0.0.1:{0}/ 169.254.169.254/latest 2130706433:{0}/good "
    "0x7f000001:{0}/good 0177.0.0.1:{0}/good 127.1:{0}/good 0.0.0.0:{0}/good [::ffff:127.0.0.1]:{0}/good [fd00::1]/"
)


@pytest.mark.alone
def test_private_addresses_are_not_reached(settings_env: dict[str, str], naughty: Naughty) -> None:
    """Loopback and private addresses are refused in every spelling; the gateway ends with a killed service."""
    endpoints = [f"http://{host}" for host in PRIVATE.format(naughty.server_port).split()]
    before = naughty.connections
    with serving(settings_env, "--workers", "1", "--federation", " ".join(endpoints)) as running:
        for endpoint in endpoints:
            answer = _ask(running.url, _greet(endpoint))
            assert answer.problem[:2] == (502, "endpoint-failed")
            assert "is not a public address" in answer.problem[2], endpoint
            assert _ask(running.url, _greet(endpoint, what="SERVICE SILENT")).rows == [{}]
        assert naughty.connections == before
        assert len(_gateways(running.process.pid)) == 1
        running.process.kill()
        assert not _gateways(running.process.pid, 30)


APART = """
from threading import Thread
from so2graph.config import Settings
from so2graph.engine.gateway import Gateway
from so2graph.errors import So2Error
from tests.test_federation import Naughty

inner, outer = Naughty(), Naughty("9.9.9.9")
outer.elsewhere = f"{inner.url}good"
for server in (inner, outer):
    Thread(target=server.serve_forever, daemon=True).start()
gateway = Gateway(Settings.load({}))
print(len(gateway.ask(f"{outer.url}good", "SELECT * { ?s ?p ?o }")))
try:
    gateway.ask(f"{outer.url}away", "SELECT * { ?s ?p ?o }")
except So2Error as error:
    print(error)
print(outer.connections, inner.connections)
"""


def test_a_redirect_cannot_lead_from_a_public_to_a_private_address() -> None:
    """In a network of its own where 9.9.9.9 is ours: it is asked, and where it points is looked at again."""
    network = 'ip link set lo up && ip address add 9.9.9.9/32 dev lo && exec "$@"'
    words = ["unshare", "-rn", "sh", "-c", network, "sh", sys.executable, "-c", APART]
    if shutil.which("unshare") is None or subprocess.run([*words[:5], "sh", "true"], capture_output=True).returncode:
        pytest.skip("there is no network of its own on this machine")
    root = Path(__file__).parent.parent
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False, cwd=root)
    assert done.stdout.splitlines() == [str(len(GOOD)), "127.0.0.1 is not a public address", "2 0"], done.stderr
