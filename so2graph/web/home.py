"""`/`: what this is and where to begin, how the hubs connect to the national level, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response

from so2graph.engine.paging import count_text
from so2graph.network.paths import read_edges
from so2graph.network.routes import STEPS, national, routes
from so2graph.registry import StoredQuery
from so2graph.vocab import MODALITIES
from so2graph.web.described import description_of, jsonld_script
from so2graph.web.drawing import draw
from so2graph.web.site import Site, site
from so2graph.web.ways import step_in_words, ways

__all__ = ["blueprint"]

blueprint = Blueprint("home", __name__)

_CLASSES = "SELECT ?x ?class WHERE { ?x a ?class }"
_COUNTS = """
SELECT (COUNT(DISTINCT ?mention) AS ?things) (COUNT(DISTINCT ?claim) AS ?statements) WHERE { GRAPH ?g {
  { ?mention a so2:Mention ; dcterms:identifier ?m FILTER(!REGEX(?m, "-[0-9]+$")) }
  UNION { ?claim a so2:Claim ; dcterms:identifier ?c FILTER(STRSTARTS(?c, "F")) }
} }
"""


_TODO = ("missing-documents", "contacts-without-email", "without-identifiers")
"""Stored queries whose rows are work for somebody."""


@dataclass(frozen=True)
class Gap:
    """Something that is missing: how often, and the stored query that lists it."""

    query: StoredQuery
    count: int


def _doors(here: Site) -> list[tuple[str, str]]:
    """Where to begin: the pages that the site has, each with the key of its words."""
    parts = {key.removeprefix("nav."): local for local, key in here.sections}
    parts |= {"search": "search"} if here.offers("search") else {}
    return [(parts[name], f"home.door.{name}") for name in ("network", "ask", "source", "search") if name in parts]


def _gaps(here: Site) -> list[Gap]:
    """What is missing, as far as it is and the site has the list."""
    found = []
    for name in _TODO:
        query = here.access.bundle.queries().get(name)
        if query is None or not here.offers(f"queries/{name}"):
            continue
        rows = here.session.select(count_text(here.session.bound(query, {})))
        found.append(Gap(query, int(str(rows[0]["count"]))))
    return [gap for gap in found if gap.count]


def _of_class(classes: dict[str, set[str]], local: str) -> list[str]:
    return sorted(iri for iri, found in classes.items() if any(c.endswith("#" + local) for c in found))


def _classes(here: Site) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in here.session.select(_CLASSES):
        found.setdefault(str(row["x"]), set()).add(str(row["class"]))
    return found


@blueprint.get("/")
def index() -> Response:
    """The home page."""
    here = site()
    names, manifest = here.session.snapshot.names, here.session.snapshot.manifest
    edges = read_edges(here.session)
    classes = _classes(here)
    shown = {iri for edge in edges for iri in (edge.source, edge.predicate, edge.target)}
    shown |= {names.term(modality) for modality in MODALITIES}
    labels = here.session.labels(shown | set(classes), here.language)
    drawing = draw(edges, classes, labels)
    drawn = {line.edge for line in drawing.lines}
    counts = here.session.select(_COUNTS)[0]

    response = here.page(
        "home.html",
        drawing=drawing,
        labels=labels,
        modality=lambda m: labels[names.term(m)],
        legend=[m for m in MODALITIES if any(edge.modality == m for edge in drawn)],
        listed=sorted(drawn, key=lambda e: (e.rank, labels[e.source], e.predicate, labels[e.target])),
        routes=routes(ways(here), _of_class(classes, "RegionalNetwork"), national(here.session), STEPS),
        step=lambda one: step_in_words(one, labels),
        doors=_doors(here),
        gaps=_gaps(here),
        things=counts["things"],
        statements=counts["statements"],
        manifest=manifest,
        triples=here.session.triples,
        graphs=len(here.session.readable),
        jsonld=jsonld_script(description_of(here)),
    )
    if here.live:
        response.headers["Link"] = (
            f'<{here.url("openapi.json")}>; rel="service-desc"; type="application/json", '
            f'<{here.url("api")}>; rel="service-doc"; type="text/html"'
        )
    return response
