"""A reader: a process that answers one query at a time, and that can be killed without anybody else noticing.

It is forked by a host, which opened the generation. It takes a connection, reads one question, and writes frames
(`wire`). Its memory is limited; an alarm of the system ends it soon after the deadline, should whoever asked be gone.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import FrameType

from so2graph.config import Settings
from so2graph.engine.access import Session
from so2graph.engine.check import check_text
from so2graph.engine.faults import to_row
from so2graph.engine.federation import gateway_of
from so2graph.engine.paging import page_text
from so2graph.engine.patterns import take_apart
from so2graph.engine.process import die_with_parent, leave_network, lift_memory, limit_memory, prefer_for_oom
from so2graph.engine.sinks import Bounded, Sink
from so2graph.engine.slots import Slots
from so2graph.engine.snapshot import Snapshot
from so2graph.engine.store import Answer
from so2graph.engine.tabular import ARROW_FORMATS, load_arrow
from so2graph.engine.wire import DATA, END, ERROR, KIND, Frames, Question, frame, head, scratch_of
from so2graph.errors import EndpointFailed, EngineFault, NotAcceptable, QueryMemory, So2Error, Unsupported
from so2graph.formats import ALL_FORMATS, BOOLEAN_FORMATS, GRAPH_FORMATS, SOLUTION_FORMATS
from so2graph.vocab import Blank, Iri, Prefixes, Term

__all__ = ["Reader", "answer_question"]

_PIECE = 262_144
_ALARM_AFTER = 2.0
"""Seconds after the deadline until the system ends a reader that nobody ended."""
_AT_ONCE = 10_000
"""Rows that are counted one by one; of more the engine is asked how many there are."""
_BINARY = {fmt.name for fmt in ALL_FORMATS if fmt.binary}
_LIBRARY = 500_000_000
"""Bytes of addresses that pyarrow may take beside the memory of a query."""
_FORMATS = {fmt.name: fmt for fmt in ALL_FORMATS}


def _plain(term: Term | None) -> list[str | None] | None:
    if term is None:
        return None
    if isinstance(term, Iri):
        return ["i", term.value]
    if isinstance(term, Blank):
        return ["b", str(term).removeprefix("_:")]
    return ["l", term.value, term.language, term.datatype]


def _page(session: Session, question: Question, answer: Answer) -> dict[str, object]:
    """The answer for a web page: some rows as plain terms, and how many there are in all.

    Many rows that are not shown are passed over and counted by the engine, where the query has pages.
    """
    most, offset = question.page_rows, question.page_offset
    if answer.boolean is not None:
        return {"boolean": answer.boolean, "variables": None, "rows": [], "count": 1}
    if answer.variables is None:
        quads = sorted((quad[:3] for quad in answer.quads()), key=str)
        plain = [[_plain(term) for term in row] for row in quads[offset : offset + most]]
        return {"boolean": None, "variables": None, "rows": plain, "count": len(quads)}
    dataset = question.default, question.named
    before = 0
    try:
        if offset > _AT_ONCE:
            rows = session.query(page_text(question.text, most, offset), *dataset).rows()
        else:
            before, rows = answer.skip(offset), answer.rows()
    except Unsupported:
        before, rows = answer.skip(offset), answer.rows()
    shown = [[_plain(term) for term in row] for row in islice(rows, most)]
    count = before + len(shown) + answer.skip(_AT_ONCE)
    if offset > _AT_ONCE or count >= _AT_ONCE:
        with suppress(Unsupported):
            counted = next(session.query(take_apart(question.text).counting, *dataset).rows())
            return {"boolean": None, "variables": answer.variables, "rows": shown, "count": int(str(counted[0]))}
    count += answer.skip()
    return {"boolean": None, "variables": answer.variables, "rows": shown, "count": count}


Tell = Callable[[bytes, dict[str, object]], None]


def answer_question(session: Session, question: Question, sink: Sink, tell: Tell) -> int:
    """Answers a question: what `KIND` it is to `tell`, then the bytes of the answer to `sink`; returns its rows.

    Raises whatever the query deserves (see `Session.query`), or `NotAcceptable` where the caller takes no format
    that can carry this kind of answer.
    """
    limits = session.settings.max_result_bytes, session.settings.max_result_rows
    if question.task == "graph":
        fmt = _FORMATS[str(question.graph)]
        tell(KIND, {"kind": "graph", "format": fmt.name})
        bounded = Bounded(sink, fmt, *limits)
        graph, named = question.default[0], bool(question.named)
        return session.snapshot.write_graph(graph, bounded, fmt, session.prefixes, named=named)
    if question.task in ("check", "check-update"):
        tell(KIND, {"kind": "check", "format": None})
        check_text(session, question.text, update=question.task == "check-update")
        return 0
    answer, analysis = session.analysed(question.text, question.default, question.named)
    name = {"graph": question.graph, "boolean": question.boolean}.get(answer.kind, question.solutions)
    tell(KIND, {"kind": answer.kind, "format": name, "volatile": analysis.volatile})
    if name is None:
        raise _none_fits(answer.kind)
    try:
        if name == "page":
            page = _page(session, question, answer)
            sink.write(json.dumps(page).encode())
            return int(str(page["count"]))
        return answer.write_to(sink, _FORMATS[name], session.prefixes, *limits, about=session.origin)
    except EngineFault as error:
        if analysis.services:
            raise _endpoint_failed(str(error)) from None
        raise


def _endpoint_failed(said: str) -> EndpointFailed:
    """What the gateway said about an endpoint, as the engine passes it on."""
    _, mark, payload = said.partition("with payload:\n")
    what = payload if mark else "an endpoint that the query reaches gave no usable answer"
    return EndpointFailed(what, mend="Try again later, or write SERVICE SILENT.")


def _none_fits(kind: str) -> NotAcceptable:
    what, offered = {
        "graph": ("triples, which the query gives", GRAPH_FORMATS),
        "boolean": ("yes or no, which is the answer to the query", BOOLEAN_FORMATS),
    }.get(kind, ("rows, which the query gives", SOLUTION_FORMATS))
    return NotAcceptable(
        f"the format asked for cannot carry {what}",
        mend=f"There is: {', '.join(f'{f.name} ({f.media_type})' for f in offered)}.",
        available=[{"name": f.name, "mediaType": f.media_type, "suffix": f.suffix} for f in offered],
    )


class _Gone(Exception):
    """Whoever asked is gone."""


class _Framed:
    """Sends an answer as frames, in pieces of 256 KiB; a small one in a single piece.

    Time that the other side takes is not held against the query.
    """

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection, self._until = connection, until
        self._frames: list[bytes] = []
        self._data: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> int:
        """Takes a piece of the answer."""
        self._data.append(data)
        self._size += len(data)
        if self._size >= _PIECE:
            self._send()
        return len(data)

    def tell(self, kind: bytes, row: dict[str, object]) -> None:
        """Puts a frame of JSON into the row."""
        self._close_data()
        self._frames.append(frame(kind, json.dumps(row, default=str).encode()))

    def end(self, kind: bytes, row: dict[str, object]) -> None:
        """Sends the last frame, with all that was held back."""
        self.tell(kind, row)
        self._send()

    def _close_data(self) -> None:
        if self._size:
            self._frames += [head(DATA, self._size), *self._data]
            self._data, self._size = [], 0

    def _send(self) -> None:
        self._close_data()
        body, self._frames = b"".join(self._frames), []
        signal.setitimer(signal.ITIMER_REAL, 0)
        started = time.monotonic()
        try:
            self._connection.sendall(body)
        except OSError as error:
            raise _Gone from error
        now = time.monotonic()
        self._until += now - started
        signal.setitimer(signal.ITIMER_REAL, max(0.001, self._until - now))


@dataclass
class Reader:
    """The life of one reader, from its fork to its end."""

    snapshot: Snapshot
    settings: Settings
    prefixes: Prefixes
    listener: socket.socket
    slots: Slots
    slot: int
    run_folder: Path

    def run(self, parent: int, warm: bool) -> None:
        """Answers until it is told to leave, or its host is gone."""
        self._busy = self._leaving = False
        self._parent = parent
        self._served = 0
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._leave)
        die_with_parent(parent)
        self.slots.take(self.slot, os.getpid())
        prefer_for_oom()
        if not self.settings.federation:
            leave_network()
        _quiet_engine()
        # What is there already stays where it is: a collection would copy the pages it looks at.
        gc.freeze()
        if warm:
            session = Session(self.snapshot, self.settings, self.prefixes, self.snapshot.graphs.stored)
            sum(1 for _ in session.query("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").rows())
        limit_memory(self.settings.max_query_megabytes * 1_000_000, _LIBRARY)
        while not self._leaving:
            self._take()
            if os.getppid() != parent:
                return

    def _leave(self, _number: int, _frame: FrameType | None) -> None:
        self._leaving = True
        if not self._busy:
            os._exit(0)

    def _take(self) -> None:
        """Takes a connection, and answers one question after the other until it is closed."""
        try:
            connection, _ = self.listener.accept()
        except (BlockingIOError, ConnectionError):
            # Nobody came for a second.
            return
        self.slots.hold(self.slot, True)
        with connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 1, 0))
            frames = Frames()
            while not self._leaving and (question := self._question(connection, frames)) is not None:
                self._busy = True
                try:
                    self._answer(connection, question)
                except _Gone:
                    break
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
                    self._served += 1
                    self.slots.end(self.slot, os.getpid(), self._served)
                    self._busy = False
        self.slots.hold(self.slot, False)

    def _question(self, connection: socket.socket, frames: Frames) -> Question | None:
        """The next question; None when the other side has no more, or the host is gone."""
        while os.getppid() == self._parent:
            try:
                piece = connection.recv(262_144)
            except BlockingIOError:
                continue
            except OSError:
                return None
            if not piece:
                return None
            for _, body in frames.feed(piece):
                return Question.decode(body)
        return None

    def _answer(self, connection: socket.socket, question: Question) -> None:
        self.slots.begin(self.slot, os.getpid(), self._served, question.id, question.text)
        until = time.monotonic() + question.deadline + _ALARM_AFTER
        signal.setitimer(signal.ITIMER_REAL, question.deadline + _ALARM_AFTER)
        out = _Framed(connection, until)
        readable = self.snapshot.graphs.all_but(question.hidden)
        session = Session(self.snapshot, self.settings, self.prefixes, readable, gateway=self._gateway)
        try:
            self._make_ready(question)
            out.end(END, {"rows": answer_question(session, question, out, out.tell)})
        except So2Error as error:
            out.end(ERROR, to_row(error))
        except MemoryError:
            full = QueryMemory("the query needed more memory than one may have", mend="Ask for less.")
            out.end(ERROR, to_row(full))
            self._leaving = True

    def _make_ready(self, question: Question) -> None:
        """Gives a table with types a folder that the host clears, and loads what writes it, before the query runs.

        So the query has its memory to itself. A reader that has loaded pyarrow leaves after its answer: it is larger
        than one may be.
        """
        if question.task != "query" or question.solutions not in _BINARY:
            return
        scratch = scratch_of(self.run_folder, os.getpid())
        scratch.mkdir(exist_ok=True)
        tempfile.tempdir = str(scratch)
        if question.solutions in ARROW_FORMATS:
            self._leaving = True
            lift_memory()
            load_arrow()
            limit_memory(self.settings.max_query_megabytes * 1_000_000)

    def _gateway(self) -> str:
        return gateway_of(self.run_folder)


def _quiet_engine() -> None:
    """Keeps what the engine says when it runs out of memory out of the log: its host knows, and says it better."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
