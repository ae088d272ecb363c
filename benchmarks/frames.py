"""Measures how smoothly the picture of a large network moves in a real browser; run by itself or by `make bench`.

`python -m benchmarks.frames` makes a network, serves it, opens `/network` in Chromium and moves the picture. It skips
and says so where there is no Chromium, no Playwright or no built front end.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from benchmarks.chromium import FLAGS, MISSING, chromium
from benchmarks.client import Failed, put_file
from benchmarks.network_data import quads
from benchmarks.systems import OURS, So2graph, make
from so2graph.web.assets import asset

__all__ = ["FAILURES", "Frames", "measure", "missing", "table"]

NODES, EDGES = 50_000, 80_000
_SECONDS = 4.0
_CAP = 300.0

_MOVE = """
async ({seconds, zoom}) => {
  const renderer = document.querySelector('.netcanvas').renderer, camera = renderer.getCamera();
  const began = {}, script = [], gaps = [];
  const before = () => { began.at = performance.now(); };
  const after = () => { script.push(performance.now() - began.at); };
  renderer.on('beforeRender', before);
  renderer.on('afterRender', after);
  const start = performance.now();
  let last = start;
  await new Promise(done => {
    const frame = now => {
      gaps.push(now - last);
      last = now;
      const t = (now - start) / 1000;
      if (t > seconds) { done(); return; }
      const x = 0.5 + 0.1 * Math.sin(t * 1.7), y = 0.5 + 0.1 * Math.cos(t * 1.3);
      camera.setState({x, y, ratio: zoom * (1 + 0.3 * Math.sin(t))});
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  renderer.off('beforeRender', before);
  renderer.off('afterRender', after);
  return {gaps: gaps.slice(1), script};
}
"""
_RENDERER = """
() => {
  const gl = document.createElement('canvas').getContext('webgl2');
  const info = gl && gl.getExtension('WEBGL_debug_renderer_info');
  return info ? gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : 'unknown';
}
"""
FAILURES = (Failed, OSError, RuntimeError)
"""What may go wrong with a browser or a service, and does not end a run."""
_VIEWS = (("the whole network", 1.0), ("one hub and its neighbours", 0.12))


@dataclass(frozen=True)
class Frames:
    """How the picture moved: frames a second, and milliseconds of script in each frame.

    Without `edges` lines are left out while it moves, as on the page; one frame of twenty takes longer than `slow`.
    """

    view: str
    edges: bool
    nodes: int
    links: int
    frames: int
    rate: float
    slow: float
    script: float
    script_slow: float
    renderer: str


def missing() -> str:
    """Why this cannot be measured here; empty where it can."""
    if chromium() is None:
        return MISSING
    if asset("network.js") is None:
        return "the front end is not built (node so2graph/web/frontend/build.mjs)"
    try:
        import playwright.sync_api  # noqa: F401  # whether it is there
    except ImportError:
        return "Playwright is not installed (pip install playwright)"
    return ""


def _load(ours: So2graph, folder: Path, nodes: int, edges: int) -> None:
    """Serves a network from a store of its own: one graph after the other."""
    graphs: dict[str, list[str]] = {}
    for line in quads(nodes, edges):
        triple, _, graph = line.removesuffix(" .\n").rpartition(" ")
        graphs.setdefault(graph.strip("<>"), []).append(f"{triple} .\n")
    ours.new_store(folder)
    ours.start()
    made = [sys.executable, "-m", "so2graph", "token", "add", "bench", "--role", "admin", "--data", str(ours.store)]
    token = subprocess.run(made, env=ours.environment(), check=True, capture_output=True, text=True).stdout.strip()
    for number, (graph, lines) in enumerate(sorted(graphs.items())):
        file = folder / f"{number}.nt"
        file.write_text("".join(lines))
        headers = {"Content-Type": "application/n-triples", "Authorization": f"Bearer {token}"}
        put_file(ours.port, f"/graph-store?graph={quote(graph, safe='')}", file, headers, _CAP)


def measure(folder: Path, nodes: int = NODES, edges: int = EDGES, seconds: float = _SECONDS) -> list[Frames]:
    """Moves the picture of a network for some seconds in each view, with and without lines."""
    from playwright.sync_api import Error, sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    ours = make(OURS, folder / "system", _CAP, {})
    if not isinstance(ours, So2graph):
        raise TypeError("so2graph is measured by itself")
    found = []
    try:
        _load(ours, folder, nodes, edges)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(_CAP * 1000)
            _ready(ours.port)
            page.goto(f"http://127.0.0.1:{ours.port}/network?lang=en")
            page.wait_for_selector(".netcanvas canvas")
            page.wait_for_function("document.querySelector('.netcanvas').renderer")
            renderer = str(page.evaluate(_RENDERER))
            for view, zoom in _VIEWS:
                for lines in (False, True):
                    moving = f"r => r.setSetting('hideEdgesOnMove', {'false' if lines else 'true'})"
                    page.evaluate(f"({moving})(document.querySelector('.netcanvas').renderer)")
                    if not lines:
                        # The page hides lines while a hand moves it; a script that moves the camera is no hand.
                        page.evaluate(
                            "document.querySelector('.netcanvas').renderer.getMouseCaptor().isMoving = true"
                        )
                    row = page.evaluate(_MOVE, {"seconds": seconds, "zoom": zoom})
                    page.evaluate("document.querySelector('.netcanvas').renderer.getMouseCaptor().isMoving = false")
                    found.append(_frames(view, row, renderer, nodes, edges, edges_shown=lines))
            browser.close()
    except Error as error:
        raise Failed(f"the browser: {error}") from None
    finally:
        ours.stop()
    return found


def _ready(port: int) -> None:
    """Waits for the picture to be made, which the service does once for a generation."""
    from urllib.error import HTTPError
    from urllib.request import urlopen

    until = time.monotonic() + _CAP
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/network.json", timeout=60):
                return
        except HTTPError:
            if time.monotonic() > until:
                raise
            time.sleep(1)


def _frames(
    view: str, row: dict[str, list[float]], renderer: str, nodes: int, links: int, *, edges_shown: bool
) -> Frames:
    gaps, script = sorted(row["gaps"]), sorted(row["script"])
    return Frames(
        view,
        edges_shown,
        nodes,
        links,
        len(gaps),
        round(1000 * len(gaps) / sum(gaps), 1),
        round(gaps[int(len(gaps) * 0.95)], 1),
        round(script[len(script) // 2], 2),
        round(script[int(len(script) * 0.95)], 2),
        renderer,
    )


def table(rows: Sequence[Frames], why_not: str) -> list[str]:
    """The rows as a table in Markdown, with what they mean; or why there are none."""
    if not rows:
        return [f"Not measured: {why_not}."]
    software = "SwiftShader" in rows[0].renderer or "llvmpipe" in rows[0].renderer
    about = (
        "There was no graphics card: everything was drawn by the processor (SwiftShader), so that frames a second "
        "say what the worst machine does. What the page itself costs is the script of each frame."
        if software
        else "Drawn by a graphics card."
    )
    head = [
        f"`/network` with {rows[0].nodes:,} things and {rows[0].links:,} links, moved and zoomed without a pause in "
        f"Chromium (1280 × 900). {about} Lines are left out while somebody moves it, and drawn when it rests.",
        "",
        f"Drawn by: {rows[0].renderer}.",
        "",
        "| view | lines while moving | frames a second | 95 % of frames within | script a frame, median | 95 % |",
        "|---|---|---:|---:|---:|---:|",
    ]
    return head + [
        f"| {row.view} | {'drawn' if row.edges else 'left out'} | {row.rate:.1f} | {row.slow:.0f} ms "
        f"| {row.script:.1f} ms | {row.script_slow:.1f} ms |"
        for row in rows
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints; 0 also where it skips."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frames", description=__doc__)
    parser.add_argument("--nodes", type=int, default=NODES)
    parser.add_argument("--edges", type=int, default=EDGES)
    parser.add_argument("--seconds", type=float, default=_SECONDS, help="for each view")
    options = parser.parse_args(arguments)
    if why_not := missing():
        print(f"skipped: {why_not}")
        return 0
    with tempfile.TemporaryDirectory(prefix="so2graph-frames-") as name:
        rows = measure(Path(name), options.nodes, options.edges, options.seconds)
    for row in rows:
        print(json.dumps(asdict(row)))
    print("", *table(rows, ""), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
