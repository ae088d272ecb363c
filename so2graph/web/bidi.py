"""Keeps the direction of a name to itself in plain text, where no element can (Unicode Bidirectional Algorithm)."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["isolated"]

_ISOLATES, _EMBEDS = "\u2066\u2067\u2068", "\u202a\u202b\u202d\u202e"
_FIRST_STRONG, _END_ISOLATE, _END_EMBED = "\u2068", "\u2069", "\u202c"
_LEFTWARD = ("R", "AL", "AN")
_PLAIN = re.compile(r"[\x00-\u02ff\u1e00-\u200a\u2010-\u2029\u20a0-\u20cf]*")
"""What has nothing that is written from the right, nor a mark that turns text: quick to see."""


def isolated(text: str) -> str:
    """The text between marks that keep its direction from what stands around it; itself where it has none of its own.

    Marks in it that were left open are closed, and those that close what they did not open are left out.
    """
    if _PLAIN.fullmatch(text) or not any(_turns(char) for char in text):
        return text
    open_: list[str] = []
    kept: list[str] = []
    for char in text:
        if char in _ISOLATES:
            open_.append(_END_ISOLATE)
        elif char in _EMBEDS:
            open_.append(_END_EMBED)
        elif char == _END_ISOLATE:
            if _END_ISOLATE not in open_:
                continue
            while open_.pop() != _END_ISOLATE:
                pass
        elif char == _END_EMBED:
            if open_[-1:] != [_END_EMBED]:
                continue
            open_.pop()
        kept.append(char)
    return "".join([_FIRST_STRONG, *kept, *reversed(open_), _END_ISOLATE])


def _turns(char: str) -> bool:
    return unicodedata.bidirectional(char) in _LEFTWARD or char in _ISOLATES + _EMBEDS + _END_ISOLATE + _END_EMBED
