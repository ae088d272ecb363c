"""Writes answers, paths and faults for a person at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence

import click

from so2graph.engine.access import Session
from so2graph.engine.store import Answer
from so2graph.network.paths import Path, Step
from so2graph.vocab import Iri, Prefixes, Term

__all__ = ["echo_pair", "echo_paths", "echo_records", "echo_table", "plain_paths", "rows_of"]

_PIPED_WIDTH = 200
_ALONE = {"stated": "on stated facts alone", "gesteld": "alleen op gestelde feiten"}
"""What a row without a path rests on, by the label of the modality in either language."""


def rows_of(answer: Answer, prefixes: Prefixes) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows as text, IRIs in their short form."""

    def text(term: Term | None) -> str:
        if term is None:
            return ""
        return prefixes.compact(term.value) if isinstance(term, Iri) else str(term)

    if answer.boolean is not None:
        return ("answer",), [("yes" if answer.boolean else "no",)]
    if answer.variables is None:
        triples = sorted((q[:3] for q in answer.quads()), key=str)
        return ("subject", "predicate", "object"), [tuple(map(text, triple)) for triple in triples]
    return answer.variables, [tuple(map(text, row)) for row in answer.rows()]


def _shown(text: str) -> str:
    """`text` with its control characters written out, so that none reaches the terminal."""
    return "".join(c if c.isprintable() or c in "\n " else c.encode("unicode_escape").decode() for c in text)


def echo_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table, wrapped to the terminal; 200 columns wide where there is none."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    count = 0
    for row in rows:
        table.add_row(*(Text(_shown(cell)) for cell in row))
        count += 1
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else _PIPED_WIDTH, highlight=False)
    console.print(table)
    click.echo(f"{count} row{'' if count == 1 else 's'}", err=True)


def echo_pair(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Two records beside each other under a title; the title alone where there are no rows."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else _PIPED_WIDTH, highlight=False)
    console.print(Text(_shown(title), style="bold" if rows else ""))
    if not rows:
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_shown(cell)) for cell in row))
    console.print(table)


def echo_records(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows with a `path` column as a list under each hub and target: certainty, path, and what is missing."""
    shown = ("hub", "target")
    head = ""
    for row in rows:
        record = dict(zip(columns, row, strict=True))
        title = " → ".join(record.get(f"{name}Label") or record.get(name, "") for name in shown)
        if title != head:
            head = title
            click.echo(f"\n{click.style(title, bold=True)}")
        if record.get("steps"):
            many = "" if record["steps"] == "1" else "s"
            click.echo(f"  {record['weakest']}, {record['steps']} step{many}: {record['path']}")
        else:
            click.echo(f"  {_ALONE.get(record['basis'], record['basis'])}: {record['path']}")
        if record.get("missing"):
            click.echo(f"      not fact: {record['missing']}")


def _walk(path: Path, labels: Mapping[str, str], modality: Mapping[str, str]) -> str:
    def step(one: Step) -> str:
        words = f"{labels[one.edge.predicate]} ({modality[one.edge.modality]})"
        return f" –{words}→ " if one.forward else f" ←{words}– "

    return labels[path.nodes[0]] + "".join(step(one) + labels[one.end] for one in path.steps)


def echo_paths(found: Sequence[Path], session: Session, language: str) -> None:
    """Each path on a line of its own, under the certainty of its weakest link."""
    names = session.snapshot.names
    edges = {step.edge for path in found for step in path.steps}
    iris = {iri for edge in edges for iri in (edge.source, edge.predicate, edge.target)}
    terms = {edge.modality: names.term(edge.modality) for edge in edges}
    labels = session.labels(iris | set(terms.values()), language)
    modality = {local: labels[iri] for local, iri in terms.items()}
    weakest = ""
    for path in found:
        if path.weakest != weakest:
            weakest = path.weakest
            click.echo(f"{click.style(modality[weakest], bold=True)} (the weakest link)")
        click.echo(f"  {len(path.steps)} step{'' if len(path.steps) == 1 else 's'}: {_walk(path, labels, modality)}")


def plain_paths(found: Sequence[Path]) -> list[dict[str, object]]:
    """Paths as plain data, for JSON."""
    return [
        {
            "weakest": path.weakest,
            "nodes": list(path.nodes),
            "steps": [
                {
                    "source": s.edge.source,
                    "predicate": s.edge.predicate,
                    "target": s.edge.target,
                    "modality": s.edge.modality,
                    "forward": s.forward,
                }
                for s in path.steps
            ],
        }
        for path in found
    ]
