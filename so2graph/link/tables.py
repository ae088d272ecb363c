"""The Arrow tables that go from stage to stage: records of one side, and pairs of both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa

from so2graph.link.record import Record
from so2graph.link.spec import Spec

__all__ = ["ID", "PAIRS", "TYPES", "record_at", "records_schema", "records_table"]

ID, TYPES = "id", "types"

PAIRS = pa.schema(
    [
        ("left", pa.int32()),
        ("right", pa.int32()),
        ("cosine", pa.float32()),
        ("why", pa.list_(pa.string())),
    ]
)
"""Pairs worth a look: row numbers in the tables of both sides, the cosine of their names, and what brought them
together (`identifier:kvk`, `name`, `near`). Later stages add columns: a level (int8) a comparison, `weight` (float64,
bits), `probability` (float64), `decision`."""


def records_schema(spec: Spec) -> pa.Schema:
    """`id`, `types`, and a list of texts a field; a value that is not known is an empty list, never a null."""
    texts = pa.list_(pa.string())
    return pa.schema([(ID, pa.string()), (TYPES, texts), *((each.name, texts) for each in spec.fields)])


def records_table(records: Iterable[Record], spec: Spec) -> pa.Table:
    """The records as a table of `records_schema`, in their order."""
    rows: Sequence[Record] = tuple(records)
    columns: dict[str, list[object]] = {ID: [row.id for row in rows], TYPES: [list(row.types) for row in rows]}
    for each in spec.fields:
        columns[each.name] = [list(row.values.get(each.name, ())) for row in rows]
    return pa.table(columns, schema=records_schema(spec))


def record_at(table: pa.Table, row: int) -> Record:
    """One row of a table of records."""
    values = table.slice(row, 1).to_pylist()[0]
    fields = {name: tuple(value) for name, value in values.items() if name not in (ID, TYPES)}
    return Record(values[ID], tuple(values[TYPES]), fields)
