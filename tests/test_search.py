"""Search over the bundled data and over data of others: what is found, counted, listed and never shown."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from so2graph.config import Settings
from so2graph.engine.access import Access, Session
from so2graph.errors import Busy, DatasetReadOnly
from so2graph.publish.search_build import build_index, index_name
from so2graph.publish.search_index import write_index
from so2graph.publish.search_reader import Index, opened
from so2graph.publish.search_text import Query, folded
from so2graph.publish.search_things import FACETS, Gathered, Name, Thing, gather
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE
from so2graph.web.app import create_app
from so2graph.web.search_keeper import Indexes
from tests.test_network_files import published
from tests.turns import patiently

BROWSER = {"Accept": "text/html"}
SEED = (
    # What is typed, and the page that it should lead to.
    ("alescom", "/doc/alescon"),
    ("alescón", "/doc/alescon"),
    ("drentse zaak", "/doc/de-drentse-zaak"),
    ("drentsezaak", "/doc/de-drentse-zaak"),
    ("buro brie", "/doc/buro-bries"),
    ("bureau bries", "/doc/buro-bries"),
    ("bries", "/doc/buro-bries"),
    ("kerngroepen", "/doc/kerngroep-assen-drenthe"),
    ("kern groep", "/doc/kerngroep-assen-drenthe"),
    ("core groups", "/doc/kerngroep-assen-drenthe"),
    ("sociaal ondernemen", "/doc/theme-social-entrepreneurship"),
    ("sociale onderneming", "/doc/theme-social-enterprises"),
    ("assen", "/doc/assen"),
    ("Asen", "/doc/assen"),
    ("assen drenthe", "/doc/so-netwerk-assen-drenthe"),
    ("netwerk assen/drente", "/doc/so-netwerk-assen-drenthe"),
    ("noord-nederland", "/doc/noord-nederland"),
    ("noordnederland", "/doc/nuts-nl1"),
    ("'t noorden", "/doc/noord-nederland"),
    ("social enterprise nl", "/doc/social-enterprise-nederland"),
    ("social enterprises netherlands", "/doc/social-enterprise-nederland"),
    ("wenekes", "/doc/janwillem-wennekes"),
    ("jan willem", "/doc/janwillem-wennekes"),
    ("van leeuwen", "/doc/noor-van-leeuwen"),
    ("mvo aliantie", "/doc/mvo-alliantie"),
    ("assen voor assen", "/doc/assenvoorassen"),
    ("werk in zicht", "/doc/werkinzicht"),
    ("fryslan", "/doc/fryslan-province"),
    ("gem. groningen", "/doc/gemeente-groningen"),
    ("inclusief", "/doc/theme-inclusive-labour-market"),
    ("sociaal-ondernemerschap & sociale ondernemingen", "/doc/so2"),
    ("rapporten", "/doc/report-research-social-enterprises"),
    ("het so2 projectdocument", "/doc/report-so2-project-document"),
    ("contactpersonen", "/queries/contacts"),
    ("wie zit in de kerngroep", "/queries/core-group"),
    ("tijdlijn", "/queries/timeline"),
    ("regionaal netwerk", "/def#RegionalNetwork"),
    ("hasCoreGroup heeft kerngroep", "/def#hasCoreGroup"),
    ("download", "/exports"),
    ("sparql", "/sparql"),
    ("api", "/api"),
)


def hrefs(response: TestResponse) -> list[str]:
    """Where the names of what was found lead, in their order."""
    html = response.get_data(as_text=True)
    found = re.findall(r'class="found-name"><a href="([^"]+)"', html)
    return [re.sub("[?&]lang=(nl|en)", "", unescape(href)) for href in found]


def ask(client: FlaskClient, **parameters: object) -> dict[str, Any]:
    """The answer as JSON."""
    response = client.get(f"/search.json?{urlencode(parameters, doseq=True)}")
    assert (response.status_code, response.content_type) == (200, "application/json"), response.text
    return dict(json.loads(response.data))


@pytest.fixture(scope="module")
def session(settings: Settings, bundle: Bundle) -> Session:
    return Access(settings, bundle).session()


@pytest.fixture(scope="module")
def index(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """The index of the bundled data."""
    path = tmp_path_factory.mktemp("search") / "index.sqlite"
    build_index(session, path)
    with opened(path) as made:
        yield made


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize(("typed", "page"), SEED, ids=[typed for typed, _ in SEED])
def test_the_first_page_has_what_was_meant(client: FlaskClient, typed: str, page: str, language: str) -> None:
    """In either language of the reader, whatever the language of the name."""
    response = client.get("/search", query_string={"q": typed, "lang": language}, headers=BROWSER)
    assert response.status_code == 200
    assert page in hrefs(response)


@pytest.mark.no_cover
def test_the_exact_name_of_anything_leads_to_it(client: FlaskClient, session: Session) -> None:
    """Every thing and term, by each of its names, is among the first six under its heading."""
    gathered = gather(session, 1_000_000)
    assert len(gathered.things) > 200
    for thing in gathered.things:
        for name in thing.names[:4]:
            found = ask(client, q=name.text, group=("things", "places", "themes", "terms")[thing.group], limit=6)
            exact = found["exact"] or {}
            assert thing.iri in [row["iri"] for row in found["results"]] or exact.get("iri") == thing.iri, name


def test_results_stand_under_headings(client: FlaskClient) -> None:
    """Each with its kind, a line of context and the words marked; a heading that has more leads to all."""
    html = client.get("/search?q=netwerken&lang=nl", headers=BROWSER).get_data(as_text=True)
    assert re.findall(r'<h2 id="group-(\w+)">', html)[:1] == ["things"]
    assert {"things", "questions", "terms"} <= set(re.findall(r'<h2 id="group-(\w+)">', html))
    assert "SO <mark>netwerk</mark> Groningen</bdi></a> " in html
    assert '<span class="found-kind">regionaal netwerk</span>' in html
    assert '<p class="found-note"><bdi>wordt ontwikkeld</bdi></p>' in html
    more = re.search(r'class="group-more"><a href="([^"]+)">Alle (\d+) onder dit kopje', html)
    assert more is not None
    whole = client.get(unescape(more[1]), headers=BROWSER).get_data(as_text=True)
    assert len(re.findall('class="found"', whole)) == int(more[2]) > 6
    assert re.search(r'<a href="/search\?q=netwerken&amp;lang=nl">← Alle kopjes', whole)


def test_the_name_by_which_it_was_found_is_said(client: FlaskClient) -> None:
    """Where it is another than the label, with its language where that is not the reader's."""
    html = client.get("/search?q=bries&lang=en", headers=BROWSER).get_data(as_text=True)
    assert "Buro <mark>Bries</mark>" in html
    html = client.get("/search?q=kerngroep&lang=en", headers=BROWSER).get_data(as_text=True)
    assert 'also: <bdi lang="nl"><mark>kerngroep</mark></bdi>' in html


def test_a_term_a_place_and_a_theme_lead_to_what_has_them(client: FlaskClient) -> None:
    """With the number of things, which is that of the list."""
    html = client.get("/search?q=streek&lang=nl", headers=BROWSER).get_data(as_text=True)
    found = re.search(r'class="found-members"><a rel="nofollow" href="([^"]+)">(\d+) dingen hierbij', html)
    assert found is not None
    assert found[1] == "/search?type=so2%3ARegion&amp;lang=nl"
    assert ask(client, type="so2:Region")["total"]["count"] == int(found[2]) == 6


@pytest.mark.parametrize("language", ["nl", "en"])
def test_nothing_found_says_what_to_do(client: FlaskClient, language: str) -> None:
    """Near words where there are some, fewer words, and the ways on; it is a page and no error."""
    response = client.get(f"/search?q=grxnxngxn&lang={language}", headers=BROWSER)
    html = response.get_data(as_text=True)
    assert response.status_code == 200
    assert ("Niets gevonden" if language == "nl" else "Nothing found") in html
    near = re.findall(r'class="chip" href="/search\?q=([^"&]+)', html)
    assert "groningen" in near
    for local in ("/search", "/queries"):
        assert f'href="{local}?lang={language}"' in html
    lost = client.get(f"/search?q=zqxv+%F0%9F%A6%84&lang={language}", headers=BROWSER).get_data(as_text=True)
    assert ("Probeer minder woorden" if language == "nl" else "Try fewer words") in lost


def test_what_has_not_all_the_words_is_called_near(client: FlaskClient) -> None:
    """The best there is, and a remark that says so."""
    found = ask(client, q="alescon zqxvwy")
    assert (found["approximate"], found["results"][0]["label"]) == (True, "Alescon")
    html = client.get("/search?q=alescon+zqxvwy&lang=nl", headers=BROWSER).get_data(as_text=True)
    assert "Niets heeft al deze woorden" in html


@pytest.mark.parametrize(
    ("typed", "page"),
    [
        ("id:alescon", "/doc/alescon"),
        (f"{CANONICAL_BASE}id/alescon", "/doc/alescon"),
        (f"<{CANONICAL_BASE}id/alescon>", "/doc/alescon"),
        (" id:alescon ", "/doc/alescon"),
        ("http://localhost/doc/alescon", "/doc/alescon"),
        ("so2:RegionalNetwork", "/def#RegionalNetwork"),
        (f"{CANONICAL_BASE}graph/so2/stated", "/graph/so2/stated"),
        ("http://www.wikidata.org/entity/Q749", "/doc?iri=http%3A%2F%2Fwww.wikidata.org%2Fentity%2FQ749"),
    ],
)
def test_an_iri_or_prefixed_name_leads_to_its_page(client: FlaskClient, typed: str, page: str) -> None:
    """303 in a browser, in the language of the reader; in JSON it is named, and nothing is redirected."""
    response = client.get("/search", query_string={"q": typed}, headers=BROWSER)
    assert (response.status_code, response.headers["Location"]) == (303, page)
    spoken = client.get("/search", query_string={"q": typed, "lang": "en"}, headers=BROWSER)
    assert "lang=en" in spoken.headers["Location"]
    assert ask(client, q=typed)["exact"]["href"] == f"http://localhost{page}"


@pytest.mark.parametrize(
    "typed", ["id:nothing-such", "nothing:alescon", "http://example.org/x", "urn:x", ":", "a:b c"]
)
def test_what_only_looks_like_an_iri_is_searched_for(client: FlaskClient, typed: str) -> None:
    """An IRI that is not known here is words like others."""
    response = client.get("/search", query_string={"q": typed}, headers=BROWSER)
    assert response.status_code == 200
    assert ask(client, q=typed)["exact"] is None


# The list and its facets


def test_without_words_it_is_the_list_of_everything(client: FlaskClient, index: Index) -> None:
    """In pages, in three orders, each thing once; terms are not in it, memberships and claims neither."""
    first = ask(client, limit=20)
    total = first["total"]["count"]
    assert total == sum(index.listed) > 60
    assert first["results"][0]["group"] in ("things", "places", "themes")
    seen = {}
    for order in ("name", "links", "year"):
        rows = [
            row for start in range(0, total, 20) for row in ask(client, limit=20, offset=start, sort=order)["results"]
        ]
        seen[order] = [row["iri"] for row in rows]
        assert len(set(seen[order])) == total
        assert not [iri for iri in seen[order] if "/membership-" in iri or "/claim-" in iri or "/mention-" in iri]
        assert {row["group"] for row in rows} == {"things", "places", "themes"}
    assert len({tuple(iris) for iris in seen.values()}) == 3
    assert seen["links"][0] == f"{CANONICAL_BASE}id/so-netwerk-noord-nederland"


STATES: tuple[dict[str, object], ...] = (
    {},
    {"type": ["so2:RegionalNetwork"]},
    {"type": ["so2:RegionalNetwork", "so2:InterregionalNetwork"]},
    {"place": ["id:drenthe"], "modality": ["planned", "stated"]},
    {"year": ["2016", "2019"]},
    {"theme": ["id:theme-social-enterprises"]},
    {"modality": ["hoped"], "year": ["2016"]},
    {"q": "netwerk"},
    {"q": "groningen", "modality": ["planned"]},
)


@pytest.mark.parametrize("state", STATES, ids=lambda state: urlencode(state, doseq=True) or "all")
def test_a_count_is_what_choosing_gives(client: FlaskClient, state: dict[str, object]) -> None:
    """For every value of every facet: the number beside it is that of the list with it alone in that facet."""
    found = ask(client, facets="yes", all="type", limit=1, **state)
    assert {"type", "modality"} <= set(found["facets"]) or found["total"]["count"] == 0
    for facet, values in found["facets"].items():
        for value in values:
            assert not value["more"]
            alone = ask(client, **{**state, facet: [value["value"]], "limit": 1, "group": ""})
            rows = alone["total"]["count"]
            assert rows == value["count"], (facet, value)
            short = value["value"].replace(f"{CANONICAL_BASE}def#", "so2:").replace(f"{CANONICAL_BASE}id/", "id:")
            assert value["chosen"] == (short in cast(list[str], state.get(facet, [])))


def test_values_of_a_facet_are_or_and_facets_are_and(client: FlaskClient) -> None:
    """Two kinds are more than one; a kind and a place are fewer."""

    def iris(**chosen: object) -> set[str]:
        return {row["iri"] for row in ask(client, limit=100, **chosen)["results"]}

    regional, reports = iris(type="so2:RegionalNetwork"), iris(type="so2:Report")
    assert (len(regional), len(reports)) == (2, 3)
    assert iris(type=["so2:RegionalNetwork", "so2:Report"]) == regional | reports
    assert iris(type="so2:RegionalNetwork", place="id:assen") == {f"{CANONICAL_BASE}id/so-netwerk-assen-drenthe"}
    assert iris(type="so2:Report", place="id:assen") == set()
    assert regional & iris(place="id:nuts-nl1") == regional, "a place is in what contains it"


def test_where_the_values_come_from(client: FlaskClient) -> None:
    """Places and themes by statements of any certainty, years by dates and claims, certainty by graphs."""

    def iris(**chosen: object) -> set[str]:
        return {
            row["iri"].removeprefix(f"{CANONICAL_BASE}id/") for row in ask(client, limit=100, **chosen)["results"]
        }

    assert iris(year="2018") == {"plan-2018"}, "only a claim says so"
    assert {"conferences-2016-2017", "partner-meetings-2016-2017"} <= iris(year="2016")
    assert iris(theme="id:theme-inclusive-society") == {"so2"}
    assert "so-netwerk-noord-nederland" in iris(place="id:drenthe"), "only a plan says so"
    assert "so-netwerk-noord-nederland" in iris(place="id:drenthe", modality="planned")
    assert "gemeente-assen" not in iris(modality=["stated", "planned", "inferred"]), "context has no certainty"


def test_filters_are_chips_that_can_be_taken_away(client: FlaskClient) -> None:
    """Each leads to the list without it; all of the state is in the address, the language too."""
    path = "/search?type=so2%3ARegionalNetwork&type=so2%3AReport&year=2017&sort=links&lang=nl"
    html = client.get(path, headers=BROWSER).get_data(as_text=True)
    chips = [unescape(href) for href in re.findall(r'<a class="chip" rel="nofollow" href="([^"]+)"', html)]
    assert chips == [
        "/search?type=so2%3AReport&year=2017&sort=links&lang=nl",
        "/search?type=so2%3ARegionalNetwork&year=2017&sort=links&lang=nl",
        "/search?type=so2%3ARegionalNetwork&type=so2%3AReport&sort=links&lang=nl",
    ]
    assert re.search(r'<a class="chip-clear" href="/search\?sort=links&amp;lang=nl">Alles wissen', html)
    assert re.search(r'<meta name="robots" content="noindex, follow">', html)
    assert html.count('aria-current="true"') == 4
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html)
    assert ("year", "2017") in hidden
    assert ("type", f"{CANONICAL_BASE}def#Report") in hidden, "a search keeps the filters"


def test_an_empty_choice_keeps_its_chip_and_offers_a_way_out(client: FlaskClient) -> None:
    """What is chosen and has nothing is shown with 0, so that it can be taken away."""
    html = client.get("/search?place=http://example.org/none&lang=nl", headers=BROWSER).get_data(as_text=True)
    assert "Geen enkel ding heeft dit alles" in html
    assert '<a class="chip" rel="nofollow" href="/search?lang=nl">' in html
    assert "Zoek zonder filters" in html


def test_all_values_of_a_facet_are_one_link_away(client: FlaskClient) -> None:
    """Eight are shown, then all, then eight again."""
    html = client.get("/search?lang=nl", headers=BROWSER).get_data(as_text=True)
    more = re.search(r'href="(/search\?all=type[^"]*)#facet-type">Toon alle (\d+)', html)
    assert more is not None
    section = r'<h3 id="facet-type">.*?</section>'
    few = re.search(section, html, re.DOTALL)
    assert few is not None
    assert few[0].count('class="facet-value') == 8
    whole = re.search(section, client.get(unescape(more[1]), headers=BROWSER).get_data(as_text=True), re.DOTALL)
    assert whole is not None
    assert whole[0].count('class="facet-value') == int(more[2])
    assert 'href="/search?lang=nl#facet-type">Toon minder' in whole[0]


@pytest.mark.parametrize("path", ["/search?type=so2:Report", "/search?q=netwerk", "/search?modality=planned&lang=en"])
def test_the_list_comes_as_a_file(client: FlaskClient, path: str) -> None:
    """CSV and JSON are a link on the page, hold the same things in the same order, and name the other pages."""
    html = client.get(path, headers=BROWSER).get_data(as_text=True)
    links = {suffix: unescape(href) for href, suffix in re.findall(r'href="([^"]+)">(csv|json)</a>', html)}
    rows = client.get(links["csv"])
    assert rows.content_type == "text/csv; charset=utf-8"
    assert rows.headers["Content-Disposition"].startswith('inline; filename="search')
    table = list(csv.DictReader(io.StringIO(rows.get_data(as_text=True))))
    listed = client.get(links["json"] + "&limit=1000")
    found = json.loads(listed.data)
    things = [row for row in found["results"] if row["iri"]]
    assert [row["iri"] for row in table] == [row["iri"] for row in things]
    assert table[0]["url"] == things[0]["href"]
    assert int(listed.headers["SO2Graph-Total"]) == found["total"]["count"] >= len(table) > 0


def test_a_row_of_the_table_says_all_values(client: FlaskClient) -> None:
    """In words of the reader's language."""
    text = client.get("/search.csv?lang=nl&type=so2:InterregionalNetwork").get_data(as_text=True)
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["label"] == "SO netwerk Noord Nederland"
    assert row["kind"] == "bovenregionaal netwerk"
    assert "Assen (stedelijke kern); Drenthe" in row["places"]
    assert row["themes"] == "sociale ondernemingen; social impact"
    assert "gepland" in row["certainties"].split("; ")
    assert row["url"] == "http://localhost/doc/so-netwerk-noord-nederland"


def test_pages_follow_each_other(client: FlaskClient) -> None:
    """By links on the page and in the header of the data."""
    html = client.get("/search?limit=10&offset=10&lang=nl", headers=BROWSER).get_data(as_text=True)
    turns = {rel: unescape(href) for rel, href in re.findall(r'<a rel="(\w+)" href="([^"]+)">', html)}
    assert turns["prev"] == "/search?limit=10&lang=nl"
    assert turns["next"] == "/search?limit=10&offset=20&lang=nl"
    assert "Rij 11 tot en met 20." in html
    links = client.get("/search.json?limit=10&offset=10").headers["Link"]
    assert '<http://localhost/search.json?limit=10&offset=20>; rel="next"' in links


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/search?year=soon", "year"),
        ("/search?modality=surely", "modality"),
        ("/search?type=a%20class", "type"),
        ("/search?place=%3Cx%3E", "place"),
        ("/search?sort=random", "sort"),
        ("/search?group=everything", "group"),
        ("/search?all=colour", "all"),
        ("/search?limit=0", "limit"),
        ("/search?facets=maybe", "facets"),
        ("/search?q=a&q=b", "q"),
        ("/search?" + "&".join(f"year={year}" for year in range(1900, 1951)), "year"),
    ],
)
def test_what_makes_no_sense_is_refused(client: FlaskClient, path: str, parameter: str) -> None:
    """400, with the parameter at fault and what to give instead."""
    response = client.get(path)
    assert (response.status_code, response.mimetype) == (400, "application/problem+json")
    assert parameter in response.text
    assert json.loads(response.data)["mend"]


def test_other_formats_and_suffixes_are_refused(client: FlaskClient) -> None:
    """406 for what cannot be made, 404 for a suffix that there is not; Accept decides where nothing else does."""
    assert client.get("/search", headers={"Accept": "text/turtle"}).status_code == 406
    assert client.get("/search.ttl").status_code == 404
    assert client.get("/search", headers={"Accept": "application/json"}).mimetype == "application/json"
    assert client.get("/search", headers={"Accept": "text/csv"}).mimetype == "text/csv"
    assert client.get("/search?format=csv", headers=BROWSER).mimetype == "text/csv"
    tag = client.get("/search.json?q=assen").headers["ETag"]
    assert client.get("/search.json?q=assen", headers={"If-None-Match": tag}).status_code == 304


# E-mail addresses

_ADDRESS = re.compile(rb"[\w.+-]{1,64}@[\w-]+\.[a-z]{2,}", re.IGNORECASE)


def test_no_address_is_in_the_index_or_found(client: FlaskClient, session: Session, tmp_path: Path) -> None:
    """Not as a name, a note or a thing; nothing tells whether an address that is searched for is known."""
    path = tmp_path / "index.sqlite"
    build_index(session, path)
    held = path.read_bytes()
    assert _ADDRESS.search(held) is None
    assert b"mailto:" not in held
    contact = session.snapshot.names.graph("so2/contact")
    known = {str(obj) for *_, obj, _ in session.snapshot.quads([contact]) if str(obj).startswith("mailto:")}
    assert known, "the test would prove nothing"
    strange = ask(client, q="nobody.knows@example.org")
    for address in known:
        for typed in (address, address.removeprefix("mailto:")):
            found = ask(client, q=typed)
            assert (found["total"], found["results"], found["exact"]) == ({"count": 0, "more": False}, [], None)
            assert found["near"] == strange["near"] == []
            page = client.get("/search", query_string={"q": typed, "lang": "nl"}, headers=BROWSER)
            assert page.status_code == 200
            assert "E-mailadressen staan niet in de zoeklijst" in page.text
            assert page.text.count(typed) <= 3, "only what was typed itself comes back: box, title, language"


# Other data

HOSTILE = """
@prefix x: <http://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix schema: <https://schema.org/> .
@prefix dct: <http://purl.org/dc/terms/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
x:g {
  x:script a schema:Organization ; schema:name "<script>alert('x')</script> & Zonen" ;
    schema:description "<img src=x onerror=alert(1)>" .
  x:quotes a schema:Organization ; rdfs:label "De \\"Aanhaling\\" 'enkel' {{ 7*7 }} {% if %}" .
  x:rtl a schema:Organization ; rdfs:label "مركز الأثر \\u202Eabc" ; schema:location x:city .
  x:emoji a schema:Organization ; rdfs:label "🦄" .
  x:both a schema:Organization ; rdfs:label "🦄 Eenhoorn" ; schema:foundingDate "2019-03-04"^^xsd:date .
  x:nameless-one a schema:Organization ; schema:location x:city .
  x:CamelCaseThing a schema:Event ; dct:subject x:topic .
  x:blank a schema:Organization ; rdfs:label "   " .
  x:long a schema:Organization ; rdfs:label "LONG" .
  x:mail a schema:Organization ; rdfs:label "someone@example.org" .
  <mailto:someone@example.org> a foaf:Agent ; rdfs:label "iemand" .
  x:city a schema:City ; rdfs:label "Zwolle" ; schema:containedInPlace x:province .
  x:province a schema:AdministrativeArea ; rdfs:label "Overijssel" .
  x:topic skos:prefLabel "Zorg"@nl .
  _:b a schema:Organization ; rdfs:label "anonymous" .
}
""".replace("LONG", "lang woord " * 50)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A service on data of somebody else, without a vocabulary or a catalogue."""
    folder = tmp_path_factory.mktemp("hostile") / "data"
    session = published(folder, HOSTILE)
    return create_app(session.settings, Bundle(Path(__file__).parent.parent, CANONICAL_BASE)).test_client()


@pytest.mark.parametrize(
    "typed", ["script", "zonen", "aanhaling", "🦄", "eenhoorn", "مركز", "lang woord", "nameless", ""]
)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_labels_are_text(hostile: FlaskClient, typed: str, language: str) -> None:
    """No tag of the data is one of the page, nothing in braces is worked out, and directions stay within a name."""
    html = hostile.get("/search", query_string={"q": typed, "lang": language}, headers=BROWSER).get_data(as_text=True)
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "49" not in re.sub(r"\d{3,}", "", re.sub(r"<[^>]*>", "", html))
    assert re.findall(r'class="found-name"', html)
    assert all("<bdi" in row for row in re.findall(r'class="found-name">.*?</p>', html))


def test_data_of_others_has_the_same_facets(hostile: FlaskClient) -> None:
    """Classes by their own names, places by schema.org, a theme by the property that leads to it, years by dates."""
    found = ask(hostile, facets="yes", limit=100, lang="nl")
    values = {f: {v["label"]: v["count"] for v in rows} for f, rows in found["facets"].items()}
    assert values["type"] == {"organization": 9, "event": 1, "city": 1, "administrative area": 1}
    assert values["place"] == {"Zwolle": 2, "Overijssel": 3}
    assert values["theme"] == {"Zorg": 1}
    assert values["year"] == {"2019": 1}
    assert "modality" not in values
    labels = {row["iri"]: row["label"] for row in found["results"]}
    assert "anonymous" not in labels.values()
    assert not [label for label in labels.values() if "@" in label]
    assert labels["http://example.org/mail"] == "‹e-mail address›"
    assert "mailto:someone@example.org" not in labels


def test_a_thing_of_others_leads_to_its_page_here(hostile: FlaskClient) -> None:
    """And one without a name is found by the end of its IRI."""
    found = ask(hostile, q="nameless one")["results"][0]
    assert found["href"] == "http://localhost/doc?iri=http%3A%2F%2Fexample.org%2Fnameless-one"
    assert hostile.get(found["href"], headers=BROWSER).status_code == 200
    assert ask(hostile, q="camel case thing")["results"][0]["iri"] == "http://example.org/CamelCaseThing"
    assert ask(hostile, q="🦄")["results"][0]["label"] == "🦄"


def test_a_long_name_is_found_by_all_of_it_and_shown_short(hostile: FlaskClient) -> None:
    """550 characters are searched for, and 220 shown."""
    found = ask(hostile, q=("lang woord " * 50).strip())
    assert found["results"][0]["iri"] == "http://example.org/long"
    assert len(found["results"][0]["label"]) <= 220


# Limits


def test_limits_of_search(tmp_path: Path, bundle: Bundle) -> None:
    """search_labels cuts, and says so; max_search_characters is the edge; facet_milliseconds of 0 counts nothing."""
    settings = published(tmp_path / "data", HOSTILE).settings
    limits = {"data": settings.data, "search_labels": 5, "max_search_characters": 10, "facet_milliseconds": 0}
    small = create_app(Settings.load({}, limits), bundle).test_client()
    found = ask(small, facets="yes", limit=100)
    assert found["cut"]
    assert 0 < found["total"]["count"] <= 5
    page = small.get("/search?lang=nl", headers=BROWSER)
    assert "meer namen dan de zoeklijst mag bevatten" in page.text
    assert small.get("/search?q=1234567890").status_code == 200
    beyond = small.get("/search?q=12345678901")
    assert (beyond.status_code, json.loads(beyond.data)["limit"]) == (400, 10)
    filtered = ask(small, facets="yes", year="2019")
    assert {(value["count"], value["more"]) for value in filtered["facets"]["type"]} == {(0, True)}
    bounded = small.get("/search?year=2019&lang=nl", headers=BROWSER)
    assert "no-store" in bounded.headers["Cache-Control"]
    assert "≥" in bounded.text
    assert "Niet alles is geteld" in bounded.text


def test_counting_stops_when_time_is_up(index: Index) -> None:
    """What was counted until then is a lower bound, and is called one."""
    among = index.selected({"modality": ["stated"]}, index.listed)
    whole = index.facet("type", {}, among, "nl", float("inf"))
    none = index.facet("type", {}, among, "nl", float("-inf"))
    assert [count.more for count in whole] == [False] * len(whole)
    assert {count.more for count in none} == {True}
    assert {count.count for count in none} == {0}


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=25, unique=True))
@settings_of(deadline=None, max_examples=40)
def test_whatever_names_are_made_of_each_is_found_by_itself(names: list[str]) -> None:
    """With any letters, signs and pictures, beside any others: the exact name is the first, or among its equals."""
    named = [name for name in names if folded(name)]
    things = tuple(
        Thing(f"x:{i}", 0, "", {"nl": (name, ""), "en": (name, "")}, {"nl": "", "en": ""}, (Name(0, name),), 0, {})
        for i, name in enumerate(named)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.sqlite"
        write_index(Gathered(things, {facet: {} for facet in FACETS}, cut=False), path)
        with opened(path) as made:
            for name in named:
                best = [hit for hit in made.search(Query(name)).hits if hit.score == 1.0]
                assert name in [hit.text for hit in best]
                assert {folded(hit.text) for hit in best} == {folded(name)}


def test_many_alike_are_cut_and_said_to_be(tmp_path: Path) -> None:
    """A thousand things of one name: some are shown, and that there are more; an exact name is first all the same."""
    things = "".join(f'x:t{n} a x:T ; rdfs:label "Buurthuis nummer {n}" .\n' for n in range(1500))
    prefixes = "@prefix x: <http://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> ."
    session = published(tmp_path / "data", f"{prefixes} x:g {{ {things} }}")
    build_index(session, tmp_path / "index.sqlite")
    with opened(tmp_path / "index.sqlite") as made:
        found = made.search(Query("buurthuis"))
        assert found.more
        assert 100 < len(found.hits) < 1500
        for number, asked in product((7, 1234), ("Buurthuis nummer {}", "buurthuis {}", "buurthuizen nr {}")):
            first = made.search(Query(asked.format(number))).hits[0]
            assert first.text == f"Buurthuis nummer {number}"


def test_an_index_is_made_once_and_old_ones_go(tmp_path: Path, bundle: Bundle) -> None:
    """Beside the exports, for each generation; what is in it goes by rights to the graphs that pages show."""
    session = published(tmp_path / "data", HOSTILE)
    keeper = Indexes(session.settings)
    paths = [keeper.path(session)]
    assert paths[0].parent == tmp_path / "data" / "exports" / "000001"
    made = paths[0].stat().st_mtime_ns
    threads = [threading.Thread(target=keeper.path, args=(session,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert paths[0].stat().st_mtime_ns == made
    for _ in range(2):
        paths.append(keeper.path(published(tmp_path / "data", HOSTILE)))
    assert [path.exists() for path in paths] == [False, True, True]


def test_an_index_in_the_making_is_waited_for_only_so_long(tmp_path: Path) -> None:
    """Who comes meanwhile is told to come back (503), and others are served."""
    session = published(tmp_path / "data", HOSTILE)
    hasty = Indexes(Settings.load({}, {"data": session.settings.data, "export_patience": 0}))
    path = tmp_path / "data" / "exports" / "000001" / index_name(session)
    path.parent.mkdir(parents=True)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Busy):
            hasty.path(session)
    assert hasty.path(session) == path


def test_every_facet_has_words(client: FlaskClient) -> None:
    """Headings of facets and groups in both languages."""
    for language in ("nl", "en"):
        html = client.get(f"/search?lang={language}", headers=BROWSER).get_data(as_text=True)
        assert len(set(re.findall(r'<h3 id="facet-(\w+)">', html))) == len(FACETS)


@pytest.mark.alone
def test_a_large_index_is_made_by_a_process_of_its_own(tmp_path: Path) -> None:
    """Beyond 20,000 triples; it is the same index, and what goes wrong there is said here."""
    things = "".join(f'x:t{n} a x:T ; rdfs:label "Ding {n}" ; rdfs:comment "Nummer {n}" .\n' for n in range(7000))
    prefixes = "@prefix x: <http://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> ."
    session = published(tmp_path / "data", f"{prefixes} x:g {{ {things} }}")

    def made_by_now() -> bool:
        with suppress(Busy):
            return Indexes(session.settings).path(session).is_file()
        return False

    assert patiently(made_by_now)
    path = Indexes(session.settings).path(session)
    with opened(path) as made:
        assert sum(made.listed) == 7000
        assert made.search(Query("ding 6543")).hits[0].text == "Ding 6543"
    path.unlink()
    path.mkdir()
    with pytest.raises(DatasetReadOnly):
        Indexes(session.settings).path(session)
