"""Lists the pages of the service for search engines."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from so2graph.engine.access import Session
from so2graph.publish.description import Addresses, Description

__all__ = ["MOST", "page_paths", "robots", "sitemap", "sitemap_index"]

MOST = 50_000
"""Addresses that one sitemap may have (sitemaps.org)."""
_FIXED = ("", "catalog", "def", "exports", "queries", "sparql")
_THINGS = "SELECT DISTINCT ?x WHERE { ?x ?p ?o }"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def page_paths(description: Description, session: Session) -> list[str]:
    """The paths of all pages, in a fixed order: those of the service, the stored queries, the things among the facts.

    A stored query that shows e-mail addresses is left out; so are the things where the facts have more triples than
    the setting `max_counted_triples`.
    """
    queries = [f"queries/{query.name}" for query in description.queries if not query.personal]
    space = description.names.thing("")
    few = description.facts <= session.settings.max_counted_triples
    things = sorted(
        iri[len(space) :]
        for row in (session.select(_THINGS) if few else ())
        if (iri := str(row["x"])).startswith(space) and "#" not in iri and len(iri) > len(space)
    )
    return [*_FIXED, *queries, *("doc/" + quote(local, safe="/%:@!$&'()*+,;=~") for local in things)]


def sitemap(paths: Iterable[str], description: Description) -> str:
    """A sitemap (sitemaps.org 0.9) of these paths, each with its Dutch and English page (`xhtml:link`)."""
    lines = [_HEAD + f'<urlset xmlns="{_SITEMAP}" xmlns:xhtml="http://www.w3.org/1999/xhtml">']
    for path in paths:
        address = description.addresses.page(path)
        lines.append(f"<url><loc>{escape(address)}</loc><lastmod>{description.modified}</lastmod>")
        for language in (None, "nl", "en"):
            href = quoteattr(description.addresses.page(path, language))
            lines.append(f'<xhtml:link rel="alternate" hreflang="{language or "x-default"}" href={href}/>')
        lines.append("</url>")
    return "\n".join([*lines, "</urlset>\n"])


def sitemap_index(pages: int, description: Description, most: int = MOST) -> str:
    """The index of the sitemaps that are needed for so many pages; they are `sitemap-1.xml` and on."""
    lines = [_HEAD + f'<sitemapindex xmlns="{_SITEMAP}">']
    for number in range(1, -(-pages // most) + 1):
        address = description.addresses(f"sitemap-{number}.xml")
        lines.append(f"<sitemap><loc>{escape(address)}</loc><lastmod>{description.modified}</lastmod></sitemap>")
    return "\n".join([*lines, "</sitemapindex>\n"])


_CLOSED = ("sparql?query=", "sparql?*query=", "search?q=", "search?*=", "queries-running", "graph-store", "-/")
"""Where addresses have no end, or are no page of the data."""


def robots(addresses: Addresses, root: str) -> str:
    """What crawlers may visit (RFC 9309): everything but, in a service, queries of their own and pages about it.

    `root` is the path of the service on its host, with a slash at the end.
    """
    closed = _CLOSED if addresses.live else ()
    lines = ["User-agent: *", *(f"Disallow: {root}{path}" for path in closed), "Allow: /"]
    return "\n".join([*lines, "", f"Sitemap: {addresses('sitemap.xml')}", ""])
