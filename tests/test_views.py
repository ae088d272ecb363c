"""The views of an answer: which are offered, what they show, and that what they share works elsewhere."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from html import unescape
from urllib.parse import quote
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from flask.testing import FlaskClient
from rdflib import Graph

from so2graph.config import Settings
from so2graph.registry import Bundle
from so2graph.vocab import XSD, Iri, Literal, Term
from so2graph.web.app import create_app
from so2graph.web.charts import Choice, chart_of, choices
from so2graph.web.site import Cell
from so2graph.web.snippets import snippets
from so2graph.web.tables import Shown
from so2graph.web.ties import Tie, draw_ties, ties_of
from tests.test_web import BROWSER

TABS = {"nl": ["Tabel", "Netwerk", "Kaart", "Grafiek", "SPARQL", "Delen"]}
TABS["en"] = ["Table", "Network", "Map", "Chart", "SPARQL", "Share"]


def shown(columns: str, *rows: tuple[Term | None, ...]) -> Shown:
    """An answer of these rows."""
    cells = [
        [
            Cell("" if t is None else str(t).rpartition("/")[2], iri=t.value if isinstance(t, Iri) else None)
            for t in row
        ]
        for row in rows
    ]
    return Shown(tuple(columns.split()), cells, len(rows), None, (), [list(row) for row in rows])


def thing(name: str) -> Iri:
    return Iri(f"https://example.org/{name}")


def number(value: str, kind: str = "integer") -> Literal:
    return Literal(value, datatype=XSD + kind)


def page(client: FlaskClient, path: str, language: str = "en") -> str:
    """The answer on a page."""
    response = client.get(f"{path}{'&' if '?' in path else '?'}lang={language}", headers=BROWSER)
    assert response.status_code == 200
    html = response.get_data(as_text=True)
    return html[html.index('<section class="answer"') :]


def tabs(html: str) -> list[str]:
    """The names of the tabs."""
    nav = html[html.index('<nav class="tabs"') : html.index("</nav>")]
    return re.findall(r">([^<]+)</a>", nav)


# Which views


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("/queries/places", ()),
        ("/queries/affiliations", (2,)),
        ("/queries/whole-network", (3,)),
        ("/queries/modalities", (1, 2)),
        ("/sparql?query=ASK%7B%7D", (1, 2, 3)),
        ("/sparql?query=SELECT%20*%20%7B%20%3Fs%20a%20foaf:Nothing%20%7D", (1, 2, 3)),
    ],
)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_only_views_that_make_sense_are_offered(
    client: FlaskClient, path: str, missing: tuple[int, ...], language: str
) -> None:
    """A network needs things beside each other, a map places, a chart something to count; the rest is there."""
    wanted = [name for at, name in enumerate(TABS[language]) if at not in missing]
    assert tabs(page(client, path, language)) == wanted


@pytest.mark.parametrize("view", ["table", "network", "map", "chart", "sparql", "share"])
def test_each_tab_leads_to_its_view_and_says_which_it_is(client: FlaskClient, view: str) -> None:
    """The link of a tab is the address of the view; the tab that is shown is marked."""
    html = page(client, "/queries/places")
    at = ["table", "network", "map", "chart", "sparql", "share"].index(view)
    href = unescape(re.findall(r'<li><a href="([^"]+)"', html)[at])
    assert href == ("/queries/places" + ("" if view == "table" else f"?view={view}") + "&lang=en#answer").replace(
        "places&", "places?"
    )
    marked = page(client, f"/queries/places?view={view}")
    assert re.findall(r'aria-current="page">([^<]+)<', marked) == [TABS["en"][at]]


def test_a_view_that_an_answer_does_not_have_is_explained(client: FlaskClient) -> None:
    """A permalink to a view that is no longer there shows the table, and says why; so does one that never was."""
    html = page(client, "/queries/modalities?view=map")
    assert "Of nothing in this answer is it known where it is" in html
    assert '<table class="rows">' in html
    assert "There is no such view" in page(client, "/queries/modalities?view=hologram")


def test_views_keep_the_parameters_of_the_question(client: FlaskClient) -> None:
    """The tabs and the permalink hold every parameter, and so does the address of the data."""
    html = page(client, "/queries/networks-by-area?area=id:groningen&view=share")
    for found in re.findall(r'<nav class="tabs".*?</nav>', html, re.DOTALL):
        assert found.count("area=id%3Agroningen") == found.count("<li>") > 3
    assert 'value="http://localhost/queries/networks-by-area?area=id%3Agroningen"' in html
    assert "http://localhost/queries/networks-by-area.csv?area=id%3Agroningen&amp;language=en" in html


# Network


def test_things_beside_each_other_are_tied() -> None:
    """The first thing of a row is tied to every other; the same tie is there once, and nothing is tied to itself."""
    answer = shown(
        "person organisation year",
        (thing("p"), thing("o"), number("2017", "gYear")),
        (thing("p"), thing("o"), number("2018", "gYear")),
        (thing("p"), None, None),
        (thing("q"), thing("q"), None),
    )
    assert ties_of(answer, (), ["", "", ""], {}) == [Tie(thing("p").value, thing("o").value, "")]


def test_a_relation_and_its_certainty_are_no_things() -> None:
    """A column of properties names the ties, one of modalities says how certain they are."""
    answer = shown(
        "source property target modality",
        (thing("a"), Iri("https://x.org/p"), thing("b"), Literal("gepland", "nl")),
    )
    ties = ties_of(answer, (), list(answer.columns), {"gepland": "planned"})
    assert ties == [Tie(thing("a").value, thing("b").value, "p", "planned")]


def test_a_large_network_is_cut_and_says_so(client: FlaskClient) -> None:
    """At most sixty things are drawn, in the order of the rows; the page says how many there are."""
    ties = [Tie("hub", f"spoke {at}", "") for at in range(100)]
    names = {iri: Cell(iri, iri=iri) for tie in ties for iri in (tie.source, tie.target)}
    picture = draw_ties(ties, names, None)
    assert (len(picture.knots), picture.things, len(picture.strands), picture.ties) == (60, 101, 59, 100)
    assert {strand.tie for strand in picture.strands} == set(ties[:59])
    values = " ".join(f"(id:a id:b{at})" for at in range(70))
    html = page(client, "/sparql?view=network&query=" + quote(f"SELECT * {{ VALUES (?a ?b) {{ {values} }} }}"))
    assert "The first 60 of 71 things, with 59 of 70 ties" in html
    assert html.count("<rect") == 60


def test_boxes_do_not_overlap() -> None:
    """Whatever the ties, no two boxes cover each other, and all stand within the drawing."""
    for size in (1, 2, 7, 30):
        ties = [Tie(f"n{a}", f"n{(a * 3 + 1) % size}", "") for a in range(size) if a != (a * 3 + 1) % size]
        ties.append(Tie("a name that is far too long for a box of two lines, and then some", "b", "r"))
        names = {iri: Cell(iri, iri=iri) for tie in ties for iri in (tie.source, tie.target)}
        picture = draw_ties(ties, names, ("one", "other"))
        boxes = [(k.x, k.y, k.x + picture.box, k.y + k.height) for k in picture.knots]
        assert all(min(b) >= 0 and b[2] <= picture.width and b[3] <= picture.height for b in boxes)
        for at, one in enumerate(boxes):
            for other in boxes[at + 1 :]:
                assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_the_network_of_an_answer_stands_beside_its_list(client: FlaskClient) -> None:
    """Each tie is a curve and a line of the list, with how certain it is in words; things lead to their pages."""
    html = page(client, "/queries/affiliations?view=network")
    rows = list(
        csv.DictReader(io.StringIO(client.get("/queries/affiliations.csv?language=en").get_data(as_text=True)))
    )
    listed = html[html.index('<ul class="strands">') : html.index("</ul></details>")]
    assert listed.count("<li>") == html.count(' d="M') - html.count("M2 6") == len(rows)
    for row in rows:
        assert row["personLabel"] in listed
        assert f">{row['modality']}</span>" in listed
    assert re.search(r'<path class="m-inferred" d="[^"]+"><title>JanWillem Wennekes → Buro Bries \(inferred\)', html)
    assert '<a href="/doc/buro-bries?lang=en" aria-label="Buro Bries">' in html


# Map


def test_a_thing_is_where_the_places_are_that_it_covers(client: FlaskClient) -> None:
    """Coordinates come from the thing itself, else from the places it covers, with the place beside it."""
    html = page(client, "/queries/networks?view=map")
    text = re.sub(r"<[^>]+>", " ", html)
    assert re.search(r"Assen \(urban core\)\s+SO network Assen/Drenthe\s+52\.999° N, 6\.560° E", text)
    assert "2,00" not in text
    dutch = re.sub(r"<[^>]+>", " ", page(client, "/queries/networks?view=map", "nl"))
    assert re.search(r"Groningen \(stedelijke kern\)\s+SO netwerk Groningen\s+53,222° NB; 6,565° OL", dutch)


def test_coordinates_in_the_rows_make_a_map(client: FlaskClient) -> None:
    """Two columns of degrees, or one of WKT, are places; what is no degree is none."""
    degrees = 'SELECT * { VALUES (?name ?lat ?long) { ("A" 53.1 6.5) ("B" 99.0 6.5) } }'
    html = page(client, "/sparql?view=map&query=" + quote(degrees))
    assert "1 place." in html
    assert "53.100° N, 6.500° E" in html
    wkt = 'SELECT * { VALUES ?at { "POINT(6.5 -53.1)"^^<http://www.opengis.net/ont/geosparql#wktLiteral> } }'
    assert "53.100° S, 6.500° E" in page(client, "/sparql?view=map&query=" + quote(wkt))


# Chart


def test_a_chart_has_a_number_for_each_thing_or_counts() -> None:
    """A column in which nothing comes twice is measured by numbers beside it; another is counted."""
    answer = shown(
        "thing kind size",
        (thing("a"), Literal("x"), number("4")),
        (thing("b"), Literal("y"), number("10")),
        (thing("c"), Literal("x"), number("-5")),
    )
    assert choices(answer) == [Choice(0, 2), Choice(1)]
    measured = chart_of(answer, Choice(0, 2), "others")
    assert [(bar.cell.text, bar.value, bar.length) for bar in measured.bars] == [
        ("b", "10", 100.0),
        ("a", "4", 40.0),
        ("c", "-5", -50.0),
    ]
    counted = chart_of(answer, Choice(1), "others")
    assert [(bar.cell.text, bar.value) for bar in counted.bars] == [("x", "2"), ("y", "1")]


def test_years_stand_in_their_order_without_a_gap() -> None:
    """Each year from the first to the last has a column, those without a row as well."""
    answer = shown(
        "year what", *[(number(year, "gYear"), thing(f"t{at}")) for at, year in enumerate(["2016", "2018", "2018"])]
    )
    chart = chart_of(answer, Choice(0), "others")
    assert chart.in_time
    assert [(bar.cell.text, bar.value) for bar in chart.bars] == [("2016", "1"), ("2017", "0"), ("2018", "2")]


def test_many_bars_end_in_one_for_the_rest() -> None:
    """Forty bars are shown; the last one adds up all others, and nothing is lost."""
    answer = shown("kind", *[(Literal(f"k{at % 60}"),) for at in range(90)])
    chart = chart_of(answer, Choice(0), "the rest")
    assert (len(chart.bars), chart.others, chart.bars[-1].cell.text) == (40, 21, "the rest")
    assert sum(int(bar.value) for bar in chart.bars) == 90


def test_the_chart_of_a_page_is_a_table_too(client: FlaskClient) -> None:
    """The timeline is drawn by year, with the same numbers as a table; another chart is a link away."""
    html = page(client, "/queries/timeline?view=chart")
    rows = list(csv.DictReader(io.StringIO(client.get("/queries/timeline.csv?language=en").get_data(as_text=True))))
    wanted = {str(year): sum(row["year"] == str(year) for row in rows) for year in range(2016, 2020)}
    table = html[html.index('<table class="bars">') :]
    found = dict(re.findall(r'<th scope="row">(\d+)</th><td class="number">(\d+)</td>', table))
    assert {year: int(count) for year, count in found.items()} == wanted
    drawn = re.findall(r"<title>(\d+): (\d+)</title>", html)
    assert {year: int(count) for year, count in drawn} == wanted
    other = unescape(re.findall(r'href="([^"]*chart=relation[^"]*)"', html)[0])
    assert "held in" in page(client, other.partition("&lang")[0])


# Table


def test_a_cut_is_told_and_an_empty_answer_is_a_sentence(settings: Settings, bundle: Bundle) -> None:
    """A page says how many of how many rows it shows, in the way of its language; without rows it says so."""
    small = create_app(Settings.load(settings.environment(), {"max_page_rows": 5}), bundle).test_client()
    query = quote("SELECT * { GRAPH ?g { ?s ?p ?o } }")
    total = len(list(csv.reader(io.StringIO(small.get(f"/sparql?query={query}&format=csv").get_data(True))))) - 1
    assert total > 1000
    assert f"These are rows 1 to 5 of {total:,}." in page(small, f"/sparql?query={query}")
    dutch = f"Dit zijn de rijen 1 tot en met 5 van {total:,}.".replace(",", ".")
    assert dutch in page(small, f"/sparql?query={query}", "nl")
    chart = page(small, f"/sparql?view=chart&query={query}")
    assert "This is about the rows that fit the page" in chart
    assert "No rows: the graph has no answer" in page(
        small, "/sparql?query=" + quote("SELECT * { ?s a foaf:Nobody }")
    )


def test_labels_stand_for_iris_which_are_one_hover_away(client: FlaskClient) -> None:
    """A cell shows the label, leads to the page, and has the IRI as its title."""
    html = page(client, "/sparql?query=" + quote("SELECT ?n { ?n a so2:CoreGroup }"))
    assert (
        '<td><a href="/doc/kerngroep-assen-drenthe?lang=en" '
        'title="https://w3id.org/so2graph/id/kerngroep-assen-drenthe" dir="auto">core group of SO network '
        "Assen/Drenthe</a>"
    ) in html


def test_names_from_the_data_are_text_in_every_view(client: FlaskClient) -> None:
    """A name with markup, quotes or a backslash is shown as it is in table, network, chart and program text."""
    evil = '<script>alert("x")</script> \\"""'
    literal = Literal(evil).n3
    query = f"SELECT ?a ?aLabel ?b {{ VALUES (?a ?b ?aLabel) {{ (id:a id:b {literal}) (id:c id:b {literal}) }} }}"
    for view in ("table", "network", "chart", "sparql", "share"):
        html = page(client, f"/sparql?view={view}&query={quote(query)}")
        assert "<script>alert" not in html
        if view == "table":
            assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;" in html


# Share


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def service(settings: Settings, bundle: Bundle) -> Iterator[str]:
    """The address of a running service."""
    server = make_server("127.0.0.1", 0, create_app(settings, bundle), handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


QUESTIONS = {
    "rows": "SELECT ?n ?name { ?n a so2:Network ; rdfs:label ?name } ORDER BY ?name",
    "odd": 'SELECT ("it\'s \\\\ \\"quoted\\" $HOME `x` % é" AS ?text) { BIND("""a"b""" AS ?b) }',
    "plans": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "yes": "ASK { ?n a so2:Network }",
    "graph": "CONSTRUCT { ?s so2:connects ?o } WHERE { ?s so2:connects ?o }",
}


def _run(service: str, program: list[str], text: str | None = None) -> str:
    kept = {"PATH": "/usr/bin:/bin", "NO_PROXY": "127.0.0.1", "HOME": "/nowhere", "PYTHONUTF8": "1"}
    done = subprocess.run(program, input=text, capture_output=True, text=True, env=kept, timeout=60, check=False)
    assert done.returncode == 0, (service, done.stderr)
    return done.stdout


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_is_shared_gives_the_same_elsewhere(service: str, client: FlaskClient, name: str) -> None:
    """The programs of the page, for a terminal and Python, are run as they stand, and give the answer of the page."""
    query = QUESTIONS[name]
    graphs = [("default-graph-uri", "https://w3id.org/so2graph/graph/all")] if name in ("plans", "graph") else []
    path = f"/sparql?view=share&query={quote(query)}" + "".join(
        f"&{key}={quote(iri, safe='')}" for key, iri in graphs
    )
    address = service.rstrip("/")
    response = client.get(f"{path}&lang=en", headers=BROWSER, base_url=address)
    html = response.get_data(as_text=True)
    programs = {
        name: unescape(code)
        for name, code in re.findall(
            r'<section class="snippet" aria-labelledby="snippet-(\w+)">.*?<code class="language-[^"]+">(.*?)</code>',
            html,
            re.DOTALL,
        )
    }
    plain = client.get(
        f"{path.replace('view=share&', '')}&format={ {'yes': 'json', 'graph': 'ttl'}.get(name, 'csv') }"
    )
    whole = plain.get_data(as_text=True)
    assert _run(service, ["/bin/sh"], programs["curl"]).replace("\r\n", "\n") == whole.replace("\r\n", "\n")
    python = [sys.executable, "-"]
    if name == "graph":
        assert _run(service, python, programs["rdflib"]).strip() == str(len(Graph().parse(data=whole)))
        return
    printed = _run(service, python, programs["wrapper"])
    if name == "yes":
        assert printed.strip() == "True"
        return
    rows = list(csv.DictReader(io.StringIO(whole)))
    assert len(printed.splitlines()) == len(rows) > 0
    if name != "rows":
        assert [eval_row(line) for line in printed.splitlines()] == [dict(row) for row in rows]
    assert all(column in _run(service, python, programs["pandas"]) for column in rows[0])


def eval_row(line: str) -> dict[str, str]:
    """A dictionary as Python prints it."""
    import ast

    found = ast.literal_eval(line)
    assert isinstance(found, dict)
    return found


def test_texts_are_quoted_for_each_language() -> None:
    """No text breaks out of its quotes: in the shell, Python, R and Power Query."""
    address = "https://example.org/a'b\"c\\d?x=$HOME&y=`z`"
    found = {s.name: s.code for s in snippets("solutions", address, "https://example.org/sparql", 'x"""\\', [])}
    assert shlex.split(found["curl"])[-1] == address
    assert json.dumps(address) in found["pandas"]
    assert 'Web.Contents("https://example.org/a\'b""c\\d?x=$HOME&y=`z`")' in found["excel"]
    assert 'read.csv("https://example.org/a\'b\\"c\\\\d?x=$HOME&y=`z`"' in found["r"]
    compile(found["wrapper"], "wrapper", "exec")
    assert [s.name for s in snippets("boolean", address, address, "ASK {}", [])] == ["curl", "wrapper", "r"]
