"""What every page has, whatever it is about: a language, a theme, an order of headings, room on a small screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from so2graph.config import Settings
from so2graph.registry import Bundle
from so2graph.web.app import create_app
from so2graph.web.openapi_tables import EXCEPTIONS, ROUTES
from tests.browser.conftest import NewPage, axe, open_page
from tests.browser.faults import Faults
from tests.browser.pages import ERRORS, PAGES, PageType
from tests.browser.seen import CLIPPED, FAINT, LEVELS, MOVING, WORDS

LANGUAGES = ("nl", "en")
UNDESCRIBED = {"/queries/<name>"}
"""Rules of pages that the description of the interface has by another name."""
WITHOUT_FRAME = ("/reconcile/preview", "/reconcile/1.0/preview")
"""Rules of small pages that stand in a frame of another site: nothing of ours is around them."""


@dataclass
class Reader:
    """Somebody who reads page after page in one browser, in one language."""

    language: str
    page: Page
    faults: Faults


@dataclass(frozen=True)
class Opened:
    """A kind of page, open in a language."""

    type: PageType
    language: str
    page: Page
    faults: Faults


@pytest.fixture(scope="module")
def readers(browser: Browser) -> Iterator[dict[str, Reader]]:
    """A reader of each language, who has asked for little motion."""
    made = {}
    for language in LANGUAGES:
        faults = Faults()
        made[language] = Reader(language, open_page(browser, faults, language, reduced_motion="reduce"), faults)
    yield made
    for reader in made.values():
        reader.page.context.close()


_WALKED = [(kind, language) for kind in PAGES if not kind.same_as for language in LANGUAGES]


def _name(given: tuple[PageType, str]) -> str:
    return f"{given[0].name}-{given[1]}"


@pytest.fixture(scope="module", params=_WALKED, ids=_name)
def visit(request: pytest.FixtureRequest, service: str, readers: dict[str, Reader]) -> Opened:
    """A page that is opened once for all tests of it."""
    kind, language = request.param
    reader = readers[language]
    reader.faults.all.clear()
    answer = reader.page.goto(service + kind.at(language))
    assert answer is not None
    assert answer.status == kind.status, f"/{kind.address}: {answer.status}"
    if kind.ready:
        reader.page.locator(kind.ready).first.wait_for()
    return Opened(kind, language, reader.page, reader.faults)


@pytest.fixture
def opened(visit: Opened) -> Iterator[Opened]:
    """That page as it is for a reader with a wide screen and the light theme, and again afterwards."""
    yield visit
    visit.page.emulate_media(media="screen", color_scheme="light", reduced_motion="reduce", forced_colors="none")
    visit.page.set_viewport_size({"width": 1280, "height": 900})
    found, visit.faults.all[:] = list(visit.faults.all), []
    assert found == []


def _title(page: Page) -> str:
    return re.sub(r"\s+", " ", page.title()).strip()


def test_it_says_what_it_is(opened: Opened) -> None:
    """The language, a title of its own, one first heading, headings in order, and one main part."""
    page = opened.page
    assert page.locator("html").get_attribute("lang") == opened.language
    expect(page.locator("main")).to_have_count(1)
    expect(page.locator("h1")).to_have_count(1)
    expect(page.locator("h1")).not_to_be_empty()
    title = _title(page)
    assert re.search(r"so2graph", title), title
    assert opened.type.name == "home" or len(title.replace("so2graph", "").strip(" –-:")) >= 3, title
    levels = page.evaluate(LEVELS)
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels)), levels
    main = page.locator("nav[aria-label]").first
    expect(main).to_be_visible()


def test_axe_finds_nothing(opened: Opened) -> None:
    """No fault that axe-core knows, in the light theme and in the dark one."""
    page = opened.page
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        assert axe(page) == [], theme


def test_it_fits_a_small_screen(opened: Opened) -> None:
    """At 320 px nothing of the page itself is cut off or scrolls sideways (WCAG 2.2, 1.4.10)."""
    opened.page.set_viewport_size({"width": 320, "height": 700})
    assert opened.page.evaluate("document.documentElement.scrollWidth") == 320
    assert opened.page.evaluate(CLIPPED) == []


def test_its_text_can_be_twice_as_large(opened: Opened) -> None:
    """Letters of 200 % push nothing out of the page, and cut nothing off (WCAG 2.2, 1.4.4)."""
    page = opened.page
    page.evaluate("document.documentElement.style.fontSize = '212.5%'")
    try:
        assert page.evaluate("document.documentElement.scrollWidth") == 1280
        assert page.evaluate(CLIPPED) == []
    finally:
        page.evaluate("document.documentElement.style.fontSize = ''")


def test_it_prints_what_it_says(opened: Opened) -> None:
    """On paper are all its words but those of the menu and of what is there to be operated, dark on white."""
    page = opened.page
    said = page.evaluate(WORDS)
    assert said
    page.emulate_media(media="print", color_scheme="dark")
    printed = page.evaluate(WORDS)
    assert [text for text in said if text not in set(printed)] == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate(FAINT) == []


def test_colours_of_the_reader_lose_nothing(opened: Opened) -> None:
    """With the few colours of a system for people who see little, words and lines are all there to see."""
    page = opened.page
    said = page.evaluate(WORDS)
    for theme in ("light", "dark"):
        page.emulate_media(forced_colors="active", color_scheme=theme)
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        seen = set(page.evaluate(WORDS))
        assert [text for text in said if text not in seen] == []
        assert page.evaluate(FAINT) == [], theme


def test_nothing_moves_for_who_asks_for_that(opened: Opened) -> None:
    """No element passes slowly from one look to another where a reader asked for little motion."""
    assert opened.page.evaluate(MOVING) == []
    assert opened.page.evaluate("document.getAnimations().length") == 0


@pytest.mark.parametrize("rule", WITHOUT_FRAME)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_for_a_frame_is_well_made(service: str, new_page: NewPage, rule: str, language: str) -> None:
    """It names the thing in its language, runs no script, and axe finds nothing in it, light and dark."""
    page = new_page(language, reduced_motion="reduce")
    page.goto(f"{service}{rule[1:]}?id=gemeente-assen&lang={language}")
    expect(page.locator("body")).to_contain_text("gemeente Assen" if language == "nl" else "municipality of Assen")
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("script").count() == 0
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert axe(page) == [], theme


@pytest.mark.parametrize("language", LANGUAGES)
def test_titles_tell_pages_apart(service: str, language: str) -> None:
    """No two pages have one title, but those that are the same page at two addresses."""
    titles: dict[str, str] = {}
    for kind in PAGES:
        request = Request(service + kind.at(language), headers={"Accept": "text/html"})
        with urlopen(request, timeout=30) as answer:
            html = answer.read().decode()
        title = re.findall(r"<title>\s*(.*?)\s*</title>", html, re.DOTALL)
        assert len(title) >= 1, kind
        # The state of a page is in its address: it is the same page.
        bare = kind.same_as or kind.address.partition("?")[0]
        assert titles.setdefault(title[0], bare) == bare, kind


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_error_is_a_page_too(
    service: str, new_page: NewPage, faults: Faults, kind: PageType, language: str
) -> None:
    """It has the status, says in words what is wrong, leads on, and axe finds nothing in it."""
    page = new_page(language, reduced_motion="reduce")
    faults.allow(rf"status of {kind.status}")
    answer = page.goto(service + kind.at(language))
    assert answer is not None
    assert answer.status == kind.status
    assert page.locator("html").get_attribute("lang") == language
    expect(page.locator("h1")).to_have_count(1)
    expect(page.locator("main")).to_contain_text(str(kind.status))
    expect(page.locator("main").get_by_role("link").last).to_be_visible()
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert axe(page) == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_every_rule_that_makes_a_page_is_walked(settings: Settings, bundle: Bundle) -> None:
    """Each rule that answers with HTML has a row in `pages.py`, and each row is of a rule of the URL map."""
    there = {rule.rule for rule in create_app(settings, bundle).url_map.iter_rules()}
    described = {
        route.rule
        for route in ROUTES
        if route.method == "GET" and (content := route.statuses.get(200)) is not None and "text/html" in content.types
    }
    pages = {rule.removesuffix(".<suffix>") for rule in described | UNDESCRIBED}
    walked = {kind.rule for kind in PAGES}
    assert ("/queries/<name>", "GET") in EXCEPTIONS
    assert pages - walked == set(WITHOUT_FRAME), "add a PageType to tests/browser/pages.py"
    assert {kind.rule for kind in PAGES} - there == set()


def test_the_theme_is_remembered(service: str, new_page: NewPage) -> None:
    """The button switches, says so, and the next page is as the last one was."""
    page = new_page("en")
    page.goto(service)
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    button = page.get_by_role("button", name="Dark display")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != light
    page.goto(f"{service}def")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_the_language_is_remembered(service: str, new_page: NewPage) -> None:
    """Who chose English once reads English at an address that says no language."""
    page = new_page("nl")
    page.goto(service)
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.goto(f"{service}exports")
    expect(page).to_have_url(re.compile(r"exports\?lang=en$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Take it home")


def test_the_keyboard_passes_the_menu(service: str, new_page: NewPage) -> None:
    """The first stop of the Tab key leads past the menu, and it can be seen there."""
    page = new_page("en")
    page.goto(service)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    box = skip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#content")


def test_without_javascript_the_pages_are_whole(service: str, new_page: NewPage) -> None:
    """All that needs a script is not there without one, and the dark theme still follows the system."""
    page = new_page("en", dark=True, java_script_enabled=False)
    page.goto(service)
    expect(page.locator("#theme")).to_be_hidden()
    expect(page.get_by_role("navigation", name="Main menu")).to_be_visible()
