"""What is in the wheel, and that nobody who installs it, or builds it from an sdist, needs Node or npm."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from email import message_from_string
from pathlib import Path

import pytest

from tests.conftest import ROOT

BUILT = "so2graph/web/static/build/"
FRONTEND = "so2graph/web/frontend"
PACKAGE = re.compile(r"^(\S+) (\S+) \(([^)]+)\)$")


@dataclass(frozen=True)
class Made:
    """A wheel that was built from an sdist, and the environment without Node that it was built in."""

    sdist: Path
    wheel: Path
    env: dict[str, str]

    def names(self) -> list[str]:
        with zipfile.ZipFile(self.wheel) as archive:
            return archive.namelist()

    def read(self, name: str) -> str:
        with zipfile.ZipFile(self.wheel) as archive:
            return archive.read(name).decode()


def _run(*command: str | Path, cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run(list(map(str, command)), cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """An sdist of a copy of the tree, and the wheel of that sdist, with nothing on the path and no package index."""
    folder = tmp_path_factory.mktemp("wheel")
    tree, empty = folder / "tree", folder / "empty"
    ignored = shutil.ignore_patterns("node_modules", "__pycache__", ".venv", ".git", ".*_cache", "*-data", "dist")
    shutil.copytree(ROOT, tree, ignore=ignored)
    empty.mkdir()
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("SO2GRAPH_", "COVERAGE", "COV_", "PYTHON", "PIP_"))
    }
    _run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder, cwd=tree, env=kept)
    (sdist,) = folder.glob("*.tar.gz")
    bare = {"PATH": str(empty), "HOME": str(empty), "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--no-cache-dir")
    _run(sys.executable, "-m", "pip", "wheel", *options, "-w", folder / "dist", sdist, cwd=empty, env=bare)
    (wheel,) = (folder / "dist").glob("*.whl")
    assert not list(empty.iterdir()), "the build wrote into the home"
    return Made(sdist, wheel, bare)


def test_it_has_the_whole_bundle(made: Made) -> None:
    """Every file of the manifest, and every file that those refer to: fonts, and parts that scripts share."""
    names = set(made.names())
    files = json.loads(made.read(f"{BUILT}manifest.json"))["files"]
    entries = {path.stem for path in (ROOT / FRONTEND / "src" / "entries").glob("*.ts")}
    assert {f"{name}.js" for name in entries} | {"site.css"} <= files.keys()
    assert {f"{BUILT}{file}" for file in files.values()} <= names
    referred = set()
    for name in names:
        if name.startswith(BUILT) and name.endswith((".js", ".css")):
            referred |= set(re.findall(r"""(?:url\(|from|import\(?)\s*["']?\./([\w.-]+)""", made.read(name)))
    assert any(name.endswith(".woff2") for name in referred)
    assert {f"{BUILT}{name}" for name in referred} <= names


def test_it_has_nothing_else_of_the_front_end(made: Made) -> None:
    """No sources, no packages of npm, no source maps; and no file of the bundle that nothing refers to."""
    strange = re.compile(rf"^{FRONTEND}|node_modules|\.(map|ts|mjs|tsbuildinfo)$|package(-lock)?\.json$|\.npmrc$")
    assert [name for name in made.names() if strange.search(name)] == []
    built = {name.removeprefix(BUILT) for name in made.names() if name.startswith(BUILT)}
    text = "".join(made.read(f"{BUILT}{name}") for name in sorted(built) if name.endswith((".js", ".css", ".json")))
    kept = {"manifest.json", "LICENSES.txt", "SOURCES.sha256"}
    assert [name for name in sorted(built - kept) if name not in text] == []
    assert "sourceMappingURL" not in text


def test_the_notice_has_every_licence(made: Made) -> None:
    """Each package that the sources name is in LICENSES.txt, at the version of the lock, with its licence's text."""
    notice = made.read(f"{BUILT}LICENSES.txt")
    lock = json.loads((ROOT / FRONTEND / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    named = {}
    for part in re.split(r"\n-{80}\n\n", notice):
        heading, _, licence = part.partition("\n\n")
        found = PACKAGE.fullmatch(heading.strip())
        assert found, f"no package in {heading!r}"
        named[found[1]] = found[2]
        assert len(licence) > 400, f"{found[1]} comes without the text of its licence"
        assert re.search(r"permission|redistribution|licen[cs]e", licence, re.IGNORECASE), found[1]
        row = lock[f"node_modules/{found[1]}"]
        assert (found[2], found[3]) == (row["version"], row["license"])
        assert not row.get("dev"), f"{found[1]} is a tool, and is in the bundle"
    used = {"world-atlas"}  # The build draws the outlines from it.
    for path in (ROOT / FRONTEND / "src").rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        for imported in re.findall(r"""(?:from|import|url\()\s*\(?["']([@\w][^"']*)["']""", text):
            used.add("/".join(imported.split("/")[: 2 if imported.startswith("@") else 1]))
    assert used <= named.keys()


def test_it_depends_on_nothing_of_npm(made: Made) -> None:
    """The metadata asks for neither Node nor anything that brings it, and says which licence holds."""
    name = next(name for name in made.names() if name.endswith(".dist-info/METADATA"))
    metadata = message_from_string(made.read(name))
    needed = [need for need in metadata.get_all("Requires-Dist", []) if "extra ==" not in need]
    assert len(needed) >= 10
    assert [need for need in needed if re.search(r"node|npm|hatch|playwright", need, re.IGNORECASE)] == []
    assert metadata["License-Expression"] == "MIT"


def test_installed_it_finds_its_bundle(made: Made, tmp_path: Path) -> None:
    """With nothing on the path and no index, pip puts it in place, and the program has its style and scripts."""
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-cache-dir", "--no-compile")
    site = tmp_path / "site"
    _run(sys.executable, "-m", "pip", "install", *options, "--target", site, made.wheel, cwd=tmp_path, env=made.env)
    code = (
        "from so2graph.web.assets import asset, asset_file, BUILT; import so2graph; "
        "print(so2graph.__file__, asset('site.css'), asset_file('boot.js').is_file(), "
        "(BUILT / 'LICENSES.txt').is_file())"
    )
    said = _run(sys.executable, "-c", code, cwd=tmp_path, env={**made.env, "PYTHONPATH": str(site)}).split()
    assert said[0].startswith(str(site))
    assert re.fullmatch(r"static/build/site\.\w{8}\.css", said[1])
    assert said[2:] == ["True", "True"]
