"""Examines a reconciliation service: runs the rules, and says for each whether it holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from so2graph.errors import EndpointFailed, NotFound, So2Error
from so2graph.link.conformance_probe import Fault, NotHere, Probe, open_probe
from so2graph.link.conformance_rule import Level, Rule, all_rules
from so2graph.link.reconcile_http import Spent, Web

__all__ = ["Outcome", "Report", "Verdict", "chosen", "examine"]

_NOTHING = "no answer: "
Tell = Callable[[str, int, int], None]


class Verdict(StrEnum):
    """What became of a rule."""

    HOLDS = "holds"
    BROKEN = "broken"
    """Of a rule that must hold."""
    WARNING = "warning"
    """Of a rule that should hold."""
    OPEN = "not judged"


@dataclass(frozen=True)
class Outcome:
    """A rule, what became of it, the faults that were found, and why it was not judged where it was not."""

    rule: Rule
    level: Level
    verdict: Verdict
    faults: tuple[Fault, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Report:
    """All that was found about the service at `url`."""

    url: str
    name: str
    version: str
    outcomes: tuple[Outcome, ...]
    requests: int
    seconds: float

    def of(self, verdict: Verdict) -> tuple[Outcome, ...]:
        return tuple(each for each in self.outcomes if each.verdict == verdict)

    @property
    def conforms(self) -> bool:
        """Whether no rule is broken that must hold."""
        return not self.of(Verdict.BROKEN)


def chosen(names: Sequence[str]) -> tuple[Rule, ...]:
    """The rules of these names, or all; raises `NotFound` for a name that there is not."""
    rules = all_rules()
    known = [each.id for each in rules]
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=3, cutoff=0.4)
            raise NotFound(
                f"there is no rule {name[:80]!r}",
                mend=f"Did you mean {', '.join(near)}?" if near else "See --list for all of them.",
                near=near,
            )
    return tuple(each for each in rules if not names or each.id in names)


def examine(
    url: str,
    web: Web,
    *,
    rules: Sequence[Rule] | None = None,
    version: str | None = None,
    samples: Sequence[str] = (),
    slow: float = 5.0,
    tell: Tell = lambda _step, _done, _total: None,
) -> Report:
    """Runs rules against a service.

    `samples` are names of things that it has, found out where none are given; `slow` is how many seconds OpenRefine
    waits. Raises `EndpointFailed` for a service that gives no answer at all.
    """
    start = time.monotonic()
    wanted = all_rules() if rules is None else tuple(rules)
    probe = open_probe(url, web, version=version, samples=samples, slow=slow)
    if probe.manifest_reply.failed:
        raise EndpointFailed(
            f"{url} gives no answer: {probe.manifest_reply.failed.removeprefix(_NOTHING)}",
            mend="See its address, and --timeout.",
            endpoint=url,
        )
    outcomes = []
    for number, each in enumerate(wanted):
        tell(each.id, number, len(wanted))
        outcomes.append(_judge(each, probe))
    tell("", len(wanted), len(wanted))
    name = str(probe.manifest.get("name", "")) if probe.manifest else ""
    return Report(url, name[:200], probe.version, tuple(outcomes), web.made, time.monotonic() - start)


def _judge(each: Rule, probe: Probe) -> Outcome:
    level = each.level_for(probe.version)
    if probe.version not in each.versions:
        return Outcome(each, level, Verdict.OPEN, why=f"it is no rule of {probe.version}")
    faults: list[Fault] = []
    why = ""
    try:
        faults.extend(each.run(probe))
    except NotHere as reason:
        why = str(reason)
    except So2Error as error:
        why = f"{error}. {error.mend}"
    except Spent:
        why = "as many requests have been made as may be (--most-requests)"
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        # Answers of others can have any shape; which part is wrong, the rules about shapes say.
        why = f"the answers have a shape in which this rule cannot be judged ({type(error).__name__})"
    if faults:
        verdict = Verdict.WARNING if level is Level.SHOULD else Verdict.BROKEN
        return Outcome(each, level, verdict, tuple(faults))
    return Outcome(each, level, Verdict.OPEN if why else Verdict.HOLDS, (), why)
