"""Every command as a user runs it: what it prints, where, and how it ends."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
import rdflib

from so2graph.cli import main
from so2graph.errors import EXIT_CODES

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def run(settings_env: dict[str, str]) -> Run:
    """Runs `so2graph` in a process of its own, on the built dataset."""

    def call(*words: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "so2graph", *words],
            env=settings_env | env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call


def test_the_headline_prints_every_path_and_says_that_facts_alone_give_none(run: Run) -> None:
    """Per hub and target: first that stated facts give no path, then each path with its weakest link."""
    done = run("query", "hub-to-national")
    assert done.returncode == 0
    for hub in ("SO network Assen/Drenthe", "SO network Groningen"):
        for target in ("SO network Northern Netherlands", "Social Enterprise Netherlands"):
            section = done.stdout.split(f"{hub} → {target}\n")[1]
            assert section.startswith("  on stated facts alone: no path\n")
    assert (
        "inferred, 4 steps: SO network Groningen ←connects (intended)– SO network Northern Netherlands" in done.stdout
    )
    assert "not fact: " in done.stdout


def test_the_headline_speaks_dutch_when_asked(run: Run) -> None:
    """The language of an answer is a parameter of the query."""
    done = run("query", "hub-to-national", "-p", "language=nl")
    assert "alleen op gestelde feiten: geen weg" in done.stdout
    assert "SO netwerk Noord Nederland" in done.stdout


@pytest.mark.parametrize("way", ["text", "file", "stdin"])
def test_a_query_comes_as_text_file_or_standard_input(run: Run, tmp_path: Path, way: str) -> None:
    """The three ways give the same rows."""
    text = "SELECT ?n { ?n a so2:RegionalNetwork } ORDER BY ?n"
    path = tmp_path / "hubs.rq"
    path.write_text(text, encoding="utf-8")
    word = {"text": text, "file": str(path), "stdin": "-"}[way]
    done = run("query", word, "-f", "csv", stdin=text)
    assert done.returncode == 0
    assert [row["n"].rpartition("/")[2] for row in csv.DictReader(io.StringIO(done.stdout))] == [
        "so-netwerk-assen-drenthe",
        "so-netwerk-groningen",
    ]


@pytest.mark.parametrize("wanted", ["json", "xml", "csv", "tsv"])
def test_an_answer_goes_to_a_file_whole_or_not_at_all(run: Run, tmp_path: Path, wanted: str) -> None:
    """`-o` writes the file and says so on standard error only."""
    path = tmp_path / f"answer.{wanted}"
    done = run("query", "graphs", "-f", wanted, "-o", str(path))
    assert done.returncode == 0
    assert done.stdout == ""
    assert f"bytes to {path}" in done.stderr
    assert "graph/so2/stated" in path.read_text(encoding="utf-8")
    failed = run("query", "graphs", "-f", wanted, "-o", "/proc/no/such/folder/answer")
    assert failed.returncode != 0


def test_a_table_has_columns_rows_and_a_count(run: Run) -> None:
    """The default format is for people."""
    done = run("query", "SELECT ?n ?l { ?n a so2:RegionalNetwork ; rdfs:label ?l FILTER(LANG(?l) = 'nl') }")
    assert "id:so-netwerk-groningen" in done.stdout
    assert "SO netwerk Assen/Drenthe" in done.stdout
    assert done.stderr.strip() == "2 rows"
    assert run("query", "ASK {}").stdout.split()[-1] == "yes"
    graph = run("query", "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o . ?s a so2:CoreGroup }")
    assert "predicate" in graph.stdout


FAILURES = [
    (("query", "SELEC"), 3, "there is no SELECT"),
    (("query", "SELECT ?x { ?x ?y }"), 3, "line 1, column"),
    (("query", "nothing-like-it"), 4, "no stored query"),
    (("query", "DROP ALL"), 8, "changes the dataset"),
    (("query", "SELECT * { SERVICE <http://x/> {} }"), 8, "another server"),
    (("query", "graphs", "-f", "docx"), 2, "'docx' cannot be made"),
    (("query", "graphs", "-p", "colour=red"), 2, "no parameter 'colour'"),
    (("query", "graphs", "-p", "colour"), 2, "not NAME=VALUE"),
    (("query", "ASK {}", "-p", "a=b"), 2, "only a stored query"),
    (("query", "missing.rq"), 2, "cannot be read"),
    (("query", "SELECT * FROM <http://x/> {?s ?p ?o}"), 4, "no graph <http://x/>"),
    (("query", "SELECT * { ?s ?p ?o }", "-f", "json", "--max-result-bytes", "100"), 9, "larger than 100 bytes"),
    (("path", "alescom", "senl"), 4, "Did you mean: Alescon"),
    (("path", "alescon", "senl", "--certainty", "sure"), 2, "no modality"),
    (("path", "alescon", "senl", "--steps", "9"), 2, "more than 8"),
    (("export", "-g", "so2/nothing"), 4, "no graph"),
    (("export", "-f", "json"), 2, "cannot be made"),
    (("settings", "--workers", "none"), 2, "not a whole number"),
    (("settings", "--workers", "0"), 2, "out of range"),
    (("stats", "--contact", "perhaps"), 2, "public, private"),
    (("stats", "--base", "no-base"), 2, "not a base"),
    (("nonsense",), 2, "No such command"),
]


@pytest.mark.parametrize(
    ("words", "code", "message"), FAILURES, ids=lambda v: " ".join(v) if isinstance(v, tuple) else ""
)
def test_every_failure_says_what_where_and_what_to_do(
    run: Run, words: tuple[str, ...], code: int, message: str
) -> None:
    """What is wrong and what to do, on standard error, with the exit code of the table and no traceback."""
    done = run(*words)
    assert done.returncode == code
    assert done.returncode in EXIT_CODES
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_path_is_found_by_label_identifier_iri_and_prefixed_name(run: Run) -> None:
    """Four ways to name the same two things give the same paths."""
    ends = [
        ("SO netwerk Groningen", "Social Enterprise Nederland"),
        ("so network groningen", "senl"),
        ("id:so-netwerk-groningen", "https://w3id.org/so2graph/id/social-enterprise-nederland"),
        ("so-netwerk-groningen", "<https://w3id.org/so2graph/id/social-enterprise-nederland>"),
    ]
    answers = {run("path", *pair).stdout for pair in ends}
    assert len(answers) == 1
    text = answers.pop()
    assert text.startswith("On stated facts alone there is no path of at most 5 steps")
    assert text.count(" steps: ") == 3


def test_a_path_as_data_names_every_step(run: Run) -> None:
    """`--json` gives nodes, modality and direction of each step."""
    found = json.loads(run("path", "bries", "jw", "--json").stdout)
    assert found[0]["weakest"] == "stated"
    assert [step["modality"] for step in found[0]["steps"]] == ["stated", "stated"]
    assert found[1]["weakest"] == "inferred"


def test_no_path_at_all_is_said(run: Run) -> None:
    """Two things that nothing connects."""
    done = run("path", "th-mvo", "senl")
    assert done.returncode == 0
    assert "no path" in done.stdout
    assert "Nor is there one" in done.stdout


def test_the_dataset_goes_home_in_each_format(run: Run, tmp_path: Path) -> None:
    """Formats with graphs hold all of them but the e-mail graph, the others the facts; twice the same bytes."""
    sizes = {}
    for wanted, parser in (("trig", "trig"), ("nquads", "nquads"), ("jsonld", "json-ld"), ("turtle", "turtle")):
        path = tmp_path / f"all.{wanted}"
        assert run("export", "-f", wanted, "-o", str(path)).returncode == 0
        first = path.read_bytes()
        assert run("export", "-f", wanted, "-o", str(path)).returncode == 0
        assert path.read_bytes() == first
        dataset = rdflib.Dataset()
        dataset.parse(path, format=parser)
        sizes[wanted] = len(list(dataset.quads()))
        assert not re.search(rb"[\w.]+@[\w-]+\.nl", first), "an e-mail address is in the export"
    assert sizes["trig"] == sizes["nquads"] == sizes["jsonld"] > sizes["turtle"] > 300
    planned = run("export", "-g", "so2/planned", "-f", "ntriples")
    assert len(planned.stdout.splitlines()) == 5


def test_stats_counts_every_graph(run: Run) -> None:
    """Titles and counts; the e-mail graph is not even named when it is private."""
    done = run("stats")
    assert re.search(r"SO2: stated\s+158", done.stdout)
    assert "generation 1, made" in done.stdout
    assert "contact" in done.stdout
    assert "contact" not in run("stats", "--contact", "private").stdout


def test_settings_come_from_flag_then_environment_then_default(run: Run) -> None:
    """The flag wins; the environment is next."""
    assert re.search(r"SO2GRAPH_WORKERS\s+5\s+2", run("settings", SO2GRAPH_WORKERS="5").stdout)
    assert re.search(r"SO2GRAPH_WORKERS\s+3\s+2", run("settings", "--workers", "3", SO2GRAPH_WORKERS="5").stdout)


def test_build_and_validate_say_what_they_did(run: Run, tmp_path: Path) -> None:
    """The first build makes generation 1, the second nothing; validate publishes nothing."""
    data = str(tmp_path / "data")
    assert run("validate", "--data", data).stdout.startswith("fit to publish: ")
    assert not (tmp_path / "data").exists()
    assert run("build", "--data", data).stdout.startswith("made generation 1 in ")
    assert run("build", "--data", data).stdout.startswith("unchanged: generation 1 in ")


def test_a_command_builds_what_is_not_there_yet(run: Run, tmp_path: Path) -> None:
    """An empty folder is built from the bundle by the first command that needs it."""
    done = run("query", "ASK { id:alescon a org:Organization }", "--data", str(tmp_path / "new"))
    assert done.stdout.split()[-1] == "yes"


def test_a_port_in_use_is_said_before_anything_starts(run: Run) -> None:
    """The message names the port and the flag to choose another."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port))
    assert done.returncode == 7
    assert f"port {port} on 127.0.0.1 is in use" in done.stderr
    assert "--port" in done.stderr


def test_an_address_that_is_not_ours_is_a_bad_setting(run: Run) -> None:
    """A host name that means nothing here is not called a taken port."""
    assert run("serve", "--host", "192.0.2.1", "--port", "0").returncode == 2


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_has_help(run: Run, name: str) -> None:
    """With what it does and each of its flags."""
    done = run(name, "--help")
    assert done.returncode == 0
    assert str(main.commands[name].help).split(".")[0] in " ".join(done.stdout.split())
    assert ("--data" in done.stdout) != isinstance(main.commands[name], click.Group)


def test_the_program_is_on_the_path_and_tells_its_version() -> None:
    """The entry point of the package works."""
    program = shutil.which("so2graph", path=str(Path(sys.executable).parent))
    assert program is not None
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"so2graph, version \d+\.\d+\.\d+\n", done.stdout)
