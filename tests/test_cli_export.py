"""`so2graph export` as a user runs it: what it writes, what it says, and how it refuses."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet
import pytest
import rdflib
from flask.testing import FlaskClient

from tests.test_cli import run

__all__ = ["run"]

Run = Callable[..., subprocess.CompletedProcess[str]]


def written(run: Run, folder: Path, *words: str) -> tuple[Path, dict[str, object]]:
    """Exports to a file whose name comes last; the file and its sidecar."""
    target = folder / words[-1]
    done = run("export", *words[:-1], "-o", str(target))
    assert done.returncode == 0, done.stderr
    meta = json.loads(target.with_name(f"{target.name}.meta.json").read_text())
    assert f"wrote {meta['bytes']} bytes to {target}" in done.stderr
    assert hashlib.sha256(target.read_bytes()).hexdigest() == meta["sha256"]
    return target, meta


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ((), "dataset.nq"),
        ((), "dataset.jsonld"),
        ((), "dataset.parquet"),
        ((), "dataset.c14n"),
        (("-g", "so2/planned"), "graph/so2/planned.ttl"),
        (("--modality", "hoped"), "modality/hoped.trig"),
        (("--framed", "RegionalNetwork"), "framed/RegionalNetwork.jsonld"),
        (("network",), "network.gexf"),
        (("network",), "network.graphml"),
        (("nodes",), "nodes.csv"),
        (("edges",), "edges.xlsx"),
        (("places",), "places.geojson"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_the_command_writes_what_the_service_serves(
    run: Run, client: FlaskClient, tmp_path: Path, words: tuple[str, ...], name: str
) -> None:
    """A file by the command has the bytes of the same file by HTTP; the format goes by its suffix."""
    target, meta = written(run, tmp_path, *words, name.replace("/", "-"))
    served = client.get(f"/exports/{name}")
    assert target.read_bytes() == served.data
    assert meta["counts"] == client.get(f"/exports/{name}.meta.json").get_json()["counts"]


def test_a_suffix_packs_the_file(run: Run, tmp_path: Path) -> None:
    """`.gz` after the suffix of the format packs; the sidecar is about the packed file."""
    plain, _ = written(run, tmp_path, "-g", "so2/hoped", "hoped.nt")
    packed, meta = written(run, tmp_path, "-g", "so2/hoped", "hoped.nt.gz")
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert meta["format"] == "ntriples"


def test_one_thing_comes_with_all_that_is_said_of_it(run: Run, client: FlaskClient, tmp_path: Path) -> None:
    """`--entity` takes a label, and writes what `/doc` has."""
    target, meta = written(run, tmp_path, "--entity", "Buro Bries", "bries.ttl")
    assert target.read_bytes() == client.get("/doc/buro-bries.ttl").data
    assert (meta["name"], meta["format"]) == ("bries.ttl", "turtle")
    table = run("export", "--entity", "id:buro-bries", "-f", "csv")
    assert table.stdout.startswith("graph,subject,predicate,object")


def test_an_answer_comes_with_its_query(run: Run, tmp_path: Path) -> None:
    """`--query` takes a stored query with parameters, or SPARQL; the sidecar has the text that was asked."""
    target, meta = written(run, tmp_path, "--query", "networks", "-p", "language=nl", "networks.parquet")
    table = pyarrow.parquet.read_table(target)
    assert {"rows": table.num_rows} == meta["counts"]
    assert "SELECT" in str(meta["query"])
    graph, told = written(run, tmp_path, "--query", "CONSTRUCT WHERE { ?s a so2:RegionalNetwork }", "hubs.ttl")
    assert len(rdflib.Graph().parse(graph)) == 2
    assert told["counts"] == {"triples": 2}


def test_an_older_generation_can_be_named(run: Run) -> None:
    """`--generation` takes a number that is there; another is refused with those that are."""
    assert run("export", "--generation", "1", "-f", "nt").stdout == run("export", "-f", "nt").stdout
    refused = run("export", "--generation", "99")
    assert refused.returncode == 4
    assert "no generation 99" in refused.stderr
    assert "[1]" in refused.stderr


def test_a_file_without_a_sidecar(run: Run, tmp_path: Path) -> None:
    """`--no-sidecar` writes the file alone."""
    target = tmp_path / "all.nt"
    assert run("export", "--no-sidecar", "-o", str(target)).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["all.nt"]


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (("everything",), 2, "there is no export called 'everything'"),
        (("framed",), 2, "there is no export called 'framed'"),
        (("network", "-f", "ttl"), 2, "cannot be made"),
        (("--graph", "so2/planned", "--modality", "hoped"), 2, "more than one thing"),
        (("nodes", "--graph", "so2/planned"), 2, "more than one thing"),
        (("--modality", "sure"), 4, "is no modality"),
        (("--framed", "Unicorn"), 4, "nothing is of the type"),
        (("--entity", "nobody at all"), 4, "nothing called"),
        (("-p", "a=b"), 2, "only a stored query takes parameters"),
        (("--query", "ASK {}", "-p", "a=b"), 2, "only a stored query takes parameters"),
    ],
)
def test_what_cannot_be_exported_is_refused(run: Run, words: tuple[str, ...], code: int, what: str) -> None:
    """Each mistake ends with its exit code, says what is wrong and what to do, and writes nothing."""
    done = run("export", *words)
    assert (done.returncode, done.stdout) == (code, "")
    error, mend = done.stderr.strip().split("\n", 1)
    assert what in error
    assert mend.strip()
