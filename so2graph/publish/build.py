"""Builds a generation from the catalogue; a build that fails leaves everything as it was."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from so2graph import __version__
from so2graph.config import Settings
from so2graph.engine.access import check_base
from so2graph.engine.generations import Folder, Manifest
from so2graph.engine.snapshot import Snapshot
from so2graph.engine.staging import Staged
from so2graph.engine.store import Quad, parse_file, relabelled
from so2graph.errors import BadParameter, CheckFailed, DataInvalid, DatasetUnreadable, NoGeneration
from so2graph.link.axioms import mapping_triples, run_triples
from so2graph.link.sssom import SUFFIX, read, target_of_file
from so2graph.publish.catalogue import Catalogue, GraphEntry, read_catalogue
from so2graph.publish.describe import catalogue_graph
from so2graph.publish.validate import Checker
from so2graph.registry import Bundle
from so2graph.vocab import Iri, Names

__all__ = ["Built", "build", "ensure_built", "ensure_empty", "open_current", "validate"]

Progress = Callable[[str, int, int], None]
"""Told what is being done, and how far it is: step, done, total."""


def _silent(step: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True)
class Built:
    """What a build came to: the generation that is current now, and whether this build made it."""

    manifest: Manifest
    new: bool


def _inputs(bundle: Bundle, catalogue: Catalogue, checksums: Mapping[Path, str]) -> str:
    """A digest of all that a build depends on: files, checks, shapes, prefixes, base and version of the program."""
    digest = hashlib.sha256()
    folder = bundle.root
    others = sorted(
        [
            *bundle.shapes,
            *(folder / "queries" / "checks").glob("*.rq"),
            folder / "ontology" / "prefixes.tsv",
            bundle.catalogue,
            *(bundle.data / "sources").glob("*"),
        ]
    )
    digest.update(f"{__version__}\n{bundle.base}\n".encode())
    for path in others:
        digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    for entry in catalogue.entries:
        for file in entry.files:
            digest.update(f"{entry.iri} {file.name} {checksums[file]}\n".encode())
    return digest.hexdigest()


def _load(bundle: Bundle, entry: GraphEntry) -> list[Quad]:
    """The quads of one graph; raises `DataSyntax`, or `DataInvalid` for a file that writes to another graph."""
    graph = Iri(entry.iri)
    quads: list[Quad] = []
    for file in entry.files:
        if file.name.endswith(SUFFIX):
            quads += _linked(bundle, entry, file)
            continue
        for subject, predicate, obj, stated in parse_file(file, bundle.read(file), bundle.base):
            if stated not in (None, graph):
                raise DataInvalid(
                    f"{file} writes to <{stated}>, and the catalogue gives it <{entry.iri}>",
                    mend="One file holds one graph: move those statements to the file of their own.",
                )
            quads.append((subject, predicate, obj, graph))
    if not quads:
        raise DataInvalid(
            f"<{entry.iri}> has no statements in {', '.join(f.name for f in entry.files)}",
            mend="Fill the file, or take the dataset out of the catalogue.",
        )
    return relabelled(quads, f"b{hashlib.sha256(entry.iri.encode()).hexdigest()[:8]}n")


def _linked(bundle: Bundle, entry: GraphEntry, file: Path) -> list[Quad]:
    """What a file of mappings says in a graph: the links that were accepted, or the judgements."""
    names, graph = Names(bundle.base), Iri(entry.iri)
    try:
        target = target_of_file(file.name)
    except BadParameter as error:
        raise DataInvalid(f"{file}: {error}", mend=error.mend) from error
    mappings = read(bundle.read(file), str(file), target, names).mappings
    if entry.iri == names.mappings:
        said = [triple for mapping in mappings for triple in mapping_triples(mapping, names)]
        said += [triple for mapping in mappings for triple in run_triples(mapping, names)]
        return [(*triple, graph) for triple in dict.fromkeys(said)]
    if entry.iri != names.links(target):
        raise DataInvalid(
            f"{file} is about {target}, and the catalogue gives it <{entry.iri}>",
            mend=f"Give it <{names.links(target)}> and <{names.mappings}>.",
        )
    links = [mapping for mapping in mappings if mapping.verdict == "accepted"]
    return [(Iri(m.subject), Iri(m.predicate), Iri(m.object), graph) for m in links]


def _stage(
    bundle: Bundle, names: Names, catalogue: Catalogue, checksums: Mapping[Path, str], path: Path, progress: Progress
) -> Staged:
    """Fills a new store from the catalogue and checks it; raises `CheckFailed` with every fault."""
    total = len(catalogue.entries) + 3
    loaded = []
    for done, entry in enumerate(catalogue.entries):
        progress(f"reading {entry.iri.removeprefix(names.base)}", done, total)
        loaded.append(_load(bundle, entry))
    staged = Staged(path, names, (*catalogue.aside, names.catalogue), catalogue.by_name_only)
    try:
        progress("storing", total - 3, total)
        staged.add(chain.from_iterable(loaded))
        staged.add(catalogue_graph(staged, catalogue, checksums, names))
        staged.refresh_merges()
        progress("checking", total - 2, total)
        faults = Checker(bundle, names, bundle.prefixes(), catalogue, staged).faults()
        if faults:
            raise CheckFailed(faults)
        progress("done", total, total)
    except BaseException:
        staged.close()
        raise
    return staged


def _same(folder: Folder, inputs: str, settings: Settings) -> Manifest | None:
    """The current generation when it can be read and was made from the same inputs; a damaged one counts as none."""
    try:
        manifest = folder.manifest()
        if manifest.inputs != inputs:
            return None
        Snapshot(folder, manifest, settings.max_merge_triples).open()
    except (NoGeneration, DatasetUnreadable):
        return None
    return manifest


def _refuse_to_lose(folder: Folder, settings: Settings) -> None:
    """Raises `DataInvalid` where a build would leave out what was written over HTTP since the last one."""
    try:
        edits = folder.manifest().edits
    except (NoGeneration, DatasetUnreadable):
        return
    if edits:
        raise DataInvalid(
            f"{settings.data} was written to {edits} times since it was built, and a build would leave that out",
            mend="Take it home with 'so2graph export' first; then build with --discard-edits, or in another folder.",
            edits=edits,
        )


def build(bundle: Bundle, settings: Settings, progress: Progress = _silent, *, discard_edits: bool = False) -> Built:
    """Builds the catalogue into a new generation of `settings.data` and makes it current.

    The same inputs make no new generation, whatever was written since. What was written over HTTP is only left out of
    a new one with `discard_edits`; the generations that have it stay as long as others. Raises `DataSyntax`,
    `DataInvalid`, `CheckFailed`, `DatasetLocked`, `DatasetReadOnly` or `DiskFull`; whatever it raises, the current
    generation stays what it was.
    """
    folder, names = Folder(settings.data), Names(settings.base)
    catalogue = read_catalogue(bundle, names)
    checksums = catalogue.checksums()
    inputs = _inputs(bundle, catalogue, checksums)
    known = _same(folder, inputs, settings)
    if known is not None and not (discard_edits and known.edits):
        return Built(known, new=False)
    with folder.writing("so2graph build"), folder.staging() as path:
        known = _same(folder, inputs, settings)
        if known is not None and not (discard_edits and known.edits):
            return Built(known, new=False)
        if not discard_edits:
            _refuse_to_lose(folder, settings)
        staged = _stage(bundle, names, catalogue, checksums, path / "store", progress)
        counts = staged.counts()
        staged.close()
        manifest = Manifest(
            number=folder.next_number(),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            inputs=inputs,
            base=settings.base,
            graphs={graph: count for graph, count in counts.items() if graph not in names.derived},
            derived={graph: count for graph, count in counts.items() if graph in names.derived},
            by_name_only=catalogue.by_name_only,
            aside=tuple(sorted(staged.aside)),
            merges={name: members for name, members in staged.merges.items() if members != (name,)},
        )
        folder.publish(path, manifest, settings.keep_generations)
    return Built(manifest, new=True)


def validate(bundle: Bundle, settings: Settings, scratch: Path, progress: Progress = _silent) -> int:
    """Checks what a build would publish, in `scratch`, and publishes nothing; returns the number of statements.

    Raises what `build` raises for faulty data.
    """
    names = Names(settings.base)
    catalogue = read_catalogue(bundle, names)
    staged = _stage(bundle, names, catalogue, catalogue.checksums(), scratch / "store", progress)
    try:
        return sum(count for graph, count in staged.counts().items() if graph not in names.derived)
    finally:
        staged.close()


def ensure_built(bundle: Bundle, settings: Settings, progress: Progress = _silent) -> Built:
    """The current generation of `settings.data`, built from the bundle first when the folder has none.

    Raises `BadSetting` when it was built for another base: only `build` changes that.
    """
    folder = Folder(settings.data)
    if folder.current() is None:
        return build(bundle, settings, progress)
    manifest = folder.manifest()
    check_base(manifest, settings)
    return Built(manifest, new=False)


def ensure_empty(settings: Settings) -> Built:
    """The current generation of `settings.data`; where there is none, an empty one is made, without a catalogue."""
    folder = Folder(settings.data)
    if folder.current() is not None:
        manifest = folder.manifest()
        check_base(manifest, settings)
        return Built(manifest, new=False)
    with folder.writing("so2graph serve --empty"), folder.staging() as path:
        staged = Staged(path / "store", Names(settings.base))
        staged.refresh_merges({})
        staged.close()
        manifest = Manifest(
            folder.next_number(),
            datetime.now(UTC).isoformat(timespec="seconds"),
            "empty",
            settings.base,
            derived=dict.fromkeys(sorted(staged.names.derived), 0),
        )
        folder.publish(path, manifest, settings.keep_generations)
    return Built(manifest, new=True)


def open_current(settings: Settings) -> Snapshot:
    """Opens the current generation for reading; raises `NoGeneration` or `DatasetUnreadable`."""
    folder = Folder(settings.data)
    return Snapshot(folder, folder.manifest(), settings.max_merge_triples).open()
