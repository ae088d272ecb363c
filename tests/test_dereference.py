"""Every thing of the graph in every format and profile, with its links; and things that no other test has."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote

import pyoxigraph as ox
import pytest
import rdflib
from flask.testing import FlaskClient
from rdflib.compare import isomorphic
from werkzeug.test import TestResponse

from so2graph.config import Settings
from so2graph.engine.generations import Folder, Manifest
from so2graph.engine.staging import Staged
from so2graph.engine.store import Quad, parse_text
from so2graph.formats import GRAPH_FORMATS, HTML, Format
from so2graph.publish.statements import STATEMENT_COLUMNS
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, RDF, RDFS, Blank, Iri, Literal, Names, Term
from so2graph.web.app import create_app
from so2graph.web.linking import LINKSET_FORMATS
from so2graph.web.profiles import PROFILES, STATEMENT_FORMATS, Profile
from tests.conftest import Ask
from tests.test_web import BROWSER, addresses, read_rdf

ID = f"{CANONICAL_BASE}id/"
NAMES = Names(CANONICAL_BASE)
CASES = [(profile, fmt) for profile in PROFILES for fmt in profile.formats]
KINDS = (
    "luuk-duursma",
    "so-netwerk-noord-nederland",
    "gemeente-groningen",
    "report-research-social-enterprises",
    "social-impact-day",
    "groningen",
    "theme-social-enterprises",
    "claim-f42",
    "so2-page",
    "catalog",
)
"""Things of every kind."""


def case_id(value: object) -> str:
    return value.name if isinstance(value, Profile | Format) else str(value)


@pytest.fixture(scope="module")
def things(ask: Ask) -> list[str]:
    """The part after `id/` of every IRI there that a graph speaks of; what is reached by name only is not shown."""
    rows = ask(
        f"SELECT DISTINCT ?x {{ GRAPH ?g {{ {{ ?x ?p ?o }} UNION {{ ?s ?p ?x }} }} "
        f'FILTER(?g != g:so2\\/contact && isIRI(?x) && STRSTARTS(STR(?x), "{ID}")) }} ORDER BY ?x'
    )
    return [str(row["x"]).removeprefix(ID) for row in rows]


def address(local: str, fmt: Format, profile: Profile) -> str:
    """How a representation is asked for by its address alone."""
    suffix = "" if fmt is HTML else f".{fmt.suffix}"
    return f"/doc/{quote(local)}{suffix}" + ("" if profile is PROFILES[0] else f"?_profile={profile.name}")


def read(response: TestResponse, fmt: Format) -> set[tuple[Term, Iri, Term, Iri | None]]:
    """The statements of a table or of RDF."""
    if fmt not in STATEMENT_FORMATS:
        return set(parse_text(response.data, fmt, CANONICAL_BASE))
    text = response.data.decode()
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter="," if fmt.name == "csv" else "\t"))
    assert tuple(rows[0]) == STATEMENT_COLUMNS
    assert text.endswith("\r\n" if fmt.name == "csv" else "\n")
    return set(map(_quad, rows[1:]))


def _quad(row: list[str]) -> Quad:
    graph, subject, predicate, obj, kind, datatype, language, *_ = row
    objects: dict[str, Term] = {"iri": Iri(obj), "blank": Blank(obj[2:]), "literal": Literal(obj, language, datatype)}
    if not language:
        objects["literal"] = Literal(obj, None, datatype)
    first = Blank(subject[2:]) if subject.startswith("_:") else Iri(subject)
    return first, Iri(predicate), objects[kind], Iri(graph) if graph else None


def canonical(quads: Iterable[Quad], *, graphs: bool) -> str:
    """The statements as canonical N-Quads (RDFC-1.0), with or without the graphs where they stand."""

    def node(term: Term) -> ox.NamedNode | ox.BlankNode | ox.Literal:
        if isinstance(term, Literal):
            return (
                ox.Literal(term.value, language=term.language)
                if term.language
                else ox.Literal(term.value, datatype=ox.NamedNode(term.datatype))
            )
        return ox.NamedNode(term.value) if isinstance(term, Iri) else ox.BlankNode(term.value)

    dataset = ox.Dataset()
    for s, p, o, g in quads:
        graph = ox.NamedNode(g.value) if graphs and g is not None else ox.DefaultGraph()
        dataset.add(ox.Quad(node(s), ox.NamedNode(p.value), node(o), graph))  # type: ignore[arg-type]  # no literal
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return "\n".join(sorted(map(str, dataset)))


def links(response: TestResponse) -> list[dict[str, str]]:
    """The links of the header (RFC 8288, 3), each with its target as `href`."""
    text, found = response.headers["Link"], []
    assert len(text.encode("ascii")) <= 4096
    while text:
        link = re.match(r'<([^<>"\s]*)>((?:; [a-z*]+="[^"]*")*)(?:, |$)', text)
        assert link, text
        found.append({"href": link[1]} | dict(re.findall(r'; ([a-z*]+)="([^"]*)"', link[2])))
        text = text[link.end() :]
    return found


def without_language(body: bytes) -> bytes:
    """A page without the link to the other language, which keeps what was asked for; or another body."""
    return re.sub(rb'(hreflang="en" lang="en" href=")[^"]*', b"", body)


def follow(client: FlaskClient, href: str) -> TestResponse:
    """What is at an address of the service, or at an IRI below the base."""
    path = "/" + href.removeprefix("http://localhost/").removeprefix(CANONICAL_BASE)
    return client.get(path, follow_redirects=True)


@pytest.mark.no_cover
def test_everything_below_id_is_described(client: FlaskClient, things: list[str]) -> None:
    """Each IRI, those with a fragment as well, has a description in which it is spoken of, without an address."""
    assert len(things) > 800
    for local in things:
        response = client.get(f"/doc/{quote(local)}.nt")
        assert (response.status_code, response.content_type) == (200, "application/n-triples"), local
        assert f"<{ID}{local}>" in response.get_data(as_text=True)
        assert addresses(response) == 0, local


@pytest.mark.no_cover
@pytest.mark.parametrize("profile", PROFILES, ids=case_id)
def test_every_thing_is_the_same_in_every_format_of_a_profile(
    client: FlaskClient, things: list[str], profile: Profile
) -> None:
    """Whatever the profile, all formats say the same; those with graphs say the same of the graphs.

    Of each thing rdflib reads one as well, and the tag of that answers 304: of the next thing it is the next format.
    """
    formats = [fmt for fmt in profile.formats if fmt is not HTML]
    read_too = [fmt for fmt in formats[1:] if fmt not in STATEMENT_FORMATS]
    for turn, local in enumerate(name for name in things if "#" not in name):
        reference = read(client.get(address(local, formats[0], profile)), formats[0])
        assert reference or (profile.name == "network" and local.startswith(("mapping/", "run/"))), local
        triples = canonical(reference, graphs=False)
        named: set[str] = set()
        for at, fmt in enumerate(formats[1:]):
            response = client.get(address(local, fmt, profile))
            assert (response.status_code, response.content_type) == (200, fmt.content_type)
            assert addresses(response) == 0, (local, fmt.name)
            found = read(response, fmt)
            assert canonical(found, graphs=False) == triples, (local, fmt.name)
            if at == turn % (len(formats) - 1):
                again = {"If-None-Match": response.headers["ETag"]}
                assert client.get(address(local, fmt, profile), headers=again).status_code == 304
            if fmt in read_too and fmt is read_too[turn % len(read_too)]:
                assert len(read_rdf(response.data, fmt)) == triples.count("\n") + bool(triples)
            if fmt.name in ("trig", "nquads", "csv", "tsv"):
                named.add(canonical(found, graphs=True))
        assert len(named) <= 1, local


@pytest.mark.no_cover
@pytest.mark.parametrize(("profile", "fmt"), CASES, ids=case_id)
def test_a_representation_is_what_it_says(client: FlaskClient, profile: Profile, fmt: Format) -> None:
    """By address and by headers the same bytes; HEAD has the headers of GET; 304 to who has it; rdflib reads it."""
    for local in KINDS:
        path = address(local, fmt, profile)
        response = client.get(path)
        iri = profile.iri(CANONICAL_BASE)
        assert (response.status_code, response.content_type) == (200, fmt.content_type), path
        assert response.headers["Content-Profile"] == f"<{iri}>"
        assert {"href": iri, "rel": "profile"} in links(response)
        assert {"Accept", "Accept-Profile", "Accept-Language"} <= set(response.headers["Vary"].split(", "))
        head = client.head(path)
        skipped = ("Server-Timing",)
        assert head.data == b""
        assert [row for row in head.headers if row[0] not in skipped] == [
            row for row in response.headers if row[0] not in skipped
        ]
        assert client.get(path, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
        asked = {"Accept": fmt.media_type, "Accept-Profile": f"<{iri}>"}
        negotiated = client.get(f"/doc/{local}", headers=asked)
        assert without_language(negotiated.data) == without_language(response.data)
        assert negotiated.headers["ETag"] != response.headers["ETag"]
        assert addresses(response) == 0
    if fmt in GRAPH_FORMATS:
        reference = (
            read_rdf(client.get(address(KINDS[0], GRAPH_FORMATS[0], profile)).data, GRAPH_FORMATS[0])
            if GRAPH_FORMATS[0] in profile.formats
            else None
        )
        graph = read_rdf(client.get(address(KINDS[0], fmt, profile)).data, fmt)
        assert reference is None or isomorphic(graph, reference)


@pytest.mark.parametrize("local", KINDS)
def test_every_link_leads_to_what_it_announces(client: FlaskClient, local: str) -> None:
    """Each target in the header answers, with the media type and profile that the link has; the page has the same."""
    page = client.get(f"/doc/{local}")
    found = links(page)
    rels = {link["rel"] for link in found}
    assert {"cite-as", "canonical", "describedby", "type", "license", "linkset", "alternate", "profile"} <= rels
    assert [link["href"] for link in found if link["rel"] == "cite-as"] == [f"{ID}{local}"]
    assert "https://schema.org/AboutPage" in [link["href"] for link in found if link["rel"] == "type"]
    for link in found:
        if not link["href"].startswith(("http://localhost/", CANONICAL_BASE)):
            continue
        target = follow(client, link["href"])
        assert target.status_code == 200, link
        assert "type" not in link or target.mimetype == link["type"]
        if "profile" in link:
            assert target.headers["Content-Profile"] == f"<{link['profile']}>"
        if link["rel"] == "describedby":
            describes = [row["href"] for row in links(target) if row["rel"] == "describes"]
            assert describes == [f"http://localhost/doc/{local}"]
    html = page.get_data(as_text=True)
    elements = re.findall(r'<link rel="([a-z-]+)"(?: type="([^"]*)")? href="([^"]*)">', html)
    shown = {(rel, href.replace("&amp;", "&")) for rel, _, href in elements if rel not in ("stylesheet", "icon")}
    assert shown == {
        (link["rel"], link["href"].replace("http://localhost", "")) for link in found if link["rel"] != "profile"
    }


@pytest.mark.parametrize("local", KINDS)
def test_the_link_set_has_every_representation(client: FlaskClient, local: str) -> None:
    """Both forms of RFC 9264 say the same: all links of the page, and for each representation what it describes."""
    json_answer, text_answer = (
        client.get(f"/doc/{local}/linkset", headers={"Accept": f.media_type}) for f in LINKSET_FORMATS
    )
    assert json_answer.content_type == "application/linkset+json"
    assert text_answer.content_type == "application/linkset"
    contexts = json.loads(json_answer.data)["linkset"]
    page = contexts[0]
    assert page["anchor"] == f"http://localhost/doc/{local}"
    offered = {(link["href"], link["type"], *link["profile"]) for link in page["alternate"]}
    assert len(offered) == len(CASES) - 1
    assert {context["anchor"] for context in contexts[1:]} == {href for href, _, _ in offered}
    assert all(context["describes"][0]["href"] == page["anchor"] for context in contexts[1:])
    flat = {
        (context["anchor"], rel, link["href"])
        for context in contexts
        for rel, targets in context.items()
        if rel != "anchor"
        for link in targets
    }
    rows = [row.rstrip(",") for row in text_answer.get_data(as_text=True).splitlines()]
    assert {
        (re.findall(r'anchor="([^"]*)"', row)[0], re.findall(r'rel="([^"]*)"', row)[0], row[1 : row.index(">")])
        for row in rows
    } == flat


@pytest.mark.parametrize("fmt", [f for f in CASES if f[0] is PROFILES[0]], ids=lambda case: case[1].name)
def test_a_format_can_be_asked_for_in_every_way(client: FlaskClient, fmt: tuple[Profile, Format]) -> None:
    """By suffix, `format=`, `_mediatype=` and by Accept with q-values."""
    one = fmt[1]
    bodies = {
        client.get(address("alescon", one, PROFILES[0])).data,
        client.get(f"/doc/alescon?format={one.suffix}").data,
        client.get(f"/doc/alescon?_mediatype={quote(one.media_type)}").data,
        client.get("/doc/alescon", headers={"Accept": f"image/png, {one.media_type};q=0.5, text/x;q=0.9"}).data,
    }
    assert len(set(map(without_language, bodies))) == 1


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/doc/alescon", {"Accept-Profile": "<https://schema.org/>"}, ("schema.org", "application/ld+json")),
        ("/doc/alescon?_profile=https://schema.org/", {}, ("schema.org", "application/ld+json")),
        ("/doc/alescon?_profile=summary", {"Accept-Profile": "<https://schema.org/>"}, ("summary", "text/turtle")),
        (
            "/doc/alescon",
            {"Accept-Profile": "<http://x/none>, <%sdef/profile/graphs>;q=0.9, <%sdef/profile/summary>;q=0.4"},
            ("graphs", "application/trig"),
        ),
        (
            "/doc/alescon",
            {
                "Accept-Profile": "<%sdef/profile/graphs>;q=0.9, <%sdef/profile/summary>;q=0.4",
                "Accept": "text/turtle",
            },
            ("summary", "text/turtle"),
        ),
        ("/doc/alescon?_profile=nothing,network", {}, ("network", "text/turtle")),
        ("/doc/alescon", {"Accept-Profile": "nonsense"}, ("full", "text/html")),
    ],
)
def test_the_profile_is_negotiated(
    client: FlaskClient, path: str, headers: dict[str, str], expected: tuple[str, str]
) -> None:
    """By token, by IRI, by header with q-values; the address wins, and a profile without the format gives way."""
    sent = {name: value.replace("%s", CANONICAL_BASE) for name, value in headers.items()}
    response = client.get(path, headers=sent)
    assert response.status_code == 200
    assert response.headers["Content-Profile"] == f"<{CANONICAL_BASE}def/profile/{expected[0]}>"
    assert response.mimetype == expected[1]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/doc/alescon?_profile=nothing", {}),
        ("/doc/alescon", {"Accept-Profile": "<http://x/none>"}),
        ("/doc/alescon", {"Accept-Profile": f"<{CANONICAL_BASE}def/profile/full>;q=0"}),
        ("/doc/alescon.ttl?_profile=graphs", {}),
        ("/doc/alescon?_profile=summary", {"Accept": "text/html"}),
    ],
)
def test_what_is_not_there_is_refused_with_what_there_is(
    client: FlaskClient, path: str, headers: dict[str, str]
) -> None:
    """406 as a problem document that lists the choices."""
    response = client.get(path, headers=headers)
    if headers.get("Accept") == "text/html":
        assert response.status_code == 406
        return
    assert (response.status_code, response.content_type) == (406, "application/problem+json")
    assert response.get_json(force=True)["available"]


def test_the_profiles_are_described_under_their_iris(client: FlaskClient) -> None:
    """As a page in both languages, and as RDF with token, title and description."""
    for profile in PROFILES:
        path = f"/def/profile/{profile.name}"
        for language in ("nl", "en"):
            html = client.get(path, headers=BROWSER | {"Accept-Language": language}).get_data(as_text=True)
            assert profile.about(language) in html
        graph = rdflib.Graph().parse(data=client.get(path, headers={"Accept": "text/turtle"}).data, format="turtle")
        iri = rdflib.URIRef(profile.iri(CANONICAL_BASE))
        token = graph.value(iri, rdflib.URIRef("http://www.w3.org/ns/dx/prof/hasToken"))
        assert str(token) == profile.name
    missing = client.get("/def/profile/nothing")
    assert (missing.status_code, missing.content_type) == (404, "application/problem+json")


def test_the_names_of_all_that_is_mentioned_are_there(client: FlaskClient, ask: Ask) -> None:
    """In `full` each neighbour, class and property that has a label somewhere among facts or terms has it here."""
    rows = ask(
        "SELECT DISTINCT ?x { GRAPH ?g { ?x rdfs:label|skos:prefLabel|dcterms:title ?l } "
        "FILTER(?g NOT IN (g:so2\\/planned, g:so2\\/hoped, g:so2\\/intended)) }"
    )
    named = {str(row["x"]) for row in rows}
    labels = {f"{RDFS}label", "http://www.w3.org/2004/02/skos/core#prefLabel", "http://purl.org/dc/terms/title"}
    for local in KINDS:
        quads = set(parse_text(client.get(f"/doc/{local}.nt").data, GRAPH_FORMATS[1], CANONICAL_BASE))
        mentioned = {t.value for q in quads for t in q[:3] if isinstance(t, Iri)}
        here = {str(s) for s, p, _, _ in quads if p.value in labels}
        assert mentioned & named <= here, local


def test_a_plan_is_nowhere_a_fact(client: FlaskClient) -> None:
    """What is intended stands plainly in the profile by graph alone, and there in the graph of intentions."""
    network, connects = Iri(f"{ID}so-netwerk-noord-nederland"), Iri(NAMES.term("connects"))
    for profile in PROFILES:
        fmt = next(f for f in profile.formats if f.name == "nquads")
        quads = read(client.get(address("so-netwerk-noord-nederland", fmt, profile)), fmt)
        plain = {str(g) for s, p, _, g in quads if (s, p) == (network, connects)}
        assert plain == ({NAMES.graph("so2/intended")} if profile.name == "graphs" else set()), profile.name
    quads = read(client.get("/doc/so-netwerk-noord-nederland.nq?_profile=network"), GRAPH_FORMATS[5])
    ties = {s for s, p, o, _ in quads if (p.value, o) == (f"{RDF}predicate", connects)}
    modality = {o for s, p, o, _ in quads if s in ties and p.value == NAMES.term("modality")}
    assert ties
    assert modality == {Iri(NAMES.term("intended"))}


SCHEMA_TYPES = {
    "luuk-duursma": "Person",
    "alescon": "Organization",
    "gemeente-groningen": "GovernmentOrganization",
    "so2": "Project",
    "social-impact-day": "EventSeries",
    "conferences-2016-2017": "Event",
    "report-research-social-enterprises": "Report",
    "groningen": "City",
    "drenthe": "Place",
    "theme-social-enterprises": "DefinedTerm",
    "so2-page": "WebPage",
    "claim-f42": "Claim",
    "catalog": "DataCatalog",
}


@pytest.mark.parametrize(("local", "kind"), SCHEMA_TYPES.items())
def test_the_page_carries_the_thing_in_schema_org(client: FlaskClient, local: str, kind: str) -> None:
    """The block in the page is the profile's JSON-LD; its type is that of the thing; no reader needs the network."""
    document = json.loads(client.get(f"/doc/{local}.jsonld?_profile=schema.org").data)
    html = client.get(f"/doc/{local}").get_data(as_text=True)
    block = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert [json.loads(text) for text in block] == [document]
    assert "<" not in block[0]
    assert document["@context"] == {"@vocab": "https://schema.org/"}
    assert document["@graph"][0]["@id"] == f"{ID}{local}"
    assert document["@graph"][0]["@type"] == kind
    assert {"href": f"https://schema.org/{kind}", "rel": "type"} in links(client.get(f"/doc/{local}"))
    assert "email" not in json.dumps(document)


def test_any_iri_of_the_graph_is_described(client: FlaskClient) -> None:
    """Those of others as well; ours with the address of its page as canonical, under either host; else 404."""
    foreign = client.get("/doc?iri=http://www.wikidata.org/entity/Q749&format=ttl")
    assert foreign.content_type == "text/turtle; charset=utf-8"
    graph = rdflib.Graph().parse(data=foreign.data, format="turtle")
    assert (rdflib.URIRef(f"{ID}groningen"), rdflib.SKOS.exactMatch) in set(
        graph.subject_predicates(rdflib.URIRef("http://www.wikidata.org/entity/Q749"))
    )
    page = client.get("/doc?iri=http://www.wikidata.org/entity/Q749", headers=BROWSER)
    assert "<h1>" in page.get_data(as_text=True)
    for link in links(page):
        if link["href"].startswith("http://localhost/"):
            target = follow(client, link["href"])
            assert (target.status_code, target.mimetype) == (200, link.get("type", target.mimetype)), link
    for iri in (f"{ID}alescon", "http://localhost/id/alescon"):
        ours = client.get(f"/doc?iri={quote(iri)}", headers={"Accept": "text/turtle"})
        assert ours.data == client.get("/doc/alescon.ttl").data
        canonical_ = [row["href"] for row in links(ours) if row["rel"] == "canonical"]
        assert canonical_ == ["http://localhost/doc/alescon.ttl"]
    for path, status in (("/doc?iri=http://nobody/x", 404), ("/doc?iri=nonsense", 400), ("/doc", 400)):
        problem = client.get(path)
        assert (problem.status_code, problem.content_type) == (status, "application/problem+json")


def test_a_redirect_keeps_what_was_asked(client: FlaskClient) -> None:
    """`/id/x` leads to `/doc/x` with its parameters and its escapes."""
    response = client.get("/id/a%2Fb%20c?_profile=summary&format=nt")
    assert (response.status_code, response.headers["Location"]) == (303, "/doc/a%2Fb%20c?_profile=summary&format=nt")


def made(path: Path, bundle: Bundle, quads: Iterable[Quad], **limits: int | str) -> FlaskClient:
    """A client of a dataset with these quads and no catalogue."""
    settings = Settings.load({}, {"data": path, **limits})
    folder = Folder(settings.data)
    with folder.writing("test"), folder.staging() as place:
        staged = Staged(place / "store", NAMES)
        staged.add(quads)
        staged.refresh_merges()
        counts = staged.counts()
        staged.close()
        graphs = {graph: count for graph, count in counts.items() if graph not in NAMES.derived}
        derived = {graph: count for graph, count in counts.items() if graph in NAMES.derived}
        merges = {name: members for name, members in staged.merges.items() if members != (name,)}
        now = datetime.now(UTC).isoformat(timespec="seconds")
        manifest = Manifest(1, now, "test", CANONICAL_BASE, graphs=graphs, derived=derived, merges=merges)
        folder.publish(place, manifest, 1)
    return create_app(settings, bundle).test_client()


ODD = (
    "a/b",
    "a%2Fb",
    "caf\u00e9",
    "caf%C3%A9",
    "x.ttl",
    "x",
    "y/linkset",
    "y",
    "100%25",
    "q?r",
    "h#i",
    "it's(a)!thing;v=1,2",
    "\u65e5\u672c%20x",
    "linkset",
    "z:1@2~3",
)


def test_odd_names_round_trip(tmp_path: Path, bundle: Bundle) -> None:
    """Each thing is found under its own address, whatever its name, and is told from its neighbours."""
    graph, label = Iri("http://x/g"), Iri(f"{RDFS}label")
    client = made(tmp_path / "data", bundle, [(Iri(ID + name), label, Literal(f"<{name}>"), graph) for name in ODD])
    for name in ODD:
        iri = ID + name
        page = client.get(f"/doc?iri={quote(iri, safe='')}")
        assert page.status_code == 200, name
        (canonical_,) = [row["href"] for row in links(page) if row["rel"] == "canonical"]
        assert canonical_.startswith("http://localhost/doc?" if name == "caf\u00e9" else "http://localhost/doc/"), (
            name
        )
        for link in links(client.get(canonical_.removeprefix("http://localhost"))):
            if not link["href"].startswith("http://localhost/") or link["rel"] in ("collection",):
                continue
            target = client.get(link["href"].removeprefix("http://localhost"))
            assert (target.status_code, target.mimetype) == (200, link.get("type", target.mimetype)), link
            if link["rel"] == "describedby" and link["type"] == "text/turtle":
                found = rdflib.Graph().parse(data=target.data, format="turtle")
                assert (rdflib.URIRef(iri), rdflib.RDFS.label, rdflib.Literal(f"<{name}>")) in found, name


def hub(incoming: int) -> Iterator[Quad]:
    graph, points = Iri("http://x/g"), Iri("http://x/points")
    for number in range(incoming):
        yield Iri(f"http://x/{number}"), points, Iri(f"{ID}hub"), graph
    yield Iri(f"{ID}hub"), Iri("http://x/p"), Iri("http://x/o"), graph


def test_a_hub_is_cut_and_says_so(tmp_path: Path, bundle: Bundle) -> None:
    """A thing with 200,000 statements is described up to the limit, with how many there are and where all are."""
    client = made(tmp_path / "data", bundle, hub(200_000), max_description_triples=1000)
    for profile in PROFILES[:5]:
        fmt = next(f for f in profile.formats if f.name == "nquads")
        response = client.get(address("hub", fmt, profile))
        quads = read(response, fmt)
        assert response.status_code == 200
        assert len(quads) <= 1005, profile.name
        document = Iri("http://localhost/doc/hub")
        about = {re.split("[/#]", p.value)[-1]: o for s, p, o, _ in quads if s == document}
        assert about["primaryTopic"] == Iri(f"{ID}hub")
        if profile.name in ("full", "summary", "graphs"):
            assert len(quads) == 1005
            assert str(about["totalItems"]) == "200001"
    everything = client.get(unquote(str(about["seeAlso"])).replace("http://localhost", "") + "&format=nt")
    assert len(everything.data.splitlines()) == 200_001
    document_ = json.loads(client.get("/doc/hub.jsonld?_profile=schema.org").data)
    assert document_["@graph"][0]["@id"] == f"{ID}hub"
    page = client.get("/doc/hub?lang=en").get_data(as_text=True)
    assert "There is more about this thing than fits this page." in page
    assert len(page) < 2_000_000


def test_one_more_than_the_limit_is_cut(tmp_path: Path, bundle: Bundle) -> None:
    """With as many triples as the limit a description is whole; with one more it is cut."""
    client = made(tmp_path / "data", bundle, hub(19), max_description_triples=20)
    quads = read(client.get("/doc/hub.nq"), GRAPH_FORMATS[5])
    assert len(quads) == 20
    client = made(tmp_path / "more", bundle, hub(20), max_description_triples=20)
    quads = read(client.get("/doc/hub.nq"), GRAPH_FORMATS[5])
    assert len([q for q in quads if q[3] is not None]) == 20
    assert any(p.value.endswith("totalItems") and str(o) == "21" for _, p, o, _ in quads)


def test_blank_nodes_are_closed_in_both_directions(tmp_path: Path, bundle: Bundle) -> None:
    """What hangs on a blank node comes along, however deep; where that is more than the limit, it is said (422)."""
    graph, p = Iri("http://x/g"), Iri("http://x/p")
    chain: list[Quad] = [(Iri(f"{ID}x"), p, Blank("b0"), graph), (Iri("http://x/above"), p, Blank("b1"), graph)]
    chain += [(Blank(f"b{n}"), p, Blank(f"b{n + 1}"), graph) for n in range(6)]
    chain += [(Blank("b6"), p, Literal("end"), graph)]
    client = made(tmp_path / "data", bundle, chain, max_description_triples=10)
    for fmt in GRAPH_FORMATS:
        assert len(read(client.get(f"/doc/x.{fmt.suffix}"), fmt)) == len(chain)
    longer = made(
        tmp_path / "more",
        bundle,
        [*chain, *((Blank("b3"), p, Literal(f"{n}"), graph) for n in range(5))],
        max_description_triples=10,
    )
    problem = longer.get("/doc/x.nt")
    assert (problem.status_code, problem.content_type) == (422, "application/problem+json")
    assert problem.get_json(force=True)["limit"] == 10


def test_two_processes_write_the_same_bytes(settings_env: dict[str, str]) -> None:
    """Nothing in a description goes by the order of a set: every format and profile, whatever the seed of hashes."""
    script = """
import hashlib, os
from so2graph.config import Settings
from so2graph.registry import Bundle
from so2graph.web.app import create_app
from so2graph.web.profiles import PROFILES
settings = Settings.load(os.environ)
client = create_app(settings, Bundle.find(settings.base)).test_client()
for local in ("alescon", "social-impact-day", "claim-f02"):
    for profile in PROFILES:
        for fmt in profile.formats:
            answer = client.get(f"/doc/{local}?format={fmt.name}&_profile={profile.name}")
            body = answer.data + answer.headers["Link"].encode()
            print(local, profile.name, fmt.name, hashlib.sha256(body).hexdigest())
"""
    printed = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=settings_env | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parent.parent,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(printed) == 1
