"""The rows of the table of routes for the network: the picture, its data, paths, and what holds it together."""

from __future__ import annotations

from so2graph.network.kinds import KINDS
from so2graph.registry import Text
from so2graph.vocab import MODALITIES
from so2graph.web.network_asked import MAX_STEPS, YEAR_STOPS
from so2graph.web.openapi_parts import (
    IF_NONE_MATCH,
    LANGUAGE,
    PAGE,
    PAGING,
    READ,
    STRING,
    Content,
    Parameter,
    Route,
    json_of,
)

__all__ = ["NETWORK_ROUTES"]


def _list(name: str, values: tuple[str, ...], nl: str, en: str) -> Parameter:
    one = "|".join(values)
    return Parameter(
        name, {"type": "string", "pattern": f"^(?:(?:{one})(?:,(?:{one}))*)?$"}, Text(nl, en), example=values[0]
    )


def _name(name: str, nl: str, en: str, example: str = "", *, required: bool = False) -> Parameter:
    return Parameter(name, STRING, Text(nl, en), required=required, example=example or None)


_MODALITY = _list(
    "modality",
    MODALITIES,
    "Alleen verbanden met deze modaliteiten; komma's ertussen, of de parameter vaker. Leeg is geen.",
    "Only links of these modalities; with commas, or the parameter repeated. Empty is none.",
)
_TYPE = _list(
    "type",
    KINDS,
    "Alleen dingen van deze soorten; komma's ertussen, of de parameter vaker.",
    "Only things of these kinds; with commas, or the parameter repeated.",
)
_YEAR = Parameter(
    "year",
    {"type": "string", "enum": [*YEAR_STOPS, ""]},
    Text(
        "Alleen wat op dit jaar is gedateerd, en wat geen jaartal heeft.",
        "Only what is dated to this year, and what has no year.",
    ),
)
_CHOICE = (_MODALITY, _TYPE, _YEAR)
_SEARCH = _name("q", "Woorden die in de naam staan; kiest in de lijst.", "Words in the name; chooses in the list.")
_SELECT = _name(
    "select",
    "Het ding dat is gekozen: IRI, deel na id/, of naam.",
    "The thing that is selected: IRI, part after id/, or name.",
    "so-netwerk-groningen",
)
_STEPS = Parameter(
    "steps",
    {"type": "integer", "minimum": 1, "maximum": MAX_STEPS},
    Text("Zoveel stappen rond wat is gekozen.", "So many steps around what is selected."),
)
_LEAVE = _name(
    "leave",
    "Het ding dat wegvalt: IRI, deel na id/, of naam.",
    "The thing that leaves: IRI, part after id/, or name.",
    "mvo-alliantie",
)


def _ends(*, required: bool) -> tuple[Parameter, Parameter]:
    return (
        _name(
            "from",
            "Begin van de weg: IRI, deel na id/, of naam.",
            "Where the path begins: IRI, part after id/, or name.",
            "so-netwerk-groningen",
            required=required,
        ),
        _name("to", "Eind van de weg.", "Where it ends.", "social-enterprise-nederland", required=required),
    )


_ERRORS = (*READ, 404, 422)
NETWORK_ROUTES: tuple[Route, ...] = (
    Route(
        "/network",
        "GET",
        "network",
        Text("Het hele netwerk, als beeld en als lijst", "The whole network, as a picture and as a list"),
        {200: PAGE},
        (*_CHOICE, _SEARCH, _SELECT, _STEPS, *_ends(required=False), *PAGING[:2], LANGUAGE, IF_NONE_MATCH),
        _ERRORS,
        headers=("Link",),
        kept=True,
    ),
    Route(
        "/network.json",
        "GET",
        "network",
        Text(
            "Het netwerk in kolommen, met de plaats van alles", "The network in columns, with the place of everything"
        ),
        {200: json_of("NetworkColumns")},
        (IF_NONE_MATCH,),
        (*READ, 422),
        headers=("Link",),
        kept=True,
        example="network.json",
    ),
    Route(
        "/network.svg",
        "GET",
        "network",
        Text("Het netwerk als tekening", "The network as a drawing"),
        {200: Content({"image/svg+xml": STRING})},
        (*_CHOICE, _SEARCH, LANGUAGE, IF_NONE_MATCH),
        (*READ, 422),
        kept=True,
        example="network.svg?modality=stated",
    ),
    Route(
        "/network/path",
        "GET",
        "network",
        Text("De zekerste weg tussen twee dingen", "The most certain path between two things"),
        {200: PAGE},
        (*_ends(required=False), _MODALITY, LANGUAGE, IF_NONE_MATCH),
        _ERRORS,
        kept=True,
    ),
    Route(
        "/network/path.json",
        "GET",
        "network",
        Text("Dezelfde weg als JSON", "The same path as JSON"),
        {200: json_of("NetworkPath")},
        (*_ends(required=True), _MODALITY, LANGUAGE, IF_NONE_MATCH),
        _ERRORS,
        kept=True,
        example="network/path.json?from=so-netwerk-groningen&to=social-enterprise-nederland",
    ),
    Route(
        "/network/together",
        "GET",
        "network",
        Text("Wie houdt het netwerk bij elkaar", "Who holds the network together"),
        {200: PAGE},
        (*_CHOICE, _LEAVE, *PAGING[:2], LANGUAGE, IF_NONE_MATCH),
        _ERRORS,
        kept=True,
    ),
    Route(
        "/network/together.json",
        "GET",
        "network",
        Text("Hetzelfde als JSON", "The same as JSON"),
        {200: json_of("NetworkTogether")},
        (*_CHOICE, _LEAVE, *PAGING[:2], LANGUAGE, IF_NONE_MATCH),
        _ERRORS,
        kept=True,
        example="network/together.json?modality=stated",
    ),
)
