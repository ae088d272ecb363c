"""What OpenRefine (3.9) sends to a reconciliation service, byte by byte, and what it makes of the answers.

Written after its source: StandardReconConfig, ReconOperation, GuessTypesOfColumnCommand, ReconciledDataExtensionJob,
HttpClient and the widget for suggestions. With it a service can be tried without OpenRefine.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from so2graph.engine.opener import seconds
from so2graph.link.reconcile_http import NotJson, Reply, Web

__all__ = ["Candidate", "Column", "Detail", "OpenRefine", "Recon", "TypeGuess", "batch_size", "encode_uri"]

_BATCH = 10
_RETRIES, _FIRST_WAIT = 3, 0.2
_TRY_AGAIN = (429, 503)
"""The statuses after which Apache's HttpClient asks again."""
_SAMPLE, _SAMPLE_LIMIT = 10, 3
_PATIENCE = 5.0
_NO_SPACE = "http://localhost/recon/identifier", "http://localhost/recon/schema"
"""What stands in a project whose service names no spaces."""


@dataclass(frozen=True)
class Candidate:
    """A candidate as OpenRefine keeps it: types are identifiers alone."""

    id: str
    name: str
    types: tuple[str, ...] = ()
    score: float = 0.0


@dataclass(frozen=True)
class Recon:
    """What a cell is after reconciliation: `judgment` is none, matched or error."""

    text: str
    candidates: tuple[Candidate, ...] = ()
    match: Candidate | None = None
    judgment: str = "none"
    error: str = ""

    @property
    def shown(self) -> str:
        """The text of the cell: the name of what it was matched with, or what it was."""
        return self.match.name if self.match else self.text


@dataclass(frozen=True)
class Detail:
    """Another column that is sent along as a property."""

    column: str
    property: str


@dataclass(frozen=True)
class TypeGuess:
    """A type that is offered for a column, and how often and how high it came up."""

    id: str
    name: str
    score: float
    count: int


@dataclass(frozen=True)
class Column:
    """A column that data extension adds: its rows by the identifier of the thing."""

    id: str
    name: str
    type: str = ""
    rows: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    """Values: text, int, float, bool, or a `Candidate`; dates are texts."""


def batch_size(rows: int, declared: int | None) -> int:
    """How many queries go into a batch (StandardReconConfig.getBatchSize)."""
    return _BATCH if declared is None else min(max(rows // _BATCH, _BATCH), declared)


def encode_uri(text: str) -> str:
    """`encodeURI` of JavaScript: it leaves what has a meaning in an address as it is."""
    return quote(text, safe=";,/?:@&=+$-_.!~*'()#")


class OpenRefine:
    """OpenRefine with one service added. `wait` sleeps between retries."""

    def __init__(self, web: Web, url: str, wait: Callable[[float], None] = time.sleep) -> None:
        self._web, self.url, self._wait = web, url, wait
        self.manifest: Mapping[str, object] = {}

    # ---- the service

    def add(self) -> Mapping[str, object]:
        """Adds the service: GET of its manifest by a page of another site; raises `ValueError` when that fails."""
        reply = self._web.get(self.url, {"Origin": "http://127.0.0.1:3333", "Accept": "application/json"})
        readable = reply.headers.get("access-control-allow-origin") in ("*", "http://127.0.0.1:3333")
        if not reply.ok or not readable or reply.seconds > _PATIENCE:
            raise ValueError(f"Error contacting recon service: {reply.failed or reply.status}, CORS {readable}")
        document = reply.json()
        if not isinstance(document, Mapping):
            raise TypeError("Error contacting recon service: no object")
        self.manifest = document
        return document

    @property
    def spaces(self) -> tuple[str, str]:
        """Identifier and schema space as they are written into a project."""
        given = self.manifest.get("identifierSpace"), self.manifest.get("schemaSpace")
        return str(given[0] or _NO_SPACE[0]), str(given[1] or _NO_SPACE[1])

    @property
    def _declared(self) -> int | None:
        size = self.manifest.get("batchSize")
        return size if isinstance(size, int) else None

    # ---- matching

    def reconcile(
        self,
        rows: Sequence[Mapping[str, object]],
        column: str,
        *,
        kind: str | None = None,
        details: Sequence[Detail] = (),
        limit: int = 0,
        auto_match: bool = True,
    ) -> list[Recon]:
        """Reconciles a column; the same query is sent once. Blank cells are left out, and get no candidates."""
        codes = [self._code(row, column, kind, details, limit) for row in rows]
        distinct = list(dict.fromkeys(code for code in codes if code))
        size = batch_size(len(rows), self._declared)
        found: dict[str, Recon] = {}
        for start in range(0, len(distinct), size):
            batch = distinct[start : start + size]
            found |= zip(batch, self._batch(batch, auto_match=auto_match), strict=True)
        texts = [str(row.get(column, "")) for row in rows]
        return [found[code] if code else Recon(text) for code, text in zip(codes, texts, strict=True)]

    def _code(
        self, row: Mapping[str, object], column: str, kind: str | None, details: Sequence[Detail], limit: int
    ) -> str:
        """A query as text; empty for a blank cell."""
        text = row.get(column)
        if text is None or not str(text).strip():
            return ""
        query: dict[str, object] = {"query": str(text)}
        if kind is not None:
            query |= {"type": kind, "type_strict": "should"}
        given = [
            {"pid": detail.property, "v": _value(row[detail.column])}
            for detail in details
            if row.get(detail.column) is not None and str(row[detail.column]).strip()
        ]
        if given:
            query["properties"] = given
        if limit:
            query["limit"] = limit
        return json.dumps(query, ensure_ascii=False, separators=(",", ":"))

    def _batch(self, codes: Sequence[str], *, auto_match: bool) -> list[Recon]:
        texts = [str(json.loads(code)["query"]) for code in codes]
        body = "{" + ",".join(f'"q{number}":{code}' for number, code in enumerate(codes)) + "}"
        reply = self._post("queries", body)
        if reply.failed or reply.status >= 400:
            why = reply.failed or f"HTTP error {reply.status} for URL {self.url}"
            return [Recon(text, judgment="error", error=why) for text in texts]
        try:
            document = reply.json()
        except NotJson as error:
            return [Recon(text, judgment="error", error=str(error)) for text in texts]
        rows = document if isinstance(document, Mapping) else {}
        return [
            _recon(text, rows.get(f"q{number}"), f"q{number}", auto_match=auto_match)
            for number, text in enumerate(texts)
        ]

    def _post(self, name: str, text: str) -> Reply:
        """POST of a form; asked again up to three times where the service is busy or cut the line."""
        for attempt in range(_RETRIES + 1):
            reply = self._web.form(self.url, {name: text})
            if attempt == _RETRIES or not (reply.status in _TRY_AGAIN or reply.failed.startswith("no answer:")):
                return reply
            after = reply.headers.get("retry-after")
            self._wait(seconds(after) if after else _FIRST_WAIT * 2**attempt)
        raise AssertionError("unreachable")

    def guess_types(self, cells: Sequence[object]) -> list[TypeGuess]:
        """The types offered for a column, from the candidates of its first ten texts, the most frequent first."""
        samples = list(dict.fromkeys(str(cell).strip() for cell in cells if cell is not None and str(cell).strip()))
        queries = {
            f"q{number}": {"query": text, "limit": _SAMPLE_LIMIT} for number, text in enumerate(samples[:_SAMPLE])
        }
        reply = self._post("queries", json.dumps(queries, ensure_ascii=False, separators=(",", ":")))
        document = reply.json() if reply.ok else {}
        found: dict[str, TypeGuess] = {}
        for key in queries:
            answer = document.get(key) if isinstance(document, Mapping) else None
            rows = answer.get("result", []) if isinstance(answer, Mapping) else []
            for place, row in enumerate(rows):
                kinds = row.get("type", [])
                for rank, each in enumerate(kinds):
                    identifier, name = (
                        (each, each) if isinstance(each, str) else (each["id"], each.get("name", each["id"]))
                    )
                    score = 1 / (1 + place) * (len(kinds) - rank) / len(kinds)
                    before = found.get(identifier, TypeGuess(identifier, name, 0.0, 0))
                    found[identifier] = TypeGuess(identifier, before.name, before.score + score, before.count + 1)
        return sorted(found.values(), key=lambda each: (-min(_SAMPLE, each.count), -each.score / each.count))

    # ---- data extension

    def propose(self, kind: str) -> list[tuple[str, str]]:
        """The properties that the dialogue offers for a type: identifiers and names."""
        extend = self.manifest.get("extend")
        place = extend.get("propose_properties") if isinstance(extend, Mapping) else None
        if not isinstance(place, Mapping):
            return []
        url = f"{place.get('service_url', '')}{place.get('service_path', '')}?{urlencode({'type': kind})}"
        document = self._web.get(url).json()
        rows = document.get("properties", []) if isinstance(document, Mapping) else []
        return [(str(row["id"]), str(row["name"])) for row in rows]

    def extend(self, recons: Sequence[Recon], properties: Sequence[str]) -> list[Column]:
        """Columns of values for matched cells, ten things a request; raises `ValueError` for an error."""
        ids = list(dict.fromkeys(recon.match.id for recon in recons if recon.match))
        meta: list[Mapping[str, object]] = []
        rows: dict[str, Mapping[str, object]] = {}
        for start in range(0, len(ids), _BATCH):
            some = ids[start : start + _BATCH]
            asked = {"ids": some, "properties": [{"id": each} for each in properties]}
            reply = self._post("extend", json.dumps(asked, ensure_ascii=False, separators=(",", ":")))
            document = reply.json() if reply.ok else None
            if not isinstance(document, Mapping):
                raise ValueError(reply.failed or f"HTTP error {reply.status}")  # noqa: TRY004  # as OpenRefine says it
            meta = meta or list(document["meta"])
            rows |= {key: row for key, row in document.get("rows", {}).items() if key in some}
        return [_column(each, rows) for each in meta]

    # ---- what a person sees while choosing

    def suggest(self, kind: str, typed: str, of_type: str = "") -> list[Mapping[str, object]]:
        """What a box offers for what has been typed; `kind` is entity, property or type."""
        services = self.manifest.get("suggest")
        place = services.get(kind) if isinstance(services, Mapping) else None
        if not isinstance(place, Mapping):
            return []
        values = {"type": of_type, "prefix": typed} if of_type else {"prefix": typed}
        url = f"{place.get('service_url', '')}{place.get('service_path', '')}?{urlencode(values)}"
        reply = self._web.get(url, {"Origin": "http://127.0.0.1:3333"})
        if not reply.ok or reply.seconds > _PATIENCE or "access-control-allow-origin" not in reply.headers:
            return []
        document = reply.json()
        return list(document.get("result", [])) if isinstance(document, Mapping) else []

    def view_url(self, identifier: str) -> str:
        """Where a click on a matched cell leads: the identifier stands in the template as it is."""
        return self._filled("view", identifier)

    def preview_url(self, identifier: str) -> str:
        """What is shown in a frame when the pointer rests on a candidate."""
        return self._filled("preview", identifier)

    def _filled(self, part: str, identifier: str) -> str:
        place = self.manifest.get(part)
        template = str(place.get("url", "")) if isinstance(place, Mapping) else ""
        return encode_uri(template.replace("{{id}}", identifier))


def _value(cell: object) -> object:
    """The value of a property: a matched cell as a thing, numbers and truths as they are, the rest as text."""
    if isinstance(cell, Recon):
        return {"id": cell.match.id, "name": cell.match.name} if cell.match else cell.text
    return cell if isinstance(cell, int | float | bool) else str(cell)


def _recon(text: str, answer: object, key: str, *, auto_match: bool) -> Recon:
    """A cell from the answer to its query; sorted by score, matched by what the best candidate says of itself."""
    if not isinstance(answer, Mapping):
        return Recon(text, judgment="error", error=f'The service returned a JSON response without "{key}" field')
    rows = answer.get("result")
    if not isinstance(rows, list):
        why = f'The service returned a JSON response without "result" field for query {key}'
        return Recon(text, judgment="error", error=why)
    ranked = sorted(rows, key=lambda row: -float(row.get("score", 0.0)))
    candidates = tuple(_candidates(ranked))
    if auto_match and ranked and ranked[0].get("match") is True:
        return Recon(text, candidates, candidates[0], "matched")
    return Recon(text, candidates)


def _candidates(rows: Sequence[Mapping[str, object]]) -> Iterator[Candidate]:
    for row in rows:
        kinds = row.get("type")
        listed = kinds if isinstance(kinds, list) else []
        types = tuple(str(each["id"] if isinstance(each, Mapping) else each) for each in listed)
        score = row.get("score", 0.0)
        yield Candidate(
            str(row["id"]), str(row["name"]), types, float(score) if isinstance(score, int | float) else 0.0
        )


def _column(meta: Mapping[str, object], rows: Mapping[str, Mapping[str, object]]) -> Column:
    pid, kind = str(meta["id"]), meta.get("type")
    found = {}
    for identifier, row in rows.items():
        cells = row.get(pid)
        found[identifier] = tuple(_cell(each) for each in cells if each) if isinstance(cells, list) else ()
    return Column(pid, str(meta["name"]), str(kind["id"]) if isinstance(kind, Mapping) else "", found)


def _cell(value: Mapping[str, object]) -> object:
    if "id" in value:
        return Candidate(str(value["id"]), str(value.get("name", "")), (), 100.0)
    return next((value[key] for key in ("str", "float", "int", "date", "bool") if key in value), None)
