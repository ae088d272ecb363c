"""Asks RDF for the values of fields, and makes of each value what its kind compares: one query for many things."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from so2graph.link.spec import Kind, Spec
from so2graph.link.tables import TYPES, records_schema
from so2graph.link.target import Side, Source, spaces
from so2graph.publish.places import wkt_point
from so2graph.vocab import Iri, Term, visible

__all__ = ["Ask", "Questions", "batch", "chunked", "clean"]

Ask = Callable[[str], Iterable[Sequence[Term | None]]]
"""Answers a SELECT: rows in the order of its variables."""
_LONGEST = 1_000
"""Characters of a value that are kept."""
_TYPES = -1


@dataclass(frozen=True)
class Questions:
    """The queries that read one side of a task from RDF."""

    side: Side
    spec: Spec
    prefixes: Mapping[str, str]

    @cached_property
    def _prologue(self) -> str:
        texts = [self.side.members, *self._branches]
        used = {prefix: iri for prefix, iri in self.prefixes.items() if any(f"{prefix}:" in text for text in texts)}
        return "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in sorted(used.items()))

    @cached_property
    def _branches(self) -> tuple[str, ...]:
        """A pattern a path, which says with `?n` the field (hundreds) and the path that a value is from."""
        found = []
        sources = [(_TYPES, self.side.types)]
        sources += [(number, self.side.fields[each.name]) for number, each in enumerate(self.spec.fields)]
        for number, source in sources:
            patterns = [f"?id {path} ?value" for path in source.paths]
            if source.pattern:
                patterns.append(source.pattern)
            if source.point:
                lat, long = source.point
                patterns.append(f'?id {lat} ?y ; {long} ?x . BIND(CONCAT(STR(?y), " ", STR(?x)) AS ?value)')
            for place, pattern in enumerate(patterns):
                tags = ", ".join(f'"{tag}"' for tag in source.languages)
                only = f" FILTER(!isLiteral(?value) || LANG(?value) IN ({tags}))" if tags else ""
                found.append(f"{{ {pattern}{only} BIND({(number + 1) * 100 + place} AS ?n) }}")
        return tuple(found)

    def members(self, *, after: str = "", limit: int = 0, offset: int = 0, ordered: bool = False) -> str:
        """Which things there are: all, or a page of them in the order of their IRIs."""
        beyond = f" FILTER(STR(?id) > {_text(after)})" if after else ""
        text = f"{self._prologue}SELECT DISTINCT ?id WHERE {{ {self.side.members} FILTER(isIRI(?id)){beyond} }}"
        if ordered:
            text += " ORDER BY STR(?id)"
        if limit:
            text += f" LIMIT {limit}"
        return f"{text} OFFSET {offset}" if offset else text

    def values(self, ids: Sequence[str]) -> str:
        """The values of all fields of these things, as rows of `?id ?n ?value`."""
        listed = " ".join(Iri(each).n3 for each in ids)
        branches = " UNION ".join(f"{{ VALUES ?id {{ {listed} }} {each[2:]}" for each in self._branches)
        return f"{self._prologue}SELECT DISTINCT ?id ?n ?value WHERE {{ {branches} }}"

    def read(self, ask: Ask, ids: Sequence[str]) -> pa.RecordBatch:
        """The records of these things, in their order."""
        return self.records(ids, ask(self.values(ids)))

    def records(self, ids: Sequence[str], rows: Iterable[Sequence[Term | None]]) -> pa.RecordBatch:
        """The records that the answer to `values` makes."""
        found: dict[str, dict[int, list[tuple[int, str, str, Term]]]] = {each: {} for each in ids}
        for thing, n, value in rows:
            mine = found.get(str(thing))
            if mine is None or n is None or value is None:
                continue
            number, place = divmod(int(str(n)), 100)
            mine.setdefault(number - 1, []).append((place, getattr(value, "language", None) or "", str(value), value))
        columns: list[list[list[str]]] = [[] for _ in range(len(self.spec.fields) + 1)]
        for each in ids:
            for number in range(_TYPES, len(self.spec.fields)):
                source, kind = self._source(number)
                values = sorted(found[each].get(number, ()), key=lambda row: (row[0], _rank(row[1]), row[2]))
                columns[number + 1].append(clean((row[3] for row in values), source, kind))
        return batch(ids, columns[0], columns[1:], self.spec)

    def _source(self, number: int) -> tuple[Source, Kind]:
        if number == _TYPES:
            return self.side.types, Kind.CODE
        each = self.spec.fields[number]
        return self.side.fields[each.name], each.kind


def _rank(language: str) -> int:
    """Dutch first, then texts without a language, English, and all others."""
    return ("nl", "", "en").index(language) if language in ("nl", "", "en") else 3


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def clean(values: Iterable[Term | str], source: Source, kind: Kind) -> list[str]:
    """The values of a field as the stages after this one expect them (`spec.Kind`), each once, in their order."""
    found: dict[str, None] = {}
    for value in values:
        text = " ".join(str(value).split())[:_LONGEST]
        parts = text.split(source.split) if source.split else [text]
        for part in parts:
            for each in _cleaned(part.strip(), isinstance(value, Iri), source, kind):
                if visible(each):
                    found[each] = None
    return list(found)


def _cleaned(text: str, iri: bool, source: Source, kind: Kind) -> Iterator[str]:
    if source.without:
        text = re.sub(source.without, "", text).strip()
    scheme = source.scheme
    if source.match:
        if (hit := re.search(source.match, text)) is None:
            return
        text = hit[hit.re.groups and 1]
    elif kind is Kind.IDENTIFIER and (iri or not scheme):
        scheme, text = _identified(text)
        if not scheme:
            return
    if kind is Kind.IDENTIFIER:
        yield f"{scheme}:{text}"
    elif kind is Kind.POINT:
        if point := _point(text):
            yield point
    elif text:
        yield text


def _identified(text: str) -> tuple[str, str]:
    """Scheme and identifier of an IRI of a known form, or of a text that has its scheme; else two empty texts."""
    for scheme, before, after in spaces():
        if text.startswith(before) and text.endswith(after):
            found = text[len(before) : len(text) - len(after)]
            if found and not re.search(r"[/#?]$", found):
                return scheme, found
    scheme, colon, rest = text.partition(":")
    if colon and re.fullmatch(r"[a-z][a-z0-9-]*", scheme) and not rest.startswith("//"):
        return scheme, rest
    return "", ""


def _point(text: str) -> str:
    """`latitude longitude`, where both are degrees on the globe, of a text or of WKT; else nothing."""
    if (found := wkt_point(text)) is not None:
        return f"{found[1]} {found[0]}"
    parts = text.replace(",", " ").split()
    try:
        latitude, longitude = map(float, parts)
    except ValueError:
        return ""
    return text.replace(",", " ") if -90 <= latitude <= 90 and -180 <= longitude <= 180 else ""


def batch(
    ids: Sequence[str], types: Sequence[Sequence[str]], values: Sequence[Sequence[Sequence[str]]], spec: Spec
) -> pa.RecordBatch:
    """Records as a batch of `tables.records_schema`; `values` has a list a field."""
    schema = records_schema(spec)
    arrays = [pa.array(ids, pa.string()), *(pa.array(each, schema.field(TYPES).type) for each in (types, *values))]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def chunked(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The ids, so many at a time."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
