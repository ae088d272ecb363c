"""`/graph/{x}`: one named graph, as a page and in every format, made by a reader."""

from __future__ import annotations

from itertools import islice

from flask import Blueprint, Response, request

from so2graph.engine.scanner import substitute
from so2graph.engine.store import Quad
from so2graph.engine.wire import Question
from so2graph.errors import NotFound
from so2graph.formats import FORMATS, GRAPH_FORMATS, HTML, Format, by_name
from so2graph.vocab import DCTERMS, Iri, Literal, Term
from so2graph.web.asking import deadline_of, fresh_id
from so2graph.web.linking import Link, link_header
from so2graph.web.site import Site, cells, site, stream

__all__ = ["PAGE_FORMATS", "blueprint"]

blueprint = Blueprint("graph_page", __name__)
_TABLES = tuple(f for f in FORMATS if f.name in ("csv", "tsv"))
PAGE_FORMATS = (HTML, *GRAPH_FORMATS, *_TABLES)
_SHOWN = 100
"""Statements that the page of a graph shows."""
_ROWS = {
    "csv": """SELECT (STR(?g) AS ?graph) ?subject ?predicate ?object
  (IF(isIRI(?object), "iri", IF(isLITERAL(?object), "literal", "blank")) AS ?objectKind)
  (STR(DATATYPE(?object)) AS ?datatype) (LANG(?object) AS ?language)
{ ?subject ?predicate ?object BIND(?_graph AS ?g) }""",
    "tsv": "SELECT ?subject ?predicate ?object { ?subject ?predicate ?object }",
}
_ALL = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"


@blueprint.get("/graph/<path:local>")
def graph(local: str) -> Response:
    """One named graph; the format goes by suffix, `format=` or Accept."""
    here = site()
    iri, suffix = _named(here, local)
    chosen = here.choose(PAGE_FORMATS, suffix)
    links = _links(here, iri, chosen.format)
    if chosen.format is HTML:
        response = _page(here, iri, links)
    elif request.method == "HEAD":
        response = Response(status=200, content_type=chosen.content_type)
        response.automatically_set_content_length = False
    else:
        response = stream(here.ask(_question(here, iri, chosen.format)), chosen.content_type)
    response.headers["Link"] = link_header(links)
    if iri in here.session.snapshot.graphs.by_name_only:
        response.headers["X-Robots-Tag"] = "noindex, noarchive"
    return response


def _named(here: Site, local: str) -> tuple[str, str | None]:
    """The graph that an address names, and the format of its suffix; raises `NotFound`."""
    names = here.session.snapshot.names
    readable = here.session.readable | names.derived
    if names.graph(local) in readable:
        return names.graph(local), None
    stem, dot, suffix = local.rpartition(".")
    if dot and by_name(suffix, PAGE_FORMATS) and names.graph(stem) in readable:
        return names.graph(stem), suffix
    raise NotFound(
        f"there is no graph <{names.graph(local)}> here", mend="See /queries/graphs.", near=sorted(readable)
    )


def _question(here: Site, iri: str, fmt: Format) -> Question:
    """A stored graph is written as it is, one that is merged from others by a query; neither in this process."""
    derived = iri in here.session.snapshot.names.derived
    text = _ROWS[fmt.name] if fmt in _TABLES else _ALL
    return Question(
        id=fresh_id(),
        task="query" if derived or fmt in _TABLES else "graph",
        text=substitute(text, {"graph": Iri(iri).n3}),
        hidden=tuple(sorted(here.session.hidden)),
        deadline=deadline_of(None, here.settings.deadline),
        default=(iri,),
        named=() if derived or fmt in _TABLES else (iri,),
        solutions=fmt.name if fmt in _TABLES else None,
        graph=None if fmt in _TABLES else fmt.name,
    )


def _described(here: Site, iri: str) -> list[Quad]:
    """What the catalogue says of a graph."""
    catalogue = here.session.snapshot.names.catalogue
    return [quad for quad in here.session.about(subject=Iri(iri)) if str(quad[3]) == catalogue]


def _address(here: Site, iri: str, fmt: Format) -> str:
    local = iri.removeprefix(here.session.snapshot.names.base)
    return here.url(local if fmt is HTML else f"{local}.{fmt.suffix}")


def _links(here: Site, iri: str, fmt: Format) -> list[Link]:
    """Links of a graph: what to cite, its files, its licence and what kind of thing it is (Signposting)."""
    links = [Link("cite-as", iri), Link("canonical", _address(here, iri, fmt), fmt.media_type)]
    if fmt is HTML:
        links += [Link("type", f"https://schema.org/{name}") for name in ("Dataset", "AboutPage")]
    described = _described(here, iri)
    for _, predicate, obj, _ in described:
        if predicate.value == DCTERMS + "license" and isinstance(obj, Iri):
            links.append(Link("license", obj.value))
    if described and here.live:
        links.append(Link("describedby", here.url(f"doc?iri={iri}&format=ttl"), "text/turtle"))
    if fmt is not HTML:
        links.append(Link("collection", _address(here, iri, HTML), HTML.media_type))
    links += [
        Link("item" if fmt is HTML else "alternate", _address(here, iri, other), other.media_type)
        for other in PAGE_FORMATS[1:]
        if other is not fmt
    ]
    return links


def _page(here: Site, iri: str, links: list[Link]) -> Response:
    session, names = here.session, here.session.snapshot.names
    described, private = _described(here, iri), iri in session.snapshot.graphs.by_name_only
    rows = [] if private else [quad[:3] for quad in islice(session.snapshot.quads([iri]), _SHOWN)]
    sizes = session.snapshot.manifest.graphs | session.snapshot.manifest.derived
    modality = _objects(described, names.term("modality"))
    return here.page(
        "graph.html",
        iri=iri,
        title=_text(here, described, DCTERMS + "title") or iri.removeprefix(names.base),
        description=_text(here, described, DCTERMS + "description") or _kind(here, iri),
        rights=_text(here, described, DCTERMS + "accessRights"),
        licences=[(str(term), here.href(str(term))) for term in _objects(described, DCTERMS + "license")],
        modality=here.session.labels(map(str, modality), here.language),
        triples=sum(sizes.get(member, 0) for member in session.snapshot.manifest.merges.get(iri, (iri,))),
        factual=iri in session.factual or iri == names.facts,
        private=private,
        rows=cells(here, rows),
        links=here.shown(links),
        formats=[(f, here.file(f"{iri.removeprefix(names.base)}.{f.suffix}")) for f in PAGE_FORMATS[1:]],
    )


def _kind(here: Site, iri: str) -> str:
    names = here.session.snapshot.names
    key = {names.facts: "graph.facts", names.everything: "graph.all"}.get(iri)
    return here.say(key) if key else ""


def _objects(described: list[Quad], predicate: str) -> list[Term]:
    return sorted((obj for _, p, obj, _ in described if p.value == predicate), key=str)


def _text(here: Site, described: list[Quad], predicate: str) -> str:
    """A text in the reader's language, else in another."""
    texts = [term for term in _objects(described, predicate) if isinstance(term, Literal)]
    texts.sort(key=lambda text: text.language != here.language)
    return texts[0].value if texts else ""
