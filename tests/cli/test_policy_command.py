"""`arena policy test|lint|diff`, as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena.store import digests
from tests.families.risk.runs import play, play_gated
from tests.support.arena_rig import ROOT, Ended, arena, command
from tests.support.verify_rig import edit_lines

GATES = ROOT / "config/gates.yaml"
POLICY = "version: 1\npre_call:\n- id: big\n  deny_if: {field: amount, op: '>', value: 100}\n"
DENIED = "- {name: large, stage: pre, facts: {amount: 101}, expect: {verdict: deny, rule_id: big}}\n"
ALLOWED = "- {name: small, stage: pre, facts: {amount: 100}, expect: {verdict: allow, rule_id: policy.default}}\n"


def policy(*words: object) -> Ended:
    return command("policy", *words)


def written(tmp_path: Path, text: str, cases: str = "", name: str = "mine.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    if cases:
        (tmp_path / name.replace(".yaml", ".cases.yaml")).write_text(f"cases:\n{cases}", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def risk_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("risk") / "run"
    words = ("--trials", "2", "--attacks", "direct", "--participant-model", "mock/naive")
    assert play_gated(folder, GATES, *words).ended.code == 0
    return folder


SHIPPED = sorted(path.name for path in (ROOT / "config").glob("*.cases.yaml"))


def test_there_are_shipped_policies_with_cases() -> None:
    assert {"gates.cases.yaml", "evaluator.cases.yaml"} <= set(SHIPPED)


@pytest.mark.parametrize("cases", SHIPPED)
def test_a_shipped_policy_is_covered_completely(cases: str) -> None:
    ended = policy("test", ROOT / "config" / cases.replace(".cases", ""), "--json")
    found = json.loads(ended.out)
    assert (ended.code, found["passes"], found["coverage"]) == (0, True, 1.0)
    assert found["failures"] == found["untried"] == found["one_sided"] == []


def test_cases_that_try_everything_pass(tmp_path: Path) -> None:
    ended = policy("test", written(tmp_path, POLICY, DENIED + ALLOWED))
    assert (ended.code, ended.out) == (
        0, "OK: mine.yaml: 1 rule, 2 cases, 0 decided otherwise, coverage 100.0%\n"
    )  # fmt: skip


def test_a_case_decided_otherwise_fails_with_its_name(tmp_path: Path) -> None:
    ended = policy("test", written(tmp_path, POLICY, DENIED.replace("101", "99") + DENIED))
    assert ended.code == 1 and "FAIL      large: verdict allow, not deny" in ended.out


def test_a_rule_without_a_case_fails_and_is_named(tmp_path: Path) -> None:
    ended = policy("test", written(tmp_path, POLICY, ALLOWED))
    assert ended.code == 1 and "UNTRIED   big: deny: no case decides it" in ended.out
    assert "ONE SIDE  big: amount > 100" in ended.out


def test_cases_that_lie_elsewhere_can_be_named(tmp_path: Path) -> None:
    path = written(tmp_path, POLICY)
    missing = policy("test", path)
    assert missing.code == 2 and "--cases FILE" in missing.err
    other = written(tmp_path, f"cases:\n{DENIED}", name="other.yaml")
    assert policy("test", path, "--cases", other).code == 0


def test_an_evaluator_rule_needs_a_reply_to_pass_and_one_to_fail(tmp_path: Path) -> None:
    rules = "version: 1\nrules:\n- id: polite\n  applies_if: {task: t}\n  success_if: {contains_any: [please]}\n"
    good = "- {rule: polite, task: t, reply: yes please, success: true}\n"
    bad = "- {rule: polite, task: t, reply: 'no', success: false, reason: CONTAINS_NONE}\n"
    assert policy("test", written(tmp_path, rules, good + bad)).code == 0
    one = policy("test", written(tmp_path, rules, good))
    assert one.code == 1 and "polite: no case fails" in one.out
    wrong = policy("test", written(tmp_path, rules, good + bad.replace("'no'", "please")))
    assert wrong.code == 1 and "case 2 of polite: success True, not False" in wrong.out


def test_a_rule_that_is_forestalled_is_found_with_facts(tmp_path: Path) -> None:
    path = written(tmp_path, POLICY + "- id: bigger\n  deny_if: {field: amount, op: '>', value: 200}\n")
    ended = policy("lint", path)
    assert ended.code == 1
    assert ended.out.startswith("mine.yaml:5: shadowed: bigger: never decides") and "amount: 201" in ended.out
    (found,) = json.loads(policy("lint", path, "--json").out)["findings"]
    assert (found["kind"], found["rule_id"], found["line"]) == ("shadowed", "bigger", 5)


def test_a_policy_without_findings_ends_with_0() -> None:
    ended = policy("lint", GATES)
    assert (ended.code, ended.out) == (0, "gates.yaml: 13 rules, 0 findings\n")


@pytest.mark.parametrize("command", ["test", "lint"])
def test_a_broken_policy_is_refused_with_its_places(tmp_path: Path, command: str) -> None:
    ended = policy(command, written(tmp_path, POLICY.replace("deny_if", "deny_fi"), ALLOWED))
    assert ended.code == 2 and "/pre_call/0/deny_fi" in ended.err


def test_an_evaluator_is_not_linted() -> None:
    ended = policy("lint", ROOT / "config/evaluator.yaml")
    assert ended.code == 2 and "only gates are linted" in ended.err


def test_equal_policies_flip_no_recorded_decision(risk_run: Path) -> None:
    ended = policy("diff", GATES, GATES, risk_run)
    assert ended.code == 0 and ended.out.endswith(" by both policies, 0 flip\n") and not ended.out.startswith("0 ")


def test_flips_are_told_by_slice_attack_and_twin(tmp_path: Path, risk_run: Path) -> None:
    new = written(tmp_path, "version: 1\n", name="none.yaml")
    ended = policy("diff", GATES, new, risk_run, "--json")
    found = json.loads(ended.out)
    assert ended.code == 0 and found["compared"] > found["flips"] > 0
    assert sum(found["by"]["slice"]["tau_risky"].values()) == found["flips"]
    assert set(found["by"]["attack"]) <= {"direct", "none"} and "direct" in found["by"]["attack"]
    assert all(one["old"]["verdict"] != one["new"]["verdict"] for one in found["listed"])


def test_rules_about_the_text_that_a_model_was_sent_are_compared(tmp_path: Path, risk_run: Path) -> None:
    old = written(tmp_path, "version: 1\n", name="old.yaml")
    asks = "version: 1\npre_call:\n- id: money\n  calls: model\n  deny_if: {text_regex: 'refund'}\n"
    found = json.loads(policy("diff", old, written(tmp_path, asks), risk_run, "--json").out)
    assert {(one["kind"], one["phase"]) for one in found["listed"]} == {("model", "before")}


def test_the_calls_of_a_run_without_a_policy_can_be_compared(tmp_path: Path) -> None:
    ended = arena("--limit", "1", "--max-turns", "2", "--calculator-provider", "none", "--out", str(tmp_path / "run"))
    assert ended.code == 0
    old = written(tmp_path, "version: 1\n", name="old.yaml")
    new = written(tmp_path, "version: 1\ndefaults: {mode: warn}\n", name="new.yaml")
    found = json.loads(policy("diff", old, new, tmp_path / "run", "--json").out)
    assert found["compared"] == found["flips"] == 4
    assert found["by"]["participant"] == {"mock/careful": {"allow->warn": 4}}


def test_a_run_that_does_not_follow_from_its_journal_is_refused(tmp_path: Path) -> None:
    play(tmp_path / "run", "--trials", "1", "--attacks", "direct", "--participant-model", "mock/naive")

    def other(line: Any) -> None:
        line["digest"] = "0" * 32

    edit_lines(tmp_path / "run/api_calls.jsonl", other)
    ended = policy("diff", GATES, GATES, tmp_path / "run")
    assert ended.code == 2 and "api_calls.jsonl: was changed after the run" in ended.err
    digests.write(tmp_path / "run")
    ended = policy("diff", GATES, GATES, tmp_path / "run")
    assert ended.code == 2 and "does not follow from its calls" in ended.err


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    ended = policy("diff", GATES, GATES, tmp_path)
    assert ended.code == 2 and str(tmp_path) in ended.err


def test_folder_in_place_of_a_policy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for command_ in ("test", "lint"):
        ended = policy(command_, ".")
        assert ended.code == 2 and ".: cannot be read: Is a directory" in ended.err, ended.err
