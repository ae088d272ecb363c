"""What all tests share: the bundle, one built dataset for the whole run, and a way to ask it things."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

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

Rows = list[dict[str, Term | None]]
Ask = Callable[..., Rows]

ROOT = Path(__file__).parent.parent


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
