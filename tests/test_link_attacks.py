"""What strangers and files from elsewhere may try on links and reconciliation, and what comes of it."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from threading import BoundedSemaphore
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from so2graph.config import Settings
from so2graph.engine.access import Access
from so2graph.engine.offline import apply_offline
from so2graph.errors import BadParameter, DataInvalid, DataSyntax
from so2graph.link.extract import opened_store
from so2graph.link.files import open_file
from so2graph.link.linkset import judge_write
from so2graph.link.mapping import PREDICATES, Mapping, is_thing, label_in
from so2graph.link.sssom import read
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, Iri, Names, address_spans, is_iri, mask_addresses
from so2graph.web.app import create_app

FORM = "application/x-www-form-urlencoded"
ASSEN, EXACT = f"{CANONICAL_BASE}id/assen", PREDICATES[1]
HEAD = '#curie_map:\n#  id: "https://w3id.org/so2graph/id/"\n#  ex: "https://example.org/"\n'
TABLE = (
    "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"
    f"id:assen\t{EXACT}\tex:1\thttps://w3id.org/semapv/vocab/LexicalMatching\n"
)
BREAKING_OUT = "https://example.org/a> } SERVICE <http://127.0.0.1/> { ?a ?b ?c } VALUES ?q { <x:y"


def test_addresses_are_found_as_ever_and_in_time() -> None:
    """The e-mail addresses of a text are those of the plain pattern; a million letters take a moment."""
    plain = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
    random = Random(1)
    for _ in range(20_000):
        text = "".join(random.choice("a.@+-_ é²\u0301") for _ in range(random.randint(0, 14)))
        assert [found.span() for found in plain.finditer(text)] == list(address_spans(text))
        assert mask_addresses(text) == plain.sub("‹e-mail address›", text)
    for text in ("a" * 1_000_000, "a@" * 500_000, "@a." * 300_000):
        assert mask_addresses(text) == text


@pytest.mark.parametrize("iri", [BREAKING_OUT, "https://example.org/a b", "https://example.org/\ud800", "x:\n"])
def test_what_is_no_iri_is_written_into_no_query(settings: Settings, bundle: Bundle, iri: str) -> None:
    """A term that would end itself is refused where it is written; asked for its name, it is its own."""
    assert not is_iri(iri)
    with pytest.raises(BadParameter):
        assert Iri(iri).n3
    assert Access(settings, bundle).session().labels([iri, ASSEN], "nl").keys() == {iri, ASSEN}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("object", "https://example.org/jan.jansen@example.org"),
        ("author", "https://a> . } GRAPH <https://example.org/g> { <x:a> <x:b> <x:c"),
        ("reviewer", "https://a b"),
    ],
)
def test_a_mapping_holds_no_address_and_no_query(name: str, value: str) -> None:
    """Neither an e-mail address within an IRI nor an author who would end the write comes into a mapping."""
    with pytest.raises(BadParameter):
        replace(Mapping(ASSEN, EXACT, "https://example.org/1", "gazetteer"), **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "iri",
    ["javascript:alert(1)", "mailto:jan.jansen@example.org", "row 5", "https://a b", "https://a/x.y@example.org"],
)
def test_a_record_that_no_link_can_lead_to_is_none(iri: str) -> None:
    """What no mapping may hold is told apart before: one record of many does not end a run."""
    assert not is_thing(iri)
    with pytest.raises(BadParameter):
        Mapping(ASSEN, EXACT, iri, "gazetteer")


def test_a_label_is_one_that_may_be_shown() -> None:
    """Names with an e-mail address or a control character are passed over, endless ones cut."""
    assert label_in(["bel jan.jansen@example.org", "a\x01b", "Assen" * 1_000]) == ("Assen" * 1_000)[:1_000]
    assert label_in(["\ud800"]) == ""


def test_the_header_of_a_file_is_not_written_out() -> None:
    """Lists within lists of the header are of no account, however many they stand for."""
    levels = "".join(f"#a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n" for n in range(20))
    bomb = f'#a0: &a0 "x"\n{levels}#comment: *a20\n#mapping_set_title: *a20\n'
    found = read(bomb + HEAD + TABLE, "x.sssom.tsv", "gazetteer", Names(CANONICAL_BASE))
    assert (found.title, [one.comment for one in found.mappings]) == ("", [""])


@pytest.mark.parametrize("title", ["jan.jansen@example.org", "a\\u0007b", "x" * 1_001])
def test_the_title_of_a_file_is_fit_to_be_shown(title: str) -> None:
    """An e-mail address, a control character or an endless text in the header is refused."""
    text = f'#mapping_set_title: "{title}"\n{HEAD}{TABLE}'
    with pytest.raises(DataInvalid, match="mapping_set_title"):
        read(text, "x.sssom.tsv", "gazetteer", Names(CANONICAL_BASE))


def test_a_remark_of_several_lines_is_shown(settings: Settings, bundle: Bundle, tmp_path: Path) -> None:
    """A line of a remark that begins with # is no comment of the file: the page shows it."""
    shutil.copytree(settings.data, tmp_path / "data")
    mine = replace(settings, data=tmp_path / "data")
    session = Access(mine, bundle).session()
    one = Mapping(ASSEN, EXACT, "https://example.org/1", "gazetteer", reviewer="anna", comment='a\r\n#b"c\n<i>d')
    apply_offline(mine, [judge_write(session, [one])], session.prefixes, "test")
    answer = create_app(mine, bundle).test_client().get(f"/doc/mapping/{one.record}", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "#b&#34;c" in answer.text
    assert "&lt;i&gt;d" in answer.text


def test_a_file_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    """A packed file is read up to 200 times its size; one of data is read to its end."""
    bomb, data = tmp_path / "bomb.nt.gz", tmp_path / "data.nt.gz"
    with gzip.open(bomb, "wb", compresslevel=9) as file:
        for _ in range(200):
            file.write(b"#" * 1_000_000 + b"\n")
    data.write_bytes(gzip.compress(b"<x:a> <x:b> <x:c> .\n" * 1_000))
    with open_file(data) as opened:
        assert len(opened.file.read()) == 20_000
    with open_file(bomb) as opened, pytest.raises(DataSyntax, match="200 times"):
        sum(map(len, iter(lambda: opened.file.read(1_000_000), b"")))


def test_an_endless_line_is_a_fault_of_the_file(tmp_path: Path) -> None:
    """A statement that no memory holds is told as a fault of the file, not of the program."""
    path = tmp_path / "long.nt"
    path.write_bytes(b'<x:a> <x:b> "' + b"a" * 20_000_000 + b'" .\n')
    with open_file(path) as opened, pytest.raises(DataSyntax), opened_store(opened, "ntriples"):
        pass


def extend(client: FlaskClient, ids: list[str], properties: list[str]) -> Any:
    """The answer to a data extension."""
    asked = {"ids": ids, "properties": [{"id": each} for each in properties]}
    return client.post("/reconcile", data=urlencode({"extend": json.dumps(asked)}), content_type=FORM)


@pytest.mark.parametrize(
    ("ids", "properties"),
    [([f"a{n}" for n in range(20_001)], []), ([], [f"a:{n}" for n in range(20_001)])],
    ids=["things", "properties"],
)
def test_half_an_extension_is_bounded_too(client: FlaskClient, ids: list[str], properties: list[str]) -> None:
    """Things without properties, or properties without things, count as well."""
    assert extend(client, ids, properties).status_code == 413


def test_half_a_character_names_nothing(client: FlaskClient) -> None:
    """Half of a surrogate pair in an id is the id of nothing, and no fault."""
    answer = extend(client, ["http://x/\ud800", "assen"], ["http://x/\ud800"])
    assert answer.status_code == 200
    assert answer.json["rows"] == {"http://x/\ud800": {"http://x/\ud800": []}, "assen": {"http://x/\ud800": []}}


@pytest.mark.parametrize(
    "send",
    [
        lambda client: extend(client, ["assen"], ["rdfs:label"]),
        lambda client: client.get("/reconcile?queries=%7B%22q%22%3A%7B%22query%22%3A%22assen%22%7D%7D"),
    ],
    ids=["extension", "batch"],
)
def test_a_few_at_a_time_are_at_work(settings: Settings, bundle: Bundle, send: Callable[[FlaskClient], Any]) -> None:
    """Batches and extensions have few places together, so that pages are served beside them; others come back."""
    app: Flask = create_app(settings, bundle)
    slots = cast(BoundedSemaphore, app.extensions["so2graph-reconciling"])
    while slots.acquire(blocking=False):
        pass
    answer = send(app.test_client())
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    slots.release()
    assert send(app.test_client()).status_code == 200
