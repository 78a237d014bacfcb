"""Rules that are prepared for a kind of call decide as the whole policy does about all facts of the call."""

from __future__ import annotations

import itertools
import random

import pytest

from arena.formats.strict_json import IssueList
from arena.policy import narrowed, rule_index
from arena.policy.call_facts import COMPUTED
from arena.policy.condition_reading import read_condition
from arena.policy.facts import Facts, PastCall
from arena.policy.gates import CallFacts, Decision
from arena.policy.gates_file import read_policy
from arena.policy.patterns import WINDOW
from arena.policy.policy_gate import PolicyGate
from arena.policy.rules import STAGES, Policy
from arena.records import Json, Trial

POLICY = """\
version: 1
{values}
pre_call:
- id: words
  warn_if: {{text_regex: "\\\\bpay \\\\d+"}}
- id: tool_and_words
  deny_if: [{{tool: [refund, send]}}, {{text_contains: hello}}]
- id: task_or_tool
  applies_if: {{any: [{{task: refund}}, {{tool: look}}]}}
  warn_if: {{not: {{tool: look}}}}
  allow_if: {{field: turn, op: ">", value: 1}}
- id: amount
  deny_if: {{field: amount, op: ">", value_from: policy.hard_limit}}
- id: after
  calls: tool
  warn_if: {{all: [{{not: {{task: inbox}}}}, {{after: {{tool: look}}}}]}}
- id: origin
  calls: model
  warn_if: {{field: origin, op: "==", value: tool_result}}
- id: place
  applies_if: {{field: stage, op: in, value: [pre]}}
  warn_if: {{all: [{{field: seat, op: "==", value: b}}, {{field: step, op: "==", value: 1}}]}}
post_call:
- id: said
  deny_if: {{text_contains: [secret, hidden]}}
- id: denied_before
  warn_if: {{field: pre_gate.decision, op: "!=", value: allow}}
- id: amounts
  applies_if: {{field: amounts, op: exists}}
  warn_if: {{text_not_contains: [approval]}}
- id: response
  warn_if: {{field: response_text, op: contains, value: hello}}
"""  # fmt: skip
TEXTS = ("pay 5 now", "hello", "a secret for $300", "$20 without approval", "hello, refund $20", "nothing", "x" * 5000)


def everything(
    gate: PolicyGate, trial: Trial, facts: CallFacts, calls: list[PastCall], origin: str, before: Decision | None
) -> Facts:
    """Return all facts of a call, read or not."""
    of_trial = {"family": trial.family, "unit": trial.unit, "cell": dict(trial.cell)}
    fixed: dict[str, Json] = {**of_trial, **gate.policy.values, **facts._asdict(), "origin": origin}
    del fixed["op"], fixed["args"]
    fixed |= {name: gate.policy.values[name] for name in ("op", "args") if name in gate.policy.values}
    fixed["stage"] = "pre" if facts.phase == "before" else "post"
    if facts.kind == "tool":
        fixed |= {"tool": facts.op, "op": facts.op, "op_name": facts.op, "args": facts.args}
    if facts.phase == "after":
        told = before and {"decision": before.verdict, "reason_code": before.reason_code, "rule_id": before.rule_id}
        fixed |= {"response_text": facts.text, "pre_gate": told}
    return Facts(trial.plan["facts"], calls, fixed, COMPUTED)


@pytest.mark.parametrize(
    "values",
    [
        "",
        "values: {task: inbox}",
        "values: {tool: look, args: {amount: 900}, seat: b}",
        "values: {policy: {hard_limit: 4}}",
    ],
)
@pytest.mark.parametrize("task", ["refund", "inbox", None, 3])
def test_a_gate_decides_as_all_rules_do_about_all_facts(values: str, task: Json) -> None:
    gate, draw = (
        PolicyGate(read_policy(POLICY.format(values=values), "gates.yaml", {})),
        random.Random(f"{values}{task}"),
    )
    given = {"policy": {"hard_limit": 100}, "amount": 50, **({} if task is None else {"task": task})}
    trial = Trial("t", "toy", {"defence": "gates"}, "u", None, "0" * 64, {"facts": given})
    deciders = set()
    for _ in range(40):
        one, calls, before = gate.open(trial), list[PastCall](), None
        for _, phase in itertools.product(range(6), ("before", "after")):
            if phase == "before":
                seat, turn, step = draw.choice("ab"), draw.randrange(3), draw.randrange(3)
                op = draw.choice((None, "refund", "send", "look", "tidy"))
                args = None if op is None else draw.choice(({}, {"amount": 250}, {"note": "pay $70"}))
                calls.append(PastCall("model" if op is None else "tool", op, seat, "allow", args))
            text = "" if op is not None and phase == "before" else draw.choice(TEXTS)
            facts = CallFacts(phase, calls[-1].kind, seat, turn, step, text, op, args)  # type: ignore[arg-type]
            found = one.decide(facts)
            origin = one._origin(facts)  # type: ignore[union-attr]  # which the tests of the gate check
            all_facts = everything(gate, trial, facts, calls, origin, before)
            assert found == gate.policy.decide(STAGES[facts.phase], all_facts, facts.kind)
            deciders.add(found.rule_id)
            before = found if phase == "before" else before
            if found.effective != "allow" and calls[-1].verdict != "deny":
                calls[-1] = calls[-1]._replace(verdict=found.effective)
    assert len(deciders) >= 6, "most rules have decided something"


def rules_about_text(pattern: str = "pay") -> Policy:
    return read_policy(f"version: 1\npre_call:\n- id: r\n  deny_if: {{text_regex: {pattern}}}\n", "gates.yaml", {})


def test_a_text_is_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    policy, seen = rules_about_text(), list[str]()
    (row,) = narrowed.rows_of(policy, policy.rules["pre_call"], {})
    first = narrowed.first
    monkeypatch.setattr(narrowed, "first", lambda *args: seen.append(args[2].text) or first(*args))
    assert isinstance(row, narrowed.TextRules)
    verdicts = [found and found.verdict for found in map(row.decide, ("pay", "keep", "pay", "keep"))]
    assert verdicts == ["deny", None, "deny", None] and seen == ["pay", "keep"]


def test_no_long_text_and_no_endless_number_of_texts_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = rules_about_text()
    (row,) = narrowed.rows_of(policy, policy.rules["pre_call"], {})
    assert isinstance(row, narrowed.TextRules)
    assert row.decide("x" * WINDOW + " pay") is not None and row._decided == {}
    monkeypatch.setattr(narrowed, "MOST_TEXTS", 3)
    for number in range(20):
        row.decide(str(number))
    assert len(row._decided) <= 3


def test_no_endless_number_of_tools_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_index, "MOST_KINDS", 3)
    index = rule_index.RuleIndex(rules_about_text())
    for number in range(20):
        assert index.candidates("pre_call", "tool", str(number), None).rows
    assert len(index._found) == 3


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        ({"tool": "refund"}, True),
        ({"tool": "send"}, False),
        ({"not": {"tool": "send"}}, True),
        ({"all": [{"tool": "send"}, {"text_contains": "x"}]}, False),
        ({"any": [{"tool": "refund"}, {"text_contains": "x"}]}, True),
        ({"all": [{"tool": "refund"}, {"text_contains": "x"}]}, {"text_contains": "x"}),
        ({"any": [{"tool": "send"}, {"text_contains": "x"}]}, {"text_contains": "x"}),
        ({"field": "tool", "op": "!=", "value_from": "unit"}, {"field": "tool", "op": "!=", "value_from": "unit"}),
    ],
)
def test_what_is_known_of_a_call_is_decided_beforehand(condition: Json, left: Json) -> None:
    known = {("tool",): "refund"}
    issues = IssueList("gates.yaml")
    assert narrowed.narrowed(read_condition(condition, "", issues), known) == read_condition(left, "", issues)
    issues.raise_if_any()
