"""The runner: every trial is played once, in series order where there is one, and one bad trial spoils no other."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from arena.engine.build import Cast
from arena.engine.plan import Job, SeriesIndex, job_series
from arena.engine.runner import Hooks, Progress, Runner, When
from arena.errors import LimitExceeded, PlayerFault, ServiceFault, StorageFault, UsageError
from arena.families.contract import Outcomes, Value
from arena.messages import Conversation, ModelRequest
from arena.play.dialogue import end_with
from arena.play.past import Past
from arena.play.services import Services
from arena.policy.gates import CallFacts, Decision
from arena.records import EVERYBODY, Entry, Record, Score, Stop, Transcript, Trial, trial_seed
from tests.support.table_fakes import FakeProvider, Said, run_context
from tests.support.toy.spec import SPEC


def trial(name: str, series: str | None = None) -> Trial:
    return Trial(name, "toy", {}, name, series, trial_seed(0, name), {})


class OneQuestion:
    """Asks one question per trial and is judged once; `past` is kept to be looked at."""

    spec = SPEC
    values = (Value("Quality", 1, 5), Value("Seconds", 0, None, scale="time", required=False))
    outcomes = Outcomes(("SUCCESS", "FAILED"), "FAILED")

    def __init__(self, score: Score | None = None) -> None:
        self.given = score
        self.pasts: dict[str, list[str]] = {}
        self.scored: list[str] = []

    def play(self, trial: Trial, services: Services, past: Past) -> Transcript:
        self.pasts[trial.key] = [record.key for record in past]
        if trial.key == "bug":
            raise KeyError("no such thing")
        transcript = Transcript(stop=Stop.AGREED_END)
        talk = Conversation("")
        talk.add("user", trial.key)
        end_with(
            transcript,
            lambda: transcript.entries.append(Entry(0, "A", EVERYBODY, "say", text=services.ask("A", 0, 0, talk).text)),
        )
        return transcript

    def score(self, trial: Trial, transcript: Transcript, services: Services) -> Score:
        self.scored.append(trial.key)
        talk = Conversation("judge")
        talk.add("user", trial.key)
        services.judge(0, 0, talk)
        return self.given or Score({"Quality": 5}, "SUCCESS")


class UnreadableText(OneQuestion):
    """Finds while scoring that what a player wrote cannot be read."""

    def score(self, trial: Trial, transcript: Transcript, services: Services) -> Score:
        raise PlayerFault("what the players wrote cannot be read")


def run(
    folder: Path,
    trials: Iterable[Trial],
    provider: FakeProvider,
    workers: int = 2,
    go_on: bool = True,
    family: OneQuestion | None = None,
) -> tuple[list[Record], Progress, OneQuestion]:
    folder.mkdir(exist_ok=True)
    records: list[Record] = []
    lock = threading.Lock()

    def record(value: Record, when: When, finished: int) -> None:
        with lock:
            records.append(value)

    family = family or OneQuestion()
    earlier = Record(trial("earlier", "a"), 0, Transcript(stop=Stop.AGREED_END), Score({}, None))
    hooks = Hooks(record, earlier=lambda t: [earlier], tick=lambda p: None)
    runner = Runner(family, run_context(folder, provider), hooks, workers, go_on)  # type: ignore[arg-type]
    progress = runner.run(job_series(Job(t, 0) for t in trials))
    return records, progress, family


def test_every_trial_is_played_once_whatever_the_number_of_workers(tmp_path: Path) -> None:
    wanted = [trial(f"t{n}") for n in range(40)]
    for workers in (1, 3, 16):
        records, progress, _ = run(tmp_path / str(workers), wanted, FakeProvider(lambda r: "ok"), workers)
        assert sorted(r.key for r in records) == sorted(t.key for t in wanted)
        assert progress.finished == 40 and progress.stopped_by is None


class Silent(OneQuestion):
    """Plays and scores without a call, and asks for a stop in its first trial."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self.stop = stop

    def play(self, trial: Trial, services: Services, past: Past) -> Transcript:
        self.stop.set()
        return Transcript(stop=Stop.AGREED_END)

    def score(self, trial: Trial, transcript: Transcript, services: Services) -> Score:
        return Score({"Quality": 5}, "SUCCESS")


def test_no_trial_starts_after_the_stop(tmp_path: Path) -> None:
    context, records = run_context(tmp_path, FakeProvider(lambda r: "ok")), list[Record]()
    hooks = Hooks(lambda value, *_: records.append(value), earlier=lambda t: [], tick=lambda p: None)
    runner = Runner(Silent(context.stop), context, hooks, 1, True)  # type: ignore[arg-type]
    runner.run(job_series(Job(trial(f"t{n}"), 0) for n in range(3)))
    assert [record.key for record in records] == ["t0"]


def test_a_series_runs_in_order_and_sees_its_past(tmp_path: Path) -> None:
    wanted = [trial("a1", "a"), trial("b1", "b"), trial("a2", "a"), trial("a3", "a"), trial("free")]
    records, _, family = run(tmp_path, wanted, FakeProvider(lambda r: "ok"), workers=4)
    assert family.pasts["a3"] == ["earlier", "a1", "a2"] and family.pasts["free"] == []
    order = [r.key for r in records]
    assert order.index("a1") < order.index("a2") < order.index("a3")


def test_a_failed_trial_ends_its_series_since_later_ones_build_on_it(tmp_path: Path) -> None:
    def answer(request: object) -> Said:
        return ServiceFault("timeout", "slow")

    records, _, _ = run(tmp_path, [trial("a1", "a"), trial("a2", "a")], FakeProvider(answer))
    assert [r.key for r in records] == ["a1"]


def test_a_players_fault_while_scoring_aborts_with_the_aborted_outcome(tmp_path: Path) -> None:
    """No error: else a player could turn a lost trial into one that does not count, and stop the run."""
    wanted = [trial("a"), trial("b")]
    records, progress, _ = run(tmp_path, wanted, FakeProvider(lambda r: "hi"), 1, False, UnreadableText())
    assert [(r.status, r.stop, r.score.outcome) for r in records] == [("aborted", "player_fault", "FAILED")] * 2
    assert records[0].score.values == {"Quality": None, "Seconds": None}
    assert records[0].score.unscored == "not scored: player_fault"
    assert records[0].transcript.detail == "while scoring: what the players wrote cannot be read"
    assert progress.stopped_by is None and progress.by_status == {"aborted": 2}


def test_an_error_while_judging_is_an_error_and_no_score(tmp_path: Path) -> None:
    provider = FakeProvider(lambda r: ServiceFault("provider", "500") if r.kind == "judge" else "hi")
    (record,), _, _ = run(tmp_path, [trial("a")], provider)
    assert (record.status, record.stop) == ("error", "judge")
    assert record.score.values == {} and record.score.outcome is None
    assert record.transcript.entries, "the players' part is kept"


def test_our_own_bug_is_an_error_of_one_trial_without_a_traceback(tmp_path: Path) -> None:
    records, _, _ = run(tmp_path, [trial("bug"), trial("fine")], FakeProvider(lambda r: "ok"))
    by_key = {r.key: r for r in records}
    detail = by_key["bug"].transcript.detail
    assert by_key["bug"].stop == "bug" and "KeyError" in detail
    assert "Traceback" not in detail and "/" not in detail
    assert by_key["fine"].score.outcome == "SUCCESS"


@pytest.mark.parametrize(("go_on", "played"), [(False, 1), (True, 5)])
def test_without_continue_on_error_no_new_trial_starts_after_the_first_error(
    tmp_path: Path, go_on: bool, played: int
) -> None:
    provider = FakeProvider(lambda r: ServiceFault("provider", "500"))
    records, progress, _ = run(tmp_path, [trial(f"t{n}") for n in range(5)], provider, workers=1, go_on=go_on)
    assert len(records) == played
    assert progress.stopped_by == (None if go_on else "error")


def test_a_limit_stops_the_run_cleanly(tmp_path: Path) -> None:
    provider = FakeProvider(lambda r: LimitExceeded("calls", 2, 1))
    records, progress, family = run(tmp_path, [trial("a"), trial("b")], provider, workers=1)
    assert [(r.status, r.score.outcome) for r in records] == [("limit", None)]
    assert progress.stopped_by == "budget" and not family.scored


def test_a_disk_that_takes_nothing_stops_the_run_with_its_error(tmp_path: Path) -> None:
    def record(value: Record, when: When, finished: int) -> None:
        raise StorageFault("no space left")

    hooks = Hooks(record, earlier=lambda t: [], tick=lambda p: None)
    shared = run_context(tmp_path, FakeProvider(lambda r: "ok"))
    runner = Runner(OneQuestion(), shared, hooks, 2, True)  # type: ignore[arg-type]
    with pytest.raises(StorageFault, match="no space left"):
        runner.run(job_series(Job(trial(f"t{n}"), 0) for n in range(50)))


def test_a_denied_trial_is_not_scored(tmp_path: Path) -> None:
    class DenyJudge:
        name = "deny"

        def open(self, trial: Trial) -> DenyJudge:
            return self

        def decide(self, facts: CallFacts) -> Decision:
            deny = facts.kind == "judge"
            return Decision("deny" if deny else "allow", "test", "rule.judge")

    hooks_seen: list[Record] = []
    hooks = Hooks(lambda v, s, n: hooks_seen.append(v), earlier=lambda t: [], tick=lambda p: None)
    shared = run_context(tmp_path, FakeProvider(lambda r: "ok"), gate=DenyJudge())  # type: ignore[arg-type]
    Runner(OneQuestion(), shared, hooks, 1, True).run(job_series([Job(trial("a"), 0)]))  # type: ignore[arg-type]
    assert (hooks_seen[0].status, hooks_seen[0].score.outcome) == ("denied", None)
    assert hooks_seen[0].score.unscored == "denied: gate_denied"
    assert hooks_seen[0].gates[-1].decision == "deny"


def test_error_of_an_earlier_run_ends_nothing_here(tmp_path: Path) -> None:
    records: list[Record] = []

    def answer(request: ModelRequest) -> Said:
        return ServiceFault("timeout", "slow") if request.key.trial == "t0" else "ok"

    hooks = Hooks(lambda value, *_: records.append(value), earlier=lambda t: [], tick=lambda p: None)
    runner = Runner(OneQuestion(), run_context(tmp_path, FakeProvider(answer)), hooks, 1, False)  # type: ignore[arg-type]
    progress = runner.run(job_series(Job(trial(f"t{n}"), 0, carried_over=n == 0) for n in range(3)))
    assert [record.status for record in records] == ["error", "done", "done"]
    assert progress.stopped_by is None and progress.by_status == {"error": 1, "done": 2}


def test_full_disk_ends_the_run_and_no_trial_is_blamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records: list[Record] = []
    context = run_context(tmp_path, FakeProvider(lambda r: "ok"))

    def full(data: bytes) -> None:
        raise StorageFault("cannot write api_calls.jsonl: No space left on device")

    monkeypatch.setattr(context.journal, "append", full)
    hooks = Hooks(lambda value, *_: records.append(value), earlier=lambda t: [], tick=lambda p: None)
    with pytest.raises(StorageFault, match="No space left"):
        Runner(OneQuestion(), context, hooks, 1, True).run(job_series([Job(trial("t0"), 0)]))  # type: ignore[arg-type]
    assert records == []


def test_seat_that_no_model_fills_is_a_bug_with_its_name() -> None:
    one = trial("t0")
    with pytest.raises(ServiceFault) as caught:
        Cast().player(one, "Ann")
    assert (caught.value.reason, str(caught.value)) == ("bug", "no model fills the seat Ann")
    with pytest.raises(ServiceFault) as caught:
        Cast().player(replace(one, cast={"Ann": "mock/careful"}), "Ann")
    assert str(caught.value) == "no model fills the seat Ann (mock/careful)"


def test_more_workers_than_threads_is_refused_with_a_number_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, started = threading.Thread.start, []

    def two_at_most(thread: threading.Thread) -> None:
        if len(started) == 2:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", two_at_most)
    with pytest.raises(UsageError) as caught:
        run(tmp_path / "run", [], FakeProvider(lambda r: "ok"), workers=5)
    assert str(caught.value) == "this system allows 2 threads, so use --workers 2"


def score_once(folder: Path, score: Score) -> Record:
    """Play one trial whose family gives this score, and return the record."""
    seen: list[Record] = []
    hooks = Hooks(lambda record, s, n: seen.append(record), earlier=lambda t: [], tick=lambda p: None)
    family = OneQuestion(score)
    Runner(family, run_context(folder, FakeProvider(lambda r: "ok")), hooks, 1, True).run(
        job_series([Job(trial("a"), 0)])
    )  # type: ignore[arg-type]
    return seen[0]


@pytest.mark.parametrize(
    ("score", "problem"),
    [
        (Score({"Quality": 5, "Luck": 1}, "SUCCESS"), "'Luck' is not declared"),
        (Score({"Quality": 6}, "SUCCESS"), "'Quality' is 6, above 5"),
        (Score({"Quality": float("nan")}, "SUCCESS"), "'Quality' must be finite"),
        (Score({"Quality": True}, "SUCCESS"), "'Quality' must be a number, not bool"),
        (Score({"Quality": "5"}, "SUCCESS"), "'Quality' must be a number, not str"),  # type: ignore[dict-item]
        (Score({}, "SUCCESS"), "lacks the value 'Quality'"),
        (Score({"Quality": 5}, "WON"), "the outcome 'WON' is not declared"),
    ],
)
def test_score_that_is_not_declared_is_a_bug(tmp_path: Path, score: Score, problem: str) -> None:
    record = score_once(tmp_path, score)
    assert (record.status, record.stop, record.score.values) == ("error", "bug", {})
    assert problem in record.transcript.detail


@pytest.mark.parametrize(
    ("declared", "detail", "problem"),
    [
        ("", {"why": object()}, "is not JSON: Object of type object"),
        ("", {"rate": float("nan")}, "is not JSON: Out of range float"),
        ("", ["a", "list"], "is list, not a JSON object"),
        ("", None, "is NoneType, not a JSON object"),
        ("arena.families.verified.Cap", {"reason": "leak"}, "is dict, not Cap"),
    ],
)
def test_score_of_a_detail_that_cannot_be_read_back_is_a_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, declared: str, detail: object, problem: str
) -> None:
    monkeypatch.setattr(OneQuestion, "spec", replace(SPEC, detail_class=declared))
    record = score_once(tmp_path, Score({"Quality": 5}, "SUCCESS", detail=detail))
    assert (record.status, record.stop, record.score.values, record.score.detail) == ("error", "bug", {}, {})
    assert f"its detail {problem}" in record.transcript.detail


@pytest.mark.parametrize(
    "score",
    [
        Score({"Quality": 5}, "SUCCESS"),
        Score({"Quality": 5}, "SUCCESS", detail={"why": ["a", 1, None]}),
        Score({"Quality": 1, "Seconds": None}, None),
        Score({"Quality": None}, None, unscored="nobody could read the verdict"),
    ],
)
def test_declared_score_is_kept(tmp_path: Path, score: Score) -> None:
    record = score_once(tmp_path, score)
    assert (record.status, record.score.values, record.score.outcome) == ("done", score.values, score.outcome)


def test_kept_trial_after_a_broken_one_is_played_again() -> None:
    index = SeriesIndex([trial("a1", "a"), trial("a2", "a"), trial("a3", "a"), trial("b1", "b"), trial("free")])
    assert list(index.broken({"a1": 0, "a3": 0, "b1": 0})) == ["a3"]
    assert list(index.broken({"a1": 0, "a2": 0})) == []
    assert list(index.before(trial("a3", "a"))) == ["a1", "a2"] and list(index.before(trial("free"))) == []


def test_past_folds_each_record_once() -> None:
    calls: list[str] = []

    def step(state: int, record: Record) -> int:
        calls.append(record.key)
        return state + 1

    past = Past()
    for number in range(5):
        assert past.fold(0, step) == number
        past.append(Record(trial(f"t{number}", "a"), 0, Transcript(stop=Stop.AGREED_END), Score({}, None)))
    assert calls == ["t0", "t1", "t2", "t3"]
