"""The page of one judgement about a link, its set as SSSOM, and taking it back."""

from __future__ import annotations

import csv
import json
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from io import StringIO
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from so2graph.engine.lookup import shorten
from so2graph.errors import BadParameter, NotFound, PreconditionFailed, So2Error, Unauthorized
from so2graph.link.doors import mapping_set
from so2graph.link.linkset import judge_write, mapping_of
from so2graph.link.mapping import Mapping as Judgement
from so2graph.link.runs import open_run
from so2graph.link.sssom import SUFFIX, MappingSet, parted
from so2graph.link.sssom import write as sssom
from so2graph.web.linking import Document, Link
from so2graph.web.links_door import FORM_KEY, REVIEW, door_page, may_judge, reviewer, seen_to, turned_away
from so2graph.web.links_evidence import Waterfall, waterfall
from so2graph.web.links_question import Words
from so2graph.web.links_told import share, told
from so2graph.web.links_words import field_word, former_words, measure_word, who_word
from so2graph.web.protocol import single
from so2graph.web.site import Site, answer, site
from so2graph.web.writing import write

__all__ = ["TSV", "blueprint", "mapping_here", "mapping_page"]

blueprint = Blueprint("links_mapping", __name__)
TSV = "text/tab-separated-values; charset=utf-8"
_WITHDRAW = f"{REVIEW}/-/withdraw"
_TRIES = 3
_RECORD = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Then:
    """What a generation said of the pair: the first of those that are kept in which it was so."""

    number: int
    created: str
    mapping: Judgement | None


@dataclass(frozen=True)
class Evidence:
    """The parts of the weight of a pair, from the run that found it, and the words for them."""

    fall: Waterfall
    words: Words


def mapping_here(here: Site, iri: str) -> Judgement | None:
    """The judgement that an IRI names; None for any other thing."""
    start = here.session.snapshot.names.thing("mapping/")
    return mapping_of(here.session, iri.removeprefix(start)) if iri.startswith(start) else None


def mapping_page(here: Site, document: Document, links: list[Link], mapping: Judgement) -> Response:
    """The page that explains a judgement: both things, how sure, why, who, when, and how it came about."""
    (one,) = told(here, [mapping])
    return here.page(
        "mapping.html",
        one=one,
        mapping=mapping,
        iri=document.iri,
        links=here.shown(links),
        evidence=_evidence(here, mapping),
        fields=_fields(here, mapping),
        measure=measure_word(here, mapping.measure),
        former=[former_words(here, said) for said in mapping.formerly],
        who=lambda one: who_word(here, one),
        similarity="" if mapping.similarity is None else share(here, mapping.similarity),
        row=_row(here, mapping),
        tsv=f"links/{mapping.target}{SUFFIX}",
        history=_history(here, mapping),
        withdraw=here.path(f"{_WITHDRAW}?mapping={mapping.record}") if here.live else None,
        places=[(fmt, here.local(address)) for fmt, address in _formats(document)],
    )


def _fields(here: Site, mapping: Judgement) -> list[str]:
    """What the fields are called that spoke for it."""
    kinds: dict[str, str] = {}
    if mapping.run and here.live:
        with suppress(So2Error), open_run(here.settings.data, mapping.target, mapping.run) as opened:
            kinds = {field.name: str(field.kind) for field in opened.run.spec.fields}
    return [field_word(here.language, name, kinds.get(name, "")) for name in mapping.subject_fields]


def _formats(document: Document) -> list[tuple[object, str]]:
    from so2graph.formats import HTML
    from so2graph.web.profiles import PROFILES

    return [(fmt, document.address(PROFILES[0], fmt)) for fmt in PROFILES[0].formats if fmt is not HTML]


def _row(here: Site, mapping: Judgement) -> list[tuple[str, str]]:
    """The slots of the judgement as its line in the SSSOM file has them."""
    body = sssom(MappingSet(mapping.target, (mapping,)), here.session.snapshot.names).decode()
    header, values = list(csv.reader(StringIO(parted(body)[1], newline=""), delimiter="\t"))[:2]
    return [(name, value) for name, value in zip(header, values, strict=True) if value]


def _evidence(here: Site, mapping: Judgement) -> Evidence | None:
    """What the program weighed, as long as its run is kept."""
    if not mapping.run or not here.live:
        return None
    with suppress(So2Error), open_run(here.settings.data, mapping.target, mapping.run) as opened:
        pair = opened.pair(mapping.subject, mapping.object)
        if pair is not None and pair.parts:
            return Evidence(waterfall(pair, opened.run.threshold), Words(here, opened))
    return None


def _history(here: Site, mapping: Judgement) -> list[Then]:
    """The generations that are kept in which the judgement became another one, newest first."""
    if not here.live:
        return []
    found: list[Then] = []
    seen: set[tuple[str, int]] = set()
    graph = here.session.snapshot.names.mappings
    for manifest in here.access.history():
        state = (manifest.inputs, manifest.changed.get(graph, 0))
        if state in seen or manifest.base != here.settings.base:
            continue
        seen.add(state)
        with suppress(So2Error):
            snapshot = here.access.snapshot(manifest.number)
            then = replace(here.session, snapshot=snapshot, readable=snapshot.graphs.all_but(here.session.hidden))
            known = mapping_of(then, mapping.record)
            if not found or found[-1].mapping != known:
                found.append(Then(manifest.number, manifest.created, known))
    while found and found[0].mapping is None:
        found.pop(0)
    return found[::-1]


@blueprint.get(f"/links/<target>{SUFFIX}")
def set_of(target: str) -> Response:
    """All judgements about a target as SSSOM TSV."""
    here = site()
    try:
        found = mapping_set(here.session, target)
    except BadParameter:  # no name of a target, so that there are none
        found = None
    if found is None or not found.mappings:
        raise NotFound(
            f"there are no links with {shorten(target)!r}", mend="Look at /links for those that there are."
        )
    return answer(sssom(found, here.session.snapshot.names), TSV)


@blueprint.get(f"/{_WITHDRAW}")
def ask() -> Response:
    """Asks an editor whether a judgement is to be taken back."""
    here = site()
    who = reviewer(here)
    record = single(here.parameters, "mapping") or ""
    mapping = mapping_of(here.session, record)
    if mapping is None:
        raise NotFound(f"there is no mapping {shorten(record)!r} here", mend="Look at /links.")
    if not who.may:
        return door_page(here, seen_to(f"{_WITHDRAW}?mapping={mapping.record}"))
    (one,) = told(here, [mapping])
    return here.page("mapping_withdraw.html", one=one, mapping=mapping, who=who, form_key=FORM_KEY, at=_WITHDRAW)


@blueprint.post(f"/{_WITHDRAW}")
def withdraw() -> Response:
    """Takes a judgement back, and all that its link brought: one write."""
    here = site()
    record = request.form.get("mapping", "")
    there = here.again = f"{_WITHDRAW}?{urlencode({'mapping': record})}" if _RECORD.fullmatch(record) else REVIEW
    try:
        who = may_judge(here)
    except Unauthorized as error:
        return turned_away(here, there, error)
    done, target = _withdrawn(here, record)
    if not here.by_person:
        row = {"withdrawn": record, "generation": done}
        response = answer(json.dumps(row).encode() + b"\n", "application/json")
        response.headers["SO2Graph-Generation"] = str(done)
        return response
    here.act_for(who.caller)
    response = Response(status=303)
    response.headers["Location"] = here.path(f"{REVIEW}/-/withdrawn?target={target}&generation={done}")
    return response


def _withdrawn(here: Site, record: str) -> tuple[int, str]:
    """The generation without the judgement, and its target; what somebody judges meanwhile is judged first."""
    caller = here.caller
    for attempt in range(_TRIES):
        mapping = mapping_of(here.session, record)
        if mapping is None:
            raise NotFound(f"there is no mapping {shorten(record)!r} here", mend="Look at /links.")
        change = judge_write(here.session, [], [record])
        hidden = tuple(sorted(here.session.hidden))
        try:
            done = write(here, replace(change, hidden=hidden, writable=here.caller.writable))
        except PreconditionFailed:
            if attempt == _TRIES - 1:
                raise
            here.act_for(caller)
        else:
            return int(str(done["generation"])), mapping.target
    raise AssertionError("the last try returns or raises")


@blueprint.get(f"/{REVIEW}/-/withdrawn")
def gone() -> Response:
    """Says that a judgement is gone, and where it still is."""
    here = site()
    reviewer(here)
    number = single(here.parameters, "generation") or ""
    target = single(here.parameters, "target") or ""
    return here.page(
        "mapping_withdrawn.html",
        number=number if number.isascii() and number.isdigit() and len(number) < 10 else "",
        target=target if target.replace("-", "").isalnum() and target.isascii() else "",
    )
