"""The vocabulary keeps the rules of good vocabularies, term by term, and each rule is shown to be able to fail.

Left out, since they need a running server or the outside world: V06 whether the version IRI is served and V08 whether
the IRI resolves in every format (the tests of the web service ask for them), V11 registration in LOV.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from rdflib import RDF, RDFS, SKOS, Graph, URIRef

from so2graph.errors import Fault
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, Prefixes
from tests.rules import graphs, header, terms
from tests.rules.graphs import Rule, copied, graph_of, load_catalogue, load_data, short

BUNDLE = Bundle.find(CANONICAL_BASE)
LABEL_LAYER = "labels.ttl"
LISTS = ("modality.ttl", "roles.ttl", "themes.ttl")


def external_terms() -> dict[str, str]:
    """Term to the place where it was read."""
    with (BUNDLE.root / "ontology" / "external-terms.tsv").open(encoding="utf-8", newline="") as file:
        return {row["term"]: row["read_in"] for row in csv.DictReader(file, delimiter="\t")}


def prefixes_elsewhere() -> dict[str, str]:
    """The prefixes that rdflib binds by itself: those in common use."""
    return {prefix: str(namespace) for prefix, namespace in Graph(bind_namespaces="rdflib").namespaces()}


@cache
def ontology() -> Graph:
    """The vocabulary and its lists, without the names that we give to terms of others."""
    return graph_of(*(p for p in sorted((BUNDLE.root / "ontology").glob("*.ttl")) if p.name != LABEL_LAYER))


@cache
def with_data() -> Graph:
    """Vocabulary, lists, all data and the catalogue."""
    return ontology() + load_data(BUNDLE) + load_catalogue(BUNDLE)


@cache
def with_shapes() -> Graph:
    """All of that and the shapes."""
    return with_data() + graph_of(*BUNDLE.shapes)


RULES: dict[str, tuple[Rule, Callable[[], Graph]]] = {
    "V01": (header.v01_one_header, ontology),
    "V02": (header.v02_header_minimal, ontology),
    "V03": (header.v03_header_recommended, ontology),
    "V04": (header.v04_header_optional, ontology),
    "V05": (header.v05_licence, ontology),
    "V06": (header.v06_version, ontology),
    "V07": (header.v07_own_iri, ontology),
    "V09": (header.v09_persistent_names, ontology),
    "V10": (header.v10_prefix_free(prefixes_elsewhere()), ontology),
    "V12": (header.v12_header_vocabularies, ontology),
    "V13": (header.v13_defined_by, ontology),
    "V14": (header.v14_counts, ontology),
    "T01": (terms.t01_labels, ontology),
    "T02": (terms.t02_definitions, ontology),
    "T03": (terms.t03_no_duplicates, ontology),
    "T04": (terms.t04_whitespace, ontology),
    "T05": (terms.t05_text_style, ontology),
    "T06": (terms.t06_names, ontology),
    "T07": (terms.t07_domain_and_range, ontology),
    "T08": (terms.t08_kind_of_range, ontology),
    "T09": (terms.t09_terms_exist(external_terms()), with_shapes),
    "T10": (terms.t10_no_hijacking, with_data),
    "T11": (terms.t11_inverses, ontology),
    "T11W": (terms.t11_inverse_declared, ontology),
    "T12": (terms.t12_symmetric_and_transitive, ontology),
    "T13": (terms.t13_no_cycles, ontology),
    "T14": (terms.t14_disjointness, ontology),
    "T15": (terms.t15_equivalences, ontology),
    "T16": (terms.t16_connected, with_shapes),
    "T17": (terms.t17_telling_names, ontology),
    "T18": (terms.t18_deprecation, with_shapes),
    "T19": (terms.t19_consistent, with_data),
}

ANY = "*"
WAIVED: dict[tuple[str, str], str] = {
    ("V04", "foaf:logo"): "the vocabulary has no logo",
    ("V04", "owl:priorVersion"): "0.1.0 is the first version",
    ("V04", "dcterms:identifier"): "no version has been deposited, so there is no DOI yet",
    ("T06", "so2:UnnamedPlaces"): "one instance stands for several places that the source does not name",
    ("T06", "so2:UnnamedOrganisations"): "one instance stands for several bodies that the source does not name",
    ("T11W", ANY): "one direction per relation: SPARQL walks the other with ^, and a claim records one statement",
    ("T14", "so2:Speaker"): "the one who says 'we' may turn out to be a person or an organisation",
}
"""Faults that we live with: rule and term (or property of the header), and why."""


def waiver(fault: Fault) -> str | None:
    return (
        WAIVED.get((fault.check, fault.where))
        or WAIVED.get((fault.check, ANY))
        or WAIVED.get((fault.check, fault.what.rpartition(" ")[2]))
    )


@cache
def faults(rule: str) -> tuple[Fault, ...]:
    check, graph = RULES[rule]
    return tuple(check(graph()))


def not_waived(rule: str) -> Iterator[Fault]:
    return (fault for fault in faults(rule) if waiver(fault) is None)


TERMS = [short(term) for term in (graphs.ONTOLOGY, *graphs.terms(ontology()))]


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("rule", RULES)
def test_a_term_keeps_a_rule(rule: str, term: str) -> None:
    """No rule finds a fault with this term, apart from those waived with a reason."""
    assert [str(fault) for fault in not_waived(rule) if fault.where == term] == []


@pytest.mark.parametrize("rule", RULES)
def test_nothing_else_breaks_a_rule(rule: str) -> None:
    """Nor with anything that is not a term of ours: terms of others in use, and things in the data."""
    assert [str(fault) for fault in not_waived(rule) if fault.where not in TERMS] == []


@pytest.mark.parametrize("waived", WAIVED, ids="-".join)
def test_a_waiver_is_still_needed(waived: tuple[str, str]) -> None:
    """A waiver whose fault is gone is taken out of the table."""
    rule, what = waived
    assert any(what in (ANY, fault.where, fault.what.rpartition(" ")[2]) for fault in faults(rule)), (
        f"nothing breaks {rule} for {what} any more: take the waiver out"
    )


PREFIXED = sorted(
    path.relative_to(BUNDLE.root).as_posix()
    for pattern in ("ontology/**/*.ttl", "data/**/*.ttl", "data/**/*.trig", "queries/**/*.rq")
    for path in BUNDLE.root.glob(pattern)
)


@pytest.mark.parametrize("file", PREFIXED)
def test_a_file_declares_prefixes_as_the_table_does(file: str, prefixes: Prefixes) -> None:
    """T20: a prefix means one namespace in all our files."""
    text = (BUNDLE.root / file).read_text(encoding="utf-8")
    assert [str(fault) for fault in terms.t20_prefixes(text, file, prefixes)] == []


@pytest.mark.parametrize("prefix", sorted(set(prefixes_elsewhere())))
def test_a_common_prefix_means_what_it_means_elsewhere(prefix: str, prefixes: Prefixes) -> None:
    """V10: where our table has a prefix in common use, it stands for the same namespace."""
    namespace = prefixes_elsewhere()[prefix]
    assert prefixes.get(prefix, namespace) == namespace


@pytest.mark.parametrize("file", LISTS)
def test_a_list_is_one_concept_scheme(file: str) -> None:
    """V01 for the lists: one concept scheme per file, and the header of the ontology only in so2.ttl."""
    graph = graph_of(BUNDLE.root / "ontology" / file)
    assert len(graphs.schemes(graph)) == 1
    assert list(graph.subjects(RDF.type, URIRef("http://www.w3.org/2002/07/owl#Ontology"))) == []


def test_the_label_layer_only_names_terms_that_exist() -> None:
    """T10 for the file that names terms of others: one label per language, nothing else, and the terms exist."""
    path = BUNDLE.root / "ontology" / LABEL_LAYER
    graph = graph_of(*([path] if path.exists() else []))
    check = terms.t09_terms_exist(external_terms())
    for subject in sorted(set(graph.subjects()), key=str):
        assert set(graph.predicates(subject)) == {RDFS.label}, f"{subject}: give it rdfs:label only"
        languages = [text.language for text in graphs.texts(graph, subject, RDFS.label)]
        assert languages == ["en", "nl"], f"{subject}: give it one rdfs:label with @nl and one with @en"
        if not graphs.own(subject):
            used = Graph()
            used.add((graphs.ONTOLOGY, RDF.predicate, subject))
            assert [str(f) for f in check(used) if f.where == str(subject)] == []


@dataclass(frozen=True)
class Broken:
    """A vocabulary broken by an update, and the term that the rule must then find fault with."""

    rule: str
    where: str
    update: str


NEW = 'so2:newThing a owl:Class ; rdfs:label "nieuw ding"@nl, "new thing"@en'
HEADER = str(graphs.ONTOLOGY)
BROKEN = (
    Broken("V01", HEADER, "INSERT DATA { <urn:other> a owl:Ontology }"),
    Broken("V01", HEADER, f"DELETE DATA {{ <{HEADER}> a owl:Ontology }}"),
    Broken("V02", HEADER, f"DELETE WHERE {{ <{HEADER}> dcterms:creator ?x }}"),
    Broken("V02", HEADER, f'INSERT DATA {{ <{HEADER}> dcterms:title "nog een titel"@nl }}'),
    Broken("V03", HEADER, f"DELETE WHERE {{ <{HEADER}> dcterms:created ?x }}"),
    Broken("V04", HEADER, f"DELETE WHERE {{ <{HEADER}> dcterms:publisher ?x }}"),
    Broken("V05", HEADER, f"INSERT DATA {{ <{HEADER}> dcterms:license <http://example.org/ours> }}"),
    Broken("V05", "so2:roles", "DELETE WHERE { so2:roles dcterms:license ?x }"),
    Broken(
        "V06",
        HEADER,
        f'DELETE WHERE {{ <{HEADER}> owl:versionInfo ?x }} ; INSERT DATA {{ <{HEADER}> owl:versionInfo "0.2.0" }}',
    ),
    Broken("V06", HEADER, f"DELETE WHERE {{ <{HEADER}> dcterms:bibliographicCitation ?x }}"),
    Broken("V07", HEADER, f"DELETE WHERE {{ <{HEADER}> vann:preferredNamespaceUri ?x }}"),
    Broken("V07", "urn:x", f"DELETE {{ <{HEADER}> ?p ?o }} INSERT {{ <urn:x> ?p ?o }} WHERE {{ <{HEADER}> ?p ?o }}"),
    Broken("V09", f"{CANONICAL_BASE}1.0.0/x.ttl", f"INSERT DATA {{ <{CANONICAL_BASE}1.0.0/x.ttl> a owl:Class }}"),
    Broken(
        "V10",
        HEADER,
        f"DELETE WHERE {{ <{HEADER}> vann:preferredNamespacePrefix ?x }} ; "
        f'INSERT DATA {{ <{HEADER}> vann:preferredNamespacePrefix "skos" }}',
    ),
    Broken("V12", HEADER, f'INSERT DATA {{ <{HEADER}> skos:note "x" }}'),
    Broken("V12", HEADER, "DELETE { ?s ?p ?o } WHERE { VALUES ?p { rdfs:subClassOf rdfs:subPropertyOf } ?s ?p ?o }"),
    Broken("V13", "so2:Network", "DELETE WHERE { so2:Network rdfs:isDefinedBy ?x }"),
    Broken("V13", "so2:Network", f'INSERT DATA {{ so2:Network rdfs:isDefinedBy "{HEADER}" }}'),
    Broken("V14", HEADER, f"INSERT DATA {{ {NEW} }}"),
    Broken("T01", "so2:Network", 'DELETE DATA { so2:Network rdfs:label "netwerk"@nl }'),
    Broken("T01", "so2:Network", 'INSERT DATA { so2:Network rdfs:label "Netzwerk"@de }'),
    Broken("T01", "so2:stated", 'INSERT DATA { so2:stated skos:prefLabel "said"@en }'),
    Broken("T02", "so2:newThing", f"INSERT DATA {{ {NEW} }}"),
    Broken("T03", "so2:newThing", 'INSERT DATA { so2:newThing a owl:Class ; rdfs:label "Netwerk"@nl }'),
    Broken(
        "T03",
        "so2:newThing",
        "INSERT { so2:newThing a owl:Class ; skos:definition ?d } WHERE { so2:Network skos:definition ?d }",
    ),
    Broken("T04", "so2:Network", 'INSERT DATA { so2:Network skos:altLabel "twee  spaties"@nl }'),
    Broken("T04", "so2:Network", 'INSERT DATA { so2:Network skos:altLabel ""@nl }'),
    Broken("T05", "so2:newThing", 'INSERT DATA { so2:newThing a owl:Class ; rdfs:label "A thing."@en }'),
    Broken("T05", "so2:newThing", 'INSERT DATA { so2:newThing a owl:Class ; skos:definition "Too short."@en }'),
    Broken("T06", "so2:new_thing", "INSERT DATA { so2:new_thing a owl:Class }"),
    Broken("T06", "so2:Things", "INSERT DATA { so2:Things a owl:Class }"),
    Broken("T06", "so2:NewRelation", "INSERT DATA { so2:NewRelation a owl:ObjectProperty }"),
    Broken("T07", "so2:hasCoreGroup", "DELETE WHERE { so2:hasCoreGroup rdfs:range ?x }"),
    Broken("T07", "so2:hasCoreGroup", "INSERT DATA { so2:hasCoreGroup rdfs:domain so2:Alliance }"),
    Broken("T08", "so2:hasCoreGroup", "INSERT DATA { so2:hasCoreGroup rdfs:range xsd:string }"),
    Broken("T08", "so2:hopes", "INSERT DATA { so2:hopes a owl:ObjectProperty }"),
    Broken("T09", "http://www.w3.org/ns/org#hasIdentifier", 'INSERT DATA { id:so2 org:hasIdentifier "x" }'),
    Broken("T09", "so2:undeclared", "INSERT DATA { id:so2 so2:undeclared id:so2 }"),
    Broken("T10", "http://www.w3.org/ns/org#Role", 'INSERT DATA { org:Role rdfs:label "rol"@nl }'),
    Broken("T11", "so2:hasCoreGroup", "INSERT DATA { so2:hasCoreGroup owl:inverseOf so2:hasCoreGroup }"),
    Broken("T11", "so2:hasCoreGroup", "INSERT DATA { so2:hasCoreGroup owl:inverseOf so2:drivenBy }"),
    Broken("T11", "so2:presumedSameAs", "INSERT DATA { so2:presumedSameAs owl:inverseOf so2:drivenBy }"),
    Broken("T11W", "so2:newRelation", "INSERT DATA { so2:newRelation a owl:ObjectProperty }"),
    Broken("T12", "so2:drivenBy", "INSERT DATA { so2:drivenBy a owl:TransitiveProperty }"),
    Broken("T13", "so2:Network", "INSERT DATA { so2:Network rdfs:subClassOf so2:RegionalNetwork }"),
    Broken("T13", "so2:Network", 'INSERT DATA { so2:Network skos:definition "netwerk"@nl }'),
    Broken("T13", "so2:connects", "INSERT DATA { so2:connects owl:propertyChainAxiom ( so2:drivenBy ) }"),
    Broken("T14", "so2:newThing", f"INSERT DATA {{ {NEW} }}"),
    Broken("T15", "so2:Network", "INSERT DATA { so2:Network owl:equivalentClass so2:Alliance }"),
    Broken("T16", "so2:newThing", f"INSERT DATA {{ {NEW} }}"),
    Broken("T17", "so2:OtherThing", "INSERT DATA { so2:OtherThing a owl:Class }"),
    Broken("T17", "so2:has", "INSERT DATA { so2:has a owl:ObjectProperty }"),
    Broken("T18", "so2:Network", 'INSERT DATA { so2:Network owl:deprecated "yes" }'),
    Broken(
        "T18", "so2:Network", "INSERT DATA { so2:Network owl:deprecated true ; dcterms:isReplacedBy so2:Alliance }"
    ),
    Broken("T19", "id:alescon", "INSERT DATA { id:alescon a so2:Province, so2:Municipality, so2:CoreGroup }"),
    Broken("T19", "id:luuk-duursma", "INSERT DATA { id:luuk-duursma so2:organises id:social-impact-day }"),
    Broken("T19", "so2:CoreGroup", "INSERT DATA { so2:CoreGroup rdfs:subClassOf so2:Municipality }"),
)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda b: f"{b.rule}-{b.where}")
def test_a_rule_can_fail(broken: Broken, prefixes: Prefixes) -> None:
    """On a vocabulary broken to that end, the rule names the term and says how to mend it."""
    check, graph = RULES[broken.rule]
    changed = copied(graph())
    changed.update(prefixes.header() + broken.update)
    found = [fault for fault in check(changed) if fault.where == broken.where and fault not in faults(broken.rule)]
    assert found, f"{broken.rule} finds no new fault with {broken.where}"
    assert all(fault.check == broken.rule and fault.what and fault.mend for fault in found)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_shown_to_fail(rule: str) -> None:
    """Each rule has a broken vocabulary of its own."""
    assert rule in {broken.rule for broken in BROKEN}


def test_the_rule_on_prefixes_can_fail(prefixes: Prefixes) -> None:
    """T20 notices a prefix with another namespace, and one that the table lacks, in Turtle and in SPARQL."""
    text = "@prefix cv: <http://rdfs.org/resume-rdf/> .\nPREFIX nope: <urn:nope> \nPREFIX so2: <urn:so2>"
    found = terms.t20_prefixes(text, "a file", prefixes)
    assert [fault.what.partition(":")[0] for fault in found] == ["cv", "nope", "so2"]


def test_the_message_of_a_fault_names_term_and_mend() -> None:
    """What a failing test prints: the term, what is wrong with it, and what to add where."""
    graph = copied(ontology())
    graph.remove((graphs.SO2.Network, RDFS.label, None))
    first = next(f for f in terms.t01_labels(graph) if f.where == "so2:Network")
    assert str(first) == (
        "so2:Network: has no Dutch label [T01]\n    mend: add rdfs:label (or skos:prefLabel) …@nl in ontology/"
    )


REFERENCE = Path(os.environ.get("SO2GRAPH_REFERENCE") or BUNDLE.root.parent / "shared" / "reference")
PUBLISHED = {
    "http://www.w3.org/ns/oa#": "ns/oa.ttl",
    "http://www.w3.org/ns/org#": "ns/org.ttl",
    "http://www.w3.org/ns/prov#": "ns/prov-o.ttl",
    "http://www.w3.org/ns/dcat#": "ns/dcat3.ttl",
    "http://www.w3.org/ns/shacl#": "ns/shacl.ttl",
    "http://data.europa.eu/m8g/": "shapes/cpov-SHACL.ttl",
    "http://spdx.org/rdf/terms#": "shapes/dcat-ap-SHACL.ttl",
}


@cache
def published(file: str) -> Graph:
    path = REFERENCE / file
    if not path.is_file():
        pytest.skip(f"{file} is not there: set SO2GRAPH_REFERENCE to the folder with the published vocabularies")
    return graph_of(path)


@pytest.mark.parametrize("namespace", PUBLISHED)
def test_terms_of_others_are_in_the_published_vocabulary(namespace: str) -> None:
    """T09 against the files as published: what we use, and what external-terms.tsv lists, is there."""
    graph = published(PUBLISHED[namespace])
    there = {str(node) for triple in graph for node in triple if isinstance(node, URIRef)}
    used = {str(term) for term in terms.used_terms(with_shapes())} | set(external_terms())
    assert sorted(term for term in used if term.startswith(namespace) and term not in there) == []


def test_the_data_are_consistent_with_the_axioms_of_org() -> None:
    """T19 with ORG itself: its subclasses, domains, ranges and disjoint classes clash with nothing of ours."""
    org = published("ns/org.ttl")
    assert [str(fault) for fault in terms.t19_consistent(with_data() + org)] == []


def test_external_terms_are_listed_once_and_used() -> None:
    """The list of terms read elsewhere holds what is used, in order, and says where each was read."""
    listed = list(external_terms())
    assert listed == sorted(set(listed))
    assert [term for term in listed if URIRef(term) not in terms.used_terms(with_shapes())] == []
    assert all(place.startswith("http") for place in external_terms().values())


def test_definitions_exist_in_the_language_of_every_label() -> None:
    """T01 and T02 together: a term that is named in a language is also explained in it."""
    for term in graphs.terms(ontology()):
        named = {text.language for text in graphs.labels(ontology(), term)}
        explained = {text.language for text in graphs.texts(ontology(), term, SKOS.definition)}
        assert named == explained, f"{short(term)} is named in {named} and explained in {explained}"
