"""`/sparql`: the SPARQL 1.1 Protocol, the service description, and a page for people."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from so2graph.engine.store import serialize_quads
from so2graph.errors import QuerySyntax, So2Error, UnsupportedMedia
from so2graph.formats import GRAPH_FORMATS, Format
from so2graph.publish.service import service_quads
from so2graph.web.asking import chosen_for, query_question
from so2graph.web.checking import WELL_KNOWN, Problem, check
from so2graph.web.described import description_of
from so2graph.web.errors import explained, more_headers, title_of
from so2graph.web.paging import Page, read_page
from so2graph.web.protocol import SPARQL_METHODS, QueryRequest, UpdateRequest, names_html, read_query, single
from so2graph.web.site import Site, answer, site, stream
from so2graph.web.tables import Shown, show
from so2graph.web.views import Answer, Origin, page_links
from so2graph.web.words import texts
from so2graph.web.writing import update

__all__ = ["blueprint"]

blueprint = Blueprint("sparql", __name__)
_TAKEN = [method for method in SPARQL_METHODS if method != "OPTIONS"]
_ROWS = (25, 100, 250)
EXAMPLE = """SELECT ?network ?name WHERE {
  ?network a org:OrganizationalCollaboration ; rdfs:label ?name .
  FILTER(LANG(?name) = "nl")
}
ORDER BY ?name
"""


@blueprint.route("/sparql", methods=[*_TAKEN, "PUT", "PATCH", "DELETE"], provide_automatic_options=False)
def endpoint() -> Response:
    """Answers a query; without one, describes the service (SPARQL 1.1 Service Description, 2)."""
    here = site()
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("a compressed body is not read here", mend="Send it as it is.")
    asked = read_query(request.method, request.headers.get("Content-Type", ""), here.parameters, request.get_data())
    if asked is None:
        return _page(None, None) if _as_page(here, here.wanted) else _description()
    if isinstance(asked, UpdateRequest):
        return update(here, asked)
    accept = request.headers.get("Accept", "")
    if _as_page(here, asked.format):
        return _answered(here, asked)
    reply = here.ask(query_question(here.session, asked, accept))
    return stream(reply, chosen_for(reply.kind, accept, asked.format).content_type)


def _answered(here: Site, asked: QueryRequest) -> Response:
    """The page with an answer; a person gets it with what went wrong, and the query to mend."""
    most = here.settings.max_page_rows
    page = read_page(here.parameters, most)
    question = query_question(here.session, asked, "", page.limit if page else most)
    question = replace(question, page_offset=page.offset if page else 0)
    try:
        return _page(show(here, here.ask(question)), asked, page)
    except So2Error as error:
        if not here.by_person:
            raise
        response = _page(None, asked, page, error)
        response.status_code = error.status
        response.headers.update(more_headers(error))
        return response


@blueprint.route("/sparql", methods=["OPTIONS"], provide_automatic_options=False)
def options() -> Response:
    """What the endpoint takes; also the CORS preflight."""
    response = Response(status=204)
    response.headers["Allow"] = ", ".join(SPARQL_METHODS)
    response.headers["Accept-Query"] = "application/sparql-query, application/x-www-form-urlencoded"
    return response


def _as_page(here: Site, wanted: str | None) -> bool:
    return names_html(wanted) if wanted else here.by_person


def _description() -> Response:
    here = site()
    chosen = here.choose(GRAPH_FORMATS)
    quads = service_quads(
        description_of(here),
        here.session.snapshot.manifest.graphs,
        here.session.prefixes,
        federated=bool(here.settings.federation),
    )
    return answer(serialize_quads(quads, chosen.format, here.session.prefixes), chosen.content_type)


def _page(
    shown: Shown | None, asked: QueryRequest | None, page: Page | None = None, error: So2Error | None = None
) -> Response:
    here = site()
    text = asked.text if asked else _example(here)
    graphs = [("default-graph-uri", iri) for iri in (asked.default_graphs if asked else ())]
    graphs += [("named-graph-uri", iri) for iri in (asked.named_graphs if asked else ())]
    stated = [("query", text), *graphs]

    def data(fmt: Format) -> str:
        return "sparql?" + urlencode([*stated, ("format", fmt.suffix)])

    most = here.settings.max_page_rows
    answered = None
    if shown is not None:
        shape = [("limit", str(page.limit)), ("offset", str(page.offset))] if page else []
        origin = Origin("sparql", (*stated, *shape), text, data, tuple(graphs), "sparql/explain")
        total = shown.count if shown.boolean is None else 0
        pages = page_links(here, "sparql", stated, page or Page(most, 0), total)
        answered = Answer(here, shown, origin, in_words=False, pages=pages, first=page.offset + 1 if page else 1)

    return here.page(
        "sparql.html",
        error=error,
        title=title_of(error, here.language) if error else "",
        explained=explained(error, here.language) if error else "",
        flaw=_flaw(here, text, error) if isinstance(error, QuerySyntax) else None,
        text=text,
        prefixes=here.session.prefixes,
        everything=here.session.snapshot.names.everything,
        answered=answered,
        graphs=graphs,
        page=page,
        limits=_limits(most),
        examples=_examples(here),
        editor=_for_script(here),
    )


def _flaw(here: Site, text: str, error: QuerySyntax) -> Problem | None:
    """A fault of syntax in the reader's words, as the editor tells it while a query is written."""

    def again() -> NoReturn:
        raise error

    return next(iter(check(here.session, text, here.language, again, again, update=False).errors), None)


def _limits(most: int) -> list[int]:
    """The numbers of rows that a page can be asked for."""
    return [*(number for number in _ROWS if number < most), most]


def _examples(here: Site) -> list[tuple[str, str, str]]:
    """The stored queries as examples: name, title and description, by title."""
    found = [
        (query.name, query.title.of(here.language), query.description.of(here.language))
        for query in here.access.bundle.queries().values()
    ]
    return sorted(found, key=lambda row: row[1].casefold())


def _example(here: Site) -> str:
    """The text that the page begins with: that of the stored query `example`, as it runs without its parameters."""
    name = single(here.parameters, "example")
    return EXAMPLE if name is None else here.session.bound(here.access.bundle.query(name), {})


def _for_script(here: Site) -> dict[str, object]:
    """What the editor in a browser has to know of the service."""
    return {
        "language": here.language,
        "chosen": here.chosen_language,
        "root": here.root,
        "prefixes": dict(here.session.prefixes),
        "known": {prefix: iri for prefix, iri in WELL_KNOWN.items() if prefix not in here.session.prefixes},
        "words": texts("editor.js.", here.language),
        "errors": texts("explain.", here.language),
    }
