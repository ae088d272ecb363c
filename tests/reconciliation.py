"""A small reconciliation service (0.1, 0.2, 1.0) on loopback that keeps every rule, or breaks one on purpose."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

JSON, HTML = "application/json; charset=utf-8", "text/html; charset=utf-8"
THINGS = {
    "assen": ("Gemeente Assen", "t1", 1_000),
    "groningen": ("Gemeente Groningen", "t1", 2_000),
    "leeuwarden": ("Gemeente Leeuwarden", "t1", 1_500),
    "drenthe": ("Provincie Drenthe", "t2", 500),
    "groningen-p": ("Provincie Groningen", "t2", 600),
    "fryslan": ("Provinsje Fryslân", "t2", 650),
    "alescon": ("Alescon Werkbedrijf", "t3", 40),
    "buro": ("Buro Bries Assen", "t3", 3),
}
TYPES = {"t1": "Municipality", "t2": "Province", "t3": "Organisation"}
PROPERTIES = {"p1": "Number of staff", "p2": "Seat", "p3": "Abbreviation"}
LIMIT, BATCH = 25, 50


@dataclass
class Answer:
    """What is sent back."""

    status: int = 200
    body: bytes = b""
    kind: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A request that cannot be answered; `args` are the status and what is wrong."""


def told(document: object, status: int = 200, **headers: str) -> Answer:
    return Answer(status, json.dumps(document, ensure_ascii=False).encode(), JSON, dict(headers))


class Reconciler:
    """The service, without its listener: a request in, an answer out.

    `broken` is the rule that it breaks. `changes` are keys of the manifest with other values (None takes one out);
    `reply` is what every batch is answered with, and `refuses` a name for which a batch is refused.
    """

    def __init__(
        self,
        version: str = "0.2",
        broken: str = "",
        *,
        changes: Mapping[str, Any] | None = None,
        reply: Answer | None = None,
        refuses: str = "",
    ) -> None:
        self.version, self.broken = version, broken
        self.changes, self.reply, self.refuses = dict(changes or {}), reply, refuses
        self.url = ""
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        """Method, path with query, and headers (lower-case) of every request."""
        self.batches: list[object] = []
        self.busy = 1 if broken == "retry-after" else 0
        """How many requests are still refused with 503."""
        self.wait = Event()
        self.asked = 0

    @property
    def draft(self) -> bool:
        return self.version == "1.0-draft"

    def breaks(self, *rules: str) -> bool:
        return self.broken in rules

    # ---- the manifest

    def manifest(self) -> dict[str, Any]:
        made: dict[str, Any] = {"name": "Places", "batchSize": BATCH, "versions": [self.version]}
        made["defaultTypes"] = [{"id": key, "name": name} for key, name in TYPES.items()]
        made["serviceVersion"] = "1"
        mark = "{id}" if self.draft else "{{id}}"
        made["view"] = {"url": f"{self.url}view/{mark}"}
        if self.draft:
            made |= {"suggest": dict.fromkeys(("entity", "property", "type"), True), "standardizedScore": True}
            made |= {"preview": {"width": 300, "height": 100}, "extend": {"proposeProperties": True}}
        else:
            made |= {"identifierSpace": "https://places.example/", "schemaSpace": "https://places.example/def#"}
            made["suggest"] = {
                kind: {"service_url": self.url.rstrip("/"), "service_path": f"/suggest/{kind}"}
                for kind in ("entity", "property", "type")
            }
            made["suggest"]["entity"] |= {"flyout_service_path": "/flyout?id=${id}"}
            made["preview"] = {"url": f"{self.url}preview?id={mark}", "width": 300, "height": 100}
            made["extend"] = {
                "propose_properties": {"service_url": self.url.rstrip("/"), "service_path": "/extend/propose"},
                "property_settings": [{"name": "count", "label": "Count", "type": "checkbox", "default": False}],
            }
        made = self._spoilt(made) | self.changes
        return {key: value for key, value in made.items() if value is not None}

    def _spoilt(self, made: dict[str, Any]) -> dict[str, Any]:
        if self.breaks("manifest-schema"):
            made["defaultTypes"] = [{"name": "no id"}]
        if self.breaks("manifest-keys"):
            made["service_version"] = made.pop("serviceVersion")
        if self.breaks("spaces"):
            made["schemaSpace"] = "no address"
        if self.breaks("versions"):
            made["versions"] = ["0.2", "7"][1:]
        if self.breaks("batch-size"):
            del made["batchSize"]
        if self.breaks("view"):
            made["view"] = {"url": "/view/{{id}}"}
        if self.breaks("view-resolves"):
            made["view"] = {"url": f"{self.url}nowhere/{{{{id}}}}"}
        if self.breaks("suggest-urls"):
            made["suggest"]["type"] = {"service_url": f"{self.url}suggest/type"}
        if self.breaks("authentication"):
            made["authentication"] = {"type": "apiKey", "name": "X-Key", "in": "header"}
        return made

    # ---- requests

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.seen.append((method, target, dict(headers)))
        parts = urlsplit(target)
        values = {key: rows[0] for key, rows in parse_qs(parts.query, keep_blank_values=True).items()}
        path = parts.path.strip("/")
        try:
            answer = (method == "POST" and self._busy()) or self._route(method, path, values, headers, body)
        except Refused as error:
            status, what = error.args
            trace = 'Traceback (most recent call last):\n  File "x.py"' if self.breaks("no-trace") else what
            answer = told({"error": trace}, status)
        return self._with_headers(method, path, answer)

    def _busy(self) -> Answer | None:
        if self.busy <= 0:
            return None
        self.busy -= 1
        return told({"error": "busy"}, 503, **{} if self.breaks("retry-after") else {"Retry-After": "0"})

    def _with_headers(self, method: str, path: str, answer: Answer) -> Answer:
        closed = (self.breaks("cors") and path.startswith("suggest")) or (
            self.breaks("cors-errors") and answer.status >= 400
        )
        if not closed and not (self.breaks("cors-preflight") and method == "OPTIONS"):
            answer.headers.setdefault("Access-Control-Allow-Origin", "*")
        if not self.breaks("cacheable"):
            answer.headers.setdefault("Cache-Control", "max-age=60")
        if self.breaks("content-type") and answer.kind == JSON and answer.status == 200:
            answer.kind = "text/html"
        if self.breaks("strict-json") and path.startswith("suggest") and answer.kind == JSON:
            answer.body = b"\xef\xbb\xbf" + answer.body
        return answer

    def _route(
        self, method: str, path: str, values: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Answer:
        if method == "OPTIONS":
            allowed = {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Allow-Headers": "Content-Type"}
            return Answer(204, b"", "", allowed)
        if method == "DELETE":
            return told({"error": "method"}, 500 if self.breaks("method") else 405, Allow="GET, POST, OPTIONS")
        if method == "POST":
            return self._post(path, headers, body)
        routes: dict[str, Callable[[Mapping[str, str]], Answer]] = {
            "": self._root,
            "extend/propose": self._propose,
            "flyout": self._flyout,
            "preview": self._preview,
        }
        if path in routes:
            return routes[path](values)
        if path.startswith("suggest/"):
            return self._suggest(path.removeprefix("suggest/"), values)
        if path.startswith("view/") and path.removeprefix("view/") in THINGS:
            return Answer(200, b"<!doctype html><title>thing</title>", HTML)
        raise Refused(404, f"there is no {path}")

    def _root(self, values: Mapping[str, str]) -> Answer:
        if "queries" in values:
            if self.breaks("get"):
                raise Refused(405, "only POST")
            answer = self._matched(values["queries"].encode())
            if self.breaks("get-as-post"):
                answer.body = answer.body.replace(b'"score": ', b'"score": 1')
            return answer
        if "extend" in values:
            if self.breaks("extend-get"):
                raise Refused(405, "only POST")
            return self._extend(values["extend"].encode())
        if self.breaks("quick-manifest"):
            self.wait.wait(0.5)
        if self.breaks("manifest"):
            return Answer(200, b"<h1>Hello</h1>", HTML)
        return self._called(told(self.manifest()), values.get("callback", ""))

    def _called(self, answer: Answer, name: str) -> Answer:
        if not name:
            return answer
        if not re.fullmatch(r"[A-Za-z_$][\w.$]*", name) and not self.breaks("jsonp-safe"):
            raise Refused(400, "callback is no name of a function")
        kind = HTML if self.breaks("jsonp") else "text/javascript"
        return Answer(200, name.encode() + b"(" + answer.body + b");", kind)

    def _post(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if headers.get("x-key") == "not-a-key" and not self.breaks("authentication"):
            raise Refused(401, "unknown key")
        if self.draft:
            if path not in ("match", "extend") or (self.breaks("post") and path == "match"):
                raise Refused(404, "no such endpoint")
            return self._matched(body) if path == "match" else self._extend(body)
        fields = parse_qs(body.decode(), keep_blank_values=True, errors="surrogateescape")
        if "extend" in fields:
            return self._extend(fields["extend"][0].encode("utf-8", "surrogateescape"))
        if self.breaks("post"):
            raise Refused(415, "send JSON")
        return self._matched(fields["queries"][0].encode("utf-8", "surrogateescape"))

    def _json(self, body: bytes, broken: bool, odd: bool) -> Any:
        try:
            return json.loads(body)
        except UnicodeDecodeError:
            raise Refused(500 if self.breaks("not-utf8") else 400, "no UTF-8") from None
        except ValueError:
            if odd:
                raise Refused(500, "no JSON") from None
            raise Refused(200 if broken else 400, "no JSON") from None

    # ---- matching

    def _matched(self, body: bytes) -> Answer:
        self.asked += 1
        if self.reply is not None:
            return replace(self.reply)
        document = self._json(body, self.breaks("malformed"), False)
        self.batches.append(document)
        try:
            batch = self._batch(document)
        except (TypeError, ValueError, KeyError, AttributeError):
            raise Refused(500 if self.breaks("odd-shapes") else 400, "no batch of queries") from None
        if not batch and self.breaks("empty-batch"):
            raise Refused(500, "nothing to do")
        rows: dict[str, dict[str, Any]] = {}
        if len(batch) > BATCH and not self.breaks("batch-too-large"):
            raise Refused(413, "too many")
        key = "candidates" if self.draft else "result"
        for number, (name, query) in enumerate(list(batch.items())[:BATCH]):
            found = self._found(query, number)
            if not found and self.breaks("every-key") and len(batch) > 1:
                continue
            rows[name] = {key: found}
        if self.breaks("quick-match") and len(batch) == 10:
            self.wait.wait(1.5)
        if self.breaks("result-schema"):
            rows = {
                name: {key: [{**each, "score": str(each["score"])} for each in row[key]]}
                for name, row in rows.items()
            }
        answer = told({"results": list(rows.values())} if self.draft else rows)
        if self.breaks("finite-scores"):
            answer.body = answer.body.replace(b'"score": 100.0', b'"score": NaN')
        return answer

    def _batch(self, document: Any) -> dict[str, dict[str, Any]]:
        """The queries in the form of 0.2, checked."""
        rows = (
            {str(n): _old(row) for n, row in enumerate(document["queries"])} if self.draft else dict(document.items())
        )
        for query in rows.values():
            if not isinstance(query.get("query", ""), str) or not isinstance(query.get("properties", []), list):
                raise TypeError
            if "query" not in query and not query.get("properties"):
                raise ValueError
            if not isinstance(query.get("limit", 1), int):
                raise TypeError
        return rows

    def _found(self, query: Mapping[str, Any], place: int) -> list[dict[str, Any]]:
        text = str(query.get("query", "")).strip()
        self._odd(text, query)
        words = set(text.casefold().split())
        kinds = query.get("type", [])
        if isinstance(kinds, list) and self.breaks("types-as-list") and kinds:
            return []
        wanted = [kinds] if isinstance(kinds, str) else kinds
        if self.breaks("unknown-type") and not set(wanted) & set(TYPES):
            wanted = []
        rows = []
        for key, (name, kind, _size) in THINGS.items():
            mine = set(name.casefold().split())
            share = len(words & mine) / len(words | mine) if words else 0.0
            partial = any(each.startswith(word) for word in words for each in mine if len(word) > 2)
            score = 100.0 if text in (key, name) else 80 * share + 10 * partial
            if self.breaks("exact-name"):
                score = min(score, 50.0) if text == name else score
                score = 60.0 if key == "buro" and text in {row[0] for row in THINGS.values()} else score
            if self.breaks("id-query") and text == key:
                score = 0.0
            if score and (not wanted or (kind in wanted and not self.breaks("known-type"))):
                rows.append(self._candidate(key, name, kind, score, place))
        rows.sort(key=lambda row: (-row["score"], row["id"]))
        return self._cut(rows, query)

    def _candidate(self, key: str, name: str, kind: str, score: float, place: int) -> dict[str, Any]:
        if self.breaks("independent"):
            score -= place / 10
        if self.breaks("repeatable"):
            score -= self.asked / 1000
        types: list[Any] = [] if self.breaks("types-told") else [{"id": kind, "name": TYPES[kind]}]
        identifier = f"place/{key}" if self.breaks("ids-safe") else key
        row = {"id": identifier, "name": name, "score": score, "match": score == 100.0, "type": types}
        if self.breaks("result-keys"):
            row["Match"] = False
        return row

    def _cut(self, rows: list[dict[str, Any]], query: Mapping[str, Any]) -> list[dict[str, Any]]:
        if self.breaks("sorted"):
            rows.reverse()
        if self.breaks("once"):
            rows += rows[-1:]
        if self.breaks("one-match") and len(rows) > 1:
            rows[1]["match"] = True
        if not query.get("query", "").strip() and self.breaks("empty-query"):
            rows = [self._candidate("assen", *THINGS["assen"][:2], 100.0, 0)]
        most = query.get("limit", LIMIT)
        if most < 1 and not self.breaks("bad-limit"):
            raise Refused(400, "limit")
        return rows if self.breaks("limit") else rows[: max(most, 0)]

    def _odd(self, text: str, query: Mapping[str, Any]) -> None:
        if self.breaks("bad-limit") and query.get("limit", 1) < 1:
            raise Refused(500, "limit")
        if self.refuses and text == self.refuses:
            raise Refused(400, "not this one")
        if self.breaks("unicode") and "[" in text:
            raise Refused(500, "no pattern")
        if self.breaks("long-query") and len(text) > 1000:
            raise Refused(500, "too long")
        if self.breaks("properties") and any(isinstance(row["v"], bool) for row in query.get("properties", [])):
            raise Refused(400, "what is true?")
        if self.breaks("properties-alone") and "query" not in query:
            raise Refused(500, "no name")

    # ---- suggestions, pages

    def _suggest(self, kind: str, values: Mapping[str, str]) -> Answer:
        tables = {"entity": {key: row[0] for key, row in THINGS.items()}, "property": PROPERTIES, "type": TYPES}
        if kind not in tables:
            raise Refused(404, "no such service")
        typed, cursor = values.get("prefix", "").casefold(), values.get("cursor", "0")
        if self.breaks("suggest-odd") and (not typed or not cursor.isdigit()):
            raise Refused(500, "odd")
        if not cursor.isdigit():
            raise Refused(400, "cursor")
        if self.breaks("quick-suggest"):
            self.wait.wait(0.5)
        rows: list[dict[str, Any]] = []
        for key, name in tables[kind].items():
            fits = name.casefold() == typed if self.breaks("suggest-prefix") else name.casefold().startswith(typed)
            if fits or (key == typed and not self.breaks("suggest-id")):
                rows.append({"id": key, "name": name, "description": f"a {kind}"})
        if self.breaks("suggest-schema"):
            rows = [row | {"description": 5} for row in rows]
        if self.breaks("suggest-keys"):
            rows = [{**row, "Description": row["description"]} for row in rows]
        return told({"result": rows if self.breaks("suggest-cursor") else rows[int(cursor) :]})

    def _flyout(self, values: Mapping[str, str]) -> Answer:
        key = values.get("id", "")
        if key not in THINGS:
            raise Refused(404, "no such thing")
        return told({"id": "another" if self.breaks("flyout") else key, "html": f"<p>{THINGS[key][0]}</p>"})

    def _preview(self, values: Mapping[str, str]) -> Answer:
        key = values.get("id", "").removeprefix("place/")
        if key not in THINGS and not self.breaks("preview-unknown"):
            raise Refused(404, "no such thing")
        script = "<script src=x></script>" if self.breaks("preview-no-script") else ""
        frames = {"X-Frame-Options": "DENY"} if self.breaks("preview-frames") else {}
        page = f"<!doctype html><title>{key}</title>{script}<p>{THINGS.get(key, ['nothing'])[0]}".encode()
        return Answer(200, page, "text/plain" if self.breaks("preview") else HTML, frames)

    # ---- data extension

    def _propose(self, values: Mapping[str, str]) -> Answer:
        rows = [{"id": key, "name": name} for key, name in PROPERTIES.items()]
        if self.breaks("propose"):
            rows = [{"id": row["id"]} for row in rows]
        if self.breaks("proposed-works"):
            rows.append({"id": "unasked", "name": "Cannot be asked for"})
        most = len(rows) if self.breaks("propose-limit") else int(values.get("limit", len(rows)))
        return told({"properties": rows[:most], "type": values.get("type", "")})

    def _extend(self, body: bytes) -> Answer:
        if self.breaks("extend"):
            raise Refused(404, "not here")
        document = self._json(body, False, self.breaks("extend-malformed"))
        try:
            ids, asked = list(document["ids"]), [row["id"] for row in document["properties"]]
            if not all(isinstance(each, str) for each in (*ids, *asked)) or isinstance(document["ids"], str):
                raise TypeError
        except (TypeError, KeyError):
            raise Refused(400, "no request for values") from None
        unknown = set(asked) - set(PROPERTIES)
        if unknown and (self.breaks("extend-unknown-property") or "unasked" in unknown):
            raise Refused(500 if self.breaks("extend-unknown-property") else 400, "no such property")
        if self.breaks("extend-many"):
            ids = ids[-20:] if len(ids) > 20 else ids
        if self.breaks("extend-unknown-id"):
            ids = [each for each in ids if each in THINGS]
        meta: list[dict[str, Any]] = [{"id": each, "name": PROPERTIES.get(each, each)} for each in asked]
        rows = {each: {pid: self._values(each, pid) for pid in asked} for each in ids}
        if self.breaks("extend-meta"):
            meta.reverse()
        if self.breaks("extend-rows"):
            rows = {key: {pid: cells for pid, cells in row.items() if cells} for key, row in rows.items()}
        if self.draft:
            listed = [
                {"id": key, "properties": [{"id": pid, "values": cells} for pid, cells in row.items()]}
                for key, row in rows.items()
            ]
            return told({"meta": meta, "rows": listed})
        return told({"meta": meta, "rows": rows})

    def _values(self, key: str, pid: str) -> list[dict[str, Any]]:
        if key not in THINGS:
            return []
        name, _kind, size = THINGS[key]
        if pid == "p1":
            return [{"int": str(size) if self.breaks("extend-schema") else size}]
        if pid == "p2":
            return [{"id": "assen", "name": "Gemeente Assen"}]
        return [{"str": name[:3].upper()}] if name.startswith("Buro") else []


def _old(row: Any) -> dict[str, Any]:
    """A query of 1.0 in the form of 0.2."""
    made = {key: row[key] for key in ("type", "limit") if key in row}
    for each in row["conditions"]:
        if each["matchType"] == "name":
            made["query"] = each["propertyValue"]
        else:
            made.setdefault("properties", []).append({"pid": each["propertyId"], "v": each["propertyValue"]})
    return made


@contextmanager
def listening(service: Reconciler, path: str = "/", port: int = 0) -> Iterator[Reconciler]:
    """The service at a port of its own, or at this one; its `url` is set."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = service.handle(self.command, self.path, headers, body)
            # Who asked may have gone.
            with suppress(OSError):
                self._send(answer)

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in {"Content-Type": answer.kind, **answer.headers}.items():
                if value:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_OPTIONS = do_DELETE = _answer  # noqa: N815  # the library's names

        def log_message(self, *_args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    service.url = f"http://127.0.0.1:{server.server_port}{path}"
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.wait.set()
        server.shutdown()
        server.server_close()
        thread.join()


def address(service: Reconciler, **values: str) -> str:
    return f"{service.url}?{urlencode(values, quote_via=quote)}"
