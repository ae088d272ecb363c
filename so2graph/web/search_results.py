"""What a search or a list shows: rows under headings, facets with counts, and what there is to say of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from urllib.parse import quote, urlencode

from so2graph.publish.search_reader import Count, Found, Hit, Index, Listed
from so2graph.publish.search_text import Part, Query, folded, marked, near_words
from so2graph.publish.search_things import FACETS, GROUPS
from so2graph.vocab import Names, mask_addresses
from so2graph.web.search_help import Page, find_pages
from so2graph.web.search_request import HEADINGS, OVERVIEW, Asked
from so2graph.web.site import Site
from so2graph.web.words import known

__all__ = ["Choice", "Facet", "Results", "Row", "Section", "local_of", "search", "summaries"]

_FEW = 8
"""Values of a facet that are shown until somebody asks for all."""
_MOST = 500
"""Values that are shown then."""
_SHOWN = 220
"""Characters of a name that a list shows."""
_LESS = {"terms": 0.97, "help": 0.98, "questions": 0.99}
"""A thing goes before a word of the vocabulary, where both fit as well."""


@dataclass(frozen=True)
class Item:
    """Something that was found: a thing of the graph, or a page."""

    score: float
    heading: str
    hit: Hit | None = None
    page: Page | None = None


@dataclass(frozen=True)
class Row:
    """One line of a list, with texts in pieces; `other` is the name by which it was found, where that is another."""

    heading: str
    label: tuple[Part, ...]
    language: str
    local: str
    kind: str
    note: str
    note_parts: tuple[Part, ...] = ()
    other: tuple[Part, ...] = ()
    other_language: str = ""
    iri: str = ""
    score: float = 0.0
    members: int = 0
    """Things of this kind, at this place or on this theme; `members_local` lists them."""
    members_local: str = ""

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.label)


@dataclass(frozen=True)
class Section:
    """A heading with its first rows, of `count` in all."""

    heading: str
    rows: tuple[Row, ...]
    count: int


@dataclass(frozen=True)
class Choice:
    """A value of a facet, and where choosing it (or no longer) leads."""

    count: Count
    local: str


@dataclass(frozen=True)
class Facet:
    """A facet with the values that are shown, of `total`."""

    name: str
    choices: tuple[Choice, ...]
    total: int
    all_local: str


@dataclass(frozen=True)
class Results:
    """All that a page shows. `more` says that there may be others; `near` that nothing has all the words."""

    sections: tuple[Section, ...]
    rows: tuple[Row, ...]
    count: int
    more: bool
    near: bool
    words: tuple[str, ...]
    facets: tuple[Facet, ...]
    cut: bool
    listed: int

    @property
    def timed(self) -> bool:
        """Whether time ran out before all was counted."""
        return any(choice.count.more for facet in self.facets for choice in facet.choices)


def local_of(names: Names, iri: str) -> str:
    """The address below the service of the page about an IRI, ours or of somebody else."""
    local = names.local_path(iri) or ""
    if local.startswith("id/"):
        local = local.partition("#")[0].replace("id/", "doc/", 1)
    elif not local.startswith(("def#", "graph/")):
        return f"doc?iri={quote(iri, safe='')}"
    return quote(local, safe="/#%:@!$&'()*+,;=~")


def search(here: Site, index: Index, asked: Asked, pages: Iterable[Page]) -> Results:
    """Answers the request from the index and the pages."""
    everything = index.listed
    query = Query("" if asked.personal else asked.text)
    if asked.text:
        return _searched(here, index, asked, query, everything, pages)
    among = index.selected(asked.chosen, everything)
    count = among.count(1)
    numbers = index.listing(among, asked.order, here.language, asked.page.offset, asked.page.limit)
    return Results(
        sections=(),
        rows=tuple(_rows(here, index, index.things(numbers, here.language), {}, query)),
        count=count,
        more=False,
        near=False,
        words=(),
        facets=_facets(here, index, asked, everything, more=False),
        cut=index.cut,
        listed=everything.count(1),
    )


def _searched(
    here: Site, index: Index, asked: Asked, query: Query, everything: bytes, pages: Iterable[Page]
) -> Results:
    wide = index.search(query)
    found = index.search(query, index.selected(asked.chosen, everything)) if asked.filtered else wide
    helping = [] if asked.filtered else find_pages(query, pages, here.language)
    hits: Sequence[Hit] = () if found.near and helping else found.hits
    items = _ordered(hits, helping)
    total = len(items)
    shown = [item for item in items if item.heading == asked.heading] if asked.heading else items
    page = shown[asked.page.offset : asked.page.offset + asked.page.limit]
    return Results(
        sections=() if asked.heading else tuple(_sections(here, index, items, query)),
        rows=tuple(_of_items(here, index, page, query)),
        count=len(shown),
        more=found.more,
        near=bool(hits) and found.near,
        words=() if total else tuple(_near(index, query, pages, here.language)),
        facets=_facets(here, index, asked, _listable(index, wide, everything), more=wide.more),
        cut=index.cut,
        listed=everything.count(1),
    )


def _near(index: Index, query: Query, pages: Iterable[Page], language: str) -> list[str]:
    """Words that come near, for a search that found nothing."""
    titles = near_words(query, [folded(page.title.of(language)) for page in pages])
    return list(dict.fromkeys([*index.near(query), *titles]))[:6]


def _ordered(hits: Sequence[Hit], helping: Sequence[tuple[float, Page]]) -> list[Item]:
    """Things and pages, the best first."""
    items = [Item(hit.score, GROUPS[hit.group], hit=hit) for hit in hits]
    items += [Item(score, page.group, page=page) for score, page in helping]
    items = [replace(item, score=round(item.score * _LESS.get(item.heading, 1.0), 3)) for item in items]
    # Sorting keeps the order of what fits as well.
    return sorted(items, key=lambda item: (-item.score, HEADINGS.index(item.heading)))


def _sections(here: Site, index: Index, items: Sequence[Item], query: Query) -> list[Section]:
    """The headings with something below them; the order is always the same, unless another fits clearly better."""
    found = []
    for heading in HEADINGS:
        mine = [item for item in items if item.heading == heading]
        if mine:
            best = 0 if mine[0].score >= 0.85 else 1 if mine[0].score >= 0.72 else 2
            found.append((best, Section(heading, tuple(_of_items(here, index, mine[:OVERVIEW], query)), len(mine))))
    return [section for _, section in sorted(found, key=lambda pair: pair[0])]


def _of_items(here: Site, index: Index, items: Sequence[Item], query: Query) -> list[Row]:
    hits = {item.hit.thing: item.hit for item in items if item.hit is not None}
    rows = _rows(here, index, index.things(list(hits), here.language), hits, query)
    of_thing = dict(zip(hits, rows, strict=True))
    found = []
    for item in items:
        if item.hit is not None:
            found.append(replace(of_thing[item.hit.thing], score=item.score))
        elif item.page is not None:
            found.append(_of_page(here, item, item.page, query))
    return found


def _of_page(here: Site, item: Item, page: Page, query: Query) -> Row:
    title, about = page.title.of(here.language), page.about.of(here.language)
    parts = marked(query, title)
    noted = () if any(part.hit for part in parts) else marked(query, _short(about))
    kind = here.say(f"search.kind.{page.group}")
    return Row(item.heading, parts, "", page.local, kind, _short(about), noted, score=item.score)


def _short(text: str, most: int = _SHOWN) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _rows(
    here: Site, index: Index, things: Sequence[Listed], hits: dict[int, Hit] | dict[int, None], query: Query
) -> list[Row]:
    kinds = index.words("type", {thing.kind for thing in things if thing.kind}, here.language)
    values = index.values([thing.number for thing in things if not thing.note])
    keys = {key for held in values.values() for facet in ("place", "theme") for key in held.get(facet, ())}
    members = _members(here, index, things)
    called = {f: index.words(f, keys, here.language) for f in ("place", "theme")}
    rows = []
    for thing in things:
        hit = hits.get(thing.number)
        label = _short(thing.label)
        other = _short(hit.text) if hit is not None and hit.text != thing.label else ""
        held = values.get(thing.number, {})
        about = [called[f].get(key, key) for f in ("place", "theme") for key in held.get(f, ())]
        rows.append(
            Row(
                heading=GROUPS[thing.group],
                label=marked(query, label) or (Part(label),),
                language=_foreign(thing.language, here.language),
                local=local_of(here.session.snapshot.names, thing.iri),
                kind=_kind(here, thing, kinds),
                note=thing.note or ", ".join(about[:4]),
                other=marked(query, other),
                other_language=_foreign(hit.language, here.language) if hit is not None and other else "",
                iri=thing.iri,
                score=hit.score if hit is not None else 0.0,
                members=members.get(thing.iri, (0, ""))[0],
                members_local=members.get(thing.iri, (0, ""))[1],
            )
        )
    return rows


def _members(here: Site, index: Index, things: Sequence[Listed]) -> dict[str, tuple[int, str]]:
    """For classes, places and themes how many things there are of each, and where those are listed."""
    found = {}
    for facet, group in (("type", "terms"), ("place", "places"), ("theme", "themes")):
        iris = [thing.iri for thing in things if GROUPS[thing.group] == group]
        for iri, count in index.held(facet, iris).items():
            short = here.session.prefixes.compact(iri)
            found[iri] = count, f"search?{urlencode({facet: short})}"
    return found


def _foreign(language: str, of_reader: str) -> str:
    """A language that has to be said, since it is not that of the page."""
    return "" if language.partition("-")[0] in ("", of_reader) else language


def _kind(here: Site, thing: Listed, kinds: dict[str, str]) -> str:
    """What sort of thing it is, in words."""
    key = f"search.kind.{thing.kind.replace('#', '/').rpartition('/')[2]}"
    if GROUPS[thing.group] == "terms" and known(key):
        return here.say(key)
    return kinds.get(thing.kind, "") or here.say(f"search.kind.{GROUPS[thing.group]}")


def _listable(index: Index, found: Found, everything: bytes) -> bytes:
    flags = index.flags(hit.thing for hit in found.hits)
    return (int.from_bytes(flags, "little") & int.from_bytes(everything, "little")).to_bytes(len(flags), "little")


def _facets(here: Site, index: Index, asked: Asked, among: bytes, *, more: bool) -> tuple[Facet, ...]:
    """The facets with something to choose, or something chosen."""
    until = monotonic() + here.settings.facet_milliseconds / 1000
    found = []
    for name in FACETS:
        counts = index.facet(name, asked.chosen, among, here.language, until)
        if not counts:
            continue
        counts = [replace(count, more=count.more or more) for count in counts]
        shown = counts[:_MOST] if asked.open == name else _few(counts)
        choices = tuple(Choice(count, _to(here, asked.toggled(name, count.key))) for count in shown)
        widened = replace(asked, open="" if asked.open == name else name)
        found.append(Facet(name, choices, len(counts), _to(here, widened)))
    return tuple(found)


def _to(here: Site, asked: Asked) -> str:
    return asked.address(here.session.prefixes)


def _few(counts: Sequence[Count]) -> list[Count]:
    """What is chosen and the most frequent, in the order that they had."""
    best = sorted(counts, key=lambda count: (not count.chosen, -count.count))[:_FEW]
    chosen = {count.key for count in counts if count.chosen} | {count.key for count in best}
    return [count for count in counts if count.key in chosen]


def summaries(here: Site, index: Index, rows: Sequence[Row]) -> dict[str, dict[str, list[str]]]:
    """By IRI what things hold, in words: for the files of a list."""
    numbers = index.numbers_of([row.iri for row in rows if row.iri])
    values = index.values(list(numbers.values()))
    words = {
        facet: index.words(facet, {k for held in values.values() for k in held.get(facet, ())}, here.language)
        for facet in FACETS
    }
    return {
        iri: {facet: [mask_addresses(words[facet][key]) for key in keys] for facet, keys in values[number].items()}
        for iri, number in numbers.items()
    }
