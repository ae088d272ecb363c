"""Writes a source document and what rests on it as JSON, whose items are Web Annotations."""

from __future__ import annotations

import json
from collections.abc import Iterable

from so2graph.publish.source import Attestation, Source
from so2graph.vocab import RDF, XSD, Iri, Literal, Names, Term

__all__ = ["CONTEXT", "annotation_page"]

CONTEXT = "http://www.w3.org/ns/anno.jsonld"
_AROUND = 32
"""Characters before and after a quote, by which it is found again in a text that changed."""
Json = dict[str, object]


def annotation_page(source: Source, names: Names, address: str, page: str) -> bytes:
    """An annotation page (Web Annotation Data Model, 5.2) with an item for each claim and mention.

    `address` is that of the document itself, `page` that of the page for people. Beside the items, for programs that
    know nothing of RDF: the text, its phrases with the numbers of the claims on them, and the e-mail addresses left
    out of it. Positions count code points from 0, and the end is not included.
    """
    claims = {claim.anchor: claim.identifier for claim in source.claims}
    mentions = {mention.anchor: mention.identifier for mention in source.mentions}
    covered, total = source.coverage
    pieces = [piece for _, pieces in source.blocks for piece in pieces]
    document: Json = {
        "@context": [CONTEXT, _own_terms(names)],
        "id": address,
        "type": "AnnotationPage",
        "label": f"What is said to rest on {source.document.name}",
        "source": source.document.iri,
        "page": page,
        "language": source.document.language,
        "complete": source.whole,
        "covered": {"characters": covered, "of": total},
        "text": source.text,
        "blanked": [{"start": start, "end": end} for start, end in source.addresses],
        "blocks": [{"kind": b.kind, "start": b.start, "end": b.end} for b, _ in source.blocks],
        "phrases": [
            {
                "start": piece.start,
                "end": piece.end,
                "claims": [claims[key] for key in piece.keys if key in claims],
                "mentions": [mentions[key] for key in piece.keys if key in mentions],
            }
            for piece in pieces
            if piece.keys
        ],
        "astray": [one.identifier for one in source.astray],
        "items": [_item(source, one, names, page) for one in source.attestations],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def _own_terms(names: Names) -> Json:
    """What the context of Web Annotation has no words for; what is for programs only is no RDF."""
    plain = ("page", "complete", "covered", "text", "blanked", "blocks", "phrases", "astray")
    return {
        **dict.fromkeys(plain),
        "so2": names.base + "def#",
        "Claim": "so2:Claim",
        "Mention": "so2:Mention",
        "identifier": "http://purl.org/dc/terms/identifier",
        "modality": {"@id": "so2:modality", "@type": "@id"},
        "validYear": {"@id": "so2:validYear", "@type": XSD + "gYear"},
        "validTime": {"@id": "so2:validTime", "@container": "@language"},
        "note": {"@id": "http://www.w3.org/2004/02/skos/core#note", "@container": "@language"},
        "Statement": RDF + "Statement",
        "subject": {"@id": RDF + "subject", "@type": "@id"},
        "predicate": {"@id": RDF + "predicate", "@type": "@id"},
        "object": {"@id": RDF + "object"},
    }


def _item(source: Source, one: Attestation, names: Names, page: str) -> Json:
    item: Json = {
        "id": one.iri,
        "type": ["Annotation", "Mention" if one.mention else "Claim"],
        "identifier": one.identifier,
        "modality": None if one.modality is None else names.term(one.modality),
        "validYear": list(one.years),
        "validTime": dict(one.time),
        "note": dict(one.note),
        "page": f"{page}#{one.anchor}",
        "target": [_target(source, start, end) for start, end in one.places],
        "body": [_statement(*triple) for triple in one.triples],
    }
    return {key: value for key, value in item.items() if value not in (None, [], {})}


def _target(source: Source, start: int, end: int) -> Json:
    """The place, with its words where they show no e-mail address."""
    selectors: list[Json] = [{"type": "TextPositionSelector", "start": start, "end": end}]
    if not any(first < end and last > start for first, last in source.addresses):
        selectors.append(
            {
                "type": "TextQuoteSelector",
                "exact": source.text[start:end],
                "prefix": source.text[_after(source.addresses, start) : start],
                "suffix": source.text[end : _before(source.addresses, end, len(source.text))],
            }
        )
    return {"source": source.document.iri, "selector": selectors}


def _after(addresses: Iterable[tuple[int, int]], start: int) -> int:
    """Where the words before a quote begin: after the last address before it."""
    return max([0, start - _AROUND, *(last for _, last in addresses if last <= start)])


def _before(addresses: Iterable[tuple[int, int]], end: int, length: int) -> int:
    return min([length, end + _AROUND, *(first for first, _ in addresses if first >= end)])


def _statement(subject: Term, predicate: Iri, obj: Term) -> Json:
    return {"type": "Statement", "subject": str(subject), "predicate": predicate.value, "object": _value(obj)}


def _value(term: Term) -> object:
    if not isinstance(term, Literal):
        return {"id": str(term)}
    if term.language:
        return {"@value": term.value, "@language": term.language}
    return term.value if term.datatype == XSD + "string" else {"@value": term.value, "@type": term.datatype}
