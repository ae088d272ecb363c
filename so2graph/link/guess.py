"""Guesses from the columns of two files what is to be compared with what, as a specification that can be edited."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import yaml

from so2graph.errors import BadParameter
from so2graph.link.files import format_name, open_file
from so2graph.link.rows import csv_rows
from so2graph.link.spec import Kind
from so2graph.link.target import Access

__all__ = ["Columns", "columns_of", "guess", "kind_of"]

_SAMPLE = 2_000
_WORDS: tuple[tuple[Kind, str], ...] = (
    (Kind.IDENTIFIER, "kvk rsin btw vat isni lei doi isbn issn ror wikidata qid geonames orcid viaf"),
    (Kind.HOST, "url website web homepage host domain domein site"),
    (Kind.PHONE, "phone tel telephone telefoon mobile"),
    (Kind.STREET, "street straat address adres addr"),
    (
        Kind.PLACE,
        "city plaats stad dorp town suburb woonplaats place locality municipality gemeente plaatsnaam "
        "vestigingsplaats",
    ),
    (Kind.CODE, "postcode postal zip zipcode"),
    (Kind.YEAR, "year jaar date datum founded opgericht birth geboren geboortedatum dob"),
    (Kind.PEOPLE, "author authors auteur auteurs people person persons director directors contact bestuur"),
    (Kind.CODE, "category categorie type class soort venue journal sector brand merk"),
    (Kind.NUMBER, "price prijs amount bedrag number aantal count size"),
    (Kind.TEXT, "title titel description omschrijving subject onderwerp"),
    (Kind.NAME, "name naam label organisation organization organisatie company bedrijf instelling"),
)
"""Words in the name of a column, and what its values then are; the first that fits counts."""
_LEFT_OUT = re.compile(r"\b(?:e?-?mail|password|note|comment|opmerking)\b")
_IDS = ("id", "iri", "uri", "@id", "identifier", "key", "sleutel", "code")
_FEW, _TELLING, _TWINS = 10, 3, 0.05
"""Values that so many rows share tell little; rows that share so many telling ones are of one thing; and a list in
which more than this share of the rows is such has duplicates."""
_NEARLY = 0.95
_DATE = re.compile(
    r"(?:1\d|20)\d\d(?P<sign>[-/.]?)(?:0[1-9]|1[0-2])(?P=sign)(?:0[1-9]|[12]\d|3[01])(?:[T ].*)?"
    r"|\d{1,2}(?P<other>[-/.])\d{1,2}(?P=other)(?:1\d|20)\d\d"
)
"""A whole date, which says more than its year."""
_ID_WORDS = {"id", "iri", "uri", "identifier", "key", "sleutel"}
_LATITUDES, _LONGITUDES = ("latitude", "lat", "breedtegraad"), ("longitude", "lon", "long", "lng", "lengtegraad")


@dataclass(frozen=True)
class Columns:
    """What one file has: its columns with some values of each, and how its things are found (`members`)."""

    path: Path
    names: tuple[str, ...]
    sample: Mapping[str, Sequence[str]]
    members: str = ""
    rdf: bool = False
    words: Mapping[str, str] = field(default_factory=dict)

    def word(self, name: str) -> str:
        """What a column is called, in lower case without signs."""
        return _folded(self.words.get(name, name))


def _folded(text: str) -> str:
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text.replace("KvK", "kvk"))
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", " ", plain.lower()).strip()


def kind_of(word: str, values: Iterable[str]) -> Kind | None:
    """What the values of a column are, by the words of its name, else by the values themselves; None for nothing that
    can be compared."""
    if _LEFT_OUT.search(word):
        return None
    parts = {_bare(part) for part in word.split()}
    given = [value.strip() for value in values if value.strip()]
    for kind, words in _WORDS:
        if parts & set(words.split()):
            return Kind.CODE if kind is Kind.YEAR and _mostly(_DATE, given) else kind
    if not given:
        return None
    if _mostly(_DATE, given):
        return Kind.CODE
    if all(re.fullmatch(r"(?:1[5-9]|20)\d\d", value) for value in given):
        return Kind.YEAR
    if len(given) > 20 and _mostly(re.compile(rf"\d{{{max(4, len(given[0]))}}}"), given):
        return Kind.CODE  # figures of one length are no amount
    if all(re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?", value) for value in given):
        return Kind.NUMBER
    if all(re.match(r"(?:https?://|www\.)\S+$", value) for value in given):
        return Kind.HOST
    if len(given) > 20 and len(set(given)) <= max(3, len(given) // 20):
        return Kind.CODE
    length = sum(len(value.split()) for value in given) / len(given)
    return Kind.TEXT if length > 6 else Kind.NAME


def _mostly(pattern: re.Pattern[str], values: Sequence[str]) -> bool:
    """Whether nearly all values are of this form, and there are any."""
    return bool(values) and sum(bool(pattern.fullmatch(value)) for value in values) >= _NEARLY * len(values)


def _bare(word: str) -> str:
    """A word without the number it says to be: `kvknummer` is `kvk`."""
    return re.sub(r"(?<=\w\w)(?:nummer|nr)$", "", word)


def columns_of(path: Path, encoding: str = "") -> Columns:
    """The columns of a file; of RDF the paths from its things to literals. Raises `DataSyntax` and `BadParameter`."""
    name = format_name(path)
    if name in ("csv", "tsv"):
        access = Access("csv", encoding=encoding) if encoding else Access("csv")
        return _of_csv(path, "\t" if name == "tsv" else "", access)
    if name == "parquet":
        return _of_parquet(path)
    if name == "records":
        raise BadParameter(f"{path} is a snapshot", mend="Give CSV, TSV, Parquet or RDF.")
    from so2graph.link.guess_rdf import rdf_columns

    names, sample, members, words = rdf_columns(path)
    return Columns(path, names, sample, members, rdf=True, words=words)


def _of_csv(path: Path, delimiter: str, access: Access) -> Columns:
    with open_file(path) as opened:
        names, rows = csv_rows(opened, access, delimiter)
        found: dict[str, list[str]] = {name: [] for name in names}
        for number, row in enumerate(rows):
            if number == _SAMPLE:
                break
            for name, value in row.items():
                found[name].append(str(value))
    return Columns(path, tuple(names), found, _id_column(names, found))


def _of_parquet(path: Path) -> Columns:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        rows = next(file.iter_batches(_SAMPLE), None)
    except (pa.ArrowInvalid, OSError) as error:
        raise BadParameter(f"{path} is no Parquet file: {error}", mend="Write it again.") from None
    names = list(file.schema_arrow.names)
    found: dict[str, list[str]] = {name: [] for name in names}
    for row in rows.to_pylist() if rows is not None else ():
        for name, value in row.items():
            given = value if isinstance(value, list) else [value]
            found[name] += [str(each) for each in given if each is not None]
    return Columns(path, tuple(names), found, _id_column(names, found))


def _id_column(names: Sequence[str], sample: Mapping[str, Sequence[str]]) -> str:
    """The column of the id: one with such a name whose values differ, the first of which that is a word of the name
    otherwise; empty where the number of the row has to do."""

    def differ(name: str) -> bool:
        values = sample[name]
        return bool(values) and len(set(values)) == len(values) and all(values)

    for wanted in _IDS:
        for name in names:
            if _folded(name) == _folded(wanted) and differ(name):
                return name
    return next((name for name in names if _ID_WORDS & set(_folded(name).split()) and differ(name)), "")


def _counts(values: Sequence[str]) -> bool:
    """Whether a column numbers the rows, from 0 or 1 on: that says nothing of a thing."""
    return len(values) > 1 and any(
        all(value.strip() == str(at) for at, value in enumerate(values, start)) for start in (0, 1)
    )


def guess(left: Columns, right: Columns) -> str:
    """A specification as YAML: columns of one name are compared, and those that alone are of a kind on both sides.

    Raises `BadParameter` where nothing can be compared.
    """
    rows: dict[str, dict[str, object]] = {}
    rest: list[dict[tuple[Kind, str], list[str]]] = [{}, {}]
    mine, yours = (
        {side.word(name): name for name in side.names if name != side.members and not _counts(side.sample[name])}
        for side in (left, right)
    )
    points = [_point(words) for words in (mine, yours)]
    if all(points):
        rows["point"] = {"kind": "point", "left": {"point": points[0]}, "right": {"point": points[1]}}
    taken = {name for pair in points if pair for name in pair}
    for word, name in mine.items():
        again = right.sample[yours[word]] if word in yours else ()
        kind = kind_of(word, [*left.sample[name], *again])
        if name in taken or kind is None:
            continue
        if word in yours:
            _add(rows, word, kind, name, yours[word])
        else:
            rest[0].setdefault((kind, _scheme(word) if kind is Kind.IDENTIFIER else ""), []).append(name)
    for word, name in yours.items():
        kind = kind_of(word, right.sample[name])
        if kind is not None and word not in mine and name not in taken:
            rest[1].setdefault((kind, _scheme(word) if kind is Kind.IDENTIFIER else ""), []).append(name)
    for (kind, scheme), names in rest[0].items():
        others = rest[1].get((kind, scheme), [])
        if len(names) == len(others) == 1:
            _add(rows, left.word(names[0]), kind, names[0], others[0])
    if not rows:
        raise BadParameter(
            f"{left.path.name} and {right.path.name} have no column in common",
            mend="Give the columns that mean the same thing the same name in both files, or write a specification "
            f"(--spec, see docs/link-targets.md): {left.path.name} has {', '.join(left.names) or 'none'}; "
            f"{right.path.name} has {', '.join(right.names) or 'none'}.",
        )
    unique = [
        which
        for which, side in (("left", left), ("right", right))
        if side.rdf or not _repeats(side, [name for name in side.names if name != side.members])
    ]
    spec = {"name": f"{left.path.stem}-{right.path.stem}", "left": left.members, "right": right.members}
    head = "# What is compared with what; edit it, and give it with --spec. Kinds: " + ", ".join(Kind) + ".\n"
    return head + yaml.safe_dump(
        {**spec, "wish": 0.98, "unique": unique, "fields": rows}, allow_unicode=True, sort_keys=False
    )


def _repeats(side: Columns, names: Sequence[str]) -> bool:
    """Whether a list says of some things more than once what they are: rows that share three values few rows have."""
    lengths = {len(side.sample[name]) for name in names}
    if len(lengths) != 1:  # lists or nulls of Parquet: the values of a column are not those of the rows
        return False
    shared: Counter[tuple[int, int]] = Counter()
    for name in names:
        rows: dict[str, list[int]] = {}
        for row, value in enumerate(side.sample[name]):
            if value.strip():
                rows.setdefault(_folded(value), []).append(row)
        for some in rows.values():
            if 1 < len(some) <= _FEW:
                shared.update(combinations(some, 2))
    twins = {row for pair, often in shared.items() if often >= _TELLING for row in pair}
    return len(twins) > _TWINS * lengths.pop()


def _scheme(word: str) -> str:
    """The scheme of the identifiers in a column: the word of its name that is one, else its first word."""
    schemes = next(words for kind, words in _WORDS if kind is Kind.IDENTIFIER).split()
    parts = [_bare(part) for part in word.split()]
    return next((part for part in parts if part in schemes), parts[0] if parts else "id")


def _add(rows: dict[str, dict[str, object]], word: str, kind: Kind, left: str, right: str) -> None:
    name = re.sub(r"\W+", "_", word) or "field"
    row: dict[str, object] = {"kind": kind.value, "left": left, "right": right}
    if kind is Kind.IDENTIFIER:
        row |= {side: {"paths": [row[side]], "scheme": _scheme(word)} for side in ("left", "right")}
    while name in rows:
        name += "_2"
    rows[name] = row


def _point(words: Mapping[str, str]) -> list[str] | None:
    lat = next((words[word] for word in _LATITUDES if word in words), None)
    long = next((words[word] for word in _LONGITUDES if word in words), None)
    return [lat, long] if lat and long else None
