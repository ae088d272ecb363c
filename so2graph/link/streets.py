"""Brings a street with its number into one spelling, in Dutch and in English."""

from __future__ import annotations

import re

from so2graph.link.dutch import fold

__all__ = ["street"]

_WORDS = {
    "st": "street",
    "str": "straat",
    "ave": "avenue",
    "av": "avenue",
    "blvd": "boulevard",
    "rd": "road",
    "dr": "drive",
    "sq": "square",
    "pl": "place",
    "ln": "lane",
    "hwy": "highway",
    "pkwy": "parkway",
    "n": "north",
    "s": "south",
    "e": "east",
    "w": "west",
    "wg": "weg",
}
_ENDS = (("str", "straat"), ("wg", "weg"), ("ln", "laan"), ("pln", "plein"))
_NUMBER = re.compile(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")


def street(text: str) -> str:
    """The words of a street, in full, and its number apart from what is added to it (`brink 12 a`)."""
    words = _NUMBER.sub(" ", fold(text)).split()
    return " ".join(_word(word) for word in words)


def _word(word: str) -> str:
    if full := _WORDS.get(word):
        return full
    for short, full in _ENDS:
        if len(word) >= len(short) + 3 and word.endswith(short):
            return word.removesuffix(short) + full
    return word
