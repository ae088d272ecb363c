"""`/sparql/check`, `/sparql/explain` and `/vocabulary`: what an editor asks while a query is written."""

from __future__ import annotations

import json
from dataclasses import replace
from time import monotonic
from typing import cast

from flask import Blueprint, Response, current_app, g, request

from so2graph.engine.wire import Question
from so2graph.errors import BadParameter, BadRequest, QueryTimeout
from so2graph.formats import HTML
from so2graph.publish.completion import Completion, CompletionKeeper, find_things
from so2graph.publish.explain import explain
from so2graph.publish.hints import hints
from so2graph.vocab import Term
from so2graph.web.asking import fresh_id, query_question
from so2graph.web.checking import check
from so2graph.web.explaining import tell
from so2graph.web.openapi_parts import INDEX
from so2graph.web.paging import read_page
from so2graph.web.protocol import QueryRequest, UpdateRequest, read_query, single
from so2graph.web.site import Site, answer, site
from so2graph.web.tables import rows_of

__all__ = ["LONGEST_NAME", "MOST_FOUND", "blueprint"]

blueprint = Blueprint("editor", __name__)
MOST_FOUND = 50
"""Things that a look-up by name gives at most."""
_FOUND = 20
LONGEST_NAME = 200
_PATIENCE, _SOON = 5.0, 0.5
"""Seconds that a request waits for counts: the list of all names, and an answer that only mentions some."""
_MOST_COUNTED = 200_000
"""Rows that a count by class and property may have."""


def _json(document: object) -> Response:
    return answer(
        json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n", INDEX.content_type
    )


def _asked(here: Site) -> QueryRequest | UpdateRequest:
    """The text that is sent, by any way of the protocol; an update may stand in the URL, since nothing is done."""
    if request.method == "POST":
        asked = read_query("POST", request.headers.get("Content-Type", ""), here.parameters, request.get_data())
    else:
        update = single(here.parameters, "update")
        if update is not None and "query" in here.parameters:
            raise BadRequest("there is a query and an update", mend="Send one of them.")
        if update is not None:
            return UpdateRequest(update, (), ())
        asked = read_query("GET", "", here.parameters, b"")
    if asked is None:
        raise BadRequest("there is no text", mend="Give it as query= or update=.")
    return asked


class _Asking:
    """Small questions to the engine, all of them together within `seconds`."""

    def __init__(self, here: Site, asked: QueryRequest, seconds: float) -> None:
        self._here, self._asked, self._until = here, asked, monotonic() + seconds
        self._limit = seconds

    def holds(self, text: str) -> bool:
        return bool(json.loads(self._reply(text, 1))["boolean"])

    def rows(self, text: str) -> list[dict[str, Term | None]]:
        return rows_of(self._reply(text, _MOST_COUNTED))

    def _reply(self, text: str, rows: int) -> bytes:
        left = self._until - monotonic()
        if left <= 0:
            raise QueryTimeout("the time for all questions is over", mend="Ask for less.", limit=self._limit)
        asked = replace(self._asked, text=text, timeout=left)
        return self._here.ask(query_question(self._here.session, asked, "", rows)).body()


def _completion(here: Site, patience: float) -> Completion:
    """What is offered to the caller. It is counted beside the request, by the engine and within its limits."""
    keeper = cast(CompletionKeeper, current_app.extensions["so2graph-completion"])
    engine, session = here.engine, here.session

    def rows(text: str) -> list[dict[str, Term | None]]:
        question = query_question(session, QueryRequest(text, (), (), None), "", _MOST_COUNTED)
        return rows_of(engine.ask(session, question).body())

    found = keeper.of(session, rows, patience)
    if found.pending:
        # The same question will have another answer.
        g.tag = None
    return found


def _parse(here: Site, text: str, *, update: bool) -> None:
    """Has a reader read a text; raises what the engine has against it."""
    question = Question(
        id=fresh_id(),
        task="check-update" if update else "check",
        text=text,
        hidden=tuple(sorted(here.session.hidden)),
        deadline=float(here.settings.check_deadline),
    )
    here.ask(question).body()


@blueprint.route("/sparql/check", methods=["GET", "POST"])
def checked() -> Response:
    """The errors of a query or an update with their places, in the language of the reader; nothing is run."""
    here = site()
    asked = _asked(here)
    update = isinstance(asked, UpdateRequest)
    found = check(
        here.session,
        asked.text,
        here.language,
        lambda: _completion(here, _SOON),
        lambda: _parse(here, asked.text, update=update),
        update=update,
    )
    response = _json(found.document())
    response.headers["Content-Language"] = here.language
    return response


@blueprint.route("/sparql/explain", methods=["GET", "POST"])
def explained() -> Response:
    """Why a query has no answer, as a page or as JSON (`format=json`, or by `Accept`)."""
    here = site()
    asked = _asked(here)
    if isinstance(asked, UpdateRequest):
        raise BadParameter("an update has no answer to explain", mend="Send a query.", parameter="update")
    as_page = here.choose((HTML, INDEX), asked.format).format is HTML
    here.session.examined(asked.text)
    _parse(here, asked.text, update=False)
    asking = _Asking(here, asked, float(here.settings.explain_deadline))
    found, completion = explain(asked.text, asking), _completion(here, _SOON)
    told = tell(
        found, hints(found, here.session, completion, asking), completion, here.session.prefixes, here.language
    )
    if as_page:
        return here.page("explain.html", told=told, text=asked.text)
    response = _json(told.document())
    response.headers["Content-Language"] = here.language
    return response


@blueprint.get("/vocabulary.json")
def vocabulary() -> Response:
    """What a query on this graph may speak of: prefixes, classes, properties, graphs and things, with labels."""
    return _json(_completion(site(), _PATIENCE).document())


@blueprint.get("/vocabulary/things.json")
def things() -> Response:
    """Things by a part of their name (`q`), the shortest names first; up to `limit`."""
    here = site()
    text = single(here.parameters, "q") or ""
    if len(text) > LONGEST_NAME:
        raise BadParameter(
            f"q has {len(text)} letters, and the limit is {LONGEST_NAME}", mend="Give a part of it.", parameter="q"
        )
    page = read_page(here.parameters, MOST_FOUND)
    asking = _Asking(here, QueryRequest("", (), (), None), here.settings.deadline)
    found = find_things(here.session, asking.rows, text, page.limit if page else _FOUND)
    return _json({"things": [entry.row() for entry in found]})
