"""Typed tables from the running service: within the memory of a query, its deadline, and leaving nothing behind."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from so2graph.formats import SOLUTION_FORMATS
from tests.test_limits import Service, limited
from tests.turns import patiently

pytestmark = pytest.mark.alone

TYPED = tuple(fmt.name for fmt in SOLUTION_FORMATS if fmt.binary)
ROWS = "SELECT ?s ?p ?o ?n {{ ?s ?p ?o {{ SELECT ?n {{ ?n ?q ?r }} LIMIT 50 }} }} LIMIT {}"
HUNGRY = "SELECT ?a ?d ?g { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i"


def _get(service: Service, query: str, fmt: str) -> tuple[int, bytes]:
    try:
        with urlopen(f"{service.url}sparql?{urlencode({'query': query, 'format': fmt})}", timeout=60) as response:
            return response.status, response.read()
    except HTTPError as error:
        return error.code, error.read()


def _count(body: bytes, fmt: str) -> int:
    if fmt == "parquet":
        return int(pq.read_metadata(io.BytesIO(body)).num_rows)
    if fmt == "arrow":
        return int(pa.ipc.open_stream(body).read_all().num_rows)
    return len(list(openpyxl.load_workbook(io.BytesIO(body), read_only=True).worksheets[0].iter_rows())) - 1


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, settings_env: dict[str, str]) -> Iterator[Service]:
    """A service with the limits that it has by itself."""
    with limited(settings_env, tmp_path_factory.mktemp("typed"), {}) as running:
        yield running


@pytest.mark.parametrize("fmt", TYPED)
def test_a_table_is_made_within_the_memory_of_a_query(service: Service, fmt: str) -> None:
    """Under the limits by default, three times on end, of some and of many rows."""
    for count in (10, 20_000, 10):
        status, body = _get(service, ROWS.format(count), fmt)
        assert (status, _count(body, fmt)) == (200, count)


@pytest.mark.parametrize("fmt", TYPED)
def test_the_library_does_not_count_as_memory_of_the_query(
    fmt: str, tmp_path: Path, settings_env: dict[str, str]
) -> None:
    """A small limit leaves a small query its table; a large one ends with `query-memory`, and the service goes on."""
    with limited(settings_env, tmp_path, {"max_query_megabytes": 64, "image_megabytes": 1}) as small:
        assert _get(small, ROWS.format(1000), fmt)[0] == 200
        assert small.refused(small.form(query=HUNGRY, format=fmt)) == (503, "query-memory")
        assert _get(small, ROWS.format(1000), fmt)[0] == 200


def test_rows_are_limited_over_http_too(tmp_path: Path, settings_env: dict[str, str]) -> None:
    """Ten rows are an answer in each format, eleven are a 422 that names the limit."""
    with limited(settings_env, tmp_path, {"max_result_rows": 10}) as small:
        for fmt in TYPED:
            assert _get(small, ROWS.format(10), fmt)[0] == 200
            beyond = small.form(query=ROWS.format(11), format=fmt)
            assert small.refused(beyond) == (422, "result-too-large")
            assert beyond[1]["limit"] == 10


def test_a_reader_that_is_killed_leaves_no_files(tmp_path: Path, settings_env: dict[str, str]) -> None:
    """What a workbook was written to is cleared away by the host, also where the deadline ended its reader."""
    folder = Path(tempfile.mkdtemp(prefix="so2-"))
    try:
        with limited(settings_env | {"TMPDIR": str(folder)}, tmp_path, {"deadline": 2}) as running:
            many = "SELECT ?s ?p ?o ?n { ?s ?p ?o . ?n ?q ?r }"
            assert running.refused(running.form(query=many, format="xlsx"))[0] in (503, 422)
            assert patiently(lambda: _get(running, ROWS.format(10), "xlsx")[0] == 200)
            assert patiently(lambda: _left(folder) == [])
        assert list(folder.iterdir()) == []
    finally:
        shutil.rmtree(folder)


def _left(folder: Path) -> list[Path]:
    """Files in the folders of readers; an empty folder may stay as long as its reader."""
    return list(folder.glob("so2graph-run-*/scratch-*/**/*"))
