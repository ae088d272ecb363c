"""`/queries` and `/queries/{name}`: the stored questions as forms, tables and files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import monotonic
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from so2graph.engine.paging import count_text, page_text
from so2graph.engine.wire import Question
from so2graph.formats import GRAPH_FORMATS, HTML, SOLUTION_FORMATS, Format, by_name
from so2graph.registry import QUERY_GROUPS, RESERVED, StoredQuery
from so2graph.web.asking import chosen_for, query_question
from so2graph.web.openapi_parts import INDEX
from so2graph.web.paging import Page, disposition, link_header, read_page, switch
from so2graph.web.protocol import QueryRequest, single
from so2graph.web.query_fields import Fields
from so2graph.web.site import Site, answer, site, stream
from so2graph.web.tables import Shown, show
from so2graph.web.views import Answer, Origin

__all__ = ["blueprint", "formats_of"]

blueprint = Blueprint("queries", __name__)


@dataclass(frozen=True)
class Asked:
    """What a request asks of a stored query: values for its parameters, which rows, and how they are sent."""

    query: StoredQuery
    given: dict[str, str]
    wanted: str | None
    page: Page | None
    counting: bool
    download: bool
    personal: bool


def formats_of(query: StoredQuery) -> tuple[Format, ...]:
    """The formats that the answer to a stored query can be had in, beside the page."""
    return GRAPH_FORMATS if query.view == "graph" else SOLUTION_FORMATS


@blueprint.get("/queries")
def index() -> Response:
    """All stored queries by what they are about, or those with the words of `q`; as JSON by `format=` or Accept."""
    here = site()
    if here.choose((HTML, INDEX)).format is INDEX:
        return index_as_json()
    queries = here.access.bundle.queries().values()
    offered = [query for query in queries if here.offers(f"queries/{query.name}")]
    words = (single(here.parameters, "q") or "").strip() if here.live else ""
    found = [query for query in offered if _has(query, words.casefold().split(), here.language)]
    ordered = sorted(found, key=lambda query: (query.view != "paths", query.title.of(here.language).casefold()))
    groups = [(group, [query for query in ordered if query.group == group]) for group in QUERY_GROUPS]
    return here.page("queries.html", groups=[row for row in groups if row[1]], words=words, found=len(found))


def _has(query: StoredQuery, words: list[str], language: str) -> bool:
    """Whether each of the words stands in the title, the description or the name of a query."""
    text = f"{query.title.of(language)} {query.description.of(language)} {query.name}".casefold()
    return all(word in text for word in words)


@blueprint.get("/queries.json")
def index_as_json() -> Response:
    """All stored queries by name, with what each takes and gives."""
    here = site()
    rows = [_row(here, query) for query in here.access.bundle.queries().values()]
    body = json.dumps({"queries": rows}, indent=2, ensure_ascii=False)
    return answer(body.encode() + b"\n", INDEX.content_type)


def _row(here: Site, query: StoredQuery) -> dict[str, object]:
    href = here.url(f"queries/{query.name}")
    return {
        "name": query.name,
        "href": href,
        "title": {"nl": query.title.nl, "en": query.title.en},
        "description": {"nl": query.description.nl, "en": query.description.en},
        "view": query.view,
        "personal": query.personal,
        "parameters": [
            {
                "name": parameter.name,
                "type": parameter.type,
                "label": {"nl": parameter.label.nl, "en": parameter.label.en},
                "default": parameter.default,
                # One without a value stays free.
                "required": False,
            }
            for parameter in query.parameters
        ],
        "formats": [
            {"name": fmt.name, "mediaType": fmt.media_type, "href": f"{href}.{fmt.suffix}"}
            for fmt in formats_of(query)
        ],
    }


@blueprint.get("/queries/<name>")
def one(name: str) -> Response:
    """A stored query as a page with its form and answer, or in a format asked for by suffix, `format=` or Accept."""
    here = site()
    stem, dot, suffix = name.rpartition(".")
    query = here.access.bundle.query(stem if dot else name)
    wanted = suffix if dot else here.wanted
    asked = _asked(here, query, wanted)
    as_page = by_name(wanted, (HTML,)) is not None if wanted else here.by_person
    response = _page(here, asked) if as_page else _file(here, asked)
    if query.personal:
        response.headers["X-Robots-Tag"] = "noindex, noarchive"
    return response


def _asked(here: Site, query: StoredQuery, wanted: str | None) -> Asked:
    given = {name: str(single(here.parameters, name)) for name in here.parameters if name not in RESERVED}
    page = read_page(here.parameters, here.settings.max_page_size)
    counting, download, personal = (switch(here.parameters, name) for name in ("count", "download", "personal"))
    return Asked(query, given, wanted, None if counting else page, counting, download, personal)


def _file(here: Site, asked: Asked) -> Response:
    text, total, left = _text(here, asked.page, asked.counting, here.session.bound(asked.query, asked.given))
    reply = here.ask(_question(here, text, asked.wanted, left))
    chosen = chosen_for(reply.kind, request.headers.get("Accept", ""), asked.wanted)
    response = stream(reply, chosen.content_type)
    stem = f"{asked.query.name}-count" if asked.counting else asked.query.name
    response.headers["Content-Disposition"] = disposition(
        asked.download, stem, asked.given.values(), asked.page, chosen.format.suffix
    )
    _tell(here, response, asked.page, total)
    return response


def _text(here: Site, page: Page | None, counting: bool, bound: str) -> tuple[str, int | None, float]:
    """The text to ask, the number of all rows where pages are asked for, and the seconds that are left to ask it."""
    left = float(here.settings.deadline)
    if counting:
        return count_text(bound), None, left
    if page is None:
        return bound, None, left
    text, started = page_text(bound, page.limit, page.offset), monotonic()
    reply = here.ask(_question(here, count_text(bound), "csv", left))
    total = int(reply.body().split()[1])
    return text, total, max(0.001, left - (monotonic() - started))


def _tell(here: Site, response: Response, page: Page | None, total: int | None) -> None:
    """Says where the other pages are, and how many rows there are in all."""
    if page is not None and total is not None:
        response.headers["Link"] = link_header(page.offsets(total), _addresses(here, page, here.url(request.path)))
        response.headers["SO2Graph-Total"] = str(total)


def _addresses(here: Site, page: Page, path: str) -> Callable[[int], str]:
    """The address of a page by its offset, with all that this request asks for."""
    kept = [
        (name, value)
        for name, values in here.parameters.items()
        for value in values
        if name not in ("limit", "offset", "view", "chart")
    ]
    return lambda offset: f"{path}?{urlencode([*kept, ('limit', page.limit), ('offset', offset)])}"


def _question(here: Site, text: str, wanted: str | None, seconds: float, page_rows: int = 0) -> Question:
    asked = QueryRequest(text, (), (), wanted, seconds)
    return query_question(here.session, asked, request.headers.get("Accept", ""), page_rows)


def _page(here: Site, asked: Asked) -> Response:
    query, given = asked.query, asked.given
    fields = Fields(here, query, asked.given)
    if fields.renamed:
        return _moved(here, asked.given | fields.renamed)
    if fields.unclear:
        return here.page("query.html", query=query, fields=fields, asked=asked, answered=None)
    in_language = {p.name: here.language for p in query.parameters if p.type == "language"}
    given = in_language | given
    bound = here.session.bound(query, given)
    shown, page, total = None, asked.page, None
    if not query.personal or asked.personal or asked.counting:
        shown, page, total = _shown(here, asked, bound)
    answered = None
    if shown is not None:
        answered = Answer(
            here,
            shown,
            _origin(asked, given, bound),
            layout="paths" if query.view == "paths" else "table",
            pages=_pages(here, page, total),
            first=page.offset + 1 if page else 1,
        )
    response = here.page("query.html", query=query, fields=fields, asked=asked, answered=answered)
    _tell(here, response, asked.page and page, total)
    return response


def _moved(here: Site, given: Mapping[str, str]) -> Response:
    """Leads from the name of a thing to its IRI."""
    kept = [(name, value) for name, (value, *_) in here.parameters.items() if name in RESERVED and name != "lang"]
    asked = urlencode([*given.items(), *kept])
    return Response(status=303, headers={"Location": here.path(f"{request.path.lstrip('/')}?{asked}")})


def _origin(asked: Asked, given: Mapping[str, str], bound: str) -> Origin:
    """Where the answer comes from: the page with what was asked for, and its data in the language of the page."""
    query = asked.query
    said = {p.name: given[p.name] for p in query.parameters if given.get(p.name, p.default) != p.default}
    kept = [*asked.given.items(), *((("personal", "yes"),) if asked.personal else ())]
    if asked.page is not None:
        kept += [("limit", str(asked.page.limit)), ("offset", str(asked.page.offset))]

    def data(fmt: Format) -> str:
        path = f"queries/{query.name}.{fmt.suffix}"
        return f"{path}?{urlencode(said)}" if said else path

    return Origin(f"queries/{query.name}", tuple(kept), bound, data, explain="sparql/explain")


def _shown(here: Site, asked: Asked, bound: str) -> tuple[Shown, Page | None, int | None]:
    """What the page shows, with the page of rows that this is, and the number of all rows; None where one has all."""
    most = min(here.settings.max_page_rows, here.settings.max_page_size)
    page = asked.page and replace(asked.page, limit=min(asked.page.limit, most))
    text, total, left = _text(here, page, asked.counting, bound)
    shown = show(here, here.ask(_question(here, text, None, left, here.settings.max_page_rows)))
    if page is None and len(shown.rows) < shown.count and asked.query.view != "graph":
        return shown, Page(most, 0), shown.count
    return shown if total is None else replace(shown, count=total), page, total


def _pages(here: Site, page: Page | None, total: int | None) -> list[tuple[str, str]]:
    """The links between pages of rows, each with what it leads to."""
    if page is None or total is None or not here.live:
        return []
    offsets, address = page.offsets(total), _addresses(here, page, f"{request.script_root}{request.path}")
    if "next" not in offsets and "prev" not in offsets:
        return []
    return [(name, address(offsets[name])) for name in ("first", "prev", "next", "last") if name in offsets]
