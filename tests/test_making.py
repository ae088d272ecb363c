"""Files that are made once for a generation, by a process of their own."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from so2graph.config import Settings
from so2graph.engine.access import Session, session_at
from so2graph.errors import Busy, NotFound, QueryMemory
from so2graph.publish.making import Build, Maker, Recipe
from tests.test_network_files import published
from tests.turns import patiently

DATA = "@prefix x: <http://example.org/> . x:g { x:a a x:T }"


def told(session: Session, path: Path, name: str) -> None:
    """Says which process makes it, and with `gate` waits for somebody to open that pipe."""
    path.with_name("process").write_text(str(os.getpid()))
    if name.startswith("/"):
        Path(name).read_text()
    path.write_text(f"{name} of {session.triples}")


def filled(session: Session, path: Path, name: str) -> None:
    """Puts two files into a folder; fails between them where it is told to."""
    (path / "one").write_text(str(session.snapshot.manifest.number))
    if name == "missing":
        raise NotFound("that is missing", mend="Ask for another.")
    if name == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    (path / "two").write_text(name)


def maker(session: Session, build: Build = told, patience: float = 60, *, folder: bool = False) -> Maker:
    """One that needs a process for everything."""
    return Maker(session.settings, Recipe(build, patience, "Ask for less", folder=folder))


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A dataset of one triple."""
    return published(tmp_path / "data", DATA)


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A pipe: who reads it waits until somebody writes."""
    os.mkfifo(tmp_path / "gate")
    return tmp_path / "gate"


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def process_of(session: Session) -> int:
    """The process that makes a file, as soon as there is one."""
    note = session.settings.data / "exports" / "000001" / "process"
    assert patiently(lambda: note.is_file() and bool(note.read_text()))
    return int(note.read_text())


STARTER = """
import sys
from pathlib import Path
from so2graph.config import Settings
from so2graph.engine.access import session_at
from tests.test_making import maker
session = session_at(Settings.load({}, {"data": Path(sys.argv[1])}), 1)
maker(session).path(session, "it", sys.argv[2], "it")
"""


@pytest.mark.alone
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has ended")
def test_what_is_being_made_ends_with_who_wants_it(session: Session, gate: Path) -> None:
    """Killed in the middle, a worker leaves no process behind; the next one makes the file."""
    words = [sys.executable, "-c", STARTER, str(session.settings.data), str(gate)]
    with subprocess.Popen(words) as starter:
        child = process_of(session)
        assert not gone(child)
        assert child != starter.pid
        starter.kill()
    assert patiently(lambda: gone(child))
    assert maker(session).path(session, "it", "it", "it").read_text() == "it of 1"


def test_it_is_made_though_nobody_waits_for_it_any_more(session: Session, gate: Path) -> None:
    """Who is in a hurry hears `Busy`; the end of that thread is not the end of what it began."""
    hasty = maker(session, patience=0)
    heard: list[Exception] = []

    def ask() -> None:
        try:
            hasty.path(session, "it", str(gate), "the file")
        except Busy as error:
            heard.append(error)

    thread = Thread(target=ask)
    thread.start()
    thread.join()
    process_of(session)
    assert [str(error) for error in heard] == ["the file is being made, or others are"]
    assert hasty.at_work == 1
    assert hasty.found(session, "it") is None
    with pytest.raises(Busy):
        hasty.path(session, "another", "another", "another")  # max_exports is 1
    gate.write_text("go on")
    assert patiently(lambda: hasty.found(session, "it") is not None and not hasty.at_work)
    assert hasty.path(session, "it", "", "").read_text() == f"{gate} of 1"


@pytest.mark.alone
def test_a_folder_is_there_when_all_is_in_it(session: Session) -> None:
    """What fails leaves nothing, and the error of the process is raised here."""
    shelf = maker(session, filled, folder=True)
    for name, error, said in (("missing", NotFound, "that is missing"), ("killed", QueryMemory, "more memory")):
        with pytest.raises(error, match=said):
            shelf.path(session, "shelf", name, "the shelf")
        assert shelf.found(session, "shelf") is None
    folder = shelf.path(session, "shelf", "whole", "the shelf")
    assert shelf.path(session, "shelf", "other", "the shelf") == folder
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"one": "1", "two": "whole"}
    assert sorted(path.name for path in folder.parent.iterdir()) == [".shelf.lock", "shelf"]


def test_only_so_many_wait(session: Session) -> None:
    """While another process makes it, as many requests wait as the recipe says; the next hears `Busy` at once."""
    place = session.settings.data / "exports" / "000001"
    place.mkdir(parents=True)
    few = Maker(session.settings, Recipe(told, 60, "Ask for less", waiting=1))
    heard: list[str] = []

    def ask() -> None:
        try:
            heard.append(few.path(session, "it", "it", "it").read_text())
        except Busy as error:
            heard.append(str(error))

    asking = [Thread(target=ask) for _ in range(3)]
    with (place / ".it.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for thread in asking:
            thread.start()
        assert patiently(lambda: len(heard) == 2)
    for thread in asking:
        thread.join()
    assert heard == ["it is being made, or others are"] * 2 + ["it of 1"]


@pytest.mark.alone
def test_a_generation_long_past_is_swept(session: Session) -> None:
    """The files of the newest two stay."""
    paths = []
    for number in (1, 2, 3):
        now = session if number == 1 else published(session.settings.data, DATA)
        paths.append(maker(now, filled, folder=True).path(now, "shelf", "it", "it"))
    assert [path.is_dir() for path in paths] == [False, True, True]
    assert json.loads((paths[2] / "one").read_text()) == 3


def test_a_generation_is_read_with_the_rights_of_who_asks(session: Session) -> None:
    """The process sees what the session sees, and nothing else."""
    settings = Settings.load({}, {"data": session.settings.data})
    blind = session_at(settings, 1, frozenset({"http://example.org/g"}))
    assert maker(blind).path(blind, "it", "it", "it").read_text() == "it of 0"
