"""What a user names on the command line, read and written: queries, parameters, formats, files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from so2graph.errors import BadParameter, NotAcceptable

if TYPE_CHECKING:
    from so2graph.formats import Format
    from so2graph.registry import Bundle, StoredQuery

__all__ = ["format_of", "pairs", "query_text", "stored_query", "write_whole"]


def stored_query(bundle: Bundle, text: str) -> StoredQuery | None:
    """The stored query that `text` names; None when it is a query itself, a file, or standard input."""
    if not text.replace("-", "").isalnum() or _is_file(Path(text)):
        return None
    name = text.lower()
    return bundle.query(name) if name == text or name in bundle.queries() else None


def query_text(query: str) -> str:
    if query == "-":
        try:
            return sys.stdin.buffer.read().decode("utf-8")
        except UnicodeDecodeError:
            raise BadParameter("standard input is not UTF-8", mend="Encode the query as UTF-8.") from None
    path = Path(query)
    if (len(query) < 1000 and "\n" not in query and path.suffix in (".rq", ".sparql")) or _is_file(path):
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadParameter(f"the file {query} cannot be read: {error}", mend="Give a readable file.") from None
    return query


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def pairs(params: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in params:
        name, sign, value = pair.partition("=")
        if not sign:
            raise BadParameter(f"--param {pair!r} is not NAME=VALUE", mend="Write it as --param name=value.")
        found[name] = value
    return found


def format_of(wanted: str, offered: tuple[Format, ...]) -> Format:
    from so2graph.formats import by_name

    found = by_name(wanted, offered)
    if found is None:
        raise NotAcceptable(
            f"--format {wanted!r} cannot be made here", mend=f"There is: {', '.join(f.name for f in offered)}."
        )
    return found


def write_whole(body: bytes, output: Path | None) -> None:
    """The bytes to the screen, or to a file that is whole or not there."""
    from so2graph.engine.generations import storage_errors

    if output is None:
        sys.stdout.buffer.write(body)
        sys.stdout.buffer.flush()
        return
    with storage_errors(output.parent):
        target = output.resolve()
        if target.exists() and not target.is_file():
            target.write_bytes(body)
        else:
            _replace_file(target, body)
    click.echo(f"wrote {len(body)} bytes to {output}", err=True)


def _replace_file(target: Path, body: bytes) -> None:
    part = target.with_name(f".{target.name}.part")
    try:
        part.write_bytes(body)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
