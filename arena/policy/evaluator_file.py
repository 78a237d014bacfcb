"""Evaluator file -> Evaluator. Unknown keys and invalid regular expressions are errors, each with its place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from arena.errors import DataError, Issue
from arena.formats import simpleyaml
from arena.formats.bounded import read_file, with_newlines
from arena.formats.strict_json import IssueList, child
from arena.policy.condition_reading import compiled, is_number
from arena.policy.evaluator import AmountRule, Evaluator, EvaluatorRule, plain_value
from arena.policy.gates_file import check_keys
from arena.policy.money import CODES
from arena.records import Json
from arena.store.journal import encode_line

_TOP = ("version", "rules", "description")
_RULE = ("id", "applies_if", "success_if", "description", "owasp", "atlas")
_SUCCESS = ("contains_any", "forbids_any", "denies_if_amount_gt")
_AMOUNT = ("limit", "currency", "limit_reason", "approval_threshold", "approval_terms", "approval_reason")


def load_evaluator(path: Path) -> Evaluator:
    """Return the rules of a file. Errors: DataError with all mistakes; each names --evaluator."""
    text = evaluator_text(path)
    try:
        return read_evaluator(text, str(path))
    except DataError as error:
        hint = Issue(str(path), "", "these rules cannot be used; correct them, or name others with --evaluator FILE")
        raise DataError([*error.issues, hint]) from error


def evaluator_text(path: Path) -> str:
    """Return the text of an evaluator file; its lines end in a newline. Errors: DataError that names --evaluator."""
    hint = "; name the rules with --evaluator FILE"
    data = read_file(path, simpleyaml.MAX_BYTES, hint)
    try:
        return with_newlines(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DataError([Issue(str(path), "", f"is not UTF-8{hint}")]) from error


def read_evaluator(text: str, file: str) -> Evaluator:
    """Return the rules in a text. Errors: DataError."""
    value, issues = simpleyaml.loads(text, file), IssueList(file)
    if not isinstance(value, Mapping):
        issues.add("", "must be a map with version and rules")
        issues.raise_if_any()
        value = {}
    check_keys(value, _TOP, "", issues)
    version = value.get("version")
    if isinstance(version, bool) or not isinstance(version, int | str):
        issues.add("/version", f"must be the version of the rules, a number or a text, not {version!r}")
    evaluator = _rules(value, issues, file, str(version))
    issues.raise_if_any()
    return evaluator


def _rules(value: Mapping[str, Json], issues: IssueList, file: str, version: str) -> Evaluator:
    listed = value.get("rules")
    if not isinstance(listed, list) or not listed:
        issues.add("/rules", "must be a list of rules, at least one")
        listed = []
    rules = tuple(_rule(one, f"/rules/{place}", issues) for place, one in enumerate(listed))
    seen: set[str] = set()
    for place, rule in enumerate(rules):
        if rule.id in seen:
            issues.add(f"/rules/{place}/id", f"{rule.id!r} is the id of another rule already")
        seen.add(rule.id)
    digest = hashlib.sha256(b"arena-evaluator/1\0" + encode_line(value)).hexdigest()
    return Evaluator(rules, version, digest, Path(file).name)


def _rule(value: Json, pointer: str, issues: IssueList) -> EvaluatorRule:
    if not isinstance(value, Mapping):
        issues.add(pointer, "must be a map with id, applies_if and success_if")
        return EvaluatorRule("?", {})
    check_keys(value, _RULE, pointer, issues)
    name = value.get("id")
    if not isinstance(name, str) or not name:
        issues.add(f"{pointer}/id", f"every rule needs an id, not {name!r}")
        name = "?"
    success = value.get("success_if")
    if not isinstance(success, Mapping) or not success:
        issues.add(f"{pointer}/success_if", f"must say what success is: {', '.join(_SUCCESS)}")
        success = {}
    check_keys(success, _SUCCESS, f"{pointer}/success_if", issues)
    return EvaluatorRule(
        name,
        _applies(value.get("applies_if"), f"{pointer}/applies_if", issues),
        _patterns(success, "contains_any", f"{pointer}/success_if", issues),
        _patterns(success, "forbids_any", f"{pointer}/success_if", issues),
        _amount(success.get("denies_if_amount_gt"), f"{pointer}/success_if/denies_if_amount_gt", issues),
    )


def _applies(value: Json, pointer: str, issues: IssueList) -> dict[str, tuple[str, ...]]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        issues.add(pointer, "must be a map of fields and the values that they must have")
        return {}
    found = {}
    for name, wanted in value.items():
        values = wanted if isinstance(wanted, list) else [wanted]
        if not values or any(one is None or isinstance(one, list | Mapping) for one in values):
            issues.add(child(pointer, name), "must be a value, or a list of values that is not empty")
        found[name] = tuple(plain_value(one) for one in values)
    return found


def _patterns(success: Mapping[str, Any], key: str, pointer: str, issues: IssueList) -> tuple[re.Pattern[str], ...]:
    if key not in success:
        return ()
    listed, where = success[key], child(pointer, key)
    if not isinstance(listed, list) or not listed:
        issues.add(where, "must be a list of regular expressions that is not empty")
        return ()
    read = (compiled(one, f"{where}/{place}", issues) for place, one in enumerate(listed))
    return tuple(pattern for pattern in read if pattern is not None)


def _amount(value: Json, pointer: str, issues: IssueList) -> AmountRule | None:
    if value is None:
        return None
    if is_number(value):
        return AmountRule(value)
    if not isinstance(value, Mapping):
        issues.add(pointer, f"must be a number, or a map with {', '.join(_AMOUNT)}")
        return None
    check_keys(value, _AMOUNT, pointer, issues)
    for name in ("limit", "approval_threshold"):
        if (name in value or name == "limit") and not is_number(value.get(name)):
            issues.add(child(pointer, name), f"must be a number, not {value.get(name)!r}")
    for name in ("limit_reason", "approval_reason"):
        if name in value and (not isinstance(value[name], str) or not value[name]):
            issues.add(child(pointer, name), "must be a text that is not empty")
    currency = value.get("currency")
    if currency is not None and currency not in CODES:
        issues.add(child(pointer, "currency"), f"unknown currency {currency!r}; there are: {', '.join(CODES)}")
    terms = _terms(value, pointer, issues)
    if "approval_threshold" in value and not terms:
        issues.add(child(pointer, "approval_terms"), "a threshold needs the terms that show an approval")
    reasons = {name: value[name] for name in ("limit_reason", "approval_reason") if isinstance(value.get(name), str)}
    limit = value["limit"] if is_number(value.get("limit")) else 0
    threshold = value["approval_threshold"] if is_number(value.get("approval_threshold")) else None
    return AmountRule(limit, currency, threshold=threshold, terms=terms, **reasons)


def _terms(value: Mapping[str, Any], pointer: str, issues: IssueList) -> tuple[re.Pattern[str], ...]:
    listed, where = value.get("approval_terms"), child(pointer, "approval_terms")
    if listed is None:
        return ()
    if not isinstance(listed, list) or not all(isinstance(one, str) and one for one in listed):
        issues.add(where, "must be a list of words")
        return ()
    read = (compiled(rf"(?<!\w)(?:{one})", f"{where}/{place}", issues) for place, one in enumerate(listed))
    return tuple(pattern for pattern in read if pattern is not None)
