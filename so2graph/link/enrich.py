"""Brings chosen properties of linked things from a snapshot of their source into the graph of enrichment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from so2graph.engine.access import Session
from so2graph.engine.changes import Write
from so2graph.engine.store import parse_text
from so2graph.errors import BadParameter
from so2graph.formats import GRAPH_FORMATS, by_name
from so2graph.link.catalogued import Linkset, enrichment_entry, entry_of, entry_quads, linkset_of
from so2graph.link.enriched import Fetched, fetched_quads
from so2graph.link.files import format_name, open_file
from so2graph.link.linkset import judgements, written
from so2graph.link.mapping import Mapping as Judgement
from so2graph.link.snapshot import Snapshot
from so2graph.link.target import Target
from so2graph.vocab import Blank, Iri, Literal, Term, address_spans

__all__ = ["Enrichment", "enrich_write"]

LANGUAGES = ("nl", "en", None)
"""The languages of the texts that are brought; None is a text without one."""
MOST = 20
"""Values of one property of one thing that are brought."""
Triple = tuple[Iri, Iri, Term]


@dataclass(frozen=True)
class Enrichment:
    """What is brought: the write, and how many statements come by how many links."""

    write: Write
    statements: int
    links: int


def enrich_write(session: Session, target: Target, snapshot: Snapshot) -> Enrichment:
    """The one write that replaces what was brought from a target by what the snapshot says of the linked things.

    It holds for the generation of the session only, as a judgement does. Raises `BadParameter` for a target that
    names no properties, a snapshot that is not RDF or whose licence is not known, and `DataSyntax`.
    """
    if not target.enrich:
        raise BadParameter(
            f"{target.name} does not say what to bring", mend="List paths of properties as 'enrich' in its file."
        )
    if not snapshot.licence.startswith(("http://", "https://")):
        raise BadParameter(
            f"the licence of {snapshot.name} is not known", mend="Fetch it again with --licence IRI; then enrich."
        )
    links = [mapping for mapping in judgements(session, target.name) if mapping.verdict == "accepted"]
    said = _said(target, snapshot, {mapping.object for mapping in links})
    rows = [row for mapping in links for row in _rows(session, mapping, target, snapshot, said)]
    return _write(session, replace(linkset_of(target), licence=snapshot.licence), rows)


def _write(session: Session, linkset: Linkset, rows: Iterable[Fetched]) -> Enrichment:
    names = session.snapshot.names
    graph = names.enrichment(linkset.target)
    found = list(rows)
    before = dict.fromkeys(session.snapshot.quads([graph]) if graph in session.shown else ())
    after = dict.fromkeys(fetched_quads(found, graph))
    gone = [quad for quad in before if quad not in after]
    come = [quad for quad in after if quad not in before]
    known = entry_of(session, graph)
    if after and not known:
        come += entry_quads(session, enrichment_entry(linkset, names))
    elif known and not after:
        gone += known
    return Enrichment(written(session, gone, come), len(found), len({row.mapping for row in found}))


def _said(target: Target, snapshot: Snapshot, things: set[str]) -> Mapping[tuple[str, str], tuple[Triple, ...]]:
    """What the snapshot says: the triples of each (thing, property) on the paths; it is read once a step."""
    found: dict[tuple[str, str], dict[Triple, None]] = {}
    frontier = things
    for depth in range(max(len(path) for path in target.enrich)):
        wanted = {path[depth] for path in target.enrich if len(path) > depth}
        reached: set[str] = set()
        for triple in _triples(target, snapshot, frontier, wanted):
            found.setdefault((triple[0].value, triple[1].value), {})[triple] = None
            reached |= {str(triple[2])} if isinstance(triple[2], Iri) else set()
        frontier = reached
        if not frontier:
            break
    return {key: tuple(sorted(triples, key=lambda t: str(t[2])))[:MOST] for key, triples in found.items()}


def _triples(target: Target, snapshot: Snapshot, things: set[str], wanted: set[str]) -> list[Triple]:
    name = target.access.format or format_name(snapshot.path)
    fmt = by_name(name, GRAPH_FORMATS)
    if fmt is None:
        raise BadParameter(
            f"{snapshot.name} is not RDF, and holds no more than what is compared", mend="Enrich from a file of RDF."
        )
    found = []
    with open_file(snapshot.path, target.access.member) as opened, opened.faults():
        for subject, predicate, obj, _ in parse_text(opened.file, fmt, snapshot.path.resolve().as_uri()):
            if predicate.value in wanted and isinstance(subject, Iri) and subject.value in things and _may_come(obj):
                found.append((subject, predicate, obj))
    return found


def _may_come(obj: Term) -> bool:
    """Whether a value is one to bring: no blank node, no other language, and no e-mail address."""
    if isinstance(obj, Blank) or str(obj).startswith("mailto:") or any(address_spans(str(obj))):
        return False
    return not isinstance(obj, Literal) or obj.language in LANGUAGES


def _rows(
    session: Session,
    mapping: Judgement,
    target: Target,
    snapshot: Snapshot,
    said: Mapping[tuple[str, str], tuple[Triple, ...]],
) -> list[Fetched]:
    """What comes by one link: the triples on all paths from its thing."""
    triples: dict[Triple, None] = {}
    for path in target.enrich:
        frontier = [mapping.object]
        for step in path:
            found = [triple for thing in frontier for triple in said.get((thing, step), ())]
            triples |= dict.fromkeys(found)
            frontier = [str(triple[2]) for triple in found if isinstance(triple[2], Iri)]
    iri = mapping.iri(session.snapshot.names)
    return [Fetched(*triple, iri, snapshot.licence, snapshot.date[:10], snapshot.name) for triple in triples]
