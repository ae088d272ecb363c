"""What is asked of a matcher (a service, a dataset) and what it answers, as plain values that can be kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, cast

__all__ = ["Answer", "Found", "Matcher", "Question", "Values", "Verdict", "from_query_answer", "judged"]


@dataclass(frozen=True)
class Question:
    """One query: a name, the type that is looked for, and values of properties (identifier, value)."""

    name: str
    type: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    limit: int = 5

    @property
    def text(self) -> str:
        """The question as canonical JSON: the same text is the same question."""
        return json.dumps([self.name, self.type, self.properties, self.limit], ensure_ascii=False)

    def query(self) -> dict[str, object]:
        """The question as the API 0.2 writes it (4.1)."""
        made: dict[str, object] = {"query": self.name, "limit": self.limit}
        if self.type:
            made |= {"type": self.type, "type_strict": "should"}
        if self.properties:
            made["properties"] = [{"pid": pid, "v": value} for pid, value in self.properties]
        return made


@dataclass(frozen=True)
class Found:
    """A candidate. `match` is what the matcher itself makes of it; `types` are names, or identifiers without one, and
    `kinds` the identifiers of the same."""

    id: str
    name: str
    score: float = 0.0
    match: bool = False
    types: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """The candidates, the best first; or why there is no answer (`refused`), which is no answer of nothing."""

    candidates: tuple[Found, ...] = ()
    refused: str = ""

    def written(self) -> str:
        """The answer as JSON."""
        rows = [[each.id, each.name, each.score, each.match, each.types, each.kinds] for each in self.candidates]
        return json.dumps([rows, self.refused], ensure_ascii=False)

    @classmethod
    def read(cls, text: str) -> Answer:
        """What `written` wrote, also before it kept `kinds`."""
        rows, refused = json.loads(text)
        return cls(tuple(Found(*row[:4], *map(tuple, row[4:])) for row in rows), refused)


@dataclass(frozen=True)
class Values:
    """Values of properties: names of the columns by property, and texts by thing and property."""

    names: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)


class Matcher(Protocol):
    """Answers questions. `identity` names what answers, so that answers of another are never taken for its own."""

    @property
    def identity(self) -> str: ...

    @property
    def batch(self) -> int:
        """How many questions it takes at a time."""

    def answers(self, questions: Sequence[Question]) -> Sequence[Answer]:
        """An answer for each question, in their order."""

    def values(self, ids: Sequence[str], properties: Sequence[str]) -> Values:
        """Values of properties of things."""


@dataclass(frozen=True)
class Verdict:
    """What an answer comes to: `matched`, `unclear` (a person has to look), `none`, or `refused`."""

    kind: str
    best: Found | None = None
    review: str = ""


def judged(answer: Answer, threshold: float | None = None) -> Verdict:
    """The verdict on an answer.

    Without a threshold, the first candidate matches where the matcher says so and says it of no other; with one,
    where its score is that high and no other has it.
    """
    if answer.refused:
        return Verdict("refused", review=f"no answer: {answer.refused}")
    if not answer.candidates:
        return Verdict("none")
    best, others = answer.candidates[0], answer.candidates[1:]
    if threshold is None:
        certain = best.match and not any(each.match for each in others)
    else:
        certain = best.score >= threshold and not any(each.score >= best.score for each in others)
    if certain:
        return Verdict("matched", best)
    listed = " | ".join(f"{each.name} ({each.id}) {each.score:g}" for each in answer.candidates[:3])
    return Verdict("unclear", best, f"unclear: {listed}")


def from_query_answer(rows: object) -> Answer | None:
    """An answer from the array of candidates that a service gave (0.2, 4.2); None where it is no such array."""
    if not isinstance(rows, list):
        return None
    found = []
    for row in rows:
        if not isinstance(row, Mapping) or not isinstance(row.get("id"), str) or not row["id"]:
            return None
        score, kinds = row.get("score"), row.get("type")
        listed = cast(list[object], kinds) if isinstance(kinds, list) else []
        number = float(score) if isinstance(score, int | float) and not isinstance(score, bool) else 0.0
        name, match = str(row.get("name") or row["id"]), row.get("match") is True
        types = tuple(_of_type(each, "name", "id") for each in listed)
        ids = tuple(_of_type(each, "id", "name") for each in listed)
        found.append(Found(row["id"], name, number, match, types, ids))
    return Answer(tuple(sorted(found, key=lambda each: -each.score)))


def _of_type(given: object, first: str, second: str) -> str:
    """What a type says of itself: an object with both, or a text alone."""
    if isinstance(given, Mapping):
        return str(given.get(first) or given.get(second) or "")
    return str(given)
