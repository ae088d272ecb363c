"""The reconciliation service by the draft of version 1.0 of its API."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import settings as settings_of
from werkzeug.test import TestResponse

from so2graph.config import Settings
from so2graph.link.conformance_schemas import problems
from so2graph.registry import Bundle
from so2graph.web.app import create_app
from tests.test_reconcile import JSON_VALUES, ODD_NAMES, problem


def read(response: TestResponse, kind: str) -> dict[str, Any]:
    """The JSON of an answer that fits the schema of its kind and may be read from any site."""
    assert (response.status_code, response.content_type) == (200, "application/json"), response.text
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    found: dict[str, Any] = json.loads(response.data)
    assert problems(kind, "1.0-draft", found) == ()
    return found


def match(client: FlaskClient, *queries: dict[str, Any], lang: str = "nl") -> list[list[dict[str, Any]]]:
    """The candidates of each query."""
    assert problems("query-batch", "1.0-draft", {"queries": list(queries)}) == ()
    found = read(client.post(f"/reconcile/1.0/match?lang={lang}", json={"queries": list(queries)}), "result-batch")
    assert len(found["results"]) == len(queries)
    return [row["candidates"] for row in found["results"]]


def named(text: str, *more: dict[str, Any], **query: object) -> dict[str, Any]:
    return {**query, "conditions": [{"matchType": "name", "propertyValue": text}, *more]}


def about(pid: str, value: object, **more: object) -> dict[str, Any]:
    return {"matchType": "property", "propertyId": pid, "propertyValue": value, **more}


def test_the_manifest_is_of_its_version(client: FlaskClient) -> None:
    """Switches instead of addresses, scores from 0 to 100, and a template for URIs that expands."""
    found = read(client.get("/reconcile/1.0", headers={"Accept-Language": "en"}), "manifest")
    assert found["versions"] == ["1.0-draft"]
    assert found["suggest"] == {"entity": True, "property": True, "type": True}
    assert (found["standardizedScore"], found["lang"], found["batchSize"]) == (True, "en", 200)
    assert {each["id"] for each in found["extend"]["propertySettings"]} == {"limit", "count", "language", "certainty"}
    assert client.get(found["view"]["url"].replace("{id}", "alescon")).status_code == 303
    assert "identifierSpace" not in found


def test_both_versions_find_the_same(client: FlaskClient) -> None:
    """In the order of the queries, with the same scores and reasons."""
    texts = ["Alescon", "gemeente Groningen", "zzzz qqqq", "id:assen"]
    draft = match(client, *map(named, texts))
    batch = {f"q{n}": {"query": text} for n, text in enumerate(texts)}
    usual = json.loads(client.post("/reconcile?lang=nl", data={"queries": json.dumps(batch)}).data)
    assert draft == [usual[f"q{n}"]["result"] for n in range(len(texts))]
    assert all(0 <= row["score"] <= 100 for rows in draft for row in rows)


def test_conditions_choose_and_prefer(client: FlaskClient) -> None:
    """By id, by property with each quantifier, required or not; older names of the fields are taken too."""
    core = "kerngroep-assen-drenthe"
    network = "so-netwerk-assen-drenthe"
    by_id, required, none, older, required_name, typed = match(
        client,
        {"conditions": [{"matchType": "id", "propertyValue": "alescon"}]},
        named("SO netwerk", about("so2:hasCoreGroup", {"id": core}, required=True)),
        named("SO netwerk", about("so2:hasCoreGroup", {"id": core}, required=True, matchQuantifier="none")),
        named("SO netwerk", about("so2:hasCoreGroup", [core, "x"], matchQuantifier="any"), limit=1),
        {"conditions": [{"matchType": "name", "propertyValue": "Alescon", "required": True}]},
        named("Assen", type="so2:Municipality"),
    )
    assert [(row["id"], row["match"]) for row in by_id] == [("alescon", True)]
    assert [row["id"] for row in required] == [network]
    assert network not in [row["id"] for row in none]
    assert "so-netwerk-groningen" in [row["id"] for row in none]
    assert [row["id"] for row in older] == [network]
    assert required_name[0]["id"] == "alescon"
    assert typed[0]["id"] == "gemeente-assen"
    old = {"conditions": [{"matchType": "name", "v": "SO netwerk"}, {"matchType": "property", "pid": "x", "v": 1}]}
    response = client.post("/reconcile/1.0/match", json={"queries": [old]})
    assert json.loads(response.data)["results"][0]["candidates"]


def test_a_query_that_cannot_be_read_spoils_no_other(client: FlaskClient) -> None:
    """It has no candidates, and says why; where none can be read it is a 400."""
    rows = [named("Alescon"), {}, {"conditions": [{"matchType": "colour", "propertyValue": "x"}]}, named("Assen")]
    found = read(client.post("/reconcile/1.0/match", json={"queries": rows}), "result-batch")["results"]
    assert [bool(row["candidates"]) for row in found] == [True, False, False, True]
    assert "conditions" in found[1]["error"]
    assert "matchType" in found[2]["error"]
    bodies: list[object] = [{"queries": rows[1:3]}, {"queries": {}}, [], {"queries": [1]}, {}]
    for body in bodies:
        assert problem(client.post("/reconcile/1.0/match", json=body), 400)
    assert read(client.post("/reconcile/1.0/match", json={"queries": []}), "result-batch") == {"results": []}


def test_bodies_are_json(client: FlaskClient) -> None:
    """In UTF-8; forms go to the other address."""
    assert problem(client.post("/reconcile/1.0/match", data={"queries": "{}"}), 415)["accepted"] == [
        "application/json"
    ]
    for data in (b"{", b"", b"\xff{}", b"[" * 100_000, b'{"queries":[NaN]}'):
        assert problem(client.post("/reconcile/1.0/match", data=data, content_type="application/json"), 400)
        assert problem(client.post("/reconcile/1.0/extend", data=data, content_type="application/json"), 400)
    assert client.get("/reconcile/1.0/match").status_code == 405


def test_odd_names_are_only_names(client: FlaskClient) -> None:
    """Each gets a list."""
    found = match(client, *(named(text) for text in ODD_NAMES.values() if text), named("Alescon"))
    assert found[-1][0]["id"] == "alescon"


@given(JSON_VALUES)
@settings_of(max_examples=60, deadline=None)
def test_whatever_is_sent_is_answered(client: FlaskClient, value: object) -> None:
    """As conditions, as a query, as the whole: with an answer or a 400."""
    for body in (value, {"queries": value}, {"queries": [value]}, {"queries": [{"conditions": value}]}):
        for path in ("match", "extend"):
            response = client.post(f"/reconcile/1.0/{path}", data=json.dumps(body), content_type="application/json")
            assert response.status_code in (200, 400), response.text


def test_suggestions_and_proposals_are_as_in_0_2(client: FlaskClient) -> None:
    """The same at the addresses of the draft."""
    for kind in ("entity", "property", "type"):
        draft = read(client.get(f"/reconcile/1.0/suggest/{kind}?prefix=n&lang=nl"), f"suggest-{kind}")
        assert draft == json.loads(client.get(f"/reconcile/suggest/{kind}?prefix=n&lang=nl").data)
        assert draft["result"]
    proposed = read(client.get("/reconcile/1.0/extend/propose?type=foaf:Person&limit=3"), "propose")
    assert len(proposed["properties"]) == 3
    preview, usual = (client.get(f"/reconcile/{path}preview?id=alescon&lang=nl") for path in ("1.0/", ""))
    assert preview.data == usual.data
    assert "frame-ancestors *" in preview.headers["Content-Security-Policy"]


def test_data_extension_gives_rows_as_a_list(client: FlaskClient) -> None:
    """In the order of the ids and of the properties."""
    query = {
        "ids": ["gemeente-assen", "nobody"],
        "properties": [{"id": "rdfs:label", "settings": {"language": "en"}}, {"id": "-org:hasMember"}],
    }
    found = read(client.post("/reconcile/1.0/extend?lang=en", json=query), "extend-response")
    assert [each["id"] for each in found["meta"]] == ["rdfs:label", "-org:hasMember"]
    assert found["rows"] == [
        {
            "id": "gemeente-assen",
            "properties": [
                {"id": "rdfs:label", "values": [{"str": "municipality of Assen"}]},
                {"id": "-org:hasMember", "values": []},
            ],
        },
        {"id": "nobody", "properties": [{"id": "rdfs:label", "values": []}, {"id": "-org:hasMember", "values": []}]},
    ]


def test_limits_are_those_of_0_2(settings: Settings, bundle: Bundle, tmp_path: Path) -> None:
    """More queries or cells than may be are a 413."""
    small = replace(settings, exports=str(tmp_path), max_reconcile_queries=1, max_extension_cells=1)
    client = create_app(small, bundle).test_client()
    assert match(client, named("Alescon"))[0]
    two = {"queries": [named("Alescon"), named("Assen")]}
    assert problem(client.post("/reconcile/1.0/match", json=two), 413)["limit"] == 1
    cells = {"ids": ["a", "b"], "properties": [{"id": "rdfs:label"}]}
    assert problem(client.post("/reconcile/1.0/extend", json=cells), 413)["limit"] == 1


@pytest.mark.parametrize("path", ["", "/match", "/suggest/type", "/preview", "/extend", "/extend/propose"])
def test_any_site_may_ask(client: FlaskClient, path: str) -> None:
    """CORS is the same on every address, on a preflight and on errors."""
    for method in ("GET", "POST", "OPTIONS", "DELETE"):
        response = client.open(f"/reconcile/1.0{path}", method=method, headers={"Origin": "https://example.org"})
        assert response.headers["Access-Control-Allow-Origin"] == "*"
