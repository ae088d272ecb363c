"""What a hostile or unlucky client, user or machine has done to the service once, and may not do again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import pytest
from flask.testing import FlaskClient

from so2graph.config import Settings
from so2graph.engine.access import Access
from so2graph.engine.guard import guard
from so2graph.errors import QueryTooComplex, ResultTooLarge, So2Error
from so2graph.publish.build import build
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE
from so2graph.web.app import create_app
from tests.test_service import _children, _is_zombie, serving
from tests.turns import patiently

BROWSER = {"Accept": "text/html"}
DEEP = {
    "groups": "SELECT * " + "{" * 3000 + "}" * 3000,
    "brackets": "ASK { FILTER(" + "(" * 20000 + "1" + ")" * 20001 + "}",
    "not": "ASK { FILTER(" + "!" * 20000 + "true) }",
    "sums": "ASK { FILTER(" + "1+" * 20000 + "1) }",
    "or": "ASK { FILTER(" + "true||" * 20000 + "true) }",
    "unions": "SELECT * { {} " + "UNION {} " * 20000 + "}",
    "minus": "SELECT * { " + "MINUS {} " * 4000 + "}",
    "binds": "SELECT * { " + "".join(f"BIND(1 AS ?v{i}) " for i in range(4000)) + "}",
    "path": "SELECT * { ?s " + "a/" * 20000 + "a ?o }",
    "choices": "SELECT * { ?s " + "a|" * 20000 + "a ?o }",
    "patterns": "SELECT * { " + "?s ?p ?o . " * 4000 + "}",
    "values": "SELECT * { " + "VALUES ?x { 1 } " * 4000 + "}",
}


@pytest.fixture(scope="module")
def service(settings_env: dict[str, str]) -> Iterator[str]:
    with serving(settings_env) as running:
        yield running.url


@pytest.mark.parametrize("name", DEEP)
def test_nesting_and_repetition_are_refused_before_the_engine_sees_them(name: str) -> None:
    """Each of these overflowed the engine's stack, and with it ended the process."""
    with pytest.raises(QueryTooComplex) as caught:
        guard(DEEP[name], max_bytes=1_000_000)
    assert "max_query_" in caught.value.mend
    assert "line" in caught.value.members


def test_a_service_outlives_a_row_of_deep_queries(service: str) -> None:
    """Every one of them gets a problem document, and the next client an answer."""
    for text in [*DEEP.values()] * 2:
        request = Request(
            f"{service}sparql", data=text.encode(), headers={"Content-Type": "application/sparql-query"}
        )
        with pytest.raises(HTTPError) as caught:
            urlopen(request, timeout=30)
        assert caught.value.code == 400
        caught.value.close()
    with urlopen(f"{service}-/ready", timeout=30) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("setting", "inside", "beyond"),
    [
        ("max_query_depth", "ASK { { {} } }", "ASK { { { {} } } }"),
        ("max_query_operators", "ASK { FILTER(1+1=2) FILTER(true) }", "ASK { FILTER(1+1+1=3) FILTER(true) }"),
        (
            "max_query_patterns",
            "ASK { ?a ?b ?c . ?d ?e ?f ; ?g ?h . }",
            "ASK { ?a ?b ?c . ?d ?e ?f ; ?g ?h . ?i ?j ?k . }",
        ),
    ],
)
def test_each_limit_holds_at_its_edge_and_one_past_it(
    settings: Settings, bundle: Bundle, setting: str, inside: str, beyond: str
) -> None:
    """The setting is the largest number that is taken; 3 in each case."""
    session = Access(Settings.load(settings.environment(), {setting: 3}), bundle).session()
    session.query(inside)
    with pytest.raises(QueryTooComplex, match="more than 3"):
        session.query(beyond)


def test_the_rows_of_values_are_data_and_count_for_nothing() -> None:
    """A thousand negative numbers and IRIs in VALUES are no operators."""
    rows = " ".join(f"(-{i} <http://x/a#b>)" for i in range(1000))
    guard(f"BASE <http://x/> SELECT * {{ VALUES (?x ?y) {{ {rows} (<#a> <#b>) }} }}", max_bytes=1_000_000)


@pytest.mark.alone
@pytest.mark.parametrize(
    "text",
    ["a." * 400_000, "a-." * 300_000, r'"\u0041" ' * 100_000, r"\u0041" * 150_000, "'''" * 300_000, "_:a." * 250_000],
    ids=["dots", "hyphens", "escapes in strings", "escapes", "quotation marks", "blank nodes"],
)
def test_the_guard_takes_time_in_proportion_to_the_text(text: str) -> None:
    """Ten times the text takes about ten times as long: a ratio in one run, with room for a busy machine."""

    def seconds(part: str) -> float:
        start = time.process_time()
        with pytest.raises(So2Error):
            guard(part, max_bytes=2_000_000, max_patterns=10**9, max_operators=10**9)
        return time.process_time() - start

    small = min(seconds(text[: len(text) // 10]) for _ in range(3))
    assert seconds(text) < 40 * small + 0.2


def test_pages_answer_while_every_place_for_queries_is_taken(settings: Settings, bundle: Bundle) -> None:
    """A query beyond the last place is told to come back; a page is not kept waiting by it."""
    app = create_app(Settings.load(settings.environment(), {"threads": 3}), bundle)
    slots = app.extensions["so2graph-slots"]
    assert slots.acquire(blocking=False)
    assert not slots.acquire(blocking=False), "three threads leave one place for queries"
    client = app.test_client()
    assert client.get("/-/ready").status_code == 200
    busy = client.get("/sparql?query=ASK{}")
    assert busy.status_code == 503
    assert busy.headers["Retry-After"]
    slots.release()
    for _ in range(3):
        assert client.get("/sparql?query=ASK{}").status_code == 200


@pytest.mark.alone
def test_workers_end_when_their_parent_is_killed(settings_env: dict[str, str]) -> None:
    """kill -9 of the main process leaves no worker behind that would hold the port."""
    if shutil.which("ps") is None:
        pytest.skip("ps is not on this machine")
    with serving(settings_env) as running:
        workers = _children(running.process.pid)
        running.process.kill()
        running.process.wait(timeout=30)
        assert patiently(lambda: all(not Path(f"/proc/{pid}").exists() or _is_zombie(pid) for pid in workers))


@pytest.mark.alone
def test_a_service_whose_workers_are_killed_again_and_again_comes_back(settings_env: dict[str, str]) -> None:
    """The server gives up after a row of dead workers; so2graph starts it anew."""
    if shutil.which("ps") is None:
        pytest.skip("ps is not on this machine")
    with serving(settings_env, "--workers", "1") as running:
        for _ in range(3):
            for pid in _children(running.process.pid):
                os.kill(pid, signal.SIGKILL)
            assert _answers(f"{running.url}-/health"), "the service did not come back"
        assert running.process.poll() is None


def _answers(url: str) -> bool:
    def answers() -> bool:
        with suppress(OSError), urlopen(url, timeout=30) as answer:
            return bool(answer.status == 200)
        return False

    return patiently(answers)


def test_a_chunked_body_is_read(service: str) -> None:
    """A client that does not know the length beforehand may send a query all the same."""
    connection = HTTPConnection(urlsplit(service).netloc, timeout=30)
    connection.request(
        "POST",
        "/sparql",
        body=iter([b"ASK ", b"{}"]),
        headers={"Content-Type": "application/sparql-query", "Accept": "application/json"},
        encode_chunked=True,
    )
    response = connection.getresponse()
    assert (response.status, b'"boolean":true' in response.read()) == (200, True)
    connection.close()


@pytest.mark.alone
def test_a_chunked_body_beyond_the_limit_is_not_kept(service: str) -> None:
    """Twenty megabytes without a length are refused, not gathered."""
    connection = HTTPConnection(urlsplit(service).netloc, timeout=60)
    try:
        connection.request(
            "POST",
            "/sparql",
            body=(b"#" * 100_000 for _ in range(200)),
            headers={"Content-Type": "application/sparql-query"},
            encode_chunked=True,
        )
        assert connection.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused before all of it was sent
    finally:
        connection.close()
    assert _answers(f"{service}-/health")


WRONG_ONCE = [
    ("/sparql?query=SELECT(%22%FF%22%20AS%20?x){}", {}, 400),
    ("/queries/hub-to-national.csv?language=nl&language=en", {}, 400),
    ("/queries/hub-to-national?format=csv&format=json", {}, 400),
    ("/queries/" + "a" * 5000, {}, 404),
    ("/doc/" + "a%20" * 5000, {}, 404),
    ("/sparql?query=SELECT(%3Chttp://x/f%3E(1)%20AS%20?x){}", {}, 400),
    ("/sparql?query=SELECT(xsd:foo(1)%20AS%20?x){}&format=html", {}, 400),
    ("/sparql?query=" + quote('CONSTRUCT {<x:a> <http://x/1> "x"} WHERE {}') + "&format=rdfxml", {}, 406),
    ("/sparql?query=" + quote('SELECT ("\\u0001" AS ?x) {}') + "&format=xml", {}, 406),
    ("/sparql?query=" + quote('CONSTRUCT {<x:a> <x:b> "\\u0001"} WHERE {}') + "&format=rdfxml", {}, 406),
    ("/sparql?query=" + quote('SELECT ("\\u0001" AS ?x) {}') + "&format=json", {}, 200),
    ("/sparql?query=ASK{}", {"Accept": "text/csv;charset=utf-8"}, 200),
    ("/doc/alescon", {"Accept": "text/turtle;charset=utf-8"}, 200),
    ("/sparql?query=ASK{}", {"Accept": "text/csv;header=present, image/png"}, 200),
    ("/sparql?format=html", {}, 200),
    ("/id//x", {}, 404),
]


@pytest.mark.alone
@pytest.mark.parametrize(("path", "headers", "status"), WRONG_ONCE, ids=lambda value: str(value)[:60])
def test_what_was_once_answered_wrongly_has_its_right_status(
    client: FlaskClient, path: str, headers: dict[str, str], status: int
) -> None:
    """Neither a 500 nor a wrong 200, in reasonable time and length."""
    start = time.process_time()
    response = client.get(path, headers=headers, follow_redirects=path.startswith("/id"))
    assert response.status_code == status
    assert time.process_time() - start < 5
    if status >= 400:
        assert len(response.data) < 3000


@pytest.mark.parametrize("beside", ["default-graph-uri=http://x/", "query=ASK{}", "named-graph-uri=http://x/"])
def test_parameters_beside_a_form_are_refused_and_not_ignored(client: FlaskClient, beside: str) -> None:
    """To answer from another dataset than the one named would be a wrong answer."""
    assert client.post(f"/sparql?{beside}", data={"query": "ASK {}"}).status_code == 400


def test_a_compressed_body_is_not_taken_for_text(client: FlaskClient) -> None:
    """415, as RFC 9110 (8.4) asks for a coding that is not read."""
    response = client.post(
        "/sparql", data=b"\x1f\x8b", content_type="application/sparql-query", headers={"Content-Encoding": "gzip"}
    )
    assert response.status_code == 415


def test_the_downloads_of_a_page_ask_the_same_dataset(client: FlaskClient) -> None:
    """A page of a query with graph parameters links to files with the same parameters, and keeps them in its form."""
    everything = quote(f"{CANONICAL_BASE}graph/all", safe="")
    query = quote("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    path = f"/sparql?query={query}&default-graph-uri={everything}"
    html = client.get(path, headers=BROWSER).get_data(as_text=True)
    links = [part.split('"')[0].replace("&amp;", "&") for part in html.split('href="/sparql?query=')[1:]]
    link = next(link for link in links if link.endswith("&format=json"))
    counted = client.get(f"/sparql?query={link}").get_json(force=True)["results"]["bindings"][0]["n"]["value"]
    assert f"<td>{counted}</td>" in html
    assert 'type="hidden" name="default-graph-uri"' in html


def test_special_characters_of_a_thing_survive_its_redirect(client: FlaskClient) -> None:
    """A question mark or hash in a name is part of the name."""
    assert client.get("/id/a%3Fb%23c").headers["Location"] == "/doc/a%3Fb%23c"


def test_a_link_of_the_data_never_leads_to_another_host(client: FlaskClient) -> None:
    """An IRI below our base whose path begins with slashes stays on this host."""
    query = quote(f"SELECT (<{CANONICAL_BASE}//evil.example/x> AS ?x) {{}}")
    assert 'href="//' not in client.get(f"/sparql?query={query}", headers=BROWSER).get_data(as_text=True)


def test_derived_graphs_count_for_the_limit_of_a_merge(settings: Settings, bundle: Bundle) -> None:
    """FROM graph/all with another graph copies all of it, and the limit knows."""
    small = Settings.load(settings.environment(), {"max_merge_triples": 1000})
    session = Access(small, bundle).session()
    with pytest.raises(ResultTooLarge, match="limit is 1000"):
        session.query("SELECT * FROM g:all FROM g:facts { ?s ?p ?o }")


def test_a_private_graph_shows_no_count(settings: Settings, bundle: Bundle) -> None:
    """The size of the contact graph is in no total, and its checksum and counts are in no catalogue."""
    private = create_app(replace(settings, contact="private"), bundle).test_client()
    public = create_app(settings, bundle).test_client()
    hidden = private.get("/-/ready").get_json()["triples"]
    assert hidden < public.get("/-/ready").get_json()["triples"]
    assert f">{hidden}<" in private.get("/", headers=BROWSER).get_data(as_text=True)
    text = quote(
        f"ASK {{ GRAPH g:catalog {{ <{CANONICAL_BASE}graph/so2/contact> void:triples|dcat:distribution ?x }} }}"
    )
    assert public.get(f"/sparql?query={text}").get_json(force=True)["boolean"] is False


def test_a_damaged_generation_is_said_and_mended_by_a_build(
    tmp_path: Path, bundle: Bundle, settings_env: dict[str, str]
) -> None:
    """`serve` does not wait for what never comes; `build` makes a new generation beside the damaged one."""
    for folder in ("data", "ontology"):
        # Without shapes and checks, which take longer than all else and have tests of their own.
        shutil.copytree(bundle.root / folder, tmp_path / "plain" / folder, ignore=shutil.ignore_patterns("shapes"))
    bundle = Bundle(tmp_path / "plain", CANONICAL_BASE)
    settings = Settings.load({}, {"data": tmp_path / "data"})
    build(bundle, settings)
    for damage in ("store/CURRENT", "generation.json"):
        number = int((settings.data / "current").read_text())
        (settings.data / "generations" / f"{number:06d}" / damage).write_text("nonsense")
        done = subprocess.run(
            [sys.executable, "-m", "so2graph", "serve", "--port", "0", "--data", str(settings.data)],
            env=settings_env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 6
        assert "Traceback" not in done.stderr
        assert build(bundle, settings).manifest.number == number + 1
    (settings.data / "current").write_text("99\n")
    assert build(bundle, settings).new


def run(env: dict[str, str], *words: str, cwd: Path, shell: str = "") -> subprocess.CompletedProcess[str]:
    """A command, or with `shell` what a shell makes of it."""
    command = [sys.executable, "-m", "so2graph", *words]
    if shell:
        command = ["bash", "-c", f'"$0" -m so2graph "$@" {shell}', sys.executable, *words]
    return subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("words", "shell", "code"),
    [
        (("export", "-o", "missing/folder/x.ttl"), "", 6),
        (("export", "-o", "n" * 300), "", 6),
        (("export",), "> /dev/full", 6),
        (("stats",), "> /dev/full", 6),
        (("export",), "| head -1 > /dev/null; exit ${PIPESTATUS[0]}", 0),
        (("query", "graphs", "-o", "table.txt"), "", 2),
        (("query", "q" * 300), "", 4),
        (("query", "Modalities"), "", 0),
        (("query", "-"), "< <(printf 'ASK { \\xff }')", 2),
        (("path", "senl", "senl"), "", 2),
        (("stats", "--data", ""), "", 2),
        (("stats", "--data", "d" * 300), "", 6),
        (("settings", "--workers", "1_0"), "", 2),
        (("stats", "--base", "http://a\nb/"), "", 2),
        (("stats", "--base", "http://other.example/"), "", 2),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, tuple) else "",
)
def test_a_command_in_trouble_says_so_without_a_traceback(
    settings_env: dict[str, str], tmp_path: Path, words: tuple[str, ...], shell: str, code: int
) -> None:
    """The exit code is one of the table, and nothing is left behind."""
    done = run(settings_env, *words, cwd=tmp_path, shell=shell)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_an_output_that_is_no_file_is_written_and_not_replaced(settings_env: dict[str, str], tmp_path: Path) -> None:
    """A link is followed, and a device stays what it is."""
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.write_text("old")
    link.symlink_to(target)
    assert run(settings_env, "query", "graphs", "-f", "csv", "-o", "link.csv", cwd=tmp_path).returncode == 0
    assert link.is_symlink()
    assert "graph/so2/stated" in target.read_text()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True)
    assert run(settings_env, "query", "graphs", "-f", "csv", "-o", "pipe", cwd=tmp_path).returncode == 0
    assert "graph/so2/stated" in reader.communicate(timeout=30)[0]
    assert pipe.is_fifo()


def test_a_table_shows_values_as_they_are(settings_env: dict[str, str], tmp_path: Path) -> None:
    """No markup, no pictures for words between colons, and no escape sequence reaches the terminal."""
    text = r"""SELECT ("a\\[red]b[/] :heart: \u001b[31m" AS ?x) {}"""
    done = run(settings_env, "query", text, cwd=tmp_path)
    assert r"a\[red]b[/] :heart: \x1b[31m" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_terminal_without_unicode_still_gets_an_answer(settings_env: dict[str, str], tmp_path: Path) -> None:
    """Arrows and dashes become question marks where the encoding has none."""
    done = run(settings_env | {"PYTHONIOENCODING": "ascii"}, "query", "hub-to-national", cwd=tmp_path)
    assert done.returncode == 0
    assert "no path" in done.stdout


@pytest.mark.parametrize("name", ["data/so2/planned.trig", "queries/checks/d07.rq", "ontology/prefixes.tsv"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, bundle: Bundle, name: str) -> None:
    """Bytes that are no UTF-8, a check that is no query, a prefix without its namespace: each names its file."""
    for folder in ("data", "ontology", "queries"):
        shutil.copytree(bundle.root / folder, tmp_path / folder)
    path = tmp_path / name
    if path.suffix == ".trig":
        path.write_bytes(path.read_bytes() + b"# \xff\n")
    elif path.suffix == ".tsv":
        path.write_text(path.read_text(encoding="utf-8") + "nothing\n", encoding="utf-8")
    else:
        path.write_text("#+ message: {nl: x, en: x}\n#+ mend: {nl: x, en: x}\nSELECT ?focus {\n", encoding="utf-8")
    with pytest.raises(So2Error) as caught:
        build(Bundle(tmp_path, CANONICAL_BASE), Settings.load({}, {"data": tmp_path / "built"}))
    assert path.name in str(caught.value)
    assert not (tmp_path / "built" / "current").exists()


def test_a_query_reaches_nobody(client: FlaskClient) -> None:
    """A listener on this machine gets no connection from any spelling of SERVICE and LOAD."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        listener.settimeout(0.5)
        for text in (
            f"SELECT * {{ SERVICE <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }}",
            f"SELECT * {{ SERVICESILENT<http://127.0.0.1:{port}/>{{ ?s ?p ?o }} }}",
            f"PREFIX : <http://127.0.0.1:{port}/> SELECT * {{ ?s ?p trueSERVICE:y{{ ?a ?b ?c }} }}",
            f"LOAD <http://127.0.0.1:{port}/>",
            f"SELECT * FROM <http://127.0.0.1:{port}/> {{ ?s ?p ?o }}",
        ):
            assert client.get(f"/sparql?query={quote(text)}").status_code in (400, 403)
        with pytest.raises(TimeoutError):
            listener.accept()
