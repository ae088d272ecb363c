"""`/links/review`: questions about links, one after the other, and the answers of those who may judge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from so2graph.engine.changes import Write
from so2graph.engine.lookup import shorten
from so2graph.errors import BadParameter, NotFound, PreconditionFailed, Unauthorized
from so2graph.link.calibration import calibrate, due, sureness
from so2graph.link.linkset import judgements
from so2graph.link.mapping import is_thing
from so2graph.link.queue import Queue
from so2graph.link.review import PREDICATES, Answer, Asked, Verdict, accept_sure, judge, judging, last, sure, undo
from so2graph.link.runs import OpenRun, open_run, runs, targets
from so2graph.vocab import mask_addresses
from so2graph.web.links import known_targets, title_of
from so2graph.web.links_door import FORM_KEY, REVIEW, Reviewer, door_page, may_judge, reviewer, seen_to, turned_away
from so2graph.web.links_question import Words, asked_address, brings, question_of, usual_predicate
from so2graph.web.links_words import source_name
from so2graph.web.protocol import single
from so2graph.web.site import Site, answer, site
from so2graph.web.writing import write

__all__ = ["blueprint"]

blueprint = Blueprint("links_review", __name__)
_QUEUES = ("review", "accept")
"""What may be asked about: what the program leaves to people, and what it has decided by itself."""


@blueprint.get(f"/{REVIEW}")
def start() -> Response:
    """The targets with questions; for whoever is not signed in, the form to do so."""
    here = site()
    who = reviewer(here)
    if not who.may:
        return door_page(here, seen_to(single(here.parameters, "next") or REVIEW))
    rows = []
    for target in targets(here.settings.data):
        with open_run(here.settings.data, target) as opened:
            queue = Queue(opened, here.session, judgements(here.session, target))
            name = source_name(here, title_of(here, target))
            rows.append((opened.run, name, queue.left(), queue.left("accept")))
    return here.page("links_desk.html", rows=rows, who=who, form_key=FORM_KEY)


@blueprint.get(f"/{REVIEW}/<target>")
def question(target: str) -> Response:
    """The next question of a target, or the one about `ours` and `theirs`."""
    here = site()
    who = reviewer(here)
    _of(here)
    if not runs(here.settings.data, target) and target in known_targets(here):
        return here.page("links_never.html", target=target, source=source_name(here, title_of(here, target)))
    with open_run(here.settings.data, target) as opened:
        return _page(here, opened, who)


@blueprint.post(f"/{REVIEW}/<target>")
def verdict(target: str) -> Response:
    """Takes an answer."""
    here = site()
    there = here.again = _there(target)
    try:
        who = may_judge(here)
    except Unauthorized as error:
        return turned_away(here, there, error)
    asked = _asked()
    with _judged(here, who, target) as opened:
        try:
            given = judge(opened, here.session, asked, who.name, lambda change: _send(here, change))
        except PreconditionFailed as error:
            if not here.by_person:
                raise
            return _page(here, opened, who, (asked.ours, asked.theirs), error)
        if given.made:
            _learn(here, opened, who, asked)
    return _done(here, target, given, f"said={given.number}")


def _learn(here: Site, opened: OpenRun, who: Reviewer, asked: Asked) -> None:
    """After a judgement: the next best candidate is asked about, and now and then the probabilities are corrected."""
    fresh = here.access.session(who.caller)
    judged = judgements(fresh, opened.run.target)
    queue = Queue(opened, fresh, judged)
    if asked.verdict is Verdict.NO:
        queue.promote(asked.ours)
    if due(opened, judged):
        calibrate(opened, judged)


@blueprint.post(f"/{REVIEW}/<target>/accept")
def accept(target: str) -> Response:
    """Lets the program make the links that it is sure of by now."""
    here = site()
    there = here.again = _there(target)
    try:
        who = may_judge(here)
    except Unauthorized as error:
        return turned_away(here, there, error)
    predicate = usual_predicate(target, here.settings.data)
    with _judged(here, who, target) as opened:
        count = accept_sure(opened, here.session, predicate, lambda change: _send(here, change))
    if not here.by_person:
        return answer(json.dumps({"accepted": count}).encode() + b"\n", "application/json")
    response = Response(status=303)
    response.headers["Location"] = here.path(f"{REVIEW}/{target}?accepted={count}")
    return response


@blueprint.post(f"/{REVIEW}/<target>/undo")
def take_back(target: str) -> Response:
    """Takes an answer back."""
    here = site()
    there = here.again = _there(target)
    try:
        who = may_judge(here)
    except Unauthorized as error:
        return turned_away(here, there, error)
    number = request.form.get("answer", "")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise BadParameter(f"answer={shorten(number)!r} is no number of an answer", mend="Send that of the answer.")
    with _judged(here, who, target) as opened:
        given = undo(opened, here.session, int(number), who.name, lambda change: _send(here, change))
    again = urlencode({"ours": given.ours, "theirs": given.theirs})
    return _done(here, target, given, f"{again}&undone={given.number}")


@contextmanager
def _judged(here: Site, who: Reviewer, target: str) -> Iterator[OpenRun]:
    """The run of a target while nobody else judges, with `here` on what has been judged by now."""
    with open_run(here.settings.data, target) as opened, judging(here.settings.data, target):
        here.act_for(who.caller)
        yield opened


def _send(here: Site, change: Write) -> int:
    done = write(here, replace(change, hidden=tuple(sorted(here.session.hidden)), writable=here.caller.writable))
    return int(str(done["generation"]))


def _asked() -> Asked:
    form = request.form
    try:
        said = Verdict(form.get("verdict", ""))
    except ValueError:
        raise BadParameter(
            f"verdict={shorten(form.get('verdict', ''))!r} is no answer", mend=f"Send one of {', '.join(Verdict)}."
        ) from None
    for name in ("ours", "theirs"):
        if not form.get(name):
            raise BadParameter(f"the form has no {name}", mend="Send the form that the page has.", parameter=name)
    return Asked(
        form["ours"],
        form["theirs"].strip(),
        said,
        form.get("seen", ""),
        form.get("predicate", next(iter(PREDICATES))),
        form.get("comment", ""),
    )


def _done(here: Site, target: str, given: Answer, more: str) -> Response:
    """Where it goes on: for a browser the next question, else what was done."""
    if not here.by_person:
        row = {"answer": given.number, "verdict": given.verdict, "generation": given.generation}
        row["records"] = [one.record for one in given.made]
        return answer(json.dumps(row).encode() + b"\n", "application/json")
    response = Response(status=303)
    of = request.form.get("of", "")
    kept = f"&of={of}" if of in _QUEUES[1:] else ""
    saved = "" if given.generation is None else f"&saved={given.generation}"
    response.headers["Location"] = here.path(f"{REVIEW}/{target}?{more}{kept}{saved}")
    return response


def _number(text: str | None) -> int | None:
    """The generation that an answer was saved as, which an address tells."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None


def _of(here: Site) -> str:
    """The list of questions that is asked for; raises `BadParameter`."""
    of = single(here.parameters, "of")
    if of is not None and of not in _QUEUES:
        raise BadParameter(f"of={shorten(of)!r} is no list of questions", mend=f"Use {' or '.join(_QUEUES)}.")
    return of or _QUEUES[0]


def _there(target: str) -> str:
    """The question that a form was sent from, as an address to come back to."""
    ours, theirs, of = (request.form.get(name, "") for name in ("ours", "theirs", "of"))
    return asked_address(target, ours, theirs, of if of in _QUEUES else "")


def _page(
    here: Site,
    opened: OpenRun,
    who: Reviewer,
    pair: tuple[str, str] | None = None,
    error: PreconditionFailed | None = None,
) -> Response:
    target = opened.run.target
    judged = judgements(here.session, target)
    queue = Queue(opened, here.session, judged)
    of = _of(here)
    ours, theirs = pair or (single(here.parameters, "ours"), single(here.parameters, "theirs"))
    if ours is None or theirs is None:
        following = queue.next(who.name, of)
        ours, theirs = (following.ours, following.theirs) if following else (None, None)
    if theirs is not None and not is_thing(theirs.strip()):
        raise BadParameter(
            f"theirs={mask_addresses(shorten(theirs))!r} is no address of a thing",
            mend="Give one that begins with https://, without an e-mail address.",
        )
    shown = None if ours is None or theirs is None else question_of(here, opened, queue, judged, ours, theirs.strip())
    if shown is None and ours is not None:
        raise NotFound(
            f"{mask_addresses(shorten(ours))} is in no question of {target}", mend=f"Begin at /{REVIEW}/{target}."
        )
    words = Words(here, opened)
    told = last(opened, who.name) if who.may else None
    return here.page(
        "links_review.html",
        200 if error is None else error.status,
        run=opened.run if ours is None else opened.compared_by(ours),
        question=shown,
        who=who,
        left=queue.left(of),
        of=of,
        error=error,
        said=told if told is not None and str(told.number) == single(here.parameters, "said") else None,
        undone=single(here.parameters, "undone"),
        saved=_number(single(here.parameters, "saved")),
        last=told,
        last_label=words.label(told.ours) if told else "",
        unsure=queue.unsure() if shown is None else (),
        predicates=PREDICATES,
        usual=usual_predicate(target, here.settings.data),
        enriched=brings(here, target),
        sureness=sureness(opened, judged),
        sure=len(sure(opened, judged)),
        accepted=single(here.parameters, "accepted"),
        form_key=FORM_KEY,
        words=words,
        source=source_name(here, title_of(here, target)),
        address=asked_address,
        door=f"{REVIEW}?{urlencode({'next': asked_address(target, ours or '', (theirs or '').strip(), of)})}",
    )
