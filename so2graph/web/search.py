"""`/search`: one box over names, places, themes, questions and help; without words the list of all things."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import cast
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, g, redirect, request

from so2graph.engine.lookup import exists
from so2graph.errors import BadParameter, NotFound
from so2graph.formats import HTML, TABLE_FORMATS, Format, by_name
from so2graph.publish.search_reader import ORDERS, Index, opened
from so2graph.publish.search_text import Part
from so2graph.publish.search_things import FACETS
from so2graph.vocab import curie_or_iri
from so2graph.web.openapi_parts import INDEX
from so2graph.web.paging import Page, disposition, link_header
from so2graph.web.search_help import pages, topics
from so2graph.web.search_keeper import Indexes
from so2graph.web.search_request import PAGE_SIZE, Asked, read
from so2graph.web.search_results import Results, Row, local_of, search, summaries
from so2graph.web.site import Site, answer, site

__all__ = ["FORMATS", "blueprint"]

blueprint = Blueprint("search", __name__)
CSV = cast(Format, by_name("csv", TABLE_FORMATS))
FORMATS = (HTML, INDEX, CSV)
_COLUMNS = ("iri", "label", "kind", "group", "places", "themes", "years", "certainties", "note", "url")


@blueprint.get("/search")
def page() -> Response:
    """The page, or JSON or CSV by `format=` or Accept; an IRI or a prefixed name leads to its thing."""
    return _answer(None)


@blueprint.get("/search.<suffix>")
def file(suffix: str) -> Response:
    """The same in the format of the suffix."""
    if by_name(suffix, FORMATS) is None:
        raise NotFound(f"there is no /search.{suffix[:40]}", mend="There is: /search, /search.json and /search.csv.")
    return _answer(suffix)


def _answer(suffix: str | None) -> Response:
    here = site()
    fmt = here.choose(FORMATS, suffix).format
    usual = here.settings.max_page_size if fmt is CSV else PAGE_SIZE
    asked = read(here.parameters, here.settings, here.session.prefixes, usual)
    named = _named(here, asked)
    if named is not None and fmt is HTML and not asked.filtered:
        return cast(Response, redirect(here.path(local_of(here.session.snapshot.names, named)), 303))
    indexes = cast(Indexes, current_app.extensions["so2graph-search"])
    with opened(indexes.path(here.session)) as index:
        results = search(here, index, asked, list(pages(here, _topics_here())))
        if results.timed:
            g.tag = None  # With more time the answer would be another.
        if fmt is HTML:
            response = _page(here, asked, results)
        elif fmt is CSV:
            response = _csv(here, index, asked, results)
        else:
            response = answer(_json(here, asked, results, named), INDEX.content_type)
    if fmt is not HTML:
        _tell(here, asked, results, response)
    return response


def _topics_here() -> frozenset[str]:
    """The topics of help whose page this service has."""
    adapter = current_app.url_map.bind("localhost")
    return frozenset(topic for topic, local in topics() if adapter.test(f"/{local}", "GET"))


def _named(here: Site, asked: Asked) -> str | None:
    """The IRI that the words are, in full or with a prefix, of something that is known here."""
    text, names = asked.text.strip(), here.session.snapshot.names
    if not text or asked.personal or any(c.isspace() for c in text) or ":" not in text:
        return None
    own = here.url()
    if text.startswith(own) and not own.startswith(names.base):
        local = text.removeprefix(own)
        text = names.base + (f"id/{local.removeprefix('doc/')}" if local.startswith("doc/") else local)
    try:
        iri = curie_or_iri(text, here.session.prefixes)
    except BadParameter:
        return None
    # Nothing leads to the page of an e-mail address.
    return None if iri.value.startswith("mailto:") or not exists(here.session, iri.value) else iri.value


def _page(here: Site, asked: Asked, results: Results) -> Response:
    known = {(f.name, choice.count.key): choice for f in results.facets for choice in f.choices}
    chosen = ((facet, known[facet, key]) for facet, keys in asked.chosen.items() for key in keys)
    chips = [(facet, choice.count.label, choice.local) for facet, choice in chosen]
    offsets = asked.page.offsets(results.count)
    return here.page(
        "search.html",
        asked=asked,
        results=results,
        chips=chips,
        clear=asked.unfiltered.address(here.session.prefixes),
        to=lambda changed: here.path(changed.address(here.session.prefixes)),
        files=[(f.suffix, here.file(_in_language(here, asked, f"search.{f.suffix}"))) for f in (CSV, INDEX)],
        turns=[(name, offsets[name]) for name in ("first", "prev", "next", "last") if name in offsets],
        orders=ORDERS,
        facets=FACETS,
        with_heading=lambda heading: _changed(asked, heading=heading),
        with_order=lambda order: _changed(asked, order=order),
        at=lambda offset: _changed(asked, offset=offset),
    )


def _changed(asked: Asked, *, heading: str | None = None, order: str | None = None, offset: int = 0) -> Asked:
    """The same request under another heading, in another order or from another row on."""
    page = Page(asked.page.limit, offset)
    return replace(
        asked,
        page=page,
        heading=asked.heading if heading is None else heading,
        order=asked.order if order is None else order,
    )


def _in_language(here: Site, asked: Asked, local: str) -> str:
    path, _, query = asked.address(here.session.prefixes, f".{local.rpartition('.')[2]}").partition("?")
    return f"{path}?{query}{'&' if query else ''}lang={here.language}"


def _json(here: Site, asked: Asked, results: Results, named: str | None) -> bytes:
    exact = None
    if named is not None:
        exact = {"iri": named, "href": here.url(local_of(here.session.snapshot.names, named))}
    found: dict[str, object] = {
        "query": asked.text,
        "language": here.language,
        "total": {"count": results.count, "more": results.more},
        "limit": asked.page.limit,
        "offset": asked.page.offset,
        "approximate": results.near,
        "cut": results.cut,
        "exact": exact,
        "results": [_row(here, row) for row in results.rows],
        "near": list(results.words),
        "chosen": {facet: list(keys) for facet, keys in asked.chosen.items() if keys},
    }
    if asked.facets:
        found["facets"] = {
            facet.name: [
                {"value": c.count.key, "label": c.count.label, "count": c.count.count, "more": c.count.more}
                | {"chosen": c.count.chosen}
                for c in facet.choices
            ]
            for facet in results.facets
        }
    return json.dumps(found, ensure_ascii=False, indent=1).encode() + b"\n"


def _row(here: Site, row: Row) -> dict[str, object]:
    return {
        "group": row.heading,
        "kind": row.kind,
        "label": row.text,
        "language": row.language or here.language,
        "marks": _marks(row.label),
        "also": "".join(part.text for part in row.other) or None,
        "note": row.note or None,
        "iri": row.iri or None,
        "href": here.url(row.local),
        "score": row.score,
    }


def _marks(parts: tuple[Part, ...]) -> list[list[int]]:
    """Where the hits of a text begin and end, in code points."""
    found, at = [], 0
    for part in parts:
        if part.hit:
            found.append([at, at + len(part.text)])
        at += len(part.text)
    return found


def _csv(here: Site, index: Index, asked: Asked, results: Results) -> Response:
    """The things of the list, a line each (RFC 4180); several values of a column are separated by `; `."""
    held = summaries(here, index, results.rows)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for row in results.rows:
        values = held.get(row.iri, {})
        joined = ("; ".join(values.get(facet, ())) for facet in ("place", "theme", "year", "modality"))
        if row.iri:
            writer.writerow([row.iri, row.text, row.kind, row.heading, *joined, row.note, here.url(row.local)])
    response = answer(text.getvalue().encode(), CSV.content_type)
    named = [asked.text, *(key for keys in asked.chosen.values() for key in keys)]
    response.headers["Content-Disposition"] = disposition(False, "search", named[:6], None, CSV.suffix)
    return response


def _tell(here: Site, asked: Asked, results: Results, response: Response) -> None:
    """Says where the other rows are, and how many there are in all."""
    kept = [(k, v) for k, values in here.parameters.items() for v in values if k not in ("limit", "offset")]
    path = here.url(request.path)

    def address(offset: int) -> str:
        return f"{path}?{urlencode([*kept, ('limit', asked.page.limit), ('offset', offset)])}"

    response.headers["Link"] = link_header(asked.page.offsets(results.count), address)
    response.headers["SO2Graph-Total"] = str(results.count)
