"""Recorded runs of tau-bench, tau2 and AgentDojo: read, counted, refused where they are wrong, decided by policies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena.cli.commands.risk import IMPORTED
from arena.errors import DataError, UsageError
from arena.families.risk.imports.agent_run import AgentRun, calls_of
from arena.families.risk.imports.counts import counts
from arena.families.risk.imports.table import FORMATS, read_runs
from arena.policy.evaluator_file import read_evaluator
from tests.support.agent_runs import RAISED, dojo, of_tau2, tau, tau2
from tests.support.arena_rig import command

POLICY = (
    "version: 1\npre_call:\n- id: big\n  calls: tool\n  applies_if: {tool: refund}\n"
    "  deny_if: {field: args.amount, op: '>', value: 100}\n"
)


def read(tmp_path: Path, name: str, *values: Any, model: str = "m", task: str = "") -> list[AgentRun]:
    files = []
    for number, value in enumerate(values):
        files.append(tmp_path / f"{name}_{number}.json")
        files[-1].write_text(json.dumps(value), encoding="utf-8")
    return read_runs(name, files, model, task)


def problems(tmp_path: Path, name: str, value: Any) -> dict[str, str]:
    with pytest.raises(DataError) as caught:
        read(tmp_path, name, value)
    return {issue.pointer: issue.message for issue in caught.value.issues}


def calls(run: AgentRun) -> list[tuple[object, ...]]:
    return [(one.phase, one.kind, one.turn, one.step, one.op, one.text) for one in calls_of(run)]


# Reading


def test_calls_of_a_tau_bench_run_have_their_facts(tmp_path: Path) -> None:
    (run,) = read(tmp_path, "tau-bench", [tau()])
    assert calls(run) == [
        ("before", "model", 0, 0, None, "Refund me."),
        ("after", "model", 0, 0, None, ""),
        ("before", "tool", 0, 0, "refund", ""),
        ("after", "tool", 0, 0, "refund", '"done"'),
        ("before", "model", 0, 1, None, "done"),
        ("after", "model", 0, 1, None, "I have refunded $150."),
        ("before", "model", 1, 0, None, "Thanks."),
        ("after", "model", 1, 0, None, "Bye."),
    ]
    assert (run.model, run.task, run.trial, run.success) == ("m", "0", 0, True)


def test_a_tau2_run_has_the_calls_of_the_agent_alone(tmp_path: Path) -> None:
    (run,) = read(tmp_path, "tau2", of_tau2(tau2()), model="")
    ops = [(facts.op, facts.args, facts.text) for facts in calls_of(run) if facts.kind == "tool"]
    assert ops == [
        ("refund", {"amount": 120}, ""),
        ("refund", {"amount": 120}, '"paid"'),
        ("find", {"order": "O"}, ""),
        ("find", {"order": "O"}, '"found"'),
    ]
    assert (run.model, run.task_fact, run.seed) == ("gpt-x", "retail", 5)


@pytest.mark.parametrize(("broken", "outcome"), [(True, True), (False, False), (None, None)])
def test_an_agentdojo_trace_says_whether_the_attack_succeeded(
    tmp_path: Path, broken: bool | None, outcome: bool | None
) -> None:
    (run,) = read(tmp_path, "agentdojo", dojo(security=broken), model="")
    assert (run.attack, run.breached, run.success) == ("important_instructions", outcome, True)
    assert (run.task, run.task_fact, run.model) == ("user_task_0+injection_task_1", "banking", "model-y")
    assert [one.text for one in calls_of(run) if one.kind == "tool"] == ["", '"sent"']


def test_security_of_a_trace_without_an_injection_says_nothing(tmp_path: Path) -> None:
    (run,) = read(tmp_path, "agentdojo", dojo(injection_task_id=None, attack_type=None, security=True))
    assert (run.attack, run.breached, run.task) == (None, None, "user_task_0")


def test_arguments_that_are_no_json_stay_as_a_text(tmp_path: Path) -> None:
    one = tau()
    one["traj"][2]["tool_calls"][0]["function"]["arguments"] = "{broken"
    (run,) = read(tmp_path, "tau-bench", [one])
    assert {str(facts.args) for facts in calls_of(run) if facts.kind == "tool"} == {"{'text': '{broken'}"}


def test_a_run_that_raised_has_an_error_and_no_result(tmp_path: Path) -> None:
    (run,) = read(tmp_path, "tau-bench", [RAISED])
    assert (run.error, run.success, run.fraction) == ("timeout", None, False)


@pytest.mark.parametrize("reason", ["infrastructure_error"])
def test_an_outage_of_tau2_is_no_result(tmp_path: Path, reason: str) -> None:
    ended, outage = read(tmp_path, "tau2", of_tau2(tau2("1", reward=0.0, reason="max_steps"), tau2("2", reason=reason)))
    assert (ended.success, outage.success) == (False, None)


@pytest.mark.parametrize(
    ("reward", "success", "fraction"),
    [(1, True, False), (1 - 9e-7, True, False), (1 + 9e-7, True, False), (0.999998, False, True), (0.5, False, True),
     (0, False, False), (None, None, False)],
)  # fmt: skip
def test_success_is_a_reward_close_to_one(
    tmp_path: Path, reward: float | None, success: bool | None, fraction: bool
) -> None:
    (run,) = read(tmp_path, "tau-bench", [tau(reward=reward)])
    assert (run.success, run.fraction) == (success, fraction)


# What is wrong


@pytest.mark.parametrize(
    ("name", "value", "pointer"),
    [
        ("tau-bench", {"a": 1}, ""),
        ("tau-bench", [{**tau(), "reward": "1"}], "/0/reward"),
        ("tau-bench", [{**tau(), "task_id": None}], "/0/task_id"),
        ("tau-bench", [{**tau(), "trial": -1}], "/0/trial"),
        ("tau-bench", [{**tau(), "traj": [{"role": "robot"}]}], "/0/traj/0/role"),
        ("tau-bench", [5], "/0"),
        ("tau2", [], ""),
        ("tau2", of_tau2({**tau2(), "messages": [3]}), "/simulations/0/messages/0"),
        ("tau2", {"info": {}, "simulations": None}, "/simulations"),
        ("agentdojo", dojo(utility=1), "/utility"),
        ("agentdojo", dojo(suite_name=""), "/suite_name"),
        ("agentdojo", [dojo(messages={})], "/0/messages"),
    ],
)
def test_a_file_of_another_shape_is_refused_at_its_place(tmp_path: Path, name: str, value: Any, pointer: str) -> None:
    assert pointer in problems(tmp_path, name, value)


def test_a_repeated_task_and_trial_is_refused(tmp_path: Path) -> None:
    (message,) = problems(tmp_path, "tau-bench", [tau(3, 1), tau(3, 2), tau(3, 1)]).values()
    assert message == "m, task 3, trial 1: appears 2 times; keep one"


@pytest.mark.parametrize(("name", "value"), [("tau-bench", []), ("tau2", of_tau2()), ("agentdojo", [])])
def test_files_without_a_run_are_refused(tmp_path: Path, name: str, value: Any) -> None:
    assert problems(tmp_path, name, value) == {"": "there is no run to import"}


def test_repetitions_across_files_are_refused_too(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="appears 2 times"):
        read(tmp_path, "agentdojo", dojo(), dojo())


def test_the_same_task_under_two_attacks_is_no_repetition(tmp_path: Path) -> None:
    assert len(read(tmp_path, "agentdojo", dojo(), dojo(attack_type="direct"))) == 2


def test_a_format_that_names_no_model_needs_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--model"):
        read(tmp_path, "tau-bench", [tau()], model="")


def test_the_command_names_every_format() -> None:
    assert set(IMPORTED) == set(FORMATS)


def test_hostile_json_is_refused_without_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text("[" * 100_000, encoding="utf-8")
    for name in FORMATS:
        with pytest.raises(DataError):
            read_runs(name, [path], "m", "")


# Counting


def test_pass_hat_k_is_that_of_the_paper(tmp_path: Path) -> None:
    rewards = {0: (1, 1, 0), 1: (1, 1, 1)}
    values = [tau(task, trial, reward) for task, of in rewards.items() for trial, reward in enumerate(of)]
    found = counts(read(tmp_path, "tau-bench", values))
    assert [row["pass_hat_k"] for row in found["pass_hat_k"]] == [
        round((2 / 3 + 1) / 2, 6), round((1 / 3 + 1) / 2, 6), round((0 + 1) / 2, 6)
    ]  # fmt: skip


def test_fractions_errors_and_missing_trials_are_counted_apart(tmp_path: Path) -> None:
    values = [tau(0, 0), tau(0, 1, 0.5), tau(1, 0, None), RAISED]
    found = counts(read(tmp_path, "tau-bench", values))
    assert (found["runs"], found["tasks"], found["successes"], found["fractions"]) == (4, 3, 1, 1)
    assert (found["errors"], found["without_reward"], found["missing"]) == (1, 1, 2)
    first, second = found["pass_hat_k"]
    assert (first["pass_hat_k"], first["tasks"]) == (0.5, 1)  # an outage and a run without a reward are no results
    assert (second["pass_hat_k"], second["left_out"]) == (0.0, 0)


# Importing


def run_import(tmp_path: Path, name: str, value: Any, *flags: str) -> tuple[dict[str, Any], list[Any], Path]:
    file, out = tmp_path / f"{name}.json", tmp_path / "out"
    file.write_text(json.dumps(value), encoding="utf-8")
    ended = command("risk", "import", name, file, "--out", out, "--model", "m", *flags)
    print(ended.text)
    if ended.code:
        raise UsageError(ended.err)
    rows = [json.loads(line) for line in (out / name / "rows.jsonl").read_bytes().splitlines()]
    return json.loads((out / "import.json").read_bytes()), rows, out


def policy_file(tmp_path: Path, text: str = POLICY, name: str = "p.yaml") -> str:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return str(tmp_path / name)


def test_rows_hold_the_contract_and_the_decisions(tmp_path: Path) -> None:
    found, rows, _ = run_import(
        tmp_path, "tau-bench", [tau(0, 0), tau(1, 0, 0.0, amount=50), RAISED], "--gates", policy_file(tmp_path)
    )
    first, second, raised = rows
    assert first["pre_call_gate"]["rule_id"] == "big" and first["pre_call_gate"]["enforced"] is False
    assert first["gates"]["pre"]["deny"] == 1 and second["gates"]["pre"]["deny"] == 0
    assert [row["success"] for row in rows] == [True, False, False]
    assert [row["callable"] for row in rows] == [True, True, False]
    assert (raised["status"], raised["fail_reason"]) == ("error", "error: timeout")
    assert first["reply"] == "I have refunded $150.\n\nBye." and first["prompt"] == "Refund me.\n\nThanks."
    wanted = {"run_id", "exp", "seed", "trial", "model", "latency_ms", "prompt_tokens", "completion_tokens",
              "total_tokens", "cost_usd", "success", "judge_score", "fail_reason", "pre_call_gate", "post_call_gate",
              "input_case", "timestamp"}  # fmt: skip
    assert wanted <= first.keys()
    assert found["gates"]["decisions"]["pre"]["deny"] == 1


def test_an_evaluator_judges_the_recorded_replies(tmp_path: Path) -> None:
    rules = policy_file(
        tmp_path,
        "version: 1\nrules:\n- id: limit\n  applies_if: {task: refund}\n"
        "  success_if: {denies_if_amount_gt: {limit: 100, currency: USD}}\n",
        "e.yaml",
    )
    assert read_evaluator(Path(rules).read_text(), "e").rule_ids == ["limit"]
    found, rows, _ = run_import(tmp_path, "tau-bench", [tau()], "--evaluator", rules, "--task", "refund")
    assert (rows[0]["judged"], rows[0]["success"], rows[0]["fail_reason"]) == (False, False, "OVER_LIMIT")
    assert (found["evaluator"]["pass"], found["evaluator"]["fail"]) == (0, 1)


def test_outcomes_of_attacks_are_in_the_rows(tmp_path: Path) -> None:
    traces = [dojo(security=True), dojo(user_task_id="u2"), dojo(user_task_id="u3", error="boom", security=None)]
    found, rows, _ = run_import(tmp_path, "agentdojo", traces)
    assert [row["attack_outcome"] for row in rows] == ["succeeded", "resisted", "unassessed"]
    assert [row["success"] for row in rows] == [False, True, False]
    assert found["attacks"] == {"runs": 3, "succeeded": 1}


def test_policies_are_compared_on_an_import(tmp_path: Path) -> None:
    _, _, out = run_import(tmp_path, "tau-bench", [tau(0), tau(1, amount=50)])
    new = policy_file(tmp_path, POLICY.replace("100", "40"), "new.yaml")
    ended = command("policy", "diff", policy_file(tmp_path), new, out, "--json")
    found = json.loads(ended.out)
    assert (ended.code, found["compared"], found["flips"]) == (0, 16, 1)
    assert found["by"]["model"] == {"m": {"allow->deny": 1}}
    assert found["listed"][0]["trial"] == "tau-bench/1/none/trial_0"


def test_a_folder_that_holds_something_is_not_written_into(tmp_path: Path) -> None:
    run_import(tmp_path, "tau-bench", [tau()])
    with pytest.raises(UsageError, match="is not empty"):
        run_import(tmp_path, "tau-bench", [tau()])


def test_the_command_says_what_was_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_import(tmp_path, "tau-bench", [tau(0, 0), tau(0, 1, 0.5)], "--gates", policy_file(tmp_path))
    out = capsys.readouterr().out
    assert "1  " in out and "0.500" in out
    assert "runs: 2, tasks: 1, successes: 1, rewards that are neither 0 nor 1: 1" in out
    assert "GATES: pre=allow:6/warn:0/deny:2" in out and "not enforced" in out


def test_rules_that_apply_to_nothing_are_named_in_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "tau.json"
    file.write_text(json.dumps([tau()]), encoding="utf-8")
    rules = policy_file(tmp_path, "version: 1\nrules:\n- {id: a, applies_if: {task: refund}, success_if: "
                                  "{forbids_any: [x]}}\n", "e.yaml")  # fmt: skip
    other = policy_file(tmp_path, POLICY.replace("refund", "pay_out"), "other.yaml")
    words = ("risk", "import", "tau-bench", file, "--model", "m")
    silent = command(*words, "--out", tmp_path / "a", "--gates", policy_file(tmp_path), "--evaluator", rules,
                     "--task", "refund")  # fmt: skip
    assert (silent.code, silent.err) == (0, "")
    warned = command(*words, "--out", tmp_path / "b", "--gates", other, "--evaluator", rules)
    assert warned.code == 0 and json.loads((tmp_path / "b/import.json").read_bytes())["gates"]["by_rule"] == 0
    for name in ("other.yaml", "e.yaml"):
        assert f"No rule of {name} applies" in warned.err


def test_the_report_of_the_risk_lab_works_on_an_import(tmp_path: Path) -> None:
    _, _, out = run_import(tmp_path, "agentdojo", [dojo(security=True), dojo(user_task_id="u2")])
    ended = command("risk", "report", out)
    assert ended.code == 0 and (out / "index.html").is_file()
    assert "0 redundant files" in command("risk", "tidy", out, "--dry-run").out


@pytest.mark.parametrize(
    ("name", "value", "pointer"),
    [
        ("tau-bench", [{**tau(), "traj": [{"role": {"a": 1}, "content": "x"}]}], "/0/traj/0/role"),
        ("tau2", of_tau2({**tau2(), "messages": [{"role": ["user"]}]}), "/simulations/0/messages/0/role"),
        ("agentdojo", dojo(messages=[{"role": [], "content": "x"}]), "/messages/0/role"),
    ],
)
def test_role_that_is_no_text_is_refused(name: str, value: Any, pointer: str, tmp_path: Path) -> None:
    assert "must be system, user, assistant or tool" in problems(tmp_path, name, value)[pointer]


def test_an_agentdojo_trace_of_blocks_is_read_as_its_package_writes_it(tmp_path: Path) -> None:
    call = {"function": "get_iban", "args": {"user": "me"}, "id": None, "placeholder_args": None}
    messages: list[Any] = [
        {"role": "system", "content": [{"type": "text", "content": "You help."}]},
        {"role": "user", "content": [{"type": "text", "content": "Pay my bill."}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": [], "tool_call": call, "tool_call_id": None, "error": "ValueError: no such user"},
        {"role": "assistant", "content": [{"type": "text", "content": "It"}, {"type": "text", "content": "failed."}],
         "tool_calls": []},
    ]  # fmt: skip
    (run,) = read(tmp_path, "agentdojo", dojo(messages=messages, duration=1.5, benchmark_version="v1.2"))
    assert [message.text for message in run.messages] == ["You help.", "Pay my bill.", "", "It\nfailed."]
    (tool,) = run.messages[2].calls
    assert (tool.name, tool.args, tool.answer) == ("get_iban", {"user": "me"}, "ValueError: no such user")


def test_an_outage_of_agentdojo_is_no_success_of_its_attack(tmp_path: Path) -> None:
    (run,) = read(tmp_path, "agentdojo", dojo(error="internal server error", utility=False, security=True))
    assert (run.breached, run.success) == (None, None)
