"""`so2graph publish`: the site as plain files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from so2graph.cli_options import settings_options
from so2graph.cli_progress import progress
from so2graph.config import Settings

__all__ = ["publish"]


@click.command()
@click.option(
    "--static",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the files; made, or replaced as a whole.",
)
@click.option("--url", metavar="URL", help="Where the site will stand (https://example.org/so2/); the same setting.")
@click.option("--force", is_flag=True, help="Replace the folder, whatever is in it.")
@click.option("--processes", type=click.IntRange(1, 64), help="Processes that make pages.  [default: one a CPU]")
@settings_options()
def publish(folder: Path, url: str | None, force: bool, processes: int | None, settings: Settings) -> None:
    """Write the whole site as plain files for any web server: pages in both languages, RDF, tables, dumps.

    Every link is checked before the folder is replaced. What needs the service (SPARQL, forms) is left out, and so
    are e-mail addresses.
    """
    from so2graph.publish.build import ensure_built
    from so2graph.registry import Bundle
    from so2graph.web.static_site import publish as run

    if url is not None:
        settings = replace(settings, public_url=Settings.load({}, {"public_url": url}).public_url)
    bundle = Bundle.find(settings.base)
    with progress("building") as tell:
        ensure_built(bundle, settings, tell)
    with progress("publishing") as tell:
        published = run(settings, bundle, folder, force=force, processes=processes or 0, tell=tell)
    click.echo(
        f"wrote {published.files} files ({published.bytes} bytes) of generation {published.generation} to {folder}"
    )
