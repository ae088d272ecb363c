"""Answers batches of reconciliation queries from the index and the graph, within a deadline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import monotonic

from so2graph.config import Settings
from so2graph.engine.access import Session
from so2graph.errors import QueryTimeout
from so2graph.link.forms import texts_of
from so2graph.link.reaching import reached, sources
from so2graph.link.reconcile_index import plain
from so2graph.link.reconcile_read import Entity, Name, ReconcileIndex, Shelf
from so2graph.link.reconciling import Asked, Candidate, Condition, Held, Known, Value, judge, kind_of
from so2graph.link.slugs import Slugs, Step
from so2graph.vocab import Iri, Literal, mask_addresses
from so2graph.web.reconcile_request import Given, Query, Stated

__all__ = ["MOST_STEPS", "Answer", "Asking", "slugs_of"]

MOST_STEPS = 5
"""Steps of a path of properties."""
_LOOKED_AT = 12
"""Things compared with a query, unless more candidates are wanted."""
_BESIDE = 3
"""Things of other types that are compared all the same, where there are enough of those asked."""
_FAR = 0.25
"""Things are not compared whose cosine is less than so much of the likest."""
_OF_A_TYPE = 4
"""So many times more where types are asked: most of the likest may be of others."""
_VALUES, _SOURCES = 20, 400
"""Values of a property that are compared, and things that are found by one."""
_NO_CLASS = -1
Answer = Sequence[tuple[Candidate, Entity]]


def _most(asked: Asked) -> int:
    """Things that are compared with a question, which depends on no other."""
    return max(_LOOKED_AT, asked.limit + 2)


def slugs_of(session: Session) -> Slugs:
    """The slugs of a dataset."""
    return Slugs(session.prefixes, session.snapshot.names.thing(""))


class Asking:
    """One request: an index, the graph as its caller may read it, and a time by which it must be done."""

    def __init__(self, session: Session, index: ReconcileIndex, shelf: Shelf, settings: Settings) -> None:
        self._session, self._index, self._shelf, self._settings = session, index, shelf, settings
        self._until = monotonic() + settings.reconcile_deadline
        self.slugs = slugs_of(session)

    def answers(self, queries: Sequence[Query]) -> list[Answer]:
        """For each query its candidates, the best first; every query is answered by itself.

        Raises `QueryTimeout` past the deadline.
        """
        once = list(dict.fromkeys(queries))
        asked = [self._asked(query) for query in once]
        looked_at = self._candidates(asked)
        numbers = {number for row in looked_at for number in row}
        things, names = self._shelf.things(numbers), self._shelf.names(numbers)
        done: dict[Query, Answer] = {}
        for query, question, row in zip(once, asked, looked_at, strict=True):
            self._in_time()
            known = self._each_known(question, sorted(row.items()), things, names)
            done[query] = [
                (candidate, things[candidate.number]) for candidate in judge(question, known, self._index.terms)
            ]
        return [done[query] for query in queries]

    def _each_known(
        self,
        asked: Asked,
        rows: Iterable[tuple[int, float]],
        things: Mapping[int, Entity],
        names: Mapping[int, Sequence[Name]],
    ) -> Iterator[Known]:
        """The things to be compared with a question, one after the other while there is time."""
        for number, cosine in rows:
            self._in_time()
            yield self._known(asked, things[number], names[number], cosine)

    def _in_time(self) -> None:
        if monotonic() > self._until:
            limit = self._settings.reconcile_deadline
            raise QueryTimeout(
                f"the batch took longer than {limit} s",
                mend="Send smaller batches, or fewer properties, or raise the setting reconcile_deadline.",
                limit=limit,
            )

    def _asked(self, query: Query) -> Asked:
        personal = mask_addresses(query.text) != query.text
        text = "" if personal else query.text
        ident = query.id or text
        iri = self.slugs.iri(ident)
        classes = self._index.class_numbers
        return Asked(
            text=text,
            limit=query.limit,
            types=tuple(classes.get(self.slugs.iri(each) or "", _NO_CLASS) for each in query.types),
            rule=query.rule,
            conditions=tuple(
                dict.fromkeys(c for each in query.properties if (c := self._condition(each)) is not None)
            ),
            iri=iri,
            explicit=iri is not None and (bool(query.id) or ":" in ident or ident.startswith("~")),
            name_required=query.name_required,
        )

    def _condition(self, stated: Stated) -> Condition | None:
        """What a query says of a property; None where it can say nothing: there is no such path."""
        path = self.slugs.path(stated.pid, MOST_STEPS)
        if path is None and not stated.required:
            return None
        return Condition(
            stated.pid, path or (), tuple(map(self._value, stated.values)), stated.quantifier, stated.required
        )

    def _value(self, given: Given) -> Value:
        return Value(given.text or given.id, self.slugs.iri(given.id or given.text), sure=bool(given.id))

    def _candidates(self, asked: Sequence[Asked]) -> list[dict[int, float]]:
        """For each question the numbers of the things to be looked at, with the cosine of their names."""
        found = self._likest(asked)
        said = {plain(each.text)[:80] for each in asked if each.text}
        called, named = self._shelf.called(said), self._shelf.numbers({each.iri for each in asked if each.iri})
        rows = []
        for each, likest in zip(asked, found, strict=True):
            self._in_time()
            exact = called.get(plain(each.text)[:80], ()) if each.text else ()
            also = [*exact, *([named[each.iri]] if each.iri in named else []), *self._by_value(each)]
            rows.append(self._chosen(each, likest, also))
        return rows

    def _likest(self, asked: Sequence[Asked]) -> list[dict[int, float]]:
        """For each question the things whose names are most like it; those that want as many are asked together."""
        found: list[dict[int, float]] = [{} for _ in asked]
        groups: dict[int, list[tuple[int, str]]] = {}
        for n, each in enumerate(asked):
            wanted = _most(each) * (_OF_A_TYPE if each.types else 1)
            groups.setdefault(wanted, []).extend((n, text) for text in texts_of([each.normal]))
        for wanted, texts in groups.items():
            for (n, _), row in zip(texts, self._index.nearest([text for _, text in texts], wanted), strict=True):
                for number, cosine in row.items():
                    found[n][number] = max(cosine, found[n].get(number, 0.0))
        return found

    def _chosen(self, asked: Asked, likest: Mapping[int, float], also: Sequence[int]) -> dict[int, float]:
        """The likest things, and those found in another way; where types are asked, those of others only beside."""
        far = _FAR * max(likest.values(), default=0.0)
        ranked = sorted(likest, key=lambda number: (-likest[number], number))
        ranked = [number for number in ranked if likest[number] >= far]
        top = _most(asked)
        if asked.types:
            of, all_types, wanted = self._index.types_of, self._index.all_types, set(asked.types)
            fit = [number for number in ranked if wanted & all_types[of[number]]]
            kept = set(fit)
            beside = [number for number in ranked if number not in kept] if asked.rule == "should" else []
            ranked = [*fit[:top], *beside[: max(_BESIDE, top - len(fit))]]
        return {number: likest.get(number, 0.0) for number in dict.fromkeys((*also, *ranked[: top + _BESIDE]))}

    def _by_value(self, asked: Asked) -> list[int]:
        """Things that a value leads to, for a question without a name."""
        if asked.text or asked.iri or not asked.conditions:
            return []
        found: dict[str, None] = {}
        for condition in asked.conditions:
            if not condition.path or condition.quantifier == "none":
                continue
            for value in condition.values:
                self._in_time()
                named = self._shelf.called({plain(value.text)[:80]}) if not value.sure else {}
                ends = [e.iri for e in self._shelf.things({n for row in named.values() for n in row}).values()]
                ends += [value.iri] if value.iri else []
                text = "" if value.sure else value.text
                found |= dict.fromkeys(sources(self._session, condition.path, text, sorted(ends), _SOURCES))
        numbers = self._shelf.numbers(list(found)[:_SOURCES])
        return [numbers[iri] for iri in found if iri in numbers]

    def _known(self, asked: Asked, thing: Entity, names: Sequence[Name], cosine: float) -> Known:
        held = {each.pid: self._held(thing.iri, each.path) for each in asked.conditions}
        return Known(
            thing.number,
            thing.iri,
            names,
            self._index.all_types[thing.types],
            thing.degree,
            cosine,
            held,
        )

    def _held(self, iri: str, path: Sequence[Step]) -> Held:
        """What a thing has at the end of a path, in any graph that a page shows."""
        if not path:
            return Held()
        self._in_time()
        terms, _ = reached(self._session, iri, path, self._session.shown, _VALUES)
        iris = {term.value for term in terms if isinstance(term, Iri) and not term.value.startswith("mailto:")}
        texts = [term.value for term in terms if isinstance(term, Literal)]
        numbers = self._shelf.numbers(iris)
        if numbers:
            texts += [name.text for row in self._shelf.names(set(numbers.values())).values() for name in row]
        texts += sorted(iris - numbers.keys())
        datatypes = {term.datatype for term in terms if isinstance(term, Literal)}
        kind = kind_of([step.iri for step in path], datatypes, things=bool(numbers))
        return Held(tuple(texts), frozenset(iris), kind)
