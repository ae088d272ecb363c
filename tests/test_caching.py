"""Entity tags are exact: the same answer has the same tag, another answer another, and 304 comes without work."""

from __future__ import annotations

import shutil
from itertools import combinations
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from so2graph.config import Settings
from so2graph.publish.build import build
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE
from so2graph.web.app import create_app

COUNT = "/sparql?query=" + quote("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
PATHS = (
    "/",
    "/queries",
    "/queries/graphs.csv",
    "/doc/alescon",
    "/doc/alescon.ttl",
    "/def",
    "/graph/so2/planned",
    COUNT,
)
ACCEPT = ("text/html", "text/turtle", "application/json;q=0.9, */*;q=0.1")


@pytest.mark.parametrize("path", PATHS)
def test_a_client_that_has_the_answer_gets_304(client: FlaskClient, path: str) -> None:
    """For GET and HEAD, alone or in a list, weak or strong; with the tag again and without a body."""
    first = client.get(path)
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "no-cache"
    for sent in (tag, f'"other", {tag}', f"W/{tag}"):
        for method in ("GET", "HEAD"):
            again = client.open(path, method=method, headers={"If-None-Match": sent})
            assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
            assert "Accept" in again.headers["Vary"]
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_every_representation_has_a_tag_of_its_own(client: FlaskClient) -> None:
    """Where bodies differ, tags differ: by address, format and language."""
    answers = {}
    for path in PATHS:
        for accept in ACCEPT:
            for language in ("nl", "en"):
                response = client.get(path, headers={"Accept": accept, "Accept-Language": language})
                if response.status_code == 200:
                    answers[path, accept, language] = (response.headers["ETag"], response.data)
    assert len(answers) > 20
    assert not [pair for pair in combinations(answers.values(), 2) if pair[0][0] == pair[1][0] and pair[0] != pair[1]]


def test_the_same_request_has_the_same_tag_in_every_worker(settings: Settings, bundle: Bundle) -> None:
    """Two applications on one generation agree, so that a client may meet either."""
    tags = {create_app(settings, bundle).test_client().get("/").headers["ETag"] for _ in range(2)}
    assert len(tags) == 1


@pytest.mark.parametrize("setting", [{"contact": "private"}, {"max_page_rows": 3}])
def test_a_setting_changes_the_tag(settings: Settings, bundle: Bundle, setting: dict[str, object]) -> None:
    """Who restarts the service with another setting is not shown the answers of before."""
    other = Settings.load(settings.environment(), setting)
    one, two = (create_app(s, bundle).test_client().get("/").headers["ETag"] for s in (settings, other))
    assert one != two


@pytest.mark.parametrize(
    "path", ["/nowhere", "/sparql?query=SELEC", "/doc/nothing-like-it", "/-/ready", "/-/settings"]
)
def test_errors_and_states_of_the_service_are_not_kept(client: FlaskClient, path: str) -> None:
    """They have no tag, and no cache may keep them."""
    response = client.get(path)
    assert "ETag" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"
    assert client.post("/sparql", data={"query": "ASK {}"}).headers.get("ETag") is None


def test_the_style_sheet_has_a_tag_of_its_file(client: FlaskClient) -> None:
    """It changes with the program, and not with the data."""
    style = client.get("/static/favicon.svg")
    again = client.get("/static/favicon.svg", headers={"If-None-Match": style.headers["ETag"]})
    assert again.status_code == 304
    assert style.headers["Cache-Control"] == "no-cache"


def test_after_a_new_generation_the_old_tag_is_worth_nothing(tmp_path: Path, bundle: Bundle) -> None:
    """A tag of generation 1 gives the answer of generation 2, and the other way round never."""
    for folder in ("data", "ontology", "queries"):
        shutil.copytree(bundle.root / folder, tmp_path / folder)
    copied = Bundle(tmp_path, CANONICAL_BASE)
    settings = Settings.load({}, {"data": tmp_path / "built"})
    build(copied, settings)
    client = create_app(settings, copied).test_client()
    before = client.get(COUNT)
    extra = tmp_path / "data" / "so2" / "editorial.trig"
    text = extra.read_text(encoding="utf-8")
    extra.write_text(
        text.replace("    <so2> ", '    <so2> skos:note "nog iets"@nl .\n    <so2> ', 1), encoding="utf-8"
    )
    build(copied, settings)
    after = client.get(COUNT, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert after.headers["SO2Graph-Generation"] == "2"
    assert after.data != before.data
