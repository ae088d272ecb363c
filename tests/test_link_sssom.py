"""Files of mappings: valid for others, the same bytes again, and errors that say where."""

from __future__ import annotations

import csv
import logging
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from so2graph.errors import DataInvalid, DataSyntax
from so2graph.link.mapping import Mapping, none_known
from so2graph.link.sssom import SUFFIX, MappingSet, decoded, expanded, read, target_of_file, write
from so2graph.vocab import CANONICAL_BASE, Names, Prefixes
from tests.conftest import ROOT
from tests.test_link_mapping import ASSEN, EXACT, FULL, KINDS

NAMES = Names(CANONICAL_BASE)
FILES = sorted((ROOT / "data" / "links").glob(f"*{SUFFIX}"))
ODD = MappingSet(
    "gazetteer",
    (
        *(replace(KINDS[kind], target="gazetteer") for kind in ("full", "none", "certain")),
        Mapping(
            ASSEN, EXACT, "http://standaarden.overheid.nl/owms/terms/Groningen_(gemeente)", "gazetteer", negated=True
        ),
        Mapping(ASSEN, EXACT, "https://sws.geonames.org/2759633/", "gazetteer", comment="#1\r\n'\"  "),
        Mapping(ASSEN, EXACT, "https://example.org/", "gazetteer", formerly=("a|b\\", "c")),
    ),
    'Links with "a" gazetteer: é',
)
HEAD = '#curie_map:\n#  id: "https://w3id.org/so2graph/id/"\n#  ex: "https://example.org/"\n'
SKOS = "http://www.w3.org/2004/02/skos/core#"
COLUMNS = "subject_id\tpredicate_id\tobject_id\tmapping_justification"
ROW = f"id:assen\t{SKOS}exactMatch\tex:1\thttps://w3id.org/semapv/vocab/LexicalMatching"


def valid(path: Path) -> list[str]:
    """What the validator of SSSOM finds: the schema, prefixes that are declared, CURIEs that are unambiguous."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Those of the libraries that the validator uses.
            from sssom.constants import SchemaValidationType as Kind
            from sssom.parsers import parse_sssom_table
            from sssom.validators import validate

            found = parse_sssom_table(path)
            kinds = [Kind.JsonSchema, Kind.PrefixMapCompleteness, Kind.StrictCurieFormat]
            reports = validate(found, kinds, fail_on_error=False)
    finally:
        logging.disable(logging.NOTSET)
    return [result.message for report in reports.values() for result in report.results]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_bundled_file_is_valid_and_as_it_would_be_written(path: Path) -> None:
    """The validator of SSSOM finds no fault, and reading and writing gives the same bytes."""
    text = path.read_text(encoding="utf-8")
    assert valid(path) == []
    assert write(read(text, path.name, target_of_file(path.name), NAMES), NAMES) == path.read_bytes()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_service_gives_the_bundled_bytes(client: FlaskClient, path: Path) -> None:
    """What was built from a file comes out as that file, with its media type."""
    response = client.get(f"/links/{path.name}")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/tab-separated-values; charset=utf-8"
    assert response.data == path.read_bytes()


def test_odd_texts_are_valid_and_come_back(tmp_path: Path) -> None:
    """Quotation marks, tabs, lines, signs of lists, IRIs that end in a slash: all is read as it was written."""
    path = tmp_path / f"gazetteer{SUFFIX}"
    path.write_bytes(write(ODD, NAMES))
    again = read(path.read_bytes().decode(), path.name, "gazetteer", NAMES)
    assert {m.record: m for m in again.mappings} == {m.record: m for m in ODD.mappings}
    assert (again.title, again.licence) == (ODD.title, ODD.licence)
    assert write(again, NAMES) == path.read_bytes()
    assert valid(path) == []


def test_the_order_of_mappings_is_of_no_account() -> None:
    """The same mappings in another order give the same bytes."""
    assert write(replace(ODD, mappings=ODD.mappings[::-1]), NAMES) == write(ODD, NAMES)


def test_a_set_of_nothing_is_a_file() -> None:
    """The header and the columns that SSSOM asks for."""
    body = write(MappingSet("gazetteer"), NAMES).decode()
    assert body.splitlines()[-1].split("\t")[0] == "record_id"
    assert read(body, "x", "gazetteer", NAMES).mappings == ()


def test_a_file_that_was_written_by_hand_is_read() -> None:
    """No record_id, columns in another order, whole IRIs, slots in the header, and rows of blanks."""
    body = f'{HEAD}#mapping_tool: "by hand"\n{COLUMNS}\n{ROW}\n\t\t\t\n'
    (mapping,) = read(body, "x", "gazetteer", NAMES).mappings
    assert (mapping.subject, mapping.object, mapping.tool) == (ASSEN, "https://example.org/1", "by hand")
    assert mapping.justification == "LexicalMatching"


def test_a_file_of_another_encoding_is_told_with_its_line() -> None:
    """A mark of UTF-8, as spreadsheets write it, is no harm."""
    text = f"{HEAD}{COLUMNS}\n{ROW}\n"
    assert read(decoded(b"\xef\xbb\xbf" + text.encode(), "x"), "x", "ex", NAMES).mappings
    with pytest.raises(DataSyntax, match=r"x\.tsv, line 4: this is not UTF-8"):
        decoded((HEAD + "é").encode("latin-1"), "x.tsv")
    with pytest.raises(DataSyntax, match="line 1"):
        decoded(text.encode("utf-16"), "x.tsv")


def test_a_stale_record_id_is_of_no_account() -> None:
    """The name of a record follows from what the row says."""
    body = f"{HEAD}record_id\t{COLUMNS}\nid:mapping/0000\t{ROW}\n"
    (mapping,) = read(body, "x", "gazetteer", NAMES).mappings
    assert mapping.record == Mapping(ASSEN, EXACT, "https://example.org/1", "gazetteer").record


FAULTS: dict[str, tuple[str, type[DataInvalid], str]] = {
    "no prefixes": (f"{COLUMNS}\n{ROW}\n", DataInvalid, "no curie_map"),
    "header": (f"#curie_map: [\n{COLUMNS}\n", DataSyntax, "x, line 1: the header is not YAML"),
    "column": (f"{HEAD}subject_id\n{ROW}\n", DataInvalid, "x, line 4: there is no column predicate_id"),
    "prefix": (f"{HEAD}{COLUMNS}\n{ROW.replace('ex:1', 'no:1')}\n", DataInvalid, "x, line 5: the prefix of 'no:1'"),
    "empty": (f"{HEAD}{COLUMNS}\n{ROW.replace('ex:1', '')}\n", DataInvalid, "x, line 5: object_id is empty"),
    "cells": (f"{HEAD}{COLUMNS}\n{ROW}\tmore\n", DataInvalid, "x, line 5: there are more cells"),
    "twice": (f"{HEAD}{COLUMNS}\n{ROW}\n{ROW}\n", DataInvalid, "x, line 6: this pair stands here twice"),
    "predicate": (f"{HEAD}{COLUMNS}\n{ROW.replace('exactMatch', 'note')}\n", DataInvalid, "x, line 5: .*no link"),
    "quotes": (f'{HEAD}{COLUMNS}\n"{ROW}\n', DataSyntax, "x, line 5: "),
    "modifier": (
        f"{HEAD}{COLUMNS}\tpredicate_modifier\n{ROW}\tNever\n",
        DataInvalid,
        "x, line 5: predicate_modifier 'Never'",
    ),
    "number": (
        f"{HEAD}{COLUMNS}\tconfidence\n{ROW}\thigh\n",
        DataInvalid,
        "x, line 5: confidence 'high' is no number",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_its_line(fault: str) -> None:
    """The message names the file and the line, and says how to mend it."""
    body, kind, said = FAULTS[fault]
    with pytest.raises(kind, match=said) as caught:
        read(body, "x", "gazetteer", NAMES)
    assert caught.value.mend


def test_known_prefixes_need_no_table(prefixes: Prefixes) -> None:
    """A command takes `tooi:so/so0425`, a prefix of the dataset, and a whole IRI with or without brackets."""
    assert expanded("tooi:so/so0425", prefixes) == "https://identifier.overheid.nl/tooi/id/so/so0425"
    assert expanded("id:assen", prefixes) == ASSEN
    assert expanded("<https://example.org/1>", prefixes) == expanded("https://example.org/1", prefixes)


def test_none_known_is_no_link(tmp_path: Path) -> None:
    """It stands in the file with sssom:NoTermFound."""
    body = write(MappingSet("gazetteer", (none_known(ASSEN, "gazetteer", reviewer="Anna"), FULL)), NAMES).decode()
    assert "\tsssom:NoTermFound\t" in body


BY_RUN = replace(
    Mapping(ASSEN, EXACT, "https://example.org/1", "gazetteer", justification="CompositeMatching", confidence=0.99),
    tool="so2graph",
    run="20261126T041500-abcdef",
    subject_label="Assen",
)
EDITS = {
    "relation": ("skos:exactMatch", "skos:closeMatch"),
    "refused": ("\tskos:exactMatch\t", "\tskos:relatedMatch\t"),
    "object": ("ns1:1", "ns1:2"),
    "label": ("Assen\t", "Assen (stad)\t"),
    "confidence": ("0.99", "1.0"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_row_of_a_run_that_was_edited_needs_a_name(edit: str) -> None:
    """Without a reviewer it is refused with its line and what to fill in; with one it is a person's from then on."""
    body = write(MappingSet("gazetteer", (BY_RUN,)), NAMES).decode()
    assert read(body, "x", "gazetteer", NAMES).mappings == (BY_RUN,)
    head, _, table = body.partition("record_id\t")
    changed = head + "record_id\t" + table.replace(*EDITS[edit])
    assert changed != body
    line = changed.count("\n")
    with pytest.raises(DataInvalid, match=f"x, line {line}: this row is not as the program wrote it") as caught:
        read(changed, "x", "gazetteer", NAMES)
    assert "reviewer_label" in caught.value.mend
    names, row = changed.splitlines()[-2:]
    signed = f"{head}{names}\treviewer_label\n{row}\tAnna\n"
    (mapping,) = read(signed, "x", "gazetteer", NAMES).mappings
    assert (mapping.judge, mapping.who) == ("person", "Anna")
    assert "checksum" not in write(MappingSet("gazetteer", (mapping,)), NAMES).decode()


def test_a_row_of_a_run_without_its_checksum_is_refused() -> None:
    """Whoever takes the column away has edited the file; a row of another program has none."""
    body = write(MappingSet("gazetteer", (BY_RUN,)), NAMES).decode()
    lines = body.splitlines()
    lines[-2:] = [line.rpartition("\t")[0] for line in lines[-2:]]
    with pytest.raises(DataInvalid, match="not as the program wrote it"):
        read("\n".join(lines) + "\n", "x", "gazetteer", NAMES)
    other = write(MappingSet("gazetteer", (replace(BY_RUN, run="", tool="another"),)), NAMES).decode()
    assert "checksum" not in other
    assert read(other, "x", "gazetteer", NAMES).mappings[0].judge == "program"


def test_a_checksum_holds_under_every_base(tmp_path: Path) -> None:
    """A set that is moved to another base is as the program wrote it; the file is valid."""
    body = write(MappingSet("gazetteer", (BY_RUN,)), NAMES)
    moved = body.decode().replace(CANONICAL_BASE, "https://data.example.org/")
    (mapping,) = read(moved, "x", "gazetteer", Names("https://data.example.org/")).mappings
    assert mapping.subject == "https://data.example.org/id/assen"
    path = tmp_path / f"gazetteer{SUFFIX}"
    path.write_bytes(body)
    assert valid(path) == []


FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1")


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_run_stands_as_it_is(client: FlaskClient, text: str) -> None:
    """SSSOM and the answers of SPARQL in CSV are read back by programs: nothing is put before a value."""
    odd = Mapping(ASSEN, EXACT, "https://example.org/1", "gazetteer", object_label=text, comment=text, author="Anna")
    odd = replace(odd, justification="ManualMappingCuration")
    body = write(MappingSet("gazetteer", (odd,)), NAMES).decode()
    (again,) = read(body, "x", "gazetteer", NAMES).mappings
    assert (again.object_label, again.comment) == (text, text)
    query = f'SELECT ("{text}" AS ?x) {{}}'.replace("\t", "\\t")
    answer = client.get("/sparql", query_string={"query": query}, headers={"Accept": "text/csv"})
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert next(iter(list(csv.reader(answer.text.splitlines()))[1:])) == [text]
