"""The rules for concept schemes (K01 to K13)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations

from rdflib import DCTERMS, RDF, SKOS, Graph, URIRef
from rdflib.term import Node

from so2graph.errors import Fault
from tests.rules.graphs import LANGUAGES, MATCHES, concepts, fault, schemes, short, texts


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
