"""Each named graph under its own address: as a page, as RDF and as a table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from so2graph.engine.snapshot import Snapshot
from so2graph.engine.store import parse_text
from so2graph.formats import DATASET_FORMATS, FORMATS, GRAPH_FORMATS, HTML, Format
from so2graph.publish.statements import STATEMENT_COLUMNS
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, Iri, Literal, Term
from tests.test_dereference import canonical, follow, links, made
from tests.test_web import BROWSER, addresses

BASE = f"{CANONICAL_BASE}graph/"
TABLES = tuple(f for f in FORMATS if f.name in ("csv", "tsv"))
EVERY = (HTML, *GRAPH_FORMATS, *TABLES)


@pytest.fixture(scope="module")
def locals_(snapshot: Snapshot) -> list[str]:
    """The names of all graphs below `graph/`, the derived ones as well."""
    stored = [iri for iri in snapshot.manifest.graphs if iri.startswith(BASE)]
    return sorted(iri.removeprefix(BASE) for iri in {*stored, *snapshot.names.derived})


@pytest.mark.parametrize("fmt", EVERY, ids=lambda f: f.name)
def test_every_graph_comes_in_every_format(
    client: FlaskClient, snapshot: Snapshot, locals_: list[str], fmt: Format
) -> None:
    """By suffix, `format=` and Accept; with as many triples as the graph has; HEAD and 304; named where it can be."""
    for local in locals_:
        suffixed = f"/graph/{local}" if fmt is HTML else f"/graph/{local}.{fmt.suffix}"
        response = client.get(suffixed)
        assert (response.status_code, response.content_type) == (200, fmt.content_type), suffixed
        assert client.get(f"/graph/{local}?format={fmt.name}").content_type == fmt.content_type
        assert client.get(f"/graph/{local}", headers={"Accept": fmt.media_type}).content_type == fmt.content_type
        head = client.head(suffixed)
        assert (head.data, head.content_type) == (b"", fmt.content_type)
        assert (head.headers["Link"], head.headers["ETag"]) == (response.headers["Link"], response.headers["ETag"])
        assert client.get(suffixed, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
        expected = {(s, p, o, None) for s, p, o, _ in snapshot.quads([BASE + local])}
        if fmt in GRAPH_FORMATS:
            found = list(parse_text(response.data, fmt, CANONICAL_BASE))
            assert canonical(found, graphs=False) == canonical(expected, graphs=False), suffixed
            named = fmt in DATASET_FORMATS and BASE + local not in snapshot.names.derived
            assert {g for *_, g in found} == {Iri(BASE + local) if named else None}
        elif fmt is not HTML:
            text = io.StringIO(response.get_data(as_text=True), newline="")
            rows = list(csv.reader(text, delimiter="," if fmt.name == "csv" else "\t"))
            assert len(rows) == len(expected) + 1
            if fmt.name == "csv":
                assert tuple(rows[0]) == STATEMENT_COLUMNS[:7]
                assert {row[0] for row in rows[1:]} == {BASE + local}
                assert {(row[1], row[2], row[3]) for row in rows[1:]} == {
                    (str(s), str(p), str(o)) for s, p, o, _ in expected if not str(s).startswith("_:")
                } | {(row[1], row[2], row[3]) for row in rows[1:] if "_:" in row[1]}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_page_of_a_graph_says_what_it_is(client: FlaskClient, locals_: list[str], language: str) -> None:
    """Title, count, licence, modality and first statements; of personal data no address, and no search engine."""
    for local in locals_:
        response = client.get(f"/graph/{local}", headers=BROWSER | {"Accept-Language": language})
        html = response.get_data(as_text=True)
        assert addresses(response) == 0, local
        assert f'<html lang="{language}"' in html
        assert html.count("<h1>") == 1
        assert ("noindex" in response.headers.get("X-Robots-Tag", "")) == (local == "so2/contact")
        assert ("<tbody>" in html) == (local != "so2/contact")
    planned = client.get("/graph/so2/planned?lang=en", headers=BROWSER).get_data(as_text=True)
    assert "SO2: planned" in planned
    assert 'class="tag m-planned">planned<' in planned
    assert "holds no facts about the network" in planned
    assert 'href="https://creativecommons.org/licenses/by/4.0/" rel="license"' in planned


def test_every_link_of_a_graph_leads_to_what_it_announces(client: FlaskClient, locals_: list[str]) -> None:
    """Each target in the header answers with the media type that the link has."""
    for local in locals_:
        found = links(client.get(f"/graph/{local}"))
        assert {"cite-as", "canonical", "type", "item"} <= {link["rel"] for link in found}
        for link in found:
            if link["href"].startswith(("http://localhost/", CANONICAL_BASE)):
                target = follow(client, link["href"])
                assert (target.status_code, target.mimetype) == (200, link.get("type", target.mimetype)), link


def test_a_name_with_a_dot_is_no_format(tmp_path: Path, bundle: Bundle) -> None:
    """A graph whose name ends like a suffix is found under its name, and its formats behind that."""
    rows: list[tuple[Term, Iri, Term, Iri | None]] = [
        (Iri("http://x/s"), Iri("http://x/p"), Literal(name), Iri(BASE + name)) for name in ("v1.2", "v.ttl", "v")
    ]
    client = made(tmp_path / "data", bundle, rows)
    for path, word in (("v1.2.nt", "v1.2"), ("v.nt", "v"), ("v.ttl.nt", "v.ttl"), ("v.ttl?format=nt", "v.ttl")):
        answer = client.get(f"/graph/{path}")
        assert answer.get_data(as_text=True) == f'<http://x/s> <http://x/p> "{word}" .\n'
