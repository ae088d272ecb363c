"""JSON Schemas (2020-12) of the JSON documents that the service sends."""

from __future__ import annotations

__all__ = ["SCHEMAS", "Schema", "ref"]

Schema = dict[str, object]


def ref(name: str) -> Schema:
    """A reference to a schema of this table."""
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: str, /, **properties: Schema) -> Schema:
    return {"type": "object", "required": required.split(), "properties": properties}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_IRI: Schema = {"type": "string", "format": "iri"}
_ADDRESS: Schema = {"type": "string", "format": "uri"}
_MAYBE: Schema = {"type": ["string", "null"]}

SCHEMAS: dict[str, Schema] = {
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
