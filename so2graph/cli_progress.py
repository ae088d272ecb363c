"""The progress bar of the commands that take a while."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

__all__ = ["progress"]


@contextmanager
def progress(label: str) -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on stderr, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _step, _done, _total: None
        return
    bars: list[Any] = []

    def tell(step: str, done: int, total: int) -> None:
        if not bars:
            bars.append(click.progressbar(length=total, label=label, file=sys.stderr, item_show_func=str))
            bars[0].__enter__()
        bars[0].length = total
        bars[0].update(done - bars[0].pos, step)

    try:
        yield tell
    finally:
        for bar in bars:
            bar.render_finish()
