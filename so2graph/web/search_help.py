"""What can be found beside the graph: the stored questions, and the pages that help."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from so2graph.publish.search_text import Query, Scorer, folded
from so2graph.registry import Text
from so2graph.web.site import Site
from so2graph.web.words import say

__all__ = ["Page", "find_pages", "pages"]

_TOPICS = (
    ("home", ""),
    ("ask", "ask"),
    ("network", "network"),
    ("source", "source/so2"),
    ("queries", "queries"),
    ("sparql", "sparql"),
    ("def", "def"),
    ("exports", "exports"),
    ("catalog", "catalog"),
    ("links", "links"),
    ("reconcile", "reconcile"),
    ("api", "api"),
    ("search", "search"),
    ("changes", "changes.atom"),
    ("settings", "-/settings"),
)
"""Topics of help with the page of each; the words are `search.help.<topic>` and `search.help.<topic>.about`."""
_GOOD, _TEXT = 0.6, 0.8
"""A name that fits; a word within a word of a description does not."""


@dataclass(frozen=True)
class Page:
    """A stored question (`group` questions) or a page that helps (`help`), with its address below the service."""

    group: str
    local: str
    title: Text
    about: Text


def pages(here: Site, known: frozenset[str]) -> Iterator[Page]:
    """All of them that are offered; `known` are the topics whose page the service has."""
    for query in here.access.bundle.queries().values():
        local = f"queries/{query.name}"
        if here.offers(local):
            yield Page("questions", local, query.title, query.description)
    for topic, local in _TOPICS:
        if topic in known and here.offers(local):
            key = f"search.help.{topic}"
            yield Page("help", local, _both(key), _both(f"{key}.about"))


def topics() -> tuple[tuple[str, str], ...]:
    """The topics of help, each with the address of its page."""
    return _TOPICS


def _both(key: str) -> Text:
    return Text(say(key, "nl"), say(key, "en"))


def find_pages(query: Query, among: Iterable[Page], language: str) -> list[tuple[float, Page]]:
    """The pages whose title or description fits, in either language, with how well (0 to 1); the best first."""
    if not query.words:
        return []
    scorer = Scorer(query)
    found = []
    for page in among:
        other = "en" if language == "nl" else "nl"
        texts = [(page.title, language, 1.0), (page.about, language, _TEXT)]
        texts += [(page.title, other, 0.95), (page.about, other, _TEXT * 0.95)]
        forms = [(folded(text.of(spoken)), factor) for text, spoken, factor in texts]
        like = max(scorer.of(form) * factor for form, factor in forms if form)
        if like >= _GOOD:
            found.append((round(like, 3), page))
    return sorted(found, key=lambda pair: (-pair[0], pair[1].title.of(language).casefold()))
