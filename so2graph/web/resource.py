"""`/id`, `/doc`, `/def` and `/graph`: things, terms and graphs, each under its own address."""

from __future__ import annotations

from itertools import groupby
from urllib.parse import quote

from flask import Blueprint, Response, redirect

from so2graph.engine.lookup import exists, near_names, shorten
from so2graph.engine.store import serialize_quads
from so2graph.errors import NotFound, UnknownEntity
from so2graph.formats import DATASET_FORMATS, GRAPH_FORMATS, HTML, by_name
from so2graph.publish.entity import Entity, Statement, describe, description_quads, vocabulary_quads
from so2graph.vocab import DCTERMS, MODALITIES, RDF, RDFS, SKOS, Iri, Literal, Term
from so2graph.web.site import Cell, Site, answer, site

__all__ = ["blueprint"]

blueprint = Blueprint("resource", __name__)
ENTITY_FORMATS = (HTML, *GRAPH_FORMATS)
ORG = "http://www.w3.org/ns/org#"
_SHOWN_ELSEWHERE = frozenset(
    (
        RDF + "type",
        RDFS + "label",
        SKOS + "prefLabel",
        SKOS + "note",
        DCTERMS + "identifier",
        "http://xmlns.com/foaf/0.1/name",
        ORG + "member",
        ORG + "organization",
    )
)


@blueprint.get("/id/<path:local>")
def thing(local: str) -> Response:
    """A thing cannot be sent; 303 leads to the page about it (Cool URIs for the Semantic Web, 4.1)."""
    here = site()
    return redirect(here.path(f"doc/{quote(local)}"), 303)  # type: ignore[return-value]  # werkzeug's own Response


@blueprint.get("/doc/<path:local>")
def page(local: str) -> Response:
    """What is known of a thing, as a page or RDF; the format goes by suffix, `format=` or Accept."""
    here = site()
    iri, wanted = _named(here, local)
    if not exists(here.session, iri):
        near = near_names(here.session, local)
        raise UnknownEntity(
            f"there is nothing called {shorten(local)!r} in the graph",
            mend=f"Did you mean: {'; '.join(label for _, label in near)}?" if near else "See /queries/entities.",
            near=[found for found, _ in near],
        )
    chosen = here.choose(ENTITY_FORMATS, wanted)
    if chosen.format is HTML:
        return _entity_page(here, describe(here.session, iri))
    quads = description_quads(here.session, iri)
    return answer(serialize_quads(quads, chosen.format, here.session.prefixes), chosen.content_type)


def _named(here: Site, local: str) -> tuple[str, str | None]:
    """The IRI of a thing and the format that its suffix asks for."""
    names = here.session.snapshot.names
    stem, dot, suffix = local.rpartition(".")
    if dot and not exists(here.session, names.thing(local)) and by_name(suffix, ENTITY_FORMATS):
        return names.thing(stem), suffix
    return names.thing(local), None


def _entity_page(here: Site, entity: Entity) -> Response:
    names = here.session.snapshot.names
    modalities = {names.term(s.modality) for s in entity.statements if s.modality}
    labels = here.session.labels(entity.iris | modalities, here.language)
    linked = (*entity.outgoing, *entity.incoming)
    linked = tuple(s for s in linked if _readable(s, linked, here.language))
    said = [s for s in linked if s.modality and _worth(s)]
    mentions = sorted({e.quote for s in linked for e in s.evidence if e.identifier.startswith("M-") and e.quote})
    outside = [s for s in linked if s.graph == names.graph("context") and _worth(s)]
    notes = [
        s.object.value
        for s in entity.outgoing
        if s.predicate == SKOS + "note" and isinstance(s.object, Literal) and s.object.language == here.language
    ]

    def cell(term: Term) -> Cell:
        if isinstance(term, Iri):
            return Cell(
                labels[term.value], None if term.value == entity.iri else here.href(term.value), iri=term.value
            )
        return Cell(str(term), language=term.language if isinstance(term, Literal) else None)

    own = [iri for iri in entity.types if iri.startswith(names.base)]
    types = [Cell(labels[iri], here.href(iri)) for iri in own or entity.types]
    return here.page(
        "entity.html",
        entity=entity,
        labels=labels,
        said=_merge(said),
        outside=_merge(outside),
        notes=notes,
        record=_merge(list(entity.record)),
        mentions=mentions,
        types=types,
        cell=cell,
        modality=lambda m: labels[names.term(m)],
        formats=GRAPH_FORMATS,
        local=quote(entity.iri.removeprefix(names.thing(""))),
    )


def _worth(statement: Statement) -> bool:
    """Whether a statement says more than the head of the page already does.

    A membership says again, with a role, what a direct statement says.
    """
    return statement.predicate not in _SHOWN_ELSEWHERE


def _readable(statement: Statement, among: tuple[Statement, ...], language: str) -> bool:
    """Whether a text is in the reader's language, or stands in no other."""
    text = statement.object
    if not isinstance(text, Literal) or text.language in (None, language):
        return True
    return not any(
        isinstance(other.object, Literal) and other.object.language == language
        for other in among
        if (other.subject, other.predicate, other.graph) == (statement.subject, statement.predicate, statement.graph)
    )


def _merge(statements: list[Statement]) -> list[tuple[Statement, list[Statement]]]:
    """Statements that share subject, property, modality and evidence, as one line with several objects.

    The most certain come first; then the order of the query.
    """
    statements = sorted(statements, key=lambda s: MODALITIES.index(s.modality) if s.modality else 0)

    def key(s: Statement) -> tuple[str, str, str | None, tuple[str, ...]]:
        return str(s.subject), s.predicate, s.modality, tuple(e.identifier for e in s.evidence)

    return [(group[0], group) for _, rows in groupby(statements, key) if (group := list(rows))]


@blueprint.get("/def")
def vocabulary() -> Response:
    """The vocabulary with its concept schemes, as a page or RDF."""
    here = site()
    chosen = here.choose((HTML, *GRAPH_FORMATS))
    if chosen.format is HTML:
        return here.page("def.html", vocabulary=_terms(here), formats=GRAPH_FORMATS)
    quads = vocabulary_quads(here.session)
    return answer(serialize_quads(quads, chosen.format, here.session.prefixes), chosen.content_type)


_VERSION = "SELECT ?version { GRAPH ?_vocabulary { ?ontology owl:versionInfo ?version } }"


@blueprint.get("/def/<version>")
def vocabulary_version(version: str) -> Response:
    """The vocabulary under its version IRI; only the version that this generation holds is here."""
    here = site()
    graph_iri = Iri(here.session.snapshot.names.graph("vocabulary"))
    known = [str(row["version"]) for row in here.session.select(_VERSION, vocabulary=graph_iri)]
    if version not in known:
        raise NotFound(
            f"there is no version {shorten(version)!r} of the vocabulary here",
            mend=f"There is: {', '.join(known)}.",
            near=known,
        )
    return vocabulary()


_TERMS = """
SELECT ?term ?kind ?label ?definition ?domain ?range WHERE { GRAPH ?_vocabulary {
  ?term rdfs:isDefinedBy ?ontology ; a ?class ; skos:definition ?definition ; rdfs:label|skos:prefLabel ?label .
  BIND(IF(?class = owl:Class, "class", IF(?class IN (owl:ObjectProperty, owl:DatatypeProperty), "property",
       IF(?class = skos:Concept, "concept", "none"))) AS ?kind)
  FILTER(?kind != "none" && LANG(?label) = LANG(?definition))
  OPTIONAL { ?term rdfs:domain ?domain } OPTIONAL { ?term rdfs:range ?range }
} } ORDER BY ?kind ?term
"""


def _terms(here: Site) -> dict[str, object]:
    vocabulary_graph = Iri(here.session.snapshot.names.graph("vocabulary"))
    rows = [
        row
        for row in here.session.select(_TERMS, vocabulary=vocabulary_graph)
        if isinstance(row["label"], Literal) and row["label"].language == here.language
    ]
    names = here.session.snapshot.names
    iris = {str(row[k]) for row in rows for k in ("domain", "range") if row[k]}
    return {
        "terms": {
            kind: [row for row in rows if str(row["kind"]) == kind] for kind in ("class", "property", "concept")
        },
        "labels": here.session.labels(iris, here.language),
        "anchor": lambda iri: str(iri).removeprefix(names.term("")).removeprefix(names.thing("")),
    }


@blueprint.get("/graph/<path:local>")
def graph(local: str) -> Response:
    """One named graph as RDF; with its name where the format can carry it."""
    here = site()
    stem, dot, suffix = local.rpartition(".")
    iri = here.session.snapshot.names.graph(stem if dot else local)
    readable = here.session.readable | here.session.snapshot.names.derived
    if iri not in readable:
        raise NotFound(f"there is no graph <{iri}> here", mend="See /queries/graphs.", near=sorted(readable))
    chosen = here.choose((*GRAPH_FORMATS,), suffix if dot else None)
    with_name = chosen.format in DATASET_FORMATS
    quads = list(here.session.snapshot.quads([iri]))
    body = serialize_quads(
        quads if with_name else [(s, p, o, None) for s, p, o, _ in quads], chosen.format, here.session.prefixes
    )
    return answer(body, chosen.content_type)
