"""Prints, for each thing that a user waits for, the median and the spread of a number of runs.

Absolute times differ from machine to machine; compare two commits on one machine, in one sitting.
"""

from __future__ import annotations

import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

from so2graph.config import Settings
from so2graph.publish.build import build
from so2graph.registry import Bundle

Measured = tuple[str, int, list[float]]
PATHS = {
    "home page": "",
    "entity page as Turtle": "doc/so-netwerk-groningen.ttl",
    "hub-to-national as CSV": "queries/hub-to-national.csv",
    "small SPARQL query": "sparql?query=" + quote("SELECT ?n { ?n a so2:RegionalNetwork }"),
}


def measure(name: str, runs: int, call: Callable[[], object]) -> Measured:
    """Times `runs` calls, in milliseconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return name, runs, times


def _command(*words: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, "-m", "so2graph", *words], check=True, capture_output=True)


def _builds(folder: Path) -> Callable[[], object]:
    numbers = iter(range(1000))
    bundle = Bundle.find(Settings().base)
    return lambda: build(bundle, Settings.load({}, {"data": folder / str(next(numbers))}))


def _served(folder: Path) -> list[Measured]:
    env = os.environ | {"SO2GRAPH_DATA": str(folder / "0")}
    process = subprocess.Popen(
        [sys.executable, "-m", "so2graph", "serve", "--port", "0"], env=env, stdout=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        found = re.search(r"http://\S+", line)
        if found is None:
            sys.exit(f"the service did not start: {line}")
        url = found[0]

        def fetch(path: str) -> Callable[[], object]:
            def run() -> None:
                with urlopen(url + path, timeout=30) as response:
                    response.read()

            return run

        for path in PATHS.values():
            fetch(path)()
        return [measure(name, 100, fetch(path)) for name, path in PATHS.items()]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def main() -> None:
    """Runs everything and prints the table."""
    with tempfile.TemporaryDirectory(prefix="so2graph-bench-") as name:
        folder = Path(name)
        results = [
            measure("build the bundled catalogue", 5, _builds(folder)),
            measure("so2graph --help", 10, _command("--help")),
            measure("so2graph query graphs", 5, _command("query", "graphs", "--data", str(folder / "0"))),
            *_served(folder),
        ]
    print(f"{'what':32} {'runs':>5} {'median ms':>10} {'fastest':>9} {'slowest':>9}")
    for what, runs, times in results:
        print(f"{what:32} {runs:5} {statistics.median(times):10.1f} {min(times):9.1f} {max(times):9.1f}")


if __name__ == "__main__":
    main()
