"""The running service over a real socket, asked by the tools that people use."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen
from xml.dom.minidom import Document

import pandas as pd
import pytest
import rdflib
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from rdflib.query import ResultRow
from SPARQLWrapper import CSV, JSON, POST, POSTDIRECTLY, TURTLE, XML, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

from so2graph.config import Settings
from so2graph.publish.build import build
from so2graph.registry import Bundle
from tests.turns import patiently

HUBS = "SELECT ?n { ?n a <https://w3id.org/so2graph/def#RegionalNetwork> } ORDER BY ?n"


@dataclass(frozen=True)
class Running:
    """A service that answers at `url`."""

    url: str
    process: subprocess.Popen[str]


@contextmanager
def serving(env: dict[str, str], *words: str) -> Iterator[Running]:
    """`so2graph serve` on a free port, until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "so2graph", "serve", "--port", "0", *words],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, f"no address in {line!r}"
        yield Running(found[0], process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


@pytest.fixture(scope="module")
def service(settings_env: dict[str, str]) -> Iterator[str]:
    """The URL of a running service on the built dataset."""
    with serving(settings_env) as running:
        yield running.url


@pytest.mark.parametrize("form", [JSON, XML, CSV, TURTLE], ids=["json", "xml", "csv", "turtle"])
@pytest.mark.parametrize("method", ["get", "post", "direct"])
def test_sparqlwrapper_gets_an_answer(service: str, form: str, method: str) -> None:
    """By GET, by form and directly; each result format converts."""
    wrapper = SPARQLWrapper(f"{service}sparql")
    wrapper.setQuery(
        HUBS if form != TURTLE else "CONSTRUCT { ?s ?p ?o } { ?s a <http://xmlns.com/foaf/0.1/Person> ; ?p ?o }"
    )
    wrapper.setReturnFormat(form)
    if method != "get":
        wrapper.setMethod(POST)
    if method == "direct":
        wrapper.setRequestMethod(POSTDIRECTLY)
    answer = wrapper.query().convert()
    if form == JSON:
        assert isinstance(answer, dict)
        found = [row["n"]["value"].rpartition("/")[2] for row in answer["results"]["bindings"]]
        assert found == ["so-netwerk-assen-drenthe", "so-netwerk-groningen"]
    elif form == XML:
        assert isinstance(answer, Document)
        assert len(answer.getElementsByTagName("result")) == 2
    else:
        assert isinstance(answer, bytes)
        if form == CSV:
            hubs = (f"https://w3id.org/so2graph/id/so-netwerk-{n}" for n in ("assen-drenthe", "groningen"))
            assert answer.decode().split() == ["n", *hubs]
        else:
            assert len(set(rdflib.Graph().parse(data=answer, format="turtle").subjects())) >= 5


def test_sparqlwrapper_is_told_where_the_syntax_error_is(service: str) -> None:
    """A 400 becomes its QueryBadFormed, with our line and column in it."""
    wrapper = SPARQLWrapper(f"{service}sparql")
    wrapper.setQuery("SELECT ?s { ?s ?p }")
    with pytest.raises(QueryBadFormed, match="line 1, column"):
        wrapper.query()


def test_rdflib_asks_through_its_sparql_store(service: str) -> None:
    """A remote graph of rdflib queries, counts and iterates."""
    graph = rdflib.Graph(SPARQLStore(f"{service}sparql", returnFormat="json"))
    rows = [row for row in graph.query(HUBS) if isinstance(row, ResultRow)]
    assert [str(row.n).rpartition("-")[2] for row in rows] == ["drenthe", "groningen"]
    person = rdflib.URIRef("http://xmlns.com/foaf/0.1/Person")
    assert len(list(graph.subjects(rdflib.RDF.type, person))) == 6


def test_pandas_reads_the_address_of_a_result(service: str) -> None:
    """`read_csv` of a stored query and of a query of one's own."""
    hubs = pd.read_csv(f"{service}sparql?query={quote(HUBS)}&format=csv")
    assert list(hubs.columns) == ["n"]
    assert len(hubs) == 2
    graphs = pd.read_csv(f"{service}queries/graphs.csv")
    assert graphs["triples"].sum() > 4000


def test_curl_gets_each_format_and_fails_on_an_error(service: str, tmp_path: Path) -> None:
    """By Accept; with --fail a bad query ends with an exit code that is not zero."""
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not on this machine")

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([curl, "-sS", *words], capture_output=True, text=True, check=False, timeout=60)

    got = call(f"{service}sparql", "--data-urlencode", f"query={HUBS}", "-H", "Accept: text/csv")
    assert got.stdout.split()[0] == "n"
    assert call("--fail", f"{service}sparql?query=SELEC").returncode == 22
    moved = call("-L", "-H", "Accept: text/turtle", f"{service}id/alescon")
    assert "Alescon" in moved.stdout
    assert rdflib.Graph().parse(data=moved.stdout, format="turtle")


def test_many_at_once_get_the_same_answer(service: str) -> None:
    """Sixty requests from eight callers: pages, queries and things, each whole."""
    paths = [
        "",
        "queries/hub-to-national.csv",
        f"sparql?query={quote(HUBS)}",
        "doc/alescon.ttl",
        "static/favicon.svg",
    ]

    def fetch(path: str) -> tuple[str, bytes]:
        with urlopen(service + path, timeout=30) as response:
            return path, response.read()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(fetch, paths * 12))
    assert len(set(answers)) == len(paths)


def test_a_new_generation_is_served_without_a_restart(tmp_path: Path, settings_env: dict[str, str]) -> None:
    """After a build in another process the next request sees the new data, in every worker."""
    copied = Path(shutil.copytree(Bundle.find("").root / "data", tmp_path / "data"))
    for folder in ("ontology", "queries"):
        shutil.copytree(Bundle.find("").root / folder, tmp_path / folder)
    bundle = Bundle(tmp_path, "https://w3id.org/so2graph/")
    settings = Settings.load({}, {"data": tmp_path / "generations"})
    build(bundle, settings)
    with serving(settings_env | settings.environment()) as running:
        with urlopen(f"{running.url}-/ready", timeout=30) as before:
            assert before.headers["SO2Graph-Generation"] == "1"
        notes = copied / "so2" / "editorial.trig"
        notes.write_text(
            notes.read_text(encoding="utf-8").replace("being developed", "in development"), encoding="utf-8"
        )
        build(bundle, settings)
        for _ in range(20):
            with urlopen(f"{running.url}-/ready", timeout=30) as after:
                assert after.headers["SO2Graph-Generation"] == "2"


def _children(pid: int) -> list[int]:
    done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in done.stdout.split()]


@pytest.mark.alone
def test_the_service_ends_with_all_its_workers(settings_env: dict[str, str]) -> None:
    """SIGTERM ends it with exit code 0, and no process of it is left."""
    if shutil.which("ps") is None:
        pytest.skip("ps is not on this machine")
    with serving(settings_env, "--workers", "3") as running:
        workers = _children(running.process.pid)
        assert len(workers) >= 3
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=30) == 0
    assert patiently(lambda: all(_is_zombie(pid) for pid in workers), 10), "a worker outlives the service"


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.alone
def test_a_stream_that_fails_half_way_reaches_the_client_as_a_failure(tmp_path: Path) -> None:
    """The server and bridge we chose break a failing stream, so that no client takes a part for the whole."""
    app = tmp_path / "failing.py"
    app.write_text(
        "from a2wsgi import WSGIMiddleware\n"
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [('Content-Type', 'text/plain')])\n"
        "    yield b'x' * 70000\n"
        "    raise RuntimeError('half-way')\n"
        "def create():\n"
        "    return WSGIMiddleware(app)\n"
    )
    script = (
        "import sys; from granian.constants import Interfaces; from granian.server import Server\n"
        "Server('failing:create', factory=True, interface=Interfaces.ASGINL, port=int(sys.argv[1]),"
        " websockets=False).serve()"
    )
    import http.client
    import socket
    import time

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(port)],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            try:
                connection.request("GET", "/")
                break
            except ConnectionRefusedError:
                assert time.monotonic() < deadline
                process.poll()
        response = connection.getresponse()
        assert response.status == 200
        with pytest.raises(http.client.IncompleteRead):
            response.read()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
