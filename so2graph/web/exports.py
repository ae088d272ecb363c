"""`/exports`: the dataset and its parts as files to take home."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import cast
from urllib.parse import quote

from flask import Blueprint, Response, current_app, redirect, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from so2graph.coding import SUFFIXES
from so2graph.formats import HTML
from so2graph.publish.export import framable
from so2graph.publish.selection import KINDS, SIDECAR, Export, parse
from so2graph.vocab import MODALITIES
from so2graph.web.caching import CACHE_CONTROL
from so2graph.web.conditions import conditions
from so2graph.web.naming import written_path
from so2graph.web.openapi_parts import INDEX
from so2graph.web.preparing import Prepared, sidecar_of
from so2graph.web.site import Site, answer, site

__all__ = ["ELSEWHERE", "blueprint"]

blueprint = Blueprint("exports", __name__)
ELSEWHERE = {"entity": "doc", "query": "queries"}
"""What is asked for here by the name of a thing or a query, and where it is."""


@blueprint.get("/exports")
def index() -> Response:
    """What there is to take home, as a page or JSON."""
    here = site()
    # Who has no wish of his own gets the list, and a browser the page.
    chosen = here.choose((HTML, INDEX) if here.by_person else (INDEX, HTML))
    kinds = [(KINDS[kind], choices) for kind, choices in _rows(_choices(here))]
    manifest = here.session.snapshot.manifest
    if chosen.format is HTML:
        return here.page("exports.html", kinds=kinds, manifest=manifest)
    exports = (Export(kind, which, fmt) for kind, choices in kinds for which, _ in choices for fmt in kind.formats)
    files = [
        {"name": e.name, "url": here.url(f"exports/{e.name}"), "mediaType": e.format.media_type} for e in exports
    ]
    row = {"generation": manifest.number, "codings": list(SUFFIXES), "files": files}
    return answer(json.dumps(row, indent=2, ensure_ascii=False).encode() + b"\n", chosen.content_type)


def _choices(here: Site) -> dict[str, list[tuple[str, str]]]:
    """For the kinds that are several: the part of the name that says which, and words for it."""
    names = here.session.snapshot.names
    graphs = {
        iri: iri.removeprefix(names.graph(""))
        for iri in sorted(here.session.readable)
        if iri.startswith(names.graph("")) and here.offers(f"exports/graph/{iri.removeprefix(names.graph(''))}")
    }
    found = {
        "graph": graphs,
        "modality": {names.term(modality): modality for modality in MODALITIES},
        "framed": {names.term(name): name for name in framable(here.session)},
    }
    labels = here.session.labels((iri for which in found.values() for iri in which), here.language)
    return {kind: [(which, labels[iri]) for iri, which in of_kind.items()] for kind, of_kind in found.items()}


def _rows(choices: dict[str, list[tuple[str, str]]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every kind of export with its choices: the part of its name, and words for it."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    for kind in KINDS.values():
        if not kind.named:
            found.append((kind.name, [("", "")]))
        elif kind.name in choices:
            found.append((kind.name, choices[kind.name]))
    return found


@blueprint.get("/exports/<path:name>")
def one(name: str) -> Response:
    """One file, or its sidecar (`.meta.json`); ranges and `If-Range` as RFC 9110, 14 has them."""
    here = site()
    head, _, rest = name.partition("/")
    if head in ELSEWHERE and rest:
        written = written_path(request.environ, request.script_root) or quote(f"/exports/{name}")
        query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
        local = written.removeprefix(f"/exports/{head}/")
        return cast(Response, redirect(f"{here.root}{ELSEWHERE[head]}/{local}{query}", 308))
    export, wants_sidecar = parse(name)
    path = cast(Prepared, current_app.extensions["so2graph-prepared"]).path(here.session, export)
    meta = json.loads(sidecar_of(path).read_text(encoding="utf-8"))
    if wants_sidecar:
        return _sidecar(sidecar_of(path).read_bytes(), meta)
    created = datetime.fromisoformat(meta["created"])
    environ = conditions(request.environ, meta["sha256"], created)
    response = send_file(
        path.absolute(),
        mimetype="application/octet-stream",
        download_name=export.file_name,
        as_attachment=True,
        conditional=False,
        etag=meta["sha256"],
        last_modified=created,
    )
    try:
        response.make_conditional(environ, accept_ranges=True, complete_length=meta["bytes"])
    except RequestedRangeNotSatisfiable:
        response.close()
        raise
    response.headers["Content-Type"] = export.media_type
    digest = base64.b64encode(bytes.fromhex(meta["sha256"])).decode()
    response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    links = [f'<{here.url(f"exports/{name}{SIDECAR}")}>; rel="describedby"; type="application/json"']
    links += [f'<{meta["license"]}>; rel="license"'] if meta["license"] else []
    response.headers["Link"] = ", ".join(links)
    response.headers["Cache-Control"] = CACHE_CONTROL
    return response


def _sidecar(body: bytes, meta: dict[str, str]) -> Response:
    tag = f"{meta['sha256']}-meta"
    environ = conditions(request.environ, tag, datetime.fromisoformat(meta["created"]))
    response = answer(body, "application/json")
    response.set_etag(tag)
    response.headers["Cache-Control"] = CACHE_CONTROL
    return cast(Response, response.make_conditional(environ))
