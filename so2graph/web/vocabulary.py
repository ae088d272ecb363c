"""`/def` and `/context.jsonld`: the vocabulary explains itself, whole, by version or by concept scheme."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar
from urllib.parse import quote

from flask import Blueprint, Response

from so2graph.engine.lookup import shorten
from so2graph.engine.store import Quad, serialize_quads
from so2graph.errors import NotFound
from so2graph.formats import GRAPH_FORMATS, HTML, by_name
from so2graph.publish.context import compact_document, read_context
from so2graph.publish.vocabulary import (
    ClassTerm,
    PropertyTerm,
    SchemeTerm,
    Texts,
    Vocabulary,
    read_vocabulary,
    scheme_quads,
    vocabulary_quads,
)
from so2graph.vocab import Iri, Literal, Term, visible
from so2graph.web.class_diagram import diagram
from so2graph.web.protocol import Chosen
from so2graph.web.site import Cell, Site, answer, site
from so2graph.web.words import known

__all__ = ["blueprint"]

blueprint = Blueprint("vocabulary", __name__)
FORMATS = (HTML, *GRAPH_FORMATS)
_T = TypeVar("_T", ClassTerm, PropertyTerm, SchemeTerm)


@blueprint.get("/context.jsonld")
def context() -> Response:
    """The JSON-LD context of the project, as it is."""
    return answer(read_context(site().access.bundle).text.encode(), "application/ld+json")


@blueprint.get("/def")
@blueprint.get("/def.<suffix>")
def whole(suffix: str | None = None) -> Response:
    """The vocabulary with its concept schemes, as a page or RDF; the format by suffix, `format=` or Accept."""
    return _whole(site(), "def", suffix)


@blueprint.get("/def/<version>")
def one_version(version: str) -> Response:
    """The vocabulary under its version IRI; only the version that this generation holds is here."""
    here = site()
    present = _read(here).header.version
    wanted, suffix = _split(version, (present,))
    if wanted != present:
        raise NotFound(
            f"there is no version {shorten(version)!r} of the vocabulary here",
            mend=f"There is: {present}.",
            near=[present],
        )
    return _whole(here, f"def/{wanted}", suffix)


@blueprint.get("/def/scheme/<name>")
def one_scheme(name: str) -> Response:
    """One concept scheme with its concepts, as a page or RDF."""
    here = site()
    vocabulary = _read(here)
    schemes = {scheme.name: scheme for scheme in vocabulary.schemes}
    wanted, suffix = _split(name, schemes)
    if wanted not in schemes:
        raise NotFound(
            f"there is no concept scheme {shorten(name)!r} here",
            mend=f"There is: {', '.join(schemes)}.",
            near=list(schemes),
        )
    chosen, local = here.choose(FORMATS, suffix), f"def/scheme/{wanted}"
    if chosen.format is HTML:
        page = _Page(here, vocabulary, schemes[wanted])
        response = here.page("scheme.html", page=page, scheme=schemes[wanted], formats=GRAPH_FORMATS, local=local)
    else:
        response = _rdf(here, scheme_quads(here.session, schemes[wanted].iri), chosen)
    return _linked(here, response, local, '<{}>; rel="describedby"'.format(here.url("def")))


def _read(here: Site) -> Vocabulary:
    return read_vocabulary(here.session, here.access.bundle)


def _split(text: str, known: Iterable[str]) -> tuple[str, str | None]:
    """A name and the format that its suffix asks for; a name with a dot in it that is known is a name."""
    stem, dot, suffix = text.rpartition(".")
    return (stem, suffix) if dot and text not in known and by_name(suffix, FORMATS) else (text, None)


def _whole(here: Site, local: str, suffix: str | None) -> Response:
    chosen = here.choose(FORMATS, suffix)
    if chosen.format is HTML:
        response = here.page("def.html", page=_Page(here, _read(here)), formats=GRAPH_FORMATS, local=local)
    else:
        response = _rdf(here, vocabulary_quads(here.session), chosen)
    return _linked(here, response, local, '<{}>; rel="latest-version"'.format(here.url("def")))


def _rdf(here: Site, quads: Sequence[Quad], chosen: Chosen) -> Response:
    if chosen.format.name == "jsonld":
        document = compact_document(quads, read_context(here.access.bundle))
        return answer(json.dumps(document, ensure_ascii=False, indent=1).encode(), chosen.content_type)
    return answer(serialize_quads(quads, chosen.format, here.session.prefixes), chosen.content_type)


def _linked(here: Site, response: Response, local: str, more: str) -> Response:
    """The answer with its `Link` header (RFC 8288): itself, its other formats, and what it belongs to."""
    links = [f'<{here.url(local)}>; rel="canonical"', more]
    links += [f'<{here.url(f"{local}.{f.suffix}")}>; rel="alternate"; type="{f.media_type}"' for f in FORMATS]
    links.append('<https://creativecommons.org/licenses/by/4.0/>; rel="license"')
    response.headers["Link"] = ", ".join(links)
    return response


@dataclass(frozen=True)
class _Both:
    """A text in the language of the reader, and in the other one where it differs."""

    text: str
    language: str
    other: str
    other_language: str


class _Page:
    """What the templates need to know of the vocabulary, in the language of the reader."""

    def __init__(self, here: Site, vocabulary: Vocabulary, only: SchemeTerm | None = None) -> None:
        """The page of the whole vocabulary, or of one scheme."""
        self.here, self.vocabulary = here, vocabulary
        self.entries = None if only is None else frozenset(concept.iri for concept in only.concepts)
        # A concept of two schemes has its entry, which its IRI leads to, in the first.
        self.homes: dict[str, str] = {}
        for scheme in vocabulary.schemes if only is None else (only,):
            for concept in scheme.concepts:
                self.homes.setdefault(concept.iri, scheme.iri)

    def _sorted_by_label(self, terms: Iterable[_T]) -> list[_T]:
        return sorted(terms, key=lambda term: (self.both(term.labels).text.casefold(), term.iri))

    @property
    def classes(self) -> list[ClassTerm]:
        return self._sorted_by_label(self.vocabulary.classes)

    @property
    def roots(self) -> list[ClassTerm]:
        """The classes with no other of the vocabulary above them, but for those that they are above themselves."""
        above = {term.iri: term.ancestors for term in self.vocabulary.classes}
        return [c for c in self.classes if all(c.iri in above[other] for other in c.ancestors if other in above)]

    def below(self, term: ClassTerm) -> list[ClassTerm]:
        """The classes right below a class; none below one that a circle leads back to."""
        return [c for c in self.classes if c.iri in term.children and c.iri not in c.ancestors]

    @property
    def properties(self) -> list[PropertyTerm]:
        return self._sorted_by_label(self.vocabulary.properties)

    @property
    def schemes(self) -> list[SchemeTerm]:
        return self._sorted_by_label(self.vocabulary.schemes)

    def both(self, texts: Texts) -> _Both:
        """A text in both languages; in another language still where the reader's has none."""
        first = self.here.language
        second = "en" if first == "nl" else "nl"
        texts = {tag: text for tag, text in texts.items() if visible(text)}
        found = next((tag for tag in (first, second, *sorted(texts)) if tag in texts), first)
        other = texts.get(second, "") if found == first else ""
        return _Both(texts.get(found, ""), found, "" if other == texts.get(found) else other, second)

    def anchor(self, iri: str) -> str:
        """The id of an entry: the fragment of its IRI, or its name where it has none."""
        names = self.here.session.snapshot.names
        return iri.removeprefix(names.term("")).removeprefix(names.thing(""))

    @cached_property
    def _own(self) -> dict[str, Texts]:
        return {term.iri: term.labels for term in self.vocabulary.terms}

    @cached_property
    def _labels(self) -> dict[str, str]:
        """Names for what has no entry here."""
        found: set[str] = set()
        header = self.vocabulary.header
        found.update(header.creators, header.publishers, header.sources, header.licences)
        for term in self.vocabulary.terms:
            found.update(*term.links.values(), term.links)
        for one in self.vocabulary.classes:
            found.update(one.parents, one.children, one.disjoint, one.inherited, one.ancestors)
            found.update(iri for rule in one.rules for iri in (rule.path, *rule.kinds, *rule.required))
            found.update([one.example] if one.example else [])
        for prop in self.vocabulary.properties:
            found.update(prop.domains, prop.ranges, prop.parents, prop.inverses)
            if prop.example is not None:
                found.update(t.value for t in (prop.example.subject, prop.example.object) if isinstance(t, Iri))
        return self.here.session.labels((iri for iri in found if iri not in self._own), self.here.language)

    def link(self, iri: str) -> Cell:
        """A term as a link: to its entry where it has one, on this page or that of the vocabulary; else outside."""
        if iri not in self._own:
            return Cell(self._labels.get(iri, self.short(iri)), self.here.href(iri), None, iri)
        text, entry = self.both(self._own[iri]), f"#{self.anchor(iri)}"
        here = self.entries is None or iri in self.entries
        href = entry if here else self.here.path("def") + entry
        return Cell(text.text or self.short(iri), href, text.language, iri)

    def cell(self, term: Term) -> Cell:
        """Any term of the data."""
        if isinstance(term, Iri):
            return self.link(term.value)
        return Cell(str(term), language=term.language if isinstance(term, Literal) else None)

    def short(self, iri: str) -> str:
        return self.here.session.prefixes.compact(iri)

    @property
    def status(self) -> Cell:
        """How far the vocabulary is (`bibo:status`), in words where there are any."""
        iri = self.vocabulary.header.status
        key = f"def.status.{iri.rpartition('/')[2]}"
        return Cell(self.here.say(key) if known(key) else self.short(iri), self.here.href(iri), None, iri)

    def things(self, iri: str) -> str:
        """The address of a list of all things of a class."""
        return self._ask(f"SELECT DISTINCT ?thing WHERE {{ GRAPH ?g {{ ?thing a <{iri}> }} }} ORDER BY ?thing")

    def uses(self, iri: str) -> str:
        """The address of a list of all uses of a property."""
        pattern = f"GRAPH ?g {{ ?subject <{iri}> ?object }}"
        return self._ask(f"SELECT DISTINCT ?subject ?object WHERE {{ {pattern} }} ORDER BY ?subject ?object")

    def _ask(self, query: str) -> str:
        return self.here.path(f"sparql?query={quote(query)}")

    @property
    def svg(self) -> object:
        """The drawing of the classes and what connects them."""
        labels = {term.iri: self.both(term.labels).text for term in self.vocabulary.terms}
        edges = [
            (domain, prop.iri, target)
            for prop in self.vocabulary.properties
            if prop.kind == "ObjectProperty"
            for domain in prop.domains
            for target in prop.ranges
            if domain in self._own and target in self._own and domain != target
        ]
        return diagram(edges, labels)
