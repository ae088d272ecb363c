"""What the processes of the engine have in common."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

THREADS = """
import json, threading
from pathlib import Path
from so2graph.engine.process import limit_memory

def size():
    return int(Path("/proc/self/statm").read_text().split()[0]) * 4096

limit_memory(8_000_000_000)
before, all_there, kept = size(), threading.Barrier(9), []

def work():
    all_there.wait()
    kept.append([bytes(2_000) for _ in range(1_000)])
    all_there.wait()

threading.stack_size(262_144)
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
all_there.wait()
all_there.wait()
print(json.dumps(size() - before))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the heaps of glibc")
def test_threads_do_not_use_up_the_memory_of_a_process() -> None:
    """Eight threads that need 2 MB each take the addresses of two heaps, not of eight."""
    done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) < 4 * 67_108_864
