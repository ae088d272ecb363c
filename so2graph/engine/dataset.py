"""Decides which graphs a query sees: a computation on names, without any store (SPARQL 1.1, section 13)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from so2graph.engine.guard import Analysis
from so2graph.errors import UnknownGraph
from so2graph.vocab import DEFAULT_GRAPH, Names

__all__ = ["Dataset", "Graphs", "resolve"]


@dataclass(frozen=True)
class Graphs:
    """The graphs of one generation: every named graph, and those that may be reached by name only."""

    names: Names
    stored: frozenset[str]
    by_name_only: frozenset[str]

    def readable(self, contact: str) -> frozenset[str]:
        """The graphs that a caller may read: all but the derived, and without e-mail where `contact` is private."""
        open_graphs = self.stored - self.names.derived
        return open_graphs - self.by_name_only if contact == "private" else open_graphs

    def hidden(self, contact: str) -> frozenset[str]:
        """The graphs that a stranger may not read."""
        return self.by_name_only if contact == "private" else frozenset()

    def all_but(self, hidden: Iterable[str]) -> frozenset[str]:
        """The graphs that a caller may read from whom these are hidden; never the derived ones."""
        return self.stored - self.names.derived - frozenset(hidden)


@dataclass(frozen=True)
class Dataset:
    """The RDF dataset of one query: the graphs merged as its default graph, and its named graphs, both sorted."""

    default: tuple[str, ...]
    named: tuple[str, ...]


def resolve(
    graphs: Graphs,
    readable: frozenset[str],
    analysis: Analysis,
    default_uris: Iterable[str] = (),
    named_uris: Iterable[str] = (),
) -> Dataset:
    """The dataset of a query: protocol parameters, else FROM clauses, else the facts with all readable graphs.

    SPARQL 1.1 Protocol 2.1.4: parameters win over the query. Raises `UnknownGraph` for a graph that is not there or
    may not be read, which look the same.
    """
    default, named = tuple(default_uris), tuple(named_uris)
    if not default and not named:
        if not analysis.has_dataset:
            return Dataset((graphs.names.facts,), tuple(sorted(readable - {DEFAULT_GRAPH})))
        default, named = analysis.from_default, analysis.from_named
    mergeable = readable | (graphs.names.derived & graphs.stored) | {DEFAULT_GRAPH}
    unknown = [iri for iri in default if iri not in mergeable]
    unknown += [iri for iri in named if iri not in readable or iri == DEFAULT_GRAPH]
    for iri in unknown:
        raise UnknownGraph(
            f"there is no graph <{iri}> here",
            mend="Ask 'so2graph query graphs' or /queries/graphs for their names.",
            near=sorted(readable),
        )
    return Dataset(tuple(sorted(set(default))), tuple(sorted(set(named))))
