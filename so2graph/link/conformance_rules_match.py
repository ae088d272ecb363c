"""Rules about how queries are sent, and what the service makes of odd ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from so2graph.link.conformance_probe import Fault, NotHere, Probe, Query
from so2graph.link.conformance_rule import Level, rule
from so2graph.link.conformance_schemas import problems, strangers
from so2graph.link.reconcile_http import NotJson, Reply

_OLD = ("0.1", "0.2")
_MOST_BATCH = 1_000
_LONG = 10_000


def _some_name(probe: Probe) -> str:
    found = probe.entities(may_be_none=True)
    return found[0].name if found else "Groningen"


def _bad(reply: Reply) -> str:
    """What is wrong with a reply that may be an answer or an error of the client's, and is neither; else empty."""
    if reply.failed:
        return reply.failed
    return f"the status is {reply.status}" if not (reply.ok or 400 <= reply.status < 500) else ""


@rule(
    "post",
    Level.MUST,
    "4.3 Sending Reconciliation Queries (0.2: form field queries; 1.0: JSON to /match)",
    "POST of a batch of queries is answered with JSON that has the answers, without a redirect.",
    "0.2: take POST of application/x-www-form-urlencoded with the field queries. 1.0: take JSON at /match.",
)
def post(probe: Probe) -> Iterator[Fault]:
    reply = probe.match({"q0": {"query": _some_name(probe)}})
    if not reply.ok:
        yield Fault(reply.failed or f"the status is {reply.status}", reply)
        return
    try:
        document = _mapping(reply.json())
    except NotJson as error:
        yield Fault(f"the body is no JSON: {error}", reply)
        return
    key = "results" if probe.draft else "q0"
    if key not in document:
        moved = f"; it was redirected to {reply.arrived[:200]}" if reply.arrived != reply.url else ""
        yield Fault(f"the answer has no {key}{moved}", reply)


@rule(
    "get",
    Level.SHOULD,
    "4.3 Sending Reconciliation Queries",
    "GET with the parameter queries is answered as well.",
    "Take the parameter queries from the query of the address too.",
    versions=_OLD,
)
def get(probe: Probe) -> Iterator[Fault]:
    reply = probe.match({"q0": {"query": _some_name(probe)}}, by_get=True)
    try:
        fine = reply.ok and "q0" in _mapping(reply.json())
    except NotJson:
        fine = False
    if not fine:
        yield Fault(reply.failed or f"GET gives status {reply.status}, and no answer to the query", reply)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


@rule(
    "get-as-post",
    Level.SHOULD,
    "4.3 Sending Reconciliation Queries",
    "GET and POST of the same batch give the same candidates.",
    "Let both go through the same code.",
    versions=_OLD,
)
def get_as_post(probe: Probe) -> Iterator[Fault]:
    batch = {f"q{number}": {"query": each.name} for number, each in enumerate(probe.entities())}
    posted, got = probe.match(batch), probe.match(batch, by_get=True)
    if probe.results(posted, list(batch)) != probe.results(got, list(batch)):
        yield Fault("the candidates, their order or their scores differ", got)


@rule(
    "result-schema",
    Level.MUST,
    "4.2 Reconciliation Query Responses; appendix, Reconciliation Result Batch Schema",
    "Answers have the shape of the standard: an array of candidates a query, each with id, name and score.",
    "Correct the parts that are named.",
)
def result_schema(probe: Probe) -> Iterator[Fault]:
    batch = _three(probe)
    reply = probe.match(batch)
    for problem in problems("result-batch", probe.version, probe.document(reply)):
        yield Fault(str(problem), reply)


def _three(probe: Probe) -> dict[str, Query]:
    words = [each.name for each in probe.entities(may_be_none=True)] or ["Groningen", "a", "museum"]
    return {f"q{number}": {"query": word} for number, word in enumerate(words)}


@rule(
    "result-keys",
    Level.SHOULD,
    "4.2 Reconciliation Query Responses",
    "No key of a candidate looks like a misspelt key of the standard.",
    "Write the key as the standard does; a reader passes over one that it does not know.",
)
def result_keys(probe: Probe) -> Iterator[Fault]:
    reply = probe.match(_three(probe))
    for problem in strangers("result-batch", probe.version, probe.document(reply)):
        yield Fault(str(problem), reply)


@rule(
    "every-key",
    Level.MUST,
    "4.2 Reconciliation Query Responses; without its key, OpenRefine marks a cell as an error",
    "Every query of a batch is answered under its own key, whatever the key and the query are, and nothing else is.",
    "Answer a query without candidates with an empty array; take keys as they are.",
)
def every_key(probe: Probe) -> Iterator[Fault]:
    name = _some_name(probe)
    batch: dict[str, Query] = {
        "q0": {"query": name},
        "10": {"query": "zzqx-no-such-thing-qxzz"},
        "a key é": {"query": name},
        "q1": {"query": name},
    }
    reply = probe.match(batch)
    document = probe.document(reply)
    if probe.draft:
        rows = _mapping(document).get("results")
        count = len(rows) if isinstance(rows, list) else 0
        if count != len(batch):
            yield Fault(f"{len(batch)} queries have {count} answers", reply)
        return
    given = set(_mapping(document))
    for key in batch:
        if key not in given:
            yield Fault(f"the key {key!r} did not come back", reply)
        elif not isinstance(_mapping(_mapping(document)[key]).get("result"), list):
            yield Fault(f"the key {key!r} came back without an array called result", reply)
    if odd := sorted(given - set(batch)):
        yield Fault(f"the key {odd[0]!r} came back, which was not asked for", reply)


@rule(
    "batch-too-large",
    Level.SHOULD,
    "3.1 Service Manifest (batchSize)",
    "A batch of one query more than batchSize is answered in full or refused with 413.",
    "Answer it, or refuse it with 413; never answer a part of it.",
)
def batch_too_large(probe: Probe) -> Iterator[Fault]:
    size = probe.part("batchSize")
    if not isinstance(size, int) or not 0 < size <= _MOST_BATCH:
        raise NotHere(f"the manifest has no batchSize up to {_MOST_BATCH}")
    batch = {f"q{number}": {"query": f"{_some_name(probe)} {number}"} for number in range(size + 1)}
    reply = probe.match(batch)
    if reply.status == 413:
        return
    if not reply.ok:
        yield Fault(f"{size + 1} queries give {reply.failed or f'status {reply.status}'}", reply)
        return
    try:
        probe.results(reply, list(batch))
    except NotHere:
        yield Fault(f"of {size + 1} queries, not all are answered", reply)


@rule(
    "malformed",
    Level.SHOULD,
    "3.4 Error Handling",
    "A batch that is no JSON is refused with a status from 400 to 499.",
    "Answer with 400.",
)
def malformed(probe: Probe) -> Iterator[Fault]:
    for text in ('{"q0": {"query": "a"', "queries", ""):
        reply = probe.raw_match(text)
        # In 0.2 an empty field is as if there were none, which asks for the manifest.
        if reply.ok and not text and not probe.draft:
            continue
        if reply.failed or not 400 <= reply.status < 500:
            yield Fault(f"{text!r} gives {reply.failed or f'status {reply.status}'}", reply)


@rule(
    "odd-shapes",
    Level.SHOULD,
    "3.4 Error Handling; 4.1 Structure of a Reconciliation Query",
    "JSON that is no batch of queries is no reason to fail (5xx).",
    "Check what was sent before using it; answer with 400.",
)
def odd_shapes(probe: Probe) -> Iterator[Fault]:
    old = (
        "[1, 2]",
        '"text"',
        "null",
        '{"q0": 5}',
        '{"q0": {}}',
        '{"q0": {"query": 5}}',
        '{"q0": {"query": "a", "limit": "x", "properties": {"a": 1}}}',
    )
    new = (
        "[1, 2]",
        "null",
        '{"queries": 5}',
        '{"queries": [5]}',
        '{"queries": [{}]}',
        '{"queries": [{"conditions": [{"matchType": "name"}]}]}',
    )
    for text in new if probe.draft else old:
        reply = probe.raw_match(text)
        if wrong := _bad(reply):
            yield Fault(f"{text} gives: {wrong}", reply)
            return


@rule(
    "not-utf8",
    Level.SHOULD,
    "3.4 Error Handling; RFC 8259, 8.1",
    "Bytes that are not UTF-8 are no reason to fail (5xx).",
    "Refuse them with 400, or read them with a sign in the place of what cannot be read.",
)
def not_utf8(probe: Probe) -> Iterator[Fault]:
    inner = b'{"query": "caf\xe9 \xff"}'
    text = b'{"queries": [{"conditions": [{"matchType": "name", "propertyValue": "caf\xe9"}]}]}'
    reply = probe.raw_match(text if probe.draft else b'{"q0": ' + inner + b"}")
    if wrong := _bad(reply):
        yield Fault(wrong, reply)


@rule(
    "empty-query",
    Level.SHOULD,
    "4.1 Structure of a Reconciliation Query",
    "A query of no letters, or of spaces, is refused or answered, and never with a certain match.",
    "Answer it with an empty array.",
)
def empty_query(probe: Probe) -> Iterator[Fault]:
    for word in ("", "   "):
        reply = probe.match({"q0": {"query": word}})
        if wrong := _bad(reply):
            yield Fault(f"{word!r} gives: {wrong}", reply)
        elif reply.ok and any(row.get("match") is True for row in probe.results(reply, ["q0"])["q0"]):
            yield Fault(f"{word!r} has a certain match", reply)


@rule(
    "empty-batch",
    Level.SHOULD,
    "4.3 Sending Reconciliation Queries",
    "A batch without queries is no reason to fail (5xx).",
    "Answer it with an empty object.",
)
def empty_batch(probe: Probe) -> Iterator[Fault]:
    reply = probe.match({})
    if wrong := _bad(reply):
        yield Fault(wrong, reply)


@rule(
    "long-query",
    Level.SHOULD,
    "3.4 Error Handling",
    f"A query of {_LONG} letters is refused or answered, in time.",
    "Bound the length of a query: cut it, or refuse it with 400 or 413.",
)
def long_query(probe: Probe) -> Iterator[Fault]:
    reply = probe.match({"q0": {"query": ("groningen " * _LONG)[:_LONG]}})
    if wrong := _bad(reply):
        yield Fault(wrong, reply)
    elif reply.seconds > 4 * probe.slow:
        yield Fault(f"it took {reply.seconds:.1f} seconds", reply)


@rule(
    "unicode",
    Level.MUST,
    "4.1 Structure of a Reconciliation Query; RFC 8259, 8",
    "Queries may have letters of any script, quotation marks, and signs that mean something elsewhere.",
    "Treat a query as text: never as a pattern, an expression or a part of SQL, SPARQL or Lucene.",
)
def unicode(probe: Probe) -> Iterator[Fault]:
    words = (
        "Súdwest-Fryslân", "e\u0301cole", "東京", "ירושלים", "👩‍🚀", 'a "quoted" \\ name',
        "100% [sic] (x) {y} * ? ~ ^ : / && ||",
        "O'Hara; --", "AND", "a\tb", "\u0000",
    )  # fmt: skip
    batch = {f"q{number}": {"query": word} for number, word in enumerate(words)}
    reply = probe.match(batch)
    if reply.ok:
        document = _mapping(probe.document(reply))
        if not probe.draft and (missing := [key for key in batch if key not in document]):
            yield Fault(f"{words[int(missing[0][1:])]!r} has no answer", reply)
        return
    for key, query in batch.items():
        alone = probe.match({key: query})
        # NUL may be refused: many databases cannot hold it.
        if not alone.ok and not (query["query"] == "\u0000" and 400 <= alone.status < 500):
            yield Fault(f"{query['query']!r} gives {alone.failed or f'status {alone.status}'}", alone)
            return


@rule(
    "bad-limit",
    Level.SHOULD,
    "4.1 Structure of a Reconciliation Query (limit)",
    "A limit of 0, below 0 or beyond reason is no reason to fail (5xx).",
    "Refuse it with 400, or take the nearest limit that you have.",
)
def bad_limit(probe: Probe) -> Iterator[Fault]:
    for limit in (0, -1, 10**12):
        reply = probe.match({"q0": {"query": _some_name(probe), "limit": limit}})
        if wrong := _bad(reply):
            yield Fault(f"limit {limit}: {wrong}", reply)
            return


@rule(
    "types-as-list",
    Level.MUST,
    "4.1 Structure of a Reconciliation Query (type)",
    "A type may be given as a text and as a list of texts, and means the same.",
    "Take both.",
    versions=_OLD,
)
def types_as_list(probe: Probe) -> Iterator[Fault]:
    kind, name = probe.a_type(), _some_name(probe)
    reply = probe.match({"q0": {"query": name, "type": [kind]}, "q1": {"query": name, "type": kind}})
    if not reply.ok:
        yield Fault(reply.failed or f"the status is {reply.status}", reply)
        return
    found = probe.results(reply, ["q0", "q1"])
    if found["q0"] != found["q1"]:
        yield Fault(f"[{kind!r}] and {kind!r} have other candidates", reply)


@rule(
    "properties",
    Level.MUST,
    "4.1 Structure of a Reconciliation Query (properties)",
    "Queries with properties are answered, whatever their values are: texts, numbers, truths, things, lists.",
    "Take every kind of value; a property that you do not know may be passed over.",
)
def properties(probe: Probe) -> Iterator[Fault]:
    try:
        pid = probe.properties(1)[0]
    except NotHere:
        pid = "so2graph-no-such-property"
    name = _some_name(probe)
    values: tuple[object, ...] = ("Groningen", 1988, 53.2, True, {"id": "x", "name": "x"}, ["a", {"id": "x"}])
    for value in values:
        reply = probe.match({"q0": {"query": name, "properties": [{"pid": pid, "v": value}]}})
        if not reply.ok:
            yield Fault(f"the value {value!r} gives {reply.failed or f'status {reply.status}'}", reply)
            return


@rule(
    "properties-alone",
    Level.SHOULD,
    "4.1 Structure of a Reconciliation Query",
    "A query of properties without a name is answered, or refused (4xx).",
    "Search by the properties, or answer with an empty array.",
    versions=("0.2", "1.0-draft"),
)
def properties_alone(probe: Probe) -> Iterator[Fault]:
    pid = probe.properties(1)[0]
    reply = probe.match({"q0": {"properties": [{"pid": pid, "v": "Groningen"}]}})
    if wrong := _bad(reply):
        yield Fault(wrong, reply)
    elif reply.ok:
        document = _mapping(probe.document(reply))
        if ("results" if probe.draft else "q0") not in document:
            yield Fault("the query has no answer", reply)
