"""`/reconcile`: the reconciliation service for OpenRefine and its like (API 0.2, and clients of 0.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, redirect, render_template, request

from so2graph.errors import BadParameter, BadRequest, NotFound, UnsupportedMedia
from so2graph.web.headers import PREVIEW_CSP
from so2graph.web.protocol import FORM, read_parameters, single
from so2graph.web.reconcile_answers import body
from so2graph.web.reconcile_manifest import manifest
from so2graph.web.reconcile_offered import Offered, default_types, offered
from so2graph.web.reconcile_page import described, html_of, page, preview_of
from so2graph.web.reconcile_request import Fault, Query, number, read_batch, read_extension
from so2graph.web.reconcile_suggest import KINDS
from so2graph.web.search_results import local_of
from so2graph.web.site import Site, answer, site

__all__ = ["blueprint", "preview", "proposal", "suggestions"]

blueprint = Blueprint("reconcile", __name__)
JSON, SCRIPT = "application/json", "text/javascript; charset=utf-8"
_CALLBACK = re.compile(r"[A-Za-z_$][\w$]{0,99}(?:\.[A-Za-z_$][\w$]{0,99}){0,4}", re.ASCII)
_MOST_SKIPPED = 10_000
_PROPOSED = 1_000
Parameters = Mapping[str, Sequence[str]]


@blueprint.get("/reconcile")
def root() -> Response:
    """The manifest, or what `queries=` or `extend=` asks; a page for a person with a browser."""
    here = site()
    asked = here.parameters
    if "queries" in asked or "extend" in asked:
        return _asked(here, asked, asked)
    if here.by_person and "callback" not in asked:
        with offered(here) as service:
            return page(service, single(asked, "name") or "", single(asked, "type") or "")
    settings = here.settings
    found = manifest(here.url(), settings.base, settings.max_reconcile_queries, default_types(here), here.say)
    return _told(here, found, asked)


@blueprint.post("/reconcile")
def batch() -> Response:
    """What the field `queries` or `extend` of a form asks."""
    here = site()
    if request.mimetype != FORM:
        raise UnsupportedMedia(
            f"a body of type {request.mimetype[:80] or 'unknown'} is not read here",
            mend=f"Send {FORM} with a field queries or extend; JSON goes to /reconcile/1.0/match.",
            accepted=[FORM],
        )
    return _asked(here, read_parameters(request.get_data()), here.parameters)


def _asked(here: Site, asked: Parameters, url: Parameters) -> Response:
    queries, extend = single(asked, "queries"), single(asked, "extend")
    if (queries is None) == (extend is None):
        raise BadRequest("there is neither queries nor extend, or both", mend="Give one of them.")
    with offered(here) as service:
        if queries is not None:
            found = _results(service, read_batch(queries, here.settings))
        else:
            found = service.extended(read_extension(str(extend), "extend", here.settings)).nested()
    return _told(here, found, url)


def _results(service: Offered, queries: Mapping[str, Query | Fault]) -> dict[str, object]:
    """Each key with its candidates; a query that cannot be read has none, and says why."""
    found = service.answers(list(queries.values()))
    return {
        key: {"result": [], "error": f"the query {row.why}"} if isinstance(row, Fault) else {"result": row}
        for key, row in zip(queries, found, strict=True)
    }


def _told(here: Site, value: object, asked: Parameters) -> Response:
    """JSON; as a script that calls a function where `callback` names one (0.1, 2.4)."""
    name = single(asked, "callback")
    if name is None:
        response = answer(body(value), JSON)
    elif not _CALLBACK.fullmatch(name):
        raise BadParameter("callback is no name of a function", mend="Give letters, digits, _ and dots.")
    else:
        # What stands before the name keeps others from reading the answer as another kind of file.
        response = answer(b"/**/" + name.encode() + b"(" + body(value).rstrip() + b");\n", SCRIPT)
    response.headers["Content-Language"] = here.language
    return response


@blueprint.get("/reconcile/suggest/<kind>")
def suggest(kind: str) -> Response:
    """Things, properties or types that begin as `prefix` does (0.2, 6)."""
    return _told(site(), suggestions(kind), site().parameters)


def suggestions(kind: str) -> dict[str, object]:
    """The suggestions that this request asks for; raises `NotFound` for a kind that there is not."""
    here = site()
    if kind not in KINDS:
        raise NotFound("there are no such suggestions", mend=f"There are: {', '.join(KINDS)}.")
    prefix = single(here.parameters, "prefix") or ""
    most = here.settings.max_reconcile_characters
    if len(prefix) > most:
        raise BadParameter(f"prefix has more than {most} characters", mend="Give its beginning.", limit=most)
    skip = number(here.parameters, "cursor", 0, _MOST_SKIPPED, 0)
    limit = number(here.parameters, "limit", 1, here.settings.max_reconcile_candidates, 10)
    with offered(here) as service:
        return {"result": service.suggest(kind, prefix.replace("\0", " "), skip, limit)}


@blueprint.get("/reconcile/flyout/<kind>")
def flyout(kind: str) -> Response:
    """A few words on a thing, a property or a type, as HTML within JSON (0.2, 6.3)."""
    here = site()
    if kind not in KINDS:
        raise NotFound("there is nothing of that kind", mend=f"There are: {', '.join(KINDS)}.")
    ident = _ident(here)
    with offered(here) as service:
        found = described(service, kind, ident)
        return _told(here, {"id": ident, "html": html_of("reconcile_flyout.html", here, found)}, here.parameters)


def _ident(here: Site) -> str:
    text = single(here.parameters, "id") or ""
    if not text or len(text) > here.settings.max_reconcile_characters:
        raise BadParameter("id is missing, or too long", mend="Give the id of a candidate.", parameter="id")
    return text


@blueprint.get("/reconcile/preview")
def preview_0_2() -> Response:
    """A small page about a thing, for a frame in another site (0.2, 5)."""
    return preview()


def preview() -> Response:
    """The preview that this request asks for."""
    here = site()
    with offered(here) as service:
        found = preview_of(service, service.thing(_ident(here)))
    html = render_template("reconcile_preview.html", site=here, t=here.say, lang=here.language, **found)
    response = Response(html, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = PREVIEW_CSP
    response.headers["Content-Language"] = here.language
    return response


@blueprint.get("/reconcile/view")
def view() -> Response:
    """Leads to the page about a thing."""
    here = site()
    iri = slugs_iri(here, _ident(here))
    return redirect(here.path(local_of(here.session.snapshot.names, iri)), 303)  # type: ignore[return-value]  # as Flask


def slugs_iri(here: Site, ident: str) -> str:
    """The IRI of a thing by its id; raises `NotFound`."""
    with offered(here) as service:
        return service.thing(ident).iri


@blueprint.get("/reconcile/propose")
def propose() -> Response:
    """The properties that can be fetched for things of a type (0.2, 7.2)."""
    return _told(site(), proposal(), site().parameters)


def proposal() -> dict[str, object]:
    """The proposal that this request asks for."""
    here = site()
    kind = single(here.parameters, "type") or ""
    limit = number(here.parameters, "limit", 0, _PROPOSED, 0)
    with offered(here) as service:
        found: dict[str, object] = {"properties": service.proposed(kind[:2_000], limit or _PROPOSED)}
    if kind:
        found["type"] = kind
    return found | ({"limit": limit} if limit else {})
