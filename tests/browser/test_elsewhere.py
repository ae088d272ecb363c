"""No page asks for anything of another host, and the policy that forbids it is strict on every page."""

from __future__ import annotations

import re
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.browser.conftest import PATIENCE, NewPage
from tests.browser.faults import Faults
from tests.browser.pages import ERRORS, PAGES, PageType

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def _listen(context: BrowserContext, asked: list[str], said: list[str]) -> Page:
    """A page of a context whose every request and every word to the console is noted, and none is stopped."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    expected = Faults().expected

    def noted(message: ConsoleMessage) -> None:
        if not expected(message.text):
            said.append(f"{page.url}: {message.type}: {message.text}")

    context.on("request", lambda request: asked.append(request.url))
    context.on("weberror", lambda error: said.append(f"{page.url}: {error.error}"))
    context.on("console", noted)
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.on("worker", lambda worker: asked.append(worker.url))
    return page


def _walk(page: Page, address: str) -> int:
    """Opens a page, goes to its end and on to its links by keyboard, as somebody who reads it."""
    answer = page.goto(address)
    assert answer is not None
    page.evaluate("document.fonts.ready.then(() => new Promise(done => requestIdleCallback(done)))")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return answer.status


@pytest.mark.parametrize("language", ["nl", "en"])
def test_with_all_but_this_machine_blocked_nothing_is_missed(service: str, browser: Browser, language: str) -> None:
    """Each kind of page opens, asks this service alone, and says nothing to the console. No name can be looked up."""
    asked: list[str] = []
    said: list[str] = []
    context = browser.new_context(locale="nl-NL" if language == "nl" else "en-GB")
    page = _listen(context, asked, said)
    for kind in PAGES:
        assert _walk(page, service + kind.at(language)) == 200, kind
    context.close()
    assert said == []
    here = urlsplit(service).netloc
    elsewhere = {
        url for url in asked if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).netloc != here
    }
    assert elsewhere == set()
    assert len(asked) > len(PAGES), "scripts and styles were asked for too"


def test_nothing_is_lost_without_a_network(service: str, browser: Browser) -> None:
    """The fonts, the style and the scripts of a page come from this service: they are there, and in use."""
    asked: list[str] = []
    said: list[str] = []
    context = browser.new_context(locale="nl-NL")
    page = _listen(context, asked, said)
    page.goto(service)
    fonts = page.evaluate(
        "document.fonts.ready.then(all => [...all].filter(f => f.status === 'loaded').map(f => f.family))"
    )
    assert {name.strip('"') for name in fonts} >= {"Literata", "Source Sans 3"}
    expect(page.locator("html")).to_have_class(re.compile(r"\bjs\b"))
    assert page.evaluate("document.styleSheets.length") >= 1
    assert {url.rpartition(".")[2].partition("?")[0] for url in asked} >= {"js", "css", "woff2"}
    context.close()
    assert said == []


@pytest.mark.parametrize(
    "asks",
    [
        "fetch('https://example.org/').catch(() => 0)",
        "new Promise(done => { const i = new Image(); i.onerror = done; i.src = 'https://example.org/x.png'; })",
        "new Promise(done => { const s = document.createElement('script'); s.onerror = done; "
        "s.src = 'https://example.org/x.js'; document.head.append(s); })",
        "new Promise(done => { const s = document.createElement('script'); s.textContent = 'window.ran = 1'; "
        "document.head.append(s); done(); })",
        "new Promise(done => { try { new WebSocket('wss://example.org/') } catch {} done(); })",
        "new Promise(done => { "
        "document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>'); done(); })",
        "new Promise(done => { const s = document.createElement('script'); "
        "s.src = 'data:text/javascript,eval(\"1\")'; s.onerror = done; document.head.append(s); })",
    ],
    ids=["fetch", "image", "script", "inline-script", "socket", "inline-style", "data-script"],
)
def test_a_page_that_would_ask_is_stopped_and_noticed(
    service: str, new_page: NewPage, faults: Faults, asks: str
) -> None:
    """The policy stops it in the browser, and the tests of this folder would fail: they are no use otherwise."""
    page = new_page()
    page.goto(service)
    assert faults.all == []
    page.evaluate(asks)
    page.wait_for_function("window.ran === undefined")
    expect(page.locator("h1")).to_be_visible()
    found, faults.all[:] = list(faults.all), []
    assert any("Content Security Policy" in text or "refused by the policy" in text for text in found), found


def test_names_are_not_looked_up(browser: Browser) -> None:
    """The browser of these tests reaches no host by name: where the policy would fail, nothing would leave."""
    context = browser.new_context()
    page = context.new_page()
    for name in ("example.org", "localhost.example"):
        with pytest.raises(Exception, match="ERR_NAME_NOT_RESOLVED"):
            page.goto(f"http://{name}/")
    context.close()


def _get(service: str, address: str, language: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection(urlsplit(service).netloc, timeout=30)
    try:
        connection.request(method, f"/{address}", headers={"Accept": "text/html", "Accept-Language": language})
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "kind",
    [
        *PAGES,
        *ERRORS,
        PageType("elsewhere-303", "id/alescon", "", status=303),
        PageType("no-such-file", "static/build/nothing.js", "", status=404),
        PageType("too-long", f"search-{'x' * 3000}", "", status=404),
    ],
    ids=lambda kind: kind.name,
)
def test_the_policy_is_strict_on_every_page(service: str, kind: PageType) -> None:
    """A page, an error and a redirect forbid what is inline, evaluated or of anybody else; and nothing is inline."""
    status, headers, body = _get(service, kind.address, "nl")
    assert status == kind.status
    assert headers["content-type"].startswith("text/html")
    policy = headers["content-security-policy"]
    said = dict(part.strip().split(" ", 1) for part in policy.split(";") if part.strip())
    assert said == POLICY
    assert not re.search(r"unsafe-|\*|https?:", policy)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    html = body.decode()
    assert not re.search(r"<style\b|<[^>]*\sstyle=|<[^>]*\son\w+=|javascript:|<base\b|<iframe\b", html)
    for attributes, content in re.findall(r"<script\b([^>]*)>(.*?)</script>", html, re.DOTALL):
        assert "src=" in attributes or re.search(r'type="application/(ld\+)?json"', attributes), attributes
        assert "src=" not in attributes or not content.strip()
    loaded = re.findall(r'<(?:script|img|iframe|source|video|audio)\b[^>]*\ssrc="([^"]*)"', html)
    loaded += [
        href[0]
        for link in re.findall(r"<link\b[^>]*>", html)
        if re.search(r'rel="(?:[^"]* )?(?:stylesheet|icon|preload|modulepreload|manifest)', link)
        and (href := re.findall(r'href="([^"]*)"', link))
    ]
    assert loaded or status == 303
    assert [address for address in loaded if not re.match(r"/(?!/)|data:", address)] == []
