"""`/id` and `/doc`: each thing under its own address, in every format and profile, with its links."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from urllib.parse import quote, unquote

from flask import Blueprint, Response, redirect, request

from so2graph.engine.lookup import exists, near_names, shorten
from so2graph.engine.store import Quad, serialize_quads
from so2graph.errors import BadParameter, NotAcceptable, NotFound, UnknownEntity
from so2graph.formats import HTML
from so2graph.publish.concise import Description, all_statements, full, in_graphs, remark, summary
from so2graph.publish.neighbours import network
from so2graph.publish.representation import represent
from so2graph.publish.schema_org import SCHEMA, schema_document, schema_org, schema_types
from so2graph.vocab import DCTERMS, Iri, parse_iri
from so2graph.web.entity_page import entity_page
from so2graph.web.linking import LINKSET_FORMATS, Document, Link, link_header, linkset
from so2graph.web.links_mapping import mapping_here, mapping_page
from so2graph.web.naming import page_local, spellings, written_path
from so2graph.web.profiles import (
    PROFILES,
    Profile,
    alternatives,
    choose_profiles,
    known_format,
    profile_quads,
)
from so2graph.web.protocol import Chosen, single
from so2graph.web.site import Site, answer, site

__all__ = ["blueprint", "data_links"]

blueprint = Blueprint("things", __name__)
_DESCRIBED = {"full": full, "summary": summary, "schema.org": schema_org, "network": network, "graphs": in_graphs}
_CARRIED = 1_000
"""Triples of the block of data in a page; the profile `schema.org` has all."""
_MAKERS = {DCTERMS + "creator": "author", SCHEMA + "author": "author", "http://xmlns.com/foaf/0.1/maker": "author"}


@blueprint.get("/id/<path:local>")
def thing(local: str) -> Response:
    """A thing cannot be sent; 303 leads to the page about it (Cool URIs for the Semantic Web, 4.1)."""
    here = site()
    written = _written("/id/") or quote(local)
    query = request.query_string.decode("latin-1")
    return redirect(f"{here.root}doc/{written}{'?' if query else ''}{query}", 303)  # type: ignore[return-value]  # werkzeug's own Response


@blueprint.get("/doc")
def by_iri() -> Response:
    """What the graph says of any IRI, ours or of somebody else, which `iri=` gives."""
    here = site()
    iri = _given(here)
    if not exists(here.session, iri):
        raise UnknownEntity(f"no graph here says anything about <{shorten(iri)}>", mend="See /queries/entities.")
    return _answer(here, _document(here, iri), None)


@blueprint.get("/doc/<path:local>")
def page(local: str) -> Response:
    """What is known of a thing; the format goes by suffix, `format=` or Accept, the profile as the request says."""
    here = site()
    things, written = here.session.snapshot.names.thing(""), _written("/doc/")
    if local == "linkset" and "iri" in here.parameters:
        iri = _given(here)
        if exists(here.session, iri):
            return _linkset(here, _document(here, iri))
    for iri in spellings(things, written, local):
        if exists(here.session, iri):
            return _answer(here, _document(here, iri), None)
    for end, mark in ((local.rpartition(".")[2], "."), ("linkset", "/")):
        if not local.endswith(mark + end) or not (mark == "/" or known_format(end)):
            continue
        cut = len(mark + end)
        for iri in spellings(things, None if written is None else written[:-cut], local[:-cut]):
            if exists(here.session, iri):
                document = _document(here, iri)
                return _linkset(here, document) if mark == "/" else _answer(here, document, end)
    near = near_names(here.session, local)
    raise UnknownEntity(
        f"there is nothing called {shorten(local)!r} in the graph",
        mend=f"Did you mean: {'; '.join(label for _, label in near)}?" if near else "See /queries/entities.",
        near=[found for found, _ in near],
    )


@blueprint.get("/doc/<path:local>/linkset")
def links(local: str) -> Response:
    """All links of a thing, unless one has a name that ends so."""
    return page(f"{local}/linkset")


def _written(below: str) -> str | None:
    """The rest of the path as the client wrote it; None where that is not known."""
    path = written_path(request.environ, request.script_root)
    return path.removeprefix(below) if path is not None and path.startswith(below) else None


def _given(here: Site) -> str:
    """The IRI in `iri=`; one below this service is the same below the base. Raises `BadParameter`."""
    text = single(here.parameters, "iri")
    if not text:
        raise BadParameter("iri is not given", mend="Give the IRI of a thing: /doc?iri=https://….")
    names, own = here.session.snapshot.names, here.url()
    if text.startswith(own) and not text.startswith(names.base):
        text = names.base + text.removeprefix(own)
    return parse_iri(text).value


def _document(here: Site, iri: str) -> Document:
    names = here.session.snapshot.names
    things = names.thing("")
    local = iri.removeprefix(things) if iri.startswith(things) else ""
    written = page_local(local)
    if next((s for s in spellings(things, written, unquote(written)) if exists(here.session, s)), None) != iri:
        # Another thing has that address: an IRI with é and one with %C3%A9 look the same in HTTP.
        local = ""
    ends = [f".{fmt.suffix}" for profile in PROFILES for fmt in profile.formats if fmt is not HTML]
    taken = bool(local) and any(exists(here.session, iri + end) for end in dict.fromkeys([*ends, "/linkset"]))
    return Document(iri, here.url(), names.base, written if local else None, not taken)


def data_links(here: Site, iri: str) -> list[Link]:
    """The links of a thing that the data gives: its types, its licence, who made it and the dataset it is in."""
    session, names = here.session, here.session.snapshot.names
    outgoing = list(islice(session.about(subject=Iri(iri)), here.settings.max_page_rows))
    graphs = {graph for _, _, _, graph in outgoing if graph is not None} | {Iri(iri)}
    licences = {
        obj.value
        for graph in graphs
        for _, _, obj, place in session.about(subject=graph, predicate=Iri(DCTERMS + "license"))
        if isinstance(obj, Iri) and (str(place) == names.catalogue or graph.value == iri)
    }
    makers = {
        (_MAKERS[predicate.value], obj.value)
        for _, predicate, obj, _ in outgoing
        if predicate.value in _MAKERS and isinstance(obj, Iri)
    }
    links = [Link("type", SCHEMA + name) for name in (*schema_types(session, iri), "AboutPage")]
    links += [Link("license", licence) for licence in sorted(licences)]
    links += [Link(rel, maker) for rel, maker in sorted(makers)]
    catalogue = names.thing("catalog")
    if iri != catalogue and exists(session, catalogue):
        links.append(Link("collection", _document(here, catalogue).page, HTML.media_type))
    return links


def _answer(here: Site, document: Document, suffix: str | None) -> Response:
    profile, chosen = _chosen(here, suffix)
    links = document.links(profile, chosen.format, data_links(here, document.iri))
    mapping = mapping_here(here, document.iri) if chosen.format is HTML and profile.name == "full" else None
    if mapping is not None:
        response = mapping_page(here, document, links, mapping)
    elif chosen.format is HTML and profile.name == "full":
        data = schema_document(document.iri, _in_page(here, document))
        response = entity_page(here, document, links, data)
    elif chosen.format is HTML:
        response = here.page("representations.html", document=document, profiles=PROFILES, links=links)
    else:
        response = answer(_body(here, document, profile, chosen), chosen.content_type)
    response.headers["Link"] = link_header(links)
    response.headers["Content-Profile"] = f"<{profile.iri(here.session.snapshot.names.base)}>"
    return response


def _chosen(here: Site, suffix: str | None) -> tuple[Profile, Chosen]:
    """The best profile that comes in a format that the client takes; raises `NotAcceptable`."""
    wanted = suffix or here.wanted or single(here.parameters, "_mediatype")
    accept = request.headers.get("Accept-Profile", "")
    profiles = choose_profiles(accept, single(here.parameters, "_profile"), here.session.snapshot.names.base)
    refused: NotAcceptable | None = None
    for profile in profiles:
        try:
            return profile, here.choose(profile.formats, wanted)
        except NotAcceptable as error:
            refused = refused or error
    raise refused or NotFound("there is no profile", mend="Leave it out.")


def _body(here: Site, document: Document, profile: Profile, chosen: Chosen) -> bytes:
    """The description as bytes; a graph is named in TriG and N-Quads, and in the profile that is about graphs."""
    fmt, names = chosen.format, here.session.snapshot.names
    if profile.name == "alt":
        return serialize_quads(alternatives(document.iri, document.page, names.base), fmt, here.session.prefixes)
    quads = _quads(here, document, profile)
    if profile.name == "schema.org" and fmt.name == "jsonld":
        return schema_document(document.iri, quads)
    return represent(here.session, here.access.bundle, quads, fmt, here.language, profile.name == "graphs")


def _in_page(here: Site, document: Document) -> list[Quad]:
    """The thing in schema.org as its page carries it: no more than a crawler takes and a reader waits for."""
    most = min(here.settings.max_description_triples, _CARRIED)
    smaller = replace(here.session, settings=replace(here.settings, max_description_triples=most))
    return list(schema_org(smaller, document.iri).quads)


def _quads(here: Site, document: Document, profile: Profile) -> list[Quad]:
    """The description in a profile, with what it says of itself where it is cut."""
    description: Description = _DESCRIBED[profile.name](here.session, document.iri)
    query = f"sparql?query={quote(all_statements(document.iri), safe='')}"
    everything = here.url(query if here.live else "exports/dataset.nq")
    return [*description.quads, *remark(description, document.page, everything)]


def _linkset(here: Site, document: Document) -> Response:
    """All links of the page and its representations, as a link set (RFC 9264)."""
    chosen = here.choose(LINKSET_FORMATS)
    contexts = document.contexts(data_links(here, document.iri))
    response = answer(linkset(contexts, chosen.format), chosen.content_type)
    response.headers["Link"] = link_header([Link("describes", document.page, HTML.media_type)])
    return response


@blueprint.get("/def/profile/<token>")
def profile_page(token: str) -> Response:
    """A profile under its IRI, as a page or RDF."""
    here = site()
    profile = next((p for p in PROFILES if p.name == token), None)
    if profile is None:
        tokens = [p.name for p in PROFILES]
        raise NotFound(f"there is no profile {shorten(token)!r}", mend=f"There is: {', '.join(tokens)}.", near=tokens)
    chosen = here.choose((HTML, *PROFILES[1].formats[:6]))
    if chosen.format is HTML:
        return here.page("profile.html", profile=profile, profiles=PROFILES, base=here.session.snapshot.names.base)
    quads = profile_quads(profile, here.session.snapshot.names.base)
    return answer(serialize_quads(quads, chosen.format, here.session.prefixes), chosen.content_type)
