"""An index of the rules that can decide about a call, by the tool and the task that they require.

Most rules name a tool or a task. Leaving the others out early changes no decision and saves most of the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from arena.policy.call_facts import READ_FOR
from arena.policy.conditions import All, AnyOf, Compare, Condition, InTrial, leaves
from arena.policy.facts import Path
from arena.policy.narrowed import Row, rows_of
from arena.policy.rules import Policy, Rule
from arena.records import Json

_TOOL: frozenset[Path] = frozenset({("tool",), ("op",), ("op_name",)})
_TASK: frozenset[Path] = frozenset({("task",)})

Demand = frozenset[str] | None
"""The texts that a fact may have; None: any."""


MOST_KINDS = 4096
"""Kinds of calls whose rules are remembered; players may name any number of tools."""


class Candidates(NamedTuple):
    """The rules that may decide about a call, in their order, and the names of the facts that they look at."""

    rows: tuple[Row, ...]
    reads: frozenset[str]


class RuleIndex:
    """The rules of a policy by stage, kind of call, tool and task; looked up once for each combination."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._rules = {
            stage: [(rule, _demand_of(rule, _TOOL), _demand_of(rule, _TASK)) for rule in rules]
            for stage, rules in policy.rules.items()
        }
        self._found: dict[tuple[str, str, str | None, Json], Candidates] = {}
        # If the policy itself sets the task, the trial's value does not count.
        self._task_counts = "task" not in policy.values

    def candidates(self, stage: str, kind: str, tool: str | None, task: Json) -> Candidates:
        """Return the rules that may decide, and the facts that they read."""
        known = task if self._task_counts and isinstance(task, str) else None
        key = (stage, kind, tool, known)
        found = self._found.get(key)
        if found is None:
            rules = tuple(
                rule
                for rule, tools, tasks in self._rules[stage]
                if kind in rule.calls
                and (tools is None or (tool is not None and tool in tools))
                and (tasks is None or known is None or known in tasks)
            )
            values = {**dict.fromkeys(_TOOL, tool if kind == "tool" else None), **dict.fromkeys(_TASK, known)}
            rows = rows_of(self._policy, rules, {path: value for path, value in values.items() if value is not None})
            reads = {name for rule in rules for name in _read_by(rule)}
            found = Candidates(rows, frozenset(reads.union(*(READ_FOR[name] for name in reads & READ_FOR.keys()))))
            if len(self._found) < MOST_KINDS:
                self._found[key] = found
        return found


def _read_by(rule: Rule) -> Iterator[str]:
    """Yield the first names of the paths that a rule looks at."""
    for condition in (rule.applies_if, *(action.condition for action in rule.actions)):
        for leaf in leaves(condition):
            if isinstance(leaf, Compare | InTrial):
                yield from (path[0] for path in (leaf.path, leaf.bound_path) if path)


def _demand_of(rule: Rule, paths: frozenset[Path]) -> Demand:
    """Return the texts that a fact must have whenever a rule decides."""
    of_all = demanded(rule.applies_if, paths)
    if of_all is not None:
        return of_all
    return _either([demanded(action.condition, paths) for action in rule.actions])


def demanded(condition: Condition, paths: frozenset[Path]) -> Demand:
    """Return the texts that the fact under `paths` may have if a condition is true."""
    if isinstance(condition, Compare) and condition.path in paths and condition.bound_path is None:
        if condition.op == "==" and isinstance(condition.value, str):
            return frozenset({condition.value})
        if condition.op == "in" and all(isinstance(one, str) for one in condition.value):
            return frozenset(condition.value)
        return None
    if isinstance(condition, InTrial) and paths is _TOOL and condition.selector.tools is not None:
        return frozenset(condition.selector.tools)
    if isinstance(condition, All):
        known = [found for part in condition.conditions if (found := demanded(part, paths)) is not None]
        return frozenset.intersection(*known) if known else None
    if isinstance(condition, AnyOf):
        return _either([demanded(part, paths) for part in condition.conditions])
    return None


def _either(demands: list[Demand]) -> Demand:
    known = [one for one in demands if one is not None]
    return frozenset().union(*known) if known and len(known) == len(demands) else None
