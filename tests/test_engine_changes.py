"""Writes: contents, merges and counts are those of a plain model, whatever the order; rights and conditions hold."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from so2graph.config import Settings
from so2graph.engine.changes import Write
from so2graph.engine.dataset import Dataset
from so2graph.engine.generations import Folder, Manifest
from so2graph.engine.snapshot import Snapshot
from so2graph.engine.staging import Staged
from so2graph.engine.store import Quad
from so2graph.engine.tags import graph_state
from so2graph.engine.writer import Writer
from so2graph.vocab import CANONICAL_BASE, DEFAULT_GRAPH, XSD, Iri, Literal, Names, Prefixes

NAMES = Names(CANONICAL_BASE)
A, B, C, HIDDEN, NEW = (NAMES.graph(name) for name in ("a", "b", "c", "hidden", "new"))
GRAPHS = (A, B, C, DEFAULT_GRAPH)
EX = "http://example.org/"
P = Iri(EX + "p")
ALL = "{ ?s ?p ?o }"
Pair = tuple[int, int]
Contents = dict[str, set[Pair]]
DATA: Contents = {
    A: {(0, 0), (1, 1), (2, 2)},
    B: {(0, 0), (1, 1), (3, 3)},
    C: {(1, 1), (2, 0)},
    HIDDEN: {(9, 9)},
    DEFAULT_GRAPH: {(0, 0), (0, 1)},
}
"""Graphs that share triples, as pairs of subject and object; c holds no facts, `hidden` is in no merge."""


def _quad(graph: str, pair: Pair) -> Quad:
    subject, obj = Iri(f"{EX}{pair[0]}"), Iri(f"{EX}{pair[1]}")
    return subject, P, obj, None if graph == DEFAULT_GRAPH else Iri(graph)


def _ntriples(pairs: set[Pair]) -> str:
    return "".join(f"<{EX}{s}> <{P}> <{EX}{o}> .\n" for s, o in sorted(pairs))


def _inside(graph: str, pattern: str) -> str:
    return f"{{ {pattern} }}" if graph == DEFAULT_GRAPH else f"{{ GRAPH <{graph}> {{ {pattern} }} }}"


class Place:
    """A data folder with a generation of `DATA` (or of other contents), and a writer for it."""

    def __init__(self, path: Path, data: Contents = DATA, extra: Sequence[Quad] = ()) -> None:
        self.path, self.folder = path, Folder(path / "data")
        with self.folder.writing("a test"), self.folder.staging() as staging:
            staged = Staged(staging / "store", NAMES, (C, NAMES.catalogue), (HIDDEN,))
            staged.add(_quad(graph, pair) for graph, pairs in data.items() for pair in pairs)
            staged.add(extra)
            staged.refresh_merges()
            counts, when = staged.counts(), "2026-01-01T00:00:00+00:00"
            stored = {graph: n for graph, n in counts.items() if graph not in NAMES.derived}
            derived = {graph: n for graph, n in counts.items() if graph in NAMES.derived}
            merges = {merge: members for merge, members in staged.merges.items() if members != (merge,)}
            aside = (C, NAMES.catalogue)
            manifest = Manifest(1, when, "inputs", CANONICAL_BASE, stored, (HIDDEN,), derived, aside, merges)
            staged.close()
            self.folder.publish(staging, manifest, 5)

    def write(self, *writes: Write) -> list[dict[str, object]]:
        """What comes of a batch; the keeper has answered `ok` before it is asked.

        `Writer.run` would limit this very process, so that what it does then is done here.
        """
        mine, its = socket.socketpair()
        batch = [Write.of(json.loads(json.dumps(asdict(write)))) for write in writes]
        settings = Settings.load({}, {"data": self.path / "data"})
        with mine, its, self.folder.writing("a test"), self.folder.staging() as staging:
            mine.sendall(b'{"ok": true}\n')
            return Writer(self.folder, settings, Prefixes({"ex": EX}), its)._publish(staging, batch)

    def refused(self, write: Write) -> str:
        """The slug of the error that a write ends with; nothing may have changed, and no generation was made."""
        before, number = self.contents(), self.folder.current()
        (result,) = self.write(write)
        assert (self.contents(), self.folder.current()) == (before, number)
        return _slug(result)

    def body(self, text: str, fmt: str = "ntriples") -> tuple[tuple[str, str], ...]:
        """A body on disk, as the web puts it there."""
        path = self.path / f"body-{len(list(self.path.iterdir()))}"
        path.write_text(text, encoding="utf-8")
        return ((str(path), fmt),)

    def snapshot(self) -> Snapshot:
        return Snapshot(self.folder, self.folder.manifest(), 10_000)

    def contents(self) -> Contents:
        """All graphs that there are, the derived ones left out."""
        snapshot = self.snapshot()
        return {graph: _pairs(snapshot, graph) for graph in (*snapshot.manifest.graphs, DEFAULT_GRAPH)}

    def check(self, model: Contents) -> None:
        """The contents are those of the model; the merges and the counts follow from them."""
        snapshot = self.snapshot()
        manifest = snapshot.manifest
        assert self.contents() == {DEFAULT_GRAPH: set()} | model
        assert manifest.graphs == {g: len(pairs) for g, pairs in model.items() if pairs or g != DEFAULT_GRAPH}
        for merge, excluded in ((NAMES.facts, {C, HIDDEN}), (NAMES.everything, {HIDDEN})):
            members = manifest.merges.get(merge, (merge,))
            found = [pair for member in members for pair in _pairs(snapshot, member)]
            assert len(found) == len(set(found)), f"a triple stands twice in {members}"
            assert set(found) == set().union(*(pairs for graph, pairs in model.items() if graph not in excluded))
            assert manifest.derived[merge] == len(_pairs(snapshot, members[-1]))


def _slug(result: Mapping[str, object]) -> str:
    """The kind of error in a result, "" for none."""
    error = result.get("error", {"slug": ""})
    assert isinstance(error, dict)
    return str(error["slug"])


def _pairs(snapshot: Snapshot, graph: str) -> set[Pair]:
    found = _stored(snapshot, graph) if graph in NAMES.derived else snapshot.quads([graph])
    return {(int(str(s).removeprefix(EX)), int(str(o).removeprefix(EX))) for s, p, o, _ in found if p == P}


def _stored(snapshot: Snapshot, merge: str) -> list[Quad]:
    """What the one graph kept for a merge holds."""
    text = f"SELECT ?s ?p ?o {{ GRAPH <{merge}> {{ ?s ?p ?o }} }}"
    rows = snapshot.query(text, Dataset((), (merge,)), {}).rows()
    return [(s, p, o, Iri(merge)) for s, p, o in rows if s and o and isinstance(p, Iri)]


@dataclass(frozen=True)
class Step:
    """A write of the model: `task` is that of `Write`, or `insert`, `delete-data`, `modify` and `broken`."""

    task: str
    graph: str
    pairs: frozenset[Pair]
    other: str = A

    def write(self, place: Place) -> Write:
        triples = _ntriples(set(self.pairs))
        if self.task in ("put", "post"):
            return Write(self.task, graph=self.graph, bodies=place.body(triples))
        if self.task == "named":
            quads = triples.replace(" .\n", " .\n" if self.graph == DEFAULT_GRAPH else f" <{self.graph}> .\n")
            return Write("post", bodies=place.body(quads + _ntriples({(7, 7)}).replace(" .", f" <{A}> ."), "nquads"))
        if self.task == "delete":
            return Write("delete", graph=self.graph)
        if self.task in ("insert", "delete-data"):
            word = "INSERT" if self.task == "insert" else "DELETE"
            return Write("update", f"{word} DATA {_inside(self.graph, triples)}")
        if self.task == "modify":
            old, new = _inside(self.graph, "ex:0 ex:p ?o"), _inside(self.other, "ex:1 ex:p ?o")
            return Write("update", f"DELETE {old} INSERT {new} WHERE {old}")
        broken = f"INSERT DATA {_inside(self.graph, triples)} ; DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p }}"
        return Write("update", broken) if self.pairs else Write("put", graph=self.graph, bodies=place.body("<a> <"))

    def change(self, model: Contents) -> bool:
        """Does the same to the model; False where it has to fail."""
        pairs = model.get(self.graph, set())
        if self.task == "put":
            model[self.graph] = set(self.pairs)
        elif self.task == "post" or (self.task in ("insert", "named") and self.pairs):
            model[self.graph] = pairs | self.pairs
        elif self.task == "delete-data" and self.graph in model:
            model[self.graph] = pairs - self.pairs
        elif self.task == "delete":
            return model.pop(self.graph, None) is not None or self.graph == DEFAULT_GRAPH
        elif self.task == "modify":
            moved = {pair for pair in pairs if pair[0] == 0}
            if moved:
                model[self.graph] = pairs - moved
                model[self.other] = model.get(self.other, set()) | {(1, o) for _, o in moved}
        if self.task == "named":
            model[A] = model.get(A, set()) | {(7, 7)}
        return self.task != "broken"


_TASKS = ("put", "post", "named", "delete", "insert", "delete-data", "modify", "broken")
_PAIRS = st.frozensets(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=5)
_STEPS = st.builds(Step, st.sampled_from(_TASKS), st.sampled_from(GRAPHS), _PAIRS, st.sampled_from(GRAPHS))
_START = st.fixed_dictionaries({g: st.sets(st.tuples(st.integers(0, 2), st.integers(0, 2))) for g in GRAPHS})


@pytest.mark.parametrize(
    ("dominant", "small", "small_bytes"),
    [(10_000, 20_000, 2_000_000), (3, 20_000, 2_000_000), (10_000, 1, 0), (3, 1, 60)],
    ids=["small", "small with a base", "large", "large with a base"],
)
@example_settings(max_examples=6, deadline=None)
@given(start=_START, batches=st.lists(st.lists(_STEPS, min_size=1, max_size=7), min_size=1, max_size=2))
def test_whatever_is_written_the_dataset_is_that_of_a_plain_model(
    dominant: int, small: int, small_bytes: int, start: Contents, batches: list[list[Step]]
) -> None:
    """After each batch the graphs, merges and counts are right; a write that fails leaves nothing behind."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("so2graph.engine.staging._DOMINANT", dominant)
        patch.setattr("so2graph.engine.changes._SMALL", small)
        patch.setattr("so2graph.engine.changes._SMALL_BYTES", small_bytes)
        place = Place(Path(folder), start)
        model = {graph: set(pairs) for graph, pairs in start.items() if pairs}
        for batch in batches:
            writes = [step.write(place) for step in batch]
            done = [step.change(model) for step in batch]
            assert ["error" not in result for result in place.write(*writes)] == done
            place.check(model)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """One for writes that come to nothing: what is in it stays as it is."""
    return Place(tmp_path_factory.mktemp("still"))


def _update(text: str, **values: Any) -> Write:
    return Write("update", text, **values)


def test_a_write_that_fails_half_way_is_undone_and_the_others_stay(place: Place) -> None:
    """A limited token's update that did something first, a body that cannot be parsed, and an unmet condition."""
    results = place.write(
        _update(f"INSERT DATA {{ GRAPH <{A}> {{ ex:3 ex:p ex:3 }} }}"),
        _update(f"DELETE {{ GRAPH <{A}> {ALL} GRAPH <{B}> {ALL} }} WHERE {{ GRAPH ?g {ALL} }}", writable=(A,)),
        Write("put", graph=B, bodies=place.body("<http://example.org/1> <")),
        Write("put", graph=B, bodies=place.body(""), match=("other",)),
        _update(f"INSERT {{ GRAPH <{C}> {{ ?s ?p ex:5 }} }} WHERE {{ GRAPH <{A}> {{ ?s ?p ex:3 }} }}"),
    )
    assert list(map(_slug, results)) == ["", "forbidden", "body-syntax", "precondition-failed", ""]
    assert [result.get("generation") for result in results] == [2, None, None, None, 2]
    place.check(DATA | {A: DATA[A] | {(3, 3)}, C: DATA[C] | {(3, 5)}})
    assert place.folder.manifest().edits == 2


def test_when_all_fail_there_is_no_new_generation(still: Place) -> None:
    """Nothing is published, and nothing is left of what was staged."""
    assert still.refused(Write("put", graph=B, bodies=still.body("<a> <"))) == "body-syntax"
    assert sorted(entry.name for entry in (still.path / "data").iterdir()) == ["current", "generations", "lock"]


FOREIGN = {
    "insert data": f"INSERT DATA {{ GRAPH <{B}> {{ ex:5 ex:p ex:5 }} }}",
    "insert data into the default graph": "INSERT DATA { ex:5 ex:p ex:5 }",
    "insert data into a new graph": f"INSERT DATA {{ GRAPH <{NEW}> {{ ex:5 ex:p ex:5 }} }}",
    "delete data": f"DELETE DATA {{ GRAPH <{B}> {{ ex:0 ex:p ex:0 }} }}",
    "mine and yours": f"INSERT DATA {{ GRAPH <{A}> {{ ex:5 ex:p ex:5 }} GRAPH <{B}> {{ ex:5 ex:p ex:5 }} }}",
    "first mine": f"INSERT DATA {{ GRAPH <{A}> {{ ex:5 ex:p ex:5 }} }} ; DELETE DATA {{ ex:0 ex:p ex:0 }}",
    "insert where": f"INSERT {{ GRAPH <{B}> {ALL} }} WHERE {{ GRAPH <{A}> {ALL} }}",
    "delete where": f"DELETE WHERE {{ GRAPH <{B}> {ALL} }}",
    "one for another": "DELETE { ex:0 ex:p ex:0 } INSERT { ex:0 ex:p ex:7 } WHERE { }",
    "with": f"WITH <{B}> DELETE {ALL} WHERE {ALL}",
    "copy": f"COPY <{A}> TO <{B}>",
    "move there": f"MOVE <{A}> TO <{NEW}>",
    "move away": f"MOVE <{B}> TO <{A}>",
    "add": f"ADD <{A}> TO <{C}>",
    "clear": f"CLEAR GRAPH <{B}>",
    "clear all": "CLEAR ALL",
    "drop": f"DROP GRAPH <{HIDDEN}>",
}


@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN)
def test_an_update_of_a_foreign_graph_is_refused(text: str, still: Place) -> None:
    """A token for a writes nothing else, whatever the operation, not even in part."""
    assert still.refused(_update(text, writable=(A,))) == "forbidden"


@pytest.mark.parametrize("task", ["put", "post", "delete"])
@pytest.mark.parametrize("graph", [B, DEFAULT_GRAPH], ids=["named", "default"])
def test_the_graph_store_refuses_a_foreign_graph(task: str, graph: str, still: Place) -> None:
    """PUT, POST and DELETE of a graph that the token does not have, and a body that names one."""
    body = () if task == "delete" else still.body(_ntriples({(5, 5)}))
    assert still.refused(Write(task, graph=graph, bodies=body, writable=(A,))) == "forbidden"
    quad = _ntriples({(5, 5)}).removesuffix(".\n")
    two = still.body(f"{quad}<{A}> .\n{quad}{'' if graph == DEFAULT_GRAPH else f'<{graph}>'} .\n", "nquads")
    assert still.refused(Write("post", bodies=two, writable=(A,))) == "forbidden"


def test_a_limited_token_writes_its_own_graph(place: Place) -> None:
    """Every kind of write of a, with a token for a that may read what it copies."""
    results = place.write(
        Write("put", graph=A, bodies=place.body(_ntriples({(0, 0), (4, 4)})), writable=(A,)),
        _update(f"COPY <{B}> TO <{A}>", writable=(A,)),
        _update(f"DELETE {{ GRAPH <{A}> {{ ?s ?p ex:0 }} }} WHERE {{ GRAPH <{A}> {{ ?s ?p ex:0 }} }}", writable=(A,)),
        _update(f"INSERT DATA {{ GRAPH <{A}> {{ ex:8 ex:p ex:8 }} }}", writable=(A,)),
        _update(f"DELETE DATA {{ GRAPH <{A}> {{ ex:1 ex:p ex:1 }} }}", writable=(A,)),
    )
    assert [result.get("generation") for result in results] == [2] * 5
    place.check(DATA | {A: {(3, 3), (8, 8)}})


HIDING = {
    "insert where": f"INSERT {{ GRAPH <{A}> {ALL} }} WHERE {{ GRAPH <{HIDDEN}> {ALL} }}",
    "any graph": f"INSERT {{ GRAPH <{A}> {ALL} }} WHERE {{ GRAPH ?g {ALL} FILTER(?o = ex:9) }}",
    "using": f"INSERT {{ GRAPH <{A}> {ALL} }} USING <{HIDDEN}> WHERE {ALL}",
    "using named": f"INSERT {{ GRAPH <{A}> {ALL} }} USING NAMED <{HIDDEN}> WHERE {{ GRAPH ?g {ALL} }}",
    "with": f"WITH <{HIDDEN}> DELETE {ALL} INSERT {{ GRAPH <{A}> {ALL} }} WHERE {ALL}",
    "delete where": f"DELETE WHERE {{ GRAPH <{HIDDEN}> {ALL} }}",
    "add": f"ADD <{HIDDEN}> TO <{A}>",
}


@pytest.mark.parametrize("writable", [None, (A,)], ids=["all", "only a"])
@pytest.mark.parametrize("text", HIDING.values(), ids=HIDING)
def test_a_hidden_graph_is_not_read_and_stays_what_it_is(
    text: str, writable: tuple[str, ...] | None, still: Place
) -> None:
    """The update is done as if the graph were not there, which only ADD and its like mind."""
    found = still.write(_update(text, hidden=(HIDDEN,), writable=writable))[0]
    assert ("error" in found) == text.startswith("ADD")
    still.check(DATA)


@pytest.mark.parametrize("text", [HIDING["any graph"], HIDING["using named"], HIDING["add"]])
def test_who_may_read_a_graph_may_use_it_in_an_update(text: str, place: Place) -> None:
    """The same updates take what is in it."""
    place.write(_update(text, writable=(A,)))
    assert (9, 9) in place.contents()[A]


def test_drop_all_leaves_what_the_caller_cannot_see(place: Place) -> None:
    """An editor without the right to read a graph takes the others away."""
    place.write(_update("DROP ALL", hidden=(HIDDEN,)))
    place.check({HIDDEN: DATA[HIDDEN]})


@pytest.mark.parametrize("graph", sorted(NAMES.derived), ids=["all", "facts"])
def test_a_derived_graph_takes_no_data(graph: str, still: Place) -> None:
    """It is made from the others: data and bodies for it are refused, and there is nothing to delete."""
    triple = _ntriples({(0, 0)}).removesuffix(" .\n")
    for word in ("INSERT", "DELETE"):
        assert still.refused(_update(f"{word} DATA {{ GRAPH <{graph}> {{ {triple} }} }}")) == "refused"
    for task in ("put", "post"):
        assert still.refused(Write(task, graph=graph, bodies=still.body(_ntriples({(0, 0)})))) == "refused"
    assert still.refused(Write("post", bodies=still.body(f"{triple} <{graph}> .", "nquads"))) == "refused"
    assert still.refused(Write("delete", graph=graph)) == "not-found"


def _state(place: Place, graph: str) -> str:
    manifest = place.folder.manifest()
    return graph_state(manifest.inputs, graph, manifest.changed.get(graph, 0))


def test_if_match_holds_until_the_graph_is_changed(place: Place) -> None:
    """In one batch only the first of two with the same tag is done; a change of another graph is none of this one."""
    tag, body = _state(place, A), _ntriples({(4, 4)})
    place.write(Write("post", graph=B, bodies=place.body(body)))
    assert _state(place, A) == tag
    results = place.write(
        Write("put", graph=A, bodies=place.body(body), match=("x", f"{tag}-turtle")),
        Write("put", graph=A, bodies=place.body(""), match=(tag,)),
    )
    assert ["error" in result for result in results] == [False, True]
    assert _state(place, A) != tag
    place.check(DATA | {A: {(4, 4)}, B: DATA[B] | {(4, 4)}})
    tag = _state(place, A)
    place.write(_update(f"COPY <{B}> TO <{A}>"))
    assert place.refused(Write("delete", graph=A, match=(tag,))) == "precondition-failed"
    place.write(Write("delete", graph=A, match=(_state(place, A),)))
    assert A not in place.contents()


def test_conditions_on_being_there(place: Place) -> None:
    """If-Match: * needs the graph, If-None-Match: * needs that there is none."""
    empty = place.body("")
    assert place.refused(Write("put", graph=NEW, bodies=empty, match=("*",))) == "precondition-failed"
    assert place.refused(Write("put", graph=A, bodies=place.body(""), none=True)) == "precondition-failed"
    results = place.write(
        Write("put", graph=NEW, bodies=place.body(""), none=True),
        Write("put", graph=NEW, bodies=place.body(""), none=True),
        Write("put", graph=A, bodies=place.body(""), match=("*",)),
    )
    assert [result.get("existed") for result in results] == [False, None, True]
    place.check(DATA | {NEW: set(), A: set()})


@pytest.mark.parametrize("text", [f"INSERT DATA {{ GRAPH <{A}> {{ ex:0 ex:p ex:5 }} }}", f"ADD <{B}> TO <{A}>"])
def test_the_catalogue_counts_what_is_there(text: str, tmp_path: Path) -> None:
    """The statistics of a described graph follow its content, in graph/all too; other statements stay."""
    catalogue, void = Iri(NAMES.catalogue), "http://rdfs.org/ns/void#"
    title = (Iri(A), Iri(EX + "title"), Literal("a"), catalogue)
    old = (Iri(A), Iri(void + "triples"), Literal("3", datatype=XSD + "integer"), catalogue)
    place = Place(tmp_path, extra=[title, old])
    place.write(_update(text))
    snapshot = place.snapshot()
    found = {str(p): str(o) for s, p, o, _ in snapshot.quads([NAMES.catalogue]) if s == Iri(A)}
    assert found.pop(EX + "title") == "a"
    pairs = _pairs(snapshot, A)
    distinct = {"distinctSubjects": {s for s, _ in pairs}, "distinctObjects": {o for _, o in pairs}}
    expected = {name: len(values) for name, values in distinct.items()} | {"properties": 1, "classes": 0}
    assert found == {void + name: str(n) for name, n in (expected | {"triples": len(pairs)}).items()}
    counted = snapshot.query(f"SELECT (COUNT(*) AS ?n) {{ <{A}> ?p ?o }}", Dataset((NAMES.everything,), ()), {})
    assert [str(row[0]) for row in counted.rows()] == ["6"]
    assert snapshot.manifest.graphs[NAMES.catalogue] == 6
