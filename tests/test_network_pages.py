"""The pages and data of the network over HTTP: what they say, in both languages, and what they refuse."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from benchmarks.network_data import BASE, quads
from so2graph.config import Settings
from so2graph.network.picture import Picture
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE
from so2graph.web.app import create_app
from tests.test_network_files import published

BROWSER = {"Accept": "text/html"}
ENDS = "from=so-netwerk-groningen&to=social-enterprise-nederland"
ODD = {
    "script": "<script>alert(1)</script>",
    "quotes": "\\\"><b>'x'",
    "rtl": "\u202eשלום עולם",
    "emoji": "🦊 vos",
    "long": "lang " * 100,
}


def page(client: FlaskClient, address: str, language: str = "nl") -> str:
    """The text of a page, without markup, its spaces made one."""
    response = client.get(address, headers=BROWSER | {"Accept-Language": language})
    assert response.status_code == 200, address
    assert response.content_type == "text/html; charset=utf-8"
    assert response.headers["Content-Language"] == language
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A dataset of nothing but odd names, and a thing without any."""
    lines = ["@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .", "@prefix x: <http://example.org/> ."]
    for name, label in ODD.items():
        lines += [f'x:{name} a <http://xmlns.com/foaf/0.1/Person> ; rdfs:label "{label}" ; x:knows x:nameless .']
    lines += ["x:nameless a <http://www.w3.org/ns/org#Organization> ."]
    session = published(tmp_path_factory.mktemp("odd") / "data", "\n".join(lines))
    return create_app(session.settings, Bundle.find(session.settings.base)).test_client()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A dataset of 1,200 things and 2,000 links, with small limits."""
    graphs: dict[str, list[str]] = {}
    for line in quads(1_200, 2_000):
        triple, graph = re.fullmatch(r"(.*) (<[^>]+>) \.\n", line).groups()  # type: ignore[union-attr]  # each is one
        graphs.setdefault(graph, []).append(f"{triple} .")
    text = "\n".join(f"{graph} {{ {' '.join(lines)} }}" for graph, lines in graphs.items())
    session = published(tmp_path_factory.mktemp("large") / "data", text)
    settings = Settings.load(session.settings.environment(), {"max_drawn_nodes": 60, "max_analysed_links": 2_000})
    return create_app(settings, Bundle.find(settings.base)).test_client()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "nl",
            ("Wie hangt met wie samen", "hebben 37 geen jaartal", "1 tot en met 38 van 38", "51 van 51 verbanden"),
        ),
        ("en", ("Who is connected with whom", "37 have no year", "1 to 38 of 38", "51 of 51 links")),
    ],
)
def test_the_page_says_the_network_in_words(client: FlaskClient, language: str, said: tuple[str, ...]) -> None:
    """Without a script: the drawing, the things and the links as lists, honest about what has no year."""
    text = page(client, "/network", language)
    assert [one for one in said if one not in text] == []
    html = client.get("/network", headers=BROWSER | {"Accept-Language": language}).text
    assert html.count('<g class="mark"') == 38
    assert len(re.findall(r'<path class="m-\w+" d=', html.partition("netmap-title")[2].partition("</svg>")[0])) == 51
    assert html.count("<tr><td>") == 51
    assert 'style="' not in html


def test_filters_are_parameters(client: FlaskClient) -> None:
    """Certainty, kind, year and name; repeated or with commas it is the same."""
    assert "33 van 33 verbanden" in page(client, "/network?modality=stated")
    one, other = (
        client.get(f"/network?{query}", headers=BROWSER).text
        for query in ("modality=stated,planned", "modality=stated&modality=planned")
    )
    rows = re.compile(r"<tr><td>.*?</tr>")
    assert rows.findall(one) == rows.findall(other)
    assert len(rows.findall(one)) == 38
    assert "1 tot en met 5 van 5" in page(client, "/network?type=person")
    assert "1 tot en met 1 van 1" in page(client, "/network?q=bries")
    later = page(client, "/network?year=later")
    assert "hebben 37 geen jaartal" in later
    assert "37 van 37 verbanden" in later
    assert "0 van 0 verbanden" in page(client, "/network?modality=")


def test_what_is_selected_is_shown_with_what_is_near(client: FlaskClient) -> None:
    """By its name in the address, by its label, by its IRI; one to three steps; links keep what is chosen."""
    for name in ("buro-bries", "Buro%20Bries", f"{CANONICAL_BASE}id/buro-bries", "id:buro-bries"):
        assert "Buro Bries en 4 dingen binnen 1 stap." in page(client, f"/network?select={name}")
    text = client.get("/network?select=buro-bries&steps=2&modality=stated&lang=nl", headers=BROWSER).text
    assert 'href="/network?modality=stated&amp;select=buro-bries&amp;steps=3&amp;lang=nl"' in text


def test_the_list_has_pages(client: FlaskClient) -> None:
    """`limit` and `offset`, with links in the page and in the header."""
    response = client.get("/network?limit=10&offset=10", headers=BROWSER)
    assert response.text.count("data-node=") == 10
    assert 'rel="next"' in response.headers["Link"]
    assert "/network?offset=20" in response.headers["Link"]


def test_the_data_is_one_answer_for_each_generation(client: FlaskClient) -> None:
    """The same bytes as the export, with a tag by which nothing is sent again; columns of equal length."""
    response = client.get("/network.json")
    assert (response.status_code, response.content_type) == (200, "application/json")
    assert response.data == client.get("/exports/network.json").data
    again = client.get("/network.json", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    row = json.loads(response.data)
    assert {len(column) for column in row["nodes"].values()} == {38}
    assert {len(column) for column in row["edges"].values()} == {51}
    assert row["base"] == f"{CANONICAL_BASE}id/"


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_drawing_stands_by_itself(client: FlaskClient, language: str) -> None:
    """Well-formed SVG with a title, a legend of what is chosen, and no style sheet or script."""
    response = client.get(f"/network.svg?modality=stated,intended&lang={language}")
    assert (response.status_code, response.content_type) == (200, "image/svg+xml")
    assert response.headers["Content-Language"] == language
    root = ElementTree.fromstring(response.data)  # noqa: S314  # our own
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "rect", "g", "path", "text"}
    texts = ["".join(element.itertext()) for element in root.iter() if element.tag.endswith("text")]
    assert ("gesteld" if language == "nl" else "stated") in texts
    assert ("gepland" if language == "nl" else "planned") not in texts
    assert client.get(f"/network.svg?modality=stated,intended&lang={language}").data == response.data


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "nl",
            (
                "SO netwerk Groningen zou Social Enterprise Nederland bereiken in 5 stappen, via Groningen "
                "(stedelijke kern), stappen voor 2018, MVO alliantie en ‘we’ (niet genoemd); "
                "niet alles daarvan is een feit.",
                "De zwakste schakel is “‘we’ (niet genoemd) vermoedelijk dezelfde als MVO alliantie”: afgeleid.",
                "Met alleen wat als feit is gesteld, is er geen weg.",
                "Van de 5 schakels zijn er 2 (nog) geen feit.",
                "Er is een kortere weg, van 4 stappen, maar die is minder zeker:",
            ),
        ),
        (
            "en",
            (
                "SO network Groningen would reach Social Enterprise Netherlands in 5 steps, via Groningen "
                "(urban core), ",
                "The weakest link is “‘we’ (not named) ",
                "On what is stated as fact alone, there is no path.",
                "Of the 5 links, 2 are not (yet) fact.",
            ),
        ),
    ],
)
def test_a_path_is_a_sentence(client: FlaskClient, language: str, said: tuple[str, ...]) -> None:
    """How many steps, via whom, the weakest link, and what is no fact; with a picture and an address to share."""
    text = page(client, f"/network/path?{ENDS}", language)
    assert [one for one in said if one not in text] == []
    html = client.get(f"/network/path?{ENDS}", headers=BROWSER | {"Accept-Language": language}).text
    assert len(re.findall(r'<path class="m-\w+" d=', html.partition("netmap-title")[2])) == 5, "five links are lit"
    assert f"http://localhost/network/path?{ENDS.replace('&', '&amp;')}" in html


def test_without_plans_the_path_breaks_and_the_page_says_so(client: FlaskClient) -> None:
    """Stated and in progress alone: no path; what would have to be counted in; a link that does."""
    text = page(client, f"/network/path?{ENDS}&modality=stated,inProgress")
    assert "Met alleen gesteld en in ontwikkeling is er geen weg van SO netwerk Groningen naar" in text
    assert "Wel als u ook meetelt wat gepland en afgeleid is: de weg telt dan 5 stappen." in text
    assert "niet meegeteld" in text
    html = client.get(f"/network/path?{ENDS}&modality=stated", headers=BROWSER).text
    assert f'href="/network/path?{ENDS.replace("&", "&amp;")}"' in html


def test_a_path_of_facts_is_said_to_be_one(client: FlaskClient) -> None:
    """Every link stated; one step is a direct connection."""
    text = page(client, "/network/path?from=luuk-duursma&to=Alescon", "en")
    assert "Luuk Duursma is directly connected with Alescon." in text
    assert "Every link is stated: this path consists of facts." in text


def test_a_path_is_data_too(client: FlaskClient) -> None:
    """The links as they read, which way they are walked, their certainty and years; the sentence as on the page."""
    response = client.get(f"/network/path.json?{ENDS}&lang=en")
    assert (response.status_code, response.content_type) == (200, "application/json")
    row = json.loads(response.data)
    assert (row["found"], row["path"]["steps"], row["path"]["weakest"], row["path"]["notStated"]) == (
        True,
        5,
        "inferred",
        2,
    )
    assert row["path"]["links"][1] == {
        "source": f"{CANONICAL_BASE}id/plan-2018",
        "predicate": f"{CANONICAL_BASE}def#worksAround",
        "relation": "works around",
        "target": f"{CANONICAL_BASE}id/groningen",
        "forward": False,
        "modality": "planned",
        "years": [2018],
    }
    assert row["sentence"].startswith("SO network Groningen would reach Social Enterprise Netherlands in 5 steps")
    assert row["shortest"]["steps"] == 4
    broken = json.loads(client.get(f"/network/path.json?{ENDS}&modality=stated").data)
    assert (broken["found"], broken["path"], broken["withAllModalities"]["steps"]) == (False, None, 5)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_who_holds_it_together_is_said_in_words(client: FlaskClient, language: str) -> None:
    """Parts, linchpins with whom they would cut off, bridges, and what if one leaves."""
    text = page(client, "/network/together?modality=stated&leave=mvo-alliantie", language)
    expected = {
        "nl": (
            "Zonder MVO alliantie valt dit deel van het netwerk uiteen in 2 stukken:",
            "bestaat uit 4 delen die niet met elkaar verbonden zijn. Zonder enig verband: 4, namelijk",
            "12 dingen zouden los komen van de andere 11:",
            "Tussen deze twee loopt de enige verbinding.",
        ),
        "en": (
            "Without CSR alliance this part of the network falls into 2 pieces:",
            "in 4 parts that are not connected with each other. Without any link: 4, namely",
            "12 things would come loose from the other 11:",
            "Between these two runs the only connection.",
        ),
    }
    assert [one for one in expected[language] if one not in text] == []
    assert "een deel" in page(client, "/network/together").replace("één", "een")


def test_plans_that_hold_it_together_are_not_passed_off_as_facts(client: FlaskClient) -> None:
    """Where more than facts counts, the page says so, and how it is on facts alone; else it is silent."""
    dutch, english = (client.get(f"/network/together?lang={one}").get_data(as_text=True) for one in ("nl", "en"))
    assert 'modality=stated&amp;lang=nl">Met alleen feiten</a> zijn er 4 delen die niet' in dutch
    assert "zonder enig verband: 4." in dutch
    assert "Plans, intentions and inferences count here as if they were true already." in english
    alone = client.get("/network/together?modality=stated&lang=nl").get_data(as_text=True)
    assert "alsof ze al waar zijn" not in alone
    row = client.get("/network/together.json?modality=stated").get_json()
    assert (row["parts"]["count"], row["alone"]["size"]) == (4, 4)


def test_who_holds_it_together_is_data_too(client: FlaskClient) -> None:
    """Counts of all, as many of each list as `limit` says, names in the language asked for."""
    row = json.loads(client.get("/network/together.json?modality=stated&limit=2&leave=mvo-alliantie&lang=en").data)
    assert (row["things"], row["links"], row["parts"]["count"]) == (38, 33, 4)
    assert [part["size"] for part in row["parts"]["first"]] == [24, 6]
    assert (len(row["cutPoints"]["first"]), row["cutPoints"]["count"]) == (2, 13)
    first = row["cutPoints"]["first"][0]
    assert (first["thing"]["label"], first["cutOff"], first["from"]) == ("steps for 2018", 12, 11)
    assert sum(group["size"] for group in first["groups"]) == 12
    assert [piece["size"] for piece in row["without"]["pieces"]] == [13, 10]


@pytest.mark.parametrize(
    ("address", "status", "slug"),
    [
        ("/network?modality=certain", 400, "bad-parameter"),
        ("/network?type=unicorn", 400, "bad-parameter"),
        ("/network?year=1234", 400, "bad-parameter"),
        ("/network?steps=4", 400, "bad-parameter"),
        ("/network?limit=0", 400, "bad-parameter"),
        ("/network?select=nobody", 404, "unknown-entity"),
        ("/network/path.json?from=alescon", 400, "bad-parameter"),
        ("/network/path.json?from=alescon&to=Alescon", 400, "bad-parameter"),
        ("/network/path.json?from=alescon&to=nobody", 404, "unknown-entity"),
        ("/network.svg?year=soon", 400, "bad-parameter"),
    ],
)
def test_what_cannot_be_chosen_is_refused(client: FlaskClient, address: str, status: int, slug: str) -> None:
    """With what there is to choose from, and never by another answer than was asked for."""
    response = client.get(address, headers={"Accept": "application/json"})
    problem = json.loads(response.data)
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert (problem["type"].rpartition("/")[2], bool(problem["mend"])) == (slug, True)


def test_near_names_are_offered(client: FlaskClient) -> None:
    """Words that stand in a name lead to it."""
    problem = json.loads(client.get("/network/path.json?from=duursma&to=so2", headers={"Accept": "*/*"}).data)
    assert problem["near"] == [f"{CANONICAL_BASE}id/luuk-duursma"]


@pytest.mark.parametrize("address", ["/network", "/network/together", "/network.svg", "/network/path"])
def test_odd_names_are_text(odd: FlaskClient, address: str) -> None:
    """Markup, quotes, right-to-left, emoji, 500 letters and no name at all: shown, and never taken for markup."""
    address += "?from=http://example.org/script&to=http://example.org/rtl" if address.endswith("path") else ""
    response = odd.get(address, headers=BROWSER if not address.endswith("svg") else {})
    assert response.status_code == 200
    text = response.text
    assert "<script>alert" not in text
    assert "<b>" not in text
    if address.endswith("svg"):
        ElementTree.fromstring(response.data)  # noqa: S314  # our own
    else:
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    if address == "/network":
        assert "nameless" in text
        assert "🦊 vos" in text


def test_a_large_network_is_cut_and_says_so(large: FlaskClient) -> None:
    """The drawing, the lists and the analysis have their limits; the data has all."""
    text = page(large, "/network", "en")
    assert "Drawn are the 60 things with most links, of 1200." in text
    assert "1 to 50 of 1200" in text
    assert "200 of 2000 links" in text
    assert len(Picture.decode(large.get("/network.json").data).iri) == 1_200
    assert large.get("/network/together.json").status_code == 200
    assert large.get("/network.svg").text.count('<g class="mark"') == 60


def test_the_limit_of_the_analysis_is_at_its_edge(large: FlaskClient, tmp_path: Path) -> None:
    """As many links as max_analysed_links are worked out, one more is a 422 that says what to do."""
    settings: Settings = large.application.extensions["so2graph"].settings
    less = Settings.load(settings.environment(), {"max_analysed_links": 1_999})
    client = create_app(less, Bundle.find(less.base)).test_client()
    response = client.get("/network/together.json", headers={"Accept": "application/json"})
    problem = json.loads(response.data)
    assert (response.status_code, problem["limit"]) == (422, 1_999)
    assert "max_analysed_links" in problem["mend"]
    assert client.get("/network/together.json?modality=stated").status_code == 200


def test_the_network_of_the_benchmark_is_as_large_as_asked() -> None:
    """Every node and edge that is asked for is there, the same every time, below an example address."""
    lines = list(quads(500, 900))
    assert lines == list(quads(500, 900))
    labelled = {line.split()[0] for line in lines if "#label" in line}
    edges = [line for line in lines if line.split()[2].startswith(f"<{BASE}") and "#type" not in line]
    assert (len(labelled), len(edges)) == (500, 900)
    assert all(f"<{BASE}" in line for line in lines)
