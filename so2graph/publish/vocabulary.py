"""Gathers what the vocabulary says of itself: header, classes, properties and concept schemes, and their use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from so2graph.engine.access import Session
from so2graph.engine.store import Quad
from so2graph.publish.rules import Rule, rules_of
from so2graph.registry import Bundle
from so2graph.vocab import DCTERMS, RDF, RDFS, SKOS, Iri, Literal, Names, Term

__all__ = [
    "ClassTerm",
    "ConceptTerm",
    "Example",
    "Header",
    "PropertyTerm",
    "SchemeTerm",
    "Texts",
    "Vocabulary",
    "read_vocabulary",
    "scheme_quads",
    "vocabulary_quads",
]

OWL = "http://www.w3.org/2002/07/owl#"
BIBO = "http://purl.org/ontology/bibo/"
VANN = "http://purl.org/vocab/vann/"

Texts = Mapping[str, str]
"""A text by language tag."""

KINDS = ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")
CHARACTERISTICS = (
    "FunctionalProperty",
    "InverseFunctionalProperty",
    "TransitiveProperty",
    "SymmetricProperty",
    "AsymmetricProperty",
    "ReflexiveProperty",
    "IrreflexiveProperty",
)
_MATCHES = tuple(SKOS + kind for kind in ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch"))


@dataclass(frozen=True)
class Example:
    """One statement of the data, with the modality of its graph (local name, None for what is not of the page)."""

    subject: Term
    object: Term
    modality: str | None


@dataclass(frozen=True, kw_only=True)
class _Described:
    """What every term has: texts by language, and links by the IRI of the property that makes them."""

    iri: str
    labels: Texts
    definitions: Texts
    notes: Texts
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ClassTerm(_Described):
    """A class. `ancestors` are all classes above it, `inherited` the properties whose domain is one of them."""

    parents: tuple[str, ...]
    children: tuple[str, ...]
    ancestors: tuple[str, ...]
    disjoint: tuple[str, ...]
    domain_of: tuple[str, ...]
    inherited: tuple[str, ...]
    range_of: tuple[str, ...]
    rules: tuple[Rule, ...]
    count: int
    example: str | None


@dataclass(frozen=True, kw_only=True)
class PropertyTerm(_Described):
    """A property. `kind` and `characteristics` are local names of OWL."""

    kind: str
    characteristics: tuple[str, ...]
    domains: tuple[str, ...]
    ranges: tuple[str, ...]
    parents: tuple[str, ...]
    children: tuple[str, ...]
    inverses: tuple[str, ...]
    count: int
    example: Example | None


@dataclass(frozen=True, kw_only=True)
class ConceptTerm(_Described):
    """A concept, at its depth in the tree of its scheme. `rank` is `so2:certaintyRank`."""

    depth: int
    notation: str | None
    rank: str | None
    names: tuple[Literal, ...]
    broader: tuple[str, ...]
    narrower: tuple[str, ...]
    related: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SchemeTerm(_Described):
    """A concept scheme with its concepts, each below the one it is narrower than."""

    concepts: tuple[ConceptTerm, ...]

    @property
    def name(self) -> str:
        return self.iri.rpartition("#")[2].rpartition("/")[2]


@dataclass(frozen=True)
class Header:
    """The ontology itself; dates as they stand, agents and the licence as IRIs."""

    iri: str
    titles: Texts
    descriptions: Texts
    version: str
    version_iri: str
    prefix: str
    namespace: str
    citation: str
    status: str
    licences: tuple[str, ...]
    creators: tuple[str, ...]
    publishers: tuple[str, ...]
    sources: tuple[str, ...]
    dates: Mapping[str, str]


@dataclass(frozen=True)
class Vocabulary:
    """All of it, each list in the order of the IRIs; `namespaces` are the prefixes in use with their IRIs."""

    header: Header
    classes: tuple[ClassTerm, ...]
    properties: tuple[PropertyTerm, ...]
    schemes: tuple[SchemeTerm, ...]
    namespaces: tuple[tuple[str, str], ...]

    @property
    def terms(self) -> tuple[_Described, ...]:
        """Everything that has an entry of its own."""
        concepts = (concept for scheme in self.schemes for concept in scheme.concepts)
        return (*self.classes, *self.properties, *self.schemes, *concepts)


def vocabulary_quads(session: Session) -> list[Quad]:
    """The whole vocabulary with its concept schemes; nothing where the caller may not read it."""
    graph = session.snapshot.names.graph("vocabulary")
    quads = session.snapshot.quads([graph]) if graph in session.readable else iter(())
    return [(s, p, o, None) for s, p, o, _ in quads]


def scheme_quads(session: Session, scheme: str) -> list[Quad]:
    """What the vocabulary says of a scheme and of the concepts in it; nothing for a scheme that is not there."""
    quads = vocabulary_quads(session)
    inside = {str(s) for s, p, o, _ in quads if p.value == SKOS + "inScheme" and str(o) == scheme}
    return [quad for quad in quads if str(quad[0]) == scheme or str(quad[0]) in inside]


class _Index:
    """The triples of the vocabulary, by subject and by object."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        self._out: dict[tuple[str, str], list[Term]] = defaultdict(list)
        self._in: dict[tuple[str, str], list[str]] = defaultdict(list)
        for subject, predicate, obj, _ in quads:
            self._out[str(subject), predicate.value].append(obj)
            if not isinstance(obj, Literal):
                self._in[predicate.value, str(obj)].append(str(subject))

    def iris(self, subject: str, *predicates: str) -> tuple[str, ...]:
        found = {term.value for p in predicates for term in self._out.get((subject, p), ()) if isinstance(term, Iri)}
        return tuple(sorted(found))

    def subjects(self, predicate: str, obj: str) -> tuple[str, ...]:
        return tuple(sorted({s for s in self._in.get((predicate, obj), ()) if not s.startswith("_:")}))

    def literals(self, subject: str, *predicates: str) -> list[Literal]:
        found = {t for p in predicates for t in self._out.get((subject, p), ()) if isinstance(t, Literal)}
        return sorted(found, key=lambda t: (t.language or "", t.value))

    def texts(self, subject: str, *predicates: str) -> Texts:
        """The first text of each language; the predicates in order of preference."""
        found: dict[str, str] = {}
        for predicate in predicates:
            for literal in self.literals(subject, predicate):
                found.setdefault(literal.language or "", literal.value)
        return found

    def text(self, subject: str, predicate: str) -> str:
        return next((literal.value for literal in self.literals(subject, predicate)), "")

    def above(self, iri: str) -> tuple[str, ...]:
        """Every class above `iri`, nearest first, each once, whatever cycles there are."""
        found, todo = [iri], [iri]
        while todo:
            for parent in self.iris(todo.pop(0), RDFS + "subClassOf"):
                if parent not in found:
                    found.append(parent)
                    todo.append(parent)
        return tuple(found[1:])

    def _base(self, iri: str) -> tuple[str, Texts, Texts, Texts]:
        labels = self.texts(iri, RDFS + "label", SKOS + "prefLabel", DCTERMS + "title")
        definitions = self.texts(iri, SKOS + "definition", RDFS + "comment", DCTERMS + "description")
        return iri, labels, definitions, self.texts(iri, SKOS + "scopeNote", SKOS + "note", SKOS + "example")

    def described(self, iri: str, *links: str) -> dict[str, object]:
        """The fields that every term has."""
        iri, labels, definitions, notes = self._base(iri)
        found = {link: self.iris(iri, link) for link in (*_MATCHES, RDFS + "seeAlso", *links)}
        linked = {link: targets for link, targets in found.items() if targets}
        return {"iri": iri, "labels": labels, "definitions": definitions, "notes": notes, "links": linked}


def read_vocabulary(session: Session, bundle: Bundle) -> Vocabulary:
    """The vocabulary of this generation, with the number of uses of each term in what the caller may read."""
    quads = vocabulary_quads(session)
    index, names = _Index(quads), session.snapshot.names
    ontology = next(iter(index.subjects(RDF + "type", OWL + "Ontology")), f"{names.base}def")
    classes = index.subjects(RDF + "type", OWL + "Class")
    kinds = {iri: kind for kind in reversed(KINDS) for iri in index.subjects(RDF + "type", OWL + kind)}
    things = _things(session, classes)
    uses = _uses(session, sorted(kinds))
    rules = rules_of(bundle)
    return Vocabulary(
        header=_header(index, ontology),
        classes=tuple(_class(index, iri, rules.get(iri, ()), things.get(iri, (0, None))) for iri in classes),
        properties=tuple(_property(index, iri, kinds[iri], uses.get(iri, (0, None))) for iri in sorted(kinds)),
        schemes=tuple(_scheme(index, iri, names) for iri in index.subjects(RDF + "type", SKOS + "ConceptScheme")),
        namespaces=tuple(_namespaces(session, quads)),
    )


def _header(index: _Index, iri: str) -> Header:
    dates = {name: index.text(iri, DCTERMS + name) for name in ("created", "issued", "modified")}
    return Header(
        iri=iri,
        titles=index.texts(iri, DCTERMS + "title", RDFS + "label"),
        descriptions=index.texts(iri, DCTERMS + "description", RDFS + "comment"),
        version=index.text(iri, OWL + "versionInfo"),
        version_iri=next(iter(index.iris(iri, OWL + "versionIRI")), ""),
        prefix=index.text(iri, VANN + "preferredNamespacePrefix"),
        namespace=index.text(iri, VANN + "preferredNamespaceUri"),
        citation=index.text(iri, DCTERMS + "bibliographicCitation"),
        status=next(iter(index.iris(iri, BIBO + "status")), ""),
        licences=index.iris(iri, DCTERMS + "license"),
        creators=index.iris(iri, DCTERMS + "creator"),
        publishers=index.iris(iri, DCTERMS + "publisher"),
        sources=index.iris(iri, DCTERMS + "source"),
        dates={name: date for name, date in dates.items() if date},
    )


def _class(index: _Index, iri: str, rules: tuple[Rule, ...], used: tuple[int, str | None]) -> ClassTerm:
    ancestors = index.above(iri)
    disjoint = {*index.iris(iri, OWL + "disjointWith"), *index.subjects(OWL + "disjointWith", iri)}
    domain_of = index.subjects(RDFS + "domain", iri)
    inherited = [p for above in ancestors for p in index.subjects(RDFS + "domain", above) if p not in domain_of]
    return ClassTerm(
        **index.described(iri, OWL + "equivalentClass"),  # type: ignore[arg-type]  # the fields of _Described
        parents=index.iris(iri, RDFS + "subClassOf"),
        children=index.subjects(RDFS + "subClassOf", iri),
        ancestors=ancestors,
        disjoint=tuple(sorted(disjoint)),
        domain_of=domain_of,
        inherited=tuple(dict.fromkeys(inherited)),
        range_of=index.subjects(RDFS + "range", iri),
        rules=rules,
        count=used[0],
        example=used[1],
    )


def _property(index: _Index, iri: str, kind: str, used: tuple[int, Example | None]) -> PropertyTerm:
    types = index.iris(iri, RDF + "type")
    inverses = {*index.iris(iri, OWL + "inverseOf"), *index.subjects(OWL + "inverseOf", iri)}
    return PropertyTerm(
        **index.described(iri, OWL + "equivalentProperty"),  # type: ignore[arg-type]  # the fields of _Described
        kind=kind,
        characteristics=tuple(name for name in CHARACTERISTICS if OWL + name in types),
        domains=index.iris(iri, RDFS + "domain"),
        ranges=index.iris(iri, RDFS + "range"),
        parents=index.iris(iri, RDFS + "subPropertyOf"),
        children=index.subjects(RDFS + "subPropertyOf", iri),
        inverses=tuple(sorted(inverses)),
        count=used[0],
        example=used[1],
    )


def _scheme(index: _Index, iri: str, names: Names) -> SchemeTerm:
    members = index.subjects(SKOS + "inScheme", iri)
    concepts: dict[str, ConceptTerm] = {}

    def rank(concept: str) -> tuple[int, str, str]:
        number = index.text(concept, names.term("certaintyRank")) or index.text(concept, SKOS + "notation")
        return (int(number) if number.isdecimal() else 1_000_000, number, concept)

    def narrower(concept: str) -> tuple[str, ...]:
        below = {*index.iris(concept, SKOS + "narrower"), *index.subjects(SKOS + "broader", concept)}
        return tuple(sorted(below, key=rank))

    def put(concept: str, depth: int) -> None:
        if concept in concepts or concept not in members:
            return
        broader = {*index.iris(concept, SKOS + "broader"), *index.subjects(SKOS + "narrower", concept)}
        concepts[concept] = ConceptTerm(
            **index.described(concept),  # type: ignore[arg-type]  # the fields of _Described
            depth=depth,
            notation=index.text(concept, SKOS + "notation") or None,
            rank=index.text(concept, names.term("certaintyRank")) or None,
            names=tuple(index.literals(concept, SKOS + "altLabel", SKOS + "hiddenLabel")),
            broader=tuple(sorted(broader)),
            narrower=narrower(concept),
            related=index.iris(concept, SKOS + "related"),
        )
        for below in narrower(concept):
            put(below, depth + 1)

    top = {*index.iris(iri, SKOS + "hasTopConcept"), *index.subjects(SKOS + "topConceptOf", iri)}
    for concept in (*sorted(top, key=rank), *sorted(members, key=rank)):
        put(concept, 0)
    return SchemeTerm(**index.described(iri), concepts=tuple(concepts.values()))  # type: ignore[arg-type]  # as above


def _namespaces(session: Session, quads: Iterable[Quad]) -> Iterator[tuple[str, str]]:
    iris = {term.value for s, p, o, _ in quads for term in (s, p, o) if isinstance(term, Iri)}
    iris |= {o.datatype for _, _, o, _ in quads if isinstance(o, Literal)}
    used = {session.prefixes.compact(iri).partition(":")[0] for iri in iris}
    yield from ((prefix, namespace) for prefix, namespace in session.prefixes.items() if prefix in used)


_THINGS = """
SELECT ?term (COUNT(*) AS ?n) (MIN(IF(isIRI(?s), STR(?s), "~")) AS ?example) WHERE {
  { SELECT DISTINCT ?term ?s WHERE { VALUES ?term { %s } GRAPH ?g { ?s a ?term } } }
} GROUP BY ?term
"""


def _things(session: Session, classes: Iterable[str]) -> dict[str, tuple[int, str | None]]:
    """How many things each class has in all graphs, and the first of them by IRI."""
    rows = session.select(_THINGS % " ".join(Iri(iri).n3 for iri in classes))
    found = ((str(row["term"]), int(str(row["n"])), str(row["example"])) for row in rows)
    return {term: (count, None if example == "~" else example) for term, count, example in found}


_COUNTS = """
SELECT ?term (COUNT(*) AS ?n) WHERE {
  { SELECT DISTINCT ?term ?s ?o WHERE { VALUES ?term { %s } GRAPH ?g { ?s ?term ?o } } }
} GROUP BY ?term
"""
_ONE = """{ SELECT (%s AS ?term) ?s ?o ?modality WHERE {
  GRAPH ?g { ?s %s ?o } FILTER(isIRI(?s) && !isBlank(?o))
  OPTIONAL {
    GRAPH ?_catalogue { ?g so2:modality ?modality } GRAPH ?_vocabulary { ?modality so2:certaintyRank ?rank }
  }
} ORDER BY ?rank ?s ?o ?modality LIMIT 1 }"""


def _uses(session: Session, properties: Iterable[str]) -> dict[str, tuple[int, Example | None]]:
    """How often each property is used in all graphs, a triple counted once, and the most certain use of it."""
    iris = [Iri(iri).n3 for iri in properties]
    rows = session.select(_COUNTS % " ".join(iris))
    counts = {str(row["term"]): int(str(row["n"])) for row in rows}
    names = session.snapshot.names
    graphs = {"catalogue": Iri(names.catalogue), "vocabulary": Iri(names.graph("vocabulary"))}
    examples: dict[str, Example] = {}
    if counts:
        one = " UNION ".join(_ONE % (Iri(iri).n3, Iri(iri).n3) for iri in sorted(counts))
        for row in session.select(f"SELECT * WHERE {{ {one} }}", **graphs):
            if row["s"] is not None and row["o"] is not None:
                modality = None if row["modality"] is None else str(row["modality"]).rpartition("#")[2]
                examples[str(row["term"])] = Example(row["s"], row["o"], modality)
    return {iri: (count, examples.get(iri)) for iri, count in counts.items()}
