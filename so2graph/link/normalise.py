"""Brings the values of tables of records into the forms in which they are compared."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from so2graph.link.forms import form_of, normal_forms
from so2graph.link.spec import Kind, Spec

__all__ = ["normalise"]

_WORTH_PROCESSES = 100_000
"""Different values from which on a second process is worth its start."""
_PART = 50_000


def normalise(records: pa.Table, spec: Spec, processes: int = 1) -> pa.Table:
    """The same rows with the normal forms of each field of the specification (see `forms`).

    A form of a NAME is what `dutch.packed` writes: the core, and behind tabs legal form, kind of body and acronym.
    Long lists are divided over `processes`; the result is the same.
    """
    table = records
    for each in spec.fields:
        at = table.schema.get_field_index(each.name)
        table = table.set_column(at, each.name, _column(records.column(each.name), each.kind, processes))
    return table


def _column(column: pa.ChunkedArray, kind: Kind, processes: int) -> pa.Array:
    """The lists of forms of a column of lists; a value that comes again is read once."""
    lists = column.combine_chunks()
    values = lists.flatten().dictionary_encode()
    forms = _forms(kind, values.dictionary.to_pylist(), processes)
    count = np.fromiter(map(len, forms), np.int64, len(forms))
    flat = pa.array([form for each in forms for form in each], pa.string()).dictionary_encode()
    value = values.indices.to_numpy(zero_copy_only=False)
    held = np.repeat(
        np.arange(len(lists)), pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    )
    begin, count = (np.cumsum(count) - count)[value], count[value]
    row = np.repeat(held, count)
    at = np.repeat(begin, count) + np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    code = flat.indices.to_numpy(zero_copy_only=False)[at]
    if len(row) and len(row) > len(np.unique(row)):  # of forms that a row has twice the first stays
        order = np.lexsort((np.arange(len(row)), code, row))
        again = (row[order][1:] == row[order][:-1]) & (code[order][1:] == code[order][:-1])
        keep = np.ones(len(row), bool)
        keep[order[1:][again]] = False
        row, code = row[keep], code[keep]
    offsets = np.searchsorted(row, np.arange(len(lists) + 1))
    texts = flat.dictionary.take(pa.array(code))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), texts)


def _forms(kind: Kind, values: Sequence[str], processes: int) -> list[tuple[str, ...]]:
    if processes < 2 or len(values) < _WORTH_PROCESSES:
        return _each(kind, values)
    parts = [(kind, values[start : start + _PART]) for start in range(0, len(values), _PART)]
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        return [forms for part in pool.map(_each, *zip(*parts, strict=True)) for forms in part]


def _each(kind: Kind, values: Sequence[str]) -> list[tuple[str, ...]]:
    if kind is Kind.PEOPLE:
        return [normal_forms(kind, (value,)) for value in values]
    return [(form,) if form else () for form in map(form_of(kind), values)]
