"""The likest texts are found by three-letter grams, in memory and in a file, a few and many."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from so2graph.link import grams
from so2graph.link.grams import GramIndex, Hits

_NAMES = ("assen", "groningen", "leeuwarden", "buro bries", "drentse zaak", "assen voor assen", "assen", "")


def _triples(hits: Hits) -> list[tuple[int, int, float]]:
    return [(int(query), int(row), round(float(cosine), 4)) for query, row, cosine in zip(*hits, strict=True)]


def _by_hand(texts: list[str], query: str) -> list[float]:
    """The cosines as the definition says: 1 + log tf, and log((1 + n) / (1 + df)) + 1."""
    counts = [Counter(f" {text} "[i : i + 3] for i in range(len(text))) for text in texts]
    df = Counter(gram for each in counts for gram in each)

    def vector(count: Counter[str]) -> dict[str, float]:
        found = {g: (1 + math.log(n)) * (math.log((1 + len(texts)) / (1 + df[g])) + 1) for g, n in count.items()}
        length = math.sqrt(sum(value * value for value in found.values())) or 1.0
        return {gram: value / length for gram, value in found.items()}

    asked = vector(Counter(f" {query} "[i : i + 3] for i in range(len(query))))
    return [sum(value * asked.get(gram, 0) for gram, value in vector(count).items()) for count in counts]


def test_the_likest_come_first_and_the_same_is_one() -> None:
    """Each text finds itself with a cosine of 1, rows that are alike by their number, no more than were asked for."""
    index = GramIndex.build(_NAMES, range(len(_NAMES)))
    hits = _triples(index.best(["assen", "leeuwaarden", "xyz", ""], 2))
    assert hits[:2] == [(0, 0, 1.0), (0, 6, 1.0)]
    assert [(query, row) for query, row, _ in hits[2:]] == [(1, 2)]
    assert 0.5 < hits[2][2] < 1


def test_the_cosine_is_that_of_the_definition() -> None:
    """The cosine of a text with all of the index, counted by hand from its definition."""
    texts = ["buro bries", "buro bakker", "bries en bries", "drentse zaak", "brieslab"]
    index = GramIndex.build(texts, range(len(texts)))
    for query in ("buro bries", "bries", "buro briesje", "zaak"):
        query_, row, cosine = index.best([query], 10, least=0.0001)
        expected = _by_hand(texts, query)
        assert set(query_.tolist()) == {0}
        assert sorted(row.tolist()) == [at for at, value in enumerate(expected) if value > 0]
        assert cosine == pytest.approx([expected[at] for at in row], abs=1e-5)
        assert index.cosines([query] * len(texts), texts) == pytest.approx(expected, abs=1e-5)


def test_of_a_row_with_several_texts_the_likest_counts() -> None:
    """A row is found once, by the best of its texts, and does not push out others."""
    texts = ["samenwerkingsverband noord nederland", "snn", "snn groningen", "noord nederland", "snn assen"]
    index = GramIndex.build(texts, [7, 7, 7, 3, 3])
    assert _triples(index.best(["snn"], 2)) == [(0, 7, 1.0), (0, 3, pytest.approx(0.37, abs=0.2))]


def test_an_index_of_nothing_finds_nothing() -> None:
    """No texts in the index, none asked, and texts without a gram are no errors."""
    empty = GramIndex.build([], [])
    assert len(empty) == 0
    assert [len(part) for part in empty.best(["assen"], 5)] == [0, 0, 0]
    index = GramIndex.build(["", "a"], [0, 1])
    assert [len(part) for part in index.best([], 5)] == [0, 0, 0]
    assert _triples(index.best(["", "a"], 5)) == [(1, 1, 1.0)]
    assert index.cosines([], []).tolist() == []


def test_texts_and_rows_go_together() -> None:
    """A text without a row is refused."""
    with pytest.raises(ValueError, match="2 texts have 1 rows"):
        GramIndex.build(["a", "b"], [0])


@pytest.mark.parametrize("size", [0, 1, 300])
def test_a_saved_index_is_the_same(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was saved and opened answers as what was built; nothing is written when it is asked."""
    monkeypatch.setattr(grams, "_BLOCK", 64)
    texts = [f"{name} {number % 17}" for number, name in zip(range(size), _NAMES * 40, strict=False)]
    index = GramIndex.build(texts, range(size))
    index.save(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    again = GramIndex.open(tmp_path)
    asked = [*texts[:20], "nergens", "leeuwaarden"]
    for mine, other in zip(index.best(asked, 5), again.best(asked, 5), strict=True):
        assert mine.tolist() == other.tolist()
    assert again.cosines(asked, asked).tolist() == index.cosines(asked, asked).tolist()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_index_of_another_version_is_refused(tmp_path: Path) -> None:
    """An index that another version wrote says that it must be built again."""
    GramIndex.build(["assen"], [0]).save(tmp_path)
    about = tmp_path / "index.json"
    about.write_text(about.read_text().replace(f'"version": {grams._VERSION}', '"version": 0'))
    with pytest.raises(ValueError, match="build it again"):
        GramIndex.open(tmp_path)


def test_threads_and_blocks_change_nothing_that_is_like(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long index looks at telling grams first: what has a cosine of 0.6 is found as in a short one, by any number
    of threads."""
    texts = [f"{first} {second} {number}" for number in range(12) for first in _NAMES[:6] for second in _NAMES[:6]]
    asked = [text.replace("e", "ee", 1) for text in texts[::7]]
    short = _triples(GramIndex.build(texts, range(len(texts))).best(asked, 10))
    monkeypatch.setattr(grams, "_BLOCK", 50)
    long = GramIndex.build(texts, range(len(texts)))
    found = _triples(long.best(asked, 10))
    assert found == _triples(long.best(asked, 10, threads=2))
    likest = {(query, cosine) for query, _, cosine in short if cosine > 0.6}
    assert likest <= {(query, cosine) for query, _, cosine in found}


@example_settings(max_examples=60)
@given(st.lists(st.text(max_size=12), max_size=12), st.lists(st.text(max_size=12), max_size=5))
def test_any_texts_can_be_indexed(texts: list[str], asked: list[str]) -> None:
    """No text of any script makes an index fail; a text of letters finds itself, or one that is as like."""
    index = GramIndex.build(texts, range(len(texts)))
    query, row, cosine = index.best([*asked, *texts], 20)
    assert cosine.tolist() == np.clip(cosine, 0, 1).tolist()
    own = {(int(q) - len(asked), int(r)): float(c) for q, r, c in zip(query, row, cosine, strict=True)}
    for at, text in enumerate(texts):
        if text:
            assert own[at, at] == pytest.approx(1, abs=1e-5)


def test_grams_of_a_long_list_are_cut_as_those_of_a_short_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts are cut some at a time; where one part ends changes nothing."""
    texts = [f"{name} {number}" for number, name in enumerate(_NAMES * 5)]
    whole = grams._cut(texts)
    monkeypatch.setattr(grams, "_CHUNK", 7)
    parts = grams._cut(texts)
    assert whole.indptr.tolist() == parts.indptr.tolist()
    assert whole.gram.tolist() == parts.gram.tolist()
    assert whole.count.tolist() == parts.count.tolist()
