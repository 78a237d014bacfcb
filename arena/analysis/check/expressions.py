"""Derived metrics: the worst of several, their mean or share, one metric minus another. Pure.

    max(incentives.cells.*.gain.*)            the largest of all that `*` matches; min(...), mean(...) likewise
    share(incentives.cells.p1.gain.* < 0)     the share of them that keep a bound
    by.deviation.honest.rates.accuracy - max(incentives.baselines.*.accuracy)

Parts without a value are left out of a reduction; if no part has one, its reason names them.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from arena.analysis.check.metrics import EACH, Measure, UnknownMetric, measures
from arena.records import Json
from arena.stats.intervals import wilson

OPS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "==": operator.eq,
}  # fmt: skip
MINUS = " - "
_CALL = re.compile(r"(max|min|mean|share)\((.*)\)")
_BOUND = re.compile(r"(.*?)\s+(>=|<=|==|>|<)\s+(\S+)")

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """One side of an expression: a metric, or a reduction of all measures that its path matches.

    `function`: max, min, mean, share; None: the metric itself. `op`, `bound`: the condition of `share` on a part.
    """

    path: Path
    function: str | None = None
    op: str = "<"
    bound: float = 0.0

    @property
    def shown(self) -> str:
        """The term as it is written."""
        name = ".".join(self.path)
        if self.function is None:
            return name
        kept = f" {self.op} {self.bound:g}" if self.function == "share" else ""
        return f"{self.function}({name}{kept})"


@dataclass(frozen=True, slots=True)
class Expression:
    """A metric, or the difference of two."""

    left: Term
    right: Term | None = None

    @property
    def shown(self) -> str:
        """The expression as it is written."""
        return self.left.shown if self.right is None else f"{self.left.shown}{MINUS}{self.right.shown}"


class BadExpression(ValueError):
    """A text is not an expression; the message says why."""


def parse(text: str) -> Expression:
    """Return the expression of a text. Raises BadExpression."""
    left, minus, right = text.partition(MINUS)
    if MINUS in right:
        raise BadExpression("has more than one ` - `; write one metric minus another")
    return Expression(_term(left.strip()), _term(right.strip()) if minus else None)


def _term(text: str) -> Term:
    call = _CALL.fullmatch(text)
    if call is None:
        return Term(_path(text))
    function, inner = call[1], call[2].strip()
    if function != "share":
        return Term(_path(inner), function)
    found = _BOUND.fullmatch(inner)
    if found is None:
        raise BadExpression("share(...) needs a bound, such as share(incentives.cells.*.gain.* < 0)")
    try:
        bound = float(found[3])
    except ValueError:
        raise BadExpression(f"{found[3]!r} is not a number") from None
    if not math.isfinite(bound):
        raise BadExpression(f"{found[3]!r} is not a number")
    return Term(_path(found[1]), function, found[2], bound)


def _path(text: str) -> Path:
    parts = tuple(text.split("."))
    if not all(part.strip() for part in parts):
        raise BadExpression(f"{text!r} is not a dotted name such as success_rate")
    return parts


def evaluate(summary: Mapping[str, Json], expression: Expression) -> list[Measure]:
    """Return the measures of an expression: one, or one for each way to fill `*` in a plain metric on its left.

    Raises UnknownMetric for a name that no such run can have, and if the right side has more than one value.
    """
    left = _evaluated(summary, expression.left)
    if expression.right is None:
        return left
    right = _evaluated(summary, expression.right)
    if len(right) > 1:
        shown = expression.right.shown
        raise UnknownMetric(f"{shown} gives {len(right)} values; write max({shown}) or min({shown})")
    other = right[0] if right else Measure(expression.right.path, None, 0, why=_nothing(expression.right))
    return [_difference(one, other) for one in left]


def _evaluated(summary: Mapping[str, Json], term: Term) -> list[Measure]:
    found = measures(summary, term.path)
    return found if term.function is None else [_reduced(term, found)]


def _nothing(term: Term) -> str:
    return f"the run has nothing that `*` matches in {term.shown}"


def _reduced(term: Term, found: Sequence[Measure]) -> Measure:
    name = (term.shown,)
    known = [(one.value, one) for one in found if one.value is not None]
    if not known:
        return Measure(name, None, 0, why=found[0].why if found else _nothing(term))
    values = [value for value, _ in known]
    if term.function == "share":
        kept = sum(OPS[term.op](value, term.bound) for value in values)
        return Measure(name, kept / len(values), len(values), wilson(kept, len(values)))
    if term.function == "mean":
        return Measure(name, math.fsum(values) / len(values), len(values))
    chosen = max(values) if term.function == "max" else min(values)
    one = next(measure for value, measure in known if value == chosen)
    # The smallest number of observations: the largest value says little if one part has few.
    counts = [measure.n for _, measure in known]
    fewest = None if None in counts else min(n for n in counts if n is not None)
    return Measure((f"{term.shown} [{_filled(term.path, one.path)}]",), chosen, fewest)


def _filled(path: Path, whole: Path) -> str:
    """Return what each `*` of a path matches; the whole name if that is unknown."""
    if len(path) != len(whole):
        return ".".join(whole)
    return ", ".join(part for mark, part in zip(path, whole, strict=True) if mark == EACH)


def _difference(one: Measure, other: Measure) -> Measure:
    name = (f"{one.name}{MINUS}{other.name}",)
    for side in (one, other):
        if side.value is None:
            return Measure(name, None, 0, why=f"{side.name}: {side.why}")
    assert one.value is not None and other.value is not None
    n = None if one.n is None or other.n is None else min(one.n, other.n)
    # Numbers of summary.json are rounded, so differences below a millionth mean nothing.
    return Measure(name, round(one.value - other.value, 6), n)
