"""`so2graph link`: targets, snapshots and runs of linking."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from so2graph.cli_options import settings_options
from so2graph.cli_progress import progress
from so2graph.cli_session import bundle_of, session_of
from so2graph.config import Settings

if TYPE_CHECKING:
    from so2graph.engine.access import Session
    from so2graph.link.matching import Matched
    from so2graph.link.running import Done, Step
    from so2graph.link.snapshot import Snapshot
    from so2graph.link.target import Target

__all__ = ["link"]

_TOLD = 10
"""Pairs that a dry run tells of each kind."""
_NONE = "no pair is sure enough to be accepted without a person"


@click.group()
def link() -> None:
    """Link things with open data elsewhere: find, review, publish, withdraw."""


@contextmanager
def _steps(label: str) -> Iterator[Step]:
    """Tells each step on stderr: how far it is, where that is a terminal."""
    last = [""]

    with progress(label) as bar:

        def tell(step: str, done: int, total: int) -> None:
            if step != last[0] and not sys.stderr.isatty():
                click.echo(f"{label}: {step}", err=True)
            last[0] = step
            if total:
                bar(step, done, total)

        yield tell


@link.command(name="targets")
@settings_options(link=True)
def targets_command(settings: Settings) -> None:
    """List the targets: what each is, under which licence, and of when its snapshot is."""
    from so2graph.link.snapshot import snapshots
    from so2graph.link.target import targets
    from so2graph.terminal import echo_table

    rows = []
    for name, target in targets(bundle_of(settings).prefixes(), settings.data).items():
        known = snapshots(settings.data, name)
        rows.append(
            (
                name,
                target.title.en,
                target.access.kind,
                target.licence or "to be given",
                f"{known[-1].date[:10]}, {known[-1].records} records" if known else "none",
            )
        )
    echo_table(("target", "what it is", "access", "licence", "snapshot"), rows)


@link.command()
@click.argument("target")
@click.option("--from", "source", metavar="FILE|URL", default="", help="Where from, instead of the target's address.")
@click.option("--licence", metavar="IRI", default="", help="Licence of the data, where the target does not say one.")
@settings_options(link=True)
def fetch(target: str, source: str, licence: str, settings: Settings) -> None:
    """Take a snapshot of TARGET, on which runs then work; one that broke off goes on where it was.

    TARGET is a name, or a .yaml file that describes one. Without a way to the net, give the file: --from FILE.
    """
    found = _target(target, settings)
    _fetched(session_of(settings), found, settings, source, licence)


def _target(text: str, settings: Settings, *, keep: bool = True) -> Target:
    """The target of a name; of a file that describes one a copy is kept, so that its name is known from now on."""
    from so2graph.engine.generations import storage_errors
    from so2graph.link.target import target_of

    found = target_of(text, bundle_of(settings).prefixes(), settings.data)
    if keep and text.endswith((".yaml", ".yml")):
        kept = settings.data / "links" / found.name / "target.yaml"
        with storage_errors(settings.data):
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(Path(text).read_bytes())
    return found


def _fetched(session: Session, target: Target, settings: Settings, source: str, licence: str) -> Snapshot:
    from so2graph.errors import So2Error
    from so2graph.link.running import take
    from so2graph.link.snapshot import snapshots
    from so2graph.vocab import parse_iri

    if licence:
        parse_iri(licence)
    try:
        with _steps(target.name) as tell:
            snapshot, new = take(target, session, settings, tell, source=source, licence=licence)
    except So2Error:
        known = snapshots(settings.data, target.name)
        if known:
            click.echo(f"the snapshot of {known[-1].date} stays in use ({known[-1].records} records)", err=True)
        raise
    if new:
        click.echo(f"took {snapshot.name}: {snapshot.records} records, {snapshot.bytes} bytes from {snapshot.source}")
    else:
        click.echo(f"unchanged since {snapshot.date}: {snapshot.name}, {snapshot.records} records")
    if not snapshot.licence:
        note = f" {target.licence_note}" if target.licence_note else " Give it with --licence IRI."
        click.echo(f"its licence is not known.{note}", err=True)
    return snapshot


@link.command()
@click.argument("target")
@click.option("--wish", type=click.FloatRange(0.5, 0.9999), help="Share of accepted links that must be right.")
@click.option("--type", "types", multiple=True, metavar="CLASS", help="Only our things of this class, so2:UrbanCore.")
@click.option("--dry-run", is_flag=True, help="Say what would be accepted and asked; nothing is written.")
@settings_options(link=True)
def run(target: str, wish: float | None, types: tuple[str, ...], dry_run: bool, settings: Settings) -> None:
    """Link our things with TARGET: accept what the wish allows, keep the rest for review.

    It works on the newest snapshot, and takes one where there is none yet (--dry-run does not). What a person has
    judged stays as it is; with --type, so do the questions about other things.
    """
    from so2graph.errors import NotFound
    from so2graph.link.running import run_target
    from so2graph.link.snapshot import current
    from so2graph.link.target import narrowed

    whole = _target(target, settings, keep=not dry_run)
    if wish is not None:
        whole = replace(whole, spec=replace(whole.spec, wish=wish))
    found = narrowed(whole, types)
    session = session_of(settings)
    try:
        snapshot = current(settings.data, found.name)
    except NotFound:
        if dry_run or not found.fetched:
            raise
        snapshot = _fetched(session, found, settings, "", "")
    with _steps(found.name) as tell:
        done = run_target(session, found, snapshot, settings.data, tell, whole=whole if types else None, dry=dry_run)
    if done is None:
        click.echo(f"{found.title.en}: a person has judged all of ours, so there is nothing to find")
        return
    written = 0 if dry_run else _accept(session, found, done, settings)
    _report(session, found, snapshot, done, written, dry_run=dry_run)
    if not types:
        _earlier(session, found, done)


def _earlier(session: Session, target: Target, done: Done) -> None:
    """Tells of links that an earlier run made and this one did not find: they stay, until somebody withdraws them."""
    from so2graph.link.linkset import judgements

    now = {each.record for each in done.accepted}
    said = [each for each in judgements(session, target.name) if each.verdict == "accepted" and not each.by_person]
    if lost := [each for each in said if each.record not in now]:
        click.echo(f"  earlier    {len(lost)} links of earlier runs were not found again; they stay until withdrawn:")
        for each in lost[:10]:
            click.echo(f"             {each.record}  {each.subject_label or each.subject} – {each.object}")


def _accept(session: Session, target: Target, done: Done, settings: Settings) -> int:
    """Writes what was accepted; how many links are new."""
    from so2graph.engine.offline import apply_offline
    from so2graph.link.catalogued import linkset_of
    from so2graph.link.linkset import judge_write, judgements

    before = {each.record for each in judgements(session, target.name) if each.verdict == "accepted"}
    if not done.accepted:
        return 0
    write = judge_write(session, done.accepted, linksets=(linkset_of(target),), by_person=False)
    if not write.text:
        return 0
    apply_offline(settings, [write], session.prefixes, "so2graph link run")
    return sum(1 for each in done.accepted if each.record not in before)


def _report(session: Session, target: Target, snapshot: Snapshot, done: Done, written: int, *, dry_run: bool) -> None:
    counts, threshold = done.counts, done.run.threshold
    click.echo(f"{target.title.en}: run {done.run.id} on {snapshot.name}, taken {snapshot.date}")
    click.echo(f"  compared   {counts['ours']} of ours with {counts['theirs']} of theirs: {counts['pairs']} pairs")
    if counts["judged"]:
        click.echo(f"  judged     {counts['judged']} that a person has decided on; they stay as they are")
    value, right = threshold.get("value"), threshold.get("expected_precision")
    if isinstance(value, float) and isinstance(right, float):
        what = f"accepted from a probability of {value:.4f}, of which {right:.2%} are expected to be right"
        click.echo(f"  wish       {target.spec.wish:.2%} right: {what if value <= 1 else _NONE}")
    news = "nothing is written, as asked" if dry_run else f"{written} of them new links"
    click.echo(f"  accepted   {counts['accept']}: {news}")
    click.echo(
        f"  review     {counts['review']} of ours wait for a person"
        + (f": 'so2graph link review {target.name}'" if counts["review"] and not dry_run else "")
    )
    click.echo(f"  none       {counts['none']} with nothing that comes close")
    names = session.labels(done.nothing[:5], "en")
    if done.nothing:
        more = f" and {len(done.nothing) - 5} more" if len(done.nothing) > 5 else ""
        click.echo(f"             {'; '.join(names[iri] for iri in done.nothing[:5])}{more}")
    if done.folder is None:
        _would(session, done)
    else:
        click.echo(f"  kept in    {done.folder}")


def _would(session: Session, done: Done) -> None:
    """Tells what a dry run found, since nothing of it is kept."""
    pairs = {"accept": [(each.subject, each.object) for each in done.accepted], "ask about": list(done.waiting)}
    labels = session.labels({ours for some in pairs.values() for ours, _ in some[:_TOLD]}, "en")
    for what, some in pairs.items():
        for ours, theirs in some[:_TOLD]:
            click.echo(f"  would {what:<9}  {labels[ours]} – {theirs}")
        if len(some) > _TOLD:
            click.echo(f"  would {what:<9}  … and {len(some) - _TOLD} more")


@link.command()
@click.argument("target", required=False)
@settings_options(link=True)
def status(target: str | None, settings: Settings) -> None:
    """Show what is linked with each target: judgements, the last run and its snapshot."""
    from so2graph.errors import DatasetReadOnly
    from so2graph.link.linkset import judgements
    from so2graph.link.queue import Queue
    from so2graph.link.runs import open_run, runs
    from so2graph.link.snapshot import snapshots
    from so2graph.link.target import target_of, targets
    from so2graph.terminal import echo_table

    prefixes = bundle_of(settings).prefixes()
    session = session_of(settings)
    names = [target_of(target, prefixes, settings.data).name] if target else list(targets(prefixes, settings.data))
    rows = []
    for name in names:
        said = judgements(session, name)
        known, made = snapshots(settings.data, name), runs(settings.data, name)
        if not (said or known or made or target):
            continue
        waits = "-"
        if made:
            with open_run(settings.data, name) as opened:
                try:
                    waits = str(Queue(opened, session, said).left().open)
                except DatasetReadOnly:  # what was answered since cannot be settled then
                    waits = str(opened.count("review"))
        verdicts = [sum(1 for each in said if each.verdict == word) for word in ("accepted", "refused", "none")]
        stale = known and made and known[-1].name not in _snapshot_of(settings, name)
        rows.append(
            (
                name,
                *map(str, verdicts),
                waits,
                made[-1] if made else "never",
                (known[-1].date[:10] if known else "none") + (", newer than the run" if stale else ""),
            )
        )
    if not rows:
        click.echo("nothing is linked yet; 'so2graph link targets' lists what there is to link with")
        return
    echo_table(("target", "links", "refused", "none known", "to review", "last run", "snapshot"), rows)


def _snapshot_of(settings: Settings, target: str) -> str:
    from so2graph.link.runs import open_run

    with open_run(settings.data, target) as opened:
        return opened.run.snapshot.name


@link.command()
@click.argument("left", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("right", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--spec", type=click.Path(dir_okay=False, path_type=Path), help="What is compared; guessed and written if absent."
)
@click.option("--wish", type=click.FloatRange(0.5, 0.9999), help="Share of accepted pairs that must be right.")
@click.option("--encoding", default="", help="How the tables are written, where that is not UTF-8 (windows-1252).")
@click.option("--guess-only", is_flag=True, help="Write the guess and stop, so that it can be edited.")
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("links.csv"), show_default=True,
    help="The pairs, as .csv or .parquet.",
)  # fmt: skip
def match(
    left: Path, right: Path, spec: Path | None, wish: float | None, encoding: str, guess_only: bool, out: Path
) -> None:
    """Link any two files (CSV, TSV, Parquet, RDF), without a dataset.

    Without --spec it guesses from the columns what to compare, and writes the guess beside the result, to be edited
    and given the next time.
    """
    from so2graph.link.matching import guessed
    from so2graph.link.matching import match as run_match

    file = spec or out.with_suffix(".spec.yaml")
    if spec is None or (guess_only and not spec.exists()):
        file.write_text(guessed(left, right, encoding), encoding="utf-8")
        click.echo(f"guessed what to compare: {file}", err=True)
    if guess_only:
        return
    with _steps("link") as tell:
        matched = run_match(left, right, file, tell, wish, encoding)
    _report_match(matched, out)


def _report_match(matched: Matched, out: Path) -> None:
    from so2graph.link.matching import write_pairs

    written = write_pairs(matched, out)
    decisions = matched.outcome.pairs.column("decision").to_pylist()
    threshold = matched.outcome.threshold
    click.echo(
        f"{decisions.count('accept')} links, {decisions.count('review')} for review, "
        f"among {matched.left.num_rows} and {matched.right.num_rows} records; "
        + (
            f"accepted from {threshold.value:.4f}, "
            f"of which {threshold.expected_precision:.2%} are expected to be right"
            if threshold.value <= 1
            else _NONE
        )
        + f". {written} pairs in {out}"
    )
