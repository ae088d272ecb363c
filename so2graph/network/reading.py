"""Reads the network from the graph: what its nodes and edges are, and what is known of them."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from so2graph.engine.access import Row, Session
from so2graph.network.layout import level_of
from so2graph.network.tables import Network, NetworkEdge, Node
from so2graph.vocab import DCTERMS, DEFAULT_GRAPH, RDF, RDFS, SKOS, XSD, Iri, Literal, Names, visible

__all__ = ["Words", "about", "most_specific", "read_network", "superclasses", "words"]

_PAIR = """
  FILTER(isIRI(?s) && isIRI(?o) && ?p NOT IN (rdf:type, so2:developmentStage))
  FILTER EXISTS { ?s a ?subjectType } FILTER EXISTS { ?o a ?objectType }
  FILTER NOT EXISTS { ?s a org:Membership }
"""
_CATALOGUED = f"""
SELECT DISTINCT ?s ?p ?o ?g ?modality WHERE {{
  GRAPH ?catalogue {{ ?g so2:modality ?modality }}
  GRAPH ?g {{ ?s ?p ?o }}
  {_PAIR}
}}
"""
_DESCRIBED = """
PREFIX dcat: <http://www.w3.org/ns/dcat#>
SELECT DISTINCT ?g WHERE { GRAPH ?catalogue { { ?g a dcat:Dataset } UNION { ?g so2:modality ?modality } } }
"""
_OF_GRAPH = f"SELECT DISTINCT ?s ?p ?o WHERE {{ GRAPH ?_graph {{ ?s ?p ?o }} {_PAIR} }}"
_OF_NO_GRAPH = (
    f"SELECT DISTINCT ?s ?p ?o WHERE {{ ?s ?p ?o {_PAIR} FILTER NOT EXISTS {{ GRAPH ?g {{ ?s ?p ?o }} }} }}"
)
_SUPERCLASSES = (
    "SELECT DISTINCT ?class ?above WHERE { GRAPH ?g { ?class rdfs:subClassOf ?above } FILTER(isIRI(?above)) }"
)
_BODIES = """
SELECT DISTINCT ?claim ?s ?p ?o WHERE {
  GRAPH ?g { ?claim oa:hasBody ?body . ?body rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o }
  FILTER(isIRI(?claim))
}
"""
_CLAIMS = """
SELECT DISTINCT ?claim ?p ?value WHERE {
  GRAPH ?g { ?claim oa:hasBody ?body ; ?p ?value }
  FILTER(?p IN (so2:modality, so2:validYear, so2:validTime))
}
"""
_BATCH = 1000
_FOAF, _SCHEMA = "http://xmlns.com/foaf/0.1/", "https://schema.org/"
_NAMES = (RDFS + "label", SKOS + "prefLabel", DCTERMS + "title", _FOAF + "name", _SCHEMA + "name")
"""What names a thing, the first that there is."""
_PLACES = (DCTERMS + "spatial", _SCHEMA + "containedInPlace", _SCHEMA + "location")
_DATES = (
    *(DCTERMS + name for name in ("issued", "date", "created")),
    *(_SCHEMA + name for name in ("foundingDate", "dissolutionDate", "startDate", "endDate", "datePublished")),
)
_DATED = frozenset(XSD + name for name in ("gYear", "gYearMonth", "date", "dateTime", "dateTimeStamp"))
_YEAR = re.compile(r"-?\d{4,}")

Pair = tuple[str, str, str, str]
"""Subject, predicate and object as IRIs, and the local name of the modality."""


@dataclass
class Words:
    """What names one thing: per language (empty for none) the best name found."""

    found: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, rank: int, text: Literal) -> None:
        language = (text.language or "").partition("-")[0].lower()
        candidate = (rank, text.value)
        if visible(text.value) and candidate < self.found.get(language, (99, "")):
            self.found[language] = candidate

    def get(self, language: str) -> str | None:
        """The name in a language, else the one that has no language; None where there is neither."""
        best = self.found.get(language) or self.found.get("")
        return best[1] if best else None


def _values(iris: Iterable[str]) -> str:
    return "VALUES ?x { " + " ".join(Iri(iri).n3 for iri in iris) + " }"


def about(session: Session, iris: Iterable[str], predicates: Iterable[str], anywhere: bool = False) -> Iterator[Row]:
    """Rows of `x`, `p` and `value` for the things and predicates given: from the facts, or from any public graph."""
    wanted = sorted(set(iris))
    listed = ", ".join(Iri(p).n3 for p in predicates)
    pattern = "GRAPH ?g { ?x ?p ?value }" if anywhere else "?x ?p ?value"
    for start in range(0, len(wanted), _BATCH):
        values = _values(wanted[start : start + _BATCH])
        yield from session.select(
            f"SELECT DISTINCT ?x ?p ?value WHERE {{ {values} {pattern} FILTER(?p IN ({listed})) }}"
        )


def words(session: Session, iris: Iterable[str]) -> dict[str, Words]:
    """Names of things and terms, from the facts and, where those have none, from any public graph."""
    wanted = set(iris)
    found: dict[str, Words] = {}
    for anywhere in (False, True):
        for row in about(session, wanted - found.keys(), _NAMES, anywhere):
            value = row["value"]
            if isinstance(value, Literal):
                found.setdefault(str(row["x"]), Words()).add(_NAMES.index(str(row["p"])), value)
    return found


def superclasses(session: Session) -> dict[str, set[str]]:
    """For each class all that it is a subclass of, step by step, as the readable graphs say."""
    direct: dict[str, set[str]] = defaultdict(set)
    for row in session.select(_SUPERCLASSES):
        direct[str(row["class"])].add(str(row["above"]))
    above: dict[str, set[str]] = {}
    for start in direct:
        found: set[str] = set()
        ahead = list(direct[start])
        while ahead:
            if (one := ahead.pop()) not in found:
                found.add(one)
                ahead += direct.get(one, ())
        above[start] = found - {start}
    return above


def most_specific(classes: Iterable[str], above: Mapping[str, set[str]], own: str) -> str:
    """The class that no other is a subclass of; of several one of the namespace `own`, then the first. Else empty."""
    classes = set(classes)
    if len(classes) < 2:
        return next(iter(classes), "")
    covered: set[str] = set().union(*(above.get(one, set()) for one in classes))
    left = (classes - covered) or classes
    return min(left, key=lambda iri: (not iri.startswith(own), iri), default="")


def _factual_without_entry(session: Session) -> list[str]:
    """Graphs that hold facts because no catalogue says otherwise: what a user loaded."""
    manifest, graphs = session.snapshot.manifest, session.snapshot.graphs
    entries = {str(row["g"]) for row in session.select(_DESCRIBED)}
    unknown = session.readable - graphs.by_name_only - graphs.names.derived - entries - {graphs.names.catalogue}
    return sorted(graph for graph in unknown - set(manifest.aside) if not graphs.names.no_fact(graph))


def _pairs(session: Session) -> dict[Pair, set[str]]:
    """The edges, each with the graphs that hold it."""
    pairs: dict[Pair, set[str]] = defaultdict(set)

    def add(rows: Iterable[Row], graph: str = "", modality: str = "stated") -> None:
        for row in rows:
            how = str(row["modality"]).rpartition("#")[2] if "modality" in row else modality
            pairs[str(row["s"]), str(row["p"]), str(row["o"]), how].add(graph or str(row["g"]))

    add(session.select(_CATALOGUED))
    for graph in _factual_without_entry(session):
        add(session.select(_OF_NO_GRAPH if graph == DEFAULT_GRAPH else _OF_GRAPH, graph=Iri(graph)), graph)
    return pairs


def _year(value: object) -> int | None:
    """The year of a date that has a type of XML Schema for dates; no other text is taken for one."""
    if isinstance(value, Literal) and value.datatype in _DATED and (match := _YEAR.match(value.value)):
        return int(match[0])
    return None


@dataclass
class _Claimed:
    """What the claims of one edge say."""

    claims: set[str] = field(default_factory=set)
    years: set[int] = field(default_factory=set)
    times: Words = field(default_factory=Words)


def _claims(session: Session, names: Names) -> tuple[dict[Pair, _Claimed], dict[str, set[int]]]:
    """What claims say of each statement, and the years of what is stated of each thing."""
    modality, years, times = {}, defaultdict(set), defaultdict(list)
    for row in session.select(_CLAIMS):
        claim, value = str(row["claim"]), row["value"]
        if str(row["p"]) == names.term("modality"):
            modality[claim] = str(value).rpartition("#")[2]
        elif (year := _year(value)) is not None:
            years[claim].add(year)
        elif isinstance(value, Literal):
            times[claim].append(value)
    edges: dict[Pair, _Claimed] = defaultdict(_Claimed)
    things: dict[str, set[int]] = defaultdict(set)
    for row in session.select(_BODIES):
        claim = str(row["claim"])
        how = modality.get(claim, "stated")
        if how == "stated":
            things[str(row["s"])] |= years[claim]
        if isinstance(row["o"], Iri):
            edge = edges[str(row["s"]), str(row["p"]), str(row["o"]), how]
            edge.claims.add(claim)
            edge.years |= years[claim]
            for text in times[claim]:
                edge.times.add(0, text)
    return edges, things


def _edge(
    session: Session, pair: Pair, graphs: set[str], claimed: _Claimed, named: Mapping[str, Words]
) -> NetworkEdge:
    source, predicate, target, modality = pair
    text = " ".join((Iri(source).n3, Iri(predicate).n3, Iri(target).n3, modality))
    called = named.get(predicate, Words())
    return NetworkEdge(
        id="e" + hashlib.sha256(text.encode()).hexdigest()[:20],
        source=source,
        target=target,
        predicate=predicate,
        short=session.prefixes.compact(predicate),
        modality=modality,
        relation_nl=called.get("nl"),
        relation_en=called.get("en"),
        years=tuple(sorted(claimed.years)),
        valid_time_nl=claimed.times.get("nl"),
        valid_time_en=claimed.times.get("en"),
        claims=tuple(sorted(claimed.claims)),
        graphs=tuple(sorted(graphs)),
    )


@dataclass
class _Known:
    """What the facts say of one node."""

    words: Words = field(default_factory=Words)
    identifiers: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    years: set[int] = field(default_factory=set)


def _known(session: Session, iris: set[str]) -> dict[str, _Known]:
    """What the facts say of the nodes; names as well from other public graphs, where the facts have none."""
    names = session.snapshot.names
    located, dated = {*_PLACES, names.term("coversArea")}, {*_DATES, names.term("heldInYear")}
    identifier, typed = DCTERMS + "identifier", RDF + "type"
    found = {iri: _Known() for iri in iris}
    for row in about(session, iris, sorted({identifier, typed, *_NAMES} | located | dated)):
        known, p, value = found[str(row["x"])], str(row["p"]), row["value"]
        if p in _NAMES:
            if isinstance(value, Literal):
                known.words.add(_NAMES.index(p), value)
        elif p == typed:
            known.types.add(str(value))
        elif p == identifier:
            known.identifiers.add(str(value))
        elif p in located and isinstance(value, Iri):
            known.places.add(value.value)
        elif p in dated and (year := _year(value)) is not None:
            known.years.add(year)
    nameless = {iri for iri, known in found.items() if not known.words.found}
    for iri, called in words(session, nameless).items():
        found[iri].words = called
    return found


def _nodes(session: Session, iris: set[str], years: Mapping[str, set[int]]) -> Iterator[Node]:
    """The nodes in the order of their IRIs."""
    found, above, own = _known(session, iris), superclasses(session), session.snapshot.names.term("")
    places = words(session, set().union(*(known.places for known in found.values())))

    def place_names(known: _Known, language: str) -> tuple[str, ...]:
        called = (places[place].get(language) for place in known.places if place in places)
        return tuple(sorted({name for name in called if name}))

    for iri in sorted(iris):
        known = found.pop(iri)
        yield Node(
            id=iri,
            short=session.prefixes.compact(iri),
            identifier=min(known.identifiers, default=None),
            label_nl=known.words.get("nl"),
            label_en=known.words.get("en"),
            type=most_specific(known.types, above, own),
            types=tuple(sorted(known.types)),
            row=level_of(known.types),
            places_nl=place_names(known, "nl"),
            places_en=place_names(known, "en"),
            years=tuple(sorted(known.years | years.get(iri, set()))),
        )


def read_network(session: Session) -> Network:
    """The network that the caller may read.

    Edges are those of `paths.read_edges`: statements between two things (what the facts give a type), in a graph
    whose catalogue entry has a `so2:modality`. A factual graph that no catalogue describes is taken in as well, as
    `stated`: a graph holds facts unless its entry says otherwise, and so a dataset that somebody loads is a network
    without more ado. A graph that is described and has no modality (persons, editorial, context) has none of the
    edges: its entry says on purpose that it is no statement of the source. Nodes are what an edge starts or ends at.

    Years come from dates of the thing and from claims (`so2:validYear`); those of a thing only from what is stated.
    """
    names = session.snapshot.names
    pairs = _pairs(session)
    claimed, years = _claims(session, names)
    named = words(session, {predicate for _, predicate, _, _ in pairs})
    edges = [_edge(session, pair, graphs, claimed.get(pair) or _Claimed(), named) for pair, graphs in pairs.items()]
    things = {iri for source, _, target, _ in pairs for iri in (source, target)}
    return Network(
        tuple(_nodes(session, things, years)),
        tuple(sorted(edges, key=lambda e: (e.source, e.predicate, e.target, e.rank, e.modality))),
    )
