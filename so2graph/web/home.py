"""`/`: what this is, how the hubs connect to the national level, the network as a picture and in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, Response

from so2graph.network.paths import Edge, Path, Step, paths, read_edges
from so2graph.vocab import MODALITIES
from so2graph.web.described import description_of, jsonld_script
from so2graph.web.drawing import draw
from so2graph.web.site import Site, site

__all__ = ["blueprint"]

blueprint = Blueprint("home", __name__)

_CLASSES = "SELECT ?x ?class WHERE { ?x a ?class }"
_COUNTS = """
SELECT (COUNT(DISTINCT ?mention) AS ?things) (COUNT(DISTINCT ?claim) AS ?statements) WHERE { GRAPH ?g {
  { ?mention a so2:Mention ; dcterms:identifier ?m FILTER(!REGEX(?m, "-[0-9]+$")) }
  UNION { ?claim a so2:Claim ; dcterms:identifier ?c FILTER(STRSTARTS(?c, "F")) }
} }
"""
STEPS = 5


@dataclass(frozen=True)
class Route:
    """How one hub reaches one target: every path, and whether stated facts alone give one."""

    hub: str
    target: str
    stated: bool
    best: Path | None
    count: int


def _of_class(classes: dict[str, set[str]], local: str) -> list[str]:
    return sorted(iri for iri, found in classes.items() if any(c.endswith("#" + local) for c in found))


def _routes(edges: tuple[Edge, ...], hubs: Iterable[str], targets: Iterable[str]) -> list[Route]:
    routes = []
    for hub in hubs:
        for target in targets:
            found = paths(edges, hub, target, STEPS)
            stated = bool(paths(edges, hub, target, STEPS, "stated"))
            routes.append(Route(hub, target, stated, found[0] if found else None, len(found)))
    return routes


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

    def step(one: Step) -> dict[str, str]:
        return {
            "start": labels[one.start],
            "end": labels[one.end],
            "relation": labels[one.edge.predicate],
            "modality": one.edge.modality,
            "arrow": "→" if one.forward else "←",
        }

    response = here.page(
        "home.html",
        drawing=drawing,
        labels=labels,
        modality=lambda m: labels[names.term(m)],
        legend=[m for m in MODALITIES if any(edge.modality == m for edge in drawn)],
        listed=sorted(drawn, key=lambda e: (e.rank, labels[e.source], e.predicate, labels[e.target])),
        routes=_routes(edges, _of_class(classes, "RegionalNetwork"), _of_class(classes, "NationalOrganisation")),
        step=step,
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
