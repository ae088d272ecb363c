"""`/source/{name}`: a source document read along with what rests on it, as a page, its text and its annotations."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from flask import Blueprint, Response

from so2graph.engine.lookup import shorten
from so2graph.errors import BadParameter
from so2graph.formats import HTML, Format, by_name
from so2graph.publish.source import Attestation, Source, documents, read_source
from so2graph.publish.source_annotations import annotation_page
from so2graph.vocab import MODALITIES
from so2graph.web.linking import Link, link_header
from so2graph.web.protocol import single
from so2graph.web.site import Site, answer, site
from so2graph.web.source_cards import Card, cards_of, names_of

__all__ = ["SOURCE_FORMATS", "STYLE", "blueprint"]

blueprint = Blueprint("source", __name__)
TEXT = Format("text", "text", "txt", ("text/plain",), frozenset({"text"}), charset=True)
ANNOTATIONS = Format(
    "annotations", "Web Annotation (JSON-LD)", "json", ("application/json", "application/ld+json"), frozenset()
)
STYLE = Format("style", "style sheet", "css", ("text/css",), frozenset(), charset=True)
"""By suffix only: it lights a phrase and its statement together where there is no script."""
SOURCE_FORMATS = (HTML, TEXT, ANNOTATIONS)
_FORMS = {TEXT: "source.form.text", ANNOTATIONS: "source.form.annotations"}
_UNSAID = "none"


@dataclass(frozen=True)
class Part:
    """A piece of the text as the page shows it.

    `claims` and `names` are the anchors of what it carries, the shortest first; `begins` are the names that begin
    with it, `ends` the claims that end. `lines` are its kinds of line, the most certain first.
    """

    text: str
    claims: tuple[str, ...]
    names: tuple[str, ...]
    begins: tuple[str, ...]
    lines: tuple[str, ...]
    ends: tuple[Card, ...]
    address: bool

    @property
    def element(self) -> str:
        """What it is in HTML: a link, but for a blank, which nobody could see to be one."""
        return "a" if self.text.strip() else "span"

    @property
    def classes(self) -> str:
        return " ".join(f"c-{anchor}" for anchor in (*self.claims, *self.names))


@dataclass(frozen=True)
class Passage:
    """A block of the text in parts, with the claims that begin in it."""

    kind: str
    parts: tuple[Part, ...]
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Choice:
    """A line of the legend: how many claims hold in that way, and where the page with those alone is."""

    modality: str
    label: str
    count: int
    href: str
    chosen: bool


@blueprint.get("/source/<path:name>")
def source(name: str) -> Response:
    """A source document; the format goes by suffix, `format=` or Accept."""
    here = site()
    there = documents(here.session, here.access.bundle.data)
    stem, dot, suffix = name.rpartition(".")
    ends = dot and name not in there and by_name(suffix, (*SOURCE_FORMATS, STYLE)) is not None
    found = read_source(here.session, here.access.bundle.data, stem if ends else name)
    if ends and suffix.lower() == STYLE.suffix:
        return answer(_style(found).encode(), STYLE.content_type)
    chosen, wanted = here.choose(SOURCE_FORMATS, suffix if ends else None), _wanted(here)
    links = _links(here, found, chosen.format)
    if chosen.format is HTML:
        response = _page(here, found, links, wanted)
    elif chosen.format is TEXT:
        response = answer(found.text.encode(), chosen.content_type)
        response.headers["Content-Language"] = found.document.language or "nl"
    else:
        local = f"source/{found.document.name}"
        body = annotation_page(
            found, here.session.snapshot.names, here.url(f"{local}.{ANNOTATIONS.suffix}"), here.url(local)
        )
        response = answer(body, chosen.content_type)
    response.headers["Link"] = link_header(links)
    return response


def _links(here: Site, found: Source, fmt: Format) -> list[Link]:
    """The other forms of the document, and the thing that it is."""
    local = f"source/{found.document.name}"
    links = [Link("cite-as", found.document.iri)]
    if fmt is not HTML:
        links.append(Link("canonical", here.url(local), HTML.media_type))
    links += [
        Link("alternate", here.url(f"{local}.{other.suffix}"), other.media_type)
        for other in SOURCE_FORMATS[1:]
        if other is not fmt
    ]
    return links


def _page(here: Site, found: Source, links: list[Link], wanted: frozenset[str]) -> Response:
    claims = tuple(claim for claim in found.claims if not wanted or (claim.modality or _UNSAID) in wanted)
    cards = cards_of(here, claims)
    lit = _lit(here, found)
    name = found.document.name
    return here.page(
        "source.html",
        source=found,
        name=name,
        title=here.session.labels([found.document.iri], here.language)[found.document.iri],
        about=here.href(found.document.iri),
        passages=_passages(found, cards),
        shown=len(cards),
        astray=cards_of(here, tuple(claim for claim in found.astray if not claim.mention)),
        names=names_of(here, found.mentions),
        legend=_legend(here, found, wanted),
        everything=here.path(f"source/{name}"),
        filtered=bool(wanted),
        lit=lit,
        unknown=shorten(single(here.parameters, "claim") or "") if lit == "" else "",
        lighting=here.file(f"source/{name}.{STYLE.suffix}"),
        forms=[(key, here.file(f"source/{name}.{form.suffix}")) for form, key in _FORMS.items()],
        links=here.shown(links),
    )


def _wanted(here: Site) -> frozenset[str]:
    """The modalities in `modality=`, which may be given more than once; empty for all of them."""
    asked = [value for value in here.parameters.get("modality", []) if value]
    for value in asked:
        if value not in (*MODALITIES, _UNSAID):
            raise BadParameter(
                f"there is no modality {shorten(value)!r}",
                mend=f"There is: {', '.join(MODALITIES)}.",
                parameter="modality",
            )
    return frozenset(asked)


def _lit(here: Site, found: Source) -> str | None:
    """The anchor of the claim or mention in `claim=`; empty for one that does not rest on this document."""
    asked = single(here.parameters, "claim")
    if not asked:
        return None
    return next((one.anchor for one in found.attestations if asked in (one.identifier, one.anchor, one.iri)), "")


def _passages(found: Source, cards: dict[str, Card]) -> list[Passage]:
    """The text block by block; a claim stands beside the block that it begins in."""
    kinds = {one.anchor: one.modality or _UNSAID for one in found.attestations}
    named = {one.anchor for one in found.mentions}
    last = _last_pieces(found, cards)
    passages, begun = [], set[str]()
    for at, (block, pieces) in enumerate(found.blocks):
        parts, beginning = [], dict[str, Card]()
        for number, piece in enumerate(pieces):
            claims = tuple(key for key in piece.keys if key in cards)
            names = tuple(key for key in piece.keys if key in named)
            part = Part(
                text=found.text[piece.start : piece.end],
                claims=claims,
                names=names,
                begins=tuple(key for key in names if key not in begun),
                lines=tuple(sorted({kinds[key] for key in claims}, key=[*MODALITIES, _UNSAID].index)),
                ends=tuple(cards[key] for key in last.get((at, number), ())),
                address=piece.address,
            )
            parts.append(part)
            beginning |= {key: cards[key] for key in claims if key not in begun}
            begun |= {*claims, *names}
        order = sorted(beginning.values(), key=lambda card: (card.start, -card.end, card.identifier))
        passages.append(Passage(block.kind, tuple(parts), tuple(order)))
    return passages


def _last_pieces(found: Source, cards: dict[str, Card]) -> dict[tuple[int, int], list[str]]:
    """The claims that end with a piece, by block and number of the piece, in the order of the text."""
    last: dict[str, tuple[int, int]] = {}
    for at, (_, pieces) in enumerate(found.blocks):
        for number, piece in enumerate(pieces):
            last |= {key: (at, number) for key in piece.keys if key in cards}
    ends: dict[tuple[int, int], list[str]] = {}
    for key in cards:
        if key in last:
            ends.setdefault(last[key], []).append(key)
    return ends


def _legend(here: Site, found: Source, wanted: frozenset[str]) -> list[Choice]:
    counts = Counter(claim.modality or _UNSAID for claim in found.claims)
    term = here.session.snapshot.names.term
    labels = here.session.labels((term(modality) for modality in counts), here.language)
    local = f"source/{found.document.name}"
    return [
        Choice(
            modality,
            here.say("source.unsaid") if modality == _UNSAID else labels[term(modality)],
            counts[modality],
            here.path(f"{local}?modality={modality}"),
            modality in wanted,
        )
        for modality in (*MODALITIES, _UNSAID)
        if counts[modality]
    ]


def _style(found: Source) -> str:
    """Rules that light a phrase and its statement when the address names either, for pages without a script."""
    rules = [_rule(one) for one in found.attestations]
    return "\n".join(["/* What the address names is lit in the text and beside it. */", *rules, ""])


def _rule(one: Attestation) -> str:
    """Anchors are letters, digits, `-` and `_` only."""
    target = f":is(#{one.anchor}, #{one.anchor}-text):target"
    lit = f":root:not(.followed):has({target})"
    return (
        f"{lit} .c-{one.anchor} {{ background-color: var(--mark); }}\n"
        f"{lit} .claim.c-{one.anchor} * {{ color: var(--ink); }}"
    )
