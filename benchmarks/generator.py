"""Asks look-ups over many kept connections, where there is no wrk: one such process per CPU, without threads.

Each connection has one request under way. An answer in JSON ends with its length or with the last chunk.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass

__all__ = ["LookUps", "main"]

_PIECE = 1 << 16


@dataclass(frozen=True)
class LookUps:
    """What is asked: as the arguments of `look_ups.lua`, with where and how long."""

    port: int
    clients: int
    seconds: float
    before: str
    after: str
    mark: str
    first: int
    count: int
    same: bool

    def message(self, sent: int) -> bytes:
        """The request after so many others."""
        tail = "" if self.same else f"-{sent + 1}"
        number = self.first % self.count if self.same else (self.first + sent) % self.count
        target = f"{self.before}{number}{self.after}{self.mark}{tail}"
        accept = "Accept: application/sparql-results+json"
        return f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n{accept}\r\n\r\n".encode()


def _ended(data: bytes) -> bool:
    if data.endswith(b"0\r\n\r\n"):
        return True
    head, found, body = data.partition(b"\r\n\r\n")
    at = head.lower().find(b"content-length:")
    return bool(found) and at >= 0 and len(body) >= int(head[at + 15 :].split(b"\r\n", 1)[0])


def run(asked: LookUps) -> dict[str, float]:
    """Asks until the time is over; requests that ended by then, errors, and quantiles of the latency."""
    selector = selectors.DefaultSelector()
    sent = errors = 0
    latencies: list[float] = []
    start = time.perf_counter()
    until = start + asked.seconds
    state: dict[socket.socket, tuple[float, bytes]] = {}

    def ask(sock: socket.socket) -> None:
        nonlocal sent
        message = asked.message(sent)
        sent += 1
        state[sock] = (time.perf_counter(), b"")
        sock.sendall(message)

    for _ in range(asked.clients):
        new = socket.create_connection(("127.0.0.1", asked.port))
        new.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(new, selectors.EVENT_READ, new)
        ask(new)
    while state and (now := time.perf_counter()) < until:
        for key, _ in selector.select(until - now):
            sock: socket.socket = key.data
            piece = sock.recv(_PIECE)
            begun, data = state[sock]
            data += piece
            if not piece:
                errors += 1
                selector.unregister(sock)
                del state[sock]
            elif _ended(data):
                latencies.append(time.perf_counter() - begun)
                errors += not data.startswith(b"HTTP/1.1 200")
                ask(sock)
            else:
                state[sock] = (begun, data)
    seconds = time.perf_counter() - start
    for key in list(selector.get_map().values()):
        key.data.close()
    latencies.sort()
    middle, high = (latencies[int(len(latencies) * q)] if latencies else 0.0 for q in (0.5, 0.99))
    return {"requests": len(latencies), "seconds": seconds, "errors": errors, "p50": middle, "p99": high}


def main() -> None:
    """Reads what is asked as JSON from the first argument, and prints what was measured as JSON."""
    print(json.dumps(run(LookUps(**json.loads(sys.argv[1])))))


if __name__ == "__main__":
    main()
