"""Who may change what over HTTP: without tokens, with one that may not read, with one for a single graph.

`Rights` and `Answer` are those of `test_rights`, so that nothing private is shown when a test fails.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from so2graph.config import Settings
from tests.test_rights import (
    ABSENT,
    GRAPHS,
    INSERT,
    MINE,
    PRIVATE,
    ROUTES,
    SEEN,
    TURTLE,
    Answer,
    Rights,
    clean,
    guarded,
    stored,
)
from tests.test_service import serving
from tests.turns import patiently

PUBLIC, OTHER, STATED = "http://example.org/public", "http://example.org/other", f"{GRAPHS}so2/stated"
HEAVY = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?a ?b ?c } GRAPH ?h { ?d ?e ?f } GRAPH ?i { ?j ?k ?l } }"
TRIPLE, ALL = "<urn:a> <urn:b> <urn:c>", "?s ?p ?o"


@pytest.fixture(scope="module")
def rights(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Iterator[Rights]:
    """A service on a copy of the built dataset."""
    folder = tmp_path_factory.mktemp("rights") / "data"
    shutil.copytree(settings.data, folder)
    with guarded(folder) as made:
        yield made


@pytest.fixture
def doomed(tmp_path: Path, settings: Settings) -> Iterator[Rights]:
    """Another one, to be emptied."""
    shutil.copytree(settings.data, tmp_path / "data")
    with guarded(tmp_path / "data") as made:
        yield made


def token(env: dict[str, str], *words: str) -> str:
    """What `so2graph token …` prints."""
    command = [sys.executable, "-m", "so2graph", "token", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def problem(answer: Answer) -> str:
    """The status, with the type of the problem where there is one."""
    return str(answer.status) if answer.status < 400 else f"{answer.status} {answer.problem}"


# Without a token, and with one that was taken back


def test_nothing_is_written_while_nobody_has_a_token(tmp_path: Path) -> None:
    """403 for all that would write, with a way to make a token; reading the running queries takes one."""
    env = clean()
    with serving(env, "--empty", "--data", str(tmp_path / "data")) as running:
        fresh = Rights(running.url, "", env, {"unknown": "Bearer so2_unknown"})
        before = fresh.generation()
        for name, (path, statuses, *content) in ROUTES.items():
            for method in (item.partition("=")[0] for item in statuses.split() if item.endswith("!")):
                body, headers = (content[1], {"Content_Type": content[0]}) if content else (None, {})
                answer = fresh.send(method, path, "none", body, **headers)
                assert fresh.send(method, path, "unknown", body, **headers).status == 401, name
                if "running" in name:
                    assert answer.status == 401, (name, method)
                    continue
                assert (answer.status, answer.problem) == (403, "refused"), (name, method)
                assert "so2graph token add" in json.loads(answer.body)["mend"], (name, method)
        assert fresh.generation() == before


@pytest.mark.alone
def test_editors_see_and_stop_what_runs(rights: Rights) -> None:
    """A query that takes long is listed for an editor, who ends it; its client is told."""
    ended: list[Answer] = []
    client = threading.Thread(target=lambda: ended.append(rights.ask(HEAVY)))
    client.start()
    running: list[str] = []

    def runs() -> bool:
        rows = json.loads(rights.send("GET", "/queries-running", "editor").body)["running"]
        running[:] = [row["id"] for row in rows if row["query"] == HEAVY]
        return bool(running)

    assert patiently(runs)
    assert len(running) == 1
    for who, status in (("none", 401), ("unknown", 401), ("reader", 403)):
        assert rights.send("GET", "/queries-running", who).status == status
        assert rights.send("DELETE", f"/queries-running/{running[0]}", who).status == status
    assert not ended, "it was stopped by somebody who may not"
    assert rights.send("DELETE", f"/queries-running/{running[0]}", "editor").status == 204
    client.join(20)
    assert [(answer.status, answer.problem) for answer in ended] == [(503, "query-stopped")]
    assert rights.send("DELETE", f"/queries-running/{running[0]}", "editor").status == 404


def test_a_token_that_is_taken_back_is_of_no_use(rights: Rights) -> None:
    """At the next request, for reading and for writing, also where the answer is in a cache."""
    rights.keys["leaver"] = f"Bearer {token(rights.env, 'add', 'leaver', '--role', 'editor', '--data', rights.data)}"
    answers = [rights.send("GET", path, "leaver") for path in SEEN.values() for _ in range(3)]
    assert [(answer.status, rights.leaked(answer)) for answer in answers] == [(200, True)] * len(answers)
    token(rights.env, "remove", "leaver", "--data", rights.data)
    before = rights.generation()
    answers = [rights.send("GET", path, "leaver") for path in SEEN.values() for _ in range(3)]
    answers += [rights.update(INSERT, "leaver"), rights.send("PUT", stored(MINE), "leaver", TURTLE[1])]
    assert [(answer.status, rights.leaked(answer)) for answer in answers] == [(401, False)] * len(answers)
    assert rights.generation() == before


# The token of an editor who may not read the private graph

BLIND = {
    "insert where graph": (f"INSERT {{ GRAPH <{{t}}> {{ {ALL} }} }} WHERE {{ GRAPH <{{g}}> {{ {ALL} }} }}", "200"),
    "insert where any graph": (
        "INSERT { GRAPH <{t}> { ?s <urn:m> ?o } } WHERE { GRAPH ?g { ?s vcard:hasEmail ?o } }",
        "200",
    ),
    "insert where values": (
        f"INSERT {{ GRAPH <{{t}}> {{ {ALL} }} }} WHERE {{ VALUES ?g {{ <{{g}}> }} GRAPH ?g {{ {ALL} }} }}",
        "200",
    ),
    "insert where exists": (
        "INSERT { GRAPH <{t}> { ?x <urn:has> 1 } } WHERE { ?x a foaf:Person "
        "FILTER EXISTS { GRAPH <{g}> { ?x vcard:hasEmail ?o } } }",
        "200",
    ),
    "insert a count": (
        f"INSERT {{ GRAPH <{{t}}> {{ <urn:a> <urn:n> ?n }} }} WHERE {{ "
        f"SELECT (COUNT(?s) AS ?n) {{ GRAPH <{{g}}> {{ {ALL} }} }} HAVING(?n > 0) }}",
        "200",
    ),
    "using": (f"INSERT {{ GRAPH <{{t}}> {{ {ALL} }} }} USING <{{g}}> WHERE {{ {ALL} }}", "200"),
    "using named": (
        f"INSERT {{ GRAPH <{{t}}> {{ {ALL} }} }} USING NAMED <{{g}}> WHERE {{ GRAPH ?g {{ {ALL} }} }}",
        "200",
    ),
    "with": (f"WITH <{{g}}> INSERT {{ GRAPH <{{t}}> {{ {ALL} }} }} WHERE {{ {ALL} }}", "200"),
    "copy": ("COPY SILENT <{g}> TO <{t}>", "200"),
    "add": ("ADD SILENT <{g}> TO <{t}>", "200"),
    "move": ("MOVE <{g}> TO <{t}>", "400 unknown-graph"),
    "move silently": ("MOVE SILENT <{g}> TO <{t}>", "200"),
    "copy, among others": (f"{INSERT} ; COPY SILENT <{{g}}> TO <{{t}}> ; CREATE SILENT GRAPH <{{t}}>", "200"),
    "delete where": (f"DELETE WHERE {{ GRAPH <{{g}}> {{ {ALL} }} }}", "200"),
    "delete where any": (
        f"DELETE {{ GRAPH ?g {{ {ALL} }} }} WHERE {{ GRAPH ?g {{ {ALL} ; vcard:hasEmail ?m }} }}",
        "200",
    ),
    "delete and insert": (
        f"DELETE {{ GRAPH <{{g}}> {{ {ALL} }} }} INSERT {{ GRAPH <{{t}}> {{ {ALL} }} }} "
        f"WHERE {{ GRAPH <{{g}}> {{ {ALL} }} }}",
        "200",
    ),
    "drop": ("DROP GRAPH <{g}>", "400 unknown-graph"),
    "drop silently": ("DROP SILENT GRAPH <{g}>", "200"),
    "clear": ("CLEAR GRAPH <{g}>", "200"),
}  # fmt: skip
"""Updates of a graph `{g}` that would write to `{t}`: the private one is to them as one that is not there."""

FORBIDDEN = {
    "insert data": f"INSERT DATA {{ GRAPH <{PRIVATE}> {{ {TRIPLE} }} }}",
    "delete data": f"DELETE DATA {{ GRAPH <{PRIVATE}> {{ {TRIPLE} }} }}",
    "insert where": f"INSERT {{ GRAPH <{PRIVATE}> {{ {TRIPLE} }} }} WHERE {{ }}",
    "with": f"WITH <{PRIVATE}> INSERT {{ {TRIPLE} }} WHERE {{ }}",
    "create": f"CREATE SILENT GRAPH <{PRIVATE}>",
    "copy to": f"COPY <{STATED}> TO <{PRIVATE}>",
    "move to": f"MOVE <{STATED}> TO <{PRIVATE}>",
    "add to": f"ADD <{STATED}> TO <{PRIVATE}>",
    "drop, create": f"DROP SILENT GRAPH <{PRIVATE}> ; CREATE GRAPH <{PRIVATE}>",
    "among data": f"{INSERT} ; INSERT DATA {{ GRAPH <{PRIVATE}> {{ {TRIPLE} }} }}",
}


def _nothing_is_out(rights: Rights, before: tuple[int, str]) -> None:
    """The private graph is what it was, and no graph that a stranger reads has anything of it."""
    assert rights.fingerprint() == before
    traces = "ASK { GRAPH ?g { ?s vcard:hasEmail|<urn:m>|<urn:n>|<urn:has> ?o } }"
    assert [rights.ask(traces, who).body for who in ("none", "blind")] == [b"false"] * 2
    everything = rights.ask("SELECT * { { GRAPH ?g { ?s ?p ?o } } UNION { ?s ?p ?o } }")
    assert (everything.status, rights.leaked(everything)) == (200, False)


def _all_at_once(rights: Rights, updates: dict[str, str], who: str) -> dict[str, str]:
    """The answers to updates that are sent together, so that few generations are made."""
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda text: rights.update(text, who), updates.values()))
    return {name: problem(answer) for name, answer in zip(updates, answers, strict=True)}


@pytest.fixture(scope="module")
def told(rights: Rights) -> dict[str, str]:
    """What the editor who may not read it is told of each update; afterwards, nothing of it is out."""
    updates = {
        f"{name} {graph}": text.replace("{g}", graph).replace("{t}", f"{PUBLIC}/{number}")
        for graph in (PRIVATE, ABSENT)
        for number, (name, (text, wanted)) in enumerate(BLIND.items())
        if graph == PRIVATE or wanted != "200"
    }
    before = rights.fingerprint()
    answers = _all_at_once(rights, updates, "blind")
    _nothing_is_out(rights, before)
    return answers


@pytest.mark.parametrize("name", BLIND)
def test_an_update_takes_nothing_out_of_what_it_may_not_read(rights: Rights, told: dict[str, str], name: str) -> None:
    """It has no triple, no count, no trace of it, and leaves it as it is; it is as if the graph were not there."""
    wanted = BLIND[name][1]
    assert told[f"{name} {PRIVATE}"] == told.get(f"{name} {ABSENT}", "200") == wanted
    assert not rights.readable("admin").get(f"{PUBLIC}/{list(BLIND).index(name)}")


@pytest.mark.parametrize("parameter", ["using_graph_uri", "using_named_graph_uri"])
def test_the_dataset_of_an_update_has_no_private_graph(rights: Rights, parameter: str) -> None:
    """Neither of the two parameters of the protocol brings it in; for who may read it, they do."""
    pattern = ALL if parameter == "using_graph_uri" else f"GRAPH ?g {{ {ALL} }}"
    text = f"INSERT {{ GRAPH <{PUBLIC}> {{ {ALL} }} }} WHERE {{ {pattern} }}"
    before = rights.fingerprint()
    assert rights.update(text, "blind", **{parameter: PRIVATE}).status == 200
    _nothing_is_out(rights, before)
    assert rights.update(text, "editor", **{parameter: PRIVATE}).status == 200
    assert rights.readable("admin")[PUBLIC] == rights.triples
    assert rights.update(f"DROP GRAPH <{PUBLIC}>", "editor").status == 200


@pytest.mark.parametrize("name", FORBIDDEN)
def test_an_update_writes_nothing_into_a_graph_it_may_not_read(rights: Rights, name: str) -> None:
    """403, and no generation is made."""
    number = rights.generation()
    assert problem(rights.update(FORBIDDEN[name], "blind")) == "403 forbidden"
    assert rights.generation() == number


def _turtle(large: bool) -> str:
    """A triple that stands nowhere yet."""
    return f'<urn:{uuid4()}> <urn:b> "{"x" * 2_000_000 if large else "x"}" .'


def _trig(*graphs: str, large: bool = False) -> str:
    """Triples in graphs ("" is the default graph); large is more than what is followed triple by triple."""
    return "\n".join(f"<{graph}> {{ {_turtle(large)} }}".removeprefix("<>") for graph in graphs)


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "GET", "HEAD", "PUT many", "POST many"])
def test_the_graph_store_keeps_it_from_who_may_not_read_it(rights: Rights, method: str, large: bool) -> None:
    """By either address, and by a body that names it: 403, or 404 for reading; nothing is changed."""
    number = rights.generation()
    method, _, many = method.partition(" ")
    if many:
        body, media = _trig(OTHER, PRIVATE, large=large), "application/trig"
        answers = [rights.send(method, "/graph-store", "blind", body, Content_Type=media)]
    else:
        text = _turtle(large) if method in ("PUT", "POST") else None
        conditions: list[dict[str, str]] = [{}, {"If_Match": "*"}, {"If_None_Match": "*"}]
        answers = [
            rights.send(method, path, "blind", text, Content_Type="text/turtle", **more)
            for path in (stored(PRIVATE), "/graph-store/so2/contact")
            for more in (conditions if method not in ("GET", "HEAD") else [{}])
        ]
    wanted = 404 if method in ("GET", "HEAD") else 403
    assert {answer.status for answer in answers} == {wanted}
    assert not any(rights.leaked(answer) for answer in answers)
    assert rights.generation() == number


def test_to_empty_everything_spares_what_may_not_be_read(doomed: Rights) -> None:
    """CLEAR and DROP of all graphs by who may not read one; the admin's takes that as well."""
    before = doomed.fingerprint()
    for text in ("CLEAR NAMED", "CLEAR ALL", "DROP NAMED", "DROP ALL"):
        assert doomed.update(text, "blind").status == 200
        _nothing_is_out(doomed, before)
    assert (doomed.readable("blind"), doomed.readable("admin")) == ({}, {PRIVATE: doomed.triples})
    assert doomed.update("DROP ALL", "admin").status == 200
    assert doomed.readable("admin") == {}


# The token of an editor for one graph

ALLOWED = {
    "insert data": f"INSERT DATA {{ GRAPH <{MINE}> {{ {TRIPLE} }} }}",
    "delete data": f"DELETE DATA {{ GRAPH <{MINE}> {{ {TRIPLE} }} }}",
    "insert where": f"INSERT {{ GRAPH <{MINE}> {{ {ALL} }} }} WHERE {{ GRAPH <{STATED}> {{ {ALL} }} }}",
    "with": f"WITH <{MINE}> DELETE {{ ?s ?p ?o }} INSERT {{ {TRIPLE} }} WHERE {{ {ALL} }}",
    "delete where": f"DELETE WHERE {{ GRAPH <{MINE}> {{ {ALL} }} }}",
    "copy": f"COPY <{STATED}> TO <{MINE}>",
    "add": f"ADD <{STATED}> TO <{MINE}>",
    "create": f"CREATE SILENT GRAPH <{MINE}>",
    "clear": f"CLEAR GRAPH <{MINE}>",
    "drop": f"DROP SILENT GRAPH <{MINE}>",
    "several": f"DROP SILENT GRAPH <{MINE}> ; CREATE GRAPH <{MINE}> ; CLEAR GRAPH <{MINE}>",
    "an empty default graph": "CLEAR DEFAULT",
}
REFUSED = {
    "insert data": f"INSERT DATA {{ GRAPH <{OTHER}> {{ {TRIPLE} }} }}",
    "insert data by default": f"INSERT DATA {{ {TRIPLE} }}",
    "insert data in both": f"INSERT DATA {{ GRAPH <{MINE}> {{ {TRIPLE} }} GRAPH <{OTHER}> {{ {TRIPLE} }} }}",
    "insert data, then": f"{ALLOWED['insert data']} ; INSERT DATA {{ GRAPH <{STATED}> {{ {TRIPLE} }} }}",
    "delete data": f"DELETE DATA {{ GRAPH <{STATED}> {{ {TRIPLE} }} }}",
    "insert where": f"INSERT {{ GRAPH <{OTHER}> {{ {TRIPLE} }} }} WHERE {{ }}",
    "insert where by default": f"INSERT {{ {TRIPLE} }} WHERE {{ }}",
    "insert where in all": f"INSERT {{ GRAPH ?g {{ {TRIPLE} }} }} WHERE {{ GRAPH ?g {{ ?s a ?o }} }}",
    "with": f"WITH <{OTHER}> INSERT {{ {TRIPLE} }} WHERE {{ }}",
    "with and graph": f"WITH <{MINE}> INSERT {{ GRAPH <{OTHER}> {{ {TRIPLE} }} }} WHERE {{ }}",
    "delete where": f"DELETE WHERE {{ GRAPH <{STATED}> {{ {ALL} }} }}",
    "delete where in all": f"DELETE WHERE {{ GRAPH ?g {{ {ALL} }} }}",
    "exchange": f"DELETE {{ GRAPH <{STATED}> {{ ?s a ?o }} }} INSERT {{ GRAPH <{STATED}> {{ ?s a <urn:x> }} }} "
    f"WHERE {{ GRAPH <{STATED}> {{ ?s a ?o }} }}",
    "copy": f"COPY <{STATED}> TO <{OTHER}>",
    "copy over": f"COPY <{GRAPHS}catalog> TO <{STATED}>",
    "copy by default": f"COPY <{STATED}> TO DEFAULT",
    "add": f"ADD <{STATED}> TO <{OTHER}>",
    "move to": f"MOVE <{STATED}> TO <{OTHER}>",
    "move away": f"MOVE <{STATED}> TO <{MINE}>",
    "create": f"CREATE GRAPH <{OTHER}>",
    "drop": f"DROP GRAPH <{STATED}>",
    "clear": f"CLEAR GRAPH <{STATED}>",
    "drop named": "DROP NAMED",
    "drop all": "DROP ALL",
    "clear all": "CLEAR ALL",
    "private": f"INSERT DATA {{ GRAPH <{PRIVATE}> {{ {TRIPLE} }} }}",
    "private, away": f"MOVE <{PRIVATE}> TO <{MINE}>",
    "private, dropped": f"DROP GRAPH <{PRIVATE}>",
    "a merge": f"INSERT DATA {{ GRAPH <{GRAPHS}facts> {{ {TRIPLE} }} }}",
}


def _others(rights: Rights) -> dict[str | None, tuple[int, str]]:
    """All graphs but the one of the limited editor, with their triples and the tags of their state."""
    found = {}
    for graph, triples in rights.readable("admin").items():
        if graph != MINE:
            tag = rights.send("HEAD", stored(graph), "admin").headers["etag"]
            found[graph] = (triples, tag)
    return found


@pytest.fixture(scope="module")
def allowed(rights: Rights) -> dict[str, str]:
    """What the editor of one graph is told of each update of it; afterwards, all others are what they were."""
    rights.update(f"INSERT DATA {{ GRAPH <{MINE}> {{ <urn:x> <urn:y> <urn:z> }} }}", "limited")
    before = _others(rights)
    answers = _all_at_once(rights, ALLOWED, "limited")
    assert _others(rights) == before
    return answers


@pytest.mark.parametrize("name", ALLOWED)
def test_an_editor_of_one_graph_may_change_that(allowed: dict[str, str], name: str) -> None:
    """By every operation; no other graph is touched."""
    assert allowed[name] == "200"


@pytest.mark.parametrize("name", REFUSED)
def test_an_editor_of_one_graph_may_change_no_other(rights: Rights, name: str) -> None:
    """403; nothing at all is changed, the editor's own graph neither."""
    number = rights.generation()
    assert problem(rights.update(REFUSED[name], "limited")) == f"403 {'refused' if 'merge' in name else 'forbidden'}"
    assert rights.generation() == number


STORE = {
    "PUT mine": ("PUT", stored(MINE), "text/turtle", [], {201, 204}),
    "POST mine": ("POST", stored(MINE), "text/turtle", [], {200, 201}),
    "DELETE mine": ("DELETE", stored(MINE), "", [], {200, 404}),
    "POST trig of mine": ("POST", "/graph-store", "application/trig", [MINE], {200, 201}),
    "PUT other": ("PUT", stored(OTHER), "text/turtle", [], {403}),
    "PUT stated": ("PUT", stored(STATED), "text/turtle", [], {403}),
    "PUT default": ("PUT", stored(None), "text/turtle", [], {403}),
    "PUT private": ("PUT", stored(PRIVATE), "text/turtle", [], {403}),
    "PUT merge": ("PUT", stored(f"{GRAPHS}all"), "text/turtle", [], {403}),
    "POST other": ("POST", stored(OTHER), "text/turtle", [], {403}),
    "POST stated": ("POST", "/graph-store/so2/stated", "text/turtle", [], {403}),
    "POST default": ("POST", stored(None), "text/turtle", [], {403}),
    "POST new": ("POST", "/graph-store", "text/turtle", [], {403}),
    "POST trig of other": ("POST", "/graph-store", "application/trig", [OTHER], {403}),
    "POST trig of both": ("POST", "/graph-store", "application/trig", [MINE, OTHER], {403}),
    "POST trig of private": ("POST", "/graph-store", "application/trig", [MINE, PRIVATE], {403}),
    "POST trig of merge": ("POST", "/graph-store", "application/trig", [f"{GRAPHS}facts"], {403}),
    "POST trig of default": ("POST", "/graph-store", "application/trig", [MINE, ""], {403}),
    "DELETE stated": ("DELETE", stored(STATED), "", [], {403}),
    "DELETE private": ("DELETE", stored(PRIVATE), "", [], {403}),
    "DELETE default": ("DELETE", stored(None), "", [], {403}),
}  # fmt: skip


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
@pytest.mark.parametrize("name", STORE)
def test_the_graph_store_takes_one_graph_from_its_editor(rights: Rights, name: str, large: bool) -> None:
    """Bodies of any size, also those that name several graphs: what is refused changes nothing."""
    method, path, media, graphs, wanted = STORE[name]
    body = _turtle(large) if media == "text/turtle" else _trig(*graphs, large=large) or None
    number = rights.generation()
    before = _others(rights) if 403 not in wanted else {}
    answer = rights.send(method, path, "limited", body, Content_Type=media)
    assert answer.status in wanted
    if answer.status == 403:
        assert rights.generation() == number
    else:
        assert _others(rights) == before
