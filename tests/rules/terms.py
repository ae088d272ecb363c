"""The rules for classes and properties (T01 to T20)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations

import rdflib
from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, XSD, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import DefinedNamespace
from rdflib.term import Node

from so2graph.errors import Fault
from so2graph.vocab import CANONICAL_BASE
from tests.rules.graphs import (
    LANGUAGES,
    Rule,
    classes,
    concepts,
    copied,
    definitions,
    fault,
    labels,
    own,
    properties,
    schemes,
    short,
    terms,
    texts,
    typed,
)


def _per_language(
    rule: str, graph: Graph, name: str, what: str, found: Callable[[Graph, Node], list[Literal]]
) -> Iterator[Fault]:
    for term in terms(graph):
        languages = Counter(text.language for text in found(graph, term))
        for language, full in (("nl", "Dutch"), ("en", "English")):
            number = languages.pop(language, 0)
            if number != 1:
                how = f"has no {full} {what}" if not number else f"has {number} {full} {what}s"
                mend = f"add {name} …@{language} in ontology/" if not number else f"keep one {name} with @{language}"
                yield fault(rule, term, how, mend)
        for other in languages:
            yield fault(rule, term, f"has a {what} in language {other}", f"give every {name} @nl or @en")


def t01_labels(graph: Graph) -> Iterator[Fault]:
    """One label in Dutch and one in English (OOPS P08, ROBOT missing_label, multiple_labels)."""
    yield from _per_language("T01", graph, "rdfs:label (or skos:prefLabel)", "label", labels)


def t02_definitions(graph: Graph) -> Iterator[Fault]:
    """One definition in Dutch and one in English (FOOPS VOC4, ROBOT missing_definition, SKOS-AP-NL)."""
    yield from _per_language("T02", graph, "skos:definition", "definition", definitions)


def t03_no_duplicates(graph: Graph) -> Iterator[Fault]:
    """No label twice among classes, properties or concepts; no definition twice at all (OOPS P32)."""
    for kind in (classes(graph), properties(graph), concepts(graph), schemes(graph)):
        yield from _twice("label", graph, kind, labels)
    yield from _twice("definition", graph, terms(graph), definitions)


def _twice(
    what: str, graph: Graph, kind: Iterable[URIRef], found: Callable[[Graph, Node], list[Literal]]
) -> Iterator[Fault]:
    seen: dict[tuple[str, str | None], URIRef] = {}
    for term in kind:
        for text in found(graph, term):
            first = seen.setdefault((str(text).casefold(), text.language), term)
            if first != term:
                yield fault(
                    "T03", term, f"has the same {what} as {short(first)}: {text}", f"tell the two apart by {what}"
                )


def _texts_of_term(graph: Graph, term: URIRef) -> Iterator[tuple[URIRef, Literal]]:
    for predicate in (
        RDFS.label,
        SKOS.prefLabel,
        SKOS.altLabel,
        SKOS.hiddenLabel,
        SKOS.definition,
        RDFS.comment,
        SKOS.scopeNote,
        SKOS.note,
        DCTERMS.title,
    ):
        for text in graph.objects(term, predicate):
            if isinstance(text, Literal):
                yield predicate, text


def t04_whitespace(graph: Graph) -> Iterator[Fault]:
    """No empty text, no blanks around or doubled inside, no line break (ROBOT annotation_whitespace)."""
    for term in terms(graph):
        for predicate, text in _texts_of_term(graph, term):
            if not text.strip() or re.search(r"^\s|\s$|\s\s|[\n\r\t]", text):
                yield fault(
                    "T04",
                    term,
                    f"has empty text or stray blanks: {str(text)!r}",
                    f"clean {predicate.n3(graph.namespace_manager)}",
                )


def t05_text_style(graph: Graph) -> Iterator[Fault]:
    """A label is short and no sentence; a definition starts small and has no full stop (SEMIC GC-R4)."""

    def small(text: str) -> bool:
        return not text[:1].isupper() or text[1:2].isupper()

    for term in terms(graph):
        for label in labels(graph, term):
            if len(label) > 50 or label.endswith((".", ";", ":")):
                yield fault(
                    "T05", term, f"its label is long or ends like a sentence: {label}", "make it a short name"
                )
            if not small(str(label)) and term not in schemes(graph):
                yield fault("T05", term, f"its label begins with a capital: {label}", "begin it with a small letter")
        for text in definitions(graph, term):
            if not small(str(text)) or text.endswith(".") or not 15 <= len(text) <= 250:
                yield fault(
                    "T05",
                    term,
                    f"its definition breaks the house style: {text}",
                    "begin with a small letter, leave out the full stop, take 15 to 250 characters",
                )


UPPER_CAMEL, LOWER_CAMEL = re.compile(r"([A-Z][a-z0-9]+)+"), re.compile(r"[a-z][a-z0-9]*([A-Z][a-z0-9]+)*")
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def t06_names(graph: Graph) -> Iterator[Fault]:
    """UpperCamelCase singular classes, lowerCamelCase properties and concepts, ASCII (OOPS P22, SEMIC CMC-R3/R4)."""
    known = set(classes(graph))
    for term in terms(graph):
        text = str(term)
        local = re.split(r"[#/]", text)[-1]
        pattern, style = (UPPER_CAMEL, "UpperCamelCase") if term in known else (LOWER_CAMEL, "lowerCamelCase")
        if text.startswith(CANONICAL_BASE + "id/"):
            pattern, style = KEBAB, "kebab-case"
        if not local.isascii() or not pattern.fullmatch(local):
            yield fault("T06", term, f"its name is not {style}", "rename it")
        if term in known and re.search(r"[^s]s$", local):
            yield fault("T06", term, "its name is plural", "name the class after one instance")


def t07_domain_and_range(graph: Graph) -> Iterator[Fault]:
    """One domain and one range, or a scope note in both languages that says why not (OOPS P11, P18, P19)."""
    for term in properties(graph):
        noted = {note.language for note in texts(graph, term, SKOS.scopeNote)}
        for name, predicate in (("domain", RDFS.domain), ("range", RDFS.range)):
            number = len(list(graph.objects(term, predicate)))
            if number > 1:
                yield fault(
                    "T07", term, f"has {number} {name}s, which means their intersection", f"keep one rdfs:{name}"
                )
            if not number and noted != set(LANGUAGES):
                yield fault(
                    "T07",
                    term,
                    f"has no {name} and does not say why in nl and en",
                    f"add rdfs:{name}, or skos:scopeNote in both languages",
                )


def t08_kind_of_range(graph: Graph) -> Iterator[Fault]:
    """A datatype property has a datatype as range, an object property does not (OOPS P23, P34)."""
    for term in properties(graph):
        kinds = set(graph.objects(term, RDF.type)) & {OWL.ObjectProperty, OWL.DatatypeProperty}
        if len(kinds) != 1:
            yield fault("T08", term, "is not either an object or a datatype property", "type it as one of the two")
        for target in graph.objects(term, RDFS.range):
            datatype = str(target).startswith(str(XSD)) or target in (RDFS.Literal, RDF.langString)
            if datatype != (OWL.DatatypeProperty in kinds):
                yield fault("T08", term, f"its range {target} does not fit its type", "correct its type or its range")


STORED: tuple[type[DefinedNamespace], ...] = (
    rdflib.DCAT,
    rdflib.DCTERMS,
    rdflib.FOAF,
    rdflib.ORG,
    rdflib.OWL,
    rdflib.PROV,
    rdflib.RDF,
    rdflib.RDFS,
    rdflib.SDO,
    rdflib.SH,
    rdflib.SKOS,
    rdflib.TIME,
    rdflib.VANN,
    rdflib.VOID,
    rdflib.XSD,
)


def used_terms(graph: Graph) -> set[URIRef]:
    """Everything that is used as a class or property: in statements, axioms, recorded statements and shapes."""
    sh = rdflib.SH
    found: set[Node] = set(graph.predicates())
    for predicate in (
        RDF.type,
        RDF.predicate,
        RDFS.subClassOf,
        RDFS.subPropertyOf,
        RDFS.domain,
        RDFS.range,
        OWL.inverseOf,
        OWL.disjointWith,
        OWL.equivalentClass,
        rdflib.ORG.roleProperty,
        sh.targetClass,
        sh["class"],
        sh.path,
        sh.inversePath,
        sh.datatype,
        sh.equals,
        sh.lessThan,
    ):
        found.update(graph.objects(None, predicate))
    for predicate in (OWL.members, sh.alternativePath):
        for head in graph.objects(None, predicate):
            found.update(Collection(graph, head))
    return {term for term in found if isinstance(term, URIRef)}


def t09_terms_exist(external: Iterable[str]) -> Rule:
    """Each class and property in use is declared, or exists in the vocabulary that it is from (OOPS P34, P35)."""
    extra = frozenset(external)

    def known(term: URIRef) -> bool:
        return str(term) in extra or any(str(term).startswith(str(stored)) and term in stored for stored in STORED)

    def rule(graph: Graph) -> Iterator[Fault]:
        declared = {*classes(graph), *properties(graph)}
        for term in sorted(used_terms(graph)):
            if own(term) and term not in declared:
                yield fault(
                    "T09", term, "is used and not declared", "declare it in ontology/so2.ttl, or use another term"
                )
            if not own(term) and not known(term):
                yield fault(
                    "T09",
                    term,
                    "is not known in its vocabulary",
                    "correct it, or read it in its vocabulary and add it to ontology/external-terms.tsv",
                )

    return rule


def t10_no_hijacking(graph: Graph) -> Iterator[Fault]:
    """Nothing is said about a term of another vocabulary (OOPS P40)."""
    foreign = (
        *map(str, STORED),
        "http://www.w3.org/ns/oa#",
        "http://data.europa.eu/m8g/",
        "http://purl.org/essglobal/",
    )
    for subject in sorted({s for s in graph.subjects() if isinstance(s, URIRef)}):
        if str(subject).startswith(foreign):
            yield fault(
                "T10", subject, "is somebody else's term, and we say something about it", "say it of a term of ours"
            )


def t11_inverses(graph: Graph) -> Iterator[Fault]:
    """A declared inverse crosses domain and range, is another property and not symmetric (OOPS P05, P25, P26)."""
    for term, inverse in sorted(graph.subject_objects(OWL.inverseOf)):
        if term == inverse:
            yield fault("T11", term, "is its own inverse", "type it as owl:SymmetricProperty")
        if (term, RDF.type, OWL.SymmetricProperty) in graph:
            yield fault("T11", term, "is symmetric and has an inverse", "drop owl:inverseOf")
        for one, other in ((RDFS.domain, RDFS.range), (RDFS.range, RDFS.domain)):
            if set(graph.objects(term, one)) != set(graph.objects(inverse, other)):
                yield fault(
                    "T11", term, f"and its inverse {short(inverse)} do not cross domain and range", "make them fit"
                )


def t11_inverse_declared(graph: Graph) -> Iterator[Fault]:
    """Each object property that is not symmetric has an inverse (OOPS P13); a warning."""
    paired = set(graph.subjects(OWL.inverseOf)) | set(graph.objects(None, OWL.inverseOf))
    for term in typed(graph, OWL.ObjectProperty):
        if term not in paired and (term, RDF.type, OWL.SymmetricProperty) not in graph:
            yield fault("T11W", term, "has no inverse", "add owl:inverseOf, or waive it")


def t12_symmetric_and_transitive(graph: Graph) -> Iterator[Fault]:
    """Symmetric and transitive properties have one class as domain and range (OOPS P28, P29)."""
    for term in typed(graph, OWL.SymmetricProperty, OWL.TransitiveProperty):
        if set(graph.objects(term, RDFS.domain)) != set(graph.objects(term, RDFS.range)):
            yield fault(
                "T12", term, "is symmetric or transitive, and its domain is not its range", "make them the same"
            )


def t13_no_cycles(graph: Graph) -> Iterator[Fault]:
    """No cycle of subclasses, subproperties or broader concepts; no circular definition (OOPS P06, P24, P33)."""
    for predicate in (RDFS.subClassOf, RDFS.subPropertyOf, SKOS.broader):
        for term in terms(graph):
            parents = list(graph.objects(term, predicate))
            above = {up for parent in parents for up in graph.transitive_objects(parent, predicate)}
            if term in above:
                yield fault("T13", term, f"is above itself by {predicate}", "take one of the links out")
    for term in terms(graph):
        names = {str(label).casefold() for label in labels(graph, term)}
        if names & {str(text).casefold() for text in definitions(graph, term)}:
            yield fault("T13", term, "is defined by its own name", "say what it is in other words")
        for chain in graph.objects(term, OWL.propertyChainAxiom):
            if len(Collection(graph, chain)) < 2:
                yield fault("T13", term, "has a property chain of one step", "use rdfs:subPropertyOf")


def _disjoint_pairs(graph: Graph) -> set[frozenset[Node]]:
    pairs: set[frozenset[Node]] = {frozenset(pair) for pair in graph.subject_objects(OWL.disjointWith)}
    for axiom in graph.subjects(RDF.type, OWL.AllDisjointClasses):
        for head in graph.objects(axiom, OWL.members):
            pairs |= {frozenset(pair) for pair in combinations(Collection(graph, head), 2)}
    return pairs


def _above(graph: Graph, cls: Node) -> set[Node]:
    return {up for up in graph.transitive_objects(cls, RDFS.subClassOf) if up is not None}


def t14_disjointness(graph: Graph) -> Iterator[Fault]:
    """Each class is, or is below, a class that is declared disjoint with another (OOPS P10); a warning."""
    disjoint: set[Node] = {member for pair in _disjoint_pairs(graph) for member in pair}
    # ORG says that these are organisations, and ORG is not in this graph.
    disjoint |= {rdflib.ORG.OrganizationalCollaboration, rdflib.ORG.FormalOrganization}
    for term in classes(graph):
        if not _above(graph, term) & disjoint:
            yield fault("T14", term, "is disjoint with nothing", "add it to an owl:AllDisjointClasses, or waive it")


def t15_equivalences(graph: Graph) -> Iterator[Fault]:
    """No two own terms are equivalent; an equivalence to the outside needs review (OOPS P02, P12, P30); a warning."""
    for predicate in (OWL.equivalentClass, OWL.equivalentProperty, OWL.sameAs):
        for subject, other in sorted(graph.subject_objects(predicate)):
            yield fault(
                "T15", subject, f"is made equivalent to {other}", "use one term, or a mapping with its justification"
            )


def t16_connected(graph: Graph) -> Iterator[Fault]:
    """Each own term is used outside its own declaration: in data, a shape or another term (OOPS P04)."""
    mentioned = {o for s, p, o in graph if s != o and p not in (SKOS.hasTopConcept, RDFS.isDefinedBy)}
    mentioned |= set(graph.predicates())
    for term in terms(graph):
        if term not in mentioned:
            yield fault("T16", term, "is used nowhere", "use it in the data or a shape, or take it out")


def t17_telling_names(graph: Graph) -> Iterator[Fault]:
    """No 'Other…' or 'Misc…' class, no 'And' in a class name, no property called is or has (OOPS P03, P07, P21)."""
    for term in classes(graph):
        words = re.findall(r"[A-Z][a-z0-9]*", str(term).rpartition("#")[2])
        if {"Other", "Misc", "Miscellaneous", "And", "Or"} & set(words):
            yield fault("T17", term, "its name is a rest class or two classes in one", "split or rename it")
    for term in properties(graph):
        if str(term).rpartition("#")[2] in ("is", "has", "isA", "hasA", "a"):
            yield fault("T17", term, "its name says nothing", "name the relation")


def t18_deprecation(graph: Graph) -> Iterator[Fault]:
    """owl:deprecated is a boolean; a deprecated term names its successor and is not used (ROBOT deprecated_*)."""
    in_use = used_terms(graph) | {o for o in graph.objects() if isinstance(o, URIRef)}
    for term, value in sorted(graph.subject_objects(OWL.deprecated)):
        if not isinstance(value, Literal) or value.datatype != XSD.boolean:
            yield fault("T18", term, "its owl:deprecated is not a boolean", "write owl:deprecated true")
        if (term, DCTERMS.isReplacedBy, None) not in graph:
            yield fault("T18", term, "is deprecated without a successor", "add dcterms:isReplacedBy")
        if term in in_use:
            yield fault("T18", term, "is deprecated and still used", "use its successor")


def t19_consistent(graph: Graph) -> Iterator[Fault]:
    """No class below two disjoint classes, and after RDFS closure no thing in two of them (SEMIC SC-R2, SC-R4)."""
    import owlrl  # type: ignore[import-untyped]  # it has no type information of its own

    pairs = _disjoint_pairs(graph)
    closed = copied(graph)
    owlrl.DeductiveClosure(owlrl.RDFS_Semantics, axiomatic_triples=False, datatype_axioms=False).expand(closed)
    for term in classes(graph):
        for pair in pairs:
            if pair <= _above(closed, term):
                yield fault(
                    "T19",
                    term,
                    f"can have no instance: it is below {' and '.join(sorted(map(short, pair)))}",
                    "take out one of the superclasses, or the disjointness",
                )
    of: dict[Node, set[Node]] = defaultdict(set)
    for thing, cls in closed.subject_objects(RDF.type):
        of[thing].add(cls)
    for thing in sorted(node for node in of if isinstance(node, URIRef)):
        for pair in pairs:
            if len(pair) == 2 and pair <= of[thing]:
                yield fault(
                    "T19",
                    thing,
                    f"is at once {' and '.join(sorted(map(short, pair)))}",
                    "correct its type, or the domain or range of a property that it has",
                )


def t20_prefixes(text: str, where: str, table: Mapping[str, str]) -> Iterator[Fault]:
    """Prefixes stand for what the one table says (OOPS P39)."""
    for prefix, namespace in re.findall(r"^\s*@?prefix\s+([\w-]*):\s*<([^>]*)>", text, re.IGNORECASE | re.MULTILINE):
        if table.get(prefix) != namespace:
            yield fault(
                "T20",
                where,
                f"{prefix}: stands for <{namespace}>, and in the table for {table.get(prefix)}",
                "use the prefix of ontology/prefixes.tsv",
            )
