"""Which endpoints a query may reach by SERVICE, and how its text comes to name the gateway instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from so2graph.config import Settings
from so2graph.engine.guard import Service
from so2graph.errors import Busy, PolicyRefused

__all__ = ["ADDRESS_FILE", "endpoints", "gateway_of", "through"]

ADDRESS_FILE = "federation"
"""In the folder of the run: where the gateway listens."""


def endpoints(settings: Settings) -> tuple[str, ...]:
    """The endpoints that are listed, in order."""
    return tuple(settings.federation.split())


def gateway_of(run: Path) -> str:
    """The address of the gateway of a run, without the number of an endpoint; raises `Busy` while it starts."""
    try:
        return (run / ADDRESS_FILE).read_text(encoding="ascii")
    except OSError:
        raise Busy("the way to other endpoints is being opened", mend="Try again in a moment.") from None


def through(text: str, services: Sequence[Service], listed: Sequence[str], gateway: Callable[[], str] | None) -> str:
    """The query with each listed endpoint replaced by the gateway's address for it.

    Raises `PolicyRefused` where there is no gateway.
    """
    if not services:
        return text
    if gateway is None:
        raise PolicyRefused(
            "a query reaches other endpoints in the running service only", mend="Start it with 'so2graph serve'."
        )
    address = gateway()
    out, at = [], 0
    for service in services:
        out += [text[at : service.start], f"<{address}{listed.index(service.endpoint)}>"]
        at = service.end
    return "".join([*out, text[at:]])
