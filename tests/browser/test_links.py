"""Judging links in a browser: by keys only, in both languages, seen on the page of the thing, and taken back."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from so2graph.config import Settings
from so2graph.engine.tokens import Tokens
from tests.browser.conftest import NewPage, axe
from tests.conftest import untraced
from tests.linking_runs import HOSTILE, OURS, THEIRS, write_gazetteer
from tests.test_rights import clean
from tests.test_service import serving

ASSEN, GRONINGEN, DRENTHE, FRYSLAN = (record.id for record in OURS)
ONE, TWO, THREE, FOUR, FIVE, SIX = (record.id for record in THEIRS)
ASK = {"nl": re.compile("^Is .* hetzelfde als .*\\?$"), "en": re.compile("^Is .* the same as .*\\?$")}
WORDS = {
    "nl": {"said": "Goedgekeurd", "no": "Afgewezen", "undone": "ongedaan gemaakt", "why": "Waarop de kans berust"},
    "en": {"said": "Accepted", "no": "Refused", "undone": "was undone", "why": "What the chance rests on"},
}


@dataclass
class Service:
    """A service of its own, since it is written to, and the token of an editor."""

    url: str
    token: str = field(repr=False)

    def sign_in(self, page: Page) -> None:
        """With keys alone: the token is typed, and sent by Enter."""
        page.goto(f"{self.url}links/review")
        page.locator("#token").focus()
        page.keyboard.insert_text(self.token)
        page.keyboard.press("Enter")
        expect(page.locator("form.leave")).to_be_visible()

    def question(self, page: Page, ours: str, theirs: str) -> None:
        page.goto(f"{self.url}links/review/gazetteer?{urlencode({'ours': ours, 'theirs': theirs})}")


def press(page: Page, key: str) -> None:
    """Presses a key as soon as the page has its keys; they count within the question, which has the focus."""
    expect(page.locator("[data-review=ready]")).to_be_visible()
    assert page.evaluate("document.activeElement.matches('[data-review]')")
    page.keyboard.press(key)


@pytest.fixture(scope="module")
def writable(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data = tmp_path_factory.mktemp("judged") / "data"
    shutil.copytree(settings.data, data)
    write_gazetteer(data)
    token = Tokens(data).add("anna", "editor")
    with serving(untraced(clean()) | replace(settings, data=data).environment()) as running:
        yield Service(running.url, token)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_review_is_walked_with_keys(new_page: NewPage, writable: Service, language: str) -> None:
    """A yes by its key is on the page of the thing, and z takes it back; a no leads on to the next question."""
    page = new_page(language)
    words = WORDS[language]
    writable.sign_in(page)
    writable.question(page, GRONINGEN, THREE)
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(ASK[language])
    expect(page.locator("h1")).to_contain_text(HOSTILE)
    press(page, "y")
    expect(page.locator(".said")).to_contain_text(words["said"])
    expect(heading).to_have_text(ASK[language])
    page.goto(f"{writable.url}doc/groningen")
    expect(page.locator(f'main a[href="{THREE}"]').first).to_be_visible()
    writable.question(page, GRONINGEN, THREE)
    expect(page.locator(".standing")).to_contain_text("anna")
    press(page, "z")
    expect(page.locator(".said")).to_contain_text(words["undone"])
    expect(page.locator("h1")).to_contain_text(HOSTILE)
    page.goto(f"{writable.url}doc/groningen")
    expect(page.locator(f'main a[href="{THREE}"]')).to_have_count(0)
    page.goto(f"{writable.url}links/review/gazetteer")
    asked = heading.inner_text()
    press(page, "n")
    expect(page.locator(".said")).to_contain_text(words["no"])
    expect(heading).not_to_have_text(asked)
    press(page, "z")
    expect(page.locator(".said")).to_contain_text(words["undone"])


def test_what_is_put_aside_or_skipped_comes_back(new_page: NewPage, writable: Service) -> None:
    """u puts aside and s leaves for later, each on to the next question, and z takes both back in their order."""
    page = new_page("nl")
    writable.sign_in(page)
    page.goto(f"{writable.url}links/review/gazetteer")
    heading = page.get_by_role("heading", level=1)
    first = heading.inner_text()
    press(page, "s")
    expect(page.locator(".said")).to_contain_text("komt later terug")
    expect(heading).not_to_have_text(first)
    second = heading.inner_text()
    press(page, "u")
    expect(page.locator(".said")).to_contain_text("opzij gelegd")
    expect(heading).not_to_have_text(second)
    press(page, "z")
    expect(heading).to_have_text(second)
    press(page, "z")
    expect(heading).to_have_text(first)


def test_a_key_within_a_field_is_a_letter(new_page: NewPage, writable: Service) -> None:
    """A remark with y and n in it judges nothing; nor does a key while the focus is outside the question."""
    page = new_page("en")
    writable.sign_in(page)
    writable.question(page, ASSEN, ONE)
    expect(page.locator("[data-review=ready]")).to_be_visible()
    page.locator(".finer summary").click()
    page.locator("#comment").focus()
    page.keyboard.type("yny")
    assert page.locator("#comment").input_value() == "yny"
    page.locator("header a").first.focus()
    page.keyboard.press("y")
    page.wait_for_timeout(300)
    expect(page.get_by_role("heading", level=1)).to_have_text("Is Assen (urban core) the same as Assen?")
    assert page.locator(".said").count() == 0


def test_it_works_without_javascript(new_page: NewPage, writable: Service) -> None:
    """By buttons: signed in, put aside, and taken back."""
    page = new_page("en", java_script_enabled=False)
    page.goto(f"{writable.url}links/review")
    page.locator("#token").fill(writable.token)
    page.get_by_role("button", name="Sign in").click()
    writable.question(page, ASSEN, ONE)
    page.get_by_role("button", name="Not sure").click()
    expect(page.locator(".said")).to_contain_text("was put aside")
    page.get_by_role("button", name="Undo the last answer").click()
    expect(page.locator(".said")).to_contain_text("was undone")
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#token")).to_be_visible()


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 320)])
def test_a_question_is_for_everybody(
    new_page: NewPage, writable: Service, language: str, dark: bool, width: int
) -> None:
    """Nothing for axe to find, nothing beyond the edge, in light and dark, wide and narrow; the evidence adds up."""
    page = new_page(language, dark=dark, width=width)
    writable.sign_in(page)
    writable.question(page, GRONINGEN, SIX)
    expect(page.get_by_role("heading", name=WORDS[language]["why"])).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    bits = [
        float(text.replace("\u2212", "-").replace(",", "."))
        for text in page.locator(".fall td.number").all_inner_texts()
    ]
    assert sum(bits[:-1]) == pytest.approx(bits[-1], abs=0.2)
    page.goto(f"{writable.url}links/gazetteer")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 320)])
def test_the_other_pages_are_for_everybody(
    new_page: NewPage, writable: Service, language: str, dark: bool, width: int
) -> None:
    """Nothing for axe to find, and nothing that scrolls sideways on a narrow screen: tables become lists there."""
    page = new_page(language, dark=dark, width=width)
    writable.sign_in(page)
    wanted = ("links", "links/tooi", "links/health", "links/review", "links/review/stw", "reconcile?name=Groningen")
    for path in wanted:
        page.goto(f"{writable.url}{path}")
        assert axe(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        inner = "Math.max(0, ...[...document.querySelectorAll('.scroll')].map(e => e.scrollWidth - e.clientWidth))"
        assert page.evaluate(inner) <= 1, path
