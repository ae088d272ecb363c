"""The command that matches a table of names with a service, a target or the dataset itself."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from so2graph import __version__
from so2graph.cli_progress import progress
from so2graph.config import Settings
from so2graph.errors import BadParameter, EndpointFailed

if TYPE_CHECKING:
    from so2graph.link.reconcile_cache import Cache
    from so2graph.link.reconcile_question import Matcher
    from so2graph.link.reconcile_rows import Task
    from so2graph.link.reconcile_table import Table

__all__ = ["match_file"]

OWN = "so2graph"
"""What --with is called for the dataset itself."""
_SHOWN = 10
"""Bad rows that are shown one by one."""
_ENOUGH = 100
"""Things of ours that a run must have compared before its weights are taken for other tables."""


def match_file(path: Path, given: Mapping[str, Any]) -> None:
    """Reads a table, asks, and writes it with columns added; says what became of the rows.

    Raises errors of the table, of the matcher, and `click.Abort` when a person stops it: what was answered until then
    is in the cache.
    """
    from so2graph.link.reconcile_cache import open_cache
    from so2graph.link.reconcile_rows import Task, parsed_properties
    from so2graph.link.reconcile_table import read_table, writable

    output = given["output"] or path.with_name(f"{path.stem}.reconciled{path.suffix if path.suffix else '.csv'}")
    writable(output)
    if output.resolve() == path.resolve():
        raise BadParameter(f"{output} is the table itself", mend="Give another file with --output.")
    table = read_table(path, encoding=given["encoding"], delimiter=_sign(given["delimiter"]))
    _tell_of(table)
    task = Task(
        given["column"],
        parsed_properties(given["properties"]),
        given["kind"],
        given["add"],
        given["limit"],
        given["threshold"],
    )
    table.place(task.column)
    matcher = _matcher(given)
    cache_path = given["cache"] or output.with_name(f"{output.name}.answers.sqlite")
    with open_cache(cache_path, matcher.identity) as cache:
        if not given["resume"]:
            cache.forget()
        _run(table, task, matcher, cache, output, str(given["whom"]))


def _run(table: Table, task: Task, matcher: Matcher, cache: Cache, output: Path, whom: str) -> None:
    from so2graph.link.reconcile_rows import columns, matched_rows, questions, summary
    from so2graph.link.reconcile_table import write_table

    asked = questions(table, task)
    try:
        with progress("matching") as tell:
            answers = matched_rows(asked, matcher, cache, tell)
            added, counts = columns(asked, answers, task, matcher, cache, tell)
    except (KeyboardInterrupt, EndpointFailed) as stopped:
        distinct = {each for each in asked if each}
        click.echo(
            f"stopped: {len(cache.answers(list(distinct)))} of {len(distinct)} names are answered, and kept in "
            f"{cache.path}; the same command goes on from there",
            err=True,
        )
        if isinstance(stopped, KeyboardInterrupt):
            raise click.Abort from None
        raise
    write_table(table, added, output, note=f"matched with {whom} by so2graph")
    for line in summary(counts, table):
        click.echo(line)
    click.echo(f"wrote {output}; answers are kept in {cache.path}", err=True)


def _sign(delimiter: str | None) -> str | None:
    if delimiter is None:
        return None
    sign = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}.get(delimiter, delimiter)
    if len(sign) != 1 or sign in '"\r\n':
        raise BadParameter(f"--delimiter {delimiter!r} is no sign", mend="Give one such as ; or tab.")
    return sign


def _tell_of(table: Table) -> None:
    """What was found out about the table, and which rows are left out."""
    signs = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}
    click.echo(
        f"{table.path}: {len(table.rows)} rows, {len(table.header)} columns, {table.encoding}, "
        f"{signs.get(table.delimiter, table.delimiter)} between cells",
        err=True,
    )
    if table.encoding in ("cp1252", "latin-1"):
        click.echo(f"  it is not UTF-8, and was read as {table.encoding}; say --encoding if that is wrong", err=True)
    if table.short:
        click.echo(
            f"  {table.short} rows have fewer cells than the header, and were filled with empty ones", err=True
        )
    for row in table.bad[:_SHOWN]:
        click.echo(f"  line {row.line} is left out: {row.what}", err=True)
    if len(table.bad) > _SHOWN:
        click.echo(f"  and {len(table.bad) - _SHOWN} more lines are left out", err=True)


def _matcher(given: Mapping[str, Any]) -> Matcher:
    """The service at an address, the dataset itself, or a target by its name."""
    whom = str(given["whom"])
    if given["wish"] is not None and (whom == OWN or "://" in whom):
        raise BadParameter(
            "--wish needs probabilities, which only a target gives", mend="Give --threshold, a score of the service."
        )
    if whom == OWN:
        return _own(given)
    if "://" in whom:
        return _service(given, whom)
    return _target(given, whom)


def _target(given: Mapping[str, Any], name: str) -> Matcher:
    """The newest snapshot of a target, weighed by the model of its newest run, where that saw enough of ours.

    What a run learnt of a dozen places that are hard to tell apart makes a table of plain names match nothing.
    """
    from so2graph.cli_session import bundle_of
    from so2graph.link.extract import their_records
    from so2graph.link.model import Model
    from so2graph.link.reconcile_target import TargetMatcher
    from so2graph.link.runs import open_run, runs
    from so2graph.link.snapshot import current
    from so2graph.link.target import target_of

    settings = _settings(given)
    target = target_of(name, bundle_of(settings).prefixes(), settings.data)
    snapshot = current(settings.data, target.name)
    model = None
    if runs(settings.data, target.name):
        with open_run(settings.data, target.name) as run:
            if run.run.model and run.run.counts.get("ours", 0) >= _ENOUGH:
                model = Model.of_json(json.dumps(run.run.model))
    records = their_records(target, snapshot.path)
    return TargetMatcher(
        target,
        records,
        snapshot.sha256,
        model=model,
        wish=given["wish"],
        type=given["kind"],
        prefixes=tuple(sorted(target.prefixes.items())),
    )


def _settings(given: Mapping[str, Any]) -> Settings:
    data = given["data"]
    return Settings.load(os.environ, {} if data is None else {"data": str(data)})


def _service(given: Mapping[str, Any], url: str) -> Matcher:
    from so2graph.engine.opener import web_address
    from so2graph.link.reconcile_client import Service
    from so2graph.link.reconcile_http import Web

    web = Web(
        timeout=given["timeout"], pause=given["pause"], private=given["allow_private"], headers=given["headers"]
    )
    return Service(web, web_address(url), notice=lambda text: click.echo(f"\n  {text}", err=True))


def _own(given: Mapping[str, Any]) -> Matcher:
    from so2graph.cli_session import bundle_of, session_of
    from so2graph.link.reconcile_client import Service
    from so2graph.web.own_service import ADDRESS, OwnService

    settings = _settings(given)
    manifest = session_of(settings).snapshot.manifest
    identity = f"so2graph {__version__} {settings.data.resolve()} generation {manifest.number} of {manifest.created}"
    return Service(OwnService(settings, bundle_of(settings)), f"{ADDRESS}reconcile", identity=identity)
