"""The pages of links over HTTP: who may judge, how a browser is signed in, and that nothing of it is kept."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from so2graph.config import Settings
from so2graph.engine.signins import SignIns
from so2graph.engine.tokens import Tokens
from so2graph.registry import Bundle
from so2graph.web.app import create_app
from so2graph.web.links_door import COOKIE
from tests.linking_runs import HOSTILE, OURS, THEIRS, write_gazetteer
from tests.test_rights import clean
from tests.test_service import serving

EXACT = "http://www.w3.org/2004/02/skos/core#exactMatch"
FORM, HTML = "application/x-www-form-urlencoded", "text/html"
ASSEN, GRONINGEN, DRENTHE, FRYSLAN = (record.id for record in OURS)
ONE, TWO, THREE, FOUR, FIVE, SIX = (record.id for record in THEIRS)
REVIEW = "/links/review/gazetteer"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str = field(repr=False)


@dataclass
class Judges:
    """A service whose graph was compared with the gazetteer, and the tokens of those who may ask."""

    url: str
    tokens: dict[str, str] = field(repr=False)

    def send(self, method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        body = None
        if form is not None:
            body, sent = urlencode(form), sent | {"Content-Type": FORM}
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, response.read().decode("utf-8", "replace"))

    def sign_in(self, who: str) -> Browser:
        answer = self.send("POST", "/links/review/-/sign-in", {"token": self.tokens[who]}, Accept=HTML)
        assert answer.status == 303
        return Browser(self, answer.headers["set-cookie"].partition(";")[0])


@dataclass
class Browser:
    """One that is signed in: it sends its cookie, and the fields of the form that a page has."""

    judges: Judges
    cookie: str = field(repr=False)

    def get(self, path: str, **headers: str) -> Answer:
        return self.judges.send("GET", path, None, Cookie=self.cookie, Accept=HTML, **headers)

    def post(self, path: str, form: dict[str, str], **headers: str) -> Answer:
        return self.judges.send("POST", path, form, Cookie=self.cookie, Accept=HTML, **headers)

    def form(self, ours: str, theirs: str) -> dict[str, str]:
        page = self.get(f"{REVIEW}?{urlencode({'ours': ours, 'theirs': theirs})}&lang=en")
        assert page.status == 200
        return fields(page.text)

    def say(self, ours: str, theirs: str, verdict: str) -> Answer:
        return self.post(REVIEW, self.form(ours, theirs) | {"verdict": verdict})


def fields(page: str) -> dict[str, str]:
    """The hidden fields of the form for an answer."""
    found = re.search(r'<form class="verdict".*?</form>', page, re.S)
    assert found, "there is no form to judge with"
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', found[0])
    return {name: unescape(value) for name, value in hidden}


@pytest.fixture(scope="module")
def folder(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("links") / "data"
    shutil.copytree(settings.data, data)
    write_gazetteer(data)
    return data


@pytest.fixture(scope="module")
def judges(folder: Path) -> Iterator[Judges]:
    tokens = Tokens(folder)
    made = {
        name: tokens.add(name, role) for name, role in (("anna", "editor"), ("bob", "editor"), ("lena", "reader"))
    }
    with serving(clean(), "--data", str(folder), "--contact", "private") as running:
        yield Judges(running.url, made)


@pytest.fixture
def app(settings: Settings, bundle: Bundle, tmp_path: Path) -> Flask:
    """An application in this process, with a token `anna`; it takes no writes."""
    shutil.copytree(settings.data, tmp_path / "data")
    write_gazetteer(tmp_path / "data")
    made = create_app(replace(settings, data=tmp_path / "data", sign_in_minutes=10), bundle)
    made.config["secret"] = Tokens(tmp_path / "data").add("anna", "editor")
    return made


def door(app: Flask, base: str | None = None) -> tuple[FlaskClient, str]:
    """A client that has signed in, and what the answer said of the cookie."""
    client = app.test_client()
    answer = client.post(
        "/links/review/-/sign-in", data={"token": app.config["secret"]}, headers={"Accept": HTML}, base_url=base
    )
    assert answer.status_code == 303
    return client, answer.headers["Set-Cookie"]


# Reading


def test_anybody_reads_and_nobody_judges_without_a_token(judges: Judges) -> None:
    """The question with its evidence is there; the buttons are not; no page sets a cookie, or is kept by a cache."""
    page = judges.send("GET", f"{REVIEW}?lang=en&{urlencode({'ours': ASSEN, 'theirs': ONE})}", Accept=HTML)
    assert page.status == 200
    for words in ("Is Assen (urban core) the same as Assen?", "What the chance rests on", "Sign in to judge", "+9.1"):
        assert words in page.text
    assert 'name="verdict"' not in page.text
    for path in ("/links", "/links/review", REVIEW, "/links/wof", "/"):
        answer = judges.send("GET", path, Accept=HTML)
        assert answer.status == 200, path
        assert "set-cookie" not in answer.headers, path
        if path.startswith("/links/review"):
            assert answer.headers["cache-control"] == "no-store", path
            assert "etag" not in answer.headers, path


def test_the_overview_counts_and_leads_on(judges: Judges) -> None:
    """Each target with its judgements; those of the data of the project are there, with links to their lists."""
    page = judges.send("GET", "/links?lang=nl", Accept=HTML).text
    assert "Koppelingen met andere bronnen" in page
    for target in ("gazetteer", "geonames", "wikidata", "tooi"):
        assert f'href="/links/{target}?lang=nl"' in page
    assert "2026-11-20" in page
    listed = judges.send("GET", "/links/geonames?lang=en", Accept=HTML).text
    assert listed.count('<tr class="accepted"') > 3
    assert "/links/geonames.sssom.tsv" in listed
    none = judges.send("GET", "/links/geonames?lang=en&decision=refused&who=nobody", Accept=HTML)
    assert none.status == 200
    assert "0 judgements" in none.text
    assert judges.send("GET", "/links/geonames?decision=maybe").status == 400
    assert judges.send("GET", "/links/geonames?limit=0").status == 400
    assert judges.send("GET", "/links/nowhere").status == 404
    assert judges.send("GET", f"{REVIEW}?of=everything").status == 400
    assert judges.send("GET", f"{REVIEW}?ours=urn:x&theirs=urn:y").status == 404


def test_names_from_elsewhere_are_text(judges: Judges) -> None:
    """A name that is a script is shown as it is written, in no page as an element."""
    page = judges.send("GET", f"{REVIEW}?{urlencode({'ours': GRONINGEN, 'theirs': THREE})}", Accept=HTML).text
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    odd = judges.send(
        "GET", f"{REVIEW}?{urlencode({'ours': GRONINGEN, 'theirs': 'javascript:alert(1)'})}", Accept=HTML
    )
    assert odd.status == 400
    assert 'href="javascript:' not in odd.text


# Signing in


def test_a_token_becomes_a_cookie_for_these_pages_alone(app: Flask) -> None:
    """HttpOnly, SameSite=Strict, for /links/review, as long as the setting says; Secure where the world has https."""
    client, cookie = door(app)
    parts = {part.strip().partition("=")[0].lower(): part.strip() for part in cookie.split(";")}
    assert set(parts) == {COOKIE, "max-age", "expires", "path", "httponly", "samesite"}
    assert (parts["path"], parts["samesite"], parts["max-age"]) == (
        "Path=/links/review",
        "SameSite=Strict",
        "Max-Age=600",
    )
    assert app.config["secret"] not in cookie
    page = client.get(f"{REVIEW}?lang=en", headers={"Accept": HTML})
    assert "Signed in as anna." in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "ETag" not in page.headers
    _, safe = door(app, "https://example.org/")
    assert "Secure" in safe


@pytest.mark.parametrize(("who", "status"), [("lena", 403), ("nobody", 401)])
def test_who_may_not_judge_is_not_let_in(judges: Judges, who: str, status: int) -> None:
    """With words in a browser, and a problem document for a program; no cookie."""
    token = judges.tokens.get(who, "so2_unknown")
    page = judges.send("POST", "/links/review/-/sign-in?lang=en", {"token": token}, Accept=HTML)
    assert page.status == status
    assert 'role="alert"' in page.text
    assert "set-cookie" not in page.headers
    assert token not in page.text
    plain = judges.send("POST", "/links/review/-/sign-in", {"token": token})
    assert (plain.status, plain.headers["content-type"]) == (status, "application/problem+json")


def test_nobody_is_sent_elsewhere_after_signing_in(judges: Judges) -> None:
    """`next` is a page of the review; any other address is refused, also by the page with the form."""
    for odd in (
        "https://evil.example/",
        "//evil.example",
        "links/review//evil",
        "links/reviewer",
        "/links/review",
        "\\evil",
    ):
        form = {"token": judges.tokens["anna"], "next": odd}
        assert judges.send("POST", "/links/review/-/sign-in", form).status == 400, odd
        assert judges.send("GET", f"/links/review?next={quote(odd, safe='')}").status == 400, odd
    good = f"links/review/gazetteer?{urlencode({'ours': ASSEN, 'theirs': ONE})}"
    answer = judges.send(
        "POST", "/links/review/-/sign-in", {"token": judges.tokens["anna"], "next": good}, Accept=HTML
    )
    assert answer.headers["location"] == f"/{good}"


def test_the_cookie_is_worth_nothing_elsewhere(judges: Judges) -> None:
    """Not for a query, an update, a graph or what runs; and a page outside is the same with and without it."""
    browser = judges.sign_in("anna")
    assert browser.get("/queries-running").status == 401
    update = {"update": "INSERT DATA { <urn:a> <urn:b> <urn:c> }"}
    assert browser.post("/sparql", update).status == 401
    with_it, without = browser.get("/links?lang=en"), judges.send("GET", "/links?lang=en", Accept=HTML)
    assert with_it.text == without.text


def test_a_form_of_somebody_else_does_nothing(judges: Judges) -> None:
    """No key, another's key, another site: 403, and nothing was judged. A program with a token needs no key."""
    anna, bob = judges.sign_in("anna"), judges.sign_in("bob")
    form = anna.form(ASSEN, ONE) | {"verdict": "yes"}
    others = bob.form(ASSEN, ONE)["key"]
    before = judges.send("GET", "/-/ready").headers["so2graph-generation"]
    for changed in ({**form, "key": ""}, {**form, "key": others}, {k: v for k, v in form.items() if k != "key"}):
        assert anna.post(REVIEW, changed).status == 403
    for headers in (
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ):
        assert anna.post(REVIEW, form, **headers).status == 403, headers
        assert anna.post("/links/review/-/sign-out", form, **headers).status == 403
        sign_in = {"token": judges.tokens["anna"]}
        answer = judges.send("POST", "/links/review/-/sign-in", sign_in, **headers)
        assert (answer.status, "set-cookie" in answer.headers) == (403, False)
    assert judges.send("GET", "/-/ready").headers["so2graph-generation"] == before
    skip = {"ours": ASSEN, "theirs": ONE, "verdict": "skip"}
    program = judges.send("POST", REVIEW, skip, Authorization=f"Bearer {judges.tokens['bob']}")
    assert (program.status, json.loads(program.text)["verdict"]) == (200, "skip")
    assert json.loads(program.text)["generation"] is None


def test_signing_out_ends_it_for_whoever_has_the_cookie(judges: Judges) -> None:
    """The service forgets the secret, and the browser is told to."""
    browser = judges.sign_in("anna")
    key = browser.form(ASSEN, ONE)["key"]
    answer = browser.post("/links/review/-/sign-out", {"key": key})
    assert answer.status == 303
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert "Path=/links/review" in answer.headers["set-cookie"]
    assert 'name="verdict"' not in browser.get(REVIEW).text
    late = browser.post(REVIEW, {"ours": ASSEN, "theirs": ONE, "verdict": "yes", "key": key})
    assert late.status == 401


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_signing_in_keeps_the_language_and_the_place(judges: Judges, lang: str) -> None:
    """From a question of either list, also after a wrong token and a change of language: back to it."""
    other = "en" if lang == "nl" else "nl"
    asked = f"{urlencode({'ours': DRENTHE, 'theirs': FOUR})}&of=accept"
    page = judges.send("GET", f"{REVIEW}?{asked}&lang={lang}", Accept=HTML).text
    words = "Aanmelden om te beoordelen" if lang == "nl" else "Sign in to judge"
    link = re.search(rf'href="([^"]+)">{words}</a>', page)
    assert link
    door = judges.send("GET", unescape(link[1]), Accept=HTML).text
    assert f'<html lang="{lang}"' in door
    action, there = re.search(r'action="([^"]+sign-in[^"]*)"', door), re.search(r'name="next" value="([^"]+)"', door)
    assert action
    assert there
    wrong = judges.send("POST", unescape(action[1]), {"token": "x", "next": unescape(there[1])}, Accept=HTML)
    assert wrong.status == 401
    turned = re.search(rf'class="language" hreflang="{other}" lang="{other}" href="([^"]+)"', wrong.text)
    assert turned
    again = judges.send("GET", unescape(turned[1]), Accept=HTML)
    assert again.status == 200
    assert f'<html lang="{other}"' in again.text
    assert there[0] in again.text
    form = {"token": judges.tokens["anna"], "next": f"{unescape(there[1])}&lang={other}"}
    done = judges.send("POST", unescape(action[1]), form, Accept=HTML)
    assert done.headers["location"] == f"/links/review/gazetteer?{asked}&lang={lang}"


def test_a_page_that_answers_a_form_can_be_read_in_the_other_language(app: Flask) -> None:
    """Where somebody judged meanwhile, the other language shows the same question, not the next one."""
    client, _ = door(app)
    asked = f"{REVIEW}?{urlencode({'ours': GRONINGEN, 'theirs': SIX})}"
    form = fields(client.get(asked, headers={"Accept": HTML}).text)
    answer = client.post(
        f"{REVIEW}?lang=nl", data=form | {"verdict": "yes", "seen": "0" * 16}, headers={"Accept": HTML}
    )
    assert answer.status_code == 412
    assert f'lang="en" href="{asked.replace("&", "&amp;")}&amp;lang=en"' in answer.text


def test_what_was_asked_is_not_lost_when_the_sign_in_is_over(app: Flask) -> None:
    """The page asks for the token again, and then leads back to the same question."""
    now = [1_000_000.0]
    data = app.extensions["so2graph"].settings.data
    app.extensions["so2graph-sign-ins"] = SignIns(data, 10, lambda: now[0])
    client, _ = door(app)
    asked = f"{REVIEW}?{urlencode({'ours': ASSEN, 'theirs': ONE})}"
    form = fields(client.get(asked, headers={"Accept": HTML}).text)
    now[0] += 600
    late = client.post(f"{REVIEW}?lang=en", data=form | {"verdict": "yes"}, headers={"Accept": HTML})
    assert late.status_code == 401
    assert late.headers["WWW-Authenticate"].startswith("Bearer")
    there = re.search(r'name="next" value="([^"]+)"', late.text)
    assert there
    assert unescape(there[1]) == f"links/review/gazetteer?{urlencode({'ours': ASSEN, 'theirs': ONE})}"
    assert "Your sign-in had ended, so nothing was changed." in late.text
    undo = client.post(f"{REVIEW}/undo?lang=nl", data={"answer": "1"}, headers={"Accept": HTML})
    assert undo.status_code == 401
    assert 'name="next" value="links/review/gazetteer"' in undo.text


def test_without_tokens_the_door_says_so(settings: Settings, bundle: Bundle) -> None:
    """Nobody can judge, and the page says what whoever runs the service can do about it."""
    client = create_app(settings, bundle).test_client()
    page = client.get("/links/review?lang=en", headers={"Accept": HTML})
    assert page.status_code == 200
    assert "no token has been made yet" in page.text
    assert client.post("/links/review/-/sign-in", data={"token": "x"}).status_code == 403


# Judging


def test_a_link_is_made_and_taken_back(judges: Judges) -> None:
    """Accepted, it is in its graph, in the list and among the questions answered; undone, it is gone from all."""
    anna = judges.sign_in("anna")
    ask = f"/sparql?format=json&query={quote(f'ASK {{ GRAPH ?g {{ <{DRENTHE}> ?p <{FOUR}> }} }}')}"
    answer = anna.say(DRENTHE, FOUR, "yes")
    assert answer.status == 303
    told = re.fullmatch(r"/links/review/gazetteer\?said=(\d+)&saved=(\d+)", answer.headers["location"])
    assert told
    number, generation = told.groups()
    following = anna.get(f"{answer.headers['location']}&lang=en").text
    assert f"Accepted: Drenthe. Saved as generation {generation} of the data." in following
    assert "Saved as" not in anna.get(f"{REVIEW}?said={number}&saved=x&lang=en").text
    assert json.loads(judges.send("GET", ask).text)["boolean"] is True
    listed = judges.send("GET", "/links/gazetteer?lang=en", Accept=HTML).text
    assert FOUR in listed
    assert "anna" in listed
    key = anna.form(ASSEN, ONE)["key"]
    bob = judges.sign_in("bob")
    assert bob.post(f"{REVIEW}/undo", {"answer": number, "key": bob.form(ASSEN, ONE)["key"]}).status == 404
    back = anna.post(f"{REVIEW}/undo", {"answer": number, "key": key})
    assert back.status == 303
    assert quote(DRENTHE, safe="") in back.headers["location"]
    assert json.loads(judges.send("GET", ask).text)["boolean"] is False
    assert FOUR not in judges.send("GET", "/links/gazetteer", Accept=HTML).text
    assert anna.post(f"{REVIEW}/undo", {"answer": "x", "key": key}).status == 400


def test_a_judgement_is_withdrawn_by_its_form(judges: Judges) -> None:
    """Whoever is not signed in is shown the door; an editor is asked, sends the form, and reads that it is gone."""
    anna = judges.sign_in("anna")
    assert anna.say(DRENTHE, FOUR, "yes").status == 303
    record = sha256(f"gazetteer\n{DRENTHE}\n{EXACT}\n{FOUR}".encode()).hexdigest()[:16]
    ask, at = f"/links/review/-/withdraw?mapping={record}&lang=en", "/links/review/-/withdraw"
    stranger = judges.send("GET", ask, Accept=HTML)
    assert stranger.status == 200
    assert 'name="token"' in stranger.text
    page = anna.get(ask).text
    assert "Withdraw this judgement" in page
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key
    done = anna.post(at, {"mapping": record, "key": key[1]})
    assert done.status == 303
    assert re.fullmatch(r"/links/review/-/withdrawn\?target=gazetteer&generation=\d+", done.headers["location"])
    told = anna.get(f"{done.headers['location']}&lang=en").text
    assert "The judgement is gone, with all that the link brought." in told
    assert 'href="/links/gazetteer' in told
    assert anna.get(ask).status == 404
    assert anna.post(at, {"mapping": record, "key": key[1]}).status == 404
    assert FOUR not in judges.send("GET", "/links/gazetteer", Accept=HTML).text


def test_who_comes_second_is_told(judges: Judges) -> None:
    """The page says who judged meanwhile, shows how it stands, and has a form for another answer; nothing is lost."""
    anna, bob = judges.sign_in("anna"), judges.sign_in("bob")
    form = bob.form(FRYSLAN, FIVE)
    assert anna.say(FRYSLAN, FIVE, "no").status == 303
    late = bob.post(f"{REVIEW}?lang=en", form | {"verdict": "yes"})
    assert late.status == 412
    for words in ("Your answer was not written", "That was anna.", "anna refused a link"):
        assert words in late.text
    again = fields(late.text)
    assert again["seen"] != form["seen"]
    done = bob.post(REVIEW, again | {"verdict": "yes", "predicate": "closeMatch", "comment": "een opmerking"})
    assert done.status == 303
    listed = judges.send("GET", "/links/gazetteer?lang=en&who=bob", Accept=HTML).text
    assert "almost the same" in listed
    program = judges.send("POST", REVIEW, form | {"verdict": "no"}, Authorization=f"Bearer {judges.tokens['anna']}")
    assert (program.status, json.loads(program.text)["by"]) == (412, ["bob"])


@pytest.mark.parametrize("form", [{"verdict": "maybe"}, {"verdict": "yes"}, {"verdict": "yes", "ours": ASSEN}])
def test_a_form_that_is_not_whole_is_a_bad_request(judges: Judges, form: dict[str, str]) -> None:
    """With what is missing."""
    answer = judges.send("POST", REVIEW, form, Authorization=f"Bearer {judges.tokens['anna']}")
    assert answer.status == 400
    assert json.loads(answer.text)["type"].endswith("bad-parameter")
