"""What a rule of conformance is, and the table in which all of them are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from so2graph.link.conformance_probe import Fault, Probe
from so2graph.link.conformance_schemas import VERSIONS

__all__ = ["Level", "Rule", "Run", "all_rules", "rule"]

Run = Callable[[Probe], Iterable[Fault]]


class Level(StrEnum):
    """How much a rule weighs."""

    MUST = "MUST"
    """The standard demands it."""
    OPENREFINE = "OpenRefine"
    """The standard leaves it open, and OpenRefine, which most people use, does not work without it."""
    SHOULD = "SHOULD"
    """The standard, or plain sense, asks for it; breaking it is a warning."""


@dataclass(frozen=True)
class Rule:
    """One rule: `holds` is what must be so, `section` where that is said, `mend` what to do when it is not.

    `run` gives the faults that it finds, none for a service that keeps the rule; it raises `NotHere` where the rule
    cannot be judged.
    """

    id: str
    level: Level
    section: str
    holds: str
    mend: str
    run: Run
    versions: tuple[str, ...] = VERSIONS
    strict: tuple[str, ...] = ()
    """Versions in which a `SHOULD` is a `MUST`."""
    last: bool = False
    """Whether it judges what the others have asked."""

    def level_for(self, version: str) -> Level:
        return Level.MUST if version in self.strict else self.level


_RULES: list[Rule] = []
_OLD = ("0.1", "0.2")


def rule(
    name: str,
    level: Level,
    section: str,
    holds: str,
    mend: str,
    *,
    versions: tuple[str, ...] = VERSIONS,
    strict: tuple[str, ...] = (),
    last: bool = False,
) -> Callable[[Run], Run]:
    """Puts a function into the table as the rule `name`."""

    def add(run: Run) -> Run:
        _RULES.append(Rule(name, level, section, holds, mend, run, versions, strict, last))
        return run

    return add


def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order in which they are run."""
    from so2graph.link import (
        conformance_rules_answers,
        conformance_rules_extend,
        conformance_rules_match,
        conformance_rules_service,
        conformance_rules_things,
    )

    modules = (
        conformance_rules_service,
        conformance_rules_match,
        conformance_rules_answers,
        conformance_rules_things,
        conformance_rules_extend,
    )
    order = {module.__name__: number for number, module in enumerate(modules)}
    return tuple(sorted(_RULES, key=lambda each: (each.last, order[each.run.__module__])))
