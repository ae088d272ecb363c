"""Rules about the service as a whole: its manifest, its addresses, access from other sites, its errors."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

from so2graph.link.conformance_probe import Fault, NotHere, Probe
from so2graph.link.conformance_rule import Level, rule
from so2graph.link.conformance_schemas import VERSIONS, problems, strangers
from so2graph.link.reconcile_http import ORIGIN, NotJson, Reply, read_json

_OLD = ("0.1", "0.2")
_KINDS = ("entity", "property", "type")
_TRACE = re.compile(
    r"Traceback \(most recent call last\)|^\s+at [\w.$]+\([\w.]+:\d+\)|^\s+at .+ \(.+:\d+:\d+\)"
    r"|Fatal error: .+ on line|Exception in thread|<b>(Warning|Notice)</b>:|Werkzeug Debugger",
    re.MULTILINE,
)


@rule(
    "manifest",
    Level.MUST,
    "3.1 Service Manifest",
    "GET of the endpoint without parameters gives the manifest, a JSON object.",
    "Answer GET without parameters with status 200 and the manifest.",
)
def manifest(probe: Probe) -> Iterator[Fault]:
    reply = probe.manifest_reply
    if not reply.ok:
        yield Fault(reply.failed or f"the status is {reply.status}", reply)
        return
    try:
        document = reply.json()
    except NotJson as error:
        yield Fault(f"the body is no JSON: {error}", reply)
        return
    if not isinstance(document, dict):
        yield Fault("the body is JSON, but no object", reply)


def _read(probe: Probe) -> Mapping[str, object]:
    if not probe.manifest:
        raise NotHere("there is no manifest")
    return probe.manifest


@rule(
    "manifest-schema",
    Level.MUST,
    "3.1 Service Manifest; appendix, Manifest Schema",
    "The manifest has what the version needs, and each part has its shape.",
    "Correct the parts that are named.",
)
def manifest_schema(probe: Probe) -> Iterator[Fault]:
    document = _read(probe)
    for problem in problems("manifest", probe.version, document):
        if problem.where.partition(".")[0] not in ("identifierSpace", "schemaSpace"):
            yield Fault(str(problem), probe.manifest_reply)


@rule(
    "manifest-keys",
    Level.SHOULD,
    "3.1 Service Manifest",
    "No key of the manifest looks like a misspelt key of the standard.",
    "Write the key as the standard does; a reader passes over one that it does not know.",
)
def manifest_keys(probe: Probe) -> Iterator[Fault]:
    for problem in strangers("manifest", probe.version, _read(probe)):
        yield Fault(str(problem), probe.manifest_reply)


@rule(
    "spaces",
    Level.MUST,
    "2.5 Identifier and Schema Spaces",
    "identifierSpace and schemaSpace are URIs; OpenRefine writes http://localhost/ into projects without them.",
    "Give both as absolute URIs, the same ones as other services with the same things.",
    versions=_OLD,
)
def spaces(probe: Probe) -> Iterator[Fault]:
    document = _read(probe)
    for name in ("identifierSpace", "schemaSpace"):
        value = document.get(name)
        if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:\S+", value):
            yield Fault(f"{name} is {value!r}", probe.manifest_reply)


@rule(
    "versions",
    Level.SHOULD,
    "3.1 Service Manifest",
    "The manifest says which versions of the API it speaks, and this program knows one of them.",
    'Add "versions": ["0.2"]; without it, clients take the service for one of 0.1.',
)
def versions(probe: Probe) -> Iterator[Fault]:
    given = _read(probe).get("versions")
    known = {*VERSIONS, "1.0"}
    if not isinstance(given, list):
        yield Fault("there is no list of versions", probe.manifest_reply)
    elif not known & {str(each) for each in given}:
        yield Fault(f"it speaks {given!r}; known are {', '.join(VERSIONS)}", probe.manifest_reply)


@rule(
    "batch-size",
    Level.SHOULD,
    "3.1 Service Manifest (batchSize)",
    "The manifest says how many queries a batch may have, and that is at least 10, OpenRefine's own number.",
    "Declare batchSize, as large as you can answer within seconds (200, say): OpenRefine then sends fewer requests.",
)
def batch_size(probe: Probe) -> Iterator[Fault]:
    size = _read(probe).get("batchSize")
    if size is None:
        yield Fault("there is no batchSize", probe.manifest_reply)
    elif not isinstance(size, int) or size < 10:
        yield Fault(f"batchSize is {size!r}", probe.manifest_reply)


@rule(
    "quick-manifest",
    Level.OPENREFINE,
    "OpenRefine waits 5 seconds for a manifest",
    "The manifest is there within 5 seconds.",
    "Keep the manifest ready; do not compute it for each request.",
)
def quick_manifest(probe: Probe) -> Iterator[Fault]:
    _read(probe)
    if probe.manifest_reply.seconds > probe.slow:
        yield Fault(f"it took {probe.manifest_reply.seconds:.1f} seconds", probe.manifest_reply)


@rule(
    "https",
    Level.SHOULD,
    "3.2 HTTP(S) Access",
    "Every endpoint is there over HTTPS, unless the service is a local one.",
    "Offer the service over https, and write https in the manifest.",
)
def https(probe: Probe) -> Iterator[Fault]:
    found = {probe.url}
    for kind in _KINDS:
        with suppress(NotHere):
            found.add(probe.suggest_url(kind))
    with suppress(NotHere):
        found.add(probe.preview_url("x"))
    plain = sorted(
        url for url in found if urlsplit(url).scheme == "http" and not _local(urlsplit(url).hostname or "")
    )
    for url in plain:
        yield Fault(f"{url[:200]} is not https")


def _local(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host


def touch(probe: Probe) -> None:
    """Asks every endpoint that the manifest names once, so that rules about all of them have what to judge."""
    one = {"q0": {"query": "a"}}
    probe.match(one)
    if not probe.draft:
        probe.match(one, by_get=True)
    for kind in _KINDS:
        with suppress(NotHere):
            probe.suggest(kind, "a")
    with suppress(NotHere):
        probe.extend(["x"], probe.properties(1))
    with suppress(NotHere):
        probe.propose(probe.a_type())
    with suppress(NotHere):
        entity = probe.entities()[0]
        probe.get("preview", probe.preview_url(entity.id))
    with suppress(NotHere):
        probe.get("flyout", probe.flyout_url("entity", probe.entities()[0].id))


def _allowed(reply: Reply) -> bool:
    return reply.headers.get("access-control-allow-origin") in ("*", ORIGIN)


def _first_of_each(rows: Iterator[tuple[str, Reply]]) -> Iterator[tuple[str, Reply]]:
    seen = set()
    for what, reply in rows:
        key = what, reply.method
        if key not in seen:
            seen.add(key)
            yield what, reply


@rule(
    "cors",
    Level.MUST,
    "3.3 Cross-Origin Access",
    "Pages of other sites may read the answers of every endpoint.",
    "Send 'Access-Control-Allow-Origin: *' with every answer.",
    versions=("0.2", "1.0-draft"),
    last=True,
)
def cors(probe: Probe) -> Iterator[Fault]:
    touch(probe)
    rows = (
        (what, reply)
        for what, reply in probe.log
        if reply.ok and what not in ("view", "preflight") and not _allowed(reply)
    )
    for what, reply in _first_of_each(rows):
        yield Fault(f"{what} ({reply.method}): there is no Access-Control-Allow-Origin for other sites", reply)


@rule(
    "cors-errors",
    Level.MUST,
    "3.3 Cross-Origin Access",
    "Pages of other sites may read errors as well: without that they cannot say what was wrong.",
    "Send 'Access-Control-Allow-Origin: *' with errors too; many frameworks leave it out there.",
    versions=("0.2", "1.0-draft"),
    last=True,
)
def cors_errors(probe: Probe) -> Iterator[Fault]:
    probe.raw_match('{"q0": ')
    with suppress(NotHere):
        probe.raw_extend('{"ids": ')
    errors = [(what, reply) for what, reply in probe.log if reply.status >= 400 and what not in ("view", "manifest")]
    if not errors:
        raise NotHere("the service gave no error")
    for what, reply in _first_of_each(row for row in errors if not _allowed(row[1])):
        yield Fault(f"{what} ({reply.method}), status {reply.status}: no Access-Control-Allow-Origin", reply)


@rule(
    "cors-preflight",
    Level.SHOULD,
    "3.3 Cross-Origin Access; Fetch, CORS-preflight",
    "OPTIONS is answered as browsers need it before a POST with a type or headers of its own.",
    "Answer OPTIONS with 204 (or 200), Access-Control-Allow-Methods: GET, POST and Access-Control-Allow-Headers.",
    versions=("0.2", "1.0-draft"),
    strict=("1.0-draft",),
)
def cors_preflight(probe: Probe) -> Iterator[Fault]:
    url = probe.below("match") if probe.draft else probe.url
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    reply = probe.send("preflight", "OPTIONS", url, None, asked)
    methods = {each.strip().upper() for each in reply.headers.get("access-control-allow-methods", "").split(",")}
    names = {each.strip().lower() for each in reply.headers.get("access-control-allow-headers", "").split(",")}
    if not reply.ok:
        yield Fault(f"OPTIONS gives {reply.failed or f'status {reply.status}'}", reply)
    elif not _allowed(reply):
        yield Fault("OPTIONS gives no Access-Control-Allow-Origin", reply)
    elif not methods & {"POST", "*"}:
        yield Fault("Access-Control-Allow-Methods has no POST", reply)
    elif not names & {"content-type", "*"}:
        yield Fault("Access-Control-Allow-Headers has no Content-Type", reply)


@rule(
    "content-type",
    Level.SHOULD,
    "3.4 Error Handling; RFC 8259, 11",
    "JSON is sent as application/json, so that nothing in it is taken for a page.",
    "Send 'Content-Type: application/json'.",
    last=True,
)
def content_type(probe: Probe) -> Iterator[Fault]:
    touch(probe)
    data = ("manifest", "match", "suggest", "extend", "propose", "flyout")
    rows = (
        (what, reply)
        for what, reply in probe.log
        if reply.ok and what in data and not re.fullmatch(r"application/(\w+\+)?json", reply.media_type)
    )
    for what, reply in _first_of_each(rows):
        yield Fault(f"{what} ({reply.method}) is sent as {reply.media_type or 'nothing'}", reply)


@rule(
    "strict-json",
    Level.MUST,
    "RFC 8259, 4, 6 and 8.1",
    "JSON is UTF-8 without a mark at its start, without NaN, and without a key twice in an object.",
    "Let a library write the JSON, and forbid NaN and Infinity.",
    last=True,
)
def strict_json(probe: Probe) -> Iterator[Fault]:
    touch(probe)
    for what, reply in probe.log:
        if not reply.ok or "json" not in reply.media_type:
            continue
        try:
            read_json(reply.body)
        except NotJson as error:
            yield Fault(f"{what}: {error}", reply)
            return


@rule(
    "method",
    Level.SHOULD,
    "3.4 Error Handling; RFC 9110, 15.5.6",
    "A method that the endpoint does not have is refused with 405, or another status below 500.",
    "Answer with 405 and Allow: GET, POST, OPTIONS.",
)
def method(probe: Probe) -> Iterator[Fault]:
    reply = probe.send("method", "DELETE", probe.url)
    if reply.failed or not 400 <= reply.status < 500:
        yield Fault(f"DELETE gives {reply.failed or f'status {reply.status}'}", reply)


@rule(
    "no-trace",
    Level.SHOULD,
    "3.4 Error Handling",
    "An error tells its reader what was wrong, and nothing of the program's inside.",
    "Turn off debugging; log traces instead of sending them.",
    last=True,
)
def no_trace(probe: Probe) -> Iterator[Fault]:
    probe.raw_match('{"q0": ')
    errors = ((what, reply) for what, reply in probe.log if reply.status >= 400 and _TRACE.search(reply.text))
    for what, reply in _first_of_each(errors):
        yield Fault(f"{what}: the error shows a trace of the program", reply)


@rule(
    "retry-after",
    Level.SHOULD,
    "3.4 Error Handling and Rate-limiting; RFC 9110, 10.2.3",
    "Who is told to come back later (429, 503) is told when: OpenRefine waits as long as Retry-After says.",
    "Send Retry-After, in seconds, with 429 and 503.",
    last=True,
)
def retry_after(probe: Probe) -> Iterator[Fault]:
    busy = [reply for _what, reply in probe.log if reply.status in (429, 503)]
    if not busy:
        raise NotHere("the service was never too busy")
    for reply in busy:
        if not reply.headers.get("retry-after", "").strip():
            yield Fault(f"status {reply.status} without Retry-After", reply)
            return


@rule(
    "cacheable",
    Level.SHOULD,
    "RFC 9111, 4.2; RFC 9110, 8.8",
    "The manifest says how long it may be kept, or has a mark (ETag, Last-Modified) to ask again with.",
    "Send Cache-Control (max-age=3600, say), or an ETag.",
)
def cacheable(probe: Probe) -> Iterator[Fault]:
    _read(probe)
    if not {"cache-control", "etag", "last-modified", "expires"} & set(probe.manifest_reply.headers):
        yield Fault("there is no Cache-Control, ETag, Last-Modified or Expires", probe.manifest_reply)


@rule(
    "authentication",
    Level.MUST,
    "3.5 Authentication",
    "A service whose manifest asks for credentials refuses wrong ones with 401, and gives its manifest without any.",
    "Answer queries with wrong credentials with 401.",
    versions=("0.2", "1.0-draft"),
)
def authentication(probe: Probe) -> Iterator[Fault]:
    scheme = _read(probe).get("authentication")
    if not isinstance(scheme, Mapping):
        raise NotHere("the manifest has no authentication")
    url = probe.below("match") if probe.draft else probe.url
    headers = {"Authorization": "Bearer not-a-token"}
    if scheme.get("type") == "apiKey":
        name = str(scheme.get("name", ""))
        headers = {name: "not-a-key"} if scheme.get("in") == "header" else {}
        url += f"?{urlencode({name: 'not-a-key'})}" if scheme.get("in") == "query" else ""
    elif scheme.get("type") == "basic" or scheme.get("scheme") == "basic":
        headers = {"Authorization": "Basic bm9ib2R5Om5vdGhpbmc="}
    body = b'{"queries": []}' if probe.draft else urlencode({"queries": '{"q0": {"query": "a"}}'}).encode()
    kind = "application/json" if probe.draft else "application/x-www-form-urlencoded"
    reply = probe.send("authentication", "POST", url, body, {**headers, "Content-Type": kind})
    if reply.status != 401:
        yield Fault(f"wrong credentials give {reply.failed or f'status {reply.status}'}", reply)


@rule(
    "jsonp",
    Level.SHOULD,
    "3.3 Cross-Origin Access (JSONP)",
    "Asked with callback, a service of 0.1 wraps its manifest in a call of that function; a later one may.",
    "Answer ?callback=name with name(…); as text/javascript, or leave the parameter aside.",
    versions=_OLD,
    strict=("0.1",),
)
def jsonp(probe: Probe) -> Iterator[Fault]:
    reply = _with_callback(probe, "so2graph_1")
    wrapped = re.fullmatch(r"\s*(/\*\*/)?\s*so2graph_1\s*\(.*\)\s*;?\s*", reply.text, re.DOTALL)
    if wrapped and "javascript" not in reply.media_type:
        yield Fault(f"a script is sent as {reply.media_type or 'nothing'}", reply)
    elif not wrapped and (probe.version == "0.1" or reply.text.lstrip().startswith("so2graph_1") or not reply.ok):
        yield Fault("the answer is no call of the function that was asked for", reply)


@rule(
    "jsonp-safe",
    Level.SHOULD,
    "3.3 Cross-Origin Access (JSONP)",
    "What stands in callback is never sent back as script or page, unless it is the name of a function.",
    "Take names of the form [A-Za-z_$][A-Za-z0-9_$.]* only, and answer others with 400.",
    versions=_OLD,
)
def jsonp_safe(probe: Probe) -> Iterator[Fault]:
    bad = "<script>alert(1)</script>"
    reply = _with_callback(probe, bad)
    if bad in reply.text and (reply.media_type in ("", "text/html") or "javascript" in reply.media_type):
        yield Fault(f"{bad!r} came back in an answer of the type {reply.media_type or 'nothing'}", reply)


def _with_callback(probe: Probe, name: str) -> Reply:
    sign = "&" if "?" in probe.url else "?"
    return probe.get("jsonp", f"{probe.url}{sign}{urlencode({'callback': name})}")
