"""The reconciliation service by version 0.2 of its API: answers fit their schemas, and are those that are meant."""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7
from werkzeug.test import TestResponse

from so2graph.config import Settings
from so2graph.engine.access import Access
from so2graph.link.conformance_schemas import problems
from so2graph.link.forms import name_form
from so2graph.link.reconcile_index import plain, reconcile_index_name
from so2graph.link.reconcile_read import Name
from so2graph.link.reconciling import Asked, Condition, Held, Known, Value, judge, kind_of
from so2graph.link.slugs import Slugs, Step
from so2graph.link.spec import Kind
from so2graph.publish.search_things import GROUPS, gather
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, Prefixes
from so2graph.web.app import create_app
from so2graph.web.reconcile_asking import slugs_of
from so2graph.web.reconcile_request import Fault, Query, read_batch
from tests.test_network_files import published

REFERENCE = Path(os.environ.get("SO2GRAPH_REFERENCE") or Path(__file__).parent.parent.parent / "shared" / "reference")
FORM, BROWSER = "application/x-www-form-urlencoded", {"Accept": "text/html"}
THINGS = f"{CANONICAL_BASE}id/"
Ask = Callable[..., dict[str, list[dict[str, Any]]]]


@cache
def _published() -> Registry[Any] | None:
    """The schemas of the standard, where they are at hand."""
    folder = REFERENCE / "reconciliation"
    if not folder.is_dir():
        return None
    registry: Registry[Any] = Registry()
    for path in sorted(folder.glob("*.json")):
        resource = Resource.from_contents(json.loads(path.read_text(encoding="utf-8")), DRAFT7)
        for name in (path.name, f"https://reconciliation-api.github.io/specs/0.2/schemas/{path.name}"):
            registry = registry.with_resource(name, resource)
    swagger: dict[str, Any] = {"definitions": {"securityDefinitions": {"additionalProperties": {}}}}
    whole: Registry[Any] = registry.with_resource(
        "http://swagger.io/v2/schema.json", Resource.from_contents(swagger, DRAFT7)
    )
    return whole


OURS = {
    "manifest": "manifest",
    "reconciliation-query-batch": "query-batch",
    "reconciliation-result-batch": "result-batch",
    "suggest-entities-response": "suggest-entity",
    "suggest-properties-response": "suggest-property",
    "suggest-types-response": "suggest-type",
    "data-extension-response": "extend-response",
    "data-extension-property-proposal": "propose",
}
"""The schemas of the standard, and the stricter ones of the conformance check."""


def fits(document: object, name: str) -> None:
    """The document is as the standard wants it, and as our own stricter schemas do."""
    assert problems(OURS[name], "0.2", document) == ()
    registry = _published()
    if registry is not None:
        schema = registry.contents(f"{name}.json")
        found = [error.message for error in Draft7Validator(schema, registry=registry).iter_errors(document)]
        assert found == []


def read(response: TestResponse, name: str) -> dict[str, Any]:
    """The JSON of an answer that fits a schema and may be read from any site."""
    assert (response.status_code, response.content_type) == (200, "application/json"), response.text
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    document: dict[str, Any] = json.loads(response.data)
    fits(document, name)
    return document


def problem(response: TestResponse, status: int) -> dict[str, Any]:
    """The problem document of a refusal, which any site may read too."""
    assert (response.status_code, response.content_type) == (status, "application/problem+json"), response.text
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    found: dict[str, Any] = json.loads(response.data)
    assert found["mend"]
    return found


@pytest.fixture(scope="module")
def ask(client: FlaskClient) -> Ask:
    """Sends a batch as OpenRefine does; the candidates by key."""

    def send(lang: str = "nl", **queries: object) -> dict[str, list[dict[str, Any]]]:
        fits(queries, "reconciliation-query-batch")
        response = client.post(f"/reconcile?lang={lang}", data={"queries": json.dumps(queries)})
        found = read(response, "reconciliation-result-batch")
        assert list(found) == list(queries)
        return {key: row["result"] for key, row in found.items()}

    return send


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


# Ids


@given(st.text("abcXYZ09-_.~!/:#?%é λ", min_size=1, max_size=30), st.sampled_from([THINGS, "http://x/", "urn:a:"]))
@settings_of(max_examples=300, deadline=None)
def test_ids_and_iris_are_a_bijection(local: str, start: str) -> None:
    """Whatever the IRI, its id leads back to it, needs no escape in a URL, and is not a dot or two."""
    iri = start + local.replace(" ", "")
    slugs = Slugs(Prefixes({"x": "http://x/", "id": THINGS}), THINGS)
    slug = slugs.of(iri)
    assert slugs.iri(slug) == iri
    assert re.fullmatch(r"[A-Za-z0-9._~:-]+", slug)
    assert slug not in (".", "..")
    assert slugs.path(slug, 1) == (Step(iri),)
    assert slugs.path(slugs.of_path([Step(iri), Step(iri, back=True)]), 2) == (Step(iri), Step(iri, back=True))


@pytest.mark.parametrize(
    "text", ["", "~", "~~zz", "~a b", "a b", "~~ff", "nobody:x y", "<>", "\ud800", "..", "~http"]
)
def test_what_is_no_id_stands_for_nothing(text: str) -> None:
    """Without an error."""
    assert Slugs(Prefixes({}), THINGS).iri(text) is None


def test_ids_of_the_dataset_can_be_read(settings: Settings, bundle: Bundle) -> None:
    """Things of ours go by their names, all others by prefix or written out; no two share an id."""
    session = Access(settings, bundle).session()
    slugs = slugs_of(session)
    iris = [thing.iri for thing in gather(session, 10**6).things if GROUPS[thing.group] != "terms"]
    found = {slugs.of(iri): iri for iri in iris}
    assert len(found) == len(iris) > 60
    assert found["alescon"] == f"{THINGS}alescon"
    assert slugs.of("https://schema.org/Place") == "schema:Place"
    assert slugs.of("http://www.wikidata.org/entity/Q749") == "~http~3a~2f~2fwww.wikidata.org~2fentity~2fQ749"


# What the service says of itself


@pytest.mark.parametrize(("language", "name"), [("nl", "netwerken van sociale"), ("en", "networks of social")])
def test_the_manifest_tells_a_client_all_it_needs(client: FlaskClient, language: str, name: str) -> None:
    """In the language asked for; spaces, templates, suggestions, data extension and the size of a batch are in it."""
    response = client.get("/reconcile", headers={"Accept-Language": language, "Accept": "*/*"})
    found = read(response, "manifest")
    assert response.headers["Content-Language"] == language
    assert found["versions"] == ["0.1", "0.2"]
    assert name in found["name"]
    assert (found["identifierSpace"], found["schemaSpace"]) == (THINGS, f"{CANONICAL_BASE}def#")
    assert found["batchSize"] == Settings().max_reconcile_queries == 200
    assert found["view"]["url"].endswith("/reconcile/view?id={{id}}")
    assert {"org:Organization", "foaf:Person"} <= {each["id"] for each in found["defaultTypes"]}
    assert client.get(found["preview"]["url"].replace("{{id}}", "alescon")).status_code == 200
    for kind, place in found["suggest"].items():
        assert client.get(f"{place['service_url']}{place['service_path']}?prefix=a").status_code == 200
        flyout = place["flyout_service_url"] + place["flyout_service_path"]
        known = {"entity": "alescon", "property": "rdfs:label", "type": "foaf:Person"}[kind]
        assert json.loads(client.get(flyout.replace("${id}", known)).data)["html"].startswith("<p>")
    propose = found["extend"]["propose_properties"]
    assert client.get(f"{propose['service_url']}{propose['service_path']}?type=foaf:Person").status_code == 200
    assert {each["name"] for each in found["extend"]["property_settings"]} == {
        *("limit", "count", "language", "certainty")
    }


@pytest.mark.parametrize("accept", ["", "*/*", "application/json, text/javascript, */*; q=0.01", "application/json"])
def test_a_program_gets_the_manifest_and_a_person_the_page(client: FlaskClient, accept: str) -> None:
    """By `Accept`; whoever names HTML is a person."""
    assert client.get("/reconcile", headers={"Accept": accept}).content_type == "application/json"
    page = client.get("/reconcile?lang=en", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.content_type == "text/html; charset=utf-8"
    assert "<code>http://localhost/reconcile</code>" in page.text


def test_the_page_tries_a_name(client: FlaskClient) -> None:
    """With the candidates, their scores and ids; what is certain is said to be."""
    page = client.get("/reconcile?name=alescom&lang=en", headers=BROWSER).text
    assert 'href="/doc/alescon?lang=en"' in page
    assert "none is certain enough" in page
    sure = client.get("/reconcile?name=Alescon&type=org%3AOrganization&lang=nl", headers=BROWSER).text
    assert "zeker genoeg om vanzelf te koppelen" in sure
    assert "gekoppeld</strong>" in sure
    nothing = client.get("/reconcile?name=zzzzqqq&lang=nl", headers=BROWSER).text
    assert "Niets in deze dataset lijkt op" in nothing


def test_any_site_may_ask(client: FlaskClient) -> None:
    """CORS is the same on every address, on a preflight and on errors."""
    paths = ["", "/suggest/entity", "/flyout/type?id=x", "/preview?id=nobody", "/propose", "/view?id=alescon"]
    for path in paths:
        for method in ("GET", "OPTIONS", "DELETE"):
            response = client.open(f"/reconcile{path}", method=method, headers={"Origin": "https://example.org"})
            assert response.headers["Access-Control-Allow-Origin"] == "*", path
            assert "Access-Control-Allow-Credentials" not in response.headers
        preflight = client.options(f"/reconcile{path}", headers={"Access-Control-Request-Method": "POST"})
        assert "Content-Type" in preflight.headers["Access-Control-Allow-Headers"]
    assert "POST" in client.options("/reconcile").headers["Access-Control-Allow-Methods"]


def test_a_client_of_0_1_gets_a_script(client: FlaskClient) -> None:
    """JSONP, with nothing before its comment, as a script that is nothing else; not for any name of a function."""
    response = client.get("/reconcile?callback=jQuery.cb_1", headers=BROWSER)
    assert response.content_type == "text/javascript; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.text.startswith("/**/jQuery.cb_1({")
    assert response.text.endswith("});\n")
    fits(json.loads(response.text[len("/**/jQuery.cb_1(") : -3]), "manifest")
    asked = client.get("/reconcile/suggest/entity?prefix=gron&callback=f")
    assert asked.text.startswith("/**/f({")
    for name in ("a b", "alert(1)//", "<script>", "", "x" * 101, "1a", "a.", "f\n"):
        assert problem(client.get(f"/reconcile?callback={quote(name)}"), 400)["type"].endswith("/bad-parameter")


# Matching


def test_every_exact_name_gives_its_thing_first(ask: Ask, settings: Settings, bundle: Bundle) -> None:
    """By every name that is not only a mention; among namesakes the thing is one of those with the best score."""
    session = Access(settings, bundle).session()
    things = [thing for thing in gather(session, 10**6).things if GROUPS[thing.group] != "terms"]
    slugs = slugs_of(session)
    named = [(name.text, slugs.of(thing.iri)) for thing in things for name in thing.names if name.rank < 2]
    assert len(named) > 100
    for start in range(0, len(named), 100):
        part = named[start : start + 100]
        found = ask(**{f"q{n}": {"query": text} for n, (text, _) in enumerate(part)})
        for n, (text, slug) in enumerate(part):
            rows = found[f"q{n}"]
            best = [row["id"] for row in rows if row["score"] == rows[0]["score"]]
            assert slug in best, text
            assert rows[0]["score"] == 100


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("alescom", "alescon"),
        ("ALESCON", "alescon"),
        ("Stichting De Drentse Zaak", "de-drentse-zaak"),
        ("drentse zaak", "de-drentse-zaak"),
        ("Samenwerkingsverband Noord Nederland", "snn"),
        ("SNN", "snn"),
        ("Gem. Assen", "gemeente-assen"),
        ("municipality of Assen", "gemeente-assen"),
        ("Noor v. Leeuwen", "noor-van-leeuwen"),
        ("kerngroep Assen-Drenthe", "kerngroep-assen-drenthe"),
        ("Social Enterprise NL", "social-enterprise-nederland"),
        ("hanzehogeschool", "hanzehogeschool-groningen"),
    ],
)
def test_names_as_people_write_them(ask: Ask, typed: str, slug: str) -> None:
    """The thing that is meant is among the first three."""
    assert slug in ids(ask(q={"query": typed})["q"])[:3]


@pytest.mark.parametrize("text", ["alescon", "id:alescon", f"{THINGS}alescon", f"<{THINGS}alescon>"])
def test_an_id_gives_its_thing_with_a_high_score(ask: Ask, text: str) -> None:
    """By any way to write it; the feature says why."""
    first = ask(q={"query": text})["q"][0]
    assert (first["id"], first["match"]) == ("alescon", True)
    assert first["score"] >= 97
    assert {"id": "identifier", "value": True}.items() <= first["features"][0].items()


def test_a_match_is_clear(ask: Ask) -> None:
    """An exact name without a rival is one; a name that two bear, or that is only like it, is none."""
    found = ask(
        sure={"query": "Alescon"},
        place={"query": "Assen"},
        body={"query": "gemeente Assen"},
        two={"query": "gemeente Groningen"},
        spelled={"query": "Alescom"},
        nothing={"query": "Bakkerij Jansen te Utrecht"},
    )
    assert [found[key][0]["match"] for key in ("sure", "place", "body")] == [True, True, False]
    assert ids(found["place"])[0] == "assen"
    assert found["body"][0]["id"] == "gemeente-assen"
    assert not any(row["match"] for key in ("two", "spelled", "nothing") for row in found[key])
    assert {"gemeente-groningen", "gemeente-groningen-2017"} <= set(ids(found["two"])[:4])
    for rows in found.values():
        assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
        assert all(0 <= row["score"] <= 100 for row in rows)


@pytest.mark.parametrize(
    "typed", ["Gem. Groningen", "Groningen (gemeente)", "gem groningen", "municipality of Groningen"]
)
def test_the_municipality_before_and_since_a_merger_is_not_told_by_its_name(ask: Ask, typed: str) -> None:
    """However the name is written, and also where the type is said: both are offered, and neither is a match."""
    found = ask(free={"query": typed}, typed={"query": typed, "type": "so2:Municipality"})
    for rows in found.values():
        assert not any(row["match"] for row in rows)
        assert {"gemeente-groningen", "gemeente-groningen-2017"} <= set(ids(rows)[:3])


def test_a_body_of_one_name_is_matched_where_its_type_is_said(ask: Ask) -> None:
    """Its area is called the same but for what stands in brackets, and is of another type."""
    rows = ask(q={"query": "Gem. Assen", "type": "so2:Municipality"})["q"]
    assert (rows[0]["id"], rows[0]["match"]) == ("gemeente-assen", True)


def test_types_choose_and_prefer(ask: Ask) -> None:
    """`should` prefers, `any` and `all` choose; a class stands for what is below it, an unknown one for nothing."""
    name = {"query": "gemeente Assen"}
    found = ask(
        some={**name, "type": "so2:Municipality", "type_strict": "any"},
        above={**name, "type": "org:FormalOrganization", "type_strict": "any"},
        all={**name, "type": ["so2:Municipality", "foaf:Person"], "type_strict": "all"},
        several={**name, "type": ["so2:Municipality", "foaf:Person"], "type_strict": "any"},
        unknown={**name, "type": "so2:NoSuch", "type_strict": "any"},
        prefer={"query": "Assen", "type": "so2:Municipality"},
        prefer_list={"query": "Assen", "type": ["so2:Municipality"], "type_strict": "should"},
    )
    assert ids(found["some"])[0] == ids(found["above"])[0] == ids(found["several"])[0] == "gemeente-assen"
    assert found["some"][0]["match"]
    assert all("so2:Municipality" in [t["id"] for t in row["type"]] for row in found["some"])
    assert found["all"] == found["unknown"] == []
    assert ids(found["prefer"])[0] == "gemeente-assen"
    assert "assen" in ids(found["prefer"])
    assert found["prefer"] == found["prefer_list"]


def test_properties_count(ask: Ask) -> None:
    """A value that agrees raises the score, one that contradicts lowers it and forbids a match; also by paths."""
    name = {"query": "kerngroep SO netwerk"}
    agrees = {"pid": "-so2:hasCoreGroup", "v": "SO netwerk Assen/Drenthe"}
    found = ask(
        bare={"query": "Kerngroep SO netwerk Assen/Drenthe"},
        right={**name, "properties": [agrees]},
        by_id={**name, "properties": [{"pid": "-so2:hasCoreGroup", "v": {"id": "so-netwerk-assen-drenthe"}}]},
        other={**name, "properties": [{"pid": "-so2:hasCoreGroup", "v": {"id": "so-netwerk-groningen"}}]},
        path={
            **name,
            "properties": [{"pid": "^so2:hasCoreGroup/rdfs:label", "v": ["SO netwerk Assen/Drenthe", "x"]}],
        },
        against={"query": "Alescon", "properties": [{"pid": "dcterms:identifier", "v": "something else"}]},
        odd={"query": "Alescon", "properties": [{"pid": "no such", "v": 1}, {"pid": "rdf:type", "v": True}]},
    )
    assert ids(found["right"])[0] == ids(found["path"])[0] == "kerngroep-assen-drenthe"
    scores = {
        key: row["score"]
        for key in ("bare", "right", "by_id", "other")
        for row in found[key]
        if row["id"] == "kerngroep-assen-drenthe"
    }
    assert scores["by_id"] >= scores["right"] > scores["other"]
    feature = next(each for each in found["right"][0]["features"] if each["id"] == "property_1")
    assert feature["name"] == "heeft kerngroep (omgekeerd): gelijk"
    assert found["against"][0]["id"] == "alescon"
    assert not found["against"][0]["match"]
    assert found["against"][0]["score"] < 100
    assert found["odd"][0]["id"] == "alescon"


def test_a_query_may_have_properties_alone(ask: Ask) -> None:
    """Things that have the value are found; by a literal, a name of a thing or an id."""
    found = ask(
        literal={"properties": [{"pid": "dcterms:identifier", "v": "ales"}]},
        named={"properties": [{"pid": "so2:hasCoreGroup", "v": "Kerngroep SO netwerk Assen/Drenthe"}]},
        by_id={"properties": [{"pid": "so2:hasCoreGroup", "v": {"id": "kerngroep-assen-drenthe"}}]},
        nothing={"properties": [{"pid": "dcterms:identifier", "v": "no such"}]},
    )
    assert ids(found["literal"]) == ["alescon"]
    assert ids(found["named"]) == ids(found["by_id"]) == ["so-netwerk-assen-drenthe"]
    assert found["nothing"] == []


def test_queries_are_independent(client: FlaskClient, ask: Ask) -> None:
    """Alone, in another order, among others and by GET each gives the same."""
    queries = {f"k{n}": {"query": text} for n, text in enumerate(["Alescon", "Groningen", "bries", "x", "Alescon"])}
    together = ask(**queries)
    assert together["k0"] == together["k4"]
    for key, query in queries.items():
        assert ask(one=query)["one"] == together[key]
    assert ask(**dict(reversed(queries.items()))) == together
    by_get = client.get("/reconcile", query_string={"queries": json.dumps(queries), "lang": "nl"})
    assert {k: row["result"] for k, row in read(by_get, "reconciliation-result-batch").items()} == together


def test_an_answer_by_get_is_kept_by_caches(client: FlaskClient) -> None:
    """Its tag changes with the generation alone, so that 304 is answered without any work."""
    address = "/reconcile?" + urlencode({"queries": '{"q0":{"query":"Alescon"}}'})
    first = client.get(address)
    assert first.headers["Cache-Control"] == "no-cache"
    assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_names_and_descriptions_are_in_the_language_of_the_reader(ask: Ask) -> None:
    """Of candidates, their types and features."""
    dutch, english = (ask(lang, q={"query": "gemeente Assen"})["q"][0] for lang in ("nl", "en"))
    assert dutch["id"] == english["id"] == "gemeente-assen"
    assert dutch["name"] != english["name"]
    assert [each["name"] for each in dutch["type"]] != [each["name"] for each in english["type"]]
    assert [each["name"] for each in dutch["features"]] != [each["name"] for each in english["features"]]


def test_the_limit_is_kept(ask: Ask, client: FlaskClient) -> None:
    """Of candidates; who asks for more than may be had gets what may be had, and who asks for none is told so."""
    found = ask(one={"query": "Groningen", "limit": 1}, many={"query": "Groningen", "limit": 10**9})
    assert len(found["one"]) == 1
    assert 5 <= len(found["many"]) <= Settings().max_reconcile_candidates
    rows = {"zero": {"query": "x", "limit": 0}, "text": {"query": "x", "limit": "5"}, "fine": {"query": "Alescon"}}
    response = client.post("/reconcile", data={"queries": json.dumps(rows)})
    answer = read(response, "reconciliation-result-batch")
    assert [answer[key]["result"] for key in ("zero", "text")] == [[], []]
    assert "limit" in answer["zero"]["error"]
    assert ids(answer["fine"]["result"])[0] == "alescon"


# Suggestions, previews


def suggested(client: FlaskClient, kind: str, **parameters: object) -> list[dict[str, Any]]:
    response = client.get(f"/reconcile/suggest/{kind}", query_string={"lang": "nl", **parameters})
    plural = {"entity": "entities", "property": "properties", "type": "types"}[kind]
    return list(read(response, f"suggest-{plural}-response")["result"])


def test_suggestions_begin_as_what_was_typed(client: FlaskClient) -> None:
    """Things by any name from any of its words on and by id; types and properties by name, prefix and id."""
    things = suggested(client, "entity", prefix="gron", limit=50)
    assert {"groningen", "gemeente-groningen"} <= set(ids(things))
    assert things[0]["id"] == "groningen"
    assert things[0]["notable"][0] == {"id": "so2:UrbanCore", "name": "stedelijke kern"}
    for text in ("alescon", "id:alescon", f"{THINGS}alescon", "Alescon"):
        assert ids(suggested(client, "entity", prefix=text))[0] == "alescon"
    assert ids(suggested(client, "entity", prefix="Leeuwen")) == ["noor-van-leeuwen"]
    networks = suggested(client, "type", prefix="netw")
    assert "so2:Network" in ids(networks)
    assert networks[ids(networks).index("so2:Network")]["broader"]
    assert set(ids(suggested(client, "type", prefix="so2:Muni"))) == {"so2:Municipality", "so2:MunicipalArea"}
    assert "org:hasMember" in ids(suggested(client, "property", prefix="lid"))
    assert ids(suggested(client, "property", prefix="rdfs:label"))[0] == "rdfs:label"
    assert ids(suggested(client, "property", prefix="so2:hasCoreGroup/rdfs:lab")) == ["so2:hasCoreGroup!rdfs:label"]


def test_suggestions_come_in_pages(client: FlaskClient) -> None:
    """`cursor` passes over those that were seen; together they are the whole."""
    whole = ids(suggested(client, "entity", prefix="s", limit=30))
    parts = [ids(suggested(client, "entity", prefix="s", limit=7, cursor=at)) for at in (0, 7, 14)]
    assert [slug for part in parts for slug in part] == whole[:21]
    assert suggested(client, "type", prefix="", limit=50)
    for odd in ({"cursor": "-1"}, {"cursor": "10001"}, {"limit": "0"}, {"limit": "51"}, {"limit": "x"}):
        response = client.get("/reconcile/suggest/entity", query_string={"prefix": "a", **odd})
        assert problem(response, 400)["type"].endswith("/bad-parameter")
    assert problem(client.get("/reconcile/suggest/nothing?prefix=a"), 404)
    assert problem(client.get(f"/reconcile/suggest/entity?prefix={'x' * 1001}"), 400)["limit"] == 1000


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_preview_is_a_small_page_without_scripts(client: FlaskClient, language: str) -> None:
    """It may stand in a frame of any site, which no other page may, and nothing in it runs."""
    response = client.get(f"/reconcile/preview?id=gemeente-assen&lang={language}")
    policy = response.headers["Content-Security-Policy"]
    assert response.content_type == "text/html; charset=utf-8"
    assert "frame-ancestors *" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "<script" not in response.text
    assert f'<html lang="{language}">' in response.text
    name = {"nl": "gemeente Assen", "en": "municipality of Assen"}[language]
    assert f"<bdi>{name}</bdi></a></h1>" in response.text
    assert 'href="http://localhost/doc/gemeente-assen"' in response.text
    for path in ("/reconcile", "/doc/alescon"):
        assert "frame-ancestors 'none'" in client.get(path, headers=BROWSER).headers["Content-Security-Policy"]
    assert problem(client.get("/reconcile/preview?id=nobody"), 404)
    assert problem(client.get("/reconcile/preview"), 400)


def test_an_id_leads_to_the_page_of_its_thing(client: FlaskClient) -> None:
    """With the language that was chosen."""
    response = client.get("/reconcile/view?id=alescon&lang=en")
    assert (response.status_code, response.headers["Location"]) == (303, "/doc/alescon?lang=en")
    assert problem(client.get("/reconcile/view?id=nobody"), 404)


# Data extension


def extended(client: FlaskClient, ids_of: list[str], *properties: dict[str, Any]) -> dict[str, Any]:
    query = {"ids": ids_of, "properties": list(properties)}
    response = client.post("/reconcile?lang=nl", data={"extend": json.dumps(query)})
    found = read(response, "data-extension-response")
    assert list(found["rows"]) == list(dict.fromkeys(ids_of))
    assert [each["id"] for each in found["meta"]] == [each["id"] for each in properties]
    by_get = client.get("/reconcile", query_string={"extend": json.dumps(query), "lang": "nl"})
    assert read(by_get, "data-extension-response") == found
    return found


def test_data_extension_gives_typed_values(client: FlaskClient) -> None:
    """Texts, numbers, dates, things with id and name; along paths, forth and back; of what is not known nothing."""
    found = extended(
        client,
        ["so-netwerk-assen-drenthe", "assen", "nobody"],
        {"id": "so2:hasCoreGroup"},
        {"id": "so2:hasCoreGroup!rdfs:label"},
        {"id": "so2:hasCoreGroup/-so2:hasCoreGroup"},
        {"id": "schema:latitude"},
        {"id": "rdf:type"},
        {"id": "no such property"},
    )
    network, town, nobody = found["rows"].values()
    core = {"id": "kerngroep-assen-drenthe", "name": "kerngroep SO netwerk Assen/Drenthe"}
    assert network["so2:hasCoreGroup"] == [core]
    assert network["so2:hasCoreGroup!rdfs:label"] == [{"str": core["name"]}]
    assert network["so2:hasCoreGroup/-so2:hasCoreGroup"] == [
        {"id": "so-netwerk-assen-drenthe", "name": "SO netwerk Assen/Drenthe"}
    ]
    assert town["schema:latitude"] == [{"float": pytest.approx(53, abs=0.1)}]
    assert {"str": "stedelijke kern"} in town["rdf:type"]
    assert all(values == [] for values in nobody.values())
    assert found["meta"][0]["type"]["id"] == "so2:CoreGroup"
    assert found["meta"][1]["name"] == "heeft kerngroep › heet"


def test_settings_of_a_property_are_kept(client: FlaskClient) -> None:
    """How many, only the number, which language, and whether what is planned or hoped is given too."""
    label = {"id": "rdfs:label"}
    found = extended(
        client,
        ["gemeente-assen"],
        label,
        {**label, "id": "rdfs:label", "settings": {}},
    )
    assert found["rows"]["gemeente-assen"]["rdfs:label"] == [{"str": "gemeente Assen"}]

    def one(pid: str, ident: str = "gemeente-assen", **settings: object) -> list[dict[str, Any]]:
        made = extended(client, [ident], {"id": pid, "settings": settings})
        return list(made["rows"][ident][pid])

    assert one("rdfs:label", language="en") == [{"str": "municipality of Assen"}]
    assert len(one("rdfs:label", language="all")) == 2
    assert one("rdfs:label", language="all", limit="1") == one("rdfs:label", language="all")[:1]
    assert one("rdfs:label", count="on") == [{"int": 2}]
    facts, anything = (one("-so2:connects", "so-netwerk-groningen", certainty=c) for c in ("facts", "any"))
    assert len(anything) > len(facts)
    for odd in ({"limit": "many"}, {"limit": -1}, {"language": "fy"}, {"certainty": "maybe"}):
        query = {"ids": ["assen"], "properties": [{"id": "rdfs:label", "settings": odd}]}
        assert problem(client.post("/reconcile", data={"extend": json.dumps(query)}), 400)


def test_properties_are_proposed_by_use(client: FlaskClient) -> None:
    """Those that things of the type have come, with what leads to them at the end; of an unknown type none."""
    found = read(
        client.get("/reconcile/propose?type=so2:RegionalNetwork&limit=50&lang=nl"), "data-extension-property-proposal"
    )
    assert (found["type"], found["limit"]) == ("so2:RegionalNetwork", 50)
    names = [each["id"] for each in found["properties"]]
    assert "so2:hasCoreGroup" in names
    assert "-so2:connects" in names
    assert names.index("so2:hasCoreGroup") < names.index("-so2:connects")
    assert (
        read(client.get("/reconcile/propose?type=so2:NoSuch"), "data-extension-property-proposal")["properties"] == []
    )
    above = read(client.get("/reconcile/propose?type=so2:Network"), "data-extension-property-proposal")
    assert set(names) <= {each["id"] for each in above["properties"]}
    whole = read(client.get("/reconcile/propose"), "data-extension-property-proposal")
    assert len(whole["properties"]) > len(above["properties"])
    assert "type" not in whole


# What nobody may see


def test_no_address_comes_back(client: FlaskClient, ask: Ask) -> None:
    """Nobody is found by an e-mail address, and no property gives one, whatever it is called."""
    texts = ["n.van.leeuwen@example.org", "mailto:x@example.org", "x@example.org"]
    found = ask(**{f"q{n}": {"query": text} for n, text in enumerate(texts)})
    assert found["q0"] == found["q2"] == []
    assert all("@" not in json.dumps(rows) for rows in found.values())
    properties = read(client.get("/reconcile/propose"), "data-extension-property-proposal")["properties"]
    people = ids(ask(q={"properties": [{"pid": "rdf:type", "v": "foaf:Person"}], "limit": 50})["q"])
    assert len(people) > 3
    wanted = [{"id": each["id"], "settings": {"certainty": "any"}} for each in properties]
    wanted += [{"id": pid} for pid in ("vcard:hasEmail", "foaf:mbox", "schema:email", "vcard:hasEmail!rdfs:label")]
    text = json.dumps(extended(client, people, *wanted))
    assert "@" not in text
    assert "mailto" not in text
    assert "hasEmail" not in json.dumps(properties)
    assert suggested(client, "entity", prefix="x@example.org") == []


# What strangers send

DEEP = "[" * 100_000
ODD_BATCHES = {
    "no JSON": "{",
    "a list": "[]",
    "a number": "7",
    "not a number": '{"q0":{"query":"x","limit":NaN}}',
    "deep": DEEP,
    "deep within": f'{{"q0":{{"query":"x","properties":{DEEP}',
    "a long number": '{"q0":{"query":"x","limit":' + "9" * 10_000 + "}}",
    "no query at all": '{"q0":{}}',
    "a null": '{"q0":null}',
    "only a long name": json.dumps({"q0": {"query": "x" * 1_000_000}}),
    "a number as a query": '{"q0":{"query":5}}',
    "odd rule": '{"q0":{"query":"x","type_strict":"must"}}',
    "odd types": '{"q0":{"query":"x","type":{"a":1}}}',
    "many types": json.dumps({"q0": {"query": "x", "type": ["a"] * 21}}),
    "many properties": json.dumps({"q0": {"query": "x", "properties": [{"pid": "a", "v": "b"}] * 11}}),
    "many values": json.dumps({"q0": {"query": "x", "properties": [{"pid": "a", "v": ["b"] * 21}]}}),
    "property of nothing": '{"q0":{"query":"x","properties":[{"v":"b"}]}}',
    "property without value": '{"q0":{"query":"x","properties":[{"pid":"b"}]}}',
}


@pytest.mark.parametrize("name", ODD_BATCHES)
def test_what_is_no_batch_is_refused(client: FlaskClient, name: str) -> None:
    """With a 400 that says what is wrong, at once, and does not send all of it back."""
    began = time.process_time()
    response = client.post("/reconcile", data={"queries": ODD_BATCHES[name]})
    found = problem(response, 400)
    assert time.process_time() - began < 2
    assert len(response.data) < 1500
    if name == "no JSON":
        assert (found["line"], found["column"]) == (1, 2)


ODD_NAMES = {
    "empty": "",
    "blank": " \t ",
    "null byte": "Ales\0con",
    "surrogate": "Alescon \ud800",
    "pattern": "(a+)+$ .*[",
    "quotes": "'; DROP TABLE thing; --",
    "wildcards": "%_*?",
    "template": "{{ 7*7 }} ${7*7}",
    "signs": "!!! ??? …",
    "emoji": "👩‍👩‍👧‍👦 netwerk",
    "arabic": "شبكة المشاريع",
    "marks": "a" + "\u0301" * 900,
    "long word": "x" * 999,
    "slug": "~~zz~",
    "path": "../../etc/passwd",
    "tag": "<script>alert(1)</script>",
}


def test_odd_names_are_only_names(client: FlaskClient) -> None:
    """Each gets a list, and none spoils the answer of another; keys come back as they were sent."""
    queries = {f"{key} \ud800\u2028": {"query": name} for key, name in ODD_NAMES.items()}
    queries["fine"] = {"query": "Alescon"}
    began = time.process_time()
    response = client.post("/reconcile", data={"queries": json.dumps(queries)})
    found = read(response, "reconciliation-result-batch")
    assert time.process_time() - began < 5
    assert list(found) == list(queries)
    assert ids(found["fine"]["result"])[0] == "alescon"
    assert not any("error" in row for row in found.values())
    assert ids(found["surrogate \ud800\u2028"]["result"])[0] == "alescon"
    assert b"\xe2" not in response.data
    for name in ODD_NAMES.values():
        for kind in ("entity", "type", "property"):
            text = name.encode("utf-8", "replace").decode()
            assert client.get(f"/reconcile/suggest/{kind}", query_string={"prefix": text}).status_code == 200


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "query": st.text(max_size=12) | JSON_VALUES,
        "type": st.sampled_from(["so2:Network", ["foaf:Person"], "x"]) | JSON_VALUES,
        "type_strict": st.sampled_from(["any", "all", "should"]) | JSON_VALUES,
        "limit": st.integers(-3, 10**30) | JSON_VALUES,
        "properties": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "pid": st.sampled_from(["rdf:type", "-org:hasMember!rdfs:label", "x", "/", "!"]) | JSON_VALUES,
                    "v": st.text(max_size=6) | st.fixed_dictionaries({"id": st.text(max_size=6)}) | JSON_VALUES,
                },
            ),
            max_size=2,
        )
        | JSON_VALUES,
    },
)


@given(st.dictionaries(st.text(max_size=5), ROWS | JSON_VALUES, max_size=4))
@settings_of(max_examples=150, deadline=None)
def test_whatever_is_sent_is_answered(client: FlaskClient, batch: dict[str, object]) -> None:
    """With a list for every key, or a 400; never with an error of ours."""
    response = client.post("/reconcile", data={"queries": json.dumps(batch)})
    assert response.status_code in (200, 400), response.text
    if response.status_code == 200:
        assert list(read(response, "reconciliation-result-batch")) == list(batch)


def test_forms_that_are_none_are_refused(client: FlaskClient) -> None:
    """JSON to the address for forms, both fields, none, and one that is given twice."""
    assert problem(client.post("/reconcile", json={}), 415)["accepted"] == [FORM]
    assert problem(client.post("/reconcile"), 415)
    both = {"queries": "{}", "extend": "{}"}
    assert problem(client.post("/reconcile", data=both), 400)
    assert problem(client.post("/reconcile", data={"other": "x"}), 400)
    assert problem(client.post("/reconcile", data={"queries": ["{}", "{}"]}), 400)
    for query in ("{}", "[]", '{"ids":[1],"properties":[]}', '{"ids":["a"],"properties":["b"]}', "nothing"):
        assert problem(client.post("/reconcile", data={"extend": query}), 400)


# Limits


@pytest.fixture(scope="module")
def limited(settings: Settings, bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A service with small limits."""
    small = replace(
        settings,
        exports=str(tmp_path_factory.mktemp("limits")),
        max_reconcile_queries=3,
        max_reconcile_characters=20,
        max_reconcile_candidates=2,
        max_extension_cells=4,
        max_extension_values=1,
    )
    return create_app(small, bundle).test_client()


def test_a_batch_has_a_largest_size(limited: FlaskClient) -> None:
    """`max_reconcile_queries` are answered, one more is a 413; the manifest tells."""
    assert json.loads(limited.get("/reconcile").data)["batchSize"] == 3
    rows = {f"q{n}": {"query": "Alescon"} for n in range(4)}
    assert problem(limited.post("/reconcile", data={"queries": json.dumps(rows)}), 413)["limit"] == 3
    rows.pop("q3")
    assert limited.post("/reconcile", data={"queries": json.dumps(rows)}).status_code == 200


def test_a_name_has_a_greatest_length(limited: FlaskClient) -> None:
    """`max_reconcile_characters` are looked up, one more is not, and spoils no other query."""
    rows = {"edge": {"query": "x" * 20}, "long": {"query": "x" * 21}, "fine": {"query": "Alescon"}}
    found = read(limited.post("/reconcile", data={"queries": json.dumps(rows)}), "reconciliation-result-batch")
    assert ["error" in found[key] for key in rows] == [False, True, False]
    assert ids(found["fine"]["result"])[0] == "alescon"
    long = {"ids": ["x" * 21], "properties": [{"id": "rdfs:label"}]}
    assert problem(limited.post("/reconcile", data={"extend": json.dumps(long)}), 400)


def test_a_query_has_most_candidates(limited: FlaskClient) -> None:
    """`max_reconcile_candidates`, whatever is asked."""
    rows = {"q": {"query": "netwerk", "limit": 50}, "usual": {"query": "netwerk"}}
    found = read(limited.post("/reconcile", data={"queries": json.dumps(rows)}), "reconciliation-result-batch")
    assert [len(found[key]["result"]) for key in rows] == [2, 2]


def test_a_data_extension_has_most_cells_and_values(limited: FlaskClient) -> None:
    """`max_extension_cells` things times properties, and `max_extension_values` in each."""

    def send(count: int) -> TestResponse:
        query = {
            "ids": ["gemeente-assen", "assen"],
            "properties": [{"id": "rdfs:label", "settings": {"language": "all"}}] * count,
        }
        return limited.post("/reconcile", data={"extend": json.dumps(query)})

    assert problem(send(3), 413)["limit"] == 4
    found = read(send(2), "data-extension-response")
    assert len(found["rows"]["gemeente-assen"]["rdfs:label"]) == 1


def test_a_batch_ends_at_its_deadline(settings: Settings, bundle: Bundle, tmp_path: Path) -> None:
    """`reconcile_deadline` is over at once here: 503 with the time to come back; a word at a time is still there."""
    hasty = replace(settings, exports=str(tmp_path), reconcile_deadline=0)
    client = create_app(hasty, bundle).test_client()
    response = client.post("/reconcile", data={"queries": '{"q0":{"query":"Alescon"}}'})
    found = problem(response, 503)
    assert found["type"].endswith("/query-timeout")
    assert found["limit"] == 0
    assert response.headers["Retry-After"]
    query = '{"ids":["alescon"],"properties":[{"id":"rdfs:label"}]}'
    assert problem(client.post("/reconcile", data={"extend": query}), 503)
    assert client.get("/reconcile/suggest/entity?prefix=a").status_code == 200


# Other data


def served(folder: Path, text: str, bundle: Bundle) -> FlaskClient:
    """A client of a service on a dataset of its own."""
    return create_app(published(folder, text).settings, bundle).test_client()


def test_an_empty_dataset_has_a_service(bundle: Bundle, tmp_path: Path) -> None:
    """It finds nothing, and says so by the rules."""
    client = served(tmp_path, "", bundle)
    read(client.get("/reconcile"), "manifest")
    response = client.post("/reconcile", data={"queries": '{"q0":{"query":"Alescon"},"q1":{"query":""}}'})
    assert read(response, "reconciliation-result-batch") == {"q0": {"result": []}, "q1": {"result": []}}
    assert client.get("/reconcile", headers=BROWSER).status_code == 200


OTHER = """
@prefix x: <http://example.org/x#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
<http://example.org/g> {
  x:a a x:Thing ; rdfs:label "Stichting De Brug", "The Bridge"@en ; x:founded "1998"^^xsd:gYear ;
    x:on "2018-03-01"^^xsd:date ;
    x:at "2018-03-01T10:00:00+01:00"^^xsd:dateTime ; x:size 12 ; x:weight 1.5e0 ; x:odd "INF"^^xsd:double ;
    x:open true ; x:knows x:b, <mailto:someone@example.org> ; x:says "write to someone@example.org" ;
    x:via [ x:to x:b ] ; x:big 123456789012345678901234567890 ;
    x:shut "0"^^xsd:boolean ; x:people 2147483647, 2147483648 ; x:page <https://example.org/page> .
  x:b a x:Thing, x:Rare ; rdfs:label "De Brug B.V." ; x:founded "2010"^^xsd:gYear ; x:knows x:a .
  x:c a x:Thing ; rdfs:label "De Brug" ; x:founded "2011"^^xsd:gYear .
  x:d a x:Thing ; rdfs:label "De Brug" .
  <http://example.org/very?long=1&b#frag/ment> a x:Thing ; rdfs:label "Odd place" .
  x:Rare rdfs:subClassOf x:Thing . x:Thing rdfs:subClassOf x:Rare .
}
"""


@pytest.fixture(scope="module")
def other(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A service on data of somebody else, with classes in a ring."""
    return served(tmp_path_factory.mktemp("other"), OTHER, bundle)


def x(local: str) -> str:
    return f"~http~3a~2f~2fexample.org~2fx~23{local}"


def test_values_of_every_kind_are_typed(other: FlaskClient) -> None:
    """As the schema allows; what a schema has no type for is text, and what is personal is masked or left out.

    A whole number that OpenRefine would cut to 32 bits is a float, which it keeps.
    """
    locals_ = (
        "founded",
        "on",
        "at",
        "size",
        "weight",
        "odd",
        "open",
        "knows",
        "says",
        "big",
        "page",
        "shut",
        "people",
    )
    query = {
        "ids": [x("a")],
        "properties": [{"id": x(local)} for local in locals_] + [{"id": f"{x('via')}!{x('to')}"}],
    }
    found = read(other.post("/reconcile", data={"extend": json.dumps(query)}), "data-extension-response")
    values = list(found["rows"][x("a")].values())
    assert values[:7] == [
        [{"int": 1998}],
        [{"date": "2018-03-01T00:00:00Z"}],
        [{"date": "2018-03-01T10:00:00+01:00"}],
        [{"int": 12}],
        [{"float": 1.5}],
        [{"str": "INF"}],
        [{"str": "true"}],
    ]
    assert values[7] == values[13] == [{"id": x("b"), "name": "De Brug B.V."}]
    assert values[8] == [{"str": "write to ‹e-mail address›"}]
    assert values[9] == [{"str": "123456789012345678901234567890"}]
    assert values[10] == [{"str": "https://example.org/page"}]
    assert values[11] == [{"str": "false"}]
    assert sorted(values[12], key=str) == [{"float": 2147483648}, {"int": 2147483647}]


def test_namesakes_are_never_matched_by_name_alone(other: FlaskClient) -> None:
    """A year that agrees decides between them; a legal form tells others apart."""
    rows = {
        "two": {"query": "De Brug"},
        "year": {"query": "De Brug", "properties": [{"pid": x("founded"), "v": 2011}]},
        "form": {"query": "De Brug BV"},
        "foundation": {"query": "Stichting de brug"},
    }
    found = read(other.post("/reconcile", data={"queries": json.dumps(rows)}), "reconciliation-result-batch")
    first = {key: row["result"][0] for key, row in found.items()}
    assert {row["id"] for row in found["two"]["result"][:2]} == {x("c"), x("d")}
    assert not any(row["match"] for row in found["two"]["result"])
    assert first["year"]["id"] == x("c")
    assert first["form"]["id"] == x("b")
    assert first["foundation"]["id"] == x("a")


def test_classes_in_a_ring_are_types(other: FlaskClient) -> None:
    """Each stands for the other too, and nothing goes on for ever."""
    assert set(ids(suggested(other, "type", prefix=""))) == {x("Thing"), x("Rare")}
    rows = {"q": {"query": "De Brug", "type": x("Rare"), "type_strict": "any"}}
    found = read(other.post("/reconcile", data={"queries": json.dumps(rows)}), "reconciliation-result-batch")
    assert len(found["q"]["result"]) >= 3


def test_an_id_of_any_iri_works_everywhere(other: FlaskClient) -> None:
    """In a preview, a flyout, a view and a data extension, put into the template as OpenRefine does."""
    rows = {"q": {"query": "Odd place"}}
    found = read(other.post("/reconcile", data={"queries": json.dumps(rows)}), "reconciliation-result-batch")
    slug = found["q"]["result"][0]["id"]
    manifest = json.loads(other.get("/reconcile").data)
    assert "Odd place" in other.get(manifest["preview"]["url"].replace("{{id}}", slug)).text
    view = other.get(manifest["view"]["url"].replace("{{id}}", slug))
    assert view.status_code == 303
    assert "Odd place" in other.get(view.headers["Location"], headers=BROWSER).text
    assert "Odd place" in unescape(other.get(f"/reconcile/flyout/entity?id={slug}").text)


def test_a_new_generation_is_seen_at_once(bundle: Bundle, tmp_path: Path) -> None:
    """A thing that is added is found by the next question."""
    client = served(tmp_path, "", bundle)
    rows = {"queries": '{"q0":{"query":"Wadlopersgilde Zoutkamp"}}'}
    assert read(client.post("/reconcile", data=rows), "reconciliation-result-batch")["q0"]["result"] == []
    published(
        tmp_path,
        f"""<http://example.org/g> {{ <{THINGS}gilde> a <http://www.w3.org/ns/org#Organization> ;
        <http://www.w3.org/2000/01/rdf-schema#label> "Wadlopersgilde Zoutkamp" . }}""",
    )
    found = read(client.post("/reconcile", data=rows), "reconciliation-result-batch")["q0"]["result"]
    assert [(row["id"], row["match"]) for row in found] == [("gilde", True)]


# The judgement by itself


def _known(number: int, *names: str, **more: Any) -> Known:
    rows = [Name(name, 0, plain(name), name_form(name)) for name in names]
    return Known(number, f"http://x/{number}", rows, frozenset(), 0, more.pop("cosine", 0.8), **more)


def _asked(text: str, *conditions: Condition, **more: Any) -> Asked:
    return Asked(text, 10, conditions=conditions, **more)


@pytest.mark.parametrize(("quantifier", "first"), [("any", 1), ("all", 2), ("none", 3)])
def test_quantifiers_of_conditions(quantifier: str, first: int) -> None:
    """Any, all or none of the values; what is required leaves out what does not have it."""
    step = (Step("http://x/p"),)
    values = (Value("Assen"), Value("Emmen"))
    things = [
        _known(1, "Hof", held={"p": Held(("Assen",))}),
        _known(2, "Hof", held={"p": Held(("Assen", "Emmen"))}),
        _known(3, "Hof", held={"p": Held(("Haren",))}),
    ]
    condition = Condition("p", step, values, quantifier, required=True)
    found = [row.number for row in judge(_asked("Hof", condition), things)]
    assert found == {1: [1, 2], 2: [2], 3: [3]}[first]


def test_scores_tell_levels_apart() -> None:
    """The same name, one with a letter wrong, one of which it is a part, and another are in that order."""
    things = [
        _known(1, "Wadden Werkplaats"),
        _known(2, "Wadden Werkplaats Delfzijl en Omgeving"),
        _known(3, "Waden Werkplaats"),
        _known(4, "Turfschip", cosine=0.1),
    ]
    found = judge(_asked("Wadden Werkplaats"), things)
    assert [row.number for row in found] == [1, 3, 2]
    assert found[0].score == 100
    assert not found[0].match or found[0].score - found[1].score >= 8


@pytest.mark.parametrize(
    ("predicate", "datatypes", "things", "kind"),
    [
        ("http://x#spatial", (), True, Kind.NAME),
        ("http://x#date", ("http://www.w3.org/2001/XMLSchema#gYear",), False, Kind.YEAR),
        ("http://x#size", ("http://www.w3.org/2001/XMLSchema#integer",), False, Kind.NUMBER),
        ("http://purl.org/dc/terms/identifier", (), False, Kind.CODE),
        ("http://xmlns.com/foaf/0.1/homepage", (), False, Kind.HOST),
        ("http://x/note", (), False, Kind.TEXT),
    ],
)
def test_values_are_compared_by_what_they_are(
    predicate: str, datatypes: tuple[str, ...], things: bool, kind: Kind
) -> None:
    """Things by name, dates by year, numbers by size, identifiers letter by letter, addresses by host."""
    assert kind_of([predicate], datatypes, things=things) is kind


def test_a_batch_is_read_query_by_query() -> None:
    """Types as one, as a list or with names; numbers and yes or no as values."""
    text = json.dumps(
        {
            "a": {"query": "x", "type": "t"},
            "b": {"query": "x", "type": [{"id": "t", "name": "T"}, "u"]},
            "c": {"query": "", "properties": [{"pid": "p", "v": [1, 2.0, True, {"id": "i", "name": "n"}]}]},
            "d": {"query": None},
        }
    )
    found = read_batch(text, Settings())
    rows = [row for row in found.values() if isinstance(row, Query)]
    assert [row.types for row in rows] == [("t",), ("t", "u"), ()]
    assert [value.text for value in rows[2].properties[0].values] == ["1", "2", "true", "n"]
    assert rows[2].properties[0].values[3].id == "i"
    assert isinstance(found["d"], Fault)


def test_who_comes_while_the_index_is_made_is_told_to_come_back(
    settings: Settings, bundle: Bundle, tmp_path: Path
) -> None:
    """503 with the time to wait, as a problem that any site may read; the manifest is there, and nobody keeps it."""
    client = create_app(replace(settings, exports=str(tmp_path), export_patience=0), bundle).test_client()
    session = Access(settings, bundle).session()
    folder = tmp_path / f"{session.snapshot.manifest.number:06d}"
    folder.mkdir()
    with (folder / f".{reconcile_index_name(session)}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for path in ("/reconcile?queries={}", "/reconcile/suggest/type?prefix=a", "/reconcile/preview?id=alescon"):
            response = client.get(path)
            assert problem(response, 503)["type"].endswith("/busy")
            assert response.headers["Retry-After"] == "5"
        for path in ("/reconcile", "/reconcile/1.0"):
            response = client.get(path)
            assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
            assert response.get_json()["defaultTypes"] == []
    assert client.get("/reconcile").get_json()["defaultTypes"]


def test_workers_share_one_index(settings: Settings, bundle: Bundle, tmp_path: Path) -> None:
    """It is made once for a generation, and another worker finds it as it is."""
    shared = replace(settings, exports=str(tmp_path))
    stamps = []
    for _ in range(2):
        client = create_app(shared, bundle).test_client()
        assert client.get("/reconcile").status_code == 200
        (made,) = (path for path in tmp_path.rglob("reconcile-*") if path.is_dir())
        stamps.append({path.name: path.stat().st_mtime_ns for path in made.rglob("*")})
    assert {"things.sqlite", "grams"} <= set(stamps[0])
    assert stamps[0] == stamps[1]
