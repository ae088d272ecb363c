"""The rules that the vocabulary and its concept schemes keep: functions over a graph that yield faults.

The numbers (V, T, K) are those of the project's list of automatic checks; each rule names what it was taken from.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import Path

import rdflib
from rdflib import DCTERMS, FOAF, OWL, RDF, RDFS, SKOS, VANN, XSD, Dataset, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.namespace import DefinedNamespace
from rdflib.term import Node

from so2graph.errors import Fault
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE

Rule = Callable[[Graph], Iterator[Fault]]

SO2 = Namespace(CANONICAL_BASE + "def#")
BIBO = Namespace("http://purl.org/ontology/bibo/")
SCHEMA = Namespace("https://schema.org/")
VOAF = Namespace("http://purl.org/vocommons/voaf#")
ONTOLOGY = URIRef(CANONICAL_BASE + "def")
LANGUAGES = ("nl", "en")
LICENCES = (
    "https://creativecommons.org/licenses/by/4.0/",
    "https://creativecommons.org/publicdomain/zero/1.0/",
)
PERSISTENT = ("https://w3id.org/", "http://purl.org/", "https://purl.org/")
PROPERTY_TYPES = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty, RDF.Property)
MATCHES = (SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch, SKOS.relatedMatch)


def graph_of(*paths: Path) -> Graph:
    """One graph with the statements of all `paths` (Turtle or TriG)."""
    graph = Graph()
    for path in paths:
        if path.suffix == ".trig":
            quads = Dataset()
            quads.parse(path, format="trig")
            graph.addN((s, p, o, graph) for s, p, o, _ in quads.quads())
        else:
            graph.parse(path, format="turtle")
    return graph


def load_ontology(bundle: Bundle) -> Graph:
    return graph_of(*sorted((bundle.root / "ontology").glob("*.ttl")))


def load_data(bundle: Bundle, *, contact: bool = True) -> Graph:
    return graph_of(*(p for p in sorted(bundle.data.rglob("*.trig")) if contact or p.name != "contact.trig"))


def load_catalogue(bundle: Bundle) -> Graph:
    return graph_of(bundle.catalogue)


def copied(graph: Graph) -> Graph:
    copy = Graph()
    copy.addN((s, p, o, copy) for s, p, o in graph)
    return copy


def short(term: Node) -> str:
    text = str(term)
    for prefix, namespace in (("so2:", str(SO2)), ("id:", CANONICAL_BASE + "id/")):
        if text.startswith(namespace):
            return prefix + text[len(namespace) :]
    return text


def own(term: Node) -> bool:
    return isinstance(term, URIRef) and str(term).startswith(CANONICAL_BASE)


def _typed(graph: Graph, *types: URIRef) -> list[URIRef]:
    return sorted({s for t in types for s in graph.subjects(RDF.type, t) if isinstance(s, URIRef) and own(s)})


def classes(graph: Graph) -> list[URIRef]:
    return _typed(graph, OWL.Class, RDFS.Class)


def properties(graph: Graph) -> list[URIRef]:
    return _typed(graph, *PROPERTY_TYPES)


def concepts(graph: Graph) -> list[URIRef]:
    return _typed(graph, SKOS.Concept, SO2.Theme, SO2.Modality, rdflib.ORG.Role)


def schemes(graph: Graph) -> list[URIRef]:
    return _typed(graph, SKOS.ConceptScheme)


def terms(graph: Graph) -> list[URIRef]:
    return sorted({*classes(graph), *properties(graph), *concepts(graph), *schemes(graph)})


def texts(graph: Graph, subject: Node, *predicates: URIRef) -> list[Literal]:
    """Literals of the first of `predicates` that has any."""
    for predicate in predicates:
        found = [o for o in graph.objects(subject, predicate) if isinstance(o, Literal)]
        if found:
            return sorted(found, key=lambda o: (o.language or "", str(o)))
    return []


def labels(graph: Graph, term: Node) -> list[Literal]:
    predicates = (SKOS.prefLabel, RDFS.label) if term in concepts(graph) else (RDFS.label, SKOS.prefLabel)
    return texts(graph, term, *predicates)


def definitions(graph: Graph, term: Node) -> list[Literal]:
    return texts(graph, term, SKOS.definition, RDFS.comment)


def fault(rule: str, focus: Node | str, what: str, mend: str) -> Fault:
    return Fault(rule, short(focus) if isinstance(focus, URIRef) else str(focus), what, mend)


def _header(graph: Graph) -> URIRef:
    found = sorted(graph.subjects(RDF.type, OWL.Ontology), key=str)
    return next((subject for subject in found if isinstance(subject, URIRef)), ONTOLOGY)


def _missing(rule: str, graph: Graph, wanted: Mapping[str, tuple[URIRef, ...]]) -> Iterator[Fault]:
    header = _header(graph)
    for name, predicates in wanted.items():
        if not any((header, p, None) in graph for p in predicates):
            yield fault(rule, header, f"the header has no {name}", f"add {name} to the header in ontology/so2.ttl")


def v01_one_header(graph: Graph) -> Iterator[Fault]:
    """Exactly one owl:Ontology (OOPS P38)."""
    found = sorted(str(s) for s in graph.subjects(RDF.type, OWL.Ontology))
    if len(found) != 1:
        yield fault("V01", ONTOLOGY, f"there are {len(found)} owl:Ontology nodes: {found}", "keep one")


def v02_header_minimal(graph: Graph) -> Iterator[Fault]:
    """Title, description, licence, creator, version IRI and namespace (FOOPS OM1)."""
    yield from _missing(
        "V02",
        graph,
        {
            "dcterms:title": (DCTERMS.title,),
            "dcterms:description": (DCTERMS.description,),
            "dcterms:license": (DCTERMS.license,),
            "dcterms:creator": (DCTERMS.creator,),
            "owl:versionIRI": (OWL.versionIRI,),
            "vann:preferredNamespaceUri": (VANN.preferredNamespaceUri,),
        },
    )
    header = _header(graph)
    for name, predicate in (("dcterms:title", DCTERMS.title), ("dcterms:description", DCTERMS.description)):
        found = Counter(text.language for text in texts(graph, header, predicate))
        for language in LANGUAGES:
            if found[language] != 1:
                yield fault(
                    "V02",
                    header,
                    f"{name} is there {found[language]} times in {language}",
                    f"give one {name} with @{language}",
                )


def v03_header_recommended(graph: Graph) -> Iterator[Fault]:
    """Prefix, version, creation date and citation (FOOPS OM2)."""
    yield from _missing(
        "V03",
        graph,
        {
            "vann:preferredNamespacePrefix": (VANN.preferredNamespacePrefix,),
            "owl:versionInfo": (OWL.versionInfo,),
            "dcterms:created": (DCTERMS.created,),
            "dcterms:bibliographicCitation": (DCTERMS.bibliographicCitation,),
        },
    )


def v04_header_optional(graph: Graph) -> Iterator[Fault]:
    """Publisher, logo, status, source, dates, earlier version and identifier (FOOPS OM3, OM5.2); a warning."""
    yield from _missing(
        "V04",
        graph,
        {
            "dcterms:publisher": (DCTERMS.publisher,),
            "foaf:logo": (FOAF.logo, SCHEMA.logo),
            "bibo:status": (BIBO.status,),
            "dcterms:source": (DCTERMS.source,),
            "dcterms:issued": (DCTERMS.issued,),
            "dcterms:modified": (DCTERMS.modified,),
            "owl:priorVersion": (OWL.priorVersion,),
            "dcterms:identifier": (DCTERMS.identifier, BIBO.doi),
        },
    )


def v05_licence(graph: Graph) -> Iterator[Fault]:
    """One licence, an IRI of the allowed list, on the header and on each scheme (FOOPS OM4, OOPS P41)."""
    for subject in [_header(graph), *schemes(graph)]:
        found = sorted(str(o) for o in graph.objects(subject, DCTERMS.license) if isinstance(o, URIRef))
        literal = [o for o in graph.objects(subject, DCTERMS.license) if isinstance(o, Literal)]
        if len(found) != 1 or literal or found[0] not in LICENCES:
            yield fault(
                "V05",
                subject,
                f"its licences are {[*found, *map(str, literal)]}",
                f"give one dcterms:license, one of {', '.join(LICENCES)}",
            )


def v06_version(graph: Graph) -> Iterator[Fault]:
    """The version IRI differs from the ontology IRI and ends in owl:versionInfo (FOOPS VER1)."""
    header = _header(graph)
    version, info = graph.value(header, OWL.versionIRI), graph.value(header, OWL.versionInfo)
    if version == header or str(version) != f"{header}/{info}":
        yield fault(
            "V06",
            header,
            f"owl:versionIRI is {version} and owl:versionInfo {info}",
            f"make owl:versionIRI <{header}/{info}>",
        )
    citation = str(graph.value(header, DCTERMS.bibliographicCitation))
    if str(version) not in citation:
        yield fault(
            "V06", header, "its citation names another version", f"write {version} in dcterms:bibliographicCitation"
        )


def v07_own_iri(graph: Graph) -> Iterator[Fault]:
    """The ontology IRI is that of the document, and the namespace is that IRI with # (FOOPS URI2)."""
    header = _header(graph)
    if header != ONTOLOGY:
        yield fault("V07", header, "the header has another IRI than the document", f"make it <{ONTOLOGY}>")
    namespace = graph.value(header, VANN.preferredNamespaceUri)
    if str(namespace) != str(SO2):
        yield fault("V07", header, f"vann:preferredNamespaceUri is {namespace}", f'make it "{SO2}"')


def v09_persistent_names(graph: Graph) -> Iterator[Fault]:
    """Terms have a persistent base, no file extension and no version number (FOOPS PURL1, OOPS P36)."""
    for term in [_header(graph), *terms(graph)]:
        text = str(term)
        if not text.startswith(PERSISTENT):
            yield fault("V09", term, "its base is not persistent", f"name it below {CANONICAL_BASE}")
        if re.search(r"\.(ttl|owl|rdf|html|xml|json)\b|/v?[0-9]+\.[0-9]+", text):
            yield fault("V09", term, "its IRI has a file extension or a version number", "take that out of its IRI")


def v10_prefix_free(taken: Mapping[str, str]) -> Rule:
    """The preferred prefix is not in use for another namespace (FOOPS FIND1)."""

    def rule(graph: Graph) -> Iterator[Fault]:
        header = _header(graph)
        prefix = str(graph.value(header, VANN.preferredNamespacePrefix))
        if taken.get(prefix, str(SO2)) != str(SO2):
            yield fault(
                "V10",
                header,
                f"the prefix {prefix} stands for <{taken[prefix]}> elsewhere",
                "choose another vann:preferredNamespacePrefix",
            )

    return rule


def v12_header_vocabularies(graph: Graph) -> Iterator[Fault]:
    """The header uses vocabularies made for headers (FOOPS VOC1), and others are reused (VOC2)."""
    allowed = (
        str(DCTERMS),
        str(rdflib.DC),
        str(SCHEMA),
        str(VANN),
        str(rdflib.PROV),
        str(BIBO),
        str(FOAF),
        str(rdflib.DOAP),
        str(OWL),
        str(RDF),
        str(RDFS),
        str(VOAF),
        "http://purl.org/pav/",
    )
    header = _header(graph)
    for predicate in sorted(set(graph.predicates(header)), key=str):
        if not str(predicate).startswith(allowed):
            yield fault(
                "V12", header, f"the header uses {predicate}", "use dcterms, schema, vann, prov, bibo or foaf"
            )
    if all(own(o) for p in (RDFS.subClassOf, RDFS.subPropertyOf) for o in graph.objects(None, p)):
        yield fault("V12", header, "no term is tied to another vocabulary", "add rdfs:subClassOf to a term elsewhere")


def v13_defined_by(graph: Graph) -> Iterator[Fault]:
    """Each own term has rdfs:isDefinedBy with the ontology IRI, once, and not as a string (LOV)."""
    for term in terms(graph):
        if list(graph.objects(term, RDFS.isDefinedBy)) != [ONTOLOGY]:
            yield fault(
                "V13", term, "it does not say which ontology defines it", f"add rdfs:isDefinedBy <{ONTOLOGY}>"
            )


def v14_counts(graph: Graph) -> Iterator[Fault]:
    """voaf:classNumber and voaf:propertyNumber are what one counts (LOV)."""
    header = _header(graph)
    for name, predicate, counted in (
        ("voaf:classNumber", VOAF.classNumber, len(classes(graph))),
        ("voaf:propertyNumber", VOAF.propertyNumber, len(properties(graph))),
    ):
        stated = graph.value(header, predicate)
        if not isinstance(stated, Literal) or stated.toPython() != counted:
            yield fault("V14", header, f"{name} is {stated}, and there are {counted}", f"make {name} {counted}")


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
    for term in _typed(graph, OWL.ObjectProperty):
        if term not in paired and (term, RDF.type, OWL.SymmetricProperty) not in graph:
            yield fault("T11W", term, "has no inverse", "add owl:inverseOf, or waive it")


def t12_symmetric_and_transitive(graph: Graph) -> Iterator[Fault]:
    """Symmetric and transitive properties have one class as domain and range (OOPS P28, P29)."""
    for term in _typed(graph, OWL.SymmetricProperty, OWL.TransitiveProperty):
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


def k01_definition(graph: Graph) -> Iterator[Fault]:
    """A concept has a definition with a language."""
    for term in concepts(graph):
        if not any(text.language for text in texts(graph, term, SKOS.definition)):
            yield fault("K01", term, "has no definition with a language", "add skos:definition …@nl and …@en")


def k02_preferred_label(graph: Graph) -> Iterator[Fault]:
    """A concept has one preferred label per language, Dutch among them."""
    for term in concepts(graph):
        found = Counter(text.language for text in texts(graph, term, SKOS.prefLabel))
        if "nl" not in found:
            yield fault("K02", term, "has no preferred Dutch label", "add skos:prefLabel …@nl")
        for language, number in found.items():
            if number > 1 or not language:
                yield fault("K02", term, f"has {number} preferred labels in {language}", "keep one per language")


def k03_in_scheme(graph: Graph) -> Iterator[Fault]:
    """A concept is in a skos:ConceptScheme."""
    for term in concepts(graph):
        found = list(graph.objects(term, SKOS.inScheme))
        if not found or not all((scheme, RDF.type, SKOS.ConceptScheme) in graph for scheme in found):
            yield fault("K03", term, "is in no concept scheme", "add skos:inScheme with a skos:ConceptScheme")


def _top(graph: Graph) -> set[Node]:
    return set(graph.subjects(SKOS.topConceptOf)) | set(graph.objects(None, SKOS.hasTopConcept))


def k04_top_concepts(graph: Graph) -> Iterator[Fault]:
    """A top concept has nothing broader, and scheme and concept agree on who is on top."""
    for term in concepts(graph):
        if term in _top(graph) and (term, SKOS.broader, None) in graph:
            yield fault("K04", term, "is on top and has a broader concept", "drop one of the two")
        said, listed = set(graph.objects(term, SKOS.topConceptOf)), set(graph.subjects(SKOS.hasTopConcept, term))
        if said != listed:
            yield fault(
                "K04",
                term,
                "and its scheme do not agree on whether it is on top",
                "give both skos:topConceptOf and skos:hasTopConcept, or neither",
            )


def _in_schemes(graph: Graph) -> Iterator[tuple[URIRef, list[URIRef]]]:
    for scheme in schemes(graph):
        yield scheme, [term for term in concepts(graph) if (term, SKOS.inScheme, scheme) in graph]


def k05_notation(graph: Graph) -> Iterator[Fault]:
    """No two concepts of a scheme share a notation."""
    for _, members in _in_schemes(graph):
        yield from _shared("K05", graph, members, SKOS.notation, "notation")


def k06_unique_label(graph: Graph) -> Iterator[Fault]:
    """No two concepts of a scheme share a preferred label."""
    for _, members in _in_schemes(graph):
        yield from _shared("K06", graph, members, SKOS.prefLabel, "preferred label")


def _shared(rule: str, graph: Graph, members: list[URIRef], predicate: URIRef, what: str) -> Iterator[Fault]:
    seen: dict[Node, URIRef] = {}
    for term in members:
        for value in graph.objects(term, predicate):
            first = seen.setdefault(value, term)
            if first != term:
                yield fault(
                    rule, term, f"shares its {what} {value} with {short(first)}", f"give it a {what} of its own"
                )


RELATIONS = (SKOS.broader, SKOS.narrower, SKOS.related, SKOS.broaderTransitive, SKOS.narrowerTransitive)


def k07_no_orphans(graph: Graph) -> Iterator[Fault]:
    """A concept is on top of its scheme or tied to another concept."""
    tied = {node for p in RELATIONS for pair in graph.subject_objects(p) for node in pair} | _top(graph)
    for term in concepts(graph):
        if term not in tied:
            yield fault("K07", term, "is tied to nothing", "add skos:broader, skos:related or skos:topConceptOf")


def k08_kinds_apart(graph: Graph) -> Iterator[Fault]:
    """Nothing is two of concept, scheme and collection."""
    for term in sorted({*concepts(graph), *schemes(graph)}):
        kinds = set(graph.objects(term, RDF.type)) & {
            SKOS.Concept,
            SKOS.ConceptScheme,
            SKOS.Collection,
            SKOS.OrderedCollection,
        }
        if len(kinds - {SKOS.OrderedCollection}) > 1:
            yield fault("K08", term, f"is at once {' and '.join(sorted(map(str, kinds)))}", "keep one of them")


def k09_mappings(graph: Graph) -> Iterator[Fault]:
    """Mappings leave the scheme, one kind per pair, and no target is the exact match of two concepts."""
    members = set(concepts(graph))
    exact: dict[Node, URIRef] = {}
    for term in concepts(graph):
        kinds: dict[Node, list[URIRef]] = defaultdict(list)
        for match in MATCHES:
            for target in graph.objects(term, match):
                kinds[target].append(match)
                inside = set(graph.objects(term, SKOS.inScheme)) & set(graph.objects(target, SKOS.inScheme))
                if target in members and inside:
                    yield fault(
                        "K09", term, f"is mapped inside its own scheme to {short(target)}", "use skos:related"
                    )
        for target, found in sorted(kinds.items()):
            if len(found) > 1:
                yield fault("K09", term, f"has {len(found)} kinds of match with {target}", "keep one")
            if SKOS.exactMatch in found and exact.setdefault(target, term) != term:
                yield fault(
                    "K09", term, f"and {short(exact[target])} are both exactly {target}", "use skos:closeMatch"
                )


def k10_disjoint_relations(graph: Graph) -> Iterator[Fault]:
    """Broader and related exclude each other, and so do preferred, alternative and hidden labels."""
    for term in concepts(graph):
        above = set(graph.transitive_objects(term, SKOS.broader)) - {term}
        for other in sorted(set(graph.objects(term, SKOS.related)) & above, key=str):
            yield fault("K10", term, f"has {short(other)} as broader and as related", "keep one")
        for one, other_label in combinations((SKOS.prefLabel, SKOS.altLabel, SKOS.hiddenLabel), 2):
            for text in sorted(set(graph.objects(term, one)) & set(graph.objects(term, other_label)), key=str):
                yield fault("K10", term, f"has the label {text} in two roles", "keep the label in one role")


def k11_relations_between_concepts(graph: Graph) -> Iterator[Fault]:
    """Semantic relations tie concepts to concepts."""
    known = set(concepts(graph))
    for predicate in RELATIONS:
        for term, other in sorted(graph.subject_objects(predicate)):
            if term not in known or other not in known:
                yield fault("K11", term, f"is tied to {short(other)}, and not both are concepts", "tie concepts only")


def k13_scheme_described(graph: Graph) -> Iterator[Fault]:
    """A scheme has a title in both languages and names its languages."""
    for scheme in schemes(graph):
        titles = Counter(text.language for text in texts(graph, scheme, DCTERMS.title))
        if titles != Counter(LANGUAGES):
            yield fault(
                "K13", scheme, f"has titles in {dict(titles)}", "give one dcterms:title with @nl and one with @en"
            )
        if {str(o) for o in graph.objects(scheme, DCTERMS.language)} != set(LANGUAGES):
            yield fault("K13", scheme, "does not name its languages", 'add dcterms:language "nl", "en"')
