"""Writes a plausible network of hubs, organisations, people and reports: seeded, of any size, labelled as synthetic.

Nothing in it is real: names are made of invented parts and numbers, all IRIs stand below `https://example.org/`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from so2graph.vocab import CANONICAL_BASE, DCTERMS, MODALITIES, RDF, RDFS, XSD

__all__ = ["BASE", "quads"]

BASE = "https://example.org/synthetic/network/"
_SO2 = f"{CANONICAL_BASE}def#"
_ORG, _FOAF = "http://www.w3.org/ns/org#", "http://xmlns.com/foaf/0.1/"
_GRAPH = f"{BASE}graph/"
_PER_HUB = 250
_KINDS = (
    ("organisation", _ORG + "Organization", 50),
    ("person", _FOAF + "Person", 30),
    ("report", _SO2 + "Report", 10),
    ("event", _SO2 + "RecurringEvent", 5),
    ("place", _SO2 + "UrbanCore", 5),
)
"""What a hub has around it: name, class, and how many of a hundred."""
_DUTCH = {
    "organisation": "organisatie",
    "person": "persoon",
    "report": "rapport",
    "event": "bijeenkomst",
    "place": "kern",
}
_WEIGHTS = (70, 4, 8, 3, 9, 3, 3)
"""How many of a hundred edges have each modality."""
_RELATIONS = ("connects", "supports", "worksAround", "organises", "affiliatedWith")


def _iri(iri: str) -> str:
    return f"<{iri}>"


def _node(name: str, kind: str, label: str, english: str = "") -> Iterator[str]:
    subject, graph = _iri(BASE + name), _iri(f"{_GRAPH}nodes")
    yield f"{subject} {_iri(RDF + 'type')} {_iri(kind)} {graph} .\n"
    tag = "@nl" if english else ""
    yield f'{subject} {_iri(RDFS + "label")} "{label}"{tag} {graph} .\n'
    if english:
        yield f'{subject} {_iri(RDFS + "label")} "{english}"@en {graph} .\n'


def _edge(source: str, relation: str, target: str, modality: str) -> str:
    return f"{_iri(BASE + source)} {_iri(_SO2 + relation)} {_iri(BASE + target)} {_iri(_GRAPH + modality)} .\n"


def quads(nodes: int, edges: int, seed: int = 7) -> Iterator[str]:
    """A network of so many nodes and edges as lines of N-Quads: a graph for each modality, and one with the names.

    A national organisation, four northern networks, a hub for each 250 nodes, and what is around each hub; most edges
    stay within a hub, as they do in life.
    """
    rng = random.Random(seed)  # the same network every time, not a secret
    for modality in MODALITIES:
        said = (_GRAPH + modality, _SO2 + "modality", _SO2 + modality, _GRAPH + "about")
        yield " ".join(map(_iri, said)) + " .\n"
    hubs = max(1, nodes // _PER_HUB)
    yield from _node(
        "national",
        _SO2 + "NationalOrganisation",
        "Verzonnen landelijke organisatie",
        "Invented national organisation",
    )
    tops = [f"north/{number}" for number in range(4)]
    for number, top in enumerate(tops):
        yield from _node(
            top,
            _SO2 + "InterregionalNetwork",
            f"Verzonnen netwerk Noord {number}",
            f"Invented network North {number}",
        )
    made = [(f"hub/{number}", number) for number in range(hubs)]
    for name, number in made:
        yield from _node(name, _SO2 + "RegionalNetwork", f"Verzonnen netwerk {number}", f"Invented network {number}")
    around: list[list[str]] = [[name] for name, _ in made]
    names = [kind[0] for kind in _KINDS]
    weights = [kind[2] for kind in _KINDS]
    classes = {kind[0]: kind[1] for kind in _KINDS}
    for number in range(nodes - hubs - 1 - len(tops)):
        kind = rng.choices(names, weights)[0]
        name = f"{kind}/{number}"
        english = f"Invented {kind} {number}" if kind in ("report", "event", "place") else ""
        yield from _node(name, classes[kind], f"Verzonnen {_DUTCH[kind]} {number}", english)
        if kind in ("report", "event"):
            year = rng.randint(2016, 2019)
            yield (
                f"{_iri(BASE + name)} {_iri(DCTERMS + 'issued')} "
                f'"{year}"^^{_iri(XSD + "gYear")} {_iri(_GRAPH + "nodes")} .\n'
            )
        around[rng.randrange(hubs)].append(name)
    yield from _edges(rng, edges, tops, around)


def _edges(rng: random.Random, count: int, tops: list[str], around: list[list[str]]) -> Iterator[str]:
    """Each northern network to the top, each hub to one of them, each thing to its hub, and the rest by chance."""
    made: set[tuple[str, str, str]] = set()

    def edge(source: str, relation: str, target: str, modality: str) -> Iterator[str]:
        if source != target and (source, relation, target) not in made and len(made) < count:
            made.add((source, relation, target))
            yield _edge(source, relation, target, modality)

    for top in tops:
        yield from edge("national", "worksThrough", top, "intended")
    for number, members in enumerate(around):
        yield from edge(tops[number % len(tops)], "connects", members[0], rng.choice(("stated", "intended")))
        for position, name in enumerate(members[1:], 1):
            other = members[0] if rng.random() < 0.7 else rng.choice(members[:position])
            yield from edge(other, "supports", name, rng.choices(MODALITIES, _WEIGHTS)[0])
    while len(made) < count:
        members = rng.choice(around)
        others = members if rng.random() < 0.9 else rng.choice(around)
        modality = rng.choices(MODALITIES, _WEIGHTS)[0]
        yield from edge(rng.choice(members), rng.choice(_RELATIONS), rng.choice(others), modality)
