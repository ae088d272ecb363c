"""What the form of a question offers: choices from this graph, each with how many things it stands for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from so2graph.engine.lookup import exists
from so2graph.errors import BadParameter
from so2graph.publish import question_choices
from so2graph.publish.question import Question
from so2graph.vocab import Iri, Term, curie_or_iri
from so2graph.web.asking import query_question
from so2graph.web.protocol import QueryRequest
from so2graph.web.site import Site
from so2graph.web.tables import show

__all__ = [
    "MOST_LISTED",
    "Found",
    "Option",
    "class_options",
    "find",
    "place_options",
    "suggest",
    "thing_options",
    "trait_options",
]

MOST_LISTED = 300
"""Options of a list; of more things than that, names are suggested while one types."""
_SUGGESTED = 20


@dataclass(frozen=True)
class Option:
    """A choice: the `value` of the parameter, its name, and how many things it stands for (None: does not matter)."""

    value: str
    label: str
    number: int | None = None
    group: str = ""


def _rows(here: Site, text: str, most: int = MOST_LISTED) -> list[list[Term | None]]:
    """The first rows of a query of ours, which a reader answers, so that it ends in time."""
    asked = QueryRequest(text, (), (), None)
    return show(here, here.ask(query_question(here.session, asked, "", most))).terms


def _options(here: Site, rows: Iterable[tuple[Iri, int | None]], group: str = "") -> list[Option]:
    rows = list(rows)
    labels = here.session.labels((iri.value for iri, _ in rows), here.language)
    compact = here.session.prefixes.compact
    return [Option(compact(iri.value), labels[iri.value], number, group) for iri, number in rows]


def _counted(rows: Iterable[list[Term | None]], at: int = 0) -> list[tuple[Iri, int]]:
    return [(iri, int(str(row[-1]))) for row in rows if isinstance(iri := row[at], Iri)]


def class_options(here: Site) -> list[Option]:
    """The classes that occur: ours first, each group by name."""
    rows = _counted(_rows(here, question_choices.classes(here.session.prefixes)))
    own = here.session.snapshot.names.term("")
    groups = [
        _options(here, [row for row in rows if row[0].value.startswith(own) is ours], name)
        for ours, name in ((True, "ask.group.ours"), (False, "ask.group.others"))
    ]
    return [option for group in groups for option in sorted(group, key=lambda option: option.label.casefold())]


def trait_options(here: Site, question: Question) -> list[Option]:
    """What things of the class have: what is said of them, then what refers to them; the most frequent first."""
    rows = _rows(here, question_choices.traits(question, here.session.prefixes))
    out = _counted(row for row in rows if str(row[1]) == "false")
    back = _counted(row for row in rows if str(row[1]) == "true")
    return [
        *_options(here, out, "ask.group.out"),
        *(replace(option, value=f"^{option.value}") for option in _options(here, back, "ask.group.in")),
    ]


def place_options(here: Site, question: Question, which: str) -> list[Option] | None:
    """The places or themes (`which`) that things of the class are tied to, by name; None where there are too many."""
    text = question_choices.themes_or_places(which, question, here.session.prefixes)
    rows = _rows(here, text, MOST_LISTED + 1)
    if len(rows) > MOST_LISTED:
        return None
    return sorted(_options(here, _counted(rows)), key=lambda option: option.label.casefold())


def thing_options(here: Site) -> list[Option]:
    """All things by name, where there are not too many for a list; else none. The names differ from each other."""
    rows = _rows(here, question_choices.things(MOST_LISTED + 1, here.session.prefixes), MOST_LISTED + 1)
    if len(rows) > MOST_LISTED:
        return []
    found = sorted(
        _options(here, ((iri, None) for row in rows if isinstance(iri := row[0], Iri))),
        key=lambda option: (option.label.casefold(), option.value),
    )
    return _told_apart(found)


def _told_apart(options: list[Option]) -> list[Option]:
    """The options with their value behind the name where another has the same name."""
    seen = [option.label for option in options]
    return [
        replace(option, label=f"{option.label} ({option.value})") if seen.count(option.label) > 1 else option
        for option in options
    ]


def suggest(here: Site, text: str) -> list[Option]:
    """Things with a name that `text` is a part of."""
    wanted = text.strip()
    if len(wanted) < 2:
        return []
    rows = _rows(here, question_choices.named_like(wanted, _SUGGESTED, here.session.prefixes))
    return _told_apart(_options(here, ((iri, None) for row in rows if isinstance(iri := row[0], Iri))))


@dataclass(frozen=True)
class Found:
    """What a text names: `iri` where it is one thing; else what may be meant, and whether that is called so."""

    text: str
    iri: Iri | None
    meant: tuple[Option, ...] = ()
    called_so: bool = False


def find(here: Site, text: str) -> Found:
    """The thing that a text names: an IRI, a prefixed name, a name that it has, or one with its value in brackets."""
    wanted = text.strip()
    iris = [_iri(here, candidate) for candidate in (wanted, wanted.rpartition("(")[2].removesuffix(")"))]
    known = next((iri for iri in iris if iri is not None and exists(here.session, iri.value)), None)
    if known is not None:
        return Found(text, known)
    rows = _rows(here, question_choices.named_exactly(wanted, _SUGGESTED, here.session.prefixes))
    exact = [iri for row in rows if isinstance(iri := row[0], Iri)]
    if len(exact) == 1:
        return Found(text, exact[0])
    if exact:
        return Found(text, None, tuple(_told_apart(_options(here, ((iri, None) for iri in exact)))), called_so=True)
    if iris[0] is not None:
        return Found(text, iris[0])
    return Found(text, None, tuple(suggest(here, wanted)))


def _iri(here: Site, text: str) -> Iri | None:
    """The IRI that a text is in full (of the web, or a URN) or with a known prefix; None where it is a name."""
    prefixes = here.session.prefixes
    if not text.startswith(("<", "http://", "https://", "urn:", *(f"{name}:" for name in prefixes))):
        return None
    try:
        return curie_or_iri(text, prefixes)
    except BadParameter:
        return None
