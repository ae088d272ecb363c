"""Examines the links of a dataset, keeps what was found, and tells it as measurements of quality (DQV)."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from so2graph.engine.access import Session
from so2graph.engine.alive import Heard
from so2graph.engine.generations import storage_errors
from so2graph.errors import NotFound, So2Error
from so2graph.link.health import BY_SNAPSHOT, CHECKS, Ailment, Known, contradictions, examine
from so2graph.link.linkset import judgements
from so2graph.link.mapping import Mapping as Judgement
from so2graph.link.record import Record
from so2graph.link.runs import open_run
from so2graph.vocab import DCTERMS, OWL, RDF, SKOS, XSD, Iri, Literal, Names, Term, mask_addresses

__all__ = [
    "Checkup",
    "Examined",
    "check",
    "linked_targets",
    "measurements",
    "read_checkup",
    "with_former",
    "write_checkup",
]

_FILE = "health.json"
_DQV = "http://www.w3.org/ns/dqv#"
_PROV = "http://www.w3.org/ns/prov#"
_SETS = f"SELECT DISTINCT ?set WHERE {{ GRAPH ?_mappings {{ ?mapping <{DCTERMS}isPartOf> ?set }} }}"
_FORMER = "SELECT DISTINCT ?x WHERE { ?change org:originalOrganization ?x }"
_PAIRS = "SELECT DISTINCT ?a ?b WHERE { ?a ?_p ?b FILTER(isIRI(?a) && isIRI(?b)) }"
_RDF_FILES = (".nt", ".ttl", ".nq", ".trig", ".rdf", ".owl", ".xml", ".jsonld")


@dataclass(frozen=True)
class Examined:
    """A target that was examined: how many links it has, of when its snapshot is (empty without one); when it was
    (ISO 8601), in which generation, and whether addresses were asked."""

    target: str
    links: int
    snapshot: str
    at: str
    generation: int
    online: bool


@dataclass(frozen=True)
class Checkup:
    """What an examination found, and when it was (ISO 8601). A target that was not examined then stands as before."""

    at: str
    targets: tuple[Examined, ...]
    ailments: tuple[Ailment, ...]

    @property
    def online(self) -> bool:
        """Whether addresses were asked, of every target."""
        return all(one.online for one in self.targets)

    @property
    def unchecked(self) -> tuple[str, ...]:
        """The targets whose links were not compared with the source, since there is no snapshot of it."""
        return tuple(one.target for one in self.targets if one.links and not one.snapshot)

    @property
    def wrong(self) -> int:
        """How many faults must be mended."""
        return sum(1 for one in self.ailments if one.wrong)

    def of(self, target: str) -> tuple[Ailment, ...]:
        """What was found of one target, the faults first."""
        return tuple(sorted((a for a in self.ailments if a.target == target), key=lambda a: not a.wrong))


def linked_targets(session: Session) -> tuple[str, ...]:
    """The targets of which there are judgements, by name."""
    below = session.snapshot.names.links("")
    rows = session.select(_SETS, mappings=Iri(session.snapshot.names.mappings))
    return tuple(sorted(str(row["set"]).removeprefix(below) for row in rows if str(row["set"]).startswith(below)))


def check(
    session: Session,
    wanted: Sequence[str] = (),
    heard: Callable[[str], Heard] | None = None,
    today: date | None = None,
) -> Checkup:
    """Examines the links with the `wanted` targets, all unless some are named; raises `NotFound` for an unknown one.

    `heard` asks an address, and is not given where nothing may be asked of the network.
    """
    there = linked_targets(session)
    for name in wanted:
        if name not in there:
            raise NotFound(f"there are no links with {name[:80]!r}", mend=f"There are with {', '.join(there)}.")
    settings, now = session.settings, datetime.now(UTC)
    day, at = today or now.date(), now.isoformat(timespec="seconds")
    targets, found, everything = [], list[Ailment](), list[Judgement]()
    for name in there:
        judged = judgements(session, name)
        everything += judged
        if wanted and name not in wanted:
            continue
        links = [one for one in judged if one.verdict == "accepted"]
        known = _known(session, name, links)
        found += examine(
            known,
            judged,
            today=day,
            far=settings.link_far_kilometres,
            stale=settings.link_stale_days,
            heard=heard,
        )
        taken = known.taken.isoformat() if known.taken else ""
        number = session.snapshot.manifest.number
        targets.append(Examined(name, len(links), taken, at, number, heard is not None))
    same, different = (
        [(str(row["a"]), str(row["b"])) for row in session.select(_PAIRS, p=Iri(OWL + name))]
        for name in ("sameAs", "differentFrom")
    )
    clashes = contradictions(everything, same, different)
    found += [one for one in clashes if not wanted or one.target in wanted]
    return Checkup(at, tuple(targets), tuple(_once(found)))


def _once(found: Sequence[Ailment]) -> Iterator[Ailment]:
    """Each fault once, in a fixed order."""
    seen = set()
    for one in sorted(found, key=lambda a: (a.target, list(CHECKS).index(a.check), a.subject, a.object)):
        key = (one.check, one.target, one.record, tuple(sorted(one.said.items())))
        if key not in seen:
            seen.add(key)
            yield one


def _known(session: Session, name: str, links: Sequence[Judgement]) -> Known:
    """What is known of a target: by its description and snapshot, else by its last run."""
    from so2graph.link.target import targets

    data = session.settings.data
    target = targets(session.prefixes, data).get(name)
    subjects, objects = {one.subject for one in links}, {one.object for one in links}
    if target is not None:
        from so2graph.link.extract import our_records, their_records
        from so2graph.link.snapshot import current

        ours = _records(our_records(session, target), subjects)
        theirs: dict[str, Record] | None = None
        redirects: dict[str, str] = {}
        taken: date | None = None
        unread = False
        try:
            snapshot = current(data, name)
            theirs = _records(their_records(target, snapshot.path), objects)
            redirects = _redirects(snapshot.path, objects)
            taken = _day(snapshot.as_of)
        except NotFound:
            pass  # Without a snapshot, what it would tell is not known.
        except So2Error:
            unread = True
        spec = target.spec
    else:
        ours, theirs, redirects, taken, unread, spec = {}, None, {}, None, False, None
        with suppress(So2Error), open_run(data, name) as opened:
            spec, taken = opened.run.spec, _day(opened.run.snapshot.date)
            ours = {iri: record for iri in subjects if (record := opened.record("ours", iri)) is not None}
            theirs = {iri: record for iri in objects if (record := opened.record("theirs", iri)) is not None}
    former = frozenset(str(row["x"]) for row in session.select(_FORMER))
    return Known(name, ours, theirs, spec, redirects, taken, unread, _number, _abolished, former)


def _records(table: object, wanted: set[str]) -> dict[str, Record]:
    import pyarrow as pa
    import pyarrow.compute as pc

    from so2graph.link.tables import ID, record_at

    assert isinstance(table, pa.Table)  # noqa: S101  # what both readers give
    some = table.filter(pc.is_in(table.column(ID), pa.array(sorted(wanted), pa.string())))
    rows = (record_at(some, at) for at in range(some.num_rows))
    return {row.id: row for row in rows}


def _redirects(path: Path, objects: set[str]) -> dict[str, str]:
    """What a snapshot in RDF says has become another thing: `owl:sameAs` of a thing of which it says nothing else."""
    from so2graph.engine.store import parse_text
    from so2graph.formats import GRAPH_FORMATS, by_name
    from so2graph.link.files import format_name, open_file, suffix_of

    if suffix_of(path.name).removesuffix(".gz").removesuffix(".zip") not in _RDF_FILES:
        return {}
    fmt = by_name(format_name(path), GRAPH_FORMATS)
    if fmt is None:
        return {}
    after: dict[str, str] = {}
    said = Counter[str]()
    with open_file(path) as opened:
        for subject, predicate, obj, _ in parse_text(opened.file, fmt, path.resolve().as_uri()):
            if isinstance(subject, Iri) and subject.value in objects:
                said[subject.value] += 1
                if predicate.value == OWL + "sameAs" and isinstance(obj, Iri):
                    after[subject.value] = obj.value
    return {iri: to for iri, to in after.items() if said[iri] == 1}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _number(text: str) -> bool:
    from so2graph.link.identifiers import identifier

    scheme, colon, value = text.partition(":")
    return not colon or identifier(scheme, value) is not None


def _abolished(iri: str) -> tuple[str, str] | None:
    """What became of the municipality that an IRI stands for, and since when; None where it is there still."""
    import re

    from so2graph.link.mergers import municipality_on

    code = re.search(r"(?<![A-Za-z0-9])gm([0-9]{4})(?![0-9])", iri, re.IGNORECASE)
    now = municipality_on(code[1], datetime.now(UTC).date()) if code else None
    if code is None or now is None or now.code.upper() == f"GM{code[1]}":
        return None
    return f"{now.name} ({now.code})", now.since.isoformat() if now.since else ""


def with_former(found: Checkup, former: Checkup | None, there: Sequence[str]) -> Checkup:
    """What was found, and what was found before of the targets that are `there` and were not examined now."""
    if former is None:
        return found
    kept = set(there) - {one.target for one in found.targets}
    targets = (*found.targets, *(one for one in former.targets if one.target in kept))
    ailments = (*found.ailments, *(one for one in former.ailments if one.target in kept))
    return replace(found, targets=tuple(sorted(targets, key=lambda t: t.target)), ailments=tuple(_once(ailments)))


def write_checkup(data: Path, found: Checkup) -> Path:
    """Keeps what was found; raises `DatasetReadOnly` and `DiskFull`."""
    folder = data / "links"
    with storage_errors(data):
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{_FILE}.{os.getpid()}.part"
        text = mask_addresses(json.dumps(asdict(found), ensure_ascii=False, indent=1))
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(folder / _FILE)
    return folder / _FILE


def read_checkup(data: Path) -> Checkup | None:
    """The last examination; None where there was none that can be read."""
    try:
        row = json.loads(mask_addresses((data / "links" / _FILE).read_text(encoding="utf-8")))
        return Checkup(
            str(row["at"]),
            tuple(Examined(**one) for one in row["targets"]),
            tuple(Ailment(**one) for one in row["ailments"]),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def measurements(found: Checkup, names: Names, words: Mapping[str, str]) -> Iterator[tuple[Iri, Iri, Term]]:
    """The examination as `dqv:QualityMeasurement` (DQV, 4.2): for each target and check the number of links that it
    found; `words` say in English what each check counts. What was not checked is not measured."""
    for check_name in CHECKS:
        metric = Iri(names.thing(f"metric/link-{check_name}"))
        yield metric, Iri(RDF + "type"), Iri(_DQV + "Metric")
        yield metric, Iri(SKOS + "definition"), Literal(words[check_name], "en")
        yield metric, Iri(_DQV + "expectedDataType"), Iri(XSD + "integer")
        for one in found.targets:
            if not (one.online if check_name in ("dead", "moved") else one.snapshot or check_name not in BY_SNAPSHOT):
                continue  # Nothing was asked or compared, so nothing was measured.
            count = sum(1 for a in found.ailments if (a.target, a.check) == (one.target, check_name))
            node = Iri(names.thing(f"measurement/link/{one.target}/{check_name}"))
            yield node, Iri(RDF + "type"), Iri(_DQV + "QualityMeasurement")
            yield node, Iri(_DQV + "isMeasurementOf"), metric
            yield node, Iri(_DQV + "computedOn"), Iri(names.links(one.target))
            yield node, Iri(_DQV + "value"), Literal(str(count), datatype=XSD + "integer")
            yield node, Iri(_PROV + "generatedAtTime"), Literal(one.at, datatype=XSD + "dateTime")
