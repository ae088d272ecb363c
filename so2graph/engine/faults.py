"""Translates what the engine raises into the tree of errors, and errors into rows that cross a process border."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from so2graph.errors import (
    BadRequest,
    BodySyntax,
    DataSyntax,
    EngineFault,
    NotAcceptable,
    QueryMemory,
    QuerySyntax,
    So2Error,
    UnknownGraph,
    Unsupported,
    leaves,
)
from so2graph.formats import Format

__all__ = ["XmlCheck", "body_errors", "check_xml_name", "engine_errors", "file_errors", "from_row", "to_row"]

_AT = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)
# The engine lists the letters that a name may have; nobody wants to read them.
_CLASSES = re.compile(r",? ?\[(?:'.*?'|_)\]", re.DOTALL)
_UNSUPPORTED = "Use the functions of SPARQL 1.1, and a format that can carry the answer (JSON, Turtle)."
_NO_GRAPH = re.compile(r"[Tt]he graph .* does not exist")
_NOT_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_XML_NAME_END = re.compile(r"[^\W\d][\w.\-]*$")


@contextmanager
def engine_errors(text: str = "") -> Iterator[None]:
    """Translates what the engine raises: syntax to `QuerySyntax`, everything else to `EngineFault`."""
    try:
        yield
    except SyntaxError as error:
        match = _AT.match(str(error))
        if match is None:
            line, column, what = text.count("\n") + 1, 1, str(error)
        else:
            line, column, what = int(match[1]), int(match[2]), _CLASSES.sub("", match[3])
        raise QuerySyntax(
            f"line {line}, column {column}: {what}",
            mend="Mend the query there and send it again.",
            line=line,
            column=column,
        ) from None
    except MemoryError:
        raise QueryMemory("there was no memory left for the answer", mend="Ask for less.") from None
    except (OSError, RuntimeError, ValueError) as error:
        if "already exists" in str(error):
            raise BadRequest(str(error), mend="Write SILENT where it does not matter.") from None
        if _NO_GRAPH.search(str(error)):
            raise UnknownGraph(str(error), mend="Write SILENT where it does not matter.") from None
        if "not supported" in str(error) or "does not support" in str(error):
            raise Unsupported(f"this cannot be done here: {error}", mend=_UNSUPPORTED) from None
        raise EngineFault(
            f"the engine could not answer: {error}", mend="The query is right; report it with the text you sent."
        ) from error


@contextmanager
def body_errors(fmt: Format) -> Iterator[None]:
    """Translates a syntax error in the body of a write to `BodySyntax`."""
    try:
        yield
    except SyntaxError as error:
        line, column = error.lineno or 1, error.offset or 1
        raise BodySyntax(
            f"the body, line {line}, column {column}: {str(error.msg).rstrip('.')}",
            mend=f"Mend it there, or say with Content-Type what it is: it was read as {fmt.title}.",
            line=line,
            column=column,
        ) from None


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Translates a syntax error in a file of the bundle to `DataSyntax`."""
    try:
        yield
    except SyntaxError as error:
        line, column = error.lineno or 1, error.offset or 1
        raise DataSyntax(
            f"{path}, line {line}, column {column}: {str(error.msg).rstrip('.')}",
            mend=f"Mend {path.name} there, and build again.",
            file=str(path),
            line=line,
            column=column,
        ) from None


class XmlCheck:
    """Refuses a document with characters that XML 1.0 (2.2) cannot have, which no parser would take; in pieces."""

    def __init__(self) -> None:
        self._end = b""

    def feed(self, piece: bytes) -> None:
        """Looks at the next piece; raises `NotAcceptable`."""
        if _NOT_XML.search(self._end + piece):
            raise NotAcceptable(
                "the answer has a control character, which XML cannot carry", mend="Take JSON, CSV or Turtle instead."
            )
        self._end = (self._end + piece)[-2:]


def check_xml_name(predicate: str) -> None:
    """Refuses a predicate that RDF/XML cannot write as an element (RDF 1.1 XML Syntax, 5.1.3)."""
    if not _XML_NAME_END.search(predicate):
        raise NotAcceptable(
            f"RDF/XML cannot write the property <{predicate}>", mend="Take Turtle or JSON-LD instead."
        )


def to_row(error: So2Error) -> dict[str, object]:
    """An error as plain data."""
    return {"slug": error.slug, "what": str(error), "mend": error.mend, "members": error.members}


def from_row(row: Mapping[str, object]) -> So2Error:
    """The error that `to_row` wrote; an unknown kind is an `EngineFault`."""
    members = row.get("members")
    kind = next((leaf for leaf in leaves() if leaf.slug == row.get("slug")), EngineFault)
    error = kind.__new__(kind)
    So2Error.__init__(error, str(row.get("what")), mend=str(row.get("mend", "")), **(members or {}))  # type: ignore[arg-type]  # plain data
    return error
