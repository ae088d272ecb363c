"""Brings values into the forms in which they are compared, by the kind of their field; needs no library."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from so2graph.link.dutch import fold, name_forms, packed, place_name, postcode, unpacked
from so2graph.link.identifiers import host_of, identifier_in
from so2graph.link.spec import Kind
from so2graph.link.streets import street

__all__ = ["form_of", "name_form", "normal_forms", "texts_of"]

_YEAR = re.compile(r"(?<!\d)(1\d{3}|20\d{2})(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))?(?!\d)")
"""A year, alone or of a date such as 20190131."""
_NUMBER = re.compile(r"[-+]?\d[\d.,\s\u00a0]*")


@lru_cache(50_000)
def name_form(value: str) -> str:
    """The form of a name, the same for records, for what is looked up and for what is asked; see `dutch.packed`."""
    return packed(name_forms(value))


def _people(value: str) -> Iterable[str]:
    return map(fold, re.split(r"[;,|]|\ben\b|&", html.unescape(value)))


def _phone(value: str) -> str:
    """The digits, of a Dutch number with its 0 and without its country."""
    digits = "".join(c for c in value if c.isdecimal() and c.isascii())
    abroad = value.strip().startswith(("+", "00"))
    digits = digits.removeprefix("00") if abroad else digits
    if abroad and digits.startswith("31"):
        return f"0{digits[2:].removeprefix('0')}"
    return digits


def _year(value: str) -> str:
    found = _YEAR.search(value)
    return found[1] if found else ""


def _number(value: str) -> str:
    """A number as Python writes it; a comma is a decimal one where two figures or fewer follow the last."""
    found = _NUMBER.search(value)
    if not found:
        return ""
    text = re.sub(r"[\s\u00a0]", "", found[0]).rstrip(".,")
    whole, sign, rest = text.rpartition(",")
    if sign and "." not in rest and len(rest) != 3:
        text = f"{whole.replace('.', '').replace(',', '')}.{rest}"
    else:
        text = text.replace(",", "")
    try:
        number = float(text)
    except ValueError:
        return ""
    return repr(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def _code(value: str) -> str:
    return postcode(value) or fold(value) if len(value) <= 8 else fold(value)


def _point(value: str) -> str:
    """`latitude longitude` with six decimals; nothing where it lies outside the globe."""
    try:
        latitude, longitude = map(float, value.replace(",", " ").split())
    except ValueError:
        return ""
    if not (math.isfinite(latitude) and abs(latitude) <= 90 and math.isfinite(longitude) and abs(longitude) <= 180):
        return ""
    return f"{latitude:.6f} {longitude:.6f}"


def _related(value: str) -> str:
    return identifier_in(value) or (value.strip() if "://" in value else name_forms(value).core)


_FORMS: dict[Kind, Callable[[str], str | None]] = {
    Kind.NAME: name_form,
    Kind.TEXT: fold,
    Kind.PLACE: place_name,
    Kind.STREET: street,
    Kind.PHONE: _phone,
    Kind.YEAR: _year,
    Kind.NUMBER: _number,
    Kind.CODE: _code,
    Kind.IDENTIFIER: identifier_in,
    Kind.HOST: host_of,
    Kind.POINT: _point,
    Kind.RELATED: _related,
}


def normal_forms(kind: Kind, values: Iterable[str]) -> tuple[str, ...]:
    """The normal forms of values of one kind, each once, in their order; a value that says nothing has none."""
    found = dict[str, None]()
    for value in values:
        for form in _people(value) if kind is Kind.PEOPLE else (_FORMS[kind](value),):
            if form:
                found[form] = None
    return tuple(found)


def form_of(kind: Kind) -> Callable[[str], str | None]:
    """What brings one value of a kind into its form; of names of persons a value can hold several."""
    return _FORMS[kind]


def texts_of(forms: Iterable[str]) -> tuple[str, ...]:
    """The texts by which names are looked up in an index of grams: the core of each, and its acronym."""
    return tuple(dict.fromkeys(text for form in map(unpacked, forms) for text in (form.core, form.acronym) if text))
