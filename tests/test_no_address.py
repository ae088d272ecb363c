"""With the e-mail addresses private, not one is in anything that the service says: all of it is walked through."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from flask.testing import FlaskClient

from so2graph.config import Settings
from so2graph.registry import Bundle
from so2graph.web.app import create_app
from tests.test_exports import found_in

ROOT = "http://localhost/"
STARTS = (
    "",
    "?lang=en",
    "sitemap.xml",
    "robots.txt",
    "changes.atom",
    "openapi.json",
    "queries.json",
    "queries?lang=en",
    "exports",
    "catalog?lang=en",
    ".well-known/void",
    ".well-known/void.nq",
    ".well-known/sparql-examples",
    "sparql",
    "sparql?format=nt",
    "graph-store",
    "context.jsonld",
    "-/settings",
    "-/metrics",
    "nothing/here",
    "search",
    "search?lang=en",
    "search.json?facets=yes&limit=1000",
    "search.csv",
)
COMPARED = re.compile(
    r"/doc/.*(\.(ttl|rdf|trig|csv|tsv|nt)\b|_profile=(alt|summary|network)|linkset)|\blimit=|[?&]lang=nl"
)
"""What other tests compare with something that is looked at here, statement by statement."""
MADE_APART = re.compile(r"/exports/.")
"""Files that are made by a process each: tests/test_exports.py looks into every one."""


REFINED = re.compile(r"/search(\.\w+)?\?[^#]*&(?!(lang|amp;lang)=)")
"""Lists by more than one choice, of which there is no end; tests/test_search.py looks into the index itself."""


def links_of(body: str, headers: str, where: str) -> set[str]:
    """The addresses of this service in a page, a sitemap, a document of JSON, or `Link` headers."""
    found = [unescape(link) for link in re.findall(r'(?:href|src|action)="([^"]+)"', body)]
    found += [unescape(link) for link in re.findall(r"<loc>([^<]+)</loc>", body)]
    found += re.findall(r'"(http://localhost/[^"{}\s]*)"', body) + re.findall(r"<([^>]+)>", headers)
    whole = {urldefrag(urljoin(where, link))[0] for link in found}
    return {link for link in whole if link.startswith(ROOT)}


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory, settings: Settings, bundle: Bundle) -> FlaskClient:
    """The service with `contact=private`."""
    hidden = replace(settings, contact="private", exports=str(tmp_path_factory.mktemp("exports")))
    return create_app(hidden, bundle).test_client()


@pytest.mark.no_cover
def test_no_address_is_in_anything_that_can_be_reached(private: FlaskClient) -> None:
    """Whatever link is followed, in pages of both languages, files, headers, lists and feeds: no address is there."""
    waiting = [ROOT + start for start in STARTS]
    known, shown, kinds = set(waiting), Counter[str](), Counter[str]()
    while waiting:
        address = waiting.pop()
        parts = urlsplit(address)
        accept = "text/html" if "." not in Path(parts.path).name and "format=" not in parts.query else "*/*"
        response = private.get(address.removeprefix(ROOT.rstrip("/")), headers={"Accept": accept})
        kinds[str(response.mimetype)] += 1
        shown[address] = found_in(response.data) + found_in(str(response.headers).encode())
        if response.mimetype in ("text/html", "application/xml", "application/json", "application/atom+xml"):
            text = response.get_data(as_text=True)
        else:
            text = ""
        for link in links_of(text, response.headers.get("Link", ""), address) - known:
            known.add(link)
            if not any(passed.search(link) for passed in (COMPARED, MADE_APART, REFINED)):
                waiting.append(link)
    assert sum(shown.values()) == 0, [address for address, count in shown.items() if count][:5]
    assert len(shown) > 2_000
    assert {"text/html", "application/ld+json", "application/n-quads", "text/csv", "application/atom+xml"} <= set(
        kinds
    )
    assert kinds["text/html"] > 700
