"""The texts that `arena policy` prints."""

from __future__ import annotations

from collections.abc import Sequence

from arena.formats.tables import join_lines, printable, text_table
from arena.policy.again import Flip, PolicyDiff
from arena.policy.cases import PolicyTest
from arena.policy.lint import PolicyFinding
from arena.records import Json

SHOWN_FLIPS = 20
"""Flips that are listed in a text; --json lists MOST_FLIPS."""

MOST_FLIPS = 5000


def test_text(name: str, rules: int, result: PolicyTest) -> str:
    """Return a line for each failure and gap, then the verdict."""
    lines = [f"FAIL      {line}" for line in result.failures]
    lines += [f"UNTRIED   {line}: no case decides it" for line in result.undecided]
    lines += [f"ONE SIDE  {line}: tried on one side only" for line in result.one_sided]
    verdict = "OK" if result.passes else "FAIL"
    lines.append(
        f"{verdict}: {name}: {_n(rules, 'rule')}, {_n(result.cases, 'case')}, {len(result.failures)} decided otherwise,"
        f" coverage {result.coverage:.1%}"
    )
    return join_lines(lines)


test_text.__test__ = False  # type: ignore[attr-defined]  # the name is the command's; it is no test of ours


def test_json(name: str, rules: int, result: PolicyTest) -> dict[str, Json]:
    """Return the result as --json prints it."""
    return {
        "policy": name,
        "passes": result.passes,
        "rules": rules,
        "cases": result.cases,
        "failures": result.failures,
        "untried": result.undecided,
        "one_sided": result.one_sided,
        "coverage": round(result.coverage, 6),
    }


test_json.__test__ = False  # type: ignore[attr-defined]


def lint_text(name: str, rules: int, findings: Sequence[PolicyFinding]) -> str:
    """Return each finding with the facts that show it, then the count."""
    lines = []
    for one in findings:
        lines.append(f"{name}:{one.line or 1}: {one.kind.replace('_', ' ')}: {one.message}")
        if one.example:
            lines.append("    for example " + ", ".join(f"{key}: {value}" for key, value in one.example.items()))
    return join_lines([*lines, f"{name}: {_n(rules, 'rule')}, {_n(len(findings), 'finding')}"])


def diff_text(found: PolicyDiff, labels: Sequence[str]) -> str:
    """Return the flips by each label that the trials have, the first of them one by one, then the count."""
    lines: list[str] = []
    for label in labels:
        changes = found.by(label)
        rows = [[value or "-", change, str(n)] for value, group in changes.items() for change, n in group.items()]
        if rows and any(flip.cell.get(label) is not None for flip in found.flips):
            lines += [text_table([label, "flip", "decisions"], rows, frozenset({2})), ""]
    for flip in found.flips[:SHOWN_FLIPS]:
        lines.append(_flip_line(flip))
    if len(found.flips) > SHOWN_FLIPS:
        lines.append(f"... and {len(found.flips) - SHOWN_FLIPS} more; --json lists them")
    lines.append(f"{found.compared} recorded decisions made again by both policies, {len(found.flips)} flip")
    return join_lines(lines)


def _flip_line(flip: Flip) -> str:
    facts, old, new = flip.facts, flip.old, flip.new
    what = f"tool {facts.op}" if facts.op else facts.kind
    return printable(
        f"{flip.trial}: {facts.phase} {what}, turn {facts.turn}: {old.effective} ({old.rule_id}) ->"
        f" {new.effective} ({new.rule_id})"
    )


def labels_of(found: PolicyDiff) -> list[str]:
    """Return the labels of the trials whose decisions flip, in their order."""
    return list(dict.fromkeys(label for flip in found.flips for label in flip.cell))


def diff_json(found: PolicyDiff) -> dict[str, Json]:
    """Return the result as --json prints it; at most MOST_FLIPS flips are listed."""
    flips = [
        {
            "trial": flip.trial,
            "cell": dict(flip.cell),
            "phase": flip.facts.phase,
            "kind": flip.facts.kind,
            "op": flip.facts.op,
            "seat": flip.facts.seat,
            "turn": flip.facts.turn,
            "step": flip.facts.step,
            "old": {"verdict": flip.old.effective, "rule_id": flip.old.rule_id, "reason_code": flip.old.reason_code},
            "new": {"verdict": flip.new.effective, "rule_id": flip.new.rule_id, "reason_code": flip.new.reason_code},
        }
        for flip in found.flips[:MOST_FLIPS]
    ]
    return {
        "compared": found.compared,
        "flips": len(found.flips),
        "by": {label: found.by(label) for label in labels_of(found)},
        "listed": flips,
        "not_listed": max(0, len(found.flips) - MOST_FLIPS),
    }


def _n(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
