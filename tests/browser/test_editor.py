"""The SPARQL page as an editor: what it offers, says and shows, with the keyboard and without a mouse."""

from __future__ import annotations

import re
import time
import urllib.request
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, axe
from tests.browser.faults import Faults

NETWORKS = "SELECT ?n ?l { ?n a so2:Network ; rdfs:label ?l FILTER(LANG(?l) = 'nl') } ORDER BY ?l"
FIRST = re.compile("^SO (netwerk|network) Assen/Drenthe$")
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


def opened(page: Page, service: str, query: str = "") -> Page:
    """The page with a query in its field, when the field is there."""
    page.goto(f"{service}sparql?query={quote(query)}" if query else f"{service}sparql")
    expect(page.locator(".cm-content")).to_be_visible()
    return page


def write(page: Page, text: str) -> None:
    """Types a text over all that is there."""
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def text_of(page: Page) -> str:
    """What is in the field, by line."""
    return "\n".join(page.locator(".cm-line").all_inner_texts()).replace("\u200b", "")


def run(page: Page) -> None:
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+Enter")


def at_work(service: str) -> float:
    """How many queries run at this moment."""
    with urllib.request.urlopen(f"{service}-/metrics") as response:
        found = re.search(r"^so2graph_queries_running (\S+)$", response.read().decode(), re.MULTILINE)
    assert found is not None
    return float(found[1])


def waited(page: Page, service: str, wanted: float) -> bool:
    """Whether so many queries run within twenty seconds; a deadline ends them after thirty."""
    until = time.monotonic() + 20
    while at_work(service) != wanted and time.monotonic() < until:
        page.wait_for_timeout(50)
    return at_work(service) == wanted


@pytest.mark.parametrize(("language", "typed"), [("nl", "kern"), ("nl", "core gr"), ("en", "kern")])
def test_names_are_offered_by_their_label(service: str, new_page: NewPage, language: str, typed: str) -> None:
    """A property is found by what it is called in either language, and written by its name."""
    page = opened(new_page(language), service)
    write(page, "SELECT * { ?n a so2:Network ; ")
    page.keyboard.type(typed.split()[0])
    offer = page.locator(".cm-tooltip-autocomplete li", has_text="so2:hasCoreGroup")
    expect(offer).to_contain_text("heeft kerngroep" if language == "nl" else "has core group")
    offer.click()
    expect(page.locator(".cm-line").first).to_have_text("SELECT * { ?n a so2:Network ; so2:hasCoreGroup}")


def test_properties_of_the_class_come_first(service: str, page: Page) -> None:
    """Where the query says of which class a thing is, what its instances have is offered before all else."""
    opened(page, service)
    write(page, "SELECT * { ?p a foaf:Person ; ")
    page.keyboard.press("Control+Space")
    first = page.locator(".cm-tooltip-autocomplete li").first
    expect(first).to_be_visible()
    offered = page.locator(".cm-tooltip-autocomplete .cm-completionLabel").all_inner_texts()
    assert "foaf:name" in offered
    assert offered.index("foaf:name") < offered.index("so2:coversArea")
    write(page, "SELECT * { ?p a pers")
    expect(page.locator(".cm-tooltip-autocomplete li").first).to_contain_text("foaf:Person")


def test_things_and_graphs_are_offered_where_they_fit(service: str, page: Page) -> None:
    """A thing as an object, by its name; a graph after GRAPH, by its title."""
    opened(page, service)
    write(page, "SELECT * { ?x ?y drenth")
    expect(page.locator(".cm-tooltip-autocomplete li", has_text="id:drenthe").first).to_be_visible()
    write(page, "SELECT * { GRAPH gepland")
    expect(page.locator(".cm-tooltip-autocomplete li").first).to_contain_text("SO2: gepland")


def test_a_letter_of_a_keyword_opens_no_list_of_classes(service: str, page: Page) -> None:
    """`a` within another word is no type, and nothing is offered in a comment or a text."""
    opened(page, service)
    write(page, "SELECT * { ?x rdfs:label 'pers")
    page.keyboard.press("Control+Space")
    write(page, "SELECT * { # pers")
    page.keyboard.press("Control+Space")
    expect(page.locator(".cm-tooltip-autocomplete")).to_have_count(0)


def test_a_known_prefix_is_declared_when_it_is_used(service: str, page: Page) -> None:
    """One that the service does not know gets its line, one that it knows needs none; all can be asked for."""
    opened(page, service)
    write(page, "SELECT * { ?x wdt:")
    expect(page.locator(".cm-line").first).to_have_text("PREFIX wdt: <http://www.wikidata.org/prop/direct/>")
    expect(page.locator("#editor-status")).to_have_text("PREFIX wdt: is bovenaan toegevoegd.")
    write(page, "SELECT * { ?x so2:hasCoreGroup ?y ")
    expect(page.locator(".cm-line").first).to_have_text("SELECT * { ?x so2:hasCoreGroup ?y }")
    page.get_by_role("button", name="PREFIX-regels toevoegen").click()
    expect(page.locator(".cm-line").first).to_have_text("PREFIX so2: <https://w3id.org/so2graph/def#>")


@pytest.mark.parametrize("language", ["nl", "en"])
def test_an_error_is_underlined_said_and_led_to(
    service: str, new_page: NewPage, faults: Faults, language: str
) -> None:
    """At its line and column, in words, once; a key of the list puts the cursor there."""
    faults.allow("status of 400")
    page = opened(new_page(language), service, "SELECT * {\n  ?s ?p\n}")
    words = {
        "nl": ("Fout op regel 3, kolom 1: Voor } ontbreekt een naam", "Naar regel 3, kolom 1"),
        "en": (
            "Error on line 3, column 1: A name, a variable or a value is missing before }.",
            "Go to line 3, column 1",
        ),
    }[language]
    expect(page.locator(".cm-lintRange-error")).to_have_text("}")
    expect(page.locator("#editor-said")).to_contain_text(words[0])
    answer = page.locator("#result .problem")
    expect(answer).to_contain_text(words[0].partition(": ")[2])
    run(page)
    expect(answer.get_by_role("button", name=words[1])).to_be_visible()
    expect(answer).to_contain_text(words[0].partition(": ")[2])
    expect(answer).not_to_contain_text("expected")
    page.locator("#editor-problems").get_by_role("button", name=words[1]).click()
    expect(page.locator(".cm-content")).to_be_focused()
    page.keyboard.type("?o ")
    expect(page.locator(".cm-line").nth(2)).to_have_text("?o")
    write(page, "SELECT * { ?s ?p ?o }")
    expect(page.locator(".cm-lintRange-error")).to_have_count(0)
    expect(page.locator("#editor-said")).to_have_text(
        "De vraag klopt." if language == "nl" else "The query is right."
    )


def test_a_name_that_is_nowhere_is_noted_and_mended(service: str, page: Page) -> None:
    """Did you mean: one key writes the name that comes close."""
    opened(page, service, "SELECT * { ?x so2:hasCoregroup ?y }")
    expect(page.locator("#editor-problems")).to_contain_text("so2:hasCoregroup komt in deze graaf nergens voor.")
    page.get_by_role("button", name="so2:hasCoreGroup gebruiken").click()
    expect(page.locator(".cm-line")).to_have_text("SELECT * { ?x so2:hasCoreGroup ?y }")
    expect(page.locator("#editor-problems")).to_be_hidden()


@pytest.mark.parametrize("language", ["nl", "en"])
def test_an_answer_comes_into_the_page(service: str, new_page: NewPage, language: str) -> None:
    """Names with their links, how many rows in how much time; the address holds the query, and back goes back."""
    page = opened(new_page(language), service)
    write(page, NETWORKS)
    run(page)
    expect(page.locator("#result td a").first).to_have_text(FIRST)
    expect(page.locator("#result td a").first).to_have_attribute(
        "title", re.compile("^https://w3id.org/so2graph/id/")
    )
    status = r"^3 rijen in \d+,\d\d s$" if language == "nl" else r"^3 rows in \d+\.\d\d s$"
    expect(page.locator("#editor-status")).to_have_text(re.compile(status))
    assert parse_qs(urlsplit(page.url).query)["query"][0].startswith("SELECT ?n ?l {")
    write(page, "ASK {}")
    run(page)
    expect(page.locator("#result .boolean")).to_have_text("Ja" if language == "nl" else "Yes")
    page.go_back()
    expect(page.locator("#result td a").first).to_have_text(FIRST)
    expect(page.locator(".cm-line").first).to_have_text(NETWORKS)
    page.go_back()
    expect(page.locator("#result")).to_be_empty()


def test_a_link_opens_the_same_for_somebody_else(service: str, new_page: NewPage) -> None:
    """The link that is copied shows query and answer in a browser that never saw it."""
    page = opened(new_page(permissions=["clipboard-read", "clipboard-write"]), service)
    write(page, NETWORKS)
    page.get_by_role("button", name="Link kopiëren").click()
    expect(page.locator("#editor-status")).to_have_text("De link staat op het klembord.")
    link = page.evaluate("navigator.clipboard.readText()")
    other = new_page("en")
    other.goto(link)
    expect(other.locator(".cm-line").first).to_have_text(NETWORKS)
    expect(other.locator("#result td a").first).to_have_text(FIRST)


@pytest.mark.alone
def test_stop_ends_the_query_and_its_reader(service: str, page: Page) -> None:
    """The button stops at once what would take long, and the service ends the reader that was at it."""
    assert waited(page, service, 0)
    opened(page, service)
    write(page, SLOW)
    run(page)
    stop = page.get_by_role("button", name="Stoppen")
    expect(page.locator("#editor-status")).to_contain_text("Bezig")
    assert waited(page, service, 1)
    stop.click()
    expect(page.locator("#editor-status")).to_contain_text("Gestopt na")
    expect(stop).to_be_hidden()
    assert waited(page, service, 0), "the deadline would end it after half a minute"


def test_a_large_answer_comes_in_pages(service: str, page: Page) -> None:
    """Twenty-five rows, then the next; the focus goes to the new rows, and the address holds which they are."""
    opened(page, service)
    page.locator("#limit").select_option("25")
    write(page, "SELECT * FROM <https://w3id.org/so2graph/graph/all> { ?s ?p ?o } ORDER BY ?s ?p ?o")
    run(page)
    expect(page.locator("#result tbody tr")).to_have_count(25)
    page.get_by_role("link", name="Volgende rijen").click()
    expect(page.locator("#result .count")).to_contain_text("Dit zijn de rijen 26 tot en met 50 van ")
    expect(page.locator("#answer")).to_be_focused()
    assert parse_qs(urlsplit(page.url).query)["offset"] == ["25"]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_an_empty_answer_is_explained_in_place(service: str, new_page: NewPage, language: str) -> None:
    """Which part matches nothing, what there is instead, and one click to ask that."""
    page = opened(new_page(language), service, "SELECT * { ?o a org:Organization ; so2:place ?p }")
    why, said = {
        "nl": (
            "Waarom is er niets?",
            "Niets van de klasse organisatie (org:Organization) heeft hier so2:place.",
        ),
        "en": ("Why is there nothing?", "Nothing of the class organisation (org:Organization) has so2:place here."),
    }[language]
    page.get_by_role("link", name=why).click()
    expect(page.locator("#explanation .verdict")).to_have_text(said)
    expect(page.locator("#explanation")).to_be_focused()
    assert axe(page) == []
    page.locator("#explanation").get_by_role("link", name="rdfs:label").click()
    expect(page.locator("#result tbody tr")).not_to_have_count(0)
    expect(page.locator(".cm-line").first).to_have_text("SELECT * { ?o a org:Organization ; rdfs:label ?p }")


def test_a_refusal_is_in_words(service: str, page: Page, faults: Faults) -> None:
    """What the service does not do, why, and where in the query; an update is not sent at all."""
    faults.allow("status of 403")
    opened(page, service)
    write(page, "SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }")
    run(page)
    expect(page.locator("#result .problem")).to_contain_text("vragen mogen niets veranderen en geen andere dienst")
    page.locator("#result").get_by_role("button", name="Naar regel 1, kolom 12").click()
    expect(page.locator(".cm-content")).to_be_focused()
    write(page, "INSERT DATA { <urn:a> <urn:b> <urn:c> }")
    run(page)
    expect(page.locator("#editor-status")).to_contain_text("Dit is een wijziging, geen vraag.")


def test_tabs_and_history_stay_in_the_browser(service: str, page: Page) -> None:
    """Texts are there after a new load; the answer is not; a tab is closed, and the list is wiped by hand."""
    opened(page, service)
    write(page, "# netwerken\nASK {}")
    run(page)
    expect(page.locator("#result .boolean")).to_have_text("Ja")
    page.get_by_role("button", name="Nieuw tabblad").click()
    write(page, "ASK { ?s ?p ?o }")
    opened(page, service)
    tabs = page.get_by_role("navigation", name="Tabbladen")
    expect(tabs.get_by_role("button", name="netwerken", exact=True)).to_be_visible()
    expect(page.locator(".cm-line").first).to_have_text("ASK { ?s ?p ?o }")
    tabs.get_by_role("button", name="netwerken", exact=True).click()
    expect(page.locator(".cm-line").nth(1)).to_have_text("ASK {}")
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert "netwerken" in kept
    assert "<td" not in kept
    page.get_by_text("Eerder gevraagd").click()
    expect(page.locator(".asked li")).to_have_count(1)
    page.get_by_role("button", name="Lijst wissen").click()
    expect(page.locator(".asked")).to_contain_text("Nog niets.")
    tabs.get_by_role("button", name="netwerken sluiten").click()
    expect(tabs.get_by_role("button", name="netwerken", exact=True)).to_have_count(0)


def test_no_room_in_the_browser_is_said(service: str, new_page: NewPage) -> None:
    """Where nothing can be kept the editor says so, and goes on."""
    page = new_page()
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }")
    opened(page, service)
    write(page, "ASK {}")
    expect(page.locator("#editor-status")).to_contain_text("geen ruimte om uw vragen te bewaren")
    run(page)
    expect(page.locator("#result .boolean")).to_have_text("Ja")


def test_an_example_comes_into_the_field(service: str, page: Page) -> None:
    """A stored query by its title, in a tab of its own, ready to be asked."""
    opened(page, service)
    page.get_by_text("Voorbeelden", exact=True).click()
    link = page.locator("#examples li a").first
    title = link.inner_text()
    link.click()
    expect(page.locator("#editor-status")).to_have_text(f"De vraag staat in het venster: {title}")
    expect(page.locator(".cm-line").first).not_to_be_empty()
    expect(page.locator(".cm-content")).to_be_focused()


def test_the_keyboard_alone_is_enough(service: str, page: Page) -> None:
    """Tab leaves the field, also when a list was open and closed by Escape; the field says what keys there are."""
    opened(page, service)
    field = page.locator(".cm-content")
    expect(field).to_have_accessible_name("Vraag in SPARQL")
    expect(field).to_have_accessible_description(re.compile("Ctrl.spatie .* Tab gaat verder"))
    write(page, "SELECT * { ?n a net")
    expect(page.locator(".cm-tooltip-autocomplete")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".cm-tooltip-autocomplete")).to_have_count(0)
    page.keyboard.press("Tab")
    expect(field).not_to_be_focused()
    write(page, "ASK {}")
    while page.evaluate("document.activeElement.id") != "run":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#result .boolean")).to_have_text("Ja")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["nl", "en"])
def test_axe_finds_nothing(service: str, new_page: NewPage, language: str, *, dark: bool) -> None:
    """With an error, an open list, an answer and everything unfolded."""
    page = opened(new_page(language, dark=dark), service, NETWORKS)
    expect(page.locator("#result tbody tr")).to_have_count(3)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    write(page, "SELECT * { ?n so2:hasCoregroup 1 }")
    expect(page.locator("#editor-problems li")).to_have_count(1)
    page.keyboard.press("Control+A")
    page.keyboard.type("SELECT * { ?n a net")
    expect(page.locator(".cm-tooltip-autocomplete")).to_be_visible()
    assert axe(page) == []


def test_it_fits_a_small_screen(service: str, new_page: NewPage) -> None:
    """At 320 px, dark, with an answer, nothing scrolls sideways but the table in its box."""
    page = opened(new_page(dark=True, width=320), service, NETWORKS)
    expect(page.locator("#result tbody tr")).to_have_count(3)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_without_a_script_the_form_asks_the_same(service: str, new_page: NewPage) -> None:
    """The field is a text area, the answer and its explanation are pages."""
    page = new_page(java_script_enabled=False)
    page.goto(f"{service}sparql")
    page.get_by_label("Vraag", exact=True).fill("SELECT * { ?o a org:Organization ; so2:place ?p }")
    page.get_by_role("button", name="Uitvoeren").click()
    expect(page.locator("#result .empty")).to_be_visible()
    page.get_by_role("link", name="Waarom is er niets?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Waarom er geen antwoord is")
    expect(page.locator(".verdict")).to_contain_text("heeft hier so2:place")
