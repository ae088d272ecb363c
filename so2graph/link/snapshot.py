"""Keeps what a target said at a moment as a file with its hash, date and licence: every run works on such a file."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from so2graph.config import Settings
from so2graph.engine.fetching import Fetcher, looks_like_a_page
from so2graph.engine.generations import storage_errors
from so2graph.errors import BadParameter, DataInvalid, DatasetUnreadable, NotFound
from so2graph.link.files import SUFFIXES, suffix_of
from so2graph.link.runs import Pinned
from so2graph.link.target import Target

__all__ = ["Snapshot", "asked_part", "current", "fetch", "keep", "snapshots"]

Tell = Callable[[int, int], None]
_TYPES = {
    "application/n-triples": ".nt",
    "text/turtle": ".ttl",
    "application/n-quads": ".nq",
    "application/trig": ".trig",
    "application/rdf+xml": ".rdf",
    "application/ld+json": ".jsonld",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/zip": ".zip",
}


@dataclass(frozen=True)
class Snapshot:
    """A file of a target. `date` is when it was taken (ISO 8601), `source` where from; `licence` an IRI or empty.

    `confirmed` is when a later fetch last brought the same data; empty where none did.
    """

    target: str
    name: str
    sha256: str
    bytes: int
    date: str
    source: str
    licence: str
    records: int
    folder: Path
    confirmed: str = field(default="", compare=False)

    @property
    def path(self) -> Path:
        return self.folder / self.name

    @property
    def as_of(self) -> str:
        """Until when it is known to be what the target gives."""
        return self.confirmed or self.date

    @property
    def pinned(self) -> Pinned:
        """How a run names it."""
        return Pinned(self.name, self.sha256, self.date)


def _folder(data: Path, target: str) -> Path:
    return data / "links" / target / "snapshots"


def snapshots(data: Path, target: str) -> tuple[Snapshot, ...]:
    """The snapshots of a target, oldest first; raises `DatasetUnreadable` for one that cannot be read."""
    folder = _folder(data, target)
    if not folder.is_dir():
        return ()
    found = []
    for path in sorted(folder.glob("*Z-*.json")):
        try:
            row = json.loads(path.read_text(encoding="utf-8"))
            found.append(Snapshot(**row, folder=folder))
        except (OSError, ValueError, TypeError) as error:
            raise DatasetUnreadable(f"{path} cannot be read: {error}", mend="Remove it, and fetch again.") from None
    return tuple(sorted(found, key=lambda each: each.date))


def current(data: Path, target: str) -> Snapshot:
    """The newest snapshot of a target; raises `NotFound`, and `DataInvalid` for one that was changed since."""
    known = snapshots(data, target)
    if not known:
        raise NotFound(
            f"there is no snapshot of {target}",
            mend=f"Take one: 'so2graph link fetch {target}', or with --from FILE where you have the file.",
        )
    newest = known[-1]
    if not newest.path.is_file() or _digest(newest.path) != newest.sha256:
        raise DataInvalid(f"{newest.path} is not what was fetched: its sha256 differs", mend="Fetch it again.")
    return newest


def fetch(
    target: Target,
    data: Path,
    settings: Settings,
    count: Callable[[Path], int],
    *,
    source: str = "",
    licence: str = "",
    tell: Tell = lambda _done, _total: None,
) -> tuple[Snapshot, bool]:
    """Takes a snapshot from a file or an address (the target's own unless `source` names another); whether it is new.

    `count` reads the file and says how many records it has; what it raises leaves the older snapshots as they are, as
    do `EndpointFailed`, `BadParameter`, `DiskFull`. What came of a file that broke off is kept for the next try.
    """
    given = source or target.access.url
    if not given:
        raise BadParameter(
            f"{target.name} has no address of its own",
            mend=f"Give a file or an address, --from FILE|URL; begin at {target.homepage}.",
        )
    folder = _folder(data, target.name)
    with storage_errors(data):
        folder.mkdir(parents=True, exist_ok=True)
    if re.match(r"https?://", given):
        part = folder / f"{hashlib.sha256(given.encode()).hexdigest()[:12]}.part"
        fetched = Fetcher(settings).download(given, part, tell)
        suffix = suffix_of(fetched.url.partition("?")[0]) or suffix_of(given.partition("?")[0])
        suffix = suffix if suffix.split(".")[1:] and f".{suffix.split('.')[1]}" in SUFFIXES else ""
        suffix = suffix or _TYPES.get(fetched.media_type, "") or _declared(target, given)
    else:
        path = Path(given)
        if not path.is_file():
            raise BadParameter(f"there is no file {given}", mend="See its name, and from where you call.")
        suffix = suffix_of(path.name) or _declared(target, given)
        part = folder / f"{os.getpid()}.part"
        with storage_errors(data):
            shutil.copyfile(path, part)
        given = path.name
    return keep(target, data, part, suffix, count, source=given, licence=licence)


def _declared(target: Target, given: str) -> str:
    for suffix, name in SUFFIXES.items():
        if name == target.access.format or (name == target.access.kind and not target.access.format):
            return suffix
    raise BadParameter(
        f"{given} does not say its format", mend=f"Fetch it, and give it a suffix: {', '.join(SUFFIXES)}."
    )


def keep(
    target: Target,
    data: Path,
    part: Path,
    suffix: str,
    count: Callable[[Path], int],
    *,
    source: str,
    licence: str = "",
) -> tuple[Snapshot, bool]:
    """Makes a file that is there as `part` the newest snapshot of a target, unless it is the newest already; that one
    is then confirmed."""
    folder = _folder(data, target.name)
    with part.open("rb") as file:
        if looks_like_a_page(file.read(1000)):
            _forget(part)
            raise DataInvalid(
                f"{source} is a web page and no data", mend="Give the address or file of the data itself."
            )
    digest = _digest(part)
    known = snapshots(data, target.name)
    same = known[-1] if known and known[-1].sha256 == digest else None
    moment = datetime.now(UTC)
    taken = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    whole = same is not None and same.path.is_file() and _digest(same.path) == digest
    if same is not None and whole and licence in ("", same.licence):
        _forget(part)
        same = replace(same, confirmed=taken)
        with storage_errors(data):
            _describe(same)
        return same, False
    name = f"{moment:%Y%m%dT%H%M%SZ}-{digest[:12]}{suffix}"
    # It is read under the name that it will have, which says its format.
    trial = folder / f"trial-{name}"
    with storage_errors(data):
        part.replace(trial)
    try:
        records = count(trial)
    except BaseException:
        trial.unlink(missing_ok=True)
        _forget(part)
        raise
    snapshot = Snapshot(
        target.name,
        name,
        digest,
        trial.stat().st_size,
        taken,
        source,
        licence or target.licence,
        records,
        folder,
    )
    with storage_errors(data):
        trial.replace(folder / name)
        _describe(snapshot)
    _forget(part)
    return snapshot, True


def asked_part(data: Path, target: Target, what: str) -> Path:
    """Where the answers of an endpoint are gathered; `what` is all that they depend on, so that none are mixed."""
    folder = _folder(data, target.name)
    with storage_errors(data):
        folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{hashlib.sha256(what.encode()).hexdigest()[:12]}.part"


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    part.with_name(f"{part.name}.json").unlink(missing_ok=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _describe(snapshot: Snapshot) -> None:
    """Writes the description beside the file."""
    path = snapshot.folder / f"{snapshot.name}.json"
    row = {
        key: each for key, each in asdict(snapshot).items() if key != "folder" and (key, each) != ("confirmed", "")
    }
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(row, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    fresh.replace(path)
