"""The federation gateway: asks the listed endpoints on behalf of queries, which reach nothing else.

A process of its own that listens on loopback, behind an address that only this run knows. For every request it
checks the address that a name resolves to, also after each redirect; waits and tries again when an endpoint asks for
that; bounds time and size; and passes on nothing but a result document.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import logging
import os
import secrets
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from cachetools import TTLCache
from SPARQLWrapper import GET, JSON, POST, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException

from so2graph import __version__
from so2graph.config import Settings
from so2graph.engine.federation import ADDRESS_FILE, endpoints
from so2graph.errors import EndpointFailed, So2Error

__all__ = ["Gateway", "main"]

_log = logging.getLogger(__name__)
_USER_AGENT = f"so2graph/{__version__} (https://w3id.org/so2graph/; SPARQL federation)"
_LONGEST_GET = 1_800
_TRY_AGAIN = (429, 502, 503, 504)
_CACHE_BYTES = 50_000_000
_MOST_QUERY = 10_000_000
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_RESULTS = "application/sparql-results+json"


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


def _check_public(address: str, host: str) -> None:
    if not _public(address):
        raise EndpointFailed(
            f"{host} is not a public address", mend="The setting federation_private allows such endpoints, for tests."
        )


def _connect(host: str, port: int, timeout: float, private: bool) -> socket.socket:
    """A connection to a host whose addresses have all been looked at, so that its name cannot mean another later."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise EndpointFailed(f"{host} cannot be found: {error.strerror or error}", mend="See its address.") from None
    addresses = [str(row[4][0]) for row in found]
    if not private:
        for address in addresses:
            _check_public(address, host)
    failed: OSError | None = None
    for address in addresses:
        try:
            plain = socket.create_connection((address, port), min(timeout, _left(_UNTIL.time)))
            return _Hurried(plain.family, plain.type, plain.proto, plain.detach())
        except OSError as error:
            failed = error
    raise failed or OSError("no address")


def _opener(private: bool) -> urllib.request.OpenerDirector:
    """An opener that goes to public addresses only, without a proxy."""

    class Plain(http.client.HTTPConnection):
        def connect(self) -> None:
            self.sock = _connect(self.host, self.port, self.timeout or 30, private)

    class Secure(http.client.HTTPSConnection):
        def connect(self) -> None:
            raw = _connect(self.host, self.port, self.timeout or 30, private)
            self.sock = self._context.wrap_socket(raw, server_hostname=self.host)  # type: ignore[attr-defined]  # the library's own

    class Http(urllib.request.HTTPHandler):
        def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Plain, request)

    class Https(urllib.request.HTTPSHandler):
        def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Secure, request)

    opener = urllib.request.OpenerDirector()
    for handler in (
        Http(),
        Https(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _seconds(retry_after: str | None) -> float:
    """The seconds that a `Retry-After` (RFC 9110, 10.2.3) asks for; 1 when it says nothing that can be read."""
    text = (retry_after or "").strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return 1.0


class _Until(threading.local):
    """When the exchange of this thread has to be over (monotonic seconds)."""

    time = float("inf")


_UNTIL = _Until()


def _left(until: float) -> float:
    """Seconds that are left; raises `TimeoutError` when none are."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


class _Hurried(socket.socket):
    """A socket whose every wait ends when the whole exchange has to."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_left(_UNTIL.time))
        return super().recv_into(*args, **kwargs)


class Gateway:
    """Asks endpoints, and keeps what they said for a while."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._kept: TTLCache[tuple[str, str], bytes] = TTLCache(
            _CACHE_BYTES, settings.federation_cache_seconds or 1e-9, getsizeof=len
        )
        # SPARQLWrapper asks by way of the opener of its process, which is this one's alone.
        urllib.request.install_opener(_opener(settings.federation_private == "yes"))

    def ask(self, endpoint: str, query: str) -> bytes:
        """The results of a query as a SPARQL 1.1 JSON document; raises `EndpointFailed`."""
        key = (endpoint, query)
        with self._lock:
            known = self._kept.get(key)
        if known is not None:
            return known
        until = time.monotonic() + self._settings.federation_timeout
        for attempt in range(self._settings.federation_retries + 1):
            try:
                body = self._once(endpoint, query, until)
            except urllib.error.HTTPError as error:
                wait = _seconds(error.headers.get("Retry-After"))
                last = attempt == self._settings.federation_retries or time.monotonic() + wait > until
                if error.code not in _TRY_AGAIN or last:
                    raise _failed(endpoint, f"answered with status {error.code}") from None
                time.sleep(wait)
                continue
            with self._lock:
                if len(body) <= _CACHE_BYTES:
                    self._kept[key] = body
            return body
        raise _failed(endpoint, "gave no answer")

    def _once(self, endpoint: str, query: str, until: float) -> bytes:
        """Asks once; what takes longer than `until` is cut off, whatever the endpoint is at."""
        address, _, given = endpoint.partition("?")
        wrapper = SPARQLWrapper(address, agent=_USER_AGENT)
        for name, value in parse_qsl(given):
            wrapper.addParameter(name, value)
        wrapper.setQuery(query)
        wrapper.setReturnFormat(JSON)
        wrapper.setOnlyConneg(True)
        wrapper.setMethod(GET if len(query) < _LONGEST_GET else POST)
        request = wrapper._createRequest()
        limit, parts, size = self._settings.federation_max_bytes, [], 0
        _UNTIL.time = until
        try:
            with urllib.request.urlopen(request, timeout=_left(until)) as response:  # noqa: S310  # see _opener
                while piece := response.read1(65_536):
                    parts.append(piece)
                    size += len(piece)
                    if size > limit:
                        raise _failed(endpoint, f"answered with more than {limit} bytes")
                    if time.monotonic() > until:
                        raise TimeoutError("timed out")
        except urllib.error.HTTPError:
            raise
        except TimeoutError:
            raise _failed(endpoint, f"took longer than {self._settings.federation_timeout} seconds") from None
        except (OSError, ValueError, http.client.HTTPException, SPARQLWrapperException) as error:
            raise _failed(endpoint, f"cannot be asked: {getattr(error, 'reason', error)}") from None
        body = b"".join(parts)
        _check_results(endpoint, body)
        return body


def _failed(endpoint: str, what: str) -> EndpointFailed:
    return EndpointFailed(
        f"the endpoint <{endpoint}> {what}", mend="Try again later, or write SERVICE SILENT.", endpoint=endpoint
    )


def _check_results(endpoint: str, body: bytes) -> None:
    """Raises `EndpointFailed` for what is no result document (SPARQL 1.1 Query Results JSON, 3)."""
    try:
        document = json.loads(body)
        whole = "head" in document and ("boolean" in document or isinstance(document["results"]["bindings"], list))
    except (ValueError, TypeError, KeyError, RecursionError):
        whole = False
    if not whole:
        raise _failed(endpoint, "gave no SPARQL results, though its status was 200")


def _handler(gateway: Gateway, secret: str, listed: tuple[str, ...]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library's name
            endpoint = self._endpoint()
            length = self.headers.get("Content-Length", "0")
            if endpoint is None or not length.isascii() or not length.isdigit() or int(length) > _MOST_QUERY:
                self._send(404, b"", "text/plain")
                return
            self._reply(endpoint, self.rfile.read(int(length)).decode("utf-8", "replace"))

        def do_GET(self) -> None:  # the library's name
            endpoint = self._endpoint()
            if endpoint is None:
                self._send(404, b"", "text/plain")
            else:
                self._answer(endpoint, parse_qs(urlsplit(self.path).query).get("query", [""])[0])

        def _endpoint(self) -> str | None:
            """The endpoint that the address is for; None for whoever does not know the secret."""
            parts = urlsplit(self.path).path.split("/")
            known = len(parts) == 3 and secrets.compare_digest(parts[1].encode("utf-8", "replace"), secret.encode())
            if not known or not parts[2].isdigit() or int(parts[2]) >= len(listed):
                return None
            return listed[int(parts[2])]

        def _reply(self, endpoint: str, body: str) -> None:
            media_type = self.headers.get("Content-Type", "").partition(";")[0]
            self._answer(endpoint, parse_qs(body).get("query", [""])[0] if "form" in media_type else body)

        def _answer(self, endpoint: str, query: str) -> None:
            try:
                answer = gateway.ask(endpoint, query)
            except So2Error as error:
                self._send(502, str(error).encode(), "text/plain; charset=utf-8")
                return
            self._send(200, answer, _RESULTS)

        def _send(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Nothing: a query may hold what is nobody's business."""

    return Handler


def main() -> None:
    """`python -m so2graph.engine.gateway RUN`: serves until its input ends; its address is in a file of RUN."""
    settings = Settings.load(os.environ)
    secret = secrets.token_urlsafe(24)
    handler = _handler(Gateway(settings), secret, endpoints(settings))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    file = Path(sys.argv[1]) / ADDRESS_FILE
    fresh = file.with_suffix(".new")
    fresh.write_text(f"http://127.0.0.1:{server.server_port}/{secret}/", encoding="ascii")
    fresh.replace(file)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
