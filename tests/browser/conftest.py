"""A browser that tells on a page: whatever it logs, refuses or asks of another host fails the test."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Route, expect, sync_playwright

from benchmarks.chromium import LOOPBACK_FLAGS, MISSING, chromium
from tests.browser.faults import Faults
from tests.test_service import serving

NewPage = Callable[..., Page]
PATIENCE = 20_000
"""Milliseconds until what should happen on a page has not; what has happened is not waited for."""


def _chromium() -> str:
    """The path of Chromium; skips where there is none, and fails there if SO2GRAPH_BROWSER says `required`."""
    found = chromium()
    if found is None:
        if os.environ.get("SO2GRAPH_BROWSER") == "required":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return found


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium without a window; one for all tests of the folder."""
    path = _chromium()
    expect.set_options(timeout=PATIENCE)
    with tempfile.TemporaryDirectory(prefix="so2graph-browser-") as home, sync_playwright() as playwright:
        env: dict[str, str | float | bool] = {**os.environ, "HOME": home}
        browser = playwright.chromium.launch(executable_path=path, args=list(LOOPBACK_FLAGS), env=env)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def service(untraced_env: dict[str, str]) -> Iterator[str]:
    """The URL of a running service on the built dataset, without e-mail addresses."""
    with serving(untraced_env | {"SO2GRAPH_CONTACT": "private"}) as running:
        yield running.url


@pytest.fixture
def faults() -> Iterator[Faults]:
    """What the pages of this test did that they may not; the test fails at its end if there is anything."""
    found = Faults()
    yield found
    assert not found.all, "\n".join(found.all)


@pytest.fixture
def new_page(browser: Browser, faults: Faults) -> Iterator[NewPage]:
    """Opens a page in a browser of its own: `new_page(language="nl", dark=False, width=1280, **context)`."""
    contexts: list[BrowserContext] = []

    def make(language: str = "nl", *, dark: bool = False, width: int = 1280, **options: object) -> Page:
        page = open_page(browser, faults, language, dark=dark, width=width, **options)
        contexts.append(page.context)
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A page for a reader of Dutch in the light theme."""
    return new_page()


def open_page(
    browser: Browser, faults: Faults, language: str, *, dark: bool = False, width: int = 1280, **options: object
) -> Page:
    """A page in a context of its own, whose faults are collected; who opens it closes its context."""
    context = browser.new_context(
        locale="nl-NL" if language == "nl" else "en-GB",
        color_scheme="dark" if dark else "light",
        viewport={"width": width, "height": 900},
        **options,  # type: ignore[arg-type]  # handed on as they are
    )
    context.add_init_script(
        "addEventListener('securitypolicyviolation', e => console.error(`refused by the policy: "
        "${e.violatedDirective} ${e.blockedURI} ${e.sample} ${e.sourceFile}:${e.lineNumber}`))"
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    context.route("**/*", lambda route: _only_loopback(route, faults))
    page.on("console", lambda message: _console(message, faults))
    page.on("pageerror", lambda error: faults.add(f"{page.url}: {error}"))
    page.on("requestfailed", lambda request: _failed(request, faults))
    return page


def _only_loopback(route: Route, faults: Faults) -> None:
    address = urlsplit(route.request.url)
    if address.scheme in ("data", "blob") or address.hostname in ("127.0.0.1", "localhost"):
        route.continue_()
        return
    faults.add(f"asked for {route.request.url}")
    route.abort()


def _console(message: ConsoleMessage, faults: Faults) -> None:
    if message.type in ("error", "warning") and not faults.expected(message.text):
        faults.add(f"{message.location.get('url', '')}: {message.type}: {message.text}")


def _failed(request: Request, faults: Faults) -> None:
    # A request that the page itself gave up, or that a new page put an end to, is no fault.
    if "ERR_ABORTED" not in (request.failure or ""):
        faults.add(f"{request.url}: {request.failure}")


_AXE_RUN = """async tags => {
  const { violations } = await axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
  return violations.flatMap(fault => fault.nodes.map(node =>
    `${fault.id} (${fault.impact}): ${node.target} ${node.html.slice(0, 200)} ${node.failureSummary.slice(0, 300)}`));
}"""


def axe(page: Page) -> list[str]:
    """What axe-core finds wrong with the page by WCAG 2.2 A and AA and its best practices, a line for each place."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    # What is half out of the window would count as too small to hit.
    page.evaluate("scrollTo(0, 0)")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found: list[str] = page.evaluate(_AXE_RUN, tags)
    return found
