"""Where the links of a page lead: to the running service, or into a site of plain files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol
from urllib.parse import parse_qsl, quote, unquote, urlencode

from so2graph.formats import ALL_FORMATS, HTML, by_name
from so2graph.web.protocol import LANGUAGES

__all__ = ["Addresses", "Live", "Place", "PlainFiles", "apart", "file_of", "folded", "place_of"]

_SUFFIXES = frozenset(
    {
        *(f.suffix for f in ALL_FORMATS),
        *(
            "atom",
            "bin",
            "css",
            "gz",
            "html",
            "ico",
            "js",
            "map",
            "md",
            "pdf",
            "png",
            "shacl",
            "svg",
            "txt",
            "webmanifest",
        ),
        *("webp", "woff2", "yaml", "zip", "zst"),
    }
)
"""What the name of a file may end in; an address that ends in anything else is a page (`/def/0.1.0`)."""
_SPOKEN = frozenset((".atom",))
"""Files that are in the language of their reader."""
_LONGEST = 180
"""Bytes that the name of a file may have before its suffix; file systems take 255."""
_UNSAFE = re.compile(r'[\x00-\x1f\x7f"*:<>?\\|]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_SAFE_IN_PATH = "!$&'()+,;=@~"
_WELL_KNOWN = ".well-known/"
_NEEDS_SERVICE = (
    "sparql",
    "graph-store",
    "queries-running",
    "-",
    "openapi.json",
    "api",
    "ask",
    "search",
    "reconcile",
    "vocabulary",
    "vocabulary.json",
)
"""First parts of the addresses that only a running service can answer."""
_ONLY_SERVED = ("links/review", "links/health")
_ASKED_OF_SERVICE = frozenset(
    ("_mediatype", "_profile", "chart", "count", "download", "iri", "limit", "offset", "personal", "view")
)
"""Parameters that only a running service can answer."""


class Addresses(Protocol):
    """Where links lead. `local` is an address below the service, without its root: path, query and fragment."""

    live: bool

    def offers(self, local: str) -> bool:
        """Whether there is anything at that address."""

    def path(self, root: str, local: str, language: str, chosen: bool) -> str:
        """The URL path of a page, for a reader of `language`, which was `chosen` or only liked best."""

    def file(self, root: str, local: str) -> str:
        """The URL path of what is the same in every language."""

    def whole(self, public: str, local: str) -> str:
        """The whole address; `public` is that of the service."""

    def other_language(self, root: str, path: str, asked: Sequence[tuple[str, str]], language: str) -> str:
        """Where the page at `path` with the parameters `asked` stands in the other language."""

    def alternates(self, root: str, path: str, asked: Sequence[tuple[str, str]]) -> dict[str, str]:
        """The address of that page in each language, whole where that is known; empty where it has but one."""


class Live:
    """Links into the running service: the language is the parameter `lang`, kept where the reader chose it."""

    live = True

    def offers(self, local: str) -> bool:  # noqa: ARG002  # the service answers whatever it has a route for
        return True

    def path(self, root: str, local: str, language: str, chosen: bool) -> str:
        path = f"{root}/{local.lstrip('/')}"
        if not chosen:
            return path
        bare, mark, fragment = path.partition("#")
        return f"{bare}{'&' if '?' in bare else '?'}lang={language}{mark}{fragment}"

    def file(self, root: str, local: str) -> str:
        return f"{root}/{local.lstrip('/')}"

    def whole(self, public: str, local: str) -> str:
        return public + local.lstrip("/")

    def other_language(self, root: str, path: str, asked: Sequence[tuple[str, str]], language: str) -> str:  # noqa: ARG002  # the address is the same
        kept = [(name, value) for name, value in asked if name != "lang"]
        return "?" + urlencode([*kept, ("lang", _other(language))])

    def alternates(self, root: str, path: str, asked: Sequence[tuple[str, str]]) -> dict[str, str]:  # noqa: ARG002  # as above
        return {}


def _other(language: str) -> str:
    return "en" if language == "nl" else "nl"


@dataclass(frozen=True)
class Place:
    """What a plain link leads to: an address of the service without `lang`, and the language to ask it in.

    `language` is None for what is the same in every language.
    """

    local: str
    language: str | None


def folded(name: str) -> str:
    """The name as a file system sees it that knows no capitals, or writes accents another way."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def apart(locals_: Iterable[str]) -> frozenset[str]:
    """The addresses (decoded, without query) that cannot have the file of their own name.

    Of those that differ in capitals only, the first in the order of code points keeps its name. A page whose name
    ends like a file (`doc/x.ttl` for a thing called `x.ttl`) would stand where the data of another thing belongs.
    """
    taken: set[str] = set()
    moved: set[str] = set()
    for local in sorted(set(locals_)):
        key = folded(local)
        if key in taken or _suffix(local):
            moved.add(local)
        taken.add(key)
    return frozenset(moved)


def _suffix(name: str) -> str:
    """What the name of a file ends in, with its dot; empty for a page."""
    stem, dot, suffix = name.rpartition("/")[2].rpartition(".")
    return dot + suffix if stem and suffix.lower() in _SUFFIXES else ""


def _with_digest(name: str, whole: str) -> str:
    plain = re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-")[:60] or "x"
    return f"{plain}~{sha256(whole.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def _segment(text: str) -> str:
    """A part of a path as the name of a file or folder: itself where every file system takes it."""
    unfit = (
        text in ("", ".", "..")
        or _UNSAFE.search(text)
        or _RESERVED.fullmatch(text)
        or text != text.strip()
        or text.endswith(".")
        or len(text.encode("utf-8", "surrogatepass")) > _LONGEST
        or any(0xD800 <= ord(c) <= 0xDFFF for c in text)
    )
    return _with_digest(text, text) if unfit else text


def place_of(local: str, language: str | None, moved: frozenset[str] = frozenset()) -> tuple[str, str | None]:
    """The URL path below the root at which a plain server has an address, and its language (None for a file).

    A page ends with a slash, and stands below `en/` in English. `format=ttl` becomes a suffix, any other parameter
    a part of the name (`x~language~en.csv`). `moved` are the addresses that `apart` names.
    """
    bare, _, query = local.partition("#")[0].partition("?")
    asked = parse_qsl(query, keep_blank_values=True)
    said = dict(asked)
    path = unquote(bare, errors="surrogateescape").strip("/")
    if path.startswith(_WELL_KNOWN):
        return quote("/".join(map(_segment, path.split("/"))), safe=f"/{_SAFE_IN_PATH}"), None
    suffix = "" if path in moved else _suffix(path)
    spoken = said.get("lang", language)
    spoken = spoken if spoken in LANGUAGES else LANGUAGES[0]
    if suffix in _SPOKEN:
        return ("" if spoken == LANGUAGES[0] else f"{spoken}/") + quote(path, safe=f"/{_SAFE_IN_PATH}"), spoken
    stem = path.removesuffix(suffix) if suffix else path
    wanted = by_name(said["format"], (*ALL_FORMATS, HTML)) if "format" in said else None
    if wanted is not None:
        suffix = f".{wanted.suffix}"
    segments = [_segment(part) for part in stem.split("/")] if stem else []
    # Files end in a suffix, and folders never do: so that none stands in the way of the other.
    segments[:-1] = [_with_digest(part, part) if _suffix(part) else part for part in segments[:-1]]
    if stem in moved:
        segments[-1] = _with_digest(segments[-1], stem)
    more = "".join(f"~{name}~{value}" for name, value in sorted(asked) if name not in ("lang", "format"))
    if more:
        segments = [*segments[:-1], _segment((segments[-1] if segments else "index") + more)]
    if suffix and suffix != ".html":
        return quote("/".join(segments) + suffix, safe=f"/{_SAFE_IN_PATH}"), None
    if spoken != LANGUAGES[0]:
        segments.insert(0, spoken)
    return "".join(quote(part, safe=_SAFE_IN_PATH) + "/" for part in segments), spoken


def file_of(path: str) -> str:
    """The file, relative to the folder of the site, from which a plain server answers a URL path below the root."""
    bare = unquote(path.partition("#")[0].partition("?")[0], errors="surrogateescape").lstrip("/")
    return f"{bare}index.html" if bare.endswith("/") or not bare else bare


@dataclass
class PlainFiles:
    """Links into a site of plain files; `given` remembers what each link that was made stands for.

    `withheld` are addresses that are left out, with whatever suffix; `public` is where the site will stand, empty
    when nobody said.
    """

    public: str = ""
    withheld: frozenset[str] = frozenset()
    moved: frozenset[str] = frozenset()
    given: dict[str, Place] = field(default_factory=dict)
    live = False

    def offers(self, local: str) -> bool:
        bare, _, query = local.lstrip("/").partition("#")[0].partition("?")
        path = unquote(bare)
        if (
            path.startswith(_ONLY_SERVED)
            or path.partition("/")[0] in _NEEDS_SERVICE
            or _ASKED_OF_SERVICE & dict(parse_qsl(query)).keys()
        ):
            return False
        while path not in self.withheld and (suffix := _suffix(path)):
            path = path.removesuffix(suffix)
        return path not in self.withheld

    def path(self, root: str, local: str, language: str, chosen: bool) -> str:  # noqa: ARG002  # always in the address
        return f"{root}/{self._note(local, language)}"

    def file(self, root: str, local: str) -> str:
        return f"{root}/{self._note(local, None)}"

    def whole(self, public: str, local: str) -> str:
        return public + self._note(local, None) if local else public

    def other_language(self, root: str, path: str, asked: Sequence[tuple[str, str]], language: str) -> str:
        return self.path(root, _local(path, asked), _other(language), chosen=True)

    def alternates(self, root: str, path: str, asked: Sequence[tuple[str, str]]) -> dict[str, str]:
        paths = {code: self._note(_local(path, asked), code) for code in LANGUAGES}
        return {code: (self.public or f"{root}/") + path for code, path in paths.items()}

    def _note(self, local: str, language: str | None) -> str:
        """The path of `local` below the root, with its fragment; remembered until somebody asks."""
        bare, mark, fragment = local.partition("#")
        known = self.given.get(bare)
        if known is not None and known.language is None:
            return local  # The place of a file already.
        path, spoken = place_of(bare, language, self.moved)
        self.given[path] = Place(_without_language(bare.lstrip("/")), spoken)
        return path + mark + fragment


def _without_language(local: str) -> str:
    path, _, query = local.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "lang"]
    return path + (f"?{urlencode(kept)}" if kept else "")


def _local(path: str, asked: Sequence[tuple[str, str]]) -> str:
    """The address of a request without its language."""
    kept = [(name, value) for name, value in asked if name != "lang"]
    return quote(path.lstrip("/"), safe=f"/:{_SAFE_IN_PATH}") + (f"?{urlencode(kept)}" if kept else "")
