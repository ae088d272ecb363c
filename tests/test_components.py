"""How the entities of the page hang together: its parts by facts alone, with plans, and with one inference."""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx
import pytest

from so2graph.engine.snapshot import Snapshot
from so2graph.vocab import Prefixes
from tests.test_statements import CONTACT, ENTITIES, GRAPH_OF, Quads, read_quads

NAMED = frozenset(row.iri for row in ENTITIES if row.iri != "contact")
FACTS = ("so2/stated", CONTACT)
PLANS = tuple(GRAPH_OF[m] for m in ("inProgress", "planned", "attempted", "intended", "hoped"))
SAME = ("id:we", "id:mvo-alliantie")


@pytest.fixture(scope="session")
def quads(snapshot: Snapshot, prefixes: Prefixes) -> Quads:
    return read_quads(snapshot, prefixes)


def network(quads: Quads, graphs: Iterable[str], extra: Iterable[tuple[str, str]] = ()) -> nx.Graph[str]:
    """The entities as nodes, joined where a triple of the graphs has one as subject and another as object.

    Each e-mail address is a node of its own; what has no edge is left out.
    """
    wanted = frozenset(graphs)
    made: nx.Graph[str] = nx.Graph()
    for quad in quads:
        if quad.g not in wanted:
            continue
        if quad.g == CONTACT and quad.p == "vcard:hasEmail":
            made.add_edge(quad.s, f"address of {quad.s}")
        elif quad.s in NAMED and quad.o in NAMED:
            made.add_edge(quad.s, quad.o)
    made.add_edges_from(extra)
    return made


def sizes(made: nx.Graph[str]) -> list[int]:
    return sorted((len(part) for part in nx.connected_components(made)), reverse=True)


def part_of(made: nx.Graph[str], node: str) -> set[str]:
    return set(nx.node_connected_component(made, node))


def test_facts_alone_fall_into_four_parts(quads: Quads) -> None:
    """Stated statements make parts of 25, 7, 2 and 2: two hubs, the northern network, and the speaker."""
    facts = network(quads, FACTS)
    assert sizes(facts) == [25, 7, 2, 2]
    assert {"id:so2", "id:so-netwerk-assen-drenthe"} <= part_of(facts, "id:mvo-alliantie")
    assert part_of(facts, "id:so-netwerk-groningen") == {
        "id:so-netwerk-groningen",
        "id:buro-bries",
        "id:groningen",
        "id:jaarprogramma",
        "id:social-impact-day",
        "id:janwillem-wennekes",
        "address of id:janwillem-wennekes",
    }
    assert part_of(facts, "id:so-netwerk-noord-nederland") == {
        "id:so-netwerk-noord-nederland",
        "id:freerk-jan-bruins",
    }
    assert part_of(facts, "id:we") == {"id:we", "id:social-enterprise-nederland"}


def test_plans_join_the_hubs_and_leave_the_speaker_apart(quads: Quads) -> None:
    """With plans, attempts, intentions and hopes there are two parts, of 37 and 3: 'we' is not in the large one."""
    planned = network(quads, (*FACTS, *PLANS))
    assert sizes(planned) == [37, 3]
    assert part_of(planned, "id:we") == {"id:we", "id:social-enterprise-nederland", "id:national-developments"}


def test_one_inference_joins_everything(quads: Quads) -> None:
    """That 'we' is the alliance makes one part of 40 out of the two."""
    assert sizes(network(quads, (*FACTS, *PLANS), [SAME])) == [40]


def test_the_inference_is_in_the_graph_of_inferences(quads: Quads) -> None:
    """The graph of inferences holds the tie that joins the parts, and no fact graph does."""
    graphs = {q.g for q in quads if (q.s, q.o) == SAME and not q.g.endswith("claims")}
    assert graphs == {"so2/inferred"}
    assert sizes(network(quads, (*FACTS, *PLANS, "so2/inferred"))) == [40]


def test_the_core_of_each_part_has_the_degree_that_the_page_gives_it(quads: Quads) -> None:
    """CQ38: with facts SO2 has 6 neighbours, Assen/Drenthe 5, then three with 4; with plans two nodes have 8."""
    facts = network(quads, FACTS)
    degrees = sorted(((node, facts.degree[node]) for node in facts), key=lambda row: (-row[1], row[0]))
    assert degrees[:5] == [
        ("id:so2", 6),
        ("id:so-netwerk-assen-drenthe", 5),
        ("id:kerngroep-assen-drenthe", 4),
        ("id:luuk-duursma", 4),
        ("id:plan-2018", 4),
    ]
    assert degrees[5][1] == 3
    for graphs in ((*FACTS, *PLANS), (*FACTS, *PLANS, "so2/inferred")):
        everything = network(quads, graphs)
        top = sorted(everything, key=lambda node: (-everything.degree[node], node))[:3]
        assert top[:2] == ["id:plan-2018", "id:so-netwerk-noord-nederland"]
        assert [everything.degree[node] for node in top[:2]] == [8, 8]
        assert everything.degree[top[2]] < 8


def test_five_entities_stand_in_no_statement(quads: Quads) -> None:
    """What no statement joins to anything is the page, its last heading, the North and two themes."""
    everything = network(quads, (*FACTS, *PLANS, "so2/inferred"))
    assert NAMED - set(everything) == {
        "id:so2-page",
        "id:heading-documenten",
        "id:noord-nederland",
        "id:theme-social-entrepreneurship",
        "id:theme-csr",
    }


def test_a_tie_too_many_or_too_few_changes_the_parts(quads: Quads) -> None:
    """The count sees one statement that is added to the facts, and one that is taken out."""
    plan = next(q for q in quads if q.g == "so2/planned" and q.p == "so2:startsWith" and q.o == "id:groningen")
    fact = next(q for q in quads if q.g == "so2/stated" and q.p == "so2:madeWithin")
    assert sizes(network(quads | {plan._replace(g="so2/stated")}, FACTS)) == [25, 9, 2]
    assert sizes(network(quads - {fact}, FACTS)) == [13, 12, 7, 2, 2]
    contacts = next(q for q in quads if q.g == "so2/stated" and q.p == "so2:maintainsCloseContactsWith")
    assert sizes(network(quads - {contacts}, FACTS)) == [25, 7, 2]
