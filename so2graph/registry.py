"""What is bundled with the program: ontology, data, stored queries and checks, found by looking in their folders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import cast

import yaml

from so2graph.errors import BadParameter, DataInvalid, DataSyntax, UnknownQuery
from so2graph.vocab import XSD, Literal, Prefixes, Term, curie_or_iri, rebase

__all__ = [
    "IRI_TEXT",
    "PARAMETER_TYPES",
    "QUERY_GROUPS",
    "RESERVED",
    "VIEWS",
    "Bundle",
    "Check",
    "Parameter",
    "StoredQuery",
    "Text",
]

VIEWS = ("table", "paths", "graph")
QUERY_GROUPS = ("network", "people", "organisations", "activities", "subjects", "sources", "data")
"""What a stored query is about: its place in the list of them."""
# RFC 3987, 2.2, without the characters beyond ASCII that it leaves to private use. Those are looked for ahead: as a
# class, so many make programs slow that make texts by the pattern.
_PAIRS = "".join(f"{chr(last - 1)}-{chr(last)}" for last in range(0x1FFFF, 0xE0000, 0x10000))
_PRIVATE = (
    rf"\ue000-\uf8ff\ufdd0-\ufdef\ufff0-\uffff{_PAIRS}{chr(0xE0000)}-{chr(0xE0FFF)}{chr(0xEFFFE)}-{chr(0x10FFFF)}"
)
_PART = r"""(?:[^\x00-\x20\x7f-\x9f<>"{}|\\^`%\[\]#]|%[0-9A-Fa-f]{2})*"""
IRI_TEXT = rf"(?![\s\S]*[{_PRIVATE}])[A-Za-z][A-Za-z0-9+.-]*:{_PART}(?:#{_PART})?"
PARAMETER_TYPES = {
    "iri": rf"<{IRI_TEXT}>|{IRI_TEXT}",
    "string": r"[\s\S]*",
    "integer": r"[+-]?[0-9]{1,18}",
    "year": r"[0-9]{4}",
    "language": r"nl|en",
}
"""The types of parameters, each with the texts that it takes, in what Python and ECMA-262 have in common."""
RESERVED = ("lang", "format", "personal", "limit", "offset", "count", "download", "view", "chart")
"""Names that no parameter of a stored query has: over HTTP they ask for the answer in another way."""


@dataclass(frozen=True)
class Text:
    """A text in both languages of the project."""

    nl: str
    en: str

    def of(self, language: str) -> str:
        return self.nl if language == "nl" else self.en


@dataclass(frozen=True)
class Parameter:
    """A typed parameter of a stored query, written `?_name` in its text."""

    name: str
    type: str
    label: Text
    default: str | None = None

    def parse(self, text: str, prefixes: Prefixes) -> Term:
        """The RDF term that a user's `text` stands for; raises `BadParameter` when the type does not allow it."""
        value = text.strip()
        problem = BadParameter(
            f"parameter {self.name}={text!r} is not of type {self.type}",
            mend={
                "iri": "Give a full IRI, or a name with a known prefix such as id:buro-bries.",
                "integer": "Give a whole number.",
                "year": "Give a year of four digits.",
                "language": "Give nl or en.",
            }.get(self.type, "Give some text."),
            parameter=self.name,
        )
        if not re.fullmatch(PARAMETER_TYPES[self.type], value):
            raise problem
        if self.type == "iri":
            return curie_or_iri(value, prefixes)
        datatype = {"integer": XSD + "integer", "year": XSD + "gYear"}.get(self.type, XSD + "string")
        return Literal(value, datatype=datatype)


@dataclass(frozen=True)
class StoredQuery:
    """A query of `queries/`: its header, and its text without the header."""

    name: str
    title: Text
    description: Text
    view: str
    answers: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    text: str
    group: str = "data"
    personal: bool = False
    """Whether its answer shows e-mail addresses: a page then waits until it is asked for them."""

    def values(self, given: Mapping[str, str], prefixes: Prefixes) -> dict[str, Term]:
        """Terms for the parameters, from `given` and the defaults; those without either stay free.

        Raises `BadParameter` for a name that the query does not have or a value that does not fit.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                raise BadParameter(
                    f"query {self.name} has no parameter {name!r}",
                    mend=f"It takes: {', '.join(known) or 'no parameters'}.",
                    parameter=name,
                )
        texts = {name: given.get(name, "").strip() or parameter.default for name, parameter in known.items()}
        # A form has a box for each text, which may be empty; a language is chosen.
        texts |= {name: given[name] for name in given if known[name].type == "language"}
        return {name: known[name].parse(text, prefixes) for name, text in texts.items() if text is not None}


@dataclass(frozen=True)
class Check:
    """A check of `queries/checks/`: each row of its answer (`?focus`, `?detail`) is a fault."""

    name: str
    message: Text
    mend: Text
    text: str


@dataclass(frozen=True)
class Bundle:
    """The folders that come with the program; `base` is where the IRIs in their files are moved to."""

    root: Path
    base: str

    @classmethod
    def find(cls, base: str) -> Bundle:
        """The bundle inside the installed package, or the checkout around it."""
        package = Path(__file__).parent
        inside = package / "bundle"
        return cls(inside if inside.is_dir() else package.parent, base)

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def catalogue(self) -> Path:
        return self.data / "catalog.ttl"

    @property
    def shapes(self) -> tuple[Path, ...]:
        return tuple(sorted((self.root / "ontology" / "shapes").glob("*.ttl")))

    def read(self, path: Path) -> str:
        """A bundled text with its IRIs moved to the base of the dataset."""
        try:
            return rebase(path.read_text(encoding="utf-8"), self.base)
        except UnicodeDecodeError as error:
            line = path.read_bytes()[: error.start].count(b"\n") + 1
            raise DataSyntax(
                f"{path}, line {line}: not UTF-8", mend="Save it as UTF-8.", file=str(path), line=line, column=1
            ) from None

    def prefixes(self) -> Prefixes:
        return Prefixes.read(self.root / "ontology" / "prefixes.tsv", self.base)

    def queries(self) -> dict[str, StoredQuery]:
        """All stored queries by name, in the order of their names."""
        paths = sorted((self.root / "queries").glob("*.rq"))
        return {path.stem: _stored_query(path.stem, self.read(path)) for path in paths}

    def query(self, name: str) -> StoredQuery:
        """The stored query `name`; raises `UnknownQuery` with the names that come close."""
        names = [path.stem for path in sorted((self.root / "queries").glob("*.rq"))]
        if name not in names:
            near = [known for known in names if len(name) > 2 and name in known][:5]
            near = near or get_close_matches(name[:100], names, n=5, cutoff=0.4)
            raise UnknownQuery(
                f"there is no stored query {name[:80]!r}",
                mend=f"Did you mean {', '.join(near)}?" if near else "See /queries for all of them.",
                near=near,
            )
        return _stored_query(name, self.read(self.root / "queries" / f"{name}.rq"))

    def checks(self) -> tuple[Check, ...]:
        paths = sorted((self.root / "queries" / "checks").glob("*.rq"))
        return tuple(_check(path.stem, self.read(path)) for path in paths)


def _split(name: str, text: str) -> tuple[dict[str, object], str]:
    """The YAML of the `#+` lines, and the rest."""
    lines = text.splitlines()
    head = [line[2:].removeprefix(" ") for line in lines if line.startswith("#+")]
    body = "\n".join(line for line in lines if not line.startswith("#+")).strip() + "\n"
    try:
        parsed = yaml.safe_load("\n".join(head))
    except yaml.YAMLError as error:
        raise DataInvalid(f"queries/{name}.rq: the #+ header is not YAML: {error}") from None
    if not isinstance(parsed, dict):
        raise DataInvalid(f"queries/{name}.rq has no #+ header", mend="Begin the file with #+ title: and so on.")
    return parsed, body


def _text(name: str, header: Mapping[str, object], key: str) -> Text:
    value = header.get(key)
    if not isinstance(value, dict) or not value.get("nl") or not value.get("en"):
        raise DataInvalid(f"queries/{name}.rq: {key} needs nl and en", mend=f"Add '#+ {key}:' with both languages.")
    return Text(str(value["nl"]).strip(), str(value["en"]).strip())


@lru_cache(512)
def _stored_query(name: str, text: str) -> StoredQuery:
    header, body = _split(name, text)
    view = str(header.get("view", "table"))
    if view not in VIEWS:
        raise DataInvalid(f"queries/{name}.rq: view {view!r} is not one of {', '.join(VIEWS)}")
    declared = cast(dict[str, dict[str, object]], header.get("parameters") or {})
    parameters = tuple(_parameter(name, key, row) for key, row in declared.items())
    for parameter in parameters:
        if not re.search(rf"\?_{parameter.name}\b", body):
            raise DataInvalid(f"queries/{name}.rq declares {parameter.name}, but has no ?_{parameter.name}")
    for variable in sorted(set(re.findall(r"\?_(\w+)", body)) - {p.name for p in parameters}):
        raise DataInvalid(f"queries/{name}.rq has ?_{variable}, which is not among its parameters")
    answers = cast(list[str], header.get("answers") or [])
    return StoredQuery(
        name,
        _text(name, header, "title"),
        _text(name, header, "description"),
        view,
        tuple(answers),
        parameters,
        body,
        _group(name, str(header.get("group", "data"))),
        personal=header.get("personal") is True,
    )


def _group(name: str, group: str) -> str:
    if group not in QUERY_GROUPS:
        raise DataInvalid(f"queries/{name}.rq: group {group!r} is not one of {', '.join(QUERY_GROUPS)}")
    return group


def _parameter(query: str, name: str, row: Mapping[str, object]) -> Parameter:
    kind = str(row.get("type", "string"))
    if kind not in PARAMETER_TYPES:
        raise DataInvalid(f"queries/{query}.rq: type {kind!r} is not one of {', '.join(PARAMETER_TYPES)}")
    if name in RESERVED:
        raise DataInvalid(f"queries/{query}.rq: the name {name!r} is reserved", mend="Call the parameter otherwise.")
    default = row.get("default")
    return Parameter(name, kind, _text(query, row, "label"), None if default is None else str(default))


def _check(name: str, text: str) -> Check:
    header, body = _split(f"checks/{name}", text)
    return Check(name, _text(f"checks/{name}", header, "message"), _text(f"checks/{name}", header, "mend"), body)
