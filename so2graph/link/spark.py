"""The same stages on Spark, for lists that are too long for one machine: the same decisions, by the same code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from so2graph.errors import Unsupported
from so2graph.link.candidates import candidates
from so2graph.link.decide import Threshold, decide
from so2graph.link.features import RARE, column, features, term_column
from so2graph.link.model import Model
from so2graph.link.normalise import normalise
from so2graph.link.spec import Spec
from so2graph.link.tables import PAIRS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["link_on_spark", "local_session"]

_ROW = "row_of_left"


def local_session(threads: int = 2) -> SparkSession:
    """A session of Spark on this machine, without its web page; raises `Unsupported` without pyspark."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise Unsupported("pyspark is not installed", mend="Say: pip install 'so2graph[spark]'.") from error
    made: Any = SparkSession.builder
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": str(threads),
        "spark.sql.execution.arrow.maxRecordsPerBatch": "20000",
    }
    for name, value in settings.items():
        made = made.config(name, value)
    session: SparkSession = made.master(f"local[{threads}]").appName("so2graph").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def link_on_spark(
    session: SparkSession,
    left: pa.Table,
    right: pa.Table,
    spec: Spec,
    model: Model,
    threshold: Threshold,
    partitions: int = 4,
) -> pa.Table:
    """What `decide` says of two tables of records, with a model that is there (`pipeline.link` trains one).

    The left list is spread over the partitions; each looks for its candidates in the whole of the right one, compares
    and brings back their levels. What competes with what is decided where all come together, as it takes all.
    """
    whole = session.sparkContext.broadcast(_packed(normalise(right, spec)))
    said = session.sparkContext.broadcast(model.json())
    numbered = left.append_column(_ROW, pa.array(range(left.num_rows), pa.int32()))
    schema = _schema(spec)

    def stages(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        mine = pa.Table.from_batches(list(batches), numbered.schema)
        if not mine.num_rows:
            return
        other = _unpacked(whole.value)
        rows = mine.column(_ROW)
        ours = normalise(mine.drop_columns([_ROW]), spec)
        pairs = candidates(ours, other, spec)
        pairs = features(ours, other, pairs, spec, Model.of_json(said.value).terms)
        pairs = pairs.set_column(0, "left", rows.take(pairs.column("left")).combine_chunks())
        yield from pairs.select(schema.names).cast(schema).to_batches()

    frame = session.createDataFrame(numbered).repartitionByRange(partitions, _ROW)
    found = frame.mapInArrow(stages, _ddl(schema)).toArrow()
    found = found.cast(schema).sort_by([("left", "ascending"), ("cosine", "descending"), ("right", "ascending")])
    return decide(found, spec, model, threshold)


def _schema(spec: Spec) -> pa.Schema:
    levels = [pa.field(column(each.name), pa.int8()) for each in spec.fields]
    terms = [pa.field(term_column(each.name), pa.string()) for each in spec.of_kind(*RARE)]
    return pa.schema([*PAIRS, *levels, *terms])


def _ddl(schema: pa.Schema) -> str:
    names = {
        pa.int32(): "int",
        pa.int8(): "tinyint",
        pa.float32(): "float",
        pa.string(): "string",
        pa.list_(pa.string()): "array<string>",
    }
    return ", ".join(f"`{each.name}` {names[each.type]}" for each in schema)


def _packed(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def _unpacked(data: bytes) -> pa.Table:
    return pa.ipc.open_stream(pa.py_buffer(data)).read_all()
