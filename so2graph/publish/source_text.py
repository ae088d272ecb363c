"""Cuts the text of a source document: into blocks, and at every border of what is said of it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from so2graph.vocab import address_spans

__all__ = ["SIGN", "Blanked", "Block", "Piece", "Span", "blank_addresses", "blocks_of", "coverage", "cut"]

SIGN = "e-mailadres"
"""What stands for an e-mail address, in square brackets; the language is that of the sources."""
_FILL = "·"
_LONGEST_HEADING = 80
_GROUP = re.compile(r"[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*")
_LINE = re.compile(r"[^\n]+")
_BULLET = re.compile(r"\s*[•*‣–-]\s+(?=\S)")


@dataclass(frozen=True)
class Span:
    """[start, end) in code points, and what it belongs to."""

    start: int
    end: int
    key: str

    @property
    def length(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class Blanked:
    """A text without its e-mail addresses, which is as long as before, so that positions still count."""

    text: str
    addresses: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Block:
    """A part of a text that stands by itself: `kind` is `title`, `heading`, `paragraph` or `item` (of a list)."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class Piece:
    """A part of a block that is said as much about throughout; `keys` are the spans over it, the shortest first.

    `address` says that it is a whole e-mail address.
    """

    start: int
    end: int
    keys: tuple[str, ...]
    address: bool = False


def blank_addresses(text: str) -> Blanked:
    """The text with each e-mail address in it replaced by a sign that is as long."""
    found = tuple(address_spans(text))
    parts, at = [], 0
    for start, end in found:
        parts += [text[at:start], _sign(end - start)]
        at = end
    return Blanked("".join([*parts, text[at:]]), found)


def _sign(length: int) -> str:
    room = length - len(SIGN) - 2
    return _FILL * length if room < 0 else f"[{SIGN}{_FILL * room}]"


def blocks_of(text: str) -> tuple[Block, ...]:
    """The blocks of a plain text, in their order; empty lines stand between them.

    The first is its title. A line by itself that is short and ends without punctuation is a heading; lines that
    begin with a bullet are items.
    """
    found: list[Block] = []
    for group in _GROUP.finditer(text):
        lines = [(group.start() + line.start(), group.start() + line.end()) for line in _LINE.finditer(group.group())]
        bullets = [_BULLET.match(text[start:end]) for start, end in lines]
        if found and all(bullets):
            for (start, end), bullet in zip(lines, bullets, strict=True):
                found.append(_trimmed(text, "item", start + (bullet.end() if bullet else 0), end))
        else:
            found.append(_trimmed(text, _kind(text, lines, bool(found)), group.start(), group.end()))
    return tuple(found)


def _kind(text: str, lines: Sequence[tuple[int, int]], later: bool) -> str:
    if not later:
        return "title"
    line = text[lines[0][0] : lines[0][1]].strip()
    alone = len(lines) == 1 and len(line) <= _LONGEST_HEADING
    return "heading" if alone and line[-1] not in ".:;,!?…" else "paragraph"


def _trimmed(text: str, kind: str, start: int, end: int) -> Block:
    part = text[start:end]
    return Block(kind, start + len(part) - len(part.lstrip()), start + len(part.rstrip()))


def cut(block: Block, spans: Iterable[Span], addresses: Iterable[tuple[int, int]] = ()) -> tuple[Piece, ...]:
    """The block in pieces, cut at each border of a span or address; spans may overlap, nest, and go on beyond it."""
    here = [span for span in spans if span.start < block.end and span.end > block.start]
    masked = [(start, end) for start, end in addresses if start < block.end and end > block.start]
    borders = {block.start, block.end}
    for start, end in [*((s.start, s.end) for s in here), *masked]:
        borders |= {max(start, block.start), min(end, block.end)}
    return tuple(_pieces(sorted(borders), sorted(here, key=lambda s: (s.length, s.start, s.key)), set(masked)))


def _pieces(borders: Sequence[int], spans: Sequence[Span], addresses: set[tuple[int, int]]) -> Iterator[Piece]:
    for start, end in itertools.pairwise(borders):
        keys = dict.fromkeys(span.key for span in spans if span.start <= start and span.end >= end)
        yield Piece(start, end, tuple(keys), (start, end) in addresses)


def coverage(pieces: Iterable[Piece], keys: frozenset[str]) -> tuple[int, int]:
    """How many code points of the pieces are under any of these spans, and how many there are."""
    covered = total = 0
    for piece in pieces:
        total += piece.end - piece.start
        covered += piece.end - piece.start if keys.intersection(piece.keys) else 0
    return covered, total
