"""Pages of rows as a request asks for them: which rows, links between pages, the name as a file; without I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from so2graph.errors import BadParameter
from so2graph.web.protocol import single

__all__ = ["MAX_OFFSET", "Page", "disposition", "link_header", "read_page", "switch"]

MAX_OFFSET = 10**15
"""Beyond it there are no rows anywhere."""
_SLUG = 40


@dataclass(frozen=True)
class Page:
    """Rows `offset` to `offset + limit` of an answer."""

    limit: int
    offset: int

    def offsets(self, total: int) -> dict[str, int]:
        """Where the pages begin that this one leads to: `first` and `last`, and `prev` and `next` where there are."""
        last = (total - 1) // self.limit * self.limit if total else 0
        found = {"first": 0, "last": last}
        if self.offset > 0:
            found["prev"] = min(max(0, self.offset - self.limit), last)
        if self.offset + self.limit < total:
            found["next"] = self.offset + self.limit
        return found


def read_page(parameters: Mapping[str, Sequence[str]], most: int) -> Page | None:
    """The page that `limit` and `offset` ask for, None when neither does; raises `BadParameter`.

    `limit` is 1 to `most`, and `most` when only `offset` is given.
    """
    limit, offset = (_number(parameters, name) for name in ("limit", "offset"))
    if limit is None and offset is None:
        return None
    if limit is not None and not 1 <= limit <= most:
        raise BadParameter(f"limit={limit} is out of range", mend=f"Give 1 to {most}.", parameter="limit", limit=most)
    if offset is not None and offset > MAX_OFFSET:
        raise BadParameter(
            f"offset={offset} is out of range", mend=f"Give 0 to {MAX_OFFSET}.", parameter="offset", limit=MAX_OFFSET
        )
    return Page(most if limit is None else limit, offset or 0)


def _number(parameters: Mapping[str, Sequence[str]], name: str) -> int | None:
    text = single(parameters, name)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise BadParameter(f"{name}={text[:80]!r} is no number of rows", mend="Give digits only.", parameter=name)
    return int(text)


def switch(parameters: Mapping[str, Sequence[str]], name: str) -> bool:
    """Whether a parameter that is `yes` or `no` is `yes`; raises `BadParameter` for another value."""
    text = single(parameters, name)
    if text not in (None, "yes", "no"):
        raise BadParameter(
            f"{name}={str(text)[:80]!r} is neither yes nor no", mend="Give yes, or leave it out.", parameter=name
        )
    return text == "yes"


def link_header(offsets: Mapping[str, int], address: Callable[[int], str]) -> str:
    """The `Link` header of a page (RFC 8288, 3); `address` gives the whole address of a page by its offset."""
    return ", ".join(f'<{address(offset)}>; rel="{name}"' for name, offset in sorted(offsets.items()))


def disposition(download: bool, stem: str, values: Iterable[str], page: Page | None, suffix: str) -> str:
    """The `Content-Disposition` of an answer (RFC 6266), which is called after the values that were given."""
    parts = [stem, *(slug for value in values if (slug := _slug(value)))]
    if page is not None:
        parts.append(str(page.offset))
    name = f"{'-'.join(parts)}.{suffix}"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    header = f'{"attachment" if download else "inline"}; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=UTF-8''{quote(name, safe='')}"


def _slug(value: str) -> str:
    """A text, or the last part of an IRI, with nothing in it but letters, digits and hyphens."""
    is_name = re.match(r"<?[A-Za-z][\w+.-]*:\S*$", value)
    last = re.split(r"[/#:]", value.strip("<>/#: "))[-1] if is_name else value
    return re.sub(r"[\W_]+", "-", last).strip("-")[:_SLUG].strip("-")
