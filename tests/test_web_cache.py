"""Kept answers stay within bounds and are made once; what goes out is what was made, however it is encoded."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from so2graph.coding import CODINGS
from so2graph.web.cache import Kept, ResponseCache
from so2graph.web.caching import Request, has_already
from so2graph.web.encoding import choose_coding, compressible
from so2graph.web.outgoing import Outgoing

HEADERS = ((b"content-type", b"text/plain"),)


def _kept(size: int, fill: bytes = b"x") -> Kept:
    return Kept(HEADERS, fill * size)


# The cache


@example_settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 20_000)), max_size=40))
def test_the_cache_keeps_to_its_bytes(answers: list[tuple[int, int]]) -> None:
    """What is kept never exceeds the limit, the last answer that is small enough is there, a large one never is."""

    async def run() -> None:
        cache = ResponseCache(100_000)
        for number, size in answers:
            before = await cache.get(str(number))
            cache.keep(str(number), _kept(size))
            found = await cache.get(str(number))
            assert found == (_kept(size) if size <= cache.max_body else before)
            assert cache.size <= 100_000
        there = [kept for number in range(13) if (kept := await cache.get(str(number)))]
        assert sum(len(kept.body) for kept in there) <= cache.size <= 100_000

    asyncio.run(run())


def test_an_answer_of_an_eighth_is_kept_and_no_larger() -> None:
    """Eight of the largest have room; with the ninth the one goes that was not asked for longest."""

    async def run() -> None:
        cache = ResponseCache(80_000)
        cache.keep("large", _kept(cache.max_body + 1))
        assert await cache.get("large") is None
        for number in range(8):
            cache.keep(str(number), _kept(cache.max_body))
        assert await cache.get("0") is not None
        cache.keep("8", _kept(cache.max_body))
        assert [number for number in range(9) if await cache.get(str(number)) is None] == [1]
        assert cache.size == 80_000

    asyncio.run(run())


@pytest.mark.parametrize("size", [0, 1, 7_999])
def test_a_cache_that_is_too_small_keeps_nothing(size: int) -> None:
    """And says so each time, without an error."""

    async def run() -> None:
        cache = ResponseCache(size)
        cache.keep("a", _kept(0))
        assert await cache.get("a") is None
        assert (cache.size, cache.hits, cache.misses) == (0, 0, 1)

    asyncio.run(run())


class Makers:
    """Requests for one answer; each makes it when it is not there, as the edge does."""

    def __init__(self, cache: ResponseCache, make: Callable[[int], Awaitable[Kept | None]]) -> None:
        self.cache, self._make = cache, make
        self.made = self.at_work = self.most = 0

    async def ask(self) -> Kept | None:
        """The answer; None from a maker that makes what is not kept."""
        kept = await self.cache.get("key")
        if kept is not None:
            return kept
        with self.cache.making("key"):
            self.made += 1
            self.at_work += 1
            self.most = max(self.most, self.at_work)
            try:
                kept = await self._make(self.made)
            finally:
                self.at_work -= 1
            if kept is not None:
                self.cache.keep("key", kept)
            return kept


def test_many_who_ask_at_once_get_what_one_makes() -> None:
    """One maker for twenty requests, one miss; the others count as hits, and so does who comes later."""

    async def make(number: int) -> Kept:
        await asyncio.sleep(0.01)
        return _kept(number)

    async def run() -> None:
        makers = Makers(ResponseCache(100_000), make)
        found = await asyncio.wait_for(asyncio.gather(*(makers.ask() for _ in range(20))), 5)
        assert found == [_kept(1)] * 20
        assert await makers.ask() == _kept(1)
        assert (makers.made, makers.most, makers.cache.hits, makers.cache.misses) == (1, 1, 20, 1)

    asyncio.run(run())


def test_another_key_does_not_wait() -> None:
    """While one answer is made, another is looked up at once."""

    async def run() -> None:
        cache = ResponseCache(100_000)
        cache.keep("other", _kept(1))
        with cache.making("key"):
            assert await asyncio.wait_for(cache.get("other"), 1) == _kept(1)
            assert await asyncio.wait_for(cache.get("third"), 1) is None

    asyncio.run(run())


def test_when_the_maker_gives_up_the_others_go_on_while_it_is_at_work() -> None:
    """An answer that turns out too large is made by everybody for himself, at the same time."""

    async def run() -> None:
        all_at_work = asyncio.Event()

        async def make(number: int) -> None:
            await asyncio.sleep(0.01)
            cache.give_up("key")
            if number == 4:
                all_at_work.set()
            await all_at_work.wait()

        cache = ResponseCache(100_000)
        makers = Makers(cache, make)
        assert await asyncio.wait_for(asyncio.gather(*(makers.ask() for _ in range(4))), 5) == [None] * 4
        assert (makers.made, makers.most) == (4, 4)
        assert await asyncio.wait_for(cache.get("key"), 1) is None

    asyncio.run(run())


@pytest.mark.parametrize("how", ["raises", "is cancelled", "keeps nothing"])
def test_when_the_maker_fails_another_makes_it(how: str) -> None:
    """Nobody waits for ever, and the failure is that of the first alone."""

    async def run() -> None:
        async def make(number: int) -> Kept | None:
            await asyncio.sleep(0.01)
            if number > 1:
                return _kept(number)
            if how == "raises":
                raise ValueError(how)
            if how == "is cancelled":
                raise asyncio.CancelledError
            return None

        makers = Makers(ResponseCache(100_000), make)
        asked = asyncio.gather(*(makers.ask() for _ in range(5)), return_exceptions=True)
        first, *others = await asyncio.wait_for(asked, 5)
        assert not isinstance(first, Kept)
        assert all(isinstance(other, Kept) and len(other.body) > 1 for other in others)
        assert await asyncio.wait_for(makers.cache.get("key"), 1) is not None

    asyncio.run(run())


def test_who_waits_may_leave() -> None:
    """A client that goes away while it waits takes nothing from the others."""

    async def run() -> None:
        cache = ResponseCache(100_000)
        with cache.making("key"):
            leaving, staying = (asyncio.ensure_future(cache.get("key")) for _ in range(2))
            await asyncio.sleep(0)
            leaving.cancel()
            await asyncio.sleep(0)
            assert not staying.done()
            cache.keep("key", _kept(1))
        assert await asyncio.wait_for(staying, 1) == _kept(1)
        assert leaving.cancelled()

    asyncio.run(run())


# Codings


LIKED = {
    "gzip": "gzip | GZip | gzip ; q=0.5 | gzip;q=1.0, zstd;q=0.9 | gzip, deflate, br | zstd;q=0, gzip | zstd;q=0, * "
    "| *, zstd;q=0 | gzip, *;q=0 | deflate, gzip;q=1.0, *;q=0.5 | identity;q=0.5, gzip;q=0.5 | identity;q=0, gzip",
    "zstd": "zstd | gzip, zstd | gzip;q=0.2, zstd;q=0.9 | * | gzip;q=0, *;q=0.1 "
    "| identity;q=0.5, gzip;q=0.4, zstd;q=0.6",
    None: " | br, deflate | gzip;q=0 | zstd;q=0, gzip;q=0.000 | *;q=0 | identity | identity, *;q=0 "
    "| identity, gzip;q=0.5 | identity;q=0 | identity;q=0, *;q=0",
}


@pytest.mark.parametrize(
    ("header", "coding"), [(header, coding) for coding, headers in LIKED.items() for header in headers.split(" | ")]
)
def test_the_coding_that_is_liked_best(header: str, coding: str | None) -> None:
    """By quality, zstd first among equals, never one of quality 0 (RFC 9110, 12.5.3); as it is where none fits."""
    assert choose_coding(header) == coding


@pytest.mark.parametrize("size", [None, 1000, 10_000])
def test_only_text_of_some_length_is_compressed(size: int | None) -> None:
    """Short answers and pictures do not get smaller."""
    texts = "text/html; charset=utf-8 | text/turtle | application/sparql-results+json | application/rdf+xml"
    for text in f"{texts} | application/n-quads | application/json".split(" | "):
        assert compressible(text, size)
        assert not compressible(text, 999)
    for other in ("application/octet-stream", "image/png", ""):
        assert not compressible(other, size)


# What goes out


class Client:
    """Takes ASGI events, and reads them as a client would."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    async def send(self, event: dict[str, Any]) -> None:
        assert not self.events or self.events[-1].get("more_body", True), "something came after the end"
        self.events.append(event)

    @property
    def status(self) -> int:
        (start,) = [event for event in self.events if event["type"] == "http.response.start"]
        assert start is self.events[0]
        return int(start["status"])

    @property
    def headers(self) -> dict[str, str]:
        names = [name.decode() for name, _ in self.events[0]["headers"]]
        assert len(names) == len(set(names))
        return {name.decode(): value.decode() for name, value in self.events[0]["headers"]}

    @property
    def raw(self) -> bytes:
        assert self.events[-1]["more_body"] is False
        return b"".join(event["body"] for event in self.events[1:])

    @property
    def body(self) -> bytes:
        coding = self.headers.get("content-encoding")
        if coding == "gzip":
            return zlib.decompress(self.raw, 31)
        return zstandard.ZstdDecompressor().decompressobj().decompress(self.raw) if coding else self.raw


def _send(
    coding: str | None, do: Callable[[Outgoing], Awaitable[object]], method: str = "GET"
) -> tuple[Client, Outgoing]:
    client = Client()
    out = Outgoing(client.send, Request(method, "", "/", b"", {}), coding)

    async def run() -> None:
        await do(out)

    asyncio.run(run())
    return client, out


BODY = b"<p>the same again and again</p>\n" * 1000
TAGGED = {"Content-Type": "text/html; charset=utf-8", "ETag": '"abc"'}
_CODED = pytest.mark.parametrize("coding", [None, *CODINGS])


@_CODED
def test_a_whole_answer_is_the_same_in_every_coding(coding: str | None) -> None:
    """With the length of what is sent and a tag of its own (RFC 9110, 8.8.3.3)."""
    client, out = _send(coding, lambda out: out.whole(200, TAGGED, BODY))
    assert (client.status, client.body) == (200, BODY)
    assert client.headers["content-length"] == str(len(client.raw)) == str(out.size)
    assert client.headers["etag"] == (f'"abc-{coding}"' if coding else '"abc"')
    assert client.headers.get("content-encoding") == coding
    assert (len(client.raw) < len(BODY)) is (coding is not None)
    assert out.finished


@_CODED
def test_head_says_what_get_would(coding: str | None) -> None:
    """The same headers, and no body."""
    got, _ = _send(coding, lambda out: out.whole(200, TAGGED, BODY))
    head, out = _send(coding, lambda out: out.whole(200, TAGGED, BODY), "HEAD")
    assert (head.status, head.headers, head.raw, out.size) == (200, got.headers, b"", 0)


@_CODED
@example_settings(max_examples=15, deadline=None)
@given(pieces=st.lists(st.one_of(st.just(b""), st.binary(max_size=50), st.just(BODY)), max_size=6))
def test_a_stream_is_the_same_in_every_coding(coding: str | None, pieces: list[bytes]) -> None:
    """Piece by piece and without a length, from the caller or as the events of Flask."""

    async def pieced(out: Outgoing) -> None:
        await out.start(200, TAGGED)
        for piece in pieces:
            await out.piece(piece)
        await out.end()

    async def evented(out: Outgoing) -> None:
        headers = [(name.lower().encode(), value.encode()) for name, value in TAGGED.items()]
        await out({"type": "http.response.start", "status": 200, "headers": headers})
        for piece in pieces:
            await out({"type": "http.response.body", "body": piece, "more_body": True})
        await out({"type": "http.response.body", "body": b""})

    for do in (pieced, evented):
        client, out = _send(coding, do)
        assert (client.status, client.body, out.finished) == (200, b"".join(pieces), True)
        # All at once at the end has a length; a stream has none.
        assert client.headers.get("content-length", str(len(client.raw))) == str(len(client.raw))
        compressed = "content-encoding" in client.headers
        assert compressed is (coding is not None and any(pieces))
        assert client.headers["etag"] == (f'"abc-{coding}"' if compressed else '"abc"')


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, TAGGED, b"short"),
        (200, TAGGED | {"Content-Type": "image/png"}, BODY),
        (200, TAGGED | {"Content-Encoding": "br"}, BODY),
        (404, {"Content-Type": "text/html"}, BODY),
        (204, {}, b""),
        (304, TAGGED, b""),
    ],
    ids=["short", "picture", "encoded already", "error", "no content", "not modified"],
)
@_CODED
def test_what_is_not_compressed_goes_out_as_it_is(
    coding: str | None, status: int, headers: dict[str, str], body: bytes
) -> None:
    """With its own tag; 204 and 304 have no length (RFC 9110, 8.6)."""
    client, _ = _send(coding, lambda out: out.whole(status, headers, body))
    length = {} if status in (204, 304) else {"content-length": str(len(body))}
    assert (client.status, client.raw) == (status, body)
    assert client.headers == {name.lower(): value for name, value in headers.items()} | length


@_CODED
def test_a_kept_answer_is_sent_as_it_was(coding: str | None) -> None:
    """What was collected while it went out goes out again, byte by byte; HEAD without the body."""

    async def make(out: Outgoing) -> None:
        out.collect("abc", len(BODY), lambda: None)
        await out.whole(200, TAGGED, BODY)

    client, out = _send(coding, make)
    kept = out.collected()
    assert kept == Kept(tuple(client.events[0]["headers"]), client.raw)
    for method in ("GET", "HEAD"):
        again, second = _send(coding, lambda out: out.again(kept), method)
        assert (again.status, again.headers) == (200, client.headers)
        assert again.raw == (client.raw if method == "GET" else b"")
        assert (second.status, second.finished, second.begun) == (200, True, True)


@pytest.mark.parametrize(
    ("status", "tag", "room", "method"),
    [(404, "abc", 10**6, "GET"), (200, "other", 10**6, "GET"), (200, "abc", 100, "GET"), (200, "abc", 10**6, "HEAD")],
    ids=["error", "other tag", "too large", "head"],
)
def test_what_cannot_be_kept_lets_the_others_go_on(status: int, tag: str, room: int, method: str) -> None:
    """As soon as that is known: before the answer is whole."""
    given_up: list[bool] = []

    async def make(out: Outgoing) -> None:
        out.collect(tag, room, lambda: given_up.append(out.finished))
        await out.start(status, TAGGED)
        await out.piece(BODY)
        await out.end()

    client, out = _send(None, make, method)
    assert out.collected() is None
    assert set(given_up) == {False}
    assert client.raw == (BODY if method == "GET" else b"")


def test_an_answer_that_breaks_off_is_not_kept() -> None:
    """Only one that was ended is."""

    async def make(out: Outgoing) -> None:
        out.collect("abc", 10**6, lambda: None)
        await out.start(200, TAGGED)
        await out.piece(BODY)

    _, out = _send("gzip", make)
    assert not out.finished
    assert out.collected() is None


def test_a_client_has_an_answer_in_whatever_coding() -> None:
    """The tags that are sent with each coding name the same answer; others do not."""
    for tags in ('"abc"', '"abc-gzip"', '"abc-zstd"', 'W/"abc-gzip"', '"x", "abc-zstd", "y"'):
        assert has_already(Request("GET", "", "/", b"", {"if-none-match": tags}), "abc"), tags
    for tags in ("", '"abc-br"', '"abcd"', '"ab"', '"gzip"', '"ABC"'):
        assert not has_already(Request("GET", "", "/", b"", {"if-none-match": tags}), "abc"), tags
    assert not has_already(Request("GET", "", "/", b"", {}), "abc")
