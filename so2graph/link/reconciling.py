"""Answers questions of reconciliation: which things a name and some values may mean, and how sure that is; no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from so2graph.link.dutch import NameForms, forms_agree, unpacked
from so2graph.link.features import LEVELS, Terms, compare
from so2graph.link.forms import name_form
from so2graph.link.model import Model, probability
from so2graph.link.reconcile_index import plain
from so2graph.link.reconcile_read import Name
from so2graph.link.slugs import Step
from so2graph.link.spec import Field, Kind, Spec

__all__ = ["Asked", "Candidate", "Condition", "Feature", "Held", "Known", "Value", "judge", "kind_of"]

NAME, _FIELDS = "name", tuple(f"value{n}" for n in range(100))
"""The fields of the specification of a question: the name, and the values of its conditions."""
_MENTION = 1
"""Levels that a name counts less that is only a mention of the thing."""
_SPREAD = 6.0
"""Points of the score within which names of the same level are told apart by their letters."""
_BUT_BRACKETS = 0.5
"""How like a name is that is the very one but for what stands in brackets."""
_ELSEWHERE = 0.6
"""The part of its score that a thing keeps which is of none of the types asked, where it is not left out."""
_BRACKETS = re.compile(r"\s*\([^()]*\)")
_HIGH, _GAP = 85.0, 8.0
"""A match has this score at least, and no rival comes as near."""
_LEAST = 10.0
"""Points below which a thing is no candidate."""
_IDENTIFIED = 97.0
"""The least score of the thing that a question names by its identifier."""


@dataclass(frozen=True)
class Value:
    """A value that a question gives for a property: its text, and the IRI of the thing that it may stand for.

    `sure` says that it is given as that thing, and not only as a text that may be one.
    """

    text: str
    iri: str | None = None
    sure: bool = False


@dataclass(frozen=True)
class Condition:
    """What a question says of a property: `pid` as it was given, the path, the values.

    `quantifier` is `any`, `all` or `none` of the values; a thing that does not fulfil what is `required` is left out.
    """

    pid: str
    path: tuple[Step, ...]
    values: tuple[Value, ...]
    quantifier: str = "any"
    required: bool = False


@dataclass(frozen=True)
class Asked:
    """One question. `types` are numbers of classes, `rule` is `any`, `all` or `should`; `iri` is what `text` or a
    condition names, `explicit` whether it can be nothing else than an identifier.
    """

    text: str
    limit: int
    types: tuple[int, ...] = ()
    rule: str = "should"
    conditions: tuple[Condition, ...] = ()
    iri: str | None = None
    explicit: bool = False
    name_required: bool = False

    @property
    def normal(self) -> str:
        """The form of the text as a name."""
        return name_form(self.text)


@dataclass(frozen=True)
class Held:
    """What a thing has for a path: texts (of things their names), the IRIs among them, and the kind of it all."""

    texts: tuple[str, ...] = ()
    iris: frozenset[str] = frozenset()
    kind: Kind = Kind.TEXT


@dataclass(frozen=True)
class Known:
    """A thing that may be meant, with its names, all its classes, and what it has by `pid`."""

    number: int
    iri: str
    names: Sequence[Name]
    types: frozenset[int]
    degree: int
    cosine: float
    held: Mapping[str, Held] = field(default_factory=dict)


@dataclass(frozen=True)
class Feature:
    """Why a candidate has its score: `id`, the level in words where there is one (`same`), and a number or yes or no.

    `about` is the property that it is of, as the question gives it.
    """

    id: str
    value: float | bool
    level: str = ""
    about: str = ""


@dataclass(frozen=True)
class Candidate:
    """A thing with its score (0 to 100), whether it is the one that is meant, and why."""

    number: int
    iri: str
    score: float
    match: bool
    features: tuple[Feature, ...]


@lru_cache(256)
def _model(kinds: tuple[Kind, ...]) -> Model:
    """The model of a question with a name and values of these kinds, without training."""
    fields = (Field(NAME, Kind.NAME), *map(Field, _FIELDS, kinds))
    return Model.default(Spec("reconcile", fields))


def kind_of(predicates: Sequence[str], datatypes: Iterable[str], *, things: bool) -> Kind:
    """How the values of a property are compared: by what they are, else by the name of the property."""
    local = predicates[-1].replace("#", "/").rpartition("/")[2].lower() if predicates else ""
    if things:
        return Kind.NAME
    known = {each.rpartition("#")[2] for each in datatypes}
    if known & {"gYear", "gYearMonth", "date", "dateTime", "dateTimeStamp"}:
        return Kind.YEAR
    if known & {"integer", "int", "long", "short", "decimal", "double", "float", "nonNegativeInteger"}:
        return Kind.NUMBER
    if "identifier" in local or local in ("notation", "code", "postalcode"):
        return Kind.CODE
    if local in ("homepage", "url", "page", "website") or "anyURI" in known:
        return Kind.HOST
    return Kind.TEXT


def judge(asked: Asked, known: Iterable[Known], terms: Terms | None = None) -> tuple[Candidate, ...]:
    """The candidates of a question, the best first; of those with the same score the better connected.

    A candidate is a match where its score is high, its type is asked, nothing of what the question says contradicts
    it, no other comes near, and no other is called the same but for what stands in brackets. `terms` say how rare the
    words of names are.
    """
    rated = [rating for each in known if (rating := _rate(asked, each, terms)) is not None]
    rated.sort(key=lambda row: (-row.candidate.score, -row.degree, row.candidate.iri))
    if not rated:
        return ()
    best = rated[0]
    second = rated[1].candidate.score if len(rated) > 1 else 0.0
    alone = best.candidate.score - second >= _GAP and not any(row.called_so and row.fits for row in rated[1:])
    if (alone or best.proved) and best.fits and best.candidate.score >= _HIGH:
        best = replace(best, candidate=replace(best.candidate, match=True))
    return tuple(row.candidate for row in (best, *rated[1:]))[: asked.limit]


@dataclass(frozen=True)
class _Rating:
    candidate: Candidate
    degree: int
    fits: bool
    """Whether nothing speaks against it."""
    proved: bool
    """Whether the question names it by its identifier."""
    called_so: bool
    """Whether it is called what was asked, but for what stands in brackets."""


def _rate(asked: Asked, known: Known, terms: Terms | None) -> _Rating | None:
    """What there is to say of one thing; None where it is left out."""
    of_type = _of_type(asked, known.types)
    if not of_type and asked.rule != "should":
        return None
    named = asked.iri is not None and asked.iri == known.iri
    level, exact, called_so = _name_level(asked, known, terms)
    if asked.name_required and not named and level < _least(Kind.NAME):
        return None
    compared = [(each, *_condition(each, known.held.get(each.pid, Held()))) for each in asked.conditions]
    if any(each.required and level_of < _least(kind) for each, kind, level_of in compared):
        return None
    kinds, levels = [Kind.NAME, *(kind for _, kind, _ in compared)], [level, *(row[2] for row in compared)]
    weight = _model(tuple(kinds[1:])).score(dict(zip((NAME, *_FIELDS), levels, strict=False)))
    likeness = 1.0 if exact else _BUT_BRACKETS if called_so else min(known.cosine, 0.99)
    score = _score(kinds, levels, weight, likeness)
    if named:
        score = 100.0 if asked.explicit else max(score, _IDENTIFIED)
    features = [
        *([Feature("identifier", True)] if named else []),
        *([Feature("name_exact", exact)] if asked.text else []),
        *([Feature("name_level", level, LEVELS[Kind.NAME][level])] if level >= 0 else []),
        *([Feature("name_letters", round(known.cosine, 3))] if asked.text else []),
        *([Feature("type", of_type)] if asked.types else []),
    ]
    for number, (each, kind, level_of) in enumerate(compared):
        word = LEVELS[kind][level_of] if level_of >= 0 else "unknown"
        features.append(Feature(f"property_{number + 1}", level_of, word, each.pid))
    features.append(Feature("weight", round(weight, 2)))
    features.append(Feature("probability", round(probability(weight), 4)))
    against = any(level_of == 0 for _, _, level_of in compared)
    score = round(score if of_type else score * _ELSEWHERE, 1)
    if score < _LEAST and not named:
        return None
    candidate = Candidate(known.number, known.iri, score, False, tuple(features))
    return _Rating(candidate, known.degree, of_type and not against, named and asked.explicit, called_so)


def _of_type(asked: Asked, types: frozenset[int]) -> bool:
    if not asked.types:
        return True
    return all(t in types for t in asked.types) if asked.rule == "all" else any(t in types for t in asked.types)


def _top(kind: Kind) -> int:
    return len(LEVELS[kind]) - 1


def _least(kind: Kind) -> int:
    """The level from which values are taken for the same."""
    return (len(LEVELS[kind]) + 1) // 2


def _name_level(asked: Asked, known: Known, terms: Terms | None) -> tuple[int, bool, bool]:
    """How like the likest name is, whether it is the very name that was asked, and whether it is but for brackets."""
    if not asked.text:
        return -1, False, False
    said, top = plain(asked.text), _top(Kind.NAME)
    names = [name for name in known.names if name.rank < 2]
    bare = [_BRACKETS.sub("", name.text).strip() for name in names if "(" in name.text]
    if any(name.plain == said for name in names):
        return top, True, True
    if said in map(plain, bare):
        return top, False, True
    mine = unpacked(asked.normal)
    if _likeness(asked.normal, [normal for normal in _normals(bare) if _same_form(mine, normal)], terms) == top:
        return top, False, True
    full, less, least = _sorted_by_form(mine, known.names, bare)
    levels = (
        _likeness(asked.normal, normals, terms) - minus
        for normals, minus in ((full, 0), (less, 0), (least, _MENTION))
    )
    same, other, mentioned = levels
    return max(same, min(other, top - 1), min(mentioned, top - 1), -1), False, False


def _sorted_by_form(
    mine: NameForms, names: Sequence[Name], bare: Sequence[str]
) -> tuple[list[str], list[str], list[str]]:
    """Normal forms of names: of the same kind of body and legal form, of others, and mentions."""
    full, less, mentions = list[str](), _normals(bare), list[str]()
    for name in names:
        if name.rank > 1:
            mentions.append(name.normal)
            continue
        (full if _same_form(mine, name.normal) else less).append(name.normal)
    return full, less, mentions


def _normals(names: Sequence[str]) -> list[str]:
    return [name_form(name) for name in names]


def _same_form(mine: NameForms, normal: str) -> bool:
    """Whether a normal form is of the same kind of body, and of no other legal form."""
    other = unpacked(normal)
    return mine.body == other.body and forms_agree(mine.legal_form, other.legal_form) >= 0


def _likeness(asked: str, names: Sequence[str], terms: Terms | None) -> int:
    return compare(Kind.NAME, (asked,), tuple(dict.fromkeys(names)), terms) if names else -1


def _condition(condition: Condition, held: Held) -> tuple[Kind, int]:
    """How well what a thing has for a property fulfils a condition: the kind, and the level of it."""
    top = _top(held.kind)
    if not held.texts and not held.iris:
        return held.kind, top if condition.quantifier == "none" else -1
    levels = []
    for value in condition.values:
        if value.iri is not None and value.iri in held.iris:
            levels.append(top)
        elif value.sure and held.iris:
            levels.append(0)
        else:
            levels.append(_text_level(held, value.text))
    levels = [level for level in levels if level >= 0]
    if not levels:
        return held.kind, -1
    if condition.quantifier == "none":
        return held.kind, 0 if max(levels) >= _least(held.kind) else top
    return held.kind, min(levels) if condition.quantifier == "all" else max(levels)


def _text_level(held: Held, text: str) -> int:
    if held.kind is Kind.NAME:
        return compare(Kind.NAME, (name_form(text),), tuple(map(name_form, held.texts)))
    return compare(held.kind, (plain(text),), tuple(map(plain, held.texts)))


def _score(kinds: Sequence[Kind], levels: Sequence[int], weight: float, likeness: float) -> float:
    """The weight as points from 0 (all that can be compared is different) to 100 (all of it is the same)."""
    low, high = _ends(tuple(kinds), tuple(level >= 0 for level in levels))
    if high <= low:
        return 0.0
    return min(100.0, max(0.0, 100.0 * (weight - low) / (high - low) - _SPREAD * (1.0 - likeness)))


@lru_cache(1024)
def _ends(kinds: tuple[Kind, ...], known: tuple[bool, ...]) -> tuple[float, float]:
    """The least and the greatest weight of a pair of which these fields are known."""
    model, names = _model(kinds[1:]), (NAME, *_FIELDS)
    low = {name: 0 if there else -1 for name, there in zip(names, known, strict=False)}
    high = {name: _top(kind) if there else -1 for name, kind, there in zip(names, kinds, known, strict=False)}
    return model.score(low), model.score(high)
