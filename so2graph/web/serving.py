"""Runs the service: a server with worker processes, and one line when it is ready."""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from so2graph.config import Settings
from so2graph.errors import BadSetting, PortInUse
from so2graph.web.edge import RUN_VARIABLE
from so2graph.web.metrics import METRICS_FOLDER

if TYPE_CHECKING:
    from granian.server.common import AbstractServer

__all__ = ["run"]

_log = logging.getLogger(__name__)
_CHILD_BACK_OFF = 0.1
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
    from granian.constants import Interfaces, Loops
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
        # With uvloop, where somebody has installed it, requests hang.
        loop=Loops.asyncio,
        respawn_failed_workers=True,
        respawn_interval=0.1,
        log_level=LogLevels.warning,
        log_dictconfig=_LOGGING,
        workers_kill_timeout=5,
    )


class _Child:
    """A program of ours as a child of this process: `module` with the folder of the run; started anew when lost."""

    def __init__(self, module: str, run: Path) -> None:
        self._module, self._run, self._stopped = module, run, False
        self._process = self._start()
        threading.Thread(target=self._watch, daemon=True).start()

    def _start(self) -> subprocess.Popen[bytes]:
        # It ends when its input does, and so with this process, however that ends.
        return subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-m", self._module, str(self._run)], stdin=subprocess.PIPE
        )

    def _watch(self) -> None:
        while not self._stopped:
            self._process.wait()
            if not self._stopped:
                _log.warning("%s is gone; starting it anew", self._module)
                time.sleep(_CHILD_BACK_OFF)
                self._process = self._start()

    def stop(self) -> None:
        """Ends it with all its children."""
        self._stopped = True
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
            return
        self._process.kill()


@contextmanager
def _folder_of_the_run() -> Iterator[Path]:
    """A folder for the sockets of this run, which only we may enter; those that a killed service left are removed."""
    for old in Path(tempfile.gettempdir()).glob("so2graph-run-*"):
        with suppress(OSError, ValueError):
            if old.stat().st_uid == os.getuid() and not _lives(int(old.name.split("-")[2])):
                shutil.rmtree(old, ignore_errors=True)
    run = Path(tempfile.mkdtemp(prefix=f"so2graph-run-{os.getpid()}-"))
    try:
        (run / "metrics").mkdir()
        yield run
    finally:
        shutil.rmtree(run, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def run(settings: Settings, ready: Callable[[str], None]) -> None:
    """Serves until it is told to stop (SIGINT or SIGTERM); calls `ready` with the URL once it answers.

    A server that gives up since its workers die again and again is started anew. Raises `PortInUse` or `BadSetting`
    before anything is started.
    """
    settings = replace(settings, port=_free_port(settings))
    # A forked worker would inherit locks that threads of this process hold: those of the store, and the one below.
    multiprocessing.set_start_method("spawn", force=True)
    stopped = threading.Event()
    with _folder_of_the_run() as folder:
        os.environ.update(settings.environment())
        os.environ.update({RUN_VARIABLE: str(folder), METRICS_FOLDER: str(folder / "metrics")})
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        shown = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)  # noqa: S104  # compared, not listened on
        url = f"http://{shown}:{settings.port}/"
        # Until the server takes over, a signal ends this process in the ordinary way, and all is cleaned up.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        children = [_Child("so2graph.engine.keeper", folder)]
        if settings.federation:
            children.append(_Child("so2graph.engine.gateway", folder))
        threading.Thread(target=_tell_when_ready, args=(url, ready, stopped), daemon=True).start()
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
            for child in children:
                child.stop()
