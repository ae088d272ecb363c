"""Exports of much data: bounded in memory, time and number."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import synthetic
from so2graph.config import Settings
from so2graph.engine.generations import Folder, Manifest
from so2graph.engine.staging import Staged
from so2graph.errors import BadSetting
from so2graph.formats import GRAPH_FORMATS, by_name
from so2graph.registry import Bundle
from so2graph.vocab import DEFAULT_GRAPH, Names
from so2graph.web.app import create_app

pytestmark = pytest.mark.alone

TRIPLES = 300_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A dataset of 300,000 triples and one blank node in the real default graph."""
    folder = tmp_path_factory.mktemp("large")
    settings = Settings.load({}, {"data": folder / "data", "max_export_megabytes": 300})
    file = folder / "large.nt"
    with file.open("w") as out:
        out.writelines(synthetic.triples(TRIPLES, 7))
        out.write("_:b <http://example.org/p> _:b .\n")
    ntriples = by_name("ntriples", GRAPH_FORMATS)
    assert ntriples is not None
    data = Folder(settings.data)
    with data.writing("test"), data.staging() as path:
        staged = Staged(path / "store", Names(settings.base))
        staged.store.load(file, ntriples, settings.base, DEFAULT_GRAPH)
        staged.refresh_merges()
        counts, derived = staged.counts(), staged.names.derived
        staged.close()
        manifest = Manifest(
            1,
            "2026-01-01T00:00:00+00:00",
            "test",
            settings.base,
            graphs={graph: count for graph, count in counts.items() if graph not in derived},
            derived={graph: count for graph, count in counts.items() if graph in derived},
            merges={name: members for name, members in staged.merges.items() if members != (name,)},
        )
        data.publish(path, manifest, 20)
    return settings


@pytest.mark.parametrize(("suffix", "megabytes"), [("nq", 120), ("ttl", 120), ("csv", 120), ("parquet", 260)])
def test_an_export_needs_no_more_memory_for_more_data(
    large: Settings, tmp_path: Path, suffix: str, megabytes: int
) -> None:
    """300,000 triples are exported within the memory that the libraries of the format take."""
    target = tmp_path / f"all.{suffix}"
    command = [sys.executable, "-m", "so2graph", "export", "-o", str(target)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SO2GRAPH_", "COV"))}
    # The system counts what a process had before it became another: so one that has little starts it.
    starter = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stderr=-3); "
    starter += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    told = subprocess.check_output(
        [sys.executable, "-c", starter, *command], env=kept | large.environment(), text=True, timeout=120
    )
    assert target.stat().st_size > 1_000_000
    assert int(told) < megabytes * 1024


def test_too_much_memory_ends_an_export(large: Settings, bundle: Bundle, tmp_path: Path) -> None:
    """Past `max_export_megabytes` a file is not made: 503 with the limit and what to do, and no part is left."""
    here = create_app(replace(large, exports=str(tmp_path), export_patience=120), bundle).test_client()
    response = here.get("/exports/dataset.c14n")
    problem = response.get_json()
    assert (response.status_code, problem["type"].rpartition("/")[2]) == (503, "query-memory")
    assert "max_export_megabytes" in problem["mend"]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and not path.name.endswith(".lock")]


@pytest.fixture
def held(large: Settings, tmp_path: Path) -> Iterator[Path]:
    """A pipe in the place of the file in the making, so that whoever makes it waits for a reader."""
    rights = tmp_path / "000001" / "e3b0c44298fc1c14"
    rights.mkdir(parents=True)
    pipe = rights / ".places.geojson.part"
    os.mkfifo(pipe)
    yield pipe
    pipe.unlink(missing_ok=True)


def test_an_export_that_takes_too_long_is_ended(large: Settings, bundle: Bundle, tmp_path: Path, held: Path) -> None:
    """Past `export_deadline` the making of a file is ended, and the client told which limit that was."""
    assert held.exists()
    hasty = replace(large, exports=str(tmp_path), export_deadline=1)
    response = create_app(hasty, bundle).test_client().get("/exports/places.geojson")
    problem = response.get_json()
    assert (response.status_code, problem["type"].rpartition("/")[2]) == (503, "query-timeout")
    assert problem["limit"] == 1
    assert "export_deadline" in problem["mend"]


def test_one_export_at_a_time(large: Settings, bundle: Bundle, tmp_path: Path, held: Path) -> None:
    """While as many files are made as `max_exports` allows, another gives 503; with one more it is made."""
    busy = replace(large, exports=str(tmp_path), export_deadline=5, max_export_megabytes=4000)
    for most, expected in ((1, 503), (2, 200)):
        app = create_app(replace(busy, max_exports=most), bundle)
        first = threading.Thread(target=lambda app=app: app.test_client().get("/exports/places.geojson"))
        first.start()
        prepared = app.extensions["so2graph-prepared"]
        while not prepared.at_work:
            assert first.is_alive()
        assert (
            app.test_client().get(f"/exports/places.geojson.{'gz' if most == 1 else 'zst'}").status_code == expected
        )
        first.join()


def test_patience_is_bounded() -> None:
    """`export_patience`, `export_deadline` and `max_exports` take no nonsense."""
    for name, value in (
        ("export_patience", -1),
        ("export_deadline", 0),
        ("max_exports", 0),
        ("max_export_megabytes", 1),
    ):
        with pytest.raises(BadSetting, match="out of range"):
            Settings.load({}, {name: value})
