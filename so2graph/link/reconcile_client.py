"""A reconciliation service (0.1, 0.2, 1.0 draft) as a matcher: batches that fit it, and patience when it is busy."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol
from urllib.parse import quote, urlsplit

from so2graph.engine.opener import seconds
from so2graph.errors import DataInvalid, EndpointFailed
from so2graph.link.reconcile_http import NotJson, Reply
from so2graph.link.reconcile_question import Answer, Question, Values, from_query_answer

__all__ = ["Asks", "Service"]

_DEFAULT_BATCH, _MOST_BATCH = 10, 200
_VALUES_BATCH = 50
_LONGEST_REASON = 200


class Asks(Protocol):
    """Sends requests: `Web`, or what answers without a network."""

    def get(self, url: str, headers: Mapping[str, str] | None = None, /) -> Reply: ...

    def form(self, url: str, values: Mapping[str, str], headers: Mapping[str, str] | None = None, /) -> Reply: ...

    def post_json(self, url: str, document: object, headers: Mapping[str, str] | None = None, /) -> Reply: ...


class Service:
    """A service at an address; its manifest is read at once. `wait` sleeps, and `notice` is told why.

    What fails is tried `tries` times; a service that says to come back later than in `longest` seconds has failed.

    Raises `EndpointFailed` for what gives no answer, and `DataInvalid` for what is no reconciliation service.
    """

    def __init__(
        self,
        web: Asks,
        url: str,
        *,
        wait: Callable[[float], None] = time.sleep,
        notice: Callable[[str], None] = lambda _text: None,
        identity: str = "",
        tries: int = 6,
        longest: float = 300.0,
    ) -> None:
        self._web, self.url, self._wait, self._notice = web, url, wait, notice
        self._tries, self._longest = tries, longest
        self.manifest = self._read()
        versions = self.manifest.get("versions")
        spoken = versions if isinstance(versions, list) else ["0.1"]
        self.draft = not {"0.1", "0.2"} & {str(each) for each in spoken}
        size = self.manifest.get("batchSize")
        self._batch = min(max(size, 1), _MOST_BATCH) if isinstance(size, int) else _DEFAULT_BATCH
        self._identity = identity

    def _read(self) -> Mapping[str, object]:
        reply = self._patiently(lambda: self._web.get(self.url), "its manifest")
        try:
            document = reply.json() if reply.ok else None
        except NotJson:
            document = None
        if not isinstance(document, Mapping) or not {"name", "versions", "identifierSpace"} & set(document):
            what = "is no manifest" if reply.ok else f"has status {reply.status}"
            raise DataInvalid(
                f"{self.url} is no reconciliation service: its answer {what}",
                mend="See the address; 'so2graph reconcile check URL' says more.",
            )
        return document

    @property
    def identity(self) -> str:
        return self._identity or f"{self.url} {self.manifest.get('identifierSpace', '')}"

    @property
    def batch(self) -> int:
        return self._batch

    @property
    def name(self) -> str:
        return str(self.manifest.get("name") or urlsplit(self.url).netloc)

    def iri(self, identifier: str) -> str:
        """The IRI of a thing: by the space of the identifiers (0.2, 3.1), or the view of 1.0, which takes its place.

        Without either, it is the identifier or empty.
        """
        view = self.manifest.get("view")
        template = str(view.get("url", "")) if self.draft and isinstance(view, Mapping) else ""
        if space := self.manifest.get("identifierSpace"):
            return f"{space}{identifier}"
        return template.replace("{id}", quote(identifier, safe="")).replace("{+id}", identifier)

    # ---- matching

    def answers(self, questions: Sequence[Question]) -> Sequence[Answer]:
        """An answer for each question; a batch that is refused is taken apart until it is known why."""
        if not questions:
            return ()
        reply = self._patiently(lambda: self._ask(questions), f"{len(questions)} names")
        if reply.ok:
            return self._read_answers(reply, questions)
        if reply.status in (401, 403, 404, 405):
            raise self._failed(f"answers with status {reply.status}{_detail(reply)}")
        if reply.status == 413 and len(questions) > 1:
            self._batch = max(1, len(questions) // 2)
        if len(questions) > 1:
            half = len(questions) // 2
            return (*self.answers(questions[:half]), *self.answers(questions[half:]))
        return (Answer(refused=f"status {reply.status}{_detail(reply)}"),)

    def _ask(self, questions: Sequence[Question]) -> Reply:
        if self.draft:
            return self._web.post_json(f"{self.url.rstrip('/')}/match", {"queries": [_draft(q) for q in questions]})
        batch = {f"q{number}": each.query() for number, each in enumerate(questions)}
        return self._web.form(self.url, {"queries": json.dumps(batch, ensure_ascii=False)})

    def _read_answers(self, reply: Reply, questions: Sequence[Question]) -> Sequence[Answer]:
        try:
            document = reply.json()
        except NotJson as error:
            raise self._failed(f"gave no JSON: {error}") from None
        rows: Mapping[str, object] = document if isinstance(document, Mapping) else {}
        if self.draft:
            listed = rows.get("results")
            rows = {f"q{n}": each for n, each in enumerate(listed if isinstance(listed, list) else ())}
        found = []
        for number, question in enumerate(questions):
            row = rows.get(f"q{number}")
            key = "candidates" if self.draft else "result"
            answer = from_query_answer(row.get(key)) if isinstance(row, Mapping) else None
            why = row.get("error") if isinstance(row, Mapping) else None
            if answer is not None and not answer.candidates and isinstance(why, str) and why:
                answer = Answer(refused=why[:_LONGEST_REASON])
            if answer is None and len(questions) > 1:
                # Some services leave out what they cannot read when it comes with others.
                answer = self.answers([question])[0]
            found.append(answer or Answer(refused="the service left it out, or gave no candidates of the standard"))
        return found

    # ---- values

    def values(self, ids: Sequence[str], properties: Sequence[str]) -> Values:
        """Values by data extension (7); raises `DataInvalid` where the service has none, or none of that name."""
        if not isinstance(self.manifest.get("extend"), Mapping):
            raise DataInvalid(f"{self.url} gives no values of properties", mend="Leave --add out.")
        names: dict[str, str] = {}
        rows: dict[str, Mapping[str, tuple[str, ...]]] = {}
        for start in range(0, len(ids), _VALUES_BATCH):
            asked = {"ids": list(ids[start : start + _VALUES_BATCH]), "properties": [{"id": p} for p in properties]}
            reply = self._patiently(lambda asked=asked: self._extend(asked), "values")  # type: ignore[misc]  # bound at once
            if not reply.ok:
                raise DataInvalid(
                    f"{self.url} gives no such values: status {reply.status}{_detail(reply)}",
                    mend="See the identifiers of the properties.",
                )
            self._take_values(reply, names, rows)
        return Values(names, rows)

    def _extend(self, asked: Mapping[str, object]) -> Reply:
        if self.draft:
            return self._web.post_json(f"{self.url.rstrip('/')}/extend", asked)
        return self._web.form(self.url, {"extend": json.dumps(asked, ensure_ascii=False)})

    def _take_values(
        self, reply: Reply, names: dict[str, str], rows: dict[str, Mapping[str, tuple[str, ...]]]
    ) -> None:
        try:
            document = reply.json()
            for each in document["meta"]:  # type: ignore[index]  # a document of another shape raises below
                names.setdefault(str(each["id"]), str(each.get("name") or each["id"]))
            given = document["rows"]  # type: ignore[index]  # as above
            if self.draft:
                given = {row["id"]: {each["id"]: each["values"] for each in row["properties"]} for row in given}
            for identifier, row in given.items():
                rows[str(identifier)] = {pid: tuple(map(_shown, cells)) for pid, cells in row.items()}
        except (NotJson, TypeError, LookupError, AttributeError):
            raise self._failed("gave values of another shape than the standard's") from None

    # ---- patience

    def _patiently(self, ask: Callable[[], Reply], what: str) -> Reply:
        """Asks until there is an answer that is one: what is busy (429, 5xx) or not there is asked again, ever later.

        Raises `EndpointFailed` when it has been tried often enough, or when the service says to come back too late.
        """
        for attempt in range(self._tries):
            reply = ask()
            if not reply.failed and reply.status != 429 and reply.status < 500:
                return reply
            why = reply.failed or f"status {reply.status}"
            after = reply.headers.get("retry-after")
            pause = seconds(after) if after else min(float(2**attempt), self._longest)
            if attempt == self._tries - 1 or pause > self._longest:
                break
            self._notice(f"{what}: {why}; asking again in {pause:g} seconds")
            self._wait(pause)
        raise self._failed(f"gives no answer ({why})")

    def _failed(self, what: str) -> EndpointFailed:
        return EndpointFailed(f"{self.url} {what}", mend="Try again later.", endpoint=self.url)


def _draft(question: Question) -> dict[str, object]:
    """A question as the draft of 1.0 writes it."""
    conditions: list[dict[str, object]] = [{"matchType": "name", "propertyValue": question.name}]
    conditions += [{"matchType": "property", "propertyId": p, "propertyValue": v} for p, v in question.properties]
    made: dict[str, object] = {"conditions": conditions, "limit": question.limit}
    return made | ({"type": question.type} if question.type else {})


def _detail(reply: Reply) -> str:
    """What an error says of itself, where it is a problem document or a short text."""
    try:
        document = reply.json()
    except NotJson:
        return ""
    if not isinstance(document, Mapping):
        return ""
    said = document.get("detail") or document.get("message") or document.get("error") or ""
    return f" ({said[:_LONGEST_REASON]})" if isinstance(said, str) and said else ""


def _shown(cell: object) -> str:
    """A value as text: of a thing its name."""
    if not isinstance(cell, Mapping):
        return ""
    for key in ("name", "str", "date", "int", "float", "bool", "id"):
        if key in cell:
            value = cell[key]
            return str(value).lower() if isinstance(value, bool) else str(value)
    return ""
