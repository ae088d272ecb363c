"""What the doors to judgements have in common: a pair that a person judges by name, and a file of mappings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from so2graph.engine.access import Session
from so2graph.engine.changes import Write
from so2graph.errors import DataInvalid, NotFound
from so2graph.link.catalogued import Linkset
from so2graph.link.linkset import acceptable, judge_write, judgements, mappings_about
from so2graph.link.mapping import BY_HAND, NO_TERM, PREDICATES, Mapping, Verdict, target_name
from so2graph.link.sssom import MappingSet
from so2graph.registry import Text
from so2graph.vocab import DEFAULT_GRAPH, parse_iri

__all__ = ["Import", "import_write", "mapping_set", "replaced", "reviewed"]

_MOST_NAMED = 5


def mapping_set(session: Session, target: str) -> MappingSet:
    """All judgements about a target as one set, with the title that the catalogue has."""
    graph = session.snapshot.names.links(target_name(target))
    label = session.labels([graph], "en")[graph]
    unnamed = label in (graph, session.prefixes.compact(graph))
    title = Linkset.named(target).title.en if unnamed else label
    return MappingSet(target, judgements(session, target), title)


def reviewed(
    session: Session,
    pair: tuple[str, str],
    target: str,
    verdict: Verdict,
    *,
    reviewer: str,
    predicate: str = PREDICATES[1],
    comment: str = "",
) -> Mapping:
    """The judgement of a person on a pair (subject, object); the object is left out for `none`.

    What a program found out about the same pair stays with it. Raises `NotFound` for a subject that is not here, and
    `BadParameter`.
    """
    subject, obj = pair[0], NO_TERM if verdict == "none" else pair[1]
    if not _here(session, subject):
        raise NotFound(f"there is nothing here called <{subject}>", mend="Give one of our things, such as id:assen.")
    today = datetime.now(UTC).date().isoformat()
    fresh = Mapping(
        subject,
        predicate,
        obj,
        target,
        none=verdict == "none",
        justification=BY_HAND[0],
        mapping_date=today,
        subject_label=_label(session, subject),
    )
    known = {mapping.record: mapping for mapping in mappings_about(session, subject) if mapping.target == target}
    linked = [one for one in known.values() if one.object == obj and one.verdict == "accepted"]
    if verdict == "refused" and linked and fresh.record not in known:
        fresh = linked[0]  # Whoever refuses a pair refuses the link that there is, whatever it says.
    mapping = known.get(fresh.record, fresh)
    return replace(
        mapping,
        negated=verdict == "refused",
        reviewer=reviewer,
        review_date=today,
        comment=comment or mapping.comment,
        author=mapping.author or ("" if mapping.tool else reviewer),
    )


def replaced(session: Session, mapping: Mapping) -> list[str]:
    """The records of other links between the same two things, which a link that is accepted takes the place of."""
    if mapping.verdict != "accepted":
        return []
    about = mappings_about(session, mapping.subject)
    pair = (mapping.object, mapping.target, "accepted")
    return [m.record for m in about if (m.object, m.target, m.verdict) == pair and m.record != mapping.record]


def _here(session: Session, iri: str) -> bool:
    """Whether the dataset says anything of it, other than with what it is linked."""
    names = session.snapshot.names
    said_in = (
        (DEFAULT_GRAPH if quad[3] is None else quad[3].value) for quad in session.about(subject=parse_iri(iri))
    )
    return any(not names.no_fact(graph) and not graph.startswith(names.links("")) for graph in said_in)


def _label(session: Session, iri: str) -> str:
    label = session.labels([iri], "nl")[iri]
    return "" if label in (iri, session.prefixes.compact(iri)) else label


@dataclass(frozen=True)
class Import:
    """What a file of mappings brings: the write, how many are new or changed, withdrawn, and judged otherwise."""

    write: Write
    changed: int
    withdrawn: int
    kept: tuple[Mapping, ...]
    """Those of a program that a person has judged; they stay as the person left them."""


def import_write(session: Session, found: MappingSet, *, whole: bool, linksets: Sequence[Linkset] = ()) -> Import:
    """What importing a file changes. With `whole` the file is all there is: what it does not have is withdrawn.

    A link that the file has between two things takes the place of another one between them that it does not have: who
    changes the relation in a row means that link. `linksets` describe the target; else the title of the file does.
    Raises `DataInvalid` for a new row about what is not here: a link of something unknown would be a fact.
    """
    before = {mapping.record: mapping for mapping in judgements(session, found.target)}
    fresh: Sequence[Mapping] = [mapping for mapping in found.mappings if before.get(mapping.record) != mapping]
    strangers = [subject for subject in dict.fromkeys(each.subject for each in fresh) if not _here(session, subject)]
    if strangers:
        raise DataInvalid(
            f"{len(strangers)} of the things that the file links are not in this dataset: "
            + ", ".join(f"<{subject}>" for subject in strangers[:_MOST_NAMED])
            + (" …" if len(strangers) > _MOST_NAMED else ""),
            mend="Correct their subject_id, or take those rows out; nothing was imported.",
        )
    may, kept = acceptable(session, fresh)
    there = {mapping.record for mapping in found.mappings}
    pairs = {(mapping.subject, mapping.object) for mapping in may if mapping.verdict == "accepted"}
    gone = sorted(
        record
        for record, each in before.items()
        if record not in there and (whole or (each.verdict == "accepted" and (each.subject, each.object) in pairs))
    )
    titles = linksets or ([Linkset(found.target, Text(found.title, found.title))] if found.title else [])
    return Import(judge_write(session, may, gone, titles), len(may), len(gone), kept)
