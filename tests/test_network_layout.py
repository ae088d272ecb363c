"""Where everything stands in the picture of the network: always the same, apart, and hardly ever elsewhere."""

from __future__ import annotations

import time
from itertools import combinations
from math import hypot

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from so2graph.config import Settings
from so2graph.engine.access import Access, Session
from so2graph.network.kinds import KINDS, kind_of, tier_of
from so2graph.network.picture import Picture, picture_of, read_picture
from so2graph.network.radial import STRETCH, UNIT, Spot, arrange
from so2graph.network.reading import read_network
from so2graph.network.tables import Network
from so2graph.network.visible import Choice, view
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, MODALITIES
from so2graph.web.network_drawing import LINES, SIGNS, draw_network, largest

ID, DEF = f"{CANONICAL_BASE}id/", f"{CANONICAL_BASE}def#"


@pytest.fixture(scope="module")
def session(settings: Settings, bundle: Bundle) -> Session:
    return Access(settings, bundle).session()


@pytest.fixture(scope="module")
def network(session: Session) -> Network:
    return read_network(session)


@pytest.fixture(scope="module")
def picture(session: Session) -> Picture:
    return read_picture(session)


def node(picture: Picture, local: str) -> int:
    return picture.index[f"{ID}{local}"]


def made(hubs: int, members: int) -> tuple[list[str], list[int | None], list[int], list[tuple[int, int, int]]]:
    """A nation, hubs, and so many members and up to half more around each, every third one a step farther out."""
    counts = [members + 7 * h % (members // 2 + 1) for h in range(hubs)]
    names = [
        "nation",
        *(f"hub/{h}" for h in range(hubs)),
        *(f"m/{h}/{m}" for h in range(hubs) for m in range(counts[h])),
    ]
    iris = sorted(names)
    at = {name: index for index, name in enumerate(iris)}
    edges = [(at["nation"], at[f"hub/{h}"], 5) for h in range(hubs)]
    for h in range(hubs):
        for m in range(counts[h]):
            other = f"hub/{h}" if m % 3 or m < 3 else f"m/{h}/{m - 1}"
            edges.append((at[other], at[f"m/{h}/{m}"], 1))
    tiers = [0 if name == "nation" else 2 if name.startswith("hub") else None for name in iris]
    return iris, tiers, [3 + sum(map(ord, name)) % 5 for name in iris], edges


def distance(one: Spot, other: Spot) -> float:
    """How far apart two places are, before the picture is made wide."""
    return hypot((one.x - other.x) / STRETCH, one.y - other.y)


def test_the_same_network_is_always_placed_the_same(session: Session, picture: Picture) -> None:
    """Read again, every byte of it is as it was."""
    assert read_picture(session).encode() == picture.encode()


def test_nothing_overlaps_in_the_seed(picture: Picture) -> None:
    """No two signs touch, and every name has room in the drawing of the server, in both languages."""
    spots = list(zip(picture.x, picture.y, strict=True))
    for one, other in combinations(range(len(spots)), 2):
        apart = hypot((spots[one][0] - spots[other][0]) / STRETCH, spots[one][1] - spots[other][1])
        assert apart >= UNIT - 2, (picture.iri[one], picture.iri[other])
        assert apart > picture.size[one] + picture.size[other]
    for language in ("nl", "en"):
        labels = [picture.label(at, language) for at in range(len(picture.iri))]
        drawn = draw_network(picture, view(picture, Choice()), labels, 300)
        assert len(drawn.marks) == len(picture.iri) == drawn.of
        assert [labels[mark.node] for mark in drawn.marks if not mark.lines] == []
        boxes = []
        for mark in drawn.marks:
            width = max(len(text) for _, _, text in mark.lines) * mark.font * 0.54
            x, first, _ = mark.lines[0]
            left = x - {"start": 0.0, "middle": width / 2, "end": width}[mark.anchor]
            top = first - mark.font + 2
            boxes.append((left, top, left + width, top + len(mark.lines) * (mark.font + 2)))
            assert left >= -1
            assert left + width <= drawn.width + 1
            assert top >= 0
            assert boxes[-1][3] <= drawn.height
        for (a, b, c, d), (e, f, g, h) in combinations(boxes, 2):
            assert not (a + 1 < g and c > e + 1 and b + 1 < h and d > f + 1)


def test_the_national_level_is_in_the_middle_and_hubs_around_it(picture: Picture) -> None:
    """The nation at the origin; what a hub is alone linked to stands in its disc, nearer than any other hub."""
    nation = node(picture, "social-enterprise-nederland")
    assert (picture.x[nation], picture.y[nation]) == (0, 0)
    assert picture.hub[nation] == nation
    for local, hub in (("buro-bries", "so-netwerk-groningen"), ("luuk-duursma", "so-netwerk-assen-drenthe")):
        assert picture.hub[node(picture, local)] == node(picture, hub)
    assert picture.hub[node(picture, "freerk-jan-bruins")] == node(picture, "so-netwerk-noord-nederland")
    assert picture.hub[node(picture, "so2")] == node(picture, "mvo-alliantie")
    assert picture.hub[node(picture, "we")] == nation, "a stated link wins over an inferred one"


def test_what_is_added_hardly_moves_what_was_there() -> None:
    """Six more in each of thirty hubs of some 250: half move less than a hundredth of the width, few hubs at all."""
    iris, tiers, sectors, edges = made(30, 200)
    before = dict(zip(iris, arrange(iris, tiers, sectors, edges), strict=True))
    at = {name: index for index, name in enumerate(iris)}
    more = [f"new/{number}" for number in range(180)]
    names = sorted([*iris, *more])
    index = {name: position for position, name in enumerate(names)}
    known = {name: (tiers[at[name]], sectors[at[name]]) for name in iris} | {
        name: (None, 3 + n % 5) for n, name in enumerate(more)
    }
    links = [(index[iris[s]], index[iris[t]], rank) for s, t, rank in edges]
    links += [(index[f"hub/{number % 30}"], index[name], 1) for number, name in enumerate(more)]
    after = arrange(names, [known[n][0] for n in names], [known[n][1] for n in names], links)
    moved = sorted(distance(before[name], after[index[name]]) / UNIT for name in iris)
    width = (max(spot.x for spot in after) - min(spot.x for spot in after)) / STRETCH / UNIT
    assert moved[len(moved) // 2] < 0.01 * width
    assert moved[len(moved) * 9 // 10] < 0.04 * width
    assert moved[-1] < 0.2 * width
    hubs = [distance(before[name], after[index[name]]) / UNIT for name in iris if name.startswith("hub")]
    assert sorted(hubs)[len(hubs) // 2] == 0


def test_a_hub_more_leaves_the_others_where_they_are() -> None:
    """A sixth hub turns none of the five, and most of what was there stays where it was."""
    iris, tiers, sectors, edges = made(5, 20)
    before = dict(zip(iris, arrange(iris, tiers, sectors, edges), strict=True))
    iris, tiers, sectors, edges = made(6, 20)
    after = dict(zip(iris, arrange(iris, tiers, sectors, edges), strict=True))
    same = [name for name in before if distance(before[name], after[name]) <= 1.5 * UNIT]
    assert len(same) >= 0.6 * len(before)


@pytest.mark.alone
def test_time_grows_with_the_network() -> None:
    """Eight times as much takes about eight times as long, not sixty-four."""

    def seconds(hubs: int) -> float:
        asked = made(hubs, 100)
        best = 99.0
        for _ in range(3):
            begun = time.process_time()
            arrange(*asked)
            best = min(best, time.process_time() - begun)
        return best

    assert seconds(160) < 25 * seconds(20)


def test_without_any_hub_each_part_is_around_its_largest() -> None:
    """A dataset without classes of ours: every component stands by itself around what has most links."""
    iris = [f"x/{number:03}" for number in range(40)]
    edges = [(0, other, 1) for other in range(1, 20)] + [(20, other, 1) for other in range(21, 39)]
    spots = arrange(iris, [None] * 40, [3] * 40, edges)
    assert {spot.hub for spot in spots[:20]} == {0}
    assert {spot.hub for spot in spots[20:39]} == {20}
    assert spots[39].hub == 39
    assert min(distance(one, other) for one, other in combinations(spots, 2)) >= UNIT - 2


@hypothesis_settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 60),
    st.lists(st.tuples(st.integers(0, 59), st.integers(0, 59), st.integers(1, 7)), max_size=120),
    st.lists(st.sampled_from([None, None, None, 0, 1, 2]), min_size=60, max_size=60),
)
def test_any_network_has_a_place_for_everything(
    count: int, edges: list[tuple[int, int, int]], tiers: list[int | None]
) -> None:
    """Whatever hangs on whatever: no two things closer than a place, and every hub index is in the network."""
    iris = [f"x/{number:02}" for number in range(count)]
    kept = [(source, target, rank) for source, target, rank in edges if source < count and target < count]
    spots = arrange(iris, tiers[:count], [number % 8 for number in range(count)], kept)
    assert len(spots) == count
    assert all(0 <= spot.hub < count for spot in spots)
    assert all(distance(one, other) >= UNIT - 3 for one, other in combinations(spots, 2))
    assert spots == arrange(iris, tiers[:count], [number % 8 for number in range(count)], list(reversed(kept)))


def test_more_hubs_than_are_put_one_by_one_stand_in_rings() -> None:
    """Six hundred hubs with their members: none overlaps another."""
    spots = arrange(*made(600, 4))
    assert len({(spot.x, spot.y) for spot in spots}) == len(spots)


def test_every_kind_and_modality_has_a_sign_of_its_own() -> None:
    """No two kinds share shape and colour, no two modalities share colour and dashes."""
    assert len(SIGNS) == len(KINDS) == len({(sign.path, sign.fill) for sign in SIGNS})
    assert len(LINES) == len(MODALITIES) == len(set(LINES))
    assert len({dashes for _, dashes in LINES}) == len(LINES)


def test_kinds_are_by_the_classes_that_a_thing_has() -> None:
    """The most telling class decides, whatever namespace it is of; what is unknown is something else."""
    assert KINDS[kind_of([f"{DEF}RegionalNetwork", f"{DEF}Network"])] == "hub"
    assert KINDS[kind_of(["http://www.w3.org/ns/org#Organization"])] == "organisation"
    assert KINDS[kind_of(["http://xmlns.com/foaf/0.1/Person", "http://www.w3.org/ns/prov#Agent"])] == "person"
    assert KINDS[kind_of(["http://example.org/Whatever"])] == KINDS[kind_of([])] == "other"
    assert (tier_of([f"{DEF}Alliance"]), tier_of([f"{DEF}Report"])) == (1, None)


def test_the_picture_is_the_network_in_columns(network: Network, picture: Picture) -> None:
    """Every node and edge is in it with its names, type, certainty and years, and comes back from JSON as it was."""
    assert Picture.decode(picture.encode()) == picture
    assert list(picture.iri) == [one.id for one in network.nodes]
    for at, one in enumerate(network.nodes):
        assert (picture.label(at, "nl"), picture.label(at, "en")) == (one.label("nl"), one.label("en"))
        assert picture.types[picture.type[at]].iri == one.type
        assert picture.times[picture.dated[at]] == one.years
    for at, edge in enumerate(network.edges):
        assert picture.iri[picture.source[at]] == edge.source
        assert picture.iri[picture.target[at]] == edge.target
        assert picture.relations[picture.relation[at]].iri == edge.predicate
        assert picture.relations[picture.relation[at]].label("en") == edge.relation("en")
        assert (MODALITIES[picture.modality[at]], picture.times[picture.year[at]]) == (edge.modality, edge.years)
    assert b'"iri":["alescon",' in picture.encode()


def test_an_empty_network_has_an_empty_picture() -> None:
    """Nothing in, nothing out, and a drawing of nothing."""
    empty = picture_of(Network((), ()), {}, str)
    assert Picture.decode(empty.encode()) == empty
    assert draw_network(empty, view(empty, Choice()), [], 300).marks == ()


def test_a_large_picture_is_cut_to_the_largest(picture: Picture) -> None:
    """At most so many are drawn: those asked for first, then hubs, then what has most links."""
    everything = range(len(picture.iri))
    kept = largest(picture, everything, 5, [node(picture, "alescon")])
    assert len(kept) == 5
    assert node(picture, "alescon") in kept
    assert {picture.kind[at] for at in kept if at != node(picture, "alescon")} <= {0, 1, 2}
    drawn = draw_network(picture, view(picture, Choice()), picture.label_nl, 5)
    assert (len(drawn.marks), drawn.of) == (5, len(picture.iri))
