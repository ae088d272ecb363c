"""Opens addresses of the public internet alone: every address of a name is looked at, also after a redirect."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from so2graph.errors import BadParameter, EndpointFailed

__all__ = ["DEADLINE", "TRY_AGAIN", "Lookup", "left", "look_up", "opener", "seconds", "web_address"]

TRY_AGAIN = (429, 502, 503, 504)
"""The statuses after which it makes sense to ask again."""
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))

_MEND = "The setting federation_private allows such endpoints, for tests."

Lookup = Callable[[str, int], Sequence[str]]
"""Gives the addresses that a name has, for a port; raises `OSError`."""


def look_up(host: str, port: int) -> tuple[str, ...]:
    """The addresses that the system knows of a name."""
    return tuple(str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


def web_address(text: str) -> str:
    """An address of the web, checked and without the blanks around it; raises `BadParameter`."""
    address = text.strip()
    try:
        parts = urlsplit(address)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or not address.isascii() or any(c.isspace() for c in address):
        raise BadParameter(f"{text[:200]!r} is no web address", mend="Give one such as https://example.org/data.")
    return address


def _public(address: str) -> bool:
    """Whether an address is one of the public internet, also where it has another one inside it."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if any(found in network for network in _TRANSLATED) or (inside is None and int(found) >> 32 == 0):
            inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inside is not None:
            return _public(str(inside))
        if found.is_site_local:
            return False
    return found.is_global and not found.is_multicast


def _connect(host: str, port: int, timeout: float, lookup: Lookup, refused: str) -> socket.socket:
    """A connection to a host whose addresses have all been looked at, so that its name cannot mean another later.

    `refused` is what to do about an address that is not public; empty, such an address is allowed.
    """
    try:
        addresses = lookup(host, port)
    except OSError as error:
        raise EndpointFailed(f"{host} cannot be found: {error.strerror or error}", mend="See its address.") from None
    if refused and not all(_public(address) for address in addresses):
        raise EndpointFailed(f"{host} is not a public address", mend=refused)
    failed: OSError | None = None
    for address in addresses:
        try:
            plain = socket.create_connection((address, port), min(timeout, left(DEADLINE.time)))
            return _Hurried(plain.family, plain.type, plain.proto, plain.detach())
        except OSError as error:
            failed = error
    raise failed or OSError("no address")


def opener(
    private: bool, lookup: Lookup = look_up, mend: str = _MEND, *, follow: bool = True
) -> urllib.request.OpenerDirector:
    """An opener without a proxy, which goes to public addresses only unless `private`.

    Elsewhere it raises `EndpointFailed`, whose mend is `mend`. A redirect is an `HTTPError` unless it may `follow`.
    An exchange ends when `DEADLINE.time` is there.
    """
    refused = "" if private else mend

    class Plain(http.client.HTTPConnection):
        def connect(self) -> None:
            self.sock = _connect(self.host, self.port, self.timeout or 30, lookup, refused)

    class Secure(http.client.HTTPSConnection):
        def connect(self) -> None:
            raw = _connect(self.host, self.port, self.timeout or 30, lookup, refused)
            self.sock = self._context.wrap_socket(raw, server_hostname=self.host)  # type: ignore[attr-defined]  # the library's own

    class Http(urllib.request.HTTPHandler):
        def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Plain, request)

    class Https(urllib.request.HTTPSHandler):
        def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Secure, request)

    made = urllib.request.OpenerDirector()
    for handler in (
        Http(),
        Https(),
        urllib.request.HTTPDefaultErrorHandler(),
        *([urllib.request.HTTPRedirectHandler()] if follow else []),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        made.add_handler(handler)
    return made


def seconds(retry_after: str | None) -> float:
    """The seconds that a `Retry-After` (RFC 9110, 10.2.3) asks for; 1 when it says nothing that can be read."""
    text = (retry_after or "").strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return 1.0


class _Deadline(threading.local):
    """When the exchange of this thread has to be over (monotonic seconds)."""

    time = float("inf")


DEADLINE = _Deadline()


def left(until: float) -> float:
    """Seconds that are left; raises `TimeoutError` when none are."""
    remaining = until - time.monotonic()
    if remaining <= 0:
        raise TimeoutError("timed out")
    return remaining


class _Hurried(socket.socket):
    """A socket whose every wait ends when the whole exchange has to."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(left(DEADLINE.time))
        return super().recv_into(*args, **kwargs)
