"""Reads what is known of each target: where its data is, what it may meet, and which values tell who is who."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import cast

import yaml

from so2graph.errors import BadParameter, NotFound
from so2graph.link.spec import Kind, Spec, spec_of
from so2graph.registry import Bundle, Text
from so2graph.vocab import CANONICAL_BASE, Prefixes

__all__ = [
    "ACCESS",
    "Access",
    "Side",
    "Source",
    "Target",
    "expand",
    "narrowed",
    "read_spec",
    "read_target",
    "spaces",
    "target_of",
    "targets",
]

ACCESS = ("rdf", "csv", "parquet", "sparql", "reconciliation")
"""How the data of a target is had: a file of RDF, CSV or Parquet, a SPARQL endpoint, a reconciliation service."""
_FOLDER = Path(__file__).parent / "targets"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_RESERVED = ("review", "health", "mappings")
_CURIE = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):([^/\s][^\s]*)")
_PREDICATES = ("skos:exactMatch", "skos:closeMatch", "skos:broadMatch", "skos:narrowMatch", "skos:relatedMatch")

_KEYS = {
    "": "title about homepage licence licence_note things scheme prefixes access predicate unique wish top "
    "ours theirs meets fields enrich",
    "access": "kind url format columns delimiter quoting member paging page chunk most_rows type only encoding",
    "side": "members types",
    "source": "paths pattern point scheme match without languages split",
}


@dataclass(frozen=True)
class Source:
    """Where one side has the values of a field.

    `paths` are SPARQL property paths (SPARQL 1.1, 9) from the thing, or names of columns; `pattern` is a graph
    pattern that binds `?value` for `?id`. `point` are the paths or columns of latitude and longitude. Of an
    identifier, an IRI has its scheme by its form; any other value has `scheme`. Only what `match` (a regular
    expression) finds counts, its first group where it has one; what `without` finds is taken off. `languages` are
    those of the texts that count, the empty one for texts without one. `split` parts the values of a cell.
    """

    paths: tuple[str, ...] = ()
    pattern: str = ""
    point: tuple[str, str] | None = None
    scheme: str = ""
    match: str = ""
    without: str = ""
    languages: tuple[str, ...] = ()
    split: str = ""


@dataclass(frozen=True)
class Side:
    """One side: which things there are (`members`: a graph pattern that binds `?id`, or the column of the id), how
    their types are said, and where the values of each field are."""

    members: str
    types: Source
    fields: Mapping[str, Source]


@dataclass(frozen=True)
class Access:
    """How the data is had. `page` things are asked for at a time, and the values of `chunk`; an answer of `most_rows`
    counts as cut off. `paging` is `keyset` (the things after the last one) or `offset`. Of a table the rows count
    whose columns have one of the values of `only`; what parts its cells is found out where no `delimiter` says it."""

    kind: str
    url: str = ""
    format: str = ""
    columns: tuple[str, ...] = ()
    delimiter: str = ""
    quoting: bool = True
    member: str = ""
    paging: str = "keyset"
    page: int = 1000
    chunk: int = 100
    most_rows: int = 0
    type: str = ""
    encoding: str = "utf-8-sig"
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """A set of data elsewhere that our things are linked with. `things` is the form of its IRIs, with `{id}`.

    `licence` is an IRI, or empty where it depends on the copy and must be given with it. `predicate` is the IRI of
    the relation that an accepted link states.
    """

    name: str
    title: Text
    about: Text
    homepage: str
    things: str
    access: Access
    ours: Side
    theirs: Side
    spec: Spec
    predicate: str
    licence: str = ""
    licence_note: str = ""
    scheme: str = ""
    enrich: tuple[tuple[str, ...], ...] = ()
    """Paths of property IRIs from a linked thing: what is brought into the graph of enrichment."""
    prefixes: Mapping[str, str] = field(default_factory=dict)

    @property
    def fetched(self) -> bool:
        """Whether its data can be fetched from where it is published."""
        return bool(self.access.url)


def targets(prefixes: Prefixes | None = None, data: Path | None = None) -> dict[str, Target]:
    """All targets by name: those that come with the program, and those of which `data` keeps a file."""
    table = prefixes if prefixes is not None else Bundle.find(CANONICAL_BASE).prefixes()
    paths = {path.stem: path for path in sorted(_FOLDER.glob("*.yaml"))}
    if data is not None:
        paths |= {path.parent.name: path for path in sorted((data / "links").glob("*/target.yaml"))}
    return {name: read_target(paths[name], table, name) for name in sorted(paths)}


def target_of(text: str, prefixes: Prefixes | None = None, data: Path | None = None) -> Target:
    """The target of a name, or of a file that describes one; raises `NotFound` with the names that there are."""
    if text.endswith((".yaml", ".yml")) and Path(text).is_file():
        table = prefixes if prefixes is not None else Bundle.find(CANONICAL_BASE).prefixes()
        return read_target(Path(text), table)
    known = targets(prefixes, data)
    if text not in known:
        raise NotFound(
            f"there is no target {text[:80]!r}",
            mend=f"Give one of {', '.join(known)}, or a .yaml file that describes one.",
        )
    return known[text]


@lru_cache(1)
def spaces() -> tuple[tuple[str, str, str], ...]:
    """The forms of IRIs that are identifiers: scheme, and what stands before and after the identifier itself."""
    found = []
    for path in sorted(_FOLDER.glob("*.yaml")):
        row = _loaded(path)
        before, mark, after = str(row.get("things", "")).partition("{id}")
        if mark:
            found.append((str(row.get("scheme", path.stem)), before, after))
    return tuple(sorted(found, key=lambda space: -len(space[1])))


def read_target(path: Path, prefixes: Mapping[str, str], name: str | None = None) -> Target:
    """The target that a file describes; raises `BadParameter`, which names the entry at fault."""
    name = name or path.stem
    where = f"{path.name}"
    row = _loaded(path)
    _known("", row, where)
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise BadParameter(
            f"{name!r} is no name of a target", mend="Call the file by a lower-case slug, such as wof."
        )
    table = {**prefixes, **{key: str(value) for key, value in _mapping(row, "prefixes", where).items()}}
    rows = _mapping(row, "fields", where)
    kinds = {each: str(_mapping(rows, each, where).get("kind")) for each in rows}
    access = _access(_mapping(row, "access", where), where)
    meets = [
        [expand(str(left), table), expand(str(right), table)]
        for left, rights in _mapping(row, "meets", where).items()
        for right in cast(Sequence[object], rights if isinstance(rights, list) else [rights])
    ]
    plain: dict[str, object] = {key: row[key] for key in ("wish", "top", "unique") if key in row}
    spec = spec_of({**plain, "name": name, "fields": kinds, "meets": meets}, where)
    predicate = str(row.get("predicate", _PREDICATES[0]))
    if predicate not in _PREDICATES:
        raise BadParameter(
            f"{where}: predicate {predicate!r} is not used", mend=f"Use one of {', '.join(_PREDICATES)}."
        )
    return Target(
        name=name,
        title=_text(row, "title", where),
        about=_text(row, "about", where),
        homepage=str(row.get("homepage", "")),
        things=str(row.get("things", "")),
        access=access,
        ours=_side(row, "ours", rows, where),
        theirs=_side(row, "theirs", rows, where, access.kind),
        spec=spec,
        predicate=expand(predicate, table),
        licence=str(row.get("licence") or ""),
        licence_note=str(row.get("licence_note", "")),
        scheme=str(row.get("scheme", name)),
        enrich=_enrich(row, table, where),
        prefixes=table,
    )


def _enrich(row: Mapping[str, object], prefixes: Mapping[str, str], where: str) -> tuple[tuple[str, ...], ...]:
    """The paths of `enrich`: names with a prefix, and `/` between them."""
    given = row.get("enrich", ())
    if not isinstance(given, list | tuple):
        raise BadParameter(f"{where}: enrich is no list of paths", mend="Write [rdfs:label, dcterms:type].")
    paths = tuple(tuple(expand(step.strip(), prefixes) for step in str(path).split("/")) for path in given)
    for step in (step for path in paths for step in path):
        if not step.startswith(("http://", "https://")):
            raise BadParameter(f"{where}: {step!r} in enrich has no known prefix", mend="Add it to prefixes.")
    return paths


def read_spec(path: Path) -> tuple[Spec, dict[str, Source], dict[str, Source], tuple[str, str]]:
    """The specification of a file for `link match`: the spec, where each side has its fields, and the ids of both."""
    row = _loaded(path)
    rows = _mapping(row, "fields", path.name)
    kinds = {each: _mapping(rows, each, path.name).get("kind", "") for each in rows}
    plain = {key: value for key, value in row.items() if key not in ("fields", "left", "right")}
    spec = spec_of({"name": path.stem, **plain, "fields": kinds}, path.name)
    left, right = (
        {each: _source(_mapping(rows, each, path.name).get(side, each), f"{path.name}: {each}") for each in rows}
        for side in ("left", "right")
    )
    return spec, left, right, (str(row.get("left", "")), str(row.get("right", "")))


def narrowed(target: Target, types: Sequence[str]) -> Target:
    """The target for our things of some types only; raises `BadParameter` for a type that meets nothing there."""
    if not types:
        return target
    wanted = [expand(text, target.prefixes) for text in types]
    known = sorted({left for left, _ in target.spec.meets})
    if strangers := [text for text, iri in zip(types, wanted, strict=True) if iri not in known]:
        short = Prefixes(target.prefixes)
        raise BadParameter(
            f"things of the type {strangers[0]} meet nothing in {target.name}",
            mend=f"Give one of {', '.join(map(short.compact, known))}.",
        )
    meets = tuple(pair for pair in target.spec.meets if pair[0] in wanted)
    return replace(target, spec=replace(target.spec, meets=meets))


def expand(text: str, prefixes: Mapping[str, str]) -> str:
    """The IRI of a name with a known prefix; any other text as it is."""
    found = _CURIE.fullmatch(text)
    if found is None or found[1] not in prefixes:
        return text
    return prefixes[found[1]] + found[2]


def _loaded(path: Path) -> dict[str, object]:
    try:
        row = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadParameter(f"{path} is not YAML: {error}", mend="Mend it there.") from None
    if not isinstance(row, dict):
        raise BadParameter(
            f"{path} has no entries", mend="Begin with title, access and fields; see docs/link-targets.md."
        )
    return cast(dict[str, object], row)


def _known(kind: str, row: Mapping[str, object], where: str) -> None:
    if odd := sorted(set(map(str, row)) - set(_KEYS[kind].split())):
        raise BadParameter(f"{where}: {odd[0]!r} is not an entry here", mend=f"Use {', '.join(_KEYS[kind].split())}.")


def _mapping(row: Mapping[str, object], key: str, where: str) -> dict[str, object]:
    value = row.get(key) or {}
    if isinstance(value, str):
        return {"kind": value}
    if not isinstance(value, dict):
        raise BadParameter(
            f"{where}: {key!r} is not a table of names and values", mend="Write 'name: value' below it."
        )
    return {str(name): each for name, each in value.items()}


def _text(row: Mapping[str, object], key: str, where: str) -> Text:
    value = row.get(key)
    if not isinstance(value, dict) or not value.get("nl") or not value.get("en"):
        raise BadParameter(f"{where}: {key} needs nl and en", mend=f"Write '{key}: {{nl: …, en: …}}'.")
    return Text(str(value["nl"]).strip(), str(value["en"]).strip())


def _access(row: Mapping[str, object], where: str) -> Access:
    _known("access", row, f"{where}: access")
    kind = str(row.get("kind"))
    if kind not in ACCESS:
        raise BadParameter(f"{where}: access by {kind!r} is not known", mend=f"Use one of {', '.join(ACCESS)}.")
    if (paging := str(row.get("paging", "keyset"))) not in ("keyset", "offset"):
        raise BadParameter(f"{where}: paging {paging!r} is not known", mend="Use keyset or offset.")
    _check_encoding(str(row.get("encoding", "utf-8")), where)
    for key in ("page", "chunk", "most_rows"):
        value = row.get(key, 1)
        if not isinstance(value, int) or not 1 <= value <= 1_000_000:
            raise BadParameter(f"{where}: {key} {value!r} is no number of rows", mend="Give one from 1 on.")
    only = {
        name: tuple(map(str, value if isinstance(value, list) else [value]))
        for name, value in _mapping(row, "only", f"{where}: access").items()
    }
    columns = tuple(map(str, cast(Sequence[object], row.get("columns", ()))))
    given = {key: value for key, value in row.items() if key not in ("columns", "only")}
    return Access(**{**given, "columns": columns, "only": only})  # type: ignore[arg-type]  # checked above


def _check_encoding(name: str, where: str) -> None:
    try:
        codecs.lookup(name)
    except LookupError:
        raise BadParameter(f"{where}: {name!r} is no encoding", mend="Use utf-8, or windows-1252.") from None


def _side(row: Mapping[str, object], key: str, fields: Mapping[str, object], where: str, kind: str = "rdf") -> Side:
    mine = _mapping(row, key, where)
    _known("side", mine, f"{where}: {key}")
    members = str(mine.get("members", "")).strip()
    if not members and kind != "reconciliation":
        raise BadParameter(
            f"{where}: {key} does not say which things there are",
            mend="Give 'members': a graph pattern that binds ?id, or the column of the id.",
        )
    given = mine.get("types")
    types = _source(given if given else ["a"] if kind in ("rdf", "sparql") else None, f"{where}: types of {key}")
    sources = {}
    for name in fields:
        entry = _mapping(fields, name, where)
        if odd := sorted(set(entry) - {"kind", "ours", "theirs"}):
            raise BadParameter(f"{where}: field {name} has {odd[0]!r}", mend="Use kind, ours, theirs.")
        source = _source(entry.get(key), f"{where}: field {name}, {key}")
        if Kind(str(entry["kind"])) is not Kind.POINT and source.point:
            raise BadParameter(f"{where}: field {name} is not a point", mend="Give it 'kind: point'.")
        sources[name] = source
    return Side(members, types, sources)


def _source(value: object, where: str) -> Source:
    if value is None:
        return Source()
    if isinstance(value, str):
        return Source(paths=(value,))
    if isinstance(value, list):
        return Source(paths=tuple(map(str, value)))
    if not isinstance(value, dict):
        raise BadParameter(f"{where} is neither a path nor a table", mend="Give a path, several, or 'paths: […]'.")
    _known("source", value, where)
    texts = {key: str(value[key]) for key in ("pattern", "scheme", "match", "without", "split") if key in value}
    for key in ("match", "without"):
        try:
            re.compile(texts.get(key, ""))
        except re.error as error:
            raise BadParameter(f"{where}: {key} is no regular expression: {error}", mend="Mend it.") from None
    paths = value.get("paths", ())
    point = value.get("point")
    if point is not None and (not isinstance(point, list) or len(point) != 2):
        raise BadParameter(f"{where}: point needs latitude and longitude", mend="Write 'point: [lat, long]'.")
    return Source(
        paths=(paths,) if isinstance(paths, str) else tuple(map(str, cast(Sequence[object], paths))),
        point=None if point is None else (str(point[0]), str(point[1])),
        languages=tuple(map(str, cast(Sequence[object], value.get("languages", ())))),
        **texts,
    )
