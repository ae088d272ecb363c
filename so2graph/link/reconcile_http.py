"""Asks a web service politely: named, paced, bounded in time, size and number; whatever it answers is a value."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from so2graph import __version__
from so2graph.engine.opener import DEADLINE, Lookup, left, look_up, opener

__all__ = ["AGENT", "ORIGIN", "NotJson", "Reply", "Spent", "Web", "read_json"]

AGENT = f"so2graph/{__version__} (https://w3id.org/so2graph/; reconciliation)"
ORIGIN = "https://client.example"
"""The site that the requests say they come from, so that cross-origin access is seen."""
_FORM = "application/x-www-form-urlencoded"
_PRIVATE = "Give --allow-private to reach a service on this machine or in its network."


class NotJson(ValueError):
    """A body that is no JSON document (RFC 8259); `str()` says why."""


class Spent(Exception):
    """As many requests have been made as may be."""


def _no_constant(text: str) -> float:
    raise NotJson(f"it has {text}, which JSON does not know")


def _once(rows: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in rows:
        if key in found:
            raise NotJson(f"it has the key {key[:80]!r} twice in one object")
        found[key] = value
    return found


def read_json(body: bytes) -> object:
    """The document of a body, read by the letter of RFC 8259; raises `NotJson`."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        raise NotJson(f"it is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise NotJson("it is nested too deep") from None


@dataclass(frozen=True)
class Reply:
    """What came back: a status, headers by lower-case names and a body; or no answer (status 0), and `failed` why."""

    method: str
    url: str
    sent: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    failed: str = ""
    arrived: str = ""
    """The address that answered, after redirects."""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        """The media type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> object:
        """The document of the body as most readers take it, by the letter or not; raises `NotJson`."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise NotJson(str(error) or "it is nested too deep") from None


class Web:
    """Sends requests one by one.

    Between two of them `pause` seconds pass; an exchange ends after `timeout` seconds, and a body after `most_bytes`;
    the request after `most` raises `Spent`. A host with an address that is not public is refused unless `private`;
    `mend` is what to do then.
    """

    def __init__(
        self,
        *,
        timeout: float = 30.0,
        pause: float = 0.0,
        most: int = 1_000_000,
        most_bytes: int = 20_000_000,
        private: bool = False,
        headers: Mapping[str, str] | None = None,
        lookup: Lookup = look_up,
        mend: str = _PRIVATE,
    ) -> None:
        self._timeout, self._pause, self._most, self._most_bytes = timeout, pause, most, most_bytes
        self._opener = opener(private, lookup, mend)
        self._headers = {"User-Agent": AGENT, "Accept": "application/json, */*;q=0.5", **(headers or {})}
        self._next = 0.0
        self.made = 0
        """How many requests there have been."""

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Reply:
        """GET."""
        return self.send("GET", url, None, headers or {})

    def form(self, url: str, values: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Reply:
        """POST as a form in UTF-8."""
        return self.send("POST", url, urlencode(values).encode(), {"Content-Type": _FORM, **(headers or {})})

    def post_json(self, url: str, document: object, headers: Mapping[str, str] | None = None) -> Reply:
        """POST of a JSON document."""
        body = json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return self.send("POST", url, body, {"Content-Type": "application/json", **(headers or {})})

    def send(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        """Any request; raises `Spent`, and `EndpointFailed` for a host that may not be reached."""
        if self.made >= self._most:
            raise Spent
        wait = self._next - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        self.made += 1
        sent = "" if body is None else body.decode("utf-8", "replace")
        request = urllib.request.Request(url, body, {**self._headers, **headers}, method=method)  # noqa: S310  # see opener
        start = time.monotonic()
        try:
            return self._exchange(request, Reply(method, url, sent), start)
        except TimeoutError:
            return Reply(method, url, sent, seconds=time.monotonic() - start, failed=self._slow())
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            why = self._slow() if isinstance(reason, TimeoutError) else f"no answer: {reason or type(error).__name__}"
            return Reply(method, url, sent, seconds=time.monotonic() - start, failed=why)
        finally:
            DEADLINE.time = float("inf")
            self._next = time.monotonic() + self._pause

    def _slow(self) -> str:
        return f"no answer within {self._timeout:g} seconds"

    def _exchange(self, request: urllib.request.Request, blank: Reply, start: float) -> Reply:
        until = DEADLINE.time = start + self._timeout
        try:
            response = self._opener.open(request, timeout=left(until))
        except urllib.error.HTTPError as error:
            response = error
        with response:
            parts, size = [], 0
            while piece := response.read1(65_536):
                parts.append(piece)
                size += len(piece)
                if size > self._most_bytes:
                    return Reply(blank.method, blank.url, blank.sent, failed=f"more than {self._most_bytes} bytes")
                left(until)
            headers: dict[str, str] = {}
            for name, value in response.headers.items():
                key = name.lower()
                headers[key] = f"{headers[key]}, {value}" if key in headers else value
            return Reply(
                blank.method,
                blank.url,
                blank.sent,
                int(response.status),
                headers,
                b"".join(parts),
                time.monotonic() - start,
                arrived=response.url,
            )
