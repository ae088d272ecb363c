"""The rows of the table of routes for search and the list of things."""

from __future__ import annotations

from dataclasses import replace

from so2graph.config import Settings
from so2graph.formats import HTML
from so2graph.publish.search_reader import ORDERS
from so2graph.publish.search_things import FACETS
from so2graph.registry import PARAMETER_TYPES, Text
from so2graph.vocab import MODALITIES
from so2graph.web.openapi_parts import (
    IF_NONE_MATCH,
    INDEX,
    LANGUAGE,
    PAGING,
    READ,
    STRING,
    Content,
    Parameter,
    Route,
    format_of,
    suffix_of,
)
from so2graph.web.openapi_schemas import Schema, ref
from so2graph.web.search import CSV, FORMATS
from so2graph.web.search_request import HEADINGS, MOST_CHOSEN

__all__ = ["SEARCH_ROUTES", "fitted"]

_RULES = ("/search", "/search.<suffix>")
_VALUES: dict[str, Schema] = {
    "type": {"type": "string", "pattern": f"^(?:{PARAMETER_TYPES['iri']})?$"},
    "place": {"type": "string", "pattern": f"^(?:{PARAMETER_TYPES['iri']})?$"},
    "theme": {"type": "string", "pattern": f"^(?:{PARAMETER_TYPES['iri']})?$"},
    "year": {"type": "string", "pattern": "^(?:-?[0-9]{4,6})?$"},
    "modality": {"type": "string", "enum": [*MODALITIES, ""]},
}
_SAID = {
    "type": Text("Soort: een klasse.", "Kind: a class."),
    "place": Text("Plaats waarmee een ding verbonden is.", "Place that a thing is linked to."),
    "theme": Text("Thema waarmee een ding verbonden is.", "Theme that a thing is linked to."),
    "year": Text("Jaar dat bij een ding hoort.", "Year that belongs to a thing."),
    "modality": Text("Zekerheid van een uitspraak over een ding.", "Certainty of a statement about a thing."),
}
_MORE = Text(" Meer dan één: een van die.", " More than one: any of those.")


def _chosen(facet: str) -> Parameter:
    said = Text(_SAID[facet].nl + _MORE.nl, _SAID[facet].en + _MORE.en)
    return Parameter(facet, {"type": "array", "items": _VALUES[facet], "maxItems": MOST_CHOSEN}, said)


_PARAMETERS = (
    Parameter(
        "q",
        {"type": "string", "maxLength": Settings().max_search_characters},
        Text(
            "Woorden, een IRI of een naam met prefix; zonder is het de lijst van alles.",
            "Words, an IRI or a prefixed name; without it is the list of everything.",
        ),
        example="kerngroepen",
    ),
    *map(_chosen, FACETS),
    Parameter(
        "group",
        {"type": "string", "enum": [*HEADINGS, ""]},
        Text("Alleen wat onder dit kopje valt.", "Only what is under this heading."),
    ),
    Parameter(
        "sort",
        {"type": "string", "enum": [*ORDERS, ""]},
        Text("Volgorde van de lijst; bij woorden die van hoe goed iets past.", "Order of the list; with words, fit."),
    ),
    Parameter(
        "all",
        {"type": "string", "enum": [*FACETS, ""]},
        Text("Van dit facet alle waarden, tot 500.", "All values of this facet, up to 500."),
    ),
    Parameter(
        "facets",
        {"type": "string", "enum": ["yes", "no"]},
        Text("In JSON: ook de facetten met hun aantallen.", "In JSON: the facets with their counts too."),
    ),
    *(replace(p, schema=p.schema | {"maximum": Settings().max_page_size}) for p in PAGING if p.name == "limit"),
    *(p for p in PAGING if p.name == "offset"),
)
_DETAILS = Text(
    "Zoekt in namen in beide talen, plaatsen, thema's, begrippen, vragen en hulp; spelfouten en andere woordvormen "
    "zijn geen bezwaar. E-mailadressen staan er niet in.",
    "Searches names in both languages, places, themes, terms, questions and help; misspellings and other forms of a "
    "word do not matter. E-mail addresses are not in it.",
)

SEARCH_ROUTES = (
    Route(
        "/search",
        "GET",
        "things",
        Text("Zoeken, en alle dingen op een rij", "Search, and the list of all things"),
        {200: Content.of(FORMATS, ref("Search")), 303: None},
        (*_PARAMETERS, format_of(*FORMATS), LANGUAGE, IF_NONE_MATCH),
        (*READ, 406),
        headers=("Link", "SO2Graph-Total", "Content-Disposition"),
        kept=True,
        example="search?q=kerngroepen&format=json",
        details=_DETAILS,
    ),
    Route(
        "/search.<suffix>",
        "GET",
        "things",
        Text("Zoeken, en alle dingen op een rij, als bestand", "Search, and the list of all things, as a file"),
        {200: Content({INDEX.media_type: ref("Search"), CSV.media_type: STRING, HTML.media_type: STRING}), 303: None},
        (suffix_of(INDEX, CSV, HTML), *_PARAMETERS, LANGUAGE, IF_NONE_MATCH),
        (*READ, 404),
        headers=("Link", "SO2Graph-Total", "Content-Disposition"),
        kept=True,
        example="search.json?q=buro+brie&limit=5",
        details=_DETAILS,
    ),
)


def fitted(route: Route, settings: Settings) -> Route:
    """The route with the limits of these settings."""
    if route.rule not in _RULES:
        return route
    limits: dict[str, Schema] = {
        "q": {"maxLength": settings.max_search_characters},
        "limit": {"maximum": settings.max_page_size},
    }
    return replace(
        route, parameters=tuple(replace(p, schema=p.schema | limits.get(p.name, {})) for p in route.parameters)
    )
