"""Checks a staged dataset: evidence against the page, the queries of `queries/checks/`, and SHACL."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from so2graph.engine.dataset import Dataset
from so2graph.engine.staging import Staged
from so2graph.errors import DataInvalid, Fault, QuerySyntax
from so2graph.publish.catalogue import Catalogue
from so2graph.registry import Bundle
from so2graph.vocab import Names, Prefixes, mask_addresses

__all__ = ["Checker"]

_EVIDENCE = """
SELECT ?claim ?id ?start ?end ?exact ?prefix ?suffix WHERE {
  { GRAPH ?g1 { ?claim oa:hasTarget ?target . ?target oa:hasSelector ?position .
                ?position oa:start ?start ; oa:end ?end } }
  OPTIONAL { GRAPH ?g2 { ?claim dcterms:identifier ?id } }
  OPTIONAL { GRAPH ?g3 { ?target oa:hasSelector ?quote .
                         ?quote oa:exact ?exact ; oa:prefix ?prefix ; oa:suffix ?suffix } }
} ORDER BY ?claim
"""
_PAGE = """
SELECT ?file ?sha WHERE { GRAPH ?g { ?page a so2:SourcePage }
  GRAPH ?h { ?page so2:file ?file ; spdx:checksum/spdx:checksumValue ?sha } }
"""


@dataclass(frozen=True)
class Checker:
    """Everything that a check needs to know; `faults` runs them all."""

    bundle: Bundle
    names: Names
    prefixes: Prefixes
    catalogue: Catalogue
    staged: Staged

    def faults(self) -> tuple[Fault, ...]:
        """What is wrong, in a fixed order; empty when the dataset may be published.

        Faults end up in logs, so e-mail addresses are masked in them.
        """
        found = [*self.evidence(), *self.queries()]
        return tuple(replace(fault, what=mask_addresses(fault.what)) for fault in found or self.shapes())

    def _everywhere(self) -> Dataset:
        graphs = (*(entry.iri for entry in self.catalogue.entries), self.names.catalogue)
        return Dataset((self.names.facts,), tuple(sorted(graphs)))

    def evidence(self) -> Iterator[Fault]:
        """Quotes that are not found at their offsets (in code points, Web Annotation 4.2.5) of the pinned page."""
        page = self._page()
        for row in self.staged.query(_EVIDENCE, self._everywhere(), self.prefixes).rows():
            claim, identifier, start, end, exact, prefix, suffix = (None if t is None else str(t) for t in row)
            where = f"claim {identifier or claim}"
            if exact is None or start is None or end is None or prefix is None or suffix is None:
                yield Fault(
                    "evidence",
                    where,
                    "it has a position in the page, but no complete quote",
                    "Give it an oa:TextQuoteSelector with oa:exact, oa:prefix and oa:suffix.",
                )
                continue
            first, last = int(start), int(end)
            there = page[first:last]
            if there != exact:
                at = page.find(exact)
                mend = (
                    f"The quote is at [{at},{at + len(exact)}): correct oa:start and oa:end."
                    if at >= 0
                    else "The quote is nowhere in the page: copy it from there, to the letter."
                )
                yield Fault("evidence", where, f"its quote {exact!r} is not at [{first},{last}) of the page", mend)
            elif not (page[:first].endswith(prefix) and page[last:].startswith(suffix)):
                yield Fault(
                    "evidence",
                    where,
                    "the words before or after its quote are not those of the page",
                    "Copy oa:prefix and oa:suffix from the page.",
                )

    def _page(self) -> str:
        for file, sha in self.staged.query(_PAGE, self._everywhere(), self.prefixes).rows():
            content = (self.bundle.data / str(file)).read_bytes()
            actual = hashlib.sha256(content).hexdigest()
            if actual != str(sha).lower():
                raise DataInvalid(
                    f"{file} has sha256 {actual}, and the graph pins {sha}",
                    mend="Put the page back as it was; the offsets of all evidence count on it.",
                )
            return content.decode("utf-8")
        raise DataInvalid(
            "no so2:SourcePage with so2:file and a checksum is in the graph",
            mend="See data/so2/editorial.trig for how the page is pinned.",
        )

    def queries(self) -> Iterator[Fault]:
        """Rows of the check queries."""
        for check in self.bundle.checks():
            try:
                answer = self.staged.query(check.text, self._everywhere(), self.prefixes)
            except QuerySyntax as error:
                raise DataInvalid(f"queries/checks/{check.name}.rq, {error}", mend="Mend the check there.") from None
            columns = answer.variables or ()
            for row in answer.rows():
                values = dict(zip(columns, row, strict=True))
                focus = self.prefixes.compact(str(values.get("focus") or ""))
                detail = self.prefixes.compact(str(values.get("detail") or ""))
                what = f"{check.message.en} {detail}".strip()
                yield Fault(f"queries/checks/{check.name}.rq", focus, what, check.mend.en)

    def shapes(self) -> Iterator[Fault]:
        """Results of SHACL validation of everything but the e-mail graph, with the Dutch or English message."""
        if not self.bundle.shapes:
            return
        import rdflib
        from pyshacl import validate

        logging.getLogger("pyshacl").setLevel(logging.ERROR)
        data = rdflib.Graph().parse(data=self.staged.ntriples(self.names.everything), format="nt")
        shapes = rdflib.Graph()
        for path in self.bundle.shapes:
            shapes.parse(data=self.bundle.read(path), format="turtle")
        _, report, _ = validate(data, shacl_graph=shapes, inference="none", advanced=False, meta_shacl=False)
        sh = rdflib.SH
        rows = []
        for result in report.subjects(rdflib.RDF.type, sh.ValidationResult):
            focus = self.prefixes.compact(str(report.value(result, sh.focusNode)))
            messages = {
                m.language: str(m) for m in report.objects(result, sh.resultMessage) if isinstance(m, rdflib.Literal)
            }
            path = report.value(result, sh.resultPath)
            value = report.value(result, sh.value)
            what = messages.get("en") or next(iter(messages.values()), "it does not fit its shape")
            name = self.prefixes.compact(str(path)) if isinstance(path, rdflib.URIRef) else ""
            if value is not None and str(value) != focus:
                what += f" (found: {self.prefixes.compact(str(value))})"
            rows.append((focus, name, what))
        for focus, name, what in sorted(set(rows)):
            mend = f"Correct {name or 'it'} in the file of its graph (ontology/shapes/ says what is expected)."
            yield Fault("shapes", focus, what, mend)
