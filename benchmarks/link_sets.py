"""Sets with known answers to link: the two of the reference, and others made of them and of Dutch registers."""

from __future__ import annotations

import csv
import gzip
import os
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from so2graph.link.record import Record
from so2graph.link.spec import Field, Kind, Spec

__all__ = ["SETS", "LinkSet", "folder", "halves"]

_ALIGNMENT = re.compile(r"entity1 rdf:resource='([^']*)'/>\s*<entity2 rdf:resource='([^']*)'")
_TRIPLE = re.compile(r'<([^>]*)> <([^>]*)> (?:<([^>]*)>|"((?:[^"\\]|\\.)*)".*) \.$')
_CBS = re.compile(r"(?i)gm:?\s*(\d{4})")
Gold = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class LinkSet:
    """Two lists, the pairs that are right, and what is to be said of them."""

    name: str
    spec: Spec
    left: tuple[Record, ...]
    right: tuple[Record, ...]
    gold: Gold
    note: str = ""


def folder() -> Path | None:
    """Where the reference sets lie, by SO2GRAPH_REFERENCE; none where they are absent."""
    place = Path(os.environ.get("SO2GRAPH_REFERENCE", "")) / "linking"
    return place if os.environ.get("SO2GRAPH_REFERENCE") and (place / "dblp-acm").is_dir() else None


def _spec(called: str, /, **kinds: Kind) -> Spec:
    return Spec(called, tuple(Field(name, kind) for name, kind in kinds.items()), wish=0.99)


def _record(identifier: str, /, **values: Iterable[str]) -> Record:
    return Record(identifier, (), {name: tuple(value for value in some if value) for name, some in values.items()})


def dblp_acm(place: Path) -> LinkSet:
    """Publications in databases, of two bibliographies."""

    def rows(name: str) -> tuple[Record, ...]:
        with (place / "dblp-acm" / name).open(encoding="utf-8", errors="replace", newline="") as file:
            return tuple(
                _record(row["id"], **{key: [row[key]] for key in ("title", "authors", "venue", "year")})
                for row in csv.DictReader(file)
            )

    with (place / "dblp-acm" / "gold.csv").open(encoding="utf-8", newline="") as file:
        gold = frozenset((row[0], row[1]) for row in list(csv.reader(file))[1:])
    spec = _spec("dblp-acm", title=Kind.TEXT, authors=Kind.PEOPLE, venue=Kind.CODE, year=Kind.YEAR)
    return LinkSet("DBLP–ACM", spec, rows("DBLP2.csv"), rows("ACM.csv"), gold)


def _triples(lines: Iterable[str]) -> Mapping[str, Mapping[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        if match := _TRIPLE.match(line.strip()):
            subject, predicate, thing, text = match.groups()
            found[subject][re.split("[#/]", predicate)[-1]].append(text if thing is None else thing)
    return found


def _restaurants(place: Path, side: int) -> tuple[Record, ...]:
    with (place / "oaei-restaurants" / f"restaurant{side}.nt").open(encoding="utf-8") as file:
        data = _triples(file)

    def along(nodes: Sequence[str], *path: str) -> list[str]:
        for step in path:
            nodes = [value for node in nodes for value in data.get(node, {}).get(step, ())]
        return list(nodes)

    found = []
    for node, values in data.items():
        if any(kind.endswith("Restaurant") for kind in values["type"]):
            city = ("is_in_city", "name") if side == 1 else ("city",)
            category = ("category",) if side == 1 else ("has_category", "name")
            found.append(
                _record(
                    node,
                    name=values["name"],
                    phone=values["phone_number"],
                    street=along([node], "has_address", "street"),
                    city=along([node], "has_address", *city),
                    category=along([node], *category),
                )
            )
    return tuple(found)


def _restaurants_spec() -> Spec:
    kinds = {"name": Kind.NAME, "phone": Kind.PHONE, "street": Kind.STREET, "city": Kind.PLACE, "category": Kind.CODE}
    return _spec("restaurants", **kinds)


def restaurants_as_printed(place: Path) -> LinkSet:
    """Restaurants of OAEI 2010, with the answers as they are printed: 23 of 112 name a thing that is not there."""
    left, right = _restaurants(place, 1), _restaurants(place, 2)
    there = {record.id for record in right}
    printed = _ALIGNMENT.findall((place / "oaei-restaurants" / "gold.rdf").read_text(encoding="utf-8"))
    gold = frozenset(pair for pair in printed if pair[1] in there)
    most = 2 * len(gold) / (len(gold) + len(printed))
    note = (
        f"{len(gold)} of {len(printed)} answers can be found, so that who finds all {len(printed)} gets F1 {most:.3f}"
    )
    return LinkSet("restaurants, answers as printed", _restaurants_spec(), left, right, gold, note)


def restaurants(place: Path) -> LinkSet:
    """The same, with the identifiers of the answers as they are in the data.

    Somebody replaced `Restaurant1` by `restaurant2` in the whole of the second file, so that `Restaurant10` is
    `restaurant20` there; the answers kept the old ones.
    """
    left, right = _restaurants(place, 1), _restaurants(place, 2)
    there = {record.id for record in right}
    printed = _ALIGNMENT.findall((place / "oaei-restaurants" / "gold.rdf").read_text(encoding="utf-8"))
    gold = frozenset((a, b if b in there else b.replace("Restaurant1", "restaurant2")) for a, b in printed)
    note = "answers with the identifiers of the data: the second file has restaurant20 for Restaurant10"
    return LinkSet("restaurants", _restaurants_spec(), left, right, gold, note)


def _bodies(place: Path) -> list[tuple[str, str, str]]:
    with (place / "tooi-organisations.nt").open(encoding="utf-8") as file:
        data = _triples(file)
    return [(node, values["label"][0], values["type"][0]) for node, values in sorted(data.items())]


def municipalities(place: Path) -> LinkSet:
    """Municipalities of TOOI, abolished ones too, with those of the places set that have a CBS code, by name."""
    left = [_record(node, name=[label]) for node, label, kind in _bodies(place) if kind == "gemeentelijst"]
    with gzip.open(place / "wof-nl-places.nt.gz", "rt", encoding="utf-8") as file:
        data = _triples(file)
    known = {record.id for record in left}
    right, gold = [], set()
    for node, values in data.items():
        codes = [code for text in values["identifier"] for code in _CBS.findall(text)]
        partner = "".join(f"https://identifier.overheid.nl/tooi/id/gemeente/gm{code}" for code in codes[:1])
        if partner in known and any(kind.endswith("localadmin") for kind in values["type"]):
            names = dict.fromkeys(values["label"] + values["prefLabel"] + values["altLabel"])
            right.append(_record(node, name=names))
            gold.add((partner, node))
    note = "codes hidden; merged municipalities have an old name on one side and a new code on the other"
    return LinkSet(
        "municipalities", _spec("municipalities", name=Kind.NAME), tuple(left), tuple(right), frozenset(gold), note
    )


def misspelt(text: str, chance: random.Random) -> str:
    """A text with up to two faults: letters left out, doubled, changed or swapped, words left out or moved."""
    for _ in range(chance.choice((0, 1, 1, 2))):
        kind, words = chance.random(), text.split()
        if kind < 0.4 and text:
            at = chance.randrange(len(text))
            text = text[:at] + chance.choice(("", text[at] * 2, chance.choice("abcdeiklmnorst"))) + text[at + 1 :]
        elif kind < 0.6 and len(text) > 3:
            at = chance.randrange(len(text) - 1)
            text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        elif len(words) > 1 and kind < 0.8:
            words.pop(chance.randrange(len(words)))
            text = " ".join(words)
        else:
            chance.shuffle(words)
            text = " ".join(words)
    return text


def bodies(place: Path) -> LinkSet:
    """Names of Dutch public bodies with misspelt ones, two fifths of each side without a partner."""
    chance = random.Random(3)
    rows = _bodies(place)
    chance.shuffle(rows)
    left = [_record(node, name=[label]) for node, label, _ in rows[: len(rows) * 7 // 10]]
    right = [_record(f"x{node}", name=[misspelt(label, chance)]) for node, label, _ in rows[len(rows) * 3 // 10 :]]
    known = {record.id for record in left}
    gold = frozenset((each.id[1:], each.id) for each in right if each.id[1:] in known)
    return LinkSet("public bodies, misspelt", _spec("bodies", name=Kind.NAME), tuple(left), tuple(right), gold)


def _with_fields(given: LinkSet, name: str, *fields: str) -> LinkSet:
    spec = replace(given.spec, name=name, fields=tuple(each for each in given.spec.fields if each.name in fields))
    return replace(given, name=name, spec=spec)


def dblp_acm_titles(place: Path) -> LinkSet:
    """The publications, by their titles alone."""
    return _with_fields(dblp_acm(place), "DBLP–ACM, titles alone", "title")


def dblp_acm_noise(place: Path) -> LinkSet:
    """The publications with every second value misspelt and every fourth but the title missing, on both sides."""
    given, chance = dblp_acm(place), random.Random(1)

    def worn(record: Record) -> Record:
        values = {
            name: tuple(misspelt(text, chance) if chance.random() < 0.5 else text for text in texts)
            if name == "title" or chance.random() > 0.25
            else ()
            for name, texts in record.values.items()
        }
        return Record(record.id, (), values)

    left, right = (tuple(map(worn, side)) for side in (given.left, given.right))
    return replace(given, name="DBLP–ACM, worn", left=left, right=right)


def dblp_acm_sparse(place: Path) -> LinkSet:
    """Half of the publications of each side, drawn apart, so that half of those left have no partner."""
    given, chance = dblp_acm(place), random.Random(2)
    left, right = (tuple(each for each in side if chance.random() < 0.5) for side in (given.left, given.right))
    ids = ({each.id for each in left}, {each.id for each in right})
    gold = frozenset(pair for pair in given.gold if pair[0] in ids[0] and pair[1] in ids[1])
    return replace(given, name="DBLP–ACM, half of each", left=left, right=right, gold=gold)


SETS: Mapping[str, Callable[[Path], LinkSet]] = {
    "dblp-acm": dblp_acm,
    "restaurants": restaurants,
    "restaurants-as-printed": restaurants_as_printed,
    "dblp-acm-titles": dblp_acm_titles,
    "dblp-acm-worn": dblp_acm_noise,
    "dblp-acm-sparse": dblp_acm_sparse,
    "municipalities": municipalities,
    "bodies": bodies,
}
"""All sets by name. The first two have marks; the others show that nothing is made for those."""


def halves(given: LinkSet, seed: int) -> tuple[LinkSet, LinkSet]:
    """Two sets that share nothing: partners stay together, everything else falls to either by chance."""
    chance = random.Random(seed)
    first = {record.id: chance.random() < 0.5 for record in given.left}
    partner = {b: a for a, b in given.gold}
    others = {
        each.id: first[partner[each.id]] if each.id in partner else chance.random() < 0.5 for each in given.right
    }

    def half(which: bool) -> LinkSet:
        return replace(
            given,
            left=tuple(each for each in given.left if first[each.id] is which),
            right=tuple(each for each in given.right if others[each.id] is which),
            gold=frozenset(pair for pair in given.gold if first[pair[0]] is which),
        )

    return half(True), half(False)
