"""Suggestions while somebody types: things, classes and properties that begin so, by name or by id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from so2graph.link.reconcile_index import plain
from so2graph.link.reconcile_read import Class, Property, ReconcileIndex, Shelf
from so2graph.link.slugs import Slugs, Step
from so2graph.vocab import mask_addresses
from so2graph.web.reconcile_answers import Writer
from so2graph.web.reconcile_asking import MOST_STEPS

__all__ = ["KINDS", "Suggesting"]

Json = dict[str, object]
KINDS = ("entity", "property", "type")
_Term = TypeVar("_Term", Class, Property)


@dataclass(frozen=True)
class Suggesting:
    """Suggestions from one index, in the language of the reader."""

    index: ReconcileIndex
    shelf: Shelf
    slugs: Slugs
    writer: Writer

    def of(self, kind: str, prefix: str, skip: int, limit: int) -> list[Json]:
        """Suggestions of a kind (`KINDS`) for what was typed, after the first `skip`."""
        if mask_addresses(prefix) != prefix:
            return []
        make: Callable[[str, int, int], list[Json]] = {
            "entity": self._things,
            "type": self._types,
            "property": self._properties,
        }[kind]
        return make(prefix, skip, limit)

    def _things(self, prefix: str, skip: int, limit: int) -> list[Json]:
        iri = self.slugs.iri(prefix.strip())
        named = list(self.shelf.numbers({iri}).values()) if iri else []
        numbers = list(dict.fromkeys((*named, *self.shelf.starting(prefix, 0, skip + limit))))[skip : skip + limit]
        things = self.shelf.things(numbers)
        return [
            {**self.writer.entity(things[number]), "notable": self.writer.types(things[number])} for number in numbers
        ]

    def _types(self, prefix: str, skip: int, limit: int) -> list[Json]:
        found = self._terms((each for each in self.index.classes if each.count), prefix)
        return [self.writer.type(each) for each in found[skip : skip + limit]]

    def _properties(self, prefix: str, skip: int, limit: int) -> list[Json]:
        head, rest = self._begun(prefix)
        found = self._terms(self.index.properties, rest)
        return [self.writer.property((*head, Step(each.iri))) for each in found[skip : skip + limit]]

    def _begun(self, prefix: str) -> tuple[Sequence[Step], str]:
        """The steps of a path that are typed already, and what was typed of the next."""
        at = max(prefix.rfind("/"), prefix.rfind("!"))
        if at > 0 and "://" not in prefix:
            head = self.slugs.path(prefix[:at], MOST_STEPS - 1)
            if head and all(step.iri in self.index.property_numbers for step in head):
                return head, prefix[at + 1 :]
        return (), prefix

    def _terms(self, terms: Iterable[_Term], prefix: str) -> list[_Term]:
        """Terms of which a name, a word of a name or the id begins so; the best known first."""
        begin = plain(prefix)
        iri = self.slugs.iri(prefix.strip())
        ranked = []
        for each in terms:
            rank = self._rank(each, begin, iri)
            if rank is not None:
                ranked.append((rank, -each.count, each.iri, each))
        return [each for *_, each in sorted(ranked, key=lambda row: row[:3])]

    def _rank(self, term: Class | Property, begin: str, iri: str | None) -> int | None:
        names = [plain(name) for name in term.words.values()]
        short = self.slugs.of(term.iri).lower()
        if term.iri == iri or begin in names:
            return 0
        if any(name.startswith(begin) for name in names):
            return 1
        if short.startswith(begin) or short.partition(":")[2].startswith(begin):
            return 2
        return 3 if any(f" {begin}" in name for name in names) else None
