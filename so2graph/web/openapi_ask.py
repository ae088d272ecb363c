"""The rows of the table of routes for questions without SPARQL."""

from __future__ import annotations

from so2graph.formats import HTML, SOLUTION_FORMATS
from so2graph.publish.question import CERTAINTIES, KINDS, STEPS
from so2graph.registry import PARAMETER_TYPES, Text
from so2graph.web.openapi_parts import (
    IF_NONE_MATCH,
    LANGUAGE,
    PAGING,
    QUERIED,
    STRING,
    VIEWED,
    Content,
    Parameter,
    Route,
    format_of,
    json_of,
    suffix_of,
)
from so2graph.web.openapi_schemas import Schema, ref

__all__ = ["ASK_ROUTES"]

_IRI: Schema = {"type": "string", "pattern": f"^(?:{PARAMETER_TYPES['iri']})?$"}
_TRAIT: Schema = {"type": "string", "pattern": rf"^(?:\^?(?:{PARAMETER_TYPES['iri']}))?$"}
_PARAMETERS = (
    Parameter(
        "kind",
        {"type": "string", "enum": [*KINDS, ""]},
        Text(
            "Soort vraag: alle dingen, die iets missen, die dicht bij iets zijn, of hoeveel per waarde.",
            "Kind of question: all things, those that lack something, those close to one, or how many by value.",
        ),
        example="lack",
    ),
    Parameter("of", _IRI, Text("De klasse van de dingen.", "The class of the things."), example="so2:Network"),
    Parameter(
        "trait",
        _TRAIT,
        Text(
            "De eigenschap die ontbreekt (lack) of waarnaar geteld wordt (count); met ^ ervoor omgekeerd.",
            "The property that is missing (lack) or that is counted by (count); ^ before it is the other way round.",
        ),
        example="so2:hasCoreGroup",
    ),
    Parameter("thing", STRING, Text("Waar de dingen dicht bij zijn (near).", "What the things are close to (near).")),
    Parameter(
        "steps",
        {"type": "string", "enum": [*map(str, STEPS), ""]},
        Text("Hoeveel verbanden ver, hoogstens (near).", "How many relations away, at most (near)."),
    ),
    Parameter(
        "place",
        STRING,
        Text(
            "Alleen wat verbonden is met deze plaats of iets erin.",
            "Only what is tied to this place or something in it.",
        ),
    ),
    Parameter("theme", STRING, Text("Alleen wat verbonden is met dit thema.", "Only what is tied to this theme.")),
    Parameter(
        "certainty",
        {"type": "string", "enum": [*CERTAINTIES, ""]},
        Text(
            "Wat telt: feiten, ook plannen, of ook wat een lezer afleidt.",
            "What counts: facts, plans as well, or what a reader infers as well.",
        ),
    ),
)
_DOWNLOAD = tuple(p for p in PAGING if p.name == "download")
_PAGED = tuple(p for p in PAGING if p.name in ("limit", "offset"))
_DETAILS = Text(
    "Een vraag zonder SPARQL. Op de pagina mag bij thing, place en theme ook een naam staan: dan volgt een 303 naar "
    "het adres met de IRI. Voor gegevens is een IRI nodig, of een naam met prefix, en een vraag die af is. "
    "limit en offset zijn er voor de pagina; een bestand heeft alle rijen.",
    "A question without SPARQL. On the page thing, place and theme may be names too: then a 303 leads to the address "
    "with the IRI. Data takes an IRI or a prefixed name, and a question that is complete. limit and offset are for "
    "the page; a file has all rows.",
)

ASK_ROUTES = (
    Route(
        "/ask",
        "GET",
        "queries",
        Text("Een vraag zonder SPARQL, met het antwoord", "A question without SPARQL, with its answer"),
        {200: Content.of((HTML, *SOLUTION_FORMATS), ref("Results")), 303: None},
        (*_PARAMETERS, *_PAGED, *VIEWED, *_DOWNLOAD, format_of(HTML, *SOLUTION_FORMATS), LANGUAGE, IF_NONE_MATCH),
        tuple(status for status in QUERIED if status != 502),
        headers=("Content-Disposition", "SO2Graph-Rows"),
        kept=True,
        example="ask?kind=lack&of=so2:Network&trait=so2:hasCoreGroup&format=csv",
        details=_DETAILS,
    ),
    Route(
        "/ask.<suffix>",
        "GET",
        "queries",
        Text("Het antwoord op een vraag zonder SPARQL, als bestand", "The answer to such a question, as a file"),
        {200: Content.of((HTML, *SOLUTION_FORMATS), ref("Results")), 303: None},
        (suffix_of(*SOLUTION_FORMATS, HTML), *_PARAMETERS, *_PAGED, *VIEWED, *_DOWNLOAD, LANGUAGE, IF_NONE_MATCH),
        tuple(status for status in QUERIED if status != 502),
        headers=("Content-Disposition", "SO2Graph-Rows"),
        kept=True,
        example="ask.csv?kind=count&of=foaf:Person&trait=so2:affiliatedWith",
        details=_DETAILS,
    ),
    Route(
        "/ask/things",
        "GET",
        "queries",
        Text("Namen van dingen, terwijl iemand typt", "Names of things, while somebody types"),
        {200: json_of("Choices")},
        (
            Parameter(
                "q",
                STRING,
                Text(
                    "Een deel van een naam, van twee tekens of meer.", "A part of a name, of two characters or more."
                ),
                example="bries",
            ),
            LANGUAGE,
            IF_NONE_MATCH,
        ),
        tuple(status for status in QUERIED if status not in (406, 502)),
        kept=True,
        example="ask/things?q=bries",
    ),
)
