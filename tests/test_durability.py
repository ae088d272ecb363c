"""Whatever is killed, and when: what was acknowledged is there, nothing is half there, and the service is back."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tests.test_guests import family, gone_within
from tests.test_service import Running, serving
from tests.turns import patiently, within

pytestmark = pytest.mark.alone

WRITES, KILLS = 200, 20
PARTS = 3
"""Triples of one write: all of them are there, or none."""
BACK = 2.0
"""Seconds after a kill until the service answers again."""


def _ask(url: str, path: str, body: str, token: str = "", timeout: float = 30) -> tuple[int, bytes]:
    """Posts a form; status 0 when there was no whole answer."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=timeout)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/csv"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def _rows(url: str, query: str) -> list[str] | None:
    status, body = _ask(url, "/sparql", urlencode({"query": query}))
    return body.decode().split()[1:] if status == 200 else None


def _insert(number: int) -> str:
    triples = " ".join(f"<http://x/w{number}> <http://x/part> {part} ." for part in range(PARTS))
    return f"INSERT DATA {{ GRAPH <http://x/g> {{ {triples} }} }}"


COUNTS = "SELECT ?n (COUNT(*) AS ?parts) { GRAPH <http://x/g> { ?s <http://x/part> ?o } } GROUP BY (STR(?s) AS ?n)"
"""The parts of each write, by the graph it went to."""
MERGED = "SELECT ?n (COUNT(*) AS ?parts) { ?s <http://x/part> ?o } GROUP BY (STR(?s) AS ?n)"
"""The same by the merge of all facts."""


def _whole(url: str, query: str) -> set[int]:
    """The writes that are there; each must be whole."""
    rows = _rows(url, query)
    assert rows is not None, "the service should answer"
    found = dict(row.split(",") for row in rows)
    assert set(found.values()) <= {str(PARTS)}, "a write is half there"
    return {int(name.rpartition("/w")[2]) for name in found}


def _back_after(url: str) -> float:
    """Seconds until the service answers a query."""
    started = time.monotonic()
    assert patiently(lambda: _ask(url, "/sparql", urlencode({"query": "ASK {}"}), timeout=3)[0] == 200)
    return time.monotonic() - started


@pytest.fixture
def house(tmp_path: Path, untraced_env: dict[str, str]) -> dict[str, str]:
    """The environment of a service on an empty folder."""
    return untraced_env | {"SO2GRAPH_DATA": str(tmp_path / "data"), "SO2GRAPH_LOG_REQUESTS": "no"}


@pytest.fixture
def token(house: dict[str, str]) -> str:
    """An editor's token."""
    words = [sys.executable, "-m", "so2graph", "token", "add", "t", "--role", "editor"]
    return subprocess.run(words, env=house, capture_output=True, text=True, check=True).stdout.strip()


def _kill_now_and_then(pid: int, stop: threading.Event, acknowledged: set[int], killed: list[str]) -> None:
    """Kills one child or grandchild of the service after the other: workers, keeper, hosts, readers, writers.

    Every other time it lets the service come back first and acknowledge some writes, however long that takes.
    """
    rng = random.Random(11)
    while not stop.is_set():
        time.sleep(rng.uniform(0.05, 0.4))
        if len(killed) % 2:
            more = len(acknowledged) + rng.randrange(2, 8)
            patiently(lambda more=more: stop.is_set() or len(acknowledged) >= more)  # type: ignore[misc]  # its default
        found = family(pid)[1:]
        if not found:
            continue
        victim = rng.choice(found)
        try:
            name = Path(f"/proc/{victim}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            os.kill(victim, signal.SIGKILL)
        except OSError:
            continue
        killed.append("keeper or its children" if "keeper" in name else "worker")


def test_kill_at_random_moments_loses_nothing(house: dict[str, str], token: str) -> None:
    """200 writes with reads beside them, while all kinds of processes are killed; then the whole service is, too.

    It starts again in about the time that it takes to start: no repair is needed, and none is made.
    """
    acknowledged: set[int] = set()
    asked: set[int] = set()
    killed: list[str] = []
    began = time.monotonic()
    with serving(house, "--empty") as running:
        first = time.monotonic() - began
        stop = threading.Event()
        killer = threading.Thread(target=_kill_now_and_then, args=(running.process.pid, stop, acknowledged, killed))
        killer.start()
        try:
            _write_and_read(running, token, asked, acknowledged, killed)
        finally:
            stop.set()
            killer.join()
        _back_after(running.url)
        there = _whole(running.url, COUNTS)
        assert acknowledged <= there <= asked
        assert _whole(running.url, MERGED) == there
        pids = family(running.process.pid)
        running.process.send_signal(signal.SIGKILL)
        running.process.wait()
        assert not gone_within(pids, 30)
    began = time.monotonic()
    with serving(house, "--empty") as again:
        assert time.monotonic() - began < 2 * first + BACK
        assert _whole(again.url, COUNTS) == there


def _write_and_read(running: Running, token: str, asked: set[int], acknowledged: set[int], killed: list[str]) -> None:
    """Goes on until enough is written, acknowledged and killed; a quick machine writes more for that."""
    for number in count():
        if number >= WRITES and len(acknowledged) > WRITES / 3 and len(killed) > KILLS:
            break
        assert number < 10 * WRITES, "it should come back after each kill"
        asked.add(number)
        status, body = _ask(running.url, "/sparql", urlencode({"update": _insert(number)}), token)
        if status == 200:
            assert json.loads(body)["generation"] > 0
            acknowledged.add(number)
        elif status == 0:
            time.sleep(0.1)
        rows = _rows(running.url, f"SELECT ?o {{ <http://x/w{number}> <http://x/part> ?o }}")
        if rows is not None and status == 200:
            assert len(rows) == PARTS, "an acknowledged write should be seen by the next request"
        if rows is not None:
            assert len(rows) in (0, PARTS)


@pytest.mark.parametrize("which", ["worker", "keeper", "host", "reader"])
def test_the_service_answers_within_two_seconds_of_a_kill(untraced_env: dict[str, str], which: str) -> None:
    """Each kind of process by itself; where the whole service takes longer to start, so may a part of it."""
    began = time.monotonic()
    with serving(untraced_env | {"SO2GRAPH_LOG_REQUESTS": "no"}) as running:
        first = time.monotonic() - began
        assert not within(max(BACK, first), lambda: _killed(running, which))
        assert _rows(running.url, "SELECT ?n { ?n a so2:RegionalNetwork }")


def _killed(running: Running, which: str) -> float:
    """Kills all processes of a kind; the seconds until the service answers."""
    victims: list[int] = []

    def there() -> bool:
        top = running.process.pid
        keepers = [pid for pid in _children(top) if b"keeper" in _command(pid)]
        hosts = [host for keeper in keepers for host in _children(keeper)]
        victims[:] = {
            "worker": [pid for pid in _children(top) if b"spawn_main" in _command(pid)],
            "keeper": keepers,
            "host": hosts,
            "reader": [reader for host in hosts for reader in _children(host)],
        }[which]
        return bool(victims)

    assert patiently(there)
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    return _back_after(running.url)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _children(pid: int) -> Iterator[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    yield from map(int, found.stdout.split())
