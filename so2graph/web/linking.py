"""Links of a page as headers, elements and link sets: one table for all three (RFC 8288, RFC 9264, Signposting)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from so2graph.formats import HTML, Format
from so2graph.web.naming import as_uri
from so2graph.web.profiles import PROFILES, Profile

__all__ = ["LINKSET_FORMATS", "Document", "Link", "link_header", "linkset"]

LINKSET_FORMATS = (
    Format("linkset-json", "link set (JSON)", "json", ("application/linkset+json", "application/json"), frozenset()),
    Format("linkset", "link set", "txt", ("application/linkset",), frozenset()),
)
_MOST = 4096
"""Bytes of links in the head of an answer: servers and proxies refuse heads of more than 8 KiB."""


@dataclass(frozen=True)
class Link:
    """One typed link (RFC 8288, 3): `href` is a whole address or an IRI, `profile` the IRI of one."""

    rel: str
    href: str
    type: str = ""
    profile: str = ""

    @property
    def attributes(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, value) for name in ("type", "profile") if (value := getattr(self, name)))

    def written(self, anchor: str = "") -> str:
        """The link as a header writes it."""
        parts = [f"<{as_uri(self.href)}>", f'rel="{self.rel}"', *(f'{n}="{as_uri(v)}"' for n, v in self.attributes)]
        return "; ".join([*parts, f'anchor="{as_uri(anchor)}"'] if anchor else parts)


def link_header(links: Iterable[Link]) -> str:
    """The `Link` header; links that have no room are left out, so that the first are the most important."""
    parts, size = [], 0
    for link in links:
        text = link.written()
        if size + len(text) + 2 <= _MOST:
            parts.append(text)
            size += len(text) + 2
    return ", ".join(parts)


def linkset(contexts: Mapping[str, Sequence[Link]], fmt: Format) -> bytes:
    """The links of each context as a document: `application/linkset` (RFC 9264, 4.1) or its JSON (4.2)."""
    if fmt.name == "linkset":
        rows = [link.written(anchor) for anchor, links in contexts.items() for link in links]
        return ",\n".join(rows).encode("ascii") + b"\n"
    rows_of = []
    for anchor, links in contexts.items():
        context: dict[str, object] = {"anchor": as_uri(anchor)}
        for rel in dict.fromkeys(link.rel for link in links):
            context[rel] = [_target(link) for link in links if link.rel == rel]
        rows_of.append(context)
    return json.dumps({"linkset": rows_of}, indent=2).encode() + b"\n"


def _target(link: Link) -> dict[str, object]:
    """A target as an object; what RFC 8288 does not define is an array (RFC 9264, 4.2.4.3)."""
    return {"href": as_uri(link.href)} | {
        name: [as_uri(value)] if name == "profile" else value for name, value in link.attributes
    }


@dataclass(frozen=True)
class Document:
    """The page about a thing, below the service at `root`, with all its representations.

    `path` is the part after `doc/` where the thing is one of the dataset, else None: then the page goes by `?iri=`.
    `suffixed` says whether a suffix at the path means a format and not another thing.
    """

    iri: str
    root: str
    base: str
    path: str | None
    suffixed: bool = True

    @property
    def page(self) -> str:
        return self._address("", {})

    def address(self, profile: Profile, fmt: Format) -> str:
        """The address of one representation, which needs no header."""
        parameters = {} if profile is PROFILES[0] else {"_profile": profile.name}
        suffix = ""
        if fmt is not HTML:
            if self.path is not None and self.suffixed:
                suffix = f".{fmt.suffix}"
            else:
                parameters = {"format": fmt.suffix, **parameters}
        return self._address(suffix, parameters)

    def linkset(self, fmt: Format) -> str:
        """The address of the links of this page, as a document."""
        parameters = {} if fmt is LINKSET_FORMATS[0] else {"format": fmt.name}
        if self.path is not None and self.suffixed:
            return self._address("/linkset", parameters)
        return f"{self.root}doc/linkset?{_query({'iri': self.iri, **parameters})}"

    def _address(self, suffix: str, parameters: Mapping[str, str]) -> str:
        if self.path is None:
            return f"{self.root}doc?{_query({'iri': self.iri, **parameters})}"
        return f"{self.root}doc/{self.path}{suffix}{'?' if parameters else ''}{_query(parameters)}"

    def alternates(self, rel: str = "alternate") -> list[Link]:
        """A link to each representation."""
        return [
            Link(rel, self.address(profile, fmt), fmt.media_type, profile.iri(self.base))
            for profile in PROFILES
            for fmt in profile.formats
        ]

    def links(self, profile: Profile, fmt: Format, more: Sequence[Link]) -> list[Link]:
        """The links of one representation, the most important first; `more` are those that come from the data.

        The page is a landing page of Signposting (https://signposting.org/FAIR/), level 1, and leads to the link set
        of level 2; all others are metadata resources, which say what page they describe.
        """
        mine = self.address(profile, fmt)
        landing = fmt is HTML
        links = [Link("cite-as", self.iri)] if landing else [Link("describes", self.page, HTML.media_type)]
        links += [
            Link("canonical", mine, fmt.media_type),
            Link("profile", profile.iri(self.base)),
            *(Link("linkset", self.linkset(form), form.media_type) for form in LINKSET_FORMATS),
            *(link for link in more if landing or link.rel != "type"),
        ]
        full, _, schema, *_ = PROFILES
        if landing:
            metadata = [(full, "turtle"), (full, "jsonld"), (schema, "jsonld")]
            links += [
                Link("describedby", self.address(p, f), f.media_type, p.iri(self.base))
                for p, name in metadata
                for f in p.formats
                if f.name == name
            ]
        firsts = [(p, p.formats[0]) for p in PROFILES[1:]]
        for p, f in dict.fromkeys([*((profile, f) for f in profile.formats), *firsts]):
            if self.address(p, f) != mine:
                links.append(Link("alternate", self.address(p, f), f.media_type, p.iri(self.base)))
        return links

    def contexts(self, more: Sequence[Link]) -> dict[str, list[Link]]:
        """All links of all representations, for the link set."""
        full = PROFILES[0]
        page = [link for link in self.links(full, HTML, more) if link.rel not in ("alternate", "describedby")]
        page += [link for link in self.alternates("describedby") if link.href != self.page]
        page += [link for link in self.alternates() if link.href != self.page]
        found = {self.page: page}
        for link in self.alternates():
            if link.href != self.page:
                found[link.href] = [Link("describes", self.page, HTML.media_type), Link("profile", link.profile)]
        return found


def _query(parameters: Mapping[str, str]) -> str:
    return "&".join(f"{name}={quote(value, safe=':/')}" for name, value in parameters.items())
