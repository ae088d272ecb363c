"""Applies writes to a staged generation, and keeps count of what they change."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from so2graph.engine.generations import Manifest
from so2graph.engine.guard import Prologue, guard
from so2graph.engine.staging import COUNTED, Staged, statistics
from so2graph.engine.store import Quad, Store, parse_text
from so2graph.engine.tags import graph_state
from so2graph.engine.update import Operation, operations
from so2graph.errors import Forbidden, NotFound, PolicyRefused, PreconditionFailed, UnknownGraph
from so2graph.formats import FORMATS
from so2graph.vocab import DEFAULT_GRAPH, Iri, Prefixes

__all__ = ["Changes", "Write"]

_SMALL = 20_000
"""Quads up to which a change is followed one by one; beyond, the merges are made anew."""
_SMALL_BYTES = 2_000_000
_FORMATS = {fmt.name: fmt for fmt in FORMATS}


@dataclass(frozen=True)
class Write:
    """A change that was asked for.

    `task` is `update` (`text`), `put`, `post` or `delete` (of `graph`; "" stands for the graphs that the body names).
    `bodies` are files with the name of their format. `hidden` are graphs that may not be read, `writable` those that
    may be written, None for all. `match` are entity tags of If-Match (`*` for any), `none` is If-None-Match: *; of an
    update they are about `graph`.
    """

    task: str
    text: str = ""
    graph: str = ""
    bodies: tuple[tuple[str, str], ...] = ()
    base: str = ""
    hidden: tuple[str, ...] = ()
    writable: tuple[str, ...] | None = None
    match: tuple[str, ...] = ()
    none: bool = False

    @classmethod
    def of(cls, row: Mapping[str, object]) -> Write:
        """The write that `asdict` and JSON have made a row of."""
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
        values["bodies"] = tuple((str(path), str(fmt)) for path, fmt in values.get("bodies", ()))  # type: ignore[attr-defined]  # plain data
        return cls(**values)  # type: ignore[arg-type]  # plain data


class Changes:
    """All that one batch changes in one staged generation.

    `touched` says that the store is no longer what it was, though the write that was at work has failed.
    """

    def __init__(self, staged: Staged, manifest: Manifest, prefixes: Prefixes, limits: Mapping[str, int]) -> None:
        self.staged, self.manifest, self._prefixes, self._limits = staged, manifest, prefixes, limits
        self.counts = dict(manifest.graphs) | dict(manifest.derived)
        self.changed = dict(manifest.changed)
        self.number = manifest.number + 1
        self.touched = self.full = False
        self._pending: list[Quad] = []
        self._copies: list[Path] = []

    @property
    def store(self) -> Store:
        return self.staged.store

    def graphs(self) -> set[str]:
        """The graphs that there are now, the derived ones left out."""
        return set(self.counts) - self.staged.names.derived

    def apply(self, write: Write) -> dict[str, object]:
        """Makes one change; returns what the client is told. Whatever it raises, see `touched`."""
        self.touched = False
        if write.task == "update":
            self._update(write)
            told: dict[str, object] = {}
        else:
            told = self._graph(write)
        self._follow()
        return told

    # SPARQL Update

    def _update(self, write: Write) -> None:
        self._check_conditions(write, write.graph in self.graphs())
        guard(
            write.text,
            max_bytes=self._limits["max_bytes"],
            max_depth=self._limits["max_depth"],
            max_operators=self._limits["max_operators"],
            max_patterns=self._limits["max_patterns"],
            prefixes=self._prefixes,
            update=True,
        )
        parts = operations(write.text)
        if all(part.data for part in parts):
            steps = []
            for part in parts:
                scratch = Store.memory()
                Store.memory().update(part.whole, self._prefixes, self.staged.names.base)
                scratch.update(part.as_insert, self._prefixes, self.staged.names.base)
                _refuse_alias(scratch)
                quads = [quad for graph in scratch.graphs() for quad in scratch.quads(graph)]
                self._check_writable({_graph_of(quad) for quad in quads}, write)
                steps.append((part.data, quads))
            for kind, quads in steps:
                self.add(quads) if kind == "insert" else self.remove(quads)
            return
        before = self.graphs()
        named = self._named(parts)
        suspects = before if named is None else before & named
        kept = self._contents(suspects)
        old = self._copy() if write.writable is not None and None in kept.values() else None
        with self._out_of_sight(write):
            there = set(self.store.graphs())
            for part in parts:
                if self._skips(part, there):
                    continue
                self.store.update(part.whole, self._prefixes, self.staged.names.base)
                self.touched = True
            _refuse_alias(self.store)
            made = set(self.store.graphs()) - there
            self._check_writable(made & (self.staged.names.derived | set(write.hidden)), write)
        self.full = True
        self.counts = self.staged.counts()
        changed = self._changed(before, suspects, kept, old)
        self._check_writable({g for g in changed if g not in write.hidden}, write)
        for graph in changed - set(write.hidden):
            self.changed[graph] = self.number

    def _named(self, parts: Iterable[Operation]) -> set[str] | None:
        """The graphs that an update may change: those that it names, and the default graph; None for any."""
        found = {DEFAULT_GRAPH}
        for part in parts:
            prologue = Prologue.of(part.prologue, self._prefixes, self.staged.names.base)
            for at, token in enumerate(part.tokens):
                if token.kind in ("iri", "name"):
                    found.add(prologue.absolute(token))
                elif token.upper in ("ALL", "NAMED") or (
                    token.kind == "variable" and part.tokens[at - 1].upper == "GRAPH"
                ):
                    return None
        return found

    def _copy(self) -> Store:
        """The store as it is now, to compare with."""
        path = Path(f"{self.store.path}-before-{self.number}-{len(self._copies)}")
        self.store.backup(path)
        self._copies.append(path)
        return Store.read_only(path)

    def _changed(
        self, before: set[str], suspects: set[str], kept: Mapping[str, frozenset[Quad] | None], old: Store | None
    ) -> set[str]:
        """Which graphs an update has changed. A large one counts as changed, unless there is an old one to see."""
        now = self.graphs()
        changed = before ^ now
        for graph in suspects & now:
            known = kept[graph]
            if known is not None:
                same = len(known) == self.counts[graph] and known == frozenset(self.store.quads(graph))
            else:
                same = old is not None and old.count(graph) == self.counts[graph]
                same = same and old is not None and all(old.holds(quad) for quad in self.store.quads(graph))
            changed |= set() if same else {graph}
        return changed

    def _skips(self, part: Operation, there: Collection[str]) -> bool:
        """Whether an operation has no source, and is silent about it; raises `UnknownGraph` when it is not."""
        source, silent = part.source(self._prefixes, self.staged.names.base)
        if source is None or source in self.store.graphs():
            return False
        if silent:
            return True
        raise UnknownGraph(
            f"there is no graph <{source}> here to read from",
            mend="Look at /graph-store for their names.",
            near=sorted(there),
        )

    def _contents(self, graphs: Collection[str]) -> dict[str, frozenset[Quad] | None]:
        """What is in each graph; None, which is always another content, for those that are too large to compare."""
        return {
            graph: frozenset(self.store.quads(graph)) if self.counts.get(graph, 0) <= _SMALL else None
            for graph in graphs
        }

    @contextmanager
    def _out_of_sight(self, write: Write) -> Iterator[None]:
        """What a caller may not read, and the merges, are not there while the update runs."""
        aside: dict[str, list[Quad]] = {}
        for graph in sorted(set(write.hidden) & self.graphs()):
            aside[graph] = list(self.store.quads(graph))
            self.store.drop(graph)
        for graph in sorted(self.staged.names.derived):
            self.store.drop(graph)
        self.full = True
        try:
            yield
        finally:
            for graph, quads in aside.items():
                self.store.drop(graph)
                self.store.create(graph)
                self.store.add(quads)

    # Graph Store

    def _graph(self, write: Write) -> dict[str, object]:
        graph = write.graph
        exists = graph in self.graphs()
        self._check_conditions(write, exists)
        if write.task == "delete":
            if not exists and graph != DEFAULT_GRAPH:
                raise NotFound(f"there is no graph <{graph}> here", mend="Look at /graph-store for their names.")
            self._check_writable({graph}, write)
            self._clear(graph, drop=True)
            return {"existed": True}
        if graph:
            self._check_writable({graph}, write)
        size = sum(Path(path).stat().st_size for path, _ in write.bodies)
        if size <= _SMALL_BYTES:
            self._small(write, graph)
        else:
            self._large(write, graph)
        return {"existed": exists}

    def _small(self, write: Write, graph: str) -> None:
        quads: list[Quad] = []
        for path, name in write.bodies:
            for subject, predicate, obj, stated in parse_text(Path(path).read_bytes(), _FORMATS[name], write.base):
                target = Iri(graph) if graph else stated
                quads.append((subject, predicate, obj, None if target == Iri(DEFAULT_GRAPH) else target))
        self._check_writable({_graph_of(quad) for quad in quads}, write)
        if write.task == "put" and graph:
            if self.counts.get(graph, 0) <= _SMALL:
                wanted = set(quads)
                self.remove([quad for quad in self.store.quads(graph) if quad not in wanted])
            else:
                self._clear(graph, drop=False)
        self.add(quads)
        if graph:
            self._note(graph, 0)
            self.store.create(graph)

    def _large(self, write: Write, graph: str) -> None:
        self.touched = self.full = True
        if write.task == "put" and graph:
            self.store.drop(graph)
        named: set[str] = set()
        for path, name in write.bodies:
            fmt = _FORMATS[name]
            if graph and "dataset" not in fmt.kinds:
                self.store.load(Path(path), fmt, write.base, graph)
                continue
            with Path(path).open("rb") as file:
                self.store.add(self._noting(parse_text(file, fmt, write.base), graph, named))
        self._check_writable(named, write)
        _refuse_alias(self.store)
        if graph:
            self.store.create(graph)
        before, self.counts = self.counts, self.staged.counts()
        changed = {g for g, n in self.counts.items() if n != before.get(g)} | ({graph} if graph else set())
        self._check_writable(changed, write)
        for name in changed:
            self.changed[name] = self.number

    @staticmethod
    def _noting(quads: Iterable[Quad], graph: str, named: set[str]) -> Iterator[Quad]:
        """The quads, all in `graph` when there is one; which graphs they are in is noted in `named`."""
        for subject, predicate, obj, stated in quads:
            quad = (subject, predicate, obj, Iri(graph) if graph else stated)
            named.add(_graph_of(quad))
            yield quad

    def _clear(self, graph: str, *, drop: bool) -> None:
        if self.counts.get(graph, 0) <= _SMALL:
            self.remove(list(self.store.quads(graph)))
        else:
            self.touched = self.full = True
        self.store.drop(graph)
        self.counts.pop(graph, None)
        self.changed[graph] = self.number
        if not drop:
            self.store.create(graph)
            self.counts[graph] = 0

    # Quads

    def add(self, quads: Iterable[Quad]) -> None:
        """Adds what is not there yet."""
        fresh = [quad for quad in dict.fromkeys(quads) if not self.store.holds(quad)]
        self.touched = self.touched or bool(fresh)
        self.store.add(fresh)
        for quad in fresh:
            self._note(_graph_of(quad), 1)
        self._pending += fresh

    def remove(self, quads: Iterable[Quad]) -> None:
        """Removes what is there."""
        there = [quad for quad in dict.fromkeys(quads) if self.store.holds(quad)]
        self.touched = self.touched or bool(there)
        self.store.remove(there)
        for quad in there:
            self._note(_graph_of(quad), -1)
        self._pending += there

    def _note(self, graph: str, by: int) -> None:
        self.counts[graph] = self.counts.get(graph, 0) + by
        self.changed[graph] = self.number

    def _follow(self) -> None:
        pending, self._pending = self._pending, []
        if len(pending) > _SMALL:
            self.full = True
        if not self.full:
            for merge, by in self.staged.follow_up(pending).items():
                self.counts[merge] = self.counts.get(merge, 0) + by

    def finish(self) -> None:
        """Brings the merges, the counts and what the catalogue says of them up to date."""
        names = self.staged.names
        for path in self._copies:
            shutil.rmtree(path, ignore_errors=True)
        if self.full:
            counts = {graph: n for graph, n in self.counts.items() if graph not in names.derived}
            self.staged.refresh_merges(counts)
            self.counts = counts | {merge: self.store.count(merge) for merge in names.derived}
        self._drop_empty()
        described = {str(quad[0]) for quad in self.store.quads(names.catalogue)}
        unsaid = {names.catalogue, *self.staged.by_name_only}
        stale = {g for g, n in self.changed.items() if n == self.number and g in described} - unsaid
        if stale:
            old = [
                quad
                for quad in self.store.quads(names.catalogue)
                if str(quad[0]) in stale and quad[1].value in COUNTED
            ]
            fresh = [q for g in sorted(stale & self.graphs()) for q in statistics(self.staged, g, names.catalogue)]
            self.remove(old)
            self.add(fresh)
            full, self.full = self.full, False
            self._follow()
            self.full = full

    def _drop_empty(self) -> None:
        """Graphs that are there for what they hold go with it."""
        for graph in [g for g, n in self.counts.items() if not n and self.staged.names.fleeting(g)]:
            self.store.drop(graph)
            del self.counts[graph]
        self.counts = {g: n for g, n in self.counts.items() if n or g != DEFAULT_GRAPH}

    # Rights and conditions

    def _check_writable(self, graphs: Collection[str], write: Write) -> None:
        derived = sorted(set(graphs) & self.staged.names.derived)
        if derived:
            raise PolicyRefused(f"<{derived[0]}> is made from other graphs", mend="Write to one of those.")
        foreign = sorted(set(graphs) - set(write.writable)) if write.writable is not None else []
        foreign += sorted(set(graphs) & set(write.hidden))
        if foreign:
            shown = [g for g in foreign if g not in write.hidden]
            raise Forbidden(
                f"this token may not write to {', '.join(f'<{g}>' for g in shown) or 'that graph'}",
                mend="Write to a graph of the token, or ask for one that may.",
            )

    def _check_conditions(self, write: Write, exists: bool) -> None:
        state = graph_state(self.manifest.inputs, write.graph, self.changed.get(write.graph, 0))
        held = exists and ("*" in write.match or any(tag.partition("-")[0] == state for tag in write.match))
        if write.match and not held:
            raise PreconditionFailed(
                "the graph is not what If-Match says; it was changed, or is not there",
                mend="Get it again, and send the change with the new ETag.",
            )
        if write.none and exists:
            raise PreconditionFailed(f"<{write.graph}> is there", mend="Leave out If-None-Match to change it.")


def _graph_of(quad: Quad) -> str:
    return DEFAULT_GRAPH if quad[3] is None else quad[3].value


def _refuse_alias(store: Store) -> None:
    if store.has_alias():
        raise PolicyRefused(
            f"<{DEFAULT_GRAPH}> is how the default graph is called in queries",
            mend="Write to it without GRAPH, or as ?default.",
        )
