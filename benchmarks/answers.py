"""Answers as rows, to compare them between systems before any time counts."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence

__all__ = ["Rows", "difference", "from_csv", "from_json", "from_ntriples"]

Rows = Sequence[tuple[str, ...]]


def _plain(value: str) -> str:
    """A value without the digits of a division that systems write differently."""
    if value and (value[0].isdigit() or value[0] in "-+."):
        try:
            return f"{float(value):.9g}"
        except ValueError:
            return value
    return value


def _order(header: Sequence[str]) -> list[int]:
    return sorted(range(len(header)), key=lambda column: header[column])


def from_csv(body: bytes) -> Rows:
    """The header and rows of results in CSV, columns by name."""
    lines = list(csv.reader(io.StringIO(body.decode())))
    order = _order(lines[0])
    width = len(order)
    # An empty line is a row of one column without a value.
    rows = [tuple(_plain(line[column]) for column in order) for line in lines[1:] if len(line) == width]
    return [tuple(lines[0][column] for column in order), *rows]


def from_json(body: bytes) -> Rows:
    """The header and rows of results in JSON, columns by name."""
    document = json.loads(body)
    header = sorted(document["head"]["vars"])
    rows = [
        tuple(_plain(binding[name]["value"]) if name in binding else "" for name in header)
        for binding in document["results"]["bindings"]
    ]
    return [tuple(header), *rows]


def from_ntriples(body: bytes) -> Rows:
    """The lines of N-Triples."""
    return [(line.strip(),) for line in body.decode().split("\n") if line.strip()]


def difference(ours: Rows, theirs: Rows, *, ordered: bool) -> str:
    """In what two answers differ, or nothing."""
    if len(ours) != len(theirs):
        return f"{len(ours)} rows against {len(theirs)}"
    if ordered:
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            if one != other:
                return f"row {number} is {one} against {other}"
        return ""
    extra = Counter(ours) - Counter(theirs)
    return f"{extra.total()} rows differ, such as {next(iter(extra))}" if extra else ""
