"""The ASGI application that Granian serves: a cache and a way to the readers, with Flask behind a bridge.

Granian's WSGI mode ends a stream that fails half-way as if it were whole; in its ASGI mode the failure reaches the
client (docs/decisions/0004-server.md).
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any, cast
from urllib.parse import urlsplit

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi_typing import Environ, StartResponse, WSGIApp
from cachetools import LRUCache

from so2graph.config import Settings
from so2graph.engine.access import Access, Session
from so2graph.engine.ask import Readers
from so2graph.engine.exchange import Exchange
from so2graph.engine.tokens import ANYONE
from so2graph.errors import So2Error, Unauthorized
from so2graph.registry import Bundle
from so2graph.web.app import create_app
from so2graph.web.asking import chosen_for, query_question
from so2graph.web.bodies import Body, read_body
from so2graph.web.cache import ResponseCache
from so2graph.web.caching import Request, cache_headers, entity_tag, fingerprint, has_already
from so2graph.web.encoding import choose_coding
from so2graph.web.errors import problem_answer
from so2graph.web.headers import common_headers
from so2graph.web.metrics import Observer, metrics
from so2graph.web.naming import written_path
from so2graph.web.outgoing import Outgoing
from so2graph.web.protocol import SPARQL_METHODS, QueryRequest, names_html, read_parameters, read_query, wants_html
from so2graph.web.relay import Connections, Relay, kill

__all__ = ["RUN_VARIABLE", "Edge", "create"]

RUN_VARIABLE = "SO2GRAPH__RUN"
"""Where the readers and the keeper are; set by `serve` for its workers, and no setting."""

Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Scope = dict[str, Any]


_WATCH_AFTER = 0.05
"""Seconds until somebody looks whether the client is still there."""
_KNOWN = 4096
"""Requests that are recognised by what they say, before anything is worked out."""
_LARGE = 32_768
"""Bytes of a body beyond which it is read in a thread, so that others do not wait for it."""


class Edge:
    """The application as ASGI 3 sees it."""

    def __init__(self, app: WSGIApp, access: Access, readers: Readers, settings: Settings) -> None:
        def terminated(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            # The bridge's input ends where the body does, so that a chunked body needs no Content-Length.
            cast(dict[str, object], environ)["wsgi.input_terminated"] = True
            return app(environ, start_response)

        self._bridge = WSGIMiddleware(terminated, workers=settings.threads)
        self._access, self._readers, self._settings = access, readers, settings
        self._cache = ResponseCache(settings.cache_megabytes * 1_000_000)
        self._connections = Connections(readers.run)
        self._observer = Observer(settings)
        self._program = fingerprint(settings)
        self._prefix = urlsplit(settings.public_url).path.rstrip("/")
        # By what a request says: when that was, under which key its answer is kept, and on which session.
        self._known: LRUCache[tuple[object, ...], tuple[object, str, Session | None]] = LRUCache(_KNOWN)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; what Granian gives it is not always a coroutine, so that it is wrapped."""
        if scope["type"] != "http":
            await self._bridge(cast(Any, scope), cast(Any, receive), cast(Any, send))
            return
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        path = scope["path"]
        if self._prefix:
            # A proxy may take the prefix away or leave it; those behind here see it in either case.
            path = path.removeprefix(self._prefix) if path.startswith(f"{self._prefix}/") else path
            scope = {**scope, "root_path": self._prefix, "path": self._prefix + path}
        written = written_path({"asgi.scope": scope}, self._prefix) or ""
        request = Request(scope["method"], self._prefix, path, scope["query_string"], headers, written)
        out = Outgoing(send, request, choose_coding(headers.get("accept-encoding", "")))
        # A client of HTTP/1.0 could not tell an answer that breaks off from a whole one.
        out.must_be_whole = scope.get("http_version") == "1.0"
        try:
            if not await self._at_once(request, out):
                await self._answer(scope, request, receive, out)
        finally:
            self._observer.note(out)

    async def _at_once(self, request: Request, out: Outgoing) -> bool:
        """Sends again what the very same request was sent before, while nothing has changed."""
        if request.method != "GET" or "if-none-match" in request.headers:
            return False
        known = self._known.get(request.identity)
        if known is None or known[0] != self._access.stamp():
            return False
        kept = self._cache.peek(known[1])
        if kept is None:
            return False
        out.cached, out.session = True, known[2]
        await out.again(kept)
        return True

    async def _answer(self, scope: Scope, request: Request, receive: Receive, out: Outgoing) -> None:
        """From the cache where it is there; else it is made, by one request at a time."""
        stamp = self._access.stamp()
        try:
            caller = self._access.tokens.caller(request.headers.get("authorization", ""))
            scope["so2graph.caller"] = caller
            out.session = scope["so2graph.session"] = self._access.session(caller)
            tag = entity_tag(request, caller.key, out.session.snapshot.manifest.number, self._program)
        except Unauthorized as error:
            await self._refuse(error, scope, request, receive, out)
            return
        except So2Error:
            tag = None
        if tag is None or not self._settings.cache_megabytes:
            await self._make(scope, request, receive, out, tag)
            return
        if (held := has_already(request, tag)) is not None:
            await out.whole(304, {**cache_headers(held), **self._common(out, "")}, b"")
            return
        key = f"{tag} {out.coding}"
        kept = await self._cache.get(key)
        out.waited = perf_counter() - out.started
        if kept is not None:
            self._known[request.identity] = (stamp, key, out.session)
            out.cached = True
            await out.again(kept)
            return
        with self._cache.making(key):
            out.collect(tag, self._cache.max_body, lambda: self._cache.give_up(key))
            await self._make(scope, request, receive, out, tag)
            made = out.collected()
            if made is not None:
                self._cache.keep(key, made)

    def _common(self, out: Outgoing, media_type: str, present: dict[str, str] | None = None) -> dict[str, str]:
        number = out.session.snapshot.manifest.number if out.session else None
        held = present or {"ETag": ""}
        return common_headers(held, media_type, number, (perf_counter() - out.started) * 1000)

    async def _make(self, scope: Scope, request: Request, receive: Receive, out: Outgoing, tag: str | None) -> None:
        """Reads the body, and sends the request to a reader or to Flask."""
        body: Body | None = None
        try:
            if request.method not in ("GET", "HEAD"):
                upload = request.path.startswith("/graph-store")
                if upload and not scope.get("so2graph.caller", ANYONE).token:
                    # It will be refused; nobody waits for what a stranger sends.
                    await self._to_flask(scope, receive, out, None)
                    return
                body = await read_body(request, receive, self._settings, upload=upload)
            large = body is not None and body.size > _LARGE
            asked = (
                await asyncio.to_thread(self._direct_query, request, body)
                if large
                else self._direct_query(request, body)
            )
            if asked is None or out.session is None:
                await self._to_flask(scope, receive, out, body)
            else:
                await self._relay(out.session, asked, receive, out, tag)
        except So2Error as error:
            if out.begun:
                raise
            await self._refuse(error, scope, request, receive, out)
        finally:
            if body is not None:
                body.close()

    @staticmethod
    def _direct_query(request: Request, body: Body | None) -> QueryRequest | None:
        """The query of a request that a reader can answer without Flask; None for all others."""
        if request.path != "/sparql" or request.method not in SPARQL_METHODS or "content-encoding" in request.headers:
            return None
        if request.method == "OPTIONS":
            return None
        content = b"" if body is None else body.whole()
        url = read_parameters(request.query)
        asked = read_query(request.method, request.headers.get("content-type", ""), url, content)
        if not isinstance(asked, QueryRequest):
            return None
        for_page = names_html(asked.format) if asked.format else wants_html(request.headers.get("accept", ""))
        return None if for_page else asked

    async def _relay(
        self, session: Session, asked: QueryRequest, receive: Receive, out: Outgoing, tag: str | None
    ) -> None:
        """Streams what a reader answers; ends the reader when the client goes away."""
        accept = out.request.headers.get("accept", "")
        question = query_question(session, asked, accept)
        out.query = asked.text
        relay = Relay(self._readers, self._connections, self._settings, session.snapshot.manifest.number, question)
        relay.exchange.spent = out.waited
        out.exchanges = [relay.exchange]
        watch = _Watch(receive, relay.close)
        try:
            await self._through(relay, watch, asked, accept, out, tag)
        except So2Error:
            if not (watch.gone and out.begun):
                raise
        finally:
            await watch.end()
            relay.close()

    async def _through(
        self, relay: Relay, watch: _Watch, asked: QueryRequest, accept: str, out: Outgoing, tag: str | None
    ) -> None:
        head = await relay.head(whole=out.must_be_whole)
        content_type = chosen_for(relay.exchange.kind, accept, asked.format).content_type
        kept = cache_headers(tag) if tag and not relay.exchange.volatile else {}
        headers = {"Content-Type": content_type} | kept
        headers |= self._common(out, content_type, headers)
        if relay.exchange.done:
            headers["SO2Graph-Rows"] = str(relay.exchange.rows)
            await out.whole(200, headers, head)
            return
        await out.start(200, headers)
        if out.request.method != "HEAD":
            await self._body_out(out, head)
            async for piece in relay.rest():
                if watch.gone:
                    return
                await self._body_out(out, piece)
        await out.end()

    async def _body_out(self, out: Outgoing, piece: bytes) -> None:
        if piece:
            async with asyncio.timeout(self._settings.max_stall):
                await out.piece(piece)

    async def _refuse(self, error: So2Error, scope: Scope, request: Request, receive: Receive, out: Outgoing) -> None:
        """The error as a problem document, or by Flask as a page."""
        if wants_html(request.headers.get("accept", "")) and request.method in ("GET", "HEAD"):
            scope["so2graph.error"] = error
            await self._to_flask(scope, receive, out, None)
            return
        status, headers, body = problem_answer(error, self._settings.base)
        await out.whole(status, {**headers, **self._common(out, "", headers)}, body)

    async def _to_flask(self, scope: Scope, receive: Receive, out: Outgoing, body: Body | None) -> None:
        """Hands a request to Flask, with the body that has been read. Ends its readers when the client goes away."""
        exchanges: list[Exchange] = []
        scope["so2graph.exchanges"] = out.exchanges = exchanges
        more = (body or Body()).receive()

        def ended() -> None:
            for exchange in exchanges:
                kill(self._readers, exchange)

        watch = _Watch(receive, ended)
        try:
            await self._bridge(cast(Any, scope), cast(Any, more), cast(Any, out))
        finally:
            await watch.end()


class _Watch:
    """Notices that a client goes away, and says so once; begins to look when an answer takes a while."""

    def __init__(self, receive: Receive, then: Callable[[], None]) -> None:
        self.gone = False
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(_WATCH_AFTER, self._begin, receive, then)

    def _begin(self, receive: Receive, then: Callable[[], None]) -> None:
        self._task = asyncio.ensure_future(self._watch(receive, then))

    async def _watch(self, receive: Receive, then: Callable[[], None]) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        then()

    async def end(self) -> None:
        """Stops watching."""
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task


def _end_with_parent() -> None:
    """Ends this process when the one that started it is gone, however that ended."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def create() -> Edge:
    """The application with the settings of the environment, as a factory for the server's workers."""
    _end_with_parent()
    # A thread that reads a long form lets the others go on after half a millisecond, not five.
    sys.setswitchinterval(0.0005)
    settings = Settings.load(os.environ)
    readers = Readers(Path(os.environ[RUN_VARIABLE]), settings)
    app = create_app(settings, Bundle.find(settings.base), readers, metrics)
    return Edge(cast(WSGIApp, app), app.extensions["so2graph"], readers, settings)
