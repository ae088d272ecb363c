"""Takes the WHERE of a query apart into slices of its text (SPARQL 1.1 Query Language, 19.8, productions 53 to 83).

A text that the engine has read is meant. A parser's tree would have lost where each part stands, and would have to be
written back; slices are asked again as they were written, and can be pointed at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from so2graph.engine.scanner import Token, position, scan
from so2graph.errors import Unsupported

__all__ = ["Group", "Part", "Query", "take_apart"]

_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_CLOSING = {"{": "}", "(": ")", "[": "]"}


@dataclass(frozen=True)
class Part:
    """One element of a group, from `start` to `end` of the text.

    `kind` is `triple`, `block` (triples that belong together by a bracketed subject), `filter`, `optional`, `minus`,
    `bind`, `values`, `graph`, `service`, `union`, `group` or `select`. `text` is the part as it stands alone: a
    triple has its subject repeated. `terms` are the slices of subject, predicate and object of a triple.
    """

    kind: str
    text: str
    start: int
    end: int
    variables: frozenset[str]
    groups: tuple[Group, ...] = ()
    head: str = ""
    """What stands before the group: `GRAPH ?g`."""
    terms: tuple[str, str, str] | None = None

    @property
    def binds(self) -> frozenset[str]:
        """The variables that it gives a value, and does not only ask for."""
        if self.kind in ("filter", "minus"):
            return frozenset()
        return frozenset(_names(self.text)[-1:]) if self.kind == "bind" else self.variables


@dataclass(frozen=True)
class Group:
    """What stands between two braces."""

    parts: tuple[Part, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Query:
    """A query in parts: `prologue`, `projection` (SELECT with its variables) and `dataset` (FROM clauses) as written.

    `modifiers` are where each solution modifier stands, by its first word, in their order.
    """

    text: str
    form: str
    prologue: str
    projection: str
    dataset: str
    where: Group | None
    modifiers: dict[str, tuple[int, int]]

    def asking(self, body: str) -> str:
        """A query of its own that asks whether the pattern `body` has a solution on the same dataset."""
        return f"{self.prologue}\nASK {self.dataset} {{\n{body}\n}}"

    @property
    def as_pattern(self) -> str:
        """A SELECT as a pattern that has a solution for each of its rows, in any order."""
        where = self.text[self.where.start : self.where.end] if self.where else "{}"
        ordered = self.modifiers.keys() & {"LIMIT", "OFFSET"}
        kept = [place for name, place in self.modifiers.items() if name != "ORDER" or ordered]
        after = " ".join(self.text[start:end] for start, end in kept)
        return f"{{ {self.projection} WHERE {where} {after} }}"

    @property
    def counting(self) -> str:
        """A query of its own for the number of rows of a SELECT, as `?count`."""
        return f"{self.prologue}\nSELECT (COUNT(*) AS ?count) {self.dataset} WHERE {{ {self.as_pattern} }}"

    def selecting(self, variables: Sequence[str], body: str, limit: int) -> str:
        """A query of its own for some values that the pattern `body` gives the variables."""
        names = " ".join(f"?{name}" for name in variables)
        return f"{self.prologue}\nSELECT DISTINCT {names} {self.dataset} {{\n{body}\n}} LIMIT {limit}"


class _Walk:
    """Goes through the tokens once, from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.at = text, list(scan(text)), 0

    @property
    def now(self) -> Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else Token("end", "", len(self.text))

    @property
    def behind(self) -> int:
        """Where the last token that was taken ends."""
        return self.tokens[self.at - 1].start + len(self.tokens[self.at - 1].text) if self.at else 0

    def sign(self, *signs: str) -> bool:
        return self.now.kind == "sign" and self.now.text in signs

    def lost(self, expected: str = "") -> Unsupported:
        """The error that this is not understood here; `expected` is `term`, `predicate` or `end` of a triple."""
        line, column = position(self.text, self.now.start)
        return Unsupported(
            f"line {line}, column {column}: this query cannot be taken apart here",
            mend="Leave parts of it out by hand, and see when rows come.",
            line=line,
            column=column,
            expected=expected,
        )

    def take(self, *signs: str) -> Token:
        """The token here; raises `Unsupported` where it should be one of `signs`."""
        token = self.now
        if token.kind == "end" or (signs and not self.sign(*signs)):
            raise self.lost()
        self.at += 1
        return token

    def balanced(self) -> None:
        """Passes over brackets, with all that is in them."""
        opened = [_CLOSING[self.take("{", "(", "[").text]]
        while opened:
            token = self.take()
            if token.kind == "sign" and token.text in _CLOSING:
                opened.append(_CLOSING[token.text])
            elif token.kind == "sign" and token.text == opened[-1]:
                opened.pop()

    def slice(self, start: int, end: int | None = None) -> str:
        return self.text[start : self.behind if end is None else end]

    def part(self, kind: str, start: int, groups: Sequence[Group] = (), head: str = "") -> Part:
        text = self.slice(start)
        return Part(kind, text, start, self.behind, _variables(text), tuple(groups), head)

    def group(self) -> Group:
        """A group graph pattern."""
        start, parts = self.take("{").start, list[Part]()
        if self.now.upper == "SELECT":
            first = self.now.start
            self.at -= 1
            self.balanced()
            inner = self.text[first : self.behind - 1]
            return Group(
                (Part("select", f"{{ {inner} }}", first, self.behind - 1, _variables(inner)),), start, self.behind
            )
        while not self.sign("}"):
            if self.sign("."):
                self.at += 1
            else:
                parts += self.element()
        self.at += 1
        return Group(tuple(parts), start, self.behind)

    def element(self) -> list[Part]:
        """One element of a group; triples come each for itself."""
        start, word = self.now.start, self.now.upper
        if word == "FILTER":
            self.at += 1
            self.constraint()
            return [self.part("filter", start)]
        if word in ("OPTIONAL", "MINUS"):
            self.at += 1
            return [self.part(word.lower(), start, [self.group()])]
        if word in ("GRAPH", "SERVICE"):
            self.at += 1
            self.at += self.now.upper == "SILENT"
            self.term()
            head = self.slice(start)
            return [self.part(word.lower(), start, [self.group()], head)]
        if word == "BIND":
            self.at += 1
            self.balanced()
            return [self.part("bind", start)]
        if word == "VALUES":
            self.at += 1
            self.balanced() if self.sign("(") else self.take()
            self.balanced()
            return [self.part("values", start)]
        if self.sign("{"):
            groups = [self.group()]
            while self.now.upper == "UNION":
                self.at += 1
                groups.append(self.group())
            return [self.part("group" if len(groups) == 1 else "union", start, groups)]
        return self.triples()

    def constraint(self) -> None:
        """What stands after FILTER: brackets, a call, or (NOT) EXISTS with a group."""
        while not self.sign("(", "{"):
            if self.now.kind not in ("word", "name", "iri"):
                raise self.lost()
            self.at += 1
        self.balanced()

    def triples(self) -> list[Part]:
        """All triples of one subject."""
        start, bracketed = self.now.start, self.sign("[", "(")
        self.term()
        subject, found = self.slice(start), list[Part]()
        while not self.sign(".", "}") and self.now.kind != "end" and not self.keyword():
            if self.sign(";"):
                self.at += 1
                continue
            verb = self.now.start
            self.path()
            predicate = self.slice(verb)
            begin = verb if found else start
            while True:
                first = self.now.start
                self.term()
                terms = subject, predicate, self.slice(first)
                text = f"{' '.join(terms)} ."
                found.append(Part("triple", text, begin, self.behind, _variables(text), terms=terms))
                if not self.sign(","):
                    break
                self.at += 1
                begin = self.now.start
            if not self.sign(";", ".", "}") and self.now.kind != "end" and not self.keyword():
                raise self.lost("end")
        if bracketed or not found:
            return [Part("block", self.slice(start) + " .", start, self.behind, _variables(self.slice(start)))]
        return found

    def keyword(self) -> bool:
        """Whether another element begins here."""
        return self.sign("{") or self.now.upper in (
            "FILTER", "OPTIONAL", "MINUS", "GRAPH", "SERVICE", "BIND", "VALUES", "UNION"
        )  # fmt: skip

    def term(self) -> None:
        """Passes over one term."""
        if self.sign("[", "("):
            self.balanced()
            return
        self.at += self.sign("+", "-")
        token = self.now
        if token.kind not in ("iri", "name", "variable", "blank", "number", "string") and token.text.lower() not in (
            "true",
            "false",
        ):
            raise self.lost("term")
        self.at += 1
        if token.kind == "string" and self.now.kind == "language":
            self.at += 1
        elif token.kind == "string" and self.sign("^^"):
            self.at += 2

    def path(self) -> None:
        """Passes over a predicate, which may be a property path."""
        while True:
            while self.sign("^", "!"):
                self.at += 1
            if self.sign("("):
                self.balanced()
            elif self.now.kind in ("iri", "name", "variable") or self.now.text == "a":
                self.at += 1
            else:
                raise self.lost("predicate")
            if self.sign("?", "*", "+"):
                self.at += 1
            if not self.sign("/", "|"):
                return
            self.at += 1


def _names(text: str) -> list[str]:
    return [token.text[1:] for token in scan(text) if token.kind == "variable"]


def _variables(text: str) -> frozenset[str]:
    return frozenset(_names(text))


def take_apart(text: str) -> Query:
    """A query in its parts; raises `Unsupported` for what goes beyond SPARQL 1.1 (triple terms, LATERAL)."""
    walk = _Walk(text)
    while walk.now.upper in ("BASE", "PREFIX"):
        walk.at += 2 if walk.now.upper == "BASE" else 3
    prologue = text[: walk.now.start]
    begin, form = walk.now.start, walk.take().upper
    if form not in _FORMS:
        raise walk.lost()
    if form == "CONSTRUCT" and walk.sign("{"):
        walk.balanced()
    dataset, projection = list[str](), ""
    while walk.now.kind != "end" and not walk.sign("{"):
        if walk.now.upper in ("FROM", "WHERE"):
            projection = projection or walk.slice(begin)
        if walk.sign("(", "["):
            walk.balanced()
        elif walk.now.upper == "FROM":
            start = walk.now.start
            walk.at += 2 if walk.tokens[walk.at + 1].upper != "NAMED" else 3
            dataset.append(walk.slice(start))
        else:
            walk.at += 1
    projection = projection or walk.slice(begin)
    where = walk.group() if walk.sign("{") else None
    return Query(text, form, prologue, projection, " ".join(dataset), where, _modifiers(walk))


def _modifiers(walk: _Walk) -> dict[str, tuple[int, int]]:
    """Where the solution modifiers and the VALUES after them stand."""
    found: dict[str, tuple[int, int]] = {}
    name = ""
    while walk.now.kind != "end":
        token = walk.now
        if token.upper in ("GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"):
            name = token.upper
        start = found[name][0] if name in found else token.start
        walk.balanced() if walk.sign("(", "{", "[") else walk.take()
        found[name] = start, walk.behind
    return found
