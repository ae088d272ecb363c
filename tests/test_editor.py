"""What an editor asks of the service: errors with their places, names to complete, explanations, pages of rows."""

from __future__ import annotations

import json
from dataclasses import replace
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from so2graph.config import Settings
from so2graph.engine.access import Access
from so2graph.engine.check import without_services
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, Prefixes
from so2graph.web.app import create_app
from so2graph.web.checking import WELL_KNOWN
from tests.test_web import BROWSER, addresses

ALL = f"{CANONICAL_BASE}graph/all"


def checked(client: FlaskClient, text: str, kind: str = "query", language: str = "en") -> dict[str, Any]:
    """What `/sparql/check` says."""
    response = client.post(f"/sparql/check?lang={language}", data={kind: text})
    assert (response.status_code, response.content_type) == (200, "application/json")
    assert response.headers["Content-Language"] == language
    found: dict[str, Any] = json.loads(response.data)
    assert found["ok"] == (not found["errors"])
    return found


# Errors


@pytest.mark.parametrize(
    ("text", "code", "place", "message"),
    [
        ("SELECT * {\n  ?s ?p\n}", "syntax", (3, 1, 3, 2), "is missing before }"),
        ("SELECT * { ?s ?p ?o ?q }", "syntax", (1, 21, 1, 23), "a semicolon or a comma is missing before ?q"),
        ("SELECT * { ?s 1 ?o }", "syntax", (1, 15, 1, 16), "A property is missing before 1"),
        ("SELECT * { ?s ?p ?o", "bracket", (1, 10, 1, 11), "This bracket { is never closed"),
        ("SELECT * { ?s ?p ?o } }", "bracket", (1, 23, 1, 24), "closes nothing"),
        ("SELECT * { FILTER(1 } )", "bracket", (1, 21, 1, 22), "that ) should close"),
        ('SELECT * { ?s ?p "abc }\n', "syntax", (1, 18, 1, 24), "not closed"),
        ("SELEC * {}", "syntax", (1, 1, 1, 6), "does not begin with SELEC"),
        ("", "syntax", (1, 1, 1, 1), "There is no query yet"),
        ("# nothing", "syntax", (1, 1, 1, 1), "There is no query yet"),
        ("SELECT ?x (COUNT(*) AS ?n) { ?x ?p ?o }", "syntax", (1, 39, 1, 40), "a variable that is unbound"),
        ("SELECT * { ?s wdt:P31 ?o }", "prefix", (1, 15, 1, 22), "The prefix wdt: is not declared"),
        ("SELECT * { SERVICE <http://x/> {} }", "refused", (1, 12, 1, 19), "call no other service"),
        (
            "SELECT * FROM <http://nowhere/> { ?s ?p ?o }",
            "unknown-graph",
            (1, 15, 1, 32),
            "a graph that is not there",
        ),
        ("DROP ALL", "refused", (1, 1, 1, 5), "may change nothing"),
        ("SELECT * { 😀 }", "syntax", (1, 12, 1, 15), "begins here with 😀"),
    ],
)
def test_an_error_has_its_place_and_a_way_out(
    client: FlaskClient, text: str, code: str, place: tuple[int, ...], message: str
) -> None:
    """Line and column from 1, up to where it ends, in words, with what to do; in Dutch too."""
    (error,) = checked(client, text)["errors"]
    assert error["code"] == code
    assert tuple(error[name] for name in ("line", "column", "endLine", "endColumn")) == place
    assert message in error["message"]
    assert error["mend"]
    dutch = checked(client, text, language="nl")["errors"][0]
    assert dutch["message"] != error["message"]
    assert dutch["line"] == error["line"]


def test_a_prefix_comes_with_its_namespace_or_the_one_that_was_meant(client: FlaskClient) -> None:
    """A well-known one with the line to add, a misspelt one with the right one; each is told once."""
    known, misspelt = checked(client, "SELECT * { ?s wdt:P31 s02:Network ; wdt:P1 1 }")["errors"]
    assert known["insert"] == "PREFIX wdt: <http://www.wikidata.org/prop/direct/>"
    assert misspelt["replace"] == ["so2:Network"]
    mended = f"{known['insert']}\nSELECT * {{ ?s wdt:P31 so2:Network ; wdt:P1 1 }}"
    assert checked(client, mended)["ok"]


def test_the_well_known_prefixes_agree_with_our_own(prefixes: Prefixes) -> None:
    """Where both have a prefix it is the same namespace."""
    assert {prefix: WELL_KNOWN[prefix] for prefix in WELL_KNOWN.keys() & prefixes.keys()}.items() <= prefixes.items()


def test_names_that_are_nowhere_are_a_note(client: FlaskClient) -> None:
    """They are no error; functions, datatypes and updates have none; names that come close are offered."""
    found = checked(client, "SELECT * { ?n so2:hasCoregroup ?g . ?g a <http://x/y> }")
    assert found["ok"]
    assert [(note["column"], note.get("replace")) for note in found["warnings"]] == [
        (15, ["so2:hasCoreGroup"]),
        (42, None),
    ]
    right = "SELECT * { ?n so2:hasCoreGroup ?g FILTER(xsd:integer('1') = '1'^^xsd:byte) }"
    assert checked(client, right) == {"ok": True, "kind": "SELECT", "errors": [], "warnings": []}
    assert checked(client, "INSERT DATA { <urn:a> <urn:b> so2:Foo }", "update")["warnings"] == []


@pytest.mark.parametrize(
    ("text", "kind", "ok"),
    [
        ("INSERT DATA { <urn:a> <urn:b> 1 }", "INSERT", True),
        ("DELETE WHERE { ?s ?p ?o }", "DELETE", True),
        ("DROP GRAPH <urn:none> ; CREATE GRAPH <urn:x> ; CREATE GRAPH <urn:x>", "DROP", True),
        ("INSERT DATA { ?s <urn:b> 1 }", "INSERT", False),
        ("LOAD <http://x/>", "", False),
        ("SELECT * {}", "SELECT", False),
    ],
)
def test_an_update_is_read_and_not_done(
    client: FlaskClient, text: str, kind: str, ok: bool
) -> None:  # a column of the table
    """Without a token, since nothing is changed; the data is as it was."""
    count = f"/sparql?query=SELECT (COUNT(*) AS ?n) FROM <{ALL}> {{ ?s ?p ?o }}&format=csv"
    before = client.get(count).data
    found = checked(client, text, "update")
    assert found["ok"] is ok
    assert found["kind"] == (kind if ok or kind == "INSERT" else found["kind"])
    assert client.get(count).data == before


def test_the_text_comes_by_any_way_of_the_protocol(client: FlaskClient) -> None:
    """In the URL, in a form or as the body; neither or both is a bad request, another type is not read."""
    text = "ASK { ?s ?p }"
    ways = [
        client.get("/sparql/check", query_string={"query": text}),
        client.post("/sparql/check", data={"query": text}),
        client.post("/sparql/check", data=text, content_type="application/sparql-query"),
        client.get("/sparql/check", query_string={"update": "INSERT DATA { <urn:a> <urn:b> }"}),
        client.post("/sparql/check", data="INSERT DATA { <urn:a> }", content_type="application/sparql-update"),
    ]
    assert [(way.status_code, way.get_json()["ok"]) for way in ways] == [(200, False)] * 5
    assert ways[0].headers["ETag"]
    assert client.get("/sparql/check").status_code == 400
    assert client.get("/sparql/check?query=ASK{}&update=x").status_code == 400
    assert client.post("/sparql/check", data="x", content_type="text/plain").status_code == 415


def test_a_text_that_is_too_long_is_refused_in_words(settings: Settings, bundle: Bundle) -> None:
    """At the limit it is read, one byte beyond it is an error that says so."""
    client = create_app(replace(settings, max_query_bytes=20), bundle).test_client()
    assert checked(client, "ASK { ?s ?p 1234567}")["ok"]
    (error,) = checked(client, "ASK { ?s ?p 12345678}")["errors"]
    assert error["code"] == "query-too-large"


def test_a_listed_endpoint_is_not_called(settings: Settings, bundle: Bundle) -> None:
    """SERVICE of one is read in its place, SILENT or not, and what follows keeps its column."""
    federated = replace(settings, federation="http://127.0.0.1:1/sparql")
    client = create_app(federated, bundle).test_client()
    endpoint = "<http://127.0.0.1:1/sparql>"
    text = f"SELECT * {{ SERVICE SILENT {endpoint} {{ ?s ?p ?o }} SERVICE {endpoint} {{ ?a ?b ?c }} }}"
    assert checked(client, text)["errors"] == []
    (error,) = checked(client, text.replace("?c }", "}"))["errors"]
    assert error["column"] == text.index("?c") + 1
    session = Access(federated, bundle).session()
    plain = without_services(text, session.examined(text).services)
    assert len(plain) == len(text)
    assert "SERVICE" not in plain


# Names


def test_the_vocabulary_is_that_of_this_graph(client: FlaskClient, prefixes: Prefixes) -> None:
    """Prefixes, classes and properties with counts and labels, by class, graphs, things; with an ETag."""
    response = client.get("/vocabulary.json")
    found = json.loads(response.data)
    assert response.content_type == "application/json"
    assert found["prefixes"] == dict(prefixes)
    properties = {row["name"]: row for row in found["properties"]}
    core = properties["so2:hasCoreGroup"]
    assert core["label"] == {"nl": "heeft kerngroep", "en": "has core group"}
    assert (core["count"], core["classes"]["so2:RegionalNetwork"]) == (1, 1)
    classes = {row["name"]: row for row in found["classes"]}
    assert (classes["so2:Claim"]["count"], classes["so2:Claim"]["everywhere"]) == (0, 57)
    rows = client.get("/sparql?query=SELECT (COUNT(DISTINCT ?x) AS ?n) { ?x a foaf:Person }&format=csv").data.split()
    assert classes["foaf:Person"]["count"] == int(rows[1])
    assert found["classes"][0]["name"] == "org:Organization"
    assert {"nl": "SO2: gepland", "en": "SO2: planned"} in [row["label"] for row in found["graphs"]]
    assert {"iri": f"{CANONICAL_BASE}id/alescon", "name": "id:alescon", "type": "org:Organization"}.items() <= {
        row["name"]: row for row in found["things"]
    }["id:alescon"].items()
    assert found["thingCount"] == len(found["things"])
    assert addresses(response) == 0
    assert b"so2/contact" not in response.data
    held = {"If-None-Match": response.headers["ETag"]}
    assert client.get("/vocabulary.json", headers=held).status_code == 304


def test_things_are_listed_up_to_a_limit_and_found_by_name_beyond_it(settings: Settings, bundle: Bundle) -> None:
    """At the limit all are there; with one more there are none, their number is told, and names are looked up."""
    whole = create_app(settings, bundle).test_client().get("/vocabulary.json").get_json()
    count = whole["thingCount"]
    at_limit, beyond = (
        create_app(replace(settings, max_vocabulary_things=most), bundle).test_client() for most in (count, count - 1)
    )
    assert at_limit.get("/vocabulary.json").get_json()["things"] == whole["things"]
    small = beyond.get("/vocabulary.json").get_json()
    assert (small["things"], small["thingCount"]) == (None, count)
    names = [row["name"] for row in beyond.get("/vocabulary/things.json?q=drenth&limit=3").get_json()["things"]]
    assert names[0] == "id:drenthe"
    assert len(names) == 3


def test_a_dataset_that_is_too_large_is_named_and_not_counted(settings: Settings, bundle: Bundle) -> None:
    """Then the vocabulary has what the ontology defines, without counts, and says that it did not count."""
    client = create_app(replace(settings, max_counted_triples=10), bundle).test_client()
    found = client.get("/vocabulary.json").get_json()
    assert found["counted"] is False
    assert found["things"] is None
    assert "so2:hasCoreGroup" in [row["name"] for row in found["properties"]]
    assert all("count" not in row for row in found["properties"])


@pytest.mark.parametrize("text", ['"', "' UNION { ?s ?p ?o }", "\\", "{", "\n", "%00", "é😀"])
def test_what_is_looked_for_is_a_text_only(client: FlaskClient, text: str) -> None:
    """Whatever stands in it finds nothing, and breaks nothing."""
    response = client.get("/vocabulary/things.json", query_string={"q": text})
    assert (response.status_code, response.get_json()) == (200, {"things": []})
    assert client.get("/vocabulary/things.json", query_string={"q": "x" * 201}).status_code == 400
    assert client.get("/vocabulary/things.json?q=a&limit=51").status_code == 400


# Explanations


@pytest.mark.parametrize(
    ("query", "dutch", "english"),
    [
        (
            "SELECT * { ?o a org:Organization ; so2:place ?p }",
            "Niets van de klasse organisatie (org:Organization) heeft hier so2:place.",
            "Nothing of the class organisation (org:Organization) has so2:place here.",
        ),
        (
            "SELECT * { ?o a org:Organization ; rdfs:label 'x' }",
            "Niets van de klasse organisatie (org:Organization) heeft hier rdfs:label (“heet”) met de waarde 'x'.",
            "Nothing of the class organisation (org:Organization) has rdfs:label (“is called”) here "
            "with the value 'x'.",
        ),
        (
            "SELECT * { ?o a so2:Claim }",
            "Van de klasse uitspraak (so2:Claim) is er niets bij de gegevens die de vraag ziet.",
            "There is nothing of the class claim (so2:Claim) in the data that the query sees.",
        ),
        (
            "SELECT * { ?o a org:Organization } LIMIT 0",
            "Er zijn wel rijen, maar na LIMIT 0 blijft er geen over.",
            "There are rows, but none is left after LIMIT 0.",
        ),
        (
            "SELECT * { { ?o a so2:Foo } UNION { ?o so2:foo 1 } }",
            "Op elk van deze delen van de vraag past niets in de graaf.",
            "Nothing in the graph matches any of these parts of the query.",
        ),
        ("SELECT * { ?s ?p ?o }", "Deze vraag heeft wel een antwoord.", "This query does have an answer."),
    ],
)
def test_an_empty_answer_is_explained_in_words(client: FlaskClient, query: str, dutch: str, english: str) -> None:
    """As JSON and as a page, in both languages, with the place of what is to blame."""
    for language, sentence in (("nl", dutch), ("en", english)):
        asked = {"query": query, "lang": language}
        found = client.get("/sparql/explain", query_string=asked | {"format": "json"})
        assert (found.status_code, found.content_type) == (200, "application/json")
        assert found.get_json()["sentence"] == sentence
        page = client.get("/sparql/explain", query_string=asked, headers=BROWSER)
        assert page.content_type == "text/html; charset=utf-8"
        assert sentence.replace("'", "&#39;") in page.get_data(as_text=True)
        assert addresses(page) == 0
    for part in found.get_json()["culprits"]:
        assert query[part["column"] - 1 : part["endColumn"] - 1] in query
        assert part["line"] == 1


def test_an_offer_is_a_query_with_an_answer(client: FlaskClient) -> None:
    """What is offered in the place of a name leads to the same query with it, which has rows."""
    query = "SELECT * {\n  ?o a org:Organisation }"
    found = client.get("/sparql/explain", query_string={"query": query, "format": "json"}).get_json()
    offer = found["hints"][0]["offers"][0]
    assert (offer["text"], offer["query"]) == ("org:Organization", query.replace("sation", "zation"))
    html = client.get("/sparql/explain", query_string={"query": query}, headers=BROWSER).get_data(as_text=True)
    assert '<a href="/sparql?query=SELECT+%2A' in html
    assert client.get("/sparql", query_string={"query": offer["query"], "format": "csv"}).data.count(b"\n") > 1


def test_what_cannot_be_explained_says_so(client: FlaskClient) -> None:
    """A syntax error has its own place, an update has no answer, and no format but two is there."""
    wrong = client.get("/sparql/explain", query_string={"query": "SELECT * {\n ?s }}", "format": "json"})
    assert (wrong.status_code, wrong.get_json()["type"].rpartition("/")[2]) == (400, "query-syntax")
    assert wrong.get_json()["line"] == 2
    update = client.post("/sparql/explain", data={"update": "DROP ALL"})
    assert (update.status_code, update.get_json()["parameter"]) == (400, "update")
    assert client.get("/sparql/explain?query=ASK{}&format=csv").status_code == 406
    assert client.get("/sparql/explain").status_code == 400


def test_the_explanation_keeps_to_the_graphs_of_the_request(client: FlaskClient) -> None:
    """With `default-graph-uri` another dataset is asked."""
    asked = {"query": "SELECT * { ?x a so2:Claim }", "format": "json"}
    assert client.get("/sparql/explain", query_string=asked).get_json()["kind"] == "pattern"
    whole = client.get("/sparql/explain", query_string=asked | {"default-graph-uri": ALL})
    assert whole.get_json()["kind"] == "answers"


# Pages


def test_a_large_answer_is_shown_in_pages(client: FlaskClient) -> None:
    """Any query has them, also one with a LIMIT of its own: all rows, each once, with links that keep the query."""
    query = f"SELECT * FROM <{ALL}> {{ ?s a ?c }} ORDER BY ?s ?c LIMIT 130"
    seen: list[str] = []
    address = "/sparql?" + "&".join((f"query={query.replace('?', '%3F')}", "limit=50", "lang=en"))
    while address:
        html = client.get(address, headers=BROWSER).get_data(as_text=True)
        seen += html.split("<tbody>")[1].split("</tbody>")[0].split("</tr>")[:-1]
        assert " of 130." in html
        more = [part for part in html.split('<a href="') if '" rel="next"' in part.partition(">")[0]]
        address = more[0].partition('"')[0].replace("&amp;", "&") if more else ""
        assert not address or parse_qs(urlsplit(address).query)["query"] == [query]
    assert len(seen) == 130
    assert len(set(seen)) > 100
    assert "These are rows 101 to 130 of 130." in html


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?a a ?b . ?c a ?d . ?e a so2:Theme }",
        f"SELECT ?a FROM <{ALL}> {{ ?a a ?b . ?c a rdf:Statement }}",
        "SELECT DISTINCT ?a ?c { ?a a ?b . ?c a ?d . ?e a ?f } ORDER BY ?b",
        "SELECT * { ?a a ?b . ?c a ?d . ?e a so2:Theme } LIMIT 20000 OFFSET 100",
    ],
)
def test_a_very_large_answer_is_counted_and_shown_from_anywhere(client: FlaskClient, query: str) -> None:
    """The number of rows is true; the first page is there, one from far on, and the last."""
    count = client.get("/sparql", query_string={"query": query, "format": "csv"}).data.count(b"\n") - 1
    for offset in (0, count - 10, min(10_010, count - 10)):
        asked = {"query": query, "limit": "10", "offset": str(offset), "lang": "en"}
        html = client.get("/sparql", query_string=asked, headers=BROWSER).get_data(as_text=True)
        assert f" of {count:,}." in html
        assert html.split("<tbody>")[1].split("</tbody>")[0].count("<tr>") == 10


def test_the_limit_of_a_page_is_kept(settings: Settings, bundle: Bundle) -> None:
    """`max_page_rows` is the most; one more is refused by name, and past the end there are no rows."""
    client = create_app(replace(settings, max_page_rows=3), bundle).test_client()
    asked = {"query": "SELECT * { ?s a foaf:Person }", "lang": "en"}
    assert client.get("/sparql", query_string=asked | {"limit": "3"}, headers=BROWSER).status_code == 200
    assert client.get("/sparql", query_string=asked | {"limit": "4"}, headers=BROWSER).status_code == 400
    beyond = client.get("/sparql", query_string=asked | {"offset": "100"}, headers=BROWSER).get_data(as_text=True)
    answer = beyond[beyond.index('<section class="answer"') :].split("</section>")[0]
    assert "<td" not in answer
    assert 'class="empty"' in answer
    assert 'rel="prev"' in beyond


def test_a_query_that_fails_stays_in_its_page(client: FlaskClient) -> None:
    """A person gets the page with the query, what is wrong and the status; a program the problem alone."""
    asked = {"query": "SELECT * {\n ?s ?p }", "lang": "en"}
    page = client.get("/sparql", query_string=asked, headers=BROWSER)
    html = page.get_data(as_text=True)
    assert (page.status_code, page.mimetype) == (400, "text/html")
    assert "SELECT * {\n ?s ?p }</textarea>" in html
    assert "The query has a syntax error" in html
    assert page.headers["Cache-Control"] == "no-store"
    asking = {"Accept": "application/problem+json, text/html;q=0.9"}
    problem = client.get("/sparql", query_string=asked | {"format": "html"}, headers=asking)
    assert (problem.status_code, problem.content_type) == (400, "application/problem+json")
    answer = client.get("/sparql", query_string={"query": "ASK {}", "format": "html"}, headers=asking)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")


def test_a_stored_query_is_an_example(client: FlaskClient, bundle: Bundle) -> None:
    """Each by its title, in the field and not yet asked; one that is not there is a 404."""
    html = client.get("/sparql?lang=nl", headers=BROWSER).get_data(as_text=True)
    for name in bundle.queries():
        assert f'href="/sparql?example={name}&amp;lang=nl"' in html
    page = client.get("/sparql?example=graphs", headers=BROWSER).get_data(as_text=True)
    assert escape(bundle.queries()["graphs"].text.strip().splitlines()[0]) in page
    assert "<table" not in page.split('id="result"')[1].split("</div>")[0]
    assert client.get("/sparql?example=nothing", headers=BROWSER).status_code == 404
