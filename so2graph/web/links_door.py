"""The door of the review pages: a browser shows its token once, and is known by a cookie of these pages alone."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import cast
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from flask import Blueprint, Response, current_app, request

from so2graph.engine.signins import SignIns, form_key
from so2graph.engine.tokens import Caller
from so2graph.errors import BadRequest, Forbidden, PolicyRefused, Unauthorized
from so2graph.link.mapping import named
from so2graph.web.errors import more_headers
from so2graph.web.site import Site, site

__all__ = [
    "COOKIE",
    "FORM_KEY",
    "REVIEW",
    "Reviewer",
    "blueprint",
    "door_page",
    "may_judge",
    "reviewer",
    "seen_to",
    "turned_away",
]

blueprint = Blueprint("links_door", __name__)
REVIEW = "links/review"
"""Below it a browser may be signed in: the cookie is sent to no other page, and nothing here is kept by a cache."""
COOKIE, FORM_KEY = "so2graph-review", "key"
_BELOW = re.compile(rf"{REVIEW}(?:/[a-z0-9-]{{1,64}}|/-/withdraw)?(?:\?[\w%&=.~+-]{{0,4000}})?")
_CROSS = ("cross-site", "same-site")


@dataclass(frozen=True)
class Reviewer:
    """Who judges: by a token in the header, or signed in with a browser, whose forms carry `key`."""

    caller: Caller
    key: str = ""

    @property
    def name(self) -> str:
        return named(self.caller.name)

    @property
    def may(self) -> bool:
        """Whether they may judge."""
        return self.caller.token is not None and self.caller.token.role in ("editor", "admin")


def _sign_ins() -> SignIns:
    return cast(SignIns, current_app.extensions["so2graph-sign-ins"])


def reviewer(here: Site) -> Reviewer:
    """Who asks for a page below `REVIEW`; from here on `here` has their rights."""
    if here.caller.token is not None:
        return Reviewer(here.caller)
    secret = request.cookies.get(COOKIE, "")
    caller = _sign_ins().caller(secret, here.access.tokens)
    if caller is None:
        return Reviewer(here.caller)
    here.act_for(caller)
    return Reviewer(caller, form_key(secret))


def may_judge(here: Site) -> Reviewer:
    """Who sends a form. Raises `PolicyRefused`, `Unauthorized` and `Forbidden`, also for a form that is not ours."""
    _somebody_may(here)
    who = reviewer(here)
    who.caller.need("editor")
    if who.key:
        _from_here(here)
        sent = request.form.get(FORM_KEY, "")
        if not hmac.compare_digest(sent.encode("utf-8", "surrogatepass"), who.key.encode()):
            raise Forbidden(
                "the form is not one that was made for this sign-in; nothing was changed",
                mend="Load the page again, and send the form that it has.",
            )
    return who


def _somebody_may(here: Site) -> None:
    if not here.access.tokens.all():
        raise PolicyRefused(
            "nobody may judge links here: nobody has a token",
            mend="Whoever runs the service makes one with 'so2graph token add NAME --role editor'.",
        )


def _from_here(here: Site) -> None:
    """Raises `Forbidden` for a form on somebody else's page (Fetch Metadata; `Origin` for what does not send it)."""
    whence = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    ours = {_origin(here.url()), _origin(request.host_url)}
    if whence in _CROSS or (whence is None and origin is not None and origin not in ours):
        raise Forbidden("the form was sent from another site; nothing was changed", mend="Use the form of this page.")


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


@blueprint.post(f"/{REVIEW}/-/sign-in")
def sign_in() -> Response:
    """Takes the token of an editor, and gives a cookie for it."""
    here = site()
    _somebody_may(here)
    _from_here(here)
    there = seen_to(request.form.get("next", REVIEW))
    here.again = _door(there)
    try:
        caller = here.access.tokens.caller(f"Bearer {request.form.get('token', '').strip()}")
        caller.need("editor")
    except (Unauthorized, Forbidden) as error:
        if not here.by_person:
            raise
        return door_page(here, there, error)
    token = caller.token
    if token is None:
        raise Unauthorized("there is no token in the form", mend="Fill it in.")
    response = _turned_to(here, there)
    sign_ins = _sign_ins()
    response.set_cookie(
        COOKIE,
        sign_ins.begin(token),
        max_age=sign_ins.seconds,
        path=_path(here),
        secure=here.url().startswith("https:"),
        httponly=True,
        samesite="Strict",
    )
    return response


@blueprint.post(f"/{REVIEW}/-/sign-out")
def sign_out() -> Response:
    """Ends the sign-in, here and in the browser."""
    here = site()
    may_judge(here)
    _sign_ins().end(request.cookies.get(COOKIE, ""))
    response = _turned_to(here, REVIEW)
    response.delete_cookie(COOKIE, path=_path(here), httponly=True, samesite="Strict")
    return response


def _path(here: Site) -> str:
    return f"{here.root}{REVIEW}"


def _turned_to(here: Site, local: str) -> Response:
    response = Response(status=303)
    response.headers["Location"] = here.path(local)
    return response


def seen_to(local: str) -> str:
    """A page below `REVIEW` to go to, without a language of its own; raises `BadRequest` for any other page, to which
    nobody is sent from here."""
    if not _BELOW.fullmatch(local):
        raise BadRequest("next= is no page of the review", mend=f"Name one below {REVIEW}.")
    bare, _, query = local.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "lang"]
    return f"{bare}?{urlencode(kept, quote_via=quote)}" if kept else bare


def _door(there: str) -> str:
    return f"{REVIEW}?{urlencode({'next': there})}"


def turned_away(here: Site, there: str, error: Unauthorized) -> Response:
    """The form that asks for a token, for a browser whose sign-in has ended; raises the error for a program.

    `there` is the page below `REVIEW` that the form was sent from, and where it goes on.
    """
    if not here.by_person:
        raise error
    here.again = _door(there)
    return door_page(here, there, error, told="links.door.ended")


def door_page(here: Site, there: str, error: Unauthorized | Forbidden | None = None, told: str = "") -> Response:
    """The form that asks for a token; with what was wrong with the one before, or `told`, the key of other words."""
    wrong = {Unauthorized: "links.door.unknown", Forbidden: "links.door.too-little"}
    response = here.page(
        "links_door.html",
        200 if error is None else error.status,
        next=there,
        told=None if error is None else told or wrong[type(error)],
        open=bool(here.access.tokens.all()),
        minutes=here.settings.sign_in_minutes,
    )
    response.headers.update({} if error is None else more_headers(error))
    return response
