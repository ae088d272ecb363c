"""The front end that the build made: which hashed file stands for which entry."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

__all__ = ["BUILT", "FOR_EVER", "asset", "asset_file", "built", "is_built"]

BUILT = Path(__file__).parent / "static" / "build"
"""Where the build puts its files; each has a digest in its name, so that a browser may keep it for ever."""

FOR_EVER = "public, max-age=31536000, immutable"
"""`Cache-Control` of such a file (RFC 8246)."""


@cache
def _files() -> dict[str, str]:
    manifest = BUILT / "manifest.json"
    if not manifest.is_file():
        return {}
    return {str(name): str(file) for name, file in json.loads(manifest.read_text(encoding="utf-8"))["files"].items()}


def asset(name: str) -> str | None:
    """The address below the service of a built file (`static/build/site.1A2B3C4D.js`); None where there is none."""
    file = _files().get(name)
    return None if file is None else f"static/build/{file}"


def asset_file(name: str) -> Path | None:
    """A built file on disk; None where it was not built."""
    file = _files().get(name)
    return None if file is None else BUILT / file


def is_built(path: str) -> bool:
    """Whether a URL path below the service is that of a built file that the manifest names or refers to."""
    return (
        path.startswith("/static/build/")
        and path.rpartition(".")[2] in ("css", "js", "json", "woff2")
        and not (path.endswith("/manifest.json"))
    )


def built() -> str:
    """A name for all the built files together."""
    return hashlib.sha256(repr(sorted(_files().items())).encode()).hexdigest()[:16]
