"""Makes a run from end to end: both sides are read, compared and decided on, and what the wish allows is accepted."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from so2graph import __version__
from so2graph.config import Settings
from so2graph.engine.access import Session
from so2graph.errors import BadParameter, DataInvalid
from so2graph.link.extract import our_records, their_records
from so2graph.link.files import suffix_of
from so2graph.link.linkset import acceptable, judgements
from so2graph.link.mapping import IDENTIFIER, is_thing, label_in
from so2graph.link.mapping import Mapping as Judgement
from so2graph.link.runs import Run, run_id, write_run
from so2graph.link.snapshot import Snapshot, asked_part, fetch, keep
from so2graph.link.spec import Kind
from so2graph.link.tables import ID, record_at
from so2graph.link.target import Target

if TYPE_CHECKING:
    from so2graph.link.pipeline import Outcome

__all__ = ["Done", "run_target", "take"]

Step = Callable[[str, int, int], None]
"""Is told the step, how far it is, and how far it goes (0 where that is not known)."""


@dataclass(frozen=True)
class Done:
    """A run that was made. `accepted` are the mappings that may be written; `counts` says how many records there were
    (`ours`, `theirs`), pairs looked at (`pairs`), and of our things: `accept`, `review`, `none` and `judged`, those
    about which a person has decided before. `folder` is where the run is kept, None where it is not; `waiting` are
    the pairs that wait for a person."""

    run: Run
    folder: Path | None
    accepted: tuple[Judgement, ...]
    counts: Mapping[str, int]
    nothing: tuple[str, ...]
    waiting: tuple[tuple[str, str], ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)


def take(
    target: Target,
    session: Session,
    settings: Settings,
    tell: Step,
    *,
    source: str = "",
    licence: str = "",
) -> tuple[Snapshot, bool]:
    """Takes a snapshot of a target, from a file or address where `source` names one; whether it is a new one.

    Raises `EndpointFailed`, `DataSyntax`, `DataInvalid` and `BadParameter`; the snapshots that are there stay.
    """
    data = settings.data

    def count(path: Path) -> int:
        return int(their_records(target, path, lambda found: tell("reading", found, 0)).num_rows)

    def got(done: int, total: int) -> None:
        tell("fetching", done, total)

    asked = target.access.kind in ("sparql", "reconciliation")
    address = source if source.startswith(("http://", "https://")) and not suffix_of(source) else ""
    if not asked or (source and not address):
        return fetch(target, data, settings, count, source=source, licence=licence, tell=got)
    from so2graph.link.asking import ask_endpoint, question_of
    from so2graph.link.offered import ask_service

    where = address or target.access.url
    if not where:
        raise BadParameter(f"{target.name} has no address of its own", mend="Give one with --from URL.")
    part = asked_part(data, target, f"{where}\n{question_of(target)}")
    if target.access.kind == "sparql":
        ask_endpoint(target, part, settings, got, where)
    else:
        ask_service(target, our_records(session, target), part, settings, got, where)
    return keep(target, data, part, ".jsonl", count, source=where, licence=licence)


def run_target(
    session: Session,
    target: Target,
    snapshot: Snapshot,
    data: Path,
    tell: Step,
    *,
    whole: Target | None = None,
    dry: bool = False,
) -> Done | None:
    """Links our things with a snapshot of a target, and writes the run; the graph is not changed. None where a person
    has judged all of them.

    Where `target` was narrowed to some types, `whole` is all of it: what was asked about other things is asked still.
    A `dry` run writes nothing at all.

    What a person has judged is not asked again: a thing that has a link by a person, or of which a person knows that
    there is none, is left alone, and so is a pair that a person refused.
    """
    from so2graph.link.pipeline import link

    started = datetime.now(UTC).isoformat(timespec="milliseconds")
    clock = time.monotonic()
    before = judgements(session, target.name)
    known = [each for each in before if each.by_person]
    all_ours, ours, theirs = _sides(session, target, snapshot, known, tell)
    if not ours.num_rows:
        return None
    read = time.monotonic() - clock
    tell("linking", 0, 0)
    outcome = link(ours, theirs, target.spec)
    refused = {(each.subject, each.object) for each in known if each.verdict == "refused"}
    pairs = _explained(_not_refused(outcome.pairs, ours, theirs, refused), ours, theirs, target, outcome)
    run = Run(
        target.name,
        run_id(started, target.spec, snapshot.pinned),
        session.snapshot.manifest.number,
        snapshot.pinned,
        target.spec,
        started,
        json.loads(outcome.model.json()),
        _plain(outcome.threshold),
    )
    counts, nothing = _counts(pairs, ours, theirs, all_ours.num_rows)
    found = _judgements(pairs, ours, theirs, target, run := replace(run, counts=counts), snapshot)
    labels = session.labels((each.subject for each in found), "nl")
    accepted, _ = acceptable(session, [replace(each, subject_label=labels[each.subject]) for each in found])
    others = _others(session, whole, all_ours)
    folder = None if dry else write_run(data, run, ours, theirs, pairs, others)
    waiting = _waiting(pairs, ours, theirs)
    formerly = {each.record: each for each in before}
    accepted = tuple(_as_before(each, formerly.get(each.record), data) for each in accepted)
    return Done(run, folder, accepted, counts, nothing, waiting, {"read": read, **outcome.timings})


def _sides(
    session: Session, target: Target, snapshot: Snapshot, known: Sequence[Judgement], tell: Step
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """All our things, those that no person has judged, and what they may be; theirs are not read where nothing is."""
    tell("reading ours", 0, 0)
    all_ours = our_records(session, target)
    if not all_ours.num_rows:
        raise DataInvalid(
            f"the dataset has nothing that {target.name} is about",
            mend="'members' below 'ours' in the file of the target says what is looked for.",
        )
    ours = _without(all_ours, {each.subject for each in known if each.verdict != "refused"})
    if not ours.num_rows:
        return all_ours, ours, ours
    theirs = _things(their_records(target, snapshot.path, lambda count: tell("reading theirs", count, 0)), snapshot)
    if "right" in target.spec.unique:
        theirs = _without(theirs, {each.object for each in known if each.verdict == "accepted"})
    return all_ours, ours, theirs


def _as_before(found: Judgement, former: Judgement | None, data: Path) -> Judgement:
    """What an earlier run said, where it says the same from the same snapshot and that run is kept: who runs twice
    changes nothing."""
    if former is None or not former.run or not (data / "links" / former.target / former.run).is_dir():
        return found
    same = replace(found, run=former.run, mapping_date=former.mapping_date, formerly=former.formerly)
    return former if same == former else found


def _without(table: pa.Table, ids: set[str]) -> pa.Table:
    if not ids:
        return table
    return table.filter(pc.invert(pc.is_in(table.column(ID), pa.array(sorted(ids), pa.string()))))


def _things(table: pa.Table, snapshot: Snapshot) -> pa.Table:
    """The records that a link can lead to; raises `DataInvalid` where there is none."""
    fit = pa.array([is_thing(ident) for ident in table.column(ID).to_pylist()], pa.bool_())
    found = table.filter(fit)
    if not found.num_rows:
        raise DataInvalid(
            f"no record of {snapshot.name} has an IRI that a link can lead to",
            mend="Say in the file of the target how IRIs are made of ids ('things').",
        )
    return found


def _not_refused(pairs: pa.Table, ours: pa.Table, theirs: pa.Table, refused: set[tuple[str, str]]) -> pa.Table:
    if not refused:
        return pairs
    left = ours.column(ID).take(pairs.column("left")).to_pylist()
    right = theirs.column(ID).take(pairs.column("right")).to_pylist()
    return pairs.filter(pa.array([pair not in refused for pair in zip(left, right, strict=True)], pa.bool_()))


def _others(session: Session, whole: Target | None, ours: pa.Table) -> frozenset[str]:
    """The things of ours that a run was not about, where it was about some types only."""
    everything = our_records(session, whole).column(ID).to_pylist() if whole else []
    return frozenset(everything) - set(ours.column(ID).to_pylist())


def _waiting(pairs: pa.Table, ours: pa.Table, theirs: pa.Table) -> tuple[tuple[str, str], ...]:
    """The pairs that wait for a person, the likeliest first."""
    some = pairs.filter(pc.equal(pairs.column("decision"), "review"))
    some = some.take(pc.sort_indices(some, sort_keys=[("weight", "descending")]))
    left = ours.column(ID).take(some.column("left")).to_pylist()
    return tuple(zip(left, theirs.column(ID).take(some.column("right")).to_pylist(), strict=True))


def _plain(threshold: object) -> dict[str, object]:
    return {name: value for name, value in vars(threshold).items() if isinstance(value, int | float | str | bool)}


def _explained(pairs: pa.Table, ours: pa.Table, theirs: pa.Table, target: Target, outcome: Outcome) -> pa.Table:
    """The pairs with a column `parts`: what each field says of those that are not rejected, and of the best of each
    of our records."""
    from so2graph.link.normalise import normalise

    lefts, decisions = pairs.column("left").to_pylist(), pairs.column("decision").to_pylist()
    weights = pairs.column("weight").to_pylist()
    best: dict[int, int] = {}
    for row, left in enumerate(lefts):
        if left not in best or weights[row] > weights[best[left]]:
            best[left] = row
    wanted = sorted({row for row, decision in enumerate(decisions) if decision != "reject"} | set(best.values()))
    rows = pairs.take(pa.array(wanted, pa.int64()))
    sides = []
    for table, name in ((ours, "left"), (theirs, "right")):
        needed = sorted(set(rows.column(name).to_pylist()))
        normal = normalise(table.take(pa.array(needed, pa.int64())), target.spec).to_pylist()
        sides.append(dict(zip(needed, normal, strict=True)))
    texts = ["[]"] * pairs.num_rows
    for row in wanted:
        left, right = sides[0][lefts[row]], sides[1][pairs.column("right")[row].as_py()]
        parts = outcome.model.parts(left, right)
        mine, yours = record_at(ours, lefts[row]).values, record_at(theirs, pairs.column("right")[row].as_py()).values
        told = [
            {
                "field": part.field,
                "level": part.level,
                "name": part.name,
                "weight": round(part.weight, 4),
                "left": ", ".join(mine.get(part.field, ())[:5]),
                "right": ", ".join(yours.get(part.field, ())[:5]),
            }
            for part in parts
        ]
        texts[row] = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return pairs.append_column("parts", pa.array(texts, pa.string()))


def _counts(
    pairs: pa.Table, ours: pa.Table, theirs: pa.Table, all_ours: int
) -> tuple[dict[str, int], tuple[str, ...]]:
    """How our records came out: each by the best that there is for it; and those for which there is nothing."""
    found: dict[int, str] = {}
    rank = {"accept": 2, "review": 1, "reject": 0}
    for left, decision in zip(pairs.column("left").to_pylist(), pairs.column("decision").to_pylist(), strict=True):
        if rank[decision] > rank.get(found.get(left, ""), -1):
            found[left] = decision
    tally = Counter(found.values())
    ids = ours.column(ID).to_pylist()
    nothing = tuple(ids[row] for row in range(len(ids)) if found.get(row, "reject") == "reject")
    counts = {
        "ours": all_ours,
        "theirs": theirs.num_rows,
        "pairs": pairs.num_rows,
        "accept": tally["accept"],
        "review": tally["review"],
        "none": len(nothing),
        "judged": all_ours - ours.num_rows,
    }
    return counts, nothing


def _judgements(
    pairs: pa.Table, ours: pa.Table, theirs: pa.Table, target: Target, run: Run, snapshot: Snapshot
) -> list[Judgement]:
    """What the machine says of the pairs that it accepts."""
    accepted = pairs.filter(pc.equal(pairs.column("decision"), "accept"))
    kinds = {each.name: each.kind for each in target.spec.fields}
    names = target.spec.of_kind(Kind.NAME, Kind.TEXT)
    found = []
    for row in accepted.to_pylist():
        mine, yours = record_at(ours, row["left"]), record_at(theirs, row["right"])
        parts = json.loads(row["parts"])
        alike = tuple(part["field"] for part in parts if part["weight"] > 0)
        proof = _proof(parts, kinds, mine.values, yours.values)
        lexical = all(kinds[name] in (Kind.NAME, Kind.TEXT) for name in alike)
        found.append(
            Judgement(
                mine.id,
                target.predicate,
                yours.id,
                target.name,
                justification="LexicalMatching" if lexical else "CompositeMatching",
                confidence=row["probability"],
                similarity=None if proof else min(1.0, max(0.0, row["cosine"] or 0.0)) or None,
                measure=IDENTIFIER if proof else "cosine of character 3-grams",
                subject_fields=alike,
                object_fields=alike,
                match_string=proof,
                tool="so2graph",
                tool_version=__version__,
                mapping_date=run.started[:10],
                source_version=f"{snapshot.name} sha256:{snapshot.sha256}",
                run=run.id,
                spec=target.spec.digest,
                object_label=_label(yours.values, names),
            )
        )
    return found


def _proof(
    parts: Sequence[Mapping[str, object]],
    kinds: Mapping[str, Kind],
    mine: Mapping[str, Sequence[str]],
    yours: Mapping[str, Sequence[str]],
) -> str:
    """An identifier that both have; empty where there is none, or where another one differs."""
    told = [part for part in parts if kinds[str(part["field"])] is Kind.IDENTIFIER]
    if any(part["level"] == 0 for part in told):
        return ""
    for part in told:
        name = str(part["field"])
        both = sorted(set(mine.get(name, ())) & set(yours.get(name, ())))
        if both:
            return both[0]
    return ""


def _label(values: Mapping[str, Sequence[str]], names: Sequence[object]) -> str:
    return label_in(name for each in names for name in values.get(getattr(each, "name", ""), ()))
