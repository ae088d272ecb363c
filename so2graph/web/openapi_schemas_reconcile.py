"""JSON Schemas of what the reconciliation service takes and sends."""

from __future__ import annotations

from so2graph.web.openapi_shapes import Schema, listed, shape

__all__ = ["RECONCILE_SCHEMAS"]

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_ADDRESS: Schema = {"type": "string", "format": "uri"}
_NAMED = shape("id name", id=_TEXT, name=_TEXT, description=_TEXT)
_CANDIDATE = shape(
    "id name score match type features",
    id=_TEXT,
    name=_TEXT,
    description=_TEXT,
    score={"type": "number", "minimum": 0, "maximum": 100},
    match={"type": "boolean"},
    type=listed(_NAMED),
    features=listed(shape("id name value", id=_TEXT, name=_TEXT, value={"type": ["number", "boolean"]})),
)
_VALUE: Schema = {"type": "object", "minProperties": 1}

RECONCILE_SCHEMAS: dict[str, Schema] = {
    "Manifest": {
        **shape(
            "versions name view",
            versions=listed({"enum": ["0.1", "0.2", "1.0-draft"]}),
            name=_TEXT,
            identifierSpace=_ADDRESS,
            schemaSpace=_ADDRESS,
            view=shape("url", url=_TEXT),
            defaultTypes=listed(_NAMED),
            batchSize=_COUNT,
        ),
        "description": "What the reconciliation service says of itself.",
    },
    "Matched": {
        "type": "object",
        "additionalProperties": shape("result", result=listed(_CANDIDATE), error=_TEXT),
        "description": "By key of a query its candidates, the best first; `error` says why a query was not read.",
    },
    "MatchedDraft": shape("results", results=listed(shape("candidates", candidates=listed(_CANDIDATE), error=_TEXT))),
    "MatchQueries": {
        **shape("queries", queries={**listed({"type": "object"}), "maxItems": 200}),
        "example": {"queries": [{"conditions": [{"matchType": "name", "propertyValue": "Alescon"}]}]},
    },
    "ExtendQuery": {
        **shape(
            "ids properties",
            ids={**listed({"type": "string", "maxLength": 1_000}), "maxItems": 200},
            properties={
                **listed(shape("id", id={"type": "string", "maxLength": 1_000}, settings={"type": "object"})),
                "maxItems": 100,
            },
        ),
        "example": {"ids": ["alescon"], "properties": [{"id": "rdfs:label"}]},
    },
    "Extended": shape(
        "meta rows",
        meta=listed(_NAMED),
        rows={"type": "object", "additionalProperties": {"type": "object", "additionalProperties": listed(_VALUE)}},
    ),
    "ExtendedDraft": shape(
        "meta rows",
        meta=listed(_NAMED),
        rows=listed(
            shape("id properties", id=_TEXT, properties=listed(shape("id values", id=_TEXT, values=listed(_VALUE))))
        ),
    ),
    "Suggested": shape("result", result=listed(_NAMED)),
    "Flyout": shape("id html", id=_TEXT, html=_TEXT),
    "Proposed": shape("properties", properties=listed(_NAMED), type=_TEXT, limit=_COUNT),
}
