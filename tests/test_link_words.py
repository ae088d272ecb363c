"""The words of the pages of links: who judged is said as it is, nothing is in the words of the program."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from so2graph.config import Settings
from so2graph.engine.access import Access
from so2graph.engine.offline import apply_offline
from so2graph.link.checking import check, measurements, write_checkup
from so2graph.link.linkset import judge_write
from so2graph.link.mapping import PREDICATES, Mapping
from so2graph.link.runs import open_run
from so2graph.link.target import targets
from so2graph.registry import Bundle
from so2graph.web.app import create_app
from so2graph.web.links_words import field_word
from tests.linking_runs import OURS, THEIRS, write_gazetteer

HTML = {"Accept": "text/html"}
ASSEN, GRONINGEN, DRENTHE, FRYSLAN = (record.id for record in OURS)
ONE, TWO, THREE, FOUR, FIVE, SIX = (record.id for record in THEIRS)
JARGON = re.compile(
    r"\b(?:accepted|refused|wish|IJking|bits?|wens|mensen door|sha256|CompositeMatching|subject_fields)\b"
)
ADDRESS = "someone@example.org"


def words(page: str) -> str:
    """The text of the part of a page that is read, without code and the row of the file."""
    main = page.partition("<main")[2].partition("</main>")[0]
    main = re.sub(r'<section aria-labelledby="row">.*?</section>', " ", main, flags=re.DOTALL)
    main = re.sub(r"<(code|script)\b.*?</\1>", " ", main, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def by(who: str, **more: str) -> Mapping:
    """A link of the gazetteer that somebody accepted."""
    said = {"justification": "ManualMappingCuration", "mapping_date": "2026-11-26", "author": who} | more
    return Mapping(ASSEN, PREDICATES[1], ONE, "gazetteer", **said)  # type: ignore[arg-type]  # texts only


PROGRAM = {"justification": "CompositeMatching", "author": "", "tool": "so2graph", "tool_version": "0.1.0"}
REVIEWED = {"justification": "CompositeMatching", "author": "", "tool": "so2graph"}


@pytest.mark.parametrize(
    ("mapping", "judge"),
    [
        (by("Anna"), "person"),
        (by("so2graph"), "project"),
        (by("", **PROGRAM), "program"),
        (by("", **REVIEWED, reviewer="so2graph"), "project"),
        (by("", **REVIEWED, reviewer="Anna"), "person"),
        (by("so2graph", reviewer="Anna"), "person"),
        (by(""), "person"),
    ],
)
def test_who_judged_is_told_apart(mapping: Mapping, judge: str) -> None:
    """A person who reviewed or wrote it down, the project without a person who signs, or a program."""
    assert mapping.judge == judge
    assert (judge == "program") is not mapping.by_person


@pytest.fixture
def app(settings: Settings, bundle: Bundle, tmp_path: Path) -> Flask:
    """The dataset with links of each judge with the gazetteer, and its run."""
    shutil.copytree(settings.data, tmp_path / "data")
    run = write_gazetteer(tmp_path / "data")
    own = replace(settings, data=tmp_path / "data")
    access = Access(own, bundle)
    made = (
        by("Anna"),
        replace(by("so2graph"), subject=GRONINGEN, object=THREE, formerly=("2026-11-20 refused Bert",)),
        replace(
            by("", **PROGRAM),
            subject=DRENTHE,
            object=FOUR,
            run=run.id,
            confidence=0.995,
            subject_fields=("name", "web"),
            object_fields=("name", "web"),
            similarity=0.9,
            measure="cosine of character 3-grams (TF-IDF)",
        ),
    )
    apply_offline(own, [judge_write(access.session(), made)], access.prefixes, "test")
    return create_app(own, bundle)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def page(client: FlaskClient, path: str, language: str = "nl") -> str:
    answer = client.get(f"{path}{'&' if '?' in path else '?'}lang={language}", headers=HTML)
    assert answer.status_code == 200, path
    return answer.text


def test_the_overview_says_who_accepted(client: FlaskClient) -> None:
    """What the project looked up is not said to be by persons."""
    dutch, english = words(page(client, "/links")), words(page(client, "/links", "en"))
    assert "1 door een persoon, 1 door dit project, 1 door het programma" in dutch
    assert "1 by a person, 1 by this project, 1 by the program" in english
    assert "6 door dit project" in dutch  # GeoNames
    assert "door personen" not in dutch
    listed = words(page(client, "/links/gazetteer"))
    assert "Goedgekeurd: 1 door een persoon, 1 door dit project, 1 door het programma" in listed
    assert "skos:" not in listed
    standing = words(page(client, f"/links/review/gazetteer?ours={GRONINGEN}&theirs={THREE}"))
    assert f"Bij het maken van deze gegevens is een koppeling met {THREE} goedgekeurd (2026-11-26)." in standing


def test_no_page_of_links_speaks_as_the_program_does(client: FlaskClient) -> None:
    """Dutch pages have no English verdicts, no names of fields and no terms of the algorithm."""
    paths = ["/links", "/links/gazetteer", "/links/tooi", "/links/health", "/links/review", "/links/review/wof"]
    paths += [f"/links/review/gazetteer?ours={GRONINGEN}&theirs={THREE}", "/links/review/gazetteer?of=accept"]
    one = by("Anna")
    paths += [f"/doc/mapping/{replace(one, subject=GRONINGEN, object=THREE).record}"]
    paths += [f"/doc/mapping/{replace(one, subject=DRENTHE, object=FOUR).record}", f"/doc/mapping/{one.record}"]
    for path in paths:
        text = words(page(client, path))
        assert not (found := JARGON.search(text)), (path, found)
    history = words(page(client, paths[-3]))
    assert "2026-11-20: Afgewezen door Bert" in history
    explained = words(page(client, paths[-2]))
    assert "Naam, Website" in explained
    assert "gedeelde groepjes van drie letters" in explained
    assert "Naam gelijk" in explained


def test_every_field_of_every_target_has_a_name(settings: Settings) -> None:
    """In both languages, other than the name that the file of the target gives it."""
    for target in targets(data=settings.data).values():
        for field in target.spec.fields:
            for language in ("nl", "en"):
                assert field_word(language, field.name, str(field.kind))[0].isupper(), (target.name, field.name)


def test_what_was_not_checked_is_not_said_to_be_well(app: Flask, client: FlaskClient) -> None:
    """Without an examination, and without a snapshot: 'not checked', why, and what to do; nothing is measured."""
    before = words(page(client, "/links"))
    assert "niets mis" not in before
    assert "niet gecontroleerd er is nog niets onderzocht" in before
    access = app.extensions["so2graph"]
    found = check(access.session())
    assert "gazetteer" not in found.unchecked
    assert {"geonames", "wof", "tooi"} <= set(found.unchecked)
    write_checkup(access.settings.data, found)
    after = words(page(client, "/links"))
    assert "niet gecontroleerd er is geen momentopname van de bron" in after
    assert "not checked there is no snapshot of the source" in words(page(client, "/links", "en"))
    health = words(page(client, "/links/health"))
    assert "Er is niets mis gevonden." not in health
    assert "Niet gecontroleerd Van deze bronnen is er nog geen momentopname" in health
    assert "<code>so2graph link fetch geonames</code>" in page(client, "/links/health")
    assert f"{len(found.unchecked)} bronnen zijn niet gecontroleerd." in health
    triples = list(measurements(found, access.session().snapshot.names, dict.fromkeys(_checks(), "")))
    measured = {str(s).rpartition("measurement/link/")[2] for s, _, _ in triples}
    assert {"geonames/shared", "geonames/number", "gazetteer/gone"} <= measured
    assert not {"geonames/gone", "geonames/far", "geonames/stale"} & measured


def _checks() -> tuple[str, ...]:
    from so2graph.link.health import CHECKS

    return tuple(CHECKS)


def test_no_page_shows_an_address_of_an_older_run(app: Flask, client: FlaskClient) -> None:
    """Neither the question, nor its candidates, nor what is said of an address that somebody gives."""
    data = app.extensions["so2graph"].settings.data
    with open_run(data, "gazetteer") as opened:
        folder = opened.folder
    with closing(sqlite3.connect(folder / "pairs.sqlite")) as base, base:
        base.execute("UPDATE pair SET theirs = ? WHERE theirs = ?", (f"mailto:{ADDRESS}", SIX))
        base.execute("UPDATE record SET id = ? WHERE id = ?", (f"mailto:{ADDRESS}", SIX))
        base.execute("DELETE FROM state")
    for path in ("/links/review/gazetteer", f"/links/review/gazetteer?ours={GRONINGEN}&theirs={THREE}"):
        assert "@" not in words(page(client, path)), path
    for query in (f"ours={GRONINGEN}&theirs=mailto:{ADDRESS}", f"ours=mailto:{ADDRESS}&theirs={THREE}"):
        answer = client.get(f"/links/review/gazetteer?{query}", headers=HTML)
        assert answer.status_code in (400, 404), query
        assert ADDRESS not in words(answer.text), query
