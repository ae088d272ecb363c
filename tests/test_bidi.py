"""A name keeps its direction to itself, also where no element can hold it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from so2graph.vocab import visible
from so2graph.web.bidi import isolated
from tests.hostile import HOSTILE, NAMELESS, RIGHT_TO_LEFT

MARKS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
NAMES = st.text(alphabet=st.sampled_from("ab1 אבج" + MARKS), max_size=30)


@pytest.mark.parametrize("text", ["", "Buro Bries", "café – ‘x’ … €", "👩‍👩‍👧", "Łódź"])
def test_other_names_stay_as_they_are(text: str) -> None:
    assert isolated(text) == text


@pytest.mark.parametrize("key", [*RIGHT_TO_LEFT, "closing"])
def test_a_name_that_turns_is_enclosed(key: str) -> None:
    """It begins with FIRST STRONG ISOLATE and ends with the mark that ends it; its letters are all there."""
    found = isolated(HOSTILE[key])
    assert (found[0], found[-1]) == ("\u2068", "\u2069")
    assert [c for c in found if c not in MARKS] == [c for c in HOSTILE[key] if c not in MARKS]


@given(NAMES)
def test_what_stands_after_it_is_outside(name: str) -> None:
    """Whatever marks a name opens or closes, each is balanced within it (UAX 9, BD9 and BD11)."""
    found = isolated(name)
    if found == name:
        assert not set(name) & set(MARKS)
        return
    open_: list[str] = []
    for at, char in enumerate(found):
        assert open_ or at == 0, "the outermost mark is the first and ends with the last"
        if char in "\u2066\u2067\u2068":
            open_.append("\u2069")
        elif char in "\u202a\u202b\u202d\u202e":
            open_.append("\u202c")
        elif char == "\u2069":
            while open_.pop() != "\u2069":
                pass
        elif char == "\u202c":
            assert open_.pop() == "\u202c"
    assert open_ == []


def test_what_can_be_seen() -> None:
    """Blanks, control characters and marks alone are nothing to see."""
    assert [key for key, text in HOSTILE.items() if not visible(text)] == [key for key in NAMELESS if key in HOSTILE]
    assert not visible("\u200b\u202e\x00\ufeff \u3000")
    assert visible(".")
    assert visible("👍")
