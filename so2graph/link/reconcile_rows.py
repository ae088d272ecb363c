"""Matches the rows of a table: each question once, in batches, every answer kept before the next is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from so2graph.errors import BadParameter
from so2graph.link.reconcile_cache import Cache
from so2graph.link.reconcile_question import Answer, Matcher, Question, Verdict, judged
from so2graph.link.reconcile_table import Added, Table

__all__ = ["Task", "columns", "matched_rows", "parsed_properties", "questions", "summary"]

Tell = Callable[[str, int, int], None]
_SEPARATOR = " | "


@dataclass(frozen=True)
class Task:
    """What is to be matched: a column of names, columns that are sent along as properties, a type, what is added."""

    column: str
    properties: tuple[tuple[str, str], ...] = ()
    """Pairs of a column and the property that its values are of."""
    type: str = ""
    add: tuple[str, ...] = ()
    limit: int = 5
    threshold: float | None = None


def questions(table: Table, task: Task) -> list[Question | None]:
    """The question of each row; None where the name is empty. Raises `BadParameter` for an unknown column."""
    place = table.place(task.column)
    sent = [(table.place(column), pid) for column, pid in task.properties]
    found: list[Question | None] = []
    for row in table.rows:
        name = " ".join(row[place].split())
        values = tuple((pid, row[at].strip()) for at, pid in sent if row[at].strip())
        found.append(Question(name, task.type, values, task.limit) if name else None)
    return found


def matched_rows(
    asked: Sequence[Question | None], matcher: Matcher, cache: Cache, tell: Tell
) -> dict[Question, Answer]:
    """The answer to every question: from the cache, else from the matcher, batch by batch.

    What has been answered is in the cache whenever this ends, also when it is stopped or the matcher fails.
    """
    distinct = list(dict.fromkeys(each for each in asked if each is not None))
    known = cache.answers(distinct)
    left = [each for each in distinct if each not in known]
    while left:
        tell(f"{len(known)} of {len(distinct)}", len(known), len(distinct))
        batch, left = left[: matcher.batch], left[matcher.batch :]
        fresh = dict(zip(batch, matcher.answers(batch), strict=True))
        cache.keep(fresh)
        known |= fresh
    tell("", len(distinct), len(distinct))
    return known


def _values(
    verdicts: Sequence[Verdict], task: Task, matcher: Matcher, cache: Cache, tell: Tell
) -> tuple[Mapping[str, str], Mapping[str, Mapping[str, tuple[str, ...]]]]:
    """Names of the properties that are added, and the values of the things that were matched."""
    ids = list(dict.fromkeys(each.best.id for each in verdicts if each.kind == "matched" and each.best))
    found: dict[str, Mapping[str, tuple[str, ...]]] = dict(cache.values(ids, task.add))
    left = [each for each in ids if each not in found]
    while left:
        tell(f"values of {len(found)} of {len(ids)}", len(found), len(ids))
        batch, left = left[: matcher.batch], left[matcher.batch :]
        values = matcher.values(batch, task.add)
        rows = {each: dict(values.rows.get(each, {})) for each in batch}
        cache.keep_values(rows, task.add)
        for pid, name in values.names.items():
            cache.note(f"property {pid}", name)
        found |= rows
    return {pid: cache.note(f"property {pid}") or pid for pid in task.add}, found


def columns(
    asked: Sequence[Question | None],
    answers: Mapping[Question, Answer],
    task: Task,
    matcher: Matcher,
    cache: Cache,
    tell: Tell,
) -> tuple[list[Added], Counter[str]]:
    """The columns to be added, and how many rows came to what: matched, unclear, none, refused, empty."""
    verdicts = [judged(answers[each], task.threshold) if each else Verdict("empty") for each in asked]
    best = [each.best for each in verdicts]
    prefix = task.column
    added = [
        Added(f"{prefix}_id", "string", [each.id if each else None for each in best]),
        Added(f"{prefix}_name", "string", [each.name if each else None for each in best]),
        Added(f"{prefix}_score", "double", [each.score if each else None for each in best]),
        Added(
            f"{prefix}_match",
            "boolean",
            [None if each.kind == "empty" else each.kind == "matched" for each in verdicts],
        ),
        Added(f"{prefix}_type", "string", [_SEPARATOR.join(each.types) if each else None for each in best]),
        Added(f"{prefix}_review", "string", [each.review or None for each in verdicts]),
    ]
    if task.add:
        names, values = _values(verdicts, task, matcher, cache, tell)
        for pid in task.add:
            cells = [
                _SEPARATOR.join(values.get(each.best.id, {}).get(pid, ())) or None
                if each.kind == "matched" and each.best
                else None
                for each in verdicts
            ]
            added.append(Added(f"{prefix}_{names[pid]}", "string", cells))
    return added, Counter(each.kind for each in verdicts)


def summary(counts: Mapping[str, int], table: Table) -> list[str]:
    """What became of the rows, line by line."""
    total = len(table.rows)
    words = {
        "matched": "matched",
        "unclear": "unclear: see the column of review",
        "none": "with no candidate",
        "refused": "without an answer: asked again the next time",
        "empty": "without a name",
    }
    lines = [f"{counts.get(kind, 0):>8} of {total} rows {text}" for kind, text in words.items() if counts.get(kind)]
    if table.bad:
        lines.append(f"{len(table.bad):>8} rows left out, which cannot be read")
    return lines or ["the table has no rows"]


def parsed_properties(given: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Pairs from texts COLUMN=PROPERTY; raises `BadParameter`. The property begins after the last `=`."""
    found = []
    for text in given:
        column, sign, pid = text.rpartition("=")
        if not sign or not column.strip() or not pid.strip():
            raise BadParameter(
                f"--property {text[:80]!r} is not COLUMN=PROPERTY", mend="Write it as --property City=P131."
            )
        found.append((column.strip(), pid.strip()))
    return tuple(found)
