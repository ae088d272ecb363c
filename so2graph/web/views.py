"""One answer seen in several ways: table, network, map, chart, its SPARQL, and how to share it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlencode

from so2graph.formats import BOOLEAN_FORMATS, Format, by_name
from so2graph.vocab import MODALITIES
from so2graph.web.charts import Chart, Choice, chart_of, choices
from so2graph.web.maps import Map, built_outline, draw_map
from so2graph.web.paging import Page
from so2graph.web.protocol import single
from so2graph.web.site import Cell, Site
from so2graph.web.snippets import Snippet, snippets
from so2graph.web.spots import Spot, spots_of
from so2graph.web.tables import Shown
from so2graph.web.ties import Picture, Tie, draw_ties, thing_columns, ties_of

__all__ = ["VIEWS", "Answer", "Origin", "Tab", "page_links"]

VIEWS = ("table", "network", "map", "chart", "sparql", "share")
"""The ways to see an answer, in the order of their tabs; `view=` names one."""
_READY = ("csv", "json", "xlsx", "turtle", "jsonld")
"""The formats that are one click away; the others are folded."""


@dataclass(frozen=True)
class Origin:
    """Where an answer comes from.

    `page` is the address of its page below the service, and `parameters` those that it has beside `view`, `chart`
    and `lang`. `data` gives the address, below the service, of the whole answer in a format. `text` is the query,
    with the graphs that the protocol's parameters name.
    """

    page: str
    parameters: tuple[tuple[str, str], ...]
    text: str
    data: Callable[[Format], str]
    graphs: tuple[tuple[str, str], ...] = ()
    explain: str | None = None
    """The address, below the service, that explains an empty answer to a `query`; None where there is none."""


def page_links(
    here: Site, name: str, stated: Sequence[tuple[str, str]], page: Page, total: int
) -> list[tuple[str, str]]:
    """The links between pages of rows of `name`, each with what it leads to; none where one page has all."""
    if total <= page.limit and not page.offset:
        return []
    offsets = page.offsets(total)

    def address(offset: int) -> str:
        return here.path(f"{name}?{urlencode([*stated, ('limit', page.limit), ('offset', offset)])}")

    return [(where, address(offsets[where])) for where in ("first", "prev", "next", "last") if where in offsets]


@dataclass(frozen=True)
class Tab:
    """A link to another view of the same answer."""

    name: str
    href: str
    current: bool


@dataclass
class Answer:
    """An answer as the macro `answer` of `_answer.html` shows it.

    `in_words` says whether columns have headings in words, `layout` is `table` or `paths`. `pages` are links to
    other pages of rows, `first` is the number of the first row shown. `called` are headings of this answer alone.
    """

    here: Site
    shown: Shown
    origin: Origin
    in_words: bool = True
    layout: str = "table"
    pages: Sequence[tuple[str, str]] = ()
    first: int = 1
    called: Mapping[str, str] = field(default_factory=dict)
    wanted: str = field(init=False)

    def __post_init__(self) -> None:
        self.wanted = single(self.here.parameters, "view") or VIEWS[0]

    @cached_property
    def kind(self) -> str:
        """What kind of answer it is: `solutions`, `boolean` or `graph`."""
        return "boolean" if self.shown.boolean is not None else "graph" if self.shown.triples else "solutions"

    @cached_property
    def headings(self) -> list[str]:
        """The columns as the page calls them."""
        if self.kind == "graph":
            return [self.here.say(f"answer.column.{column}") for column in self.shown.columns]
        named = [self.here.column(column) if self.in_words else column for column in self.shown.columns]
        return [self.called.get(column, name) for column, name in zip(self.shown.columns, named, strict=True)]

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """The namespaces of what is no thing: classes, properties, graphs."""
        here = self.here.session
        things = here.snapshot.names.thing("")
        return tuple(space for space in here.prefixes.values() if space != things)

    @cached_property
    def ties(self) -> list[Tie]:
        """The ties between the things of the answer; empty where there is no network in it."""
        return ties_of(self.shown, self.terms, self.headings, self._modalities)

    @cached_property
    def _modalities(self) -> dict[str, str]:
        """The local name of each modality, by its IRI and by its name in both languages."""
        if "modality" not in self.shown.columns:
            return {}
        names = self.here.session.snapshot.names
        found = {names.term(name): name for name in MODALITIES}
        for language in ("nl", "en"):
            labels = self.here.session.labels(map(names.term, MODALITIES), language)
            found |= {labels[names.term(name)]: name for name in MODALITIES}
        return found

    @cached_property
    def spots(self) -> list[Spot]:
        """Where the things of the answer are; empty where nothing has a place."""
        return spots_of(self.here, self.shown, self.terms) if self.kind != "boolean" else []

    @cached_property
    def map(self) -> Map | None:
        """The points on a map; None where the front end with its outlines was not built."""
        outline = built_outline()
        places = dict.fromkeys(place for spot in self.spots for place in spot.places)
        return None if outline is None else draw_map(list(places), outline)

    @cached_property
    def charts(self) -> list[Choice]:
        """The charts that make sense of the answer."""
        return choices(self.shown)

    @property
    def offered(self) -> tuple[str, ...]:
        """The views that make sense."""
        sensible = {"network": self.ties, "map": self.spots, "chart": self.charts}
        return tuple(view for view in VIEWS if sensible.get(view, True))

    @property
    def view(self) -> str:
        """The view to show: the one asked for where there is one, else the table."""
        return self.wanted if self.wanted in self.offered else VIEWS[0]

    @property
    def missing(self) -> bool:
        """Whether a view was asked for that this answer does not have."""
        return self.wanted != self.view

    def address(self, **more: str) -> str:
        """The address of the page below the service, with `view` or `chart` as given."""
        asked = [*self.origin.parameters, *more.items()]
        return f"{self.origin.page}?{urlencode(asked)}" if asked else self.origin.page

    def _page(self, more: dict[str, str]) -> str:
        return self.here.path(f"{self.address(**more)}#answer")

    @property
    def tabs(self) -> list[Tab]:
        """A tab for each view that makes sense."""
        return [
            Tab(view, self._page({} if view == VIEWS[0] else {"view": view}), view == self.view)
            for view in self.offered
        ]

    @property
    def permalink(self) -> str:
        """The whole address of this page as it is."""
        more = {} if self.wanted in (VIEWS[0], "share") else {"view": self.wanted}
        return self.here.url(self.address(**more))

    @property
    def names(self) -> dict[str, Cell]:
        """The cell of each thing, by its IRI."""
        columns = thing_columns(self.shown, self.terms)
        return {cell.iri: cell for row in self.shown.rows for at in columns if (cell := row[at]).iri is not None}

    @cached_property
    def picture(self) -> Picture:
        """The network drawn."""
        columns = thing_columns(self.shown, self.terms)
        headings = None
        if not self.shown.triples and len(columns) == 2:
            headings = (self.headings[columns[0]], self.headings[columns[1]])
        return draw_ties(self.ties, self.names, headings)

    @cached_property
    def _certainty_names(self) -> dict[str, str]:
        names = self.here.session.snapshot.names
        labels = self.here.session.labels(map(names.term, MODALITIES), self.here.language)
        return {name: labels[names.term(name)] for name in MODALITIES}

    def number(self, value: int) -> str:
        """A number as the reader's language groups it."""
        grouped = f"{value:,}"
        return grouped.replace(",", ".") if self.here.language == "nl" else grouped

    @property
    def explained(self) -> str | None:
        """Where it is explained why an answer is empty; None where nothing can say."""
        if self.origin.explain is None or self.kind != "solutions" or not self.here.offers(self.origin.explain):
            return None
        return self.here.path(
            f"{self.origin.explain}?{urlencode([('query', self.origin.text), *self.origin.graphs])}"
        )

    def modality(self, name: str) -> str:
        """A modality in words."""
        return self._certainty_names[name]

    @property
    def certainties(self) -> list[str]:
        """The modalities in the picture, the most certain first."""
        return [name for name in MODALITIES if any(strand.tie.modality == name for strand in self.picture.strands)]

    @cached_property
    def chart(self) -> Chart:
        """The chart that `chart=` asks for, else the best."""
        wanted = single(self.here.parameters, "chart")
        choice = next((c for c in self.charts if self._name(c) == wanted), self.charts[0])
        return chart_of(self.shown, choice, self.here.say("answer.chart.others"))

    def _name(self, choice: Choice) -> str:
        columns = self.shown.columns
        return columns[choice.by] if choice.of is None else f"{columns[choice.by]}:{columns[choice.of]}"

    def charted(self, choice: Choice) -> str:
        """What a chart shows, in words."""
        by = self.headings[choice.by]
        if choice.of is None:
            return self.here.say("answer.chart.count", by=by)
        return self.here.say("answer.chart.value", by=by, of=self.headings[choice.of])

    @property
    def other_charts(self) -> list[tuple[str, str]]:
        """The other charts that make sense: each in words, with its address."""
        return [
            (self.charted(choice), self._page({"view": "chart", "chart": self._name(choice)}))
            for choice in self.charts
            if choice != self.chart.choice
        ]

    def download(self, fmt: Format) -> str:
        """The path of the whole answer in a format."""
        return self.here.file(self.origin.data(fmt))

    def whole(self, fmt: Format) -> str:
        """The whole address of the whole answer in a format."""
        return self.here.url(self.origin.data(fmt))

    @property
    def ready(self) -> list[Format]:
        """The formats that are one click away."""
        found = [fmt for fmt in self.shown.formats if fmt.name in _READY]
        return sorted(found, key=lambda fmt: _READY.index(fmt.name))

    @property
    def folded(self) -> list[Format]:
        """All other formats."""
        return [fmt for fmt in self.shown.formats if fmt.name not in _READY]

    @property
    def snippets(self) -> list[Snippet]:
        """How to ask the same elsewhere."""
        plain = by_name({"solutions": "csv", "boolean": "json", "graph": "turtle"}[self.kind], self.shown.formats)
        address, endpoint = self.whole(plain or BOOLEAN_FORMATS[0]), self.here.url("sparql")
        return snippets(self.kind, address, endpoint, self.origin.text, self.origin.graphs)
