"""What a page about a thing is put together from: passages, ways, sentences, drawing, time line, citation."""

from __future__ import annotations

import json
import random
import re
import time
from itertools import permutations
from pathlib import Path

import pytest

from so2graph.config import Settings
from so2graph.engine.access import Access, Session
from so2graph.network.paths import Edge, paths, read_edges
from so2graph.network.routes import STEPS, Ways, WaysKeeper, national, routes
from so2graph.publish.entity import describe
from so2graph.publish.evidence import evidence_of, record_of, triple_of
from so2graph.publish.passages import Passage, Sources, passage
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, MODALITIES, Iri
from so2graph.web.citation import Citation
from so2graph.web.entity_summary import listed, quoted

ID = f"{CANONICAL_BASE}id/"


@pytest.fixture(scope="module")
def session(settings: Settings, bundle: Bundle) -> Session:
    return Access(settings, bundle).session()


TEXT = "Kop\n\nEerste zin, mbt. dit. Tweede zin met woorden! Derde.\n  • Een punt\n  • Nog een"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("met woorden", Passage("Tweede zin ", "met woorden", "!")),
        ("Eerste", Passage("", "Eerste", " zin, mbt. dit.")),
        ("dit. Tweede", Passage("Eerste zin, mbt. ", "dit. Tweede", " zin met woorden!")),
        ("Kop", Passage("", "Kop", "")),
        ("punt", Passage("Een ", "punt", "")),
        ("Nog een", Passage("", "Nog een", "")),
    ],
)
def test_a_passage_is_the_sentence_around_the_words(words: str, expected: Passage) -> None:
    """From the end of the sentence before to its own end, or the end of its line; without the sign of a list."""
    start = TEXT.index(words)
    assert passage(TEXT, start, start + len(words)) == expected


def test_a_passage_has_no_address_in_it() -> None:
    """Before, in, after and across the marked words; what is left of an address tells nothing."""
    text = "Bel jan.de-boer@voorbeeld.example of piet@voorbeeld.example, of mail kees@voorbeeld.example."
    for start in range(0, len(text), 3):
        for end in range(start + 1, len(text), 5):
            found = passage(text, start, end, "[x]")
            assert found is not None
            whole = found.before + found.marked + found.after
            assert "@" not in whole
            assert "voorbeeld" not in whole
            assert whole.count("[x]") == 3


def test_a_passage_is_within_its_text() -> None:
    """A place that is not there gives nothing, and a long sentence is cut around the words."""
    assert passage("abc", 2, 9) is None
    assert passage("abc", 2, 2) is None
    long = "a " * 500 + "HIER" + " b" * 500
    found = passage(long, 1000, 1004)
    assert found is not None
    assert found.marked == "HIER"
    assert found.before.startswith("… a")
    assert found.after.endswith("b …")
    assert len(found.before) + len(found.after) < 900


def test_every_claim_is_found_in_its_source(session: Session, bundle: Bundle) -> None:
    """All statements of all things: the words that the claim names are those that the passage marks."""
    sources, seen = Sources(session, bundle.data), 0
    for local in ("so-netwerk-assen-drenthe", "so-netwerk-groningen", "so-netwerk-noord-nederland", "so2", "we"):
        entity = describe(session, ID + local, 100, 10_000)
        statements = [s for relation in entity.relations for s in relation.statements]
        for claims in evidence_of(session, statements).values():
            for claim in claims:
                if claim.page is None or claim.start is None or claim.end is None:
                    continue
                source = sources.get(claim.page)
                assert source is not None
                found = source.passage(claim.start, claim.end, claim.quote, "[x]")
                assert found is not None, claim.identifier
                assert claim.quote is None or found.marked == claim.quote
                seen += 1
    assert seen > 40


def test_a_quote_that_is_not_there_is_not_marked(session: Session, bundle: Bundle) -> None:
    """Where the text is another than the claim was made on, no words are shown as if they were its own."""
    source = Sources(session, bundle.data).get(f"{ID}so2-page")
    assert source is not None
    assert (source.name, source.language) == ("so2", "nl")
    assert source.passage(0, 7, "Support", "[x]") is not None
    assert source.passage(0, 7, "Suppost", "[x]") is None


def test_a_source_is_a_file_of_the_folder_of_sources(tmp_path: Path, session: Session) -> None:
    """A page whose text is not in `sources` has no passages, whatever the graph says of its file."""
    (tmp_path / "sources").mkdir()
    assert Sources(session, tmp_path).get(f"{ID}so2-page") is None
    assert Sources(session, tmp_path).get(f"{ID}alescon") is None


def test_the_record_of_a_claim_is_what_it_attests(session: Session) -> None:
    """F23 holds one statement, as stated; a thing that is no claim holds none."""
    record, claim = record_of(session, f"{ID}claim-f23", 10)
    ((subject, predicate, obj),) = map(triple_of, record)
    assert (subject, predicate, obj) == (
        Iri(f"{ID}so-netwerk-assen-drenthe"),
        f"{CANONICAL_BASE}def#developedFrom",
        Iri(f"{ID}assenvoorassen"),
    )
    assert record[0].modality == "stated"
    assert claim is not None
    assert (claim.identifier, claim.quote) == (
        "F23",
        "Vanuit het MVO platform AssenvoorAssen wordt dit netwerk ontwikkeld",
    )
    assert record_of(session, f"{ID}alescon", 10) == ([], None)
    assert [s.modality for s in record_of(session, f"{ID}outside-06", 10)[0]] == ["outside"] * 3


def test_the_best_way_is_the_first_of_all_ways(session: Session) -> None:
    """Between any two things of the network it is what the list of every path begins with."""
    edges = read_edges(session)
    ways = Ways(edges)
    ends = ["so-netwerk-groningen", "so-netwerk-assen-drenthe", "so-netwerk-noord-nederland", "we", "alescon"]
    ends += ["social-enterprise-nederland", "buro-bries", "theme-csr", "nobody"]
    for one, other in permutations(ends, 2):
        for steps in (2, STEPS):
            found = paths(edges, ID + one, ID + other, steps)
            best = ways.best(ID + one, ID + other, steps)
            assert best == (found[0] if found else None), (one, other, steps)


def test_a_way_of_facts_wins_over_a_shorter_one_of_plans() -> None:
    """Certainty counts first, then fewer links that are no fact, then length; a limit may leave the worse."""
    edges = [Edge("a", "p", "b", "stated"), Edge("b", "p", "c", "stated"), Edge("c", "p", "d", "stated")]
    edges += [Edge("a", "p", "d", "planned"), Edge("d", "p", "e", "hoped")]
    ways = Ways(edges)
    facts = ways.best("a", "d", 3)
    assert facts is not None
    assert (facts.nodes, facts.rank) == (("a", "b", "c", "d"), 1)
    short = ways.best("a", "d", 2)
    assert short is not None
    assert (short.nodes, short.weakest) == (("a", "d"), "planned")
    assert ways.best("a", "e", 0) is None
    assert ways.best("a", "a", 3) is None
    (route,) = routes(ways, ["a"], ["d"], 3)
    assert (route.stated, route.best) == (True, facts)


def test_a_way_through_a_large_network_is_found_quickly() -> None:
    """Among 20,000 things and 60,000 links, also where there is none."""
    chance = random.Random(7)
    names = [f"n{number:05}" for number in range(20_000)]
    edges = [Edge(chance.choice(names), "p", chance.choice(names), chance.choice(MODALITIES)) for _ in range(60_000)]
    ways = Ways(edges)
    start = time.process_time()
    found = [ways.best(names[number], names[-number], STEPS) for number in range(1, 6)]
    assert ways.best(names[0], "nobody", STEPS) is None
    assert time.process_time() - start < 10
    assert any(found)
    assert all(len(path.steps) <= STEPS for path in found if path)


def test_ways_are_read_once_for_a_generation(session: Session) -> None:
    """The keeper gives the same ways to all who may read the same."""
    keeper = WaysKeeper()
    assert keeper.of(session) is keeper.of(session)
    assert national(session) == [f"{ID}social-enterprise-nederland"]


def test_names_are_listed_as_in_a_sentence() -> None:
    """With `and` before the last, and a number for those that are left out."""
    assert listed([], "nl") == ""
    assert listed(["A"], "nl") == "A"
    assert listed(["A", "B", "C"], "nl") == "A, B en C"
    assert listed(["A", "B"], "en", 5) == "A, B and 3 others"


def test_a_name_in_a_sentence_is_short_and_kept_apart() -> None:
    """One written from right to left, or with signs that turn text round, does not turn the sentence."""
    assert quoted("Buro Bries") == "Buro Bries"
    assert len(quoted("x" * 500)) == 100
    assert quoted("شركة الشمال") == "\u2068شركة الشمال\u2069"
    assert quoted("a\u202eb") == "\u2068a\u202eb\u202c\u2069", "what it leaves open is closed"


def test_a_citation_can_be_imported() -> None:
    """BibTeX with every special sign escaped, CSL-JSON that says the same."""
    name = 'A & B {C} 100% $5 #1 x_y ~ ^ \\ "q"'
    citation = Citation(name, f"{ID}é/x", "Netwerken", "so2graph", 7, "2026-11-26", ("https://l.example/4.0/",), "nl")
    assert citation.key == "so2graph-x-7"
    entry = citation.bibtex
    assert entry.startswith("@misc{so2graph-x-7,\n")
    assert r"A \& B \{C\} 100\% \$5 \#1 x\_y \textasciitilde{} \textasciicircum{} \textbackslash{}" in entry
    unescaped = re.sub(r"\\[{}]", "", entry)
    assert unescaped.count("{") == unescaped.count("}")
    (item,) = json.loads(citation.csl)
    assert item == {
        "id": "so2graph-x-7",
        "type": "dataset",
        "title": name,
        "container-title": "Netwerken",
        "author": [{"literal": "so2graph"}],
        "issued": {"date-parts": [[2026, 11, 26]]},
        "version": "7",
        "URL": f"{ID}é/x",
        "language": "nl",
        "license": "https://l.example/4.0/",
    }
