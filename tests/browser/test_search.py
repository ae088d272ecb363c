"""Search in a browser: the key, suggestions by keyboard and pointer, facets, small screens, without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewPage, axe

PAGES = (
    "search",
    "search?type=so2:Network&type=so2:Report&modality=stated",
    "search?q=kerngroepen",
    "search?q=assen&place=id:drenthe",
    "search?q=netwerk&group=terms",
    "search?q=grxnxngxn",
)


def box(page: Page) -> None:
    """Goes to the box by its key, and asserts that it is there."""
    expect(page.locator("#site-search")).to_have_attribute("role", "combobox")
    page.keyboard.press("/")
    expect(page.locator("#site-search")).to_be_focused()


def suggested(page: Page, text: str) -> None:
    """Types, and waits for suggestions."""
    page.keyboard.type(text, delay=20)
    expect(page.get_by_role("option").first).to_be_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("local", PAGES)
def test_axe_finds_nothing(service: str, new_page: NewPage, local: str, language: str, *, dark: bool) -> None:
    """Whatever is found, chosen or missing, in either language and theme."""
    page = new_page(language, dark=dark)
    page.goto(service + local)
    expect(page.locator("html")).to_have_attribute("lang", language)
    assert axe(page) == []


@pytest.mark.parametrize("language", ["nl", "en"])
def test_open_suggestions_have_no_fault(service: str, new_page: NewPage, language: str) -> None:
    """The list, with one of it chosen, by axe-core."""
    page = new_page(language)
    page.goto(f"{service}search")
    box(page)
    suggested(page, "kerngr")
    page.keyboard.press("ArrowDown")
    assert axe(page) == []


@pytest.mark.parametrize("local", PAGES)
def test_it_fits_a_small_screen(service: str, new_page: NewPage, local: str) -> None:
    """At 320 px nothing scrolls sideways, and every link of a facet is 24 px high or more."""
    page = new_page(width=320)
    page.goto(service + local)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    for link in page.locator(".facet-value, .chip, .facet-more a").all():
        size = link.bounding_box()
        assert size is not None
        assert size["height"] >= 24


@pytest.mark.parametrize(
    ("language", "said", "kind"),
    [("nl", "suggesties; kies met de pijltjestoetsen", "organisatie"),
     ("en", "suggestions; choose with the arrow keys", "organisation")],
)  # fmt: skip
def test_by_keyboard_from_key_to_page(service: str, new_page: NewPage, language: str, said: str, kind: str) -> None:
    """`/`, a misspelt name, arrow, Enter: the page about it. The number of suggestions is announced."""
    page = new_page(language)
    page.goto(f"{service}search")
    box(page)
    suggested(page, "buro br")
    field = page.get_by_role("combobox")
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.locator("form[data-search] [role=status]")).to_contain_text(re.compile("suggesti"))
    first = page.get_by_role("option").first
    expect(first).to_contain_text("Buro Bries")
    expect(first).to_contain_text(kind)
    expect(first.locator("mark").first).to_have_text("Buro")
    page.keyboard.press("ArrowDown")
    expect(first).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", str(first.get_attribute("id")))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/doc/buro-bries$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Buro Bries")
    page.goto(f"{service}search")
    box(page)
    suggested(page, "netw")
    expect(page.locator("form[data-search] [role=status]")).to_contain_text(said)


def test_arrows_go_round_and_escape_closes(service: str, page: Page) -> None:
    """From the last back into the box, up to the last; Escape shuts the list and leaves the text; Tab goes on."""
    page.goto(f"{service}search")
    box(page)
    suggested(page, "groningen")
    options = page.get_by_role("option")
    count = options.count()
    assert count > 3
    page.keyboard.press("ArrowUp")
    expect(options.nth(count - 1)).to_have_attribute("aria-selected", "true")
    expect(options.nth(count - 1)).to_contain_text("Alles wat past bij ‘groningen’")
    page.keyboard.press("ArrowDown")
    assert page.locator("#site-search").get_attribute("aria-activedescendant") is None
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(page.locator("#site-search")).to_have_value("groningen")
    expect(page.locator("#site-search")).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_enter_without_a_choice_searches(service: str, page: Page) -> None:
    """And so does the last suggestion; the page keeps what was typed."""
    page.goto(f"{service}search?lang=nl")
    box(page)
    suggested(page, "kerngroepen")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?lang=nl&q=kerngroepen$"))
    expect(page.locator("#q")).to_have_value("kerngroepen")
    expect(page.get_by_role("heading", name="Vragen die klaarstaan")).to_be_visible()
    box(page)
    suggested(page, "assen")
    page.get_by_role("option").last.click()
    expect(page).to_have_url(re.compile("q=assen"))


def test_a_suggestion_can_be_clicked_and_keeps_the_language(service: str, page: Page) -> None:
    """The language of the address goes along, also to an entry of the vocabulary."""
    page.goto(f"{service}search?lang=en")
    box(page)
    suggested(page, "regional netw")
    page.get_by_role("option", name=re.compile("^regional network")).first.click()
    expect(page).to_have_url(re.compile(r"lang=en"))


def test_the_key_is_a_letter_in_a_text(service: str, page: Page) -> None:
    """`/` typed in a field stays there."""
    page.goto(f"{service}search")
    page.locator("#q").focus()
    page.keyboard.type("a/b")
    expect(page.locator("#q")).to_have_value("a/b")


def test_only_the_last_request_counts(service: str, page: Page) -> None:
    """While somebody types on, what was asked before is given up; an answer that comes late shows nothing."""
    asked: list[str] = []

    def slow(route: Route) -> None:
        asked.append(route.request.url)
        route.continue_()

    page.route("**/search.json*", slow)
    page.goto(f"{service}search")
    box(page)
    suggested(page, "alescon")
    assert len(asked) < len("alescon") - 1
    assert asked[-1].endswith("q=alescon&limit=8&lang=nl")
    expect(page.get_by_role("option").first).to_contain_text("Alescon")
    page.locator("#site-search").fill("a")
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_nothing_to_suggest_is_said(service: str, page: Page) -> None:
    """To who cannot see that no list opens."""
    page.goto(f"{service}search")
    box(page)
    page.keyboard.type("zqxvzqxv")
    expect(page.locator("form[data-search] [role=status]")).to_have_text("Geen suggesties")
    expect(page.get_by_role("listbox")).to_be_hidden()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_facets_are_links(service: str, new_page: NewPage, *, scripts: bool) -> None:
    """Choosing narrows, a second value widens, a chip takes away, Back undoes; with scripts and without."""
    page = new_page("nl", java_script_enabled=scripts)
    page.goto(f"{service}search")
    names = page.locator(".found-name a")
    page.get_by_role("link", name=re.compile("^Toon alle .*Soort$")).click()
    page.get_by_role("link", name=re.compile("^rapport ")).click()
    expect(page.locator(".search-count")).to_have_text(re.compile(r"3 dingen van de \d+"))
    expect(names).to_have_count(3)
    page.get_by_role("link", name=re.compile("^regionaal netwerk ")).click()
    expect(names).to_have_count(5)
    expect(page.locator(".chip")).to_have_count(2)
    page.get_by_role("link", name=re.compile("^2017 ")).click()
    expect(names).to_have_count(3)
    expect(page.get_by_role("link", name=re.compile(r"^rapport \(gekozen\)"))).to_have_attribute(
        "aria-current", "true"
    )
    page.get_by_role("link", name=re.compile("^Soort: rapport")).click()
    expect(page.locator(".search-count")).to_have_text(re.compile("Geen enkel ding"))
    page.go_back()
    expect(names).to_have_count(3)
    page.get_by_role("link", name="Alles wissen").click()
    expect(page.locator(".chip")).to_have_count(0)


def test_without_scripts_the_box_is_a_form(service: str, new_page: NewPage) -> None:
    """With a button that can be seen; a search within a list keeps its filters."""
    page = new_page("en", java_script_enabled=False)
    page.goto(f"{service}search?type=so2:Report")
    page.locator("form.find input[type=search]").fill("groningen")
    page.locator("form.find button").click()
    expect(page).to_have_url(re.compile(r"/search\?q=groningen$"))
    expect(page.get_by_role("heading", name=re.compile("^Places"))).to_be_visible()
    page.goto(f"{service}search?type=so2:Report")
    page.locator("#q").fill("groningen")
    page.get_by_role("button", name="Search").last.click()
    expect(page.locator(".found-name a")).to_have_count(1)
    expect(page.locator(".found-name a")).to_have_text("advisory report to the municipality of Groningen")
