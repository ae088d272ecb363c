"""The commands: each parses, calls one thing, and prints."""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from so2graph import (
    __version__,
    cli_link_publish,  # noqa: F401  # its commands are those of `link`
)
from so2graph.cli_export import export
from so2graph.cli_files import format_of, pairs, query_text, stored_query, write_whole
from so2graph.cli_link import link
from so2graph.cli_link_check import check
from so2graph.cli_link_review import review
from so2graph.cli_options import settings_options
from so2graph.cli_progress import progress
from so2graph.cli_publish import publish
from so2graph.cli_reconcile import reconcile
from so2graph.cli_session import bundle_of, session_of
from so2graph.cli_tokens import token
from so2graph.config import Settings, setting_rows
from so2graph.errors import EXIT_CODES, BadParameter, So2Error

if TYPE_CHECKING:
    from so2graph.engine.access import Session
    from so2graph.engine.store import Answer

__all__ = ["main"]


class Group(click.Group):
    """Ends a command that raises one of our errors with its message, what to do, and its exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # Who reads us has had enough; what is left in the buffer has nowhere to go.
            _abandon_output()
            ctx.exit(0)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            click.echo(f"{click.style('error:', fg='red', bold=True)} {where}{error.strerror or error}", err=True)
            _abandon_output()
            ctx.exit(6)
        except So2Error as error:
            click.echo(f"{click.style('error:', fg='red', bold=True)} {error}", err=True)
            if error.mend:
                click.echo(f"  {error.mend}", err=True)
            ctx.exit(error.exit_code)
        return result


def _abandon_output() -> None:
    """Lets the interpreter end without another try to write what could not be written."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_EPILOG = "Exit codes:\n\n\b\n" + "\n".join(f"{code}  {meaning}" for code, meaning in EXIT_CODES.items())


@click.group(cls=Group, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="so2graph")
def main() -> None:
    """Networks of social enterprises as linked data, with the certainty of every statement.

    Every command takes the settings that concern it as flags, or from the environment as SO2GRAPH_<NAME>.
    """


@main.command()
@click.option("--discard-edits", is_flag=True, help="Leave out what was written over HTTP since the last build.")
@settings_options()
def build(discard_edits: bool, settings: Settings) -> None:
    """Build the catalogue into a new generation; the same inputs make none."""
    from so2graph.publish.build import build as run

    with progress("building") as tell:
        built = run(bundle_of(settings), settings, tell, discard_edits=discard_edits)
    manifest = built.manifest
    what = "made" if built.new else "unchanged:"
    click.echo(
        f"{what} generation {manifest.number} in {settings.data}: "
        f"{manifest.triples} triples in {len(manifest.graphs)} graphs"
    )


@main.command()
@settings_options()
def validate(settings: Settings) -> None:
    """Check what a build would publish, and publish nothing."""
    import tempfile

    from so2graph.publish.build import validate as run

    with tempfile.TemporaryDirectory(prefix="so2graph-") as scratch, progress("checking") as tell:
        triples = run(bundle_of(settings), settings, Path(scratch), tell)
    click.echo(f"fit to publish: {triples} triples, no faults")


@main.command()
@click.option(
    "--empty", is_flag=True, help="Start with an empty dataset to be written to, where the folder is empty."
)
@settings_options(serve=True)
def serve(empty: bool, settings: Settings) -> None:
    """Serve the dataset over HTTP; builds it first when the folder is empty.

    It can be written to once there is a token: see 'so2graph token add'.
    """
    from so2graph.engine.access import Access
    from so2graph.publish.build import ensure_built, ensure_empty
    from so2graph.web.serving import run

    bundle = bundle_of(settings)
    with progress("building") as tell:
        built = ensure_empty(settings) if empty else ensure_built(bundle, settings, tell)
    Access(settings, bundle).session().snapshot.open()
    run(
        settings,
        lambda url: click.echo(
            f"so2graph serves generation {built.manifest.number} ({built.manifest.triples} triples) at {url}"
        ),
    )


@main.command()
@click.argument("query")
@click.option(
    "-f", "--format", "wanted", default="table", help="table, or csv, tsv, json, xml, xlsx, parquet, arrow, turtle, …"
)
@click.option("-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of a stored query.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of the screen.")
@settings_options()
def query(query: str, wanted: str, params: tuple[str, ...], output: Path | None, settings: Settings) -> None:
    """Ask a question: SPARQL text, a file with it, - for standard input, or the name of a stored query."""
    from so2graph.terminal import echo_records, echo_table, rows_of

    session = session_of(settings)
    bundle = bundle_of(settings)
    stored = stored_query(bundle, query)
    if stored is None:
        if params:
            raise BadParameter("only a stored query takes parameters", mend="Write the values into the query.")
        answer = session.query(query_text(query))
    else:
        english = {p.name: "en" for p in stored.parameters if p.type == "language"}
        answer = session.stored(stored, english | pairs(params))
    if wanted != "table":
        write_whole(_encoded(answer, wanted, session, output), output)
        return
    if output is not None:
        raise BadParameter("a table is for the screen", mend="Choose --format csv or another for a file.")
    columns, rows = rows_of(answer, session.prefixes)
    if stored is not None and stored.view == "paths":
        click.echo(stored.title.en)
        echo_records(columns, rows)
    else:
        echo_table(columns, rows)


def _encoded(answer: Answer, wanted: str, session: Session, output: Path | None) -> bytes:
    from so2graph.formats import BOOLEAN_FORMATS, GRAPH_FORMATS, SOLUTION_FORMATS

    offered = {"graph": GRAPH_FORMATS, "boolean": BOOLEAN_FORMATS}.get(answer.kind, SOLUTION_FORMATS)
    fmt = format_of(wanted, offered)
    if fmt.binary and output is None and sys.stdout.isatty():
        raise BadParameter(f"{fmt.title} is not for the screen", mend="Give a file with --output, or a pipe.")
    return answer.write(fmt, session.prefixes, session.settings.max_result_bytes, session.origin)


@main.command()
@click.argument("start", metavar="FROM")
@click.argument("end", metavar="TO")
@click.option("--certainty", default="inferred", show_default=True, help="The weakest modality a link may have.")
@click.option("--lang", default="en", type=click.Choice(["nl", "en"]), show_default=True)
@click.option("--steps", default=5, show_default=True, type=click.IntRange(1), help="Most steps of a path.")
@click.option("--json", "as_json", is_flag=True, help="Plain data instead of text.")
@settings_options()
def path(start: str, end: str, certainty: str, lang: str, steps: int, as_json: bool, settings: Settings) -> None:
    """Show how two things are connected, and how certain that is.

    FROM and TO are IRIs, names with a prefix, identifiers or labels: 'SO netwerk Groningen', id:alescon, senl.
    """
    from so2graph.engine.lookup import find_entity
    from so2graph.network.paths import paths, read_edges
    from so2graph.terminal import echo_paths, plain_paths
    from so2graph.vocab import MODALITIES

    if certainty not in MODALITIES:
        raise BadParameter(f"--certainty {certainty!r} is no modality", mend=f"Give one of: {', '.join(MODALITIES)}.")
    if steps > settings.max_path_steps:
        raise BadParameter(
            f"--steps {steps} is more than {settings.max_path_steps}",
            mend="Ask for fewer, or raise the setting max_path_steps.",
        )
    session = session_of(settings)
    ends = [find_entity(session, text).value for text in (start, end)]
    if ends[0] == ends[1]:
        raise BadParameter(f"{start!r} and {end!r} are the same thing", mend="Give two things.")
    edges = read_edges(session)
    found = paths(edges, ends[0], ends[1], steps, certainty)
    if as_json:
        click.echo(json.dumps(plain_paths(found), indent=2, ensure_ascii=False))
        return
    names = session.labels(ends, lang)
    if not paths(edges, ends[0], ends[1], steps, "stated"):
        click.echo(
            f"On stated facts alone there is no path of at most {steps} steps from {names[ends[0]]} "
            f"to {names[ends[1]]}."
        )
    if not found and certainty != "stated":
        click.echo(f"Nor is there one when links may be as weak as {certainty}.")
    echo_paths(found, session, lang)


@main.command()
@settings_options()
def stats(settings: Settings) -> None:
    """Count what the dataset holds, graph by graph."""
    from so2graph.terminal import echo_table

    session = session_of(settings)
    manifest = session.snapshot.manifest
    graphs = {iri: count for iri, count in manifest.graphs.items() if iri in session.readable}
    labels = session.labels(graphs, "en")
    click.echo(f"generation {manifest.number}, made {manifest.created}, {sum(graphs.values())} triples")
    echo_table(
        ("graph", "title", "triples"),
        [(session.prefixes.compact(iri), labels[iri], str(count)) for iri, count in graphs.items()],
    )


@main.command(name="settings")
@settings_options(serve=True)
def settings_command(settings: Settings) -> None:
    """Show every setting: its value, its default, and what it does."""
    from so2graph.terminal import echo_table

    echo_table(
        ("variable", "value", "default", "what it does"),
        [(row.variable, row.value, row.default, row.doc) for row in setting_rows(settings)],
    )


main.add_command(export)
main.add_command(token)
main.add_command(publish)
main.add_command(link)
link.add_command(review)
link.add_command(check)
main.add_command(reconcile)
