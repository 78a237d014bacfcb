"""The gate of a policy: what it knows of a call, and that it remembers a trial across sessions."""

from __future__ import annotations

import pytest

from arena.policy import gates
from arena.policy.gates import ALLOW, CallFacts, Decision
from arena.policy.gates_file import read_policy
from arena.policy.policy_gate import PolicyGate
from arena.records import Json, Trial

SEQUENCE = """\
version: 1
pre_call:
- id: split
  calls: tool
  deny_if: {sum_in_trial: {tool: refund, field: args.amount, op: ">", value: 100}}
  on_deny: tool_error
- id: often
  calls: tool
  deny_if: {count_in_trial: {tool: look, op: ">", value: 2}}
  on_deny: tool_error
- id: leak
  calls: tool
  applies_if: {tool: send}
  deny_if: {after: {tool: read_inbox}}
  on_deny: tool_error
"""


def trial(**plan: Json) -> Trial:
    return Trial("t", "toy", {"defence": "gates"}, "u", None, "0" * 64, plan)


def gate(text: str) -> PolicyGate:
    return PolicyGate(read_policy(text, "gates.yaml", {}))


def tool(op: str, phase: str = "before", step: int = 0, text: str = "", **args: Json) -> CallFacts:
    return CallFacts(phase, "tool", "agent", 0, step, text, op, args)


def model(text: str, phase: str = "before", seat: str = "agent", turn: int = 0, step: int = 0) -> CallFacts:
    return CallFacts(phase, "model", seat, turn, step, text)


def rule_that_denies(condition: str, stage: str = "pre_call") -> str:
    return f"version: 1\n{stage}:\n- id: r\n  deny_if: {condition}\n"


def test_payments_of_a_trial_are_added_up() -> None:
    one = gate(SEQUENCE).open(trial())
    first, second, third = (one.decide(tool("refund", amount=amount)) for amount in (60, 60, 30))
    assert [d.verdict for d in (first, second, third)] == ["allow", "deny", "allow"]
    assert (second.observed, second.bound, second.rule_id) == (120, 100, "split")


def test_calls_of_a_trial_are_counted() -> None:
    one = gate(SEQUENCE).open(trial())
    assert [one.decide(tool("look")).verdict for _ in range(3)] == ["allow", "allow", "deny"]


def test_a_call_is_denied_after_another() -> None:
    one = gate(SEQUENCE).open(trial())
    assert one.decide(tool("send")).verdict == "allow"
    one.decide(tool("read_inbox"))
    assert one.decide(tool("send")).rule_id == "leak"


def test_a_call_does_not_come_after_itself() -> None:
    one = gate(rule_that_denies("{after: {tool: send}}")).open(trial())
    assert [one.decide(tool("send")).verdict for _ in range(2)] == ["allow", "deny"]


def test_a_count_denies_only_the_calls_that_it_counts() -> None:
    text = rule_that_denies("{count_in_trial: {kind: tool, op: '>', value: 1}}").replace("deny_if", "warn_if")
    one = gate(text).open(trial())
    assert [one.decide(tool("look")).verdict for _ in range(2)] == ["allow", "warn"]
    assert one.decide(model("hello")).verdict == "allow"


def test_a_task_of_the_file_wins_over_that_of_the_trial() -> None:
    text = "version: 1\nvalues: {task: refund}\npre_call:\n- id: r\n  applies_if: {task: refund}\n  deny_if: true\n"
    assert gate(text).open(trial(facts={"task": "other"})).decide(tool("look")).verdict == "deny"
    assert gate(text.replace("values: {task: refund}\n", "")).open(trial(facts={"task": "other"})).decide(
        tool("look")
    ).verdict == ("allow")


def test_trials_do_not_share_their_past() -> None:
    policy = gate(SEQUENCE)
    policy.open(trial()).decide(tool("read_inbox"))
    assert policy.open(trial()).decide(tool("send")).verdict == "allow"


def test_a_recalled_trial_goes_on_as_it_was() -> None:
    calls = [tool("refund", amount=90), tool("look"), tool("read_inbox"), tool("look")]
    through = gate(SEQUENCE).open(trial())
    decided = [through.decide(call) for call in calls]
    resumed = gate(SEQUENCE).open(trial())
    for call, decision in zip(calls, decided, strict=True):
        resumed.recall(call, Decision.recalled(decision.noted(call)))
    for call in (tool("refund", amount=20), tool("look"), tool("send")):
        assert resumed.decide(call) == through.decide(call)
        assert through.decide(call).verdict == "deny"


def test_a_recalled_denial_does_not_count_as_made() -> None:
    made, denied, later = (tool("refund", amount=amount) for amount in (60, 60, 30))
    through, resumed = gate(SEQUENCE).open(trial()), gate(SEQUENCE).open(trial())
    for call in (made, denied):
        resumed.recall(call, Decision.recalled(through.decide(call).noted(call)))
    assert resumed.decide(later) == through.decide(later)
    assert through.decide(tool("refund", amount=20)).verdict == "deny", "60 and 30 were paid"


def test_every_decision_but_of_judges_is_its_own() -> None:
    """The journal leaves out ALLOW itself, so what a policy allows must not be ALLOW."""
    one = gate("version: 1\n").open(trial())
    assert one.decide(model("hello")) is not ALLOW
    assert one.decide(CallFacts("before", "judge", "(judge)", 0, 0, "x")) is ALLOW


def test_a_trial_that_is_not_gated_is_let_alone() -> None:
    policy = gate(rule_that_denies("true"))
    assert policy.open(trial(gated=False)).decide(model("x")) is ALLOW
    assert policy.open(trial(gated=True)).decide(model("x")).verdict == "deny"
    assert policy.open(trial()).decide(model("x")).verdict == "deny"


@pytest.mark.parametrize(
    ("condition", "facts", "verdict"),
    [
        ("{kind: model, seat: agent, family: toy, unit: u}", model("x"), "deny"),
        ("{cell.defence: gates}", model("x"), "deny"),
        ("{tool: refund}", tool("refund"), "deny"),
        ("{op_name: refund}", tool("refund"), "deny"),
        ("{tool: refund}", tool("look"), "allow"),
        ("{field: args.amount, op: '>', value: 5}", tool("refund", amount=6), "deny"),
        ("{field: amount, op: '>', value: 100}", tool("refund", amount=150), "deny"),
        ("{field: amount, op: '>', value: 100}", tool("refund", note="give $150"), "deny"),
        ("{field: amount, op: '>', value: 100}", tool("refund", count=150), "allow"),
        ("{field: amount, op: '>', value: 100}", model("Refund me $150 within 30 days."), "deny"),
        ("{field: amount, op: '>', value: 20}", model("Order 4711, in 30 days."), "allow"),
        ("{task: refund}", model("x"), "deny"),
        ("{turn: 0, step: 0}", model("x"), "deny"),
    ],
)
def test_a_gate_sees_the_facts_of_a_call(condition: str, facts: CallFacts, verdict: str) -> None:
    one = gate(rule_that_denies(condition)).open(trial(facts={"task": "refund"}))
    assert one.decide(facts).verdict == verdict


def test_the_amount_of_the_case_stands_in_for_none() -> None:
    one = gate(rule_that_denies("{field: amount, op: '>', value: 100}")).open(trial(facts={"amount": 300}))
    assert one.decide(model("please")).verdict == "deny"
    assert one.decide(model("please, $5")).verdict == "allow"


def test_a_gate_knows_where_a_text_comes_from() -> None:
    policy = gate("version: 1\npre_call:\n- id: r\n  warn_if: {field: origin, op: exists}\n")
    one = policy.open(trial())
    seen = [one.decide(model("hi", turn=0))]
    seen.append(one.decide(model("reply", "after")))
    seen.append(one.decide(tool("look")))
    one.decide(tool("look", "after"))
    seen.append(one.decide(model("results", step=1)))
    one.decide(model("reply", "after", step=1))
    seen.append(one.decide(model("B hears A", seat="B", turn=1)))
    assert [d.observed for d in seen] == ["user", None, "agent", "tool_result", "agent"]


def test_after_a_call_its_first_decision_is_known() -> None:
    text = (
        "version: 1\npre_call:\n- id: a\n  warn_if: {text_contains: odd}\npost_call:\n- id: b\n"
        "  deny_if: {pre_gate.decision: warn}\n"
    )
    one = gate(text).open(trial())
    one.decide(model("an odd thing"))
    assert one.decide(model("reply", "after")).rule_id == "b"
    one.decide(model("a plain thing", turn=1))
    assert one.decide(model("reply", "after", turn=1)).verdict == "allow"


def test_rules_see_the_kinds_of_call_they_name() -> None:
    one = gate("version: 1\npre_call:\n- id: r\n  calls: tool\n  deny_if: true\n").open(trial())
    assert (one.decide(model("x")).verdict, one.decide(tool("look")).verdict) == ("allow", "deny")


def test_a_denial_in_shadow_counts_as_made() -> None:
    shadow = SEQUENCE.replace("version: 1\n", "version: 1\ndefaults: {enforcement: shadow}\n")
    one = gate(shadow).open(trial())
    decided = [one.decide(tool("refund", amount=80)) for _ in range(3)]
    assert [d.observed for d in decided] == [None, 160, 240]
    assert [d.effective for d in decided] == ["allow"] * 3


def test_identity_names_digest_mode_and_rules() -> None:
    policy = gate(SEQUENCE)
    found = policy.identity()
    assert (found["sha256"], found["enforced"]) == (policy.policy.digest, True)
    assert found["rules"] == ["split", "often", "leak"]


def test_a_decision_is_stored_with_the_place_of_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "MOST_HELD", 3)
    for number in range(40):
        one = Decision("warn", f"reason {number}", "r")
        for facts in (model("", step=number), model("", "after", turn=number), tool("pay", step=number), tool("pay")):
            stored = one.noted(facts)
            assert stored.place == (facts.kind, facts.seat, facts.turn, facts.step, facts.op)
            assert (stored.phase, Decision.recalled(stored)) == (facts.phase, one)
        assert len(gates._held) <= 3


def test_decisions_are_timed_and_take_no_tokens() -> None:
    ticks = iter(range(100))
    policy = PolicyGate(read_policy(SEQUENCE, "g", {}), timer=lambda: next(ticks) / 1000)
    assert policy.times().latency_ms() is None
    one = policy.open(trial())
    for _ in range(4):
        one.decide(tool("look"))
    assert policy.times().latency_ms() == {"n": 4, "p50": 1.0, "p95": 1.0, "tokens": 0}
