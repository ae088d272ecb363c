"""Counts how common words and values are, over columns of Arrow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from so2graph.link.features import RARE
from so2graph.link.likeness import Terms
from so2graph.link.spec import Kind, Spec

__all__ = ["frequencies_of", "terms_of"]

_MOST_TERMS = 50_000
_NO_WORD = r"[^\p{L}\p{N}]+"


def terms_of(left: pa.Table, right: pa.Table, spec: Spec) -> dict[str, Terms]:
    """How many values of both sides have each word (`likeness.words_of`), of each field of names and texts."""
    return {
        each.name: _counted([_words(table.column(each.name)) for table in (left, right)])
        for each in spec.of_kind(Kind.NAME, Kind.TEXT)
    }


def frequencies_of(left: pa.Table, right: pa.Table, spec: Spec) -> dict[str, Terms]:
    """How often each value occurs on both sides, of each field where that matters (`RARE`)."""
    found = {}
    for each in spec.of_kind(*RARE):
        terms = _counted([_values(table.column(each.name)) for table in (left, right)], whole=True)
        found[each.name] = terms
    return found


Found = tuple[npt.NDArray[np.int64], pa.Array]
"""Rows, and a text of each of them; a row may have several."""


def _values(column: pa.ChunkedArray) -> Found:
    lists = column.combine_chunks()
    return pc.list_parent_indices(lists).to_numpy().astype(np.int64), pc.list_flatten(lists)


def _words(column: pa.ChunkedArray) -> Found:
    """The words of the part of each value before its first tab, as `words_of` reads them."""
    rows, texts = _values(column)
    first = pc.replace_substring_regex(texts, r"(?s)\t.*", "")
    lower = pc.replace_substring(pc.utf8_lower(first), "ß", "ss")
    plain = pc.replace_substring_regex(lower, "['’]", "")
    words = pc.split_pattern(pc.utf8_trim(pc.replace_substring_regex(plain, _NO_WORD, " "), " "), " ")
    return rows[pc.list_parent_indices(words).to_numpy()], pc.list_flatten(words)


def _counted(sides: list[Found], *, whole: bool = False) -> Terms:
    """In how many rows each text stands; of all rows with a value, or of all values where they count as a `whole`."""
    texts = pa.chunked_array([found[1] for found in sides], pa.string()).combine_chunks().dictionary_encode()
    known, codes = texts.dictionary, texts.indices.to_numpy().astype(np.int64)
    if not len(known):
        return Terms()
    rows = np.concatenate([sides[0][0], sides[1][0] + (sides[0][0].max(initial=-1) + 1)])
    once = np.unique(rows * len(known) + codes)
    empty = pc.index(known, "").as_py()
    if empty >= 0:
        once = once[once % len(known) != empty]
    counts = np.bincount(once % len(known), minlength=len(known))
    total = len(once) if whole else len(np.unique(rows))
    often = np.flatnonzero(counts > 1)
    kept = sorted(
        zip(known.take(pa.array(often)).to_pylist(), counts[often].tolist(), strict=True),
        key=lambda row: (-row[1], row[0]),
    )
    return Terms(dict(kept[:_MOST_TERMS]), total)
