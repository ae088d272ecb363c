"""Who may do what over HTTP: no token, a wrong one, a role that is too small, and the graph that is not public.

E-mail addresses of people are at stake: `leaked` says yes or no, and what pytest prints of an `Answer` has no body.
A graph that may not be read and one that is not there look the same. Writes are in `test_rights_writes`.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, unquote, urlencode, urlsplit

import pyarrow.ipc
import pyarrow.parquet
import pytest
import zstandard

from so2graph.config import Settings
from so2graph.engine.tokens import Tokens
from so2graph.formats import GRAPH_FORMATS
from so2graph.publish.selection import KINDS
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE
from so2graph.web.app import create_app
from so2graph.web.profiles import PROFILES
from tests.conftest import ROOT, untraced
from tests.linking_runs import OURS, THEIRS, write_gazetteer
from tests.test_service import serving

GRAPHS = f"{CANONICAL_BASE}graph/"
PRIVATE, ABSENT = f"{GRAPHS}so2/contact", f"{GRAPHS}so2/missing"
MINE = "http://example.org/mine"
TOKENS: dict[str, tuple[str, list[str] | None, list[str] | None]] = {
    "admin": ("admin", None, None),
    "editor": ("editor", None, None),
    "reader": ("reader", None, None),
    "limited": ("editor", None, [MINE]),
    "blind": ("editor", ["http://example.org/none"], None),
}
"""The role of each, what it may read of what is private, and what it may write."""
FORM, QUERY, UPDATE = (f"application/{name}" for name in ("x-www-form-urlencoded", "sparql-query", "sparql-update"))
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY")
STRANGERS = ("none", "blind")
_ADDRESS = re.compile(r"mailto:\w|[\w.+-]{1,64}@[\w-]+\.[a-z]{2,}", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """What the service sent back; its body is for nobody to see."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def problem(self) -> str:
        """The last part of the type of a problem document."""
        return str(json.loads(self.body)["type"]).rpartition("/")[2]

    @property
    def timings(self) -> list[str]:
        """The names in `Server-Timing`."""
        return re.findall(r"(?:^|, *)([\w-]+)", self.headers.get("server-timing", ""))


@dataclass
class Rights:
    """A service with a private graph, and the `Authorization` header of each who has a token."""

    url: str
    data: str
    env: dict[str, str] = field(repr=False)
    keys: dict[str, str] = field(repr=False)
    markers: frozenset[str] = field(default=frozenset(), repr=False)
    triples: int = 0

    def send(self, method: str, path: str, who: str = "none", body: str | None = None, **headers: str) -> Answer:
        """One request; `_` in the names of headers is `-`."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"Authorization": self.keys[who]} if who != "none" else {}
        try:
            connection.request(method, path, None if body is None else body.encode(), sent)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def ask(self, text: str, who: str = "none", accept: str = "text/csv", **parameters: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in parameters.items()}
        return self.send("GET", "/sparql?" + urlencode({"query": text} | named), who, Accept=accept)

    def update(self, text: str, who: str, **parameters: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in parameters.items()}
        return self.send("POST", "/sparql?" + urlencode(named), who, text, Content_Type=UPDATE)

    def generation(self) -> int:
        return int(self.send("GET", "/-/ready").headers["so2graph-generation"])

    def readable(self, who: str = "none") -> dict[str | None, int]:
        """The graphs that a caller is told of, with their triples; None is the default graph."""
        rows = json.loads(self.send("GET", "/graph-store", who).body)["graphs"]
        return {row["graph"]: row["triples"] for row in rows}

    def fingerprint(self) -> tuple[int, str]:
        """What is in the private graph, without showing it: how many triples, and a digest."""
        body = self.send("GET", stored(PRIVATE), "admin", Accept="application/n-triples").body
        lines = sorted(body.splitlines())
        return len(lines), hashlib.sha256(b"\n".join(lines)).hexdigest()

    def leaked(self, answer: Answer) -> bool:
        """Whether an answer holds an address, or a term that stands in the private graph only."""
        text = unquote(unescape(answer.body.decode("utf-8", "replace"))).replace("\\", "")
        return bool(_ADDRESS.search(text)) or any(marker in text for marker in self.markers)

    def learn(self) -> None:
        """Finds out, as the admin, what stands in the private graph only."""

        def dump(graph: str | None, who: str) -> str:
            body = self.send("GET", stored(graph), who, Accept="application/n-triples").body.decode()
            return body.replace("\\n", " ").replace("\\", "")

        public, private = "".join(dump(graph, "none") for graph in self.readable()), dump(PRIVATE, "admin")
        # The text of the page is public, but for the addresses in it: so is what stands around one.
        public += _ADDRESS.sub("", (ROOT / "data" / "sources" / "so2-page.txt").read_text(encoding="utf-8"))
        terms = {term.rpartition("/")[2] for term in re.findall(r"<([^>]+)>", private)}
        terms |= set(re.findall(r'"([^"\n]+)"', private))
        self.markers = frozenset(term for term in terms if len(term) > 5 and term not in public)
        self.triples = private.count("\n")


def stored(graph: str | None) -> str:
    """The address of a graph in the graph store."""
    return "/graph-store?default" if graph is None else f"/graph-store?graph={quote(graph, safe='')}"


def clean() -> dict[str, str]:
    """The environment without our settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SO2GRAPH_")}


@contextmanager
def guarded(folder: Path, *words: str, env: dict[str, str] | None = None) -> Iterator[Rights]:
    """A service on the data folder, where five have a token, and the contact graph is private."""
    env = env or clean()
    write_gazetteer(folder)
    keys = {name: f"Bearer {Tokens(folder).add(name, *limits)}" for name, limits in TOKENS.items()}
    keys |= {"unknown": "Bearer so2_unknown", "basic": keys["admin"].replace("Bearer", "Basic")}
    with serving(env, "--data", str(folder), "--contact", "private", *words) as running:
        (rights := Rights(running.url, str(folder), env, keys)).learn()
        yield rights


@pytest.fixture(scope="module")
def rights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rights]:
    """The bundled dataset, which the service builds when it starts."""
    # Every route is asked of by other tests, too.
    with guarded(tmp_path_factory.mktemp("rights") / "data", env=untraced(clean())) as made:
        yield made


def test_the_tests_can_tell_what_is_private(rights: Rights) -> None:
    """The admin sees something that nobody else does, and `leaked` notices."""
    assert rights.triples > 10
    assert len(rights.markers) > 4
    assert rights.leaked(rights.send("GET", stored(PRIVATE), "admin"))


# Every method on every route

READ, NEW = "GET=200 HEAD=200 OPTIONS=200", "POST=200,201! PUT=201,204! DELETE=200,404! OPTIONS=204"
ASK = "SELECT * {} LIMIT 1"
LINKED = "gazetteer"
SKIPPED = {"ours": OURS[0].id, "theirs": THEIRS[0].id, "verdict": "skip"}
INSERT = "INSERT DATA { GRAPH <http://example.org/any> { <urn:a> <urn:b> <urn:c> } }"
SPARQL = "GET=200 HEAD=200 OPTIONS=204"
TURTLE = ("text/turtle", "<urn:a> <urn:b> <urn:c> .")
BATCH = '{"q0":{"query":"Noor van Leeuwen"},"q1":{"query":"contact"}}'
DRAFT = '{"queries":[{"conditions":[{"matchType":"name","propertyValue":"Noor van Leeuwen"}]}]}'
COLUMNS = '{"ids":["noor-van-leeuwen","alescon"],"properties":[{"id":"vcard:hasEmail"},{"id":"rdfs:label"}]}'
ROUTES: dict[str, tuple[str, str] | tuple[str, str, str, str]] = {
    "home": ("/", READ),
    "static": ("/static/favicon.svg", READ),
    "sparql": ("/sparql", f"{SPARQL} POST=415 QUERY=415"),
    "sparql ?query": (f"/sparql?query={quote(ASK)}", f"{SPARQL} POST=415 QUERY=415"),
    "sparql query form": ("/sparql", f"{SPARQL} POST=200 QUERY=200", FORM, urlencode({"query": ASK})),
    "sparql query direct": ("/sparql", f"{SPARQL} POST=200 QUERY=200", QUERY, ASK),
    "sparql update form": ("/sparql", f"{SPARQL} POST=200! QUERY=400", FORM, urlencode({"update": INSERT})),
    "sparql update direct": ("/sparql", f"{SPARQL} POST=200! QUERY=415", UPDATE, INSERT),
    "sparql ?update": (f"/sparql?update={quote(INSERT)}", "GET=400 HEAD=400 OPTIONS=204 POST=415 QUERY=415"),
    "sparql check": (f"/sparql/check?query={quote(ASK)}", "GET=200 HEAD=200 POST=415 OPTIONS=200"),
    "sparql check update": ("/sparql/check", "GET=400 HEAD=400 POST=200 OPTIONS=200", UPDATE, INSERT),
    "sparql explain": (f"/sparql/explain?query={quote(ASK)}", "GET=200 HEAD=200 POST=415 OPTIONS=200"),
    "sparql explain direct": ("/sparql/explain", "GET=400 HEAD=400 POST=200 OPTIONS=200", QUERY, ASK),
    "vocabulary for editors": ("/vocabulary.json", READ),
    "things by name": ("/vocabulary/things.json?q=drenthe", READ),
    "queries": ("/queries", READ),
    "stored query": ("/queries/graphs", READ),
    "stored query csv": ("/queries/graphs.csv", READ),
    "queries json": ("/queries.json", READ),
    "search": ("/search?q=contact", READ),
    "search json": ("/search.json?q=contact&facets=yes", READ),
    "search as a table": ("/search.csv", READ),
    "ask": ("/ask", READ),
    "ask csv": ("/ask.csv?kind=all&of=foaf:Person", READ),
    "ask things": ("/ask/things?q=bries", READ),
    "network": ("/network", READ),
    "network json": ("/network.json", READ),
    "network svg": ("/network.svg", READ),
    "network path": ("/network/path?from=alescon&to=so2", READ),
    "network path json": ("/network/path.json?from=alescon&to=so2", READ),
    "network together": ("/network/together", READ),
    "network together json": ("/network/together.json", READ),
    "source": ("/source/so2", READ),
    "source as text": ("/source/so2.txt", READ),
    "links": ("/links", READ),
    "links with a target": (f"/links/{LINKED}", READ),
    "links as SSSOM": ("/links/tooi.sssom.tsv", READ),
    "links with nothing as SSSOM": ("/links/nothing.sssom.tsv", "GET=404 HEAD=404 OPTIONS=200"),
    "mapping": ("/doc/mapping/67822526496c52b1", READ),
    "withdraw": ("/links/review/-/withdraw?mapping=67822526496c52b1", f"{READ} POST=404!", FORM, "mapping=nothing"),
    "withdraw nothing": ("/links/review/-/withdraw?mapping=nothing", "GET=404 HEAD=404 POST=404! OPTIONS=200", FORM,
                         "mapping=nothing"),
    "withdrawn": ("/links/review/-/withdrawn", READ),
    "links with nothing": ("/links/nothing", "GET=404 HEAD=404 OPTIONS=200"),
    "link health": ("/links/health", READ),
    "link health ttl": ("/links/health.ttl", READ),
    "review": ("/links/review", READ),
    "review of a target": (f"/links/review/{LINKED}", f"{READ} POST=200!", FORM, urlencode(SKIPPED)),
    "review of nothing": ("/links/review/nothing", "GET=404 HEAD=404 OPTIONS=200 POST=404!", FORM,
                          urlencode(SKIPPED)),
    "review, undo": (f"/links/review/{LINKED}/undo", "POST=404! OPTIONS=200", FORM, "answer=999"),
    "review, what is sure": ("/links/review/nothing/accept", "POST=404! OPTIONS=200", FORM, ""),
    "review, sign in": ("/links/review/-/sign-in", "POST=401 OPTIONS=200", FORM, "token=so2_unknown"),
    "review, sign out": ("/links/review/-/sign-out", "POST=303! OPTIONS=200", FORM, ""),
    "openapi": ("/openapi.json", READ),
    "api": ("/api", READ),
    "id": ("/id/alescon", "GET=303 HEAD=303 OPTIONS=200"),
    "doc": ("/doc/alescon", READ),
    "doc ttl": ("/doc/alescon.ttl", READ),
    "doc link set": ("/doc/alescon/linkset", READ),
    "doc ?iri": ("/doc?iri=http://www.wikidata.org/entity/Q749", READ),
    "doc in a profile": ("/doc/alescon.nq?_profile=graphs", READ),
    "doc alternates": ("/doc/alescon?_profile=alt", READ),
    "doc link set ?iri": ("/doc/linkset?iri=http://www.wikidata.org/entity/Q749", READ),
    "profile": ("/def/profile/full", READ),
    "profile of nothing": ("/def/profile/nothing", "GET=404 HEAD=404 OPTIONS=200"),
    "doc of nothing": ("/doc/nothing", "GET=404 HEAD=404 OPTIONS=200"),
    "def": ("/def", READ),
    "def ttl": ("/def.ttl", READ),
    "def version": ("/def/0.0.0", "GET=404 HEAD=404 OPTIONS=200"),
    "def scheme": ("/def/scheme/themes", READ),
    "context": ("/context.jsonld", READ),
    "graph": ("/graph/so2/stated", READ),
    "graph nq": ("/graph/so2/stated.nq", READ),
    "graph csv": ("/graph/so2/stated.csv", READ),
    "graph of all": ("/graph/all", READ),
    "graph of nothing": ("/graph/so2/missing", "GET=404 HEAD=404 OPTIONS=200"),
    "graph store": ("/graph-store", "GET=200 HEAD=200 POST=201! PUT=400! DELETE=400! OPTIONS=204 QUERY=405", *TURTLE),
    "graph store, no body": ("/graph-store", "GET=200 HEAD=200 POST=415! PUT=415! DELETE=400! OPTIONS=204"),
    "graph store trig": ("/graph-store", "GET=200 HEAD=200 POST=200! PUT=200,204! DELETE=400! OPTIONS=204",
                         "application/trig", "GRAPH <http://example.org/any> { <urn:a> <urn:b> <urn:c> }"),
    "graph store ?graph": (stored("http://example.org/new"), f"GET=404 HEAD=404 {NEW}", *TURTLE),
    "graph store ?default": (stored(None), f"GET=200 HEAD=200 {NEW}", *TURTLE),
    "graph store below": ("/graph-store/new/any", f"GET=404 HEAD=404 {NEW}", *TURTLE),
    "void": ("/.well-known/void", READ),
    "void ttl": ("/.well-known/void.ttl", READ),
    "examples": ("/.well-known/sparql-examples", READ),
    "examples ttl": ("/.well-known/sparql-examples.ttl", READ),
    "catalogue": ("/catalog", READ),
    "catalogue ttl": ("/catalog.ttl", READ),
    "catalogue in schema.org": ("/catalog?_profile=schema.org", READ),
    "exports": ("/exports", READ),
    "exports page": ("/exports?format=html", READ),
    "export": ("/exports/graph/so2/stated.nt", READ),
    "export coded": ("/exports/graph/so2/stated.nt.gz", READ),
    "export, what is in it": ("/exports/graph/so2/stated.nt.meta.json", READ),
    "export elsewhere": ("/exports/entity/alescon.ttl", "GET=308 HEAD=308 OPTIONS=200"),
    "export of nothing": ("/exports/graph/so2/missing.nt", "GET=404 HEAD=404 OPTIONS=200"),
    "sitemap": ("/sitemap.xml", READ),
    "part of the sitemap": ("/sitemap-1.xml", READ),
    "robots": ("/robots.txt", READ),
    "feed": ("/changes.atom", READ),
    "health": ("/-/health", READ),
    "ready": ("/-/ready", READ),
    "metrics": ("/-/metrics", READ),
    "settings": ("/-/settings", READ),
    "reconcile": ("/reconcile", "GET=200 HEAD=200 POST=200 OPTIONS=200", FORM, urlencode({"queries": BATCH})),
    "reconcile by GET": (f"/reconcile?queries={quote(BATCH)}", "GET=200 HEAD=200 POST=415 OPTIONS=200"),
    "reconcile, extend": ("/reconcile", "GET=200 HEAD=200 POST=200 OPTIONS=200",
                          FORM, urlencode({"extend": COLUMNS})),
    "reconcile, suggest": ("/reconcile/suggest/entity?prefix=a", READ),
    "reconcile, flyout": ("/reconcile/flyout/entity?id=alescon", READ),
    "reconcile, preview": ("/reconcile/preview?id=noor-van-leeuwen", READ),
    "reconcile, view": ("/reconcile/view?id=alescon", "GET=303 HEAD=303 OPTIONS=200"),
    "reconcile, propose": ("/reconcile/propose?type=foaf:Person", READ),
    "reconcile 1.0": ("/reconcile/1.0", READ),
    "reconcile 1.0, match": ("/reconcile/1.0/match", "POST=200 OPTIONS=200", "application/json", DRAFT),
    "reconcile 1.0, suggest": ("/reconcile/1.0/suggest/property?prefix=", READ),
    "reconcile 1.0, preview": ("/reconcile/1.0/preview?id=alescon", READ),
    "reconcile 1.0, extend": ("/reconcile/1.0/extend", "POST=200 OPTIONS=200", "application/json", COLUMNS),
    "reconcile 1.0, propose": ("/reconcile/1.0/extend/propose?type=foaf:Person", READ),
    "queries running": ("/queries-running", "GET=200! HEAD=200! OPTIONS=200"),
    "query running": ("/queries-running/x", "DELETE=404! OPTIONS=200"),
}  # fmt: skip
"""Address, what each method gives (others 405; `!` takes an editor), and the body of methods that have one."""


def test_every_route_is_in_the_table(tmp_path: Path) -> None:
    """Each rule of the application is the one that answers some address of the table."""
    app = create_app(Settings.load({}, {"data": tmp_path}), Bundle(Path(__file__).parent.parent, CANONICAL_BASE))
    adapter, found = app.url_map.bind("localhost"), set()
    for path, statuses, *_ in ROUTES.values():
        for taken in statuses.split():
            rule, _named = adapter.match(urlsplit(path).path, method=taken.partition("=")[0], return_rule=True)
            found.add((rule.rule, rule.endpoint))
    assert found == {(rule.rule, rule.endpoint) for rule in app.url_map.iter_rules()}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ROUTES)
def test_a_method_on_a_route_takes_the_right_it_needs(rights: Rights, name: str, method: str) -> None:
    """The status for each caller as in the table; what is refused changes nothing; nothing is a 500 or a leak."""
    path, statuses, *content = ROUTES[name]
    taken = dict(item.split("=") for item in statuses.split())
    wanted = taken.get(method, "405")
    usual = {int(status) for status in wanted.rstrip("!").split(",")}
    refused = {"none": {401}, "reader": {403}} if wanted.endswith("!") else {}
    body, headers = (content[1], {"Content_Type": content[0]}) if content and method[0] in "PQ" else (None, {})
    before = rights.generation()
    for who in ("none", "unknown", "basic", "reader", "editor"):
        if who == "editor":
            assert rights.generation() == before, "a write that was refused made a generation"
        allowed = refused.get(who, usual) if who not in ("unknown", "basic") else {401}
        allowed = allowed | usual if name in ("static", "health") else allowed
        answer = rights.send(method, path, who, body, **headers)
        assert answer.status in allowed, (who, answer)
        assert who == "editor" or not rights.leaked(answer), who
        if answer.status == 401:
            assert answer.headers["www-authenticate"].startswith("Bearer"), who
            assert method == "HEAD" or answer.problem == "unauthorized", who
        assert answer.status != 405 or method not in answer.headers["allow"].split(", "), who


@pytest.mark.parametrize("path", ["/", "/sparql", "/doc/alescon", "/queries/contact-emails", "/graph/so2/contact"])
def test_a_browser_with_a_wrong_token_is_told_so(rights: Rights, path: str) -> None:
    """A page, of which nothing is private."""
    answer = rights.send("GET", path, "unknown", Accept="text/html")
    assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (401, "text/html")
    assert not rights.leaked(answer)


# What is not public

MAIL, WHOLE = "?s vcard:hasEmail ?o", "?s ?p ?o"
QUERIES: dict[str, tuple[str, dict[str, str]]] = {
    "graph": (f"SELECT * {{ GRAPH <{{g}}> {{ {WHOLE} }} }}", {}),
    "any graph": (f"SELECT * {{ GRAPH ?g {{ {MAIL} }} }}", {}),
    "names of graphs": ("SELECT ?g { GRAPH ?g {} }", {}),
    "from": (f"SELECT * FROM <{{g}}> {{ {WHOLE} }}", {}),
    "from and another": (f"SELECT * FROM <{{g}}> FROM <{GRAPHS}so2/stated> {{ {MAIL} }}", {}),
    "from named": (f"SELECT * FROM NAMED <{{g}}> {{ GRAPH ?g {{ {WHOLE} }} }}", {}),
    "default-graph-uri": (f"SELECT * {{ {WHOLE} }}", {"default_graph_uri": "{g}"}),
    "named-graph-uri": (f"SELECT * {{ GRAPH ?g {{ {WHOLE} }} }}", {"named_graph_uri": "{g}"}),
    "describe": (f"DESCRIBE ?s FROM <{{g}}> {{ {MAIL} }}", {}),
    "describe its terms": (f"DESCRIBE ?s ?o {{ GRAPH <{{g}}> {{ {MAIL} }} }}", {}),
    "ask": (f"ASK {{ GRAPH <{{g}}> {{ {WHOLE} }} }}", {}),
    "ask for the graph": ("ASK { GRAPH <{g}> {} }", {}),
    "ask for a property": (f"ASK {{ GRAPH ?g {{ {MAIL} }} }}", {}),
    "count": (f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{{g}}> {{ {WHOLE} }} }}", {}),
    "count by graph": (f"SELECT ?g (COUNT(*) AS ?n) {{ GRAPH ?g {{ {WHOLE} }} }} GROUP BY ?g", {}),
    "count of all": (f"SELECT (COUNT(*) AS ?n) {{ GRAPH ?g {{ {WHOLE} }} }}", {}),
    "path": ("SELECT * { GRAPH ?g { ?s vcard:hasEmail/^rdf:object ?o } }", {}),
    "path of length zero": ("SELECT ?s { GRAPH ?g { ?s <urn:x>* ?o } FILTER(STRSTARTS(STR(?s), 'mail')) }", {}),
    "path of any property": ("SELECT * { GRAPH <{g}> { ?s !<urn:x>+ ?o } }", {}),
    "exists": ("SELECT DISTINCT ?x { ?x a foaf:Person FILTER EXISTS { GRAPH ?g { ?x vcard:hasEmail ?o } } }", {}),
    "not exists": ("SELECT ?x { ?x a foaf:Person FILTER NOT EXISTS { GRAPH <{g}> { ?x ?p ?o } } }", {}),
    "minus": ("SELECT ?x { ?x a foaf:Person MINUS { GRAPH <{g}> { ?x ?p ?o } } }", {}),
    "optional": ("SELECT ?x ?o { ?x a foaf:Person OPTIONAL { GRAPH <{g}> { ?x ?p ?o } } }", {}),
    "union": (f"SELECT * {{ {{ GRAPH <{{g}}> {{ {WHOLE} }} }} UNION {{ GRAPH ?g {{ {MAIL} }} }} }}", {}),
    "sub-select": (f"SELECT * {{ {{ SELECT ?s ?o {{ GRAPH ?g {{ {MAIL} }} }} }} }}", {}),
    "values": (f"SELECT * {{ VALUES ?g {{ <{{g}}> }} GRAPH ?g {{ {WHOLE} }} }}", {}),
    "bind": (f"SELECT * {{ BIND(<{{g}}> AS ?g) GRAPH ?g {{ {WHOLE} }} }}", {}),
    "construct": (f"CONSTRUCT {{ {WHOLE} }} {{ GRAPH <{{g}}> {{ {WHOLE} }} }}", {}),
    "construct from": (f"CONSTRUCT FROM <{{g}}> WHERE {{ {WHOLE} }}", {}),
    "text": ("SELECT ?o { GRAPH ?g { ?s ?p ?o } FILTER(CONTAINS(STR(?o), 'mailto')) }", {}),
    "aggregate": (f"SELECT (GROUP_CONCAT(STR(?o)) AS ?c) (MAX(STR(?o)) AS ?m) {{ GRAPH <{{g}}> {{ {MAIL} }} }}", {}),
}  # fmt: skip
"""Queries for `{g}`, with parameters. The reader's answer is another than a stranger's, so that each could leak."""


def alike(one: Answer, other: Answer) -> list[str]:
    """In what two answers differ that should say the same of a private graph and of one that is not there."""
    bodies = [re.sub(rb'"elapsed": [^,\s]+', b"", answer.body) for answer in (one, other)]
    same = {
        "status": one.status == other.status,
        "names of headers": one.headers.keys() == other.headers.keys(),
        "names of timings": one.timings == other.timings == ["total"],
        "rows": one.headers.get("so2graph-rows") == other.headers.get("so2graph-rows"),
        "body": bodies[0].replace(PRIVATE[-7:].encode(), ABSENT[-7:].encode()) == bodies[1],
    }
    return [name for name, held in same.items() if not held]


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("name", QUERIES)
def test_a_query_sees_nothing_of_it(rights: Rights, name: str, who: str) -> None:
    """By whatever form; the private graph answers as one that is not there does."""
    text, parameters = QUERIES[name]
    accept = "text/turtle" if text.startswith(("CONSTRUCT", "DESCRIBE")) else "text/csv"
    seen, absent = (
        rights.ask(text.replace("{g}", g), who, accept, **{k: v.replace("{g}", g) for k, v in parameters.items()})
        for g in (PRIVATE, ABSENT)
    )
    assert not rights.leaked(seen)
    assert alike(seen, absent) == []
    known = {k: v.replace("{g}", PRIVATE) for k, v in parameters.items()}
    reader = rights.ask(text.replace("{g}", PRIVATE), "reader", accept, **known)
    more = reader.body != seen.body or name == "describe its terms"
    assert (reader.status, more) == (200, True), "the reader sees no more than a stranger: this would prove nothing"
    assert reader.timings == seen.timings


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("suffix", ["", *(f".{fmt.suffix}" for fmt in GRAPH_FORMATS)])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_its_addresses_lead_nowhere(rights: Rights, method: str, suffix: str, who: str) -> None:
    """`/graph/…` in each format and the graph store: as for a graph that is not there; the reader gets it."""
    for path in (
        f"/graph/so2/contact{suffix}",
        f"{stored(PRIVATE)}&format={suffix[1:]}",
        "/graph-store/so2/contact",
        f"/exports/graph/so2/contact{suffix or '.csv'}",
    ):
        missing = path.replace(PRIVATE[-7:], ABSENT[-7:])
        answer, absent = rights.send(method, path, who), rights.send(method, missing, who)
        assert (answer.status, alike(answer, absent)) == (404, [])
        assert not rights.leaked(answer)
        shown = rights.send(method, path, "reader")
        # The page of a graph of personal data says that it is one, and shows none of it.
        page = path == "/graph/so2/contact"
        assert (shown.status, rights.leaked(shown)) == (200, method == "GET" and not page)


@pytest.mark.parametrize("who", STRANGERS)
def test_lists_counts_and_descriptions_leave_it_out(rights: Rights, who: str) -> None:
    """The graph store, readiness, the service description, the table of graphs; the reader's have it."""
    theirs, ours = rights.readable("reader"), rights.readable(who)
    assert theirs.pop(PRIVATE) == rights.triples
    assert ours == theirs
    ready, all_ready = (json.loads(rights.send("GET", "/-/ready", caller).body) for caller in (who, "reader"))
    assert all_ready["triples"] - ready["triples"] == rights.triples
    for fmt in GRAPH_FORMATS:
        described, fully = (rights.send("GET", f"/sparql?format={fmt.suffix}", c).body for c in (who, "reader"))
        assert (b"so2/contact" in described, b"so2/contact" in fully) == (False, True)
    rows = rights.send("GET", "/queries/graphs.csv", who).body.decode().splitlines()
    assert [row.endswith(",") for row in rows if row.startswith(PRIVATE)] == [True], "a row without a count"
    catalogue = rights.ask(f"SELECT ?p ?n {{ GRAPH ?g {{ <{PRIVATE}> ?p ?n FILTER(ISNUMERIC(?n)) }} }}", who)
    assert len(catalogue.body.splitlines()) == 1
    home = re.findall(r"<dd>(\d+)</dd>", rights.send("GET", "/", who, Accept="text/html").body.decode())
    assert (str(ready["triples"]) in home, str(all_ready["triples"]) in home) == (True, False)
    for path in (
        "/.well-known/void",
        "/catalog.ttl",
        "/catalog?_profile=schema.org",
        "/exports",
        "/exports?format=html",
        "/exports/dataset.nq.meta.json",
        "/changes.atom",
        "/sitemap.xml",
    ):
        assert b"so2/contact" not in rights.send("GET", path, who).body


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_stored_queries_show_nothing_of_it(rights: Rights, bundle: Bundle, accept: str, who: str) -> None:
    """Each with its defaults, as rows or as a page; the reader sees the addresses in one of them."""
    for name in bundle.queries():
        answer = rights.send("GET", f"/queries/{name}?personal=yes", who, Accept=accept)
        assert (answer.status, rights.leaked(answer)) == (200, False), name
    assert rights.leaked(rights.send("GET", "/queries/contact-emails?personal=yes", "reader", Accept=accept))


def test_exports_and_descriptions_show_nothing_of_it(rights: Rights) -> None:
    """All graphs that can be had, both merges, and whatever the private graph is about, in each format."""
    rows = rights.ask(f"SELECT DISTINCT ?s {{ GRAPH <{PRIVATE}> {{ ?s ?p ?o }} }}", "admin").body.decode().split()[1:]
    about = [row.removeprefix(f"{CANONICAL_BASE}id/") for row in rows if row.startswith(CANONICAL_BASE)]
    pages = {local.partition("#")[0] for local in about}
    assert len(pages) > 4
    for who in STRANGERS:
        paths = [stored(graph) for graph in rights.readable(who)]
        paths += ["/graph/facts", *(f"/graph/all.{fmt.suffix}" for fmt in GRAPH_FORMATS)]
        paths += [f"/doc/{local}{end}" for local in pages for end in (".ttl", ".jsonld", ".html", "/linkset")]
        paths += [f"/doc/{local}.nq?_profile={profile.name}" for local in pages for profile in PROFILES]
        paths += ["/network", "/network.json", "/network.svg", "/network/together", "/network/together.json"]
        paths += ["/network/path?from=luuk-duursma&to=so2", "/network/path.json?from=luuk-duursma&to=so2"]
        paths += ["/", "/sparql", "/queries", "/def", "/-/metrics", "/-/settings", "/doc/so2-page"]
        for local in about:
            status = rights.send("GET", f"/doc/{quote(local)}", who).status
            assert status == 404 or local not in rights.markers, local
        for iri in rows:
            answer = rights.send("GET", f"/doc?iri={quote(iri, safe='')}&format=nt", who)
            # A 404 says again what was asked.
            said = unescape(answer.body.decode()).replace(iri, "")
            assert (answer.status in (200, 404), rights.leaked(Answer(200, {}, said.encode()))) == (True, False)
        for path in paths:
            answer = rights.send("GET", path, who)
            assert (answer.status in (200, 404), rights.leaked(answer)) == (True, False), path


def test_the_source_shows_no_address(rights: Rights) -> None:
    """The words around an address are public, the address is not; nobody gets it here, whatever he may read."""
    for who in ("none", "blind", "reader", "admin"):
        for path in ("/source/so2?claim=F35", *(f"/source/so2.{end}" for end in ("html", "txt", "json", "css"))):
            answer = rights.send("GET", path, who)
            text = unescape(answer.body.decode())
            shown = bool(_ADDRESS.search(text)) or any("@" in marker and marker in text for marker in rights.markers)
            assert (answer.status, shown) == (200, False), path


def _plain(body: bytes, name: str) -> bytes:
    """What stands in a file, where its bytes do not show it."""
    if name.endswith((".gz", ".zst")):
        decoder = gzip.decompress if name.endswith(".gz") else zstandard.ZstdDecompressor().decompressobj().decompress
        return _plain(decoder(body), name.rpartition(".")[0])
    if name.endswith(".xlsx"):
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            return b"\n".join(book.read(part) for part in book.namelist())
    if name.endswith(".parquet"):
        return str(pyarrow.parquet.read_table(io.BytesIO(body)).to_pylist()).encode()
    if name.endswith(".arrow"):
        return str(pyarrow.ipc.open_stream(io.BytesIO(body)).read_all().to_pylist()).encode()
    return body


def test_files_to_take_home_show_nothing_of_it(rights: Rights) -> None:
    """The dataset in every format, and all parts in one, unpacked; nor do the words about it tell its size."""
    listed = [row["name"] for row in json.loads(rights.send("GET", "/exports").body)["files"]]
    names = [n for n in listed if n.startswith("dataset.") or n.endswith((".nq", ".jsonld", ".gexf", ".geojson"))]
    names = [n for n in names if not n.startswith(("graph/", "modality/")) or n.endswith(".nq")]
    names += ["nodes.csv", "edges.xlsx", "dataset.nq.gz", "dataset.csv.zst", "dataset.parquet.gz"]
    assert {name.partition(".")[0].partition("/")[0] for name in names} == set(KINDS)
    for name in names:
        answer = rights.send("GET", f"/exports/{name}")
        assert answer.status == 200, name
        body = _plain(answer.body, name)
        assert not rights.leaked(Answer(200, {}, body)), name
    for caller in ("reader", "none"):
        told = json.loads(rights.send("GET", "/exports/dataset.nq.meta.json", caller).body)
        found = sum(n or 0 for graph, n in rights.readable("none").items() if graph is not None)
        assert told["counts"]["triples"] == found


# Caches

SEEN = {
    "query": f"/sparql?query={quote(f'SELECT * {{ GRAPH <{PRIVATE}> {{ ?s ?p ?o }} }}')}",
    "from": f"/sparql?query={quote(f'CONSTRUCT FROM <{PRIVATE}> WHERE {{ ?s ?p ?o }}')}",
    "stored query": "/queries/contact-emails?personal=yes",
    "graph": "/graph/so2/contact.ttl",
    "graph store": f"/graph-store?graph={quote(PRIVATE, safe='')}",
    "export": "/exports/graph/so2/contact.nt",
}


@pytest.mark.parametrize("first", ["reader", "none"])
@pytest.mark.parametrize("accept", ["*/*", "text/html, */*"])
@pytest.mark.parametrize("name", SEEN)
def test_an_answer_is_kept_for_those_who_may_read_it(rights: Rights, name: str, accept: str, first: str) -> None:
    """Asked again and again in either order, nobody gets another's answer, nor a 304 for its tag."""
    language = "nl, en;q=0.5" if first == "reader" else "en, nl;q=0.5"
    tags: dict[str, str] = {}
    for who in [first, *({"reader", "none"} - {first}), "blind"] * 4:
        answer = rights.send("GET", SEEN[name], who, Accept=accept, Accept_Language=language)
        assert rights.leaked(answer) == (who == "reader"), who
        tags |= {who: answer.headers["etag"]} if "etag" in answer.headers else {}
        for other in {"reader", "none", "blind"} & tags.keys() - {who}:
            again = rights.send(
                "GET", SEEN[name], who, Accept=accept, Accept_Language=language, If_None_Match=tags[other]
            )
            assert (again.status == 304, rights.leaked(again)) == (False, who == "reader"), (who, other)
    own = {"Accept": accept, "Accept_Language": language, "If_None_Match": tags["reader"]}
    assert rights.send("GET", SEEN[name], "reader", **own).status == 304
