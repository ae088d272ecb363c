"""Asks addresses whether they are still there: by HEAD, one after the other, and not again for some days."""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from so2graph import __version__
from so2graph.config import Settings
from so2graph.engine.generations import storage_errors
from so2graph.engine.opener import DEADLINE, TRY_AGAIN, opener, seconds
from so2graph.errors import EndpointFailed

__all__ = ["Alive", "Heard"]

_AGENT = f"so2graph/{__version__} (https://w3id.org/so2graph/; links)"
_NO_HEAD = (400, 403, 405, 501)
_DAY = 86_400.0


@dataclass(frozen=True)
class Heard:
    """What an address answered: its status (0 where nothing could be heard), where it sends on, and when."""

    status: int
    location: str = ""
    at: float = 0.0

    @property
    def gone(self) -> bool:
        """Whether there is nothing any more (RFC 9110, 15.5.5 and 15.5.11)."""
        return self.status in (404, 410)

    @property
    def moved(self) -> bool:
        """Whether it is elsewhere for good (15.4.2 and 15.4.9); other redirects are the way of linked data."""
        return self.status in (301, 308)


class Alive:
    """Asks politely: the pause between two questions is that of the settings, and `Retry-After` is honoured once.

    What was heard is kept in `memory` for `link_alive_days`; what could not be heard is asked again.
    """

    def __init__(self, settings: Settings, memory: Path, clock: Callable[[], float] = time.time) -> None:
        self._settings, self._memory, self._clock = settings, memory, clock
        mend = "The setting link_private allows such addresses."
        self._opener = opener(settings.link_private == "yes", mend=mend, follow=False)
        self._next = 0.0
        try:
            rows = json.loads(memory.read_text(encoding="utf-8"))
            self._known = {str(iri): Heard(**row) for iri, row in rows.items()}
        except (OSError, ValueError, TypeError):
            self._known = {}

    def ask(self, iri: str) -> Heard:
        """What an address answers, or answered some days ago."""
        known = self._known.get(iri)
        if known is not None and self._clock() - known.at < self._settings.link_alive_days * _DAY:
            return known
        heard = self._heard(iri)
        if heard.status:
            self._known[iri] = heard
        return heard

    def save(self) -> None:
        """Keeps what was heard; raises `DatasetReadOnly` and `DiskFull`."""
        with storage_errors(self._memory.parent):
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            part = self._memory.with_name(f"{self._memory.name}.{os.getpid()}.part")
            rows = {iri: asdict(heard) for iri, heard in sorted(self._known.items())}
            part.write_text(json.dumps(rows, indent=0) + "\n", encoding="utf-8")
            part.replace(self._memory)

    def _heard(self, iri: str) -> Heard:
        if urlsplit(iri).scheme not in ("http", "https"):
            return Heard(0)
        heard, wait = self._once(iri, "HEAD")
        if wait is not None and wait <= self._settings.link_timeout:
            time.sleep(wait)
            heard, _ = self._once(iri, "HEAD")
        if heard.status in _NO_HEAD:
            heard, _ = self._once(iri, "GET")
        return heard

    def _once(self, iri: str, method: str) -> tuple[Heard, float | None]:
        """One question: what was heard, and how long to wait before it is asked again."""
        time.sleep(max(0.0, self._next - time.monotonic()))
        request = urllib.request.Request(iri, method=method, headers={"User-Agent": _AGENT, "Accept": "*/*"})  # noqa: S310  # http(s) only, as asked above
        DEADLINE.time = time.monotonic() + self._settings.link_timeout
        try:
            with self._opener.open(request, timeout=self._settings.link_timeout) as response:
                return Heard(response.status, at=self._clock()), None
        except urllib.error.HTTPError as error:
            with error:
                if error.code in TRY_AGAIN:
                    return Heard(0), seconds(error.headers.get("Retry-After"))
                where = urljoin(iri, error.headers.get("Location") or "") if 300 <= error.code < 400 else ""
                return Heard(error.code, where, self._clock()), None
        except (OSError, http.client.HTTPException, EndpointFailed, ValueError):
            return Heard(0), None
        finally:
            DEADLINE.time = float("inf")
            self._next = time.monotonic() + self._settings.link_pause_milliseconds / 1000
