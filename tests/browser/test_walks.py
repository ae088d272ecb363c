"""What people come for, from beginning to end, in both languages: what they see at each step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewPage, axe

both = pytest.mark.parametrize("language", ["nl", "en"])
HUB = {"nl": "SO netwerk Groningen", "en": "SO network Groningen"}
NORTH = {"nl": "SO netwerk Noord Nederland", "en": "SO network Northern Netherlands"}
ALLIANCE = {"nl": "MVO alliantie", "en": "CSR alliance"}
NATION = {"nl": "Social Enterprise Nederland", "en": "Social Enterprise Netherlands"}
CERTAIN = {
    "nl": {"planned": "gepland", "attempted": "geprobeerd", "intended": "beoogd", "inferred": "afgeleid"},
    "en": {"planned": "planned", "attempted": "attempted", "intended": "intended", "inferred": "inferred"},
}
NETWORKS = "SELECT ?n { ?n a so2:Network } ORDER BY ?n"
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
SIGN = """name => {
  const box = document.querySelector(".netcanvas"), renderer = box.renderer, graph = renderer.getGraph();
  box.scrollIntoView({ block: "center" });
  const node = graph.findNode((_, data) => data.label === name);
  const { x, y } = renderer.framedGraphToViewport(renderer.getNodeDisplayData(node));
  const frame = box.getBoundingClientRect();
  return [frame.x + x, frame.y + y];
}"""
"""Where in the window the sign of a thing is: a picture by WebGL has no elements to click."""


def begin(page: Page, address: str) -> None:
    """Opens a page."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200


def tab_to(page: Page, wanted: Locator, most: int = 120) -> None:
    """Presses Tab until an element has the focus, and sees that the focus can be seen there."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            break
    expect(wanted).to_be_focused()
    expect(wanted).to_be_in_viewport()
    assert wanted.evaluate("one => getComputedStyle(one).outlineStyle") != "none"


def query_of(page: Page) -> Mapping[str, list[str]]:
    """The parameters of the address."""
    return parse_qs(urlsplit(page.url).query)


@both
def test_a_hub_and_its_way_by_keyboard_alone(service: str, new_page: NewPage, language: str) -> None:
    """Home, Tab to a hub, Enter: the page answers first how it reaches the national network; and on along the way."""
    page = new_page(language)
    begin(page, service)
    route = page.get_by_role("article").filter(has=page.get_by_role("link", name=HUB[language], exact=True)).first
    expect(route).to_contain_text(NATION[language])
    expect(route.locator(".certainty").first).to_be_visible()
    tab_to(page, route.get_by_role("heading").get_by_role("link"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(HUB[language])
    asked = {
        "nl": f"Hoe bereikt dit netwerk {NATION['nl']}?",
        "en": f"How does this network reach {NATION['en']}?",
    }[language]
    section = page.get_by_role("region", name=asked)
    none = {"nl": "als feit stelt, is er geen verbinding", "en": "as fact alone, there is no connection"}[language]
    expect(page.get_by_role("heading", level=2).first).to_have_text(asked)
    expect(section).to_contain_text(none)
    expect(section.locator(".chain .node")).to_have_count(6)
    expect(section.locator(".chain .node").last).to_have_text(NATION[language])
    planned = section.locator(".chain .link.m-planned")
    expect(planned).to_contain_text(CERTAIN[language]["planned"])
    tab_to(page, section.get_by_role("link", name=ALLIANCE[language]).first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(ALLIANCE[language])
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(HUB[language])


@both
def test_the_path_breaks_where_plans_do_not_count(service: str, new_page: NewPage, language: str) -> None:
    """A hub is clicked in the picture, its way to the national network read; it breaks without what is no fact."""
    page = new_page(language, reduced_motion="reduce")
    begin(page, f"{service}network")
    expect(page.locator(".netcanvas canvas").first).to_be_visible()
    status, card = page.locator("#network-status"), page.locator("#network-card")
    expect(status).not_to_have_text("")
    page.mouse.click(*page.evaluate(SIGN, HUB[language]))
    expect(card.get_by_role("heading")).to_have_text(HUB[language])
    expect(card).to_contain_text("Buro Bries")
    page.keyboard.press("p")
    expect(status).to_contain_text(HUB[language])
    page.locator("#network-list").get_by_role("button", name=NATION[language]).click()
    said = {
        "nl": f"{HUB['nl']} zou {NATION['nl']} bereiken in 5 stappen, via ",
        "en": f"{HUB['en']} would reach {NATION['en']} in 5 steps, via ",
    }[language]
    expect(status).to_contain_text(said)
    certain = CERTAIN[language]
    expect(card).to_contain_text(certain["planned"])
    assert query_of(page)["to"] == ["social-enterprise-nederland"]

    # Without what is planned another way remains, which is shorter and less certain.
    page.get_by_role("checkbox", name=certain["planned"]).uncheck()
    expect(status).to_contain_text(said.replace("5", "4", 1))
    expect(status).to_contain_text(NORTH[language])
    expect(card).not_to_contain_text(certain["planned"])
    for name in ("attempted", "intended", "inferred"):
        page.get_by_role("checkbox", name=certain[name]).uncheck()
    broken = {
        "nl": f"Met wat nu is gekozen, is er geen weg van {HUB['nl']} naar {NATION['nl']}.",
        "en": f"With what is chosen now, there is no path from {HUB['en']} to {NATION['en']}.",
    }[language]
    expect(status).to_have_text(broken)
    assert "planned" not in query_of(page)["modality"][0].split(",")

    # The address says all of it: somebody else sees the same, and what would be needed.
    other = new_page(language)
    other.goto(page.url)
    expect(other.locator("#network-status")).to_have_text(broken)
    expect(other.get_by_role("checkbox", name=certain["planned"])).not_to_be_checked()
    other.get_by_role("link", name={"nl": "Deze weg als pagina", "en": "This path as a page"}[language]).click()
    answer = other.locator(".pathanswer")
    expect(answer).to_contain_text({"nl": "is er geen weg van", "en": "there is no path from"}[language])
    expect(answer).to_contain_text(certain["inferred"])
    expect(other.locator(".chain .node").last).to_have_text(NATION[language])


@both
def test_a_phrase_of_the_source_shows_its_statement(service: str, new_page: NewPage, language: str) -> None:
    """A click on a phrase lights it and what it states, and how certainly; a click there leads back; it is shared."""
    page = new_page(language)
    begin(page, f"{service}source/so2")
    phrase = page.locator(".phrase", has_text="gaan we aan de slag").first
    before = phrase.evaluate("one => getComputedStyle(one).backgroundColor")
    phrase.click()
    card = page.locator(".claim.lit")
    expect(card).to_have_count(1)
    expect(card).to_contain_text(CERTAIN[language]["planned"])
    expect(card).to_contain_text("Assen")
    expect(card).to_be_in_viewport()
    lit = page.locator(".phrase.lit").first
    assert lit.evaluate("one => getComputedStyle(one).backgroundColor") != before
    assert lit.evaluate("one => one.closest('[lang]').lang") == "nl"
    claim = query_of(page)["claim"]
    assert re.fullmatch(r"F\d\d", claim[0])
    card.locator("summary").first.click()
    expect(card.locator("pre, code").first).to_be_visible()
    page.locator(".claim:not(.lit)").last.get_by_role("link", name=re.compile("in de tekst|in the text")).click()
    expect(page.locator(".phrase.lit").first).to_be_in_viewport()
    assert query_of(page)["claim"] != claim
    other = new_page("en" if language == "nl" else "nl")
    other.goto(page.url)
    assert query_of(other)["claim"] == query_of(page)["claim"]
    expect(other.locator(".claim.lit")).to_have_count(1)


@both
def test_networks_without_a_core_group_are_asked_for(service: str, new_page: NewPage, language: str) -> None:
    """Without SPARQL: a sentence is built by choosing, its answer has two networks, and the same as a file."""
    page = new_page(language)
    begin(page, f"{service}ask")
    words = {
        "nl": ("Alle … zonder …", "Welke dingen", "netwerk", "Wat ontbreekt", "heeft kerngroep", "Vraag stellen"),
        "en": ("All … without …", "Which things", "network", "What is missing", "has core group", "Ask"),
    }[language]
    page.get_by_role("link", name=words[0]).click()
    _choose(page, words[1], words[2])
    _choose(page, words[3], words[4])
    button = page.get_by_role("button", name=words[5], exact=True)
    if button.is_visible():
        button.click()
    sentence = {"nl": r"^Alle netwerken die geen kerngroep hebben", "en": r"^All networks without a core group"}
    expect(page.locator(".sentence")).to_have_text(re.compile(sentence[language]))
    rows = page.locator(".answer tbody tr")
    expect(rows).to_have_count(2)
    expect(page.locator(".answer tbody")).to_contain_text(HUB[language])
    expect(page.locator(".answer tbody")).to_contain_text(NORTH[language])
    assert query_of(page)["trait"] == ["so2:hasCoreGroup"]
    csv = page.locator(".answer").get_by_role("link", name="CSV", exact=True).get_attribute("href")
    assert csv is not None
    file = page.request.get(csv if csv.startswith("http") else service.rstrip("/") + csv)
    assert file.headers["content-type"].startswith("text/csv")
    assert file.text().count("so-netwerk-") == 2
    tabs = page.get_by_role("navigation", name=re.compile("antwoord|answer", re.IGNORECASE))
    tabs.get_by_role("link", name="SPARQL").click()
    expect(page.locator("pre", has_text="hasCoreGroup").first).to_be_visible()
    assert axe(page) == []
    page.get_by_role("navigation").get_by_role("link", name={"nl": "Delen", "en": "Share"}[language]).click()
    shared = page.locator("#permalink").input_value()
    other = new_page(language)
    other.goto(shared)
    expect(other.locator(".sentence")).to_have_text(re.compile(sentence[language]))
    expect(other.locator(".answer tbody")).to_contain_text(HUB[language])


def _choose(page: Page, label: str, option: str) -> None:
    """Chooses what begins with a text in a list with numbers behind its options."""
    field = page.get_by_label(label)
    found = field.locator("option").filter(has_text=re.compile(rf"^\s*{option} \(\d+\)\s*$"))
    expect(found).to_have_count(1)
    field.select_option(found.get_attribute("value"))


@both
def test_a_query_is_run_stopped_and_shared(service: str, new_page: NewPage, language: str) -> None:
    """An answer comes into the page with names and a count; a long one is stopped; the link shows all to another."""
    page = new_page(language)
    begin(page, f"{service}sparql")
    field = page.locator(".cm-content")
    expect(field).to_be_visible()
    field.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(SLOW)
    page.keyboard.press("Control+Enter")
    stop = page.get_by_role("button", name={"nl": "Stoppen", "en": "Stop"}[language])
    expect(stop).to_be_visible()
    stop.click()
    status = page.locator("#editor-status")
    expect(status).to_contain_text({"nl": "Gestopt na", "en": "Stopped after"}[language])
    expect(stop).to_be_hidden()

    field.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(NETWORKS)
    page.keyboard.press("Control+Enter")
    rows = page.locator("#result tbody tr")
    expect(rows).to_have_count(3)
    expect(page.locator("#result")).to_contain_text(HUB[language])
    expect(status).to_have_text(re.compile({"nl": r"3 rijen in \d", "en": r"3 rows in \d"}[language]))
    assert query_of(page)["query"][0].startswith("SELECT ?n")

    other = new_page("en" if language == "nl" else "nl", dark=True)
    other.goto(page.url)
    expect(other.locator(".cm-content")).to_contain_text("so2:Network")
    expect(other.locator("#result tbody tr")).to_have_count(3)


@both
def test_a_dark_page_on_a_small_screen(service: str, new_page: NewPage, language: str) -> None:
    """At 320 px in the dark theme: home, a hub and the menu are read and followed, and nothing goes sideways."""
    page = new_page(language, dark=True, width=320, has_touch=True)
    begin(page, service)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    ink = page.evaluate("getComputedStyle(document.body).color.match(/\\d+/g).map(Number)")
    assert max(paper) < 48
    assert min(ink) > 200
    link = page.get_by_role("heading").get_by_role("link", name=HUB[language], exact=True)
    box = link.bounding_box()
    assert box is not None
    assert box["height"] >= 24
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
    link.tap()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(HUB[language])
    expect(heading).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    menu = page.get_by_role("navigation", name={"nl": "Hoofdmenu", "en": "Main menu"}[language])
    for item in menu.get_by_role("link").all():
        place = item.bounding_box()
        assert place is not None
        assert place["height"] >= 24
        assert place["x"] + place["width"] <= 320
    assert axe(page) == []


@both
def test_a_name_written_wrong_is_found_by_keyboard(service: str, new_page: NewPage, language: str) -> None:
    """The key `/` leads to the search field from anywhere; a name with a fault in it is found; Enter opens it."""
    page = new_page(language)
    begin(page, f"{service}search")
    page.goto(f"{service}exports")
    page.keyboard.press("/")
    field = page.locator("body > header input[type=search]")
    expect(field).to_be_focused()
    page.keyboard.type("netwrk groningn")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert query_of(page)["q"] == ["netwrk groningn"]
    found = page.locator("main").get_by_role("link", name=HUB[language], exact=True).first
    tab_to(page, found)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(HUB[language])
