"""Says in a sentence or two what a thing is: from its facts, and apart from those what is planned or inferred."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from so2graph.publish.entity import Entity
from so2graph.vocab import DCTERMS, MODALITIES, RDF, Names, Prefixes
from so2graph.web.bidi import isolated
from so2graph.web.facts import Group, Terms
from so2graph.web.words import say

__all__ = ["ORDER", "Summary", "kinds", "listed", "quoted", "summary"]

_FOAF, _ORG = "http://xmlns.com/foaf/0.1/", "http://www.w3.org/ns/org#"
_PLAIN_KINDS = frozenset((_FOAF + "Person", _ORG + "Organization", DCTERMS + "Location", RDF + "Statement"))
"""What goes without saying of a thing that more is said of."""
_MOST_CLAUSES, _MOST_NAMES, _LONGEST = 3, 2, 100
ORDER = (
    "so2:developmentStage",  # in the words of the kind
    "so2:coversArea",
    "so2:developedFrom",
    "so2:drivenBy",
    "in so2:drivenBy",
    "in so2:developedFrom",
    "in org:hasMember",
    "in so2:hasContactPerson",
    "so2:affiliatedWith",
    "so2:hasCoreGroup",
    "in so2:hasCoreGroup",
    "org:hasMember",
    "so2:organises",
    "in so2:organises",
    "so2:recursEvery",
    "so2:develops",
    "in so2:develops",
    "so2:around",
    "dcterms:issued",
    "so2:issuedTo",
    "so2:issuedFromProgramme",
    "in so2:issuedTo",
    "in so2:issuedFromProgramme",
    "so2:heldInYear",
    "so2:heldWithin",
    "dcterms:date",
    "org:originalOrganization",
    "org:resultingOrganization",
    "prov:wasDerivedFrom",
    "so2:madeWithin",
    "so2:entryPoint",
    "so2:combinedWith",
    "dcterms:subject",
    "in dcterms:subject",
    "so2:maintainsCloseContactsWith",
    "in so2:maintainsCloseContactsWith",
    "so2:hasContactPerson",
    "org:subOrganizationOf",
    "schema:containedInPlace",
    "in so2:coversArea",
    "in so2:affiliatedWith",
    "in so2:madeWithin",
    "in so2:entryPoint",
    "in so2:combinedWith",
    "in org:resultingOrganization",
    "in org:originalOrganization",
    "so2:worksAround",
    "in so2:worksAround",
    "so2:connects",
    "in so2:connects",
    "so2:startsWith",
    "in so2:startsWith",
    "so2:increases",
    "so2:sharesKnowledgeAbout",
    "so2:startsActivitiesFor",
    "in so2:startsActivitiesFor",
    "in so2:increases",
    "in so2:sharesKnowledgeAbout",
    "so2:worksThrough",
    "in so2:worksThrough",
    "so2:aimsToJoin",
    "in so2:aimsToJoin",
    "so2:hopes",
    "so2:arisesFrom",
    "so2:isProjectOf",
    "in so2:isProjectOf",
    "so2:presumedSameAs",
    "in so2:presumedSameAs",
)
"""Relations that a summary tells of, the most telling first; `in` where the thing is the object.

Each has its words: `entity.say.…` and `entity.said.…`.
"""


@dataclass(frozen=True)
class Summary:
    """A thing in short: a sentence of facts, empty where there are none; and what else is said, by modality."""

    facts: str
    plans: tuple[tuple[str, str], ...]


def listed(names: Sequence[str], language: str, count: int | None = None) -> str:
    """Names as a sentence lists them: A, B and C; `count` is how many there are where not all are named."""
    rest = 0 if count is None else count - len(names)
    parts = [*names, say("entity.others", language, count=rest)] if rest > 0 else list(names)
    if len(parts) < 2:
        return "".join(parts)
    return say("entity.and", language, first=", ".join(parts[:-1]), last=parts[-1])


def quoted(name: str) -> str:
    """A name as a sentence has it: not too long, and kept apart where it is written from right to left."""
    return isolated(name if len(name) <= _LONGEST else name[: _LONGEST - 1].rstrip() + "…")


def kinds(entity: Entity, above: Iterable[tuple[str, str]], names: Names) -> list[str]:
    """The classes to show of a thing: our own where there are any, without those above another of them.

    `above` are pairs of a class and one that it is a subclass of.
    """
    own = [iri for iri in entity.types if iri.startswith(names.base)] or list(entity.types)
    covered = {upper for lower, upper in above if lower in own and lower != upper}
    return [iri for iri in own if iri not in covered] or own


def summary(
    terms: Terms, entity: Entity, of_kind: Sequence[str], groups: Iterable[Group], language: str, prefixes: Prefixes
) -> Summary:
    """The summary of a thing from the facts that its page shows; plans and inferences never stand among the facts."""
    ranked = []
    for group in groups:
        curie = prefixes.compact(group.relation.predicate)
        name = curie if group.relation.forward else f"in {curie}"
        if name in ORDER:
            ranked.append((ORDER.index(name), group))
    ordered = [group for _, group in sorted(ranked, key=lambda row: row[0])]
    stage = _stage(ordered)
    firm: list[str] = []
    plans: dict[str, list[str]] = {}
    for group in ordered:
        for certainty in dict.fromkeys(fact.certainty for fact in group.facts):
            if group.relation.predicate.endswith("#developmentStage"):
                continue  # The kind is told with it.
            clause = _clause(terms, group, certainty, language, prefixes)
            if certainty in ("stated", "outside", "editorial", "inProgress"):
                firm.append(clause)
            else:
                plans.setdefault(certainty, []).append(clause)
    return Summary(
        _facts(terms, entity, of_kind, stage, firm, language),
        tuple((m, listed(plans[m][:_MOST_CLAUSES], language)) for m in MODALITIES if m in plans),
    )


def _stage(groups: Iterable[Group]) -> str | None:
    """How far along a thing is that is not there yet, though its kind is told."""
    for group in groups:
        if group.relation.predicate.endswith("#developmentStage") and group.relation.forward:
            return next((fact.certainty for fact in group.facts if fact.certainty in MODALITIES[1:]), None)
    return None


def _facts(
    terms: Terms, entity: Entity, of_kind: Sequence[str], stage: str | None, firm: Sequence[str], language: str
) -> str:
    telling = [kind for kind in of_kind if kind not in _PLAIN_KINDS] or (list(of_kind) if not firm else [])
    clauses = list(firm[:_MOST_CLAUSES])
    if telling:
        key = "entity.is" if stage is None else f"entity.is.{stage}"
        kind = terms.name(telling[0])
        clauses.insert(0, say(key, language, kind=_with_article(kind, language)))
    if not clauses:
        return ""
    return say("entity.sentence", language, name=_first(terms.name(entity.iri)), said=listed(clauses, language))


def _first(name: str) -> str:
    """A name as a sentence begins with it; one with capitals of its own (iWerk) is left as it is."""
    word = name.partition(" ")[0]
    return quoted(name[:1].upper() + name[1:] if word.islower() else name)


def _with_article(kind: str, language: str) -> str:
    if language == "nl":
        return f"een {quoted(kind)}"
    return f"an {quoted(kind)}" if kind[:1].lower() in "aeiou" else f"a {quoted(kind)}"


def _clause(terms: Terms, group: Group, certainty: str, language: str, prefixes: Prefixes) -> str:
    facts = [fact for fact in group.facts if fact.certainty == certainty]
    forward, curie = group.relation.forward, prefixes.compact(group.relation.predicate)
    key = f"entity.{'say' if forward else 'said'}.{curie}"
    count = group.count - len(group.facts) + len(facts)
    # One more is named as soon as it is counted.
    room = _MOST_NAMES + (count == _MOST_NAMES + 1)
    names = [quoted(terms.value(fact.end)) for fact in facts[:room]]
    return say(key, language, things=listed(names, language, count))
