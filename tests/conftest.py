"""What all tests share: the bundle, one built dataset for the whole run, and a way to ask it things."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Protocol

import pytest
from flask.testing import FlaskClient

from so2graph.config import Settings
from so2graph.engine.dataset import resolve
from so2graph.engine.guard import guard
from so2graph.engine.snapshot import Snapshot
from so2graph.publish.build import build, open_current
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, Prefixes, Term
from so2graph.web.app import create_app
from tests.turns import turn

Rows = list[dict[str, Term | None]]
Ask = Callable[..., Rows]

ROOT = Path(__file__).parent.parent

MEMORY = Path("/dev/shm")  # noqa: S108  # a file system and no name of a file
ROOM = 2_000_000_000
"""Bytes that the files of a run may take."""
LONG = {
    f"test_{name}": place
    for place, name in enumerate(
        ("dereference", "exports", "static_site", "no_address", "federation", "readme", "rights", "openapi", "checks")
    )
}
"""Files that take a minute or so, which are begun first."""
_LOCKS = pytest.StashKey[Path]()


def pytest_configure() -> None:
    """Puts `tmp_path` into memory where there is room: builds and writes wait for the disk most of their time.

    `PYTEST_DEBUG_TEMPROOT` names another place, for a run on a real disk.
    """
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


class _Node(Protocol):
    """A worker that pytest-xdist is about to start."""

    config: pytest.Config
    workerinput: dict[str, object]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: _Node) -> None:
    """Gives the workers of a run one folder for the locks by which they take turns."""
    if _LOCKS not in node.config.stash:
        node.config.stash[_LOCKS] = Path(tempfile.mkdtemp(prefix="so2graph-turns-"))
    node.workerinput["locks"] = str(node.config.stash[_LOCKS])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Removes that folder."""
    if _LOCKS in config.stash:
        shutil.rmtree(config.stash[_LOCKS], ignore_errors=True)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """No workers for one file: they take longer to start than they save, and cannot be debugged."""
    files = {ROOT / word.partition("::")[0] for word in config.args}
    return 0 if len(files) == 1 and files.pop().is_file() else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files come first, so that no worker ends with one; tests that need the whole machine come last."""
    items.sort(key=lambda item: (_alone(item), LONG.get(item.path.stem, len(LONG))))


def _alone(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """In a worker, waits for the turn of a test, and of the fixtures that begin and end with it."""
    given = getattr(item.config, "workerinput", None)
    if given is None:
        return (yield)
    with turn(Path(given["locks"]), alone=_alone(item)):
        return (yield)


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    """The checkout's own ontology, data and queries."""
    return Bundle(ROOT, CANONICAL_BASE)


@pytest.fixture(scope="session")
def prefixes(bundle: Bundle) -> Prefixes:
    return bundle.prefixes()


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, bundle: Bundle) -> Settings:
    """Settings whose data folder holds the bundle, built once for the run; nobody may write to it."""
    made = Settings.load({}, {"data": tmp_path_factory.mktemp("built") / "data"})
    build(bundle, made)
    return made


@pytest.fixture(scope="session")
def snapshot(settings: Settings) -> Snapshot:
    return open_current(settings)


@pytest.fixture(scope="session")
def ask(snapshot: Snapshot, prefixes: Prefixes) -> Ask:
    """Asks a SELECT as a caller who may read everything; all prefixes of the table need no declaration."""

    def run(text: str) -> Rows:
        analysis = guard(text, max_bytes=1_000_000, prefixes=prefixes)
        dataset = resolve(snapshot.graphs, snapshot.graphs.readable("public"), analysis)
        answer = snapshot.query(text, dataset, prefixes)
        assert answer.variables is not None, "ask() takes SELECT queries"
        return [dict(zip(answer.variables, row, strict=True)) for row in answer.rows()]

    return run


@pytest.fixture(scope="session")
def page(bundle: Bundle) -> str:
    """The text of the source page."""
    return (bundle.data / "sources" / "so2-page.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def settings_env(settings: Settings) -> dict[str, str]:
    """The environment of a child process that works on the built dataset."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SO2GRAPH_")}
    return kept | settings.environment()


@pytest.fixture(scope="session")
def client(settings: Settings, bundle: Bundle) -> FlaskClient:
    """A client of the application on the built dataset; it asks for nothing in particular."""
    return create_app(settings, bundle).test_client()
