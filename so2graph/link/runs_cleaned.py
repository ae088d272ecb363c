"""Takes e-mail addresses out of the files of runs that were written before they were left out."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress

from so2graph.errors import DatasetReadOnly
from so2graph.link.mapping import is_thing, named
from so2graph.vocab import mask_addresses

__all__ = ["clean_run"]

_DONE = "cleaned"
_TEXTS = {
    "record": ("types", "fields"),
    "pair": ("why", "parts"),
    "answer": ("who", "made", "before"),
}
"""The texts of each table in which an address may stand; the ids of things are seen to before."""
_IDS = {"record": ("id",), "pair": ("ours", "theirs"), "answer": ("ours", "theirs")}


def clean_run(base: sqlite3.Connection, where: str) -> None:
    """Removes what is about an address, and masks addresses in texts; once a file, which then says so.

    Raises `DatasetReadOnly` where there is something to remove and the file cannot be written.
    """
    if base.execute("SELECT 1 FROM state WHERE key = ?", (_DONE,)).fetchone():
        return
    base.create_function("is_thing", 1, lambda text: is_thing(str(text)), deterministic=True)
    base.create_function("masked", 1, lambda text: mask_addresses(str(text)), deterministic=True)
    base.create_function("named", 1, lambda text: named(str(text)), deterministic=True)
    steps = [*_removed(), *_masked()]
    found = [(table, which, change) for table, which, change in steps if _any(base, table, which)]
    try:
        # What is removed is written over in the file as well.
        base.execute("PRAGMA secure_delete = ON")
        with base:
            for _, _, change in found:
                base.execute(change)
            base.execute("INSERT OR REPLACE INTO state VALUES (?, '')", (_DONE,))
    except sqlite3.OperationalError as error:
        if found:
            raise DatasetReadOnly(
                f"{where} holds e-mail addresses and cannot be written: {error}",
                mend="Give the service the right to write there, or remove the run.",
            ) from error
    with suppress(sqlite3.Error):
        base.execute("PRAGMA secure_delete = OFF")


def _any(base: sqlite3.Connection, table: str, where: str) -> bool:
    return base.execute(f"SELECT 1 FROM {table} WHERE {where} LIMIT 1").fetchone() is not None  # noqa: S608  # ours


def _removed() -> Sequence[tuple[str, str, str]]:
    steps = []
    for table, columns in _IDS.items():
        odd = (f"(({name} NOT LIKE 'http%' OR instr({name}, '@')) AND NOT is_thing({name}))" for name in columns)
        where = " OR ".join(odd)
        steps.append((table, where, f"DELETE FROM {table} WHERE {where}"))  # noqa: S608  # of this module's own words
    return steps


def _masked() -> Sequence[tuple[str, str, str]]:
    steps = []
    for table, columns in _TEXTS.items():
        for name in columns:
            word = "named" if name == "who" else "masked"
            where = f"instr({name}, '@') AND {word}({name}) <> {name}"
            change = f"UPDATE {table} SET {name} = {word}({name}) WHERE {where}"  # noqa: S608  # as above
            steps.append((table, where, change))
    return steps
