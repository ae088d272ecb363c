"""The rows of the table of routes for what an editor asks: errors, explanations, names to complete."""

from __future__ import annotations

from so2graph.formats import HTML
from so2graph.registry import Text
from so2graph.web.editor import LONGEST_NAME, MOST_FOUND
from so2graph.web.openapi_parts import (
    IF_NONE_MATCH,
    INDEX,
    LANGUAGE,
    QUERIED,
    READ,
    STRING,
    Content,
    Parameter,
    Route,
    format_of,
    json_of,
)
from so2graph.web.openapi_schemas import Schema, ref
from so2graph.web.protocol import FORM, QUERY, UPDATE

__all__ = ["EDITOR_ROUTES"]

_QUERY = Parameter(
    "query", STRING, Text("De vraag in SPARQL 1.1.", "The query in SPARQL 1.1."), example="SELECT * { ?s ?p ?o }"
)
_UPDATE = Parameter(
    "update",
    STRING,
    Text("Of een wijziging; zij wordt alleen gelezen.", "Or an update, which is only read."),
)
_EITHER: Schema = {
    "type": "object",
    "properties": {"query": STRING, "update": STRING},
    "oneOf": [{"required": ["query"]}, {"required": ["update"]}],
}
_ASKED: Schema = {"type": "object", "properties": {"query": STRING}, "required": ["query"]}
_EXPLAINED = Content({HTML.media_type: STRING, INDEX.media_type: ref("Explained")})
_CHECK = Text(
    "De fouten van een vraag of wijziging, zonder haar te stellen",
    "The errors of a query or an update, without asking it",
)
_EXPLAIN = Text("Waarom een vraag geen antwoord heeft", "Why a query has no answer")
_REFUSED = (*READ, 403, 413, 422)

EDITOR_ROUTES: tuple[Route, ...] = (
    Route(
        "/sparql/check",
        "GET",
        "sparql",
        _CHECK,
        {200: json_of("Checked")},
        (_QUERY, _UPDATE, LANGUAGE, IF_NONE_MATCH),
        READ,
        kept=True,
        example="sparql/check?query=SELECT%20%2A%20%7B%20%3Fs%20a%20%7D",
    ),
    Route(
        "/sparql/check",
        "POST",
        "sparql",
        _CHECK,
        {200: json_of("Checked")},
        (LANGUAGE,),
        (*READ, 413, 415),
        Content({FORM: _EITHER, QUERY: STRING, UPDATE: STRING}),
    ),
    Route(
        "/sparql/explain",
        "GET",
        "sparql",
        _EXPLAIN,
        {200: _EXPLAINED},
        (
            Parameter(_QUERY.name, _QUERY.schema, _QUERY.text, required=True, example=_QUERY.example),
            format_of(HTML, INDEX),
            LANGUAGE,
            IF_NONE_MATCH,
        ),
        (*_REFUSED, 406),
        kept=True,
        example="sparql/explain?query=SELECT%20%2A%20%7B%20%3Fs%20a%20so2%3AHub%20%7D&format=json",
    ),
    Route(
        "/sparql/explain",
        "POST",
        "sparql",
        _EXPLAIN,
        {200: _EXPLAINED},
        (LANGUAGE,),
        (*QUERIED, 415),
        Content({FORM: _ASKED, QUERY: STRING}),
    ),
    Route(
        "/vocabulary.json",
        "GET",
        "sparql",
        Text("Waar een vraag over kan gaan", "What a query may speak of"),
        {200: json_of("Completion")},
        (IF_NONE_MATCH,),
        kept=True,
        example="vocabulary.json",
        details=Text(
            "Voorvoegsels, klassen en eigenschappen met aantallen, grafen en dingen, met namen in beide talen.",
            "Prefixes, classes and properties with counts, graphs and things, with labels in both languages.",
        ),
    ),
    Route(
        "/vocabulary/things.json",
        "GET",
        "sparql",
        Text("Dingen bij een deel van hun naam", "Things by a part of their name"),
        {200: json_of("Things")},
        (
            Parameter(
                "q",
                {"type": "string", "maxLength": LONGEST_NAME},
                Text("Een deel van een naam.", "A part of a name."),
                example="drenthe",
            ),
            Parameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": MOST_FOUND},
                Text("Hoogstens zoveel dingen.", "At most so many things."),
            ),
            IF_NONE_MATCH,
        ),
        kept=True,
        example="vocabulary/things.json?q=drenthe",
    ),
)
