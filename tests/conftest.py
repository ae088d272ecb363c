"""What all tests share: the bundle, one built dataset for the whole run, and a way to ask it things."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Protocol

import hypothesis
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

TESTS = Path(__file__).parent
ROOT = TESTS.parent

TURNS = "SO2GRAPH_TEST_TURNS"
MEMORY = Path("/dev/shm")  # noqa: S108  # a file system and no name of a file
ROOM = 2_000_000_000
"""Bytes that the files of a run may take."""
LONG = {
    f"test_{name}": place
    for place, name in enumerate(
        (
            "dereference",
            "exports",
            "static_site",
            "no_address",
            "federation",
            "readme",
            "rights",
            "openapi",
            "checks",
            "link_quality",
        )
    )
}
"""Files that take a minute or so, which are begun first."""
UNTRACED = {
    TESTS / f"test_{name}.py"
    for name in ("architecture", "concept_schemes", "negatives", "ontology", "shapes", "traps", "turns")
} | set((TESTS / "browser").glob("test_*.py"))
"""Files during whose tests coverage is not measured in the tests' own process, which makes all take twice the time.

That process runs none of our code there: it reads files and RDF, or drives a browser. Single tests say so by the
marker `no_cover`: walks over all there is, whose lines other tests reach as well.
"""
_LOCKS = pytest.StashKey[Path]()

hypothesis.settings.register_profile(
    "same", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("other", hypothesis.settings.get_profile("same"), derandomize=False)
# No test goes by chance or by the speed of the machine; `--hypothesis-profile other` tries other examples each time.
hypothesis.settings.load_profile("same")


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
    """Gives the workers of a run one folder for the locks by which they take turns.

    `SO2GRAPH_TEST_TURNS` names one that others take turns by as well; it is theirs.
    """
    given = os.environ.get(TURNS)
    if given is None and _LOCKS not in node.config.stash:
        node.config.stash[_LOCKS] = Path(tempfile.mkdtemp(prefix="so2graph-turns-"))
    node.workerinput["locks"] = given or str(node.config.stash[_LOCKS])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Removes that folder."""
    if _LOCKS in config.stash:
        shutil.rmtree(config.stash[_LOCKS], ignore_errors=True)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """No workers for one file: they take longer to start than they save, and cannot be debugged."""
    files = {ROOT / word.partition("::")[0] for word in config.args}
    return 0 if len(files) == 1 and files.pop().is_file() else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Looks for no garbage while tests are collected: there are ten thousand, and all are kept."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files come first, so that no worker ends with one; tests that need the whole machine come last."""
    items.sort(key=lambda item: (_alone(item), LONG.get(item.path.stem, len(LONG))))
    for item in items:
        if item.path in UNTRACED:
            item.add_marker(pytest.mark.no_cover)


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Where coverage is not measured in a test, it is not in the processes that the test starts either."""
    if item.get_closest_marker("no_cover") is None:
        return (yield)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("COVERAGE")]:
            patch.delenv(name)
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
def untraced_env(settings_env: dict[str, str]) -> dict[str, str]:
    """The same for a service that is killed, whose time is measured, or whose pages other tests ask for as well.

    Coverage is not measured in it: that takes twice the time, and what is killed tells nothing.
    """
    return untraced(settings_env)


def untraced(env: dict[str, str]) -> dict[str, str]:
    """An environment in which coverage is not measured."""
    return {name: value for name, value in env.items() if not name.startswith("COVERAGE")}


@pytest.fixture(scope="session")
def client(settings: Settings, bundle: Bundle) -> FlaskClient:
    """A client of the application on the built dataset; it asks for nothing in particular."""
    return create_app(settings, bundle).test_client()
