"""What the conditions and the range of a request mean for a file (RFC 9110, 13 and 14)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from werkzeug.datastructures import ETags
from werkzeug.http import parse_date, parse_etags, unquote_etag

from so2graph.errors import PreconditionFailed

__all__ = ["conditions"]

_RANGE = re.compile(r"\s*bytes\s*=\s*(?:[0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})\s*", re.IGNORECASE)
_DROPPED = ("HTTP_RANGE", "HTTP_IF_RANGE", "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE")


def conditions(environ: Mapping[str, object], tag: str, modified: datetime) -> dict[str, object]:
    """The request without what has been weighed here: a range is left where it counts.

    It counts with GET, in bytes, when it is one, and when `If-Range` holds (13.1.5, 14.2); a server is free to pass
    over all others. Raises `PreconditionFailed` for `If-Match` and `If-Unmodified-Since` (13.1.1, 13.1.4).
    """
    said = {name: cast(str, environ[name]) for name in _DROPPED if name in environ}
    _must_hold(said, tag, modified)
    left = {name: value for name, value in environ.items() if name not in _DROPPED}
    wanted, only_if = said.get("HTTP_RANGE"), said.get("HTTP_IF_RANGE")
    if wanted is None or environ["REQUEST_METHOD"] != "GET" or not _RANGE.fullmatch(wanted):
        return left
    if only_if is not None and unquote_etag(only_if) != (tag, False) and _date(only_if) != _second(modified):
        return left
    return left | {"HTTP_RANGE": wanted}


def _must_hold(said: Mapping[str, str], tag: str, modified: datetime) -> None:
    match, before = said.get("HTTP_IF_MATCH"), _date(said.get("HTTP_IF_UNMODIFIED_SINCE", ""))
    known: ETags = parse_etags(match)
    if match is not None and not known.contains(tag):
        raise PreconditionFailed("the file has another ETag", mend="Ask for it anew.")
    if match is None and before is not None and _second(modified) > before:
        raise PreconditionFailed("the file is of a later generation", mend="Ask for it anew.")


def _date(text: str) -> datetime | None:
    """A date of HTTP; None for what is none."""
    return parse_date(text) if text else None


def _second(moment: datetime) -> datetime:
    """A moment as a header can say it."""
    return moment - timedelta(microseconds=moment.microsecond)
