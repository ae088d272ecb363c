"""The one description of the dataset, which VoID, DCAT, schema.org, the service description and the pages print."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from so2graph.engine.access import Session
from so2graph.engine.generations import Manifest
from so2graph.formats import DATASET_FORMATS, GRAPH_FORMATS, TABLE_FORMATS, Format, by_name
from so2graph.registry import StoredQuery, Text
from so2graph.vocab import DCTERMS, DEFAULT_GRAPH, RDFS, Iri, Literal, Names, Term

__all__ = [
    "Addresses",
    "Agent",
    "ContactPoint",
    "DataService",
    "Description",
    "Download",
    "GraphDescription",
    "Resource",
    "describe_dataset",
]

DCAT = "http://www.w3.org/ns/dcat#"
FOAF = "http://xmlns.com/foaf/0.1/"
VCARD = "http://www.w3.org/2006/vcard/ns#"
VOID = "http://rdfs.org/ns/void#"
_DUMPS: tuple[Format, ...] = (
    *(
        fmt
        for name in ("nquads", "trig", "turtle", "ntriples", "rdfxml", "jsonld")
        if (fmt := by_name(name, GRAPH_FORMATS))
    ),
    *(fmt for fmt in TABLE_FORMATS if fmt.name == "parquet"),
)
"""The formats in which the whole dataset is to be had, each also compressed."""
_CATALOGUE = "SELECT ?s ?p ?o WHERE { GRAPH ?_catalogue { ?s ?p ?o } } ORDER BY ?s ?p ?o"
_NAMES = "SELECT ?x ?name WHERE { GRAPH ?_vocabulary { ?x foaf:name ?name } } ORDER BY ?x ?name"
_WEB = "SELECT ?x ?page WHERE { ?x prov:hadPrimarySource ?page } ORDER BY ?x ?page"

Rows = Mapping[str, Mapping[str, tuple[Term, ...]]]


@dataclass(frozen=True)
class Addresses:
    """The whole addresses of the service; `root` ends with a slash. A site of plain files has others."""

    root: str

    @property
    def live(self) -> bool:
        """Whether a service answers there, which takes queries."""
        return True

    def __call__(self, local: str = "") -> str:
        return self.root + local.lstrip("/")

    def page(self, local: str, language: str | None = None) -> str:
        """The address of a page, or of a feed, in a language where one is given."""
        return self(local) + (f"?lang={language}" if language else "")

    @property
    def void(self) -> str:
        return self(".well-known/void")

    @property
    def examples(self) -> str:
        return self(".well-known/sparql-examples")

    @property
    def sparql(self) -> str:
        return self("sparql")


@dataclass(frozen=True)
class Agent:
    """Who makes or publishes (`foaf:Agent`)."""

    iri: str
    name: str


@dataclass(frozen=True)
class ContactPoint:
    """Where to ask (`vcard:Kind`): a name and a web page."""

    iri: str
    name: str
    page: str


@dataclass(frozen=True)
class Download:
    """A file that is to be had: a whole address, its format, and whether it is compressed (gzip)."""

    address: str
    format: Format
    compressed: bool = False


@dataclass(frozen=True)
class Resource:
    """What the catalogue says of the whole or of one graph; lists are sorted, and empty where it says nothing."""

    iri: str
    identifier: str
    title: Text
    description: Text
    creator: Agent
    publisher: Agent
    contact: ContactPoint
    licence: str | None
    access: str | None
    rights: tuple[str, ...]
    languages: tuple[str, ...]
    themes: tuple[str, ...]
    keywords: tuple[Literal, ...]
    sources: tuple[str, ...]
    spatial: tuple[str, ...]
    period: tuple[str, Literal, Literal] | None
    """The IRI of a period with its first and last moment."""


@dataclass(frozen=True)
class GraphDescription:
    """One graph: what the catalogue says of it, and its triples and files, unless it is reached by name only."""

    about: Resource
    local: str
    catalogued: bool
    modality: str | None
    factual: bool
    by_name_only: bool
    triples: int | None
    downloads: tuple[Download, ...]
    links: tuple[str, ...] = ()
    """What its links say, where it is a linkset (VoID, 5); `linked` is the dataset that they lead to."""
    linked: str | None = None


@dataclass(frozen=True)
class DataService:
    """A service on the data (`dcat:DataService`): its address and where its description is."""

    name: str
    address: str
    description_address: str
    title: Text
    description: Text


@dataclass(frozen=True)
class Description:
    """The dataset as its caller may see it. Only graphs that the caller may read are in it, or counted in it."""

    names: Names
    addresses: Addresses
    generation: int
    modified: str
    """When the generation was made (xsd:dateTime)."""
    about: Resource
    catalogue: Resource
    """The catalogue itself (`dcat:Catalog`)."""
    graphs: tuple[GraphDescription, ...]
    triples: int
    """Triples of all graphs but those reached by name only, a triple of several graphs counted once."""
    facts: int
    """Triples of a plain query's default graph."""
    downloads: tuple[Download, ...]
    services: tuple[DataService, ...]
    queries: tuple[StoredQuery, ...]
    examples: tuple[str, ...]
    roots: tuple[str, ...]
    source_pages: tuple[str, ...]
    """Web pages that the sources were taken from."""
    rights: Mapping[str, Text]
    """The texts of rights statements by IRI."""

    @property
    def counted(self) -> tuple[GraphDescription, ...]:
        """The graphs that are counted and may be downloaded."""
        return tuple(graph for graph in self.graphs if not graph.by_name_only)


def describe_dataset(session: Session, queries: Iterable[StoredQuery], addresses: Addresses) -> Description:
    """The description of the current generation for the caller of `session`.

    What is authored comes from the catalogue graph, sizes from the manifest; a dataset without a catalogue is named
    by its IRIs.
    """
    snapshot = session.snapshot
    names, manifest = snapshot.names, snapshot.manifest
    rows = _rows(session)
    reader = _Reader(session, rows)
    whole, catalogue = names.thing("dataset"), names.thing("catalog")
    shown = tuple(sorted(iri for iri in session.readable if iri != DEFAULT_GRAPH))
    about = reader.resource(whole, "dataset")
    return Description(
        names=names,
        addresses=addresses,
        generation=manifest.number,
        modified=manifest.created,
        about=about,
        catalogue=reader.resource(catalogue, "catalog"),
        graphs=tuple(_graph(reader, manifest, iri, addresses) for iri in shown),
        triples=snapshot.size(names.everything),
        facts=snapshot.size(names.facts),
        downloads=_downloads(addresses, "exports/dataset", _DUMPS, compressed=True),
        services=_services(addresses) if addresses.live else (),
        queries=tuple(query for query in queries if not _names_hidden(query, session)),
        examples=reader.iris(whole, VOID + "exampleResource"),
        roots=reader.iris(whole, VOID + "rootResource"),
        source_pages=_source_pages(session, about.sources),
        rights={iri: reader.text(iri, RDFS + "label", iri) for iri in _rights(rows, (whole, catalogue, *shown))},
    )


def _rows(session: Session) -> Rows:
    found: dict[str, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for row in session.select(_CATALOGUE, catalogue=Iri(session.snapshot.names.catalogue)):
        if row["o"] is not None:
            found[str(row["s"])][str(row["p"])].append(row["o"])
    return {s: {p: tuple(values) for p, values in of.items()} for s, of in found.items()}


def _rights(rows: Rows, about: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({str(o) for iri in about for o in rows.get(iri, {}).get(DCTERMS + "rights", ())}))


def _names_hidden(query: StoredQuery, session: Session) -> bool:
    """Whether a stored query speaks of a graph that the caller may not read."""
    names = session.snapshot.names
    return any(iri in query.text or iri.removeprefix(names.graph("")) in query.text for iri in session.hidden)


def _source_pages(session: Session, sources: Iterable[str]) -> tuple[str, ...]:
    wanted = set(sources)
    return tuple(sorted({str(row["page"]) for row in session.select(_WEB) if str(row["x"]) in wanted}))


def _downloads(
    addresses: Addresses, stem: str, formats: Iterable[Format], *, compressed: bool = False
) -> tuple[Download, ...]:
    both = (("", False), (".gz", True)) if compressed else (("", False),)
    return tuple(
        Download(addresses(f"{stem}.{fmt.suffix}{end}"), fmt, packed) for end, packed in both for fmt in formats
    )


def _graph(reader: _Reader, manifest: Manifest, iri: str, addresses: Addresses) -> GraphDescription:
    names = reader.names
    local = iri.removeprefix(names.graph(""))
    ours = iri.startswith(names.graph(""))
    by_name_only = iri in manifest.by_name_only
    modality = reader.iris(iri, names.term("modality"))
    downloads: tuple[Download, ...] = ()
    if ours and not by_name_only:
        formats = (*(f for f in GRAPH_FORMATS if f not in DATASET_FORMATS), *DATASET_FORMATS)
        downloads = _downloads(addresses, f"exports/graph/{quote(local)}", formats)
    return GraphDescription(
        about=reader.resource(iri, f"graph/{local}" if ours else iri),
        local=local,
        catalogued=bool(reader.values(iri, DCTERMS + "title")),
        modality=modality[0] if modality else None,
        factual=iri not in manifest.aside and not by_name_only and not names.no_fact(iri),
        by_name_only=by_name_only,
        triples=None if by_name_only else manifest.graphs.get(iri, 0),
        downloads=downloads,
        links=reader.iris(iri, VOID + "linkPredicate"),
        linked=reader.one(iri, VOID + "objectsTarget"),
    )


def _services(addresses: Addresses) -> tuple[DataService, ...]:
    return (
        DataService(
            "sparql",
            addresses.sparql,
            addresses("sparql?format=turtle"),
            Text("SPARQL-eindpunt", "SPARQL endpoint"),
            Text(
                "Vragen in SPARQL 1.1; zonder vraag de beschrijving van de dienst.",
                "Queries in SPARQL 1.1; without one the description of the service.",
            ),
        ),
        DataService(
            "graph-store",
            addresses("graph-store"),
            addresses("sparql?format=turtle"),
            Text("Graafopslag", "Graph store"),
            Text(
                "Elke graaf op zichzelf, te lezen en met een sleutel te wijzigen (SPARQL 1.1 Graph Store Protocol).",
                "Each graph by itself, to be read and with a token changed (SPARQL 1.1 Graph Store Protocol).",
            ),
        ),
    )


class _Reader:
    """Reads the rows of the catalogue into values."""

    def __init__(self, session: Session, rows: Rows) -> None:
        self.names, self._rows = session.snapshot.names, rows
        vocabulary = Iri(self.names.graph("vocabulary"))
        self._names = {str(row["x"]): str(row["name"]) for row in session.select(_NAMES, vocabulary=vocabulary)}

    def values(self, iri: str, predicate: str) -> tuple[Term, ...]:
        return self._rows.get(iri, {}).get(predicate, ())

    def iris(self, iri: str, predicate: str) -> tuple[str, ...]:
        return tuple(sorted(str(value) for value in self.values(iri, predicate) if isinstance(value, Iri)))

    def one(self, iri: str, predicate: str) -> str | None:
        return next(iter(self.iris(iri, predicate)), None)

    def text(self, iri: str, predicate: str, otherwise: str) -> Text:
        found = {v.language or "": v.value for v in self.values(iri, predicate) if isinstance(v, Literal)}
        any_text = next(iter(found.values()), otherwise)
        return Text(found.get("nl", any_text), found.get("en", any_text))

    def agent(self, iri: str | None) -> Agent:
        known = iri or self.names.thing("so2graph")
        return Agent(known, self._names.get(known, known.removeprefix(self.names.thing(""))))

    def contact(self, iri: str | None) -> ContactPoint:
        known = iri or self.names.thing("contact-point")
        return ContactPoint(
            known,
            self.text(known, VCARD + "fn", "so2graph").en,
            self.one(known, VCARD + "hasURL") or self.names.base,
        )

    def period(self, iri: str | None) -> tuple[str, Literal, Literal] | None:
        ends = [v for end in ("startDate", "endDate") for v in self.values(iri or "", DCAT + end)]
        if iri is None or len(ends) != 2 or not (isinstance(ends[0], Literal) and isinstance(ends[1], Literal)):
            return None
        return iri, ends[0], ends[1]

    def resource(self, iri: str, identifier: str) -> Resource:
        known = [str(value) for value in self.values(iri, DCTERMS + "identifier")]
        title = self.text(iri, DCTERMS + "title", identifier)
        publisher = self.agent(self.one(iri, DCTERMS + "publisher"))
        return Resource(
            iri=iri,
            identifier=known[0] if known else identifier,
            title=title,
            description=self.text(iri, DCTERMS + "description", title.en),
            creator=self.agent(self.one(iri, DCTERMS + "creator") or publisher.iri),
            publisher=publisher,
            contact=self.contact(self.one(iri, DCAT + "contactPoint")),
            licence=self.one(iri, DCTERMS + "license"),
            access=self.one(iri, DCTERMS + "accessRights"),
            rights=self.iris(iri, DCTERMS + "rights"),
            languages=self.iris(iri, DCTERMS + "language"),
            themes=self.iris(iri, DCAT + "theme"),
            keywords=tuple(v for v in self.values(iri, DCAT + "keyword") if isinstance(v, Literal)),
            sources=self.iris(iri, DCTERMS + "source"),
            spatial=self.iris(iri, DCTERMS + "spatial"),
            period=self.period(self.one(iri, DCTERMS + "temporal")),
        )
