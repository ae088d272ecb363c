"""Sitemap, robots and the feed of changes: what crawlers and readers of feeds are given."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import pytest
from flask.testing import FlaskClient

from so2graph.config import Settings
from so2graph.engine.access import Access
from so2graph.engine.generations import Folder, Manifest
from so2graph.publish.build import ensure_empty
from so2graph.publish.description import Addresses, Description, describe_dataset
from so2graph.publish.feed import atom, changes
from so2graph.publish.sitemap import MOST, page_paths, sitemap, sitemap_index
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE
from so2graph.web.app import create_app

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
XHTML = "{http://www.w3.org/1999/xhtml}"
ATOM = "{http://www.w3.org/2005/Atom}"
A, B, HIDDEN = (f"{CANONICAL_BASE}graph/{name}" for name in ("so2/stated", "so2/planned", "so2/contact"))
WHEN = "2026-01-0{}T00:00:00+00:00"


def xml(text: str | bytes) -> ET.Element:
    """What the service wrote, as a tree."""
    return ET.fromstring(text)  # noqa: S314  # our own output


@pytest.fixture(scope="module")
def description(settings: Settings, bundle: Bundle) -> Description:
    session = Access(settings, bundle).session()
    return describe_dataset(session, bundle.queries().values(), Addresses("https://data.example.org/"))


def test_the_sitemap_lists_every_page_and_each_answers(client: FlaskClient, bundle: Bundle) -> None:
    """Things among the facts, sources, stored queries and pages of the service, once each, in both languages."""
    response = client.get("/sitemap.xml")
    assert (response.status_code, response.content_type) == (200, "application/xml; charset=utf-8")
    root = xml(response.data)
    assert root.tag == SITEMAP + "urlset"
    found = [str(url.findtext(SITEMAP + "loc")) for url in root]
    assert len(set(found)) == len(found)
    query = """SELECT (COUNT(DISTINCT ?x) AS ?n) {
      ?x ?p ?o FILTER(STRSTARTS(STR(?x), STR(id:)) && !CONTAINS(STR(?x), "#")) }"""
    counted = client.get("/sparql", query_string={"query": query, "format": "csv"}).get_data(as_text=True)
    personal = [query for query in bundle.queries().values() if query.personal]
    sources = [address for address in found if "/source/" in address]
    assert sources == ["http://localhost/source/so2"]
    assert len(found) == 6 + len(sources) + len(bundle.queries()) - len(personal) + int(counted.split()[1])
    assert not [address for address in found if "contact-emails" in address]
    for url, address in zip(root, found, strict=True):
        assert datetime.fromisoformat(str(url.findtext(SITEMAP + "lastmod"))).tzinfo is not None
        links = {link.attrib["hreflang"]: link.attrib["href"] for link in url.findall(XHTML + "link")}
        assert links == {"x-default": address, "nl": f"{address}?lang=nl", "en": f"{address}?lang=en"}
        assert client.get(urlsplit(address).path, headers={"Accept": "text/html"}).status_code == 200, address


def test_lastmod_is_the_generation_that_last_changed(client: FlaskClient, settings: Settings) -> None:
    """It is when the current generation was made, not when the sitemap was asked for."""
    created = Folder(settings.data).manifest().created
    root = xml(client.get("/sitemap.xml").data)
    assert {url.findtext(SITEMAP + "lastmod") for url in root} == {created}


def test_many_pages_are_spread_over_several_sitemaps(description: Description) -> None:
    """The index has one sitemap for each 50,000 pages begun, and names them; exactly 50,000 need one."""
    for pages, files in ((1, 1), (MOST, 1), (MOST + 1, 2), (3 * MOST, 3)):
        root = xml(sitemap_index(pages, description))
        assert root.tag == SITEMAP + "sitemapindex"
        found = [str(one.findtext(SITEMAP + "loc")) for one in root]
        assert found == [f"https://data.example.org/sitemap-{n}.xml" for n in range(1, files + 1)]


def test_a_full_sitemap_is_within_its_size(description: Description) -> None:
    """50,000 pages with long names stay below the 50 MB of the protocol."""
    paths = [f"doc/{'long-name-' * 5}{number}" for number in range(MOST)]
    assert len(sitemap(paths, description).encode()) < 50_000_000


def test_a_sitemap_that_is_not_there_is_404(client: FlaskClient) -> None:
    """The parts are numbered from 1; the first is the whole where one is enough."""
    assert client.get("/sitemap-1.xml").data == client.get("/sitemap.xml").data
    for path in ("/sitemap-0.xml", "/sitemap-2.xml"):
        assert client.get(path).status_code == 404
    assert client.get("/sitemap-x.xml").status_code == 404


def test_the_order_of_pages_is_fixed(settings: Settings, bundle: Bundle, description: Description) -> None:
    """Two sessions list the same pages in the same order, so that a part is the same whenever it is asked for."""
    first, second = (page_paths(description, Access(settings, bundle).session()) for _ in range(2))
    assert first == second
    things = [path for path in first if path.startswith("doc/")]
    queries = [f"queries/{name}" for name, query in bundle.queries().items() if not query.personal]
    assert first[6:] == [*queries, *sorted(things)]


def test_robots_keep_off_queries_and_find_the_sitemap(client: FlaskClient) -> None:
    """Pages may be visited; queries of one's own and pages about the service may not; the sitemap is named."""
    response = client.get("/robots.txt")
    assert (response.status_code, response.content_type) == (200, "text/plain; charset=utf-8")
    assert response.headers["ETag"]
    robots = RobotFileParser()
    robots.parse(response.get_data(as_text=True).splitlines())
    assert robots.site_maps() == ["http://localhost/sitemap.xml"]
    for path in ("/", "/doc/alescon", "/queries/networks", "/sparql", "/search", "/catalog", "/def"):
        assert robots.can_fetch("*", path), path
    for path in ("/sparql?query=ASK{}", "/search?q=x", "/queries-running", "/-/metrics", "/graph-store?default"):
        assert not robots.can_fetch("*", path), path


def check_atom(text: bytes, language: str) -> ET.Element:
    """The feed, which has all that RFC 4287 (4.1.1, 4.1.2) asks for."""
    feed = xml(text)
    assert feed.tag == ATOM + "feed"
    assert feed.attrib["{http://www.w3.org/XML/1998/namespace}lang"] == language
    identifiers = []
    for element in (feed, *feed.findall(ATOM + "entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(ATOM + name)) == 1, name
            assert element.findtext(ATOM + name)
        identifiers.append(str(element.findtext(ATOM + "id")))
        assert re.fullmatch(r"https?://\S+", identifiers[-1])
        assert datetime.fromisoformat(str(element.findtext(ATOM + "updated"))).tzinfo is not None
    assert len(set(identifiers)) == len(identifiers)
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    rels = {link.attrib["rel"]: link.attrib["href"] for link in feed.findall(ATOM + "link")}
    assert rels["self"].endswith(f"/changes.atom?lang={language}")
    for entry in feed.findall(ATOM + "entry"):
        assert [content.attrib for content in entry.findall(ATOM + "content")] == [{"type": "text"}]
        assert [link.attrib["rel"] for link in entry.findall(ATOM + "link")] == ["alternate"]
    return feed


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_feed_is_valid_atom(client: FlaskClient, settings: Settings, language: str) -> None:
    """An entry for each generation that is kept, in the language asked for; pages lead to it."""
    response = client.get(f"/changes.atom?lang={language}")
    assert (response.status_code, response.content_type) == (200, "application/atom+xml; charset=utf-8")
    assert response.headers["Content-Language"] == language
    feed = check_atom(response.data, language)
    assert len(feed.findall(ATOM + "entry")) == len(Folder(settings.data).numbers())
    by_header = client.get("/changes.atom", headers={"Accept-Language": language})
    assert by_header.data == response.data
    page = client.get(f"/?lang={language}", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert re.search(
        rf'<link rel="alternate" type="application/atom\+xml" title="[^"]+" href="/changes.atom\?lang={language}">',
        page,
    )


def generations() -> list[Manifest]:
    """Three generations: a graph grows, another goes, and the private one changes each time."""
    sizes = ({A: 5, B: 3, HIDDEN: 100}, {A: 7, B: 3, HIDDEN: 101}, {A: 7, HIDDEN: 102})
    return [
        Manifest(number, WHEN.format(number), "inputs", CANONICAL_BASE, graphs, (HIDDEN,))
        for number, graphs in enumerate(sizes, 1)
    ]


def test_an_entry_says_by_how_much_each_graph_grew(description: Description) -> None:
    """Newest first; what grew, shrank or went, with numbers; the oldest says what was there."""
    found = changes(generations(), ())
    assert [(change.number, change.grown) for change in found[:2]] == [(3, {B: -3}), (2, {A: 2})]
    texts = [
        entry.findtext(ATOM + "content")
        for entry in check_atom(atom(description, found, "en").encode(), "en").findall(ATOM + "entry")
    ]
    assert texts == [
        "SO2: planned: gone (had 3 triples)",
        "SO2: stated: +2 triples (now 7)",
        "The oldest generation that is kept: 8 triples in 2 graphs.",
    ]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_private_graph_is_in_no_entry(description: Description, language: str) -> None:
    """Neither its name nor its size, in a generation that has it or in one where it is an ordinary graph."""
    manifests = generations()
    last = manifests[-1]
    manifests[-1] = Manifest(last.number, last.created, "inputs", CANONICAL_BASE, last.graphs)
    for hidden in ((), (HIDDEN,)):
        text = atom(description, changes(manifests, hidden), language)
        assert "contact" not in text
        assert not re.search(r"\b10[0-9]\b", text)


def test_generations_follow_each_other_in_the_feed(bundle: Bundle, tmp_path: Path) -> None:
    """A second generation gives a second entry, and no more than are kept are there."""
    settings = Settings.load({}, {"data": tmp_path / "data"})
    ensure_empty(settings)
    folder = Folder(settings.data)
    first = folder.manifest()
    with folder.writing("a test"), folder.staging() as path:
        (path / "store").mkdir()
        folder.place(path, Manifest(2, WHEN.format(2), "more", first.base, {A: 4}, derived=first.derived))
    client = create_app(settings, bundle).test_client()
    feed = check_atom(client.get("/changes.atom?lang=en").data, "en")
    assert [entry.findtext(ATOM + "title") for entry in feed.findall(ATOM + "entry")] == [
        "Generation 2",
        "Generation 1",
    ]
