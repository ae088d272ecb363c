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
from contextlib import contextmanager, suppress
from dataclasses import replace
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner

from so2graph.cli import main
from so2graph.config import Settings
from so2graph.engine.tokens import Tokens
from tests.test_service import serving

HUB = "https://w3id.org/so2graph/id/so-netwerk-"
NETWORK = "https://w3id.org/so2graph/def#RegionalNetwork"
MEMBERS = "http://example.org/members"
MOST_BYTES = 100_000
RESULTS = "application/sparql-results+json"
GOOD = json.dumps(
    {"head": {"vars": ["w"]}, "results": {"bindings": [{"w": {"type": "literal", "value": "hello"}}]}}
).encode()


class Naughty(ThreadingHTTPServer):
    """A server that does at each path what an endpoint should not do; knows who asked for what."""

    daemon_threads = True

    def __init__(self, host: str = "127.0.0.1") -> None:
        super().__init__((host, 0), _Answers)
        self.url = f"http://{host}:{self.server_port}/"
        self.seen: list[tuple[str, str]] = []
        self.connections = 0
        self.elsewhere = ""
        self.over = Event()
        self.endpoints = " ".join(self.url + route for route in (*ROUTES, "good", "kept", "agent", "slow", "endless"))

    def get_request(self) -> tuple[socket.socket, object]:
        self.connections += 1
        return super().get_request()

    def asked(self, route: str) -> int:
        """How often a path was asked for."""
        return sum(1 for path, _ in self.seen if path == route)


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


@contextmanager
def misbehaving() -> Iterator[Naughty]:
    """Such a server, until the block ends."""
    with Naughty() as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def naughty() -> Iterator[Naughty]:
    with misbehaving() as server, misbehaving() as other:
        server.elsewhere = f"{other.url}good"
        yield server


@pytest.fixture(scope="module")
def remote() -> Iterator[str]:
    """The address of an Oxigraph server that knows how many members two hubs have."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [str(Path(sys.executable).parent / "oxigraph"), "serve", "--bind", f"127.0.0.1:{port}"]
    data = f"<{HUB}groningen> <{MEMBERS}> 42 . <{HUB}assen-drenthe> <{MEMBERS}> 7 . <http://else/> <{MEMBERS}> 1 ."
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/"
    request = Request(f"{url}store?default", data.encode(), {"Content-Type": "text/turtle"}, method="PUT")
    try:
        until = time.monotonic() + 20
        while True:
            try:
                urlopen(request, timeout=10).close()
                break
            except OSError:
                assert time.monotonic() < until, "oxigraph did not start"
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Message
    body: bytes

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows of a SELECT, as plain text."""
        assert self.status == 200, self.body
        found = json.loads(self.body)["results"]["bindings"]
        return [{name: term["value"] for name, term in row.items()} for row in found]

    @property
    def problem(self) -> dict[str, str]:
        """The problem document, with the name of its type alone."""
        assert self.headers["content-type"] == "application/problem+json"
        told: dict[str, str] = json.loads(self.body)
        return told | {"type": told["type"].rpartition("/")[2]}


def _send(url: str, body: bytes | None = None, **headers: str) -> Answer:
    try:
        response = urlopen(Request(url, body, headers), timeout=60)
    except HTTPError as error:
        response = error
    with response:
        return Answer(response.status, response.headers, response.read())


def _ask(service: str, query: str, accept: str = RESULTS) -> Answer:
    return _send(f"{service}sparql?{urlencode({'query': query})}", Accept=accept)


class Federated(NamedTuple):
    """A service with listed endpoints, the process it is, and the token of its admin."""

    url: str
    pid: int
    token: str


@pytest.fixture(scope="module")
def service(
    settings: Settings,
    settings_env: dict[str, str],
    remote: str,
    naughty: Naughty,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Federated]:
    """A service on a copy of the dataset, which may ask the second server and the one that misbehaves."""
    folder = tmp_path_factory.mktemp("federation") / "data"
    mine = replace(settings, data=Path(shutil.copytree(settings.data, folder, symlinks=True)))
    token = Tokens(mine.data).add("tester", "admin")
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = f"http://127.0.0.1:{free.getsockname()[1]}/"
    naughty.endpoints += f" {closed}"
    limits = {"timeout": 3, "retries": 2, "max-bytes": MOST_BYTES, "private": "yes"}
    words = [word for name, value in limits.items() for word in (f"--federation-{name}", str(value))]
    listed = f"{remote}query {naughty.endpoints}"
    with serving(settings_env | mine.environment(), "--workers", "1", "--federation", listed, *words) as running:
        yield Federated(running.url, running.process.pid, token)


JOINED = [{"n": f"{HUB}assen-drenthe", "m": "7"}, {"n": f"{HUB}groningen", "m": "42"}]
JOINS = {
    "iri": "SELECT ?n ?m { ?n a <TYPE> . SERVICE <REMOTEquery> { ?n <MEMBERS> ?m } } ORDER BY ?n",
    "no spaces": "SELECT?n?m{?n a<TYPE>.service<REMOTEquery>{?n<MEMBERS>?m}}ORDER BY?n",
    "comments": "SELECT ?n ?m {?n a <TYPE> SERVICE # <http://y/> {\n <REMOTEquery>#\n{?n <MEMBERS> ?m}} ORDER BY ?n",
    "silent": "SELECT ?n ?m { ?n a <TYPE> . SERVICE SILENT <REMOTEquery> { ?n <MEMBERS> ?m } } ORDER BY ?n",
    "prefixed name": "PREFIX r: <REMOTE> SELECT ?n ?m {?n a <TYPE> SERVICE r:query { ?n <MEMBERS> ?m } } ORDER BY ?n",
    "whole prefix": "PREFIX : <REMOTEquery> SELECT ?n ?m { ?n a <TYPE> SERVICE : { ?n <MEMBERS> ?m } } ORDER BY ?n",
    "base": "BASE <REMOTEa/b> SELECT ?n ?m { ?n a <TYPE> SERVICE <../query> { ?n <MEMBERS> ?m } } ORDER BY ?n",
    "base and prefix": "BASE <REMOTEa> PREFIX r: <.> BASE <http://else/> SELECT ?n ?m { ?n a <TYPE> "
    "SERVICE r:query { ?n <MEMBERS> ?m } } ORDER BY ?n",
    "sub-select": "SELECT ?n ?m { ?n a <TYPE> { SELECT ?n (MAX(?o) AS ?m) { SERVICE <REMOTEquery> "
    "{ ?n <MEMBERS> ?o } } GROUP BY ?n } } ORDER BY ?n",
    "optional": "SELECT ?n ?m { ?n a <TYPE> OPTIONAL { SERVICE <REMOTEquery> { ?n <MEMBERS> ?m } } } ORDER BY ?n",
    "group inside": "SELECT ?n ?m { ?n a <TYPE> SERVICE <REMOTEquery> { ?n <MEMBERS> ?m FILTER(?m > 6) "
    "OPTIONAL { ?n <http://none/> ?none } } } ORDER BY ?n",
    "address in a string": "SELECT ?n ?m { ?n a <TYPE> SERVICE <REMOTEquery> { ?n <MEMBERS> ?m } "
    "FILTER('SERVICE <REMOTEquery> {' != '') } ORDER BY ?n",
}


@pytest.mark.parametrize("query", JOINS.values(), ids=JOINS)
def test_local_and_remote_data_are_joined(service: Federated, remote: str, query: str) -> None:
    """However a listed endpoint is written, the rows are those of both sides."""
    text = query.replace("TYPE", NETWORK).replace("MEMBERS", MEMBERS).replace("REMOTE", remote)
    assert _ask(service.url, text).rows == JOINED


def test_two_endpoints_in_one_query(service: Federated, remote: str, naughty: Naughty) -> None:
    """Each SERVICE asks the endpoint that it names."""
    text = f"SELECT ?m ?w {{ SERVICE <{remote}query> {{ <{HUB}groningen> <{MEMBERS}> ?m }} "
    answer = _ask(service.url, f"{text} SERVICE <{naughty.url}good> {{ ?w ?p ?o }} }}")
    assert answer.rows == [{"m": "42", "w": "hello"}]


def test_ask_and_construct_reach_out_as_well(service: Federated, remote: str) -> None:
    """The other forms of a query join in the same way; what is not there is not found."""
    where = f"{{ ?n a <{NETWORK}> SERVICE <{remote}query> {{ ?n <{MEMBERS}> ?m FILTER(?m > 40) }} }}"
    assert json.loads(_ask(service.url, f"ASK {where}").body).get("boolean") is True
    assert json.loads(_ask(service.url, f"ASK {where.replace('40', '50')}").body) == {"head": {}, "boolean": False}
    made = _ask(service.url, f"CONSTRUCT {{ ?n <{MEMBERS}> ?m }} WHERE {where}", "application/n-triples")
    assert made.body.decode().split()[:2] == [f"<{HUB}groningen>", f"<{MEMBERS}>"]


FAILING = {
    "busy": "answered with status 503",
    "gone": "answered with status 404",
    "page": "gave no SPARQL results",
    "cut": "gave no SPARQL results",
    "endless": f"more than {MOST_BYTES} bytes",
    "large": f"more than {MOST_BYTES} bytes",
    "slow": "timed out",
    "closed": "cannot be asked",
}


@pytest.mark.parametrize(("route", "why"), FAILING.items(), ids=FAILING)
def test_an_endpoint_that_fails_is_told_or_passed_over(
    service: Federated, naughty: Naughty, route: str, why: str
) -> None:
    """It gives 502 with a type, the endpoint, the cause and what to do; with SILENT the rest is answered."""
    endpoint = naughty.endpoints.split()[-1] if route == "closed" else naughty.url + route
    started = time.monotonic()
    answer = _ask(service.url, f"SELECT * {{ VALUES ?a {{ 1 }} SERVICE <{endpoint}> {{ ?w ?p ?o }} }}")
    assert time.monotonic() - started < 8
    assert (answer.status, answer.problem["type"]) == (502, "endpoint-failed")
    assert endpoint in answer.problem["detail"]
    assert why in answer.problem["detail"]
    assert "SERVICE SILENT" in answer.problem["mend"]
    if route != "slow":
        silent = _ask(service.url, f"SELECT * {{ VALUES ?a {{ 1 }} SERVICE SILENT <{endpoint}> {{ ?w ?p ?o }} }}")
        assert silent.rows == [{"a": "1"}]


def test_a_busy_endpoint_is_asked_again(service: Federated, naughty: Naughty) -> None:
    """After 429 once more, when its Retry-After says; one that stays busy three times in all; others once."""
    started = time.monotonic()
    assert _ask(service.url, f"SELECT ?w {{ SERVICE <{naughty.url}again> {{ ?w ?p ?o }} }}").rows == [{"w": "hello"}]
    assert time.monotonic() - started >= 1
    assert naughty.asked("again") == 2
    for route, times in (("busy", 3), ("gone", 1), ("page", 1)):
        before = naughty.asked(route)
        assert _ask(service.url, f"SELECT ?w {{ SERVICE <{naughty.url}{route}> {{ ?w ?p ?o }} }}").status == 502
        assert naughty.asked(route) == before + times


def test_an_endpoint_is_told_who_asks_and_may_redirect(service: Federated, naughty: Naughty) -> None:
    """The User-Agent names the program; another private address is followed where such are allowed."""
    for route in ("agent", "away"):
        query = f"SELECT ?w {{ SERVICE <{naughty.url}{route}> {{ ?w ?p ?o }} }}"
        assert _ask(service.url, query).rows == [{"w": "hello"}]
    (agent,) = [agent for path, agent in naughty.seen if path == "agent"]
    assert re.match(r"so2graph/\d+\S* \(https://w3id\.org/so2graph/", agent)


def test_the_answer_of_an_endpoint_is_used_again(service: Federated, naughty: Naughty) -> None:
    """For the same question in whatever query; another question is asked."""
    for limit, form in ((1, "SELECT ?w"), (2, "SELECT ?w"), (3, "SELECT (?w AS ?v)")):
        assert _ask(service.url, f"{form} {{ SERVICE <{naughty.url}kept> {{ ?w ?p ?o }} }} LIMIT {limit}").rows
    assert naughty.asked("kept") == 1
    assert _ask(service.url, f"SELECT ?w {{ SERVICE <{naughty.url}kept> {{ ?w a ?o }} }}").rows
    assert naughty.asked("kept") == 2


def test_an_answer_from_elsewhere_has_no_tag(service: Federated, remote: str) -> None:
    """No ETag, for clients and pages; the same without SERVICE has one."""
    inside = f"{{ ?n <{MEMBERS}> ?m }}"
    for accept in (RESULTS, "text/csv", "text/html"):
        for way, tagged in ((f"SERVICE <{remote}query>", False), ("", True)):
            answer = _ask(service.url, f"SELECT * {{ {way} {inside} }}", accept)
            assert answer.status == 200
            assert ("etag" in answer.headers) is tagged


REFUSED = {
    "not listed": "SELECT * { SERVICE <http://example.org/sparql> { ?s ?p ?o } }",
    "with a slash": "SELECT * { SERVICE <REMOTEquery/> { ?s ?p ?o } }",
    "with a query": "SELECT * { SERVICE <REMOTEquery?default> { ?s ?p ?o } }",
    "update endpoint": "SELECT * { SERVICE SILENT <REMOTEupdate> { ?s ?p ?o } }",
    "other name of the host": "SELECT * { SERVICE <LOCALquery> { ?s ?p ?o } }",
    "variable": "SELECT * { VALUES ?e { <REMOTEquery> } SERVICE ?e { ?s ?p ?o } }",
    "silent variable": "SELECT * { BIND(<REMOTEquery> AS ?e) SERVICE SILENT ?e { ?s ?p ?o } }",
    "glued": "SELECT * { SERVICESILENT<REMOTEquery>{ ?s ?p ?o } }",
    "other base": "BASE <http://else/> SELECT * { SERVICE <query> { ?s ?p ?o } }",
    "one of two": "SELECT * { SERVICE <REMOTEquery> { ?s ?p ?o } SERVICE <http://else/> { ?s ?p ?o } }",
    "inside a listed one": "SELECT * { SERVICE <REMOTEquery> { SERVICE <http://else/> { ?s ?p ?o } } }",
    "inside a string": "SELECT * { SERVICE 'REMOTEquery' { ?s ?p ?o } }",
}


@pytest.mark.parametrize("query", REFUSED.values(), ids=REFUSED)
def test_all_other_endpoints_are_refused(service: Federated, remote: str, query: str) -> None:
    """What is not on the list to the letter gives 403, also beside or inside one that is."""
    text = query.replace("REMOTE", remote).replace("LOCAL", remote.replace("127.0.0.1", "localhost"))
    answer = _ask(service.url, text)
    assert (answer.status, answer.problem["type"]) == (403, "refused")


UPDATES = (
    "INSERT {{ ?w a ?w }} WHERE {{ SERVICE <{0}> {{ ?w ?p ?o }} }}",
    "DELETE {{ ?w a ?w }} WHERE {{ OPTIONAL {{ SERVICE SILENT <{0}> {{ ?w ?p ?o }} }} }}",
    "INSERT DATA {{ <http://a> <http://b> 1 }} ; LOAD SILENT <{0}> INTO GRAPH <http://g>",
)


def test_an_update_reaches_no_listed_endpoint(service: Federated, naughty: Naughty) -> None:
    """Also of an admin: 403, and no connection made."""
    before = naughty.connections
    for update in UPDATES:
        body = urlencode({"update": update.format(f"{naughty.url}good")}).encode()
        answer = _send(f"{service.url}sparql", body, Authorization=f"Bearer {service.token}")
        assert (answer.status, answer.problem["type"]) == (403, "refused")
    assert naughty.connections == before


def test_a_command_reaches_no_endpoint(settings_env: dict[str, str], naughty: Naughty) -> None:
    """`so2graph query` refuses a listed SERVICE with exit code 8: only the service has a gateway."""
    before = naughty.connections
    env = settings_env | {"SO2GRAPH_FEDERATION": naughty.endpoints, "SO2GRAPH_FEDERATION_PRIVATE": "yes"}
    done = CliRunner(env=env).invoke(main, ["query", f"SELECT * {{ SERVICE <{naughty.url}good> {{ ?w ?p ?o }} }}"])
    assert done.exit_code == 8
    assert "so2graph serve" in done.output
    assert naughty.connections == before


def test_a_stranger_finds_nothing_at_the_gateway(service: Federated, naughty: Naughty) -> None:
    """Without the secret part of its address it says 404; only we may read that; nobody is asked."""
    (file,) = Path(tempfile.gettempdir()).glob(f"so2graph-run-{service.pid}-*/federation")
    assert file.parent.stat().st_mode & 0o077 == 0
    address = file.read_text()
    at, _, secret = address.strip("/").rpartition("/")
    before = naughty.connections
    query = urlencode({"query": "ASK { }"})
    for path in ("", "0", "/0", "x/0", f"{secret[:-1]}/0", f"{secret}x/0", f"{secret.swapcase()}/0", f"x/{secret}/0"):
        assert _send(f"{at}/{path}?{query}").status == 404
        assert _send(f"{at}/{path}", query.encode()).status == 404
    assert _send(f"{at}/{secret}/?{query}").status == 404
    assert naughty.connections == before
    assert _send(f"{address}1?{query}").status == 200


def _gateways(pid: int) -> list[int]:
    """The gateways of a service that there are, whoever their parent is by now."""
    words = ["ps", "-A", "-ww", "-o", "pid=,args="]
    lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    return [int(x.split()[0]) for x in lines if "so2graph.engine.gateway" in x and f"so2graph-run-{pid}-" in x]


def _none_is_left(pid: int) -> bool:
    until = time.monotonic() + 5
    while left := _gateways(pid):
        if time.monotonic() > until:
            return not left
        time.sleep(0.05)
    return True


def test_the_gateway_comes_back_and_ends_with_the_service(settings_env: dict[str, str], naughty: Naughty) -> None:
    """Killed, it answers again within 3 seconds; without a cache each query asks; it does not outlive the service."""
    words = ["--federation", naughty.endpoints, "--federation-private", "yes", "--federation-cache-seconds", "0"]
    query = f"SELECT ?w {{ SERVICE <{naughty.url}good> {{ ?w ?p ?o }} }}"
    before = naughty.asked("good")
    with serving(settings_env, "--workers", "1", *words) as running:
        assert [_ask(running.url, query).rows for _ in range(3)] == [[{"w": "hello"}]] * 3
        assert naughty.asked("good") == before + 3
        (first,) = _gateways(running.process.pid)
        os.kill(first, signal.SIGKILL)
        killed = time.monotonic()
        while _ask(running.url, query).status != 200:
            assert time.monotonic() < killed + 3
            time.sleep(0.1)
        (second,) = _gateways(running.process.pid)
        assert second != first
    assert _none_is_left(running.process.pid)


PRIVATE = (
    "127.0.0.1:{0}/good localhost:{0}/good [::1]:{0}/good 10.0.0.1:{0}/ 169.254.169.254/latest 2130706433:{0}/good "
    "0x7f000001:{0}/good 0177.0.0.1:{0}/good 127.1:{0}/good 0.0.0.0:{0}/good [::ffff:127.0.0.1]:{0}/good [fd00::1]/"
)


def test_private_addresses_are_not_reached(settings_env: dict[str, str], naughty: Naughty) -> None:
    """Loopback and private addresses are refused in every spelling; the gateway ends with a killed service."""
    endpoints = [f"http://{host}" for host in PRIVATE.format(naughty.server_port).split()]
    before = naughty.connections
    with serving(settings_env, "--workers", "1", "--federation", " ".join(endpoints)) as running:
        for endpoint in endpoints:
            answer = _ask(running.url, f"SELECT * {{ SERVICE <{endpoint}> {{ ?w ?p ?o }} }}")
            assert (answer.status, answer.problem["type"]) == (502, "endpoint-failed"), endpoint
            assert "is not a public address" in answer.problem["detail"], endpoint
            silent = _ask(running.url, f"SELECT * {{ SERVICE SILENT <{endpoint}> {{ ?w ?p ?o }} }}")
            assert silent.rows == [{}]
        assert naughty.connections == before
        assert len(_gateways(running.process.pid)) == 1
        running.process.kill()
        running.process.wait(timeout=10)
        assert _none_is_left(running.process.pid)


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
for private in ("no", "yes"):
    gateway = Gateway(Settings.load({"SO2GRAPH_FEDERATION_PRIVATE": private}))
    for route in ("good", "away"):
        try:
            print(len(gateway.ask(f"{outer.url}{route}", "SELECT * { ?s ?p ?o }")), end=", ")
        except So2Error as error:
            print(error, end=", ")
    print(inner.connections, outer.connections)
"""


def test_a_redirect_cannot_lead_from_a_public_to_a_private_address() -> None:
    """In a network of its own where 9.9.9.9 is ours: it is asked, and where it points is looked at again."""
    network = 'ip link set lo up && ip address add 9.9.9.9/32 dev lo && exec "$@"'
    words = ["unshare", "-rn", "sh", "-c", network, "sh", sys.executable, "-c", APART]
    if shutil.which("unshare") is None or subprocess.run([*words[:5], "sh", "true"], capture_output=True).returncode:
        pytest.skip("there is no network of its own on this machine")
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout.splitlines() == [
        f"{len(GOOD)}, 127.0.0.1 is not a public address, 0 2",
        f"{len(GOOD)}, {len(GOOD)}, 1 4",
    ], done.stderr
