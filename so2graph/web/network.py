"""`/network`: the whole network as a picture and as a list, `/network.json` as data, `/network.svg` as a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

from flask import Blueprint, Response, current_app, render_template

from so2graph.network.kinds import KINDS
from so2graph.network.picture import Picture
from so2graph.network.visible import Choice, View, in_year, view, within
from so2graph.vocab import MODALITIES
from so2graph.web.network_asked import MAX_STEPS, YEAR_STOPS, address, find, name_of, read_asked
from so2graph.web.network_drawing import LINES, SIGNS, Drawing, draw_network
from so2graph.web.network_kept import PictureKeeper
from so2graph.web.paging import Page, link_header, read_page
from so2graph.web.site import Site, answer, site

__all__ = [
    "SHAPES",
    "Entry",
    "LinkRow",
    "NodeRow",
    "blueprint",
    "keeper",
    "labels_of",
    "legend",
    "link_rows",
    "modality_labels",
]

blueprint = Blueprint("network", __name__)
_PAGE, _LINKS = 50, 200
SHAPES: dict[str, Any] = {"signs": SIGNS, "lines": LINES, "kind_names": KINDS, "modality_names": MODALITIES}
_GEPHI = "https://gephi.org/gephi-lite/?gexf="


@dataclass(frozen=True)
class NodeRow:
    """A thing in a list: its name, kind and type, how many links it has in view, and where more of it is."""

    node: int
    name: str
    label: str
    kind: int
    type: str
    links: int
    href: str | None


@dataclass(frozen=True)
class LinkRow:
    """A link in a list, as it reads; `years` are empty where nobody dates it."""

    source: str
    source_href: str | None
    relation: str
    target: str
    target_href: str | None
    modality: int
    years: tuple[int, ...]


@dataclass(frozen=True)
class Entry:
    """A line of the legend: what it stands for in words and in an address, how many, whether it is chosen."""

    at: int
    name: str
    label: str
    count: int
    chosen: bool
    short: str = ""


def keeper() -> PictureKeeper:
    """What keeps the network for this application."""
    return cast(PictureKeeper, current_app.extensions["so2graph-pictures"])


def labels_of(here: Site, picture: Picture) -> list[str]:
    """The names of all nodes in the language of the reader."""
    if here.language == "nl":
        return list(picture.label_nl)
    return [en or nl for nl, en in zip(picture.label_nl, picture.label_en, strict=True)]


@blueprint.get("/network")
def index() -> Response:
    """The network: as a picture, as a list of things, as a list of links."""
    here = site()
    asked = read_asked(here.parameters)
    page = read_page(here.parameters, here.settings.max_page_rows) or Page(_PAGE, 0)
    picture = keeper().of(here.session)
    seen = view(picture, asked.choice)
    labels = labels_of(here, picture)
    things = here.session.snapshot.names.thing("")
    start = find(picture, asked.select, things, here.session.prefixes) if asked.select else None
    near = None if start is None else within(picture, seen, start, asked.steps)
    listed = _listed(picture, seen, labels, asked.choice.text, near)
    rows = _node_rows(here, picture, seen, labels, listed[page.offset : page.offset + page.limit])
    links = [at for at in seen.edges if near is None or {picture.source[at], picture.target[at]} <= near]
    drawn = draw_network(picture, seen, labels, here.settings.max_drawn_nodes, near or ())
    response = here.page(
        "network.html",
        picture=picture,
        asked=asked,
        drawing=drawn,
        labels=labels,
        names=[name_of(iri, things) for iri in picture.iri] if len(picture.iri) <= _SUGGESTED else [],
        near=near,
        start=start,
        rows=rows,
        total=len(listed),
        page=page,
        offsets=page.offsets(len(listed)),
        links=link_rows(here, picture, labels, links[:_LINKS]),
        links_total=len(links),
        undated=sum(not picture.times[picture.year[at]] for at in seen.edges),
        modalities=legend(here, picture, asked.choice),
        kinds=_kinds(here, picture, asked.choice),
        years=_years(here, picture, asked.choice),
        here_at=lambda **more: here.path(address("network", asked.choice, **more)),
        href=lambda node: here.href(picture.iri[node]),
        steps=range(1, MAX_STEPS + 1),
        gephi=_GEPHI + quote(here.url("exports/network.gexf"), safe=""),
        script=_for_script(here),
        **SHAPES,
        modality_labels=modality_labels(here),
    )
    response.headers["Link"] = _links(here, asked.choice, page, len(listed))
    return response


_SUGGESTED = 500
"""Things whose names are offered while somebody writes one, without JavaScript."""


def _links(here: Site, choice: Choice, page: Page, total: int) -> str:
    found = f'<{here.url("network.json")}>; rel="alternate"; type="application/json"'
    if here.live and total > page.limit:
        pages = link_header(
            page.offsets(total), lambda offset: here.url(address("network", choice, offset=str(offset)))
        )
        return f"{found}, {pages}"
    return found


def _listed(picture: Picture, seen: View, labels: Sequence[str], text: str, near: frozenset[int] | None) -> list[int]:
    """The things of the list: those in view, near what is selected and with the text in their name; hubs first."""
    wanted = text.casefold().split()
    found = [
        node
        for node in seen.nodes
        if (near is None or node in near) and all(word in labels[node].casefold() for word in wanted)
    ]
    return sorted(found, key=lambda node: (min(picture.kind[node], 3), -picture.size[node], labels[node], node))


def _node_rows(
    here: Site, picture: Picture, seen: View, labels: Sequence[str], nodes: Sequence[int]
) -> list[NodeRow]:
    things, allowed = here.session.snapshot.names.thing(""), set(seen.edges)
    return [
        NodeRow(
            node,
            name_of(picture.iri[node], things),
            labels[node],
            picture.kind[node],
            picture.types[picture.type[node]].label(here.language),
            sum(edge in allowed for edge in picture.links[node]),
            here.href(picture.iri[node]),
        )
        for node in nodes
    ]


def link_rows(here: Site, picture: Picture, labels: Sequence[str], edges: Sequence[int]) -> list[LinkRow]:
    """Links as a list shows them, the most certain first."""
    ordered = sorted(edges, key=lambda at: (picture.modality[at], at))
    return [
        LinkRow(
            labels[picture.source[at]],
            here.href(picture.iri[picture.source[at]]),
            picture.relations[picture.relation[at]].label(here.language),
            labels[picture.target[at]],
            here.href(picture.iri[picture.target[at]]),
            picture.modality[at],
            picture.times[picture.year[at]],
        )
        for at in ordered
    ]


def modality_labels(here: Site) -> list[str]:
    """The names of `MODALITIES` in the language of the reader."""
    names = here.session.snapshot.names
    labels = here.session.labels((names.term(name) for name in MODALITIES), here.language)
    return [labels[names.term(name)] for name in MODALITIES]


def legend(here: Site, picture: Picture, choice: Choice) -> list[Entry]:
    """The modalities that the network has, with how many links each has."""
    labels = modality_labels(here)
    counts = [0] * len(MODALITIES)
    for modality in picture.modality:
        counts[modality] += 1
    return [
        Entry(at, name, labels[at], counts[at], at in choice.modalities)
        for at, name in enumerate(MODALITIES)
        if counts[at]
    ]


def _kinds(here: Site, picture: Picture, choice: Choice) -> list[Entry]:
    counts = [0] * len(KINDS)
    for kind in picture.kind:
        counts[kind] += 1
    return [
        Entry(
            at,
            name,
            here.say(f"network.kind.{name}"),
            counts[at],
            at in choice.kinds,
            here.say(f"network.kind.{name}").partition(" (")[0].partition(",")[0],
        )
        for at, name in enumerate(KINDS)
        if counts[at]
    ]


def _years(here: Site, picture: Picture, choice: Choice) -> list[Entry]:
    """The years to choose from, with how many links are dated so; what lies before only where there is any."""
    counts = dict.fromkeys(YEAR_STOPS, 0)
    for at in picture.year:
        years = picture.times[at]
        for stop in YEAR_STOPS:
            counts[stop] += bool(years) and in_year(years, stop)
    entries = [Entry(0, "", here.say("network.year.all"), len(picture.year), not choice.year)]
    return entries + [
        Entry(
            at, stop, stop if stop.isdigit() else here.say(f"network.year.{stop}"), counts[stop], choice.year == stop
        )
        for at, stop in enumerate(YEAR_STOPS, 1)
        if stop != YEAR_STOPS[0] or counts[stop]
    ]


def _for_script(here: Site) -> dict[str, object]:
    """What the script needs to know: where the data are, the words it says, and where it leads to."""
    names = here.session.snapshot.names
    return {
        "data": here.file("network.json"),
        "things": names.thing(""),
        "root": here.root,
        "live": here.live,
        "language": here.language,
        "chosen": here.chosen_language is not None,
        "base": here.url(),
        "modalities": modality_labels(here),
        "modality_names": MODALITIES,
        "kind_names": KINDS,
        "words": {key: here.say(f"network.js.{key}") for key in _WORDS},
    }


_WORDS = (
    "loading",
    "failed",
    "busy",
    "ready",
    "selected",
    "nothing",
    "link",
    "links",
    "steps",
    "step",
    "step.many",
    "thing",
    "thing.many",
    "focused",
    "unfocused",
    "pick.first",
    "pick.second",
    "pick.none",
    "path",
    "path.none",
    "path.via",
    "path.unsure",
    "path.direct",
    "path.direct.unsure",
    "path.weakest",
    "path.page",
    "profile",
    "what.if",
    "shown",
    "list.prev",
    "list.next",
    "more",
    "undated",
    "png",
    "search.none",
)


@blueprint.get("/network.json")
def data() -> Response:
    """The network as columns: everything the picture is drawn from, in one answer for each generation."""
    here = site()
    response = answer(keeper().body(here.session), "application/json")
    response.headers["Link"] = f'<{here.url("network")}>; rel="alternate"; type="text/html"'
    return response


@blueprint.get("/network.svg")
def drawing() -> Response:
    """What is chosen of the network as an SVG by itself, in the language of the reader."""
    here = site()
    choice = read_asked(here.parameters).choice
    picture = keeper().of(here.session)
    labels = labels_of(here, picture)
    drawn: Drawing = draw_network(picture, view(picture, choice), labels, here.settings.max_drawn_nodes)
    text = render_template(
        "network.svg",
        t=here.say,
        lang=here.language,
        drawing=drawn,
        picture=picture,
        labels=labels,
        **SHAPES,
        modalities=legend(here, picture, choice),
        kinds=_kinds(here, picture, choice),
    )
    response = answer(text.encode(), "image/svg+xml")
    response.headers["Content-Language"] = here.language
    return response
