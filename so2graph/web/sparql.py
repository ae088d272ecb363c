"""`/sparql`: the SPARQL 1.1 Protocol, the service description, and a page for people."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from so2graph.engine.store import Answer, serialize_quads
from so2graph.errors import UnsupportedMedia
from so2graph.formats import GRAPH_FORMATS, HTML, SOLUTION_FORMATS, Format, by_name
from so2graph.publish.describe import service_description
from so2graph.web.protocol import SPARQL_METHODS, QueryRequest, choose_format, read_query
from so2graph.web.site import Site, answer, site
from so2graph.web.tables import Shown, show

__all__ = ["blueprint"]

blueprint = Blueprint("sparql", __name__)
EXAMPLE = """SELECT ?network ?name WHERE {
  ?network a org:OrganizationalCollaboration ; rdfs:label ?name .
  FILTER(LANG(?name) = "nl")
}
ORDER BY ?name
"""


@blueprint.route("/sparql", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], provide_automatic_options=False)
def endpoint() -> Response:
    """Answers a query; without one, describes the service (SPARQL 1.1 Service Description, 2)."""
    here = site()
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("a compressed body is not read here", mend="Send it as it is.")
    asked = read_query(request.method, request.headers.get("Content-Type", ""), here.parameters, request.get_data())
    if asked is None:
        return _page(None, None) if _as_page(here, here.wanted) else _description()
    result = here.ask(asked.text, asked.default_graphs, asked.named_graphs)
    return _answer(result, asked)


@blueprint.route("/sparql", methods=["OPTIONS"], provide_automatic_options=False)
def options() -> Response:
    """What the endpoint takes; also the CORS preflight."""
    response = Response(status=204)
    response.headers["Allow"] = ", ".join(SPARQL_METHODS)
    return response


def _answer(result: Answer, asked: QueryRequest) -> Response:
    here = site()
    formats = GRAPH_FORMATS if result.kind == "graph" else SOLUTION_FORMATS
    if _as_page(here, asked.format):
        return _page(show(here, result), asked)
    chosen = choose_format(request.headers.get("Accept", ""), asked.format, formats)
    body = result.write(chosen.format, here.session.prefixes, here.settings.max_result_bytes)
    return answer(body, chosen.content_type)


def _as_page(here: Site, wanted: str | None) -> bool:
    return by_name(wanted, (HTML,)) is not None if wanted else here.by_person


def _description() -> Response:
    here = site()
    chosen = here.choose(GRAPH_FORMATS)
    quads = service_description(here.session.snapshot, here.session.readable, request.base_url)
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
