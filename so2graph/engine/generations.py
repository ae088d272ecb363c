"""Keeps the numbered generations of a dataset as folders: which is current, who writes, which may go.

Layout of the data folder::

    current                     the number of the generation that is served
    generations/000001/store/   an Oxigraph directory, never written again
    generations/000001/generation.json
    lock                        who is writing
    staging-<pid>/              a generation in the making; without meaning until it is renamed
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from so2graph.errors import DatasetLocked, DatasetReadOnly, DatasetUnreadable, DiskFull, NoGeneration

__all__ = ["Folder", "Manifest", "storage_errors"]


@dataclass(frozen=True)
class Manifest:
    """What a generation is: its number, when and from what it was made, and how large its graphs are (in triples)."""

    number: int
    created: str
    inputs: str
    base: str
    graphs: dict[str, int] = field(default_factory=dict)
    by_name_only: tuple[str, ...] = ()
    derived: dict[str, int] = field(default_factory=dict)
    aside: tuple[str, ...] = ()
    """Graphs that hold no facts."""
    merges: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The stored graphs of each merge, where that is not one graph of the merge's own name."""
    edits: int = 0
    """Writes since the build."""
    changed: dict[str, int] = field(default_factory=dict)
    """The generation that last changed a graph, for those that were written to since the build."""

    @property
    def triples(self) -> int:
        """Triples over all named graphs, each counted once a graph."""
        return sum(self.graphs.values())

    @classmethod
    def read(cls, path: Path) -> Manifest:
        try:
            row = json.loads(path.read_text(encoding="utf-8"))
            row["by_name_only"] = tuple(row["by_name_only"])
            row["aside"] = tuple(row.get("aside", ()))
            row["merges"] = {name: tuple(members) for name, members in row.get("merges", {}).items()}
            return cls(**row)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise DatasetUnreadable(
                f"{path} cannot be read: {error}",
                mend="Run 'so2graph build': it makes a new generation beside it.",
            ) from error


_UNWRITABLE = frozenset(
    (
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOTDIR,
        errno.EEXIST,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENOENT,
        errno.ENAMETOOLONG,
    )
)


@contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """Translates what the file system says into `DatasetReadOnly` and `DiskFull`; other errors pass."""
    try:
        yield
    except OSError as error:
        text = str(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or "No space left" in text:
            raise DiskFull(
                f"there is no room left in {folder}; the dataset was left as it was",
                mend="Make room, or choose another folder.",
            ) from error
        if error.errno in _UNWRITABLE or any(
            phrase in text for phrase in ("Permission denied", "Read-only file system", "Operation not permitted")
        ):
            raise DatasetReadOnly(
                f"the folder {folder} cannot be written: {error.strerror or text}",
                mend="Give yourself the right to write there, or choose another folder.",
            ) from error
        raise


class Folder:
    """The data folder of one dataset. Reading needs no lock; writing holds `writing()`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._generations = path / "generations"
        self._pointer = str(path / "current")

    def stamp(self) -> tuple[int, int]:
        """Changes whenever another generation becomes the current one; cheaper than to read which."""
        try:
            status = os.stat(self._pointer)  # noqa: PTH116  # a path object costs as much as the call
        except OSError:
            return 0, 0
        return status.st_ino, status.st_mtime_ns

    def current(self) -> int | None:
        """The number of the generation that is served, or None when nothing has been built."""
        try:
            return int((self.path / "current").read_text(encoding="ascii"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise DatasetUnreadable(
                f"{self.path / 'current'} does not hold the number of a generation: {error}",
                mend=f"Write one of these numbers into it: {', '.join(map(str, self.numbers())) or 'there is none'}.",
            ) from error

    def numbers(self) -> list[int]:
        """The generations that are there, oldest first."""
        if not self._generations.is_dir():
            return []
        return sorted(int(entry.name) for entry in self._generations.iterdir() if entry.name.isdigit())

    def store_path(self, number: int) -> Path:
        return self._generations / f"{number:06d}" / "store"

    def manifest(self, number: int | None = None) -> Manifest:
        """The manifest of a generation (the current one by default); raises `NoGeneration`."""
        wanted = self.current() if number is None else number
        if wanted is None or not (self._generations / f"{wanted:06d}").is_dir():
            raise NoGeneration(
                f"{self.path} holds no generation{'' if number is None else f' {number}'}",
                mend="Run 'so2graph build'." if number is None else f"There are: {self.numbers()}.",
            )
        return Manifest.read(self._generations / f"{wanted:06d}" / "generation.json")

    @contextmanager
    def writing(self, command: str) -> Iterator[None]:
        """Holds the writer's lock; raises `DatasetLocked`, which names the holder, when another process has it."""
        with storage_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(handle, 4096).decode("utf-8", "replace").strip() or "an unknown process"
                raise DatasetLocked(
                    f"{self.path} is being written by {holder}",
                    mend="Wait until it is done; the lock goes with the process.",
                    holder=holder,
                ) from None
            started = datetime.now(UTC).isoformat(timespec="seconds")
            note = f"process {os.getpid()} on {socket.gethostname()} ({command}, since {started})\n"
            with storage_errors(self.path):
                os.ftruncate(handle, 0)
                os.write(handle, note.encode())
            self._sweep()
            yield
        finally:
            with suppress(OSError):
                os.ftruncate(handle, 0)
            os.close(handle)

    def _sweep(self) -> None:
        """Removes what a killed writer left behind; only the holder of the lock may."""
        for entry in self.path.glob("staging-*"):
            shutil.rmtree(entry, ignore_errors=True)

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """An empty folder to make a generation in; gone afterwards unless `publish` took it."""
        path = self.path / f"staging-{os.getpid()}"
        with storage_errors(self.path):
            path.mkdir()
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def publish(self, staged: Path, manifest: Manifest, keep: int) -> None:
        """Makes a staged folder (with its `store/`) the current generation, durably and at once."""
        self.place(staged, manifest)
        self.point(manifest.number, keep)

    def place(self, staged: Path, manifest: Manifest) -> None:
        """Puts a staged folder (with its `store/`) among the generations; the current one stays what it is."""
        with storage_errors(self.path):
            text = json.dumps(asdict(manifest), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
            _write_durably(staged / "generation.json", text)
            self._generations.mkdir(exist_ok=True)
            final = self._generations / f"{manifest.number:06d}"
            staged.rename(final)
            _sync_folder(self._generations)

    def point(self, number: int, keep: int) -> None:
        """Makes a generation the current one, durably and at once, and removes the oldest beyond `keep`."""
        with storage_errors(self.path):
            pointer = self.path / "current.new"
            _write_durably(pointer, f"{number}\n")
            pointer.replace(self.path / "current")
            _sync_folder(self.path)
        for old in self.numbers()[:-keep]:
            if old != number:
                shutil.rmtree(self._generations / f"{old:06d}", ignore_errors=True)

    def next_number(self) -> int:
        return max([0, *self.numbers()]) + 1


def _write_durably(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    if sys.platform == "win32":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
