"""The vocabulary explains itself: every term in both languages, with its use, as a page and in every RDF format."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
import rdflib
from flask.testing import FlaskClient
from rdflib import OWL, RDF, RDFS, SKOS, Literal, URIRef
from rdflib.compare import isomorphic

from so2graph.formats import GRAPH_FORMATS, HTML, Format, by_name
from so2graph.publish.rules import Rule, rules_of
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, Term
from so2graph.web.class_diagram import diagram
from tests.test_web import BROWSER, read_rdf

ROOT = Path(__file__).parent.parent
DEF = f"{CANONICAL_BASE}def#"
KINDS = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, SKOS.Concept, SKOS.ConceptScheme)
SCHEMES = ("modalities", "roles", "themes")
LANGUAGES = ("nl", "en")
Ask = Callable[..., list[dict[str, Term | None]]]


@cache
def ontology() -> rdflib.Graph:
    graph = rdflib.Graph()
    for path in sorted((ROOT / "ontology").glob("*.ttl")):
        graph.parse(path)
    return graph


TERMS = sorted({str(term) for kind in KINDS for term in ontology().subjects(RDF.type, kind)})


def anchor(iri: str) -> str:
    return iri.removeprefix(DEF).removeprefix(f"{CANONICAL_BASE}id/")


class Element:
    """An element with an id: the texts in it, each with its language, and where its links lead."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []
        self.links: list[str] = []


class Page(HTMLParser):
    """A page as a reader with assistive technology finds it: entries, headings and links."""

    VOID = frozenset({"meta", "link", "br", "input"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: dict[str, Element] = {}
        self.links: list[str] = []
        self.headings: list[int] = []
        self._open: list[tuple[str, str, str | None]] = []
        self.feed(html)
        assert self._open == [], "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        language = found.get("lang") or (self._open[-1][1] if self._open else "")
        name = found.get("id")
        if name:
            assert name not in self.ids, f"the id {name} stands twice"
            self.ids[name] = Element()
        if tag not in self.VOID:
            self._open.append((tag, str(language), name))
        if tag == "a" and found.get("href"):
            self.links.append(str(found["href"]))
            for _, _, around in self._open:
                if around:
                    self.ids[around].links.append(str(found["href"]))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if text := " ".join(data.split()):
            for _, _, name in self._open:
                if name:
                    self.ids[name].texts.append((self._open[-1][1], text))


def page_of(client: FlaskClient, path: str, language: str) -> Page:
    response = client.get(path, headers=BROWSER | {"Accept-Language": language})
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    return Page(response.get_data(as_text=True))


@pytest.fixture(scope="module")
def pages(client: FlaskClient) -> dict[str, Page]:
    return {language: page_of(client, "/def", language) for language in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("iri", TERMS, ids=anchor)
def test_every_term_has_an_entry_where_its_iri_leads(pages: dict[str, Page], iri: str, language: str) -> None:
    """Its id is the fragment of the IRI; label and definition stand in both languages, each marked as what it is."""
    entry, term, graph = pages[language].ids[anchor(iri)], URIRef(iri), ontology()
    assert iri in {text for _, text in entry.texts}
    for predicates in ((SKOS.prefLabel, RDFS.label), (SKOS.definition,)):
        texts = {o for p in predicates for o in graph.objects(term, p) if isinstance(o, Literal)}
        assert {text.language for text in texts} == {"nl", "en"}
        own = {str(text) for text in texts if text.language == language}
        assert {(language, text) for text in own} <= set(entry.texts)
        other = "en" if language == "nl" else "nl"
        assert {(other, str(text)) for text in texts if text.language == other and str(text) not in own} <= set(
            entry.texts
        )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["/def", "/def/0.1.0", *(f"/def/scheme/{name}" for name in SCHEMES)])
def test_every_link_of_the_page_resolves(client: FlaskClient, path: str, language: str) -> None:
    """Links to entries find one; links to other pages of the service give 200; headings skip no level."""
    page = page_of(client, f"{path}?lang={language}", language)
    assert page.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    whole = page_of(client, "/def", language)
    for link in sorted(set(page.links)):
        local, _, fragment = link.partition("#")
        local = path + local if local.startswith("?") else local
        if not local:
            assert fragment in page.ids, link
        elif local.startswith("/def") and fragment:
            assert fragment in whole.ids, link
        elif local.startswith("/"):
            response = client.get(local, headers=BROWSER, follow_redirects=True)
            assert response.status_code == 200, link
        else:
            assert local.startswith(("http://", "https://")), link


def links_of(iris: set[str], page: Page) -> set[str]:
    """The links that lead to these terms: to an entry of ours, outside, or to a page of a thing."""
    return {f"#{anchor(iri)}" if anchor(iri) in page.ids else iri for iri in iris}


HIERARCHY = (
    RDFS.subClassOf,
    RDFS.subPropertyOf,
    RDFS.domain,
    RDFS.range,
    OWL.disjointWith,
    SKOS.broader,
    SKOS.related,
)


@pytest.mark.parametrize("predicate", HIERARCHY, ids=lambda p: str(p).rpartition("#")[2])
def test_what_terms_have_to_do_with_each_other_is_linked_both_ways(pages: dict[str, Page], predicate: URIRef) -> None:
    """From each term to the other; back again where the other has an entry of its own."""
    page, found = pages["en"], 0
    for subject, obj in ontology().subject_objects(predicate):
        assert links_of({str(obj)}, page) <= set(page.ids[anchor(str(subject))].links), (subject, obj)
        if anchor(str(obj)) in page.ids:
            assert f"#{anchor(str(subject))}" in page.ids[anchor(str(obj))].links, (subject, obj)
        found += 1
    assert found


def test_a_class_shows_the_properties_that_it_inherits(pages: dict[str, Page]) -> None:
    """A regional network may have whatever a network may, and a municipality what an organisation may."""
    links = pages["nl"].ids["RegionalNetwork"].links
    assert {"#hasCoreGroup", "#coversArea", "#drivenBy"} <= set(links)
    assert {"#organises", "#develops"} <= set(pages["nl"].ids["CoreGroup"].links)


CLASSES = sorted(str(c) for c in ontology().subjects(RDF.type, OWL.Class))
PROPERTIES = sorted(
    str(p) for k in (OWL.ObjectProperty, OWL.DatatypeProperty) for p in ontology().subjects(RDF.type, k)
)


@pytest.mark.parametrize("iri", [*CLASSES, *PROPERTIES], ids=anchor)
def test_a_count_is_that_of_the_store_and_leads_to_it(
    client: FlaskClient, pages: dict[str, Page], ask: Ask, iri: str
) -> None:
    """How many things a class has and how often a property is used; the link gives as many rows."""
    pattern, columns = (f"?s a <{iri}>", "?s") if iri in CLASSES else (f"?s <{iri}> ?o", "?s ?o")
    rows = ask(f"SELECT DISTINCT {columns} WHERE {{ GRAPH ?g {{ {pattern} }} }}")
    entry = pages["en"].ids[anchor(iri)]
    heading = "Number" if iri in CLASSES else "Times used"
    texts = [text for _, text in entry.texts]
    assert texts[texts.index(heading) + 1] == str(len(rows))
    links = [link for link in entry.links if link.startswith("/sparql?query=")]
    assert len(links) == bool(rows)
    for link in links:
        lines = client.get(f"{link}&format=csv").get_data(as_text=True).splitlines()
        assert len(lines) == len(rows) + 1


def test_an_example_that_is_no_fact_says_so(pages: dict[str, Page]) -> None:
    """A sentence of the data stands with its certainty."""
    texts = [text for _, text in pages["en"].ids["worksAround"].texts]
    assert texts[-3:] == ["works around", "Assen (urban core)", "planned"]
    assert pages["en"].ids["hopes"].texts[-1] == ("en", "hoped")
    assert pages["en"].ids["hopes"].texts[-2][0] == "nl"


def test_the_header_says_who_when_and_how_to_cite(pages: dict[str, Page]) -> None:
    """Everything that the ontology says of itself, and how to use it."""
    html = " ".join(text for element in pages["en"].ids.values() for _, text in element.texts)
    for said in (
        "0.1.0",
        f"{CANONICAL_BASE}def/0.1.0",
        "2026-11-23",
        "licenses/by/4.0/",
        "so2graph vocabulary, version 0.1.0.",
    ):
        assert said in html
    assert "owl:imports" in html
    assert "PREFIX so2: <https://w3id.org/so2graph/def#>" in html
    assert "http://localhost/context.jsonld" in html


@pytest.mark.parametrize("fmt", GRAPH_FORMATS, ids=lambda f: f.name)
@pytest.mark.parametrize("path", ["/def", "/def/0.1.0", *(f"/def/scheme/{name}" for name in SCHEMES)])
def test_every_form_says_the_same_triples(client: FlaskClient, path: str, fmt: Format) -> None:
    """By suffix, `format=` and Accept, the bytes are the same and the graph is that of Turtle."""
    by_suffix = client.get(f"{path}.{fmt.suffix}")
    assert (by_suffix.status_code, by_suffix.content_type) == (200, fmt.content_type)
    assert client.get(f"{path}?format={fmt.name}").data == by_suffix.data
    assert client.get(path, headers={"Accept": fmt.media_type}).data == by_suffix.data
    turtle = by_name("turtle", GRAPH_FORMATS)
    assert turtle is not None
    expected = read_rdf(client.get(f"{path}.ttl").data, turtle)
    assert len(expected) > 15
    assert isomorphic(read_rdf(by_suffix.data, fmt), expected)


def test_the_vocabulary_is_that_of_its_files(client: FlaskClient) -> None:
    """Nothing is added, and nothing is left out."""
    turtle = by_name("turtle", GRAPH_FORMATS)
    assert turtle is not None
    assert isomorphic(read_rdf(client.get("/def.ttl").data, turtle), ontology())


@pytest.mark.parametrize("name", SCHEMES)
def test_a_scheme_by_itself_has_its_concepts_only(client: FlaskClient, name: str) -> None:
    """What the files say of the scheme and each concept in it; the page has an entry for each."""
    turtle = by_name("turtle", GRAPH_FORMATS)
    assert turtle is not None
    found = read_rdf(client.get(f"/def/scheme/{name}.ttl").data, turtle)
    scheme = URIRef(DEF + name)
    concepts = set(ontology().subjects(SKOS.inScheme, scheme))
    expected = rdflib.Graph()
    for subject in {scheme, *concepts}:
        expected += ontology().triples((subject, None, None))
    assert isomorphic(found, expected)
    page = page_of(client, f"/def/scheme/{name}", "nl")
    assert {anchor(iri) for iri in TERMS} & set(page.ids) == {anchor(str(concept)) for concept in concepts}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_contents_are_whole(client: FlaskClient, language: str) -> None:
    """Every class, property and scheme is in them once, a class below the one that it is a kind of."""
    html = client.get("/def", headers=BROWSER | {"Accept-Language": language}).get_data(as_text=True)
    contents = html[html.index('<nav class="contents"') : html.index("</nav>", html.index('<nav class="contents"'))]
    links = [link for link in re.findall(r'href="#([^"]*)"', contents) if not link.startswith("section-")]
    schemes = [str(scheme) for scheme in ontology().subjects(RDF.type, SKOS.ConceptScheme)]
    assert sorted(links) == sorted(anchor(iri) for iri in (*CLASSES, *PROPERTIES, *schemes))
    inside = contents[contents.index('href="#Network"') :]
    assert 'href="#RegionalNetwork"' in inside[inside.index("<ul>") : inside.index("</ul>")]


def test_concepts_stand_as_a_tree_and_modalities_by_rank(client: FlaskClient) -> None:
    """A narrower concept comes below its broader one, one step in; the most certain modality comes first."""
    html = client.get("/def/scheme/themes", headers=BROWSER).get_data(as_text=True)
    entries = re.findall(r'<article class="term depth-(\d)" id="([^"]+)"', html)
    at = entries.index(("1", "theme-circular-goals"))
    assert entries[at - 1] == ("0", "theme-csr")
    html = client.get("/def/scheme/modalities", headers=BROWSER).get_data(as_text=True)
    order = [name for _, name in re.findall(r'<article class="term depth-(\d)" id="([^"]+)"', html)]
    assert order == ["stated", "inProgress", "planned", "attempted", "intended", "hoped", "inferred"]


@pytest.mark.parametrize("path", ["/def/scheme/nothing", "/def/scheme/nothing.ttl", "/def/9.9.9.ttl", "/def/9.9.9"])
def test_what_is_not_here_is_said(client: FlaskClient, path: str) -> None:
    """A 404 names what there is."""
    response = client.get(path)
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    assert response.get_json(force=True)["near"] == (list(SCHEMES) if "scheme" in path else ["0.1.0"])


@pytest.mark.parametrize("path", ["/def.zip", "/def?format=csv"])
def test_a_form_that_cannot_be_made_is_a_406(client: FlaskClient, path: str) -> None:
    """With all that can."""
    response = client.get(path)
    assert response.status_code == 406
    available = {row["suffix"] for row in response.get_json(force=True)["available"]}
    assert available == {f.suffix for f in (HTML, *GRAPH_FORMATS)}


@pytest.mark.parametrize("path", ["/def", "/def.ttl", "/def/0.1.0", "/def/scheme/roles", "/def/scheme/roles.jsonld"])
def test_an_answer_names_its_other_forms(client: FlaskClient, path: str) -> None:
    """Link: canonical, an alternate for each form that is there, the licence (RFC 8288)."""
    header = client.get(path, headers=BROWSER).headers["Link"]
    links = re.findall(r'<([^>]*)>; rel="([^"]*)"(?:; type="([^"]*)")?', header)
    alternates = {(target, kind) for target, rel, kind in links if rel == "alternate"}
    assert {kind for _, kind in alternates} == {f.media_type for f in (HTML, *GRAPH_FORMATS)}
    for target, kind in alternates:
        assert client.get(target.removeprefix("http://localhost")).mimetype == kind
    assert [rel for _, rel, _ in links].count("canonical") == 1
    assert ("https://creativecommons.org/licenses/by/4.0/", "license", "") in links


def test_the_rules_are_those_of_the_shapes(bundle: Bundle, pages: dict[str, Page]) -> None:
    """Counts and kinds of the shapes, merged by property; a page says them in words."""
    rules = {(rule.path.rpartition("#")[2], rule.inverse): rule for rule in rules_of(bundle)[f"{DEF}RegionalNetwork"]}
    assert rules["coversArea", False] == Rule(
        f"{DEF}coversArea", False, 1, None, (f"{DEF}Region", f"{DEF}UrbanCore"), ()
    )
    assert (rules["developmentStage", False].minimum, rules["developmentStage", False].maximum) == (1, 1)
    texts = " ".join(text for _, text in pages["en"].ids["RegionalNetwork"].texts)
    assert "covers area : at least 1 ( region or urban core )" in texts
    assert "development stage : exactly 1 ( modality )" in texts


def test_the_drawing_is_the_same_each_time_and_keeps_boxes_apart() -> None:
    """Whatever the order of the edges; also where they go in a circle; nothing is drawn of nothing."""
    edges = [("a", "p", "b"), ("b", "q", "c"), ("c", "r", "a"), ("a", "s", "b"), ("d", "t", "c")]
    labels = {name: name.upper() for name in "abcdpqrst"}
    drawing = diagram(edges, labels)
    assert drawing == diagram(reversed(edges), labels)
    assert {name for line in drawing.lines for name, *_ in line.names} == set("pqrst")
    boxes = drawing.boxes
    assert [box.label for box in boxes] == list("ABCD")
    for one in boxes:
        assert 0 <= one.x <= one.x + one.width <= drawing.width
        assert 0 <= one.y <= one.y + one.height <= drawing.height
        assert not [o for o in boxes if o is not one and o.x == one.x and abs(o.y - one.y) < one.height]
    assert diagram([], {}).boxes == ()


def test_a_name_in_an_address_is_shown_and_not_asked(client: FlaskClient) -> None:
    """What looks like a piece of a query is a name that is not there."""
    response = client.get("/def/scheme/" + "themes%3E%20%7D%20%23")
    assert response.status_code == 404
    assert unquote("themes%3E") in response.get_json(force=True)["detail"]
