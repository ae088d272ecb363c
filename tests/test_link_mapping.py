"""A judgement about a link as a value, and as RDF."""

from __future__ import annotations

from dataclasses import replace

import pytest

from so2graph.errors import BadParameter
from so2graph.link.axioms import mapping_from, mapping_triples, run_triples
from so2graph.link.mapping import IDENTIFIER, JUSTIFICATIONS, NO_TERM, PREDICATES, Mapping, none_known, target_name
from so2graph.vocab import CANONICAL_BASE, DCTERMS, OWL, PROV, RDF, Iri, Literal, Names

NAMES = Names(CANONICAL_BASE)
ASSEN, THERE = f"{CANONICAL_BASE}id/assen", "https://example.org/place/1"
SAME, EXACT, CLOSE = PREDICATES[:3]
FULL = Mapping(
    ASSEN,
    EXACT,
    THERE,
    "gazetteer",
    justification="CompositeMatching",
    confidence=0.97314,
    similarity=0.5,
    measure="cosine",
    subject_fields=("point", "name"),
    object_fields=("name",),
    match_string='Assen "the city"\nof Drenthe\t\\',
    tool="so2graph",
    tool_version="1.0",
    mapping_date="2026-11-26",
    author="https://orcid.org/0000-0001",
    reviewer="Anna",
    review_date="2026-11-27",
    source_version="gazetteer.csv 2026-11-20",
    run="20261126T041500-abcdef",
    comment="naar een kaart gekeken",
    subject_label="Assen",
    object_label="Assen (DR)",
    spec="ab" * 32,
    formerly=("2026-11-25 refused Bert", "2026-11-26 accepted so2graph 1.0"),
)
KINDS = {
    "full": FULL,
    "bare": Mapping(ASSEN, EXACT, THERE, "gazetteer"),
    "refused": replace(FULL, negated=True),
    "none": none_known(ASSEN, "gazetteer", reviewer="Anna", justification="ManualMappingCuration"),
    "same": replace(FULL, predicate=SAME, reviewer="", measure=IDENTIFIER, match_string="wikidata:Q798"),
    "certain": Mapping(ASSEN, CLOSE, "urn:x:y", "a-b", confidence=1.0, similarity=0.0),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_as_rdf_is_read_again(kind: str) -> None:
    """Every field of a judgement comes back from its triples, whatever else of the run stands among them."""
    mapping = KINDS[kind]
    triples = mapping_triples(mapping, NAMES)
    assert mapping_from(triples, NAMES, mapping.spec) == mapping
    assert mapping_from(reversed(triples), NAMES, mapping.spec) == mapping


def test_a_record_is_an_axiom_of_sssom() -> None:
    """It has the types, ends, justification and linkset that a reader of SSSOM in RDF looks for."""
    me = Iri(f"{CANONICAL_BASE}id/mapping/{FULL.record}")
    triples = set(mapping_triples(KINDS["refused"], NAMES))
    for predicate, obj in (
        (RDF + "type", Iri(OWL + "Axiom")),
        (RDF + "type", Iri("https://w3id.org/sssom/Mapping")),
        (OWL + "annotatedSource", Iri(ASSEN)),
        (OWL + "annotatedProperty", Iri(EXACT)),
        (OWL + "annotatedTarget", Iri(THERE)),
        (DCTERMS + "isPartOf", Iri(f"{CANONICAL_BASE}graph/link/gazetteer")),
        ("https://w3id.org/sssom/mapping_justification", Iri("https://w3id.org/semapv/vocab/CompositeMatching")),
        ("https://w3id.org/sssom/predicate_modifier", Iri("https://w3id.org/sssom/NegatedPredicate")),
        ("https://w3id.org/sssom/reviewer_label", Literal("Anna")),
        ("http://purl.org/pav/authoredBy", Iri("https://orcid.org/0000-0001")),
        (PROV + "wasGeneratedBy", Iri(f"{CANONICAL_BASE}id/run/gazetteer/{FULL.run}")),
        (PROV + "wasRevisionOf", Iri(f"{me.value}#2")),
    ):
        assert (me, Iri(predicate), obj) in triples


def test_a_run_says_what_it_used() -> None:
    """The specification by its digest, the snapshot, and the program with its version."""
    run = f"{CANONICAL_BASE}id/run/gazetteer/{FULL.run}"
    triples = set(run_triples(FULL, NAMES))
    assert (Iri(f"{run}#specification"), Iri(DCTERMS + "identifier"), Literal(f"sha256:{'ab' * 32}")) in triples
    assert (Iri(f"{run}#snapshot"), Iri(OWL + "versionInfo"), Literal("gazetteer.csv 2026-11-20")) in triples
    assert (Iri(f"{run}#program"), Iri(OWL + "versionInfo"), Literal("1.0")) in triples
    assert run_triples(KINDS["bare"], NAMES) == []


def test_a_record_goes_by_pair_predicate_and_target_alone() -> None:
    """What is said of a pair, by whom and when, changes nothing of its name; each of the four does."""
    assert FULL.record == KINDS["bare"].record == KINDS["refused"].record
    others = {
        replace(FULL, subject=THERE).record,
        replace(FULL, predicate=CLOSE).record,
        replace(FULL, object=ASSEN).record,
        replace(FULL, target="other").record,
    }
    assert len(others | {FULL.record}) == 5
    assert all(len(record) == 16 for record in others)


def test_verdicts() -> None:
    """Accepted, refused and none known are told apart."""
    assert {kind: mapping.verdict for kind, mapping in KINDS.items()} == {
        "full": "accepted",
        "bare": "accepted",
        "refused": "refused",
        "none": "none",
        "same": "accepted",
        "certain": "accepted",
    }


@pytest.mark.parametrize("justification", JUSTIFICATIONS)
def test_whose_judgement_it_is(justification: str) -> None:
    """Curation and review by hand are those of persons; a reviewer makes any judgement that of a person."""
    mapping = Mapping(ASSEN, EXACT, THERE, "gazetteer", justification=justification, tool="so2graph")
    assert mapping.by_person is (justification in ("ManualMappingCuration", "MappingReview"))
    assert replace(mapping, reviewer="Anna").by_person


def test_sameas_needs_a_proof() -> None:
    """An identifier or a person; a refusal needs none."""
    with pytest.raises(BadParameter, match="neither proved by an identifier nor said by a person"):
        Mapping(ASSEN, SAME, THERE, "gazetteer", justification="LexicalMatching", measure="cosine", match_string="x")
    with pytest.raises(BadParameter, match="neither proved"):
        Mapping(ASSEN, SAME, THERE, "gazetteer", measure=IDENTIFIER)
    assert Mapping(ASSEN, SAME, THERE, "gazetteer", measure=IDENTIFIER, match_string="cbs:GM0106").proved
    assert Mapping(ASSEN, SAME, THERE, "gazetteer", reviewer="Anna").by_person
    assert Mapping(ASSEN, SAME, THERE, "gazetteer", negated=True).verdict == "refused"


WRONG: dict[str, tuple[dict[str, object], str]] = {
    "predicate": ({"predicate": "http://www.w3.org/2000/01/rdf-schema#seeAlso"}, "no link that is made here"),
    "object": ({"object": "javascript:alert(1)"}, "no address of a thing"),
    "bar": ({"object": "https://example.org/a|b"}, "not an absolute IRI"),
    "no iri": ({"object": "Assen"}, "not an absolute IRI"),
    "target": ({"target": "A b"}, "no name of a target"),
    "reserved": ({"target": "review"}, "no name of a target"),
    "justification": ({"justification": "Guessing"}, "no justification"),
    "confidence": ({"confidence": 1.1}, "not from 0 to 1"),
    "similarity": ({"similarity": float("nan")}, "not from 0 to 1"),
    "date": ({"review_date": "26-11-2026"}, "not a date"),
    "address": ({"reviewer": "anna\u0040example.org"}, "e-mail address"),
    "address in a remark": ({"comment": "says anna\u0040example.org"}, "e-mail address"),
    "address of old": ({"formerly": ("x anna\u0040example.org",)}, "e-mail address"),
    "control": ({"comment": "a\x00b"}, "control character"),
    "long": ({"comment": "x" * 4001}, "more than 4000"),
    "none without term": ({"none": True}, "none known"),
    "term without none": ({"object": NO_TERM}, "none known"),
    "none refused": ({"object": NO_TERM, "none": True, "negated": True}, "none known"),
    "field": ({"subject_fields": ("a b",)}, "no name of a field"),
    "run": ({"run": "../x"}, "no id of a run"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_may_not_stand_in_a_judgement(case: str) -> None:
    """It raises BadParameter, which says what is wrong and what to do."""
    values, said = WRONG[case]
    with pytest.raises(BadParameter, match=said) as caught:
        Mapping(**{"subject": ASSEN, "predicate": EXACT, "object": THERE, "target": "gazetteer", **values})  # type: ignore[arg-type]  # wrong on purpose
    assert caught.value.mend
    assert "\u0040" not in str(caught.value)


def test_edges_of_what_may() -> None:
    """Four thousand characters, four digits of a share, and a slug of 64."""
    mapping = Mapping(ASSEN, EXACT, THERE, "a" * 64, comment="x" * 4000, confidence=0.99994999)
    assert mapping.confidence == 0.9999
    with pytest.raises(BadParameter, match="no name of a target"):
        target_name("a" * 65)


def test_a_changed_verdict_remembers_the_one_before() -> None:
    """The date, the verdict and whose it was; the same verdict of the same person adds nothing."""
    first = replace(KINDS["bare"], reviewer="Anna", review_date="2026-11-26")
    second = replace(first, negated=True, reviewer="Bert", review_date="2026-11-27").after(first)
    assert second.formerly == ("2026-11-26 accepted Anna",)
    assert replace(second, comment="again", formerly=()).after(second).formerly == second.formerly
    third = replace(first, review_date="2026-11-28", formerly=()).after(second)
    assert third.formerly == ("2026-11-26 accepted Anna", "2026-11-27 refused Bert")
