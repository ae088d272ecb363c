"""A mapping: that a thing here and a thing elsewhere are the same, are not, or that there is none; as a value."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal as OneOf

from so2graph.errors import BadParameter
from so2graph.vocab import OWL, SKOS, Names, address_spans, is_iri, mask_addresses, parse_iri

__all__ = [
    "BY_HAND",
    "IDENTIFIER",
    "JUSTIFICATIONS",
    "NO_TERM",
    "PREDICATES",
    "PROJECT",
    "SEMAPV",
    "SSSOM",
    "Judge",
    "Mapping",
    "Verdict",
    "is_thing",
    "label_in",
    "named",
    "none_known",
    "target_name",
]

SSSOM = "https://w3id.org/sssom/"
SEMAPV = "https://w3id.org/semapv/vocab/"
NO_TERM = SSSOM + "NoTermFound"
PREDICATES: tuple[str, ...] = (
    OWL + "sameAs",
    *(SKOS + name for name in ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")),
)
"""What a link may say, from the same thing to one that has to do with it."""
IDENTIFIER = "identifier"
"""The `measure` of a mapping that an identifier proves, which `match_string` then gives (`wikidata:Q749`)."""
JUSTIFICATIONS: tuple[str, ...] = (
    "ManualMappingCuration",
    "MappingReview",
    "LexicalMatching",
    "CompositeMatching",
    "UnspecifiedMatching",
    "LogicalReasoning",
    "SemanticSimilarityThresholdMatching",
    "LexicalSimilarityThresholdMatching",
    "MappingChaining",
    "MappingInversion",
    "StructuralMatching",
    "InstanceBasedMatching",
    "BackgroundKnowledgeBasedMatching",
)
"""The justifications that SSSOM takes (local names of semapv), those of persons first."""
BY_HAND = JUSTIFICATIONS[:2]

PROJECT = "so2graph"
"""The name under which the project itself judged the links that come with the dataset; no person signs for them."""

Verdict = OneOf["accepted", "refused", "none"]
Judge = OneOf["person", "project", "program"]

_TARGET = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_DATE = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
_FIELD = re.compile(r"[A-Za-z0-9_-]{1,64}")
_RUN = re.compile(r"[A-Za-z0-9-]{1,64}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_LONGEST, _LONGEST_LABEL = 4_000, 1_000


def target_name(name: str) -> str:
    """The name of a target, which is a slug; raises `BadParameter`."""
    if not _TARGET.fullmatch(name) or name in ("review", "health", "mappings"):
        raise BadParameter(
            f"{name!r} is no name of a target", mend="Use lower-case letters, digits and hyphens, such as geonames."
        )
    return name


@dataclass(frozen=True)
class Mapping:
    """One judgement about `subject` (IRI, here) and `object` (IRI, elsewhere) in a `target`.

    `negated` says that the two are not `predicate`; `none` that the target has nothing for the subject, and `object`
    is then `NO_TERM`. `justification` is one of `JUSTIFICATIONS`. `confidence` and `similarity` lie in 0 to 1 and are
    kept to four digits. Dates are `YYYY-MM-DD`. `author`, `reviewer` are names or IRIs, never e-mail addresses.
    `run` is the id of the run that found it, `spec` the digest of its specification, `source_version` says which
    snapshot of the target was seen. `formerly` are the verdicts that this one replaces, oldest first.

    Raises `BadParameter` for what may not stand in a mapping.
    """

    subject: str
    predicate: str
    object: str
    target: str
    negated: bool = False
    none: bool = False
    justification: str = "UnspecifiedMatching"
    confidence: float | None = None
    similarity: float | None = None
    measure: str = ""
    subject_fields: tuple[str, ...] = ()
    object_fields: tuple[str, ...] = ()
    match_string: str = ""
    tool: str = ""
    tool_version: str = ""
    mapping_date: str = ""
    author: str = ""
    reviewer: str = ""
    review_date: str = ""
    source_version: str = ""
    run: str = ""
    comment: str = ""
    subject_label: str = ""
    object_label: str = ""
    spec: str = ""
    formerly: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        target_name(self.target)
        for iri in (self.subject, self.object):
            parse_iri(iri)
            if not is_thing(iri):
                raise BadParameter(
                    f"{mask_addresses(iri)!r} is no address of a thing", mend="Give an IRI of http, https or urn."
                )
        self._check_said()
        for name in ("confidence", "similarity"):
            value = getattr(self, name)
            if value is not None:
                if not 0 <= value <= 1:
                    raise BadParameter(f"{name} {value} is not from 0 to 1", mend="Give a share, such as 0.97.")
                object.__setattr__(self, name, round(float(value), 4))
        for name in ("subject_fields", "object_fields"):
            object.__setattr__(self, name, tuple(sorted(set(getattr(self, name)))))
        self._check_texts()

    def _check_said(self) -> None:
        if self.predicate not in PREDICATES:
            raise BadParameter(
                f"<{self.predicate}> is no link that is made here",
                mend="Use owl:sameAs, or exactMatch, closeMatch, broadMatch, narrowMatch or relatedMatch of skos.",
            )
        if self.none != (self.object == NO_TERM) or (self.none and self.negated):
            raise BadParameter(
                "'none known' goes with sssom:NoTermFound, and nothing else does",
                mend="Give an object, or say that there is none.",
            )
        if self.justification not in JUSTIFICATIONS:
            raise BadParameter(
                f"{self.justification!r} is no justification of SSSOM",
                mend=f"Use one of {', '.join(JUSTIFICATIONS)}.",
            )
        if self.predicate == PREDICATES[0] and self.verdict == "accepted" and not (self.by_person or self.proved):
            raise BadParameter(
                f"owl:sameAs with <{self.object}> is neither proved by an identifier nor said by a person",
                mend="Use skos:exactMatch, or let a person decide.",
            )

    def _check_texts(self) -> None:
        texts = {name: value for name, value in vars(self).items() if isinstance(value, str)}
        texts |= {
            f"{name} {at}": value
            for name in ("subject_fields", "object_fields", "formerly")
            for at, value in enumerate(getattr(self, name), 1)
        }
        for name, value in texts.items():
            if _CONTROL.search(value) or len(value) > _LONGEST:
                raise BadParameter(
                    f"{name} has a control character, or more than {_LONGEST} characters", mend="Shorten it to text."
                )
            if "_fields" in name and not _FIELD.fullmatch(value):
                raise BadParameter(f"{name} {value!r} is no name of a field", mend="Use letters, digits, - and _.")
            if any(address_spans(value)):
                raise BadParameter(f"{name} holds an e-mail address", mend="Give a name, or the role of a token.")
        if self.run and not _RUN.fullmatch(self.run):
            raise BadParameter(f"{self.run!r} is no id of a run", mend="Use letters, digits and hyphens.")
        for name in ("author", "reviewer"):
            if texts[name].startswith(("http://", "https://")):
                parse_iri(texts[name])
        for name in ("mapping_date", "review_date"):
            if texts[name] and not _DATE.fullmatch(texts[name]):
                raise BadParameter(f"{name} {texts[name]!r} is not a date", mend="Write it as 2026-11-26.")

    @property
    def record(self) -> str:
        """The name of the record: the same for the same pair, predicate and target, whatever is said of them."""
        text = f"{self.target}\n{self.subject}\n{self.predicate}\n{self.object}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def iri(self, names: Names) -> str:
        """The IRI of the record."""
        return names.thing(f"mapping/{self.record}")

    @property
    def verdict(self) -> Verdict:
        """What is said: the link holds, it does not, or the target has nothing."""
        return "none" if self.none else "refused" if self.negated else "accepted"

    @property
    def by_person(self) -> bool:
        """Whether a person says so: wrote it down, or reviewed it."""
        return self.justification in BY_HAND or bool(self.reviewer)

    @property
    def judge(self) -> Judge:
        """Who really judged. What the project looked up, like what a person did, is overruled by no program."""
        if not self.by_person:
            return "program"
        return "project" if (self.reviewer or self.author) == PROJECT else "person"

    @property
    def proved(self) -> bool:
        """Whether an identifier proves it."""
        return self.measure == IDENTIFIER and bool(self.match_string)

    @property
    def who(self) -> str:
        """Whose judgement it is: that of the reviewer, else of the author, else of the tool."""
        return self.reviewer or self.author or " ".join(filter(None, (self.tool, self.tool_version)))

    @property
    def when(self) -> str:
        """When it was judged."""
        return self.review_date or self.mapping_date

    def after(self, former: Mapping) -> Mapping:
        """The same judgement, which replaces `former`: it remembers a verdict that was another one."""
        told = former.formerly
        if (former.verdict, former.who) != (self.verdict, self.who):
            told = (*told, " ".join(filter(None, (former.when, former.verdict, former.who))))
        return replace(self, formerly=told)


def is_thing(iri: str) -> bool:
    """Whether an IRI may stand in a link: of http, https or urn, without an e-mail address."""
    return is_iri(iri) and iri.startswith(("http://", "https://", "urn:")) and not any(address_spans(iri))


def named(who: str) -> str:
    """The name under which somebody judges: their own, or, where that is an e-mail address, `editor` with a mark."""
    if not any(address_spans(who)):
        return who
    return f"editor-{hashlib.sha256(who.encode()).hexdigest()[:6]}"


def label_in(names: Iterable[str]) -> str:
    """The first of some names that may stand in a mapping, cut where it is endless; empty where none may."""
    fit = (name for name in names if not (_CONTROL.search(name) or any(address_spans(name))))
    return next(fit, "")[:_LONGEST_LABEL]


def none_known(subject: str, target: str, **said: str) -> Mapping:
    """That nothing in the target is known to be the subject; `said` are other fields of the mapping."""
    return Mapping(subject, PREDICATES[1], NO_TERM, target, none=True, **said)  # type: ignore[arg-type]  # texts only
