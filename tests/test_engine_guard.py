"""The guard: what reaches outside or changes data is refused in every spelling, and nothing else is."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Thread

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pyparsing import ParseBaseException
from rdflib.plugins.sparql.parser import parseQuery

from so2graph.engine.dataset import Dataset
from so2graph.engine.guard import analyse, guard
from so2graph.engine.scanner import scan, substitute
from so2graph.engine.snapshot import Snapshot
from so2graph.errors import EngineFault, PolicyRefused, QuerySyntax, QueryTooLarge
from so2graph.vocab import Literal

LIMIT = 10_000
PREFIXES = {"g": "https://w3id.org/so2graph/graph/"}


def _refusal(text: str) -> PolicyRefused:
    with pytest.raises(PolicyRefused) as caught:
        guard(text, max_bytes=LIMIT, prefixes=PREFIXES)
    return caught.value


REACHING = {
    "plain": "SELECT * { SERVICE <http://x/> { ?s ?p ?o } }",
    "lower case": "SELECT * { service <http://x/> { ?s ?p ?o } }",
    "mixed case": "SELECT * { SeRvIcE <http://x/> { ?s ?p ?o } }",
    "no space": "SELECT * {SERVICE<http://x/>{?s ?p ?o}}",
    "silent": "SELECT * { SERVICE SILENT <http://x/> { ?s ?p ?o } }",
    "variable": "SELECT * { ?s ?p ?e SERVICE ?e { ?s ?p ?o } }",
    "glued variable": "SELECT * { ?s ?p ?e SERVICE?e{ ?s ?p ?o } }",
    "prefixed name": "PREFIX e: <http://x/> SELECT * { SERVICE e:y { ?s ?p ?o } }",
    "comment between": "SELECT * { SERVICE # to <http://y/>\n <http://x/> { ?s ?p ?o } }",
    "line breaks": "SELECT * {\r\n\tSERVICE\r\n<http://x/>\r\n{ ?s ?p ?o } }",
    "sub-select": "SELECT * { { SELECT ?s { SERVICE <http://x/> { ?s ?p ?o } } } }",
    "in optional": "SELECT * { OPTIONAL { { ?a ?b ?c } UNION { SERVICE <http://x/> { ?s ?p ?o } } } }",
    "in exists": "ASK { FILTER NOT EXISTS { SERVICE <http://x/> { ?s ?p ?o } } }",
    "in construct": "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <http://x/> { ?s ?p ?o } }",
    "after a string": "SELECT * { ?s ?p 'SERVICE' . SERVICE <http://x/> { ?s ?p ?o } }",
    "inside update": "INSERT { ?s ?p ?o } WHERE { SERVICE <http://x/> { ?s ?p ?o } }",
    "load": "LOAD <http://x/>",
    "load in lower case": "load silent <http://x/> into graph <http://y/>",
    "load behind a prologue": "PREFIX e: <http://x/>\n# SELECT\nLOAD e:y",
    # The engine takes a keyword wherever one fits: none of these is one of the tokens of the grammar.
    "empty prefix": "PREFIX : <http://x/> SELECT * { SERVICE:y { ?s ?p ?o } }",
    "prefix at its end": "PREFIX x: <http://x/> SELECT * { SERVICEx:y { ?s ?p ?o } }",
    "silent at its end": "PREFIX x: <http://x/> SELECT * { SERVICESILENT x:y { ?s ?p ?o } }",
    "silent and prefix": "PREFIX x: <http://x/> SELECT * { SERVICESILENTx:y { ?s ?p ?o } }",
    "silent and iri": "SELECT * { SERVICESILENT<http://x/> { ?s ?p ?o } }",
    "behind true": "SELECT * { ?s ?p trueSERVICE<http://x/>{ ?a ?b ?c } }",
    "behind true with prefix": "PREFIX : <http://x/> SELECT * { ?s ?p trueSERVICE:y{ ?a ?b ?c } }",
    "behind a number": "PREFIX : <http://x/> SELECT * { ?s ?p 5SERVICE:y { ?a ?b ?c } }",
    "comment before the brace": "PREFIX : <http://x/> SELECT * { SERVICE:y # {\n { ?s ?p ?o } }",
    "in a comparison": "PREFIX : <http://x/> SELECT * { ?s ?a ?b FILTER(?a<?b)SERVICE:y#>\n{ ?s ?p ?o } }",
    "quotation mark in a comparison": "PREFIX : <http://x/> SELECT * { ?s ?a ?b "
    "FILTER(?a<?b&&?a!='x>')SERVICE:y{ ?s ?p ?o } FILTER(?a!='') }",
    "bracket in a comparison": "PREFIX : <http://x/> SELECT * { ?s ?a ?b "
    "FILTER(?a<(?b)&&?a>?b)SERVICE:y{ ?s ?p ?o } }",
}


@pytest.mark.parametrize("text", REACHING.values(), ids=REACHING)
def test_what_reaches_outside_is_refused(text: str) -> None:
    """SERVICE and LOAD are refused however they are written, and the error says where."""
    error = _refusal(text)
    assert (error.status, error.slug) == (403, "refused")
    line, column = error.members["line"], error.members["column"]
    assert str(error).startswith(f"line {line}, column {column}: ")
    assert error.mend


PASSING = {
    "variable": "SELECT ?service { ?service ?p $SERVICE }",
    "local name": "PREFIX : <http://x/> SELECT * { ?s a :SERVICE ; :SERVICE :service }",
    "prefix": "PREFIX service: <http://x/> SELECT * { ?s service:x ?o . service:a ?p ?o }",
    "prefix of a graph": "PREFIX service: <http://x/> SELECT * { GRAPH service:x { ?s ?p ?o } }",
    "prefix of FROM": "PREFIX service: <http://x/> SELECT * FROM service:x { ?s ?p ?o }",
    "string": 'SELECT * { ?s ?p "SERVICE <http://x/> {" }',
    "string in apostrophes": "SELECT * { ?s ?p 'SERVICE <http://x/> {' }",
    "long string": 'SELECT * { ?s ?p """a "quote" and\nSERVICE <http://x/> {""" }',
    "long string in apostrophes": "SELECT * { ?s ?p '''it's\nSERVICE <http://x/> {''' }",
    "string with escapes": r"""SELECT * { ?s ?p "a \" SERVICE <http://x/> { \\" }""",
    "comment": "SELECT * { ?s ?p ?o # SERVICE <http://x/> {}\n }",
    "comment at the end": "SELECT * { ?s ?p ?o } # LOAD <http://x/>",
    "iri": "SELECT * { ?s <http://x/#SERVICE> <SERVICE> }",
    "language tag": 'SELECT * { ?s ?p "x"@service }',
    "blank node label": "SELECT * { _:SERVICE ?p _:service-1 }",
    "update words as names": "PREFIX load: <http://x/> SELECT ?insert { ?delete load:drop :clear , _:add }",
    "comparison": "SELECT * { ?s ?a ?b FILTER(?a<?b&&?b>?a) FILTER(?a < ?b) }",
    "iri with a query": "SELECT * { ?s ?p ?o FILTER(?o = <http://x/a?b='c'#(d)>) }",
    "relative iri in a list": "BASE <http://x/> SELECT * { ?s ?p ?o FILTER(?s IN (<#a>, <b_(c)>)) . <#a> ?p (<#b>) }",
    "escaped letter in a string": r'SELECT * { ?s ?p "caf\u00e9 \U0001F600" }',
    "escaped backslash in a string": r'SELECT * { ?s ?p "\\u0022" }',
    "nothing to see": "ASK{}",
}


@pytest.mark.parametrize("text", PASSING.values(), ids=PASSING)
def test_the_words_pass_where_they_are_no_keywords(text: str) -> None:
    """Variables, names, strings, comments, IRIs, tags and labels that look like keywords are let through."""
    analysis = guard(text, max_bytes=LIMIT)
    assert (analysis.outside, analysis.update) == (None, None)


def test_the_engine_would_reach_out_for_what_is_refused(snapshot: Snapshot) -> None:
    """The spellings that are not tokens of the grammar are refused for a reason: the engine connects for them."""
    calls: list[bytes] = []
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(20)
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}/"

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                calls.append(connection.recv(1000))

        for spelling in ("SERVICE:y{?a ?b ?c}", "SERVICESILENT:y{?a ?b ?c}", "VALUES ?t{true}SERVICE:y{}"):
            thread = Thread(target=answer)
            thread.start()
            text = f"PREFIX : <{endpoint}> SELECT * {{ {spelling} }}"
            _refusal(text)
            with suppress(EngineFault):  # what answers here is no SPARQL service
                list(snapshot.query(text, Dataset((), ()), {}).rows())
            thread.join()
    assert len(calls) == 3


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { <a> <b> <c> }",
        "insert data{<a> <b> <c>}",
        "DELETE WHERE { ?s ?p ?o }",
        "DELETE { ?s ?p ?o } INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }",
        "CLEAR ALL",
        "DROP GRAPH <g>",
        "CREATE GRAPH <g>",
        "ADD <a> TO <b>",
        "MOVE <a> TO <b>",
        "COPY DEFAULT TO <b>",
        "WITH <g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "PREFIX a: <http://x/>\n# comment\nCLEAR SILENT DEFAULT",
        "SELECT * { ?s ?p ?o } ; DROP ALL",
    ],
)
def test_updates_are_refused(text: str) -> None:
    """Every update form is refused, behind a prologue and behind a query too."""
    assert "changes the dataset" in str(_refusal(text))


@pytest.mark.parametrize(
    "escape",
    [r"\u0053ERVICE", r"<http://x/\u0041>", r"?\u0061", r"\U00000053ERVICE", "# \\u0041\n"],
)
def test_code_point_escapes_outside_strings_are_refused(escape: str) -> None:
    """What could become another token by an escape is not let through; inside a string letters may be escaped."""
    with pytest.raises((PolicyRefused, QuerySyntax)):
        guard(f"SELECT * {{ ?s ?p {escape} }}", max_bytes=LIMIT)


@pytest.mark.parametrize(
    "escape",
    [
        r"\u0022",
        r"\u0027",
        r"\u005c",
        r"\u005C",
        r"\u000a",
        r"\u000D",
        r"\U00000022",
        r"\uD800",
        r"\U00110000",
        r"\\\u0022",
    ],
)
def test_an_escaped_quotation_mark_cannot_close_a_string(escape: str) -> None:
    """Escapes of a quotation mark, backslash or line break, or of no character, are refused in strings as well."""
    assert "escape" in str(_refusal(f'SELECT * {{ ?s ?p "a{escape} }} SERVICE <x> {{" }}'))


def test_a_string_with_an_unknown_escape_is_no_string() -> None:
    """A long string that the engine would not take is not taken for one, so that nothing can hide in it."""
    text = 'PREFIX : <http://x/> SELECT * { VALUES ?x { """ a" #\\x\n } SERVICE:y { } VALUES ?z { """ " } }'
    with pytest.raises((PolicyRefused, QuerySyntax)):
        guard(text, max_bytes=LIMIT)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SELECT * { }", "SELECT"),
        ("ask { }", "ASK"),
        ("Describe <x>", "DESCRIBE"),
        ("construct where { ?s ?p ?o }", "CONSTRUCT"),
        ("ASK{}", "ASK"),
        ("select?x{}", "SELECT"),
        ("# SELECT\nPREFIX ask: <http://x/>\nBASE <http://y/> # DESCRIBE\n\n aSk { }", "ASK"),
        ("CONSTRUCT { ?s ?p ?o } { { SELECT * { ?s ?p ?o } } }", "CONSTRUCT"),
    ],
)
def test_the_form_of_a_query_is_its_first_keyword(text: str, form: str) -> None:
    """SELECT, ASK, CONSTRUCT and DESCRIBE are found in any case, behind prologue and comments."""
    analysis = guard(text, max_bytes=LIMIT)
    assert analysis.form == form


@pytest.mark.parametrize("text", ["", "  \n# nothing\n", "PREFIX a: <http://x/>", "{ ?s ?p ?o }", "?ask", "<ASK>"])
def test_a_text_without_a_query_is_a_syntax_error(text: str) -> None:
    """A text that asks nothing is refused, with where it ends."""
    with pytest.raises(QuerySyntax) as caught:
        guard(text, max_bytes=LIMIT)
    assert caught.value.members["line"] == text.count("\n") + 1


@pytest.mark.parametrize(
    ("text", "default", "named"),
    [
        ("SELECT * { }", [], []),
        ("SELECT * FROM <http://a> FROM <http://b> FROM <http://a> { }", ["http://a", "http://b"], []),
        ("SELECT * FROM NAMED <http://a> FROM <http://b> { }", ["http://b"], ["http://a"]),
        ("select * from named g:all from g:facts { }", [PREFIXES["g"] + "facts"], [PREFIXES["g"] + "all"]),
        ("PREFIX h: <http://h/> ASK FROM h:a\\~b { }", ["http://h/a~b"], []),
        ("BASE <http://h/x/> PREFIX h: <y/> ASK FROM <../z> FROM h:a { }", ["http://h/z", "http://h/x/y/a"], []),
        ("PREFIX g: <http://other/> ASK FROM g:a { }", ["http://other/a"], []),
        ("CONSTRUCT FROM <http://a> WHERE { ?s ?p ?o }", ["http://a"], []),
        ("DESCRIBE <http://a> FROM <http://b>", ["http://b"], []),
        ("ASK # FROM <http://a>\nFROM#c\n<http://b> { }", ["http://b"], []),
        ("ASK { ?from ?p 'FROM <http://a>' . ?s <FROM> ?o }", [], []),
        ("ASK { { SELECT * { ?s ?p ?o } } BIND('FROM' AS ?x) }", [], []),
    ],
)
def test_graphs_of_from_are_found(text: str, default: list[str], named: list[str]) -> None:
    """FROM and FROM NAMED give absolute IRIs, in order and once, and not those in strings, comments and braces."""
    analysis = analyse(text, PREFIXES)
    assert (list(analysis.from_default), list(analysis.from_named)) == (default, named)
    assert analysis.has_dataset is bool(default or named)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("SELECT * { SERVICE <x> {} }", 1, 12),
        ("SELECT *\n{\n  SERVICE <x> {} }", 3, 3),
        ("# é€\nSELECT * { ?s ?p 'é' .\n\tservice <x> {} }", 3, 2),
        ("LOAD <x>", 1, 1),
        ("SELECT *\r\n{ SERVICE <x> {} }", 2, 3),
    ],
)
def test_a_refusal_points_at_the_keyword(text: str, line: int, column: int) -> None:
    """Line and column count from 1, in characters."""
    error = _refusal(text)
    assert (error.members["line"], error.members["column"]) == (line, column)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [("SELECT * { ?s ?p 'open }", 1, 18), ("SELECT *\n{ ?s ?p <open }\n §", 3, 2), ("SELECT * { ?s ? ?o } ~", 1, 22)],
)
def test_what_is_no_token_is_a_syntax_error_where_it_stands(text: str, line: int, column: int) -> None:
    """A string that is not closed, or a character that SPARQL does not know, is pointed at."""
    with pytest.raises(QuerySyntax) as caught:
        guard(text, max_bytes=LIMIT)
    assert (caught.value.members["line"], caught.value.members["column"]) == (line, column)
    assert caught.value.exit_code == 3


def test_the_limit_counts_bytes_and_is_exact() -> None:
    """A query of exactly the limit passes; one byte more is refused, and é has two."""
    text = "ASK { ?s ?p 'é' }"
    size = len(text) + 1
    assert guard(text, max_bytes=size).form == "ASK"
    with pytest.raises(QueryTooLarge) as caught:
        guard(text, max_bytes=size - 1)
    assert caught.value.members == {"limit": size - 1, "size": size}


def test_parameters_are_substituted_as_whole_variables_only() -> None:
    """What looks like a parameter in a string, IRI, comment or longer name stays; `$_x` is the same variable."""
    text = 'SELECT ?x { ?_x ?p \'?_x\' , <?_x> , ?_xy , $_x . # ?_x\n ?x ?p """?_x""" }'
    assert substitute(text, {"x": "<http://y>"}) == (
        'SELECT ?x { <http://y> ?p \'?_x\' , <?_x> , ?_xy , <http://y> . # ?_x\n ?x ?p """?_x""" }'
    )
    assert substitute(text, {}) == text


INJECTIONS = [
    '"} SERVICE <x> {',
    "\\",
    '\\"',
    '\\\\" } SERVICE <x> { ?s ?p "',
    "a\nb",
    "a\r\n} SERVICE <x> {",
    "\t",
    "'''",
    '"""',
    "# comment",
    "<x>",
    "?_x",
    "\\u0022 } SERVICE <x> {",
    "é€😀",
    "",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_injected_text_stays_one_string(text: str, snapshot: Snapshot) -> None:
    """Whatever is typed for a string parameter is one literal to the guard, and leaves the engine as it was."""
    query = substitute("SELECT (?_x AS ?y) { }", {"x": Literal(text).n3})
    analysis = guard(query, max_bytes=LIMIT)
    assert (analysis.form, analysis.outside) == ("SELECT", None)
    assert [t.kind for t in scan(query)].count("string") == 1
    ((value,),) = snapshot.query(query, Dataset((), ()), {}).rows()
    assert value == Literal(text)


@given(st.text(max_size=30))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_text_stays_one_string(text: str) -> None:
    """No text at all can leave the literal that it is put into."""
    assume("\x00" not in text)
    query = substitute("SELECT (?_x AS ?y) { }", {"x": Literal(text).n3})
    tokens = list(scan(query))
    assert [t.text for t in tokens if t.kind != "string"] == ["SELECT", "(", "AS", "?y", ")", "{", "}"]


_TERMS = st.sampled_from(
    [
        "?s",
        "$service",
        "<http://x/SERVICE>",
        "<#a>",
        "x:service",
        ":SERVICE",
        "service:x",
        "_:SERVICE",
        "'SERVICE <x> {'",
        '"it \\" SERVICE"@en-GB',
        '"""a "b" SERVICE {"""',
        "'''SERVICE'''",
        "5",
        "-1",
        "1e6",
        "true",
        "[]",
        "(1 ?x <y>)",
        '"1"^^<http://x/service>',
        "[ :p 'SERVICE' ]",
    ]
)
_SUBJECTS = st.sampled_from(["?s", "<http://x/SERVICE>", "x:service", ":SERVICE", "service:x", "_:SERVICE", "[]"])
_VERBS = st.sampled_from(["?p", "a", "<http://x/p>", "x:p/^:SERVICE", "!(x:a|^x:b)", ":p*", "(service:p|:q)+"])
_SPACE = st.sampled_from([" ", "\n", "\t", " # SERVICE <x> {\n", "\r\n"])
_CASE = st.sampled_from(["SERVICE", "service", "Service", "SERVICE SILENT", "service\n# c\nsilent"])


@st.composite
def _patterns(draw: st.DrawFn, depth: int = 1) -> str:
    """The inside of a group: triples, filters, and groups within it, some of them SERVICE."""
    parts = []
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.integers(0, 9 if depth else 2))
        space = draw(_SPACE)
        if kind <= 1:
            parts.append(f"{draw(_SUBJECTS)}{space}{draw(_VERBS)} {draw(_TERMS)} .")
        elif kind == 2:
            parts.append(
                draw(
                    st.sampled_from(
                        [
                            "FILTER(?a<?b&&?c>?d)",
                            "FILTER(?s = 'SERVICE')",
                            "FILTER(strlen(str(?s))<5)",
                            "BIND(1+2 AS ?q1)",
                            "VALUES ?v { 'SERVICE' UNDEF }",
                            "FILTER(?x IN (<a>,'b'))",
                            "FILTER(?x != -1 || !bound(?x))",
                        ]
                    )
                )
            )
        else:
            remote = st.builds("{} {}".format, _CASE, st.sampled_from(["?e", "<http://x/>", "x:y"]))
            head = draw(
                remote
                if kind == 9
                else st.sampled_from(["", "OPTIONAL", "MINUS", "GRAPH ?g", "GRAPH service:x", "FILTER NOT EXISTS"])
            )
            inside = draw(_patterns(depth=depth - 1))
            if kind == 3:
                parts.append(f"{{ SELECT * {{ {inside} }} }}")
            elif kind == 4:
                parts.append(f"{{ {inside} }} UNION {{ {draw(_patterns(depth=depth - 1))} }}")
            else:
                parts.append(f"{head}{space}{{ {inside} }}")
    return draw(_SPACE).join(parts)


@st.composite
def _queries(draw: st.DrawFn) -> str:
    heads = ["SELECT *", "select ?s", "ASK", "CONSTRUCT { ?s ?p ?o } WHERE", "DESCRIBE ?s WHERE"]
    head = draw(st.sampled_from(heads))
    prologue = "PREFIX x: <http://x/>\nPREFIX : <http://y/>#SERVICE\nPREFIX service: <http://z/>\n"
    return f"{prologue}{head} {{ {draw(_patterns())} }}"


@given(_queries())
@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_the_scanner_agrees_with_a_parser(query: str) -> None:
    """What rdflib parses is tokenised, without loss, and SERVICE is found exactly where its tree has one."""
    try:
        tree = parseQuery(query)
    except (ParseBaseException, RecursionError):  # rdflib's parser needs a deep stack for nested groups
        assume(False)
    at = 0
    for token in scan(query):
        assert query[token.start : token.start + len(token.text)] == token.text
        assert token.start >= at
        at = token.start + len(token.text)
    assert (analyse(query).outside is not None) == ("ServiceGraphPattern" in repr(tree))
