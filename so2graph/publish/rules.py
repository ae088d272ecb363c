"""Reads from the SHACL shapes which properties a thing of a class has, how often, and with what values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from so2graph.engine.store import parse_file
from so2graph.registry import Bundle
from so2graph.vocab import RDF, Iri, Literal, Term

__all__ = ["Rule", "rules_of"]

SH = "http://www.w3.org/ns/shacl#"
_Out = dict[str, dict[str, list[Term]]]


@dataclass(frozen=True)
class Rule:
    """What a property shape asks of one property (SHACL, 4): how many values, and what they are.

    Each value is of one of the `kinds` (classes or a datatype), and the `required` ones are among them. `inverse`:
    the property leads from the values to the thing.
    """

    path: str
    inverse: bool
    minimum: int | None
    maximum: int | None
    kinds: tuple[str, ...]
    required: tuple[str, ...]


@cache
def rules_of(bundle: Bundle) -> dict[str, tuple[Rule, ...]]:
    """The rules for the things of each class, by the IRI of the class; merged where shapes speak of one property.

    Only paths of one step are here, forwards or backwards; what a count and a kind of value cannot say is left to
    the shapes themselves.
    """
    out: _Out = defaultdict(lambda: defaultdict(list))
    for path in bundle.shapes:
        for subject, predicate, obj, _ in parse_file(path, bundle.read(path), bundle.base):
            out[str(subject)][predicate.value].append(obj)
    found: dict[str, dict[tuple[str, bool], Rule]] = defaultdict(dict)
    for shape, own in list(out.items()):
        for target in own.get(SH + "targetClass", []):
            for rule in _rules(out, shape):
                key = rule.path, rule.inverse
                known = found[str(target)].get(key)
                found[str(target)][key] = rule if known is None else _both(known, rule)
    return {target: tuple(rules[key] for key in sorted(rules)) for target, rules in sorted(found.items())}


def _rules(out: _Out, shape: str) -> Iterator[Rule]:
    for property_shape in out[shape].get(SH + "property", []):
        own = out.get(str(property_shape), {})
        path, inverse = own.get(SH + "path", [None])[0], False
        if path is not None and SH + "inversePath" in out.get(str(path), {}):
            path, inverse = out[str(path)][SH + "inversePath"][0], True
        if not isinstance(path, Iri):
            continue
        kinds = [*own.get(SH + "class", []), *own.get(SH + "datatype", [])]
        for head in own.get(SH + "or", []):
            kinds += [kind for option in _list(out, head) for kind in out[str(option)].get(SH + "class", [])]
        required = own.get(SH + "hasValue", [])
        minimum, maximum = _number(own.get(SH + "minCount")), _number(own.get(SH + "maxCount"))
        if minimum is not None or maximum is not None or kinds or required:
            yield Rule(path.value, inverse, minimum, maximum, _iris(kinds), _iris(required))


def _iris(terms: list[Term]) -> tuple[str, ...]:
    return tuple(sorted({term.value for term in terms if isinstance(term, Iri)}))


def _list(out: _Out, head: Term) -> Iterator[Term]:
    while str(head) != RDF + "nil":
        yield out[str(head)][RDF + "first"][0]
        head = out[str(head)][RDF + "rest"][0]


def _number(terms: list[Term] | None) -> int | None:
    return int(terms[0].value) if terms and isinstance(terms[0], Literal) else None


def _both(one: Rule, other: Rule) -> Rule:
    """The rule that says what both say."""
    minimums = [m for m in (one.minimum, other.minimum) if m is not None]
    maximums = [m for m in (one.maximum, other.maximum) if m is not None]
    common = tuple(kind for kind in one.kinds if kind in other.kinds)
    return Rule(
        one.path,
        one.inverse,
        max(minimums, default=None),
        min(maximums, default=None),
        common or one.kinds or other.kinds,
        tuple(sorted({*one.required, *other.required})),
    )
