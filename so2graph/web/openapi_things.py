"""The rows of the table of routes for things, the vocabulary and named graphs."""

from __future__ import annotations

from so2graph.formats import GRAPH_FORMATS, HTML, Format
from so2graph.registry import IRI_TEXT, Text
from so2graph.vocab import MODALITIES
from so2graph.web.graph_page import PAGE_FORMATS
from so2graph.web.linking import LINKSET_FORMATS
from so2graph.web.openapi_parts import (
    IF_NONE_MATCH,
    LANGUAGE,
    PAGE,
    PAGE_OR_RDF,
    READ,
    STRING,
    Content,
    Parameter,
    Route,
    format_of,
    local,
    suffix_of,
)
from so2graph.web.openapi_schemas import ref
from so2graph.web.profiles import PROFILES
from so2graph.web.source import SOURCE_FORMATS, STYLE
from so2graph.web.vocabulary import FORMATS as VOCABULARY_FORMATS

__all__ = ["THING_ROUTES"]

_DESCRIBED: tuple[Format, ...] = tuple(dict.fromkeys(fmt for profile in PROFILES for fmt in profile.formats))
"""What a thing is described in, in one profile or another."""
_TOKENS = [profile.name for profile in PROFILES]
_NAMED = Text(f"Er zijn: {', '.join(_TOKENS)}.", f"There are: {', '.join(_TOKENS)}.")
_FORMAT = format_of(*_DESCRIBED)
_PROFILED = (
    Parameter(
        "_profile",
        {"anyOf": [{"enum": _TOKENS}, {"type": "string", "pattern": "^https?:"}, {"type": "string", "pattern": ","}]},
        Text(
            f"Profiel, bij naam of IRI; meer met komma's, het beste eerst. Gaat voor Accept-Profile. {_NAMED.nl}",
            f"Profile, by name or IRI; several by commas, the best first. Goes before Accept-Profile. {_NAMED.en}",
        ),
        example="summary",
    ),
    Parameter(
        "Accept-Profile",
        STRING,
        Text(
            "Profielen bij IRI, met q: <https://w3id.org/so2graph/def/profile/summary>;q=0.5.",
            "Profiles by IRI, with q: <https://w3id.org/so2graph/def/profile/summary>;q=0.5.",
        ),
        where="header",
    ),
    _FORMAT,
    Parameter(
        "_mediatype",
        _FORMAT.schema,
        Text("Hetzelfde als format, dat voorgaat.", "The same as format, which goes before it."),
    ),
    LANGUAGE,
    IF_NONE_MATCH,
)
_ANSWERED = ("Content-Profile", "Link")
_FOUND = (*READ, 404, 406, 422)
_IRI = Parameter(
    "iri",
    {"type": "string", "pattern": f"^(?:{IRI_TEXT})$"},
    Text(
        "De IRI waar het om gaat, ook van een ander; die onder deze dienst is die onder de basis.",
        "The IRI that it is about, also of somebody else; one below this service is the one below the base.",
    ),
    required=True,
    example="http://www.wikidata.org/entity/Q749",
)
_VOCABULARY = Content.of(VOCABULARY_FORMATS)

THING_ROUTES: tuple[Route, ...] = (
    Route(
        "/id/<path:local>",
        "GET",
        "things",
        Text("Een ding: 303 naar de pagina erover", "A thing: 303 to the page about it"),
        {303: PAGE},
        (local("local", "alescon", "De naam van het ding.", "The name of the thing."), LANGUAGE),
        headers=("Location",),
        example="id/alescon",
    ),
    Route(
        "/doc/<path:local>",
        "GET",
        "things",
        Text("Wat er van een ding bekend is", "What is known of a thing"),
        {200: Content.of(_DESCRIBED)},
        (
            local(
                "local",
                "alescon",
                "De naam van het ding, met of zonder achtervoegsel (.ttl).",
                "The name of the thing, with a suffix (.ttl) or without.",
            ),
            *_PROFILED,
        ),
        _FOUND,
        headers=_ANSWERED,
        kept=True,
        example="doc/alescon.ttl?_profile=summary",
        details=Text(
            "Niet elk profiel komt in elk formaat: wat niet samengaat, is een 406 met alles wat er is.",
            "Not every profile comes in every format: what does not go together is a 406 with all there is.",
        ),
    ),
    Route(
        "/doc",
        "GET",
        "things",
        Text("Wat er van een IRI bekend is, ook van een ander", "What is known of an IRI, also of somebody else"),
        {200: Content.of(_DESCRIBED)},
        (_IRI, *_PROFILED),
        _FOUND,
        headers=_ANSWERED,
        kept=True,
        example="doc?iri=http://www.wikidata.org/entity/Q749&format=ttl",
    ),
    Route(
        "/doc/<path:local>/linkset",
        "GET",
        "things",
        Text("Alle links van een ding en zijn vormen (RFC 9264)", "All links of a thing and its forms (RFC 9264)"),
        {200: Content.of(LINKSET_FORMATS, ref("LinkSet"))},
        (
            local("local", "alescon", "De naam van het ding.", "The name of the thing."),
            format_of(*LINKSET_FORMATS),
            IF_NONE_MATCH,
        ),
        _FOUND,
        headers=("Link",),
        kept=True,
        details=Text(
            "Die van een IRI van een ander staan op /doc/linkset?iri=….",
            "Those of an IRI of somebody else are at /doc/linkset?iri=….",
        ),
    ),
    Route(
        "/def",
        "GET",
        "things",
        Text("De begrippen", "The vocabulary"),
        {200: _VOCABULARY},
        (format_of(*VOCABULARY_FORMATS), LANGUAGE, IF_NONE_MATCH),
        (*READ, 406),
        headers=("Link",),
        kept=True,
        example="def?format=turtle",
    ),
    Route(
        "/def.<suffix>",
        "GET",
        "things",
        Text("De begrippen in een formaat", "The vocabulary in a format"),
        {200: _VOCABULARY},
        (suffix_of(*VOCABULARY_FORMATS), LANGUAGE, IF_NONE_MATCH),
        (*READ, 404, 406),
        headers=("Link",),
        kept=True,
    ),
    Route(
        "/def/<version>",
        "GET",
        "things",
        Text("De begrippen onder hun versie", "The vocabulary under its version"),
        {200: _VOCABULARY},
        (
            local(
                "version",
                "0.1.0",
                "De versie, met of zonder achtervoegsel (.ttl).",
                "The version, with a suffix (.ttl) or without.",
            ),
            format_of(*VOCABULARY_FORMATS),
            LANGUAGE,
            IF_NONE_MATCH,
        ),
        (*READ, 404, 406),
        headers=("Link",),
        kept=True,
    ),
    Route(
        "/def/scheme/<name>",
        "GET",
        "things",
        Text("Een begrippenlijst met haar begrippen", "A concept scheme with its concepts"),
        {200: _VOCABULARY},
        (
            local(
                "name",
                "themes",
                "De naam van de lijst, met of zonder achtervoegsel (.ttl).",
                "The name of the scheme, with a suffix (.ttl) or without.",
            ),
            format_of(*VOCABULARY_FORMATS),
            LANGUAGE,
            IF_NONE_MATCH,
        ),
        (*READ, 404, 406),
        headers=("Link",),
        kept=True,
        example="def/scheme/themes.ttl",
    ),
    Route(
        "/def/profile/<token>",
        "GET",
        "things",
        Text("Een profiel onder zijn IRI", "A profile under its IRI"),
        {200: PAGE_OR_RDF},
        (
            local(
                "token", "summary", f"De naam van het profiel. {_NAMED.nl}", f"The name of the profile. {_NAMED.en}"
            ),
            format_of(HTML, *GRAPH_FORMATS),
            LANGUAGE,
            IF_NONE_MATCH,
        ),
        (*READ, 404, 406),
        kept=True,
    ),
    Route(
        "/context.jsonld",
        "GET",
        "things",
        Text("De namen van JSON-LD (de context)", "The names of JSON-LD (the context)"),
        {200: Content({"application/ld+json": ref("Context")})},
        (IF_NONE_MATCH,),
        kept=True,
    ),
    Route(
        "/source/<path:name>",
        "GET",
        "things",
        Text(
            "Een bron, met wat erop rust: pagina, tekst of annotaties",
            "A source document with what rests on it: page, text or annotations",
        ),
        {
            200: Content(
                {
                    **Content.of(SOURCE_FORMATS, ref("Annotations")).types,
                    STYLE.media_type: STRING,
                }
            )
        },
        (
            local(
                "name",
                "so2",
                "De naam van de bron, met achtervoegsel (.txt, .json) of zonder.",
                "The name of the document, with a suffix (.txt, .json) or without.",
            ),
            format_of(*SOURCE_FORMATS),
            Parameter(
                "modality",
                {"type": "string", "enum": [*MODALITIES, "none", ""]},
                Text(
                    "De pagina toont alleen uitspraken die zo gelden; mag meer dan eens.",
                    "The page shows only claims that hold in this way; may be given more than once.",
                ),
            ),
            Parameter(
                "claim",
                STRING,
                Text("Het nummer van een uitspraak om te lichten.", "The number of a claim to light."),
                example="F23",
            ),
            LANGUAGE,
            IF_NONE_MATCH,
        ),
        (*READ, 404, 406),
        headers=("Link",),
        kept=True,
        example="source/so2.json",
    ),
    Route(
        "/graph/<path:local>",
        "GET",
        "things",
        Text("Een graaf: pagina, RDF of tabel", "A named graph: page, RDF or table"),
        {200: Content.of(PAGE_FORMATS)},
        (
            local(
                "local",
                "so2/stated",
                "De graaf onder de basis, met of zonder achtervoegsel.",
                "The graph below the base, with a suffix or without.",
            ),
            format_of(*PAGE_FORMATS),
            LANGUAGE,
            IF_NONE_MATCH,
        ),
        (*READ, 404, 406, 422),
        headers=("Link",),
        kept=True,
        example="graph/so2/stated.trig",
    ),
)
