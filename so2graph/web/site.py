"""What every page needs from a request: its language, a session on the data, links and the words of the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import BoundedSemaphore
from time import perf_counter
from typing import cast
from urllib.parse import quote, urlencode

from flask import Response, current_app, g, render_template, request

from so2graph.config import Settings
from so2graph.engine.access import Access, Session
from so2graph.engine.ask import Engine, Reply
from so2graph.engine.exchange import Exchange
from so2graph.engine.tokens import Caller
from so2graph.engine.wire import Question
from so2graph.errors import Busy
from so2graph.formats import Format
from so2graph.vocab import Iri, Literal, Term
from so2graph.web.caching import Request
from so2graph.web.protocol import Chosen, choose_format, choose_language, read_parameters, single, wants_html
from so2graph.web.words import known, say

__all__ = ["Cell", "Site", "answer", "cells", "site", "stream"]


_PATIENCE = 5.0
"""Seconds that a query waits for a place before it is told to come back."""


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
        return Request(request.method, request.script_root, request.path, request.query_string, headers)

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

    def column(self, name: str) -> str:
        """The heading of a column: in words where there are any, else its name."""
        key = f"column.{name}"
        return say(key, self.language) if known(key) else name

    def path(self, local: str) -> str:
        """The URL path of `local` below this service, keeping the language that the reader chose."""
        path = f"{request.script_root}/{local.lstrip('/')}"
        if self.chosen_language is None:
            return path
        bare, mark, fragment = path.partition("#")
        return f"{bare}{'&' if '?' in bare else '?'}lang={self.language}{mark}{fragment}"

    def url(self, local: str = "") -> str:
        """The whole address of `local` below this service: by the setting `public_url`, else by the request."""
        root = self.settings.public_url or f"{request.host_url.rstrip('/')}{request.script_root}/"
        return root + local.lstrip("/")

    @property
    def other_language(self) -> str:
        """The same page in the other language, as a URL query."""
        kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
        return "?" + urlencode([*kept, ("lang", "en" if self.language == "nl" else "nl")])

    def href(self, iri: str) -> str | None:
        """Where an IRI leads: into this service for one of ours, outside for http(s), nowhere otherwise."""
        local = self.session.snapshot.names.local_path(iri)
        if local is not None:
            page = local.replace("id/", "doc/", 1) if local.startswith("id/") else local
            return self.path(quote(page, safe="/#%:@!$&'()*+,;=~"))
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
