"""The federation gateway: asks the listed endpoints on behalf of queries, which reach nothing else.

A process of its own that listens on loopback, behind an address that only this run knows. For every request it
checks the address that a name resolves to, also after each redirect; waits and tries again when an endpoint asks for
that; bounds time and size; and passes on nothing but a result document.
"""

from __future__ import annotations

import http.client
import json
import logging
import os
import secrets
import sys
import threading
import time
import urllib.error
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

from cachetools import TTLCache
from SPARQLWrapper import GET, JSON, POST, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException

from so2graph import __version__
from so2graph.config import Settings
from so2graph.engine.federation import ADDRESS_FILE, endpoints
from so2graph.engine.opener import DEADLINE, TRY_AGAIN, left, opener, seconds
from so2graph.errors import EndpointFailed, So2Error

__all__ = ["Gateway", "asker", "main"]

_log = logging.getLogger(__name__)
_USER_AGENT = f"so2graph/{__version__} (https://w3id.org/so2graph/; SPARQL federation)"
_LONGEST_GET = 1_800
_CACHE_BYTES = 50_000_000
_MOST_QUERY = 10_000_000
_RESULTS = "application/sparql-results+json"


class Gateway:
    """Asks endpoints, and keeps what they said for a while."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._kept: TTLCache[tuple[str, str], bytes] = TTLCache(
            _CACHE_BYTES, settings.federation_cache_seconds or 1e-9, getsizeof=len
        )
        self._opener = opener(settings.federation_private == "yes")

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
                wait = seconds(error.headers.get("Retry-After"))
                last = attempt == self._settings.federation_retries or time.monotonic() + wait > until
                if error.code not in TRY_AGAIN or last:
                    raise _failed(endpoint, f"answered with status {error.code}", answered=error.code) from None
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
        DEADLINE.time = until
        try:
            with self._opener.open(request, timeout=left(until)) as response:
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


def asker(settings: Settings) -> Gateway:
    """A way to ask from a command, without a service, by the limits of linking; it keeps no answer."""
    limits = replace(
        settings,
        federation_timeout=settings.link_timeout,
        federation_retries=settings.link_retries,
        federation_private=settings.link_private,
        federation_max_bytes=settings.link_max_bytes,
        federation_cache_seconds=0,
    )
    return Gateway(limits)


def _failed(endpoint: str, what: str, **members: object) -> EndpointFailed:
    mend = "Try again later, or write SERVICE SILENT."
    return EndpointFailed(f"the endpoint <{endpoint}> {what}", mend=mend, endpoint=endpoint, **members)


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
