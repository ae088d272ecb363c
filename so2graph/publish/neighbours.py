"""Describes the network around one thing: its neighbours one step out, and each tie with how certain it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from so2graph.engine.access import Session
from so2graph.engine.store import Quad
from so2graph.publish.concise import LABELS, Description
from so2graph.vocab import DEFAULT_GRAPH, RDF, Blank, Iri, Term

__all__ = ["modalities", "network"]


def modalities(session: Session) -> dict[str, Iri]:
    """The modality of each graph that has one, by the catalogue."""
    names = session.snapshot.names
    rows = session.about(predicate=Iri(names.term("modality")))
    return {
        subject.value: obj
        for subject, _, obj, graph in rows
        if isinstance(subject, Iri) and isinstance(obj, Iri) and str(graph) == names.catalogue
    }


def network(session: Session, iri: str) -> Description:
    """The thing, its neighbours with types and names, and their ties, each an `rdf:Statement` with its modality.

    A tie that is a fact stands as a triple as well; a plan only as a statement. Everything stands in the graph that
    the tie is from. Cut after `max_description_triples`, as the full description is.
    """
    thing, modality = Iri(iri), modalities(session)
    most = session.settings.max_description_triples
    found: dict[Quad, None] = {}
    named: set[Term] = set()
    direct = 0
    either = chain(session.about(subject=thing), session.about(obj=thing))
    for quad in _ties(session, islice(either, most)):
        subject, predicate, obj, graph = quad
        node = Blank(f"tie{direct + 1}")
        rows: list[Quad] = [quad] if _graph_of(graph) in session.factual else []
        reified = {"type": Iri(RDF + "Statement"), "subject": subject, "predicate": predicate, "object": obj}
        rows += [(node, Iri(RDF + name), term, graph) for name, term in reified.items()]
        if graph is not None and graph.value in modality:
            rows.append((node, Iri(session.snapshot.names.term("modality")), modality[graph.value], graph))
        for term in {*(row[2] for row in rows), subject, predicate}:
            if isinstance(term, Iri) and term not in named:
                named.add(term)
                rows += _names(session, term)
        if len(found) + len(rows) > most:
            return Description(iri, tuple(found), direct, whole=False)
        found |= dict.fromkeys(rows)
        direct += 1
    for quad in _names(session, thing):
        found[quad] = None
    return Description(iri, tuple(found), direct, whole=next(either, None) is None)


def _graph_of(graph: Iri | None) -> str:
    return DEFAULT_GRAPH if graph is None else graph.value


def _ties(session: Session, quads: Iterable[Quad]) -> Iterator[Quad]:
    """Those statements that are between one thing and another, in the graphs that speak of the world."""
    world = session.world
    for quad in quads:
        subject, predicate, obj, graph = quad
        ends = isinstance(subject, Iri) and isinstance(obj, Iri)
        if ends and subject != obj and predicate.value != RDF + "type" and _graph_of(graph) in world:
            yield quad


def _names(session: Session, term: Iri) -> list[Quad]:
    """The types and labels of a thing or term, where they are facts or stand in the vocabulary."""
    names = session.snapshot.names
    graphs = session.factual | {names.graph("vocabulary"), names.catalogue, names.graph("so2/claims")}
    predicates = (Iri(RDF + "type"), *LABELS)
    found = (quad for predicate in predicates for quad in session.about(subject=term, predicate=predicate))
    shown = (quad for quad in found if _graph_of(quad[3]) in graphs)
    return list(islice(shown, session.settings.max_description_triples))
