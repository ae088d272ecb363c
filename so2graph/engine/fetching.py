"""Fetches files for linking: goes on where it broke off, waits when it is asked to, takes no web page for data."""

from __future__ import annotations

import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from so2graph import __version__
from so2graph.config import Settings
from so2graph.engine.generations import storage_errors
from so2graph.engine.opener import DEADLINE, TRY_AGAIN, opener, seconds, web_address
from so2graph.errors import EndpointFailed

__all__ = ["Fetched", "Fetcher", "looks_like_a_page"]

_AGENT = f"so2graph/{__version__} (https://w3id.org/so2graph/; linking)"
_PIECE = 262_144
_MEND = "The setting link_private allows such addresses."
_PAGE = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*(?:<!doctype\s+html|<html[\s>])", re.IGNORECASE)

Tell = Callable[[int, int], None]
"""Is told how many bytes there are, and of how many (0 where that is not said)."""


@dataclass(frozen=True)
class Fetched:
    """What came with a file."""

    url: str
    media_type: str
    modified: str


def looks_like_a_page(start: bytes) -> bool:
    """Whether a document begins as a web page does."""
    return _PAGE.match(start) is not None


class _Again(Exception):
    """The exchange failed in a way that may pass; `wait` seconds are asked for."""

    def __init__(self, what: str, wait: float) -> None:
        super().__init__(what)
        self.wait = wait


class Fetcher:
    """Fetches from addresses of the public internet, or any where `link_private` says so."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opener = opener(settings.link_private == "yes", mend=_MEND)

    def download(self, url: str, to: Path, tell: Tell) -> Fetched:
        """Fetches a file to `to`; what a failed try left in `to` is kept, and the next one goes on behind it.

        Raises `EndpointFailed`, whose member `bytes` says how much is there.
        """
        url = web_address(url)
        failures, there = 0, _size(to)
        while True:
            try:
                return self._piecewise(url, to, tell)
            except EndpointFailed as error:
                if error.members.get("answered") != 416 or not _size(to):
                    raise
                to.unlink()  # what is there is no beginning of what is offered now
            except _Again as error:
                now = _size(to)
                failures = failures + 1 if now <= there else 1
                there = now
                if failures > self._settings.link_retries or error.wait > self._settings.link_timeout:
                    raise _failed(url, str(error), bytes=now) from None
                time.sleep(max(error.wait, self._settings.link_pause_milliseconds / 1000))

    def _piecewise(self, url: str, to: Path, tell: Tell) -> Fetched:
        note = to.with_name(f"{to.name}.json")
        known = _noted(note, url)
        there = _size(to) if known else 0
        asked = {"Range": f"bytes={there}-", "If-Range": known} if there else {}
        with self._open(url, asked) as response:
            if there and response.status != 206:
                there = 0
            tag = response.headers.get("ETag", "")
            mark = tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")
            with storage_errors(to.parent):
                note.write_text(json.dumps({"url": url, "mark": mark}), encoding="utf-8")
                with to.open("r+b" if there else "wb") as file:
                    file.seek(there)
                    file.truncate()
                    self._copy(url, response, file, there, tell)
            return Fetched(
                response.url, response.headers.get_content_type(), response.headers.get("Last-Modified", "")
            )

    def _copy(self, url: str, response: http.client.HTTPResponse, file: IO[bytes], there: int, tell: Tell) -> None:
        length = response.headers.get("Content-Length", "")
        total = there + int(length) if length.isdigit() else 0
        if max(total, there) > self._settings.link_max_bytes:
            raise _failed(url, f"is larger than {self._settings.link_max_bytes} bytes")
        first = True
        while True:
            DEADLINE.time = time.monotonic() + self._settings.link_timeout
            try:
                piece = response.read1(_PIECE)
            except TimeoutError:
                raise _Again(f"sent nothing for {self._settings.link_timeout} seconds", 0) from None
            except (OSError, http.client.HTTPException) as error:
                raise _Again(f"broke off after {there} bytes: {error}", 0) from None
            if not piece:
                break
            if first and not there and (looks_like_a_page(piece) or "html" in response.headers.get_content_type()):
                raise _failed(url, "gave a web page instead of data, though its status was 200")
            first = False
            file.write(piece)
            there += len(piece)
            tell(there, total)
            if there > self._settings.link_max_bytes:
                raise _failed(url, f"is larger than {self._settings.link_max_bytes} bytes")
        file.flush()
        os.fsync(file.fileno())
        if total and there < total:
            raise _Again(f"broke off after {there} of {total} bytes", 0)

    def _open(self, url: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        sent = {"User-Agent": _AGENT, "Accept-Encoding": "identity", **headers}
        request = urllib.request.Request(url, headers=sent)  # noqa: S310  # see opener
        DEADLINE.time = time.monotonic() + self._settings.link_timeout
        try:
            response: http.client.HTTPResponse = self._opener.open(request, timeout=self._settings.link_timeout)
        except urllib.error.HTTPError as error:
            with error:
                wait = seconds(error.headers.get("Retry-After"))
                if error.code not in TRY_AGAIN:
                    raise _failed(url, f"answered with status {error.code}", answered=error.code) from None
                asks = f", and asks to come back in {wait:.0f} seconds" if "Retry-After" in error.headers else ""
                raise _Again(f"answered with status {error.code}{asks}", wait) from None
        except TimeoutError:
            raise _Again(f"gave no answer within {self._settings.link_timeout} seconds", 0) from None
        except (OSError, http.client.HTTPException) as error:
            raise _Again(f"cannot be reached: {getattr(error, 'reason', error)}", 0) from None
        return response


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _noted(note: Path, url: str) -> str:
    """What tells whether the file is still the one of which a part is there; empty where nothing does."""
    with suppress(OSError, ValueError):
        row = json.loads(note.read_text(encoding="utf-8"))
        if row.get("url") == url:
            return str(row.get("mark", ""))
    return ""


def _failed(url: str, what: str, **members: object) -> EndpointFailed:
    return EndpointFailed(
        f"{url} {what}", mend="Try again later, or give a file with --from.", endpoint=url, **members
    )
