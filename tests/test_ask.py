"""Questions without SPARQL: right answers, sentences, addresses that last, a form for everybody, and refusals."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from itertools import product
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient
from rdflib import RDF, Dataset, Graph, Literal, URIRef
from rdflib.term import Node

from so2graph.config import Settings
from so2graph.engine.snapshot import Snapshot
from so2graph.network.paths import read_edges
from so2graph.publish.question import CERTAINTIES, KINDS, STEPS, Question, Trait, sparql
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, MODALITIES, Iri, Prefixes
from so2graph.web.app import create_app
from so2graph.web.ask_request import parameters_of
from tests.conftest import ROOT
from tests.test_web import BROWSER

ID, DEF, GRAPH = CANONICAL_BASE + "id/", CANONICAL_BASE + "def#", CANONICAL_BASE + "graph/"
WITHIN = URIRef("https://schema.org/containedInPlace")
BROADER = URIRef("http://www.w3.org/2004/02/skos/core#broader")

CORE_GROUP = {"kind": "lack", "of": "so2:Network", "trait": "so2:hasCoreGroup"}


def address(question: dict[str, str], suffix: str = "", **more: str) -> str:
    return f"/ask{suffix}?{urlencode(question | more)}"


def rows(client: FlaskClient, question: dict[str, str], **more: str) -> list[dict[str, str]]:
    """The answer in CSV."""
    response = client.get(address(question, ".csv", **more))
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.get_data(as_text=True))))


def html_of(client: FlaskClient, question: dict[str, str], **more: str) -> str:
    response = client.get(address(question, **more), headers=BROWSER)
    assert response.status_code == 200
    assert response.content_type == "text/html; charset=utf-8"
    return response.get_data(as_text=True)


def sentence(html: str) -> str:
    return unescape(re.findall(r'<p class="sentence">([^<]*)</p>', html)[0])


# The question of the issue


@pytest.mark.parametrize("certainty", CERTAINTIES)
@pytest.mark.parametrize(
    ("language", "said", "names"),
    [
        ("nl", "Alle netwerken die geen kerngroep hebben.", ["SO netwerk Groningen", "SO netwerk Noord Nederland"]),
        ("en", "All networks without a core group.", ["SO network Groningen", "SO network Northern Netherlands"]),
    ],
)
def test_networks_without_a_core_group(
    client: FlaskClient, certainty: str, language: str, said: str, names: list[str]
) -> None:
    """The page says the question in words and answers it; the file says the same. No plan gives them one either."""
    html = html_of(client, CORE_GROUP, certainty=certainty, lang=language)
    assert sentence(html) == said
    shown = re.findall(r'<td><a href="[^"]*" title="([^"]*)" dir="auto">([^<]*)</a></td>', html)
    wanted = [ID + "so-netwerk-groningen", ID + "so-netwerk-noord-nederland"]
    assert shown == list(zip(wanted, names, strict=True))
    found = rows(client, CORE_GROUP, certainty=certainty, lang=language)
    assert found == [{"entity": iri, "entityLabel": name} for iri, name in zip(wanted, names, strict=True)]


def test_a_page_says_whether_plans_count(client: FlaskClient) -> None:
    """Networks that connect nothing: all three by the facts, two where plans and intentions count."""
    question = {"kind": "lack", "of": "so2:Network", "trait": "so2:connects"}
    assert len(rows(client, question)) == 3
    assert {row["entity"].removeprefix(ID) for row in rows(client, question, certainty="plans")} == {
        "so-netwerk-groningen",
        "so-netwerk-assen-drenthe",
    }
    assert "Only facts count" in html_of(client, question, lang="en")
    assert "Plans, intentions and hopes count as if they were facts" in html_of(
        client, question, lang="en", certainty="plans"
    )


# Every question that the form can make


@pytest.fixture(scope="module")
def dataset(client: FlaskClient, snapshot: Snapshot) -> Dataset:
    """The dataset as rdflib reads it: each public graph by name, and the facts as the default graph."""
    made = Dataset()
    for graph in snapshot.manifest.graphs:
        if graph not in snapshot.graphs.by_name_only and graph.startswith(GRAPH):
            body = client.get(f"/graph-store?graph={graph}", headers={"Accept": "application/n-triples"}).data
            made.graph(URIRef(graph)).parse(data=body, format="nt")
    return made


class Oracle:
    """Answers questions by walking through triples, without any query language."""

    def __init__(self, dataset: Dataset, snapshot: Snapshot) -> None:
        catalogue = dataset.graph(URIRef(snapshot.names.catalogue))
        modality = URIRef(DEF + "modality")
        facts = [dataset.graph(URIRef(graph)) for graph in snapshot.members(snapshot.names.facts)]
        stored = [g for g in facts if len(g)]
        self.facts = Graph()
        aside = set(snapshot.manifest.aside)
        for graph in snapshot.manifest.graphs:
            if graph.startswith(GRAPH) and graph not in aside and graph not in snapshot.graphs.by_name_only:
                self.facts += dataset.graph(URIRef(graph))
        assert all(triple in self.facts for graph in stored for triple in graph)
        self.by_certainty: dict[str, Graph] = {}
        for certainty in CERTAINTIES:
            beyond = Graph()
            for about, _, how in catalogue.triples((None, modality, None)):
                local = str(how).rpartition("#")[2]
                if certainty == "all" or (certainty == "plans" and local != "inferred"):
                    beyond += dataset.graph(URIRef(str(about)))
            self.by_certainty[certainty] = self.facts + beyond

    def things(self, question: Question) -> set[str]:
        of = None if question.of is None else URIRef(question.of.value)
        found = {s for s in self.facts.subjects(RDF.type, of) if isinstance(s, URIRef)}
        graph = self.by_certainty[question.certainty]
        for chosen, path in ((question.place, WITHIN), (question.theme, BROADER)):
            if chosen is not None:
                wanted = self.below(URIRef(chosen.value), path)
                found = {thing for thing in found if wanted & {*graph.objects(thing), *graph.subjects(None, thing)}}
        return {str(thing) for thing in found}

    def below(self, top: URIRef, path: URIRef) -> set[Node]:
        """What reaches `top` along `path`, and `top`."""
        seen: set[Node] = {top}
        ahead: deque[Node] = deque([top])
        while ahead:
            for one in self.facts.subjects(path, ahead.popleft()):
                if one not in seen:
                    seen.add(one)
                    ahead.append(one)
        return seen

    def values(self, question: Question, thing: str) -> set[Node]:
        assert question.trait is not None
        graph, iri = self.by_certainty[question.certainty], URIRef(question.trait.property.value)
        if question.trait.inverse:
            return set(graph.subjects(iri, URIRef(thing)))
        return set(graph.objects(URIRef(thing), iri))

    def count(self, question: Question) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for thing in self.things(question):
            for value in self.values(question, thing) or {Literal("")}:
                found[str(value)] += 1
        return dict(found)


@pytest.fixture(scope="module")
def oracle(dataset: Dataset, snapshot: Snapshot) -> Oracle:
    return Oracle(dataset, snapshot)


def offered(html: str, name: str) -> list[str]:
    """The values that a list of the form offers."""
    found = re.search(rf'<select id="ask-{name}" name="{name}">(.*?)</select>', html, re.DOTALL)
    return [unescape(value) for value in re.findall(r'<option value="([^"]+)"', found[1])] if found else []


def read(prefixes: Prefixes, question: dict[str, str]) -> Question:
    from so2graph.web.ask_request import read_question

    return read_question({name: [value] for name, value in question.items()}, prefixes, {})


def formed(client: FlaskClient) -> Iterator[dict[str, str]]:
    """Every question about all things, what they lack, and how many there are, that the form can make on its own."""
    for of in offered(html_of(client, {"kind": "all"}), "of"):
        form = html_of(client, {"kind": "lack", "of": of})
        places, themes = (["", *offered(form, name)] for name in ("place", "theme"))
        for place, theme in [*((place, "") for place in places), *(("", theme) for theme in themes[1:])]:
            yield {"kind": "all", "of": of, "place": place, "theme": theme}
        for kind, trait in product(("lack", "count"), offered(form, "trait")):
            yield {"kind": kind, "of": of, "trait": trait}


def test_every_question_of_the_form_is_answered_right(
    client: FlaskClient, snapshot: Snapshot, prefixes: Prefixes, oracle: Oracle
) -> None:
    """Each choice of the form runs, in every certainty, and its answer is what the triples themselves say."""
    from so2graph.engine.dataset import resolve
    from so2graph.engine.guard import guard

    tried: dict[str, int] = defaultdict(int)
    for given, certainty in product(formed(client), CERTAINTIES):
        question = read(prefixes, given | {"certainty": certainty})
        text = sparql(question, "nl", prefixes)
        analysis = guard(text, max_bytes=1_000_000, prefixes=prefixes)
        answer = snapshot.query(text, resolve(snapshot.graphs, snapshot.graphs.readable("private"), analysis), {})
        found = list(answer.rows())
        if question.kind == "count":
            assert {str(row[0] or ""): int(str(row[2])) for row in found} == oracle.count(question), given
        else:
            wanted = oracle.things(question)
            if question.kind == "lack":
                wanted = {thing for thing in wanted if not oracle.values(question, thing)}
            assert {str(row[0]) for row in found} == wanted, given
            assert len(found) == len(wanted), given
        tried[question.kind] += 1
    assert tried["all"] > 100
    assert tried["lack"] == tried["count"] > 500


def walked(edges: list[tuple[str, str]], start: str, most: int) -> dict[str, int]:
    """What lies within `most` steps, each with its steps."""
    beside: dict[str, set[str]] = defaultdict(set)
    for one, other in edges:
        beside[one].add(other)
        beside[other].add(one)
    far, ahead = {start: 0}, deque([start])
    while ahead:
        one = ahead.popleft()
        for other in beside[one] if far[one] < most else ():
            if other not in far:
                far[other] = far[one] + 1
                ahead.append(other)
    return {iri: steps for iri, steps in far.items() if steps}


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("certainty", CERTAINTIES)
def test_steps_are_those_of_the_network(
    client: FlaskClient, settings: Settings, bundle: Bundle, certainty: str, steps: int
) -> None:
    """From each thing, what lies within so many steps is what a walk over the edges of the network finds."""
    from so2graph.engine.access import Access

    ranks = {"facts": 1, "plans": 6, "all": 7}
    all_edges = read_edges(Access(settings, bundle).session())
    edges = [(edge.source, edge.target) for edge in all_edges if edge.rank <= ranks[certainty]]
    things = sorted({iri for edge in edges for iri in edge})
    for thing in things[:: 1 if steps == 2 else 5]:
        found = rows(client, {"kind": "near", "thing": thing, "steps": str(steps), "certainty": certainty})
        assert {row["entity"]: int(row["steps"]) for row in found} == walked(edges, thing, steps), thing
        assert len({row["entity"] for row in found}) == len(found)


@pytest.mark.parametrize("certainty", CERTAINTIES)
def test_each_number_of_steps_leads_to_a_way_that_has_them(client: FlaskClient, certainty: str) -> None:
    """In the table a row leads to the way over what counts, and the shortest such way has as many steps."""
    html = html_of(client, {"kind": "near", "thing": "id:alescon", "steps": "4", "certainty": certainty}, lang="nl")
    ways = re.findall(r'<a href="(/network/path[^"]*)" dir="auto">(\d) stap(?:pen)?</a>', html)
    assert len(ways) == html.count("<tr>") - 1 > 7
    modalities = {"facts": MODALITIES[:1], "plans": MODALITIES[:-1], "all": MODALITIES}[certainty]
    for href, steps in ways:
        asked = dict(parse_qsl(urlsplit(unescape(href)).query))
        assert asked["from"] == "alescon"
        assert asked.get("modality", ",".join(MODALITIES)) == ",".join(modalities)
        found = client.get(unescape(href).replace("/path?", "/path.json?")).get_json()
        assert found["found"]
        assert (found["shortest"] or found["path"])["steps"] == int(steps), href
    assert "Klik op het aantal stappen" in html
    assert "stappen in het netwerk" in html
    chart = html_of(client, {"kind": "near", "thing": "id:alescon", "steps": "4"}, view="chart")
    assert "/network/path" not in chart


def test_no_step_goes_through_all_statements() -> None:
    """Every step says that it has a bound, without which the engine joins a fourth step with all there is."""
    text = sparql(Question("near", thing=Iri(ID + "alescon"), steps=4), "nl", Prefixes({}))
    assert len(re.findall(r"GROUP BY \?m[1-4] LIMIT 1000000000 ", text)) == 4


def test_steps_can_end_at_a_class_only(client: FlaskClient) -> None:
    """With a class, what lies on the way may be anything, but only things of the class are in the answer."""
    question = {"kind": "near", "of": "foaf:Person", "thing": "id:so-netwerk-assen-drenthe", "steps": "2"}
    assert {row["entity"].removeprefix(ID): row["steps"] for row in rows(client, question)} == {
        "luuk-duursma": "1",
        "harry-weitering": "2",
        "noor-van-leeuwen": "2",
    }


def test_what_has_no_value_is_counted_too(client: FlaskClient) -> None:
    """A count adds up to all things: those without a value have a row of their own, with words and no value."""
    question = {"kind": "count", "of": "foaf:Person", "trait": "so2:affiliatedWith"}
    found = {row["valueLabel"]: (row["value"], row["number"]) for row in rows(client, question, lang="en")}
    assert found["not known"] == ("", "3")
    assert found["Alescon"] == (ID + "alescon", "1")
    html = html_of(client, question, lang="en", view="chart")
    assert re.findall(r'<th scope="row">(?:<a[^>]*>)?([^<]+)', html)[0] == "not known"


# Addresses


def test_a_name_leads_to_the_address_with_its_iri(client: FlaskClient) -> None:
    """The form sends names; the address that it ends at has the IRI, and works whatever the thing is called."""
    named = client.get("/ask?kind=near&thing=Buro+Bries&steps=1&lang=en&of=&place=&view=share", headers=BROWSER)
    assert named.status_code == 303
    assert dict(parse_qsl(urlsplit(named.headers["Location"]).query)) == {
        "kind": "near",
        "thing": "id:buro-bries",
        "steps": "1",
        "view": "share",
        "lang": "en",
    }
    html = client.get(named.headers["Location"], headers=BROWSER).get_data(as_text=True)
    assert 'name="thing" value="Buro Bries"' in html
    assert "http://localhost/ask?kind=near&amp;thing=id%3Aburo-bries&amp;steps=1" in html


def test_a_name_that_is_not_clear_is_asked_for(client: FlaskClient) -> None:
    """A part of a name gives what it may mean, each a link to the question about it; nothing is guessed."""
    html = html_of(client, {"kind": "near", "thing": "netwerk", "steps": "1"})
    assert "Niets heet precies ‘netwerk’" in html
    links = [unescape(href) for href in re.findall(r'<li><a href="([^"]*thing=[^"]*)"', html)]
    assert "/ask?kind=near&steps=1&thing=id%3Aso-netwerk-groningen" in links
    assert '<section class="answer"' not in html
    assert "Did you mean" not in html_of(client, {"kind": "near", "thing": "zzzzz", "lang": "en"})


@pytest.mark.parametrize("language", ["nl", "en"])
def test_parameters_and_question_are_each_other(client: FlaskClient, prefixes: Prefixes, language: str) -> None:
    """A question written as parameters is read as the same question, in whatever language."""
    for kind, certainty in product(KINDS, CERTAINTIES):
        question = Question(
            kind,
            of=Iri(DEF + "Network"),
            trait=Trait(Iri(DEF + "drivenBy"), inverse=True) if kind in ("lack", "count") else None,
            thing=Iri("https://example.org/odd?x=1&y=2#é") if kind == "near" else None,
            steps=3 if kind == "near" else 2,
            place=Iri(ID + "assen"),
            certainty=certainty,
        )
        given = dict(parameters_of(question, prefixes))
        assert read(prefixes, given) == question
        assert client.get(address(given, lang=language), headers=BROWSER).status_code == 200


def test_every_format_has_the_same_rows(client: FlaskClient) -> None:
    """By suffix, by `format=` and by Accept the answer comes in each format, with a name for the file."""
    wanted = [row["entity"] for row in rows(client, CORE_GROUP)]
    by_format = client.get(address(CORE_GROUP, format="json")).get_json(force=True)
    by_accept = client.get(address(CORE_GROUP), headers={"Accept": "application/sparql-results+json"})
    assert [row["entity"]["value"] for row in by_format["results"]["bindings"]] == wanted
    assert json.loads(by_accept.data) == by_format
    sheet = client.get(address(CORE_GROUP, ".xlsx", download="yes"))
    assert sheet.data.startswith(b"PK")
    assert sheet.headers["Content-Disposition"] == 'attachment; filename="ask-lack-Network-hasCoreGroup.xlsx"'
    assert client.get(address(CORE_GROUP, ".docx")).status_code == 406


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("kind=why", "kind"),
        ("kind=all&of=so2:Network&steps=9", "steps"),
        ("kind=all&of=so2:Network&certainty=maybe", "certainty"),
        ("kind=lack&of=so2:Network", "trait"),
        ("kind=all", "of"),
        ("kind=near", "thing"),
        ("kind=lack&of=so2:Network&trait=no+property", "trait"),
        ("kind=all&of=so2:Network&colour=red", "colour"),
        ("kind=near&thing=Buro+Bries", "thing"),
    ],
)
def test_what_cannot_be_asked_is_refused(client: FlaskClient, query: str, parameter: str) -> None:
    """A problem document names the parameter and says what to give."""
    response = client.get(f"/ask.csv?{query}")
    assert response.status_code == 400
    assert response.content_type == "application/problem+json"
    problem = json.loads(response.data)
    assert problem["parameter"] == parameter
    assert problem["mend"]


def test_nothing_is_pasted(client: FlaskClient) -> None:
    """What looks like SPARQL in a parameter is an IRI or a name, or nothing."""
    evil = "so2:Network> } INSERT DATA { <x"
    assert client.get(address({"kind": "all", "of": evil}, ".csv")).status_code == 400
    html = html_of(client, {"kind": "near", "thing": '"x" }} # <script>alert(1)</script>', "lang": "en"})
    assert "<script>alert" not in html
    assert "Nothing is called exactly" in html


# Pages of rows


def test_an_answer_has_pages(settings: Settings, bundle: Bundle) -> None:
    """More rows than a page holds come in pages that the address names; together they are the answer in its order."""
    few = create_app(replace(settings, max_page_rows=3), bundle).test_client()
    question = {"kind": "near", "thing": "id:alescon", "steps": "3"}
    wanted = [row["entity"] for row in rows(few, question)]
    assert len(wanted) == 8
    found: list[str] = []
    href = address(question, lang="nl")
    while True:
        html = few.get(href, headers=BROWSER).get_data(as_text=True)
        shown = re.findall(r'<td><a href="[^"]*" title="([^"]*)" dir="auto">', html)
        assert f"Dit zijn de rijen {len(found) + 1} tot en met {len(found) + len(shown)} van 8." in html
        found += shown
        onward = re.findall(r'<a href="([^"]*)" rel="next">', html)
        if not onward:
            break
        href = unescape(onward[0])
    assert found == wanted
    assert re.findall(r'rel="(\w+)">', html[html.index('<nav class="pages"') : html.index("</main>")]) == [
        "first",
        "prev",
        "last",
    ]
    assert dict(parse_qsl(urlsplit(href).query)) == question | {"limit": "3", "offset": "6", "lang": "nl"}
    # The tabs keep the page, and the address that is shared has it.
    assert 'offset=6&amp;view=share&amp;lang=nl#answer"' in html
    beyond = few.get(address(question, offset="9"), headers=BROWSER).get_data(as_text=True)
    assert "8 rijen" in beyond or "8 rows" in beyond


def test_only_a_page_has_pages(client: FlaskClient) -> None:
    """A file has all rows: to ask for a part of it is refused, as is a page larger than the setting."""
    for name in ("limit", "offset"):
        response = client.get(address(CORE_GROUP, ".csv", **{name: "1"}))
        assert (response.status_code, json.loads(response.data)["parameter"]) == (400, name)
    assert client.get(address(CORE_GROUP, limit="1000001"), headers=BROWSER).status_code == 400


def test_what_is_lacking_is_only_not_known(client: FlaskClient) -> None:
    """The answer says that what stands nowhere may well be there."""
    assert "Dat het er niet is, is daarmee niet gezegd." in html_of(client, CORE_GROUP, lang="nl")
    assert "That does not say that there is none." in html_of(client, CORE_GROUP, lang="en")
    assert "That does not say" not in html_of(client, {"kind": "all", "of": "so2:Network"}, lang="en")


# The form


def test_who_asks_nothing_gets_the_form(client: FlaskClient) -> None:
    """Without a question any client that takes a page gets it; one that takes data alone is told what is missing."""
    for accept in ("", "*/*", "text/html"):
        response = client.get("/ask", headers={"Accept": accept} if accept else {})
        assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    assert client.get("/ask", headers={"Accept": "text/csv"}).status_code == 400


def test_each_step_of_the_form_works_without_a_script(client: FlaskClient) -> None:
    """Kind, then class, then what is missing: each page is a form whose fields lead to the next."""
    start = client.get("/ask?lang=en", headers=BROWSER).get_data(as_text=True)
    assert "<form" not in start[start.index('<div id="asking">') : start.index('id="asking-said"')]
    kinds = [unescape(href) for href in re.findall(r'<a href="(/ask\?kind=[^"]*)"[^>]*>[^<]*…', start)]
    assert [dict(parse_qsl(urlsplit(href).query))["kind"] for href in kinds] == list(KINDS)
    first = client.get(kinds[1], headers=BROWSER).get_data(as_text=True)
    assert "so2:Network" in offered(first, "of")
    assert not offered(first, "trait")
    assert "Next</button>" in first
    second = html_of(client, {"kind": "lack", "of": "so2:Network", "trait": ""}, lang="en")
    assert {"so2:hasCoreGroup", "^so2:connects"} <= set(offered(second, "trait"))
    assert '<section class="answer"' not in second
    assert sentence(second) == "All networks …"


def test_choices_are_those_of_the_graph_with_their_number(client: FlaskClient, oracle: Oracle) -> None:
    """A class is offered with the number of its things, a property with that of the things that have it."""
    html = html_of(client, {"kind": "lack", "of": "so2:Network"}, lang="en")
    assert '<option value="so2:Network" selected>network (3)</option>' in html
    assert '<option value="so2:hasCoreGroup">has core group (1)</option>' in html
    classes = {str(o) for o in oracle.facts.objects(None, RDF.type)}
    assert len(offered(html, "of")) == len(classes)
    dutch = html_of(client, {"kind": "lack", "of": "so2:Network"}, lang="nl")
    assert '<option value="so2:hasCoreGroup">heeft kerngroep (1)</option>' in dutch


def test_a_choice_that_does_not_occur_stays_and_says_so(client: FlaskClient) -> None:
    """A property of another class, or one that nothing has any more, is kept with 0, and the page says that."""
    html = html_of(client, CORE_GROUP | {"of": "foaf:Person"}, lang="en")
    assert '<option value="so2:hasCoreGroup" selected>has core group (0)</option>' in html
    assert "In this graph no persons have it" in html


@pytest.mark.parametrize("language", ["nl", "en"])
def test_each_example_has_an_answer(client: FlaskClient, language: str) -> None:
    """The questions to begin with are about things of this graph, and have rows."""
    html = client.get(f"/ask?lang={language}", headers=BROWSER).get_data(as_text=True)
    part = html[html.index('<section class="examples"') :]
    links = [unescape(href) for href in re.findall(r'<li><a href="([^"]+)"', part)]
    assert len(links) == 6
    for href in links:
        page = client.get(href, headers=BROWSER).get_data(as_text=True)
        assert '<table class="rows">' in page
        assert sentence(page).endswith(".")


def test_names_are_suggested(client: FlaskClient) -> None:
    """A part of a name in any case gives the things, shortest name first; one letter gives none."""
    response = client.get("/ask/things?q=BRIES&lang=en")
    assert response.content_type == "application/json"
    assert json.loads(response.data) == {"things": [{"value": "id:buro-bries", "label": "Buro Bries"}]}
    assert json.loads(client.get("/ask/things?q=b").data) == {"things": []}
    assert not re.search(r"membership", client.get("/ask/things?q=luuk").get_data(as_text=True))


def test_an_empty_dataset_has_no_choices(tmp_path_factory: pytest.TempPathFactory, bundle: Bundle) -> None:
    """Without a single class the form still stands, with nothing to choose."""
    from so2graph.publish.build import ensure_empty

    settings = Settings.load({}, {"data": tmp_path_factory.mktemp("empty") / "data"})
    ensure_empty(settings)
    client = create_app(settings, bundle).test_client()
    html = html_of(client, {"kind": "all"}, lang="en")
    assert offered(html, "of") == []
    assert rows(client, CORE_GROUP) == []


# Stored questions


def test_stored_questions_stand_in_groups_and_are_found(client: FlaskClient, bundle: Bundle) -> None:
    """Every query stands in one group; words find those that have all of them."""
    html = client.get("/queries?lang=en", headers=BROWSER).get_data(as_text=True)
    for name in bundle.queries():
        assert html.count(f'href="/queries/{name}?lang=en"') == 1
    assert re.findall(r'<h2 id="group-(\w+)">', html) == [
        "network",
        "people",
        "organisations",
        "activities",
        "subjects",
        "sources",
        "data",
    ]
    found = client.get("/queries?lang=en&q=CONTACT+mail", headers=BROWSER).get_data(as_text=True)
    assert "questions with ‘CONTACT mail’" in found
    assert 'href="/queries/contacts-without-email?lang=en"' in found
    assert 'href="/queries/themes?lang=en"' not in found
    assert "No question with ‘zzz’" in client.get("/queries?lang=en&q=zzz", headers=BROWSER).get_data(as_text=True)


def test_a_stored_question_takes_names(client: FlaskClient) -> None:
    """A thing in the form of a stored query is shown by its name, and may be given by it; the address has the IRI."""
    html = client.get("/queries/networks-by-area?lang=en", headers=BROWSER).get_data(as_text=True)
    assert 'name="area" value="Drenthe"' in html
    assert '<option value="Groningen (urban core)"></option>' in html
    named = client.get("/queries/networks-by-area?area=Groningen+(urban+core)&language=en&lang=en", headers=BROWSER)
    assert named.status_code == 303
    assert dict(parse_qsl(urlsplit(named.headers["Location"]).query)) == {
        "area": "id:groningen",
        "language": "en",
        "lang": "en",
    }
    unclear = client.get("/queries/networks-by-area?area=groning&lang=en", headers=BROWSER).get_data(as_text=True)
    assert "Nothing is called exactly ‘groning’" in unclear
    assert "area=id%3Agroningen" in unclear
    assert client.get("/queries/networks-by-area.csv?area=groning").status_code == 400
    modality = client.get("/queries/by-modality?lang=en", headers=BROWSER).get_data(as_text=True)
    assert '<option value="so2:planned"' in modality
    assert 'type="number"' in client.get("/queries/reports", headers=BROWSER).get_data(as_text=True)


def test_each_header_names_a_group() -> None:
    """No query is left to the default."""
    for path in (ROOT / "queries").glob("*.rq"):
        assert re.search(r"^#\+ group: \w+$", path.read_text("utf-8"), re.MULTILINE), path.name
