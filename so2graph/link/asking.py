"""Asks a SPARQL endpoint page by page, into a file that can grow."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import pyarrow as pa

from so2graph.config import Settings
from so2graph.engine.generations import storage_errors
from so2graph.errors import DataInvalid, EndpointFailed
from so2graph.link.fields import Questions, chunked
from so2graph.link.tables import ID, TYPES
from so2graph.link.target import Target
from so2graph.vocab import Blank, Iri, Literal, Term

__all__ = ["ask_endpoint", "question_of"]

Tell = Callable[[int, int], None]
_PATIENCE = 3
"""How often a page is asked for again whose answer broke off."""


def question_of(target: Target) -> str:
    """All that the answers of an endpoint depend on."""
    questions = Questions(target.theirs, target.spec, target.prefixes)
    return "\n".join((target.access.url, questions.members(), questions.values(["urn:x"])))


def ask_endpoint(target: Target, part: Path, settings: Settings, tell: Tell, address: str = "") -> None:
    """Writes every thing of the target as a line to `part`, in the order of the IRIs; goes on behind what is there.

    Raises `EndpointFailed` once the retries are used up; `part` keeps what came until then.
    """
    from so2graph.engine.gateway import asker

    endpoint = _Endpoint(asker(settings).ask, address or target.access.url, settings.link_pause_milliseconds / 1000)
    questions = Questions(target.theirs, target.spec, target.prefixes)
    access = target.access
    page = min(access.page, access.most_rows - 1) if access.most_rows else access.page
    with storage_errors(part.parent), part.open("a+b") as file:
        last, count = _resumed(file)
        while True:
            by_key = access.paging == "keyset"
            rows = endpoint.rows(
                questions.members(
                    after=last if by_key else "", limit=page, offset=0 if by_key else count, ordered=True
                )
            )
            ids = [str(row[0]) for row in rows if isinstance(row[0], Iri)]
            if by_key and ids and ids[0] <= last:
                raise DataInvalid(
                    f"{endpoint.address} does not order as was asked: {ids[0]} came after {last}",
                    mend="Write 'paging: offset' in the file of the target.",
                )
            for some in chunked(ids, access.chunk):
                for batch in _values(endpoint, questions, some, access.most_rows):
                    _append(file, batch)
                count += len(some)
                tell(count, 0)
            if not ids:
                return
            last = ids[-1]


class _Endpoint:
    """Asks one endpoint with a pause between two questions."""

    def __init__(self, ask: Callable[[str, str], bytes], address: str, pause: float) -> None:
        self._ask, self.address, self._pause = ask, address, pause
        self._next = 0.0

    def rows(self, query: str) -> list[list[Term | None]]:
        """The rows of an answer; one that broke off is asked for again."""
        for attempt in range(_PATIENCE):
            time.sleep(max(0.0, self._next - time.monotonic()))
            try:
                body = self._ask(self.address, query)
            except EndpointFailed as error:
                if attempt + 1 == _PATIENCE or "answered" in error.members:
                    mend = "Try again later: what came is kept, and it goes on from there."
                    raise EndpointFailed(str(error), mend=mend, **error.members) from None
            else:
                return _rows(body)
            finally:
                self._next = time.monotonic() + self._pause
        raise EndpointFailed(f"{self.address} gave no answer", mend="Try again later.", endpoint=self.address)


def _rows(body: bytes) -> list[list[Term | None]]:
    document = json.loads(body)
    names = document["head"]["vars"]
    return [[_term(row.get(name)) for name in names] for row in document["results"]["bindings"]]


def _term(value: Mapping[str, str] | None) -> Term | None:
    """A term of SPARQL 1.1 Query Results JSON (3.2.2)."""
    if value is None:
        return None
    if value["type"] == "uri":
        return Iri(value["value"])
    if value["type"] == "bnode":
        return Blank(value["value"])
    return Literal(value["value"], value.get("xml:lang") or None)


def _values(endpoint: _Endpoint, questions: Questions, ids: Sequence[str], most: int) -> Iterator[pa.RecordBatch]:
    """The records of these things; an answer that may have been cut off is asked for in two halves."""
    rows = endpoint.rows(questions.values(ids))
    if not most or len(rows) < most:
        yield questions.records(ids, rows)
    elif len(ids) == 1:
        raise DataInvalid(
            f"{endpoint.address} gives at most {most} values, and {ids[0]} has more",
            mend="Write narrower paths in the file of the target.",
        )
    else:
        for half in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
            yield from _values(endpoint, questions, half, most)


def _append(file: IO[bytes], batch: pa.RecordBatch) -> None:
    for row in batch.to_pylist():
        values = {name: value for name, value in row.items() if name not in (ID, TYPES) and value}
        line = {"id": row[ID], "types": row[TYPES], "values": values}
        file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    file.flush()
    os.fsync(file.fileno())


def _resumed(file: IO[bytes]) -> tuple[str, int]:
    """The last id of what is there, and how many there are; a line that was not finished is taken off."""
    last, count, end = "", 0, 0
    file.seek(0)
    for line in file:
        if not line.endswith(b"\n"):
            break
        last, count, end = json.loads(line)["id"], count + 1, end + len(line)
    file.truncate(end)
    file.seek(0, os.SEEK_END)
    return last, count
