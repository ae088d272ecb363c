"""Ask in a browser: a question builds itself, its answer has views, names are found, and nothing needs a script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewPage, axe

WORDS = {
    "nl": {
        "lack": "Alle … zonder …",
        "sentence": "Alle netwerken die geen kerngroep hebben.",
        "network": "netwerk (3)",
        "core": "heeft kerngroep (1)",
        "rows": ["SO netwerk Groningen", "SO netwerk Noord Nederland"],
        "share": "Delen",
        "copy": "Kopiëren",
        "near": "Wat is dicht bij …",
    },
    "en": {
        "lack": "All … without …",
        "sentence": "All networks without a core group.",
        "network": "network (3)",
        "core": "has core group (1)",
        "rows": ["SO network Groningen", "SO network Northern Netherlands"],
        "share": "Share",
        "copy": "Copy",
        "near": "What is close to …",
    },
}


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("script", [True, False])
def test_networks_without_a_core_group(service: str, new_page: NewPage, language: str, script: bool) -> None:
    """From the start page by choices alone to the right answer: at once with a script, with a button without one."""
    words = WORDS[language]
    page = new_page(language, java_script_enabled=script)
    page.goto(f"{service}ask")
    page.get_by_role("link", name=str(words["lack"])).click()
    page.get_by_label(re.compile("Welke dingen|Which things")).select_option(label=str(words["network"]))
    if not script:
        page.get_by_role("button", name=re.compile("Verder|Next")).click()
    page.get_by_label(re.compile("Wat ontbreekt|What is missing")).select_option(label=str(words["core"]))
    if not script:
        page.get_by_role("button", name=re.compile("Vraag stellen|^Ask")).click()
    expect(page.locator(".question .sentence")).to_have_text(str(words["sentence"]))
    expect(page.locator("table.rows tbody td")).to_have_text(list(words["rows"]))
    assert "trait=so2%3AhasCoreGroup" in page.url
    page.reload()
    expect(page.locator("table.rows tbody td")).to_have_text(list(words["rows"]))
    page.get_by_role("link", name=str(words["share"])).click()
    expect(page.locator(".snippet h3").first).to_be_visible()
    assert "ask.csv?kind=lack" in page.locator(".snippet pre").first.inner_text()
    expect(page.get_by_role("button", name=str(words["copy"]))).to_have_count(6 if script else 0)


def test_back_leads_to_the_question_before(service: str, new_page: NewPage) -> None:
    """Each change is a step of the browser's history, and the focus stays where it was; the change is announced."""
    page = new_page("en")
    page.goto(f"{service}ask?kind=near&thing=id:so-netwerk-groningen&steps=1")
    sentence = page.locator(".question .sentence")
    expect(sentence).to_have_text("All things within 1 step of SO network Groningen.")
    page.get_by_label("How far").select_option("2")
    expect(sentence).to_have_text("All things within 2 steps of SO network Groningen.")
    expect(page.locator("#ask-steps")).to_be_focused()
    expect(page.locator("#asking-said")).to_contain_text("within 2 steps")
    page.get_by_label("Plans, intentions and hopes too").check()
    expect(page.locator("table.rows tbody tr")).to_have_count(13)
    page.go_back()
    page.go_back()
    expect(sentence).to_have_text("All things within 1 step of SO network Groningen.")
    expect(page.locator("#ask-steps")).to_have_value("1")


def test_a_thing_is_named_in_words(service: str, new_page: NewPage) -> None:
    """A name in the field becomes its IRI in the address; a part of a name gives what may be meant."""
    page = new_page("nl")
    page.goto(f"{service}ask?kind=near")
    field = page.get_by_label("Dicht bij wat")
    field.fill("groningen")
    field.press("Enter")
    expect(page.locator(".notice")).to_contain_text("Bedoelt u")
    page.locator(".notice").get_by_role("link", name="SO netwerk Groningen").click()
    expect(page.locator(".question .sentence")).to_have_text("Alle dingen binnen 2 stappen van SO netwerk Groningen.")
    page.get_by_label("Dicht bij wat").fill("Buro Bries")
    page.get_by_label("Dicht bij wat").press("Enter")
    expect(page.locator(".question .sentence")).to_have_text("Alle dingen binnen 2 stappen van Buro Bries.")
    assert "thing=id%3Aburo-bries" in page.url


PATHS = (
    "ask",
    "ask?kind=lack&of=so2:Network&trait=so2:hasCoreGroup",
    "ask?kind=near&thing=id:so-netwerk-groningen&certainty=plans&view=map",
    "ask?kind=count&of=foaf:Person&trait=so2:affiliatedWith&view=chart",
    "queries",
    "queries/networks-by-area?view=share",
    "queries/affiliations?view=network",
    "queries/timeline?view=chart",
    "queries/whole-network?view=network",
    "queries/places?view=sparql",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("language", "dark", "width"), [("nl", False, 1280), ("en", True, 320)])
def test_every_view_can_be_used_by_everybody(
    service: str, new_page: NewPage, path: str, language: str, dark: bool, width: int
) -> None:
    """axe finds nothing, in either theme and language, and no page scrolls sideways at 320 pixels."""
    page = new_page(language, dark=dark, width=width)
    page.goto(f"{service}{path}")
    expect(page.locator("h1")).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
