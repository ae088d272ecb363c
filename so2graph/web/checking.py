"""Finds the errors of a query or an update, each with its place, without asking it: what an editor underlines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import cast

from so2graph.engine.access import Session
from so2graph.engine.dataset import resolve
from so2graph.engine.guard import QUERY_FORMS, UPDATE_FORMS
from so2graph.engine.patterns import take_apart
from so2graph.engine.scanner import Token, position, scan
from so2graph.errors import QuerySyntax, So2Error, UnknownGraph, Unsupported
from so2graph.publish.completion import Completion, Entry
from so2graph.publish.hints import absent, names_in
from so2graph.web.words import known, say

__all__ = ["WELL_KNOWN", "Checked", "Problem", "check"]

WELL_KNOWN = {
    "bag": "http://bag.basisregistraties.overheid.nl/def/bag#",
    "bd": "http://www.bigdata.com/rdf#",
    "dbo": "http://dbpedia.org/ontology/",
    "dbr": "http://dbpedia.org/resource/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dct": "http://purl.org/dc/terms/",
    "dcterms": "http://purl.org/dc/terms/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "geof": "http://www.opengis.net/def/function/geosparql/",
    "gn": "http://www.geonames.org/ontology#",
    "locn": "http://www.w3.org/ns/locn#",
    "p": "http://www.wikidata.org/prop/",
    "pav": "http://purl.org/pav/",
    "pq": "http://www.wikidata.org/prop/qualifier/",
    "ps": "http://www.wikidata.org/prop/statement/",
    "qb": "http://purl.org/linked-data/cube#",
    "regorg": "http://www.w3.org/ns/regorg#",
    "sdo": "https://schema.org/",
    "sf": "http://www.opengis.net/ont/sf#",
    "sioc": "http://rdfs.org/sioc/ns#",
    "time": "http://www.w3.org/2006/time#",
    "wd": "http://www.wikidata.org/entity/",
    "wdt": "http://www.wikidata.org/prop/direct/",
    "wgs": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "wikibase": "http://wikiba.se/ontology#",
}
"""Prefixes that many write without declaring them, beside those of the service."""
_PAIRS = {"{": "}", "(": ")", "[": "]"}
_EXPECTED = re.compile(r"expected (?:one of )?(.*)", re.DOTALL)
_SAID = re.compile(r"[A-Z][a-z]+(?: [\w']+){2,}")
_MISSING = {
    "term": "editor.syntax.term",
    "predicate": "editor.syntax.predicate",
    "end": "editor.syntax.end",
}
_MOST_NAMES = 60
_MOST_EXPECTED = 6
"""Of more that could follow, none is named: nobody reads them."""


@dataclass(frozen=True)
class Problem:
    """Something in a text: from `line` and `column` up to `end_line` and `end_column` (all from 1), and what to do.

    `code` is the kind of problem; `insert` is a line to put before the text that mends it; `replace` are texts for
    its place.
    """

    code: str
    line: int
    column: int
    end_line: int
    end_column: int
    message: str
    mend: str
    insert: str = ""
    replace: tuple[str, ...] = ()

    def row(self) -> dict[str, object]:
        """The problem as JSON has it."""
        row: dict[str, object] = {
            "code": self.code,
            "line": self.line,
            "column": self.column,
            "endLine": self.end_line,
            "endColumn": self.end_column,
            "message": self.message,
            "mend": self.mend,
        }
        return (
            row
            | ({"insert": self.insert} if self.insert else {})
            | ({"replace": list(self.replace)} if self.replace else {})
        )


@dataclass(frozen=True)
class Checked:
    """What was found: `kind` is the form of the text (`SELECT`, `INSERT`), empty where it has none."""

    kind: str
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    def document(self) -> dict[str, object]:
        """The JSON of `/sparql/check`."""
        return {
            "ok": not self.errors,
            "kind": self.kind,
            "errors": [problem.row() for problem in self.errors],
            "warnings": [problem.row() for problem in self.warnings],
        }


@dataclass(frozen=True)
class _Text:
    """A text with what is needed to speak of it."""

    text: str
    session: Session
    language: str

    def say(self, key: str, **values: object) -> str:
        return say(key, self.language, **values)

    def tokens(self) -> list[Token]:
        """The tokens up to the first thing that is none."""
        found: list[Token] = []
        try:
            found.extend(scan(self.text))
        except So2Error:
            return found
        return found

    def problem(
        self,
        code: str,
        start: int,
        end: int,
        message: str,
        mend: str,
        insert: str = "",
        replace: tuple[str, ...] = (),
    ) -> Problem:
        line, column = position(self.text, start)
        end_line, end_column = position(self.text, max(end, start))
        return Problem(code, line, column, end_line, end_column, message, mend, insert, replace)

    def span(self, line: int, column: int) -> tuple[int, int]:
        """From where to where the token at a place stands; the last one where the text ends there."""
        lines = self.text.split("\n")
        offset = sum(len(before) + 1 for before in lines[: line - 1]) + column - 1
        last = (0, 0)
        for token in self.tokens():
            end = token.start + len(token.text)
            if token.start <= offset < end:
                return token.start, end
            if token.start > offset:
                break
            last = token.start, end
        if self.text[offset : offset + 1].strip():
            return offset, offset + 1
        return last

    def of_error(self, error: So2Error) -> Problem:
        """A refusal of the engine or its guard, in words."""
        line, column = error.members.get("line"), error.members.get("column")
        start, end = self.span(line, column) if isinstance(line, int) and isinstance(column, int) else (0, 0)
        what = re.sub(r"^line \d+, column \d+: ", "", str(error))
        if isinstance(error, UnknownGraph):
            start, end = self._graph(what)
        if error.slug == "query-syntax":
            if (form := self._form()) is not None:
                return form
            if (found := self._missing(end)) is not None:
                return found
            return self.problem(
                "syntax", start, end, self._syntax(what, self.text[start:end]), self.say("editor.mend.syntax")
            )
        message = say(f"explain.{error.slug}", self.language) if known(f"explain.{error.slug}") else what
        near = error.members.get("near")
        replace = (
            get_close_matches(self.text[start:end].strip("<>"), map(str, near), 3) if isinstance(near, list) else []
        )
        return self.problem(
            error.slug, start, end, f"{message} ({what})", error.mend, replace=tuple(f"<{iri}>" for iri in replace)
        )

    def _form(self) -> Problem | None:
        """A text that does not begin as a query or an update does."""
        start = len(self.prologue())
        first = next((token for token in self.tokens() if token.start >= start), None)
        if first is None:
            return self.problem("syntax", 0, 0, self.say("editor.form.none"), self.say("editor.mend.form"))
        if first.upper in (*QUERY_FORMS, *UPDATE_FORMS):
            return None
        near = tuple(get_close_matches(first.upper, (*QUERY_FORMS, *UPDATE_FORMS), 2))
        mend = self.say("editor.mend.near", names=", ".join(near)) if near else self.say("editor.mend.form")
        end = first.start + len(first.text)
        return self.problem(
            "syntax", first.start, end, self.say("editor.form.other", found=first.text), mend, replace=near
        )

    def _missing(self, end: int) -> Problem | None:
        """What a triple lacks, where that is wrong up to `end`; the parser lists all that could follow."""
        try:
            take_apart(self.text)
        except Unsupported as error:
            expected, line, column = (error.members.get(name) for name in ("expected", "line", "column"))
            if not expected or not isinstance(line, int) or not isinstance(column, int):
                return None
            start, stop = self.span(line, column)
            found = self.text[start:stop]
            if start > end or found in ("<", "{") or found[:1].isalpha():
                return None
            message = self.say(_MISSING[str(expected)], found=found)
            return self.problem("syntax", start, stop, message, self.say("editor.mend.syntax"))
        except QuerySyntax:
            return None
        return None

    def _syntax(self, what: str, found: str) -> str:
        """What the parser said, without what only it understands."""
        said = _SAID.search(what)
        if said is not None:
            return self.say("editor.syntax.said", what=said[0])
        match = _EXPECTED.match(what)
        if match is None:
            return self.say("editor.syntax.said", what=what)
        words = re.findall(r'"((?:[^"\\]|\\.)+)"|\b([A-Z]{2,})\b', match[1])
        expected = list(dict.fromkeys(quoted or word for quoted, word in words))
        if not expected or len(expected) > _MOST_EXPECTED:
            return self.say("editor.syntax.here", found=found) if found else self.say("editor.syntax.early")
        return self.say("editor.syntax.expected", found=found or "∎", expected=", ".join(expected))

    def _graph(self, what: str) -> tuple[int, int]:
        """Where the graph stands that an error names."""
        for token, iri in names_in(self.text, self.prologue(), self.session):
            if f"<{iri}>" in what:
                return token.start, token.start + len(token.text)
        return 0, 0

    def prologue(self) -> str:
        """The declarations at the beginning."""
        tokens, at = self.tokens(), 0
        while at < len(tokens) and tokens[at].upper in ("BASE", "PREFIX"):
            at += 2 if tokens[at].upper == "BASE" else 3
        return self.text[: tokens[at].start if at < len(tokens) else len(self.text)]

    def unclosed(self) -> Iterator[Problem]:
        """A string, an IRI or a sign that is none to SPARQL: what follows it cannot be read."""
        try:
            for _ in scan(self.text):
                pass
        except QuerySyntax as error:
            line, column = cast(int, error.members["line"]), cast(int, error.members["column"])
            start = sum(len(before) + 1 for before in self.text.split("\n")[: line - 1]) + column - 1
            end = self.text.find("\n", start)
            message = self.say("editor.unclosed", found=self.text[start])
            yield self.problem(
                "syntax", start, len(self.text) if end < 0 else end, message, self.say("editor.mend.unclosed")
            )

    def brackets(self) -> Iterator[Problem]:
        """A bracket that is not closed, or closes nothing: the parser says of it only where it gave up."""
        opened: list[Token] = []
        for token in self.tokens():
            if token.kind != "sign":
                continue
            if token.text in _PAIRS:
                opened.append(token)
            elif token.text in _PAIRS.values():
                if opened and _PAIRS[opened[-1].text] == token.text:
                    opened.pop()
                    continue
                wanted = _PAIRS[opened[-1].text] if opened else ""
                message = (
                    self.say("editor.bracket.other", found=token.text, expected=wanted)
                    if wanted
                    else self.say("editor.bracket.extra", found=token.text)
                )
                yield self.problem(
                    "bracket", token.start, token.start + 1, message, self.say("editor.mend.bracket.extra")
                )
                return
        for token in opened[-1:]:
            message = self.say("editor.bracket.open", found=token.text)
            mend = self.say("editor.mend.bracket.open", expected=_PAIRS[token.text])
            yield self.problem("bracket", token.start, token.start + 1, message, mend)

    def prefixes(self) -> Iterator[Problem]:
        """Each prefix that nobody declares, with the namespace to add or the prefix that was meant."""
        tokens = self.tokens()
        declared = {after.text for token, after in pairwise(tokens) if token.upper == "PREFIX"}
        seen = set[str]()
        for token in tokens:
            prefix, _, local = token.text.partition(":")
            if token.kind != "name" or f"{prefix}:" in declared or prefix in self.session.prefixes or prefix in seen:
                continue
            seen.add(prefix)
            end = token.start + len(token.text)
            message = self.say("editor.prefix.unknown", prefix=prefix)
            if prefix in WELL_KNOWN:
                line = f"PREFIX {prefix}: <{WELL_KNOWN[prefix]}>"
                mend = self.say("editor.mend.prefix.add", line=line)
                yield self.problem("prefix", token.start, end, message, mend, insert=line)
                continue
            replace = tuple(
                f"{name}:{local}" for name in get_close_matches(prefix.casefold(), self.session.prefixes, 2, 0.5)
            )
            names = ", ".join(replace)
            mend = (
                self.say("editor.mend.near", names=names) if names else self.say("editor.mend.prefix", prefix=prefix)
            )
            yield self.problem("prefix", token.start, end, message, mend, replace=replace)

    def names(self, completion: Completion) -> Iterator[Problem]:
        """Names that stand nowhere in this graph, with those that come close: no error, but seldom what was meant."""
        prologue, seen = self.prologue(), set[str]()
        for token, iri in names_in(self.text, prologue, self.session)[:_MOST_NAMES]:
            if token.start < len(prologue) or iri in seen or self._is_function(token):
                continue
            seen.add(iri)
            if not absent(self.session, iri):
                continue
            near = completion.near(token.text.strip("<>"), self._fitting(token, completion), 2)
            replace = tuple(e.name if e.name != e.iri else f"<{e.iri}>" for e in near)
            mend = self.say("editor.mend.near", names=", ".join(replace)) if near else self.say("editor.mend.name")
            yield self.problem(
                "name",
                token.start,
                token.start + len(token.text),
                self.say("editor.name.absent", name=token.text),
                mend,
                replace=replace,
            )

    def _fitting(self, token: Token, completion: Completion) -> list[Entry]:
        """The names that could stand where a name stands, by the word before it."""
        before = self.text[: token.start].split()[-1:]
        if before and before[0].upper() in ("GRAPH", "FROM", "NAMED"):
            return list(completion.graphs)
        if before and before[0] in ("a", "rdf:type"):
            return list(completion.classes)
        return [*completion.properties, *(completion.things or ()), *completion.classes]

    def _is_function(self, token: Token) -> bool:
        """Whether a name is a datatype or is called, and so needs not stand in the data."""
        before = self.text[: token.start].rstrip()
        return before.endswith("^^") or self.text[token.start + len(token.text) :].lstrip().startswith("(")


def check(
    session: Session,
    text: str,
    language: str,
    completion: Callable[[], Completion],
    parse: Callable[[], None],
    *,
    update: bool,
) -> Checked:
    """The errors of a text, in words; `parse` has the engine read it, and is called where nothing else is wrong.

    Names that stand nowhere are a warning, in a query only: an update may bring them. Raises what `parse` raises of
    the service itself (`Busy`, `QueryTimeout`).
    """
    speaking = _Text(text, session, language)
    kind = ""
    errors = list(speaking.unclosed()) or [*speaking.brackets(), *speaking.prefixes()]
    try:
        analysis = session.examined(text, update=update)
        kind = analysis.form
        if not errors:
            parse()
            resolve(session.snapshot.graphs, session.readable, analysis)
    except So2Error as error:
        if error.status >= 500:
            raise
        if not errors:
            errors.append(speaking.of_error(error))
    warnings = () if update or errors else tuple(speaking.names(completion()))
    return Checked(kind, tuple(errors), warnings)
