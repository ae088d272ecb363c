"""The page about a thing: what it says first, how certain, what that rests on, and what it does with odd things."""

from __future__ import annotations

import html as entities
import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from so2graph.config import REPORT_FIELDS, Settings
from so2graph.engine.store import Quad, parse_text
from so2graph.errors import BadSetting
from so2graph.formats import FORMATS, by_name
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, RDF, RDFS, Iri, Literal
from so2graph.web.app import create_app
from so2graph.web.entity_summary import ORDER
from so2graph.web.words import say, steps
from tests.conftest import Ask
from tests.odd_names import NAMES, ODD_DATASET
from tests.test_dereference import made
from tests.test_web import BROWSER, _words, addresses

ID = f"{CANONICAL_BASE}id/"
ORG = "http://www.w3.org/ns/org#"
TRIG = by_name("trig", FORMATS)


class _Text(HTMLParser):
    """The text of a page as it is read, without blocks of data, each blank once."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self._data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._data = tag == "script"
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "details":
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._data:
            self.parts.append(data)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  # whichever it is
        self._data = False


def read(html: str) -> str:
    parser = _Text()
    parser.feed(html.partition("<body>")[2])
    return " ".join("".join(parser.parts).split())


def page(client: FlaskClient, local: str, language: str = "en") -> str:
    response = client.get(f"/doc/{local}?lang={language}", headers=BROWSER)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def loaded(path: Path, bundle: Bundle, text: str, **settings: int | str) -> FlaskClient:
    """A client of a dataset that somebody loaded: TriG, no catalogue."""
    assert TRIG is not None
    return made(path / "data", bundle, parse_text(text.encode(), TRIG, CANONICAL_BASE), **settings)


SUMMARIES = {
    ("so-netwerk-groningen", "nl"): "SO netwerk Groningen is een regionaal netwerk in ontwikkeling, bestrijkt "
    "Groningen (stedelijke kern), heeft Buro Bries als motor en heeft JanWillem Wennekes als contactpersoon.",
    ("so-netwerk-groningen", "en"): "SO network Groningen is a regional network under development, covers "
    "Groningen (urban core), is driven by Buro Bries and has JanWillem Wennekes as contact person.",
    ("so-netwerk-noord-nederland", "en"): "SO network Northern Netherlands is meant to be an interregional network "
    "and has Freerk Jan Bruins as contact person.",
    ("luuk-duursma", "nl"): "Luuk Duursma is lid van kerngroep SO netwerk Assen/Drenthe, is contactpersoon van "
    "SO netwerk Assen/Drenthe en is verbonden aan Alescon.",
    ("report-advice-gemeente-groningen", "en"): "Advisory report to the municipality of Groningen is a report, "
    "appeared in 2017, was issued to municipality of Groningen (until 2019) and comes from the programme WerkInZicht "
    "(‘Work in Sight’).",
    (
        "social-impact-day",
        "nl",
    ): "Social Impact Day is een terugkerend evenement, wordt georganiseerd door Buro Bries en keert elk jaar terug.",
}


@pytest.mark.parametrize(("local", "language"), SUMMARIES)
def test_a_page_begins_with_a_sentence_of_facts(client: FlaskClient, local: str, language: str) -> None:
    """What the thing is, in the language of the reader; a network that is only meant to be is not said to be one."""
    html = page(client, local, language)
    said = re.findall(r'<p class="intro">(.*?)</p>', html)
    assert [entities.unescape(text) for text in said] == [SUMMARIES[local, language]]
    assert f'<meta name="description" content="{said[0]}">' in html


def test_plans_stand_apart_from_facts(client: FlaskClient) -> None:
    """What is planned, intended or inferred has a line of its own that says so first."""
    html = page(client, "so-netwerk-noord-nederland")
    lines = dict(re.findall(r'<p class="plan m-(\w+)">(.*?)</p>', html))
    assert lines["planned"] == "Planned, not yet a fact: starts with Assen (urban core) and Groningen (urban core)."
    assert lines["intended"].startswith("Intended, not yet a fact: connects SO network Assen/Drenthe and SO network")
    assert lines["inferred"].startswith("Not said, but inferred: starts with SO network Assen/Drenthe and")


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_hub_says_first_how_it_reaches_the_national_network(client: FlaskClient, language: str) -> None:
    """Before anything else: not by facts; then the most certain way, its weakest link, and what is missing."""
    html = page(client, "so-netwerk-groningen", language)
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", html)
    target = {"nl": "Social Enterprise Nederland", "en": "Social Enterprise Netherlands"}[language]
    assert headings[0] == say("entity.hub", language, target=target)
    section = html.partition('class="route-to"')[2].partition("</section>")[0]
    text = read("<body>" + section)
    assert say("home.hub.none", language, hub=re.findall(r"<h1><bdi>(.*?)<", html)[0], target=target) in text
    assert say("entity.hub.best", language, steps=steps(5, language), missing=2) in text
    assert f"{say('entity.hub.weakest', language)} {'afgeleid' if language == 'nl' else 'inferred'}" in text
    assert say("entity.lack.planned", language) in text
    assert say("entity.lack.inferred", language) in text
    assert section.count('<li class="node">') == 6


def test_a_hub_that_reaches_it_by_facts_says_so(tmp_path: Path, bundle: Bundle) -> None:
    """And one without any way says that too; a thing that is no hub says neither."""
    text = f"""@prefix id: <{ID}> . @prefix so2: <{CANONICAL_BASE}def#> . @prefix rdfs: <{RDFS}> .
        <{CANONICAL_BASE}graph/catalog> {{ <http://x/g> so2:modality so2:stated }}
        <http://x/g> {{ id:hub a so2:RegionalNetwork ; rdfs:label "Hub"@nl ; so2:connects id:top .
          id:lone a so2:RegionalNetwork ; rdfs:label "Alleen"@nl .
          id:top a so2:NationalOrganisation ; rdfs:label "Top"@nl }}"""
    client = loaded(tmp_path, bundle, text)
    assert "Ja: met alleen feiten loopt er een weg van Hub naar Top, in 1 stap." in read(page(client, "hub", "nl"))
    assert "Er is geen verbinding tussen Alleen en Top" in read(page(client, "lone", "nl"))
    assert "route-to" not in page(client, "top", "nl")


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_fact_has_its_certainty_and_its_words(client: FlaskClient, language: str) -> None:
    """Each fact has a word for how certain it is; each that the page says has the sentence with the words marked."""
    html = page(client, "so-netwerk-assen-drenthe", language)
    facts = re.findall(r'<li class="fact m-(\w+)">(.*?)</li>', html, re.DOTALL)
    assert len(facts) >= 8
    for certainty, fact in facts:
        assert f'<span class="tag m-{certainty}">' in fact
        assert certainty not in ("stated", "intended") or re.search(
            r"<blockquote.*<mark>[^<]+</mark>", fact, re.DOTALL
        )
    contact = next(fact for _, fact in facts if "Luuk Duursma" in fact)
    quote = "<mark>Contactpersoon: Luuk Duursma</mark> (" + say("entity.hidden", language) + ")."
    assert quote in contact
    assert f"<blockquote{' lang=' + chr(34) + 'nl' + chr(34) if language == 'en' else ''}>" in contact
    assert addresses(client.get(f"/doc/so-netwerk-assen-drenthe?lang={language}", headers=BROWSER)) == 0


def test_relations_are_told_from_the_side_of_the_thing(client: FlaskClient) -> None:
    """A person is contact person of a network, and a network has one; each with its number where there are more."""
    assert re.search(
        r"<h3>contact person of </h3>.*?SO network Assen/Drenthe", page(client, "luuk-duursma"), re.DOTALL
    )
    html = page(client, "kerngroep-assen-drenthe")
    assert '<h3>has member <span class="number">3</span></h3>' in html
    assert "core group of" in html


def test_every_way_to_say_a_relation_is_of_a_relation(ask: Ask) -> None:
    """The words for relations name terms that the vocabulary has, or that have a name in it; none is forgotten."""
    rows = ask("SELECT DISTINCT ?p WHERE { GRAPH ?g { ?p rdfs:label ?l } }")
    terms = {str(row["p"]) for row in rows}
    keys = {key for key, _, _ in _words() if key.startswith(("entity.in.", "entity.say.", "entity.said."))}
    table = dict(
        line.split("\t") for line in (Path(__file__).parent.parent / "ontology/prefixes.tsv").read_text().splitlines()
    )
    for key in keys:
        prefix, _, local = key.split(".", 2)[2].partition(":")
        assert table[prefix] + local in terms or prefix in ("rdf", "rdfs", "owl", "skos", "dcterms", "prov"), key
    told = {(f"entity.said.{name[3:]}" if name.startswith("in ") else f"entity.say.{name}") for name in ORDER}
    assert told - {"entity.say.so2:developmentStage"} == {k for k in keys if not k.startswith("entity.in.")}


def test_a_time_line_has_years_that_the_data_gives(client: FlaskClient) -> None:
    """Reports of 2017 before the steps of 2018, the steps as plans; a thing without dates has no time line."""
    html = page(client, "plan-2018")
    line = html.partition('<ol class="timeline">')[2].partition("</ol>")[0]
    assert re.findall(r"<h3>(\d+)</h3>", line) == ["2017", "2018"]
    first, _, second = line.partition("<h3>2018</h3>")
    assert re.findall(r"<bdi>(.*?)</bdi>", first) == [
        "advisory report to the municipality of Groningen",
        "research report on social enterprises",
        "SO2 project document",
    ]
    assert re.search(
        r'works around: <a [^>]*><bdi>Assen \(urban core\)</bdi></a> <span class="tag m-planned">', second
    )
    assert 'class="timeline"' not in page(client, "theme-csr")
    assert '<time datetime="2019-01-01">' in page(client, "alescon")


def test_a_place_has_a_map_and_others_have_none(client: FlaskClient) -> None:
    """The points are those of the data, in the map and in the list beside it; a person is on no map."""
    html = page(client, "groningen", "nl")
    figure = html.partition('<figure class="map">')[2].partition("</figure>")[0]
    assert figure.count('class="mark"') == 2
    assert "53,222° NB; 6,565° OL" in figure
    assert "latitude" not in read(html)
    assert '<figure class="map">' not in page(client, "luuk-duursma")
    assert '<figure class="map">' not in page(client, "noord-nederland")


def test_the_picture_and_the_list_say_the_same(client: FlaskClient) -> None:
    """Every thing in the drawing is in the list beside it, with a link in both; lines have their kind."""
    html = page(client, "so-netwerk-noord-nederland")
    picture = html.partition('<figure class="neighbourhood">')[2].partition("</figure>")[0]
    around = html.partition('<div class="groups">')[2].partition("</section>\n\n")[0]
    drawn = set(re.findall(r'<a href="([^"]+)"', picture))
    assert len(drawn) > 5
    assert drawn <= set(re.findall(r'<a href="([^"]+)"', around))
    assert set(re.findall(r'<path class="m-(\w+)" d="M[^"]+"><title>', picture)) == {
        "stated",
        "outside",
        "planned",
        "intended",
        "inferred",
    }


def test_a_claim_shows_what_it_says_and_its_words(client: FlaskClient) -> None:
    """The statement first, then the sentence of the page, open."""
    html = page(client, "claim-f23", "nl")
    assert re.search(
        r"SO netwerk Assen/Drenthe</bdi></a> <em>ontwikkeld vanuit</em> <a [^>]*><bdi>AssenvoorAssen", html
    )
    assert "<mark>Vanuit het MVO platform AssenvoorAssen wordt dit netwerk ontwikkeld</mark>." in html
    assert '<p class="intro">' not in html
    outside = page(client, "outside-06", "nl")
    assert 'href="https://github.com/whosonfirst-data/whosonfirst-data-admin-nl"' in outside


def test_sources_citation_and_downloads_are_at_the_end(client: FlaskClient) -> None:
    """Sources with how much rests on them; the thing with its generation, day, IRI and licence; every profile."""
    html = page(client, "alescon", "nl")
    text = read(html)
    assert re.search(r"Support voor sociale ondernemingen \d+ uitspraken hier", text)
    assert re.search(
        rf"Alescon\. In: so2graph: .*, generatie 1 \(\d{{4}}-\d\d-\d\d\)\. {ID}alescon\. Licentie: CC BY 4\.0\.", text
    )
    assert "@misc{so2graph-alescon-1," in text
    assert '"container-title": "so2graph: netwerken van sociale ondernemingen in het noorden"' in text
    assert html.count("_profile=") > 20


def test_a_stranger_of_somebody_else_has_a_page(client: FlaskClient) -> None:
    """An IRI outside the base is shown as somebody else's, in short, with what the dataset says of it."""
    response = client.get("/doc?iri=http://www.wikidata.org/entity/Q749&lang=en", headers=BROWSER)
    text = read(response.get_data(as_text=True))
    assert "wikidata.org/entity/Q749" in text
    assert "This thing is somebody else’s." in text
    assert re.search(r"the same as.*Groningen \(urban core\) other source", text)


def test_people_show_no_address_whatever_the_setting(settings: Settings, bundle: Bundle, client: FlaskClient) -> None:
    """On the pages of all persons, in both languages."""
    for local in ("luuk-duursma", "harry-weitering", "noor-van-leeuwen", "janwillem-wennekes", "freerk-jan-bruins"):
        for language in ("nl", "en"):
            assert addresses(client.get(f"/doc/{local}?lang={language}", headers=BROWSER)) == 0


# Odd names


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, bundle: Bundle) -> FlaskClient:
    return loaded(tmp_path_factory.mktemp("odd"), bundle, ODD_DATASET)


def _well_formed(html: str) -> None:
    """No element of a name is one of the page: the tags are those that the template writes."""
    parser = _Text()
    parser.feed(html)
    assert "img" not in parser.tags
    scripts = re.findall(r"<script[^>]*>", html)
    assert all("/static/build/" in tag or "ld+json" in tag for tag in scripts)
    assert not [name for name in parser.attributes if name.startswith("on")]


@pytest.mark.parametrize("local", [*NAMES, "nameless", "network"])
@pytest.mark.parametrize("language", ["nl", "en"])
def test_an_odd_name_is_text_and_no_more(odd: FlaskClient, local: str, language: str) -> None:
    """It is shown as it is; where it is empty, the short IRI stands for it; nothing in it is taken for HTML."""
    html = page(odd, local, language)
    _well_formed(html)
    (heading,) = re.findall(r"<h1(?: class=\"long\")?><bdi>(.*?)</bdi></h1>", html, re.DOTALL)
    name = NAMES.get(local, "Net" if local == "network" else "").strip(" \t\u00a0")
    assert entities.unescape(heading) == (name or f"id:{local}")
    assert re.search(r"<title>[^<]+ – so2graph</title>", html)
    assert "49" not in heading


def test_odd_names_are_safe_wherever_they_stand(odd: FlaskClient) -> None:
    """In the list, the drawing, the sentence and the citation; those that turn text are kept apart."""
    html = page(odd, "network")
    _well_formed(html)
    listed = [
        entities.unescape(text)
        for text in re.findall(r'class="what"><a [^>]*><bdi[^>]*>(.*?)</bdi>', html, re.DOTALL)
    ]
    expected = [name.strip(" \t\u00a0") or f"id:{local}" for local, name in (NAMES | {"nameless": ""}).items()]
    assert sorted(listed) == sorted(expected)
    assert html.count("&lt;script&gt;") > 3
    assert "\u2068" in page(odd, "rtl")
    assert "\\u003cscript" in page(odd, "script")


def test_a_name_is_safe_on_the_map(odd: FlaskClient) -> None:
    """The name of a place in a title, a label and a text of the drawing."""
    figure = page(odd, "script").partition('<figure class="map">')[2].partition("</figure>")[0]
    assert 'class="mark"' in figure
    assert "&lt;script&gt;" in figure
    assert "<script" not in figure


def test_an_iri_that_is_no_address_is_no_link(tmp_path: Path, bundle: Bundle) -> None:
    """One that a browser would run, and one that it cannot follow: as neighbour, licence, or with a page."""
    text = f"""<http://x/g> {{ <{ID}x> <{ORG}hasMember> <javascript:alert(1)>, <urn:isbn:1> ;
        <http://purl.org/dc/terms/license> <javascript:alert(2)> ; <{RDFS}seeAlso> <data:text/html,x> ;
        <http://purl.org/dc/terms/source> <javascript:alert(3)> .
        <urn:isbn:1> <http://purl.org/dc/terms/issued> "2017"^^<http://www.w3.org/2001/XMLSchema#gYear> }}"""
    client = loaded(tmp_path, bundle, text)
    for path in ("/doc/x", "/doc?iri=javascript:alert(1)", "/doc?iri=urn:isbn:1", "/doc?iri=data:text/html,x"):
        html = client.get(path, headers=BROWSER | {"Accept-Language": "en"}).get_data(as_text=True)
        body = html.partition("<body>")[2]
        assert "<h1>" in body
        assert not re.search(r'href="(?:javascript|urn|data|None)', body)
    assert "javascript:alert(1)" in read(client.get("/doc/x", headers=BROWSER).get_data(as_text=True))


# Limits


def hub(members: int) -> Iterator[Quad]:
    graph = Iri("http://example.org/g")
    yield Iri(f"{ID}hub"), Iri(RDF + "type"), Iri(ORG + "Organization"), graph
    for number in range(members):
        member = Iri(f"{ID}member-{number:06}")
        yield Iri(f"{ID}hub"), Iri(ORG + "hasMember"), member, graph
        yield member, Iri(RDFS + "label"), Literal(f"Lid {number}", "nl"), graph
        yield member, Iri(f"{ID}partOf"), Iri(f"{ID}hub"), graph


def test_ten_thousand_neighbours_are_counted_and_cut(tmp_path: Path, bundle: Bundle) -> None:
    """The page names the first, tells the number, and is neither slow nor large."""
    client = made(tmp_path / "data", bundle, hub(10_000))
    page(client, "hub")
    start = time.process_time()
    html = page(client, "hub", "nl")
    assert time.process_time() - start < 5
    assert len(html) < 150_000
    assert html.count("25 van 10000 getoond") == 2
    assert "29 van 20000 in beeld; de lijst heeft er meer" in html
    assert "Er is meer over dit ding dan op deze pagina past." in html


@pytest.mark.parametrize(("members", "shown"), [(3, None), (4, "showing 3 of 4")])
def test_the_rows_of_a_relation_are_limited(tmp_path: Path, bundle: Bundle, members: int, shown: str | None) -> None:
    """`max_profile_rows` at its edge and beyond."""
    html = page(made(tmp_path / "data", bundle, hub(members), max_profile_rows=3), "hub")
    assert ("showing" in html) is (shown is not None)
    assert shown is None or html.count(shown) == 2


@pytest.mark.parametrize(("members", "least"), [(99, False), (100, True)])
def test_the_statements_that_are_counted_are_limited(
    tmp_path: Path, bundle: Bundle, members: int, least: bool
) -> None:
    """`max_profile_statements` at its edge and beyond: with its class the hub has one statement more than members."""
    html = page(made(tmp_path / "data", bundle, hub(members), max_profile_statements=100), "hub")
    assert ("showing 25 of at least" in html) is least


@pytest.mark.parametrize(("most", "drawn"), [(2, 1), (5, 4), (60, 50)])
def test_the_things_in_the_picture_are_limited(tmp_path: Path, bundle: Bundle, most: int, drawn: int) -> None:
    """`max_picture_things` counts the thing in the middle; every relation has its share."""
    html = page(made(tmp_path / "data", bundle, hub(40), max_picture_things=most), "hub")
    picture = html.partition('<figure class="neighbourhood">')[2].partition("</figure>")[0]
    assert picture.count('<g class="box near">') == drawn
    assert f"{drawn} of 80 in the picture" in html


REPORTS = {
    "": "/catalog?lang=nl",
    "mailto:fouten@example.org?subject={name}&body={iri}%20{page}": "mailto:fouten@example.org?subject=Alescon"
    "&amp;body=https%3A%2F%2Fw3id.org%2Fso2graph%2Fid%2Falescon%20http%3A%2F%2Flocalhost%2Fdoc%2Falescon",
    "https://tracker.example/new?title={iri}": "https://tracker.example/new?title="
    "https%3A%2F%2Fw3id.org%2Fso2graph%2Fid%2Falescon",
}


@pytest.mark.parametrize("template", REPORTS)
def test_a_mistake_can_be_reported(settings: Settings, bundle: Bundle, template: str) -> None:
    """At the address of the setting, with the thing filled in; without one at the contact page of the catalogue."""
    made_ = Settings.load(settings.environment(), {"report_url": template})
    html = page(create_app(made_, bundle).test_client(), "alescon", "nl")
    assert f'<a href="{REPORTS[template]}">Meld een fout op deze pagina</a>' in html


@pytest.mark.parametrize(
    "wrong",
    [
        "javascript:alert(1)",
        "ftp://x.example/",
        "https://x.example/{who}",
        "https://x.example/{iri",
        "x y",
        "mailto:",
    ],
)
def test_an_address_for_reports_is_checked(wrong: str) -> None:
    """Only https and mailto, with the fields that there are: no other address reaches a page."""
    with pytest.raises(BadSetting, match="is not an address to report to"):
        Settings.load({}, {"report_url": wrong})
    assert frozenset({"iri", "page", "name"}) == REPORT_FIELDS


def test_a_name_cannot_leave_the_address_of_a_report(tmp_path: Path, bundle: Bundle) -> None:
    """What a thing is called is escaped in it, and a name with the sign of a field in it stays a name."""
    text = f"""<http://x/g> {{ <{ID}x> <{RDFS}label> "{{page}}&to=b?<i>" }}"""
    html = page(loaded(tmp_path, bundle, text, report_url="mailto:a@b.example?subject={name}"), "x")
    assert '<a href="mailto:a@b.example?subject=%7Bpage%7D%26to%3Db%3F%3Ci%3E">' in html
