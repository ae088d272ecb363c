"""Data extension: values of properties, also at the end of a path, as the reconciliation API writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from time import monotonic

from so2graph.errors import BadRequest, QueryTimeout
from so2graph.link.reaching import reached
from so2graph.link.reconcile_read import Entity, ReconcileIndex, Shelf
from so2graph.link.slugs import Slugs, Step
from so2graph.vocab import XSD, Iri, Literal, Term, mask_addresses
from so2graph.web.reconcile_answers import Writer
from so2graph.web.reconcile_asking import MOST_STEPS
from so2graph.web.reconcile_manifest import SETTINGS
from so2graph.web.reconcile_request import Extension
from so2graph.web.site import Site

__all__ = ["Table", "fetched"]

Json = dict[str, object]
_WHOLE = frozenset(
    XSD + name
    for name in (
        *("integer", "int", "long", "short", "byte", "gYear"),
        *("nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger"),
        *("unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte"),
    )
)
_LARGEST_INT = 2**31 - 1
"""What OpenRefine reads into an `int`: it cuts off the high bits of a larger one, and keeps it whole as a `float`."""
_TRUTH = {"true": "true", "1": "true", "false": "false", "0": "false"}
_BROKEN = frozenset(XSD + name for name in ("decimal", "double", "float"))
_DATE = re.compile(r"(-?[0-9]{4,}-(?:1[0-2]|0[1-9])-(?:3[01]|0[1-9]|[12][0-9]))(Z|[+-][0-2][0-9]:[0-5][0-9])?")
_MOMENT = re.compile(
    r"-?(?:[1-9][0-9]*)?[0-9]{4}-(?:1[0-2]|0[1-9])-(?:3[01]|0[1-9]|[12][0-9])"
    r"T(?:2[0-3]|[01][0-9]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?(?:Z|[+-](?:2[0-3]|[01][0-9]):[0-5][0-9])?"
)


@dataclass(frozen=True)
class _Column:
    """A property that is fetched: the id as it was given, the path (None: there is no such), the settings."""

    id: str
    path: tuple[Step, ...] | None
    limit: int
    count: bool
    language: str
    certain: bool


@dataclass(frozen=True)
class Table:
    """What was fetched: the columns with their names, and by row and column the values."""

    meta: tuple[Json, ...]
    rows: tuple[tuple[str, tuple[tuple[str, list[Json]], ...]], ...]

    def nested(self) -> Json:
        """As version 0.2 writes it."""
        return {"meta": list(self.meta), "rows": {ident: dict(cells) for ident, cells in self.rows}}

    def listed(self) -> Json:
        """As the draft of version 1.0 does."""
        rows = [
            {"id": ident, "properties": [{"id": pid, "values": values} for pid, values in cells]}
            for ident, cells in self.rows
        ]
        return {"meta": list(self.meta), "rows": rows}


@dataclass(frozen=True)
class _Found:
    """The things among the values, and the names of the other IRIs."""

    things: Mapping[str, Entity]
    words: Mapping[str, str]
    writer: Writer


def fetched(here: Site, index: ReconcileIndex, shelf: Shelf, slugs: Slugs, writer: Writer, asked: Extension) -> Table:
    """The values of the things asked; of one that is not known no column has any.

    Raises `BadRequest` for a setting that cannot be, and `QueryTimeout` past the deadline.
    """
    columns = [_column(here, slugs, ident, given) for ident, given in asked.properties]
    iris = {ident: slugs.iri(ident) for ident in asked.ids}
    known = shelf.numbers({iri for iri in iris.values() if iri})
    until = monotonic() + here.settings.reconcile_deadline
    terms: dict[tuple[str, int], list[Term]] = {}
    for ident, iri in iris.items():
        for number, column in enumerate(columns):
            if monotonic() > until:
                raise _late(here.settings.reconcile_deadline)
            terms[ident, number] = _terms(here, iri, column) if iri in known else []
    linked = {term.value for row in terms.values() for term in row if isinstance(term, Iri)}
    numbers = shelf.numbers(linked)
    things = {thing.iri: thing for thing in shelf.things(set(numbers.values())).values()}
    words = here.session.labels(linked - things.keys(), here.language)
    found = _Found(things, words, writer)
    rows = tuple(
        (ident, tuple((c.id, _values(c, terms[ident, n], found)) for n, c in enumerate(columns))) for ident in iris
    )
    meta = tuple(
        _meta(index, writer, c, [t for i in iris for t in terms[i, n]], things) for n, c in enumerate(columns)
    )
    return Table(meta, rows)


def _late(limit: int) -> QueryTimeout:
    return QueryTimeout(
        f"fetching the values took longer than {limit} s",
        mend="Ask for fewer things at a time, or raise the setting reconcile_deadline.",
        limit=limit,
    )


def _column(here: Site, slugs: Slugs, ident: str, given: Mapping[str, object]) -> _Column:
    most = here.settings.max_extension_values
    limit = _whole(given.get("limit", 0), "limit")
    return _Column(
        ident,
        slugs.path(ident, MOST_STEPS),
        min(limit, most) if limit else most,
        str(given.get("count", "")).lower() in ("on", "true", "yes", "1"),
        _choice(given, "language"),
        _choice(given, "certainty") == "facts",
    )


def _whole(value: object, name: str) -> int:
    text = str(value).strip().removesuffix(".0") or "0"
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise BadRequest(f"the setting {name} is no number of 0 or more", mend="Give digits only; 0 is all there is.")
    return int(text)


def _choice(given: Mapping[str, object], name: str) -> str:
    _, usual, choices = SETTINGS[name]
    value = str(given.get(name) or usual)
    if value not in choices:
        raise BadRequest(
            f"the setting {name} has no such value", mend=f"Give one of: {', '.join(choices)}.", parameter=name
        )
    return value


def _terms(here: Site, iri: str | None, column: _Column) -> list[Term]:
    if iri is None or column.path is None:
        return []
    session = here.session
    graphs = session.factual if column.certain else session.shown
    most = here.settings.max_extension_values if column.count else column.limit
    # Those in another language, or no longer wanted, are left out afterwards.
    found, _ = reached(session, iri, column.path, graphs, most * 4)
    found = [term for term in found if not (isinstance(term, Iri) and term.value.startswith("mailto:"))]
    return found if column.count else _in_language(found, column.language, here.language)[: column.limit]


def _in_language(terms: list[Term], wanted: str, mine: str) -> list[Term]:
    """Texts in one language: where none is in that of the reader, all there are."""
    if wanted == "all":
        return terms
    language = mine if wanted == "mine" else wanted

    def fits(term: Term) -> bool:
        tag = term.language if isinstance(term, Literal) else None
        return not tag or tag.partition("-")[0].lower() == language

    fitting = [term for term in terms if fits(term)]
    return fitting or (terms if wanted == "mine" else [])


def _values(column: _Column, terms: Sequence[Term], found: _Found) -> list[Json]:
    if column.count:
        return [{"int": len(terms)}]
    return list({repr(value): value for value in (_value(term, found) for term in terms)}.values())


def _value(term: Term, found: _Found) -> Json:
    """A term as a value: a thing with its id, a term of the vocabulary by its name, another IRI in full."""
    if isinstance(term, Iri):
        if (thing := found.things.get(term.value)) is not None:
            return found.writer.named(thing)
        name = found.words.get(term.value, term.value)
        return {"str": mask_addresses(term.value if name == found.writer.short(term.value) else name)}
    text = str(term)
    datatype = term.datatype if isinstance(term, Literal) else ""
    if datatype in _WHOLE and re.fullmatch(r"[+-]?[0-9]{1,15}", text):
        whole = int(text)
        return {"int" if abs(whole) <= _LARGEST_INT else "float": whole}
    if datatype == XSD + "boolean":
        # OpenRefine would read "bool", but the schemas of 0.2 and the draft of 1.0 have no such value.
        return {"str": _TRUTH.get(text, text)}
    if datatype in _BROKEN:
        try:
            value = float(text)
        except ValueError:
            return {"str": text}
        return {"float": value} if isfinite(value) else {"str": text}
    if datatype == XSD + "date" and (day := _DATE.fullmatch(text)):
        moment = f"{day[1]}T00:00:00{day[2] or 'Z'}"
        return {"date": moment} if _MOMENT.fullmatch(moment) else {"str": text}
    if datatype.startswith(XSD + "dateTime") and _MOMENT.fullmatch(text):
        return {"date": text}
    return {"str": mask_addresses(text)}


def _meta(
    index: ReconcileIndex, writer: Writer, column: _Column, terms: Sequence[Term], things: Mapping[str, Entity]
) -> Json:
    """What a column is called; where all its values are things, the narrowest class that all of them have."""
    name = column.id if column.path is None else writer.path_name(column.path)
    found: Json = {"id": column.id, "name": name}
    linked = [things.get(term.value) if isinstance(term, Iri) else None for term in terms]
    if linked and not column.count and all(linked):
        shared = frozenset.intersection(*(index.all_types[thing.types] for thing in linked if thing is not None))
        if shared:
            narrowest = min(shared, key=lambda n: (index.classes[n].count, index.classes[n].iri))
            found["type"] = writer.short_type(index.classes[narrowest])
    return found
