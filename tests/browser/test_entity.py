"""The page about a thing as somebody sees it: the answer on top, words that open, a drawing to click, odd names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from so2graph.registry import Bundle
from tests.browser.conftest import NewPage, axe
from tests.odd_names import NAMES, ODD_DATASET
from tests.test_entity_page import loaded
from tests.test_service import serving

KINDS = (
    "so-netwerk-groningen",
    "so-netwerk-noord-nederland",
    "luuk-duursma",
    "buro-bries",
    "report-advice-gemeente-groningen",
    "social-impact-day",
    "conferences-2016-2017",
    "split-alescon-2019",
    "groningen",
    "plan-2018",
    "theme-social-enterprises",
    "so2-page",
    "claim-f23",
    "outside-06",
    "we",
)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, bundle: Bundle, untraced_env: dict[str, str]) -> Iterator[str]:
    """The URL of a service on things with odd names."""
    folder: Path = tmp_path_factory.mktemp("odd")
    loaded(folder, bundle, ODD_DATASET)
    with serving(untraced_env | {"SO2GRAPH_DATA": str(folder / "data")}) as running:
        yield running.url


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("local", KINDS)
def test_axe_finds_nothing_on_any_kind_of_thing(service: str, new_page: NewPage, local: str, *, dark: bool) -> None:
    """With all that opens open, in Dutch by day and English by night."""
    page = new_page("en" if dark else "nl", dark=dark)
    page.goto(f"{service}doc/{local}")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert axe(page) == []


@pytest.mark.parametrize("local", KINDS)
def test_any_kind_of_thing_fits_a_small_screen(service: str, new_page: NewPage, local: str) -> None:
    """At 320 px nothing scrolls sideways but the drawing in its frame; all targets of the lists can be hit."""
    page = new_page(width=320, dark=True)
    page.goto(f"{service}doc/{local}")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    heights = page.evaluate(
        "[...document.querySelectorAll('summary')].map(one => one.getBoundingClientRect().height)"
    )
    assert all(height >= 24 for height in heights)


@pytest.mark.parametrize(
    ("language", "question", "answer", "missing"),
    [
        (
            "nl",
            "Hoe bereikt dit netwerk Social Enterprise Nederland?",
            "Met alleen wat de pagina als feit stelt, is er geen verbinding",
            "Wat er nog ontbreekt",
        ),
        (
            "en",
            "How does this network reach Social Enterprise Netherlands?",
            "On what the page states as fact alone, there is no connection",
            "What is still missing",
        ),
    ],
)
def test_a_hub_answers_first(
    service: str, new_page: NewPage, language: str, question: str, answer: str, missing: str
) -> None:
    """The question is the first heading, the answer is seen without a click, and the way has links."""
    page = new_page(language)
    page.goto(f"{service}doc/so-netwerk-groningen")
    expect(page.get_by_role("heading", level=2).first).to_have_text(question)
    section = page.get_by_role("region", name=question)
    expect(section.get_by_text(answer)).to_be_visible()
    expect(section.get_by_role("heading", name=missing)).to_be_visible()
    nodes = section.locator(".chain .node")
    assert nodes.count() == 6
    assert [one.bounding_box() is not None for one in nodes.all()] == [True] * 6
    section.get_by_role("link", name="MVO alliantie" if language == "nl" else "CSR alliance").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("MVO alliantie" if language == "nl" else "CSR alliance")


def test_the_words_open_without_a_script(service: str, new_page: NewPage) -> None:
    """By the keyboard, with JavaScript off: the sentence appears with the words marked, and no address in it."""
    page = new_page("en", java_script_enabled=False)
    page.goto(f"{service}doc/so-netwerk-assen-drenthe")
    fact = page.locator("li.fact:has(bdi:text-is('Luuk Duursma'))")
    expect(fact.locator("mark")).to_be_hidden()
    fact.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(fact.locator("mark")).to_be_visible()
    expect(fact.locator("mark")).to_have_text("Contactpersoon: Luuk Duursma")
    expect(fact.locator("blockquote")).to_have_attribute("lang", "nl")
    expect(fact.locator("blockquote")).to_contain_text("[e-mail address left out]")
    assert "@" not in page.locator("main .groups").first.inner_text()


def test_certainty_is_a_word_a_line_and_a_colour(service: str, new_page: NewPage) -> None:
    """A plan has another word, kind of line and colour than a fact, in the list and in the drawing."""
    page = new_page("nl")
    page.goto(f"{service}doc/so-netwerk-noord-nederland")
    style = "one => { const s = getComputedStyle(one); return [s.borderLeftStyle, s.borderLeftColor] }"
    looks = {
        word: tuple(page.locator(f"li.fact:has(.tag:text-is('{word}'))").first.evaluate(style))
        for word in ("gesteld", "beoogd", "afgeleid")
    }
    assert [look[0] for look in looks.values()] == ["solid", "dashed", "dotted"]
    assert len({look[1] for look in looks.values()}) == 3
    dashes = {
        name: page.locator(f".neighbourhood .scroll path.m-{name}").first.evaluate(
            "one => getComputedStyle(one).strokeDasharray"
        )
        for name in ("stated", "planned", "intended", "inferred")
    }
    assert dashes["stated"] == "none"
    assert len(set(dashes.values())) == 4


def test_the_drawing_leads_on(service: str, new_page: NewPage) -> None:
    """A box is a link to its thing, by keyboard too; all lie within the drawing, and none on another."""
    page = new_page("nl")
    page.goto(f"{service}doc/so-netwerk-groningen")
    picture = page.locator(".neighbourhood .scroll svg")
    frame = picture.bounding_box()
    boxes = [one.bounding_box() for one in picture.locator("rect").all()]
    assert frame is not None
    found = [box for box in boxes if box is not None]
    assert len(found) == len(boxes) > 4
    for index, box in enumerate(found):
        assert frame["x"] <= box["x"]
        assert box["x"] + box["width"] <= frame["x"] + frame["width"] + 1
        for other in found[index + 1 :]:
            apart = box["y"] + box["height"] <= other["y"] or other["y"] + other["height"] <= box["y"]
            assert apart or box["x"] + box["width"] <= other["x"] or other["x"] + other["width"] <= box["x"]
    picture.get_by_role("link", name="Buro Bries").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/doc/buro-bries$"))


def test_a_place_is_on_the_map_of_its_country(service: str, new_page: NewPage) -> None:
    """The mark of Groningen lies in the north-east of the outline, and its name is written beside it."""
    page = new_page("nl")
    page.goto(f"{service}doc/so-netwerk-groningen")
    figure = page.get_by_role("region", name="Op de kaart")
    land = figure.locator("path.land:not(.beyond)").bounding_box()
    mark = figure.locator("circle.mark").bounding_box()
    assert land is not None
    assert mark is not None
    assert mark["x"] > land["x"] + land["width"] * 0.6
    assert mark["y"] < land["y"] + land["height"] * 0.3
    expect(figure.locator("svg text")).to_have_text("Groningen (stedelijke kern)")
    expect(figure.get_by_text("53,222° NB; 6,565° OL")).to_be_visible()


def test_a_page_prints_without_what_is_closed(service: str, new_page: NewPage) -> None:
    """On paper there is the profile, with its drawing, and no door that paper cannot open."""
    page = new_page("nl")
    page.goto(f"{service}doc/luuk-duursma")
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".neighbourhood .scroll svg")).to_be_visible()
    expect(page.locator("summary").first).to_be_hidden()


@pytest.mark.parametrize("local", [*NAMES, "nameless", "network"])
def test_an_odd_name_is_seen_as_it_is(odd: str, new_page: NewPage, local: str) -> None:
    """Nothing runs, nothing overflows, and the rest of the page stays where it is; axe finds nothing."""
    page = new_page("nl", width=320)
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto(f"{odd}doc/{local}")
    name = NAMES.get(local, "Net" if local == "network" else "").strip(" \t\u00a0")
    expect(page.get_by_role("heading", level=1)).to_have_text(" ".join(name.split()) or f"id:{local}")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).textAlign") in ("start", "left")
    assert axe(page) == []
