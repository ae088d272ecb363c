"""Writes docs/reference/ from the tables in the code; --check says which pages are stale instead."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from so2graph.cli import main
from so2graph.config import Settings, setting_rows
from so2graph.errors import EXIT_CODES, leaves
from so2graph.formats import ALL_FORMATS
from so2graph.link.conformance_report import markdown
from so2graph.link.conformance_rule import all_rules
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE

FOLDER = Path(__file__).parent / "reference"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    def line(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return "\n".join([line(head), line(("---",) * len(head)), *map(line, rows)]) + "\n"


def settings_page() -> str:
    """Every setting."""
    rows = [
        (f"`{row.variable}`", f"`--{row.name.replace('_', '-')}`", f"`{row.default}`", row.doc)
        for row in setting_rows(Settings())
    ]
    return (
        "# Settings\n\nEach is an environment variable, and a flag of the commands it concerns; the flag wins. "
        "`so2graph settings` and `/-/settings` show those in force.\n\n"
        + _table(("environment", "flag", "default", "what it does"), rows)
    )


def errors_page() -> str:
    """Every error, with its HTTP status and exit code."""
    rows = [
        (f"`{leaf.slug}`", str(leaf.status), str(leaf.exit_code), str(leaf.__doc__).strip())
        for leaf in sorted(leaves(), key=lambda leaf: (leaf.status, leaf.slug))
    ]
    codes = [(str(code), meaning) for code, meaning in EXIT_CODES.items()]
    return (
        "# Errors\n\nOver HTTP an error is an `application/problem+json` (RFC 9457) with `type`, `title`, `status`, "
        "`detail` and `mend`, and a page for a browser. A command prints the same and ends with the exit code.\n\n"
        + _table(("type", "HTTP status", "exit code", "what it means"), rows)
        + "\n## Exit codes\n\n"
        + _table(("code", "meaning"), codes)
    )


def formats_page() -> str:
    """Every format."""
    rows = [
        (
            f"`{fmt.name}`",
            f"`.{fmt.suffix}`",
            ", ".join(f"`{m}`" for m in fmt.media_types),
            ", ".join(sorted(fmt.kinds)),
        )
        for fmt in ALL_FORMATS
    ]
    return (
        "# Formats\n\nAsk by `Accept`, by `format=` (name, suffix or media type), or by a suffix in the address.\n\n"
        + _table(("name", "suffix", "media types", "carries"), rows)
    )


def queries_page() -> str:
    """Every stored query."""
    parts = ["# Stored queries\n\nAsk them with `so2graph query NAME`, or at `/queries/NAME` (`.csv`, `.json`, …).\n"]
    for query in Bundle.find(CANONICAL_BASE).queries().values():
        parts.append(f"## `{query.name}`\n\n{query.title.en}. {query.description.en}\n")
        if query.answers:
            parts.append(f"Answers: {', '.join(query.answers)}.\n")
        if query.parameters:
            rows = [(f"`{p.name}`", p.type, p.default or "", p.label.en) for p in query.parameters]
            parts.append(_table(("parameter", "type", "default", "meaning"), rows))
    return "\n".join(parts)


def commands_page() -> str:
    """Every command with its own help."""
    context = click.Context(main, info_name="so2graph", terminal_width=100, max_content_width=100)
    parts = ["# Commands\n", "```text", main.get_help(context), "```\n"]
    for name, command in sorted(main.commands.items()):
        inner = click.Context(command, info_name=name, parent=context, terminal_width=100, max_content_width=100)
        parts += [f"## `so2graph {name}`\n", "```text", command.get_help(inner), "```\n"]
        for part, below in sorted(getattr(command, "commands", {}).items()):
            deeper = click.Context(below, info_name=part, parent=inner, terminal_width=100, max_content_width=100)
            parts += [f"### `so2graph {name} {part}`\n", "```text", below.get_help(deeper), "```\n"]
    return "\n".join(parts)


def rules_page() -> str:
    """The rules by which reconciliation services are examined."""
    rules = all_rules()
    return (
        "# Rules of `so2graph reconcile check`\n\n"
        "MUST: the standard demands it. OpenRefine: OpenRefine does not work without it. SHOULD: breaking it is a "
        "warning. Sections are those of the Reconciliation Service API 0.2, unless another text is named. What the "
        f"command does is in [reconcile-check.md](../reconcile-check.md). There are {len(rules)} rules.\n\n"
        + markdown(rules)
    )


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "errors.md": errors_page,
    "formats.md": formats_page,
    "queries.md": queries_page,
    "commands.md": commands_page,
    "reconcile-rules.md": rules_page,
}


def stale() -> Iterator[str]:
    """Names of the pages whose file is not what the code says."""
    for name, make in PAGES.items():
        path = FOLDER / name
        if not path.is_file() or path.read_text(encoding="utf-8") != make():
            yield name


if __name__ == "__main__":
    if "--check" in sys.argv:
        old = list(stale())
        print(f"stale: {', '.join(old)} (run 'make docs')" if old else f"{len(PAGES)} pages are up to date")
        sys.exit(1 if old else 0)
    FOLDER.mkdir(exist_ok=True)
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make(), encoding="utf-8")
