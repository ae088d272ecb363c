"""IRIs, prefixes and RDF terms: how things are named, without any store."""

from __future__ import annotations

import re
from collections.abc import ItemsView, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from unicodedata import category
from urllib.parse import quote

from so2graph.errors import BadParameter, DataInvalid

__all__ = [
    "CANONICAL_BASE",
    "DEFAULT_GRAPH",
    "MODALITIES",
    "Blank",
    "Iri",
    "Literal",
    "Names",
    "Prefixes",
    "Term",
    "address_spans",
    "curie_or_iri",
    "is_iri",
    "mask_addresses",
    "parse_iri",
    "rebase",
    "visible",
]

CANONICAL_BASE = "https://w3id.org/so2graph/"

MODALITIES: tuple[str, ...] = (
    "stated",
    "inProgress",
    "planned",
    "attempted",
    "intended",
    "hoped",
    "inferred",
)
"""Local names of the modality concepts, from certain to uncertain; the index + 1 is `so2:certaintyRank`."""

XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
OWL = "http://www.w3.org/2002/07/owl#"
PROV = "http://www.w3.org/ns/prov#"
DCTERMS = "http://purl.org/dc/terms/"

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\\ud800-\udfff]*")
_NOT_IN_IRI = re.compile(r"[\x00-\x20<>\"{}|^`\\\ud800-\udfff]")
_AT_DOMAIN = re.compile(r"@[\w-]+(?:\.[\w-]+)+")
_LOCAL = frozenset("_.+-")
"""What the part before the @ may hold beside letters and digits."""
_PN_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")


@dataclass(frozen=True, order=True)
class Iri:
    """An IRI (RDF 1.1 Concepts, section 3.2)."""

    value: str

    def __str__(self) -> str:
        return self.value

    @property
    def n3(self) -> str:
        """The term as SPARQL and Turtle write it; raises `BadParameter` for what would end it, or write more."""
        if _NOT_IN_IRI.search(self.value):
            raise BadParameter(f"{self.value[:200]!r} is no IRI", mend="Give one without spaces and brackets.")
        return f"<{self.value}>"


@dataclass(frozen=True, order=True)
class Literal:
    """A literal (RDF 1.1 Concepts, section 3.3): a lexical form with a language tag or a datatype IRI."""

    value: str
    language: str | None = None
    datatype: str = XSD + "string"

    def __post_init__(self) -> None:
        if self.language:
            object.__setattr__(self, "datatype", RDF + "langString")

    def __str__(self) -> str:
        return self.value

    @property
    def n3(self) -> str:
        """The term as SPARQL and Turtle write it, with every character escaped that needs it."""
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"')
        escaped = escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
        if self.language:
            return f'"{escaped}"@{self.language}'
        if self.datatype == XSD + "string":
            return f'"{escaped}"'
        return f'"{escaped}"^^<{self.datatype}>'


@dataclass(frozen=True, order=True)
class Blank:
    """A blank node; its label has a meaning within one answer only."""

    value: str

    def __str__(self) -> str:
        return f"_:{self.value}"


Term = Iri | Literal | Blank


def rebase(text: str, base: str) -> str:
    """`text` of a bundled file (Turtle, SPARQL, TSV) with its IRIs moved from the canonical base to `base`."""
    return text if base == CANONICAL_BASE else text.replace(CANONICAL_BASE, base)


def mask_addresses(text: str) -> str:
    """`text` with each e-mail address in it replaced, for messages and logs."""
    parts, at = list[str](), 0
    for start, end in address_spans(text):
        parts += text[at:start], "‹e-mail address›"
        at = end
    return "".join((*parts, text[at:]))


def visible(text: str) -> bool:
    """Whether there is anything to see in a text: a name that is blank, or of control characters only, is none."""
    return any(category(char)[0] not in "CZ" for char in text)


def address_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the e-mail addresses in `text` stand: [start, end) of each; in a time that grows as the text does."""
    done = 0
    for found in _AT_DOMAIN.finditer(text):
        start = found.start()
        while start > done and (text[start - 1].isalnum() or text[start - 1] in _LOCAL):
            start -= 1
        if start < found.start():
            done = found.end()
            yield start, done


def is_iri(text: str) -> bool:
    """Whether a text is an absolute IRI."""
    return _IRI.fullmatch(text) is not None


def parse_iri(text: str) -> Iri:
    """The absolute IRI in `text`; raises `BadParameter` when it is not one."""
    if not _IRI.fullmatch(text):
        raise BadParameter(
            f"{mask_addresses(text[:500])!r} is not an absolute IRI", mend="Give a full IRI, such as https://…."
        )
    return Iri(text)


class Prefixes(Mapping[str, str]):
    """The one prefix map (`ontology/prefixes.tsv`): prefix to namespace, both ways."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = dict(sorted(table.items()))

    @classmethod
    def read(cls, path: Path, base: str) -> Prefixes:
        """Reads the table, with the namespaces of the project moved to `base`."""
        table = {}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()[1:], 2):
            prefix, tab, namespace = line.partition("\t")
            if not tab or not namespace.strip():
                raise DataInvalid(f"{path}, line {number}: no tab between prefix and namespace", mend="Add them.")
            table[prefix] = rebase(namespace, base)
        return cls(table)

    def __getitem__(self, prefix: str) -> str:
        return self._table[prefix]

    def __iter__(self):  # type: ignore[no-untyped-def]  # the type is Mapping's own
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def items(self) -> ItemsView[str, str]:
        """Prefixes with their namespaces; asked for every query."""
        return self._table.items()

    @cached_property
    def _longest_first(self) -> list[tuple[str, str]]:
        return sorted(self._table.items(), key=lambda row: -len(row[1]))

    def compact(self, iri: str) -> str:
        """The prefixed name of `iri`, or the IRI itself where no prefix fits."""
        for prefix, namespace in self._longest_first:
            if iri.startswith(namespace) and _PN_LOCAL.fullmatch(iri[len(namespace) :]):
                return f"{prefix}:{iri[len(namespace) :]}"
        return iri

    def expand(self, name: str) -> str | None:
        """The IRI of a prefixed name, or None when its prefix is not in the table."""
        prefix, colon, local = name.partition(":")
        if not colon or prefix not in self._table:
            return None
        return self._table[prefix] + local

    def header(self) -> str:
        """The table as SPARQL prologue."""
        return "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in self._table.items())


def curie_or_iri(text: str, prefixes: Prefixes) -> Iri:
    """The IRI that `text` writes, in full (with or without angle brackets) or with a known prefix."""
    bare = text[1:-1] if text.startswith("<") and text.endswith(">") else text
    expanded = prefixes.expand(bare)
    return parse_iri(expanded if expanded is not None else bare)


DEFAULT_GRAPH = "urn:x-arq:DefaultGraph"
"""How the real default graph of the store is named where a name is needed, as in Apache Jena."""


@dataclass(frozen=True)
class Names:
    """The IRIs of one dataset, all below its base (design: IRIs)."""

    base: str

    def thing(self, local: str) -> str:
        return f"{self.base}id/{quote(local, safe='-._~!$()*+,;=:@/%')}"

    def graph(self, local: str) -> str:
        return f"{self.base}graph/{local}"

    def term(self, local: str) -> str:
        return f"{self.base}def#{local}"

    @property
    def facts(self) -> str:
        """Merge of the graphs that hold facts: the default graph of a plain query."""
        return self.graph("facts")

    @property
    def everything(self) -> str:
        """Merge of all public graphs, for `FROM`."""
        return self.graph("all")

    @property
    def catalogue(self) -> str:
        """Graph of the catalogue itself, with the counts and checksums the build adds."""
        return self.graph("catalog")

    @property
    def mappings(self) -> str:
        """Graph of the judgements about links: one `sssom:Mapping` each."""
        return self.graph("mappings")

    def links(self, target: str) -> str:
        """Graph of the links with a target: one triple each."""
        return self.graph(f"link/{target}")

    def enrichment(self, target: str) -> str:
        """Graph of what was fetched from a target through its links."""
        return self.graph(f"enrich/{target}")

    def no_fact(self, graph: str) -> bool:
        """Whether a graph is kept apart from the facts by its name, whenever it comes."""
        return graph == self.mappings or graph.startswith(self.enrichment(""))

    def fleeting(self, graph: str) -> bool:
        """Whether a graph is there only as long as it holds something."""
        return self.no_fact(graph) or graph.startswith(self.links(""))

    @property
    def derived(self) -> frozenset[str]:
        """Graphs that are made from others: not in `GRAPH ?g`, exports or counts."""
        return frozenset((self.facts, self.everything))

    def local_path(self, iri: str) -> str | None:
        """The path below the service that shows `iri`, or None for an IRI of somebody else."""
        if not iri.startswith(self.base):
            return None
        return iri[len(self.base) :]
