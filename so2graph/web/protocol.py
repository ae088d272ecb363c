"""What a request means, decided without I/O: SPARQL 1.1 Protocol, content negotiation, languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from werkzeug.datastructures import LanguageAccept, MIMEAccept
from werkzeug.http import parse_accept_header, parse_options_header

from so2graph.errors import BadParameter, BadRequest, MethodNotAllowed, NotAcceptable, UnsupportedMedia
from so2graph.formats import HTML, Format, by_name

__all__ = [
    "FORM",
    "LANGUAGES",
    "QUERY",
    "SPARQL_METHODS",
    "UPDATE",
    "Chosen",
    "QueryRequest",
    "UpdateRequest",
    "choose_format",
    "choose_language",
    "names_html",
    "read_parameters",
    "read_query",
    "single",
    "wants_html",
]

LANGUAGES = ("nl", "en")
FORM, QUERY, UPDATE = "application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"
SPARQL_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "QUERY")
_DATASET = ("default-graph-uri", "named-graph-uri")
_USING = ("using-graph-uri", "using-named-graph-uri")
Parameters = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class QueryRequest:
    """A query as the protocol brings it (SPARQL 1.1 Protocol, 2.1).

    `format` is the `format=` of the URL or form, `timeout` the seconds that the client would wait.
    """

    text: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    format: str | None
    timeout: float | None = None


@dataclass(frozen=True)
class UpdateRequest:
    """An update as the protocol brings it (SPARQL 1.1 Protocol, 2.2), with `using-graph-uri` and the named ones."""

    text: str
    using: tuple[str, ...]
    using_named: tuple[str, ...]


@dataclass(frozen=True)
class Chosen:
    """A format, and the media type by which the client asked for it."""

    format: Format
    content_type: str


def read_parameters(text: bytes) -> dict[str, list[str]]:
    """The parameters of a URL query or form; raises `BadRequest` for what is not percent-encoded UTF-8."""
    from urllib.parse import parse_qs

    try:
        return parse_qs(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=1000)
    except ValueError as error:
        raise BadRequest(f"the parameters cannot be read: {error}", mend="Percent-encode UTF-8.") from None


def read_query(method: str, content_type: str, url: Parameters, body: bytes) -> QueryRequest | UpdateRequest | None:
    """The query or update of a request to `/sparql`; None when there is none, which asks for the description.

    The cases are the tables of SPARQL 1.1 Protocol 2.1 and 2.2: GET, POST of a form, POST of the query or update
    itself; and the method QUERY with a query as its content. Raises `MethodNotAllowed`, `UnsupportedMedia` or
    `BadRequest`.
    """
    if method in ("GET", "HEAD"):
        if "update" in url:
            raise BadRequest("an update cannot be sent by GET", mend="SPARQL 1.1 Protocol 2.2 asks for POST.")
        if "query" in url:
            return _from_parameters(url)
        _timeout(single(url, "timeout"))
        return None
    if method not in ("POST", "QUERY"):
        raise MethodNotAllowed(f"/sparql does not take {method}", mend="Use GET or POST.", allow=SPARQL_METHODS)
    media_type, options = parse_options_header(content_type)
    if options.get("charset", "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMedia(f"charset {options['charset']} is not read here", mend="Send UTF-8.")
    if media_type == UPDATE and method == "POST":
        _refuse_beside(url, ("query", "update"), "an update in the body")
        return UpdateRequest(_utf8(body), *(tuple(url.get(name, ())) for name in _USING))
    if media_type == QUERY:
        _refuse_beside(url, ("query", "update"), "a query in the body")
        return _query(_utf8(body), url)
    if media_type == FORM:
        _utf8(body)
        form = read_parameters(body)
        _refuse_beside(url, ("query", "update"), "a form")
        graphs = {name: list(values) for name, values in url.items() if name in (*_DATASET, *_USING)}
        for name in set(graphs) & set(form):
            raise BadRequest(f"{name} stands in the URL and in the form", mend="Give it in one of them.")
        form = graphs | form
        if "update" in form:
            if method == "QUERY":
                raise BadRequest("an update cannot be sent by QUERY", mend="Send it by POST.")
            if "query" in form:
                raise BadRequest("the form has a query and an update", mend="Send them one after the other.")
            return UpdateRequest(str(single(form, "update")), *(tuple(form.get(name, ())) for name in _USING))
        kept = {name: list(values) for name, values in url.items() if name in ("format", "timeout")}
        return _from_parameters(kept | form)
    accepted = [QUERY, FORM] if method == "QUERY" else [QUERY, UPDATE, FORM]
    raise UnsupportedMedia(
        f"a body of type {media_type or 'unknown'} is not read here",
        mend=f"Send {' or '.join(accepted)}.",
        accepted=accepted,
    )


def _refuse_beside(url: Parameters, names: Iterable[str], what: str) -> None:
    """Refuses parameters that the protocol wants in the body: to ignore them would give a wrong answer."""
    for name in names:
        if name in url:
            raise BadRequest(f"{name} stands in the URL beside {what}", mend="Put all parameters into the body.")


def _utf8(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"the body is not UTF-8 (byte {error.start})", mend="Encode it as UTF-8.") from None


def single(parameters: Parameters, name: str) -> str | None:
    """The value of a parameter that may be given once; raises `BadRequest` when it is given more often."""
    values = parameters.get(name, ())
    if len(values) > 1:
        raise BadRequest(f"{name} is given {len(values)} times", mend="Give it once.")
    return values[0] if values else None


def _from_parameters(parameters: Parameters) -> QueryRequest:
    text = single(parameters, "query")
    if text is None:
        raise BadRequest("the form has no query", mend="Give the query in a field called query.")
    return _query(text, parameters)


def _query(text: str, parameters: Parameters) -> QueryRequest:
    default, named = (tuple(parameters.get(name, ())) for name in _DATASET)
    return QueryRequest(text, default, named, single(parameters, "format"), _timeout(single(parameters, "timeout")))


def _timeout(text: str | None) -> float | None:
    """Seconds as a number above 0; raises `BadParameter`."""
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e9:
        raise BadParameter(f"timeout={text!r} is no number of seconds", mend="Give a number above 0.")
    return seconds


def _media_types(accept: str) -> MIMEAccept:
    """An `Accept` header without the parameters of its media types: `text/csv;charset=utf-8` is `text/csv` here."""
    header = parse_accept_header(accept, MIMEAccept)
    return MIMEAccept([(value.partition(";")[0].strip(), quality) for value, quality in header])


@lru_cache(1024)
def choose_format(accept: str, wanted: str | None, offered: tuple[Format, ...]) -> Chosen:
    """The format to answer in: the one named by `wanted`, else the best by `Accept` (RFC 9110, 12.5.1).

    Of equal quality the first offered wins; no `Accept` takes anything. Raises `NotAcceptable` with all there is.
    """
    if wanted:
        named = by_name(wanted, offered)
        if named is None:
            raise _none_fits(f"format={wanted!r} cannot be made here", offered)
        return Chosen(named, named.content_type)
    if not accept.strip():
        return Chosen(offered[0], offered[0].content_type)
    header = _media_types(accept)
    best: tuple[float, Chosen] | None = None
    for option in offered:
        for media_type in option.media_types:
            quality = header.quality(media_type)
            if quality > 0 and (best is None or quality > best[0]):
                sent = f"{media_type}; charset=utf-8" if option.charset else media_type
                best = (quality, Chosen(option, sent))
    if best is None:
        raise _none_fits(f"nothing of 'Accept: {accept}' can be made here", offered)
    return best[1]


def _none_fits(what: str, offered: Sequence[Format]) -> NotAcceptable:
    available = [{"name": f.name, "mediaType": f.media_type, "suffix": f.suffix} for f in offered]
    names = ", ".join(f"{f.name} ({f.media_type})" for f in offered)
    return NotAcceptable(what, mend=f"There is: {names}.", available=available)


@lru_cache(1024)
def wants_html(accept: str) -> bool:
    """Whether a person with a browser asks: HTML is named, and nothing is liked better."""
    header = _media_types(accept)
    named = max((quality for value, quality in header if value in HTML.media_types), default=0.0)
    return named > 0 and all(quality <= named for _, quality in header)


def names_html(wanted: str) -> bool:
    """Whether `format=` asks for a web page."""
    return by_name(wanted, (HTML,)) is not None


def choose_language(wanted: str | None, accept: str) -> str:
    """`nl` or `en`: the one asked for by `lang=`, else the best by `Accept-Language`, else Dutch."""
    if wanted in LANGUAGES:
        return str(wanted)
    return parse_accept_header(accept, LanguageAccept).best_match(LANGUAGES) or "nl"
