"""Describes the catalogue in DCAT 3, after the profile DCAT-AP-NL 3.0."""

from __future__ import annotations

from so2graph.engine.store import Quad
from so2graph.publish.description import DataService, Description, Download, GraphDescription, Resource
from so2graph.publish.triples import Triples, both, integer, moment
from so2graph.registry import Text
from so2graph.vocab import DCTERMS, RDFS, SKOS, Literal

__all__ = ["dcat_quads"]

DCAT = "http://www.w3.org/ns/dcat#"
FOAF = "http://xmlns.com/foaf/0.1/"
PROV = "http://www.w3.org/ns/prov#"
VCARD = "http://www.w3.org/2006/vcard/ns#"
VOID = "http://rdfs.org/ns/void#"
AUTHORITY = "http://publications.europa.eu/resource/authority/"
IANA = "https://www.iana.org/assignments/media-types/"
_FILE_TYPES = {
    "nquads": "RDF_N_QUADS",
    "trig": "RDF_TRIG",
    "turtle": "RDF_TURTLE",
    "ntriples": "RDF_N_TRIPLES",
    "rdfxml": "RDF_XML",
    "jsonld": "JSON_LD",
    "parquet": "PARQUET",
}
"""Names of the formats in the authority table of file types."""
_THEMES = {
    "ECON": Text("Economie en financiën", "Economy and finance"),
    "SOCI": Text("Bevolking en samenleving", "Population and society"),
}
"""Labels of the data themes that the catalogue uses; another shows its code."""


def dcat_quads(description: Description) -> list[Quad]:
    """The catalogue with its datasets, distributions and data services (DCAT 3, 6; DCAT-AP-NL 3.0).

    Datasets are the whole and every graph that the catalogue describes. Each IRI of an authority table has the class
    that the profile asks for, since a validator has nothing else to know it by.
    """
    triples = Triples()
    whole = description.about
    graphs = [graph for graph in description.graphs if graph.catalogued]
    _catalogue(triples, description, graphs)
    _resource(triples, description, whole)
    triples.type(whole.iri, DCAT + "Dataset", VOID + "Dataset")
    triples.add(whole.iri, DCTERMS + "modified", moment(description.modified))
    triples.add(whole.iri, DCAT + "version", Literal(str(description.generation)))
    triples.add(whole.iri, VOID + "triples", integer(description.triples))
    triples.add(whole.iri, DCTERMS + "hasPart", *(graph.about.iri for graph in graphs))
    for download in description.downloads:
        _distribution(triples, description, whole, download)
    for graph in graphs:
        _graph(triples, description, graph)
    for service in description.services:
        _service(triples, description, service)
    return triples.quads


def _catalogue(triples: Triples, description: Description, graphs: list[GraphDescription]) -> None:
    about, home = description.catalogue, description.addresses()
    taxonomy = AUTHORITY + "data-theme"
    triples.type(about.iri, DCAT + "Catalog")
    _named(triples, about)
    triples.add(about.iri, DCTERMS + "modified", moment(description.modified))
    triples.add(about.iri, DCAT + "dataset", description.about.iri, *(graph.about.iri for graph in graphs))
    triples.add(about.iri, DCAT + "service", *(service.address for service in description.services))
    triples.add(about.iri, DCAT + "themeTaxonomy", taxonomy)
    triples.type(taxonomy, SKOS + "ConceptScheme")
    triples.add(taxonomy, DCTERMS + "title", *both(Text("Datathema", "Data theme")))
    triples.add(about.iri, FOAF + "homepage", home)
    triples.type(home, FOAF + "Document")


def _named(triples: Triples, about: Resource) -> None:
    """What every resource of the catalogue has: texts, agents, a contact point, languages and a licence."""
    iri = about.iri
    triples.add(iri, DCTERMS + "title", *both(about.title))
    triples.add(iri, DCTERMS + "description", *both(about.description))
    triples.add(iri, DCTERMS + "publisher", about.publisher.iri)
    triples.add(iri, DCTERMS + "creator", about.creator.iri)
    for agent in (about.publisher, about.creator):
        triples.type(agent.iri, FOAF + "Agent")
        triples.add(agent.iri, FOAF + "name", Literal(agent.name))
    contact = about.contact
    triples.add(iri, DCAT + "contactPoint", contact.iri)
    triples.type(contact.iri, VCARD + "Kind")
    triples.add(contact.iri, VCARD + "fn", Literal(contact.name))
    triples.add(contact.iri, VCARD + "hasURL", contact.page)
    triples.add(iri, DCTERMS + "language", *about.languages)
    for language in about.languages:
        triples.type(language, DCTERMS + "LinguisticSystem")
    _licence(triples, iri, about)


def _licence(triples: Triples, iri: str, about: Resource) -> None:
    if about.licence:
        triples.add(iri, DCTERMS + "license", about.licence)
        triples.type(about.licence, DCTERMS + "LicenseDocument")


def _themes_and_rights(triples: Triples, iri: str, about: Resource) -> None:
    triples.add(iri, DCAT + "theme", *about.themes)
    for theme in about.themes:
        code = theme.rpartition("/")[2]
        triples.type(theme, SKOS + "Concept")
        triples.add(theme, SKOS + "prefLabel", *both(_THEMES.get(code, Text(code, code))))
    if about.access:
        triples.add(iri, DCTERMS + "accessRights", about.access)
        triples.type(about.access, DCTERMS + "RightsStatement")


def _resource(triples: Triples, description: Description, about: Resource) -> None:
    iri, page = about.iri, description.addresses("catalog")
    _named(triples, about)
    _themes_and_rights(triples, iri, about)
    triples.add(iri, DCTERMS + "identifier", Literal(about.identifier))
    triples.add(iri, DCAT + "keyword", *about.keywords)
    triples.add(iri, DCAT + "landingPage", page)
    triples.type(page, FOAF + "Document")
    triples.add(iri, PROV + "wasDerivedFrom", *about.sources)
    triples.add(iri, DCTERMS + "spatial", *about.spatial)
    for place in about.spatial:
        triples.type(place, DCTERMS + "Location")
    for statement in about.rights:
        triples.add(iri, DCTERMS + "rights", statement)
        triples.type(statement, DCTERMS + "RightsStatement")
        triples.add(statement, RDFS + "label", *both(description.rights[statement]))
    if about.period:
        period, start, end = about.period
        triples.add(iri, DCTERMS + "temporal", period)
        triples.type(period, DCTERMS + "PeriodOfTime")
        triples.add(period, DCAT + "startDate", start)
        triples.add(period, DCAT + "endDate", end)


def _graph(triples: Triples, description: Description, graph: GraphDescription) -> None:
    iri = graph.about.iri
    _resource(triples, description, graph.about)
    triples.type(iri, DCAT + "Dataset", VOID + "Dataset")
    triples.add(iri, DCTERMS + "isPartOf", description.about.iri)
    if graph.modality:
        triples.add(iri, description.names.term("modality"), graph.modality)
    if graph.triples is not None:
        triples.add(iri, VOID + "triples", integer(graph.triples))
    for download in graph.downloads:
        _distribution(triples, description, graph.about, download)


def _distribution(triples: Triples, description: Description, about: Resource, download: Download) -> None:
    name = download.address.removeprefix(description.addresses("exports/"))
    distribution = description.addresses(f"catalog#{name}")
    triples.add(about.iri, DCAT + "distribution", distribution)
    triples.type(distribution, DCAT + "Distribution")
    triples.add(distribution, DCTERMS + "title", Literal(name))
    for predicate in ("accessURL", "downloadURL"):
        triples.add(distribution, DCAT + predicate, download.address)
    triples.type(download.address, RDFS + "Resource")
    media_type, file_type = IANA + download.format.media_type, AUTHORITY + "file-type/"
    file_type += _FILE_TYPES[download.format.name]
    triples.add(distribution, DCAT + "mediaType", media_type)
    triples.type(media_type, DCTERMS + "MediaType")
    triples.add(distribution, DCTERMS + "format", file_type)
    triples.type(file_type, DCTERMS + "MediaTypeOrExtent")
    triples.add(distribution, DCTERMS + "issued", moment(description.modified))
    if download.compressed:
        triples.add(distribution, DCAT + "compressFormat", IANA + "application/gzip")
        triples.type(IANA + "application/gzip", DCTERMS + "MediaType")
    _licence(triples, distribution, about)


def _service(triples: Triples, description: Description, service: DataService) -> None:
    whole = description.about
    iri = service.address
    triples.type(iri, DCAT + "DataService")
    triples.add(iri, DCTERMS + "title", *both(service.title))
    triples.add(iri, DCTERMS + "description", *both(service.description))
    triples.add(iri, DCTERMS + "identifier", Literal(iri))
    triples.add(iri, DCTERMS + "publisher", whole.publisher.iri)
    triples.add(iri, DCAT + "contactPoint", whole.contact.iri)
    triples.add(iri, DCAT + "endpointURL", iri)
    triples.add(iri, DCAT + "endpointDescription", service.description_address)
    for address in (iri, service.description_address):
        triples.type(address, RDFS + "Resource")
    triples.add(iri, DCAT + "servesDataset", whole.iri)
    _themes_and_rights(triples, iri, whole)
    _licence(triples, iri, whole)
