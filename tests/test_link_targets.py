"""The targets: one file each, held to the same contract; who may meet whom; what is wrong with a file, said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from so2graph.errors import BadParameter, NotFound
from so2graph.link.fields import Questions
from so2graph.link.spec import Kind
from so2graph.link.target import Target, expand, narrowed, read_target, spaces, target_of, targets
from so2graph.vocab import Prefixes, parse_iri
from tests.conftest import ROOT

FOLDER = ROOT / "so2graph" / "link" / "targets"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
SKOS, SO2 = "http://www.w3.org/2004/02/skos/core#", "https://w3id.org/so2graph/def#"
BODIES = {
    f"{SO2}Municipality",
    f"{SO2}Province",
    f"{SO2}ShelteredEmploymentBody",
    "http://www.w3.org/ns/org#Organization",
}
PLACES = {f"{SO2}UrbanCore", f"{SO2}Region", f"{SO2}MunicipalArea"}

FORMS = {
    "cbs": "http://data.europa.eu/nuts/code/NL13",
    "dbpedia-nl": "http://nl.dbpedia.org/resource/Assen",
    "eurovoc": "http://eurovoc.europa.eu/511",
    "geonames": "https://sws.geonames.org/2759633/",
    "owms": "http://standaarden.overheid.nl/owms/terms/Drenthe",
    "ror": "https://ror.org/00xqtxw43",
    "stw": "http://zbw.eu/stw/descriptor/25822-5",
    "tgn": "http://vocab.getty.edu/tgn/7006973",
    "tooi": "https://identifier.overheid.nl/tooi/id/gemeente/gm0106",
    "wikidata": "http://www.wikidata.org/entity/Q798",
    "wof": "https://spelunker.whosonfirst.org/id/101751879",
}
"""An IRI of each target, in the form that was verified."""


@pytest.fixture(scope="module")
def known(prefixes: Prefixes) -> dict[str, Target]:
    return targets(prefixes)


@pytest.fixture(params=NAMES)
def target(request: pytest.FixtureRequest, known: dict[str, Target]) -> Target:
    return known[str(request.param)]


def test_every_file_is_a_target(known: dict[str, Target]) -> None:
    """The folder is looked through; all that this project links with are there."""
    assert sorted(known) == NAMES == sorted(FORMS)


def test_a_target_says_what_it_is_in_both_languages(target: Target) -> None:
    """Title and a word about it, in Dutch and English, which differ; a homepage; and the form of its IRIs."""
    for text in (target.title, target.about):
        assert text.nl
        assert text.en
    assert target.about.nl != target.about.en
    assert target.about.nl.endswith(".")
    assert target.about.en.endswith(".")
    assert parse_iri(target.homepage)
    assert target.things.count("{id}") == 1
    before, after = target.things.split("{id}")
    assert re.fullmatch(re.escape(before) + "(.+)" + re.escape(after), FORMS[target.name])


def test_a_licence_is_an_iri_or_it_is_said_that_it_must_be_given(target: Target) -> None:
    """Only a licence that is certain is stated."""
    assert bool(target.licence) != bool(target.licence_note)
    if target.licence:
        assert parse_iri(target.licence)


def test_the_fields_can_tell_things_apart(target: Target) -> None:
    """There is a name, both sides say where each field is, and who is unique and how right it must be is in range."""
    assert target.spec.of_kind(Kind.NAME, Kind.TEXT)
    for each in target.spec.fields:
        for side in (target.ours, target.theirs):
            source = side.fields[each.name]
            assert source.paths or source.pattern or source.point, each.name
        assert (each.kind is Kind.POINT) or not target.ours.fields[each.name].point
    assert 0.9 <= target.spec.wish < 1
    assert target.predicate.startswith(SKOS)


def test_the_queries_are_sparql(target: Target) -> None:
    """What is asked of our graph, and of theirs where it is RDF, can be parsed by another parser."""
    from rdflib.plugins.sparql import prepareQuery

    sides = [target.ours, *([target.theirs] if target.access.kind in ("rdf", "sparql") else [])]
    for side in sides:
        questions = Questions(side, target.spec, target.prefixes)
        for text in (
            questions.members(),
            questions.members(after="http://a", limit=10, ordered=True),
            questions.members(limit=10, offset=20, ordered=True),
            questions.values(["http://a/1", "http://a/2"]),
        ):
            prepareQuery(text)


def test_an_endpoint_is_asked_in_pages(target: Target) -> None:
    """An endpoint has an address and a page; a file has a format that is read."""
    if target.access.kind == "sparql":
        assert re.match(r"https?://", target.access.url)
        assert 10 <= target.access.chunk <= target.access.page <= 10_000
    else:
        assert target.access.kind in ("rdf", "csv")


def test_a_body_never_meets_a_place(target: Target) -> None:
    """No target lets a public body meet what a place of ours may meet, and what is no organisation meets no body."""
    met_by = {
        side: {right for left, right in target.spec.meets if left in side_types}
        for side, side_types in (("body", BODIES), ("place", PLACES))
    }
    assert not met_by["body"] & met_by["place"]
    assert not ({left for left, _ in target.spec.meets} & BODIES and met_by["place"])


@pytest.mark.parametrize("name", ["wof", "geonames", "wikidata"])
def test_city_municipality_and_province_never_meet_one_another(name: str, known: dict[str, Target]) -> None:
    """What a city may meet, no municipality and no province may, and the other way round."""
    met = {left: {right for mine, right in known[name].spec.meets if mine == left} for left in sorted(PLACES)}
    assert all(met.values())
    for left in PLACES:
        for other in PLACES - {left}:
            assert not met[left] & met[other]


def test_no_form_of_iri_stands_for_two_targets() -> None:
    """An IRI is an identifier of one scheme only."""
    for name, iri in FORMS.items():
        scheme = "nuts" if name == "cbs" else name
        fits = [each for each, before, after in spaces() if iri.startswith(before) and iri.endswith(after)]
        assert fits == [scheme]


def test_every_target_is_in_the_docs(target: Target) -> None:
    """The page on targets has a row for each."""
    assert f"| `{target.name}` |" in (ROOT / "docs" / "link-targets.md").read_text(encoding="utf-8")


def test_a_name_that_is_not_there_lists_those_that_are(prefixes: Prefixes) -> None:
    """A typing error is answered with the names."""
    with pytest.raises(NotFound) as caught:
        target_of("wikidta", prefixes)
    assert "wikidta" in str(caught.value)
    assert "wikidata" in caught.value.mend


def test_a_type_narrows_a_target_down(known: dict[str, Target]) -> None:
    """Only things of the type take part; a type that meets nothing there is refused with those that do."""
    meets = narrowed(known["wof"], ["so2:UrbanCore"]).spec.meets
    assert meets == ((f"{SO2}UrbanCore", "https://whosonfirst.org/placetype/locality"),)
    assert narrowed(known["wof"], []) == known["wof"]
    with pytest.raises(BadParameter) as caught:
        narrowed(known["wof"], ["so2:Municipality"])
    assert "so2:Municipality" in str(caught.value)
    assert "so2:UrbanCore" in caught.value.mend


def test_a_prefix_is_expanded_and_an_iri_stays(prefixes: Prefixes) -> None:
    """Names with a known prefix become IRIs; full IRIs and plain words stay as they are."""
    assert expand("skos:exactMatch", prefixes) == f"{SKOS}exactMatch"
    assert expand("http://example.org/x", prefixes) == "http://example.org/x"
    assert expand("gemeentelijst", prefixes) == "gemeentelijst"


MINE = {
    "title": {"nl": "Eigen", "en": "Own"},
    "about": {"nl": "Iets eigens.", "en": "Something of one's own."},
    "access": {"kind": "csv"},
    "ours": {"members": "?id a so2:UrbanCore ."},
    "theirs": {"members": "id"},
    "fields": {"name": {"kind": "name", "ours": "rdfs:label", "theirs": "name"}},
}


def _write(folder: Path, **changed: object) -> Path:
    row = {**MINE, **changed}
    path = folder / "eigen.yaml"
    path.write_text(yaml.safe_dump({key: value for key, value in row.items() if value is not None}), encoding="utf-8")
    return path


def test_a_file_of_ones_own_is_a_target(tmp_path: Path, prefixes: Prefixes) -> None:
    """Eight entries are enough; it is named by its file, or kept with the data and then known by name."""
    path = _write(tmp_path)
    found = target_of(str(path), prefixes)
    assert (found.name, found.access.kind, found.spec.wish, found.licence) == ("eigen", "csv", 0.98, "")
    kept = tmp_path / "data" / "links" / "eigen" / "target.yaml"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(path.read_bytes())
    assert target_of("eigen", prefixes, tmp_path / "data") == found


WRONG: dict[str, tuple[dict[str, object], str]] = {
    "no title": ({"title": None}, "title needs nl and en"),
    "one language": ({"title": {"nl": "a"}}, "title needs nl and en"),
    "misspelt entry": ({"acces": {"kind": "csv"}}, "'acces' is not an entry"),
    "unknown access": ({"access": {"kind": "ftp"}}, "access by 'ftp'"),
    "unknown paging": ({"access": {"kind": "sparql", "paging": "random"}}, "paging 'random'"),
    "no page": ({"access": {"kind": "sparql", "page": 0}}, "page 0"),
    "no encoding": ({"access": {"kind": "csv", "encoding": "klingon"}}, "'klingon' is no encoding"),
    "no members": ({"theirs": {"types": "type"}}, "theirs does not say which things"),
    "misspelt side": ({"theirs": {"membrs": "id"}}, "'membrs' is not an entry"),
    "unknown predicate": ({"predicate": "owl:sameAs"}, "predicate 'owl:sameAs'"),
    "unknown kind": ({"fields": {"name": {"kind": "naam", "ours": "a", "theirs": "b"}}}, "unknown kind 'naam'"),
    "odd entry of a field": ({"fields": {"name": {"kind": "name", "mine": "a"}}}, "'mine'"),
    "no fields": ({"fields": None}, "no fields"),
    "a wish that is no share": ({"wish": 98}, "the wish 98"),
    "a bad pattern": (
        {"fields": {"name": {"kind": "name", "ours": {"paths": "a", "match": "("}, "theirs": "b"}}},
        "no regular expression",
    ),
    "half a point": ({"fields": {"at": {"kind": "point", "ours": {"point": ["a"]}, "theirs": "b"}}}, "point needs"),
    "a point that is a name": (
        {"fields": {"at": {"kind": "name", "ours": {"point": ["a", "b"]}, "theirs": "b"}}},
        "is not a point",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_file_is_said(name: str, tmp_path: Path, prefixes: Prefixes) -> None:
    """The error names the file and the entry, and says what to write."""
    changed, said = WRONG[name]
    with pytest.raises(BadParameter) as caught:
        read_target(_write(tmp_path, **changed), prefixes)
    assert said in str(caught.value)
    assert "eigen" in str(caught.value)
    assert caught.value.mend


def test_what_is_no_yaml_is_refused(tmp_path: Path, prefixes: Prefixes) -> None:
    """A file that cannot be parsed, or has no entries, or a name that is none."""
    path = tmp_path / "eigen.yaml"
    for text, said in (("a: [", "is not YAML"), ("- a", "has no entries")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(BadParameter, match=said):
            read_target(path, prefixes)
    with pytest.raises(BadParameter, match="no name of a target"):
        read_target(_write(tmp_path).rename(tmp_path / "Eigen doel.yaml"), prefixes)
    with pytest.raises(BadParameter, match="no name of a target"):
        read_target(_write(tmp_path).rename(tmp_path / "review.yaml"), prefixes)
