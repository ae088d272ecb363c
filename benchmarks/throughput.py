"""How many look-ups a second a system answers: by wrk where it is installed, else by processes of our own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.client import Failed
from benchmarks.generator import LookUps

__all__ = ["generator_name", "requests_per_second"]

_SCRIPT = Path(__file__).with_name("look_ups.lua")
_ROOT = Path(__file__).parent.parent


def _wrk() -> str | None:
    return shutil.which("wrk")


def generator_name() -> str:
    """What makes the load, for the record."""
    wrk = _wrk()
    if wrk is None:
        return "benchmarks.generator (Python; no wrk on PATH)"
    said = subprocess.run([wrk, "-v"], capture_output=True, text=True, check=False).stdout
    return " ".join(said.split("\n")[0].split()[:2])


def _outputs(commands: Sequence[Sequence[str]], seconds: float) -> list[str]:
    """Runs commands side by side; kills them when they take much longer than they should."""
    running: list[subprocess.Popen[str]] = []
    try:
        for command in commands:
            running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT))
        return [process.communicate(timeout=seconds + 60)[0] for process in running]
    except subprocess.TimeoutExpired:
        raise Failed("the load generator did not end") from None
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
                process.wait()


def requests_per_second(asked: LookUps) -> float:
    """Requests answered in a second; raises `Failed` when one of them failed, or none was answered."""
    wrk = _wrk()
    if wrk:
        words = [asked.before, asked.after, asked.mark, str(asked.first), str(asked.count)]
        options = ["-t1", f"-c{asked.clients}", f"-d{max(1, round(asked.seconds))}s", "--timeout", "60s"]
        url = f"http://127.0.0.1:{asked.port}"
        kind = "same" if asked.same else "different"
        commands = [[wrk, *options, "-s", str(_SCRIPT), url, "--", *words, kind]]
    else:
        cpus = min(asked.clients, len(os.sched_getaffinity(0)))
        parts = [
            replace(asked, clients=len(range(part, asked.clients, cpus)), mark=f"{asked.mark}{part or ''}")
            for part in range(cpus)
        ]
        commands = [[sys.executable, "-m", "benchmarks.generator", json.dumps(asdict(part))] for part in parts]
    rate = 0.0
    for output in _outputs(commands, asked.seconds):
        said = json.loads(output.strip().splitlines()[-1])
        if said["errors"]:
            raise Failed(f"{said['errors']} of {said['requests']} requests failed")
        rate += said["requests"] / said["seconds"]
    if rate == 0:
        raise Failed("no request was answered")
    return rate
