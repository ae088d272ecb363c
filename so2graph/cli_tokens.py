"""`so2graph token`: who may write over HTTP, and read what is private."""

from __future__ import annotations

import click

from so2graph.cli_options import settings_options
from so2graph.config import Settings

__all__ = ["token"]


@click.group()
def token() -> None:
    """Say who may write over HTTP, and read what is private."""


@token.command(name="add")
@click.argument("name")
@click.option(
    "--role", required=True, type=click.Choice(["reader", "editor", "admin"]), help="What the bearer may do."
)
@click.option("--read", multiple=True, metavar="IRI", help="Private graphs that it may read (all, unless given).")
@click.option("--write", multiple=True, metavar="IRI", help="Graphs that it may write (all, unless given).")
@settings_options()
def token_add(name: str, role: str, read: tuple[str, ...], write: tuple[str, ...], settings: Settings) -> None:
    """Make a token and print it, alone, this once: only a digest of it is kept.

    A reader reads what is private; an editor writes as well, and may stop queries; an admin may do everything.
    """
    from so2graph.engine.tokens import Tokens

    click.echo(Tokens(settings.data).add(name, role, read or None, write or None))


@token.command(name="remove")
@click.argument("name")
@settings_options()
def token_remove(name: str, settings: Settings) -> None:
    """Remove a token; it is of no use from the next request on."""
    from so2graph.engine.tokens import Tokens

    Tokens(settings.data).remove(name)
    click.echo(f"removed {name}")


@token.command(name="list")
@settings_options()
def token_list(settings: Settings) -> None:
    """Show who has a token."""
    from so2graph.engine.tokens import Tokens
    from so2graph.terminal import echo_table

    def graphs(given: tuple[str, ...] | None) -> str:
        return "all" if given is None else " ".join(given)

    rows = [(t.name, t.role, graphs(t.read), graphs(t.write), t.created) for t in Tokens(settings.data).all()]
    echo_table(("name", "role", "reads", "writes", "made"), rows)
