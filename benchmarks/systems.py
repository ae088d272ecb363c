"""The systems that are compared: how each is started, loaded, asked, written to, and stopped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.client import Failed, Request, fetch, put_file
from benchmarks.processes import Process, free_port, weighed
from benchmarks.queries import FIRST

__all__ = ["DISK", "MEMORY", "OURS", "PEERS", "RDFLIB", "System", "installed", "make"]

OURS, DISK, MEMORY, RDFLIB = "so2graph", "oxigraph on disk", "oxigraph in memory", "rdflib-endpoint"
PEERS = (DISK, MEMORY, RDFLIB)
NTRIPLES = "application/n-triples"
_BIN = Path(sys.executable).parent
_POLL = 0.004
_IMAGE = 120.0


def _program(name: str) -> str | None:
    beside = _BIN / name
    return str(beside) if beside.exists() else shutil.which(name)


def installed(name: str) -> bool:
    """Whether a system can be started here."""
    return name == OURS or _program("rdflib-endpoint" if name == RDFLIB else "oxigraph") is not None


@dataclass
class System(ABC):
    """A server with a store of its own below `folder`; what it weighed at most is in `peaks`."""

    folder: Path
    cap: float
    peaks: dict[str, int]
    name: str = ""
    query_path: str = "/query"
    patience: float = 60.0
    port: int = 0
    loads: int = 0
    data: Path = Path()
    process: Process | None = field(default=None)

    @abstractmethod
    def load(self, data: Path) -> float:
        """Loads a file into a new store and leaves the server answering; seconds until it can be asked."""

    @abstractmethod
    def command(self) -> list[str]:
        """What starts the server on its store and `port`."""

    def environment(self) -> dict[str, str]:
        """The environment without settings of so2graph, which would change what is measured."""
        return {key: value for key, value in os.environ.items() if not key.startswith("SO2GRAPH_")}

    @property
    def store(self) -> Path:
        """The folder of the store of now; each load has another."""
        return self.folder / f"store-{self.loads}"

    def start(self) -> float:
        """Starts the server; seconds until its first answer."""
        self.stop()
        self.port = free_port()
        begun = time.perf_counter()
        self.process = Process(self.command(), self.folder / "log", self.environment())
        while True:
            try:
                fetch(self.port, self.query(FIRST), 5)
                return time.perf_counter() - begun
            except Failed as error:
                why = error
            self.process.check()
            if time.perf_counter() - begun > self.patience:
                raise Failed(f"the server does not answer: {why}")
            time.sleep(_POLL)

    def stop(self) -> None:
        """Ends the server and all its processes."""
        if self.process is not None:
            self.process.stop()
            self.process = None

    def new_store(self, data: Path) -> None:
        """Forgets the store of before."""
        self.stop()
        self.data = data
        shutil.rmtree(self.store, ignore_errors=True)
        self.loads += 1
        self.folder.mkdir(parents=True, exist_ok=True)

    def settle(self) -> None:  # noqa: B027 - what most have not to do
        """Waits until what it does in the background is done."""

    def recover(self) -> None:
        """Starts it anew after a request that did not end, for it may be at work on it still."""
        self.start()
        self.settle()

    def prepare_updates(self) -> None:  # noqa: B027 - what most have not to do
        """Makes it take updates."""

    def running(self) -> Process:
        """The server that runs."""
        if self.process is None:
            raise Failed("the server does not run")
        return self.process

    def query(self, text: str, accept: str = "text/csv") -> Request:
        """A query by POST."""
        headers = {"Content-Type": "application/sparql-query", "Accept": accept}
        return Request(self.query_path, text.encode(), headers=headers)

    def update(self, text: str) -> Request:
        """An update by POST."""
        return Request("/update", text.encode(), headers={"Content-Type": "application/sparql-update"})

    def dump(self) -> Request:
        """A request for all triples."""
        return Request("/store?default", method="GET", headers={"Accept": NTRIPLES})


class So2graph(System):
    """so2graph, written to over HTTP; it copies its data into memory after a write or start."""

    token = ""

    def command(self) -> list[str]:
        """What starts the server on its store and `port`."""
        return [*self._module("serve", "--empty"), "--port", str(self.port)]

    def _module(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "so2graph", *words, "--data", str(self.store)]

    def environment(self) -> dict[str, str]:
        """With a deadline as long as the others get, and no log."""
        return super().environment() | {"SO2GRAPH_DEADLINE": f"{self.cap:g}", "SO2GRAPH_LOG_REQUESTS": "no"}

    def load(self, data: Path) -> float:
        """By PUT to the default graph of an empty service."""
        self.new_store(data)
        self.start()
        made = self._module("token", "add", "bench", "--role", "admin")
        self.token = subprocess.run(
            made, env=self.environment(), check=True, capture_output=True, text=True
        ).stdout.strip()
        headers = {"Content-Type": NTRIPLES, "Authorization": f"Bearer {self.token}"}
        with weighed(self.running(), self.peaks, self.name):
            return put_file(self.port, "/graph-store?default", data, headers, self.cap)

    def settle(self) -> None:
        """Waits for the copy in memory: one generation is open, and it is an image."""
        until, seen = time.monotonic() + _IMAGE, 0
        while seen < 2:
            lines = fetch(self.port, Request("/-/metrics", method="GET"), 30).body.decode().splitlines()
            seen = seen + 1 if {"so2graph_images 1.0", "so2graph_hosts 1.0"} <= set(lines) else 0
            if time.monotonic() > until:
                raise Failed(f"no image in memory within {_IMAGE:g} s")
            time.sleep(0.1)

    def update(self, text: str) -> Request:
        """An update by POST, with the token."""
        headers = {"Content-Type": "application/sparql-update", "Authorization": f"Bearer {self.token}"}
        return Request(self.query_path, text.encode(), headers=headers)

    def dump(self) -> Request:
        """A request for all triples."""
        return Request("/graph-store?default", method="GET", headers={"Accept": NTRIPLES})


class OxigraphOnDisk(System):
    """The server of Oxigraph on a store on disk: read-only until updates are measured."""

    writable = False

    def command(self) -> list[str]:
        """What starts the server on its store and `port`."""
        verb = "serve" if self.writable else "serve-read-only"
        return [str(_program("oxigraph")), verb, "--location", str(self.store), "--bind", f"127.0.0.1:{self.port}"]

    def load(self, data: Path) -> float:
        """By `oxigraph load`."""
        self.new_store(data)
        command = [str(_program("oxigraph")), "load", "--location", str(self.store), "--file", str(data)]
        begun = time.perf_counter()
        loader = Process(command, self.folder / "log", self.environment())
        try:
            with weighed(loader, self.peaks, self.name):
                loader.wait(self.cap)
            seconds = time.perf_counter() - begun
        finally:
            loader.stop()
        self.start()
        return seconds

    def prepare_updates(self) -> None:
        """Starts the server that can write, on the same store."""
        self.writable = True
        self.start()


class OxigraphInMemory(System):
    """The server of Oxigraph without a folder."""

    def command(self) -> list[str]:
        """What starts the server on its `port`, empty."""
        return [str(_program("oxigraph")), "serve", "--bind", f"127.0.0.1:{self.port}"]

    def load(self, data: Path) -> float:
        """By PUT to the default graph."""
        self.new_store(data)
        self.start()
        with weighed(self.running(), self.peaks, self.name):
            return put_file(self.port, "/store?default", data, {"Content-Type": NTRIPLES}, self.cap)

    def recover(self) -> None:
        """Loads again what is gone with the server."""
        self.load(self.data)


class RdflibEndpoint(System):
    """rdflib-endpoint, which reads the file when it starts."""

    def command(self) -> list[str]:
        """What starts the server on its file and `port`."""
        words = ["serve", "--host", "127.0.0.1", "--port", str(self.port)]
        return [str(_program("rdflib-endpoint")), *words, str(self.data)]

    def load(self, data: Path) -> float:
        """From the start of the server to its first answer."""
        self.new_store(data)
        self.patience = 900.0
        seconds = self.start()
        self.peaks[self.name] = max(self.peaks.get(self.name, 0), self.running().weigh())
        return seconds

    def dump(self) -> Request:
        """A request for all triples."""
        return self.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", NTRIPLES)


_KINDS: dict[str, tuple[type[System], str]] = {
    OURS: (So2graph, "/sparql"),
    DISK: (OxigraphOnDisk, "/query"),
    MEMORY: (OxigraphInMemory, "/query"),
    RDFLIB: (RdflibEndpoint, "/"),
}


def make(name: str, folder: Path, cap: float, peaks: dict[str, int]) -> System:
    """A system that is not started yet."""
    kind, path = _KINDS[name]
    return kind(folder / name.replace(" ", "-"), cap, peaks, name, path)
