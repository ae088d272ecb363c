"""Mappings as SSSOM TSV (mapping-commons.github.io/sssom/spec-formats-tsv/), read and written byte for byte."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Table
from dataclasses import asdict, dataclass, replace
from datetime import date
from hashlib import sha256
from io import StringIO
from unicodedata import category

import yaml

from so2graph.errors import BadParameter, DataInvalid, DataSyntax
from so2graph.link.mapping import NO_TERM, SEMAPV, SSSOM, Mapping, target_name
from so2graph.vocab import CANONICAL_BASE, OWL, PROV, SKOS, Names, address_spans

__all__ = ["SUFFIX", "MappingSet", "decoded", "expanded", "parted", "read", "target_of_file", "write"]

SUFFIX = ".sssom.tsv"
SPDX = "http://spdx.org/rdf/terms#"
_LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_SLOTS: tuple[tuple[str, str], ...] = (
    ("record_id", ""),
    ("subject_id", "subject"),
    ("subject_label", "subject_label"),
    ("predicate_id", "predicate"),
    ("predicate_modifier", "negated"),
    ("object_id", "object"),
    ("object_label", "object_label"),
    ("mapping_justification", "justification"),
    ("author_id", "author"),
    ("author_label", "author"),
    ("reviewer_id", "reviewer"),
    ("reviewer_label", "reviewer"),
    ("object_source_version", "source_version"),
    ("mapping_tool", "tool"),
    ("mapping_tool_version", "tool_version"),
    ("mapping_date", "mapping_date"),
    ("review_date", "review_date"),
    ("confidence", "confidence"),
    ("subject_match_field", "subject_fields"),
    ("object_match_field", "object_fields"),
    ("match_string", "match_string"),
    ("similarity_score", "similarity"),
    ("similarity_measure", "measure"),
    ("comment", "comment"),
    ("run", "run"),
    ("specification", "spec"),
    ("revision_of", "formerly"),
    ("checksum", ""),
)
"""The slots in their order, each with the field of `Mapping` that it holds; the last four are extensions."""
_EXTENSIONS = {
    "run": "prov:wasGeneratedBy",
    "specification": "prov:hadPlan",
    "revision_of": "prov:wasRevisionOf",
    "checksum": "spdx:checksumValue",
}
_NEEDED = ("record_id", "subject_id", "predicate_id", "object_id", "mapping_justification")
_KNOWN = {
    "cbs": "https://opendata.cbs.nl/",
    "dbpedia-nl": "http://nl.dbpedia.org/resource/",
    "eurovoc": "http://eurovoc.europa.eu/",
    "geonames": "https://sws.geonames.org/",
    "nuts": "http://data.europa.eu/nuts/code/",
    "owms": "http://standaarden.overheid.nl/owms/terms/",
    "ror": "https://ror.org/",
    "stw": "http://zbw.eu/stw/descriptor/",
    "tgn": "http://vocab.getty.edu/tgn/",
    "tooi": "https://identifier.overheid.nl/tooi/id/",
    "wikidata": "http://www.wikidata.org/entity/",
    "wof": "https://spelunker.whosonfirst.org/id/",
}
_MOST_ROWS = 5_000_000
_LONGEST = 1_000
"""Characters of a text of the header."""


@dataclass(frozen=True)
class MappingSet:
    """The mappings of one target, with the title and the licence of the set."""

    target: str
    mappings: tuple[Mapping, ...] = ()
    title: str = ""
    licence: str = _LICENCE


def target_of_file(name: str) -> str:
    """The target that a file of this name is about; raises `BadParameter`."""
    if not name.endswith(SUFFIX):
        raise BadParameter(
            f"{name!r} does not say which target it is about",
            mend=f"Call the file by its target (geonames{SUFFIX}), or name the target (--target geonames).",
        )
    return target_name(name.removesuffix(SUFFIX))


# Writing


def write(found: MappingSet, names: Names) -> bytes:
    """The set as SSSOM TSV: sorted, with the columns that hold something, the same bytes for the same mappings."""
    mappings = sorted(found.mappings, key=lambda m: (m.subject, m.predicate, m.object))
    prefixes = _prefixes(mappings, names, found.target)
    rows = [_cells(mapping, prefixes, names) for mapping in mappings]
    columns = [slot for slot, _ in _SLOTS if slot in _NEEDED or any(row.get(slot) for row in rows)]
    out = StringIO(newline="")
    out.write(_header(found, prefixes, columns, names))
    table = csv.writer(out, delimiter="\t", lineterminator="\n")
    table.writerow(columns)
    table.writerows([row.get(column, "") for column in columns] for row in rows)
    return out.getvalue().encode("utf-8")


def _header(found: MappingSet, prefixes: Table[str, str], columns: Sequence[str], names: Names) -> str:
    """The metadata of the set as YAML in comments."""
    lines = ["curie_map:", *(f"  {prefix}: {json.dumps(start)}" for prefix, start in sorted(prefixes.items()))]
    extensions = [slot for slot in _EXTENSIONS if slot in columns]
    if extensions:
        lines.append("extension_definitions:")
        for slot in extensions:
            lines += [f"  - slot_name: {slot}", f"    property: {_EXTENSIONS[slot]}"]
    lines += [
        f"license: {json.dumps(found.licence)}",
        f"mapping_set_id: {json.dumps(f'{names.base}links/{found.target}{SUFFIX}')}",
        f"mapping_set_title: {json.dumps(found.title or found.target, ensure_ascii=False)}",
    ]
    return "".join(f"#{line}\n" for line in lines)


def _prefixes(mappings: Iterable[Mapping], names: Names, target: str) -> dict[str, str]:
    """The prefixes that these mappings need: those of this dataset and of SSSOM always, others as they come."""
    table = {
        "id": names.thing(""),
        "owl": OWL,
        "prov": PROV,
        "semapv": SEMAPV,
        "skos": SKOS,
        "sssom": SSSOM,
    }
    if any(map(_of_run, mappings)):
        table["spdx"] = SPDX
    if any(mapping.subject_fields or mapping.object_fields for mapping in mappings):
        table["field"] = f"{names.base}links/{target}#"
    others = set()
    for mapping in mappings:
        for iri in (mapping.subject, mapping.object, *filter(_is_iri, (mapping.author, mapping.reviewer))):
            if iri.startswith(tuple(table.values())):
                continue
            known = next((prefix for prefix, start in _KNOWN.items() if iri.startswith(start)), None)
            if known:
                table[known] = _KNOWN[known]
            else:
                others.add(_namespace(iri))
    return table | {f"ns{at}": start for at, start in enumerate(sorted(others), 1)}


def _namespace(iri: str) -> str:
    return iri[: max(iri.rfind(sign, 0, len(iri) - 1) for sign in "/#:") + 1]


def _is_iri(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _curie(iri: str, prefixes: Table[str, str]) -> str:
    start, prefix = max((start, prefix) for prefix, start in prefixes.items() if iri.startswith(start))
    return f"{prefix}:{iri[len(start) :]}"


def _cells(mapping: Mapping, prefixes: Table[str, str], names: Names) -> dict[str, str]:
    cells = {
        "record_id": _curie(mapping.iri(names), prefixes),
        "subject_id": _curie(mapping.subject, prefixes),
        "predicate_id": _curie(mapping.predicate, prefixes),
        "predicate_modifier": "Not" if mapping.negated else "",
        "object_id": _curie(mapping.object, prefixes),
        "mapping_justification": f"semapv:{mapping.justification}",
        "subject_match_field": "|".join(f"field:{name}" for name in mapping.subject_fields),
        "object_match_field": "|".join(f"field:{name}" for name in mapping.object_fields),
        "checksum": _checksum(mapping, names) if _of_run(mapping) else "",
        "revision_of": "|".join(told.replace("\\", "\\\\").replace("|", "\\|") for told in mapping.formerly),
    }
    for slot, name in _SLOTS:
        if slot in cells:
            continue
        value = getattr(mapping, name)
        if name in ("author", "reviewer"):
            shown = _is_iri(value) == slot.endswith("_id")
            cells[slot] = (_curie(value, prefixes) if slot.endswith("_id") else value) if value and shown else ""
        else:
            cells[slot] = "" if value is None else repr(value) if isinstance(value, float) else value
    return cells


# Reading


def decoded(body: bytes, where: str) -> str:
    """The text of a file in UTF-8, with a mark or without; raises `DataSyntax` with the line of what is not."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise DataSyntax(
            f"{where}, line {line}: this is not UTF-8",
            mend="Save it as UTF-8, as text with tabs.",
            file=where,
            line=line,
            column=1,
        ) from None


def read(text: str, where: str, target: str, names: Names) -> MappingSet:
    """The mappings of an SSSOM TSV; `where` names the file in messages, `target` is what its rows are about.

    A row gets its `record_id` from what it says, so that a file that was edited by hand needs none. Slots that are
    propagated from the header (SSSOM, 'Propagatable') are read. A row of a run that was edited without a reviewer is
    refused: it would be a program's still, and a later run would take its place.
    Raises `DataSyntax` or `DataInvalid` with the line.
    """
    head, body = parted(text)
    metadata = _metadata(head, where)
    prefixes = metadata.get("curie_map")
    if not isinstance(prefixes, dict):
        raise DataInvalid(f"{where} has no curie_map in its header", mend="Say what each prefix stands for.")
    table = {str(prefix): str(start) for prefix, start in prefixes.items() if _plain(start)}
    title, licence = (_text(metadata, name, where) for name in ("mapping_set_title", "license"))
    rows, first = csv.reader(StringIO(body, newline=""), delimiter="\t", strict=True), head.count("\n")
    found: dict[str, Mapping] = {}
    for line, cells in _rows(rows, where, first):
        propagated = {slot: str(metadata[slot]) for slot, _ in _SLOTS if _plain(metadata.get(slot))}
        try:
            mapping = _mapping(propagated | cells, table, target, names)
        except BadParameter as error:
            raise DataInvalid(f"{where}, line {line}: {error}", mend=error.mend) from error
        if mapping.record in found:
            raise DataInvalid(
                f"{where}, line {line}: this pair stands here twice with the same predicate", mend="Leave one out."
            )
        found[mapping.record] = mapping
    return MappingSet(target, tuple(found.values()), title, licence or _LICENCE)


def _plain(value: object) -> bool:
    """Whether a value of the header is one, and no list or table, which may be of any size when written out."""
    return isinstance(value, str | int | float | date)


def _text(metadata: Table[str, object], name: str, where: str) -> str:
    """A text of the header that is shown; raises `DataInvalid` for what may stand on no page."""
    value = metadata.get(name, "")
    text = str(value) if _plain(value) else ""
    if len(text) > _LONGEST or any(address_spans(text)) or any(category(sign)[0] == "C" for sign in text):
        raise DataInvalid(
            f"{where}: {name} is too long, or holds an e-mail address or control characters",
            mend="Shorten it to text.",
        )
    return text


def parted(text: str) -> tuple[str, str]:
    """The comments at the beginning, and the table."""
    text = text.removeprefix("\ufeff")
    at = 0
    while text.startswith("#", at):
        end = text.find("\n", at) + 1
        at = end or len(text)
    return text[:at], text[at:]


def _metadata(head: str, where: str) -> dict[str, object]:
    try:
        known = yaml.safe_load("\n".join(line.removeprefix("#") for line in head.splitlines()))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise DataSyntax(
            f"{where}, line {line}: the header is not YAML", mend="Mend the indentation.", line=line
        ) from None
    return {str(key): value for key, value in known.items()} if isinstance(known, dict) else {}


def _rows(rows: Iterator[list[str]], where: str, first: int) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of the table as slots with a text, each with its line in the file."""
    at = first
    try:
        columns = next(rows, [])
        at += 1
        if odd := [name for name in _NEEDED[1:] if name not in columns]:
            raise DataInvalid(f"{where}, line {first + 1}: there is no column {odd[0]}", mend="Add it, with tabs.")
        for count, cells in enumerate(rows):
            at = first + getattr(rows, "line_num", 0)
            if not any(cells):
                continue
            if len(cells) > len(columns) or count > _MOST_ROWS:
                raise DataInvalid(f"{where}, line {at}: there are more cells than columns", mend="Count the tabs.")
            yield at, {name: cell for name, cell in zip(columns, cells, strict=False) if cell}
    except csv.Error as error:
        raise DataSyntax(f"{where}, line {at + 1}: {error}", mend="Mind the quotation marks.", line=at + 1) from None


def expanded(curie: str, prefixes: Table[str, str]) -> str:
    """The IRI that somebody writes in full, or with a prefix of the table or of a known target (`tooi:so/so0425`).

    Raises `BadParameter`.
    """
    return _expanded(curie.strip("<>"), {**_KNOWN, **prefixes})


def _expanded(curie: str, prefixes: Table[str, str]) -> str:
    prefix, colon, local = curie.partition(":")
    if colon and prefix in prefixes:
        return prefixes[prefix] + local
    if local.startswith("//"):
        return curie
    raise BadParameter(f"the prefix of {curie!r} is not in the curie_map", mend="Add it there, or write the IRI.")


def _mapping(cells: Table[str, str], prefixes: Table[str, str], target: str, names: Names) -> Mapping:
    """The mapping of one row; raises `BadParameter`."""
    for slot in _NEEDED[1:]:
        if not cells.get(slot):
            raise BadParameter(f"{slot} is empty", mend="Fill it in.")
    modifier = cells.get("predicate_modifier", "")
    if modifier not in ("", "Not"):
        raise BadParameter(f"predicate_modifier {modifier!r} is unknown", mend="Write Not, or nothing.")
    given: dict[str, str] = {}
    for slot, name in _SLOTS:
        if value := cells.get(slot, ""):
            given[name] = _expanded(value, prefixes) if slot in ("author_id", "reviewer_id") else value
    obj = _expanded(cells["object_id"], prefixes)
    fields = f"{names.base}links/{target}#"

    def listed(slot: str) -> tuple[str, ...]:
        curies = [curie for curie in cells.get(slot, "").split("|") if curie]
        return tuple(_expanded(curie, prefixes).removeprefix(fields) for curie in curies)

    plain = {"source_version", "tool", "tool_version", "mapping_date", "review_date", "match_string", "measure"}
    plain |= {"comment", "run", "spec", "subject_label", "object_label", "author", "reviewer"}
    mapping = Mapping(
        _expanded(cells["subject_id"], prefixes),
        _expanded(cells["predicate_id"], prefixes),
        obj,
        target,
        negated=modifier == "Not",
        none=obj == NO_TERM,
        justification=_expanded(cells["mapping_justification"], prefixes).removeprefix(SEMAPV),
        confidence=_number("confidence", cells),
        similarity=_number("similarity_score", cells),
        **{name: value for name, value in given.items() if name in plain},  # type: ignore[arg-type]  # texts
    )
    found = replace(
        mapping,
        subject_fields=listed("subject_match_field"),
        object_fields=listed("object_match_field"),
        formerly=_unescaped(cells.get("revision_of", "")),
    )
    if _of_run(found) and cells.get("checksum") != _checksum(found, names):
        raise BadParameter(
            "this row is not as the program wrote it, and does not say who changed it",
            mend="Put your name into reviewer_label of the row, so that no program overrules you; or take the row as "
            "it was, with its checksum, from a fresh export.",
        )
    return found


def _of_run(mapping: Mapping) -> bool:
    """Whether a run of this program says so, and nobody else: only then may a later run say otherwise."""
    return bool(mapping.run) and not mapping.by_person


def _checksum(mapping: Mapping, names: Names) -> str:
    """What tells a row that the program wrote from one that was edited; the same under every base."""
    text = json.dumps(asdict(mapping), ensure_ascii=False, sort_keys=True)
    return sha256(text.replace(names.base, CANONICAL_BASE).encode()).hexdigest()[:16]


def _unescaped(text: str) -> tuple[str, ...]:
    """The parts of a list, whose bars and backslashes are escaped."""
    parts, at = [""], 0
    while at < len(text):
        if text[at] == "|":
            parts.append("")
        else:
            at += text[at] == "\\" and at + 1 < len(text)
            parts[-1] += text[at]
        at += 1
    return tuple(part for part in parts if part)


def _number(slot: str, cells: Table[str, str]) -> float | None:
    try:
        return float(cells[slot]) if slot in cells else None
    except ValueError:
        raise BadParameter(f"{slot} {cells[slot]!r} is no number", mend="Write it as 0.97.") from None
