"""`/links/health`: what has become wrong with links, with what to do, as a page and as measurements."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace

from flask import Blueprint, Response, g

from so2graph.engine.lookup import shorten
from so2graph.errors import NotFound
from so2graph.formats import GRAPH_FORMATS, HTML, by_name
from so2graph.link.checking import Checkup, measurements, read_checkup
from so2graph.link.health import CHECKS, Ailment
from so2graph.vocab import is_iri
from so2graph.web.health_words import checks_in_words, told
from so2graph.web.links import title_of
from so2graph.web.openapi_parts import INDEX
from so2graph.web.site import Site, answer, site

__all__ = ["HEALTH_FORMATS", "TURTLE", "blueprint"]

blueprint = Blueprint("links_health", __name__)
TURTLE = next(fmt for fmt in GRAPH_FORMATS if fmt.name == "turtle")
_ADDRESSES = frozenset({"ours", "theirs", "others", "one", "other"})
"""What the words of a fault need, and is an address, or several."""
HEALTH_FORMATS = (HTML, INDEX, TURTLE)


@dataclass(frozen=True)
class Shown:
    """A fault as the page has it."""

    ailment: Ailment
    what: str
    mend: str
    ours: str
    href: str | None
    page: str | None


@blueprint.get("/links/health")
def health() -> Response:
    """The last examination, as a page, JSON or Turtle."""
    here = site()
    return _answer(here, here.choose(HEALTH_FORMATS).format.suffix)


@blueprint.get("/links/health.<suffix>")
def health_as(suffix: str) -> Response:
    """The same by suffix."""
    here = site()
    if by_name(suffix, HEALTH_FORMATS) is None:
        raise NotFound(f"there is no /links/health.{shorten(suffix)}", mend="Ask for .html, .json or .ttl.")
    return _answer(here, suffix)


def _answer(here: Site, suffix: str) -> Response:
    fmt = by_name(suffix, HEALTH_FORMATS)
    found = read_checkup(here.settings.data)
    _ = here.session
    g.tag = None  # What was examined lies beside the generations.
    if fmt is INDEX:
        row: dict[str, object] = {"examined": found and found.at, **(asdict(found) if found else {})}
        return answer(json.dumps(row, ensure_ascii=False, indent=1).encode() + b"\n", INDEX.content_type)
    if fmt is TURTLE:
        triples = () if found is None else measurements(found, here.session.snapshot.names, checks_in_words("en"))
        lines = (f"{s.n3} {p.n3} {getattr(o, 'n3', o)} ." for s, p, o in triples)
        return answer("".join(f"{line}\n" for line in lines).encode(), TURTLE.content_type)
    return _page(here, found)


def _named(here: Site, one: Ailment) -> Ailment:
    """A fault that calls our things and kinds by their names, where it has their addresses."""
    said = dict(one.said)
    for name in _ADDRESSES & said.keys():
        parts = said[name].split(", ")
        labels = here.session.labels([part for part in parts if is_iri(part)], here.language)
        named = [(part, labels.get(part, part)) for part in parts]
        said[name] = ", ".join(
            re.split(r"[#/]", iri.rstrip("#/"))[-1] if iri == label else label for iri, label in named
        )
    return replace(one, said=said)


def _page(here: Site, found: Checkup | None) -> Response:
    rows = []
    if found is not None:
        labels = here.session.labels({one.subject for one in found.ailments if one.subject}, here.language)
        names = here.session.snapshot.names
        for target in found.targets:
            shown = []
            for one in found.of(target.target)[: here.settings.max_page_rows]:
                what, mend = told(_named(here, one), here.language)
                mapping = here.href(names.thing(f"mapping/{one.record}")) if one.record else None
                href = here.href(one.subject) if one.subject else None
                shown.append(Shown(one, what, mend, labels.get(one.subject, ""), href, mapping))
            rows.append((target, title_of(here, target.target), shown, len(found.of(target.target))))
    return here.page(
        "links_health.html",
        found=found,
        rows=rows,
        behind=found is not None
        and any(one.generation != here.session.snapshot.manifest.number for one in found.targets),
        checks=checks_in_words(here.language),
        wrong=CHECKS,
    )
