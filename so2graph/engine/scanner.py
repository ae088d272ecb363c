"""Reads a SPARQL text as tokens, by the lexical rules of SPARQL 1.1 Query Language, section 19.8 (139 to 173)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from so2graph.errors import QuerySyntax

__all__ = ["Token", "position", "scan", "substitute", "syntax_error"]

# A string with any other escape is none to the engine, which then reads its quotation marks in another way.
_ESCAPE = r"""\\(?:[tbnrf\\"']|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})"""
_TOKEN = re.compile(
    r"""
      (?P<space>[\s]+)
    | (?P<comment>\#[^\n\r]*)
    | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
    | (?P<string>\"\"\"(?:(?:\"|\"\")?(?:[^"\\]|ESCAPE))*\"\"\" | '''(?:(?:'|'')?(?:[^'\\]|ESCAPE))*'''
        | "(?:[^"\\\n\r]|ESCAPE)*" | '(?:[^'\\\n\r]|ESCAPE)*')
    | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
    | (?P<variable>[?$][\w\u00B7\u0300-\u036F\u203F-\u2040]+)
    | (?P<blank>_:[\w](?:[\w.\-\u00B7]*[\w\-\u00B7])?)
    | (?P<name>(?:[^\W\d_][\w.\-\u00B7]{0,100}+(?<!\.))?:
        (?:(?:[\w:]|%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%])
           (?:(?:[\w.\-:\u00B7]|%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%])*
              (?:[\w\-:\u00B7]|%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%]))?)?)
    | (?P<word>[A-Za-z][A-Za-z0-9_]*)
    | (?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    | (?P<sign>\^\^|\|\||&&|!=|<=|>=|[{}()\[\].,;|/^+*?!=<>&-])
    """.replace("ESCAPE", _ESCAPE),
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """One token: its kind (a group of the scanner), its text, where it starts (from 0), and a word in capitals."""

    kind: str
    text: str
    start: int
    upper: str = ""


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of `offset`, both from 1."""
    line = text.count("\n", 0, offset) + 1
    return line, offset - (text.rfind("\n", 0, offset) + 1) + 1


def syntax_error(text: str, offset: int, what: str, mend: str) -> QuerySyntax:
    line, column = position(text, offset)
    return QuerySyntax(f"line {line}, column {column}: {what}", mend=mend, line=line, column=column)


def scan(text: str) -> Iterator[Token]:
    """The tokens of `text`, without white space and comments; raises `QuerySyntax` at what is none."""
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise syntax_error(
                text,
                at,
                f"{text[at]!r} starts nothing that SPARQL knows",
                "A string or an IRI that is not closed is the usual cause.",
            )
        kind = str(match.lastgroup)
        if kind not in ("space", "comment"):
            text_of = match.group()
            yield Token(kind, text_of, at, text_of.upper() if kind == "word" else "")
        at = match.end()


def substitute(text: str, values: Mapping[str, str]) -> str:
    """`text` with each variable `?_name` of `values` replaced by its term (as Turtle writes it).

    Only variable tokens are replaced: what looks like one inside a string, an IRI or a comment stays.
    """
    out, at = [], 0
    for token in scan(text):
        name = token.text[2:] if token.kind == "variable" and token.text[1] == "_" else None
        if name is not None and name in values:
            out += [text[at : token.start], values[name]]
            at = token.start + len(token.text)
    return "".join([*out, text[at:]])
