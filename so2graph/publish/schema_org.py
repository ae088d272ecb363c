"""Says in the terms of schema.org what the facts say of a thing; no plan, no address, nothing that is not there."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from so2graph.engine.access import Session
from so2graph.engine.store import Quad
from so2graph.publish.concise import Description
from so2graph.vocab import DCTERMS, DEFAULT_GRAPH, RDF, RDFS, SKOS, XSD, Blank, Iri, Literal, Term

__all__ = ["SCHEMA", "schema_document", "schema_org", "schema_types"]

SCHEMA = "https://schema.org/"
ORG = "http://www.w3.org/ns/org#"
FOAF = "http://xmlns.com/foaf/0.1/"
DCAT = "http://www.w3.org/ns/dcat#"
OWL = "http://www.w3.org/2002/07/owl#"

_TYPES = {
    FOAF + "Person": "Person",
    ORG + "Organization": "Organization",
    ORG + "Membership": "OrganizationRole",
    ORG + "ChangeEvent": "Event",
    "http://data.europa.eu/m8g/PublicOrganisation": "GovernmentOrganization",
    "http://purl.org/essglobal/vocab/Network": "Organization",
    ORG + "OrganizationalCollaboration": "Organization",
    ORG + "FormalOrganization": "Organization",
    FOAF + "Document": "CreativeWork",
    "http://www.w3.org/ns/oa#Annotation": "CreativeWork",
    DCTERMS + "Location": "Place",
    SKOS + "Concept": "DefinedTerm",
    SKOS + "ConceptScheme": "DefinedTermSet",
    DCAT + "Catalog": "DataCatalog",
    DCAT + "Dataset": "Dataset",
    DCAT + "Distribution": "DataDownload",
    OWL + "Class": "Class",
    RDFS + "Class": "Class",
    OWL + "ObjectProperty": "Property",
    OWL + "DatatypeProperty": "Property",
    RDF + "Property": "Property",
}
"""Classes of others; a class below one of these by rdfs:subClassOf, or below one of schema.org, counts as it."""
_OWN_TYPES = {
    "Municipality": "GovernmentOrganization",
    "Province": "GovernmentOrganization",
    "AllianceProject": "Project",
    "UrbanCore": "City",
    "MunicipalArea": "AdministrativeArea",
    "Claim": "Claim",
}
"""Classes of ours that schema.org has a closer word for than for what stands above them."""
_ABOVE = {
    "GovernmentOrganization": "Organization",
    "NGO": "Organization",
    "Project": "Organization",
    "City": "Place",
    "AdministrativeArea": "Place",
    "Report": "CreativeWork",
    "Claim": "CreativeWork",
    "EventSeries": "Event",
}
_NAMES = (RDFS + "label", SKOS + "prefLabel", FOAF + "name", DCTERMS + "title")
_PROPERTIES = {
    **dict.fromkeys(_NAMES, "name"),
    SKOS + "altLabel": "alternateName",
    SKOS + "note": "description",
    SKOS + "definition": "description",
    DCTERMS + "description": "description",
    DCTERMS + "identifier": "identifier",
    SKOS + "notation": "identifier",
    SKOS + "exactMatch": "sameAs",
    OWL + "sameAs": "sameAs",
    SKOS + "inScheme": "inDefinedTermSet",
    SKOS + "hasTopConcept": "hasDefinedTerm",
    ORG + "hasMember": "member",
    ORG + "member": "member",
    ORG + "subOrganizationOf": "parentOrganization",
    DCTERMS + "subject": "about",
    DCTERMS + "issued": "datePublished",
    DCTERMS + "date": "startDate",
    DCTERMS + "license": "license",
    DCTERMS + "publisher": "publisher",
    DCTERMS + "creator": "creator",
    DCTERMS + "language": "inLanguage",
    DCAT + "dataset": "dataset",
    DCAT + "distribution": "distribution",
}
_OWN_PROPERTIES = {"affiliatedWith": "affiliation", "coversArea": "areaServed"}
_TURNED = {ORG + "organization": "member"}
"""Properties that schema.org has the other way round."""
_OWN_TURNED = {"organises": "organizer"}
_NEVER = frozenset({"email", "telephone", "faxNumber", "contactPoint", "contactPoints", "address"})
_DATES = frozenset({XSD + "date", XSD + "gYear", XSD + "gYearMonth", XSD + "dateTime"})


def schema_types(session: Session, iri: str) -> tuple[str, ...]:
    """The classes of schema.org (local names) that the thing is in by its facts; `Thing` where no other fits."""
    kinds = session.about(subject=Iri(iri), predicate=Iri(RDF + "type"))
    graphs = _graphs(session)
    classes = {obj.value for _, _, obj, graph in kinds if isinstance(obj, Iri) and _in(graph, graphs)}
    found = set(chain.from_iterable(_schema_classes(session, one) for one in sorted(classes)[:100]))
    found -= {_ABOVE[name] for name in found if name in _ABOVE}
    return tuple(sorted(found)) or ("Thing",)


def schema_org(session: Session, iri: str) -> Description:
    """The description of a thing in schema.org: its facts in both directions, and its neighbours with type and name.

    Cut after `max_description_triples`, as the full description is.
    """
    return _Translation(session, Iri(iri)).describe()


def _graphs(session: Session) -> frozenset[str]:
    names = session.snapshot.names
    return session.factual | (session.shown & {names.graph(g) for g in ("vocabulary", "catalog", "so2/claims")})


def _in(graph: Iri | None, graphs: frozenset[str]) -> bool:
    return (DEFAULT_GRAPH if graph is None else graph.value) in graphs


def _schema_classes(session: Session, iri: str) -> set[str]:
    """The nearest classes of schema.org at or above a class."""
    names, above = session.snapshot.names, Iri(RDFS + "subClassOf")
    level, seen, found = {iri}, {iri}, set[str]()
    for _ in range(10):
        known = {one: name for one in level if (name := _class(one, names.term("")))}
        found |= set(known.values())
        level = {
            quad[2].value
            for one in level - set(known)
            for quad in islice(session.about(subject=Iri(one), predicate=above), 100)
            if isinstance(quad[2], Iri)
        } - seen
        seen |= level
    return found


def _class(iri: str, own: str) -> str | None:
    if iri.startswith(SCHEMA):
        return iri.removeprefix(SCHEMA)
    return _OWN_TYPES.get(iri.removeprefix(own)) if iri.startswith(own) else _TYPES.get(iri)


class _Translation:
    """Translates the statements about one thing, as long as there is room."""

    def __init__(self, session: Session, thing: Iri) -> None:
        self._session, self._thing = session, thing
        self._own = session.snapshot.names.term("")
        self._graphs = _graphs(session)
        self._most = session.settings.max_description_triples
        self._found: dict[Quad, None] = {}
        self._known: set[Term] = set()

    def describe(self) -> Description:
        self._add(self._introduced(self._thing, whole=False))
        direct = 0
        either = chain(self._session.about(subject=self._thing), self._session.about(obj=self._thing))
        for quad in islice(either, self._most):
            if _in(quad[3], self._graphs) and not self._add(self._translated(quad)):
                return Description(self._thing.value, tuple(self._found), direct, whole=False)
            direct += 1
        return Description(self._thing.value, tuple(self._found), direct, whole=next(either, None) is None)

    def _add(self, quads: Iterable[Quad]) -> bool:
        new = dict.fromkeys(islice(quads, self._most + 1))
        if len(self._found) + len(new) > self._most:
            return False
        self._found |= new
        return True

    def _translated(self, quad: Quad) -> Iterator[Quad]:
        subject, predicate, obj, _ = quad
        name, turned = self._property(predicate.value)
        if predicate.value == self._own + "recursEvery" and subject == self._thing:
            yield from self._schedule(obj)
        if predicate.value == ORG + "role" and subject == self._thing:
            yield from self._triples(subject, "roleName", self._labels(obj))
        if not name or name in _NEVER or isinstance(subject, Blank) or isinstance(obj, Blank):
            return
        if turned and isinstance(obj, Iri):
            subject, obj = obj, subject
        yield from self._triples(subject, name, [obj])
        for term in (subject, obj):
            if term != self._thing and isinstance(term, Iri) and name not in ("sameAs", "license"):
                yield from self._introduced(term)

    def _property(self, iri: str) -> tuple[str | None, bool]:
        """The property of schema.org, and whether it goes the other way round."""
        local = iri.removeprefix(self._own) if iri.startswith(self._own) else ""
        turned = _TURNED.get(iri) or _OWN_TURNED.get(local)
        if turned:
            return turned, True
        if iri.startswith(SCHEMA):
            return iri.removeprefix(SCHEMA), False
        return _PROPERTIES.get(iri) or _OWN_PROPERTIES.get(local), False

    def _introduced(self, term: Iri, *, whole: bool = True) -> Iterator[Quad]:
        """The type of a thing, and its names."""
        if term in self._known:
            return
        self._known.add(term)
        for kind in schema_types(self._session, term.value):
            yield term, Iri(RDF + "type"), Iri(SCHEMA + kind), None
        if whole:
            yield from self._triples(term, "name", self._labels(term))

    def _labels(self, term: Term) -> list[Term]:
        if not isinstance(term, Iri):
            return []
        rows = chain.from_iterable(self._session.about(subject=term, predicate=Iri(name)) for name in _NAMES)
        return [obj for _, _, obj, graph in islice(rows, 100) if _in(graph, self._graphs)]

    def _schedule(self, every: Term) -> Iterator[Quad]:
        schedule = Blank("schedule")
        yield self._thing, Iri(SCHEMA + "eventSchedule"), schedule, None
        yield schedule, Iri(RDF + "type"), Iri(SCHEMA + "Schedule"), None
        yield schedule, Iri(SCHEMA + "repeatFrequency"), Literal(str(every), datatype=SCHEMA + "Duration"), None

    @staticmethod
    def _triples(subject: Term, name: str, objects: Iterable[Term]) -> Iterator[Quad]:
        for obj in objects:
            if isinstance(obj, Literal) and obj.datatype in _DATES:
                kind = "DateTime" if obj.datatype.endswith("dateTime") else "Date"
                yield subject, Iri(SCHEMA + name), Literal(obj.value, datatype=SCHEMA + kind), None
            else:
                yield subject, Iri(SCHEMA + name), obj, None


def schema_document(iri: str, quads: Iterable[Quad]) -> bytes:
    """A description as JSON-LD (JSON-LD 1.1) with a context inside it, so that no reader has to fetch one.

    The thing `iri` comes first in `@graph`; the same description gives the same bytes.
    """
    nodes: dict[str, dict[str, list[object]]] = defaultdict(lambda: defaultdict(list))
    for subject, predicate, obj, _ in sorted(set(quads), key=_order):
        node = nodes[str(subject)]
        if predicate.value == RDF + "type" and isinstance(obj, Iri):
            node["@type"].append(_short(obj.value))
        else:
            node[_short(predicate.value)].append(_value(obj))
    order = sorted(nodes, key=lambda name: (name != iri, name))
    graph = [
        {"@id": name} | {key: values[0] if len(values) == 1 else values for key, values in nodes[name].items()}
        for name in order
    ]
    document = {"@context": {"@vocab": SCHEMA}, "@graph": graph}
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def _order(quad: Quad) -> tuple[str, str, str]:
    subject, predicate, obj, _ = quad
    return str(subject), predicate.value, str(obj) if isinstance(obj, Blank) else obj.n3


def _short(iri: str) -> str:
    return iri.removeprefix(SCHEMA) if iri.startswith(SCHEMA) else iri


def _value(term: Term) -> object:
    if not isinstance(term, Literal):
        return {"@id": str(term)}
    if term.language:
        return {"@language": term.language, "@value": term.value}
    if term.datatype == XSD + "string":
        return term.value
    return {"@type": _short(term.datatype), "@value": term.value}
