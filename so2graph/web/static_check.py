"""Proves that a folder of plain files is a whole site: every link has a target, nothing is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from so2graph.errors import Fault
from so2graph.vocab import mask_addresses
from so2graph.web.addresses import file_of
from so2graph.web.static_pages import Link, Page, styles_links

__all__ = ["check_links", "check_text", "is_text"]

_MEND = "Mend the page, or leave the link out where there is no service (site.live, site.offers)."
_TEXT = ("text/", "application/xml", "application/json", "image/svg")


def is_text(media_type: str) -> bool:
    """Whether the bytes of a file can be read for addresses and links."""
    return media_type.startswith(_TEXT) or media_type.endswith(("+json", "+xml", "-triples", "-quads", "/trig"))


def check_text(file: str, media_type: str, body: bytes) -> Iterator[Fault]:
    """The faults of one file by itself: an e-mail address, a style sheet that loads from another host."""
    if not is_text(media_type):
        return
    text = body.decode("utf-8", "replace")
    if "@" in text and mask_addresses(text) != text:
        yield Fault("e-mail", file, "shows an e-mail address", "Take it out of the public graphs.")
    if media_type == "text/css":
        for url in styles_links(text):
            if urlsplit(url).netloc:
                yield Fault("asset", file, f"loads {url} from another host", "Take it into the program.")


def check_links(folder: Path, pages: Mapping[str, Page], root: str, public: str) -> list[Fault]:
    """The faults in the links of `pages` (by file, relative to `folder`), in the order of the files.

    `root` is the path below which the site stands (`/so2`, empty for the host itself); what stands below `public` is
    part of the site too.
    """
    return [fault for file in sorted(pages) for fault in _Checker(folder, pages, root, public).of(file)]


class _Checker:
    def __init__(self, folder: Path, pages: Mapping[str, Page], root: str, public: str) -> None:
        self._folder, self._pages, self._root, self._public = folder, pages, root, public

    def of(self, file: str) -> Iterator[Fault]:
        """The faults of one page."""
        here = f"http://site.invalid{self._root}/{file.removesuffix('index.html')}"
        for link in self._pages[file].links:
            what = self._broken(file, link, here)
            if what is not None:
                yield Fault("link", file, f"{link.url or 'an empty link'}: {what}", _MEND)

    def _broken(self, file: str, link: Link, here: str) -> str | None:
        """What is wrong with a link; None when nothing is."""
        if self._public and link.url.startswith(self._public):
            target = urlsplit(f"http://site.invalid{self._root}/{link.url.removeprefix(self._public)}")
        else:
            target = urlsplit(urljoin(here, link.url))
        if target.netloc != "site.invalid" or target.scheme != "http":
            return "is loaded from another host" if link.asset and target.scheme != "data" else None
        if target.query:
            return "has parameters, which a plain server does not read"
        if not target.path.startswith(f"{self._root}/"):
            return "leads out of the site"
        found = self._file(target.path.removeprefix(f"{self._root}/"))
        if found is None:
            return "leads to nothing"
        return self._unfit(file, link, found, unquote(target.fragment))

    def _file(self, path: str) -> str | None:
        for name in (file_of(path), file_of(f"{path}/")):
            if name in self._pages or (self._folder / name).is_file():
                return name
        return None

    def _unfit(self, file: str, link: Link, found: str, fragment: str) -> str | None:
        page = self._pages.get(found)
        if fragment and (page is None or fragment not in page.fragments):
            return "names a part that is not there"
        if page is None or link.asset or link.language is not None:
            return None
        if page.language != self._pages[file].language:
            return f"leads to another language ({page.language}) without saying so (hreflang)"
        return None
