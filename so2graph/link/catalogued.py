"""Graphs that come with links, as entries of the catalogue: linksets, the mappings, and what links brought."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from so2graph.engine.access import Session
from so2graph.engine.store import Quad
from so2graph.link.mapping import target_name
from so2graph.link.target import Target
from so2graph.registry import Text
from so2graph.vocab import DCTERMS, RDF, XSD, Iri, Literal, Names, Term

__all__ = [
    "Entry",
    "Linkset",
    "enrichment_entry",
    "entry_of",
    "entry_quads",
    "linkset_entry",
    "linkset_of",
    "mappings_entry",
]

DCAT = "http://www.w3.org/ns/dcat#"
VOID = "http://rdfs.org/ns/void#"
_SHARED = (
    DCTERMS + "publisher",
    DCTERMS + "creator",
    DCTERMS + "license",
    DCTERMS + "language",
    DCTERMS + "accessRights",
    DCAT + "contactPoint",
    DCAT + "theme",
)
"""What an entry says as the one of the catalogue itself does."""
MAPPINGS = Text("Oordelen over koppelingen", "Judgements about links")
_MAPPINGS = Text(
    "per koppeling wie haar maakte, waarop zij rust en hoe zeker zij is; ook wat is afgewezen en wat er niet is",
    "for each link who made it, what it rests on and how sure it is; also what was refused and what there is not",
)


@dataclass(frozen=True)
class Linkset:
    """A target as the catalogue has it. `source` is the IRI of the dataset elsewhere, "" where it has none.

    `licence` is that of the data elsewhere; the links themselves have the licence of the catalogue.
    """

    target: str
    title: Text
    source: str = ""
    licence: str = ""

    @classmethod
    def named(cls, target: str, name: str = "") -> Linkset:
        """A linkset of which no more is known than its name."""
        shown = name or target_name(target)
        return cls(target, Text(f"Koppelingen met {shown}", f"Links with {shown}"))


def linkset_of(target: Target) -> Linkset:
    """How the catalogue describes the links with a target."""
    title = Text(f"Koppelingen met {target.title.nl}", f"Links with {target.title.en}")
    return Linkset(target.name, title, target.homepage, target.licence)


@dataclass(frozen=True)
class Entry:
    """An entry of the catalogue in the making."""

    graph: str
    title: Text
    description: Text
    factual: bool
    more: tuple[tuple[str, Term], ...] = ()
    licence: str = ""


def linkset_entry(linkset: Linkset, names: Names, predicates: Iterable[str]) -> Entry:
    """The entry of a linkset (VoID, 5): what its links say, and which datasets they are between."""
    more: list[tuple[str, Term]] = [
        (RDF + "type", Iri(VOID + "Linkset")),
        (VOID + "subjectsTarget", Iri(names.thing("dataset"))),
        *((VOID + "linkPredicate", Iri(predicate)) for predicate in sorted(predicates)),
    ]
    if linkset.source:
        more.append((VOID + "objectsTarget", Iri(linkset.source)))
    return Entry(
        names.links(linkset.target),
        linkset.title,
        Text(
            "aanvaarde koppelingen; waarop elk rust, staat in de graaf van oordelen",
            "accepted links; what each rests on is in the graph of judgements",
        ),
        factual=True,
        more=tuple(more),
    )


def enrichment_entry(linkset: Linkset, names: Names) -> Entry:
    """The entry of what links with a target brought."""
    title = Text(f"{linkset.title.nl}: wat zij brachten", f"{linkset.title.en}: what they brought")
    return Entry(
        names.enrichment(linkset.target),
        title,
        Text(
            "overgenomen uit de gekoppelde bron, elke uitspraak met de koppeling waarlangs zij kwam",
            "taken over from the source that is linked with, each statement with the link that it came by",
        ),
        factual=False,
        more=((DCTERMS + "source", Iri(linkset.source)),) if linkset.source else (),
        licence=linkset.licence,
    )


def mappings_entry(names: Names) -> Entry:
    """The entry of the graph of judgements."""
    return Entry(names.mappings, MAPPINGS, _MAPPINGS, factual=False)


def entry_of(session: Session, graph: str) -> list[Quad]:
    """What the catalogue says of a graph and its files, and that it is one of its datasets."""
    names = session.snapshot.names
    catalogue = Iri(names.catalogue)
    mine = [quad for quad in session.about(subject=Iri(graph)) if quad[3] == catalogue]
    for _, predicate, obj, _ in list(mine):
        if predicate.value == DCAT + "distribution":
            files = [quad for quad in session.about(subject=obj) if quad[3] == catalogue]
            for quad in files:
                if str(quad[2]).startswith(f"{graph}#"):
                    files += [other for other in session.about(subject=quad[2]) if other[3] == catalogue]
            mine += files
    return mine + [
        quad for quad in session.about(obj=Iri(graph)) if quad[3] == catalogue and str(quad[1]).startswith(DCAT)
    ]


def entry_quads(session: Session, entry: Entry) -> list[Quad]:
    """The quads of an entry that the catalogue does not have yet; none where there is no catalogue."""
    names = session.snapshot.names
    catalogue = Iri(names.catalogue)
    own = [quad for quad in session.about(subject=catalogue) if quad[3] == catalogue]
    whole = [
        quad[0]
        for quad in session.about(obj=Iri(DCAT + "Catalog"), predicate=Iri(RDF + "type"))
        if quad[3] == catalogue
    ]
    if not whole:
        return []
    me = Iri(entry.graph)
    rows: list[tuple[str, Term]] = [
        (RDF + "type", Iri(DCAT + "Dataset")),
        (RDF + "type", Iri(VOID + "Dataset")),
        (DCTERMS + "title", Literal(entry.title.nl, "nl")),
        (DCTERMS + "title", Literal(entry.title.en, "en")),
        (DCTERMS + "description", Literal(entry.description.nl, "nl")),
        (DCTERMS + "description", Literal(entry.description.en, "en")),
        (DCTERMS + "identifier", Literal(entry.graph.removeprefix(names.base))),
        (names.term("isFactual"), Literal(str(entry.factual).lower(), datatype=XSD + "boolean")),
        *entry.more,
    ]
    shared = [(quad[1].value, quad[2]) for quad in own if quad[1].value in _SHARED]
    if entry.licence:
        shared = [row for row in shared if row[0] != DCTERMS + "license"]
        shared.append((DCTERMS + "license", Iri(entry.licence)))
    quads: list[Quad] = [(me, Iri(predicate), obj, catalogue) for predicate, obj in (*rows, *shared)]
    return [*quads, *((each, Iri(DCAT + "dataset"), me, catalogue) for each in _first(whole))]


def _first(found: Sequence[Term]) -> list[Iri]:
    return [term for term in sorted(found, key=str)[:1] if isinstance(term, Iri)]
