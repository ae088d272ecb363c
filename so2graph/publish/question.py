"""A question that needs no SPARQL, and the SPARQL that it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from so2graph.engine.scanner import substitute
from so2graph.vocab import Iri, Literal, Prefixes

__all__ = ["CERTAINTIES", "KINDS", "NONE", "STEPS", "Question", "Trait", "bound", "sparql", "within"]

KINDS = ("all", "lack", "near", "count")
"""All X; X that lack Y; X within N steps of Y; how many X there are by Y."""
CERTAINTIES = ("facts", "plans", "all")
"""What counts: what is a fact; plans, intentions and hopes as well; what a reader infers as well."""
STEPS = (1, 2, 3, 4)
NONE = {"nl": "niet bekend", "en": "not known"}
"""What stands for the value of what has none, where things are counted by it."""

_BEYOND = {"facts": None, "plans": "?certainty{n} != so2:inferred", "all": "true"}


@dataclass(frozen=True)
class Trait:
    """A property as things have it: `inverse` when they are its objects. It is written `^` before the property."""

    property: Iri
    inverse: bool = False

    def triple(self, subject: str, value: str, variable: str = "?_trait") -> str:
        """The triple pattern that says that `subject` has it with `value`."""
        return f"{value} {variable} {subject}" if self.inverse else f"{subject} {variable} {value}"


@dataclass(frozen=True)
class Question:
    """What is asked. `of` is the class of the things, None for any; `trait` is what they lack or are counted by.

    `thing` and `steps` are for `near`. Of the things only those count that are tied to `place`, or to what lies in
    it, and to `theme`. `certainty` is one of `CERTAINTIES`.
    """

    kind: str
    of: Iri | None = None
    trait: Trait | None = None
    thing: Iri | None = None
    steps: int = 2
    place: Iri | None = None
    theme: Iri | None = None
    certainty: str = "facts"
    unnamed: bool = False
    """Whether the dataset has statements that stand in no named graph; they are ties as well."""

    @property
    def complete(self) -> bool:
        """Whether it says all that its kind needs."""
        if self.kind == "near":
            return self.thing is not None
        return self.of is not None and (self.kind == "all" or self.trait is not None)

    @property
    def terms(self) -> dict[str, Iri]:
        """The IRIs in it, by the parameter of the query text that each stands for."""
        trait = None if self.trait is None else self.trait.property
        found = {"of": self.of, "trait": trait, "thing": self.thing, "place": self.place, "theme": self.theme}
        return {name: iri for name, iri in found.items() if iri is not None}


def sparql(question: Question, language: str, prefixes: Prefixes) -> str:
    """The query: SPARQL 1.1 that any endpoint with this data answers alike, names in `language` where there are any.

    A row for each thing, once: `?entity` with `?entityLabel` (and `?steps`); for `count` a row for each value:
    `?value`, `?valueLabel` and `?number`, and one for the things that have none. Every IRI of the question is put in
    as a term. The question has to be `complete`.
    """
    if question.kind == "count" and question.trait is not None:
        body = _count(question, question.trait, language)
    else:
        body = (_near if question.kind == "near" else _things)(question, language)
    return bound(body, question.terms, prefixes)


def bound(template: str, terms: Mapping[str, Iri], prefixes: Prefixes) -> str:
    """A text with `?_name` replaced by the terms, after the prefixes that it uses."""
    used = {name for name in re.findall(r"(?<![\w<:/#])(\w+):\w", template) if name in prefixes}
    head = "".join(f"PREFIX {name}: <{prefixes[name]}>\n" for name in sorted(used))
    return head + "\n" + substitute(template, {name: iri.n3 for name, iri in terms.items()})


def within(triple: str, certainty: str, n: str = "") -> str:
    """The group pattern for a triple that is a fact, or one of the statements that `certainty` takes in as well."""
    beyond = _BEYOND[certainty]
    if beyond is None:
        return f"{{ {triple} }}"
    more = "" if beyond == "true" else f" FILTER({beyond.format(n=n)})"
    planned = f"GRAPH g:catalog {{ ?graph{n} so2:modality ?certainty{n} }} GRAPH ?graph{n} {{ {triple} }}{more}"
    return f"{{ {{ {triple} }} UNION {{ {planned} }} }}"


def _chosen(question: Question) -> Iterator[str]:
    """The patterns that the things must match, whatever is asked of them."""
    if question.of is not None:
        yield "?entity a ?_of ."
    yield "FILTER(isIRI(?entity))"
    for name, path in (("place", "schema:containedInPlace*"), ("theme", "skos:broader*")):
        if getattr(question, name) is not None:
            either = " UNION ".join(
                within(triple, question.certainty, f"{name.capitalize()}{at}")
                for at, triple in enumerate((f"?entity ?tie{name} ?{name}", f"?{name} ?tie{name} ?entity"))
            )
            yield f"FILTER EXISTS {{ {either} ?{name} {path} ?_{name} }}"


def _named(variable: str, language: str, indent: str) -> list[str]:
    """The names of what a variable stands for, as optional patterns."""
    tag = Literal(language).n3
    return [
        f"{indent}OPTIONAL {{ ?{variable} rdfs:label ?own FILTER(LANG(?own) = {tag}) }}",
        f"{indent}OPTIONAL {{ ?{variable} rdfs:label|skos:prefLabel|dcterms:title|foaf:name ?other }}",
    ]


def _name_of(variable: str) -> str:
    return f"(COALESCE(MIN(STR(?own)), MIN(STR(?other))) AS ?{variable}Label)"


def _things(question: Question, language: str) -> str:
    patterns = list(_chosen(question))
    if question.trait is not None:
        patterns.append(f"FILTER NOT EXISTS {within(question.trait.triple('?entity', '?any'), question.certainty)}")
    return "\n".join(
        [
            f"SELECT ?entity {_name_of('entity')} WHERE {{",
            "  { SELECT DISTINCT ?entity WHERE {",
            *(f"    {pattern}" for pattern in patterns),
            "  } }",
            *_named("entity", language, "  "),
            "}",
            "GROUP BY ?entity",
            "ORDER BY ?entityLabel ?entity",
            "",
        ]
    )


def _count(question: Question, trait: Trait, language: str) -> str:
    has = within(trait.triple("?entity", "?value"), question.certainty)
    lacks = within(trait.triple("?entity", "?any"), question.certainty)
    chosen = [f"        {pattern}" for pattern in _chosen(question)]
    return "\n".join(
        [
            "SELECT ?value (COALESCE(MIN(?none), MIN(STR(?own)), MIN(STR(?other))) AS ?valueLabel) ?number WHERE {",
            "  {",
            "    { SELECT ?value (COUNT(DISTINCT ?entity) AS ?number) WHERE {",
            *chosen,
            f"        {has}",
            "    } GROUP BY ?value }",
            *_named("value", language, "    "),
            "  }",
            "  UNION",
            "  {",
            "    { SELECT (COUNT(DISTINCT ?entity) AS ?number) WHERE {",
            *chosen,
            f"        FILTER NOT EXISTS {lacks}",
            "    } HAVING (COUNT(DISTINCT ?entity) > 0) }",
            f"    BIND({Literal(NONE[language]).n3} AS ?none)",
            "  }",
            "}",
            "GROUP BY ?value ?number",
            "ORDER BY DESC(?number) ?valueLabel ?value",
            "",
        ]
    )


def _near(question: Question, language: str) -> str:
    walk = "VALUES (?m0 ?d0) { (?_thing 0) }"
    for step in range(1, question.steps + 1):
        walk = _one_step_on(walk, step, question)
    last = question.steps
    return "\n".join(
        [
            f"SELECT (?m{last} AS ?entity) {_name_of('entity')} (?d{last} AS ?steps) WHERE {{",
            f"  {walk}",
            f"  FILTER(?m{last} != ?_thing)",
            *(f"  {pattern}".replace("?entity", f"?m{last}") for pattern in _chosen(question)),
            *(line.replace("?entity", f"?m{last}") for line in _named("entity", language, "  ")),
            "}",
            f"GROUP BY ?m{last} ?d{last}",
            "ORDER BY ?steps ?entityLabel ?entity",
            "",
        ]
    )


_TIE = "(!(rdf:type|so2:developmentStage)|^(!(rdf:type|so2:developmentStage)))?"
"""A step along a statement, in whichever direction, or none."""


_NEVER_CUT = 10**9
"""More things than any dataset here has."""


def _one_step_on(walk: str, n: int, question: Question) -> str:
    """Everything that a walk reaches, and what lies one tie further: each thing once, with its least steps.

    A tie is a relation of the network: between things with a type, in a graph that says how certain its statements
    are, or in one that nobody describes, which holds facts. Graphs are taken out by a set that is found once, and
    types are looked for when each thing is there once: asked of every tie, both take three times as long. The
    limit cuts nothing off. It tells a planner that multiplies guesses that so many things is the most there can be:
    without it, the fourth step looks through every statement there is, and takes twenty times as long.
    """
    among = _BEYOND[question.certainty] or "?certainty{n} = so2:stated"
    certain = "" if among == "true" else f" FILTER({among.format(n=n)})"
    start, end, graph = f"?m{n - 1}", f"?m{n}", f"?graph{n}"
    step = f"GRAPH {graph} {{ {start} {_TIE} {end} }}"
    if question.unnamed:
        step = f"{{ {step} }} UNION {{ {start} {_TIE} {end} }}"
    return f"""{{ SELECT {end} ?d{n} WHERE {{
    {{ SELECT {end} (MIN(?far{n}) AS ?d{n}) WHERE {{
      {walk.replace(chr(10), chr(10) + "    ")}
      {step}
      MINUS {{
        {{ VALUES {graph} {{ g:catalog }} }} UNION {{ GRAPH g:catalog {{ {graph} a dcat:Dataset }} }}
        FILTER NOT EXISTS {{ GRAPH g:catalog {{ {graph} so2:modality ?certainty{n}{certain} }} }}
      }}
      BIND(?d{n - 1} + IF({end} = {start}, 0, 1) AS ?far{n})
    }} GROUP BY {end} LIMIT {_NEVER_CUT} }}
    FILTER EXISTS {{ {end} a ?type{n} }} FILTER NOT EXISTS {{ {end} a org:Membership }}
  }} }}"""
