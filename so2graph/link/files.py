"""Opens a file of data, packed or not, and says in plain words what is wrong with one."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from so2graph.errors import BadParameter, DataSyntax

__all__ = ["SUFFIXES", "Opened", "format_name", "open_file", "suffix_of"]

SUFFIXES = {
    ".nt": "ntriples",
    ".ttl": "turtle",
    ".nq": "nquads",
    ".trig": "trig",
    ".rdf": "rdfxml",
    ".owl": "rdfxml",
    ".xml": "rdfxml",
    ".jsonld": "jsonld",
    ".csv": "csv",
    ".tsv": "tsv",
    ".txt": "tsv",
    ".parquet": "parquet",
    ".jsonl": "records",
}
"""The formats that are read, by suffix; each may be packed (.gz, .zip)."""
_PACKED = (".gz", ".zip")
_PIECE = 262_144
_FREELY, _TIMES = 100_000_000, 200
"""Bytes that any packed file may hold, and how many times its own size a larger one: data is 5 to 50 times."""


def suffix_of(name: str) -> str:
    """The suffix of a name that says its format, with that of its packing; empty where it says none."""
    path = Path(name.lower())
    packed = path.suffix if path.suffix in _PACKED else ""
    bare = Path(path.stem).suffix if packed else path.suffix
    return f"{bare if bare in SUFFIXES else ''}{packed}"


def format_name(path: Path) -> str:
    """The format of a file by its suffix; raises `BadParameter`."""
    bare = suffix_of(path.name).removesuffix(".gz").removesuffix(".zip")
    if bare not in SUFFIXES:
        raise BadParameter(
            f"{path.name} does not say its format", mend=f"Give it a suffix: {', '.join(SUFFIXES)}, packed or not."
        )
    return SUFFIXES[bare]


@dataclass(frozen=True)
class Opened:
    """A file that is open, as the bytes that were packed."""

    path: Path
    file: IO[bytes]
    packed: bool

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Translates what is wrong with the packing to `DataSyntax`."""
        try:
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, MemoryError) as error:
            raise DataSyntax(
                f"{self.path} is damaged: {error}", mend="Fetch it again.", file=str(self.path), line=1, column=1
            ) from None


class _Unpacked(io.RawIOBase):
    """A packed file as it is unpacked; raises `DataSyntax` where it is far more than it can hold as data."""

    def __init__(self, path: Path, inner: IO[bytes]) -> None:
        self._path, self._inner, self._read = path, inner, 0
        self._most = max(_FREELY, _TIMES * path.stat().st_size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # what a reader gives
        view = memoryview(buffer).cast("B")
        piece = self._inner.read(len(view))
        view[: len(piece)] = piece
        self._read += len(piece)
        if self._read > self._most:
            raise DataSyntax(
                f"{self._path} unpacks to more than {_TIMES} times its size, which no data does",
                mend="Look at where it comes from; if it is right, unpack it first.",
                file=str(self._path),
                line=1,
                column=1,
            )
        return len(piece)


def _bounded(path: Path, inner: IO[bytes]) -> IO[bytes]:
    return cast(IO[bytes], io.BufferedReader(_Unpacked(path, inner), _PIECE))


@contextmanager
def open_file(path: Path, member: str = "") -> Iterator[Opened]:
    """Opens a file; of a .zip the `member`, or its largest file. Raises `BadParameter` where there is none."""
    if not path.is_file():
        raise BadParameter(f"there is no file {path}", mend="See its name, and from where you call.")
    if path.suffix == ".zip":
        try:
            archive = zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise DataSyntax(
                f"{path} is damaged: {error}", mend="Fetch it again.", file=str(path), line=1, column=1
            ) from None
        with archive:
            names = [each.filename for each in sorted(archive.infolist(), key=lambda each: -each.file_size)]
            if not names or (member and member not in names):
                raise BadParameter(
                    f"{path} has no {member or 'file'}", mend=f"It has {', '.join(names) or 'nothing'}."
                )
            with archive.open(member or names[0]) as inner:
                yield Opened(path, _bounded(path, inner), packed=True)
    elif path.suffix == ".gz":
        with gzip.open(path) as unpacked:
            yield Opened(path, _bounded(path, cast(IO[bytes], unpacked)), packed=True)
    else:
        with path.open("rb") as plain:
            yield Opened(path, plain, packed=False)
