"""Builds the wheel, installs it in an empty environment elsewhere, and uses it: build, serve, query, stop."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def run(*command: str | Path, cwd: Path, env: dict[str, str]) -> str:
    print("$", *command, flush=True)
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=env, check=True, capture_output=True, text=True)
    return done.stdout


def check_bundle(wheel: Path) -> None:
    """The wheel has the front end with the notice of its licences, and none of its sources."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        built = "so2graph/web/static/build/"
        files = json.loads(archive.read(f"{built}manifest.json"))["files"]
        missing = [file for file in files.values() if f"{built}{file}" not in names]
        assert not missing, f"the wheel lacks {missing}"
        assert {"boot.js", "site.js", "site.css"} <= files.keys(), sorted(files)
        notice = archive.read(f"{built}LICENSES.txt").decode()
        assert "SIL OPEN FONT LICENSE" in notice, "the fonts come without their licence"
        sources = [name for name in names if name.startswith("so2graph/web/frontend") or "node_modules" in name]
        assert not sources, f"the wheel has sources: {sources[:3]}"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="so2graph-wheel-") as name:
        empty = Path(name)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("SO2GRAPH_", "COVERAGE", "PYTHON"))}
        env["HOME"] = name
        venv.create(empty / "venv", with_pip=True)
        python = empty / "venv" / "bin" / "python"
        so2graph = empty / "venv" / "bin" / "so2graph"
        run(
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "-w",
            empty / "dist",
            ROOT,
            cwd=empty,
            env=env,
        )
        wheel = next((empty / "dist").glob("*.whl"))
        run(python, "-m", "pip", "install", "--quiet", wheel, cwd=empty, env=env)
        check_bundle(wheel)
        work = empty / "work"
        work.mkdir()
        print(run(so2graph, "build", cwd=work, env=env))
        rows = json.loads(run(so2graph, "query", "hub-to-national", "-f", "json", cwd=work, env=env))
        assert rows["results"]["bindings"], "the headline has no answer"
        server = subprocess.Popen(
            [str(so2graph), "serve", "--port", "0"], cwd=work, env=env, stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            print(line.strip())
            url = re.search(r"http://\S+", line)
            assert url, f"no address in {line!r}"
            query = urllib.parse.urlencode({"query": "ASK { id:alescon a org:Organization }", "format": "json"})
            with urllib.request.urlopen(f"{url[0]}sparql?{query}", timeout=30) as answer:
                assert json.load(answer)["boolean"] is True
            with urllib.request.urlopen(url[0], timeout=30) as page:
                assert b"<svg" in page.read(), "the home page has no drawing"
            with urllib.request.urlopen(f"{url[0]}static/favicon.svg", timeout=30) as style:
                assert style.status == 200
        finally:
            server.send_signal(signal.SIGTERM)
            code = server.wait(timeout=20)
        assert code == 0, f"the server ended with {code}"
        print("the wheel builds, serves, answers and stops")


if __name__ == "__main__":
    main()
