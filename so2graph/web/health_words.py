"""What is wrong with a link, and what to do about it, in words."""

from __future__ import annotations

from so2graph.link.health import CHECKS, Ailment
from so2graph.web.words import say

__all__ = ["checks_in_words", "told"]


def told(one: Ailment, language: str) -> tuple[str, str]:
    """What is wrong, and what to do."""
    values = {"object": one.object, "subject": one.subject, "target": one.target, **one.said}
    return say(f"health.{one.check}", language, **values), say(f"health.{one.check}.mend", language, **values)


def checks_in_words(language: str) -> dict[str, str]:
    """What each check counts."""
    return {name: say(f"health.{name}.counts", language) for name in CHECKS}
