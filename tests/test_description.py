"""The dataset describes itself: VoID, DCAT, service description, examples, each from the one description."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import rdflib
from flask.testing import FlaskClient
from pyshacl import validate
from rdflib import DCTERMS, RDF, RDFS, SH, VOID, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from so2graph.config import Settings
from so2graph.engine.access import Access
from so2graph.formats import DATASET_FORMATS, FORMATS, GRAPH_FORMATS, Format
from so2graph.publish.build import ensure_empty
from so2graph.publish.schema_dataset import as_script
from so2graph.publish.statistics import StatisticsKeeper
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, Blank, Iri
from so2graph.vocab import Literal as Text
from so2graph.web.app import create_app
from tests.conftest import ROOT
from tests.test_engine_changes import Place

DCAT = Namespace("http://www.w3.org/ns/dcat#")
FOAF = Namespace("http://xmlns.com/foaf/0.1/")
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
SCHEMA = Namespace("https://schema.org/")
SO2 = Namespace(CANONICAL_BASE + "def#")
WHOLE = URIRef(CANONICAL_BASE + "id/dataset")
FACTS = URIRef(CANONICAL_BASE + "graph/facts")
ALL = URIRef(CANONICAL_BASE + "graph/all")
CONTACT = URIRef(CANONICAL_BASE + "graph/so2/contact")
HOST = "http://localhost/"
DOCUMENTS = ("/.well-known/void", "/.well-known/sparql-examples", "/catalog", "/sparql")
OTHERS = ("/", "/catalog?format=html", "/catalog?_profile=schema.org", "/sitemap.xml", "/robots.txt", "/changes.atom")
EMAIL = re.compile(rb"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
LINKSETS = (ROOT / "data" / "catalog.ttl").read_text(encoding="utf-8").count("a dcat:Dataset, void:Linkset ;")
DUMPS = [f"dataset.{suffix}" for suffix in ("nq", "trig", "ttl", "nt", "rdf", "jsonld", "parquet")]
REFERENCE = Path(os.environ.get("SO2GRAPH_REFERENCE") or Path(__file__).parent.parent.parent / "shared" / "reference")


def address(document: str, fmt: Format) -> str:
    """Where a document is to be had in a format."""
    return f"/sparql?format={fmt.suffix}" if document == "/sparql" else f"{document}.{fmt.suffix}"


def read(client: FlaskClient, path: str, fmt: Format) -> Graph:
    """The triples of an answer, which must be 200 and of the format's own media type."""
    response = client.get(path)
    assert (response.status_code, response.content_type) == (200, fmt.content_type), path
    if fmt in DATASET_FORMATS:
        dataset = rdflib.Dataset()
        dataset.parse(data=response.data, format={"jsonld": "json-ld"}.get(fmt.name, fmt.name))
        graph = Graph()
        for s, p, o, name in dataset.quads():
            assert name in (None, rdflib.graph.DATASET_DEFAULT_GRAPH_ID), path
            graph.add((s, p, o))
        return graph
    return Graph().parse(data=response.data, format={"rdfxml": "xml", "ntriples": "nt"}.get(fmt.name, fmt.name))


def turtle(client: FlaskClient, document: str) -> Graph:
    return read(client, address(document, GRAPH_FORMATS[0]), GRAPH_FORMATS[0])


def number(graph: Graph, subject: Node, predicate: Node) -> int:
    """The one number that a graph gives."""
    (value,) = graph.objects(subject, predicate)
    return int(str(value))


def ask(client: FlaskClient, query: str) -> list[list[str]]:
    """The rows of an answer of the endpoint, as text."""
    response = client.post("/sparql", data={"query": query}, headers={"Accept": "application/sparql-results+json"})
    assert response.status_code == 200, response.get_data(as_text=True)
    names = response.get_json()["head"]["vars"]
    return [[row[name]["value"] for name in names] for row in response.get_json()["results"]["bindings"]]


@pytest.fixture(scope="module")
def private(settings: Settings, bundle: Bundle) -> FlaskClient:
    """A client of the same dataset where the e-mail addresses are private."""
    closed = Settings.load({}, {"data": settings.data, "contact": "private"})
    return create_app(closed, bundle).test_client()


@pytest.mark.parametrize("fmt", GRAPH_FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_document_says_the_same_in_every_format(client: FlaskClient, document: str, fmt: Format) -> None:
    """By suffix or `format=` it parses, and has the triples of its Turtle; no blank node is in it."""
    found, expected = read(client, address(document, fmt), fmt), turtle(client, document)
    assert set(found) == set(expected)
    assert len(found) > 100
    assert not [node for triple in found for node in triple if isinstance(node, rdflib.BNode)]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_is_negotiated(client: FlaskClient, document: str) -> None:
    """Accept chooses; without a wish it is Turtle, but the catalogue is a page; what cannot be made is 406."""
    for fmt in GRAPH_FORMATS:
        response = client.get(document, headers={"Accept": fmt.media_type})
        assert (response.status_code, response.mimetype) == (200, fmt.media_type)
        assert response.headers["ETag"]
        assert response.headers["SO2Graph-Generation"] == "1"
    expected = "text/html" if document == "/catalog" else "text/turtle"
    assert client.get(document).mimetype == expected
    assert client.get(document, headers={"Accept": "image/png"}).status_code == 406
    if document != "/sparql":
        assert client.get(f"{document}.docx").status_code == 406


def test_void_counts_are_those_of_the_store(client: FlaskClient) -> None:
    """For the whole, the facts and each graph, the numbers are what SPARQL counts there."""
    void = turtle(client, "/.well-known/void")
    query = """SELECT (COUNT(*) AS ?t) (COUNT(DISTINCT ?s) AS ?ds) (COUNT(DISTINCT ?o) AS ?do)
      (COUNT(DISTINCT ?p) AS ?dp) (COUNT(DISTINCT ?class) AS ?dc) FROM <%s>
      WHERE { ?s ?p ?o BIND(IF(?p = rdf:type, ?o, ?none) AS ?class) }"""
    terms = (VOID.triples, VOID.distinctSubjects, VOID.distinctObjects, VOID.properties, VOID.classes)
    graphs = [graph for graph in void.objects(WHOLE, VOID.subset) if (graph, RDF.type, VOID.Dataset) in void]
    assert len(graphs) == 15 + LINKSETS  # the facts, and all graphs but the one that is reached by name only
    for subject, source in [(WHOLE, ALL), *((graph, graph) for graph in graphs)]:
        (counted,) = ask(client, query % source)
        assert [number(void, subject, term) for term in terms] == [int(n) for n in counted], subject
    things = """SELECT (COUNT(DISTINCT ?s) AS ?n) FROM <%s> { ?s ?p ?o FILTER(STRSTARTS(STR(?s), STR(id:))) }"""
    for subject, source in ((WHOLE, ALL), (FACTS, FACTS)):
        assert [[str(number(void, subject, VOID.entities))]] == ask(client, things % source)


def test_void_partitions_are_those_of_the_facts(client: FlaskClient) -> None:
    """Each class and property of the facts is there once, with the numbers that SPARQL counts."""
    void = turtle(client, "/.well-known/void")
    classes = {
        (str(void.value(part, VOID["class"])), number(void, part, VOID.entities))
        for part in void.objects(FACTS, VOID.classPartition)
    }
    rows = ask(client, "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c } GROUP BY ?c")
    assert classes == {(row[0], int(row[1])) for row in rows}
    terms = (VOID.triples, VOID.distinctSubjects, VOID.distinctObjects)
    properties = {
        (str(void.value(part, VOID.property)), *(number(void, part, term) for term in terms))
        for part in void.objects(FACTS, VOID.propertyPartition)
    }
    rows = ask(
        client,
        """SELECT ?p (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?ds) (COUNT(DISTINCT ?o) AS ?do)
        { ?s ?p ?o } GROUP BY ?p""",
    )
    assert properties == {(row[0], *map(int, row[1:])) for row in rows}


def test_every_link_to_others_is_in_a_linkset(client: FlaskClient) -> None:
    """Linksets have a predicate, both targets and a number; together they have every link of the facts."""
    void = turtle(client, "/.well-known/void")
    linksets = set(void.subjects(RDF.type, VOID.Linkset))
    assert linksets == set(void.objects(WHOLE, VOID.subset)) & linksets
    for linkset in linksets:
        if str(linkset).startswith(f"{CANONICAL_BASE}graph/"):
            continue  # One that a file or a judgement made; those by namespace have all links.
        target = void.value(linkset, VOID.objectsTarget)
        space, predicate = void.value(target, VOID.uriSpace), void.value(linkset, VOID.linkPredicate)
        assert void.value(linkset, VOID.subjectsTarget) == WHOLE
        found = ask(
            client,
            f"""SELECT (COUNT(*) AS ?n) {{ ?s <{predicate}> ?o FILTER(STRSTARTS(STR(?o), "{space}")) }}""",
        )
        assert found == [[str(number(void, linkset, VOID.triples))]], space
    matches = ", ".join(f"skos:{kind}Match" for kind in ("exact", "close", "broad", "narrow", "related"))
    (links,) = ask(
        client,
        f"""SELECT (COUNT(*) AS ?n) {{ ?s ?p ?o FILTER(?p IN ({matches}, owl:sameAs)
            && !STRSTARTS(STR(?o), "{CANONICAL_BASE}")) }}""",
    )
    graphs = {one for one in linksets if str(one).startswith(f"{CANONICAL_BASE}graph/link/")}
    assert len(graphs) == LINKSETS
    for some in (graphs, linksets - graphs):
        assert sum(number(void, linkset, VOID.triples) for linkset in some) == int(links[0])


def test_void_says_where_things_are(client: FlaskClient) -> None:
    """Endpoint, dumps, formats, vocabularies and examples; each example is below the URI space and has a page."""
    void = turtle(client, "/.well-known/void")
    document = URIRef(HOST + ".well-known/void")
    assert (document, RDF.type, VOID.DatasetDescription) in void
    assert void.value(document, FOAF.primaryTopic) == WHOLE
    assert void.value(WHOLE, VOID.sparqlEndpoint) == URIRef(HOST + "sparql")
    assert {str(dump) for dump in void.objects(WHOLE, VOID.dataDump)} == {
        f"{HOST}exports/{name}{gz}" for name in DUMPS for gz in ("", ".gz")
    }
    space = str(void.value(WHOLE, VOID.uriSpace))
    pattern = str(void.value(WHOLE, VOID.uriRegexPattern))
    examples = list(void.objects(WHOLE, VOID.exampleResource))
    assert len(examples) == 4
    for example in examples:
        assert str(example).startswith(space)
        assert re.match(pattern, str(example))
        assert client.get("/doc/" + str(example).removeprefix(space)).status_code == 200
    used = {str(v) for v in void.objects(WHOLE, VOID.vocabulary)}
    (terms,) = ({row[0] for row in ask(client, f"SELECT DISTINCT ?p FROM <{ALL}> {{ ?s ?p ?o }}")},)
    assert not [term for term in terms if not any(term.startswith(namespace) for namespace in used)]


@pytest.mark.parametrize("document", ["/.well-known/void", "/catalog"])
def test_every_announced_download_has_the_expected_form(client: FlaskClient, document: str) -> None:
    """`/exports/dataset.x`, that compressed, or `/exports/graph/….x`; in DCAT with the media type of its suffix."""
    graph = turtle(client, document)
    predicate = VOID.dataDump if document.endswith("void") else DCAT.downloadURL
    found = sorted({str(value) for value in graph.objects(None, predicate)})
    form = re.compile(rf"{HOST}exports/(dataset\.(nq|trig|ttl|nt|rdf|jsonld|parquet)(\.gz)?|graph/[a-z0-9/-]+\.\w+)")
    assert [one for one in found if not form.fullmatch(one)] == []
    suffixes = {fmt.suffix: fmt.media_type for fmt in GRAPH_FORMATS} | {"parquet": "application/vnd.apache.parquet"}
    graphs = len(set(graph.objects(WHOLE, VOID.subset if document.endswith("void") else DCTERMS.hasPart)))
    assert graphs >= 14
    assert len(found) == 14 + (14 + LINKSETS) * len(GRAPH_FORMATS)
    for distribution in graph.subjects(RDF.type, DCAT.Distribution):
        download = str(graph.value(distribution, DCAT.downloadURL)).removesuffix(".gz")
        kind = str(graph.value(distribution, DCAT.mediaType))
        assert kind == "https://www.iana.org/assignments/media-types/" + suffixes[download.rpartition(".")[2]]


def reports(data: Graph, *shapes: str) -> Iterator[tuple[str, str, str, str]]:
    """The results of validation against shapes of the reference: severity, focus node, path and value."""
    wanted = Graph()
    for name in shapes:
        path = REFERENCE / "shapes" / name
        if not path.is_file():
            pytest.skip(f"no reference material: {path.name} is not in SO2GRAPH_REFERENCE or ../shared/reference")
        wanted.parse(path)
    _, report, _ = validate(data, shacl_graph=wanted, inference="none", advanced=False)
    assert isinstance(report, Graph)
    for result in report.subjects(RDF.type, SH.ValidationResult):
        values = (report.value(result, term) for term in (SH.resultSeverity, SH.focusNode, SH.resultPath, SH.value))
        severity, focus, path_, value = map(str, values)
        yield severity.rpartition("#")[2], focus, path_, value


def test_the_catalogue_conforms_to_dcat_ap_nl(client: FlaskClient) -> None:
    """DCAT-AP 3.0.1 with DCAT-AP-NL 3.0 and its ranges: no violation, and no warning either."""
    shapes = ("dcat-ap-SHACL.ttl", "dcat-ap-nl-SHACL.ttl", "dcat-ap-nl-SHACL-klassebereik.ttl")
    assert list(reports(turtle(client, "/catalog"), *shapes)) == []


def test_a_catalogue_without_a_contact_point_would_not_conform(client: FlaskClient) -> None:
    """The validation above does find what is missing."""
    catalogue = turtle(client, "/catalog")
    catalogue.remove((None, DCAT.contactPoint, None))
    found = list(reports(catalogue, "dcat-ap-SHACL.ttl", "dcat-ap-nl-SHACL.ttl"))
    assert {path for _, _, path, _ in found} == {str(DCAT.contactPoint)}


def test_public_bodies_conform_to_cpov(client: FlaskClient) -> None:
    """The public organisations have no violation; the split of Alescon has, for nobody says that it was public."""
    facts = Graph().parse(data=client.get("/graph/facts.nt").data, format="nt")
    bodies = set(facts.subjects(RDF.type, URIRef("http://data.europa.eu/m8g/PublicOrganisation")))
    assert len(bodies) == 10
    found = {(focus, value) for _, focus, _, value in reports(facts, "cpov-SHACL.ttl")}
    thing = CANONICAL_BASE + "id/"
    assert found == {(thing + "split-alescon-2019", thing + name) for name in ("alescon", "iwerk", "stark")}


def test_the_catalogue_lists_every_graph_with_its_size(client: FlaskClient) -> None:
    """Whole and graphs, with licence and modality; the graph that is reached by name only has no number or file."""
    catalogue = turtle(client, "/catalog")
    datasets = set(catalogue.objects(URIRef(CANONICAL_BASE + "id/catalog"), DCAT.dataset))
    assert datasets == set(catalogue.subjects(RDF.type, DCAT.Dataset))
    assert datasets == {WHOLE, *catalogue.objects(WHOLE, DCTERMS.hasPart)}
    assert len(datasets) == 16 + LINKSETS
    for dataset in datasets - {CONTACT}:
        source = ALL if dataset == WHOLE else dataset
        (counted,) = ask(client, f"SELECT (COUNT(*) AS ?n) FROM <{source}> {{ ?s ?p ?o }}")
        assert number(catalogue, dataset, VOID.triples) == int(counted[0]), dataset
    assert not list(catalogue.objects(CONTACT, VOID.triples))
    assert not list(catalogue.objects(CONTACT, DCAT.distribution))
    planned = URIRef(CANONICAL_BASE + "graph/so2/planned")
    assert catalogue.value(planned, SO2.modality) == SO2.planned


def test_the_service_description_has_formats_counts_and_prefixes(client: FlaskClient, bundle: Bundle) -> None:
    """Every format of results and of input, the sizes of the default graph and the whole, each prefix declared."""
    graph, endpoint = turtle(client, "/sparql"), URIRef(HOST + "sparql")
    assert len(list(graph.objects(endpoint, SD.resultFormat))) == len(FORMATS)
    assert len(list(graph.objects(endpoint, SD.inputFormat))) == len(GRAPH_FORMATS)
    dataset = graph.value(endpoint, SD.defaultDataset)
    default = graph.value(dataset, SD.defaultGraph)
    assert dataset is not None
    assert default is not None
    for subject, source in ((dataset, ALL), (default, FACTS)):
        assert [[str(number(graph, subject, VOID.triples))]] == ask(
            client, f"SELECT (COUNT(*) AS ?n) FROM <{source}> {{ ?s ?p ?o }}"
        )
    declared = {
        str(graph.value(node, SH.prefix)): str(graph.value(node, SH.namespace))
        for node in graph.objects(graph.value(endpoint, SH.prefixes), SH.declare)
    }
    assert declared == dict(bundle.prefixes())
    also = {str(other) for other in graph.objects(endpoint, RDFS.seeAlso)}
    assert also == {HOST + ".well-known/void", HOST + ".well-known/sparql-examples"}


def test_every_stored_query_is_an_example_that_runs(client: FlaskClient, bundle: Bundle) -> None:
    """Each is there once, with its form, comments in both languages, prefixes and target; and its text answers."""
    graph, document = turtle(client, "/.well-known/sparql-examples"), HOST + ".well-known/sparql-examples#"
    found = {str(node).removeprefix(document) for node in graph.subjects(RDF.type, SH.SPARQLExecutable)}
    assert found == set(bundle.queries())
    for name in found:
        node = URIRef(document + name)
        assert {
            comment.language for comment in graph.objects(node, RDFS.comment) if isinstance(comment, Literal)
        } == {
            "nl",
            "en",
        }
        assert graph.value(node, SCHEMA.target) == URIRef(HOST + "sparql")
        assert graph.value(node, SH.prefixes) == URIRef(document + "prefixes")
        (form,) = [form for form in ("Select", "Construct", "Ask") if graph.value(node, SH[form.lower()])]
        assert (node, RDF.type, SH[f"SPARQL{form}Executable"]) in graph
        assert list(graph.objects(node, SCHEMA.keywords))
        response = client.post("/sparql", data={"query": str(graph.value(node, SH[form.lower()]))})
        assert response.status_code == 200, name
        assert response.mimetype == ("text/turtle" if form == "Construct" else "application/sparql-results+json")


def test_search_engines_find_the_dataset_in_the_pages(client: FlaskClient) -> None:
    """Home page and catalogue hold the JSON-LD of the profile schema.org, the same that the address gives."""
    response = client.get("/catalog?_profile=schema.org")
    assert response.content_type == "application/ld+json"
    document = response.get_json()
    for path in ("/", "/catalog"):
        html = client.get(path, headers={"Accept": "text/html"}).get_data(as_text=True)
        (script,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
        assert json.loads(script) == document
        assert html.count('<script type="application/ld+json"') == 1
    assert document["@type"] == "Dataset"
    assert document["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert document["inLanguage"] == ["en", "nl"]
    assert document["temporalCoverage"] == "2016/2018"
    assert "https://www.mvoalliantie.nl/sociale-impact-first/" in document["isBasedOn"]
    assert [one["contentUrl"] for one in document["distribution"]] == [
        f"{HOST}exports/{name}{gz}" for gz in ("", ".gz") for name in DUMPS
    ]
    graph = Graph().parse(data=response.data, format="json-ld")
    assert (WHOLE, RDF.type, SCHEMA.Dataset) in graph
    assert len({name.language for name in graph.objects(WHOLE, SCHEMA.name) if isinstance(name, Literal)}) == 2


def test_no_text_of_the_data_can_end_the_script() -> None:
    """Angle brackets and ampersands are escaped, and mean the same."""
    document = {"name": "</script><script>alert(1)</script><!-- & -->"}
    text = as_script(document)
    assert not set("<>&") & set(text)
    assert json.loads(text) == document


def test_an_unknown_profile_is_refused(client: FlaskClient) -> None:
    """`_profile=` takes the profiles that there are, and names them."""
    response = client.get("/catalog?_profile=nonsense")
    assert (response.status_code, response.content_type) == (400, "application/problem+json")
    assert "dcat-ap-nl, schema.org" in response.get_json()["mend"]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_page_of_the_catalogue_lists_what_dcat_lists(client: FlaskClient, language: str) -> None:
    """Each graph with its title, size and downloads, and the whole; in the language of the reader."""
    response = client.get(f"/catalog?lang={language}", headers={"Accept": "text/html"})
    assert (response.status_code, response.headers["Content-Language"]) == (200, language)
    html, catalogue = response.get_data(as_text=True), turtle(client, "/catalog")
    for dataset in catalogue.subjects(RDF.type, DCAT.Dataset):
        for title in catalogue.objects(dataset, DCTERMS.title):
            if isinstance(title, Literal) and title.language == language and dataset != WHOLE:
                assert f"<strong><bdi>{title}</bdi></strong>" in unescape(html)
        assert all(f"<td>{n}</td>" in html for n in catalogue.objects(dataset, VOID.triples) if dataset != WHOLE)
    for download in catalogue.objects(None, DCAT.downloadURL):
        assert f'href="{urlsplit(str(download)).path}"' in html


@pytest.mark.parametrize("path", [*DOCUMENTS, *OTHERS])
def test_a_private_graph_is_nowhere(client: FlaskClient, private: FlaskClient, path: str) -> None:
    """With contact=private it is neither named nor counted; and no e-mail address is anywhere, private or not."""
    closed = private.get(path)
    assert closed.status_code == 200
    assert not [word for word in (b"so2/contact", b"contact-emails", b"rights-contact") if word in closed.data]
    for response in (closed, client.get(path)):
        assert not EMAIL.search(response.data)
    if path in ("/.well-known/void", "/catalog", "/sparql"):
        gone = set(turtle(client, path)) - set(turtle(private, path))
        assert not [o for _, p, o in gone if p == VOID.triples and path != "/sparql"]
        assert set(turtle(private, path)) <= set(turtle(client, path))


@pytest.mark.parametrize("path", [*DOCUMENTS, *OTHERS])
def test_the_same_data_gives_the_same_bytes(
    client: FlaskClient, settings: Settings, bundle: Bundle, path: str
) -> None:
    """Another process of the service on the same generation says the same, to the byte."""
    other = create_app(settings, bundle).test_client()
    first, second = client.get(path), other.get(path)
    assert (first.data, first.headers["ETag"]) == (second.data, second.headers["ETag"])


@pytest.mark.parametrize("path", [*DOCUMENTS, *OTHERS])
def test_an_empty_dataset_describes_itself_too(bundle: Bundle, tmp_path: Path, path: str) -> None:
    """Without a catalogue everything answers, and counts nothing."""
    empty = Settings.load({}, {"data": tmp_path / "data"})
    ensure_empty(empty)
    client = create_app(empty, bundle).test_client()
    response = client.get(path)
    assert response.status_code == 200
    if path == "/.well-known/void":
        assert number(turtle(client, path), WHOLE, VOID.triples) == 0


@pytest.mark.parametrize("path", [*DOCUMENTS, *OTHERS[2:]])
def test_addresses_are_those_of_the_public_service(settings: Settings, bundle: Bundle, path: str) -> None:
    """With public_url they begin with it, whatever host was asked; the IRIs of the data stay on the base."""
    public = Settings.load({}, {"data": settings.data, "public_url": "https://data.example.org/so2/"})
    body = create_app(public, bundle).test_client().get(path).get_data(as_text=True)
    assert "https://data.example.org/so2/" in body
    assert "localhost" not in body
    if path == "/robots.txt":
        assert "Disallow: /so2/-/" in body


def test_what_costs_is_counted_once_for_a_generation(settings: Settings, bundle: Bundle) -> None:
    """The keeper counts for the first who asks, and gives the others the same; rights are counted apart."""
    keeper = StatisticsKeeper()
    first = keeper.of(Access(settings, bundle).session())
    assert keeper.of(Access(settings, bundle).session()) is first
    closed = Settings.load({}, {"data": settings.data, "contact": "private"})
    other = keeper.of(Access(closed, bundle).session())
    assert other is not first
    assert other == first  # a graph that is reached by name only was in no count before


def test_a_large_dataset_is_not_counted(settings: Settings, bundle: Bundle) -> None:
    """At `max_counted_triples` everything is counted; one beyond, of that graph or merge only the size is told."""

    def void(most: int) -> Graph:
        limited = Settings.load({}, {"data": settings.data, "max_counted_triples": most})
        return turtle(create_app(limited, bundle).test_client(), "/.well-known/void")

    size = number(void(0), WHOLE, VOID.triples)
    full, beyond = void(size), void(size - 1)
    assert set(beyond) < set(full)
    assert {(s, p) for s, p, _ in set(full) - set(beyond)} == {
        (WHOLE, term)
        for term in (
            VOID.distinctSubjects,
            VOID.distinctObjects,
            VOID.properties,
            VOID.classes,
            VOID.entities,
            VOID.vocabulary,
        )
    }
    facts = number(full, FACTS, VOID.triples)
    parts = (VOID.classPartition, VOID.propertyPartition)
    assert all(list(void(facts).objects(FACTS, part)) for part in parts)
    assert not [node for part in parts for node in void(facts - 1).objects(FACTS, part)]
    linksets = void(facts - 1).subjects(RDF.type, VOID.Linkset)
    assert not [one for one in linksets if not str(one).startswith(f"{CANONICAL_BASE}graph/")]


def test_things_of_a_large_dataset_are_not_listed(settings: Settings, bundle: Bundle) -> None:
    """The sitemap has things up to `max_counted_triples` facts; one beyond, only the pages that do not grow."""
    facts = Access(settings, bundle).session().snapshot.size(str(FACTS))
    for most, listed in ((facts, True), (facts - 1, False)):
        limited = Settings.load({}, {"data": settings.data, "max_counted_triples": most})
        body = create_app(limited, bundle).test_client().get("/sitemap.xml").get_data(as_text=True)
        assert (f"<loc>{HOST}doc/" in body) is listed
        assert f"<loc>{HOST}queries/networks</loc>" in body


@pytest.mark.parametrize("path", [*DOCUMENTS, *OTHERS])
def test_any_data_can_be_described(bundle: Bundle, tmp_path: Path, path: str) -> None:
    """Names without a slash, classes that are no IRIs, graphs of other people with a fragment: it all answers."""
    kind, same = Iri(str(RDF.type)), Iri("http://www.w3.org/2002/07/owl#sameAs")
    odd = [Iri("urn:x:graph"), Iri("http://example.org/a#b"), Iri(CANONICAL_BASE + "graph/été%20x")]
    quads = [
        (Iri("urn:a"), Iri(f"{name}"), obj, graph)
        for graph in odd
        for name, obj in (
            (kind, Text("a class?")),
            (kind, Blank("b")),
            (kind, Iri("urn:class")),
            (same, Iri("urn:other")),
            ("urn:p", Text("</script>")),
        )
    ]
    data = Place(tmp_path, {}, quads).path / "data"
    client = create_app(Settings.load({}, {"data": data}), bundle).test_client()
    assert client.get(path).status_code == 200
    if path in DOCUMENTS[:1]:
        void = turtle(client, path)
        assert Literal("urn:other") in set(void.objects(None, VOID.uriSpace))
        assert {str(v) for v in void.objects(WHOLE, VOID.vocabulary)} >= {"urn:"}
        for fmt in GRAPH_FORMATS:
            assert set(read(client, address(path, fmt), fmt)) == set(void)
