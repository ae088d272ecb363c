"""Writes the changes of the dataset as an Atom feed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from so2graph.engine.generations import Manifest
from so2graph.publish.description import Description

__all__ = ["Change", "atom", "changes"]

_WORDS = {
    "nl": {
        "title": "Wijzigingen van %s",
        "entry": "Generatie %d",
        "first": "De oudste generatie die bewaard is: %d triples in %d grafen.",
        "same": "Geen graaf werd groter of kleiner.",
        "graph": "%s: %s triples (nu %d)",
        "gone": "%s: weg (was %d triples)",
    },
    "en": {
        "title": "Changes of %s",
        "entry": "Generation %d",
        "first": "The oldest generation that is kept: %d triples in %d graphs.",
        "same": "No graph grew or shrank.",
        "graph": "%s: %s triples (now %d)",
        "gone": "%s: gone (had %d triples)",
    },
}


@dataclass(frozen=True)
class Change:
    """A generation: when it was made, and the triples of each graph before it (None for the oldest) and in it."""

    number: int
    created: str
    inputs: str
    before: dict[str, int] | None
    after: dict[str, int]

    @property
    def grown(self) -> dict[str, int]:
        """By how many triples each graph grew (or, below zero, shrank), for those that did; by graph."""
        before = self.before or {}
        sizes = {graph: self.after.get(graph, 0) - before.get(graph, 0) for graph in {*before, *self.after}}
        return {graph: sizes[graph] for graph in sorted(sizes) if sizes[graph]}


def changes(manifests: Sequence[Manifest], hidden: Iterable[str]) -> tuple[Change, ...]:
    """The generations that are kept, newest first; no graph that is hidden or reached by name only is in them."""
    kept = sorted(manifests, key=lambda manifest: manifest.number)
    aside = set(hidden) | {graph for manifest in kept for graph in manifest.by_name_only}

    def sizes(manifest: Manifest) -> dict[str, int]:
        return {graph: count for graph, count in manifest.graphs.items() if graph not in aside}

    found = [Change(m.number, m.created, m.inputs, None, sizes(m)) for m in kept[:1]]
    found += [Change(m.number, m.created, m.inputs, sizes(old), sizes(m)) for old, m in pairwise(kept)]
    return tuple(reversed(found))


def atom(description: Description, found: Sequence[Change], language: str) -> str:
    """The feed (RFC 4287), in `nl` or `en`; by how much each graph grew is what the manifests of generations tell.

    An entry keeps its identifier wherever the service runs: it is below the IRI of the dataset.
    """
    words, addresses, about = _WORDS[language], description.addresses, description.about
    me, home = addresses.page("changes.atom", language), addresses.page("", language)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{language}">',
        f"<id>{escape(about.iri)}#changes-{language}</id>",
        f"<title>{escape(words['title'] % about.title.of(language))}</title>",
        f"<updated>{description.modified}</updated>",
        f"<author><name>{escape(about.creator.name)}</name></author>",
        f'<link rel="self" type="application/atom+xml" hreflang="{language}" href={quoteattr(me)}/>',
        f'<link rel="alternate" type="text/html" hreflang="{language}" href={quoteattr(home)}/>',
    ]
    if about.licence:
        lines.append(f'<link rel="license" href={quoteattr(about.licence)}/>')
    for change in found:
        lines += [
            "<entry>",
            f"<id>{escape(about.iri)}#generation-{change.number}-{change.inputs[:12]}-{language}</id>",
            f"<title>{words['entry'] % change.number}</title>",
            f"<updated>{change.created}</updated>",
            f'<link rel="alternate" type="text/html" hreflang="{language}" '
            f"href={quoteattr(addresses.page('catalog', language))}/>",
            f'<content type="text">{escape(_said(description, change, language))}</content>',
            "</entry>",
        ]
    return "\n".join([*lines, "</feed>\n"])


def _said(description: Description, change: Change, language: str) -> str:
    words = _WORDS[language]
    if change.before is None:
        return words["first"] % (sum(change.after.values()), len(change.after))
    titles = {graph.about.iri: graph.about.title.of(language) for graph in description.graphs}

    def line(graph: str, by: int) -> str:
        name = titles.get(graph, graph)
        if graph not in change.after:
            return words["gone"] % (name, -by)
        return words["graph"] % (name, f"{by:+d}", change.after[graph])

    return "\n".join(line(graph, by) for graph, by in change.grown.items()) or words["same"]
