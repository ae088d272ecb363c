"""Finds out what a file of RDF is about: its main things, and the paths from them to values."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from so2graph.errors import BadParameter
from so2graph.link.extract import Ask, opened_store
from so2graph.link.files import format_name, open_file
from so2graph.vocab import RDF, Iri, Literal

__all__ = ["rdf_columns"]

_STEPS = 3
_SAMPLED = 200
_MOST_PATHS = 60


def rdf_columns(path: Path) -> tuple[tuple[str, ...], dict[str, list[str]], str, dict[str, str]]:
    """What a file of RDF has: property paths of up to three steps to literals, values of each, a graph pattern for
    its things, and a word for each path. Raises `BadParameter` where there are no things with values."""
    with open_file(path) as opened, opened_store(opened, format_name(path)) as ask:
        kind = _main_class(ask)
        members = f"?id a {Iri(kind).n3} ." if kind else "?id ?any ?value . FILTER(isLiteral(?value))"
        ids = [
            row[0] for row in ask(f"SELECT DISTINCT ?id WHERE {{ {members} FILTER(isIRI(?id)) }} LIMIT {_SAMPLED}")
        ]
        listed = " ".join(each.n3 for each in ids if isinstance(each, Iri))
        found: dict[str, list[str]] = {}
        _walk(ask, listed, "", found)
    if not found:
        raise BadParameter(f"{path} has no things with values", mend="Give RDF in which IRIs have literals.")
    return tuple(found), found, members, _words(tuple(found))


def _main_class(ask: Ask) -> str:
    """The class with most members to which nothing leads: addresses hang on what has them."""
    counted: Counter[str] = Counter()
    text = """SELECT ?class (COUNT(DISTINCT ?x) AS ?n) WHERE { ?x a ?class FILTER(isIRI(?x))
              FILTER NOT EXISTS { ?other ?p ?x FILTER(?p != <%s>) } } GROUP BY ?class"""
    for row in ask(text % (RDF + "type")):
        counted[str(row[0])] = int(str(row[1]))
    return min(counted, key=lambda name: (-counted[name], name)) if counted else ""


def _walk(ask: Ask, listed: str, before: str, found: dict[str, list[str]], steps: int = _STEPS) -> None:
    """Follows every property from the sampled things; those that lead to nodes are followed further."""
    way = f"?id {before} ?node ." if before else "BIND(?id AS ?node)"
    text = f"SELECT ?p ?value WHERE {{ VALUES ?id {{ {listed} }} {way} ?node ?p ?value }}"
    further = []
    for p, value in ask(text):
        if not isinstance(p, Iri) or p.value == RDF + "type":
            continue
        path = f"{before}/{p.n3}" if before else p.n3
        if isinstance(value, Literal):
            if path in found or len(found) < _MOST_PATHS:
                found.setdefault(path, []).append(value.value)
        elif path not in further:
            further.append(path)
    if steps > 1:
        for path in sorted(further):
            _walk(ask, listed, path, found, steps - 1)


def _words(paths: tuple[str, ...]) -> dict[str, str]:
    """Local names of the steps, as many from the end as tell the paths apart."""
    steps = {path: [re.split(r"[#/]", iri)[-1] for iri in re.findall(r"<([^>]*)>", path)] for path in paths}
    words = {}
    for path, names in steps.items():
        for count in range(1, len(names) + 1):
            word = " ".join(names[-count:])
            if sum(1 for others in steps.values() if " ".join(others[-count:]) == word) == 1:
                break
        words[path] = word
    return words
