"""Reads a SPARQL text as tokens: which form it has, which graphs it names, and whether it reaches outside.

Nothing is parsed here: the engine does that. A token scanner is enough to see every keyword that is one, and is some
hundred times faster than parsing with rdflib.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

from so2graph.engine.scanner import Token, position, scan, syntax_error
from so2graph.errors import BadRequest, PolicyRefused, QuerySyntax, QueryTooComplex, QueryTooLarge

__all__ = ["QUERY_FORMS", "UPDATE_FORMS", "Analysis", "Prologue", "Service", "analyse", "guard"]

QUERY_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_VOLATILE = ("NOW", "RAND", "UUID", "STRUUID")
UPDATE_FORMS = ("INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH")

# The third group takes an escaped backslash as a pair: u0041 behind it is no escape.
_CODEPOINT = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_SCHEME = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*://")
_MISLEADING = re.compile(r"['#()\[\]]|service", re.IGNORECASE)


@dataclass(frozen=True)
class Service:
    """A SERVICE of a listed endpoint: the endpoint, and from where to where its IRI stands in the text."""

    endpoint: str
    start: int
    end: int


@dataclass(frozen=True)
class Analysis:
    """What a text is about: `form` is the first word of a query or update, the graphs are absolute IRIs."""

    form: str
    from_default: tuple[str, ...]
    from_named: tuple[str, ...]
    outside: Token | None
    update: Token | None
    services: tuple[Service, ...] = ()
    volatile: bool = False
    """Whether the same question may have another answer on the same data: SERVICE, NOW(), RAND(), UUID()."""

    @property
    def has_dataset(self) -> bool:
        return bool(self.from_default or self.from_named)


def _refuse_codepoint_escapes(text: str) -> None:
    """Refuses `\\u` escapes that could make another token than the one that is read here (SPARQL 1.1, 19.2)."""
    escapes = [match for match in _CODEPOINT.finditer(text) if match.group(3) is None]
    if not escapes:
        return
    blank = list(text)
    for match in escapes:
        blank[match.start() : match.end()] = "_" * len(match.group())
    try:
        strings = [(t.start, t.start + len(t.text)) for t in scan("".join(blank)) if t.kind == "string"]
    except QuerySyntax:
        strings = []
    at = 0
    for match in escapes:
        while at < len(strings) and strings[at][1] <= match.start():
            at += 1
        inside = at < len(strings) and strings[at][0] < match.start()
        code = int(match.group(1) or match.group(2), 16)
        harmless = code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF and chr(code) not in "\"'\\\n\r"
        if not harmless or not inside:
            line, column = position(text, match.start())
            raise PolicyRefused(
                f"line {line}, column {column}: the escape {match.group()} is not taken here",
                mend="Write the character itself.",
                line=line,
                column=column,
            )


def _hides(keyword: str, tokens: list[Token], at: int) -> bool:
    """Whether the engine may read SERVICE or LOAD inside the token at `at`, where the grammar has another token.

    The engine has no tokens: it takes a keyword wherever one fits, as in `trueSERVICE<x>{}`, `SERVICESILENT?x{}`,
    `LOADSILENT<x>`, and `SERVICE:x{}` where no prefix of that name is known. A prefixed name before a brace is right
    after GRAPH.
    """
    token = tokens[at]
    if token.kind == "word":
        return keyword in token.upper and token.upper != keyword
    if token.kind != "name" or keyword not in token.text.partition(":")[0].upper():
        return False
    before = tokens[at - 1].upper if at else ""
    if keyword == "LOAD":
        return before not in _BEFORE_A_GRAPH
    return at + 1 < len(tokens) and tokens[at + 1].text == "{" and (at == 0 or tokens[at - 1].upper != "GRAPH")


_BEFORE_A_GRAPH = ("GRAPH", "WITH", "USING", "NAMED", "TO", "ADD", "MOVE", "COPY", "SILENT")
_OPERATOR_SIGNS = frozenset(("!", "+", "-", "*", "/", "|", "||", "&&"))
_OPERATOR_WORDS = frozenset(("UNION", "OPTIONAL", "FILTER", "BIND", "MINUS", "VALUES", "GRAPH"))


def _refuse_complex(text: str, tokens: list[Token], max_depth: int, max_operators: int, max_patterns: int) -> None:
    """Refuses what overflows the engine's stack or keeps its optimizer busy: deep nesting, long rows of operators.

    The rows of VALUES, INSERT DATA and DELETE DATA are data, and count for nothing.
    """
    depth = operators = patterns = 0
    opened: list[str] = []
    values: int | None = None
    for token in tokens:
        if token.kind == "sign" and token.text in "([{":
            depth += 1
            opened.append(token.text)
        elif token.kind == "sign" and token.text in ")]}":
            depth -= 1
            del opened[-1:]
            values = None if values is not None and token.text == "}" and depth <= values else values
        elif values is None:
            operators += token.text in _OPERATOR_SIGNS if token.kind == "sign" else token.upper in _OPERATOR_WORDS
            patterns += token.kind == "sign" and (token.text in ".;" or (token.text == "," and opened[-1:] == ["{"]))
            values = depth if token.upper in ("VALUES", "DATA") else None
        for what, count, limit, name in (
            ("brackets nest", depth, max_depth, "max_query_depth"),
            ("operators stand", operators, max_operators, "max_query_operators"),
            ("triple patterns stand", patterns, max_patterns, "max_query_patterns"),
        ):
            if count > limit:
                line, column = position(text, token.start)
                raise QueryTooComplex(
                    f"line {line}, column {column}: more than {limit} {what} in the query",
                    mend=f"Ask in parts, put data into VALUES, or raise the setting {name}.",
                    limit=limit,
                    line=line,
                    column=column,
                )


def _refuse_ambiguous(text: str, tokens: list[Token]) -> None:
    """Refuses `?a<b…>` in an expression where it may be an IRI here and a comparison to the engine.

    Among the rows of VALUES nothing is compared. It does harm only where the two readings differ on what follows:
    with a quotation mark, comment or bracket in it.
    """
    brackets, before = [""], Token("sign", "", 0)
    values: int | None = None
    for token in tokens:
        if token.kind == "sign" and token.text in "([{":
            brackets.append(token.text)
        elif token.kind == "sign" and token.text in ")]}" and len(brackets) > 1:
            brackets.pop()
            values = None if values is not None and token.text == "}" and len(brackets) <= values else values
        elif token.upper == "VALUES":
            values = len(brackets)
        elif (
            token.kind == "iri"
            and values is None
            and brackets[-1] == "("
            and _MISLEADING.search(token.text)
            and not _SCHEME.match(token.text)
            and (before.kind not in ("sign", "word") or before.text in ")]>" or before.upper in ("TRUE", "FALSE"))
        ):
            line, column = position(text, token.start)
            raise PolicyRefused(
                f"line {line}, column {column}: {token.text} can be read as a comparison and as an IRI",
                mend="Put a space after < to compare, or write the IRI in full.",
                line=line,
                column=column,
            )
        before = token


class Prologue:
    """BASE and PREFIX as far as they were read, to make IRIs absolute."""

    def __init__(self, prefixes: Mapping[str, str], base: str = "") -> None:
        self._known, self._declared = prefixes, dict[str, str]()
        self._base = base

    @classmethod
    def of(cls, text: str, prefixes: Mapping[str, str], base: str) -> Prologue:
        """The prologue that a text of declarations makes."""
        prologue, tokens, at = cls(prefixes, base), list(scan(text)), 0
        while at < len(tokens) and (after := prologue.read(tokens, at)) > at:
            at = after
        return prologue

    def read(self, tokens: list[Token], at: int) -> int:
        """Reads one declaration at `at`; returns where the next token is (or `at` when there is none)."""
        word = tokens[at].upper
        if word == "BASE" and at + 1 < len(tokens):
            self._base = urljoin(self._base, tokens[at + 1].text[1:-1])
            return at + 2
        if word == "PREFIX" and at + 2 < len(tokens):
            self._declared[tokens[at + 1].text.rstrip(":")] = urljoin(self._base, tokens[at + 2].text[1:-1])
            return at + 3
        return at

    def absolute(self, token: Token) -> str:
        if token.kind == "iri":
            return urljoin(self._base, token.text[1:-1]) if self._base else token.text[1:-1]
        prefix, _, local = token.text.partition(":")
        namespace = self._declared.get(prefix) or self._known.get(prefix, prefix + ":")
        return namespace + re.sub(r"\\(.)", r"\1", local)


def _service(tokens: list[Token], at: int, prologue: Prologue, listed: Collection[str]) -> Service | None:
    """The SERVICE at `at` when its endpoint is a listed one, written as an IRI or prefixed name, before a brace."""
    after = at + 2 if at + 1 < len(tokens) and tokens[at + 1].upper == "SILENT" else at + 1
    if after + 1 >= len(tokens) or tokens[after].kind not in ("iri", "name") or tokens[after + 1].text != "{":
        return None
    token = tokens[after]
    endpoint = prologue.absolute(token)
    return Service(endpoint, token.start, token.start + len(token.text)) if endpoint in listed else None


def analyse(
    text: str,
    prefixes: Mapping[str, str] | None = None,
    listed: Collection[str] = frozenset(),
    base: str = "",
) -> Analysis:
    """What `text` asks for. `prefixes` are those known without being declared, `listed` endpoints that are allowed.

    Relative IRIs are resolved against `base`.

    `from_default` and `from_named` hold the graphs of `FROM` and `FROM NAMED` (SPARQL 1.1, 13.2), in order, each
    once. `outside` is the first SERVICE or LOAD keyword, or token that may hide one; `update` is the first keyword of
    an update operation.
    """
    return _analyse(list(scan(text)), prefixes, listed, base, update_wanted=True)


def _analyse(
    tokens: list[Token],
    prefixes: Mapping[str, str] | None,
    listed: Collection[str],
    base: str,
    *,
    update_wanted: bool,
) -> Analysis:
    prologue = Prologue(prefixes or {}, base)
    form, depth, at = "", 0, 0
    default: dict[str, None] = {}
    named: dict[str, None] = {}
    services: list[Service] = []
    volatile = False
    outside = update = None
    while at < len(tokens):
        token = tokens[at]
        after = prologue.read(tokens, at) if depth == 0 else at
        if after > at:
            at = after
            continue
        word = token.upper
        if token.kind == "sign" and token.text in "{}":
            depth += 1 if token.text == "{" else -1
        elif word == "SERVICE" and listed and (service := _service(tokens, at, prologue, listed)):
            services.append(service)
        elif (
            word in ("SERVICE", "LOAD")
            or _hides("SERVICE", tokens, at)
            or (update_wanted and depth == 0 and _hides("LOAD", tokens, at))
        ):
            outside = outside or token
            update = update or (token if word == "LOAD" else None)
            form = form or (word if word == "LOAD" else "")
        elif word in UPDATE_FORMS and depth == 0:
            update = update or token
            form = form or word
        elif word in QUERY_FORMS and not form:
            form = word
        elif word in _VOLATILE:
            volatile = True
        elif word == "FROM" and depth == 0:
            at += 1
            target = default
            if at < len(tokens) and tokens[at].upper == "NAMED":
                at, target = at + 1, named
            if at < len(tokens) and tokens[at].kind in ("iri", "name"):
                target[prologue.absolute(tokens[at])] = None
        at += 1
    return Analysis(form, tuple(default), tuple(named), outside, update, tuple(services), volatile or bool(services))


def guard(
    text: str,
    *,
    max_bytes: int,
    max_depth: int = 100,
    max_operators: int = 250,
    max_patterns: int = 150,
    prefixes: Mapping[str, str] | None = None,
    update: bool = False,
    listed: Collection[str] = frozenset(),
    base: str = "",
) -> Analysis:
    """Analyses a query (or an update) and refuses what it may not do here.

    Raises `QueryTooLarge`, `QueryTooComplex`, `QuerySyntax` (with `line` and `column`), or `PolicyRefused` for
    SERVICE, LOAD, an update among queries and code point escapes outside strings; `BadRequest` for text that no
    UTF-8 can hold.
    """
    _refuse_long(text, max_bytes)
    _refuse_codepoint_escapes(text)
    tokens, broken = _tokens(text)
    _refuse_ambiguous(text, tokens)
    if broken is not None:
        raise broken
    _refuse_complex(text, tokens, max_depth, max_operators, max_patterns)
    analysis = _analyse(tokens, prefixes, listed, base, update_wanted=update)
    if analysis.outside is not None:
        raise _refused(
            text,
            analysis.outside,
            "reaches for another server, which queries here may not",
            "Take it out, or have the endpoint listed in the setting federation; in updates, load the data yourself.",
        )
    if update:
        if analysis.update is None and analysis.form:
            raise syntax_error(text, len(text), f"{analysis.form} is a query, not an update", "Send it as query=.")
    elif analysis.update is not None:
        raise _refused(
            text,
            analysis.update,
            "changes the dataset, which a query may not",
            "Send an update as update= or with the type application/sparql-update.",
        )
    elif analysis.form not in QUERY_FORMS:
        raise syntax_error(
            text, len(text), "there is no SELECT, ASK, CONSTRUCT or DESCRIBE in it", "Send a SPARQL query."
        )
    return analysis


def _tokens(text: str) -> tuple[list[Token], QuerySyntax | None]:
    """The tokens up to the first thing that is none, and the error about that."""
    tokens: list[Token] = []
    try:
        tokens.extend(scan(text))
    except QuerySyntax as error:
        return tokens, error
    return tokens, None


def _refuse_long(text: str, max_bytes: int) -> None:
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise BadRequest("the query is not UTF-8", mend="Encode it as UTF-8.") from None
    if size > max_bytes:
        raise QueryTooLarge(
            f"the query has {size} bytes, and the limit is {max_bytes}",
            mend="Shorten it, or raise the setting max_query_bytes.",
            limit=max_bytes,
            size=size,
        )


def _refused(text: str, token: Token, what: str, mend: str) -> PolicyRefused:
    line, column = position(text, token.start)
    return PolicyRefused(f"line {line}, column {column}: {token.text} {what}", mend=mend, line=line, column=column)
