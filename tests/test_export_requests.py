"""What a request for files may say: conditions and ranges (RFC 9110), formats of the list, names that are none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from so2graph.config import Settings
from so2graph.errors import PreconditionFailed
from so2graph.registry import Bundle
from so2graph.web.app import create_app
from so2graph.web.conditions import conditions

MADE = datetime(2026, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
SECOND, LATER, EARLIER = (f"Wed, 06 May 2026 07:08:{second:02} GMT" for second in (9, 10, 8))
HUGE = "9" * 5000
RANGES: dict[str, bool] = {
    "bytes=0-9": True,
    "bytes=-5": True,
    "bytes=5-": True,
    "BYTES = 0-3 ": True,
    "bytes=9-0": True,
    "bytes=0-9,20-29": False,
    f"bytes={','.join(['0-1'] * 2000)}": False,
    "items=0-5": False,
    "bytes=a-b": False,
    "bytes=": False,
    "bytes=-": False,
    "bytes=--5": False,
    "bytes=\u0663-5": False,
    f"bytes=0-{HUGE}": False,
    "": False,
}
"""Ranges, and whether they count."""
IF_RANGE: dict[str, bool] = {
    '"tag"': True,
    SECOND: True,
    'W/"tag"': False,
    '"other"': False,
    LATER: False,
    EARLIER: False,
    "garbage": False,
    "Wed, 06 May 999999999 07:08:09 GMT": False,
}


def weighed(method: str = "GET", **headers: str) -> str | None:
    """The range that is left of a request."""
    environ = {"REQUEST_METHOD": method, **{f"HTTP_{name.upper()}": value for name, value in headers.items()}}
    left = conditions(environ, "tag", MADE)
    assert "HTTP_IF_RANGE" not in left
    assert left.get("HTTP_RANGE") in (None, headers.get("range"))
    return headers.get("range") if "HTTP_RANGE" in left else None


@pytest.mark.parametrize("text", RANGES, ids=lambda text: text[:20])
def test_a_range_counts_in_bytes_and_alone(text: str) -> None:
    """All others are passed over, as RFC 9110, 14.2 lets a server; with HEAD no range counts."""
    assert (weighed(range=text) is not None) == RANGES[text]
    assert weighed("HEAD", range=text) is None


@pytest.mark.parametrize("text", IF_RANGE)
def test_a_range_counts_for_the_very_file(text: str) -> None:
    """`If-Range` has the strong tag or the exact date; a weak tag never holds (RFC 9110, 13.1.5)."""
    assert (weighed(range="bytes=0-9", if_range=text) is not None) == IF_RANGE[text]
    assert weighed(if_range=text) is None


@pytest.mark.parametrize(
    ("headers", "holds"),
    [
        ({"if_match": '"tag"'}, True),
        ({"if_match": '"x", "tag"'}, True),
        ({"if_match": "*"}, True),
        ({"if_match": '"x"'}, False),
        ({"if_match": 'W/"tag"'}, False),
        ({"if_match": '"tag"', "if_unmodified_since": EARLIER}, True),
        ({"if_unmodified_since": SECOND}, True),
        ({"if_unmodified_since": LATER}, True),
        ({"if_unmodified_since": EARLIER}, False),
        ({"if_unmodified_since": "garbage"}, True),
    ],
)
def test_a_precondition_holds_or_not(headers: dict[str, str], holds: bool) -> None:
    """`If-Match` compares strongly and goes before `If-Unmodified-Since` (RFC 9110, 13.2.2)."""
    if holds:
        weighed(**headers)
    else:
        with pytest.raises(PreconditionFailed):
            weighed(**headers)


@pytest.mark.parametrize("name", ["nodes.csv", "nodes.csv.meta.json"])
def test_what_a_condition_gives(client: FlaskClient, name: str) -> None:
    """412 is a problem document without the file; a range in another unit and one of HEAD give the whole."""
    whole = client.get(f"/exports/{name}")
    failed = client.get(f"/exports/{name}", headers={"If-Match": '"other"'})
    assert (failed.status_code, failed.content_type) == (412, "application/problem+json")
    assert failed.get_json()["type"].endswith("/precondition-failed")
    for asked in ("items=0-5", "bytes=0-1,3-4"):
        other = client.get(f"/exports/{name}", headers={"Range": asked})
        assert (other.status_code, other.data) == (200, whole.data)
    head = client.head(f"/exports/{name}", headers={"Range": "bytes=0-9"})
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(whole.data)))


@pytest.mark.parametrize(
    ("accept", "asked", "media_type"),
    [
        ("", "", "application/json"),
        ("*/*", "", "application/json"),
        ("application/json", "", "application/json"),
        ("text/html", "", "text/html"),
        ("text/html, */*;q=0.8", "", "text/html"),
        ("text/html", "?format=json", "application/json"),
        ("*/*", "?format=html", "text/html"),
        ("text/turtle", "", None),
        ("*/*", "?format=ttl", None),
        ("*/*;q=0", "", None),
    ],
)
def test_the_list_comes_in_two_forms(client: FlaskClient, accept: str, asked: str, media_type: str | None) -> None:
    """A page for a browser, else JSON; anything else is a 406 with both."""
    response = client.get(f"/exports{asked}", headers={"Accept": accept})
    assert (response.status_code, response.mimetype) == (
        (406, "application/problem+json") if media_type is None else (200, media_type)
    )
    if media_type is None:
        assert {row["name"] for row in response.get_json()["available"]} == {"json", "html"}


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        ("entity/alescon.ttl?lang=en", "/doc/alescon.ttl?lang=en"),
        ("entity/a%3Fb%23c%2Fd", "/doc/a%3Fb%23c%2Fd"),
        ("entity//example.org/x", "/doc//example.org/x"),
        ("query/entities.csv?search=a%26b", "/queries/entities.csv?search=a%26b"),
    ],
)
def test_what_is_elsewhere_keeps_its_spelling(client: FlaskClient, asked: str, leads: str) -> None:
    """The path and the parameters go along as they were written, once."""
    response = client.get(f"/exports/{asked}")
    assert (response.status_code, response.headers["Location"]) == (308, leads)


@pytest.mark.parametrize(
    "name",
    [
        "graph/no/such.nq",
        f"graph/{'x' * 3000}.nq",
        "graph/../../x.nq",
        "graph/%00.nq",
        "graph/so2%2Fstated%00.nq",
        "modality/certain.nq.gz",
        "framed/Nothing.jsonld",
        "framed/%F0%9F%98%80.jsonld.zst.meta.json",
    ],
)
def test_a_name_that_is_none_leaves_nothing(settings: Settings, bundle: Bundle, tmp_path: Path, name: str) -> None:
    """404 without a process, a file or a folder."""
    kept = tmp_path / "exports"
    here = create_app(Settings.load(settings.environment(), {"exports": kept}), bundle).test_client()
    response = here.get(f"/exports/{name}")
    assert (response.status_code, response.content_type) == (404, "application/problem+json")
    assert not kept.exists()


def test_strangers_see_no_folders(settings: Settings, bundle: Bundle, tmp_path: Path) -> None:
    """The settings that are shown have neither the folder of the data nor that of the exports."""
    here = create_app(Settings.load(settings.environment(), {"exports": tmp_path}), bundle).test_client()
    for accept in ("application/json", "text/html"):
        body = here.get("/-/settings", headers={"Accept": accept}).get_data(as_text=True)
        assert str(tmp_path) not in body
        assert str(settings.data) not in body
    assert "export_patience" in json.loads(here.get("/-/settings").data)["settings"]
