"""Bounds on the size of values while an expression is computed, and the equality of values. Pure."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

from arena.formats.bounded import deeper_than
from arena.formats.strict_json import MAX_DEPTH
from arena.records import Json

MAX_DIGITS = 300
"""Most digits of a number, as in a declared result (result_kinds.py). Every such number fits into a float."""
MAX_SIZE = 100_000
"""Largest size of the arguments of one operator, and of its result. An entry, a number, and eight characters of a text
each count one."""
_MOST = 10**MAX_DIGITS


class Mismatch(ValueError):
    """An argument of the wrong type or out of range; becomes an ExpressionError with the place."""


def key_of(value: Json) -> Hashable:
    """Return a hashable value that is equal for equal values. Searching lists instead would take quadratic time."""
    if isinstance(value, list):
        return ("list", *map(key_of, value))
    if isinstance(value, dict):
        return ("object", frozenset((name, key_of(inner)) for name, inner in value.items()))
    return value  # type: ignore[no-any-return]


def size_of(value: Json, most: int = MAX_SIZE) -> int:
    """Return the size of a value (in the unit of MAX_SIZE), or a number above `most` if it is larger than `most`.

    A part that occurs twice counts twice, as in the written value.
    """
    total, waiting = 0, [value]
    while waiting and total <= most:
        one = waiting.pop()
        kind = type(one)
        total += 1
        if kind is str:
            total += len(one) // 8
        elif kind is int:
            total += one.bit_length() // 64
        elif kind is list:
            waiting += one[: most + 1]
        elif kind is dict:
            total += sum([len(name) // 8 for name in one])
            waiting += one.values()
    return total


def size_of_all(values: Sequence[Json]) -> int:
    """Return the size of a list of these values, or a number above MAX_SIZE if it is larger."""
    total = 1
    for one in values:
        if type(one) is int:
            total += 1 + one.bit_length() // 64
        else:
            total += size_of(one)
        if total > MAX_SIZE:
            break
    return total


def bounded(value: Json) -> Json:
    """Return a result that can be used in further operators. Errors: Mismatch for one that is too large, or is not a
    number."""
    kind = type(value)
    if kind is bool:
        return value
    if kind is int:
        if abs(value) >= _MOST:
            raise Mismatch(f"results in a number of more than {MAX_DIGITS} digits")
        return value
    if kind is str and len(value) < MAX_SIZE:
        return value
    if kind is float and not math.isfinite(value):
        raise Mismatch("results in a number that is too large")
    if size_of(value) > MAX_SIZE:
        raise Mismatch(f"results in a value larger than {MAX_SIZE:,} entries")
    if deeper_than(value, MAX_DEPTH):
        raise Mismatch(f"results in a value of more than {MAX_DEPTH} levels")
    return value
