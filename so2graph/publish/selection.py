"""What can be exported, in which formats, and by which name; without I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from so2graph.coding import SUFFIXES
from so2graph.errors import NotAcceptable, NotFound
from so2graph.formats import (
    CANONICAL,
    GRAPH_FORMATS,
    NETWORK_FORMATS,
    PLACE_FORMATS,
    TABLE_FORMATS,
    Format,
    by_name,
)
from so2graph.registry import Text

__all__ = ["KINDS", "SIDECAR", "Export", "Kind", "all_of", "parse"]

SIDECAR = ".meta.json"
"""How the name of the file beside an export ends that says what is in it."""
_JSON_LD = tuple(f for f in GRAPH_FORMATS if f.name == "jsonld")


@dataclass(frozen=True)
class Kind:
    """A kind of export. With `named` it is one of several (a graph, a modality), and its name goes on with which."""

    name: str
    title: Text
    formats: tuple[Format, ...]
    named: bool = False


_STATEMENTS = (*GRAPH_FORMATS, CANONICAL, *TABLE_FORMATS)
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("dataset", Text("de hele dataset", "the whole dataset"), _STATEMENTS),
        Kind("graph", Text("per graaf", "by graph"), _STATEMENTS, named=True),
        Kind("modality", Text("per modaliteit", "by modality"), _STATEMENTS, named=True),
        Kind("framed", Text("genest per soort ding", "nested by type"), _JSON_LD, named=True),
        Kind("network", Text("het netwerk", "the network"), NETWORK_FORMATS),
        Kind("nodes", Text("de dingen van het netwerk", "the nodes of the network"), TABLE_FORMATS),
        Kind("edges", Text("de verbanden van het netwerk", "the edges of the network"), TABLE_FORMATS),
        Kind("places", Text("de plaatsen", "the places"), PLACE_FORMATS),
    )
}
"""Every kind of export that grows with the dataset; one thing is at `/doc`, an answer at `/queries` and `/sparql`."""


@dataclass(frozen=True)
class Export:
    """One file: what is in it (`kind`, and `which` of it), its format and its coding (`gzip`, `zstd` or none)."""

    kind: Kind
    which: str
    format: Format
    coding: str | None = None

    @property
    def name(self) -> str:
        """The name below `/exports/`: `dataset.nq.gz`, `graph/so2/planned.ttl`."""
        stem = f"{self.kind.name}/{self.which}" if self.kind.named else self.kind.name
        coded = next((f".{suffix}" for suffix, coding in SUFFIXES.items() if coding == self.coding), "")
        return f"{stem}.{self.format.suffix}{coded}"

    @property
    def file_name(self) -> str:
        """A name for the file when it is taken home."""
        return "so2graph-" + self.name.replace("/", "-")

    @property
    def media_type(self) -> str:
        """The media type as sent: that of the compressed file where there is a coding."""
        return {"gzip": "application/gzip", "zstd": "application/zstd"}.get(
            self.coding or "", self.format.content_type
        )


def parse(name: str) -> tuple[Export, bool]:
    """The export of a name below `/exports/`, and whether the name is that of its sidecar.

    Raises `NotFound` for an unknown kind, `NotAcceptable` for a format that the kind does not have.
    """
    sidecar = name.endswith(SIDECAR)
    stem = name.removesuffix(SIDECAR)
    coding = None
    rest, _, last = stem.rpartition(".")
    if last in SUFFIXES:
        stem, coding = rest, SUFFIXES[last]
    stem, dot, suffix = stem.rpartition(".")
    head, slash, which = stem.partition("/")
    kind = KINDS.get(head)
    if kind is None or not dot or kind.named != bool(slash and which):
        names = ", ".join(f"{k.name}/…" if k.named else k.name for k in KINDS.values())
        raise NotFound(f"there is no export called {name[:80]!r}", mend=f"There are: {names}; see /exports.")
    fmt = by_name(suffix, kind.formats)
    if fmt is None or fmt.suffix != suffix:
        offered = ", ".join(f.suffix for f in kind.formats)
        available = [{"name": f.name, "mediaType": f.media_type, "suffix": f.suffix} for f in kind.formats]
        raise NotAcceptable(
            f"{head} cannot be made as {suffix[:20]!r}", mend=f"There is: {offered}.", available=available
        )
    return Export(kind, which, fmt, coding), sidecar


def all_of(graphs: list[str], modalities: list[str]) -> Iterator[Export]:
    """Every export that has a fixed name, without codings; `graphs` are the parts of their IRIs after `graph/`."""
    for kind in KINDS.values():
        choices = {"graph": graphs, "modality": modalities}.get(kind.name, [] if kind.named else [""])
        for which in choices:
            for fmt in kind.formats:
                yield Export(kind, which, fmt)
