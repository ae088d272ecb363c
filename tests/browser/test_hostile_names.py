"""Names from hell in a real browser: nothing runs, nothing overflows, nothing turns the words beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from so2graph.registry import Bundle
from tests.browser.conftest import NewPage, axe
from tests.browser.faults import Faults
from tests.hostile import HOSTILE, NAMELESS, hostile_settings
from tests.test_hostile_names import PAGES, seen
from tests.test_service import serving

TURNED = """() => {
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const words = node.data, first = words.search(/[A-Za-z]/), parent = node.parentElement;
    if (!/^[\\x20-\\x7e\\s]*[A-Za-z]{2}[\\x20-\\x7e\\s]*$/.test(words) || first < 0) continue;
    if (parent.closest("script, style, title, textarea, option, svg")) continue;
    const place = at => { const range = document.createRange(); range.setStart(node, at); range.setEnd(node, at + 1);
      return range.getBoundingClientRect(); };
    const one = place(first), two = place(words.slice(0, first + 2).length - 1);
    const next = /[A-Za-z]/.test(words[first + 1] ?? "") ? place(first + 1) : two;
    if (one.width && next.width && Math.abs(one.top - next.top) < 3 && next.left < one.left - 1) {
      found.push([words.trim().slice(0, 60), parent.outerHTML.slice(0, 120)]);
    }
  }
  return found;
}"""
"""The runs of plain Latin text whose second letter stands to the left of the first."""
OVERFLOWING = """() => [...document.querySelectorAll("body *")]
  .filter(element => element.getBoundingClientRect().right > innerWidth + 1)
  .filter(element => !element.closest(".scroll, pre, svg, .visually-hidden"))
  .map(element => element.outerHTML.slice(0, 160)).slice(0, 5)"""


@pytest.fixture(scope="module")
def hell(tmp_path_factory: pytest.TempPathFactory, bundle: Bundle) -> Iterator[str]:
    """The URL of a service whose things have such names."""
    settings = hostile_settings(tmp_path_factory.mktemp("hostile") / "data", bundle)
    with serving({"PATH": "/usr/bin:/bin", **settings.environment()}) as running:
        yield running.url


def opened(page: Page, url: str, faults: Faults, name: str) -> None:
    """Goes to a page of the table; a dialog that something on it opens is a fault."""
    faults.allow(r"Failed to load resource: the server responded with a status of 40[04]")
    page.on("dialog", lambda dialog: faults.add(f"{name}: a dialog says {dialog.message}"))
    page.goto(url + PAGES[name])


@pytest.mark.parametrize("name", PAGES)
def test_nothing_runs_or_overflows(hell: str, new_page: NewPage, faults: Faults, name: str) -> None:
    """At 320 px a page with such names is no wider than the screen, and a browser finds no element made of one."""
    page = new_page(width=320)
    opened(page, hell, faults, name)
    assert page.evaluate("document.documentElement.scrollWidth") == 320, page.evaluate(OVERFLOWING)
    assert page.locator("hell, [hell], [onload], [onerror], [onmouseover], [onfocus], img, iframe").count() == 0
    assert page.locator("a[href^='javascript:' i], a[href^='data:' i], a[href^='vbscript:' i]").count() == 0
    expect(page.locator("h1")).to_have_count(1)


@pytest.mark.parametrize("name", PAGES)
def test_the_words_beside_a_name_stay_as_they_were(hell: str, new_page: NewPage, faults: Faults, name: str) -> None:
    """Latin text runs from left to right, whatever names stand before it on the line."""
    page = new_page()
    opened(page, hell, faults, name)
    assert page.evaluate(TURNED) == []


def test_a_turned_word_would_be_found(hell: str, new_page: NewPage, faults: Faults) -> None:
    """The check sees text that a name turned around."""
    page = new_page()
    opened(page, hell, faults, "queries")
    page.evaluate("document.querySelector('h1').innerHTML = '\\u202eabc <em>met elkaar</em>'")
    assert page.evaluate(TURNED) != []


@pytest.mark.parametrize("key", [*HOSTILE, "none"])
def test_a_reader_finds_the_name(hell: str, new_page: NewPage, faults: Faults, key: str) -> None:
    """The heading shows the name, or what it goes by instead, and the tab is called so."""
    page = new_page()
    opened(page, hell, faults, f"thing: {key}")
    wanted = seen(HOSTILE[key]) if key not in NAMELESS else f"id:hostile-{key}"
    assert seen(page.locator("h1").text_content() or "") == wanted
    assert wanted in seen(page.title())
    box = page.locator("h1").bounding_box()
    assert box is not None
    assert box["width"] > 20


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["home", "thing: script", "thing: arabic", "thing: none", "source", "graph"])
def test_axe_finds_nothing(hell: str, new_page: NewPage, faults: Faults, name: str, *, dark: bool) -> None:
    """Such names leave a page as accessible as it was."""
    page = new_page(dark=dark)
    opened(page, hell, faults, name)
    assert axe(page) == []
