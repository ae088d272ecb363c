"""`so2graph link review`: the questions of a run, one after the other, at a terminal."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from so2graph.cli_options import settings_options
from so2graph.cli_session import bundle_of, session_of
from so2graph.config import Settings
from so2graph.errors import NotFound, PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from so2graph.engine.access import Access, Session
    from so2graph.engine.changes import Write
    from so2graph.link.mapping import Mapping as Judgement
    from so2graph.link.queue import Queue
    from so2graph.link.review import Verdict
    from so2graph.link.runs import OpenRun, Pair

__all__ = ["review"]

_KEYS = {"y": "yes", "n": "no", "x": "none", "u": "unsure", "s": "skip"}
_HELP = "y yes · n no · x not there at all · u not sure · s later · 1-6 another candidate · z undo · q stop"
_COMMAND = "so2graph link review"


@click.command()
@click.argument("target")
@click.option("--who", default="", help="Whose judgement it is; the name of your account, unless given.")
@click.option("--check", is_flag=True, help="Ask about what the program accepted by itself, drawn at random.")
@settings_options(link=True)
def review(target: str, who: str, check: bool, settings: Settings) -> None:
    """Answer the questions of the last run of TARGET, the most valuable first.

    One key an answer: y yes, n no, x not there at all, u not sure, s later, 1 to 6 another candidate, z takes the
    last answer back, q stops. Each answer is written at once, also beside a running service; the next time it goes on
    where you stopped. Where standard input is no terminal, each line is an answer.
    """
    from so2graph.engine.access import Access
    from so2graph.link.runs import open_run

    session_of(settings)
    access = Access(settings, bundle_of(settings))
    with open_run(settings.data, target) as opened:
        _Desk(access, opened, who or getpass.getuser(), "accept" if check else "review").work()


class _Desk:
    """One sitting: asks, takes answers, and says what came of them."""

    def __init__(self, access: Access, opened: OpenRun, who: str, of: str) -> None:
        self._access, self._opened, self._who, self._of = access, opened, who, of
        self._data: Path = access.settings.data

    def work(self) -> None:
        """Asks until there is nothing left, or somebody has had enough."""
        from so2graph.link.review import mark

        count = 0
        chosen: tuple[str, str] | None = None
        while True:
            judged = self._judged()
            queue = self._queue(judged)
            pair = self._opened.pair(*chosen) if chosen else queue.next(self._who, self._of)
            if pair is None:
                click.echo("Nothing left to ask.")
                break
            others = self._show(queue, pair)
            seen = mark(judged, pair.ours, pair.theirs)
            key = _key()
            if key in ("q", ""):
                break
            chosen = None
            if key == "z":
                chosen = self._undo()
                count = max(0, count - 1) if chosen else count
            elif key in _KEYS:
                count += self._answer(pair, _KEYS[key], seen)
            elif key.isdigit() and 0 < int(key) <= len(others):
                chosen = others[int(key) - 1].ours, others[int(key) - 1].theirs
            else:
                chosen = pair.ours, pair.theirs
                click.echo(_HELP)
        left = self._queue(self._judged()).left(self._of)
        click.echo(f"{count} answer{'' if count == 1 else 's'} given; {left.open} left, {left.unsure} put aside.")

    def _session(self) -> Session:
        return self._access.session()

    def _judged(self) -> tuple[Judgement, ...]:
        """What has been judged by now, by whomever."""
        from so2graph.link.linkset import judgements

        return judgements(self._session(), self._opened.run.target)

    def _queue(self, judged: Sequence[Judgement]) -> Queue:
        from so2graph.link.queue import Queue

        return Queue(self._opened, self._session(), judged)

    def _send(self, change: Write) -> int:
        from so2graph.engine.offline import apply_offline

        settings, prefixes = self._access.settings, self._access.prefixes
        return apply_offline(settings, [change], prefixes, _COMMAND).number

    def _answer(self, pair: Pair, said: str, seen: str) -> int:
        """Writes an answer to what was seen; how many that was."""
        from so2graph.link.calibration import calibrate, due
        from so2graph.link.review import PREDICATES, Asked, Verdict, judge, judging
        from so2graph.link.target import targets

        target = self._opened.run.target
        known = targets(self._access.prefixes, self._data).get(target)
        names = {iri: name for name, iri in PREDICATES.items()}
        predicate = names[known.predicate] if known else "exactMatch"
        verdict = Verdict(said)
        asked = Asked(pair.ours, pair.theirs, verdict, seen, predicate)
        try:
            with judging(self._data, target):
                given = judge(self._opened, self._session(), asked, self._who, self._send)
        except PreconditionFailed as error:
            click.echo(f"{error}. {error.mend}", err=True)
            return 0
        click.echo(_told(verdict, given.generation))
        if given.made:
            judged = self._judged()
            if verdict is Verdict.NO:
                self._queue(judged).promote(pair.ours)
            if due(self._opened, judged):
                calibrate(self._opened, judged)
                click.echo("The probabilities were corrected by the answers so far.")
        return 1

    def _undo(self) -> tuple[str, str] | None:
        """Takes the last answer back; the pair that it was about."""
        from so2graph.link.review import judging, last, undo

        given = last(self._opened, self._who)
        if given is None:
            click.echo("There is no answer of yours to take back.")
            return None
        try:
            with judging(self._data, self._opened.run.target):
                undo(self._opened, self._session(), given.number, self._who, self._send)
        except (NotFound, PreconditionFailed) as error:
            click.echo(f"{error}. {error.mend}", err=True)
            return None
        click.echo("Taken back.")
        return given.ours, given.theirs

    def _show(self, queue: Queue, pair: Pair) -> tuple[Pair, ...]:
        """Prints a question; returns the other candidates that were listed."""
        from so2graph.link.record import Record
        from so2graph.link.review import called
        from so2graph.terminal import echo_pair
        from so2graph.web.links_evidence import compared, label_of

        spec = self._opened.run.spec
        ours = self._opened.record("ours", pair.ours) or Record(pair.ours)
        theirs = self._opened.record("theirs", pair.theirs) or Record(pair.theirs)
        left = queue.left(self._of)
        click.echo()
        mine = called(self._session(), self._opened, pair.ours, "en")
        question = f"Is {mine} the same as {label_of(theirs, spec, pair.theirs)}?"
        weights = {part.field: part for part in pair.parts}
        rows = []
        for row in compared(spec, ours, theirs, pair):
            part = weights.get(row.name)
            said = f"{part.name} {part.weight:+.1f}" if part and part.level >= 0 else ""
            sides = [
                "\n".join("".join(piece.text for piece in value) for value in side) for side in (row.left, row.right)
            ]
            rows.append((row.name, sides[0], {"for": "=", "against": "≠", "mute": "·"}[row.sign], sides[1], said))
        rows.append(("types", ", ".join(ours.types), "·", ", ".join(theirs.types), ""))
        rows.append(("id", pair.ours, "", pair.theirs, f"{pair.probability:.1%}"))
        echo_pair(question, ("field", "here", "", self._opened.run.target, "says (bits)"), rows)
        others = tuple(one for one in self._opened.pairs(ours=pair.ours, limit=7) if one.theirs != pair.theirs)[:6]
        for at, one in enumerate(others, 1):
            name = label_of(self._opened.record("theirs", one.theirs), spec, one.theirs)
            echo_pair(f"  {at} {name} {one.theirs} {one.probability:.1%}", (), ())
        click.echo(f"{left.open} left · about {queue.degree(pair.ours)} statements hang on it · {_HELP}")
        return others


def _told(verdict: Verdict, generation: int | None) -> str:
    words = {
        "yes": "Accepted",
        "no": "Refused; it will not be asked again",
        "none": "Remembered that it is not there",
        "unsure": "Put aside",
        "skip": "It will come back later",
    }
    return words[str(verdict)] + (f" (generation {generation})." if generation else ".")


def _key() -> str:
    """What was pressed; a line where standard input is no terminal, empty at its end."""
    if sys.stdin.isatty():
        try:
            key = click.getchar().lower()
        except (KeyboardInterrupt, EOFError):
            return "q"
        return "q" if key == "\x1b" else key
    for line in sys.stdin:
        if line.strip():
            return line.strip().lower()
    return ""
