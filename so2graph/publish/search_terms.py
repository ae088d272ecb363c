"""The properties and classes by which search knows names, places, themes, terms and dates, in any dataset."""

from __future__ import annotations

import re

from so2graph.vocab import DCTERMS, RDF, RDFS, SKOS, XSD

__all__ = [
    "ABOUT",
    "ANNOTATION",
    "CONTAINED",
    "DATED",
    "EQUAL",
    "HELPERS",
    "NAMES",
    "NOTES",
    "OTHER_NAMES",
    "OUR_PLACES",
    "PLACES",
    "SPATIAL",
    "TERMS",
    "YEAR",
]

_SCHEMAS = ("https://schema.org/", "http://schema.org/")
_FOAF, _DC = "http://xmlns.com/foaf/0.1/", "http://purl.org/dc/elements/1.1/"
_OWL, _ORG, ANNOTATION = "http://www.w3.org/2002/07/owl#", "http://www.w3.org/ns/org#", "http://www.w3.org/ns/oa#"
_WGS84, _GEOSPARQL = "http://www.w3.org/2003/01/geo/wgs84_pos#", "http://www.opengis.net/ont/geosparql#"
NAMES = {
    name: rank
    for rank, name in enumerate(
        (
            RDFS + "label",
            SKOS + "prefLabel",
            DCTERMS + "title",
            _FOAF + "name",
            *(schema + "name" for schema in _SCHEMAS),
            _DC + "title",
            SKOS + "altLabel",
            SKOS + "hiddenLabel",
            DCTERMS + "alternative",
            *(schema + local for schema in _SCHEMAS for local in ("alternateName", "legalName")),
        )
    )
}
"""What names a thing, the most usual first; from `altLabel` on they are other names."""
OTHER_NAMES = NAMES[SKOS + "altLabel"]
NOTES = (
    SKOS + "definition",
    SKOS + "note",
    DCTERMS + "description",
    RDFS + "comment",
    _DC + "description",
    *(schema + "description" for schema in _SCHEMAS),
)
PLACES = frozenset(
    (
        *(schema + name for schema in _SCHEMAS for name in ("Place", "City", "AdministrativeArea", "Country")),
        DCTERMS + "Location",
        _WGS84 + "SpatialThing",
        _GEOSPARQL + "Feature",
    )
)
"""Classes of places, with their subclasses."""
OUR_PLACES = ("UrbanCore", "Region", "MunicipalArea", "UnnamedPlaces")
CONTAINED = frozenset((*(schema + "containedInPlace" for schema in _SCHEMAS), _GEOSPARQL + "sfWithin"))
SPATIAL = (
    DCTERMS + "spatial",
    _FOAF + "based_near",
    *(schema + name for schema in _SCHEMAS for name in ("location", "areaServed", "containedInPlace")),
)
ABOUT = (DCTERMS + "subject", "http://www.w3.org/ns/dcat#theme", *(schema + "about" for schema in _SCHEMAS))
"""What these lead to is a place or a theme also where nobody says what it is."""
EQUAL = frozenset((SKOS + "exactMatch", SKOS + "closeMatch", _OWL + "sameAs"))
TERMS = frozenset(
    (
        *(_OWL + n for n in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty", "Ontology")),
        RDFS + "Class",
        RDF + "Property",
        SKOS + "ConceptScheme",
    )
)
HELPERS = frozenset((_ORG + "Membership", RDF + "Statement", "http://spdx.org/rdf/terms#Checksum"))
"""Classes of what is written only to say something of something else; it is not listed."""
DATED = frozenset(XSD + name for name in ("gYear", "gYearMonth", "date", "dateTime", "dateTimeStamp"))
YEAR = re.compile(r"-?\d{4,6}")
