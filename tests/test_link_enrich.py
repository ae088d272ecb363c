"""What links bring: with source, licence and date, shared by several links, replaced, and gone with the last."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from so2graph.errors import BadParameter
from so2graph.link.enrich import MOST, Enrichment, enrich_write
from so2graph.link.enriched import brought_by
from so2graph.link.snapshot import Snapshot
from so2graph.link.target import Target, read_target, target_of
from so2graph.vocab import RDFS, Iri
from tests.test_link_publish import ASSEN, GRAPHS, GRONINGEN, SAID, THERE, Desk, desk

__all__ = ["desk"]

LABEL, PART, ABOUT = RDFS + "label", "https://example.org/def/partOf", "https://example.org/def/about"
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
TEXT = f"""
<{THERE}1> <{LABEL}> "Assen"@nl, "Assen (Drenthe)", "Ассен"@ru ;
  <{PART}> <{THERE}9> ; <{ABOUT}> [ <{LABEL}> "hidden" ], "anna\u0040example.org", <mailto:anna\u0040example.org> ;
  <https://example.org/def/other> "not asked" .
<{THERE}9> <{LABEL}> "Drenthe"@en ; <{PART}> <{THERE}10> .
<{THERE}10> <{LABEL}> "too far" .
<{THERE}2> <{LABEL}> "another" .
"""


def of(desk: Desk, text: str = TEXT, licence: str = CC0, name: str = "list.ttl") -> tuple[Target, Snapshot]:
    """A target that brings labels, and those of what its things are part of; and a snapshot of it."""
    folder = desk.settings.data / "snapshots"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    target = replace(
        target_of("wof"), name="gazetteer", enrich=((LABEL,), (PART, LABEL), (ABOUT,)), access=replace_access(name)
    )
    return target, Snapshot("gazetteer", name, "ab" * 32, 1, "2026-11-20T08:00:00Z", name, licence, 1, folder)


def replace_access(name: str):  # type: ignore[no-untyped-def]  # that of the target, with another format
    return replace(target_of("wof").access, format="", kind="csv" if name.endswith("csv") else "rdf")


def bring(desk: Desk, *given: object) -> Enrichment:
    done = enrich_write(desk.session, *of(desk, *given))  # type: ignore[arg-type]  # as `of` takes them
    if done.write.text:
        desk.make(done.write)
    return done


def plain(desk: Desk) -> set[tuple[str, str, str]]:
    """The triples of the graph of enrichment that are about the things."""
    graph = Iri(f"{GRAPHS}enrich/gazetteer")
    return {
        (str(q[0]).removeprefix(THERE), q[1].value.rpartition("/")[2], str(q[2]))
        for q in desk.quads()
        if q[3] == graph and "#brought-" not in str(q[0])
    }


def test_what_is_on_the_paths_comes_and_nothing_else(desk: Desk) -> None:
    """In Dutch, English or no language; no blank node, no address, nothing beyond the paths."""
    desk.judge(SAID)
    done = bring(desk)
    assert plain(desk) == {
        ("1", "rdf-schema#label", "Assen"),
        ("1", "rdf-schema#label", "Assen (Drenthe)"),
        ("1", "partOf", f"{THERE}9"),
        ("9", "rdf-schema#label", "Drenthe"),
    }
    assert (done.statements, done.links) == (4, 1)


def test_each_statement_has_its_link_licence_and_date(desk: Desk) -> None:
    """A reader of the graph sees for every triple where it is from."""
    desk.judge(SAID)
    bring(desk)
    rows = brought_by(desk.session, SAID)
    assert len(rows) == 4
    for row in rows:
        assert (row.mapping, row.licence, row.date, row.version) == (
            SAID.iri(desk.session.snapshot.names),
            CC0,
            "2026-11-20",
            "list.ttl",
        )


def test_it_is_no_fact(desk: Desk) -> None:
    """A plain query does not see it, nor do the counts of facts; the catalogue has its graph."""
    desk.judge(SAID)
    facts = desk.session.snapshot.manifest.derived[f"{GRAPHS}facts"]
    bring(desk)
    manifest = desk.session.snapshot.manifest
    assert manifest.derived[f"{GRAPHS}facts"] == facts
    assert f"{GRAPHS}enrich/gazetteer" not in desk.session.factual
    entry = {(q[1].value, str(q[2])) for q in desk.session.about(subject=Iri(f"{GRAPHS}enrich/gazetteer"))}
    assert ("http://purl.org/dc/terms/license", CC0) in entry
    assert ("http://rdfs.org/ns/void#triples", str(manifest.graphs[f"{GRAPHS}enrich/gazetteer"])) in entry


def test_a_triple_by_two_links_stays_until_the_last_goes(desk: Desk) -> None:
    """Two of ours are linked with the same thing: withdrawing one leaves what came by the other."""
    other = replace(SAID, subject=GRONINGEN)
    desk.judge(SAID, other)
    quads = bring(desk).statements
    assert quads == 8
    before = plain(desk)
    desk.judge(withdrawn=(SAID.record,))
    assert plain(desk) == before
    assert brought_by(desk.session, SAID) == ()
    desk.judge(replace(other, negated=True))
    assert plain(desk) == set()
    assert f"{GRAPHS}enrich/gazetteer" not in desk.session.snapshot.manifest.graphs
    assert not list(desk.session.about(subject=Iri(f"{GRAPHS}enrich/gazetteer")))


def test_a_newer_snapshot_replaces_what_an_older_one_brought(desk: Desk) -> None:
    """What it no longer says goes; the same again is no write."""
    desk.judge(SAID)
    bring(desk)
    bring(desk, f'<{THERE}1> <{LABEL}> "Assen"@nl .')
    assert plain(desk) == {("1", "rdf-schema#label", "Assen")}
    assert bring(desk, f'<{THERE}1> <{LABEL}> "Assen"@nl .').write.text == ""
    bring(desk, f'<{THERE}2> <{LABEL}> "x" .')
    assert f"{GRAPHS}enrich/gazetteer" not in desk.session.snapshot.manifest.graphs


def test_a_thing_with_a_thousand_names_brings_some(desk: Desk) -> None:
    """Of one property of one thing no more than the limit comes."""
    desk.judge(SAID)
    names = " , ".join(f'"naam {at:04}"' for at in range(1000))
    assert bring(desk, f"<{THERE}1> <{LABEL}> {names} .").statements == MOST


def test_what_cannot_be_brought_is_told(desk: Desk, tmp_path: Path) -> None:
    """Without a licence, without paths, and from a table: each says what to do."""
    desk.judge(SAID)
    target, snapshot = of(desk)
    with pytest.raises(BadParameter, match=r"licence of list\.ttl is not known"):
        enrich_write(desk.session, target, replace(snapshot, licence=""))
    with pytest.raises(BadParameter, match="does not say what to bring"):
        enrich_write(desk.session, replace(target, enrich=()), snapshot)
    table, csv = of(desk, "id,name\n1,Assen\n", CC0, "list.csv")
    with pytest.raises(BadParameter, match="is not RDF"):
        enrich_write(desk.session, table, csv)
    bad = tmp_path / "bad.yaml"
    text = (Path(__file__).parent.parent / "so2graph" / "link" / "targets" / "wof.yaml").read_text(encoding="utf-8")
    bad.write_text(text.replace("enrich: [rdfs:label", "enrich: [unknown:label"), encoding="utf-8")
    with pytest.raises(BadParameter, match="in enrich has no known prefix"):
        read_target(bad, desk.access.prefixes)


def test_links_with_what_the_snapshot_lacks_bring_nothing(desk: Desk) -> None:
    """A link to a thing that is not in the file is no fault."""
    desk.judge(replace(SAID, object=f"{THERE}77"))
    assert bring(desk).statements == 0
    assert ASSEN not in {s for s, _, _ in plain(desk)}
