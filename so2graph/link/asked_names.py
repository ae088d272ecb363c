"""Normal forms of a name, the same for the index and for what is asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from so2graph.link.dutch import name_forms, packed

__all__ = ["Forms", "forms"]


@dataclass(frozen=True)
class Forms:
    """A name as it is compared (`normal`, the form of the pipeline), and the texts by which it is looked up."""

    normal: str
    texts: tuple[str, ...]


@lru_cache(50_000)
def forms(text: str) -> Forms:
    """The forms of a name; `texts` is empty for a text without letters and digits."""
    found = name_forms(text)
    return Forms(packed(found), tuple(dict.fromkeys(form for form in (found.core, found.acronym) if form)))
