"""What an editor asks is bounded in a running service: reading a query, and explaining an answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.test_limits import HEAVY, Service, limited
from tests.turns import patiently, within

pytestmark = pytest.mark.alone

NUMBERS = " ".join(map(str, range(1000)))
LISTS = " ".join(f"VALUES ?{name} {{ {NUMBERS} }}" for name in "abc")
BOMB = f"ASK {{ {LISTS} FILTER(?a + ?b + ?c < 0) }}"
"""A query that needs no data to take long."""
JOINED = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l FILTER(STRLEN(CONCAT(STR(?a), STR(?l))) < 0) }"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, settings_env: dict[str, str]) -> Iterator[Service]:
    """A service that gives an editor a second."""
    folder = tmp_path_factory.mktemp("editor")
    with limited(settings_env, folder, {"check_deadline": 1, "explain_deadline": 1}) as running:
        yield running


def post(service: Service, path: str, **fields_of: str) -> tuple[int, dict[str, object], float]:
    """Status, JSON and seconds of a form that is sent."""
    started = time.monotonic()
    kind = "application/x-www-form-urlencoded"
    status, found = service.ask("POST", path, urlencode(fields_of), Content_Type=kind)
    return status, found, time.monotonic() - started


@pytest.mark.alone
def test_reading_a_query_takes_no_longer_than_its_deadline(service: Service) -> None:
    """A query that would work for long even without data is given up; one that works on data only is read at once."""

    def given_up() -> float:
        status, found, seconds = post(service, "/sparql/check", query=BOMB)
        assert (status, str(found["type"]).rpartition("/")[2], found["limit"]) == (503, "query-timeout", 1.0)
        return seconds

    assert not within(5, given_up)

    def read() -> bool:
        status, found, _ = post(service, "/sparql/check", query=HEAVY)
        return (status, found.get("ok")) == (200, True)

    # It would be given up as well, if it had not been read in a second.
    assert patiently(read, 15)


@pytest.mark.alone
def test_explaining_takes_no_longer_than_its_deadline(service: Service) -> None:
    """Then it tells what it knows by then, and the service goes on."""

    def late() -> float:
        status, found, seconds = post(service, "/sparql/explain?format=json", query=JOINED)
        assert (status, found["kind"], found["culprits"]) == (200, "late", [])
        return seconds

    def explained() -> bool:
        status, found, _ = post(service, "/sparql/explain?format=json", query="SELECT * { ?x so2:place ?y }")
        assert status == 200
        return found["kind"] == "pattern"

    assert not within(5, late)
    assert patiently(explained, 15)
