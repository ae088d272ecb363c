"""A small run to test with: some things of the built dataset against a made-up gazetteer, with every kind of pair."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa

from so2graph.link.record import Record
from so2graph.link.runs import Pinned, Run, run_id, write_run
from so2graph.link.spec import Field, Kind, Spec
from so2graph.link.tables import PAIRS, records_table
from so2graph.vocab import CANONICAL_BASE

ID = f"{CANONICAL_BASE}id/"
THERE = "https://example.org/place/"
SPEC = Spec(
    "gazetteer",
    (Field("name", Kind.NAME), Field("point", Kind.POINT), Field("within", Kind.PLACE), Field("web", Kind.HOST)),
    wish=0.98,
)
PINNED = Pinned("gazetteer.csv", "ab" * 32, "2026-11-20")
STARTED = "2026-11-26T04:15:00+00:00"
HOSTILE = "<script>alert(1)</script> Groningen"
OURS = (
    Record(f"{ID}assen", (f"{CANONICAL_BASE}def#UrbanCore",), {"name": ("Assen",), "point": ("52.9967 6.5625",)}),
    Record(
        f"{ID}groningen",
        (f"{CANONICAL_BASE}def#UrbanCore",),
        {"name": ("Groningen", "Stad Groningen"), "point": ("53.2194 6.5665",), "within": ("Groningen",)},
    ),
    Record(f"{ID}drenthe", ("http://purl.org/dc/terms/Location",), {"name": ("Drenthe",), "web": ("drenthe.nl",)}),
    Record(f"{ID}fryslan-province", ("http://purl.org/dc/terms/Location",), {"name": ("Friesland", "Fryslân")}),
)
THEIRS = (
    Record(f"{THERE}1", ("city",), {"name": ("Assen",), "point": ("52.9928 6.5642",), "within": ("Drenthe",)}),
    Record(
        f"{THERE}2", ("municipality",), {"name": ("Gemeente Assen",), "point": ("53.0 6.55",), "within": ("Drenthe",)}
    ),
    Record(f"{THERE}3", ("city",), {"name": (HOSTILE,), "point": ("53.2190 6.5680",), "within": ("Groningen",)}),
    Record(f"{THERE}4", ("province",), {"name": ("Drenthe", "Provincie Drenthe"), "web": ("provincie.drenthe.nl",)}),
    Record(f"{THERE}5", ("province",), {"name": ("Fryslân", "Friesland")}),
    Record(f"{THERE}6", ("province",), {"name": ("Groningen",), "point": ("53.25 6.74",)}),
)
_ROWS: tuple[tuple[int, int, float, str, tuple[tuple[str, int, str, float], ...]], ...] = (
    (0, 0, 0.93, "review", (("name", 6, "same", 9.1), ("point", 4, "same", 3.2), ("within", -1, "unknown", 0.0))),
    (
        0,
        1,
        0.12,
        "reject",
        (("name", 3, "contained", 2.4), ("point", 3, "next", 1.1), ("within", -1, "unknown", 0.0)),
    ),
    (1, 2, 0.55, "review", (("name", 2, "partly", 3.0), ("point", 4, "same", 6.3), ("within", 3, "same", 2.1))),
    (1, 5, 0.35, "review", (("name", 6, "same", 9.1), ("point", 1, "far", -3.9), ("within", -1, "unknown", 0.0))),
    (2, 3, 0.995, "accept", (("name", 6, "same", 9.1), ("web", 1, "partly", 4.7), ("point", -1, "unknown", 0.0))),
    (3, 4, 0.45, "review", (("name", 6, "same", 9.1), ("web", -1, "unknown", 0.0))),
)
"""Ours, theirs, probability, decision, and the parts: field, level, its name and its bits."""


def a_run(started: str = STARTED) -> Run:
    """The run that is written."""
    threshold = {"value": 0.97, "expected_precision": 0.981, "expected_missed": 0.04}
    return Run("gazetteer", run_id(started, SPEC, PINNED), 1, PINNED, SPEC, started, {}, threshold)


def some_pairs() -> pa.Table:
    """The pairs with what stages of the pipeline add to them."""
    from math import log, log2

    def parts(ours: int, theirs: int, rows: tuple[tuple[str, int, str, float], ...]) -> str:
        said = [
            {"field": f, "level": level, "name": name, "weight": weight}
            | {"left": OURS[ours].values.get(f, ("",))[0], "right": THEIRS[theirs].values.get(f, ("",))[0]}
            for f, level, name, weight in rows
        ]
        return json.dumps(said)

    table = pa.table(
        {
            "left": [row[0] for row in _ROWS],
            "right": [row[1] for row in _ROWS],
            "cosine": [round(row[2], 2) for row in _ROWS],
            "why": [["name"] for _ in _ROWS],
        },
        schema=PAIRS,
    )
    for field in SPEC.fields:
        levels = [next((level for f, level, *_ in row[4] if f == field.name), -1) for row in _ROWS]
        table = table.append_column(f"level_{field.name}", pa.array(levels, pa.int8()))
    rest = {
        "weight": pa.array([log2(row[2] / (1 - row[2])) for row in _ROWS]),
        "probability": pa.array([row[2] for row in _ROWS]),
        "decision": pa.array([row[3] for row in _ROWS]),
        "odds": pa.array([log(row[2] / (1 - row[2])) for row in _ROWS]),
        "chosen": pa.array([row[3] != "reject" for row in _ROWS]),
        "parts": pa.array([parts(row[0], row[1], row[4]) for row in _ROWS]),
    }
    for name, column in rest.items():
        table = table.append_column(name, column)
    return table


def write_gazetteer(data: Path, started: str = STARTED) -> Run:
    """Writes the run into a data folder."""
    run = a_run(started)
    write_run(data, run, records_table(OURS, SPEC), records_table(THEIRS, SPEC), some_pairs())
    return run
