"""Makes the OpenAPI document of the service (OpenAPI 3.1) from the table of routes; without I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from shlex import quote as shell

from so2graph import __version__
from so2graph.config import Settings
from so2graph.errors import leaves
from so2graph.formats import GRAPH_FORMATS, HTML, SOLUTION_FORMATS
from so2graph.registry import PARAMETER_TYPES, StoredQuery, Text
from so2graph.registry import Parameter as QueryParameter
from so2graph.web.openapi_parts import (
    GROUPS,
    IF_NONE_MATCH,
    LANGUAGE,
    PAGING,
    PERSONAL,
    QUERIED,
    VIEWED,
    Content,
    Parameter,
    Route,
    format_of,
)
from so2graph.web.openapi_schemas import SCHEMAS, Schema, ref
from so2graph.web.openapi_search import fitted
from so2graph.web.openapi_tables import ROUTES

__all__ = ["HEADERS", "Service", "document", "routes"]

HEADERS: dict[str, tuple[Schema, Text]] = {
    "SO2Graph-Generation": (
        {"type": "integer", "minimum": 1},
        Text("De generatie waar het antwoord uit komt.", "The generation that the answer comes from."),
    ),
    "Server-Timing": ({"type": "string"}, Text("De tijd die het kostte.", "The time that it took.")),
    "ETag": ({"type": "string"}, Text("Naam van dit antwoord.", "Name of this very answer (RFC 9110, 8.8.3).")),
    "Link": ({"type": "string"}, Text("Waar het verder gaat (RFC 8288).", "Where it goes on (RFC 8288).")),
    "Location": ({"type": "string", "format": "uri-reference"}, Text("Waar het is.", "Where it is.")),
    "SO2Graph-Rows": (
        {"type": "integer", "minimum": 0},
        Text("De rijen van dit antwoord, waar het bekend is.", "The rows of this answer, where it is known."),
    ),
    "SO2Graph-Total": (
        {"type": "integer", "minimum": 0},
        Text("De rijen van alle bladzijden samen.", "The rows of all pages together."),
    ),
    "Accept-Ranges": ({"const": "bytes"}, Text("Het kan in delen.", "It can be had in parts (RFC 9110, 14.3).")),
    "Content-Profile": (
        {"type": "string"},
        Text("Het profiel, als <IRI>.", "The profile, as <IRI> (Content Negotiation by Profile, 7)."),
    ),
    "Content-Range": ({"type": "string"}, Text("Welk deel het is.", "Which part it is (RFC 9110, 14.4).")),
    "Last-Modified": ({"type": "string"}, Text("Wanneer de uitgave is gemaakt.", "When the generation was made.")),
    "Repr-Digest": (
        {"type": "string"},
        Text("De sha256 van het hele bestand.", "The sha256 of the whole file (RFC 9530, 3)."),
    ),
    "Content-Disposition": ({"type": "string"}, Text("De naam als bestand.", "The name as a file (RFC 6266).")),
    "WWW-Authenticate": ({"type": "string"}, Text("Hoe een token te tonen.", "How to show a token.")),
    "Retry-After": ({"type": "integer"}, Text("Seconden om te wachten.", "Seconds to wait.")),
}
_ALWAYS = ("SO2Graph-Generation", "Server-Timing")
_MORE: dict[int, tuple[str, ...]] = {
    206: ("Content-Range", "Repr-Digest"),
    308: ("Location",),
    401: ("WWW-Authenticate",),
    416: ("Content-Range",),
    503: ("Retry-After",),
}
_SAID: dict[int, Text] = {
    200: Text("Het antwoord", "The answer"),
    201: Text("Gemaakt", "Made"),
    204: Text("Gedaan", "Done"),
    206: Text("Een deel ervan", "A part of it"),
    303: Text("Zie Location", "See Location"),
    304: Text("Onveranderd", "Not changed"),
    308: Text("Staat op Location", "Is at Location"),
}
_TITLE = Text("so2graph: netwerken van sociale ondernemingen", "so2graph: networks of social enterprises")
_ABOUT = Text(
    "Eén webpagina over netwerken van sociale ondernemingen in Noord-Nederland als gelinkte data: bij elke uitspraak "
    "staan haar zekerheid en haar vindplaats. Onbekende parameters geven 400 bij een vraag die klaarstaat, en doen "
    "elders niets. Wat een GET geeft, geeft HEAD zonder inhoud; OPTIONS zegt welke methoden er zijn.",
    "One web page about networks of social enterprises in the north of the Netherlands as linked data: every "
    "statement has its certainty and the words it rests on. A parameter that is not known gives 400 at a stored "
    "query, and does nothing elsewhere. What GET gives, HEAD gives without a body; OPTIONS says which methods there "
    "are. The licence is that of the data.",
)


@dataclass(frozen=True)
class Service:
    """What the document depends on beside the tables: where the service is, its settings and stored queries."""

    root: str
    settings: Settings
    queries: tuple[StoredQuery, ...]


def routes(service: Service) -> Iterator[Route]:
    """The table, with each stored query as a route of its own after the lists of them."""
    for route in ROUTES:
        yield fitted(route, service.settings)
        if route.rule == "/queries.json":
            yield from (_query_route(query, service.settings) for query in service.queries)


def _query_route(query: StoredQuery, settings: Settings) -> Route:
    graph = query.view == "graph"
    most: Schema = {"maximum": settings.max_page_size}
    paging = tuple(replace(p, schema=p.schema | most) if p.name == "limit" else p for p in PAGING)
    formats = GRAPH_FORMATS if graph else SOLUTION_FORMATS
    return Route(
        f"/queries/{query.name}",
        "GET",
        "queries",
        query.title,
        {200: Content.of((HTML, *formats), ref("Linked" if graph else "Results"))},
        (
            *(_query_parameter(parameter) for parameter in query.parameters),
            *(paging[3:] if graph else paging),
            *((PERSONAL,) if query.personal else ()),
            *VIEWED,
            format_of(HTML, *formats),
            LANGUAGE,
            IF_NONE_MATCH,
        ),
        tuple(status for status in QUERIED if status != 502),
        headers=("Content-Disposition", "SO2Graph-Rows", *(() if graph else ("Link", "SO2Graph-Total"))),
        kept=True,
        example=f"queries/{query.name}.{'ttl' if graph else 'csv?limit=10'}",
        details=query.description,
    )


def _query_parameter(parameter: QueryParameter) -> Parameter:
    schema: Schema = {"type": "string"}
    if parameter.type == "language":
        schema["enum"] = ["nl", "en"]
    elif parameter.type != "string":
        # A value may be empty, which is as if it were not given: forms send it so.
        schema["pattern"] = f"^(?:{PARAMETER_TYPES[parameter.type]})?$"
    if parameter.default is not None:
        schema = schema | {"default": parameter.default}
    return Parameter(parameter.name, schema, parameter.label, example=parameter.default)


def document(service: Service, language: str = "en") -> dict[str, object]:
    """The document, with its words in a language."""
    paths: dict[str, dict[str, object]] = {}
    for route in routes(service):
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.rule)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, path, service, language)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": _TITLE.of(language),
            "description": _ABOUT.of(language),
            "version": __version__,
            "contact": {"name": "so2graph", "url": service.root},
            "license": {"name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"},
        },
        "servers": [{"url": service.root.rstrip("/")}],
        "tags": [{"name": name, "description": text.of(language)} for name, text in GROUPS.items()],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "responses": {f"E{status}": _problem(status) for status in _statuses()},
            "headers": {
                name: {
                    "description": text.of(language),
                    "schema": schema,
                    **({"required": True} if name == "Server-Timing" else {}),
                }
                for name, (schema, text) in HEADERS.items()
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _statuses() -> list[int]:
    return sorted({error.status for error in leaves()})


def _headers(names: Iterable[str]) -> dict[str, Schema]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _problem(status: int) -> dict[str, object]:
    """An error by its status, said as the table of errors says it; a browser gets it as a page."""
    causes = sorted({error.slug for error in leaves() if error.status == status})
    return {
        "description": ", ".join(causes),
        "headers": _headers((*_ALWAYS, *_MORE.get(status, ()))),
        "content": {
            "application/problem+json": {"schema": ref("Problem")},
            "text/html": {"schema": {"type": "string"}},
        },
    }


def _operation(route: Route, path: str, service: Service, language: str) -> dict[str, object]:
    words = re.sub(r"\W+", "-", path).strip("-") or "home"
    said: dict[str, object] = {
        "operationId": f"{route.method.lower()}-{words}",
        "tags": [route.group],
        "summary": route.summary.of(language),
    }
    if route.details.of(language):
        said["description"] = route.details.of(language)
    if route.parameters:
        said["parameters"] = [_parameter(parameter, language) for parameter in route.parameters]
    if route.body is not None:
        said["requestBody"] = {"required": True, "content": _content(route.body)}
    said["responses"] = _responses(route, language)
    needed: Schema = {"token": []}
    said["security"] = [needed] if route.role == "editor" else [{}, needed]
    said["x-codeSamples"] = [{"lang": "Shell", "source": _curl(route, service.root)}]
    return said


def _parameter(parameter: Parameter, language: str) -> dict[str, object]:
    said: dict[str, object] = {
        "name": parameter.name,
        "in": parameter.where,
        "description": parameter.text.of(language),
        "schema": parameter.schema,
    }
    if parameter.required:
        said["required"] = True
    if parameter.example is not None:
        said["example"] = parameter.example
    return said


def _content(content: Content) -> dict[str, object]:
    return {media: {} if schema is None else {"schema": schema} for media, schema in content.types.items()}


def _responses(route: Route, language: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for number, (status, content) in enumerate(route.statuses.items()):
        tag = ("ETag",) if route.kept and status < 300 else ()
        names = [*_ALWAYS, *tag, *(() if number else route.headers), *_MORE.get(status, ())]
        said: dict[str, object] = {"description": _SAID[status].of(language), "headers": _headers(names)}
        if content is not None:
            said["content"] = _content(content)
        found[str(status)] = said
    if route.kept:
        found["304"] = {"description": _SAID[304].of(language), "headers": _headers((*_ALWAYS, "ETag"))}
    for status in sorted(set(route.errors)):
        found[str(status)] = {"$ref": f"#/components/responses/E{status}"}
    return found


def _curl(route: Route, root: str) -> str:
    """How to send it from a shell."""
    local = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(_example(route, match.group(1))), route.rule)
    parts = ["curl"]
    if route.method != "GET":
        parts.append(f"-X {route.method}")
    if route.role == "editor":
        parts.append('-H "Authorization: Bearer $TOKEN"')
    if route.body is not None:
        media_type = next(iter(route.body.types))
        parts.append(
            "--data-urlencode 'query=ASK {}'"
            if "form" in media_type
            else f"-H 'Content-Type: {media_type}' --data-binary @graph"
        )
    where = route.example if route.method == "GET" and route.example else local.lstrip("/")
    return " ".join([*parts, shell(root + where)])


def _example(route: Route, name: str) -> object:
    return next(p.example for p in route.parameters if p.name == name)
