"""Writes a plausible network of organisations as N-Triples: seeded, of any size, and labelled as synthetic.

Nothing in it is real: names are made of invented parts and numbers, all IRIs stand below `https://example.org/`.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from itertools import islice

__all__ = ["DATASET", "PREFIXES", "triples"]

BASE = "https://example.org/synthetic/"
DATASET = f"{BASE}dataset"
ORG, FOAF, RDFS = "http://www.w3.org/ns/org#", "http://xmlns.com/foaf/0.1/", "http://www.w3.org/2000/01/rdf-schema#"
SKOS, DCT, XSD = (
    "http://www.w3.org/2004/02/skos/core#",
    "http://purl.org/dc/terms/",
    "http://www.w3.org/2001/XMLSchema#",
)
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
PREFIXES = f"""PREFIX ex: <{BASE}>
PREFIX org: <{ORG}>
PREFIX foaf: <{FOAF}>
PREFIX rdfs: <{RDFS}>
PREFIX skos: <{SKOS}>
PREFIX dct: <{DCT}>
PREFIX xsd: <{XSD}>
"""
_FIRST = (
    "Noord",
    "Zuid",
    "Oost",
    "West",
    "Veen",
    "Heide",
    "Wad",
    "Hunze",
    "Aa",
    "Diep",
    "Terp",
    "Brink",
    "Esch",
    "Wold",
)
_SECOND = ("werk", "zaak", "hof", "kracht", "steun", "bouw", "groen", "ambacht", "zorg", "atelier", "schakel", "lab")
_THEMES = 60
_PLACES = 200
_HUB_SIZE = 50


def _iri(iri: str) -> str:
    return f"<{iri}>"


def _text(value: str, language: str = "") -> str:
    return f'"{value}"@{language}' if language else f'"{value}"'


def _hub(number: int) -> Iterator[tuple[str, str, str]]:
    """A hub, which belongs to one of every ten, and so on up to the one at the top."""
    hub = _iri(f"{BASE}hub/{number}")
    yield hub, _iri(RDF_TYPE), _iri(ORG + "OrganizationalCollaboration")
    yield hub, _iri(RDFS + "label"), _text(f"Verzonnen netwerk {number}", "nl")
    if number:
        yield hub, _iri(ORG + "subOrganizationOf"), _iri(f"{BASE}hub/{number // 10}")


def _organisation(number: int, rng: random.Random) -> Iterator[tuple[str, str, str]]:
    """An organisation with its place, themes, members and partners; about 20 triples."""
    organisation = _iri(f"{BASE}org/{number}")
    name = f"{rng.choice(_FIRST)}{rng.choice(_SECOND)} {number}"
    yield organisation, _iri(RDF_TYPE), _iri(ORG + "Organization")
    yield organisation, _iri(RDFS + "label"), _text(name, "nl")
    yield organisation, _iri(RDFS + "label"), _text(f"{name} (synthetic)", "en")
    yield organisation, _iri(DCT + "identifier"), _text(f"SYN-{number:08d}")
    yield organisation, _iri(DCT + "spatial"), _iri(f"{BASE}place/{int(rng.paretovariate(1.2)) % _PLACES}")
    yield organisation, _iri(ORG + "memberOf"), _iri(f"{BASE}hub/{number // _HUB_SIZE}")
    staff = int(rng.paretovariate(1.1)) % 5000
    yield organisation, _iri(BASE + "staff"), f'"{staff}"^^<{XSD}integer>'
    founded = f"{rng.randint(1950, 2025)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    yield organisation, _iri(DCT + "created"), f'"{founded}"^^<{XSD}date>'
    for theme in sorted({int(rng.paretovariate(1.0)) % _THEMES for _ in range(3)}):
        yield organisation, _iri(DCT + "subject"), _iri(f"{BASE}theme/{theme}")
    for partner in sorted({rng.randrange(number + 1) for _ in range(2)}):
        if partner != number:
            yield organisation, _iri(ORG + "linkedTo"), _iri(f"{BASE}org/{partner}")
    if rng.random() < 0.4:
        yield organisation, _iri(FOAF + "homepage"), _iri(f"https://org-{number}.example.org/")
    for person in range(rng.randint(0, 2)):
        who = _iri(f"{BASE}person/{number}-{person}")
        yield who, _iri(RDF_TYPE), _iri(FOAF + "Person")
        yield who, _iri(FOAF + "name"), _text(f"Persoon {number}-{person}")
        yield who, _iri(ORG + "memberOf"), organisation


def _all(seed: int) -> Iterator[tuple[str, str, str]]:
    rng = random.Random(seed)  # the same network every time, not a secret
    dataset = _iri(DATASET)
    yield dataset, _iri(RDFS + "comment"), _text("Synthetic data for benchmarks: nothing in it is real.", "en")
    for kind, count in (("theme", _THEMES), ("place", _PLACES)):
        for number in range(count):
            yield _iri(f"{BASE}{kind}/{number}"), _iri(SKOS + "prefLabel"), _text(f"{kind} {number}", "en")
    number = 0
    while True:
        if number % _HUB_SIZE == 0:
            yield from _hub(number // _HUB_SIZE)
        yield from _organisation(number, rng)
        number += 1


def triples(count: int, seed: int = 7) -> Iterator[str]:
    """The first `count` triples of the network of a seed, as lines of N-Triples."""
    for triple in islice(_all(seed), count):
        yield " ".join(triple) + " .\n"


if __name__ == "__main__":
    sys.stdout.writelines(triples(int(sys.argv[1])))
