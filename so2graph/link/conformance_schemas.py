"""The shapes of the documents of the Reconciliation Service API, as JSON Schemas written from its text.

Stricter than the standard's own in what its text says and those leave open: identifiers and names are not empty,
limits are whole and positive, spaces and services are addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

__all__ = ["KINDS", "VERSIONS", "Problem", "problems", "schema", "strangers"]

VERSIONS = ("0.1", "0.2", "1.0-draft")
KINDS = (
    "manifest",
    "query-batch",
    "result-batch",
    "suggest-entity",
    "suggest-property",
    "suggest-type",
    "flyout",
    "extend-query",
    "extend-response",
    "propose",
)
"""The documents that have a shape."""

Schema = dict[str, Any]
_SAID: Schema = {"type": "string", "minLength": 1}
_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer", "minimum": 1}
_ADDRESS: Schema = {"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$"}
_WEB: Schema = {"type": "string", "pattern": r"^https?://\S+$"}
_MOMENT: Schema = {
    "type": "string",
    "pattern": r"^-?([1-9][0-9]*)?[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?$",
}
_WORDS: Schema = {"lang": _TEXT, "dir": {"enum": ["ltr", "rtl", "auto", ""]}}
"""What 1.0 says of a text beside it."""


@dataclass(frozen=True)
class Problem:
    """One thing in a document that is not as it should be, and where (a path such as `q0.result[2].id`)."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where or 'the document'}: {self.what}"


def _object(known: Mapping[str, Schema], *needed: str, closed: bool = False) -> Schema:
    made: Schema = {"type": "object", "properties": dict(known), "required": list(needed)}
    return made | ({"additionalProperties": False} if closed else {})


def _list(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


def _map(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def _words(version: str) -> Schema:
    return _WORDS if version == "1.0-draft" else {}


def _type_reference(version: str) -> Schema:
    return {"anyOf": [_object({"id": _SAID, "name": _TEXT, **_words(version)}, "id"), _SAID]}


def _named(version: str, **more: Schema) -> Schema:
    return _object({"id": _SAID, "name": _SAID, "description": _TEXT, **_words(version), **more}, "id", "name")


def _type(version: str, depth: int = 3) -> Schema:
    if version == "0.1":
        return _object({"id": _SAID, "name": _SAID, "description": _TEXT}, "id", "name")
    broader = _list(_type(version, depth - 1)) if depth else _list(_object({}, "id", "name"))
    return _named(version, broader=broader)


def _template(version: str) -> Schema:
    mark = r"\{[^{}]*id[^{}]*\}" if version == "1.0-draft" else r"\{\{id\}\}"
    return _object({"url": {"type": "string", "pattern": mark}}, "url")


def _setting(version: str) -> Schema:
    key, label, helped = ("id", "name", "helpText") if version == "1.0-draft" else ("name", "label", "help_text")
    common = {key: _SAID, label: _TEXT, helped: _TEXT, **_words(version)}
    choice = _object({"value": _TEXT, "name": _TEXT, **_words(version)}, "value", "name")
    kinds = {"number": {"type": "number"}, "text": _TEXT, "checkbox": _FLAG, "select": _TEXT}
    made = []
    for name, default in kinds.items():
        extra = {"choices": _list(choice)} if name == "select" else {}
        known = {**common, "type": {"enum": [name]}, "default": default, **extra}
        made.append(_object(known, "type", key, label, *extra))
    return {"anyOf": made}


def _authentication() -> Schema:
    scopes = _map(_TEXT)
    flows = [("implicit", "authorizationUrl"), ("password", "tokenUrl"), ("application", "tokenUrl")]
    oauth = [
        _object(
            {"type": {"enum": ["oauth2"]}, "flow": {"enum": [flow]}, url: _WEB, "scopes": scopes}, "type", "flow", url
        )
        for flow, url in [*flows, ("accessCode", "tokenUrl")]
    ]
    modern = [
        _object({"type": {"enum": ["http"]}, "scheme": _SAID}, "type", "scheme"),
        _object({"type": {"enum": ["oauth2"]}, "flows": {"type": "object", "minProperties": 1}}, "type", "flows"),
        _object({"type": {"enum": ["openIdConnect"]}, "openIdConnectUrl": _WEB}, "type", "openIdConnectUrl"),
    ]
    place = {"enum": ["header", "query", "cookie"]}
    key = _object({"type": {"enum": ["apiKey"]}, "name": _SAID, "in": place}, "type", "name", "in")
    return {"anyOf": [_object({"type": {"enum": ["basic"]}}, "type"), key, *oauth, *modern]}


def _manifest(version: str) -> Schema:
    known: Schema = {
        "versions": _list(_SAID, contains={"enum": ["1.0-draft", "1.0"] if version == "1.0-draft" else [version]}),
        "name": _SAID,
        "identifierSpace": _ADDRESS,
        "schemaSpace": _ADDRESS,
        "documentation": _WEB,
        "logo": _ADDRESS,
        "serviceVersion": _TEXT,
        "view": _template(version),
        "defaultTypes": _list(_type(version), uniqueItems=True),
        "batchSize": _COUNT,
        "authentication": _authentication(),
        **_words(version),
    }
    if version == "1.0-draft":
        suggest = _object({"entity": _FLAG, "property": _FLAG, "type": _FLAG}, "entity", "property", "type")
        known |= {
            "suggest": suggest,
            "featureView": _template(version),
            "preview": _object({"width": _COUNT, "height": _COUNT}, "width", "height"),
            "extend": _object({"proposeProperties": _FLAG, "propertySettings": _list(_setting(version))}),
            "standardizedScore": _FLAG,
        }
        return _object(known, "versions", "name", "view")
    service = _object(
        {
            "service_url": _WEB,
            "service_path": _TEXT,
            "flyout_service_url": _WEB,
            "flyout_service_path": {"type": "string", "pattern": r"\$\{id\}"},
        }
    )
    frame = _object(_template(version)["properties"] | {"width": _COUNT, "height": _COUNT}, "url", "width", "height")
    known |= {
        "feature_view": _template(version),
        "suggest": _object({"entity": service, "property": service, "type": service}),
        "preview": frame,
        "extend": _object(
            {
                "propose_properties": _object({"service_url": _WEB, "service_path": _TEXT}),
                "property_settings": _list(_setting(version)),
            }
        ),
    }
    needed = ("name", "identifierSpace", "schemaSpace")
    if version == "0.1":
        known["versions"] = _list(_SAID)
        return _object(known, *needed)
    return _object(known, "versions", *needed)


def _value(version: str) -> Schema:
    entity = _object({"id": _SAID, "name": _TEXT, **_words(version)}, "id")
    one: Schema = {"anyOf": [_TEXT, {"type": "number"}, _FLAG, entity]}
    return {"anyOf": [one, _list(one)]}


def _query_batch(version: str) -> Schema:
    if version == "1.0-draft":
        condition = _object(
            {
                "matchType": {"enum": ["name", "property", "id"]},
                "propertyId": _SAID,
                "propertyValue": _value(version),
                "required": _FLAG,
                "matchQuantifier": {"enum": ["any", "all", "none"]},
                "matchQualifier": _TEXT,
            },
            "matchType",
            "propertyValue",
        )
        one = {"type": _TEXT, "limit": _COUNT, "conditions": _list(condition, minItems=1), **_WORDS}
        return _object({"queries": _list(_object(one, "conditions", closed=True))}, "queries")
    pair = _object({"pid": _SAID, "v": _value(version)}, "pid", "v")
    query = _object(
        {
            "query": _TEXT,
            "type": {"anyOf": [_TEXT, _list(_TEXT)]},
            "limit": _COUNT,
            "properties": _list(pair),
            "type_strict": {"enum": ["any", "should", "all"]},
        },
        closed=True,
    )
    either = [{"required": ["query"]}]
    if version == "0.2":
        either.append({"required": ["properties"], "properties": {"properties": {"minItems": 1}}})  # type: ignore[dict-item]  # a schema
    return _map(query | {"anyOf": either})


def _result_batch(version: str) -> Schema:
    candidate: Schema = {
        "id": _SAID,
        "name": _SAID,
        "score": {"type": "number"},
        "match": _FLAG,
        "type": _list(_type_reference(version)),
        **_words(version),
    }
    value = {"anyOf": [_FLAG, {"type": "number"}]}
    if version == "1.0-draft":
        feature = _object({"id": _SAID, "name": _TEXT, "value": value, **_WORDS}, "id", "name", "value")
        candidate |= {"description": _TEXT, "image": _ADDRESS, "features": _list(feature)}
        results = _object({"candidates": _list(_object(candidate, "id", "name"))}, "candidates")
        return _object({"results": _list(results)}, "results")
    if version == "0.2":
        candidate |= {"description": _TEXT, "features": _list(_object({"id": _SAID, "value": value}, "id", "value"))}
    return _map(_object({"result": _list(_object(candidate, "id", "name", "score"))}, "result"))


def _suggest(kind: str, version: str) -> Schema:
    if kind == "type":
        return _object({"result": _list(_type(version))}, "result")
    more: Schema = {"image": _ADDRESS} if version == "1.0-draft" and kind == "entity" else {}
    if kind == "entity":
        more |= {"notable": _list(_type_reference(version))}
    return _object({"result": _list(_named(version, **more))}, "result")


def _extend_query(_version: str) -> Schema:
    asked = _object({"id": _SAID, "settings": {"type": "object"}}, "id")
    return _object({"ids": _list(_SAID), "properties": _list(asked)}, "ids", "properties")


def _extend_response(version: str) -> Schema:
    words = _words(version)
    shapes = [
        ({}, ()),
        ({"id": _SAID, "name": _TEXT, "description": _TEXT, **words}, ("id", "name")),
        ({"str": _TEXT, **words}, ("str",)),
        ({"float": {"type": "number"}}, ("float",)),
        ({"int": {"type": "integer"}}, ("int",)),
        ({"date": _MOMENT}, ("date",)),
    ]
    cells = _list({"anyOf": [_object(known, *needed, closed=True) for known, needed in shapes]})
    kind = _object({"id": _SAID, "name": _TEXT, **words}, "id")
    meta = _list(_object({"id": _SAID, "name": _SAID, "type": kind, "service": _WEB, **words}, "id", "name"))
    if version == "1.0-draft":
        column = _object({"id": _SAID, "values": cells}, "id", "values")
        rows = _list(_object({"id": _SAID, "properties": _list(column)}, "id", "properties"))
    else:
        rows = _map(_map(cells))
    return _object({"meta": meta, "rows": rows}, "rows", "meta")


def _propose(version: str) -> Schema:
    limit = {"type": "number"}
    return _object({"properties": _list(_named(version)), "type": _TEXT, "limit": limit}, "properties")


def _flyout(_version: str) -> Schema:
    return _object({"id": _SAID, "html": _TEXT}, "id", "html")


def schema(kind: str, version: str) -> Schema:
    """The JSON Schema (draft 2020-12) of a kind of document of `KINDS` in a version of `VERSIONS`."""
    makers = {
        "manifest": _manifest,
        "query-batch": _query_batch,
        "result-batch": _result_batch,
        "flyout": _flyout,
        "extend-query": _extend_query,
        "extend-response": _extend_response,
        "propose": _propose,
    }
    if kind.startswith("suggest-"):
        return _suggest(kind.removeprefix("suggest-"), version)
    return makers[kind](version)


@cache
def _validator(kind: str, version: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema(kind, version))


def _path(parts: Iterator[str | int]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".")


def problems(kind: str, version: str, document: object, most: int = 10) -> tuple[Problem, ...]:
    """What is wrong with a document, at most so many problems, in the order of the document."""
    found = []
    for error in _validator(kind, version).iter_errors(document):
        inner = error
        while inner.context:
            # Of several shapes, the one that the document comes nearest to says what is wrong.
            inner = max(inner.context, key=lambda each: (len(each.absolute_path), each.validator != "type"))
        found.append(Problem(_path(iter(inner.absolute_path)), str(inner.message)[:300]))
        if len(found) >= most:
            break
    return tuple(found)


def strangers(kind: str, version: str, document: object) -> tuple[Problem, ...]:
    """Keys that the standard does not know and that look like one that it knows: probably misspelt."""
    found: dict[str, Problem] = {}
    _walk(schema(kind, version), document, "", found)
    return tuple(found.values())


def _walk(shape: Schema, value: object, where: str, found: dict[str, Problem]) -> None:
    if isinstance(value, list):
        for number, item in enumerate(value[:50]):
            _walk(shape.get("items", {}), item, f"{where}[{number}]", found)
        return
    if not isinstance(value, dict):
        return
    shapes = shape.get("anyOf", []) if "properties" not in shape else []
    known: dict[str, Schema] = dict(shape.get("properties", {}))
    for each in shapes:
        known |= each.get("properties", {})
    others = shape.get("additionalProperties")
    for key, inner in value.items():
        here = f"{where}.{key}".removeprefix(".")
        if key in known:
            _walk(known[key], inner, here, found)
        elif isinstance(others, dict):
            _walk(others, inner, here, found)
        elif near := _near(key, known):
            found.setdefault(f"{key}", Problem(here, f"the standard knows no {key!r}; {near!r} is meant, perhaps"))


def _near(key: str, known: Mapping[str, Schema]) -> str:
    """The key that another one is a misspelling of: other capitals or marks, or a letter or two; empty for none."""

    def plain(text: str) -> str:
        return "".join(c for c in text.casefold() if c.isalnum())

    by_plain = {plain(name): name for name in known}
    near = get_close_matches(plain(key), by_plain, n=1, cutoff=0.82)
    return by_plain[near[0]] if near else ""
