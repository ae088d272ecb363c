"""Says how to cite what a page says: in a sentence, as BibTeX, and as CSL-JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

__all__ = ["Citation"]

_BIBTEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@dataclass(frozen=True)
class Citation:
    """What a citation names: the thing, the dataset and its generation with the day it was made, and the licences."""

    name: str
    iri: str
    dataset: str
    publisher: str
    generation: int
    date: str
    licences: tuple[str, ...]
    language: str

    @property
    def key(self) -> str:
        """A key of letters, digits and hyphens."""
        local = re.sub(r"[^a-z0-9]+", "-", self.iri.rpartition("/")[2].lower()).strip("-")[:60]
        return f"so2graph-{local or 'thing'}-{self.generation}"

    @property
    def bibtex(self) -> str:
        """An entry that classical BibTeX and biblatex read."""
        note = f"generation {self.generation}" + "".join(f", {licence}" for licence in self.licences)
        rows = {
            "title": "{" + _escaped(self.name) + "}",
            "booktitle": _escaped(self.dataset),
            "author": "{" + _escaped(self.publisher) + "}",
            "year": self.date[:4],
            "howpublished": rf"\url{{{self.iri}}}",
            "note": _escaped(note),
        }
        body = ",\n".join(f"  {name} = {{{value}}}" for name, value in rows.items())
        return f"@misc{{{self.key},\n{body}\n}}\n"

    @property
    def csl(self) -> str:
        """An item of the Citation Style Language (csl-data 1.0), as programs for references import it."""
        item = {
            "id": self.key,
            "type": "dataset",
            "title": self.name,
            "container-title": self.dataset,
            "author": [{"literal": self.publisher}],
            "issued": {"date-parts": [[int(part) for part in self.date.split("-")]]},
            "version": str(self.generation),
            "URL": self.iri,
            "language": self.language,
        }
        if self.licences:
            item["license"] = ", ".join(self.licences)
        return json.dumps([item], ensure_ascii=False, indent=2) + "\n"


def _escaped(text: str) -> str:
    return "".join(_BIBTEX.get(letter, letter) for letter in " ".join(text.split()))
