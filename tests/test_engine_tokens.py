"""Tokens: who has one, what it allows, and what stands on disk of it."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from so2graph.engine.dataset import Graphs
from so2graph.engine.tokens import ANYONE, ROLES, Caller, Token, Tokens
from so2graph.errors import BadParameter, DatasetUnreadable, Forbidden, NotFound, Unauthorized
from so2graph.vocab import CANONICAL_BASE, Names

NAMES = Names(CANONICAL_BASE)
A, PRIVATE, SECRET = (NAMES.graph(name) for name in ("a", "private", "secret"))
GRAPHS = Graphs(NAMES, frozenset((A, PRIVATE, SECRET)) | NAMES.derived, frozenset((PRIVATE, SECRET)))


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "data")


def _caller(tokens: Tokens, secret: str) -> Caller:
    return tokens.caller(f"Bearer {secret}")


def test_a_token_is_what_it_was_made_as(tokens: Tokens, tmp_path: Path) -> None:
    """Its bearer has its name, role and graphs, for this object and for another that reads the file."""
    secret = tokens.add("jo@example.org", "editor", read=[SECRET, PRIVATE], write=[A])
    for reader in (tokens, Tokens(tmp_path / "data")):
        caller = _caller(reader, secret)
        assert (caller.name, caller.writable) == ("jo@example.org", (A,))
        (token,) = reader.all()
        assert (token.role, token.read, token.write) == ("editor", (PRIVATE, SECRET), (A,))
        assert caller.token == token


def test_tokens_are_listed_by_name_and_removed(tokens: Tokens) -> None:
    """A removed token is worth nothing; the others stay what they are."""
    secrets = {name: tokens.add(name, "reader") for name in ("c", "a", "b")}
    assert [token.name for token in tokens.all()] == ["a", "b", "c"]
    assert len(set(secrets.values())) == 3
    tokens.remove("b")
    assert [token.name for token in tokens.all()] == ["a", "c"]
    with pytest.raises(Unauthorized):
        _caller(tokens, secrets["b"])
    assert [_caller(tokens, secrets[name]).name for name in ("a", "c")] == ["a", "c"]
    with pytest.raises(NotFound, match="no token b"):
        tokens.remove("b")
    again = tokens.add("b", "reader")
    assert again != secrets["b"]
    with pytest.raises(Unauthorized):
        _caller(tokens, secrets["b"])


def test_the_file_is_for_its_owner_and_does_not_hold_the_secret(tokens: Tokens, tmp_path: Path) -> None:
    """Mode 0600, also when it is written again; nothing of the secret is in it, and no other file is left."""
    secrets = []
    for name in ("one", "two"):
        secrets.append(tokens.add(name, "admin"))
        path = tmp_path / "data" / "tokens.json"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert sorted(entry.name for entry in path.parent.iterdir()) == ["tokens.json", "tokens.lock"]
        for secret in secrets:
            assert secret.removeprefix("so2_") not in path.read_text(encoding="utf-8")
            assert len(secret) >= 40


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 101, "a\n", "<a>"])
def test_a_name_that_is_none_is_refused(name: str, tokens: Tokens) -> None:
    """It stands in logs and tables; nothing is written."""
    with pytest.raises(BadParameter):
        tokens.add(name, "reader")
    assert tokens.all() == []


def test_a_name_is_taken_once(tokens: Tokens) -> None:
    """The token that has it stays as it is."""
    secret = tokens.add("a", "reader")
    with pytest.raises(BadParameter, match="already"):
        tokens.add("a", "admin")
    caller = _caller(tokens, secret)
    assert [token.role for token in tokens.all()] == ["reader"]
    caller.need("reader")


@pytest.mark.parametrize(
    "header",
    ["Bearer {}", "bearer {}", "BEARER   {}", "  Bearer {}  ", "Bearer\u00a0x", "Bearer {}x", "Basic {}", "{}"],
)
def test_only_a_bearer_of_the_secret_is_known(header: str, tokens: Tokens) -> None:
    """The scheme in any case, with the whole secret; another scheme or a wrong secret is refused."""
    secret = tokens.add("a", "reader")
    if header.strip().lower().startswith("bearer ") and header.strip().endswith("{}"):
        assert tokens.caller(header.format(secret)).name == "a"
    else:
        with pytest.raises(Unauthorized):
            tokens.caller(header.format(secret))


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer \udcff", "Bearer so2_", "Bearer é", "Digest x=y"])
def test_an_unknown_token_is_refused(header: str, tokens: Tokens) -> None:
    """Whether anybody has a token or not; the digest of a token is none."""
    for _ in range(2):
        with pytest.raises(Unauthorized):
            tokens.caller(header)
        tokens.add("a", "reader")
        with pytest.raises(Unauthorized):
            _caller(tokens, tokens.all()[0].digest)
        tokens.remove("a")


@pytest.mark.parametrize("header", ["", "  "])
def test_without_a_header_one_is_anyone(header: str, tokens: Tokens) -> None:
    """Anyone may write nothing, reads what is public, and is asked for a token where one is needed."""
    tokens.add("a", "reader")
    caller = tokens.caller(header)
    assert caller == ANYONE
    assert (caller.name, caller.key, caller.writable) == ("", "", ())
    assert caller.hidden(GRAPHS, "private") == {PRIVATE, SECRET}
    assert caller.hidden(GRAPHS, "public") == frozenset()
    for role in ROLES:
        with pytest.raises(Unauthorized, match=f"an? {role}$"):
            caller.need(role)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_includes_those_below_it(role: str, tokens: Tokens) -> None:
    """And none above it."""
    caller = _caller(tokens, tokens.add("a", role))
    at = ROLES.index(role)
    for needed in ROLES[: at + 1]:
        caller.need(needed)
    for needed in ROLES[at + 1 :]:
        with pytest.raises(Forbidden, match=needed):
            caller.need(needed)


@pytest.mark.parametrize(
    ("read", "hidden"),
    [
        (None, set()),
        ([], {PRIVATE, SECRET}),
        ([PRIVATE], {SECRET}),
        ([PRIVATE, SECRET], set()),
        ([A, NAMES.facts], {PRIVATE, SECRET}),
    ],
)
def test_a_read_list_is_what_one_reads_of_the_private(
    read: list[str] | None, hidden: set[str], tokens: Tokens
) -> None:
    """Private graphs that are not in the list are hidden; where nothing is private, nothing is."""
    caller = _caller(tokens, tokens.add("a", "reader", read=read))
    assert caller.hidden(GRAPHS, "private") == hidden
    assert caller.hidden(GRAPHS, "public") == frozenset()


def test_rights_have_a_name_of_their_own() -> None:
    """What is kept by rights is never given to a token with other rights, nor to one made anew."""
    rows = [
        Token("a", "reader", "d", "t"),
        Token("a", "editor", "d", "t"),
        Token("a", "reader", "e", "t"),
        Token("a", "reader", "d", "t", read=()),
        Token("a", "reader", "d", "t", read=(A,)),
        Token("a", "reader", "d", "t", write=(A,)),
    ]
    keys = [Caller(token).key for token in rows]
    assert len({*keys, ANYONE.key}) == len(rows) + 1
    assert Caller(Token("a", "reader", "d", "t")).key == keys[0]


def test_what_another_process_changes_is_noticed(tokens: Tokens, tmp_path: Path) -> None:
    """A token made elsewhere is known with the next request, one removed is not, and a file that is gone is empty."""
    mine = tokens.add("mine", "reader")
    code = (
        "import sys; from pathlib import Path; from so2graph.engine.tokens import Tokens\n"
        "tokens = Tokens(Path(sys.argv[1])); tokens.remove('mine'); print(tokens.add('theirs', 'admin'))"
    )
    assert _caller(tokens, mine).name == "mine"
    run = [sys.executable, "-c", code, str(tmp_path / "data")]
    theirs = subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()
    assert _caller(tokens, theirs).name == "theirs"
    with pytest.raises(Unauthorized):
        _caller(tokens, mine)
    (tmp_path / "data" / "tokens.json").unlink()
    assert tokens.all() == []
    with pytest.raises(Unauthorized):
        _caller(tokens, theirs)


ROW = {"name": "a", "role": "reader", "digest": "d", "created": "t", "read": None, "write": None}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[1]",
        '{"a": 1}',
        '["a"]',
        json.dumps([{name: value for name, value in ROW.items() if name != "read"}]),
        json.dumps([ROW | {"more": 1}]),
        json.dumps([ROW | {"read": 1}]),
    ],
)
def test_a_broken_file_is_an_error_for_everyone(text: str, tokens: Tokens, tmp_path: Path) -> None:
    """It is never taken for a file without tokens: no right is given or lost by it, and it is not written over."""
    secret = tokens.add("a", "reader")
    assert _caller(tokens, secret).name == "a"
    path = tmp_path / "data" / "tokens.json"
    path.write_text(text, encoding="utf-8")
    for _ in range(2):
        with pytest.raises(DatasetUnreadable):
            _caller(tokens, secret)
    with pytest.raises(DatasetUnreadable):
        tokens.add("b", "reader")
    with pytest.raises(DatasetUnreadable):
        tokens.remove("a")
    assert path.read_text(encoding="utf-8") == text


def test_bytes_that_are_no_text_are_an_error(tokens: Tokens, tmp_path: Path) -> None:
    """As is a folder in the place of the file."""
    tokens.add("a", "reader")
    path = tmp_path / "data" / "tokens.json"
    path.write_bytes(b"\xff\xfe[]")
    with pytest.raises(DatasetUnreadable):
        tokens.all()
    path.unlink()
    path.mkdir()
    with pytest.raises(DatasetUnreadable):
        tokens.all()


def test_a_folder_that_is_not_there_has_no_tokens(tmp_path: Path) -> None:
    """Nor has a file in its place."""
    assert Tokens(tmp_path / "nowhere").all() == []
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert Tokens(tmp_path / "file").all() == []
