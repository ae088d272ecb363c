"""`/links`: with which other sources things are linked, how sure that is, and each list of links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, g

from so2graph.engine.access import Session
from so2graph.engine.kept import Kept, Seen, seen
from so2graph.engine.lookup import shorten
from so2graph.errors import BadParameter, NotFound, So2Error
from so2graph.link.checking import Checkup, read_checkup
from so2graph.link.linkset import judgements
from so2graph.link.mapping import PROJECT
from so2graph.link.mapping import Mapping as Judgement
from so2graph.link.queue import Left, Queue
from so2graph.link.runs import Run, open_run, targets
from so2graph.vocab import DCTERMS, Iri
from so2graph.web.links_words import by_whom, source_name, who_word
from so2graph.web.paging import Page, read_page
from so2graph.web.protocol import single
from so2graph.web.site import Site, site
from so2graph.web.words import known

__all__ = ["blueprint", "judged", "known_targets", "title_of"]

blueprint = Blueprint("links", __name__)
Judged = Kept[tuple[Seen, str], tuple[Judgement, ...]]
VERDICTS = ("accepted", "refused", "none")
_PROGRAM = "program"
"""In `who`: whatever no person has judged."""
_WHO = {_PROGRAM: "links.program", PROJECT: "links.project"}
_ROWS = 100
_PARTS = f"SELECT DISTINCT ?set WHERE {{ GRAPH ?_mappings {{ ?mapping <{DCTERMS}isPartOf> ?set }} }}"


@dataclass(frozen=True)
class Overview:
    """A target on the overview: how many judgements of each kind, what is left to ask, and its last run.

    `by` says how many links each judge accepted, in words; `sure` is the share of links that should be right by the
    estimate of the last run, `wrong` how many faults the last examination found (None: there was none), and
    `compared` whether it had a snapshot of the source to go by.
    """

    target: str
    title: str
    name: str
    counts: Mapping[str, int]
    by: str
    run: Run | None
    left: Left | None
    sure: float | None
    wrong: int | None
    compared: bool


@dataclass(frozen=True)
class Choice:
    """A value of a facet: how many rows it leaves, and where the list with it (or without, when chosen) is."""

    key: str
    label: str
    count: int
    href: str
    chosen: bool


@dataclass(frozen=True)
class Row:
    """A judgement in the list."""

    mapping: Judgement
    ours: str
    theirs: str
    who: str
    page: str | None


@blueprint.get("/links")
def overview() -> Response:
    """All targets."""
    here = site()
    found = read_checkup(here.settings.data) if here.live else None
    rows = [_overview(here, target, found) for target in known_targets(here)]
    g.tag = None  # What was run lies beside the generations.
    return here.page("links.html", rows=rows, number=lambda value: _number(here, value))


@blueprint.get("/links/<target>")
def listed(target: str) -> Response:
    """The judgements about links with one target."""
    here = site()
    if target not in known_targets(here):
        raise NotFound(
            f"there are no links with {shorten(target)!r}", mend="Look at /links for those that there are."
        )
    g.tag = None
    facets = {
        "decision": lambda one: one.verdict,
        "predicate": lambda one: _relation(here.session, one),
        "who": lambda one: one.who if one.by_person else _PROGRAM,
    }
    asked = {name: single(here.parameters, name) for name in facets}
    if asked["decision"] not in (None, *VERDICTS):
        raise BadParameter(
            f"decision={shorten(str(asked['decision']))!r} is none", mend=f"Use one of {', '.join(VERDICTS)}."
        )
    everything = judged(here, target)
    kept = _filtered(everything, facets, asked)
    page = read_page(here.parameters, here.settings.max_page_rows) or Page(_ROWS, 0)
    shown = kept[page.offset : page.offset + page.limit]
    return here.page(
        "links_target.html",
        view=_overview(here, target),
        rows=_rows(here, shown),
        total=len(everything),
        count=len(kept),
        page=page,
        choices={name: _choices(here, target, everything, facets, asked, name) for name in facets}
        if here.live
        else {},
        filtered=any(asked.values()),
        turns=page.offsets(len(kept)) if here.live and len(kept) > page.limit else {},
        number=lambda value: _number(here, value),
        at=lambda offset: here.path(_address(target, {**asked, "offset": str(offset) if offset else None})),
    )


def known_targets(here: Site) -> tuple[str, ...]:
    """The targets that there are links, judgements or runs of, by name."""
    session = here.session
    below = session.snapshot.names.links("")
    rows = session.select(_PARTS, mappings=Iri(session.snapshot.names.mappings))
    sets = {str(row["set"]) for row in rows} | set(session.shown)
    return tuple(sorted({one.removeprefix(below) for one in sets if one.startswith(below)} | set(_run_of(here))))


def _run_of(here: Site) -> tuple[str, ...]:
    """The targets that were run; a site of plain files tells of what is in the graph only."""
    return targets(here.settings.data) if here.live else ()


def judged(here: Site, target: str) -> tuple[Judgement, ...]:
    """All judgements about a target, kept as long as the generation is the same."""
    kept = cast(Judged, current_app.extensions["so2graph-judged"])
    return kept.made((seen(here.session), target), lambda: judgements(here.session, target))


def title_of(here: Site, target: str) -> str:
    """What the links with a target are called in the catalogue."""
    iri = here.session.snapshot.names.links(target)
    label = here.session.labels([iri], here.language)[iri]
    return here.say("links.with", target=target) if label == here.session.prefixes.compact(iri) else label


def _overview(here: Site, target: str, found: Checkup | None = None) -> Overview:
    rows = judged(here, target)
    counts = Counter(one.verdict for one in rows)
    judges = Counter(one.judge for one in rows if one.verdict == "accepted")
    seen_to = next((one for one in found.targets if one.target == target), None) if found else None
    title = title_of(here, target)
    run: Run | None = None
    left: Left | None = None
    if target in _run_of(here):
        try:
            with open_run(here.settings.data, target) as opened:
                run, left = opened.run, Queue(opened, here.session, rows).left()
        except So2Error:
            run = left = None  # A run that cannot be read is no reason not to show what was decided.
    sure = run.threshold.get("expected_precision") if run else None
    return Overview(
        target,
        title,
        source_name(here, title),
        {name: counts.get(name, 0) for name in VERDICTS},  # type: ignore[call-overload]  # the same words
        by_whom(here, judges),
        run,
        left,
        float(sure) if isinstance(sure, int | float) else None,
        sum(1 for one in found.of(target) if one.wrong) if found and seen_to else None,
        bool(seen_to and seen_to.snapshot),
    )


def _number(here: Site, value: float) -> str:
    """A share in per cent, rounded down: 99.96 is not 100."""
    text = f"{int(value * 10) / 10:.1f}"
    return text.replace(".", ",") if here.language == "nl" else text


def _relation(session: Session, one: Judgement) -> str:
    return session.prefixes.compact(one.predicate)


Facets = Mapping[str, Callable[[Judgement], str]]
Asked = Mapping[str, str | None]


def _filtered(rows: Sequence[Judgement], facets: Facets, asked: Asked) -> list[Judgement]:
    wanted = [(facets[name], value) for name, value in asked.items() if value]
    return [row for row in rows if all(of(row) == value for of, value in wanted)]


def _choices(
    here: Site, target: str, rows: Sequence[Judgement], facets: Facets, asked: Asked, name: str
) -> list[Choice]:
    """The values of a facet, with how many rows each has under what else is chosen."""
    others = {other: value for other, value in asked.items() if other != name}
    counts = Counter(facets[name](row) for row in _filtered(rows, facets, others))
    found = []
    for key, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        chosen = asked[name] == key
        label = here.say(f"links.verdict.{key}") if name == "decision" else key
        label = here.say(_WHO[key]) if name == "who" and key in _WHO else label
        if name == "predicate" and known(relation := f"links.relation.{key.partition(':')[2]}"):
            label = here.say(relation)
        address = _address(target, {**others, name: None if chosen else key})
        found.append(Choice(key, label, count, here.path(address), chosen))
    return found


def _address(target: str, asked: Asked) -> str:
    query = urlencode([(name, value) for name, value in sorted(asked.items()) if value])
    return f"links/{target}{'?' if query else ''}{query}"


def _rows(here: Site, shown: Sequence[Judgement]) -> list[Row]:
    names = here.session.snapshot.names
    labels = here.session.labels({one.subject for one in shown}, here.language)
    return [
        Row(
            one,
            labels[one.subject],
            one.object_label or one.object,
            who_word(here, one),
            here.href(one.iri(names)),
        )
        for one in shown
    ]
