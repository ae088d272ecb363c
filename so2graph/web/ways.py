"""Ways through the network as pages tell of them: the words of each step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from flask import current_app

from so2graph.network.paths import Step
from so2graph.network.routes import Route, Ways, WaysKeeper
from so2graph.web.site import Site

__all__ = ["mentioned", "step_in_words", "ways"]


def ways(here: Site) -> Ways:
    """The ways through the network that the reader may see."""
    return cast(WaysKeeper, current_app.extensions["so2graph-ways"]).of(here.session)


def mentioned(routes: Iterable[Route]) -> set[str]:
    """Every IRI that a page about these routes shows."""
    found: set[str] = set()
    for route in routes:
        found |= {route.hub, route.target}
        for step in route.best.steps if route.best else ():
            found |= {step.start, step.end, step.edge.predicate}
    return found


def step_in_words(step: Step, labels: Mapping[str, str]) -> dict[str, str]:
    """The words of a step, and those of the statement that it rests on as it reads."""
    return {
        "start": labels[step.start],
        "end": labels[step.end],
        "source": labels[step.edge.source],
        "target": labels[step.edge.target],
        "relation": labels[step.edge.predicate],
        "modality": step.edge.modality,
        "arrow": "→" if step.forward else "←",
    }
