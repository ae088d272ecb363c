"""`so2graph link import|export|accept|refuse|none|withdraw|enrich`: judgements about links, by command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from so2graph.cli_link import link
from so2graph.cli_options import settings_options
from so2graph.cli_session import bundle_of, session_of
from so2graph.config import Settings

if TYPE_CHECKING:
    from so2graph.engine.access import Session
    from so2graph.engine.changes import Write
    from so2graph.link.catalogued import Linkset
    from so2graph.link.mapping import Verdict

__all__ = ["accept", "enrich", "export", "import_command", "none", "refuse", "withdraw"]

_Command = Callable[..., None]
_LINKS = ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch", "sameAs")


def _apply(settings: Settings, session: Session, write: Write, command: str) -> None:
    """Makes the write, and says which generation has it."""
    from so2graph.engine.offline import apply_offline

    if not write.text:
        click.echo("nothing changes")
        return
    manifest = apply_offline(settings, [write], session.prefixes, f"so2graph link {command}")
    click.echo(f"made generation {manifest.number} in {settings.data}")


def _linksets(settings: Settings, target: str) -> list[Linkset]:
    """What is known of a target, for the catalogue; nothing of one that has no file."""
    from so2graph.errors import NotFound
    from so2graph.link.catalogued import linkset_of
    from so2graph.link.target import target_of

    try:
        return [linkset_of(target_of(target, bundle_of(settings).prefixes(), settings.data))]
    except NotFound:
        return []


def _judges(*, of_two: bool) -> Callable[[_Command], _Command]:
    """Makes a command that judges a thing of ours, or it and another elsewhere; its words are those of `_judge`."""
    elsewhere = click.argument("elsewhere", metavar="OBJECT")
    relation = click.option("--as", "predicate", type=click.Choice(_LINKS), default=_LINKS[0], show_default=True)
    parts: tuple[Callable[[_Command], _Command], ...] = (
        click.argument("subject"),
        *([elsewhere] if of_two else []),
        click.option("--target", required=True, metavar="NAME", help="The target that the link is with."),
        *([relation] if of_two else []),
        click.option("--reviewer", required=True, metavar="NAME", help="Who judges: a name or role, no address."),
        click.option("--comment", default="", metavar="TEXT", help="Why, in a few words."),
        settings_options(brief=True),
    )

    def declare(command: _Command) -> _Command:
        for part in reversed(parts):
            command = part(command)
        return link.command()(command)

    return declare


def _judge(
    verdict: Verdict,
    settings: Settings,
    subject: str,
    target: str,
    reviewer: str,
    comment: str,
    elsewhere: str = "",
    predicate: str = _LINKS[0],
) -> None:
    from so2graph.link.doors import replaced, reviewed
    from so2graph.link.linkset import judge_write
    from so2graph.link.mapping import PREDICATES
    from so2graph.link.sssom import expanded
    from so2graph.vocab import curie_or_iri

    session = session_of(settings)
    mine = str(curie_or_iri(subject, session.prefixes))
    theirs = expanded(elsewhere, session.prefixes) if elsewhere else ""
    wanted = next(iri for iri in PREDICATES if iri.endswith(f"#{predicate}"))
    mapping = reviewed(session, (mine, theirs), target, verdict, reviewer=reviewer, predicate=wanted, comment=comment)
    write = judge_write(session, [mapping], replaced(session, mapping), linksets=_linksets(settings, target))
    click.echo(f"{mapping.verdict}: {mapping.iri(session.snapshot.names)}")
    _apply(settings, session, write, verdict)


@_judges(of_two=True)
def accept(settings: Settings, **given: str) -> None:
    """Say that SUBJECT of ours (id:assen) and OBJECT elsewhere are linked; its triple is part of the facts."""
    _judge("accepted", settings, **given)


@_judges(of_two=True)
def refuse(settings: Settings, **given: str) -> None:
    """Say that SUBJECT and OBJECT are not linked; a link that there is goes, and no program proposes it again."""
    _judge("refused", settings, **given)


@_judges(of_two=False)
def none(settings: Settings, **given: str) -> None:
    """Say that the target has nothing that is SUBJECT; no program asks again."""
    _judge("none", settings, **given)


@link.command()
@click.argument("records", nargs=-1, required=True, metavar="MAPPING…")
@settings_options(brief=True)
def withdraw(records: tuple[str, ...], settings: Settings) -> None:
    """Take judgements back as if nobody had ever made them; what their links brought goes with them.

    A mapping is named by its record (67822526496c52b1) or its IRI.
    """
    from so2graph.link.linkset import judge_write

    session = session_of(settings)
    write = judge_write(session, [], [record.rpartition("/")[2] for record in records])
    click.echo(f"withdrawn: {len(set(records))}")
    _apply(settings, session, write, "withdraw")


@link.command(name="export")
@click.argument("target")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file.  [default: stdout]")
@settings_options(brief=True)
def export(target: str, output: Path | None, settings: Settings) -> None:
    """Give all judgements about TARGET as SSSOM TSV: the same bytes as /links/TARGET.sssom.tsv."""
    from so2graph.link.doors import mapping_set
    from so2graph.link.sssom import write

    session = session_of(settings)
    body = write(mapping_set(session, target), session.snapshot.names)
    if output is None:
        sys.stdout.buffer.write(body)
    else:
        output.write_bytes(body)


@link.command(name="import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--target", metavar="NAME", help="The target, where the name of the file (NAME.sssom.tsv) is another.")
@click.option("--whole", is_flag=True, help="The file is all there is: withdraw what it does not have.")
@settings_options(brief=True)
def import_command(files: tuple[Path, ...], target: str | None, whole: bool, settings: Settings) -> None:
    """Take over the judgements of SSSOM files: new ones, and those that were changed by hand.

    A row of a program (without a reviewer) never replaces the judgement of a person.
    """
    from so2graph.link.doors import import_write
    from so2graph.link.sssom import decoded, read, target_of_file

    for path in files:
        session = session_of(settings)
        name = target or target_of_file(path.name)
        text = decoded(path.read_bytes(), str(path))
        mappings = read(text, str(path), name, session.snapshot.names)
        found = import_write(session, mappings, whole=whole, linksets=_linksets(settings, name))
        click.echo(f"{path.name}: {found.changed} new or changed, {found.withdrawn} withdrawn")
        for mapping in found.kept:
            click.echo(f"  left as a person judged it: {mapping.subject} {mapping.object}", err=True)
        _apply(settings, session, found.write, "import")


@link.command()
@click.argument("target")
@settings_options(brief=True)
def enrich(target: str, settings: Settings) -> None:
    """Bring what TARGET says of linked things into a graph of its own, with source, licence, date and link.

    It reads the newest snapshot, and replaces what an older one brought.
    """
    from so2graph.link.enrich import enrich_write
    from so2graph.link.snapshot import current
    from so2graph.link.target import target_of

    session = session_of(settings)
    found = target_of(target, bundle_of(settings).prefixes(), settings.data)
    done = enrich_write(session, found, current(settings.data, found.name))
    click.echo(f"{found.name}: {done.statements} statements by {done.links} links")
    _apply(settings, session, done.write, "enrich")
