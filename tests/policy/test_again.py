"""Deciding again what was recorded: by the same policy, and by two policies that are compared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from arena.policy.again import Compared, DecidedAgain, PolicyDiff
from arena.policy.gates import ALLOW, AllowAll, CallFacts, Decision
from arena.policy.gates_file import read_policy
from arena.policy.policy_gate import PolicyGate
from arena.policy.rules import Policy
from arena.records import Json, Trial

OLD = "version: 1\npre_call:\n- id: r\n  calls: tool\n  deny_if: {field: args.amount, op: '>', value: 100}\n"


def policy(text: str) -> Policy:
    return read_policy(text, "gates.yaml", {})


def trial(slice_: str = "a", **plan: Json) -> Trial:
    return Trial(f"t/{slice_}", "risk", {"slice": slice_}, "u", None, "0" * 64, plan)


def refund(amount: float) -> CallFacts:
    return CallFacts("before", "tool", "agent", 0, 0, "", "refund", {"amount": amount})


class Told:
    """What a gate that decides again tells."""

    def __init__(self, gate: PolicyGate | AllowAll) -> None:
        self.lines: list[tuple[str, str]] = []
        self.gate = DecidedAgain(gate, lambda trial, facts, old, new: self.lines.append((old.verdict, new.verdict)))


def compared(old: str, new: str, *trials: tuple[Trial, list[CallFacts]]) -> PolicyDiff:
    found = PolicyDiff()
    gate = Compared(policy(old), policy(new), found)
    for one, calls in trials:
        opened = gate.open(one)
        for facts in calls:
            opened.recall(facts, ALLOW)
    return found


def test_decisions_that_come_out_the_same_are_not_told() -> None:
    told = Told(PolicyGate(policy(OLD)))
    decision = PolicyGate(policy(OLD)).open(trial()).decide(refund(500))
    told.gate.open(trial()).recall(refund(500), decision)
    assert told.lines == [] and told.gate.decided == 1


@pytest.mark.parametrize(
    "change", [{"verdict": "allow"}, {"reason_code": "other"}, {"rule_id": "other"}, {"observed": 5}, {"policy": "0"}]
)
def test_one_changed_member_of_a_decision_is_told(change: dict[str, str]) -> None:
    told = Told(PolicyGate(policy(OLD)))
    decision = PolicyGate(policy(OLD)).open(trial()).decide(refund(500))
    told.gate.open(trial()).recall(refund(500), replace(decision, **change))
    assert len(told.lines) == 1


def test_what_follows_in_a_trial_is_what_was_recorded() -> None:
    text = "version: 1\npre_call:\n- id: r\n  deny_if: {count_in_trial: {tool: refund, op: '>', value: 1}}\n"
    told = Told(PolicyGate(policy(text)))
    gate = PolicyGate(policy(text))
    first = gate.open(trial()).decide(refund(1))
    opened = told.gate.open(trial())
    denied = replace(first, verdict="deny")
    opened.recall(refund(1), denied)  # recorded as denied, so the next one is the first that counts
    opened.recall(refund(1), first)
    assert told.lines == [("deny", "allow")]


def test_a_decision_in_a_run_without_a_policy_is_told() -> None:
    told = Told(AllowAll())
    opened = told.gate.open(trial())
    opened.recall(refund(1), ALLOW)
    opened.recall(refund(1), Decision("warn", "x", "y"))
    assert told.lines == [("warn", "allow")] and told.gate.decided == 0


def test_a_decision_in_a_trial_that_is_let_alone_is_told() -> None:
    told = Told(PolicyGate(policy(OLD)))
    opened = told.gate.open(trial(gated=False))
    opened.recall(refund(500), ALLOW)
    opened.recall(refund(500), Decision("deny", "r", "r"))
    assert told.lines == [("deny", "allow")]


def test_flips_are_counted_by_slice() -> None:
    found = compared(
        OLD, OLD.replace("100", "50"), (trial("a"), [refund(60), refund(10)]), (trial("b"), [refund(200)])
    )  # fmt: skip
    assert (found.compared, len(found.flips)) == (3, 1)
    assert found.by("slice") == {"a": {"allow->deny": 1}}


def test_equal_policies_flip_nothing() -> None:
    found = compared(OLD, OLD, (trial(), [refund(60), refund(500)]))
    assert (found.compared, found.flips) == (2, [])


def test_a_call_that_a_policy_denies_is_not_counted_by_it() -> None:
    bound = "{sum_in_trial: {tool: refund, field: args.amount, op: '>', value: %s}}"
    sums = f"version: 1\npre_call:\n- id: r\n  deny_if: {bound}\n"
    found = compared(sums % 1000, sums % 100, (trial(), [refund(150), refund(90)]))
    assert [(flip.facts.args, flip.new.verdict) for flip in found.flips] == [({"amount": 150}, "deny")]


def test_trials_that_are_let_alone_and_judges_are_not_compared() -> None:
    judge = CallFacts("before", "judge", "(judge)", 0, 0, "x")
    found = compared(OLD, OLD, (trial(gated=False), [refund(500)]), (trial(), [judge]))
    assert found.compared == 0
