"""The rows of the table of routes for `/sparql` and `/graph-store`."""

from __future__ import annotations

from so2graph.formats import GRAPH_FORMATS, HTML, SOLUTION_FORMATS
from so2graph.registry import Text
from so2graph.web.openapi_parts import (
    IF_NONE_MATCH,
    INDEX,
    LANGUAGE,
    QUERIED,
    RDF,
    READ,
    STRING,
    WRITE,
    Content,
    Parameter,
    Route,
    format_of,
    json_of,
    local,
)
from so2graph.web.openapi_schemas import Schema, ref
from so2graph.web.protocol import FORM, QUERY, UPDATE

__all__ = ["SPARQL_ROUTES"]

_GRAPH_IRI: Schema = {"type": "string", "format": "iri-reference"}
_FORMAT = format_of(HTML, *SOLUTION_FORMATS, *GRAPH_FORMATS)
_ANSWERS = Content.of((HTML, *SOLUTION_FORMATS, *GRAPH_FORMATS), {"anyOf": [ref("Results"), ref("Linked")]})
_DATASET = tuple(
    Parameter(name, {"type": "array", "items": _GRAPH_IRI}, Text(nl, en))
    for name, nl, en in (
        ("default-graph-uri", "Grafen die samen de standaardgraaf zijn.", "Graphs whose merge is the default graph."),
        ("named-graph-uri", "Grafen die bij naam te bereiken zijn.", "Graphs that can be reached by name."),
    )
)
_TIMEOUT = Parameter(
    "timeout",
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1e9},
    Text("Seconden dat u wilt wachten, tot de instelling deadline.", "Seconds to wait, up to the setting deadline."),
)
_NAMES = ("default-graph-uri", "named-graph-uri", "using-graph-uri", "using-named-graph-uri")
_GRAPHS: dict[str, Schema] = {name: {"type": "array", "items": _GRAPH_IRI} for name in _NAMES}
_FORM: Schema = {
    "type": "object",
    "properties": {
        "query": STRING,
        "update": STRING,
        **_GRAPHS,
        "format": _FORMAT.schema,
        "timeout": _TIMEOUT.schema,
    },
    "oneOf": [{"required": ["query"]}, {"required": ["update"]}],
}
_GRAPH = Parameter(
    "graph",
    _GRAPH_IRI,
    Text("De graaf, bij IRI.", "The graph, by its IRI."),
    example="https://w3id.org/so2graph/graph/so2/stated",
)
_DEFAULT = Parameter(
    "default",
    STRING,
    Text("Zonder waarde: de echte standaardgraaf.", "Without a value: the real default graph."),
)
_IF_MATCH = Parameter(
    "If-Match",
    STRING,
    Text("Alleen als de graaf deze ETag nog heeft.", "Only if the graph has this ETag still."),
    where="header",
)
_IF_NEW = Parameter(
    "If-None-Match",
    {"type": "string", "enum": ["*"]},
    Text("Alleen als de graaf er nog niet is.", "Only if the graph is not there yet."),
    where="header",
)
_UPLOAD = Content(
    {fmt.media_type: {} if fmt.name == "jsonld" else STRING for fmt in GRAPH_FORMATS}
    | {"multipart/form-data": {"type": "object", "additionalProperties": {"type": "string", "format": "binary"}}}
)
_LOCAL = local("local", "so2/stated", "De graaf, onder de basis.", "The graph, below the base.")
_STORE_LIST = Content({**RDF.types, "application/json": {"anyOf": [ref("Graphs"), ref("Linked")]}})


def _store(rule: str, named: tuple[Parameter, ...], *, whole: bool) -> tuple[Route, ...]:
    """The methods of the Graph Store Protocol; `whole` is the store itself, which lists graphs and makes them."""
    changed = json_of("Written")
    return (
        Route(
            rule,
            "GET",
            "sparql",
            Text("Een graaf, of de lijst ervan", "A graph, or the list of them")
            if whole
            else Text("Een graaf onder zijn eigen adres", "A graph under its own address"),
            {200: _STORE_LIST if whole else RDF},
            (*named, format_of(*((INDEX,) if whole else ()), *GRAPH_FORMATS), IF_NONE_MATCH),
            (*READ, 404, 406, 422),
            kept=True,
            example="graph-store",
        ),
        Route(
            rule,
            "PUT",
            "sparql",
            Text("Een graaf vervangen", "Replace a graph"),
            {201: changed, 204: None},
            (*named, _IF_MATCH, _IF_NEW),
            WRITE,
            _UPLOAD,
            "editor",
        ),
        Route(
            rule,
            "POST",
            "sparql",
            Text("Aan een graaf toevoegen, of er een maken", "Add to a graph, or make one"),
            {200: changed, 201: changed},
            (*named, _IF_MATCH, _IF_NEW),
            WRITE,
            _UPLOAD,
            "editor",
            ("Location",) if whole else (),
        ),
        Route(
            rule,
            "DELETE",
            "sparql",
            Text("Een graaf weghalen", "Remove a graph"),
            {200: changed},
            (*named, _IF_MATCH, _IF_NEW),
            WRITE,
            role="editor",
        ),
    )


SPARQL_ROUTES: tuple[Route, ...] = (
    Route(
        "/sparql",
        "GET",
        "sparql",
        Text("Een vraag stellen (SPARQL 1.1 Protocol)", "Ask a query (SPARQL 1.1 Protocol)"),
        {200: _ANSWERS},
        (
            Parameter(
                "query",
                STRING,
                Text(
                    "De vraag in SPARQL 1.1; zonder vraag volgt de beschrijving van de dienst.",
                    "The query in SPARQL 1.1; without one, the service description is the answer.",
                ),
                example="SELECT * { ?s ?p ?o } LIMIT 3",
            ),
            *_DATASET,
            _FORMAT,
            _TIMEOUT,
            LANGUAGE,
            IF_NONE_MATCH,
        ),
        QUERIED,
        headers=("SO2Graph-Rows",),
        kept=True,
        example="sparql?query=ASK%20%7B%7D",
    ),
    Route(
        "/sparql",
        "POST",
        "sparql",
        Text("Een vraag of een wijziging (SPARQL 1.1 Protocol)", "A query or an update (SPARQL 1.1 Protocol)"),
        {200: Content({**_ANSWERS.types, "application/json": {"anyOf": [{"type": "object"}, {"type": "array"}]}})},
        (_FORMAT, _TIMEOUT, LANGUAGE),
        (*QUERIED, 404, 415, 507),
        Content({FORM: _FORM, QUERY: STRING, UPDATE: STRING}),
        "for updates",
        ("SO2Graph-Rows",),
        details=Text(
            "Een wijziging vraagt om een token met de rol editor; een vraag niet.",
            "An update needs a token with the role editor; a query does not.",
        ),
    ),
    *_store("/graph-store", (_GRAPH, _DEFAULT), whole=True),
    *_store("/graph-store/<path:local>", (_LOCAL,), whole=False),
)
