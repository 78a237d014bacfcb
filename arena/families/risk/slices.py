"""Slices: a business with its rules, its store, and the cases that are played in it. A file each in config/risk/.

A case is one text with a gap, `{part}`, and two fillings: a harmful and a benign one. So the benign twin of an attack
differs only in the harmful part. The gap is in the request, or in the answer of a tool (a mail, a note).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from arena.errors import DataError
from arena.families.risk.attacks.attack import IN_REQUEST, IN_STORE
from arena.families.risk.attacks.table import ATTACKS
from arena.families.risk.checkers.table import CHECKERS, Goals
from arena.families.risk.tools import SHELVES, TOOLS
from arena.formats import simpleyaml
from arena.formats.strict_json import IssueList, child
from arena.formats.suggest import suggest
from arena.policy.gates_file import check_keys
from arena.records import Json

FORMAT = 1
GAP = "{part}"
EXPERIMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""Names of experiments, which are those of folders in the results."""

TAGS = ("benign", "sensitive", "prohibited")
"""Policy tags: whether real models may be asked (routing.py)."""

_TOP = (
    "format", "id", "title", "experiment", "policy", "task", "house", "instructions", "tools", "attacks", "facts",
    "goal", "store", "cases",
)  # fmt: skip
_CASE = ("id", "persona", "request", "harmful", "benign", "store", "facts", "goal", "task", "done")
_EXPECTED = ("tool", "args", "says")


@dataclass(frozen=True, slots=True)
class Expected:
    """A required deed: a call of a tool with these arguments, or a text in a reply to the user."""

    tool: str | None = None
    args: Mapping[str, Json] = field(default_factory=dict)
    says: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `harmful` None: a benign case without a twin.

    `task`: the deeds required in either twin; `done`: those that the benign part also requires.  `goal`: the goal of
    the attack.  `facts`: for gates and evaluator, in either twin.
    """

    id: str
    request: str
    benign: str
    harmful: str | None = None
    persona: str = "customer"
    store: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    facts: Mapping[str, Json] = field(default_factory=dict)
    goal: Goals = field(default_factory=dict)
    task: tuple[Expected, ...] = ()
    done: tuple[Expected, ...] = ()

    @property
    def carrier(self) -> str:
        """The places of the gap."""
        return IN_REQUEST if GAP in self.request else IN_STORE


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice. `house`: the domain of the business, whose mail addresses are inside."""

    id: str
    title: str
    experiment: str
    policy: str
    task: str
    house: str
    instructions: str
    tools: tuple[str, ...]
    attacks: tuple[str, ...]
    facts: Mapping[str, Json]
    store: Mapping[str, Mapping[str, Json]]
    cases: tuple[Case, ...]

    def case(self, name: str) -> Case:
        return next(case for case in self.cases if case.id == name)


def load_slice(path: Path) -> Slice:
    """Return the slice of a file. Errors: DataError with all mistakes, each with its pointer."""
    return read_slice(simpleyaml.load(path), str(path))


def read_slice(value: Json, file: str) -> Slice:
    """Return the slice that a value means; `file` names it in errors (DataError)."""
    issues = IssueList(file)
    if not isinstance(value, Mapping):
        issues.add("", "must be a map: a slice")
        raise DataError(issues.issues)
    found = _Reader(value, issues).slice()
    issues.raise_if_any()
    return found


class _Reader:
    def __init__(self, top: Mapping[str, Json], issues: IssueList) -> None:
        self.top, self.issues = top, issues
        self.tools: tuple[str, ...] = ()
        self.attacks: tuple[str, ...] = ()

    def slice(self) -> Slice:
        top = self.top
        check_keys(top, _TOP, "", self.issues)
        if top.get("format") != FORMAT or isinstance(top.get("format"), bool):
            self.issues.add("/format", f"must be {FORMAT}, not {top.get('format')!r}")
        self.tools = self.names("tools", TOOLS)
        self.attacks = self.names("attacks", ATTACKS, may_be_empty=True)
        policy = self.text(top, "policy", "")
        if policy not in TAGS:
            near = suggest(policy, TAGS)
            self.issues.add("/policy", f"unknown tag {policy!r}{near}; there are: {', '.join(TAGS)}")
        experiment = self.text(top, "experiment", "")
        if experiment and (not EXPERIMENT.fullmatch(experiment) or experiment == "inputs"):
            self.issues.add("/experiment", f"names a folder: letters, digits, _ . - after a letter or digit, not "
                            f"{experiment!r}")  # fmt: skip
        store = self.store(top, "")
        return Slice(
            self.text(top, "id", ""), self.text(top, "title", ""), experiment, policy,
            self.text(top, "task", ""), self.text(top, "house", ""), self.text(top, "instructions", ""),
            self.tools, self.attacks, self.map(top, "facts", ""), store, self.cases(store),
        )  # fmt: skip

    def text(self, value: Mapping[str, Json], key: str, pointer: str, default: str | None = None) -> str:
        found = value.get(key, default)
        if not isinstance(found, str) or not found.strip():
            self.issues.add(child(pointer, key), f"must be a text, not {found!r}")
            return ""
        return found

    def map(self, value: Mapping[str, Json], key: str, pointer: str) -> Mapping[str, Json]:
        found = value.get(key)
        if found is None:
            return {}
        if not isinstance(found, Mapping):
            self.issues.add(child(pointer, key), "must be a map")
            return {}
        return found

    def names(self, key: str, known: Mapping[str, object], may_be_empty: bool = False) -> tuple[str, ...]:
        listed = self.top.get(key)
        if not isinstance(listed, list) or not (listed or may_be_empty):
            self.issues.add(f"/{key}", f"must be a list; there are: {', '.join(known)}")
            return ()
        for place, name in enumerate(listed):
            if name not in known:
                self.issues.add(f"/{key}/{place}", f"unknown {name!r}{suggest(str(name), known)}; there are: "
                                f"{', '.join(known)}")  # fmt: skip
        return tuple(name for name in listed if name in known)

    def store(self, value: Mapping[str, Json], pointer: str) -> Mapping[str, Mapping[str, Json]]:
        found = self.map(value, "store", pointer)
        where = child(pointer, "store")
        check_keys(found, SHELVES, where, self.issues)
        for shelf, content in found.items():
            if not isinstance(content, Mapping):
                self.issues.add(child(where, shelf), "must be a map of names and values")
                continue
            for name, one in content.items():
                if shelf in ("orders", "customers", "mail", "documents") and not isinstance(one, Mapping):
                    self.issues.add(child(child(where, shelf), name), "must be a map")
                if shelf == "mail" and isinstance(one, Mapping) and not {"from", "subject"} <= one.keys():
                    self.issues.add(child(child(where, shelf), name), "a mail has from and subject")
        return {shelf: content for shelf, content in found.items() if isinstance(content, Mapping)}

    def cases(self, store: Mapping[str, Mapping[str, Json]]) -> tuple[Case, ...]:
        listed = self.top.get("cases")
        if not isinstance(listed, list) or not listed:
            self.issues.add("/cases", "must be a list of cases, at least one")
            return ()
        cases = tuple(self.case(one, f"/cases/{place}", store) for place, one in enumerate(listed))
        seen: set[str] = set()
        for place, case in enumerate(cases):
            if case.id in seen:
                self.issues.add(f"/cases/{place}/id", f"{case.id!r} is the id of another case already")
            seen.add(case.id)
        return cases

    def case(self, value: Json, pointer: str, store: Mapping[str, Mapping[str, Json]]) -> Case:
        if not isinstance(value, Mapping):
            self.issues.add(pointer, f"must be a map with {', '.join(_CASE)}")
            return Case("?", "", "")
        check_keys(value, _CASE, pointer, self.issues)
        harmful = None if "harmful" not in value else self.text(value, "harmful", pointer)
        case = Case(
            self.text(value, "id", pointer),
            self.text(value, "request", pointer),
            self.text(value, "benign", pointer),
            harmful,
            self.text(value, "persona", pointer, "customer"),
            self.store(value, pointer),
            self.map(value, "facts", pointer),
            self.goal(value, pointer),
            self.expected(value, "task", pointer),
            self.expected(value, "done", pointer),
        )
        self.check_case(case, pointer, store)
        return case

    def check_case(self, case: Case, pointer: str, store: Mapping[str, Mapping[str, Json]]) -> None:
        """Report contradictions within one case."""
        gaps = case.request.count(GAP) + json.dumps(case.store, ensure_ascii=False).count(GAP)
        if gaps != 1:
            self.issues.add(pointer, f"{GAP} must appear once, in the request or the case's store, not {gaps} times")
        if not case.task and not case.done:
            self.issues.add(pointer, "requires nothing: give task or done")
        if case.harmful is None:
            if case.goal:
                self.issues.add(child(pointer, "harmful"), "a goal needs the harmful part that is after it")
            return
        if case.harmful == case.benign:
            self.issues.add(child(pointer, "benign"), "is the harmful part itself")
        if not case.goal:
            self.issues.add(child(pointer, "goal"), "a harmful part needs a goal that a checker can find")
        if not self.attacks:
            self.issues.add("/attacks", f"the case {case.id!r} has a harmful part, and no attack presents it")
        for name in self.attacks:
            if case.carrier not in ATTACKS[name].carriers:
                message = f"{case.id!r} has its gap in the {case.carrier}, where the attack {name!r} cannot be placed"
                self.issues.add("/attacks", message)
        self.check_goal(case, pointer, store)

    def check_goal(self, case: Case, pointer: str, store: Mapping[str, Mapping[str, Json]]) -> None:
        """Report goals that no play could reach, and limits that a checker needs and the slice does not give."""
        there = json.dumps([store, case.store], ensure_ascii=False) + str(self.top.get("instructions"))
        for name, goal in case.goal.items():
            where = child(child(pointer, "goal"), name)
            for place, secret in enumerate(goal.get("secrets", ())):
                if not isinstance(secret, str) or len(secret) < 4 or secret not in there:
                    self.issues.add(f"{where}/secrets/{place}", "must be a text of 4 characters or more that is there")
            if "tool" in goal and goal["tool"] not in self.tools:
                self.issues.add(f"{where}/tool", f"{goal['tool']!r} is not a tool of this slice")
            if name in ("over_limit", "promised"):
                limits = self.map(self.top, "facts", "").get("policy")
                for limit in ("max_without_approval", "hard_limit"):
                    if not isinstance(limits, Mapping) or not isinstance(limits.get(limit), int | float):
                        self.issues.add(f"/facts/policy/{limit}", f"must be a number: the checker {name} needs it")

    def goal(self, value: Mapping[str, Json], pointer: str) -> Goals:
        own, of_all = self.map(value, "goal", pointer), self.map(self.top, "goal", "")
        found: dict[str, Mapping[str, Json]] = {}
        for where, goals in (("/goal", of_all), (child(pointer, "goal"), own)):
            if where == "/goal" and "harmful" not in value:
                continue
            for name, goal in goals.items():
                checker = CHECKERS.get(name)
                if checker is None:
                    there = ", ".join(CHECKERS)
                    message = f"unknown checker {name!r}{suggest(name, CHECKERS)}; there are: {there}"
                    self.issues.add(child(where, name), message)
                    continue
                if not isinstance(goal, Mapping):
                    self.issues.add(child(where, name), "must be a map")
                    continue
                check_keys(goal, checker.needs, child(where, name), self.issues)
                for need, kind in checker.needs.items():
                    if not isinstance(goal.get(need), kind):
                        self.issues.add(child(child(where, name), need), "is missing or of another type")
                found[name] = goal
        return found

    def expected(self, value: Mapping[str, Json], key: str, pointer: str) -> tuple[Expected, ...]:
        listed, where = value.get(key) or [], child(pointer, key)
        if not isinstance(listed, list):
            self.issues.add(where, "must be a list of calls and texts")
            return ()
        return tuple(self.one_expected(one, f"{where}/{place}") for place, one in enumerate(listed))

    def one_expected(self, value: Json, pointer: str) -> Expected:
        if not isinstance(value, Mapping) or ("tool" in value) is ("says" in value):
            self.issues.add(pointer, "must have either tool (and args) or says")
            return Expected()
        check_keys(value, _EXPECTED, pointer, self.issues)
        if "says" in value:
            return Expected(says=self.text(value, "says", pointer))
        tool, args = value["tool"], self.map(value, "args", pointer)
        if tool not in self.tools:
            self.issues.add(child(pointer, "tool"), f"{tool!r} is not a tool of this slice: {', '.join(self.tools)}")
        else:
            known = {name: kind for name, kind in TOOLS[tool].args.items() if name in args}
            problem = next((f"{tool} has no argument {name}" for name in args if name not in known), "")
            if problem:
                self.issues.add(child(pointer, "args"), problem)
        return Expected(str(tool), args)
