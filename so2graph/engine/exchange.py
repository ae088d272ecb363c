"""One question and its answer as whoever asks sees them: frames in, pieces and errors out; without I/O.

The clock runs while a reader is awaited, not while the client takes its time.
"""

from __future__ import annotations

from so2graph.config import Settings
from so2graph.engine.faults import from_row
from so2graph.engine.wire import DATA, END, ERROR, KIND, Question, message
from so2graph.errors import Busy, EngineFault, QueryMemory, QueryStopped, QueryTimeout, So2Error

__all__ = ["Exchange"]


class Exchange:
    """The state of one exchange with a reader.

    `kind` and `format` say what the answer is, `rows` how much it holds once it is `done`. `whole` says that the
    reader has said all it had to, and can be asked again. `ended_by` is why it ended early: `deadline`, `gone` (the
    client), `stopped`, `busy`, `memory` or `lost`.
    """

    def __init__(self, question: Question, settings: Settings) -> None:
        self.question, self._settings = question, settings
        self.kind = self.format = ""
        self.volatile = False
        self.rows = 0
        self.done = self.whole = False
        self.spent = 0.0
        self.ended_by = ""

    @property
    def left(self) -> float:
        """Seconds that a reader may still take."""
        return max(0.001, self.question.deadline - self.spent)

    def take(self, kind: bytes, body: bytes) -> bytes:
        """Takes a frame; returns the piece of the answer in it, or nothing. Raises what the reader raised."""
        if kind == DATA:
            return body
        row = message(body)
        if kind == KIND:
            self.kind, self.format = str(row["kind"]), str(row["format"] or "")
            self.volatile = bool(row.get("volatile"))
        elif kind == END:
            self.rows, self.done = int(str(row["rows"])), True
            self.whole = True
        elif kind == ERROR:
            self.done = self.whole = True
            error = from_row(row)
            error.members.setdefault("elapsed", round(self.spent, 3))
            raise error
        return b""

    def to_kill(self, why: str) -> dict[str, object]:
        """What to ask of the keeper so that the reader at work on this is ended.

        The host looks whether the reader is still at this question: it may be done, and at the next one.
        """
        self.ended_by = self.ended_by or why
        return {"op": "kill", "id": self.question.id, "why": self.ended_by}

    def too_late(self, *, begun: bool) -> So2Error:
        """What a passed deadline means: no reader was free, or (`begun`) the query took too long."""
        elapsed = round(self.spent, 3)
        self.ended_by = "deadline"
        if not begun:
            return Busy("as many queries run as the service runs at a time", mend="Try again later.", elapsed=elapsed)
        return QueryTimeout(
            f"the query took longer than {self.question.deadline:g} seconds",
            mend="Ask for less, or in parts; the setting deadline is the longest that a query may take.",
            limit=self.question.deadline,
            elapsed=elapsed,
        )

    def broken(self, why: object) -> So2Error:
        """What it means that the reader is gone; `why` is what its host says of its end."""
        if why == "SIGALRM":
            return self.too_late(begun=True)
        elapsed = round(self.spent, 3)
        self.ended_by = {"stopped": "stopped", "busy": "busy", "SIGABRT": "memory"}.get(str(why), "lost")
        if why == "stopped":
            return QueryStopped("an editor stopped the query", mend="Ask them why.", elapsed=elapsed)
        if why == "busy":
            return Busy(
                f"more than {self._settings.max_readers} long queries run already",
                mend="Try again later.",
                limit=self._settings.max_readers,
                elapsed=elapsed,
            )
        if why == "SIGABRT":
            limit = self._settings.max_query_megabytes * 1_000_000
            return QueryMemory(
                f"the query needed more than {limit} bytes of memory",
                mend="Ask for less, or without sorting and grouping all; or raise the setting max_query_megabytes.",
                limit=limit,
                elapsed=elapsed,
            )
        return EngineFault(
            f"the process that worked on the query is gone ({why or 'nobody knows why'})",
            mend="Ask again; if it happens again, report it with the text you sent.",
            elapsed=elapsed,
        )
