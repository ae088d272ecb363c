"""Names from hell are shown as what they are: no element, attribute or link is made of them, and none is unreadable.

`PAGES` has an address of each type of page; a new page is one more line.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

import pytest

from so2graph.registry import Bundle
from tests.hostile import EVIL_IRIS, GRAPH, HOSTILE, JUDGED, NAMELESS, hostile_settings, judgement, thing
from tests.test_service import serving

LABELS = (
    "SELECT ?s ?label { ?s rdfs:label ?label FILTER(CONTAINS(STR(?s), 'hostile') || !STRSTARTS(STR(?s), 'http')) }"
)
ALL = "SELECT * { GRAPH ?g { ?s ?p ?o } FILTER(CONTAINS(STR(?s), 'hostile') || CONTAINS(STR(?g), 'hostile')) }"


def _asked(query: str, **more: str) -> str:
    return "&".join([f"sparql?query={quote(query, safe='')}", *(f"{name}={value}" for name, value in more.items())])


PAGES: dict[str, str] = {
    "home": "",
    "queries": "queries",
    "query: entities": "queries/entities",
    "query: relations": "queries/relations",
    "query: paths": "queries/hub-to-national",
    "query: network": "queries/network-edges",
    "query: a value": f"queries/search-labels?text={quote(HOSTILE['attribute'], safe='')}",
    "query: a bad value": f"queries/search-labels?{quote(HOSTILE['script'], safe='')}=1",
    "sparql: form": "sparql",
    "sparql: rows": _asked(LABELS),
    "sparql: graph": _asked(ALL.replace("SELECT *", "CONSTRUCT { ?s ?p ?o }")),
    "sparql: odd names": _asked(f"SELECT ('{quote('<hell>')}' AS ?hell) ?s {{ ?s ?p ?o }} LIMIT 1"),
    "sparql: an error": _asked("SELECT * { <hell hell='1'> </textarea><hell>"),
    "vocabulary": "def",
    "catalogue": "catalog",
    "exports": "exports",
    "graph": "graph/hostile",
    "graph: all": "graph/all",
    "graph: not there": "graph/" + quote(HOSTILE["script"], safe=""),
    "not there": quote(HOSTILE["title"], safe=""),
    "thing: not there": "doc/hostile-scripts" + quote("<hell>"),
    "thing: no IRI": "doc?iri=" + quote(HOSTILE["script"], safe=""),
    "thing: language": "doc/hostile-script?lang=" + quote(HOSTILE["attribute"], safe=""),
    "source": "source/so2",
    "source: filtered": "source/so2?modality=none&claim=" + quote(HOSTILE["attribute"], safe=""),
    "source: not there": "source/" + quote(HOSTILE["script"], safe=""),
    "claim": "doc/claim-hostile-script",
    **{f"mapping: {key}": f"doc/mapping/{judgement(key).record}" for key in JUDGED},
    **{f"no mapping: {key}": f"doc/mapping/broken-{key}" for key in ("predicate", "target", "number")},
    "links": "links",
    "links: hostile": "links/hostile",
    "links: withdraw, not there": "links/review/-/withdraw?mapping=" + quote(HOSTILE["script"], safe=""),
    "links: withdrawn": f"links/review/-/withdrawn?target={quote(HOSTILE['attribute'], safe='')}&generation=hell",
    "network": "network",
    "network: a thing": "network?select=" + quote(thing("script"), safe=""),
    "network: a path": f"network/path?from={quote(thing('script'), safe='')}&to={quote(thing('attribute'), safe='')}",
    "network: not there": "network/path?from=" + quote(HOSTILE["script"], safe="") + "&to=x",
    "network: together": "network/together",
    "ask": "ask",
    "ask: an answer": "ask?kind=all&of=org%3AOrganization",
    "ask: not there": "ask?kind=all&of=" + quote(HOSTILE["script"], safe=""),
    "ask: near": "ask?kind=near&steps=2&thing=" + quote(thing("script"), safe=""),
    "search: all": "search",
    "search: a name": "search?q=" + quote(HOSTILE["script"], safe=""),
    "search: nothing": "search?q=" + quote(HOSTILE["attribute"] + "zzz", safe=""),
    "reconcile": "reconcile",
    "reconcile: a name": "reconcile?name=" + quote(HOSTILE["script"], safe=""),
    "reconcile: nothing": "reconcile?name=" + quote(HOSTILE["attribute"] + "zzz", safe=""),
    "reconcile: a preview": "reconcile/preview?id=hostile-script",
    "explanation": f"sparql/explain?query={quote('SELECT * { ?x a <hell> }', safe='')}",
    "answer: network": "queries/network-edges?view=network",
    "answer: map": "queries/places?view=map",
    "answer: chart": "queries/relations?view=chart",
    "answer: share": "queries/relations?view=share",
    **{f"thing: {key}": f"doc/hostile-{key}" for key in (*HOSTILE, "none")},
    **{f"thing: {iri}": f"doc?iri={quote(iri, safe='')}" for iri in EVIL_IRIS},
}
"""A page by what it is; each is asked for in both languages."""
XML = {
    "feed": "changes.atom",
    "sitemap": "sitemap.xml",
    "gexf": "exports/network.gexf",
    "graphml": "exports/network.graphml",
    "results": _asked(LABELS, format="xml") + "&",
}
"""What is XML: well-formed whatever the names are."""
JSON = {
    "things": "doc/hostile-script.jsonld",
    "control": "doc/hostile-control.jsonld",
    "dataset": "catalog?_profile=schema.org",
    "results": _asked(LABELS, format="json"),
    "source": "source/so2.json",
    "exports": "exports?format=json",
    "queries": "queries.json",
    "problem": "doc/" + quote(HOSTILE["script"], safe=""),
}
VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
DATA_TYPES = ("application/json", "application/ld+json")
_MOVES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass
class Service:
    """A running service."""

    url: str
    kept: dict[tuple[str, str], tuple[int, str, bytes]] = field(default_factory=dict)

    def get(self, address: str, accept: str = "*/*") -> tuple[int, str, bytes]:
        """Status, media type and body; the same question is asked once."""
        key = (address, accept)
        if key not in self.kept:
            connection = HTTPConnection(urlsplit(self.url).netloc, timeout=120)
            try:
                connection.request("GET", f"/{address}", headers={"Accept": accept})
                response = connection.getresponse()
                media_type = response.getheader("Content-Type", "").partition(";")[0]
                self.kept[key] = (response.status, media_type, response.read())
            finally:
                connection.close()
        return self.kept[key]

    def page(self, name: str, language: str = "nl") -> str:
        address = PAGES[name]
        if "lang=" not in address:
            address += f"{'&' if '?' in address else '?'}lang={language}"
        status, media_type, body = self.get(address, "text/html")
        assert media_type == "text/html", name
        assert status in (200, 400, 404), (name, status)
        assert (status == 200) == (not re.search("not there|bad value|an error|no IRI", name)), (name, status)
        return body.decode()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, bundle: Bundle) -> Iterator[Service]:
    """The service on the hostile dataset, over a real socket."""
    settings = hostile_settings(tmp_path_factory.mktemp("hostile") / "data", bundle)
    with serving({"PATH": "/usr/bin:/bin", **settings.environment()}) as running:
        yield Service(running.url)


@dataclass
class Text:
    """A run of text and the elements that it stands in, from the outside in."""

    words: str
    within: tuple[str, ...]
    directions: tuple[str, ...]


class Tree(HTMLParser):
    """What a browser makes of a page: elements, attributes, texts; and what would be wrong about it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, dict[str, str]]] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[Text] = []
        self.blocks: list[tuple[str, str]] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.tags.append((tag, said))
        if tag not in VOID:
            self.open.append((tag, said))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open[-1][0] != tag:
            self.faults.append(f"</{tag}> where {self.open[-1:]} is open")
            return
        self.open.pop()

    def handle_data(self, data: str) -> None:
        tag, said = self.open[-1] if self.open else ("", {})
        if tag == "script":
            self.blocks.append((said.get("type", ""), data))
        else:
            inside = tuple(name for name, _ in self.open)
            self.texts.append(Text(data, inside, tuple(row.get("dir", "") for _, row in self.open)))

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"a comment: {data[:60]}")

    def unknown_decl(self, data: str) -> None:
        self.faults.append(f"a declaration: {data[:60]}")

    def handle_pi(self, data: str) -> None:
        self.faults.append(f"an instruction: {data[:60]}")


@cache
def parse(html: str) -> Tree:
    tree = Tree()
    tree.feed(html)
    tree.close()
    return tree


def seen(text: str) -> str:
    """What a reader sees of a name: blanks as one, without what cannot be seen."""
    plain = "".join(" " if unicodedata.category(c) in ("Cc", "Zs", "Zl", "Zp") else c for c in text)
    return " ".join("".join(c for c in plain if c not in _MOVES and c not in "\u200b\ufffe\uffff\ufffd").split())


def _turning(text: str) -> list[str]:
    return [c for c in text if c in _MOVES or unicodedata.bidirectional(c) in ("R", "AL")]


def outside_isolates(text: str) -> str:
    """What is left of a text without the parts between FIRST STRONG ISOLATE and the mark that ends it."""
    outside, depth = "", 0
    for char in text:
        depth += char in "\u2066\u2067\u2068"
        outside += char if depth == 0 else ""
        depth -= char == "\u2069" and depth > 0
    return outside if depth == 0 else text


def test_the_names_are_as_bad_as_they_say(service: Service) -> None:
    """The dataset holds each name unchanged: nothing is cleaned on its way in."""
    _, _, body = service.get(_asked(LABELS, format="json"))
    rows = json.loads(body)["results"]["bindings"]
    found = {(row["s"]["value"], row["label"]["value"]) for row in rows}
    assert {(thing(key), text) for key, text in HOSTILE.items()} <= found
    assert {iri for iri, _ in found} >= set(EVIL_IRIS)


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_no_name_becomes_a_part_of_the_page(service: Service, name: str, language: str) -> None:
    """Elements, attributes, scripts and links are those of the page: names are text, and the page is well-nested."""
    tree = parse(service.page(name, language))
    assert tree.faults == []
    assert tree.open == []
    for tag, said in tree.tags:
        assert tag != "hell"
        assert not {one for one in said if one == "hell" or one.startswith("on") or one == "style"}, (tag, said)
        assert tag not in ("img", "iframe", "object", "embed", "base"), said
        for attribute in ("href", "src", "action", "formaction", "xlink:href"):
            scheme = re.match(r"\s*([A-Za-z][A-Za-z0-9+.-]*):", said.get(attribute, ""))
            assert scheme is None or scheme[1] in ("http", "https"), (tag, said)
            assert said.get(attribute) != "None", (tag, said)
    assert [tag for tag, _ in tree.tags].count("h1") == 1
    for kind, text in tree.blocks:
        assert kind in DATA_TYPES, text[:80]
        json.loads(text)
    for tag, said in tree.tags:
        if tag == "script" and said.get("type") not in DATA_TYPES:
            assert said["src"].startswith("/static/"), said


@pytest.mark.parametrize("key", [*HOSTILE, "none"])
def test_a_page_is_headed_by_the_name(service: Service, key: str) -> None:
    """The heading and the title have the name as it can be seen; what has none is called by the end of its IRI."""
    tree = parse(service.page(f"thing: {key}"))
    heading = " ".join(text.words for text in tree.texts if "h1" in text.within)
    title = " ".join(text.words for text in tree.texts if text.within[-1:] == ("title",) and "svg" not in text.within)
    wanted = seen(HOSTILE[key]) if key not in NAMELESS else f"id:hostile-{key}"
    assert seen(heading) == wanted
    assert wanted in seen(title)


@pytest.mark.parametrize("name", PAGES)
def test_every_link_has_words(service: Service, name: str) -> None:
    """A link without text that can be seen has a name of its own: nobody could find or follow it otherwise."""
    html = service.page(name)
    for attributes, inside in re.findall(r"<a\b([^>]*)>(.*?)</a>", html, re.DOTALL):
        words = seen(" ".join(text.words for text in parse(f"<div>{inside}</div>").texts))
        assert words or "aria-label=" in attributes, (attributes, inside[:100])


@pytest.mark.parametrize("name", PAGES)
def test_no_name_turns_the_text_around_it(service: Service, name: str) -> None:
    """Right-to-left text and marks that change direction stand in an element that keeps them to themselves."""
    tree = parse(service.page(name))
    for text in tree.texts:
        if _turning(text.words) and not {"title", "textarea", "option", "text"} & set(text.within):
            alone = "bdi" in text.within or "auto" in text.directions or "pre" in text.within
            assert alone or not _turning(outside_isolates(text.words)), text


@pytest.mark.parametrize("name", XML)
def test_what_is_xml_is_well_formed(service: Service, name: str) -> None:
    """An XML parser reads it; no element of it is made of a name. Where XML cannot carry a name, that is said."""
    status, media_type, body = service.get(XML[name])
    if status == 406:
        assert name == "results"
        assert "control character" in json.loads(body)["detail"]
        return
    assert (status, media_type.endswith("xml")) == (200, True)
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(body).iter()}  # noqa: S314
    assert not {"hell", "script", "img", "svg"} & tags


@pytest.mark.parametrize("name", JSON)
def test_what_is_json_is_json(service: Service, name: str) -> None:
    status, media_type, body = service.get(JSON[name])
    assert status == (404 if name == "problem" else 200)
    assert media_type.endswith("json")
    json.loads(body)


def test_the_names_of_files_are_names_of_files(service: Service) -> None:
    """Every export that is listed has an address without an odd character."""
    _, _, body = service.get("exports?format=json")
    names = [row["name"] for row in json.loads(body)["files"]]
    assert any(name.startswith("graph/hostile.") for name in names)
    assert not [name for name in names if not re.fullmatch(r"[\w./-]+", name)]
    status, _, _ = service.get("graph/hostile.nq")
    assert status == 200
    assert GRAPH


def test_claims_that_lie_are_set_aside(service: Service) -> None:
    """What rests on no words of the text, or on others, is listed apart; odd numbers get a safe anchor."""
    document = json.loads(service.get("source/so2.json")[2])
    assert len(document["astray"]) == 5
    pages = [item["page"] for item in document["items"]]
    assert len(set(pages)) == len(pages)
    assert all(re.fullmatch(r"[A-Z][A-Za-z0-9_-]*", page.partition("#")[2]) for page in pages)
    style = service.get("source/so2.css")[2].decode()
    assert not re.search(r"hell|url|@|<|\\", style)
    html = service.page("source")
    assert "Zonder plaats in de tekst" in html
