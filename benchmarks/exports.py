"""Times the exports of the largest dataset, and weighs the processes that make them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FORMATS", "Exported", "measure", "table"]

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
        begun = time.monotonic()
        process = subprocess.Popen(command, env=dict(environment), stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"so2graph export as {suffix} ended with {process.returncode}")
        yield Exported(size, suffix, time.monotonic() - begun, usage.ru_maxrss * 1024, target.stat().st_size)
        target.unlink()


def table(rows: list[Exported]) -> list[str]:
    """The rows as a table in Markdown."""
    head = ["| triples | file | seconds | memory at most | written |", "|---:|---|---:|---:|---:|"]
    return head + [
        f"| {row.size:,} | dataset.{row.format} | {row.seconds:.1f} | {row.peak / 1e6:,.0f} MB "
        f"| {row.written / 1e6:,.0f} MB |"
        for row in rows
    ]
