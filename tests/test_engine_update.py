"""An update is taken apart where it ends, and says the same after that; USING goes where it belongs."""

from __future__ import annotations

import pytest

from so2graph.engine.store import Quad, Store
from so2graph.engine.update import Operation, operations, with_dataset
from so2graph.errors import BadRequest, QuerySyntax
from so2graph.vocab import Iri

EX = "http://example.org/"
G, H = EX + "g", EX + "h"
PATTERN = "{ ?s ?p ?o }"


def _run(*texts: str, start: str = "") -> set[Quad]:
    """What is in a store after the updates, one by one."""
    store = Store.memory()
    for text in (start, *texts):
        if text:
            store.update(text, {"ex": EX}, EX)
    return {quad for graph in store.graphs() for quad in store.quads(graph)}


def _alone(operation: Operation) -> str:
    return f"{operation.prologue}\n{operation.text}"


def _node(name: str) -> Iri:
    return Iri(EX + name)


SPLIT = {
    "one": ("INSERT DATA { <a> <b> <c> }", ["insert"]),
    "two": ("INSERT DATA { <a> <b> <c> } ; DELETE DATA { <a> <b> <c> }", ["insert", "delete"]),
    "a semicolon at the end": ("INSERT DATA { <a> <b> <c> } ;\n", ["insert"]),
    "inside braces": ("INSERT DATA { <a> <b> <c> ; <d> <e> } ; CLEAR ALL", ["insert", ""]),
    "inside a graph": ("DELETE DATA { GRAPH <g> { <a> <b> <c> ; <d> <e> } } ; DROP ALL", ["delete", ""]),
    "in a string": ('INSERT DATA { <a> <b> \'};{\' } ; INSERT DATA { <a> <b> """"};""" }', ["insert", "insert"]),
    "in an IRI": ("INSERT DATA { <a;b> <b> <c;#d> } ; CLEAR ALL", ["insert", ""]),
    "in a comment": ("INSERT DATA { <a> <b> <c> # } ; CLEAR ALL\n } # ; CLEAR ALL\n", ["insert"]),
    "nested": (f"DELETE {PATTERN} WHERE {{ {{ ?s ?p ?o ; ?q ?r }} UNION {PATTERN} }} ; CLEAR ALL", ["", ""]),
    "any case": ("insert data { <a> <b> <c> } ; Delete Data { <a> <b> <c> }", ["insert", "delete"]),
    "comments between": ("INSERT # DATA ;\n\t DATA # {\n { <a> <b> <c> }", ["insert"]),
    "no space": ("INSERT DATA{<a><b><c>};DELETE DATA{<a><b><c>}", ["insert", "delete"]),
    "not data": (f"DELETE WHERE {PATTERN} ; INSERT {{ <a> <b> <c> }} WHERE {{ }}", ["", ""]),
    "a graph called data": (f"WITH <data> DELETE {PATTERN} WHERE {PATTERN}", [""]),
    "a prologue": ("PREFIX insert: <data> INSERT DATA { insert:a <b> <c> }", ["insert"]),
    "nothing": (" # nothing\n", []),
}


@pytest.mark.parametrize(("text", "kinds"), SPLIT.values(), ids=SPLIT)
def test_an_update_is_split_into_its_operations(text: str, kinds: list[str]) -> None:
    """At semicolons that are signs outside braces; the operations one by one do what the whole does."""
    found = operations(text)
    assert [operation.data for operation in found] == kinds
    if found:
        start = "INSERT DATA { <s> <p> <o> . GRAPH <g> { <s> <p> <o> } GRAPH <data> { <s> <p> <o> } }"
        assert _run(*map(_alone, found), start=start) == _run(text, start=start)


def test_the_tokens_of_an_operation_are_those_of_its_text() -> None:
    """Their positions count from where the operation starts."""
    for operation in operations("BASE <http://x/>\nINSERT DATA { <a> 'é' 1 } ;\n PREFIX a: <b>\n CLEAR # a\n ALL"):
        for token in operation.tokens:
            assert operation.text[token.start : token.start + len(token.text)] == token.text
        assert operation.tokens[0].start == 0
        assert operation.text.endswith(operation.tokens[-1].text)


def test_prologues_add_up() -> None:
    """An operation knows what was declared before it, and a prefix that is declared again means the later one."""
    found = operations(
        f"""# first
        PREFIX a: <{EX}one/> # a comment; with {{ signs }}
        INSERT DATA {{ a:s a:p a:o }} ;
        BASE <{EX}base/>
        PREFIX b: <two#>
        INSERT DATA {{ a:s b:p <o> }} ;
        PREFIX a: <{EX}three/>
        INSERT DATA {{ a:s b:p <o> }} ;
        PREFIX c: <{EX}four/>"""
    )
    assert [operation.text.partition("{")[0] for operation in found] == ["INSERT DATA "] * 3
    one, three, last = _node("one/s"), _node("three/s"), _node("base/o")
    second: Quad = (one, _node("base/two#p"), last, None)
    third: Quad = (three, _node("base/two#p"), last, None)
    assert [_run(_alone(operation)) for operation in found] == [
        {(one, _node("one/p"), _node("one/o"), None)},
        {second},
        {third},
    ]


@pytest.mark.parametrize(
    "data",
    [
        "{ <a> <b> <c>, 'x;}', 1.5 ; <d> 'é'@nl . GRAPH <g> { <a> <b> <c> } }",
        "# DATA\n {<a><b><c>}",
        "{ GRAPH ex:g { ex:a a ex:b } GRAPH <h> { } }",
        "{ }",
    ],
)
@pytest.mark.parametrize("words", ["DELETE DATA", "delete  data", "DELETE # INSERT DATA\n\tDATA"])
def test_data_to_delete_is_the_same_as_data_to_insert(words: str, data: str) -> None:
    """`as_insert` makes the quads that the text names, so that they can be looked up; it takes them away again."""
    (operation,) = operations(f"BASE <{EX}x/> {words} {data}")
    assert operation.data == "delete"
    quads = _run(operation.as_insert)
    assert quads == _run(f"BASE <{EX}x/> INSERT DATA {data}")
    assert _run(operation.as_insert, _alone(operation)) == set()
    (again,) = operations(operation.as_insert)
    assert (again.data, _run(again.as_insert)) == ("insert", quads)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { <a> <b> <c> } }",
        "INSERT DATA <a>",
        "INSERT DATA { ?s <b> <c> }",
        "FOO",
        "DATA {}",
        "INSERT { ; }",
    ],
)
def test_what_is_no_sparql_is_left_to_the_engine(text: str) -> None:
    """It is one operation, which the engine refuses, as data and as it stands."""
    (operation,) = operations(text)
    for given in (_alone(operation), *([operation.as_insert] if operation.data else [])):
        with pytest.raises(QuerySyntax):
            _run(given)


# USING

CONTENT = f"""INSERT DATA {{ ex:d ex:p ex:o . GRAPH <{G}> {{ ex:g ex:p ex:o }} GRAPH <{H}> {{ ex:h ex:p ex:o }} }}"""
"""Each graph has a subject of its own name; the default graph has `d`."""


def _seen(text: str, default: list[str], named: list[str]) -> set[str]:
    """The names of the subjects that an update with a dataset has put into the graph `out`."""
    quads = _run(with_dataset(text, default, named), start=CONTENT)
    return {str(quad[0]).removeprefix(EX) for quad in quads if quad[3] == _node("out")}


@pytest.mark.parametrize(
    ("default", "named", "expected"),
    [
        ([], [], "d g h"),
        ([G], [], "g"),
        ([G, H], [], "g h"),
        ([], [H], "h"),
        ([G], [H], "g h"),
        ([EX + "no"], [], ""),
    ],
)
@pytest.mark.parametrize(
    "where",
    [
        f"WHERE {{ {PATTERN} UNION {{ GRAPH ?x {PATTERN} }} }}",
        f"where {{ {{ SELECT * WHERE {{ {PATTERN} UNION {{ GRAPH ?x {PATTERN} }} }} }} }}",
        f"# WHERE {{\nWHERE#x\n{{ {PATTERN} UNION {{ GRAPH ?x {PATTERN} }} FILTER(?o != 'WHERE') }}",
    ],
    ids=["plain", "with a query inside", "with comments"],
)
def test_the_parameters_are_the_dataset_of_the_pattern(
    default: list[str], named: list[str], expected: str, where: str
) -> None:
    """The pattern of INSERT … WHERE matches the graphs that are given, and without any those of the store."""
    text = f"INSERT {{ GRAPH ex:out {PATTERN} }} {where}"
    assert _seen(text, default, named) == set(expected.split())
    assert _seen(f"DELETE {{ GRAPH ex:out {{ ?s ?p 1 }} }} {text}", default, named) == set(expected.split())


@pytest.mark.parametrize(
    "pattern",
    [
        PATTERN,
        "{ ex:g ex:p ?o }",
        "{ GRAPH ?x { ?s ?p ?o } }",
        f"{{ ?s ?p ?o . GRAPH <{G}> {{ ex:g ?p ?o }} }}",
        f"# {{\n{{ GRAPH <{H}> {{ ?s ?p ?o ; ?p ?o }} }}",
    ],
)
@pytest.mark.parametrize(("default", "named"), [([G], []), ([G, H], []), ([], [H]), ([G], [G, H])])
def test_delete_where_is_its_pattern_twice(pattern: str, default: list[str], named: list[str]) -> None:
    """DELETE WHERE with a dataset does what DELETE of the pattern USING the dataset does."""
    using = " ".join([*(f"USING <{iri}>" for iri in default), *(f"USING NAMED <{iri}>" for iri in named)])
    wanted = _run(f"DELETE {pattern}\n{using} WHERE {pattern}", start=CONTENT)
    for words in ("DELETE WHERE ", "delete where", "DELETE # all\nWHERE"):
        assert _run(with_dataset(f"{words}{pattern}", default, named), start=CONTENT) == wanted


def test_delete_where_sees_the_dataset() -> None:
    """It deletes from the default graph of the store what it finds in the graphs that are given."""
    start = f"{CONTENT} ; INSERT DATA {{ ex:g ex:p ex:o }}"
    gone = _run(start) - _run(with_dataset(f"DELETE WHERE {PATTERN}", [G], []), start=start)
    assert gone == {(_node("g"), _node("p"), _node("o"), None)}


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { ex:WHERE ex:USING 'WITH USING' }",
        f"DELETE DATA {{ GRAPH <{G}> {{ ex:g ex:p ex:o }} }}",
        f"CLEAR GRAPH <{G}>",
        f"COPY <{G}> TO <{H}>",
        f"INSERT DATA {{ ex:a ex:b ex:c }} ; ADD <{G}> TO DEFAULT",
    ],
)
def test_what_has_no_pattern_stays_as_it_is(text: str) -> None:
    """Data, and operations on whole graphs, take no dataset."""
    assert _run(with_dataset(text, [H], [G]), start=CONTENT) == _run(text, start=CONTENT)


def test_without_parameters_nothing_is_touched() -> None:
    """Not even a text with USING, or one that is no SPARQL."""
    for text in (f"WITH <{G}> DELETE {PATTERN} USING <{H}> WHERE {PATTERN}", "<not closed"):
        assert with_dataset(text, [], []) is text


def test_every_operation_gets_the_dataset() -> None:
    """The second sees what the first has made, through the dataset too."""
    insert = f"INSERT {{ GRAPH <{H}> {{ ?s ?p ex:new }} }} WHERE {PATTERN}"
    text = f"{insert} ; DELETE WHERE {{ GRAPH <{H}> {{ ?s ?p ex:o }} }}"
    made = with_dataset(text, [G], [H])
    assert [operation.tokens[0].upper for operation in operations(made)] == ["INSERT", "DELETE"]
    in_h = {str(s) + str(o) for s, _, o, graph in _run(made, start=CONTENT) if graph == _node("h")}
    assert in_h == {f"{EX}g{EX}new"}


def test_the_prologue_stays_with_its_operation() -> None:
    """Prefixes are declared before the operation that has got USING."""
    text = f"PREFIX x: <{EX}> # declared; here\nINSERT {{ GRAPH x:out {PATTERN} }} WHERE {PATTERN}"
    assert _seen(text, [G], []) == {"g"}


@pytest.mark.parametrize(
    "text",
    [
        f"INSERT {PATTERN} USING <{H}> WHERE {PATTERN}",
        f"INSERT {PATTERN} using named <{H}> WHERE {PATTERN}",
        f"WITH <{H}> DELETE {PATTERN} WHERE {PATTERN}",
        f"PREFIX a: <b> with a:c DELETE {PATTERN} WHERE {PATTERN}",
        f"CLEAR ALL ; DELETE {PATTERN} INSERT {PATTERN} USING <{H}> WHERE {PATTERN}",
    ],
)
@pytest.mark.parametrize(("default", "named"), [([G], []), ([], [G])])
def test_a_dataset_given_twice_is_refused(text: str, default: list[str], named: list[str]) -> None:
    """USING, USING NAMED or WITH in the update, and parameters too (SPARQL 1.1 Protocol, 2.2.3)."""
    with pytest.raises(BadRequest, match="using-graph-uri"):
        with_dataset(text, default, named)


@pytest.mark.parametrize("bad", [f"{EX}a{sign}b" for sign in ' <>"{}|\\^`'] + [f"{EX}g> WHERE {{}} ; CLEAR ALL #"])
def test_what_is_no_iri_is_refused(bad: str) -> None:
    """Nothing that would end the IRI gets into the update, in either parameter."""
    for default, named in (([bad], []), ([], [bad]), ([G, bad], [H])):
        with pytest.raises(BadRequest):
            with_dataset(f"DELETE WHERE {PATTERN}", default, named)
