"""The service behind a proxy with a path of its own, which takes that path away or leaves it."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote, urljoin, urlsplit

import pytest

from tests.test_service import serving

pytestmark = pytest.mark.alone

PUBLIC = "https://example.org/so2/"
QUERY = "sparql?query=" + quote("SELECT ?n { ?n a so2:RegionalNetwork } ORDER BY ?n")
PAGES = (
    "",
    "doc/alescon",
    "doc/groningen?lang=en",
    "doc/alescon?_profile=alt",
    "doc?iri=http://www.wikidata.org/entity/Q749",
    "def",
    "def/profile/full",
    "graph/context",
    "queries",
    "queries/hub-to-national",
    "queries/hub-to-national?lang=en",
    "sparql",
    QUERY,
    "-/settings",
    "nowhere",
    "doc/alescom",
)


class Proxied:
    """A service behind a proxy: `before` is what the proxy leaves before each path."""

    def __init__(self, url: str, before: str, token: str) -> None:
        self.url, self.before, self.token = url, before, token

    def ask(
        self, path: str, method: str = "GET", body: str = "", **headers: str
    ) -> tuple[int, http.client.HTTPMessage, str]:
        """Sends a request, `path` being what stands after the prefix in the world."""
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
        sent = {"Host": "example.org"} | {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"{self.before}/{path}", body or None, sent)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, response.headers, text


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, settings_env: dict[str, str]) -> Iterator[tuple[str, str]]:
    """A service with a public address below a path, and an editor's token."""
    env = settings_env | {
        "SO2GRAPH_DATA": str(tmp_path_factory.mktemp("public") / "data"),
        "SO2GRAPH_PUBLIC_URL": PUBLIC,
        "SO2GRAPH_LOG_REQUESTS": "no",
    }
    words = [sys.executable, "-m", "so2graph", "token", "add", "t", "--role", "editor"]
    token = subprocess.run(words, env=env, capture_output=True, text=True, check=True).stdout.strip()
    with serving(env) as service:
        yield service.url, token


@pytest.fixture(params=["/so2", ""], ids=["prefix left", "prefix taken away"])
def proxied(running: tuple[str, str], request: pytest.FixtureRequest) -> Proxied:
    """The service as either kind of proxy asks it."""
    url, token = running
    return Proxied(url.rstrip("/"), request.param, token)


def local_links(html: str) -> list[str]:
    """Every address on a page that is not somebody else's."""
    found = [link.replace("&amp;", "&") for link in re.findall(r'(?:href|src|action)="([^"]*)"', html)]
    foreign = ("http://", "https://", "#", "?")
    return [link for link in found if not link.startswith(foreign) or link.startswith("https://example.org")]


@pytest.mark.parametrize("path", PAGES)
def test_every_link_of_a_page_stands_below_the_public_address(proxied: Proxied, path: str) -> None:
    """`href`, `src` and `action` on a page, and the links in its head: below `/so2/`, or the whole public address."""
    status, headers, html = proxied.ask(path, Accept="text/html")
    assert status == (404 if path in ("nowhere", "doc/alescom") else 200)
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    links = local_links(html)
    assert len(links) > 5
    assert [link for link in links if not link.startswith(("/so2/", PUBLIC))] == []
    targets = re.findall(r"<([^>]*)>", headers.get("Link", ""))
    ours = [target for target in targets if "example.org" in target or target.startswith("/")]
    assert [target for target in ours if not target.startswith(PUBLIC)] == []
    assert bool(targets) == (status == 200 and (path in ("", "def") or path.startswith(("doc", "graph"))))


def test_what_a_page_links_to_is_there(proxied: Proxied) -> None:
    """The links of a thing's page and of its `Link` header answer, asked as the world would ask them."""
    _, headers, html = proxied.ask("doc/alescon", Accept="text/html")
    targets = [*local_links(html), *re.findall(r"<([^>]*)>", headers["Link"])]
    for target in sorted({urljoin(PUBLIC, target) for target in targets}):
        if not target.startswith(PUBLIC):
            continue
        status, _, _ = proxied.ask(target.removeprefix(PUBLIC))
        assert status == 200, target


def test_redirects_and_new_graphs_are_told_by_the_public_address(proxied: Proxied) -> None:
    """`Location` of a thing stands below `/so2/`; that of a new graph is whole, and the graph is there."""
    status, headers, _ = proxied.ask("id/alescon?lang=en")
    assert (status, headers["Location"]) == (303, "/so2/doc/alescon?lang=en")
    token = f"Bearer {proxied.token}"
    status, headers, _ = proxied.ask(
        "graph-store", "POST", "<x:s> <x:p> <x:o> .", Content_Type="text/turtle", Authorization=token
    )
    assert status == 201
    assert headers["Location"].startswith(f"{PUBLIC}graph-store/new/")
    status, _, text = proxied.ask(headers["Location"].removeprefix(PUBLIC), Accept="application/n-triples")
    assert (status, text) == (200, "<x:s> <x:p> <x:o> .\n")
    status, _, text = proxied.ask(f"graph-store?graph={quote(headers['Location'])}", Accept="application/n-triples")
    assert (status, text) == (200, "<x:s> <x:p> <x:o> .\n")


@pytest.mark.parametrize("path", ["", "doc/alescon", "doc/alescon.ttl", "queries", f"{QUERY}&format=csv"])
def test_tags_and_the_cache_work_in_either_case(proxied: Proxied, path: str) -> None:
    """The answer has a tag; it comes again from the cache with the same one; 304 to who has it."""
    status, first, body = proxied.ask(path)
    assert status == 200
    status, again, same = proxied.ask(path)
    assert (status, same, again["ETag"]) == (200, body, first["ETag"])
    status, headers, text = proxied.ask(path, If_None_Match=first["ETag"])
    assert (status, headers["ETag"], text) == (304, first["ETag"], "")


def test_both_kinds_of_proxy_get_the_same_answer(running: tuple[str, str]) -> None:
    """Tag and bytes are the same, whether the prefix was taken away or not."""
    url, token = running
    for path in ("doc/alescon", "doc/alescon.jsonld", "graph/context.ttl", QUERY):
        left, taken = (Proxied(url.rstrip("/"), before, token).ask(path) for before in ("/so2", ""))
        assert (left[0], left[1].get("ETag"), left[1].get("Link"), left[2]) == (
            taken[0],
            taken[1].get("ETag"),
            taken[1].get("Link"),
            taken[2],
        )


def test_a_page_is_told_from_its_profiles_by_header(proxied: Proxied) -> None:
    """The cache of the edge keeps an answer for each `Accept-Profile`."""
    asked = {"Accept": "text/turtle"}
    tags = set()
    for profile in ("full", "summary", "network"):
        header = f"<https://w3id.org/so2graph/def/profile/{profile}>"
        for _ in range(2):
            status, headers, _ = proxied.ask("doc/alescon", Accept_Profile=header, **asked)
            assert (status, headers["Content-Profile"]) == (200, header)
        tags.add(headers["ETag"])
    assert len(tags) == 3


def test_names_with_escapes_come_through_the_server(proxied: Proxied) -> None:
    """What a client escapes in a path is told apart by the running service, as it is in the tests without one."""
    token = f"Bearer {proxied.token}"
    things = "https://w3id.org/so2graph/id/"
    turtle = "".join(f'<{things}{name}> <x:name> "{name}" .\n' for name in ("p/q", "p%2Fq", "ë", "r.ttl", "r"))
    status, _, _ = proxied.ask(
        "graph-store?graph=http://x/odd",
        "PUT",
        turtle.encode().decode("latin-1"),
        Content_Type="text/turtle",
        Authorization=token,
    )
    assert status in (201, 204)
    for path, name in (("p/q", "p/q"), ("p%2Fq", "p%2Fq"), ("%C3%AB", "ë"), ("r.ttl", "r.ttl"), ("r", "r")):
        status, _, text = proxied.ask(f"doc/{path}?format=nt")
        assert (status, f'<x:name> "{name}"' in text) == (200, True), path
