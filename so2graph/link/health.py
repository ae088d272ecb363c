"""What has become wrong with links since they were made: each fault with where it is, and what to do about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import asin, cos, radians, sin, sqrt

from so2graph.engine.alive import Heard
from so2graph.link.mapping import PREDICATES
from so2graph.link.mapping import Mapping as Judgement
from so2graph.link.record import Record
from so2graph.link.spec import Kind, Spec
from so2graph.publish.search_text import folded

__all__ = ["BY_SNAPSHOT", "CHECKS", "Ailment", "Known", "components", "contradictions", "examine"]

CHECKS: Mapping[str, bool] = {
    "dead": True,
    "moved": True,
    "merged": True,
    "gone": True,
    "abolished": False,
    "type": True,
    "shared": True,
    "far": True,
    "contradiction": True,
    "drift": False,
    "number": True,
    "unread": True,
    "stale": False,
}
"""The checks; whether what each finds is wrong, or only worth a look."""
BY_SNAPSHOT = frozenset({"merged", "gone", "type", "far", "drift", "stale"})
"""The checks that go by what the source says: without a snapshot of it they find nothing, and nothing is known."""
_SAME = frozenset(PREDICATES[:2])
_RADIUS = 6371.0


@dataclass(frozen=True)
class Ailment:
    """Something about a link: the check that found it, the things, the mapping (`record`), and what the words need.

    A fault of a whole target has neither things nor a mapping.
    """

    check: str
    target: str
    subject: str = ""
    object: str = ""
    record: str = ""
    said: Mapping[str, str] = field(default_factory=dict)

    @property
    def wrong(self) -> bool:
        """Whether it must be mended; else it is worth a look."""
        return CHECKS[self.check]


@dataclass(frozen=True)
class Known:
    """What is known of a target: records of both sides by id (`theirs` is None without a snapshot), the specification
    by which they were compared, the redirects that the snapshot itself tells of, and of when it is.

    `unread` says that there is a snapshot which cannot be read, `number` whether an identifier (`scheme:value`) can
    be one, `abolished` into what and when the municipality went that an IRI stands for, `former` which of ours are no
    more themselves.
    """

    target: str
    ours: Mapping[str, Record]
    theirs: Mapping[str, Record] | None
    spec: Spec | None
    redirects: Mapping[str, str] = field(default_factory=dict)
    taken: date | None = None
    unread: bool = False
    number: Callable[[str], bool] = lambda _: True
    abolished: Callable[[str], tuple[str, str] | None] = lambda _: None
    former: frozenset[str] = frozenset()


def examine(
    known: Known,
    judged: Iterable[Judgement],
    *,
    today: date,
    far: float,
    stale: int,
    heard: Callable[[str], Heard] | None = None,
) -> Iterator[Ailment]:
    """What is wrong with the links of a target. `far` is in kilometres, `stale` in days; `heard` asks an address."""
    links = [one for one in judged if one.verdict == "accepted"]
    if known.unread:
        yield Ailment("unread", known.target)
    if known.taken is not None and (today - known.taken).days > stale:
        days = str((today - known.taken).days)
        yield Ailment("stale", known.target, said={"date": known.taken.isoformat(), "days": days})
    yield from _shared(known.target, links)
    for link in links:
        yield from _of_link(known, link, far)
        if heard is not None:
            yield from _asked(link, heard(link.object))


def _ailment(check: str, link: Judgement, **said: str) -> Ailment:
    return Ailment(check, link.target, link.subject, link.object, link.record, said)


def _asked(link: Judgement, heard: Heard) -> Iterator[Ailment]:
    if heard.gone:
        yield _ailment("dead", link, status=str(heard.status))
    elif heard.moved:
        yield _ailment("moved", link, where=heard.location)


def _shared(target: str, links: Sequence[Judgement]) -> Iterator[Ailment]:
    """Things elsewhere that two of ours are said to be."""
    claimed: dict[str, list[Judgement]] = defaultdict(list)
    for link in links:
        if link.predicate in _SAME:
            claimed[link.object].append(link)
    for obj, those in sorted(claimed.items()):
        subjects = sorted({link.subject for link in those})
        for link in those if len(subjects) > 1 else ():
            others = [subject for subject in subjects if subject != link.subject]
            yield Ailment("shared", target, link.subject, obj, link.record, {"others": ", ".join(others)})


def _of_link(known: Known, link: Judgement, far: float) -> Iterator[Ailment]:
    ours = known.ours.get(link.subject)
    theirs = None if known.theirs is None else known.theirs.get(link.object)
    if (after := known.redirects.get(link.object)) is not None:
        yield _ailment("merged", link, where=after)
    elif known.theirs is not None and theirs is None:
        yield _ailment("gone", link)
    went = None if link.subject in known.former else known.abolished(link.object)
    if went is not None:
        yield _ailment("abolished", link, where=went[0], date=went[1])
    if link.match_string and not known.number(link.match_string):
        yield _ailment("number", link, number=link.match_string)
    if theirs is None or known.spec is None:
        return
    names = [name for each in known.spec.of_kind(Kind.NAME, Kind.TEXT) for name in theirs.values.get(each.name, ())]
    if link.object_label and names and folded(link.object_label) not in {folded(name) for name in names}:
        yield _ailment("drift", link, was=link.object_label, now=names[0])
    if ours is None:
        return
    if not _may_meet(known.spec, ours, theirs):
        yield _ailment("type", link, ours=", ".join(ours.types), theirs=", ".join(theirs.types))
    distance = _distance(known.spec, ours, theirs)
    if distance is not None and distance > far and link.predicate in _SAME:
        yield _ailment("far", link, km=f"{distance:.0f}")


def _may_meet(spec: Spec, ours: Record, theirs: Record) -> bool:
    """Whether the types of two records may be those of one thing; what has no type may be anything."""
    if not spec.meets or not ours.types or not theirs.types:
        return True
    return any(left in ours.types and right in theirs.types for left, right in spec.meets)


def _distance(spec: Spec, ours: Record, theirs: Record) -> float | None:
    """The least distance between points of both; None where one has none."""
    sides = [
        [
            point
            for each in spec.of_kind(Kind.POINT)
            for text in side.values.get(each.name, ())
            if (point := _point(text))
        ]
        for side in (ours, theirs)
    ]
    return min((_kilometres(one, other) for one in sides[0] for other in sides[1]), default=None)


def _point(text: str) -> tuple[float, float] | None:
    try:
        latitude, longitude = map(float, text.split())
    except ValueError:
        return None
    return latitude, longitude


def _kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    lat1, lon1, lat2, lon2 = map(radians, (*one, *other))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * _RADIUS * asin(min(1.0, sqrt(half)))


def components(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """For each thing that is the same as another the least name of its component."""
    root: dict[str, str] = {}

    def find(one: str) -> str:
        while root.setdefault(one, one) != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    for one, other in pairs:
        low, high = sorted((find(one), find(other)))
        root[high] = low
    return {one: find(one) for one in list(root)}


def contradictions(
    judged: Iterable[Judgement], same: Iterable[tuple[str, str]], different: Iterable[tuple[str, str]]
) -> Iterator[Ailment]:
    """Links by which two things are one that are stated to differ (`owl:differentFrom`), directly or through others.

    `same` are statements of `owl:sameAs` that are no link. A refused mapping of two things counts as a difference.
    """
    rows = list(judged)
    links = [one for one in rows if one.verdict == "accepted" and one.predicate in _SAME]
    root = components([(link.subject, link.object) for link in links] + list(same))
    apart = {tuple(sorted(pair)) for pair in different}
    apart |= {
        tuple(sorted((one.subject, one.object)))
        for one in rows
        if one.verdict == "refused" and one.predicate in _SAME
    }
    for one, other in sorted(apart):
        if one in root and other in root and root[one] == root[other]:
            for link in links:
                if root[link.subject] == root[one]:
                    yield _ailment("contradiction", link, one=one, other=other)
