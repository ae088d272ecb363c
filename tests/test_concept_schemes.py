"""The lists of themes, modalities and roles keep the rules for concept schemes, concept by concept.

Left out: K12, which only reports whether a source document has a title.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest
from rdflib import SKOS, Graph, Literal

from so2graph.errors import Fault
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, MODALITIES, Prefixes
from tests.rules import graphs, schemes
from tests.rules.graphs import SO2, Rule, copied, load_data, load_ontology, short

BUNDLE = Bundle.find(CANONICAL_BASE)

RULES: dict[str, Rule] = {
    "K01": schemes.k01_definition,
    "K02": schemes.k02_preferred_label,
    "K03": schemes.k03_in_scheme,
    "K04": schemes.k04_top_concepts,
    "K05": schemes.k05_notation,
    "K06": schemes.k06_unique_label,
    "K07": schemes.k07_no_orphans,
    "K08": schemes.k08_kinds_apart,
    "K09": schemes.k09_mappings,
    "K10": schemes.k10_disjoint_relations,
    "K11": schemes.k11_relations_between_concepts,
    "K13": schemes.k13_scheme_described,
}


@cache
def lists() -> Graph:
    """The concept schemes, with what the data say about their concepts: mappings above all."""
    return load_ontology(BUNDLE) + load_data(BUNDLE)


@cache
def faults(rule: str) -> tuple[Fault, ...]:
    return tuple(RULES[rule](lists()))


CONCEPTS = [short(term) for term in (*graphs.concepts(lists()), *graphs.schemes(lists()))]


@pytest.mark.parametrize("concept", CONCEPTS)
@pytest.mark.parametrize("rule", RULES)
def test_a_concept_keeps_a_rule(rule: str, concept: str) -> None:
    """No rule finds a fault with this concept or scheme."""
    assert [str(fault) for fault in faults(rule) if fault.where == concept] == []


@pytest.mark.parametrize("rule", RULES)
def test_nothing_else_breaks_a_rule(rule: str) -> None:
    """Nor with anything that is not a concept or scheme of ours."""
    assert [str(fault) for fault in faults(rule) if fault.where not in CONCEPTS] == []


@dataclass(frozen=True)
class Broken:
    """Lists broken by an update, and the concept or scheme that the rule must then find fault with."""

    rule: str
    where: str
    update: str


CSR, IMPACT, CIRCULAR = "id:theme-csr", "id:theme-social-impact", "id:theme-circular-goals"
BROKEN = (
    Broken("K01", CSR, f"DELETE WHERE {{ {CSR} skos:definition ?x }}"),
    Broken("K02", "so2:stated", 'DELETE DATA { so2:stated skos:prefLabel "gesteld"@nl }'),
    Broken("K02", "so2:stated", 'INSERT DATA { so2:stated skos:prefLabel "said"@en }'),
    Broken("K03", CSR, f"DELETE WHERE {{ {CSR} skos:inScheme ?x }}"),
    Broken("K03", CSR, f"INSERT DATA {{ {CSR} skos:inScheme id:so2 }}"),
    Broken("K04", CSR, f"INSERT DATA {{ {CSR} skos:broader {IMPACT} }}"),
    Broken("K04", CSR, f"DELETE WHERE {{ {CSR} skos:topConceptOf ?x }}"),
    Broken("K05", "so2:stated", 'INSERT DATA { so2:stated skos:notation "2" }'),
    Broken("K06", IMPACT, f'INSERT DATA {{ {IMPACT} skos:prefLabel "sociale ondernemingen"@nl }}'),
    Broken("K07", CIRCULAR, f"DELETE WHERE {{ {CIRCULAR} skos:broader ?x }}"),
    Broken("K08", "so2:roles", "INSERT DATA { so2:roles a skos:Concept }"),
    Broken("K08", CSR, f"INSERT DATA {{ {CSR} a skos:Collection }}"),
    Broken("K09", CSR, f"INSERT DATA {{ {CSR} skos:closeMatch {IMPACT} }}"),
    Broken("K09", CSR, f"INSERT DATA {{ {CSR} skos:closeMatch <http://eurovoc.europa.eu/7942> }}"),
    Broken("K09", IMPACT, f"INSERT DATA {{ {IMPACT} skos:exactMatch <http://eurovoc.europa.eu/7942> }}"),
    Broken("K10", CIRCULAR, f"INSERT DATA {{ {CIRCULAR} skos:related {CSR} }}"),
    Broken("K10", IMPACT, f'INSERT DATA {{ {IMPACT} skos:altLabel "sociale impact"@nl }}'),
    Broken("K11", CSR, f"INSERT DATA {{ {CSR} skos:related id:so2 }}"),
    Broken("K13", "so2:roles", "DELETE WHERE { so2:roles dcterms:title ?x }"),
    Broken("K13", "so2:roles", "DELETE WHERE { so2:roles dcterms:language ?x }"),
)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda b: f"{b.rule}-{b.where}")
def test_a_rule_can_fail(broken: Broken, prefixes: Prefixes) -> None:
    """On lists broken to that end, the rule names the concept and says how to mend it."""
    changed = copied(lists())
    changed.update(prefixes.header() + broken.update)
    found = [fault for fault in RULES[broken.rule](changed) if fault.where == broken.where]
    assert found, f"{broken.rule} finds no fault with {broken.where}"
    assert all(fault.check == broken.rule and fault.what and fault.mend for fault in found)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_shown_to_fail(rule: str) -> None:
    """Each rule has broken lists of its own."""
    assert rule in {broken.rule for broken in BROKEN}


@pytest.mark.parametrize(("rank", "modality"), list(enumerate(MODALITIES, start=1)))
def test_modalities_are_ranked_as_the_program_ranks_them(rank: int, modality: str) -> None:
    """The list and the program agree on the order from certain to uncertain; the notation is the rank."""
    concept = SO2[modality]
    assert list(lists().objects(concept, SO2.certaintyRank)) == [Literal(rank)]
    assert list(lists().objects(concept, SKOS.notation)) == [Literal(str(rank))]


def test_there_are_no_other_modalities() -> None:
    """The list of modalities holds those of the program and nothing else."""
    listed = {short(term) for term in lists().subjects(SKOS.inScheme, SO2.modalities)}
    assert listed == {f"so2:{name}" for name in MODALITIES}
