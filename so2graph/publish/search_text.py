"""Compares what somebody types with names: folding, Dutch and English word forms, typing errors; without I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from rapidfuzz.distance import OSA, Prefix

__all__ = [
    "Part",
    "Query",
    "Scorer",
    "Word",
    "folded",
    "grams",
    "likeness",
    "marked",
    "near_words",
    "score",
    "stem",
    "words",
]

MOST_WORDS = 12
"""Words of a query that are looked at."""
_LONGEST = 60
"""Letters of a word that are compared."""
_MARKS = "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670"
_WORD = re.compile(
    rf"(?<![^\W_])[^\W\d_](?:\.[^\W\d_](?![^\W_]))+\.?"  # initials: B.V., v.o.f.
    rf"|[^\W_](?:[^\W_]|[{_MARKS}])*"
    r"|[&+]"
)
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"})
_SAME = {
    "and": "en",
    "&": "en",
    "+": "en",
    "st": "sint",
    "saint": "sint",
    "nl": "nederland",
    "netherlands": "nederland",
    "gem": "gemeente",
    "bureau": "buro",
    "prov": "provincie",
}
"""Other ways to write a word."""
_SMALL = "de het een van voor in op en te der den des bij aan met om s t the of for a an to at on"
_LEGAL = "bv nv vof cv ua ba stichting vereniging cooperatie inc ltd llc gmbh plc foundation association"
_LIGHT = frozenset((*_SMALL.split(" "), *_LEGAL.split(" ")))
"""Words that say little: articles, small words and legal forms, which people leave out."""
_LIGHT_WEIGHT = 0.15
_DOUBLE = re.compile(r"([aeou])\1")
_NO_END = re.compile(r"ss$|[iuy]s$(?<!ies)|ie$")
"""Where the last letter belongs to the word: huis, pass, actie."""
_ENDS = (("ieen", "ie"), ("heden", "heid"), ("ingen", "ing"), ("en", ""), ("s", ""), ("e", ""))
_GOOD, _FAIR = 0.6, 0.4


@dataclass(frozen=True)
class Word:
    """A word in a text: where it stands (code points), and its folded form."""

    start: int
    end: int
    folded: str


@dataclass(frozen=True)
class Part:
    """A piece of a text that is shown; `hit` says whether it is what was looked for."""

    text: str
    hit: bool = False


@lru_cache(200_000)
def _fold_word(text: str) -> str:
    """Without capitals, accents and ligatures; another way to write it becomes the usual one."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c) and c != ".")
    plain = plain.translate(_LETTERS)[:_LONGEST]
    return _SAME.get(plain, plain)


def words(text: str) -> list[Word]:
    """The words of a text; where it has none (signs, pictures), what stands between its blanks."""
    found = [Word(m.start(), m.end(), _fold_word(m.group())) for m in _WORD.finditer(text)]
    found = [word for word in found if word.folded]
    if any(text[word.start] not in "&+" for word in found):
        return found
    return [Word(m.start(), m.end(), _fold_word(m.group()) or m.group()) for m in re.finditer(r"\S+", text)]


def folded(text: str) -> str:
    """The folded words of a text with a blank between them: how a name is kept and compared."""
    return " ".join(word.folded for word in words(text))


@lru_cache(200_000)
def stem(word: str) -> str:
    """What forms of a folded word have in common: kerngroepen and kerngroep, sociale and sociaal, companies, company.

    Dutch first: plural and adjective endings, v and z for f and s, long vowels; light on purpose, since names are
    not sentences.
    """
    if len(word) < 4 or not word.isalpha():
        return word
    text = word.replace("ij", "y")
    text = f"{text[:-1]}ie" if text.endswith("y") and len(text) > 4 and text[-2] not in "aeiouby" else text
    for end, instead in _ENDS:
        if text.endswith(end) and len(text) - len(end) >= 3 and not _NO_END.search(text):
            text = text.removesuffix(end) + instead
            break
    text = _DOUBLE.sub(r"\1", text)
    if text[-1] in "vz":
        text = text[:-1] + {"v": "f", "z": "s"}[text[-1]]
    return text[:-1] if len(text) > 3 and text[-1] == text[-2] else text


def grams(word: str, whole: bool = True) -> set[str]:
    """The trigrams of a folded word, with two blanks before it and one behind it where it is `whole`."""
    padded = f"  {word} " if whole else f"  {word}"
    return {padded[i : i + 3] for i in range(len(padded) - 2)}


def _weight(word: str) -> float:
    if word.isdigit():
        return 6.0
    return _LIGHT_WEIGHT if word in _LIGHT else float(min(len(word), 8))


@dataclass(frozen=True)
class Query:
    """What somebody types."""

    text: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(word.folded for word in words(self.text)))[:MOST_WORDS]

    @cached_property
    def folded(self) -> str:
        return folded(self.text)

    @cached_property
    def open(self) -> bool:
        """Whether the last word may be the beginning of one: nothing was typed after it."""
        return not self.text[-1:].isspace()

    @cached_property
    def grams(self) -> set[str]:
        return set().union(*(grams(word, whole=False) for word in self.words))


def likeness(asked: str, named: str) -> float:
    """How much a word of a query is like a word of a name, 0 to 1; both folded."""
    if asked == named:
        return 1.0
    form, other = stem(asked), stem(named)
    if form == other:
        return 0.96
    if named.startswith(asked):
        return 0.8 + 0.15 * len(asked) / len(named)
    found = _compounded(form, other)
    # A number with another digit is another number.
    allowed = 0 if len(asked) < 4 or not asked.isalpha() else 1 if len(asked) < 8 else 2
    if allowed and len(named) >= 4:
        errors = OSA.distance(asked, named, score_cutoff=allowed)
        if min(len(form), len(other)) >= 4:
            errors = min(errors, OSA.distance(form, other, score_cutoff=allowed))
        if errors <= allowed and (asked[0] == named[0] or (errors == 1 and len(asked) > 4)):
            found = max(found, 0.98 - 0.13 * errors)
        elif len(asked) >= 5 and OSA.distance(asked, named[: len(asked)], score_cutoff=1) == 1:
            found = max(found, 0.7)
    return found


def _compounded(form: str, other: str) -> float:
    """One word within another (groep, kerngroep), or a long beginning in common; both stems."""
    if len(form) >= 4 and form in other:
        return 0.72 + 0.15 * len(form) / len(other)
    # The last part of a Dutch compound says what it is: a kerngroep is a groep, and no kern.
    if len(other) >= (4 if form.endswith(other) else 6) and other in form:
        return 0.58 + 0.25 * len(other) / len(form)
    shared = Prefix.similarity(form, other)
    return 0.65 if shared >= 6 and shared >= 0.7 * max(len(form), len(other)) else 0.0


class Scorer:
    """Scores names against one query; words that come again are compared once."""

    def __init__(self, query: Query) -> None:
        self.query = query
        self._joined = "".join(query.words)
        self._weights = [_weight(word) for word in query.words]
        self._total = sum(self._weights) or 1.0
        self._known: dict[str, tuple[float, ...]] = {}

    def of(self, name: str) -> float:
        """0 to 1 for a folded name; 1 is the same name."""
        if name == self.query.folded:
            return 1.0
        parts = name.split(" ")
        likes = [self._likes(part) for part in parts]
        asked = range(len(self._weights))
        best = [max(like[i] for like in likes) for i in asked]
        said = sum(w * b for w, b in zip(self._weights, best, strict=True)) / self._total
        said = max(said, self._as_one(name))
        weights = [_weight(part) for part in parts]
        covered = sum(w for w, like in zip(weights, likes, strict=True) if max(like) >= _GOOD) / sum(weights)
        return said * (0.84 + 0.15 * covered)

    def _likes(self, part: str) -> tuple[float, ...]:
        found = self._known.get(part)
        if found is None:
            found = self._known[part] = tuple(likeness(word, part) for word in self.query.words)
        return found

    def _as_one(self, name: str) -> float:
        """The likeness where blanks are left out of both: kern groep and kerngroep."""
        joined, mine = name.replace(" ", ""), self._joined
        if len(mine) < 5:
            return 0.0
        if mine in joined:
            return 0.8 + 0.18 * len(mine) / len(joined)
        return 0.8 if OSA.distance(mine, joined, score_cutoff=1) <= 1 else 0.0


def score(query: str, name: str) -> float:
    """How well a name fits a query, 0 to 1."""
    return Scorer(Query(query)).of(folded(name))


def marked(query: Query, text: str) -> tuple[Part, ...]:
    """The text in pieces, of which those are hits that the query asks for; their texts make up the whole."""
    parts: list[Part] = []
    done = 0
    for word in words(text):
        span = _span(query.words, word)
        if span is None:
            continue
        if span[0] > done:
            parts.append(Part(text[done : span[0]]))
        parts.append(Part(text[span[0] : span[1]], hit=True))
        done = span[1]
    return (*parts, Part(text[done:])) if text[done:] else tuple(parts)


def _span(asked: Sequence[str], word: Word) -> tuple[int, int] | None:
    """Where a word of a text is what was asked for: the part that was typed, or all of it; None where it is not."""
    same_length = len(word.folded) == word.end - word.start
    for one in asked:
        if same_length and len(one) >= 2 and (at := word.folded.find(one)) >= 0 and (at == 0 or len(one) >= 4):
            return word.start + at, word.start + at + len(one)
    if any(_is_hit(one, word.folded) for one in asked):
        return word.start, word.end
    return None


def _is_hit(asked: str, named: str) -> bool:
    return asked == named or (asked not in _LIGHT and likeness(asked, named) >= _GOOD)


def near_words(query: Query, names: Iterable[str], most: int = 5) -> list[str]:
    """Words of folded names that are near to a word of the query, the nearest first."""
    found: dict[str, float] = {}
    for name in names:
        for part in name.split(" "):
            if part in _LIGHT or len(part) < 3:
                continue
            for word in query.words:
                like = max(likeness(word, part), OSA.normalized_similarity(word, part))
                if like >= 0.5 and part not in query.words:
                    found[part] = max(found.get(part, 0.0), like)
    return sorted(found, key=lambda part: (-round(found[part], 3), part))[:most]
