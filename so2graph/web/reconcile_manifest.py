"""What the reconciliation service says of itself: the manifests of both versions of its API; without I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from so2graph import __version__

__all__ = ["PREVIEW", "SETTINGS", "draft", "manifest"]

Json = dict[str, object]
PREVIEW = (430, 300)
"""Width and height of a preview, in pixels."""
SETTINGS: dict[str, tuple[str, object, tuple[str, ...]]] = {
    "limit": ("number", 0, ()),
    "count": ("checkbox", False, ()),
    "language": ("select", "mine", ("mine", "nl", "en", "all")),
    "certainty": ("select", "facts", ("facts", "any")),
}
"""The settings of a property that is fetched: their type, what is usual, and what there is to choose."""


class _Say(Protocol):
    def __call__(self, key: str, **values: object) -> str: ...


def manifest(root: str, base: str, batch: int, types: Sequence[Json], say: _Say) -> Json:
    """The manifest of versions 0.1 and 0.2 (0.2, 3.1); `root` is the address of the service with a slash."""
    url = f"{root}reconcile"
    return {
        "versions": ["0.1", "0.2"],
        **_both(root, batch, types, say),
        "identifierSpace": f"{base}id/",
        "schemaSpace": f"{base}def#",
        "view": {"url": f"{url}/view?id={{{{id}}}}"},
        "preview": {"url": f"{url}/preview?id={{{{id}}}}", "width": PREVIEW[0], "height": PREVIEW[1]},
        "suggest": {
            kind: {
                "service_url": url,
                "service_path": f"/suggest/{kind}",
                "flyout_service_url": url,
                "flyout_service_path": f"/flyout/{kind}?id=${{id}}",
            }
            for kind in ("entity", "property", "type")
        },
        "extend": {
            "propose_properties": {"service_url": url, "service_path": "/propose"},
            "property_settings": [_setting(name, say, "name", "label", "help_text") for name in SETTINGS],
        },
    }


def draft(root: str, language: str, batch: int, types: Sequence[Json], say: _Say) -> Json:
    """The manifest of the draft of version 1.0."""
    return {
        "versions": ["1.0-draft"],
        **_both(root, batch, types, say),
        "view": {"url": f"{root}reconcile/view?id={{id}}"},
        "preview": {"width": PREVIEW[0], "height": PREVIEW[1]},
        "suggest": {"entity": True, "property": True, "type": True},
        "extend": {
            "proposeProperties": True,
            "propertySettings": [_setting(name, say, "id", "name", "helpText") for name in SETTINGS],
        },
        "standardizedScore": True,
        "lang": language,
        "dir": "ltr",
    }


def _both(root: str, batch: int, types: Sequence[Json], say: _Say) -> Json:
    return {
        "name": say("reconcile.name"),
        "documentation": f"{root}reconcile",
        "logo": f"{root}static/favicon.svg",
        "serviceVersion": __version__,
        "defaultTypes": list(types),
        "batchSize": batch,
    }


def _setting(name: str, say: _Say, ident: str, label: str, help_text: str) -> Json:
    """A setting; the versions differ in what they call its parts."""
    kind, usual, choices = SETTINGS[name]
    found: Json = {
        "type": kind,
        "default": usual,
        ident: name,
        label: say(f"reconcile.setting.{name}"),
        help_text: say(f"reconcile.setting.{name}.help"),
    }
    if choices:
        found["choices"] = [{"value": each, "name": say(f"reconcile.setting.{name}.{each}")} for each in choices]
    return found
