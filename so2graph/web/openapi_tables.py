"""The table of routes: what each takes and gives; `/openapi.json` and `/api` are made from it.

A new route is one more `Route` in `ROUTES`; `tests/test_openapi.py` names the routes of the application that are
neither here nor in `EXCEPTIONS`.
"""

from __future__ import annotations

from so2graph.formats import HTML, Format
from so2graph.registry import Text
from so2graph.web.openapi_ask import ASK_ROUTES
from so2graph.web.openapi_dataset import DATASET_ROUTES
from so2graph.web.openapi_editor import EDITOR_ROUTES
from so2graph.web.openapi_links import LINK_ROUTES
from so2graph.web.openapi_network import NETWORK_ROUTES
from so2graph.web.openapi_parts import (
    IF_NONE_MATCH,
    INDEX,
    LANGUAGE,
    PAGE,
    READ,
    STRING,
    Content,
    Route,
    format_of,
    json_of,
    local,
)
from so2graph.web.openapi_reconcile import RECONCILE_ROUTES
from so2graph.web.openapi_schemas import ref
from so2graph.web.openapi_search import SEARCH_ROUTES
from so2graph.web.openapi_sparql import SPARQL_ROUTES
from so2graph.web.openapi_things import THING_ROUTES

__all__ = ["EXCEPTIONS", "OPENAPI_FORMATS", "ROUTES"]

OPENAPI_FORMATS = (
    Format(
        "openapi",
        "OpenAPI 3.1",
        "json",
        ("application/json", "application/vnd.oai.openapi+json"),
        frozenset({"index"}),
    ),
)


ROUTES: tuple[Route, ...] = (
    Route(
        "/",
        "GET",
        "things",
        Text(
            "Het netwerk: wegen, een tekening, hetzelfde in woorden",
            "The network: paths, a drawing, the same in words",
        ),
        {200: PAGE},
        (LANGUAGE, IF_NONE_MATCH),
        headers=("Link",),
        kept=True,
    ),
    Route(
        "/queries",
        "GET",
        "queries",
        Text("Alle vragen die klaarstaan", "All stored queries"),
        {200: Content({"text/html": STRING, "application/json": ref("Queries")})},
        (format_of(HTML, INDEX), LANGUAGE, IF_NONE_MATCH),
        (*READ, 406),
        kept=True,
        example="queries?format=json",
    ),
    Route(
        "/queries.json",
        "GET",
        "queries",
        Text("Alle vragen die klaarstaan, als JSON", "All stored queries, as JSON"),
        {200: json_of("Queries")},
        (IF_NONE_MATCH,),
        kept=True,
        example="queries.json",
    ),
    *ASK_ROUTES,
    *SPARQL_ROUTES,
    *EDITOR_ROUTES,
    *THING_ROUTES,
    *SEARCH_ROUTES,
    *NETWORK_ROUTES,
    *LINK_ROUTES,
    *RECONCILE_ROUTES,
    *DATASET_ROUTES,
    Route(
        "/queries-running",
        "GET",
        "service",
        Text("Wat er nu loopt", "What is at work"),
        {200: json_of("Running")},
        errors=(*READ, 403),
        role="editor",
    ),
    Route(
        "/queries-running/<ident>",
        "DELETE",
        "service",
        Text("Een vraag of wijziging beëindigen", "End a query or a write"),
        {204: None},
        (local("ident", "0f3a-1", "De id uit /queries-running.", "The id from /queries-running."),),
        (*READ, 403, 404),
        role="editor",
    ),
    Route(
        "/-/health", "GET", "service", Text("Het proces antwoordt", "The process answers"), {200: json_of("Health")}
    ),
    Route(
        "/-/ready",
        "GET",
        "service",
        Text("Een lezer antwoordt; 503 zolang dat niet zo is", "A reader answers; 503 while none does"),
        {200: json_of("Ready")},
        example="-/ready",
    ),
    Route(
        "/-/metrics",
        "GET",
        "service",
        Text("Tellers voor Prometheus", "Counters for Prometheus"),
        {200: Content({"text/plain": STRING})},
    ),
    Route(
        "/-/settings",
        "GET",
        "service",
        Text("De instellingen die gelden", "The settings in force"),
        {200: Content({"application/json": ref("Settings"), "text/html": STRING})},
        (LANGUAGE,),
        example="-/settings",
    ),
    Route(
        "/openapi.json",
        "GET",
        "service",
        Text("Dit document", "This document"),
        {200: Content.of(OPENAPI_FORMATS, ref("Document"))},
        (format_of(*OPENAPI_FORMATS), IF_NONE_MATCH),
        (*READ, 406),
        kept=True,
        example="openapi.json",
    ),
    Route(
        "/api",
        "GET",
        "service",
        Text("Dit document als pagina", "This document as a page"),
        {200: PAGE},
        (LANGUAGE, IF_NONE_MATCH),
        kept=True,
    ),
)

EXCEPTIONS: dict[tuple[str, str], str] = {
    ("*", "HEAD"): "every GET takes it too, and answers the same without a body",
    ("*", "OPTIONS"): "every route takes it: the methods in Allow, and the CORS preflight",
    ("/queries/<name>", "GET"): "each stored query has a path of its own",
    ("/static/<path:filename>", "GET"): "the style of the pages",
    ("/sparql", "QUERY"): "it is taken; OpenAPI 3.1 has no field for the method",
    ("/sparql", "PUT"): "only refused, with 405 and Allow",
    ("/sparql", "PATCH"): "only refused, with 405 and Allow",
    ("/sparql", "DELETE"): "only refused, with 405 and Allow",
    ("/graph-store", "PATCH"): "only refused, with 405 and Allow",
    ("/graph-store", "QUERY"): "only refused, with 405 and Allow",
    ("/graph-store/<path:local>", "PATCH"): "only refused, with 405 and Allow",
}
"""What is not in the document, and why; `*` is every route."""
