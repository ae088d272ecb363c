"""Counts of words and values over Arrow are those that counting one by one gives."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from so2graph.link.likeness import words_of
from so2graph.link.record import Record
from so2graph.link.spec import Field, Kind, Spec
from so2graph.link.tables import records_table
from so2graph.link.terms import frequencies_of, terms_of

SPEC = Spec("words", (Field("title", Kind.TEXT), Field("city", Kind.PLACE)))
TEXTS = st.lists(st.text("aéß'’ _-.,1\té B\n", max_size=9), max_size=3)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=6), st.lists(st.tuples(TEXTS, TEXTS), max_size=6))
def test_words_and_values_are_counted_as_one_by_one(
    left: list[tuple[list[str], list[str]]], right: list[tuple[list[str], list[str]]]
) -> None:
    """A word counts once a record, a value too; what occurs once is not kept, and totals are of all."""
    tables = [
        records_table(
            [Record(f"{n}", (), {"title": tuple(titles), "city": tuple(c)}) for n, (titles, c) in enumerate(rows)],
            SPEC,
        )
        for rows in (left, right)
    ]
    words = Counter(
        word
        for titles, _ in left + right
        for word in {word for text in titles for word in words_of(text.partition("\t")[0])}
    )
    cities = Counter(text for _, values in left + right for text in set(values) if text)
    found, often = terms_of(tables[0], tables[1], SPEC)["title"], frequencies_of(tables[0], tables[1], SPEC)["city"]
    assert found.counts == {word: count for word, count in words.items() if count > 1}
    assert found.total == sum(bool(titles) for titles, _ in left + right)
    assert often.counts == {text: count for text, count in cities.items() if count > 1}
    assert often.total == cities.total()
