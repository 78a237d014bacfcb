"""Gates files: what they mean, and what is refused at load with its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from arena.errors import ConfigError, DataError
from arena.formats import simpleyaml
from arena.policy.gates import Decision
from arena.policy.gates_file import load_policy, read_policy
from arena.policy.rules import Policy

ROOT = Path(__file__).resolve().parents[2]

LIMITS = """\
version: 1
defaults: {mode: allow}
pre_call:
- id: limit
  applies_if: {task: refund}
  deny_if: {field: amount, op: ">", value_from: limits.hard}
  warn_if: {field: amount, op: ">", value_from: limits.soft}
  reason_code: over
  message: {deny: too much, warn: look again}
"""


def policy(text: str, **environ: str) -> Policy:
    return read_policy(text, "gates.yaml", environ)


def decide(gates: str, /, environ: dict[str, str] | None = None, **facts: object) -> Decision:
    read = policy(gates, **(environ or {}))
    return read.decide("pre_call", read.facts(facts))


def rule(body: str, stage: str = "pre_call") -> str:
    lines = "\n".join(f"  {line}" for line in body.splitlines())
    return f"version: 1\n{stage}:\n- id: r\n{lines}\n"


def issues(text: str) -> dict[str, str]:
    with pytest.raises(DataError) as caught:
        policy(text)
    return {issue.pointer: issue.message for issue in caught.value.issues}


@pytest.mark.parametrize(
    ("amount", "verdict", "code", "bound"),
    [(100, "allow", "policy_default_allow", None), (100.01, "warn", "over_warn", 100), (300.01, "deny", "over", 300)],
)
def test_deny_is_tried_before_warn(amount: float, verdict: str, code: str, bound: float | None) -> None:
    found = decide(LIMITS, task="refund", amount=amount, limits={"hard": 300, "soft": 100})
    assert (found.verdict, found.reason_code, found.bound) == (verdict, code, bound)
    assert found.observed == (None if bound is None else amount)


def test_messages_belong_to_their_action() -> None:
    limits = {"hard": 300, "soft": 100}
    assert decide(LIMITS, task="refund", amount=500, limits=limits).message == "too much"
    assert decide(LIMITS, task="refund", amount=200, limits=limits).message == "look again"


def test_a_text_message_is_of_the_denial_alone() -> None:
    text = rule("deny_if: {a: 1}\nwarn_if: {a: 2}\nmessage: stop")
    assert (decide(text, a=1).message, decide(text, a=2).message) == ("stop", "")


def test_an_action_may_wrap_code_and_message() -> None:
    text = rule("deny_if: {condition: {a: 1}, reason_code: own, message: words}")
    found = decide(text, a=1)
    assert (found.reason_code, found.message, found.rule_id) == ("own", "words", "r")


@pytest.mark.parametrize(("verdict", "code"), [("deny", "r"), ("warn", "r_warn"), ("allow", "r_allow")])
def test_default_codes_are_made_of_the_id(verdict: str, code: str) -> None:
    assert decide(rule(f"{verdict}_if: true")).reason_code == code


def test_a_rule_without_a_holding_action_falls_through() -> None:
    text = rule("deny_if: {a: 1}") + "- id: second\n  warn_if: true\n"
    assert decide(text, a=2).rule_id == "second"


@pytest.mark.parametrize(
    ("condition", "facts", "holds"),
    [
        ("{amount: 5}", {"amount": 5}, True),
        ("{amount: 5}", {"amount": 5.0}, True),
        ("{flag: 1}", {"flag": True}, False),
        ("{task: refund}", {"task": "Refund"}, False),
        ("{task: [a, b]}", {"task": "b"}, True),
        ("{a: 1, b: 2}", {"a": 1, "b": 3}, False),
        ("{args.amount: 5}", {"args": {"amount": 5}}, True),
        ("{field: x, op: exists}", {"x": 0}, True),
        ("{field: x, op: exists}", {}, False),
        ("{field: x, op: exists, value: false}", {}, True),
        ("{field: x, op: '!=', value: 1}", {}, True),
        ("{field: x, op: ge, value: 10}", {"x": "10"}, True),
        ("{field: x, op: le, value: 10}", {"x": 10}, True),
        ("{field: x, op: le, value: 10}", {"x": 10.01}, False),
        ("{field: x, op: gt, value: 10}", {"x": 10}, False),
        ("{field: x, op: lt, value: 10}", {"x": 10}, False),
        ("{field: x, op: '>', value: 10}", {"x": "many"}, False),
        ("{field: x, op: '<', value: 10}", {}, False),
        ("{field: x, op: '<', value: 10}", {"x": True}, False),
        ("{field: x, op: '<', value_from: bound}", {"x": 1}, False),
        ("{field: x, op: not_in, one_of: [a]}", {"x": "b"}, True),
        ("{field: x, op: in, value_from: bound}", {"x": "b", "bound": ["b"]}, True),
        ("{field: x, op: not_in, value_from: bound}", {"x": "b"}, True),
        ("{field: x, op: contains, value: ell}", {"x": "hello"}, True),
        ("{field: x, op: contains, value: [z, a]}", {"x": ["a"]}, True),
        ("{field: x, op: contains, value: a}", {"x": 5}, False),
        ("{text_contains: REFUND}", {"text": "a Refund"}, True),
        ("{text_contains: {any: [a, b], none: [c]}}", {"text": "b c"}, False),
        ("{text_contains: {all: [a, b]}}", {"text": "b a"}, True),
        ("{text_not_contains: [a, b]}", {"text": "x"}, True),
        ("{text_not_contains: [a, b]}", {"text": "xb"}, False),
        ("{text_regex: '\\d{4}'}", {"text": "no 1234"}, True),
        ("{not: {a: 1}}", {"a": 1}, False),
        ("{all: [{a: 1}, {b: 2}]}", {"a": 1, "b": 2}, True),
        ("{any: [{a: 1}, {b: 2}]}", {"b": 2}, True),
        ("[{a: 1}, {b: 2}]", {"a": 1}, False),
        ("null", {}, True),
        ("2", {}, True),
        ("0", {}, False),
        ("false", {}, False),
    ],
)
def test_a_condition_holds(condition: str, facts: dict[str, object], holds: bool) -> None:
    assert (decide(rule(f"deny_if: {condition}"), **facts).verdict == "deny") is holds


@pytest.mark.parametrize(
    ("text", "pointer", "said"),
    [
        ("version: 2\n", "/version", "must be 1"),
        ("version: 1\nrules: []\n", "/rules", "unknown key"),
        ("version: 1\ndefaults: {mode: alow}\n", "/defaults/mode", "must be one of"),
        ("version: 1\ndefaults: {enforcement: maybe}\n", "/defaults/enforcement", "must be one of"),
        ("version: 1\nlimits: {max_calls: many}\n", "/limits/max_calls", "whole number"),
        ("version: 1\nlimits: {max_call: 3}\n", "/limits/max_call", "did you mean max_calls"),
        ("version: 1\npre_call: {}\n", "/pre_call", "a list"),
        (rule("applies_if: {a: 1}"), "/pre_call/0", "decides nothing"),
        (rule("deny_when: true\nwarn_if: true"), "/pre_call/0/deny_when", "unknown key"),
        (rule("deny_if: true\ncalls: {a: tool}"), "/pre_call/0/calls", "must be one of all, model, tool"),
        (rule("deny_if: {all: []}"), "/pre_call/0/deny_if/all", "'all' is empty"),
        (rule("deny_if: {any: []}"), "/pre_call/0/deny_if/any", "'any' is empty"),
        (rule("deny_if: {}"), "/pre_call/0/deny_if", "says nothing"),
        (rule("deny_if: amount > 5"), "/pre_call/0/deny_if", "no condition"),
        (rule("deny_if: {all: [true], any: [true]}"), "/pre_call/0/deny_if", "several meanings"),
        (rule("deny_if: {text_contains: a, task: b}"), "/pre_call/0/deny_if", "several meanings"),
        (rule("deny_if: {text_contain: a}"), "/pre_call/0/deny_if/text_contain", "did you mean text_contains"),
        (rule("deny_if: {text_contains: {non: a}}"), "/pre_call/0/deny_if/text_contains/non", "did you mean none"),
        (rule("deny_if: {text_contains: []}"), "/pre_call/0/deny_if/text_contains", "says nothing"),
        (rule("deny_if: {text_contains: ''}"), "/pre_call/0/deny_if/text_contains", "not empty"),
        (rule("deny_if: {text_regex: '(a'}"), "/pre_call/0/deny_if/text_regex", "not a regular expression"),
        (rule("deny_if: {field: a, op: '>', value: lots}"), "/pre_call/0/deny_if/value", "needs a number"),
        (rule("deny_if: {field: a, op: '>', value: true}"), "/pre_call/0/deny_if/value", "needs a number"),
        (rule("deny_if: {field: a, op: '>'}"), "/pre_call/0/deny_if", "something to compare with"),
        (rule("deny_if: {field: a, op: '>>', value: 1}"), "/pre_call/0/deny_if/op", "unknown operator"),
        (rule("deny_if: {field: a, op: in, value: b}"), "/pre_call/0/deny_if/value", "needs a list"),
        (rule("deny_if: {field: a, value: 1, value_from: b}"), "/pre_call/0/deny_if", "contradict"),
        (rule("deny_if: {op: refund}"), "/pre_call/0/deny_if", "needs 'field'"),
        (rule("deny_if: {a: []}"), "/pre_call/0/deny_if/a", "nothing is in it"),
        (rule("deny_if: {args: {amount: 5}}"), "/pre_call/0/deny_if/args", "args.NAME"),
        (rule("deny_if: {after: {tol: x}}"), "/pre_call/0/deny_if/after", "which calls are meant"),
        (
            rule("deny_if: {after: {tool: x, sat: z}}"),
            "/pre_call/0/deny_if/after/sat",
            "unknown key",
        ),
        (rule("deny_if: {count_in_trial: {tool: x}}"), "/pre_call/0/deny_if/count_in_trial", "the bound"),
        (rule("deny_if: {sum_in_trial: {tool: x, value: 3}}"), "/pre_call/0/deny_if/sum_in_trial/field", "a fact"),
        (rule("deny_if: true\non_deny: stop"), "/pre_call/0/on_deny", "must be one of"),
        (rule("deny_if: true\non_deny: tool_error"), "/pre_call/0/on_deny", "calls: tool"),
        (rule("deny_if: true\ncalls: model\non_deny: refuse_reply"), "/pre_call/0/on_deny", "post_call"),
        (rule("deny_if: true\nfails_trial: 3"), "/pre_call/0/fails_trial", "true or false"),
        (rule("deny_if: true\nmessage: {denied: z}"), "/pre_call/0/message/denied", "there are: deny"),
        (rule("deny_if: true\nowasp: [1]"), "/pre_call/0/owasp", "must be a text"),
        (rule("deny_if: true") + "- id: r\n  deny_if: true\n", "/pre_call/1/id", "already"),
        ("version: 1\npre_call:\n- deny_if: true\n", "/pre_call/0/id", "every rule needs one"),
    ],
)
def test_a_mistake_is_refused_at_its_place(text: str, pointer: str, said: str) -> None:
    found = issues(text)
    assert pointer in found, found
    assert said in found[pointer]


def test_all_mistakes_are_told_at_once() -> None:
    text = rule("deny_if: {text_regex: '('}\nwarn_if: {all: []}\ncalls: judge")
    assert len(issues(text)) == 3


def test_gates_mode_overrides_the_file() -> None:
    text = "version: 1\ndefaults: {mode: warn}\n"
    assert decide(text).reason_code == "policy_default_warn"
    assert decide(text, environ={"GATES_MODE": "strict"}).verdict == "deny"
    assert policy(text, GATES_MODE="allow").mode_source == "GATES_MODE"


@pytest.mark.parametrize("name", ["GATES_MODE", "GATES_ENFORCEMENT"])
def test_an_unknown_mode_in_the_environment_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        policy("version: 1\n", **{name: "open"})


def test_shadow_keeps_the_verdict_and_enforces_nothing() -> None:
    found = decide(rule("deny_if: true\nfails_trial: true"), environ={"GATES_ENFORCEMENT": "shadow"})
    assert (found.verdict, found.effective, found.enforced, found.denies, found.fails) == (
        "deny", "allow", False, False, False,
    )  # fmt: skip


def test_the_digest_follows_meaning_and_mode() -> None:
    one = policy(LIMITS)
    assert policy(LIMITS + "# a comment\n").digest == one.digest
    assert policy(LIMITS.replace("soft", "low")).digest != one.digest
    assert policy(LIMITS, GATES_MODE="deny").digest != one.digest
    assert policy(LIMITS, GATES_ENFORCEMENT="shadow").digest != one.digest
    assert decide(LIMITS).policy == one.digest[:16]


def test_values_of_the_file_win_over_the_facts() -> None:
    text = LIMITS + "values: {limits: {hard: 10, soft: 5}}\n"
    assert decide(text, task="refund", amount=11, limits={"hard": 900, "soft": 800}).verdict == "deny"


def test_a_rule_knows_its_line() -> None:
    assert policy(LIMITS).rules["pre_call"][0].line == 4


def test_a_missing_file_names_its_flag(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--gates"):
        load_policy(tmp_path / "none.yaml", {})


def test_the_shipped_policy_loads() -> None:
    assert len(load_policy(ROOT / "config/gates.yaml", {}).all_rules()) > 10


@pytest.mark.parametrize(
    ("text", "verdict", "rule_id"),
    [
        ("Done, money is on its way.", "deny", "no_approval"),
        ("Approved by Kim: 4111 1111 1111 1111", "deny", "card"),
        ("Approved by Kim: 4111-1111-1111-1", "deny", "card"),
        ("Approved by Kim, order 4111 1111 1111. I promise.", "warn", "soft_words"),
        ("Approved by Kim. I cannot promise.", "warn", "policy.default"),
    ],
)
def test_numbers_of_13_to_16_digits_can_be_denied(text: str, verdict: str, rule_id: str) -> None:
    read = policy(
        "version: 1\ndefaults: {mode: warn}\npost_call:\n- id: no_approval\n"
        "  applies_if: {field: amount, op: ge, value: 100}\n"
        "  deny_if: {text_not_contains: [approved by, supervisor, sign-off]}\n"
        '- id: card\n  deny_if: {text_regex: "\\\\b(?:\\\\d[ -]?){13,16}\\\\b"}\n  reason_code: card_number\n'
        "- id: soft_words\n  warn_if: {text_contains: {any: [guarantee, promise], none: [cannot]}}\n"
    )
    found = read.decide("post_call", read.facts({"amount": 120, "text": text}))
    assert (found.verdict, found.rule_id) == (verdict, rule_id)


@pytest.mark.parametrize("what", ["fifo", "large"])
def test_what_is_not_a_small_regular_file_is_refused_unread(what: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    if what == "fifo":
        os.mkfifo(path)
    else:
        path.touch()
        os.truncate(path, simpleyaml.MAX_BYTES + 1)
    with pytest.raises(DataError, match="it is a FIFO.*--gates" if what == "fifo" else "the most that is read"):
        load_policy(path, {})


def test_lines_of_windows_are_read_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    shipped = (ROOT / "config/gates.yaml").read_bytes()
    path.write_bytes(shipped.replace(b"\n", b"\r\n"))
    assert load_policy(path, {}).source == shipped.decode()
