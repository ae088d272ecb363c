"""`/sparql`: the SPARQL 1.1 Protocol, the service description, and a page for people."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from so2graph.engine.store import serialize_quads
from so2graph.errors import UnsupportedMedia
from so2graph.formats import GRAPH_FORMATS, Format
from so2graph.publish.service import service_quads
from so2graph.web.asking import chosen_for, query_question
from so2graph.web.described import description_of
from so2graph.web.protocol import SPARQL_METHODS, QueryRequest, UpdateRequest, names_html, read_query
from so2graph.web.site import Site, answer, site, stream
from so2graph.web.tables import Shown, show
from so2graph.web.writing import update

__all__ = ["blueprint"]

blueprint = Blueprint("sparql", __name__)
_TAKEN = [method for method in SPARQL_METHODS if method != "OPTIONS"]
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
        reply = here.ask(query_question(here.session, asked, accept, here.settings.max_page_rows))
        return _page(show(here, reply), asked)
    reply = here.ask(query_question(here.session, asked, accept))
    return stream(reply, chosen_for(reply.kind, accept, asked.format).content_type)


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


def _page(shown: Shown | None, asked: QueryRequest | None) -> Response:
    here = site()
    text = asked.text if asked else ""
    graphs = [("default-graph-uri", iri) for iri in (asked.default_graphs if asked else ())]
    graphs += [("named-graph-uri", iri) for iri in (asked.named_graphs if asked else ())]

    def download(fmt: Format) -> str:
        return f"{request.script_root}/sparql?" + urlencode([("query", text), *graphs, ("format", fmt.suffix)])

    return here.page(
        "sparql.html",
        shown=shown,
        text=text or EXAMPLE,
        prefixes=here.session.prefixes,
        everything=here.session.snapshot.names.everything,
        download=download,
        graphs=graphs,
    )
