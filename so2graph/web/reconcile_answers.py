"""Answers of the reconciliation service as both versions of its API write them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from so2graph.link.reconcile_read import Class, Entity, Property, ReconcileIndex
from so2graph.link.reconciling import Candidate, Feature
from so2graph.link.slugs import Slugs, Step
from so2graph.web.reconcile_asking import Answer
from so2graph.web.site import Site

__all__ = ["Writer", "body"]

Json = dict[str, object]


def body(value: object) -> bytes:
    """JSON in ASCII: what a client sends comes back, half a surrogate pair too, and a script can hold it."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


class Writer:
    """Writes what was found in the language of the reader."""

    def __init__(self, here: Site, index: ReconcileIndex, slugs: Slugs) -> None:
        self._here, self._index, self._slugs = here, index, slugs
        self._language = here.language
        self._types: dict[int, list[Json]] = {}

    def candidates(self, answer: Answer) -> list[Json]:
        """The candidates of a query."""
        return [self._candidate(candidate, thing) for candidate, thing in answer]

    def _candidate(self, candidate: Candidate, thing: Entity) -> Json:
        return {
            **self.entity(thing),
            "type": self.types(thing),
            "score": candidate.score,
            "match": candidate.match,
            "features": [self._feature(each) for each in candidate.features],
        }

    def _feature(self, feature: Feature) -> Json:
        about = self.path_name(self._slugs.path(feature.about, 100) or ()) if feature.about else ""
        key = "property" if feature.about else feature.id
        name = (
            self._here.say(f"reconcile.feature.{key}", property=about)
            if about
            else self._here.say(f"reconcile.feature.{key}")
        )
        if feature.level:
            name = f"{name}: {self._here.say(f'reconcile.level.{feature.level}')}"
        return {"id": feature.id, "name": name, "value": feature.value}

    def entity(self, thing: Entity) -> Json:
        """Id, name and description of a thing."""
        found: Json = {"id": self._slugs.of(thing.iri), "name": self.name(thing)}
        if note := thing.notes[self._language] or thing.notes["en" if self._language == "nl" else "nl"]:
            found["description"] = note
        return found

    def named(self, thing: Entity) -> Json:
        """Id and name of a thing, as a value."""
        return {"id": self._slugs.of(thing.iri), "name": self.name(thing)}

    def short(self, iri: str) -> str:
        """An IRI that has no name, as a page writes it."""
        return self._here.session.prefixes.compact(iri)

    def name(self, thing: Entity) -> str:
        """What a thing is called; never empty."""
        return thing.labels[self._language].strip() or self._slugs.of(thing.iri)

    def types(self, thing: Entity) -> list[Json]:
        """The classes of a thing, our own first, then the rarer."""
        if thing.types in self._types:
            return self._types[thing.types]
        own = self._here.session.snapshot.names.term("")
        classes = [self._index.classes[number] for number in self._index.types[thing.types]]
        classes.sort(key=lambda each: (not each.iri.startswith(own), each.count, each.iri))
        found = self._types[thing.types] = [self.short_type(each) for each in classes]
        return found

    def short_type(self, each: Class) -> Json:
        """Id and name of a class."""
        return {"id": self._slugs.of(each.iri), "name": each.words[self._language]}

    def type(self, each: Class) -> Json:
        """A class with what is said of it and what is immediately above it."""
        found = self.short_type(each)
        if note := each.notes[self._language]:
            found["description"] = note
        if each.broader:
            found["broader"] = [self.short_type(self._index.classes[number]) for number in each.broader]
        return found

    def property(self, steps: Sequence[Step]) -> Json:
        """A property, or a path of them."""
        found: Json = {"id": self._slugs.of_path(steps), "name": self.path_name(steps)}
        known = self._known(steps[-1])
        if known is not None and (note := known.notes[self._language]):
            found["description"] = note
        return found

    def path_name(self, steps: Iterable[Step]) -> str:
        """The names of the steps of a path."""
        names = []
        for step in steps:
            known = self._known(step)
            name = known.words[self._language] if known is not None else self._slugs.of(step.iri)
            names.append(self._here.say("reconcile.back", name=name) if step.back else name)
        return " › ".join(names)

    def _known(self, step: Step) -> Property | None:
        number = self._index.property_numbers.get(step.iri)
        return None if number is None else self._index.properties[number]
