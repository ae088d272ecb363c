"""What an answer to a question means for the graph, and how to take it back."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import cast

from so2graph import __version__
from so2graph.engine.access import Session
from so2graph.engine.changes import Write
from so2graph.engine.generations import storage_errors
from so2graph.engine.lookup import shorten
from so2graph.errors import BadParameter, NotFound, PreconditionFailed
from so2graph.link.linkset import acceptable, judge_write, judgements
from so2graph.link.mapping import NO_TERM, is_thing, label_in, named
from so2graph.link.mapping import PREDICATES as RELATIONS
from so2graph.link.mapping import Mapping as Judgement
from so2graph.link.runs import OpenRun, Pair
from so2graph.link.spec import Kind
from so2graph.vocab import mask_addresses, parse_iri

__all__ = [
    "PREDICATES",
    "Answer",
    "Asked",
    "Verdict",
    "accept_sure",
    "bearing",
    "called",
    "judge",
    "judging",
    "last",
    "mark",
    "sure",
    "undo",
]

PREDICATES = {iri.rpartition("#")[2]: iri for iri in (RELATIONS[1], RELATIONS[0], *RELATIONS[2:])}
"""What a person may say two records are to each other; the first is what a yes says by itself."""
_COMPOSITE, _MANUAL = "CompositeMatching", "ManualMappingCuration"
_MEASURE = "cosine of character 3-grams (TF-IDF)"
_LONGEST = 1_000
"""Characters of a remark."""

Send = Callable[[Write], int]
"""Has a write made, and returns the number of the generation that has it."""


class Verdict(StrEnum):
    """What a person says to a question."""

    YES = "yes"
    NO = "no"
    NONE = "none"
    """None of theirs is this one of ours."""
    UNSURE = "unsure"
    """Somebody else may know: it is asked no more in this run."""
    SKIP = "skip"
    """Not now: it comes after all others."""


@dataclass(frozen=True)
class Asked:
    """A filled-in form. `seen` is the `mark` of what had been judged when the question was shown."""

    ours: str
    theirs: str
    verdict: Verdict
    seen: str
    predicate: str = "exactMatch"
    comment: str = ""


@dataclass(frozen=True)
class Answer:
    """An answer that was given: its number in the run, who gave it, and what it made and replaced."""

    number: int
    who: str
    ours: str
    theirs: str
    verdict: Verdict
    made: tuple[Judgement, ...] = ()
    before: tuple[Judgement, ...] = ()
    generation: int | None = None


def bearing(judged: Iterable[Judgement], ours: str, theirs: str) -> tuple[Judgement, ...]:
    """The judgements that a verdict on this pair would meet: all of ours, and the links that theirs has already."""
    return tuple(one for one in judged if one.subject == ours or (one.object == theirs and not one.negated))


def mark(judged: Iterable[Judgement], ours: str, theirs: str) -> str:
    """A name for what has been judged about a pair: another one as soon as somebody judges meanwhile."""
    said = sorted(json.dumps(asdict(one), sort_keys=True, default=str) for one in bearing(judged, ours, theirs))
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


@contextmanager
def judging(data: Path, target: str) -> Iterator[None]:
    """Lets one judge at a time look at what has been judged and add to it."""
    folder = data / "links" / target
    with storage_errors(data):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def judge(opened: OpenRun, session: Session, asked: Asked, who: str, send: Send) -> Answer:
    """Gives an answer: one write, and a line in the run. To be called within `judging`, with a fresh session.

    Raises `PreconditionFailed` where somebody judged meanwhile (member `by`), `NotFound` for what the run does not
    have, `BadParameter`, and what the write raises. Nothing is written for `unsure` and `skip`.
    """
    _check(opened, asked)
    if asked.verdict in (Verdict.UNSURE, Verdict.SKIP):
        return _noted(opened, Answer(0, who, asked.ours, asked.theirs, asked.verdict))
    judged = judgements(session, opened.run.target)
    standing = bearing(judged, asked.ours, asked.theirs)
    if mark(judged, asked.ours, asked.theirs) != asked.seen:
        by = sorted({one.who for one in standing if one.by_person})
        raise PreconditionFailed(
            f"{asked.ours} was judged meanwhile{' by ' + ', '.join(by) if by else ''}; your answer was not written",
            mend="Look at the question again, and answer it again if you still think so.",
            by=by,
        )
    made = replace(_made(opened, asked, who, standing), subject_label=called(session, opened, asked.ours, "nl"))
    before = _replaced(opened, asked, made, standing)
    withdrawn = [one.record for one in before if one.record != made.record]
    generation = send(judge_write(session, [made], withdrawn))
    answer = Answer(0, who, asked.ours, asked.theirs, asked.verdict, (made,), before, generation)
    return _noted(opened, answer)


def undo(opened: OpenRun, session: Session, number: int, who: str, send: Send) -> Answer:
    """Takes back an answer of `who`: what it made goes, and what it replaced comes back. Called as `judge` is.

    Raises `NotFound` where there is no such answer, and `PreconditionFailed` where others went on from it.
    """
    answer = _answer(opened, number)
    if answer is None or answer.who != named(who):
        raise NotFound(f"there is no answer {number} of yours to take back", mend="Look at what was judged.")
    generation = None
    if answer.made:
        now = {one.record: replace(one, formerly=()) for one in judgements(session, opened.run.target)}
        if any(now.get(one.record) != replace(one, formerly=()) for one in answer.made):
            raise PreconditionFailed(
                f"answer {number} was changed by others meanwhile; it stands as they left it",
                mend="Look at the link itself.",
            )
        gone = [one.record for one in answer.made]
        generation = send(judge_write(session, list(answer.before), gone))
    with opened.base:
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        opened.base.execute("UPDATE answer SET undone = ? WHERE number = ?", (moment, number))
    return replace(answer, generation=generation)


def last(opened: OpenRun, who: str) -> Answer | None:
    """The last answer of somebody that stands."""
    text = "SELECT max(number) FROM answer WHERE who = ? AND undone = ''"
    number = opened.base.execute(text, (named(who),)).fetchone()[0]
    return None if number is None else _answer(opened, int(number))


def sure(opened: OpenRun, judged: Sequence[Judgement]) -> tuple[Pair, ...]:
    """The pairs that the program accepts by now, and of which nothing has been said yet."""
    unique = opened.run.spec.unique
    said = {(one.subject, one.object) for one in judged}
    settled = {one.subject for one in judged if one.none or (not one.negated and "left" in unique)}
    taken = {one.object for one in judged if not one.negated and "right" in unique}
    return tuple(
        pair
        for pair in opened.pairs("accept")
        if (pair.ours, pair.theirs) not in said and pair.ours not in settled and pair.theirs not in taken
        if is_thing(pair.theirs)
    )


def accept_sure(opened: OpenRun, session: Session, predicate: str, send: Send) -> int:
    """Lets the program accept what it is sure of by now, in one write; how many links that made. As `judge`."""
    pairs = sure(opened, judgements(session, opened.run.target))
    found = [
        _by_program(_of_program(opened, one, predicate), one, yes=True, started=opened.compared_by(one.ours).started)
        for one in pairs
    ]
    may, _ = acceptable(session, found)
    if may:
        send(judge_write(session, list(may), by_person=False))
    return len(may)


def _of_program(opened: OpenRun, pair: Pair, predicate: str) -> Judgement:
    run = opened.compared_by(pair.ours)
    return Judgement(
        subject=pair.ours,
        predicate=predicate,
        object=pair.theirs,
        target=run.target,
        source_version=f"{run.snapshot.name} {run.snapshot.date}".strip(),
        run=run.id,
        subject_label=_label(opened, "ours", pair.ours),
        object_label=_label(opened, "theirs", pair.theirs),
        spec=run.spec.digest,
    )


def _check(opened: OpenRun, asked: Asked) -> None:
    if asked.predicate not in PREDICATES:
        raise BadParameter(f"{asked.predicate!r} is no relation", mend=f"Use one of {', '.join(PREDICATES)}.")
    if len(asked.comment) > _LONGEST:
        raise BadParameter(f"the remark is longer than {_LONGEST} characters", mend="Say it in fewer words.")
    if opened.record("ours", asked.ours) is None:
        raise NotFound(
            f"{mask_addresses(shorten(asked.ours))} is in no question of this run", mend="Take one from the list."
        )
    parse_iri(asked.theirs)


def _made(opened: OpenRun, asked: Asked, who: str, standing: Iterable[Judgement]) -> Judgement:
    """The judgement that an answer is, in the terms of SSSOM: a program found the pair, a person reviewed it."""
    run, today = opened.compared_by(asked.ours), datetime.now(UTC).date().isoformat()
    none, yes = asked.verdict is Verdict.NONE, asked.verdict is Verdict.YES
    pair = None if none else opened.pair(asked.ours, asked.theirs)
    linked = [one.predicate for one in standing if one.object == asked.theirs and one.subject == asked.ours]
    other = linked[0] if linked and not none else PREDICATES["exactMatch"]
    name = named(who)
    found = Judgement(
        subject=asked.ours,
        predicate=PREDICATES[asked.predicate] if yes else other,
        object=NO_TERM if none else asked.theirs,
        target=run.target,
        negated=asked.verdict is Verdict.NO,
        none=none,
        justification=_MANUAL,
        mapping_date=today,
        author=name,
        reviewer=name,
        review_date=today,
        source_version=f"{run.snapshot.name} {run.snapshot.date}".strip(),
        run=run.id,
        comment=asked.comment.strip(),
        subject_label=_label(opened, "ours", asked.ours),
        object_label="" if none else _label(opened, "theirs", asked.theirs),
        spec=run.spec.digest,
    )
    return found if pair is None else _by_program(found, pair, yes=yes, started=run.started)


def _by_program(found: Judgement, pair: Pair, *, yes: bool, started: str) -> Judgement:
    """A judgement on a pair that the program proposed: what it went by stays known."""
    spoken = tuple(part.field for part in pair.parts if part.weight > 0)
    return replace(
        found,
        justification=_COMPOSITE,
        confidence=min(max(pair.probability, 0.0), 1.0) if yes else None,
        similarity=None if pair.cosine is None else min(max(pair.cosine, 0.0), 1.0),
        measure="" if pair.cosine is None else _MEASURE,
        subject_fields=spoken,
        object_fields=spoken,
        tool="so2graph",
        tool_version=__version__,
        mapping_date=started[:10],
        author="",
    )


def called(session: Session, opened: OpenRun, ours: str, language: str) -> str:
    """What one of ours is called: its label in the graph, else its first name in the run.

    The names that a run compares lack what tells apart those that share one: `(since 2019)`.
    """
    found = session.labels([ours], language)[ours]
    return (_label(opened, "ours", ours) or ours) if found == session.prefixes.compact(ours) else found


def _label(opened: OpenRun, side: str, ident: str) -> str:
    """The first name of a record; empty where it has none."""
    record = opened.record(side, ident)
    fields = opened.run.spec.of_kind(Kind.NAME, Kind.TEXT)
    return label_in(name for field in fields for name in (record.values.get(field.name, ()) if record else ()))


def _replaced(opened: OpenRun, asked: Asked, made: Judgement, standing: Sequence[Judgement]) -> tuple[Judgement, ...]:
    """What goes when an answer comes: what says the contrary, and other partners where there may be one only."""
    unique = opened.run.spec.unique

    def contrary(one: Judgement) -> bool:
        if one.record == made.record:
            return True
        same = one.subject == asked.ours and one.object == asked.theirs
        linked = not (one.negated or one.none)
        if asked.verdict is Verdict.NO:
            return same and linked
        if asked.verdict is Verdict.NONE:
            return one.subject == asked.ours and linked
        mine = "left" in unique and one.subject == asked.ours
        other = "right" in unique and one.object == asked.theirs
        return same or (linked and (mine or other)) or (one.none and one.subject == asked.ours)

    return tuple(one for one in standing if contrary(one))


def _noted(opened: OpenRun, answer: Answer) -> Answer:
    """Writes an answer into the run."""
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    with opened.base:
        text = """INSERT INTO answer (at, who, ours, theirs, verdict, made, before, undone)
          VALUES (?,?,?,?,?,?,?,'')"""
        # No e-mail address stands in a file: not as a thing that the program compared, nor as a name.
        made, before = (json.dumps([asdict(one) for one in some]) for some in (answer.made, answer.before))
        row = (moment, named(answer.who), answer.ours, answer.theirs, str(answer.verdict), made, before)
        number = opened.base.execute(text, row).lastrowid
    return replace(answer, number=number or 0)


def _answer(opened: OpenRun, number: int) -> Answer | None:
    text = "SELECT number, who, ours, theirs, verdict, made, before FROM answer WHERE number = ? AND undone = ''"
    row = opened.base.execute(text, (number,)).fetchone()
    if row is None:
        return None
    made, before = (tuple(_judgement(one) for one in json.loads(some)) for some in row[5:7])
    return Answer(int(row[0]), str(row[1]), str(row[2]), str(row[3]), Verdict(row[4]), made, before)


def _judgement(row: dict[str, object]) -> Judgement:
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return Judgement(**cast(dict[str, str], values))  # type: ignore[arg-type]  # plain data
