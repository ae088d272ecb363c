"""An HTTP client that costs little beside the servers it times: bytes are gathered first and read afterwards."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Answer", "Failed", "Request", "TimedOut", "fetch", "put_file"]

_PIECE = 1 << 20


class Failed(Exception):
    """The server did not answer as asked."""


class TimedOut(Failed):
    """The answer was not complete within the time given."""


@dataclass(frozen=True)
class Request:
    """A request to a path of a server."""

    target: str
    body: bytes | None = None
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """A complete answer, and the seconds from connecting to its last byte."""

    seconds: float
    body: bytes


def fetch(port: int, request: Request, cap: float) -> Answer:
    """Sends a request on a connection of its own; raises `Failed` for anything but a complete 2xx."""
    headers = {"Host": f"127.0.0.1:{port}", "Connection": "close", **request.headers}
    if request.body is not None:
        headers["Content-Length"] = str(len(request.body))
    head = f"{request.method} {request.target} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items())
    message = head.encode("latin-1") + b"\r\n" + (request.body or b"")
    start = time.perf_counter()
    pieces: list[bytes] = []
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=cap) as sock:
            sock.sendall(message)
            while piece := sock.recv(_PIECE):
                pieces.append(piece)
                left = cap - (time.perf_counter() - start)
                if left <= 0:
                    raise TimedOut(f"more than {cap:g} s")
                sock.settimeout(left)
    except TimeoutError:
        raise TimedOut(f"more than {cap:g} s") from None
    except OSError as error:
        raise Failed(f"{type(error).__name__}: {error}") from None
    seconds = time.perf_counter() - start
    return Answer(seconds, _body(b"".join(pieces)))


def _body(message: bytes) -> bytes:
    head, found, body = message.partition(b"\r\n\r\n")
    if not found:
        raise Failed("the connection was closed without an answer")
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split()[1])
    headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
    if headers.get("transfer-encoding") == "chunked":
        body = _unchunk(body)
    elif "content-length" in headers and len(body) != int(headers["content-length"]):
        raise Failed(f"the answer broke off: {len(body)} of {headers['content-length']} bytes")
    if not 200 <= status < 300:
        raise Failed(f"{status}: {body[:300].decode(errors='replace')}")
    return body


def _unchunk(body: bytes) -> bytes:
    pieces: list[bytes] = []
    at = 0
    while True:
        end = body.find(b"\r\n", at)
        if end < 0:
            raise Failed("the answer broke off")
        size = int(body[at:end].partition(b";")[0], 16)
        if size == 0:
            return b"".join(pieces)
        pieces.append(body[end + 2 : end + 2 + size])
        at = end + 2 + size + 2


def put_file(port: int, target: str, file: Path, headers: Mapping[str, str], cap: float) -> float:
    """Streams a file by PUT, and gives the seconds until the answer was there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=cap, blocksize=_PIECE)
    start = time.perf_counter()
    try:
        with file.open("rb") as body:
            length = {"Content-Length": str(file.stat().st_size)}
            connection.request("PUT", target, body=body, headers={**headers, **length})
            response = connection.getresponse()
            said = response.read()
    except TimeoutError:
        raise TimedOut(f"more than {cap:g} s") from None
    except OSError as error:
        raise Failed(f"{type(error).__name__}: {error}") from None
    finally:
        connection.close()
    if not 200 <= response.status < 300:
        raise Failed(f"{response.status}: {said[:300].decode(errors='replace')}")
    return time.perf_counter() - start
