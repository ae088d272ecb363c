"""The house rules that can be proven: imports point down, a library has one home, a plain request imports little."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "so2graph"

LAYERS: tuple[tuple[str, ...], ...] = (
    ("so2graph",),
    ("so2graph.errors",),
    ("so2graph.config", "so2graph.vocab", "so2graph.formats", "so2graph.coding"),
    ("so2graph.registry",),
    ("so2graph.engine",),
    ("so2graph.link.mapping", "so2graph.link.axioms", "so2graph.link.sssom"),
    ("so2graph.network",),
    ("so2graph.publish",),
    ("so2graph.link",),
    ("so2graph.terminal",),
    ("so2graph.web",),
    (
        "so2graph.cli",
        "so2graph.cli_export",
        "so2graph.cli_files",
        "so2graph.cli_link",
        "so2graph.cli_link_publish",
        "so2graph.cli_link_check",
        "so2graph.cli_link_review",
        "so2graph.cli_options",
        "so2graph.cli_progress",
        "so2graph.cli_publish",
        "so2graph.cli_reconcile",
        "so2graph.cli_reconcile_file",
        "so2graph.cli_session",
        "so2graph.cli_tokens",
        "so2graph.__main__",
    ),
)
"""From the bottom up; a module may import from its own layer and those below it."""

HOMES = {
    "pyoxigraph": {"so2graph/engine/store.py"},
    "SPARQLWrapper": {"so2graph/engine/gateway.py"},
    "flask": {"so2graph/web"},
    "werkzeug": {"so2graph/web"},
    "markupsafe": {"so2graph/web/site.py"},
    "cachetools": {"so2graph/web/cache.py", "so2graph/web/edge.py", "so2graph/engine/gateway.py"},
    "zstandard": {"so2graph/coding.py"},
    "prometheus_client": {"so2graph/web/metrics.py"},
    "a2wsgi": {"so2graph/web/edge.py"},
    "granian": {"so2graph/web/serving.py"},
    "pyld": {"so2graph/publish/context.py"},
    "rdflib": {"so2graph/publish/validate.py"},
    "pyshacl": {"so2graph/publish/validate.py"},
    "rapidfuzz": {"so2graph/publish/search_text.py", "so2graph/link/features.py", "so2graph/link/likeness.py"},
    "networkx": {"so2graph/network/files.py", "so2graph/network/holding.py", "so2graph/network/paths.py"},
    "yaml": {"so2graph/registry.py", "so2graph/link"},
    "numpy": {"so2graph/link"},
    "scipy": {"so2graph/link"},
    "sparse_dot_topn": {"so2graph/link/grams.py"},
    "stdnum": {"so2graph/link/identifiers.py"},
    "jsonschema": {"so2graph/link/conformance_schemas.py"},
    "duckdb": {"so2graph/link/train.py"},
    "splink": {"so2graph/link/train.py"},
    "pyspark": {"so2graph/link/spark.py"},
    "click": {
        "so2graph/cli.py",
        "so2graph/cli_export.py",
        "so2graph/cli_files.py",
        "so2graph/cli_link.py",
        "so2graph/cli_link_publish.py",
        "so2graph/cli_link_check.py",
        "so2graph/cli_link_review.py",
        "so2graph/cli_options.py",
        "so2graph/cli_progress.py",
        "so2graph/cli_publish.py",
        "so2graph/cli_reconcile.py",
        "so2graph/cli_reconcile_file.py",
        "so2graph/cli_tokens.py",
        "so2graph/terminal.py",
    },
    "rich": {"so2graph/terminal.py"},
    "pyarrow": {"so2graph/engine/tabular.py", "so2graph/link"},
    "xlsxwriter": {"so2graph/engine/tabular.py"},
}

FRONTEND = PACKAGE / "web" / "frontend"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if FRONTEND not in path.parents)


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _layer(module: str) -> int:
    found = [
        (len(name), index)
        for index, names in enumerate(LAYERS)
        for name in names
        if module == name or (index > 0 and module.startswith(name + "."))
    ]
    if found:
        return max(found)[1]
    raise AssertionError(f"{module} is in no layer: add it to LAYERS, where it belongs")


def _imports(path: Path) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} has a relative import"
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_imports_point_down(path: Path) -> None:
    """A module imports from its own layer and those below it only."""
    mine = _layer(_name(path))
    upward = [
        f"{path.name}:{line} imports {name}"
        for line, name in _imports(path)
        if name.split(".")[0] == "so2graph" and _layer(name.removesuffix(".__version__")) > mine
    ]
    assert not upward


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_library_has_one_home(path: Path) -> None:
    """A third-party library is imported in its home only."""
    where = path.relative_to(ROOT).as_posix()
    astray = [
        f"{where}:{line} imports {name}"
        for line, name in _imports(path)
        if (homes := HOMES.get(name.split(".")[0])) is not None
        and not any(where == home or where.startswith(home + "/") for home in homes)
    ]
    assert not astray


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_every_library_has_a_home(path: Path) -> None:
    """Nothing third-party is imported that the table of homes does not know."""
    known = {*sys.stdlib_module_names, *HOMES, "so2graph"}
    strangers = {name.split(".")[0] for _, name in _imports(path)} - known
    assert not strangers


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_modules_and_functions_stay_readable(path: Path) -> None:
    """A module has up to 450 lines and a function up to 60."""
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 450
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= 60
    ]
    assert not long


def test_a_broad_except_stands_in_no_module() -> None:
    """`except Exception` is for the outermost handler alone, which Flask's error hook is."""
    broad = [
        f"{path}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
    ]
    assert not broad


HEAVY = (
    "rdflib",
    "pyshacl",
    "SPARQLWrapper",
    "splink",
    "rich",
    "pyarrow",
    "xlsxwriter",
    "pyld",
    "numpy",
    "scipy",
    "duckdb",
)


def test_a_plain_request_imports_no_heavy_library(settings_env: dict[str, str]) -> None:
    """A page, a query and an entity are answered without rdflib, pyshacl, SPARQLWrapper or Splink."""
    script = """
import json, os, sys
from so2graph.config import Settings
from so2graph.registry import Bundle
from so2graph.web.app import create_app
settings = Settings.load(os.environ)
client = create_app(settings, Bundle.find(settings.base)).test_client()
for path in ("/", "/doc/alescon", "/doc/alescon.ttl", "/sparql?query=ASK{}", "/queries/graphs.csv", "/def"):
    assert client.get(path).status_code == 200, path
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], env=settings_env, capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert not set(HEAVY) & set(json.loads(done.stdout))


def test_help_is_quick_because_it_imports_little(settings_env: dict[str, str]) -> None:
    """`so2graph --help` imports neither the engine nor the web; time itself is measured by the benchmark."""
    script = (
        "import sys; from so2graph.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print('\\n' + ' '.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=settings_env, capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert "Exit codes" in done.stdout
    assert not {"pyoxigraph", "flask", "rdflib", "networkx", "yaml", "rich", "granian"} & loaded
