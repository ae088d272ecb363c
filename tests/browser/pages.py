"""The kinds of page that a reader can meet, each with an address on the built dataset."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ERRORS", "LACKING", "PAGES", "PageType"]


@dataclass(frozen=True)
class PageType:
    """A kind of page: its name in tests, an address below the service, and the rule of the URL map that makes it."""

    name: str
    address: str
    rule: str
    status: int = 200
    same_as: str = ""
    """The page that stands at this address too, and is walked there."""
    ready: str = ""
    """What is there when the page's own script has done its work."""

    def at(self, language: str) -> str:
        """The address below the service in a language."""
        return f"{self.address}{'&' if '?' in self.address else '?'}lang={language}"


_HUBS = "SELECT%20%3Fhub%20%7B%20%3Fhub%20a%20so2%3ARegionalNetwork%20%7D%20ORDER%20BY%20%3Fhub"
LACKING = "kind=lack&of=so2%3ANetwork&trait=so2%3AhasCoreGroup"
"""The question which networks have no core group, as an address asks it."""
_PICTURE, _EDITOR = ".netcanvas canvas", "#editor-host:not([hidden]), main form:not(:has(#editor-host))"
_DOC, _QUERY, _SPARQL = "/doc/<path:local>", "/queries/<name>", "/sparql"

PAGES = (
    PageType("home", "", "/"),
    PageType("hub", "doc/so-netwerk-groningen", _DOC),
    PageType("national", "doc/social-enterprise-nederland", _DOC),
    PageType("organisation", "doc/alescon", _DOC),
    PageType("person", "doc/noor-van-leeuwen", _DOC),
    PageType("place", "doc/drenthe", _DOC),
    PageType("event", "doc/social-impact-day", _DOC),
    PageType("plan", "doc/plan-2018", _DOC),
    PageType("report", "doc/report-so2-project-document", _DOC),
    PageType("theme", "doc/theme-social-impact", _DOC),
    PageType("source-of-all", "doc/so2-page", _DOC),
    PageType("claim", "doc/claim-f01", _DOC),
    PageType("outside-claim", "doc/outside-01", _DOC),
    PageType("forms-of-thing", "doc/alescon?_profile=alt", _DOC),
    PageType("thing-elsewhere", "doc?iri=http%3A%2F%2Fwww.wikidata.org%2Fentity%2FQ749", "/doc"),
    PageType("mapping", "doc/mapping/67822526496c52b1", _DOC),
    PageType("refused-mapping", "doc/mapping/3fe97bfb2b518eae", _DOC),
    PageType(
        "withdraw",
        "links/review/-/withdraw?mapping=67822526496c52b1",
        "/links/review/-/withdraw",
        same_as="links/review",
    ),
    PageType("withdrawn", "links/review/-/withdrawn?target=tooi&generation=2", "/links/review/-/withdrawn"),
    PageType("vocabulary", "def", "/def"),
    PageType("vocabulary-version", "def/0.1.0", "/def/<version>", same_as="def"),
    PageType("scheme", "def/scheme/themes", "/def/scheme/<name>"),
    PageType("profile", "def/profile/network", "/def/profile/<token>"),
    PageType("graph", "graph/so2/stated", "/graph/<path:local>"),
    PageType("queries", "queries", "/queries"),
    PageType("query", "queries/hub-to-national", _QUERY),
    PageType("query-with-fields", "queries/neighbours", _QUERY),
    PageType("query-of-triples", "queries/whole-network", _QUERY),
    PageType("answer-network", "queries/network-edges?view=network", _QUERY),
    PageType("answer-chart", "queries/event-counts?view=chart", _QUERY),
    PageType("answer-map", "queries/places?view=map", _QUERY),
    PageType("answer-sparql", "queries/places?view=sparql", _QUERY),
    PageType("answer-share", "queries/places?view=share", _QUERY),
    PageType("sparql", "sparql", _SPARQL, ready=_EDITOR),
    PageType("sparql-result", f"sparql?query={_HUBS}", _SPARQL, ready=_EDITOR),
    PageType(
        "sparql-nothing", "sparql?query=SELECT%20%3Fx%20%7B%20%3Fx%20a%20so2%3ANoSuch%20%7D", _SPARQL, ready=_EDITOR
    ),
    PageType("sparql-yes", "sparql?query=ASK%20%7B%20%3Fx%20a%20so2%3ARegionalNetwork%20%7D", _SPARQL, ready=_EDITOR),
    PageType("catalog", "catalog", "/catalog"),
    PageType("exports", "exports", "/exports"),
    PageType("api", "api", "/api"),
    PageType("settings", "-/settings", "/-/settings"),
    PageType("network", "network", "/network", ready=_PICTURE),
    PageType("network-near", "network?select=so-netwerk-groningen&steps=2", "/network", ready=_PICTURE),
    PageType("network-stated", "network?modality=stated", "/network", ready=_PICTURE),
    PageType(
        "path",
        "network/path?from=so-netwerk-assen-drenthe&to=social-enterprise-nederland",
        "/network/path",
    ),
    PageType(
        "path-broken",
        "network/path?from=so-netwerk-assen-drenthe&to=social-enterprise-nederland&modality=stated",
        "/network/path",
    ),
    PageType("together", "network/together", "/network/together"),
    PageType("together-without", "network/together?leave=mvo-alliantie", "/network/together"),
    PageType("source", "source/so2", "/source/<path:name>"),
    PageType("source-lit", "source/so2?claim=F02", "/source/<path:name>"),
    PageType("ask", "ask", "/ask"),
    PageType("ask-sentence", "ask?kind=count", "/ask"),
    PageType("ask-answer", f"ask?{LACKING}", "/ask"),
    PageType("ask-near", "ask?kind=near&thing=id%3Aalescon&steps=2&view=network", "/ask"),
    PageType("links", "links", "/links"),
    PageType("links-target", "links/geonames", "/links/<target>"),
    PageType("links-health", "links/health", "/links/health"),
    PageType("review-door", "links/review", "/links/review"),
    PageType("review-never", "links/review/geonames", "/links/review/<target>"),
    PageType("search", "search", "/search"),
    PageType("search-found", "search?q=groningn", "/search"),
    PageType("search-nothing", "search?q=zzzzzz", "/search"),
    PageType("reconcile", "reconcile", "/reconcile"),
    PageType("reconcile-found", "reconcile?name=Groningen", "/reconcile"),
    PageType("reconcile-match", "reconcile?name=Alescon&type=org%3AOrganization", "/reconcile"),
    PageType("reconcile-nothing", "reconcile?name=zzzzzz", "/reconcile"),
    PageType(
        "explain",
        "sparql/explain?query=SELECT%20%3Fx%20%7B%20%3Fx%20a%20so2%3ANoSuch%20%7D",
        "/sparql/explain",
    ),
)

ERRORS = (
    PageType("not-found", "doc/nobody", _DOC, status=404),
    PageType("no-route", "nowhere", "", status=404),
    PageType("query-refused", "sparql?query=SELECT%20%3Fx%20%7B%20%3Fx%20a%20%7D", _SPARQL, status=400),
    PageType("not-in-this-form", "queries/hub-to-national?format=nonsense", _QUERY, status=406),
    PageType("no-such-parameter", "doc", "/doc", status=400),
)
