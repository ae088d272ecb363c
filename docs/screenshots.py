"""Makes the pictures of docs/screenshots/ from a running service: the same page twice gives the same picture."""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import click
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

from benchmarks.chromium import LOOPBACK_FLAGS, MISSING, chromium

FOLDER = Path(__file__).parent / "screenshots"
WIDTH, HEIGHT = 1280, 800
MOST_BYTES = 200_000
"""Of one picture: a checkout should stay small."""
SAME = 0.002
"""Part of a picture that may differ (a time that a query took, the day of a build) before it counts as another."""
FLAGS = (
    *LOOPBACK_FLAGS,
    "--disable-lcd-text",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
)
ADDRESS = re.compile(r"[\w.+-]+\s*(?:@|\(at\)|\[at\]|&#64;)\s*[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
QUERY = """SELECT ?network ?coreGroup ?member {
  ?network a so2:RegionalNetwork .
  OPTIONAL {
    ?network so2:hasCoreGroup ?coreGroup .
    OPTIONAL { ?coreGroup org:hasMember ?member }
  }
} ORDER BY ?network ?member"""


@dataclass(frozen=True)
class Shot:
    """A page that has its picture taken: its name, its address, what must be there, and what is at the top."""

    name: str
    address: str
    ready: str
    top: str = ""


SHOTS = (
    Shot("home", "", "main svg.network"),
    Shot("network", "network?select=so-netwerk-groningen&steps=2", ".netcanvas canvas", ".netbar"),
    Shot("entity", "doc/so-netwerk-groningen", "main h1"),
    Shot("source", "source/so2?claim=F16", ".claim.lit"),
    Shot("ask", "ask?kind=lack&of=so2%3ANetwork&trait=so2%3AhasCoreGroup", "main .answer table", "nav.kinds"),
    Shot("editor", f"sparql?query={quote(QUERY)}", ".cm-content", "#editor-tabs"),
)

_DIFFERENT = """async ([one, other]) => {
  const [first, second] = await Promise.all([one, other].map(async (data) => {
    const image = new Image();
    image.src = "data:image/png;base64," + data;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height), context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, image.width, image.height);
  }));
  if (first.width !== second.width || first.height !== second.height) return 1;
  let different = 0;
  for (let at = 0; at < first.data.length; at += 4) {
    if ([0, 1, 2].some((more) => Math.abs(first.data[at + more] - second.data[at + more]) > 2)) different++;
  }
  return different / (first.width * first.height);
}"""
"""The part of the points in which two pictures differ."""


@contextmanager
def service(folder: Path) -> Iterator[str]:
    """The address of a service on the bundled catalogue, without e-mail addresses, until the block ends."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SO2GRAPH_")}
    env = kept | {"SO2GRAPH_DATA": str(folder / "data"), "SO2GRAPH_CONTACT": "private"}
    program = [sys.executable, "-m", "so2graph"]
    built = subprocess.run([*program, "build"], env=env, cwd=folder, capture_output=True, text=True, check=False)
    if built.returncode:
        raise click.ClickException(f"the catalogue cannot be built:\n{built.stderr}")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*program, "serve", "--port", "0"], env=env, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            line = process.stdout.readline() if process.stdout else ""
            found = re.search(r"http://\S+", line)
            if found is None:
                raise click.ClickException(f"the service does not start:\n{(folder / 'log').read_text()}")
            yield found[0]
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)


@contextmanager
def browser_in(folder: Path) -> Iterator[Browser]:
    """Chromium without a window, with a home of its own."""
    path = chromium()
    if path is None:
        raise click.ClickException(MISSING)
    with sync_playwright() as playwright:
        env: dict[str, str | float | bool] = {**os.environ, "HOME": str(folder)}
        try:
            browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS), env=env)
        except BrowserError as error:
            raise click.ClickException(f"{path} does not start: {error}") from error
        yield browser
        browser.close()


def refuse_addresses(page: Page, name: str) -> None:
    """Raises `ClickException` where an e-mail address is in the text, the fields or the attributes of a page."""
    said = page.evaluate(
        """() => [document.documentElement.outerHTML, document.body.innerText,
          ...[...document.querySelectorAll("input, textarea")].map(one => one.value)].join("\\n")"""
    )
    if ADDRESS.search(said) or "mailto:" in said:
        raise click.ClickException(f"{name}: there is an e-mail address on the page; nothing was written for it")


def take(browser: Browser, url: str, shot: Shot, theme: str) -> bytes | None:
    """The picture of a page in a theme as PNG; None where the service has no such page."""
    context = browser.new_context(
        locale="en-GB",
        timezone_id="Europe/Amsterdam",
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        viewport={"width": WIDTH, "height": HEIGHT},
        device_scale_factor=1,
    )
    try:
        page = context.new_page()
        answer = page.goto(f"{url}{shot.address}{'&' if '?' in shot.address else '?'}lang=en")
        if answer is not None and answer.status in (400, 404):
            return None
        if answer is None or answer.status != 200:
            raise click.ClickException(f"{shot.name}: {urlsplit(page.url).path} answers {answer and answer.status}")
        page.locator(shot.ready).first.wait_for(state="visible", timeout=15_000)
        page.wait_for_load_state("networkidle")
        page.evaluate("document.fonts.ready.then(() => document.activeElement?.blur())")
        if shot.top:
            page.locator(shot.top).first.evaluate("one => scrollBy(0, one.getBoundingClientRect().top - 24)")
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        refuse_addresses(page, shot.name)
        return page.screenshot(animations="disabled", caret="hide", scale="css")
    except BrowserError as error:
        raise click.ClickException(f"{shot.name}: {error}") from error
    finally:
        context.close()


def differs(browser: Browser, old: bytes, new: bytes) -> bool:
    """Whether two pictures show different things to somebody who looks."""
    page = browser.new_page()
    try:
        part = page.evaluate(_DIFFERENT, [base64.b64encode(one).decode() for one in (old, new)])
    finally:
        page.close()
    return bool(part > SAME)


@click.command()
@click.option("--allow-missing", is_flag=True, help="Leave out pages that the service does not have.")
@click.option("--folder", type=click.Path(path_type=Path), default=FOLDER, help="Where the pictures go.")
def main(*, allow_missing: bool, folder: Path) -> None:
    """Makes a picture of each page in the light and the dark theme, and keeps those that show the same as before."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="so2graph-screenshots-") as name:
        scratch = Path(name)
        with browser_in(scratch) as browser, service(scratch) as url:
            for shot in SHOTS:
                for theme in ("light", "dark"):
                    file = folder / f"{shot.name}-{theme}.png"
                    picture = take(browser, url, shot, theme)
                    if picture is None:
                        said = f"{shot.name}: there is no page at /{urlsplit(shot.address).path} yet"
                        if not allow_missing:
                            raise click.ClickException(f"{said}; --allow-missing leaves it out")
                        click.echo(f"{said}; left out")
                        break
                    if len(picture) > MOST_BYTES:
                        raise click.ClickException(f"{file.name} would have {len(picture)} bytes, over {MOST_BYTES}")
                    if file.exists() and not differs(browser, file.read_bytes(), picture):
                        click.echo(f"{file.name}: shows the same as before")
                        continue
                    file.write_bytes(picture)
                    click.echo(f"{file.name}: {len(picture)} bytes")


if __name__ == "__main__":
    main()
