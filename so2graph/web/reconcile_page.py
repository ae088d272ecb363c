"""The pages of the reconciliation service: what it is and how to use it, previews, and the few words of a flyout."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, render_template

from so2graph.errors import BadParameter, NotFound
from so2graph.link.reaching import reached
from so2graph.link.reconcile_read import Entity
from so2graph.link.slugs import Step
from so2graph.publish.search_terms import NAMES, NOTES
from so2graph.vocab import RDF, Iri, Literal, Term, mask_addresses
from so2graph.web.reconcile_asking import MOST_STEPS
from so2graph.web.reconcile_offered import Offered
from so2graph.web.reconcile_request import Query
from so2graph.web.search_results import local_of
from so2graph.web.site import Site

__all__ = ["Described", "described", "html_of", "page", "preview_of"]

_SHOWN = 8
"""Candidates that the page shows."""
_FACTS, _VALUES = 5, 3
"""Properties that a preview shows, and values of each."""
_SAID = frozenset((RDF + "type", *NAMES, *NOTES))
"""What a preview shows already."""


@dataclass(frozen=True)
class Described:
    """What there is to say of a thing, a class or a property in a few words."""

    name: str
    id: str
    note: str
    types: tuple[str, ...] = ()


def html_of(template: str, here: Site, found: Described) -> str:
    """The words as a piece of HTML."""
    return render_template(template, found=found, t=here.say, lang=here.language).strip()


def page(service: Offered, name: str, kind: str) -> Response:
    """The page; with `name` also what the service finds for it, of the class `kind` where one is chosen."""
    here = service.here
    most = here.settings.max_reconcile_characters
    if max(len(name), len(kind)) > most:
        raise BadParameter(f"the name has more than {most} characters", mend="Give a shorter one.", limit=most)
    found = []
    if name.strip():
        query = Query(name.replace("\0", " ").strip(), (kind,) if kind else (), "any", _SHOWN)
        rows = service.answers([query])[0]
        found = rows if isinstance(rows, list) else []
    classes = sorted(
        (each for each in service.index.classes if each.count),
        key=lambda each: (each.words[here.language].casefold(), each.iri),
    )
    names = here.session.snapshot.names
    iris = [service.slugs.iri(str(row["id"])) or "" for row in found]
    return here.page(
        "reconcile.html",
        name=name,
        kind=kind,
        found=list(zip(found, [here.path(local_of(names, iri)) for iri in iris], strict=True)),
        classes=[(service.slugs.of(each.iri), each.words[here.language], each.count) for each in classes],
        address=here.url("reconcile"),
        batch=here.settings.max_reconcile_queries,
        example=service.example(),
        examples=service.proposed("", 5),
    )


def described(service: Offered, kind: str, ident: str) -> Described:
    """A few words; raises `NotFound` where there is nothing with that id."""
    language = service.here.language
    if kind == "entity":
        thing = service.thing(ident)
        types = tuple(str(each["name"]) for each in service.writer.types(thing))
        return Described(service.writer.name(thing), service.slugs.of(thing.iri), thing.notes[language], types)
    if kind == "property":
        path = service.slugs.path(ident, MOST_STEPS)
        if not path or any(step.iri not in service.index.property_numbers for step in path):
            raise NotFound("there is no property with that id here", mend="Ask /reconcile/suggest/property for ids.")
        row = service.writer.property(path)
        return Described(str(row["name"]), str(row["id"]), str(row.get("description", "")))
    number = service.index.class_numbers.get(service.slugs.iri(ident) or "")
    if number is None:
        raise NotFound("there is no type with that id here", mend="Ask /reconcile/suggest/type for ids.")
    found = service.index.classes[number]
    over = tuple(service.index.classes[each].words[language] for each in found.broader)
    return Described(found.words[language], service.slugs.of(found.iri), found.notes[language], over)


def preview_of(service: Offered, thing: Entity) -> dict[str, object]:
    """What a preview shows of a thing."""
    here = service.here
    other = {"nl": "en", "en": "nl"}[here.language]
    name = service.writer.name(thing)
    names = [
        row.text for row in service.shelf.names({thing.number})[thing.number] if row.rank < 2 and row.text != name
    ]
    return {
        "name": name,
        "note": thing.notes[here.language] or thing.notes[other],
        "types": [str(each["name"]) for each in service.writer.types(thing)],
        "others": list(dict.fromkeys(names))[:4],
        "facts": _facts(service, thing),
        "address": here.url(local_of(here.session.snapshot.names, thing.iri)),
    }


def _facts(service: Offered, thing: Entity) -> list[tuple[str, list[str], bool]]:
    """Some facts: what a property is called, its first values in words, and whether there are more."""
    session = service.here.session
    tried: dict[str, None] = {}
    for number in service.index.types[thing.types]:
        tried |= {each.iri: None for each, back in service.index.proposals(number) if not back}
    rows: list[tuple[str, list[Term], bool]] = []
    for iri in tried:
        if iri in _SAID or len(rows) >= _FACTS:
            continue
        found, more = reached(session, thing.iri, (Step(iri),), session.factual, _VALUES)
        if shown := [term for term in found if not str(term).startswith("mailto:")]:
            rows.append((service.writer.path_name((Step(iri),)), shown, more))
    linked = {term.value for _, terms, _ in rows for term in terms if isinstance(term, Iri)}
    labels = session.labels(linked, service.here.language)
    return [
        (name, [mask_addresses(labels[str(t)] if not isinstance(t, Literal) else t.value) for t in terms], more)
        for name, terms, more in rows
    ]
