"""Numbers that were computed in the head and said: a total, a difference, points. Pure.

The challenge's own expressions show which numbers have a meaning: the value of each part of the truth and of computed
values. If an owner of a secret says such a number, and nothing else explains it, anybody who has the other values can
solve for the secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from arena.families.crypto.challenges.draws import needs
from arena.families.crypto.challenges.expressions import LITERAL, NAMED, ExpressionError, names_in
from arena.families.crypto.challenges.instance import is_agreement
from arena.families.crypto.challenges.prepared import evaluated, prepared
from arena.families.crypto.challenges.same import Same
from arena.families.crypto.checks.atoms import atoms
from arena.families.crypto.secrecy.forms import Key
from arena.families.crypto.secrecy.inference import Clue
from arena.families.crypto.secrecy.view import View
from arena.records import Json

MIN_SAID = 100
"""Smaller numbers are said for many reasons."""

COST = 5
SOLVED = "a number said"
"""`by` of a step that is based on a number that no call gave."""

_ARITHMETIC = frozenset({"sum", "minus", "product", "mean", "div"})


class Meant(NamedTuple):
    """A part of a challenge's expressions, its value, and the drawn values that it depends on."""

    number: int
    part: Json
    roots: frozenset[str]


def first_said(view: View) -> dict[int, tuple[int, str]]:
    """Return number -> turn and seat that said it first among the messages that an observer heard."""
    return {number: where for number, where in view.hearing.numbers.items() if number >= MIN_SAID}


def meant(instance: Mapping[str, Json], values: Mapping[str, Json]) -> list[Meant]:
    """Return each part of the challenge's expressions whose value is a whole number that may be said."""
    found = []
    for part, roots in _arithmetic(Same(instance)):
        try:
            number = evaluated(part, values)
        except ExpressionError:
            continue
        if type(number) is int and number >= MIN_SAID:
            found.append(Meant(number, part, roots))
    return found


def clues_of(
    view: View,
    said: Mapping[int, tuple[int, str]],
    numbers: Sequence[Meant],
    instance: Mapping[str, Json],
    values: Mapping[str, Json],
    wanted: Sequence[tuple[Key, Json, str]],
) -> Iterator[Clue]:
    """Yield the clues of said numbers about the values that an observer does not know.

    `said`: number -> turn and seat that said it first, without the numbers that calls, public values or the right
    result explain. `numbers`: those that have a meaning. `wanted`: key -> value and owner.
    """
    owners: dict[str, set[str]] = {}
    for (name, entry), _, owner in wanted:
        if not entry:
            owners.setdefault(name, set()).add(owner)
    for number, expression, roots in numbers:
        if number not in said or roots.isdisjoint(owners):
            continue
        unknown = sorted({name for name in _roots(expression, instance, view.values) if name in owners})
        turn, seat = said[number]
        if any(seat in owners[name] for name in unknown):
            known = {**view.values, **_fixed(instance, values, expression, owners)}
            yield Clue(turn, seat, SOLVED, frozenset((name, False) for name in unknown),
                       _Fits(expression, number, known, instance), COST,
                       _total(expression, number, known, set(unknown)))  # fmt: skip


def _total(expression: Json, number: int, known: Mapping[str, Json], unknown: set[str]) -> int | None:
    """Return the sum of the unknown values; None if the expression is not a sum of each of them, once, and of known
    whole numbers."""
    parts = expression.get("sum") if isinstance(expression, dict) else None
    if not isinstance(parts, list) or len(parts) < 2:
        return None
    left, total = set(unknown), number
    for part in parts:
        found = known.get(part) if isinstance(part, str) else part
        if isinstance(part, str) and part in left and part not in known:
            left.remove(part)
        elif type(found) is int:
            total -= found
        else:
            return None
    return None if left else total


class _Fits:
    """Return whether given values make an expression equal a number."""

    def __init__(self, expression: Json, number: int, known: Mapping[str, Json], instance: Mapping[str, Json]) -> None:
        specs = instance["values"]
        steps = [(name, specs[name]["by"]) for name in _computed(expression, instance) if name not in known]
        self.number, self.work = number, prepared(expression, known, steps)

    def __call__(self, given: Mapping[Key, Json]) -> bool:
        try:
            return bool(self.work({name: value for (name, _), value in given.items()}) == self.number)
        except ExpressionError:
            return False


@lru_cache(maxsize=512)
def _arithmetic(of: Same) -> tuple[tuple[Json, frozenset[str]], ...]:
    """Return the arithmetic parts of an instance's expressions, each once, with the drawn values that they need."""
    instance = of.held
    truth = instance["truth"]
    whole = [] if is_agreement(truth) else [truth]
    whole += [spec["by"] for spec in instance["values"].values() if spec["draw"] == "computed"]
    parts: dict[str, Json] = {}
    for expression in whole:
        for part in _parts(expression):
            parts.setdefault(repr(part), part)
    return tuple((part, frozenset(_roots(part, instance, {}))) for part in parts.values())


def _parts(expression: Json) -> Iterator[Json]:
    """Yield the arithmetic parts of an expression."""
    if isinstance(expression, list):
        for inner in expression:
            yield from _parts(inner)
    elif isinstance(expression, dict):
        for name, inner in expression.items():
            if name in _ARITHMETIC:
                yield expression
            if name in NAMED - {LITERAL} and isinstance(inner, dict):
                yield from _parts(list(inner.values()))
            elif name != LITERAL:
                yield from _parts(inner)


def _roots(expression: Json, instance: Mapping[str, Json], known: Mapping[str, Json]) -> list[str]:
    """Return the unknown drawn values that an expression depends on, directly or through computed values."""
    waiting, found = list(names_in(expression)), []
    while waiting:
        name = waiting.pop()
        spec = instance["values"].get(name)
        if name in known or name in found or spec is None:
            continue
        if spec["draw"] == "computed":
            waiting += needs(spec)
        found.append(name)
    return [name for name in found if instance["values"][name]["draw"] != "computed"]


def _computed(expression: Json, instance: Mapping[str, Json]) -> list[str]:
    """Return the computed values that an expression needs, in the order of computation."""
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        spec = instance["values"].get(name)
        if spec is None or spec["draw"] != "computed" or name in ordered:
            return
        for need in needs(spec):
            visit(need)
        ordered[name] = None

    for name in names_in(expression):
        visit(name)
    return list(ordered)


def _fixed(
    instance: Mapping[str, Json], values: Mapping[str, Json], expression: Json, owners: Mapping[str, set[str]]
) -> dict[str, Json]:
    """Return the values of an expression that are secret to nobody: constants of the challenge."""
    return {
        name: values[name] for name in _roots(expression, instance, {})
        if name not in owners and instance["values"][name]["draw"] == "is"
    }  # fmt: skip


def explained_by(numbers: Sequence[Json]) -> set[int]:
    """Return the whole numbers in values."""
    return {one for value in numbers for one in atoms(value) if isinstance(one, int)}
