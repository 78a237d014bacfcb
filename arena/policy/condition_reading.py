"""Policy file -> conditions. A map has exactly one meaning; conditions that are never true or misspelled are
refused."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping

from arena.formats.strict_json import IssueList, child
from arena.formats.suggest import suggest
from arena.policy.conditions import (
    ORDER,
    SPELLINGS,
    After,
    All,
    AnyOf,
    Compare,
    Condition,
    Constant,
    InTrial,
    Not,
    Selector,
    TextContains,
    TextMatches,
)
from arena.policy.facts import Path
from arena.policy.patterns import slow_because
from arena.records import Json

FIELD_WORDS = ("field", "op", "value", "value_from", "context", "one_of")
SINGLE_WORDS = (
    "all", "any", "not", "text_contains", "text_not_contains", "text_regex", "regex", "after", "count_in_trial",
    "sum_in_trial",
)  # fmt: skip
RESERVED = frozenset({*FIELD_WORDS, *SINGLE_WORDS})
"""Keys that are not names of fields."""

KINDS = ("model", "tool")
VERDICTS = ("allow", "warn", "deny")
NEVER = Constant(False)
"""Replaces a condition that could not be read; the file is refused anyway."""


def read_condition(value: Json, pointer: str, issues: IssueList) -> Condition:
    """Return the condition that a value of a policy file means; mistakes in it become issues."""
    if value is None or isinstance(value, bool):
        return Constant(value is not False)
    if isinstance(value, int | float):
        return Constant(value != 0)
    if isinstance(value, str):
        issues.add(pointer, f"the text {value!r} is no condition: write true, or a map such as {{field: amount, ...}}")
        return NEVER
    if isinstance(value, list):
        return All(_several(value, pointer, "a list of conditions", issues))
    return _read_map(value, pointer, issues)


def _several(value: Json, pointer: str, what: str, issues: IssueList) -> tuple[Condition, ...]:
    if not isinstance(value, list) or not value:
        problem = "is empty, so it is never true" if value == [] else "must be a list of conditions"
        issues.add(pointer, f"{what} {problem}; write the conditions, or true")
        return (NEVER,)
    return tuple(read_condition(one, f"{pointer}/{place}", issues) for place, one in enumerate(value))


def _read_map(value: Mapping[str, Json], pointer: str, issues: IssueList) -> Condition:
    if not value:
        issues.add(pointer, "an empty map says nothing: write true, or a condition")
        return NEVER
    meanings = [word for word in SINGLE_WORDS if word in value]
    if any(word in value for word in FIELD_WORDS):
        meanings.append("field")
    plain = [key for key in value if key not in RESERVED]
    if len(meanings) > 1 or (meanings and plain):
        named = ", ".join(repr(word) for word in (*meanings, *plain))
        issues.add(pointer, f"this map has several meanings ({named}): write one map each, in a list or under 'all'")
        return NEVER
    if not meanings:
        parts = [_equals(key, value[key], child(pointer, key), issues) for key in value]
        return parts[0] if len(parts) == 1 else All(tuple(parts))
    word = meanings[0]
    if word == "field":
        return _comparison(value, pointer, issues)
    return _single(word, value[word], child(pointer, word), issues)


def _single(word: str, value: Json, pointer: str, issues: IssueList) -> Condition:
    if word in ("all", "any"):
        parts = _several(value, pointer, f"{word!r}", issues)
        return All(parts) if word == "all" else AnyOf(parts)
    if word == "not":
        return Not(read_condition(value, pointer, issues))
    if word == "text_contains":
        return _text_terms(value, pointer, issues)
    if word == "text_not_contains":
        return Not(_text_terms(value, pointer, issues))
    if word == "after":
        return After(_selector(value, pointer, (), issues))
    if word in ("count_in_trial", "sum_in_trial"):
        return _in_trial(word, value, pointer, issues)
    return _pattern(value, pointer, issues)


def _equals(name: str, value: Json, pointer: str, issues: IssueList) -> Condition:
    """Read `name: value`: the fact is that value, or one of a list."""
    near = suggest(name, RESERVED)
    if near or name.startswith("text_"):
        issues.add(pointer, f"{name!r} is not a condition{near}; a fact of that name: {{field: {name}, value: ...}}")
    path = read_path(name, pointer, issues)
    if isinstance(value, list):
        _check_list(value, pointer, issues)
        return Compare(path, "in", value)
    if isinstance(value, Mapping):
        issues.add(pointer, f"a fact is compared with a value or a list, not with a map: write {name}.NAME: ...")
    return Compare(path, "==", value)


def _check_list(value: list[Json], pointer: str, issues: IssueList) -> None:
    if not value:
        issues.add(pointer, "an empty list holds nothing, so nothing is in it")
    for place, one in enumerate(value):
        if isinstance(one, list | Mapping):
            issues.add(f"{pointer}/{place}", "must be a text, a number, true, false or null")


def read_path(value: Json, pointer: str, issues: IssueList) -> Path:
    """Return a dotted path to a fact."""
    if not isinstance(value, str) or not all(value.split(".")):
        issues.add(pointer, f"must be the name of a fact (a dotted path such as args.amount), not {value!r}")
        return ("?",)
    return tuple(value.split("."))


def _comparison(value: Mapping[str, Json], pointer: str, issues: IssueList) -> Condition:
    if "field" not in value:
        near = "; a tool's name is the fact `tool`" if list(value) == ["op"] else ""
        issues.add(pointer, f"{next(iter(value))!r} needs 'field' as well{near}")
        return NEVER
    path = read_path(value["field"], child(pointer, "field"), issues)
    op = _operator(value.get("op", "=="), child(pointer, "op"), issues)
    given = [word for word in ("value", "value_from", "context", "one_of") if word in value]
    if len(given) > 1:
        issues.add(pointer, f"{' and '.join(given)} contradict each other: give one of them")
        return NEVER
    if op == "exists":
        if given and (given != ["value"] or not isinstance(value["value"], bool)):
            issues.add(pointer, "'exists' takes no value, or true or false")
        return Compare(path, op, value.get("value", True))
    if not given:
        issues.add(pointer, f"{op!r} needs something to compare with: value, value_from or one_of")
        return NEVER
    word = given[0]
    if word in ("value_from", "context"):
        return Compare(path, op, None, read_path(value[word], child(pointer, word), issues))
    _check_bound(op, word, value[word], child(pointer, word), issues)
    return Compare(path, op, value[word])


def _check_bound(op: str, word: str, bound: Json, pointer: str, issues: IssueList) -> None:
    """Report mistakes in a bound of the file."""
    if op in ORDER:
        if not is_number(bound):
            issues.add(pointer, f"{op!r} needs a number as bound, not {bound!r}")
    elif op in ("in", "not_in"):
        if not isinstance(bound, list):
            issues.add(pointer, f"{op!r} needs a list")
        else:
            _check_list(bound, pointer, issues)
    elif word == "one_of":
        issues.add(pointer, "'one_of' belongs to the operators in and not_in")
    elif op == "contains":
        terms = bound if isinstance(bound, list) else [bound]
        if not terms or any(one in ("", None) or isinstance(one, list | Mapping) for one in terms):
            issues.add(pointer, "'contains' needs a text, or a list of texts, none of them empty")
    elif isinstance(bound, list | Mapping):
        issues.add(pointer, f"{op!r} compares with one value: for several write op: in with a list")


def _operator(value: Json, pointer: str, issues: IssueList) -> str:
    found = SPELLINGS.get(value) if isinstance(value, str) else None
    if found is None:
        known = ", ".join(SPELLINGS)
        issues.add(pointer, f"unknown operator {value!r}{suggest(str(value), SPELLINGS)}; there are: {known}")
        return "=="
    return found


def is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _terms(value: Json, pointer: str, issues: IssueList) -> tuple[str, ...]:
    terms = value if isinstance(value, list) else [value]
    if not terms:
        issues.add(pointer, "an empty list of terms says nothing")
    for place, term in enumerate(terms):
        if not isinstance(term, str) or not term:
            where = f"{pointer}/{place}" if isinstance(value, list) else pointer
            issues.add(where, f"must be a text that is not empty, not {term!r} (put numbers in quotes)")
    return tuple(term.lower() for term in terms if isinstance(term, str))


def _text_terms(value: Json, pointer: str, issues: IssueList) -> TextContains:
    if not isinstance(value, Mapping):
        return TextContains(any_of=_terms(value, pointer, issues))
    parts: dict[str, tuple[str, ...]] = {}
    for word, terms in value.items():
        if word not in ("any", "all", "none"):
            near = suggest(word, ("any", "all", "none"))
            issues.add(child(pointer, word), f"unknown key {word!r}{near}; there are: any, all, none")
        else:
            parts[word] = _terms(terms, child(pointer, word), issues)
    if not value:
        issues.add(pointer, "an empty map says nothing: name terms under any, all or none")
    return TextContains(parts.get("any", ()), parts.get("all", ()), parts.get("none", ()))


def _pattern(value: Json, pointer: str, issues: IssueList) -> Condition:
    pattern = compiled(value, pointer, issues)
    return NEVER if pattern is None else TextMatches(pattern)


def compiled(value: Json, pointer: str, issues: IssueList) -> re.Pattern[str] | None:
    """Return a regular expression that ignores case; None, with an issue, for an invalid one or one that may take too
    long."""
    if not isinstance(value, str) or not value:
        issues.add(pointer, f"must be a regular expression, not {value!r}")
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)
            pattern = re.compile(value, re.IGNORECASE)
            slow = slow_because(value)
    except FutureWarning as warning:
        issues.add(pointer, f"may mean something else in a later Python: {warning}; write a backslash before the sign")
        return None
    except (re.error, OverflowError, RecursionError) as error:
        issues.add(pointer, f"is not a regular expression: {error}")
        return None
    if slow:
        issues.add(pointer, f"may take too long on a text made for it: {slow}")
        return None
    return pattern


def _selector(value: Json, pointer: str, more: tuple[str, ...], issues: IssueList) -> Selector:
    """Read a selector of calls; `more`: further keys that the caller reads."""
    known = ("tool", "kind", "seat", "verdict")
    if not isinstance(value, Mapping) or not any(name in value for name in known):
        issues.add(pointer, f"must be a map that says which calls are meant: {', '.join(known)}")
        return Selector()
    for name in value:
        if name not in known and name not in more:
            there = ", ".join((*known, *more))
            issues.add(child(pointer, name), f"unknown key {name!r}{suggest(name, known)}; there are: {there}")
    tools = None
    if "tool" in value:
        tools = tuple(one for one in _list(value["tool"]) if isinstance(one, str))
        if not tools or len(tools) != len(_list(value["tool"])):
            issues.add(child(pointer, "tool"), "must be the name of a tool, or a list of names")
    for name, words in (("kind", KINDS), ("verdict", VERDICTS)):
        if name in value and value[name] not in words:
            issues.add(child(pointer, name), f"must be one of {', '.join(words)}, not {value[name]!r}")
    if not isinstance(value.get("seat", ""), str):
        issues.add(child(pointer, "seat"), "must be the name of a seat")
    return Selector(tools, value.get("kind"), value.get("seat"), value.get("verdict"))


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _in_trial(word: str, value: Json, pointer: str, issues: IssueList) -> Condition:
    sums = word == "sum_in_trial"
    more = ("op", "value", "value_from", *(["field"] if sums else []))
    selector = _selector(value, pointer, more, issues)
    if not isinstance(value, Mapping):
        return NEVER
    op = _operator(value.get("op", ">="), child(pointer, "op"), issues)
    if op not in ORDER:
        issues.add(child(pointer, "op"), f"must be one of {', '.join(ORDER)}")
        op = ">="
    path: Path | None = None
    if sums:
        path = read_path(value.get("field"), child(pointer, "field"), issues)
        if path[0] == "args":
            path = path[1:] or ("?",)
    if ("value" in value) is ("value_from" in value):
        issues.add(pointer, "needs either value or value_from, the bound")
        return NEVER
    if "value_from" in value:
        bound_path = read_path(value["value_from"], child(pointer, "value_from"), issues)
        return InTrial(selector, op, 0, path, bound_path)
    if not is_number(value["value"]):
        issues.add(child(pointer, "value"), f"{op!r} needs a number as bound, not {value['value']!r}")
        return NEVER
    return InTrial(selector, op, value["value"], path)
