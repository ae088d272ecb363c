"""What measures, kills or has little time has the machine for itself: who must say so, and how turns are taken."""

from __future__ import annotations

import ast
import fcntl
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from threading import Thread

import pytest

from tests.conftest import ROOT, TURNS
from tests.turns import patiently, turn, within

Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
TIGHT = re.compile(r"(SO2GRAPH_|--)?(deadline|(max|write|export)[_-](deadline|stall|\w*megabytes))", re.IGNORECASE)
"""Settings that end what takes long or much; a busy machine makes everything take long."""
TESTS = ROOT / "tests"
FILES = sorted(".".join(path.relative_to(TESTS).with_suffix("").parts) for path in TESTS.rglob("test_*.py"))
EVEN = {"process_time", "thread_time"}
"""Clocks of the processor time that a process has used itself: others on the machine hardly change it."""
PATIENT = ("turns", "patiently")
"""It looks at the clock, and gives a busy machine all the time that it may need."""


def _sign(node: ast.AST) -> str:
    """What a part of a function has to do with the clock, the memory or the life of processes; mostly nothing."""
    match node:
        case ast.Attribute(value=ast.Name(id="time" | "resource" as module), attr=name):
            return "" if name in EVEN else f"{module}.{name}"
        case ast.Attribute(attr="kill" | "SIGKILL" as name):
            return name
        case ast.Constant(value=str(text)) if re.match(r"/proc/(self/|$)", text) or re.search(
            r"\bresource\b.*getrusage", text
        ):
            return text
        case ast.Dict(keys=keys):
            names = [key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
            return next((name for name in names if TIGHT.fullmatch(name)), "")
        case ast.keyword(arg=str(name), value=value) if TIGHT.fullmatch(name):
            # hypothesis has a deadline of its own, which is turned off.
            return "" if isinstance(value, ast.Constant) and value.value is None else name
    return ""


@cache
def _tree(file: str) -> ast.Module:
    """A file of tests by its name as a module below `tests`; an empty one when it is a package or not there."""
    path = TESTS / f"{file.replace('.', '/')}.py"
    return ast.parse(path.read_text(encoding="utf-8") if path.exists() else "")


@cache
def _names(file: str) -> dict[str, tuple[str, Defined]]:
    """The functions and classes that a file knows: its own, imported, of conftest for a test; each with its home."""
    found: dict[str, tuple[str, Defined]] = {}
    *folders, name = file.split(".")
    for depth in range(len(folders) + 1 if name.startswith("test_") else 0):
        found |= _names(".".join([*folders[:depth], "conftest"]))
    for node in _tree(file).body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found[node.name] = (file, node)
            case ast.ImportFrom(module=str(module)) if module.startswith("tests."):
                theirs = _names(module.removeprefix("tests."))
                found |= {
                    alias.asname or alias.name: theirs[alias.name] for alias in node.names if alias.name in theirs
                }
    return found


def _why_alone(file: str, node: Defined, seen: set[tuple[str, str]]) -> str:
    """The first sign in a function, in its fixtures, or in what either uses; nothing where there is none."""
    if (file, node.name) in seen or (file, node.name) == PATIENT:
        return ""
    seen.add((file, node.name))
    known = _names(file)
    for part in ast.walk(node):
        if sign := _sign(part):
            return f"{node.name}: {sign}"
        name = part.id if isinstance(part, ast.Name) else part.arg if isinstance(part, ast.arg) else ""
        if name in known and (why := _why_alone(*known[name], seen)):
            return why
    return ""


def _marked(nodes: list[ast.expr]) -> bool:
    return any(ast.unparse(node) == "pytest.mark.alone" for top in nodes for node in ast.walk(top))


def _unmarked(file: str) -> list[str]:
    """The tests of a file that must be alone and do not say so, each with the reason."""
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "resource"):
            return [f"from {node.module} import …: what is used of it is found by the name of the module"]
    for node in _tree(file).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark" and _marked([node.value]):
            return []
    tests = [node for home, node in _names(file).values() if home == file and node.name.startswith("test_")]
    return [
        f"{test.name} ({why})"
        for test in tests
        if not _marked(test.decorator_list) and (why := _why_alone(file, test, set()))
    ]


@pytest.mark.parametrize("file", FILES)
def test_what_needs_the_machine_says_so(file: str) -> None:
    """A test that looks at the clock, measures memory, kills, or sets a tight limit carries the marker `alone`."""
    assert _unmarked(file) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def test_x():\n    time.sleep(1)", "test_x: time.sleep"),
        ("def test_x():\n    os.kill(1, 9)", "test_x: kill"),
        ("def test_x():\n    Path(f'/proc/{pid}/stat')", "test_x: /proc/"),
        ("def test_x(small): pass\n@pytest.fixture\ndef small():\n    serving({'max_stall': 1})", "small: max_stall"),
        ("def test_x():\n    f()\ndef f():\n    return replace(settings, deadline=2)", "f: deadline"),
        ("from tests.test_guests import memory\ndef test_x():\n    memory([])", "memory: /proc/"),
        ("def test_x():\n    time.monotonic()", "test_x: time.monotonic"),
        ("def test_x():\n    time.process_time()", ""),
        ("@settings(deadline=None)\ndef test_x(): pass", ""),
        ("def test_x(settings_env): pass", ""),
        ("from tests.turns import patiently\ndef test_x():\n    assert patiently(bool)", ""),
        ("@pytest.mark.alone\ndef test_x():\n    time.sleep(1)", ""),
        ("pytestmark = pytest.mark.alone\ndef test_x():\n    time.sleep(1)", ""),
    ],
)
def test_the_rule_finds_what_it_is_for(text: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Directly, in a fixture, in a helper, in a helper of another file; and nothing else."""
    tree, others = ast.parse(text), _tree
    monkeypatch.setattr(f"{__name__}._tree", lambda file: tree if file == "test_x" else others(file))
    _names.cache_clear()
    assert _unmarked("test_x") == ([f"test_x ({why})"] if why else [])
    _names.cache_clear()


def test_the_clock_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name imported from the module, which the rule would not know, is a fault by itself, wherever it stands."""
    for text in ("from time import monotonic\ndef test_x(): monotonic()", "def f():\n    from time import sleep"):
        monkeypatch.setattr(f"{__name__}._tree", lambda _file, text=text: ast.parse(text))
        assert [found.partition(":")[0] for found in _unmarked("test_x")] == ["from time import …"]


def test_a_promise_in_seconds_is_broken_when_it_is_broken_each_time() -> None:
    """One attempt in time is enough, and the last; what took too long is told."""
    assert within(2, iter([3.5, 1.9]).__next__) == []
    assert within(2, iter([3.5, 4.0, 2.0, 1.0]).__next__) == [3.5, 4.0, 2.0]


def _free(path: Path, how: int) -> bool:
    """Whether a lock could be had now."""
    file = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(file)
    return True


def test_others_run_side_by_side_and_one_alone(tmp_path: Path) -> None:
    """While a test runs, others may and one that needs the machine may not; while that one runs, nobody may."""
    with turn(tmp_path, alone=False), turn(tmp_path, alone=False):
        assert not _free(tmp_path / "machine", fcntl.LOCK_EX)
    with turn(tmp_path, alone=True):
        assert not _free(tmp_path / "machine", fcntl.LOCK_SH)
        assert _free(tmp_path / "queue", fcntl.LOCK_EX)
    assert _free(tmp_path / "machine", fcntl.LOCK_EX)


def test_nobody_overtakes_one_that_waits_to_be_alone(tmp_path: Path) -> None:
    """It begins when those end that ran when it came; who comes later waits behind it."""
    order: list[str] = []

    def run(name: str, *, alone: bool) -> None:
        with turn(tmp_path, alone=alone):
            order.append(name)

    first = Thread(target=run, args=("alone",), kwargs={"alone": True})
    second = Thread(target=run, args=("later",), kwargs={"alone": False})
    with turn(tmp_path, alone=False):
        first.start()
        assert patiently(lambda: not _free(tmp_path / "queue", fcntl.LOCK_EX))
        second.start()
        order.append("ran")
    for thread in (first, second):
        thread.join()
    assert order == ["ran", "alone", "later"]


MODULE = """
from pathlib import Path
import pytest
from tests.turns import patiently

LOG = Path(__file__).parent / "log"

def say(what):
    with LOG.open("a") as file:
        file.write(what + chr(10))

@pytest.mark.alone
def test_alone():
    for _ in range(1000):
        say("alone in ME")

def test_beside():
    say("beside in ME")
    assert patiently(lambda: "beside in OTHER" in LOG.read_text())
"""


def test_workers_keep_to_their_turns(tmp_path: Path) -> None:
    """In a run with two workers, tests of two files meet, and those that are marked come later and never meet."""
    for me, other in (("a", "b"), ("b", "a")):
        text = MODULE.replace("ME", me).replace("OTHER", other)
        (tmp_path / f"test_{me}.py").write_text(text, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = alone\n", encoding="utf-8")
    words = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-n", "2"]
    words += ["--dist", "loadfile", "--no-loadscope-reorder", "--rootdir", str(tmp_path), str(tmp_path)]
    # It has turns of its own: this test has that of the run.
    env = {name: value for name, value in os.environ.items() if name != TURNS}
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout
    lines = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert sorted(lines[:2]) == ["beside in a", "beside in b"]
    halves = (lines[2:1002], lines[1002:])
    assert sorted((set(half).pop(), len(set(half)), len(half)) for half in halves) == [
        ("alone in a", 1, 1000),
        ("alone in b", 1, 1000),
    ]
