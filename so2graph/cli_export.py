"""`so2graph export`: the dataset, a part of it, or an answer, as a file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from so2graph.cli_files import format_of, pairs, query_text, stored_query
from so2graph.cli_options import settings_options
from so2graph.cli_progress import progress
from so2graph.cli_session import bundle_of, session_of
from so2graph.config import Settings
from so2graph.errors import BadParameter, So2Error

if TYPE_CHECKING:
    from so2graph.engine.access import Session
    from so2graph.engine.sinks import Sink
    from so2graph.formats import Format

__all__ = ["export"]

_DEFAULT = {"dataset": "trig", "graph": "trig", "modality": "trig", "framed": "jsonld"}
_DEFAULT |= {"network": "gexf", "nodes": "csv", "edges": "csv", "places": "geojson"}
_BINARY = ("xlsx", "parquet", "arrow")


@dataclass(frozen=True)
class _Plan:
    """What is to be written: its format, how, and the query it answers."""

    format: Format
    fill: Callable[[Sink, Callable[[str, int, int], None]], dict[str, int]]
    query: str | None = None


@click.command()
@click.argument("what", default="dataset", metavar="[WHAT]")
@click.option(
    "-f", "--format", "wanted", help="ttl, nt, nq, trig, rdf, jsonld, csv, parquet, …; else the suffix of the file."
)
@click.option("-g", "--graph", metavar="IRI", help="One graph, by IRI or the part after graph/ (so2/planned).")
@click.option("--modality", help="The graphs of one modality: stated, planned, hoped …")
@click.option("--entity", metavar="THING", help="One thing with all that is said of it: IRI, prefixed name or label.")
@click.option("--framed", metavar="TYPE", help="The things of one class as nested JSON-LD (RegionalNetwork).")
@click.option("--query", metavar="QUERY", help="An answer: SPARQL text, a file, -, or the name of a stored query.")
@click.option("-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of a stored query.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; .gz and .zst pack it.")
@click.option("--no-sidecar", is_flag=True, help="No FILE.meta.json with counts, sha256, generation and licence.")
@click.option("--generation", type=int, help="An older generation, by number.")
@settings_options()
def export(
    what: str,
    wanted: str | None,
    graph: str | None,
    modality: str | None,
    entity: str | None,
    framed: str | None,
    query: str | None,
    params: tuple[str, ...],
    output: Path | None,
    no_sidecar: bool,
    generation: int | None,
    settings: Settings,
) -> None:
    """Take the dataset home, or a part of it.

    WHAT is dataset, network (for Gephi), nodes, edges or places. A format without graphs holds the facts, since it
    could not say which statements are plans. E-mail addresses are in no export but that of their own graph. The same
    generation gives the same bytes.
    """
    given = {"graph": graph, "modality": modality, "entity": entity, "framed": framed, "query": query}
    chosen = [(kind, value) for kind, value in given.items() if value is not None]
    if len(chosen) + (what != "dataset") > 1:
        raise BadParameter("more than one thing to export is named", mend="Name one of them.")
    if params and query is None:
        raise BadParameter("only a stored query takes parameters", mend="Give --query NAME.")
    kind, which = chosen[0] if chosen else (what, "")
    session = _at(settings, generation)
    name, coding = _coding(output)
    suffix = wanted or (name.suffix.lstrip(".") if name is not None else "")
    plan = _plan(session, settings, kind, which, suffix, params)
    _run(session, plan, output, coding, sidecar=not no_sidecar)


def _at(settings: Settings, generation: int | None) -> Session:
    if generation is None:
        return session_of(settings)
    from so2graph.engine.access import session_at

    return session_at(settings, generation)


def _coding(output: Path | None) -> tuple[Path | None, str | None]:
    """The name of the file without the suffix of its coding, and the coding."""
    from so2graph.coding import SUFFIXES

    if output is None:
        return None, None
    coding = SUFFIXES.get(output.suffix.lstrip("."))
    return (output.with_suffix("") if coding else output), coding


def _plan(session: Session, settings: Settings, kind: str, which: str, wanted: str, params: tuple[str, ...]) -> _Plan:
    from so2graph.publish.export import write
    from so2graph.publish.selection import KINDS, Export

    if kind == "query":
        return _answer(session, settings, which, wanted, params)
    if kind == "entity":
        return _thing(session, settings, which, wanted)
    if kind not in KINDS or KINDS[kind].named == (which == ""):
        whole = ", ".join(name for name, row in KINDS.items() if not row.named)
        raise BadParameter(f"there is no export called {kind[:80]!r}", mend=f"Give one of: {whole}.")
    fmt = format_of(wanted or _DEFAULT[kind], KINDS[kind].formats)
    one = Export(KINDS[kind], which, fmt)
    return _Plan(fmt, lambda sink, tell: write(session, one, sink, tell))


def _answer(session: Session, settings: Settings, text: str, wanted: str, params: tuple[str, ...]) -> _Plan:
    from so2graph.formats import GRAPH_FORMATS, SOLUTION_FORMATS

    stored = stored_query(bundle_of(settings), text)
    if stored is None and params:
        raise BadParameter("only a stored query takes parameters", mend="Write the values into the query.")
    if stored is None:
        asked = query_text(text)
    else:
        english = {p.name: "en" for p in stored.parameters if p.type == "language"}
        asked = session.bound(stored, english | pairs(params))
    answer = session.query(asked)
    is_graph = answer.kind == "graph"
    fmt = format_of(wanted or ("turtle" if is_graph else "csv"), GRAPH_FORMATS if is_graph else SOLUTION_FORMATS)

    def fill(sink: Sink, _tell: object) -> dict[str, int]:
        most = settings.max_result_bytes, settings.max_result_rows
        return {"triples" if is_graph else "rows": answer.write_to(sink, fmt, session.prefixes, *most)}

    return _Plan(fmt, fill, asked)


def _thing(session: Session, settings: Settings, text: str, wanted: str) -> _Plan:
    from so2graph.engine.lookup import find_entity
    from so2graph.formats import FORMATS, GRAPH_FORMATS
    from so2graph.publish.concise import full
    from so2graph.publish.representation import represent

    iri = find_entity(session, text).value
    tables = tuple(f for f in FORMATS if "table" in f.kinds)
    fmt = format_of(wanted or "trig", (*GRAPH_FORMATS, *tables))

    def fill(sink: Sink, _tell: object) -> dict[str, int]:
        description = full(session, iri)
        sink.write(represent(session, bundle_of(settings), description.quads, fmt, "en", graphs=False))
        return {"triples": len(description.quads)}

    return _Plan(fmt, fill)


class _Screen:
    """Standard output; keeps what the system says when it takes no more, which libraries say in words of theirs."""

    failed: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return sys.stdout.buffer.write(data)
        except OSError as error:
            self.failed = error
            raise


def _to_screen(plan: _Plan, tell: Callable[[str, int, int], None]) -> None:
    screen = _Screen()
    try:
        plan.fill(screen, tell)
    except So2Error:
        if screen.failed is not None:
            raise screen.failed from None
        raise
    sys.stdout.buffer.flush()


def _run(session: Session, plan: _Plan, output: Path | None, coding: str | None, *, sidecar: bool) -> None:
    from so2graph.publish.export import write_file

    with progress("exporting") as tell:
        if output is None:
            if plan.format.name in _BINARY and sys.stdout.isatty():
                raise BadParameter(
                    f"{plan.format.title} is not for the screen", mend="Give a file with -o, or pipe it on."
                )
            _to_screen(plan, tell)
            return
        if output.exists() and not output.is_file():
            # A pipe or a device: there is nothing to replace, and nothing beside it.
            with output.open("wb") as file:
                plan.fill(file, tell)
            return
        made = write_file(
            output.resolve(),
            output.name,
            plan.format,
            coding,
            session,
            lambda sink: plan.fill(sink, tell),
            query=plan.query,
            sidecar=sidecar,
        )
    counts = ", ".join(f"{count} {what}" for what, count in made.counts.items())
    click.echo(f"wrote {made.size} bytes to {output}: {counts}; sha256 {made.sha256}", err=True)
