"""Asks the application for one address, and writes its answer as files of a plain site."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urljoin

from werkzeug.test import TestResponse

from so2graph.config import Settings
from so2graph.engine.access import Access
from so2graph.errors import Fault, NotAcceptable, NotFound
from so2graph.formats import ALL_FORMATS
from so2graph.publish.export import write, write_file
from so2graph.publish.selection import SIDECAR, parse
from so2graph.registry import Bundle
from so2graph.web.addresses import Place, PlainFiles, file_of, place_of
from so2graph.web.app import create_app
from so2graph.web.preparing import sidecar_of
from so2graph.web.protocol import LANGUAGES
from so2graph.web.site import site
from so2graph.web.static_check import check_text, is_text
from so2graph.web.static_pages import Page, read_page, text_links, xml_links
from so2graph.web.words import say

__all__ = ["Job", "Made", "Written", "render"]

_HTML = "text/html"
_AS_PAGE, _AS_FILE = "text/html, text/turtle;q=0.5, */*;q=0.1", "text/turtle;q=0.2, */*;q=0.1"
_HOPS = 4
_EXPORTS = "exports/"
_MOVED = ("static.moved.title", "static.moved", "static.moved.link")
_MISSING = ("error.not-found", "static.missing", "static.missing.link")
Pairs = tuple[tuple[str, Place], ...]


@dataclass(frozen=True)
class Job:
    """What every process that makes a site needs to know; `root` is the path below which the site will stand."""

    settings: Settings
    bundle: Bundle
    folder: Path
    root: str
    public: str
    withheld: frozenset[str]
    moved: frozenset[str]


@dataclass(frozen=True)
class Written:
    """A file of the site, as the manifest lists it."""

    path: str
    media_type: str
    sha256: str
    bytes: int


@dataclass
class Made:
    """What came of one address: files, what the pages among them say, where they lead, and what is wrong."""

    files: list[Written] = field(default_factory=list)
    pages: dict[str, Page] = field(default_factory=dict)
    links: Pairs = ()
    faults: list[Fault] = field(default_factory=list)
    generation: int | None = None


def render(job: Job, wanted: Pairs) -> list[Made]:
    """Makes the files of these paths; a process keeps its application from one call to the next."""
    return [_renderer(job).make(path, place) for path, place in wanted]


@lru_cache(1)
def _renderer(job: Job) -> _Renderer:
    return _Renderer(job)


class _Renderer:
    def __init__(self, job: Job) -> None:
        self._job = job
        self._addresses = PlainFiles(job.public, job.withheld, job.moved)
        self._app = create_app(job.settings, job.bundle, addresses=self._addresses)
        self._client = self._app.test_client()
        self._session = Access(job.settings, job.bundle).session()

    def make(self, path: str, place: Place) -> Made:
        """Asks for `place`, and writes the answer where a plain server will find `path`; nothing when it is a 404."""
        if path == "404.html":
            return self._written(path, self._elsewhere(None), "text/html; charset=utf-8")
        self._addresses.given.clear()
        if path.startswith(_EXPORTS) and place.language is None:
            return self._export(path, place)
        response = self._get(place)
        number = response.headers.get("SO2Graph-Generation")
        made = self._taken(path, place, response)
        made.generation = None if number is None else int(number)
        return made

    def _export(self, path: str, place: Place) -> Made:
        """A file of `/exports` with its sidecar, written as it is made: it may be large. Nothing for the sidecar."""
        try:
            export, sidecar = parse(unquote(place.local.removeprefix(_EXPORTS)))
            if sidecar:
                return Made()
            session, target = self._session, self._job.folder / file_of(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            told = write_file(
                target,
                export.name,
                export.format,
                export.coding,
                session,
                lambda sink: write(session, export, sink, lambda *_: None),
            )
        except (NotFound, NotAcceptable):
            return Made()
        beside = sidecar_of(target)
        about = beside.read_bytes()
        made = Made(generation=session.snapshot.manifest.number)
        made.files = [
            Written(file_of(path), export.media_type, told.sha256, told.size),
            Written(f"{file_of(path)}{SIDECAR}", "application/json", sha256(about).hexdigest(), len(about)),
        ]
        media_type = export.media_type.partition(";")[0]
        if is_text(media_type):
            made.faults += check_text(file_of(path), media_type, target.read_bytes())
        return made

    def _get(self, place: Place) -> TestResponse:
        """The answer, also when it is at another address: for a page only where that is for good."""
        local = place.local
        for _ in range(_HOPS):
            response = self._client.get(
                f"/{local}",
                base_url=f"http://localhost{self._job.root}/",
                headers={
                    "Accept": _AS_PAGE if place.language else _AS_FILE,
                    "Accept-Language": place.language or LANGUAGES[0],
                },
            )
            leads_on = response.status_code in ((301, 308) if place.language else (301, 302, 303, 307, 308))
            target = self._place(response.headers.get("Location", ""), local) if leads_on else None
            if target is None:
                break
            local = target[1].local
        return response

    def _taken(self, path: str, place: Place, response: TestResponse) -> Made:
        status, media_type = response.status_code, response.mimetype
        if status in (302, 303, 307):
            target = self._place(response.headers["Location"], place.local)
            return Made() if target is None else self._stub(path, place, target)
        if status in (404, 406, 410):
            return Made()
        if status != 200:
            return Made(faults=[Fault("answer", f"/{place.local}", f"answers {status}", "See the log.")])
        if place.language is None and media_type == _HTML:
            what = "a page stands at the address of a file"
            return Made(
                faults=[Fault("answer", f"/{place.local}", what, "Give the file a suffix, or the page none.")]
            )
        body = response.get_data()
        links = tuple(self._links(place, response, body))
        if place.language is None or media_type == _HTML or not f"/{path}".endswith("/"):
            return self._written(file_of(path), body, response.content_type, links)
        return self._data(path, place, response, links)

    def _data(self, path: str, place: Place, response: TestResponse, links: Pairs) -> Made:
        """Data at the address of a page: a file with a suffix, and a page that leads there."""
        suffix = _suffix_for(response.mimetype or "")
        bare, _, query = place.local.partition("?")
        data, _ = place_of(f"{bare}.{suffix}?{query}", None, self._job.moved)
        made = self._written(file_of(data), response.get_data(), response.content_type, links)
        stub = self._stub(path, place, (data, Place(f"{bare}.{suffix}", None)))
        made.files += stub.files
        made.pages |= stub.pages
        return made

    def _stub(self, path: str, place: Place, target: tuple[str, Place]) -> Made:
        """The page that stands where the service sends a reader on."""
        body = self._elsewhere(target, place.language or LANGUAGES[0])
        return self._written(file_of(path), body, "text/html; charset=utf-8", (target,))

    def _elsewhere(self, target: tuple[str, Place] | None, language: str = LANGUAGES[0]) -> bytes:
        """A page in both languages that leads to `target`; without one, the page for an address that is not there."""
        local = "" if target is None else target[1].local
        title, key, link = _MISSING if target is None else _MOVED
        with self._app.test_request_context("/", base_url=f"http://localhost{self._job.root}/"):
            here = site()
            here.language = language
            links = {code: here.addresses.path(self._job.root, local, code, chosen=True) for code in LANGUAGES}
            own = links[language].removeprefix(f"{self._job.root}/")
            response = here.page(
                "elsewhere.html",
                title=say(title, language),
                target=self._job.public + own if self._job.public else links[language],
                refresh=target is not None,
                key=key,
                link=link,
                words=say,
                links=links,
            )
        return response.get_data()

    def _written(self, file: str, body: bytes, content_type: str, links: Pairs = ()) -> Made:
        target = self._job.folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)
        media_type = content_type.partition(";")[0].strip()
        made = Made([Written(file, content_type, sha256(body).hexdigest(), len(body))], links=links)
        made.faults += check_text(file, media_type, body)
        if media_type == _HTML:
            made.pages[file] = read_page(body.decode())
        return made

    def _links(self, place: Place, response: TestResponse, body: bytes) -> Iterator[tuple[str, Place]]:
        media_type, public = response.mimetype or "", self._job.settings.public_url
        urls = []
        if media_type == _HTML:
            urls += [link.url for link in read_page(body.decode()).links]
        elif media_type.endswith(("/xml", "+xml")) and media_type != "application/rdf+xml":
            urls += xml_links(body)
        elif media_type in ("text/turtle", "text/plain"):
            text = body.decode("utf-8", "replace")
            urls += [url for below in (public, self._job.settings.base) for url in text_links(text, below)]
        # A plain server sends no `Link` header: what is named there alone, nobody would find.
        found = (self._place(url, place.local) for url in dict.fromkeys(urls))
        yield from (one for one in found if one is not None)

    def _place(self, url: str, local: str) -> tuple[str, Place] | None:
        """The path and the address that a link leads to; None outside the site, or where it needs the service."""
        root, public = f"http://localhost{self._job.root}/", self._job.settings.public_url
        below = next((one for one in (public, self._job.settings.base) if url.startswith(one)), None)
        whole = root + url.removeprefix(below) if below else urljoin(root + local, url)
        if not whole.startswith(root):
            return None
        bare = whole.removeprefix(root).partition("#")[0]
        if bare in self._addresses.given:
            path, place = bare, self._addresses.given[bare]
        else:
            language = next((code for code in LANGUAGES[1:] if f"{bare}/".startswith(f"{code}/")), None)
            own = bare.removeprefix(language or "").lstrip("/") if language else bare
            path, spoken = place_of(own, language, self._job.moved)
            place = Place(own.rstrip("/"), spoken)
        if "?" in bare:
            # Not made for plain files: nobody would find the file. In a page, the check says so.
            return None
        return (path, place) if self._addresses.offers(unquote(place.local)) else None


def _suffix_for(media_type: str) -> str:
    """What the name of a file of this type ends in."""
    known = next((f.suffix for f in ALL_FORMATS if f.media_type == media_type), None)
    structured = media_type.rpartition("+")[2]
    if known is None and structured in ("json", "xml"):
        return structured
    return known or (mimetypes.guess_extension(media_type) or ".bin").lstrip(".")
