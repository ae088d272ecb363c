"""JSON Schemas (2020-12) of the JSON documents that the service sends."""

from __future__ import annotations

from so2graph.web.openapi_schemas_reconcile import RECONCILE_SCHEMAS
from so2graph.web.openapi_shapes import Schema, ref
from so2graph.web.openapi_shapes import listed as _list
from so2graph.web.openapi_shapes import shape as _object

__all__ = ["SCHEMAS", "Schema", "ref"]

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_IRI: Schema = {"type": "string", "format": "iri"}
_ADDRESS: Schema = {"type": "string", "format": "uri"}
_MAYBE: Schema = {"type": ["string", "null"]}
_PLACE: dict[str, Schema] = {
    name: {"type": "integer", "minimum": 1} for name in ("line", "column", "endLine", "endColumn")
}
_LABELS: Schema = {"type": "object", "additionalProperties": _TEXT, "description": 'By language; "" has none.'}

_RANGE = _object("start end", start=_COUNT, end=_COUNT)

SCHEMAS: dict[str, Schema] = {
    "Annotations": {
        **_object(
            "@context id type source text phrases items",
            id=_ADDRESS,
            type={"const": "AnnotationPage"},
            source=_IRI,
            text={"type": "string", "description": "As long as the original; positions count code points."},
            covered=_object("characters of", characters=_COUNT, of=_COUNT),
            blanked=_list(_RANGE),
            phrases=_list(
                _object("start end claims", start=_COUNT, end=_COUNT, claims=_list(_TEXT), mentions=_list(_TEXT))
            ),
            items=_list({"type": "object"}),
        ),
        "description": "A source document and what rests on it (Web Annotation Data Model, 5.2).",
    },
    "Problem": {
        **_object(
            "type title status detail",
            type=_ADDRESS,
            title=_TEXT,
            status={"type": "integer", "minimum": 400, "maximum": 599},
            detail={"type": "string", "description": "What went wrong, and where."},
            mend={"type": "string", "description": "What to do."},
            line={"type": "integer", "minimum": 1, "description": "Where in a text, from 1."},
            column={"type": "integer", "minimum": 1},
            parameter={"type": "string", "description": "The parameter at fault."},
            limit={"type": "number", "description": "The limit that was passed."},
            elapsed={"type": "number", "description": "Seconds that a query ran."},
            endpoint={"type": "string", "description": "The other endpoint that failed."},
            near=_list(_TEXT),
            allow=_list(_TEXT),
            accepted=_list(_TEXT),
            available=_list(
                {
                    "anyOf": [
                        _object("name mediaType suffix", name=_TEXT, mediaType=_TEXT, suffix=_TEXT),
                        _object("token profile mediaTypes", token=_TEXT, profile=_IRI, mediaTypes=_list(_TEXT)),
                    ]
                }
            ),
        ),
        "description": "A problem document (RFC 9457), with members of its own by type.",
    },
    "Results": {
        "description": "SPARQL 1.1 Query Results JSON Format: rows, or yes or no.",
        "oneOf": [
            _object(
                "head results",
                head=_object("vars", vars=_list(_TEXT)),
                results=_object(
                    "bindings", bindings=_list({"type": "object", "additionalProperties": ref("Binding")})
                ),
            ),
            _object("head boolean", head={"type": "object"}, boolean={"type": "boolean"}),
        ],
    },
    "Binding": {
        **_object(
            "type value",
            type={"enum": ["uri", "literal", "bnode"]},
            value=_TEXT,
            datatype=_IRI,
        ),
        "description": "An RDF term; a literal may have a datatype or a language.",
    },
    "Checked": _object(
        "ok kind errors warnings",
        ok={"type": "boolean"},
        kind={"type": "string", "description": "The form of the text: SELECT, INSERT and so on; empty without one."},
        errors=_list(ref("Flaw")),
        warnings=_list(ref("Flaw")),
    ),
    "Flaw": {
        **_object(
            "code line column endLine endColumn message mend",
            code=_TEXT,
            **_PLACE,
            message=_TEXT,
            mend=_TEXT,
            insert={"type": "string", "description": "A line to put before the text."},
            replace={**_list(_TEXT), "description": "Texts to write in its place."},
        ),
        "description": "Something in a text, with its place, from 1.",
    },
    "Explained": _object(
        "kind sentence culprits parts samples hints",
        kind={"enum": ["answers", "modifiers", "pattern", "combination", "filter", "minus", "late"]},
        sentence=_TEXT,
        culprits=_list(ref("Part")),
        parts=_list(ref("Part")),
        samples=_list(_object("variable value", variable=_TEXT, value=_TEXT)),
        hints=_list(
            _object(
                "kind sentence offers",
                kind=_TEXT,
                sentence=_TEXT,
                offers=_list(
                    _object(
                        "text label count query",
                        text=_TEXT,
                        label=_TEXT,
                        count={"type": ["integer", "null"]},
                        query={
                            "type": "string",
                            "description": "The query with it, or empty.",
                        },
                    )
                ),
            )
        ),
    ),
    "Part": _object(
        "text line column endLine endColumn matches", text=_TEXT, **_PLACE, matches={"type": ["boolean", "null"]}
    ),
    "Completion": _object(
        "generation counted prefixes classes properties graphs things thingCount",
        generation=_COUNT,
        counted={"type": "boolean", "description": "False where the dataset is too large to count."},
        prefixes={"type": "object", "additionalProperties": _IRI},
        classes=_list(ref("Entry")),
        properties=_list(ref("Entry")),
        graphs=_list(ref("Entry")),
        things={"type": ["array", "null"], "items": ref("Entry"), "description": "Null where there are too many."},
        thingCount=_COUNT,
    ),
    "Things": _object("things", things=_list(ref("Entry"))),
    "Entry": _object(
        "iri name",
        iri=_IRI,
        name={"type": "string", "description": "With a prefix where there is one, else the IRI."},
        label=_LABELS,
        comment=_LABELS,
        count={**_COUNT, "description": "Among the facts."},
        everywhere={**_COUNT, "description": "In all public graphs together."},
        classes={"type": "object", "additionalProperties": _COUNT},
        type=_TEXT,
    ),
    "Queries": _object(
        "queries",
        queries=_list(
            _object(
                "name href title description view personal parameters formats",
                name=_TEXT,
                href=_ADDRESS,
                title=ref("Text"),
                description=ref("Text"),
                view={"enum": ["table", "paths", "graph"]},
                personal={"type": "boolean", "description": "Whether the answer holds personal data."},
                parameters=_list(
                    _object(
                        "name type label default required",
                        name=_TEXT,
                        type={"enum": ["iri", "string", "integer", "year", "language"]},
                        label=ref("Text"),
                        default=_MAYBE,
                        required={"type": "boolean"},
                    )
                ),
                formats=_list(_object("name mediaType href", name=_TEXT, mediaType=_TEXT, href=_ADDRESS)),
            )
        ),
    ),
    "Search": _object(
        "query language total limit offset approximate cut exact results near chosen",
        query=_TEXT,
        language={"enum": ["nl", "en"]},
        total=_object(
            "count more",
            count=_COUNT,
            more={"type": "boolean", "description": "Whether more fits than was compared."},
        ),
        limit={"type": "integer", "minimum": 1},
        offset=_COUNT,
        approximate={"type": "boolean", "description": "Whether nothing has all the words."},
        cut={"type": "boolean", "description": "Whether names were left out of the index (search_labels)."},
        exact={"anyOf": [_object("iri href", iri=_IRI, href=_ADDRESS), {"type": "null"}]},
        results=_list(
            _object(
                "group kind label language marks also note iri href score",
                group={"enum": ["things", "places", "themes", "questions", "terms", "help"]},
                kind=_TEXT,
                label=_TEXT,
                language=_TEXT,
                marks=_list({"type": "array", "items": _COUNT, "minItems": 2, "maxItems": 2}),
                also={**_MAYBE, "description": "The name by which it was found, where that is another."},
                note=_MAYBE,
                iri=_MAYBE,
                href=_ADDRESS,
                score={"type": "number", "minimum": 0, "maximum": 1},
            )
        ),
        near={**_list(_TEXT), "description": "Words that come near, where nothing was found."},
        chosen={"type": "object", "additionalProperties": _list(_TEXT)},
        facets={
            "type": "object",
            "additionalProperties": _list(
                _object(
                    "value label count more chosen",
                    value=_TEXT,
                    label=_TEXT,
                    count=_COUNT,
                    more={"type": "boolean", "description": "Whether the count is a lower bound."},
                    chosen={"type": "boolean"},
                )
            ),
        },
    ),
    "Choices": _object("things", things=_list(_object("value label", value=_TEXT, label=_TEXT))),
    "Text": _object("nl en", nl=_TEXT, en=_TEXT),
    "Settings": _object(
        "version settings",
        version=_TEXT,
        settings={
            "type": "object",
            "additionalProperties": _object(
                "value default variable doc", value=_TEXT, default=_TEXT, variable=_TEXT, doc=_TEXT
            ),
        },
    ),
    "Health": _object("status", status={"const": "ok"}),
    "Ready": _object("status generation triples", status={"const": "ready"}, generation=_COUNT, triples=_COUNT),
    "Running": _object(
        "running",
        running=_list(_object("id elapsed query", id=_TEXT, elapsed={"type": "number"}, query=_MAYBE)),
    ),
    "Graphs": _object(
        "graphs",
        graphs=_list(_object("graph triples href", graph=_MAYBE, triples=_COUNT, href=_TEXT)),
    ),
    "Written": {
        **_object("generation", generation=_COUNT),
        "description": "The generation that has what was written.",
    },
    "Exports": _object(
        "generation codings files",
        generation=_COUNT,
        codings={**_list(_TEXT), "description": "What may stand after a name, for a compressed file."},
        files=_list(_object("name url mediaType", name=_TEXT, url=_ADDRESS, mediaType=_TEXT)),
    ),
    "Sidecar": {
        **_object(
            "name format mediaType bytes sha256 counts generation created dataset license software",
            name=_TEXT,
            format=_TEXT,
            mediaType={"type": "string", "description": "That of the file before it was compressed."},
            bytes=_COUNT,
            sha256={"type": "string", "pattern": "^[0-9a-f]{64}$"},
            counts={"type": "object", "additionalProperties": _COUNT},
            generation=_COUNT,
            created={"type": "string", "format": "date-time"},
            dataset=_IRI,
            license=_MAYBE,
            query=_MAYBE,
            software=_TEXT,
        ),
        "description": "What is in an export file.",
    },
    "Places": {
        **_object(
            "type features",
            type={"const": "FeatureCollection"},
            features=_list(
                _object(
                    "type id geometry properties",
                    type={"const": "Feature"},
                    id=_IRI,
                    geometry={"type": ["object", "null"]},
                    properties=_object("label_nl label_en", label_nl=_MAYBE, label_en=_MAYBE),
                )
            ),
        ),
        "description": "GeoJSON (RFC 7946); a place without a known point has no geometry.",
    },
    "NetworkColumns": {
        **_object(
            "version base modalities types relations times nodes edges",
            version={"const": 1},
            base=_TEXT,
            modalities=_list(_TEXT),
            types=_list(_object("iri label_nl label_en", iri=_TEXT, label_nl=_TEXT, label_en=_TEXT)),
            relations=_list(_object("iri label_nl label_en", iri=_TEXT, label_nl=_TEXT, label_en=_TEXT)),
            times=_list(_list({"type": "integer"})),
            nodes={"type": "object", "additionalProperties": {"type": "array"}},
            edges={"type": "object", "additionalProperties": {"type": "array"}},
        ),
        "description": "The network by columns; an IRI without a colon goes after `base`.",
    },
    "NetworkPath": {
        **_object(
            "from to modalities found language sentence path shortest withAllModalities",
            to=_IRI,
            modalities=_list(_TEXT),
            found={"type": "boolean"},
            language={"enum": ["nl", "en"]},
            sentence=_TEXT,
            path={"type": ["object", "null"]},
            shortest={"type": ["object", "null"]},
            withAllModalities={"type": ["object", "null"]},
        ),
        "description": "The most certain path over the links chosen; what there would be over all of them.",
    },
    "NetworkTogether": {
        **_object(
            "modalities things links parts alone cutPoints bridges",
            modalities=_list(_TEXT),
            things=_COUNT,
            links=_COUNT,
            parts={"type": "object"},
            alone={"type": "object"},
            cutPoints={"type": "object"},
            bridges={"type": "object"},
        ),
        "description": "The parts of the network, and what holds them together.",
    },
    **RECONCILE_SCHEMAS,
    "LinkSet": {
        **_object(
            "linkset",
            linkset=_list(
                {
                    **_object("anchor", anchor=_ADDRESS),
                    "additionalProperties": _list(
                        _object("href", href=_ADDRESS, type=_TEXT, profile=_list(_ADDRESS)),
                    ),
                }
            ),
        ),
        "description": "A link set (RFC 9264, 4.2): by context, then by relation.",
    },
    "Context": {
        "type": "object",
        "required": ["@context"],
        "properties": {"@context": {"type": "object"}},
        "description": "A JSON-LD context.",
    },
    "Linked": {
        "description": "A JSON-LD document.",
        "type": ["object", "array"],
    },
    "Document": {
        **_object("openapi info paths", openapi=_TEXT, info={"type": "object"}, paths={"type": "object"}),
        "description": "An OpenAPI document.",
    },
}
