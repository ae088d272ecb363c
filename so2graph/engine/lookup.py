"""Finds the thing that a person means: by IRI, prefixed name, identifier or label."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import chain

from so2graph.engine.access import Session
from so2graph.errors import BadParameter, UnknownEntity
from so2graph.vocab import Iri, curie_or_iri

__all__ = ["exists", "find_entity", "near_names", "shorten"]

_NAMED = """
SELECT DISTINCT ?x ?name ?kind WHERE {
  { ?x rdfs:label ?name BIND(1 AS ?kind) } UNION { ?x skos:altLabel ?name BIND(2 AS ?kind) }
  UNION { ?x dcterms:identifier ?name BIND(0 AS ?kind) }
  FILTER(isIRI(?x))
} ORDER BY ?kind ?x ?name
"""


def shorten(text: str, most: int = 80) -> str:
    """`text` as a message quotes it: whole, or its beginning."""
    return text if len(text) <= most else text[:most] + "…"


def exists(session: Session, iri: str) -> bool:
    """Whether any readable graph says something about `iri`."""
    either = chain(session.about(subject=Iri(iri)), session.about(obj=Iri(iri)))
    return next(either, None) is not None


def find_entity(session: Session, text: str) -> Iri:
    """The thing that `text` names; raises `UnknownEntity` with near names, or `BadParameter` for an ambiguous label.

    Tried in this order: a full IRI or prefixed name, the part after `id/`, an identifier, a label, another label.
    """
    wanted = text.strip()
    names = session.snapshot.names
    for candidate in _as_iris(session, wanted, names.thing("")):
        if exists(session, candidate.value):
            return candidate
    by_kind: dict[int, set[str]] = {}
    for row in session.select(_NAMED):
        if str(row["name"]).casefold() == wanted.casefold():
            by_kind.setdefault(int(str(row["kind"])), set()).add(str(row["x"]))
    for kind in sorted(by_kind):
        found = sorted(by_kind[kind])
        if len(found) == 1:
            return Iri(found[0])
        raise BadParameter(
            f"{wanted!r} names {len(found)} things: " + ", ".join(map(session.prefixes.compact, found)),
            mend="Give one of those names.",
        )
    near = near_names(session, wanted)
    raise UnknownEntity(
        f"there is nothing called {shorten(wanted)!r} in the graph",
        mend=f"Did you mean: {'; '.join(label for _, label in near)}?"
        if near
        else "Ask the query 'entities' for all.",
        near=[iri for iri, _ in near],
    )


def _as_iris(session: Session, text: str, things: str) -> list[Iri]:
    found = []
    for candidate in (text, things + text.removeprefix("id/")):
        try:
            found.append(curie_or_iri(candidate, session.prefixes))
        except BadParameter:
            continue
    return found


def near_names(session: Session, text: str, most: int = 5) -> list[tuple[str, str]]:
    """Up to `most` things whose label, identifier or IRI comes close to `text`: (IRI, label), nearest first."""
    things = session.snapshot.names.thing("")
    wanted = text.casefold().replace("-", " ")
    if not 2 < len(wanted) <= 200:
        return []
    scored: dict[str, tuple[float, str]] = {}
    for row in session.select(_NAMED):
        iri, name = str(row["x"]), str(row["name"])
        if not iri.startswith(things):
            continue
        for word in (name, iri.removeprefix(things).replace("-", " ")):
            score = SequenceMatcher(None, wanted, word.casefold()).ratio()
            if wanted and wanted in word.casefold():
                score = max(score, 0.8)
            if score > scored.get(iri, (0.0, ""))[0]:
                scored[iri] = (score, name)
    best = sorted((-score, name, iri) for iri, (score, name) in scored.items() if score >= 0.6)
    labels = session.labels((iri for _, _, iri in best[:most]), "nl")
    return [(iri, labels[iri]) for _, _, iri in best[:most]]
