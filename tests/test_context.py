"""Facts from outside the page: identifiers that were verified and no other, each with a claim and a source."""

from __future__ import annotations

import gzip
import os
import re
from collections import defaultdict
from pathlib import Path

import pytest

from so2graph.engine.snapshot import Snapshot
from so2graph.vocab import Prefixes
from tests.conftest import ROOT, Ask
from tests.test_statements import Described, Quads, read_quads

MATCHES = (
    "skos:exactMatch",
    "skos:closeMatch",
    "skos:relatedMatch",
    "skos:broadMatch",
    "skos:narrowMatch",
    "owl:sameAs",
    "schema:sameAs",
)
GEONAMES, WIKIDATA = "https://sws.geonames.org/{}/", "http://www.wikidata.org/entity/{}"
TGN, EUROVOC = "http://vocab.getty.edu/tgn/{}", "http://eurovoc.europa.eu/{}"
TOOI, OWMS = "https://identifier.overheid.nl/tooi/id/{}", "http://standaarden.overheid.nl/owms/terms/{}"
STW, ROR = "http://zbw.eu/stw/descriptor/{}", "https://ror.org/{}"
WOF = "https://spelunker.whosonfirst.org/id/{}"

VERIFIED: dict[str, dict[str, str]] = {
    "groningen": {GEONAMES: "2755251", WIKIDATA: "Q749", TGN: "7006984", WOF: "101751909"},
    "assen": {GEONAMES: "2759633", WIKIDATA: "Q798", TGN: "7006973", WOF: "101751879"},
    "drenthe": {GEONAMES: "2756631", WIKIDATA: "Q772", EUROVOC: "511", WOF: "85687051"},
    "groningen-province": {GEONAMES: "2755249", WIKIDATA: "Q752", EUROVOC: "1189", WOF: "85687059"},
    "fryslan-province": {GEONAMES: "2755812", WIKIDATA: "Q770", EUROVOC: "1101", WOF: "85687055"},
    "netherlands": {GEONAMES: "2750405", WIKIDATA: "Q55", EUROVOC: "2286", WOF: "85633337"},
    "provincie-drenthe": {TOOI: "provincie/pv22", OWMS: "Drenthe"},
    "provincie-groningen": {TOOI: "provincie/pv20", OWMS: "Groningen_(provincie)"},
    "provincie-fryslan": {TOOI: "provincie/pv21", OWMS: "Fryslan"},
    "gemeente-groningen": {TOOI: "gemeente/gm0014", OWMS: "Groningen_(gemeente)"},
    "gemeente-groningen-2017": {TOOI: "gemeente/gm0014"},
    "gemeente-assen": {TOOI: "gemeente/gm0106"},
    "gemeente-haren": {TOOI: "gemeente/gm0017"},
    "gemeente-ten-boer": {TOOI: "gemeente/gm0009"},
    "werkplein-drentsche-aa": {TOOI: "so/so0620"},
    "snn": {TOOI: "so/so0425"},
    "hanzehogeschool-groningen": {ROR: "00xqtxw43", WIKIDATA: "Q649163"},
    "gemeente-assen-area": {WOF: "404473805"},
    "gemeente-groningen-2017-area": {WOF: "404473713"},
    "gemeente-haren-area": {WOF: "404473717"},
    "gemeente-ten-boer-area": {WOF: "404473709"},
    "theme-social-enterprises": {EUROVOC: "c_5f90006e"},
    "theme-csr": {EUROVOC: "7942", STW: "25822-5", WIKIDATA: "Q218600"},
    "theme-circular-goals": {EUROVOC: "c_1138d9d2", WIKIDATA: "Q497743"},
    "theme-inclusive-labour-market": {EUROVOC: "1802 4700", STW: "11389-5", WIKIDATA: "Q233493"},
    "theme-inclusive-society": {EUROVOC: "1469", STW: "16615-4", WIKIDATA: "Q3149923"},
    "theme-social-impact": {EUROVOC: "7131", STW: "10991-6"},
    "theme-social-entrepreneurship": {EUROVOC: "3082 3542", STW: "11825-4"},
}
"""Identifiers per entity that were read in a source; several in one scheme have a space between them."""

UNVERIFIED = (
    OWMS.format("Assen_(gemeente)"),
    "Q1334780",
    "LD01",
    "data.europa.eu/nuts",
    "dd.eionet.europa.eu",
    "dbpedia.org",
    "openstreetmap.org",
    "linkedin.com",
    "NL-KVK",
    "kvk.nl",
    "viaf.org",
    "isni.org",
    "gleif",
    "Q15284",
)
"""Identifiers and schemes that nobody could verify; none may be published."""

UNLINKED = (
    "alescon",
    "de-drentse-zaak",
    "buro-bries",
    "assenvoorassen",
    "mvo-alliantie",
    "social-enterprise-nederland",
    "werkinzicht",
    "luuk-duursma",
    "harry-weitering",
    "noor-van-leeuwen",
    "janwillem-wennekes",
    "freerk-jan-bruins",
    "mvo-nederland",
    "impact-noord",
    "stark",
    "iwerk",
)
"""Organisations and persons for which no identifier is known."""

NAMES_IN_TOOI = {
    "provincie/pv22": "provincie Drenthe",
    "provincie/pv20": "provincie Groningen",
    "provincie/pv21": "provincie Fryslân",
    "gemeente/gm0014": "gemeente Groningen",
    "gemeente/gm0106": "gemeente Assen",
    "gemeente/gm0017": "gemeente Haren",
    "gemeente/gm0009": "gemeente Ten Boer",
    "so/so0620": "Werkplein Drentsche Aa",
    "so/so0425": "Samenwerkingsverband Noord-Nederland",
}
NAMES_IN_WOF = {
    "groningen": "Groningen",
    "assen": "Assen",
    "drenthe": "Drenthe",
    "groningen-province": "Groningen",
    "fryslan-province": "Friesland",
    "netherlands": "Nederland",
}

POINTS = {
    "groningen": ("101751909", "53.222247", "6.565121"),
    "assen": ("101751879", "52.998574", "6.56045"),
    "drenthe": ("85687051", "52.862616", "6.618151"),
    "groningen-province": ("85687059", "53.251788", "6.723353"),
    "fryslan-province": ("85687055", "53.152625", "5.692202"),
    "netherlands": ("85633337", "52.317332", "5.530858"),
}
"""The places with a point: their number in Who's On First, latitude and longitude."""


def _reference(path: str) -> Path:
    """A file of the reference material; skips the test where there is none."""
    folder = Path(os.environ.get("SO2GRAPH_REFERENCE", str(ROOT.parent / "shared" / "reference")))
    if not (folder / path).is_file():
        pytest.skip(f"no reference material: {path} is not in SO2GRAPH_REFERENCE or ../shared/reference")
    return folder / path


@pytest.fixture(scope="session")
def quads(snapshot: Snapshot, prefixes: Prefixes) -> Quads:
    return read_quads(snapshot, prefixes)


@pytest.fixture(scope="session")
def outside(quads: Quads) -> Quads:
    return frozenset(q for q in quads if q.g == "context")


@pytest.fixture(scope="session")
def store(quads: Quads) -> Described:
    return Described(quads)


def _links(quads: Quads) -> dict[str, set[str]]:
    """The identifiers of each entity, from every graph but the vocabulary and the claims."""
    found: dict[str, set[str]] = defaultdict(set)
    for quad in quads:
        if quad.p in MATCHES and quad.o.startswith("http") and quad.g not in ("vocabulary", "so2/claims"):
            found[quad.s.removeprefix("id:")].add(quad.o)
    return dict(found)


def _expected(schemes: dict[str, str]) -> set[str]:
    return {scheme.format(one) for scheme, ids in schemes.items() for one in ids.split()}


def test_the_graph_has_the_verified_identifiers_and_no_other(quads: Quads) -> None:
    """Entities have the identifiers of the table, all of them, and nothing else has one."""
    assert _links(quads) == {name: _expected(schemes) for name, schemes in VERIFIED.items()}


def test_no_unverified_identifier_is_published(quads: Quads) -> None:
    """No statement outside the vocabulary uses an identifier or a scheme that was not verified."""
    published = [q for q in quads if q.g != "vocabulary" and q.p != "dcterms:source"]
    assert not [q for q in published for text in UNVERIFIED if text in q.o or text in q.s]


@pytest.mark.parametrize("name", UNLINKED)
def test_what_has_no_identifier_gets_none(name: str, quads: Quads) -> None:
    """Private organisations and persons are linked to nothing outside: none of them has a known identifier."""
    assert name not in _links(quads)


def test_a_body_is_never_the_same_as_a_place(quads: Quads) -> None:
    """TOOI and OWMS identify bodies; GeoNames, TGN and Wikidata places: no entity has both kinds."""
    for name, links in _links(quads).items():
        bodies = any("overheid.nl" in link for link in links)
        places = any("geonames" in link or "getty" in link for link in links)
        assert not (bodies and places), name


def test_nothing_is_declared_the_same(quads: Quads) -> None:
    """The data has no owl:sameAs: it would merge what the page keeps apart."""
    assert not [q for q in quads if q.p == "owl:sameAs"]


def test_an_identifier_that_fits_less_well_is_a_close_match(quads: Quads) -> None:
    """Drenthe, Assen in Wikidata and the old municipality match closely, not exactly: their extent is not said."""
    close = {(q.s, q.o) for q in quads if q.p == "skos:closeMatch" and q.g != "so2/claims" and "theme" not in q.s}
    assert close == {
        ("id:drenthe", GEONAMES.format("2756631")),
        ("id:drenthe", WIKIDATA.format("Q772")),
        ("id:drenthe", EUROVOC.format("511")),
        ("id:drenthe", WOF.format("85687051")),
        ("id:assen", WIKIDATA.format("Q798")),
        ("id:gemeente-groningen-2017", TOOI.format("gemeente/gm0014")),
        ("id:noord-nederland", "id:nuts-nl1"),
    }


def test_every_outside_fact_has_a_claim_with_a_source(outside: Quads, quads: Quads, store: Described) -> None:
    """Each triple of the context is the body of an outside claim that names a web source and a date, and no more."""
    claims = {q.s for q in quads if q.p == "rdf:type" and q.o == "so2:OutsideClaim"}
    bodies = {body for claim in claims for body in store.bodies(claim)}
    assert bodies == {f"{q.s} {q.p} {q.o}" for q in outside}
    for claim in claims:
        (source,) = store.values(claim, "dcterms:source")
        (created,) = store.values(claim, "dcterms:created")
        assert re.fullmatch(r"https?://\S+", source), claim
        assert re.fullmatch(r'"\d{4}-\d{2}-\d{2}"\^\^xsd:date', created), claim
        assert store.values(claim, "so2:modality") == [], "modality is about what the page says"


@pytest.mark.parametrize(
    ("triple", "source"),
    [
        ("id:so2-page prov:hadPrimarySource https://www.mvoalliantie.nl/sociale-impact-first/", "mvoalliantie.nl"),
        ('id:mvo-alliantie skos:altLabel "MVO-Alliantie Noord-Nederland"@nl', "assenvoorassen.nl"),
        ('id:assenvoorassen skos:altLabel "Stichting AssenvoorAssen"@nl', "hetgezinsblad.nl"),
        (
            "id:report-research-social-enterprises rdfs:seeAlso https://briesgroep.nl/projecten/ser-rapport/",
            "briesgroep.nl",
        ),
        (
            'id:de-drentse-zaak dcterms:description "adviseurs vallen onder Werkplein Drentsche Aa"@nl',
            "nieuwsinassen.nl",
        ),
        ("id:split-alescon-2019 org:originalOrganization id:alescon", "rtvdrenthe.nl"),
        ("id:merger-groningen-2019 org:resultingOrganization id:gemeente-groningen", "herindelingghtb.nl"),
        ('id:werkinzicht skos:altLabel "Werk in Zicht"@nl', "gic.nl"),
        ('id:social-enterprise-nederland skos:altLabel "Social Enterprise NL"@nl', "social-enterprise.nl"),
        ("id:so-netwerk-noord-nederland rdfs:seeAlso id:impact-noord", "g40stedennetwerk.nl"),
        ("id:mvo-nederland owl:differentFrom id:mvo-alliantie", "wikipedia.org"),
    ],
)
def test_what_corroborates_the_page_names_where_it_was_read(
    triple: str,
    source: str,
    outside: Quads,
    quads: Quads,
    store: Described,
) -> None:
    """Each outside fact about the page stands in the context, and its claim names the site it is from."""
    assert triple in {f"{q.s} {q.p} {q.o}" for q in outside}
    claims = [q.s for q in quads if q.p == "rdf:type" and q.o == "so2:OutsideClaim" and triple in store.bodies(q.s)]
    assert [source in store.values(claim, "dcterms:source")[0] for claim in claims] == [True]


def test_the_merger_of_2019_makes_a_new_municipality_out_of_three(ask: Ask) -> None:
    """On 1 January 2019 three municipalities became one, which is a node of its own."""
    rows = ask("""SELECT ?date ?old ?new WHERE { id:merger-groningen-2019 a org:ChangeEvent ; dcterms:date ?date ;
                  org:originalOrganization ?old ; org:resultingOrganization ?new }""")
    assert {str(row["date"]) for row in rows} == {"2019-01-01"}
    assert {str(row["old"]).rpartition("/")[2] for row in rows} == {
        "gemeente-groningen-2017",
        "gemeente-haren",
        "gemeente-ten-boer",
    }
    assert {str(row["new"]).rpartition("/")[2] for row in rows} == {"gemeente-groningen"}


def test_old_and_new_municipality_share_a_code_and_are_two(store: Described, quads: Quads) -> None:
    """Code GM0014 outlived the merger: both bodies have it, only the present one matches TOOI exactly."""
    old, new = "id:gemeente-groningen-2017", "id:gemeente-groningen"
    assert store.values(old, "skos:notation") == store.values(new, "skos:notation") == ['"GM0014"']
    tooi = TOOI.format("gemeente/gm0014")
    assert {q.s for q in quads if q.p == "skos:exactMatch" and q.o == tooi} == {new}
    assert not [q for q in quads if {q.s, q.o} == {old, new}]


def test_alescon_was_split_in_2019(store: Described) -> None:
    """Alescon ended in a change of the same day, with two successors."""
    assert store.values("id:split-alescon-2019", "dcterms:date") == ['"2019-01-01"^^xsd:date']
    assert store.values("id:split-alescon-2019", "org:resultingOrganization") == ["id:iwerk", "id:stark"]


def test_outside_facts_stay_out_of_the_graphs_of_the_page(quads: Quads, outside: Quads) -> None:
    """No triple of the context stands in a graph of what the page says."""
    of_page = {(q.s, q.p, q.o) for q in quads if q.g.startswith("so2/") and q.g != "so2/claims"}
    assert not of_page & {(q.s, q.p, q.o) for q in outside}


@pytest.mark.parametrize("code", sorted(NAMES_IN_TOOI))
def test_a_tooi_identifier_is_in_the_register_under_that_name(code: str) -> None:
    """Each TOOI IRI that we publish exists in the list of public bodies, with the name that we mean."""
    text = _reference("linking/tooi-organisations.nt").read_text(encoding="utf-8")
    label = f'<{TOOI.format(code)}> <http://www.w3.org/2000/01/rdf-schema#label> "{NAMES_IN_TOOI[code]}"@nl .'
    assert label in text.splitlines()


def test_all_tooi_identifiers_are_looked_up() -> None:
    """The names looked up in TOOI are those of every TOOI identifier of the table."""
    assert {ids for schemes in VERIFIED.values() for scheme, ids in schemes.items() if scheme == TOOI} == {
        *NAMES_IN_TOOI
    }


@pytest.fixture(scope="session")
def places() -> dict[str, tuple[set[str], set[str]]]:
    """The places of Who's On First: GeoNames and Wikidata IRIs, and names, by IRI."""
    found: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    with gzip.open(_reference("linking/wof-nl-places.nt.gz"), "rt", encoding="utf-8") as file:
        for line in file:
            subject, predicate, obj = line.split(" ", 2)
            if predicate == "<http://www.w3.org/2002/07/owl#sameAs>":
                found[subject][0].add(obj[1 : obj.index(">")])
            elif predicate.endswith(("Label>", "label>")):
                found[subject][1].add(obj[1 : obj.rindex('"')])
    return dict(found)


@pytest.mark.parametrize("name", sorted(NAMES_IN_WOF))
def test_a_place_has_the_geonames_and_wikidata_ids_of_one_place(
    name: str,
    places: dict[str, tuple[set[str], set[str]]],
) -> None:
    """GeoNames and Wikidata ids belong to one and the same place of Who's On First, which has that name."""
    ids = {scheme.format(VERIFIED[name][scheme]) for scheme in (GEONAMES, WIKIDATA)}
    matching = [names for links, names in places.values() if ids <= links]
    assert len(matching) == 1
    assert NAMES_IN_WOF[name] in matching[0]


def test_only_an_identified_place_has_a_point(quads: Quads) -> None:
    """The places of the table have latitude and longitude, in the context alone; nothing else has either."""
    decimal = '"{}"^^xsd:decimal'
    assert {(q.g, q.s, q.p, q.o) for q in quads if q.p in ("schema:latitude", "schema:longitude")} == {
        ("context", f"id:{name}", f"schema:{axis}", decimal.format(value))
        for name, (_, *point) in POINTS.items()
        for axis, value in zip(("latitude", "longitude"), point, strict=True)
    }
    assert set(POINTS) <= set(VERIFIED)


@pytest.mark.parametrize("name", sorted(POINTS))
def test_a_point_is_that_of_the_place_in_the_gazetteer(name: str) -> None:
    """Latitude and longitude are those of the record of Who's On First that has the GeoNames id of the place."""
    number, *point = POINTS[name]
    subject = f"<https://spelunker.whosonfirst.org/id/{number}> "
    with gzip.open(_reference("linking/wof-nl-places.nt.gz"), "rt", encoding="utf-8") as file:
        record = "".join(line for line in file if line.startswith(subject))
    assert f"<{GEONAMES.format(VERIFIED[name][GEONAMES])}>" in record
    found = [re.search(rf'wgs84_pos#{axis}> "([^"]+)"', record) for axis in ("lat", "long")]
    assert [match and match[1] for match in found] == point
