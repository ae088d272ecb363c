"""Reads the records of both sides into Arrow tables: ours from the dataset, theirs from a file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from so2graph.engine.access import Session
from so2graph.engine.store import Store, parse_text
from so2graph.errors import BadParameter, BodySyntax, DataInvalid, DataSyntax
from so2graph.formats import GRAPH_FORMATS, by_name
from so2graph.link.fields import Ask, Questions, chunked
from so2graph.link.files import Opened, format_name, open_file
from so2graph.link.rows import csv_batches, parquet_batches, record_batches
from so2graph.link.spec import Spec
from so2graph.link.tables import TYPES, records_schema
from so2graph.link.target import Access, Side, Target
from so2graph.vocab import Term

__all__ = ["Ask", "file_records", "opened_store", "our_records", "their_records"]

Tell = Callable[[int], None]
"""Is told how many records there are so far."""
_CHUNK = 1_000
"""Things whose values are asked for at a time."""
_IN_MEMORY = 100_000_000
"""Bytes of an RDF file up to which it is read into memory, and not into a folder of its own."""


def our_records(session: Session, target: Target) -> pa.Table:
    """Our things that the target may be about, as the facts of the dataset have them, in the order of their IRIs."""
    questions = Questions(target.ours, target.spec, target.prefixes)

    def ask(text: str) -> Iterator[Sequence[Term | None]]:
        for row in session.select(text):
            yield tuple(row.values())

    ids = sorted(str(row[0]) for row in ask(questions.members()))
    batches = (questions.read(ask, part) for part in chunked(ids, _CHUNK))
    return _table(batches, target.spec, "left", _nothing)


def their_records(target: Target, path: Path, tell: Tell | None = None) -> pa.Table:
    """The records of a snapshot of a target; those whose type meets nothing of ours are left out.

    Raises `DataSyntax` with file and line, or `DataInvalid` where there are no such things.
    """
    table = file_records(
        path, target.theirs, target.spec, target.access, target.prefixes, things=target.things, tell=tell
    )
    if not table.num_rows:
        raise DataInvalid(
            f"{path} has nothing that {target.name} is about",
            mend="See whether it is the right file; 'members' in the file of the target says what is looked for.",
        )
    return table


def file_records(
    path: Path,
    side: Side,
    spec: Spec,
    access: Access | None = None,
    prefixes: Mapping[str, str] | None = None,
    *,
    things: str = "",
    which: str = "right",
    tell: Tell | None = None,
) -> pa.Table:
    """The records of a file: RDF, CSV, TSV, Parquet or records as JSON lines; packed (.gz, .zip) or not.

    Raises `DataSyntax` with file and line, `BadParameter` for a name that says no format.
    """
    access = access or Access("csv")
    given = access.format if access.kind in ("rdf", "csv", "parquet") else ""
    name = given if given and path.suffix != ".jsonl" else format_name(path)
    with ExitStack() as stack:
        opened = stack.enter_context(open_file(path, access.member))
        batches: Iterable[pa.RecordBatch]
        if name == "records":
            batches = record_batches(opened, spec)
        elif name in ("csv", "tsv"):
            batches = csv_batches(opened, side, spec, access, things, "\t" if name == "tsv" else "")
        elif name == "parquet":
            batches = parquet_batches(opened, side, spec, things)
        else:
            ask = stack.enter_context(opened_store(opened, name))
            batches = _rdf_batches(ask, Questions(side, spec, prefixes or {}))
        return _table(batches, spec, which, tell or _nothing)


def _nothing(_count: int) -> None:
    """Tells nobody."""


@contextmanager
def opened_store(opened: Opened, name: str) -> Iterator[Ask]:
    """A file of RDF that can be asked: a large one by way of a folder of its own, which goes afterwards.

    Raises `DataSyntax` with file and line.
    """
    fmt = by_name(name, GRAPH_FORMATS)
    if fmt is None:
        raise BadParameter(f"{opened.path} is in the unknown format {name!r}", mend="Give RDF, CSV, TSV or Parquet.")
    with ExitStack() as stack:
        if opened.path.stat().st_size * (10 if opened.packed else 1) < _IN_MEMORY:
            store = Store.memory()
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="so2graph-link-"))
            store = Store.writable(Path(folder) / "store")
            stack.callback(store.close)
        base = opened.path.resolve().as_uri()
        try:
            with opened.faults():
                if "dataset" in fmt.kinds:
                    store.add((s, p, o, None) for s, p, o, _ in parse_text(opened.file, fmt, base))
                else:
                    store.load(opened.file, fmt, base, "")
        except BodySyntax as error:
            raise DataSyntax(
                f"{opened.path}, {str(error).removeprefix('the body, ')}",
                mend="Mend it there, or fetch the file again.",
                file=str(opened.path),
                line=error.members["line"],
                column=error.members["column"],
            ) from None
        yield lambda text: store.query(text, {}, ("",), ()).rows()


def _rdf_batches(ask: Ask, questions: Questions) -> Iterator[pa.RecordBatch]:
    ids = pa.array((str(row[0]) for row in ask(questions.members())), pa.string())
    ids = ids.take(pc.sort_indices(ids))
    for start in range(0, len(ids), _CHUNK):
        yield questions.read(ask, ids.slice(start, _CHUNK).to_pylist())


def _table(batches: Iterable[pa.RecordBatch], spec: Spec, which: str, tell: Tell) -> pa.Table:
    """The batches as one table, without records whose types may meet nothing."""
    met = {pair[which == "right"] for pair in spec.meets}
    kept, count = [], 0
    for each in batches:
        part = each
        if met:
            fit = [bool(met.intersection(types)) for types in part.column(TYPES).to_pylist()]
            part = part.filter(pa.array(fit, pa.bool_()))
        kept.append(part)
        count += part.num_rows
        tell(count)
    return pa.Table.from_batches(kept, schema=records_schema(spec)).combine_chunks()
