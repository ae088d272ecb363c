"""Reads the bodies of requests at the edge, so that a slow client holds no thread: bounded in size and in silence."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from typing import IO, Any

from so2graph.config import Settings
from so2graph.errors import BadRequest, QueryTooLarge, So2Error, UploadTooLarge
from so2graph.web.caching import Request

__all__ = ["Body", "read_body"]

Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
_PIECE = 1_048_576


class Body:
    """A body that has arrived; up to a megabyte in memory, else in a file that goes with it."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_PIECE)  # noqa: SIM115  # closed by close()
        self.size = 0

    def add(self, piece: bytes) -> None:
        """Takes the next piece."""
        self.size += len(piece)
        self._file.write(piece)

    def whole(self) -> bytes:
        """All of it."""
        self._file.seek(0)
        return self._file.read()

    def receive(self) -> Receive:
        """The body as the events of a request, for an application that reads it."""
        self._file.seek(0)
        given = 0

        async def event() -> Event:
            nonlocal given
            piece = self._file.read(_PIECE)
            given += len(piece)
            return {"type": "http.request", "body": piece, "more_body": given < self.size}

        return event

    def close(self) -> None:
        """Forgets it."""
        self._file.close()


def _too_large(limit: int, upload: bool) -> So2Error:
    if upload:
        return UploadTooLarge(
            f"the body is larger than {limit} bytes",
            mend="Send it in parts by POST, or raise the setting max_upload_bytes.",
            limit=limit,
        )
    return QueryTooLarge(
        f"the request is larger than {limit} bytes",
        mend="Send less, or raise the setting max_query_bytes.",
        limit=limit,
    )


async def read_body(request: Request, receive: Receive, settings: Settings, *, upload: bool) -> Body:
    """The body of a request: of an upload up to `max_upload_bytes`, of others up to four queries' length.

    Raises `QueryTooLarge` or `UploadTooLarge` as soon as it is known to be longer, and `BadRequest` for one that
    breaks off or falls silent for `max_stall` seconds.
    """
    limit = settings.max_upload_bytes if upload else 4 * settings.max_query_bytes + 100_000
    length = request.headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit():
        raise BadRequest("Content-Length is no number", mend="Send the length in bytes.")
    if int(length) > limit:
        raise _too_large(limit, upload)
    body, more = Body(), True
    try:
        while more:
            try:
                async with asyncio.timeout(settings.max_stall):
                    event = await receive()
            except TimeoutError:
                raise BadRequest(f"nothing came for {settings.max_stall} seconds", mend="Send the body.") from None
            if event["type"] == "http.disconnect":
                raise BadRequest("the body broke off", mend="Send all of it.")
            body.add(event.get("body", b""))
            more = event.get("more_body", False)
            if body.size > limit:
                raise _too_large(limit, upload)
    except BaseException:
        body.close()
        raise
    return body
