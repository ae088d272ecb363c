"""Follows paths of properties through the graph, forth and back, within bounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from so2graph.engine.access import Session
from so2graph.link.slugs import Step
from so2graph.vocab import DEFAULT_GRAPH, Iri, Literal, Term

__all__ = ["reached", "sources"]

_LANGUAGES = (None, "nl", "en")
_TYPED = ("string", "gYear", "integer", "date", "anyURI", "decimal", "boolean")
_LOOKED_AT = 20_000
"""Statements that are looked at for one step from one thing, and for one step in all."""
_XSD = "http://www.w3.org/2001/XMLSchema#"


def reached(
    session: Session, start: str, path: Sequence[Step], graphs: frozenset[str], most: int
) -> tuple[list[Term], bool]:
    """What a thing has at the end of a path in the graphs given, each once; True where there is more than `most`.

    At each step of the path `most` are looked at as well. Blank nodes are followed, and are no end.
    """
    ahead: list[Term] = [Iri(start)]
    more = False
    for number, step in enumerate(path):
        last = number == len(path) - 1
        found: dict[Term, None] = {}
        for term in islice(_steps(session, ahead, step, graphs), _LOOKED_AT):
            if last and not isinstance(term, Iri | Literal):
                continue
            found.setdefault(term)
            if len(found) > most:
                more = True
                break
        ahead = list(islice(found, most))
    return ahead, more


def _steps(session: Session, ahead: Iterable[Term], step: Step, graphs: frozenset[str]) -> Iterator[Term]:
    for term in ahead:
        if step.back:
            quads = session.about(obj=term, predicate=Iri(step.iri))
        elif isinstance(term, Literal):
            continue
        else:
            quads = session.about(subject=term, predicate=Iri(step.iri))
        for subject, _, obj, graph in islice(quads, _LOOKED_AT):
            if (DEFAULT_GRAPH if graph is None else graph.value) in graphs:
                yield subject if step.back else obj


def sources(session: Session, path: Sequence[Step], text: str, things: Iterable[str], most: int) -> list[str]:
    """The IRIs from which a path leads to a text, as a literal of any usual kind, or to one of the things."""
    ends: list[Term] = [Iri(iri) for iri in things]
    if text:
        ends += [Literal(text, language) if language else Literal(text) for language in _LANGUAGES]
        ends += [Literal(text, datatype=f"{_XSD}{name}") for name in _TYPED[1:]]
    for step in reversed(path):
        turned = Step(step.iri, not step.back)
        ends = list(islice(dict.fromkeys(_steps(session, ends, turned, session.shown)), most))
    return [end.value for end in ends if isinstance(end, Iri)]
