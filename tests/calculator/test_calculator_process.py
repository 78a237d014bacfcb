"""The local carriers: every call is answered by exactly one process, or the run is told that the calculator failed."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from arena.calculator.carrier import CalculatorSettings
from arena.calculator.process import LocalCalculator, build
from arena.errors import ConfigError, ServiceFault
from tests.support.fake_calculator import MISBEHAVIOURS

FAKE = (sys.executable, "-I", str(Path(__file__).resolve().parents[1] / "support" / "fake_calculator.py"))
UNUSABLE = sorted(set(MISBEHAVIOURS) - {"stall", "flood", "late line", "refuse", "batch"})
"""Misbehaviours that give no usable answer, without a time limit having to pass."""
PATIENT_S = 60.0
"""A time limit that no test waits for."""

Make = Callable[..., LocalCalculator]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[LocalCalculator] = []

    def build_one(name: str = "process", **changes: Any) -> LocalCalculator:
        settings: dict[str, Any] = {"root": Path("/nowhere"), "command": FAKE, "timeout_s": PATIENT_S, **changes}
        made.append(build(name, CalculatorSettings(**settings)))
        return made[-1]

    yield build_one
    for calculator in made:
        calculator.close()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("name", ["process", "oneshot"])
class TestBothCarriers:
    def test_an_answer_comes_back_without_the_carriers_own_id(self, make: Make, name: str) -> None:
        assert make(name).call("ping", {}, "").answer == {"ok": True, "result": "pong"}

    def test_seeded_calls_carry_their_seed_and_others_carry_none(self, make: Make, name: str) -> None:
        assert make(name).call("echo", {}, "ab12").answer["result"]["seed"] == "ab12"
        assert make(name, seeded=False).call("echo", {}, "ab12").answer["result"]["seed"] is None

    def test_arguments_arrive_as_they_are_however_odd(self, make: Make, name: str) -> None:
        args: dict[str, Any] = {
            "text": 'grüß\n\u2028 "q" \\',
            "lone": "\ud800",
            "big": str(2**4000),
            "list": [None, True, 1.5, {"": []}],
        }
        assert make(name).call("echo", args, "").answer["result"]["args"] == args

    def test_a_request_larger_than_a_pipe_arrives(self, make: Make, name: str) -> None:
        args = {"data": "ab" * 500_000}
        assert make(name).call("echo", args, "").answer["result"]["args"] == args

    def test_a_refusal_by_the_op_is_an_answer(self, make: Make, name: str) -> None:
        answered = make(name).call("nonsense", {}, "")
        assert answered.answer["error"]["code"] == "unknown_op"
        assert answered.attempts == ()

    @pytest.mark.parametrize("how", UNUSABLE)
    def test_a_failure_is_cured_by_one_more_attempt(self, make: Make, name: str, how: str, tmp_path: Path) -> None:
        if name == "oneshot" and how == "two lines":
            how = "garbage"
        answered = make(name).call("misbehave", {"how": how, "marker": str(tmp_path / "marker")}, "")
        assert answered.answer["result"] == "recovered"
        first, second = answered.attempts
        assert first.error and second.error is None

    @pytest.mark.parametrize("how", UNUSABLE)
    def test_a_lasting_failure_is_a_service_fault(self, make: Make, name: str, how: str, tmp_path: Path) -> None:
        calculator = make(name)
        args = {"how": how, "marker": str(tmp_path / "marker"), "always": True}
        with pytest.raises(ServiceFault) as caught:
            calculator.call("misbehave", args, "")
        assert caught.value.reason == "calculator"
        assert len(caught.value.attempts) == 2
        assert calculator.call("ping", {}, "").answer["result"] == "pong", "the next call must be served"

    def test_the_last_words_of_a_dead_process_are_told(self, make: Make, name: str, tmp_path: Path) -> None:
        with pytest.raises(ServiceFault, match="out of luck"):
            make(name).call("misbehave", {"how": "die", "marker": str(tmp_path / "m"), "always": True}, "")

    def test_a_stalled_process_is_killed_at_the_time_limit(self, make: Make, name: str, tmp_path: Path) -> None:
        marker = tmp_path / "marker"
        with pytest.raises(ServiceFault) as caught:
            make(name, timeout_s=1.0).call("misbehave", {"how": "stall", "marker": str(marker), "always": True}, "")
        assert caught.value.reason == "timeout"
        assert not is_running(int(marker.read_text(encoding="utf-8")))

    def test_a_process_that_floods_stderr_does_not_block(self, make: Make, name: str, tmp_path: Path) -> None:
        answered = make(name).call("misbehave", {"how": "flood", "marker": str(tmp_path / "m")}, "")
        assert answered.answer["result"] == "after the flood"

    @pytest.mark.parametrize(("code", "reason"), [("timeout", "timeout"), ("internal", "calculator")])
    @pytest.mark.parametrize("how", ["refuse", "batch"])
    def test_answers_that_depend_on_the_machine_are_outages(
        self, make: Make, name: str, tmp_path: Path, code: str, reason: str, how: str
    ) -> None:
        args = {"how": how, "marker": str(tmp_path / "m"), "code": code, "always": True}
        with pytest.raises(ServiceFault) as caught:
            make(name).call("misbehave", args, "")
        assert caught.value.reason == reason

    def test_an_op_error_inside_a_batch_is_an_answer(self, make: Make, name: str, tmp_path: Path) -> None:
        args = {"how": "batch", "marker": str(tmp_path / "m"), "code": "bad_type", "always": True}
        assert make(name).call("misbehave", args, "").answer["ok"] is True

    def test_the_calculator_sees_no_variable_but_the_path(
        self, make: Make, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-the-calculator")
        assert set(make(name).call("environment", {}, "").answer["result"]) <= {"PATH", "LC_CTYPE"}

    def test_catalogue_and_identity_come_from_the_calculator(self, make: Make, name: str) -> None:
        calculator = make(name)
        assert [row["name"] for row in calculator.catalogue()] == ["ping"]
        identity = calculator.identity()
        assert len(identity.pop("binary_sha256")) == 64
        assert identity == {"provider": name, "version": "0.0.1", "catalogue": "00", "ops": 1, "seeded": True}

    def test_a_missing_binary_is_a_usage_error_that_tells_how_to_build_it(self, make: Make, name: str) -> None:
        with pytest.raises(ConfigError, match="cargo build --release"):
            make(name, command=None)

    def test_a_closed_calculator_refuses_calls(self, make: Make, name: str) -> None:
        calculator = make(name)
        calculator.close()
        with pytest.raises(ServiceFault) as caught:
            calculator.call("ping", {}, "")
        assert caught.value.reason == "interrupted"


def pid_of(calculator: LocalCalculator) -> int:
    pid: int = calculator.call("echo", {}, "").answer["result"]["pid"]
    return pid


def test_one_process_serves_all_calls_made_one_after_the_other(make: Make) -> None:
    calculator = make()
    assert len({pid_of(calculator) for _ in range(5)}) == 1


def test_each_oneshot_call_has_a_process_of_its_own(make: Make) -> None:
    calculator = make("oneshot")
    assert len({pid_of(calculator) for _ in range(3)}) == 3


def test_a_process_that_died_while_idle_is_replaced_without_an_attempt_lost(make: Make) -> None:
    calculator = make()
    pid = pid_of(calculator)
    os.kill(pid, 9)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    answered = calculator.call("ping", {}, "")
    assert (answered.answer["result"], answered.attempts) == ("pong", ())


def test_a_surplus_line_after_an_answer_never_answers_the_next_call(make: Make, tmp_path: Path) -> None:
    calculator = make()
    written = tmp_path / "written"
    args = {"how": "late line", "marker": str(tmp_path / "m"), "written": str(written)}
    first = calculator.call("misbehave", args, "")
    deadline = time.monotonic() + PATIENT_S
    while not written.exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert first.answer["result"] in ("in time", "recovered"), "both lines may have come at once: then it was retried"
    assert calculator.call("ping", {}, "").answer["result"] == "pong"


def test_many_threads_get_their_own_answers_from_no_more_processes_than_allowed(make: Make) -> None:
    calculator = make(max_processes=3)
    wrong: list[int] = []
    pids: set[int] = set()

    def work(worker: int) -> None:
        for number in range(20):
            result = calculator.call("echo", {"who": worker * 1000 + number}, "").answer["result"]
            pids.add(result["pid"])
            if result["args"]["who"] != worker * 1000 + number:
                wrong.append(worker)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert 1 <= len(pids) <= 3


def test_close_ends_idle_processes(make: Make) -> None:
    calculator = make()
    pid = pid_of(calculator)
    assert is_running(pid)
    calculator.close()
    assert not is_running(pid)


def test_close_ends_a_call_under_way_at_once(make: Make, tmp_path: Path) -> None:
    calculator = make()
    marker = tmp_path / "marker"
    faults: list[tuple[str, str]] = []

    def work() -> None:
        try:
            calculator.call("misbehave", {"how": "stall", "marker": str(marker), "always": True}, "")
        except ServiceFault as fault:
            faults.append((fault.reason, str(fault)))

    thread = threading.Thread(target=work)
    thread.start()
    deadline = time.monotonic() + PATIENT_S
    while not (marker.exists() and marker.read_text(encoding="utf-8")) and time.monotonic() < deadline:
        time.sleep(0.005)
    calculator.close()
    thread.join(PATIENT_S)
    assert faults == [("interrupted", "the calculator was closed during a call")]
    assert not is_running(int(marker.read_text(encoding="utf-8")))
