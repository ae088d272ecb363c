"""A reconciliation service under examination: what has been asked of it, what it said, and what is known of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import quote, urlencode, urljoin

from so2graph.engine.opener import seconds
from so2graph.link.conformance_schemas import VERSIONS
from so2graph.link.reconcile_http import ORIGIN, NotJson, Reply, Web

__all__ = ["Entity", "Fault", "NotHere", "Probe", "Query", "candidate_id", "candidate_types", "open_probe"]

Query = Mapping[str, object]
"""A query as 0.2 writes it (4.1): `query`, `type`, `limit`, `properties`; it is translated for 1.0."""
Candidate = Mapping[str, object]

_FIRST_WORDS = (
    "a", "de", "the", "Groningen", "Amsterdam", "Berlin", "Paris", "London", "university", "museum", "art",
)  # fmt: skip
_JSON = {"Content-Type": "application/json"}
_PREFIXES = ("a", "s", "de", "gr", "1")
_MOST_SAMPLES = 3
_LONGEST_WAIT = 30.0
_MOST_LOST, _SILENT = 4, "the service answers no more"


class NotHere(Exception):
    """A rule cannot be judged of this service; `str()` says why."""


@dataclass(frozen=True)
class Fault:
    """What breaks a rule, and the exchange that shows it."""

    what: str
    reply: Reply | None = None


@dataclass(frozen=True)
class Entity:
    """A thing that the service is known to have."""

    id: str
    name: str
    types: tuple[str, ...] = ()


@dataclass
class Probe:
    """One service: its address, its manifest, and every exchange of this examination (`log`).

    The same request is sent once, unless a rule asks for a fresh answer.
    """

    url: str
    web: Web
    version: str
    manifest_reply: Reply
    manifest: Mapping[str, object]
    samples: Sequence[str] = ()
    slow: float = 5.0
    log: list[tuple[str, Reply]] = field(default_factory=list)
    """What was asked for (`manifest`, `match`, `suggest`, …), and the reply."""
    _kept: dict[tuple[str, str, str], Reply] = field(default_factory=dict)
    _entities: tuple[Entity, ...] | None = None
    _lost: int = 0
    """How many requests in a row had no answer."""

    @property
    def draft(self) -> bool:
        """Whether it is spoken to as 1.0 asks for."""
        return self.version == "1.0-draft"

    def part(self, *keys: str) -> object:
        """A value of the manifest, some levels down; None where there is none."""
        value: object = self.manifest
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    # ---- requests

    def keep(self, what: str, key: tuple[str, str, str], ask: Callable[[], Reply], *, fresh: bool = False) -> Reply:
        """The reply to a request, asked for once unless `fresh`; it is in `log` from then on.

        Where the service is too busy, it is asked again, when it says. Raises `NotHere` once it answers no more.
        """
        if fresh or key not in self._kept:
            if self._lost >= _MOST_LOST:
                raise NotHere(_SILENT)
            reply = ask()
            self._lost = self._lost + 1 if reply.failed else 0
            self.log.append((what, reply))
            if reply.status in (429, 503):
                time.sleep(min(seconds(reply.headers.get("retry-after")), _LONGEST_WAIT))
                reply = ask()
                self.log.append((what, reply))
            self._kept[key] = reply
        return self._kept[key]

    def get(self, what: str, url: str, *, fresh: bool = False, accept: str = "") -> Reply:
        given = {"Origin": ORIGIN, "Accept": accept} if accept else {"Origin": ORIGIN}
        return self.keep(what, ("GET", url, accept), lambda: self.web.get(url, given), fresh=fresh)

    def send(
        self, what: str, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        given = {"Origin": ORIGIN, **(headers or {})}
        return self.keep(what, (method, url, repr((body, headers))), lambda: self.web.send(method, url, body, given))

    def _form(self, what: str, name: str, text: str, *, fresh: bool = False) -> Reply:
        def ask() -> Reply:
            return self.web.form(self.url, {name: text}, {"Origin": ORIGIN})

        return self.keep(what, ("POST", self.url, f"{name}={text}"), ask, fresh=fresh)

    def _post(self, what: str, path: str, document: object, *, fresh: bool = False) -> Reply:
        url = self.below(path)

        def ask() -> Reply:
            return self.web.post_json(url, document, {"Origin": ORIGIN})

        return self.keep(what, ("POST", url, json.dumps(document)), ask, fresh=fresh)

    def below(self, path: str) -> str:
        """An address below the endpoint (1.0)."""
        return f"{self.url.rstrip('/')}/{path}"

    # ---- matching

    def match(self, queries: Mapping[str, Query], *, by_get: bool = False, fresh: bool = False) -> Reply:
        """A batch of queries: POST of a form, or GET (0.1, 0.2); POST of JSON (1.0)."""
        if self.draft:
            return self._post("match", "match", {"queries": [_draft(each) for each in queries.values()]}, fresh=fresh)
        text = json.dumps(queries, ensure_ascii=False)
        if by_get:
            sign = "&" if "?" in self.url else "?"
            return self.get("match", f"{self.url}{sign}{urlencode({'queries': text})}", fresh=fresh)
        return self._form("match", "queries", text, fresh=fresh)

    def raw_match(self, text: str | bytes) -> Reply:
        """A text in the place of a batch of queries, as it is."""
        body = text if isinstance(text, bytes) else text.encode()
        if self.draft:
            return self.send("match", "POST", self.below("match"), body, _JSON)
        return self.send(
            "match",
            "POST",
            self.url,
            b"queries=" + quote(body).encode(),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )

    def results(self, reply: Reply, keys: Sequence[str]) -> dict[str, list[Candidate]]:
        """The candidates of each key; raises `NotHere` where the reply has no such shape, which other rules say."""
        document = self.document(reply)
        rows: object
        if self.draft:
            rows = document.get("results") if isinstance(document, Mapping) else None
            listed = rows if isinstance(rows, list) and len(rows) == len(keys) else []
            document = dict(zip(keys, listed, strict=False))
        found: dict[str, list[Candidate]] = {}
        for key in keys:
            one = document.get(key) if isinstance(document, Mapping) else None
            rows = one.get("candidates" if self.draft else "result") if isinstance(one, Mapping) else None
            if not isinstance(rows, list) or not all(_usable(row) for row in rows):
                raise NotHere("queries get no answer that can be judged: see the rules post and result-schema")
            found[key] = rows
        return found

    def document(self, reply: Reply) -> object:
        """The JSON of a reply; raises `NotHere` where there is none."""
        if not reply.ok:
            raise NotHere(f"{reply.method} {reply.url[:100]} gave {reply.failed or f'status {reply.status}'}")
        try:
            return reply.json()
        except NotJson as error:
            raise NotHere(f"{reply.method} {reply.url[:100]} gave no JSON: {error}") from None

    def ask(self, *, fresh: bool = False, **query: object) -> tuple[Reply, list[Candidate]]:
        """One query in a batch of its own."""
        reply = self.match({"q0": query}, fresh=fresh)
        return reply, self.results(reply, ["q0"])["q0"]

    # ---- other services

    def suggest_url(self, kind: str) -> str:
        """Where things of a kind (`entity`, `property`, `type`) are suggested; raises `NotHere` for nowhere."""
        declared = self.part("suggest", kind)
        if self.draft and declared is True:
            return self.below(f"suggest/{kind}")
        if isinstance(declared, Mapping):
            return self._joined(declared.get("service_url"), declared.get("service_path"))
        raise NotHere(f"the manifest has no suggest service for things of the kind {kind}")

    def _joined(self, base: object, path: object) -> str:
        return (str(base) if base else self.url) + (str(path) if path else "")

    def suggest(self, kind: str, prefix: str, *, fresh: bool = False, **more: str) -> Reply:
        url = self.suggest_url(kind)
        sign = "&" if "?" in url else "?"
        return self.get("suggest", f"{url}{sign}{urlencode({'prefix': prefix, **more})}", fresh=fresh)

    def suggested(self, reply: Reply) -> list[Candidate]:
        """What was suggested; raises `NotHere` where the reply has no such shape, which another rule says."""
        document = self.document(reply)
        rows = document.get("result") if isinstance(document, Mapping) else None
        if not isinstance(rows, list) or not all(_usable(row) for row in rows):
            raise NotHere("suggestions cannot be judged: see the rule suggest-schema")
        return rows

    def flyout_url(self, kind: str, identifier: str) -> str:
        declared = self.part("suggest", kind)
        if not isinstance(declared, Mapping) or not declared.get("flyout_service_path"):
            raise NotHere("the manifest has no flyout service")
        base = declared.get("flyout_service_url") or declared.get("service_url")
        return self._joined(base, declared["flyout_service_path"]).replace("${id}", quote(identifier, safe=""))

    def preview_url(self, identifier: str) -> str:
        """Where the preview of a thing is; raises `NotHere` where the service has none."""
        if not isinstance(self.part("preview"), Mapping):
            raise NotHere("the manifest has no preview service")
        if self.draft:
            return self.below(f"preview?{urlencode({'id': identifier})}")
        return self.filled(str(self.part("preview", "url") or ""), identifier)

    def view_url(self, identifier: str) -> str:
        template = self.part("view", "url")
        if not isinstance(template, str):
            raise NotHere("the manifest has no view template")
        return self.filled(template, identifier)

    def filled(self, template: str, identifier: str) -> str:
        """A template with the identifier in its place, as an absolute address."""
        mark = "{id}" if self.draft else "{{id}}"
        return urljoin(self.url, template.replace(mark, quote(identifier, safe="")))

    def extend(self, ids: Sequence[str], properties: Sequence[str], *, by_get: bool = False) -> Reply:
        """Asks for values; raises `NotHere` where the manifest says nothing of data extension."""
        self.need_extend()
        document = {"ids": list(ids), "properties": [{"id": each} for each in properties]}
        if self.draft:
            return self._post("extend", "extend", document)
        text = json.dumps(document, ensure_ascii=False)
        if by_get:
            sign = "&" if "?" in self.url else "?"
            return self.get("extend", f"{self.url}{sign}{urlencode({'extend': text})}")
        return self._form("extend", "extend", text)

    def raw_extend(self, text: str) -> Reply:
        """A text in the place of a request for values, as it is."""
        self.need_extend()
        if self.draft:
            return self.send("extend", "POST", self.below("extend"), text.encode(), _JSON)
        return self._form("extend", "extend", text)

    def need_extend(self) -> None:
        if not isinstance(self.part("extend"), Mapping):
            raise NotHere("the manifest has no data extension")

    def propose(self, kind: str, **more: str) -> Reply:
        """The properties proposed for a type; raises `NotHere` where none are."""
        self.need_extend()
        declared = self.part("extend", "proposeProperties" if self.draft else "propose_properties")
        if self.draft and declared is True:
            url = self.below("extend/propose")
        elif isinstance(declared, Mapping):
            url = self._joined(declared.get("service_url"), declared.get("service_path"))
        else:
            raise NotHere("the manifest has no proposals of properties")
        sign = "&" if "?" in url else "?"
        return self.get("propose", f"{url}{sign}{urlencode({'type': kind, **more})}")

    def properties(self, most: int = 3) -> tuple[str, ...]:
        """Identifiers of properties that the service proposes or suggests; raises `NotHere` where it names none."""
        found: list[str] = []
        for prefix in (None, "", "a", "n"):
            try:
                named = self._proposed() if prefix is None else self._suggested_properties(prefix)
            except NotHere:
                continue
            found += [each for each in named if each not in found]
            if len(found) >= most:
                break
        if not found:
            raise NotHere("the service names no property")
        return tuple(found[:most])

    def _proposed(self) -> list[str]:
        document = self.document(self.propose(self.a_type()))
        given = document.get("properties") if isinstance(document, Mapping) else None
        rows = given if isinstance(given, list) else []
        return [row["id"] for row in rows if isinstance(row, Mapping) and isinstance(row.get("id"), str)]

    def _suggested_properties(self, prefix: str) -> list[str]:
        return [candidate_id(row) for row in self.suggested(self.suggest("property", prefix))]

    # ---- what is known

    def a_type(self) -> str:
        """A type that the service has; raises `NotHere` where none is known."""
        for entity in self.entities(may_be_none=True):
            if entity.types:
                return entity.types[0]
        declared = self.part("defaultTypes")
        for row in declared if isinstance(declared, list) else ():
            if isinstance(row, Mapping) and isinstance(row.get("id"), str):
                return str(row["id"])
        raise NotHere("no type of the service is known")

    def entities(self, *, may_be_none: bool = False) -> tuple[Entity, ...]:
        """Up to three things of the service; raises `NotHere` where none is found."""
        if self._entities is None:
            self._entities = _learn(self)
        if not self._entities and self._lost >= _MOST_LOST:
            raise NotHere(_SILENT)
        if not self._entities and not may_be_none:
            raise NotHere("no thing of the service was found; name some with --sample")
        return self._entities


def _usable(row: object) -> bool:
    """Whether a row of an answer has an identifier and a name to work with."""
    return isinstance(row, Mapping) and isinstance(row.get("id"), str) and isinstance(row.get("name"), str)


def candidate_id(row: Candidate) -> str:
    return str(row["id"])


def candidate_types(row: Candidate) -> tuple[str, ...]:
    """The identifiers of the types of a candidate, given as texts or as objects."""
    given = row.get("type")
    kinds = given if isinstance(given, list) else []
    return tuple(
        str(each["id"]) if isinstance(each, Mapping) and "id" in each else str(each)
        for each in kinds
        if isinstance(each, str | Mapping)
    )


def _draft(query: Query) -> dict[str, object]:
    """A query as 1.0 writes it: with conditions."""
    conditions: list[dict[str, object]] = []
    if "query" in query:
        conditions.append({"matchType": "name", "propertyValue": query["query"]})
    for row in cast(Iterable[Mapping[str, object]], query.get("properties", ())):
        conditions.append({"matchType": "property", "propertyId": row["pid"], "propertyValue": row["v"]})
    rest = {key: query[key] for key in ("type", "limit") if key in query}
    return {**rest, "conditions": conditions}


def _learn(probe: Probe) -> tuple[Entity, ...]:
    """Things of the service: from the names given, else from what it suggests and finds for common words."""
    found: dict[str, Entity] = {}

    def take(rows: Iterable[Candidate]) -> None:
        names = {each.name.casefold() for each in found.values()}
        for row in rows:
            name, identifier = str(row["name"]).strip(), candidate_id(row)
            if identifier and len(name) > 1 and identifier not in found and name.casefold() not in names:
                found[identifier] = Entity(identifier, str(row["name"]), candidate_types(row))
                return

    words = probe.samples or (*_FIRST_WORDS, *_type_names(probe))
    for start in range(0, len(words), 10):
        batch = {f"q{number}": {"query": word} for number, word in enumerate(words[start : start + 10])}
        try:
            for rows in probe.results(probe.match(batch), list(batch)).values():
                take(rows)
        except NotHere:
            break
    for prefix in () if probe.samples or len(found) >= _MOST_SAMPLES else _PREFIXES:
        try:
            rows = probe.suggested(probe.suggest("entity", prefix))[:5]
            for row in rows:
                _reply, candidates = probe.ask(query=str(row["name"]))
                take([each for each in candidates if each["id"] == row["id"]])
        except NotHere:
            break
    # Long names first: short ones have more namesakes.
    return tuple(sorted(found.values(), key=lambda each: -len(each.name))[:_MOST_SAMPLES])


def _type_names(probe: Probe) -> list[str]:
    declared = probe.part("defaultTypes")
    rows = declared if isinstance(declared, list) else []
    return [str(row["name"]) for row in rows[:3] if isinstance(row, Mapping) and row.get("name")]


def open_probe(
    url: str, web: Web, *, version: str | None = None, samples: Sequence[str] = (), slow: float = 5.0
) -> Probe:
    """A service with its manifest read; the version is the best that it and this program speak, unless given."""
    reply = web.get(url, {"Origin": ORIGIN})
    manifest: Mapping[str, object] = {}
    if reply.ok:
        try:
            document = reply.json()
            manifest = document if isinstance(document, Mapping) else {}
        except NotJson:
            pass
    declared = manifest.get("versions")
    spoken = [str(each) for each in declared] if isinstance(declared, list) else ["0.1"]
    spoken = ["1.0-draft" if each == "1.0" else each for each in spoken]
    best = next((each for each in ("0.2", "1.0-draft", "0.1") if each in spoken), VERSIONS[1])
    probe = Probe(url, web, version or best, reply, manifest, tuple(samples), slow)
    probe.log.append(("manifest", reply))
    return probe
