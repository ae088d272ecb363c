"""What the page does not say (N1 to N17): no graph of the page may say it, and each check finds it when one does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest

from so2graph.engine.snapshot import Snapshot
from so2graph.vocab import Prefixes
from tests.test_statements import GRAPH_OF, Described, Quad4, Quads, read_quads

NETWORKS = frozenset({"id:so-netwerk-assen-drenthe", "id:so-netwerk-groningen", "id:so-netwerk-noord-nederland"})
NORTH, GRONINGEN, ASSEN = "id:so-netwerk-noord-nederland", "id:so-netwerk-groningen", "id:so-netwerk-assen-drenthe"
REPORTS = frozenset(
    {
        "id:report-so2-project-document",
        "id:report-research-social-enterprises",
        "id:report-advice-gemeente-groningen",
    }
)
EVENTS = frozenset({"id:conferences-2016-2017", "id:partner-meetings-2016-2017"})
DESCRIPTION = frozenset({"rdf:type", "rdfs:label", "skos:altLabel", "skos:note", "dcterms:identifier"})
"""What may be said of anything: what it is and what it is called."""
NAMES = frozenset({"rdfs:label", "skos:altLabel", "skos:prefLabel", "foaf:name", "skos:notation", "dcterms:title"})
EVIDENCE = frozenset({"rdf:subject", "rdf:predicate", "rdf:object"})
"""How a claim writes its triple."""


@pytest.fixture(scope="session")
def quads(snapshot: Snapshot, prefixes: Prefixes) -> Quads:
    return read_quads(snapshot, prefixes)


def said(quads: Quads) -> Quads:
    """What the page graphs say: their quads, and what the claims hold to be said, in the graph of their modality."""
    store = Described(frozenset(q for q in quads if q.g.startswith("so2/")))
    found = {
        q
        for q in quads
        if q.g.startswith("so2/") and q.g != "so2/claims" and q.p not in EVIDENCE and not q.p.startswith("oa:")
    }
    for claim in {q.s for q in quads if q.p == "oa:hasBody" and q.g.startswith("so2/")}:
        for modality in store.values(claim, "so2:modality"):
            for body in store.bodies(claim):
                subject, predicate, obj = body.split(" ", 2)
                found.add(Quad4(subject, predicate, obj, GRAPH_OF[modality.removeprefix("so2:")]))
    return frozenset(found)


def about(quads: Quads, nodes: Iterable[str]) -> list[Quad4]:
    """The quads with one of the nodes as subject or object."""
    wanted = frozenset(nodes)
    return [q for q in quads if q.s in wanted or q.o in wanted]


def beyond(quads: Quads, nodes: frozenset[str], out: frozenset[str], into: frozenset[str]) -> list[Quad4]:
    """What is said of the nodes beyond description and the properties named, out of them and into them."""
    return [
        q
        for q in about(quads, nodes)
        if (q.s in nodes and q.p not in out | DESCRIPTION) or (q.o in nodes and q.p not in into)
    ]


def tied(quads: Quads, left: frozenset[str], right: frozenset[str]) -> list[Quad4]:
    """Ties between two groups of nodes: direct triples, and memberships that have one of each."""
    found = [q for q in quads if (q.s in left and q.o in right) or (q.s in right and q.o in left)]
    ends: dict[str, set[str]] = {}
    for q in quads:
        if q.p in ("org:member", "org:organization"):
            ends.setdefault(q.s, set()).add(q.o)
    both = {node for node, objects in ends.items() if objects & left and objects & right}
    return found + [q for q in quads if q.s in both and q.p in ("org:member", "org:organization")]


def no_other_addresses(quads: Quads) -> list[Quad4]:
    known = {"id:luuk-duursma", "id:janwillem-wennekes"}
    return [
        q
        for q in quads
        if q.s not in known
        and q.s.startswith("id:")
        and "#" not in q.s
        and (q.o == "contact" or "mail" in q.p.lower() or q.p == "foaf:mbox")
    ]


def no_affiliation_of_bruins(quads: Quads) -> list[Quad4]:
    person = "id:freerk-jan-bruins"
    into = frozenset({"so2:hasContactPerson", "org:member"})
    other = [q for q in quads if q.p == "org:organization" and "freerk-jan-bruins" in q.s and q.o != NORTH]
    members = {q.s for q in quads if q.p == "org:member" and q.o == person}
    foreign = [q for q in quads if q.s in members and q.p == "org:organization" and q.o != NORTH]
    return beyond(quads, frozenset({person}), frozenset({"foaf:name"}), into) + other + foreign


def no_stated_affiliation_of_wennekes(quads: Quads) -> list[Quad4]:
    person = "id:janwillem-wennekes"
    inferred = Quad4(person, "so2:affiliatedWith", "id:buro-bries", "so2/inferred")
    members = {q.s for q in quads if q.p == "org:member" and q.o == person}
    foreign = [q for q in quads if q.s in members and q.p == "org:organization" and q.o != GRONINGEN]
    found = beyond(
        quads,
        frozenset({person}),
        frozenset({"foaf:name", "vcard:hasEmail"}),
        frozenset({"so2:hasContactPerson", "org:member"}),
    )
    return [q for q in found + foreign if q != inferred]


def no_employment_of_duursma(quads: Quads) -> list[Quad4]:
    found = tied(quads, frozenset({"id:luuk-duursma"}), frozenset({"id:alescon"}))
    return [q for q in found if q.p != "so2:affiliatedWith" or q.s != "id:luuk-duursma"]


def no_other_core_group(quads: Quads) -> list[Quad4]:
    group = "id:kerngroep-assen-drenthe"
    return [
        q
        for q in quads
        if (q.p == "so2:hasCoreGroup" and (q.s, q.o) != (ASSEN, group)) or (q.o == "so2:CoreGroup" and q.s != group)
    ]


def no_details_of_reports(quads: Quads) -> list[Quad4]:
    out = frozenset({"dcterms:issued", "dcterms:subject", "so2:issuedTo", "so2:issuedFromProgramme"})
    return beyond(quads, REPORTS, out, frozenset({"prov:wasDerivedFrom"}))


def no_dates_or_numbers_of_events(quads: Quads) -> list[Quad4]:
    out = frozenset({"so2:heldWithin", "so2:heldInYear", "so2:purpose"})
    dated = [q for q in quads if q.o.endswith(("^^xsd:date", "^^xsd:dateTime"))]
    years = [q for q in about(quads, EVENTS) if q.p == "so2:heldInYear" and not q.o.endswith('"^^xsd:gYear')]
    return beyond(quads, EVENTS, out, frozenset()) + dated + years


def no_editions_of_the_day(quads: Quads) -> list[Quad4]:
    return beyond(
        quads,
        frozenset({"id:social-impact-day"}),
        frozenset({"so2:recursEvery"}),
        frozenset({"so2:organises", "so2:around"}),
    )


def no_organisation_as_member(quads: Quads) -> list[Quad4]:
    organisations = frozenset({"id:alescon", "id:de-drentse-zaak", "id:assenvoorassen"})
    origin = (ASSEN, "so2:developedFrom", "id:assenvoorassen")
    found = tied(quads, organisations, NETWORKS | {"id:kerngroep-assen-drenthe"})
    return [q for q in found if (q.s, q.p, q.o) != origin]


def no_tie_with_the_national_body(quads: Quads) -> list[Quad4]:
    national = frozenset({"id:social-enterprise-nederland"})
    contacts = Quad4("id:we", "so2:maintainsCloseContactsWith", "id:social-enterprise-nederland", "so2/stated")
    return [q for q in beyond(quads, national, frozenset(), frozenset()) if q != contacts]


def no_other_cores(quads: Quads) -> list[Quad4]:
    named = [q for q in quads if q.o == "so2:UrbanCore" and q.s not in ("id:groningen", "id:assen")]
    counted = [
        q
        for q in quads
        if q.o.endswith(("^^xsd:integer", "^^xsd:int", "^^xsd:nonNegativeInteger")) and not q.p.startswith("oa:")
    ]
    labels = {'"andere stedelijke kernen in het Noorden"@nl', '"other urban cores in the North"@en'}
    renamed = [q for q in quads if q.s == "id:other-urban-cores" and q.p in NAMES and q.o not in labels]
    others = beyond(quads, frozenset({"id:other-urban-cores"}), frozenset(), frozenset({"so2:connects"}))
    return named + counted + renamed + others


def no_northern_network_yet(quads: Quads) -> list[Quad4]:
    facts = frozenset(q for q in quads if q.g in ("so2/stated", "so2/in-progress", "so2/editorial", "so2/persons"))
    stages = [q for q in quads if q.s == NORTH and q.p == "so2:developmentStage" and q.o != "so2:intended"]
    found = beyond(facts, frozenset({NORTH}), frozenset({"so2:hasContactPerson"}), frozenset({"org:organization"}))
    return found + stages


def no_meaning_of_so(quads: Quads) -> list[Quad4]:
    names = {ASSEN: "Assen/Drenthe", GRONINGEN: "Groningen", NORTH: "Noord Nederland"}
    allowed = {(n, f'"SO netwerk {rest}"@nl') for n, rest in names.items()}
    allowed |= {
        (ASSEN, '"SO network Assen/Drenthe"@en'),
        (GRONINGEN, '"SO network Groningen"@en'),
        (NORTH, '"SO network Northern Netherlands"@en'),
        (NORTH, '"Noordelijk netwerk"@nl'),
    }
    renamed = [q for q in quads if q.s in NETWORKS and q.p in NAMES and (q.s, q.o) not in allowed]
    defined = [q for q in quads if q.p in NAMES and q.o.split("@")[0].strip('"') == "SO"]
    return renamed + defined + [q for q in quads if q.p in ("skos:definition", "dcterms:description")]


def no_provinces(quads: Quads) -> list[Quad4]:
    words = ("provinc", "friesland", "fryslân", "frisia")
    return [
        q
        for q in quads
        if q.o == "so2:Province"
        or "provinc" in q.s
        or "fryslan" in q.o
        or (q.p != "skos:note" and any(word in q.o.lower() for word in words))
    ]


def no_date_or_author_of_the_page(quads: Quads) -> list[Quad4]:
    out = frozenset({"spdx:checksum", "so2:file", "dcterms:language"})
    return beyond(quads, frozenset({"id:so2-page"}), out, frozenset({"oa:hasSource"}))


def no_mvo_nederland(quads: Quads) -> list[Quad4]:
    return [q for q in quads if "id:mvo-nederland" in (q.s, q.o) or "mvo nederland" in q.o.lower()]


def no_other_municipality(quads: Quads) -> list[Quad4]:
    return [
        q
        for q in quads
        if "id:gemeente-assen" in (q.s, q.o)
        or "gemeente assen" in q.o.lower()
        or (q.o == "so2:Municipality" and q.s != "id:gemeente-groningen-2017")
    ]


@dataclass(frozen=True)
class Negative:
    """Something that the page does not say: a check that finds who says it, and statements that it must find."""

    id: str
    sentence: str
    check: Callable[[Quads], list[Quad4]]
    wrong: tuple[str, ...]

    def faults(self, quads: Quads) -> list[Quad4]:
        """The statements that say it anyway."""
        return sorted(set(self.check(said(quads))))


NEGATIVES = (
    Negative(
        "N1",
        "no e-mail address of Bruins, Weitering or Van Leeuwen",
        no_other_addresses,
        (
            "id:freerk-jan-bruins vcard:hasEmail contact so2/contact",
            "id:harry-weitering foaf:mbox contact so2/persons",
            "id:noor-van-leeuwen schema:email contact so2/stated",
        ),
    ),
    Negative(
        "N2",
        "no affiliation of Freerk Jan Bruins",
        no_affiliation_of_bruins,
        (
            "id:freerk-jan-bruins so2:affiliatedWith id:mvo-alliantie so2/stated",
            "id:freerk-jan-bruins so2:affiliatedWith id:buro-bries so2/inferred",
            "id:freerk-jan-bruins schema:worksFor id:buro-bries so2/persons",
            "id:mvo-alliantie org:hasMember id:freerk-jan-bruins so2/stated",
            "id:membership-freerk-jan-bruins-bries org:organization id:buro-bries so2/stated",
        ),
    ),
    Negative(
        "N3",
        "no stated affiliation or employer of JanWillem Wennekes",
        no_stated_affiliation_of_wennekes,
        (
            "id:janwillem-wennekes so2:affiliatedWith id:buro-bries so2/stated",
            "id:janwillem-wennekes schema:worksFor id:buro-bries so2/inferred",
            "id:janwillem-wennekes so2:affiliatedWith id:alescon so2/inferred",
            "id:claim-f44 so2:modality so2:stated so2/claims",
            "id:buro-bries org:hasMember id:janwillem-wennekes so2/stated",
        ),
    ),
    Negative(
        "N4",
        "Luuk Duursma is not said to be employed by Alescon",
        no_employment_of_duursma,
        (
            "id:luuk-duursma schema:worksFor id:alescon so2/stated",
            "id:luuk-duursma org:memberOf id:alescon so2/inferred",
            "id:alescon org:hasMember id:luuk-duursma so2/persons",
            "id:membership-luuk-duursma-contact-so-netwerk-assen-drenthe org:organization id:alescon so2/stated",
        ),
    ),
    Negative(
        "N5",
        "no core group of the Groningen or the northern network",
        no_other_core_group,
        (
            "id:so-netwerk-groningen so2:hasCoreGroup id:kerngroep-assen-drenthe so2/stated",
            "id:so-netwerk-noord-nederland so2:hasCoreGroup id:kerngroep so2/planned",
            "id:kerngroep-groningen rdf:type so2:CoreGroup so2/stated",
        ),
    ),
    Negative(
        "N6",
        "no authors, titles, publishers, pages or addresses of the reports",
        no_details_of_reports,
        (
            "id:report-advice-gemeente-groningen dcterms:creator id:werkinzicht so2/stated",
            'id:report-so2-project-document dcterms:title "SO2"@nl so2/stated',
            "id:report-research-social-enterprises dcterms:publisher id:buro-bries so2/inferred",
            'id:report-research-social-enterprises bibo:numPages "40"^^xsd:integer so2/editorial',
            "id:werkinzicht foaf:made id:report-advice-gemeente-groningen so2/stated",
        ),
    ),
    Negative(
        "N7",
        "no exact date, number or venue of an event",
        no_dates_or_numbers_of_events,
        (
            'id:conferences-2016-2017 dcterms:date "2017-06-15"^^xsd:date so2/stated',
            'id:conferences-2016-2017 so2:heldInYear "2017-01-01"^^xsd:date so2/stated',
            'id:partner-meetings-2016-2017 so2:count "2"^^xsd:integer so2/stated',
            "id:partner-meetings-2016-2017 schema:location id:assen so2/inferred",
        ),
    ),
    Negative(
        "N8",
        "no first year or number of editions of the Social Impact Day",
        no_editions_of_the_day,
        (
            'id:social-impact-day so2:heldInYear "2016"^^xsd:gYear so2/stated',
            'id:social-impact-day schema:startDate "2015"^^xsd:gYear so2/stated',
            "id:social-impact-day-2017 schema:superEvent id:social-impact-day so2/inferred",
        ),
    ),
    Negative(
        "N9",
        "Alescon, De Drentse Zaak and AssenvoorAssen are not members",
        no_organisation_as_member,
        (
            "id:so-netwerk-assen-drenthe org:hasMember id:alescon so2/stated",
            "id:de-drentse-zaak org:memberOf id:kerngroep-assen-drenthe so2/inferred",
            "id:assenvoorassen org:memberOf id:so-netwerk-assen-drenthe so2/stated",
            "id:so-netwerk-noord-nederland so2:connects id:assenvoorassen so2/intended",
            "id:membership-luuk-duursma-contact-so-netwerk-assen-drenthe org:member id:alescon so2/stated",
        ),
    ),
    Negative(
        "N10",
        "no network is a member of Social Enterprise Nederland",
        no_tie_with_the_national_body,
        (
            "id:so-netwerk-noord-nederland org:memberOf id:social-enterprise-nederland so2/intended",
            "id:social-enterprise-nederland org:hasMember id:so-netwerk-groningen so2/stated",
            "id:mvo-alliantie org:linkedTo id:social-enterprise-nederland so2/inferred",
            "id:we org:memberOf id:social-enterprise-nederland so2/stated",
        ),
    ),
    Negative(
        "N11",
        "no names or number of the other cores",
        no_other_cores,
        (
            "id:emmen rdf:type so2:UrbanCore so2/stated",
            'id:other-urban-cores so2:count "3"^^xsd:integer so2/hoped',
            'id:other-urban-cores skos:altLabel "Leeuwarden en Emmen"@nl so2/editorial',
            "id:other-urban-cores schema:containsPlace id:leeuwarden so2/inferred",
            "id:so-netwerk-noord-nederland so2:startsWith id:other-urban-cores so2/hoped",
        ),
    ),
    Negative(
        "N12",
        "the northern network does not exist yet",
        no_northern_network_yet,
        (
            "id:so-netwerk-noord-nederland so2:connects id:so-netwerk-groningen so2/stated",
            "id:so-netwerk-noord-nederland so2:developmentStage so2:inProgress so2/in-progress",
            "id:so-netwerk-noord-nederland so2:developmentStage so2:stated so2/intended",
            "id:claim-f45 so2:modality so2:stated so2/claims",
            "id:mvo-alliantie so2:worksThrough id:so-netwerk-noord-nederland so2/stated",
        ),
    ),
    Negative(
        "N13",
        "‘SO’ is not defined",
        no_meaning_of_so,
        (
            'id:so-netwerk-groningen skos:altLabel "netwerk Sociaal Ondernemerschap Groningen"@nl so2/editorial',
            'id:theme-social-entrepreneurship skos:altLabel "SO"@nl so2/stated',
            'id:so-netwerk-groningen skos:definition "netwerk van sociale ondernemingen"@nl so2/editorial',
        ),
    ),
    Negative(
        "N14",
        "no provinces, and no Friesland",
        no_provinces,
        (
            "id:drenthe rdf:type so2:Province so2/stated",
            'id:drenthe skos:altLabel "provincie Drenthe"@nl so2/editorial',
            "id:so-netwerk-noord-nederland so2:coversArea id:fryslan-province so2/inferred",
            'id:noord-nederland skos:altLabel "Groningen, Friesland en Drenthe"@nl so2/stated',
        ),
    ),
    Negative(
        "N15",
        "no date or author of the page",
        no_date_or_author_of_the_page,
        (
            'id:so2-page dcterms:issued "2018"^^xsd:gYear so2/stated',
            'id:so2-page dcterms:created "2018-01-01"^^xsd:date so2/editorial',
            "id:so2-page dcterms:creator id:freerk-jan-bruins so2/inferred",
            "id:mvo-alliantie foaf:made id:so2-page so2/inferred",
        ),
    ),
    Negative(
        "N16",
        "MVO Nederland does not occur",
        no_mvo_nederland,
        (
            "id:mvo-nederland rdf:type org:Organization so2/stated",
            "id:we so2:presumedSameAs id:mvo-nederland so2/inferred",
            'id:mvo-alliantie skos:altLabel "MVO Nederland"@nl so2/editorial',
        ),
    ),
    Negative(
        "N17",
        "the municipality of Assen does not occur",
        no_other_municipality,
        (
            "id:gemeente-assen rdf:type cv:PublicOrganisation so2/stated",
            "id:assen rdf:type so2:Municipality so2/stated",
            'id:assen skos:altLabel "gemeente Assen"@nl so2/editorial',
        ),
    ),
)
_IDS = [row.id for row in NEGATIVES]


def _quad(text: str) -> Quad4:
    head, _, graph = text.rpartition(" ")
    subject, predicate, obj = head.split(" ", 2)
    return Quad4(subject, predicate, obj, graph)


def test_all_seventeen_are_checked() -> None:
    """The table goes from N1 to N17, and each row names at least three wrong statements."""
    assert [row.id for row in NEGATIVES] == [f"N{number}" for number in range(1, 18)]
    assert all(len(row.wrong) >= 3 for row in NEGATIVES)


@pytest.mark.parametrize("row", NEGATIVES, ids=_IDS)
def test_the_graph_does_not_say_what_the_page_does_not_say(row: Negative, quads: Quads) -> None:
    """Nothing in a graph of the page, and no claim about it, says what the row denies."""
    assert row.faults(quads) == [], row.sentence


@pytest.mark.parametrize(
    ("row", "wrong"),
    [(row, wrong) for row in NEGATIVES for wrong in row.wrong],
    ids=[f"{row.id}-{number}" for row in NEGATIVES for number in range(len(row.wrong))],
)
def test_a_wrong_statement_is_found(row: Negative, wrong: str, quads: Quads) -> None:
    """The check of the row finds each of its wrong statements once it stands in the store."""
    added = _quad(wrong)
    assert added not in quads
    assert row.faults(quads | {added}) != []


@pytest.mark.parametrize("row", NEGATIVES, ids=_IDS)
def test_a_wrong_statement_that_only_a_claim_makes_is_found(row: Negative, quads: Quads) -> None:
    """The check of the row also sees what a claim holds to be stated, though no graph does."""
    wrong = next(q for q in map(_quad, row.wrong) if not q.s.startswith("id:claim-"))
    node = "id:claim-f99#statement-1"
    claim = {
        Quad4("id:claim-f99", "so2:modality", "so2:stated", "so2/claims"),
        Quad4("id:claim-f99", "oa:hasBody", node, "so2/claims"),
        Quad4(node, "rdf:subject", wrong.s, "so2/claims"),
        Quad4(node, "rdf:predicate", wrong.p, "so2/claims"),
        Quad4(node, "rdf:object", wrong.o, "so2/claims"),
    }
    assert row.faults(quads | claim) != []


@pytest.mark.parametrize("word", ["provincie", "friesland", "fryslân", "mvo nederland", "gemeente assen", "auteur"])
def test_the_page_does_not_have_the_words_either(word: str, page: str) -> None:
    """What the checks of N6, N14, N16 and N17 look for is not in the text of the page."""
    assert word not in page.lower()


def test_outside_facts_name_other_nodes_than_the_page(quads: Quads) -> None:
    """The context says nothing of a province, a municipality or MVO Nederland on a node that the page has."""
    outside = frozenset(q for q in quads if q.g == "context")
    of_page = {q.s for q in said(quads)}
    kinds = {q.s for q in outside if q.o in ("so2:Province", "so2:Municipality")} | {"id:mvo-nederland"}
    assert kinds
    assert kinds & of_page == set()
