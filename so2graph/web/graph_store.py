"""`/graph-store`: the SPARQL 1.1 Graph Store HTTP Protocol, by `?graph=`, `?default`, and below its own address."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO
from urllib.parse import quote, urljoin, urlsplit
from uuid import uuid4

from flask import Blueprint, Response, request
from werkzeug.http import parse_options_header

from so2graph.engine.changes import Write
from so2graph.engine.tags import graph_state
from so2graph.engine.wire import Question
from so2graph.errors import BadRequest, Forbidden, MethodNotAllowed, NotFound, UnsupportedMedia
from so2graph.formats import GRAPH_FORMATS, Format, by_name
from so2graph.vocab import DEFAULT_GRAPH
from so2graph.web.asking import deadline_of
from so2graph.web.caching import CACHE_CONTROL, has_already
from so2graph.web.openapi_parts import INDEX
from so2graph.web.protocol import choose_format, single
from so2graph.web.site import Site, answer, site, stream
from so2graph.web.writing import Spool, conditions, may_write, spooled, told, write

__all__ = ["METHODS", "UPLOADS", "blueprint"]

blueprint = Blueprint("graph_store", __name__)
METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS")
UPLOADS = "/graph-store"
"""Where bodies may be as large as `max_upload_bytes`."""
_PIECE = 1_048_576
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_IN_NO_IRI = re.compile(
    r"""[\x00-\x20\x7f-\x9f<>"{}|\\^`\ud800-\uf8ff\ufdd0-\ufdef\ufff0-\uffff\U000e0000-\U000e0fff]"""
    r"""|[\U000f0000-\U0010ffff]|%(?![0-9A-Fa-f]{2})"""
)


@blueprint.route("/graph-store", methods=["OPTIONS"], provide_automatic_options=False)
@blueprint.route("/graph-store/<path:local>", methods=["OPTIONS"], provide_automatic_options=False)
def options(**_named: str) -> Response:
    """What the address takes; also the CORS preflight."""
    response = Response(status=204)
    response.headers["Allow"] = ", ".join(METHODS)
    return response


@blueprint.route(
    "/graph-store", methods=["GET", "PUT", "POST", "DELETE", "PATCH", "QUERY"], provide_automatic_options=False
)
@blueprint.route(
    "/graph-store/<path:local>", methods=["GET", "PUT", "POST", "DELETE", "PATCH"], provide_automatic_options=False
)
def graph_store(local: str = "") -> Response:
    """One graph, or all of them (4 of the protocol: indirect and direct identification)."""
    here = site()
    if request.method in ("PATCH", "QUERY"):
        raise MethodNotAllowed(
            f"/graph-store does not take {request.method}", mend="Send an update to /sparql.", allow=METHODS
        )
    if request.method not in ("GET", "HEAD"):
        may_write(here)
    graph = _named(here, local)
    if request.method in ("GET", "HEAD"):
        return _list(here) if graph is None else _get(here, graph)
    if request.method == "DELETE":
        return _delete(here, graph)
    return _put_or_post(here, graph)


def _named(here: Site, local: str) -> str | None:
    """The graph that the address names: None for the graph store itself; raises `BadRequest`."""
    indirect = single(here.parameters, "graph")
    default = "default" in here.parameters
    if local:
        if indirect is not None or default:
            raise BadRequest("the graph is named twice, by address and by parameter", mend="Name it once.")
        return _iri(here.session.snapshot.names.graph(local))
    if default and indirect is not None:
        raise BadRequest("graph= and default are both given", mend="Give one of them.")
    if default:
        return DEFAULT_GRAPH
    if indirect is None:
        return None
    try:
        iri = urljoin(request.url.partition("?")[0], indirect)
    except ValueError:
        # A bracket that does not close.
        iri = _iri(indirect)
    own = here.url("graph-store/")
    if iri.startswith(own) and len(iri) > len(own):
        iri = here.session.snapshot.names.graph(iri[len(own) :])
    return _iri(iri)


def _iri(text: str) -> str:
    """The text, when the engine takes it as an absolute IRI (RFC 3987, 2.2); raises `BadRequest`."""
    try:
        urlsplit(text).port  # noqa: B018  # it is read to see whether it is one
        wrong = _SCHEME.match(text) is None or _IN_NO_IRI.search(text) is not None
    except ValueError:
        wrong = True
    if wrong:
        raise BadRequest(f"{text!r} is no IRI of a graph", mend="Percent-encode what an IRI may not hold.")
    return text


def _known(here: Site, graph: str) -> None:
    if graph != DEFAULT_GRAPH and graph not in here.session.readable:
        raise NotFound(f"there is no graph <{graph}> here", mend="Look at /graph-store for their names.")


def _list(here: Site) -> Response:
    """The graphs that the caller may read, with their triples and where to get them."""
    choose_format("", here.wanted, (INDEX,))
    counts = here.session.snapshot.manifest.graphs
    rows = [
        {
            "graph": None if graph == DEFAULT_GRAPH else graph,
            "triples": counts[graph],
            "href": f"{request.script_root}/graph-store?"
            + ("default" if graph == DEFAULT_GRAPH else f"graph={quote(graph, safe='')}"),
        }
        for graph in sorted(here.session.readable)
    ]
    return answer(json.dumps({"graphs": rows}, indent=2).encode() + b"\n", "application/json")


def _state(here: Site, graph: str) -> str:
    manifest = here.session.snapshot.manifest
    return graph_state(manifest.inputs, graph, manifest.changed.get(graph, 0))


def _get(here: Site, graph: str) -> Response:
    _known(here, graph)
    chosen = here.choose(GRAPH_FORMATS)
    question = Question(
        id=uuid4().hex,
        task="graph",
        text=f"GET <{graph}>",
        hidden=tuple(sorted(here.session.hidden)),
        deadline=deadline_of(None, here.settings.deadline),
        default=(graph,),
        graph=chosen.format.name,
    )
    tag = f"{_state(here, graph)}-{chosen.format.name}"
    if has_already(here.request, tag):
        response = Response(status=304)
    elif request.method == "HEAD":
        response = Response(status=200, content_type=chosen.content_type)
        response.automatically_set_content_length = False
    else:
        response = stream(here.ask(question), chosen.content_type)
    response.headers["ETag"] = f'"{tag}"'
    response.headers["Cache-Control"] = CACHE_CONTROL
    return response


def _delete(here: Site, graph: str | None) -> Response:
    if graph is None:
        raise BadRequest("no graph is named", mend="Say ?graph=… or ?default; an update DROP ALL takes all.")
    match, none = conditions()
    done = write(here, _write(here, "delete", graph, match=match, none=none))
    return told(done, 200)


def _write(here: Site, task: str, graph: str, **values: object) -> Write:
    hidden = tuple(sorted(here.session.hidden))
    if graph in hidden:
        raise Forbidden("this token may not write to that graph", mend="Ask for one that may.")
    return Write(
        task,
        graph=graph,
        hidden=hidden,
        writable=here.caller.writable,
        **values,  # type: ignore[arg-type]  # fields of Write
    )


def _put_or_post(here: Site, graph: str | None) -> Response:
    """PUT replaces a graph, POST adds to it; POST to the graph store itself makes a new graph (5.5)."""
    match, none = conditions()
    made = None
    with spooled(here.settings.max_upload_bytes) as spool:
        several = _spool_bodies(here, spool, graph)
        if graph is None and not several:
            if request.method == "PUT":
                raise BadRequest("no graph is named", mend="Say ?graph=… or ?default, or POST TriG or N-Quads.")
            graph = made = here.session.snapshot.names.graph(f"new/{uuid4().hex}")
        change = _write(
            here,
            request.method.lower(),
            graph or "",
            bodies=tuple(spool.bodies),
            base=request.base_url if graph in (None, DEFAULT_GRAPH, made) else graph,
            match=match,
            none=none,
        )
        done = write(here, change)
    replaced = 204 if request.method == "PUT" else 200
    response = told(done, 201 if made or (graph and not done["existed"]) else replaced)
    if made:
        local = made.removeprefix(here.session.snapshot.names.graph(""))
        response.headers["Location"] = here.url(f"graph-store/{local}")
    return response


def _spool_bodies(here: Site, spool: Spool, graph: str | None) -> bool:
    """Stores the body, or each file of a form; says whether the body names graphs itself."""
    media_type, _ = parse_options_header(request.headers.get("Content-Type", ""))
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("a compressed body is not read here", mend="Send it as it is.")
    if media_type != "multipart/form-data":
        fmt = _format(media_type)
        if graph is not None and fmt.name in ("trig", "nquads"):
            raise UnsupportedMedia(
                f"{fmt.title} names graphs itself, and the address names one",
                mend="Send Turtle, or POST it to /graph-store.",
            )
        spool.add(_pieces(request.stream), fmt.name)
        return graph is None and "dataset" in fmt.kinds and fmt.name != "jsonld"
    request.max_content_length = here.settings.max_upload_bytes
    files = [file for _, file in request.files.items(multi=True)]
    if not files:
        raise BadRequest("the form has no file in it", mend="Send one or more, each with its Content-Type.")
    for file in files:
        suffix = (file.filename or "").rpartition(".")[2]
        known = by_name(suffix, GRAPH_FORMATS) if file.mimetype in ("", "application/octet-stream") else None
        spool.add(_pieces(file.stream), (known or _format(file.mimetype)).name)
    return False


def _format(media_type: str) -> Format:
    found = next((f for f in GRAPH_FORMATS if media_type in f.media_types[:2]), None)
    if found is None:
        raise UnsupportedMedia(
            f"a body of type {media_type or 'unknown'} is not read here",
            mend=f"Send one of: {', '.join(f.media_type for f in GRAPH_FORMATS)}.",
            accepted=[f.media_type for f in GRAPH_FORMATS],
        )
    return found


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(_PIECE):
        yield piece
