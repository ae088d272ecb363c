"""What each level of each comparison weighs, and the sum of it for a pair: arithmetic that needs no library."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, inf, log2
from typing import Any

from so2graph.errors import BadParameter
from so2graph.link.features import LEVELS, RARE, UNKNOWN, Terms, compare, shared
from so2graph.link.spec import Kind, Spec

__all__ = ["DEFAULTS", "Comparison", "Curve", "Model", "Part", "probability"]

_LIKE = (0.01, 0.02, 0.04, 0.10, 0.13, 0.15, 0.55), (0.26, 0.35, 0.25, 0.08, 0.04, 0.015, 0.005)

DEFAULTS: Mapping[Kind, tuple[tuple[float, ...], tuple[float, ...]]] = {
    Kind.NAME: _LIKE,
    Kind.TEXT: _LIKE,
    Kind.PEOPLE: ((0.03, 0.03, 0.07, 0.17, 0.70), (0.85, 0.08, 0.04, 0.02, 0.01)),
    Kind.PLACE: ((0.10, 0.05, 0.15, 0.70), (0.70, 0.08, 0.05, 0.17)),
    Kind.STREET: ((0.06, 0.06, 0.03, 0.20, 0.65), (0.90, 0.06, 0.02, 0.01, 0.01)),
    Kind.PHONE: ((0.05, 0.03, 0.05, 0.87), (0.85, 0.13, 0.01, 0.01)),
    Kind.YEAR: ((0.03, 0.05, 0.07, 0.85), (0.50, 0.20, 0.15, 0.15)),
    Kind.NUMBER: ((0.15, 0.10, 0.15, 0.60), (0.80, 0.10, 0.06, 0.04)),
    Kind.CODE: ((0.30, 0.15, 0.55), (0.70, 0.12, 0.18)),
    Kind.IDENTIFIER: ((0.02, 0.98), (0.9999, 0.0001)),
    Kind.HOST: ((0.10, 0.10, 0.80), (0.97, 0.02, 0.01)),
    Kind.POINT: ((0.02, 0.03, 0.10, 0.25, 0.60), (0.50, 0.30, 0.10, 0.07, 0.03)),
    Kind.RELATED: ((0.30, 0.25, 0.20, 0.25), (0.85, 0.10, 0.03, 0.02)),
}
"""Before anything is known of a set: how often each level is seen among pairs that match, and among candidates that
do not, which are alike by name already. Training starts here, and few records leave it near here."""

_PRIOR = 0.1
_MOST_TERM = 3.0


@dataclass(frozen=True)
class Comparison:
    """One field of a model: how often each level is seen in pairs that match (`m`) and in those that do not (`u`)."""

    name: str
    kind: Kind
    m: tuple[float, ...]
    u: tuple[float, ...]

    def bits(self, level: int) -> float:
        """What the level says, in bits; nothing where a side does not know."""
        return 0.0 if level == UNKNOWN else log2(self.m[level] / self.u[level])


@dataclass(frozen=True)
class Part:
    """What one field adds to the weight of a pair: the waterfall of a page. Words for `name`: `features.WORDS`."""

    field: str
    level: int
    name: str
    weight: float
    left: tuple[str, ...]
    right: tuple[str, ...]


@dataclass(frozen=True)
class Curve:
    """From the log-odds of a pair (natural, after the competition) to the share of such pairs that is right.

    Between points it is a straight line, beyond them it is flat; without points it is the logistic function.
    """

    points: tuple[tuple[float, float], ...] = ()

    def at(self, odds: float) -> float:
        """The probability at these log-odds."""
        if not self.points:
            return 1 / (1 + exp(-odds)) if odds > -500 else 0.0
        before = self.points[0]
        for point in self.points:
            if odds < point[0]:
                if point is before:
                    return point[1]
                share = (odds - before[0]) / (point[0] - before[0])
                return before[1] + share * (point[1] - before[1])
            before = point
        return before[1]


def probability(weight: float) -> float:
    """The probability that goes with a weight in bits, when no other pair competes."""
    if weight > 500:
        return 1.0
    odds = 2.0**weight if weight > -500 else 0.0
    return odds / (1 + odds)


@dataclass(frozen=True)
class Model:
    """A linkage model after Fellegi and Sunter.

    `prior` is the share of candidate pairs that match. `terms` tell how rare words are (names, texts), and
    `frequencies` how often a whole value occurs: that two share a common one says less (`features.RARE`).
    """

    prior: float
    comparisons: tuple[Comparison, ...]
    terms: Mapping[str, Terms] = field(default_factory=dict)
    frequencies: Mapping[str, Terms] = field(default_factory=dict)
    curve: Curve = Curve()

    @classmethod
    def default(cls, spec: Spec) -> Model:
        """Sensible weights for a specification of which no records are known yet."""
        return cls(_PRIOR, tuple(Comparison(each.name, each.kind, *DEFAULTS[each.kind]) for each in spec.fields))

    @property
    def start(self) -> float:
        """The weight of a pair of which nothing is known, in bits."""
        return log2(self.prior / (1 - self.prior))

    def term_bits(self, each: Comparison, term: str) -> float:
        """What the rarity of a value that both sides have adds to its level, in bits: common ones take away, but
        never so much that another value would weigh as much."""
        known = self.frequencies.get(each.name)
        if known is None or not term or not known.total:
            return 0.0
        same = len(each.m) - 1
        least = max(-_MOST_TERM, (each.bits(same - 1) - each.bits(same)) / 2)
        return min(_MOST_TERM, max(least, log2(known.collision / known.frequency(term))))

    def score(self, levels: Mapping[str, int], terms: Mapping[str, str] | None = None) -> float:
        """The weight of a pair in bits: the prior, its levels, and the rarity of values that both sides have."""
        weight = self.start
        for each in self.comparisons:
            level = levels.get(each.name, UNKNOWN)
            weight += each.bits(level)
            if terms and level == len(each.m) - 1:
                weight += self.term_bits(each, terms.get(each.name, ""))
        return weight

    def parts(self, left: Mapping[str, Sequence[str]], right: Mapping[str, Sequence[str]]) -> tuple[Part, ...]:
        """What each field of two normalised records says; with `start` they sum up to the weight of the pair."""
        found = []
        for each in self.comparisons:
            mine, yours = tuple(left.get(each.name, ())), tuple(right.get(each.name, ()))
            level = compare(each.kind, mine, yours, self.terms.get(each.name))
            names = LEVELS[each.kind]
            bits = each.bits(level)
            if level == len(names) - 1 and each.kind in RARE:
                bits += self.term_bits(each, shared(mine, yours))
            name = "unknown" if level == UNKNOWN else names[level]
            found.append(Part(each.name, level, name, bits, mine, yours))
        return tuple(found)

    def weigh(self, left: Mapping[str, Sequence[str]], right: Mapping[str, Sequence[str]]) -> float:
        """The weight of two normalised records, in bits."""
        return self.start + sum(part.weight for part in self.parts(left, right))

    @property
    def most(self) -> float:
        """The weight of a pair whose fields are all the same, but for rarity: what a score of 100 stands for."""
        return self.start + sum(each.bits(len(each.m) - 1) for each in self.comparisons)

    def json(self) -> str:
        """The model as text; the same model gives the same text."""
        return json.dumps(
            {
                "prior": self.prior,
                "comparisons": [
                    {"field": each.name, "kind": each.kind.value, "m": each.m, "u": each.u}
                    for each in self.comparisons
                ],
                "terms": _terms_row(self.terms),
                "frequencies": _terms_row(self.frequencies),
                "curve": self.curve.points,
            },
            ensure_ascii=False,
            sort_keys=True,
        )

    @classmethod
    def of_json(cls, text: str) -> Model:
        """The model that `json` wrote; raises `BadParameter` for anything else."""
        try:
            row = json.loads(text)
            comparisons = tuple(
                Comparison(
                    str(each["field"]), Kind(each["kind"]), tuple(map(float, each["m"])), tuple(map(float, each["u"]))
                )
                for each in row["comparisons"]
            )
            model = cls(
                float(row["prior"]),
                comparisons,
                _terms_of_row(row["terms"]),
                _terms_of_row(row["frequencies"]),
                Curve(tuple((float(odds), float(share)) for odds, share in row["curve"])),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadParameter(f"this is no model of linking: {error}", mend="Train it again.") from error
        if not 0 < model.prior < 1 or any(
            len(each.m) != len(LEVELS[each.kind]) or len(each.u) != len(each.m) or not 0 < min(*each.m, *each.u) < inf
            for each in model.comparisons
        ):
            raise BadParameter("this model of linking has other levels than this version", mend="Train it again.")
        return model


def _terms_row(terms: Mapping[str, Terms]) -> dict[str, object]:
    return {name: {"total": each.total, "counts": dict(each.counts)} for name, each in terms.items()}


def _terms_of_row(row: Mapping[str, Any]) -> dict[str, Terms]:
    return {
        str(name): Terms({str(word): int(count) for word, count in each["counts"].items()}, int(each["total"]))
        for name, each in row.items()
    }
