"""The guard against a parser, for queries and updates, and a listener that nothing may reach."""

from __future__ import annotations

import random
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
import rdflib.plugins.sparql
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pyparsing import ParseBaseException, ParseResults
from rdflib.plugins.sparql.parser import parseQuery, parseUpdate
from rdflib.plugins.sparql.parserutils import CompValue

from so2graph.config import Settings
from so2graph.engine.access import Access
from so2graph.engine.guard import guard
from so2graph.engine.store import Store
from so2graph.engine.tokens import Tokens
from so2graph.engine.update import operations
from so2graph.errors import PolicyRefused, QuerySyntax, So2Error, UnknownGraph, Unsupported
from so2graph.registry import Bundle
from tests.test_engine_guard import REACHING
from tests.test_service import serving

rdflib.plugins.sparql.SPARQL_LOAD_GRAPHS = False

LIMIT = 20_000
BASE = "https://w3id.org/so2graph/"
PLACEHOLDER = "http://x/"
"""What stands for the address of the listener."""

_INSERT = "INSERT { <http://a> <http://b> ?o } WHERE "
_SERVICE = "SERVICE <http://x/> { ?s ?p ?o }"

REACHING_UPDATES = {
    "load": "LOAD <http://x/>",
    "lower case": "load<http://x/>",
    "comment between": "LOAD # of <http://y/>\n<http://x/>",
    "empty comment between": "LOAD#\r<http://x/>",
    "prefixed name": "PREFIX s: <http://x/> LOAD s:x",
    "glued prefix": "PREFIX s: <http://x/> LOADs:x",
    "glued empty prefix": "PREFIX : <http://x/> LOAD:x",
    "prefix of that name": "PREFIX LOAD: <http://x/> LOAD LOAD:y",
    "glued prefix of that name": "PREFIXLOAD:<http://x/>LOADLOAD:y",
    "behind a semicolon": "INSERT DATA { <http://a> <http://b> 1 };LOAD<http://x/>",
    "declared behind a semicolon": "CLEAR DEFAULT; PREFIX s: <http://x/> LOADs:x",
    "behind a base": "BASE <http://x/> LOAD <y>",
    "glued to a base": "BASE<http://x/>LOADSILENT<y>",
    "into a graph": "LOAD<http://x/>INTOGRAPH<http://g>",
    "silent into a prefixed graph": "PREFIX s: <http://g/> LOADSILENT<http://x/>INTOGRAPHs:g",
    "escaped address": r"LOAD <http://x/\u0061>",
    "escaped keyword": r"L\u004FAD <http://x/>",
    "long escape": r"\U0000004COAD <http://x/>",
    "escaped service": _INSERT + r"{ S\u0045RVICE <http://x/> { ?s ?p ?o } }",
    "service in insert": _INSERT + "{ " + _SERVICE + " }",
    "service in delete": "DELETE { ?s ?p ?o } WHERE { " + _SERVICE + " }",
    "service silent": _INSERT + "{ SERVICE SILENT <http://x/> { ?s ?p ?o } }",
    "service with comments": "WITH <http://g> " + _INSERT + "{ service\nsilent#\n<http://x/> { ?s ?p ?o } }",
    "service in optional": _INSERT + "{ OPTIONAL { " + _SERVICE + " } }",
    "service in minus": _INSERT + "{ BIND(1 AS ?o) MINUS { ?o ?q ?r . " + _SERVICE + " } }",
    "service in exists": _INSERT + "{ FILTER EXISTS { " + _SERVICE + " } }",
    "service in a sub-select": _INSERT + "{ { SELECT ?o WHERE { " + _SERVICE + " } } }",
    "service of a variable": _INSERT + "{ VALUES ?e { <http://x/> } SERVICE ?e { ?s ?p ?o } }",
    "service glued to a variable": _INSERT + "{ VALUES ?e { <http://x/> } SERVICESILENT?e{ ?s ?p ?o } }",
    "service behind true": "PREFIX : <http://x/> INSERT { ?s ?p ?o } WHERE { VALUES ?t {true}SERVICE:y{ ?s ?p ?o } }",
    "service glued to a prefix": "PREFIX x: <http://x/> INSERT { ?s ?p ?o } WHERE { SERVICEx:y{ ?s ?p ?o } }",
    "service in the second": "INSERT DATA { <http://a> <http://b> 'SERVICE' } ; " + _INSERT + "{ " + _SERVICE + " }",
}
NOT_TAKEN = {name for name in REACHING_UPDATES if "escape" in name} | {"service in minus"}
NOT_TAKEN |= {"service of a variable", "service glued to a variable"}
"""What a writer or the engine itself takes for an error, or asks nobody for, as long as the data is empty."""

_PREFIXES = "PREFIX : <http://x/> PREFIX load: <http://x/> PREFIX service: <http://x/> "

PASSING_QUERIES = {
    "load in every place": "SELECT ?load { ?load load:x :LOAD . :load :LOAD 'LOAD <http://x/>'@load , <LOAD> . }",
    "service in every place": "SELECT ?service { ?service service:SERVICE 'x'@service . _:SERVICE <SERVICE> 1 }",
    "comments": "SELECT * # LOAD <http://x/>\n{ ?s ?p ?o # SERVICE <http://x/> {\n } # LOAD",
    "long strings": 'SELECT * { ?s ?p \'\'\'LOAD\nSERVICE <http://x/> {\'\'\' , """; LOAD <http://x/> "" """ }',
    "names of graphs": "SELECT * FROM load:x FROM NAMED service:x { GRAPH service:y { ?s ?p ?o } GRAPH load:y { } }",
    "rows": "SELECT * { VALUES (?load ?service) { (load:x service:x) ('LOAD' 'SERVICE') (UNDEF :SERVICE) } }",
    "functions": "SELECT * { ?s ?p ?o FILTER(service:f(?o) && load:f(?o) != 'SERVICE') BIND(:SERVICE(?o) AS ?x) }",
    "paths": "SELECT * { ?s (service:a/^load:b)|!(:SERVICE|^:LOAD) ?o . ?s load:* ?x }",
    "escapes": r"SELECT * { ?s ?p 'S\u0045RVICE <http://x/> {' , 'L\U0000004FAD' , :SERV\-ICE }",
    "order": "SELECT (?service AS ?load) { ?service ?p ?o } GROUP BY ?service ORDER BY :LOAD(?service)",
}
PASSING_UPDATES = {
    "data": "INSERT DATA { load:x load:y :LOAD , 'LOAD <http://x/>'@load , <LOAD> . _:LOAD :SERVICE service:x }",
    "data in a graph": "INSERT DATA { GRAPH service:g { load:x a :LOAD } GRAPH :LOAD { service:x a :SERVICE } }",
    "strings": "DELETE DATA { :a :b \"; LOAD <http://x/>\" , '''\n; LOAD <http://x/>\nSERVICE <http://x/> {''' }",
    "comments": "INSERT DATA { } # ; LOAD <http://x/>\n; # LOAD <http://x/>\nDELETE DATA { # SERVICE <x> {\n }",
    "variables": "DELETE { ?load ?service ?o } INSERT { ?load :SERVICE $service } WHERE { ?load ?service ?o }",
    "with and using": "WITH :LOAD DELETE { ?s ?p ?o } USING NAMED :SERVICE WHERE { GRAPH service:x { ?s ?p ?o } }",
    "prefixes between": "INSERT DATA { } ; PREFIX load: <http://l/> BASE <http://LOAD/> INSERT DATA { load:x a <X> }",
}


class Listener:
    """Takes connections on loopback, counts them, and says nothing."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self.heard = 0
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.heard += 1
                with connection, suppress(OSError):
                    connection.settimeout(5)
                    connection.recv(4000)

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def at(self, text: str) -> str:
        """The text with the listener for an endpoint."""
        return text.replace(PLACEHOLDER, self.url)


def _write(text: str) -> None:
    """Does an update as a writer does it, one operation after the other, on no data."""
    store = Store.memory()
    for operation in operations(text):
        store.update(operation.whole, {}, BASE)


@contextmanager
def listening() -> Iterator[Listener]:
    """A listener until the block ends."""
    listener = Listener()
    try:
        yield listener
    finally:
        listener.close()


@pytest.mark.parametrize("text", REACHING_UPDATES.values(), ids=REACHING_UPDATES)
def test_updates_that_reach_outside_are_refused(text: str) -> None:
    """LOAD and SERVICE are refused in an update however they are written; as a query they are that or none."""
    with pytest.raises(PolicyRefused, match=r"line \d+, column \d+: ") as caught:
        guard(text, max_bytes=LIMIT, update=True)
    assert caught.value.status == 403
    with pytest.raises((PolicyRefused, QuerySyntax)):
        guard(text, max_bytes=LIMIT)


@pytest.mark.parametrize("text", PASSING_UPDATES.values(), ids=PASSING_UPDATES)
def test_words_in_updates_pass(text: str) -> None:
    """Names, variables, strings, comments and tags that look like LOAD or SERVICE pass, and the engine takes them."""
    assert guard(_PREFIXES + text, max_bytes=LIMIT, update=True).outside is None
    with suppress(UnknownGraph):
        _write(_PREFIXES + text)


@pytest.mark.parametrize("text", PASSING_QUERIES.values(), ids=PASSING_QUERIES)
def test_words_in_queries_pass(text: str) -> None:
    """The same for queries, which rdflib and the engine parse as well."""
    assert guard(_PREFIXES + text, max_bytes=LIMIT).outside is None
    if "\\" not in text:
        assert not _reaches(_parse(_PREFIXES + text, update=False))
    with suppress(Unsupported):  # functions that nobody has made
        Store.memory().query(_PREFIXES + text, {}, (), (), BASE)


def test_the_engine_would_connect_for_what_is_refused() -> None:
    """Each update that is refused makes the engine connect, but for those in `NOT_TAKEN`: the listener can hear."""
    with listening() as listener:
        silent = set()
        for name, text in REACHING_UPDATES.items():
            before = listener.heard
            with suppress(So2Error):
                _write(listener.at(text))
            if listener.heard == before:
                silent.add(name)
    assert silent == NOT_TAKEN


# Against a parser


def _parse(text: str, *, update: bool) -> object:
    """The tree that rdflib makes; nothing is run."""
    return parseUpdate(text) if update else parseQuery(text)


def _reaches(tree: object) -> bool:
    """Whether there is a SERVICE or LOAD in a tree."""
    if isinstance(tree, CompValue):
        return tree.name in ("ServiceGraphPattern", "Load") or any(map(_reaches, tree.values()))
    if isinstance(tree, dict):
        return any(map(_reaches, tree.values()))
    return isinstance(tree, (list, tuple, set, ParseResults)) and any(map(_reaches, tree))


def _any_case(draw: st.DrawFn, word: str) -> str:
    return "".join(letter.lower() if draw(st.booleans()) else letter for letter in word)


_GAP = st.sampled_from([" ", "\n", "\t", "\r\n  ", " # SERVICE <http://x/> {\n", "#LOAD <http://x/>\n", " #'\n"])
_PROLOGUE = st.sampled_from(
    [
        "PREFIX x: <http://x/> PREFIX : <http://y/>\nPREFIX service: <http://z/> PREFIX load: <http://w/>\n",
        "# SERVICE\nBASE <http://SERVICE/>\nprefix : <LOAD/>prefix x:<http://x/>prefix service:<>prefix load: <#l>",
    ]
)
_SUBJECT = st.sampled_from(
    ["?s", "$service", "<http://x/SERVICE>", "load:x", ":SERVICE", "service:x", "_:LOAD", "[]"]
)
_VERB = st.sampled_from(
    ["?load", "a", "<LOAD>", "x:p/^:SERVICE", "!(service:a|^load:b)", ":LOAD*", "(service:p|:q)+"]
)
_OBJECT = st.sampled_from(
    [
        "?service",
        "service:service",
        "'SERVICE <http://x/> {'",
        '"; LOAD <http://x/>"@load-SERVICE',
        '"""a "q" } SERVICE <http://x/> {\n"""',
        "'''it's; LOAD'''",
        "5",
        "1.5",
        "true",
        "(1 ?x <LOAD> [ :SERVICE 'SERVICE' ])",
        '"1"^^service:load',
        r'"\" SERVICE \\"',
    ]
)
_SMALL = st.sampled_from(
    [
        "FILTER(?a<?b&&?c>?d)",
        "FILTER(?s = 'SERVICE' || service:f(?s) != load:x)",
        "FILTER REGEX(STR(?s), 'SERVICE', \"i\")",
        "FILTER(?s NOT IN ('LOAD', <SERVICE>, :LOAD))",
        "BIND('SERVICE <http://x/>' AS ?q1)",
        "BIND(IF(?a > 1, load:x, service:y) AS ?q2)",
        "VALUES ?v { 'SERVICE' UNDEF load:x service:x }",
        "VALUES (?v ?w) { (1 'LOAD') (<LOAD> :SERVICE) }",
    ]
)
_GROUP = st.sampled_from(
    ["", "OPTIONAL", "MINUS", "GRAPH ?g", "GRAPH service:x", "FILTER NOT EXISTS", "FILTER EXISTS"]
)
_ENDPOINT = st.sampled_from(["<http://x/>", "?e", "x:y", "service:x", "<http://x/SILENT>"])


@st.composite
def _remote(draw: st.DrawFn, inside: str) -> str:
    """A SERVICE in any letter case and spacing, with comments, and often SILENT."""
    gap, endpoint = draw(_GAP), draw(_ENDPOINT)
    if not endpoint[0].isalpha():
        gap = draw(st.sampled_from(["", gap]))
    word = _any_case(draw, "SERVICE")
    if draw(st.booleans()):
        word = f"{word}{draw(_GAP)}{_any_case(draw, 'SILENT')}"
    return f"{word}{gap}{endpoint}{draw(st.sampled_from(['', ' ', chr(10)]))}{{ {inside} }}"


@st.composite
def _inside(draw: st.DrawFn, depth: int, reach: bool) -> str:
    """The inside of a group: triples, filters, and groups within it; with `reach` some of them are SERVICE."""
    parts = []
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.integers(0, 8 if depth else 3))
        if kind <= 1:
            parts.append(f"{draw(_SUBJECT)}{draw(_GAP)}{draw(_VERB)} {draw(_OBJECT)} .")
        elif kind <= 3:
            parts.append(draw(_SMALL))
        else:
            inside = draw(_inside(depth - 1, reach))
            if kind == 4:
                parts.append(f"{{ SELECT{draw(_GAP)}* WHERE {{ {inside} }} LIMIT 5 }}")
            elif kind == 5:
                parts.append(f"{{ {inside} }} UNION {{ {draw(_inside(depth - 1, reach))} }}")
            elif kind >= 7 and reach:
                parts.append(draw(_remote(inside)))
            else:
                parts.append(f"{draw(_GROUP)}{draw(_GAP)}{{ {inside} }}")
    return draw(_GAP).join(parts)


@st.composite
def queries(draw: st.DrawFn) -> str:
    """Queries of all forms, some of which have a SERVICE."""
    heads = ["SELECT *", "select ?load ?service", "ASK", "CONSTRUCT { ?s :SERVICE ?o } WHERE", "DESCRIBE ?s WHERE"]
    body = draw(_inside(2, draw(st.booleans())))
    tail = draw(st.sampled_from(["", "# SERVICE <http://x/> {}", "VALUES ?v { 'SERVICE' }", "LIMIT 5 #LOAD"]))
    return f"{draw(_PROLOGUE)} {draw(st.sampled_from(heads))}{draw(_GAP)}{{ {body} }} {tail}"


_DATA = st.sampled_from(
    [
        "INSERT DATA { load:x a :LOAD , 'SERVICE <http://x/> {' }",
        "delete data { GRAPH <LOAD> { service:x load:x '''; LOAD <http://x/>''' } }",
        "DROP SILENT GRAPH <LOAD>",
        "COPY DEFAULT TO :SERVICE",
        "INSERT DATA { <a> <b> 'x'@load # ; LOAD <http://x/>\n }",
    ]
)


@st.composite
def updates(draw: st.DrawFn) -> str:
    """Rows of update operations, some of which have a LOAD or a SERVICE."""
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.integers(0, 4))
        if kind <= 1:
            parts.append(draw(_DATA))
        elif kind == 4:
            silent = draw(st.sampled_from(["", f"{draw(_GAP)}{_any_case(draw, 'SILENT')}"]))
            into = draw(st.sampled_from(["", " INTO GRAPH :g", "INTO#LOAD\nGRAPH <http://g/>"]))
            target = draw(st.sampled_from(["<http://x/>", " x:y", "\n<LOAD>"]))
            parts.append(f"{_any_case(draw, 'LOAD')}{silent}{target}{into}")
        else:
            head = draw(
                st.sampled_from(["DELETE { ?s ?p ?o }", "INSERT { ?s :LOAD ?load }", "WITH :LOAD DELETE { }"])
            )
            where = draw(_inside(1, draw(st.booleans())))
            parts.append(f"{head}{draw(_GAP)}WHERE {{ {where} }}")
    return draw(_PROLOGUE) + f"{draw(_GAP)};{draw(_GAP)}".join(parts)


def _refused(text: str, *, update: bool) -> bool:
    """Whether the guard refuses a text; any other error is one of this test."""
    try:
        guard(text, max_bytes=LIMIT, update=update)
    except PolicyRefused:
        return True
    return False


_LESS = [HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large]
_SAMPLE: dict[bool, list[str]] = {False: [], True: []}
"""Texts that the guard refused, as queries and as updates."""


def _agree(text: str, *, update: bool) -> None:
    try:
        tree = _parse(text, update=update)
    except (ParseBaseException, RecursionError):  # rdflib's parser needs a deep stack for nested groups
        assume(False)
    refused = _refused(text, update=update)
    assert refused == _reaches(tree)
    if refused and PLACEHOLDER in text:
        _SAMPLE[update].append(text)


@given(queries())
@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=_LESS)
def test_a_query_is_refused_when_a_parser_finds_a_service(text: str) -> None:
    """The guard refuses a query exactly when the tree that rdflib makes of it has a SERVICE."""
    _agree(text, update=False)


@given(updates())
@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=_LESS)
def test_an_update_is_refused_when_a_parser_finds_a_load(text: str) -> None:
    """The guard refuses an update exactly when the tree that rdflib makes of it has a LOAD or SERVICE."""
    _agree(text, update=True)


# Nothing is heard


@pytest.fixture(scope="module")
def sample() -> dict[bool, list[str]]:
    """Refused texts of the tables, and some of those that the two tests above made (none when they did not run)."""
    chosen = random.Random(7)
    return {
        update: [*table.values(), *chosen.sample(sorted(set(_SAMPLE[update])), min(25, len(set(_SAMPLE[update]))))]
        for update, table in ((False, REACHING | REACHING_UPDATES), (True, REACHING_UPDATES))
    }


def test_nothing_is_heard_in_process(settings: Settings, bundle: Bundle, sample: dict[bool, list[str]]) -> None:
    """No refused text makes a connection by way of a session, or as a writer does it."""
    session = Access(settings, bundle).session()
    with listening() as listener:
        for text in sample[False]:
            with pytest.raises((PolicyRefused, QuerySyntax)):
                session.query(listener.at(text))
        for text in sample[True]:
            if not _refused(listener.at(text), update=True):
                _write(listener.at(text))
        assert listener.heard == 0


def test_nothing_is_heard_of_a_running_service(
    settings: Settings, settings_env: dict[str, str], tmp_path: Path, sample: dict[bool, list[str]]
) -> None:
    """The same over HTTP with the token of an admin: an error for each, and no connection."""
    mine = replace(settings, data=Path(shutil.copytree(settings.data, tmp_path / "data", symlinks=True)))
    token = Tokens(mine.data).add("tester", "admin")
    with listening() as listener, serving(settings_env | mine.environment(), "--workers", "1") as running:
        for update, texts in sample.items():
            for text in texts[::2]:
                body = urlencode({"update" if update else "query": listener.at(text)}).encode()
                request = Request(f"{running.url}sparql", body, {"Authorization": f"Bearer {token}"})
                with pytest.raises(HTTPError) as caught:
                    urlopen(request, timeout=30)
                with caught.value as answer:
                    assert answer.status in (400, 403), text
        assert listener.heard == 0
