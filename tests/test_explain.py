"""What keeps a query from an answer is found, whatever the query looks like, and nothing else is blamed."""

from __future__ import annotations

import pytest

from so2graph.config import Settings
from so2graph.engine.access import Access, Session
from so2graph.engine.patterns import Group, take_apart
from so2graph.errors import QueryTimeout, Unsupported
from so2graph.publish.completion import Completion, complete
from so2graph.publish.explain import Explanation, explain
from so2graph.publish.hints import hints
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, Term

Rows = list[dict[str, Term | None]]
PLANNED = f"<{CANONICAL_BASE}graph/so2/planned>"


class Asking:
    """Asks a session, up to a number of questions."""

    def __init__(self, session: Session, most: int = 1000) -> None:
        self._session, self.left = session, most
        self.asked: list[str] = []

    def _count(self, text: str) -> None:
        self.asked.append(text)
        self.left -= 1
        if self.left < 0:
            raise QueryTimeout("the time is over")

    def holds(self, text: str) -> bool:
        self._count(text)
        return bool(self._session.query(text).boolean)

    def rows(self, text: str) -> Rows:
        self._count(text)
        answer = self._session.query(text)
        return [dict(zip(answer.variables or (), row, strict=True)) for row in answer.rows()]


@pytest.fixture(scope="module")
def session(settings: Settings, bundle: Bundle) -> Session:
    return Access(settings, bundle).session()


@pytest.fixture(scope="module")
def completion(session: Session) -> Completion:
    return complete(session, Asking(session).rows)


def blamed(found: Explanation) -> tuple[str, list[str]]:
    """The kind, and the parts that are to blame."""
    return found.kind, [part.text for part in found.culprits]


def parts(group: Group | None) -> list[str]:
    """The kinds of the parts of a group, with those of the groups within."""
    found = []
    for part in group.parts if group else ():
        found += [part.kind, *(f"  {kind}" for inner in part.groups for kind in parts(inner))]
    return found


# Taking apart


def test_a_query_is_taken_apart_into_slices_that_can_be_asked() -> None:
    """Each kind of element of SPARQL 1.1 by its name; triples one by one, with their subject; modifiers by place."""
    text = """PREFIX x: <http://x/>
SELECT ?a (COUNT(?b) AS ?n) FROM <http://f> FROM NAMED <http://g> WHERE {
  ?a a x:Foo , x:Bar ; x:p/x:q* ?b ; .
  OPTIONAL { ?a ^x:r ?c } MINUS { ?a x:z 1 }
  FILTER NOT EXISTS { ?a x:z 1 } FILTER regex(?b, "}") ?c !(x:a|x:b) "x"@nl , -1.5 .
  [ x:l ?m ] x:k true . (1 2) x:k "a"^^x:t . # }
  { ?a ?b ?c } UNION { SELECT * { ?q ?r ?s } } { ?x ?y ?z }
  VALUES (?a ?b) { (1 2) } VALUES ?k { 1 } GRAPH ?g { ?x x:p [ x:q ?z ] } BIND(1 AS ?k)
} GROUP BY ?a HAVING (?n > 2) ORDER BY DESC(?n) LIMIT 5 OFFSET 2"""
    query = take_apart(text)
    assert (query.form, query.dataset) == ("SELECT", "FROM <http://f> FROM NAMED <http://g>")
    assert query.projection == "SELECT ?a (COUNT(?b) AS ?n)"
    assert parts(query.where) == [
        *("triple", "triple", "triple", "optional", "  triple", "minus", "  triple", "filter", "filter"),
        *("triple", "triple", "block", "block", "union", "  triple", "  select", "group", "  triple"),
        *("values", "values", "graph", "  triple", "bind"),
    ]
    assert query.where is not None
    assert [part.text for part in query.where.parts[:3]] == ["?a a x:Foo .", "?a a x:Bar .", "?a x:p/x:q* ?b ."]
    assert [text[part.start : part.end] for part in query.where.parts[:3]] == ["?a a x:Foo", "x:Bar", "x:p/x:q* ?b"]
    assert {name: text[slice(*place)] for name, place in query.modifiers.items()} == {
        "GROUP": "GROUP BY ?a",
        "HAVING": "HAVING (?n > 2)",
        "ORDER": "ORDER BY DESC(?n)",
        "LIMIT": "LIMIT 5",
        "OFFSET": "OFFSET 2",
    }


def test_every_stored_query_is_taken_apart(bundle: Bundle, session: Session) -> None:
    """Whatever they use; each of their triples is a query by itself, and their rows are counted as they are."""
    for stored in bundle.queries().values():
        text = session.bound(stored, {})
        query = take_apart(text)
        assert query.where is not None, stored.name
        for part in query.where.parts:
            if part.terms is not None:
                assert session.query(query.asking(part.text)).boolean is not None, (stored.name, part)
        answer = session.query(text)
        if answer.variables is not None:
            ((count,),) = session.query(query.counting).rows()
            assert int(str(count)) == answer.skip(), stored.name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * { ?s ?p }", "term"),
        ("SELECT * { ?s }", None),
        ("SELECT * { ?s 1 ?o }", "predicate"),
        ("SELECT * { ?s ?p ?o ?q }", "end"),
        ("SELECT * { << ?s ?p ?o >> ?q ?r }", "term"),
        ("SELECT * { ?s ?p ?o", "term"),
        ("FOO { ?s ?p ?o }", ""),
    ],
)
def test_what_is_no_sparql_is_no_query(text: str, expected: str | None) -> None:
    """A text that lacks something says what, where it is a triple that does; it never goes on for ever."""
    if expected is None:
        assert take_apart(text).where is not None
        return
    with pytest.raises(Unsupported) as caught:
        take_apart(text)
    assert caught.value.members["expected"] == expected
    assert caught.value.members["line"] == 1


# Explaining


@pytest.mark.parametrize(
    ("text", "kind", "culprits"),
    [
        ("SELECT * { ?o a org:Organization ; so2:place ?p }", "pattern", ["?o so2:place ?p ."]),
        (
            "ASK { ?o a org:Organization . ?x so2:place 1 ; so2:foo 2 }",
            "pattern",
            ["?x so2:place 1 .", "?x so2:foo 2 ."],
        ),
        (
            "SELECT * { ?o a org:Organization ; rdfs:label ?l . ?o so2:coversArea ?a . ?t a so2:Theme }",
            "combination",
            ["?o a org:Organization .", "?o so2:coversArea ?a ."],
        ),
        (
            "SELECT * { ?t a so2:Theme . ?o rdfs:label ?l FILTER(LANG(?l) = 'fr') }",
            "filter",
            ["?o rdfs:label ?l .", "FILTER(LANG(?l) = 'fr')"],
        ),
        (
            "SELECT * { FILTER(?l = 'x') ?o rdfs:label ?l . BIND(STR(?l) AS ?m) FILTER(?m != '') }",
            "filter",
            ["?o rdfs:label ?l .", "FILTER(?l = 'x')"],
        ),
        (
            "CONSTRUCT { ?o a so2:X } WHERE { ?o so2:drivenBy ?x MINUS { ?o rdfs:label ?y } }",
            "minus",
            ["?o so2:drivenBy ?x .", "MINUS { ?o rdfs:label ?y }"],
        ),
        ("SELECT * { GRAPH g:catalog { ?x ?y ?z . ?o a org:Organization } }", "pattern", ["?o a org:Organization ."]),
        ("SELECT * { { ?o a so2:Foo } UNION { ?o a so2:Bar } }", "pattern", ["?o a so2:Foo .", "?o a so2:Bar ."]),
        ("SELECT * { { SELECT * { ?x so2:place ?y } } ?s ?p ?o }", "pattern", ["{ SELECT * { ?x so2:place ?y }  }"]),
        ("SELECT * { VALUES ?x { } ?x ?p ?o }", "pattern", ["VALUES ?x { }"]),
        ("SELECT * { ?o a org:Organization } LIMIT 0", "modifiers", []),
        ("SELECT ?o (COUNT(*) AS ?n) { ?o ?p ?l } GROUP BY ?o HAVING(?n > 9999)", "modifiers", []),
        ("SELECT * { ?o a org:Organization } VALUES ?o { <urn:no> }", "modifiers", []),
        ("SELECT * { ?o a org:Organization }", "answers", []),
        ("DESCRIBE id:nothing", "answers", []),
        ("SELECT * { ?o a org:Organization OPTIONAL { ?o so2:place ?p } }", "answers", []),
    ],
)
def test_the_fewest_parts_are_blamed(session: Session, text: str, kind: str, culprits: list[str]) -> None:
    """Those that have no solution together; each is asked a few times at most, and answers are kept within bounds."""
    asking = Asking(session)
    assert blamed(explain(text, asking)) == (kind, culprits)
    assert len(asking.asked) <= 14


def test_the_culprits_have_no_solution_and_lose_it_with_any_left_out(session: Session) -> None:
    """A combination is minimal: without any one of its parts there are solutions."""
    text = """SELECT * { ?a rdfs:label ?l ; a so2:RegionalNetwork ; so2:hasCoreGroup ?g ; so2:coversArea ?r .
      ?r a so2:Region . ?g org:hasMember ?p . ?p foaf:name ?n . ?x so2:organises ?g }"""
    found = explain(text, Asking(session))
    assert found.kind == "combination"
    whole = [part.text for part in found.culprits]
    assert not session.query(f"ASK {{ {' '.join(whole)} }}").boolean
    for left_out in whole:
        rest = " ".join(part for part in whole if part != left_out)
        assert session.query(f"ASK {{ {rest} }}").boolean, left_out


def test_a_filter_shows_what_it_filters(session: Session) -> None:
    """Some values of its variables without it, from the same graph as it looks at."""
    found = explain(f"SELECT * {{ GRAPH {PLANNED} {{ ?s ?p ?o FILTER(ISLITERAL(?p)) }} }}", Asking(session))
    assert found.kind == "filter"
    assert found.around == (f"GRAPH {PLANNED}",)
    assert 0 < len(found.samples) <= 3
    assert all(set(row) == {"p"} for row in found.samples)


def test_when_the_time_is_over_it_tells_what_it_knows(session: Session) -> None:
    """What was asked by then is told, and nobody is blamed."""
    found = explain("SELECT * { ?o a org:Organization ; rdfs:label ?l ; so2:coversArea ?a }", Asking(session, 3))
    assert found.kind == "late"
    assert [matches for _, matches in found.alone] == [True, True]
    assert found.culprits == ()


# Hints


@pytest.mark.parametrize(
    ("text", "kind", "about", "offers"),
    [
        ("SELECT * { ?o a org:Organisation }", "absent", "org:Organisation", ["org:Organization"]),
        ("SELECT * { ?n so2:hasCoregroup ?g }", "absent", "so2:hasCoregroup", ["so2:hasCoreGroup"]),
        ("SELECT * { id:alescom ?p ?x }", "absent", "id:alescom", ["id:alescon"]),
        ("SELECT * { GRAPH g:catalogg { ?x ?y ?z } }", "absent", "g:catalogg", ["g:catalog"]),
        (
            "SELECT * { ?o rdfs:label 'assen (urban core)' }",
            "texts",
            "'assen (urban core)'",
            ['"Assen (urban core)"@en'],
        ),
        ("SELECT * { ?x a so2:Modality }", "graphs", "?x a so2:Modality .", ["g:vocabulary"]),
        ("SELECT * { GRAPH g:catalog { ?o a org:Organization } }", "facts", "?o a org:Organization .", []),
        (
            "SELECT * { id:kerngroep-assen-drenthe so2:hasCoreGroup ?x }",
            "reversed",
            "id:kerngroep-assen-drenthe so2:hasCoreGroup ?x .",
            ["?x so2:hasCoreGroup id:kerngroep-assen-drenthe ."],
        ),
        ("SELECT * { ?o a org:Organization ; so2:place ?p }", "class-has", "org:Organization", ["rdfs:label"]),
        (
            "SELECT * { ?o a org:Organization ; so2:coversArea ?p }",
            "used-by",
            "so2:coversArea",
            ["so2:RegionalNetwork"],
        ),
        ("SELECT * { id:alescon so2:coversArea ?x }", "has", "id:alescon", ["rdfs:label"]),
    ],
)
def test_hints_say_what_would_match(
    session: Session, completion: Completion, text: str, kind: str, about: str, offers: list[str]
) -> None:
    """Other names, texts, graphs, directions and properties: whatever the data has."""
    asking = Asking(session)
    found = {hint.kind: hint for hint in hints(explain(text, asking), session, completion, asking)}
    assert found[kind].about == about
    assert set(offers) <= {offer.text for offer in found[kind].offers}


def test_nothing_private_is_offered(settings: Settings, bundle: Bundle) -> None:
    """A graph that is reached by name only is no hint, and none of its names is in the lists."""
    session = Access(settings, bundle).session()
    made = complete(session, Asking(session).rows)
    asking = Asking(session)
    found = explain("SELECT * { ?x vcard:hasEmail ?y }", asking)
    told = str(hints(found, session, made, asking)) + str(made.document())
    assert found.kind == "pattern"
    assert "so2/contact" not in told
    assert "mailto:" not in told
    assert "@" not in told.replace("'@", "")
