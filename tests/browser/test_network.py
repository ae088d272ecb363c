"""The network in a browser: clicked, filtered, by keyboard alone, shared, without WebGL, without JavaScript."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, axe
from tests.browser.faults import Faults
from tests.turns import patiently

HUB, NATION = "SO netwerk Groningen", "Social Enterprise Nederland"
PAGES = (
    "network",
    "network?select=so-netwerk-groningen&steps=2",
    "network/path?from=so-netwerk-groningen&to=social-enterprise-nederland",
    "network/path",
    "network/together?leave=mvo-alliantie&modality=stated",
)
PATH = "from=so-netwerk-groningen&to=social-enterprise-nederland"


@pytest.fixture(autouse=True)
def _software(faults: Faults) -> None:
    """WebGL without a graphics card says that it is slow."""
    faults.allow(r"GL Driver Message|GPU stall|software WebGL")


def opened(page: Page, service: str, address: str = "network") -> Page:
    """The page of the network when its picture is there."""
    page.goto(service + address)
    expect(page.locator(".netcanvas canvas").first).to_be_visible()
    expect(page.locator("#network-status")).not_to_have_text("")
    return page


def at(page: Page, name: str) -> tuple[float, float]:
    """Where in the window the sign of a thing is."""
    found = page.evaluate(
        """name => {
          const box = document.querySelector('.netcanvas'), renderer = box.renderer, graph = renderer.getGraph();
          box.scrollIntoView({block: 'end'});
          const node = graph.findNode((_, data) => data.label === name), place = renderer.getNodeDisplayData(node);
          const {x, y} = renderer.framedGraphToViewport(place), frame = box.getBoundingClientRect();
          return [frame.x + x, frame.y + y, renderer.getNodeDisplayData(node).hidden];
        }""",
        name,
    )
    assert not found[2]
    return found[0], found[1]


def hidden(page: Page) -> dict[str, int]:
    """How many nodes and edges of the picture are to be seen."""
    found: dict[str, int] = page.evaluate(
        """() => {
          const renderer = document.querySelector('.netcanvas').renderer, graph = renderer.getGraph();
          const seen = (all, of) => all.filter(one => !of(one).hidden).length;
          return {
            nodes: seen(graph.nodes(), one => renderer.getNodeDisplayData(one)),
            edges: seen(graph.edges(), one => renderer.getEdgeDisplayData(one)),
          };
        }"""
    )
    return found


def rows(page: Page) -> list[str]:
    return page.locator("#network-list button").all_inner_texts()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("local", PAGES)
def test_axe_finds_nothing(service: str, new_page: NewPage, local: str, language: str, *, dark: bool) -> None:
    """No page of the network has a fault that axe-core knows, in either language and theme."""
    page = new_page(language, dark=dark)
    page.goto(service + local)
    if local.startswith("network?") or local == "network":
        expect(page.locator(".netcanvas canvas").first).to_be_visible()
    assert page.locator("html").get_attribute("lang") == language
    assert axe(page) == []


@pytest.mark.parametrize("local", PAGES)
def test_a_page_fits_a_small_screen(service: str, new_page: NewPage, local: str) -> None:
    """At 320 px, dark, nothing of the page is cut off or scrolls sideways, and the buttons are large enough."""
    page = new_page(width=320, dark=True)
    page.goto(service + local)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    for button in page.locator(".netbar button:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nl", "Gekozen: SO netwerk Groningen, regionaal netwerk, 5 verbanden."),
        ("en", "Selected: SO network Groningen, regional network, 5 links."),
    ],
)
def test_a_click_selects_a_hub_and_says_so(service: str, new_page: NewPage, language: str, said: str) -> None:
    """The sign is clicked: the status says what is selected, the card its links in words, the address keeps it."""
    page = opened(new_page(language), service)
    hub = HUB if language == "nl" else "SO network Groningen"
    page.mouse.click(*at(page, hub))
    expect(page.locator("#network-status")).to_have_text(said)
    expect(page.locator("#network-card h2")).to_have_text(hub)
    expect(page.locator("#network-card li")).to_have_count(5)
    assert "select=so-netwerk-groningen" in page.url
    assert set(rows(page)) >= {hub, "Buro Bries", "JanWillem Wennekes"}
    page.reload()
    expect(page.locator("#network-card h2")).to_have_text(hub)


def test_steps_out_focus_and_back(service: str, new_page: NewPage) -> None:
    """1, 2 and 3 show what lies so far, F shows that alone, Esc goes back step by step."""
    page = opened(new_page("en"), service)
    whole = hidden(page)
    assert whole == {"nodes": 38, "edges": 51}
    page.mouse.click(*at(page, "SO network Groningen"))
    one = len(rows(page))
    page.keyboard.press("2")
    two = len(rows(page))
    expect(page.get_by_role("button", name="2 steps")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#network-status")).to_have_text(f"SO network Groningen and {two - 1} things within 2 steps.")
    assert 1 < one < two < 38
    page.keyboard.press("f")
    assert hidden(page)["nodes"] == two
    expect(page.locator("#network-status")).to_have_text(f"Only what is lit is shown: {two} things.")
    assert "steps=2" in page.url
    assert "only=yes" in page.url
    page.keyboard.press("Escape")
    assert hidden(page) == whole
    assert len(rows(page)) == two
    page.keyboard.press("Escape")
    assert len(rows(page)) == one
    page.keyboard.press("Escape")
    expect(page.locator("#network-status")).to_have_text("Nothing selected.")
    assert len(rows(page)) == 38
    assert "select" not in page.url


def test_two_ends_are_picked_and_the_path_breaks_without_plans(service: str, new_page: NewPage) -> None:
    """P, hub, national: the path lights up and is said; without what is inferred it breaks, and says so."""
    page = opened(new_page("nl"), service)
    page.mouse.move(*at(page, NATION))
    page.locator(".netcanvas").focus()
    page.keyboard.press("p")
    expect(page.locator("#network-status")).to_have_text("Kies het begin van de weg, in het beeld of in de lijst.")
    page.mouse.click(*at(page, HUB))
    expect(page.locator("#network-status")).to_have_text(f"Begin: {HUB}. Kies nu het eind.")
    page.get_by_role("button", name=NATION).click()
    sentence = page.locator("#network-status")
    expect(sentence).to_contain_text(f"{HUB} zou {NATION} bereiken in 5 stappen, via ")
    expect(sentence).to_contain_text("De zwakste schakel is: afgeleid.")
    expect(page.locator("#network-card li")).to_have_count(5)
    assert PATH in page.url
    page.get_by_role("checkbox", name="afgeleid").uncheck()
    broken = f"Met wat nu is gekozen, is er geen weg van {HUB} naar {NATION}."
    expect(sentence).to_have_text(broken)
    assert "modality=stated,inProgress,planned,attempted,intended,hoped" in page.url
    page.get_by_role("link", name="Deze weg als pagina").click()
    expect(page.locator(".pathanswer")).to_contain_text("is er geen weg van SO netwerk Groningen naar")
    expect(page.locator(".pathanswer")).to_contain_text("Wel als u ook meetelt wat afgeleid is")
    page.get_by_role("link", name="Tel alle verbanden mee").click()
    expect(page.locator(".pathanswer")).to_contain_text("Met alleen wat als feit is gesteld, is er geen weg.")
    expect(page.locator(".chain .link")).to_have_count(5)


def test_with_the_keyboard_alone(service: str, new_page: NewPage) -> None:
    """Tab reaches the picture and the list; Enter selects; keys work there, and not while somebody types."""
    page = opened(new_page("en", reduced_motion="reduce"), service)
    search = page.get_by_label("Search the network")
    search.focus()
    page.keyboard.type("bries 2")
    expect(page.locator("#network-list")).to_contain_text("Nothing by that name.")
    for _ in range(2):
        page.keyboard.press("Backspace")
    assert rows(page) == ["Buro Bries"]
    assert "q=bries" in page.url
    page.keyboard.press("Enter")
    expect(page.locator("#network-card h2")).to_have_text("Buro Bries")
    focused = page.locator(":focus")
    expect(focused).to_have_text("Buro Bries")
    page.keyboard.press("3")
    expect(page.get_by_role("button", name="3 steps")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("?")
    expect(page.locator("#network-keys")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#network-keys")).to_be_hidden()
    page.keyboard.press("Escape")
    page.locator(".netcanvas").focus()
    before = at(page, "Buro Bries")
    page.keyboard.press("ArrowRight")
    assert patiently(lambda: at(page, "Buro Bries")[0] < before[0]), "it moves with the next frame"
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    expect(page.locator("#network-status")).to_contain_text("Selected: ")


def test_filters_change_the_picture_the_lists_and_the_address(service: str, new_page: NewPage) -> None:
    """Certainty, kind and year; what has no year is always there; the address gives the same again."""
    page = opened(new_page("en"), service)
    page.get_by_role("checkbox", name="planned").uncheck()
    assert hidden(page) == {"nodes": 38, "edges": 46}
    expect(page.locator("#network-links-count")).to_have_text("46 of 46 links, the most certain first")
    page.get_by_role("checkbox", name="person").uncheck()
    seen = hidden(page)
    assert seen["nodes"] == 33
    assert "Luuk Duursma" not in rows(page)
    page.get_by_role("radio", name="2017").check()
    dated = hidden(page)
    assert dated["nodes"] < 33
    assert "year=2017" in page.url
    years = page.locator("#network-links-rows td:last-child").all_inner_texts()
    assert "no year" in years
    assert all("2017" in one or one == "no year" for one in years)
    page.reload()
    expect(page.locator(".netcanvas canvas").first).to_be_visible()
    expect(page.get_by_role("radio", name="2017")).to_be_checked()
    assert hidden(page) == dated


def test_the_theme_changes_the_colours(service: str, new_page: NewPage) -> None:
    """The picture is drawn anew in the colours of the other theme."""
    page = opened(new_page("en"), service)
    color = "() => {const r = document.querySelector('.netcanvas').renderer; return r.getNodeDisplayData('0').color}"
    light = page.evaluate(color)
    page.get_by_role("button", name="Dark display").click()
    assert page.evaluate(color) != light


def test_it_can_be_taken_home(service: str, new_page: NewPage, tmp_path: Path) -> None:
    """PNG of what is seen, SVG of what is chosen, GEXF of all; Gephi Lite is only a link."""
    page = opened(new_page("en"), service)
    with page.expect_download() as caught:
        page.get_by_role("button", name="PNG").click()
    caught.value.save_as(tmp_path / "network.png")
    assert caught.value.suggested_filename == "so2graph-network.png"
    body = (tmp_path / "network.png").read_bytes()
    assert body.startswith(b"\x89PNG")
    assert len(body) > 5_000
    page.get_by_role("checkbox", name="inferred").uncheck()
    svg = page.get_by_role("link", name="SVG").get_attribute("href")
    assert svg is not None
    assert "modality=" in svg
    answer = page.request.get(svg if svg.startswith("http") else service.rstrip("/") + svg)
    assert (answer.status, answer.headers["content-type"]) == (200, "image/svg+xml")
    link = page.get_by_role("link", name="Open in Gephi Lite").get_attribute("href")
    assert link is not None
    assert re.fullmatch(
        r"https://gephi\.org/gephi-lite/\?gexf=http%3A%2F%2F127\.0\.0\.1%3A\d+%2Fexports%2Fnetwork\.gexf", link
    )


def test_without_webgl_the_drawing_stays(service: str, new_page: NewPage) -> None:
    """Where the browser cannot draw with WebGL, the server's drawing and lists remain, and the page says so."""
    page = new_page("en")
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(f"{service}network")
    expect(page.locator("#network-status")).to_contain_text("cannot be shown here")
    expect(page.locator("svg.netmap")).to_be_visible()
    expect(page.locator(".netcanvas")).to_have_count(0)
    expect(page.locator("#network-list li")).to_have_count(38)


def test_while_the_network_is_being_prepared_the_page_says_so(
    service: str, new_page: NewPage, faults: Faults
) -> None:
    """A 503 for the data leaves the drawing, and tells to try again."""
    faults.allow("503")
    page = new_page("en")
    page.route("**/network.json", lambda route: route.fulfill(status=503, body=json.dumps({})))
    page.goto(f"{service}network")
    expect(page.locator("#network-status")).to_have_text(
        "The network is still being prepared. Try again in a moment."
    )
    expect(page.locator("svg.netmap")).to_be_visible()


def test_without_javascript_links_and_forms_do_it(service: str, new_page: NewPage) -> None:
    """The drawing, the filters as a form, what is selected as links, the path as a form."""
    page = new_page("en", java_script_enabled=False)
    page.goto(f"{service}network?lang=en")
    expect(page.locator("svg.netmap")).to_be_visible()
    expect(page.locator(".netbar")).to_be_hidden()
    page.locator("#network-list").get_by_role("link", name="Buro Bries", exact=True).click()
    expect(page.locator("#network-status")).to_have_text("Buro Bries and 4 things within 1 step.")
    expect(page.locator("#network-list li")).to_have_count(5)
    page.get_by_role("checkbox", name="inferred").uncheck()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#network-status")).to_have_text("Buro Bries and 3 things within 1 step.")
    page.get_by_label("From", exact=True).fill("SO network Groningen")
    page.get_by_label("To", exact=True).fill("Social Enterprise Netherlands")
    page.get_by_role("button", name="Find the path").click()
    expect(page.locator(".pathanswer")).to_contain_text(
        "SO network Groningen would reach Social Enterprise Netherlands in 5 steps"
    )
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_layout_is_the_same_on_every_visit(service: str, new_page: NewPage) -> None:
    """Two browsers show everything at the same places."""
    places = []
    for _ in range(2):
        page = opened(new_page("nl"), service)
        places.append([at(page, name) for name in (HUB, NATION, "Alescon")])
    assert places[0] == places[1]


@pytest.mark.parametrize(
    ("language", "leave"), [("nl", "Als MVO alliantie wegvalt"), ("en", "If CSR alliance leaves")]
)
def test_who_holds_it_together(service: str, new_page: NewPage, language: str, leave: str) -> None:
    """By facts alone: four parts, linchpins with whom they would cut off, and what if one leaves."""
    page = new_page(language)
    page.goto(f"{service}network/together?modality=stated")
    expect(page.locator(".netgroups li")).to_have_count(4)
    name = "MVO alliantie" if language == "nl" else "CSR alliance"
    page.locator(".netcuts li", has=page.get_by_role("heading", name=name, exact=True)).get_by_role(
        "link"
    ).last.click()
    expect(page.get_by_role("heading", name=leave)).to_be_visible()
    expect(page.locator(".pathanswer .netgroups li")).to_have_count(2)
    assert "modality=stated" in page.url
