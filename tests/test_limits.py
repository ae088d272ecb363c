"""Every limit of the running service, at its edge and beyond it: what it refuses, how it says so, what goes on."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest

from so2graph.config import Settings
from tests.test_service import serving
from tests.turns import patiently, within

pytestmark = pytest.mark.alone

HEAVY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
WORK = "GRAPH ?u { ?a ?b ?c } GRAPH ?v { ?d ?e ?f } GRAPH ?w { ?g ?h ?i }"
LONG_UPDATE = f"INSERT {{ GRAPH <http://x/g> {{ <x:s> <x:p> ?n }} }} WHERE {{ SELECT (COUNT(*) AS ?n) {{ {WORK} }} }}"
MANY_ROWS = f"INSERT {{ GRAPH <http://x/g> {{ ?a ?b ?i }} }} WHERE {{ {WORK} }}"


@dataclass(frozen=True)
class Service:
    """A running service, and an editor's token."""

    url: str
    token: str

    def ask(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> tuple[int, dict[str, object]]:
        """Sends a request with the token; the status, and the problem or other JSON that came."""
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
        sent = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            # A body that is too large is refused before all of it is sent.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, body, sent)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        return response.status, json.loads(text) if "json" in response.headers.get("Content-Type", "") else {}

    def form(self, **fields_of: str) -> tuple[int, dict[str, object]]:
        """Posts a form to `/sparql`."""
        kind = "application/x-www-form-urlencoded"
        return self.ask("POST", "/sparql", urlencode(fields_of), Content_Type=kind)

    def refused(self, answer: tuple[int, dict[str, object]]) -> tuple[int, str]:
        """The status of an answer, and the last part of the type of its problem."""
        return answer[0], str(answer[1].get("type", "")).rpartition("/")[2]

    def metric(self, name: str) -> float | None:
        """The value of a metric without labels or with these, as it is written."""
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
        connection.request("GET", "/-/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else None


@contextmanager
def limited(env: dict[str, str], folder: Path, limits: dict[str, int]) -> Iterator[Service]:
    """A service with these limits on the built dataset."""
    env = env | {f"SO2GRAPH_{name.upper()}": str(value) for name, value in limits.items()}
    env |= {"SO2GRAPH_DATA": str(folder / "data")}
    words = [sys.executable, "-m", "so2graph", "token", "add", "t", "--role", "editor"]
    token = subprocess.run(words, env=env, capture_output=True, text=True, check=True).stdout.strip()
    with serving(env | {"SO2GRAPH_LOG_REQUESTS": "no"}) as running:
        yield Service(running.url, token)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, settings_env: dict[str, str]) -> Iterator[Service]:
    """A service whose every limit is small."""
    limits = {
        "max_result_rows": 10,
        "write_deadline": 2,
        "max_write_megabytes": 1000,
        "max_readers": 1,
        "deadline": 4,
        "max_stall": 1,
    }
    with limited(settings_env, tmp_path_factory.mktemp("small"), limits) as service:
        yield service


@pytest.mark.parametrize("accept", ["csv", "json", "xml", "tsv"])
def test_rows_are_limited_in_every_format(small: Service, accept: str) -> None:
    """Ten rows are an answer, eleven are a 422 that names the limit."""
    query = "SELECT ?s {{ ?s ?p ?o }} LIMIT {}"
    assert small.form(query=query.format(10), format=accept)[0] == 200
    beyond = small.form(query=query.format(11), format=accept)
    assert small.refused(beyond) == (422, "result-too-large")
    assert beyond[1]["limit"] == 10


def test_triples_are_limited(small: Service) -> None:
    """In a CONSTRUCT and in a graph of the graph store alike."""
    text = "CONSTRUCT {{ ?s ?p ?o }} {{ {{ SELECT * {{ ?s ?p ?o }} LIMIT {} }} }}"
    assert small.form(query=text.format(10), format="nt")[0] == 200
    assert small.refused(small.form(query=text.format(11), format="nt")) == (422, "result-too-large")
    graph = quote("https://w3id.org/so2graph/graph/so2/stated", safe="")
    assert small.refused(small.ask("GET", f"/graph-store?graph={graph}", Accept="text/turtle"))[0] == 422


@pytest.fixture(scope="module")
def taking(tmp_path_factory: pytest.TempPathFactory, settings_env: dict[str, str]) -> Iterator[Service]:
    """A service that takes small uploads with little memory, and has the time to."""
    limits = {"max_upload_bytes": 6_000_000, "max_write_megabytes": 1000}
    with limited(settings_env, tmp_path_factory.mktemp("taking"), limits) as service:
        yield service


@pytest.mark.parametrize("path", ["/graph-store?graph=http://x/u", "/graph-store/u"], ids=["indirect", "direct"])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_uploads_are_limited_and_may_be_larger_than_queries(taking: Service, path: str, method: str) -> None:
    """Six megabytes are taken at every address of the graph store, a byte more is not."""
    data = b"<x:s> <x:p> 1 .\n#"
    body = data + b"x" * (6_000_000 - len(data))
    assert taking.ask(method, path, body, Content_Type="text/turtle")[0] in (200, 201, 204)
    beyond = taking.ask(method, path, body + b"x", Content_Type="text/turtle")
    assert taking.refused(beyond) == (413, "upload-too-large")
    assert beyond[1]["limit"] == 6_000_000


def test_a_write_ends_at_its_deadline_and_leaves_nothing(small: Service) -> None:
    """The next write, which waited for it, is done."""
    with ThreadPoolExecutor(2) as pool:
        long = pool.submit(small.form, update=LONG_UPDATE)
        time.sleep(0.5)
        short = pool.submit(small.form, update="INSERT DATA { GRAPH <http://x/d> { <x:a> <x:b> 1 } }")
        assert small.refused(long.result()) == (503, "query-timeout")
        assert long.result()[1]["limit"] == 2
        assert short.result()[0] == 200
    assert small.form(query="ASK { GRAPH <http://x/d> { <x:a> <x:b> 1 } }")[1]["boolean"] is True
    assert small.refused(small.form(query="ASK { GRAPH ?g { <x:s> <x:p> ?n FILTER(?g = <http://x/g>) } }"))[0] == 200


def test_a_write_that_takes_too_much_memory_ends(small: Service) -> None:
    """With a problem of its own (or at its deadline, where the machine is slow), and the service goes on."""
    status, kind = small.refused(small.form(update=MANY_ROWS))
    assert (status, kind) in ((503, "query-memory"), (503, "query-timeout"))
    assert small.form(update="INSERT DATA { GRAPH <http://x/m> { <x:a> <x:b> 1 } }")[0] == 200


def test_one_long_query_more_than_may_run_gives_way(small: Service) -> None:
    """Of three long queries beside a limit of one, two are told that the service is busy; a short one is answered."""
    assert patiently(lambda: small.metric("so2graph_hosts") == 1.0)
    with ThreadPoolExecutor(3) as pool:
        long = [pool.submit(small.form, query=f"{HEAVY} # {number}", timeout="3") for number in range(3)]
        time.sleep(0.5)
        assert small.form(query="ASK {}")[0] == 200
        kinds = sorted(small.refused(one.result()) for one in long)
    assert kinds == [(503, "busy"), (503, "busy"), (503, "query-timeout")]


@pytest.mark.parametrize("asked", ["0.3", "1", "1000"])
def test_a_client_may_ask_for_less_time_and_not_for_more(small: Service, asked: str) -> None:
    """`timeout=` in seconds, in the form and in the URL."""
    limit = min(float(asked), 4.0)

    def elapsed(answer: tuple[int, dict[str, object]]) -> float:
        assert small.refused(answer) == (503, "query-timeout")
        assert answer[1]["limit"] == limit
        found = answer[1]["elapsed"]
        assert isinstance(found, int | float)
        assert found >= limit
        return found

    assert not within(limit + 1, lambda: elapsed(small.form(query=HEAVY, timeout=asked)))
    address = f"/sparql?query={quote(HEAVY)}&timeout={asked}"
    assert not within(limit + 1, lambda: elapsed(small.ask("GET", address)))


def test_who_does_not_read_is_cut_off(tmp_path: Path, settings_env: dict[str, str]) -> None:
    """A client that leaves a long answer unread for `max_stall` seconds finds it broken off."""
    query = quote("SELECT * { ?a ?b ?c . ?d ?e ?f }")
    with limited(settings_env, tmp_path, {"max_stall": 1, "deadline": 60}) as service:
        place = urlsplit(service.url)
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect((str(place.hostname), int(place.port or 0)))
            client.sendall(f"GET /sparql?query={query} HTTP/1.1\r\nHost: x\r\nAccept: text/csv\r\n\r\n".encode())
            # Its deadline would end it after a minute.
            assert patiently(lambda: service.metric("so2graph_queries_running") == 1.0, 20)
            assert patiently(lambda: service.metric("so2graph_queries_running") != 1.0, 20)
            received = b"".join(iter(lambda: _some(client), b""))
    assert received.startswith(b"HTTP/1.1 200")
    assert not received.endswith(b"0\r\n\r\n"), "the answer should not look whole"


def _some(client: socket.socket) -> bytes:
    try:
        return client.recv(1_048_576)
    except ConnectionError:
        return b""


def test_writes_that_wait_are_limited(tmp_path: Path, settings_env: dict[str, str]) -> None:
    """One is at work and one waits; the others are told to come back, and that one is done."""
    limits = {"max_writes_waiting": 1, "write_deadline": 3}
    with limited(settings_env, tmp_path, limits) as service, ThreadPoolExecutor(6) as pool:
        first = pool.submit(service.form, update=LONG_UPDATE)
        assert patiently(lambda: service.ask("GET", "/queries-running")[1]["running"])
        texts = [f"INSERT DATA {{ GRAPH <http://x/w> {{ <x:a> <x:b> {number} }} }}" for number in range(5)]
        found = sorted(service.refused(one) for one in pool.map(lambda text: service.form(update=text), texts))
        assert found == [(200, "")] + [(503, "busy")] * 4
        assert service.refused(first.result()) == (503, "query-timeout")


@pytest.mark.parametrize(("megabytes", "hits"), [(0, None), (8, 5.0)], ids=["none", "some"])
def test_the_cache_can_be_turned_off(
    tmp_path: Path, settings_env: dict[str, str], megabytes: int, hits: float | None
) -> None:
    """Without memory for it nothing is answered from it, and everything is answered."""
    with limited(settings_env, tmp_path, {"cache_megabytes": megabytes, "workers": 1}) as service:
        for _ in range(6):
            assert service.ask("GET", "/sparql?query=ASK%7B%7D")[0] == 200
        # A worker tells its numbers every half second.
        told = 'so2graph_requests_total{method="GET",route="sparql",status="200"}'
        assert patiently(lambda: service.metric(told) == 6.0)
        assert service.metric('so2graph_cache_total{outcome="hit"}') == hits


@pytest.mark.parametrize(("megabytes", "images"), [(1, 0.0), (0, 1.0)], ids=["disk", "memory"])
def test_the_image_is_made_where_it_fits(
    tmp_path: Path, settings_env: dict[str, str], megabytes: int, images: float
) -> None:
    """With a megabyte for it the dataset stays on disk, and answers the same."""
    with limited(settings_env, tmp_path, {"image_megabytes": megabytes}) as service:
        if images:
            assert patiently(lambda: service.metric("so2graph_images") == images)
        else:
            assert not patiently(lambda: service.metric("so2graph_images") == 1.0, 4)
        assert service.form(query="ASK { ?n a so2:RegionalNetwork }")[1]["boolean"] is True


@pytest.mark.parametrize("shown", ["no", "yes"])
def test_the_log_has_a_line_a_request_and_no_text_unless_asked(settings_env: dict[str, str], shown: str) -> None:
    """A digest of the query stands there, and its text with `log_queries` only; an address in it is masked."""
    query = 'ASK { ?s ?p "somebody@example.org" }'
    env = settings_env | {"SO2GRAPH_LOG_QUERIES": shown}
    words = [sys.executable, "-m", "so2graph", "serve", "--port", "0"]
    process = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        assert Service(url, "").ask("GET", f"/sparql?query={quote(query)}", Authorization="")[0] == 200
        time.sleep(0.5)
    finally:
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    line = next(line for line in lines if line["path"] == "/sparql")
    assert {"method", "status", "ms", "bytes", "generation", "cached"} <= set(line)
    assert re.fullmatch("[0-9a-f]{16}", line["query_sha256"])
    assert ("query" in line) == (shown == "yes")
    assert "somebody@example.org" not in log


def test_every_limit_is_named_in_a_test() -> None:
    """A setting that bounds something is tried somewhere: a new one cannot be forgotten."""
    text = "".join(path.read_text(encoding="utf-8").lower() for path in Path(__file__).parent.glob("test_*.py"))
    bounds = {row.name for row in fields(Settings) if isinstance(row.default, int)} - {"port", "threads"}
    # The command has a flag of its own beside the setting.
    bounds.remove("max_path_steps")
    assert "--steps" in text
    missing = {name for name in bounds if not re.search(rf"\b(so2graph_)?{name}\b", text)}
    missing -= {name for name in missing if f"--{name.replace('_', '-')}" in text}
    assert not missing
