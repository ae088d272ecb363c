"""Paths, parts, cut points and bridges of the network: checked against the slow and simple way of finding them."""

from __future__ import annotations

from itertools import pairwise

import networkx
import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from so2graph.config import Settings
from so2graph.engine.access import Access, Session
from so2graph.network.holding import Around, holding
from so2graph.network.paths import Edge, paths, read_edges
from so2graph.network.picture import Picture, picture_of, read_picture
from so2graph.network.tables import Network, NetworkEdge, Node
from so2graph.network.visible import LATER, Choice, in_year, view, within
from so2graph.network.ways import best_way, shortest_way
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, MODALITIES

ID = f"{CANONICAL_BASE}id/"
ALL = frozenset(range(len(MODALITIES)))
Pair = tuple[int, int, int]
PAIRS = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11), st.integers(0, 6)), min_size=1, max_size=30)


@pytest.fixture(scope="module")
def session(settings: Settings, bundle: Bundle) -> Session:
    return Access(settings, bundle).session()


@pytest.fixture(scope="module")
def picture(session: Session) -> Picture:
    return read_picture(session)


def _bridges(graph: networkx.Graph[int]) -> list[tuple[int, int]]:
    return list(networkx.bridges(graph))  # type: ignore[arg-type]  # the stubs say nodes; it gives pairs of them


def made(pairs: list[Pair]) -> Picture:
    """The picture of a network of twelve things with these edges: from, to, modality."""
    nodes = tuple(Node(f"x:{number:02}", str(number)) for number in range(12))
    unique = sorted({(s, t, m) for s, t, m in pairs})
    edges = tuple(
        NetworkEdge(f"e{at}", f"x:{s:02}", f"x:{t:02}", "x:p", "p", MODALITIES[m])
        for at, (s, t, m) in enumerate(unique)
    )
    return picture_of(Network(nodes, edges), {}, str)


@hypothesis_settings(deadline=None)
@given(PAIRS, st.integers(0, 11), st.integers(0, 11), st.sets(st.integers(0, 6), min_size=1))
def test_the_way_is_the_first_of_all_paths(pairs: list[Pair], start: int, end: int, modalities: set[int]) -> None:
    """In any network the way is the one that `paths` puts first among all that there are, over the same links."""
    assume(start != end)
    picture = made(pairs)
    edges = [
        Edge(picture.iri[s], "x:p", picture.iri[t], MODALITIES[m])
        for s, t, m in zip(picture.source, picture.target, picture.modality, strict=True)
        if m in modalities
    ]
    expected = paths(edges, picture.iri[start], picture.iri[end], 12)
    way = best_way(picture, start, end, modalities)
    if not expected:
        assert way is None
        assert shortest_way(picture, start, end, modalities) is None
        return
    assert way is not None
    assert tuple(picture.iri[node] for node in way.nodes) == expected[0].nodes
    assert max(way.ranks(picture)) == expected[0].rank == picture.modality[way.weakest(picture)] + 1
    assert len(way.missing(picture)) == len(expected[0].missing)
    for edge, (one, other) in zip(way.edges, pairwise(way.nodes), strict=True):
        assert {picture.source[edge], picture.target[edge]} == {one, other}
    shortest = shortest_way(picture, start, end, modalities)
    assert shortest is not None
    assert len(shortest.edges) == min(len(path.steps) for path in expected)


def test_the_hubs_reach_the_nation_as_the_command_says(session: Session, picture: Picture) -> None:
    """On the seed the way of each hub is the first of `so2graph path`; on facts alone there is none."""
    edges = read_edges(session)
    nation = f"{ID}social-enterprise-nederland"
    for local in ("so-netwerk-groningen", "so-netwerk-assen-drenthe"):
        first = paths(edges, f"{ID}{local}", nation, 8)[0]
        way = best_way(picture, picture.index[f"{ID}{local}"], picture.index[nation], ALL)
        assert way is not None
        assert tuple(picture.iri[node] for node in way.nodes) == first.nodes
        assert best_way(picture, way.nodes[0], way.nodes[-1], {0}) is None
        assert best_way(picture, way.nodes[0], way.nodes[-1], ALL - {6}) is None


@hypothesis_settings(deadline=None)
@given(PAIRS, st.sets(st.integers(0, 6), min_size=1))
def test_what_holds_together_is_what_comes_apart_without_it(pairs: list[Pair], modalities: set[int]) -> None:
    """Each thing is taken away in turn, and each link; what then falls apart is what was said, and nothing else."""
    picture = made(pairs)
    seen = view(picture, Choice(frozenset(modalities)))
    held, around = holding(picture, seen), Around(picture, seen)
    graph: networkx.Graph[int] = networkx.Graph()
    graph.add_edges_from((picture.source[e], picture.target[e]) for e in seen.edges)
    graph.remove_edges_from(list(networkx.selfloop_edges(graph)))
    graph.remove_nodes_from(list(networkx.isolates(graph)))
    assert sorted(held.parts) == sorted(tuple(sorted(part)) for part in networkx.connected_components(graph))
    assert [len(part) for part in held.parts] == sorted(map(len, held.parts), reverse=True)
    assert set(held.alone) == set(seen.nodes) - set(graph)
    cuts = {cut.node: cut for cut in held.cut_points}
    for node in graph:
        part = next(part for part in held.parts if node in part)
        rest = graph.subgraph(set(part) - {node})
        pieces = sorted(
            (tuple(sorted(p)) for p in networkx.connected_components(rest)), key=lambda p: (-len(p), p[0])
        )
        assert around.without(node) == tuple(pieces)
        assert (node in cuts) == (len(pieces) > 1)
        if node in cuts:
            assert (cuts[node].pieces, cuts[node].lost) == (len(pieces), sum(map(len, pieces[1:])))
            assert sum(map(len, around.cut_off(cuts[node]))) == cuts[node].lost
    assert {(b.one, b.other) for b in held.bridges} == {(min(pair), max(pair)) for pair in _bridges(graph)}
    for bridge in held.bridges:
        cut = graph.copy()
        cut.remove_edge(bridge.one, bridge.other)
        sides = [networkx.node_connected_component(cut, end) for end in (bridge.one, bridge.other)]
        assert bridge.lost == min(map(len, sides)) == len(around.beyond(bridge))
        assert set(around.beyond(bridge)) in sides
    assert [c.lost for c in held.cut_points] == sorted((c.lost for c in held.cut_points), reverse=True)


def test_facts_alone_are_four_parts(picture: Picture) -> None:
    """As the page has it: 24, 6, 2 and 2 things, and the alliance holds the hub of Assen to the project."""
    seen = view(picture, Choice(frozenset({0})))
    held = holding(picture, seen)
    assert [len(part) for part in held.parts] == [24, 6, 2, 2]
    alliance = picture.index[f"{ID}mvo-alliantie"]
    (cut,) = [cut for cut in held.cut_points if cut.node == alliance]
    (piece,) = Around(picture, seen).cut_off(cut)
    assert picture.index[f"{ID}so-netwerk-assen-drenthe"] in piece
    assert len(holding(picture, view(picture, Choice())).parts) == 1


def test_a_deep_network_needs_no_deep_stack() -> None:
    """A chain of twenty thousand things is taken apart without recursion."""
    count = 20_000
    nodes = tuple(Node(f"x:{number:05}", str(number)) for number in range(count))
    edges = tuple(NetworkEdge(f"e{n}", f"x:{n:05}", f"x:{n + 1:05}", "x:p", "p", "stated") for n in range(count - 1))
    picture = picture_of(Network(nodes, edges), {}, str)
    held = holding(picture, view(picture, Choice()))
    assert (len(held.cut_points), len(held.bridges)) == (count - 2, count - 1)
    assert held.cut_points[0].lost == count // 2 - 1
    way = best_way(picture, 0, count - 1, ALL)
    assert way is not None
    assert len(way.edges) == count - 1


@pytest.mark.parametrize(
    ("years", "year", "shown"),
    [
        ((), "2016", True),
        ((2016, 2017), "2016", True),
        ((2016, 2017), "2018", False),
        ((2019,), LATER, True),
        ((2018,), LATER, False),
        ((1999,), "earlier", True),
        ((2016,), "", True),
    ],
)
def test_a_year_shows_what_is_dated_to_it_and_what_has_no_date(
    years: tuple[int, ...], year: str, shown: bool
) -> None:
    """What is undated is always there; what lies between two years is not claimed."""
    assert in_year(years, year) == shown


def test_a_choice_takes_links_and_things_away(picture: Picture) -> None:
    """By modality the links, by kind and year the things with their links; what is near follows what is in view."""
    groningen = picture.index[f"{ID}so-netwerk-groningen"]
    facts = view(picture, Choice(frozenset({0})))
    assert len(facts.nodes) == len(picture.iri)
    assert {picture.modality[edge] for edge in facts.edges} == {0}
    no_people = view(picture, Choice(kinds=frozenset(range(9)) - {4}))
    assert all(picture.kind[node] != 4 for node in no_people.nodes)
    assert all(picture.kind[picture.target[edge]] != 4 for edge in no_people.edges)
    later = view(picture, Choice(year=LATER))
    assert all(not picture.times[picture.year[edge]] for edge in later.edges)
    assert len(later.nodes) < len(picture.iri)
    assert within(picture, facts, groningen, 0) == {groningen}
    assert len(within(picture, facts, groningen, 1)) == 4
    assert len(within(picture, view(picture, Choice()), groningen, 1)) == 5
