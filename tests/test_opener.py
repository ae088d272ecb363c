"""The opener for addresses of the internet: what it refuses before it connects, and when it gives up."""

from __future__ import annotations

import time
import urllib.error
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from so2graph.engine.opener import DEADLINE, left, opener, seconds
from so2graph.errors import EndpointFailed
from so2graph.link.reconcile_http import Web
from tests.reconciliation import Reconciler, listening

PRIVATE = (
    "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "0.1.2.3",
    "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "::ffff:10.0.0.1", "::7f00:1",
    "64:ff9b::a00:1", "2002:a00:1::", "2001:0:a00:1:0:0:f5ff:fffe",
)  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    """Whatever way it is written, also inside an address of IPv6; the mend is the one that was given."""
    web = opener(False, lambda _host, _port: (address,), "Ask elsewhere.")
    with pytest.raises(EndpointFailed, match=r"somewhere\.example is not a public address") as refused:
        web.open("http://somewhere.example/", timeout=1)
    assert refused.value.mend == "Ask elsewhere."


def test_one_private_address_among_several_is_enough() -> None:
    """A name that means the internet and this machine is refused: it could mean either."""
    web = opener(False, lambda _host, _port: ("93.184.215.14", "127.0.0.1"))
    for scheme in ("http", "https"):
        with pytest.raises(EndpointFailed, match="not a public address"):
            web.open(f"{scheme}://both.example/", timeout=1)


def test_a_name_that_there_is_not_is_told() -> None:
    """What the system says of a name that it does not know."""

    def unknown(_host: str, _port: int) -> tuple[str, ...]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(EndpointFailed, match=r"nowhere\.example cannot be found: Name or service not known"):
        opener(True, unknown).open("http://nowhere.example/", timeout=1)


def test_other_schemes_are_not_opened() -> None:
    """Files and FTP are no addresses here, also not after a redirect."""
    for address in ("file:///etc/hostname", "ftp://example.org/x", "data:,x"):
        with pytest.raises(urllib.error.URLError):
            opener(True).open(address, timeout=1)


@pytest.mark.alone
def test_an_exchange_ends_when_its_time_is_over() -> None:
    """A service that sends its head and then nothing is cut off, though each wait by itself would be short enough."""
    service = Reconciler("0.2", "quick-manifest")
    with listening(service):
        reply = Web(private=True, timeout=0.2).get(service.url)
    assert (reply.status, reply.failed) == (0, "no answer within 0.2 seconds")
    assert DEADLINE.time == float("inf")
    with pytest.raises(TimeoutError):
        left(time.monotonic() - 1)


def test_when_to_come_back() -> None:
    """Retry-After in seconds and as a date; one second where it says nothing that can be read."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    assert [seconds(text) for text in ("7", " 0 ", None, "", "soon", "-3")] == [7.0, 0.0, 1.0, 1.0, 1.0, 1.0]
    assert 80 < seconds(soon) <= 90
    assert seconds(past) == 0.0
