"""The lists of places and of public bodies that stand beside the project; a test without them is skipped."""

from __future__ import annotations

import gzip
import os
import re
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

import pytest

_FOLDER = Path(os.environ.get("SO2GRAPH_REFERENCE") or Path(__file__).parent.parent.parent / "shared" / "reference")
_TRIPLE = re.compile(r'<([^>]+)> <[^>]*[#/]([^>]+)> (?:<([^>]+)>|"((?:[^"\\]|\\.)*)"[^ ]*) \.')


def linking_file(name: str) -> Path:
    """A file of `linking/`; skips the test where it is not there."""
    path = _FOLDER / "linking" / name
    if not path.exists():
        pytest.skip(f"no reference material: {name} is not in SO2GRAPH_REFERENCE or ../shared/reference")
    return path


@lru_cache(4)
def triples(path: Path) -> dict[str, dict[str, list[str]]]:
    """What an N-Triples file says: by subject, and by the last part of the predicate, the texts of the objects."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    data = path.read_bytes()
    for line in (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8").splitlines():
        if match := _TRIPLE.match(line):
            found[match[1]][match[2]].append(match[3] or match[4])
    return found
