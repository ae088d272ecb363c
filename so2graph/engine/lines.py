"""Lines of JSON over a stream socket, for what processes tell each other beside answers."""

from __future__ import annotations

import json
import socket
from contextlib import suppress

__all__ = ["Lines"]


class Lines:
    """One end of a connection that carries an object of JSON a line; reads never wait, writes do."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._buffer = b""
        self.ended = False

    def send(self, row: dict[str, object]) -> None:
        """Sends a row; the other end may be gone."""
        with suppress(ConnectionError):
            self.connection.sendall(json.dumps(row, default=str).encode() + b"\n")

    def receive(self) -> list[dict[str, object]]:
        """The rows that have arrived; `ended` is set when the other end is gone."""
        try:
            piece = self.connection.recv(1_048_576, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return []
        except ConnectionError:
            piece = b""
        if not piece:
            self.ended = True
        *whole, self._buffer = (self._buffer + piece).split(b"\n")
        return [json.loads(line) for line in whole]

    def ask(self, row: dict[str, object], timeout: float) -> dict[str, object]:
        """Sends a row and waits for one; raises `TimeoutError`, or `ConnectionError` when the other end is gone."""
        self.connection.settimeout(timeout)
        self.connection.sendall(json.dumps(row, default=str).encode() + b"\n")
        while b"\n" not in self._buffer:
            piece = self.connection.recv(1_048_576)
            if not piece:
                raise ConnectionResetError("the other end is gone")
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer: dict[str, object] = json.loads(line)
        return answer
