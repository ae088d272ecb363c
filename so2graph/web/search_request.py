"""What a request to `/search` asks: words, chosen values of facets, a heading, an order, a page; without I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from so2graph.config import Settings
from so2graph.errors import BadParameter
from so2graph.publish.search_reader import ORDERS
from so2graph.publish.search_things import FACETS
from so2graph.vocab import MODALITIES, Prefixes, curie_or_iri, mask_addresses
from so2graph.web.paging import Page, read_page, switch
from so2graph.web.protocol import single

__all__ = ["HEADINGS", "Asked", "read"]

HEADINGS = ("things", "places", "themes", "questions", "terms", "help")
"""The headings of what is found, in their order."""
MOST_CHOSEN = 50
"""Values of one facet that can be chosen together."""
PAGE_SIZE, OVERVIEW = 25, 6
"""Rows of a page, and those that a heading shows before somebody asks for all."""


@dataclass(frozen=True)
class Asked:
    """One question to the search page. `open` is a facet of which all values are shown."""

    text: str
    chosen: Mapping[str, tuple[str, ...]]
    heading: str
    order: str
    page: Page
    open: str
    facets: bool
    given: bool
    """Whether the request says which rows."""

    @property
    def filtered(self) -> bool:
        return any(self.chosen.values())

    @property
    def personal(self) -> bool:
        """Whether somebody looks for an e-mail address."""
        return mask_addresses(self.text) != self.text

    def toggled(self, facet: str, key: str) -> Asked:
        """The same with a value chosen, or no longer; from the first row on."""
        now = self.chosen.get(facet, ())
        then = tuple(k for k in now if k != key) if key in now else (*now, key)
        return replace(self.fresh, chosen={**self.chosen, facet: then})

    @property
    def fresh(self) -> Asked:
        """The same from the first row on."""
        return replace(self, page=Page(self.page.limit, 0))

    @property
    def unfiltered(self) -> Asked:
        return replace(self.fresh, chosen={})

    def address(self, prefixes: Prefixes, suffix: str = "") -> str:
        """The address below the service; what is usual is left out."""
        pairs = [("q", self.text)] if self.text else []
        for facet in FACETS:
            short = prefixes.compact if facet in ("type", "place", "theme") else str
            pairs += [(facet, short(key)) for key in self.chosen.get(facet, ())]
        pairs += [("group", self.heading)] if self.heading else []
        pairs += [("sort", self.order)] if self.order != ORDERS[0] else []
        pairs += [("all", self.open)] if self.open and not suffix else []
        pairs += [("limit", str(self.page.limit))] if self.page.limit != PAGE_SIZE and not suffix else []
        pairs += [("offset", str(self.page.offset))] if self.page.offset and not suffix else []
        return f"search{suffix}{'?' if pairs else ''}{urlencode(pairs)}"


def read(parameters: Mapping[str, Sequence[str]], settings: Settings, prefixes: Prefixes, usual: int) -> Asked:
    """What the parameters ask, `usual` rows where they do not say; raises `BadParameter`."""
    text = single(parameters, "q") or ""
    if len(text) > settings.max_search_characters:
        raise BadParameter(
            f"q has {len(text)} characters, and the limit is {settings.max_search_characters}",
            mend="Search for a few words.",
            parameter="q",
            limit=settings.max_search_characters,
        )
    page = read_page(parameters, settings.max_page_size)
    if page is not None and single(parameters, "limit") is None:
        page = Page(usual, page.offset)
    return Asked(
        text=text if text.strip() else "",
        chosen={facet: _values(parameters, facet, prefixes) for facet in FACETS},
        heading=_one_of(parameters, "group", HEADINGS),
        order=_one_of(parameters, "sort", ORDERS) or ORDERS[0],
        page=page or Page(usual, 0),
        open=_one_of(parameters, "all", FACETS),
        facets=switch(parameters, "facets"),
        given=page is not None,
    )


def _one_of(parameters: Mapping[str, Sequence[str]], name: str, known: Sequence[str]) -> str:
    text = single(parameters, name) or ""
    if text and text not in known:
        raise BadParameter(
            f"{name}={text[:80]!r} is not known here", mend=f"Give one of: {', '.join(known)}.", parameter=name
        )
    return text


def _values(parameters: Mapping[str, Sequence[str]], facet: str, prefixes: Prefixes) -> tuple[str, ...]:
    """The values chosen of a facet, each once; an empty one is none."""
    given = [text.strip() for text in parameters.get(facet, ()) if text.strip()]
    if len(given) > MOST_CHOSEN:
        raise BadParameter(
            f"{facet} has {len(given)} values, and the limit is {MOST_CHOSEN}",
            mend="Choose fewer.",
            parameter=facet,
            limit=MOST_CHOSEN,
        )
    return tuple(dict.fromkeys(_value(facet, text, prefixes) for text in given))


def _value(facet: str, text: str, prefixes: Prefixes) -> str:
    if facet == "year":
        if not re.fullmatch(r"-?[0-9]{4,6}", text):
            raise BadParameter(f"year={text[:80]!r} is no year", mend="Give four digits.", parameter="year")
        return text
    if facet == "modality":
        local = text.rpartition("#")[2].rpartition(":")[2]
        if local not in MODALITIES:
            raise BadParameter(
                f"modality={text[:80]!r} is not known here",
                mend=f"Give one of: {', '.join(MODALITIES)}.",
                parameter="modality",
            )
        return local
    try:
        return curie_or_iri(text, prefixes).value
    except BadParameter:
        raise BadParameter(
            f"{facet}={text[:80]!r} is not an IRI",
            mend="Give a full IRI, or a name with a known prefix such as id:assen.",
            parameter=facet,
        ) from None
