"""Opens the dataset for a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from so2graph.cli_progress import progress
from so2graph.config import Settings

if TYPE_CHECKING:
    from so2graph.engine.access import Session
    from so2graph.registry import Bundle

__all__ = ["bundle_of", "session_of"]


def bundle_of(settings: Settings) -> Bundle:
    from so2graph.registry import Bundle

    return Bundle.find(settings.base)


def session_of(settings: Settings) -> Session:
    """A session on the current generation, built first when the folder has none."""
    from so2graph.engine.access import Access
    from so2graph.publish.build import ensure_built

    bundle = bundle_of(settings)
    with progress("building") as tell:
        ensure_built(bundle, settings, tell)
    return Access(settings, bundle).session()
