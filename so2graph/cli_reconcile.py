"""The commands around reconciliation: examine a service, and match a table of one's own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from so2graph.cli_progress import progress
from so2graph.errors import BadParameter

if TYPE_CHECKING:
    from so2graph.link.conformance import Outcome, Report

__all__ = ["reconcile"]


class _CommandOrFile(click.Group):
    """A group whose first word is a command of it, or else the file that its command `file` takes."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        known = {*self.commands, *ctx.help_option_names}
        if args and args[0] not in known:
            args = ["file", *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "FILE --column NAME --with TARGET|URL [OPTIONS]")
        formatter.write_usage(ctx.command_path, "check URL [OPTIONS]")


@click.group(cls=_CommandOrFile)
def reconcile() -> None:
    """Match the names in a table with things of a service or a dataset, or examine such a service.

    The first word is a file, unless it is one of the commands below; a file that is called check is ./check.
    """


def _headers(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in given:
        name, colon, value = text.partition(":")
        if not colon or not name.strip().replace("-", "").isalnum() or not (name + value).isprintable():
            raise BadParameter(f"--header {text[:80]!r} is no header", mend="Write it as 'Name: value'.")
        found[name.strip()] = value.strip()
    return found


@reconcile.command()
@click.argument("url", required=False)
@click.option(
    "-f", "--format", "wanted", type=click.Choice(["text", "json", "junit"]), default="text", show_default=True
)
@click.option("--rule", "names", multiple=True, metavar="RULE", help="Only this rule; as often as you like.")
@click.option(
    "--sample", "samples", multiple=True, metavar="NAME", help="A name that the service has; else found out."
)
@click.option("--as", "version", type=click.Choice(["0.1", "0.2", "1.0-draft"]), help="Not as the manifest says.")
@click.option("--header", "headers", multiple=True, callback=_headers, metavar="'NAME: VALUE'", help="Sent along.")
@click.option(
    "--timeout", default=30.0, show_default=True, type=click.FloatRange(0.1, 600), help="Seconds a request."
)
@click.option(
    "--pause", default=0.1, show_default=True, type=click.FloatRange(0, 60), help="Seconds between requests."
)
@click.option(
    "--most-requests", default=400, show_default=True, type=click.IntRange(1, 10_000), help="No more than so."
)
@click.option("--allow-private", is_flag=True, help="Also a service on this machine or in its network.")
@click.option("--strict", is_flag=True, help="Let warnings count as well.")
@click.option("-v", "--verbose", is_flag=True, help="Show the rules that hold too.")
@click.option("--list", "listing", is_flag=True, help="Show the rules, and ask nothing.")
@click.pass_context
def check(ctx: click.Context, /, url: str | None, wanted: str, names: tuple[str, ...], **given: Any) -> None:
    """Examine a reconciliation service by the rules of the API (0.1, 0.2, 1.0 draft) and the needs of OpenRefine.

    It reads, and changes nothing. It ends with 0 when no rule is broken that must hold, else with 3.
    """
    from so2graph.engine.opener import web_address
    from so2graph.link.conformance import chosen, examine
    from so2graph.link.reconcile_http import Web

    rules = chosen(names)
    if given["listing"]:
        from so2graph.terminal import echo_table

        rows = [(each.id, str(each.level), each.holds, each.section) for each in rules]
        echo_table(("rule", "weight", "what must be so", "said in"), rows)
        return
    if url is None:
        raise BadParameter("no service is named", mend="Give its address: so2graph reconcile check URL.")
    web = Web(
        timeout=given["timeout"],
        pause=given["pause"],
        most=given["most_requests"],
        private=given["allow_private"],
        headers=given["headers"],
    )
    with progress("examining") as tell:
        report = examine(
            web_address(url), web, rules=rules, version=given["version"], samples=given["samples"], tell=tell
        )
    _show(report, wanted, verbose=given["verbose"])
    sys.stdout.flush()
    from so2graph.link.conformance import Verdict

    if not report.conforms or (given["strict"] and report.of(Verdict.WARNING)):
        ctx.exit(3)


@reconcile.command(name="file")
@click.argument("table", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--column", required=True, metavar="NAME", help="The column of the names.")
@click.option(
    "--with", "whom", required=True, metavar="TARGET|URL", help="A target, so2graph, or a service's address."
)
@click.option("--type", "kind", default="", metavar="TYPE", help="Look for things of this type.")
@click.option("--property", "properties", multiple=True, metavar="COLUMN=PROPERTY", help="A column sent along.")
@click.option("--add", multiple=True, metavar="PROPERTY", help="Add a column with this property of what is matched.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help=".csv, .tsv, .xlsx or .parquet."
)
@click.option("--threshold", type=float, help="The score from which the best candidate is taken.")
@click.option(
    "--wish", type=click.FloatRange(0.5, 0.9999), help="The share of matches that must be right (a target)."
)
@click.option("--limit", default=5, show_default=True, type=click.IntRange(1, 50), help="Candidates a name.")
@click.option("--resume/--refresh", default=True, show_default=True, help="Take answers that are kept, or ask anew.")
@click.option("--cache", type=click.Path(dir_okay=False, path_type=Path), help="Where answers are kept.")
@click.option("--encoding", help="Of the table; else found out.")
@click.option("--delimiter", help="What stands between cells; else found out.")
@click.option("--header", "headers", multiple=True, callback=_headers, metavar="'NAME: VALUE'", help="Sent along.")
@click.option(
    "--timeout", default=60.0, show_default=True, type=click.FloatRange(0.1, 600), help="Seconds a request."
)
@click.option(
    "--pause", default=0.1, show_default=True, type=click.FloatRange(0, 60), help="Seconds between requests."
)
@click.option("--allow-private", is_flag=True, help="Also a service on this machine or in its network.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="The folder of the dataset.")
def file(table: Path, **given: Any) -> None:
    """Match the names in a column of FILE (CSV or TSV); the word 'file' may be left out.

    The table is written as it was, with columns behind it: identifier, name, score, match and type of the best
    candidate, and what a person has to look at. Every answer is kept on disk: no question is asked twice, and a run
    that was broken off goes on where it was.
    """
    from so2graph.cli_reconcile_file import match_file

    match_file(table, given)


def _show(report: Report, wanted: str, *, verbose: bool) -> None:
    from so2graph.link.conformance_report import as_data, as_junit

    if wanted == "json":
        click.echo(json.dumps(as_data(report), indent=2, ensure_ascii=False))
    elif wanted == "junit":
        click.echo(as_junit(report), nl=False)
    else:
        _show_text(report, verbose=verbose)


def _show_text(report: Report, *, verbose: bool) -> None:
    from so2graph.link.conformance import Verdict
    from so2graph.link.conformance_report import excerpt, summary
    from so2graph.terminal import echo_table

    name = excerpt(report.name, 100) or "a service without a name"
    click.echo(f"{click.style(name, bold=True)}, {report.url}, version {report.version}")
    for verdict, colour in ((Verdict.BROKEN, "red"), (Verdict.WARNING, "yellow")):
        for each in report.of(verdict):
            _show_outcome(each, colour)
    if verbose:
        click.echo()
        rows = [
            (str(each.verdict), each.rule.id, str(each.level), each.why or each.rule.holds)
            for each in report.outcomes
        ]
        echo_table(("verdict", "rule", "weight", "what must be so, or why it is not judged"), rows)
    else:
        click.echo()
        reasons: dict[str, list[str]] = {}
        for each in report.of(Verdict.OPEN):
            reasons.setdefault(each.why, []).append(each.rule.id)
        for why, names in reasons.items():
            click.echo(f"not judged, since {excerpt(why, 200)}: {', '.join(names)}")
    click.echo(summary(report))


def _show_outcome(each: Outcome, colour: str) -> None:
    from so2graph.link.conformance_report import explained

    title = click.style(str(each.verdict).upper(), fg=colour, bold=True)
    click.echo(f"\n{title} {click.style(each.rule.id, bold=True)} ({each.level})")
    for heading, words in explained(each):
        click.echo(f"  {heading + ':':9}{words}")
