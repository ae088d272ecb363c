"""A query is a guest: whatever it does, it ends in time, its neighbours do not notice, and nothing is left of it."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from so2graph.engine.process import give_way
from tests.test_service import Running, serving
from tests.turns import patiently, within

pytestmark = pytest.mark.alone

DEADLINE = 2
SECONDS = float(os.environ.get("SO2GRAPH_TEST_HOSTILE_SECONDS", "20"))
"""How long the hostile clients go on; 60 to prove what the issue asks for."""
CEILING = 200_000_000
TRIPLES = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l"

HOSTILE = {
    "cross product": f"SELECT (COUNT(*) AS ?n) {{ {TRIPLES} }}",
    "sorted cross product": f"SELECT * {{ {TRIPLES} }} ORDER BY ?a ?f ?i",
    "cross product of distinct rows": f"SELECT DISTINCT ?a ?f ?i {{ {TRIPLES} }} ORDER BY ?i",
    "rows without end": f"SELECT * {{ {TRIPLES} }}",
    "unbounded path": "SELECT (COUNT(*) AS ?n) { ?a (!<x:no>)* ?b . ?b (!<x:no>|^!<x:no>)+ ?c . ?c (!<x:no>)* ?d }",
    "path and back": "SELECT ?a ?b { ?a ((!<x:a>)/^(!<x:b>))* ?b . ?c ((!<x:a>)|^(!<x:b>))* ?d } ORDER BY ?d",
    "huge concatenation": f"SELECT (GROUP_CONCAT(STR(?a); separator='{'x' * 900}') AS ?all) {{ {TRIPLES} }}",
    "deep nesting": "SELECT * " + "{" * 5000 + "}" * 5000,
    "deep filter": "SELECT * { FILTER(" + "!(" * 3000 + "true" + ")" * 3000 + ") }",
    "many operators": "SELECT * { ?s ?p ?o FILTER(" + "||".join(["?o = 1"] * 5000) + ") }",
    "commas without end": "SELECT * { ?s ?p " + ",".join(["?o"] * 60_000) + " }",
    "regex bomb": f'SELECT * {{ {TRIPLES} FILTER(REGEX(CONCAT(STR(?a), STR(?f), STR(?i), STR(?l)), "(x+x+)+y$")) }}',
    "text of ten megabytes": "SELECT * { ?s ?p ?o } # " + "x" * 10_000_000,
    "doubling strings": "SELECT (STRLEN(?z) AS ?n) { BIND(STR(<x:"
    + "y" * 200
    + ">) AS ?v0) "
    + " ".join(f"BIND(CONCAT(?v{i}, ?v{i}) AS ?v{i + 1})" for i in range(30))
    + " BIND(?v30 AS ?z) }",
    "replace that grows": 'SELECT ?z { ?s ?p ?o BIND(REPLACE(STR(?s), ".", "$0$0$0$0$0$0$0$0") AS ?a) '
    + " ".join(f'BIND(REPLACE(?{x}, ".", "$0$0$0$0$0$0$0$0") AS ?{y})' for x, y in ("ab", "bc", "cd", "dz"))
    + " }",
    "values without end": "SELECT * { VALUES (?x) { " + "(1) " * 150_000 + "} " + TRIPLES + " } ORDER BY ?x",
    "values that multiply": "SELECT (SUM(?a * ?b * ?c) AS ?n) { "
    + " ".join(f"VALUES ?{v} {{ {' '.join(map(str, range(3000)))} }}" for v in "abc")
    + " }",
    "sub-select without end": f"SELECT * {{ {{ SELECT ?a (COUNT(*) AS ?n) {{ {TRIPLES} }} GROUP BY ?a }} }}",
    "exists in a product": "SELECT * { ?a ?b ?c . ?d ?e ?f FILTER NOT EXISTS { ?x ?y ?z . ?z ?y ?q . ?q ?r ?c } }",
}
PROBLEMS = {400, 413, 422, 503}
STREAMS = {"rows without end", "replace that grows"}
KEPT = 10_000
READ_AT_A_TIME = 262_144


@dataclass(frozen=True)
class Got:
    """An answer: status, type, how it begins, when and in how many seconds it came; `broken` when it broke off.

    The client's own work is not in the seconds: who reads a gigabyte of rows has much of it.
    """

    status: int
    media_type: str
    body: bytes
    started: float
    seconds: float
    broken: bool


def ask(url: str, query: str, form: str = "") -> Got:
    """Asks by POST of a form, which is made of the query unless it is given, for CSV; reads all and keeps little."""
    place = urlsplit(url)
    started, own = time.monotonic(), time.thread_time()
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
    sent = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/csv"}
    try:
        # The answer may be there before all of the question is sent.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", "/sparql", form or urlencode({"query": query}), sent)
        response = connection.getresponse()
        media_type = response.getheader("Content-Type", "")
        body, broken = b"", False
        try:
            while piece := response.read(READ_AT_A_TIME):
                body += piece[: max(0, KEPT - len(body))]
        except http.client.IncompleteRead as error:
            body, broken = body or error.partial, True
        seconds = time.monotonic() - started - (time.thread_time() - own)
        return Got(response.status, media_type, body, started, seconds, broken)
    finally:
        connection.close()


def family(pid: int) -> list[int]:
    """A process and all that came from it."""
    found = [pid]
    for child in subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split():
        found += family(int(child))
    return found


def cpu_ticks(pids: list[int]) -> int:
    """Processor time that these have used, in ticks of the system."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total


def memory(pids: list[int]) -> int:
    """Memory of these in bytes, shared pages in proportion."""
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0) * 1024
    return total


def gone_within(pids: list[int], seconds: float) -> list[int]:
    """The processes that are still there after so many seconds."""
    until = time.monotonic() + seconds
    left = pids
    while left and time.monotonic() < until:
        left = [pid for pid in left if Path(f"/proc/{pid}").exists() and not _zombie(pid)]
        time.sleep(0.05)
    return left


def _zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture(scope="module")
def strict(untraced_env: dict[str, str]) -> dict[str, str]:
    """The environment of a service with a short deadline and little memory for each query, on the built dataset."""
    limits = {
        "SO2GRAPH_DEADLINE": str(DEADLINE),
        "SO2GRAPH_MAX_QUERY_MEGABYTES": str(CEILING // 1_000_000),
        "SO2GRAPH_LOG_REQUESTS": "no",
    }
    return untraced_env | limits


@pytest.fixture
def guest_house(strict: dict[str, str]) -> Iterator[Running]:
    """Such a service for one test, which may end it."""
    with serving(strict) as running:
        yield running


@pytest.fixture(scope="module")
def long_open(strict: dict[str, str]) -> Iterator[Running]:
    """Such a service that has seen every query of the tests before."""
    with serving(strict) as running:
        yield running


@pytest.fixture(scope="module")
def patient(untraced_env: dict[str, str]) -> Iterator[Running]:
    """A service where a query may take minutes, for all clients that leave: each finds it idle."""
    with serving(untraced_env | {"SO2GRAPH_LOG_REQUESTS": "no", "SO2GRAPH_DEADLINE": "300"}) as running:
        yield running


def _normal(url: str, seconds: float) -> list[float]:
    """A client that asks small questions, each another one; the seconds of each."""
    times, number = [], 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        number += 1
        got = ask(url, f"SELECT ?n {{ <https://w3id.org/so2graph/id/alescon> ?p ?n }} # {number}")
        assert (got.status, got.broken) == (200, False), got.body[:500]
        times.append(got.seconds)
        time.sleep(0.005)
    return times


def hostile(url: str, seconds: float, seed: int) -> list[tuple[str, Got]]:
    """A client in a process of its own that asks the worst, from a table made beforehand; what it got."""
    # Hostile clients sit elsewhere; here they take the processors that they share with the service last.
    give_way(0)
    forms = {name: urlencode({"query": query}) for name, query in HOSTILE.items()}
    names, rng = sorted(HOSTILE), random.Random(seed)
    found: list[tuple[str, Got]] = []
    rng.shuffle(names)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        name = names[len(found)] if len(found) < len(names) else rng.choice(names)
        got = ask(url, "", forms[name])
        found.append((name, replace(got, body=got.body[:1000])))
    return found


def _p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


def _in_time(name: str) -> float:
    """The seconds in which a hostile query is to be answered; what streams is also read by the client."""
    return DEADLINE + (2 if name in STREAMS else 1)


def _stood_still(stop: threading.Event, stalls: list[tuple[float, float]]) -> None:
    """Notes from when to when nothing ran here, not even who only wants to be woken up."""
    last = time.monotonic()
    while not stop.wait(0.02):
        now = time.monotonic()
        if now - last > 0.2:
            stalls.append((last, now))
        last = now


def _late(name: str, got: Got, stalls: list[tuple[float, float]]) -> str:
    """By how much an answer came too late, without the time that the machine stood still."""
    ended = got.started + got.seconds
    lost = sum(max(0.0, min(ended, until) - max(got.started, since)) for since, until in stalls)
    return f"{name}: {got.seconds:.2f} s, {lost:.2f} s of it lost" if got.seconds - lost > _in_time(name) else ""


def _fault(name: str, got: Got) -> str:
    """What is wrong with a hostile query's answer; nothing when it is a clean problem."""
    if name in STREAMS and got.status == 200 and got.broken:
        return ""  # Its first megabyte was there before its deadline: it breaks off, as every client can see.
    if got.status not in PROBLEMS or got.media_type != "application/problem+json" or got.broken:
        return f"{name}: {got.status} {got.media_type} {got.body[:200]!r}"
    problem = json.loads(got.body)
    return "" if problem["mend"] and problem["status"] == got.status else f"{name}: {problem}"


def test_hostile_clients_are_turned_away_and_nobody_notices(guest_house: Running) -> None:
    """Eight clients ask the worst; each answer is a problem in time, and a normal client goes on as before."""
    url, pid = guest_house.url, guest_house.process.pid
    _normal(url, 1)
    quiet = max(_p99(_normal(url, 2.5)) for _ in range(2))
    peaks = [0]
    stalls: list[tuple[float, float]] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            peaks.append(memory(family(pid)))
            time.sleep(0.2)

    watchers = [threading.Thread(target=watch), threading.Thread(target=_stood_still, args=(stop, stalls))]
    for watcher in watchers:
        watcher.start()
    with ProcessPoolExecutor(8, multiprocessing.get_context("spawn")) as pool:
        clients = [pool.submit(hostile, url, SECONDS, seed) for seed in range(8)]
        time.sleep(2)
        busy = min(_p99(_normal(url, (SECONDS - 2) / 3)) for _ in range(3))
        found = [row for client in clients for row in client.result()]
    stop.set()
    for watcher in watchers:
        watcher.join()
    assert {name for name, _ in found} == set(HOSTILE)
    assert not sorted({fault for name, got in found if (fault := _fault(name, got) or _late(name, got, stalls))})
    # Clients and service share the processors here: below 8 ms it is the scheduler that is measured. The worst are
    # asked all the time: who notices them does so in each third of it; who else is on the machine comes and goes.
    assert busy < 5 * max(0.008, quiet), f"p99 {busy * 1000:.1f} ms, quiet {quiet * 1000:.1f}"
    # Twelve queries may run at a time, each with its ceiling; the workers and the image take the rest.
    assert max(peaks) < 12 * CEILING + 500_000_000
    pids = family(pid)
    guest_house.process.send_signal(signal.SIGTERM)
    guest_house.process.wait(30)
    assert not gone_within(pids, 30)


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_each_hostile_query_gets_a_clean_problem(long_open: Running, name: str) -> None:
    """Also when it comes alone, to a service that had others before; afterwards the service answers at once."""

    def asked() -> float:
        got = ask(long_open.url, HOSTILE[name])
        assert not _fault(name, got)
        return got.seconds

    assert not within(_in_time(name), asked)
    after = ask(long_open.url, "ASK {}")
    assert (after.status, after.body.strip()) == (200, b"true")


class Spent:
    """The processor time that a service and all that came from it have used since, also what ended meanwhile."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seen: dict[int, int] = {}
        self._before = 0
        self._before = self.ticks()

    def ticks(self) -> int:
        """In ticks of the system, of which there are a hundred in a second."""
        self._seen |= {pid: cpu_ticks([pid]) or self._seen.get(pid, 0) for pid in family(self._pid)}
        return sum(self._seen.values()) - self._before

    def idle(self) -> bool:
        """Whether hardly any is used for a moment."""
        before = self.ticks()
        time.sleep(0.3)
        return self.ticks() - before <= 6


@pytest.mark.parametrize("query", [HOSTILE["cross product"], HOSTILE["rows without end"]], ids=["before", "while"])
@pytest.mark.parametrize("accept", ["text/csv", "text/html"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_client_that_leaves_ends_its_query(patient: Running, query: str, accept: str, method: str) -> None:
    """Before the first byte and while streaming: within a second the processor is idle again.

    A second of the processor, which is what a query takes that goes on: where the machine is busy otherwise, or
    stands still for a moment, it is more by the clock.
    """
    place = urlsplit(patient.url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
    body, path = urlencode({"query": query}), "/sparql"
    headers = {"Accept": accept, "Content-Type": "application/x-www-form-urlencoded"}
    assert patiently(Spent(patient.process.pid).idle), "what was before should be over"
    spent = Spent(patient.process.pid)
    connection.request(
        method, path if method == "POST" else f"{path}?{body}", body if method == "POST" else None, headers
    )
    time.sleep(1.2)
    if query == HOSTILE["cross product"]:
        assert patiently(lambda: spent.ticks() > 60), "the query should be at work"
    left = Spent(patient.process.pid)
    connection.close()
    if connection.sock is not None:
        connection.sock.close()
    # Where others leave it no processor a query is idle too, and there all the same.
    assert patiently(lambda: b"so2graph_queries_running 0.0" in _get(patient.url, "/-/metrics"))
    assert patiently(left.idle)
    assert left.ticks() < 100


def test_a_slow_client_costs_no_memory_and_a_million_rows_stay_small(big: Running) -> None:
    """A million rows pass through in less than 300 MB above what the service holds when idle."""
    pid = big.process.pid
    # Readers copy part of the image when they first look at it: that belongs to the image.
    _million(big, [])
    idle = memory(family(pid))
    peaks = [idle]
    _million(big, peaks)
    assert max(peaks) - idle < 300_000_000, f"{(max(peaks) - idle) / 1e6:.0f} MB above idle"


def _million(big: Running, peaks: list[int]) -> None:
    """Takes a million rows, at first slowly; notes how much memory the service has meanwhile."""
    place = urlsplit(big.url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
    query = f"SELECT * {{ ?s ?p ?o }} # {len(peaks)}"
    connection.request("GET", "/sparql?" + urlencode({"query": query}), headers={"Accept": "text/csv"})
    response = connection.getresponse()
    rows = pieces = 0
    while piece := response.read(262_144):
        rows += piece.count(b"\n")
        pieces += 1
        if pieces < 40:
            time.sleep(0.02)
        if peaks and pieces % 20 == 0:
            peaks.append(memory(family(big.process.pid)))
    connection.close()
    assert rows == 1_000_001


@pytest.fixture
def big(tmp_path: Path, untraced_env: dict[str, str]) -> Iterator[Running]:
    """A service on a million triples."""
    from benchmarks.synthetic import triples

    env = untraced_env | {"SO2GRAPH_DATA": str(tmp_path / "data"), "SO2GRAPH_LOG_REQUESTS": "no"}
    token = subprocess.run(
        [sys.executable, "-m", "so2graph", "token", "add", "t", "--role", "editor"],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    with serving(env, "--empty") as running:
        place = urlsplit(running.url)
        connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=120)
        body = "".join(triples(1_000_000)).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/n-triples"}
        connection.request("PUT", "/graph-store?default", body, headers)
        assert connection.getresponse().status in (200, 201, 204)
        connection.close()
        _settle(running.url)
        yield running


def _settle(url: str) -> None:
    """Waits until the one host there is has the generation in memory, and stays alone."""
    until, calm = time.monotonic() + 90, 0
    while calm < 5 and time.monotonic() < until:
        time.sleep(0.5)
        said = _get(url, "/-/metrics")
        calm = calm + 1 if b"so2graph_images 1.0" in said and b"so2graph_hosts 1.0" in said else 0
    assert calm == 5


def _get(url: str, path: str) -> bytes:
    place = urlsplit(url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
    connection.request("GET", path)
    body = connection.getresponse().read()
    connection.close()
    return body
