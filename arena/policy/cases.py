"""Cases of a policy: facts, each with the expected decision. They are in the same folder: gates.yaml, gates.cases.yaml.

A test fails if a case is decided differently, or if a rule has an action that decides no case. Bounds that are
tried on one side only are listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from arena.formats.strict_json import IssueList
from arena.policy.call_facts import COMPUTED
from arena.policy.case_file import load_case_file
from arena.policy.conditions import Compare, InTrial, Leaf, leaves
from arena.policy.facts import Facts, PastCall, number_of
from arena.policy.gates import Decision
from arena.policy.gates_file import check_keys
from arena.policy.rules import Policy, Rule
from arena.records import Json

STAGE_WORDS: Mapping[str, str] = {"pre": "pre_call", "post": "post_call"}
_CASE = ("name", "stage", "facts", "calls", "expect")
_CALL = ("tool", "kind", "seat", "verdict", "args")
_EXPECT = ("verdict", "rule_id", "reason_code")


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `expect`: members that the decision must have; its `verdict` is the one that takes effect."""

    name: str
    stage: str
    facts: Mapping[str, Json]
    calls: tuple[PastCall, ...]
    expect: Mapping[str, str]


@dataclass(slots=True)
class PolicyTest:
    """The result of the cases. `failures`: a line for each case that was decided differently; `undecided`: actions that
    decide no case, as `rule: verdict`; `one_sided`: bounds tried on one side only; `tried` of `wanted`: the coverage.
    """

    cases: int = 0
    failures: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    one_sided: list[str] = field(default_factory=list)
    tried: int = 0
    wanted: int = 0

    @property
    def passes(self) -> bool:
        return not self.failures and not self.undecided

    @property
    def coverage(self) -> float:
        """The share of actions and sides of bounds that the cases try."""
        return self.tried / self.wanted if self.wanted else 1.0


def cases_path(policy: Path) -> Path:
    """Return the path of the cases of a policy file."""
    return policy.with_name(f"{policy.stem}.cases{policy.suffix}")


def load_cases(path: Path) -> list[Case]:
    """Return the cases of a file. Errors: DataError with all mistakes."""
    return load_case_file(path, "policy", _CASE, _case)


def _case(value: Mapping[str, Json], pointer: str, issues: IssueList) -> Case:
    stage = STAGE_WORDS.get(str(value.get("stage")))
    if stage is None:
        issues.add(f"{pointer}/stage", f"must be pre or post, not {value.get('stage')!r}")
    parts: dict[str, Mapping[str, Json]] = {}
    for key in ("facts", "expect"):
        found = value.get(key)
        if not isinstance(found, Mapping):
            issues.add(f"{pointer}/{key}", "must be a map")
        parts[key] = found if isinstance(found, Mapping) else {}
    check_keys(parts["expect"], _EXPECT, f"{pointer}/expect", issues)
    if not {"verdict", "rule_id"} <= parts["expect"].keys():
        issues.add(f"{pointer}/expect", "must name the verdict and the rule_id that decides")
    calls = value.get("calls") or []
    for place, call in enumerate(calls):
        if isinstance(call, Mapping):
            check_keys(call, _CALL, f"{pointer}/calls/{place}", issues)
        else:
            issues.add(f"{pointer}/calls/{place}", f"must be a map with {', '.join(_CALL)}")
    past = tuple(_past(call) for call in calls if isinstance(call, Mapping))
    return Case(str(value.get("name", pointer)), stage or "pre_call", parts["facts"], past, parts["expect"])


def _past(call: Mapping[str, Json]) -> PastCall:
    tool = call.get("tool")
    kind = call.get("kind") or ("tool" if tool is not None else "model")
    return PastCall(kind, tool, call.get("seat", "agent"), call.get("verdict", "allow"), call.get("args"))


def facts_of(policy: Policy, given: Mapping[str, Json], calls: Sequence[PastCall] = ()) -> Facts:
    """Return the facts that a case gives, and the computed ones; their `calls` end with the current call."""
    present = _past(given)
    computed = {name: how for name, how in COMPUTED.items() if name not in given}
    return Facts(given, (*calls, present._replace(verdict="allow")), dict(policy.values), computed)


def decide_case(policy: Policy, case: Case) -> tuple[Decision, Facts]:
    """Return the policy's decision about a case, and the facts that it saw."""
    facts = facts_of(policy, case.facts, case.calls)
    kind = case.facts.get("kind")
    return policy.decide(case.stage, facts, kind if isinstance(kind, str) else None), facts


def test_policy(policy: Policy, cases: Sequence[Case]) -> PolicyTest:
    """Run all cases and count what they try."""
    result = PolicyTest(len(cases))
    decided: set[tuple[str, str]] = set()
    seen: dict[tuple[str, int], set[bool]] = {}
    for case in cases:
        decision, facts = decide_case(policy, case)
        decided.add((decision.rule_id, decision.verdict))
        got = {
            "verdict": decision.effective,
            "rule_id": decision.rule_id,
            "reason_code": decision.reason_code,
        }
        wrong = [f"{name} {got[name]}, not {value}" for name, value in case.expect.items() if got[name] != value]
        if wrong:
            result.failures.append(f"{case.name}: {'; '.join(wrong)}")
        for rule in policy.rules[case.stage]:
            _try_bounds(rule, facts, seen)
    for rule in policy.all_rules():
        _count(rule, decided, seen, result)
    return result


test_policy.__test__ = False  # type: ignore[attr-defined]  # the name is the command's; it is no test of ours


def bounds_of(rule: Rule) -> list[Compare | InTrial]:
    """Return the comparisons of numbers in a rule, in a fixed order."""
    found: list[Leaf] = list(leaves(rule.applies_if))
    for action in rule.actions:
        found += leaves(action.condition)
    return [leaf for leaf in found if isinstance(leaf, InTrial) or (isinstance(leaf, Compare) and leaf.orders)]


def _try_bounds(rule: Rule, facts: Facts, seen: dict[tuple[str, int], set[bool]]) -> None:
    """Record on which side of each bound of a rule a case is; cases without a number are on neither."""
    first = sum(1 for leaf in leaves(rule.applies_if) if leaf in bounds_of(rule))
    applies = rule.applies_if.holds(facts)
    for place, leaf in enumerate(bounds_of(rule)):
        if place >= first and not applies:
            continue
        if isinstance(leaf, Compare) and number_of(facts.get(leaf.path)) is None:
            continue
        if isinstance(leaf, InTrial) and not leaf.selector.picks(facts.calls[-1]):
            continue
        seen.setdefault((rule.id, place), set()).add(leaf.holds(facts))


def _count(
    rule: Rule, decided: set[tuple[str, str]], seen: Mapping[tuple[str, int], set[bool]], result: PolicyTest
) -> None:
    for action in rule.actions:
        result.wanted += 1
        if (rule.id, action.verdict) in decided:
            result.tried += 1
        else:
            result.undecided.append(f"{rule.id}: {action.verdict}")
    for place, leaf in enumerate(bounds_of(rule)):
        sides = seen.get((rule.id, place), set())
        result.wanted += 2
        result.tried += len(sides)
        if len(sides) < 2:
            result.one_sided.append(f"{rule.id}: {describe_bound(leaf)}")


def describe_bound(leaf: Compare | InTrial) -> str:
    """Return a comparison as it is written in the policy."""
    bound = leaf.value if leaf.bound_path is None else ".".join(leaf.bound_path)
    if isinstance(leaf, Compare):
        return f"{'.'.join(leaf.path)} {leaf.op} {bound}"
    what = "count_in_trial" if leaf.path is None else f"sum_in_trial of {'.'.join(leaf.path)}"
    return f"{what} {leaf.op} {bound}"
