"""The denials and warnings of a run's policy, as SARIF 2.1.0 for code scanning (OASIS, sarif-v2.1.0-os).

A result is located at the line of its rule in the gates file, with the trial as its logical location. It contains no
text of players: a matched text may be a secret. Its fingerprint is made of rule and call, so a moved rule or another
run of the same plan gives the same alert, and two calls never share one.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from arena import __version__
from arena.analysis.verify.policy import policy_of_run
from arena.errors import UsageError
from arena.formats.tables import printable
from arena.policy.rules import DEFAULT_RULE, Policy, Rule
from arena.records import GateDecision, Json, Record
from arena.store.finished_run import FinishedRun
from arena.store.journal import encode_line
from arena.store.rundir import pretty_json, write_output

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS = 5000
"""Results that code scanning shows of one upload; further ones are counted."""

FINGERPRINT = "arenaGateFinding/v1"
SHOWN_BY_PLATFORM = "primaryLocationLineHash"
"""The fingerprint that code scanning compares; without it, code scanning makes one from the text of the line."""

LEVELS: Mapping[str, str] = {"deny": "error", "warn": "warning"}
_CATALOGUES: Mapping[str, str] = {"owasp": "external/owasp", "atlas": "external/atlas"}


def export(run: FinishedRun, out: Path, source: str | None = None) -> tuple[int, int]:
    """Write the findings and return how many are in the file, and how many were left out.

    `source`: path of the gates file in the repository; None: the path in the run's settings.
    Errors: UsageError for a run without a policy, and for a `source` outside the repository; DataError for damage.
    """
    if "sha256" not in run.manifest.identity.policy:
        raise UsageError(f"{run.path}: the run had no policy, so there are no findings; play one with --gates FILE")
    policy = policy_of_run(run).policy
    where = source_path(source or str(run.manifest.identity.settings.get("gates") or policy.name))
    results, left_out = _results(run, policy, where)
    write_output(out, pretty_json(log(run, policy, results, left_out)))
    return len(results), left_out


def source_path(text: str) -> str:
    """Return a path within the repository as a relative URI. Errors: UsageError for another one."""
    path = PurePosixPath(text.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or not path.parts or ":" in path.parts[0]:
        raise UsageError(f"--source: must be the path of the gates file from the top of the repository, not {text!r}")
    return "/".join(re.sub(r"[^A-Za-z0-9._~-]", _escaped, part) for part in path.parts)


def _escaped(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))


def log(run: FinishedRun, policy: Policy, results: list[Json], left_out: int) -> dict[str, Json]:
    """Return the whole SARIF log."""
    identity = run.manifest.identity
    notes: list[Json] = []
    if left_out:
        text = f"{left_out} further findings are not in this file, whose limit is {MOST_RESULTS}."
        notes.append({"level": "note", "message": {"text": text}})
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "arena gates",
                        "semanticVersion": __version__,
                        "rules": [_rule(rule) for rule in _rules(policy)],
                    }
                },
                "automationDetails": {"id": f"arena-gates/{identity.family}/"},
                "columnKind": "unicodeCodePoints",
                "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
                "results": results,
                "properties": {
                    "policy": policy.name,
                    "policySha256": policy.digest,
                    "enforced": not policy.shadow,
                    "findings": len(results) + left_out,
                    "leftOut": left_out,
                },
            }
        ],
    }


def _rules(policy: Policy) -> list[Rule | None]:
    """Return the rules of a policy in their order; None means its default."""
    return [*policy.all_rules(), None]


def _rule(rule: Rule | None) -> Json:
    if rule is None:
        text = "No rule decided; the default mode of the policy did."
        return {"id": DEFAULT_RULE, "shortDescription": {"text": text}}
    tags = [f"{_CATALOGUES[name]}/{entry}" for name, entries in rule.labels.items() for entry in entries]
    deny = any(action.verdict == "deny" for action in rule.actions)
    messages = [action.message for action in rule.actions if action.message]
    return {
        "id": rule.id,
        "shortDescription": {"text": _plain(messages[0]) if messages else f"Rule {rule.id} of the policy."},
        "defaultConfiguration": {"level": LEVELS["deny" if deny else "warn"]},
        **({"properties": {"tags": tags[:10]}} if tags else {}),
    }


def _results(run: FinishedRun, policy: Policy, where: str) -> tuple[list[Json], int]:
    """Return the results in the order of the records, and how many were left out; denials go before warnings."""
    order = {DEFAULT_RULE if rule is None else rule.id: place for place, rule in enumerate(_rules(policy))}
    lines = {rule.id: max(rule.line, 1) for rule in policy.all_rules()}
    kept: dict[str, list[Json]] = {verdict: [] for verdict in LEVELS}
    total = 0
    for record in run.records:
        seen: Counter[str] = Counter()
        for one in record.gates:
            if one.decision not in LEVELS:
                continue
            total += 1
            first = fingerprint(record.key, one, 0)
            mark = first if first not in seen else fingerprint(record.key, one, seen[first])
            seen[first] += 1
            if len(kept[one.decision]) < MOST_RESULTS:
                rule = order.get(one.rule_id), lines.get(one.rule_id, 1)
                kept[one.decision].append(_result(record, one, rule, where, mark))
    results = [found for verdict in LEVELS for found in kept[verdict]][:MOST_RESULTS]
    return results, total - len(results)


def _result(record: Record, one: GateDecision, rule: tuple[int | None, int], where: str, mark: str) -> Json:
    """Return one result. `rule`: the place of its rule among all, and its line."""
    place, line = rule
    return {
        "ruleId": one.rule_id,
        **({} if place is None else {"ruleIndex": place}),
        "level": LEVELS[one.decision],
        "message": {"text": _message(record, one)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": where, "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": line},
                },
                "logicalLocations": [{"fullyQualifiedName": printable(record.key), "kind": "resource"}],
            }
        ],
        "partialFingerprints": {FINGERPRINT: mark, SHOWN_BY_PLATFORM: f"{mark[:16]}:1"},
        "properties": {
            "reasonCode": one.reason_code,
            "phase": one.phase,
            "kind": one.kind,
            "turn": one.turn,
            "step": one.step,
            "enforced": one.enforced,
            **{name: printable(value) for name, value in record.trial.cell.items()},
        },
    }


def fingerprint(key: str, one: GateDecision, number: int) -> str:
    """Return 32 hex digits that stay the same for the same rule and call, wherever the rule is in its file.

    `number`: of calls of one tool in one message that a rule decides alike, which one.
    """
    what = [key, one.rule_id, one.decision, one.phase, one.kind, one.seat, one.turn, one.step, one.op, number]
    return hashlib.sha256(b"arena-gate-finding/1\0" + encode_line(what)).hexdigest()[:32]


def _message(record: Record, one: GateDecision) -> str:
    verb = "denied" if one.decision == "deny" else "warned of"
    call = f"a call of the tool {one.op}" if one.op else "a model call"
    when = "before it was made" if one.phase == "before" else "by its answer"
    numbers = _numbers(one)
    shadow = "" if one.enforced else " Shadow mode: the call went on."
    text = f"{one.rule_id} {verb} {call} {when} ({one.reason_code}) in {record.key}, turn {one.turn}{numbers}."
    return _plain(text) + shadow


def _numbers(one: GateDecision) -> str:
    """Return observed value and bound if both are numbers; texts are left out."""
    both = (one.observed, one.bound)
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in both):
        return f": {both[0]:g} against a bound of {both[1]:g}"
    return ""


def _plain(text: str) -> str:
    """Return a text that the format reads literally: brackets would be links."""
    return re.sub(r"([\\\[\]{}])", r"\\\1", printable(" ".join(text.split())))
