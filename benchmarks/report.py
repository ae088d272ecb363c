"""Writes a run down: JSON Lines while it goes on, and a table in Markdown at its end."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import so2graph
from benchmarks.results import Mark, Ratio, Row, mark_of
from benchmarks.systems import OURS, PEERS

__all__ = [
    "AFTER",
    "BEFORE",
    "machine",
    "page",
    "ratio_record",
    "row_records",
    "table",
    "write_page",
    "write_section",
]

BEFORE = "<!-- by hand: begin (kept when the table is written again) -->"
AFTER = "<!-- by hand: end -->"
_PACKAGES = (
    "so2graph",
    "pyoxigraph",
    "oxigraph",
    "rdflib",
    "rdflib-endpoint",
    "granian",
    "uvicorn",
    "splink",
    "duckdb",
)


def _first_value(file: str, key: str) -> str:
    for line in Path(file).read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return "unknown"


def _version(package: str) -> str:
    if package == OURS:
        return so2graph.__version__
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def machine(**more: object) -> dict[str, object]:
    """What the numbers depend on: the machine, the versions, the date, and how it was run."""
    kilobytes = _first_value("/proc/meminfo", "MemTotal").split()[0]
    return {
        "kind": "machine",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpus": len(os.sched_getaffinity(0)),
        "model": _first_value("/proc/cpuinfo", "model name"),
        "memory_gb": round(int(kilobytes) / 1e6, 1) if kilobytes.isdigit() else None,
        "load_average_before": os.getloadavg()[0],
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {package: _version(package) for package in _PACKAGES},
        **more,
    }


def row_records(row: Row) -> list[dict[str, object]]:
    """A row as records, one for each system."""
    common = {"kind": "row", "row": row.name, "group": row.kind, "size": row.size, "unit": row.unit}
    if row.stopped:
        return [common | {"error": row.stopped}]
    return [
        common
        | {"system": system, "median": row.median(system), "values": row.values.get(system, [])}
        | ({"timeout": True} if system in row.bounds else {})
        | ({"error": row.errors[system]} if system in row.errors else {})
        for system in dict.fromkeys((*row.values, *row.errors))
    ]


def ratio_record(ratio: Ratio) -> dict[str, object]:
    """A ratio as a record."""
    return {
        "kind": "ratio",
        "row": ratio.row.name,
        "size": ratio.row.size,
        "peer": ratio.peer,
        "median": ratio.median,
        "min": min(ratio.rounds),
        "max": max(ratio.rounds),
        "bound": ratio.bound,
        "mark": mark_of(ratio),
    }


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "1/s":
        return f"{value:,.0f}/s"
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def _times(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _ratio_line(ratio: Ratio) -> str:
    row, mark = ratio.row, mark_of(ratio)
    met = "" if mark is None else "yes" if ratio.median >= mark and ratio.bound != "<" else "no"
    own, theirs = (
        ("> " if system in row.bounds else "") + _amount(row.median(system), row.unit)
        for system in (OURS, ratio.peer)
    )
    shown = f"{ratio.bound}{' ' if ratio.bound else ''}{_times(ratio.median)}"
    spread = f"{_times(min(ratio.rounds))}–{_times(max(ratio.rounds))}"
    least = "" if mark is None else f"≥ {mark:g}"
    return _line((row.name, f"{row.size:,}", own, ratio.peer, theirs, shown, spread, least, met))


def table(rows: Sequence[Row], found: Sequence[Ratio]) -> list[str]:
    """The rows as a table in Markdown, with what went wrong where it did."""
    lines = [
        _line(("row", "triples", "so2graph", "peer", "its median", "ratio", "min–max", "mark", "met?")),
        "|---|---:|---:|---|---:|---:|---:|---:|---|",
    ]
    for row in rows:
        if row.stopped:
            lines.append(_line((row.name, f"{row.size:,}", "error", row.stopped, "", "", "", "", "no")))
            continue
        lines += [_ratio_line(ratio) for ratio in found if ratio.row is row]
        for system, error in row.errors.items():
            text = " ".join(error.replace("|", "/").split())[:200]
            lines.append(_line((row.name, f"{row.size:,}", "", system, f"error: {text}", "", "", "", "")))
    return lines


def marks_table(marks: Sequence[Mark]) -> list[str]:
    """The marks over several rows."""
    lines = [_line(("mark", "triples", "reached", "least", "met?")), "|---|---:|---:|---:|---|"]
    for mark in marks:
        reached = "–" if mark.reached is None else _times(mark.reached)
        lines.append(_line((mark.name, f"{mark.size or 0:,}", reached, f"{mark.least:g}", mark.met)))
    return lines


def memory_table(peaks: Mapping[int, Mapping[str, int]]) -> list[str]:
    """The highest memory that was seen of each system."""
    names = (OURS, *PEERS)
    lines = [_line(("triples", *names)), "|---:|" + "---:|" * len(names)]
    for size, weights in peaks.items():
        cells = (f"{weights[name] / 1e6:,.0f} MB" if name in weights else "–" for name in names)
        lines.append(_line((f"{size:,}", *cells)))
    return lines


def page(about: Mapping[str, object], sections: Mapping[str, Sequence[str]], kept: str) -> str:
    """The page: how it was measured, the tables, and the part that is written by hand."""
    versions = about["versions"]
    known = versions.items() if isinstance(versions, Mapping) else ()
    with_versions = ", ".join(f"{name} {number}" for name, number in known)
    lines = [
        "# Benchmarks",
        "",
        f"Written by `make bench` (`{about['command']}`) on {about['date']}.",
        "Do not edit it, but between the two comments at its end.",
        f"{about['cpus']} CPUs ({about['model']}), {about['memory_gb']} GB, Python {about['python']};",
        f"{with_versions}.",
        f"A {about['mode']} run, seed {about['seed']}, load by {about['generator']}.",
        "",
        "All systems hold the same synthetic N-Triples file and answer the same requests over HTTP on the loopback.",
        "They take turns within each round; numbers are medians of the rounds. A ratio is so2graph over its peer,",
        "round by round: above 1 so2graph is faster. Answers were compared before a time counted. Query texts differ",
        "in a comment each time, so that no cache of answers replies, but where a row says 'the same again'.",
        f"A request may take {about['cap']:g} s; `>` and `<` tell bounds, where one was not over by then.",
    ]
    for title, text in sections.items():
        lines += ["", f"## {title}", "", *text]
    return "\n".join([*lines, "", BEFORE, kept.strip("\n"), AFTER, ""])


def write_page(file: Path, about: Mapping[str, object], sections: Mapping[str, Sequence[str]]) -> None:
    """Writes the page, and keeps what stands between the two comments."""
    kept = "## Rows below their mark\n\nNothing is written here yet."
    if file.exists():
        text = file.read_text()
        if BEFORE in text and AFTER in text:
            kept = text.partition(BEFORE)[2].partition(AFTER)[0]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page(about, sections, kept))


def write_section(file: Path, title: str, text: Sequence[str]) -> None:
    """Writes one section of a page again, or adds it before the part that is written by hand."""
    lines = file.read_text().splitlines() if file.exists() else [BEFORE, "", AFTER]
    ends = [at for at, line in enumerate(lines) if line.startswith("## ") or line == BEFORE]
    begin = next((at for at in ends if lines[at] == f"## {title}"), lines.index(BEFORE))
    end = next((at for at in ends if at > begin), begin) if lines[begin] != BEFORE else begin
    file.write_text("\n".join([*lines[:begin], f"## {title}", "", *text, "", *lines[end:], ""]))


def as_line(record: Mapping[str, object]) -> str:
    """A record as a line of JSON."""
    return json.dumps(record, ensure_ascii=False) + "\n"
