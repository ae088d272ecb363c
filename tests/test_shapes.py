"""The SHACL shapes pass on the real data, and each of them reports the one thing that it is there for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from pyshacl import validate
from rdflib import RDF, SH, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, Prefixes
from tests.rules.graphs import graph_of, load_catalogue, load_data, load_ontology

SHAPES = CANONICAL_BASE + "shapes#"
BUNDLE = Bundle.find(CANONICAL_BASE)


@dataclass(frozen=True)
class Case:
    """A way to break the real data: an update, and the node that the shape must then report."""

    shape: str
    focus: str
    update: str


def insert(triples: str) -> str:
    return f"INSERT DATA {{ {triples} }}"


def delete(pattern: str) -> str:
    return f"DELETE WHERE {{ {pattern} }}"


def replace(subject: str, predicate: str, value: str) -> str:
    return (
        f"DELETE {{ {subject} {predicate} ?old }} INSERT {{ {subject} {predicate} {value} }} "
        f"WHERE {{ {subject} {predicate} ?old }}"
    )


NN, ASS, GRO = "id:so-netwerk-noord-nederland", "id:so-netwerk-assen-drenthe", "id:so-netwerk-groningen"
ADVICE, CONF, DAY = "id:report-advice-gemeente-groningen", "id:conferences-2016-2017", "id:social-impact-day"
CONTACT = "id:membership-janwillem-wennekes-contact-so-netwerk-groningen"
F01, F01_TARGET, F01_QUOTE = "id:claim-f01", "<ID/claim-f01#target>", "<ID/claim-f01#quote>"
F01_POSITION, F01_STATEMENT = "<ID/claim-f01#position>", "<ID/claim-f01#statement-1>"
X01, STATED, CATALOGUE = "id:outside-01", "<GRAPH/so2/stated>", "id:catalog"
TOOI = "<GRAPH/link/tooi>"
PERIOD = f"<{CANONICAL_BASE}id/dataset#period>"
TITLE = '"so2graph: networks of social enterprises in the north"@en'
ADDRESS = "iemand" + "@" + "voorbeeld.example"

CASES = (
    # entities.ttl
    Case("label-nl", "id:alescon", 'DELETE DATA { id:alescon rdfs:label "Alescon"@nl }'),
    Case("label-nl", "id:alescon", insert('id:alescon rdfs:label "Alescon, nog eens"@nl')),
    Case("label-en", "id:alescon", 'DELETE DATA { id:alescon rdfs:label "Alescon"@en }'),
    Case("label-language", "id:alescon", insert('id:alescon rdfs:label "Alescon"@de')),
    Case("label-language", "id:alescon", insert('id:alescon rdfs:label "Alescon"')),
    Case("no-address-in-text", "id:luuk-duursma", insert(f'id:luuk-duursma skos:note "te bereiken op {ADDRESS}"@nl')),
    Case("no-address-in-text", F01_QUOTE, insert(f'{F01_QUOTE} oa:suffix "({ADDRESS})"')),
    Case("no-address-in-text", F01_STATEMENT, insert(f"{F01_STATEMENT} rdf:object <mailto:{ADDRESS}>")),
    Case("no-address-property", "id:luuk-duursma", insert(f"id:luuk-duursma vcard:hasEmail <mailto:{ADDRESS}>")),
    # networks.ttl
    Case("collaboration-no-units", ASS, insert(f"{ASS} org:hasUnit id:kerngroep-assen-drenthe")),
    Case("collaboration-no-units", GRO, insert(f"{GRO} org:unitOf {NN}")),
    Case("collaboration-no-persons", GRO, insert(f"{GRO} org:hasMember id:janwillem-wennekes")),
    Case("collaboration-no-persons", GRO, insert(f"id:janwillem-wennekes org:memberOf {GRO}")),
    Case("network-types", GRO, delete(f"{GRO} a essglobal:Network")),
    Case("network-contact", GRO, delete(f"{GRO} so2:hasContactPerson ?x")),
    Case("network-contact", GRO, replace(GRO, "so2:hasContactPerson", "id:buro-bries")),
    Case("network-stage", GRO, delete(f"{GRO} so2:developmentStage ?x")),
    Case("network-area", GRO, replace(GRO, "so2:coversArea", "id:gemeente-groningen")),
    Case("network-core-group", GRO, insert(f"{GRO} so2:hasCoreGroup id:buro-bries")),
    Case("network-origin", ASS, replace(ASS, "so2:developedFrom", "id:assen")),
    Case("network-driver", GRO, replace(GRO, "so2:drivenBy", "id:janwillem-wennekes")),
    Case("regional-network-area", GRO, delete(f"{GRO} so2:coversArea ?x")),
    Case("interregional-connects", NN, delete(f"{NN} so2:connects ?x")),
    Case("interregional-starts", NN, insert(f"{NN} so2:startsWith id:gemeente-assen")),
    Case("interregional-themes", NN, replace(NN, "so2:increases", "id:so2")),
    Case("interregional-arises", NN, replace(NN, "so2:arisesFrom", '"zonder taal"')),
    Case("alliance-works-through", "id:mvo-alliantie", replace("id:mvo-alliantie", "so2:worksThrough", "id:so2")),
    Case("project-alliance", "id:so2", delete("id:so2 so2:isProjectOf ?x")),
    Case("project-entry-point", "id:so2", delete("id:so2 so2:entryPoint ?x")),
    Case("project-combined", "id:so2", replace("id:so2", "so2:combinedWith", "id:assen")),
    # organisations.ttl
    Case("organisation", "id:gemeente-assen", insert("id:gemeente-assen a so2:UrbanCore")),
    Case("organisation-organises", "id:buro-bries", replace("id:buro-bries", "so2:organises", CONF)),
    Case("organisation-develops", "id:buro-bries", replace("id:buro-bries", "so2:develops", DAY)),
    Case("organisation-parent", "id:iwerk", replace("id:iwerk", "org:subOrganizationOf", "id:assen")),
    Case("named-organisation-type", "id:assenvoorassen", delete("id:assenvoorassen a org:Organization")),
    Case("public-body-type", "id:gemeente-assen", delete("id:gemeente-assen a cv:PublicOrganisation")),
    Case("public-body-match", "id:gemeente-assen", delete("id:gemeente-assen skos:exactMatch ?x")),
    Case("municipality-code", "id:gemeente-assen", replace("id:gemeente-assen", "skos:notation", '"0106"')),
    Case("core-group-members", "id:kerngroep-assen-drenthe", delete("id:kerngroep-assen-drenthe org:hasMember ?x")),
    Case(
        "core-group-network", "id:kerngroep-assen-drenthe", delete("?x so2:hasCoreGroup id:kerngroep-assen-drenthe")
    ),
    Case("change-event-before", "id:split-alescon-2019", delete("id:split-alescon-2019 org:originalOrganization ?x")),
    Case("change-event-after", "id:split-alescon-2019", delete("id:split-alescon-2019 org:resultingOrganization ?x")),
    Case(
        "change-event-date",
        "id:split-alescon-2019",
        replace("id:split-alescon-2019", "dcterms:date", '"2019"^^xsd:gYear'),
    ),
    # persons.ttl
    Case("person-name", "id:luuk-duursma", insert('id:luuk-duursma foaf:name "L. Duursma"')),
    Case("person-affiliation", "id:luuk-duursma", insert("id:luuk-duursma so2:affiliatedWith id:assen")),
    Case("person-no-employer", "id:luuk-duursma", insert("id:luuk-duursma schema:worksFor id:alescon")),
    Case("membership-member", CONTACT, replace(CONTACT, "org:member", "id:buro-bries")),
    Case("membership-organisation", CONTACT, replace(CONTACT, "org:organization", "id:groningen")),
    Case("membership-role", CONTACT, delete(f"{CONTACT} org:role ?x")),
    # activities.ttl
    Case("programme-around", "id:jaarprogramma", replace("id:jaarprogramma", "so2:around", CONF)),
    Case("programme-stage", "id:jaarprogramma", insert("id:jaarprogramma so2:developmentStage so2:planned")),
    Case("step-plan-alliance", "id:plan-2018", delete("id:plan-2018 so2:madeWithin ?x")),
    Case("step-plan-reports", "id:plan-2018", delete("id:plan-2018 prov:wasDerivedFrom ?x")),
    Case("step-plan-cores", "id:plan-2018", insert("id:plan-2018 so2:worksAround id:gemeente-assen")),
    Case("step-plan-connects", "id:plan-2018", insert("id:plan-2018 so2:connects id:luuk-duursma")),
    Case("report-year", ADVICE, replace(ADVICE, "dcterms:issued", '"2017-01-01"^^xsd:date')),
    Case("report-recipient", ADVICE, replace(ADVICE, "so2:issuedTo", "id:groningen")),
    Case("report-programme", ADVICE, insert(f"{ADVICE} so2:issuedFromProgramme id:jaarprogramma")),
    Case("report-subject", ADVICE, insert(f"{ADVICE} dcterms:subject id:luuk-duursma")),
    Case("event-group-project", CONF, delete(f"{CONF} so2:heldWithin ?x")),
    Case("event-group-year", CONF, delete(f"{CONF} so2:heldInYear ?x")),
    Case("event-group-purpose", CONF, insert(f'{CONF} so2:purpose "een ander doel"@nl')),
    Case("event-group-no-date", CONF, insert(f'{CONF} dcterms:date "2016-05-01"^^xsd:date')),
    Case("recurring-event-interval", DAY, delete(f"{DAY} so2:recursEvery ?x")),
    Case("recurring-event-organiser", DAY, delete(f"?x so2:organises {DAY}")),
    # places.ttl
    Case("place-within", "id:assen", replace("id:assen", "schema:containedInPlace", "id:provincie-drenthe")),
    Case(
        "place-match",
        "id:assen",
        insert("id:assen skos:closeMatch <https://identifier.overheid.nl/tooi/id/gemeente/gm0106>"),
    ),
    Case("place-latitude", "id:assen", replace("id:assen", "schema:latitude", "90.5")),
    Case("place-longitude", "id:assen", replace("id:assen", "schema:longitude", "180.5")),
    Case(
        "municipal-area-within",
        "id:gemeente-assen-area",
        delete("id:gemeente-assen-area schema:containedInPlace ?x"),
    ),
    Case("municipal-area-code", "id:gemeente-assen-area", insert('id:gemeente-assen-area skos:notation "0106"')),
    Case("urban-core-within", "id:assen", delete("id:assen schema:containedInPlace ?x")),
    Case("unnamed-no-match", "id:other-urban-cores", insert("id:other-urban-cores skos:closeMatch id:assen")),
    Case(
        "unnamed-no-members",
        "id:contributing-organisations",
        insert("id:contributing-organisations foaf:member id:alescon"),
    ),
    Case("unnamed-no-point", "id:other-urban-cores", insert("id:other-urban-cores schema:latitude 53.1")),
    Case("unnamed-note", "id:other-urban-cores", delete("id:other-urban-cores skos:note ?x")),
    # sources.ttl
    Case("source-page-file", "id:so2-page", delete("id:so2-page so2:file ?x")),
    Case("source-page-checksum", "id:so2-page", delete("id:so2-page spdx:checksum ?x")),
    Case("source-page-language", "id:so2-page", insert('id:so2-page dcterms:language "en"')),
    Case("source-page-address", "id:so2-page", delete("id:so2-page prov:hadPrimarySource ?x")),
    Case("checksum-algorithm", "<ID/so2-page#checksum>", delete("<ID/so2-page#checksum> spdx:algorithm ?x")),
    Case(
        "checksum-value",
        "<ID/so2-page#checksum>",
        replace("<ID/so2-page#checksum>", "spdx:checksumValue", '"23fd"^^xsd:hexBinary'),
    ),
    Case("speaker-contacts", "id:we", insert("id:we so2:maintainsCloseContactsWith id:assen")),
    Case("speaker-joins", "id:we", replace("id:we", "so2:aimsToJoin", "id:so2")),
    Case("speaker-hopes", "id:we", replace("id:we", "so2:hopes", '"zonder taal"')),
    Case("speaker-presumed", "id:we", insert("id:we so2:presumedSameAs id:mvo-nederland")),
    Case("part-of-source-identifier", "id:heading-documenten", delete("id:heading-documenten dcterms:identifier ?x")),
    # concepts.ttl
    Case("concept-name-nl", "so2:stated", insert('so2:stated skos:prefLabel "beweerd"@nl')),
    Case("concept-name-en", "so2:stated", 'DELETE DATA { so2:stated skos:prefLabel "stated"@en }'),
    Case("concept-definition-nl", "so2:stated", insert('so2:stated skos:definition "nog een omschrijving"@nl')),
    Case("concept-definition-en", "so2:stated", delete("so2:stated skos:definition ?x")),
    Case("concept-scheme", "so2:stated", delete("so2:stated skos:inScheme ?x")),
    Case("concept-notation", "so2:stated", insert('so2:stated skos:notation "8"')),
    Case("theme-list", "id:theme-csr", replace("id:theme-csr", "skos:inScheme", "so2:roles")),
    Case("theme-label", "id:theme-csr", insert('id:theme-csr rdfs:label "een andere naam"@nl')),
    Case("theme-broader", "id:theme-csr", insert("id:theme-csr skos:broader so2:stated")),
    Case("modality-list", "so2:stated", replace("so2:stated", "skos:inScheme", "so2:roles")),
    Case("modality-rank", "so2:stated", replace("so2:stated", "so2:certaintyRank", "0")),
    Case("role-list", "so2:coreMemberRole", replace("so2:coreMemberRole", "skos:inScheme", "so2:themes")),
    Case("role-property", "so2:coreMemberRole", delete("so2:coreMemberRole org:roleProperty ?x")),
    Case("scheme-title", "so2:roles", 'DELETE DATA { so2:roles dcterms:title "Roles"@en }'),
    Case("scheme-top", "so2:roles", delete("so2:roles skos:hasTopConcept ?x")),
    Case("scheme-language", "so2:roles", delete("so2:roles dcterms:language ?x")),
    # evidence.ttl
    Case("attestation-modality", F01, insert(f"{F01} so2:modality so2:stated")),
    Case("attestation-modality", F01, delete(f"{F01} so2:modality ?x")),
    Case("attestation-target", F01, delete(f"{F01} oa:hasTarget ?x")),
    Case("attestation-year", F01, insert(f'{F01} so2:validYear "2016-01-01"^^xsd:date')),
    Case("attestation-time", F01, insert(f'{F01} so2:validTime "straks"')),
    Case("attestation-body-kind", F01, insert(f"{F01} oa:hasBody id:so2")),
    Case("attestation-body", F01, delete(f"{F01} oa:hasBody ?x")),
    Case("claim-identifier", F01, replace(F01, "dcterms:identifier", '"F1"')),
    Case("mention-identifier", "id:mention-so2", replace("id:mention-so2", "dcterms:identifier", '"so2"')),
    Case("outside-claim-identifier", X01, replace(X01, "dcterms:identifier", '"F01"')),
    Case("outside-claim-source", X01, replace(X01, "dcterms:source", '"een website"')),
    Case("outside-claim-date", X01, replace(X01, "dcterms:created", '"2026"^^xsd:gYear')),
    Case("outside-claim-body", X01, delete(f"{X01} oa:hasBody ?x")),
    Case("outside-claim-note", X01, delete(f"{X01} skos:note ?x")),
    Case("outside-claim-no-target", X01, insert(f"{X01} oa:hasTarget {F01_TARGET}")),
    Case("place-in-source-page", F01_TARGET, delete(f"{F01_TARGET} oa:hasSource ?x")),
    Case("place-in-source-position", F01_TARGET, delete(f"{F01_POSITION} a ?x")),
    Case("place-in-source-quote", F01_TARGET, insert(f"{F01_TARGET} oa:hasSelector <ID/claim-f02#quote>")),
    Case("position-start", F01_POSITION, replace(F01_POSITION, "oa:start", "60")),
    Case("position-end", F01_POSITION, insert(f"{F01_POSITION} oa:end 61")),
    Case("quote-exact", F01_QUOTE, replace(F01_QUOTE, "oa:exact", '""')),
    Case("quote-before", F01_QUOTE, delete(f"{F01_QUOTE} oa:prefix ?x")),
    Case("quote-after", F01_QUOTE, delete(f"{F01_QUOTE} oa:suffix ?x")),
    Case("statement-subject", F01_STATEMENT, delete(f"{F01_STATEMENT} rdf:subject ?x")),
    Case("statement-predicate", F01_STATEMENT, replace(F01_STATEMENT, "rdf:predicate", '"is project van"')),
    Case("statement-object", F01_STATEMENT, delete(f"{F01_STATEMENT} rdf:object ?x")),
    Case("statement-used", F01_STATEMENT, delete(f"{F01} oa:hasBody {F01_STATEMENT}")),
    # catalogue.ttl
    Case("dataset-title", STATED, f'DELETE DATA {{ {STATED} dcterms:title "SO2: stated"@en }}'),
    Case("dataset-description", STATED, delete(f"{STATED} dcterms:description ?x")),
    Case("dataset-identifier", STATED, replace(STATED, "dcterms:identifier", '"stated"')),
    Case("dataset-agents", STATED, replace(STATED, "dcterms:publisher", "id:assen")),
    Case("dataset-licence", STATED, replace(STATED, "dcterms:license", '"CC BY 4.0"')),
    Case("dataset-file", STATED, delete(f"{STATED} so2:file ?x")),
    Case("dataset-factual", STATED, delete(f"{STATED} so2:isFactual ?x")),
    Case("dataset-by-name", STATED, insert(f'{STATED} so2:byNameOnly "nee"')),
    Case("dataset-modality", STATED, insert(f"{STATED} so2:modality so2:hoped")),
    Case("linkset-ends", TOOI, delete(f"{TOOI} void:subjectsTarget ?x")),
    Case("linkset-predicate", TOOI, delete(f"{TOOI} void:linkPredicate ?x")),
    Case("dataset-listed", STATED, delete(f"{CATALOGUE} dcat:dataset {STATED}")),
    Case("whole-title", "id:dataset", f"DELETE DATA {{ id:dataset dcterms:title {TITLE} }}"),
    Case("contact-point-name", "id:contact-point", delete("id:contact-point vcard:fn ?x")),
    Case("contact-point-page", "id:contact-point", replace("id:contact-point", "vcard:hasURL", '"so2graph"')),
    Case("contact-point-no-email", "id:contact-point", insert(f"id:contact-point vcard:hasEmail <mailto:{ADDRESS}>")),
    Case("rights-label", "id:rights-persons", delete("id:rights-persons rdfs:label ?x")),
    Case("period-start", PERIOD, replace(PERIOD, "dcat:startDate", '"2016"')),
    Case("period-end", PERIOD, delete(f"{PERIOD} dcat:endDate ?x")),
    Case("dataset-facts", "<GRAPH/so2/hoped>", replace("<GRAPH/so2/hoped>", "so2:isFactual", "true")),
    Case("dataset-facts", "<GRAPH/so2/contact>", replace("<GRAPH/so2/contact>", "so2:isFactual", "true")),
    Case("catalogue-title", CATALOGUE, delete(f"{CATALOGUE} dcterms:title ?x")),
    Case("catalogue-datasets", CATALOGUE, delete(f"{CATALOGUE} dcat:dataset ?x")),
    Case("catalogue-publisher", CATALOGUE, delete(f"{CATALOGUE} dcterms:publisher ?x")),
    Case("catalogue-licence", CATALOGUE, delete(f"{CATALOGUE} dcterms:license ?x")),
    Case("distribution-checksum", "id:a-file", insert("id:a-file a dcat:Distribution ; spdx:checksum id:assen")),
)


def read_shapes() -> Graph:
    return graph_of(*BUNDLE.shapes)


def name(shape: Node) -> str:
    return str(shape).removeprefix(SHAPES)


def named(shapes: Graph, kind: URIRef) -> list[str]:
    return sorted(name(s) for s in shapes.subjects(RDF.type, kind) if isinstance(s, URIRef))


SHAPES_GRAPH = read_shapes()
NODE_SHAPES = named(SHAPES_GRAPH, SH.NodeShape)
PROPERTY_SHAPES = named(SHAPES_GRAPH, SH.PropertyShape)
WITH_MESSAGE = sorted({name(s) for s in SHAPES_GRAPH.subjects(SH.message) if isinstance(s, URIRef)})
THING_CLASSES = sorted(str(c) for c in SHAPES_GRAPH.objects(URIRef(SHAPES + "thing"), SH.targetClass))


@pytest.fixture(scope="module")
def shapes() -> Graph:
    return read_shapes()


@pytest.fixture(scope="module")
def merged(bundle: Bundle) -> Graph:
    """All graphs but the contact graph in one, as the build validates them."""
    return load_data(bundle, contact=False) + load_ontology(bundle) + load_catalogue(bundle)


def closure(shapes: Graph, roots: set[Node]) -> Graph:
    """The part of the shapes that can be reached from `roots`: enough to validate with them alone."""
    part, todo = Graph(), list(roots)
    seen: set[Node] = set()
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        for triple in shapes.triples((node, None, None)):
            part.add(triple)
            todo.append(triple[2])
    return part


def owners(shapes: Graph, shape: URIRef) -> set[Node]:
    """The node shapes that have `shape` as a property, or the shape itself."""
    return set(shapes.subjects(SH.property, shape)) or {shape}


@dataclass(frozen=True)
class Result:
    """One validation result (SHACL 3.6.2), with its messages as (language, text)."""

    shape: str
    focus: str
    component: str
    messages: frozenset[tuple[str, str]]


def results(data: Graph, shapes: Graph) -> list[Result]:
    """What validation reports, as the build runs it."""
    _, report, _ = validate(data, shacl_graph=shapes, inference="none", inplace=True)

    def value(result: Node, predicate: URIRef) -> str:
        return str(report.value(result, predicate)).removeprefix(SHAPES)

    return [
        Result(
            value(result, SH.sourceShape),
            value(result, SH.focusNode),
            value(result, SH.sourceConstraintComponent).removeprefix(str(SH)),
            messages_of(report, result, SH.resultMessage),
        )
        for result in report.subjects(RDF.type, SH.ValidationResult)
    ]


def messages_of(graph: Graph, subject: Node, predicate: URIRef) -> frozenset[tuple[str, str]]:
    return frozenset((str(m.language), str(m)) for m in graph.objects(subject, predicate) if isinstance(m, Literal))


@contextmanager
def changed(graph: Graph, update: str) -> Iterator[int]:
    """Applies an update for the time of the block; yields the number of statements that it adds and removes."""
    before = set(graph)
    graph.update(update)
    difference = before ^ set(graph)
    try:
        yield len(difference)
    finally:
        for triple in difference:
            if triple in before:
                graph.add(triple)
            else:
                graph.remove(triple)


def in_full(text: str) -> str:
    """`<ID/…>` and `<GRAPH/…>` stand for names that no prefixed name can write."""
    return text.replace("<ID/", f"<{CANONICAL_BASE}id/").replace("<GRAPH/", f"<{CANONICAL_BASE}graph/")


def iri(text: str, prefixes: Prefixes) -> str:
    return in_full(text)[1:-1] if text.startswith("<") else str(prefixes.expand(text))


def test_the_real_data_fit_all_shapes(merged: Graph, shapes: Graph) -> None:
    """Validation of the merge without the contact graph yields no result."""
    assert results(merged, shapes) == []


def test_the_shapes_are_themselves_valid(shapes: Graph) -> None:
    """The shapes graph conforms to the shapes that SHACL has for shapes (SHACL, appendix C)."""
    conforms, _, text = validate(Graph(), shacl_graph=shapes, inference="none", meta_shacl=True)
    assert conforms, text


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.shape}-{case.focus}")
def test_a_broken_example_is_reported_in_both_languages(
    case: Case, merged: Graph, shapes: Graph, prefixes: Prefixes
) -> None:
    """The shape reports the broken node, with its Dutch and its English message."""
    shape = URIRef(SHAPES + case.shape)
    with changed(merged, prefixes.header() + in_full(case.update)) as difference:
        assert difference > 0, f"the update changes nothing: {case.update}"
        found = results(merged, closure(shapes, owners(shapes, shape)))
    expected = messages_of(shapes, shape, SH.message)
    reported = {r.messages for r in found if (r.shape, r.focus) == (case.shape, iri(case.focus, prefixes))}
    assert reported == {expected}


@pytest.mark.parametrize("cls", THING_CLASSES, ids=lambda cls: str(cls).rpartition("/")[2])
def test_a_thing_of_any_class_needs_a_name(cls: str, shapes: Graph) -> None:
    """A bare instance of each class that the shape `thing` targets is reported for its missing names."""
    bare = Graph()
    focus = URIRef(CANONICAL_BASE + "id/bare")
    bare.add((focus, RDF.type, URIRef(cls)))
    reported = results(bare, closure(shapes, {URIRef(SHAPES + "thing")}))
    assert {r.shape for r in reported if r.focus == str(focus)} == {"label-nl", "label-en"}


FOCUS, EXTRA = URIRef("urn:x-test:focus"), tuple(URIRef(f"urn:x-test:extra-{n}") for n in range(3))


def never(_: Graph, __: URIRef) -> Sequence[Node]:
    """No value at all: breaks what asks for one."""
    return ()


def values(*given: Node) -> Callable[[Graph, URIRef], Sequence[Node]]:
    return lambda _, __: given


def fitting(shapes: Graph, shape: URIRef) -> Sequence[Node]:
    """More values than allowed that fit the qualified shape."""
    qualified = shapes.value(shape, SH.qualifiedValueShape)
    head = None if qualified is None else shapes.value(qualified, SH.languageIn)
    if head is None:
        return EXTRA[:2]
    language = str(next(iter(Collection(shapes, head))))
    return Literal("een", lang=language), Literal("twee", lang=language)


COMPONENTS: dict[URIRef, tuple[str, Callable[[Graph, URIRef], Sequence[Node]]]] = {
    SH.minCount: ("MinCount", never),
    SH.maxCount: ("MaxCount", values(*EXTRA)),
    SH.qualifiedMinCount: ("QualifiedMinCount", never),
    SH.qualifiedMaxCount: ("QualifiedMaxCount", fitting),
    SH["class"]: ("Class", values(EXTRA[0])),
    SH.node: ("Node", values(EXTRA[0])),
    SH["or"]: ("Or", values(EXTRA[0])),
    SH.nodeKind: ("NodeKind", values(Literal("een tekst"))),
    SH.datatype: ("Datatype", values(Literal("een tekst", lang="nl"))),
    SH.pattern: ("Pattern", values(Literal("#"))),
    SH.languageIn: ("LanguageIn", values(Literal("un texte", lang="fr"))),
    SH.uniqueLang: ("UniqueLang", values(Literal("een", lang="nl"), Literal("twee", lang="nl"))),
    SH.minLength: ("MinLength", values(Literal("", lang="nl"))),
    SH.hasValue: ("HasValue", never),
    SH.minInclusive: ("MinInclusive", values(Literal(-1000))),
    SH.maxInclusive: ("MaxInclusive", values(Literal(1000))),
    SH.lessThan: ("LessThan", values(Literal(10))),
    SH.equals: ("Equals", values(Literal("een", lang="nl"))),
}
"""How to break each kind of constraint on a bare node: the component that reports it, and the values to give."""

BY_HAND = {SH["not"]: "what must not be there differs per shape: see the table of cases"}
NOT_CONSTRAINTS = {RDF.type, SH.path, SH.message, SH.qualifiedValueShape}
CONSTRAINTS = sorted(
    (shape, str(parameter).removeprefix(str(SH)))
    for shape in PROPERTY_SHAPES
    for parameter in set(SHAPES_GRAPH.predicates(URIRef(SHAPES + shape))) - NOT_CONSTRAINTS - set(BY_HAND)
)


def give(data: Graph, shapes: Graph, path: Node, value: Node) -> None:
    """Adds one value at the end of a path of the kinds that our shapes use (SHACL 2.3.1)."""
    inverse, alternatives = shapes.value(path, SH.inversePath), shapes.value(path, SH.alternativePath)
    if alternatives is not None:
        give(data, shapes, next(iter(Collection(shapes, alternatives))), value)
    elif isinstance(inverse, URIRef):
        data.add((value, inverse, FOCUS))
    else:
        assert isinstance(path, URIRef)
        data.add((FOCUS, path, value))


@pytest.mark.parametrize(("shape", "parameter"), CONSTRAINTS)
def test_each_constraint_of_a_shape_can_fail(shape: str, parameter: str, shapes: Graph) -> None:
    """Every single constraint (at least, at most, of which class, …) is reported for a bare node that breaks it."""
    node = URIRef(SHAPES + shape)
    component, broken = COMPONENTS[SH[parameter]]
    data = Graph()
    for owner in owners(shapes, node):
        for cls in shapes.objects(owner, SH.targetClass):
            data.add((FOCUS, RDF.type, cls))
    path = shapes.value(node, SH.path)
    assert path is not None
    for value in broken(shapes, node):
        give(data, shapes, path, value)
        qualified = shapes.value(node, SH.qualifiedValueShape)
        cls_wanted = None if qualified is None else shapes.value(qualified, SH["class"])
        if cls_wanted is not None:
            data.add((value, RDF.type, cls_wanted))
    if parameter == "lessThan":
        data.add((FOCUS, URIRef(str(shapes.value(node, SH.lessThan))), Literal(5)))
    found = {
        r.component
        for r in results(data, closure(shapes, owners(shapes, node)))
        if (r.shape, r.focus) == (shape, str(FOCUS))
    }
    assert f"{component}ConstraintComponent" in found


@pytest.mark.parametrize("shape", WITH_MESSAGE)
def test_every_shape_is_exercised(shape: str) -> None:
    """Each shape that has a message is broken at least once in the table above."""
    assert shape in {case.shape for case in CASES}, f"add a Case for {shape} to tests/test_shapes.py"


@pytest.mark.parametrize("shape", PROPERTY_SHAPES)
def test_every_property_shape_has_both_messages_and_an_owner(shape: str, shapes: Graph) -> None:
    """A property shape says in one Dutch and one English sentence what is wrong and what is expected."""
    node = URIRef(SHAPES + shape)
    assert list(shapes.subjects(SH.property, node)), f"no node shape has sh:property <#{shape}>"
    _assert_messages(shapes, node)


@pytest.mark.parametrize("shape", NODE_SHAPES)
def test_every_node_shape_has_a_target_or_is_used_by_one(shape: str, shapes: Graph) -> None:
    """A node shape targets classes, or another shape refers to it; with constraints of its own it has messages."""
    node = URIRef(SHAPES + shape)
    targeted, used = (node, SH.targetClass, None) in shapes, (None, SH.node, node) in shapes
    assert targeted or used, f"<#{shape}> has no sh:targetClass, and no shape refers to it"
    own = [p for p in (SH["or"], SH["not"], SH["and"], SH.xone, SH.sparql) if (node, p, None) in shapes]
    if own and targeted:
        _assert_messages(shapes, node)


def _assert_messages(shapes: Graph, node: URIRef) -> None:
    messages = sorted(messages_of(shapes, node, SH.message))
    assert [language for language, _ in messages] == ["en", "nl"], f"{node} needs sh:message in nl and in en"
    assert "expected" in messages[0][1], f"{node} does not say in English what is expected"
    assert "verwacht" in messages[1][1], f"{node} does not say in Dutch what is expected"


def test_every_class_with_instances_has_a_shape(merged: Graph, shapes: Graph) -> None:
    """No thing of the data escapes the shapes; the terms of the vocabulary itself are tested as ontology."""
    machinery = ("http://www.w3.org/2002/07/owl#", "http://purl.org/vocommons/voaf#", "http://purl.org/essglobal/")
    targets = set(shapes.objects(None, SH.targetClass))
    classes = {c for c in merged.objects(None, RDF.type) if not str(c).startswith(machinery)}
    assert sorted(str(c) for c in classes - targets) == []


def test_shapes_name_only_terms_that_occur(merged: Graph, shapes: Graph) -> None:
    """A class or property of ours that a shape names is declared: a misspelt one would check nothing."""
    ours = CANONICAL_BASE + "def#"
    naming = (SH.targetClass, SH["class"], SH.path, SH.hasValue, SH.inversePath)
    named_terms = {term for _, predicate, term in shapes if predicate in naming}
    for head in shapes.objects(None, SH.alternativePath):
        named_terms.update(Collection(shapes, head))
    declared = set(merged.subjects(RDF.type))
    assert sorted(str(t) for t in named_terms if str(t).startswith(ours) and t not in declared) == []
