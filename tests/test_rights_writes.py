"""Who may change what over HTTP: without tokens, with one that may not read, with one for a single graph.

`Rights` and `Answer` are those of `test_rights`, so that nothing private is shown when a test fails.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

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
    token,
)
from tests.test_service import serving

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


def test_editors_see_and_stop_what_runs(rights: Rights) -> None:
    """A query that takes long is listed for an editor, who ends it; its client is told."""
    ended: list[Answer] = []
    client = threading.Thread(target=lambda: ended.append(rights.ask(HEAVY)))
    client.start()
    running: list[str] = []
    until = time.monotonic() + 10
    while not running and time.monotonic() < until:
        time.sleep(0.05)
        rows = json.loads(rights.send("GET", "/queries-running", "editor").body)["running"]
        running = [row["id"] for row in rows if row["query"] == HEAVY]
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
    "insert where graph": (f"INSERT {{ GRAPH <{PUBLIC}> {{ {ALL} }} }} WHERE {{ GRAPH <{{g}}> {{ {ALL} }} }}", "200"),
    "insert where any graph": (
        f"INSERT {{ GRAPH <{PUBLIC}> {{ ?s <urn:m> ?o }} }} WHERE {{ GRAPH ?g {{ ?s vcard:hasEmail ?o }} }}",
        "200",
    ),
    "insert where values": (
        f"INSERT {{ GRAPH <{PUBLIC}> {{ {ALL} }} }} WHERE {{ VALUES ?g {{ <{{g}}> }} GRAPH ?g {{ {ALL} }} }}",
        "200",
    ),
    "insert where exists": (
        f"INSERT {{ GRAPH <{PUBLIC}> {{ ?x <urn:has> 1 }} }} WHERE {{ ?x a foaf:Person "
        "FILTER EXISTS { GRAPH <{g}> { ?x vcard:hasEmail ?o } } }",
        "200",
    ),
    "insert a count": (
        f"INSERT {{ GRAPH <{PUBLIC}> {{ <urn:a> <urn:n> ?n }} }} WHERE {{ "
        f"SELECT (COUNT(?s) AS ?n) {{ GRAPH <{{g}}> {{ {ALL} }} }} HAVING(?n > 0) }}",
        "200",
    ),
    "using": (f"INSERT {{ GRAPH <{PUBLIC}> {{ {ALL} }} }} USING <{{g}}> WHERE {{ {ALL} }}", "200"),
    "using named": (
        f"INSERT {{ GRAPH <{PUBLIC}> {{ {ALL} }} }} USING NAMED <{{g}}> WHERE {{ GRAPH ?g {{ {ALL} }} }}",
        "200",
    ),
    "with": (f"WITH <{{g}}> INSERT {{ GRAPH <{PUBLIC}> {{ {ALL} }} }} WHERE {{ {ALL} }}", "200"),
    "copy": (f"COPY SILENT <{{g}}> TO <{PUBLIC}>", "200"),
    "add": (f"ADD SILENT <{{g}}> TO <{PUBLIC}>", "200"),
    "move": (f"MOVE <{{g}}> TO <{PUBLIC}>", "400 unknown-graph"),
    "move silently": (f"MOVE SILENT <{{g}}> TO <{PUBLIC}>", "200"),
    "copy, among others": (f"{INSERT} ; COPY SILENT <{{g}}> TO <{PUBLIC}> ; CREATE SILENT GRAPH <{PUBLIC}>", "200"),
    "delete where": (f"DELETE WHERE {{ GRAPH <{{g}}> {{ {ALL} }} }}", "200"),
    "delete where any": (f"DELETE {{ GRAPH ?g {{ {ALL} }} }} WHERE {{ GRAPH ?g {{ ?s vcard:hasEmail ?m ; ?p ?o }} }}", "200"),
    "delete and insert": (
        f"DELETE {{ GRAPH <{{g}}> {{ {ALL} }} }} INSERT {{ GRAPH <{PUBLIC}> {{ {ALL} }} }} "
        f"WHERE {{ GRAPH <{{g}}> {{ {ALL} }} }}",
        "200",
    ),
    "drop": ("DROP GRAPH <{g}>", "400 unknown-graph"),
    "drop silently": ("DROP SILENT GRAPH <{g}>", "200"),
    "clear": ("CLEAR GRAPH <{g}>", "200"),
}  # fmt: skip
"""Updates of a graph `{g}`: those that read or empty the private one do what they do to one that is not there."""

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
    for who in ("none", "blind"):
        assert rights.ask("ASK { GRAPH ?g { ?s vcard:hasEmail|<urn:m>|<urn:n>|<urn:has> ?o } }", who).body == b"false"
        assert PRIVATE not in rights.readable(who)
        assert not any(rights.leaked(rights.send("GET", stored(graph), who)) for graph in (PUBLIC, None, MINE))
    assert rights.ask(f"ASK {{ GRAPH <{PUBLIC}> {{ {ALL} }} }}", "admin").body == b"false"


@pytest.mark.parametrize("name", BLIND)
def test_an_update_takes_nothing_out_of_a_graph_it_may_not_read(rights: Rights, name: str) -> None:
    """It has no triple, no count, no trace of it, and leaves it as it is; it is as if the graph were not there."""
    text, told = BLIND[name]
    before = rights.fingerprint()
    assert problem(rights.update(text.replace("{g}", PRIVATE), "blind")) == told
    _nothing_is_out(rights, before)
    assert problem(rights.update(text.replace("{g}", ABSENT), "blind")) == told


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
    before, number = rights.fingerprint(), rights.generation()
    assert problem(rights.update(FORBIDDEN[name], "blind")) == "403 forbidden"
    _nothing_is_out(rights, before)
    assert rights.generation() == number


def _trig(*graphs: str, large: bool = False) -> str:
    """Triples in graphs ("" is the default graph); large is more than what is followed triple by triple."""
    text = "x" * 2_000_000 if large else "x"
    return "\n".join(f'<{graph}> {{ <urn:a> <urn:b> "{text}" }}'.removeprefix("<>") for graph in graphs)


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "GET", "HEAD", "PUT many", "POST many"])
def test_the_graph_store_keeps_it_from_who_may_not_read_it(rights: Rights, method: str, large: bool) -> None:
    """By either address, and by a body that names it: 403, or 404 for reading; nothing is changed."""
    before, number = rights.fingerprint(), rights.generation()
    method, _, many = method.partition(" ")
    if many:
        body, media = _trig(OTHER, PRIVATE, large=large), "application/trig"
        answers = [rights.send(method, "/graph-store", "blind", body, Content_Type=media)]
    else:
        body = _trig("", large=large)[1:-1] if method in ("PUT", "POST") else None
        conditions: list[dict[str, str]] = [{}, {"If_Match": "*"}, {"If_None_Match": "*"}]
        answers = [
            rights.send(method, path, "blind", body, Content_Type="text/turtle", **more)
            for path in (stored(PRIVATE), "/graph-store/so2/contact")
            for more in (conditions if method not in ("GET", "HEAD") else [{}])
        ]
    wanted = 404 if method in ("GET", "HEAD") else 403
    assert {answer.status for answer in answers} == {wanted}
    assert not any(rights.leaked(answer) for answer in answers)
    _nothing_is_out(rights, before)
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
    "several": f"DROP SILENT GRAPH <{MINE}> ; CREATE GRAPH <{MINE}> ; INSERT DATA {{ GRAPH <{MINE}> {{ {TRIPLE} }} }}",
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


@pytest.mark.parametrize("name", ALLOWED)
def test_an_editor_of_one_graph_may_change_that(rights: Rights, name: str) -> None:
    """By every operation; no other graph is touched."""
    rights.update(f"INSERT DATA {{ GRAPH <{MINE}> {{ <urn:x> <urn:y> <urn:z> }} }}", "limited")
    before = _others(rights)
    assert rights.update(ALLOWED[name], "limited").status == 200
    assert _others(rights) == before


@pytest.mark.parametrize("name", REFUSED)
def test_an_editor_of_one_graph_may_change_no_other(rights: Rights, name: str) -> None:
    """403; nothing at all is changed, the editor's own graph neither."""
    before, number = _others(rights), rights.generation()
    assert problem(rights.update(REFUSED[name], "limited")) == f"403 {'refused' if 'merge' in name else 'forbidden'}"
    assert rights.generation() == number
    assert _others(rights) == before


STORE = {
    "PUT mine": ("PUT", stored(MINE), "text/turtle", [""], {201, 204}),
    "POST mine": ("POST", stored(MINE), "text/turtle", [""], {200, 201}),
    "DELETE mine": ("DELETE", stored(MINE), "", [], {200, 404}),
    "POST trig of mine": ("POST", "/graph-store", "application/trig", [MINE], {200, 201}),
    "PUT other": ("PUT", stored(OTHER), "text/turtle", [""], {403}),
    "PUT stated": ("PUT", stored(STATED), "text/turtle", [""], {403}),
    "PUT default": ("PUT", stored(None), "text/turtle", [""], {403}),
    "PUT private": ("PUT", stored(PRIVATE), "text/turtle", [""], {403}),
    "PUT merge": ("PUT", stored(f"{GRAPHS}all"), "text/turtle", [""], {403}),
    "POST other": ("POST", stored(OTHER), "text/turtle", [""], {403}),
    "POST stated": ("POST", "/graph-store/so2/stated", "text/turtle", [""], {403}),
    "POST default": ("POST", stored(None), "text/turtle", [""], {403}),
    "POST new": ("POST", "/graph-store", "text/turtle", [""], {403}),
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
    body = _trig(*graphs, large=large) if graphs else None
    body = body[1:-1] if body and media == "text/turtle" else body
    before, number = _others(rights), rights.generation()
    answer = rights.send(method, path, "limited", body, Content_Type=media)
    assert answer.status in wanted
    assert _others(rights) == before
    assert rights.generation() == number or answer.status < 300
