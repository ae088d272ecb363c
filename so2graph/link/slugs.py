"""Names of things, classes and properties that fit into a URL unescaped: a bijection with IRIs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from so2graph.errors import BadParameter
from so2graph.vocab import Prefixes, parse_iri

__all__ = ["Slugs", "Step"]

_PLAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
"""As the local part of a prefixed name: it neither begins nor ends with a dot, so that no server takes it away."""
_KEPT = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
_ESCAPED = re.compile(r"~(?:[A-Za-z0-9._-]|~[0-9a-f]{2})*")
_ESCAPE = re.compile(r"~([0-9a-f]{2})")
_MARK = "~"
_NEXT, _BACK = "!", "-"
_STEPS = re.compile(r"[!/]")


@dataclass(frozen=True)
class Step:
    """One step of a path: along a property, or `back` from its object to its subject."""

    iri: str
    back: bool = False


class Slugs:
    """Slugs of one dataset.

    `alescon` is the thing of that name in the dataset, `schema:Place` any IRI that a prefix shortens, and all others
    are written out behind a tilde, with `~2f` for a slash. A path is steps with `!` between them; a step back has a
    `-` before it. OpenRefine puts ids into addresses as they are, so that none of these may need an escape.
    """

    def __init__(self, prefixes: Prefixes, things: str) -> None:
        self._prefixes, self._things = prefixes, things

    def of(self, iri: str) -> str:
        """The slug of an IRI."""
        local = iri.removeprefix(self._things)
        if local != iri and _PLAIN.fullmatch(local):
            return local
        short = self._prefixes.compact(iri)
        if short != iri and self._prefixes.expand(short) == iri:
            return short
        written = "".join(chr(b) if b in _KEPT else f"~{b:02x}" for b in iri.encode("utf-8", "surrogatepass"))
        return f"{_MARK}{written}"

    def iri(self, text: str) -> str | None:
        """The IRI that a slug, a prefixed name or an IRI (with or without angle brackets) stands for.

        None where the text is none of these; whether there is such a thing is not asked.
        """
        if text.startswith(_MARK):
            return self._written_out(text)
        bare = text[1:-1] if text.startswith("<") and text.endswith(">") else text
        try:
            if ":" in bare:
                return parse_iri(self._prefixes.expand(bare) or bare).value
            return parse_iri(self._things + bare).value if _PLAIN.fullmatch(bare) else None
        except BadParameter:
            return None

    def _written_out(self, text: str) -> str | None:
        if not _ESCAPED.fullmatch(text):
            return None
        raw = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text[1:])
        try:
            return parse_iri(raw.encode("latin-1").decode("utf-8")).value
        except (UnicodeError, BadParameter):
            return None

    def of_path(self, steps: Sequence[Step]) -> str:
        """The slug of a path."""
        return _NEXT.join((_BACK if step.back else "") + self.of(step.iri) for step in steps)

    def path(self, text: str, most: int) -> tuple[Step, ...] | None:
        """The steps of a path of up to `most`; None where the text is no path.

        Steps are separated by `!` or `/`, one back begins with `-` or `^`, as in SPARQL. One whole IRI is a path of
        one step.
        """
        if "://" in text:
            whole = self.iri(text.removeprefix("^"))
            return None if whole is None else (Step(whole, text.startswith("^")),)
        parts = _STEPS.split(text)
        if len(parts) > most:
            return None
        steps = []
        for part in parts:
            back = part[:1] in ("-", "^")
            iri = self.iri(part[1:] if back else part)
            if iri is None:
                return None
            steps.append(Step(iri, back))
        return tuple(steps)
