"""A source document is read along: every claim stands by its words, every word by its claims, no address anywhere."""

from __future__ import annotations

import csv
import itertools
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import rdflib
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from pyld import jsonld

from so2graph.config import Settings
from so2graph.engine.access import Access, Session
from so2graph.errors import NotFound
from so2graph.publish.source import Source, documents, read_source
from so2graph.publish.source_annotations import CONTEXT
from so2graph.publish.source_text import Block, Span, blank_addresses, blocks_of, coverage, cut
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, MODALITIES, RDF, XSD, Term
from so2graph.web.app import create_app
from tests.conftest import ROOT
from tests.test_exports import found_in
from tests.test_no_address import links_of
from tests.test_web import BROWSER

LANGUAGES = ("nl", "en")
OA = "http://www.w3.org/ns/oa#"
PLACES = """
SELECT ?claim ?id ?kind ?start ?end ?exact WHERE { GRAPH g:so2\\/claims {
  ?claim a ?kind ; dcterms:identifier ?id ; oa:hasTarget ?target . FILTER(?kind IN (so2:Claim, so2:Mention))
  ?target oa:hasSelector ?position . ?position oa:start ?start ; oa:end ?end .
  OPTIONAL { ?target oa:hasSelector/oa:exact ?exact }
} }"""
Ask = Callable[..., list[dict[str, Term | None]]]


@pytest.fixture(scope="module")
def session(settings: Settings, bundle: Bundle) -> Session:
    return Access(settings, bundle).session()


@pytest.fixture(scope="module")
def source(session: Session, bundle: Bundle) -> Source:
    return read_source(session, bundle.data, "so2")


@pytest.fixture(scope="module")
def statements() -> list[dict[str, str]]:
    """The 51 numbered statements, as they were checked by hand."""
    with (ROOT / "tests" / "expected" / "statements.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


class Reading(HTMLParser):
    """The page as the test reads it: the text with the claims on each character, the cards, ids and links."""

    VOID = frozenset({"meta", "link", "br", "input", "path", "circle"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.runs: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []
        self.cards: dict[str, list[str]] = {}
        self.refs: dict[str, str] = {}
        self.ids: list[str] = []
        self.fragments: set[str] = set()
        self.languages: dict[str, str] = {}
        self.headings: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag not in self.VOID:
            self.open.append((tag, said))
        if "id" in said:
            self.ids.append(said["id"])
        if said.get("href", "").startswith("#"):
            self.fragments.add(said["href"][1:])
        if "claim" in said.get("class", "").split():
            self.cards[said["id"]] = []
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        opened, _ = self.open.pop()
        assert opened == tag, f"</{tag}> ends <{opened}>"

    def within(self, name: str) -> dict[str, str] | None:
        return next((said for _, said in reversed(self.open) if name in said.get("class", "").split()), None)

    def handle_data(self, data: str) -> None:
        ref, phrase, card = self.within("ref"), self.within("phrase"), self.within("claim")
        if ref is not None:
            self.refs[ref["id"]] = self.refs.get(ref["id"], "") + data
        elif card is not None:
            self.cards[card["id"]].append(data)
        elif self.within("running") is not None:
            lines = tuple(
                word for _, said in self.open if "mark" in said.get("class", "") for word in said["class"].split()
            )
            claims = tuple(phrase["data-claims"].split()) if phrase else ()
            self.runs.append((data, claims, tuple(word for word in lines if word.startswith("m-"))))

    @property
    def language(self) -> str:
        return next(said["lang"] for _, said in reversed(self.open) if "lang" in said)


def page(client: FlaskClient, address: str) -> tuple[Reading, str]:
    response = client.get(address, headers=BROWSER)
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8"), address
    reading, text = Reading(), response.get_data(as_text=True)
    reading.feed(text)
    assert reading.open == []
    return reading, text


# What it rests on


def test_every_quote_stands_where_the_graph_says(ask: Ask, page: str) -> None:
    """text[start:end], in code points, is the quote that the graph keeps, for each claim and mention with a quote."""
    rows = ask(PLACES)
    quoted = [row for row in rows if row["exact"] is not None]
    assert (len(rows), len(quoted)) == (57 + 48, 57 + 48 - 5)
    for row in quoted:
        assert page[int(str(row["start"])) : int(str(row["end"]))] == str(row["exact"]), row["id"]


def test_every_claim_with_a_place_is_on_its_words(ask: Ask, source: Source) -> None:
    """Piece by piece, the claims of a phrase are those whose place covers it, and no claim is left out or astray."""
    places = {str(r["id"]): (int(str(r["start"])), int(str(r["end"])), str(r["kind"])) for r in ask(PLACES)}
    by_anchor = {one.anchor: one.identifier for one in source.attestations}
    assert (sorted(by_anchor.values()), source.astray, source.whole) == (sorted(places), (), True)
    reached: dict[str, int] = {}
    for block, pieces in source.blocks:
        assert (pieces[0].start, pieces[-1].end) == (block.start, block.end)
        for before, after in itertools.pairwise(pieces):
            assert before.end == after.start
        for piece in pieces:
            over = {name for name, (s, e, _) in places.items() if s < piece.end and e > piece.start}
            assert {by_anchor[key] for key in piece.keys} == over
            assert all(places[name][0] <= piece.start and places[name][1] >= piece.end for name in over)
            for name in over:
                reached[name] = reached.get(name, 0) + piece.end - piece.start
    assert reached == {name: end - start for name, (start, end, _) in places.items()}


def test_the_numbered_statements_are_all_there(source: Source, statements: list[dict[str, str]]) -> None:
    """Each of the 51, with its place, modality, years and as many triples; those of an address have none to show."""
    found = {claim.identifier: claim for claim in source.claims}
    assert len(statements) == 51
    assert {name for name in found if name.startswith("F")} == {row["id"] for row in statements}
    for row in statements:
        claim = found[row["id"]]
        assert claim.places == ((int(row["start"]), int(row["end"])),)
        assert claim.modality == row["modality"]
        assert list(claim.years) == row["years"].split()
        hidden = "hasEmail" in row["triples"]
        assert len(claim.triples) == (0 if hidden else len(row["triples"].split(" | "))), row["id"]


def test_no_address_is_left_and_all_else_is_as_it_was(source: Source, page: str) -> None:
    """The text is as long as the original, differs in the places of the two addresses alone, and shows neither."""
    assert len(source.text) == len(page)
    assert len(source.addresses) == 2
    assert found_in(source.text.encode()) == 0
    inside = {at for start, end in source.addresses for at in range(start, end)}
    assert all(source.text[at] == page[at] for at in range(len(page)) if at not in inside)
    for start, end in source.addresses:
        assert re.fullmatch(r"\[e-mailadres·*\]", source.text[start:end])


def test_coverage_counts_what_a_reader_sees(source: Source, statements: list[dict[str, str]]) -> None:
    """Of the characters in blocks, those under at least one claim, counted one by one."""
    marked = {at for claim in source.claims for start, end in claim.places for at in range(start, end)}
    shown = {at for block, _ in source.blocks for at in range(block.start, block.end)}
    assert source.coverage == (len(marked & shown), len(shown))
    assert 0.9 < source.coverage[0] / source.coverage[1] < 1
    assert {at for row in statements for at in range(int(row["start"]), int(row["end"]))} <= marked


# The pure part


def test_the_blocks_of_the_page(source: Source) -> None:
    """A title, paragraphs, three items and four headings, in the order of the text."""
    kinds = [block.kind for block, _ in source.blocks]
    assert kinds == [
        *("title", "paragraph", "paragraph", "item", "item", "item", "paragraph", "paragraph"),
        *("heading", "paragraph", "heading", "paragraph", "heading", "paragraph", "heading"),
    ]
    words = [source.text[block.start : block.end] for block, _ in source.blocks]
    assert words[0] == "Support voor sociale ondernemingen"
    assert words[3] == "Het SO2 projectdocument"
    assert words[-1] == "Documenten"


@given(st.text(alphabet="ab .\n\r\t•:-", max_size=200))
def test_blocks_hold_every_visible_character(text: str) -> None:
    """In order, apart, trimmed; only blanks and bullets are outside them."""
    blocks = blocks_of(text)
    outside, last = "", 0
    for block in blocks:
        assert last <= block.start < block.end
        assert text[block.start : block.end] == text[block.start : block.end].strip()
        outside += text[last : block.start]
        last = block.end
    assert set(outside + text[last:]) <= set(" \n\r\t•-")
    assert (blocks[0].kind == "title") if blocks else not text.strip()


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=12)


@given(st.integers(0, 20), st.integers(1, 30), SPANS)
def test_pieces_know_all_that_is_over_them(start: int, length: int, spans: list[tuple[int, int]]) -> None:
    """However spans overlap, nest or stick out, pieces make up the block, each under the same spans throughout."""
    block = Block("paragraph", start, start + length)
    made = [Span(first, first + size, str(number)) for number, (first, size) in enumerate(spans)]
    pieces = cut(block, made)
    assert [piece.start for piece in pieces] == [block.start, *(piece.end for piece in pieces[:-1])]
    assert pieces[-1].end == block.end
    for piece in pieces:
        for at in range(piece.start, piece.end):
            assert set(piece.keys) == {span.key for span in made if span.start <= at < span.end}
    whole = frozenset(span.key for span in made)
    covered = {at for s in made for at in range(max(s.start, block.start), min(s.end, block.end))}
    assert coverage(pieces, whole) == (len(covered), length)


@given(
    st.text(max_size=60),
    st.sampled_from(["a@b.nl", "jan.de-vries+x@a-b.example.org", "é@ü.nl"]),
    st.text(max_size=60),
)
def test_an_address_is_replaced_wherever_it_stands(before: str, address: str, after: str) -> None:
    """The length stays, and no address is found in what is left."""
    text = f"{before} {address} {after}"
    blanked = blank_addresses(text)
    assert len(blanked.text) == len(text)
    assert address not in blanked.text
    assert list(blank_addresses(blanked.text).addresses) == []


# The page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_the_whole_text_with_its_claims(client: FlaskClient, source: Source, language: str) -> None:
    """Every block is there word for word, every phrase names its claims, every claim has a card and a way back."""
    reading, text = page(client, f"/source/so2?lang={language}")
    sign = {"nl": "[e-mailadres]", "en": "[e-mail address]"}[language]
    claims = {claim.anchor for claim in source.claims}
    expected = [
        (
            sign if piece.address else source.text[piece.start : piece.end],
            tuple(key for key in piece.keys if key in claims),
        )
        for _, pieces in source.blocks
        for piece in pieces
    ]
    assert [(words, over) for words, over, _ in reading.runs] == expected
    assert set(reading.cards) == claims
    assert set(reading.refs) == {f"{anchor}-text" for anchor in claims}
    assert reading.fragments - {"content"} <= set(reading.ids)
    assert len(set(reading.ids)) == len(reading.ids)
    assert {one.anchor for one in source.mentions} <= set(reading.ids)
    assert found_in(text.encode()) == 0
    assert '<div class="words" lang="nl">' in text if language == "en" else '<div class="words">' in text


def test_lines_say_how_certain(client: FlaskClient, source: Source) -> None:
    """A phrase has the lines of exactly the modalities of its claims, and its number says a word."""
    reading, _ = page(client, "/source/so2?lang=nl")
    modality = {claim.anchor: claim.modality for claim in source.claims}
    for _, claims, lines in reading.runs:
        assert set(lines) == {f"m-{modality[claim]}" for claim in claims}
        assert len(lines) == len(set(lines))
    assert reading.refs["F16-text"] == "F16 gepland"
    assert reading.refs["F47-text"] == "F47 gehoopt"
    assert reading.refs["F23-text"] == "F23 gesteld"
    assert max(len(set(lines)) for _, _, lines in reading.runs) == 2


def test_a_card_says_what_the_claim_says(client: FlaskClient) -> None:
    """The sentence in the reader's language, the certainty, the time, the note, Turtle, and no address."""
    for language, words in {
        "nl": [
            "F16",
            "gepland",
            "2018",
            "stappen voor 2018",
            "werkt rond",
            "is een plan",
            "Alles over uitspraak F16",
        ],
        "en": ["F16", "planned", "2018", "steps for 2018", "works around", "is a plan", "All about claim F16"],
    }.items():
        reading, text = page(client, f"/source/so2?lang={language}")
        card = " ".join("".join(reading.cards["F16"]).split())
        for word in words:
            assert word in card, word
        assert "id:plan-2018 so2:worksAround id:assen , id:groningen ." in card
        turtle = unescape(re.findall(r'id="F16".*?<pre[^>]*><code>(.*?)</code>', text, re.DOTALL)[0])
        graph = rdflib.Graph().parse(data=turtle, format="turtle")
        assert {str(o) for o in graph.objects(None, rdflib.URIRef(f"{CANONICAL_BASE}def#worksAround"))} == {
            f"{CANONICAL_BASE}id/{place}" for place in ("assen", "groningen")
        }
        assert f'href="/doc/claim-f16?lang={language}"' in text
    hidden = "".join(page(client, "/source/so2?lang=nl")[0].cards["F35"])
    assert "Deze uitspraak noemt een e-mailadres" in hidden
    assert "hasEmail" not in hidden


def test_the_legend_counts_and_filters(client: FlaskClient, source: Source) -> None:
    """Each modality with its number; following one shows those claims only, and leaves the text whole."""
    whole, text = page(client, "/source/so2?lang=nl")
    labels = {"gesteld": 37, "in ontwikkeling": 3, "gepland": 3, "geprobeerd": 1, "beoogd": 7, "gehoopt": 1}
    for label, count in (labels | {"afgeleid": 5}).items():
        assert re.search(rf'>{label}</span> <span class="number">{count}</span>', text), label
    for asked in (("planned",), ("intended", "hoped")):
        address = "/source/so2?lang=en&" + "&".join(f"modality={one}" for one in asked)
        reading, text = page(client, address)
        left = {claim.anchor for claim in source.claims if claim.modality in asked}
        assert set(reading.cards) == left
        assert {claim for _, claims, _ in reading.runs for claim in claims} == left
        assert "".join(words for words, _, _ in reading.runs).replace("[e-mail address]", "") == "".join(
            words for words, _, _ in whole.runs
        ).replace("[e-mailadres]", "")
        assert f"Shown: {len(left)} of 57 claims." in text
        assert text.count('aria-current="true"') == len(asked)
    assert [m for m in MODALITIES if f"modality={m}&amp;lang=en" in text] == list(MODALITIES)


@pytest.mark.parametrize("address", ["/source/so2?modality=certain", "/source/so2.json?modality=<b>"])
def test_a_modality_that_is_none_is_refused(client: FlaskClient, address: str) -> None:
    response = client.get(address)
    assert (response.status_code, response.content_type) == (400, "application/problem+json")
    problem = response.get_json()
    assert problem["parameter"] == "modality"
    assert "stated" in problem["mend"]


def test_a_claim_in_the_address_is_lit(client: FlaskClient) -> None:
    """Its phrases, its number and its card, and nothing else; one that is not there is said to be none."""
    _, text = page(client, "/source/so2?claim=F16&lang=nl")
    lit = re.findall(r'class="([^"]*\blit\b[^"]*)"', text)
    assert lit
    assert all("c-F16" in classes.split() for classes in lit)
    assert {word for classes in lit for word in classes.split() if word in ("phrase", "ref", "claim")} == {
        "phrase",
        "ref",
        "claim",
    }
    assert 'data-lit="F16"' in text
    _, text = page(client, "/source/so2?claim=F99<b>&lang=nl")
    assert "Op deze tekst rust geen uitspraak F99&lt;b&gt;." in text
    assert not re.findall(r'class="[^"]*\blit\b', text)


def test_without_a_script_the_style_lights_both(client: FlaskClient, source: Source) -> None:
    """One rule for each claim and mention, for either of its fragments; nothing but names from anchors is in it."""
    response = client.get("/source/so2.css")
    assert (response.status_code, response.content_type) == (200, "text/css; charset=utf-8")
    text = response.get_data(as_text=True)
    for one in source.attestations:
        assert f":has(:is(#{one.anchor}, #{one.anchor}-text):target) .c-{one.anchor} {{" in text
    assert not set(re.findall(r"[#.]([\w-]+)", text)) - {
        *(part for o in source.attestations for part in (o.anchor, f"{o.anchor}-text", f"c-{o.anchor}")),
        *("followed", "claim"),
    }
    assert '<link rel="stylesheet" href="/source/so2.css">' in page(client, "/source/so2")[1]


# The other forms


def test_the_text_by_itself(client: FlaskClient, source: Source) -> None:
    """`/source/so2.txt`, by suffix, `format=` and Accept: the same bytes, as long as the original."""
    ways: list[tuple[str, dict[str, str]]] = [
        ("/source/so2.txt", {}),
        ("/source/so2?format=txt", {}),
        ("/source/so2", {"Accept": "text/plain"}),
    ]
    for address, headers in ways:
        response = client.get(address, headers=headers)
        assert (response.status_code, response.content_type) == (200, "text/plain; charset=utf-8")
        assert response.get_data(as_text=True) == source.text
        assert response.headers["Content-Language"] == "nl"
        assert 'rel="canonical"' in response.headers["Link"]
        assert found_in(response.data) == 0
    assert client.get("/source/so2", headers={"Accept": "image/png"}).status_code == 406


def test_the_document_for_programs(client: FlaskClient, source: Source) -> None:
    """Phrases with their claims, positions that count in the text beside them, and how much is covered."""
    response = client.get("/source/so2.json")
    assert (response.status_code, response.content_type) == (200, "application/json")
    assert found_in(response.data) == 0
    found: dict[str, Any] = json.loads(response.data)
    assert found["type"] == "AnnotationPage"
    assert (found["text"], found["complete"], found["astray"]) == (source.text, True, [])
    assert found["covered"] == {"characters": source.coverage[0], "of": source.coverage[1]}
    items = {item["identifier"]: item for item in found["items"]}
    assert len(items) == 57 + 48
    reached = {name for phrase in found["phrases"] for name in (*phrase["claims"], *phrase["mentions"])}
    assert reached == set(items)
    for item in items.values():
        (target,) = item["target"]
        position, *quotes = target["selector"]
        start, end = position["start"], position["end"]
        hides = any(row["start"] < end and row["end"] > start for row in found["blanked"])
        assert len(quotes) == (0 if hides else 1)
        for quote in quotes:
            assert found["text"][start:end] == quote["exact"]
            assert found["text"][:start].endswith(quote["prefix"])
            assert found["text"][end:].startswith(quote["suffix"])
            assert "·" not in quote["prefix"] + quote["suffix"]
        assert item["page"] == f"http://localhost/source/so2#{item['identifier']}"
    assert [name for name, item in items.items() if "body" not in item] == ["F35", "M-em1", "F43", "M-em2"]


ANNO = {
    "oa": OA,
    "id": {"@id": "@id", "@type": "@id"},
    "type": {"@id": "@type", "@type": "@vocab"},
    "Annotation": "oa:Annotation",
    "AnnotationPage": "https://www.w3.org/ns/activitystreams#OrderedCollectionPage",
    "TextPositionSelector": "oa:TextPositionSelector",
    "TextQuoteSelector": "oa:TextQuoteSelector",
    "items": {
        "@id": "https://www.w3.org/ns/activitystreams#items",
        "@type": "@id",
        "@container": "@list",
    },
    "label": "http://www.w3.org/2000/01/rdf-schema#label",
    "language": "http://purl.org/dc/elements/1.1/language",
    "body": {"@type": "@id", "@id": "oa:hasBody"},
    "target": {"@type": "@id", "@id": "oa:hasTarget"},
    "source": {"@type": "@id", "@id": "oa:hasSource"},
    "selector": {"@type": "@id", "@id": "oa:hasSelector"},
    "exact": "oa:exact",
    "prefix": "oa:prefix",
    "suffix": "oa:suffix",
    "start": {"@type": XSD + "nonNegativeInteger", "@id": "oa:start"},
    "end": {"@type": XSD + "nonNegativeInteger", "@id": "oa:end"},
}
"""The terms of the W3C context (http://www.w3.org/ns/anno.jsonld) that the document uses."""


def test_its_items_are_web_annotations(client: FlaskClient, session: Session) -> None:
    """Read with the W3C context, it says of each claim the statements, modality, years and place of the graph."""

    def load(url: str, options: object) -> dict[str, object]:
        assert url == CONTEXT
        return {
            "contentType": "application/ld+json",
            "contextUrl": None,
            "documentUrl": url,
            "document": {"@context": ANNO},
        }

    text = jsonld.to_rdf(
        json.loads(client.get("/source/so2.json").data),
        {"format": "application/n-quads", "documentLoader": load},
    )
    said = rdflib.Graph().parse(data=text, format="nt")
    oa = rdflib.Namespace(OA)
    graph = rdflib.Dataset()
    graph.parse(ROOT / "data" / "so2" / "claims.trig", format="trig")
    known = graph.graph(rdflib.URIRef(f"{CANONICAL_BASE}graph/so2/claims"))
    for predicate in (
        f"{CANONICAL_BASE}def#modality",
        f"{CANONICAL_BASE}def#validYear",
        f"{CANONICAL_BASE}def#validTime",
    ):
        iri = rdflib.URIRef(predicate)
        assert set(said.subject_objects(iri)) == set(known.subject_objects(iri))

    def bodies(of: rdflib.Graph) -> set[tuple[str, ...]]:
        parts = [rdflib.URIRef(RDF + name) for name in ("subject", "predicate", "object")]
        return {
            (str(claim), *(str(of.value(body, part)) for part in parts))
            for claim, body in of.subject_objects(oa.hasBody)
            if of.value(claim, oa.hasTarget) is not None
        }

    def places(of: rdflib.Graph) -> set[tuple[str, int, int]]:
        return {
            (str(claim), int(str(of.value(selector, oa.start))), int(str(of.value(selector, oa.end))))
            for claim, target in of.subject_objects(oa.hasTarget)
            for selector in of.objects(target, oa.hasSelector)
            if of.value(selector, oa.start) is not None
        }

    assert bodies(said) == bodies(known)
    assert places(said) == places(known)
    assert len(places(said)) == 105
    assert not any("so2.json#" in str(term) for triple in said for term in triple)


# What is not there, and what cannot be trusted


@pytest.mark.parametrize("name", ["so3", "so2-page", "so2.pdf", "so2/x", "..%2F..%2Fcatalog", "x" * 500, "%3Cb%3E"])
def test_another_name_is_not_found_with_what_there_is(client: FlaskClient, name: str) -> None:
    response = client.get(f"/source/{name}")
    assert (response.status_code, response.content_type) == (404, "application/problem+json")
    assert "so2" in response.get_json()["near"]
    html = client.get(f"/source/{name}", headers=BROWSER)
    assert html.status_code == 404
    assert "Did you mean so2?" in html.get_data(as_text=True)


def test_a_file_is_one_of_the_bundle(session: Session, bundle: Bundle, tmp_path: Path) -> None:
    """The graph names `sources/so2-page.txt`; with another text in that place, or none, there is no such source."""
    assert list(documents(session, bundle.data)) == ["so2"]
    folder = tmp_path / "sources"
    folder.mkdir()
    assert documents(session, tmp_path) == {}
    (folder / "so2-page.txt").write_text("another text", encoding="utf-8")
    assert documents(session, tmp_path) == {}
    with pytest.raises(NotFound):
        read_source(session, tmp_path, "so2")


def test_it_is_cut_where_there_is_too_much_and_says_so(settings: Settings, bundle: Bundle) -> None:
    """With `max_page_rows=20`, twenty places are shown, in the order of the text, and the page tells so."""
    few = create_app(replace(settings, max_page_rows=20), bundle).test_client()
    reading, text = page(few, "/source/so2?lang=nl")
    assert "deze pagina toont de eerste 20 vindplaatsen" in text
    assert 0 < len(reading.cards) <= 20
    assert json.loads(few.get("/source/so2.json").data)["complete"] is False
    whole = create_app(replace(settings, max_page_rows=105), bundle).test_client()
    assert "toont de eerste" not in page(whole, "/source/so2?lang=nl")[1]


def test_private_contact_changes_nothing_here(settings: Settings, bundle: Bundle, client: FlaskClient) -> None:
    """The page never shows an address, so that with `contact=private` it is the same."""
    private = create_app(replace(settings, contact="private"), bundle).test_client()
    for address in ("/source/so2.json", "/source/so2.txt", "/source/so2?lang=nl"):
        assert private.get(address, headers=BROWSER).data == client.get(address, headers=BROWSER).data


def test_headings_are_in_order_and_links_lead_somewhere(client: FlaskClient) -> None:
    """One h1, no level is left out; every link below the service answers."""
    reading, text = page(client, "/source/so2?lang=en")
    assert reading.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(reading.headings, reading.headings[1:], strict=False))
    for link in sorted(links_of(text, "", "http://localhost/source/so2?lang=en")):
        response = client.get(link.removeprefix("http://localhost"), headers=BROWSER)
        assert response.status_code in (200, 303), link
