"""What every page has: a language and a theme that are remembered, a way past the menu, room on a small screen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewPage, axe

PAGES = (
    "",
    "queries",
    "queries/hub-to-national",
    "doc/alescon",
    "sparql",
    "def",
    "catalog",
    "exports",
    "api",
    "-/settings",
)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("local", PAGES)
def test_axe_finds_nothing(service: str, new_page: NewPage, local: str, language: str, *, dark: bool) -> None:
    """No page type has a fault that axe-core knows, in either language and theme."""
    page = new_page(language, dark=dark)
    page.goto(service + local)
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("html").get_attribute("data-theme") == ("dark" if dark else "light")
    assert axe(page) == []


@pytest.mark.parametrize("local", PAGES)
def test_a_page_fits_a_small_screen(service: str, new_page: NewPage, local: str) -> None:
    """At 320 px nothing of the page itself is cut off or scrolls sideways (WCAG 2.2, 1.4.10)."""
    page = new_page(width=320)
    page.goto(service + local)
    assert page.evaluate("document.documentElement.scrollWidth") == 320


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
