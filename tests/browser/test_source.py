"""The source is read along in a browser: phrase and statement light up together, by mouse, keyboard and address."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewPage, axe

SOURCE = "source/so2"


def lit(page: Page) -> set[str]:
    """The ids of the cards that are lit."""
    return set(page.locator(".claim.lit").evaluate_all("cards => cards.map(card => card.id)"))


def lit_words(page: Page) -> str:
    """The words of the text that are lit."""
    return "".join(page.locator(".phrase.lit").all_text_contents())


def in_view(locator: Locator) -> bool:
    return bool(
        locator.evaluate(
            """element => { const box = element.getBoundingClientRect();
            return box.top >= 0 && box.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth }"""
        )
    )


def background(locator: Locator) -> str:
    return str(locator.evaluate("element => getComputedStyle(element).backgroundColor"))


def claim(page: Page) -> str | None:
    """What the address says is chosen."""
    return parse_qs(urlsplit(page.url).query).get("claim", [None])[0]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("query", ["", "?claim=F45", "?modality=planned&modality=inferred"])
def test_axe_finds_nothing(service: str, new_page: NewPage, query: str, language: str, *, dark: bool) -> None:
    """The page has no fault that axe-core knows, with and without a choice, in either language and theme."""
    page = new_page(language, dark=dark)
    page.goto(service + SOURCE + query)
    expect(page.locator("html")).to_have_attribute("lang", language)
    assert axe(page) == []


@pytest.mark.parametrize("query", ["", "?claim=F19"])
def test_it_fits_a_small_screen(service: str, new_page: NewPage, query: str) -> None:
    """At 320 px nothing scrolls sideways, and the statements stand below their passage."""
    page = new_page(width=320)
    page.goto(service + SOURCE + query)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    words = page.locator(".passage-paragraph .words").first.bounding_box()
    cards = page.locator(".passage-paragraph .claims").first.bounding_box()
    assert words is not None
    assert cards is not None
    assert words["y"] + words["height"] <= cards["y"]


@pytest.mark.parametrize(
    ("language", "said", "heading"),
    [
        ("nl", "F16, gepland: stappen voor 2018 werkt rond", "De bron, meegelezen"),
        ("en", "F16, planned: steps for 2018 works around", "The source, read along"),
    ],
)
def test_a_phrase_shows_what_it_says(service: str, new_page: NewPage, language: str, said: str, heading: str) -> None:
    """A click on a phrase lights it whole and its statement, tells it, and writes it into the address."""
    page = new_page(language)
    page.goto(service + SOURCE)
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    page.locator(".phrase", has_text="gaan we aan de slag").first.click()
    assert lit(page) == {"F16"}
    assert lit_words(page).startswith("Rond twee stedelijke kernen, Groningen en Assen, gaan we aan de slag")
    expect(page.locator(".walk-said")).to_contain_text(said)
    assert claim(page) == "F16"
    assert in_view(page.locator("#F16"))
    other = page.locator("a.language").get_attribute("href") or ""
    assert "claim=F16" in other
    page.reload()
    assert lit(page) == {"F16"}


def test_a_statement_shows_its_phrase(service: str, new_page: NewPage) -> None:
    """A click on the way back brings the words into view, lit; those of other statements go out."""
    page = new_page("nl", reduced_motion="reduce")
    page.goto(f"{service}{SOURCE}?claim=F02")
    card = page.locator("#F47")
    card.get_by_role("link", name="F47 in de tekst").click()
    assert lit(page) == {"F47"}
    assert lit_words(page) == "hopen dat er straks meer kernen bijkomen"
    assert in_view(page.locator(".phrase.lit").first)
    assert background(page.locator(".phrase.lit").first) == background(card)


def test_nested_phrases_light_all_they_carry(service: str, new_page: NewPage) -> None:
    """Where claims overlap, a click lights them all; the number behind the words lights its own."""
    page = new_page("nl")
    page.goto(service + SOURCE)
    page.locator(".phrase", has_text="MVO alliantie").first.click()
    assert lit(page) == {"F33", "F29", "F32", "F27"}
    assert claim(page) == "F33"
    page.locator("#F29-text").click()
    assert lit(page) == {"F29"}
    assert lit_words(page) == "Noor van Leeuwen (AssenvoorAssen/MVO alliantie)"


def test_the_keyboard_walks_through_it(service: str, new_page: NewPage) -> None:
    """Tab reaches the buttons; n, p and the arrows go on and back, Escape lets go; outside the text no key does."""
    page = new_page("en")
    page.goto(service + SOURCE)
    page.keyboard.press("n")
    assert lit(page) == set()
    following = page.get_by_role("button", name="Next")
    for _ in range(40):
        page.keyboard.press("Tab")
        if following.evaluate("button => button === document.activeElement"):
            break
    expect(following).to_be_focused()
    page.keyboard.press("Enter")
    first = lit(page)
    assert first == {"F02"}
    expect(page.locator(".walk-said")).to_have_text(re.compile("^1 of 57: F02, stated: "))
    page.keyboard.press("n")
    page.keyboard.press("ArrowRight")
    third = lit(page)
    assert third != first
    assert len(third) == 1
    page.keyboard.press("p")
    page.keyboard.press("ArrowLeft")
    assert lit(page) == first
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".walk-said")).to_have_text(re.compile("^57 of 57: "))
    assert in_view(page.locator(".claim.lit"))
    page.keyboard.press("Escape")
    assert (lit(page), claim(page)) == (set(), None)
    expect(page.locator(".walk-said")).to_have_text("No claim chosen.")


def test_the_legend_filters(service: str, new_page: NewPage) -> None:
    """Following a certainty leaves those statements, marked in the text by a line of that kind; and back again."""
    page = new_page("nl")
    page.goto(service + SOURCE)
    expect(page.locator(".claim")).to_have_count(57)
    page.get_by_role("link", name=re.compile("^beoogd 7$")).click()
    expect(page).to_have_url(re.compile("modality=intended"))
    expect(page.locator(".claim")).to_have_count(7)
    assert set(page.locator(".claim .tag").all_text_contents()) == {"beoogd"}
    styles = page.locator(".reading .mark").evaluate_all(
        "marks => [...new Set(marks.map(mark => getComputedStyle(mark).borderBottomStyle))]"
    )
    assert styles == ["dashed"]
    expect(page.locator(".reading")).to_contain_text("Contactpersoon: Luuk Duursma")
    page.get_by_role("link", name="Toon alles").click()
    expect(page.locator(".claim")).to_have_count(57)


def test_each_certainty_has_a_word_a_line_and_a_colour(service: str, new_page: NewPage) -> None:
    """In the legend no two look alike: kind and width of line, and colour."""
    page = new_page("nl")
    page.goto(service + SOURCE)
    looks = page.locator(".choices .mark").evaluate_all(
        """marks => marks.map(mark => { const style = getComputedStyle(mark);
        return [mark.textContent, style.borderBottomStyle + style.borderBottomWidth + style.borderBottomColor] })"""
    )
    assert len({words for words, _ in looks}) == len({look for _, look in looks}) == 7


def test_turtle_is_there_on_demand(service: str, new_page: NewPage) -> None:
    """Hidden until it is asked for; then Turtle, and the way to all that is known of the claim."""
    page = new_page("en")
    page.goto(service + SOURCE)
    card = page.locator("#F23")
    expect(card.locator("pre")).to_be_hidden()
    card.get_by_text("Turtle and more").click()
    expect(card.locator("pre")).to_contain_text("id:so-netwerk-assen-drenthe so2:developedFrom id:assenvoorassen")
    card.get_by_role("link", name="All about claim F23").click()
    expect(page).to_have_url(re.compile("/doc/claim-f23"))


def test_without_a_script_the_address_lights_both(service: str, new_page: NewPage) -> None:
    """Phrases lead to statements and back by plain links, and either fragment lights both."""
    page = new_page("nl", java_script_enabled=False, reduced_motion="reduce")
    page.goto(f"{service}{SOURCE}#F23")
    expect(page.locator(".walk")).to_be_hidden()
    mark = background(page.locator("#F23"))
    phrase = page.locator(".phrase.c-F23").first
    assert mark == background(phrase) != background(page.locator("#F26"))
    assert in_view(page.locator("#F23"))
    assert in_view(phrase)
    page.locator("#F26-text").click()
    expect(page).to_have_url(re.compile("#F26$"))
    assert background(page.locator("#F26")) == background(page.locator(".phrase.c-F26").first) == mark
    assert background(page.locator("#F23")) != mark
    page.locator("#F26").get_by_role("link", name="F26 in de tekst").click()
    expect(page).to_have_url(re.compile("#F26-text$"))
    assert background(page.locator("#F26")) == mark


def test_no_address_is_seen(service: str, new_page: NewPage) -> None:
    """A sign stands for each e-mail address, and says what it stands for."""
    page = new_page("en")
    page.goto(service + SOURCE)
    expect(page.locator(".blanked")).to_have_text(["[e-mail address]"] * 2)
    assert not re.search(r"\w@[\w-]+\.", page.locator("body").text_content() or "")


def test_in_print_the_marks_stay(service: str, new_page: NewPage) -> None:
    """On paper the lines, words and numbers are there, and what only a screen can use is not."""
    page = new_page("nl")
    page.goto(service + SOURCE)
    page.emulate_media(media="print")
    expect(page.locator(".walk")).to_be_hidden()
    expect(page.locator(".claim .back").first).to_be_hidden()
    mark = page.locator(".reading .mark.m-planned").first
    assert mark.evaluate("mark => getComputedStyle(mark).borderBottomStyle") == "dashed"
    expect(page.locator("#F16-text")).to_contain_text("gepland")
    assert len(page.pdf()) > 10_000
