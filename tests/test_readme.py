"""The README, tutorial and reference do what they say: every command and every snippet is run as written."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, Ask
from tests.test_service import serving

BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
ADDRESS = "http://127.0.0.1:7878/"
ELSEWHERE = ("make run", "make test")
"""Run by people and by .ci/run: the first serves for ever, the second is this."""


def blocks(page: str, kind: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return [body.strip() for found, body in BLOCK.findall(text) if found == kind]


@pytest.fixture(scope="module")
def service(settings_env: dict[str, str]) -> Iterator[str]:
    with serving(settings_env) as running:
        yield running.url


def commands(page: str) -> list[str]:
    """Shell commands of a page: one a line, with its continuation lines."""
    text = "\n".join(blocks(page, "sh")).replace("\\\n", " ")
    return [line for line in text.split("\n") if line.strip() and line not in ELSEWHERE]


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_every_command_runs_as_written(page: str, service: str, settings_env: dict[str, str], tmp_path: Path) -> None:
    """Each ends with 0 and prints something, or writes the file that it names."""
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    assert len(commands(page)) >= 5
    for command in commands(page):
        before = set(tmp_path.iterdir())
        done = subprocess.run(
            ["bash", "-c", command.replace(ADDRESS, service)],
            cwd=tmp_path,
            env=settings_env,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, (command, done.stderr)
        assert "problems/" not in done.stdout, command
        assert done.stdout.strip() or set(tmp_path.iterdir()) - before, command


def test_every_python_snippet_of_the_readme_runs(service: str, settings_env: dict[str, str]) -> None:
    """What it prints is what the text around it says."""
    printed = []
    for snippet in blocks("README.md", "python"):
        done = subprocess.run(
            [sys.executable, "-c", snippet.replace(ADDRESS, service)],
            env=settings_env,
            capture_output=True,
            text=True,
            timeout=600,
            check=True,
        )
        printed.append(done.stdout)
    assert len(printed) == 2
    assert "Noor van Leeuwen" in printed[0]
    assert printed[1].split("\n")[:2] == ["facts 0", "FROM <https://w3id.org/so2graph/graph/all> 2"]


def test_every_query_of_the_tutorial_answers(ask: Ask, snapshot: object) -> None:
    """Each SELECT has rows; what the text says of them holds."""
    answers = [ask(text) for text in blocks("docs/tutorial.md", "sparql") if not text.startswith("ASK")]
    assert len(answers) == 5
    assert all(answers)
    persons = [str(row["person"]) for row in answers[1]]
    assert persons.count("Noor van Leeuwen") == 2
    assert len(answers[2]) == 2
    assert {str(row["modality"]).rpartition("#")[2] for row in answers[3]} == {"intended"}
    assert [(str(r["id"]), str(r["start"]), str(r["end"])) for r in answers[4]] == [("F45", "1729", "1815")]


PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_between_pages_leads_to_a_file(page: Path) -> None:
    """Relative links and pictures exist."""
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing


def test_every_page_of_the_docs_is_reached_from_the_readme() -> None:
    """No page stands alone."""
    seen: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen:
            continue
        seen.add(page)
        links = re.findall(r"\]\(([^)#\s]+\.md)\)", page.read_text(encoding="utf-8"))
        todo += [(page.parent / link).resolve() for link in links]
    assert set(PAGES) <= seen


def test_the_reference_is_what_the_tables_say() -> None:
    """`make docs` has been run: settings, errors, formats, commands and queries are documented as they are."""
    words = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
