"""The rows of the table of routes for links with other sources and for judging them."""

from __future__ import annotations

from so2graph.formats import HTML
from so2graph.link.health import CHECKS
from so2graph.link.review import PREDICATES, Verdict
from so2graph.registry import Text
from so2graph.web.links_health import HEALTH_FORMATS, TURTLE
from so2graph.web.openapi_parts import (
    IF_NONE_MATCH,
    INDEX,
    LANGUAGE,
    PAGE,
    PAGING,
    READ,
    STRING,
    Content,
    Parameter,
    Route,
    format_of,
    local,
    suffix_of,
)
from so2graph.web.openapi_schemas import Schema
from so2graph.web.protocol import FORM

__all__ = ["LINK_ROUTES"]

_TARGET = local("target", "geonames", "De naam van een bron.", "The name of a source.")
_OF = Parameter(
    "of",
    {"type": "string", "enum": ["review", "accept"]},
    Text(
        "Waarover gevraagd wordt: twijfelgevallen, of wat het programma zelf goedkeurde.",
        "What is asked about: cases in doubt, or what the program accepted by itself.",
    ),
)
_PAIR = (
    Parameter("ours", STRING, Text("De IRI van een ding hier, bij theirs.", "The IRI of a thing here, with theirs.")),
    Parameter("theirs", STRING, Text("De IRI van een ding daar.", "The IRI of a thing there.")),
)
_KEY: Schema = {
    "key": {"type": "string", "description": "What the page's form has, where a browser is signed in by a cookie."}
}
_ANSWER: Schema = {
    "type": "object",
    "properties": {
        "ours": STRING,
        "theirs": STRING,
        "verdict": {"type": "string", "enum": [*Verdict]},
        "seen": {"type": "string", "description": "What the page's form has: the state that was judged."},
        "predicate": {"type": "string", "enum": [*PREDICATES]},
        "comment": {"type": "string", "maxLength": 1000},
        **_KEY,
    },
    "required": ["ours", "theirs", "verdict"],
}
_DONE: Schema = {
    "type": "object",
    "properties": {
        "answer": {"type": "integer"},
        "verdict": {"type": "string", "enum": [*Verdict]},
        "generation": {"type": ["integer", "null"]},
        "records": {"type": "array", "items": STRING},
    },
    "required": ["answer", "verdict", "generation", "records"],
}
_EXAMINED: Schema = {
    "type": "object",
    "properties": {
        "examined": {"type": ["string", "null"]},
        "generation": {"type": "integer"},
        "online": {"type": "boolean"},
        "targets": {"type": "array", "items": {"type": "object"}},
        "ailments": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"check": {"type": "string", "enum": [*CHECKS]}, "target": STRING, "record": STRING},
            },
        },
    },
    "required": ["examined"],
}
_ACCEPTED: Schema = {
    "type": "object",
    "properties": {"accepted": {"type": "integer"}},
    "required": ["accepted"],
}
_WITHDRAWN: Schema = {
    "type": "object",
    "properties": {"withdrawn": STRING, "generation": {"type": "integer"}},
    "required": ["withdrawn", "generation"],
}
_RECORD = Parameter(
    "mapping",
    STRING,
    Text("De naam van het oordeel.", "The name of the judgement."),
    required=True,
    example="67822526496c52b1",
)
_GIVEN: dict[int, Content | None] = {200: Content({"application/json": _DONE}), 303: None}
_JUDGED = (*READ, 403, 404, 409, 412, 413, 415, 422, 507)
_BROWSER = Text(
    "Een browser (Accept: text/html) gaat door naar de volgende vraag; een programma krijgt JSON.",
    "A browser (Accept: text/html) goes on to the next question; a program gets JSON.",
)


def _form(properties: Schema, *required: str) -> Content:
    return Content({FORM: {"type": "object", "properties": properties, "required": list(required)}})


LINK_ROUTES: tuple[Route, ...] = (
    Route(
        "/links",
        "GET",
        "links",
        Text("Met welke bronnen er koppelingen zijn", "With which sources there are links"),
        {200: PAGE},
        (LANGUAGE,),
        example="links",
    ),
    Route(
        "/links/<target>",
        "GET",
        "links",
        Text("De oordelen over koppelingen met een bron", "The judgements about links with a source"),
        {200: PAGE},
        (
            _TARGET,
            Parameter(
                "decision",
                {"type": "string", "enum": ["accepted", "refused", "none"]},
                Text("Alleen met dit oordeel.", "With this verdict only."),
            ),
            Parameter(
                "predicate",
                STRING,
                Text("Alleen met deze relatie.", "With this relation only."),
                example="skos:exactMatch",
            ),
            Parameter(
                "who", STRING, Text("Alleen van deze persoon, of program.", "Of this person only, or program.")
            ),
            *(parameter for parameter in PAGING if parameter.name in ("limit", "offset")),
            LANGUAGE,
        ),
        (*READ, 404),
    ),
    Route(
        "/links/<target>.sssom.tsv",
        "GET",
        "links",
        Text(
            "Alle oordelen over koppelingen met een bron, als SSSOM",
            "All judgements about links with a source, as SSSOM",
        ),
        {200: Content({"text/tab-separated-values": STRING})},
        (_TARGET, IF_NONE_MATCH),
        (*READ, 404),
        kept=True,
        example="links/geonames.sssom.tsv",
        details=Text(
            "Dezelfde bytes als 'so2graph link export'; bewerkt en met 'so2graph link import' weer in te lezen.",
            "The same bytes as 'so2graph link export'; to be edited, and read again by 'so2graph link import'.",
        ),
    ),
    Route(
        "/links/review/-/withdraw",
        "GET",
        "links",
        Text("Vraagt of een oordeel ingetrokken moet worden", "Asks whether a judgement is to be withdrawn"),
        {200: PAGE},
        (_RECORD, LANGUAGE),
        (*READ, 404),
        example="links/review/-/withdraw?mapping=67822526496c52b1",
    ),
    Route(
        "/links/review/-/withdraw",
        "POST",
        "links",
        Text(
            "Trekt een oordeel in, met alles wat de koppeling bracht",
            "Withdraws a judgement, and all that its link brought",
        ),
        {200: Content({"application/json": _WITHDRAWN}), 303: None},
        (LANGUAGE,),
        _JUDGED,
        _form({"mapping": STRING, **_KEY}, "mapping"),
        role="editor",
        details=_BROWSER,
    ),
    Route(
        "/links/review/-/withdrawn",
        "GET",
        "links",
        Text("Zegt dat een oordeel weg is", "Says that a judgement is gone"),
        {200: PAGE},
        (
            Parameter("generation", STRING, Text("De generatie zonder het oordeel.", "The generation without it.")),
            Parameter("target", STRING, Text("De bron.", "The source.")),
            LANGUAGE,
        ),
    ),
    Route(
        "/links/health",
        "GET",
        "links",
        Text("Wat er mis is met koppelingen", "What is wrong with links"),
        {200: Content({HTML.media_type: STRING, INDEX.media_type: _EXAMINED, "text/turtle": STRING})},
        (format_of(*HEALTH_FORMATS), LANGUAGE),
        (*READ, 406),
        example="links/health?format=json",
    ),
    Route(
        "/links/health.<suffix>",
        "GET",
        "links",
        Text("Hetzelfde naar achtervoegsel; Turtle in DQV", "The same by suffix; Turtle in DQV"),
        {200: Content({HTML.media_type: STRING, INDEX.media_type: _EXAMINED, "text/turtle": STRING})},
        (suffix_of(INDEX, TURTLE, HTML), LANGUAGE),
        (*READ, 404),
        example="links/health.ttl",
    ),
    Route(
        "/links/review",
        "GET",
        "links",
        Text("Wat er te beoordelen is; of hoe u zich aanmeldt", "What there is to judge; or how to sign in"),
        {200: PAGE},
        (
            Parameter(
                "next",
                STRING,
                Text("Waar het na het aanmelden verder gaat.", "Where it goes on after the sign-in."),
                example="links/review",
            ),
            LANGUAGE,
        ),
        example="links/review",
    ),
    Route(
        "/links/review/<target>",
        "GET",
        "links",
        Text("De volgende vraag over een koppeling", "The next question about a link"),
        {200: PAGE},
        (_TARGET, *_PAIR, _OF, LANGUAGE),
        (*READ, 404),
    ),
    Route(
        "/links/review/<target>",
        "POST",
        "links",
        Text("Een antwoord op een vraag", "An answer to a question"),
        _GIVEN,
        (_TARGET, LANGUAGE),
        _JUDGED,
        Content({FORM: _ANSWER}),
        role="editor",
        details=_BROWSER,
    ),
    Route(
        "/links/review/<target>/undo",
        "POST",
        "links",
        Text("Een eigen antwoord ongedaan maken", "Taking an answer of one's own back"),
        _GIVEN,
        (_TARGET, LANGUAGE),
        _JUDGED,
        _form({"answer": {"type": "string", "pattern": "^[0-9]{1,9}$"}, **_KEY}, "answer"),
        role="editor",
        details=_BROWSER,
    ),
    Route(
        "/links/review/<target>/accept",
        "POST",
        "links",
        Text("Leggen waarvan het programma zeker is", "Making the links that the program is sure of"),
        {200: Content({"application/json": _ACCEPTED}), 303: None},
        (_TARGET, LANGUAGE),
        _JUDGED,
        _form(_KEY),
        role="editor",
        details=_BROWSER,
    ),
    Route(
        "/links/review/-/sign-in",
        "POST",
        "links",
        Text("Een browser aanmelden met een sleutel", "Signing a browser in with a token"),
        {303: None, 200: Content.of((HTML,))},
        (LANGUAGE,),
        (*READ, 403, 413, 415, 507),
        _form({"token": STRING, "next": STRING}, "token"),
        details=Text(
            "Geeft een koekje dat alleen naar /links/review gaat (HttpOnly, SameSite=Strict).",
            "Gives a cookie that goes to /links/review alone (HttpOnly, SameSite=Strict).",
        ),
    ),
    Route(
        "/links/review/-/sign-out",
        "POST",
        "links",
        Text("Een browser afmelden", "Signing a browser out"),
        {303: None},
        (LANGUAGE,),
        (*READ, 403, 413, 415),
        _form(_KEY),
        role="editor",
    ),
)
