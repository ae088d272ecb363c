"""`/sparql`: the SPARQL 1.1 Protocol, the service description, and a page for people."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from so2graph.engine.store import Answer, serialize_quads
from so2graph.formats import GRAPH_FORMATS, HTML, SOLUTION_FORMATS, Format, by_name
from so2graph.publish.describe import service_description
from so2graph.web.protocol import SPARQL_METHODS, QueryRequest, choose_format, read_query
from so2graph.web.site import answer, site
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
    url = {name: values for name, values in request.args.lists() if name != "lang"}
    asked = read_query(request.method, request.headers.get("Content-Type", ""), url, request.get_data())
    here = site()
    if asked is None:
        return _page(None, "") if here.by_person and not request.args.get("format") else _description()
    result = here.session.query(asked.text, asked.default_graphs, asked.named_graphs)
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
    wanted = asked.format
    as_page = by_name(wanted, (HTML,)) is not None if wanted else here.by_person
    if as_page:
        return _page(show(here, result), asked.text)
    chosen = choose_format(request.headers.get("Accept", ""), wanted, formats)
    body = result.write(chosen.format, here.session.prefixes, here.settings.max_result_bytes)
    return answer(body, chosen.content_type)


def _description() -> Response:
    here = site()
    chosen = here.choose(GRAPH_FORMATS)
    quads = service_description(here.session.snapshot, here.session.readable, request.base_url)
    return answer(serialize_quads(quads, chosen.format, here.session.prefixes), chosen.content_type)


def _page(shown: Shown | None, text: str) -> Response:
    here = site()

    def download(fmt: Format) -> str:
        return f"{request.script_root}/sparql?" + urlencode({"query": text, "format": fmt.suffix})

    return here.page(
        "sparql.html",
        shown=shown,
        text=text or EXAMPLE,
        prefixes=here.session.prefixes,
        everything=here.session.snapshot.names.everything,
        download=download,
    )
