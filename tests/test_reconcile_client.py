"""`so2graph reconcile FILE`: tables as people have them, answers that are kept, services that are busy or broken."""

from __future__ import annotations

import csv
import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from so2graph.cli import main
from so2graph.config import Settings
from so2graph.errors import BadParameter, DataInvalid, DatasetUnreadable, DataSyntax, EndpointFailed
from so2graph.link.extract import their_records
from so2graph.link.model import Model
from so2graph.link.reconcile_cache import open_cache
from so2graph.link.reconcile_client import Service
from so2graph.link.reconcile_http import Reply, Web
from so2graph.link.reconcile_question import Answer, Found, Question, judged
from so2graph.link.reconcile_rows import parsed_properties
from so2graph.link.reconcile_table import Added, guarded, read_table, write_table
from so2graph.link.runs import Run, run_id, write_run
from so2graph.link.snapshot import current
from so2graph.link.tables import PAIRS, records_table
from so2graph.link.target import target_of
from tests.reconciliation import Answer as Sent
from tests.reconciliation import Reconciler, listening, told

NAMES = "naam;plaats\r\nGemeente Assen;Assen\r\nGemeente;x\r\nNiemand;y\r\n;leeg\r\nGemeente Assen;nog eens\r\n"


def run(*words: str, env: Mapping[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, ["reconcile", *words], env=env, catch_exceptions=False)


def asked(service: Reconciler) -> list[str]:
    """The names that were asked for, in order."""
    return [str(query["query"]) for batch in service.batches if isinstance(batch, dict) for query in batch.values()]


def matched(path: Path, service: Reconciler, *words: str) -> Result:
    return run(str(path), "--column", "naam", "--with", service.url, "--allow-private", "--pause", "0", *words)


def rows_of(path: Path, delimiter: str = ";") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


# ---- the whole command


def test_a_table_gets_its_columns_behind_it(tmp_path: Path) -> None:
    """Cells stay as they were; a match, an unclear name, one without candidates and an empty one are told apart."""
    path = tmp_path / "names.csv"
    path.write_bytes(NAMES.encode())
    with listening(Reconciler()) as service:
        done = matched(path, service)
        sent = asked(service)
    assert done.exit_code == 0, done.output
    out = tmp_path / "names.reconciled.csv"
    rows = rows_of(out)
    assert out.read_bytes().count(b"\r\n") == 6
    assert [(row["naam"], row["plaats"]) for row in rows] == [
        ("Gemeente Assen", "Assen"), ("Gemeente", "x"), ("Niemand", "y"), ("", "leeg"),
        ("Gemeente Assen", "nog eens"),
    ]  # fmt: skip
    assert list(rows[0].values())[2:] == ["assen", "Gemeente Assen", "100", "true", "Municipality", ""]
    assert rows[4]["naam_id"] == "assen"
    assert rows[1]["naam_match"] == "false"
    assert rows[1]["naam_review"].startswith("unclear: Gemeente Assen (assen) 50 | Gemeente Groningen (groningen) 50")
    assert list(rows[2].values())[2:] == ["", "", "", "false", "", ""]
    assert list(rows[3].values())[2:] == [""] * 6
    assert sent == ["Gemeente Assen", "Gemeente", "Niemand"]
    lines = [line.strip() for line in done.output.splitlines()]
    assert "2 of 5 rows matched" in lines
    assert "1 of 5 rows unclear: see the column of review" in lines
    assert "1 of 5 rows with no candidate" in lines
    assert "1 of 5 rows without a name" in lines


def test_no_question_is_asked_twice_unless_that_is_wanted(tmp_path: Path) -> None:
    """A second run asks only what is new; with --refresh everything is asked again; another service has its own."""
    path = tmp_path / "names.csv"
    path.write_text("naam\nGemeente Assen\nDrenthe\n", encoding="utf-8")
    with listening(Reconciler()) as service, listening(Reconciler()) as other:
        assert matched(path, service).exit_code == 0
        path.write_text("naam\nGemeente Assen\nDrenthe\nFryslân\n", encoding="utf-8")
        assert matched(path, service).exit_code == 0
        assert asked(service) == ["Gemeente Assen", "Drenthe", "Fryslân"]
        assert matched(path, service, "--refresh").exit_code == 0
        assert asked(service)[3:] == ["Gemeente Assen", "Drenthe", "Fryslân"]
        assert matched(path, other).exit_code == 0
        assert asked(other) == ["Gemeente Assen", "Drenthe", "Fryslân"]


def test_properties_types_and_values(tmp_path: Path) -> None:
    """Other columns are sent as properties, the type and the limit with each query; values come as columns."""
    path = tmp_path / "names.csv"
    path.write_text("naam,stad\nGemeente Assen,Assen\nBuro Bries Assen,\n", encoding="utf-8")
    with listening(Reconciler()) as service:
        words = ("--property", "stad=p2", "--limit", "3", "--add", "p1", "--add", "p2")
        done = matched(path, service, *words, "-o", str(tmp_path / "out.tsv"))
        assert matched(path, service, *words, "-o", str(tmp_path / "out.tsv")).exit_code == 0
        batches = service.batches
        values = [each for each in service.seen if each[0] == "POST"]
    assert done.exit_code == 0, done.output
    assert batches == [
        {
            "q0": {"query": "Gemeente Assen", "limit": 3, "properties": [{"pid": "p2", "v": "Assen"}]},
            "q1": {"query": "Buro Bries Assen", "limit": 3},
        }
    ]
    assert len(values) == 2, "names and values were asked once each, in two runs"
    rows = rows_of(tmp_path / "out.tsv", "\t")
    assert [(row["naam_Number of staff"], row["naam_Seat"]) for row in rows] == [
        ("1000", "Gemeente Assen"), ("3", "Gemeente Assen"),
    ]  # fmt: skip


def test_a_type_is_asked_for(tmp_path: Path) -> None:
    """--type goes with every query, as OpenRefine sends it."""
    path = tmp_path / "names.csv"
    path.write_text("naam\nGroningen\n", encoding="utf-8")
    with listening(Reconciler()) as service:
        assert matched(path, service, "--type", "t2").exit_code == 0
        assert service.batches == [{"q0": {"query": "Groningen", "limit": 5, "type": "t2", "type_strict": "should"}}]
    (row,) = rows_of(tmp_path / "names.reconciled.csv", ",")
    assert row["naam_id"] == "groningen-p"


def test_a_threshold_takes_the_best_that_has_no_equal(tmp_path: Path) -> None:
    """With --threshold the score decides; two with the same score are left to a person."""
    path = tmp_path / "names.csv"
    path.write_text("naam\nAlescon\nProvincie\n", encoding="utf-8")
    with listening(Reconciler()) as service:
        assert matched(path, service, "--threshold", "45").exit_code == 0
    rows = rows_of(tmp_path / "names.reconciled.csv", ",")
    assert [(row["naam_match"], row["naam_id"]) for row in rows] == [("true", "alescon"), ("false", "drenthe")]


@pytest.mark.parametrize("version", ["0.1", "0.2", "1.0-draft"])
def test_every_version_of_the_api_is_spoken(tmp_path: Path, version: str) -> None:
    """The same table gives the same from services of 0.1, 0.2 and the draft of 1.0."""
    path = tmp_path / "names.csv"
    path.write_text("naam,stad\nGemeente Assen,x\n", encoding="utf-8")
    with listening(Reconciler(version)) as service:
        done = matched(path, service, "--add", "p1", "--property", "stad=p2", "--type", "t1")
    assert done.exit_code == 0, done.output
    (row,) = rows_of(tmp_path / "names.reconciled.csv", ",")
    assert (row["naam_id"], row["naam_match"], row["naam_Number of staff"]) == ("assen", "true", "1000")


def test_typed_files_have_types(tmp_path: Path) -> None:
    """Parquet and Excel have the columns of the table as texts, the score as a number, the match as a truth."""
    path = tmp_path / "names.csv"
    path.write_text("naam,naam_id,n\nGemeente Assen,mine,007\n=1+1,,8\n", encoding="utf-8")
    with listening(Reconciler()) as service:
        for name in ("out.parquet", "out.xlsx"):
            assert matched(path, service, "-o", str(tmp_path / name)).exit_code == 0
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.column_names == [
        "naam", "naam_id", "n", "naam_id_2", "naam_name", "naam_score", "naam_match", "naam_type", "naam_review",
    ]  # fmt: skip
    assert table.to_pylist()[0] == {
        "naam": "Gemeente Assen", "naam_id": "mine", "n": "007", "naam_id_2": "assen", "naam_name": "Gemeente Assen",
        "naam_score": 100.0, "naam_match": True, "naam_type": "Municipality", "naam_review": None,
    }  # fmt: skip
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").worksheets[0]
    assert [cell.value for cell in sheet[2]][:7] == [
        "Gemeente Assen",
        "mine",
        "007",
        "assen",
        "Gemeente Assen",
        100,
        True,
    ]
    assert (sheet["A3"].value, sheet["A3"].data_type) == ("=1+1", "s")


def test_a_query_that_the_service_could_not_read_is_no_name_without_candidates(tmp_path: Path) -> None:
    """Its reason stands in the column of review, and it is asked again the next time."""
    path = tmp_path / "names.csv"
    path.write_text("naam\nAssen\n" + "A" * 2_000 + "\n", encoding="utf-8")
    found = {"id": "assen", "name": "Assen", "score": 100, "match": True, "type": []}
    reply = told({"q0": {"result": [found]}, "q1": {"result": [], "error": "a query of more than 1000 characters"}})
    with listening(Reconciler(reply=reply)) as service:
        done = matched(path, service)
        rows = rows_of(tmp_path / "names.reconciled.csv", ",")
        before = len(service.seen)
        again = matched(path, service)
        assert [each[0] for each in service.seen[before:]] == ["GET", "POST"], "it is asked again"
    assert done.exit_code == again.exit_code == 0, done.output
    assert [row["naam_review"] for row in rows] == ["", "no answer: a query of more than 1000 characters"]
    assert "1 of 2 rows without an answer: asked again the next time" in done.output


def test_a_folder_that_is_not_there_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    """For the output, and for the answers."""
    path = tmp_path / "names.csv"
    path.write_text("naam\nAssen\n", encoding="utf-8")
    with listening(Reconciler()) as service:
        output = matched(path, service, "--output", str(tmp_path / "no" / "out.csv"))
        cache = matched(path, service, "--cache", str(tmp_path / "no" / "kept.sqlite"))
        assert asked(service) == []
    assert output.exit_code == 2
    assert f"there is no folder {tmp_path / 'no'}" in output.output
    assert cache.exit_code == DatasetUnreadable.exit_code
    assert "cannot be used to keep answers" in cache.output


def test_what_a_service_says_is_no_formula(tmp_path: Path) -> None:
    """A name that a spreadsheet would compute is guarded in CSV; the table's own cells are left as they are."""
    path = tmp_path / "names.csv"
    path.write_text("naam\n=HYPERLINK(1)\n", encoding="utf-8")
    row = {"id": "+1", "name": "=cmd|' /C calc'!A0", "score": 9, "match": True, "type": ["@x"]}
    with listening(Reconciler(reply=told({"q0": {"result": [row]}}))) as service:
        assert matched(path, service).exit_code == 0
    (found,) = rows_of(tmp_path / "names.reconciled.csv", ",")
    assert list(found.values())[:5] == ["=HYPERLINK(1)", "'+1", "'=cmd|' /C calc'!A0", "9", "true"]
    assert found["naam_type"] == "'@x"
    assert [guarded(value) for value in (-1.5, True, None, "\tx", "a=b", 3)] == [
        "-1.5",
        "true",
        "",
        "'\tx",
        "a=b",
        "3",
    ]


# ---- broken off


AT_A_TERMINAL = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "runpy.run_module('so2graph', run_name='__main__', alter_sys=True)"
)
"""The command as at a terminal: what runs in the background of a shell does not hear of Ctrl-C."""


@pytest.mark.alone
def test_a_run_that_is_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    """Ctrl-C leaves the answers of whole batches in the cache, says how to go on, and the next run asks the rest."""
    path = tmp_path / "names.csv"
    path.write_text("naam\n" + "".join(f"Assen {n}\n" for n in range(130)), encoding="utf-8")

    class Slow(Reconciler):
        def _matched(self, body: bytes) -> Sent:
            if len(self.batches) == 2:
                os.kill(child.pid, signal.SIGINT)
                self.wait.wait(30)
            return super()._matched(body)

    service = Slow()
    with listening(service):
        words = [sys.executable, "-c", AT_A_TERMINAL, "reconcile", str(path), "--column", "naam"]
        words += ["--with", service.url, "--allow-private", "--pause", "0"]
        child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        _out, said = child.communicate(timeout=60)
        assert child.returncode == 1
        assert "stopped: 100 of 130 names are answered" in said
        assert "the same command goes on from there" in said
        assert not (tmp_path / "names.reconciled.csv").exists()
    again = Reconciler()
    port = int(service.url.rpartition(":")[2].strip("/"))
    with listening(again, port=port):
        done = matched(path, again)
    assert done.exit_code == 0, done.output
    assert len(asked(again)) == 30
    assert len(rows_of(tmp_path / "names.reconciled.csv", ",")) == 130


def service_at(service: Reconciler, waits: list[float], **given: Any) -> Service:
    return Service(Web(private=True, **given), service.url, wait=waits.append)


def test_a_busy_service_is_asked_again_when_it_says() -> None:
    """Retry-After is honoured; without one the pauses grow; the answer is that of a service that is not busy."""
    waits: list[float] = []
    with listening(Reconciler()) as service:
        client = service_at(service, waits)
        service.busy = 2
        (answer,) = client.answers([Question("Gemeente Assen")])
    assert answer.candidates[0].id == "assen"
    assert waits == [0.0, 0.0]
    with listening(Reconciler("0.2", "retry-after")) as service:
        client = service_at(service, waits := [])
        service.busy = 3
        client.answers([Question("Gemeente Assen")])
    assert waits == [1.0, 2.0, 4.0]


def test_a_service_that_stays_busy_is_an_error_in_the_end() -> None:
    """After six tries the service is said to give no answer."""
    waits: list[float] = []
    with listening(Reconciler("0.2", "retry-after")) as service:
        client = service_at(service, waits)
        service.busy = 100
        with pytest.raises(EndpointFailed, match="status 503"):
            client.answers([Question("a")])
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_a_batch_that_is_too_large_is_halved() -> None:
    """413 makes batches smaller, for those that follow as well; every question has its answer."""
    with listening(Reconciler(changes={"batchSize": 200})) as service:
        client = service_at(service, [])
        questions = [Question(f"Assen {n}") for n in range(120)]
        assert client.batch == 200
        answers = client.answers(questions)
        assert client.batch <= 60
    assert len(answers) == 120
    assert not any(answer.refused for answer in answers)


def test_one_name_that_is_refused_does_not_cost_the_others() -> None:
    """A batch that is refused for one of its names is taken apart; that name is told, with what the service says."""
    with listening(Reconciler(refuses="bad")) as service:
        client = service_at(service, [])
        answers = client.answers([Question(name) for name in ("Gemeente Assen", "bad", "Drenthe", "Fryslân")])
    assert [answer.refused for answer in answers] == ["", "status 400 (not this one)", "", ""]
    assert answers[0].candidates[0].id == "assen"


def test_a_name_that_is_left_out_is_asked_alone() -> None:
    """A service that leaves keys out is asked for those one by one; what it then leaves out is told."""
    with listening(Reconciler("0.2", "every-key")) as service:
        answers = service_at(service, []).answers([Question("Gemeente Assen"), Question("zzqx")])
        assert asked(service) == ["Gemeente Assen", "zzqx", "zzqx"]
    assert [each.refused for each in answers] == ["", ""]
    assert answers[0].candidates[0].id == "assen"
    assert answers[1].candidates == ()


def test_what_is_no_reconciliation_service_is_told() -> None:
    """A page, and JSON of another kind, are refused before anything is asked."""
    with (
        listening(Reconciler("0.2", "manifest")) as service,
        pytest.raises(DataInvalid, match="no reconciliation service"),
    ):
        service_at(service, [])
    other = Reconciler(changes=dict.fromkeys(("name", "versions", "identifierSpace")))
    with listening(other), pytest.raises(DataInvalid, match="is no manifest"):
        service_at(other, [])


def test_answers_that_cannot_be_used_are_errors() -> None:
    """JSON that is none, values of another shape, and properties that are refused say what they are."""

    class Odd:
        def __init__(self, body: bytes) -> None:
            self.body = body

        def get(self, url: str, _headers: Mapping[str, str] | None = None) -> Reply:
            return Reply("GET", url, status=200, body=b'{"name": "x", "extend": {}}')

        def form(self, url: str, _values: Mapping[str, str], _headers: Mapping[str, str] | None = None) -> Reply:
            return Reply("POST", url, status=200, body=self.body)

        def post_json(self, url: str, _document: object, _headers: Mapping[str, str] | None = None) -> Reply:
            return Reply("POST", url, status=200, body=self.body)

    with pytest.raises(EndpointFailed, match="no JSON"):
        Service(Odd(b"<html>"), "http://x/").answers([Question("a")])
    (answer,) = Service(Odd(b'{"q0": {"result": [{"name": "without id"}]}}'), "http://x/").answers([Question("a")])
    assert answer.refused
    for body in (b"[]", b'{"meta": 1}', b'{"meta": [], "rows": []}', b"x"):
        with pytest.raises(EndpointFailed, match="another shape"):
            Service(Odd(body), "http://x/").values(["a"], ["p"])


def test_a_service_without_values_says_so(tmp_path: Path) -> None:
    """--add where there is no data extension, and of a property that is refused, is an error that names it."""
    path = tmp_path / "names.csv"
    path.write_text("naam\nGemeente Assen\n", encoding="utf-8")
    with listening(Reconciler("0.2", "extend")) as service:
        done = matched(path, service, "--add", "p1")
    assert done.exit_code == 3
    assert "gives no such values: status 404 (not here)" in done.output


# ---- tables


ENCODED = [
    ("plain", "naam;stad\nFryslân;x\n".encode(), "utf-8", ";"),
    ("mark", "naam,stad\nFryslân,x\n".encode("utf-8-sig"), "utf-8-sig", ","),
    ("windows", "naam;stad\nFryslân;x\n".encode("cp1252"), "cp1252", ";"),
    ("utf16", "naam\tstad\nFryslân\tx\n".encode("utf-16"), "utf-16", "\t"),
    ("quoted", 'naam|stad\n"Fryslân"|"a;b,c\nd"\n'.encode(), "utf-8", "|"),
    ("commas", 'naam;stad\nFryslân;"a, b"\nAssen;"c, d"\n'.encode(), "utf-8", ";"),
]


@pytest.mark.parametrize(("name", "body", "encoding", "delimiter"), ENCODED, ids=[row[0] for row in ENCODED])
def test_tables_are_read_as_people_have_them(
    tmp_path: Path, name: str, body: bytes, encoding: str, delimiter: str
) -> None:
    """Encoding and delimiter are found out; the cells are right."""
    path = tmp_path / f"{name}.csv"
    path.write_bytes(body)
    table = read_table(path)
    assert (table.encoding, table.delimiter, table.header) == (encoding, delimiter, ("naam", "stad"))
    assert table.rows[0][0] == "Fryslân"
    assert table.bad == ()


def test_rows_that_cannot_be_read_are_told_with_their_line(tmp_path: Path) -> None:
    """Too many cells and a quotation mark that never ends are told; short rows are filled; blank ones are nothing."""
    path = tmp_path / "bad.csv"
    path.write_text('a,b\n1,2\n\n3\n4,5,6\n"x\ny",7\n8,9,\n10,"open\n11,12\n', encoding="utf-8")
    table = read_table(path)
    assert table.rows == (("1", "2"), ("3", ""), ("x\ny", "7"), ("8", "9"))
    assert [(row.line, row.what) for row in table.bad] == [
        (5, "it has 3 cells, and the header 2"),
        (9, "unexpected end of data"),
    ]
    assert table.short == 1


def test_a_bad_row_is_told_by_the_command(tmp_path: Path) -> None:
    """The line is named on stderr, the row is left out, and the summary counts it."""
    path = tmp_path / "names.csv"
    path.write_text("naam,b\nGemeente Assen,1,2\nDrenthe,1\n" + "x,y,z\n" * 12, encoding="cp1252")
    with listening(Reconciler()) as service:
        done = matched(path, service)
    assert "line 2 is left out: it has 3 cells, and the header 2" in done.output
    assert "and 3 more lines are left out" in done.output
    assert "13 rows left out, which cannot be read" in done.output
    assert [row["naam"] for row in rows_of(tmp_path / "names.reconciled.csv", ",")] == ["Drenthe"]


def test_a_table_written_is_a_table_read(tmp_path: Path) -> None:
    """Quotes, line ends in cells and the mark of UTF-8 come back; an added name that is there gets a number."""
    path, out = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_bytes('\ufeffx;y\r\n"a ""q""";"1;2"\r\n'.encode())
    table = read_table(path)
    write_table(table, [Added("y", "string", ["z"])], out)
    back = read_table(out)
    assert (back.header, back.rows) == (("x", "y", "y_2"), (('a "q"', "1;2", "z"),))
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    assert list(tmp_path.iterdir()) == [path, out] or len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (("--column", "name"), 2, "has no column 'name'"),
        (("--column", "naam", "--delimiter", "ab"), 2, "is no sign"),
        (("--column", "naam", "--encoding", "klingon"), 2, "is not known"),
        (("--column", "naam", "--encoding", "ascii"), 2, "line 2: not ascii"),
        (("--column", "naam", "-o", "x.docx"), 2, "no ending that is known"),
        (("--column", "naam", "--property", "stad"), 2, "is not COLUMN=PROPERTY"),
        (("--column", "naam", "--property", "dorp=p1"), 2, "has no column 'dorp'"),
        (("--column", "naam", "--wish", "0.9"), 2, "--wish needs probabilities"),
        (("--column", "naam", "--header", "x"), 2, "is no header"),
    ],
)
def test_mistakes_are_told_before_anything_is_asked(
    tmp_path: Path, words: Sequence[str], code: int, what: str
) -> None:
    """Each mistake ends the command with its code and says what is wrong; no name has been asked for."""
    path = tmp_path / "names.csv"
    path.write_text("naam,stad\nFryslân,x\n", encoding="utf-8")
    with listening(Reconciler()) as service:
        done = run(str(path), "--with", service.url, "--allow-private", "--pause", "0", *words)
        assert service.batches == []
    assert done.exit_code == code, done.output
    assert what in done.output


def test_the_table_itself_is_not_written_over(tmp_path: Path) -> None:
    """The output may not be the input."""
    path = tmp_path / "names.csv"
    path.write_text("naam\nx\n", encoding="utf-8")
    with listening(Reconciler()) as service:
        done = matched(path, service, "-o", str(path))
    assert done.exit_code == 2
    assert path.read_text(encoding="utf-8") == "naam\nx\n"


def test_a_file_without_a_header_is_told(tmp_path: Path) -> None:
    """Nothing, or blank lines alone, is no table."""
    path = tmp_path / "names.csv"
    path.write_text("\n\n", encoding="utf-8")
    with pytest.raises(DataSyntax, match="no header"):
        read_table(path)


def test_columns_are_found_without_their_capitals(tmp_path: Path) -> None:
    """A column is meant by its name in other capitals, unless two are."""
    path = tmp_path / "names.csv"
    path.write_text("Naam,a,A\n1,2,3\n", encoding="utf-8")
    table = read_table(path)
    assert (table.place("naam"), table.place("A")) == (0, 2)
    path.write_text("aa,aA\n1,2\n", encoding="utf-8")
    with pytest.raises(BadParameter, match="more than one column"):
        read_table(path).place("AA")


# ---- values, verdicts, the cache


def test_verdicts() -> None:
    """What matches, what is unclear, what is nothing, and what has no answer."""
    sure, other, low = Found("a", "A", 90.0, match=True), Found("b", "B", 90.0, match=True), Found("c", "C", 10.0)
    assert judged(Answer((sure, low))).kind == "matched"
    assert judged(Answer((sure, other))).kind == "unclear"
    assert judged(Answer((low,))).review == "unclear: C (c) 10"
    assert judged(Answer()).kind == "none"
    assert judged(Answer(refused="x")).review == "no answer: x"
    assert judged(Answer((sure, low)), 90.0).kind == "matched"
    assert judged(Answer((sure, low)), 90.1).kind == "unclear"
    assert judged(Answer((sure, other)), 50.0).kind == "unclear"


def test_the_cache_gives_back_what_it_was_given(tmp_path: Path) -> None:
    """Answers and values are the same after reopening; refused ones are asked again; sources are kept apart."""
    path = tmp_path / "kept.sqlite"
    question = Question("Fryslân", "t", (("p", 'a "b"'),), 3)
    answer = Answer((Found("a", "A", 1.5, match=True, types=("x", "y")),))
    with open_cache(path, "one") as cache:
        cache.keep({question: answer, Question("b"): Answer(refused="no")})
        cache.keep_values({"a": {"p": ("1", "2")}}, ["p"])
    with open_cache(path, "one") as cache:
        assert cache.answers([question, Question("b"), Question("c")]) == {question: answer}
        assert cache.values(["a", "b"], ["p"]) == {"a": {"p": ("1", "2")}}
        assert cache.values(["a"], ["q"]) == {}
    with open_cache(path, "two") as cache:
        assert cache.answers([question]) == {}
        cache.forget()
    with open_cache(path, "one") as cache:
        assert cache.answers([question]) == {question: answer}


def test_answers_of_another_version_are_asked_again(tmp_path: Path) -> None:
    """What is kept in a way that is not read any more is as if it were not there, and is written anew."""
    path = tmp_path / "kept.sqlite"
    question, answer = Question("Assen"), Answer((Found("a", "A"),))
    with open_cache(path, "one") as cache:
        cache.keep({question: answer})
        cache.keep_values({"a": {"p": ("1",)}}, ["p"])
    for text in ('{"version": 2}', "[[[1]], ", "[]", '[[["a"]], ""]'):
        with sqlite3.connect(path) as base:
            base.execute("UPDATE answer SET answer = ?", (text,))
        with open_cache(path, "one") as cache:
            assert cache.answers([question]) == {}
            assert cache.values(["a"], ["p"]) == {}
    with open_cache(path, "one") as cache:
        cache.keep({question: answer})
        assert cache.answers([question]) == {question: answer}


def test_a_file_of_another_kind_is_no_cache(tmp_path: Path) -> None:
    """It is refused, and left as it is."""
    path = tmp_path / "names.csv"
    path.write_text("naam\n" * 400, encoding="utf-8")
    with pytest.raises(DatasetUnreadable, match="cannot be used to keep answers"), open_cache(path, "x"):
        pass
    assert path.read_text(encoding="utf-8") == "naam\n" * 400


def test_a_property_may_have_a_sign_of_its_own() -> None:
    """The property is what stands behind the last =."""
    assert parsed_properties(["a=b=P1", " x = y "]) == (("a=b", "P1"), ("x", "y"))


# ---- the dataset itself, and a target


def test_a_table_is_matched_with_the_dataset_itself(tmp_path: Path, settings: Settings) -> None:
    """--with so2graph answers as the service would, without one."""
    path = tmp_path / "names.csv"
    path.write_text("naam\nBuro Bries\nzzqx\n", encoding="utf-8")
    done = run(
        str(path), "--column", "naam", "--with", "so2graph", "--data", str(settings.data), "--add", "rdfs:label"
    )
    assert done.exit_code == 0, done.output
    rows = rows_of(tmp_path / "names.reconciled.csv", ",")
    assert [(row["naam_id"], row["naam_match"]) for row in rows] == [("buro-bries", "true"), ("", "false")]


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """A folder with the snapshot of a target of a few places."""
    folder = tmp_path / "data"
    triples = [
        f"<https://example.org/p/{n}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
        f"<https://whosonfirst.org/placetype/locality> .\n"
        f'<https://example.org/p/{n}> <http://www.w3.org/2000/01/rdf-schema#label> "{name}"@nl .\n'
        for n, name in enumerate(("Assen", "Groningen", "Leeuwarden", "Ljouwert", "Emmen", "Haren"))
    ]
    source = tmp_path / "places.nt.gz"
    source.write_bytes(gzip.compress("".join(triples).encode()))
    words = [
        "link",
        "fetch",
        "wof",
        "--from",
        str(source),
        "--data",
        str(folder),
        "--licence",
        "https://example.org/l",
    ]
    done = CliRunner().invoke(main, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return folder


def test_a_table_is_matched_with_a_target_offline(tmp_path: Path, places: Path) -> None:
    """The scorer of the pipeline answers from a snapshot; other words for a place find it; nothing is asked."""
    path = tmp_path / "names.csv"
    path.write_text("naam\nGRONINGEN\nAsen\nQwertyuiop\n", encoding="utf-8")
    words = ("--column", "naam", "--with", "wof", "--data", str(places), "--wish", "0.5", "--add", "name")
    done = run(str(path), *words)
    assert done.exit_code == 0, done.output
    rows = rows_of(tmp_path / "names.reconciled.csv", ",")
    assert (rows[0]["naam_id"], rows[0]["naam_match"], rows[0]["naam_name_2"]) == (
        "https://example.org/p/1", "true", "Groningen",
    )  # fmt: skip
    assert (rows[2]["naam_id"], rows[2]["naam_match"]) == ("", "false")
    for more, what in (
        (("--property", "naam=colour"), "compares no 'colour'"),
        (("--type", "volcano"), "nothing of the type 'volcano'"),
    ):
        refused = run(str(path), *words, *more)
        assert refused.exit_code == 2
        assert what in refused.output


def test_what_a_run_has_learnt_is_used(tmp_path: Path, places: Path) -> None:
    """Where a target was run with enough of ours, its model weighs the comparisons: one that trusts no name finds
    nothing. What was learnt of a few is left alone."""
    target = target_of("wof", None, places)
    model = Model.default(target.spec)
    snapshot = current(places, "wof")
    records = their_records(target, snapshot.path)
    started = "2026-01-01T00:00:00.000+00:00"
    pinned = snapshot.pinned
    row = json.loads(replace(model, prior=1e-12).json())
    run_of = Run("wof", run_id(started, target.spec, pinned), 1, pinned, target.spec, started, row)
    empty = records_table([], target.spec)
    pairs = PAIRS.empty_table()
    for name, kind in (("weight", pa.float64()), ("probability", pa.float64()), ("decision", pa.string())):
        pairs = pairs.append_column(name, pa.array([], kind))
    path = tmp_path / "names.csv"
    path.write_text("naam\nGroningen\n", encoding="utf-8")
    words = (str(path), "--column", "naam", "--with", "wof", "--data", str(places), "--wish", "0.5")
    assert run(*words).exit_code == 0
    before = rows_of(tmp_path / "names.reconciled.csv", ",")
    found = [row["naam_match"] for row in before]
    for number, ours in enumerate((99, 100), 1):
        made = replace(run_of, id=f"{run_of.id[:-1]}{number}", counts={"ours": ours})
        write_run(places, made, empty, records, pairs)
        assert run(*words).exit_code == 0
        found += [row["naam_match"] for row in rows_of(tmp_path / "names.reconciled.csv", ",")]
    assert found == ["true", "true", "false"]


def test_an_unknown_target_names_those_that_there_are(tmp_path: Path, places: Path) -> None:
    """A name that is no target is an error with the names."""
    path = tmp_path / "names.csv"
    path.write_text("naam\nx\n", encoding="utf-8")
    done = run(str(path), "--column", "naam", "--with", "nowhere", "--data", str(places))
    assert done.exit_code == 4
    assert "wof" in done.output


def test_the_cache_is_a_plain_file(tmp_path: Path) -> None:
    """Anyone can read what was asked, of whom and when."""
    path = tmp_path / "names.csv"
    path.write_text("naam\nGemeente Assen\n", encoding="utf-8")
    with listening(Reconciler()) as service:
        assert matched(path, service, "--cache", str(tmp_path / "kept.sqlite")).exit_code == 0
        url = service.url
    with sqlite3.connect(tmp_path / "kept.sqlite") as base:
        ((source, question, answer, when),) = base.execute("SELECT * FROM answer").fetchall()
    base.close()
    assert source.startswith(url)
    assert json.loads(question)[0] == "Gemeente Assen"
    assert json.loads(answer)[0][0][0] == "assen"
    assert when
