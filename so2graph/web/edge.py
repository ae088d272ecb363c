"""The ASGI application that Granian serves: Flask behind a bridge that breaks a failing stream.

Granian's WSGI mode ends a stream that fails half-way as if it were whole; in its ASGI mode the failure reaches the
client (docs/decisions/0003-server.md).
"""

from __future__ import annotations

import os
from typing import cast

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi_typing import WSGIApp

from so2graph.config import Settings
from so2graph.registry import Bundle
from so2graph.web.app import create_app

__all__ = ["create"]


def create() -> WSGIMiddleware:
    """The application with the settings of the environment, as a factory for the server's workers."""
    settings = Settings.load(os.environ)
    app = create_app(settings, Bundle.find(settings.base))
    return WSGIMiddleware(cast(WSGIApp, app), workers=settings.threads)
