"""Building: a new generation only for new input, and whatever goes wrong leaves everything as it was."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from so2graph.config import Settings
from so2graph.engine.access import Access
from so2graph.engine.dataset import resolve
from so2graph.engine.generations import Folder, Manifest
from so2graph.engine.guard import analyse
from so2graph.errors import (
    BadSetting,
    CheckFailed,
    DataInvalid,
    DatasetLocked,
    DatasetReadOnly,
    DatasetUnreadable,
    DataSyntax,
    NoGeneration,
    So2Error,
)
from so2graph.publish.build import build, ensure_built, open_current, validate
from so2graph.registry import Bundle
from so2graph.vocab import CANONICAL_BASE
from tests.conftest import ROOT

STATED = "data/so2/stated.trig"

Edit = Callable[[Path, str, str], None]


def _copy(bundle: Bundle, root: Path) -> Bundle:
    for folder in ("data", "ontology"):
        shutil.copytree(bundle.root / folder, root / folder, ignore=shutil.ignore_patterns("shapes"))
    return Bundle(root, CANONICAL_BASE)


@pytest.fixture(scope="module")
def pristine(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the bundle, without shapes and checks (they have tests of their own), and its data."""
    folder = tmp_path_factory.mktemp("pristine")
    build(_copy(bundle, folder / "bundle"), Settings.load({}, {"data": folder / "data"}))
    return folder


@pytest.fixture
def copied(pristine: Path, tmp_path: Path) -> Bundle:
    """A bundle to change."""
    shutil.copytree(pristine / "bundle", tmp_path / "bundle")
    return Bundle(tmp_path / "bundle", CANONICAL_BASE)


@pytest.fixture
def made(pristine: Path, copied: Bundle, tmp_path: Path) -> Settings:
    """Settings whose folder holds the first generation of the copy."""
    shutil.copytree(pristine / "data", tmp_path / "data")
    made = Settings.load({}, {"data": tmp_path / "data"})
    assert Folder(made.data).current() == 1
    return made


def _edit(bundle: Bundle, file: str, old: str, new: str) -> None:
    path = bundle.root / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def _touch(bundle: Bundle, note: str = "changed") -> None:
    """A change that alters no statement."""
    path = bundle.root / STATED
    path.write_text(path.read_text(encoding="utf-8") + f"# {note}\n", encoding="utf-8")


def _asked(settings: Settings, text: str) -> list[tuple[str, ...]]:
    snapshot = open_current(settings)
    dataset = resolve(snapshot.graphs, snapshot.graphs.readable("public"), analyse(text))
    return [tuple(map(str, row)) for row in snapshot.query(text, dataset, {}).rows()]


def _state(settings: Settings) -> tuple[object, ...]:
    """What a failed build must not change: the number served, what lies in the folder, and what is answered."""
    folder = Folder(settings.data)
    entries = sorted(path.name for path in settings.data.iterdir() if path.name != "lock")
    answers = _asked(settings, "SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o")
    return folder.current(), folder.numbers(), folder.manifest(), entries, answers


def test_the_same_input_makes_no_new_generation(copied: Bundle, made: Settings) -> None:
    """Building twice leaves one generation, and says that it made none."""
    before = _state(made)
    again = build(copied, made)
    assert (again.new, again.manifest.number) == (False, 1)
    assert ensure_built(copied, made).new is False
    assert _state(made) == before


@pytest.mark.parametrize(
    ("file", "addition"),
    [
        (STATED, "# x\n"),
        ("data/catalog.ttl", "# x\n"),
        ("ontology/modality.ttl", "# x\n"),
        ("ontology/prefixes.tsv", "zz\thttp://zz.example/\n"),
        ("queries/checks/new.rq", None),
        ("ontology/shapes/new.ttl", ""),
    ],
)
def test_a_changed_file_makes_the_next_generation(
    file: str,
    addition: str | None,
    copied: Bundle,
    made: Settings,
) -> None:
    """Data, catalogue, vocabulary, prefixes, checks and shapes are input: a change of one gives the next number."""
    path = copied.root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    if addition is None:
        addition = "#+ message: {nl: a, en: a}\n#+ mend: {nl: b, en: b}\nSELECT ?focus { FILTER(false) }\n"
    with path.open("a", encoding="utf-8") as handle:
        handle.write(addition)
    built = build(copied, made)
    assert (built.new, built.manifest.number) == (True, 2)
    assert Folder(made.data).current() == 2
    assert Folder(made.data).numbers() == [1, 2]
    assert build(copied, made).new is False


def test_the_manifest_says_what_the_generation_holds(made: Settings) -> None:
    """Number, base and the triples of each stored graph are in the manifest, and are what the store has."""
    manifest = Folder(made.data).manifest()
    assert (manifest.number, manifest.base) == (1, CANONICAL_BASE)
    assert manifest.by_name_only == (CANONICAL_BASE + "graph/so2/contact",)
    rows = _asked(made, "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
    assert {g: int(n) for g, n in rows} == manifest.graphs
    assert manifest.triples == sum(manifest.graphs.values())
    assert Manifest.read(made.data / "generations/000001/generation.json") == manifest


def test_two_builds_of_the_same_files_hold_the_same_statements(
    copied: Bundle,
    made: Settings,
    tmp_path: Path,
) -> None:
    """Another folder gets the same graphs, sizes and digest of input."""
    other = build(copied, replace(made, data=tmp_path / "other")).manifest
    assert replace(other, created="") == replace(Folder(made.data).manifest(), created="")


def test_progress_goes_up_to_its_total(copied: Bundle, made: Settings) -> None:
    """A build reports each step, never backwards, and ends with all of them done."""
    seen: list[tuple[str, int, int]] = []
    _touch(copied)
    build(copied, made, lambda step, done, total: seen.append((step, done, total)))
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert seen[-1][0] == "done"
    assert seen[-1][1] == seen[-1][2]


BROKEN: dict[str, tuple[str, str, str, type[So2Error], str]] = {
    "broken Turtle": (STATED, "so2:heldWithin <so2> ;", "so2:heldWithin <so2> . ;", DataSyntax, "stated.trig, line "),
    "unknown prefix": ("ontology/roles.ttl", "skos:", "skoss:", DataSyntax, "roles.ttl, line "),
    "another graph": (STATED, "graph/so2/stated>", "graph/so2/hoped>", DataInvalid, "graph/so2/hoped"),
    "missing file": ("data/catalog.ttl", '"so2/hoped.trig"', '"so2/hope.trig"', DataInvalid, "hope.trig"),
    "a file that is no RDF": (
        "data/catalog.ttl",
        '"so2/hoped.trig"',
        '"sources/so2-page.txt"',
        DataInvalid,
        "suffix",
    ),
    "no file": ("data/catalog.ttl", 'so2:file "so2/hoped.trig"', 'so2:note "x"', DataInvalid, "has no so2:file"),
    "a graph of another": (
        "data/catalog.ttl",
        "<graph/so2/hoped> a dcat:",
        "<http://x/g> a dcat:",
        DataInvalid,
        "is not a graph of this dataset",
    ),
    "a broken catalogue": ("data/catalog.ttl", "a dcat:Catalog", "a a dcat:Catalog", DataSyntax, "catalog.ttl, line"),
    "another page": ("data/sources/so2-page.txt", "sociale", "Sociale", DataInvalid, "sha256"),
    "a quote of other words": (
        "data/so2/claims.trig",
        'oa:exact "alliantieproject"',
        'oa:exact "allianties"',
        CheckFailed,
        "claim F01",
    ),
    "other words before a quote": (
        "data/so2/claims.trig",
        '\\n\\nIn het "',
        '\\n\\nIn dit "',
        CheckFailed,
        "before or after its quote",
    ),
    "half a quote": ("data/so2/claims.trig", 'oa:exact "alliantieproject" ;', "", CheckFailed, "no complete quote"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_faulty_data_changes_nothing(name: str, copied: Bundle, made: Settings, tmp_path: Path) -> None:
    """Each fault is named with its file or claim, exit code 3, and the old generation goes on being served."""
    file, old, new, kind, says = BROKEN[name]
    before = _state(made)
    _edit(copied, file, old, new)
    with pytest.raises(kind) as caught:
        build(copied, made)
    assert type(caught.value) is kind
    assert says in str(caught.value)
    assert caught.value.exit_code == 3
    assert caught.value.mend
    assert _state(made) == before
    with pytest.raises(kind):
        validate(copied, made, tmp_path)
    assert _state(made) == before


def test_a_syntax_error_names_file_line_and_column(copied: Bundle, made: Settings) -> None:
    """The place of a syntax error is that of the character that is wrong."""
    text = (copied.root / STATED).read_text(encoding="utf-8")
    _edit(copied, STATED, "so2:heldWithin <so2> ;", "so2:heldWithin <so2> ! ;")
    line = text[: text.index("so2:heldWithin <so2> ;")].count("\n") + 1
    with pytest.raises(DataSyntax) as caught:
        build(copied, made)
    members = caught.value.members
    assert members["file"] == str((copied.root / STATED).resolve())
    assert (members["line"], members["column"]) == (line, 30)


def test_a_quote_at_the_wrong_place_is_told_the_right_one(copied: Bundle, made: Settings) -> None:
    """A quote that is not at its offsets fails the build, which names the claim and gives the right offsets."""
    before = _state(made)
    _edit(copied, "data/so2/claims.trig", "oa:start 43 ;\n        oa:end 59 .", "oa:start 40 ;\n        oa:end 56 .")
    with pytest.raises(CheckFailed) as caught:
        build(copied, made)
    (fault,) = caught.value.faults
    assert (fault.check, fault.where) == ("evidence", "claim F01")
    assert "[40,56)" in fault.what
    assert "[43,59)" in fault.mend
    assert str(caught.value).startswith("1 fault found; nothing was changed.")
    assert _state(made) == before


def test_a_fault_does_not_show_an_email_address(copied: Bundle, made: Settings) -> None:
    """A quote that is an address is named by its claim only: errors end up in logs."""
    _edit(copied, "data/so2/claims.trig", "oa:start 1431 ;", "oa:start 1432 ;")
    with pytest.raises(CheckFailed) as caught:
        build(copied, made)
    (fault,) = caught.value.faults
    assert fault.where == "claim F35"
    assert "@" not in str(caught.value)


def test_all_faults_are_told_at_once(copied: Bundle, made: Settings) -> None:
    """Two wrong quotes are two faults of one error."""
    _edit(copied, "data/so2/claims.trig", "oa:start 43 ;", "oa:start 44 ;")
    _edit(copied, "data/so2/claims.trig", "oa:start 36 ;", "oa:start 37 ;")
    with pytest.raises(CheckFailed, match="2 faults found") as caught:
        build(copied, made)
    assert sorted(fault.where for fault in caught.value.faults)[:2] == ["claim F01", "claim F02"]


def test_a_check_that_finds_something_stops_the_build(copied: Bundle, made: Settings) -> None:
    """Each row of a check query is a fault, with its message, focus and how to mend it."""
    before = _state(made)
    checks = copied.root / "queries" / "checks"
    checks.mkdir(parents=True)
    (checks / "no-hope.rq").write_text(
        "#+ message: {nl: er is hoop, en: there is hope}\n#+ mend: {nl: laat varen, en: abandon it}\n"
        "SELECT ?focus ?detail { GRAPH ?g { ?focus so2:hopes ?o } BIND('here' AS ?detail) }\n",
        encoding="utf-8",
    )
    with pytest.raises(CheckFailed) as caught:
        build(copied, made)
    (fault,) = caught.value.faults
    assert (fault.check, fault.where, fault.what, fault.mend) == (
        "queries/checks/no-hope.rq",
        "id:we",
        "there is hope here",
        "abandon it",
    )
    assert _state(made) == before


def test_a_shape_that_does_not_fit_stops_the_build(copied: Bundle, made: Settings) -> None:
    """A result of SHACL validation is a fault that names its focus node and path."""
    shapes = copied.root / "ontology" / "shapes"
    shapes.mkdir()
    (shapes / "x.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix so2: <https://w3id.org/so2graph/def#> .\n"
        "<urn:x> a sh:NodeShape ; sh:targetClass so2:CoreGroup ; sh:property <urn:y> .\n"
        "<urn:y> sh:path so2:heldInYear ; sh:minCount 1 ; sh:message 'geen jaar'@nl, 'no year'@en .\n",
        encoding="utf-8",
    )
    with pytest.raises(CheckFailed) as caught:
        build(copied, made)
    (fault,) = caught.value.faults
    assert (fault.check, fault.where, fault.what) == ("shapes", "id:kerngroep-assen-drenthe", "no year")
    assert "so2:heldInYear" in fault.mend


CHILD = """
import sys
from pathlib import Path
from so2graph.config import Settings
from so2graph.publish.build import build
from so2graph.registry import Bundle

def halfway(step, done, total):
    if step == "checking":
        print("halfway", flush=True)
        sys.stdin.read()

settings = Settings.load({}, {"data": Path(sys.argv[2])})
build(Bundle(Path(sys.argv[1]), settings.base), settings, halfway)
"""


def _writer(bundle: Bundle, settings: Settings) -> subprocess.Popen[str]:
    """Another process, halfway in a build, which waits there until its input is closed."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(bundle.root), str(settings.data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "halfway\n"
    return child


def _end(child: subprocess.Popen[str], *, kill: bool) -> int:
    if kill:
        child.kill()
    child.communicate()
    return child.returncode


@pytest.mark.alone
def test_a_second_writer_is_told_who_writes(copied: Bundle, made: Settings) -> None:
    """While another process builds, a build fails at once and names its number and command; reading goes on."""
    answers = _state(made)[4]
    _touch(copied)
    child = _writer(copied, made)
    try:
        with pytest.raises(DatasetLocked) as caught:
            build(copied, made)
        assert _state(made)[4] == answers
    finally:
        code = _end(child, kill=False)
    assert f"process {child.pid} on " in str(caught.value)
    assert "so2graph build" in str(caught.value.members["holder"])
    assert (caught.value.exit_code, caught.value.status) == (5, 503)
    # The other one was not disturbed: it has made the generation.
    assert code == 0
    assert Folder(made.data).current() == 2
    assert build(copied, made).new is False


@pytest.mark.alone
def test_a_killed_writer_leaves_the_old_generation_and_a_free_lock(copied: Bundle, made: Settings) -> None:
    """After kill -9 in the middle of a build the old generation is served, and the next build sweeps and succeeds."""
    before = _state(made)
    _touch(copied)
    child = _writer(copied, made)
    assert _end(child, kill=True) == -9
    left = [path.name for path in made.data.glob("staging-*")]
    assert left == [f"staging-{child.pid}"]
    assert (Folder(made.data).current(), _state(made)[4]) == (1, before[4])
    assert build(copied, made).manifest.number == 2
    assert list(made.data.glob("staging-*")) == []
    assert _state(made)[4] == before[4]


def test_the_lock_says_nothing_once_it_is_free(made: Settings) -> None:
    """The name of the last writer does not stay behind."""
    assert (made.data / "lock").read_text(encoding="utf-8") == ""


def test_only_so_many_generations_are_kept(copied: Bundle, made: Settings) -> None:
    """The oldest generations go when there are more than keep_generations; the current one stays."""
    few = replace(made, keep_generations=2)
    for number in (2, 3, 4):
        _touch(copied, f"change {number}")
        build(copied, few)
    assert Folder(made.data).numbers() == [3, 4]
    assert Folder(made.data).current() == 4
    with pytest.raises(NoGeneration, match="generation 1"):
        Folder(made.data).manifest(1)


def test_a_reader_keeps_its_generation(copied: Bundle, made: Settings) -> None:
    """A snapshot that was open before a build goes on with the generation that it opened."""
    text = "SELECT ?o { <https://w3id.org/so2graph/id/we> <https://w3id.org/so2graph/def#knows> ?o }"
    snapshot = open_current(made)
    _edit(copied, STATED, "<we> a so2:Speaker ;", "<we> a so2:Speaker ; so2:knows <so2> ;")
    build(copied, made)
    dataset = resolve(snapshot.graphs, snapshot.graphs.readable("public"), analyse(text))
    assert list(snapshot.query(text, dataset, {}).rows()) == []
    assert snapshot.manifest.number == 1
    assert len(_asked(made, text)) == 1


def test_nothing_built_is_said_so(tmp_path: Path) -> None:
    """An empty folder has no generation, and the error says what to run; looking does not make the folder."""
    with pytest.raises(NoGeneration) as caught:
        open_current(Settings.load({}, {"data": tmp_path / "none"}))
    assert "so2graph build" in caught.value.mend
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"number": 1}', '{"number": 1, "by_name_only": 3}', "\x00"])
def test_a_manifest_that_cannot_be_read_is_named(content: str, made: Settings) -> None:
    """A manifest that is not one is an error with its path, not a crash."""
    path = made.data / "generations" / "000001" / "generation.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DatasetUnreadable) as caught:
        open_current(made)
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 6


@pytest.mark.parametrize("content", ["", "one", "1.5", "é"])
def test_a_pointer_that_is_no_number_is_named(content: str, made: Settings) -> None:
    """The error lists the numbers that could stand there."""
    (made.data / "current").write_text(content, encoding="utf-8")
    with pytest.raises(DatasetUnreadable) as caught:
        open_current(made)
    assert "1" in caught.value.mend


def test_a_pointer_to_nothing_and_a_store_without_files_are_errors(made: Settings) -> None:
    """A generation that is gone, or of which the store is gone, cannot be opened, and the error says so."""
    (made.data / "current").write_text("7\n", encoding="ascii")
    with pytest.raises(NoGeneration):
        open_current(made)
    (made.data / "current").write_text("1\n", encoding="ascii")
    shutil.rmtree(made.data / "generations" / "000001" / "store")
    with pytest.raises(DatasetUnreadable, match="store"):
        open_current(made)


def test_a_folder_below_a_file_cannot_be_written(copied: Bundle, tmp_path: Path) -> None:
    """A path that goes through a regular file is an error of the folder."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for path in (tmp_path / "file" / "data", tmp_path / "file"):
        with pytest.raises(DatasetReadOnly) as caught:
            build(copied, Settings.load({}, {"data": path}))
        assert str(path) in str(caught.value)
        assert (caught.value.exit_code, "another folder" in caught.value.mend) == (6, True)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "x"


MOUNTED = """
import sys, os
from dataclasses import replace
from pathlib import Path
from so2graph.config import Settings
from so2graph.engine.generations import Folder
from so2graph.errors import So2Error
from so2graph.publish.build import build, open_current
from so2graph.registry import Bundle

root, mount, case = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
settings = Settings.load({}, {"data": mount / "data"})
bundle = Bundle(root, settings.base)
build(bundle, settings)
stated = root / "data/so2/stated.trig"
stated.write_text(stated.read_text(encoding="utf-8") + "# changed\\n", encoding="utf-8")
if case == "read-only":
    assert os.system(f"mount -o remount,ro '{mount}'") == 0
else:
    free = os.statvfs(mount)
    with (mount / "filler").open("wb") as file:
        file.write(b"x" * max(0, free.f_bavail * free.f_bsize - int(case)))
before = sorted(p.name for p in settings.data.iterdir())
for _ in range(2):
    try:
        build(bundle, settings)
    except So2Error as error:
        print(type(error).__name__, error.exit_code, str(settings.data) in str(error), bool(error.mend))
    else:
        print("built")
    assert sorted(p.name for p in settings.data.iterdir()) == before
    assert Folder(settings.data).current() == 1 and Folder(settings.data).numbers() == [1]
    names = open_current(settings).names
    assert sum(1 for _ in open_current(settings).quads([names.graph("so2/stated")])) > 100
if case == "read-only":
    assert os.system(f"mount -o remount,rw '{mount}'") == 0
else:
    (mount / "filler").unlink()
print(build(bundle, settings).manifest.number)
"""


def _mounted(bundle: Bundle, mount: Path, case: str) -> list[str]:
    """What the script says in a namespace of its own with a small tmpfs; skips where that is not allowed."""
    mount.mkdir()
    prepare = f'mount -t tmpfs -o size=24m tmpfs "{mount}"'
    if sys.platform != "linux" or shutil.which("unshare") is None:
        pytest.skip("needs Linux with unshare to mount a file system of its own")
    if subprocess.run(["unshare", "-m", "sh", "-c", prepare], capture_output=True, check=False).returncode:
        pytest.skip("may not mount a file system here (needs CAP_SYS_ADMIN)")
    done = subprocess.run(
        [
            "unshare",
            "-m",
            "sh",
            "-c",
            f'{prepare} && exec "$@"',
            "sh",
            sys.executable,
            "-c",
            MOUNTED,
            str(bundle.root),
            str(mount),
            case,
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "default"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_folder_that_cannot_be_written_goes_on_being_read(copied: Bundle, tmp_path: Path) -> None:
    """On a read-only file system a build fails with what to do, and everything else works; then it builds again."""
    assert _mounted(copied, tmp_path / "mount", "read-only") == ["DatasetReadOnly 6 True True"] * 2 + ["2"]


@pytest.mark.parametrize("left", [0, 4096, 65536, 400_000])
def test_a_full_disk_leaves_everything_as_it_was(left: int, copied: Bundle, tmp_path: Path) -> None:
    """However little room is left, a build that needs more fails with what to do and leaves nothing behind."""
    assert _mounted(copied, tmp_path / "mount", str(left)) == ["DiskFull 6 True True"] * 2 + ["2"]


def test_another_base_moves_every_name(bundle: Bundle, tmp_path: Path) -> None:
    """With a base of one's own all IRIs of the dataset, its graphs, prefixes and stored queries are below it."""
    base = "http://example.org/x/"
    moved = Bundle(bundle.root, base)
    settings = Settings.load({}, {"data": tmp_path / "data", "base": base})
    build(moved, settings)
    snapshot = open_current(settings)
    graphs = sorted(snapshot.manifest.graphs)
    assert all(graph.startswith(base + "graph/") for graph in graphs)
    terms = {str(term) for quad in snapshot.quads(graphs) for term in quad}
    assert [term for term in terms if CANONICAL_BASE in term] == []
    assert base + "id/so-netwerk-groningen" in terms
    assert base + "def#coversArea" in terms
    assert [name for name, namespace in moved.prefixes().items() if CANONICAL_BASE in namespace] == []
    assert (moved.prefixes()["id"], moved.prefixes()["so2"]) == (base + "id/", base + "def#")
    assert [query.name for query in moved.queries().values() if CANONICAL_BASE in query.text] == []
    assert [check.name for check in moved.checks() if CANONICAL_BASE in check.text] == []
    counts = {graph.removeprefix(base): n for graph, n in snapshot.manifest.graphs.items()}
    canonical = build(bundle, Settings.load({}, {"data": tmp_path / "canonical"})).manifest
    assert counts == {graph.removeprefix(CANONICAL_BASE): n for graph, n in canonical.graphs.items()}


def test_only_a_build_changes_the_base(copied: Bundle, made: Settings) -> None:
    """A folder that was built for one base is neither read nor rewritten under another; a build does so."""
    base = "http://example.org/x/"
    moved, bundle = replace(made, base=base), Bundle(copied.root, base)
    before = _state(made)
    for read in (lambda: ensure_built(bundle, moved), lambda: Access(moved, bundle).session()):
        with pytest.raises(BadSetting) as caught:
            read()
        assert made.base in str(caught.value)
        assert base in str(caught.value)
    assert _state(made) == before
    built = build(bundle, moved)
    assert (built.new, built.manifest.number, built.manifest.base) == (True, 2, base)


def test_validate_counts_what_a_build_would_hold_and_publishes_nothing(
    copied: Bundle,
    made: Settings,
    tmp_path: Path,
) -> None:
    """Validating gives the number of statements of a build and leaves the data folder alone."""
    before = _state(made)
    assert validate(copied, made, tmp_path) == Folder(made.data).manifest().triples
    assert _state(made) == before
