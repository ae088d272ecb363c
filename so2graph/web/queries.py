"""`/queries` and `/queries/{name}`: the stored questions as forms, tables and files."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from so2graph.engine.wire import Question
from so2graph.formats import HTML, Format, by_name
from so2graph.registry import StoredQuery
from so2graph.web.asking import chosen_for, query_question
from so2graph.web.protocol import QueryRequest, single
from so2graph.web.site import Site, site, stream
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
    reply = here.ask(_question(here, here.session.bound(query, given), wanted))
    chosen = chosen_for(reply.kind, request.headers.get("Accept", ""), wanted)
    response = stream(reply, chosen.content_type)
    response.headers["Content-Disposition"] = f'inline; filename="{query.name}.{chosen.format.suffix}"'
    return response


def _question(here: Site, text: str, wanted: str | None, page_rows: int = 0) -> Question:
    asked = QueryRequest(text, (), (), wanted)
    return query_question(here.session, asked, request.headers.get("Accept", ""), page_rows)


def _page(here: Site, query: StoredQuery, given: dict[str, str]) -> Response:
    bound = here.session.bound(query, given)
    shown = None
    if not query.personal or single(here.parameters, "personal") == "yes":
        shown = show(here, here.ask(_question(here, bound, None, here.settings.max_page_rows)))
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
