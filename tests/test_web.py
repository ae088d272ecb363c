"""Every page and route, as a program and as a person with a browser sees it."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest
import rdflib
from flask.testing import FlaskClient
from rdflib.compare import isomorphic
from werkzeug.test import TestResponse

from so2graph.config import Settings
from so2graph.formats import BOOLEAN_FORMATS, FORMATS, GRAPH_FORMATS, SOLUTION_FORMATS, Format
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE
from so2graph.web.app import create_app
from so2graph.web.words import MESSAGES
from tests.conftest import Ask

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
RDFLIB = {
    "turtle": "turtle",
    "ntriples": "nt",
    "jsonld": "json-ld",
    "rdfxml": "xml",
    "trig": "trig",
    "nquads": "nquads",
}


def addresses(response: TestResponse) -> int:
    """How many e-mail addresses an answer shows; a number, so that a failing test prints none of them."""
    return len(re.findall(r"[\w.]+@[\w-]+\.\w+", response.get_data(as_text=True)))


def sparql(query: str, **parameters: str) -> str:
    extra = "".join(f"&{name}={quote(value)}" for name, value in parameters.items())
    return f"/sparql?query={quote(query)}{extra}"


def read_rdf(body: bytes, fmt: Format) -> rdflib.Graph:
    """The triples of a body, whatever graph they stand in."""
    dataset = rdflib.Dataset(default_union=True)
    dataset.parse(data=body.decode(), format=RDFLIB[fmt.name])
    graph = rdflib.Graph()
    for s, p, o, _ in dataset.quads():
        graph.add((s, p, o))
    return graph


PAGES = (
    "/",
    "/queries",
    "/queries/hub-to-national",
    "/sparql",
    "/def",
    "/-/settings",
    "/catalog",
    "/doc/so-netwerk-groningen",
    "/doc/luuk-duursma",
    "/doc/claim-f42",
    "/doc/gemeente-groningen",
    "/doc/nothing-like-this",
    "/nowhere",
    "/sparql?query=SELEC",
    "/queries/nothing",
    "/queries/evidence?entity=%3Cx%20y%3E",
)


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole_in_both_languages(client: FlaskClient, path: str, language: str) -> None:
    """A page says its language, loads from nowhere else, has no script within, and shows no e-mail address.

    A block of linked data is no script: browsers do not run it, and the policy does not concern it.
    """
    response = client.get(path, headers=BROWSER | {"Accept-Language": language})
    html = response.get_data(as_text=True)
    assert response.content_type == "text/html; charset=utf-8"
    assert f'<html lang="{language}" data-live="yes">' in html
    assert response.headers["Content-Language"] == language
    assert "<h1>" in html
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert not re.findall(r'(?:src|href)="https?://[^"]*\.(?:js|css)\b', html)
    for opening in re.findall(r"<script[^>]*>", html):
        assert re.fullmatch(r'<script type="application/(?:ld\+)?json"( id="[a-z-]+")?>', opening) or (
            re.fullmatch(r'<script (?:type="module" )?src="/static/build/[^"]+"></script>', opening + "</script>")
        ), opening
    assert "style=" not in html
    assert addresses(response) == 0
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids)), "an id stands twice"


def test_every_local_link_of_every_page_leads_somewhere(client: FlaskClient) -> None:
    """No page has a dead link within the service."""
    seen: set[str] = set()
    todo = list(PAGES[:6])
    while todo and len(seen) < 400:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        response = client.get(path, headers=BROWSER, follow_redirects=True)
        assert response.status_code == 200, path
        if response.mimetype != "text/html":
            continue
        found = re.findall(r'href="(/[^"#]*)', response.get_data(as_text=True))
        todo += [
            link.replace("&amp;", "&") for link in found if link.startswith(("/doc", "/def", "/queries", "/graph"))
        ]
    assert len(seen) > 150


def test_the_home_page_draws_the_network_and_says_the_same_in_words(client: FlaskClient) -> None:
    """Hubs, northern and national network are boxes; lines go by modality; each line is a row of the table too."""
    html = client.get("/?lang=en", headers=BROWSER).get_data(as_text=True)
    svg = html[html.index('<svg class="network"') :].partition("</svg>")[0]
    for name in (
        "SO network Groningen",
        "SO network Assen/Drenthe",
        "SO network Northern Netherlands",
        "Social Enterprise Netherlands",
        "Alescon",
        "De Drentse Zaak",
        "Buro Bries",
    ):
        assert f'aria-label="{name}"' in svg
    lines = re.findall(r'<path class="m-(\w+)"', svg)
    rows = re.findall(r'<span class="tag m-(\w+)">', html)
    assert sorted(lines) == sorted(rows)
    assert {"stated", "planned", "intended", "inferred"} <= set(lines)
    assert html.count("there is no connection between") == 2
    assert ">45<" in html
    assert ">51<" in html
    legend = html[html.index('class="legend"') :]
    assert all(f'class="m-{m}"' in legend for m in set(lines))


def test_the_drawing_is_the_same_every_time(settings: Settings, bundle: Bundle) -> None:
    """Two processes' worth of application draw the same bytes."""
    pages = [create_app(settings, bundle).test_client().get("/", headers=BROWSER).data for _ in range(2)]
    assert pages[0] == pages[1]


def test_a_thing_redirects_to_its_page(client: FlaskClient) -> None:
    """303, as Cool URIs asks, and the language that was chosen goes along."""
    response = client.get("/id/buro-bries?lang=en")
    assert response.status_code == 303
    assert response.headers["Location"].endswith("/doc/buro-bries?lang=en")


def test_an_entity_page_shows_certainty_and_evidence(client: FlaskClient) -> None:
    """The page of the Groningen network quotes the words that each statement rests on."""
    html = client.get("/doc/so-netwerk-groningen?lang=en", headers=BROWSER).get_data(as_text=True)
    assert "<mark>Hier is Buro Bries de motor voor de ontwikkeling van het netwerk</mark>." in html
    assert "characters 1476 to 1540" in html
    assert re.search(r'connected by .*?<span class="tag m-intended">intended</span>', html, re.DOTALL)
    assert '<link rel="alternate" type="text/turtle"' in html


def test_the_evidence_that_is_an_address_is_not_shown(client: FlaskClient) -> None:
    """The inferred tie of a person to Buro Bries rests on an e-mail domain; the page says so without showing it."""
    html = client.get("/doc/janwillem-wennekes?lang=en", headers=BROWSER).get_data(as_text=True)
    assert "the evidence shows an e-mail address" in html
    assert 'class="tag m-inferred"' in html


@pytest.mark.parametrize("fmt", GRAPH_FORMATS, ids=lambda f: f.name)
@pytest.mark.parametrize("local", ["so-netwerk-noord-nederland", "luuk-duursma", "groningen", "claim-f45"])
def test_an_entity_is_the_same_graph_in_every_format(client: FlaskClient, local: str, fmt: Format) -> None:
    """By suffix, by `format=` and by Accept; the right media type; isomorphic to the Turtle."""
    turtle = client.get(f"/doc/{local}.ttl")
    reference = read_rdf(turtle.data, GRAPH_FORMATS[0])
    assert len(reference) > 5
    for path, accept in (
        (f"/doc/{local}.{fmt.suffix}", "*/*"),
        (f"/doc/{local}?format={fmt.name}", "text/html"),
        (f"/doc/{local}", fmt.media_type),
    ):
        response = client.get(path, headers={"Accept": accept})
        assert response.status_code == 200
        assert response.content_type == fmt.content_type
        assert "Accept" in response.headers["Vary"]
        assert isomorphic(read_rdf(response.data, fmt), reference)
        assert addresses(response) == 0


def test_a_triple_format_holds_no_plan_as_a_fact(client: FlaskClient) -> None:
    """What is intended is in the Turtle of a network as a claim, and not as a triple of its own."""
    graph = read_rdf(client.get("/doc/so-netwerk-noord-nederland.ttl").data, GRAPH_FORMATS[0])
    network = rdflib.URIRef(f"{CANONICAL_BASE}id/so-netwerk-noord-nederland")
    connects = rdflib.URIRef(f"{CANONICAL_BASE}def#connects")
    assert not list(graph.objects(network, connects))
    claimed = [s for s in graph.subjects(rdflib.RDF.predicate, connects) if (s, rdflib.RDF.subject, network) in graph]
    assert len(claimed) == 2


def test_an_unknown_entity_names_what_comes_close(client: FlaskClient) -> None:
    """404 with near matches, for a program and for a person."""
    problem = client.get("/doc/alescom")
    assert problem.status_code == 404
    assert problem.content_type == "application/problem+json"
    assert f"{CANONICAL_BASE}id/alescon" in problem.get_json(force=True)["near"]
    page = client.get("/doc/alescom", headers=BROWSER)
    assert page.status_code == 404
    assert 'href="/doc/alescon"><bdi>Alescon</bdi></a>' in page.get_data(as_text=True)


def test_every_thing_term_graph_and_claim_dereferences(client: FlaskClient, ask: Ask) -> None:
    """Every IRI of ours that a graph has as a subject leads to a page or a file of this service."""
    rows = ask(f'SELECT DISTINCT ?s {{ GRAPH ?g {{ ?s ?p ?o }} FILTER(STRSTARTS(STR(?s), "{CANONICAL_BASE}")) }}')
    paths = {str(row["s"]).removeprefix(CANONICAL_BASE).partition("#")[0] for row in rows}
    assert len(paths) > 150
    failed = [path for path in sorted(paths) if client.get(f"/{path}", follow_redirects=True).status_code != 200]
    assert not failed


@pytest.mark.parametrize("fmt", BOOLEAN_FORMATS, ids=lambda f: f.name)
def test_solutions_come_in_every_format_of_sparql(client: FlaskClient, fmt: Format) -> None:
    """The same two hubs in JSON, XML, CSV and TSV, by Accept, by `format=`, by GET and by both POSTs."""
    query = "SELECT ?n { ?n a so2:RegionalNetwork } ORDER BY ?n"
    bodies = {
        client.get(sparql(query), headers={"Accept": fmt.media_type}).data,
        client.get(sparql(query, format=fmt.name), headers=BROWSER).data,
        client.post("/sparql", data={"query": query}, headers={"Accept": fmt.media_type}).data,
        client.post(
            "/sparql", data=query, content_type="application/sparql-query", headers={"Accept": fmt.media_type}
        ).data,
    }
    assert len(bodies) == 1
    text = bodies.pop().decode()
    assert "id/so-netwerk-assen-drenthe" in text
    assert "id/so-netwerk-groningen" in text
    head = client.head(sparql(query), headers={"Accept": fmt.media_type})
    assert head.data == b""
    assert head.content_type == fmt.content_type


@pytest.mark.parametrize("fmt", GRAPH_FORMATS, ids=lambda f: f.name)
def test_graphs_come_in_every_format(client: FlaskClient, fmt: Format) -> None:
    """A CONSTRUCT is the same graph in every RDF format."""
    query = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o . ?s a so2:RegionalNetwork }"
    response = client.get(sparql(query), headers={"Accept": fmt.media_type})
    assert response.content_type == fmt.content_type
    reference = read_rdf(client.get(sparql(query)).data, GRAPH_FORMATS[0])
    assert len(reference) >= 12
    assert isomorphic(read_rdf(response.data, fmt), reference)


@pytest.mark.parametrize(
    ("request_", "status", "slug", "members"),
    [
        ({"path": sparql("SELECT ?s {\n ?s ?p }")}, 400, "query-syntax", {"line": 2}),
        ({"path": sparql("SELECT * { SERVICE <http://x/> {} }")}, 403, "refused", {"line": 1, "column": 12}),
        ({"path": sparql("LOAD <http://x/>")}, 403, "refused", {}),
        ({"path": sparql("DROP ALL")}, 403, "refused", {}),
        ({"path": "/sparql", "method": "POST", "data": {"update": "DROP ALL"}}, 403, "refused", {}),
        ({"path": sparql("ASK {}"), "headers": {"Accept": "image/png"}}, 406, "not-acceptable", {}),
        ({"path": sparql("ASK {}", format="docx")}, 406, "not-acceptable", {}),
        (
            {"path": "/sparql", "method": "POST", "data": "ASK {}", "content_type": "text/plain"},
            415,
            "unsupported-media-type",
            {},
        ),
        ({"path": "/sparql", "method": "PUT"}, 405, "method-not-allowed", {}),
        ({"path": "/queries", "method": "POST"}, 405, "method-not-allowed", {}),
        ({"path": sparql("ASK { FILTER(1 = " + "1" * 1_000_001 + ") }")}, 413, "query-too-large", {}),
        ({"path": sparql("SELECT * FROM <http://nowhere/> { ?s ?p ?o }")}, 400, "unknown-graph", {}),
        ({"path": sparql("ASK {}", **{"default-graph-uri": "http://nowhere/"})}, 400, "unknown-graph", {}),
        ({"path": "/queries/nothing"}, 404, "unknown-query", {}),
        ({"path": "/queries/graphs?colour=red"}, 400, "bad-parameter", {"parameter": "colour"}),
        ({"path": "/queries/graphs.ttl"}, 406, "not-acceptable", {}),
        ({"path": "/graph/nothing"}, 404, "not-found", {}),
        ({"path": "/nowhere"}, 404, "not-found", {}),
    ],
    ids=lambda value: str(value)[:40],
)
def test_every_bad_request_has_its_own_problem(
    client: FlaskClient, request_: dict[str, object], status: int, slug: str, members: dict[str, object]
) -> None:
    """A problem document says what, where and what to do, with the right status; a browser gets it as a page."""
    response = client.open(**request_)  # type: ignore[arg-type]  # a table of keyword arguments
    document = json.loads(response.data)
    assert response.status_code == status == document["status"]
    assert response.content_type == "application/problem+json"
    assert document["type"].endswith(f"/problems/{slug}")
    assert document["detail"]
    assert document["mend"]
    assert members.items() <= document.items()
    if status == 405:
        assert "GET" in response.headers["Allow"]
    page = client.open(**(request_ | {"headers": BROWSER}))  # type: ignore[arg-type]  # as above
    if request_.get("headers") is None:
        assert page.status_code == status
        assert page.mimetype == "text/html"


def test_the_service_describes_itself_without_a_query(client: FlaskClient) -> None:
    """SPARQL 1.1 Service Description, in every RDF format; with counts as the store has them."""
    graph = read_rdf(client.get("/sparql", headers={"Accept": "text/turtle"}).data, GRAPH_FORMATS[0])
    sd = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
    service = rdflib.URIRef("http://localhost/sparql")
    assert (service, rdflib.RDF.type, sd.Service) in graph
    assert (service, sd.supportedLanguage, sd.SPARQL11Query) in graph
    assert len(list(graph.objects(service, sd.resultFormat))) == len(FORMATS)
    named = {str(name) for name in graph.objects(None, sd.name)}
    assert f"{CANONICAL_BASE}graph/so2/stated" in named
    assert f"{CANONICAL_BASE}graph/facts" not in named
    for node, name in graph.subject_objects(sd.name):
        count = graph.value(graph.value(node, sd.graph), rdflib.VOID.triples)
        answer = client.get(sparql(f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{name}> {{ ?s ?p ?o }} }}", format="csv"))
        assert answer.get_data(as_text=True).split()[1] == str(count)


def test_options_tells_what_the_endpoint_takes_and_lets_other_sites_ask(client: FlaskClient) -> None:
    """The CORS preflight of a SPARQL editor elsewhere succeeds."""
    response = client.options("/sparql", headers={"Origin": "https://yasgui.example"})
    assert response.status_code == 204
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS, POST, QUERY"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in response.headers["Access-Control-Allow-Methods"]


def test_every_answer_says_its_generation_and_its_time(client: FlaskClient) -> None:
    """`SO2Graph-Generation` and `Server-Timing` are on data and pages alike."""
    for path in ("/", sparql("ASK {}"), "/doc/alescon.ttl", "/queries/graphs.csv"):
        response = client.get(path)
        assert response.headers["SO2Graph-Generation"] == "1"
        assert re.fullmatch(r"total;dur=[0-9.]+", response.headers["Server-Timing"])


def test_an_answer_beyond_the_limit_is_an_error_and_never_a_part(settings: Settings, bundle: Bundle) -> None:
    """One byte less than the answer needs gives 422; the exact size gives the whole."""
    path = sparql("SELECT ?s { ?s a so2:RegionalNetwork }", format="csv")
    whole = create_app(settings, bundle).test_client().get(path).data
    exact = Settings.load(settings.environment(), {"max_result_bytes": len(whole)})
    short = Settings.load(settings.environment(), {"max_result_bytes": len(whole) - 1})
    assert create_app(exact, bundle).test_client().get(path).data == whole
    response = create_app(short, bundle).test_client().get(path)
    assert response.status_code == 422
    assert response.get_json(force=True)["limit"] == len(whole) - 1


def test_a_query_at_the_limit_is_taken_and_one_past_it_is_not(settings: Settings, bundle: Bundle) -> None:
    """`max_query_bytes` counts bytes, not letters."""
    text = "ASK { FILTER('é' = 'é') }"
    size = len(text.encode())
    for limit, status in ((size, 200), (size - 1, 413)):
        small = Settings.load(settings.environment(), {"max_query_bytes": limit})
        assert create_app(small, bundle).test_client().get(sparql(text)).status_code == status


def test_a_page_shows_up_to_its_limit_and_says_so(settings: Settings, bundle: Bundle) -> None:
    """`max_page_rows` bounds a page; the count stays true and the download is whole."""
    small = create_app(Settings.load(settings.environment(), {"max_page_rows": 3}), bundle).test_client()
    query = "SELECT ?s { ?s a foaf:Person }"
    html = small.get(sparql(query, lang="en"), headers=BROWSER).get_data(as_text=True)
    whole = small.get(sparql(query, format="csv")).get_data(as_text=True).split()
    count = len(whole) - 1
    assert html.count("<tr><td") == 3
    assert f"These are rows 1 to 3 of {count}." in html


def test_text_from_outside_is_never_html(client: FlaskClient) -> None:
    """A query text, a parameter and a literal come back as text."""
    evil = "SELECT ('<script>alert(1)</script>' AS ?x) {}"
    html = client.get(sparql(evil), headers=BROWSER).get_data(as_text=True)
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") == 2
    assert "<b>" not in client.get("/doc/<b>x</b>", headers=BROWSER).get_data(as_text=True)


def test_the_private_setting_hides_every_address_everywhere(settings: Settings, bundle: Bundle) -> None:
    """With contact=private the contact graph does not exist for anybody; with public it is reached by name only."""
    private = create_app(Settings.load(settings.environment(), {"contact": "private"}), bundle).test_client()
    public = create_app(settings, bundle).test_client()
    contact = f"{CANONICAL_BASE}graph/so2/contact"
    everywhere = "SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    assert addresses(private.get(sparql(everywhere, format="csv"))) == 0
    assert addresses(public.get(sparql(everywhere, format="csv"))) > 1
    for query in ("SELECT * { ?s ?p ?o }", f"SELECT * FROM <{CANONICAL_BASE}graph/all> {{ ?s ?p ?o }}"):
        assert addresses(public.get(sparql(query, format="csv"))) == 0
    for path in (
        sparql(f"SELECT * FROM <{contact}> {{ ?s ?p ?o }}"),
        sparql("SELECT * { GRAPH ?g { ?s ?p ?o } }", **{"named-graph-uri": contact}),
        "/graph/so2/contact",
    ):
        assert private.get(path).status_code in (400, 404)
        assert public.get(path).status_code == 200
    empty = sparql(f"ASK {{ GRAPH <{contact}> {{ ?s ?p ?o }} }}")
    assert private.get(empty).get_json(force=True)["boolean"] is False
    assert private.get("/queries/contact-emails.csv").get_data(as_text=True).count("\n") == 1


def test_a_prefix_of_a_proxy_is_kept_in_every_link(client: FlaskClient) -> None:
    """Behind a proxy that serves us below /so2, links, forms and style stay below it."""
    html = client.get("/doc/buro-bries", headers=BROWSER, environ_overrides={"SCRIPT_NAME": "/so2"}).get_data(True)
    local = re.findall(r'(?:href|action)="(/[^"]*)"', html)
    assert local
    assert all(link.startswith("/so2/") for link in local)


def test_the_stored_queries_are_pages_and_files(client: FlaskClient, bundle: Bundle) -> None:
    """Every stored query has a page with its form, and every format it can be had in."""
    for name, query in bundle.queries().items():
        html = client.get(f"/queries/{name}?lang=en", headers=BROWSER).get_data(as_text=True)
        assert f"<h1>{query.title.en}</h1>".replace("'", "&#39;") in html
        for parameter in query.parameters:
            assert f'name="{parameter.name}"' in html
        formats = GRAPH_FORMATS if query.view == "graph" else SOLUTION_FORMATS
        for fmt in formats:
            response = client.get(f"/queries/{name}.{fmt.suffix}")
            assert response.status_code == 200, (name, fmt.suffix)
            assert response.content_type == fmt.content_type
            assert f'filename="{name}.{fmt.suffix}"' in response.headers["Content-Disposition"]


def test_a_parameter_is_bound_and_not_pasted(client: FlaskClient) -> None:
    """A value that would close a string or an IRI in the query is refused or stays a value."""
    injected = quote("x> } SERVICE <http://x/> { ?s ?p ?o")
    assert client.get(f"/queries/evidence?entity={injected}").status_code == 400
    chosen = client.get("/queries/evidence.csv?entity=id:buro-bries").get_data(as_text=True)
    other = client.get("/queries/evidence.csv?entity=id:alescon").get_data(as_text=True)
    assert chosen != other


def test_health_and_readiness_are_told_apart(tmp_path: object, bundle: Bundle, client: FlaskClient) -> None:
    """Without a generation the process is healthy and not ready; every page says so and when to come back."""
    empty = create_app(Settings.load({}, {"data": tmp_path}), bundle).test_client()
    assert empty.get("/-/health").get_json() == {"status": "ok"}
    for path in ("/-/ready", "/", sparql("ASK {}")):
        response = empty.get(path)
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "5"
    ready = client.get("/-/ready").get_json()
    assert ready["status"] == "ready"
    assert ready["generation"] == 1


def test_the_settings_are_shown_without_the_path_of_the_data(client: FlaskClient, settings: Settings) -> None:
    """`/-/settings` is the table of settings; where the data lies is nobody's business."""
    shown = client.get("/-/settings").get_json()["settings"]
    assert shown["contact"]["value"] == "public"
    assert shown["max_page_rows"]["variable"] == "SO2GRAPH_MAX_PAGE_ROWS"
    assert "data" not in shown
    assert str(settings.data) not in client.get("/-/settings", headers=BROWSER).get_data(as_text=True)


def test_a_fault_of_ours_is_a_problem_without_its_insides(settings: Settings, bundle: Bundle) -> None:
    """An unforeseen error gives 500 and no trace of the code."""
    app = create_app(settings, bundle)

    @app.get("/broken")
    def broken() -> str:
        raise KeyError("secret inside")

    response = app.test_client().get("/broken")
    assert response.status_code == 500
    assert response.content_type == "application/problem+json"
    assert "secret" not in response.get_data(as_text=True)


def _words() -> list[list[str]]:
    """The rows of all files of words."""
    lines = [line for path in sorted(MESSAGES.glob("*.tsv")) for line in path.read_text("utf-8").splitlines()[1:]]
    return [line.split("\t") for line in lines]


DYNAMIC = (
    *(f"{name}." for name in ("error", "explain", "def", "column", "format", "profile")),
    *(f"entity.{name}." for name in ("certainty", "every", "in", "is", "lack", "plan", "said", "say")),
    *(f"answer.{name}." for name in ("column", "none", "snippet", "tab")),
    *(f"search.{name}." for name in ("kind", "group", "facet", "order", "page", "help")),
    *(
        f"links.{name}."
        for name in (
            "sign",
            "say",
            "said",
            "predicate",
            "standing",
            "fall",
            "times",
            "field",
            "kind",
            "facet",
            "by",
            "relation",
            "fetched",
        )
    ),
    *(f"mapping.{name}." for name in ("says", "title", "intro", "by", "field", "justification", "not")),
    *(f"reconcile.{name}." for name in ("feature", "setting", "level")),
    *(
        "health.",
        "home.door.",
        "ask.",
        "editor.explain.",
        "editor.js.",
        "network.",
        "queries.group.",
        "query.language.",
        "query.page.",
    ),
)
"""How the keys of texts begin that are put together."""


def test_every_text_of_the_pages_is_there_in_both_languages_and_used() -> None:
    """Each file has three columns, no empty text, the same fields in both languages, and nothing unused."""
    rows = _words()
    web = MESSAGES.parent
    sources = "".join(p.read_text(encoding="utf-8") for p in [*web.rglob("*.html"), *web.rglob("*.py")])
    assert len({key for key, _, _ in rows}) == len(rows)
    for key, dutch, english in rows:
        assert dutch.strip()
        assert english.strip()
        assert sorted(re.findall(r"%\((\w+)\)s", dutch)) == sorted(re.findall(r"%\((\w+)\)s", english)), key
        dynamic = key.startswith(DYNAMIC)
        assert dynamic or f"'{key}'" in sources or f'"{key}"' in sources, f"{key} is used nowhere"


def test_every_column_of_a_stored_query_has_a_heading_in_both_languages(client: FlaskClient, bundle: Bundle) -> None:
    """A coordinator reads words, not names of variables; and no heading is there without its column."""
    shown = {"subject", "predicate", "object"}  # of a graph
    for name, query in bundle.queries().items():
        if query.view != "graph":
            columns = client.get(f"/queries/{name}.csv").get_data(as_text=True).splitlines()[0].split(",")
            shown |= {c for c in columns if not (c.endswith("Label") and c.removesuffix("Label") in columns)}
    keys = {key for key, _, _ in _words()}
    headings = {key.removeprefix("column.") for key in keys if key.startswith("column.")}
    assert headings == shown


def test_addresses_appear_on_a_page_only_when_asked_for(client: FlaskClient) -> None:
    """The page of the one query that shows them waits for a click, and robots are told to stay away."""
    waiting = client.get("/queries/contact-emails", headers=BROWSER)
    assert addresses(waiting) == 0
    assert 'name="personal" value="yes"' in waiting.get_data(as_text=True)
    shown = client.get("/queries/contact-emails?personal=yes", headers=BROWSER)
    assert addresses(shown) == 2
    for response in (waiting, shown, client.get("/queries/contact-emails.csv")):
        assert response.headers["X-Robots-Tag"] == "noindex, noarchive"


def test_a_query_that_shows_addresses_is_marked_as_personal(client: FlaskClient, bundle: Bundle) -> None:
    """No other stored query shows one, so that the mark cannot be forgotten."""
    showing = {
        name
        for name, query in bundle.queries().items()
        if addresses(client.get(f"/queries/{name}.{'nt' if query.view == 'graph' else 'csv'}"))
    }
    assert showing == {name for name, query in bundle.queries().items() if query.personal} == {"contact-emails"}


def test_a_thing_that_is_only_mentioned_shows_the_words(client: FlaskClient) -> None:
    """The page of a theme without statements quotes where it is named."""
    html = client.get("/doc/theme-csr?lang=nl", headers=BROWSER).get_data(as_text=True)
    assert "Zo staat het op de pagina" in html
    assert "<blockquote" in html


def test_another_name_has_its_certainty_and_its_source(client: FlaskClient) -> None:
    """An inferred name is marked as inferred; one from outside stands with its source."""
    html = client.get("/doc/so-netwerk-noord-nederland?lang=en", headers=BROWSER).get_data(as_text=True)
    assert re.search(
        r"is also called .*?<bdi lang=\"nl\">Noordelijk netwerk</bdi></span> <span class=\"tag m-inferred\"",
        html,
        re.DOTALL,
    )


def test_a_text_is_shown_in_the_language_of_the_page(client: FlaskClient) -> None:
    """Of a description in both languages, a page shows one; the linked data in its head has both."""
    texts = {"nl": "uitvoerder van de sociale werkvoorziening", "en": "joint sheltered employment body"}
    for language, text in texts.items():
        html = client.get(f"/doc/alescon?lang={language}", headers=BROWSER).get_data(as_text=True)
        html = html.partition("<body>")[2]
        assert text in html
        assert not any(other in html for code, other in texts.items() if code != language)


def test_a_syntax_error_leaves_the_query_in_its_form(client: FlaskClient) -> None:
    """Who mistypes does not have to type it all again."""
    text = "SELECT ?x { ?x a foaf:Person"
    html = client.get(sparql(text), headers=BROWSER).get_data(as_text=True)
    assert f"{text}</textarea>" in html


def test_an_analysts_own_variables_keep_their_names(client: FlaskClient) -> None:
    """Headings are put into words for stored queries only."""
    html = client.get(sparql("SELECT ?name { ?x foaf:name ?name }", lang="nl"), headers=BROWSER).get_data(
        as_text=True
    )
    assert ">name</th>" in html


def test_the_paths_come_first_in_the_list_of_questions(client: FlaskClient) -> None:
    """Then the titles of the language in the order of the alphabet."""
    html = client.get("/queries?lang=nl", headers=BROWSER).get_data(as_text=True)
    names = re.findall(r'href="/queries/([a-z-]+)\?', html)
    titles = [t.casefold() for t in re.findall(r"<h2><a [^>]*>([^<]*)</a></h2>", html)]
    assert names[0] == "hub-to-national"
    assert titles[1:] == sorted(titles[1:])


@pytest.mark.parametrize("path", ["/def", "/def/0.1.0"])
@pytest.mark.parametrize("fmt", GRAPH_FORMATS, ids=lambda f: f.name)
def test_the_vocabulary_resolves_under_its_iri_and_its_version(client: FlaskClient, path: str, fmt: Format) -> None:
    """In every RDF format by Accept, as a page for people, and with its own IRI and version inside."""
    response = client.get(path, headers={"Accept": fmt.media_type})
    assert response.content_type == fmt.content_type
    graph = read_rdf(response.data, fmt)
    ontology = rdflib.URIRef(f"{CANONICAL_BASE}def")
    assert (ontology, rdflib.RDF.type, rdflib.OWL.Ontology) in graph
    assert str(graph.value(ontology, rdflib.OWL.versionIRI)) == f"{CANONICAL_BASE}def/0.1.0"
    assert client.get(path, headers=BROWSER).mimetype == "text/html"


def test_a_version_that_is_not_here_is_said(client: FlaskClient) -> None:
    """Another version is a 404 that names the one there is."""
    response = client.get("/def/9.9.9")
    assert response.status_code == 404
    assert "0.1.0" in response.get_json(force=True)["mend"]
