"""`so2graph link check`: what has become wrong with links."""

from __future__ import annotations

import click

from so2graph.cli_options import settings_options
from so2graph.cli_progress import progress
from so2graph.cli_session import session_of
from so2graph.config import Settings
from so2graph.errors import DataInvalid

__all__ = ["check"]


@click.command()
@click.argument("targets", nargs=-1)
@click.option(
    "--online", is_flag=True, help="Ask each address whether it is still there (HEAD, one after the other)."
)
@settings_options(link=True)
def check(targets: tuple[str, ...], online: bool, settings: Settings) -> None:
    """Examine the links with TARGETS, all unless some are named: dead, merged, too far apart, contradicting ….

    What is found stands at /links/health too, beside what was found of other targets before. Ends with 3 when
    something is wrong; what is only worth a look does not count. Nothing is asked of the network without --online;
    what an address answered is not asked again for link_alive_days.
    """
    from so2graph.engine.alive import Alive, Heard
    from so2graph.link.checking import check as run
    from so2graph.link.checking import linked_targets, read_checkup, with_former, write_checkup
    from so2graph.web.health_words import told

    session = session_of(settings)
    asking = Alive(settings, settings.data / "links" / "alive.json") if online else None
    with progress("examining") as tell:
        asked = 0

        def heard(iri: str) -> Heard:
            nonlocal asked
            asked += 1
            tell(f"{asked} addresses", asked, 0)
            assert asking is not None  # noqa: S101  # it is given with --online only
            return asking.ask(iri)

        found = run(session, targets, heard if online else None)
    if asking is not None:
        asking.save()
    write_checkup(settings.data, with_former(found, read_checkup(settings.data), linked_targets(session)))
    labels = session.labels({one.subject for one in found.ailments if one.subject}, "en")
    for one in found.ailments:
        what, mend = told(one, "en")
        name = f"{labels[one.subject]} <{one.subject}>: " if one.subject else ""
        click.echo(f"{one.target}: {'' if one.wrong else '(look) '}{name}{what} [{one.check}]\n    {mend}")
    links = sum(one.links for one in found.targets)
    look = len(found.ailments) - found.wrong
    click.echo(f"{links} links with {len(found.targets)} targets: {found.wrong} wrong, {look} to look at")
    if found.unchecked:
        click.echo(
            f"not compared with their source, of which there is no snapshot: {', '.join(found.unchecked)}\n"
            "    Take one with 'so2graph link fetch TARGET', and check again."
        )
    if found.wrong:
        raise DataInvalid(
            f"{found.wrong} faults in links are to be mended",
            mend="Each is told above with what to do; the page is /links/health.",
        )
