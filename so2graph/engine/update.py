"""Takes a SPARQL update apart into its operations (SPARQL 1.1 Update, 3), as far as a writer needs to know them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from so2graph.engine.guard import Prologue
from so2graph.engine.scanner import Token, scan
from so2graph.errors import BadRequest

__all__ = ["Operation", "operations", "with_dataset"]

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|\\\\^`]*")


@dataclass(frozen=True)
class Operation:
    """One operation with its prologue.

    `data` is `insert` or `delete` for INSERT DATA and DELETE DATA, whose quads stand in the text; "" for all others.
    """

    prologue: str
    text: str
    data: str
    tokens: tuple[Token, ...]
    """The tokens of `text`, their positions counted from its start."""

    @property
    def whole(self) -> str:
        """The operation as an update of its own. CLEAR of a graph that is not there is done already."""
        words = [token.upper for token in self.tokens[:2]]
        if words[0] == "CLEAR" and words[1:] != ["SILENT"]:
            return f"{self.prologue}\nCLEAR SILENT {self.text[len('CLEAR') :]}"
        return f"{self.prologue}\n{self.text}"

    def source(self, prefixes: Mapping[str, str], base: str) -> tuple[str | None, bool]:
        """The graph that COPY, MOVE or ADD reads, and whether it is SILENT; None for all others."""
        words = [token.upper for token in self.tokens]
        at = 1
        silent = words[at : at + 1] == ["SILENT"]
        at += silent
        at += words[at : at + 1] == ["GRAPH"]
        if words[0] not in ("COPY", "MOVE", "ADD") or at >= len(words) or words[at] == "DEFAULT":
            return None, silent
        return Prologue.of(self.prologue, prefixes, base).absolute(self.tokens[at]), silent

    @property
    def as_insert(self) -> str:
        """The same data as an INSERT DATA."""
        return f"{self.prologue}\nINSERT {self.text[self.tokens[1].start :]}"


def _split(text: str) -> list[list[Token]]:
    """The tokens between the semicolons outside braces."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in scan(text):
        depth += (token.text == "{") - (token.text == "}") if token.kind == "sign" else 0
        if token.kind == "sign" and token.text == ";" and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def operations(text: str) -> list[Operation]:
    """The operations of an update in order. What is not SPARQL stays as it is, for the engine to refuse."""
    found, prologue = [], ""
    for part in _split(text):
        at = 0
        while at < len(part) and part[at].upper in ("BASE", "PREFIX"):
            at += 2 if part[at].upper == "BASE" else 3
        end = part[-1].start + len(part[-1].text)
        begin = part[at].start if at < len(part) else end
        prologue = f"{prologue}\n{text[part[0].start : begin]}".strip()
        if at >= len(part):
            continue
        tokens = tuple(token._replace(start=token.start - begin) for token in part[at:])
        words = [token.upper for token in tokens[:2]]
        data = words[0].lower() if words[1:] == ["DATA"] and words[0] in ("INSERT", "DELETE") else ""
        found.append(Operation(prologue, text[begin:end], data, tokens))
    return found


def with_dataset(text: str, default: Sequence[str], named: Sequence[str]) -> str:
    """The update with `using-graph-uri` and `using-named-graph-uri` as USING clauses (SPARQL 1.1 Protocol, 2.2.3).

    Raises `BadRequest` for an update that has USING, USING NAMED or WITH itself.
    """
    if not default and not named:
        return text
    clauses = " ".join([*(f"USING <{iri}>" for iri in default), *(f"USING NAMED <{iri}>" for iri in named)])
    if not all(_ABSOLUTE.fullmatch(iri) for iri in (*default, *named)):
        raise BadRequest("using-graph-uri is not an IRI", mend="Percent-encode what an IRI may not hold.")
    out = []
    for operation in operations(text):
        depth, cut = 0, None
        for token in operation.tokens:
            depth += (token.text == "{") - (token.text == "}") if token.kind == "sign" else 0
            if depth == 0 and token.upper in ("USING", "WITH"):
                raise BadRequest(
                    f"the update has {token.text}, and the request has using-graph-uri",
                    mend="Give the graphs in one of the two (SPARQL 1.1 Protocol, 2.2.3).",
                )
            if depth == 0 and token.upper == "WHERE":
                cut = token.start
        body = operation.text
        if cut is not None and [token.upper for token in operation.tokens[:2]] == ["DELETE", "WHERE"]:
            # DELETE WHERE takes no USING: its pattern is also its template.
            pattern = body[cut + len("WHERE") :]
            body = f"DELETE {pattern} {clauses} WHERE {pattern}"
        elif cut is not None:
            body = f"{body[:cut]}{clauses} {body[cut:]}"
        out.append(f"{operation.prologue}\n{body}")
    return " ;\n".join(out)
