"""The runner: every trial is played once, in series order where there is one, and one bad trial spoils no other."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from arena.engine.runner import Hooks, Job, Progress, Runner, lanes
from arena.errors import LimitExceeded, ServiceFault, StorageFault
from arena.messages import Conversation
from arena.play.services import Services
from arena.policy.gates import Decision
from arena.records import Json, Score, Transcript, Trial, trial_seed
from tests.support.table_fakes import FakeProvider, Said, wiring


def trial(name: str, series: str | None = None) -> Trial:
    return Trial(name, "toy", {}, name, series, trial_seed(0, name), {})


class ToyFamily:
    """Asks one question per trial and is judged once; `past` is kept to be looked at."""

    name = "toy"
    dimensions = ("Quality",)

    def __init__(self) -> None:
        self.pasts: dict[str, list[str]] = {}
        self.scored: list[str] = []

    def play(self, trial: Trial, services: Services, past: Sequence[dict[str, Json]]) -> Transcript:
        self.pasts[trial.key] = [record["key"] for record in past]
        if trial.key == "bug":
            raise KeyError("no such thing")
        transcript = Transcript(stop="agreed_end")
        talk = Conversation("")
        talk.add("user", trial.key)
        try:
            transcript.entries.append({"kind": "say", "from": "A", "text": services.ask("A", 0, 0, talk).text})
        except ServiceFault as fault:
            transcript.stop = fault.reason
        except LimitExceeded:
            transcript.stop = "budget"
        return transcript

    def score(self, trial: Trial, transcript: Transcript, services: Services) -> Score:
        self.scored.append(trial.key)
        talk = Conversation("judge")
        talk.add("user", trial.key)
        services.judge(0, 0, talk)
        return Score({"Quality": 5}, "SUCCESS")


def run(
    folder: Path, trials: Iterable[Trial], provider: FakeProvider, workers: int = 2, go_on: bool = True
) -> tuple[list[dict[str, Json]], Progress, ToyFamily]:
    folder.mkdir(exist_ok=True)
    records: list[dict[str, Json]] = []
    lock = threading.Lock()

    def record(value: dict[str, Json], seconds: float, finished: int) -> None:
        with lock:
            records.append(value)

    family = ToyFamily()
    hooks = Hooks(record, past=lambda t, fresh: [{"key": "earlier"}, *fresh.values()], tick=lambda p: None)
    runner = Runner(family, wiring(folder, provider), hooks, workers, go_on)  # type: ignore[arg-type]
    progress = runner.run(lanes(Job(t, 0) for t in trials))
    return records, progress, family


def test_every_trial_is_played_once_whatever_the_number_of_workers(tmp_path: Path) -> None:
    wanted = [trial(f"t{n}") for n in range(40)]
    for workers in (1, 3, 16):
        records, progress, _ = run(tmp_path / str(workers), wanted, FakeProvider(lambda r: "ok"), workers)
        assert sorted(r["key"] for r in records) == sorted(t.key for t in wanted)
        assert progress.finished == 40 and progress.stopped_by is None


def test_a_series_runs_in_order_and_sees_its_past(tmp_path: Path) -> None:
    wanted = [trial("a1", "a"), trial("b1", "b"), trial("a2", "a"), trial("a3", "a"), trial("free")]
    records, _, family = run(tmp_path, wanted, FakeProvider(lambda r: "ok"), workers=4)
    assert family.pasts["a3"] == ["earlier", "a1", "a2"] and family.pasts["free"] == []
    order = [r["key"] for r in records]
    assert order.index("a1") < order.index("a2") < order.index("a3")


def test_a_failed_trial_ends_its_series_since_later_ones_build_on_it(tmp_path: Path) -> None:
    def answer(request: object) -> Said:
        return ServiceFault("timeout", "slow")

    records, _, _ = run(tmp_path, [trial("a1", "a"), trial("a2", "a")], FakeProvider(answer))
    assert [r["key"] for r in records] == ["a1"]


def test_an_error_while_judging_is_an_error_and_no_score(tmp_path: Path) -> None:
    provider = FakeProvider(lambda r: ServiceFault("provider", "500") if r.kind == "judge" else "hi")
    (record,), _, _ = run(tmp_path, [trial("a")], provider)
    assert (record["status"], record["stop"]) == ("error", "judge")
    assert record["scores"] == {} and record["outcome"] is None
    assert record["transcript"], "the players' part is kept"


def test_our_own_bug_is_an_error_of_one_trial_without_a_traceback(tmp_path: Path) -> None:
    records, _, _ = run(tmp_path, [trial("bug"), trial("fine")], FakeProvider(lambda r: "ok"))
    by_key = {r["key"]: r for r in records}
    assert by_key["bug"]["stop"] == "bug" and "KeyError" in by_key["bug"]["detail"]
    assert "Traceback" not in by_key["bug"]["detail"] and "/" not in by_key["bug"]["detail"]
    assert by_key["fine"]["outcome"] == "SUCCESS"


@pytest.mark.parametrize(("go_on", "played"), [(False, 1), (True, 5)])
def test_without_continue_on_error_no_new_trial_starts_after_the_first_error(
    tmp_path: Path, go_on: bool, played: int
) -> None:
    provider = FakeProvider(lambda r: ServiceFault("provider", "500"))
    records, progress, _ = run(tmp_path, [trial(f"t{n}") for n in range(5)], provider, workers=1, go_on=go_on)
    assert len(records) == played
    assert progress.stopped_by == (None if go_on else "error")


def test_a_ceiling_stops_the_run_cleanly(tmp_path: Path) -> None:
    provider = FakeProvider(lambda r: LimitExceeded("calls", 2, 1))
    records, progress, family = run(tmp_path, [trial("a"), trial("b")], provider, workers=1)
    assert [(r["status"], r["outcome"]) for r in records] == [("limit", None)]
    assert progress.stopped_by == "budget" and not family.scored


def test_a_disk_that_takes_nothing_stops_the_run_with_its_error(tmp_path: Path) -> None:
    def record(value: dict[str, Json], seconds: float, finished: int) -> None:
        raise StorageFault("no space left")

    hooks = Hooks(record, past=lambda t, fresh: [], tick=lambda p: None)
    shared = wiring(tmp_path, FakeProvider(lambda r: "ok"))
    runner = Runner(ToyFamily(), shared, hooks, 2, True)  # type: ignore[arg-type]
    with pytest.raises(StorageFault, match="no space left"):
        runner.run(lanes(Job(trial(f"t{n}"), 0) for n in range(50)))


def test_a_denied_trial_is_not_scored(tmp_path: Path) -> None:
    class DenyJudge:
        name = "deny"

        def decide(self, facts: dict[str, Json]) -> Decision:
            deny = facts["kind"] == "judge"
            return Decision("deny" if deny else "allow", "test", "rule.judge")

    hooks_seen: list[dict[str, Json]] = []
    hooks = Hooks(lambda v, s, n: hooks_seen.append(v), past=lambda t, fresh: [], tick=lambda p: None)
    shared = wiring(tmp_path, FakeProvider(lambda r: "ok"), gate=DenyJudge())  # type: ignore[arg-type]
    Runner(ToyFamily(), shared, hooks, 1, True).run(lanes([Job(trial("a"), 0)]))  # type: ignore[arg-type]
    assert (hooks_seen[0]["status"], hooks_seen[0]["outcome"]) == ("denied", None)
    assert hooks_seen[0]["gates"][-1]["decision"] == "deny"
