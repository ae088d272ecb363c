"""The site as plain files: published, served by a server that knows nothing, and followed link by link."""

from __future__ import annotations

import gzip
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import ipc, parquet
from rdflib import URIRef

from so2graph.config import Settings
from so2graph.engine.access import Access
from so2graph.errors import BadParameter, SiteBroken
from so2graph.formats import ALL_FORMATS, GRAPH_FORMATS, by_name
from so2graph.publish.build import ensure_empty
from so2graph.publish.export import framable
from so2graph.publish.selection import all_of, parse
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE, MODALITIES, RDFS, Iri, Literal, Names
from so2graph.web.addresses import Live, Place, PlainFiles, apart, file_of, folded, place_of
from so2graph.web.app import create_app
from so2graph.web.static_check import check_links, check_text
from so2graph.web.static_extras import extras
from so2graph.web.static_pages import read_page, text_links, xml_links
from so2graph.web.static_site import MANIFEST, publish
from tests.conftest import ROOT
from tests.test_dereference import made
from tests.test_web import read_rdf

ADDRESS = re.compile(rb"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@contextmanager
def plain_server(folder: Path, port: int) -> Iterator[str]:
    """Python's own file server on `folder`, until the end of the block."""
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(folder), str(port)]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={"PYTHONUNBUFFERED": "1"}
    )
    try:
        assert running.stdout is not None
        assert b"Serving" in running.stdout.readline()
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(30)
        if running.stdout is not None:
            running.stdout.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Seen:
    """A page as it came over HTTP, read by a reader of the test's own."""

    language: str = ""
    fragments: set[str] = field(default_factory=set)
    links: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    """Tag, attribute, URL, hreflang."""


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen = Seen()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "html":
            self.seen.language = said.get("lang") or ""
        if said.get("id"):
            self.seen.fragments.add(str(said["id"]))
        for name in ("href", "src", "action", "data"):
            if said.get(name) is not None:
                self.seen.links.append((tag, name, str(said[name]), said.get("hreflang")))


@dataclass
class Walk:
    """What came of following every link from the starting points: pages, other files, and what is broken."""

    pages: dict[str, Seen] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


def walk(origin: str, starts: tuple[str, ...]) -> Walk:
    """Follows every link below `origin` over HTTP, one connection, as a browser resolves them."""
    host = urlsplit(origin).netloc
    connection = HTTPConnection(host, timeout=30)
    done, fragments = Walk(), []
    todo = [(urljoin(origin, start), "the start") for start in starts]
    known: dict[str, str] = {}
    while todo:
        url, source = todo.pop()
        bare, _, fragment = url.partition("#")
        if fragment:
            fragments.append((bare, unquote(fragment), source))
        if bare in known:
            continue
        final, status, media_type, body = fetch(connection, bare)
        known[bare] = final
        if status != 200:
            done.broken.append(f"{bare} is {status}, from {source}")
        elif media_type != "text/html":
            done.others[final] = len(body)
        elif final not in done.pages:
            reader = Reader()
            reader.feed(body.decode())
            done.pages[final] = reader.seen
            for tag, name, link, _language in reader.seen.links:
                target = urljoin(final, link)
                if urlsplit(target).netloc == host:
                    todo.append((target, final))
                elif name == "src" or (tag == "link" and link.endswith((".css", ".js", ".ico"))):
                    done.broken.append(f"{final} loads {target} from another host")
    connection.close()
    for bare, fragment, source in fragments:
        page = done.pages.get(known[bare])
        if page is None or fragment not in page.fragments:
            done.broken.append(f"{bare} has no #{fragment}, from {source}")
    return done


def fetch(connection: HTTPConnection, url: str) -> tuple[str, int, str, bytes]:
    """The answer after redirects: its URL, status, media type and body."""
    while True:
        parts = urlsplit(url)
        connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
        response = connection.getresponse()
        body = response.read()
        if response.status not in (301, 302, 303, 307, 308):
            return url, response.status, response.headers.get_content_type(), body
        url = urljoin(url, str(response.headers["Location"]))


@dataclass(frozen=True)
class Site:
    """A site that was published: its folder, the path below which it stands, and the address that it was told."""

    folder: Path
    root: str = ""
    url: str = ""
    port: int = 0

    @property
    def files(self) -> dict[str, dict[str, str | int]]:
        """The rows of its manifest by path."""
        return {str(row["path"]): row for row in manifest(self.folder)["files"]}


@pytest.fixture(scope="module")
def site(untraced_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The bundled dataset, published once for all tests, below a path.

    By the command, whose processes can do without the measuring of coverage: others publish the same of less.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}/so2/"
    folder = tmp_path_factory.mktemp("static") / "so2"
    words = ["publish", "--static", str(folder), "--url", url, "--processes", "2"]
    subprocess.run([sys.executable, "-m", "so2graph", *words], env=untraced_env, capture_output=True, check=True)
    return Site(folder, "/so2", url, port)


def small_bundle(root: Path) -> Bundle:
    """The checkout's vocabulary with two of its questions."""
    (root / "queries").mkdir(parents=True)
    for name in ("ontology", "data"):
        (root / name).symlink_to(ROOT / name)
    for name in ("hub-to-national", "entities"):
        (root / "queries" / f"{name}.rq").symlink_to(ROOT / "queries" / f"{name}.rq")
    return Bundle(root, CANONICAL_BASE)


ODD_THINGS = (
    *("a/b", "caf\u00e9", "con", "con.x", "h:1@2~3", "it's(a)!thing;v=1,2", "linkset", "\u65e5\u672c%20x", "q%3Fr"),
    *("x", "X", "x.ttl", "y", "y/linkset", "z" * 200),
)


@pytest.fixture(scope="module")
def at_root(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A dataset of things with odd names and no catalogue, published for the root of a host."""
    place = tmp_path_factory.mktemp("odd")
    bundle, names = small_bundle(place / "bundle"), Names(CANONICAL_BASE)
    label, graph = Iri(f"{RDFS}label"), Iri(names.graph("so2/stated"))
    made(place / "data", bundle, [(Iri(names.thing(local)), label, Literal(local), graph) for local in ODD_THINGS])
    publish(Settings.load({}, {"data": place / "data"}), bundle, place / "site", processes=1)
    return Site(place / "site")


def languages_apart(done: Walk, root: str) -> list[str]:
    """Pages whose language is not that of their address, and links that lead to the other one without saying so."""
    wrong = []
    for url, page in done.pages.items():
        english = urlsplit(url).path.startswith(f"{root}/en/")
        if page.language != ("en" if english else "nl"):
            wrong.append(f"{url} is in {page.language}")
        for tag, _name, link, hreflang in page.links:
            target = done.pages.get(urljoin(url, link).partition("#")[0])
            said = hreflang in (None, page.language)
            if tag == "a" and said and target is not None and target.language != page.language:
                wrong.append(f"{url} leads to {link}")
    return wrong


@pytest.mark.no_cover
def test_every_link_has_a_target_below_a_path(site: Site, bundle: Bundle) -> None:
    """With `--url` every page, file and fragment is there, whole addresses too; a page leads to its own language."""
    with plain_server(site.folder.parent, site.port) as origin:
        done = walk(origin, ("/so2/", "/so2/en/", "/so2/404.html"))
    assert done.broken == []
    assert languages_apart(done, site.root) == []
    paths = {language: set[str]() for language in ("nl", "en")}
    for url, page in done.pages.items():
        assert url.startswith(site.url), url
        paths[page.language].add(url.removeprefix(site.url))
    assert {f"en/{path}" for path in paths["nl"] if not path.startswith("id/") and path != "404.html"} == paths["en"]
    for query in bundle.queries().values():
        assert (f"queries/{query.name}/" in paths["nl"]) is not query.personal, query.name
    for local in (
        "",
        "catalog/",
        "exports/",
        "def/",
        "def/scheme/themes/",
        "def/profile/full/",
        "graph/so2/planned/",
    ):
        assert local in paths["nl"], local
    assert len(paths["nl"]) > 250
    assert len(done.others) > 1500
    html = (site.folder / "en" / "doc" / "alescon" / "index.html").read_text(encoding="utf-8")
    assert f'<link rel="canonical" href="{site.url}en/doc/alescon/">' in html
    assert f'<link rel="alternate" hreflang="nl" href="{site.url}doc/alescon/">' in html


@pytest.mark.no_cover
def test_every_link_has_a_target_at_the_root_of_a_host(at_root: Site) -> None:
    """Without `--url` links begin at the root, and things have their pages and data whatever they are called."""
    with plain_server(at_root.folder, free_port()) as origin:
        done = walk(origin, ("/", "/en/"))
    assert done.broken == []
    assert languages_apart(done, "") == []
    assert not {"sitemap.xml", "robots.txt"} & at_root.files.keys()
    for folder in ("doc", "en/doc"):
        pages = sorted((at_root.folder / folder).rglob("index.html"))
        titles = [re.findall("<h1[^>]*><bdi>(.*?)</bdi></h1>", page.read_text(encoding="utf-8")) for page in pages]
        assert sorted(unescape(title) for (title,) in titles) == sorted(ODD_THINGS)
    graphs = sorted((at_root.folder / "doc").rglob("*.ttl"))
    assert len(graphs) == len(ODD_THINGS)
    for path in graphs:
        assert len(read_rdf(path.read_bytes(), TURTLE)) == 1, path


def manifest(folder: Path) -> dict[str, list[dict[str, str | int]]]:
    found: dict[str, list[dict[str, str | int]]] = json.loads((folder / MANIFEST).read_bytes())
    return found


@pytest.mark.no_cover
def test_the_manifest_lists_every_file_as_it_is(site: Site) -> None:
    """Path, media type, digest and length; nothing else is in the folder."""
    rows = manifest(site.folder)["files"]
    there = {p.relative_to(site.folder).as_posix() for p in site.folder.rglob("*") if p.is_file()} - {MANIFEST}
    assert [str(row["path"]) for row in rows] == sorted(there)
    for row in rows:
        body = (site.folder / str(row["path"])).read_bytes()
        assert (row["bytes"], row["sha256"]) == (len(body), sha256(body).hexdigest())
        assert row["mediaType"]
    assert json.loads((site.folder / MANIFEST).read_bytes())["generation"] == 1


@pytest.fixture
def empty(tmp_path: Path, settings: Settings) -> tuple[Settings, Bundle]:
    """A dataset with nothing in it, and a bundle with a question that leads to a thing that is not there."""
    root = tmp_path / "bundle"
    (root / "queries").mkdir(parents=True)
    for name in ("ontology", "data"):
        (root / name).symlink_to(ROOT / name)
    (root / "queries" / "hub-to-national.rq").symlink_to(ROOT / "queries" / "hub-to-national.rq")
    header = "#+ title: {nl: Kwijt, en: Lost}\n#+ description: {nl: Kwijt, en: Lost}\n"
    text = f"{header}SELECT ?x WHERE {{ BIND(<{CANONICAL_BASE}id/nobody> AS ?x) }}\n"
    (root / "queries" / "lost.rq").write_text(text, encoding="utf-8")
    made = replace(settings, data=tmp_path / "data")
    ensure_empty(made)
    return made, Bundle(root, CANONICAL_BASE)


def test_an_earlier_site_is_replaced_as_a_whole(empty: tuple[Settings, Bundle], tmp_path: Path) -> None:
    """What it had and the new one has not is gone; two runs write the same manifest, which lists every byte."""
    settings, bundle = empty
    (bundle.root / "queries" / "lost.rq").unlink()
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / MANIFEST).write_text('{"files": [{"path": "old.html"}]}', encoding="utf-8")
    (folder / "old.html").write_text("of an earlier run", encoding="utf-8")
    steps: list[tuple[int, int]] = []
    published = publish(
        settings, bundle, folder, processes=1, tell=lambda _step, done, total: steps.append((done, total))
    )
    first = (folder / MANIFEST).read_bytes()
    assert not (folder / "old.html").exists()
    assert published.files == len(manifest(folder)["files"]) + 1
    assert published.bytes == sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1]
    (folder / "letter.txt").write_text("mine", encoding="utf-8")
    publish(settings, bundle, folder, force=True, processes=2)
    assert (folder / MANIFEST).read_bytes() == first
    assert not (folder / "letter.txt").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bundle", "data", "site"]


def unpacked(path: Path) -> Iterator[bytes]:
    """What is in a file: its bytes, or those of what is packed in it."""
    body = path.read_bytes()
    if path.suffix == ".gz":
        body = gzip.decompress(body)
    yield body
    name = path.name.removesuffix(".gz")
    if name.endswith(".xlsx"):
        with ZipFile(BytesIO(body)) as packed:
            yield from (packed.read(part) for part in packed.namelist())
    elif name.endswith((".parquet", ".arrow")):
        table = parquet.read_table(BytesIO(body)) if name.endswith(".parquet") else ipc.open_stream(body).read_all()
        yield json.dumps(table.to_pylist(), default=str, ensure_ascii=False).encode()


@pytest.mark.no_cover
def test_no_file_shows_an_address_of_a_person(site: Site) -> None:
    """No e-mail address in any byte, packed or not, nor anything of the contact graph; no address is told."""
    files = [path for path in site.folder.rglob("*") if path.is_file()]
    assert sum(len(ADDRESS.findall(body)) for path in files for body in unpacked(path) if b"@" in body) == 0
    assert not [name for name in site.files if "contact-emails" in name or "graph/so2/contact" in name]


TURTLE = next(f for f in GRAPH_FORMATS if f.name == "turtle")
VOID, DCAT = "http://rdfs.org/ns/void#", "http://www.w3.org/ns/dcat#"


def test_every_address_that_the_descriptions_announce_is_a_file(site: Site) -> None:
    """VoID, DCAT, sitemap, robots, feeds and pages name no address below the site that is not there."""
    void = read_rdf((site.folder / ".well-known" / "void").read_bytes(), TURTLE)
    dcat = read_rdf((site.folder / "catalog.ttl").read_bytes(), TURTLE)
    dumps = {str(o) for o in void.objects(None, URIRef(f"{VOID}dataDump"))}
    downloads = {str(o) for p in ("downloadURL", "accessURL") for o in dcat.objects(None, URIRef(DCAT + p))}
    assert dumps == downloads
    assert {address.removeprefix(f"{site.url}exports/") for address in dumps} >= {
        "dataset.nq.gz",
        "graph/so2/planned.ttl",
    }
    assert not list(void.objects(None, URIRef(f"{VOID}sparqlEndpoint")))
    assert not list(dcat.objects(None, URIRef(f"{DCAT}service")))
    said = [str(term) for graph in (void, dcat) for triple in graph for term in triple if isinstance(term, URIRef)]
    for name in ("sitemap.xml", "robots.txt", "changes.atom", "en/changes.atom", "index.html", "catalog/index.html"):
        text = (site.folder / name).read_text(encoding="utf-8")
        said += re.findall(rf"{re.escape(site.url)}[^\s\"<>]*", text)
    found = sorted({address.partition("#")[0] for address in said if address.startswith(site.url)})
    assert len(found) > 300
    for address in found:
        local = unquote(address.removeprefix(site.url))
        assert "?" not in address, address
        assert (site.folder / file_of(local)).is_file(), address
    robots = (site.folder / "robots.txt").read_text(encoding="utf-8")
    assert "Disallow" not in robots


def test_feeds_and_sitemap_know_both_languages(site: Site) -> None:
    """The feed is in Dutch, and below `en/` in English; the sitemap names both pages of each address."""
    for language, path in (("nl", ""), ("en", "en/")):
        feed = (site.folder / path / "changes.atom").read_text(encoding="utf-8")
        assert f'xml:lang="{language}"' in feed
        assert (
            f'rel="self" type="application/atom+xml" hreflang="{language}" href="{site.url}{path}changes.atom"'
            in feed
        )
        assert f'hreflang="{language}" href="{site.url}{path}"' in feed
        html = (site.folder / path / "index.html").read_text(encoding="utf-8")
        assert f'href="/so2/{path}changes.atom"' in html
    sitemap = (site.folder / "sitemap.xml").read_text(encoding="utf-8")
    assert f"<loc>{site.url}doc/alescon/</loc>" in sitemap
    assert f'hreflang="en" href="{site.url}en/doc/alescon/"' in sitemap
    for local in ("sparql", "contact-emails"):
        assert local not in sitemap


def test_every_export_is_there_with_its_sidecar(site: Site, settings: Settings, bundle: Bundle) -> None:
    """The whole in every format, packed too; each graph and modality, the network, places, nested documents."""
    session = Access(replace(settings, contact="private"), bundle).session()
    below = session.snapshot.names.graph("")
    graphs = [iri.removeprefix(below) for iri in session.readable if iri.startswith(below)]
    wanted = {export.name for export in all_of(graphs, list(MODALITIES))}
    wanted |= {f"framed/{name}.jsonld" for name in framable(session)}
    wanted |= {f"{name}.gz" for name in wanted if name.startswith("dataset.")}
    found = {name.removeprefix("exports/") for name in site.files if name.startswith("exports/")} - {"index.html"}
    assert found == wanted | {f"{name}.meta.json" for name in wanted}
    for name in wanted:
        row, told = (
            site.files[f"exports/{name}"],
            json.loads((site.folder / "exports" / f"{name}.meta.json").read_bytes()),
        )
        assert (told["name"], told["sha256"], told["bytes"]) == (name, row["sha256"], row["bytes"])
        assert row["mediaType"] == parse(name)[0].media_type


@pytest.mark.no_cover
@pytest.mark.parametrize("fmt", GRAPH_FORMATS, ids=lambda f: f.name)
def test_the_data_is_there_in_every_form(site: Site, fmt: object) -> None:
    """For each RDF format: a thing, the vocabulary and every graph parse, and hold what the others hold."""
    chosen = next(f for f in GRAPH_FORMATS if f is fmt)
    at_root = site.folder
    for stem in (
        "doc/alescon",
        "doc/so-netwerk-groningen",
        "def",
        "def/scheme/themes",
        "graph/so2/stated",
        "graph/facts",
    ):
        body = (at_root / f"{stem}.{chosen.suffix}").read_bytes()
        expected = (at_root / f"{stem}.ttl").read_bytes()
        assert len(read_rdf(body, chosen)) == len(read_rdf(expected, TURTLE)) > 0, stem
    # A folder without a page of its own holds those of other things: `doc/mapping/…`.
    things = {p.name for p in (at_root / "doc").iterdir() if (p / "index.html").is_file()}
    assert {p.stem for p in (at_root / "doc").glob(f"*.{chosen.suffix}")} == things


def test_a_thing_leads_on_to_its_page(site: Site) -> None:
    """`id/x` is a page in both languages that sends on; every thing has one."""
    at_root = site.folder
    page = (at_root / "id" / "alescon" / "index.html").read_text(encoding="utf-8")
    assert '<meta http-equiv="refresh" content="0; url=/so2/doc/alescon/">' in page
    assert f'<link rel="canonical" href="{site.url}doc/alescon/">' in page
    assert 'href="/so2/en/doc/alescon/" hreflang="en"' in page
    assert '<p lang="en">This address leads on to' in page
    assert {p.name for p in (at_root / "id").iterdir()} == {p.name for p in (at_root / "doc").iterdir() if p.is_dir()}


def test_what_needs_the_service_is_not_offered(site: Site) -> None:
    """No page has a form or leads to SPARQL; a question with parameters says why, in both languages."""
    at_root = site.folder
    for path in at_root.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        assert all("data-needs-script" in form for form in re.findall("<form[^>]*>", html)), path
        assert not re.search(r'href="/so2/(en/)?(sparql|api|graph-store|openapi)', html), path
    said = "Other values need the live service"
    assert said in (at_root / "en" / "queries" / "around-entity" / "index.html").read_text(encoding="utf-8")
    dutch = (at_root / "queries" / "around-entity" / "index.html").read_text(encoding="utf-8")
    assert "kan alleen bij de dienst zelf" in dutch
    assert not (at_root / "sparql").exists()


def test_every_question_has_its_answer_as_files(site: Site, bundle: Bundle) -> None:
    """With its defaults under its plain name, and in English beside it where the language is a parameter."""
    at_root = site.folder
    for query in bundle.queries().values():
        if query.personal:
            continue
        found = [p.name for p in (at_root / "queries").glob(f"{query.name}.*")]
        assert found, query.name
        in_english = any(p.type == "language" and p.default == "nl" for p in query.parameters)
        other = [p.name for p in (at_root / "queries").glob(f"{query.name}~language~en.*")]
        assert len(other) == (len(found) if in_english else 0), query.name


def test_the_answer_is_that_of_the_service(site: Site, settings: Settings, bundle: Bundle) -> None:
    """A file holds the bytes that the running service sends, with the contacts private."""
    client = create_app(replace(settings, contact="private"), bundle).test_client()
    for local in (
        "queries/hub-to-national.csv",
        "doc/alescon.nq",
        "graph/so2/planned.trig",
        "static/favicon.svg",
        "exports/network.gexf",
        "exports/graph/so2/hoped.xlsx",
    ):
        assert (site.folder / local).read_bytes() == client.get(f"/{local}").data, local


def test_a_folder_of_somebody_else_is_left_alone(settings: Settings, bundle: Bundle, tmp_path: Path) -> None:
    """A file that no manifest lists is a reason to refuse, at once; so is a file in the place of the folder."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "letter.txt").write_text("keep me", encoding="utf-8")
    for listed in ("", '{"files": []}', '{"files": [{"path": "index.html"}]}', "[]"):
        if listed:
            (folder / MANIFEST).write_text(listed, encoding="utf-8")
        with pytest.raises(BadParameter, match=r"letter\.txt"):
            publish(settings, bundle, folder)
    assert (folder / "letter.txt").read_text(encoding="utf-8") == "keep me"
    with pytest.raises(BadParameter, match="not a folder"):
        publish(settings, bundle, folder / "letter.txt")


def test_a_broken_site_is_not_swapped_in(empty: tuple[Settings, Bundle], tmp_path: Path) -> None:
    """A page that leads to nothing ends the run with page and link named, and leaves the folder as it was."""
    folder = tmp_path / "site"
    folder.mkdir()
    with pytest.raises(SiteBroken, match=r"queries/lost/index\.html: /doc/nobody/: leads to nothing") as caught:
        publish(*empty, folder, processes=1)
    assert caught.value.exit_code == 3
    assert list(folder.iterdir()) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bundle", "data", "site"]


def test_the_command_says_what_it_wrote_or_refuses(settings_env: dict[str, str], tmp_path: Path) -> None:
    """A bad address and a foreign folder end with 2, before anything is made."""
    (tmp_path / "letter.txt").write_text("keep me", encoding="utf-8")
    for words, said in (
        (["--static", str(tmp_path)], "letter.txt"),
        (["--static", str(tmp_path / "new"), "--url", "https://example.org/so2"], "ends with a slash"),
        ([], "--static"),
    ):
        command = [sys.executable, "-m", "so2graph", "publish", *words]
        done = subprocess.run(command, env=settings_env, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 2
        assert said in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["letter.txt"]


PLACES = [
    ("", "nl", "", "nl"),
    ("", "en", "en/", "en"),
    ("doc/x", "nl", "doc/x/", "nl"),
    ("/doc/x", "en", "en/doc/x/", "en"),
    ("doc/x/", "nl", "doc/x/", "nl"),
    ("doc/x?lang=en", "nl", "en/doc/x/", "en"),
    ("doc/x.ttl", "en", "doc/x.ttl", None),
    ("doc/x?format=ttl", "en", "doc/x.ttl", None),
    ("doc/x?format=text/turtle", None, "doc/x.ttl", None),
    ("doc/x?format=html", "en", "en/doc/x/", "en"),
    ("doc/x.html", None, "doc/x/", "nl"),
    ("def", "nl", "def/", "nl"),
    ("def/0.1.0", "nl", "def/0.1.0/", "nl"),
    ("def?format=jsonld", None, "def.jsonld", None),
    ("graph/so2/stated.trig", None, "graph/so2/stated.trig", None),
    ("queries/q.csv?language=en", "nl", "queries/q~language~en.csv", None),
    ("queries/q?b=2&a=1&lang=en", "nl", "en/queries/q~a~1~b~2/", "en"),
    ("?a=1", "nl", "index~a~1/", "nl"),
    ("static/favicon.svg", None, "static/favicon.svg", None),
    ("changes.atom", "nl", "changes.atom", "nl"),
    ("changes.atom?lang=en", "nl", "en/changes.atom", "en"),
    ("exports/dataset.nq.gz", None, "exports/dataset.nq.gz", None),
    ("exports/graph/so2/planned.ttl.meta.json", "en", "exports/graph/so2/planned.ttl.meta.json", None),
    (".well-known/void", "nl", ".well-known/void", None),
    ("doc/caf%C3%A9", "nl", "doc/caf%C3%A9/", "nl"),
    ("doc/a%20b", "nl", "doc/a%20b/", "nl"),
    ("doc/x.ttl/y", "nl", "doc/x-ttl~", "nl"),
]


@pytest.mark.parametrize(("local", "language", "path", "spoken"), PLACES)
def test_an_address_has_one_place(local: str, language: str | None, path: str, spoken: str | None) -> None:
    """A page is a folder with its language in front, data a file with its suffix, parameters part of the name."""
    found = place_of(local, language)
    assert found[1] == spoken
    assert found[0] == path or (path.endswith("~") and found[0].startswith(path))


UNFIT = [
    *("..", ".", "", "con", "NUL.x", "a:b", "a\\b", "a*b", "a?b", 'a"b', "a|b", "a<b>", "a\x00b", "a\nb", " a", "a "),
    *("a.", "x" * 181, "é" * 91, "com1", "aux.y"),
]


@pytest.mark.parametrize("name", UNFIT, ids=repr)
def test_a_name_that_a_file_system_refuses_is_replaced(name: str) -> None:
    """By one that is safe everywhere, and another for every name."""
    found = file_of(place_of(f"doc/{quote(name, safe='')}/x", "nl")[0])
    assert re.fullmatch(r"doc/[a-z0-9-]+~[0-9a-f]{16}/x/index\.html", found)


def test_names_that_differ_in_capitals_only_stand_apart() -> None:
    """One keeps its name; the other takes one with a digest, for its page and for its data."""
    moved = apart(["doc/Alescon", "doc/alescon", "doc/x", "doc/x.ttl", "doc/Straße", "doc/strasse"])
    assert moved == {"doc/alescon", "doc/x.ttl", "doc/strasse"} or moved == {"doc/alescon", "doc/x.ttl", "doc/Straße"}
    files = [
        file_of(place_of(f"{local}{suffix}", "nl", moved)[0])
        for local in ("doc/Alescon", "doc/alescon", "doc/x", "doc/x.ttl")
        for suffix in ("", ".nt", ".ttl")
        if local + suffix != "doc/x.ttl" or suffix == ""
    ]
    assert len({folded(name) for name in files}) == len(files)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/#?"), min_size=1, max_size=300)


@given(st.text(max_size=400), st.sampled_from(["nl", "en", None]))
def test_any_address_has_a_safe_file(local: str, language: str | None) -> None:
    """Never above the folder, no part too long for a file system, and the same each time."""
    path, _ = place_of(local, language)
    assert place_of(local, language)[0] == path
    file = file_of(path)
    parts = file.split("/")
    assert not {"", ".", ".."} & set(parts)
    assert all(len(part.encode()) <= 255 for part in parts)
    assert not re.search(r'[\x00-\x1f"*:<>?\\|]', file)
    assert file_of(path) == file


@given(st.lists(NAMES, min_size=1, max_size=12, unique=True))
def test_no_two_things_share_a_file(names: list[str]) -> None:
    """Neither their pages nor their data, also where capitals and accents do not count; no file is a folder."""
    moved = apart(f"doc/{name}" for name in names)
    files: dict[str, str] = {}
    for name in names:
        for suffix in ("", ".ttl", ".nt"):
            if suffix and (f"doc/{name}{suffix}" in moved):
                continue
            local = f"doc/{quote(name, safe='')}{suffix}"
            file = folded(file_of(place_of(local, "nl", moved)[0]))
            assert files.setdefault(file, local) == local
    folders = {file.rpartition("/")[0] for file in files}
    assert not folders & set(files)


def test_the_same_links_lead_into_the_service_as_before() -> None:
    """`lang` is kept where it was chosen; files and whole addresses have none."""
    live = Live()
    assert live.path("/so2", "/doc/x#y", "en", chosen=True) == "/so2/doc/x?lang=en#y"
    assert live.path("", "doc/x?a=1", "en", chosen=True) == "/doc/x?a=1&lang=en"
    assert live.path("", "doc/x", "en", chosen=False) == "/doc/x"
    assert live.file("/so2", "doc/x.ttl") == "/so2/doc/x.ttl"
    assert live.whole("https://example.org/", "/doc/x") == "https://example.org/doc/x"
    assert live.other_language("", "/doc/x", [("a", "1"), ("lang", "en")], "en") == "?a=1&lang=nl"
    assert live.alternates("", "/doc/x", []) == {}
    assert live.offers("sparql")


def test_plain_links_are_remembered_with_what_they_stand_for() -> None:
    """So that the way through the site can ask the service for each."""
    plain = PlainFiles("https://example.org/so2/", withheld=frozenset(["queries/secret"]))
    assert plain.path("/so2", "doc/x#y", "en", chosen=False) == "/so2/en/doc/x/#y"
    assert plain.file("/so2", "def?format=ttl") == "/so2/def.ttl"
    assert plain.whole("https://example.org/so2/", "doc/x") == "https://example.org/so2/doc/x/"
    assert plain.other_language("/so2", "/doc/a b", [("lang", "en")], "en") == "/so2/doc/a%20b/"
    assert plain.alternates("/so2", "/doc/x", []) == {
        "nl": "https://example.org/so2/doc/x/",
        "en": "https://example.org/so2/en/doc/x/",
    }
    assert plain.given["en/doc/x/"] == Place("doc/x", "en")
    assert plain.given["def.ttl"] == Place("def?format=ttl", None)
    for local in ("sparql", "/sparql?query=x", "-/settings", "graph-store", "queries/secret", "queries/secret.csv"):
        assert not plain.offers(local)
    for local in ("queries/secret.csv.gz", "doc?iri=x", "doc/x.ttl?_profile=summary", "queries/x?limit=9"):
        assert not plain.offers(local)
    for local in (
        "queries/x.csv?language=en",
        "doc/x?format=ttl",
        "",
        "doc/sparql",
        "queries/secrets",
        "static/favicon.svg",
    ):
        assert plain.offers(local)


BROKEN = {
    "leads to nothing": '<a href="/nothing/">x</a>',
    "has parameters, which a plain server does not read": '<a href="/?a=1">x</a>',
    "names a part that is not there": '<a href="#gone">x</a>',
    "is loaded from another host": '<img src="https://example.org/x.png">',
    "leads to another language (en) without saying so (hreflang)": '<a href="/en/">x</a>',
}
KINDS_OF_ASSETS = (
    '<script src="//example.org/x.js"></script>',
    '<link rel="stylesheet" href="https://example.org/x.css">',
    '<img srcset="https://example.org/x.png 2x">',
    '<object data="https://example.org/x.svg"></object>',
    '<p style="background: url(https://example.org/x.png)">x</p>',
    '<svg><use href="https://example.org/x.svg#a"/></svg>',
)


@pytest.mark.parametrize(
    ("what", "html"),
    [*BROKEN.items(), *(("is loaded from another host", html) for html in KINDS_OF_ASSETS)],
)
def test_the_check_finds_what_is_broken(what: str, html: str, tmp_path: Path) -> None:
    """One fault, with page and link; the same page without it has none."""
    pages = {
        "index.html": read_page(f'<html lang="nl"><body id="top"><a href="#top">x</a>{html}</body></html>'),
        "en/index.html": read_page(
            '<html lang="en"><a href="/" hreflang="nl">x</a><a href="https://example.org/">y</a>'
        ),
    }
    faults = check_links(tmp_path, pages, "", "")
    assert [(fault.where, fault.what.partition(": ")[2]) for fault in faults] == [("index.html", what)]


def test_the_check_knows_where_the_site_ends(tmp_path: Path) -> None:
    """Below a path, a link to the host itself leads out; a whole address below the public one leads in."""
    pages = {
        "index.html": read_page('<html lang="nl"><a href="/x/">x</a><a href="https://example.org/so2/gone">y</a>')
    }
    found = [fault.what for fault in check_links(tmp_path, pages, "/so2", "https://example.org/so2/")]
    assert found == ["/x/: leads out of the site", "https://example.org/so2/gone: leads to nothing"]


def test_the_check_sees_an_address_and_a_style_from_elsewhere() -> None:
    """In any text, and in no picture or table of bytes."""
    address = "someone@" + "example.org"
    for media_type in ("text/csv", "application/ld+json", "text/html", "application/n-quads"):
        assert [fault.check for fault in check_text("x", media_type, address.encode())] == ["e-mail"]
        assert address not in str(next(check_text("x", media_type, address.encode())))
    assert list(check_text("x", "image/png", address.encode())) == []
    styles = b"@import 'https://example.org/x.css'; a { background: url(/static/x.png) }"
    assert [fault.check for fault in check_text("x", "text/css", styles)] == ["asset"]


def test_links_are_read_wherever_they_stand() -> None:
    """In sitemaps, feeds, Turtle, robots.txt and pages that send on; an IRI to cite is no link."""
    sitemap = b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc> /a </loc></url></urlset>'
    assert list(xml_links(sitemap)) == ["/a"]
    assert list(xml_links(b'<feed xmlns="http://www.w3.org/2005/Atom"><link href="/b"/></feed>')) == ["/b"]
    assert list(xml_links(b"no XML")) == []
    text = "<https://example.org/a> a <https://example.net/b> .\nSitemap: https://example.org/sitemap.xml\n"
    found = list(text_links(text, "https://example.org/"))
    assert found == ["https://example.org/a", "https://example.org/sitemap.xml"]
    for url, quoted in (("/doc/x/", "/doc/x/"), ("/doc/it's/", "/doc/it's/"), ("/doc/x/", "'/doc/x/'")):
        refresh = f'<meta http-equiv="refresh" content="0; url={quoted}">'
        assert [link.url for link in read_page(refresh).links] == [url]
    assert read_page('<link rel="cite-as" href="https://example.org/id/x">').links == ()


@pytest.mark.parametrize("root", ["", "/so2"])
def test_the_files_for_real_servers_name_every_type(root: str) -> None:
    """Each format's suffix with its media type, the rules for things, and the page for what is not there."""
    files = extras(root)
    own = [f for f in ALL_FORMATS if f.suffix not in ("json", "xml")]
    for fmt in own:
        assert f"AddType {fmt.media_type} .{fmt.suffix}\n" in files[".htaccess"]
        assert (f"AddCharset utf-8 .{fmt.suffix}\n" in files[".htaccess"]) is fmt.charset
    for fmt in GRAPH_FORMATS:
        assert f"RewriteRule ^id/(.+?)/?$ doc/$1.{fmt.suffix} [R=303,L]\n" in files[".htaccess"]
    assert f"ErrorDocument 404 {root}/404.html\n" in files[".htaccess"]
    assert f"RewriteBase {root}/\n" in files[".htaccess"]
    assert ("_headers" in files) is ("_redirects" in files) is (root == "")
    if not root:
        for fmt in own:
            assert f"/*.{fmt.suffix}\n  Content-Type: {fmt.content_type}\n" in files["_headers"]
        assert files["_redirects"] == "/id/* /doc/:splat 303\n"


def test_the_docs_give_nginx_every_type() -> None:
    """The block in docs/static.md is that of the table of formats."""
    text = (ROOT / "docs" / "static.md").read_text(encoding="utf-8")
    block = re.search(r"```nginx\n(.*?)```", text, re.DOTALL)
    assert block is not None
    for fmt in ALL_FORMATS:
        if fmt.suffix not in ("json", "xml"):
            assert re.search(rf"^\s+{re.escape(fmt.media_type)}\s+{fmt.suffix};$", block[1], re.MULTILINE), fmt.name
            assert by_name(fmt.suffix, ALL_FORMATS) is fmt
