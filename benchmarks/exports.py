"""Times the exports of the largest dataset, and weighs the processes that make them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FORMATS", "Exported", "measure", "table"]

_STARTER = """
import resource, subprocess, sys, time
begun = time.monotonic()
subprocess.run(sys.argv[1:], check=True, stderr=subprocess.DEVNULL)
print(time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""The system counts what a process had before it became another: so one that has little starts the command."""
FORMATS = ("nq", "nq.zst", "ttl", "jsonld", "csv", "parquet")


@dataclass(frozen=True)
class Exported:
    """One export: `seconds` and `peak` memory (bytes, resident) of the whole command, and the bytes it wrote."""

    size: int
    format: str
    seconds: float
    peak: int
    written: int


def measure(size: int, store: Path, folder: Path, environment: Mapping[str, str]) -> Iterator[Exported]:
    """Exports the dataset in the data folder `store` in each format, by the command that users have."""
    for suffix in FORMATS:
        target = folder / f"export.{suffix}"
        command = [sys.executable, "-m", "so2graph", "export", "--data", str(store), "-o", str(target)]
        told = subprocess.run(
            [sys.executable, "-c", _STARTER, *command],
            env=dict(environment),
            capture_output=True,
            text=True,
            check=True,
        )
        seconds, kilobytes = told.stdout.split()
        yield Exported(size, suffix, float(seconds), int(kilobytes) * 1024, target.stat().st_size)
        target.unlink()


def table(rows: list[Exported]) -> list[str]:
    """The rows as a table in Markdown."""
    head = ["| triples | file | seconds | memory at most | written |", "|---:|---|---:|---:|---:|"]
    return head + [
        f"| {row.size:,} | dataset.{row.format} | {row.seconds:.1f} | {row.peak / 1e6:,.0f} MB "
        f"| {row.written / 1e6:,.0f} MB |"
        for row in rows
    ]
