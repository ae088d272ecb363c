"""What every page needs from a request: its language, a session on the data, links and the words of the page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import BoundedSemaphore
from time import perf_counter
from typing import cast
from urllib.parse import quote

from flask import Response, current_app, g, render_template, request
from markupsafe import Markup

from so2graph.config import Settings
from so2graph.engine.access import Access, Session
from so2graph.engine.ask import Engine, Reply
from so2graph.engine.exchange import Exchange
from so2graph.engine.kept import Kept, Seen, seen
from so2graph.engine.tokens import Caller
from so2graph.engine.wire import Question
from so2graph.errors import Busy, So2Error
from so2graph.formats import Format
from so2graph.publish.source import documents
from so2graph.vocab import Iri, Literal, Term
from so2graph.web.addresses import Addresses
from so2graph.web.assets import asset
from so2graph.web.caching import Request
from so2graph.web.linking import Link
from so2graph.web.naming import written_path
from so2graph.web.protocol import Chosen, choose_format, choose_language, read_parameters, single, wants_html
from so2graph.web.words import known, say, steps

__all__ = ["Cell", "Site", "answer", "cells", "site", "stream"]


_PATIENCE = 5.0
"""Seconds that a query waits for a place before it is told to come back."""

_FOLLOWED = ("http://", "https://", "urn:")
"""How the IRIs begin that a page may link to."""
_READ = "source"
_SECTIONS = (
    ("network", "nav.network"),
    ("links", "nav.links"),
    ("ask", "nav.ask"),
    (_READ, "nav.source"),
    ("queries", "nav.queries"),
    ("sparql", "nav.sparql"),
    ("def", "nav.def"),
    ("exports", "nav.exports"),
)


@dataclass(frozen=True)
class Cell:
    """A term as a page shows it: text, where it leads, its language, and the IRI behind a label."""

    text: str
    href: str | None = None
    language: str | None = None
    iri: str | None = None


class Site:
    """One request, seen from the pages."""

    def __init__(self, access: Access, engine: Engine) -> None:
        self.access, self.engine = access, engine
        self.started = perf_counter()
        self.chosen_language = request.args.get("lang")
        self.again: str | None = None
        """Where a page that answers a form can be read again; None where its own address does."""
        self.language = choose_language(self.chosen_language, request.headers.get("Accept-Language", ""))
        # What the edge has found out already, where it stands in front.
        scope = request.environ.get("asgi.scope", {})
        self._session: Session | None = scope.get("so2graph.session")
        self._caller: Caller | None = scope.get("so2graph.caller")
        self._exchanges: list[Exchange] | None = scope.get("so2graph.exchanges")

    @cached_property
    def request(self) -> Request:
        """The request as the functions without I/O see it."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        written = written_path(request.environ, request.script_root) or ""
        return Request(request.method, request.script_root, request.path, request.query_string, headers, written)

    @property
    def caller(self) -> Caller:
        """Who asks; raises `Unauthorized` for a token that is not known."""
        if self._caller is None:
            self._caller = self.access.tokens.caller(request.headers.get("Authorization", ""))
        return self._caller

    @cached_property
    def parameters(self) -> dict[str, list[str]]:
        """The parameters of the URL; raises `BadRequest` when they are not UTF-8."""
        return read_parameters(request.query_string)

    def act_for(self, caller: Caller) -> None:
        """Answers with the rights of somebody else from here on: of who has signed in."""
        self._caller, self._session = caller, None

    @property
    def settings(self) -> Settings:
        return self.access.settings

    @property
    def session(self) -> Session:
        if self._session is None:
            self._session = self.access.session(self.caller)
        return self._session

    @property
    def generation(self) -> int | None:
        """The generation that this request was answered from; None when it needed none."""
        return None if self._session is None else self._session.snapshot.manifest.number

    @property
    def wanted(self) -> str | None:
        """The format that `format=` asks for."""
        return single(self.parameters, "format")

    @property
    def by_person(self) -> bool:
        return wants_html(request.headers.get("Accept", ""))

    def ask(self, question: Question) -> Reply:
        """Answers a question from outside; raises `Busy` when as many run as may run beside the pages.

        The place is given back when the request ends, since rows are made while they are read.
        """
        slots = cast(BoundedSemaphore, current_app.extensions["so2graph-slots"])
        if "slot" not in g:
            if not slots.acquire(timeout=_PATIENCE):
                raise Busy("as many queries run as the service runs at a time", mend="Try again in a few seconds.")
            g.slot = slots
        reply = self.engine.ask(self.session, question, self._exchanges)
        if reply.volatile:
            g.tag = None
        return reply

    def say(self, key: str, **values: object) -> str:
        return say(key, self.language, **values)

    def steps(self, count: int) -> str:
        """How many steps a way has, in words."""
        return steps(count, self.language)

    def column(self, name: str) -> str:
        """The heading of a column: in words where there are any, else its name."""
        key = f"column.{name}"
        return say(key, self.language) if known(key) else name

    def format_title(self, fmt: Format) -> str:
        """What a format is called: in words of the reader's language where there are any."""
        key = f"format.{fmt.name}"
        return self.say(key) if known(key) else fmt.title

    @property
    def live(self) -> bool:
        """Whether a running service is asked, and not a site of plain files made."""
        return self.addresses.live

    @cached_property
    def addresses(self) -> Addresses:
        return cast(Addresses, current_app.extensions["so2graph-addresses"])

    def offers(self, local: str) -> bool:
        """Whether there is anything at `local`: a site of plain files leaves out what needs the service."""
        return self.addresses.offers(local)

    @property
    def sections(self) -> list[tuple[str, str]]:
        """The parts of the site that every page leads to: where each is, and the key of its name.

        A source is one of them where the graph describes one whose text is here.
        """
        offered = [(local, key) for local, key in _SECTIONS if self.offers(local)]
        at = next((i for i, (local, _) in enumerate(offered) if local == _READ), None)
        if at is None:
            return offered
        name = self._source
        return [*offered[:at], *([(f"{_READ}/{name}", offered[at][1])] if name else []), *offered[at + 1 :]]

    @property
    def _source(self) -> str | None:
        """The name of the first source that can be read along; None where there is none, or no dataset yet."""
        known = cast(Kept[Seen, tuple[str, ...]], current_app.extensions["so2graph-sources"])
        try:
            session = self.session
        except So2Error:
            return None
        names = known.made(seen(session), lambda: tuple(sorted(documents(session, self.access.bundle.data))))
        return names[0] if names else None

    def within(self, local: str) -> str | None:
        """Whether this page is that part of the site (`page`) or within it (`true`)."""
        path = request.path.lstrip("/")
        return "page" if path == local else "true" if path.startswith(f"{local}/") else None

    @property
    def root(self) -> str:
        """The URL path of the service itself, with a slash at its end."""
        return f"{request.script_root}/"

    def path(self, local: str) -> str:
        """The URL path of the page `local` below this service, in the language of the reader."""
        return self.addresses.path(request.script_root, local, self.language, self.chosen_language is not None)

    def file(self, local: str) -> str:
        """The URL path of `local` below this service where it is the same in every language: data, styles."""
        return self.addresses.file(request.script_root, local)

    def script(self, name: str) -> Markup:
        """The element that loads an entry of the front end as a module; nothing where it was not built."""
        local = asset(f"{name}.js")
        if local is None:
            return Markup("")
        return Markup('<script type="module" src="{}"></script>').format(self.file(local))

    @staticmethod
    def data_block(value: object, name: str = "data") -> Markup:
        """A block of JSON for a script, under the id `name`; no tag can begin or end in it."""
        text = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
        return Markup('<script type="application/json" id="{}">{}</script>').format(name, Markup(text))

    def built(self, name: str) -> str | None:
        """The URL path of a file of the front end (`site.css`); None where it was not built."""
        local = asset(name)
        return None if local is None else self.file(local)

    def url(self, local: str = "") -> str:
        """The whole address of `local` below this service: by the setting `public_url`, else by the request."""
        root = self.settings.public_url or f"{request.host_url.rstrip('/')}{request.script_root}/"
        return self.addresses.whole(root, local)

    def local(self, address: str) -> str:
        """A whole address below this service as a URL path."""
        rest = address.removeprefix(self.url())
        return self.root + rest if self.live else self.path(rest)

    def shown(self, links: Iterable[Link]) -> list[Link]:
        """The links of an answer as its page has them: those below this service as paths.

        A page of plain files leaves out what needs the service, and the address that its language gives it. Every
        page leaves out what no browser should follow (`javascript:`): such IRIs come from data.
        """
        root, skipped = self.url(), ("profile",) if self.live else ("profile", "canonical", "linkset")
        below = [(link, link.rel not in ("author", "cite-as") and link.href.startswith(root)) for link in links]
        return [
            Link(link.rel, self.local(link.href) if ours else link.href, link.type)
            for link, ours in below
            if link.rel not in skipped
            and (ours or link.href.startswith(_FOLLOWED))
            and not (ours and not self.offers(link.href.removeprefix(root)))
        ]

    @property
    def other_language(self) -> str:
        """The same page in the other language."""
        if self.again is not None:
            other = "en" if self.language == "nl" else "nl"
            return self.addresses.path(request.script_root, self.again, other, chosen=True)
        asked = list(request.args.items(multi=True))
        return self.addresses.other_language(request.script_root, request.path, asked, self.language)

    @property
    def alternates(self) -> dict[str, str]:
        """The address of this page by language, in a site of plain files."""
        return self.addresses.alternates(request.script_root, request.path, list(request.args.items(multi=True)))

    def href(self, iri: str) -> str | None:
        """Where an IRI leads: into this service for one of ours, outside for http(s), nowhere otherwise."""
        local = self.session.snapshot.names.local_path(iri)
        if local is not None:
            page = local.replace("id/", "doc/", 1) if local.startswith("id/") else local
            # The vocabulary has an entry for each of its fragments; other pages are about the whole.
            page = page if page.startswith("def#") else page.partition("#")[0]
            return self.path(quote(page, safe="/#%:@!$&'()*+,;=~")) if self.offers(page) else None
        return iri if iri.startswith(("http://", "https://")) else None

    def choose(self, offered: tuple[Format, ...], wanted: str | None = None) -> Chosen:
        return choose_format(request.headers.get("Accept", ""), wanted or self.wanted, offered)

    def page(self, template: str, status: int = 200, **values: object) -> Response:
        """A rendered page; never cached across languages."""
        html = render_template(template, site=self, t=self.say, lang=self.language, **values)
        response = Response(html, status=status, content_type="text/html; charset=utf-8")
        response.headers["Content-Language"] = self.language
        return response


def site() -> Site:
    """The `Site` of this request."""
    if "site" not in g:
        extensions = current_app.extensions
        g.site = Site(cast(Access, extensions["so2graph"]), cast(Engine, extensions["so2graph-engine"]))
    return cast(Site, g.site)


def answer(body: bytes, content_type: str) -> Response:
    return Response(body, content_type=content_type)


def stream(reply: Reply, content_type: str) -> Response:
    """An answer as it comes; what fails before its first part is an error, what fails later breaks the stream off."""
    # A client of HTTP/1.0 could not tell an answer that breaks off from a whole one.
    whole = request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0"
    response = Response(reply.body() if whole else reply.hold_back(), content_type=content_type)
    if reply.rows is not None:
        response.headers["SO2Graph-Rows"] = str(reply.rows)
    return response


def cells(here: Site, rows: Iterable[Sequence[Term | None]]) -> list[list[Cell]]:
    """Rows of terms as cells, IRIs with their labels."""
    rows = list(rows)
    iris = {term.value for row in rows for term in row if isinstance(term, Iri)}
    labels = here.session.labels(iris, here.language) if iris else {}

    def cell(term: Term | None) -> Cell:
        if term is None:
            return Cell("")
        if isinstance(term, Iri):
            return Cell(labels[term.value], here.href(term.value), iri=term.value)
        if isinstance(term, Literal):
            return Cell(term.value, language=term.language)
        return Cell(str(term))

    return [[cell(term) for term in row] for row in rows]
