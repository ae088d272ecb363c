"""Rules about data extension: values of properties for things that have been matched."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from so2graph.link.conformance_probe import Fault, NotHere, Probe
from so2graph.link.conformance_rule import Level, rule
from so2graph.link.conformance_schemas import problems, strangers
from so2graph.link.reconcile_http import NotJson, Reply

_OLD = ("0.1", "0.2")
_NOBODY, _NOTHING = "so2graph-no-such-id", "so2graph-no-such-property"

Cells = Mapping[str, Mapping[str, Sequence[object]]]


def _ids(probe: Probe) -> list[str]:
    return [each.id for each in probe.entities()]


def _asked(probe: Probe) -> Reply:
    """A request for all that is known, answered; raises `NotHere` where it is not, which the rule extend says."""
    reply = probe.extend(_ids(probe), probe.properties())
    probe.document(reply)
    return reply


def _meta(probe: Probe, reply: Reply) -> list[str]:
    document = probe.document(reply)
    rows = document.get("meta") if isinstance(document, Mapping) else None
    if not isinstance(rows, list):
        raise NotHere("the answer has no meta: see the rule extend-schema")
    return [str(row.get("id")) if isinstance(row, Mapping) else "" for row in rows]


def _rows(probe: Probe, reply: Reply) -> Cells:
    """Values by thing and property, from either shape; raises `NotHere` for another one, which another rule says."""
    document = probe.document(reply)
    rows = document.get("rows") if isinstance(document, Mapping) else None
    if probe.draft and isinstance(rows, list):
        try:
            return {row["id"]: {each["id"]: each["values"] for each in row["properties"]} for row in rows}
        except (TypeError, KeyError):
            rows = None
    if not isinstance(rows, Mapping) or not all(isinstance(row, Mapping) for row in rows.values()):
        raise NotHere("the rows cannot be judged: see the rule extend-schema")
    return rows


@rule(
    "extend",
    Level.MUST,
    "7.3 Data Extension Query Requests",
    "POST with things and properties is answered with JSON.",
    "0.2: take POST of a form with the field extend at the endpoint. 1.0: take JSON at /extend.",
)
def extend(probe: Probe) -> Iterator[Fault]:
    reply = probe.extend(_ids(probe), probe.properties())
    if not reply.ok:
        yield Fault(reply.failed or f"the status is {reply.status}", reply)
        return
    try:
        reply.json()
    except NotJson as error:
        yield Fault(f"the body is no JSON: {error}", reply)


@rule(
    "extend-get",
    Level.SHOULD,
    "7.3 Data Extension Query Requests",
    "GET with the parameter extend gives the same as POST.",
    "Take the parameter extend from the query of the address too.",
    versions=_OLD,
)
def extend_get(probe: Probe) -> Iterator[Fault]:
    posted = probe.document(_asked(probe))
    reply = probe.extend(_ids(probe), probe.properties(), by_get=True)
    try:
        same = reply.ok and reply.json() == posted
    except NotJson:
        same = False
    if not same:
        yield Fault(reply.failed or f"GET (status {reply.status}) gives something else than POST", reply)


@rule(
    "extend-schema",
    Level.MUST,
    "7.4 Data Extension Responses; appendix, Data Extension Response Schema",
    "Values have the shape of the standard: each has one of str, float, int, date, or id and name.",
    "Correct the parts that are named; give a truth as the text true or false.",
)
def extend_schema(probe: Probe) -> Iterator[Fault]:
    reply = _asked(probe)
    for problem in problems("extend-response", probe.version, probe.document(reply)):
        yield Fault(str(problem), reply)


@rule(
    "extend-meta",
    Level.MUST,
    "7.4 Data Extension Responses (meta)",
    "meta has the properties that were asked for, each once and in their order.",
    "Describe each property of the request in meta.",
)
def extend_meta(probe: Probe) -> Iterator[Fault]:
    reply = _asked(probe)
    wanted, given = list(probe.properties()), _meta(probe, reply)
    if given != wanted:
        yield Fault(f"{wanted} was asked for, and meta has {given}", reply)


@rule(
    "extend-rows",
    Level.MUST,
    "7.4 Data Extension Responses (rows)",
    "rows has every thing that was asked for, and in it an array for every property.",
    "Give an empty array where a thing has no value.",
)
def extend_rows(probe: Probe) -> Iterator[Fault]:
    reply = _asked(probe)
    rows = _rows(probe, reply)
    for identifier in _ids(probe):
        if identifier not in rows:
            yield Fault(f"there is no row for {identifier!r}", reply)
            return
        for pid in probe.properties():
            if not isinstance(rows[identifier].get(pid), list):
                yield Fault(f"the row of {identifier!r} has no array for {pid!r}", reply)
                return


@rule(
    "extend-unknown-id",
    Level.SHOULD,
    "7.4 Data Extension Responses (rows)",
    "A thing that does not exist has a row without values, and takes nothing from the others.",
    "Give it empty arrays.",
)
def extend_unknown_id(probe: Probe) -> Iterator[Fault]:
    known = _ids(probe)[0]
    reply = probe.extend([_NOBODY, known], probe.properties())
    if not reply.ok:
        yield Fault(reply.failed or f"the status is {reply.status}", reply)
        return
    rows = _rows(probe, reply)
    if _NOBODY not in rows:
        yield Fault(f"there is no row for {_NOBODY!r}", reply)
    elif any(rows[_NOBODY].values()):
        yield Fault(f"{_NOBODY!r} has values", reply)
    elif rows.get(known) != _rows(probe, _asked(probe)).get(known):
        yield Fault(f"{known!r} has other values in its company", reply)


@rule(
    "extend-unknown-property",
    Level.SHOULD,
    "3.4 Error Handling; 7.3 Data Extension Query Requests",
    "A property that does not exist has no values, or is refused (4xx); it is no reason to fail (5xx).",
    "Give empty arrays, or answer with 400 and say which property it is.",
)
def extend_unknown_property(probe: Probe) -> Iterator[Fault]:
    reply = probe.extend(_ids(probe)[:1], [_NOTHING])
    if reply.failed or reply.status >= 500 or 300 <= reply.status < 400:
        yield Fault(reply.failed or f"the status is {reply.status}", reply)
    elif reply.ok and any(_rows(probe, reply).get(_ids(probe)[0], {}).get(_NOTHING) or ()):
        yield Fault(f"{_NOTHING!r} has values", reply)


@rule(
    "extend-malformed",
    Level.SHOULD,
    "3.4 Error Handling",
    "A request for values that is no JSON, or of another shape, is refused with a status from 400 to 499.",
    "Check what was sent before using it; answer with 400.",
)
def extend_malformed(probe: Probe) -> Iterator[Fault]:
    for document in ('{"ids": [', "[]", '{"ids": "x", "properties": "y"}', '{"ids": [1], "properties": [{}]}'):
        reply = probe.raw_extend(document)
        if reply.failed or not 400 <= reply.status < 500:
            yield Fault(f"{document} gives {reply.failed or f'status {reply.status}'}", reply)
            return


@rule(
    "extend-many",
    Level.OPENREFINE,
    "7.3 Data Extension Query Requests; OpenRefine asks for 10 things at a time, others for more",
    "A request for many things is answered in full, or refused (413).",
    "Answer it; keep to what you take in a batch of queries.",
)
def extend_many(probe: Probe) -> Iterator[Fault]:
    ids = [*_ids(probe), *(f"{_NOBODY}-{number}" for number in range(50))]
    reply = probe.extend(ids, probe.properties(1))
    if not reply.ok and reply.status != 413:
        yield Fault(reply.failed or f"{len(ids)} things give status {reply.status}", reply)
    elif reply.ok:
        rows = _rows(probe, reply)
        if missing := [each for each in _ids(probe) if each not in rows]:
            yield Fault(f"of {len(ids)} things, {missing[0]!r} has no row", reply)


@rule(
    "propose",
    Level.MUST,
    "7.2 Data Extension Property Proposals",
    "Properties are proposed for a type, in the shape of the standard.",
    "Correct the parts that are named.",
)
def propose(probe: Probe) -> Iterator[Fault]:
    reply = probe.propose(probe.a_type())
    try:
        document = reply.json() if reply.ok else None
    except NotJson as error:
        yield Fault(f"the body is no JSON: {error}", reply)
        return
    if not reply.ok:
        yield Fault(reply.failed or f"the status is {reply.status}", reply)
        return
    for problem in (*problems("propose", probe.version, document), *strangers("propose", probe.version, document)):
        yield Fault(str(problem), reply)


@rule(
    "propose-limit",
    Level.SHOULD,
    "7.2 Data Extension Property Proposals (limit)",
    "At most as many properties are proposed as limit says.",
    "Cut the list off after limit.",
)
def propose_limit(probe: Probe) -> Iterator[Fault]:
    reply = probe.propose(probe.a_type(), limit="1")
    document = probe.document(reply)
    rows = document.get("properties") if isinstance(document, Mapping) else None
    if isinstance(rows, list) and len(rows) > 1:
        yield Fault(f"limit=1 gives {len(rows)} properties", reply)


@rule(
    "proposed-works",
    Level.SHOULD,
    "7.2 Data Extension Property Proposals",
    "A property that is proposed can be asked for.",
    "Propose the identifiers by which values are asked for.",
)
def proposed_works(probe: Probe) -> Iterator[Fault]:
    document = probe.document(probe.propose(probe.a_type()))
    given = document.get("properties") if isinstance(document, Mapping) else None
    rows = given if isinstance(given, list) else []
    ids = [str(row["id"]) for row in rows if isinstance(row, Mapping) and "id" in row][:5]
    if not ids:
        raise NotHere("no property is proposed")
    reply = probe.extend(_ids(probe), ids)
    if not reply.ok:
        yield Fault(f"{json.dumps(ids)}: {reply.failed or f'status {reply.status}'}", reply)
