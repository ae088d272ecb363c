"""Identifiers have one spelling, and those with check digits are checked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from so2graph.link.identifiers import SCHEMES, host_of, identifier, identifier_in


@pytest.mark.parametrize(
    ("scheme", "value", "found"),
    [
        ("kvk", "01234567", "kvk:01234567"),
        ("KvK", " 0123.4567 ", "kvk:01234567"),
        ("NL-KVK", "NL-KVK-31156201", "kvk:31156201"),
        ("kvk", "1234567", "kvk:01234567"),
        ("kvk", "123456", None),
        ("kvk", "123456789", None),
        ("kvk", "00000000", None),
        ("kvk", "1234567a", None),
        ("rsin", "123456782", "rsin:123456782"),
        ("rsin", "1234.56.782", "rsin:123456782"),
        ("rsin", "123456789", None),
        ("rsin", "12345", None),
        ("btw", "NL4495445B01", "vat:nl004495445b01"),
        ("vat", "NL 0044.95.445.B.01", "vat:nl004495445b01"),
        ("vat", "004495445B01", "vat:nl004495445b01"),
        ("vat", "NL004495446B01", None),
        ("vat", "DE136695976", "vat:de136695976"),
        ("isni", "0000 0001 2150 090X", "isni:000000012150090x"),
        ("isni", "0000000121500901", None),
        ("orcid", "0000-0002-1825-0097", "orcid:0000-0002-1825-0097"),
        ("orcid", "0000-0002-1825-0098", None),
        ("lei", "213800KUD8LAJWSQ9D15", "lei:213800kud8lajwsq9d15"),
        ("lei", "213800KUD8LXJWSQ9D15", None),
        ("wikidata", "Q749", "wikidata:q749"),
        ("wd", "q749", "wikidata:q749"),
        ("wikidata", "Q0", None),
        ("wikidata", "749", None),
        ("geonames", "2755251", "geonames:2755251"),
        ("geonames", "027", None),
        ("ror", "00xqtxw43", "ror:00xqtxw43"),
        ("ror", "00xqtxi43", None),
        ("gm", "GM0014", "cbs:gm0014"),
        ("cbs", "PV22", "cbs:pv22"),
        ("cbs", "0014", None),
        ("nuts", "NL13", "nuts:nl13"),
        ("nuts", "13", None),
        ("postcode", "9401 HZ", "postcode:9401hz"),
        ("postcode", "Brink 1, 9401 HZ", None),
        ("own", " A-1 ", "own:A-1"),
        ("own", "", None),
        ("", "1", None),
    ],
)
def test_an_identifier_has_one_spelling(scheme: str, value: str, found: str | None) -> None:
    """Blanks, points and capitals do not count; what cannot be of the scheme is none."""
    assert identifier(scheme, value) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("http://www.wikidata.org/entity/Q749", "wikidata:q749"),
        ("https://www.wikidata.org/wiki/Q749", "wikidata:q749"),
        ("https://sws.geonames.org/2755251/", "geonames:2755251"),
        ("https://www.geonames.org/2755251/groningen.html", "geonames:2755251"),
        ("https://identifier.overheid.nl/tooi/id/gemeente/gm0014", "tooi:gemeente/gm0014"),
        ("http://standaarden.overheid.nl/owms/terms/Groningen_(gemeente)", "owms:Groningen_(gemeente)"),
        ("http://vocab.getty.edu/tgn/7006984", "tgn:7006984"),
        ("https://ror.org/00xqtxw43", "ror:00xqtxw43"),
        ("http://eurovoc.europa.eu/c_1138d9d2", "eurovoc:c_1138d9d2"),
        ("http://zbw.eu/stw/descriptor/25822-5", "stw:25822-5"),
        ("http://data.europa.eu/nuts/code/NL13", "nuts:nl13"),
        ("https://isni.org/isni/000000012150090X", "isni:000000012150090x"),
        ("https://spelunker.whosonfirst.org/id/101751907", "wof:101751907"),
        ("http://nl.dbpedia.org/resource/Groningen_(stad)", "dbpedia-nl:Groningen_(stad)"),
        ("http://dbpedia.org/resource/S%C3%BAdwest-Frysl%C3%A2n", "dbpedia:Súdwest-Fryslân"),
        ("kvk:01234567", "kvk:01234567"),
        ("WIKIDATA:Q749", "wikidata:q749"),
        ("wikidata:q749", "wikidata:q749"),
        ("https://example.org/thing", None),
        ("no identifier", None),
        ("12:30", None),
        ("", None),
    ],
)
def test_an_identifier_is_read_from_a_text(text: str, found: str | None) -> None:
    """An IRI of a known form, and `scheme:value`, give the same identifier; another text gives none."""
    assert identifier_in(text) == found


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.assenvoorassen.nl/over-ons?x=1#y", "assenvoorassen.nl"),
        ("http://assenvoorassen.nl:8080", "assenvoorassen.nl"),
        ("WWW.AssenVoorAssen.NL", "assenvoorassen.nl"),
        ("assenvoorassen.nl", "assenvoorassen.nl"),
        ("assenvoorassen.nl.", "assenvoorassen.nl"),
        ("http://begroting2018.groningen.nl/p16215", "begroting2018.groningen.nl"),
        ("https://www.www.nl", "www.nl"),
        ("https://café.nl/", "xn--caf-dma.nl"),
        ("info@example.org", "example.org"),
        ("https://user:secret@example.org/", "example.org"),
        ("https://www.facebook.com/assenvoorassen", None),
        ("https://nl.wikipedia.org/wiki/Assen", None),
        ("iemand@gmail.com", None),
        ("notfacebook.com", "notfacebook.com"),
        ("http://127.0.0.1/", None),
        ("http://[::1]/", None),
        ("http://[", None),
        ("localhost", None),
        ("geen adres", None),
        ("https://", None),
        ("", None),
    ],
)
def test_a_host_has_one_spelling(url: str, host: str | None) -> None:
    """`www.`, port, capitals and path do not count; a name that is no domain has no host."""
    assert host_of(url) == host


@given(st.sampled_from(sorted(SCHEMES)), st.text(max_size=30))
def test_no_value_makes_it_fail(scheme: str, value: str) -> None:
    """Any text can be asked for as any identifier, and the one that is found is found again from itself."""
    found = identifier(scheme, value)
    if found is not None:
        assert identifier_in(found) == found


@given(st.one_of(st.text(max_size=40), st.text(":/.@[]%?#wn-é", max_size=30)))
def test_no_text_makes_a_host_fail(text: str) -> None:
    """Any text can be asked for its host, and a host is its own."""
    identifier_in(text)
    host = host_of(text)
    if host is not None:
        assert host_of(host) == host
