"""What one request to the reconciliation service works with: the index, a reader of it, slugs, words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import cast

from flask import current_app, g

from so2graph.errors import Busy, EngineFault, NotFound
from so2graph.link.reconcile_read import Entity, ReconcileIndex, Shelf
from so2graph.link.slugs import Slugs, Step
from so2graph.web.reconcile_answers import Writer
from so2graph.web.reconcile_asking import Asking, slugs_of
from so2graph.web.reconcile_extending import Table, fetched
from so2graph.web.reconcile_keeper import ReconcileIndexes
from so2graph.web.reconcile_request import Extension, Fault, Query
from so2graph.web.reconcile_suggest import Suggesting
from so2graph.web.site import Site

__all__ = ["Offered", "default_types", "offered"]

Json = dict[str, object]
_MOST_TYPES = 8
"""Classes that are offered before somebody asks for any."""
_EXAMPLES = 200
_PATIENCE = 2.0
"""Seconds that a batch or an extension waits for its turn: no longer, since it keeps pages of others waiting."""


@dataclass(frozen=True)
class Offered:
    """The service as one request sees it."""

    here: Site
    index: ReconcileIndex
    shelf: Shelf
    slugs: Slugs
    writer: Writer

    def default_types(self) -> list[Json]:
        """The classes with most things of those that are below no other."""
        tops = sorted((c for c in self.index.classes if not c.broader and c.count), key=lambda c: (-c.count, c.iri))
        return [self.writer.short_type(each) for each in tops[:_MOST_TYPES]]

    def answers(self, queries: list[Query | Fault]) -> list[list[Json] | Fault]:
        """The candidates of each query that could be read, in the order of the queries."""
        with _turn():
            asking = Asking(self.here.session, self.index, self.shelf, self.here.settings)
            found = iter(asking.answers([query for query in queries if isinstance(query, Query)]))
            return [each if isinstance(each, Fault) else self.writer.candidates(next(found)) for each in queries]

    def extended(self, asked: Extension) -> Table:
        """The values that a data extension asks for."""
        with _turn():
            return fetched(self.here, self.index, self.shelf, self.slugs, self.writer, asked)

    def suggest(self, kind: str, prefix: str, skip: int, limit: int) -> list[Json]:
        """Suggestions while somebody types."""
        return Suggesting(self.index, self.shelf, self.slugs, self.writer).of(kind, prefix, skip, limit)

    def example(self) -> str:
        """A name to try: of the most connected thing of those that begin the list of things."""
        things = self.shelf.things(set(range(_EXAMPLES)))
        best = max(things.values(), key=lambda thing: (thing.degree, -thing.number), default=None)
        return "" if best is None else self.writer.name(best)

    def proposed(self, kind: str, limit: int) -> list[Json]:
        """The properties of things of a class, or of any where it is empty; of an unknown class none."""
        number = self.index.class_numbers.get(self.slugs.iri(kind) or "") if kind else None
        if kind and number is None:
            return []
        found = self.index.proposals(number)
        return [self.writer.property((Step(each.iri, back),)) for each, back in found[:limit]]

    def thing(self, ident: str) -> Entity:
        """The thing with an id; raises `NotFound`."""
        iri = self.slugs.iri(ident)
        number = self.shelf.numbers({iri}).get(iri) if iri else None
        if number is None:
            raise NotFound("there is no thing with that id here", mend="Ask /reconcile for ids.")
        return self.shelf.things({number})[number]


@contextmanager
def _turn() -> Iterator[None]:
    """One of the few batches and extensions that are at work at a time; raises `Busy`."""
    slots = cast(BoundedSemaphore, current_app.extensions["so2graph-reconciling"])
    if not slots.acquire(timeout=_PATIENCE):
        raise Busy("as many batches are at work as the service takes at a time", mend="Ask again in a few seconds.")
    try:
        yield
    finally:
        slots.release()


@contextmanager
def offered(here: Site) -> Iterator[Offered]:
    """The service for one request; raises `Busy` while its index is being made."""
    indexes = cast(ReconcileIndexes, current_app.extensions["so2graph-reconcile"])
    index = indexes.index(here.access.session())
    try:
        with index.shelf() as shelf:
            slugs = slugs_of(here.session)
            yield Offered(here, index, shelf, slugs, Writer(here, index, slugs))
    except sqlite3.Error as error:
        raise EngineFault("the index of names cannot be read", mend="Ask again in a few seconds.") from error


def default_types(here: Site) -> list[Json]:
    """The classes that a manifest offers; none while the index is being made, and then nobody keeps the answer.

    OpenRefine waits five seconds for a manifest, and can do without them.
    """
    try:
        with offered(here) as service:
            return service.default_types()
    except Busy:
        g.tag = None
        return []
