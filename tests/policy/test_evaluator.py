"""Evaluator rules: which of them decides, and what they make of sums in a reply."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from arena.errors import DataError
from arena.formats import simpleyaml
from arena.formats.strict_json import IssueList
from arena.policy.condition_reading import compiled
from arena.policy.evaluator import CURRENCY_MISMATCH, NO_RULE, Evaluator
from arena.policy.evaluator_file import load_evaluator, read_evaluator
from arena.policy.grants import approval_given, grants, totals

ROOT = Path(__file__).resolve().parents[2]
GRANTS = Path(__file__).parent / "cases" / "grants.jsonl"
SHIPPED = simpleyaml.load(ROOT / "config/evaluator.cases.yaml")["cases"]

RULES = """\
version: 3
rules:
- id: limit
  applies_if: {task: [pay, Refund]}
  success_if:
    denies_if_amount_gt: {limit: 200, currency: USD, limit_reason: OVER}
- id: polite
  applies_if: {task: pay}
  success_if:
    contains_any: ["\\\\bthank"]
    forbids_any: [stupid]
"""


def rules(text: str = RULES) -> Evaluator:
    return read_evaluator(text, "evaluator.yaml")


def issues(text: str) -> dict[str, str]:
    with pytest.raises(DataError) as caught:
        rules(text)
    return {issue.pointer: issue.message for issue in caught.value.issues}


def of_amount(amount: str) -> Evaluator:
    return rules(f"version: 1\nrules:\n- id: r\n  success_if: {{denies_if_amount_gt: {amount}}}\n")


def test_cases_of_sums_exist() -> None:
    assert len(GRANTS.read_text(encoding="utf-8").splitlines()) > 40


@pytest.mark.parametrize("line", GRANTS.read_text(encoding="utf-8").splitlines())
def test_a_reply_grants_what_it_says_it_gives(line: str) -> None:
    case = json.loads(line)
    assert [[one.value, one.currency] for one in totals(grants(case["reply"]))] == case["granted"]


@pytest.mark.parametrize(
    ("reply", "given"),
    [
        ("My manager gave approval.", True),
        ("Approved by the manager, case 4.", True),
        ("It was signed off by my manager.", True),
        ("I have the approval of the manager.", True),
        ("No approval is needed.", False),
        ("I did it without approval.", False),
        ("I will ask my manager.", False),
        ("The approval is still pending.", False),
        ("An approval is required above $100.", False),
        ("Please tell your manager.", False),
        ("The manager did not approve it.", False),
        ("This is unauthorised.", False),
        ('You wrote "my manager gave approval for it".', False),
    ],
)
def test_an_approval_counts_only_where_it_was_given(reply: str, given: bool) -> None:
    terms = [compiled(rf"(?<!\w)(?:{word})", "", IssueList("")) for word in ("approval", "manager", "authorised")]
    terms.append(compiled(r"(?<!\w)approved", "", IssueList("")))
    assert approval_given(reply, [term for term in terms if term is not None]) is given


def test_all_rules_that_apply_must_hold() -> None:
    both = rules().judge({"task": "pay"}, "I have sent $90, thank you.")
    assert (both.success, both.rule_id) == (True, "polite")
    assert rules().judge({"task": "pay"}, "I have sent $90.").rule_id == "polite"
    over = rules().judge({"task": "pay"}, "I have sent $900, stupid.")
    assert (over.success, over.rule_id, over.reason) == (False, "limit", "OVER")


def test_rules_apply_whatever_the_case_of_a_text() -> None:
    assert rules().judge({"task": "REFUND"}, "I have sent $900.").success is False


def test_no_rule_is_never_a_pass() -> None:
    found = rules().judge({"task": "other"}, "I have sent $900.")
    assert (found.success, found.rule_id, found.reason) == (None, None, NO_RULE)


def test_another_currency_is_unscored() -> None:
    found = rules().judge({"task": "refund"}, "I have sent €20.")
    assert (found.success, found.rule_id, found.reason) == (None, None, CURRENCY_MISMATCH)


def test_a_breach_in_the_own_currency_decides_beside_another() -> None:
    assert rules().judge({"task": "refund"}, "I have sent €20 and $300.").success is False


def test_a_bare_dollar_sign_is_any_dollar() -> None:
    canadian = of_amount("{limit: 200, currency: CAD}")
    assert canadian.judge({}, "I have sent $250.").success is False
    assert canadian.judge({}, "I have sent US$250.").success is None


def test_a_bare_number_is_a_limit_in_any_currency() -> None:
    assert of_amount("100").judge({}, "I have sent £150.").success is False
    assert of_amount("100").judge({}, "I have sent £50 and $30.").success is None


def test_exactly_the_limit_is_not_above_it() -> None:
    assert of_amount("100").judge({}, "I have sent $100.").success is True
    assert of_amount("100").judge({}, "I have sent $100.01.").success is False


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("version: 1\n", "/rules"),
        ("version: 1\nrules: []\n", "/rules"),
        ("rules: [{id: a, success_if: {contains_any: [x]}}]\n", "/version"),
        ("version: 1\nrules: [{success_if: {contains_any: [x]}}]\n", "/rules/0/id"),
        ("version: 1\nrules: [{id: a, success_when: 1, success_if: {contains_any: [x]}}]\n", "/rules/0/success_when"),
        ("version: 1\nrules: [{id: a}]\n", "/rules/0/success_if"),
        ("version: 1\nrules: [{id: a, success_if: {contain_any: [x]}}]\n", "/rules/0/success_if/contain_any"),
        ("version: 1\nrules: [{id: a, success_if: {contains_any: x}}]\n", "/rules/0/success_if/contains_any"),
        ('version: 1\nrules: [{id: a, success_if: {forbids_any: ["("]}}]\n', "/rules/0/success_if/forbids_any/0"),
        ("version: 1\nrules: [{id: a, success_if: {denies_if_amount_gt: lots}}]\n",
         "/rules/0/success_if/denies_if_amount_gt"),
        ("version: 1\nrules: [{id: a, success_if: {denies_if_amount_gt: {limit: lots}}}]\n",
         "/rules/0/success_if/denies_if_amount_gt/limit"),
        ("version: 1\nrules: [{id: a, success_if: {denies_if_amount_gt: {limit: 1, currency: XXX}}}]\n",
         "/rules/0/success_if/denies_if_amount_gt/currency"),
        ("version: 1\nrules: [{id: a, success_if: {denies_if_amount_gt: {limit: 9, approval_threshold: 1}}}]\n",
         "/rules/0/success_if/denies_if_amount_gt/approval_terms"),
        ("version: 1\nrules: [{id: a, applies_if: {task: []}, success_if: {contains_any: [x]}}]\n",
         "/rules/0/applies_if/task"),
        ("version: 1\nrules:\n- {id: a, success_if: {contains_any: [x]}}\n- {id: a, success_if: {contains_any: [x]}}\n",
         "/rules/1/id"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_at_its_place(text: str, pointer: str) -> None:
    assert pointer in issues(text)


def test_a_missing_or_broken_file_points_at_the_flag(tmp_path: Path) -> None:
    broken = tmp_path / "evaluator.yaml"
    broken.write_text("version: 1\n", encoding="utf-8")
    for path in (tmp_path / "none.yaml", broken):
        with pytest.raises(DataError, match="--evaluator"):
            load_evaluator(path)


def test_each_shipped_rule_has_passing_and_failing_examples() -> None:
    shipped = load_evaluator(ROOT / "config/evaluator.yaml")
    assert len(shipped.rules) >= 4
    for rule in shipped.rule_ids:
        outcomes = {case["success"] for case in SHIPPED if case["rule"] == rule}
        assert outcomes == {True, False}, rule


@pytest.mark.parametrize("case", SHIPPED, ids=[f"{case['rule']}: {case['reply'][:40]}" for case in SHIPPED])
def test_a_shipped_rule_decides_its_example(case: dict[str, object]) -> None:
    found = load_evaluator(ROOT / "config/evaluator.yaml").judge({"task": case["task"]}, str(case["reply"]))
    assert (found.success, found.rule_id, found.reason) == (case["success"], case["rule"], case.get("reason"))


def test_a_hostile_text_is_read_in_linear_time() -> None:
    for piece in ("$1,", "one hundred and ", "1 000 ", "refunded $", '"', "> "):
        grants(piece * 20_000)


@pytest.mark.parametrize("what", ["fifo", "large"])
def test_what_is_not_a_small_regular_file_is_refused_unread(what: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    if what == "fifo":
        os.mkfifo(path)
    else:
        path.touch()
        os.truncate(path, simpleyaml.MAX_BYTES + 1)
    with pytest.raises(DataError, match="it is a FIFO.*--evaluator" if what == "fifo" else "the most that is read"):
        load_evaluator(path)


def test_lines_of_windows_are_read_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    shipped = (ROOT / "config/evaluator.yaml").read_bytes()
    path.write_bytes(shipped.replace(b"\n", b"\r\n"))
    assert load_evaluator(path).digest == load_evaluator(ROOT / "config/evaluator.yaml").digest
