"""The queries that find what can be asked: classes, what their things have, and what they are tied to."""

from __future__ import annotations

from so2graph.engine.scanner import substitute
from so2graph.publish.question import Question, bound, within
from so2graph.vocab import Literal, Prefixes

__all__ = ["classes", "named_exactly", "named_like", "themes_or_places", "things", "traits"]

_NAMES = "rdfs:label|skos:prefLabel|skos:altLabel|dcterms:title|foaf:name|dcterms:identifier"


def classes(prefixes: Prefixes) -> str:
    """Rows of `?class` and the `?number` of its things, the largest first."""
    text = """SELECT ?class (COUNT(DISTINCT ?entity) AS ?number) WHERE {
  ?entity a ?class FILTER(isIRI(?entity) && isIRI(?class))
} GROUP BY ?class ORDER BY DESC(?number) ?class
"""
    return bound(text, {}, prefixes)


def traits(question: Question, prefixes: Prefixes) -> str:
    """Rows of `?trait`, `?inverse` and the `?number` of things of the class that have it, in whatever certainty."""
    ways = " UNION ".join(
        f"{{ {within(triple, 'all', name)} BIND({name.lower()} AS ?inverse) }}"
        for triple, name in (("?entity ?trait ?any", "False"), ("?any ?trait ?entity", "True"))
    )
    text = f"""SELECT ?trait ?inverse (COUNT(DISTINCT ?entity) AS ?number) WHERE {{
  ?entity a ?_of FILTER(isIRI(?entity))
  {ways}
  FILTER(?trait NOT IN (rdf:type, rdfs:label))
}} GROUP BY ?trait ?inverse ORDER BY DESC(?number) ?inverse ?trait
"""
    return bound(text, question.terms, prefixes)


_KINDS = {
    "place": (
        "schema:containedInPlace*",
        "dcterms:Location",
        "schema:Place so2:UrbanCore so2:Region so2:MunicipalArea",
    ),
    "theme": ("skos:broader*", "skos:Concept", "so2:Theme"),
}
"""How one lies in another, the class of them, and classes that are below it even where no vocabulary says so."""


def themes_or_places(which: str, question: Question, prefixes: Prefixes) -> str:
    """Rows of `?value` and the `?number` of things of the class that are tied to it, or to what lies in it.

    `which` is `place` or `theme`.
    """
    path, above, known = _KINDS[which]
    ways = " UNION ".join(
        within(triple, "all", str(at)) for at, triple in enumerate(("?entity ?tie ?near", "?near ?tie ?entity"))
    )
    text = f"""SELECT ?value (COUNT(DISTINCT ?entity) AS ?number) WHERE {{
  {{ SELECT DISTINCT ?near ?value WHERE {{
    {{ SELECT DISTINCT ?value WHERE {{
      {{ VALUES ?kind {{ {above} {known} }} }} UNION {{ GRAPH g:vocabulary {{ ?kind rdfs:subClassOf* {above} }} }}
      ?value a ?kind
    }} }}
    ?near {path} ?value
  }} }}
  {ways}
  ?entity a ?_of FILTER(isIRI(?entity) && ?tie != rdf:type)
}} GROUP BY ?value ORDER BY DESC(?number) ?value
"""
    return bound(text, {name: iri for name, iri in question.terms.items() if name == "of"}, prefixes)


def things(most: int, prefixes: Prefixes) -> str:
    """Up to `most` rows of `?entity`: what the facts give a type, but for memberships."""
    text = f"""SELECT DISTINCT ?entity WHERE {{
  ?entity a ?kind FILTER(isIRI(?entity)) FILTER NOT EXISTS {{ ?entity a org:Membership }}
}} LIMIT {most}
"""
    return bound(text, {}, prefixes)


def named_exactly(name: str, most: int, prefixes: Prefixes) -> str:
    """Up to `most` rows of `?entity`: the things that are called exactly so, in either language or in none."""
    text = f"""SELECT DISTINCT ?entity WHERE {{
  VALUES ?name {{ ?_nl ?_en ?_none }}
  ?entity {_NAMES} ?name ; a ?kind FILTER(isIRI(?entity))
}} ORDER BY ?entity LIMIT {most}
"""
    terms = {"nl": Literal(name, "nl").n3, "en": Literal(name, "en").n3, "none": Literal(name).n3}
    return substitute(bound(text, {}, prefixes), terms)


def named_like(name: str, most: int, prefixes: Prefixes) -> str:
    """Up to `most` rows of `?x` and its `?class`: the things with a name that `name` is a part of, shortest first."""
    text = f"""SELECT ?x (MIN(?type) AS ?class) (MIN(STRLEN(STR(?name))) AS ?length) WHERE {{
  ?x {_NAMES} ?name FILTER(isIRI(?x) && CONTAINS(LCASE(STR(?name)), ?_text))
  ?x a ?type FILTER NOT EXISTS {{ ?x a org:Membership }}
}} GROUP BY ?x ORDER BY ?length ?x LIMIT {most}
"""
    return substitute(bound(text, {}, prefixes), {"text": Literal(name.lower()).n3})
