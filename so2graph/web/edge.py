"""The ASGI application that Granian serves: Flask behind a bridge that breaks a failing stream.

Granian's WSGI mode ends a stream that fails half-way as if it were whole; in its ASGI mode the failure reaches the
client (docs/decisions/0004-server.md).
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterable
from typing import cast

from a2wsgi import WSGIMiddleware
from a2wsgi.asgi_typing import Receive, ReceiveEvent, Scope, Send
from a2wsgi.wsgi_typing import Environ, StartResponse, WSGIApp

from so2graph.config import Settings
from so2graph.registry import Bundle
from so2graph.web.app import create_app

__all__ = ["Edge", "create"]


class Edge:
    """The application as ASGI 3 sees it."""

    def __init__(self, app: WSGIApp, threads: int) -> None:
        def terminated(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            # The bridge's input ends where the body does, so that a chunked body needs no Content-Length.
            cast(dict[str, object], environ)["wsgi.input_terminated"] = True
            return app(environ, start_response)

        self._bridge = WSGIMiddleware(terminated, workers=threads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands a request to the bridge; its body comes from a coroutine, which Granian's own `receive` is not."""

        async def body() -> ReceiveEvent:
            return await receive()

        await self._bridge(scope, body, send)


def _end_with_parent() -> None:
    """Ends this process when the one that started it is gone, however that ended."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def create() -> Edge:
    """The application with the settings of the environment, as a factory for the server's workers."""
    _end_with_parent()
    settings = Settings.load(os.environ)
    app = create_app(settings, Bundle.find(settings.base))
    return Edge(cast(WSGIApp, app), settings.threads)
