"""Says a question in Dutch or English, as a sentence that a reader can check."""

from __future__ import annotations

from collections.abc import Mapping

from so2graph.publish.question import Question, Trait
from so2graph.vocab import Prefixes
from so2graph.web.words import known, say

__all__ = ["plural", "sentence", "trait_name"]


def plural(iri: str | None, labels: Mapping[str, str], prefixes: Prefixes, language: str) -> str:
    """The things of a class: its plural where the words have one, else what they are a kind of."""
    if iri is None:
        return say("ask.things", language)
    key = f"ask.plural.{prefixes.compact(iri)}"
    return say(key, language) if known(key) else say("ask.things.of", language, kind=labels[iri])


def trait_name(trait: Trait, labels: Mapping[str, str], language: str) -> str:
    """A property in words; one that is read backwards says so."""
    name = labels[trait.property.value]
    return say("ask.trait.inverse", language, name=name) if trait.inverse else name


def _phrase(kind: str, trait: Trait, labels: Mapping[str, str], prefixes: Prefixes, language: str) -> str:
    """What a question says of a property: in words of its own where there are any, else by its name."""
    key = f"ask.{kind}.{'^' if trait.inverse else ''}{prefixes.compact(trait.property.value)}"
    if known(key):
        return say(key, language)
    return say(f"ask.{kind}", language, name=trait_name(trait, labels, language))


def sentence(question: Question, labels: Mapping[str, str], prefixes: Prefixes, language: str) -> str:
    """The question as one sentence, or as much of it as is said already; `labels` names every IRI in it."""
    of = None if question.of is None else question.of.value
    things = plural(of, labels, prefixes, language)
    for name in ("place", "theme"):
        iri = getattr(question, name)
        if iri is not None:
            things = say(f"ask.sentence.{name}", language, things=things, name=labels[iri.value])
    more = ""
    if question.kind == "near":
        thing = "…" if question.thing is None else labels[question.thing.value]
        steps = say("ask.step" if question.steps == 1 else "ask.steps", language, steps=question.steps)
        more = say("ask.near", language, steps=steps, thing=thing)
    elif question.kind in ("lack", "count"):
        trait = question.trait
        more = "…" if trait is None else _phrase(question.kind, trait, labels, prefixes, language)
    text = say("ask.sentence.count" if question.kind == "count" else "ask.sentence", language, things=things)
    return f"{text} {more}".strip().removesuffix(",")
