"""`/openapi.json` and `/api`: what the service takes and gives, for programs and for people."""

from __future__ import annotations

import json

from flask import Blueprint, Response

from so2graph.web.openapi import Service, document
from so2graph.web.openapi_tables import OPENAPI_FORMATS
from so2graph.web.site import Site, answer, site

__all__ = ["blueprint"]

blueprint = Blueprint("api", __name__)


def _document(here: Site, language: str) -> dict[str, object]:
    queries = tuple(here.access.bundle.queries().values())
    return document(Service(here.url(), here.settings, queries), language)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The OpenAPI document, in English."""
    here = site()
    content_type = here.choose(OPENAPI_FORMATS).content_type
    if content_type != "application/json":
        content_type = f"{content_type};version=3.1"
    body = json.dumps(_document(here, "en"), indent=1, ensure_ascii=False)
    return answer(body.encode() + b"\n", content_type)


@blueprint.get("/api")
def page() -> Response:
    """The same document as a page, in the language of its reader."""
    here = site()
    return here.page("api.html", document=_document(here, here.language))
