"""What a route is described by in the tables behind `/openapi.json`: bodies, parameters, statuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from so2graph.formats import GRAPH_FORMATS, HTML, Format
from so2graph.registry import Text
from so2graph.web.openapi_schemas import Schema, ref
from so2graph.web.paging import MAX_OFFSET
from so2graph.web.views import VIEWS

__all__ = [
    "GROUPS",
    "IF_NONE_MATCH",
    "INDEX",
    "LANGUAGE",
    "PAGE",
    "PAGE_OR_RDF",
    "PAGING",
    "PERSONAL",
    "QUERIED",
    "RDF",
    "READ",
    "STRING",
    "VIEWED",
    "WRITE",
    "Content",
    "Parameter",
    "Route",
    "format_of",
    "json_of",
    "local",
    "suffix_of",
]

READ = (400, 401, 500, 503)
"""What any route may answer instead: a bad request, an unknown token, a fault, no generation or no place."""
QUERIED = (*READ, 403, 406, 413, 422, 502)
"""The same for one that asks the engine what a client says."""
WRITE = (*READ, 403, 404, 412, 413, 415, 422, 507)
INDEX = Format("json", "JSON", "json", ("application/json",), frozenset({"index"}))
"""A list for a program."""
STRING: Schema = {"type": "string"}


@dataclass(frozen=True)
class Parameter:
    """A parameter: where it stands (`query`, `path` or `header`), its schema, and an example."""

    name: str
    schema: Schema
    text: Text
    where: str = "query"
    required: bool = False
    example: object = None


@dataclass(frozen=True)
class Content:
    """A body by its media types, each with a schema."""

    types: Mapping[str, Schema | None]
    """None where a body is a part, which no schema fits."""

    @classmethod
    def of(cls, formats: tuple[Format, ...], schema: Schema | None = None) -> Content:
        """The formats with every media type that they are sent as; `schema` is that of JSON ones."""
        return cls(
            {
                media_type: (schema or ref("Linked")) if media_type.endswith("json") else {} if fmt.binary else STRING
                for fmt in formats
                for media_type in (fmt.media_types[:1] if fmt is HTML else fmt.media_types)
            }
        )


@dataclass(frozen=True)
class Route:
    """One method of one route: `rule` as Flask writes it.

    `statuses` are the answers that are no errors, each with its body and what it says; `role` is what a token must
    have. `headers` are those of the first answer beside the common ones. `kept` says that it has an entity tag.
    """

    rule: str
    method: str
    group: str
    summary: Text
    statuses: dict[int, Content | None]
    parameters: tuple[Parameter, ...] = ()
    errors: tuple[int, ...] = READ
    body: Content | None = None
    role: str = ""
    headers: tuple[str, ...] = ()
    kept: bool = False
    example: str = ""
    """The address in the example, below the service; without it there is none."""
    details: Text = field(default=Text("", ""))


GROUPS: dict[str, Text] = {
    "queries": Text("Vragen die klaarstaan", "Stored queries"),
    "sparql": Text("SPARQL en Graph Store", "SPARQL and the Graph Store"),
    "things": Text("Dingen, begrippen en grafen", "Things, terms and graphs"),
    "network": Text("Het netwerk", "The network"),
    "links": Text("Koppelingen met andere bronnen", "Links with other sources"),
    "reconcile": Text("Namen koppelen (Reconciliation API)", "Matching names (Reconciliation API)"),
    "dataset": Text("De dataset als geheel", "The dataset as a whole"),
    "service": Text("De dienst zelf", "The service itself"),
}

LANGUAGE = Parameter(
    "lang",
    STRING,
    Text(
        "Taal van pagina's, nl of en; een andere waarde geldt niet, en dan beslist Accept-Language.",
        "Language of pages, nl or en; another value counts for nothing, and Accept-Language decides.",
    ),
    example="en",
)


def format_of(*formats: Format) -> Parameter:
    """The parameter `format` of a route that has these formats."""
    names = [name for fmt in formats for name in (fmt.name, fmt.suffix, *fmt.media_types)]
    return Parameter(
        "format",
        {"type": "string", "enum": [*dict.fromkeys(names), ""]},
        Text(
            "Formaat, bij naam, achtervoegsel of mediatype; gaat voor Accept, tenzij leeg. Wat niet kan, is een 406.",
            "Format, by name, suffix or media type; goes before Accept, unless empty. What cannot be made is a 406.",
        ),
    )


def suffix_of(*formats: Format) -> Parameter:
    """The last part of the path of a route whose format goes by suffix."""
    return Parameter(
        "suffix",
        {"type": "string", "enum": [fmt.suffix for fmt in formats]},
        Text("Formaat, bij achtervoegsel.", "Format, by suffix."),
        "path",
        required=True,
        example="ttl",
    )


IF_NONE_MATCH = Parameter(
    "If-None-Match",
    STRING,
    Text("De ETag van een antwoord dat u al hebt: dan 304.", "The ETag of an answer that you have: then 304."),
    where="header",
)
_SWITCH: Schema = {"type": "string", "enum": ["yes", "no"]}
PAGING = (
    Parameter(
        "limit",
        {"type": "integer", "minimum": 1},
        Text("Hoogstens zoveel rijen: een bladzijde.", "At most so many rows: a page."),
    ),
    Parameter(
        "offset",
        {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET},
        Text("Rijen om over te slaan.", "Rows to pass over."),
    ),
    Parameter(
        "count",
        _SWITCH,
        Text(
            "Alleen het aantal rijen, als ?count; limit en offset doen dan niets.",
            "The number of rows alone, as ?count; limit and offset then do nothing.",
        ),
    ),
    Parameter("download", _SWITCH, Text("Als bestand (attachment).", "As a file (attachment).")),
)
VIEWED = (
    Parameter(
        "view",
        STRING,
        Text(
            f"Hoe de pagina het antwoord toont: {', '.join(VIEWS)}; wat er niet is, wordt de tabel.",
            f"How the page shows the answer: {', '.join(VIEWS)}; what there is not becomes the table.",
        ),
    ),
    Parameter(
        "chart",
        STRING,
        Text(
            "Waarover de grafiek gaat: een kolom, of kolom:getallen.",
            "What the chart is of: a column, or column:numbers.",
        ),
    ),
)
PERSONAL = Parameter(
    "personal",
    _SWITCH,
    Text("Toon op de pagina ook persoonsgegevens.", "Show personal data on the page too."),
)


def local(name: str, example: str, nl: str, en: str) -> Parameter:
    return Parameter(name, {"type": "string", "minLength": 1}, Text(nl, en), "path", required=True, example=example)


PAGE, RDF = Content.of((HTML,)), Content.of(GRAPH_FORMATS)
PAGE_OR_RDF = Content.of((HTML, *GRAPH_FORMATS))


def json_of(schema: str) -> Content:
    """A JSON body by the name of its schema."""
    return Content({"application/json": ref(schema)})
