"""The snapshot of a target as a matcher: the scorer of the pipeline, without a network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from so2graph import __version__
from so2graph.errors import BadParameter
from so2graph.link.candidates import candidates
from so2graph.link.decide import ACCEPT, REJECT, Threshold, decide
from so2graph.link.features import features
from so2graph.link.model import Model
from so2graph.link.normalise import normalise
from so2graph.link.reconcile_question import Answer, Found, Question, Values
from so2graph.link.record import Record
from so2graph.link.spec import Field, Kind, Spec
from so2graph.link.tables import ID, TYPES, record_at, records_table
from so2graph.link.target import Target

__all__ = ["TargetMatcher"]

_AT_ONCE = 2_000
_UNTRAINED = 0.9
"""The wish where none is given and no run has found out how much each comparison weighs."""


class TargetMatcher:
    """Matches questions with the records of a target (`their_records`).

    The properties of a question are the fields of the target's specification, by their names. A score is a
    probability in hundredths, and a match has that of the wish at least. Each question is answered by itself, so that
    an answer can be kept: the stages are those of the pipeline, but nothing is estimated over the questions.
    `snapshot` is the digest of the records, `model` weighs the comparisons: that of a run, or else `Model.default`.
    """

    def __init__(
        self,
        target: Target,
        records: pa.Table,
        snapshot: str,
        *,
        model: Model | None = None,
        wish: float | None = None,
        type: str = "",  # noqa: A002  # as the API calls it
        prefixes: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self._target = target
        self._names = tuple(target.spec.of_kind(Kind.NAME, Kind.TEXT))
        if not self._names:
            raise BadParameter(f"{target.name} has no names to match", mend="Take another target.")
        # Names of a table may come twice in other words; things of the target come once. Who meets whom is not known.
        least = wish or (_UNTRAINED if model is None else target.spec.wish)
        self._spec: Spec = replace(target.spec, unique=("right",), meets=(), wish=least)
        self._records = _of_type(records, type, prefixes)
        self._normal = normalise(self._records, self._spec)
        self._model = model or Model.default(self._spec)
        self._threshold = Threshold(self._spec.wish, self._spec.wish, 0.0)
        self._identity = " ".join(
            (
                __version__,
                target.name,
                snapshot,
                self._spec.digest,
                type,
                "trained" if model is not None else "default",
            )
        )

    @property
    def identity(self) -> str:
        return self._identity

    @property
    def batch(self) -> int:
        return _AT_ONCE

    def answers(self, questions: Sequence[Question]) -> Sequence[Answer]:
        """The likeliest records for each question."""
        left = records_table([self._record(n, question) for n, question in enumerate(questions)], self._spec)
        normal = normalise(left, self._spec)
        pairs = candidates(normal, self._normal, self._spec)
        pairs = features(normal, self._normal, pairs, self._spec, self._model.terms)
        pairs = decide(pairs, self._spec, self._model, self._threshold)
        found: dict[int, list[tuple[float, bool, int]]] = defaultdict(list)
        columns = (pairs.column(name).to_pylist() for name in ("left", "right", "probability", "decision"))
        for mine, theirs, chance, decision in zip(*columns, strict=True):
            if decision != REJECT:
                found[mine].append((chance, decision == ACCEPT, theirs))
        return [
            Answer(tuple(self._found(*row) for row in sorted(found[n], key=_order)[: question.limit]))
            for n, question in enumerate(questions)
        ]

    def _record(self, number: int, question: Question) -> Record:
        values: dict[str, tuple[str, ...]] = {self._names[0].name: (question.name,)}
        for name, value in question.properties:
            each = self._field(name)
            values[name] = (*values.get(name, ()), self._said(each, value))
        return Record(str(number), (), values)

    def _field(self, name: str) -> Field:
        for each in self._spec.fields:
            if each.name == name:
                return each
        known = ", ".join(each.name for each in self._spec.fields)
        raise BadParameter(f"{self._target.name} compares no {name!r}", mend=f"It compares: {known}.")

    def _said(self, each: Field, value: str) -> str:
        """A value as the records have it: an identifier has its scheme before it."""
        scheme = self._target.theirs.fields[each.name].scheme if each.name in self._target.theirs.fields else ""
        return f"{scheme}:{value}" if each.kind is Kind.IDENTIFIER and scheme and ":" not in value else value

    def _found(self, chance: float, accepted: bool, row: int) -> Found:
        record = record_at(self._records, row)
        return Found(record.id, self._name(record), round(100 * chance, 1), accepted, record.types)

    def _name(self, record: Record) -> str:
        return next((name for each in self._names for name in record.values.get(each.name, ())), record.id)

    def values(self, ids: Sequence[str], properties: Sequence[str]) -> Values:
        """Values of fields of the specification, as the snapshot has them."""
        for name in properties:
            self._field(name)
        rows = self._records.filter(pc.is_in(self._records.column(ID), pa.array(list(ids), pa.string())))
        found = {
            row[ID]: {name: tuple(row[name]) for name in properties}
            for row in rows.select([ID, *dict.fromkeys(properties)]).to_pylist()
        }
        return Values({name: name for name in properties}, found)


def _order(row: tuple[float, bool, int]) -> tuple[bool, float, int]:
    chance, accepted, number = row
    return not accepted, -chance, number


def _of_type(records: pa.Table, type_: str, prefixes: tuple[tuple[str, str], ...]) -> pa.Table:
    """The records of a type, given as an IRI, with a prefix, or by the last part of its IRI; all where none is."""
    if not type_:
        return records
    known = sorted({each for row in records.column(TYPES).to_pylist() for each in row})
    prefix, colon, local = type_.partition(":")
    whole = dict(prefixes).get(prefix, "") + local if colon and prefix in dict(prefixes) else type_
    wanted = {each for each in known if each == whole or each.replace("#", "/").rpartition("/")[2] == type_}
    if not wanted:
        shown = ", ".join(known[:20])
        raise BadParameter(f"the target has nothing of the type {type_[:80]!r}", mend=f"Its types are: {shown}.")
    mask = [bool(wanted & set(row)) for row in records.column(TYPES).to_pylist()]
    return records.filter(pa.array(mask, pa.bool_()))
