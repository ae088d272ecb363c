"""The questions of a run: their order, what an answer makes, what is never asked again, and how it is taken back."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
from dataclasses import replace
from math import log
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from so2graph.cli import main
from so2graph.config import Settings
from so2graph.engine.access import Access, Session
from so2graph.engine.changes import Write
from so2graph.engine.offline import apply_offline
from so2graph.engine.signins import SignIns, form_key
from so2graph.engine.tokens import Tokens
from so2graph.errors import BadParameter, NotFound, PreconditionFailed
from so2graph.link.calibration import EVERY, calibrate, due, sureness
from so2graph.link.linkset import judge_write, judgements
from so2graph.link.mapping import PREDICATES, Mapping
from so2graph.link.queue import Left, Queue
from so2graph.link.record import Record
from so2graph.link.review import Answer, Asked, Verdict, accept_sure, judge, judging, last, mark, sure, undo
from so2graph.link.runs import LATEST, OpenRun, Pair, Part, Run, open_run, run_id, write_run
from so2graph.link.spec import Field, Kind, Spec
from so2graph.link.tables import PAIRS, records_table
from so2graph.registry import Bundle
from so2graph.vocab import Iri
from so2graph.web.links_evidence import compared, kilometres, label_of, point_of, waterfall
from tests.linking_runs import OURS, PINNED, SPEC, STARTED, THEIRS, write_gazetteer

EXACT = PREDICATES[1]
ASSEN, GRONINGEN, DRENTHE, FRYSLAN = (record.id for record in OURS)
ONE, TWO, THREE, FOUR, FIVE, SIX = (record.id for record in THEIRS)


class Desk:
    """A copy of the built dataset with a run, and somebody who judges."""

    def __init__(self, settings: Settings, bundle: Bundle) -> None:
        self.settings, self.access = settings, Access(settings, bundle)

    @property
    def session(self) -> Session:
        return self.access.session()

    def send(self, change: Write) -> int:
        """Makes a write, as the command does."""
        return apply_offline(self.settings, [change], self.access.prefixes, "test").number

    def judged(self, target: str = "gazetteer") -> tuple[Mapping, ...]:
        return judgements(self.session, target)

    def queue(self, opened: OpenRun) -> Queue:
        return Queue(opened, self.session, self.judged(opened.run.target))

    def open(self, run: str = LATEST) -> OpenRun:
        return open_run(self.settings.data, "gazetteer", run)

    def say(
        self, opened: OpenRun, ours: str, theirs: str, said: str, who: str = "anna", predicate: str = "exactMatch"
    ) -> Answer:
        """An answer to what is to be seen now."""
        asked = Asked(ours, theirs, Verdict(said), mark(self.judged(), ours, theirs), predicate)
        with judging(self.settings.data, "gazetteer"):
            return judge(opened, self.session, asked, who, self.send)

    def plain(self) -> set[tuple[str, str, str]]:
        """The plain links that the graph of the target holds."""
        graph = self.session.snapshot.names.links("gazetteer")
        text = "SELECT ?s ?p ?o WHERE { GRAPH ?_graph { ?s ?p ?o } }"
        return {(str(r["s"]), str(r["p"]), str(r["o"])) for r in self.session.select(text, graph=Iri(graph))}


@pytest.fixture
def desk(settings: Settings, bundle: Bundle, tmp_path: Path) -> Desk:
    shutil.copytree(settings.data, tmp_path / "data")
    write_gazetteer(tmp_path / "data")
    return Desk(replace(settings, data=tmp_path / "data"), bundle)


def test_the_most_valuable_question_comes_first(desk: Desk) -> None:
    """Uncertainty times effect orders; what somebody skips comes after all others, for them alone."""
    with desk.open() as opened:
        queue, order = desk.queue(opened), []
        assert queue.left() == Left(4, 0, 0)
        assert queue.degree(GRONINGEN) > 5
        for _ in range(4):
            pair = queue.next("anna")
            assert pair is not None
            order.append((pair.ours, pair.theirs))
            desk.say(opened, pair.ours, pair.theirs, "skip")
        assert order[0] == (GRONINGEN, THREE)
        assert order[-1] == (ASSEN, ONE)
        assert sorted(order) == sorted([(ASSEN, ONE), (GRONINGEN, THREE), (GRONINGEN, SIX), (FRYSLAN, FIVE)])
        again, other = queue.next("anna"), queue.next("bob")
        assert again is not None
        assert other is not None
        assert (again.ours, again.theirs) == (other.ours, other.theirs) == order[0]
        desk.say(opened, *order[0], "skip", "bob")
        other = queue.next("bob")
        assert other is not None
        assert (other.ours, other.theirs) == order[1]


def test_a_yes_is_a_link_that_says_who_and_why(desk: Desk) -> None:
    """One generation more: the plain statement, and a mapping with the reviewer, the chance, the run and snapshot."""
    with desk.open() as opened:
        before = desk.session.snapshot.manifest.number
        answer = desk.say(opened, GRONINGEN, THREE, "yes")
        assert answer.generation == desk.session.snapshot.manifest.number == before + 1
        assert desk.plain() == {(GRONINGEN, EXACT, THREE)}
        (made,) = desk.judged()
        assert (made.verdict, made.reviewer, made.by_person) == ("accepted", "anna", True)
        assert (made.justification, made.confidence, made.similarity) == ("CompositeMatching", 0.55, 0.55)
        assert (made.run, made.spec, made.source_version) == (opened.run.id, SPEC.digest, "gazetteer.csv 2026-11-20")
        assert made.subject_fields == ("name", "point", "within")
        assert (made.subject_label, made.mapping_date) == ("Groningen (stedelijke kern)", STARTED[:10])
        # One partner each: neither is asked about any more.
        queue = desk.queue(opened)
        assert queue.left() == Left(2, 0, 1)
        rest = {pair.ours for pair in opened.pairs("review")} - {GRONINGEN}
        following = queue.next("anna")
        assert following is not None
        assert following.ours in rest


def test_what_was_refused_is_never_asked_again(desk: Desk) -> None:
    """Neither by this run nor by a later one; 'none' holds for every pair of the thing."""
    with desk.open() as opened:
        desk.say(opened, FRYSLAN, FIVE, "no")
        desk.say(opened, GRONINGEN, THREE, "none")
        said = {(one.subject, one.object, one.negated, one.none) for one in desk.judged()}
        assert said == {
            (FRYSLAN, FIVE, True, False),
            (GRONINGEN, "https://w3id.org/sssom/NoTermFound", False, True),
        }
        assert desk.plain() == set()
    later = write_gazetteer(desk.settings.data, "2026-11-27T09:00:00+00:00")
    with desk.open() as opened:
        assert opened.run.id == later.id
        queue = desk.queue(opened)
        following = queue.next("anna")
        assert queue.left().open == 1
        assert following is not None
        assert (following.ours, following.theirs) == (ASSEN, ONE)


def test_a_judgement_from_elsewhere_settles_a_question(desk: Desk) -> None:
    """A mapping that was imported from a file counts as much as an answer given here."""
    mapping = Mapping(ASSEN, EXACT, ONE, "gazetteer", justification="ManualMappingCuration", author="somebody")
    desk.send(judge_write(desk.session, [mapping]))
    with desk.open() as opened:
        assert ASSEN not in {pair.ours for pair in _all_asked(desk, opened)}


def _all_asked(desk: Desk, opened: OpenRun) -> list[Pair]:
    """What the queue asks, one after the other, when all is put aside."""
    found = []
    while (pair := desk.queue(opened).next("x")) is not None:
        found.append(pair)
        desk.say(opened, pair.ours, pair.theirs, "unsure", "x")
    return found


def test_unsure_is_put_aside_and_listed(desk: Desk) -> None:
    """It writes nothing into the graph, is asked no more in this run, and can be judged from the list."""
    with desk.open() as opened:
        number = desk.session.snapshot.manifest.number
        assert len(_all_asked(desk, opened)) == 4
        queue = desk.queue(opened)
        assert queue.left() == Left(0, 4, 0)
        assert (ASSEN, ONE) in queue.unsure()
        assert desk.session.snapshot.manifest.number == number
        desk.say(opened, ASSEN, ONE, "yes")
        assert (ASSEN, ONE) not in desk.queue(opened).unsure()


def test_after_a_no_the_next_candidate_is_asked_about(desk: Desk) -> None:
    """Where it is as likely as others that are asked about."""
    with desk.open() as opened:
        desk.say(opened, ASSEN, ONE, "no")
        queue = desk.queue(opened)
        queue.promote(ASSEN)
        second = opened.pair(ASSEN, TWO)
        assert second is not None
        assert second.decision == "reject", "0.12 is less likely than any question"
        with opened.base:
            opened.base.execute("UPDATE pair SET probability = 0.6 WHERE theirs = ?", (TWO,))
        queue.promote(ASSEN)
        assert [pair.theirs for pair in opened.pairs("review", ours=ASSEN)] == [ONE, TWO]


def test_an_answer_is_taken_back(desk: Desk) -> None:
    """What it made goes; its question is asked again; nobody takes back what another one said."""
    with desk.open() as opened:
        answer = desk.say(opened, GRONINGEN, THREE, "yes")
        with judging(desk.settings.data, "gazetteer"), pytest.raises(NotFound):
            undo(opened, desk.session, answer.number, "bob", desk.send)
        with judging(desk.settings.data, "gazetteer"):
            undo(opened, desk.session, answer.number, "anna", desk.send)
        assert desk.judged() == ()
        assert desk.plain() == set()
        assert last(opened, "anna") is None
        following = desk.queue(opened).next("anna")
        assert following is not None
        assert (following.ours, following.theirs) == (GRONINGEN, THREE)
        with judging(desk.settings.data, "gazetteer"), pytest.raises(NotFound):
            undo(opened, desk.session, answer.number, "anna", desk.send)


def test_what_an_answer_replaced_comes_back_with_undo(desk: Desk) -> None:
    """The program's own link, which a person refused, or replaced by another one."""
    machine = Mapping(
        GRONINGEN, EXACT, THREE, "gazetteer", justification="LexicalMatching", confidence=0.9, tool="so2graph"
    )
    desk.send(judge_write(desk.session, [machine], by_person=False))
    with desk.open() as opened:
        for theirs, said, now in (
            (THREE, "no", set()),
            (SIX, "yes", {(GRONINGEN, EXACT, SIX)}),
            (THREE, "none", set()),
        ):
            answer = desk.say(opened, GRONINGEN, theirs, said)
            assert [one.object for one in answer.before] == [THREE], said
            assert desk.plain() == now, said
            with judging(desk.settings.data, "gazetteer"):
                undo(opened, desk.session, answer.number, "anna", desk.send)
            assert desk.plain() == {(GRONINGEN, EXACT, THREE)}, said
            assert [replace(one, formerly=()) for one in desk.judged()] == [machine], said


def test_two_judges_at_once_lose_nothing(desk: Desk) -> None:
    """Who comes second is told who was first; nor is an answer undone that others have changed."""
    with desk.open() as opened:
        seen = mark(desk.judged(), GRONINGEN, THREE)
        first = desk.say(opened, GRONINGEN, THREE, "yes")
        late = Asked(GRONINGEN, THREE, Verdict.NO, seen)
        with judging(desk.settings.data, "gazetteer"), pytest.raises(PreconditionFailed) as told:
            judge(opened, desk.session, late, "bob", desk.send)
        assert told.value.members["by"] == ["anna"]
        assert desk.plain() == {(GRONINGEN, EXACT, THREE)}
        # The other candidate of the same thing was judged by that as well.
        other = Asked(GRONINGEN, SIX, Verdict.YES, seen)
        with judging(desk.settings.data, "gazetteer"), pytest.raises(PreconditionFailed):
            judge(opened, desk.session, other, "bob", desk.send)
        desk.say(opened, GRONINGEN, THREE, "no", "bob")
        with judging(desk.settings.data, "gazetteer"), pytest.raises(PreconditionFailed, match="changed by others"):
            undo(opened, desk.session, first.number, "anna", desk.send)
        (made,) = desk.judged()
        assert (made.who, made.verdict) == ("bob", "refused")
        assert "anna" in made.formerly[-1]


def test_the_program_accepts_what_it_is_sure_of_and_overrules_nobody(desk: Desk) -> None:
    """Only pairs of which nothing has been said; what a person said stays."""
    with desk.open() as opened:
        assert [(pair.ours, pair.theirs) for pair in sure(opened, desk.judged())] == [(DRENTHE, FOUR)]
        desk.say(opened, DRENTHE, FOUR, "no")
        with opened.base:
            opened.base.execute("UPDATE pair SET decision = 'accept' WHERE ours = ? AND theirs = ?", (ASSEN, ONE))
        with judging(desk.settings.data, "gazetteer"):
            assert accept_sure(opened, desk.session, EXACT, desk.send) == 1
        assert desk.plain() == {(ASSEN, EXACT, ONE)}
        found = {one.subject: (one.verdict, one.by_person) for one in desk.judged()}
        assert found == {DRENTHE: ("refused", True), ASSEN: ("accepted", False)}
        with judging(desk.settings.data, "gazetteer"):
            assert accept_sure(opened, desk.session, EXACT, desk.send) == 0


def test_an_answer_that_cannot_be_is_refused(desk: Desk) -> None:
    """A thing that is in no question, an address that is none, a relation that is not made, a remark without end."""
    with desk.open() as opened:
        good = Asked(ASSEN, ONE, Verdict.YES, mark((), ASSEN, ONE))
        for odd in (
            replace(good, ours="https://example.org/nobody"),
            replace(good, theirs="no address"),
            replace(good, predicate="differentFrom"),
            replace(good, comment="x" * 1001),
        ):
            with pytest.raises((NotFound, BadParameter)):
                judge(opened, desk.session, odd, "anna", desk.send)
        assert desk.judged() == ()
        # Another candidate than the program's, by hand.
        answer = desk.say(opened, ASSEN, "https://example.org/place/77", "yes", predicate="closeMatch")
        assert (answer.made[0].justification, answer.made[0].predicate) == ("ManualMappingCuration", PREDICATES[2])


# What answers teach


def a_long_run(data: Path, pairs: int = 80) -> Run:
    """A run of that many pairs, a quarter of which the program accepts."""
    spec = Spec("many", (Field("name", Kind.NAME),), wish=0.95)
    ours = [Record(f"https://example.org/a/{i}", (), {"name": (f"a{i}",)}) for i in range(pairs)]
    theirs = [Record(f"https://example.org/b/{i}", (), {"name": (f"b{i}",)}) for i in range(pairs)]
    chances = [0.05 + 0.94 * i / (pairs - 1) for i in range(pairs)]
    table = pa.table(
        {
            "left": range(pairs),
            "right": range(pairs),
            "cosine": [0.5] * pairs,
            "why": [["name"]] * pairs,
        },
        schema=PAIRS,
    )
    for name, values in (
        ("weight", [log(p / (1 - p), 2) for p in chances]),
        ("odds", [log(p / (1 - p)) for p in chances]),
        ("probability", chances),
        ("decision", ["accept" if p > 0.75 else "review" for p in chances]),
    ):
        table = table.append_column(name, pa.array(values))
    run = Run("gazetteer", run_id(STARTED, spec, PINNED), 1, PINNED, spec, STARTED)
    write_run(data, run, records_table(ours, spec), records_table(theirs, spec), table)
    return run


def answers(pairs: list[Pair], right: bool) -> list[Mapping]:
    return [
        Mapping(
            p.ours, EXACT, p.theirs, "gazetteer", negated=not right, justification="CompositeMatching", reviewer="x"
        )
        for p in pairs
    ]


def test_twenty_five_answers_correct_the_chances(tmp_path: Path) -> None:
    """All yes makes everything likelier, all no less likely; the order of the pairs stays; earlier corrections do not
    add up."""
    a_long_run(tmp_path)
    with open_run(tmp_path, "gazetteer") as opened:
        before = {pair.number: pair.probability for pair in opened.pairs()}
        asked = list(opened.pairs("review", limit=EVERY))
        assert not due(opened, answers(asked[: EVERY - 1], True))
        assert due(opened, answers(asked, True))
        calibrate(opened, answers(asked, True))
        up = {pair.number: pair.probability for pair in opened.pairs()}
        assert all(up[number] >= before[number] for number in before)
        assert sum(up.values()) > sum(before.values()) + 5
        assert sorted(up, key=lambda n: (up[n], n)) == sorted(before, key=lambda n: (before[n], n))
        assert not due(opened, answers(asked, True))
        assert opened.count("accept") > 20
        assert opened.threshold["value"] == pytest.approx(
            min(p.probability for p in opened.pairs("accept")), abs=0.02
        )
        calibrate(opened, answers(asked, False))
        down = {pair.number: pair.probability for pair in opened.pairs()}
        assert all(down[number] <= before[number] for number in before)
        calibrate(opened, answers(asked, True))
        assert {pair.number: pair.probability for pair in opened.pairs()} == up


def test_it_says_how_many_more_answers_reach_the_wish(tmp_path: Path) -> None:
    """Each answer to a pair that was accepted brings the wish nearer; too many wrong ones end it."""
    a_long_run(tmp_path)
    with open_run(tmp_path, "gazetteer") as opened:
        accepted = list(opened.pairs("accept"))
        needed = []
        for count in (0, 5, 10, len(accepted)):
            found = sureness(opened, answers(accepted[:count], True))
            assert (found.accepted, found.right, found.wrong, found.wish) == (len(accepted), count, 0, 0.95)
            assert found.until == EVERY - count % EVERY
            needed.append(found.more)
        assert needed[-1] == 0
        counts = [count for count in needed if count is not None]
        assert [counts[0] - counts[1], counts[1] - counts[2]] == [5, 5]
        wrong = sureness(opened, answers(accepted[:6], False))
        assert wrong.more is None
        assert wrong.bound < 0.8


# What a page shows of a pair


def test_the_waterfall_adds_up() -> None:
    """From where it began, the strongest first, with the effect of rivals, to the chance; what is silent is named."""
    parts = (Part("name", 6, "same", 9.0), Part("point", 1, "far", -4.0), Part("web", -1, "unknown", 0.0))
    pair = Pair(0, "a", "b", 1.0, 0.5, "review", parts=parts, odds=0.0)
    fall = waterfall(pair, {"value": 0.9})
    assert [(bar.key, round(bar.bits, 3), bar.sign) for bar in fall.bars] == [
        ("start", -4.0, "start"),
        ("name", 9.0, "for"),
        ("point", -4.0, "against"),
        ("rivals", -1.0, "against"),
        ("sum", 0.0, "sum"),
    ]
    assert fall.silent == ("web",)
    assert fall.accept is not None
    assert fall.even < fall.accept
    assert all(one.to_x == other.from_x for one, other in zip(fall.bars[:-2], fall.bars[1:-1], strict=True))
    assert all(0 <= bar.x <= 100 and bar.x + bar.width <= 100 for bar in fall.bars)
    assert waterfall(pair, {"value": 1.01}).accept is None


def test_differences_are_marked_word_by_word() -> None:
    """Words that the other side does not have; nothing is marked where there is nothing to compare with."""
    ours = Record("a", (), {"name": ("Stichting Groningen",), "web": ("groningen.nl",)})
    theirs = Record("b", (), {"name": ("GRONINGEN stad",), "point": ("53.2 6.5",)})
    rows = {row.name: row for row in compared(SPEC, ours, theirs, None)}
    assert [(piece.text, piece.odd) for piece in rows["name"].left[0]] == [("Stichting", True), (" Groningen", False)]
    assert [(piece.text, piece.odd) for piece in rows["name"].right[0]] == [("GRONINGEN ", False), ("stad", True)]
    assert rows["web"].sign == rows["point"].sign == "mute"
    assert rows["web"].left[0][0].odd is False
    told = replace(ours, values={"name": ("Groningen", "Stad"), "web": ("a.nl", "b.nl", "c.nl", "d.nl")})
    pair = Pair(1, "a", "b", 9.0, 0.9, "review", parts=(Part("name", 6, "same", 9.0),))
    mine = {row.name: row for row in compared(SPEC, told, Record("b", (), {"name": ("groningen", "Grunn")}), pair)}
    assert not any(piece.odd for value in (*mine["name"].left, *mine["name"].right) for piece in value)
    assert (len(mine["web"].left), mine["web"].left_more) == (3, 1), "what there is nothing to compare with is cut"
    assert label_of(ours, SPEC, "a") == "Stichting Groningen"
    assert label_of(None, SPEC, "a") == "a"
    assert point_of(theirs, SPEC) == (53.2, 6.5)
    assert point_of(Record("c", (), {"point": ("53.2 6.5", "1 2")}), SPEC) is None
    assert kilometres((53.2194, 6.5665), (52.9967, 6.5625)) == pytest.approx(24.8, abs=0.2)


# Sign-ins


def test_a_sign_in_lasts_its_minutes_and_no_longer_than_its_token(tmp_path: Path) -> None:
    """It ends with time, with signing out, and with the token; only digests are on disk, for the owner's eyes."""
    tokens, now = Tokens(tmp_path), [1000.0]
    tokens.add("anna", "editor")
    token = tokens.all()[0]
    signins = SignIns(tmp_path, 10, lambda: now[0])
    secret, other = signins.begin(token), signins.begin(token)
    assert secret != other
    caller = signins.caller(secret, tokens)
    assert caller is not None
    assert caller.name == "anna"
    assert signins.caller("x", tokens) is None
    assert signins.caller("", tokens) is None
    path = tmp_path / "signins.sqlite"
    assert path.stat().st_mode & 0o077 == 0
    assert secret.encode() not in path.read_bytes()
    assert form_key(secret) != form_key(other)
    assert secret not in form_key(secret)
    signins.end(other)
    assert signins.caller(other, tokens) is None
    now[0] += 599
    assert signins.caller(secret, tokens) is not None
    now[0] += 1
    assert signins.caller(secret, tokens) is None
    again = signins.begin(token)
    tokens.remove("anna")
    assert signins.caller(again, tokens) is None


# At a terminal


def test_the_questions_are_answered_at_a_terminal(desk: Desk) -> None:
    """Line by line without a terminal; it shows both records, writes, takes back, and goes on where it stopped."""
    env = {**os.environ, **desk.settings.environment()}
    words = [sys.executable, "-m", "so2graph", "link", "review", "gazetteer", "--who", "carla"]

    def answered(lines: str) -> str:
        done = subprocess.run(words, env=env, input=lines, capture_output=True, text=True, check=True)
        return done.stdout

    told = answered("y\nz\nn\n?\n")
    assert "Is Groningen (urban core) the same as <script>alert(1)</script> Groningen?" in told
    for piece in ("same +6.3", THREE, "Accepted (generation", "Taken back.", "Refused; it will not be asked again"):
        assert piece in told, piece
    assert "1 answer given" in told
    (made,) = desk.judged()
    assert (made.object, made.verdict, made.who) == (THREE, "refused", "carla")
    # The program's other candidate of Groningen is still asked about; its number leads there.
    again = answered("q\n")
    assert "the same as <script>" not in again
    assert "0 answers given; 3 left, 0 put aside." in again


def _review(desk: Desk, lines: str, *words: str, who: str = "carla") -> Result:
    """The command with these lines as answers."""
    done = CliRunner().invoke(
        main, ["link", "review", "gazetteer", "--who", who, *words], input=lines, env=desk.settings.environment()
    )
    assert done.exit_code == 0, done.output
    return done


def test_every_answer_can_be_given_at_a_terminal(desk: Desk) -> None:
    """Put aside, later, not there at all, a candidate by its number; a sign that means nothing asks the same again,
    and the end of the answers ends it."""
    assert "  1 Groningen " in _review(desk, "1\ny\n").stdout
    (made,) = desk.judged()
    assert (made.subject, made.object, made.verdict) == (GRONINGEN, SIX, "accepted")
    nothing = _review(desk, "x\n").stdout
    assert "Remembered that it is not there (generation" in nothing
    assert sorted(one.verdict for one in desk.judged()) == ["accepted", "none"]
    later = _review(desk, "s\n?\n").stdout
    assert "It will come back later." in later
    assert later.count("y yes · n no") == 4
    aside = _review(desk, "u\n").stdout
    assert aside.rstrip().splitlines()[-3:] == [
        "Put aside.",
        "Nothing left to ask.",
        "1 answer given; 0 left, 1 put aside.",
    ]


def test_all_questions_have_an_end(desk: Desk) -> None:
    """When nothing is left it says so; what the program accepted by itself is asked about with --check."""
    told = _review(desk, "y\n" * 20).stdout
    assert told.rstrip().splitlines()[-2:] == ["Nothing left to ask.", "3 answers given; 0 left, 0 put aside."]
    checked = _review(desk, "n\n", "--check").stdout
    assert "the same as Drenthe?" in checked
    assert {one.verdict for one in desk.judged() if one.subject == DRENTHE} == {"refused"}


def test_nobody_is_overruled_from_a_terminal(desk: Desk) -> None:
    """Whoever answers what somebody else judged since it was shown is told, and nothing is written; what others
    changed is not taken back, and neither is what nobody said."""
    assert "There is no answer of yours to take back." in _review(desk, "z\n").stdout
    env = {**os.environ, **desk.settings.environment()}
    words = [sys.executable, "-m", "so2graph", "link", "review", "gazetteer", "--who", "carla"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as asking:
        assert asking.stdout is not None
        while "q stop" not in (line := asking.stdout.readline()):
            assert line, asking.stderr
        with desk.open() as opened:
            desk.say(opened, GRONINGEN, THREE, "no")
        out, err = asking.communicate("y\nq\n", timeout=60)
    assert "judged meanwhile by anna; your answer was not written" in err
    assert "0 answers given; 3 left" in out
    (made,) = desk.judged()
    assert (made.verdict, made.who) == ("refused", "anna")
    _review(desk, "y\n")
    (mine,) = (one for one in desk.judged() if one.who == "carla")
    with desk.open() as opened:
        desk.say(opened, mine.subject, mine.object, "no")
    told = _review(desk, "z\n")
    assert "changed by others meanwhile; it stands as they left it" in told.stderr
    assert "Taken back." not in told.stdout


def test_one_key_is_an_answer(desk: Desk) -> None:
    """At a real terminal no line has to be ended; Ctrl-D stops."""
    env = {**os.environ, **desk.settings.environment()}
    words = [sys.executable, "-m", "so2graph", "link", "review", "gazetteer", "--who", "carla"]
    here, there = pty.openpty()
    with subprocess.Popen(words, env=env, stdin=there, stdout=subprocess.PIPE) as asking:
        os.close(there)
        assert asking.stdout is not None
        told, out = "", asking.stdout.fileno()
        for _ in range(200):
            # What is typed before it reads is thrown away, so that a key is given until it was taken.
            if "q stop" in told:
                os.write(here, b"\x04" if "Put aside." in told else b"u")
            if select.select([out], [], [], 0.5)[0]:
                piece = os.read(out, 65_536).decode()
                if not piece:
                    break
                told += piece
    os.close(here)
    assert asking.returncode == 0
    assert "Put aside." in told
    assert re.search(r"[1-3] answers? given; [1-3] left, [1-3] put aside\.\n$", told)
