"""The settings as flags of the commands that they concern."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import click

from so2graph.config import Settings

__all__ = ["settings_options"]

Command = Callable[..., Any]
LINK_ONLY = (
    "link_timeout",
    "link_retries",
    "link_pause_milliseconds",
    "link_max_bytes",
    "link_private",
    "link_stale_days",
    "link_far_kilometres",
    "link_alive_days",
)
SERVE_ONLY = (
    "host",
    "port",
    "workers",
    "threads",
    "deadline",
    "readers",
    "max_readers",
    "max_query_megabytes",
    "image_megabytes",
    "max_stall",
    "cache_megabytes",
    "max_upload_bytes",
    "write_deadline",
    "max_write_megabytes",
    "max_writes_waiting",
    "federation",
    "federation_timeout",
    "federation_retries",
    "federation_max_bytes",
    "federation_cache_seconds",
    "federation_private",
    "sign_in_minutes",
    "log_requests",
    "log_queries",
)


SHOWN_FOR_LINKS = ("data", "base", "contact", "keep_generations", *LINK_ONLY)
"""What the help of commands about links names; the other flags are taken as well."""


def settings_options(*, serve: bool = False, link: bool = False, brief: bool = False) -> Callable[[Command], Command]:
    """Adds a flag for each setting that concerns the command; it receives them as one `settings`.

    With `link` or `brief` its help names those alone that people change there; the page of settings has all.
    """
    others = (*(() if serve else SERVE_ONLY), *(() if serve or link else LINK_ONLY))
    rows = [row for row in fields(Settings) if row.name not in others]

    def decorate(command: Command) -> Command:
        def run(**values: Any) -> Any:
            given = {row.name: values.pop(row.name) for row in rows}
            return command(settings=Settings.load(os.environ, given), **values)

        run.__doc__, run.__name__ = command.__doc__, command.__name__
        setattr(run, "__click_params__", list(getattr(command, "__click_params__", [])))  # noqa: B010  # click's own
        decorated: Command = run
        for row in reversed(rows):
            flag = f"--{row.name.replace('_', '-')}"
            decorated = click.option(
                flag,
                row.name,
                metavar=row.name.rpartition("_")[2].upper(),
                help=f"{row.metadata['doc']}  [default: {row.default}]",
                hidden=(link or brief) and row.name not in SHOWN_FOR_LINKS,
            )(decorated)
        return decorated

    return decorate
