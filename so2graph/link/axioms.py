"""Mappings as RDF: an OWL axiom with the slots of SSSOM, and the run that made it (SSSOM, RDF/XML serialisation)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from so2graph.link.mapping import NO_TERM, SEMAPV, SSSOM, Mapping
from so2graph.vocab import DCTERMS, OWL, PROV, RDF, RDFS, XSD, Iri, Literal, Names, Term

__all__ = ["Triple", "mapping_from", "mapping_triples", "run_iri", "run_triples"]

Triple = tuple[Iri, Iri, Term]

_TEXTS = {
    "subject_label": SSSOM + "subject_label",
    "object_label": SSSOM + "object_label",
    "measure": SSSOM + "similarity_measure",
    "match_string": SSSOM + "match_string",
    "tool": SSSOM + "mapping_tool",
    "tool_version": SSSOM + "mapping_tool_version",
    "source_version": SSSOM + "object_source_version",
    "comment": RDFS + "comment",
}
_DATES = {"mapping_date": DCTERMS + "created", "review_date": SSSOM + "review_date"}
_NUMBERS = {"confidence": SSSOM + "confidence", "similarity": SSSOM + "similarity_score"}
_FIELDS = {"subject_fields": SSSOM + "subject_match_field", "object_fields": SSSOM + "object_match_field"}
FOAF_NAME = "http://xmlns.com/foaf/0.1/name"
_PERSONS = {
    "author": ("http://purl.org/pav/authoredBy", SSSOM + "author_label"),
    "reviewer": (SSSOM + "reviewer_id", SSSOM + "reviewer_label"),
}
_IS_IRI = ("http://", "https://")


def run_iri(names: Names, target: str, run: str) -> str:
    """The IRI of a run of a target."""
    return names.thing(f"run/{target}/{run}")


def mapping_triples(mapping: Mapping, names: Names) -> list[Triple]:
    """What is said of a mapping. Its run is named, and described by `run_triples`."""
    me = Iri(mapping.iri(names))
    triples: list[Triple] = []

    def add(predicate: str, obj: Term) -> None:
        triples.append((me, Iri(predicate), obj))

    add(RDF + "type", Iri(OWL + "Axiom"))
    add(RDF + "type", Iri(SSSOM + "Mapping"))
    add(OWL + "annotatedSource", Iri(mapping.subject))
    add(OWL + "annotatedProperty", Iri(mapping.predicate))
    add(OWL + "annotatedTarget", Iri(mapping.object))
    add(DCTERMS + "isPartOf", Iri(names.links(mapping.target)))
    add(SSSOM + "mapping_justification", Iri(SEMAPV + mapping.justification))
    if mapping.negated:
        add(SSSOM + "predicate_modifier", Iri(SSSOM + "NegatedPredicate"))
    for name, predicate in (_TEXTS | _DATES).items():
        if value := getattr(mapping, name):
            add(predicate, Literal(value, datatype=XSD + ("date" if name in _DATES else "string")))
    for name, predicate in _NUMBERS.items():
        if (number := getattr(mapping, name)) is not None:
            add(predicate, Literal(repr(number), datatype=XSD + "double"))
    for name, predicate in _FIELDS.items():
        for field in getattr(mapping, name):
            add(predicate, Iri(f"{names.base}links/{mapping.target}#{field}"))
    for name, (by_iri, by_label) in _PERSONS.items():
        if person := getattr(mapping, name):
            known = person.startswith(_IS_IRI)
            add(by_iri if known else by_label, Iri(person) if known else Literal(person))
    if mapping.run:
        add(PROV + "wasGeneratedBy", Iri(run_iri(names, mapping.target, mapping.run)))
    for at, told in enumerate(mapping.formerly, 1):
        former = Iri(f"{me.value}#{at}")
        add(PROV + "wasRevisionOf", former)
        triples += [(former, Iri(RDF + "type"), Iri(PROV + "Entity")), (former, Iri(RDFS + "comment"), Literal(told))]
    return triples


def run_triples(mapping: Mapping, names: Names) -> list[Triple]:
    """What is said of the run that found a mapping: the specification, the snapshot and the program that it used."""
    if not mapping.run:
        return []
    run = run_iri(names, mapping.target, mapping.run)
    plan, source, program = (Iri(f"{run}#{part}") for part in ("specification", "snapshot", "program"))
    kind, used, version = Iri(RDF + "type"), Iri(PROV + "used"), Iri(OWL + "versionInfo")
    triples: list[Triple] = [(Iri(run), kind, Iri(PROV + "Activity"))]
    if mapping.spec:
        triples += [
            (Iri(run), used, plan),
            (plan, kind, Iri(PROV + "Plan")),
            (plan, Iri(DCTERMS + "identifier"), Literal(f"sha256:{mapping.spec}")),
        ]
    if mapping.source_version:
        triples += [
            (Iri(run), used, source),
            (source, kind, Iri(PROV + "Entity")),
            (source, version, Literal(mapping.source_version)),
        ]
    if mapping.tool:
        triples += [
            (Iri(run), Iri(PROV + "wasAssociatedWith"), program),
            (program, kind, Iri(PROV + "SoftwareAgent")),
            (program, Iri(FOAF_NAME), Literal(mapping.tool)),
        ]
        if mapping.tool_version:
            triples.append((program, version, Literal(mapping.tool_version)))
    return triples


def mapping_from(triples: Iterable[tuple[Term, Iri, Term]], names: Names, spec: str = "") -> Mapping | None:
    """The mapping that the triples about one record describe; None where they describe none.

    Triples of its former verdicts may be among them. `spec` is the digest that its run has. Raises `BadParameter`.
    """
    rows: dict[str, list[Term]] = {}
    told: dict[str, str] = {}
    for subject, predicate, obj in triples:
        if "#" in str(subject):
            if predicate.value == RDFS + "comment":
                told[str(subject)] = str(obj)
            continue
        rows.setdefault(predicate.value, []).append(obj)
    if not all(OWL + name in rows for name in ("annotatedSource", "annotatedProperty", "annotatedTarget")):
        return None

    def one(predicate: str) -> str:
        return str(min(rows[predicate], key=str)) if predicate in rows else ""

    def part(predicate: str, start: str) -> str:
        return one(predicate).removeprefix(start)

    target = part(DCTERMS + "isPartOf", names.links(""))
    other = one(OWL + "annotatedTarget")
    fields = f"{names.base}links/{target}#"
    run = run_iri(names, target, "")
    return Mapping(
        one(OWL + "annotatedSource"),
        one(OWL + "annotatedProperty"),
        other,
        target,
        negated=SSSOM + "predicate_modifier" in rows,
        none=other == NO_TERM,
        justification=part(SSSOM + "mapping_justification", SEMAPV),
        run=part(PROV + "wasGeneratedBy", run),
        spec=spec,
        formerly=_told(rows.get(PROV + "wasRevisionOf", ()), told),
        **{name: one(predicate) for name, predicate in (_TEXTS | _DATES).items()},  # type: ignore[arg-type]  # texts
        **{name: float(one(p)) if p in rows else None for name, p in _NUMBERS.items()},  # type: ignore[arg-type]  # numbers
        **{
            name: tuple(sorted(str(value).removeprefix(fields) for value in rows.get(predicate, ())))
            for name, predicate in _FIELDS.items()
        },  # type: ignore[arg-type]  # lists of texts
        **{name: one(by_iri) or one(by_label) for name, (by_iri, by_label) in _PERSONS.items()},  # type: ignore[arg-type]  # texts
    )


def _told(nodes: Sequence[Term], told: dict[str, str]) -> tuple[str, ...]:
    order = sorted(map(str, nodes), key=lambda iri: int(iri.rpartition("#")[2] or 0))
    return tuple(told[iri] for iri in order if iri in told)
