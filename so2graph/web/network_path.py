"""`/network/path`: how two things are connected, and how certain that is, as a sentence, a picture and data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response

from so2graph.errors import BadParameter
from so2graph.network.picture import Picture
from so2graph.network.visible import Choice, view
from so2graph.network.ways import Way, best_way, shortest_way
from so2graph.vocab import MODALITIES
from so2graph.web.bidi import isolated
from so2graph.web.network import SHAPES, keeper, labels_of, legend, link_rows, modality_labels
from so2graph.web.network_asked import address, find, name_of, read_choice
from so2graph.web.network_drawing import draw_network
from so2graph.web.openapi_parts import INDEX
from so2graph.web.protocol import single
from so2graph.web.site import Site, answer, site
from so2graph.web.words import say, steps

__all__ = ["blueprint"]

blueprint = Blueprint("network_path", __name__)
_ALL = frozenset(range(len(MODALITIES)))


@dataclass(frozen=True)
class _Found:
    """What there is to say between two things: the way over the links chosen, and what there would be over all."""

    picture: Picture
    start: int
    end: int
    choice: Choice
    way: Way | None
    shortest: Way | None
    wider: Way | None


@blueprint.get("/network/path")
def path() -> Response:
    """The way between the two things that `from` and `to` name, over the modalities chosen; a form without them."""
    here = site()
    source, target = _ends(here)
    picture = keeper().of(here.session)
    found = _find(here, picture, source, target) if source and target else None
    return _page(here, picture, found, source, target)


@blueprint.get("/network/path.json")
def path_as_json() -> Response:
    """The same as JSON; raises `BadParameter` where one of the ends is missing."""
    here = site()
    source, target = _ends(here)
    if not source or not target:
        raise BadParameter(
            "a path needs two ends", mend="Give from= and to=: an IRI, the part of it after id/, or a name."
        )
    found = _find(here, keeper().of(here.session), source, target)
    body = json.dumps(_row(here, found), ensure_ascii=False, indent=2)
    return answer(body.encode() + b"\n", INDEX.content_type)


def _ends(here: Site) -> tuple[str, str]:
    source, target = ((single(here.parameters, name) or "").strip() for name in ("from", "to"))
    return source, target


def _find(here: Site, picture: Picture, source: str, target: str) -> _Found:
    things = here.session.snapshot.names.thing("")
    start, end = (find(picture, text, things, here.session.prefixes) for text in (source, target))
    choice = Choice(read_choice(here.parameters).modalities)
    if start == end:
        raise BadParameter("both ends are the same thing", mend="Give two things.")
    way = best_way(picture, start, end, choice.modalities)
    shortest = shortest_way(picture, start, end, choice.modalities) if way else None
    if way and shortest and len(shortest.edges) >= len(way.edges):
        shortest = None
    wider = None if way or choice.modalities == _ALL else best_way(picture, start, end, _ALL)
    return _Found(picture, start, end, choice, way, shortest, wider)


def _sentences(found: _Found, language: str, modalities: Sequence[str]) -> list[str]:
    """What there is to say, the answer first."""
    picture, way = found.picture, found.way
    ends = {"start": picture.label(found.start, language), "end": picture.label(found.end, language)}
    if way is None:
        chosen = _and([modalities[at] for at in sorted(found.choice.modalities)], language)
        whole = found.choice.modalities == _ALL
        said = [say("path.none" if whole else "path.none.chosen", language, **ends, chosen=chosen)]
        if found.wider is not None:
            ranks = {picture.modality[edge] for edge in found.wider.edges} - found.choice.modalities
            missing = _and([modalities[at] for at in sorted(ranks)], language)
            said.append(say("path.wider", language, steps=steps(len(found.wider.edges), language), missing=missing))
        return said
    via = _and([picture.label(node, language) for node in way.nodes[1:-1]], language)
    missing_links = way.missing(picture)
    sure, unsure = ("path.steps", "path.steps.unsure") if via else ("path.direct", "path.direct.unsure")
    key = unsure if missing_links else sure
    said = [say(key, language, **ends, steps=steps(len(way.edges), language), via=via)]
    if not missing_links:
        return [*said, say("path.facts", language)]
    weakest = way.weakest(picture)
    said.append(
        say(
            "path.weakest",
            language,
            link=_in_words(picture, weakest, language),
            modality=modalities[picture.modality[weakest]],
        )
    )
    if 0 in found.choice.modalities:
        said.append(say("path.no.facts", language))
    key = "path.missing.one" if len(missing_links) == 1 else "path.missing"
    said.append(say(key, language, missing=len(missing_links), steps=len(way.edges)))
    return said


def _in_words(picture: Picture, edge: int, language: str) -> str:
    source, target = picture.label(picture.source[edge], language), picture.label(picture.target[edge], language)
    relation = picture.relations[picture.relation[edge]].label(language)
    return " ".join(map(isolated, (source, relation, target)))


def _and(names: Sequence[str], language: str) -> str:
    """Names as a list in a sentence."""
    word, names = " en " if language == "nl" else " and ", [*map(isolated, names)]
    return ", ".join(names[:-1]) + word + names[-1] if len(names) > 1 else "".join(names)


def _page(here: Site, picture: Picture, found: _Found | None, source: str, target: str) -> Response:
    labels = labels_of(here, picture)
    modalities = modality_labels(here)
    choice = found.choice if found else Choice(read_choice(here.parameters).modalities)
    things = here.session.snapshot.names.thing("")
    values: dict[str, Any] = {}
    if found is not None:
        way = found.way or found.wider
        first = way.nodes if way else (found.start, found.end)
        ends = {
            "from": name_of(picture.iri[found.start], things),
            "to": name_of(picture.iri[found.end], things),
        }
        drawn = draw_network(picture, view(picture, Choice()), labels, here.settings.max_drawn_nodes, first)
        values = {
            "drawing": drawn,
            "near": frozenset(first),
            "lit": frozenset(way.edges if way else ()),
            "sentences": _sentences(found, here.language, modalities),
            "chain": _chain(here, picture, labels, way) if way else [],
            "shorter": found.shortest,
            "share": here.url(address("network/path", choice, **ends)),
            "data": here.path(address("network/path.json", choice, **ends)),
            "shown_at": here.path(address("network", choice, **ends)),
            "all_at": here.path(address("network/path", Choice(), **ends)) if choice.modalities != _ALL else None,
        }
    return here.page(
        "network_path.html",
        picture=picture,
        found=found,
        labels=labels,
        source=labels[found.start] if found else source,
        target=labels[found.end] if found else target,
        modalities=legend(here, picture, choice),
        modality_labels=modalities,
        href=lambda node: here.href(picture.iri[node]),
        **SHAPES,
        **values,
    )


def _chain(here: Site, picture: Picture, labels: Sequence[str], way: Way) -> list[dict[str, object]]:
    """The way step by step: where it stands, the link onwards, which way that reads, and when it holds."""
    rows: list[dict[str, object]] = []
    for at, edge in enumerate(way.edges):
        (link,) = link_rows(here, picture, labels, [edge])
        rows.append(
            {
                "start": labels[way.nodes[at]],
                "start_href": here.href(picture.iri[way.nodes[at]]),
                "end": labels[way.nodes[at + 1]],
                "end_href": here.href(picture.iri[way.nodes[at + 1]]),
                "forward": picture.source[edge] == way.nodes[at],
                "link": link,
            }
        )
    return rows


def _row(here: Site, found: _Found) -> dict[str, object]:
    picture = found.picture
    labels = modality_labels(here)
    row: dict[str, object] = {
        "from": picture.iri[found.start],
        "to": picture.iri[found.end],
        "modalities": [MODALITIES[at] for at in sorted(found.choice.modalities)],
        "found": found.way is not None,
        "language": here.language,
        "sentence": " ".join(_sentences(found, here.language, labels)),
        "path": _way_row(picture, found.way, here.language),
        "shortest": _way_row(picture, found.shortest, here.language),
        "withAllModalities": _way_row(picture, found.wider, here.language),
    }
    return row


def _way_row(picture: Picture, way: Way | None, language: str) -> dict[str, object] | None:
    if way is None:
        return None
    return {
        "steps": len(way.edges),
        "weakest": MODALITIES[picture.modality[way.weakest(picture)]],
        "notStated": len(way.missing(picture)),
        "nodes": [{"iri": picture.iri[node], "label": picture.label(node, language)} for node in way.nodes],
        "links": [
            {
                "source": picture.iri[picture.source[edge]],
                "predicate": picture.relations[picture.relation[edge]].iri,
                "relation": picture.relations[picture.relation[edge]].label(language),
                "target": picture.iri[picture.target[edge]],
                "forward": picture.source[edge] == way.nodes[at],
                "modality": MODALITIES[picture.modality[edge]],
                "years": list(picture.times[picture.year[edge]]),
            }
            for at, edge in enumerate(way.edges)
        ],
    }
