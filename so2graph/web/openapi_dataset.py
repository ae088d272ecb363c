"""The rows of the table of routes for the dataset as a whole: files to take home, and what describes it."""

from __future__ import annotations

from so2graph.coding import SUFFIXES
from so2graph.formats import GRAPH_FORMATS, HTML, PLACE_FORMATS
from so2graph.publish.selection import KINDS, SIDECAR, Kind
from so2graph.registry import Text
from so2graph.vocab import MODALITIES
from so2graph.web.described import PROFILES
from so2graph.web.exports import ELSEWHERE
from so2graph.web.openapi_parts import (
    IF_NONE_MATCH,
    INDEX,
    LANGUAGE,
    RDF,
    READ,
    STRING,
    Content,
    Parameter,
    Route,
    format_of,
    suffix_of,
)
from so2graph.web.openapi_schemas import ref

__all__ = ["DATASET_ROUTES"]

_WHICH = {"modality": "|".join(MODALITIES), "framed": "[A-Za-z][A-Za-z0-9]*"}
"""What goes on the name of a kind of which there are several; any text where it does not say."""


def _names(kind: Kind) -> str:
    """The names of a kind of export, as a pattern."""
    which = f"/(?:{_WHICH.get(kind.name, '.+')})" if kind.named else ""
    return rf"{kind.name}{which}\.(?:{'|'.join(fmt.suffix for fmt in kind.formats)})"


_EXPORTS = "|".join(_names(kind) for kind in KINDS.values())
_CODED = rf"(?:\.(?:{'|'.join(SUFFIXES)}))?(?:{SIDECAR.replace('.', '[.]')})?"
_ANYWHERE = "|".join(f"{head}/.+" for head in ELSEWHERE)
_MADE = tuple(dict.fromkeys(fmt for kind in KINDS.values() for fmt in kind.formats))
_FILES = Content(
    {
        **{fmt.media_type: Content.of((fmt,)).types[fmt.media_type] for fmt in _MADE},
        **Content.of(PLACE_FORMATS, ref("Places")).types,
        **{f"application/{coding}": {} for coding in SUFFIXES.values()},
        INDEX.media_type: ref("Sidecar"),
    }
)
_PARTS = Content(dict.fromkeys(_FILES.types))
_PROFILE = Parameter(
    "_profile",
    {"type": "string", "enum": [*PROFILES, ""]},
    Text(
        "Profiel: DCAT, of de hele dataset in de woorden van schema.org; dat laatste komt als JSON-LD alleen.",
        "Profile: DCAT, or the whole dataset in the words of schema.org; the latter comes as JSON-LD alone.",
    ),
)


def _pair(rule: str, summary: Text, content: Content, more: tuple[Parameter, ...] = ()) -> tuple[Route, ...]:
    """An address that is asked by `format=` or `Accept`, and the one with a suffix."""
    formats = (HTML, *GRAPH_FORMATS) if HTML.media_type in content.types else GRAPH_FORMATS
    both = (*more, IF_NONE_MATCH)
    return (
        Route(
            rule,
            "GET",
            "dataset",
            summary,
            {200: content},
            (format_of(*formats), *both),
            (*READ, 406),
            kept=True,
            example=rule[1:],
        ),
        Route(
            f"{rule}.<suffix>",
            "GET",
            "dataset",
            Text(f"{summary.nl}, in een formaat", f"{summary.en}, in a format"),
            {200: content},
            (suffix_of(*formats), *both),
            (*READ, 404, 406),
            kept=True,
        ),
    )


def _xml(rule: str, summary: Text, media_type: str, *parameters: Parameter, errors: tuple[int, ...] = ()) -> Route:
    """An address that has one form only."""
    content = Content({media_type: STRING})
    return Route(
        rule, "GET", "dataset", summary, {200: content}, (*parameters, IF_NONE_MATCH), (*READ, *errors), kept=True
    )


DATASET_ROUTES: tuple[Route, ...] = (
    Route(
        "/exports",
        "GET",
        "dataset",
        Text("De bestanden om mee te nemen", "The files to take home"),
        {200: Content({HTML.media_type: STRING, INDEX.media_type: ref("Exports")})},
        (format_of(HTML, INDEX), LANGUAGE, IF_NONE_MATCH),
        (*READ, 406),
        kept=True,
        example="exports?format=json",
    ),
    Route(
        "/exports/<path:name>",
        "GET",
        "dataset",
        Text("Een bestand, of wat erin zit (.meta.json)", "A file, or what is in it (.meta.json)"),
        {200: _FILES, 206: _PARTS, 308: Content({HTML.media_type: STRING})},
        (
            Parameter(
                "name",
                {"type": "string", "pattern": f"^(?:(?:{_EXPORTS}){_CODED}|{_ANYWHERE})$"},
                Text(
                    "Soort, welke daarvan, formaat; met .gz of .zst ingepakt, met .meta.json wat erin zit.",
                    "Kind, which of it, format; compressed with .gz or .zst, what is in it with .meta.json.",
                ),
                "path",
                required=True,
                example="graph/so2/stated.ttl",
            ),
            Parameter(
                "Range",
                STRING,
                Text(
                    "Een deel ervan: bytes=0-99 (RFC 9110, 14.2). Wat er niet is, is een 416.",
                    "A part of it: bytes=0-99 (RFC 9110, 14.2). What is not there is a 416.",
                ),
                "header",
            ),
            Parameter(
                "If-Range",
                STRING,
                Text(
                    "De ETag of de datum waar het deel bij hoort; past die niet meer, dan komt het geheel.",
                    "The ETag or date that the part belongs to; where it no longer fits, the whole is sent.",
                ),
                "header",
            ),
            IF_NONE_MATCH,
        ),
        (*READ, 404, 406, 412, 416, 422),
        headers=("Accept-Ranges", "Content-Disposition", "Last-Modified", "Link", "Repr-Digest"),
        kept=True,
        example="exports/network.gexf",
        details=Text(
            "entity/… en query/… leiden (308) naar /doc en /queries. Een bestand wordt gemaakt als er het eerst om "
            "gevraagd wordt; duurt dat te lang, dan is het een 503 met Retry-After.",
            "entity/… and query/… lead (308) to /doc and /queries. A file is made when it is first asked for; where "
            "that takes too long, it is a 503 with Retry-After.",
        ),
    ),
    *_pair(
        "/catalog",
        Text("De catalogus: pagina of DCAT", "The catalogue: page or DCAT"),
        Content.of((HTML, *GRAPH_FORMATS)),
        (_PROFILE, LANGUAGE),
    ),
    *_pair("/.well-known/void", Text("De dataset in VoID, met aantallen", "The dataset in VoID, with counts"), RDF),
    *_pair(
        "/.well-known/sparql-examples", Text("De vragen die klaarstaan, als RDF", "The stored queries as RDF"), RDF
    ),
    _xml(
        "/changes.atom",
        Text("Wat er veranderde, uitgave voor uitgave", "What changed, generation by generation"),
        "application/atom+xml",
        LANGUAGE,
    ),
    _xml(
        "/sitemap.xml",
        Text("Alle pagina's voor zoekmachines", "All pages for search engines"),
        "application/xml",
    ),
    _xml(
        "/sitemap-<int:number>.xml",
        Text("Een deel van de sitemap", "A part of the sitemap"),
        "application/xml",
        Parameter(
            "number",
            {"type": "integer", "minimum": 1},
            Text("Welk deel, vanaf 1.", "Which part, from 1."),
            "path",
            required=True,
            example=1,
        ),
        errors=(404,),
    ),
    _xml("/robots.txt", Text("Wat zoekmachines mogen", "What search engines may do"), "text/plain"),
)
