"""JSON-LD for programmers: quads as nodes, and nodes in the short names of `ontology/context.jsonld`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

from so2graph.engine.store import Quad
from so2graph.errors import DataInvalid, ResultTooLarge
from so2graph.registry import Bundle
from so2graph.vocab import DEFAULT_GRAPH, RDF, XSD, Blank, Iri, Literal, Term

__all__ = ["Context", "Json", "compact", "compact_document", "expanded", "frame_document", "read_context"]

Json = dict[str, object]
"""A JSON object: strings, arrays and objects of the same."""


@dataclass(frozen=True)
class Context:
    """A JSON-LD 1.1 context: its text as it is served, and the definitions of its terms by name."""

    text: str
    terms: Mapping[str, object]

    @property
    def document(self) -> Json:
        return {"@context": dict(self.terms)}

    def only(self, names: Iterable[str]) -> Json:
        """The definitions of these terms alone, in the order of the context, with the keyword aliases."""
        used = set(names)
        wanted = {"@version", "id", "type", *used, *(name.partition(":")[0] for name in used)}
        return {name: definition for name, definition in self.terms.items() if name in wanted}


@cache
def read_context(bundle: Bundle) -> Context:
    """The context of the project (`ontology/context.jsonld`), with its IRIs on the base of the dataset."""
    path = bundle.root / "ontology" / "context.jsonld"
    text = bundle.read(path)
    try:
        terms = json.loads(text)["@context"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataInvalid(f"{path} is not a JSON-LD context: {error}", mend="Mend it there.") from None
    return Context(text, terms)


def _name(term: Term) -> str:
    return term.value if isinstance(term, Iri) else str(term)


def _value(term: Term) -> Json:
    """A term as a JSON-LD value object or node reference; no lexical form is lost (JSON-LD 1.1 API, 8.6.1)."""
    if not isinstance(term, Literal):
        return {"@id": _name(term)}
    if term.language:
        return {"@value": term.value, "@language": term.language}
    if term.datatype == XSD + "string":
        return {"@value": term.value}
    return {"@value": term.value, "@type": term.datatype}


def expanded(quads: Iterable[Quad], *, lists: bool = True) -> list[Json]:
    """The quads as an expanded JSON-LD document (JSON-LD 1.1 API, 8.4, without native types).

    One node for each subject, sorted by id, its properties sorted; a named graph is a node with `@graph`. RDF lists
    that are well-formed and used once become `@list`, but without `lists`: where the quads are only a part, a cell
    may be pointed at from elsewhere.
    """
    graphs: dict[str, _Graph] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    places: dict[str, set[str]] = defaultdict(set)
    for subject, predicate, obj, graph in quads:
        name = "" if graph is None or graph.value == DEFAULT_GRAPH else graph.value
        values = graphs[name][_name(subject)][predicate.value]
        if obj not in values:
            values.append(obj)
        for term in (subject, obj):
            if isinstance(term, Blank):
                places[str(term)].add(name)
    shared = frozenset(blank for blank, names in places.items() if len(names) > 1)
    nodes = {str(node["@id"]): node for node in _nodes(graphs.get("", {}), shared, lists=lists)}
    for name in graphs:
        if name:
            nodes.setdefault(name, {"@id": name})["@graph"] = _nodes(graphs[name], shared, lists=lists)
    return [nodes[name] for name in sorted(nodes)]


_Graph = Mapping[str, Mapping[str, list[Term]]]
"""The objects of one graph, by subject and predicate."""
_FIRST, _REST, _NIL = RDF + "first", RDF + "rest", RDF + "nil"


def _nodes(graph: _Graph, shared: frozenset[str], *, lists: bool) -> list[Json]:
    heads = _lists(graph, shared) if lists else {}
    inside = {cell for cells, _ in heads.values() for cell in cells}
    return [_node(name, graph[name], heads) for name in sorted(graph) if name not in inside]


def _node(name: str, properties: Mapping[str, list[Term]], lists: Mapping[str, tuple[list[str], list[Term]]]) -> Json:
    node: Json = {"@id": name}
    types = sorted(_name(t) for t in properties.get(RDF + "type", ()) if not isinstance(t, Literal))
    if types:
        node["@type"] = types
    for predicate in sorted(properties):
        terms = sorted(properties[predicate], key=lambda term: str(term) if isinstance(term, Blank) else term.n3)
        if predicate == RDF + "type":
            terms = [term for term in terms if isinstance(term, Literal)]
        if terms:
            node[predicate] = [
                {"@list": [_value(item) for item in lists[str(term)][1]]}
                if isinstance(term, Blank) and str(term) in lists
                else _value(term)
                for term in terms
            ]
    return node


def _lists(graph: _Graph, shared: frozenset[str]) -> dict[str, tuple[list[str], list[Term]]]:
    """The RDF lists that can be written as `@list`: head to (its cells, its items).

    Each cell is a blank node of this graph alone, with one `rdf:first`, one `rdf:rest` and nothing else, pointed at
    once. A list within a list keeps its cells.
    """
    pointed: dict[str, list[str]] = defaultdict(list)
    for properties in graph.values():
        for predicate, terms in properties.items():
            for term in terms:
                if isinstance(term, Blank):
                    pointed[str(term)].append(predicate)

    def is_cell(name: str) -> bool:
        own = graph.get(name, {})
        whole = set(own) == {_FIRST, _REST} and len(own[_FIRST]) == len(own[_REST]) == 1
        return name.startswith("_:") and whole and len(pointed[name]) == 1 and name not in shared

    found: dict[str, tuple[list[str], list[Term]]] = {}
    for head in graph:
        if not is_cell(head) or pointed[head][0] in (_FIRST, _REST):
            continue
        cells, items, rest = [head], [graph[head][_FIRST][0]], graph[head][_REST][0]
        while isinstance(rest, Blank) and str(rest) not in cells and is_cell(str(rest)):
            cells.append(str(rest))
            items.append(graph[str(rest)][_FIRST][0])
            rest = graph[str(rest)][_REST][0]
        if rest == Iri(_NIL):
            found[head] = (cells, items)
    return found


def _no_loading(url: str, _options: object) -> Json:
    raise DataInvalid(f"the JSON-LD names a context elsewhere, <{url}>", mend="Write the context into the document.")


def compact(nodes: Sequence[Json], context: Context) -> list[Json]:
    """Expanded nodes in the short names of the context, without the context itself, in the order given.

    For streams: a node costs about 0.25 ms, and a batch next to nothing on top, since PyLD keeps the parsed context;
    a node stands in one batch only.
    """
    from pyld import jsonld

    if not nodes:
        return []
    options = {"skipExpansion": True, "graph": True, "documentLoader": _no_loading}
    document = jsonld.compact(list(nodes), context.document, options)
    return _with_datatypes(document["@graph"])


def _with_datatypes(nodes: object) -> list[Json]:
    """The compacted nodes, with `@type` for the datatype of a value.

    `type` is an array by the context, which the datatype of a value cannot be; rdflib loses a datatype over it.
    """

    def mend(value: object) -> None:
        if isinstance(value, dict):
            if "@value" in value and "type" in value:
                value["@type"] = value.pop("type")
            for inside in value.values():
                mend(inside)
        elif isinstance(value, list):
            for item in value:
                mend(item)

    mend(nodes)
    return cast(list[Json], nodes)


def compact_document(quads: Iterable[Quad], context: Context, *, context_url: str | None = None) -> Json:
    """A whole JSON-LD document: `@context` and `@graph`, sorted by id, the keys of each node in a fixed order.

    Without `context_url` the context stands inside, with the terms in use only, so that the document can be read
    without asking for anything.
    """
    nodes = [_ordered(node) for node in compact(expanded(quads), context)]
    return _document(nodes, context, context_url)


def _document(nodes: Sequence[Json], context: Context, context_url: str | None) -> Json:
    inline = context.only(name for node in nodes for name in _names(node))
    return {"@context": inline if context_url is None else context_url, "@graph": list(nodes)}


def frame_document(
    quads: Iterable[Quad],
    types: Iterable[str],
    context: Context,
    *,
    max_triples: int,
    context_url: str | None = None,
) -> Json:
    """The things of these classes as trees: what a thing points at stands inside it (JSON-LD 1.1 Framing).

    Each thing is embedded where it is first met and referred to after that. Graph names are left out. Raises
    `ResultTooLarge` when there are more than `max_triples`.
    """
    from pyld import jsonld

    triples: list[Quad] = [(s, p, o, None) for s, p, o, _ in quads]
    if len(triples) > max_triples:
        raise ResultTooLarge(
            f"a nested document of {len(triples)} triples was asked for, and the limit is {max_triples}",
            mend="Take the flat document, fewer things, or raise the setting max_frame_triples.",
            limit=max_triples,
            size=len(triples),
        )
    frame = {**context.document, "@type": sorted(types)}
    options = {"embed": "@once", "omitGraph": False, "documentLoader": _no_loading}
    document = jsonld.frame(expanded(triples), frame, options)
    return _document([_ordered(node) for node in _with_datatypes(document["@graph"])], context, context_url)


def _ordered(node: Json) -> Json:
    """The node with its keys in order: id, type, then by name; the same for what stands inside."""
    first = {"id": 0, "type": 1, "@type": 1}

    def put(value: object) -> object:
        if isinstance(value, dict):
            keys = sorted(value, key=lambda key: (first.get(key, 2), key))
            return {key: put(value[key]) for key in keys}
        return [put(item) for item in value] if isinstance(value, list) else value

    return cast(Json, put(node))


def _names(value: object) -> Iterator[str]:
    """Every key in a compacted value, and every type: the names that its context has to explain."""
    if isinstance(value, dict):
        for key, inside in value.items():
            yield key
            if key == "type":
                yield from inside if isinstance(inside, list) else [str(inside)]
            yield from _names(inside)
    elif isinstance(value, list):
        for item in value:
            yield from _names(item)
