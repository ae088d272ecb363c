"""What is asked: every query of the suite by name, over the network that `synthetic` makes.

Query texts differ per run by a comment only, so that no cache of answers replies.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from benchmarks.synthetic import BASE, PREFIXES

__all__ = ["ANALYTIC", "EXPORT", "FIRST", "Query", "look_up", "look_up_targets", "marked", "organisations"]

_TRIPLES_PER_ORGANISATION = 17


@dataclass(frozen=True)
class Query:
    """A query, whether the order of its rows is part of the answer, and whether a short run at 1M has it."""

    name: str
    text: str
    ordered: bool = False
    brief: bool = False


def _query(name: str, text: str, *, ordered: bool = False, brief: bool = False) -> Query:
    return Query(name, PREFIXES + text.replace("@", BASE), ordered, brief)


FIRST = "SELECT ?s { ?s ?p ?o } LIMIT 1"
"""What tells that a server answers."""
ANALYTIC = (
    _query(
        "business: members of a hub, with place",
        """SELECT ?org ?name ?place { ?org org:memberOf <@hub/1> ; rdfs:label ?name ; dct:spatial ?at .
  ?at skos:prefLabel ?place FILTER(LANG(?name) = "nl") }""",
    ),
    _query(
        "business: people below a hub",
        """SELECT ?person ?name ?label { ?hub org:subOrganizationOf <@hub/0> ; rdfs:label ?label .
  ?org org:memberOf ?hub . ?person org:memberOf ?org ; foaf:name ?name }""",
    ),
    _query(
        "business: partners in other hubs, of one theme and place",
        """SELECT ?a ?b ?hub ?label { ?a dct:subject <@theme/7> ; dct:spatial <@place/3> ; org:linkedTo ?b ;
    org:memberOf ?own . ?b org:memberOf ?hub . ?hub rdfs:label ?label FILTER(?own != ?hub) }""",
        brief=True,
    ),
    _query(
        "aggregate: GROUP BY, COUNT, AVG",
        """SELECT ?place (COUNT(?org) AS ?n) (AVG(?staff) AS ?mean)
{ ?org dct:spatial ?place ; ex:staff ?staff } GROUP BY ?place""",
        brief=True,
    ),
    _query(
        "sort: ORDER BY, LIMIT 100",
        """SELECT ?org ?staff ?name { ?org ex:staff ?staff ; dct:identifier ?name }
ORDER BY DESC(?staff) ?org LIMIT 100""",
        ordered=True,
        brief=True,
    ),
    _query(
        "optional",
        """SELECT (COUNT(?org) AS ?n) (COUNT(?home) AS ?homes)
{ ?org a org:Organization OPTIONAL { ?org foaf:homepage ?home } }""",
        brief=True,
    ),
    _query(
        "union",
        """SELECT DISTINCT ?org ?id { { ?org dct:subject <@theme/11> } UNION { ?org dct:spatial <@place/5> }
  ?org dct:identifier ?id }""",
    ),
    _query(
        "path: all below one hub",
        "SELECT (COUNT(DISTINCT ?org) AS ?n) { ?org org:memberOf/org:subOrganizationOf* <@hub/1> }",
    ),
    _query(
        "path: each hub with all below it",
        """SELECT ?hub (COUNT(DISTINCT ?org) AS ?n)
{ ?org a org:Organization ; org:memberOf/org:subOrganizationOf* ?hub } GROUP BY ?hub""",
        brief=True,
    ),
    _query(
        "regex filter",
        'SELECT ?org ?name { ?org rdfs:label ?name FILTER(REGEX(?name, "^wad.*7$", "i")) }',
        brief=True,
    ),
    _query(
        "distinct",
        "SELECT DISTINCT ?theme ?place { ?org dct:subject ?theme ; dct:spatial ?place }",
        brief=True,
    ),
    _query(
        "sub-select",
        """SELECT ?hub ?label ?n ?most { { SELECT ?hub (COUNT(?org) AS ?n) (MAX(?staff) AS ?most)
    { ?org org:memberOf ?hub ; ex:staff ?staff } GROUP BY ?hub }
  ?hub rdfs:label ?label } ORDER BY DESC(?most) ?hub LIMIT 20""",
        ordered=True,
    ),
)
EXPORT = _query(
    "export of 1/5 of all triples",
    "SELECT ?s ?p ?o { VALUES ?p { rdfs:label dct:identifier foaf:homepage } ?s ?p ?o }",
)
"""About 200 000 rows at 1M."""


def marked(text: str, mark: str) -> str:
    """The same query with a comment that nobody has sent before."""
    return f"#{mark}\n{text}"


def organisations(size: int) -> int:
    """How many organisations there are for certain in a network of so many triples."""
    return max(1, (size - 300) // _TRIPLES_PER_ORGANISATION)


def look_up(number: int, mark: str = "") -> str:
    """A tiny question: all that is known of one organisation."""
    comment = f" #{mark}" if mark else ""
    return f"SELECT ?p ?o {{ <{BASE}org/{number}> ?p ?o }}{comment}"


def look_up_targets(path: str) -> tuple[str, str]:
    """The target of a GET of a look-up, before and after the number of the organisation and a mark."""
    before, after = look_up(0).split("org/0")
    return f"{path}?query={quote(before + 'org/')}", quote(after + " #")
