"""The rows of the table of routes for the reconciliation service."""

from __future__ import annotations

from so2graph.config import Settings
from so2graph.formats import HTML
from so2graph.registry import Text
from so2graph.web.openapi_parts import IF_NONE_MATCH, LANGUAGE, PAGE, READ, STRING, Content, Parameter, Route, json_of
from so2graph.web.openapi_schemas import Schema, ref
from so2graph.web.protocol import FORM
from so2graph.web.reconcile_suggest import KINDS

__all__ = ["RECONCILE_ROUTES"]

_USUAL = Settings()
_ANSWERED = (*READ, 413)
_CALLBACK = Parameter(
    "callback",
    {"type": "string", "pattern": r"^[A-Za-z_$][A-Za-z0-9_$]{0,99}(\.[A-Za-z_$][A-Za-z0-9_$]{0,99}){0,4}$"},
    Text("Naam van een functie: het antwoord wordt een script (JSONP, 0.1).", "Name of a function: JSONP (0.1)."),
)
_QUERIES = Parameter(
    "queries",
    STRING,
    Text("Een stapel vragen als JSON, elk onder een eigen sleutel.", "A batch of queries as JSON, each by its key."),
    example='{"q0":{"query":"Alescon"}}',
)
_EXTEND = Parameter(
    "extend",
    STRING,
    Text("Welke waarden op te halen, als JSON: ids en properties.", "What to fetch, as JSON: ids and properties."),
)
_NAME = Parameter("name", STRING, Text("Op de pagina: een naam om te zoeken.", "On the page: a name to find."))
_TYPE = Parameter("type", STRING, Text("Id van een soort.", "Id of a type."), example="so2:Municipality")
_KIND = Parameter(
    "kind",
    {"type": "string", "enum": list(KINDS)},
    Text("Waarvan: dingen, eigenschappen of soorten.", "Of what: things, properties or types."),
    "path",
    required=True,
    example="entity",
)
_PREFIX = Parameter(
    "prefix",
    {"type": "string", "maxLength": _USUAL.max_reconcile_characters},
    Text("Wat er getypt is: het begin van een naam of een id.", "What was typed: the beginning of a name or an id."),
    example="gron",
)
_CURSOR = Parameter(
    "cursor",
    {"type": "integer", "minimum": 0, "maximum": 10_000},
    Text("Zoveel overslaan.", "So many to pass over."),
)
_LIMIT = Parameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": _USUAL.max_reconcile_candidates},
    Text("Hoogstens zoveel.", "At most so many."),
)
_MOST = Parameter(
    "limit",
    {"type": "integer", "minimum": 0, "maximum": 1_000},
    Text("Hoogstens zoveel; 0 is alles.", "At most so many; 0 is all."),
)
_ID = Parameter(
    "id",
    {"type": "string", "minLength": 1, "maxLength": _USUAL.max_reconcile_characters},
    Text("Id van een kandidaat; een IRI mag ook.", "Id of a candidate; an IRI will do too."),
    required=True,
    example="alescon",
)
_SCRIPT: Schema = {"type": "string"}
_BATCH: Schema = {"anyOf": [ref("Extended"), ref("Matched")]}
_DETAILS = Text(
    "De Reconciliation API van W3C, versie 0.2 (en klanten van 0.1), voor OpenRefine en andere programma's. Een "
    "vraag die niet te lezen is, bederft de andere niet: zij krijgt een lege lijst en `error`.",
    "The Reconciliation API of the W3C group, version 0.2 (and clients of 0.1), for OpenRefine and other programs. A "
    "query that cannot be read spoils no other: it gets an empty list and `error`.",
)
_DRAFT = Text("Het concept van versie 1.0 van dezelfde API.", "The draft of version 1.0 of the same API.")


def _scripted(schema: str) -> Content:
    return Content({"application/json": ref(schema), "text/javascript": _SCRIPT})


def _field(name: str) -> Schema:
    return {"type": "object", "required": [name], "properties": {name: STRING}, "additionalProperties": STRING}


def _row(
    path: str, summary: Text, content: Content, parameters: tuple[Parameter, ...], errors: tuple[int, ...] = READ
) -> tuple[Route, Route]:
    """The same in 0.2 and in the draft."""
    new = {"propose": "extend/propose"}.get(path, path)
    examples = {"suggest/<kind>": "suggest/entity?prefix=gron", "preview": "preview?id=alescon"}
    example = examples.get(path, "propose?type=so2:Municipality")
    plain = Content({kind: schema for kind, schema in content.types.items() if kind != "text/javascript"})
    old = () if content is PAGE else (_CALLBACK,)
    return (
        Route(
            f"/reconcile/{path}",
            "GET",
            "reconcile",
            summary,
            {200: content},
            (*parameters, *old, LANGUAGE, IF_NONE_MATCH),
            errors,
            kept=True,
            example=f"reconcile/{example}",
        ),
        Route(
            f"/reconcile/1.0/{new}",
            "GET",
            "reconcile",
            summary,
            {200: plain},
            (*parameters, LANGUAGE, IF_NONE_MATCH),
            errors,
            kept=True,
            example=f"reconcile/1.0/{example.replace('propose', 'extend/propose')}",
            details=_DRAFT,
        ),
    )


RECONCILE_ROUTES = (
    Route(
        "/reconcile",
        "GET",
        "reconcile",
        Text("Namen koppelen: manifest, antwoorden, of de pagina", "Match names: manifest, answers, or the page"),
        {
            200: Content(
                {
                    "application/json": {"anyOf": [ref("Manifest"), ref("Extended"), ref("Matched")]},
                    "text/javascript": _SCRIPT,
                    HTML.media_type: STRING,
                }
            )
        },
        (_QUERIES, _EXTEND, _CALLBACK, _NAME, _TYPE, LANGUAGE, IF_NONE_MATCH),
        _ANSWERED,
        kept=True,
        example="reconcile",
        details=_DETAILS,
    ),
    Route(
        "/reconcile",
        "POST",
        "reconcile",
        Text("Een stapel namen koppelen, of waarden ophalen", "Match a batch of names, or fetch values"),
        {
            200: Content(
                {"application/json": {"anyOf": [ref("Extended"), ref("Matched")]}, "text/javascript": _SCRIPT}
            )
        },
        (_CALLBACK, LANGUAGE),
        (*_ANSWERED, 415),
        Content({FORM: {"anyOf": [_field("queries"), _field("extend")]}}),
        details=_DETAILS,
    ),
    *_row(
        "suggest/<kind>",
        Text("Wat zo begint, terwijl iemand typt", "What begins so, while somebody types"),
        _scripted("Suggested"),
        (_KIND, _PREFIX, _CURSOR, _LIMIT),
        (*READ, 404),
    ),
    Route(
        "/reconcile/flyout/<kind>",
        "GET",
        "reconcile",
        Text("Een paar woorden over iets, als HTML in JSON", "A few words on something, as HTML in JSON"),
        {200: _scripted("Flyout")},
        (_KIND, _ID, _CALLBACK, LANGUAGE, IF_NONE_MATCH),
        (*READ, 404),
        kept=True,
        example="reconcile/flyout/entity?id=alescon",
    ),
    *_row(
        "preview",
        Text("Een kleine pagina over een ding, voor in een kader", "A small page about a thing, for a frame"),
        PAGE,
        (_ID,),
        (*READ, 404),
    ),
    Route(
        "/reconcile/view",
        "GET",
        "reconcile",
        Text("Leidt van een id naar de pagina van een ding", "Leads from an id to the page of a thing"),
        {303: None},
        (_ID, LANGUAGE),
        (*READ, 404),
        example="reconcile/view?id=alescon",
    ),
    *_row(
        "propose",
        Text("Eigenschappen om op te halen bij een soort", "Properties to fetch for a type"),
        _scripted("Proposed"),
        (_TYPE, _MOST),
    ),
    Route(
        "/reconcile/1.0",
        "GET",
        "reconcile",
        Text("Het manifest", "The manifest"),
        {200: json_of("Manifest")},
        (LANGUAGE, IF_NONE_MATCH),
        kept=True,
        example="reconcile/1.0",
        details=_DRAFT,
    ),
    Route(
        "/reconcile/1.0/match",
        "POST",
        "reconcile",
        Text("Een stapel namen koppelen", "Match a batch of names"),
        {200: json_of("MatchedDraft")},
        (LANGUAGE,),
        (*_ANSWERED, 415),
        Content({"application/json": ref("MatchQueries")}),
        details=_DRAFT,
    ),
    Route(
        "/reconcile/1.0/extend",
        "POST",
        "reconcile",
        Text("Waarden ophalen", "Fetch values"),
        {200: json_of("ExtendedDraft")},
        (LANGUAGE,),
        (*_ANSWERED, 415),
        Content({"application/json": ref("ExtendQuery")}),
        details=_DRAFT,
    ),
)
