"""Reads a question from the parameters of a request, and writes it back as parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from so2graph.errors import BadParameter
from so2graph.publish.question import CERTAINTIES, KINDS, STEPS, Question, Trait
from so2graph.vocab import Iri, Prefixes, curie_or_iri
from so2graph.web.protocol import single

__all__ = ["PARAMETERS", "THINGS", "parameters_of", "read_question", "trait_of"]

THINGS = ("thing", "place", "theme")
"""Parameters that name a thing: by its IRI or prefixed name; a form may send its name."""
PARAMETERS = ("kind", "of", "trait", *THINGS, "steps", "certainty")
_OF_THE_PAGE = ("lang", "format", "view", "chart", "download", "limit", "offset")


def read_question(parameters: Mapping[str, Sequence[str]], prefixes: Prefixes, named: Mapping[str, Iri]) -> Question:
    """The question that a request asks; raises `BadParameter` for what it cannot mean.

    `named` are the IRIs of `thing`, `place` and `theme`, where they were looked up. What another kind of question
    would need is left out.
    """
    for name in parameters:
        if name not in (*PARAMETERS, *_OF_THE_PAGE):
            taken = ", ".join(PARAMETERS)
            raise BadParameter(f"/ask has no parameter {name[:80]!r}", mend=f"It takes: {taken}.", parameter=name)
    given = {name: (single(parameters, name) or "").strip() for name in PARAMETERS}
    kind = _one_of("kind", given["kind"] or KINDS[0], KINDS)
    things = {name: named[name] if name in named else _iri(name, given[name], prefixes) for name in THINGS}
    return Question(
        kind,
        of=_iri("of", given["of"], prefixes),
        trait=trait_of(given["trait"], prefixes) if kind in ("lack", "count") else None,
        thing=things["thing"] if kind == "near" else None,
        steps=int(_one_of("steps", given["steps"] or "2", tuple(map(str, STEPS)))),
        place=things["place"],
        theme=things["theme"],
        certainty=_one_of("certainty", given["certainty"] or CERTAINTIES[0], CERTAINTIES),
    )


def _one_of(name: str, text: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        raise BadParameter(
            f"{name}={text[:80]!r} is not one of them", mend=f"Give {', '.join(allowed)}.", parameter=name
        )
    return text


def _iri(name: str, text: str, prefixes: Prefixes) -> Iri | None:
    if not text:
        return None
    try:
        return curie_or_iri(text, prefixes)
    except BadParameter as error:
        raise BadParameter(
            f"{name}={text[:80]!r} is no IRI", mend="Give one in full, or with a known prefix.", parameter=name
        ) from error


def trait_of(text: str, prefixes: Prefixes) -> Trait | None:
    """The property that a parameter names, `^` before it for the other way round; None for an empty one."""
    inverse = text.startswith("^")
    iri = _iri("trait", text.removeprefix("^"), prefixes)
    return None if iri is None else Trait(iri, inverse)


def parameters_of(question: Question, prefixes: Prefixes) -> list[tuple[str, str]]:
    """The question as parameters: things by prefixed name or IRI, so that a link outlives a change of names."""
    found = [("kind", question.kind)]
    for name in ("of", "trait", *THINGS):
        iri = question.terms.get(name)
        if iri is not None:
            mark = "^" if name == "trait" and question.trait is not None and question.trait.inverse else ""
            found.append((name, mark + prefixes.compact(iri.value)))
    if question.kind == "near":
        found.append(("steps", str(question.steps)))
    if question.certainty != CERTAINTIES[0]:
        found.append(("certainty", question.certainty))
    return found
