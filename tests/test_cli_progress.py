"""What a command shows of its progress: a bar at a terminal, and nothing where nobody looks."""

from __future__ import annotations

import os
import pty

import pytest

from so2graph.cli_progress import progress


def test_a_terminal_gets_a_bar_with_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """The label, the share that is done and the step; its length may change on the way, and it ends its line."""
    here, there = pty.openpty()
    with os.fdopen(there, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        with progress("linking") as tell:
            tell("reading", 1, 4)
            tell("comparing", 4, 8)
            tell("done", 8, 8)
        terminal.flush()
        told = os.read(here, 65_536).decode()
    os.close(here)
    assert "linking" in told
    assert "100%" in told
    assert "done" in told
    assert told.endswith("\n")


def test_nothing_is_shown_where_nobody_looks(capfd: pytest.CaptureFixture[str]) -> None:
    """Where standard error is a file or a pipe, steps may be told all the same, and nothing is written."""
    with progress("linking") as tell:
        tell("reading", 1, 4)
    assert capfd.readouterr() == ("", "")
