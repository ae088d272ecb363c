"""`/openapi.json` is true: it is valid, complete, and the service does what it says."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from html import unescape
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient

from so2graph.config import Settings
from so2graph.engine.tokens import Tokens
from so2graph.errors import leaves
from so2graph.registry import Bundle
from so2graph.web.app import create_app
from so2graph.web.openapi_parts import GROUPS
from so2graph.web.openapi_tables import EXCEPTIONS, ROUTES
from tests.fuzz_openapi import config, fuzz
from tests.test_web import BROWSER

# One stored query of each shape; `make fuzz` asks all of them.
TRIED = "graphs|entities|reports|named-in-source|contact-emails|around-entity"


@pytest.fixture(scope="module")
def app(settings: Settings, bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application on a folder where somebody has a token."""
    folder = tmp_path_factory.mktemp("api") / "data"
    shutil.copytree(settings.data, folder)
    Tokens(folder).add("editor", "editor")
    return create_app(Settings.load(settings.environment(), {"data": folder}), bundle)


@pytest.fixture(scope="module")
def document(client: FlaskClient) -> dict[str, Any]:
    """The document as a program gets it."""
    response = client.get("/openapi.json")
    assert response.status_code == 200
    found: dict[str, Any] = json.loads(response.data)
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation."""
    return [(path, method, row) for path, methods in document["paths"].items() for method, row in methods.items()]


def test_it_is_openapi_31(app: Flask) -> None:
    """It keeps to the meta-schema of OpenAPI 3.1, and each of its schemas to JSON Schema 2020-12."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    schema.validate()
    assert schema.specification.version == "3.1.0"


def test_every_route_and_method_is_described(app: Flask) -> None:
    """A route of the application is a row of the table, or an exception with its reason; no row is of another."""
    everywhere = {method for rule, method in EXCEPTIONS if rule == "*"}
    there = {
        (rule.rule, method) for rule in app.url_map.iter_rules() for method in (rule.methods or set()) - everywhere
    }
    described = {(route.rule, route.method) for route in ROUTES}
    excepted = {key for key in EXCEPTIONS if key[0] != "*"}
    assert len(described) == len(ROUTES)
    assert there - described - excepted == set(), "add a Route to so2graph/web/openapi_tables.py"
    assert (described | excepted) - there == set()
    assert not described & excepted
    assert all(EXCEPTIONS.values())


def test_every_stored_query_has_a_path(document: dict[str, Any], bundle: Bundle) -> None:
    """With its own parameters, their types and defaults, and what it gives."""
    for name, query in bundle.queries().items():
        operation = document["paths"][f"/queries/{name}"]["get"]
        given = {row["name"]: row for row in operation["parameters"]}
        assert operation["summary"] == query.title.en
        assert operation["description"] == query.description.en
        for parameter in query.parameters:
            row = given[parameter.name]
            assert row["in"] == "query"
            assert row["schema"].get("default") == parameter.default
            assert ("enum" in row["schema"]) == (parameter.type == "language")
            assert ("pattern" in row["schema"]) == (parameter.type in ("iri", "year", "integer"))
        assert ("limit" in given) == (query.view != "graph")
        assert ("personal" in given) == query.personal
        assert "html" in given["format"]["schema"]["enum"]
        if query.view != "graph":
            assert given["limit"]["schema"]["maximum"] == Settings().max_page_size


def test_everything_in_it_is_said(document: dict[str, Any]) -> None:
    """Ids are unique; groups, headers, schemas and errors that are named are there; each has words."""
    found = operations(document)
    ids = [row["operationId"] for _, _, row in found]
    assert len(set(ids)) == len(ids)
    text = json.dumps(document)
    for kind, name in re.findall(r'"#/components/(\w+)/([\w-]+)"', text):
        assert name in document["components"][kind]
    for _, _, row in found:
        assert row["summary"]
        assert set(row["tags"]) <= set(GROUPS)
        assert all(parameter["description"] for parameter in row.get("parameters", ()))
        assert {"400", "401", "500", "503"} <= set(row["responses"])
    for error in leaves():
        assert error.slug in document["components"]["responses"][f"E{error.status}"]["description"]
    assert not re.search(r"[\w.]+@[\w-]+\.\w+", text.replace("@!$", ""))


def test_writes_ask_for_a_token(document: dict[str, Any]) -> None:
    """What only an editor may do says so; all else may be asked by anyone, and with a token."""
    needing = {(path, method) for path, method, row in operations(document) if {} not in row["security"]}
    assert needing == {
        *(("/graph-store", method) for method in ("put", "post", "delete")),
        *(("/graph-store/{local}", method) for method in ("put", "post", "delete")),
        ("/links/review/{target}", "post"),
        ("/links/review/{target}/undo", "post"),
        ("/links/review/{target}/accept", "post"),
        ("/links/review/-/sign-out", "post"),
        ("/links/review/-/withdraw", "post"),
        ("/queries-running", "get"),
        ("/queries-running/{ident}", "delete"),
    }


def test_it_comes_as_json_or_by_its_own_type(client: FlaskClient, settings: Settings, bundle: Bundle) -> None:
    """`application/json`, or the vendor type with the version; the address is the public one where there is one."""
    plain = client.get("/openapi.json")
    assert plain.content_type == "application/json"
    named = client.get("/openapi.json", headers={"Accept": "application/vnd.oai.openapi+json;version=3.1"})
    assert named.content_type == "application/vnd.oai.openapi+json;version=3.1"
    assert named.data == plain.data
    assert client.get("/openapi.json", headers={"If-None-Match": plain.headers["ETag"]}).status_code == 304
    assert client.get("/openapi.json", headers={"Accept": "text/turtle"}).status_code == 406
    assert json.loads(plain.data)["servers"] == [{"url": "http://localhost"}]
    proxied = create_app(
        Settings.load(settings.environment(), {"public_url": "https://example.org/so2/"}), bundle
    ).test_client()
    assert json.loads(proxied.get("/openapi.json").data)["servers"] == [{"url": "https://example.org/so2"}]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_page_says_the_same(client: FlaskClient, document: dict[str, Any], language: str) -> None:
    """Every operation with its parameters and an example, in both languages, with no script within."""
    response = client.get(f"/api?lang={language}", headers=BROWSER)
    assert response.mimetype == "text/html"
    html = unescape(response.get_data(as_text=True))
    assert "<script>" not in html
    for path, method, row in operations(document):
        assert f"<code>{method.upper()} {path}</code>" in html
        assert f'id="{row["operationId"]}"' in html
        for parameter in row.get("parameters", ()):
            assert f"<code>{parameter['name']}</code>" in html
        if language == "en":
            assert row["summary"] in html


def test_it_can_be_found(client: FlaskClient) -> None:
    """The home page leads to both by `Link` (RFC 8631), and every page to the readable one in its footer."""
    response = client.get("/", headers=BROWSER)
    assert '<http://localhost/openapi.json>; rel="service-desc"' in response.headers["Link"]
    assert '<http://localhost/api>; rel="service-doc"' in response.headers["Link"]
    assert 'href="/api"' in response.get_data(as_text=True)


def test_the_examples_work(client: FlaskClient, document: dict[str, Any]) -> None:
    """What the examples ask by GET is there."""
    asked = 0
    for path, method, row in operations(document):
        words = shlex.split(row["x-codeSamples"][0]["source"])
        if method == "get" and {} in row["security"]:
            response = client.get(words[-1].removeprefix("http://localhost"))
            assert response.status_code in (200, 303), (path, words)
            asked += 1
    assert asked > 60


@pytest.mark.no_cover
def test_the_service_does_what_it_says(app: Flask) -> None:
    """Cases that the document allows and forbids, the same in each run, find no difference.

    Answers have the status, type, headers and schema that are described; bad parameters and methods are refused.
    """
    schema = schemathesis.openapi.from_wsgi(
        "/openapi.json", app, config=config(2, 1, only=rf"^/(?!queries/)|^/queries/({TRIED})$")
    )
    report = fuzz(schema)
    assert report.failures == {}
    assert report.total > 1000
    assert {200, 303, 400, 401, 404, 405, 406, 415} <= set(report.statuses)


def test_a_difference_would_be_found(settings: Settings, bundle: Bundle) -> None:
    """A route that answers otherwise than the document says is reported."""
    broken = create_app(settings, bundle)
    broken.view_functions["service.health"] = lambda: ("{}", 200, {"Content-Type": "application/json"})
    schema = schemathesis.openapi.from_wsgi("/openapi.json", broken, config=config(1, 1, only="^/-/health$"))
    report = fuzz(schema)
    assert set(report.failures) == {"GET /-/health: response_schema_conformance"}


def test_the_words_of_a_route_are_in_both_languages() -> None:
    """Summaries differ between the languages, and end without a full stop."""
    for route in ROUTES:
        assert route.summary.nl
        assert route.summary.en
        assert not route.summary.en.endswith(".")
        for parameter in route.parameters:
            assert parameter.text.nl
            assert parameter.text.en


@pytest.mark.parametrize(
    "text", ["x:\ue000", "x:\U0010bc8f", "x:\ufdd0", "x:\U0001fffe", "x:\U000e0001", "x:%zz", "x:["]
)
def test_a_value_that_is_no_iri_is_the_parameters_fault(client: FlaskClient, text: str) -> None:
    """What RFC 3987, 2.2 leaves out is refused by name, before it is in any query."""
    response = client.get("/queries/entities.csv", query_string={"kind": text})
    assert response.status_code == 400
    assert response.get_json()["type"].endswith("/bad-parameter")
    assert client.get("/queries/entities.csv", query_string={"kind": "x:\u00e9\u4e2d\U0001f600"}).status_code == 200


@pytest.mark.parametrize(
    "named", ["/%C2%89", "/a%08b", "?graph=%C2%84", "?graph=http://a:b/", "?graph=http://[x", "?graph=urn:%25zz"]
)
def test_a_graph_whose_name_is_no_iri_is_refused(client: FlaskClient, named: str) -> None:
    """What an IRI may not hold is a bad request, by address and by parameter, and not the engine's to find out."""
    response = client.get(f"/graph-store{named}")
    assert response.status_code == 400
    assert response.content_type == "application/problem+json"
    assert "Percent-encode" in json.loads(response.data)["mend"]
