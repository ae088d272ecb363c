"""The 51 statements and 45 entities of the page, each against a table of its own in `tests/expected/`.

The tables hold no e-mail address: the object of F35 and F43 is written `contact`, and so is every address that is
read from the store, before anything is compared or shown.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from so2graph.config import Settings
from so2graph.engine.snapshot import Snapshot
from so2graph.publish.build import build, open_current
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, Literal, Prefixes, Term

EXPECTED = Path(__file__).parent / "expected"
GRAPH_OF = {
    "stated": "so2/stated",
    "inProgress": "so2/in-progress",
    "planned": "so2/planned",
    "attempted": "so2/attempted",
    "intended": "so2/intended",
    "hoped": "so2/hoped",
    "inferred": "so2/inferred",
}
"""Modality to graph, below `…/graph/`."""
CONTACT = "so2/contact"
CONTEXT_LENGTH = 32
"""Characters that a quote shows before and after itself, where the page has them."""


class Quad4(NamedTuple):
    """A quad in short: prefixed names, literals as in Turtle, and the graph below `…/graph/`."""

    s: str
    p: str
    o: str
    g: str


Quads = frozenset[Quad4]


def short(term: Term, prefixes: Prefixes) -> str:
    """A term as the tables write it; an e-mail address is `contact`."""
    if isinstance(term, Literal):
        if "@" in term.value:
            return "contact"
        text = f'"{term.value}"'
        if term.language:
            return f"{text}@{term.language}"
        name = prefixes.compact(term.datatype)
        return text if name == "xsd:string" else f"{text}^^{name}"
    return "contact" if term.value.startswith("mailto:") else prefixes.compact(str(term))


def read_quads(snapshot: Snapshot, prefixes: Prefixes) -> Quads:
    """Every quad of the built store, in short."""
    graphs = {name: name.removeprefix(snapshot.names.graph("")) for name in snapshot.graphs.readable("public")}
    return frozenset(
        Quad4(short(s, prefixes), short(p, prefixes), short(o, prefixes), graphs[str(g)])
        for s, p, o, g in snapshot.quads(sorted(graphs))
    )


@pytest.fixture(scope="session")
def quads(snapshot: Snapshot, prefixes: Prefixes) -> Quads:
    return read_quads(snapshot, prefixes)


@dataclass(frozen=True)
class Statement:
    """A row of `statements.tsv`; each triple is `subject predicate object` in short."""

    id: str
    modality: str
    triples: tuple[str, ...]
    years: tuple[str, ...]
    start: int
    end: int

    @property
    def graph(self) -> str:
        return CONTACT if any(triple.endswith(" contact") for triple in self.triples) else GRAPH_OF[self.modality]

    @property
    def claim(self) -> str:
        return f"id:claim-{self.id.lower()}"


@dataclass(frozen=True)
class Entity:
    """A row of `entities.tsv`; `iri` is `contact` for an e-mail address, which has no label either."""

    id: str
    iri: str
    types: tuple[str, ...]
    nl: str
    en: str
    start: int
    end: int


def _rows(name: str) -> list[dict[str, str]]:
    with (EXPECTED / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


STATEMENTS = tuple(
    Statement(
        row["id"],
        row["modality"],
        tuple(row["triples"].split(" | ")),
        tuple(row["years"].split()),
        int(row["start"]),
        int(row["end"]),
    )
    for row in _rows("statements.tsv")
)
ENTITIES = tuple(
    Entity(
        row["id"], row["iri"], tuple(row["types"].split()), row["nl"], row["en"], int(row["start"]), int(row["end"])
    )
    for row in _rows("entities.tsv")
)


class Described:
    """The quads, indexed by subject and predicate over all graphs."""

    def __init__(self, quads: Quads) -> None:
        self.quads = quads
        index: dict[tuple[str, str], set[str]] = defaultdict(set)
        for quad in quads:
            index[quad.s, quad.p].add(quad.o)
        self._index: Mapping[tuple[str, str], set[str]] = index

    def values(self, subject: str, predicate: str) -> list[str]:
        return sorted(self._index.get((subject, predicate), ()))

    def bodies(self, claim: str) -> list[str]:
        """The triples that a claim is about."""
        return sorted(
            " ".join("|".join(self.values(node, part)) for part in ("rdf:subject", "rdf:predicate", "rdf:object"))
            for node in self.values(claim, "oa:hasBody")
        )


def context(page: str, start: int, end: int) -> tuple[str, str]:
    """What stands before and after `page[start:end]`, as far as the next e-mail address at most."""
    first, last = max(0, start - CONTEXT_LENGTH), min(len(page), end + CONTEXT_LENGTH)
    for address in re.finditer(r"[\w.]+@[\w.]+\w", page):
        if first < address.end() <= start:
            first = address.end()
        if end <= address.start() < last:
            last = address.start()
    return page[first:start], page[end:last]


def evidence_faults(claim: str, start: int, end: int, store: Described, page: str) -> list[str]:
    """What is wrong with the quote of a claim, which should be `page[start:end]`; names no e-mail address."""
    found: list[str] = []
    targets = store.values(claim, "oa:hasTarget")
    selectors = [s for target in targets for s in store.values(target, "oa:hasSelector")]
    quotes = [s for s in selectors if store.values(s, "rdf:type") == ["oa:TextQuoteSelector"]]
    positions = [s for s in selectors if store.values(s, "rdf:type") == ["oa:TextPositionSelector"]]
    if len(targets) != 1 or len(quotes) != 1 or len(positions) != 1:
        return [f"{claim} has {len(targets)} targets, {len(quotes)} quotes and {len(positions)} positions"]
    if store.values(targets[0], "oa:hasSource") != ["id:so2-page"]:
        found.append(f"{claim} quotes something else than the page")
    numbers = [store.values(positions[0], part) for part in ("oa:start", "oa:end")]
    if numbers != [[f'"{start}"^^xsd:integer'], [f'"{end}"^^xsd:integer']]:
        found.append(f"{claim} is not at [{start},{end}) but at {numbers}")
    before, after = context(page, start, end)
    for part, there in (("oa:exact", page[start:end]), ("oa:prefix", before), ("oa:suffix", after)):
        expected = "contact" if "@" in there else f'"{there}"'
        if store.values(quotes[0], part) != [expected]:
            found.append(f"{part} of {claim} is not what the page has there")
    if page.count(before + page[start:end] + after) != 1:
        found.append(f"the quote of {claim} is not unique in the page, with what stands around it")
    return found


def statement_faults(row: Statement, quads: Quads, page: str) -> list[str]:
    """What is wrong with a statement and its claim; empty when all is as the table says."""
    store, found = Described(quads), []
    places: dict[str, set[str]] = defaultdict(set)
    for quad in quads:
        if quad.g in GRAPH_OF.values() or quad.g == CONTACT:
            places[f"{quad.s} {quad.p} {quad.o}"].add(quad.g)
    for triple in row.triples:
        if places[triple] != {row.graph}:
            found.append(f"{triple} stands in {sorted(places[triple])}, not in {row.graph}")
    if store.values(row.claim, "dcterms:identifier") != [f'"{row.id}"']:
        found.append(f"{row.claim} is not identified as {row.id}")
    if store.values(row.claim, "rdf:type") != ["so2:Claim"]:
        found.append(f"{row.claim} is not a claim")
    if store.values(row.claim, "so2:modality") != [f"so2:{row.modality}"]:
        found.append(f"{row.claim} has modality {store.values(row.claim, 'so2:modality')}, not {row.modality}")
    if store.bodies(row.claim) != sorted(row.triples):
        found.append(f"{row.claim} is about {store.bodies(row.claim)}")
    if store.values(row.claim, "so2:validYear") != [f'"{year}"^^xsd:gYear' for year in row.years]:
        found.append(f"{row.claim} holds for {store.values(row.claim, 'so2:validYear')}, not {row.years}")
    return found + evidence_faults(row.claim, row.start, row.end, store, page)


def entity_faults(row: Entity, quads: Quads, page: str) -> list[str]:
    """What is wrong with an entity and the mention that shows it in the page."""
    of_page = frozenset(q for q in quads if q.g.startswith("so2/"))
    store, found = Described(of_page), []
    subjects = {q.s for q in of_page if q.p == "dcterms:identifier" and q.o == f'"{row.id}"'}
    if subjects != {row.iri}:
        found.append(f"{row.id} is {sorted(subjects)}, not {row.iri}")
    if store.values(row.iri, "rdf:type") != sorted(row.types):
        found.append(f"{row.iri} is of type {store.values(row.iri, 'rdf:type')}")
    labels = sorted(f'"{text}"@{tag}' for text, tag in ((row.nl, "nl"), (row.en, "en")) if text)
    if store.values(row.iri, "rdfs:label") != labels:
        found.append(f"{row.iri} is labelled {store.values(row.iri, 'rdfs:label')}")
    mentions = {q.s for q in of_page if q.p == "dcterms:identifier" and q.o == f'"M-{row.id}"'}
    if len(mentions) != 1:
        return [*found, f"{row.id} has {len(mentions)} mentions of its own"]
    mention = mentions.pop()
    if store.values(mention, "rdf:type") != ["so2:Mention"]:
        found.append(f"{mention} is not a mention")
    if {body.split(" ")[0] for body in store.bodies(mention)} != {row.iri}:
        found.append(f"{mention} is about {store.bodies(mention)}")
    return found + evidence_faults(mention, row.start, row.end, store, page)


def test_the_tables_hold_51_statements_and_45_entities_without_an_email_address() -> None:
    """The tables are complete, in order, and free of e-mail addresses."""
    assert [row.id for row in STATEMENTS] == [f"F{number:02d}" for number in range(1, 52)]
    assert len({row.id for row in ENTITIES}) == len(ENTITIES) == 45
    # A language tag has an @ too, but behind a quotation mark.
    for name in ("statements.tsv", "entities.tsv"):
        assert "@" not in (EXPECTED / name).read_text(encoding="utf-8").replace('"@nl', "").replace('"@en', "")
    assert [row.id for row in STATEMENTS if row.graph == CONTACT] == ["F35", "F43"]


def test_thirty_seven_statements_are_stated_and_fourteen_are_not() -> None:
    """The modalities divide as the page has them: 37 stated, 14 in the six graphs that hold no facts."""
    count: dict[str, int] = defaultdict(int)
    for row in STATEMENTS:
        count[row.modality] += 1
    assert count == {"stated": 37, "planned": 3, "attempted": 1, "intended": 7, "hoped": 1, "inferred": 2}


@pytest.mark.parametrize("row", STATEMENTS, ids=lambda row: row.id)
def test_a_statement_stands_in_the_graph_of_its_modality_with_the_words_it_rests_on(
    row: Statement,
    quads: Quads,
    page: str,
) -> None:
    """Triples, graph, modality, years and quote of each statement are those of the table and of the page."""
    assert statement_faults(row, quads, page) == []


@pytest.mark.parametrize("row", ENTITIES, ids=lambda row: row.id)
def test_an_entity_has_its_types_its_labels_and_a_mention(row: Entity, quads: Quads, page: str) -> None:
    """Types and labels of each entity are those of the table, and its mention is where the page names it."""
    assert entity_faults(row, quads, page) == []


def test_only_the_three_reports_share_a_quote(quads: Quads) -> None:
    """F07, F08 and F09 rest on the same words; no other two statements of the table do, but for pairs of brackets."""
    shared: dict[tuple[int, int], list[str]] = defaultdict(list)
    for row in STATEMENTS:
        shared[row.start, row.end].append(row.id)
    # Two in one bracket: who is in the core group, and for whom. F44 is inferred from the words of F43.
    assert sorted(ids for ids in shared.values() if len(ids) > 1) == [
        ["F07", "F08", "F09"],
        ["F28", "F31"],
        ["F29", "F32"],
        ["F43", "F44"],
    ]


def test_every_triple_of_a_modality_graph_is_claimed_with_that_modality(quads: Quads) -> None:
    """No triple stands in a graph of statements without a claim or mention of that modality, or the reverse."""
    store = Described(quads)
    claimed: set[tuple[str, str]] = set()
    attested = {q.s for q in quads if q.p == "rdf:type" and q.o in ("so2:Claim", "so2:Mention")}
    for claim in attested:
        (modality,) = store.values(claim, "so2:modality")
        claimed |= {(body, GRAPH_OF[modality.removeprefix("so2:")]) for body in store.bodies(claim)}
    asserted = {(f"{q.s} {q.p} {q.o}", q.g) for q in quads if q.g in GRAPH_OF.values()}
    assert asserted - claimed == set()
    elsewhere = {(f"{q.s} {q.p} {q.o}", "so2/stated") for q in quads if q.g in ("so2/persons", CONTACT)}
    assert claimed - asserted - elsewhere == set()


def test_no_address_stands_outside_the_contact_graph(snapshot: Snapshot) -> None:
    """No term of any other graph holds an e-mail address, not even inside a quote."""
    graphs = snapshot.graphs.readable("private")
    assert snapshot.names.graph(CONTACT) not in graphs
    holding = {str(g) for s, p, o, g in snapshot.quads(sorted(graphs)) if any("@" in str(term) for term in (s, p, o))}
    assert holding == set()


def _row(identifier: str) -> Statement:
    return next(row for row in STATEMENTS if row.id == identifier)


@pytest.mark.parametrize("identifier", ["F06", "F16", "F27", "F35", "F44", "F47"])
def test_a_missing_or_moved_triple_is_found(identifier: str, quads: Quads, page: str) -> None:
    """The check of a statement fails when one of its triples is dropped, moved, or stands in a second graph."""
    row = _row(identifier)
    triple = row.triples[0]
    own = next(q for q in quads if q.g == row.graph and f"{q.s} {q.p} {q.o}" == triple)
    other = own._replace(g="so2/stated" if row.graph != "so2/stated" else "so2/hoped")
    for changed in (quads - {own}, (quads - {own}) | {other}, quads | {other}):
        assert any(triple in fault for fault in statement_faults(row, frozenset(changed), page))


@pytest.mark.parametrize(
    ("predicate", "wrong"),
    [("so2:modality", "so2:stated"), ("so2:validYear", '"2017"^^xsd:gYear'), ("dcterms:identifier", '"F61"')],
)
def test_a_claim_that_says_more_than_its_statement_is_found(
    predicate: str,
    wrong: str,
    quads: Quads,
    page: str,
) -> None:
    """The check fails on a second modality, year or identifier of a claim."""
    row = _row("F16")
    assert statement_faults(row, quads | {Quad4(row.claim, predicate, wrong, "so2/claims")}, page) != []


def test_a_body_left_out_of_a_claim_is_found(quads: Quads, page: str) -> None:
    """The check fails when a claim leaves out one triple of its membership."""
    row = _row("F28")
    left = frozenset(q for q in quads if not (q.s == row.claim and q.p == "oa:hasBody" and q.o.endswith("-3")))
    assert len(left) == len(quads) - 1
    assert statement_faults(row, left, page) != []


def test_a_page_that_shifts_by_one_character_is_found(quads: Quads, page: str) -> None:
    """The check fails for every statement when the page gains a character at its start."""
    assert all(statement_faults(row, quads, "x" + page) for row in STATEMENTS)


def test_an_entity_with_another_type_or_label_is_found(quads: Quads, page: str) -> None:
    """The check of an entity fails on a type, a label or a second subject too many."""
    row = next(row for row in ENTITIES if row.id == "gro")
    for wrong in (
        Quad4(row.iri, "rdf:type", "so2:Municipality", "so2/stated"),
        Quad4(row.iri, "rdfs:label", '"Stad"@nl', "so2/editorial"),
        Quad4("id:stad", "dcterms:identifier", '"gro"', "so2/editorial"),
    ):
        assert entity_faults(row, quads | {wrong}, page) != []


def test_a_statement_moved_in_the_files_is_found_in_the_built_store(
    bundle: Bundle,
    prefixes: Prefixes,
    page: str,
    tmp_path: Path,
) -> None:
    """A plan written into the file of facts, and a fact taken out of it, are both found in what is built."""
    root = tmp_path / "bundle"
    for folder in ("data", "ontology"):
        shutil.copytree(bundle.root / folder, root / folder, ignore=shutil.ignore_patterns("shapes"))
    planned, stated = root / "data/so2/planned.trig", root / "data/so2/stated.trig"
    plan = "    <plan-2018> so2:worksAround <groningen>, <assen> ;\n        so2:connects"
    fact = "        so2:combinedWith <theme-circular-goals> ;\n"
    texts = planned.read_text(encoding="utf-8"), stated.read_text(encoding="utf-8")
    assert plan in texts[0]
    assert fact in texts[1]
    planned.write_text(texts[0].replace(plan, "    <plan-2018> so2:connects"), encoding="utf-8")
    kind = "    <plan-2018> a so2:StepPlan ;"
    stated.write_text(
        texts[1].replace(fact, "").replace(kind, f"{kind} so2:worksAround <groningen>, <assen> ;"), encoding="utf-8"
    )
    made = Settings.load({}, {"data": tmp_path / "data"})
    build(Bundle(root, CANONICAL_BASE), made)
    changed = read_quads(open_current(made), prefixes)
    assert [row.id for row in STATEMENTS if statement_faults(row, changed, page)] == ["F06", "F16"]
