"""Runs the service: a server with worker processes, and one line when it is ready."""

from __future__ import annotations

import logging
import multiprocessing
import os
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from so2graph.config import Settings
from so2graph.errors import BadSetting, PortInUse

if TYPE_CHECKING:
    from granian.server.common import AbstractServer

__all__ = ["run"]

_log = logging.getLogger(__name__)
_BACK_OFF = 0.5
"""Seconds between a server that gave up and the next."""

_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain", "stream": "ext://sys.stderr"}},
    "loggers": {"_granian": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
"""Everything goes to standard error; standard output has the one line with the address."""


def _free_port(settings: Settings) -> int:
    """The port to listen on; raises `PortInUse`, or `BadSetting` for an address that is not ours."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except PermissionError as error:
            raise BadSetting(
                f"port {settings.port} may not be used: {error.strerror}", mend="Choose one above 1023 with --port."
            ) from None
        except OSError as error:
            if isinstance(error, socket.gaierror) or "assign" in str(error):
                raise BadSetting(
                    f"{settings.host} is not an address of this machine", mend="Try 127.0.0.1."
                ) from None
            raise PortInUse(
                f"port {settings.port} on {settings.host} is in use by another program",
                mend="Stop that program, or choose another port with --port (0 takes a free one).",
            ) from None
        return int(probe.getsockname()[1])


def _tell_when_ready(url: str, ready: Callable[[str], None], stopped: threading.Event) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while not stopped.is_set():
        try:
            with opener.open(f"{url}-/ready", timeout=5):
                ready(url)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)


def _server(settings: Settings) -> AbstractServer[Any]:
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server as Granian

    return Granian(
        "so2graph.web.edge:create",
        factory=True,
        interface=Interfaces.ASGINL,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=0.1,
        log_level=LogLevels.warning,
        log_dictconfig=_LOGGING,
        workers_kill_timeout=5,
    )


def run(settings: Settings, ready: Callable[[str], None]) -> None:
    """Serves until it is told to stop (SIGINT or SIGTERM); calls `ready` with the URL once it answers.

    A server that gives up since its workers die again and again is started anew. Raises `PortInUse` or `BadSetting`
    before anything is started.
    """
    settings = replace(settings, port=_free_port(settings))
    os.environ.update(settings.environment())
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    shown = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)  # noqa: S104  # compared, not listened on
    # A forked worker would inherit locks that threads of this process hold: those of the store, and the one below.
    multiprocessing.set_start_method("spawn", force=True)
    stopped = threading.Event()
    teller = threading.Thread(
        target=_tell_when_ready, args=(f"http://{shown}:{settings.port}/", ready, stopped), daemon=True
    )
    teller.start()
    try:
        while True:
            server = _server(settings)
            try:
                server.serve()
            except SystemExit:
                if server.interrupt_signal:
                    raise
            if server.interrupt_signal:
                return
            _log.warning("the server gave up; starting it anew")
            time.sleep(_BACK_OFF)
    finally:
        stopped.set()
