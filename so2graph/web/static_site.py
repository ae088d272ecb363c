"""Publishes the site as plain files: follows every link from the beginning, checks the whole, and swaps it in."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, urlsplit

from so2graph import __version__
from so2graph.config import Settings
from so2graph.engine.access import Access, Session
from so2graph.engine.generations import storage_errors
from so2graph.errors import BadParameter, DatasetLocked, EngineFault, Fault, SiteBroken
from so2graph.formats import GRAPH_FORMATS
from so2graph.publish.source import documents
from so2graph.registry import Bundle
from so2graph.vocab import Iri
from so2graph.web.addresses import Place, apart, folded, place_of
from so2graph.web.protocol import LANGUAGES
from so2graph.web.static_check import check_links
from so2graph.web.static_extras import extras
from so2graph.web.static_pages import Page
from so2graph.web.static_render import Job, Made, Written, render

__all__ = ["MANIFEST", "Published", "publish"]

MANIFEST = "manifest.json"
Progress = Callable[[str, int, int], None]
_BATCH = 8
_NAMED = 40
"""Faults that the message of a broken site names."""
_STARTS = (
    "",
    "queries",
    "def",
    "catalog",
    "exports",
    "network",
    "network.json",
    "network.svg",
    "network/together",
    "links",
    "context.jsonld",
    "sitemap.xml",
    "robots.txt",
    ".well-known/void",
    ".well-known/sparql-examples",
    "changes.atom",
)
"""Where the way through the site begins; what is not there is passed over."""
_NEED_URL = frozenset(("sitemap.xml", "robots.txt"))
_THINGS = "SELECT DISTINCT ?x WHERE { GRAPH ?g { ?x ?p ?o } FILTER(STRSTARTS(STR(?x), STR(?_below))) } ORDER BY ?x"


@dataclass(frozen=True)
class Published:
    """What was written: how many files with how many bytes, of which generation."""

    files: int
    bytes: int
    generation: int


def publish(
    settings: Settings,
    bundle: Bundle,
    folder: Path,
    *,
    force: bool = False,
    processes: int = 0,
    tell: Progress = lambda _step, _done, _total: None,
) -> Published:
    """Writes the site of the current generation into `folder`, whole or not at all.

    `settings.public_url` is where the site will stand; without it, links are from the root of the host, whole
    addresses are those of the base, and there is no sitemap. E-mail addresses are in none of the files. Raises
    `BadParameter` for a folder that holds anything else (but with `force`), and `SiteBroken`.
    """
    folder = folder.resolve()
    if not force:
        _refuse_others(folder)
    with storage_errors(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            made = scratch / "site"
            made.mkdir()
            published = _make(settings, bundle, made, processes or os.cpu_count() or 1, tell)
            _swap(made, folder, scratch / "old")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return published


def _refuse_others(folder: Path) -> None:
    """Raises `BadParameter` for a folder with anything that an earlier run did not write."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise BadParameter(f"{folder} is not a folder", mend="Name a folder.")
    listed = {MANIFEST}
    with suppress(OSError, ValueError, KeyError, TypeError):
        listed |= {str(row["path"]) for row in json.loads((folder / MANIFEST).read_bytes())["files"]}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_dir() and (len(listed) == 1 or name not in listed):
            raise BadParameter(
                f"{folder} holds {name}, which 'so2graph publish' did not write",
                mend="Choose another folder, or give --force to replace all that is in it.",
            )


def _swap(made: Path, folder: Path, old: Path) -> None:
    """Puts the new folder in the place of the old one; where that fails, the old one stands again."""
    there = folder.exists()
    if there:
        folder.rename(old)
    try:
        made.rename(folder)
    except OSError:
        if there:
            old.rename(folder)
        raise


def _make(settings: Settings, bundle: Bundle, folder: Path, processes: int, tell: Progress) -> Published:
    public = settings.public_url
    root = urlsplit(public).path.rstrip("/")
    settings = replace(settings, contact="private", public_url=public or settings.base)
    session = Access(settings, bundle).session()
    personal = frozenset(f"queries/{query.name}" for query in bundle.queries().values() if query.personal)
    by_name = _graphs(session, session.snapshot.graphs.by_name_only)
    contact = frozenset(f"{kind}/{local}" for local in by_name for kind in ("graph", "exports/graph"))
    things = _things(session)
    moved = apart(f"{kind}/{local}" for local in things for kind in ("doc", "id"))
    withheld = personal | contact | (frozenset() if public else _NEED_URL)
    job = Job(settings, bundle, folder, root, public, withheld, moved)
    site = _Site(job, session.snapshot.manifest.number)
    site.follow(_starts(session, things, documents(session, bundle.data), withheld, moved), processes, tell)
    site.take(render(job, (("404.html", Place("", None)),))[0], "404.html")
    for name, text in extras(root).items():
        site.add(name, text.encode())
    faults = site.faults + check_links(folder, site.pages, root, settings.public_url)
    if faults:
        raise _broken(faults)
    return site.finish()


def _broken(faults: list[Fault]) -> SiteBroken:
    faults = sorted(set(faults), key=lambda fault: (fault.where, fault.what))
    lines = "\n".join(f"{fault.where}: {fault.what} [{fault.check}]" for fault in faults[:_NAMED])
    more = f"\nand {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
    return SiteBroken(
        f"{len(faults)} fault{'' if len(faults) == 1 else 's'} found; nothing was changed.\n{lines}{more}",
        mend=faults[0].mend,
        faults=[str(fault) for fault in faults],
    )


def _graphs(session: Session, iris: Iterable[str]) -> list[str]:
    below = session.snapshot.names.graph("")
    return sorted(iri.removeprefix(below) for iri in iris if iri.startswith(below))


def _things(session: Session) -> list[str]:
    """The part after `id/` of every thing, decoded."""
    below = session.snapshot.names.thing("")
    found = (str(row["x"]).removeprefix(below) for row in session.select(_THINGS, below=Iri(below)))
    return sorted({local for local in found if local and "#" not in local})


def _starts(
    session: Session,
    things: Iterable[str],
    sources: Iterable[str],
    withheld: frozenset[str],
    moved: frozenset[str],
) -> dict[str, Place]:
    """Every address that is known beforehand, by the path where a plain server has it."""
    names = session.snapshot.names
    both = [
        *_STARTS,
        *(f"source/{name}" for name in sources),
        *(f"doc/{quote(local, safe=_KEPT)}" for local in things),
    ]
    readable = session.readable - session.snapshot.graphs.by_name_only | names.derived
    files = [f"graph/{local}.{fmt.suffix}" for local in _graphs(session, readable) for fmt in GRAPH_FORMATS]
    once = [f"id/{quote(local, safe=_KEPT)}" for local in things]
    found = {}
    for local, languages in [*((b, LANGUAGES) for b in both), *((o, LANGUAGES[:1]) for o in [*once, *files])]:
        if local not in withheld:
            for language in languages:
                path, spoken = place_of(local, language, moved)
                found[path] = Place(local, spoken)
    return found


_KEPT = "/%:@!$&'()*+,;=~"


@dataclass
class _Site:
    """The files made so far, and what is known of them."""

    job: Job
    generation: int
    files: dict[str, Written] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def follow(self, starts: dict[str, Place], processes: int, tell: Progress) -> None:
        """Makes what stands at `starts`, and at everything that they lead to."""
        seen, todo, done = set(starts), list(starts.items()), 0
        running: dict[Future[list[Made]], tuple[tuple[str, Place], ...]] = {}
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, mp_context=context) as pool:
            try:
                while todo or running:
                    while todo and len(running) < 3 * processes:
                        batch, todo = tuple(todo[:_BATCH]), todo[_BATCH:]
                        running[pool.submit(render, self.job, batch)] = batch
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        for (path, _), made in zip(running.pop(future), future.result(), strict=True):
                            fresh = [pair for pair in made.links if pair[0] not in seen]
                            seen |= {pair[0] for pair in fresh}
                            todo += dict(fresh).items()
                            self.take(made, path)
                            done += 1
                        tell(f"{len(self.files)} files", done, len(seen))
            except BrokenProcessPool as error:
                raise EngineFault("a process that makes pages died", mend="Give it more memory.") from error
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def take(self, made: Made, path: str) -> None:
        """Keeps what was made at `path`; raises `DatasetLocked` where the data changed on the way."""
        if made.generation not in (None, self.generation):
            raise DatasetLocked("the dataset was written to meanwhile", mend="Publish it again.")
        for written in made.files:
            known = self.files.get(written.path)
            if known is not None and known != written:
                what = f"two addresses with different answers would stand there, one of them /{path}"
                self.faults.append(Fault("clash", written.path, what, "Name them apart."))
            self.files[written.path] = written
        self.pages.update(made.pages)
        self.faults += made.faults

    def add(self, name: str, body: bytes) -> None:
        """Writes a file that no address answers with."""
        (self.job.folder / name).write_bytes(body)
        self.files[name] = Written(name, "text/plain", sha256(body).hexdigest(), len(body))

    def finish(self) -> Published:
        """Writes the manifest; raises `SiteBroken` where file systems without capitals would lose a file."""
        names: dict[str, str] = {}
        for name in sorted(self.files):
            if (other := names.setdefault(folded(name), name)) != name:
                raise _broken([Fault("clash", name, f"differs from {other} in capitals only", "Name them apart.")])
        rows = [asdict(self.files[name]) for name in sorted(self.files)]
        manifest = {
            "program": f"so2graph {__version__}",
            "generation": self.generation,
            "url": self.job.public or None,
            "files": [
                {"path": r["path"], "mediaType": r["media_type"], "sha256": r["sha256"], "bytes": r["bytes"]}
                for r in rows
            ],
        }
        text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
        (self.job.folder / MANIFEST).write_text(text, encoding="utf-8")
        return Published(len(rows) + 1, sum(int(r["bytes"]) for r in rows) + len(text.encode()), self.generation)
