"""Reads a source document, and what is said to rest on places in it."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from so2graph.engine.access import Row, Session
from so2graph.engine.lookup import shorten
from so2graph.errors import NotFound
from so2graph.publish.source_text import Blanked, Block, Piece, Span, blank_addresses, blocks_of, coverage, cut
from so2graph.vocab import MODALITIES, Iri, Literal, Term, visible

__all__ = ["FOLDER", "Attestation", "Document", "Source", "Triple", "documents", "name_of", "read_source", "text_of"]

FOLDER = "sources"
"""The folder of the documents, below that of the data."""
_SUFFIX = ".txt"
_ANCHOR = re.compile(r"[A-Z][A-Za-z0-9_-]{0,60}")
_BATCH = 500

_DOCUMENTS = """
SELECT ?x ?file ?language ?sum WHERE {
  GRAPH ?g { ?x so2:file ?file }
  FILTER(isIRI(?x) && STRSTARTS(STR(?file), "sources/"))
  FILTER EXISTS { GRAPH ?h { ?target oa:hasSource ?x } }
  OPTIONAL { GRAPH ?i { ?x dcterms:language ?language } }
  OPTIONAL { GRAPH ?j { ?x spdx:checksum/spdx:checksumValue ?sum } }
} ORDER BY ?x ?file ?language ?sum
"""
_PLACES = """
SELECT ?claim ?id ?modality ?mention ?start ?end ?exact WHERE {
  GRAPH ?g {
    ?target oa:hasSource ?_source ; oa:hasSelector ?position .
    ?position oa:start ?start ; oa:end ?end .
    ?claim oa:hasTarget ?target .
    FILTER(isIRI(?claim))
    OPTIONAL { ?claim dcterms:identifier ?id }
    OPTIONAL { ?claim so2:modality ?modality }
    OPTIONAL { ?target oa:hasSelector ?quote . ?quote oa:exact ?exact }
    BIND(EXISTS { ?claim a so2:Mention } AS ?mention)
  }
} ORDER BY ?start DESC(?end) ?id ?claim ?modality ?exact LIMIT %d
"""
_SAID = """
SELECT ?claim ?body ?s ?p ?o ?note ?time ?year WHERE {
  VALUES ?claim { %s }
  GRAPH ?g {
    { ?claim oa:hasBody ?body . ?body rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o }
    UNION { ?claim skos:note ?note } UNION { ?claim so2:validTime ?time } UNION { ?claim so2:validYear ?year }
  }
} ORDER BY ?claim ?body ?s ?p ?o ?note ?time ?year
"""
Triple = tuple[Term, Iri, Term]


@dataclass(frozen=True)
class Document:
    """A document that the graph describes and whose text is in the bundle; `name` is that of its page."""

    name: str
    iri: str
    path: Path
    language: str | None


@dataclass(frozen=True)
class Attestation:
    """A claim or mention with the places it rests on; `anchor` is its fragment, and safe in HTML and CSS.

    `modality` is a local name. `triples` are empty where they would show an e-mail address; `note` and `time` are by
    language tag.
    """

    iri: str
    identifier: str
    anchor: str
    mention: bool
    modality: str | None
    places: tuple[tuple[int, int], ...]
    triples: tuple[Triple, ...]
    note: Mapping[str, str]
    time: Mapping[str, str]
    years: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A document with its text, in which no e-mail address is left, and what rests on it, in the order of the text.

    `astray` are those whose words do not stand where they are said to. `whole` is false where there is more.
    """

    document: Document
    text: str
    addresses: tuple[tuple[int, int], ...]
    attestations: tuple[Attestation, ...]
    astray: tuple[Attestation, ...]
    whole: bool

    @property
    def claims(self) -> tuple[Attestation, ...]:
        return tuple(found for found in self.attestations if not found.mention)

    @property
    def mentions(self) -> tuple[Attestation, ...]:
        return tuple(found for found in self.attestations if found.mention)

    @cached_property
    def blocks(self) -> tuple[tuple[Block, tuple[Piece, ...]], ...]:
        """The blocks of the text, each in pieces whose keys are anchors."""
        spans = [Span(start, end, one.anchor) for one in self.attestations for start, end in one.places]
        return tuple((block, cut(block, spans, self.addresses)) for block in blocks_of(self.text))

    @property
    def coverage(self) -> tuple[int, int]:
        """Code points that carry a claim, and all of them."""
        pieces = (piece for _, pieces in self.blocks for piece in pieces)
        return coverage(pieces, frozenset(claim.anchor for claim in self.claims))


def documents(session: Session, data: Path) -> dict[str, Document]:
    """The source documents by the name of their page, which is that of the file without `-page`.

    What the graph says of files is not trusted: the file must be one of the bundle's own (`data/sources`), and its
    sha256 the one that the graph gives, if any.
    """
    there = {path.name: path for path in sorted((data / FOLDER).glob(f"*{_SUFFIX}"))}
    found: dict[str, Document] = {}
    for row in session.select(_DOCUMENTS):
        path = there.get(str(row["file"]).removeprefix(f"{FOLDER}/"))
        if path is None or (row["sum"] is not None and not _same(path, str(row["sum"]))):
            continue
        language = None if row["language"] is None else str(row["language"])
        name = name_of(path)
        found.setdefault(name, Document(name, str(row["x"]), path, language))
    return found


def name_of(path: Path) -> str:
    """The name of the page of a document: that of its file, without `-page` and suffix."""
    return path.stem.removesuffix("-page")


def text_of(path: Path) -> str:
    """The text of a document, as positions in it count; raises `OSError` and `UnicodeDecodeError`."""
    # Not `read_text`: it would turn two characters at the end of a line into one, and positions would not fit.
    return path.read_bytes().decode("utf-8")


def _same(path: Path, checksum: str) -> bool:
    return hashlib.sha256(path.read_bytes()).hexdigest() == checksum.lower()


def read_source(session: Session, data: Path, name: str) -> Source:
    """The source document `name` with up to `max_page_rows` places; raises `NotFound` with the names there are."""
    there = documents(session, data)
    document = there.get(name)
    if document is None:
        near = get_close_matches(shorten(name).lower(), there, n=3, cutoff=0.3) or sorted(there)
        raise NotFound(
            f"there is no source document {shorten(name)!r} here",
            mend=f"Did you mean {', '.join(near)}?" if near else "None is described by the graph.",
            near=near,
        )
    text = text_of(document.path)
    most = session.settings.max_page_rows
    rows = session.select(_PLACES % (most + 1), source=Iri(document.iri))
    placed, astray = _attestations(session, rows[:most], text)
    blanked: Blanked = blank_addresses(text)
    return Source(document, blanked.text, blanked.addresses, placed, astray, whole=len(rows) <= most)


def _attestations(
    session: Session, rows: Iterable[Row], text: str
) -> tuple[tuple[Attestation, ...], tuple[Attestation, ...]]:
    """Those whose places are in the text, and those with a place that is not there or has other words."""
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[str(row["claim"])].append(row)
    said = _said(session, sorted(grouped))
    placed: list[Attestation] = []
    astray: list[Attestation] = []
    taken: set[str] = set()
    for iri, of_claim in grouped.items():
        places = {_place(row, text) for row in of_claim}
        found = _one(iri, of_claim, said[iri], tuple(sorted(p for p in places if p)), taken)
        (astray if None in places else placed).append(found)
    return tuple(placed), tuple(astray)


def _place(row: Row, text: str) -> tuple[int, int] | None:
    """The place that a row gives; None where it is not in the text, or has other words than the quote."""
    try:
        start, end = int(str(row["start"])), int(str(row["end"]))
    except ValueError:
        return None
    inside = 0 <= start < end <= len(text)
    return (start, end) if inside and (row["exact"] is None or str(row["exact"]) == text[start:end]) else None


def _one(
    iri: str, rows: list[Row], said: list[Row], places: tuple[tuple[int, int], ...], taken: set[str]
) -> Attestation:
    identifier = next((str(row["id"]) for row in rows if visible(str(row["id"] or ""))), iri.rpartition("/")[2])
    anchor = identifier if _ANCHOR.fullmatch(identifier) and identifier not in taken else ""
    anchor = anchor or f"C-{hashlib.sha256(iri.encode()).hexdigest()[:12]}"
    taken.add(anchor)
    modality = next((str(row["modality"]).rpartition("#")[2] for row in rows if row["modality"] is not None), None)
    triples = dict.fromkeys(
        (row["s"], row["p"], row["o"]) for row in said if row["s"] is not None and row["o"] is not None
    )
    return Attestation(
        iri=iri,
        identifier=identifier,
        anchor=anchor,
        mention=any(str(row["mention"]) == "true" for row in rows),
        modality=modality if modality in MODALITIES else None,
        places=places,
        triples=tuple((s, p, o) for s, p, o in triples if s is not None and isinstance(p, Iri) and o is not None),
        note=_tagged(said, "note"),
        time=_tagged(said, "time"),
        years=tuple(dict.fromkeys(str(row["year"]) for row in said if row["year"] is not None)),
    )


def _tagged(rows: list[Row], name: str) -> dict[str, str]:
    return {term.language or "": term.value for row in rows if isinstance(term := row[name], Literal)}


def _said(session: Session, claims: list[str]) -> dict[str, list[Row]]:
    """What the claims say, by claim."""
    found: dict[str, list[Row]] = defaultdict(list)
    for first in range(0, len(claims), _BATCH):
        values = " ".join(Iri(claim).n3 for claim in claims[first : first + _BATCH])
        for row in session.select(_SAID % values):
            found[str(row["claim"])].append(row)
    return found
