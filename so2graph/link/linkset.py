"""What a judgement changes: the triples that one write adds and takes away, in the graphs that know of a link."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from so2graph.engine.access import Session
from so2graph.engine.changes import Write
from so2graph.engine.store import Quad
from so2graph.engine.tags import graph_state
from so2graph.errors import AlreadyJudged, BadParameter, DataInvalid, NotFound
from so2graph.link.axioms import mapping_from, mapping_triples, run_iri, run_triples
from so2graph.link.catalogued import VOID, Linkset, entry_of, entry_quads, linkset_entry, mappings_entry
from so2graph.link.enriched import taken_back
from so2graph.link.mapping import Mapping
from so2graph.vocab import DCTERMS, OWL, PROV, Blank, Iri, Term

__all__ = [
    "acceptable",
    "counted_predicates",
    "judge_write",
    "judgements",
    "mapping_of",
    "mappings_about",
    "written",
]

_PART = Iri(DCTERMS + "isPartOf")
_SOURCE, _TARGET = Iri(OWL + "annotatedSource"), Iri(OWL + "annotatedTarget")
_RUN = Iri(PROV + "wasGeneratedBy")


# What is known


def _in(session: Session, graph: str, **terms: Term | Iri | None) -> Iterator[Quad]:
    if graph not in session.shown:
        return iter(())
    quads = session.about(terms.get("subject"), terms.get("obj"), terms.get("predicate"))  # type: ignore[arg-type]  # IRIs
    return (quad for quad in quads if quad[3] == Iri(graph))


def mapping_of(session: Session, record: str) -> Mapping | None:
    """The mapping of a record (its name, not its IRI); None where there is none."""
    names = session.snapshot.names
    return _read(session, Iri(names.thing(f"mapping/{record}")))


def _read(session: Session, iri: Iri) -> Mapping | None:
    names = session.snapshot.names
    graph = names.mappings
    triples = [quad[:3] for quad in _in(session, graph, subject=iri)]
    spec = ""
    for _, predicate, obj in list(triples):
        if predicate.value == PROV + "wasRevisionOf":
            triples += [quad[:3] for quad in _in(session, graph, subject=obj)]
        elif predicate == _RUN:
            plan = Iri(f"{obj}#specification")
            spec = next(
                (str(o) for _, p, o, _ in _in(session, graph, subject=plan) if p.value.endswith("/identifier")), ""
            )
    try:
        return mapping_from(triples, names, spec.removeprefix("sha256:"))
    except (BadParameter, ValueError):
        return None  # Whoever may write to the graph may write what is no judgement.


def _ordered(mappings: Iterable[Mapping | None]) -> tuple[Mapping, ...]:
    known = {(m.target, m.record): m for m in mappings if m is not None}
    return tuple(sorted(known.values(), key=lambda m: (m.target, m.subject, m.predicate, m.object)))


def judgements(session: Session, target: str) -> tuple[Mapping, ...]:
    """All judgements about links with a target, by subject, predicate and object."""
    names = session.snapshot.names
    rows = _in(session, names.mappings, predicate=_PART, obj=Iri(names.links(target)))
    return _ordered(_read(session, quad[0]) for quad in rows if isinstance(quad[0], Iri))


def mappings_about(session: Session, iri: str) -> tuple[Mapping, ...]:
    """All judgements of which a thing is the subject or the object, over all targets."""
    graph = session.snapshot.names.mappings
    rows = [
        *_in(session, graph, predicate=_SOURCE, obj=Iri(iri)),
        *_in(session, graph, predicate=_TARGET, obj=Iri(iri)),
    ]
    return _ordered(_read(session, quad[0]) for quad in rows if isinstance(quad[0], Iri))


def counted_predicates(session: Session, target: str) -> Counter[str]:
    """How many links with a target there are, by what they say."""
    text = "SELECT ?p (COUNT(*) AS ?n) WHERE { GRAPH ?_g { ?s ?p ?o } } GROUP BY ?p ORDER BY ?p"
    rows = session.select(text, g=Iri(session.snapshot.names.links(target)))
    return Counter({str(row["p"]): int(str(row["n"])) for row in rows if row["p"] is not None})


# What a judgement changes


def acceptable(session: Session, mappings: Sequence[Mapping]) -> tuple[tuple[Mapping, ...], tuple[Mapping, ...]]:
    """Those of the mappings that may be written, and those that a person has judged already.

    A person may say anything. A machine says nothing about a pair that a person has judged, whatever the predicate,
    nor about a subject of which a person knows that the target has nothing.
    """
    known: dict[str, tuple[Mapping, ...]] = {}
    may: list[Mapping] = []
    may_not: list[Mapping] = []
    for mapping in mappings:
        if mapping.subject not in known:
            known[mapping.subject] = mappings_about(session, mapping.subject)
        (may_not if _overruled(mapping, known[mapping.subject]) else may).append(mapping)
    return tuple(may), tuple(may_not)


def _overruled(mapping: Mapping, known: Iterable[Mapping]) -> Mapping | None:
    """The judgement of a person that a machine's would go against."""
    if mapping.by_person:
        return None
    for other in known:
        mine = (other.subject, other.target) == (mapping.subject, mapping.target)
        same = other.object == mapping.object or other.none or (mapping.none and other.verdict == "accepted")
        if mine and same and other.by_person and other != mapping:
            return other
    return None


def judge_write(
    session: Session,
    mappings: Sequence[Mapping],
    withdrawn: Sequence[str] = (),
    linksets: Sequence[Linkset] = (),
    by_person: bool = True,
) -> Write:
    """The one write that makes the judgements, and takes back those of the records `withdrawn`.

    What is withdrawn counts as gone. A judgement replaces what the same record said before, which `formerly` then
    tells; whoever accepts a link also takes back that there was none. What a link brought goes with it. `linksets`
    describe targets that the catalogue does not have; others get a title of their name. The write holds for the
    generation of the session only: it raises `PreconditionFailed` when somebody has judged since.

    Raises `AlreadyJudged` where a machine would go against a person (`by_person` says who withdraws), and `NotFound`
    for a record that is not there.
    """
    return _Judging(session, linksets).write(mappings, withdrawn, by_person=by_person)


class _Judging:
    """One write in the making: which quads go, and which come."""

    def __init__(self, session: Session, linksets: Sequence[Linkset]) -> None:
        self.session, self.names = session, session.snapshot.names
        self.linksets = {linkset.target: linkset for linkset in linksets}
        self.gone: dict[Quad, None] = {}
        self.come: dict[Quad, None] = {}
        self.links: dict[str, Counter[str]] = {}
        self.runs: Counter[tuple[str, str]] = Counter()
        self.records = 0
        self.unlinked: list[Mapping] = []
        self.withdrawn: frozenset[str] = frozenset()

    def write(self, mappings: Sequence[Mapping], withdrawn: Sequence[str], *, by_person: bool) -> Write:
        self.withdrawn = frozenset(withdrawn)
        for record in dict.fromkeys(withdrawn):
            known = mapping_of(self.session, record)
            if known is None:
                raise NotFound(f"there is no mapping {record} here", mend="Look at /links for those that there are.")
            if known.by_person and not by_person:
                raise _judged(known)
            self._take_back(known)
        for mapping in {mapping.record: mapping for mapping in mappings}.values():
            self._judge(mapping)
        self._runs(mappings)
        self._brought()
        self._catalogue()
        return written(self.session, self.gone, self.come)

    def _judge(self, mapping: Mapping) -> None:
        about = mappings_about(self.session, mapping.subject)
        known = {m.record: m for m in about if m.target == mapping.target and m.record not in self.withdrawn}
        former = known.get(mapping.record)
        if former == mapping:
            return
        if (person := _overruled(mapping, known.values())) is not None:
            raise _judged(person)
        accepted = [m for m in known.values() if m.verdict == "accepted"]
        if mapping.none and accepted:
            raise AlreadyJudged(
                f"<{mapping.subject}> has a link with {mapping.target}, so that there is something",
                mend=f"Withdraw the mapping {accepted[0].record} first.",
                record=accepted[0].record,
            )
        if former is None and mapping.verdict == "accepted":
            former = next((m for m in known.values() if m.none), None)
        if former is not None:
            mapping = mapping.after(former) if mapping.formerly in ((), former.formerly) else mapping
            self._take_back(former)
        self._add(mapping_triples(mapping, self.names), self.names.mappings)
        self.records += 1
        if mapping.run:
            self.runs[mapping.target, mapping.run] += 1
        if mapping.verdict == "accepted":
            self._put(self._link(mapping, 1))
            self.unlinked = [other for other in self.unlinked if other.record != mapping.record]

    def _take_back(self, mapping: Mapping) -> None:
        """Takes away a record, and its link."""
        for triple in mapping_triples(mapping, self.names):
            self.gone[(*triple, Iri(self.names.mappings))] = None
        self.records -= 1
        if mapping.run:
            self.runs[mapping.target, mapping.run] -= 1
        if mapping.verdict == "accepted":
            self.gone[self._link(mapping, -1)] = None
            self.unlinked.append(mapping)

    def _link(self, mapping: Mapping, by: int) -> Quad:
        self.links.setdefault(mapping.target, Counter())[mapping.predicate] += by
        graph = Iri(self.names.links(mapping.target))
        return Iri(mapping.subject), Iri(mapping.predicate), Iri(mapping.object), graph

    def _add(self, triples: Iterable[tuple[Iri, Iri, Term]], graph: str) -> None:
        for triple in triples:
            self._put((*triple, Iri(graph)))

    def _put(self, quad: Quad) -> None:
        if quad in self.gone:
            del self.gone[quad]
        else:
            self.come[quad] = None

    def _runs(self, mappings: Sequence[Mapping]) -> None:
        """A run is described as long as a mapping comes from it."""
        first = {(m.target, m.run): m for m in mappings if m.run}
        for (target, run), by in self.runs.items():
            iri = Iri(run_iri(self.names, target, run))
            there = sum(1 for _ in _in(self.session, self.names.mappings, predicate=_RUN, obj=iri))
            if there == 0 and by > 0:
                self._add(run_triples(first[target, run], self.names), self.names.mappings)
            elif there and there + by == 0:
                for part in ("", "#specification", "#snapshot", "#program"):
                    mine = _in(self.session, self.names.mappings, subject=Iri(iri.value + part))
                    self.gone |= dict.fromkeys(mine)

    def _brought(self) -> None:
        """What links brought goes with them, and where nothing is left the graph is no dataset any more."""
        lost = taken_back(self.session, self.unlinked)
        self.gone |= dict.fromkeys(lost)
        sizes = self.session.snapshot.manifest.graphs
        for graph, count in Counter(str(quad[3]) for quad in lost).items():
            if count == sizes.get(graph, 0):
                self.gone |= dict.fromkeys(entry_of(self.session, graph))

    def _catalogue(self) -> None:
        """A linkset is in the catalogue as long as it has links, with what they say; so is the graph of mappings."""
        for target, grown in self.links.items():
            graph = self.names.links(target)
            known = entry_of(self.session, graph)
            said = counted_predicates(self.session, target)
            kept = {predicate for predicate in {*said, *grown} if said[predicate] + grown[predicate] > 0}
            if not kept:
                self.gone |= dict.fromkeys(known)
            elif not known:
                linkset = self.linksets.get(target) or Linkset.named(target)
                for quad in entry_quads(self.session, linkset_entry(linkset, self.names, kept)):
                    self._put(quad)
            else:
                self._say_predicates(graph, set(said), kept)
        mappings = self.names.mappings
        known, there = entry_of(self.session, mappings), self.session.snapshot.manifest.graphs.get(mappings, 0)
        if there == 0 and self.records > 0 and not known:
            for quad in entry_quads(self.session, mappings_entry(self.names)):
                self._put(quad)
        elif there and there == sum(1 for quad in self.gone if quad[3] == Iri(mappings)) and self.records < 0:
            self.gone |= dict.fromkeys(known if not any(q[3] == Iri(mappings) for q in self.come) else ())

    def _say_predicates(self, graph: str, before: set[str], after: set[str]) -> None:
        catalogue, predicate = Iri(self.names.catalogue), Iri(VOID + "linkPredicate")
        for name in sorted(after - before):
            self._put((Iri(graph), predicate, Iri(name), catalogue))
        self.gone |= dict.fromkeys((Iri(graph), predicate, Iri(name), catalogue) for name in sorted(before - after))


def written(session: Session, gone: Iterable[Quad], come: Iterable[Quad]) -> Write:
    """The write that takes quads away and adds others, unless somebody has judged since the session began."""
    blocks = (("DELETE", _block(gone)), ("INSERT", _block(come)))
    text = " ;\n".join(f"{word} DATA {{ {block} }}" for word, block in blocks if block)
    manifest, graph = session.snapshot.manifest, session.snapshot.names.mappings
    state = graph_state(manifest.inputs, graph, manifest.changed.get(graph, 0))
    there = graph in manifest.graphs
    return Write("update", text=text, graph=graph, match=(state,) if there else (), none=not there)


def _block(quads: Iterable[Quad]) -> str:
    graphs: dict[str, list[str]] = {}
    for subject, predicate, obj, graph in quads:
        graphs.setdefault(str(graph), []).append(" ".join(_n3(term) for term in (subject, predicate, obj)))
    blocks = {graph: " .\n".join(sorted(rows)) for graph, rows in sorted(graphs.items())}
    return "\n".join(f"GRAPH {Iri(graph).n3} {{\n{rows}\n}}" for graph, rows in blocks.items())


def _n3(term: Term) -> str:
    if isinstance(term, Blank):
        raise DataInvalid("a blank node stands in what a link brought or the catalogue says", mend="Build it again.")
    return term.n3


def _judged(known: Mapping) -> AlreadyJudged:
    return AlreadyJudged(
        f"{known.who or 'a person'} has judged <{known.subject}> for {known.target}, which no machine may overrule",
        mend="Let a person decide, or leave this pair out.",
        record=known.record,
    )
