"""Reads from a request what of the network is asked for, and writes addresses that ask for it; without I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from so2graph.errors import BadParameter, UnknownEntity
from so2graph.network.kinds import KINDS
from so2graph.network.picture import Picture
from so2graph.network.visible import EARLIER, LATER, YEARS, Choice
from so2graph.vocab import MODALITIES, Prefixes, curie_or_iri
from so2graph.web.protocol import single

__all__ = ["MAX_STEPS", "YEAR_STOPS", "Asked", "address", "find", "name_of", "read_asked", "read_choice"]

Parameters = Mapping[str, Sequence[str]]
MAX_STEPS = 3
YEAR_STOPS = (EARLIER, *map(str, YEARS), LATER)
_NEAR = 5
_LONGEST = 200


@dataclass(frozen=True)
class Asked:
    """What a request asks of the network: what is looked at, the node that is selected, how many steps around it."""

    choice: Choice = Choice()
    select: str = ""
    steps: int = 1
    source: str = ""
    target: str = ""


def read_choice(parameters: Parameters) -> Choice:
    """What `modality`, `type`, `year` and `q` say; lists may be repeated or have commas. Raises `BadParameter`."""
    year = single(parameters, "year") or ""
    if year and year not in YEAR_STOPS:
        raise BadParameter(
            f"year={year[:40]!r} cannot be chosen", mend=f"Give one of: {', '.join(YEAR_STOPS)}.", parameter="year"
        )
    return Choice(
        _chosen(parameters, "modality", MODALITIES),
        _chosen(parameters, "type", KINDS),
        year,
        (single(parameters, "q") or "").strip()[:_LONGEST],
    )


def _chosen(parameters: Parameters, name: str, all_: Sequence[str]) -> frozenset[int]:
    if name not in parameters:
        return frozenset(range(len(all_)))
    given = [part.strip() for value in parameters[name] for part in value.split(",") if part.strip()]
    if strange := [part for part in given if part not in all_]:
        raise BadParameter(
            f"{name}={strange[0][:40]!r} cannot be chosen", mend=f"Choose of: {', '.join(all_)}.", parameter=name
        )
    return frozenset(all_.index(part) for part in given)


def read_asked(parameters: Parameters) -> Asked:
    """All that the address of `/network` may say; raises `BadParameter`."""
    steps = single(parameters, "steps") or "1"
    if steps not in {str(number) for number in range(1, MAX_STEPS + 1)}:
        raise BadParameter(f"steps={steps[:40]!r} is out of range", mend=f"Give 1 to {MAX_STEPS}.", parameter="steps")
    names = (single(parameters, name) or "" for name in ("select", "from", "to"))
    select, source, target = (name.strip() for name in names)
    return Asked(read_choice(parameters), select, int(steps), source, target)


def address(page: str, choice: Choice, **more: str) -> str:
    """The local address of a page with a choice in it; what is not said there is left out."""
    said = {}
    if len(choice.modalities) < len(MODALITIES):
        said["modality"] = ",".join(MODALITIES[at] for at in sorted(choice.modalities))
    if len(choice.kinds) < len(KINDS):
        said["type"] = ",".join(KINDS[at] for at in sorted(choice.kinds))
    said |= {"year": choice.year, "q": choice.text} | more
    kept = {name: value for name, value in said.items() if value or name == "modality"}
    return page + (f"?{urlencode(kept, quote_via=quote, safe=',')}" if kept else "")


def name_of(iri: str, things: str) -> str:
    """How an address names a thing: the part after `id/`, else the whole IRI."""
    rest = iri.removeprefix(things)
    return rest if rest and ":" not in rest else iri


def find(picture: Picture, text: str, things: str, prefixes: Prefixes) -> int:
    """The node that a text names: an IRI, a prefixed name, the part after `id/`, or a name in either language.

    Raises `UnknownEntity` with near names, or `BadParameter` for a name of several.
    """
    for iri in _as_iris(text, things, prefixes):
        if (at := picture.index.get(iri)) is not None:
            return at
    wanted = text.casefold()
    pairs = enumerate(zip(picture.label_nl, picture.label_en, strict=True))
    found = [at for at, (nl, en) in pairs if nl.casefold() == wanted or (en or "").casefold() == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(name_of(picture.iri[at], things) for at in found[:_NEAR])
        raise BadParameter(f"{text[:80]!r} names {len(found)} things: {names}", mend="Give one of those names.")
    near = _near(picture, wanted)
    named = "; ".join(picture.label_nl[at] for at in near)
    raise UnknownEntity(
        f"there is nothing called {text[:80]!r} in the network",
        mend=f"Did you mean: {named}?" if near else "Search for a part of its name at /network.",
        near=[picture.iri[at] for at in near],
    )


def _as_iris(text: str, things: str, prefixes: Prefixes) -> Iterable[str]:
    yield text
    yield things + text.removeprefix("id/")
    try:
        yield curie_or_iri(text, prefixes).value
    except BadParameter:
        return


def _near(picture: Picture, wanted: str) -> list[int]:
    """Nodes in whose name all words of the text stand; of those the ones with most edges."""
    words = wanted.split()
    if not words:
        return []
    texts = (f"{nl} {en or ''}".casefold() for nl, en in zip(picture.label_nl, picture.label_en, strict=True))
    found = [at for at, text in enumerate(texts) if all(word in text for word in words)]
    return sorted(found, key=lambda at: (-picture.size[at], at))[:_NEAR]
