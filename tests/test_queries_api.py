"""The stored queries as an API: every format, pages of rows, the number of rows, names of files, refusals."""

from __future__ import annotations

import csv
import io
import json
import re
from html import unescape
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from xml.etree import ElementTree

import openpyxl
import pyarrow.ipc
import pyarrow.parquet
import pytest
from flask.testing import FlaskClient
from rdflib import Graph
from rdflib.compare import isomorphic
from werkzeug.test import TestResponse

from so2graph.config import Settings
from so2graph.engine.paging import count_text, form_of, page_text
from so2graph.engine.scanner import scan
from so2graph.errors import DataInvalid, Unsupported
from so2graph.formats import GRAPH_FORMATS, SOLUTION_FORMATS, Format
from so2graph.registry import RESERVED, Bundle, StoredQuery
from so2graph.web.app import create_app
from so2graph.web.paging import MAX_OFFSET, Page, disposition
from tests.conftest import ROOT
from tests.test_web import BROWSER, addresses, read_rdf

NAMES = sorted(path.stem for path in (ROOT / "queries").glob("*.rq"))
GRAPHS = ("around-entity", "stated-network", "whole-network")
SELECTS = [name for name in NAMES if name not in GRAPHS]


@pytest.fixture
def narrow(settings: Settings, bundle: Bundle) -> FlaskClient:
    """A client of the application whose pages have at most three rows."""
    return create_app(Settings.load(settings.environment(), {"max_page_size": 3}), bundle).test_client()


def rows(response: TestResponse) -> list[list[str]]:
    """The lines of an answer in CSV, its heading first."""
    assert response.status_code == 200, response.get_data(as_text=True)
    return list(csv.reader(io.StringIO(response.get_data(as_text=True))))


def links(response: TestResponse) -> dict[str, str]:
    """The addresses of a `Link` header by their relation, below the service."""
    found = re.findall(r'<([^>]*)>; rel="(\w+)"', response.headers["Link"])
    assert all(address.startswith("http://localhost/") for address, _ in found)
    return {relation: address.removeprefix("http://localhost") for address, relation in found}


def problem(response: TestResponse, status: int = 400) -> dict[str, object]:
    """The members of a problem document."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.content_type == "application/problem+json"
    document: dict[str, object] = json.loads(response.data)
    assert document["detail"]
    assert document["mend"]
    return document


# The texts


@pytest.mark.parametrize("name", SELECTS)
def test_each_select_orders_all_that_it_shows(name: str, client: FlaskClient, bundle: Bundle) -> None:
    """ORDER BY names every column, so that no tie is left open; no LIMIT of its own, and no column `count`."""
    text = bundle.query(name).text
    shown = set(rows(client.get(f"/queries/{name}.csv"))[0])
    tokens = list(scan(text))
    last = max(i for i, token in enumerate(tokens) if token.upper == "ORDER")
    end = tokens[last:]
    assert not {"}", "{"} & {token.text for token in end}, "ORDER BY stands at the end"
    assert shown <= {token.text[1:] for token in end if token.kind == "variable"}
    assert not {"LIMIT", "OFFSET", "VALUES"} & {token.upper for token in end}
    assert "count" not in shown
    assert form_of(text) == "SELECT"


def test_the_graphs_are_constructs(bundle: Bundle) -> None:
    """The view says which queries give a graph."""
    assert {name for name, query in bundle.queries().items() if query.view == "graph"} == set(GRAPHS)
    assert {form_of(bundle.query(name).text) for name in GRAPHS} == {"CONSTRUCT"}


def test_a_comment_at_the_end_swallows_nothing() -> None:
    """LIMIT and OFFSET stand on a line of their own, and the count closes its brackets on one."""
    text = "PREFIX a: <http://a/>\nSELECT ?s { ?s a:p ?o } # all of them"
    assert page_text(text, 2, 4).splitlines()[-1] == "LIMIT 2 OFFSET 4"
    assert count_text(text).splitlines()[-1] == "} }"
    assert count_text(text).startswith("PREFIX a: <http://a/>\nSELECT (COUNT(*) AS ?count)")
    inner = "SELECT ?s { { SELECT ?s { ?s ?p ?o } ORDER BY ?s LIMIT 3 } } ORDER BY ?s"
    assert count_text(inner).count("LIMIT 3") == 1
    assert count_text(inner).count("ORDER BY") == 1


@pytest.mark.parametrize(
    "text",
    [
        "ASK {}",
        "CONSTRUCT WHERE { ?s ?p ?o }",
        "DESCRIBE <http://x/>",
        "SELECT * { ?s ?p ?o } LIMIT 3",
        "SELECT * { ?s ?p ?o } OFFSET 3",
        "SELECT * FROM <http://x/> { ?s ?p ?o }",
        "SELECT * { ?s ?p ?o } VALUES ?s { 1 }",
        "",
    ],
)
def test_what_has_no_pages_is_refused(text: str) -> None:
    """No other form, and no SELECT that has what a page would say itself."""
    with pytest.raises(Unsupported):
        page_text(text, 1, 0)
    with pytest.raises(Unsupported):
        count_text(text)


@pytest.mark.parametrize("name", RESERVED)
def test_reserved_names_are_no_parameters(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A query that calls a parameter as the service calls one of its own is not read."""
    root = tmp_path_factory.mktemp("bundle")
    text = (ROOT / "queries" / "places.rq").read_text("utf-8").replace("#+   language:", f"#+   {name}:")
    (root / "queries").mkdir()
    (root / "queries" / "places.rq").write_text(text.replace("?_language", f"?_{name}"), "utf-8")
    with pytest.raises(DataInvalid, match="reserved"):
        Bundle(root, "https://w3id.org/so2graph/").query("places")


# Formats


def parsed(body: bytes, fmt: Format) -> int:
    """How many rows or triples an answer has, read by another program than the one that wrote it."""
    if fmt.name == "xlsx":
        return int(openpyxl.load_workbook(io.BytesIO(body)).worksheets[0].max_row) - 1
    if fmt.name == "parquet":
        return int(pyarrow.parquet.read_table(io.BytesIO(body)).num_rows)
    if fmt.name == "arrow":
        return int(pyarrow.ipc.open_stream(io.BytesIO(body)).read_all().num_rows)
    text = body.decode()
    if "graph" in fmt.kinds:
        return len(read_rdf(body, fmt))
    if fmt.name == "json":
        return len(json.loads(text)["results"]["bindings"])
    if fmt.name == "xml":
        return len(ElementTree.fromstring(text).findall(".//{http://www.w3.org/2005/sparql-results#}result"))  # noqa: S314  # our own answer
    if fmt.name == "tsv":
        return len(text.rstrip("\n").split("\n")) - 1
    return len(list(csv.reader(io.StringIO(text)))) - 1


@pytest.mark.parametrize("name", NAMES)
def test_every_format_of_every_query(name: str, client: FlaskClient) -> None:
    """By suffix, `format=` and Accept the same bytes in the right type, that parse to as many rows; then 304."""
    counts = set()
    for fmt in GRAPH_FORMATS if name in GRAPHS else SOLUTION_FORMATS:
        response = client.get(f"/queries/{name}.{fmt.suffix}")
        assert response.status_code == 200
        assert response.content_type == fmt.content_type
        assert response.headers["Content-Disposition"] == f'inline; filename="{name}.{fmt.suffix}"'
        assert "Link" not in response.headers
        counts.add(parsed(response.data, fmt))
        again = client.get(f"/queries/{name}.{fmt.suffix}", headers={"If-None-Match": response.headers["ETag"]})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", response.headers["ETag"])
        by_name = client.get(f"/queries/{name}?format={fmt.name}")
        by_type = client.get(f"/queries/{name}", headers={"Accept": fmt.media_type})
        assert by_type.content_type == by_name.content_type == fmt.content_type
        if name in GRAPHS:
            whole: Graph = read_rdf(response.data, fmt)
            assert isomorphic(read_rdf(by_name.data, fmt), whole)
            assert isomorphic(read_rdf(by_type.data, fmt), whole)
        else:
            assert by_name.data == by_type.data == response.data
    assert len(counts) == 1


# Pages


@pytest.mark.parametrize("name", SELECTS)
def test_pages_together_are_the_whole(name: str, client: FlaskClient) -> None:
    """Following `next` from the first page gives every row once, in order; the total is right, and the chain ends."""
    head, *whole = rows(
        client.get(f"/queries/{name}.csv?language=en" if "named-in" not in name else f"/queries/{name}.csv")
    )
    limit = max(1, len(whole) // 3)
    given = {"language": "en"} if "named-in" not in name else {}
    address: str | None = f"/queries/{name}.csv?{urlencode({**given, 'limit': limit})}"
    found: list[list[str]] = []
    previous = None
    for _ in range(len(whole) + 1):
        if address is None:
            break
        response = client.get(address)
        columns, *some = rows(response)
        led = links(response)
        assert columns == head
        assert len(some) <= limit
        assert response.headers["SO2Graph-Total"] == str(len(whole))
        assert ("prev" in led) == (previous is not None)
        if previous is not None:
            assert rows(client.get(led["prev"])) == previous
        assert dict(parse_qsl(urlsplit(led["first"]).query)) == {**given, "limit": str(limit), "offset": "0"}
        found += some
        previous = [columns, *some]
        if "next" not in led:
            assert [columns, *some] == rows(client.get(led["last"])) or not whole
        address = led.get("next")
    assert address is None
    assert found == whole


@pytest.mark.parametrize("name", SELECTS)
def test_count_says_how_many_rows(name: str, client: FlaskClient) -> None:
    """`count=yes` gives one row with the number, in each format and on the page."""
    number = str(len(rows(client.get(f"/queries/{name}.csv"))) - 1)
    assert rows(client.get(f"/queries/{name}.csv?count=yes")) == [["count"], [number]]
    # Which rows are asked for changes nothing.
    assert rows(client.get(f"/queries/{name}.csv?count=yes&limit=1&offset=1")) == [["count"], [number]]
    results = json.loads(client.get(f"/queries/{name}.json?count=yes").data)
    assert results["head"]["vars"] == ["count"]
    assert results["results"]["bindings"][0]["count"]["value"] == number
    for fmt in SOLUTION_FORMATS:
        response = client.get(f"/queries/{name}.{fmt.suffix}?count=yes")
        assert response.content_type == fmt.content_type
        assert parsed(response.data, fmt) == 1
        assert response.headers["Content-Disposition"] == f'inline; filename="{name}-count.{fmt.suffix}"'
    page = client.get(f"/queries/{name}?count=yes&lang=en", headers=BROWSER).get_data(as_text=True)
    assert f"The answer has {number} rows." in page


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("asked", ["limit=1", "offset=0", "count=yes"])
def test_a_graph_has_no_pages(name: str, asked: str, client: FlaskClient) -> None:
    """CONSTRUCT with limit, offset or count is refused, with what to do."""
    assert str(problem(client.get(f"/queries/{name}.ttl?{asked}"))["type"]).endswith("/not-supported")
    assert client.get(f"/queries/{name}?{asked}", headers=BROWSER).status_code == 400


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=10001", "limit"),
        ("limit=", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.0", "limit"),
        ("limit=%2B1", "limit"),
        ("limit=%D9%A1", "limit"),
        ("limit=" + "9" * 400, "limit"),
        ("offset=-1", "offset"),
        ("offset=", "offset"),
        (f"offset={MAX_OFFSET + 1}", "offset"),
        ("count=maybe", "count"),
        ("count=", "count"),
        ("download=1", "download"),
        ("personal=true", "personal"),
        ("size=1", "size"),
    ],
)
def test_bad_paging_is_refused(asked: str, parameter: str, client: FlaskClient) -> None:
    """A number that is none, or out of range, and a switch that is neither yes nor no: 400, and which it was."""
    document = problem(client.get(f"/queries/places.csv?{asked}"))
    assert document["parameter"] == parameter
    assert client.get(f"/queries/places?{asked}", headers=BROWSER).status_code == 400


def test_limits_of_paging_at_their_edge(client: FlaskClient, narrow: FlaskClient) -> None:
    """`max_page_size` rows are given and one more is refused; the last offset has no rows; offset alone is a page."""
    assert client.get("/queries/places.csv?limit=10000").status_code == 200
    empty = client.get(f"/queries/places.csv?offset={MAX_OFFSET}")
    assert len(rows(empty)) == 1
    assert set(links(empty)) == {"first", "last", "prev"}
    assert len(rows(narrow.get("/queries/places.csv?limit=3"))) == 4
    assert problem(narrow.get("/queries/places.csv?limit=4"))["limit"] == 3
    assert len(rows(narrow.get("/queries/places.csv?offset=0"))) == 4
    # Without either, the answer is whole.
    assert len(rows(narrow.get("/queries/places.csv"))) > 4


def test_given_twice_is_refused(client: FlaskClient) -> None:
    """Which of two limits would count?"""
    problem(client.get("/queries/places.csv?limit=1&limit=2"))


def test_links_keep_what_was_asked(client: FlaskClient) -> None:
    """Suffix, parameters, format and language stay; the addresses are whole."""
    asked = "format=csv&entity=id%3Aburo-bries&language=en&lang=en&download=yes"
    led = links(client.get(f"/queries/evidence?{asked}&limit=1"))
    assert dict(parse_qsl(urlsplit(led["next"]).query)) == {
        **dict(parse_qsl(asked)),
        "limit": "1",
        "offset": "1",
    }
    assert urlsplit(led["next"]).path == "/queries/evidence"
    assert urlsplit(links(client.get("/queries/places.tsv?limit=1"))["next"]).path == "/queries/places.tsv"


def test_offsets_of_a_page() -> None:
    """The relations of RFC 8288, from the first page to beyond the last."""
    assert Page(3, 0).offsets(7) == {"first": 0, "last": 6, "next": 3}
    assert Page(3, 3).offsets(7) == {"first": 0, "last": 6, "prev": 0, "next": 6}
    assert Page(3, 6).offsets(7) == {"first": 0, "last": 6, "prev": 3}
    assert Page(3, 99).offsets(7) == {"first": 0, "last": 6, "prev": 6}
    assert Page(3, 0).offsets(6) == {"first": 0, "last": 3, "next": 3}
    assert Page(3, 0).offsets(0) == {"first": 0, "last": 0}


def test_the_page_leads_to_all_rows_without_a_script(settings: Settings, bundle: Bundle) -> None:
    """A page that cannot show every row links to the next; following it shows all of them, and the form keeps on."""
    small = create_app(Settings.load(settings.environment(), {"max_page_rows": 4}), bundle).test_client()
    wanted = {row[0] for row in rows(small.get("/queries/places.csv"))[1:]}
    address, found, seen = "/queries/places?language=nl&lang=en", set[str](), 0
    for _ in range(50):
        response = small.get(address, headers=BROWSER)
        assert response.status_code == 200
        html = response.get_data(as_text=True)
        found |= {iri for iri in wanted if f'title="{iri}"' in html}
        by_relation = {name: unescape(href) for href, name in re.findall(r'<a href="([^"]+)" rel="(\w+)"', html)}
        assert by_relation
        assert "language=nl" in next(iter(by_relation.values()))
        assert "These are rows" in html
        seen += 1
        if seen > 1:
            assert 'name="limit" value="4"' in html
            assert response.headers["SO2Graph-Total"] == str(len(rows(small.get("/queries/places.csv"))) - 1)
        if "next" not in by_relation:
            break
        address = by_relation["next"]
    assert found == wanted
    assert seen > 1


def test_pages_of_personal_data_stay_behind_the_question(client: FlaskClient) -> None:
    """The links keep `personal=yes`, the number alone shows no address, and no header does."""
    page = client.get("/queries/contact-emails?personal=yes&limit=1", headers=BROWSER)
    assert "personal=yes" in links(page)["next"]
    assert addresses(page) == 1
    assert addresses(client.get("/queries/contact-emails?limit=1", headers=BROWSER)) == 0
    assert addresses(client.get("/queries/contact-emails?count=yes", headers=BROWSER)) == 0
    for response in (page, client.get("/queries/contact-emails.csv?limit=1")):
        assert not re.search(r"[\w.]+@[\w-]+\.\w+", str(response.headers))
        assert response.headers["X-Robots-Tag"] == "noindex, noarchive"


# Names of files


@pytest.mark.parametrize(
    ("download", "values", "page", "header"),
    [
        (False, (), None, 'inline; filename="q.csv"'),
        (True, (), None, 'attachment; filename="q.csv"'),
        (False, ("id:drenthe", "nl"), Page(5, 10), 'inline; filename="q-drenthe-nl-10.csv"'),
        (False, ("<https://x.example/a/b#c>",), None, 'inline; filename="q-c.csv"'),
        (False, ('a; b"c\r\nSet-Cookie: x',), None, 'inline; filename="q-a-b-c-Set-Cookie-x.csv"'),
        (False, ("../../etc/passwd",), None, 'inline; filename="q-etc-passwd.csv"'),
        (False, ("  ",), None, 'inline; filename="q.csv"'),
        (False, ("één",), None, "inline; filename=\"q-een.csv\"; filename*=UTF-8''q-%C3%A9%C3%A9n.csv"),
        (False, ("x" * 500,), None, f'inline; filename="q-{"x" * 40}.csv"'),
    ],
)
def test_a_file_is_called_after_what_was_asked(
    download: bool, values: tuple[str, ...], page: Page | None, header: str
) -> None:
    """Letters, digits and hyphens only, in ASCII, and in UTF-8 where that differs (RFC 6266)."""
    assert disposition(download, "q", values, page, "csv") == header


def test_a_download_is_an_attachment(client: FlaskClient) -> None:
    """`download=yes`, with the values in the name."""
    response = client.get("/queries/networks-by-area.csv?area=id:drenthe&language=nl&limit=2&download=yes")
    assert response.headers["Content-Disposition"] == 'attachment; filename="networks-by-area-drenthe-nl-0.csv"'


# Parameters

REFUSED = {
    "iri": ("x y", "<x", "nothing", "http://a b/", "a:%", "a:\x89b", "http://[/", "x:y> } #"),
    "integer": ("1.5", "one", "1e3"),
    "year": ("17", "20177", "MMXVII"),
    "language": ("de", "", "NL"),
    "string": (),
}


@pytest.mark.parametrize("name", NAMES)
def test_each_parameter_refuses_what_its_type_does_not_take(name: str, client: FlaskClient, bundle: Bundle) -> None:
    """400 with the name of the parameter; a value of its type is answered; a name that the query has not, refused."""
    query: StoredQuery = bundle.query(name)
    suffix = "nt" if name in GRAPHS else "csv"
    for parameter in query.parameters:
        for value in REFUSED[parameter.type]:
            document = problem(client.get(f"/queries/{name}.{suffix}?{parameter.name}={quote(value)}"))
            assert document["parameter"] == parameter.name
        good = parameter.default or {"iri": "id:assen", "string": "\"'\\\n}", "language": "en"}.get(
            parameter.type, "1"
        )
        assert client.get(f"/queries/{name}.{suffix}?{parameter.name}={quote(good)}").status_code == 200
    assert problem(client.get(f"/queries/{name}.{suffix}?colour=red"))["parameter"] == "colour"
    refused = problem(client.get(f"/queries/{name}.{'csv' if name in GRAPHS else 'ttl'}"), 406)
    assert refused["available"]


# The list


def test_the_list_is_there_for_programs(client: FlaskClient, bundle: Bundle) -> None:
    """By address, `format=` and Accept the same: each query with its words, parameters, formats and address."""
    response = client.get("/queries.json")
    assert response.content_type == "application/json"
    assert client.get("/queries?format=json").data == response.data
    assert client.get("/queries", headers={"Accept": "application/json"}).data == response.data
    assert client.get("/queries.json", headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
    listed = {row["name"]: row for row in json.loads(response.data)["queries"]}
    assert sorted(listed) == NAMES
    for name, query in bundle.queries().items():
        row = listed[name]
        assert row["href"] == f"http://localhost/queries/{name}"
        assert row["title"] == {"nl": query.title.nl, "en": query.title.en}
        assert row["description"] == {"nl": query.description.nl, "en": query.description.en}
        assert [(p["name"], p["type"], p["default"]) for p in row["parameters"]] == [
            (p.name, p.type, p.default) for p in query.parameters
        ]
        for fmt in row["formats"]:
            found = client.head(fmt["href"].removeprefix("http://localhost"))
            assert (found.status_code, found.mimetype) == (200, fmt["mediaType"])


def test_the_list_is_a_page_for_people_and_nothing_else(client: FlaskClient) -> None:
    """A browser, and whoever says nothing, gets the page; what cannot be made is a 406."""
    for headers in (BROWSER, {}):
        assert client.get("/queries", headers=headers).mimetype == "text/html"
    problem(client.get("/queries?format=ttl"), 406)
    problem(client.get("/queries", headers={"Accept": "text/turtle"}), 406)
