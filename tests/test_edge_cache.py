"""What is asked again comes from the edge's cache, without Flask and without a reader; never is it old."""

from __future__ import annotations

import asyncio
import http.client
import random
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from a2wsgi.wsgi_typing import Environ, StartResponse

from so2graph.config import Settings
from so2graph.engine.access import Access
from so2graph.engine.ask import Readers
from so2graph.registry import Bundle
from so2graph.web.edge import Edge
from tests.test_service import serving

pytestmark = pytest.mark.alone

QUERY = "/sparql?query=" + quote("SELECT ?n { ?n a so2:RegionalNetwork } ORDER BY ?n")


@contextmanager
def keeper(run: Path, settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A keeper of readers in the folder `run`."""
    words = [sys.executable, "-m", "so2graph.engine.keeper", str(run)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, env=settings.environment())
    try:
        yield process
    finally:
        process.communicate(timeout=20)


def _trap(environ: Environ, _start: StartResponse) -> Iterable[bytes]:
    raise AssertionError(f"Flask was asked for {environ['PATH_INFO']}")


async def _get(edge: Edge, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """One GET of the edge; waits for its end."""
    place, _, query = path.partition("?")
    pairs = [(b"host", b"x"), (b"accept", b"text/csv")]
    pairs += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    events: list[dict[str, Any]] = []
    silent = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await silent.wait()
        return {"type": "http.disconnect"}

    async def send(event: dict[str, Any]) -> None:
        events.append(event)

    scope = {"type": "http", "method": "GET", "path": place, "query_string": query.encode(), "headers": pairs}
    await edge(scope, receive, send)
    found = {name.decode(): value.decode() for name, value in events[0]["headers"]}
    return events[0]["status"], found, b"".join(event.get("body", b"") for event in events[1:])


def test_a_repeated_query_needs_neither_flask_nor_a_reader(
    settings: Settings, bundle: Bundle, tmp_path: Path
) -> None:
    """The second answer is the first one, though all readers are gone; so is 304; another query fails."""
    readers = Readers(tmp_path, settings)

    async def scene(process: subprocess.Popen[bytes]) -> None:
        edge = Edge(_trap, Access(settings, bundle), readers, settings)
        while not (tmp_path / "keeper.sock").exists():
            await asyncio.sleep(0.02)
        first = await _get(edge, QUERY)
        assert (first[0], first[2].count(b"\n")) == (200, 3)
        small = await _get(edge, QUERY, accept_encoding="gzip")
        process.kill()
        process.wait()
        await asyncio.sleep(0.3)
        for _ in range(3):
            again = await _get(edge, QUERY)
            assert (again[0], again[1]["etag"], again[2]) == (200, first[1]["etag"], first[2])
            assert (await _get(edge, QUERY, accept_encoding="gzip"))[2] == small[2]
        unchanged = await _get(edge, QUERY, if_none_match=first[1]["etag"])
        assert (unchanged[0], unchanged[1]["etag"], unchanged[2]) == (304, first[1]["etag"], b"")

    with keeper(tmp_path, settings) as process:
        asyncio.run(scene(process))


def test_many_ask_at_once_and_one_reader_works(settings: Settings, bundle: Bundle, tmp_path: Path) -> None:
    """Thirty clients ask the same slow question at once: it is answered once."""
    slow = "/sparql?query=" + quote("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER(STRLEN(STR(?a)) = 9999) }")

    async def scene() -> list[tuple[int, dict[str, str], bytes]]:
        edge = Edge(_trap, Access(settings, bundle), Readers(tmp_path, settings), settings)
        while not (tmp_path / "keeper.sock").exists():
            await asyncio.sleep(0.02)
        found = await asyncio.gather(*(_get(edge, slow) for _ in range(30)))
        assert len({answer[1]["server-timing"] for answer in found}) == 1
        return found

    with keeper(tmp_path, settings):
        answers = asyncio.run(scene())
    assert {(status, body) for status, _, body in answers} == {(200, b"n\r\n0\r\n")}


class Client:
    """A connection to a service that is kept open."""

    def __init__(self, url: str, token: str = "") -> None:
        place = urlsplit(url)
        self._connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=30)
        self._token = token
        self.tag = ""

    def write(self, number: int) -> None:
        """Makes `number` the one value of the graph."""
        gone = "DELETE WHERE { GRAPH <http://x/g> { ?s ?p ?o } }"
        text = f"{gone} ; INSERT DATA {{ GRAPH <http://x/g> {{ <x:s> <x:p> {number} }} }}"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Bearer {self._token}"}
        self._connection.request("POST", "/sparql", urlencode({"update": text}), headers)
        response = self._connection.getresponse()
        assert (response.status, bool(response.read())) == (200, True)

    def read(self, known: int | None, *, conditional: bool = False, path: str = "") -> int:
        """The value that a GET shows; 304 stands for the one that is known."""
        path = path or "/sparql?query=" + quote("SELECT ?o { <x:s> <x:p> ?o }")
        headers = {"Accept": "text/csv"} | ({"If-None-Match": self.tag} if conditional and self.tag else {})
        self._connection.request("GET", path, headers=headers)
        response = self._connection.getresponse()
        body = response.read()
        if response.status == 304:
            assert known is not None
            return known
        assert response.status == 200
        self.tag = response.headers["ETag"]
        return int(body.split()[1])


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, settings_env: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The URL of a service with an empty dataset, and an editor's token."""
    env = settings_env | {
        "SO2GRAPH_DATA": str(tmp_path_factory.mktemp("edge") / "data"),
        "SO2GRAPH_LOG_REQUESTS": "no",
    }
    words = [sys.executable, "-m", "so2graph", "token", "add", "t", "--role", "editor"]
    token = subprocess.run(words, env=env, capture_output=True, text=True, check=True).stdout.strip()
    with serving(env, "--empty") as running:
        yield running.url, token


@pytest.mark.parametrize("seed", range(3))
def test_after_a_write_nobody_sees_the_old_answer(service: tuple[str, str], seed: int) -> None:
    """Writes and reads in any order, by several clients, with and without If-None-Match, over both workers."""
    url, token = service
    rng, writer = random.Random(seed), Client(url, token)
    clients = [Client(url) for _ in range(6)]
    seen: dict[Client, int] = {}
    value = 1000 * seed
    writer.write(value)
    for _ in range(120):
        if rng.random() < 0.2:
            value += 1
            writer.write(value)
        client = rng.choice(clients)
        conditional = rng.random() < 0.5 and client in seen
        seen[client] = client.read(seen.get(client), conditional=conditional)
        assert seen[client] == value


def test_readers_beside_a_writer_never_go_back(service: tuple[str, str]) -> None:
    """What a read shows is at least what was acknowledged before it began, and at most what was asked."""
    url, token = service
    acknowledged = asked = 10_000
    writer = Client(url, token)
    writer.write(asked)
    stop, faults = threading.Event(), list[str]()

    def read() -> None:
        client = Client(url)
        while not stop.is_set():
            least = acknowledged
            found = client.read(None)
            if not least <= found <= asked:
                faults.append(f"{found} is not between {least} and {asked}")

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(25):
        asked += 1
        writer.write(asked)
        acknowledged = asked
    stop.set()
    for thread in threads:
        thread.join()
    assert not faults
