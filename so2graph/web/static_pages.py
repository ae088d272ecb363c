"""Reads the links out of answers: HTML, sitemaps and feeds, Turtle."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from xml.etree import ElementTree

__all__ = ["Link", "Page", "read_page", "styles_links", "text_links", "xml_links"]

_HREF = frozenset(("a", "area", "link", "base", "use", "image"))
_SRC = frozenset(("img", "script", "iframe", "source", "audio", "video", "embed", "track", "input", "frame"))
_LOADED = frozenset(("stylesheet", "icon", "preload", "modulepreload", "manifest", "mask-icon", "apple-touch-icon"))
_IDENTIFIERS = frozenset(("author", "cite-as"))
"""Relations to a thing by its IRI, which is no address of a page."""
_REFRESH = re.compile(r"""\s*[0-9.]*\s*[;,]?\s*url\s*=\s*(?:'([^']*)|"([^"]*)|(.*))""", re.IGNORECASE)
_CSS = re.compile(r"(?:url\(\s*|@import\s+)['\"]?([^'\")\s;]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Link:
    """A link as it is written; an asset is loaded with the page; `language` is its `hreflang`."""

    url: str
    asset: bool = False
    language: str | None = None


@dataclass(frozen=True)
class Page:
    """What a page says of itself: its language, the fragments that it has, and its links in their order."""

    language: str
    fragments: frozenset[str]
    links: tuple[Link, ...]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.language = ""
        self.fragments: set[str] = set()
        self.links: list[Link] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = said.get("lang", "")
        self.fragments |= {said[name] for name in ("id",) if said.get(name)}
        if tag == "a" and said.get("name"):
            self.fragments.add(said["name"])
        self._links(tag, said)

    def _links(self, tag: str, said: dict[str, str]) -> None:
        rels = set(said.get("rel", "").lower().split())
        for name in ("href", "xlink:href"):
            if tag in _HREF and name in said:
                loaded = tag in ("use", "image") or (tag == "link" and bool(_LOADED & rels))
                if not rels & _IDENTIFIERS:
                    self.links.append(Link(said[name], loaded, said.get("hreflang")))
        if tag in _SRC and "src" in said:
            self.links.append(Link(said["src"], True))
        if tag in ("img", "source") and said.get("srcset"):
            self.links += [Link(part.split()[0], True) for part in said["srcset"].split(",") if part.split()]
        if tag == "object" and "data" in said:
            self.links.append(Link(said["data"], True))
        for name in ("action", "formaction"):
            if said.get(name):
                self.links.append(Link(said[name]))
        if tag == "meta" and said.get("http-equiv", "").lower() == "refresh":
            found = _REFRESH.match(said.get("content", ""))
            self.links += (
                [Link(next(url for url in found.groups("") if url))] if found and any(found.groups()) else []
            )
        self.links += [Link(url, True) for url in styles_links(said.get("style", ""))]


def read_page(html: str) -> Page:
    """The links and fragments of an HTML page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return Page(reader.language, frozenset(reader.fragments), tuple(reader.links))


def styles_links(css: str) -> list[str]:
    """What a style sheet loads (`url()`, `@import`)."""
    return [url for url in _CSS.findall(css) if not url.startswith("data:")]


def xml_links(body: bytes) -> Iterator[str]:
    """The addresses in a sitemap or a feed: `loc`, and `href` of any element; none where it is not XML."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  # our own answer, made a moment ago
    except ElementTree.ParseError:
        return
    for element in root.iter():
        if str(element.tag).rpartition("}")[2] == "loc" and element.text:
            yield element.text.strip()
        if "href" in element.attrib:
            yield element.attrib["href"]


def text_links(text: str, public: str) -> Iterator[str]:
    """The addresses below `public` that a text names: between angle brackets (Turtle), or in `Sitemap:` lines."""
    yield from re.findall(rf"<({re.escape(public)}[^<>\s]*)>", text)
    yield from re.findall(rf"^Sitemap:\s*({re.escape(public)}\S*)", text, re.MULTILINE | re.IGNORECASE)
