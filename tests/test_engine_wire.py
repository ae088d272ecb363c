"""What crosses the border between processes comes out as it went in."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from so2graph.engine.faults import from_row, to_row
from so2graph.engine.wire import DATA, END, ERROR, KIND, Frames, Question, frame, message
from so2graph.errors import CheckFailed, EngineFault, Fault, So2Error, leaves

_KINDS = st.sampled_from([KIND, DATA, END, ERROR])
_BODIES = st.one_of(st.binary(max_size=30), st.binary(min_size=250, max_size=600))
_FRAMES = st.lists(st.tuples(_KINDS, _BODIES), max_size=8)
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def _feed(frames: Frames, data: bytes, at: list[int]) -> list[tuple[bytes, bytes]]:
    places = [0, *sorted(place % (len(data) + 1) for place in at), len(data)]
    return [found for start, end in pairwise(places) for found in frames.feed(data[start:end])]


@example_settings(max_examples=80, deadline=None)
@given(sent=_FRAMES, at=st.lists(st.integers(0, 5000), max_size=30))
@example(sent=[(DATA, b""), (END, b"")], at=list(range(10)))
@example(sent=[(DATA, frame(DATA, b"x")), (DATA, b"\x00" * 300)], at=list(range(330)))
def test_frames_come_out_as_they_went_in(sent: list[tuple[bytes, bytes]], at: list[int]) -> None:
    """Each once and in order, wherever the bytes are cut; the object is good for more after that."""
    data = b"".join(frame(kind, body) for kind, body in sent)
    frames = Frames()
    assert _feed(frames, data, at) == sent
    assert _feed(frames, data, at[:3]) == sent


@example_settings(max_examples=40, deadline=None)
@given(sent=_FRAMES, last=_BODIES, cut=st.integers(0, 5000))
def test_a_frame_that_breaks_off_is_none(sent: list[tuple[bytes, bytes]], last: bytes, cut: int) -> None:
    """What is whole is given at once, the rest when it is there."""
    frames, end = Frames(), frame(END, last)
    at = cut % len(end)
    data = b"".join(frame(kind, body) for kind, body in sent)
    assert list(frames.feed(data + end[:at])) == sent
    assert list(frames.feed(end[at:])) == [(END, last)]


_GRAPHS = st.lists(_TEXT, max_size=3).map(tuple)
_QUESTIONS = st.builds(
    Question,
    id=_TEXT,
    task=st.sampled_from(["query", "graph"]),
    text=_TEXT,
    hidden=_GRAPHS,
    deadline=st.floats(0.001, 1e6),
    default=_GRAPHS,
    named=_GRAPHS,
    solutions=st.none() | st.sampled_from(["json", "page"]),
    boolean=st.none() | st.sampled_from(["json", "page"]),
    graph=st.none() | st.just("turtle"),
    page_rows=st.integers(0, 10**6),
)


@example_settings(max_examples=50, deadline=None)
@given(question=_QUESTIONS, at=st.lists(st.integers(0, 5000), max_size=4))
def test_a_question_is_asked_as_it_was_meant(question: Question, at: list[int]) -> None:
    """Every field, through the frame that carries it."""
    ((kind, body),) = _feed(Frames(), question.encode(), at)
    assert kind == KIND
    assert Question.decode(body) == question


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null"])
def test_a_message_is_an_object(body: bytes) -> None:
    """Other JSON is a fault of the reader, not of who asks."""
    assert message(b'{"pid": 1}') == {"pid": 1}
    with pytest.raises(EngineFault):
        message(body)


LEAVES = list(leaves())


def _cross(error: So2Error) -> So2Error:
    """The error on the other side: as a row of JSON and back."""
    return from_row(json.loads(json.dumps(to_row(error))))


@pytest.mark.parametrize(
    "leaf", [leaf for leaf in LEAVES if leaf is not CheckFailed], ids=lambda leaf: str(leaf.__name__)
)
def test_an_error_is_the_same_on_the_other_side(leaf: type[So2Error]) -> None:
    """Its class, with status and exit code, its text, what to do, and its members."""
    members = {"line": 3, "near": ["é", "b"], "elapsed": 0.5, "holder": None}
    error = leaf("what\nwent 'wrong'", mend="mend it", **members)
    found = _cross(error)
    assert type(found) is leaf
    assert (str(found), found.mend, found.members) == (str(error), "mend it", members)
    with pytest.raises(leaf, match="went"):
        raise found
    bare = _cross(leaf(""))
    assert (type(bare), str(bare), bare.mend, bare.members) == (leaf, "", "", {})


def test_an_error_with_faults_keeps_their_text() -> None:
    """A dataset that fails its checks says what is wrong there too."""
    error = CheckFailed((Fault("check", "here", "this", "that"),))
    found = _cross(error)
    assert type(found) is CheckFailed
    assert (str(found), found.mend, found.members) == (str(error), error.mend, {})


def test_slugs_tell_the_errors_apart() -> None:
    """Each has one of its own, and none that of the root."""
    assert len({So2Error.slug} | {leaf.slug for leaf in LEAVES}) == len(LEAVES) + 1


@pytest.mark.parametrize(
    "row", [{"slug": "of-the-future", "what": "x"}, {"what": "x"}, {"slug": "error", "what": "x"}]
)
def test_an_error_that_is_not_known_is_a_fault_of_the_engine(row: dict[str, object]) -> None:
    """From a process of another version, say."""
    found = from_row(row)
    assert (type(found), str(found), found.mend, found.members) == (EngineFault, "x", "", {})
