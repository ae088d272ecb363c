"""What is to be compared: fields and their kinds, who may meet whom, and how right the result must be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from so2graph.errors import BadParameter

__all__ = ["Field", "Kind", "Spec", "spec_of"]


class Kind(StrEnum):
    """What the values of a field are; it decides how they are normalised and compared."""

    NAME = "name"
    """A proper name of an organisation, a place or a thing: legal forms, articles and abbreviations are read."""
    TEXT = "text"
    """A title or a phrase in ordinary words."""
    PEOPLE = "people"
    """Names of persons; a value may hold several, separated by commas or semicolons."""
    PLACE = "place"
    """The name of the place where the thing is."""
    STREET = "street"
    PHONE = "phone"
    YEAR = "year"
    NUMBER = "number"
    CODE = "code"
    """A word of a closed list: a category, a type, a series."""
    IDENTIFIER = "identifier"
    """An identifier with its scheme, `scheme:value` (`kvk:01234567`, `wikidata:Q749`): the same one proves a link."""
    HOST = "host"
    """A web address or a domain; its registered host counts."""
    POINT = "point"
    """`latitude longitude` in degrees (WGS 84), separated by a space."""
    RELATED = "related"
    """What it is connected with in its graph (the same city, network, board member), as names or identifiers."""


@dataclass(frozen=True)
class Field:
    """One field: its column in the records of both sides, and the kind of its values."""

    name: str
    kind: Kind


@dataclass(frozen=True)
class Spec:
    """A task of linking. The same text gives the same decisions on any engine.

    `meets` are pairs of types (left, right) that may be the same thing; empty means any. `unique` says which sides
    are free of duplicates: with both, a thing has one partner at most. `wish` is the share of accepted links that
    must be right (0.98: 98 in 100); `top` is how many candidates of each left record are looked at.
    """

    name: str
    fields: tuple[Field, ...]
    meets: tuple[tuple[str, str], ...] = ()
    unique: tuple[str, ...] = ("left", "right")
    wish: float = 0.98
    top: int = 10

    @property
    def digest(self) -> str:
        """sha256 (hex) of the specification as canonical JSON: it names the specification in the record of a run."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def of_kind(self, *kinds: Kind) -> tuple[Field, ...]:
        """The fields of these kinds, in the order of the specification."""
        return tuple(field for field in self.fields if field.kind in kinds)


def spec_of(row: Mapping[str, object], where: str) -> Spec:
    """The specification that a file states as plain data; raises `BadParameter`, which names the entry at fault.

    `fields` maps names to kinds; all else is optional, as in `Spec`.
    """
    known = {"name", "fields", "meets", "unique", "wish", "top"}
    if odd := sorted(set(row) - known):
        raise BadParameter(
            f"{where}: {odd[0]!r} is no entry of a specification", mend=f"Use {', '.join(sorted(known))}."
        )
    fields = row.get("fields")
    if not isinstance(fields, Mapping) or not fields:
        raise BadParameter(f"{where} has no fields", mend="List them: 'fields: {name: name, city: place}'.")
    wish, top = row.get("wish", 0.98), row.get("top", 10)
    if not isinstance(wish, int | float) or not 0.5 <= wish < 1:
        raise BadParameter(
            f"{where}: the wish {wish!r} is not a share", mend="Give one from 0.5 up to 1, such as 0.98."
        )
    if not isinstance(top, int) or not 1 <= top <= 1000:
        raise BadParameter(f"{where}: top {top!r} is not a number of candidates", mend="Give one from 1 to 1000.")
    return Spec(
        name=str(row.get("name", where)),
        fields=tuple(_field(where, str(name), kind) for name, kind in fields.items()),
        meets=_pairs(where, row.get("meets", ())),
        unique=_sides(where, row.get("unique", ("left", "right"))),
        wish=float(wish),
        top=top,
    )


def _field(where: str, name: str, kind: object) -> Field:
    try:
        return Field(name, Kind(str(kind)))
    except ValueError:
        raise BadParameter(
            f"{where}: field {name!r} is of the unknown kind {kind!r}", mend=f"Use one of {', '.join(Kind)}."
        ) from None


def _pairs(where: str, rows: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(rows, Sequence) or any(not isinstance(row, Sequence) or len(row) != 2 for row in rows):
        raise BadParameter(f"{where}: 'meets' is not a list of pairs", mend="Write [[left type, right type], …].")
    return tuple((str(left), str(right)) for left, right in rows)


def _sides(where: str, sides: object) -> tuple[str, ...]:
    if not isinstance(sides, Sequence) or set(sides) - {"left", "right"}:
        raise BadParameter(
            f"{where}: 'unique' names something else than sides", mend="Use left, right, both or none."
        )
    return tuple(sorted(str(side) for side in sides))
