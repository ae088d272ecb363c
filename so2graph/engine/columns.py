"""Says which type a column of a table has, from the RDF terms in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from so2graph.vocab import XSD, Iri, Literal, Term

__all__ = ["TYPES", "Column", "Seen", "read", "type_of"]

TYPES: dict[str, str] = {
    "string": "everything else: IRIs, texts, and columns of more than one kind, by their lexical form",
    "integer": "64 bits: xsd:integer and all that is derived from it",
    "decimal": "up to 38 digits: xsd:decimal, alone or with integers; integers beyond 64 bits",
    "double": "xsd:double and xsd:float",
    "boolean": "xsd:boolean",
    "date": "xsd:date without a zone, years 0001 to 9999",
    "datetime": "microseconds, UTC: xsd:dateTime with a zone and xsd:dateTimeStamp, years 0001 to 9999",
    "localtime": "microseconds, of no zone: xsd:dateTime without one, years 0001 to 9999",
    "year": "32 bits: xsd:gYear without a zone",
}
"""The types that a column may have, and the datatypes that each stands for."""

_MOST_DIGITS = 38
_MOST_NOTED = 50
"""Datatypes and languages of one column that are noted by name."""


@dataclass(frozen=True)
class Column:
    """One column: a name, a type of `TYPES`, the digits of a decimal in all and after the point, and notes on it.

    Its values are None or, by type: str, int, Decimal, float, bool, date, datetime with a zone (`datetime`) or
    without (`localtime`), and int (`year`).
    """

    name: str
    type: str = "string"
    precision: int = _MOST_DIGITS
    scale: int = 0
    notes: Mapping[str, str] = field(default_factory=dict)


_INT = ("integer", None, None)
_FAMILY: dict[str, tuple[str, int | None, int | None]] = {
    "integer": _INT,
    "nonNegativeInteger": ("integer", 0, None),
    "positiveInteger": ("integer", 1, None),
    "nonPositiveInteger": ("integer", None, 0),
    "negativeInteger": ("integer", None, -1),
    **{name: ("integer", -(2**n), 2**n - 1) for name, n in (("byte", 7), ("short", 15), ("int", 31), ("long", 63))},
    **{
        f"unsigned{name}": ("integer", 0, 2**n - 1)
        for name, n in (("Byte", 8), ("Short", 16), ("Int", 32), ("Long", 64))
    },
    **{name: (name, None, None) for name in ("decimal", "double", "boolean", "date")},
    "float": ("double", None, None),
    "dateTime": ("datetime", None, None),
    "dateTimeStamp": ("datetime", None, None),
    "gYear": ("year", None, None),
}
_FAMILIES = {XSD + name: family for name, family in _FAMILY.items()}
"""The type that each datatype asks for, with the least and the greatest of its values."""

_INTEGER = re.compile(r"[+-]?([0-9]+)")
_DECIMAL = re.compile(r"([+-]?)(?=\.?[0-9])([0-9]*)\.?((?<=\.)[0-9]*|)")
_DOUBLE = re.compile(r"[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|INF)|NaN")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_YEAR = re.compile(r"-?(?:[1-9][0-9]{4,9}|[0-9]{4})")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def _digits(text: str) -> tuple[int, int] | None:
    """The digits of a decimal number before and after the point that count; None when it is none."""
    found = _DECIMAL.fullmatch(text)
    return (len(found[2].lstrip("0")), len(found[3].rstrip("0"))) if found else None


def _integer(text: str) -> int | None:
    found = _INTEGER.fullmatch(text)
    return int(text) if found and len(found[1].lstrip("0")) <= _MOST_DIGITS and len(text) < 1000 else None


def _decimal(text: str) -> Decimal | None:
    digits, found = _digits(text), _DECIMAL.fullmatch(text)
    if not digits or not found or sum(digits) > _MOST_DIGITS:
        return None
    # Zeros that say nothing would be digits of the column.
    return Decimal(f"{found[1]}{found[2].lstrip('0') or '0'}.{found[3].rstrip('0')}")


def _double(text: str) -> float | None:
    return float(text) if _DOUBLE.fullmatch(text) else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    """A dateTime, with its zone; 24:00:00 is the next midnight (XSD 1.1, 3.3.7). None when it does not fit."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    day, time, fraction, zone = found[1], found[2], (found[3] or "").rstrip("0"), found[4] or ""
    midnight = time == "24:00:00" and not fraction
    if len(fraction) > 6 or zone[1:] > "14:00":
        return None
    try:
        moment = datetime.fromisoformat(f"{day}T{'00:00:00' if midnight else time}.{fraction:0<6}{zone}")
        return moment + timedelta(days=1) if midnight else moment
    except (ValueError, OverflowError):
        return None


def _datetime(text: str) -> datetime | None:
    moment = _moment(text)
    try:
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    except OverflowError:
        return None


def _localtime(text: str) -> datetime | None:
    moment = _moment(text)
    return moment if moment is not None and moment.tzinfo is None else None


def _year(text: str) -> int | None:
    found = _YEAR.fullmatch(text)
    return int(text) if found and abs(int(text)) < 2**31 else None


_READ: dict[str, Callable[[str], object | None]] = {
    "string": lambda text: text,
    "integer": _integer,
    "decimal": _decimal,
    "double": _double,
    "boolean": _BOOLEANS.get,
    "date": _date,
    "datetime": _datetime,
    "localtime": _localtime,
    "year": _year,
}


def read(kind: str) -> Callable[[str], object | None]:
    """What makes of a lexical form a value of a type; None for a form that the type cannot hold.

    A float is read as the double that its digits say.
    """
    return _READ[kind]


def type_of(datatype: str) -> str | None:
    """The type that a datatype (IRI) asks for by itself; None for one whose values are text."""
    return _FAMILIES.get(datatype, (None,))[0]


class Seen:
    """What occurred in one column of an answer, value by value."""

    def __init__(self) -> None:
        self._kinds: set[str] = set()
        self._datatypes: set[str] = set()
        self._languages: set[str] = set()
        self._more = False
        self._type: str | None = None
        self._typed = True
        self._whole = self._fraction = 0
        self._long = False

    def note(self, term: Term | None) -> str | None:
        """Takes the next value; returns its text: an IRI, a lexical form, or the label of a blank node."""
        if isinstance(term, Literal):
            if term.datatype not in self._datatypes:
                self._kinds.add("literal")
                self._remember(self._datatypes, term.datatype)
            if term.language and term.language not in self._languages:
                self._remember(self._languages, term.language)
            if self._typed:
                self._typed = self._fits(term.datatype, term.value)
            return term.value
        if term is None:
            return None
        self._kinds.add("iri" if isinstance(term, Iri) else "blank")
        self._typed = False
        return str(term)

    def _remember(self, known: set[str], name: str) -> None:
        if len(known) < _MOST_NOTED:
            known.add(name)
        else:
            self._more = True

    def _fits(self, datatype: str, text: str) -> bool:
        """Whether the column still has a type, with this value in it."""
        kind, low, high = _FAMILIES.get(datatype, ("", None, None))
        if kind == "datetime" and datatype == XSD + "dateTime" and text[-1:].isdigit() and text[-6:-5] not in "+-":
            kind = "localtime"
        if not kind:
            return False
        if kind == "integer":
            number = _integer(text)
            if number is None or (low is not None and number < low) or (high is not None and number > high):
                return False
            self._long |= not -(2**63) <= number < 2**63
        elif _READ[kind](text) is None:
            return False
        if kind in ("integer", "decimal"):
            whole, fraction = _digits(text) or (0, 0)
            self._whole, self._fraction = max(self._whole, whole), max(self._fraction, fraction)
            if self._type in ("integer", "decimal") and kind != self._type:
                self._type = kind = "decimal"
        if self._type is None:
            self._type = kind
        return kind == self._type

    def column(self, name: str) -> Column:
        """The column, once all its values have been seen."""
        kind = self._type if self._typed and self._type else "string"
        if kind == "integer" and self._long:
            kind = "decimal"
        if kind == "decimal" and self._whole + self._fraction > _MOST_DIGITS:
            kind = "string"
        notes = {"kind": "mixed" if len(self._kinds) > 1 else min(self._kinds, default="unbound")}
        more = ["…"] if self._more else []
        if self._datatypes:
            notes["datatypes"] = " ".join(sorted(self._datatypes) + more)
        if self._languages:
            notes["languages"] = " ".join(sorted(self._languages) + more)
        if kind == "decimal":
            return Column(name, kind, max(1, self._whole + self._fraction), self._fraction, notes)
        return Column(name, kind, notes=notes)
