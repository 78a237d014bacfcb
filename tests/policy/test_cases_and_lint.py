"""Testing and linting policies."""

from __future__ import annotations

from pathlib import Path

import pytest

from arena.errors import DataError
from arena.policy import worlds
from arena.policy.cases import PolicyTest, cases_path, load_cases
from arena.policy.cases import test_policy as run_cases
from arena.policy.gates_file import load_policy, read_policy
from arena.policy.lint import PolicyFinding, lint
from arena.policy.rules import Policy

ROOT = Path(__file__).resolve().parents[2]
TWO_SIDED = """\
version: 1
pre_call:
- id: big
  deny_if: {field: amount, op: ">", value: 100}
  warn_if: {field: amount, op: ">", value: 50}
"""


def policy(text: str) -> Policy:
    return read_policy(text, "gates.yaml", {})


def run(tmp_path: Path, gates: str, cases: str) -> PolicyTest:
    path = tmp_path / "gates.cases.yaml"
    path.write_text(f"cases:\n{cases}", encoding="utf-8")
    return run_cases(policy(gates), load_cases(path))


def case(amount: float, verdict: str, rule: str = "big") -> str:
    expect = f"{{verdict: {verdict}, rule_id: {rule}}}"
    return f"- {{name: n{amount}, stage: pre, facts: {{amount: {amount}}}, expect: {expect}}}\n"


def found(text: str) -> dict[str, list[PolicyFinding]]:
    out: dict[str, list[PolicyFinding]] = {}
    for one in lint(policy(text)):
        out.setdefault(one.rule_id, []).append(one)
    return out


# Cases


def test_cases_that_try_everything_pass(tmp_path: Path) -> None:
    result = run(tmp_path, TWO_SIDED, case(101, "deny") + case(60, "warn") + case(50, "allow", "policy.default"))
    assert result.passes and result.coverage == 1.0 and result.one_sided == []


def test_a_case_decided_otherwise_fails(tmp_path: Path) -> None:
    result = run(tmp_path, TWO_SIDED, case(101, "deny") + case(60, "deny"))
    assert not result.passes
    assert result.failures == ["n60: verdict warn, not deny"]


def test_a_case_names_the_rule_that_must_decide(tmp_path: Path) -> None:
    assert run(tmp_path, TWO_SIDED, case(101, "deny", "other")).failures == ["n101: rule_id big, not other"]


def test_an_action_that_no_case_decides_fails(tmp_path: Path) -> None:
    result = run(tmp_path, TWO_SIDED, case(101, "deny") + case(1, "allow", "policy.default"))
    assert result.undecided == ["big: warn"] and not result.passes


def test_a_bound_tried_on_one_side_is_listed(tmp_path: Path) -> None:
    result = run(tmp_path, TWO_SIDED, case(101, "deny") + case(60, "warn"))
    assert result.passes and result.one_sided == ["big: amount > 50"] and result.coverage < 1


def test_calls_before_a_case_count(tmp_path: Path) -> None:
    gates = "version: 1\npre_call:\n- id: r\n  deny_if: {count_in_trial: {tool: a, op: '>', value: 1}}\n"
    one = "- {name: one, stage: pre, facts: {tool: a}, expect: {verdict: allow, rule_id: policy.default}}\n"
    two = "- {name: two, stage: pre, facts: {tool: a}, calls: [{tool: a}], expect: {verdict: deny, rule_id: r}}\n"
    result = run(tmp_path, gates, one + two)
    assert result.passes and result.coverage == 1.0


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("- {name: a, stage: mid, facts: {}, expect: {verdict: deny, rule_id: r}}\n", "/cases/0/stage"),
        ("- {name: a, stage: pre, facts: {}, expect: {verdict: deny}}\n", "/cases/0/expect"),
        ("- {name: a, stage: pre, expect: {verdict: deny, rule_id: r}}\n", "/cases/0/facts"),
        ("- {name: a, stage: pre, facts: {}, expct: {}}\n", "/cases/0/expct"),
    ],
)
def test_a_malformed_case_is_refused(tmp_path: Path, text: str, pointer: str) -> None:
    with pytest.raises(DataError) as caught:
        run(tmp_path, TWO_SIDED, text)
    assert pointer in [issue.pointer for issue in caught.value.issues]


def test_the_shipped_policy_is_covered_and_clean() -> None:
    path = ROOT / "config/gates.yaml"
    shipped = load_policy(path, {})
    result = run_cases(shipped, load_cases(cases_path(path)))
    assert result.failures == [] and result.undecided == [] and result.one_sided == []
    assert result.coverage == 1.0 and result.cases > 20
    assert lint(shipped) == []


# Lint


def test_a_shadowed_rule_is_found_with_an_example() -> None:
    text = TWO_SIDED + "- id: bigger\n  deny_if: {field: amount, op: '>', value: 200}\n"
    (one,) = found(text)["bigger"]
    assert one.kind == "shadowed" and "big" in one.message and one.example["amount"] > 200


def test_a_wider_rule_behind_is_not_shadowed() -> None:
    assert found(TWO_SIDED + "- id: any\n  deny_if: {field: amount, op: '>', value: 10}\n") == {}


@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        ("[{field: a, op: '>', value: 5}, {field: a, op: '<', value: 5}]", "contradictory_bounds"),
        ("[{field: a, op: '>=', value: 5}, {field: a, op: '<=', value: 5}]", None),
        ("[{a: 1}, {a: 2}]", "never_holds"),
        ("[{a: 1}, {not: {a: 1}}]", "never_holds"),
        ("[{kind: model}, {tool: x}]", "never_holds"),
        ("false", "never_holds"),
        ("[{text_contains: ab}, {text_not_contains: b}]", "never_holds"),
        ("[{text_contains: a}, {text_not_contains: b}]", None),
        ("{any: [{a: 1}, {a: 2}]}", None),
    ],
)
def test_a_condition_that_cannot_hold_is_found(condition: str, kind: str | None) -> None:
    one = found(f"version: 1\npre_call:\n- id: r\n  deny_if: {condition}\n").get("r", [])
    assert [finding.kind for finding in one] == ([] if kind is None else [kind])


def test_an_action_behind_one_that_always_holds_is_found() -> None:
    one = found("version: 1\npre_call:\n- id: r\n  applies_if: {a: 1}\n  deny_if: true\n  warn_if: true\n")["r"]
    assert [finding.message for finding in one] == ["r: warn_if never decides"]


def test_a_default_that_is_never_reached_is_found() -> None:
    one = found("version: 1\npost_call:\n- id: r\n  allow_if: true\n")["r"]
    assert [finding.kind for finding in one] == ["unreachable_default"]


def test_a_bound_that_the_file_gives_is_known() -> None:
    text = (
        "version: 1\nvalues: {soft: 10, hard: 20}\npre_call:\n"
        "- id: a\n  deny_if: {field: x, op: '>', value_from: soft}\n"
        "- id: b\n  deny_if: {field: x, op: '>', value_from: hard}\n"
    )
    assert [finding.kind for finding in found(text)["b"]] == ["shadowed"]


def test_a_search_that_grows_too_large_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worlds, "MOST_NODES", 200)
    terms = ", ".join(f"{{text_regex: 'a{n}'}}" for n in range(40))
    text = f"version: 1\npre_call:\n- id: r\n  deny_if: {{all: [{{any: [{terms}]}}, {{b: 1}}, {{not: {{b: 1}}}}]}}\n"
    (one,) = found(text)["r"]
    assert one.kind == "undecided" and "too many combinations" in one.message
