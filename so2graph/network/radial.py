"""Places the whole network around its hubs, always the same way, so that everything is where it was before.

The national level is in the middle, the networks between and the hubs around it, and each hub has its own disc: what
is one step away in the inner rings, what is farther in the outer ones. Where a thing stands depends on its IRI and on
what it hangs on, hardly on how many others there are: what is added moves what was there by a place at most, but for
the day on which a disc needs one more ring.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from math import asin, cos, floor, hypot, pi, sin, sqrt

__all__ = ["APART", "STRETCH", "UNIT", "Spot", "arrange"]

UNIT = 100
"""How far apart two things stand at least, in the units of a `Spot`."""
STRETCH = 1.4
"""How much wider than high the whole is: names are wide, and so are screens."""
APART = 3
"""The tier of what hangs on no hub; 0 is the national level, 1 what lies between, 2 a hub."""
_DEEPEST = 4
"""Steps from the hub beyond which all stand in the same outer rings."""
_FILLED = 0.8
_BY_RAY = 400
"""Discs that are each put as near to the middle as there is room; those beyond stand in rings around these."""
_GAP = 0.15
_GROWTH = 1.18
_FIRST, _STEP = 1.6, 1.35
"""The radius of the innermost ring, and how much farther out each next one is."""
_TURN = 2 * pi


@dataclass(frozen=True)
class Spot:
    """Where a thing stands (`y` grows upwards), and the index of the hub whose disc it is in."""

    x: int
    y: int
    hub: int


@dataclass
class _Disc:
    """A hub with what hangs on it; `members` are by steps from the hub, the hub itself left out."""

    hub: int
    tier: int
    members: list[list[int]]
    radius: float = 0.0


def arrange(
    iris: Sequence[str], tiers: Sequence[int | None], sectors: Sequence[int], edges: Iterable[tuple[int, int, int]]
) -> list[Spot]:
    """A place for each thing, in the order of `iris`, which is sorted.

    `tiers` says which things are hubs (0 to 2) and None of all others; `sectors` (0 to 7) in which part of a disc a
    thing likes to be; an edge is two indices and its certainty rank. Things on no hub get a hub of their own: of each
    component the one with most edges. Takes time in proportion to things and edges, but for sorting.
    """
    near: list[list[tuple[int, int]]] = [[] for _ in iris]
    for source, target, rank in edges:
        if source != target:
            near[source].append((rank, target))
            near[target].append((rank, source))
    parents, discs = _discs(tiers, near)
    at: dict[int, tuple[float, float]] = {}
    for disc in discs:
        disc.radius = _fill(disc, iris, sectors, parents, at)
    spots: list[Spot] = [Spot(0, 0, 0)] * len(iris)
    for disc, (x, y) in zip(discs, _centres(discs, iris), strict=True):
        for member in (disc.hub, *(one for ring in disc.members for one in ring)):
            dx, dy = at[member]
            spots[member] = Spot(round((x + dx) * UNIT * STRETCH), round((y + dy) * UNIT), disc.hub)
    return spots


@lru_cache(200_000)
def _share(iri: str) -> float:
    """A number from 0 to 1 that depends on the IRI alone."""
    digest = blake2b(iri.encode("utf-8", "surrogatepass"), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


def _discs(tiers: Sequence[int | None], near: Sequence[list[tuple[int, int]]]) -> tuple[list[int], list[_Disc]]:
    """Who hangs on whom (-1 for hubs), and the discs: hubs by tier, then what is apart, in a fixed order."""
    parents = [-1] * len(tiers)
    hub_of = [-1] * len(tiers)
    discs: dict[int, _Disc] = {}

    def begin(index: int, tier: int) -> None:
        discs[index] = _Disc(index, tier, [])
        hub_of[index] = index

    for index, tier in enumerate(tiers):
        if tier is not None:
            begin(index, tier)
    _spread(sorted(discs), parents, hub_of, discs, near)
    for index in sorted(range(len(tiers)), key=lambda one: (-len(near[one]), one)):
        if hub_of[index] < 0:
            begin(index, APART)
            _spread([index], parents, hub_of, discs, near)
    return parents, sorted(discs.values(), key=lambda disc: (disc.tier, disc.hub))


def _spread(
    ahead: list[int],
    parents: list[int],
    hub_of: list[int],
    discs: dict[int, _Disc],
    near: Sequence[list[tuple[int, int]]],
) -> None:
    """Gives all that can be reached to the nearest hub; of several by the most certain edge, then a regional one."""
    steps = 0
    while ahead:
        best: dict[int, tuple[int, int, int]] = {}
        for index in ahead:
            for rank, other in near[index]:
                if hub_of[other] < 0:
                    bid = rank, -discs[hub_of[index]].tier, index
                    if bid < best.get(other, (99, 0, 0)):
                        best[other] = bid
        ahead = sorted(best)
        for index in ahead:
            parent = best[index][2]
            parents[index], hub_of[index] = parent, hub_of[parent]
            rings = discs[hub_of[parent]].members
            depth = min(steps, _DEEPEST - 1)
            while len(rings) <= depth:
                rings.append([])
            rings[depth].append(index)
        steps += 1


def _fill(
    disc: _Disc,
    iris: Sequence[str],
    sectors: Sequence[int],
    parents: Sequence[int],
    at: dict[int, tuple[float, float]],
) -> float:
    """Places the members of a disc around its hub, whose place is the origin; returns the radius of the disc."""
    at[disc.hub] = (0.0, 0.0)
    angles: dict[int, float] = {}
    ring = 1
    for members in disc.members:
        wishes = {}
        for index in members:
            parent, share = parents[index], _share(iris[index])
            if parent == disc.hub or parent not in angles:
                wishes[index] = (sectors[index] + share) / 8 * _TURN
            else:
                wishes[index] = (angles[parent] + (share - 0.5) * 0.6) % _TURN
        for number, placed in _rings(members, wishes, iris, ring):
            for index, angle in placed.items():
                angles[index] = angle
                at[index] = (_radius(number) * cos(angle), _radius(number) * sin(angle))
            ring = number + 1
    return _reserved(_radius(ring - 1) + 0.5 if ring > 1 else 0.8)


def _reserved(radius: float) -> float:
    """The room that a disc is given: in few sizes, so that it seldom grows when its members do."""
    room = 0.8
    while room < radius:
        room *= _GROWTH
    return room


def _radius(ring: int) -> float:
    return _FIRST + _STEP * (ring - 1)


def _room(ring: int) -> int:
    """How many things stand in a ring, a unit apart from each other."""
    return floor(pi / _half(ring))


@lru_cache
def _half(ring: int) -> float:
    """Half the angle between two things in a ring that are a unit apart."""
    return asin(0.5 / _radius(ring))


def _rings(
    members: Sequence[int], wishes: dict[int, float], iris: Sequence[str], first: int
) -> list[tuple[int, dict[int, float]]]:
    """The members in as many rings as they need, from the ring `first` on: each ring with the angles in it.

    The ring of a thing is by its IRI; where that is full, the next that is not.
    """
    rooms = [_room(first)]
    while sum(rooms) * (_FILLED if len(members) > 6 else 1.0) < len(members):
        rooms.append(_room(first + len(rooms)))
    total, filled = sum(rooms), [list[int]() for _ in rooms]
    for index in sorted(members, key=lambda one: (_share(iris[one]), iris[one])):
        left = (_share(iris[index]) * 7919.0 % 1.0) * total
        ring = 0
        while ring < len(rooms) - 1 and left >= rooms[ring]:
            left -= rooms[ring]
            ring += 1
        while len(filled[ring]) >= rooms[ring]:
            ring = (ring + 1) % len(rooms)
        filled[ring].append(index)
    return [(first + k, _apart(ring, wishes, 2 * _half(first + k))) for k, ring in enumerate(filled)]


def _apart(members: Sequence[int], wishes: dict[int, float], least: float) -> dict[int, float]:
    """Angles as near to the wishes as can be, at least `least` from each other, in the order of the wishes."""
    ordered = sorted(members, key=lambda index: (wishes[index], index))
    if len(ordered) < 2:
        return {index: wishes[index] for index in ordered}
    # The circle is cut where there is most room.
    gaps = [(wishes[one] - wishes[ordered[k - 1]]) % _TURN for k, one in enumerate(ordered)]
    cut = max(range(len(ordered)), key=lambda k: (gaps[k], -k))
    ordered = ordered[cut:] + ordered[:cut]
    start = wishes[ordered[0]]
    angles = [(wishes[index] - start) % _TURN for index in ordered]
    for k in range(1, len(angles)):
        angles[k] = max(angles[k], angles[k - 1] + least)
    limit = _TURN - least
    for k in range(len(angles) - 1, -1, -1):
        angles[k] = min(angles[k], limit)
        limit = angles[k] - least
    return {index: (start + angle) % _TURN for index, angle in zip(ordered, angles, strict=True)}


def _centres(discs: Sequence[_Disc], iris: Sequence[str]) -> list[tuple[float, float]]:
    """Where the middle of each disc is; `discs` are in the order of their tiers."""
    placed: list[tuple[float, float, float]] = []
    for tier in range(APART + 1):
        here = [disc for disc in discs if disc.tier == tier]
        near, far = here[: max(0, _BY_RAY - len(placed))], here[max(0, _BY_RAY - len(placed)) :]
        angles = _angles([iris[disc.hub] for disc in near], 0.25 if tier % 2 else 0.0)
        for disc, angle in zip(near, angles, strict=True):
            distance = _distance(cos(angle), sin(angle), disc.radius + _GAP, placed)
            placed.append((distance * cos(angle), distance * sin(angle), disc.radius))
        placed += _around(far, iris, max((hypot(x, y) + r for x, y, r in placed), default=0.0))
    return [(x, y) for x, y, _ in placed]


def _angles(iris: Sequence[str], offset: float) -> list[float]:
    """An angle for each, by its IRI alone, so that none turns when another one comes.

    Up to four stand left and right, above and below; at `offset` (a share of the circle) and opposite to it first.
    """
    if len(iris) > len(_QUARTERS):
        return [(_share(iri) + offset) * _TURN for iri in iris]
    taken: dict[float, str] = {}
    for iri in sorted(iris, key=lambda one: (_share(one), one)):
        half = 0.5 if _share(iri) >= 0.5 else 0.0
        taken[next(q for quarter in _QUARTERS if (q := (half + quarter) % 1.0) not in taken)] = iri
    shares = {iri: share for share, iri in taken.items()}
    return [(shares[iri] + offset) * _TURN for iri in iris]


_QUARTERS = (0.0, 0.5, 0.25, 0.75)


def _distance(dx: float, dy: float, radius: float, placed: Sequence[tuple[float, float, float]]) -> float:
    """How far from the middle a disc stands at least, in a direction, to touch none of those placed."""
    taken = []
    for x, y, other in placed:
        along, apart = x * dx + y * dy, radius + other
        aside = x * x + y * y - along * along
        if aside < apart * apart:
            half = sqrt(apart * apart - aside)
            taken.append((along - half, along + half))
    distance = 0.0
    for begin, end in sorted(taken):
        if begin > distance:
            break
        distance = max(distance, end)
    return distance


def _around(discs: Sequence[_Disc], iris: Sequence[str], inner: float) -> list[tuple[float, float, float]]:
    """Discs in rings around all that is placed, the large ones inside; in the order given."""
    ordered = sorted(discs, key=lambda disc: (-floor(disc.radius), _share(iris[disc.hub]), disc.hub))
    places: dict[int, tuple[float, float, float]] = {}
    begin = 0
    while begin < len(ordered):
        size = ordered[begin].radius + _GAP
        middle = inner + size
        count = max(1, floor(_TURN * middle / (2 * size)))
        for k, disc in enumerate(ordered[begin : begin + count]):
            angle = _TURN * k / count
            places[disc.hub] = (middle * cos(angle), middle * sin(angle), disc.radius)
        begin, inner = begin + count, inner + 2 * size
    return [places[disc.hub] for disc in discs]
