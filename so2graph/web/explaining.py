"""Puts into words why a query has no answer, and what to write instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from so2graph.engine.patterns import Part
from so2graph.engine.scanner import position, scan
from so2graph.publish.completion import Completion, Entry
from so2graph.publish.explain import Explanation
from so2graph.publish.hints import Hint, Offer
from so2graph.vocab import RDF, Prefixes, mask_addresses
from so2graph.web.bidi import isolated
from so2graph.web.words import say

__all__ = ["Told", "tell"]

_REPLACING = ("absent", "near", "texts", "class-has")
"""Hints whose offers can be put in the place of what they are about."""


@dataclass(frozen=True)
class ToldPart:
    """A part of the query with its place in the text, from 1; `matches` is None where it was not asked by itself."""

    text: str
    line: int
    column: int
    end_line: int
    end_column: int
    matches: bool | None

    def row(self) -> dict[str, object]:
        place = {"line": self.line, "column": self.column, "endLine": self.end_line, "endColumn": self.end_column}
        return {"text": self.text, **place, "matches": self.matches}


@dataclass(frozen=True)
class ToldOffer:
    """Something to write instead, its label and count, and the whole query with it, or nothing."""

    text: str
    label: str
    count: int | None
    query: str


@dataclass(frozen=True)
class ToldHint:
    """A sentence, and what it offers."""

    kind: str
    sentence: str
    offers: tuple[ToldOffer, ...]


@dataclass(frozen=True)
class Told:
    """The explanation as a page shows it."""

    kind: str
    sentence: str
    culprits: tuple[ToldPart, ...]
    parts: tuple[ToldPart, ...]
    samples: tuple[tuple[str, str], ...]
    """Variables of a filter with a value that they have without it."""
    hints: tuple[ToldHint, ...]

    def document(self) -> dict[str, object]:
        """The JSON of `/sparql/explain`."""
        return {
            "kind": self.kind,
            "sentence": self.sentence,
            "culprits": [part.row() for part in self.culprits],
            "parts": [part.row() for part in self.parts],
            "samples": [{"variable": name, "value": value} for name, value in self.samples],
            "hints": [
                {
                    "kind": hint.kind,
                    "sentence": hint.sentence,
                    "offers": [dict(offer.__dict__) for offer in hint.offers],
                }
                for hint in self.hints
            ],
        }


def tell(
    explanation: Explanation, hints: Sequence[Hint], completion: Completion, prefixes: Prefixes, language: str
) -> Told:
    """The explanation in words of `language`. What the data says has no e-mail address in it."""
    words = _Words(explanation, completion, prefixes, language)
    alone = {part: matches for part, matches in explanation.alone if not part.groups}
    samples = [(name, str(term)) for row in explanation.samples for name, term in row.items() if term is not None]
    return Told(
        explanation.kind,
        words.sentence(),
        tuple(words.part(part, alone.get(part)) for part in explanation.culprits),
        tuple(words.part(part, matches) for part, matches in alone.items()),
        tuple((name, mask_addresses(value)[:200]) for name, value in dict.fromkeys(samples)),
        tuple(words.hint(hint) for hint in hints),
    )


@dataclass(frozen=True)
class _Words:
    explanation: Explanation
    completion: Completion
    prefixes: Prefixes
    language: str

    def say(self, key: str, **values: object) -> str:
        return say(f"editor.explain.{key}", self.language, **values)

    def part(self, part: Part, matches: bool | None) -> ToldPart:
        text = self.explanation.query.text
        return ToldPart(part.text, *position(text, part.start), *position(text, part.end), matches)

    def label(self, label: dict[str, str] | None) -> str:
        other = "en" if self.language == "nl" else "nl"
        return next((label[tag] for tag in (self.language, "", other) if label and tag in label), "")

    def named(self, text: str, entries: Sequence[Entry], *, verb: bool = False) -> str:
        """A term as a sentence has it: its label with its short name, or what the query writes.

        The label of a property is a `verb`, and comes after it.
        """
        iri = text.strip("<>") if text.startswith("<") else self.prefixes.expand(text)
        entry = next((entry for entry in entries if entry.iri == iri), None)
        label = self.label(dict(entry.label)) if entry is not None else ""
        if not label:
            return text
        return f"{text} (“{isolated(label)}”)" if verb else f"{isolated(label)} ({text})"

    def sentence(self) -> str:
        explanation, culprits = self.explanation, self.explanation.culprits
        if explanation.kind == "modifiers":
            text = explanation.query.text
            names = ("HAVING", "LIMIT", "OFFSET", "VALUES")
            kept = [text[slice(*where)] for name, where in explanation.query.modifiers.items() if name in names]
            return self.say("modifiers", what=", ".join(kept))
        if explanation.kind == "combination":
            return self._lacking(culprits) or self.say("combination")
        if explanation.kind == "pattern" and len(culprits) > 1:
            return self.say("patterns")
        if explanation.kind == "pattern":
            return self._lacking([*self._types(culprits[0]), *culprits]) or self._lonely(culprits[0])
        return self.say(explanation.kind)

    def _types(self, part: Part) -> list[Part]:
        """The part beside it that says of which class its subject is."""
        if part.terms is None or self._is_type(part.terms[1]):
            return []
        for other in self.explanation.beside:
            if other.terms is not None and other.terms[0] == part.terms[0] and self._is_type(other.terms[1]):
                return [other]
        return []

    def _is_type(self, text: str) -> bool:
        return text in ("a", f"<{RDF}type>") or self.prefixes.expand(text) == f"{RDF}type"

    def _lacking(self, parts: Sequence[Part]) -> str:
        """`No organisation has a place`, where the parts say a class and a property of the same thing; else empty."""
        if len(parts) != 2 or any(part.terms is None for part in parts):
            return ""
        (one, of, which), (other, has, what) = (part.terms or ("", "", "") for part in parts)
        if one != other or not self._is_type(of) or self._is_type(has) or not one.startswith(("?", "$")):
            return ""
        values = {
            "which": self.named(which, self.completion.classes),
            "has": self.named(has, self.completion.properties, verb=True),
        }
        if what.startswith(("?", "$")):
            return self.say("lacking", **values)
        return self.say("lacking.value", **values, what=self.named(what, self.completion.things or ()))

    def _lonely(self, part: Part) -> str:
        if part.terms is None:
            return self.say("pattern")
        _, predicate, obj = part.terms
        if self._is_type(predicate) and not obj.startswith(("?", "$")):
            return self.say("no-instance", which=self.named(obj, self.completion.classes))
        return self.say("pattern")

    def hint(self, hint: Hint) -> ToldHint:
        key = f"hint.{hint.kind}" if hint.offers or hint.kind != "absent" else "hint.absent.only"
        entries = self.completion.classes if hint.kind == "class-has" else self.completion.properties
        about = hint.about
        if hint.kind in ("class-has", "used-by"):
            about = self.named(about, entries, verb=hint.kind == "used-by")
        return ToldHint(
            hint.kind,
            self.say(key, about=about, total=hint.total),
            tuple(self._offer(hint, offer) for offer in hint.offers),
        )

    def _offer(self, hint: Hint, offer: Offer) -> ToldOffer:
        count = offer.count if hint.kind in ("class-has", "used-by", "near", "absent") else None
        query = self._replaced(hint, offer.text) if hint.kind in _REPLACING else ""
        return ToldOffer(mask_addresses(offer.text), mask_addresses(self.label(offer.label)), count, query)

    def _replaced(self, hint: Hint, new: str) -> str:
        """The query with an offer in the place of what it is about."""
        text = self.explanation.query.text
        culprit = self.explanation.culprits[-1]
        old = culprit.terms[1] if hint.kind == "class-has" and culprit.terms else hint.about
        spans = [
            (token.start, token.start + len(token.text))
            for token in scan(text)
            if token.text == old and (hint.kind != "class-has" or culprit.start <= token.start < culprit.end)
        ]
        at = text.find(old, culprit.start, culprit.end)
        if not spans and hint.kind == "texts" and at >= 0:
            # With its language or datatype a text is more than one token.
            spans = [(at, culprit.end)]
        for start, end in reversed(spans):
            text = text[:start] + new + text[end:]
        return text if spans else ""
