"""`/ask`: questions without SPARQL, as a form, a sentence, an answer and files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from so2graph.errors import BadParameter
from so2graph.formats import HTML, SOLUTION_FORMATS, Format, by_name
from so2graph.network.visible import Choice
from so2graph.publish.question import CERTAINTIES, KINDS, STEPS, Question, Trait, sparql
from so2graph.vocab import DEFAULT_GRAPH, MODALITIES, Iri
from so2graph.web.ask_choices import (
    Found,
    Option,
    class_options,
    find,
    place_options,
    suggest,
    thing_options,
    trait_options,
)
from so2graph.web.ask_request import PARAMETERS, THINGS, parameters_of, read_question
from so2graph.web.ask_words import plural, sentence, trait_name
from so2graph.web.asking import chosen_for, query_question
from so2graph.web.network_asked import MAX_STEPS, address, name_of
from so2graph.web.paging import Page, disposition, read_page, switch
from so2graph.web.protocol import QueryRequest, single
from so2graph.web.site import Cell, Site, answer, site, stream
from so2graph.web.tables import show
from so2graph.web.views import VIEWS, Answer, Origin, page_links

__all__ = ["blueprint"]

blueprint = Blueprint("ask", __name__)
_COUNTING = {"facts": 1, "plans": MODALITIES.index("inferred"), "all": len(MODALITIES)}
"""How many of the modalities count, from the most certain on."""
_EXAMPLES = (
    {"kind": "lack", "of": "so2:Network", "trait": "so2:hasCoreGroup"},
    {"kind": "near", "thing": "id:so-netwerk-groningen", "steps": "2", "certainty": "plans"},
    {"kind": "count", "of": "foaf:Person", "trait": "so2:affiliatedWith"},
    {"kind": "all", "of": "so2:Network", "place": "id:drenthe"},
    {"kind": "count", "of": "so2:Report", "trait": "dcterms:issued"},
    {
        "kind": "near",
        "of": "so2:Network",
        "thing": "id:social-enterprise-nederland",
        "steps": "4",
        "certainty": "all",
    },
)
"""Questions to begin with; those are shown whose class and thing are in the graph."""


@blueprint.get("/ask")
def page() -> Response:
    """A question as a page, or its answer in a format asked for by `format=` or Accept."""
    here = site()
    as_page = by_name(here.wanted, (HTML,)) is not None if here.wanted else here.by_person or _nothing_asked(here)
    return _page(here) if as_page else _file(here, here.wanted)


def _nothing_asked(here: Site) -> bool:
    """Whether a client that takes a page asks no question: it gets the form."""
    return not set(PARAMETERS) & here.parameters.keys() and here.choose((HTML, *SOLUTION_FORMATS)).format is HTML


@blueprint.get("/ask.<suffix>")
def in_format(suffix: str) -> Response:
    """The answer to a question in a format."""
    here = site()
    return _page(here) if by_name(suffix, (HTML,)) is not None else _file(here, suffix)


@blueprint.get("/ask/things")
def things() -> Response:
    """Things with a name that `q` is a part of, for a form that suggests them; JSON."""
    here = site()
    found = suggest(here, single(here.parameters, "q") or "")
    rows = [{"value": option.value, "label": option.label} for option in found]
    body = json.dumps({"things": rows}, ensure_ascii=False).encode()
    return answer(body, "application/json")


def _file(here: Site, wanted: str | None) -> Response:
    prefixes, accept = here.session.prefixes, request.headers.get("Accept", "")
    if paged := {"limit", "offset"} & here.parameters.keys():
        raise BadParameter(
            "a file has all rows", mend="Leave out limit and offset: only the page has them.", parameter=min(paged)
        )
    question = _with_unnamed(here, read_question(here.parameters, prefixes, {}))
    if not question.complete:
        missing = next(name for name in ("of", "thing", "trait") if _needs(question, name))
        raise BadParameter(
            f"the question lacks {missing}",
            mend="Build it at /ask, and take the address of its data.",
            parameter=missing,
        )
    asked = QueryRequest(sparql(question, here.language, prefixes), (), (), wanted)
    reply = here.ask(query_question(here.session, asked, accept))
    chosen = chosen_for(reply.kind, accept, wanted)
    response = stream(reply, chosen.content_type)
    values = [value for _, value in parameters_of(question, prefixes)]
    download = switch(here.parameters, "download")
    response.headers["Content-Disposition"] = disposition(download, "ask", values, None, chosen.format.suffix)
    return response


def _needs(question: Question, name: str) -> bool:
    """Whether the question still needs the parameter."""
    if name == "trait":
        return question.kind in ("lack", "count") and question.trait is None
    return getattr(question, name) is None and (name == "thing") is (question.kind == "near")


def _with_unnamed(here: Site, question: Question) -> Question:
    return replace(question, unnamed=bool(here.session.snapshot.manifest.graphs.get(DEFAULT_GRAPH)))


def _page(here: Site) -> Response:
    # A page may have no use for these; they must make sense all the same.
    switch(here.parameters, "download")
    read_page(here.parameters, here.settings.max_page_rows)
    prefixes = here.session.prefixes
    given = {name: (single(here.parameters, name) or "").strip() for name in THINGS}
    found = {name: find(here, text) for name, text in given.items() if text}
    unclear = {name: one for name, one in found.items() if one.iri is None}
    named = {name: one.iri for name, one in found.items() if one.iri is not None}
    read = {name: values for name, values in here.parameters.items() if name not in unclear}
    question = read_question(read, prefixes, named)
    canonical = parameters_of(question, prefixes)
    if any(prefixes.compact(iri.value) != given[name] and given[name] != iri.value for name, iri in named.items()):
        return _moved(here, canonical)
    asked = "kind" in here.parameters
    form = _Form(here, question, asked, unclear)
    answered = _answered(here, question) if asked and not unclear and question.complete else None
    return here.page("ask.html", form=form, answered=answered)


def _moved(here: Site, canonical: list[tuple[str, str]]) -> Response:
    """Leads from the name of a thing to its IRI."""
    kept = [
        (name, value)
        for name in ("view", "chart", "limit", "offset")
        if (value := single(here.parameters, name)) is not None
    ]
    return Response(status=303, headers={"Location": here.path(f"ask?{urlencode([*canonical, *kept])}")})


def _answered(here: Site, question: Question) -> Answer:
    prefixes, question = here.session.prefixes, _with_unnamed(here, question)
    text = sparql(question, here.language, prefixes)
    parameters, most = parameters_of(question, prefixes), here.settings.max_page_rows
    asked = read_page(here.parameters, most)
    page = asked or Page(most, 0)
    asking = query_question(here.session, QueryRequest(text, (), (), None), "", page.limit)

    def data(fmt: Format) -> str:
        return f"ask.{fmt.suffix}?{urlencode([*parameters, ('lang', here.language)])}"

    shown = show(here, here.ask(replace(asking, page_offset=page.offset)))
    shape = [("limit", str(page.limit)), ("offset", str(page.offset))] if asked else []
    found = Answer(
        here,
        shown,
        Origin("ask", (*parameters, *shape), text, data, explain="sparql/explain"),
        pages=page_links(here, "ask", parameters, page, shown.count),
        first=page.offset + 1,
        called=_called(here, question),
    )
    if question.thing is not None and found.view == VIEWS[0]:
        found.shown = replace(shown, rows=[_led(here, question, row, shown.columns) for row in shown.rows])
    return found


def _led(here: Site, question: Question, row: list[Cell], columns: Sequence[str]) -> list[Cell]:
    """A row with its number of steps in words, leading to the way that has them."""
    cells = dict(zip(columns, row, strict=True))
    ends = {"from": question.thing, "to": Iri(cells["entity"].iri or "")}
    href = here.path(_in_network(here, "network/path", question.certainty, ends))
    return list((cells | {"steps": Cell(here.steps(int(cells["steps"].text)), href)}).values())


def _in_network(here: Site, page: str, certainty: str, things: Mapping[str, Iri | None], **more: str) -> str:
    """The local address of a page about the network, over the links that count in a question."""
    space = here.session.snapshot.names.thing("")
    named = {name: name_of(iri.value, space) for name, iri in things.items() if iri is not None}
    return address(page, Choice(frozenset(range(_COUNTING[certainty]))), **named, **more)


def _called(here: Site, question: Question) -> dict[str, str]:
    """What the columns are called: the class of the things, and what they are counted by."""
    labels = here.session.labels((iri.value for iri in question.terms.values()), here.language)
    found = {} if question.of is None else {"entity": labels[question.of.value]}
    return found | ({} if question.trait is None else {"value": trait_name(question.trait, labels, here.language)})


@dataclass
class _Form:
    """What the template needs: the question, its sentence, and what to choose from for each part of it."""

    here: Site
    question: Question
    asked: bool
    unclear: dict[str, Found]

    kinds = KINDS
    steps = STEPS
    certainties = CERTAINTIES

    def __post_init__(self) -> None:
        question, here = self.question, self.here
        self.classes = class_options(here)
        has_class = self.asked and question.of is not None
        needs_trait = question.kind in ("lack", "count")
        self.traits = trait_options(here, question) if has_class and needs_trait else []
        self.places = place_options(here, question, "place") if has_class else []
        self.themes = place_options(here, question, "theme") if has_class else []
        self.things = thing_options(here) if self.asked and question.kind == "near" else []
        iris = [iri.value for iri in question.terms.values()]
        self.labels = here.session.labels(iris, here.language)

    def compact(self, iri: Iri | None) -> str:
        """An IRI as the parameter has it; empty for none."""
        return "" if iri is None else self.here.session.prefixes.compact(iri.value)

    @property
    def trait(self) -> str:
        """The chosen property as the parameter has it."""
        chosen = self.question.trait
        return "" if chosen is None else f"{'^' if chosen.inverse else ''}{self.compact(chosen.property)}"

    def narrowed(self, name: str) -> str:
        """The name of the place or theme that is chosen, or what was written where it is unclear."""
        if name in self.unclear:
            return self.unclear[name].text
        iri = self.question.terms.get(name)
        return "" if iri is None else self.labels[iri.value]

    def with_chosen(self, options: list[Option], value: str, iri: Iri | None) -> list[Option]:
        """The options, with the one that is chosen where it does not occur (any more)."""
        if not value or iri is None or any(option.value == value for option in options):
            return options
        label = self.labels[iri.value]
        if value.startswith("^"):
            label = trait_name(Trait(iri, inverse=True), self.labels, self.here.language)
        group = "ask.group.in" if value.startswith("^") else "ask.group.out"
        return [*options, Option(value, label, 0, "ask.group.others" if options is self.classes else group)]

    @property
    def absent(self) -> str | None:
        """That no thing of the class has the property, where that is so."""
        if not self.traits or not self.trait or any(option.value == self.trait for option in self.traits):
            return None
        things = plural(self.compact_of, self.labels, self.here.session.prefixes, self.here.language)
        return self.here.say("ask.absent", things=things)

    @property
    def compact_of(self) -> str | None:
        """The IRI of the class."""
        return None if self.question.of is None else self.question.of.value

    @property
    def named(self) -> str:
        """The name of the thing that others are close to, or what was written where a name is unclear."""
        if "thing" in self.unclear:
            return self.unclear["thing"].text
        thing = self.question.thing
        if thing is None:
            return ""
        value = self.compact(thing)
        listed = next((option.label for option in self.things if option.value == value), None)
        return listed or self.labels[thing.value]

    @property
    def around(self) -> tuple[str, str] | None:
        """The picture of the network around the thing: the words that lead there, and its address."""
        question, here = self.question, self.here
        if question.thing is None:
            return None
        steps = min(question.steps, MAX_STEPS)
        said = here.say("ask.near.picture" if steps == question.steps else "ask.near.picture.first", steps=str(steps))
        where = _in_network(here, "network", question.certainty, {"select": question.thing}, steps=str(steps))
        return said, here.path(where)

    @property
    def sentence(self) -> str:
        """The question in words."""
        return sentence(self.question, self.labels, self.here.session.prefixes, self.here.language)

    def address(self, **changed: str) -> str:
        """The address of the question with some parameters changed; an empty one is left out."""
        parameters = dict(parameters_of(self.question, self.here.session.prefixes)) | changed
        return self.here.path(f"ask?{urlencode([(k, v) for k, v in parameters.items() if v])}")

    def kind_address(self, kind: str) -> str:
        """The address of the same for another kind of question."""
        kept = {"trait": "", "thing": "", "steps": ""} if kind != self.question.kind else {}
        return self.address(kind=kind, **kept)

    @property
    def examples(self) -> Iterable[tuple[str, str]]:
        """Questions to begin with: each as a sentence, with its address."""
        prefixes, language = self.here.session.prefixes, self.here.language
        occurring = {option.value for option in self.classes}
        for example in _EXAMPLES:
            question = read_question({name: [value] for name, value in example.items()}, prefixes, {})
            labels = self.here.session.labels((iri.value for iri in question.terms.values()), language)
            named = [iri for name, iri in question.terms.items() if name in THINGS]
            there = all(labels[iri.value] != prefixes.compact(iri.value) for iri in named)
            if there and example.get("of", next(iter(occurring), "")) in occurring:
                yield sentence(question, labels, prefixes, language), self.here.path(f"ask?{urlencode(example)}")

    @property
    def stored(self) -> int:
        """How many questions are ready."""
        return len(self.here.access.bundle.queries())
