"""What OpenRefine sends is replayed: against a service that can misbehave, and against our own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, urlsplit

import pytest

from so2graph.link.conformance import Report, Verdict, examine
from so2graph.link.openrefine import Candidate, Detail, OpenRefine, Recon, batch_size, encode_uri
from so2graph.link.reconcile_http import Web
from tests.reconciliation import Answer, Reconciler, listening, told
from tests.test_service import serving

CELLS = ["Gemeente Assen", " ", "Niemand", None, "Gemeente Assen", "Provincie"]
ROWS: list[Mapping[str, object]] = [{"name": cell} for cell in CELLS]


def refine(service: Reconciler, waits: list[float] | None = None) -> OpenRefine:
    made = OpenRefine(Web(private=True), service.url, wait=(waits if waits is not None else []).append)
    made.add()
    return made


@pytest.mark.parametrize(
    ("rows", "declared", "size"),
    [(5, None, 10), (5, 200, 10), (1000, 50, 50), (1000, 200, 100), (3000, 200, 200), (100, 8, 8)],
)
def test_the_size_of_a_batch(rows: int, declared: int | None, size: int) -> None:
    """A tenth of the rows, from ten up to what the manifest declares; ten where it declares nothing."""
    assert batch_size(rows, declared) == size


def test_a_column_is_sent_as_openrefine_sends_it() -> None:
    """One form field called queries; keys q0, q1…; blank cells left out; the same cell sent once."""
    bodies: list[bytes] = []

    class Noted(Reconciler):
        def _matched(self, body: bytes) -> Answer:
            bodies.append(body)
            return super()._matched(body)

    with listening(Noted()) as service:
        recons = refine(service).reconcile(ROWS, "name", kind="t1", limit=3)
        kinds = {headers["content-type"] for method, _path, headers in service.seen if method == "POST"}
    assert kinds == {"application/x-www-form-urlencoded"}
    assert [body.decode() for body in bodies] == [
        '{"q0":{"query":"Gemeente Assen","type":"t1","type_strict":"should","limit":3},'
        '"q1":{"query":"Niemand","type":"t1","type_strict":"should","limit":3},'
        '"q2":{"query":"Provincie","type":"t1","type_strict":"should","limit":3}}'
    ]
    assert [recon.judgment for recon in recons] == ["matched", "none", "none", "none", "matched", "none"]
    assert recons[0] == recons[4]


def test_other_columns_are_sent_as_properties() -> None:
    """Texts, numbers, and matched cells as things; blank ones are left out."""
    match = Candidate("assen", "Gemeente Assen")
    rows: list[Mapping[str, object]] = [
        {"name": "Buro", "staff": 3, "seat": Recon("x", (match,), match, "matched"), "blank": ""},
        {"name": "Buro", "staff": "3", "seat": Recon("Assen"), "blank": None},
    ]
    details = (Detail("staff", "p1"), Detail("seat", "p2"), Detail("blank", "p3"))
    with listening(Reconciler()) as service:
        refine(service).reconcile(rows, "name", details=details)
        assert service.batches == [
            {
                "q0": {
                    "query": "Buro",
                    "properties": [
                        {"pid": "p1", "v": 3},
                        {"pid": "p2", "v": {"id": "assen", "name": "Gemeente Assen"}},
                    ],
                },
                "q1": {"query": "Buro", "properties": [{"pid": "p1", "v": "3"}, {"pid": "p2", "v": "Assen"}]},
            }
        ]


def test_only_the_best_candidate_can_match() -> None:
    """Candidates are sorted by score; a match that is not the best one is passed over; without autoMatch none is."""
    with listening(Reconciler("0.2", "sorted")) as service:
        shown = refine(service).reconcile(ROWS, "name")[0]
        assert [each.score for each in shown.candidates] == sorted((c.score for c in shown.candidates), reverse=True)
        assert (shown.judgment, shown.shown) == ("matched", "Gemeente Assen")
        assert refine(service).reconcile(ROWS, "name", auto_match=False)[0].judgment == "none"
    with listening(Reconciler("0.2", "one-match")) as service:
        unclear = refine(service).reconcile([{"name": "Gemeente"}], "name")[0]
    assert (unclear.judgment, unclear.shown) == ("none", "Gemeente")


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        ("every-key", 'without "q1" field'),
        ("post", "HTTP error 415"),
    ],
)
def test_what_breaks_a_cell(broken: str, error: str) -> None:
    """A key that does not come back, and a status of 400 or more, are errors in the cells."""
    with listening(Reconciler("0.2", broken)) as service:
        recons = refine(service).reconcile(ROWS, "name")
    assert recons[2].judgment == "error"
    assert error in recons[2].error


def test_a_service_without_result_breaks_its_cells() -> None:
    """An answer without an array called result is an error too; one that is no JSON is one for the whole batch."""
    with listening(Reconciler(reply=told({"q0": {"candidates": []}}))) as service:
        assert 'without "result" field' in refine(service).reconcile(ROWS[:1], "name")[0].error
    with listening(Reconciler(reply=Answer(200, b"<html>", "text/html"))) as service:
        assert refine(service).reconcile(ROWS[:1], "name")[0].judgment == "error"


def test_a_busy_service_is_asked_three_times_more() -> None:
    """503 is waited out by Retry-After, or 0.2, 0.4 and 0.8 seconds; then the cells are errors."""
    waits: list[float] = []
    with listening(Reconciler("0.2", "retry-after")) as service:
        openrefine = refine(service, waits)
        service.busy = 3
        assert openrefine.reconcile(ROWS[:1], "name")[0].judgment == "matched"
        assert waits == [0.2, 0.4, 0.8]
        service.busy = 4
        assert openrefine.reconcile(ROWS[:1], "name")[0].error.startswith("HTTP error 503")
    with listening(Reconciler()) as service:
        openrefine = refine(service, waits := [])
        service.busy = 1
        assert openrefine.reconcile(ROWS[:1], "name")[0].judgment == "matched"
    assert waits == [0.0]


@pytest.mark.parametrize("broken", ["manifest", "quick-manifest"])
def test_a_service_that_cannot_be_added(broken: str) -> None:
    """No JSON is no service; a slow manifest is, so long as it takes less than five seconds."""
    with listening(Reconciler("0.2", broken)) as service:
        openrefine = OpenRefine(Web(private=True), service.url)
        if broken == "manifest":
            with pytest.raises(ValueError, match="Expecting value"):
                openrefine.add()
        else:
            assert openrefine.add()["name"] == "Places"


def test_a_project_without_spaces_is_of_localhost() -> None:
    """Where the manifest names no spaces, the project gets addresses of localhost: so always name them."""
    with listening(Reconciler(changes={"identifierSpace": None, "schemaSpace": None})) as service:
        assert refine(service).spaces == ("http://localhost/recon/identifier", "http://localhost/recon/schema")


def test_addresses_are_filled_without_encoding() -> None:
    """What has a meaning in an address stays: an identifier with / or ? leads elsewhere."""
    assert encode_uri("http://x/a b?id=é/c?d#e") == "http://x/a%20b?id=%C3%A9/c?d#e"


# ---- our own service


@pytest.fixture(scope="module")
def own(settings_env: dict[str, str]) -> Iterator[str]:
    """The address of the reconciliation service of the built dataset, running."""
    with serving(settings_env, "--workers", "1") as running:
        yield f"{running.url}reconcile"


@pytest.fixture
def ours(own: str) -> OpenRefine:
    made = OpenRefine(Web(private=True), own)
    made.add()
    return made


def test_our_service_can_be_added(ours: OpenRefine) -> None:
    """Its manifest names the spaces of the dataset, and declares batches of 200."""
    assert ours.spaces == ("https://w3id.org/so2graph/id/", "https://w3id.org/so2graph/def#")
    assert ours.manifest["batchSize"] == 200


NAMES = {
    "Buro Bries": "buro-bries",
    "alescon": "alescon",
    "SO netwerk Groningen": "so-netwerk-groningen",
    "Social Enterprise NL": "social-enterprise-nederland",
}


@pytest.mark.parametrize("size", [10, 50, 200])
def test_columns_of_any_length_are_matched_alike(ours: OpenRefine, size: int) -> None:
    """In batches of 10, 50 and 200 the same name has the same match; what is nobody has none; no cell is an error."""
    rows: list[Mapping[str, object]] = [{"name": name} for name in NAMES]
    rows += [{"name": f"Nergens en niemand {number}"} for number in range(10 * size - len(rows))]
    recons = ours.reconcile(rows, "name")
    assert {recon.text: recon.match.id for recon in recons if recon.match} == NAMES
    assert not [recon.error for recon in recons if recon.judgment == "error"]
    assert all(recon.shown == recon.text for recon in recons[len(NAMES) :])


def test_places_of_one_name_are_left_to_a_person(ours: OpenRefine) -> None:
    """A municipality that was another in 2017 is not matched by its bare name; both are among the candidates."""
    (recon,) = ours.reconcile([{"name": "gemeente Groningen"}], "name")
    assert recon.judgment == "none"
    assert {"gemeente-groningen", "gemeente-groningen-2017"} <= {each.id for each in recon.candidates}


def test_a_body_and_its_area_are_told_apart_by_the_type(ours: OpenRefine) -> None:
    """Gemeente Assen is a body and an area: the bare name is left to a person, with a type it is matched."""
    (bare,) = ours.reconcile([{"name": "Gemeente Assen"}], "name")
    (body,) = ours.reconcile([{"name": "Gemeente Assen"}], "name", kind="so2:Municipality")
    assert "gemeente-assen" in [each.id for each in bare.candidates]
    assert body.match is not None
    assert (body.match.id, body.shown) == ("gemeente-assen", "gemeente Assen")


def test_a_type_is_guessed_and_then_asked_for(ours: OpenRefine) -> None:
    """Of municipalities the guess is a body, and with that type a town of the same name comes after it."""
    guesses = ours.guess_types(["gemeente Assen", "gemeente Haren", "gemeente Ten Boer"])
    assert "so2:Municipality" in [guess.id for guess in guesses[:2]]
    (recon,) = ours.reconcile([{"name": "Assen"}], "name", kind="so2:Municipality")
    assert recon.candidates[0].id == "gemeente-assen"
    assert "so2:Municipality" in recon.candidates[0].types


def test_values_come_into_columns(ours: OpenRefine) -> None:
    """Proposed properties can be asked for; texts and things come as such; a thing without a value has none."""
    proposed = dict(ours.propose("so2:Municipality"))
    assert "skos:notation" in proposed
    recons = ours.reconcile([{"name": name} for name in NAMES], "name")
    recons += ours.reconcile([{"name": "Gemeente Assen"}], "name", kind="so2:Municipality")
    label, code = ours.extend(recons, ["rdfs:label", "skos:notation"])
    assert (label.id, code.id, code.name) == ("rdfs:label", "skos:notation", proposed["skos:notation"])
    assert label.rows["buro-bries"] == ("Buro Bries",)
    assert code.rows["gemeente-assen"] == ("GM0106",)
    assert code.rows["buro-bries"] == ()


def test_boxes_suggest(ours: OpenRefine) -> None:
    """What is typed suggests things, properties and types that begin so."""
    assert "buro-bries" in [row["id"] for row in ours.suggest("entity", "buro b")]
    assert "so2:Municipality" in [row["id"] for row in ours.suggest("type", "gemeent")]
    assert ours.suggest("property", "heet")


def test_a_candidate_is_previewed_and_opened(ours: OpenRefine, own: str) -> None:
    """The preview is a page without script that a frame may show; the view leads to the page of the thing."""
    web = Web(private=True)
    shown = web.get(ours.preview_url("buro-bries"))
    assert (shown.status, shown.media_type) == (200, "text/html")
    assert "Buro Bries" in shown.text
    assert not re.search("<script", shown.text, re.IGNORECASE)
    assert "x-frame-options" not in shown.headers
    assert "frame-ancestors *" in shown.headers.get("content-security-policy", "frame-ancestors *")
    opened = web.get(ours.view_url("buro-bries"))
    assert opened.ok
    assert urlsplit(opened.arrived).netloc == urlsplit(own).netloc


def test_identifiers_stand_in_addresses_as_they_are(ours: OpenRefine) -> None:
    """OpenRefine does not encode them, so that none may need it."""
    for name, identifier in NAMES.items():
        assert encode_uri(identifier) == identifier, name
        assert parse_qs(urlsplit(ours.preview_url(identifier)).query)["id"] == [identifier]


def _broken(report: Report) -> list[str]:
    found = (*report.of(Verdict.BROKEN), *report.of(Verdict.WARNING))
    return [f"{each.rule.id}: {each.faults[0].what}" for each in found]


@pytest.mark.parametrize(("path", "version"), [("", "0.2"), ("/1.0", "1.0-draft")])
def test_our_service_keeps_every_rule(own: str, path: str, version: str) -> None:
    """No rule is broken and none gives a warning; only what it does not have is not judged."""
    report = examine(own + path, Web(private=True), slow=60.0)
    assert _broken(report) == []
    open_rules = {each.rule.id for each in report.of(Verdict.OPEN) if version in each.rule.versions}
    assert (report.version, open_rules) == (version, {"authentication", "retry-after"})
