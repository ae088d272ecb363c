"""Content negotiation by profile (https://www.w3.org/TR/dx-prof-conneg/): which there are, and which one is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass

from so2graph.engine.store import Quad
from so2graph.errors import NotAcceptable
from so2graph.formats import DATASET_FORMATS, FORMATS, GRAPH_FORMATS, HTML, Format, by_name
from so2graph.vocab import DCTERMS, RDF, Blank, Iri, Literal
from so2graph.web.protocol import LANGUAGES
from so2graph.web.words import say

__all__ = [
    "PROFILES",
    "STATEMENT_FORMATS",
    "Profile",
    "alternatives",
    "choose_profiles",
    "known_format",
    "profile_quads",
]

ALTR = "http://www.w3.org/ns/dx/conneg/altr#"
PROF = "http://www.w3.org/ns/dx/prof/"
STATEMENT_FORMATS = tuple(f for f in FORMATS if f.name in ("csv", "tsv"))
"""Tables of statements."""
_NAMED = tuple(f for f in DATASET_FORMATS if f.name != "jsonld")
_JSONLD_FIRST = tuple(sorted(GRAPH_FORMATS, key=lambda f: f.name != "jsonld"))


@dataclass(frozen=True)
class Profile:
    """One way to describe a thing: its `name` (the token), its formats, and other IRIs that mean the same."""

    name: str
    formats: tuple[Format, ...]
    also: tuple[str, ...] = ()

    def iri(self, base: str) -> str:
        """The IRI that answers name it by."""
        return f"{base}def/profile/{self.name}"

    def title(self, language: str) -> str:
        return say(f"profile.{self.name}", language)

    def about(self, language: str) -> str:
        """What it holds, in a sentence."""
        return say(f"profile.{self.name}.about", language)


PROFILES: tuple[Profile, ...] = (
    Profile("full", (HTML, *GRAPH_FORMATS, *STATEMENT_FORMATS)),
    Profile("summary", (*GRAPH_FORMATS, *STATEMENT_FORMATS)),
    Profile("schema.org", (*_JSONLD_FIRST, *STATEMENT_FORMATS), ("https://schema.org/", "http://schema.org/")),
    Profile("network", (*GRAPH_FORMATS, *STATEMENT_FORMATS)),
    Profile("graphs", (*_NAMED, *(f for f in DATASET_FORMATS if f not in _NAMED), *STATEMENT_FORMATS)),
    Profile("alt", (HTML, *GRAPH_FORMATS), ("http://www.w3.org/ns/dx/conneg/altr", ALTR)),
)
"""The first is the one for who asks for none."""
_RANGE = re.compile(r"<([^<>]*)>([^,<]*)")
_QUALITY = re.compile(r';\s*q\s*=\s*"?([01](?:\.\d*)?)', re.IGNORECASE)


def choose_profiles(accept: str, wanted: str | None, base: str) -> tuple[Profile, ...]:
    """The profiles that a request takes, the best first; raises `NotAcceptable` with all there is.

    `wanted` is `_profile=` (tokens or IRIs, by commas), which wins over the `Accept-Profile` header (6 and 7 of the
    recommendation). Without either it is the first of the table.
    """
    if wanted is not None:
        ranked = [(1.0, name.strip().strip("<>")) for name in wanted.split(",")]
    else:
        ranked = [(_quality(parameters), iri) for iri, parameters in _RANGE.findall(accept)]
        if not ranked:
            return PROFILES[:1]
    ranked.sort(key=lambda row: -row[0])
    names = {name: p for p in PROFILES for name in (p.name, p.iri(base), *p.also)}
    found = dict.fromkeys(names[name] for quality, name in ranked if quality > 0 and name in names)
    if not found:
        asked = f"_profile={wanted!r}" if wanted is not None else f"'Accept-Profile: {accept}'"
        raise NotAcceptable(
            f"there is no profile as in {asked}",
            mend=f"There is: {', '.join(p.name for p in PROFILES)}.",
            available=[
                {"token": p.name, "profile": p.iri(base), "mediaTypes": [f.media_type for f in p.formats]}
                for p in PROFILES
            ],
        )
    return tuple(found)


def _quality(parameters: str) -> float:
    found = _QUALITY.search(parameters)
    return float(found[1]) if found else 1.0


def alternatives(iri: str, document: str, base: str) -> list[Quad]:
    """All representations of a thing in the vocabulary of the recommendation (alternate representations, 5)."""
    quads: list[Quad] = []
    about = Iri(iri)
    for profile in PROFILES:
        for fmt in profile.formats:
            node = Blank(f"{profile.name.replace('.', '')}{fmt.name}")
            default = (profile, fmt) == (PROFILES[0], HTML)
            relation = "hasDefaultRepresentation" if default else "hasRepresentation"
            quads += [
                (about, Iri(ALTR + relation), node, None),
                (node, Iri(RDF + "type"), Iri(ALTR + "Representation"), None),
                (node, Iri(DCTERMS + "format"), Literal(fmt.media_type), None),
                (node, Iri(DCTERMS + "conformsTo"), Iri(profile.iri(base)), None),
            ]
    quads.append((Iri(document), Iri("http://xmlns.com/foaf/0.1/primaryTopic"), about, None))
    for profile in PROFILES:
        quads += profile_quads(profile, base)
    return quads


def profile_quads(profile: Profile, base: str) -> list[Quad]:
    """The profile as a `prof:Profile` (Profiles Vocabulary) with its token and what it is, in both languages."""
    about = Iri(profile.iri(base))
    rows: list[Quad] = [
        (about, Iri(RDF + "type"), Iri(PROF + "Profile"), None),
        (about, Iri(PROF + "hasToken"), Literal(profile.name), None),
    ]
    if profile.name == "schema.org":
        rows.append((about, Iri(PROF + "isProfileOf"), Iri("https://schema.org/"), None))
    for language in LANGUAGES:
        rows.append((about, Iri(DCTERMS + "title"), Literal(profile.title(language), language), None))
        rows.append((about, Iri(DCTERMS + "description"), Literal(profile.about(language), language), None))
    return rows


def known_format(text: str) -> bool:
    """Whether a description comes in a format by this name, in one profile or another."""
    return any(by_name(text, profile.formats) for profile in PROFILES)
