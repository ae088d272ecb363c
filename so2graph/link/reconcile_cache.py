"""Keeps answers on disk, so that no question is asked twice: also not by a run that was broken off."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from so2graph.errors import DatasetUnreadable
from so2graph.link.reconcile_question import Answer, Question

__all__ = ["Cache", "open_cache"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answer (
    source TEXT NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL, asked TEXT NOT NULL DEFAULT (datetime('now')),
    PRIMARY KEY (source, question)) WITHOUT ROWID;
"""
_AT_ONCE = 500


class Cache:
    """The answers of one matcher (`source`); other matchers may have theirs in the same file."""

    def __init__(self, connection: sqlite3.Connection, path: Path, source: str) -> None:
        self._connection, self.path, self._source = connection, path, source

    def answers(self, questions: Sequence[Question]) -> dict[Question, Answer]:
        """The answers that are there. A question that was refused is asked again, and one of which another version of
        this program wrote the answer in a way that is not read any more."""
        known = self._texts([each.text for each in questions])
        found: dict[Question, Answer] = {}
        for question in questions:
            with suppress(ValueError, TypeError, LookupError):
                answer = Answer.read(known[question.text])
                if not answer.refused:
                    found[question] = answer
        return found

    def keep(self, rows: Mapping[Question, Answer]) -> None:
        """Keeps answers, for good before this returns."""
        self._write({question.text: answer.written() for question, answer in rows.items()})

    def values(self, ids: Sequence[str], properties: Sequence[str]) -> dict[str, dict[str, tuple[str, ...]]]:
        """The values of properties that are there, of those things of which all are."""
        known = self._texts([_values_key(each, properties) for each in ids])
        found = {}
        for each in ids:
            with suppress(ValueError, TypeError, LookupError, AttributeError):
                text = known[_values_key(each, properties)]
                found[each] = {pid: tuple(cells) for pid, cells in json.loads(text).items()}
        return found

    def keep_values(self, rows: Mapping[str, Mapping[str, tuple[str, ...]]], properties: Sequence[str]) -> None:
        """Keeps values, for good before this returns."""
        self._write(
            {_values_key(each, properties): json.dumps(row, ensure_ascii=False) for each, row in rows.items()}
        )

    def note(self, name: str, text: str | None = None) -> str:
        """A note by its name, written first where a text is given; empty where there is none."""
        if text is not None:
            self._write({f"note {name}": text})
        return self._texts([f"note {name}"]).get(f"note {name}", "")

    def forget(self) -> None:
        """Forgets what this matcher answered."""
        with self._connection:
            self._connection.execute("DELETE FROM answer WHERE source = ?", (self._source,))

    def _texts(self, keys: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for start in range(0, len(keys), _AT_ONCE):
            part = list(dict.fromkeys(keys[start : start + _AT_ONCE]))
            marks = ",".join("?" * len(part))
            text = f"SELECT question, answer FROM answer WHERE source = ? AND question IN ({marks})"  # noqa: S608  # marks alone
            found |= dict(self._connection.execute(text, (self._source, *part)))
        return found

    def _write(self, rows: Mapping[str, str]) -> None:
        with self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO answer (source, question, answer) VALUES (?, ?, ?)",
                [(self._source, key, text) for key, text in rows.items()],
            )


def _values_key(identifier: str, properties: Sequence[str]) -> str:
    return json.dumps(["values", identifier, *properties], ensure_ascii=False)


@contextmanager
def open_cache(path: Path, source: str) -> Iterator[Cache]:
    """The cache in a file, made where it is not there; raises `DatasetUnreadable` for a file of another kind, and one
    that cannot be made or written."""
    try:
        with closing(sqlite3.connect(path, timeout=30)) as connection:
            connection.executescript(_SCHEMA)
            yield Cache(connection, path, source)
    except sqlite3.DatabaseError as error:
        raise DatasetUnreadable(
            f"{path} cannot be used to keep answers: {error}", mend="Name another file with --cache."
        ) from None
