"""Rules about which candidates come back, in what order, and whether one can rely on them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from so2graph.link.conformance_probe import Entity, Fault, NotHere, Probe, Query, candidate_id, candidate_types
from so2graph.link.conformance_rule import Level, rule

_NOWHERE = "so2graph-no-such-type"

Candidates = Sequence[Mapping[str, object]]


def _score(row: Mapping[str, object]) -> float:
    value = row.get("score")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _brief(rows: Candidates) -> list[tuple[str, float]]:
    return [(candidate_id(row), round(_score(row), 6)) for row in rows]


def _wide(probe: Probe) -> tuple[str, Candidates]:
    """A query with more than one candidate, and these; raises `NotHere` where there is none."""
    words = [word for each in probe.entities() for word in (each.name, each.name.split()[0], each.name[:4])]
    for word in dict.fromkeys(words):
        _reply, rows = probe.ask(query=word)
        if len(rows) > 1:
            return word, rows
    raise NotHere("no query was found that has more than one candidate")


@rule(
    "sorted",
    Level.SHOULD,
    "4.2 Reconciliation Query Responses",
    "Candidates come in the order of their scores, the best first.",
    "Sort by score before answering; clients that do not sort take the first.",
)
def sorted_(probe: Probe) -> Iterator[Fault]:
    word, rows = _wide(probe)
    reply, _rows = probe.ask(query=word)
    scores = [_score(row) for row in rows if "score" in row]
    if any(later > earlier for earlier, later in pairwise(scores)):
        yield Fault(f"{word!r} has the scores {scores[:8]}", reply)


@rule(
    "finite-scores",
    Level.MUST,
    "4.2 Reconciliation Query Responses (score); 1.0: standardizedScore",
    "Scores are numbers, and from 0 to 100 where the manifest of 1.0 says so.",
    "Bring scores to the range that you promise, and never send NaN.",
)
def finite_scores(probe: Probe) -> Iterator[Fault]:
    for each in probe.entities():
        reply, rows = probe.ask(query=each.name)
        for row in rows:
            value = _score(row)
            if not math.isfinite(value):
                yield Fault(f"{row['name']!r} has the score {value}", reply)
                return
            if probe.draft and probe.part("standardizedScore") is True and not 0 <= value <= 100:
                yield Fault(f"{row['name']!r} has the score {value}, outside 0 to 100", reply)
                return


@rule(
    "once",
    Level.SHOULD,
    "4.2 Reconciliation Query Responses (a result is a set of candidates)",
    "No thing is a candidate twice for one query.",
    "Keep the best of the scores of a thing.",
)
def once(probe: Probe) -> Iterator[Fault]:
    word, rows = _wide(probe)
    reply, _rows = probe.ask(query=word)
    ids = [candidate_id(row) for row in rows]
    if len(set(ids)) < len(ids):
        yield Fault(
            f"{max(ids, key=ids.count)!r} comes {ids.count(max(ids, key=ids.count))} times for {word!r}", reply
        )


@rule(
    "one-match",
    Level.OPENREFINE,
    "4.2 Reconciliation Query Responses (match); OpenRefine matches by the first candidate",
    "At most one candidate is a certain match, and it is the one with the best score.",
    "Set match for the best candidate only, and only if no other one is as good.",
)
def one_match(probe: Probe) -> Iterator[Fault]:
    for each in probe.entities():
        reply, rows = probe.ask(query=each.name)
        certain = [row for row in rows if row.get("match") is True]
        if len(certain) > 1:
            yield Fault(f"{len(certain)} candidates of {each.name!r} are certain matches", reply)
            return
        if certain and _score(certain[0]) < max(map(_score, rows)):
            yield Fault(f"the certain match of {each.name!r} is not the best candidate", reply)
            return


@rule(
    "types-told",
    Level.OPENREFINE,
    "4.2 Reconciliation Query Responses (type); OpenRefine guesses the type of a column from them",
    "Candidates have types.",
    "Give each candidate at least one type; where you have no types, one that all things share.",
)
def types_told(probe: Probe) -> Iterator[Fault]:
    seen = 0
    for each in probe.entities():
        reply, rows = probe.ask(query=each.name)
        seen += len(rows)
        if any(candidate_types(row) for row in rows):
            return
    if seen:
        yield Fault("no candidate has a type", reply)


@rule(
    "exact-name",
    Level.SHOULD,
    "4.4 A Note on Candidate Retrieval and Scoring",
    "Who asks for the name of a thing finds that thing, before things with another name.",
    "Give a name that is the same the highest score.",
)
def exact_name(probe: Probe) -> Iterator[Fault]:
    for each in probe.entities():
        reply, rows = probe.ask(query=each.name)
        same = [row for row in rows if _same(str(row["name"]), each.name)]
        if not any(candidate_id(row) == each.id for row in rows):
            if len(same) < len(rows) or not rows:
                yield Fault(f"{each.name!r} does not find {each.id!r}", reply)
        elif same and max(map(_score, rows)) > max(map(_score, same)):
            yield Fault(f"{each.name!r} finds {rows[0]['name']!r} before it", reply)


def _same(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


@rule(
    "id-query",
    Level.SHOULD,
    "4.4 A Note on Candidate Retrieval and Scoring",
    "Who asks for the identifier of a thing finds that thing, with a high score.",
    "Look a query up among the identifiers first.",
)
def id_query(probe: Probe) -> Iterator[Fault]:
    for each in probe.entities():
        reply, rows = probe.ask(query=each.id)
        mine = [row for row in rows if candidate_id(row) == each.id]
        if not mine:
            yield Fault(f"{each.id!r} does not find the thing with that identifier", reply)
        elif max(map(_score, rows)) > _score(mine[0]):
            yield Fault(f"{each.id!r} finds {rows[0]['id']!r} before the thing with that identifier", reply)


@rule(
    "independent",
    Level.SHOULD,
    "4.4 A Note on Candidate Retrieval and Scoring",
    "A query has the same answer alone, in company, and in another order.",
    "Score each query by itself: no statistics over the batch.",
)
def independent(probe: Probe) -> Iterator[Fault]:
    things = probe.entities()
    queries: dict[str, Query] = {f"q{number}": {"query": each.name} for number, each in enumerate(things)}
    queries |= {"q8": {"query": "zzqx"}, "q9": {"query": things[0].name[:3]}}
    turned = dict(reversed(queries.items()))
    together = probe.match(turned)
    found = probe.results(together, list(turned))
    for key, each in zip(queries, things, strict=False):
        _reply, alone = probe.ask(query=each.name)
        if _brief(alone) != _brief(found[key]):
            yield Fault(f"{each.name!r} has other candidates or scores in company than alone", together)
            return


@rule(
    "repeatable",
    Level.SHOULD,
    "4.4 A Note on Candidate Retrieval and Scoring (nor of the previous ones)",
    "The same query has the same answer twice in a row.",
    "Break ties by the identifier; take nothing from a random source.",
)
def repeatable(probe: Probe) -> Iterator[Fault]:
    word, rows = _wide(probe)
    reply, again = probe.ask(query=word, fresh=True)
    if _brief(rows) != _brief(again):
        yield Fault(f"{word!r} has other candidates, scores or another order the second time", reply)


@rule(
    "limit",
    Level.MUST,
    "4.1 Structure of a Reconciliation Query (limit)",
    "A query has at most as many candidates as its limit says, and these are the best.",
    "Cut the sorted candidates off after limit.",
)
def limit(probe: Probe) -> Iterator[Fault]:
    word, rows = _wide(probe)
    reply, cut = probe.ask(query=word, limit=1)
    if len(cut) > 1:
        yield Fault(f"limit 1 gives {len(cut)} candidates", reply)
    elif not cut or _score(cut[0]) < max(map(_score, rows)):
        yield Fault("limit 1 does not give the best candidate", reply)


@rule(
    "unknown-type",
    Level.SHOULD,
    "4.1 Structure of a Reconciliation Query (type)",
    "A type that does not exist makes a difference: nothing, an error, or lower scores; not everything as before.",
    "Leave out candidates without the type, or lower their scores.",
)
def unknown_type(probe: Probe) -> Iterator[Fault]:
    each = probe.entities()[0]
    reply = probe.match({"q0": {"query": each.name, "type": _NOWHERE}})
    if not reply.ok:
        if reply.failed or reply.status >= 500:
            yield Fault(reply.failed or f"the status is {reply.status}", reply)
        return
    _reply, free = probe.ask(query=each.name)
    if free and _brief(free) == _brief(probe.results(reply, ["q0"])["q0"]):
        yield Fault(f"the type {_NOWHERE!r} changes nothing", reply)


@rule(
    "known-type",
    Level.SHOULD,
    "4.1 Structure of a Reconciliation Query (type)",
    "A thing is still found when its own type is asked for.",
    "Take the identifiers of types as you give them with candidates.",
)
def known_type(probe: Probe) -> Iterator[Fault]:
    typed: list[Entity] = [each for each in probe.entities() if each.types]
    if not typed:
        raise NotHere("no thing with a type is known")
    for each in typed:
        _reply, free = probe.ask(query=each.name)
        for kind in each.types:
            reply, rows = probe.ask(query=each.name, type=kind)
            ids = {candidate_id(row) for row in rows}
            if each.id in {candidate_id(row) for row in free} and each.id not in ids:
                yield Fault(f"{each.name!r} is not found as {kind!r}, which is its type", reply)


@rule(
    "quick-match",
    Level.OPENREFINE,
    "OpenRefine waits 60 seconds for a batch; a person less",
    "A batch of 10 queries is answered within 20 seconds.",
    "Keep an index of names in memory.",
)
def quick_match(probe: Probe) -> Iterator[Fault]:
    names = [each.name for each in probe.entities(may_be_none=True)] or ["Groningen"]
    batch = {f"q{number}": {"query": f"{names[number % len(names)]} {number}"} for number in range(10)}
    reply = probe.match(batch)
    if not reply.ok and not reply.failed:
        raise NotHere(f"a batch of 10 gives status {reply.status}")
    if reply.failed or reply.seconds > 4 * probe.slow:
        yield Fault(reply.failed or f"it took {reply.seconds:.1f} seconds", reply)
