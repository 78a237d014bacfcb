"""Cases of an evaluator: replies that a rule must pass or fail. Those of evaluator.yaml are in evaluator.cases.yaml.

A test fails if a case is judged differently, or if a rule has no case that it passes or none that it fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from arena.formats.strict_json import IssueList
from arena.policy.case_file import load_case_file
from arena.policy.cases import PolicyTest
from arena.policy.evaluator import Evaluator
from arena.records import Json

_CASE = ("rule", "task", "reply", "success", "reason", "facts")


@dataclass(frozen=True, slots=True)
class ReplyCase:
    """One case. `success` None: the reply must be unscored.  `reason`: if given, the reason that the verdict must
    have."""

    rule: str
    facts: Mapping[str, Json]
    reply: str
    success: bool | None
    reason: str | None


def load_reply_cases(path: Path) -> list[ReplyCase]:
    """Return the cases of a file. Errors: DataError with all mistakes."""
    return load_case_file(path, "evaluator", _CASE, _case)


def _case(value: Mapping[str, Json], pointer: str, issues: IssueList) -> ReplyCase:
    for name in ("rule", "reply"):
        if not isinstance(value.get(name), str):
            issues.add(f"{pointer}/{name}", "must be a text")
    facts, success = value.get("facts") or {}, value.get("success")
    if not isinstance(facts, Mapping):
        issues.add(f"{pointer}/facts", "must be a map")
        facts = {}
    if "success" not in value or not (success is None or isinstance(success, bool)):
        issues.add(f"{pointer}/success", "must be true, false, or null for a reply that is unscored")
    task = {"task": value["task"]} if "task" in value else {}
    return ReplyCase(
        str(value.get("rule")), {**task, **facts}, str(value.get("reply")), success, value.get("reason")
    )  # fmt: skip


def judge_cases(evaluator: Evaluator, cases: Sequence[ReplyCase]) -> PolicyTest:
    """Judge all cases and count what they try: each rule has one to pass and one to fail."""
    result = PolicyTest(len(cases))
    seen: set[tuple[str, bool | None]] = set()
    for place, case in enumerate(cases):
        if case.rule not in evaluator.rule_ids:
            result.failures.append(f"case {place + 1}: there is no rule {case.rule}")
            continue
        found = evaluator.judge(case.facts, case.reply)
        got = {"success": found.success, "rule": found.rule_id, "reason": found.reason}
        wanted = {"success": case.success} | ({} if case.success is None else {"rule": case.rule})
        wanted |= {} if case.reason is None else {"reason": case.reason}
        wrong = [f"{name} {got[name]}, not {value}" for name, value in wanted.items() if got[name] != value]
        if wrong:
            result.failures.append(f"case {place + 1} of {case.rule}: {'; '.join(wrong)}")
        else:
            seen.add((case.rule, case.success))
    for rule in evaluator.rule_ids:
        for success, word in ((True, "passes"), (False, "fails")):
            result.wanted += 1
            if (rule, success) in seen:
                result.tried += 1
            else:
                result.undecided.append(f"{rule}: no case {word}")
    return result
