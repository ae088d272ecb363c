"""The addresses at which the dataset describes itself: VoID, catalogue, examples, sitemap, robots and feed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app

from so2graph.engine.store import Quad, serialize_quads
from so2graph.errors import BadParameter, NotFound
from so2graph.formats import GRAPH_FORMATS, HTML
from so2graph.publish.dcat import dcat_quads
from so2graph.publish.description import Addresses, Description, describe_dataset
from so2graph.publish.examples import example_quads
from so2graph.publish.feed import atom, changes
from so2graph.publish.schema_dataset import as_script, dataset_jsonld
from so2graph.publish.sitemap import MOST, page_paths, robots, sitemap, sitemap_index
from so2graph.publish.source import documents
from so2graph.publish.statistics import StatisticsKeeper
from so2graph.publish.void import void_quads
from so2graph.web.addresses import Addresses as Places
from so2graph.web.protocol import LANGUAGES, single
from so2graph.web.site import Site, answer, site

__all__ = ["PROFILES", "blueprint", "description_of", "jsonld_script"]

blueprint = Blueprint("described", __name__)
_XML = "application/xml; charset=utf-8"
_ATOM = "application/atom+xml; charset=utf-8"
PROFILES = ("dcat-ap-nl", "schema.org")


@dataclass(frozen=True)
class _PlainAddresses(Addresses):
    """The whole addresses of a site of plain files."""

    files: Places

    @property
    def live(self) -> bool:
        return False

    def __call__(self, local: str = "") -> str:
        return self.files.whole(self.root, local)

    def page(self, local: str, language: str | None = None) -> str:
        return self.root + self.files.path("", local, language or LANGUAGES[0], chosen=True).lstrip("/")


def _addresses(here: Site) -> Addresses:
    return Addresses(here.url()) if here.live else _PlainAddresses(here.url(), here.addresses)


def description_of(here: Site) -> Description:
    """The dataset as this caller may see it, with the addresses of this service."""
    queries = [query for query in here.access.bundle.queries().values() if here.offers(f"queries/{query.name}")]
    return describe_dataset(here.session, queries, _addresses(here))


def _paths(here: Site, description: Description) -> list[str]:
    """The paths of the pages that are here."""
    sources = (f"source/{name}" for name in documents(here.session, here.access.bundle.data))
    return [path for path in (*page_paths(description, here.session), *sources) if here.offers(path)]


def jsonld_script(description: Description) -> str:
    """The dataset for search engines, to stand in a page."""
    return as_script(dataset_jsonld(description))


def _rdf(here: Site, quads: list[Quad], suffix: str | None) -> Response:
    chosen = here.choose(GRAPH_FORMATS, suffix)
    return answer(serialize_quads(quads, chosen.format, here.session.prefixes), chosen.content_type)


@blueprint.get("/.well-known/void")
@blueprint.get("/.well-known/void.<suffix>")
def void(suffix: str | None = None) -> Response:
    """The dataset in VoID, at the address that VoID 7.2 gives it."""
    here = site()
    keeper = cast(StatisticsKeeper, current_app.extensions["so2graph-statistics"])
    return _rdf(here, void_quads(description_of(here), keeper.of(here.session)), suffix)


@blueprint.get("/.well-known/sparql-examples")
@blueprint.get("/.well-known/sparql-examples.<suffix>")
def examples(suffix: str | None = None) -> Response:
    """The stored queries in RDF."""
    here = site()
    return _rdf(here, example_quads(description_of(here), here.session), suffix)


@blueprint.get("/catalog")
@blueprint.get("/catalog.<suffix>")
def catalogue(suffix: str | None = None) -> Response:
    """The catalogue: a page, or DCAT; with `_profile=schema.org` the whole dataset as schema.org describes one."""
    here = site()
    description = description_of(here)
    profile = single(here.parameters, "_profile") or PROFILES[0]
    if profile not in PROFILES:
        raise BadParameter(
            f"there is no profile {profile[:80]!r} of the catalogue", mend=f"There is: {', '.join(PROFILES)}."
        )
    if profile == "schema.org":
        jsonld = tuple(fmt for fmt in GRAPH_FORMATS if fmt.name == "jsonld")
        chosen = here.choose(jsonld, suffix or here.wanted or "jsonld")
        return answer(as_script(dataset_jsonld(description)).encode() + b"\n", chosen.content_type)
    if here.choose((HTML, *GRAPH_FORMATS), suffix).format is HTML:
        return _page(here, description)
    return _rdf(here, dcat_quads(description), suffix)


def _page(here: Site, description: Description) -> Response:
    modalities = {graph.modality for graph in description.graphs if graph.modality}
    return here.page(
        "catalog.html",
        description=description,
        modalities=here.session.labels(modalities, here.language),
        formats=GRAPH_FORMATS,
        jsonld=jsonld_script(description),
    )


@blueprint.get("/sitemap.xml")
def whole_sitemap() -> Response:
    """Every page for search engines, or the index of the sitemaps where they do not fit in one."""
    here = site()
    description = description_of(here)
    paths = _paths(here, description)
    if len(paths) > MOST:
        return answer(sitemap_index(len(paths), description).encode(), _XML)
    return answer(sitemap(paths, description).encode(), _XML)


@blueprint.get("/sitemap-<int:number>.xml")
def part_of_sitemap(number: int) -> Response:
    """One sitemap of those in the index."""
    here = site()
    description = description_of(here)
    first = (number - 1) * MOST
    paths = _paths(here, description)[first : first + MOST] if number > 0 else []
    if not paths:
        raise NotFound(f"there is no sitemap {number}", mend="See /sitemap.xml.")
    return answer(sitemap(paths, description).encode(), _XML)


@blueprint.get("/robots.txt")
def robots_txt() -> Response:
    """What crawlers may visit, and where the sitemap is."""
    here = site()
    text = robots(_addresses(here), urlsplit(here.url()).path)
    return answer(text.encode(), "text/plain; charset=utf-8")


@blueprint.get("/changes.atom")
def feed() -> Response:
    """One entry for each generation that is kept, in the language of the reader."""
    here = site()
    found = changes(here.access.history(), here.session.hidden)
    response = answer(atom(description_of(here), found, here.language).encode(), _ATOM)
    response.headers["Content-Language"] = here.language
    return response
