"""A dataset with names from hell: the bundled one, and beside it things whose names attack whoever shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from so2graph.config import Settings
from so2graph.engine.generations import Folder
from so2graph.engine.snapshot import Snapshot
from so2graph.engine.staging import Staged
from so2graph.engine.store import Quad
from so2graph.link.axioms import mapping_triples
from so2graph.link.enriched import Fetched, fetched_quads
from so2graph.link.mapping import Mapping
from so2graph.publish.build import build
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, DCTERMS, RDF, RDFS, SKOS, XSD, Iri, Literal, Names, Term

__all__ = [
    "EVIL_IRIS",
    "GRAPH",
    "HOSTILE",
    "JUDGED",
    "NAMELESS",
    "RIGHT_TO_LEFT",
    "hostile_settings",
    "judgement",
    "thing",
]

HOSTILE: dict[str, str] = {
    "script": "<script>alert(1)</script><hell hell='1'>",
    "title": "</title></style></textarea></script><hell>x</hell><h1>y</h1>",
    "attribute": '" onmouseover="alert(1)" hell="1" x=\'',
    "apostrophe": "' autofocus onfocus='alert(1)' hell='1",
    "comment": "--><!--<hell>--><![CDATA[<hell>]]>",
    "image": "<img src=x onerror=alert(1) hell>",
    "svg": "</text></svg><svg onload=alert(1)><hell/></svg>",
    "json": '</script><hell>"}]}\\u003c/script>\u2028\u2029',
    "template": "{{ 7*7 }}{% include 'base.html' %}${7*7}#{7*7}%(t)s %s",
    "entity": "&lt;hell&gt;&amp;amp;&#60;hell&#62;",
    "formula": '=HYPERLINK("http://evil.example","x")',
    "path": "../../etc/passwd%00%2e%2e",
    "arabic": "شبكة المشاريع الاجتماعية (هولندا) 2018",
    "hebrew": "רשת עסקים חברתיים, 12–34 (צפון)",
    "override": "abc\u202egnp.exe hell",
    "unclosed": "\u2067\u202b\u202e never closed (1) 2",
    "closing": "\u202c\u2069\u202c\u2069 closes what others opened",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇳🇱 netwerk",
    "combining": "Z̷̢̛a͓̠͚l̸̩̟g̴̡o " * 3,
    "unbroken": "x" * 500,
    "wordy": ("verantwoordelijkheidsbesef " * 19)[:500].strip(),
    "control": "a\x01\x08\x0b\x1b[31m\x7f\x85b\ufffe\uffffc",
    "lines": "een\r\ntwee\n\n\tdrie\u2028vier",
    "blank": " \t\u00a0\u2003\u200b ",
    "empty": "",
}
"""What each thing is called; `hell` marks an element or attribute that must never come to be."""
NAMELESS = ("none", "blank", "empty")
"""Things without a name that can be seen: they are shown by the short form of their IRI."""
RIGHT_TO_LEFT = ("arabic", "hebrew", "override", "unclosed")
EVIL_IRIS = ("javascript:alert(1)", "data:text/html,hell", "vbscript:hell", "JaVaScRiPt:alert('hell')//")
"""Well-formed IRIs that no link may lead to."""
GRAPH = f"{CANONICAL_BASE}graph/hostile"
_ODD_GRAPH = "urn:hostile:a'b(c)&hell;=1"
_LANGUAGES = ("nl", "en", "ar", "x-hell", "de-x-onload-alert")
_STATED = f"{CANONICAL_BASE}graph/so2/stated"
_CLAIMS = f"{CANONICAL_BASE}graph/so2/claims"
_CATALOGUE = f"{CANONICAL_BASE}graph/catalog"
_VOCABULARY = f"{CANONICAL_BASE}graph/vocabulary"
_OA, _ORG, _DCAT = "http://www.w3.org/ns/oa#", "http://www.w3.org/ns/org#", "http://www.w3.org/ns/dcat#"
_TYPES = ("RegionalNetwork", "NationalOrganisation", "CsrPlatform", "Report", "Theme", "UrbanCore")
_KEYS = (*HOSTILE, "none")


def thing(key: str) -> str:
    """The IRI of the thing with that name."""
    return f"{CANONICAL_BASE}id/hostile-{key}"


def _term(local: str) -> str:
    return f"{CANONICAL_BASE}def#{local}"


def _quad(subject: str, predicate: str, obj: Term | str, graph: str) -> Quad:
    return Iri(subject), Iri(predicate), Iri(obj) if isinstance(obj, str) else obj, Iri(graph)


def _named(iri: str, text: str, graph: str) -> Iterator[Quad]:
    """Names and descriptions in every language, with each property by which a page may find them."""
    for language in _LANGUAGES:
        for predicate in (RDFS + "label", SKOS + "note", DCTERMS + "description"):
            yield _quad(iri, predicate, Literal(text, language), graph)
    yield _quad(iri, SKOS + "altLabel", Literal(text), graph)


def _things() -> Iterator[Quad]:
    """Each thing, tied to the one before it, to a real hub and to the nation by properties with the same names."""
    before = f"{CANONICAL_BASE}id/so-netwerk-groningen"
    for at, key in enumerate(_KEYS):
        iri, tie = thing(key), _term(f"hostile-{key}")
        yield _quad(iri, RDF + "type", _term(_TYPES[at % len(_TYPES)]), _STATED)
        yield _quad(iri, RDF + "type", _term(f"Hostile-{key}"), _STATED)
        yield _quad(iri, tie, before, _STATED)
        yield _quad(iri, _term("connects"), f"{CANONICAL_BASE}id/social-enterprise-nederland", _STATED)
        yield _quad(iri, _term("purpose"), Literal(HOSTILE.get(key, "x"), "nl"), _STATED)
        yield _quad(iri, DCTERMS + "identifier", Literal(HOSTILE.get(key, key)), _STATED)
        if key in HOSTILE:
            yield from _named(iri, HOSTILE[key], _STATED)
            yield from _named(tie, HOSTILE[key], _VOCABULARY)
            yield from _named(_term(f"Hostile-{key}"), HOSTILE[key], _VOCABULARY)
            yield _quad(tie, RDF + "type", "http://www.w3.org/2002/07/owl#ObjectProperty", _VOCABULARY)
        before = iri
    for iri in EVIL_IRIS:
        yield _quad(iri, RDF + "type", _term("RegionalNetwork"), _STATED)
        yield _quad(iri, RDFS + "label", Literal("evil", "nl"), _STATED)
        yield _quad(thing("script"), _term("connects"), iri, _STATED)
        yield _quad(iri, _term("connects"), f"{CANONICAL_BASE}id/so-netwerk-groningen", _STATED)
        yield _quad(thing("script"), DCTERMS + "source", iri, _STATED)
        yield _quad(thing("script"), DCTERMS + "license", iri, _STATED)
        yield _quad(thing("script"), DCTERMS + "creator", iri, _STATED)


def _graphs() -> Iterator[Quad]:
    """Graphs with such names, described in the catalogue and not."""
    for graph in (GRAPH, _ODD_GRAPH):
        for key in ("script", "attribute", "arabic", "unclosed"):
            yield _quad(thing(key), SKOS + "altLabel", Literal(HOSTILE[key], "nl"), graph)
    yield _quad(GRAPH, RDF + "type", _DCAT + "Dataset", _CATALOGUE)
    yield _quad(GRAPH, DCTERMS + "identifier", Literal(HOSTILE["attribute"]), _CATALOGUE)
    for language in ("nl", "en"):
        yield _quad(GRAPH, DCTERMS + "title", Literal(HOSTILE["title"] + HOSTILE["unclosed"], language), _CATALOGUE)
        yield _quad(GRAPH, DCTERMS + "description", Literal(HOSTILE["script"], language), _CATALOGUE)
    yield _quad(GRAPH, DCTERMS + "license", EVIL_IRIS[0], _CATALOGUE)
    yield _quad(GRAPH, _term("modality"), _term("hoped"), _CATALOGUE)


def _claims() -> Iterator[Quad]:
    """Claims on the real page whose numbers, notes and places are not to be trusted."""
    places = {
        "script": (0, 34, "Support voor sociale ondernemingen"),
        "attribute": (5, 400, None),
        "title": (0, 2083, None),
        "arabic": (653, 695, None),
        "unclosed": (648, 700, None),
        "control": (-5, 3, None),
        "long": (100, 90, None),
        "outside": (2000, 999_999, None),
        "huge": (0, 10**30, None),
        "wrong": (0, 7, "Zupport"),
        "json": (10, 20, None),
        "unbroken": (12, 20, None),
        "blank": (13, 20, None),
    }
    for key, (start, end, quote) in places.items():
        claim, text = f"{CANONICAL_BASE}id/claim-hostile-{key}", HOSTILE.get(key, key)
        yield _quad(claim, RDF + "type", _term("Claim"), _CLAIMS)
        yield _quad(claim, DCTERMS + "identifier", Literal(text), _CLAIMS)
        yield _quad(claim, _term("modality"), _term("stated" if key != "json" else "hell\"'"[:4]), _CLAIMS)
        yield _quad(claim, SKOS + "note", Literal(text, "nl"), _CLAIMS)
        yield _quad(claim, _term("validTime"), Literal(text, "nl"), _CLAIMS)
        for local, predicate in (("target", "hasTarget"), ("statement-1", "hasBody")):
            yield _quad(claim, _OA + predicate, f"{claim}#{local}", _CLAIMS)
        yield _quad(f"{claim}#target", _OA + "hasSource", f"{CANONICAL_BASE}id/so2-page", _CLAIMS)
        yield _quad(f"{claim}#target", _OA + "hasSelector", f"{claim}#position", _CLAIMS)
        for name, number in (("start", start), ("end", end)):
            value = Literal(str(number), datatype=XSD + "integer")
            yield _quad(f"{claim}#position", _OA + name, value, _CLAIMS)
        if quote is not None:
            yield _quad(f"{claim}#target", _OA + "hasSelector", f"{claim}#quote", _CLAIMS)
            yield _quad(f"{claim}#quote", _OA + "exact", Literal(quote), _CLAIMS)
        parts: dict[str, Term | str] = {
            "subject": thing(key if key in HOSTILE else "script"),
            "predicate": _term("purpose"),
            "object": Literal(text, "x-hell"),
        }
        for name, term in parts.items():
            yield _quad(f"{claim}#statement-1", RDF + name, term, _CLAIMS)


def judgement(key: str) -> Mapping:
    """A judgement about a thing, whose texts are its name as far as a judgement may hold them."""
    text = HOSTILE[key]
    return Mapping(
        thing(key),
        SKOS + "exactMatch",
        f"https://example.org/hell?a='b'&{key}=(c)",
        "hostile",
        negated=key == "title",
        justification="LexicalMatching",
        confidence=0.5,
        similarity=0.5,
        measure=text,
        match_string=text,
        tool=text,
        mapping_date="2026-11-26",
        reviewer=text,
        review_date="2026-11-26",
        source_version=text,
        comment=text,
        subject_label=text,
        object_label=text,
        formerly=(text,),
    )


JUDGED = ("script", "title", "attribute", "comment", "template", "entity", "arabic", "unclosed", "unbroken")
"""The things that there are judgements about."""


def _mappings() -> Iterator[Quad]:
    """Judgements in such words, with what they brought; and what is no judgement."""
    names = Names(CANONICAL_BASE)
    for key in JUDGED:
        mapping = judgement(key)
        for triple in mapping_triples(mapping, names):
            yield (*triple, Iri(names.mappings))
        if mapping.verdict == "accepted":
            yield _quad(mapping.subject, mapping.predicate, mapping.object, names.links("hostile"))
            text = HOSTILE[key]
            value = Literal(text, "x-hell")
            row = Fetched(
                Iri(mapping.object),
                Iri(_term(f"hostile-{key}")),
                value,
                mapping.iri(names),
                EVIL_IRIS[0],
                "hell",
                text,
            )
            yield from fetched_quads([row], names.enrichment("hostile"))
    for at, broken in enumerate(("predicate", "target", "number")):
        iri = names.thing(f"mapping/broken-{broken}")
        for subject, predicate, obj in mapping_triples(judgement("script"), names):
            wrong = predicate.value.endswith(("annotatedProperty", "isPartOf", "confidence")[at])
            end = Literal("hell") if wrong else obj
            yield Iri(iri) if "#" not in subject.value else subject, predicate, end, Iri(names.mappings)


def hostile_settings(path: Path, bundle: Bundle) -> Settings:
    """Settings of a folder that holds the bundle, and as its second generation the same with these names.

    No check of a build sees them: an editor can write as much over HTTP, and other data are loaded every day.
    """
    settings = Settings.load({}, {"data": path})
    build(bundle, settings)
    folder = Folder(settings.data)
    with folder.writing("test"), folder.staging() as place:
        manifest = folder.manifest()
        Snapshot(folder, manifest, settings.max_merge_triples).backup(place / "store")
        staged = Staged.following(place / "store", manifest)
        staged.add([*_things(), *_graphs(), *_claims(), *_mappings()])
        staged.refresh_merges()
        counts = staged.counts()
        staged.close()
        derived = staged.names.derived
        fresh = replace(
            manifest,
            number=folder.next_number(),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            graphs={graph: count for graph, count in counts.items() if graph not in derived},
            derived={graph: count for graph, count in counts.items() if graph in derived},
            merges={name: members for name, members in staged.merges.items() if members != (name,)},
            edits=1,
        )
        folder.publish(place, fresh, settings.keep_generations)
    return settings
