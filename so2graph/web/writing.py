"""Sends writes to the keeper, and says what came of them."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

from flask import Response, request
from werkzeug.http import parse_etags

from so2graph.engine.changes import Write
from so2graph.engine.update import with_dataset
from so2graph.errors import BadRequest, PolicyRefused, UploadTooLarge
from so2graph.web.protocol import UpdateRequest
from so2graph.web.site import Site, answer

__all__ = ["Spool", "conditions", "may_write", "spooled", "told", "update", "write"]


def may_write(here: Site) -> None:
    """Raises `PolicyRefused` where nobody has a token, `Unauthorized` and `Forbidden` for who may not write."""
    if not here.access.tokens.all():
        raise PolicyRefused(
            "this service takes no updates: nobody has a token",
            mend="Whoever runs it makes one with 'so2graph token add NAME --role editor'.",
        )
    here.caller.need("editor")


def write(here: Site, change: Write) -> dict[str, object]:
    """Has a change made; returns what the writer says. The next request of anybody sees it."""
    return here.engine.control({"op": "write", "id": uuid4().hex, "write": asdict(change)})


def update(here: Site, asked: UpdateRequest) -> Response:
    """Answers a SPARQL update (SPARQL 1.1 Protocol, 2.2)."""
    may_write(here)
    text = with_dataset(asked.text, asked.using, asked.using_named)
    hidden = tuple(sorted(here.session.hidden))
    done = write(
        here,
        Write("update", text=text, hidden=hidden, writable=here.caller.writable),
    )
    return told(done, 200)


def told(done: dict[str, object], status: int) -> Response:
    """The answer to a write that was made: the generation that has it."""
    if status == 204:
        response = Response(status=204)
        del response.headers["Content-Type"]
    else:
        response = answer(json.dumps({"generation": done["generation"]}).encode() + b"\n", "application/json")
        response.status_code = status
    response.headers["SO2Graph-Generation"] = str(done["generation"])
    return response


def conditions() -> tuple[tuple[str, ...], bool]:
    """The entity tags of `If-Match`, and whether `If-None-Match: *` is sent (RFC 9110, 13.1)."""
    match = request.headers.get("If-Match", "")
    none = request.headers.get("If-None-Match", "")
    if none and none.strip() != "*":
        raise BadRequest("If-None-Match of a write is not *", mend="Send If-Match with the tag that you have.")
    if not match:
        return (), bool(none)
    tags = parse_etags(match)
    known = [tag for tag in tags if not tags.is_weak(tag)]
    return ("*",) if tags.star_tag else tuple(known or ["none"]), bool(none)


class Spool:
    """Bodies of a write on disk, up to a number of bytes over all."""

    def __init__(self, limit: int) -> None:
        self._limit, self._size = limit, 0
        self.bodies: list[tuple[str, str]] = []

    def add(self, pieces: Iterable[bytes], fmt: str) -> None:
        """Stores a body; raises `UploadTooLarge`."""
        handle, name = tempfile.mkstemp(prefix="so2graph-body-")
        self.bodies.append((name, fmt))
        with os.fdopen(handle, "wb") as file:
            for piece in pieces:
                self._size += len(piece)
                if self._size > self._limit:
                    raise UploadTooLarge(
                        f"the body is larger than {self._limit} bytes",
                        mend="Send it in parts by POST, or raise the setting max_upload_bytes.",
                        limit=self._limit,
                    )
                file.write(piece)


@contextmanager
def spooled(limit: int) -> Iterator[Spool]:
    """A folder for the bodies of one write; what the writer has not taken is gone afterwards."""
    spool = Spool(limit)
    try:
        yield spool
    finally:
        for path, _ in spool.bodies:
            Path(path).unlink(missing_ok=True)
