"""A thing to be linked: plain data that needs no library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Record"]


@dataclass(frozen=True)
class Record:
    """One thing: its identifier (an IRI, or the id of a table), its types, and the values of its fields."""

    id: str
    types: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
