"""The places where the page is easily misread, each with the reading that the graph must have."""

from __future__ import annotations

import pytest

from so2graph.engine.snapshot import Snapshot
from so2graph.vocab import Prefixes
from tests.conftest import Ask
from tests.test_statements import GRAPH_OF, Described, Quads, read_quads

ASSEN, GRONINGEN, NORTH = "id:so-netwerk-assen-drenthe", "id:so-netwerk-groningen", "id:so-netwerk-noord-nederland"


@pytest.fixture(scope="session")
def quads(snapshot: Snapshot, prefixes: Prefixes) -> Quads:
    return read_quads(snapshot, prefixes)


@pytest.fixture(scope="session")
def store(quads: Quads) -> Described:
    return Described(quads)


@pytest.fixture(scope="session")
def of_page(quads: Quads) -> Quads:
    """What stands in a graph of the page, without the claims."""
    return frozenset(q for q in quads if q.g.startswith("so2/") and q.g != "so2/claims")


def _of_type(quads: Quads, *types: str) -> set[str]:
    return {q.s for q in quads if q.p == "rdf:type" and q.o in types}


def test_so2_and_the_so_networks_are_four_nodes(of_page: Quads) -> None:
    """SO2 is the alliance project; the three SO networks came after it, and nothing makes it one of them."""
    projects = _of_type(of_page, "so2:AllianceProject")
    networks = _of_type(of_page, "so2:RegionalNetwork", "so2:InterregionalNetwork", "essglobal:Network")
    assert projects == {"id:so2"}
    assert networks == {ASSEN, GRONINGEN, NORTH}
    assert not [q for q in of_page if {q.s, q.o} <= networks | projects and "id:so2" in (q.s, q.o)]


def test_groningen_is_five_nodes(quads: Quads, store: Described) -> None:
    """City, network, municipality, and outside the page province and new municipality are kept apart."""
    kinds = {
        "id:groningen": ["so2:UrbanCore"],
        GRONINGEN: ["essglobal:Network", "org:OrganizationalCollaboration", "so2:Network", "so2:RegionalNetwork"],
        "id:gemeente-groningen-2017": ["cv:PublicOrganisation", "so2:Municipality"],
        "id:gemeente-groningen": ["cv:PublicOrganisation", "so2:Municipality"],
        "id:groningen-province": ["so2:Region"],
        "id:provincie-groningen": ["cv:PublicOrganisation", "so2:Province"],
    }
    assert {node: store.values(node, "rdf:type") for node in kinds} == kinds
    same = {"owl:sameAs", "skos:exactMatch", "so2:presumedSameAs"}
    assert not [q for q in quads if q.p in same and q.s in kinds and q.o in kinds]


def test_assen_the_city_is_neither_the_municipality_nor_the_network(store: Described) -> None:
    """The city, the municipality (outside the page) and the network of Assen are three nodes."""
    assert store.values("id:assen", "rdf:type") == ["so2:UrbanCore"]
    assert store.values("id:gemeente-assen", "rdf:type") == ["cv:PublicOrganisation", "so2:Municipality"]
    assert "so2:RegionalNetwork" in store.values(ASSEN, "rdf:type")


def test_the_advice_went_to_the_municipality_before_the_merger(store: Described) -> None:
    """The report was issued to the body that ended in 2019, which is the original of the change, not its result."""
    assert store.values("id:report-advice-gemeente-groningen", "so2:issuedTo") == ["id:gemeente-groningen-2017"]
    assert "id:gemeente-groningen-2017" in store.values("id:merger-groningen-2019", "org:originalOrganization")
    assert store.values("id:merger-groningen-2019", "org:resultingOrganization") == ["id:gemeente-groningen"]


def test_platform_alliance_and_mvo_nederland_are_three(quads: Quads, store: Described) -> None:
    """AssenvoorAssen is the MVO platform, the MVO alliantie another body, and MVO Nederland is not on the page."""
    assert "so2:CsrPlatform" in store.values("id:assenvoorassen", "rdf:type")
    assert store.values("id:mvo-alliantie", "rdf:type") == ["so2:Alliance"]
    assert store.values("id:mvo-nederland", "owl:differentFrom") == ["id:assenvoorassen", "id:mvo-alliantie"]
    assert {q.g for q in quads if q.s == "id:mvo-nederland"} == {"context"}


def test_a_slash_between_brackets_is_two_affiliations(of_page: Quads, ask: Ask) -> None:
    """Noor van Leeuwen, and nobody else, is affiliated with two bodies; no body has a slash in its name."""
    rows = ask("""SELECT ?who (COUNT(?body) AS ?n) WHERE { ?who so2:affiliatedWith ?body } GROUP BY ?who""")
    assert {str(row["who"]).rpartition("/")[2]: str(row["n"]) for row in rows} == {
        "luuk-duursma": "1",
        "harry-weitering": "1",
        "noor-van-leeuwen": "2",
    }
    bodies = _of_type(of_page, "org:Organization", "so2:Alliance")
    assert not [
        q
        for q in of_page
        if q.s in bodies
        and q.p in ("rdfs:label", "skos:altLabel")
        and "/" in q.o
        and q.s != "id:kerngroep-assen-drenthe"
    ]


def test_a_slash_in_a_name_is_one_network_with_two_areas(store: Described, of_page: Quads) -> None:
    """Assen/Drenthe is one network that covers a city and a region."""
    assert store.values(ASSEN, "so2:coversArea") == ["id:assen", "id:drenthe"]
    assert len({q.s for q in of_page if q.p == "so2:coversArea" and q.o in ("id:assen", "id:drenthe")}) == 1


def test_alliantieverband_is_no_organisation(of_page: Quads) -> None:
    """'In alliantieverband' names nothing: no label of anything has the word."""
    assert not [q for q in of_page if q.p in ("rdfs:label", "skos:altLabel") and "alliantieverband" in q.o.lower()]


def test_the_advice_came_from_the_programme_and_went_to_the_municipality(store: Described, of_page: Quads) -> None:
    """Programme and recipient are not swapped, and WerkInZicht is a programme that wrote nothing."""
    report = "id:report-advice-gemeente-groningen"
    assert store.values(report, "so2:issuedFromProgramme") == ["id:werkinzicht"]
    assert store.values("id:werkinzicht", "rdf:type") == ["so2:Programme"]
    ties = {q.p for q in of_page if {q.s, q.o} == {report, "id:werkinzicht"}}
    assert ties == {"so2:issuedFromProgramme"}


def test_persons_are_members_of_the_core_group_only(quads: Quads, of_page: Quads) -> None:
    """No person is a member of a collaboration: they are in the core group, an organisation of its own."""
    collaborations = _of_type(quads, "org:OrganizationalCollaboration", "so2:Alliance", "so2:AllianceProject")
    members = {(q.s, q.o) for q in quads if q.p == "org:hasMember"}
    group = "id:kerngroep-assen-drenthe"
    assert members == {(group, f"id:{name}") for name in ("luuk-duursma", "harry-weitering", "noor-van-leeuwen")}
    assert group not in collaborations
    assert not [q for q in quads if q.p in ("org:memberOf", "org:hasUnit", "org:unitOf") and q.g != "vocabulary"]


def test_buro_bries_drives_and_wennekes_is_contact(store: Described) -> None:
    """An organisation drives the Groningen network; the person is its contact and no more."""
    assert store.values(GRONINGEN, "so2:drivenBy") == ["id:buro-bries"]
    assert store.values(GRONINGEN, "so2:hasContactPerson") == ["id:janwillem-wennekes"]


def test_bries_is_buro_bries(of_page: Quads, store: Described) -> None:
    """The short name is another label of one organisation, which organises and develops."""
    assert {q.s for q in of_page if q.o in ('"Bries"@nl', '"Buro Bries"@nl')} == {"id:buro-bries"}
    assert store.values("id:buro-bries", "so2:organises") == ["id:social-impact-day"]
    assert store.values("id:buro-bries", "so2:develops") == ["id:jaarprogramma"]


@pytest.mark.parametrize(
    ("words", "modality"),
    [
        ("gaan we aan de slag", "planned"),
        ("We proberen", "attempted"),
        ("zodat er een Noordelijk", "intended"),
        ("kan delen", "intended"),
        ("kunnen vergroten", "intended"),
        ("willen we", "intended"),
        ("We starten", "planned"),
        ("hopen dat", "hoped"),
        ("wordt dit netwerk ontwikkeld", "inProgress"),
    ],
)
def test_the_verb_decides_the_modality(words: str, modality: str, store: Described, quads: Quads) -> None:
    """Every claim whose quote has the verb has its modality, but for the fact that underlies a development."""
    claims = {q.s for q in quads if q.p == "rdf:type" and q.o == "so2:Claim"}
    found = set()
    for claim in claims:
        for target in store.values(claim, "oa:hasTarget"):
            for selector in store.values(target, "oa:hasSelector"):
                if any(words in exact for exact in store.values(selector, "oa:exact")):
                    found |= set(store.values(claim, "so2:modality"))
    # F23 is the fact that the network comes from the platform; S01 is that it is being developed.
    expected = {f"so2:{modality}"} | ({"so2:stated"} if modality == "inProgress" else set())
    assert found == expected


def test_a_northern_network_is_the_one_named_later_by_inference_only(of_page: Quads) -> None:
    """That 'een Noordelijk netwerk' is the SO netwerk Noord Nederland stands in the graph of inferences."""
    assert {(q.s, q.g) for q in of_page if q.o == '"Noordelijk netwerk"@nl'} == {(NORTH, "so2/inferred")}


def test_wennekes_is_spelled_as_on_the_page(of_page: Quads, quads: Quads) -> None:
    """The page spells JanWillem as one word; the other spelling stands outside."""
    spelled = {(q.p, q.o) for q in of_page if q.s == "id:janwillem-wennekes" and "Wennekes" in q.o}
    assert {o.split("@")[0] for _, o in spelled} == {'"JanWillem Wennekes"'}
    assert {q.g for q in quads if q.o == '"Jan Willem Wennekes"@nl' and q.p == "skos:altLabel"} == {"context"}


def test_two_people_called_bruins_are_different(store: Described) -> None:
    """The contact person is declared different from the member of parliament of that name."""
    assert store.values("id:freerk-jan-bruins", "owl:differentFrom") == ["id:lid-bruins-tweede-kamer"]


def test_snn_is_not_the_northern_network(store: Described, quads: Quads) -> None:
    """The government partnership of the north is another node, and said to be different."""
    assert store.values("id:snn", "owl:differentFrom") == [NORTH]
    graphs = {q.g for q in quads if "id:snn" in (q.s, q.o) and not q.g.endswith("claims")}
    assert graphs == {"context", "link/tooi", "mappings"}


def test_addresses_stand_in_their_own_graph_and_none_is_derived(quads: Quads) -> None:
    """Two persons have an address, in the contact graph, and no name or label shows one."""
    holders = {(q.s, q.g) for q in quads if q.p == "vcard:hasEmail"}
    assert holders == {("id:luuk-duursma", "so2/contact"), ("id:janwillem-wennekes", "so2/contact")}
    assert {q.g for q in quads if q.o == "contact"} == {"so2/contact"}


def test_the_project_document_counts_among_three_reports(ask: Ask, store: Described) -> None:
    """There are three reports of 2017, of which the project document is one."""
    rows = ask("SELECT ?r WHERE { ?r a so2:Report ; dcterms:issued ?year }")
    assert {str(row["r"]).rpartition("/")[2] for row in rows} == {
        "report-so2-project-document",
        "report-research-social-enterprises",
        "report-advice-gemeente-groningen",
    }
    assert len(rows) == 3


def test_two_cores_are_planned_with_and_more_only_hoped_for(quads: Quads, store: Described) -> None:
    """The same two cores stand in both plans; that more will join is a hope without number."""
    plans = {(q.s, q.o) for q in quads if q.g == "so2/planned" and q.p in ("so2:worksAround", "so2:startsWith")}
    assert plans == {(s, o) for s in ("id:plan-2018", NORTH) for o in ("id:assen", "id:groningen")}
    assert {(q.s, q.p, q.o) for q in quads if q.g == GRAPH_OF["hoped"]} == {
        ("id:we", "so2:hopes", '"dat er straks meer kernen bijkomen"@nl'),
    }
