"""Rules about identifiers, the pages of things, their previews, and suggestions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from so2graph.link.conformance_probe import Fault, NotHere, Probe, candidate_id
from so2graph.link.conformance_rule import Level, rule
from so2graph.link.conformance_schemas import problems, strangers
from so2graph.link.reconcile_http import NotJson, Reply

_OLD = ("0.1", "0.2")
_KINDS = ("entity", "property", "type")
_NOBODY = "so2graph-no-such-id"


@rule(
    "ids-safe",
    Level.OPENREFINE,
    "OpenRefine puts identifiers into view.url and preview.url as they are",
    "Identifiers have no / ? # % & + or space, which would change an address that they stand in.",
    "Give short identifiers, and let the view template make full addresses of them.",
)
def ids_safe(probe: Probe) -> Iterator[Fault]:
    for each in probe.entities():
        if not re.fullmatch(r"[^/?#%&+\s\\\"<>]+", each.id):
            reply, _rows = probe.ask(query=each.name)
            yield Fault(f"the identifier {each.id!r} has such a sign", reply)


@rule(
    "view",
    Level.MUST,
    "2.1 Entities (view template)",
    "The view template makes an absolute address of an identifier.",
    "Write {{id}} ({id} in 1.0) where the identifier stands, in an address with http or https.",
)
def view(probe: Probe) -> Iterator[Fault]:
    template = probe.part("view", "url")
    if template is None:
        raise NotHere("the manifest has no view template")
    mark = "{id}" if probe.draft else "{{id}}"
    if not isinstance(template, str) or mark not in template:
        yield Fault(f"the template {template!r} has no {mark}", probe.manifest_reply)
        return
    address = template.replace(mark, "x")
    if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).netloc or " " in address:
        yield Fault(f"{address!r} is no web address", probe.manifest_reply)


@rule(
    "view-resolves",
    Level.SHOULD,
    "2.1 Entities (view template)",
    "The address that the view template makes of a thing can be opened.",
    "Correct the template, or the page.",
)
def view_resolves(probe: Probe) -> Iterator[Fault]:
    for each in probe.entities()[:1]:
        reply = probe.get("view", probe.view_url(each.id), accept="text/html, */*;q=0.5")
        if not reply.ok:
            yield Fault(f"{reply.url[:200]} gives {reply.failed or f'status {reply.status}'}", reply)


def _preview(probe: Probe) -> Reply:
    return probe.get("preview", probe.preview_url(probe.entities()[0].id))


def _shown(probe: Probe) -> Reply:
    reply = _preview(probe)
    if not reply.ok:
        raise NotHere("there is no preview: see the rule preview")
    return reply


@rule(
    "preview",
    Level.MUST,
    "5.1 Preview Metadata; 5.2 Preview Queries",
    "The preview of a thing is an HTML page.",
    "Answer with status 200 and text/html.",
)
def preview(probe: Probe) -> Iterator[Fault]:
    reply = _preview(probe)
    if not reply.ok:
        yield Fault(reply.failed or f"the status is {reply.status}", reply)
    elif reply.media_type not in ("text/html", "application/xhtml+xml"):
        yield Fault(f"it is sent as {reply.media_type or 'nothing'}", reply)
    elif not reply.body.strip():
        yield Fault("it is empty", reply)


@rule(
    "preview-frames",
    Level.OPENREFINE,
    "5.1 Preview Metadata: it is shown in an <iframe> of another site",
    "The preview may be shown in a frame of another site.",
    "Leave X-Frame-Options and frame-ancestors out for previews.",
)
def preview_frames(probe: Probe) -> Iterator[Fault]:
    reply = _shown(probe)
    options = reply.headers.get("x-frame-options", "")
    policy = re.search(r"frame-ancestors([^;,]*)", reply.headers.get("content-security-policy", ""))
    # Where there is frame-ancestors, browsers pass over X-Frame-Options.
    if policy is None and options:
        yield Fault(f"X-Frame-Options is {options}", reply)
    elif policy and not {"*", "https:", "http:"} & set(policy[1].split()):
        yield Fault(f"Content-Security-Policy has frame-ancestors{policy[1]}", reply)


@rule(
    "preview-no-script",
    Level.OPENREFINE,
    'OpenRefine shows previews with sandbox="", in which no script runs',
    "The preview needs no script.",
    "Write the page on the server.",
)
def preview_no_script(probe: Probe) -> Iterator[Fault]:
    reply = _shown(probe)
    if found := re.search(r"<script\b(?![^>]*application/(ld\+)?json)[^>]*>", reply.text, re.IGNORECASE):
        yield Fault(f"it has {found[0][:100]}", reply)


@rule(
    "preview-unknown",
    Level.SHOULD,
    "3.4 Error Handling; 5.2 Preview Queries",
    "The preview of what does not exist is an error (404).",
    "Answer with 404.",
)
def preview_unknown(probe: Probe) -> Iterator[Fault]:
    reply = probe.get("preview", probe.preview_url(_NOBODY))
    if reply.failed or not 400 <= reply.status < 500:
        yield Fault(reply.failed or f"the preview of {_NOBODY!r} gives status {reply.status}", reply)


def _services(probe: Probe) -> list[str]:
    """The kinds of things that are suggested; raises `NotHere` where none are."""
    found = []
    for kind in _KINDS:
        try:
            probe.suggest_url(kind)
        except NotHere:
            continue
        found.append(kind)
    if not found:
        raise NotHere("the manifest has no suggest service")
    return found


@rule(
    "suggest-urls",
    Level.OPENREFINE,
    "6.1 Suggest Metadata; OpenRefine joins service_url and service_path",
    "A suggest service has service_url, a full address, and service_path.",
    "Give both.",
    versions=_OLD,
)
def suggest_urls(probe: Probe) -> Iterator[Fault]:
    for kind in _services(probe):
        url, path = probe.part("suggest", kind, "service_url"), probe.part("suggest", kind, "service_path")
        if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
            yield Fault(f"suggest.{kind}.service_url is {url!r}", probe.manifest_reply)
        elif not isinstance(path, str):
            yield Fault(f"suggest.{kind}.service_path is {path!r}", probe.manifest_reply)


@rule(
    "suggest-schema",
    Level.MUST,
    "6.2 Suggest Queries; 6.3 Suggest Responses",
    "Suggestions come on GET with prefix, in the shape of the standard.",
    "Correct the parts that are named.",
)
def suggest_schema(probe: Probe) -> Iterator[Fault]:
    for kind in _services(probe):
        reply = probe.suggest(kind, "a")
        try:
            document = reply.json() if reply.ok else None
        except NotJson as error:
            yield Fault(f"{kind}: the body is no JSON: {error}", reply)
            continue
        if not reply.ok:
            yield Fault(f"{kind}: {reply.failed or f'the status is {reply.status}'}", reply)
            continue
        for problem in problems(f"suggest-{kind}", probe.version, document):
            yield Fault(f"{kind}: {problem}", reply)


@rule(
    "suggest-keys",
    Level.SHOULD,
    "6.3 Suggest Responses",
    "No key of a suggestion looks like a misspelt key of the standard.",
    "Write the key as the standard does; a reader passes over one that it does not know.",
)
def suggest_keys(probe: Probe) -> Iterator[Fault]:
    for kind in _services(probe):
        reply = probe.suggest(kind, "a")
        for problem in strangers(f"suggest-{kind}", probe.version, probe.document(reply)):
            yield Fault(f"{kind}: {problem}", reply)


def _known(probe: Probe, kind: str) -> tuple[str, str]:
    """The identifier and name of something of a kind; raises `NotHere` where none is known."""
    if kind == "entity":
        return probe.entities()[0].id, probe.entities()[0].name
    for prefix in ("a", "", "n", "s", "p", "t", "o"):
        for row in probe.suggested(probe.suggest(kind, prefix)):
            if len(str(row["name"])) > 1:
                return candidate_id(row), str(row["name"])
    raise NotHere(f"nothing of the kind {kind} is known")


@rule(
    "suggest-prefix",
    Level.SHOULD,
    "6.4 General Expectations about Suggest Services",
    "A name, and the beginning of a name, suggests what bears it.",
    "Search for names that begin with what was typed, whatever its capitals.",
)
def suggest_prefix(probe: Probe) -> Iterator[Fault]:
    for kind in _services(probe):
        identifier, name = _known(probe, kind)
        for typed in (name, name[: max(3, len(name) * 3 // 4)], name.upper()):
            reply = probe.suggest(kind, typed)
            rows = probe.suggested(reply)
            same = sum(str(row["name"]).casefold().startswith(typed.casefold()) for row in rows)
            # It may be hidden behind others that begin in the same way.
            if not any(candidate_id(row) == identifier for row in rows) and (same < len(rows) or not rows):
                yield Fault(f"{kind}: {typed!r} does not suggest {name!r} ({identifier})", reply)
                break


@rule(
    "suggest-id",
    Level.SHOULD,
    "6.4 General Expectations about Suggest Services",
    "An identifier suggests the thing that has it.",
    "Look what was typed up among the identifiers as well.",
    strict=("1.0-draft",),
)
def suggest_id(probe: Probe) -> Iterator[Fault]:
    for kind in _services(probe):
        identifier, name = _known(probe, kind)
        reply = probe.suggest(kind, identifier)
        if not any(candidate_id(row) == identifier for row in probe.suggested(reply)):
            yield Fault(f"{kind}: {identifier!r} does not suggest {name!r}", reply)


@rule(
    "suggest-cursor",
    Level.SHOULD,
    "6.2 Suggest Queries (cursor)",
    "cursor passes over as many suggestions as it says.",
    "Leave out the first cursor suggestions.",
)
def suggest_cursor(probe: Probe) -> Iterator[Fault]:
    judged = False
    for kind in _services(probe):
        names = [each.name for each in probe.entities()] if kind == "entity" else [_known(probe, kind)[1]]
        for typed in dict.fromkeys([*(name[:1] for name in names), "a", "g", "s", "n"]):
            all_rows = [candidate_id(row) for row in probe.suggested(probe.suggest(kind, typed))]
            if len(all_rows) > 1:
                break
        else:
            continue
        judged = True
        reply = probe.suggest(kind, typed, cursor="1")
        rest = [candidate_id(row) for row in probe.suggested(reply)]
        if rest[: len(all_rows) - 1] != all_rows[1:]:
            yield Fault(f"{kind}: cursor=1 gives {rest[:3]}, and without it {all_rows[:4]} comes", reply)
    if not judged:
        raise NotHere("there is nothing that has more than one suggestion")


@rule(
    "suggest-odd",
    Level.SHOULD,
    "3.4 Error Handling; 6.2 Suggest Queries",
    "An empty prefix, one with odd signs, a very long one, and an odd cursor are no reason to fail (5xx).",
    "Check what was typed; answer with an empty result or with 400.",
)
def suggest_odd(probe: Probe) -> Iterator[Fault]:
    for kind in _services(probe):
        replies = [probe.suggest(kind, typed) for typed in ("", "\\*?[(\"'~^:", "a" * 2000)]
        replies += [probe.suggest(kind, "a", cursor=text) for text in ("x", "-1")]
        for reply in replies:
            if reply.failed or not (reply.ok or 400 <= reply.status < 500):
                yield Fault(f"{kind}: {reply.failed or f'status {reply.status}'}", reply)
                break


@rule(
    "quick-suggest",
    Level.OPENREFINE,
    "6 Suggest Services; a person is typing, and OpenRefine gives up after 5 seconds",
    "Suggestions are there within 5 seconds.",
    "Keep an index of names in memory.",
)
def quick_suggest(probe: Probe) -> Iterator[Fault]:
    for kind in _services(probe):
        reply = probe.suggest(kind, "a")
        if reply.seconds > probe.slow:
            yield Fault(f"{kind}: it took {reply.seconds:.1f} seconds", reply)


@rule(
    "flyout",
    Level.MUST,
    "6.5 Flyout Services",
    "The flyout of a thing is JSON with its id and some html.",
    'Answer with {"id": …, "html": …}.',
    versions=_OLD,
)
def flyout(probe: Probe) -> Iterator[Fault]:
    each = probe.entities()[0]
    reply = probe.get("flyout", probe.flyout_url("entity", each.id))
    try:
        document = reply.json() if reply.ok else None
    except NotJson as error:
        yield Fault(f"the body is no JSON: {error}", reply)
        return
    if not reply.ok:
        yield Fault(reply.failed or f"the status is {reply.status}", reply)
    elif found := problems("flyout", probe.version, document):
        yield Fault(str(found[0]), reply)
    elif isinstance(document, Mapping) and document["id"] != each.id:
        yield Fault(f"the id is {document['id']!r}, where {each.id!r} was asked for", reply)
