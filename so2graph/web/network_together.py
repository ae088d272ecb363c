"""`/network/together`: who holds the network together, and what falls apart when somebody leaves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, Response

from so2graph.errors import ResultTooLarge
from so2graph.network.holding import Around, Holding
from so2graph.network.picture import Picture
from so2graph.network.visible import Choice, View, view
from so2graph.vocab import MODALITIES
from so2graph.web.network import SHAPES, Entry, keeper, labels_of, legend
from so2graph.web.network_asked import address, find, name_of, read_choice
from so2graph.web.openapi_parts import INDEX
from so2graph.web.paging import read_page
from so2graph.web.protocol import single
from so2graph.web.site import Site, answer, site

__all__ = ["blueprint"]

blueprint = Blueprint("network_together", __name__)
_ROWS, _NAMED = 20, 5


@dataclass(frozen=True)
class Group:
    """Things that would hang together by themselves: how many, and those to name first."""

    size: int
    nodes: tuple[int, ...]


@dataclass(frozen=True)
class Effect:
    """What falls apart when a thing, or the links between two, are gone: who is cut off, in groups, from how many."""

    nodes: tuple[int, ...]
    lost: int
    left: int
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class _Asked:
    """What is looked at, and the thing that might leave."""

    picture: Picture
    choice: Choice
    seen: View
    held: Holding
    around: Around
    leave: int | None
    limit: int


def _read(here: Site) -> _Asked:
    picture = keeper().of(here.session)
    asked = read_choice(here.parameters)
    choice = Choice(asked.modalities, asked.kinds, asked.year)
    seen = view(picture, choice)
    most = here.settings.max_analysed_links
    if len(seen.edges) > most:
        raise ResultTooLarge(
            f"there are {len(seen.edges)} links, and {most} are worked out at most",
            mend="Choose fewer modalities, types or a year, or raise the setting max_analysed_links.",
            limit=most,
        )
    leave = single(here.parameters, "leave")
    things = here.session.snapshot.names.thing("")
    node = find(picture, leave, things, here.session.prefixes) if leave else None
    page = read_page(here.parameters, here.settings.max_page_size)
    held = keeper().holding(here.session, choice)
    return _Asked(picture, choice, seen, held, Around(picture, seen), node, page.limit if page else _ROWS)


@blueprint.get("/network/together")
def together() -> Response:
    """Parts, cut points and bridges in plain words, and what if the thing that `leave` names were gone."""
    here = site()
    asked = _read(here)
    picture, held = asked.picture, asked.held
    names = here.session.snapshot.names
    return here.page(
        "network_together.html",
        picture=picture,
        labels=labels_of(here, picture),
        asked=asked,
        held=held,
        parts=[_group(picture, part) for part in held.parts[: asked.limit]],
        alone=_group(picture, held.alone),
        cuts=_cuts(asked),
        bridges=_bridges(asked),
        facts=_facts(here, asked),
        gone=None if asked.leave is None else _gone(asked, asked.leave),
        modalities=_legend(here, asked),
        name=lambda node: name_of(picture.iri[node], names.thing("")),
        href=lambda node: here.href(picture.iri[node]),
        here_at=lambda **more: here.path(address("network/together", asked.choice, **more)),
        path_at=lambda one, other: here.path(
            address(
                "network",
                asked.choice,
                select=name_of(picture.iri[one], names.thing("")),
                to=name_of(picture.iri[other], names.thing("")),
            )
        ),
        **SHAPES,
    )


@blueprint.get("/network/together.json")
def together_as_json() -> Response:
    """The same as JSON; `limit` says how many of each list, the counts are of all."""
    here = site()
    asked = _read(here)
    body = json.dumps(_row(here, asked), ensure_ascii=False, indent=1)
    return answer(body.encode() + b"\n", INDEX.content_type)


def _facts(here: Site, asked: _Asked) -> tuple[str, str] | None:
    """What holds together by facts alone, where more than facts is counted: in words, and where that is shown."""
    if not any(asked.picture.modality[edge] for edge in asked.seen.edges):
        return None
    choice = replace(asked.choice, modalities=frozenset({0}))
    held = keeper().holding(here.session, choice)
    parts = here.say("together.facts.part" if len(held.parts) == 1 else "together.facts.parts", count=len(held.parts))
    said = here.say("together.facts.alone", parts=parts, count=len(held.alone)) if held.alone else parts
    return said, here.path(address("network/together", choice))


def _legend(here: Site, asked: _Asked) -> list[Entry]:
    return legend(here, asked.picture, asked.choice)


def _group(picture: Picture, nodes: Sequence[int]) -> Group:
    """The things with their most telling first: hubs, then those with most links."""
    ordered = sorted(nodes, key=lambda node: (min(picture.kind[node], 3), -picture.size[node], node))
    return Group(len(nodes), tuple(ordered[:_NAMED]))


def _effect(asked: _Asked, nodes: tuple[int, ...], lost: int, pieces: Sequence[Sequence[int]]) -> Effect:
    whole = next(len(part) for part in asked.held.parts if nodes[0] in part)
    gone = len(nodes) % 2
    return Effect(nodes, lost, whole - lost - gone, tuple(_group(asked.picture, piece) for piece in pieces))


def _cuts(asked: _Asked) -> list[Effect]:
    shown = asked.held.cut_points[: asked.limit]
    return [_effect(asked, (cut.node,), cut.lost, asked.around.cut_off(cut)) for cut in shown]


def _bridges(asked: _Asked) -> list[Effect]:
    shown = asked.held.bridges[: asked.limit]
    return [
        _effect(asked, (bridge.one, bridge.other), bridge.lost, [asked.around.beyond(bridge)]) for bridge in shown
    ]


def _gone(asked: _Asked, node: int) -> list[Group]:
    return [_group(asked.picture, piece) for piece in asked.around.without(node)]


def _row(here: Site, asked: _Asked) -> dict[str, object]:
    picture, held, language = asked.picture, asked.held, here.language

    def thing(node: int) -> dict[str, str]:
        return {"iri": picture.iri[node], "label": picture.label(node, language)}

    def group(one: Group) -> dict[str, object]:
        return {"size": one.size, "first": [thing(node) for node in one.nodes]}

    def effect(one: Effect) -> dict[str, object]:
        ends = {"thing": thing(one.nodes[0])} if len(one.nodes) == 1 else {"between": [*map(thing, one.nodes)]}
        return {**ends, "cutOff": one.lost, "from": one.left, "groups": [*map(group, one.groups)]}

    row: dict[str, object] = {
        "modalities": [MODALITIES[at] for at in sorted(asked.choice.modalities)],
        "things": len(asked.seen.nodes),
        "links": len(asked.seen.edges),
        "parts": {"count": len(held.parts), "first": [group(_group(picture, p)) for p in held.parts[: asked.limit]]},
        "alone": group(_group(picture, held.alone)),
        "cutPoints": {"count": len(held.cut_points), "first": [*map(effect, _cuts(asked))]},
        "bridges": {"count": len(held.bridges), "first": [*map(effect, _bridges(asked))]},
    }
    if asked.leave is not None:
        row["without"] = {"thing": thing(asked.leave), "pieces": [*map(group, _gone(asked, asked.leave))]}
    return row
