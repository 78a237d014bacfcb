"""Expressions that are computed many times while only a few values change. Constant parts are computed once. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from arena.families.crypto.challenges.expressions import (
    LITERAL,
    NAMED,
    OBJECT,
    OPERATORS,
    ExpressionError,
    Operator,
    best,
    evaluate,
    run,
)
from arena.families.crypto.challenges.same import Same
from arena.families.crypto.challenges.value_bounds import MAX_SIZE, Mismatch, bounded, size_of
from arena.records import Json

Values = Mapping[str, Json]
Work = Callable[[Values], Json]
"""The changing values -> the value of an expression. Errors: ExpressionError without a place, where `evaluate` raises
one."""


class _Fixed(NamedTuple):
    """A part that depends only on values that do not change."""

    value: Json


def prepared(expression: Json, fixed: Values, steps: Sequence[tuple[str, Json]] = ()) -> Work:
    """Return a function that returns what `evaluate` returns for `fixed` and the changing values together.

    `steps`: names and expressions of computed values, which are computed first, each after those it needs.
    """
    known = dict(fixed)
    moving: list[tuple[str, Work]] = []
    for name, by in steps:
        part = _part(by, known)
        if isinstance(part, _Fixed):
            known[name] = part.value
        else:
            known.pop(name, None)
            moving.append((name, part))
    whole = _part(expression, known)
    work = _constant(whole) if isinstance(whole, _Fixed) else whole
    if not moving:
        return work

    def through_steps(values: Values) -> Json:
        found = dict(values)
        for name, step in moving:
            found[name] = step(found)
        return work(found)

    return through_steps


def evaluated(expression: Json, values: Values) -> Json:
    """Return what `evaluate` gives, for an expression of a loaded challenge: it is prepared once for all matches.

    Errors: ExpressionError, with its place.
    """
    if not isinstance(expression, dict):
        return evaluate(expression, values)
    try:
        return _prepared_once(Same(expression))(values)
    except ExpressionError:
        return evaluate(expression, values)  # it raises the error, with its place


@lru_cache(maxsize=4096)
def _prepared_once(of: Same) -> Work:
    return prepared(of.held, {})


def _constant(part: _Fixed) -> Work:
    return lambda values: part.value


def _part(expression: Json, fixed: Values) -> _Fixed | Work:
    if isinstance(expression, str):
        return _Fixed(fixed[expression]) if expression in fixed else _looked_up(expression)
    if not isinstance(expression, dict):
        return _Fixed(expression)
    if len(expression) != 1:
        return _failing("expected an object with one member, the operator")
    ((name, found),) = expression.items()
    if name == LITERAL:
        return _Fixed(found)
    if name in NAMED:
        return _members(name, {key: _part(inner, fixed) for key, inner in found.items()})
    operator = OPERATORS.get(name)
    if operator is None:
        return _failing(f"there is no operator {name!r}")
    return _applied(operator, [_part(inner, fixed) for inner in (found if isinstance(found, list) else (found,))])


def _looked_up(name: str) -> Work:
    def look(values: Values) -> Json:
        if name not in values:
            raise ExpressionError("", f"there is no value {name!r}")
        return values[name]

    return look


def _failing(problem: str) -> Work:
    def fail(values: Values) -> Json:
        raise ExpressionError("", problem)

    return fail


def _members(name: str, parts: Mapping[str, _Fixed | Work]) -> _Fixed | Work:
    works = {key: _constant(part) if isinstance(part, _Fixed) else part for key, part in parts.items()}

    def work(values: Values) -> Json:
        members = {key: part(values) for key, part in works.items()}
        return members if name == OBJECT else best(members, name)

    return _settled(work) if all(isinstance(part, _Fixed) for part in parts.values()) else work


def _applied(operator: Operator, parts: Sequence[_Fixed | Work]) -> _Fixed | Work:
    settled = [part.value if isinstance(part, _Fixed) else None for part in parts]
    moving = [(place, part) for place, part in enumerate(parts) if not isinstance(part, _Fixed)]
    if not moving:
        return _settled(lambda values: run(operator, list(settled)))
    size_so_far = 1 + sum(size_of(part.value) for part in parts if isinstance(part, _Fixed))
    apply = operator.run

    def work(values: Values) -> Json:
        arguments, size = settled.copy(), size_so_far
        for place, part in moving:
            value = arguments[place] = part(values)
            size += 1 + value.bit_length() // 64 if type(value) is int else size_of(value)
        if size > MAX_SIZE:
            return run(operator, arguments)  # it raises the error
        try:
            return bounded(apply(*arguments))
        except (Mismatch, OverflowError, RecursionError, MemoryError, TypeError):
            return run(operator, arguments)

    return work


def _settled(work: Work) -> _Fixed | Work:
    """Return the value of a part without changing values, or, if computing it fails, a function that fails
    each time."""
    try:
        return _Fixed(work({}))
    except ExpressionError as error:
        return _failing(error.problem)
