"""What a request means, without any server: SPARQL 1.1 Protocol, negotiation, languages."""

from __future__ import annotations

import pytest

from so2graph.errors import BadParameter, BadRequest, MethodNotAllowed, NotAcceptable, UnsupportedMedia
from so2graph.formats import FORMATS, GRAPH_FORMATS, HTML, SOLUTION_FORMATS, by_name
from so2graph.web.protocol import QueryRequest, choose_format, choose_language, read_query, wants_html

FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
ASK = "ASK {}"

READ = [
    ("GET", "", {"query": [ASK]}, b"", QueryRequest(ASK, (), (), None)),
    ("HEAD", "", {"query": [ASK]}, b"", QueryRequest(ASK, (), (), None)),
    ("GET", "", {}, b"", None),
    (
        "GET",
        "",
        {"query": [ASK], "default-graph-uri": ["a", "b"], "named-graph-uri": ["c"], "format": ["csv"]},
        b"",
        QueryRequest(ASK, ("a", "b"), ("c",), "csv"),
    ),
    ("POST", FORM, {}, b"query=ASK+%7B%7D", QueryRequest(ASK, (), (), None)),
    ("POST", FORM + "; charset=UTF-8", {}, b"query=ASK+%7B%7D&format=xml", QueryRequest(ASK, (), (), "xml")),
    (
        "POST",
        FORM,
        {},
        b"query=ASK+%7B%7D&default-graph-uri=a&default-graph-uri=b&named-graph-uri=c",
        QueryRequest(ASK, ("a", "b"), ("c",), None),
    ),
    ("POST", QUERY, {"default-graph-uri": ["a"]}, b"ASK {}", QueryRequest(ASK, ("a",), (), None)),
    ("POST", QUERY, {}, "ASK { ?s ?p 'één' }".encode(), QueryRequest("ASK { ?s ?p 'één' }", (), (), None)),
]


@pytest.mark.parametrize(("method", "media", "url", "body", "expected"), READ)
def test_each_way_to_send_a_query_is_read(
    method: str, media: str, url: dict[str, list[str]], body: bytes, expected: QueryRequest | None
) -> None:
    """SPARQL 1.1 Protocol 2.1: GET, POST of a form, and POST of the query itself."""
    assert read_query(method, media, url, body) == expected


REFUSED = [
    ("GET", "", {"query": [ASK, ASK]}, b"", BadRequest, "2 times"),
    ("GET", "", {"update": ["DROP ALL"]}, b"", BadRequest, "by GET"),
    ("POST", FORM, {}, b"nothing=1", BadRequest, "no query"),
    ("POST", FORM, {}, b"query=a&query=b", BadRequest, "2 times"),
    ("POST", FORM, {}, b"query=%ff%fe", BadRequest, "parameters cannot be read"),
    ("POST", QUERY, {}, b"ASK { \xff }", BadRequest, "not UTF-8"),
    ("POST", QUERY + "; charset=latin-1", {}, b"ASK {}", UnsupportedMedia, "latin-1"),
    ("POST", "text/plain", {}, b"ASK {}", UnsupportedMedia, "text/plain"),
    ("POST", "", {}, b"ASK {}", UnsupportedMedia, "unknown"),
    ("POST", FORM, {}, b"update=DROP+ALL&query=ASK{}", BadRequest, "query and an update"),
    ("POST", FORM, {}, b"update=DROP+ALL&update=DROP+ALL", BadRequest, "given 2 times"),
    ("POST", FORM, {"using-graph-uri": ["x"]}, b"update=DROP+ALL&using-graph-uri=y", BadRequest, "and in the form"),
    ("POST", "application/sparql-update", {"query": ["ASK {}"]}, b"DROP ALL", BadRequest, "beside an update"),
    ("POST", "application/sparql-update; charset=utf-16", {}, b"DROP ALL", UnsupportedMedia, "utf-16"),
    ("QUERY", "application/sparql-update", {}, b"DROP ALL", UnsupportedMedia, "sparql-update"),
    ("QUERY", FORM, {}, b"update=DROP+ALL", BadRequest, "by QUERY"),
    ("GET", "", {"query": ["ASK {}"], "timeout": ["soon"]}, b"", BadParameter, "timeout"),
    ("GET", "", {"query": ["ASK {}"], "timeout": ["0"]}, b"", BadParameter, "timeout"),
    ("GET", "", {"query": ["ASK {}"], "timeout": ["nan"]}, b"", BadParameter, "timeout"),
    ("PUT", QUERY, {}, b"ASK {}", MethodNotAllowed, "PUT"),
    ("DELETE", "", {}, b"", MethodNotAllowed, "DELETE"),
]


@pytest.mark.parametrize(("method", "media", "url", "body", "error", "words"), REFUSED)
def test_each_request_that_is_not_understood_is_refused_with_its_own_error(
    method: str, media: str, url: dict[str, list[str]], body: bytes, error: type[Exception], words: str
) -> None:
    """The error names what was wrong, and says what to do."""
    with pytest.raises(error, match=words) as caught:
        read_query(method, media, url, body)
    assert getattr(caught.value, "mend", "")


ACCEPT = [
    ("", "json"),
    ("*/*", "json"),
    ("text/csv", "csv"),
    ("text/csv;q=0.5, application/sparql-results+xml", "xml"),
    ("application/sparql-results+json;q=0.1, text/tab-separated-values;q=0.2", "tsv"),
    ("text/turtle, text/csv;q=0.3", "csv"),
    ("application/json", "json"),
    ("application/xml", "xml"),
    ("text/*", "xml"),
    ("text/csv;q=0, */*;q=0.1", "json"),
    ("APPLICATION/SPARQL-RESULTS+XML", "xml"),
    ("application/sparql-results+json;q=0.9, application/sparql-results+xml;q=0.9", "json"),
]


@pytest.mark.parametrize(("accept", "expected"), ACCEPT)
def test_the_best_of_accept_wins(accept: str, expected: str) -> None:
    """RFC 9110, 12.5.1: quality first, and of equal quality the first that is offered."""
    assert choose_format(accept, None, SOLUTION_FORMATS).format.name == expected


def test_the_media_type_asked_for_is_the_one_sent() -> None:
    """Who asks for application/json is not sent another name for it."""
    assert choose_format("application/json", None, SOLUTION_FORMATS).content_type == "application/json"
    assert choose_format("text/turtle", None, GRAPH_FORMATS).content_type == "text/turtle; charset=utf-8"


@pytest.mark.parametrize("accept", ["image/png", "text/csv;q=0", "application/x-unknown, image/*"])
def test_nothing_that_fits_is_an_error_with_all_there_is(accept: str) -> None:
    """406 lists every format on offer."""
    with pytest.raises(NotAcceptable) as caught:
        choose_format(accept, None, SOLUTION_FORMATS)
    available = caught.value.members["available"]
    assert isinstance(available, list)
    assert [row["name"] for row in available] == [f.name for f in SOLUTION_FORMATS]


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda f: f.name)
def test_every_format_is_found_by_name_suffix_and_media_type(fmt: object) -> None:
    """The one table answers for all three."""
    assert isinstance(fmt, type(HTML))
    for text in (fmt.name, fmt.suffix, "." + fmt.suffix, fmt.media_type, fmt.name.upper()):
        assert by_name(text, FORMATS) is fmt
    assert choose_format("image/png", fmt.suffix, FORMATS).format is fmt


def test_an_unknown_format_is_an_error_even_when_accept_would_do() -> None:
    """`format=` is what was asked for; another answer would be a wrong one."""
    with pytest.raises(NotAcceptable, match="docx"):
        choose_format("*/*", "docx", SOLUTION_FORMATS)


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [(BROWSER, True), ("*/*", False), ("", False), ("text/html;q=0.5, text/turtle", False), ("text/html", True)],
)
def test_a_browser_is_told_from_a_program(accept: str, expected: bool) -> None:
    """Only who names HTML, and likes nothing better, gets a page."""
    assert wants_html(accept) is expected


@pytest.mark.parametrize(
    ("wanted", "accept", "expected"),
    [
        (None, "", "nl"),
        ("en", "nl", "en"),
        ("nl", "en", "nl"),
        (None, "en-GB,en;q=0.9,nl;q=0.4", "en"),
        (None, "nl-BE", "nl"),
        (None, "de,fr", "nl"),
        ("xx", "en", "en"),
    ],
)
def test_the_language_is_the_one_asked_for(wanted: str | None, accept: str, expected: str) -> None:
    """`lang=` wins over Accept-Language, and Dutch is for who says nothing."""
    assert choose_language(wanted, accept) == expected
