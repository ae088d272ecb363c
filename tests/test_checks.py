"""The checks of the data: each fails on the fault it is for, and says where it is and how to mend it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from rdflib.plugins.sparql import prepareQuery

from so2graph.config import Settings
from so2graph.engine.generations import Folder
from so2graph.errors import CheckFailed
from so2graph.publish.build import build
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, Prefixes
from tests.conftest import ROOT

NAMES = sorted(path.stem for path in (ROOT / "queries" / "checks").glob("*.rq"))


@dataclass(frozen=True)
class Mutation:
    """A fault put into a copy of the data: statements added to a graph, or words of its file replaced.

    `graph` is what comes after `graph/` in its name; `focus` is where the check must find the fault.
    """

    check: str
    graph: str
    focus: str
    add: str = ""
    old: str = ""
    new: str = ""

    def apply(self, data: Path, prefixes: Prefixes) -> None:
        path = self._path(data)
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if self.add:
            declared = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in prefixes.items())
            text += f"\n{declared}<{CANONICAL_BASE}graph/{self.graph}> {{ {self.add} }}\n"
        else:
            assert text.count(self.old) == 1, f"{self.old!r} must stand in {path.name} once"
            text = text.replace(self.old, self.new)
        path.write_text(text, encoding="utf-8")

    def _path(self, data: Path) -> Path:
        """The file that the fault goes into. What a file of mappings cannot say goes into one of its own."""
        if self.graph == "catalog":
            return data / "catalog.ttl"
        kind, _, target = self.graph.partition("/")
        if kind == "link" and not self.add:
            return data / "links" / f"{target}.sssom.tsv"
        if kind in ("link", "mappings"):
            with (data / "catalog.ttl").open("a", encoding="utf-8") as file:
                file.write(f'\n<graph/{self.graph}> so2:file "links/more.trig" .\n')
            return data / "links" / "more.trig"
        return data / f"{self.graph}.trig"


MUTATIONS = (
    Mutation(
        "address-not-quoted",
        "so2/contact",
        "id:harry-weitering",
        add="id:harry-weitering vcard:hasEmail <mailto:harry>",
    ),
    Mutation(
        "affiliation-both-ways",
        "so2/stated",
        "id:janwillem-wennekes",
        add="id:janwillem-wennekes so2:affiliatedWith id:buro-bries",
    ),
    Mutation(
        "asserted-without-claim", "so2/stated", "id:alescon", add="id:alescon so2:organises id:social-impact-day"
    ),
    Mutation("asserted-without-claim", "so2/hoped", "id:we", add="id:we so2:aimsToJoin id:national-developments"),
    Mutation(
        "catalogue-entry",
        "catalog",
        CANONICAL_BASE + "graph/so2/hoped",
        old="<graph/so2/hoped>,\n        <graph",
        new="<graph",
    ),
    Mutation(
        "catalogue-entry",
        "catalog",
        CANONICAL_BASE + "graph/so2/hoped",
        old='"SO2: gehoopt"@nl, "SO2: hoped"@en',
        new='"SO2: gehoopt"@nl',
    ),
    Mutation(
        "claim-incomplete",
        "so2/claims",
        "id:claim-f48",
        old='dcterms:identifier "F48" ;\n        so2:modality so2:stated ;',
        new='dcterms:identifier "F48" ;',
    ),
    Mutation(
        "claim-incomplete", "so2/claims", "id:claim-f48", old="oa:hasTarget <claim-f48#target> ;\n        ", new=""
    ),
    Mutation(
        "claimed-not-asserted",
        "so2/stated",
        "id:claim-f30",
        old="<luuk-duursma> so2:affiliatedWith <alescon> .",
        new="",
    ),
    Mutation(
        "claimed-not-asserted",
        "so2/hoped",
        "id:claim-f47",
        old="dat er straks meer kernen bijkomen",
        new="dat er nooit meer kernen bijkomen",
    ),
    Mutation(
        "collaboration-members",
        "so2/stated",
        "id:so-netwerk-groningen",
        add="id:so-netwerk-groningen org:hasMember id:janwillem-wennekes",
    ),
    Mutation(
        "collaboration-members",
        "so2/planned",
        "id:so-netwerk-noord-nederland",
        add="id:so-netwerk-groningen org:unitOf id:so-netwerk-noord-nederland",
    ),
    Mutation(
        "context-without-claim", "context", "id:alescon", add="id:alescon rdfs:seeAlso <https://www.rtvdrenthe.nl/>"
    ),
    Mutation(
        "different-yet-same", "context", "id:mvo-nederland", add="id:mvo-nederland skos:exactMatch id:mvo-alliantie"
    ),
    Mutation("different-yet-same", "context", "id:snn", add="id:snn owl:differentFrom id:snn"),
    Mutation("identifier-shared", "so2/editorial", "id:alescon", add='id:iwerk dcterms:identifier "ales"'),
    Mutation(
        "inferred-without-note", "so2/claims", "id:claim-f44", old=', "only the e-mail domain suggests it"@en', new=""
    ),
    Mutation(
        "label-not-quoted",
        "so2/claims",
        "id:alescon",
        old='rdf:object "Alescon"@nl',
        new='rdf:object "Alescon Assen"@nl',
    ),
    Mutation(
        "label-per-language",
        "so2/editorial",
        "id:alescon",
        old='<alescon> rdfs:label "Alescon"@en ;',
        new="<alescon>",
    ),
    Mutation(
        "label-per-language", "so2/editorial", "id:groningen", add='id:groningen rdfs:label "Groningen (city)"@en'
    ),
    Mutation(
        "mail-outside-contact",
        "so2/persons",
        "id:harry-weitering",
        add="id:harry-weitering vcard:hasEmail <mailto:harry>",
    ),
    Mutation(
        "mail-outside-contact",
        "so2/editorial",
        "id:alescon",
        add=r'id:alescon skos:note "post: info\u0040example.org"@nl',
    ),
    Mutation(
        "match-of-wrong-kind",
        "context",
        "id:groningen",
        add="id:groningen skos:closeMatch <https://identifier.overheid.nl/tooi/id/gemeente/gm0014>",
    ),
    Mutation(
        "match-of-wrong-kind",
        "context",
        "id:gemeente-assen",
        add="id:gemeente-assen skos:closeMatch <https://sws.geonames.org/2759633/>",
    ),
    Mutation(
        "match-shared",
        "context",
        "id:gemeente-groningen",
        add="id:gemeente-groningen-2017 skos:exactMatch <https://identifier.overheid.nl/tooi/id/gemeente/gm0014>",
    ),
    Mutation(
        "link-without-mapping", "link/ror", "id:iwerk", add="id:iwerk skos:exactMatch <https://ror.org/00xqtxw43>"
    ),
    Mutation(
        "mapping-incomplete",
        "link/ror",
        f"{CANONICAL_BASE}id/mapping/bd00c602fa737de8",
        old="so2graph\t2026-11-23\tROR",
        new="so2graph\t\tROR",
    ),
    Mutation(
        "mapping-without-link",
        "mappings",
        "id:unlinked",
        add="id:unlinked a sssom:Mapping ; owl:annotatedSource id:iwerk ; owl:annotatedProperty skos:exactMatch ; "
        f"owl:annotatedTarget <https://ror.org/00xqtxw43> ; dcterms:isPartOf <{CANONICAL_BASE}graph/link/ror>",
    ),
    Mutation(
        "membership-shortcut",
        "so2/stated",
        "id:membership-janwillem-wennekes-contact-so-netwerk-groningen",
        old="so2:coversArea <groningen> ;\n        so2:hasContactPerson <janwillem-wennekes> .",
        new="so2:coversArea <groningen> .",
    ),
    Mutation(
        "membership-shortcut",
        "so2/stated",
        "id:so-netwerk-groningen",
        add="id:so-netwerk-groningen so2:hasContactPerson id:luuk-duursma",
    ),
    Mutation(
        "modality-leak",
        "so2/stated",
        "id:so-netwerk-noord-nederland",
        add="id:so-netwerk-noord-nederland so2:connects id:so-netwerk-groningen",
    ),
    Mutation(
        "modality-twice",
        "so2/claims",
        "id:claim-f48",
        old='dcterms:identifier "F48" ;\n        so2:modality so2:stated ;',
        new='dcterms:identifier "F48" ;\n        so2:modality so2:stated, so2:hoped ;',
    ),
    Mutation(
        "network-membership",
        "so2/stated",
        "id:so-netwerk-groningen",
        add="id:so-netwerk-groningen org:memberOf id:social-enterprise-nederland",
    ),
    Mutation(
        "network-membership",
        "so2/planned",
        "id:so-netwerk-noord-nederland",
        add="id:so-netwerk-noord-nederland org:hasMember id:so-netwerk-groningen",
    ),
    Mutation(
        "outside-claim-without-fact",
        "so2/claims",
        "id:outside-06",
        old='dcterms:identifier "X06" ;\n'
        "        dcterms:source <https://github.com/whosonfirst-data/whosonfirst-data-admin-nl> ;",
        new='dcterms:identifier "X06" ;',
    ),
    Mutation(
        "outside-claim-without-fact",
        "context",
        "id:outside-06",
        old=', "province of Groningen (area)"@en',
        new="",
    ),
    Mutation(
        "personal-data-outside",
        "so2/editorial",
        "id:harry-weitering",
        add='id:harry-weitering foaf:name "Harry Weitering"',
    ),
    Mutation("personal-data-outside", "so2/stated", "id:harry-weitering", add="id:harry-weitering a foaf:Person"),
    Mutation("presumption-stated", "so2/stated", "id:we", add="id:we so2:presumedSameAs id:mvo-alliantie"),
    Mutation("presumption-stated", "context", "id:alescon", add="id:alescon owl:sameAs id:iwerk"),
    Mutation("same-without-proof", "link/ror", "id:iwerk", add="id:iwerk owl:sameAs <https://ror.org/00xqtxw43>"),
    Mutation("term-not-declared", "so2/stated", "id:alescon", add="id:alescon so2:sponsors id:social-impact-day"),
    Mutation("term-not-declared", "so2/stated", "id:alescon", add="id:alescon a so2:Sponsor"),
    Mutation("text-without-language", "so2/editorial", "id:alescon", add='id:alescon skos:note "zonder taal"'),
    Mutation(
        "unknown-host", "so2/editorial", "id:alescon", add="id:alescon rdfs:seeAlso <https://example.org/alescon>"
    ),
    Mutation(
        "year-as-year",
        "so2/stated",
        "id:report-so2-project-document",
        add='id:report-so2-project-document dcterms:issued "2017-01-01"^^xsd:date',
    ),
    Mutation("year-as-year", "so2/claims", "id:claim-f02", add='id:claim-f02 so2:validYear "2016"'),
)


@pytest.fixture
def copy(tmp_path: Path) -> Bundle:
    """A bundle of its own, to put a fault into."""
    for folder in ("ontology", "data", "queries"):
        shutil.copytree(ROOT / folder, tmp_path / "bundle" / folder)
    return Bundle(tmp_path / "bundle", CANONICAL_BASE)


def test_every_check_is_found(bundle: Bundle) -> None:
    """The registry finds each file of the folder."""
    assert [check.name for check in bundle.checks()] == NAMES


def test_every_check_has_a_mutation() -> None:
    """No check goes untried."""
    assert sorted({mutation.check for mutation in MUTATIONS}) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_check_is_standard_and_in_two_languages(bundle: Bundle, name: str) -> None:
    """Another parser takes its text, which gives ?focus and ?detail; message and mend are there in both languages."""
    check = next(check for check in bundle.checks() if check.name == name)
    prepared = prepareQuery(check.text)
    assert [str(variable) for variable in prepared.algebra.PV] == ["focus", "detail"]
    assert check.message.nl != check.message.en
    assert check.mend.nl != check.mend.en
    for mend in (check.mend.nl, check.mend.en):
        assert mend.endswith(".")


@pytest.mark.no_cover
@pytest.mark.parametrize("mutation", MUTATIONS, ids=[f"{m.check} in {m.graph}" for m in MUTATIONS])
def test_check_finds_its_fault(copy: Bundle, tmp_path: Path, prefixes: Prefixes, mutation: Mutation) -> None:
    """A build of the mutated data fails, and the fault names the check, the focus and a way to mend it."""
    mutation.apply(copy.data, prefixes)
    settings = Settings.load({}, {"data": tmp_path / "data"})
    with pytest.raises(CheckFailed) as caught:
        build(copy, settings)
    found = {
        fault.where: fault for fault in caught.value.faults if fault.check == f"queries/checks/{mutation.check}.rq"
    }
    assert mutation.focus in found
    check = next(check for check in copy.checks() if check.name == mutation.check)
    assert found[mutation.focus].what.startswith(check.message.en)
    assert found[mutation.focus].mend == check.mend.en


def test_faults_never_show_an_address(copy: Bundle, tmp_path: Path, prefixes: Prefixes) -> None:
    """A fault about an e-mail address says whose it is or where it stands, and not which it is."""
    address = "mailto:harry\u0040example.org"
    Mutation("mail-outside-contact", "so2/stated", "", add=f"<{address}> a vcard:Email").apply(copy.data, prefixes)
    Mutation("address-not-quoted", "so2/contact", "", add=f"id:harry-weitering vcard:hasEmail <{address}>").apply(
        copy.data, prefixes
    )
    with pytest.raises(CheckFailed) as caught:
        build(copy, Settings.load({}, {"data": tmp_path / "data"}))
    checks = {fault.check.removeprefix("queries/checks/").removesuffix(".rq") for fault in caught.value.faults}
    assert {"mail-outside-contact", "address-not-quoted"} <= checks
    assert not [fault for fault in caught.value.faults if "\u0040" in f"{fault.where} {fault.what}"]


def test_a_failed_build_publishes_nothing(copy: Bundle, tmp_path: Path, prefixes: Prefixes) -> None:
    """The generation that was current stays so."""
    settings = Settings.load({}, {"data": tmp_path / "data"})
    before = build(copy, settings).manifest
    MUTATIONS[0].apply(copy.data, prefixes)
    with pytest.raises(CheckFailed):
        build(copy, settings)
    assert Folder(settings.data).manifest() == before
