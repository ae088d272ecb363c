"""Brings identifiers into one spelling, scheme and value, checked by their check digits; an IRI can hold one."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote, urlsplit

__all__ = ["SCHEMES", "host_of", "identifier", "identifier_in"]


def _stdnum(module: str) -> Callable[[str], str | None]:
    """A number of a kind that python-stdnum checks, without signs between its digits."""

    def checked(value: str) -> str | None:
        from importlib import import_module

        from stdnum.exceptions import ValidationError

        try:
            return str(import_module(f"stdnum.{module}").validate(value)).lower()
        except ValidationError:
            return None

    return checked


def _like(pattern: str, drop: str = r"[\s.]") -> Callable[[str], str | None]:
    whole, signs = re.compile(pattern), re.compile(drop)

    def matched(value: str) -> str | None:
        plain = signs.sub("", value).lower()
        return plain if whole.fullmatch(plain) else None

    return matched


def _kvk(value: str) -> str | None:
    """A number of the Dutch trade register: eight digits, none of which is a check; zeros in front may be lost."""
    digits = re.sub(r"[\s.\-]", "", value.lower().removeprefix("nl-kvk-").removeprefix("kvk"))
    return digits.zfill(8) if re.fullmatch(r"[0-9]{7,8}", digits) and int(digits) else None


def _rsin(value: str) -> str | None:
    """Nine digits that pass the test of eleven, as the number of a person does."""
    digits = re.sub(r"[\s.\-]", "", value)
    return _stdnum("nl.bsn")(digits.zfill(9)) if re.fullmatch(r"[0-9]{8,9}", digits) else None


def _orcid(value: str) -> str | None:
    plain = re.sub(r"[\s\-]", "", value)
    found = _stdnum("isni")(plain)
    return f"{found[:4]}-{found[4:8]}-{found[8:12]}-{found[12:]}" if found else None


def _vat(value: str) -> str | None:
    """A VAT number of the Union with its country; one that begins with digits is Dutch."""
    plain = re.sub(r"[\s.\-]", "", value).upper()
    return _stdnum("eu.vat")(plain if plain[:2].isalpha() else f"NL{plain}")


def _postcode(value: str) -> str | None:
    from so2graph.link.dutch import postcode

    return postcode(value) if len(value.strip()) <= 7 else None


SCHEMES: dict[str, Callable[[str], str | None]] = {
    "kvk": _kvk,
    "rsin": _rsin,
    "vat": _vat,
    "isni": _stdnum("isni"),
    "orcid": _orcid,
    "lei": _stdnum("lei"),
    "imo": _stdnum("imo"),
    "isbn": _stdnum("isbn"),
    "issn": _stdnum("issn"),
    "wikidata": _like(r"[qpl][1-9][0-9]{0,11}"),
    "geonames": _like(r"[1-9][0-9]{0,9}"),
    "tgn": _like(r"[1-9][0-9]{3,9}"),
    "viaf": _like(r"[1-9][0-9]{0,21}"),
    "ror": _like(r"0[a-hj-km-np-tv-z0-9]{6}[0-9]{2}"),
    "cbs": _like(r"(?:gm|pv|ld|wk|bu)[0-9]{2,8}"),
    "nuts": _like(r"[a-z]{2}[0-9a-z]{1,3}"),
    "tooi": _like(r"[a-z]+/[a-z0-9_]+", drop=r"\s"),
    "owms": lambda value: value.strip() or None,
    "eurovoc": _like(r"[0-9]+|c_[0-9a-f]+"),
    "stw": _like(r"[0-9]+-[0-9]"),
    "wof": _like(r"[1-9][0-9]{0,11}"),
    "dbpedia": lambda value: value.strip().replace(" ", "_") or None,
    "dbpedia-nl": lambda value: value.strip().replace(" ", "_") or None,
    "doi": _like(r"10\.[0-9]{4,9}/\S+", drop=r"\s"),
    "postcode": _postcode,
}
"""Schemes and how a value of each is brought into its one spelling, None where it cannot be one."""

_OTHER_NAMES = {
    "btw": "vat",
    "vatin": "vat",
    "nl-kvk": "kvk",
    "fi": "rsin",
    "wd": "wikidata",
    "gn": "geonames",
    "gm": "cbs",
    "ev": "eurovoc",
}
_IRIS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (scheme, re.compile(pattern, re.IGNORECASE))
    for scheme, pattern in (
        (
            "wikidata",
            r"https?://(?:www\.|m\.)?wikidata\.org/(?:entity|wiki|prop/direct)/(?:Special:EntityData/)?([QPL]\d+)",
        ),
        ("geonames", r"https?://(?:sws\.|www\.)?geonames\.org/(\d+)"),
        ("tgn", r"https?://vocab\.getty\.edu/(?:page/)?tgn/(\d+)"),
        ("viaf", r"https?://(?:www\.)?viaf\.org/viaf/(\d+)"),
        ("ror", r"https?://ror\.org/(0\w{8})"),
        ("isni", r"https?://(?:www\.)?isni\.org/(?:isni/)?([\dX]{16})"),
        ("orcid", r"https?://(?:www\.)?orcid\.org/([\dX-]{16,19})"),
        ("lei", r"https?://(?:search\.|api\.)?gleif\.org/\S*?([0-9A-Z]{20})"),
        ("tooi", r"https?://identifier\.overheid\.nl/tooi/id/([a-z]+/[\w]+)"),
        ("owms", r"https?://standaarden\.overheid\.nl/owms/terms/([^?#]+)"),
        ("eurovoc", r"https?://eurovoc\.europa\.eu/([\w]+)"),
        ("stw", r"https?://zbw\.eu/stw/descriptor/([\d-]+)"),
        ("nuts", r"https?://(?:data\.europa\.eu/nuts/code|dd\.eionet\.europa\.eu/vocabulary/common/nuts)/(\w+)"),
        ("cbs", r"https?://[\w.-]*cbs\.nl/\S*?((?:GM|PV|LD)\d{2,4})"),
        ("wof", r"https?://spelunker\.whosonfirst\.org/id/(\d+)"),
        ("dbpedia-nl", r"https?://nl\.dbpedia\.org/(?:resource|page)/([^?#]+)"),
        ("dbpedia", r"https?://dbpedia\.org/(?:resource|page)/([^?#]+)"),
        ("doi", r"https?://(?:dx\.)?doi\.org/(10\.\S+)"),
    )
)
_HOST = re.compile(r"(?:[\w-]{1,63}\.)+[^\W\d_][\w-]{0,61}[^\W_]")
_SHARED = (
    "facebook.com instagram.com linkedin.com twitter.com x.com youtube.com tiktok.com pinterest.com linktr.ee "
    "sites.google.com google.com goo.gl bit.ly wikipedia.org wikidata.org gmail.com googlemail.com hotmail.com "
    "hotmail.nl outlook.com live.nl live.com icloud.com me.com yahoo.com ziggo.nl kpnmail.nl planet.nl home.nl "
    "hetnet.nl xs4all.nl upcmail.nl telfort.nl solcon.nl online.nl casema.nl chello.nl zonnet.nl quicknet.nl"
)
"""Hosts at which anybody can have a page or an address: they say nothing about who has one."""
_FREE = frozenset(("www", "www1", "www2", "www3", "web", "m"))


def identifier(scheme: str, value: str) -> str | None:
    """`scheme:value` in its one spelling; None where the value cannot be of the scheme (a check digit is wrong).

    A scheme that is not known is taken as it is, in small letters, and its value without blanks around.
    """
    name = scheme.strip().lower()
    name = _OTHER_NAMES.get(name, name)
    value = value.strip()
    if not name or not value:
        return None
    check = SCHEMES.get(name)
    found = check(value) if check else value
    return f"{name}:{found}" if found else None


def identifier_in(text: str) -> str | None:
    """The identifier that a text is: an IRI of a known form, or `scheme:value`; None where it is neither."""
    text = text.strip()
    if "://" in text:
        for scheme, pattern in _IRIS:
            if found := pattern.match(text):
                return identifier(scheme, unquote(found[1]))
        return None
    scheme, colon, value = text.partition(":")
    return identifier(scheme, value) if colon and re.fullmatch(r"[A-Za-z][\w-]*", scheme) else None


def host_of(url: str) -> str | None:
    """The host of a web address or a domain, in ASCII and without `www.` and port.

    None where it is none, and for hosts at which anybody can have a page or an address.
    """
    text = url.strip()
    if "@" in text and "://" not in text:
        text = text.rpartition("@")[2]
    try:
        host = urlsplit(text if "://" in text else f"//{text}").hostname or ""
        host = host.rstrip(".").encode("idna").decode("ascii").lower()
    except (ValueError, UnicodeError):
        return None
    labels = host.split(".")
    while len(labels) > 2 and labels[0] in _FREE:
        labels = labels[1:]
    host = ".".join(labels)
    if len(host) > 253 or not _HOST.fullmatch(host):
        return None
    return None if any(".".join(labels[at:]) in _shared() for at in range(len(labels))) else host


@lru_cache(1)
def _shared() -> frozenset[str]:
    return frozenset(_SHARED.split(" "))
