"""The stored queries: a contract over all of them, and the answer to each competency question."""

from __future__ import annotations

import csv
import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import networkx as nx
import pytest
from rdflib.plugins.sparql import prepareQuery

from so2graph.engine.dataset import resolve
from so2graph.engine.guard import guard
from so2graph.engine.scanner import substitute
from so2graph.engine.snapshot import Snapshot
from so2graph.registry import Bundle, StoredQuery
from so2graph.vocab import CANONICAL_BASE, MODALITIES, Blank, Iri, Prefixes, Term
from tests.conftest import ROOT, Ask

EXPECTED = Path(__file__).parent / "expected"
NAMES = sorted(path.stem for path in (ROOT / "queries").glob("*.rq"))
IN_TWO_LANGUAGES = [name for name in NAMES if "?_language" in (ROOT / "queries" / f"{name}.rq").read_text("utf-8")]

# Columns that no expected file may hold, and why.
LEFT_OUT = {
    "contact-emails": {"address": "personal data stand in the contact graph only; CQ08 below compares digests"},
    "graphs": {"triples": "it changes with every edit of any file; a test below compares it with the manifest"},
}

# Which stored queries answer which competency question; the `answers` of their headers say the same.
QUESTIONS = {
    "CQ01": {"networks"},
    "CQ02": {"northern-connections", "hub-to-national"},
    "CQ04": {"hub-to-national"},
    "CQ05": {"core-group"},
    "CQ07": {"contacts-without-email"},
    "CQ08": {"contact-emails"},
    "CQ10": {"multiple-affiliations"},
    "CQ11": {"drivers"},
    "CQ13": {"reports"},
    "CQ14": {"report-recipients"},
    "CQ16": {"events"},
    "CQ17": {"event-counts"},
    "CQ19": {"recurring-events"},
    "CQ20": {"programmes"},
    "CQ22": {"plan-steps"},
    "CQ23": {"plan-sources"},
    "CQ25": {"hopes"},
    "CQ26": {"cores"},
    "CQ28": {"themes"},
    "CQ29": {"project-angle"},
    "CQ31": {"organisations"},
    "CQ32": {"networks-by-area"},
    "CQ34": {"changed-organisations"},
    "CQ35": {"legal-recipients"},
    "CQ37": {"interpretation-only"},
    "CQ38": {"degrees"},
    "CQ40": {"sheltered-employment-links"},
    "CQ41": {"core-groups"},
    "CQ43": {"named-in-source"},
    "CQ44": {"identifiers", "without-identifiers"},
    "CQ46": {"missing-documents"},
    "CQ47": {"personal-data"},
}


@dataclass(frozen=True)
class Table:
    """An answer as text: IRIs with their prefix, unbound cells empty; a graph has its three columns, sorted."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, *names: str) -> list[tuple[str, ...]]:
        at = [self.columns.index(name) for name in names]
        return [tuple(row[i] for i in at) for row in self.rows]

    def one(self, name: str) -> list[str]:
        return [value for (value,) in self.column(name)]

    def without(self, names: set[str]) -> Table:
        kept = [name for name in self.columns if name not in names]
        return Table(tuple(kept), tuple(self.column(*kept)))


Run = Callable[..., Table]


def _full(prefixes: Prefixes) -> Callable[[tuple[str, str]], str]:
    """A key that sorts rows by the whole IRI in their first column."""
    return lambda row: prefixes.expand(row[0]) or row[0]


def _cell(term: Term | None, prefixes: Prefixes) -> str:
    if term is None:
        return ""
    return prefixes.compact(term.value) if isinstance(term, Iri) else str(term)


def _answer(text: str, snapshot: Snapshot, prefixes: Prefixes, contact: str = "public") -> Table:
    """The answer to a text that declares its own prefixes."""
    analysis = guard(text, max_bytes=100_000)
    readable = snapshot.graphs.readable(contact)
    answer = snapshot.query(text, resolve(snapshot.graphs, readable, analysis), {})
    if answer.variables is None:
        quads = answer.quads()
        return Table(
            ("subject", "predicate", "object"),
            tuple(sorted({tuple(_cell(term, prefixes) for term in quad[:3]) for quad in quads})),
        )
    return Table(answer.variables, tuple(tuple(_cell(t, prefixes) for t in row) for row in answer.rows()))


def _values(query: StoredQuery, given: Mapping[str, str], prefixes: Prefixes) -> dict[str, str]:
    terms = query.values(given, prefixes)
    return {name: term.n3 for name, term in terms.items() if not isinstance(term, Blank)}


@pytest.fixture(scope="session")
def run(bundle: Bundle, snapshot: Snapshot, prefixes: Prefixes) -> Run:
    """Runs a stored query by name, with parameters as a user gives them."""

    def answer(name: str, /, *, contact: str = "public", **given: str) -> Table:
        query = bundle.query(name)
        return _answer(substitute(query.text, _values(query, given, prefixes)), snapshot, prefixes, contact)

    return answer


@pytest.fixture(params=NAMES)
def query(request: pytest.FixtureRequest, bundle: Bundle) -> StoredQuery:
    return bundle.query(str(request.param))


# The contract of every stored query


def test_every_file_is_found(bundle: Bundle) -> None:
    """The registry finds each file of the folder, and there are as many as were asked for."""
    assert sorted(bundle.queries()) == NAMES
    assert len(NAMES) >= 34


def test_header_is_complete(query: StoredQuery) -> None:
    """Title and description are there in Dutch and English, differ, and end as a title or a sentence does."""
    for text in (query.title.nl, query.title.en):
        assert text[0].isupper()
        assert not text.endswith(".")
    for text in (query.description.nl, query.description.en):
        assert text.endswith(".")
        assert len(text) > 30
    assert query.description.nl != query.description.en
    for parameter in query.parameters:
        assert parameter.label.nl
        assert parameter.label.en


def test_answers_say_the_same_as_the_table(query: StoredQuery) -> None:
    """The header names just the questions for which the table names this query."""
    assert set(query.answers) == {question for question, names in QUESTIONS.items() if query.name in names}


def test_is_standard_sparql(query: StoredQuery) -> None:
    """Another parser takes the text as it is: every prefix is declared, and parameters are plain variables."""
    prepareQuery(query.text)


def test_declared_prefixes_are_those_of_the_table(query: StoredQuery, prefixes: Prefixes) -> None:
    """A prefix means the same in every query."""
    declared = re.findall(r"^PREFIX (\w+): <([^>]*)>", query.text, re.MULTILINE)
    assert {name: prefixes[name] for name, _ in declared} == dict(declared)


def test_runs_with_free_parameters(query: StoredQuery, snapshot: Snapshot, prefixes: Prefixes) -> None:
    """Without any value the text is answered as well, and no parameter is among the columns."""
    table = _answer(query.text, snapshot, prefixes)
    assert not [name for name in table.columns if name.startswith("_")]
    assert table.rows


def test_columns_are_readable(query: StoredQuery, run: Run) -> None:
    """Columns are English words in camelCase."""
    for name in run(query.name).columns:
        assert re.fullmatch(r"[a-z]+([A-Z][a-z]*)*", name), name


def test_order_is_fixed(query: StoredQuery, run: Run) -> None:
    """The text orders its answer, and the same question has the same answer twice."""
    assert re.search(r"^ORDER BY ", query.text, re.MULTILINE)
    assert run(query.name) == run(query.name)


def test_answer_is_expected(query: StoredQuery, run: Run) -> None:
    """With its defaults the query answers what `tests/expected/` holds, column by column and row by row."""
    left_out = set(LEFT_OUT.get(query.name, {}))
    table = run(query.name).without(left_out)
    with (EXPECTED / f"{query.name}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = [tuple(row) for row in csv.reader(file)]
    assert table.columns == header
    assert table.rows == tuple(rows)


@pytest.mark.parametrize("name", IN_TWO_LANGUAGES)
def test_english_answer_has_the_same_things(name: str, run: Run) -> None:
    """The language changes labels only: the same things stand in the answer, as often, in both languages."""
    dutch, english = run(name), run(name, language="en")
    assert english.columns == dutch.columns
    assert len(english.rows) == len(dutch.rows)

    def things(table: Table) -> list[str]:
        return sorted(value for row in table.rows for value in row if re.match(r"(id|so2|https?):", value))

    assert things(english) == things(dutch)


def test_no_expected_file_is_left_over() -> None:
    """Each expected file belongs to a query."""
    assert sorted(path.stem for path in EXPECTED.glob("*.csv")) == NAMES


def test_no_address_outside_the_contact_query(run: Run) -> None:
    """No other answer, and no expected file, holds anything that looks like an e-mail address."""
    address = re.compile(r"[\w.+-]+@[\w-]+\.\w")
    leaks = [
        name
        for name in NAMES
        if name != "contact-emails"
        if any(address.search(value) for row in run(name).rows for value in row)
    ]
    leaks += [path.name for path in EXPECTED.iterdir() if address.search(path.read_text(encoding="utf-8"))]
    assert leaks == []


def test_graph_counts_are_those_of_the_manifest(run: Run, snapshot: Snapshot, prefixes: Prefixes) -> None:
    """The counts in the catalogue are those of the store; a graph that is reached by name only has none there."""
    hidden = snapshot.manifest.by_name_only
    counted = {
        prefixes.compact(iri): "" if iri in hidden else str(count) for iri, count in snapshot.manifest.graphs.items()
    }
    counted.pop(prefixes.compact(snapshot.names.catalogue))
    assert run("graphs").column("graph", "triples") == sorted(counted.items(), key=_full(prefixes))


# The competency questions


def test_cq01_three_networks_are_described(run: Run) -> None:
    """The networks are those of Assen/Drenthe, Groningen and Noord Nederland, none of them finished."""
    assert run("networks").column("networkLabel", "stage") == [
        ("SO netwerk Assen/Drenthe", "in ontwikkeling"),
        ("SO netwerk Groningen", "in ontwikkeling"),
        ("SO netwerk Noord Nederland", "beoogd"),
    ]


def test_cq02_the_northern_network_is_yet_to_connect_the_hubs(run: Run) -> None:
    """It is meant to connect both regional networks, starts with both cores, and nothing of that is stated."""
    rows = run("northern-connections", language="en").column("relation", "object", "modality", "claimId")
    hubs = ("id:so-netwerk-assen-drenthe", "id:so-netwerk-groningen")
    assert {("connects", hub, "intended", "F45") for hub in hubs} <= set(rows)
    assert {("starts with", core, "planned", "F46") for core in ("id:assen", "id:groningen")} <= set(rows)
    assert "stated" not in {modality for _, _, modality, _ in rows}


def test_cq04_no_stated_path_to_social_enterprise_nederland(run: Run) -> None:
    """Stated statements alone give no path; every path that there is rests on ‘we’ being the MVO alliantie."""
    rows = [
        row
        for row in run("hub-to-national").column("hub", "target", "basis", "weakest", "path", "missing")
        if row[:2] == ("id:so-netwerk-assen-drenthe", "id:social-enterprise-nederland")
    ]
    assert rows[0][2:] == ("gesteld", "", "geen weg", "")
    assert len(rows) == 6
    for _, _, basis, weakest, _, missing in rows[1:]:
        assert (basis, weakest) == ("alle modaliteiten", "afgeleid")
        assert "‘we’ (niet genoemd) = MVO alliantie (afgeleid)" in missing


def test_cq05_core_group_of_assen_drenthe(run: Run) -> None:
    """Three persons are in it, with four affiliations between them."""
    assert set(run("core-group").column("personLabel", "organisationLabel")) == {
        ("Luuk Duursma", "Alescon"),
        ("Harry Weitering", "De Drentse Zaak"),
        ("Noor van Leeuwen", "AssenvoorAssen"),
        ("Noor van Leeuwen", "MVO alliantie"),
    }
    assert run("core-group", network="id:so-netwerk-groningen").rows == ()


def test_cq07_only_freerk_jan_bruins_has_no_address(run: Run) -> None:
    """He is the one contact person without an address; who may not see addresses is told nothing."""
    assert run("contacts-without-email").one("personLabel") == ["Freerk Jan Bruins"]
    assert run("contacts-without-email", contact="private").rows == ()


def test_cq08_two_addresses_and_whose_they_are(run: Run, page: str) -> None:
    """There are two, of Luuk Duursma and JanWillem Wennekes, as the page has them at the offsets of their claims."""
    table = run("contact-emails")
    assert table.column("personLabel", "claimId") == [("Luuk Duursma", "F35"), ("JanWillem Wennekes", "F43")]

    def digest(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    found = [digest(address) for address in table.one("address")]
    assert found == [digest(page[int(start) : int(end)]) for start, end in table.column("start", "end")]
    assert table.column("start", "end") == [("1431", "1450"), ("1675", "1697")]
    assert run("contact-emails", contact="private").rows == ()


def test_cq10_only_noor_van_leeuwen_has_two_affiliations(run: Run) -> None:
    """She belongs to AssenvoorAssen and the MVO alliantie, which the page separates by a slash."""
    assert run("multiple-affiliations").column("personLabel", "affiliations", "organisationLabel") == [
        ("Noor van Leeuwen", "2", "AssenvoorAssen"),
        ("Noor van Leeuwen", "2", "MVO alliantie"),
    ]


def test_cq11_buro_bries_drives_groningen(run: Run) -> None:
    """An organisation is the driver, not its contact person."""
    assert ("id:so-netwerk-groningen", "heeft als motor", "id:buro-bries") in run("drivers").column(
        "network", "relation", "organisation"
    )
    assert [row for row in run("drivers").rows if "id:so-netwerk-groningen" in row][1:] == []


def test_cq13_three_reports_of_2017(run: Run) -> None:
    """The project document counts among the three; 2016 has none."""
    assert set(run("reports").one("report")) == {
        "id:report-so2-project-document",
        "id:report-research-social-enterprises",
        "id:report-advice-gemeente-groningen",
    }
    assert len(run("reports").rows) == 3
    assert run("reports", year="2016").rows == ()


def test_cq14_advice_to_the_municipality_from_werkinzicht(run: Run) -> None:
    """The municipality received it, and WerkInZicht is the programme it came from."""
    assert run("report-recipients").column("report", "recipient", "programme") == [
        ("id:report-advice-gemeente-groningen", "id:gemeente-groningen-2017", "id:werkinzicht"),
    ]


def test_cq16_conferences_and_partner_meetings_within_so2(run: Run) -> None:
    """Both kinds were held in both years, all within SO2."""
    assert set(run("events").column("year", "event", "project")) == {
        (year, f"id:{event}-2016-2017", "id:so2")
        for year in ("2016", "2017")
        for event in ("conferences", "partner-meetings")
    }


def test_cq17_the_number_of_conferences_is_unknown(run: Run) -> None:
    """The page has a plural and no number, so the answer is ‘unknown’ and not two."""
    assert ("id:conferences-2016-2017", "unknown") in run("event-counts", language="en").column("event", "number")
    assert set(run("event-counts").one("number")) == {"onbekend"}


def test_cq19_social_impact_day_is_yearly_and_organised_by_buro_bries(run: Run) -> None:
    """It is the one event that recurs."""
    assert run("recurring-events").column("eventLabel", "every", "organiserLabel") == [
        ("Social Impact Day", "P1Y", "Buro Bries"),
    ]


def test_cq20_a_year_programme_is_being_developed_around_it(run: Run) -> None:
    """Buro Bries develops the programme; it is in progress."""
    rows = run("programmes").column("programme", "developer", "event", "stage")
    assert [row for row in rows if row[2] == "id:social-impact-day"] == [
        ("id:jaarprogramma", "id:buro-bries", "id:social-impact-day", "in ontwikkeling"),
    ]


def test_cq22_the_steps_for_2018(run: Run) -> None:
    """Work around two cores, connect companies, try to connect other cores, and three networks to develop."""
    rows = run("plan-steps", language="en").column("part", "claimId", "modality", "object")
    steps = {row[1:] for row in rows if row[0] == "step"}
    assert steps == {
        ("F16", "planned", "Assen (urban core)"),
        ("F16", "planned", "Groningen (urban core)"),
        ("F17", "planned", "companies and organisations that can contribute"),
        ("F18", "attempted", "other urban cores in the North"),
    }
    assert {row[1] for row in rows if row[0] == "intended result"} == {"F19", "F20", "F21", "F22"}
    assert set(run("plan-steps").column("part", "subject")) >= {
        ("netwerk", f"id:so-netwerk-{name}") for name in ("assen-drenthe", "groningen", "noord-nederland")
    }


def test_cq23_the_steps_come_from_the_three_reports(run: Run) -> None:
    """All three, translated within the alliance."""
    assert set(run("plan-sources").column("source", "alliance")) == {
        (report, "id:mvo-alliantie") for report in run("reports").one("report")
    }


def test_cq25_more_cores_are_hoped_for(run: Run) -> None:
    """It is the only hope on the page."""
    assert run("hopes").column("who", "hope", "claimId") == [("id:we", "dat er straks meer kernen bijkomen", "F47")]


def test_cq26_two_cores_to_start_with(run: Run) -> None:
    """Assen and Groningen; cores that are only hoped for do not count."""
    assert set(run("cores").column("core", "cores")) == {("id:assen", "2"), ("id:groningen", "2")}
    assert set(run("cores").one("claimId")) == {"F16", "F46"}


def test_cq28_the_themes_of_so2(run: Run) -> None:
    """Five themes of the project, two of them by its name alone; social impact belongs to the northern network."""
    rows = run("themes", language="en").column("themeLabel", "entity")
    assert {theme for theme, entity in rows if entity == "id:so2"} == {
        "social entrepreneurship",
        "social enterprises",
        "inclusive labour market",
        "inclusive society",
        "circular goals of CSR",
    }
    assert ("social impact", "id:so-netwerk-noord-nederland") in rows


def test_cq29_the_angle_and_what_it_was_combined_with(run: Run) -> None:
    """Labour market and society were the angle, combined with the circular goals."""
    assert set(run("project-angle", language="en").column("relation", "theme")) == {
        ("entry point", "id:theme-inclusive-labour-market"),
        ("entry point", "id:theme-inclusive-society"),
        ("combined with", "id:theme-circular-goals"),
    }


def test_cq31_seven_organisations_with_their_kind(run: Run) -> None:
    """Those of the page only: MVO Nederland and other bodies from outside are not among them."""
    assert set(run("organisations", language="en").column("organisation", "kind")) == {
        ("id:assenvoorassen", "CSR platform"),
        ("id:alescon", "organisation"),
        ("id:de-drentse-zaak", "organisation"),
        ("id:buro-bries", "organisation"),
        ("id:mvo-alliantie", "alliance"),
        ("id:gemeente-groningen-2017", "municipality"),
        ("id:social-enterprise-nederland", "national organisation"),
    }


def test_cq32_networks_that_cover_drenthe(run: Run) -> None:
    """Assen/Drenthe does by statement, Noord Nederland by geography; in Groningen it is the other hub."""
    assert run("networks-by-area", language="en").column("network", "basis", "via") == [
        ("id:so-netwerk-noord-nederland", "by its name and outside geography", "id:noord-nederland"),
        ("id:so-netwerk-assen-drenthe", "stated", "id:drenthe"),
    ]
    assert ("id:so-netwerk-groningen", "gesteld") in run("networks-by-area", area="id:groningen").column(
        "network", "basis"
    )


def test_cq34_alescon_and_the_municipality_are_no_longer_what_they_were(run: Run) -> None:
    """Alescon was split and the municipality merged, both on 1 January 2019."""
    assert set(run("changed-organisations").column("organisation", "date", "successor")) == {
        ("id:alescon", "2019-01-01", "id:iwerk"),
        ("id:alescon", "2019-01-01", "id:stark"),
        ("id:gemeente-groningen-2017", "2019-01-01", "id:gemeente-groningen"),
    }


def test_cq35_the_municipality_of_before_2019_received_the_report(run: Run) -> None:
    """The old body, which has the code that its successor kept."""
    assert run("legal-recipients").column("recipientLabel", "code", "date", "successorLabel") == [
        ("gemeente Groningen (tot 2019)", "GM0014", "2019-01-01", "gemeente Groningen (sinds 2019)"),
    ]


def test_cq37_what_rests_on_interpretation_only(run: Run) -> None:
    """The alliance of the project, Wennekes at Buro Bries, who ‘we’ are, the northern network, cores as networks."""
    assert set(run("interpretation-only").column("claimId", "subject", "object")) == {
        ("F01", "id:so2", "id:mvo-alliantie"),
        ("F44", "id:janwillem-wennekes", "id:buro-bries"),
        ("I01", "id:we", "id:mvo-alliantie"),
        ("I02", "id:so-netwerk-noord-nederland", "Noordelijk netwerk"),
        ("I03", "id:so-netwerk-noord-nederland", "id:so-netwerk-assen-drenthe"),
        ("I03", "id:so-netwerk-noord-nederland", "id:so-netwerk-groningen"),
    }


def test_cq38_who_connects_most(run: Run) -> None:
    """As counted by hand on the page, but for Luuk Duursma: his address is no thing here, so he has 3 and not 4."""
    degrees = {entity: (stated, total) for entity, stated, total in run("degrees").column("entity", "stated", "all")}
    by_stated = sorted(degrees, key=lambda entity: -int(degrees[entity][0]))
    assert by_stated[:2] == ["id:so2", "id:so-netwerk-assen-drenthe"]
    assert degrees["id:so2"][0] == "6"
    assert degrees["id:so-netwerk-assen-drenthe"][0] == "5"
    assert degrees["id:kerngroep-assen-drenthe"][0] == degrees["id:plan-2018"][0] == "4"
    assert degrees["id:luuk-duursma"][0] == "3"
    most = max(int(total) for _, total in degrees.values())
    assert {entity for entity, (_, total) in degrees.items() if int(total) == most} == {
        "id:plan-2018",
        "id:so-netwerk-noord-nederland",
    }
    assert most == 8


def test_cq40_luuk_duursma_links_sheltered_employment(run: Run) -> None:
    """He alone, through Alescon, as core group member and as contact person."""
    assert set(run("sheltered-employment-links", language="en").column("organisation", "person", "role")) == {
        ("id:alescon", "id:luuk-duursma", "core group member"),
        ("id:alescon", "id:luuk-duursma", "contact person"),
    }


def test_cq41_no_core_group_is_stated_for_groningen(run: Run) -> None:
    """Only Assen/Drenthe has one; for the others the answer is ‘not stated’, not ‘no’."""
    assert run("core-groups", language="en").column("network", "answer") == [
        ("id:so-netwerk-assen-drenthe", "stated"),
        ("id:so-netwerk-groningen", "not stated"),
        ("id:so-netwerk-noord-nederland", "not stated"),
    ]


def test_cq43_mvo_nederland_does_not_occur(run: Run, page: str) -> None:
    """Neither the graph nor the page has it; the MVO alliantie and the MVO platform are there."""
    assert run("named-in-source").column("inSource", "passages", "outside") == [("false", "0", "id:mvo-nederland")]
    assert "mvo nederland" not in page.lower()
    for name in ("MVO alliantie", "MVO platform"):
        assert run("named-in-source", name=name).one("inSource") == ["true"]


def test_cq44_places_and_public_bodies_are_linked_and_private_ones_not(run: Run) -> None:
    """No private organisation, person, network or report has a link; both cores and the municipality have."""
    linked, unlinked = set(run("identifiers").one("entity")), set(run("without-identifiers").one("entity"))
    assert {"id:assen", "id:groningen", "id:drenthe", "id:gemeente-groningen-2017"} <= linked
    assert not linked & unlinked
    assert set(run("contacts").one("person")) | set(run("networks").one("network")) <= unlinked
    assert set(run("organisations").one("organisation")) - unlinked == {"id:gemeente-groningen-2017"}
    assert set(run("reports").one("report")) <= unlinked


def test_cq46_the_reports_are_missing_under_an_empty_heading(run: Run) -> None:
    """Three reports and the heading Documenten."""
    assert set(run("missing-documents").column("item", "kind")) == {
        ("id:heading-documenten", "tussenkop"),
        ("id:report-so2-project-document", "rapport"),
        ("id:report-research-social-enterprises", "rapport"),
        ("id:report-advice-gemeente-groningen", "rapport"),
    }


def test_cq47_personal_data_are_counted_with_basis_and_source(run: Run) -> None:
    """Five names, three contact roles, four stated affiliations and two addresses, all from the page."""
    rows = run("personal-data").column("kind", "value", "graph", "source", "basis")
    stated = CANONICAL_BASE + "graph/so2/stated"
    assert len([row for row in rows if row[0] == "naam"]) == 5
    assert len([row for row in rows if row[0] == "rol" and row[1].startswith("contactpersoon")]) == 3
    assert len([row for row in rows if row[0] == "organisatie" and row[2] == stated]) == 4
    assert len([row for row in rows if row[0] == "e-mailadres"]) == 2
    assert {row[3] for row in rows} == {"id:so2-page"}
    assert all(row[4].startswith("persoonsgegevens") for row in rows)
    assert len([row for row in run("personal-data", contact="private").rows if "e-mailadres" in row]) == 0


# The headline


def test_statements_are_all_51(run: Run) -> None:
    """Every numbered statement of the page is there, 37 of them stated."""
    table = run("statements")
    assert {f"F{number:02}" for number in range(1, 52)} == set(table.one("claimId"))
    assert len({claim for claim, modality in table.column("claimId", "modality") if modality == "gesteld"}) == 37


def test_hub_to_national_is_quick(run: Run) -> None:
    """It answers within two seconds."""
    start = time.process_time()
    run("hub-to-national")
    assert time.process_time() - start < 2


def _edges(snapshot: Snapshot, ask: Ask) -> nx.Graph[str]:
    """The lines between things as read from the graphs of the modalities, each with its most certain rank."""
    things = {str(row["thing"]) for row in ask("SELECT ?thing { ?thing dcterms:identifier ?id ; a ?kind }")}
    of_graph = {
        str(row["graph"]): str(row["m"]).rpartition("#")[2]
        for row in ask("SELECT ?graph ?m { GRAPH g:catalog { ?graph a dcat:Dataset ; so2:modality ?m } }")
    }
    network: nx.Graph[str] = nx.Graph()
    for graph, modality in of_graph.items():
        rank = MODALITIES.index(modality) + 1
        for subject, _, obj, _ in snapshot.quads([graph]):
            one, other = str(subject), str(obj)
            if isinstance(obj, Iri) and {one, other} <= things and one != other:
                known = network.get_edge_data(one, other, {"rank": rank})["rank"]
                network.add_edge(one, other, rank=min(rank, known))
    return network


def test_paths_are_those_that_networkx_finds(run: Run, snapshot: Snapshot, ask: Ask) -> None:
    """Each simple path of at most five steps is there once with its weakest modality, and no other."""
    network = _edges(snapshot, ask)
    labels = {
        str(row["thing"]): str(row["label"])
        for row in ask('SELECT * { ?thing dcterms:identifier ?id ; rdfs:label ?label FILTER(LANG(?label) = "en") }')
    }
    english = {
        str(row["rank"]): str(row["label"])
        for row in ask(
            "SELECT ?rank ?label { GRAPH g:vocabulary { ?m so2:certaintyRank ?rank ; skos:prefLabel ?label }"
            ' FILTER(LANG(?label) = "en") }'
        )
    }
    hubs = [str(row["hub"]) for row in ask("SELECT ?hub { ?hub a so2:RegionalNetwork }")]
    targets = [
        str(row["target"])
        for row in ask(
            "SELECT ?target { VALUES ?kind { so2:InterregionalNetwork so2:NationalOrganisation } ?target a ?kind }"
        )
    ]
    expected = set()
    for hub in hubs:
        for target in targets:
            for path in nx.all_simple_paths(network, hub, target, cutoff=5):
                weakest = max(network.edges[a, b]["rank"] for a, b in pairwise(path))
                expected.add((tuple(labels[node] for node in path), english[str(weakest)], str(len(path) - 1)))
    step = re.compile(r" –(?! )[^–→]+ \([a-z ]+\)→ | ←[^←–]+ \([a-z ]+\)– ")
    rows = run("hub-to-national", language="en").column("path", "weakest", "steps")
    found = [(tuple(step.split(path)), weakest, steps) for path, weakest, steps in rows if path != "no path"]
    assert len(found) == len(set(found))
    assert set(found) == expected
    assert [path for path, _, _ in rows].count("no path") == len(hubs) * len(targets) == 4


def test_missing_names_every_step_that_is_not_stated(run: Run) -> None:
    """As many links are missing as there are steps on the path that are not stated."""
    for path, missing in run("hub-to-national", language="en").column("path", "missing"):
        steps = re.findall(r"\(([a-z ]+)\)(?:→ |– )", path)
        assert len([part for part in missing.split("; ") if part]) == len([m for m in steps if m != "stated"])
