"""What a request to the reconciliation service asks, in the words of both versions of the API; without I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from so2graph.config import Settings
from so2graph.errors import BadParameter, BadRequest, QueryTooLarge
from so2graph.vocab import mask_addresses
from so2graph.web.protocol import single

__all__ = [
    "USUAL_LIMIT",
    "Extension",
    "Fault",
    "Given",
    "Query",
    "Stated",
    "number",
    "parsed",
    "read_batch",
    "read_draft",
    "read_extension",
]

USUAL_LIMIT = 10
"""Candidates where a query does not say how many."""
RULES = ("any", "all", "should")
QUANTIFIERS = ("any", "all", "none")
_MOST_TYPES, _MOST_PROPERTIES, _MOST_VALUES = 20, 10, 20
"""What one query may hold."""


@dataclass(frozen=True)
class Given:
    """A value: its text, and the id of the thing that it is, where it was given as one."""

    text: str
    id: str = ""


@dataclass(frozen=True)
class Stated:
    """What a query says of a property."""

    pid: str
    values: tuple[Given, ...]
    quantifier: str = "any"
    required: bool = False


@dataclass(frozen=True)
class Query:
    """A query as it was sent; `id` is a condition by identifier (1.0)."""

    text: str = ""
    types: tuple[str, ...] = ()
    rule: str = "should"
    limit: int = USUAL_LIMIT
    properties: tuple[Stated, ...] = ()
    id: str = ""
    name_required: bool = False


@dataclass(frozen=True)
class Fault:
    """A query that cannot be read, and why."""

    why: str


@dataclass(frozen=True)
class Extension:
    """What is to be fetched: values of properties, each with its settings, of things."""

    ids: tuple[str, ...]
    properties: tuple[tuple[str, Mapping[str, object]], ...] = field(default=())


class _Odd(ValueError):
    """A query cannot be read."""


def parsed(text: str, what: str) -> object:
    """The JSON in a text; raises `BadRequest` with line and column where it is none."""
    try:
        return json.loads(text, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise BadRequest(
            f"{what} is no JSON: {error.msg} (line {error.lineno}, column {error.colno})",
            mend="Send JSON (RFC 8259).",
            line=error.lineno,
            column=error.colno,
        ) from None
    except (ValueError, RecursionError):
        raise BadRequest(
            f"{what} has a number, or a nesting, that is not read here", mend="Send plain JSON of some levels."
        ) from None


def _constant(_name: str) -> NoReturn:
    raise ValueError


def _clean(text: str) -> str:
    """A text without what is no character (half a surrogate pair) or cannot be seen (NUL)."""
    return "".join(" " if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text).strip()


def read_batch(text: str, settings: Settings) -> dict[str, Query | Fault]:
    """The queries of a batch (API 0.2, 4.1), by their keys.

    A query that cannot be read spoils no other. Raises `BadRequest` for what is no batch, and where no query can be
    read, and `QueryTooLarge` for more than `max_reconcile_queries`.
    """
    rows = parsed(text, "queries")
    if not isinstance(rows, dict):
        raise BadRequest("queries is no object", mend='Send {"q0": {"query": "…"}, …}.')
    _not_too_many(len(rows), settings)
    return _readable({str(key): _query(row, settings) for key, row in rows.items()})


def read_draft(text: str, settings: Settings) -> list[Query | Fault]:
    """The queries of a batch (API 1.0 draft), in their order; raises as `read_batch` does."""
    whole = parsed(text, "the body")
    rows = whole.get("queries") if isinstance(whole, dict) else None
    if not isinstance(rows, list):
        raise BadRequest("the body has no list of queries", mend='Send {"queries": [{"conditions": […]}, …]}.')
    _not_too_many(len(rows), settings)
    return list(_readable({str(n): _draft(row, settings) for n, row in enumerate(rows)}).values())


def _not_too_many(count: int, settings: Settings) -> None:
    if count > settings.max_reconcile_queries:
        raise QueryTooLarge(
            f"the batch has {count} queries, and the limit is {settings.max_reconcile_queries}",
            mend="Send smaller batches: the manifest says batchSize.",
            limit=settings.max_reconcile_queries,
        )


def _readable(rows: dict[str, Query | Fault]) -> dict[str, Query | Fault]:
    faults = [(key, row.why) for key, row in rows.items() if isinstance(row, Fault)]
    if rows and len(faults) == len(rows):
        key, why = faults[0]
        raise BadRequest(
            f"no query can be read; the first, {mask_addresses(_clean(key)[:40])!r}, {why}",
            mend="Each is an object with a query, or with properties.",
        )
    return rows


def _query(row: object, settings: Settings) -> Query | Fault:
    try:
        if not isinstance(row, dict):
            raise _Odd("is no object")
        text = _text(row.get("query", ""), "query", settings)
        properties = tuple(_stated(each, "pid", "v", settings) for each in _list(row, "properties", _MOST_PROPERTIES))
        if not text and not properties and "query" not in row:
            raise _Odd("has neither a query nor properties")
        rule = row.get("type_strict", "should")
        if rule not in RULES:
            raise _Odd("has a type_strict that is none of any, all, should")
        return Query(text, _types(row, settings), str(rule), _limit(row, settings), properties)
    except _Odd as odd:
        return Fault(str(odd))


def _draft(row: object, settings: Settings) -> Query | Fault:
    try:
        if not isinstance(row, dict):
            raise _Odd("is no object")
        conditions = _list(row, "conditions", _MOST_PROPERTIES)
        if not conditions:
            raise _Odd("has no conditions")
        text, ident, required, properties = "", "", False, []
        for each in conditions:
            kind = each.get("matchType") if isinstance(each, dict) else None
            if not isinstance(each, dict) or kind not in ("name", "property", "id"):
                raise _Odd("has a condition whose matchType is none of name, property, id")
            if kind == "property":
                names = ("pid", "v") if "pid" in each else ("propertyId", "propertyValue")
                properties.append(_stated(each, *names, settings))
                continue
            values = _values(each.get("propertyValue", each.get("v")), settings)
            if kind == "name" and not text:
                text, required = values[0].text, _switch(each, "required")
            elif kind == "id" and not ident:
                ident = values[0].id or values[0].text
        return Query(text, _types(row, settings), "should", _limit(row, settings), tuple(properties), ident, required)
    except _Odd as odd:
        return Fault(str(odd))


def _text(value: object, name: str, settings: Settings) -> str:
    if not isinstance(value, str):
        raise _Odd(f"has a {name} that is no text")
    if len(value) > settings.max_reconcile_characters:
        raise _Odd(f"has a {name} of more than {settings.max_reconcile_characters} characters")
    return _clean(value)


def _list(row: Mapping[str, object], name: str, most: int) -> list[object]:
    value = row.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _Odd(f"has {name} that are no list")
    if len(value) > most:
        raise _Odd(f"has more than {most} {name}")
    return value


def _types(row: Mapping[str, object], settings: Settings) -> tuple[str, ...]:
    value = row.get("type")
    rows = [] if value is None else value if isinstance(value, list) else [value]
    if len(rows) > _MOST_TYPES:
        raise _Odd(f"has more than {_MOST_TYPES} types")
    # Some clients send types as they get them, with their names.
    ids = [each.get("id") if isinstance(each, dict) else each for each in rows]
    return tuple(dict.fromkeys(text for each in ids if (text := _text(each, "type", settings))))


def _limit(row: Mapping[str, object], settings: Settings) -> int:
    """The candidates that are wanted, as many as may be had."""
    value = row.get("limit")
    if value is None:
        return min(USUAL_LIMIT, settings.max_reconcile_candidates)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or value < 1:
        raise _Odd("has a limit that is no number of 1 or more")
    return int(min(value, settings.max_reconcile_candidates))


def _switch(row: Mapping[str, object], name: str) -> bool:
    value = row.get(name, False)
    if not isinstance(value, bool):
        raise _Odd(f"has a {name} that is neither true nor false")
    return value


def _stated(row: object, pid: str, value: str, settings: Settings) -> Stated:
    if not isinstance(row, dict):
        raise _Odd("has a property that is no object")
    quantifier = row.get("matchQuantifier", "any")
    if quantifier not in QUANTIFIERS:
        raise _Odd("has a matchQuantifier that is none of any, all, none")
    named = _text(row.get(pid), pid, settings)
    if not named:
        raise _Odd(f"has a property without {pid}")
    values = _values(row.get(value), settings)
    return Stated(named, values, str(quantifier), _switch(row, "required"))


def _values(value: object, settings: Settings) -> tuple[Given, ...]:
    rows = value if isinstance(value, list) else [value]
    if not rows or len(rows) > _MOST_VALUES:
        raise _Odd(f"has a property without value, or with more than {_MOST_VALUES}")
    return tuple(_value(each, settings) for each in rows)


def _value(value: object, settings: Settings) -> Given:
    if isinstance(value, dict):
        ident = _text(value.get("id"), "id", settings)
        return Given(_text(value.get("name", ""), "name", settings), ident)
    if isinstance(value, bool):
        return Given("true" if value else "false")
    if isinstance(value, int | float):
        return Given(_number_text(value))
    if value is None:
        raise _Odd("has a property without a value")
    return Given(_text(value, "value", settings))


def _number_text(value: float) -> str:
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
    return str(int(value) if whole else value)[:400]


def read_extension(text: str, what: str, settings: Settings) -> Extension:
    """A data extension query (API 0.2, 7.3; the same in 1.0); raises `BadRequest` or `QueryTooLarge`."""
    whole = parsed(text, what)
    ids = whole.get("ids") if isinstance(whole, dict) else None
    properties = whole.get("properties") if isinstance(whole, dict) else None
    if (
        not isinstance(ids, list)
        or not isinstance(properties, list)
        or not all(isinstance(each, str) for each in ids)
        or not all(isinstance(each, dict) and isinstance(each.get("id"), str) for each in properties)
        or not all(isinstance(each.get("settings", {}), dict) for each in properties)
    ):
        raise BadRequest(
            f"{what} is no data extension query", mend='Send {"ids": ["…"], "properties": [{"id": "…"}]}.'
        )
    # Things without properties, and properties without things, cost as well.
    cells = max(1, len(ids)) * max(1, len(properties))
    if cells > settings.max_extension_cells:
        raise QueryTooLarge(
            f"{len(ids)} things with {len(properties)} properties are {cells} cells, and the limit is "
            f"{settings.max_extension_cells}",
            mend="Ask for fewer things at a time.",
            limit=settings.max_extension_cells,
        )
    if any(len(each) > settings.max_reconcile_characters for each in (*ids, *(p["id"] for p in properties))):
        raise BadRequest(
            f"an id has more than {settings.max_reconcile_characters} characters", mend="Send ids of this service."
        )
    return Extension(tuple(ids), tuple((each["id"], each.get("settings", {})) for each in properties))


def number(parameters: Mapping[str, Sequence[str]], name: str, low: int, high: int, usual: int) -> int:
    """A whole number of the URL from `low` to `high`; raises `BadParameter`."""
    text = single(parameters, name)
    if text is None or not text.strip():
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= 18) or not low <= int(text) <= high:
        raise BadParameter(f"{name} is not a number from {low} to {high}", mend="Give digits only.", parameter=name)
    return int(text)
