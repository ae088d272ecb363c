"""How alike two names or texts are: by the words they share, rare ones the more, and by their letters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from math import log

from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.fuzz import ratio

__all__ = ["LIKENESS", "NO_TERMS", "UNKNOWN", "Phrase", "Terms", "likeness", "phrase", "shared_mass", "words_of"]

UNKNOWN = -1
"""The level where a side says nothing."""

LIKENESS = ("different", "faint", "partly", "contained", "similar", "nearly", "same")
"""The names of the levels."""

_PARTLY, _CONTAINED, _SIMILAR = map(LIKENESS.index, ("partly", "contained", "similar"))
_LIKE_LETTERS = 0.85
_CONTRADICTED = 0.8
"""What is left of a likeness when numbers in it differ: another part, another model."""


@dataclass(frozen=True)
class Terms:
    """How often each word, or each whole value, occurs among `total`; one that is not counted occurs once."""

    counts: Mapping[str, int] = field(default_factory=dict)
    total: int = 0

    def frequency(self, term: str) -> float:
        """The share that the term has of all."""
        return self.counts.get(term, 1) / max(self.total, 1)

    @cached_property
    def collision(self) -> float:
        """How probable it is that two have the same by chance: the mean frequency of what is met."""
        often = sum(self.counts.values())
        squares = sum(count * count for count in self.counts.values()) + max(self.total - often, 0)
        return squares / max(self.total, 1) ** 2

    def mass(self, word: str) -> float:
        """What it says that two values share the word: rare words say more. All words say the same of no values."""
        return log(1 + self.total / self.counts.get(word, 1)) ** 2 if self.total else 1.0


NO_TERMS = Terms()
_ROMAN = frozenset(("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"))


@dataclass(frozen=True)
class Phrase:
    """A value as its words, with what each says; of a name also its legal form, kind of body and acronym."""

    text: str
    words: tuple[str, ...]
    mass: Mapping[str, float]
    total: float
    form: str = ""
    body: str = ""
    acronym: str = ""


@lru_cache(maxsize=200_000)
def words_of(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[^\W_]+", text.casefold().replace("'", "").replace("’", "")))


def phrase(text: str, terms: Terms) -> Phrase:
    core, form, body, acronym, *_ = (*text.split("\t"), "", "", "")
    words = words_of(core)
    mass = {word: terms.mass(word) for word in words}
    return Phrase(" ".join(words), words, mass, sum(mass[word] for word in words), form, body, acronym)


@lru_cache(maxsize=200_000)
def _numbered(word: str) -> bool:
    """Whether it counts: it has a digit, or is a Roman number of a part or a volume."""
    return any(map(str.isdigit, word)) or word in _ROMAN


@lru_cache(maxsize=500_000)
def _alike(one: str, other: str) -> float:
    """How alike two different words are, from 0; words with digits are alike when they are the same only."""
    if _numbered(one) or _numbered(other):
        return 0.0
    short, long = sorted((one, other), key=len)
    if len(short) >= 2 and long.startswith(short):
        return 0.9 if len(short) >= 4 else 0.75
    if len(short) == 1:
        return 0.6 if long.startswith(short) else 0.0
    if len(short) < 4:
        return 0.0
    value = max(float(OSA.normalized_similarity(one, other)), float(JaroWinkler.similarity(one, other)) - 0.08)
    return value if value >= 0.8 else 0.0


def _joined(rest: list[str], others: list[str], words: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Words of `rest` that `others` write as two: (word, first part, second part)."""
    found = []
    for first, second in pairwise(words):
        if first + second in rest and first in others and second in others:
            rest.remove(first + second)
            others.remove(first)
            others.remove(second)
            found.append((first + second, first, second))
    return found


def shared_mass(left: Phrase, right: Phrase) -> tuple[float, float, bool]:
    """The mass of the words that both share, on the left and on the right; and whether their numbers contradict."""
    rest, others = list(left.words), list(right.words)
    mine = yours = 0.0
    for word in left.words:
        if word in others:
            rest.remove(word)
            others.remove(word)
            mine += left.mass[word]
            yours += right.mass[word]
    if not rest or not others:
        return mine, yours, False
    for word, first, second in _joined(rest, others, right.words):
        mine += left.mass[word]
        yours += right.mass[first] + right.mass[second]
    for word, first, second in _joined(others, rest, left.words):
        yours += right.mass[word]
        mine += left.mass[first] + left.mass[second]
    pairs = sorted(
        (
            (value, one, other)
            for one in set(rest)
            for other in set(others)
            if (one[0] == other[0] or one[-1] == other[-1]) and (value := _alike(one, other))
        ),
        key=lambda row: (-row[0], row[1], row[2]),
    )
    for value, one, other in pairs:
        if one in rest and other in others:
            rest.remove(one)
            others.remove(other)
            mine += value * left.mass[one]
            yours += value * right.mass[other]
    return mine, yours, any(map(_numbered, rest)) and any(map(_numbered, others))


def _initials(name: Phrase) -> str:
    return "".join(word[0] for word in name.words) if len(name.words) > 2 else ""


def likeness(left: Phrase, right: Phrase) -> int:
    """The level of two names or texts; a municipality is no province, and an association no foundation."""
    level = _alike_by_words(left, right)
    if level < _CONTAINED:
        short = {left.acronym, left.text, _initials(left)} & {right.acronym, right.text, _initials(right)} - {""}
        if short & {left.acronym, left.text, right.acronym, right.text}:
            level = _CONTAINED
    if left.body and right.body and left.body != right.body:
        return min(level, _PARTLY)
    if left.form and right.form and left.form != right.form:
        return min(level, _SIMILAR)
    return level


def _alike_by_words(left: Phrase, right: Phrase) -> int:
    """The level of two phrases: by the words they share, weighed by rarity, or by their letters."""
    if not left.words or not right.words:
        return UNKNOWN
    if left.text == right.text:
        return 6
    if sorted(left.words) == sorted(right.words):
        return 5
    mine, yours, contradict = shared_mass(left, right)
    value = (mine + yours) / (left.total + right.total)
    if contradict:
        value *= _CONTRADICTED
    else:
        letters = ratio(left.text.replace(" ", ""), right.text.replace(" ", "")) / 100
        if letters == 1:
            return 6
        value = max(value, letters if letters >= _LIKE_LETTERS else 0.0)
    if value >= 0.8:
        return 5 if value >= 0.92 and not contradict else 4
    within = max(mine / left.total, yours / right.total)
    if value >= 0.65 or (within >= 0.9 and not contradict):
        return 3
    return 2 if value >= 0.45 else 1 if value >= 0.25 else 0
