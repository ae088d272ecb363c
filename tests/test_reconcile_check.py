"""`so2graph reconcile check`: a good service passes every rule, and for each rule there is one that fails it."""

from __future__ import annotations

import copy
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result
from referencing import Registry, Resource

from so2graph.cli import main
from so2graph.errors import EndpointFailed, NotFound
from so2graph.link.conformance import Report, Verdict, chosen, examine
from so2graph.link.conformance_report import as_data, as_junit, excerpt, markdown
from so2graph.link.conformance_rule import Level, all_rules
from so2graph.link.conformance_schemas import KINDS, VERSIONS, problems, schema, strangers
from so2graph.link.reconcile_http import NotJson, Web, read_json
from tests.reconciliation import Answer, Reconciler, listening, told

RULES = {each.id: each for each in all_rules()}
REFERENCE = Path(os.environ.get("SO2GRAPH_REFERENCE") or Path(__file__).parent.parent.parent / "shared" / "reference")
MEASURED = {"quick-manifest": 0.3, "quick-suggest": 0.3, "quick-match": 0.3}
"""Rules about time, and the seconds that they give a service here."""
BESIDES = {
    "manifest": {"content-type", "jsonp"},
    "versions": {"manifest-schema"},
    "post": {"batch-too-large", "properties", "types-as-list", "unicode"},
    "every-key": {"unicode"},
    "sorted": {"limit"},
    "finite-scores": {"independent", "repeatable", "strict-json"},
    "once": {"one-match"},
    "independent": {"types-as-list"},
    "repeatable": {"get-as-post", "independent", "limit"},
    "ids-safe": {"flyout", "id-query", "suggest-id", "view-resolves"},
    "view": {"view-resolves"},
    "extend": {"extend-many", "extend-unknown-id", "proposed-works"},
    "cors": {"cors-errors"},
}
"""Rules that cannot be broken alone: what breaks them breaks these too."""


def examined(service: Reconciler, **given: Any) -> Report:
    return examine(service.url, Web(private=True), version=service.version, **given)


def broken(report: Report) -> set[str]:
    return {each.rule.id for verdict in (Verdict.BROKEN, Verdict.WARNING) for each in report.of(verdict)}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_good_service_keeps_every_rule(version: str) -> None:
    """No rule is broken, none gives a warning, and only what such a service does not have is not judged."""
    with listening(Reconciler(version)) as service:
        report = examine(service.url, Web(private=True))
    assert (report.version, report.name, report.conforms) == (version, "Places", True)
    assert broken(report) == set()
    others = {each.id for each in RULES.values() if version not in each.versions}
    assert {each.rule.id for each in report.of(Verdict.OPEN)} == others | {"authentication", "retry-after"}
    assert len(report.outcomes) == len(RULES)


CASES = [
    (version, each.id)
    for version in VERSIONS
    for each in all_rules()
    if version in each.versions and each.id != "https" and (version == "0.2" or each.id not in MEASURED)
]


@pytest.mark.parametrize(("version", "name"), CASES)
def test_every_rule_can_fail(version: str, name: str) -> None:
    """A service that breaks one rule breaks that one, with its weight, an exchange to show for it, and no other."""
    if version == "0.1" and name == "versions":
        pytest.skip("0.1 has no list of versions: the manifest would be of another version")
    with listening(Reconciler(version, name)) as service:
        report = examined(service, slow=MEASURED.get(name, 60.0))
    found = {each.rule.id: each for each in report.outcomes}[name]
    must = RULES[name].level_for(version) is not Level.SHOULD
    assert found.verdict == (Verdict.BROKEN if must else Verdict.WARNING)
    levels = {RULES[each].level_for(version) for each in broken(report)}
    assert report.conforms == (levels == {Level.SHOULD})
    assert found.faults
    assert all(fault.what and fault.reply is not None for fault in found.faults)
    slow = {*MEASURED, "long-query"} if name in MEASURED else set()
    assert broken(report) - {name} - slow <= BESIDES.get(name, set())


def test_a_service_of_the_internet_should_be_there_over_https() -> None:
    """A public name over http is a warning, whatever address it has; a local one is not."""
    with listening(Reconciler()) as service:
        port = urlsplit(service.url).port
        web = Web(private=True, lookup=lambda _host, _port: ("127.0.0.1",))
        report = examine(f"http://reconcile.example.org:{port}/", web, rules=chosen(["https"]))
        local = examined(service, rules=chosen(["https"]))
    assert [(each.verdict, each.faults[0].what) for each in report.outcomes] == [
        (Verdict.WARNING, f"http://reconcile.example.org:{port}/ is not https")
    ]
    assert local.of(Verdict.HOLDS)


def test_a_service_that_asks_for_credentials_may_refuse_them() -> None:
    """With authentication in its manifest, a service that gives 401 keeps the rule, and is examined with a key."""
    scheme = {"type": "apiKey", "name": "X-Key", "in": "header"}
    with listening(Reconciler(changes={"authentication": scheme})) as service:
        report = examine(service.url, Web(private=True, headers={"X-Key": "mine"}))
        keys = {headers.get("x-key") for _method, _path, headers in service.seen}
    assert broken(report) == set()
    assert {each.rule.id for each in report.of(Verdict.OPEN)} == {"retry-after"}
    assert keys == {"mine", "not-a-key"}


def test_a_busy_service_is_asked_again_when_it_says() -> None:
    """503 with Retry-After is waited out, and then the rule about it is judged and holds."""
    service = Reconciler()
    service.busy = 1
    with listening(service):
        report = examined(service)
    assert broken(report) == set()
    assert "retry-after" in {each.rule.id for each in report.of(Verdict.HOLDS)}


class Odd(Reconciler):
    """Answers everything with documents of any shape, the same for the same request."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._seed = seed

    def handle(self, method: str, target: str, headers: Any, body: bytes) -> Answer:
        chance = random.Random(f"{self._seed} {method} {target} {body!r}")
        if method == "GET" and urlsplit(target).path == "/" and not urlsplit(target).query:
            return told(self.manifest() if chance.random() < 0.7 else self._any(chance, 4))
        answer = super().handle(method, target, headers, body)
        if chance.random() < 0.7:
            answer = (
                told(self._spoiled(json.loads(answer.body or b"null"), chance)) if "json" in answer.kind else answer
            )
        return answer if chance.random() < 0.9 else told(self._any(chance, 4), chance.choice([200, 302, 500]))

    def _spoiled(self, value: Any, chance: random.Random) -> Any:
        if chance.random() < 0.15:
            return self._any(chance, 2)
        if isinstance(value, dict):
            return {key: self._spoiled(each, chance) for key, each in value.items()}
        return [self._spoiled(each, chance) for each in value] if isinstance(value, list) else value

    def _any(self, chance: random.Random, depth: int) -> Any:
        plain: list[Any] = [None, True, 0, -1.5, "", "a", "\u0000\u202e<b>", 10**20, [], {}]
        if depth == 0 or chance.random() < 0.5:
            return chance.choice(plain)
        inner = [self._any(chance, depth - 1) for _ in range(2)]
        keys = chance.sample(["id", "name", "result", "rows", "meta", "q0", "properties", "score", "type"], 2)
        return inner if chance.random() < 0.5 else dict(zip(keys, inner, strict=True))


@pytest.mark.parametrize("seed", range(12))
def test_no_answer_whatever_its_shape_stops_an_examination(seed: int) -> None:
    """Each rule gets its verdict from a service that answers anything; the report can be written in every format."""
    with listening(Odd(seed)) as service:
        report = examined(service, slow=60.0)
    assert len(report.outcomes) == len(RULES)
    ET.fromstring(as_junit(report))  # noqa: S314  # our own
    json.dumps(as_data(report))


def test_a_service_that_falls_silent_is_left_alone() -> None:
    """After four requests in a row without an answer nothing more is asked, and the rules that are left say so."""

    class Silent(Reconciler):
        def handle(self, method: str, target: str, headers: Any, body: bytes) -> Answer:
            if target != "/" or method == "POST":
                self.asked += 1
                self.wait.wait(60)
            return super().handle(method, target, headers, body)

    with listening(Silent()) as service:
        report = examine(service.url, Web(private=True, timeout=2), rules=chosen(["post", "unicode", "limit"]))
        asked = service.asked
        service.wait.set()
    assert asked == 4
    assert {each.rule.id: each.why for each in report.of(Verdict.OPEN)} == {
        "unicode": "the service answers no more",
        "limit": "the service answers no more",
    }


def test_requests_are_bounded() -> None:
    """After the last request that may be made, rules are not judged, and say so."""
    with listening(Reconciler()) as service:
        report = examine(service.url, Web(private=True, most=5))
        assert len(service.seen) == 5
    assert report.requests == 5
    assert (
        "as many requests have been made as may be" in {each.rule.id: each.why for each in report.outcomes}["limit"]
    )


def test_a_name_can_be_given_where_none_is_found() -> None:
    """--sample is what exact names are judged by."""
    with listening(Reconciler()) as service:
        report = examined(service, rules=chosen(["exact-name"]), samples=["Buro Bries Assen"])
        texts = str(service.batches)
    assert report.of(Verdict.HOLDS)
    assert "Buro Bries Assen" in texts
    assert "museum" not in texts


def test_a_private_address_is_refused_unless_allowed() -> None:
    """Without leave no request reaches this machine; what says so says how to give leave."""
    with listening(Reconciler()) as service:
        with pytest.raises(EndpointFailed, match="not a public address") as refused:
            examine(service.url, Web())
        assert service.seen == []
    assert "--allow-private" in refused.value.mend


def test_an_unknown_rule_names_those_that_come_near() -> None:
    """A misspelt rule is an error with the nearest names."""
    with pytest.raises(NotFound, match="'sortd'") as wrong:
        chosen(["sortd"])
    assert "sorted" in wrong.value.mend


# ---- the shapes


GOOD: dict[str, Callable[[Reconciler], Any]] = {
    "manifest": lambda s: s.manifest(),
    "query-batch": lambda _s: {
        "q0": {
            "query": "a",
            "type": ["t1"],
            "limit": 3,
            "type_strict": "should",
            "properties": [{"pid": "p", "v": ["a", 1, True, {"id": "x", "name": "y"}]}],
        },
        "q1": {"properties": [{"pid": "p", "v": 2.5}]},
    },
    "result-batch": lambda _s: {
        "q0": {
            "result": [
                {
                    "id": "a",
                    "name": "A",
                    "score": 1.5,
                    "match": False,
                    "description": "d",
                    "type": [{"id": "t", "name": "T"}, "u"],
                    "features": [{"id": "f", "value": 0.5}, {"id": "g", "value": True}],
                }
            ]
        }
    },
    "suggest-entity": lambda _s: {
        "result": [{"id": "a", "name": "A", "description": "d", "notable": ["t", {"id": "u"}]}]
    },
    "suggest-property": lambda _s: {"result": [{"id": "a", "name": "A", "description": "d"}]},
    "suggest-type": lambda _s: {"result": [{"id": "a", "name": "A", "broader": [{"id": "b", "name": "B"}]}]},
    "extend-query": lambda _s: {"ids": ["a"], "properties": [{"id": "p", "settings": {"count": True}}]},
    "extend-response": lambda _s: {
        "meta": [{"id": "p", "name": "P", "type": {"id": "t", "name": "T"}, "service": "https://example.org/r"}],
        "rows": {
            "a": {
                "p": [
                    {},
                    {"str": "x"},
                    {"int": 3},
                    {"float": 2.5},
                    {"date": "2017-03-01T00:00:00Z"},
                    {"id": "b", "name": "B", "description": "d"},
                ]
            }
        },
    },
    "propose": lambda _s: {"properties": [{"id": "a", "name": "A", "description": "d"}], "type": "t", "limit": 3},
}
OFFICIAL = {
    "manifest": "manifest",
    "query-batch": "reconciliation-query-batch",
    "result-batch": "reconciliation-result-batch",
    "suggest-entity": "suggest-entities-response",
    "suggest-property": "suggest-properties-response",
    "suggest-type": "suggest-types-response",
    "extend-query": "data-extension-query",
    "extend-response": "data-extension-response",
    "propose": "data-extension-property-proposal",
}


def changed(value: Any) -> Iterator[Any]:
    """Copies of a document, each with one part taken out or replaced by something else."""
    odd: tuple[Any, ...] = (None, True, 7, -1, 2.5, "", "text", [], [1], {}, {"a": 1})
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {each: copy.deepcopy(rest) for each, rest in value.items() if each != key}
            for other in odd:
                yield {**copy.deepcopy(value), key: other}
            for deeper in changed(inner):
                yield {**copy.deepcopy(value), key: deeper}
        yield {**copy.deepcopy(value), "unknown": 1}
    if isinstance(value, list):
        for place, inner in enumerate(value):
            for deeper in (*odd, *changed(inner)):
                yield [*value[:place], deeper, *value[place + 1 :]]


@pytest.mark.parametrize("kind", OFFICIAL)
def test_what_the_schemas_of_the_standard_reject_ours_reject(kind: str) -> None:
    """Of thousands of spoilt documents, ours take none that the standard's own refuses; both take good ones."""
    folder = REFERENCE / "reconciliation"
    if not folder.is_dir():
        pytest.skip(f"no reference material: {folder} is not there")
    from jsonschema import Draft7Validator

    swagger: dict[str, Any] = {"definitions": {"securityDefinitions": {"additionalProperties": {}}}}
    rows = [("http://swagger.io/v2/schema.json", swagger)]
    for path in folder.glob("*.json"):
        document = json.loads(path.read_text(encoding="utf-8"))
        places = {document["$id"], f"https://reconciliation-api.github.io/specs/0.2/schemas/{path.name}"}
        rows += [(place, {**document, "$schema": "http://json-schema.org/draft-07/schema#"}) for place in places]
    registry: Registry[Any] = Registry().with_resources(
        (place, Resource.from_contents(each, default_specification=_DRAFT_7)) for place, each in rows
    )
    text = (folder / f"{OFFICIAL[kind]}.json").read_text(encoding="utf-8")
    theirs = Draft7Validator(json.loads(text), registry=registry)
    service = Reconciler()
    service.url = "http://127.0.0.1/"
    good = GOOD[kind](service)
    assert theirs.is_valid(good)
    assert problems(kind, "0.2", good) == ()
    refused = 0
    for each in changed(good):
        if not theirs.is_valid(each):
            refused += 1
            assert problems(kind, "0.2", each, most=1), f"only theirs refuses {each}"
    assert refused >= 5


def _draft_7() -> Any:
    from referencing.jsonschema import DRAFT7

    return DRAFT7


_DRAFT_7 = _draft_7()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_our_schemas_are_schemas(kind: str, version: str) -> None:
    """Each is a valid JSON Schema of draft 2020-12."""
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema(kind, version))


STRICTER = [
    ("result-batch", {"q0": {"result": [{"id": "", "name": "A", "score": 1}]}}, "q0.result[0].id"),
    ("query-batch", {"q0": {"query": "a", "limit": 2.5}}, "q0.limit"),
    ("propose", {"properties": [{"id": "a", "name": ""}]}, "properties[0].name"),
    ("extend-response", {"meta": [], "rows": {"a": {"p": [{"bool": True}]}}}, "rows.a.p[0]"),
]


@pytest.mark.parametrize(("kind", "document", "where"), STRICTER)
def test_our_schemas_are_stricter_where_the_text_is(kind: str, document: object, where: str) -> None:
    """Empty identifiers and names, and limits that are not whole, are refused, with the place."""
    assert [each.where for each in problems(kind, "0.2", document)] == [where]


@pytest.mark.parametrize(
    ("kind", "document", "where"),
    [
        ("manifest", {"batchsize": 5}, "batchsize"),
        ("manifest", {"suggest": {"entity": {"servicepath": "/x"}}}, "suggest.entity.servicepath"),
        ("manifest", {"identifier_space": "x"}, "identifier_space"),
        ("result-batch", {"q0": {"result": [{"Match": True}]}}, "q0.result[0].Match"),
        ("suggest-entity", {"result": [{"desciption": "x"}]}, "result[0].desciption"),
    ],
)
def test_misspelt_keys_are_found(kind: str, document: object, where: str) -> None:
    """A key that is nearly one of the standard's is told, with its place."""
    assert [each.where for each in strangers(kind, "0.2", document)] == [where]


def test_keys_of_ones_own_are_let_be() -> None:
    """What is like no key of the standard is an addition of the service, and no fault."""
    assert strangers("manifest", "0.2", {"x-rights": 1, "curator": "me", "versions": ["0.2"]}) == ()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"a": NaN}', "NaN"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b"\xff", "UTF-8"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b"[" * 100_000, "nested"),
        (b"{", "line 1"),
    ],
)
def test_json_is_read_by_the_letter(body: bytes, why: str) -> None:
    """What many readers let pass is refused, with the reason."""
    with pytest.raises(NotJson, match=why):
        read_json(body)


# ---- the command


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["reconcile", "check", *words], catch_exceptions=False)


def test_the_report_says_what_was_sent_what_came_and_what_to_do() -> None:
    """A broken rule is shown with its weight, section, exchange and mend; the command ends with 3."""
    with listening(Reconciler("0.2", "every-key")) as service:
        done = run(service.url, "--allow-private", "--pause", "0", "--rule", "every-key", "--rule", "manifest")
    assert done.exit_code == 3
    assert "BROKEN every-key (MUST)" in done.output
    assert "  said in: 4.2 Reconciliation Query Responses" in done.output
    assert "  found:   the key '10' did not come back" in done.output
    assert f'  sent:    POST {service.url} queries={{"q0": {{"query": ' in done.output
    assert "  came:    200, application/json, " in done.output
    assert "  mend:    Answer a query without candidates with an empty array" in done.output
    assert done.output.splitlines()[-1].startswith("1 rules hold, 1 broken, 0 warnings, 0 not judged; ")


def test_the_report_as_json_and_as_junit() -> None:
    """JSON has every rule with its verdict; JUnit has a case a rule, with failures and skipped ones counted."""
    with listening(Reconciler("0.2", "limit")) as service:
        data = run(service.url, "--allow-private", "--pause", "0", "--format", "json")
        junit = run(service.url, "--allow-private", "--pause", "0", "--format", "junit")
    document = json.loads(data.output)
    assert (data.exit_code, junit.exit_code) == (3, 3)
    assert document["conforms"] is False
    assert document["counts"] == {"holds": len(RULES) - 3, "broken": 1, "warning": 0, "not judged": 2}
    (fault,) = [each for each in document["rules"] if each["verdict"] == "broken"]
    assert fault["id"] == "limit"
    assert fault["faults"][0]["came"]["headers"]["access-control-allow-origin"] == "*"
    suite = ET.fromstring(junit.output)  # noqa: S314  # our own
    assert suite.attrib | {"time": "", "name": ""} == {
        "name": "", "tests": str(len(RULES)), "failures": "1", "errors": "0", "skipped": "2", "time": "",
    }  # fmt: skip
    assert [each.attrib["name"] for each in suite.findall("testcase[failure]")] == ["limit"]


def test_all_verdicts_can_be_shown() -> None:
    """-v shows the rules that hold as well, in a table; credentials are sent along; a header that is none is told."""
    with listening(Reconciler("0.2", "limit")) as service:
        words = (service.url, "--allow-private", "--pause", "0", "--rule", "limit", "--rule", "post", "-v")
        done = run(*words, "--header", "X-Key: mine", "--sample", "Provincie Groningen")
        assert {headers.get("x-key") for _method, _path, headers in service.seen} == {"mine"}
        wrong = run(*words, "--header", "no header")
    assert re.search(r"holds +post +MUST +POST of a batch", done.output)
    assert re.search(r"broken +limit +MUST", done.output)
    assert (wrong.exit_code, "is no header" in wrong.output) == (2, True)


def test_warnings_count_when_they_are_to() -> None:
    """A service that breaks a rule of the weight SHOULD passes; with --strict it does not."""
    with listening(Reconciler("0.2", "cacheable")) as service:
        words = (service.url, "--allow-private", "--pause", "0", "--rule", "cacheable")
        assert run(*words).exit_code == 0
        assert run(*words, "--strict").exit_code == 3


def test_the_rules_can_be_listed_without_a_service() -> None:
    """--list shows every rule and asks nothing; without an address and without --list there is an error."""
    listed = run("--list")
    assert listed.exit_code == 0
    assert all(f"{name} " in listed.output for name in RULES)
    assert run().exit_code == 2


def test_what_a_service_says_does_nothing_to_the_terminal() -> None:
    """Control characters, and signs that turn the direction of a line, are written out."""
    assert excerpt("a\x1b[31m\u202eb\nc") == "a\\x1b[31m\\u202eb c"


def test_an_address_that_is_none_is_told_before_anything_is_asked() -> None:
    """A word, another scheme, or a name without an address is an error of the command."""
    for text in ("nonsense", "ftp://example.org/", "file:///etc/passwd", "http://", "http://exa mple.org/"):
        assert run(text).exit_code == 2, text


def test_a_service_that_is_not_there_is_an_error() -> None:
    """Nothing listens: the command ends with 1 and says so."""
    done = run("http://127.0.0.1:1/", "--allow-private")
    assert done.exit_code == 1
    assert "gives no answer" in done.output


def test_every_rule_is_in_the_documentation() -> None:
    """The page of rules is the table of the code."""
    page = (Path(__file__).parent.parent / "docs" / "reference" / "reconcile-rules.md").read_text(encoding="utf-8")
    assert markdown(all_rules()) in page


def test_help_of_the_group_shows_both_uses() -> None:
    """The command runs in a process of its own, imports no HTTP client for its help, and shows how it is used."""
    script = (
        "import sys; from so2graph.cli import main\n"
        "try: main(['reconcile', '--help'])\n"
        "except SystemExit: pass\n"
        "print(' '.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "reconcile check URL" in done.stdout
    assert "reconcile FILE --column" in done.stdout
    assert not {"jsonschema", "pyarrow", "numpy", "so2graph.engine.opener"} & set(done.stderr.split())
