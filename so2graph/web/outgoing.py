"""One answer on its way out of the edge: compressed where the client likes it, and collected for the cache."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import Any

from so2graph.coding import Encoder, encoder
from so2graph.engine.access import Session
from so2graph.engine.exchange import Exchange
from so2graph.web.cache import Kept
from so2graph.web.caching import Request
from so2graph.web.encoding import compressible

__all__ = ["Outgoing"]

Event = dict[str, Any]
Pairs = list[tuple[bytes, bytes]]


class Outgoing:
    """Takes the events of an answer (ASGI `http.response.start` and `.body`), and sends them on.

    `status` and `size` are what went out; `session`, `query` and `cached` are for whoever observes.
    """

    def __init__(self, send: Callable[[Event], Awaitable[None]], request: Request, coding: str | None) -> None:
        self._send, self.request, self.coding = send, request, coding
        self.started = perf_counter()
        self.session: Session | None = None
        self.query = ""
        self.cached = self.must_be_whole = False
        self.waited = 0.0
        self.exchanges: list[Exchange] = []
        self._tag = ""
        self.status = self.size = 0
        self.begun = self.finished = False
        self._start: tuple[int, Pairs] | None = None
        self._encoder: Encoder | None = None
        self._collecting: list[bytes] | None = None
        self._room = 0
        self._give_up: Callable[[], None] = lambda: None
        self._headers: tuple[tuple[bytes, bytes], ...] = ()

    async def __call__(self, event: Event) -> None:
        """Takes an event of Flask's answer. The start waits for the first part of the body."""
        if event["type"] == "http.response.start":
            self._start = (event["status"], [(bytes(name), bytes(value)) for name, value in event["headers"]])
        else:
            await self.body(event.get("body", b""), more=event.get("more_body", False))

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Begins an answer of unknown length."""
        self._start = (status, [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()])

    async def whole(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """A whole answer at once."""
        length = {} if status in (204, 304) else {"Content-Length": str(len(body))}
        await self.start(status, {**headers, **length})
        await self.body(body, more=False)

    async def piece(self, data: bytes) -> None:
        """A part of the body."""
        await self.body(data, more=True)

    async def end(self) -> None:
        """The body is whole."""
        await self.body(b"", more=False)

    async def again(self, kept: Kept) -> None:
        """An answer that was kept."""
        self.status, self.begun = 200, True
        await self._send({"type": "http.response.start", "status": 200, "headers": list(kept.headers)})
        await self._out(b"" if self.request.method == "HEAD" else kept.body, more=False)

    def collect(self, tag: str, room: int, give_up: Callable[[], None]) -> None:
        """Keeps what goes out under this entity tag, up to `room` bytes; when it cannot be kept, calls `give_up`."""
        self._tag, self._collecting, self._room, self._give_up = tag, [], room, give_up

    def collected(self) -> Kept | None:
        """The answer, when it was whole, can be kept, and was not too large."""
        if self._collecting is None or not self.finished or self.status != 200:
            return None
        return Kept(self._headers, b"".join(self._collecting))

    async def body(self, data: bytes, *, more: bool) -> None:
        """A part of the body; with the first goes the status line."""
        if self.finished:
            return
        if self._start is not None:
            if not data and more:
                return
            status, headers = self._start
            length = next((int(value) for name, value in headers if name == b"content-length"), None)
            if length is not None and length == len(data):
                more = False
            data = await self._begin(status, headers, data, more)
        elif self._encoder is not None:
            data = self._encoder.piece(data)
            if not more:
                data += self._encoder.end()
        if self.finished or (not data and more):
            return
        await self._out(b"" if self.request.method == "HEAD" else data, more=more)

    async def _begin(self, status: int, headers: Pairs, data: bytes, more: bool) -> bytes:
        if more:
            # The others do not wait for this client to read a long answer.
            self._give_up()
        self._start, self.begun, self.status = None, True, status
        names = {name: value.decode("latin-1") for name, value in headers}
        if (
            self.coding
            and status == 200
            and b"content-encoding" not in names
            # Parts of a file are counted in its own bytes.
            and b"accept-ranges" not in names
            and compressible(names.get(b"content-type", ""), None if more else len(data))
        ):
            self._encoder = encoder(self.coding)
            data = self._encoder.piece(data) + (b"" if more else self._encoder.end())
            headers = [pair for pair in headers if pair[0] not in (b"content-length", b"etag")]
            headers.append((b"content-encoding", self.coding.encode()))
            if b"etag" in names:
                headers.append((b"etag", f'{names[b"etag"][:-1]}-{self.coding}"'.encode()))
            if not more:
                headers.append((b"content-length", str(len(data)).encode()))
        mine = names.get(b"etag", "").startswith(f'"{self._tag}')
        if status != 200 or not mine or self.request.method != "GET":
            self._drop()
        self._headers = tuple(headers)
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        return data

    async def _out(self, data: bytes, *, more: bool) -> None:
        self.size += len(data)
        if self._collecting is not None:
            self._collecting.append(data)
            if self.size > self._room:
                self._drop()
        await self._send({"type": "http.response.body", "body": data, "more_body": more})
        self.finished = not more

    def _drop(self) -> None:
        self._collecting = None
        self._give_up()
