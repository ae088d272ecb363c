"""`/queries` and `/queries/{name}`: the stored questions as forms, tables and files."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from so2graph.engine.store import Answer
from so2graph.errors import NotAcceptable
from so2graph.formats import FORMATS, GRAPH_FORMATS, HTML, SOLUTION_FORMATS, Format, by_name
from so2graph.registry import StoredQuery
from so2graph.web.protocol import Chosen, single
from so2graph.web.site import Site, answer, site
from so2graph.web.tables import show

__all__ = ["blueprint"]

blueprint = Blueprint("queries", __name__)
RESERVED = ("lang", "format", "personal")


@blueprint.get("/queries")
def index() -> Response:
    """All stored queries, the paths first, then by title."""
    here = site()
    queries = here.access.bundle.queries().values()
    ordered = sorted(queries, key=lambda query: (query.view != "paths", query.title.of(here.language).casefold()))
    return here.page("queries.html", queries=ordered)


@blueprint.get("/queries/<name>")
def one(name: str) -> Response:
    """A stored query as a page with its form and answer, or in a format asked for by suffix, `format=` or Accept."""
    here = site()
    stem, dot, suffix = name.rpartition(".")
    query = here.access.bundle.query(stem if dot else name)
    given = {name: str(single(here.parameters, name)) for name in here.parameters if name not in RESERVED}
    wanted = suffix if dot else here.wanted
    as_page = by_name(wanted, (HTML,)) is not None if wanted else here.by_person
    response = _answer(here, query, given, wanted, as_page)
    if query.personal:
        response.headers["X-Robots-Tag"] = "noindex, noarchive"
    return response


def _answer(here: Site, query: StoredQuery, given: dict[str, str], wanted: str | None, as_page: bool) -> Response:
    if as_page:
        in_language = {p.name: here.language for p in query.parameters if p.type == "language"}
        return _page(here, query, in_language | given)
    result = here.ask(here.session.bound(query, given))
    formats = GRAPH_FORMATS if result.kind == "graph" else SOLUTION_FORMATS
    if wanted and by_name(wanted, formats) is None and by_name(wanted, FORMATS) is not None:
        raise NotAcceptable(
            f"query {query.name} gives no {wanted}",
            mend=f"There is: {', '.join(f.suffix for f in formats)}.",
            available=[f.suffix for f in formats],
        )
    return _file(here, query, result, here.choose(formats, wanted))


def _file(here: Site, query: StoredQuery, result: Answer, chosen: Chosen) -> Response:
    body = result.write(chosen.format, here.session.prefixes, here.settings.max_result_bytes)
    response = answer(body, chosen.content_type)
    response.headers["Content-Disposition"] = f'inline; filename="{query.name}.{chosen.format.suffix}"'
    return response


def _page(here: Site, query: StoredQuery, given: dict[str, str]) -> Response:
    bound = here.session.bound(query, given)
    shown = None
    if not query.personal or single(here.parameters, "personal") == "yes":
        shown = show(here, here.ask(bound))
    fields = [(p, given.get(p.name, p.default or "")) for p in query.parameters]

    def download(fmt: Format) -> str:
        path = f"{request.script_root}/queries/{query.name}.{fmt.suffix}"
        return f"{path}?{urlencode(given)}" if given else path

    return here.page(
        "query.html",
        query=query,
        fields=fields,
        shown=shown,
        download=download,
        bound=bound,
    )
