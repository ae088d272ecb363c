"""Writes how to ask the same from a terminal, Python, R and Excel; pure text."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Snippet", "snippets"]


@dataclass(frozen=True)
class Snippet:
    """A piece of program: `name` is the key of its title, `language` that of the code, `code` the text itself."""

    name: str
    language: str
    code: str


def snippets(kind: str, address: str, endpoint: str, text: str, graphs: Sequence[tuple[str, str]]) -> list[Snippet]:
    """How to ask for an answer of this `kind` (`solutions`, `boolean` or `graph`) elsewhere.

    `address` is the whole address of its data: CSV for rows, JSON for yes or no, Turtle for a graph. `endpoint` is
    that of SPARQL, at which `text` with the protocol's parameters `graphs` gives the same.
    """
    found = [Snippet("curl", "sh", f"curl -sS {shlex.quote(address)}\n")]
    if kind == "solutions":
        found += [
            Snippet("pandas", "python", _PANDAS.format(address=_python(address))),
            Snippet("wrapper", "python", _wrapper(endpoint, text, graphs, _ROWS)),
            Snippet("r", "r", f'answer <- read.csv({_r(address)}, encoding = "UTF-8")\nhead(answer)\n'),
            Snippet("excel", "m", _EXCEL.format(address=_m(address))),
        ]
    elif kind == "boolean":
        found += [
            Snippet("wrapper", "python", _wrapper(endpoint, text, graphs, _BOOLEAN)),
            Snippet("r", "r", f"answer <- jsonlite::fromJSON({_r(address)})\nanswer$boolean\n"),
        ]
    else:
        found += [
            Snippet("rdflib", "python", _RDFLIB.format(address=_python(address))),
            Snippet("r", "r", f'library(rdflib)\ngraph <- rdf_parse({_r(address)}, format = "turtle")\ngraph\n'),
        ]
    return found


def _python(text: str) -> str:
    """A text as Python writes it; JSON's escapes are Python's too."""
    return json.dumps(text, ensure_ascii=False)


def _block(text: str) -> str:
    """A text of several lines as Python writes it."""
    inner = text.replace("\\", "\\\\").replace('"""', '""\\"').replace("\r", "\\r")
    return f'"""\n{inner.strip()}\n"""' if not inner.rstrip().endswith('"') else f'"""\n{inner.strip()} \n"""'


def _r(text: str) -> str:
    inner = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'


def _m(text: str) -> str:
    inner = text.replace('"', '""')
    return f'"{inner}"'


def _wrapper(endpoint: str, text: str, graphs: Sequence[tuple[str, str]], then: str) -> str:
    """The query by the library SPARQLWrapper; by POST, so that it may have any length."""
    given = "".join(f"asked.addParameter({_python(name)}, {_python(iri)})\n" for name, iri in graphs)
    return _WRAPPER.format(endpoint=_python(endpoint), text=_block(text), given=given) + then


_PANDAS = """import pandas

answer = pandas.read_csv({address})
print(answer)
"""
_RDFLIB = """from rdflib import Graph

graph = Graph().parse({address}, format="turtle")
print(len(graph))
"""
_WRAPPER = """from SPARQLWrapper import JSON, POST, SPARQLWrapper

asked = SPARQLWrapper({endpoint})
asked.setQuery({text})
{given}asked.setMethod(POST)
asked.setReturnFormat(JSON)
"""
_ROWS = """for row in asked.queryAndConvert()["results"]["bindings"]:
    print({name: term["value"] for name, term in row.items()})
"""
_BOOLEAN = 'print(asked.queryAndConvert()["boolean"])\n'
_EXCEL = """let
    Source = Csv.Document(Web.Contents({address}), [Delimiter=",", Encoding=65001, QuoteStyle=QuoteStyle.Csv]),
    Answer = Table.PromoteHeaders(Source)
in
    Answer
"""
