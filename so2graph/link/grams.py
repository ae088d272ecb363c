"""Finds the texts most like a text: three-letter grams, tf-idf on both sides, top k by cosine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sparse_dot_topn import sp_matmul_topn, zip_sp_matmul_topn

__all__ = ["GramIndex", "Hits", "likest"]

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Hits = tuple[Ints, Ints, Floats]
"""Query (its place among the texts asked), row, cosine: by query, the likest first, by row where they are alike."""

_BITS = 20
_BUCKETS = 1 << _BITS
"""Grams are hashed: a Dutch list has some 20,000 of them, so that one in fifty shares its place with another."""
_CHUNK = 1 << 17
"""Texts cut into grams at a time."""
_LONGEST = 400
"""Letters of a text that are looked at."""
_LEAST = 0.1
"""Cosines below are no likeness: a common ending makes as much."""
_SPREAD = 4
"""Texts of one row that can push others out of the first."""
_BLOCK = 1 << 16
"""Texts whose sums are taken at a time: so many stay near the processor."""
_START = 8
_LIKE = 0.3
_EVEN = 16
"""More texts than are asked for, so that of some that are as like it is not chance which are taken."""
_WIDER = 4
"""How many times more texts are looked at by their telling grams than are asked for."""
_VERSION = 1
_PARTS = ("indptr", "indices", "data")


@dataclass(frozen=True)
class _Cut:
    """Grams of texts: where each text begins, its grams (ascending, each once), and how often each comes."""

    indptr: npt.NDArray[np.int64]
    gram: Ints
    count: npt.NDArray[np.uint8]


def _points(texts: Sequence[str]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """The code points of the texts, each with a blank before and behind, and where each begins."""
    padded = [f" {text[:_LONGEST]} " for text in texts]
    lengths = np.fromiter(map(len, padded), np.int64, len(padded))
    points = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), np.uint32)
    return points.astype(np.uint64), np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))


def _cut_chunk(texts: Sequence[str]) -> _Cut:
    points, begin = _points(texts)
    if points.size < 3:
        return _Cut(np.zeros(len(texts) + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.uint8))
    packed = points[:-2] | (points[1:-1] << np.uint64(21)) | (points[2:] << np.uint64(42))
    packed *= np.uint64(0x9E3779B97F4A7C15)
    packed >>= np.uint64(64 - _BITS)
    text = np.repeat(np.arange(len(texts), dtype=np.uint64), np.diff(begin))[:-2]
    within = np.ones(len(packed), bool)
    ends = begin[1:]
    for back in (1, 2):  # a gram that begins on the last two places of a text runs into the next
        at = ends - back
        within[at[(at >= 0) & (at < len(within))]] = False
    both = (text[within] << np.uint64(_BITS)) | packed[within]
    both.sort()
    first = np.concatenate((np.ones(1, bool), both[1:] != both[:-1])) if both.size else np.zeros(0, bool)
    places = np.flatnonzero(first)
    count = np.diff(np.append(places, both.size))
    unique = both[places]
    indptr = np.searchsorted(unique, np.arange(len(texts) + 1, dtype=np.uint64) << np.uint64(_BITS))
    gram = (unique & np.uint64(_BUCKETS - 1)).astype(np.int32)
    return _Cut(indptr.astype(np.int64), gram, np.minimum(count, 255).astype(np.uint8))


def _cut(texts: Sequence[str]) -> _Cut:
    parts = [_cut_chunk(texts[start : start + _CHUNK]) for start in range(0, len(texts), _CHUNK)]
    if len(parts) <= 1:
        return parts[0] if parts else _cut_chunk(())
    shift = np.cumsum([0, *(part.indptr[-1] for part in parts)])
    indptr = [part.indptr[:-1] + at for part, at in zip(parts, shift, strict=False)]
    return _Cut(
        np.concatenate([*indptr, shift[-1:]]),
        np.concatenate([part.gram for part in parts]),
        np.concatenate([part.count for part in parts]),
    )


def _weighed(cut: _Cut, idf: Floats) -> Floats:
    """Weight of each gram of each text, from the `idf` of each, so that a text has the length 1; a gram that comes
    again says little more."""
    weight: Floats = idf * (1 + np.log(cut.count.astype(np.float32)))
    text = np.repeat(np.arange(len(cut.indptr) - 1), np.diff(cut.indptr))
    square = np.bincount(text, weights=weight.astype(np.float64) ** 2, minlength=len(cut.indptr) - 1)
    length = np.sqrt(np.where(square > 0, square, 1)).astype(np.float32)
    weight /= length[text]
    return weight


def _idf(df: Ints, total: int) -> Floats:
    weight: npt.NDArray[np.float64] = np.log((1 + total) / (1 + df.astype(np.float64))) + 1
    return weight.astype(np.float32)


def likest(query: Ints, row: Ints, cosine: Floats, top: int) -> Hits:
    """The `top` rows of each query, each row once with its best cosine, those that are as like by their number."""
    order = np.lexsort((-cosine, row, query))
    query, row, cosine = query[order], row[order], cosine[order]
    once = np.ones(len(query), bool)
    once[1:] = (query[1:] != query[:-1]) | (row[1:] != row[:-1])
    query, row, cosine = query[once], row[once], cosine[once]
    order = np.lexsort((row, -cosine, query))
    query, row, cosine = query[order], row[order], cosine[order]
    keep = np.arange(len(query)) - np.searchsorted(query, query) < top
    return query[keep], row[keep], cosine[keep]


class GramIndex:
    """An index of texts, each of a row: several texts may be of one row (a name, its short form).

    It holds the grams of each text, and turned round the texts of each gram. Where there are many texts, those are
    looked at that share one of the telling grams of the text that is asked (no other can have a cosine of 0.3 with
    it), and of the likest by these the cosine is taken of the whole.
    """

    def __init__(
        self, texts: csr_matrix, turned: Sequence[csr_matrix], known: Ints, df: Ints, row: Ints, spread: int
    ) -> None:
        self._texts, self._turned = texts, turned
        self._known, self._df, self._row, self._spread = known, df, row, spread
        self._idf = _idf(df, len(row))
        self._rare = _idf(np.zeros(1, np.int32), len(row))[0]

    def __len__(self) -> int:
        return len(self._row)

    @classmethod
    def build(cls, texts: Sequence[str], rows: Sequence[int] | Ints) -> GramIndex:
        """The index of normalised texts and the row of each; as many of both."""
        row = np.asarray(rows, np.int32)
        if len(row) != len(texts):
            raise ValueError(f"{len(texts)} texts have {len(row)} rows: give one for each")
        if len(texts) > _BLOCK:  # texts that begin alike stand together, so that their sums do too
            order = np.argsort(np.array([text[:_START] for text in texts]), kind="stable")
            texts, row = [texts[at] for at in order.tolist()], row[order]
        cut = _cut(texts)
        often = np.bincount(cut.gram, minlength=_BUCKETS)
        known = np.flatnonzero(often).astype(np.int32)
        df = often[known].astype(np.int32)
        place = np.zeros(_BUCKETS, np.int32)
        place[known] = np.arange(len(known), dtype=np.int32)
        at = place[cut.gram]
        data = _weighed(cut, _idf(df, len(texts))[at])
        forward = csr_matrix((data, at, cut.indptr.astype(np.int32)), shape=(len(texts), len(known)))
        spread = int(np.bincount(row).max(initial=1)) if len(row) else 1
        turned = [forward[start : start + _BLOCK].T.tocsr() for start in range(0, len(texts), _BLOCK)]
        return cls(forward, turned, known, df, row, min(spread, _SPREAD))

    def _asked(self, texts: Sequence[str]) -> csr_matrix:
        """The texts as rows of weights; a gram that the index does not know counts in their length alone."""
        cut = _cut(texts)
        at = np.searchsorted(self._known, cut.gram).astype(np.int32)
        at[at == len(self._known)] = 0
        known = self._known[at] == cut.gram if len(self._known) else np.zeros(len(at), bool)
        weight = _weighed(cut, np.where(known, self._idf[at] if len(self._known) else 0, self._rare))
        text = np.repeat(np.arange(len(texts)), np.diff(cut.indptr))[known]
        indptr = np.searchsorted(text, np.arange(len(texts) + 1)).astype(np.int32)
        return csr_matrix((weight[known], at[known], indptr), shape=(len(texts), len(self._known)))

    def best(self, texts: Sequence[str], top: int, threads: int = 1, least: float = _LEAST) -> Hits:
        """The `top` rows most like each text, by the best of a row's texts; none with a cosine below `least`."""
        if not len(self) or not texts:
            return np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32)
        asked, want = self._asked(texts), top * self._spread + _EVEN
        if len(self._turned) == 1:
            found = sp_matmul_topn(asked, self._turned[0], top_n=want, threshold=least, n_threads=threads)
            return likest(_rows(found), self._row[found.indices], np.minimum(found.data, np.float32(1)), top)
        telling, more = _telling(asked), want * _WIDER
        parts = [
            sp_matmul_topn(telling, block, top_n=more, threshold=least / 2, n_threads=threads)
            for block in self._turned
        ]
        found = zip_sp_matmul_topn(top_n=more, C_mats=parts)
        query = _rows(found)
        cosine = np.minimum(_products(asked, query, self._texts, found.indices), np.float32(1))
        good = cosine >= least
        return likest(query[good], self._row[found.indices[good]], cosine[good], top)

    def cosines(self, left: Sequence[str], right: Sequence[str]) -> Floats:
        """The cosine of each text of the left with the one of the right in the same place."""
        at = np.arange(len(left), dtype=np.int32)
        return np.minimum(_products(self._asked(left), at, self._asked(right), at), np.float32(1))

    def save(self, folder: Path) -> None:
        """Writes the index as plain arrays that are mapped into memory when it is opened."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in self._arrays().items():
            np.save(folder / f"{name}.npy", array)
        about = {"version": _VERSION, "spread": self._spread}
        (folder / "index.json").write_text(json.dumps(about), encoding="utf-8")

    def _arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        found: dict[str, npt.NDArray[np.generic]] = {"known": self._known, "df": self._df, "row": self._row}
        for part in _PARTS:
            found[f"texts-{part}"] = getattr(self._texts, part)
            found[f"turned-{part}"] = np.concatenate(
                [np.zeros(0, getattr(self._texts, part).dtype), *(getattr(block, part) for block in self._turned)]
            )
        return found

    @classmethod
    def open(cls, folder: Path) -> GramIndex:
        """The index that was saved; it is read when and where it is asked. Raises `ValueError` for one of another
        version."""
        about = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        if about["version"] != _VERSION:
            raise ValueError(f"{folder} is an index of another version: build it again")
        known, df, row = (_mapped(folder / f"{name}.npy") for name in ("known", "df", "row"))
        indptr, indices, data = (_mapped(folder / f"texts-{part}.npy") for part in _PARTS)
        texts = _matrix(indptr, indices, data, (len(row), len(known)))
        indptr, indices, data = (_mapped(folder / f"turned-{part}.npy") for part in _PARTS)
        turned, at = [], 0
        for number, start in enumerate(range(0, len(row), _BLOCK)):
            begin = indptr[number * (len(known) + 1) :][: len(known) + 1]
            some = slice(at, at + int(begin[-1]))
            turned.append(_matrix(begin, indices[some], data[some], (len(known), min(_BLOCK, len(row) - start))))
            at = some.stop
        return cls(texts, turned, known, df, row, about["spread"])


def _mapped(path: Path) -> npt.NDArray[Any]:
    """An array in a file. The library that multiplies takes none that is read-only: a page that were written to would
    be a copy, and none is."""
    return np.asarray(np.load(path, mmap_mode="c"))


def _matrix(indptr: Ints, indices: Ints, data: Floats, shape: tuple[int, int]) -> csr_matrix:
    """A matrix of arrays that are right, which are neither checked nor copied."""
    matrix = csr_matrix(shape, dtype=np.float32)
    matrix.indptr, matrix.indices, matrix.data = indptr, indices, data
    return matrix


def _rows(matrix: csr_matrix) -> Ints:
    return np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))


def _telling(asked: csr_matrix) -> csr_matrix:
    """Of each row the weightiest grams: what is left out has a length of less than 0.3."""
    text = np.repeat(np.arange(asked.shape[0]), np.diff(asked.indptr))
    order = np.lexsort((asked.indices, -asked.data, text))
    square = asked.data[order].astype(np.float64) ** 2
    total = np.bincount(text, weights=square, minlength=asked.shape[0])
    behind = np.cumsum(total)[text] - (np.cumsum(square) - square)  # its own square and those after it in its row
    kept = np.zeros(len(order), bool)
    kept[order] = behind >= _LIKE**2
    indptr = np.concatenate((np.zeros(1, np.int64), np.cumsum(kept)))[asked.indptr]
    return csr_matrix((asked.data[kept], asked.indices[kept], indptr.astype(np.int32)), shape=asked.shape)


def _products(left: csr_matrix, left_at: Ints, right: csr_matrix, right_at: Ints) -> Floats:
    """The products of rows of two matrices, some at a time."""
    parts = [np.zeros(0, np.float32)]
    for start in range(0, len(left_at), _CHUNK):
        some = slice(start, start + _CHUNK)
        both = left[left_at[some]].multiply(right[right_at[some]])
        parts.append(np.asarray(both.sum(axis=1), np.float32).ravel())
    return np.concatenate(parts)
