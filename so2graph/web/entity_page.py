"""The page about a thing: who and what is around it, how certain, what that rests on, and what to do with it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import quote

from flask import Response

from so2graph.formats import HTML, Format
from so2graph.network.routes import HUBS, STEPS, national, routes
from so2graph.publish.entity import Statement, describe
from so2graph.publish.evidence import Triple, evidence_of, record_of, triple_of
from so2graph.publish.passages import Sources
from so2graph.publish.places import points_of
from so2graph.vocab import MODALITIES, RDF, RDFS, SKOS, Iri, Literal, Term
from so2graph.web.citation import Citation
from so2graph.web.entity_summary import kinds, summary
from so2graph.web.facts import Fact, Ground, Group, Terms, chosen, elsewhere, grounds, in_words, read_along
from so2graph.web.linking import Document, Link
from so2graph.web.links_told import links_of
from so2graph.web.maps import Map, Place, built_outline, draw_map
from so2graph.web.neighbourhood import draw_neighbourhood
from so2graph.web.profiles import PROFILES, Profile
from so2graph.web.site import Cell, Site
from so2graph.web.timeline import dates_of, timeline
from so2graph.web.ways import mentioned, step_in_words, ways

__all__ = ["entity_page"]

_CONTACT = """
SELECT ?url WHERE { GRAPH ?_catalogue { ?_catalog dcat:contactPoint ?contact . ?contact vcard:hasURL ?url } }
ORDER BY ?url
"""
_KINDS = 5
_FIELD = re.compile(r"\{(iri|page|name)\}")
_PLACED = ("latitude", "longitude", "lat", "long")


@dataclass(frozen=True)
class _Resting:
    """A source of a page, with how many of its statements rest on it."""

    href: str | None
    label: str
    count: int


def entity_page(here: Site, document: Document, links: list[Link], data: bytes) -> Response:
    """The page, with its links in the head and the thing in schema.org as a block of data."""
    return _Page(here, document).response(links, data)


class _Page:
    """The page about one thing in the making."""

    def __init__(self, here: Site, document: Document) -> None:
        self._here, self._document, self._iri = here, document, document.iri
        session, settings = here.session, here.settings
        self._names, self._most = session.snapshot.names, settings.max_profile_rows
        self.entity = describe(session, document.iri, self._most, settings.max_profile_statements)
        self._kinds = kinds(self.entity, _above(here, self.entity.types), self._names)[:_KINDS]
        self._shown = chosen(self.entity, here.language, self._most)
        typed = self.entity.values(RDF + "type")[:_KINDS]
        said = [statement for _, facts, _ in self._shown for rows in facts for statement in rows[:1]]
        self._record, self._claim = record_of(session, document.iri, self._most)
        self._evidence = evidence_of(session, [*typed, *said, *self._record])
        hub = any(kind in {self._names.term(name) for name in HUBS} for kind in self.entity.types)
        self._routes = routes(ways(here), [document.iri], national(session), STEPS) if hub else []
        self._labels = session.labels(self._iris(), here.language)
        self._terms = Terms(here, self._labels)
        self._sources = Sources(session, here.access.bundle.data)

    def _iris(self) -> set[str]:
        """Every IRI that the page shows."""
        found = {self._iri, *self._kinds, *map(self._names.term, MODALITIES)} | mentioned(self._routes)
        found |= {e.page for claims in self._evidence.values() for e in claims if e.page}
        found |= {self._names.thing("catalog")}
        for relation, facts, _ in self._shown:
            found.add(relation.predicate)
            for rows in facts:
                found |= {term.value for term in (rows[0].subject, rows[0].object) if isinstance(term, Iri)}
        for statement in self._record:
            found.add(statement.predicate)
            found |= {term.value for term in (statement.subject, statement.object) if isinstance(term, Iri)}
        return found

    def response(self, links: list[Link], data: bytes) -> Response:
        here, terms = self._here, self._terms
        resting = {triple: grounds(here, self._sources, claims) for triple, claims in self._evidence.items()}
        groups = in_words(terms, self._shown, resting)
        around = [group for group in groups if self._around(group)]
        placed = self._map(around)
        values = [group for group in groups if self._is_value(group, placed)]
        linked, unlinked = links_of(here, self._iri, self._most)
        told = {(one.mapping.predicate, one.mapping.object) for one in linked}
        others = sorted({str(fact.thing) for group in around for fact in group.things})
        years = timeline([*around, *values], dates_of(here.session, others), self._most)
        name = terms.name(self._iri)
        licences = [link.href for link in links if link.rel == "license" and _http(link.href)]
        return here.page(
            "entity.html",
            entity=self.entity,
            name=name,
            ours=self._iri.startswith(self._names.base),
            kinds=[Cell(terms.name(kind), here.href(kind), iri=kind) for kind in self._kinds],
            summary=summary(terms, self.entity, self._kinds, groups, here.language, here.session.prefixes),
            notes=[(_text(str(note.object)), note.modality) for note in self._texts(SKOS + "note")],
            mentions=self._mentions(resting),
            read_along=None if (page := self._sources.get(self._iri)) is None else read_along(here, page),
            hub=self._routes,
            labels=self._labels,
            step=lambda one: step_in_words(one, self._labels),
            around=around,
            values=values,
            elsewhere=[
                rest
                for group in groups
                if elsewhere(group.relation, self._names.base) and (rest := _untold(group, told)).facts
            ],
            linked=linked,
            unlinked=unlinked,
            picture=draw_neighbourhood(terms, self._iri, around, here.settings.max_picture_things),
            years=years,
            map=placed,
            record=self._recorded(resting),
            claim=self._claim,
            claim_grounds=[] if self._claim is None else grounds(here, self._sources, [self._claim]),
            resting=self._resting(resting),
            citation=self._citation(name, licences),
            licences=licences,
            report=self._report(name),
            whole=self.entity.whole and all(len(group.facts) >= group.count for group in groups),
            terms=terms,
            cell=self._cell,
            links=here.shown(links),
            profiles=[(p, places) for p in PROFILES if (places := _places(here, self._document, p))],
            linked_data=_data_block(data),
        )

    def _around(self, group: Group) -> bool:
        return bool(group.things) and not elsewhere(group.relation, self._names.base)

    def _is_value(self, group: Group, placed: Map | None) -> bool:
        """Whether a group has texts and numbers; a point that the map shows is not told again."""
        told = placed is not None and group.relation.predicate.endswith(_PLACED)
        return not group.things and not told

    def _texts(self, predicate: str) -> list[Statement]:
        """The texts of the thing in the language of the reader, or in whatever there is; those that are not empty."""
        said = self.entity.values(predicate)
        texts = [(s, s.object.language) for s in said if isinstance(s.object, Literal) and s.object.value.strip()]
        mine = [statement for statement, language in texts if language == self._here.language]
        return mine or [statement for statement, _ in texts]

    def _mentions(self, resting: dict[Triple, list[Ground]]) -> list[Ground]:
        """Where the page names the thing, each place once."""
        found = {}
        for statement in self.entity.values(RDF + "type")[:_KINDS]:
            for ground in resting.get(triple_of(statement), []):
                if ground.evidence.start is not None:
                    found[ground.evidence.identifier] = ground
        return list(found.values())

    def _recorded(self, resting: dict[Triple, list[Ground]]) -> list[Fact]:
        """The statements that the thing itself holds, where it is a claim."""
        return [Fact(s, s.object, None, (s.modality,), tuple(resting.get(triple_of(s), ()))) for s in self._record]

    def _map(self, groups: Iterable[Group]) -> Map | None:
        """The thing and what is around it, as far as the data gives points; a thing with several is several marks."""
        iris = {self._iri} | {str(fact.thing) for group in groups for fact in group.things}
        points = points_of(self._here.session, iris)
        places = [
            Place(iri, self._terms.name(iri), latitude, longitude)
            for iri, spots in points.items()
            for longitude, latitude in spots
        ]
        return draw_map(places, built_outline())

    def _resting(self, resting: dict[Triple, list[Ground]]) -> list[_Resting]:
        """The sources of the page: documents with a page here, and addresses elsewhere; the most used first."""
        pages: Counter[str] = Counter()
        outside: Counter[str] = Counter()
        seen: set[str] = set()
        for ground in (ground for found in resting.values() for ground in found):
            if ground.evidence.claim in seen:
                continue
            seen.add(ground.evidence.claim)
            if ground.evidence.page:
                pages[ground.evidence.page] += 1
            if ground.evidence.source:
                outside[ground.evidence.source] += 1
        found = [_Resting(self._here.href(iri), self._terms.name(iri), count) for iri, count in _ordered(pages)]
        return found + [_Resting(_http(iri), iri, count) for iri, count in _ordered(outside)]

    def _citation(self, name: str, licences: Iterable[str]) -> Citation:
        manifest = self._here.session.snapshot.manifest
        catalogue = self._names.thing("catalog")
        title = self._labels[catalogue]
        return Citation(
            name=name,
            iri=self._iri,
            dataset=title if not title.endswith("catalog") else "so2graph",
            publisher="so2graph",
            generation=manifest.number,
            date=manifest.created[:10],
            licences=tuple(licences),
            language=self._here.language,
        )

    def _report(self, name: str) -> str:
        """Where to report a mistake on this page: the address of the setting, filled in, or the contact page."""
        template = self._here.settings.report_url
        if template:
            told = {"iri": self._iri, "page": self._document.page, "name": name}
            return _FIELD.sub(lambda field: quote(told[field[1]], safe=""), template)
        catalogue, catalog = Iri(self._names.catalogue), Iri(self._names.thing("catalog"))
        rows = self._here.session.select(_CONTACT, catalogue=catalogue, catalog=catalog)
        given = [str(row["url"]) for row in rows if _http(str(row["url"]))]
        outside = [url for url in given if not url.startswith(self._names.base)]
        return outside[0] if outside else self._here.path("catalog")

    def _cell(self, term: Term) -> Cell:
        if isinstance(term, Iri):
            own = term.value == self._iri
            return Cell(self._terms.name(term.value), None if own else self._here.href(term.value), iri=term.value)
        language = term.language if isinstance(term, Literal) else None
        return Cell(self._terms.value(term), language=language)


def _untold(group: Group, told: Collection[tuple[str, str]]) -> Group:
    """A group without the links that are told with what they rest on."""
    predicate = group.relation.predicate
    facts = tuple(fact for fact in group.facts if (predicate, str(fact.end)) not in told)
    return replace(group, facts=facts, count=group.count - (len(group.facts) - len(facts)))


def _text(note: str) -> str:
    """A note as a sentence."""
    return note[:1].upper() + note[1:] + ("" if note.endswith((".", "!", "?", "…")) else ".")


def _ordered(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda row: (-row[1], row[0]))


def _http(iri: str) -> str | None:
    return iri if iri.startswith(("http://", "https://")) else None


def _above(here: Site, types: Iterable[str]) -> list[tuple[str, str]]:
    """The classes right above each of these."""
    above = Iri(RDFS + "subClassOf")
    return [
        (one, str(quad[2]))
        for one in islice(types, 50)
        for quad in islice(here.session.about(subject=Iri(one), predicate=above), 50)
    ]


def _places(here: Site, document: Document, profile: Profile) -> list[tuple[Format, str]]:
    """The formats of a profile, each with the path to it."""
    root = here.url()
    found = [(f, document.address(profile, f)) for f in profile.formats if (profile, f) != (PROFILES[0], HTML)]
    return [(fmt, here.local(address)) for fmt, address in found if here.offers(address.removeprefix(root))]


def _data_block(document: bytes) -> str:
    """JSON-LD, safe inside an element of HTML: no tag can begin or end in it."""
    return document.decode().replace("<", "\\u003c")
