"""How pages call what linking knows by names of its own: who judged, fields, measures, earlier verdicts, sources."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from so2graph.link.mapping import IDENTIFIER, Judge
from so2graph.link.mapping import Mapping as Judgement
from so2graph.web.site import Site
from so2graph.web.words import known, say

__all__ = [
    "by_whom",
    "fetched_word",
    "field_word",
    "former_words",
    "measure_word",
    "property_word",
    "source_name",
    "who_word",
]

_JUDGES: tuple[Judge, ...] = ("person", "project", "program")
_FORMER = re.compile(r"(?:([0-9]{4}-[0-9]{2}-[0-9]{2}) )?(accepted|refused|none)(?: (.*))?", re.DOTALL)


def by_whom(here: Site, counts: Mapping[Judge, int]) -> str:
    """How many links each judge accepted: `3 door mensen, 4 door het programma`; nothing of those with none."""
    said = [(judge, counts.get(judge, 0)) for judge in _JUDGES]
    return ", ".join(
        here.say(f"links.by.{judge}{'.one' if count == 1 else ''}", count=count) for judge, count in said if count
    )


def who_word(here: Site, one: Judgement) -> str:
    """Who judged: a person by name, the project, or the program."""
    if one.judge == "person":
        return one.who or here.say("links.somebody")
    return here.say("links.program" if one.judge == "program" else "links.project")


def field_word(language: str, name: str, kind: str = "") -> str:
    """What a field is called: by its name where there are words for it, else by its kind where that is given."""
    for key in (f"links.field.{name}", f"links.kind.{kind}", f"links.kind.{name}"):
        if known(key):
            return say(key, language)
    return name.replace("_", " ")


def measure_word(here: Site, measure: str) -> str:
    """How likeness was measured, in words where there are some."""
    if measure == IDENTIFIER:
        return here.say("mapping.measure.identifier")
    return here.say("mapping.measure.letters") if "3-gram" in measure else measure


def former_words(here: Site, told: str) -> str:
    """An earlier verdict (`2026-11-23 accepted Anna`) in words; as it stands where it is written otherwise."""
    found = _FORMER.fullmatch(told)
    if found is None:
        return told
    when, verdict, who = found.groups()
    said = here.say(f"links.verdict.{verdict}")
    by = here.say("mapping.former.by", said=said, who=who) if who else said
    return here.say("mapping.former.when", when=when, said=by) if when else by


def property_word(here: Site, iri: str) -> str:
    """What a property is called that is fetched from elsewhere: in words, else by its label, else in short."""
    local = re.split(r"[#/]", iri)[-1]
    if known(f"mapping.field.{local}"):
        return here.say(f"mapping.field.{local}")
    label = here.session.labels([iri], here.language)[iri]
    return local if label == iri else label


def fetched_word(here: Site, path: Sequence[str]) -> str:
    """What it is called that is fetched from elsewhere at the end of a path of properties."""
    locals_ = [re.split(r"[#/]", iri)[-1] for iri in path]
    for key in (f"links.fetched.{'.'.join(locals_)}", f"links.fetched.{locals_[-1]}"):
        if known(key):
            return here.say(key)
    return " › ".join(property_word(here, iri) for iri in path)


def source_name(here: Site, title: str) -> str:
    """The name of a source, of the title of its links: `Koppelingen met GeoNames` are links with GeoNames."""
    start = here.say("links.with", target="")
    return title.removeprefix(start) if title.startswith(start) else title
