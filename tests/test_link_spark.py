"""Linking on Spark decides each pair as linking with DuckDB does."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from benchmarks.link_sets import SETS, LinkSet, folder
from so2graph.link.pipeline import link
from so2graph.link.record import Record
from so2graph.link.spec import Field, Kind, Spec
from so2graph.link.tables import records_table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytest.importorskip("pyspark", reason="pyspark is not installed")

pytestmark = [
    pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed"),
    # pyspark leaves sockets to its Java side open until that ends.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    # pyspark looks whether pandas is there, though nothing goes through it here.
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]


@pytest.fixture(scope="module")
def session() -> Iterator[SparkSession]:
    """Spark on two threads of this machine, with this Python."""
    from so2graph.link.spark import local_session

    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    made = local_session(2)
    yield made
    made.stop()


def _tables(given: LinkSet) -> tuple[pa.Table, pa.Table]:
    return records_table(given.left, given.spec), records_table(given.right, given.spec)


def _bodies() -> LinkSet:
    """Bodies of one name in two lists, some of them twice, so that there are equals and rivals."""
    words = [
        "noord",
        "zorg",
        "werk",
        "groen",
        "kracht",
        "samen",
        "bries",
        "zaak",
        "kern",
        "tuin",
        "fiets",
        "kringloop",
        "veen",
        "brink",
    ]

    def row(side: str, at: int) -> Record:
        name = f"Stichting {words[at % 14]} {words[(at * 5 + at // 14) % 14]}"
        name = name.replace("e", "ee", 1) if side == "r" and at % 3 == 0 else name
        return Record(f"{side}{at}", (), {"name": (name,), "city": (("Assen", "Emmen", "Roden")[at % 3],)})

    spec = Spec("bodies", (Field("name", Kind.NAME), Field("city", Kind.PLACE)))
    left, right = tuple(row("l", at) for at in range(160)), tuple(row("r", at) for at in range(60, 230))
    return LinkSet("bodies", spec, left, right, frozenset())


def _flips(session: SparkSession, given: LinkSet) -> tuple[int, int, float]:
    """Pairs that are not decided alike, pairs in all, and the largest difference of weights."""
    from so2graph.link.spark import link_on_spark

    left, right = _tables(given)
    here = link(left, right, given.spec)
    there = link_on_spark(session, left, right, given.spec, here.model, here.threshold, partitions=3)
    tables = [{(row["left"], row["right"]): row for row in table.to_pylist()} for table in (here.pairs, there)]
    assert tables[0].keys() == tables[1].keys()
    pairs = [(row, tables[1][key]) for key, row in tables[0].items()]
    flips = sum(one["decision"] != other["decision"] or one["chosen"] != other["chosen"] for one, other in pairs)
    assert {one["decision"] for one, _ in pairs} >= {"review", "reject"}
    return flips, len(pairs), max(abs(one["weight"] - other["weight"]) for one, other in pairs)


def test_bodies_are_decided_alike(session: SparkSession) -> None:
    """Made records with rivals and equals: the same pairs, the same weights, no decision flips."""
    flips, pairs, apart = _flips(session, _bodies())
    assert (flips, apart) == (0, 0.0)
    assert pairs > 500


@pytest.mark.skipif(folder() is None, reason="the reference sets are not there")
def test_publications_and_restaurants_are_decided_alike(session: SparkSession) -> None:
    """The two reference sets, whole: no decision flips between Spark and DuckDB."""
    place = folder()
    assert place is not None
    for key in ("restaurants", "dblp-acm"):
        given = SETS[key](place)
        flips, pairs, apart = _flips(session, replace(given, spec=replace(given.spec, wish=0.98)))
        assert (flips, apart) == (0, 0.0), key
        assert pairs > 1000
