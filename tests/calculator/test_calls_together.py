"""Calls that are sent without waiting for each answer: each gets its own, whatever the process does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from arena.calculator.carrier import CalculatorSettings
from arena.calculator.process import ProcessCalculator
from arena.errors import ServiceFault
from tests.calculator.test_calculator_process import FAKE, PATIENT_S, UNUSABLE


@pytest.fixture
def calculator() -> Iterator[ProcessCalculator]:
    made = ProcessCalculator(CalculatorSettings(root=Path("/nowhere"), command=FAKE, timeout_s=PATIENT_S))
    yield made
    made.close()


def echoed(calculator: ProcessCalculator, *args: dict[str, Any]) -> list[dict[str, Any]]:
    answers = calculator.call_all([("echo", one, f"{number:02x}") for number, one in enumerate(args)])
    return [one.answer["result"] for one in answers]


def test_each_call_gets_its_own_answer_from_one_process(calculator: ProcessCalculator) -> None:
    found = echoed(calculator, *({"who": number} for number in range(100)))
    assert [one["args"]["who"] for one in found] == list(range(100))
    assert [one["seed"] for one in found] == [f"{number:02x}" for number in range(100)]
    assert len({one["pid"] for one in found}) == 1


def test_calls_and_answers_larger_than_a_pipe_arrive(calculator: ProcessCalculator) -> None:
    args = [{"data": f"{number}" * 200_000} for number in range(5)]
    assert [one["args"] for one in echoed(calculator, *args)] == args


def test_no_calls_have_no_answers(calculator: ProcessCalculator) -> None:
    assert calculator.call_all([]) == []


def test_a_refusal_is_an_answer_and_costs_no_second_attempt(calculator: ProcessCalculator) -> None:
    first, second = calculator.call_all([("nonsense", {}, ""), ("ping", {}, "")])
    assert first.answer["error"]["code"] == "unknown_op" and second.answer["result"] == "pong"


@pytest.mark.parametrize("how", [*UNUSABLE, "flood", "late line"])
def test_a_failure_in_the_middle_spoils_no_answer(calculator: ProcessCalculator, how: str, tmp_path: Path) -> None:
    args = {"how": how, "marker": str(tmp_path / "marker"), "written": str(tmp_path / "written")}
    calls: list[tuple[str, Any, str]] = [("echo", {"who": 1}, ""), ("misbehave", args, ""), ("echo", {"who": 2}, "")]
    first, middle, last = calculator.call_all(calls)
    assert (first.answer["result"]["args"], last.answer["result"]["args"]) == ({"who": 1}, {"who": 2})
    assert middle.answer["result"] in ("recovered", "after the flood", "in time")


@pytest.mark.parametrize("how", ["die", "another id", "no id"])
def test_a_lasting_failure_is_a_service_fault(calculator: ProcessCalculator, how: str, tmp_path: Path) -> None:
    args = {"how": how, "marker": str(tmp_path / "marker"), "always": True}
    with pytest.raises(ServiceFault) as caught:
        calculator.call_all([("ping", {}, ""), ("misbehave", args, ""), ("ping", {}, "")])
    assert caught.value.reason == "calculator"
    assert calculator.call("ping", {}, "").answer["result"] == "pong"


@pytest.mark.parametrize(("code", "reason"), [("timeout", "timeout"), ("internal", "calculator")])
def test_answers_that_depend_on_the_machine_are_outages(
    calculator: ProcessCalculator, tmp_path: Path, code: str, reason: str
) -> None:
    args = {"how": "refuse", "marker": str(tmp_path / "m"), "code": code, "always": True}
    with pytest.raises(ServiceFault) as caught:
        calculator.call_all([("ping", {}, ""), ("misbehave", args, "")])
    assert caught.value.reason == reason


def test_a_closed_calculator_refuses_calls(calculator: ProcessCalculator) -> None:
    calculator.close()
    with pytest.raises(ServiceFault) as caught:
        calculator.call_all([("ping", {}, ""), ("ping", {}, "")])
    assert caught.value.reason == "interrupted"
