"""The parts that schemas of JSON documents are made of."""

from __future__ import annotations

__all__ = ["Schema", "listed", "ref", "shape"]

Schema = dict[str, object]


def ref(name: str) -> Schema:
    """A reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def shape(required: str, /, **properties: Schema) -> Schema:
    """An object with these properties, of which those that are named in `required` are always there."""
    return {"type": "object", "required": required.split(), "properties": properties}


def listed(items: Schema) -> Schema:
    """A list of such items."""
    return {"type": "array", "items": items}
