"""Mental calculations: a total, a difference, points, said without a call. Pure.

A challenge's own expressions say which numbers have a meaning in it: each part of the truth and of computed values that
comes to a number. Where an owner of a secret says such a number and nothing else explains it, anybody with the
other values can solve for the secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from arena.families.crypto.challenges.draws import needs
from arena.families.crypto.challenges.expressions import LITERAL, NAMED, ExpressionError, evaluate, names_in
from arena.families.crypto.challenges.instance import is_agreement
from arena.families.crypto.checks.leaks import atoms
from arena.families.crypto.secrecy.forms import Key
from arena.families.crypto.secrecy.inference import Clue
from arena.families.crypto.secrecy.view import View
from arena.records import Json

MIN_SAID = 100
"""A smaller number is said for many reasons."""

COST = 5
SOLVED = "a number said"
"""`by` of a step that rests on a number which no call gave."""

_NUMBER = re.compile(r"(?<![\w.])\d{3,12}(?![\w])")
_ARITHMETIC = frozenset({"sum", "minus", "product", "mean", "div"})


def clues_of(
    view: View,
    instance: Mapping[str, Json],
    values: Mapping[str, Json],
    wanted: Sequence[tuple[Key, Json, str]],
    explained: set[int],
) -> Iterator[Clue]:
    """Yield what said numbers say about the values that an observer does not have.

    `wanted`: those values, by key, with their owner.  `explained`: numbers that calls, public values or the right
    result account for.
    """
    owners: dict[str, set[str]] = {}
    for (name, entry), _, owner in wanted:
        if not entry:
            owners.setdefault(name, set()).add(owner)
    said = _first_said(view, explained)
    for number, expression in _meant(instance, values, set(owners)):
        unknown = sorted({name for name in _roots(expression, instance, view.values) if name in owners})
        if number not in said or not unknown:
            continue
        turn, seat = said[number]
        if any(seat in owners[name] for name in unknown):
            known = {**view.values, **_fixed(instance, values, expression, owners)}
            yield Clue(turn, seat, SOLVED, frozenset((name, False) for name in unknown),
                       _Fits(expression, number, known, instance), COST)  # fmt: skip


class _Fits:
    """Return whether given values make an expression equal a number."""

    def __init__(self, expression: Json, number: int, known: Mapping[str, Json], instance: Mapping[str, Json]) -> None:
        self.expression, self.number, self.known = expression, number, known
        self.computed = [name for name in _computed(expression, instance) if name not in known]
        self.specs = instance["values"]

    def __call__(self, given: Mapping[Key, Json]) -> bool:
        values = {**self.known, **{name: value for (name, _), value in given.items()}}
        try:
            for name in self.computed:
                values[name] = evaluate(self.specs[name]["by"], values)
            return bool(evaluate(self.expression, values) == self.number)
        except ExpressionError:
            return False


def _first_said(view: View, explained: set[int]) -> dict[int, tuple[int, str]]:
    """Return number -> turn and seat that said it first, of those that nothing explains."""
    found: dict[int, tuple[int, str]] = {}
    for turn, seat, text in view.heard:
        for match in _NUMBER.finditer(text.replace(",", "")):
            number = int(match[0])
            if number >= MIN_SAID and number not in explained:
                found.setdefault(number, (turn, seat))
    return found


def _meant(instance: Mapping[str, Json], values: Mapping[str, Json], secret: set[str]) -> Iterator[tuple[int, Json]]:
    """Yield each part of the challenge's expressions that depends on one of these values and gives a whole number."""
    truth = instance["truth"]
    whole = [] if is_agreement(truth) else [truth]
    whole += [spec["by"] for spec in instance["values"].values() if spec["draw"] == "computed"]
    seen = set()
    for expression in whole:
        for part in _parts(expression):
            if repr(part) in seen or not secret & set(_roots(part, instance, {})):
                continue
            seen.add(repr(part))
            try:
                number = evaluate(part, values)
            except ExpressionError:
                continue
            if type(number) is int and number >= MIN_SAID:
                yield number, part


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
    """Return the drawn values that an expression rests on and that are not known, through computed ones."""
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
    """Return the computed values that an expression needs, each after those it needs itself."""
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
    """Return the values of an expression that nobody keeps from anybody: constants of the challenge."""
    return {
        name: values[name] for name in _roots(expression, instance, {})
        if name not in owners and instance["values"][name]["draw"] == "is"
    }  # fmt: skip


def explained_by(numbers: Sequence[Json]) -> set[int]:
    """Return the whole numbers that values hold."""
    return {one for value in numbers for one in atoms(value) if isinstance(one, int)}
