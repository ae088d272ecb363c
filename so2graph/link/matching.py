"""Links the things of two files, without a dataset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from so2graph.engine.generations import storage_errors
from so2graph.errors import BadParameter, DataInvalid
from so2graph.link.extract import file_records
from so2graph.link.files import format_name
from so2graph.link.guess import columns_of, guess
from so2graph.link.spec import Kind, Spec
from so2graph.link.tables import ID
from so2graph.link.target import Access, Side, Source, read_spec

if TYPE_CHECKING:
    from so2graph.link.pipeline import Outcome

__all__ = ["Matched", "guessed", "match", "write_pairs"]

Step = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Matched:
    """Two files that were linked: their records, and what came out."""

    left: pa.Table
    right: pa.Table
    spec: Spec
    outcome: Outcome


def guessed(left: Path, right: Path, encoding: str = "") -> str:
    """A specification for two files, as YAML that can be edited; raises `BadParameter` and `DataSyntax`."""
    return guess(columns_of(left, encoding), columns_of(right, encoding))


def match(
    left: Path, right: Path, spec_file: Path, tell: Step, wish: float | None = None, encoding: str = ""
) -> Matched:
    """Links the things of two files by a specification; raises `BadParameter`, `DataSyntax`, `DataInvalid`.

    `encoding` is how tables with separated values are written, where that is not UTF-8.
    """
    from so2graph.link.pipeline import link

    spec, mine, yours, members = read_spec(spec_file)
    if wish is not None:
        spec = replace(spec, wish=wish)
    tables = []
    access = Access("csv", encoding=encoding) if encoding else Access("csv")
    for path, fields, ids, which in ((left, mine, members[0], "left"), (right, yours, members[1], "right")):
        if format_name(path) not in ("csv", "tsv", "parquet") and not ids:
            raise BadParameter(
                f"{spec_file.name} does not say which things of {path.name} there are",
                mend=f"Write '{which}:' with a graph pattern that binds ?id, such as '?id a schema:Organization .'.",
            )
        side = Side(ids, Source(), fields)
        tell(f"reading {path.name}", 0, 0)
        table = file_records(path, side, spec, access, which=which)
        if not table.num_rows:
            raise DataInvalid(f"{path} has no things to link", mend=f"See '{which}' in {spec_file.name}.")
        tables.append(table)
    tell("linking", 0, 0)
    return Matched(tables[0], tables[1], spec, link(tables[0], tables[1], spec))


def write_pairs(matched: Matched, out: Path) -> int:
    """Writes the pairs that were accepted or wait for review, as CSV or Parquet by the suffix; how many there are."""
    pairs = matched.outcome.pairs
    kept = pairs.filter(pa.array([each != "reject" for each in pairs.column("decision").to_pylist()], pa.bool_()))
    columns: dict[str, object] = {}
    for side, table in (("left", matched.left), ("right", matched.right)):
        rows = kept.column(side)
        columns[side] = table.column(ID).take(rows)
        for each in matched.spec.of_kind(Kind.NAME, Kind.TEXT)[:1]:
            values = table.column(each.name).take(rows).to_pylist()
            columns[f"{side}_{each.name}"] = pa.array([value[0] if value else "" for value in values], pa.string())
    columns["probability"] = pa.array([round(each, 4) for each in kept.column("probability").to_pylist()])
    columns["weight"] = pa.array([round(each, 3) for each in kept.column("weight").to_pylist()])
    columns["decision"] = kept.column("decision")
    columns["why"] = pa.array([" ".join(each or []) for each in kept.column("why").to_pylist()], pa.string())
    table = pa.table(columns).sort_by(
        [("decision", "ascending"), ("probability", "descending"), ("left", "ascending")]
    )
    if out.suffix not in (".csv", ".parquet"):
        raise BadParameter(f"{out.name} says no format for pairs", mend="End the name in .csv or .parquet.")
    fresh = out.with_name(f"{out.name}.new")
    with storage_errors(out.parent):
        if out.suffix == ".parquet":
            pq.write_table(table, fresh)
        else:
            pacsv.write_csv(table, fresh)
        fresh.replace(out)
    return int(table.num_rows)
